//! Causal convolutions and the dense layer behind them in 12 bits, alone or beside a frozen linear skip.
//!
//! Numbers, batches, rates and the choice of the best epoch are those of [`mlp`](super::mlp). A convolution shares its weights
//! among steps, so its weight gradients are sums over steps and batch. Gradients of activations keep their eleven bits, and the
//! contribution of each step is shifted right by ⌈log₂ steps⌉ bits with rounding. With 256 windows of 11-bit gradients and
//! activations, a step contributes less than 2³⁰, so the whole sum stays below 2³⁰ plus half a unit per step, within the range
//! of [Lion](doin_kernels::ops::lion).

use crate::{
	train::{
		batches::Batches,
		candidate::{Candidate, Cost, MAX_KERNEL},
		dataset::Dataset,
		initial::{seed, InitialLayer, InitialState},
		ridge::LinearModel,
		trainer::{InitialOutputs, TrainLoop, TrainableNet, Trainer},
	},
	Error,
};
use doin_kernels::{
	layout::{
		batch_rows, ActivationPanels, BackwardWeights, BatchTiles, Block, ConvGeometry, GradientGroups, LayerSums, PackedWeights,
		StepMajorShape, TrainableLayer, ROWS, TILE, TILES,
	},
	ops::{
		conv1d::{ConvInputGradient, ConvRelu, ConvWeightUpdate, Im2col},
		gemm::{DenseSums, InputGradient, TransposeBatch, WeightUpdate},
		lion::{StepSize, ACC_FRAC, WEIGHT_FRAC},
	},
	Backend,
};
use doin_scoring::{
	encoder::{Conv, COPY_MACS},
	model::REQUANTISE_MACS,
	philox::{purpose, Stream},
	Encoder, Net,
};
use doin_training::initial::he_masters;

/// Returns the convolutions of a candidate, in order: the first one reads the channels of the window, every other one the
/// channels of the convolution before it. Returns `None` if a kernel does not fit.
pub fn geometries(candidate: &Candidate, channels: usize) -> Option<Vec<ConvGeometry>> {
	let mut input = StepMajorShape { steps: candidate.window.into(), channels };
	let mut all = Vec::new();
	for depth in 0..candidate.depth {
		let dilation = if candidate.dilate { 1u16.checked_shl(depth.into())? } else { 1 };
		let geometry = ConvGeometry::new(input, candidate.kernel.into(), dilation, candidate.stride.into())?;
		input = StepMajorShape { steps: geometry.outputs, channels: candidate.width.into() };
		all.push(geometry);
	}
	Some(all)
}

/// Returns the cost of the net of a candidate, without its linear skip.
///
/// # Errors
///
/// Returns [`Error::Gene`], with the name of the gene, if the net has no shape that fits the window.
pub(crate) fn cost(candidate: &Candidate, channels: usize, outputs: u16) -> Result<Cost, Error> {
	let refused = |name: &str, value: i64, hi: i64| Err(Error::Gene { name: name.into(), value, lo: 1, hi });
	for (name, value) in [("kernel", candidate.kernel), ("stride", candidate.stride)] {
		if !(1..=MAX_KERNEL).contains(&value) {
			return refused(name, value.into(), MAX_KERNEL.into());
		}
	}
	let Some(all) = geometries(candidate, channels) else {
		// A kernel of one step always fits.
		let fits = |kernel: &u8| geometries(&Candidate { kernel: *kernel, ..*candidate }, channels).is_some();
		let most = (1..candidate.kernel).rev().find(fits).unwrap_or(1);
		return refused("kernel", candidate.kernel.into(), most.into());
	};
	let (width, behind) = (u64::from(candidate.width), u64::from(outputs));
	let mut cost = Cost::default();
	for geometry in &all {
		let (inputs, outputs) = ((geometry.kernel * geometry.input.channels) as u64, geometry.outputs as u64);
		cost.macs += outputs * (inputs * width + inputs * COPY_MACS + width * REQUANTISE_MACS);
		cost.weights += inputs * width;
		cost.biases += width;
	}
	let steps = all.last().map_or(0, |geometry| geometry.outputs as u64);
	// The dense layer counts its inputs in 16 bits.
	let widest = u64::from(u16::MAX) / steps.max(1);
	if width > widest {
		return refused("width", width as i64, widest as i64);
	}
	cost.macs += steps * width * behind + behind * REQUANTISE_MACS;
	cost.weights += steps * width * behind;
	cost.biases += behind;
	Ok(cost)
}

