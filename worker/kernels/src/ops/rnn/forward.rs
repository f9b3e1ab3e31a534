//! Forward pass of a tile through all steps.

#![expect(clippy::needless_range_loop, reason = "rows and vectors of a tile are registers: their loops are unrolled by index")]

use super::{complement, reference, tanh_slope, SAMPLES};
use crate::{
	layout::{BatchTiles, Block, CellKind, CellShape, PackedWeights, RnnTape, FACTORS, GATES, LANES, ONE, ROWS, TILE},
	ops::gemm::{add_pair, product},
	simd::{both_halves, SimdI16, SimdI8},
	Operation,
};

/// Runs one tile of windows through all steps of a cell.
#[derive(Debug)]
pub struct CellForward<'a> {
	/// Shape of the cell.
	pub shape: &'a CellShape,
	/// Weights of its gates.
	pub gates: &'a PackedWeights,
	/// Windows, channel by channel.
	pub x: &'a BatchTiles,
	/// Tile to compute.
	pub tile: usize,
	/// Tape to write; it stores all steps if it [records](RnnTape::records).
	pub tape: &'a mut RnnTape,
	/// Last outputs to write.
	pub h: &'a mut BatchTiles,
}

impl Operation for CellForward<'_> {
	type Output = ();

	fn reference(self) {
		let Self { shape, gates, x, tile, h, .. } = self;
		for sample in tile * SAMPLES..(tile + 1) * SAMPLES {
			let (_, last) = reference::steps(shape, gates, x, sample);
			last.iter().enumerate().for_each(|(unit, value)| h.set(unit, sample, *value));
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { shape, gates, x, tile, tape, h } = self;
		match (shape.kind, tape.records) {
			(CellKind::Lstm, true) => forward::<S, true, true>(s, shape, gates, x, tile, tape, h),
			(CellKind::Lstm, false) => forward::<S, true, false>(s, shape, gates, x, tile, tape, h),
			(CellKind::Gru, true) => forward::<S, false, true>(s, shape, gates, x, tile, tape, h),
			(CellKind::Gru, false) => forward::<S, false, false>(s, shape, gates, x, tile, tape, h),
		}
	}
}

/// Computes [`CellForward`] of an LSTM or a GRU on vectors, and records all steps if `RECORD`.
#[inline(always)]
fn forward<S: SimdI16, const LSTM: bool, const RECORD: bool>(
	s: S,
	shape: &CellShape,
	gates: &PackedWeights,
	x: &BatchTiles,
	tile: usize,
	tape: &mut RnnTape,
	h: &mut BatchTiles,
) {
	let gates = Gates::new(shape, gates);
	let (pairs, unit_groups, hidden) = (shape.columns() * LANES / 2, shape.unit_groups(), gates.hidden);
	let RnnTape { inputs, state, factors: recorded, .. } = tape;
	let (inputs, state, recorded) = (&mut inputs[..], &mut state[..], &mut recorded[..]);
	let zeros = [Block::ZERO; TILE];
	inputs[..hidden].fill(zeros);
	state.fill(zeros);
	for step in 0..shape.steps {
		let (now, next) = if RECORD {
			let (before, after) = inputs.split_at_mut((step + 1) * pairs);
			(&mut before[step * pairs..], &mut after[..pairs])
		} else {
			let (first, second) = inputs.split_at_mut(pairs);
			if step % 2 == 0 {
				(first, second)
			} else {
				(second, first)
			}
		};
		read_step(s, shape, x, tile, step, &mut now[hidden..]);
		let now = &*now;
		for unit_group in 0..unit_groups {
			let mut sums = [[Block::ZERO; 2 * TILE]; GATES];
			for gate in 0..GATES {
				let rows = GateRows { gate, group: gate * unit_groups + unit_group };
				if S::WIDE {
					gates.sums::<S, TILE>(s, now, 0, rows, &mut sums[gate]);
				} else {
					for at in 0..TILE {
						gates.sums::<S, 1>(s, now, at, rows, &mut sums[gate]);
					}
				}
			}
			for half in 0..2 {
				let (row, rows) = (2 * unit_group + half, 2 * unit_groups);
				let kept = if RECORD { &mut recorded[step * FACTORS * rows + row..] } else { &mut recorded[..0] };
				write_row::<S, LSTM, RECORD>(s, &sums, half, &mut state[row], &mut next[row], kept, rows);
			}
		}
	}
	let last = if RECORD { shape.steps } else { shape.steps % 2 } * pairs;
	h.tile_mut(tile)[..2 * unit_groups].copy_from_slice(&inputs[last..][..2 * unit_groups]);
}

