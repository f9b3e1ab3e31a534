//! Search over the genes of a domain.
//!
//! A [`Space`] is a list of integer genes with bounds. An [`Optimizer`] searches it with an ask/tell interface: a caller asks for
//! trials, evaluates them in any way and in any order, and tells the fitness of each one. A lower fitness is better. Individuals that
//! were found elsewhere are injected with their fitness, and take part in the next selection.
//!
//! | optimizer | algorithm | for |
//! |---|---|---|
//! | [`Ga`] | elitist genetic algorithm | any genes |
//! | [`Evolution`] | differential evolution with successive halving | trainings whose beginning tells something |
//! | [`Cmaes`] | evolution of a covariance matrix | ordered genes that depend on each other |
//! | [`Gp`] | genetic programming | loss genomes, whose genes are those of [`program`] |
//! | [`Sampler`] | random points, or a Sobol sequence | comparison |
//! | [`PluginOptimizer`] | a program of the user | any other algorithm, in any language |
//!
//! [`Staged`] adds the genes to any of them stage by stage. [`meta`] proposes first candidates from domains that were searched before;
//! [`PluginMeta`] asks a program of the user for them.
//!
//! [`Islands`] are several of them side by side, which exchange their best candidates, and share an [`Archive`] of results.
//! [`landscape`] has standard functions to try them on.
//!
//! Random streams are counter-based, so that the same seed and the same fitnesses give the same search on every machine, and so that a
//! checkpoint goes on exactly.
//!
//! ```
//! use doin_search::{Ga, GaConfig, GeneRange, Optimizer, Space};
//!
//! let space = Space::new(vec![GeneRange::linear("x", -100, 100), GeneRange::log("rate", 1, 1 << 20)])?;
//! let mut search = Ga::new(space, GaConfig { seed: 7, ..GaConfig::default() })?;
//! for _ in 0..1_000 {
//!     for trial in search.ask(1) {
//!         let fitness = trial.genes[0].abs_diff(42) + trial.genes[1].abs_diff(1_000);
//!         search.tell(&trial, fitness)?;
//!     }
//! }
//! assert!(search.best().is_some_and(|best| best.fitness < 50));
//! # Ok::<(), doin_search::SearchError>(())
//! ```

#![warn(clippy::missing_errors_doc)]

mod algorithm;
mod archive;
mod cmaes;
mod evolution;
mod ga;
mod gp;
mod islands;
pub mod landscape;
mod memory;
pub mod meta;
mod optimizer;
mod plugin;
pub mod program;
mod random;
mod sampling;
mod scale;
mod space;
mod staged;
#[cfg(test)]
mod tests;

pub use archive::{Archive, Evaluated};
pub use cmaes::{Cmaes, CmaesConfig};
pub use evolution::{Evolution, EvolutionConfig};
pub use ga::{Ga, GaConfig};
pub use gp::{Gp, GpConfig};
pub use islands::{seed_of_island, Counts, Islands, IslandsConfig, Topology};
pub use optimizer::{Checkpoint, Individual, Injected, Migrant, Optimizer, Trial};
pub use plugin::{MetaConfig, PluginConfig, PluginMeta, PluginOptimizer};
pub use sampling::{Sampler, SamplerConfig, Sequence};
pub use space::{Condition, GeneRange, Scale, Space};
pub use staged::{seed_of_stage, Staged, StagedConfig};

