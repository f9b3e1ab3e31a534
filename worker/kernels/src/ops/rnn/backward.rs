//! Backward pass of a tile through all steps.

use super::reference;
use crate::{
	layout::{
		panel_width, BatchTiles, Block, CellKind, CellShape, RnnTape, TrainableLayer, FACTORS, GATES, LANES, ROWS, TILE, TILES,
		TILE_PAIRS,
	},
	ops::{gemm::product, lion::WEIGHT_FRAC},
	simd::{both_halves, SimdI16, SimdI8},
	Operation,
};

/// Largest exponent of the gradient of a state: a larger gradient is scaled down together with all gradients of its tile.
pub const MAX_EXPONENT: i32 = 0;

/// Goes back through all steps of a tile that [`CellForward`](super::CellForward) has just recorded, from the gradients of a head
/// that reads the last outputs, and adds the gradients of all weights to [sums](CellShape::gradient_sums).
///
/// Gradients of a step have mantissas of [`CellShape::gradient_bits`] and one exponent; sums are shifted right
/// by [`CellShape::sum_shift`].
#[derive(Debug)]
pub struct CellBackward<'a> {
	/// Shape of the cell.
	pub shape: &'a CellShape,
	/// Weights of its gates.
	pub gates: &'a TrainableLayer,
	/// Layer that reads the last outputs.
	pub head: &'a TrainableLayer,
	/// Windows of the forward pass. The reference reads them; kernels read the tape.
	pub x: &'a BatchTiles,
	/// Gradients of the outputs of the head.
	pub gradient: &'a BatchTiles,
	/// Tile to compute.
	pub tile: usize,
	/// Tape of the forward pass.
	pub tape: &'a mut RnnTape,
	/// Sums to add to.
	pub sums: &'a mut [[Block; ROWS]],
}

impl Operation for CellBackward<'_> {
	type Output = ();

	fn reference(self) {
		reference::backward(self);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { shape, gates, head, gradient, tile, tape, sums, .. } = self;
		tape.carry.fill([Block::ZERO; TILE]);
		let of_last = propagate(s, gradient.tile(tile), |group| head.backward_group(group), &mut tape.unscaled);
		match shape.kind {
			CellKind::Lstm => backward::<S, true>(s, shape, gates, of_last, tape, sums),
			CellKind::Gru => backward::<S, false>(s, shape, gates, of_last, tape, sums),
		}
	}
}

/// Goes back through all steps of an LSTM or a GRU. `unscaled_bits` is the bit length of the largest gradient of the last
/// outputs, which are on the tape.
#[inline(always)]
fn backward<S: SimdI16, const LSTM: bool>(
	s: S,
	shape: &CellShape,
	gates: &TrainableLayer,
	unscaled_bits: u32,
	tape: &mut RnnTape,
	sums: &mut [[Block; ROWS]],
) {
	let (pairs, unit_groups) = (shape.columns() * LANES / 2, shape.unit_groups());
	let most = shape.gradient_bits();
	// Slices are copies: a field behind a reference is loaded again after every store.
	let RnnTape { inputs, factors: recorded, unscaled, carry: carries, gradients, groups, panels, .. } = tape;
	let (inputs, recorded, unscaled, carries) = (&inputs[..], &recorded[..], &mut unscaled[..], &mut carries[..]);
	let (gradients, groups, panels) = (&mut gradients[..], &mut groups[..], &mut panels[..]);
	// The candidate of a GRU from the input has no weights of the last output.
	let propagating = if LSTM { GATES } else { GATES - 1 };
	let (mut unscaled_bits, mut carry_bits, mut exponent) = (unscaled_bits, 0, 0);
	for step in (0..shape.steps).rev() {
		// The gradients of output and state are brought to one exponent.
		let shift = unscaled_bits.max(carry_bits + WEIGHT_FRAC).max(most + 1) - most;
		exponent = (exponent + shift as i32 - WEIGHT_FRAC as i32).min(MAX_EXPONENT);
		let scale = Scale::new(s, shift);
		let mut bits = s.splat(0);
		for unit_group in 0..unit_groups {
			let unscaled = &unscaled.as_chunks::<ROWS>().0[unit_group];
			for c in 0..TILE {
				let h = scale.outputs(s, unscaled, c);
				let mut gates = [[s.splat(0); 2]; GATES];
				for half in 0..2 {
					let (row, rows) = (2 * unit_group + half, 2 * unit_groups);
					let factors = factors_of::<S, LSTM>(s, &recorded[step * FACTORS * rows + row..], rows, c);
					let carry = scale.state(s, s.load(&carries[row][c]));
					let (z, carry) = match LSTM {
						true => lstm_gradients(s, h[half], carry, factors),
						false => gru_gradients(s, h[half], carry, factors),
					};
					bits = s.or(bits, s.abs_i16(carry));
					s.store(&mut carries[row][c], carry);
					for gate in 0..GATES {
						gates[gate][half] = z[gate];
						s.store(&mut gradients[gate * rows + row][c], s.interleave(z[gate]));
					}
				}
				store_groups(s, gates, &mut groups[unit_group..], unit_groups, c);
			}
		}
		let mut lanes = Block::ZERO;
		s.store(&mut lanes, bits);
		let bits = lanes.0.iter().fold(0, |all, lane| all | (*lane as u32 & 0xffff) | *lane as u32 >> 16);
		carry_bits = u32::BITS - bits.leading_zeros();
		let x = &inputs[step * pairs..][..pairs];
		let back = (shape.sum_shift(TILES) as i32 + MAX_EXPONENT - exponent).min(31) as u32;
		add_weight_gradients(s, shape, x, groups, panels, back, sums);
		if step > 0 {
			let z = &gradients[..(propagating * 2 * unit_groups).next_multiple_of(ROWS)];
			unscaled_bits = propagate(s, z, |group| gates.backward_group(group), unscaled);
		}
	}
}

