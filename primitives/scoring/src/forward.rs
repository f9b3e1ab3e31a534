//! Forward passes, one window at a time. Every back-end of the worker reproduces these results bit by bit.

use crate::{
	activation::{multiply_q15, sigmoid, tanh},
	encoder::{Cell, Conv, Conv2, Encoder},
	model::{Net, MAX_ACT},
	packed::PackedLayer,
};
use alloc::vec::Vec;

/// Buffers of a forward pass, reused for all windows.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
	/// Inputs of the current layer; the last output of a cell.
	from: Vec<i16>,
	/// Outputs of the current layer.
	to: Vec<i16>,
	/// Sums of the current layer.
	sums: Vec<i32>,
	/// Inputs of one output of a convolution, over time or over an image, or of all steps of a cell.
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

/// A [`Net`] whose layers are packed for many forward passes.
///
/// ```
/// use doin_scoring::{Encoder, Layer, Net, PreparedNet, Scratch};
/// let layer = Layer { inputs: 2, outputs: 1, shift: 1, weights: vec![3, -1], bias: vec![4] };
/// let net = Net { window: 2, in_shifts: vec![0], skip: None, encoder: Encoder::None, layers: vec![layer] };
/// let (prepared, mut out, mut scratch) = (PreparedNet::new(&net), [0], Scratch::default());
/// prepared.forward(&[10, 2], &mut out, &mut scratch);
/// assert_eq!(out, [16], "(30 − 2 + 4) / 2");
/// ```
#[derive(Clone, Debug)]
pub struct PreparedNet<'a> {
	net: &'a Net,
	skip: Option<PackedLayer<'a>>,
	/// Layers of the encoder: those of the convolutions in order, or input and hidden layer of a cell.
	encoder: Vec<PackedLayer<'a>>,
	layers: Vec<PackedLayer<'a>>,
}

impl Net {
	/// Computes one forward pass; see [`PreparedNet::forward`]. Packing the layers takes as long as a few passes, so a caller with
	/// many windows prepares the net once.
	pub fn forward(&self, x: &[i16], out: &mut [i32], scratch: &mut Scratch) {
		PreparedNet::new(self).forward(x, out, scratch);
	}
}

impl<'a> PreparedNet<'a> {
	/// Packs the layers of `net`.
	pub fn new(net: &'a Net) -> Self {
		let encoder = match &net.encoder {
			Encoder::None => Vec::new(),
			Encoder::Conv(convs) => convs.iter().map(|conv| PackedLayer::new(&conv.layer)).collect(),
			Encoder::Lstm(cell) | Encoder::Gru(cell) => [&cell.input, &cell.hidden].map(PackedLayer::new).into(),
			Encoder::Image(conv) => [PackedLayer::new(&conv.layer)].into(),
		};
		let layers = net.layers.iter().map(PackedLayer::new).collect();
		Self { net, skip: net.skip.as_ref().map(PackedLayer::new), encoder, layers }
	}

	/// Computes the outputs for the [features](crate::window_features) `x`: for each forecast step its difference from the last
	/// value, in 2^−OUT_FRAC raw units, or the score of each class. For the [features](crate::rows::row_features) of a row, values
	/// are differences from 0. `out` has one place per output. The result of a net that was not admitted is arbitrary.
	pub fn forward(&self, x: &[i16], out: &mut [i32], scratch: &mut Scratch) {
		out.fill(0);
		if let Some(skip) = &self.skip {
			add(skip, x, &mut scratch.sums, out);
		}
		let Some((last, hidden)) = self.layers.split_last() else {
			return;
		};
		let mut hidden = hidden.iter();
		match (&self.net.encoder, self.encoder.as_slice()) {
			(Encoder::Conv(convs), _) => self.convolve(convs, x, scratch),
			(Encoder::Lstm(cell), [input, hidden]) => GatedCell { cell, input, hidden }.lstm(x, self.net.window(), scratch),
			(Encoder::Gru(cell), [input, hidden]) => GatedCell { cell, input, hidden }.gru(x, self.net.window(), scratch),
			(Encoder::Image(conv), [layer]) => conv.forward(layer, x, scratch),
			_ => match hidden.next() {
				None => return add(last, x, &mut scratch.sums, out),
				Some(first) => activate(first, x, &mut scratch.sums, &mut scratch.from),
			},
		}
		for layer in hidden {
			activate(layer, &scratch.from, &mut scratch.sums, &mut scratch.to);
			core::mem::swap(&mut scratch.from, &mut scratch.to);
		}
		add(last, &scratch.from, &mut scratch.sums, out);
	}

