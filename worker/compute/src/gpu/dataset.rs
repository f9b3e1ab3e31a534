//! Datasets in the memory of a device.

use super::{
	device::Device,
	layout::{DeviceSource, DispatchArguments},
	DeviceError,
};
use crate::train::dataset::{Dataset, WindowSource};
use doin_scoring::{Forecast, Target};

/// A dataset on a device.
#[derive(Debug)]
pub struct DeviceDataset<'a> {
	pub(super) device: &'a Device,
	pub(super) data: &'a Dataset,
	pub(super) values: wgpu::Buffer,
	pub(super) arguments: DispatchArguments,
}

impl<'a> DeviceDataset<'a> {
	/// Uploads `data`.
	///
	/// # Errors
	///
	/// [`DeviceError::Unsupported`] if the device does not train on `data`; any other error if the driver fails.
	pub fn new(device: &'a Device, data: &'a Dataset) -> Result<Self, DeviceError> {
		device.supports_data(data)?;
		let mut words = data.values().to_vec();
		let training = WindowSource::ALL.map(|source| push_starts(&mut words, data.training_starts(source)));
		let early_stopping = WindowSource::ALL.map(|source| push_starts(&mut words, data.early_stopping_starts(source)));
		let arguments = push_targets(&mut words, &data.task.program);
		let channel_stride = data.channel_stride() as u32;
		let arguments = DispatchArguments { channel_stride, training, early_stopping, ..arguments };
		let upload = || device.upload("dataset", bytemuck::cast_slice(&words), wgpu::BufferUsages::STORAGE);
		Ok(Self { device, data, values: device.guarded(upload)?, arguments })
	}
}

/// Returns the words of a dataset on a device: raw values, starts of windows and target steps.
pub fn word_count(data: &Dataset) -> usize {
	let starts = WindowSource::ALL.map(|source| data.training_starts(source).len() + data.early_stopping_starts(source).len());
	data.values().len() + starts.iter().sum::<usize>() + usize::from(data.task.program.outputs())
}

/// Appends the starts of windows to `words`.
pub fn push_starts(words: &mut Vec<i32>, starts: &[u32]) -> DeviceSource {
	let (offset, count) = (words.len() as u32, starts.len() as u32);
	words.extend(starts.iter().map(|start| *start as i32));
	DeviceSource { offset, count, surplus: count.wrapping_neg().checked_rem(count).unwrap_or(0), reserved: 0 }
}

/// Appends the steps that `program` forecasts, and the bounds of its classes, to `words`; returns arguments with their offset.
pub fn push_targets(words: &mut Vec<i32>, program: &Forecast) -> DispatchArguments {
	let steps: Vec<i32> = (0..program.horizon.into()).collect();
	let (history, target_steps) = (program.history.into(), words.len() as u32);
	words.extend(program.scored(&steps));
	if let Target::Classes(bounds) = &program.target {
		words.extend(bounds);
	}
	DispatchArguments { history, outputs: program.outputs().into(), target_steps, ..DispatchArguments::default() }
}
