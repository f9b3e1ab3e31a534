//! One training run with a genome as its loss: a chunk of a domain of loss genomes.

use crate::{
	lion::{StepSize, ACC_FRAC, WEIGHT_FRAC},
	loss::normalise,
	net::{DenseNet, Outputs, Shape},
	rate::LearningRate,
};
use alloc::vec::Vec;
use doin_scoring::{
	genome::{fixed, loss_gradient, Batch, Genome, TrainingRuns},
	model::OUT_FRAC,
	philox::{purpose, Key, Stream},
	score::predicted_class,
};

/// Cost of drawing one sample of a run, in multiply-accumulates.
pub const DRAW_MACS: u64 = 32;
/// Entries that a batch counts as at least. An instruction allocates its tensor and its gradients, which takes as long as computing
/// some dozens of entries, however few there are.
pub const LEAST_ENTRIES: u64 = 64;

/// Returns the shape of the net of a run.
pub fn shape(runs: &TrainingRuns) -> Shape {
	Shape { inputs: runs.features, hidden: runs.hidden.to_vec(), outputs: runs.classes.into() }
}

/// Returns the cost of a run of a domain with `samples` samples, in multiply-accumulates, if its genome costs `entry_cost` per entry
/// of a batch.
pub fn cost(runs: &TrainingRuns, samples: u64, entry_cost: u64) -> u64 {
	let (shape, batch, steps) = (shape(runs), u64::from(runs.batch), u64::from(runs.steps));
	let entries = batch.saturating_mul(runs.classes.into()).max(LEAST_ENTRIES);
	// A pass over the training samples is shuffled whenever they are used up, so at most one sample is drawn per sample of a step.
	let step = shape
		.step_cost(batch)
		.saturating_add(entries.saturating_mul(entry_cost))
		.saturating_add(batch.saturating_mul(DRAW_MACS).saturating_mul(2));
	let drawn = samples.saturating_add(runs.run_samples().into()).saturating_mul(DRAW_MACS);
	let weights = shape.layers().fold(0u64, |sum, (inputs, outputs)| {
		sum.saturating_add(u64::from(inputs).saturating_mul(outputs.into()).saturating_mul(DRAW_MACS))
	});
	let validation = shape.forward_cost(runs.validation.into());
	step.saturating_mul(steps).saturating_add(drawn).saturating_add(weights).saturating_add(validation)
}

/// The samples of a run, as places in the samples of the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
	/// Samples that train.
	pub training: Vec<u32>,
	/// Samples that validate.
	pub validation: Vec<u32>,
}

/// Returns the split of run `index` of a draw: samples without replacement, by stream `index` of [`purpose::DEAL`] (Fisher–Yates,
/// from the first place up).
pub fn split(runs: &TrainingRuns, samples: u32, seed: &[u8; 32], index: u16) -> Split {
	let mut order: Vec<u32> = (0..samples).collect();
	let mut random = Key::new(seed, purpose::DEAL).stream(index.into());
	let count = runs.run_samples().min(samples);
	for place in 0..count {
		let other = place.saturating_add(random.below(samples.saturating_sub(place)));
		order.swap(place as usize, other as usize);
	}
	order.truncate(count as usize);
	let validation = order.split_off(usize::from(runs.training).min(order.len()));
	Split { training: order, validation }
}

/// Batches of a run: the training samples in random order, in a new one whenever fewer are left than a batch has.
#[derive(Clone, Debug)]
pub struct Batches {
	order: Vec<u32>,
	next: usize,
	batch: usize,
	random: Stream,
}

impl Batches {
	/// Returns the batches of run `index` of a draw, which trains on these samples, by stream `index` of [`purpose::BATCH`].
	pub fn new(runs: &TrainingRuns, training: Vec<u32>, seed: &[u8; 32], index: u16) -> Self {
		let random = Key::new(seed, purpose::BATCH).stream(index.into());
		Self { order: training, next: 0, batch: runs.batch.into(), random }
	}

	/// Returns the samples of the next batch.
	pub fn advance(&mut self) -> &[u32] {
		let end = self.next.saturating_add(self.batch);
		if end > self.order.len() || self.next == 0 {
			self.random.shuffle(&mut self.order);
			self.next = 0;
		}
		let start = self.next;
		self.next = start.saturating_add(self.batch);
		self.order.get(start..self.next).unwrap_or(&[])
	}
}

/// Samples of a domain of loss genomes.
#[derive(Clone, Copy)]
struct Samples<'a> {
	runs: &'a TrainingRuns,
	bytes: &'a [u8],
}

impl Samples<'_> {
	/// Returns features and class of a sample.
	fn get(&self, sample: u32) -> (&[u8], u8) {
		let len = self.runs.sample_bytes();
		let start = (sample as usize).saturating_mul(len);
		let row = self.bytes.get(start..start.saturating_add(len)).unwrap_or(&[]);
		row.split_last().map_or((&[][..], 0), |(class, features)| (features, *class))
	}

	/// Loads the inputs and the classes of samples.
	fn load(&self, samples: &[u32], x: &mut Vec<i16>, classes: &mut Vec<u8>) {
		x.clear();
		classes.clear();
		for sample in samples {
			let (features, class) = self.get(*sample);
			x.extend(features.iter().map(|byte| self.runs.activation(*byte)));
			classes.push(class);
		}
	}
}

