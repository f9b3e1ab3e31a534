//! Multi-layer perceptrons whose training steps multiply 8-bit numbers; everything else is as in [`mlp`](super::mlp).
//!
//! Weights of a step are the masters rounded to 8 bits ([`WeightsI8`]), inputs are those of a 12-bit net rounded again, hidden
//! activations are unsigned, and gradients have seven bits. The net that is evaluated, kept and returned is the 12-bit net of the
//! masters, so a net does not depend on the width in which it was trained. The loss of quality is within the spread of seeds. The
//! gain of speed is that of the products of bytes of a processor: twice as many per cycle with AVX-512 VNNI, about one and a half
//! times as many with AVX2. Back-ends that compute them from 16-bit products are slower than in 12 bits, which
//! [`operand_bits`](crate::train::operand_bits) measures.

use super::mlp::MlpNet;
use crate::train::{candidate::Candidate, dataset::Dataset, ridge::LinearModel, trainer::TrainableNet};
use doin_kernels::{
	layout::{
		next_gradient_shift, ActivationPanelsU8, BatchTilesU8, GradientGroupsI8, LayerInputs, LayerSums, PackedWeights,
		WeightsI8, FIRST_GRADIENT_SHIFT,
	},
	ops::{
		gemm::RoundWeights,
		gemm_i8::{DenseReluU8, DenseSumsU8, GroupGradientsI8, InputGradientU8, QuantizeU8, TransposeBatchU8, WeightUpdateI8},
		lion::StepSize,
	},
};
use doin_scoring::Net;

/// A dense net in 8-bit training, with the buffers of one batch.
pub struct MlpI8Net<'a> {
	/// Masters, batches, and the evaluation of the 12-bit net.
	exact: MlpNet<'a>,
	/// 8-bit weights of each layer.
	weights: Vec<WeightsI8>,
	/// Values that each layer reads, samples in lanes.
	inputs: Vec<BatchTilesU8>,
	/// Values that each layer reads, neurons in lanes.
	panels: Vec<ActivationPanelsU8>,
	/// Gradients of the outputs of each layer, samples in lanes.
	gradients: Vec<BatchTilesU8>,
	/// Gradients of the outputs of each layer, in groups.
	groups: Vec<GradientGroupsI8>,
	/// Shifts of the gradients of hidden layers, in bits.
	shifts: Vec<u32>,
}

impl<'a> MlpI8Net<'a> {
	/// Returns the net before the first step.
	pub fn new(data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Self {
		let exact = MlpNet::new(data, candidate, skip);
		let layers = || exact.layers.iter().map(|layer| (layer.forward.inputs, layer.forward.outputs));
		let reads = |at: usize| if at == 0 { LayerInputs::Network } else { LayerInputs::Hidden };
		Self {
			weights: exact.layers.iter().enumerate().map(|(at, layer)| WeightsI8::new(layer, reads(at))).collect(),
			inputs: layers().map(|(inputs, _)| BatchTilesU8::new(inputs)).collect(),
			panels: layers().map(|(inputs, _)| ActivationPanelsU8::new(inputs)).collect(),
			gradients: layers().map(|(_, outputs)| BatchTilesU8::new(outputs)).collect(),
			groups: layers().map(|(_, outputs)| GradientGroupsI8::new(outputs)).collect(),
			shifts: vec![FIRST_GRADIENT_SHIFT; exact.layers.len() - 1],
			exact,
		}
	}
}

impl TrainableNet for MlpI8Net<'_> {
	type Weights = Vec<PackedWeights>;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { exact, weights, inputs, panels, gradients, groups, shifts } = self;
		let MlpNet { batches, decay, layers, sums, gradients: exact_gradients, groups: exact_groups, .. } = exact;
		let (backend, last, step) = (batches.backend, layers.len() - 1, StepSize { rate, decay: *decay });
		batches.load_batch_u8(number, &mut inputs[0], &mut panels[0]);
		for at in 0..last {
			let (before, after) = inputs.split_at_mut(at + 1);
			backend.run(DenseReluU8 { layer: &weights[at], x: &before[at], y: &mut after[0] });
		}
		backend.run(DenseSumsU8 { layer: &weights[last], x: &inputs[last], sums });
		let net = LayerSums { sums, shift: layers[last].forward.shift };
		batches.loss_gradient(net, &mut exact_gradients[last], &mut exact_groups[last]);
		backend.run(QuantizeU8 { shift: 0, x: &exact_gradients[last], y: &mut gradients[last] });
		backend.run(GroupGradientsI8 { x: &gradients[last], groups: &mut groups[last] });
		for at in (0..=last).rev() {
			if at > 0 {
				let activations = &inputs[at];
				backend.run(TransposeBatchU8 { x: activations, panels: &mut panels[at] });
				let (before, gradient) = gradients.split_at_mut(at);
				// The first layer propagates nothing to its inputs.
				let tiles = if at > 1 { Some(&mut before[at - 1]) } else { None };
				let (layer, gradient, groups) = (&weights[at], &gradient[0], &mut groups[at - 1]);
				let shift = &mut shifts[at - 1];
				let bits = backend.run(InputGradientU8 { layer, gradient, activations, shift: *shift, tiles, groups });
				*shift = next_gradient_shift(*shift, bits);
			}
			let (layer, weights) = (&mut layers[at], &mut weights[at]);
			backend.run(WeightUpdateI8 { layer, weights, gradient: &groups[at], inputs: &panels[at], step });
		}
	}

	fn error(&mut self) -> u128 {
		let MlpNet { batches, layers, .. } = &mut self.exact;
		layers.iter_mut().for_each(|layer| batches.backend.run(RoundWeights { layer }));
		self.exact.error()
	}

	fn weights(&self) -> Self::Weights {
		self.exact.weights()
	}

	fn copy_weights(&self, kept: &mut Self::Weights) {
		self.exact.copy_weights(kept);
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		self.exact.net(weights)
	}
}

