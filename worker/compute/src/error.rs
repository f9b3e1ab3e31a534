//! Errors of training and scoring.

use crate::{gpu::DeviceError, train::candidate::Family};
use doin_kernels::UnknownBackend;
use doin_scoring::{rows::RowError, ModelError, ProgramError};

/// Reason why something was not computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
	/// The program of the domain is not `Forecast`.
	#[error("the domain's program is `{program}`, which has nothing to train: only forecasts are trained")]
	NotForecast {
		/// Name of the program.
		program: &'static str,
	},
	/// The program or the generator is invalid, or does not fit the series.
	#[error("invalid program or generator of the domain: {0:?}")]
	Program(ProgramError),
	/// The program of rows is invalid, or the rows do not fit it.
	#[error("invalid program of rows, or rows that do not fit it: {0:?}")]
	Rows(RowError),
	/// The domain has no such evidence, or it is not published yet.
	#[error("the domain has no such evidence, or its segment is not opened yet")]
	NoSuchEvidence,
	/// The sums are those of a program of a user, which is not here.
	#[error("the sums of a tolerance domain are those of its program, which only evaluators that list it run")]
	NoProgram,
	/// There are too few rows.
	#[error("there are {have} rows, {need} are needed for {what}")]
	FewRows {
		/// Number of rows.
		have: usize,
		/// Smallest usable number.
		need: usize,
		/// Purpose of the rows.
		what: &'static str,
	},
	/// The windows of all rows are too large to train on.
	#[error("{rows} rows of {inputs} inputs are too many to train on: take fewer rows, or a larger stride for a convolution")]
	TooManyInputs {
		/// Number of rows.
		rows: usize,
		/// Inputs of each.
		inputs: usize,
	},
	/// Nets of the family do not read rows.
	#[error("family `{family}` is not trained on these rows: {reason}")]
	UnsupportedFamily {
		/// The family.
		family: Family,
		/// The reason, and what to do instead.
		reason: &'static str,
	},
	/// The split lies outside the series, or the series is too short for it.
	#[error("the series has {have} values, {need} are needed for {what}")]
	Short {
		/// Number of values, or of steps.
		have: usize,
		/// Smallest usable number.
		need: usize,
		/// Purpose of the values.
		what: &'static str,
	},
	/// The domain does not admit a trained model.
	#[error("the model is not admitted by the domain: {0:?}")]
	Model(ModelError),
	/// The value of a gene is out of its range.
	#[error("gene `{name}` is {value}; it must lie in {lo}..={hi} here")]
	Gene {
		/// Name of the gene.
		name: String,
		/// Its value.
		value: i64,
		/// Smallest usable value.
		lo: i64,
		/// Largest usable value.
		hi: i64,
	},
	/// No trainer of the family has operands of so many bits.
	#[error("gene `bits` is {bits}: {reason}")]
	Bits {
		/// Value of the gene.
		bits: u8,
		/// The reason, and the usable values.
		reason: &'static str,
	},
	/// The trainer does not know a gene of the domain.
	#[error("the domain has a gene `{name}`, which this trainer does not know: known are {known}")]
	UnknownGene {
		/// Name of the gene.
		name: String,
		/// Names of all known genes.
		known: &'static str,
	},
	/// The values are so large that no linear model of them has 12-bit weights.
	#[error("no 12-bit weights reach from inputs to outputs: the unit of the series is too fine, multiply it by ten")]
	UnitTooFine,
	/// Beside trend and season, the series moves by less than half a raw unit per step, and the chain refuses generators that
	/// quiet.
	#[error(
		"beside its trend and season, the series moves by less than half a raw unit per step, so a round could have nothing to \
		 improve: divide the unit of the series by ten, or use public evidence"
	)]
	UnitTooCoarse,
	/// The series has no noise that a generator could be fitted to.
	#[error("the series moves by the same amount at every step of its training part: there is no generator to fit")]
	ConstantSeries,
	/// The normal equations have no solution under any ridge parameter, after rounding.
	#[error("the normal equations of window {window} have no solution: take a shorter window")]
	Singular {
		/// Steps of the window.
		window: u16,
	},
	/// The environment names a back-end that this CPU does not have.
	#[error(transparent)]
	Backend(#[from] UnknownBackend),
	/// Threads cannot be started.
	#[error("cannot start {threads} threads: {reason}")]
	Threads {
		/// Number of threads.
		threads: usize,
		/// Message of the operating system.
		reason: String,
	},
	/// A device failed; the CPU can compute the same.
	#[error(transparent)]
	Device(#[from] DeviceError),
	/// Training was stopped on request or at its time limit.
	#[error("stopped")]
	Stopped,
}

impl From<RowError> for Error {
	fn from(error: RowError) -> Self {
		Error::Rows(error)
	}
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
