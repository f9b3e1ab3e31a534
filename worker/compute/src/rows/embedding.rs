//! The embedding of rows in windows, and its removal from trained nets.

use super::task::admit;
use crate::{train::candidate::MAX_KERNEL, Error, ForecastTask};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{
	math::round_shift_i32,
	model::MAX_ACT,
	program::CHUNKS,
	rows::{Image, RowSet, RowTarget, Rows, CENTRE, MAX_ROWS},
	Conv2, Encoder, Forecast, Layer, Loss, Model, ModelError, Net, Target, WindowPhase,
};

/// Most values of the windows of a part: 1 GiB.
const MAX_VALUES: usize = 1 << 28;
/// Value that is no input.
const REST: i32 = CENTRE as i32;

/// Content of the inputs of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Inputs {
	/// The features of a row, and one rest.
	Features,
	/// The patches of an image, and one patch of rests.
	Patches {
		/// Side of a patch, pixels.
		kernel: u8,
		/// Distance of two patches, pixels.
		stride: u8,
		/// Patches per column and per row of the image.
		grid: [u16; 2],
		/// Bytes of a pixel.
		channels: u16,
	},
}

impl Inputs {
	/// Returns the patches of `image` with this side and distance.
	///
	/// # Errors
	///
	/// [`Error::Gene`], with the name of the gene, if a patch does not fit the image or is too large, or if the stride is 0.
	pub fn patches(program: &Rows, image: Image, kernel: u8, stride: u8) -> Result<Self, Error> {
		let gene = |name: &str, value: u8, hi: u8| Error::Gene { name: name.into(), value: value.into(), lo: 1, hi: hi.into() };
		// The program is valid.
		let channels = image.channels(program.features).unwrap_or(1);
		let side = u32::from(MAX_KERNEL / channels as u8).isqrt() as u8;
		let largest = side.min(image.height).min(image.width);
		if !(1..=largest).contains(&kernel) {
			return Err(gene("kernel", kernel, largest));
		}
		let conv = convolution(image, kernel, stride, Layer { inputs: 0, outputs: 0, shift: 1, weights: vec![], bias: vec![] });
		let grid = conv.grid().ok_or_else(|| gene("stride", stride, MAX_KERNEL))?;
		Ok(Self::Patches { kernel, stride, grid, channels })
	}

	/// Returns the number of inputs at the end of a window that are always 0.
	pub fn padding(&self) -> u16 {
		match self {
			Self::Features => 1,
			Self::Patches { kernel, channels, .. } => u16::from(*kernel) * u16::from(*kernel) * channels,
		}
	}
}

/// Rows that are embedded in the windows of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmbeddedRows {
	program: Rows,
	limits: Limits,
	inputs: Inputs,
}

impl EmbeddedRows {
	/// Returns the embedding of the rows of a valid `program`.
	pub(super) fn new(program: Rows, limits: Limits, inputs: Inputs) -> Self {
		Self { program, limits, inputs }
	}

	/// Returns the number of inputs at the end of a window that are always 0.
	pub fn padding(&self) -> u16 {
		self.inputs.padding()
	}

	/// Returns the number of inputs of a window, padding included.
	fn window(&self) -> usize {
		let padding = usize::from(self.padding());
		match self.inputs {
			Inputs::Features => usize::from(self.program.features) + padding,
			Inputs::Patches { grid: [rows, columns], .. } => (usize::from(rows) * usize::from(columns) + 1) * padding,
		}
	}

	/// Returns the forecast whose windows the rows are embedded in, without a series.
	///
	/// # Errors
	///
	/// [`Error::TooManyInputs`] if a window has more than 65 535 values.
	pub(super) fn forecast_task(&self) -> Result<ForecastTask, Error> {
		let inputs = self.window();
		let history = u16::try_from(inputs).map_err(|_| Error::TooManyInputs { rows: 1, inputs })?;
		let target = match self.program.target {
			// A valid program has at most 64 classes.
			RowTarget::Classes(classes) => Target::Classes(bounds(classes).try_into().unwrap_or_default()),
			RowTarget::Values(_) => Target::Values,
		};
		let horizon = match self.program.target {
			RowTarget::Classes(_) => 1,
			RowTarget::Values(values) => values.into(),
		};
		let program = Forecast {
			horizon,
			history,
			season: 1,
			chunks: *CHUNKS.start(),
			windows: MAX_ROWS,
			channels: 1,
			target,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		};
		let split = Split { train_end: 0, validation_end: 0 };
		Ok(ForecastTask { program, limits: self.limits.clone(), series: Vec::new(), split, generator: None })
	}

	/// Returns the windows of whole rows, one after the other.
	///
	/// # Errors
	///
	/// [`Error::TooManyInputs`] if they have more than 2²⁸ values.
	pub(super) fn windows(&self, bytes: &[u8]) -> Result<Vec<i32>, Error> {
		let rows = RowSet::new(&self.program, bytes.to_vec());
		let inputs = self.window();
		let span = inputs + usize::from(self.program.outputs());
		if rows.len().saturating_mul(span) > MAX_VALUES {
			return Err(Error::TooManyInputs { rows: rows.len(), inputs });
		}
		let mut values = Vec::with_capacity(rows.len() * span);
		for (features, label) in rows.iter() {
			self.push_inputs(features, &mut values);
			values.extend(label.values().map(|value| REST + value));
		}
		Ok(values)
	}

