//! An opened device.

use super::{
	adapter::{Adapter, Kind},
	layout::Arguments,
	plan::Form,
	shader::{Goal, Shader},
	GpuError,
};
use std::{
	any::Any,
	panic::{catch_unwind, AssertUnwindSafe},
	sync::{Arc, Mutex, OnceLock, PoisonError},
	time::Duration,
};

/// Threads of a workgroup on a GPU: the tiles of 64 neurons for a batch.
pub(super) const SIZE: u32 = 256;
/// The same in software, where a workgroup runs on one thread of the processor and every barrier costs it: one tile of samples.
const SOFTWARE_SIZE: u32 = 32;
/// Turns that all loops of a thread may take in one dispatch in software. Mesa's rasteriser ends all loops after 65 535.
const SOFTWARE_TURNS: usize = 65_000;
/// Bytes of workgroup memory that the shaders take.
const WORKGROUP_BYTES: u32 = 4_224;
/// Storage buffers of a dispatch.
const STORAGE_BUFFERS: u32 = 7;
/// The smallest useful storage buffer.
const SMALLEST_BUFFER: u64 = 16 << 20;
/// Dispatches of one submission at most.
pub(super) const SLOTS: u32 = 256;
/// A device that has not answered for this long is taken for lost.
const PATIENCE: Duration = Duration::from_secs(120);

/// The first thing that went wrong with a device.
#[derive(Debug, Default)]
struct Fault(Mutex<Option<GpuError>>);

impl Fault {
	fn set(&self, error: GpuError) {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
	}

	fn get(&self) -> Option<GpuError> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}

	/// Forgets that memory ran out, which a device survives; whether it had.
	fn take_memory(&self) -> bool {
		let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		let memory = matches!(*fault, Some(GpuError::Memory { .. }));
		if memory {
			*fault = None;
		}
		memory
	}
}

/// Workgroups that run one shader.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dispatch {
	pub shader: Shader,
	pub workgroups: u32,
	pub arguments: Arguments,
}

/// A device, ready to train.
#[derive(Debug)]
pub struct Gpu {
	name: String,
	pub(super) device: wgpu::Device,
	pub(super) queue: wgpu::Queue,
	pub(super) limits: wgpu::Limits,
	fault: Arc<Fault>,
	layout: wgpu::BindGroupLayout,
	/// Threads of a workgroup, for each form.
	sizes: [u32; Form::ALL.len()],
	/// Turns that all loops of a thread may take in one dispatch.
	pub(super) turns: usize,
	/// What each shader becomes on this device, made when it is first needed.
	pipelines: [OnceLock<wgpu::ComputePipeline>; Shader::COUNT],
	/// Bytes that a buffer of a wave may have; less after memory ran out.
	budget: Mutex<u64>,
	/// Multiply-accumulates per second, as last measured.
	pace: Mutex<f64>,
}

impl Gpu {
	/// Opens a device and makes its kernels.
	pub fn open(adapter: &Adapter) -> Result<Self, GpuError> {
		Self::sized(adapter, sizes(adapter.kind))
	}

	/// The same with so many threads in the workgroups of each form, multiples of [`COLUMNS`](super::layout::COLUMNS).
	pub(super) fn sized(adapter: &Adapter, sizes: [u32; Form::ALL.len()]) -> Result<Self, GpuError> {
		check(adapter, sizes.into_iter().fold(0, u32::max))?;
		guard(&adapter.name, || Self::open_checked(adapter, sizes))?
	}

