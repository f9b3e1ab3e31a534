//! Structs of `shaders/common/bindings.wgsl`, mirrored byte by byte. A test compares offsets and sizes with those that naga
//! computes.
//!
//! A *place* is an offset in a buffer, counted in `vec4` (16 bytes) unless stated otherwise.

use bytemuck::{Pod, Zeroable};
use doin_kernels::layout::BATCH;
use doin_scoring::{encoder::MAX_CONVS, model::MAX_DEPTH, program::MAX_CHANNELS};

/// Neurons or samples of a group: those of one `vec4`.
pub const GROUP: usize = 8;
/// Groups of samples in a batch.
pub const COLUMNS: usize = BATCH / GROUP;
/// 32-bit words of a `vec4`.
pub const VEC4: usize = 4;
/// Bytes of a `vec4`.
pub const VEC4_BYTES: u64 = 16;
/// Size of a tile of 8 × 8 words, `vec4`.
pub const TILE: usize = GROUP * GROUP / VEC4;
/// Words of the results of one candidate.
pub const RESULTS: usize = 16;
/// Word of a candidate's results at which its least error so far starts: four 32-bit limbs.
pub const LEAST_ERROR_AT: usize = 0;
/// Word of a candidate's results at which the error of its last epoch starts: four 32-bit limbs.
pub const LAST_ERROR_AT: usize = 8;
/// Word of a candidate's results that holds its number of training steps.
pub const STEPS_AT: usize = 12;
/// Word of a candidate's results that holds its number of recorded epochs.
pub const EPOCHS_AT: usize = 13;

/// `Layer`: places of one layer.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceLayer {
	/// Inputs, neurons, padding of steps included.
	pub inputs: u32,
	/// Outputs of each step, neurons.
	pub outputs: u32,
	/// Groups of eight inputs.
	pub input_groups: u32,
	/// Groups of eight outputs.
	pub output_groups: u32,
	/// Right shift of the accumulators, bits.
	pub shift: u32,
	/// Place in `parameters` of the forward weights.
	pub forward_weights: u32,
	/// Place in `parameters` of the biases.
	pub bias: u32,
	/// Place in `parameters` of the backward weights; 0 for a layer without an input gradient.
	pub backward_weights: u32,
	/// Place in `parameters` of the masters of the weights.
	pub masters: u32,
	/// Place in `parameters` of the momenta of the weights.
	pub momenta: u32,
	/// Place in `parameters` of the masters of the biases.
	pub bias_masters: u32,
	/// Place in `parameters` of the momenta of the biases.
	pub bias_momenta: u32,
	/// Place in `scratch` of the activations that the layer reads.
	pub x: u32,
	/// Place in `scratch` of the gradients of its outputs.
	pub gradient: u32,
	/// Place in `best` of the weights, then the biases, of the best epoch.
	pub best: u32,
	/// Padding to a multiple of 16 bytes.
	pub reserved: u32,
}

/// `Conv`: geometry of a convolution. Distances are in neurons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceConv {
	/// Output steps.
	pub steps: u32,
	/// Pieces of a patch.
	pub pieces: u32,
	/// Neurons of a piece.
	pub piece_size: u32,
	/// Distance of two pieces.
	pub piece_distance: u32,
	/// First neuron of the first patch.
	pub first: u32,
	/// Distance of two patches.
	pub stride: u32,
	/// Right shift of the weight gradient of one step, bits.
	pub gradient_shift: u32,
	/// Partial sums of each weight gradient.
	pub parts: u32,
	/// Place in `scratch` of the partial sums.
	pub partial_sums: u32,
	/// Padding to a multiple of 16 bytes.
	pub reserved: [u32; 3],
}

/// `Cell`: sizes and places of a gated cell beside its layers.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceCell {
	/// Number of units.
	pub units: u32,
	/// Channels of a step.
	pub channels: u32,
	/// Steps of the window.
	pub steps: u32,
	/// Units padded to a multiple of eight.
	pub padded_units: u32,
	/// Right shift of the sums over the input channels, bits.
	pub input_shift: u32,
	/// Place in `parameters` of the biases of the input sums.
	pub input_bias: u32,
	/// Place in `scratch` of the states of each step.
	pub states: u32,
	/// Place in `scratch` of the gradients of states.
	pub state_gradients: u32,
	/// Place in `scratch` of the right shifts of the weight gradients of each step.
	pub gradient_shifts: u32,
	/// Place in `scratch` of the weight gradients.
	pub weight_gradients: u32,
	/// Partial sums of each weight gradient.
	pub parts: u32,
	/// Bits of the gradient of a state.
	pub gradient_bits: u32,
	/// Right shift of weight gradients at the largest exponent, bits.
	pub sum_shift: u32,
	/// Padding to a multiple of 16 bytes.
	pub reserved: [u32; 3],
}

