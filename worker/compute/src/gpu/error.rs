//! Errors of devices.

/// Reason why a device did not compute something. The same candidates can be trained on the CPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
	/// No device matches the selection.
	#[error("no device `{wanted}`: available are {available}")]
	NoAdapter {
		/// The selection.
		wanted: String,
		/// Devices of this machine.
		available: String,
	},
	/// A limit of the device is too small for the shaders.
	#[error("device `{adapter}` is too small: limit {limit} is {has}, {needs} are required; choose another device, or `none`")]
	Limit {
		/// Name of the device.
		adapter: String,
		/// Name of the limit.
		limit: &'static str,
		/// Value of the limit.
		has: u64,
		/// Smallest usable value.
		needs: u64,
	},
	/// The device cannot be opened.
	#[error("device `{adapter}` cannot be opened: {reason}; update its driver, or choose another device")]
	Open {
		/// Name of the device.
		adapter: String,
		/// Message of the driver.
		reason: String,
	},
	/// The device was lost.
	#[error("device `{adapter}` was lost: {reason}; it is not used any more")]
	Lost {
		/// Name of the device.
		adapter: String,
		/// Message of the driver.
		reason: String,
	},
	/// The device has too little memory for a single candidate.
	#[error("device `{adapter}` is out of memory: {reason}")]
	Memory {
		/// Name of the device.
		adapter: String,
		/// Message of the driver.
		reason: String,
	},
	/// The driver refused an operation, or returned incomplete results.
	#[error("device `{adapter}` failed: {reason}; it is not used any more")]
	Driver {
		/// Name of the device.
		adapter: String,
		/// Message of the driver.
		reason: String,
	},
	/// Devices do not compute this.
	#[error("devices do not train {what}; the CPU does")]
	Unsupported {
		/// The unsupported candidates or data.
		what: &'static str,
	},
}