	fn open_checked(adapter: &Adapter, sizes: [u32; Form::ALL.len()]) -> Result<Self, GpuError> {
		let (name, limits) = (adapter.name.clone(), adapter.limits.clone());
		let open = |reason: String| GpuError::Open { adapter: adapter.name.clone(), reason };
		let (device, queue) = pollster::block_on(adapter.inner.request_device(&wgpu::DeviceDescriptor {
			label: None,
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
					wgpu::Error::OutOfMemory { .. } => GpuError::Memory { adapter, reason },
					_ => GpuError::Driver { adapter, reason },
				});
			})
		});
		device.set_device_lost_callback({
			let (fault, adapter) = (fault.clone(), name.clone());
			move |reason, message| {
				fault.set(GpuError::Lost { adapter: adapter.clone(), reason: format!("{reason:?}. {message}") })
			}
		});
		let layout = layout(&device);
		let budget = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
		let turns = if adapter.kind == Kind::Cpu { SOFTWARE_TURNS } else { usize::MAX };
		let (budget, pace) = (Mutex::new(budget), Mutex::new(first_pace(adapter.kind)));
		let gpu = Self { name, device, queue, limits, fault, layout, sizes, turns, pipelines: Default::default(), budget, pace };
		// A driver that cannot make these is of no use.
		for kernel in Shader::KERNELS {
			gpu.kernel(Shader { kernel, form: Form::Dense, goal: Goal::Values });
		}
		match gpu.fault() {
			Some(error) => Err(open(error.to_string())),
			None => Ok(gpu),
		}
	}

	fn kernel(&self, shader: Shader) -> &wgpu::ComputePipeline {
		self.pipelines[shader.number()].get_or_init(|| self.pipeline(shader, shader.entry(), &shader.source()))
	}

	/// Makes a kernel of the text `source`, which is that of `shader`, or begins with it.
	pub(super) fn pipeline(&self, shader: Shader, entry: &str, source: &str) -> wgpu::ComputePipeline {
		let constants: Vec<_> =
			[("SIZE", f64::from(self.sizes[shader.form as usize]))].into_iter().chain(shader.constants()).collect();
		pipeline(&self.device, &self.layout, &constants, entry, source)
	}

	/// Its name.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// Threads of a workgroup for nets of `form`.
	pub(super) fn size(&self, form: Form) -> usize {
		self.sizes[form as usize] as usize
	}

	/// What went wrong with it, if anything did: then it is not to be used any more.
	pub fn fault(&self) -> Option<GpuError> {
		self.fault.get()
	}

	/// Multiply-accumulates per second, as far as is known.
	pub(super) fn pace(&self) -> f64 {
		*self.pace.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Takes note of what a submission took.
	pub(super) fn measured(&self, macs: f64, seconds: f64) {
		let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
		// Half of what was known stays, so that one odd measurement does little harm.
		*pace = (*pace + macs / seconds.max(1e-6)) / 2.0;
	}

	/// Bytes that one buffer may have.
	pub(super) fn budget(&self) -> u64 {
		*self.budget.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Halves the bytes that one buffer may have.
	pub(super) fn save(&self) {
		*self.budget.lock().unwrap_or_else(PoisonError::into_inner) /= 2;
	}

	/// Takes the device away in the middle of whatever it does, as a driver or a cable may.
	#[cfg(test)]
	pub(crate) fn lose(&self) {
		self.device.destroy();
	}

	/// An error if something went wrong.
	pub(super) fn check(&self) -> Result<(), GpuError> {
		self.fault.get().map_or(Ok(()), Err)
	}

	/// Whether memory ran out; a device that only lacks memory can go on.
	pub(super) fn ran_out(&self) -> bool {
		self.fault.take_memory()
	}

	/// Runs something that asks the driver for things; a panic of the driver's interface is a fault of the device.
	pub(super) fn guarded<T>(&self, run: impl FnOnce() -> Result<T, GpuError>) -> Result<T, GpuError> {
		self.check()?;
		let result = guard(&self.name, run).and_then(|result| result);
		if let Err(error @ (GpuError::Driver { .. } | GpuError::Lost { .. })) = &result {
			self.fault.set(error.clone());
		}
		// Where several things went wrong, the first one is the cause.
		result.map_err(|error| self.fault.get().unwrap_or(error))
	}

	pub(super) fn failed(&self, reason: impl ToString) -> GpuError {
		GpuError::Driver { adapter: self.name.clone(), reason: reason.to_string() }
	}

	/// A buffer that holds `bytes`, at least 16 of them.
	pub(super) fn upload(&self, bytes: &[u8], usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, GpuError> {
		let buffer = self.room(bytes.len() as u64, usage | wgpu::BufferUsages::COPY_DST)?;
		self.queue.write_buffer(&buffer, 0, bytes);
		self.check()?;
		Ok(buffer)
	}

	/// A buffer of `bytes` bytes, at least 16 of them.
	pub(super) fn room(&self, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, GpuError> {
		let size = bytes.max(16).next_multiple_of(4);
		let buffer = self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
		self.check()?;
		Ok(buffer)
	}

	/// Binds `buffers` in the order of the shaders.
	pub(super) fn bind(&self, buffers: [&wgpu::Buffer; 8]) -> Result<wgpu::BindGroup, GpuError> {
		let entry = |(binding, buffer)| wgpu::BindGroupEntry {
			binding: binding as u32,
			resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
				buffer,
				offset: 0,
				size: if binding == 0 { std::num::NonZero::new(size_of::<Arguments>() as u64) } else { None },
			}),
		};
		let entries: Vec<_> = buffers.into_iter().enumerate().map(entry).collect();
		let group =
			self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &self.layout, entries: &entries });
		self.check()?;
		Ok(group)
	}

	/// Bytes from one dispatch's arguments to the next one's.
	pub(super) fn slot(&self) -> u32 {
		let alignment = self.limits.min_uniform_buffer_offset_alignment;
		(size_of::<Arguments>() as u32).next_multiple_of(alignment)
	}

	/// Submits dispatches, whose arguments go to `arguments`.
	pub(super) fn submit(
		&self,
		group: &wgpu::BindGroup,
		arguments: &wgpu::Buffer,
		dispatches: &[Dispatch],
	) -> Result<wgpu::SubmissionIndex, GpuError> {
		let slot = self.slot();
		let mut bytes = vec![0; slot as usize * dispatches.len()];
		for (place, dispatch) in bytes.chunks_exact_mut(slot as usize).zip(dispatches) {
			place[..size_of::<Arguments>()].copy_from_slice(bytemuck::bytes_of(&dispatch.arguments));
		}
		self.queue.write_buffer(arguments, 0, &bytes);
		let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
		{
			let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
			for (number, Dispatch { shader, workgroups, .. }) in dispatches.iter().enumerate() {
				pass.set_pipeline(self.kernel(*shader));
				pass.set_bind_group(0, group, &[number as u32 * slot]);
				pass.dispatch_workgroups(*workgroups, 1, 1);
			}
		}
		let index = self.queue.submit([encoder.finish()]);
		self.check()?;
		Ok(index)
	}

	/// Waits until a submission is done.
	pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), GpuError> {
		let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
		let waited = self.device.poll(wait);
		self.check()?;
		waited.map(drop).map_err(|error| self.failed(error))
	}

	/// Reads a buffer, once everything submitted before is done.
	pub(super) fn read(&self, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<u8>, GpuError> {
		let size = bytes.max(16).next_multiple_of(4).min(buffer.size());
		let staging = self.room(size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)?;
		let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
		encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, size);
		let submission = self.queue.submit([encoder.finish()]);
		self.check()?;
		let (sender, receiver) = std::sync::mpsc::channel();
		staging.map_async(wgpu::MapMode::Read, .., move |result| {
			// Nobody listens any more if waiting failed.
			sender.send(result).ok();
		});
		self.wait(submission)?;
		// Another thread that waits for this device may be the one that is told, and may not have passed it on yet.
		match receiver.recv_timeout(PATIENCE) {
			Ok(Ok(())) => {}
			Ok(Err(error)) => return Err(self.failed(error)),
			Err(error) => return Err(self.failed(error)),
		}
		let mut read = staging.get_mapped_range(..).map_err(|error| self.failed(error))?.to_vec();
		self.check()?;
		read.truncate(bytes as usize);
		Ok(read)
	}
}

