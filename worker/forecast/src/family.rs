//! Families of models that can be trained.

use anyhow::{ensure, Result};
use doin_compute::Family;
use doin_scoring::Net;
use serde::{Deserialize, Serialize};

/// Family of a model. A linear model is a net without layers, which the trainer solves in closed form: the mean of several ridge
/// regressions.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Serialize,
	Deserialize,
	strum::Display,
	strum::EnumIter,
	strum::EnumMessage,
	strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ModelFamily {
	/// Mean of six ridge regressions in closed form; a single one for rows, or with --one-ridge.
	Linear,
	/// Dense hidden layers.
	Mlp,
	/// Causal convolutions.
	Conv,
	/// Long short-term memory.
	Lstm,
	/// Gated recurrent unit.
	Gru,
}

impl ModelFamily {
	/// Returns the family that the trainer is asked for.
	pub fn family(self) -> Family {
		match self {
			Self::Linear | Self::Mlp => Family::Mlp,
			Self::Conv => Family::Conv,
			Self::Lstm => Family::Lstm,
			Self::Gru => Family::Gru,
		}
	}

	/// Returns the name on the command line.
	pub fn name(self) -> &'static str {
		self.into()
	}

	/// Returns the family of a net.
	pub fn of(net: &Net) -> Self {
		match Family::of(net) {
			Family::Mlp if net.layers.is_empty() => Self::Linear,
			Family::Mlp => Self::Mlp,
			Family::Conv => Self::Conv,
			Family::Lstm => Self::Lstm,
			Family::Gru => Self::Gru,
		}
	}

	/// Returns `true` for recurrent cells.
	pub fn is_recurrent(self) -> bool {
		matches!(self, Self::Lstm | Self::Gru)
	}

	/// Checks that a trained net belongs to this family.
	///
	/// # Errors
	///
	/// Errors if the net belongs to another one.
	pub fn check(self, net: &Net) -> Result<()> {
		let found = Self::of(net);
		ensure!(found == self, "the trainer of this build made a model of the family {found} where {self} was requested");
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use strum::IntoEnumIterator;

	#[test]
	fn names_are_those_of_the_command_line() {
		let names: Vec<_> = ModelFamily::iter().map(ModelFamily::name).collect();
		assert_eq!(names, ["linear", "mlp", "conv", "lstm", "gru"]);
		for family in ModelFamily::iter() {
			assert_eq!(serde_json::to_value(family).unwrap(), family.name());
			assert_eq!(family.is_recurrent(), matches!(family.name(), "lstm" | "gru"));
		}
	}
}
