//! Pipelines of a device: one per shader, compiled when it is first needed.

use super::{plan::NetKind, shader::Shader};
use std::sync::OnceLock;

/// Storage buffers of a dispatch; binding 0 is the uniform buffer of its arguments.
pub(super) const STORAGE_BUFFERS: u32 = 7;
/// Number of bindings.
pub(super) const BINDINGS: usize = STORAGE_BUFFERS as usize + 1;

/// Bind group layout and pipelines of a device.
#[derive(Debug)]
pub(super) struct Pipelines {
	/// Layout of the only bind group.
	pub layout: wgpu::BindGroupLayout,
	/// Threads of a workgroup per [`NetKind`].
	workgroup_sizes: [u32; NetKind::ALL.len()],
	/// Pipelines by [`Shader::index`].
	compiled: [OnceLock<wgpu::ComputePipeline>; Shader::COUNT],
}

impl Pipelines {
	/// Creates the layout; no shader is compiled yet.
	pub fn new(device: &wgpu::Device, workgroup_sizes: [u32; NetKind::ALL.len()]) -> Self {
		Self { layout: bind_group_layout(device), workgroup_sizes, compiled: Default::default() }
	}

	/// Returns the threads of a workgroup for nets of kind `net`.
	pub fn workgroup_size(&self, net: NetKind) -> u32 {
		self.workgroup_sizes[net as usize]
	}

	/// Returns the pipeline of `shader`, which is compiled at the first call.
	pub fn get(&self, device: &wgpu::Device, shader: Shader) -> &wgpu::ComputePipeline {
		self.compiled[shader.index()].get_or_init(|| self.compile(device, shader, shader.entry(), &shader.source()))
	}

	/// Compiles entry point `entry` of `source`, which is the source of `shader` or begins with it.
	pub fn compile(&self, device: &wgpu::Device, shader: Shader, entry: &str, source: &str) -> wgpu::ComputePipeline {
		let label = shader.label();
		let size = ("SIZE", f64::from(self.workgroup_size(shader.net)));
		let constants: Vec<_> = [size].into_iter().chain(shader.constants()).collect();
		let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
			label: Some(&label),
			bind_group_layouts: &[Some(&self.layout)],
			immediate_size: 0,
		});
		let module = shader_module(device, &label, source);
		device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
			label: Some(&label),
			layout: Some(&layout),
			module: &module,
			entry_point: Some(entry),
			compilation_options: wgpu::PipelineCompilationOptions {
				constants: &constants,
				// Every shader writes workgroup memory before it reads it.
				zero_initialize_workgroup_memory: false,
			},
			cache: None,
		})
	}
}

fn bind_group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
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
	device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("arguments and storage"), entries: &entries })
}

fn shader_module(device: &wgpu::Device, label: &str, source: &str) -> wgpu::ShaderModule {
	let descriptor = wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(source.into()) };
	let checks = wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() };
	// SAFETY: every loop of the shaders counts to or from a bound that the loop does not change, except the one that draws random
	// words until 256 are accepted: each word is accepted with a probability above one half, whatever the key. All other run-time
	// checks stay on.
	unsafe { device.create_shader_module_trusted(descriptor, checks) }
}
