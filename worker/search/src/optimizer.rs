//! The interface of every search algorithm.

use crate::{SearchError, Space};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::cmp::Ordering;

/// Version of the format of checkpoints.
const CHECKPOINT_VERSION: u32 = 1;

/// A candidate to evaluate, and how much of its training is wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trial {
	/// Values of the genes, in the order of the space.
	pub genes: Vec<i64>,
	/// Divisor of the number of epochs: 1 for the whole training. What cannot be evaluated in part is evaluated whole.
	pub divisor: u32,
}

impl Trial {
	/// Returns a trial with the whole training.
	pub fn whole(genes: Vec<i64>) -> Self {
		Self { genes, divisor: 1 }
	}
}

/// A candidate and its fitness after the whole training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Individual {
	/// Values of the genes, in the order of the space.
	pub genes: Vec<i64>,
	/// Fitness; lower is better.
	pub fitness: u64,
}

impl Individual {
	/// Compares two individuals: a lower fitness is first, and of equal ones the smaller genes.
	pub(crate) fn best_first(&self, other: &Self) -> Ordering {
		(self.fitness, &self.genes).cmp(&(other.fitness, &other.genes))
	}
}

/// Genes by their names, with the fitness that was verified, from another island or another author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrant {
	/// Names and values of the genes.
	pub genes: Vec<(String, i64)>,
	/// Fitness as the receiver measures it; lower is better.
	pub fitness: u64,
}

/// Outcome of an injection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
	/// The individual takes part in the next selection with its fitness.
	Joined,
	/// The individual was known before, and nothing changed.
	Known,
	/// A gene was moved into narrower bounds. The individual takes part in the next selection with the fitness of the original, and is
	/// asked next, so that its own fitness replaces that.
	Moved,
}

/// A search algorithm. A caller asks for trials, evaluates them in any way, and tells the fitness of each one; a lower fitness is
/// better, and `u64::MAX` stands for a candidate that could not be evaluated.
///
/// A seed and a sequence of calls give the same trials on every machine. A checkpoint holds the whole state, so that a
/// restored search goes on as if it had not been interrupted. Trials that were asked and not told before a checkpoint are asked again.
pub trait Optimizer: Send {
	/// Returns the name of the algorithm, as a configuration spells it.
	fn name(&self) -> &'static str;

	/// Returns the space.
	fn space(&self) -> &Space;

	/// Returns at most `n` trials. There are fewer, or none, if the algorithm waits for fitnesses of earlier trials, or if the
	/// whole space has been visited.
	fn ask(&mut self, n: usize) -> Vec<Trial>;

	/// Takes the fitness of a trial, asked for or not.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	fn tell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError>;

	/// Replaces the fitness of a candidate that was told before, e.g. once it was trained on more data. Any other candidate is told.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	fn retell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError>;

	/// Lets genes without a fitness be asked next, e.g. those of a proposal, unless they were asked or told before. Returns `true` if
	/// they are asked next.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	fn suggest(&mut self, genes: &[i64]) -> Result<bool, SearchError>;

	/// Takes an individual with its verified fitness before the next selection.
	///
	/// # Errors
	/// Errors if a gene is missing or unknown.
	fn inject(&mut self, migrant: &Migrant) -> Result<Injected, SearchError>;

	/// Returns the best individual that was told or injected, after its whole training.
	fn best(&self) -> Option<&Individual>;

	/// Returns the number of complete generations.
	fn generation(&self) -> usize;

	/// Returns the individuals that the next candidates are bred from, best first. It is empty for algorithms that have none.
	fn parents(&self) -> Vec<&Individual>;

	/// Returns the trials whose fitness later ones are compared with, each once. A caller evaluates them again, and [retells](Self::retell)
	/// them, once fitnesses are others, e.g. since the data has grown: a fitness of the former data could be compared with new ones
	/// for ever.
	fn compared(&self) -> Vec<Trial> {
		self.parents().into_iter().map(|individual| Trial::whole(individual.genes.clone())).collect()
	}

	/// Returns the present stage, from 1 on, and the number of stages, for a search that adds genes stage by stage.
	fn stage(&self) -> Option<(usize, usize)> {
		None
	}

	/// Returns the present stage of the bracket, from 1 on, and the number of stages, for a search with successive halving: candidates of
	/// one stage are trained for the same part of their epochs.
	fn bracket_stage(&self) -> Option<(usize, usize)> {
		None
	}

	/// Returns the reason for which no trials are asked any more although points are left; `None` for an algorithm that cannot fail.
	fn stopped(&self) -> Option<&SearchError> {
		None
	}

	/// Returns the state.
	fn checkpoint(&self) -> Checkpoint;

	/// Goes on from a state.
	///
	/// # Errors
	/// Errors and changes nothing if the state belongs to another version, algorithm, space or configuration.
	fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SearchError>;
}

/// State of a search, to be kept as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
	/// Version of the format.
	version: u32,
	/// Name of the algorithm.
	optimizer: String,
	/// State of the algorithm.
	state: serde_json::Value,
}

impl Checkpoint {
	/// Returns the state of the algorithm with the name `optimizer`.
	pub(crate) fn of(optimizer: &str, state: &impl Serialize) -> Self {
		// Fails for maps without text keys only, and no state has maps.
		let state = serde_json::to_value(state).unwrap_or_default();
		Self { version: CHECKPOINT_VERSION, optimizer: optimizer.into(), state }
	}

	/// Returns the state of the algorithm with the name `optimizer`.
	///
	/// # Errors
	/// Errors if it is of another version or algorithm, or damaged.
	pub(crate) fn read<State: DeserializeOwned>(&self, optimizer: &str) -> Result<State, SearchError> {
		if self.version != CHECKPOINT_VERSION {
			let reason = format!("its format has version {}, and this program reads version {CHECKPOINT_VERSION}", self.version);
			return Err(SearchError::Checkpoint { reason });
		}
		if self.optimizer != optimizer {
			let reason = format!("it is one of the optimizer `{}`, and the search uses `{optimizer}`", self.optimizer);
			return Err(SearchError::Checkpoint { reason });
		}
		State::deserialize(&self.state).map_err(|error| SearchError::Checkpoint { reason: format!("it is damaged: {error}") })
	}
}

/// Checks that a restored search has the configuration of the present one.
///
/// # Errors
/// Errors if it has another one.
pub(crate) fn same_configuration<Config: PartialEq + std::fmt::Debug>(
	stored: &Config,
	present: &Config,
) -> Result<(), SearchError> {
	if stored == present {
		return Ok(());
	}
	Err(SearchError::Checkpoint {
		reason: format!("it was made with the configuration {stored:?}, and the present one is {present:?}"),
	})
}
