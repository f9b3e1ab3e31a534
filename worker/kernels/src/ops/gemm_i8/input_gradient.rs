//! Gradients of the inputs of dense layers in 8 bits.

use super::{
	add_quad, add_quads, add_short, clamp_i8, short_sums::together_by_quarter, start_rows, with_offset, without_offset, Together,
};
use crate::{
	layout::{BatchTilesU8, Block, GradientGroupsI8, WeightsI8, BATCH, BATCH_BLOCKS, LANES, ROWS, TILE, TILES},
	ops::round_shift_any,
	simd::SimdI8,
	Operation,
};

/// Computes the gradients of the inputs of a layer from those of its outputs: shifted right by `shift` with rounding, clamped to
/// −128..=127, and zero where activations are clamped.
///
/// Returns the OR of all magnitudes after the shift, at most 2¹⁵ each, clamped activations included: see
/// [`next_gradient_shift`](crate::layout::next_gradient_shift).
#[derive(Debug)]
pub struct InputGradientU8<'a> {
	/// The layer, with backward weights.
	pub layer: &'a WeightsI8,
	/// Gradients of its outputs, with their offset.
	pub gradient: &'a BatchTilesU8,
	/// Activations that it reads.
	pub activations: &'a BatchTilesU8,
	/// Bits to shift right.
	pub shift: u32,
	/// Gradients to write, samples in lanes; `None` if no layer propagates them further.
	pub tiles: Option<&'a mut BatchTilesU8>,
	/// Gradients to write, in groups.
	pub groups: &'a mut GradientGroupsI8,
}

impl Operation for InputGradientU8<'_> {
	type Output = u32;

	fn reference(self) -> u32 {
		let Self { layer, gradient, activations, shift, mut tiles, groups } = self;
		let mut bits = 0;
		for input in 0..layer.inputs.next_multiple_of(ROWS) {
			for sample in 0..BATCH {
				let term = |output: usize| i32::from(layer.get(output, input)) * without_offset(gradient.get(output, sample));
				let sum = round_shift_any((0..layer.outputs).map(term).sum(), shift);
				let sum = sum.clamp(i16::MIN.into(), i16::MAX.into());
				bits |= sum.unsigned_abs();
				let alive = (1..u8::MAX).contains(&activations.get(input, sample));
				let value = if alive { clamp_i8(sum) } else { 0 };
				if let Some(tiles) = tiles.as_mut() {
					tiles.set(input, sample, with_offset(value));
				}
				groups.set(input, sample, value);
			}
		}
		bits
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) -> u32 {
		let Self { layer, gradient, activations, shift, tiles, groups } = self;
		input_gradient_u8(s, layer, gradient, activations, shift, tiles, groups)
	}
}

/// Computes [`InputGradientU8`] on vectors.
#[inline(always)]
fn input_gradient_u8<S: SimdI8>(
	s: S,
	layer: &WeightsI8,
	gradient: &BatchTilesU8,
	activations: &BatchTilesU8,
	shift: u32,
	tiles: Option<&mut BatchTilesU8>,
	groups: &mut GradientGroupsI8,
) -> u32 {
	let from = Source { layer, gradient, activations, shift };
	let bits = match tiles {
		Some(tiles) => from.propagate::<S, true>(s, tiles, groups),
		None => from.propagate::<S, false>(s, &mut BatchTilesU8 { groups: 0, blocks: Vec::new() }, groups),
	};
	let mut lanes = Block::ZERO;
	s.store(&mut lanes, bits);
	lanes.0.iter().fold(0, |all, lane| all | (*lane as u32 & 0xffff) | (*lane as u32 >> 16))
}

/// Sources of the gradients of a layer.
#[derive(Clone, Copy)]
struct Source<'a> {
	layer: &'a WeightsI8,
	gradient: &'a BatchTilesU8,
	activations: &'a BatchTilesU8,
	shift: u32,
}

impl Source<'_> {
	/// Computes all gradients and returns their magnitudes; writes `tiles` only if `TILES_TOO`.
	#[inline(always)]
	fn propagate<S: SimdI8, const TILES_TOO: bool>(self, s: S, tiles: &mut BatchTilesU8, groups: &mut GradientGroupsI8) -> S::V {
		let Self { layer, gradient, activations, shift } = self;
		let width = tiles.groups;
		let (together, chunks) = (together_by_group(s, layer), layer.outputs.div_ceil(ROWS).div_ceil(4));
		let mut bits = s.splat(0);
		for tile in 0..TILES {
			let (g, h) = (gradient.tile(tile), activations.tile(tile));
			let groups = groups.blocks.as_chunks_mut::<BATCH_BLOCKS>().0;
			for (group, (blocks, h)) in groups.iter_mut().zip(h).enumerate() {
				let blocks = &mut blocks.as_chunks_mut::<TILE>().0[tile];
				let (w, start) = (layer.column(group / ROWS), &layer.back_start[group]);
				let mut unused = [Block::ZERO; TILE];
				let out = if TILES_TOO { &mut tiles.blocks[tile * width + group] } else { &mut unused };
				let together = if S::SHORT_SUMS { &together[group * chunks..][..chunks] } else { &[] };
				let inputs = InputGroup { gradient: g, weights: w, together, group, start, activations: h, shift };
				if S::WIDE {
					bits = inputs.compute::<S, TILES_TOO, TILE>(s, 0, out, blocks, bits);
				} else {
					for at in 0..TILE {
						bits = inputs.compute::<S, TILES_TOO, 1>(s, at, out, blocks, bits);
					}
				}
			}
		}
		bits
	}
}

