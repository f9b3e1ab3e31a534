//! Training of multi-layer perceptrons in bytes: steps multiply 8-bit numbers, and all else is as in [`crate::mlp`].
//!
//! Weights of a step are the masters rounded to 8 bits ([`ByteWeights`]), inputs those of a 12-bit net rounded again, hidden activations
//! have no sign and gradients seven bits. What is measured on the windows that stop training, kept and returned is the 12-bit net of the
//! masters: a net does not show how it was trained. The loss in quality is within the spread of seeds, the gain in speed what a processor
//! gains by a product of bytes.

use crate::{
	backend::{
		byte_layout::{next_shift, BytePanels, ByteQuads, ByteTiles, ByteWeights, FIRST_SHIFT, INPUT_FRAC},
		layout::Packed,
	},
	batches::Learner,
	data::TrainingSet,
	lion::ACT_FRAC,
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
		batches.draw(number);
		backend.to_bytes(ACT_FRAC - INPUT_FRAC, &batches.inputs, &mut inputs[0]);
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
				let (before, gradient) = gradients.split_at_mut(at);
				// Nothing is propagated from the first layer to its inputs.
				let tiles = if at > 1 { Some(&mut before[at - 1]) } else { None };
				let shift = &mut shifts[at - 1];
				let bits = backend.propagate_bytes(&weights[at], &gradient[0], &inputs[at], *shift, tiles, &mut quads[at - 1]);
				*shift = next_shift(*shift, bits);
			}
			backend.turn_bytes(&inputs[at], &mut panels[at]);
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