/// `Candidate`: one candidate or net.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceCandidate {
	/// Key of the Philox stream that draws batches.
	pub batch_key: [u32; 3],
	/// Synthetic samples of a batch.
	pub synthetic_share: u32,
	/// Steps that the net reads.
	pub window: u32,
	/// Channels that the net reads.
	pub channels: u32,
	/// Distance of two steps of a channel, neurons.
	pub pitch: u32,
	/// Strength of the weight decay.
	pub decay: u32,
	/// Learning rate of the first step, Q16.
	pub first_rate: i32,
	/// Decrease of the learning rate per step, Q16.
	pub rate_decrement: i32,
	/// Lower bound of the learning rate, Q16.
	pub last_rate: i32,
	/// Layers before the last one.
	pub hidden_layers: u32,
	/// 1 if the net has a linear skip.
	pub has_linear_skip: u32,
	/// Place in `scratch` of the targets of the batch.
	pub targets: u32,
	/// Place in `scratch` of gradients before rescaling.
	pub unscaled: u32,
	/// Number of layers; 0 for a linear skip alone.
	pub layer_count: u32,
	/// Factor of the error sum of the published windows, two 32-bit limbs.
	pub published_factor: [u32; 2],
	/// Factor of the error sum of the synthetic windows, two 32-bit limbs.
	pub synthetic_factor: [u32; 2],
	/// Left shift of each channel from raw units to activations, bits; negative values shift right.
	pub input_shifts: [i32; MAX_CHANNELS as usize],
	/// Number of convolutions, which are the first layers.
	pub conv_count: u32,
	/// Padding that aligns `linear_skip` to 16 bytes.
	pub reserved: [u32; 3],
	/// The linear skip.
	pub linear_skip: DeviceLayer,
	/// The layers.
	pub layers: [DeviceLayer; MAX_DEPTH + 1],
	/// Geometries of the convolutions.
	pub convs: [DeviceConv; MAX_CONVS],
	/// The cell.
	pub cell: DeviceCell,
}

/// `Source`: list of the windows of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceSource {
	/// First word of the list in the buffer `values`.
	pub offset: u32,
	/// Number of windows.
	pub count: u32,
	/// 2³² modulo `count`: random words whose product with `count` has a smaller low half are rejected.
	pub surplus: u32,
	/// Padding to 16 bytes.
	pub reserved: u32,
}

/// `Arguments`: arguments of one dispatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct DispatchArguments {
	/// First step or batch.
	pub first: u32,
	/// Number of steps or batches; for scoring, of workgroups per net.
	pub count: u32,
	/// Flags of the stage `evaluate`.
	pub flags: u32,
	/// Steps of a window before the horizon.
	pub history: u32,
	/// Values that are forecast, or classes.
	pub outputs: u32,
	/// First entry of `order`.
	pub first_candidate: u32,
	/// First word, in the buffer `values`, of the steps that are forecast or of the bounds of classes.
	pub target_steps: u32,
	/// Distance in `values` of two channels of a window, words.
	pub channel_stride: u32,
	/// Published and synthetic windows to train on.
	pub training: [DeviceSource; 2],
	/// Published and synthetic windows of the early-stopping set; for scoring, the windows to score.
	pub early_stopping: [DeviceSource; 2],
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gpu::{
		plan::NetKind,
		shader::{LossKind, Shader},
	};
	use std::mem::offset_of;

	/// Size and member offsets of a WGSL struct, bytes; padding members are left out.
	fn wgsl_struct(module: &naga::Module, name: &str) -> (usize, Vec<(String, usize)>) {
		let found = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name));
		let Some((_, naga::Type { inner: naga::TypeInner::Struct { members, span }, .. })) = found else {
			panic!("no struct {name} in the shaders")
		};
		let members = members.iter().map(|member| (member.name.clone().unwrap(), member.offset as usize));
		(*span as usize, members.filter(|(name, _)| !name.starts_with("reserved")).collect())
	}

	macro_rules! assert_mirrors {
		($module:expr, $wgsl:literal, $rust:ty: $($field:ident),* $(; $padding:ident)?) => {{
			// No field is forgotten: the pattern is exhaustive.
			let pattern = |value: $rust| {
				let _ = &value;
				type Mirror = $rust;
				let Mirror { $($field: _,)* $($padding: _)? } = value;
			};
			pattern(<$rust>::zeroed());
			let (size, members) = wgsl_struct(&$module, $wgsl);
			assert_eq!(size, size_of::<$rust>(), "size of {}", $wgsl);
			let expected = [$((stringify!($field).to_string(), offset_of!($rust, $field))),*];
			assert_eq!(members, expected, "offsets of {}", $wgsl);
		}};
	}

	#[test]
	fn structs_have_the_offsets_that_naga_computes() {
		for stage in Shader::STAGES {
			for net in NetKind::ALL {
				let source = Shader { stage, net, loss: LossKind::Absolute }.source();
				let module = naga::front::wgsl::parse_str(&source).unwrap();
				assert_mirrors!(module, "Layer", DeviceLayer: inputs, outputs, input_groups, output_groups, shift, forward_weights,
					bias, backward_weights, masters, momenta, bias_masters, bias_momenta, x, gradient, best; reserved);
				assert_mirrors!(module, "Conv", DeviceConv: steps, pieces, piece_size, piece_distance, first, stride,
					gradient_shift, parts, partial_sums; reserved);
				assert_mirrors!(module, "Cell", DeviceCell: units, channels, steps, padded_units, input_shift, input_bias,
					states, state_gradients, gradient_shifts, weight_gradients, parts, gradient_bits, sum_shift; reserved);
				assert_mirrors!(module, "Candidate", DeviceCandidate: batch_key, synthetic_share, window, channels, pitch,
					decay, first_rate, rate_decrement, last_rate, hidden_layers, has_linear_skip, targets, unscaled,
					layer_count, published_factor, synthetic_factor, input_shifts, conv_count, linear_skip, layers, convs,
					cell; reserved);
				assert_mirrors!(module, "Source", DeviceSource: offset, count, surplus; reserved);
				assert_mirrors!(module, "Arguments", DispatchArguments: first, count, flags, history, outputs,
					first_candidate, target_steps, channel_stride, training, early_stopping);
			}
		}
	}
}
