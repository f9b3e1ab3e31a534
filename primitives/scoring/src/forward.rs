//! Forward passes, one window at a time: the definition that every back-end reproduces.

use crate::{
	activation::{product, sigmoid, tanh},
	encoder::{Cell, Conv, Encoder},
	math::round_shift_i32,
	model::{Layer, Net, MAX_ACT},
};
use alloc::vec::Vec;

/// Buffers of a forward pass, reused from window to window.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
	from: Vec<i16>,
	to: Vec<i16>,
	/// What a convolution reads for one output, or a cell for one step.
	patch: Vec<i16>,
	/// Gates of a cell from its input and from its last output.
	gates: [Vec<i16>; 2],
	/// State of a cell: c of an LSTM, Q12, or s of a GRU, Q15.
	state: Vec<i16>,
}

/// Dot product of a row of weights and activations. Admission bounds the sum of the absolute values of all terms below 2³¹, so neither
/// the result nor any partial sum, in any order, leaves `i32`.
#[inline(always)]
fn dot(weights: &[i16], x: &[i16]) -> i32 {
	weights.iter().zip(x).fold(0i32, |sum, (w, x)| sum.wrapping_add(i32::from(*w).wrapping_mul(i32::from(*x))))
}

impl Layer {
	/// The requantised value of each neuron, in order.
	#[inline(always)]
	fn neurons<'a>(&'a self, x: &'a [i16]) -> impl Iterator<Item = i32> + 'a {
		let shift = u32::from(self.shift);
		let rows = self.weights.chunks_exact(usize::from(self.inputs).max(1));
		rows.zip(&self.bias).map(move |(row, bias)| round_shift_i32(dot(row, x).wrapping_add(*bias), shift))
	}

	/// The same, clamped to 16 bits.
	fn gates(&self, x: &[i16], to: &mut Vec<i16>) {
		to.clear();
		to.extend(self.neurons(x).map(|value| value.clamp(i16::MIN.into(), i16::MAX.into()) as i16));
	}
}

impl Net {
	/// The outputs for `x`, the net's [features](crate::features): for each step ahead, its value less the last one known, in 2^−OUT_FRAC
	/// raw units, or the score of each class. `out` has one place per output. The net has been admitted; of another one, the result is
	/// arbitrary.
	pub fn forward(&self, x: &[i16], out: &mut [i32], scratch: &mut Scratch) {
		out.fill(0);
		if let Some(skip) = &self.skip {
			add(out, skip.neurons(x));
		}
		let Some((last, hidden)) = self.layers.split_last() else {
			return;
		};
		let mut hidden = hidden.iter();
		match &self.encoder {
			Encoder::None => match hidden.next() {
				None => return add(out, last.neurons(x)),
				Some(first) => activate(first.neurons(x), &mut scratch.from),
			},
			Encoder::Conv(convs) => self.convolve(convs, x, scratch),
			Encoder::Lstm(cell) => cell.lstm(x, self.window(), scratch),
			Encoder::Gru(cell) => cell.gru(x, self.window(), scratch),
		}
		for layer in hidden {
			activate(layer.neurons(&scratch.from), &mut scratch.to);
			core::mem::swap(&mut scratch.from, &mut scratch.to);
		}
		add(out, last.neurons(&scratch.from));
	}

	/// Leaves the output of the last of `convs` in `scratch.from`, channel by channel.
	fn convolve(&self, convs: &[Conv], x: &[i16], scratch: &mut Scratch) {
		scratch.from.clear();
		scratch.from.extend_from_slice(x);
		let mut steps = self.window;
		for conv in convs {
			let after = conv.steps(steps).unwrap_or(0);
			conv.forward(steps.into(), after.into(), scratch);
			core::mem::swap(&mut scratch.from, &mut scratch.to);
			steps = after;
		}
	}
}

impl Conv {
	/// From the `steps` steps per channel in `scratch.from` to the `after` steps in `scratch.to`.
	fn forward(&self, steps: usize, after: usize, scratch: &mut Scratch) {
		let Scratch { from, to, patch, .. } = scratch;
		let (kernel, dilation, stride) = (usize::from(self.kernel), usize::from(self.dilation), usize::from(self.stride));
		to.clear();
		to.resize(after.saturating_mul(self.layer.outputs.into()), 0);
		// Where the first tap of the first output lies.
		let reach = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
		let first = steps.saturating_sub(reach).saturating_sub(after.saturating_sub(1).saturating_mul(stride));
		for at in 0..after {
			let start = first.saturating_add(at.saturating_mul(stride));
			patch.clear();
			for channel in from.chunks_exact(steps.max(1)) {
				let taps = channel.get(start..).unwrap_or(&[]).iter().step_by(dilation.max(1));
				patch.extend(taps.take(kernel));
			}
			let places = to.get_mut(at..).unwrap_or(&mut []).iter_mut().step_by(after.max(1));
			for (place, value) in places.zip(self.layer.neurons(patch)) {
				*place = value.clamp(0, MAX_ACT) as i16;
			}
		}
	}
}