/// Computes states and outputs of a row from the sums of its gates. Writes the factors of the gradients to every `rows`-th vector
/// of `kept` if `RECORD`.
#[inline(always)]
fn write_row<S: SimdI16, const LSTM: bool, const RECORD: bool>(
	s: S,
	sums: &[[Block; 2 * TILE]; GATES],
	half: usize,
	state: &mut [Block; TILE],
	next: &mut [Block; TILE],
	kept: &mut [[Block; TILE]],
	rows: usize,
) {
	for c in 0..TILE {
		let mut z = [s.splat(0); GATES];
		for gate in 0..GATES {
			z[gate] = s.load(&sums[gate][2 * c + half]);
		}
		let before = s.load(&state[c]);
		let (out, after, factors) = if LSTM { lstm(s, z, before) } else { gru(s, z, before) };
		s.store(&mut state[c], after);
		s.store(&mut next[c], s.interleave(out));
		if RECORD {
			for factor in 0..if LSTM { FACTORS } else { FACTORS - 1 } {
				s.store(&mut kept[factor * rows][c], factors[factor]);
			}
		}
	}
}

/// Writes the channels of a step and the constant one, pair by pair.
#[inline(always)]
fn read_step<S: SimdI16>(s: S, shape: &CellShape, x: &BatchTiles, tile: usize, step: usize, pairs: &mut [[Block; TILE]]) {
	let x = x.tile(tile);
	for (at, pair) in pairs.iter_mut().enumerate().take((shape.channels + 2) / 2) {
		for c in 0..TILE {
			let mut v = input(s, shape, x, 2 * at, step, c);
			if 2 * at < shape.channels {
				v = s.or(v, s.shl(input(s, shape, x, 2 * at + 1, step, c), 16));
			}
			s.store(&mut pair[c], v);
		}
	}
}

/// Returns a channel of a step in the low halves, or the constant one for the channel after the last.
#[inline(always)]
fn input<S: SimdI16>(s: S, shape: &CellShape, x: &[[Block; TILE]], channel: usize, step: usize, c: usize) -> S::V {
	if channel == shape.channels {
		return s.splat(ONE.into());
	}
	let feature = channel * shape.steps + step;
	s.and(s.shr(s.load(&x[feature / 2][c]), 16 * (feature as u32 % 2)), s.splat(0xffff))
}

/// A gate, and the group of four rows that are this gate of four units.
#[derive(Clone, Copy)]
struct GateRows {
	gate: usize,
	group: usize,
}

/// Weights of all gates, and the constants that their sums need. A copy: a field behind a reference is loaded again after
/// every store.
struct Gates<'a> {
	weights: &'a [Block],
	bias: &'a [[i32; ROWS]],
	shift: u32,
	input_bias: &'a [[i32; ROWS]],
	input_shift: u32,
	/// Channels of a step.
	channels: usize,
	/// Pairs of places that the last output takes.
	hidden: usize,
	/// Blocks of weights of a group of rows.
	stride: usize,
	/// For each gate: `true` if it reads the last output.
	reads_hidden: [bool; GATES],
	/// For each gate: `true` if it reads the input.
	reads_input: [bool; GATES],
}

impl<'a> Gates<'a> {
	#[inline(always)]
	fn new(shape: &'a CellShape, gates: &'a PackedWeights) -> Self {
		let all = [0, 1, 2, 3];
		Self {
			weights: &gates.weights,
			bias: &gates.bias,
			shift: gates.shift,
			input_bias: &shape.input_bias,
			input_shift: shape.input_shift,
			channels: shape.channels,
			hidden: shape.hidden() / 2,
			stride: shape.columns() * 2,
			reads_hidden: all.map(|gate| shape.reads(gate, 0)),
			reads_input: all.map(|gate| shape.reads(gate, shape.hidden())),
		}
	}

