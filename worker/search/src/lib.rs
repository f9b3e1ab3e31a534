//! Search over the genes of a domain.
//!
//! A [`Space`] is a list of integer genes with bounds. [`Ga`] is an elitist genetic algorithm over it, with an ask/tell
//! interface: a caller asks for candidates, evaluates them in any way and in any order, and tells the fitness of each one. A
//! lower fitness is better. Genes of champions found elsewhere enter as immigrants.
//!
//! Only integers and a counter-based random stream are used, so that the same seed and the same fitnesses give the same search on
//! every machine.
//!
//! ```
//! use doin_search::{Ga, GaConfig, GeneRange, Space};
//!
//! let space = Space::new(vec![GeneRange::linear("x", -100, 100), GeneRange::log("rate", 1, 1 << 20)])?;
//! let mut search = Ga::new(space, GaConfig { seed: 7, ..GaConfig::default() })?;
//! for _ in 0..1_000 {
//!     for genes in search.ask(1) {
//!         let fitness = genes[0].abs_diff(42) + genes[1].abs_diff(1_000);
//!         search.tell(&genes, fitness)?;
//!     }
//! }
//! assert!(search.best().is_some_and(|best| best.fitness < 50));
//! # Ok::<(), doin_search::SearchError>(())
//! ```

#![warn(clippy::missing_errors_doc)]

mod ga;
mod random;
mod scale;
mod space;

pub use ga::{Ga, GaConfig, Individual};
pub use space::{GeneRange, Space};

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
	/// A field of [`GaConfig`] is out of range.
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_error_names_the_value_and_what_is_expected() {
		let gene = || "rate".to_owned();
		for (error, text) in [
			(
				SearchError::Bounds { gene: gene(), lo: 2, hi: 1 },
				"invalid bounds 2..=1 of gene `rate`: the lower bound must not exceed the upper bound",
			),
			(
				SearchError::LogBounds { gene: gene(), lo: 0 },
				"invalid lower bound 0 of the logarithmic gene `rate`: expected at least 1",
			),
			(SearchError::Config { field: "elite", value: 9, expected: "1..=8" }, "invalid elite 9: expected 1..=8"),
			(SearchError::Outside { gene: gene(), value: 5, lo: 0, hi: 4 }, "invalid value 5 of gene `rate`: expected 0..=4"),
		] {
			assert_eq!(error.to_string(), text);
		}
	}
}
