//! Integer training of causal convolutions and the layer behind them, alone or beside a frozen linear path.
//!
//! Numbers, batches, rates and the choice of the best epoch are those of [`crate::mlp`]. A convolution shares its weights among steps, so
//! their gradients are sums over steps and batch; gradients of activations keep their 11 bits, and what each step adds is shifted right by
//! ⌈log₂ steps⌉ bits with rounding. With 256 windows of 11-bit gradients and activations a step adds less than 2³⁰, so the whole sum stays
//! below 2³⁰ plus half a unit per step, which is what [`crate::lion`] takes.

use crate::{
	backend::{
		layout::{rows_of, Block, Dense, Packed, Panels, Quads, Tiles, ROWS, TILE, TILES},
		steps::{Grid, Taps},
		Backend,
	},
	batches::{seed, Batches, Learner, Run, Training},
	data::TrainingSet,
	lion::{ACC_FRAC, WEIGHT_FRAC},
	mlp::{masters, Start},
	population::{Candidate, Cost, MAX_KERNEL},
	ridge::Linear,
	Error,
};
use doin_scoring::{
	encoder::{Conv, COPY_MACS},
	model::REQUANTISE_MACS,
	philox::{purpose, Stream},
	Encoder, Net,
};

/// The convolutions of a candidate, in order: each reads the channels of the one before, the first one those of the window. `None` where a
/// kernel does not fit.
pub fn taps(candidate: &Candidate, channels: usize) -> Option<Vec<Taps>> {
	let mut input = Grid { steps: candidate.window.into(), channels };
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
pub(crate) fn cost(candidate: &Candidate, channels: usize, outputs: u16) -> Result<Cost, Error> {
	let refused = |name: &str, value: i64, hi: i64| Err(Error::Gene { name: name.into(), value, lo: 1, hi });
	for (name, value) in [("kernel", candidate.kernel), ("stride", candidate.stride)] {
		if !(1..=MAX_KERNEL).contains(&value) {
			return refused(name, value.into(), MAX_KERNEL.into());
		}
	}
	let Some(all) = taps(candidate, channels) else {
		// A kernel of one step always fits.
		let fits = |kernel: &u8| taps(&Candidate { kernel: *kernel, ..*candidate }, channels).is_some();
		let most = (1..candidate.kernel).rev().find(fits).unwrap_or(1);
		return refused("kernel", candidate.kernel.into(), most.into());
	};
	let (width, behind) = (u64::from(candidate.width), u64::from(outputs));
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
	cost.macs += steps * width * behind + behind * REQUANTISE_MACS;
	cost.weights += steps * width * behind;
	cost.biases += behind;
	Ok(cost)
}

/// The training of a net, as [`crate::mlp::training`] has it. The candidate has been [checked](Candidate::check) and has at least one
/// convolution.
pub fn training<'a>(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Box<dyn Training + 'a> {
	Box::new(Run::new(Trainer::new(data, candidate, skip), data, candidate, skip.is_some()))
}

/// What [`training`] starts from.
pub(crate) fn start(data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>) -> Start {
	let Trainer { batches, convs: Stages { stages, grid, .. }, head, .. } = Trainer::new(data, candidate, skip);
	let shapes = stages.iter().map(|stage| stage.shape).collect();
	let layers = stages.into_iter().map(|stage| (stage.taps.patch(), stage.layer)).chain([(grid, head)]).collect();
	Start::of(batches, candidate, shapes, layers)
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
	/// Whether the first one reads patches of the window, rather than the window.
	patches: bool,
	/// What the last layer reads.
	outputs: Tiles,
	panels: Panels,
	/// How.
	grid: Grid,
	sums: Vec<[Block; ROWS]>,
}

/// A net in training with the buffers of one batch.
struct Trainer<'a> {
	batches: Batches<'a>,
	decay: u8,
	convs: Stages,
	/// The layer behind the convolutions.
	head: Dense,
	/// Its accumulators.
	sums: Vec<Block>,
	/// Gradients of its outputs.
	gradient: Tiles,
	/// The same in groups of four.
	quads: Quads,
	raw: Vec<[Block; TILE]>,
}

