//! Gradients of the inputs of dense layers.
//!
//! A gradient has eleven bits and one power-of-two scale per batch and layer. The scale cancels in the sign of Lion, so it is not
//! stored. Unscaled gradients are written to a buffer, and their magnitudes are OR-ed together: the bit length of the OR is the
//! bit length of the largest.

use super::product;
use crate::{
	layout::{BatchTiles, Block, GradientGroups, PackedWeights, TrainableLayer, BATCH, GROUP_BLOCKS, ROWS, TILE, TILES},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_training::dense;

pub use doin_training::dense::{requantise_gradient, GRADIENT_BITS};

/// Computes the gradients of the inputs of a layer from those of its outputs: zero where activations are clamped, shifted right
/// with rounding until the largest of the batch has [`GRADIENT_BITS`].
#[derive(Debug)]
pub struct InputGradient<'a> {
	/// The layer, with backward weights.
	pub layer: &'a TrainableLayer,
	/// Gradients of its outputs.
	pub gradient: &'a BatchTiles,
	/// Activations that it reads.
	pub activations: &'a BatchTiles,
	/// Buffer of the gradients before their shift; it grows as needed, and its content does not matter.
	pub unscaled: &'a mut Vec<[Block; TILE]>,
	/// Gradients to write, samples in lanes; `None` if no layer propagates them further.
	pub tiles: Option<&'a mut BatchTiles>,
	/// Gradients to write, in groups.
	pub groups: &'a mut GradientGroups,
}

impl Operation for InputGradient<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, gradient, activations, mut tiles, groups, .. } = self;
		let PackedWeights { inputs, outputs, .. } = layer.forward;
		let column = |input: usize| (0..outputs).map(move |output| layer.forward.get(output, input));
		let columns: Vec<i16> = (0..inputs).flat_map(column).collect();
		let (gradient, activations) = (gradient.by_sample(outputs, BATCH), activations.by_sample(inputs, BATCH));
		let mut unscaled = vec![0; inputs * BATCH];
		let bits = dense::input_gradient(&columns, outputs, &gradient, &activations, &mut unscaled);
		for (at, sum) in unscaled.into_iter().enumerate() {
			let (sample, input) = (at / inputs, at % inputs);
			let gradient = requantise_gradient(sum, bits);
			if let Some(tiles) = tiles.as_mut() {
				tiles.set(input, sample, gradient);
			}
			groups.set(input, sample, gradient);
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, gradient, activations, unscaled, tiles, groups } = self;
		input_gradient(s, layer, gradient, activations, unscaled, tiles, groups);
	}
}

/// Computes [`InputGradient`] on vectors.
#[inline(always)]
fn input_gradient<S: SimdI8>(
	s: S,
	layer: &TrainableLayer,
	gradient: &BatchTiles,
	activations: &BatchTiles,
	unscaled: &mut Vec<[Block; TILE]>,
	tiles: Option<&mut BatchTiles>,
	out: &mut GradientGroups,
) {
	let groups = layer.forward.inputs.div_ceil(ROWS);
	let len = TILES * groups * ROWS;
	if unscaled.len() < len {
		unscaled.resize(len, [Block::ZERO; TILE]);
	}
	let unscaled = &mut unscaled[..len];
	let mut bits = s.splat(0);
	for (tile, unscaled) in unscaled.chunks_exact_mut(groups * ROWS).enumerate() {
		let (g, h) = (gradient.tile(tile), activations.tile(tile));
		for (group, (unscaled, h)) in unscaled.as_chunks_mut::<ROWS>().0.iter_mut().zip(h.as_chunks::<2>().0).enumerate() {
			let w = layer.backward_group(group);
			if S::WIDE {
				bits = gradient_vectors::<S, TILE>(s, g, 0, w, h, unscaled, bits);
			} else {
				for at in 0..TILE {
					bits = gradient_vectors::<S, 1>(s, g, at, w, h, unscaled, bits);
				}
			}
		}
	}
	rescale(s, unscaled, groups, bits, tiles, out);
}

