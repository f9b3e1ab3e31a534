//! Which devices there are, and which of them are used.

use super::GpuError;
use std::{convert::Infallible, fmt, str::FromStr};

/// A device that Vulkan knows.
#[derive(Clone, Debug)]
pub struct Adapter {
	/// Its number, in the order in which Vulkan lists devices.
	pub index: usize,
	/// Its name.
	pub name: String,
	/// Its kind.
	pub kind: Kind,
	/// Name and version of its driver.
	pub driver: String,
	/// What it can do.
	pub limits: wgpu::Limits,
	pub(super) inner: wgpu::Adapter,
}

/// Kinds of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// A card of its own.
	Discrete,
	/// Part of the processor.
	Integrated,
	/// A share of a card, in a virtual machine.
	Virtual,
	/// Vulkan in software, on the processor.
	Cpu,
	/// Something else.
	Other,
}

/// What a user asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
	/// Every GPU. Vulkan in software is none.
	#[default]
	Auto,
	/// No device.
	None,
	/// The device with this number, of any kind.
	Index(usize),
	/// All devices whose name contains this, of any kind, upper and lower case alike.
	Name(String),
}

/// Every device there is; none where there is no Vulkan.
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
			wgpu::DeviceType::DiscreteGpu => Kind::Discrete,
			wgpu::DeviceType::IntegratedGpu => Kind::Integrated,
			wgpu::DeviceType::VirtualGpu => Kind::Virtual,
			wgpu::DeviceType::Cpu => Kind::Cpu,
			wgpu::DeviceType::Other => Kind::Other,
		};
		let driver = format!("{} {}", info.driver, info.driver_info).trim().into();
		Self { index, name: info.name, kind, driver, limits: inner.limits(), inner }
	}

	/// Whether it is a GPU rather than Vulkan in software.
	pub fn is_gpu(&self) -> bool {
		matches!(self.kind, Kind::Discrete | Kind::Integrated | Kind::Virtual)
	}
}

impl fmt::Display for Adapter {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}: {} ({}, {})", self.index, self.name, self.kind, self.driver)
	}
}

impl fmt::Display for Kind {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Kind::Discrete => "discrete GPU",
			Kind::Integrated => "integrated GPU",
			Kind::Virtual => "virtual GPU",
			Kind::Cpu => "software",
			Kind::Other => "other",
		})
	}
}

impl FromStr for Selection {
	type Err = Infallible;

	fn from_str(text: &str) -> Result<Self, Infallible> {
		let text = text.trim();
		Ok(match text.to_lowercase().as_str() {
			"auto" | "" => Selection::Auto,
			"none" => Selection::None,
			_ => text.parse().map_or_else(|_| Selection::Name(text.into()), Selection::Index),
		})
	}
}

impl fmt::Display for Selection {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Selection::Auto => f.write_str("auto"),
			Selection::None => f.write_str("none"),
			Selection::Index(index) => write!(f, "{index}"),
			Selection::Name(name) => f.write_str(name),
		}
	}
}

impl Selection {
	/// The chosen ones of `adapters`. `auto` may choose none; a number or a name that fits none is an error.
	pub fn choose<'a>(&self, adapters: &'a [Adapter]) -> Result<Vec<&'a Adapter>, GpuError> {
		let name = match self {
			Selection::Name(name) => name.to_lowercase(),
			_ => String::new(),
		};
		let chosen: Vec<&Adapter> = adapters
			.iter()
			.filter(|adapter| match self {
				Selection::Auto => adapter.is_gpu(),
				Selection::None => false,
				Selection::Index(index) => adapter.index == *index,
				Selection::Name(_) => adapter.name.to_lowercase().contains(&name),
			})
			.collect();
		if chosen.is_empty() && matches!(self, Selection::Index(_) | Selection::Name(_)) {
			let available = adapters.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
			let available = if available.is_empty() { "no Vulkan device at all".into() } else { available };
			return Err(GpuError::NoAdapter { wanted: self.to_string(), available });
		}
		Ok(chosen)
	}
}
