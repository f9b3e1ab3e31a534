//! References of recurrent cells: one sample and one unit at a time, in the order of the formulas.
//!
//! The backward pass keeps nothing of the forward pass and computes it again instead.

use super::{CellBackward, MAX_EXPONENT, SAMPLES};
use crate::{
	layout::{BatchTiles, CellKind, CellShape, PackedWeights, GATES, LANES, ONE, ROWS, TILES},
	ops::lion::WEIGHT_FRAC,
};
use doin_scoring::{
	activation::{multiply_q15, sigmoid, tanh},
	forward::{gru_unit, lstm_unit},
	math::round_shift_i32,
	model::MAX_ACT,
};

/// One step of one sample.
pub struct Step {
	/// Vector that the step reads.
	inputs: Vec<i16>,
	/// State before the step, for each unit.
	before: Vec<i16>,
	/// Sums of the gates, for each unit.
	sums: Vec<[i16; GATES]>,
	/// State after the step, for each unit.
	after: Vec<i16>,
}

/// A sum of a gate: the places of the vector of a step that it reads, its bias and its shift.
struct GateSum {
	from: usize,
	to: usize,
	bias: i32,
	shift: u32,
}

impl GateSum {
	/// Computes the sum, requantised and clamped to 16 bits.
	fn compute(&self, gates: &PackedWeights, row: usize, inputs: &[i16]) -> i16 {
		let terms = (self.from..self.to).map(|at| i32::from(gates.get(row, at)) * i32::from(inputs[at]));
		round_shift_i32(terms.fold(self.bias, i32::wrapping_add), self.shift).clamp(i16::MIN.into(), i16::MAX.into()) as i16
	}
}

/// Computes all steps of one sample, and the last outputs.
pub fn steps(shape: &CellShape, gates: &PackedWeights, x: &BatchTiles, sample: usize) -> (Vec<Step>, Vec<i16>) {
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
			let sum = |gate: usize| {
				let row = shape.row(gate, unit);
				let (bias, shift) = (shape.input_bias.as_flattened()[row], shape.input_shift);
				let input = || GateSum { from: first, to: inputs.len(), bias, shift }.compute(gates, row, &inputs);
				let (bias, shift) = (gates.bias.as_flattened()[row], gates.shift);
				let hidden = || GateSum { from: 0, to: shape.units, bias, shift }.compute(gates, row, &inputs);
				match (shape.kind, gate) {
					(CellKind::Gru, 2) => hidden(),
					(CellKind::Gru, 3) => input(),
					_ => input().saturating_add(hidden()),
				}
			};
			let z = [0, 1, 2, 3].map(sum);
			(h[unit], state[unit]) = match shape.kind {
				CellKind::Lstm => lstm_unit(state[unit], z),
				CellKind::Gru => gru_unit(state[unit], [z[0], z[1], z[3], z[2]]),
			};
			sums.push(z);
		}
		steps.push(Step { inputs, before, sums, after: state.clone() });
	}
	(steps, h)
}

/// Computes 1 − v for a gate v.
fn complement(v: i16) -> i16 {
	i16::MIN.wrapping_sub(v)
}

/// Computes 1 − v² for a hyperbolic tangent v: its derivative.
fn tanh_slope(v: i16) -> i16 {
	i16::MAX - multiply_q15(v, v)
}

/// Computes 2·v, saturating.
fn twice(v: i16) -> i16 {
	v.saturating_add(v)
}

