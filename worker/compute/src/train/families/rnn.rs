//! Recurrent cells, LSTM and GRU, in integers, alone or beside a frozen linear skip: back-propagation through all steps of
//! a window.
//!
//! Forward passes are those of [`doin_scoring::forward`]. Gradients of gates and states are 16-bit mantissas that share one power
//! of two per step and tile of 64 windows, so they neither vanish nor overflow, however long the window is; a gradient that would
//! exceed [`MAX_EXPONENT`](doin_kernels::ops::rnn::MAX_EXPONENT) is scaled down together with all gradients of its tile. All
//! weights are trained by [Lion](doin_kernels::ops::lion), and batches are those of [`Batches`], so a net is a function of (data,
//! genes, seed).

use crate::{
	gpu::row,
	train::{
		batches::Batches,
		candidate::Candidate,
		dataset::Dataset,
		initial::{seed, InitialLayer, InitialState},
		ridge::LinearModel,
		trainer::{InitialOutputs, TrainLoop, TrainableNet, Trainer},
	},
};
use doin_kernels::{
	layout::{
		batch_rows, ActivationPanels, BackwardWeights, BatchTiles, Block, CellKind, CellShape, GradientGroups, LayerSums,
		PackedWeights, RnnTape, TrainableLayer, GATES, GROUP_BLOCKS, OUTPUT_FRAC, ROWS, TILES,
	},
	ops::{
		gemm::{DenseSums, TransposeBatch, WeightUpdate},
		lion::{StepSize, MASTER_FRAC, WEIGHT_FRAC},
		rnn::{CellBackward, CellForward, CellUpdate},
	},
	Backend,
};
use doin_scoring::{
	philox::{purpose, Stream},
	Net,
};
use doin_training::initial::uniform;

/// Fractional bits of the accumulators of the last layer.
const ACC_FRAC: u32 = WEIGHT_FRAC + OUTPUT_FRAC;
/// Tiles of windows per step of the weights: 128 windows give better nets than 64 or 256 in an equal number of epochs.
const TILES_PER_STEP: usize = 2;
/// Powers of two by which the decay of a cell is weaker than that of a dense net with the same gene: any stronger decay makes
/// cells worse.
const DECAY_EASE: u8 = 2;

/// Returns the training of a cell of kind `kind`; see [`mlp::trainer`](super::mlp::trainer).
pub fn trainer<'a>(
	kind: CellKind,
	data: &'a Dataset,
	candidate: &Candidate,
	skip: Option<&'a LinearModel>,
) -> Box<dyn Trainer + 'a> {
	let outputs = InitialOutputs::beside(skip);
	Box::new(TrainLoop::new(RnnNet::new(kind, data, candidate, skip), data, candidate, outputs))
}

/// Returns the state that [`trainer`] starts from, for a device: the layers are the gates, unit by unit, and the last layer.
pub(crate) fn initial_state(kind: CellKind, data: &Dataset, candidate: &Candidate, skip: Option<&LinearModel>) -> InitialState {
	let mut batches = Batches::new(data, candidate, skip);
	let InitialCell { shape, gates, head } = InitialCell::new(kind, data, candidate, &mut batches);
	let rows = (0..GATES * shape.units).map(|output| row(&shape, output));
	let masters: Vec<i32> = rows
		.flat_map(|row| (0..shape.inputs()).map(move |input| (row, input)))
		.map(|(row, input)| gates.master(row, input))
		.collect();
	let (inputs, outputs, shift) = (shape.inputs(), GATES * shape.units, CellShape::hidden_shift());
	let gates = TrainableLayer::new(inputs, outputs, shift, BackwardWeights::Stored, &masters);
	let mut state = InitialState::new(batches, candidate, Vec::new(), [gates, head].map(InitialLayer::dense).into());
	(state.decay, state.cell) = (decay(candidate), Some(shape));
	state
}

/// Returns the strength of the decay of a cell.
fn decay(candidate: &Candidate) -> u8 {
	candidate.decay.saturating_sub(DECAY_EASE)
}