/// Returns the score of an accumulator: Q16.
fn score(sum: i32) -> i32 {
	doin_scoring::math::round_shift_i32(sum, ACC_FRAC.saturating_sub(fixed::FRAC))
}

/// Writes the gradient of a genome with respect to the outputs of a net for samples of these classes.
pub fn gradient(genome: &Genome, classes: &[u8], outputs: Outputs, gradient: &mut [i16]) {
	let scores = outputs.sums.iter().map(|sum| score(*sum)).collect();
	let batch = Batch::new(classes.iter().copied(), scores, outputs.width);
	normalise(&loss_gradient(genome, &batch).gradient, gradient);
}

/// A net that a run trains: [`DenseNet`] by definition, or another implementation that computes equal bits.
pub trait RunNet {
	/// Makes one step, as [`DenseNet::step`] does.
	fn step(&mut self, x: &[i16], loss: impl FnOnce(Outputs, &mut [i16]), size: StepSize);

	/// Computes the outputs, as [`DenseNet::outputs`] does.
	fn outputs(&mut self, x: &[i16]) -> Outputs<'_>;
}

impl RunNet for DenseNet {
	fn step(&mut self, x: &[i16], loss: impl FnOnce(Outputs, &mut [i16]), size: StepSize) {
		DenseNet::step(self, x, loss, size);
	}

	fn outputs(&mut self, x: &[i16]) -> Outputs<'_> {
		DenseNet::outputs(self, x)
	}
}

/// One training run, step by step. A search can stop a run that is not worth its end.
#[derive(Clone)]
pub struct Run<'a, N = DenseNet> {
	samples: Samples<'a>,
	net: N,
	batches: Batches,
	validation: Vec<u32>,
	rate: LearningRate,
	/// Steps that are left.
	left: u16,
	/// Inputs and classes of the current samples.
	x: Vec<i16>,
	classes: Vec<u8>,
}

impl<'a> Run<'a> {
	/// Returns run `index` of a draw before its first step, on the samples `bytes` of a domain. Returns `None` for a program that was
	/// not checked, so that it has no net.
	pub fn new(runs: &'a TrainingRuns, bytes: &'a [u8], seed: &[u8; 32], index: u16) -> Option<Self> {
		let present = bytes.len().checked_div(runs.sample_bytes()).unwrap_or(0);
		let Split { training, validation } = split(runs, u32::try_from(present).unwrap_or(u32::MAX), seed, index);
		let mut weights = Key::new(seed, purpose::WEIGHTS).stream(index.into());
		Some(Self {
			samples: Samples { runs, bytes },
			net: DenseNet::drawn(&shape(runs), WEIGHT_FRAC as u8, &mut weights).ok()?,
			batches: Batches::new(runs, training, seed, index),
			validation,
			rate: LearningRate::new(runs.rate, runs.steps.into()),
			left: runs.steps,
			x: Vec::new(),
			classes: Vec::new(),
		})
	}

	/// Returns the run with another implementation of its net.
	pub fn with_net<N: RunNet>(self, make: impl FnOnce(DenseNet) -> N) -> Run<'a, N> {
		let Self { samples, net, batches, validation, rate, left, x, classes } = self;
		Run { samples, net: make(net), batches, validation, rate, left, x, classes }
	}
}

impl<N: RunNet> Run<'_, N> {
	/// Makes one step, and returns `false` if none was left. `loss` writes the gradient for samples of these classes, at most 2047 in
	/// absolute value.
	pub fn step(&mut self, loss: impl FnOnce(&[u8], Outputs, &mut [i16])) -> bool {
		let Some(left) = self.left.checked_sub(1) else { return false };
		let Self { samples, net, batches, rate, x, classes, .. } = self;
		samples.load(batches.advance(), x, classes);
		let size = StepSize { rate: rate.advance(), decay: samples.runs.decay };
		net.step(x, |outputs, to| loss(classes, outputs, to), size);
		self.left = left;
		true
	}

	/// Returns the number of validation samples whose class has not the highest score, the first one on a tie.
	pub fn mistakes(&mut self) -> u32 {
		let Self { samples, net, validation, x, classes, .. } = self;
		samples.load(validation, x, classes);
		let outputs = net.outputs(x);
		let wrong = outputs.samples().zip(&*classes).filter(|(sums, class)| predicted_class(sums) != usize::from(**class));
		wrong.count() as u32
	}

	/// Returns the net.
	pub fn net(&self) -> &N {
		&self.net
	}
}

/// Returns the sum of run `index` of a draw: 2^OUT_FRAC per mistake of the net that is trained with `genome` on the samples `bytes`
/// of a domain. Returns `u32::MAX` for a program that was not checked, so that it has no net.
pub fn run_sum(runs: &TrainingRuns, genome: &Genome, bytes: &[u8], seed: &[u8; 32], index: u16) -> u32 {
	let Some(mut run) = Run::new(runs, bytes, seed, index) else { return u32::MAX };
	while run.step(|classes, outputs, to| gradient(genome, classes, outputs, to)) {}
	run.mistakes() << OUT_FRAC
}
