//! The devices of this machine that an [`Executor`](crate::Executor) uses.

use super::{
	adapter::{adapters, DeviceSelection},
	device::Device,
	DeviceError,
};

/// Opened devices.
#[derive(Debug, Default)]
pub struct Devices(Vec<Device>);

impl Devices {
	/// Opens the devices that `selection` chooses among all adapters. A device that cannot be used is skipped with a warning
	/// under [`DeviceSelection::Auto`].
	///
	/// # Errors
	///
	/// [`DeviceError::NoAdapter`] if no adapter matches; the error of [`Device::open`] for a device that was selected by index or
	/// name.
	pub fn open(selection: &DeviceSelection) -> Result<Self, DeviceError> {
		if *selection == DeviceSelection::None {
			return Ok(Self::default());
		}
		let adapters = adapters();
		let mut devices = Vec::new();
		for adapter in selection.choose(&adapters)? {
			match Device::open(adapter) {
				Ok(device) => devices.push(device),
				Err(error) if *selection == DeviceSelection::Auto => tracing::warn!(target: "doin::gpu", "{error}"),
				Err(error) => return Err(error),
			}
		}
		Ok(Self(devices))
	}

	/// Returns these devices.
	pub fn new(devices: Vec<Device>) -> Self {
		Self(devices)
	}

	/// Returns all devices, including those that have failed.
	pub fn all(&self) -> &[Device] {
		&self.0
	}

	/// Returns the devices that have not failed.
	pub fn working(&self) -> impl Iterator<Item = &Device> {
		self.0.iter().filter(|device| device.fault().is_none())
	}
}
