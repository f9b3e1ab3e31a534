//! An opened device: its state, its faults and its measured throughput.

use super::{
	adapter::{Adapter, AdapterKind},
	pipelines::{self, Pipelines},
	plan::NetKind,
	shader::{LossKind, Shader},
	DeviceError,
};
use parking_lot::Mutex;
use std::{
	any::Any,
	panic::{catch_unwind, AssertUnwindSafe},
	sync::Arc,
	time::Duration,
};

/// Threads of a workgroup on a GPU: one per tile of 8 × 8 in a layer of 64 neurons and a batch of 256.
pub(super) const WORKGROUP_SIZE: u32 = 256;
/// Threads of a workgroup on a software implementation, where a workgroup runs on one CPU thread and barriers are expensive: one
/// row of tiles.
const SOFTWARE_WORKGROUP_SIZE: u32 = 32;
/// Iterations that all loops of one invocation may run in one dispatch on a software implementation. Mesa's llvmpipe ends all
/// loops after 65 535 iterations.
const SOFTWARE_LOOP_ITERATIONS: usize = 65_000;
/// Workgroup memory of the shaders, bytes.
const WORKGROUP_BYTES: u32 = 4_224;
/// Smallest useful storage buffer, bytes.
const MIN_BUFFER_BYTES: u64 = 16 << 20;
/// Buffer budget below which a device that runs out of memory is given up, bytes.
const MIN_BUDGET_BYTES: u64 = 1 << 20;

/// First fault of a device, shared with the callbacks of the driver.
#[derive(Debug, Default)]
struct Fault(Mutex<Option<DeviceError>>);

impl Fault {
	fn set(&self, error: DeviceError) {
		self.0.lock().get_or_insert(error);
	}

	fn get(&self) -> Option<DeviceError> {
		self.0.lock().clone()
	}

	/// Clears an out-of-memory fault, which a device survives; returns `true` if there was one.
	fn take_out_of_memory(&self) -> bool {
		let mut fault = self.0.lock();
		let out_of_memory = matches!(*fault, Some(DeviceError::Memory { .. }));
		if out_of_memory {
			*fault = None;
		}
		out_of_memory
	}
}

/// An opened device, ready to train and to score.
#[derive(Debug)]
pub struct Device {
	name: String,
	pub(super) device: wgpu::Device,
	pub(super) queue: wgpu::Queue,
	pub(super) limits: wgpu::Limits,
	pub(super) pipelines: Pipelines,
	/// Most iterations that all loops of one invocation may run in one dispatch.
	pub(super) loop_iterations: usize,
	/// Longest wait for a submission, after which the device counts as lost.
	pub(super) wait_timeout: Duration,
	fault: Arc<Fault>,
	/// Most bytes of one buffer; halved after the device ran out of memory.
	buffer_budget: Mutex<u64>,
	/// Measured throughput, multiply-accumulates per second.
	throughput: Mutex<f64>,
}

impl Device {
	/// Opens the device of `adapter` and compiles its shaders for dense nets.
	///
	/// # Errors
	///
	/// [`DeviceError::Limit`] if a limit of the adapter is too small; [`DeviceError::Open`] or [`DeviceError::Driver`] if its
	/// driver does not open it or does not compile the shaders.
	pub fn open(adapter: &Adapter) -> Result<Self, DeviceError> {
		Self::open_with_sizes(adapter, workgroup_sizes(adapter.kind))
	}

	/// Opens a device with these workgroup sizes per [`NetKind`], multiples of [`COLUMNS`](super::layout::COLUMNS) threads.
	pub(super) fn open_with_sizes(adapter: &Adapter, sizes: [u32; NetKind::ALL.len()]) -> Result<Self, DeviceError> {
		check_limits(adapter, sizes.into_iter().fold(0, u32::max))?;
		catch_driver_panic(&adapter.name, || Self::open_checked(adapter, sizes))?
	}

