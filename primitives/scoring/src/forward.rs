//! Forward passes, one window at a time. Every back-end of the worker reproduces these results bit by bit.

use crate::{
	activation::{multiply_q15, sigmoid, tanh},
	encoder::{Cell, Conv, Conv2, Encoder},
	math::round_shift_i32,
	model::{Layer, Net, MAX_ACT},
};
use alloc::vec::Vec;

/// Buffers of a forward pass, reused for all windows.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
	/// Inputs of the current layer; the last output of a cell.
	from: Vec<i16>,
	/// Outputs of the current layer.
	to: Vec<i16>,
	/// Inputs of one output of a convolution, over time or over an image, or of one step of a cell.
	patch: Vec<i16>,
	/// Gate sums of a cell: from its input, and from its last output.
	gates: [Vec<i16>; 2],
	/// State of a cell: c of an LSTM in Q12, or s of a GRU in Q15.
	state: Vec<i16>,
}

/// Returns the dot product of a row of weights and activations. Admission bounds the sum of the absolute values of all terms
/// below 2³¹, so neither the result nor any partial sum, in any order, leaves `i32`. The sums of training wrap modulo 2³².
#[inline(always)]
pub fn dot(weights: &[i16], x: &[i16]) -> i32 {
	weights.iter().zip(x).fold(0i32, |sum, (w, x)| sum.wrapping_add(i32::from(*w).wrapping_mul(i32::from(*x))))
}

impl Layer {
	/// Returns the requantised value of each neuron, in order.
	#[inline(always)]
	fn neurons<'a>(&'a self, x: &'a [i16]) -> impl Iterator<Item = i32> + 'a {
		let shift = u32::from(self.shift);
		let rows = self.weights.chunks_exact(usize::from(self.inputs).max(1));
		rows.zip(&self.bias).map(move |(row, bias)| round_shift_i32(dot(row, x).wrapping_add(*bias), shift))
	}

	/// Computes the requantised values of all neurons, clamped to 16 bits.
	fn gates(&self, x: &[i16], to: &mut Vec<i16>) {
		to.clear();
		to.extend(self.neurons(x).map(|value| value.clamp(i16::MIN.into(), i16::MAX.into()) as i16));
	}
}