impl Step {
	/// Computes gradients of the gates of a unit and of its state before the step, from those of its output and of its state
	/// after it.
	fn gradients(&self, kind: CellKind, unit: usize, h: i16, carry: i16) -> ([i16; GATES], i16) {
		let (z, before, after) = (self.sums[unit], self.before[unit], self.after[unit]);
		match kind {
			CellKind::Lstm => {
				let (i, f, g, o, t) = (sigmoid(z[0]), sigmoid(z[1]), tanh(z[2]), sigmoid(z[3]), tanh(after));
				let c = carry + multiply_q15(h, multiply_q15(o, tanh_slope(t)));
				let di = multiply_q15(c, multiply_q15(g, multiply_q15(i, complement(i))));
				let df = multiply_q15(c << 2, multiply_q15(twice(before), multiply_q15(f, complement(f))));
				let dg = multiply_q15(c, multiply_q15(i, tanh_slope(g)));
				let d_o = multiply_q15(h, multiply_q15(t, multiply_q15(o, complement(o))));
				([di, df, dg, d_o], multiply_q15(c, f))
			}
			CellKind::Gru => {
				let (r, u) = (sigmoid(z[0]), sigmoid(z[1]));
				let g = tanh(z[3].saturating_add(multiply_q15(r, z[2])));
				let s = carry + h;
				let (uu, fresh) = (multiply_q15(u, complement(u)), multiply_q15(complement(u), tanh_slope(g)));
				let dr = multiply_q15(s << 2, multiply_q15(fresh, multiply_q15(twice(z[2]), multiply_q15(r, complement(r)))));
				let du = multiply_q15(s, multiply_q15(before, uu) - multiply_q15(g, uu));
				([dr, du, multiply_q15(s, multiply_q15(fresh, r)), multiply_q15(s, fresh)], multiply_q15(s, u))
			}
		}
	}
}

/// Computes [`CellBackward`].
pub fn backward(pass: CellBackward) {
	let CellBackward { shape, gates, head, x, gradient, tile, sums, .. } = pass;
	let (units, most) = (shape.units, shape.gradient_bits());
	let samples: Vec<_> = (0..SAMPLES).map(|at| steps(shape, &gates.forward, x, tile * SAMPLES + at).0).collect();
	let mut unscaled: Vec<Vec<i32>> = (0..SAMPLES)
		.map(|at| {
			let term =
				|output, unit| i32::from(head.forward.get(output, unit)) * i32::from(gradient.get(output, tile * SAMPLES + at));
			(0..units).map(|unit| (0..head.forward.outputs).map(|output| term(output, unit)).sum()).collect()
		})
		.collect();
	let mut carry = vec![vec![0i16; units]; SAMPLES];
	let mut exponent = 0;
	for at in (0..shape.steps).rev() {
		let bits = |value: &i32| u32::BITS - value.unsigned_abs().leading_zeros();
		let unscaled_bits = unscaled.iter().flatten().map(bits).max().unwrap_or(0);
		let bits = |value: &i16| u16::BITS - value.unsigned_abs().leading_zeros();
		let carry_bits = carry.iter().flatten().map(bits).max().unwrap_or(0);
		let shift = unscaled_bits.max(carry_bits + WEIGHT_FRAC).max(most + 1) - most;
		exponent = (exponent + shift as i32 - WEIGHT_FRAC as i32).min(MAX_EXPONENT);
		let mut z = vec![vec![0i16; shape.outputs()]; SAMPLES];
		for sample in 0..SAMPLES {
			for unit in 0..units {
				let h = round_shift_i32(unscaled[sample][unit], shift).clamp(-MAX_ACT, MAX_ACT) as i16;
				let kept = i32::from(carry[sample][unit]);
				let kept = match shift.checked_sub(WEIGHT_FRAC) {
					None => kept << (WEIGHT_FRAC - shift),
					Some(0) => kept,
					Some(right) => round_shift_i32(kept, right),
				};
				let (gradients, before) = samples[sample][at].gradients(shape.kind, unit, h, kept as i16);
				carry[sample][unit] = before;
				(0..GATES).for_each(|gate| z[sample][shape.row(gate, unit)] = gradients[gate]);
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
		for (unscaled, z) in unscaled.iter_mut().zip(&z) {
			for (unit, unscaled) in unscaled.iter_mut().enumerate() {
				let terms = z.iter().enumerate().map(|(row, z)| i32::from(gates.forward.get(row, unit)) * i32::from(*z));
				*unscaled = terms.fold(0, i32::wrapping_add);
			}
		}
	}
}