/// Error of a search space, a configuration or a candidate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
	/// The space has no genes.
	#[error("the search space has no genes: expected at least one")]
	Empty,
	/// The lower bound of a gene exceeds its upper bound.
	#[error("invalid bounds {lo}..={hi} of gene `{gene}`: the lower bound must not exceed the upper bound")]
	Bounds {
		/// Name of the gene.
		gene: String,
		/// Lower bound.
		lo: i64,
		/// Upper bound.
		hi: i64,
	},
	/// The lower bound of a logarithmic gene is below 1.
	#[error("invalid lower bound {lo} of the logarithmic gene `{gene}`: expected at least 1")]
	LogBounds {
		/// Name of the gene.
		gene: String,
		/// Lower bound.
		lo: i64,
	},
	/// Two genes have the same name.
	#[error("two genes are named `{gene}`: names must be unique")]
	DuplicateGene {
		/// Name of both genes.
		gene: String,
	},
	/// A gene is used if another one has certain values, and that one is not an earlier gene.
	#[error("gene `{gene}` depends on `{other}`, which is not an earlier gene: put `{other}` before it")]
	Condition {
		/// Name of the conditional gene.
		gene: String,
		/// Name of the gene that decides.
		other: String,
	},
	/// A gene has no order.
	#[error("gene `{gene}` is a category, and cmaes searches ordered genes only: choose another optimizer, e.g. ga")]
	Unordered {
		/// Name of the gene.
		gene: String,
	},
	/// A migrant has a gene that the space does not have.
	#[error("unknown gene `{gene}`: the space has {known}, so the candidate belongs to another domain or version")]
	UnknownGene {
		/// Name of the gene.
		gene: String,
		/// Names of the genes of the space.
		known: String,
	},
	/// A migrant lacks a gene.
	#[error("gene `{gene}` is missing: the candidate belongs to another domain or version")]
	MissingGene {
		/// Name of the gene.
		gene: String,
	},
	/// A program of the user has failed for good.
	#[error("{reason}")]
	Program {
		/// Name of the program, and what it did.
		reason: String,
	},
	/// A checkpoint belongs to another search, or is damaged.
	#[error("cannot go on from the checkpoint: {reason}")]
	Checkpoint {
		/// Difference from the present search.
		reason: String,
	},
	/// A file is one of another version of this program.
	#[error("its format has version {found}, and this program reads version {expected}")]
	Version {
		/// Version of the file.
		found: u32,
		/// Version that this program reads.
		expected: u32,
	},
	/// A trial has two fitnesses.
	#[error("two fitnesses of the candidate {genes:?}, {before} and {after}: its evaluation has to be deterministic")]
	Conflict {
		/// Genes of the candidate.
		genes: Vec<i64>,
		/// Fitness in the archive.
		before: u64,
		/// Fitness that was refused.
		after: u64,
	},
	/// A trial of a generation has no fitness.
	#[error("the candidate {genes:?} has no fitness yet: evaluate all trials before the generation is ended")]
	Unevaluated {
		/// Genes of the candidate.
		genes: Vec<i64>,
	},
	/// Stages cannot add the genes of the space.
	#[error("invalid stages: {reason}")]
	Stages {
		/// Stage, and what is wrong with it.
		reason: String,
	},
	/// Islands search different genes.
	#[error("island {island} has other genes than island 0: all islands need the same genes in the same order")]
	Islands {
		/// Number of the island, from 0 on.
		island: usize,
	},
	/// A landscape cannot have this number of genes.
	#[error("invalid number of dimensions {dimensions}: expected {least} to {most}")]
	Dimensions {
		/// Number of dimensions.
		dimensions: usize,
		/// Least number.
		least: usize,
		/// Largest number.
		most: usize,
	},
	/// A field of a configuration is out of range.
	#[error("invalid {field} {value}: expected {expected}")]
	Config {
		/// Name of the field.
		field: &'static str,
		/// Value of the field.
		value: usize,
		/// Admitted values.
		expected: &'static str,
	},
	/// The candidate has another number of genes than the space.
	#[error("invalid candidate with {found} genes: the space has {expected}, so it belongs to another domain or version")]
	Length {
		/// Number of genes of the space.
		expected: usize,
		/// Number of genes of the candidate.
		found: usize,
	},
	/// A gene of the candidate is out of its bounds.
	#[error("invalid value {value} of gene `{gene}`: expected {lo}..={hi}")]
	Outside {
		/// Name of the gene.
		gene: String,
		/// Value of the candidate.
		value: i64,
		/// Lower bound.
		lo: i64,
		/// Upper bound.
		hi: i64,
	},
}
