//! What this machine trains with.

use anyhow::Result;
use doin_compute::{
	backend,
	gpu::{adapters, Gpu},
};

/// Lists instructions and devices; for each device, whether it can be used.
pub fn list() -> Result<()> {
	let chosen = backend::detect()?.name();
	println!("processor");
	for backend in backend::available() {
		println!("  {}{}", backend.name(), if backend.name() == chosen { "  (used)" } else { "" });
	}
	println!("devices");
	let adapters = adapters();
	for adapter in &adapters {
		let verdict = match Gpu::open(adapter) {
			Ok(_) if adapter.is_gpu() => "used by `--gpu auto`".to_owned(),
			Ok(_) => format!("used by `--gpu {}` only: it is no GPU", adapter.index),
			Err(error) => error.to_string(),
		};
		println!("  {adapter}\n     {verdict}");
	}
	if adapters.is_empty() {
		println!("  none: Vulkan is missing, or has no driver for the GPU of this machine (Debian: libvulkan1 and the vendor's driver)");
	}
	Ok(())
}
