//! Exact integer training and scoring on GPUs, through Vulkan.
//!
//! A device trains a whole population at a time: one workgroup per candidate, many steps per dispatch, batches drawn on the device,
//! nothing read back before the end but, if asked for, integers. Its nets are those of [`crate::Candidate::train`], bit by bit, so it does
//! not matter where a candidate was trained, and what a device leaves unfinished can be trained anywhere else. Nets of every family are
//! trained and scored, on any number of channels, for all steps ahead, some of them, or classes.
//!
//! [`adapters`] lists devices and [`Selection`] chooses among them; a [`Gpu`] is one opened device, [`Devices`] several that share the work.
//! A [`Wave`] gives training in parts, for rungs of successive halving.
//! Candidates that differ in shape run side by side, those of one form in one dispatch. A device takes no
//! [training sets](crate::TrainingSet) whose values differ by 2²⁶ and more, and a device in software no nets whose steps are very long
//! ([`Gpu::supports`]): these are trained on the processor.
//!
//! Whatever goes wrong with a device, lost in the middle or out of memory, ends in a [`GpuError`] and in no net at all.

mod adapter;
#[cfg(test)]
mod cell_tests;
mod cells;
mod device;
mod devices;
mod judge;
mod layout;
mod plan;
mod score;
mod shader;
#[cfg(test)]
mod tests;
mod train;
mod wave;

pub use adapter::{adapters, Adapter, Kind, Selection};
pub(crate) use cells::{read_cell, row};
pub use device::Gpu;
pub use devices::Devices;
pub use wave::{products, Loaded, Wave};

/// Why a device does not compute something. The same candidates can be trained elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
	/// No device fits the selection.
	#[error("there is no device `{wanted}`; there are: {available}")]
	NoAdapter {
		/// What was asked for.
		wanted: String,
		/// What there is.
		available: String,
	},
	/// A device is too small.
	#[error(
		"device `{adapter}` cannot be used: its limit {limit} is {has}, {needs} are needed; choose another device, or `none`"
	)]
	Limit {
		/// Its name.
		adapter: String,
		/// The limit.
		limit: &'static str,
		/// Its value.
		has: u64,
		/// What it should be at least.
		needs: u64,
	},
	/// A device cannot be opened.
	#[error("device `{adapter}` cannot be opened: {reason}; update its driver, or choose another device")]
	Open {
		/// Its name.
		adapter: String,
		/// What the driver says.
		reason: String,
	},
	/// A device is gone.
	#[error("device `{adapter}` was lost: {reason}; it is not used any more")]
	Lost {
		/// Its name.
		adapter: String,
		/// What the driver says.
		reason: String,
	},
	/// There is not even room for one candidate.
	#[error("device `{adapter}` is out of memory: {reason}")]
	Memory {
		/// Its name.
		adapter: String,
		/// What the driver says.
		reason: String,
	},
	/// The driver refused something, or did not do what it was asked to do.
	#[error("device `{adapter}` failed: {reason}; it is not used any more")]
	Driver {
		/// Its name.
		adapter: String,
		/// What the driver says.
		reason: String,
	},
	/// A device does not train this.
	#[error("devices do not train {0}; the processor does")]
	Unsupported(&'static str),
}
