//! Integer training of causal convolutions and the layer behind them, alone or beside a frozen linear path.
//!
//! Numbers, batches, rates and the choice of the best epoch are those of [`crate::mlp`]. A convolution shares its weights among steps, so
//! their gradients are sums over steps and batch; gradients of activations keep their 11 bits, and what each step adds is shifted right by
//! ⌈log₂ steps⌉ bits with rounding. With 256 windows of 11-bit gradients and activations a step adds less than 2³⁰, so the whole sum stays
//! below 2³⁰ plus half a unit per step, which is what [`crate::lion`] takes.

use crate::{
	backend::{
		layout::{Block, Dense, Packed, Panels, Quads, Tiles, BATCH, ROWS, TILES},
		steps::{Grid, Taps},
	},
	data::TrainingSet,
	lion::{Schedule, WEIGHT_FRAC},
	mlp::{self, masters},
	population::{Candidate, Cost, MAX_KERNEL},
	ridge::Linear,
	Error,
};
use doin_scoring::{
	encoder::{Conv, COPY_MACS, REQUANTISE_MACS},
	philox::{purpose, Stream},
	Encoder, Net,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// The convolutions of a candidate, in order: each reads the channels of the one before, the first one the window. `None` where a kernel
/// does not fit.
pub fn taps(candidate: &Candidate) -> Option<Vec<Taps>> {
	let mut input = Grid { steps: candidate.window.into(), channels: 1 };
	let mut all = Vec::new();
	for depth in 0..candidate.depth {
		let dilation = if candidate.dilate { 1u16.checked_shl(depth.into())? } else { 1 };
		let taps = Taps::new(input, candidate.kernel.into(), dilation, candidate.stride.into())?;
		input = Grid { steps: taps.outputs, channels: candidate.width.into() };
		all.push(taps);
	}
	Some(all)
}

/// What the net of a candidate costs without its linear path. Refuses, by the name of a gene, what has no shape that fits the window.
pub(crate) fn cost(candidate: &Candidate, horizon: u16) -> Result<Cost, Error> {
	let refused = |name: &str, value: i64, hi: i64| Err(Error::Gene { name: name.into(), value, lo: 1, hi });
	for (name, value) in [("kernel", candidate.kernel), ("stride", candidate.stride)] {
		if !(1..=MAX_KERNEL).contains(&value) {
			return refused(name, value.into(), MAX_KERNEL.into());
		}
	}
	let Some(all) = taps(candidate) else {
		// A kernel of one step always fits.
		let fits = |kernel: &u8| taps(&Candidate { kernel: *kernel, ..*candidate }).is_some();
		let most = (1..candidate.kernel).rev().find(fits).unwrap_or(1);
		return refused("kernel", candidate.kernel.into(), most.into());
	};
	let (width, horizon) = (u64::from(candidate.width), u64::from(horizon));
	let mut cost = Cost::default();
	for taps in &all {
		let (inputs, outputs) = ((taps.kernel * taps.input.channels) as u64, taps.outputs as u64);
		cost.macs += outputs * (inputs * width + inputs * COPY_MACS + width * REQUANTISE_MACS);
		cost.weights += inputs * width;
		cost.biases += width;
	}
	let steps = all.last().map_or(0, |taps| taps.outputs as u64);
	// The layer behind them counts its inputs in 16 bits.
	let widest = u64::from(u16::MAX) / steps.max(1);
	if width > widest {
		return refused("width", width as i64, widest as i64);
	}
	cost.macs += steps * width * horizon;
	cost.weights += steps * width * horizon;
	cost.biases += horizon;
	Ok(cost)
}

/// Trains a net, as [`mlp::train`] does. The candidate has been [checked](Candidate::check) and has at least one convolution.
pub fn train(data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>, stop: &AtomicBool) -> Result<Net, Error> {
	let mut trainer = Trainer::new(data, candidate, skip);
	let steps = (data.len() / BATCH).max(1) as u32;
	let mut schedule = Schedule::new(candidate.rate, steps * u32::from(candidate.epochs));
	let mut best = (u128::MAX, trainer.layers());
	if skip.is_some() {
		best.0 = trainer.weighted_error();
	}
	for epoch in 0..u32::from(candidate.epochs) {
		for step in 0..steps {
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			trainer.step(u64::from(epoch * steps + step), schedule.advance());
		}
		let error = trainer.weighted_error();
		if error < best.0 {
			best = (error, trainer.layers());
		}
	}
	Ok(trainer.net(&best.1))
}

/// A convolution in training with the buffers of one batch.
struct Stage {
	/// As the net has it.
	shape: Taps,
	/// As back-ends compute it: the first one reads patches.
	taps: Taps,
	layer: Dense,
	/// What it reads.
	x: Tiles,
	/// Gradients of its outputs.
	gradient: Tiles,
	/// The same in groups of four.
	quads: Quads,
}

/// The convolutions of a net in training.
struct Stages {
	stages: Vec<Stage>,
	/// What the last layer reads.
	outputs: Tiles,
	panels: Panels,
	/// How.
	grid: Grid,
	sums: Vec<[Block; ROWS]>,
}

/// A net in training.
struct Trainer<'a> {
	/// Batches, targets, the linear path, and the last layer, which is its only one.
	dense: mlp::Trainer<'a>,
	convs: Stages,
}