	/// Computes the packed sums of a gate of four units, over the last output and over the input: their sum, or the only one that
	/// the gate has.
	#[inline(always)]
	fn sums<S: SimdI16, const N: usize>(
		&self,
		s: S,
		now: &[[Block; TILE]],
		at: usize,
		rows: GateRows,
		out: &mut [Block; 2 * TILE],
	) {
		let Self { shift, input_shift, channels, hidden, stride, .. } = *self;
		let GateRows { gate, group } = rows;
		let (w, more) = self.weights[group * stride..][..stride].split_at(hidden / ROWS);
		let mut packed = [[s.splat(0); 2]; N];
		if self.reads_hidden[gate] {
			let mut start = self.bias[group];
			for start in &mut start {
				*start = start.wrapping_add(1 << (shift - 1));
			}
			let sums = product::<S, TILE, N>(s, &now[..hidden], at, w, start);
			for c in 0..N {
				packed[c] = requantise(s, &sums, c, shift);
			}
		}
		if self.reads_input[gate] {
			let mut sums = [[s.splat(0); N]; ROWS];
			for r in 0..ROWS {
				sums[r] = [s.splat(self.input_bias[group][r].wrapping_add(1 << (input_shift - 1))); N];
			}
			for (pair, x) in now[hidden..][..(channels + 2) / 2].iter().enumerate() {
				if let Some(w) = more[pair / ROWS].0.as_chunks::<ROWS>().0.get(pair % ROWS) {
					add_pair(s, &mut sums, x, at, w);
				}
			}
			for c in 0..N {
				let more = requantise(s, &sums, c, input_shift);
				for half in 0..2 {
					packed[c][half] = s.add_saturating_i16(packed[c][half], more[half]);
				}
			}
		}
		for c in 0..N {
			for half in 0..2 {
				s.store(&mut out[2 * (at + c) + half], packed[c][half]);
			}
		}
	}
}

/// Requantises and packs vector `c` of four rows of accumulators.
#[inline(always)]
fn requantise<S: SimdI16, const N: usize>(s: S, sums: &[[S::V; N]; ROWS], c: usize, shift: u32) -> [S::V; 2] {
	let (a, b) = (s.shr(sums[0][c], shift), s.shr(sums[1][c], shift));
	let (d, e) = (s.shr(sums[2][c], shift), s.shr(sums[3][c], shift));
	[s.pack_i16(a, b), s.pack_i16(d, e)]
}

/// Rounds a Q15 number to the Q11 of an output.
#[inline(always)]
fn output<S: SimdI16>(s: S, v: S::V) -> S::V {
	s.min_i16(s.shr_i16(s.add_saturating_i16(v, s.splat(both_halves(8))), 4), s.splat(both_halves(2047)))
}

/// Computes [`doin_scoring::forward::lstm_unit`] and the factors of `lstm_gradients`: (output, state, factors).
#[inline(always)]
fn lstm<S: SimdI16>(s: S, [i, f, g, o]: [S::V; GATES], c: S::V) -> (S::V, S::V, [S::V; FACTORS]) {
	let (i, f, g, o) = (s.sigmoid(i), s.sigmoid(f), s.tanh(g), s.sigmoid(o));
	let new = s.shr_i16(s.add_i16(s.mul_q15(i, g), s.splat(both_halves(4))), 3);
	let after = s.max_i16(s.add_saturating_i16(s.mul_q15(f, c), new), s.splat(both_halves(-i16::MAX)));
	let t = s.tanh(after);
	let factors = [
		s.mul_q15(g, s.mul_q15(i, complement(s, i))),
		s.mul_q15(s.add_saturating_i16(c, c), s.mul_q15(f, complement(s, f))),
		s.mul_q15(i, tanh_slope(s, g)),
		s.mul_q15(t, s.mul_q15(o, complement(s, o))),
		f,
		s.mul_q15(o, tanh_slope(s, t)),
	];
	(output(s, s.mul_q15(o, t)), after, factors)
}

/// Computes [`doin_scoring::forward::gru_unit`] and the factors of `gru_gradients`: (output, state, factors).
#[inline(always)]
fn gru<S: SimdI16>(s: S, [r, u, h, x]: [S::V; GATES], state: S::V) -> (S::V, S::V, [S::V; FACTORS]) {
	let (r, u) = (s.sigmoid(r), s.sigmoid(u));
	let g = s.tanh(s.add_saturating_i16(x, s.mul_q15(r, h)));
	let after = s.add_saturating_i16(s.mul_q15(u, state), s.sub_i16(g, s.mul_q15(u, g)));
	let after = s.max_i16(after, s.splat(both_halves(-i16::MAX)));
	let uu = s.mul_q15(u, complement(s, u));
	let fresh = s.mul_q15(complement(s, u), tanh_slope(s, g));
	let factors = [
		s.mul_q15(fresh, s.mul_q15(s.add_saturating_i16(h, h), s.mul_q15(r, complement(s, r)))),
		s.sub_i16(s.mul_q15(state, uu), s.mul_q15(g, uu)),
		s.mul_q15(fresh, r),
		fresh,
		u,
		u,
	];
	(output(s, after), after, factors)
}
