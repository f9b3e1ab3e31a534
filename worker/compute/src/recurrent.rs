//! Integer training of gated cells, LSTM and GRU, alone or beside a frozen linear path: back-propagation through all steps of a window.
//!
//! Forward passes are those of [`doin_scoring::forward`]. Gradients of gates and states are 16-bit mantissas that share one power of two
//! per step and tile of 64 windows, so they neither vanish nor overflow, however long the window is; one that would grow beyond
//! [`crate::backend::MAX_EXPONENT`] is scaled down as a whole. All weights are learnt by [`crate::lion`], and batches are those of
//! [`crate::batches`], so a net is a function of (data, genes, seed).

use crate::{
	backend::{
		gates::{sums, Kind, Shape, Trace, KINDS, OUTPUT_FRAC},
		layout::{rows_of, Block, Dense, Packed, Panels, Quads, Tiles, QUAD, ROWS, TILES},
		steps::Grid,
		Backend,
	},
	batches::{seed, uniform, Batches, Learner, Run, Training},
	data::TrainingSet,
	gpu::row,
	lion::{MASTER_FRAC, WEIGHT_FRAC},
	mlp::Start,
	population::Candidate,
	ridge::Linear,
};
use doin_scoring::{
	philox::{purpose, Stream},
	Net,
};

/// Fractional bits of the accumulators of the last layer.
const ACC_FRAC: u32 = WEIGHT_FRAC + OUTPUT_FRAC;
/// Tiles of windows that share a step of the weights: 128 windows give better nets than 64 or 256 in the same number of epochs.
const TOGETHER: usize = 2;

/// The decay of a cell is weaker by this power of two than that of a dense net with the same gene: any stronger one makes cells worse.
const EASE: u8 = 2;

/// The training of a cell of `kind`; a linear path stays as it is, and the cell learns what it leaves. The net of the epoch with the least
/// error on the inner validation windows is kept; with a linear path, that can be the path alone beside a net that says nothing.
pub fn training<'a>(
	kind: Kind,
	data: &'a TrainingSet,
	candidate: &Candidate,
	skip: Option<&'a Linear>,
) -> Box<dyn Training + 'a> {
	Box::new(Run::new(Trainer::new(kind, data, candidate, skip), data, candidate, skip.is_some()))
}

/// What [`training`] starts from, for a device that then does the same: the layers are the gates and the last one.
pub(crate) fn start(kind: Kind, data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>) -> Start {
	let mut batches = Batches::new(data, candidate, skip);
	let (shape, gates, head) = first(kind, data, candidate, &mut batches);
	// Devices have the gates unit by unit.
	let rows = (0..KINDS * shape.units).map(|output| row(&shape, output));
	let masters: Vec<i32> = rows
		.flat_map(|row| (0..shape.inputs()).map(move |input| (row, input)))
		.map(|(row, input)| gates.master(row, input))
		.collect();
	let gates = Dense::new(shape.inputs(), KINDS * shape.units, Shape::hidden_shift(), false, &masters);
	let layers = [gates, head].map(|layer| (Grid { steps: 1, channels: layer.forward.inputs }, layer));
	let mut start = Start::of(batches, candidate, Vec::new(), layers.into());
	(start.decay, start.cell) = (decay(candidate), Some(shape));
	start
}

/// The decay of a cell.
fn decay(candidate: &Candidate) -> u8 {
	candidate.decay.saturating_sub(EASE)
}

/// A cell before its first step: its shape, its gates, and the last layer.
fn first(kind: Kind, data: &TrainingSet, candidate: &Candidate, batches: &mut Batches) -> (Shape, Dense, Dense) {
	let (units, behind) = (usize::from(candidate.width), usize::from(data.task.program.outputs()));
	let mut random = Stream::new(&seed(candidate), purpose::WEIGHTS, 0);
	let shape = Shape::new(kind, units, data.channels(), candidate.window.into());
	let gates = masters(&shape, &mut random);
	let shift = batches.out_shift(ACC_FRAC);
	// Beside a linear path, a net starts by saying nothing.
	let head = match batches.skip {
		Some(_) => vec![0; units * behind],
		None => uniform(units * behind, (3 << (2 * MASTER_FRAC)) / units as u64, &mut random),
	};
	let gates = Dense::new(shape.inputs(), shape.outputs(), Shape::hidden_shift(), false, &gates);
	(shape, gates, Dense::new(units, behind, shift, false, &head))
}

