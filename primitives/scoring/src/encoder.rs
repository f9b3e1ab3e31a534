//! What stands before the dense layers of a net: nothing, causal convolutions, or a gated cell that reads the window step by step.

use crate::model::{ensure, Class, Layer, ModelError, MAX_WIDTH};
use alloc::vec::Vec;
use codec::{Decode, Encode};

/// Most convolutions of a net.
pub const MAX_CONVS: usize = 8;
/// What a unit of a gated cell costs per step beside its products, in multiply-accumulates: table look-ups and gates.
pub const UNIT_MACS: u64 = 96;
/// What reading one number into place costs, in multiply-accumulates.
pub const COPY_MACS: u64 = 6;

/// The first part of a net. It turns the window's features, channel by channel, into what the first dense layer reads.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub enum Encoder {
	/// Features go to the dense layers as they are.
	#[default]
	#[codec(index = 0)]
	None,
	/// Causal convolutions, one after the other. Dense layers read all channels and steps that the last one leaves, channel by channel.
	#[codec(index = 1)]
	Conv(Vec<Conv>),
	/// A long short-term memory. Dense layers read its last output.
	#[codec(index = 2)]
	Lstm(Cell),
	/// A gated recurrent unit. Dense layers read its last output.
	#[codec(index = 3)]
	Gru(Cell),
}

/// A causal convolution over time that ends in ReLU clamped to 0..=2047.
///
/// Output step j is the layer on the inputs `c · kernel + k ↦ x[c][end(j) − (kernel − 1 − k) · dilation]`. The last output ends at the last
/// input, `end(j) = steps − 1 − (outputs − 1 − j) · stride`, and there are as many as fit without padding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Conv {
	/// Steps of the input that an output reads, per channel.
	pub kernel: u16,
	/// Distance of those steps.
	pub dilation: u16,
	/// Distance of two outputs.
	pub stride: u16,
	/// From `channels · kernel` to the channels of the output.
	pub layer: Layer,
}

/// The weights of a gated cell of n units, with both gates and states in 16 bits.
///
/// A step computes `a = input(x) + hidden(h)` for G·n numbers in Q12 (each sum clamped to 16 bits before and after), σ and tanh being
/// those of [`crate::activation`], `⊙` its rounding product and h, Q11 within ±2047, zero at first.
///
/// ```text
/// LSTM, G = 4: i, f, o = σ(a[0..n]), σ(a[n..2n]), σ(a[3n..4n])    g = tanh(a[2n..3n])
///   c ← clamp(f ⊙ c + (i ⊙ g + 4) >> 3, ±32767)  Q12              h ← min((o ⊙ tanh(c) + 8) >> 4, 2047)
/// GRU, G = 3:  r, u = σ(a[0..n]), σ(a[n..2n])                     g = tanh(input(x)[2n..] + r ⊙ hidden(h)[2n..])
///   s ← clamp(u ⊙ s + g − u ⊙ g, ±32767)         Q15              h ← min((s + 8) >> 4, 2047)
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cell {
	/// From the features of one step, channel by channel, to the gates.
	pub input: Layer,
	/// From the last output to the gates.
	pub hidden: Layer,
}

impl Encoder {
	/// Numbers that the first dense layer reads, given a window of `steps` steps and `channels` channels; `None` where a shape does not
	/// fit.
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
		}
	}

	/// Multiply-accumulates of one window of `steps` steps.
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
		}
	}

	/// Whether every shape fits a window of `steps` steps and `channels` channels, and every number lies in its range.
	pub(crate) fn admit(&self, steps: u16, channels: u16) -> Result<Class, ModelError> {
		match self {
			Encoder::None => Ok(Class::F),
			Encoder::Conv(convs) => {
				ensure((1..=MAX_CONVS).contains(&convs.len()), ModelError::Shape)?;
				let (mut steps, mut channels, mut class) = (steps, channels, Class::F);
				for conv in convs {
					let inputs = channels.checked_mul(conv.kernel).ok_or(ModelError::Shape)?;
					ensure((1..=MAX_WIDTH).contains(&conv.layer.outputs), ModelError::Shape)?;
					class = class.max(conv.layer.admit(inputs, conv.layer.outputs)?);
					steps = conv.steps(steps).ok_or(ModelError::Shape)?;
					channels = conv.layer.outputs;
				}
				Ok(class)
			}
			Encoder::Lstm(cell) => cell.admit(channels, 4),
			Encoder::Gru(cell) => cell.admit(channels, 3),
		}
	}
}

impl Conv {
	/// Steps of the output for `steps` of the input; `None` where a kernel does not fit, or has no step or distance.
	pub fn steps(&self, steps: u16) -> Option<u16> {
		let reach = self.kernel.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)?;
		let free = steps.checked_sub(reach)?;
		(self.dilation > 0).then_some(free.checked_div(self.stride)?.checked_add(1)?)
	}
}

impl Cell {
	/// Units n.
	pub fn units(&self) -> u16 {
		self.hidden.inputs
	}

	/// Whether the cell reads `channels` numbers a step and has `gates` gates per unit.
	fn admit(&self, channels: u16, gates: u16) -> Result<Class, ModelError> {
		let units = self.units();
		ensure((1..=MAX_WIDTH).contains(&units), ModelError::Shape)?;
		let outputs = units.saturating_mul(gates);
		Ok(self.input.admit(channels, outputs)?.max(self.hidden.admit(units, outputs)?))
	}
}