/// Shifts that bring the gradients of outputs and states to one exponent.
struct Scale<S: SimdI16> {
	/// Right shift of the gradients of outputs.
	shift: u32,
	/// Half of the last place that this shift leaves.
	rounding: S::V,
	/// Left shift of the gradients of states, if they are not shifted right.
	left: u32,
	/// Right shift of the gradients of states.
	right: u32,
	/// Q15 factor that shifts them right.
	factor: S::V,
}

impl<S: SimdI16> Scale<S> {
	#[inline(always)]
	fn new(s: S, shift: u32) -> Self {
		let (left, right) = (WEIGHT_FRAC.saturating_sub(shift), shift.saturating_sub(WEIGHT_FRAC));
		let factor = s.splat(both_halves((1u32 << (15 - right.clamp(1, 15))) as i16));
		Self { shift, rounding: s.splat(1 << (shift - 1)), left, right, factor }
	}

	/// Returns vector `c` of the scaled gradients of four outputs, packed.
	#[inline(always)]
	fn outputs(&self, s: S, unscaled: &[[Block; TILE]; ROWS], c: usize) -> [S::V; 2] {
		let mut h = [self.rounding; ROWS];
		for r in 0..ROWS {
			h[r] = s.shr(s.add(s.load(&unscaled[r][c]), self.rounding), self.shift);
		}
		[s.pack_clamped(h[0], h[1]), s.pack_clamped(h[2], h[3])]
	}

	/// Returns the scaled gradients of states.
	#[inline(always)]
	fn state(&self, s: S, carry: S::V) -> S::V {
		if self.right > 0 {
			s.mul_q15(carry, self.factor)
		} else {
			s.shl_i16(carry, self.left)
		}
	}
}

/// Loads vector `c` of the factors of a row from every `rows`-th vector of `recorded`.
#[inline(always)]
fn factors_of<S: SimdI16, const LSTM: bool>(s: S, recorded: &[[Block; TILE]], rows: usize, c: usize) -> [S::V; FACTORS] {
	let mut factors = [s.splat(0); FACTORS];
	for at in 0..if LSTM { FACTORS } else { FACTORS - 1 } {
		factors[at] = s.load(&recorded[at * rows][c]);
	}
	factors
}

/// Stores vector `c` of the gradients of the gates of four units in every `unit_groups`-th of `groups`.
#[inline(always)]
fn store_groups<S: SimdI16>(s: S, gates: [[S::V; 2]; GATES], groups: &mut [[Block; 2 * TILE]], unit_groups: usize, c: usize) {
	for gate in 0..GATES {
		let [low, high] = s.interleave_rows(gates[gate][0], gates[gate][1]);
		let group = &mut groups[gate * unit_groups];
		s.store(&mut group[2 * c], low);
		s.store(&mut group[2 * c + 1], high);
	}
}

/// Computes gradients of the gates and of the state before a step, from those of the output and of the state after it.
#[inline(always)]
fn lstm_gradients<S: SimdI16>(s: S, h: S::V, c: S::V, factors: [S::V; FACTORS]) -> ([S::V; GATES], S::V) {
	let [i, f, g, o, keep, out] = factors;
	let c = s.add_i16(c, s.mul_q15(h, out));
	// The factor of the forget gate is Q13.
	([s.mul_q15(c, i), s.mul_q15(s.shl_i16(c, 2), f), s.mul_q15(c, g), s.mul_q15(h, o)], s.mul_q15(c, keep))
}

