//! Gradients of loss genomes on a batch: the register machine on vectors.
//!
//! The machine of `doin-scoring` ([`genome`](doin_scoring::genome)) allocates a tensor per instruction and computes entry by entry. Here
//! a genome becomes a list of functions once, for each path that jumps lead along; a batch then runs through buffers that are kept.
//!
//! - **Entries** are stored by class, so that a column has one entry per sample. Sums and softmax over the classes of a sample are
//!   computed for all samples at once, and every loop of `forward.rs` and `reverse.rs` runs over contiguous numbers. Functions of
//!   `entries.rs` have no branches, so compilers vectorise these loops for the instructions of a back-end.
//! - **Instructions** whose value neither a gradient nor a jump needs are left out. The cross-entropy computes a softmax and its
//!   gradient; its logarithms have derivatives that need the probabilities only.
//! - **Jumps** that depend on values are predicted to go where they went for the batch before. A batch that goes elsewhere starts again
//!   on its own path.
//!
//! Gradients are those of the definition, bit for bit, saturated sums included.

mod entries;
mod forward;
mod plan;
mod reverse;

use crate::{simd::SimdI8, Operation};
use doin_scoring::{
	genome::{
		fixed::{self, saturate, ONE},
		machine::Shape,
	},
	math::round_shift_i32,
	Genome,
};
use doin_training::{dense::GRADIENT_BITS, lion::ACC_FRAC, run, Outputs};
use forward::Scratch;
use plan::{Plan, Source, SCORES_NODE};
use reverse::Gradients;

/// Paths of a genome that are kept.
const PATHS: usize = 16;

/// A genome, with the buffers of one batch.
#[derive(Clone, Debug)]
pub struct GenomeMachine {
	genome: Genome,
	/// Samples and classes that the paths are made for.
	shape: Shape,
	paths: Vec<Plan>,
	/// The path that the last batch took.
	last: usize,
	/// One for the actual class of each sample of the batch, by class.
	truth: Vec<i32>,
	/// Value of each node of a path, by class.
	values: Vec<Vec<i32>>,
	gradients: Gradients,
	scratch: Scratch,
	/// Scaled gradients by class.
	scaled: Vec<i16>,
}

impl GenomeMachine {
	/// Returns the machine of a genome.
	pub fn new(genome: Genome) -> Self {
		Self {
			genome,
			shape: (0, 0),
			paths: Vec::new(),
			last: 0,
			truth: Vec::new(),
			values: Vec::new(),
			gradients: Gradients::default(),
			scratch: Scratch::default(),
			scaled: Vec::new(),
		}
	}

	/// Returns the gradient of the last batch before its scale, by sample.
	#[cfg(test)]
	pub(crate) fn unscaled(&self) -> Vec<i64> {
		let (rows, columns) = self.shape;
		let by_class = &self.gradients.of[SCORES_NODE];
		(0..rows * columns).map(|at| by_class[at % columns * rows + at / columns]).collect()
	}

	/// Continues on the path with these decisions.
	fn choose(&mut self, decisions: &[bool]) {
		self.last = match self.paths.iter().position(|path| path.starts_with(decisions)) {
			Some(known) => known,
			None => {
				if self.paths.len() == PATHS {
					self.paths.remove(0);
				}
				self.paths.push(Plan::new(&self.genome, self.shape, decisions));
				self.paths.len() - 1
			}
		};
		let nodes = self.paths[self.last].nodes.len();
		if self.values.len() < nodes {
			self.values.resize(nodes, Vec::new());
		}
	}

	/// Loads the scores and the classes of a batch.
	#[inline(always)]
	fn load(&mut self, classes: &[u8], sums: &[i32]) {
		let (rows, columns) = self.shape;
		let scores = &mut self.values[SCORES_NODE];
		scores.resize(rows * columns, 0);
		for (column, scores) in scores.chunks_exact_mut(rows).enumerate() {
			for (score, sum) in scores.iter_mut().zip(sums[column..].iter().step_by(columns)) {
				*score = saturate(round_shift_i32(*sum, ACC_FRAC - fixed::FRAC).into());
			}
		}
		self.truth.clear();
		self.truth.resize(rows * columns, 0);
		for (row, class) in classes.iter().take(rows).enumerate() {
			if usize::from(*class) < columns {
				self.truth[usize::from(*class) * rows + row] = ONE;
			}
		}
	}