/// Shifts unscaled gradients right until the largest, whose bits are among `bits`, has [`GRADIENT_BITS`], and packs them.
#[inline(always)]
pub(crate) fn rescale<S: SimdI32>(
	s: S,
	unscaled: &[[Block; TILE]],
	groups: usize,
	bits: S::V,
	tiles: Option<&mut BatchTiles>,
	out: &mut GradientGroups,
) {
	let mut lanes = Block::ZERO;
	s.store(&mut lanes, bits);
	let bits = lanes.0.iter().fold(0, |all, lane| all | *lane as u32);
	let shift = (u32::BITS - bits.leading_zeros()).saturating_sub(GRADIENT_BITS);
	match tiles {
		Some(tiles) => scale::<S, true>(s, unscaled, groups, shift, &mut tiles.blocks, tiles.pairs, out),
		None => scale::<S, false>(s, unscaled, groups, shift, &mut [], 0, out),
	}
}

/// Computes the unscaled gradients of four inputs for `N` vectors of samples from vector `at` on.
#[inline(always)]
fn gradient_vectors<S: SimdI32, const N: usize>(
	s: S,
	g: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	h: &[[Block; TILE]; 2],
	unscaled: &mut [[Block; TILE]; ROWS],
	bits: S::V,
) -> S::V {
	let sums = product::<S, TILE, N>(s, g, at, w, [0; ROWS]);
	mask_and_store(s, &sums, at, h, unscaled, bits)
}

/// Stores sums where activations are not clamped, zeros elsewhere, and returns `bits` OR the magnitudes of the stored values.
#[inline(always)]
pub(crate) fn mask_and_store<S: SimdI32, const N: usize>(
	s: S,
	sums: &[[S::V; N]; ROWS],
	at: usize,
	h: &[[Block; TILE]; 2],
	unscaled: &mut [[Block; TILE]; ROWS],
	bits: S::V,
) -> S::V {
	let mut bits = bits;
	for pair in 0..2 {
		for c in 0..N {
			let (a, b) = s.relu_mask(s.load(&h[pair][at + c]), sums[2 * pair][c], sums[2 * pair + 1][c]);
			bits = s.or(bits, s.or(s.abs(a), s.abs(b)));
			s.store(&mut unscaled[2 * pair][at + c], a);
			s.store(&mut unscaled[2 * pair + 1][at + c], b);
		}
	}
	bits
}

/// Shifts unscaled gradients right by `shift` with rounding and packs them; writes `tiles`, of `pairs` pairs per tile, only
/// if `TILES_TOO`.
#[inline(always)]
fn scale<S: SimdI32, const TILES_TOO: bool>(
	s: S,
	unscaled: &[[Block; TILE]],
	groups: usize,
	shift: u32,
	tiles: &mut [[Block; TILE]],
	pairs: usize,
	out: &mut GradientGroups,
) {
	let half = s.splat(if shift > 0 { 1 << (shift - 1) } else { 0 });
	for (tile, unscaled) in unscaled.chunks_exact(groups * ROWS).enumerate() {
		let out = out.blocks.as_chunks_mut::<GROUP_BLOCKS>().0;
		for (group, (unscaled, out)) in unscaled.as_chunks::<ROWS>().0.iter().zip(out).enumerate() {
			let out = &mut out.as_chunks_mut::<{ 2 * TILE }>().0[tile];
			for c in 0..TILE {
				let mut g = [half; ROWS];
				for r in 0..ROWS {
					g[r] = s.shr(s.add(s.load(&unscaled[r][c]), half), shift);
				}
				let (ab, cd) = (s.pack_clamped(g[0], g[1]), s.pack_clamped(g[2], g[3]));
				if TILES_TOO {
					let tile = &mut tiles[tile * pairs + 2 * group..][..2];
					s.store(&mut tile[0][c], s.interleave(ab));
					s.store(&mut tile[1][c], s.interleave(cd));
				}
				let [low, high] = s.interleave_rows(ab, cd);
				s.store(&mut out[2 * c], low);
				s.store(&mut out[2 * c + 1], high);
			}
		}
	}
}