/// A cell before its first step.
struct InitialCell {
	shape: CellShape,
	gates: TrainableLayer,
	/// The last layer.
	head: TrainableLayer,
}

impl InitialCell {
	fn new(kind: CellKind, data: &Dataset, candidate: &Candidate, batches: &mut Batches) -> Self {
		let (units, behind) = (usize::from(candidate.width), usize::from(data.task.program.outputs()));
		let mut random = Stream::new(&seed(candidate), purpose::WEIGHTS, 0);
		let shape = CellShape::new(kind, units, data.channels(), candidate.window.into());
		let gates = masters(&shape, &mut random);
		let shift = batches.out_shift(ACC_FRAC);
		// Beside a linear skip, outputs start at zero.
		let head = match batches.skip {
			Some(_) => vec![0; units * behind],
			None => uniform(units * behind, (3 << (2 * MASTER_FRAC)) / units as u64, &mut random),
		};
		let (inputs, outputs, stored) = (shape.inputs(), shape.outputs(), BackwardWeights::Stored);
		let gates = TrainableLayer::new(inputs, outputs, CellShape::hidden_shift(), stored, &gates);
		Self { shape, gates, head: TrainableLayer::new(units, behind, shift, stored, &head) }
	}
}

/// Draws the first masters of a cell: sums of unit variance, and a bias of the forget (LSTM) or update (GRU) gate that makes the
/// cell keep its state at first (Jozefowicz et al., "An empirical exploration of recurrent network architectures", 2015). The
/// bias of a GRU is larger, because a GRU forgets as much as it replaces.
fn masters(shape: &CellShape, random: &mut Stream) -> Vec<i32> {
	let mut masters = vec![0; shape.outputs() * shape.inputs()];
	let keep_bias = match shape.kind {
		CellKind::Lstm => 1 << MASTER_FRAC,
		CellKind::Gru => 7 << (MASTER_FRAC - 2),
	};
	let from_hidden = (3 << (2 * MASTER_FRAC)) / shape.units as u64;
	let from_input = (1 << (2 * MASTER_FRAC - 2)) / shape.channels as u64;
	for (row, masters) in masters.chunks_exact_mut(shape.inputs()).enumerate() {
		let (gate, unit) = (row / (shape.unit_groups() * ROWS), row % (shape.unit_groups() * ROWS));
		if unit >= shape.units {
			continue;
		}
		if shape.reads(gate, 0) {
			masters[..shape.units].copy_from_slice(&uniform(shape.units, from_hidden, random));
		}
		if shape.reads(gate, shape.hidden()) {
			masters[shape.hidden()..][..shape.channels].copy_from_slice(&uniform(shape.channels, from_input, random));
			if gate == 1 {
				masters[shape.hidden() + shape.channels] = keep_bias;
			}
		}
	}
	masters
}

/// A cell in training, with the buffers of one batch.
struct RnnNet<'a> {
	batches: Batches<'a>,
	/// Strength of the decay.
	decay: u8,
	shape: CellShape,
	gates: TrainableLayer,
	/// The last layer.
	head: TrainableLayer,
	/// Tapes of the tiles of a step.
	tapes: Vec<RnnTape>,
	/// Tape of evaluations.
	inference_tape: RnnTape,
	/// Last outputs of the cell, samples in lanes.
	outputs: BatchTiles,
	/// Last outputs of the cell, units in lanes.
	panels: ActivationPanels,
	/// Accumulators of the last layer.
	sums: Vec<Block>,
	/// Gradients of the outputs of the last layer, samples in lanes.
	gradient: BatchTiles,
	/// Gradients of the outputs of the last layer, in groups.
	groups: GradientGroups,
	/// Gradients of the weights of the cell.
	gradient_sums: Vec<[Block; ROWS]>,
}

