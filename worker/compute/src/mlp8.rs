//! Training of multi-layer perceptrons in bytes: steps multiply 8-bit numbers, and all else is as in [`crate::mlp`].
//!
//! Weights of a step are the masters rounded to 8 bits ([`ByteWeights`]), inputs those of a 12-bit net rounded again, hidden activations
//! have no sign and gradients seven bits. What is measured on the windows that stop training, kept and returned is the 12-bit net of the
//! masters: a net does not show how it was trained. The loss in quality is within the spread of seeds. The gain in speed is what a processor
//! gains by a product of bytes: with AVX-512 VNNI, twice as many a cycle; back-ends that make it of 16-bit products are slower than in 12
//! bits.

use crate::{
	backend::{
		byte_layout::{next_shift, BytePanels, ByteQuads, ByteTiles, ByteWeights, FIRST_SHIFT},
		layout::Packed,
	},
	batches::Learner,
	data::TrainingSet,
	mlp,
	population::Candidate,
	ridge::Linear,
};
use doin_scoring::Net;

/// A net in training with the buffers of one batch.
pub struct Trainer<'a> {
	/// Masters, batches, and everything that measures the net of the masters.
	exact: mlp::Trainer<'a>,
	weights: Vec<ByteWeights>,
	/// What each layer reads.
	inputs: Vec<ByteTiles>,
	/// The same, neurons in lanes.
	panels: Vec<BytePanels>,
	/// Gradients of the outputs of each layer.
	gradients: Vec<ByteTiles>,
	/// The same in groups of four.
	quads: Vec<ByteQuads>,
	/// Shifts of the gradients of hidden layers.
	shifts: Vec<u32>,
}

impl<'a> Trainer<'a> {
	/// The net before the first step.
	pub fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let exact = mlp::Trainer::new(data, candidate, skip);
		let layers = || exact.layers.iter().map(|layer| (layer.forward.inputs, layer.forward.outputs));
		Self {
			weights: exact.layers.iter().enumerate().map(|(at, layer)| ByteWeights::new(layer, at == 0)).collect(),
			inputs: layers().map(|(inputs, _)| ByteTiles::new(inputs)).collect(),
			panels: layers().map(|(inputs, _)| BytePanels::new(inputs)).collect(),
			gradients: layers().map(|(_, outputs)| ByteTiles::new(outputs)).collect(),
			quads: layers().map(|(_, outputs)| ByteQuads::new(outputs)).collect(),
			shifts: vec![FIRST_SHIFT; exact.layers.len() - 1],
			exact,
		}
	}
}

impl Learner for Trainer<'_> {
	type Weights = Vec<Packed>;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { exact, weights, inputs, panels, gradients, quads, shifts } = self;
		let mlp::Trainer { batches, decay, layers, sums, gradients: signs, quads: sign_quads, .. } = exact;
		let (backend, last) = (batches.backend, layers.len() - 1);
		batches.draw_bytes(number, &mut inputs[0], &mut panels[0]);
		for at in 0..last {
			let (before, after) = inputs.split_at_mut(at + 1);
			backend.activate_bytes(&weights[at], &before[at], &mut after[0]);
		}
		backend.accumulate_bytes(&weights[last], &inputs[last], sums);
		batches.gradient(layers[last].forward.shift, sums, &mut signs[last], &mut sign_quads[last]);
		backend.to_bytes(0, &signs[last], &mut gradients[last]);
		backend.byte_quads(&gradients[last], &mut quads[last]);
		for at in (0..=last).rev() {
			if at > 0 {
				backend.turn_bytes(&inputs[at], &mut panels[at]);
				let (before, gradient) = gradients.split_at_mut(at);
				// Nothing is propagated from the first layer to its inputs.
				let tiles = if at > 1 { Some(&mut before[at - 1]) } else { None };
				let shift = &mut shifts[at - 1];
				let bits = backend.propagate_bytes(&weights[at], &gradient[0], &inputs[at], *shift, tiles, &mut quads[at - 1]);
				*shift = next_shift(*shift, bits);
			}
			backend.update_bytes(&mut layers[at], &mut weights[at], &quads[at], &panels[at], rate, *decay);
		}
	}

	fn error(&mut self) -> u128 {
		let mlp::Trainer { batches, layers, .. } = &mut self.exact;
		layers.iter_mut().for_each(|layer| batches.backend.round(layer));
		self.exact.error()
	}

	fn weights(&self) -> Self::Weights {
		self.exact.weights()
	}

	fn keep(&self, kept: &mut Self::Weights) {
		self.exact.keep(kept);
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		self.exact.net(weights)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		backend::{layout::BATCH, scalar::Scalar, Backend},
		fixtures::{direction, follower, seasonal, tent},
		population::{unwatched, BITS, BYTE_BITS},
	};
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
			bits: BYTE_BITS,
			skip: false,
			..Candidate::default()
		}
	}

	#[test]
	fn bytes_learn_about_as_much_as_twelve_bits() {
		for (task, synthetic) in [(tent(), 0), (follower(), 0), (direction(), 0), (seasonal(), 500)] {
			let data = TrainingSet::new(task, synthetic, 1).unwrap();
			for skip in [false, true] {
				// One seed alone says little: of classes beside the ridge, a net in bytes has 0.8 to 1.7 times the error of its twin.
				let (mut bytes, mut twelve) = (0, 0);
				for seed in 0..6 {
					let [one, other] = [BYTE_BITS, BITS].map(|bits| {
						let candidate = Candidate { skip, seed, bits, ..candidate() };
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
	fn what_is_kept_is_the_net_of_the_masters() {
		let data = TrainingSet::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear(6, 64).unwrap();
		for skip in [None, Some(&*linear)] {
			let mut trainer = Trainer::new(&data, &candidate(), skip);
			let mut kept = trainer.weights();
			(0..30).for_each(|step| trainer.step(step, 512));
			let error = trainer.error();
			trainer.keep(&mut kept);
			assert_eq!(kept, trainer.weights());
			for layer in &trainer.exact.layers {
				let mut rounded = layer.clone();
				Backend::round(&Scalar, &mut rounded);
				assert_eq!(&rounded, layer);
			}
			// Its error is that of the net on its own.
			let model = Model::Net(trainer.net(&kept));
			data.task.admit(&model).unwrap();
			assert_eq!(trainer.exact.error(), error);
		}
	}

	#[test]
	fn beside_a_linear_path_it_starts_by_saying_nothing() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let candidate = Candidate { window: 24, skip: true, ..candidate() };
		let stopped =
			mlp::training(&data, &candidate, Some(&linear)).finish(&RUN, &mut |_, _| std::ops::ControlFlow::Break(())).unwrap();
		assert_eq!(data.measure(&Model::Net(stopped)), data.measure(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn inputs_in_bytes_are_those_of_twelve_bits_rounded() {
		let data = TrainingSet::new(seasonal(), 500, 1).unwrap();
		let mut trainer = Trainer::new(&data, &candidate(), None);
		let (mut inputs, mut panels) = (ByteTiles::new(6), BytePanels::new(6));
		for number in 0..4 {
			let batches = &mut trainer.exact.batches;
			batches.draw_bytes(number, &mut inputs, &mut panels);
			let targets = batches.targets.clone();
			batches.draw(number);
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
	fn it_is_a_function_of_data_genes_and_seed() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let train = |seed| {
			mlp::training(&data, &Candidate { seed, epochs: 1, ..candidate() }, None).finish(&RUN, &mut unwatched).unwrap()
		};
		assert_eq!(train(4), train(4));
		assert_ne!(train(4), train(5));
	}
}
