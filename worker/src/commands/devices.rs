//! `devices`: back-ends and devices that this machine trains with.

use crate::report::{entry, OutputArgs};
use anyhow::Result;
use clap::Args;
use doin_compute::{
	gpu::{adapters, Device},
	Backend,
};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `devices`.
#[derive(Clone, Copy, Debug, Args)]
pub struct DevicesArgs {
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `devices`.
///
/// # Errors
///
/// Errors if DOIN_BACKEND names a back-end that this CPU does not have.
pub async fn run(args: DevicesArgs) -> Result<()> {
	let report = tokio::task::spawn_blocking(DevicesReport::new).await??;
	args.output.print(&report)
}

/// Report of `devices`.
#[derive(Debug, Serialize)]
struct DevicesReport {
	backends: Vec<BackendReport>,
	devices: Vec<DeviceReport>,
}

/// Back-end of the CPU.
#[derive(Debug, Serialize)]
struct BackendReport {
	name: &'static str,
	used: bool,
}

/// Vulkan device.
#[derive(Debug, Serialize)]
struct DeviceReport {
	device: String,
	/// Use of the device, or the reason why it cannot be used.
	status: String,
	usable: bool,
}

impl DevicesReport {
	fn new() -> Result<Self> {
		let chosen = Backend::detect()?.name();
		let backend = |backend: &Backend| BackendReport { name: backend.name(), used: backend.name() == chosen };
		let adapters = adapters();
		let devices = adapters.iter().map(|adapter| {
			let (status, usable) = match Device::open(adapter) {
				Ok(_) if adapter.is_gpu() => ("used by `--gpu auto`".to_owned(), true),
				Ok(_) => (format!("used by `--gpu {}` only, since it is not a GPU", adapter.index), true),
				Err(error) => (error.to_string(), false),
			};
			DeviceReport { device: adapter.to_string(), status, usable }
		});
		Ok(Self { backends: Backend::available().iter().map(backend).collect(), devices: devices.collect() })
	}
}

impl Display for DevicesReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		for (at, backend) in self.backends.iter().enumerate() {
			let label = if at == 0 { "CPU" } else { "" };
			entry(f, label, format_args!("{}{}", backend.name, if backend.used { "  (used)" } else { "" }))?;
		}
		for (at, device) in self.devices.iter().enumerate() {
			entry(f, if at == 0 { "devices" } else { "" }, &device.device)?;
			entry(f, "", format_args!("   {}", device.status))?;
		}
		if self.devices.is_empty() {
			entry(
				f,
				"devices",
				"none: Vulkan is missing, or has no driver for the GPU of this machine (Debian: libvulkan1 and the vendor's \
				driver)",
			)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_chosen_backend_is_marked() {
		let report = DevicesReport {
			backends: vec![BackendReport { name: "avx2", used: true }, BackendReport { name: "scalar", used: false }],
			devices: vec![DeviceReport { device: "0: llvmpipe".into(), status: "used by `--gpu 0` only".into(), usable: true }],
		};
		let expected = "\
CPU         avx2  (used)
            scalar
devices     0: llvmpipe
               used by `--gpu 0` only
";
		assert_eq!(report.to_string(), expected);
	}
}