	/// Applies `convs` to `x`. `scratch.from` receives the output of the last one, channel by channel.
	fn convolve(&self, convs: &[Conv], x: &[i16], scratch: &mut Scratch) {
		scratch.from.clear();
		scratch.from.extend_from_slice(x);
		let mut steps = self.net.window;
		for (conv, layer) in convs.iter().zip(&self.encoder) {
			let after = conv.steps(steps).unwrap_or(0);
			conv.forward(layer, [steps.into(), after.into()], scratch);
			core::mem::swap(&mut scratch.from, &mut scratch.to);
			steps = after;
		}
	}
}

impl Conv {
	/// Applies the convolution, whose layer is `layer`, to `steps` steps per channel in `scratch.from`. `scratch.to` receives `after`
	/// steps per channel.
	fn forward(&self, layer: &PackedLayer<'_>, [steps, after]: [usize; 2], scratch: &mut Scratch) {
		let Scratch { from, to, patch, sums, .. } = scratch;
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
			layer.neurons(patch, sums, onto(places, |place, value| *place = relu(value)));
		}
	}
}

impl Conv2 {
	/// Applies the convolution, whose layer is `layer`, to the features `x` of an image. `scratch.from` receives the output, channel
	/// by channel.
	fn forward(&self, layer: &PackedLayer<'_>, x: &[i16], scratch: &mut Scratch) {
		let Scratch { from, patch, sums, .. } = scratch;
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
			layer.neurons(patch, sums, onto(outputs, |place, value| *place = relu(value)));
		}
	}
}

/// A cell with its packed layers.
struct GatedCell<'a> {
	cell: &'a Cell,
	input: &'a PackedLayer<'a>,
	hidden: &'a PackedLayer<'a>,
}