impl<'a> RnnNet<'a> {
	fn new(kind: CellKind, data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Self {
		let mut batches = Batches::new(data, candidate, skip);
		let InitialCell { shape, gates, head } = InitialCell::new(kind, data, candidate, &mut batches);
		let (units, behind) = (shape.units, head.forward.outputs);
		Self {
			batches,
			decay: decay(candidate),
			gates,
			head,
			tapes: (0..TILES_PER_STEP).map(|_| RnnTape::training(&shape)).collect(),
			inference_tape: RnnTape::inference(&shape),
			outputs: BatchTiles::new(units),
			panels: ActivationPanels::new(units),
			sums: batch_rows(behind),
			gradient: BatchTiles::new(behind),
			groups: GradientGroups::new(behind),
			gradient_sums: shape.gradient_sums(),
			shape,
		}
	}
}

/// Weights of a cell and of the layer that reads its last outputs, for forward passes.
#[derive(Clone, Copy)]
struct CellWeights<'a> {
	shape: &'a CellShape,
	gates: &'a PackedWeights,
	head: &'a PackedWeights,
}

impl CellWeights<'_> {
	/// Runs the first `tiles` tiles of `x` through the cell and its last layer, leaves the accumulators in `sums`, and returns
	/// their shift.
	fn forward(
		self,
		backend: Backend,
		x: &BatchTiles,
		tape: &mut RnnTape,
		outputs: &mut BatchTiles,
		sums: &mut [Block],
		tiles: usize,
	) -> u32 {
		let Self { shape, gates, head } = self;
		(0..tiles).for_each(|tile| backend.run(CellForward { shape, gates, x, tile, tape, h: outputs }));
		backend.run(DenseSums { layer: head, x: outputs, sums, tiles });
		head.shift
	}
}

/// Copies of the weights of a cell and of its last layer.
struct RnnWeights {
	gates: PackedWeights,
	head: PackedWeights,
}