	/// Computes the values of the last path. Returns the number of the jump that leads elsewhere, if one does.
	#[inline(always)]
	fn forward(&mut self) -> Option<usize> {
		let Self { paths, last, truth, values, scratch, .. } = self;
		let path = &paths[*last];
		let mut jumps = path.jumps.iter().enumerate().peekable();
		for number in 0..=path.nodes.len() {
			while let Some((at, jump)) = jumps.next_if(|(_, jump)| jump.after == number) {
				if values[jump.node].iter().any(|value| *value != 0) != jump.taken {
					return Some(at);
				}
			}
			let Some(node) = path.nodes.get(number).filter(|node| node.computed) else { continue };
			if node.source == Source::Truth {
				values[number].clone_from(truth);
				continue;
			}
			let mut to = std::mem::take(&mut values[number]);
			let shapes = node.inputs.map(|input| path.nodes[input].shape);
			forward::compute(node, shapes, node.inputs.map(|input| &values[input][..]), &mut to, scratch);
			values[number] = to;
		}
		None
	}

	/// Computes the gradient with respect to the scores.
	#[inline(always)]
	fn run(&mut self, classes: &[u8], outputs: Outputs) {
		let shape = (outputs.sums.len() / outputs.width, outputs.width);
		if shape != self.shape {
			self.paths.clear();
			self.shape = shape;
		}
		if self.paths.is_empty() {
			self.choose(&[]);
		}
		self.load(classes, outputs.sums);
		while let Some(at) = self.forward() {
			// Each path confirms at least one jump more than the one before.
			let jumps = &self.paths[self.last].jumps[..=at];
			let decisions: Vec<bool> = jumps.iter().enumerate().map(|(number, jump)| jump.taken != (number == at)).collect();
			self.choose(&decisions);
		}
		let Self { shape, paths, last, values, gradients, scratch, .. } = self;
		gradients.run(&paths[*last], shape.0, values, scratch);
	}

	/// Writes the gradient by sample, scaled as [`normalise`](doin_training::loss::normalise) does.
	#[inline(always)]
	fn normalise(&mut self, to: &mut [i16]) {
		const LIMIT: i64 = doin_scoring::model::MAX_ACT as i64;
		let ((rows, columns), gradient) = (self.shape, &self.gradients.of[SCORES_NODE]);
		let bits = gradient.iter().fold(0, |bits, value| bits | value.unsigned_abs());
		let length = u64::BITS - bits.leading_zeros();
		let (left, right) = (GRADIENT_BITS.saturating_sub(length), length.saturating_sub(GRADIENT_BITS));
		let half = (1i64 << right) >> 1;
		self.scaled.resize(gradient.len(), 0);
		for (scaled, value) in self.scaled.iter_mut().zip(gradient) {
			*scaled = (((value << left) + half) >> right).clamp(-LIMIT, LIMIT) as i16;
		}
		for (column, scaled) in self.scaled.chunks_exact(rows).enumerate() {
			to[column..].iter_mut().step_by(columns).zip(scaled).for_each(|(to, scaled)| *to = *scaled);
		}
	}
}

/// Writes the gradient of a genome with respect to the outputs of a net, scaled for training: [`run::gradient`].
#[derive(Debug)]
pub struct GenomeGradient<'a> {
	/// The genome.
	pub machine: &'a mut GenomeMachine,
	/// Class of each sample.
	pub classes: &'a [u8],
	/// Outputs of the net.
	pub outputs: Outputs<'a>,
	/// Gradients to write, by sample, as many as there are outputs.
	pub gradient: &'a mut [i16],
}

impl Operation for GenomeGradient<'_> {
	type Output = ();

	fn reference(self) {
		run::gradient(&self.machine.genome, self.classes, self.outputs, self.gradient);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, _: S) {
		let Self { machine, classes, outputs, gradient } = self;
		if !outputs.sums.is_empty() && outputs.sums.len().is_multiple_of(outputs.width.max(1)) {
			machine.run(classes, outputs);
			machine.normalise(gradient);
		}
	}
}
