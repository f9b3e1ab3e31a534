//! How several steps lie in the memory of a batch, and which of them a convolution reads.
//!
//! Where nets count channel by channel, back-ends count step by step, the channels of a step padded with zeros to whole blocks: neuron
//! `step · padded(channels) + channel` of [`super::layout`]. So all inputs of a convolution that neighbour in time lie in one piece, a dense
//! layer behind convolutions is a layer as any other, and nothing is copied between them. The weights of a convolution lie the same way,
//! tap by tap.

use super::layout::{Packed, LANES};
use doin_scoring::{encoder::Conv, Layer};

/// Channels of a step with what fills its last block.
#[inline(always)]
pub fn padded(channels: usize) -> usize {
	channels.next_multiple_of(LANES)
}

/// Numbers of several steps, or of several taps, and channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
	/// Steps or taps.
	pub steps: usize,
	/// Channels of each.
	pub channels: usize,
}

impl Grid {
	/// Neurons of a back-end, those that fill blocks included.
	pub fn neurons(&self) -> usize {
		self.steps * padded(self.channels)
	}

	/// The neuron that is input `input` of a net's layer.
	pub fn neuron(&self, input: usize) -> usize {
		input % self.steps * padded(self.channels) + input / self.steps
	}

	/// Rows of a layer, one number per input, with a number per neuron instead.
	pub fn spread(&self, rows: &[i32]) -> Vec<i32> {
		let inputs = self.steps * self.channels;
		let mut spread = vec![0; rows.len() / inputs * self.neurons()];
		for (to, row) in spread.chunks_exact_mut(self.neurons()).zip(rows.chunks_exact(inputs)) {
			row.iter().enumerate().for_each(|(input, number)| to[self.neuron(input)] = *number);
		}
		spread
	}

	/// A layer of a net that reads these numbers, as back-ends take it.
	pub fn pack(&self, layer: &Layer) -> Packed {
		let mut packed = Packed::new(self.neurons(), layer.outputs.into(), layer.shift.into());
		for (output, row) in layer.weights.chunks_exact(usize::from(layer.inputs).max(1)).enumerate() {
			row.iter().enumerate().for_each(|(input, weight)| packed.set(output, self.neuron(input), *weight));
		}
		for (to, bias) in packed.bias.as_flattened_mut().iter_mut().zip(&layer.bias) {
			*to = *bias;
		}
		packed
	}

	/// The reverse of [`Grid::pack`].
	pub fn unpack(&self, packed: &Packed) -> Layer {
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

/// Which steps of its input each output of a convolution reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taps {
	/// Steps and channels of the input.
	pub input: Grid,
	/// Steps that an output reads.
	pub kernel: usize,
	/// Their distance.
	pub dilation: usize,
	/// Distance of outputs.
	pub stride: usize,
	/// Outputs.
	pub outputs: usize,
}

impl Taps {
	/// Those of a convolution after `input`; `None` where its kernel does not fit.
	pub fn new(input: Grid, kernel: u16, dilation: u16, stride: u16) -> Option<Self> {
		let shape =
			Conv { kernel, dilation, stride, layer: Layer { inputs: 0, outputs: 0, shift: 1, weights: vec![], bias: vec![] } };
		let outputs = shape.steps(u16::try_from(input.steps).ok()?)?;
		Some(Self { input, kernel: kernel.into(), dilation: dilation.into(), stride: stride.into(), outputs: outputs.into() })
	}

	/// The same convolution of one channel after [`super::Backend::patches`]: of one tap whose channels are the taps of this one.
	pub fn of_patches(&self) -> Self {
		let input = Grid { steps: self.outputs, channels: self.kernel };
		Self { input, kernel: 1, dilation: 1, stride: 1, outputs: self.outputs }
	}

	/// The step that tap `tap` of output `output` reads. The last tap of the last output is the last step.
	#[inline(always)]
	pub fn step(&self, output: usize, tap: usize) -> usize {
		self.input.steps - 1 - (self.outputs - 1 - output) * self.stride - (self.kernel - 1 - tap) * self.dilation
	}

	/// Bits by which the gradient of a weight at one output is shifted before those of all outputs are summed.
	pub fn bits(&self) -> u32 {
		self.outputs.next_power_of_two().trailing_zeros()
	}

	/// Numbers that an output reads.
	pub fn patch(&self) -> Grid {
		Grid { steps: self.kernel, channels: self.input.channels }
	}
}
