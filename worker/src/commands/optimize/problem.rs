//! Problems of a search: a landscape, or the training of a model.

use super::OptimizeArgs;
use crate::commands::train::trials::TrainingProblem;
use anyhow::{Context, Result};
use doin_search::{
	landscape::{Landscape, UNIT},
	Condition, Space, Trial,
};
use serde_json::{json, Value};

/// Field of the record with the operand bits that were chosen.
pub const BITS: &str = "bits";
/// Thousandths of a landscape in one.
const THOUSANDTHS: f64 = 1e3;

/// Problem of a search.
pub enum Problem {
	/// Standard function.
	Landscape(Landscape),
	/// Genes of a model that is trained on a series, with the arguments of the training.
	Training(Box<TrainingProblem>, Vec<String>),
}

impl Problem {
	/// Returns the problem that the arguments name.
	///
	/// # Errors
	///
	/// Errors if a landscape cannot have so many dimensions, or if the series cannot be trained on.
	pub fn new(args: &OptimizeArgs) -> Result<Self> {
		if !args.train.is_empty() {
			let training = TrainingProblem::new(&args.train, args.evaluate)?;
			return Ok(Self::Training(Box::new(training), args.train.clone()));
		}
		let shape = args.landscape.context("neither a landscape nor a training is given: choose one, e.g. --landscape sphere")?;
		Ok(Self::Landscape(Landscape::new(shape, args.dimensions.into(), args.hidden)?))
	}

	/// Chooses the operand bits of a training that leaves them open, those of an earlier run first; see
	/// [`TrainingProblem::choose_bits`].
	///
	/// # Errors
	///
	/// Errors if the steps of a net cannot be measured.
	pub fn choose_bits(&mut self, before: Option<u8>, has_devices: bool) -> Result<()> {
		match self {
			Self::Landscape(_) => Ok(()),
			Self::Training(training, _) => training.choose_bits(before, has_devices),
		}
	}

	/// Trains all candidates in the operand bits that the search has chosen.
	pub fn fix_bits(&mut self, bits: u8) {
		if let Self::Training(training, _) = self {
			training.fix_bits(bits);
		}
	}

	/// Returns the operand bits that the search has chosen; `None` if they are given, or if nothing is trained.
	pub fn chosen_bits(&self) -> Option<u8> {
		match self {
			Self::Landscape(_) => None,
			Self::Training(training, _) => training.chosen_bits(),
		}
	}

	/// Returns the space.
	pub fn space(&self) -> &Space {
		match self {
			Self::Landscape(landscape) => landscape.space(),
			Self::Training(training, _) => training.space(),
		}
	}

	/// Evaluates a trial. Returns its fitness.
	///
	/// # Errors
	///
	/// Errors if the genes are not a point of the space.
	pub fn fitness(&self, trial: &Trial) -> Result<u64> {
		match self {
			Self::Landscape(landscape) => Ok(landscape.fitness(&trial.genes)?),
			Self::Training(training, _) => training.fitness(trial),
		}
	}

	/// Returns the fitness of a value of one: a million on a landscape, the error of the better naive model in a training.
	pub fn unit(&self) -> f64 {
		match self {
			Self::Landscape(_) => UNIT,
			Self::Training(training, _) => training.initial_error() as f64,
		}
	}

	/// Returns `true` if a candidate can be evaluated in part.
	pub fn has_epochs(&self) -> bool {
		matches!(self, Self::Training(..))
	}

	/// Returns the conditions that candidates without epochs meet, all of them.
	///
	/// # Errors
	///
	/// Errors if the genes of a training are none of its trainer.
	pub fn without_epochs(&self) -> Result<Vec<Condition>> {
		match self {
			Self::Landscape(_) => Ok(Vec::new()),
			Self::Training(training, _) => training.without_epochs(),
		}
	}

	/// Returns everything that a fitness depends on, beside genes and program.
	///
	/// # Errors
	///
	/// Errors if it cannot be represented as JSON.
	pub fn record(&self) -> Result<Value> {
		match self {
			Self::Landscape(landscape) => Ok(serde_json::to_value(landscape)?),
			Self::Training(training, arguments) => {
				let mut record = json!({ "train": arguments, "data": training.data_hashes() });
				if let Some(bits) = training.chosen_bits() {
					record[BITS] = bits.into();
				}
				Ok(record)
			}
		}
	}

	/// Returns the problem as text.
	pub fn description(&self) -> String {
		match self {
			Self::Landscape(landscape) => format!("{} of {} genes", landscape.shape().name(), landscape.space().genes().len()),
			Self::Training(training, arguments) => {
				let chosen = training.chosen_bits().map_or_else(String::new, |bits| format!(", in {bits} bits"));
				format!("train {}{chosen}", arguments.join(" "))
			}
		}
	}

	/// Returns genes as text.
	pub fn shown(&self, genes: &[i64]) -> String {
		let named = self.space().named(genes);
		let gene = |(name, value): &(String, i64)| match self {
			Self::Landscape(_) => (*value as f64 / THOUSANDTHS).to_string(),
			Self::Training(..) => format!("{name} {value}"),
		};
		named.iter().map(gene).collect::<Vec<_>>().join(", ")
	}
}