impl Cell {
	/// Starts with an output and a state of zero.
	fn start(&self, scratch: &mut Scratch) {
		for zeros in [&mut scratch.from, &mut scratch.state] {
			zeros.clear();
			zeros.resize(self.units().into(), 0);
		}
	}

	/// Both sums of gates of step `at` of a window of `steps` steps.
	fn sums(&self, x: &[i16], at: usize, steps: usize, scratch: &mut Scratch) {
		let Scratch { from, patch, gates: [input, hidden], .. } = scratch;
		patch.clear();
		patch.extend(x.get(at..).unwrap_or(&[]).iter().step_by(steps.max(1)));
		self.input.gates(patch, input);
		self.hidden.gates(from, hidden);
	}

	/// Leaves the last output in `scratch.from`.
	fn lstm(&self, x: &[i16], steps: usize, scratch: &mut Scratch) {
		self.start(scratch);
		for at in 0..steps {
			self.sums(x, at, steps, scratch);
			let Scratch { from, gates: [input, hidden], state, .. } = scratch;
			input.iter_mut().zip(hidden).for_each(|(input, hidden)| *input = input.saturating_add(*hidden));
			let [i, f, g, o] = self.parts(input);
			let gates = i.iter().zip(f).zip(g.iter().zip(o));
			for ((h, c), ((i, f), (g, o))) in from.iter_mut().zip(state).zip(gates) {
				(*h, *c) = lstm_unit(*c, [*i, *f, *g, *o]);
			}
		}
	}

	/// Leaves the last output in `scratch.from`.
	fn gru(&self, x: &[i16], steps: usize, scratch: &mut Scratch) {
		self.start(scratch);
		for at in 0..steps {
			self.sums(x, at, steps, scratch);
			let Scratch { from, gates: [input, hidden], state, .. } = scratch;
			let ([rx, ux, gx], [rh, uh, gh]) = (self.parts(input), self.parts(hidden));
			let gates = rx.iter().zip(rh).zip(ux.iter().zip(uh)).zip(gx.iter().zip(gh));
			for ((h, s), (((rx, rh), (ux, uh)), (gx, gh))) in from.iter_mut().zip(state).zip(gates) {
				(*h, *s) = gru_unit(*s, [rx.saturating_add(*rh), ux.saturating_add(*uh), *gx, *gh]);
			}
		}
	}

	/// The gates of all units, kind by kind.
	fn parts<'a, const G: usize>(&self, gates: &'a [i16]) -> [&'a [i16]; G] {
		let mut kinds = gates.chunks_exact(usize::from(self.units()).max(1));
		core::array::from_fn(|_| kinds.next().unwrap_or(&[]))
	}
}

/// Output and state of a unit after a step that found it in state `c`, for the sums of its input, forget, candidate and output gates.
#[inline(always)]
pub fn lstm_unit(c: i16, [i, f, g, o]: [i16; 4]) -> (i16, i16) {
	// At most 2¹² in absolute value.
	let new = product(sigmoid(i), tanh(g)).wrapping_add(4) >> 3;
	let c = product(sigmoid(f), c).saturating_add(new).max(-i16::MAX);
	(output(product(sigmoid(o), tanh(c))), c)
}

/// Output and state of a unit after a step that found it in state `s`, for the sums of its reset and update gates and both sums of its
/// candidate.
#[inline(always)]
pub fn gru_unit(s: i16, [r, u, gx, gh]: [i16; 4]) -> (i16, i16) {
	let u = sigmoid(u);
	let g = tanh(gx.saturating_add(product(sigmoid(r), gh)));
	// The last two terms have one sign and together no more than |g|.
	let s = product(u, s).saturating_add(g.wrapping_sub(product(u, g))).max(-i16::MAX);
	(output(s), s)
}

/// Q15 to the Q11 of an activation.
#[inline(always)]
fn output(value: i16) -> i16 {
	// 2¹¹ at most, and never below −2047.
	(i32::from(value).wrapping_add(8) >> 4).min(MAX_ACT) as i16
}

/// Adds the values of an output layer. Two paths stay within `i32`: each is a 32-bit number shifted right by at least one bit.
#[inline(always)]
fn add(out: &mut [i32], values: impl Iterator<Item = i32>) {
	for (out, value) in out.iter_mut().zip(values) {
		*out = out.wrapping_add(value);
	}
}

/// ReLU, clamped to the range of an activation.
#[inline(always)]
fn activate(values: impl Iterator<Item = i32>, to: &mut Vec<i16>) {
	to.clear();
	to.extend(values.map(|value| value.clamp(0, MAX_ACT) as i16));
}
