//! Buffers and submissions of a device. Every buffer, bind group, encoder and pass has a label, which validation messages and
//! profilers show.

use super::{device::Device, layout::DispatchArguments, pipelines::BINDINGS, shader::Shader, DeviceError};
use std::{num::NonZero, sync::mpsc};

/// Most dispatches of one submission.
pub(super) const MAX_DISPATCHES: u32 = 256;
/// Smallest buffer, bytes: one `vec4`.
const MIN_BYTES: u64 = 16;

/// Workgroups that run one shader.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dispatch {
	/// The shader.
	pub shader: Shader,
	/// Number of workgroups.
	pub workgroups: u32,
	/// Its arguments.
	pub arguments: DispatchArguments,
}

/// Buffers of a dispatch, in the order of the bindings in `shaders/common/bindings.wgsl`.
pub(super) struct Bindings<'a> {
	/// Arguments of each dispatch, [`Device::argument_stride`] bytes apart.
	pub arguments: &'a wgpu::Buffer,
	/// Index of the candidate of each workgroup.
	pub order: &'a wgpu::Buffer,
	/// Places and genes of candidates.
	pub candidates: &'a wgpu::Buffer,
	/// Raw values, starts of windows, target steps.
	pub values: &'a wgpu::Buffer,
	/// Weights, masters and momenta.
	pub parameters: &'a wgpu::Buffer,
	/// Activations and gradients.
	pub scratch: &'a wgpu::Buffer,
	/// Weights of the best epoch.
	pub best: &'a wgpu::Buffer,
	/// Error sums and counters.
	pub results: &'a wgpu::Buffer,
}

impl Device {
	/// Creates a buffer that holds `bytes`.
	pub(super) fn upload(&self, label: &str, bytes: &[u8], usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, DeviceError> {
		let buffer = self.alloc(label, bytes.len() as u64, usage | wgpu::BufferUsages::COPY_DST)?;
		self.queue.write_buffer(&buffer, 0, bytes);
		self.check()?;
		Ok(buffer)
	}

	/// Creates a buffer of at least `bytes` bytes.
	pub(super) fn alloc(&self, label: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, DeviceError> {
		let size = bytes.max(MIN_BYTES).next_multiple_of(4);
		let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
		let buffer = self.device.create_buffer(&descriptor);
		self.check()?;
		Ok(buffer)
	}

	/// Creates the bind group of `bindings`.
	pub(super) fn bind(&self, label: &str, bindings: &Bindings) -> Result<wgpu::BindGroup, DeviceError> {
		let Bindings { arguments, order, candidates, values, parameters, scratch, best, results } = bindings;
		let buffers: [&wgpu::Buffer; BINDINGS] = [arguments, order, candidates, values, parameters, scratch, best, results];
		let argument_bytes = NonZero::new(size_of::<DispatchArguments>() as u64);
		let entry = |(binding, buffer)| wgpu::BindGroupEntry {
			binding: binding as u32,
			resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
				buffer,
				offset: 0,
				size: if binding == 0 { argument_bytes } else { None },
			}),
		};
		let entries: Vec<_> = buffers.into_iter().enumerate().map(entry).collect();
		let descriptor = wgpu::BindGroupDescriptor { label: Some(label), layout: &self.pipelines.layout, entries: &entries };
		let group = self.device.create_bind_group(&descriptor);
		self.check()?;
		Ok(group)
	}

	/// Returns the distance of the arguments of two dispatches, bytes.
	pub(super) fn argument_stride(&self) -> u32 {
		let alignment = self.limits.min_uniform_buffer_offset_alignment;
		(size_of::<DispatchArguments>() as u32).next_multiple_of(alignment)
	}

	/// Submits dispatches, whose arguments are written to `arguments`.
	pub(super) fn submit(
		&self,
		group: &wgpu::BindGroup,
		arguments: &wgpu::Buffer,
		dispatches: &[Dispatch],
	) -> Result<wgpu::SubmissionIndex, DeviceError> {
		let stride = self.argument_stride();
		let mut bytes = vec![0; stride as usize * dispatches.len()];
		for (place, dispatch) in bytes.chunks_exact_mut(stride as usize).zip(dispatches) {
			place[..size_of::<DispatchArguments>()].copy_from_slice(bytemuck::bytes_of(&dispatch.arguments));
		}
		self.queue.write_buffer(arguments, 0, &bytes);
		let mut encoder = self.encoder("dispatches");
		{
			let mut pass = encoder.begin_compute_pass(&pass("dispatches"));
			for (number, Dispatch { shader, workgroups, .. }) in dispatches.iter().enumerate() {
				pass.set_pipeline(self.pipelines.get(&self.device, *shader));
				pass.set_bind_group(0, group, &[number as u32 * stride]);
				pass.dispatch_workgroups(*workgroups, 1, 1);
			}
		}
		let index = self.queue.submit([encoder.finish()]);
		self.check()?;
		Ok(index)
	}

	/// Creates a command encoder.
	pub(super) fn encoder(&self, label: &str) -> wgpu::CommandEncoder {
		self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) })
	}

	/// Waits until a submission is complete.
	pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), DeviceError> {
		let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(self.wait_timeout) };
		let waited = self.device.poll(wait);
		self.check()?;
		waited.map(drop).map_err(|error| self.driver_error(error))
	}

	/// Reads the first `bytes` bytes of a buffer after everything submitted before is complete.
	pub(super) fn read(&self, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<u8>, DeviceError> {
		let size = bytes.max(MIN_BYTES).next_multiple_of(4).min(buffer.size());
		let staging = self.alloc("read-back", size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)?;
		let mut encoder = self.encoder("read-back");
		encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, size);
		let submission = self.queue.submit([encoder.finish()]);
		self.check()?;
		let (sender, receiver) = mpsc::channel();
		staging.map_async(wgpu::MapMode::Read, .., move |result| {
			// The receiver is gone if waiting failed.
			sender.send(result).ok();
		});
		self.wait(submission)?;
		// Another thread that polls this device may run the callback, and may not have run it yet.
		match receiver.recv_timeout(self.wait_timeout) {
			Ok(Ok(())) => {}
			Ok(Err(error)) => return Err(self.driver_error(error)),
			Err(error) => return Err(self.driver_error(error)),
		}
		let mut read = staging.get_mapped_range(..).map_err(|error| self.driver_error(error))?.to_vec();
		self.check()?;
		read.truncate(bytes as usize);
		Ok(read)
	}
}

/// Returns the descriptor of a compute pass without timestamps.
pub(super) fn pass(label: &str) -> wgpu::ComputePassDescriptor<'_> {
	wgpu::ComputePassDescriptor { label: Some(label), timestamp_writes: None }
}