impl TrainableNet for RnnNet<'_> {
	type Weights = RnnWeights;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { batches, decay, shape, gates, head, tapes, outputs, panels, sums, gradient, groups, gradient_sums, .. } = self;
		let (backend, shape, step) = (batches.backend, &*shape, StepSize { rate, decay: *decay });
		batches.load_batch(number);
		let x = &batches.inputs;
		for first in (0..TILES).step_by(TILES_PER_STEP) {
			for (at, tape) in tapes.iter_mut().enumerate() {
				backend.run(CellForward { shape, gates: &gates.forward, x, tile: first + at, tape, h: outputs });
			}
			backend.run(DenseSums { layer: &head.forward, x: outputs, sums, tiles: TILES });
			batches.loss_gradient(LayerSums { sums, shift: head.forward.shift }, gradient, groups);
			for (at, tape) in tapes.iter_mut().enumerate() {
				let (gates, head, gradient, sums) = (&*gates, &*head, &*gradient, &mut *gradient_sums);
				backend.run(CellBackward { shape, gates, head, x, gradient, tile: first + at, tape, sums });
			}
			backend.run(CellUpdate { shape, gates, sums: gradient_sums, step });
			// The other tiles have no part in this step.
			let part = GROUP_BLOCKS / TILES;
			for group in groups.blocks.chunks_exact_mut(GROUP_BLOCKS) {
				group[..first * part].fill(Block::ZERO);
				group[(first + TILES_PER_STEP) * part..].fill(Block::ZERO);
			}
			backend.run(TransposeBatch { x: outputs, panels });
			backend.run(WeightUpdate { layer: head, gradient: groups, inputs: panels, step });
			for (bias, master) in head.forward.bias.as_flattened_mut().iter_mut().zip(&head.bias.masters) {
				*bias = master << (ACC_FRAC - MASTER_FRAC);
			}
		}
	}

	fn error(&mut self) -> u128 {
		let Self { batches, shape, gates, head, inference_tape: tape, outputs, .. } = self;
		let (backend, weights) = (batches.backend, CellWeights { shape, gates: &gates.forward, head: &head.forward });
		batches.early_stopping_error(|x, tiles, sums| weights.forward(backend, x, tape, outputs, sums, tiles))
	}

	fn weights(&self) -> Self::Weights {
		RnnWeights { gates: self.gates.forward.clone(), head: self.head.forward.clone() }
	}

	fn copy_weights(&self, kept: &mut Self::Weights) {
		kept.gates.clone_from(&self.gates.forward);
		kept.head.clone_from(&self.head.forward);
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		let encoder = self.shape.kind.encoder(self.shape.cell(&weights.gates));
		self.batches.net(encoder, vec![weights.head.layer()])
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{seasonal, tent},
		train::{candidate::ignore_epochs, families::assert_learns_a_nonlinear_map},
		Error, Family, WindowSource,
	};
	use doin_scoring::{score::score, Model, Windows};
	use std::sync::atomic::AtomicBool;

	static RUN: AtomicBool = AtomicBool::new(false);
	const KINDS: [(Family, CellKind); 2] = [(Family::Lstm, CellKind::Lstm), (Family::Gru, CellKind::Gru)];

	fn candidate() -> Candidate {
		Candidate { window: 6, width: 10, rate: 12, epochs: 25, decay: 0, seed: 4, ..Candidate::default() }
	}

	#[test]
	fn beside_the_ridge_a_net_learns_a_nonlinear_map() {
		for (family, _) in KINDS {
			assert_learns_a_nonlinear_map(&Candidate { family, ..candidate() });
		}
	}

	#[test]
	fn errors_are_those_of_the_chain() {
		let data = Dataset::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear_model(20, 64).unwrap();
		for (family, kind) in KINDS {
			for skip in [None, Some(&*linear)] {
				let candidate = Candidate { family, window: 20, width: 9, ..candidate() };
				let mut net = RnnNet::new(kind, &data, &candidate, skip);
				for step in 0..10 {
					net.step(step, 2048);
				}
				let model = Model::Net(net.net(&net.weights()));
				data.task.admit(&model).unwrap();
				for source in WindowSource::ALL {
					let windows = data.early_stopping_windows(source).map(|(history, future)| {
						let values = [history, future].concat();
						u64::from(score(&model, &data.task.program, &Windows { channels: 1, history: 24, horizon: 6, values }))
					});
					let RnnNet { batches, shape, gates, head, inference_tape: tape, outputs, .. } = &mut net;
					let weights = CellWeights { shape, gates: &gates.forward, head: &head.forward };
					let backend = batches.backend;
					let counted =
						batches.source_error(source, |x, tiles, sums| weights.forward(backend, x, tape, outputs, sums, tiles));
					assert_eq!(counted, windows.sum::<u64>());
				}
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = Dataset::new(tent(), 0, 0).unwrap();
		let short = Candidate { epochs: 1, ..candidate() };
		for (_, kind) in KINDS {
			let net = trainer(kind, &data, &short, None).train_to_end(&RUN, &mut ignore_epochs).unwrap();
			assert_eq!(net, trainer(kind, &data, &short, None).train_to_end(&RUN, &mut ignore_epochs).unwrap());
			assert_ne!(
				net,
				trainer(kind, &data, &Candidate { seed: 5, ..short }, None).train_to_end(&RUN, &mut ignore_epochs).unwrap()
			);
		}
	}

	#[test]
	fn beside_a_linear_skip_outputs_start_at_zero() {
		let data = Dataset::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear_model(24, 0).unwrap();
		let candidate = Candidate { window: 24, ..candidate() };
		let net = RnnNet::new(CellKind::Lstm, &data, &candidate, Some(&linear));
		let start = net.net(&net.weights());
		assert_eq!(data.chunk_errors(&Model::Net(start)), data.chunk_errors(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn training_stops_on_request() {
		let data = Dataset::new(tent(), 0, 0).unwrap();
		assert_eq!(
			trainer(CellKind::Lstm, &data, &candidate(), None).train_to_end(&AtomicBool::new(true), &mut ignore_epochs),
			Err(Error::Stopped)
		);
	}
}
