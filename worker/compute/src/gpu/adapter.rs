//! Vulkan adapters of this machine, and the selection of those to use.

use super::DeviceError;
use std::{convert::Infallible, fmt, str::FromStr};
use strum::Display;

/// A Vulkan adapter, not opened yet.
#[derive(Clone, Debug)]
pub struct Adapter {
	/// Position in the order in which Vulkan enumerates adapters.
	pub index: usize,
	/// Name of the adapter.
	pub name: String,
	/// Kind of the adapter.
	pub kind: AdapterKind,
	/// Name and version of its driver.
	pub driver: String,
	/// Limits of its devices.
	pub limits: wgpu::Limits,
	pub(super) inner: wgpu::Adapter,
}

/// Kind of an adapter.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum AdapterKind {
	/// A card with memory of its own.
	#[strum(serialize = "discrete GPU")]
	Discrete,
	/// A GPU that shares the memory of the CPU.
	#[strum(serialize = "integrated GPU")]
	Integrated,
	/// A share of a card in a virtual machine.
	#[strum(serialize = "virtual GPU")]
	Virtual,
	/// A software implementation of Vulkan, e.g. Mesa's llvmpipe.
	#[strum(serialize = "software")]
	Cpu,
	/// Any other kind.
	#[strum(serialize = "other")]
	Other,
}

/// Devices that a user selects: `auto`, `none`, an index or a part of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceSelection {
	/// Every GPU; software implementations are not selected.
	#[default]
	Auto,
	/// No device.
	None,
	/// The adapter with this index, of any kind.
	Index(usize),
	/// All adapters of any kind whose name contains this text, without regard to case.
	Name(String),
}

/// Returns the adapters of this machine; none where Vulkan is not installed.
pub fn adapters() -> Vec<Adapter> {
	let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
		backends: wgpu::Backends::VULKAN,
		flags: wgpu::InstanceFlags::empty(),
		..wgpu::InstanceDescriptor::new_without_display_handle()
	});
	let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
	found.into_iter().enumerate().map(|(index, inner)| Adapter::new(index, inner)).collect()
}

impl Adapter {
	fn new(index: usize, inner: wgpu::Adapter) -> Self {
		let info = inner.get_info();
		let kind = match info.device_type {
			wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
			wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
			wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
			wgpu::DeviceType::Cpu => AdapterKind::Cpu,
			wgpu::DeviceType::Other => AdapterKind::Other,
		};
		let driver = format!("{} {}", info.driver, info.driver_info).trim().into();
		Self { index, name: info.name, kind, driver, limits: inner.limits(), inner }
	}

	/// Returns `true` if the adapter is a GPU rather than a software implementation.
	pub fn is_gpu(&self) -> bool {
		matches!(self.kind, AdapterKind::Discrete | AdapterKind::Integrated | AdapterKind::Virtual)
	}
}

impl fmt::Display for Adapter {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}: {} ({}, {})", self.index, self.name, self.kind, self.driver)
	}
}

impl FromStr for DeviceSelection {
	type Err = Infallible;

	fn from_str(text: &str) -> Result<Self, Infallible> {
		let text = text.trim();
		Ok(match text.to_lowercase().as_str() {
			"auto" | "" => DeviceSelection::Auto,
			"none" => DeviceSelection::None,
			_ => text.parse().map_or_else(|_| DeviceSelection::Name(text.into()), DeviceSelection::Index),
		})
	}
}

impl fmt::Display for DeviceSelection {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			DeviceSelection::Auto => f.write_str("auto"),
			DeviceSelection::None => f.write_str("none"),
			DeviceSelection::Index(index) => write!(f, "{index}"),
			DeviceSelection::Name(name) => f.write_str(name),
		}
	}
}

impl DeviceSelection {
	/// Returns the selected ones of `adapters`; [`DeviceSelection::Auto`] may select none.
	///
	/// # Errors
	///
	/// [`DeviceError::NoAdapter`] if no adapter has the index or the name.
	pub fn choose<'a>(&self, adapters: &'a [Adapter]) -> Result<Vec<&'a Adapter>, DeviceError> {
		let name = match self {
			DeviceSelection::Name(name) => name.to_lowercase(),
			_ => String::new(),
		};
		let chosen: Vec<&Adapter> = adapters
			.iter()
			.filter(|adapter| match self {
				DeviceSelection::Auto => adapter.is_gpu(),
				DeviceSelection::None => false,
				DeviceSelection::Index(index) => adapter.index == *index,
				DeviceSelection::Name(_) => adapter.name.to_lowercase().contains(&name),
			})
			.collect();
		if chosen.is_empty() && matches!(self, DeviceSelection::Index(_) | DeviceSelection::Name(_)) {
			let available = adapters.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
			let available = if available.is_empty() { "no Vulkan devices at all".into() } else { available };
			return Err(DeviceError::NoAdapter { wanted: self.to_string(), available });
		}
		Ok(chosen)
	}
}