/// Returns the training of a net of convolutions; see [`mlp::trainer`](super::mlp::trainer). The candidate has been
/// [checked](Candidate::check) and has at least one convolution.
pub fn trainer<'a>(data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Box<dyn Trainer + 'a> {
	let outputs = InitialOutputs::beside(skip);
	Box::new(TrainLoop::new(ConvNet::new(data, candidate, skip), data, candidate, outputs))
}

/// Returns the state that [`trainer`] starts from.
pub(crate) fn initial_state(data: &Dataset, candidate: &Candidate, skip: Option<&LinearModel>) -> InitialState {
	let ConvNet { batches, convs: ConvStack { stages, shape, .. }, head, .. } = ConvNet::new(data, candidate, skip);
	let geometries = stages.iter().map(|stage| stage.geometry).collect();
	let layers = stages
		.into_iter()
		.map(|stage| InitialLayer { shape: stage.computed.patch(), layer: stage.layer })
		.chain([InitialLayer { shape, layer: head }])
		.collect();
	InitialState::new(batches, candidate, geometries, layers)
}

/// A convolution in training, with the buffers of one batch.
struct Stage {
	/// Geometry in the net.
	geometry: ConvGeometry,
	/// Geometry that kernels compute: of patches for the first convolution of one channel.
	computed: ConvGeometry,
	/// Weights of all taps.
	layer: TrainableLayer,
	/// Inputs of the batch, step by step.
	x: BatchTiles,
	/// Gradients of its outputs, samples in lanes.
	gradient: BatchTiles,
	/// Gradients of its outputs, in groups.
	groups: GradientGroups,
}

/// The convolutions of a net in training.
struct ConvStack {
	/// Convolutions, in order.
	stages: Vec<Stage>,
	/// `true` if the first convolution reads patches of the window, `false` if it reads the window.
	patches: bool,
	/// Outputs of the last convolution, samples in lanes.
	outputs: BatchTiles,
	/// Outputs of the last convolution, neurons in lanes.
	panels: ActivationPanels,
	/// Steps and channels of the outputs.
	shape: StepMajorShape,
	/// Buffer of weight gradients.
	sums: Vec<[Block; ROWS]>,
}

/// A net of convolutions in training, with the buffers of one batch.
struct ConvNet<'a> {
	batches: Batches<'a>,
	/// Strength of the decay.
	decay: u8,
	convs: ConvStack,
	/// Dense layer behind the convolutions.
	head: TrainableLayer,
	/// Accumulators of the head.
	sums: Vec<Block>,
	/// Gradients of the outputs of the head, samples in lanes.
	gradient: BatchTiles,
	/// Gradients of the outputs of the head, in groups.
	groups: GradientGroups,
	/// Buffer of gradients before their shift.
	unscaled: Vec<[Block; TILE]>,
}

impl<'a> ConvNet<'a> {
	fn new(data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Self {
		let mut batches = Batches::new(data, candidate, skip);
		let shift = batches.out_shift(ACC_FRAC);
		let mut random = Stream::new(&seed(candidate), purpose::WEIGHTS, 0);
		let width = usize::from(candidate.width);
		let mut shape = batches.shape();
		let geometries = geometries(candidate, shape.channels).unwrap_or_default();
		// One channel is copied into patches; several channels are stored as a convolution reads them.
		let patches = shape.channels == 1;
		let mut stages = Vec::new();
		for (at, geometry) in geometries.into_iter().enumerate() {
			let patch = geometry.patch();
			let masters = he_masters(patch.steps * patch.channels, width, &mut random);
			let (computed, backward) = match at {
				0 if patches => (geometry.of_patches(), BackwardWeights::Omitted),
				0 => (geometry, BackwardWeights::Omitted),
				_ => (geometry, BackwardWeights::Stored),
			};
			let patch = computed.patch();
			shape = StepMajorShape { steps: computed.outputs, channels: width };
			stages.push(Stage {
				geometry,
				computed,
				layer: TrainableLayer::new(patch.neurons(), width, WEIGHT_FRAC, backward, &patch.spread(&masters)),
				x: BatchTiles::new(computed.input.neurons()),
				gradient: BatchTiles::new(shape.neurons()),
				groups: GradientGroups::new(shape.neurons()),
			});
		}
		let behind = batches.outputs;
		let inputs = shape.steps * shape.channels;
		// Beside a linear skip, outputs start at zero.
		let masters = if skip.is_some() { vec![0; inputs * behind] } else { he_masters(inputs, behind, &mut random) };
		let neurons = shape.neurons();
		let head = TrainableLayer::new(neurons, behind, shift, BackwardWeights::Stored, &shape.spread(&masters));
		let (outputs, panels) = (BatchTiles::new(neurons), ActivationPanels::new(neurons));
		Self {
			batches,
			decay: candidate.decay,
			convs: ConvStack { stages, patches, outputs, panels, shape, sums: Vec::new() },
			head,
			sums: batch_rows(behind),
			gradient: BatchTiles::new(behind),
			groups: GradientGroups::new(behind),
			unscaled: Vec::new(),
		}
	}
}

impl TrainableNet for ConvNet<'_> {
	type Weights = Vec<PackedWeights>;