impl<'a> Trainer<'a> {
	fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		// A trainer without hidden layers: its one layer finds the scale of the outputs and then makes room for the one behind the
		// convolutions.
		let mut dense = mlp::Trainer::new(data, &Candidate { depth: 0, ..*candidate }, skip);
		let shift = dense.layers[0].forward.shift;
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
		let mut random = Stream::new(&seed, purpose::WEIGHTS, 0);
		let width = usize::from(candidate.width);
		let shapes = taps(candidate).unwrap_or_default();
		let mut grid = Grid { steps: candidate.window.into(), channels: 1 };
		let mut stages = Vec::new();
		for (at, shape) in shapes.into_iter().enumerate() {
			let patch = shape.patch();
			let weights = masters(patch.steps * patch.channels, width, Some(&mut random));
			let taps = if at == 0 { shape.of_patches() } else { shape };
			let patch = taps.patch();
			grid = Grid { steps: taps.outputs, channels: width };
			stages.push(Stage {
				shape,
				taps,
				layer: Dense::new(patch.neurons(), width, WEIGHT_FRAC, at == 0, &patch.spread(&weights)),
				x: Tiles::new(taps.input.neurons()),
				gradient: Tiles::new(grid.neurons()),
				quads: Quads::new(grid.neurons()),
			});
		}
		let horizon = dense.layers[0].forward.outputs;
		// Beside a linear path, a net starts by saying nothing.
		let random = if skip.is_some() { None } else { Some(&mut random) };
		let weights = grid.spread(&masters(grid.steps * grid.channels, horizon, random));
		dense.layers = vec![Dense::new(grid.neurons(), horizon, shift, false, &weights)];
		let (outputs, panels) = (Tiles::new(grid.neurons()), Panels::new(grid.neurons()));
		Self { dense, convs: Stages { stages, outputs, panels, grid, sums: Vec::new() } }
	}

	/// One batch of windows drawn with replacement.
	fn step(&mut self, number: u64, rate: i32) {
		let Self { dense, convs } = self;
		dense.draw(number);
		convs.forward(dense, TILES);
		let mlp::Trainer { backend, layers, sums, targets, gradients, quads, raw, decay, .. } = dense;
		let (backend, decay, layer) = (*backend, *decay, &mut layers[0]);
		backend.signs(layer.forward.shift, sums, targets, &mut gradients[0], &mut quads[0]);
		let Stages { stages, outputs, panels, sums, .. } = convs;
		backend.turn(outputs, panels);
		if let Some(Stage { gradient, quads, .. }) = stages.last_mut() {
			backend.propagate(layer, &gradients[0], outputs, raw, Some(gradient), quads);
		}
		backend.update(layer, &quads[0], panels, rate, decay);
		for at in (0..stages.len()).rev() {
			let (before, stage) = stages.split_at_mut(at);
			let Stage { taps, layer, x, gradient, quads, .. } = &mut stage[0];
			if let Some(before) = before.last_mut() {
				// Nothing is propagated from the first convolution to its inputs.
				let tiles = if at > 1 { Some(&mut before.gradient) } else { None };
				backend.convolve_back(taps, layer, gradient, x, raw, tiles, &mut before.quads);
			}
			backend.convolve_update(taps, layer, quads, x, sums, rate, decay);
		}
	}

	/// Error of the inner validation windows; see [`mlp::Trainer::weighted_error`].
	fn weighted_error(&mut self) -> u128 {
		let Self { dense, convs } = self;
		dense.weighted_error(&mut |dense, tiles| convs.forward(dense, tiles))
	}

	/// The layers as forward passes use them.
	fn layers(&self) -> Vec<Packed> {
		let convs = self.convs.stages.iter().map(|stage| &stage.layer);
		convs.chain(&self.dense.layers).map(|layer| layer.forward.clone()).collect()
	}

	/// The net of these layers.
	fn net(&self, layers: &[Packed]) -> Net {
		let conv = |(stage, layer): (&Stage, &Packed)| Conv {
			kernel: stage.shape.kernel as u16,
			dilation: stage.shape.dilation as u16,
			stride: stage.shape.stride as u16,
			layer: stage.taps.patch().unpack(layer),
		};
		Net {
			window: self.dense.window as u16,
			in_shifts: vec![self.dense.in_shift],
			skip: self.dense.skip.cloned(),
			encoder: Encoder::Conv(self.convs.stages.iter().zip(layers).map(conv).collect()),
			layers: layers.last().map(|layer| self.convs.grid.unpack(layer)).into_iter().collect(),
		}
	}
}

impl Stages {
	/// Runs `tiles` tiles of the batch of `dense` through the net; its `sums` then hold the accumulators of the last layer.
	fn forward(&mut self, dense: &mut mlp::Trainer, tiles: usize) {
		let backend = dense.backend;
		if let Some(Stage { shape, x, .. }) = self.stages.first_mut() {
			backend.patches(shape, &dense.inputs[0], x, tiles);
		}
		for at in 0..self.stages.len() {
			let (stage, after) = self.stages.split_at_mut(at + 1);
			let Stage { taps, layer, x, .. } = &stage[at];
			let y = after.first_mut().map_or(&mut self.outputs, |after| &mut after.x);
			backend.convolve(taps, &layer.forward, x, y, tiles);
		}
		backend.accumulate(&dense.layers[0].forward, &self.outputs, &mut dense.sums, tiles);
	}
}

#[cfg(test)]
mod tests;
