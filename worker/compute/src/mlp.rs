//! Integer training of multi-layer perceptrons, alone or beside a frozen linear path.
//!
//! No float, division or root in the loop: Q11.20 masters, 12-bit forward weights and activations, gradients of the absolute error by
//! sign, a power-of-two rescale per batch and layer, and [`crate::lion`]. Batches and first weights come from Philox, so a net is a function of
//! (data, genes, seed).

use crate::{
	backend::{
		gates::Shape,
		layout::{rows_of, Block, Dense, Packed, Panels, Quads, Tiles, TILE, TILES},
		steps::{Grid, Taps},
		Backend,
	},
	batches::{seed, steps, uniform, Batches, Learner, Run, Training},
	data::TrainingSet,
	gpu::read_cell,
	lion::{ACC_FRAC, MASTER_FRAC, WEIGHT_FRAC},
	mlp8,
	population::{Candidate, BYTE_BITS},
	ridge::Linear,
};
use doin_scoring::{
	encoder::Conv,
	philox::{purpose, Stream},
	Encoder, Layer, Net,
};

/// The training of a net; a linear path stays as it is, and the net learns what it leaves. The net of the epoch with the least error on the
/// inner validation windows is kept; with a linear path, that can be the path alone beside a net that says nothing.
pub fn training<'a>(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Box<dyn Training + 'a> {
	if candidate.bits == BYTE_BITS {
		return Box::new(Run::new(mlp8::Trainer::new(data, candidate, skip), data, candidate, skip.is_some()));
	}
	Box::new(Run::new(Trainer::new(data, candidate, skip), data, candidate, skip.is_some()))
}

/// Everything a candidate's training starts from, for a device that then does what [`training`] or [`crate::conv::training`] does.
#[derive(Debug)]
pub(crate) struct Start {
	/// Steps of an epoch.
	pub steps: u32,
	/// Synthetic windows of a batch.
	pub share: u16,
	/// The power of two from raw units to activations, of each channel.
	pub in_shifts: Vec<i8>,
	/// Words of the key of the batches.
	pub batches: [u32; 3],
	/// The linear path.
	pub skip: Option<Layer>,
	/// The layers before the first step, and where each has the inputs of the net's layer. Convolutions are the first ones.
	pub layers: Vec<(Grid, Dense)>,
	/// Strength of the decay.
	pub decay: u8,
	/// What the convolutions read.
	convs: Vec<Taps>,
	/// The shape of a cell, whose gates are the first layer, unit by unit.
	pub cell: Option<Shape>,
	window: u16,
}

impl Start {
	/// What [`training`] starts from.
	pub fn new(data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>) -> Self {
		let Trainer { batches, layers, .. } = Trainer::new(data, candidate, skip);
		let layers = layers.into_iter().map(|layer| (Grid { steps: 1, channels: layer.forward.inputs }, layer)).collect();
		Self::of(batches, candidate, Vec::new(), layers)
	}

	/// What a candidate starts from whose batches, convolutions and layers are these.
	pub fn of(batches: Batches, candidate: &Candidate, convs: Vec<Taps>, layers: Vec<(Grid, Dense)>) -> Self {
		Self {
			steps: steps(batches.data),
			share: batches.share,
			batches: batches.key.words(),
			skip: batches.skip.cloned(),
			in_shifts: batches.in_shifts,
			layers,
			decay: candidate.decay,
			convs,
			cell: None,
			window: candidate.window,
		}
	}

	/// The net with these layers.
	pub fn net(self, mut layers: Vec<Layer>) -> Net {
		if let Some(shape) = &self.cell {
			let gates = layers.remove(0);
			let encoder = shape.kind.encoder(read_cell(shape, &gates));
			return Net { window: self.window, in_shifts: self.in_shifts, skip: self.skip, encoder, layers };
		}
		let dense = layers.split_off(self.convs.len());
		let conv = |(taps, layer): (&Taps, Layer)| Conv {
			kernel: taps.kernel as u16,
			dilation: taps.dilation as u16,
			stride: taps.stride as u16,
			layer,
		};
		let convs: Vec<Conv> = self.convs.iter().zip(layers).map(conv).collect();
		let encoder = if convs.is_empty() { Encoder::None } else { Encoder::Conv(convs) };
		Net { window: self.window, in_shifts: self.in_shifts, skip: self.skip, encoder, layers: dense }
	}
}

/// First masters of a layer, one row per output, uniform with the variance 2 / inputs that keeps the scale of activations from layer to
/// layer.
pub(crate) fn masters(inputs: usize, outputs: usize, random: &mut Stream) -> Vec<i32> {
	uniform(outputs * inputs, (6 << (2 * MASTER_FRAC)) / inputs as u64, random)
}

