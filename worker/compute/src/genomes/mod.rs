//! Training runs of loss genomes, many at a time.
//!
//! A run is one chunk of a domain of loss genomes, as `doin_training::run` defines it. Runs are independent of each other, so a
//! population is evaluated as one list of runs on the current pool, and every core has work until the last ones. Nets and
//! genomes run on the vectors of the processor, with the bits of the definition.
//!
//! ```
//! use doin_compute::GenomeRuns;
//! use doin_scoring::{genome::library, TrainingRuns};
//! use std::sync::atomic::AtomicBool;
//!
//! let runs = TrainingRuns {
//!     features: 2, classes: 2, shift: 4, hidden: Default::default(), training: 16, validation: 16, batch: 8, steps: 500, rate: 14,
//!     decay: 0, chunks: 32,
//! };
//! // The class says whether the first feature is greater than the second one.
//! let bytes: Vec<u8> = (0..64u8).flat_map(|at| [at * 3, 255 - at * 3, u8::from(at > 42)]).collect();
//! let data = GenomeRuns::new(runs, bytes)?;
//! let sums = data.sums(&[library::cross_entropy()], &[1; 32], 4, &AtomicBool::new(false), &|| ())?;
//! assert!(sums[0].iter().sum::<u32>() < 4 * 16 * 16 / 4, "fewer than a quarter of all answers are wrong");
//! # Ok::<(), doin_compute::Error>(())
//! ```

mod net;

use crate::Error;
use doin_kernels::{
	ops::genome::{GenomeGradient, GenomeMachine},
	Backend,
};
use doin_scoring::{model::OUT_FRAC, Genome, TrainingRuns};
use doin_training::run::{run_sum, Run};
use net::FastNet;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Genomes that share the draw of a run. Their runs are one task of the pool.
const GROUP: usize = 8;

/// Samples of a domain of loss genomes, and the runs that are made of them.
#[derive(Clone, Debug)]
pub struct GenomeRuns {
	runs: TrainingRuns,
	bytes: Vec<u8>,
	backend: Backend,
}

/// Returns the sum of run `index` of the draw of `seed`, as `run_sum` of `doin-training` defines it, on a back-end.
pub(crate) fn sum_on(
	backend: Backend,
	runs: &TrainingRuns,
	genome: &Genome,
	bytes: &[u8],
	(seed, index): (&[u8; 32], u16),
) -> u32 {
	if backend == Backend::SCALAR {
		return run_sum(runs, genome, bytes, seed, index);
	}
	start(backend, runs, bytes, (seed, index)).map_or(u32::MAX, |start| sum_from(&start, backend, genome))
}

/// Returns run `index` of the draw of `seed` before its first step. Returns `None` for a program that was not checked.
fn start<'a>(
	backend: Backend,
	runs: &'a TrainingRuns,
	bytes: &'a [u8],
	(seed, index): (&[u8; 32], u16),
) -> Option<Run<'a, FastNet>> {
	Run::new(runs, bytes, seed, index).map(|run| run.with_net(|net| FastNet::new(backend, &net)))
}

/// Returns the sum of a run that begins at `start`, with a genome as its loss.
fn sum_from(start: &Run<FastNet>, backend: Backend, genome: &Genome) -> u32 {
	let mut run = start.clone();
	let mut machine = GenomeMachine::new(genome.clone());
	while run.step(|classes, outputs, gradient| {
		backend.run(GenomeGradient { machine: &mut machine, classes, outputs, gradient });
	}) {}
	run.mistakes() << OUT_FRAC
}

impl GenomeRuns {
	/// Returns the runs of a program on the samples `bytes`.
	///
	/// # Errors
	///
	/// [`Error::Runs`] if a number of the program is out of its range, or if the samples do not fit it; [`Error::Backend`] if the
	/// environment names an unknown back-end.
	pub fn new(runs: TrainingRuns, bytes: Vec<u8>) -> Result<Self, Error> {
		runs.check()?;
		runs.check_samples(u32::try_from(bytes.len()).unwrap_or(u32::MAX))?;
		runs.check_labels(&bytes)?;
		Ok(Self { runs, bytes, backend: Backend::detect()? })
	}

	/// Returns the runs with kernels of another back-end. Every back-end computes the same sums.
	pub fn with_backend(self, backend: Backend) -> Self {
		Self { backend, ..self }
	}

	/// Returns the program.
	pub fn runs(&self) -> &TrainingRuns {
		&self.runs
	}

	/// Returns the number of samples.
	pub fn samples(&self) -> usize {
		self.bytes.len() / self.runs.sample_bytes()
	}

	/// Returns the sum of run `index` of the draw of `seed` with a genome as its loss.
	pub fn sum(&self, genome: &Genome, seed: &[u8; 32], index: u16) -> u32 {
		sum_on(self.backend, &self.runs, genome, &self.bytes, (seed, index))
	}

	/// Returns the sums of the first `count` runs of the draw of `seed` with each of `genomes`, in their order. All genomes share the
	/// runs, and groups of them the draw of each run. Runs on the current pool, and calls `on_run` after each run.
	///
	/// # Errors
	///
	/// [`Error::Stopped`] if `stop` is set before the last run begins.
	pub fn sums(
		&self,
		genomes: &[Genome],
		seed: &[u8; 32],
		count: u16,
		stop: &AtomicBool,
		on_run: &(dyn Fn() + Sync),
	) -> Result<Vec<Vec<u32>>, Error> {
		let (backend, width) = (self.backend, usize::from(count));
		let groups: Vec<&[Genome]> = genomes.chunks(GROUP).collect();
		let group_sums = |task: usize| {
			let (group, index) = (groups[task % groups.len()], (task / groups.len()) as u16);
			let drawn = if backend == Backend::SCALAR { None } else { start(backend, &self.runs, &self.bytes, (seed, index)) };
			let run = |genome: &Genome| {
				if stop.load(Ordering::Relaxed) {
					return Err(Error::Stopped);
				}
				let sum = match &drawn {
					Some(start) => sum_from(start, backend, genome),
					None => self.sum(genome, seed, index),
				};
				on_run();
				Ok(sum)
			};
			group.iter().map(run).collect::<Result<Vec<u32>, Error>>()
		};
		let tasks = (0..groups.len() * width).into_par_iter();
		let sums = tasks.map(group_sums).collect::<Result<Vec<Vec<u32>>, Error>>()?;
		let of_run = |genome: usize, index: usize| sums[index * groups.len() + genome / GROUP][genome % GROUP];
		Ok((0..genomes.len()).map(|genome| (0..width).map(|index| of_run(genome, index)).collect()).collect())
	}
}

#[cfg(test)]
mod tests;