/// First masters of a cell: sums of unit variance, and the bias of the gate that keeps the state so large that states are remembered at
/// first, the more so in a GRU, which forgets what it replaces.
fn masters(shape: &Shape, random: &mut Stream) -> Vec<i32> {
	let mut masters = vec![0; shape.outputs() * shape.inputs()];
	let remember = match shape.kind {
		Kind::Lstm => 1 << MASTER_FRAC,
		Kind::Gru => 7 << (MASTER_FRAC - 2),
	};
	let [from_hidden, from_input] =
		[(3 << (2 * MASTER_FRAC)) / shape.units as u64, (1 << (2 * MASTER_FRAC - 2)) / shape.channels as u64];
	for (row, masters) in masters.chunks_exact_mut(shape.inputs()).enumerate() {
		let (kind, unit) = (row / (shape.quads() * ROWS), row % (shape.quads() * ROWS));
		if unit >= shape.units {
			continue;
		}
		if shape.reads(kind, 0) {
			masters[..shape.units].copy_from_slice(&uniform(shape.units, from_hidden, random));
		}
		if shape.reads(kind, shape.hidden()) {
			masters[shape.hidden()..][..shape.channels].copy_from_slice(&uniform(shape.channels, from_input, random));
			if kind == 1 {
				masters[shape.hidden() + shape.channels] = remember;
			}
		}
	}
	masters
}

/// A net in training with the buffers of one batch.
struct Trainer<'a> {
	batches: Batches<'a>,
	decay: u8,
	shape: Shape,
	gates: Dense,
	head: Dense,
	/// Of each tile that learns, and of one that does not.
	traces: Vec<Trace>,
	trace: Trace,
	/// Last outputs of the cell.
	outputs: Tiles,
	/// The same, units in lanes.
	panels: Panels,
	/// Accumulators of the last layer.
	sums: Vec<Block>,
	/// Gradients of its outputs.
	gradient: Tiles,
	/// The same in groups of four.
	quads: Quads,
	/// Gradients of the weights of the cell.
	weigh: Vec<[Block; ROWS]>,
}

impl<'a> Trainer<'a> {
	fn new(kind: Kind, data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let mut batches = Batches::new(data, candidate, skip);
		let (shape, gates, head) = first(kind, data, candidate, &mut batches);
		let (units, behind) = (shape.units, head.forward.outputs);
		Self {
			batches,
			decay: decay(candidate),
			gates,
			head,
			traces: (0..TOGETHER).map(|_| Trace::new(&shape, true)).collect(),
			trace: Trace::new(&shape, false),
			outputs: Tiles::new(units),
			panels: Panels::new(units),
			sums: rows_of(behind),
			gradient: Tiles::new(behind),
			quads: Quads::new(behind),
			weigh: sums(&shape),
			shape,
		}
	}
}

/// Runs `tiles` tiles of `x` through a cell and its last layer, whose shift is returned; `sums` then holds the accumulators.
fn forward(
	backend: &dyn Backend,
	(shape, gates, head): (&Shape, &Packed, &Packed),
	x: &Tiles,
	trace: &mut Trace,
	outputs: &mut Tiles,
	sums: &mut [Block],
	tiles: usize,
) -> u32 {
	(0..tiles).for_each(|tile| backend.cell_forward(shape, gates, x, tile, trace, outputs));
	backend.accumulate(head, outputs, sums, tiles);
	head.shift
}