	/// Appends the inputs of one row.
	pub(super) fn push_inputs(&self, features: &[u8], values: &mut Vec<i32>) {
		match self.inputs {
			Inputs::Features => values.extend(features.iter().copied().map(i32::from)),
			Inputs::Patches { kernel, stride, grid: [rows, columns], channels } => {
				let width = self.program.image.map_or(0, |image| usize::from(image.width));
				let (kernel, stride, channels) = (usize::from(kernel), usize::from(stride), usize::from(channels));
				for row in 0..usize::from(rows) {
					for column in 0..usize::from(columns) {
						for line in row * stride..row * stride + kernel {
							let first = (line * width + column * stride) * channels;
							values.extend(features[first..first + kernel * channels].iter().copied().map(i32::from));
						}
					}
				}
			}
		}
		values.extend(std::iter::repeat_n(REST, self.padding().into()));
	}

	/// Returns the net of rows with the outputs of `net`, which was trained on windows.
	///
	/// # Errors
	///
	/// [`Error::Model`] if the net does not read these windows, or if a bias leaves its range.
	pub fn strip(&self, net: &Net) -> Result<Net, Error> {
		let Net { window, in_shifts, skip, encoder, layers } = net;
		if usize::from(*window) != self.window() {
			return Err(ModelError::Window.into());
		}
		let (mut skip, mut layers) = (skip.clone(), layers.clone());
		let encoder = match (self.inputs, encoder) {
			(Inputs::Features, Encoder::None) => {
				skip.iter_mut().chain(layers.first_mut()).for_each(remove_last_column);
				Encoder::None
			}
			(Inputs::Patches { kernel, stride, .. }, Encoder::Conv(convs)) if skip.is_none() => {
				let ([conv], Some(image)) = (convs.as_slice(), self.program.image) else {
					return Err(ModelError::Shape.into());
				};
				if let Some(first) = layers.first_mut() {
					fold_last_step(&conv.layer, first)?;
				}
				Encoder::Image(convolution(image, kernel, stride, conv.layer.clone()))
			}
			_ => return Err(ModelError::Family.into()),
		};
		Ok(Net { window: self.program.features, in_shifts: in_shifts.clone(), skip, encoder, layers })
	}

	/// Returns the [stripped](Self::strip) model of rows, once program and limits admit it.
	///
	/// # Errors
	///
	/// [`Error::Model`] if they do not.
	pub fn admit(&self, model: &Model) -> Result<Model, Error> {
		let Model::Net(net) = model else { return Err(ModelError::Family.into()) };
		let stripped = Model::Net(self.strip(net)?);
		admit(&self.program, &self.limits, &stripped)?;
		Ok(stripped)
	}
}

/// Returns one bound between any two of `classes` neighbouring classes.
fn bounds(classes: u8) -> Vec<i32> {
	(1..i32::from(classes)).collect()
}

/// Returns the convolution over `image` with square patches.
fn convolution(Image { height, width }: Image, kernel: u8, stride: u8, layer: Layer) -> Conv2 {
	Conv2 { height, width, kernel: [kernel; 2], stride: [stride; 2], layer }
}

/// Removes the last input of `layer`, which is always 0.
fn remove_last_column(layer: &mut Layer) {
	let inputs = usize::from(layer.inputs).max(1);
	layer.weights = layer.weights.chunks_exact(inputs).flat_map(|row| &row[..inputs - 1]).copied().collect();
	layer.inputs -= 1;
}

/// Removes the last step of every channel of `conv` from the inputs of `layer`, and adds its contribution to the biases: `conv`
/// reads zeros there, so its outputs are constants.
fn fold_last_step(conv: &Layer, layer: &mut Layer) -> Result<(), Error> {
	let channels = usize::from(conv.outputs).max(1);
	let inputs = usize::from(layer.inputs).max(1);
	let steps = inputs / channels;
	if steps < 2 || steps * channels != inputs {
		return Err(ModelError::Shape.into());
	}
	let activation = |bias: &i32| i64::from(round_shift_i32(*bias, conv.shift.into()).clamp(0, MAX_ACT));
	let constants: Vec<i64> = conv.bias.iter().map(activation).collect();
	let mut weights = Vec::with_capacity(layer.weights.len());
	for (row, bias) in layer.weights.chunks_exact(inputs).zip(&mut layer.bias) {
		let mut folded = i64::from(*bias);
		for (channel, constant) in row.chunks_exact(steps).zip(&constants) {
			weights.extend_from_slice(&channel[..steps - 1]);
			folded += i64::from(channel[steps - 1]) * constant;
		}
		*bias = i32::try_from(folded).map_err(|_| ModelError::Overflow)?;
	}
	layer.weights = weights;
	layer.inputs -= conv.outputs;
	Ok(())
}
