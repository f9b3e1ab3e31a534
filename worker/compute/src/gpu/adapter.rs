//! Vulkan adapters of this machine, and the selection of those to use.

use super::DeviceError;
use std::{collections::BTreeSet, convert::Infallible, fmt, str::FromStr};
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

/// Devices that a user selects: `auto`, `none`, or indices and parts of names, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceSelection {
	/// Every GPU; software implementations are not selected.
	#[default]
	Auto,
	/// No device.
	None,
	/// The adapters, of any kind, that each of these texts names: the adapter with that index, or else all adapters whose name
	/// contains the text, without regard to case and spaces.
	Named(Vec<String>),
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
		let names = || text.split(',').map(str::trim).filter(|name| !name.is_empty());
		Ok(match text.trim().to_lowercase().as_str() {
			"auto" => DeviceSelection::Auto,
			"none" => DeviceSelection::None,
			_ if names().next().is_none() => DeviceSelection::Auto,
			_ => DeviceSelection::Named(names().map(Into::into).collect()),
		})
	}
}

impl DeviceSelection {
	/// Returns the selected ones of `adapters`, in their order and each once; [`DeviceSelection::Auto`] may select none.
	///
	/// # Errors
	///
	/// [`DeviceError::NoAdapter`] if no adapter has one of the indices or names.
	pub fn choose<'a>(&self, adapters: &'a [Adapter]) -> Result<Vec<&'a Adapter>, DeviceError> {
		let names: Vec<&str> = adapters.iter().map(|adapter| adapter.name.as_str()).collect();
		let chosen = match self {
			DeviceSelection::Auto => return Ok(adapters.iter().filter(|adapter| adapter.is_gpu()).collect()),
			DeviceSelection::None => return Ok(Vec::new()),
			DeviceSelection::Named(wanted) => positions(wanted, &names),
		};
		match chosen {
			Ok(positions) => Ok(positions.into_iter().map(|position| &adapters[position]).collect()),
			Err(wanted) => {
				let available = adapters.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
				let available = if available.is_empty() { "no Vulkan devices at all".into() } else { available };
				Err(DeviceError::NoAdapter { wanted, available })
			}
		}
	}
}

/// Returns the positions of the adapters that `wanted` names among the adapters with these names, or the first text of `wanted`
/// that names none. A number that is no position is a number in a name.
pub(super) fn positions(wanted: &[String], names: &[&str]) -> Result<BTreeSet<usize>, String> {
	let plain = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
	let mut chosen = BTreeSet::new();
	for text in wanted {
		let position = text.parse().ok().filter(|position| *position < names.len());
		let found: Vec<usize> = match position {
			Some(position) => vec![position],
			None => (0..names.len()).filter(|at| names_part(&plain(names[*at]), &plain(text))).collect(),
		};
		if found.is_empty() {
			return Err(text.clone());
		}
		chosen.extend(found);
	}
	Ok(chosen)
}

/// Returns `true` if `name` contains `part`; if `part` is a number, as a number of its own, so that 4 is not in 4090.
fn names_part(name: &str, part: &str) -> bool {
	let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
	let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
	name.match_indices(part).any(|(at, _)| {
		let (before, after) = (name[..at].bytes().next_back(), name[at + part.len()..].bytes().next());
		!(is_number && (is_digit(before) || is_digit(after)))
	})
}
