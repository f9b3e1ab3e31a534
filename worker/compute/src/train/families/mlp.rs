//! Multi-layer perceptrons in 12 bits, alone or beside a frozen linear skip.
//!
//! No float, division or root in the loop: Q11.20 masters, 12-bit forward weights and activations, gradients of the absolute
//! error by sign, one power-of-two scale per batch and layer, and [Lion](doin_kernels::ops::lion). Batches and first weights come
//! from Philox, so a net is a function of (data, genes, seed).

use super::mlp_i8::MlpI8Net;
use crate::train::{
	batches::Batches,
	candidate::{Candidate, BYTE_OPERAND_BITS},
	dataset::Dataset,
	initial::{seed, InitialLayer, InitialState},
	ridge::LinearModel,
	trainer::{InitialOutputs, TrainLoop, TrainableNet, Trainer},
};
use doin_kernels::{
	layout::{
		batch_rows, ActivationPanels, BackwardWeights, BatchTiles, Block, GradientGroups, LayerSums, PackedWeights,
		TrainableLayer, TILE, TILES,
	},
	ops::{
		gemm::{DenseRelu, DenseSums, InputGradient, TransposeBatch, WeightUpdate},
		lion::{StepSize, ACC_FRAC, WEIGHT_FRAC},
	},
	Backend,
};
use doin_scoring::{
	philox::{purpose, Stream},
	Encoder, Net,
};
use doin_training::initial::he_masters;

/// Returns the training of a dense net. A linear skip stays as it is, and the net learns its residuals. The best net on the
/// early-stopping set is kept; beside a linear skip, the best may be the skip alone, with a net whose outputs are zero.
pub fn trainer<'a>(data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Box<dyn Trainer + 'a> {
	let outputs = InitialOutputs::beside(skip);
	if candidate.bits == BYTE_OPERAND_BITS {
		return Box::new(TrainLoop::new(MlpI8Net::new(data, candidate, skip), data, candidate, outputs));
	}
	Box::new(TrainLoop::new(MlpNet::new(data, candidate, skip), data, candidate, outputs))
}

/// Returns the state that [`trainer`] starts from.
pub(crate) fn initial_state(data: &Dataset, candidate: &Candidate, skip: Option<&LinearModel>) -> InitialState {
	let MlpNet { batches, layers, .. } = MlpNet::new(data, candidate, skip);
	InitialState::new(batches, candidate, Vec::new(), layers.into_iter().map(InitialLayer::dense).collect())
}

/// A dense net in training, with the buffers of one batch.
pub(crate) struct MlpNet<'a> {
	/// Source of the batches.
	pub batches: Batches<'a>,
	/// Strength of the decay.
	pub decay: u8,
	/// Hidden layers, then the last layer.
	pub layers: Vec<TrainableLayer>,
	/// Outputs of each hidden layer, samples in lanes.
	outputs: Vec<BatchTiles>,
	/// Outputs of each hidden layer, neurons in lanes.
	panels: Vec<ActivationPanels>,
	/// Accumulators of the last layer.
	pub sums: Vec<Block>,
	/// Gradients of the outputs of each layer, samples in lanes.
	pub gradients: Vec<BatchTiles>,
	/// Gradients of the outputs of each layer, in groups.
	pub groups: Vec<GradientGroups>,
	/// Buffer of gradients before their shift.
	unscaled: Vec<[Block; TILE]>,
}