/// A net in training with the buffers of one batch.
pub(crate) struct Trainer<'a> {
	/// Where batches come from.
	pub batches: Batches<'a>,
	/// Strength of the decay.
	pub decay: u8,
	/// All layers.
	pub layers: Vec<Dense>,
	/// Outputs of each hidden layer for the batch.
	outputs: Vec<Tiles>,
	/// The same, neurons in lanes.
	panels: Vec<Panels>,
	/// Accumulators of the last layer.
	pub sums: Vec<Block>,
	/// Gradients of the outputs of each layer.
	pub gradients: Vec<Tiles>,
	/// The same in groups of four.
	pub quads: Vec<Quads>,
	raw: Vec<[Block; TILE]>,
}

impl<'a> Trainer<'a> {
	/// The net before the first step.
	pub fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let outputs = usize::from(data.task.program.outputs());
		let mut random = Stream::new(&seed(candidate), purpose::WEIGHTS, 0);
		let mut trainer = Self {
			batches: Batches::new(data, candidate, skip),
			decay: candidate.decay,
			layers: Vec::new(),
			outputs: Vec::new(),
			panels: Vec::new(),
			sums: rows_of(outputs),
			gradients: Vec::new(),
			quads: Vec::new(),
			raw: Vec::new(),
		};
		let mut inputs = usize::from(candidate.window) * data.channels();
		for depth in 0..candidate.depth {
			// Input gradients of steps in bytes have weights of their own.
			let (width, first) = (usize::from(candidate.width), depth == 0 || candidate.bits == BYTE_BITS);
			trainer.layers.push(Dense::new(inputs, width, WEIGHT_FRAC, first, &masters(inputs, width, &mut random)));
			trainer.outputs.push(Tiles::new(width));
			trainer.panels.push(Panels::new(width));
			trainer.gradients.push(Tiles::new(width));
			trainer.quads.push(Quads::new(width));
			inputs = usize::from(candidate.width);
		}
		trainer.gradients.push(Tiles::new(outputs));
		trainer.quads.push(Quads::new(outputs));
		let shift = trainer.batches.out_shift(ACC_FRAC);
		// Beside a linear path, a net starts by saying nothing.
		let masters = if skip.is_some() { vec![0; inputs * outputs] } else { masters(inputs, outputs, &mut random) };
		trainer.layers.push(Dense::new(inputs, outputs, shift, candidate.bits == BYTE_BITS, &masters));
		trainer
	}
}

/// Runs `tiles` tiles of `x` through `layers`; `sums` then holds the accumulators of the last one, whose shift is returned.
fn forward(backend: &dyn Backend, layers: &[Dense], x: &Tiles, outputs: &mut [Tiles], sums: &mut [Block], tiles: usize) -> u32 {
	let (hidden, last) = layers.split_at(layers.len() - 1);
	for (at, layer) in hidden.iter().enumerate() {
		let (before, after) = outputs.split_at_mut(at);
		backend.activate(&layer.forward, before.last().unwrap_or(x), &mut after[0], tiles);
	}
	backend.accumulate(&last[0].forward, outputs.last().unwrap_or(x), sums, tiles);
	last[0].forward.shift
}

