//! Training and scoring on a worker.
//!
//! What leaves this crate is exact: nets that `doin-scoring` admits, and error sums that every other machine gets as well. Training
//! itself need not be trusted, yet the trainers [`mlp`] and [`conv`] are made of integers only and give the same net for the same
//! [`Candidate`] and data on every machine and number of threads; the closed-form [`ridge`] uses `f64` and rounds at its end.
//!
//! [`TrainingSet`] holds the windows, [`train_brackets`] trains a population on cores and devices, [`chunk_sums`] answers for an evaluator,
//! [`generator`] fits the source of a synthetic domain, and [`baseline`] tells people what a model is worth.
//!
//! Everything hot goes through a [`Backend`], chosen when a training set is made; all give the same bits.

pub mod backend;
pub mod baseline;
mod batches;
pub mod chunks;
mod classes;
pub mod cohort;
pub mod conv;
pub mod data;
#[cfg(test)]
mod fixtures;
pub mod generator;
#[cfg(test)]
mod golden;
pub mod gpu;
mod linalg;
pub mod lion;
pub mod mlp;
mod mlp8;
pub mod peak;
pub mod population;
pub mod recurrent;
pub mod ridge;
mod scorer;
pub mod task;

pub use backend::Backend;
pub use chunks::{chunk_sums, sums_of, validation_sums};
pub use cohort::{train_brackets, Course, Rule};
pub use data::{Measure, TrainingSet};
pub use population::{Candidate, Family, Trained};
pub use ridge::Linear;
pub use task::{CutSeries, Task};

use doin_scoring::{ModelError, ProgramError};

/// Why something is not computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
	/// The domain's program is not `Forecast`.
	#[error("the domain's program is `{0}`, which has nothing to train: only forecasts are trained here")]
	NotForecast(&'static str),
	/// The program or the generator is malformed, or does not fit the series.
	#[error("the domain's program or generator is refused: {0:?}")]
	Program(ProgramError),
	/// The split lies outside the series, or the series is too short for it.
	#[error("the series has {have} values, {need} are needed for {what}")]
	Short {
		/// Values there are.
		have: usize,
		/// Values there should be.
		need: usize,
		/// What they are needed for.
		what: &'static str,
	},
	/// A trained model is not admitted by the domain.
	#[error("the model is not admitted by the domain: {0:?}")]
	Model(ModelError),
	/// A gene has a value that the trainer cannot use.
	#[error("gene `{name}` is {value}; it must lie in {lo}..={hi} here")]
	Gene {
		/// Its name.
		name: String,
		/// Its value.
		value: i64,
		/// Smallest usable value.
		lo: i64,
		/// Largest usable value.
		hi: i64,
	},
	/// Nets of this family, or any, are not trained in so many bits.
	#[error("gene `bits` is {0}: {1}")]
	Bits(u8, &'static str),
	/// A gene that the trainer does not know.
	#[error("the domain has a gene `{0}`, which this trainer does not know: known are {1}")]
	UnknownGene(String, &'static str),
	/// The values are so large that a linear model of them has no 12-bit weights.
	#[error("no 12-bit weights reach from inputs to outputs: the unit of the series is too fine, multiply it by ten")]
	Unit,
	/// There is no noise to generate.
	#[error("the series moves by the same amount at every step of its training part: there is no generator to fit")]
	Constant,
	/// Rounding left the normal equations without a solution under every ridge parameter.
	#[error("the normal equations of window {0} have no solution: take a shorter window")]
	Singular(u16),
	/// A back-end that this processor does not have.
	#[error("there is no back-end `{0}` on this processor: there are {1}; see the variable DOIN_BACKEND")]
	Backend(String, String),
	/// Threads cannot be started.
	#[error("cannot start {0} threads: {1}")]
	Threads(usize, String),
	/// A device failed; the same can be done elsewhere.
	#[error(transparent)]
	Gpu(#[from] gpu::GpuError),
	/// The caller asked to stop.
	#[error("stopped")]
	Stopped,
}

impl From<ProgramError> for Error {
	fn from(error: ProgramError) -> Self {
		Error::Program(error)
	}
}

impl From<ModelError> for Error {
	fn from(error: ModelError) -> Self {
		Error::Model(error)
	}
}
