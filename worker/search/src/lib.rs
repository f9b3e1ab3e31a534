//! Search over the genes of a domain.
//!
//! A [`Space`] is a list of integer genes with bounds. [`Ga`] is an elitist genetic algorithm over it with an ask/tell interface: the
//! worker asks for candidates, evaluates them wherever and however it likes, and tells each one's fitness (lower is better). Genes of
//! champions found by others enter as immigrants.
//!
//! Only integers and a counter-based random stream are used, so the same seed and the same answers give the same search everywhere.

mod ga;
mod random;
mod scale;
mod space;

pub use ga::{Ga, Individual, Settings};
pub use space::{GeneRange, Space};

/// Why a search is refused, or an answer to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
	/// There is nothing to search.
	#[error("the search space has no genes: give it at least one")]
	Empty,
	/// Bounds are the wrong way round.
	#[error("gene `{0}` has bounds {1}..={2}, which hold nothing: the lower bound must not exceed the upper one")]
	Bounds(String, i64, i64),
	/// A logarithmic gene reaches below one.
	#[error("gene `{0}` is logarithmic, so its lower bound must be at least 1, not {1}")]
	Log(String, i64),
	/// Two genes share a name.
	#[error("two genes are called `{0}`: names must be unique")]
	Name(String),
	/// A setting does not make sense.
	#[error("setting `{0}` is {1}: {2}")]
	Setting(&'static str, usize, &'static str),
	/// Genes of another space.
	#[error("the space has {expected} genes, the candidate {found}: it belongs to another domain or version")]
	Length {
		/// Genes of the space.
		expected: usize,
		/// Genes of the candidate.
		found: usize,
	},
	/// A gene lies outside its bounds.
	#[error("gene `{0}` is {1}, outside its bounds {2}..={3}")]
	Outside(String, i64, i64, i64),
}