impl<'a> MlpNet<'a> {
	/// Returns the net before the first step.
	pub fn new(data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Self {
		let outputs = usize::from(data.task.program.outputs());
		let mut random = Stream::new(&seed(candidate), purpose::WEIGHTS, 0);
		let mut net = Self {
			batches: Batches::new(data, candidate, skip),
			decay: candidate.decay,
			layers: Vec::new(),
			outputs: Vec::new(),
			panels: Vec::new(),
			sums: batch_rows(outputs),
			gradients: Vec::new(),
			groups: Vec::new(),
			unscaled: Vec::new(),
		};
		// Input gradients of 8-bit steps have weights of their own.
		let stored = if candidate.bits == BYTE_OPERAND_BITS { BackwardWeights::Omitted } else { BackwardWeights::Stored };
		let mut inputs = usize::from(candidate.window) * data.channels();
		for depth in 0..candidate.depth {
			let width = usize::from(candidate.width);
			let backward = if depth == 0 { BackwardWeights::Omitted } else { stored };
			let masters = he_masters(inputs, width, &mut random);
			net.layers.push(TrainableLayer::new(inputs, width, WEIGHT_FRAC, backward, &masters));
			net.outputs.push(BatchTiles::new(width));
			net.panels.push(ActivationPanels::new(width));
			net.gradients.push(BatchTiles::new(width));
			net.groups.push(GradientGroups::new(width));
			inputs = width;
		}
		net.gradients.push(BatchTiles::new(outputs));
		net.groups.push(GradientGroups::new(outputs));
		let shift = net.batches.out_shift(ACC_FRAC);
		// Beside a linear skip, outputs start at zero.
		let masters = if skip.is_some() { vec![0; inputs * outputs] } else { he_masters(inputs, outputs, &mut random) };
		net.layers.push(TrainableLayer::new(inputs, outputs, shift, stored, &masters));
		net
	}
}

/// Runs the first `tiles` tiles of `x` through `layers`, leaves the accumulators of the last layer in `sums`, and returns
/// its shift.
fn forward(
	backend: Backend,
	layers: &[TrainableLayer],
	x: &BatchTiles,
	outputs: &mut [BatchTiles],
	sums: &mut [Block],
	tiles: usize,
) -> u32 {
	let (hidden, last) = layers.split_at(layers.len() - 1);
	for (at, layer) in hidden.iter().enumerate() {
		let (before, after) = outputs.split_at_mut(at);
		backend.run(DenseRelu { layer: &layer.forward, x: before.last().unwrap_or(x), y: &mut after[0], tiles });
	}
	backend.run(DenseSums { layer: &last[0].forward, x: outputs.last().unwrap_or(x), sums, tiles });
	last[0].forward.shift
}

impl TrainableNet for MlpNet<'_> {
	type Weights = Vec<PackedWeights>;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { batches, layers, outputs, panels, sums, gradients, groups, unscaled, decay } = self;
		let (backend, last, step) = (batches.backend, layers.len() - 1, StepSize { rate, decay: *decay });
		batches.load_batch(number);
		let shift = forward(backend, layers, &batches.inputs, outputs, sums, TILES);
		batches.loss_gradient(LayerSums { sums, shift }, &mut gradients[last], &mut groups[last]);
		for at in (0..=last).rev() {
			if at > 0 {
				let activations = &outputs[at - 1];
				backend.run(TransposeBatch { x: activations, panels: &mut panels[at - 1] });
				let (before, gradient) = gradients.split_at_mut(at);
				// The first layer propagates nothing to its inputs.
				let tiles = if at > 1 { Some(&mut before[at - 1]) } else { None };
				let (layer, gradient, groups) = (&layers[at], &gradient[0], &mut groups[at - 1]);
				backend.run(InputGradient { layer, gradient, activations, unscaled, tiles, groups });
			}
			let inputs = if at > 0 { &panels[at - 1] } else { &batches.panels };
			backend.run(WeightUpdate { layer: &mut layers[at], gradient: &groups[at], inputs, step });
		}
	}

	fn error(&mut self) -> u128 {
		let (backend, layers, outputs) = (self.batches.backend, &self.layers, &mut self.outputs);
		self.batches.early_stopping_error(|x, tiles, sums| forward(backend, layers, x, outputs, sums, tiles))
	}

	fn weights(&self) -> Self::Weights {
		self.layers.iter().map(|layer| layer.forward.clone()).collect()
	}

	fn copy_weights(&self, kept: &mut Self::Weights) {
		kept.iter_mut().zip(&self.layers).for_each(|(kept, layer)| kept.clone_from(&layer.forward));
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		self.batches.net(Encoder::None, weights.iter().map(PackedWeights::layer).collect())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{seasonal, tent},
		train::{candidate::ignore_epochs, families::assert_learns_a_nonlinear_map, stopping::EpochError},
		Error, WindowSource,
	};
	use doin_kernels::{
		layout::{row_value, BATCH},
		ops::lion::{MAX_BIAS, MAX_WEIGHT},
	};
	use doin_scoring::{score::score, Model, Windows};
	use doin_training::{loss::absolute, DenseNet, Parameters, Shape};
	use std::{ops::ControlFlow, sync::atomic::AtomicBool};

	static RUN: AtomicBool = AtomicBool::new(false);

	fn candidate() -> Candidate {
		Candidate { window: 6, width: 20, depth: 1, rate: 10, epochs: 80, decay: 0, seed: 4, ..Candidate::default() }
	}

	#[test]
	fn beside_the_ridge_a_net_learns_a_nonlinear_map() {
		assert_learns_a_nonlinear_map(&candidate());
	}

	#[test]
	fn errors_are_those_of_the_chain() {
		let data = Dataset::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear_model(20, 64).unwrap();
		let candidate = Candidate { window: 20, width: 9, ..candidate() };
		for skip in [None, Some(&*linear)] {
			let mut net = MlpNet::new(&data, &candidate, skip);
			for step in 0..50 {
				net.step(step, 512);
			}
			let model = Model::Net(net.net(&net.weights()));
			data.task.admit(&model).unwrap();
			for source in WindowSource::ALL {
				let expected: u64 = data
					.early_stopping_windows(source)
					.map(|(history, future)| {
						let values = [history, future].concat();
						u64::from(score(&model, &data.task.program, &Windows { channels: 1, history: 24, horizon: 6, values }))
					})
					.sum();
				let MlpNet { batches, layers, outputs, .. } = &mut net;
				let backend = batches.backend;
				let counted = batches.source_error(source, |x, tiles, sums| forward(backend, layers, x, outputs, sums, tiles));
				assert_eq!(counted, expected);
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = Dataset::new(tent(), 0, 0).unwrap();
		let short = Candidate { epochs: 1, ..candidate() };
		let net = trainer(&data, &short, None).train_to_end(&RUN, &mut ignore_epochs).unwrap();
		assert_eq!(net, trainer(&data, &short, None).train_to_end(&RUN, &mut ignore_epochs).unwrap());
		assert_ne!(net, trainer(&data, &Candidate { seed: 5, ..short }, None).train_to_end(&RUN, &mut ignore_epochs).unwrap());
		// Pinned: a different digest means that old training runs can no longer be repeated.
		let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
		assert_eq!(digest[..8], [157, 133, 76, 213, 71, 243, 64, 133]);
	}

	#[test]
	fn steps_are_those_of_the_definition() {
		let data = Dataset::new(seasonal(), 500, 1).unwrap().with_backend(Backend::SCALAR);
		for (depth, width) in [(0, 1), (1, 9), (2, 20)] {
			let candidate = Candidate { window: 20, width, depth, synthetic_share: 100, decay: 2, ..candidate() };
			let mut net = MlpNet::new(&data, &candidate, None);
			let outputs = data.task.program.outputs();
			let shape = Shape { inputs: 20, hidden: vec![width; depth.into()], outputs };
			let parameters = |layer: &TrainableLayer| {
				let row = |output: usize| (0..layer.forward.inputs).map(move |input| layer.master(output, input));
				let masters = (0..layer.forward.outputs).flat_map(row);
				let biases = layer.bias.masters[..layer.forward.outputs].to_vec();
				[Parameters::new(masters.collect(), MAX_WEIGHT), Parameters::new(biases, MAX_BIAS)]
			};
			let out_shift = net.layers[usize::from(depth)].forward.shift as u8;
			let first = net.layers.iter().map(parameters).collect();
			let mut definition = DenseNet::resume(&shape, out_shift, first).unwrap();
			for number in 0..20 {
				let size = StepSize { rate: 700 - 9 * number as i32, decay: 2 };
				net.step(number, size.rate);
				let x = net.batches.inputs.by_sample(20, BATCH);
				let targets = &net.batches.targets;
				definition.step(
					&x,
					|outputs, gradient| {
						for (at, (gradient, sum)) in gradient.iter_mut().zip(outputs.sums).enumerate() {
							let target = row_value(targets, at % outputs.width, at / outputs.width);
							*gradient = absolute(*sum, target, outputs.shift);
						}
					},
					size,
				);
				for (layer, defined) in net.layers.iter().zip(definition.layers()) {
					let [weights, biases] = parameters(layer);
					assert_eq!(weights.masters, defined.weights().masters, "step {number}, depth {depth}");
					assert_eq!(biases.masters, defined.biases().masters, "step {number}, depth {depth}");
					assert_eq!(&layer.forward.layer(), defined.layer(), "step {number}, depth {depth}");
				}
			}
		}
	}

	#[test]
	fn beside_a_linear_skip_outputs_start_at_zero() {
		let data = Dataset::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear_model(24, 0).unwrap();
		let candidate = Candidate { window: 24, ..candidate() };
		let net = MlpNet::new(&data, &candidate, Some(&linear));
		let start = net.net(&net.weights());
		assert_eq!(data.chunk_errors(&Model::Net(start)), data.chunk_errors(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn a_watch_sees_every_epoch_and_ends_training_without_changing_it() {
		let data = Dataset::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear_model(24, 0).unwrap();
		let five = Candidate { window: 24, epochs: 5, ..candidate() };
		let mut seen = Vec::new();
		let whole = trainer(&data, &five, Some(&linear)).train_to_end(&RUN, &mut |EpochError { epoch, error }| {
			seen.push((epoch, error));
			ControlFlow::Continue(())
		});
		assert_eq!(whole, trainer(&data, &five, Some(&linear)).train_to_end(&RUN, &mut ignore_epochs));
		assert_eq!(seen.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
		let mut begun = Vec::new();
		let cut = trainer(&data, &five, Some(&linear)).train_to_end(&RUN, &mut |EpochError { epoch, error }| {
			begun.push((epoch, error));
			if epoch == 2 {
				ControlFlow::Break(())
			} else {
				ControlFlow::Continue(())
			}
		});
		assert_eq!(begun, seen[..3]);
		// The returned net is the best one seen, and its error is the reported mean.
		let model = Model::Net(cut.unwrap());
		let windows: Vec<i32> = data
			.early_stopping_windows(WindowSource::Published)
			.flat_map(|(history, future)| [history, future].concat())
			.collect();
		let windows = Windows { channels: 1, history: 24, horizon: 6, values: windows };
		let count = windows.len() as f64 * 6.0;
		let mean = f64::from(score(&model, &data.task.program, &windows)) / 16.0 / count;
		let least = begun.iter().map(|(_, error)| *error).min().unwrap();
		assert!((data.mean_error(least) - mean).abs() < 1e-9);
	}

	#[test]
	fn training_stops_on_request() {
		let data = Dataset::new(tent(), 0, 0).unwrap();
		assert_eq!(
			trainer(&data, &candidate(), None).train_to_end(&AtomicBool::new(true), &mut ignore_epochs),
			Err(Error::Stopped)
		);
	}
}