impl GatedCell<'_> {
	/// Sets output and state to zero. Returns the features `x`, step by step.
	fn start(&self, x: &[i16], steps: usize, scratch: &mut Scratch) -> Vec<i16> {
		for zeros in [&mut scratch.from, &mut scratch.state] {
			zeros.clear();
			zeros.resize(self.cell.units().into(), 0);
		}
		let mut by_step = core::mem::take(&mut scratch.patch);
		by_step.clear();
		by_step.resize(x.len(), 0);
		let channels = x.len().checked_div(steps).unwrap_or(0);
		for (channel, values) in x.chunks_exact(steps.max(1)).enumerate() {
			let places = by_step.get_mut(channel..).unwrap_or(&mut []).iter_mut().step_by(channels.max(1));
			places.zip(values).for_each(|(place, value)| *place = *value);
		}
		by_step
	}

	/// Computes both gate sums of the step with features `x`.
	fn gate_sums(&self, x: &[i16], scratch: &mut Scratch) {
		let Scratch { from, sums, gates: [input, hidden], .. } = scratch;
		gates(self.input, x, sums, input);
		gates(self.hidden, from, sums, hidden);
	}

	/// Runs an LSTM over a window of `steps` steps. `scratch.from` receives the last output.
	fn lstm(&self, x: &[i16], steps: usize, scratch: &mut Scratch) {
		let by_step = self.start(x, steps, scratch);
		for x in by_step.chunks_exact(x.len().checked_div(steps).unwrap_or(0).max(1)) {
			self.gate_sums(x, scratch);
			let Scratch { from, gates: [input, hidden], state, .. } = scratch;
			input.iter_mut().zip(hidden).for_each(|(input, hidden)| *input = input.saturating_add(*hidden));
			let [i, f, g, o] = self.by_gate(input);
			let gates = i.iter().zip(f).zip(g.iter().zip(o));
			for ((h, c), ((i, f), (g, o))) in from.iter_mut().zip(state).zip(gates) {
				(*h, *c) = lstm_unit(*c, [*i, *f, *g, *o]);
			}
		}
		scratch.patch = by_step;
	}

	/// Runs a GRU over a window of `steps` steps. `scratch.from` receives the last output.
	fn gru(&self, x: &[i16], steps: usize, scratch: &mut Scratch) {
		let by_step = self.start(x, steps, scratch);
		for x in by_step.chunks_exact(x.len().checked_div(steps).unwrap_or(0).max(1)) {
			self.gate_sums(x, scratch);
			let Scratch { from, gates: [input, hidden], state, .. } = scratch;
			let ([rx, ux, gx], [rh, uh, gh]) = (self.by_gate(input), self.by_gate(hidden));
			let gates = rx.iter().zip(rh).zip(ux.iter().zip(uh)).zip(gx.iter().zip(gh));
			for ((h, s), (((rx, rh), (ux, uh)), (gx, gh))) in from.iter_mut().zip(state).zip(gates) {
				(*h, *s) = gru_unit(*s, [rx.saturating_add(*rh), ux.saturating_add(*uh), *gx, *gh]);
			}
		}
		scratch.patch = by_step;
	}

	/// Splits gate sums by gate: the first slice holds the first gate of every unit.
	fn by_gate<'a, const G: usize>(&self, gates: &'a [i16]) -> [&'a [i16]; G] {
		let mut kinds = gates.chunks_exact(usize::from(self.cell.units()).max(1));
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

/// Returns the ReLU of a value, clamped to the range of an activation.
#[inline(always)]
fn relu(value: i32) -> i16 {
	value.clamp(0, MAX_ACT) as i16
}

/// Returns a function that gives the next value to the next one of `places`, by `write`.
#[inline(always)]
fn onto<'a, T: 'a>(mut places: impl Iterator<Item = &'a mut T>, write: impl Fn(&mut T, i32)) -> impl FnMut(i32) {
	move |value| {
		if let Some(place) = places.next() {
			write(place, value);
		}
	}
}

/// Adds the values of an output layer to `out`. The sum of net and skip stays within `i32`: each is a 32-bit number shifted right
/// by at least one bit.
fn add(layer: &PackedLayer, x: &[i16], sums: &mut Vec<i32>, out: &mut [i32]) {
	layer.neurons(x, sums, onto(out.iter_mut(), |out, value| *out = out.wrapping_add(value)));
}

/// Gives a buffer this length. Its numbers are written over.
#[inline(always)]
fn fit(to: &mut Vec<i16>, len: usize) {
	if to.len() != len {
		to.resize(len, 0);
	}
}

/// Computes the activations of a hidden layer.
fn activate(layer: &PackedLayer, x: &[i16], sums: &mut Vec<i32>, to: &mut Vec<i16>) {
	fit(to, layer.outputs());
	layer.neurons(x, sums, onto(to.iter_mut(), |to, value| *to = relu(value)));
}

/// Computes the values of a layer of a cell, clamped to 16 bits.
fn gates(layer: &PackedLayer, x: &[i16], sums: &mut Vec<i32>, to: &mut Vec<i16>) {
	fit(to, layer.outputs());
	layer.neurons(x, sums, onto(to.iter_mut(), |to, value| *to = value.clamp(i16::MIN.into(), i16::MAX.into()) as i16));
}
