//! The reference of gated cells: one sample and one unit at a time, in the order of the formulas.
//!
//! It remembers nothing between the way forward and the way back, and goes forward again instead.

use super::{
	cells::MAX_EXPONENT,
	gates::{Kind, Shape, KINDS, ONE},
	layout::{Block, Dense, Packed, Tiles, LANES, ROWS, TILE, TILES},
};
use crate::lion::{step, MASTER_FRAC, MAX_WEIGHT, WEIGHT_FRAC};
use doin_scoring::{
	activation::{product, sigmoid, tanh},
	forward::{gru_unit, lstm_unit},
	math::round_shift_i32,
	model::MAX_ACT,
};

/// Samples of a tile.
const SAMPLES: usize = TILE * LANES;

/// One step of one sample.
struct Step {
	/// What it reads.
	inputs: Vec<i16>,
	/// State before, for each unit.
	before: Vec<i16>,
	/// Sums of the gates, for each unit.
	sums: Vec<[i16; KINDS]>,
	/// State after, for each unit.
	after: Vec<i16>,
}

/// Σ weights · inputs + bias over the places from `from` to `to`, requantised and clamped to 16 bits.
fn sum(gates: &Packed, row: usize, inputs: &[i16], from: usize, to: usize, bias: i32, shift: u32) -> i16 {
	let terms = (from..to).map(|at| i32::from(gates.get(row, at)) * i32::from(inputs[at]));
	round_shift_i32(terms.fold(bias, i32::wrapping_add), shift).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// All steps of one sample, and the last outputs.
fn steps(shape: &Shape, gates: &Packed, x: &Tiles, sample: usize) -> (Vec<Step>, Vec<i16>) {
	let first = shape.hidden();
	let (mut h, mut state, mut steps) = (vec![0; shape.units], vec![0; shape.units], Vec::new());
	for at in 0..shape.steps {
		let mut inputs = h.clone();
		inputs.resize(first, 0);
		inputs.extend((0..shape.channels).map(|channel| x.get(channel * shape.steps + at, sample)));
		inputs.push(ONE);
		let before = state.clone();
		let mut sums = Vec::new();
		for unit in 0..shape.units {
			let gate = |kind: usize| {
				let row = shape.row(kind, unit);
				let (of_input, of_hidden) = (shape.input_bias.as_flattened()[row], gates.bias.as_flattened()[row]);
				let input = || sum(gates, row, &inputs, first, inputs.len(), of_input, shape.input_shift);
				let hidden = || sum(gates, row, &inputs, 0, shape.units, of_hidden, gates.shift);
				match (shape.kind, kind) {
					(Kind::Gru, 2) => hidden(),
					(Kind::Gru, 3) => input(),
					_ => input().saturating_add(hidden()),
				}
			};
			let z = [0, 1, 2, 3].map(gate);
			(h[unit], state[unit]) = match shape.kind {
				Kind::Lstm => lstm_unit(state[unit], z),
				Kind::Gru => gru_unit(state[unit], [z[0], z[1], z[3], z[2]]),
			};
			sums.push(z);
		}
		steps.push(Step { inputs, before, sums, after: state.clone() });
	}
	(steps, h)
}

/// See [`super::Backend::cell_forward`].
pub fn forward(shape: &Shape, gates: &Packed, x: &Tiles, tile: usize, h: &mut Tiles) {
	for sample in tile * SAMPLES..(tile + 1) * SAMPLES {
		let (_, last) = steps(shape, gates, x, sample);
		last.iter().enumerate().for_each(|(unit, value)| h.set(unit, sample, *value));
	}
}

/// 1 − v, for a gate v.
fn rest(v: i16) -> i16 {
	i16::MIN.wrapping_sub(v)
}

/// 1 − v², for a hyperbolic tangent v.
fn slope(v: i16) -> i16 {
	i16::MAX - product(v, v)
}

/// Twice a number.
fn twice(v: i16) -> i16 {
	v.saturating_add(v)
}

impl Step {
	/// Gradients of the gates of a unit and of its state before, from those of its output and of its state.
	fn gradients(&self, kind: Kind, unit: usize, h: i16, carry: i16) -> ([i16; KINDS], i16) {
		let (z, before, after) = (self.sums[unit], self.before[unit], self.after[unit]);
		match kind {
			Kind::Lstm => {
				let (i, f, g, o, t) = (sigmoid(z[0]), sigmoid(z[1]), tanh(z[2]), sigmoid(z[3]), tanh(after));
				let c = carry + product(h, product(o, slope(t)));
				let di = product(c, product(g, product(i, rest(i))));
				let df = product(c << 2, product(twice(before), product(f, rest(f))));
				let dg = product(c, product(i, slope(g)));
				let d_o = product(h, product(t, product(o, rest(o))));
				([di, df, dg, d_o], product(c, f))
			}
			Kind::Gru => {
				let (r, u) = (sigmoid(z[0]), sigmoid(z[1]));
				let g = tanh(z[3].saturating_add(product(r, z[2])));
				let s = carry + h;
				let (uu, fresh) = (product(u, rest(u)), product(rest(u), slope(g)));
				let dr = product(s << 2, product(fresh, product(twice(z[2]), product(r, rest(r)))));
				let du = product(s, product(before, uu) - product(g, uu));
				([dr, du, product(s, product(fresh, r)), product(s, fresh)], product(s, u))
			}
		}
	}
}

/// See [`super::Backend::cell_backward`].
pub fn backward(
	shape: &Shape,
	gates: &Dense,
	head: &Dense,
	x: &Tiles,
	gradient: &Tiles,
	tile: usize,
	sums: &mut [[Block; ROWS]],
) {
	let (units, most) = (shape.units, shape.gradient_bits());
	let samples: Vec<_> = (0..SAMPLES).map(|at| steps(shape, &gates.forward, x, tile * SAMPLES + at).0).collect();
	let mut raw: Vec<Vec<i32>> = (0..SAMPLES)
		.map(|at| {
			let term =
				|output, unit| i32::from(head.forward.get(output, unit)) * i32::from(gradient.get(output, tile * SAMPLES + at));
			(0..units).map(|unit| (0..head.forward.outputs).map(|output| term(output, unit)).sum()).collect()
		})
		.collect();
	let mut carry = vec![vec![0i16; units]; SAMPLES];
	let mut exponent = 0;
	for at in (0..shape.steps).rev() {
		let raw_bits = raw.iter().flatten().map(|value| u32::BITS - value.unsigned_abs().leading_zeros()).max().unwrap_or(0);
		let carry_bits = carry.iter().flatten().map(|value| u16::BITS - value.unsigned_abs().leading_zeros()).max().unwrap_or(0);
		let shift = raw_bits.max(carry_bits + WEIGHT_FRAC).max(most + 1) - most;
		exponent = (exponent + shift as i32 - WEIGHT_FRAC as i32).min(MAX_EXPONENT);
		let mut z = vec![vec![0i16; shape.outputs()]; SAMPLES];
		for sample in 0..SAMPLES {
			for unit in 0..units {
				let h = round_shift_i32(raw[sample][unit], shift).clamp(-MAX_ACT, MAX_ACT) as i16;
				let kept = i32::from(carry[sample][unit]);
				let kept = match shift.checked_sub(WEIGHT_FRAC) {
					None => kept << (WEIGHT_FRAC - shift),
					Some(0) => kept,
					Some(right) => round_shift_i32(kept, right),
				};
				let (gradients, before) = samples[sample][at].gradients(shape.kind, unit, h, kept as i16);
				carry[sample][unit] = before;
				(0..KINDS).for_each(|kind| z[sample][shape.row(kind, unit)] = gradients[kind]);
			}
		}
		let back = (shape.sum_shift(TILES) as i32 + MAX_EXPONENT - exponent).min(31) as u32;
		for row in 0..shape.outputs() {
			for input in 0..shape.inputs() {
				let term = |sample: usize| i32::from(z[sample][row]) * i32::from(samples[sample][at].inputs[input]);
				let sum = round_shift_i32((0..SAMPLES).map(term).sum(), back);
				sums[row / ROWS * shape.columns() + input / LANES][row % ROWS].0[input % LANES] += sum;
			}
		}
		for (raw, z) in raw.iter_mut().zip(&z) {
			for (unit, raw) in raw.iter_mut().enumerate() {
				let terms = z.iter().enumerate().map(|(row, z)| i32::from(gates.forward.get(row, unit)) * i32::from(*z));
				*raw = terms.fold(0, i32::wrapping_add);
			}
		}
	}
}

/// See [`super::Backend::cell_update`].
pub fn update(shape: &Shape, gates: &mut Dense, sums: &mut [[Block; ROWS]], rate: i32, decay: u8) {
	for row in 0..shape.outputs() {
		for input in 0..shape.inputs() {
			let block = row / ROWS * shape.columns() + input / LANES;
			let (row_at, lane) = (row % ROWS, input % LANES);
			let sum = &mut sums[block][row_at].0[lane];
			let g = if shape.reads(row / (shape.quads() * ROWS), input) { *sum } else { 0 };
			*sum = 0;
			step(
				&mut gates.masters[block][row_at].0[lane],
				&mut gates.momenta[block][row_at].0[lane],
				g,
				rate,
				decay,
				MAX_WEIGHT,
			);
			let weight = round_shift_i32(gates.masters[block][row_at].0[lane], MASTER_FRAC - WEIGHT_FRAC) as i16;
			gates.set_weight(row, input, weight);
		}
	}
}
