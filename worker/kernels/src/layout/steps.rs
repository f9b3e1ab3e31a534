//! Steps and channels of convolutions.
//!
//! A net counts its inputs channel by channel. Back-ends count step by step, and the channels of a step are padded with zeros to
//! whole blocks: neuron `step · padded_channels(channels) + channel`.
//!
//! ```text
//!   net:        │ c0 t0 t1 t2 … │ c1 t0 t1 t2 … │
//!   back-end:   │ t0: c0 c1 0 0 … 0 │ t1: c0 c1 0 0 … 0 │ …        16 neurons per block
//! ```
//!
//! All inputs of a convolution that are neighbours in time are then contiguous, a dense layer behind convolutions is an ordinary
//! layer, and nothing is copied between layers. The weights of a convolution have the same order, tap by tap.

use super::{PackedWeights, LANES};
use doin_scoring::{encoder::Conv, Layer};

/// Returns the number of neurons of one step of `channels` channels, padding included.
#[inline(always)]
pub fn padded_channels(channels: usize) -> usize {
	channels.next_multiple_of(LANES)
}

/// A number of steps (or taps) of several channels each, stored step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepMajorShape {
	/// Steps or taps.
	pub steps: usize,
	/// Channels of each step.
	pub channels: usize,
}

impl StepMajorShape {
	/// Returns the number of neurons of a back-end, padding included.
	#[inline]
	pub fn neurons(&self) -> usize {
		self.steps * padded_channels(self.channels)
	}

	/// Returns the neuron of a back-end that is input `input` of a net's layer.
	#[inline]
	pub fn neuron(&self, input: usize) -> usize {
		input % self.steps * padded_channels(self.channels) + input / self.steps
	}

	/// Converts rows with one number per input of a net to rows with one number per neuron, zeros in the padding.
	pub fn spread(&self, rows: &[i32]) -> Vec<i32> {
		let inputs = self.steps * self.channels;
		let mut spread = vec![0; rows.len() / inputs * self.neurons()];
		for (to, row) in spread.chunks_exact_mut(self.neurons()).zip(rows.chunks_exact(inputs)) {
			row.iter().enumerate().for_each(|(input, number)| to[self.neuron(input)] = *number);
		}
		spread
	}

	/// Packs a layer of a net that reads this shape.
	pub fn pack(&self, layer: &Layer) -> PackedWeights {
		let mut packed = PackedWeights::new(self.neurons(), layer.outputs.into(), layer.shift.into());
		for (output, row) in layer.weights.chunks_exact(usize::from(layer.inputs).max(1)).enumerate() {
			row.iter().enumerate().for_each(|(input, weight)| packed.set(output, self.neuron(input), *weight));
		}
		for (to, bias) in packed.bias.as_flattened_mut().iter_mut().zip(&layer.bias) {
			*to = *bias;
		}
		packed
	}

	/// Returns the layer of a net that has these weights; the inverse of [`StepMajorShape::pack`].
	pub fn unpack(&self, packed: &PackedWeights) -> Layer {
		let inputs = self.steps * self.channels;
		let row = |output: usize| (0..inputs).map(move |input| packed.get(output, self.neuron(input)));
		Layer {
			inputs: inputs as u16,
			outputs: packed.outputs as u16,
			shift: packed.shift as u8,
			weights: (0..packed.outputs).flat_map(row).collect(),
			bias: packed.bias.as_flattened()[..packed.outputs].to_vec(),
		}
	}
}

/// Geometry of a causal convolution: the steps of its input that each output reads.
///
/// ```text
///   steps 12, kernel 3, dilation 2, stride 3:      t  0 1 2 3 4 5 6 7 8 9 10 11
///                                  output 2                          ■   ■    ■
///                                  output 1                    ■   ■   ■
///                                  output 0              ■   ■   ■
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvGeometry {
	/// Steps and channels of the input.
	pub input: StepMajorShape,
	/// Taps: steps that an output reads.
	pub kernel: usize,
	/// Distance of neighbouring taps, in steps.
	pub dilation: usize,
	/// Distance of neighbouring outputs, in steps.
	pub stride: usize,
	/// Steps of the output.
	pub outputs: usize,
}

impl ConvGeometry {
	/// Returns the geometry of a convolution of `input`, or `None` if its kernel does not fit.
	pub fn new(input: StepMajorShape, kernel: u16, dilation: u16, stride: u16) -> Option<Self> {
		let shape =
			Conv { kernel, dilation, stride, layer: Layer { inputs: 0, outputs: 0, shift: 1, weights: vec![], bias: vec![] } };
		let outputs = shape.steps(u16::try_from(input.steps).ok()?)?;
		Some(Self { input, kernel: kernel.into(), dilation: dilation.into(), stride: stride.into(), outputs: outputs.into() })
	}

	/// Returns the geometry of this convolution of one channel after [`Im2col`](crate::ops::conv1d::Im2col): one tap, whose
	/// channels are the taps of this geometry.
	pub fn of_patches(&self) -> Self {
		let input = StepMajorShape { steps: self.outputs, channels: self.kernel };
		Self { input, kernel: 1, dilation: 1, stride: 1, outputs: self.outputs }
	}

	/// Returns the step that tap `tap` of output `output` reads. The last tap of the last output reads the last step.
	#[inline(always)]
	pub fn step(&self, output: usize, tap: usize) -> usize {
		self.input.steps - 1 - (self.outputs - 1 - output) * self.stride - (self.kernel - 1 - tap) * self.dilation
	}

	/// Returns the bits by which the weight gradient of one output is shifted right before the gradients of all outputs
	/// are summed.
	pub fn gradient_shift(&self) -> u32 {
		self.outputs.next_power_of_two().trailing_zeros()
	}

	/// Returns the shape of the values that one output reads.
	pub fn patch(&self) -> StepMajorShape {
		StepMajorShape { steps: self.kernel, channels: self.input.channels }
	}

	/// Returns, for each step of the input, the pairs (output, tap) that read it.
	pub(crate) fn readers(&self) -> Vec<Vec<(usize, usize)>> {
		let mut readers = vec![Vec::new(); self.input.steps];
		for output in 0..self.outputs {
			for tap in 0..self.kernel {
				readers[self.step(output, tap)].push((output, tap));
			}
		}
		readers
	}

	/// Returns the values that output `output` reads, as pairs (input of its layer, neuron of the batch), padding left out.
	pub(crate) fn reads(&self, output: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
		let width = padded_channels(self.input.channels);
		(0..self.kernel).flat_map(move |tap| {
			(0..self.input.channels).map(move |channel| (tap * width + channel, self.step(output, tap) * width + channel))
		})
	}
}