impl Learner for Trainer<'_> {
	type Weights = Vec<Packed>;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { batches, layers, outputs, panels, sums, gradients, quads, raw, decay } = self;
		let (backend, last) = (batches.backend, layers.len() - 1);
		batches.draw(number);
		let shift = forward(backend, layers, &batches.inputs, outputs, sums, TILES);
		batches.gradient(shift, sums, &mut gradients[last], &mut quads[last]);
		for at in (0..=last).rev() {
			if at > 0 {
				let x = &outputs[at - 1];
				backend.turn(x, &mut panels[at - 1]);
				let (before, gradient) = gradients.split_at_mut(at);
				// Nothing is propagated from the first layer to its inputs.
				let tiles = if at > 1 { Some(&mut before[at - 1]) } else { None };
				backend.propagate(&layers[at], &gradient[0], x, raw, tiles, &mut quads[at - 1]);
			}
			let panels = if at > 0 { &panels[at - 1] } else { &batches.panels };
			backend.update(&mut layers[at], &quads[at], panels, rate, *decay);
		}
	}

	fn error(&mut self) -> u128 {
		let (backend, layers, outputs) = (self.batches.backend, &self.layers, &mut self.outputs);
		self.batches.weighted_error(|x, tiles, sums| forward(backend, layers, x, outputs, sums, tiles))
	}

	fn weights(&self) -> Self::Weights {
		self.layers.iter().map(|layer| layer.forward.clone()).collect()
	}

	fn keep(&self, kept: &mut Self::Weights) {
		kept.iter_mut().zip(&self.layers).for_each(|(kept, layer)| kept.clone_from(&layer.forward));
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		self.batches.net(Encoder::None, weights.iter().map(Packed::layer).collect())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{seasonal, tent},
		population::unwatched,
		Error,
	};
	use doin_scoring::{score::score, Model, Windows};
	use std::{ops::ControlFlow, sync::atomic::AtomicBool};

	static RUN: AtomicBool = AtomicBool::new(false);

	fn candidate() -> Candidate {
		Candidate { window: 6, width: 20, depth: 1, rate: 10, epochs: 80, decay: 0, seed: 4, ..Candidate::default() }
	}

	#[test]
	fn beside_the_ridge_it_learns_what_no_linear_model_can() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let linear = data.linear(6, 0).unwrap();
		let error = |net: Net| data.fitness(&data.measure(&Model::Net(net)));
		let (ridge, net) = (
			error(linear.net.clone()),
			error(training(&data, &candidate(), Some(&linear)).finish(&RUN, &mut unwatched).unwrap()),
		);
		assert!(net * 2 < ridge, "net {net}, ridge {ridge}");
		let alone = error(training(&data, &candidate(), None).finish(&RUN, &mut unwatched).unwrap());
		assert!(alone * 2 < ridge, "alone {alone}, ridge {ridge}");
	}

	#[test]
	fn training_counts_errors_as_the_chain_does() {
		let data = TrainingSet::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear(20, 64).unwrap();
		let candidate = Candidate { window: 20, width: 9, ..candidate() };
		for skip in [None, Some(&*linear)] {
			let mut trainer = Trainer::new(&data, &candidate, skip);
			for step in 0..50 {
				trainer.step(step, 512);
			}
			let model = Model::Net(trainer.net(&trainer.weights()));
			data.task.admit(&model).unwrap();
			for synthetic in [false, true] {
				let expected: u64 = data
					.inner(synthetic)
					.map(|(history, future)| {
						let values = [history, future].concat();
						u64::from(score(&model, &data.task.program, &Windows { channels: 1, history: 24, horizon: 6, values }))
					})
					.sum();
				let Trainer { batches, layers, outputs, .. } = &mut trainer;
				let backend = batches.backend;
				let counted = batches.inner_error(synthetic, |x, tiles, sums| forward(backend, layers, x, outputs, sums, tiles));
				assert_eq!(counted, expected);
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let short = Candidate { epochs: 1, ..candidate() };
		let net = training(&data, &short, None).finish(&RUN, &mut unwatched).unwrap();
		assert_eq!(net, training(&data, &short, None).finish(&RUN, &mut unwatched).unwrap());
		assert_ne!(net, training(&data, &Candidate { seed: 5, ..short }, None).finish(&RUN, &mut unwatched).unwrap());
		// Pinned: another number here means that old training runs can no longer be repeated.
		let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
		assert_eq!(digest[..8], [157, 133, 76, 213, 71, 243, 64, 133]);
	}

	#[test]
	fn beside_a_linear_path_it_starts_by_saying_nothing() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let candidate = Candidate { window: 24, ..candidate() };
		let trainer = Trainer::new(&data, &candidate, Some(&linear));
		let start = trainer.net(&trainer.weights());
		assert_eq!(data.measure(&Model::Net(start)), data.measure(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn a_watch_sees_every_epoch_and_ends_it_without_changing_it() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let five = Candidate { window: 24, epochs: 5, ..candidate() };
		let mut seen = Vec::new();
		let whole = training(&data, &five, Some(&linear)).finish(&RUN, &mut |epoch, error| {
			seen.push((epoch, error));
			ControlFlow::Continue(())
		});
		assert_eq!(whole, training(&data, &five, Some(&linear)).finish(&RUN, &mut unwatched));
		assert_eq!(seen.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
		let mut begun = Vec::new();
		let cut = training(&data, &five, Some(&linear)).finish(&RUN, &mut |epoch, error| {
			begun.push((epoch, error));
			if epoch == 2 {
				ControlFlow::Break(())
			} else {
				ControlFlow::Continue(())
			}
		});
		assert_eq!(begun, seen[..3]);
		// What comes back is the best of what was seen, and its error is the mean that people are shown.
		let model = Model::Net(cut.unwrap());
		let windows: Vec<i32> = data.inner(false).flat_map(|(history, future)| [history, future].concat()).collect();
		let windows = Windows { channels: 1, history: 24, horizon: 6, values: windows };
		let count = windows.len() as f64 * 6.0;
		let mean = f64::from(score(&model, &data.task.program, &windows)) / 16.0 / count;
		let least = begun.iter().map(|(_, error)| *error).min().unwrap();
		assert!((data.mean_error(least) - mean).abs() < 1e-9);
	}

	#[test]
	fn it_stops_when_asked() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		assert_eq!(training(&data, &candidate(), None).finish(&AtomicBool::new(true), &mut unwatched), Err(Error::Stopped));
	}
}