impl Learner for Trainer<'_> {
	type Weights = (Packed, Packed);

	fn step(&mut self, number: u64, rate: i32) {
		let Self { batches, decay, shape, gates, head, traces, outputs, panels, sums, gradient, quads, weigh, .. } = self;
		let backend = batches.backend;
		batches.draw(number);
		let x = &batches.inputs;
		for first in (0..TILES).step_by(TOGETHER) {
			for (at, trace) in traces.iter_mut().enumerate() {
				backend.cell_forward(shape, &gates.forward, x, first + at, trace, outputs);
			}
			backend.accumulate(&head.forward, outputs, sums, TILES);
			batches.gradient(head.forward.shift, sums, gradient, quads);
			for (at, trace) in traces.iter_mut().enumerate() {
				backend.cell_backward(shape, gates, head, x, gradient, first + at, trace, weigh);
			}
			backend.cell_update(shape, gates, weigh, rate, *decay);
			// The other tiles have no part in this step.
			let part = QUAD / TILES;
			for group in quads.blocks.chunks_exact_mut(QUAD) {
				group[..first * part].fill(Block::ZERO);
				group[(first + TOGETHER) * part..].fill(Block::ZERO);
			}
			backend.turn(outputs, panels);
			backend.update(head, quads, panels, rate, *decay);
			for (bias, master) in head.forward.bias.as_flattened_mut().iter_mut().zip(&head.bias.masters) {
				*bias = master << (ACC_FRAC - MASTER_FRAC);
			}
		}
	}

	fn error(&mut self) -> u128 {
		let Self { batches, shape, gates, head, trace, outputs, .. } = self;
		let (backend, weights) = (batches.backend, (&*shape, &gates.forward, &head.forward));
		batches.weighted_error(|x, tiles, sums| forward(backend, weights, x, trace, outputs, sums, tiles))
	}

	fn weights(&self) -> Self::Weights {
		(self.gates.forward.clone(), self.head.forward.clone())
	}

	fn keep(&self, kept: &mut Self::Weights) {
		kept.0.clone_from(&self.gates.forward);
		kept.1.clone_from(&self.head.forward);
	}

	fn net(&self, (gates, head): &Self::Weights) -> Net {
		let encoder = self.shape.kind.encoder(self.shape.cell(gates));
		self.batches.net(encoder, vec![head.layer()])
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{seasonal, tent},
		population::unwatched,
		Error, Family,
	};
	use doin_scoring::{score::score, Model, Windows};
	use std::sync::atomic::AtomicBool;

	static RUN: AtomicBool = AtomicBool::new(false);
	const KINDS: [(Family, Kind); 2] = [(Family::Lstm, Kind::Lstm), (Family::Gru, Kind::Gru)];

	fn candidate() -> Candidate {
		Candidate { window: 6, width: 10, rate: 12, epochs: 25, decay: 0, seed: 4, ..Candidate::default() }
	}

	#[test]
	fn beside_the_ridge_it_learns_what_no_linear_model_can() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let linear = data.linear(6, 0).unwrap();
		let error = |net: Net| data.fitness(&data.measure(&Model::Net(net)));
		let ridge = error(linear.net.clone());
		for (family, kind) in KINDS {
			for skip in [None, Some(&*linear)] {
				let net = error(
					training(kind, &data, &Candidate { family, ..candidate() }, skip).finish(&RUN, &mut unwatched).unwrap(),
				);
				assert!(net * 2 < ridge, "{kind:?}: net {net}, ridge {ridge}");
			}
		}
	}

	#[test]
	fn training_counts_errors_as_the_chain_does() {
		let data = TrainingSet::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear(20, 64).unwrap();
		for (family, kind) in KINDS {
			for skip in [None, Some(&*linear)] {
				let candidate = Candidate { family, window: 20, width: 9, ..candidate() };
				let mut trainer = Trainer::new(kind, &data, &candidate, skip);
				for step in 0..10 {
					trainer.step(step, 2048);
				}
				let model = Model::Net(trainer.net(&trainer.weights()));
				data.task.admit(&model).unwrap();
				for synthetic in [false, true] {
					let windows = data.inner(synthetic).map(|(history, future)| {
						let values = [history, future].concat();
						u64::from(score(&model, &data.task.program, &Windows { channels: 1, history: 24, horizon: 6, values }))
					});
					let Trainer { batches, shape, gates, head, trace, outputs, .. } = &mut trainer;
					let (backend, weights) = (batches.backend, (&*shape, &gates.forward, &head.forward));
					let counted = batches
						.inner_error(synthetic, |x, tiles, sums| forward(backend, weights, x, trace, outputs, sums, tiles));
					assert_eq!(counted, windows.sum::<u64>());
				}
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let short = Candidate { epochs: 1, ..candidate() };
		for (_, kind) in KINDS {
			let net = training(kind, &data, &short, None).finish(&RUN, &mut unwatched).unwrap();
			assert_eq!(net, training(kind, &data, &short, None).finish(&RUN, &mut unwatched).unwrap());
			assert_ne!(net, training(kind, &data, &Candidate { seed: 5, ..short }, None).finish(&RUN, &mut unwatched).unwrap());
		}
	}

	#[test]
	fn beside_a_linear_path_it_starts_by_saying_nothing() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let candidate = Candidate { window: 24, ..candidate() };
		let trainer = Trainer::new(Kind::Lstm, &data, &candidate, Some(&linear));
		let start = trainer.net(&trainer.weights());
		assert_eq!(data.measure(&Model::Net(start)), data.measure(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn it_stops_when_asked() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		assert_eq!(
			training(Kind::Lstm, &data, &candidate(), None).finish(&AtomicBool::new(true), &mut unwatched),
			Err(Error::Stopped)
		);
	}
}