impl<'a> Trainer<'a> {
	fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let mut batches = Batches::new(data, candidate, skip);
		let shift = batches.out_shift(ACC_FRAC);
		let mut random = Stream::new(&seed(candidate), purpose::WEIGHTS, 0);
		let width = usize::from(candidate.width);
		let mut grid = batches.grid();
		let shapes = taps(candidate, grid.channels).unwrap_or_default();
		// One channel is copied into patches; several lie as a convolution reads them.
		let patches = grid.channels == 1;
		let mut stages = Vec::new();
		for (at, shape) in shapes.into_iter().enumerate() {
			let patch = shape.patch();
			let weights = masters(patch.steps * patch.channels, width, &mut random);
			let taps = if at == 0 && patches { shape.of_patches() } else { shape };
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
		let behind = batches.outputs;
		let inputs = grid.steps * grid.channels;
		// Beside a linear path, a net starts by saying nothing.
		let weights = if skip.is_some() { vec![0; inputs * behind] } else { masters(inputs, behind, &mut random) };
		let head = Dense::new(grid.neurons(), behind, shift, false, &grid.spread(&weights));
		let (outputs, panels) = (Tiles::new(grid.neurons()), Panels::new(grid.neurons()));
		Self {
			batches,
			decay: candidate.decay,
			convs: Stages { stages, patches, outputs, panels, grid, sums: Vec::new() },
			head,
			sums: rows_of(behind),
			gradient: Tiles::new(behind),
			quads: Quads::new(behind),
			raw: Vec::new(),
		}
	}
}

impl Learner for Trainer<'_> {
	type Weights = Vec<Packed>;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { batches, decay, convs, head, sums, gradient, quads, raw } = self;
		let (backend, decay) = (batches.backend, *decay);
		batches.draw(number);
		let shift = convs.forward(backend, head, &batches.inputs, sums, TILES);
		batches.gradient(shift, sums, gradient, quads);
		let Stages { stages, outputs, panels, sums, .. } = convs;
		backend.turn(outputs, panels);
		if let Some(stage) = stages.last_mut() {
			backend.propagate(head, gradient, outputs, raw, Some(&mut stage.gradient), &mut stage.quads);
		}
		backend.update(head, quads, panels, rate, decay);
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

	fn error(&mut self) -> u128 {
		let Self { batches, convs, head, .. } = self;
		let backend = batches.backend;
		batches.weighted_error(|x, tiles, sums| convs.forward(backend, head, x, sums, tiles))
	}

	fn weights(&self) -> Self::Weights {
		let convs = self.convs.stages.iter().map(|stage| &stage.layer);
		convs.chain([&self.head]).map(|layer| layer.forward.clone()).collect()
	}

	fn keep(&self, kept: &mut Self::Weights) {
		let convs = self.convs.stages.iter().map(|stage| &stage.layer);
		kept.iter_mut().zip(convs.chain([&self.head])).for_each(|(kept, layer)| kept.clone_from(&layer.forward));
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		let conv = |(stage, layer): (&Stage, &Packed)| Conv {
			kernel: stage.shape.kernel as u16,
			dilation: stage.shape.dilation as u16,
			stride: stage.shape.stride as u16,
			layer: stage.taps.patch().unpack(layer),
		};
		let encoder = Encoder::Conv(self.convs.stages.iter().zip(weights).map(conv).collect());
		self.batches.net(encoder, weights.last().map(|layer| self.convs.grid.unpack(layer)).into_iter().collect())
	}
}

impl Stages {
	/// Runs `tiles` tiles of `window` through the convolutions and `head`; `sums` then hold the accumulators of the latter, whose shift is
	/// returned.
	fn forward(&mut self, backend: &dyn Backend, head: &Dense, window: &Tiles, sums: &mut [Block], tiles: usize) -> u32 {
		if let Some(Stage { shape, x, .. }) = self.stages.first_mut() {
			if self.patches {
				backend.patches(shape, window, x, tiles);
			} else {
				x.blocks.copy_from_slice(&window.blocks);
			}
		}
		for at in 0..self.stages.len() {
			let (stage, after) = self.stages.split_at_mut(at + 1);
			let Stage { taps, layer, x, .. } = &stage[at];
			let y = after.first_mut().map_or(&mut self.outputs, |after| &mut after.x);
			backend.convolve(taps, &layer.forward, x, y, tiles);
		}
		backend.accumulate(&head.forward, &self.outputs, sums, tiles);
		head.forward.shift
	}
}

#[cfg(test)]
mod tests;
