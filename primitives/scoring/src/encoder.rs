//! Encoders: the part of a net before its dense layers. An encoder is empty, a stack of causal convolutions, a gated cell that
//! reads the window step by step, or a convolution over an image.

use crate::{
	model::{ensure, AccumulatorWidth, Layer, ModelError, MAX_WIDTH},
	rows::Rows,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};

/// Maximum number of convolutions of a net.
pub const MAX_CONVS: usize = 8;
/// Cost of the table look-ups and gates of one unit of a gated cell per step, in multiply-accumulates.
pub const UNIT_MACS: u64 = 96;
/// Cost of copying one number into the input of a layer, in multiply-accumulates.
pub const COPY_MACS: u64 = 6;

/// First part of a net. Maps the features of a window, channel by channel, to the inputs of the first dense layer.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub enum Encoder {
	/// The dense layers read the features.
	#[default]
	#[codec(index = 0)]
	None,
	/// Causal convolutions in sequence. The dense layers read all channels and steps of the last convolution, channel by channel.
	#[codec(index = 1)]
	Conv(Vec<Conv>),
	/// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000). The dense layers read
	/// its last output.
	#[codec(index = 2)]
	Lstm(Cell),
	/// Gated recurrent unit (Cho et al. 2014; reset gate after the matrix product, as in cuDNN). The dense layers read its
	/// last output.
	#[codec(index = 3)]
	Gru(Cell),
	/// One convolution over the image that a row is. The dense layers read all channels and places of its output, channel by
	/// channel. Only rows admit it.
	#[codec(index = 4)]
	Image(Conv2),
}

/// Causal convolution over time, with a ReLU clamped to 0..=2047.
///
/// Output step j applies the layer to the inputs `c · kernel + k ↦ x[c][end(j) − (kernel − 1 − k) · dilation]`. The last output
/// ends at the last input: `end(j) = steps − 1 − (outputs − 1 − j) · stride`. There are as many outputs as fit without padding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Conv {
	/// Steps of the input that one output reads, per channel.
	pub kernel: u16,
	/// Distance between two of those steps.
	pub dilation: u16,
	/// Distance between two outputs, in steps of the input.
	pub stride: u16,
	/// Layer from `channels · kernel` inputs to the channels of the output.
	pub layer: Layer,
}

/// Convolution over an image, with a ReLU clamped to 0..=2047.
///
/// Output (r, c) applies the layer to the patch whose upper left pixel is `(r · stride[0], c · stride[1])`. The inputs of the
/// layer are the features of the patch: row by row, pixel by pixel, channel by channel. There are as many outputs as fit without
/// padding, numbered row by row.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Conv2 {
	/// Rows of pixels of the image.
	pub height: u8,
	/// Pixels per row of the image.
	pub width: u8,
	/// Rows and columns of a patch.
	pub kernel: [u8; 2],
	/// Distance between two patches, in rows and in columns.
	pub stride: [u8; 2],
	/// Layer from the pixels of a patch, times the channels of the image, to the channels of the output.
	pub layer: Layer,
}

/// Weights of a gated cell of n units. Gates and states have 16 bits.
///
/// A step computes `a = input(x) + hidden(h)`: G·n numbers in Q12, where each term and the sum are clamped to 16 bits. σ and tanh
/// are those of [`crate::activation`], and `⊙` is its rounding product. The output h is Q11 within ±2047. h and the state start
/// at zero.
///
/// ```text
/// LSTM, G = 4: i, f, o = σ(a[0..n]), σ(a[n..2n]), σ(a[3n..4n])    g = tanh(a[2n..3n])
///   c ← clamp(f ⊙ c + (i ⊙ g + 4) >> 3, ±32767)  Q12              h ← min((o ⊙ tanh(c) + 8) >> 4, 2047)
/// GRU, G = 3:  r, u = σ(a[0..n]), σ(a[n..2n])                     g = tanh(input(x)[2n..] + r ⊙ hidden(h)[2n..])
///   s ← clamp(u ⊙ s + g − u ⊙ g, ±32767)         Q15              h ← min((s + 8) >> 4, 2047)
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cell {
	/// Layer from the features of one step, one per channel, to the gates.
	pub input: Layer,
	/// Layer from the last output to the gates.
	pub hidden: Layer,
}

impl Encoder {
	/// Returns the number of inputs of the first dense layer for a window of `steps` steps and `channels` channels, or `None` if
	/// a shape does not fit.
	pub fn outputs(&self, steps: u16, channels: u16) -> Option<u16> {
		match self {
			Encoder::None => steps.checked_mul(channels),
			Encoder::Conv(convs) => {
				let mut shape = (steps, channels);
				for conv in convs {
					shape = (conv.steps(shape.0)?, conv.layer.outputs);
				}
				shape.0.checked_mul(shape.1)
			}
			Encoder::Lstm(cell) | Encoder::Gru(cell) => Some(cell.units()),
			Encoder::Image(conv) => conv.places()?.checked_mul(conv.layer.outputs),
		}
	}