impl Net {
	/// Computes the outputs for the [features](crate::window_features) `x`: for each forecast step its difference from the last
	/// value, in 2^−OUT_FRAC raw units, or the score of each class. For the [features](crate::rows::row_features) of a row, values
	/// are differences from 0. `out` has one place per output. The result of a net that was not admitted is arbitrary.
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
			Encoder::Image(conv) => conv.forward(x, scratch),
		}
		for layer in hidden {
			activate(layer.neurons(&scratch.from), &mut scratch.to);
			core::mem::swap(&mut scratch.from, &mut scratch.to);
		}
		add(out, last.neurons(&scratch.from));
	}

	/// Applies `convs` to `x`. `scratch.from` receives the output of the last one, channel by channel.
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
	/// Applies the convolution to `steps` steps per channel in `scratch.from`. `scratch.to` receives `after` steps per channel.
	fn forward(&self, steps: usize, after: usize, scratch: &mut Scratch) {
		let Scratch { from, to, patch, .. } = scratch;
		let (kernel, dilation, stride) = (usize::from(self.kernel), usize::from(self.dilation), usize::from(self.stride));
		to.clear();
		to.resize(after.saturating_mul(self.layer.outputs.into()), 0);
		// Step that the first tap of the first output reads.
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

impl Conv2 {
	/// Applies the convolution to the features `x` of an image. `scratch.from` receives the output, channel by channel.
	fn forward(&self, x: &[i16], scratch: &mut Scratch) {
		let Scratch { from, patch, .. } = scratch;
		let [rows, columns] = self.grid().unwrap_or([0, 0]).map(usize::from);
		let [height, width] = [self.height, self.width].map(usize::from);
		let ([kernel, across], [down, right]) = (self.kernel.map(usize::from), self.stride.map(usize::from));
		let channels = x.len().checked_div(height.saturating_mul(width)).unwrap_or(0);
		let (line, places) = (width.saturating_mul(channels), rows.saturating_mul(columns));
		from.clear();
		from.resize(places.saturating_mul(self.layer.outputs.into()), 0);
		for at in 0..places {
			let (row, column) = (at.checked_div(columns).unwrap_or(0), at.checked_rem(columns).unwrap_or(0));
			let first = row.saturating_mul(down).saturating_mul(line);
			let start = first.saturating_add(column.saturating_mul(right).saturating_mul(channels));
			patch.clear();
			let lines = x.get(start..).unwrap_or(&[]).chunks(line.max(1)).take(kernel);
			lines.for_each(|pixels| patch.extend(pixels.iter().take(across.saturating_mul(channels))));
			let outputs = from.get_mut(at..).unwrap_or(&mut []).iter_mut().step_by(places.max(1));
			for (place, value) in outputs.zip(self.layer.neurons(patch)) {
				*place = value.clamp(0, MAX_ACT) as i16;
			}
		}
	}
}

impl Cell {
	/// Sets output and state to zero.
	fn start(&self, scratch: &mut Scratch) {
		for zeros in [&mut scratch.from, &mut scratch.state] {
			zeros.clear();
			zeros.resize(self.units().into(), 0);
		}
	}

	/// Computes both gate sums of step `at` of a window of `steps` steps.
	fn gate_sums(&self, x: &[i16], at: usize, steps: usize, scratch: &mut Scratch) {
		let Scratch { from, patch, gates: [input, hidden], .. } = scratch;
		patch.clear();
		patch.extend(x.get(at..).unwrap_or(&[]).iter().step_by(steps.max(1)));
		self.input.gates(patch, input);
		self.hidden.gates(from, hidden);
	}

	/// Runs an LSTM over a window. `scratch.from` receives the last output.
	fn lstm(&self, x: &[i16], steps: usize, scratch: &mut Scratch) {
		self.start(scratch);
		for at in 0..steps {
			self.gate_sums(x, at, steps, scratch);
			let Scratch { from, gates: [input, hidden], state, .. } = scratch;
			input.iter_mut().zip(hidden).for_each(|(input, hidden)| *input = input.saturating_add(*hidden));
			let [i, f, g, o] = self.by_gate(input);
			let gates = i.iter().zip(f).zip(g.iter().zip(o));
			for ((h, c), ((i, f), (g, o))) in from.iter_mut().zip(state).zip(gates) {
				(*h, *c) = lstm_unit(*c, [*i, *f, *g, *o]);
			}
		}
	}

	/// Runs a GRU over a window. `scratch.from` receives the last output.
	fn gru(&self, x: &[i16], steps: usize, scratch: &mut Scratch) {
		self.start(scratch);
		for at in 0..steps {
			self.gate_sums(x, at, steps, scratch);
			let Scratch { from, gates: [input, hidden], state, .. } = scratch;
			let ([rx, ux, gx], [rh, uh, gh]) = (self.by_gate(input), self.by_gate(hidden));
			let gates = rx.iter().zip(rh).zip(ux.iter().zip(uh)).zip(gx.iter().zip(gh));
			for ((h, s), (((rx, rh), (ux, uh)), (gx, gh))) in from.iter_mut().zip(state).zip(gates) {
				(*h, *s) = gru_unit(*s, [rx.saturating_add(*rh), ux.saturating_add(*uh), *gx, *gh]);
			}
		}
	}

	/// Splits gate sums by gate: the first slice holds the first gate of every unit.
	fn by_gate<'a, const G: usize>(&self, gates: &'a [i16]) -> [&'a [i16]; G] {
		let mut kinds = gates.chunks_exact(usize::from(self.units()).max(1));
		core::array::from_fn(|_| kinds.next().unwrap_or(&[]))
	}
}

/// Returns output and next state of an LSTM unit in state `c`. The sums are those of its input, forget, candidate and
/// output gates.
#[inline(always)]
pub fn lstm_unit(c: i16, [i, f, g, o]: [i16; 4]) -> (i16, i16) {
	// At most 2¹² in absolute value.
	let new = multiply_q15(sigmoid(i), tanh(g)).wrapping_add(4) >> 3;
	let c = multiply_q15(sigmoid(f), c).saturating_add(new).max(-i16::MAX);
	(cell_output(multiply_q15(sigmoid(o), tanh(c))), c)
}

/// Returns output and next state of a GRU unit in state `s`. The sums are those of its reset and update gates, and both sums of
/// its candidate: from the input, and from the last output.
#[inline(always)]
pub fn gru_unit(s: i16, [r, u, gx, gh]: [i16; 4]) -> (i16, i16) {
	let u = sigmoid(u);
	let g = tanh(gx.saturating_add(multiply_q15(sigmoid(r), gh)));
	// The last two terms have the same sign, and their sum is at most |g|.
	let s = multiply_q15(u, s).saturating_add(g.wrapping_sub(multiply_q15(u, g))).max(-i16::MAX);
	(cell_output(s), s)
}

/// Converts Q15 to an activation in Q11.
#[inline(always)]
fn cell_output(value: i16) -> i16 {
	// The shifted value lies in −2047..=2¹¹.
	(i32::from(value).wrapping_add(8) >> 4).min(MAX_ACT) as i16
}

/// Adds the values of an output layer to `out`. The sum of net and skip stays within `i32`: each is a 32-bit number shifted right
/// by at least one bit.
#[inline(always)]
fn add(out: &mut [i32], values: impl Iterator<Item = i32>) {
	for (out, value) in out.iter_mut().zip(values) {
		*out = out.wrapping_add(value);
	}
}

/// Applies the ReLU, clamped to the range of an activation.
#[inline(always)]
fn activate(values: impl Iterator<Item = i32>, to: &mut Vec<i16>) {
	to.clear();
	to.extend(values.map(|value| value.clamp(0, MAX_ACT) as i16));
}