	fn step(&mut self, number: u64, rate: i32) {
		let Self { batches, decay, convs, head, sums, gradient, groups, unscaled } = self;
		let (backend, step) = (batches.backend, StepSize { rate, decay: *decay });
		batches.load_batch(number);
		let shift = convs.forward(backend, head, &batches.inputs, sums, TILES);
		batches.loss_gradient(LayerSums { sums, shift }, gradient, groups);
		let ConvStack { stages, outputs, panels, sums, .. } = convs;
		backend.run(TransposeBatch { x: outputs, panels });
		if let Some(Stage { gradient: tiles, groups, .. }) = stages.last_mut() {
			let (layer, activations) = (&*head, &*outputs);
			backend.run(InputGradient { layer, gradient, activations, unscaled, tiles: Some(tiles), groups });
		}
		backend.run(WeightUpdate { layer: head, gradient: groups, inputs: panels, step });
		for at in (0..stages.len()).rev() {
			let (before, stage) = stages.split_at_mut(at);
			let Stage { computed: geometry, layer, x, gradient, groups, .. } = &mut stage[0];
			let (geometry, x) = (&*geometry, &*x);
			if let Some(before) = before.last_mut() {
				// The first convolution propagates nothing to its inputs.
				let tiles = if at > 1 { Some(&mut before.gradient) } else { None };
				let (layer, groups) = (&*layer, &mut before.groups);
				backend.run(ConvInputGradient { geometry, layer, gradient, activations: x, unscaled, tiles, groups });
			}
			backend.run(ConvWeightUpdate { geometry, layer, gradient: groups, x, sums, step });
		}
	}

	fn error(&mut self) -> u128 {
		let Self { batches, convs, head, .. } = self;
		let backend = batches.backend;
		batches.early_stopping_error(|x, tiles, sums| convs.forward(backend, head, x, sums, tiles))
	}

	fn weights(&self) -> Self::Weights {
		let convs = self.convs.stages.iter().map(|stage| &stage.layer);
		convs.chain([&self.head]).map(|layer| layer.forward.clone()).collect()
	}

	fn copy_weights(&self, kept: &mut Self::Weights) {
		let convs = self.convs.stages.iter().map(|stage| &stage.layer);
		kept.iter_mut().zip(convs.chain([&self.head])).for_each(|(kept, layer)| kept.clone_from(&layer.forward));
	}

	fn net(&self, weights: &Self::Weights) -> Net {
		let conv = |(stage, layer): (&Stage, &PackedWeights)| Conv {
			kernel: stage.geometry.kernel as u16,
			dilation: stage.geometry.dilation as u16,
			stride: stage.geometry.stride as u16,
			layer: stage.computed.patch().unpack(layer),
		};
		let encoder = Encoder::Conv(self.convs.stages.iter().zip(weights).map(conv).collect());
		self.batches.net(encoder, weights.last().map(|layer| self.convs.shape.unpack(layer)).into_iter().collect())
	}
}

impl ConvStack {
	/// Runs the first `tiles` tiles of `window` through the convolutions and `head`, leaves the accumulators of the head in
	/// `sums`, and returns its shift.
	fn forward(&mut self, backend: Backend, head: &TrainableLayer, window: &BatchTiles, sums: &mut [Block], tiles: usize) -> u32 {
		if let Some(Stage { geometry, x, .. }) = self.stages.first_mut() {
			if self.patches {
				backend.run(Im2col { geometry, x: window, y: x, tiles });
			} else {
				x.blocks.copy_from_slice(&window.blocks);
			}
		}
		for at in 0..self.stages.len() {
			let (stage, after) = self.stages.split_at_mut(at + 1);
			let Stage { computed: geometry, layer, x, .. } = &stage[at];
			let y = after.first_mut().map_or(&mut self.outputs, |after| &mut after.x);
			backend.run(ConvRelu { geometry, layer: &layer.forward, x, y, tiles });
		}
		backend.run(DenseSums { layer: &head.forward, x: &self.outputs, sums, tiles });
		head.forward.shift
	}
}

#[cfg(test)]
mod tests;