/// Returns how many quads can be added in 16 bits, for each group of four inputs, for each four groups of outputs; nothing if the
/// back-end does not use it.
#[inline(always)]
fn together_by_group<S: SimdI8>(s: S, layer: &WeightsI8) -> Vec<Together> {
	if !S::SHORT_SUMS {
		return Vec::new();
	}
	let chunks = layer.outputs.div_ceil(ROWS).div_ceil(4);
	let columns = layer.inputs.div_ceil(LANES);
	let mut all = vec![Together::NONE; columns * LANES / ROWS * chunks];
	for (column, to) in all.chunks_exact_mut((LANES / ROWS * chunks).max(1)).enumerate() {
		together_by_quarter(s, layer.column(column), to);
	}
	all
}

/// Four inputs of a layer for one tile, and the sources of their gradients.
#[derive(Clone, Copy)]
struct InputGroup<'a> {
	gradient: &'a [[Block; TILE]],
	weights: &'a [Block],
	together: &'a [Together],
	group: usize,
	start: &'a [i32; ROWS],
	activations: &'a [Block; TILE],
	shift: u32,
}

impl InputGroup<'_> {
	/// Computes gradients for `N` vectors of samples from vector `at` on, and returns `bits` OR their magnitudes.
	#[inline(always)]
	fn compute<S: SimdI8, const TILES_TOO: bool, const N: usize>(
		self,
		s: S,
		at: usize,
		tile: &mut [Block; TILE],
		blocks: &mut [Block; TILE],
		bits: S::V,
	) -> S::V {
		let Self { gradient, start, activations, shift, .. } = self;
		let mut bits = bits;
		let half = (1 << shift) >> 1;
		// Start values take back the offset of the gradients, which signed dot products do not have.
		let start = if S::SIGNED_DOT { [half; ROWS] } else { start.map(|start: i32| start.wrapping_add(half)) };
		let sums = self.product_of_quarters::<S, N>(s, gradient, at, start);
		for c in 0..N {
			let ab = s.pack_i16(s.shr(sums[0][c], shift), s.shr(sums[1][c], shift));
			let cd = s.pack_i16(s.shr(sums[2][c], shift), s.shr(sums[3][c], shift));
			bits = s.or_magnitudes_i16(bits, ab, cd);
			let kept = s.relu_mask_u8(s.load(&activations[at + c]), s.transpose_bytes(s.pack_i8(ab, cd)));
			if TILES_TOO {
				s.store(&mut tile[at + c], s.add_offset(kept));
			}
			s.store(&mut blocks[at + c], s.transpose_bytes(kept));
		}
		bits
	}

	/// Computes [`product`](super::product) with one quarter of each block of weights, the one of the group, per quad.
	#[inline(always)]
	fn product_of_quarters<S: SimdI8, const N: usize>(
		self,
		s: S,
		x: &[[Block; TILE]],
		at: usize,
		start: [i32; ROWS],
	) -> [[S::V; N]; ROWS] {
		let Self { weights, together, group, .. } = self;
		let quarter = group % (LANES / ROWS);
		let mut sums = start_rows(s, start);
		let x = &x[..weights.len()];
		if !S::SHORT_SUMS {
			for (w, x) in weights.iter().zip(x) {
				add_quad(s, &mut sums, x, at, quarter_of(w, quarter));
			}
			return sums;
		}
		let (fours, rest) = weights.as_chunks::<4>();
		for (([w0, w1, w2, w3], [x0, x1, x2, x3]), together) in fours.iter().zip(x.as_chunks::<4>().0).zip(together) {
			let w = [w0, w1, w2, w3].map(|w| quarter_of(w, quarter));
			add_quads(s, &mut sums, [x0, x1, x2, x3], at, w, *together);
		}
		let all_fit = together.last().is_some_and(|together| *together != Together::NONE);
		for (w, x) in rest.iter().zip(&x[fours.len() * 4..]) {
			if all_fit {
				add_short(s, &mut sums, [x], at, [quarter_of(w, quarter)]);
			} else {
				add_quad(s, &mut sums, x, at, quarter_of(w, quarter));
			}
		}
		sums
	}
}

/// Returns the four lanes of a quarter of a block.
#[inline(always)]
fn quarter_of(block: &Block, quarter: usize) -> &[i32; ROWS] {
	&block.0.as_chunks::<ROWS>().0[quarter]
}