#[cfg(test)]
mod tests {
	use super::{super::mlp::trainer, *};
	use crate::{
		fixtures::{direction, follower, seasonal, tent},
		train::candidate::{ignore_epochs, BYTE_OPERAND_BITS, OPERAND_BITS},
	};
	use doin_kernels::{layout::BATCH, Backend};
	use doin_scoring::Model;
	use std::sync::atomic::AtomicBool;

	static RUN: AtomicBool = AtomicBool::new(false);

	fn candidate() -> Candidate {
		Candidate {
			window: 6,
			width: 20,
			depth: 2,
			epochs: 40,
			decay: 0,
			seed: 4,
			bits: BYTE_OPERAND_BITS,
			linear_skip: false,
			..Candidate::default()
		}
	}

	#[test]
	fn training_in_8_bits_is_about_as_good_as_in_12() {
		for (task, synthetic) in [(tent(), 0), (follower(), 0), (direction(), 0), (seasonal(), 500)] {
			let data = Dataset::new(task, synthetic, 1).unwrap();
			for skip in [false, true] {
				// One seed is not enough: for classes beside the ridge, a net trained in 8 bits has 0.8 to 1.7 times the error of
				// its twin.
				let (mut bytes, mut twelve) = (0, 0);
				for seed in 0..6 {
					let [one, other] = [BYTE_OPERAND_BITS, OPERAND_BITS].map(|bits| {
						let candidate = Candidate { linear_skip: skip, seed, bits, ..candidate() };
						candidate.evaluate(&data, &RUN).unwrap()
					});
					assert_ne!(one.model, other.model);
					(bytes, twelve) = (bytes + one.fitness, twelve + other.fitness);
				}
				assert!(bytes * 4 < twelve * 5, "{bytes} against {twelve}");
			}
		}
	}

	#[test]
	fn the_kept_net_is_that_of_the_masters() {
		let data = Dataset::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear_model(6, 64).unwrap();
		for skip in [None, Some(&*linear)] {
			let mut net = MlpI8Net::new(&data, &candidate(), skip);
			let mut kept = net.weights();
			(0..30).for_each(|step| net.step(step, 512));
			let error = net.error();
			net.copy_weights(&mut kept);
			assert_eq!(kept, net.weights());
			for layer in &net.exact.layers {
				let mut rounded = layer.clone();
				Backend::SCALAR.run(RoundWeights { layer: &mut rounded });
				assert_eq!(&rounded, layer);
			}
			// Its error is that of the net alone.
			let model = Model::Net(net.net(&kept));
			data.task.admit(&model).unwrap();
			assert_eq!(net.exact.error(), error);
		}
	}

	#[test]
	fn beside_a_linear_skip_outputs_start_at_zero() {
		let data = Dataset::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear_model(24, 0).unwrap();
		let candidate = Candidate { window: 24, linear_skip: true, ..candidate() };
		let stopped =
			trainer(&data, &candidate, Some(&linear)).train_to_end(&RUN, &mut |_| std::ops::ControlFlow::Break(())).unwrap();
		assert_eq!(data.chunk_errors(&Model::Net(stopped)), data.chunk_errors(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn inputs_in_8_bits_are_those_of_12_bits_rounded() {
		let data = Dataset::new(seasonal(), 500, 1).unwrap();
		let mut net = MlpI8Net::new(&data, &candidate(), None);
		let (mut inputs, mut panels) = (BatchTilesU8::new(6), ActivationPanelsU8::new(6));
		for number in 0..4 {
			let batches = &mut net.exact.batches;
			batches.load_batch_u8(number, &mut inputs, &mut panels);
			let targets = batches.targets.clone();
			batches.load_batch(number);
			assert_eq!(targets, batches.targets);
			for sample in 0..BATCH {
				for neuron in 0..6 {
					let exact = (batches.inputs.get(neuron, sample) + 8) >> 4;
					assert_eq!(i16::from(inputs.get(neuron, sample)) - 128, exact.clamp(-128, 127));
					assert_eq!(inputs.get(neuron, sample), panels.get(neuron, sample));
				}
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = Dataset::new(tent(), 0, 0).unwrap();
		let train = |seed| {
			trainer(&data, &Candidate { seed, epochs: 1, ..candidate() }, None).train_to_end(&RUN, &mut ignore_epochs).unwrap()
		};
		assert_eq!(train(4), train(4));
		assert_ne!(train(4), train(5));
	}
}