/// Runs `run`, which asks the driver for things; its panic becomes an error.
fn guard<T>(adapter: &str, run: impl FnOnce() -> T) -> Result<T, GpuError> {
	catch_unwind(AssertUnwindSafe(run)).map_err(|panic: Box<dyn Any + Send>| {
		let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
		GpuError::Driver { adapter: adapter.into(), reason: text.unwrap_or("its interface panicked").into() }
	})
}

/// Multiply-accumulates per second before anything was measured: rather too few, as too many would make the first dispatch too long.
fn first_pace(kind: Kind) -> f64 {
	match kind {
		Kind::Discrete | Kind::Virtual => 2e10,
		Kind::Integrated => 5e9,
		Kind::Cpu | Kind::Other => 1e9,
	}
}

/// Threads of the workgroups of each form on a device of this kind, multiples of [`COLUMNS`](super::layout::COLUMNS).
fn sizes(kind: Kind) -> [u32; Form::ALL.len()] {
	match kind {
		// Convolutions and cells take many turns between barriers, so many that more threads have to share them.
		Kind::Cpu => [SOFTWARE_SIZE, SIZE, SIZE, SIZE],
		_ => [SIZE; Form::ALL.len()],
	}
}

/// Refuses an adapter that is too small for the kernels.
fn check(adapter: &Adapter, size: u32) -> Result<(), GpuError> {
	let limits = &adapter.limits;
	let needs: [(&'static str, u64, u64); 7] = [
		("max_compute_invocations_per_workgroup", limits.max_compute_invocations_per_workgroup.into(), size.into()),
		("max_compute_workgroup_size_x", limits.max_compute_workgroup_size_x.into(), size.into()),
		("max_compute_workgroup_storage_size", limits.max_compute_workgroup_storage_size.into(), WORKGROUP_BYTES.into()),
		("max_storage_buffers_per_shader_stage", limits.max_storage_buffers_per_shader_stage.into(), STORAGE_BUFFERS.into()),
		("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size, SMALLEST_BUFFER),
		("max_buffer_size", limits.max_buffer_size, SMALLEST_BUFFER),
		("max_dynamic_uniform_buffers_per_pipeline_layout", limits.max_dynamic_uniform_buffers_per_pipeline_layout.into(), 1),
	];
	for (limit, has, needs) in needs {
		if has < needs {
			return Err(GpuError::Limit { adapter: adapter.name.clone(), limit, has, needs });
		}
	}
	Ok(())
}

fn layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
	let entry = |binding: u32| wgpu::BindGroupLayoutEntry {
		binding,
		visibility: wgpu::ShaderStages::COMPUTE,
		ty: wgpu::BindingType::Buffer {
			ty: match binding {
				0 => wgpu::BufferBindingType::Uniform,
				1..=3 => wgpu::BufferBindingType::Storage { read_only: true },
				_ => wgpu::BufferBindingType::Storage { read_only: false },
			},
			has_dynamic_offset: binding == 0,
			min_binding_size: None,
		},
		count: None,
	};
	let entries: Vec<_> = (0..=STORAGE_BUFFERS).map(entry).collect();
	device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
}

fn pipeline(
	device: &wgpu::Device,
	layout: &wgpu::BindGroupLayout,
	constants: &[(&str, f64)],
	entry: &str,
	source: &str,
) -> wgpu::ComputePipeline {
	let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
		label: None,
		bind_group_layouts: &[Some(layout)],
		immediate_size: 0,
	});
	let module = module(device, source);
	device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
		label: Some(entry),
		layout: Some(&layout),
		module: &module,
		entry_point: Some(entry),
		compilation_options: wgpu::PipelineCompilationOptions {
			constants,
			// Every kernel writes what it reads.
			zero_initialize_workgroup_memory: false,
		},
		cache: None,
	})
}

fn module(device: &wgpu::Device, source: &str) -> wgpu::ShaderModule {
	let descriptor = wgpu::ShaderModuleDescriptor { label: None, source: wgpu::ShaderSource::Wgsl(source.into()) };
	let checks = wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() };
	// SAFETY: every loop of the shaders counts up to or down from a number that it does not change, but for the one that draws words until
	// 256 are accepted: a word is accepted with a probability of more than a half, whatever the key. All other checks stay on.
	unsafe { device.create_shader_module_trusted(descriptor, checks) }
}