	fn open_checked(adapter: &Adapter, sizes: [u32; NetKind::ALL.len()]) -> Result<Self, DeviceError> {
		let (name, limits) = (adapter.name.clone(), adapter.limits.clone());
		let open = |reason: String| DeviceError::Open { adapter: adapter.name.clone(), reason };
		let (device, queue) = pollster::block_on(adapter.inner.request_device(&wgpu::DeviceDescriptor {
			label: Some("doin-compute"),
			required_features: wgpu::Features::empty(),
			required_limits: limits.clone(),
			experimental_features: wgpu::ExperimentalFeatures::disabled(),
			memory_hints: wgpu::MemoryHints::Performance,
			trace: wgpu::Trace::Off,
		}))
		.map_err(|error| open(error.to_string()))?;
		let fault = Arc::new(Fault::default());
		device.on_uncaptured_error({
			let (fault, adapter) = (fault.clone(), name.clone());
			Arc::new(move |error| {
				let (adapter, reason) = (adapter.clone(), error.to_string());
				fault.set(match error {
					wgpu::Error::OutOfMemory { .. } => DeviceError::Memory { adapter, reason },
					_ => DeviceError::Driver { adapter, reason },
				});
			})
		});
		device.set_device_lost_callback({
			let (fault, adapter) = (fault.clone(), name.clone());
			move |reason, message| {
				fault.set(DeviceError::Lost { adapter: adapter.clone(), reason: format!("{reason:?}. {message}") })
			}
		});
		let buffer_budget = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
		let gpu = Self {
			name,
			pipelines: Pipelines::new(&device, sizes),
			device,
			queue,
			limits,
			wait_timeout: wait_timeout(adapter.kind),
			loop_iterations: if adapter.kind == AdapterKind::Cpu { SOFTWARE_LOOP_ITERATIONS } else { usize::MAX },
			fault,
			buffer_budget: Mutex::new(buffer_budget),
			throughput: Mutex::new(initial_throughput(adapter.kind)),
		};
		// A driver that cannot compile these is not used at all.
		for stage in Shader::STAGES {
			gpu.pipelines.get(&gpu.device, Shader { stage, net: NetKind::Dense, loss: LossKind::Absolute });
		}
		match gpu.fault() {
			Some(error) => Err(open(error.to_string())),
			None => Ok(gpu),
		}
	}

	/// Returns the name of the device.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// Returns the first fault; a device with a fault is not used any more.
	pub fn fault(&self) -> Option<DeviceError> {
		self.fault.get()
	}

	/// Returns the threads of a workgroup for nets of kind `net`.
	pub(super) fn workgroup_size(&self, net: NetKind) -> usize {
		self.pipelines.workgroup_size(net) as usize
	}

	/// Returns the measured throughput, multiply-accumulates per second.
	pub(super) fn throughput(&self) -> f64 {
		*self.throughput.lock()
	}

	/// Records that a submission of `macs` multiply-accumulates took `seconds`.
	pub(super) fn record_throughput(&self, macs: f64, seconds: f64) {
		let mut throughput = self.throughput.lock();
		*throughput = smoothed(*throughput, macs / seconds.max(1e-6));
	}

	/// Returns the maximum size of one buffer, bytes.
	pub(super) fn buffer_budget(&self) -> u64 {
		*self.buffer_budget.lock()
	}

	/// Halves the maximum buffer size.
	pub(crate) fn shrink_buffer_budget(&self) {
		*self.buffer_budget.lock() /= 2;
	}

	/// Clears an out-of-memory fault and halves the maximum buffer size. Returns `true` if the device is usable again, `false` if
	/// its last fault was another one or its budget is too small to be halved.
	pub(crate) fn recover_from_out_of_memory(&self) -> bool {
		let recovered = self.buffer_budget() > MIN_BUDGET_BYTES && self.fault.take_out_of_memory();
		if recovered {
			self.shrink_buffer_budget();
		}
		recovered
	}

	/// Clears an out-of-memory fault; returns `true` if there was one.
	pub(super) fn take_out_of_memory(&self) -> bool {
		self.fault.take_out_of_memory()
	}

	/// Destroys the device, as a driver or an unplugged cable may at any time.
	#[cfg(test)]
	pub(crate) fn lose(&self) {
		self.device.destroy();
	}

	/// Returns the first fault as an error.
	pub(super) fn check(&self) -> Result<(), DeviceError> {
		self.fault.get().map_or(Ok(()), Err)
	}

	/// Runs `run`, which calls the driver. A panic of the driver's interface becomes a fault of the device.
	pub(super) fn guarded<T>(&self, run: impl FnOnce() -> Result<T, DeviceError>) -> Result<T, DeviceError> {
		self.check()?;
		let result = catch_driver_panic(&self.name, run).and_then(|result| result);
		if let Err(error @ (DeviceError::Driver { .. } | DeviceError::Lost { .. })) = &result {
			self.fault.set(error.clone());
		}
		// The first of several faults is the cause of the others.
		result.map_err(|error| self.fault.get().unwrap_or(error))
	}