	/// Returns the cost of one window of `steps` steps, in multiply-accumulates.
	pub fn macs(&self, steps: u16) -> u64 {
		match self {
			Encoder::None => 0,
			Encoder::Conv(convs) => {
				let (mut steps, mut sum) = (steps, 0u64);
				for conv in convs {
					steps = conv.steps(steps).unwrap_or(0);
					let copied = u64::from(conv.layer.inputs).saturating_mul(COPY_MACS);
					let step = conv.layer.cost().saturating_add(copied);
					sum = sum.saturating_add(step.saturating_mul(steps.into()));
				}
				sum
			}
			Encoder::Lstm(cell) | Encoder::Gru(cell) => {
				let copied = u64::from(cell.input.inputs).saturating_mul(COPY_MACS);
				let units = u64::from(cell.units()).saturating_mul(UNIT_MACS);
				let step = cell.input.macs().saturating_add(cell.hidden.macs()).saturating_add(copied).saturating_add(units);
				step.saturating_mul(steps.into())
			}
			Encoder::Image(conv) => {
				let copied = u64::from(conv.layer.inputs).saturating_mul(COPY_MACS);
				conv.layer.cost().saturating_add(copied).saturating_mul(conv.places().unwrap_or(0).into())
			}
		}
	}

	/// Checks that every shape fits a window of a series, of `steps` steps and `channels` channels, and that every number lies in
	/// its range. Returns the width of the widest accumulator.
	pub(crate) fn admit(&self, steps: u16, channels: u16) -> Result<AccumulatorWidth, ModelError> {
		match self {
			Encoder::None => Ok(AccumulatorWidth::Exact24),
			Encoder::Conv(convs) => {
				ensure((1..=MAX_CONVS).contains(&convs.len()), ModelError::Shape)?;
				let (mut steps, mut channels, mut width) = (steps, channels, AccumulatorWidth::Exact24);
				for conv in convs {
					let inputs = channels.checked_mul(conv.kernel).ok_or(ModelError::Shape)?;
					ensure((1..=MAX_WIDTH).contains(&conv.layer.outputs), ModelError::Shape)?;
					width = width.max(conv.layer.admit(inputs, conv.layer.outputs)?);
					steps = conv.steps(steps).ok_or(ModelError::Shape)?;
					channels = conv.layer.outputs;
				}
				Ok(width)
			}
			Encoder::Lstm(cell) => cell.admit(channels, 4),
			Encoder::Gru(cell) => cell.admit(channels, 3),
			Encoder::Image(_) => Err(ModelError::Family),
		}
	}
}

impl Conv {
	/// Returns the number of output steps for `steps` input steps, or `None` if the kernel does not fit, or if kernel, dilation
	/// or stride is 0.
	pub fn steps(&self, steps: u16) -> Option<u16> {
		let reach = self.kernel.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)?;
		let free = steps.checked_sub(reach)?;
		(self.dilation > 0).then_some(free.checked_div(self.stride)?.checked_add(1)?)
	}
}

impl Conv2 {
	/// Returns the number of patches per column and per row of the image, or `None` if the kernel does not fit, or if kernel or
	/// stride is 0.
	pub fn grid(&self) -> Option<[u16; 2]> {
		let [rows, columns] = self.kernel;
		let [down, right] = self.stride;
		let patches = |side: u8, kernel: u8, stride: u8| {
			let free = side.checked_sub(kernel).filter(|_| kernel > 0)?;
			u16::from(free.checked_div(stride)?).checked_add(1)
		};
		Some([patches(self.height, rows, down)?, patches(self.width, columns, right)?])
	}

	/// Returns the number of patches, or `None` if [`Conv2::grid`] does.
	pub fn places(&self) -> Option<u16> {
		let [rows, columns] = self.grid()?;
		rows.checked_mul(columns)
	}

	/// Checks that the convolution reads the images of `program` and that every number lies in its range. Returns the width of
	/// its accumulator.
	pub(crate) fn admit(&self, program: &Rows) -> Result<AccumulatorWidth, ModelError> {
		let image = program.image.ok_or(ModelError::Shape)?;
		ensure((self.height, self.width) == (image.height, image.width), ModelError::Shape)?;
		ensure(self.places().is_some() && (1..=MAX_WIDTH).contains(&self.layer.outputs), ModelError::Shape)?;
		let channels = image.channels(program.features).ok_or(ModelError::Shape)?;
		let [rows, columns] = self.kernel;
		// At most 255 · 255 pixels.
		let patch = u16::from(rows).saturating_mul(columns.into());
		self.layer.admit(patch.checked_mul(channels).ok_or(ModelError::Shape)?, self.layer.outputs)
	}
}

impl Cell {
	/// Returns the number of units n.
	pub fn units(&self) -> u16 {
		self.hidden.inputs
	}

	/// Checks that the cell reads `channels` numbers per step and has `gates` gates per unit. Returns the width of the
	/// wider accumulator.
	fn admit(&self, channels: u16, gates: u16) -> Result<AccumulatorWidth, ModelError> {
		let units = self.units();
		ensure((1..=MAX_WIDTH).contains(&units), ModelError::Shape)?;
		let outputs = units.saturating_mul(gates);
		Ok(self.input.admit(channels, outputs)?.max(self.hidden.admit(units, outputs)?))
	}
}