/// Computes the gradients of a GRU, whose output is its state; see [`lstm_gradients`].
#[inline(always)]
fn gru_gradients<S: SimdI16>(s: S, h: S::V, state: S::V, factors: [S::V; FACTORS]) -> ([S::V; GATES], S::V) {
	let [r, u, h_gate, x, keep, _] = factors;
	let state = s.add_i16(state, h);
	// The factor of the reset gate is Q13.
	(
		[s.mul_q15(s.shl_i16(state, 2), r), s.mul_q15(state, u), s.mul_q15(state, h_gate), s.mul_q15(state, x)],
		s.mul_q15(state, keep),
	)
}

/// Computes unscaled gradients of inputs, four rows at a time, and returns the bit length of the largest.
#[inline(always)]
fn propagate<'a, S: SimdI16>(
	s: S,
	gradient: &[[Block; TILE]],
	weights: impl Fn(usize) -> &'a [Block],
	unscaled: &mut [[Block; TILE]],
) -> u32 {
	let mut bits = s.splat(0);
	for (group, unscaled) in unscaled.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
		let w = weights(group);
		if S::WIDE {
			bits = propagate_vectors::<S, TILE>(s, gradient, 0, w, unscaled, bits);
		} else {
			for at in 0..TILE {
				bits = propagate_vectors::<S, 1>(s, gradient, at, w, unscaled, bits);
			}
		}
	}
	let mut lanes = Block::ZERO;
	s.store(&mut lanes, bits);
	u32::BITS - lanes.0.iter().fold(0, |all, lane| all | *lane as u32).leading_zeros()
}

#[inline(always)]
fn propagate_vectors<S: SimdI16, const N: usize>(
	s: S,
	gradient: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	unscaled: &mut [[Block; TILE]; ROWS],
	bits: S::V,
) -> S::V {
	let sums = product::<S, TILE, N>(s, gradient, at, w, [0; ROWS]);
	let mut bits = bits;
	for r in 0..ROWS {
		for c in 0..N {
			bits = s.or(bits, s.abs(sums[r][c]));
			s.store(&mut unscaled[r][at + c], sums[r][c]);
		}
	}
	bits
}

/// Adds the weight gradients of one step, shifted right by `shift`, to `sums`.
#[inline(always)]
fn add_weight_gradients<S: SimdI16>(
	s: S,
	shape: &CellShape,
	x: &[[Block; TILE]],
	groups: &[[Block; 2 * TILE]],
	panels: &mut [Block],
	shift: u32,
	sums: &mut [[Block; ROWS]],
) {
	let columns = shape.columns();
	let width = panel_width(columns);
	for (column, x) in x.as_chunks::<{ LANES / 2 }>().0.iter().enumerate() {
		let first = column / width * width;
		let stride = width.min(columns - first);
		let panel = &mut panels[first * TILE_PAIRS + column - first..];
		for c in 0..TILE {
			let mut v = [s.splat(0); LANES / 2];
			for i in 0..LANES / 2 {
				v[i] = s.load(&x[i][c]);
			}
			let v = s.transpose_pairs(v);
			for i in 0..LANES / 2 {
				s.store(&mut panel[(c * LANES / 2 + i) * stride], v[i]);
			}
		}
	}
	for (group, w) in groups.iter().enumerate() {
		let read = shape.columns_read(group / shape.unit_groups());
		for first in (0..columns).step_by(width) {
			let count = width.min(columns - first);
			if read.end <= first || read.start >= first + count {
				continue;
			}
			let x = &panels[first * TILE_PAIRS..][..count * TILE_PAIRS];
			let sums = &mut sums[group * columns + first..][..count];
			match count {
				1 => add_panel::<S, 1>(s, x, w, shift, sums),
				2 => add_panel::<S, 2>(s, x, w, shift, sums),
				3 => add_panel::<S, 3>(s, x, w, shift, sums),
				_ => add_panel::<S, 4>(s, x, w, shift, sums),
			}
		}
	}
}

#[inline(always)]
fn add_panel<S: SimdI16, const C: usize>(s: S, x: &[Block], w: &[Block], shift: u32, sums: &mut [[Block; ROWS]]) {
	let x = x.as_chunks::<C>().0;
	if S::WIDE {
		add_vectors::<S, C, C>(s, x, 0, w, shift, sums);
	} else {
		for at in 0..C {
			add_vectors::<S, C, 1>(s, x, at, w, shift, sums);
		}
	}
}

#[inline(always)]
fn add_vectors<S: SimdI16, const C: usize, const N: usize>(
	s: S,
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
	shift: u32,
	sums: &mut [[Block; ROWS]],
) {
	let product = product::<S, C, N>(s, x, at, w, [1 << (shift - 1); ROWS]);
	for c in 0..N {
		for r in 0..ROWS {
			let sum = &mut sums[at + c][r];
			s.store(sum, s.add(s.load(sum), s.shr(product[r][c], shift)));
		}
	}
}