	/// Returns a driver error of this device.
	pub(super) fn driver_error(&self, reason: impl ToString) -> DeviceError {
		DeviceError::Driver { adapter: self.name.clone(), reason: reason.to_string() }
	}
}

/// Returns the estimate of a throughput after another one was `measured`: the mean, so that one outlier has little weight, and
/// at most twice the estimate. A thread that the operating system delays sees a submission that has ended long ago, as if it
/// had taken no time; the next submissions would be too long for a watchdog.
fn smoothed(estimate: f64, measured: f64) -> f64 {
	((estimate + measured) / 2.0).min(2.0 * estimate)
}

/// Runs `run`; a panic becomes a driver error.
fn catch_driver_panic<T>(adapter: &str, run: impl FnOnce() -> T) -> Result<T, DeviceError> {
	catch_unwind(AssertUnwindSafe(run)).map_err(|panic: Box<dyn Any + Send>| {
		let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
		DeviceError::Driver { adapter: adapter.into(), reason: text.unwrap_or("its interface panicked").into() }
	})
}

/// Returns the throughput that is assumed before any measurement, multiply-accumulates per second. It is low, because an estimate
/// above the true throughput makes the first dispatch too long.
fn initial_throughput(kind: AdapterKind) -> f64 {
	match kind {
		AdapterKind::Discrete | AdapterKind::Virtual => 2e10,
		AdapterKind::Integrated => 5e9,
		AdapterKind::Cpu | AdapterKind::Other => 1e9,
	}
}

/// Returns the longest wait for a submission on adapters of this kind. A GPU that does not answer for minutes is lost. A
/// software implementation shares its processor with all other work, and compiles a shader only when the shader is first run;
/// it answers late on a busy machine.
fn wait_timeout(kind: AdapterKind) -> Duration {
	match kind {
		AdapterKind::Cpu | AdapterKind::Other => Duration::from_secs(1_800),
		AdapterKind::Discrete | AdapterKind::Integrated | AdapterKind::Virtual => Duration::from_secs(120),
	}
}

/// Returns the workgroup sizes per [`NetKind`] on adapters of this kind.
fn workgroup_sizes(kind: AdapterKind) -> [u32; NetKind::ALL.len()] {
	match kind {
		// Convolutions and cells run so many iterations between barriers that more threads have to share them.
		AdapterKind::Cpu => [SOFTWARE_WORKGROUP_SIZE, WORKGROUP_SIZE, WORKGROUP_SIZE, WORKGROUP_SIZE],
		_ => [WORKGROUP_SIZE; NetKind::ALL.len()],
	}
}

/// Errors if a limit of `adapter` is too small for workgroups of `size` threads.
fn check_limits(adapter: &Adapter, size: u32) -> Result<(), DeviceError> {
	let limits = &adapter.limits;
	let storage_buffers = pipelines::STORAGE_BUFFERS.into();
	let needs: [(&'static str, u64, u64); 7] = [
		("max_compute_invocations_per_workgroup", limits.max_compute_invocations_per_workgroup.into(), size.into()),
		("max_compute_workgroup_size_x", limits.max_compute_workgroup_size_x.into(), size.into()),
		("max_compute_workgroup_storage_size", limits.max_compute_workgroup_storage_size.into(), WORKGROUP_BYTES.into()),
		("max_storage_buffers_per_shader_stage", limits.max_storage_buffers_per_shader_stage.into(), storage_buffers),
		("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size, MIN_BUFFER_BYTES),
		("max_buffer_size", limits.max_buffer_size, MIN_BUFFER_BYTES),
		("max_dynamic_uniform_buffers_per_pipeline_layout", limits.max_dynamic_uniform_buffers_per_pipeline_layout.into(), 1),
	];
	for (limit, has, needs) in needs {
		if has < needs {
			return Err(DeviceError::Limit { adapter: adapter.name.clone(), limit, has, needs });
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_delayed_measurement_does_not_make_submissions_long() {
		assert_eq!(smoothed(1e9, 3e9), 2e9);
		assert_eq!(smoothed(1e9, 1e15), 2e9, "a submission of no time");
		assert_eq!(smoothed(1e9, 0.0), 5e8);
		let true_throughput = 1e10;
		let after = (0..20).fold(1e6, |estimate, _| smoothed(estimate, true_throughput));
		assert!((after / true_throughput - 1.0).abs() < 0.01, "{after}");
	}
}
