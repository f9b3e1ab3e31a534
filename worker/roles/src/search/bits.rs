//! Operand bits of a search: those of its configuration, chosen once and kept in its state.
//!
//! Nets of 8 and of 12 bits differ, so a search that is measured again after a restart could train the same genes to other nets, and
//! compare fitnesses of both. What was chosen when a search began is therefore in its state, and no measurement changes it later.

use super::{data::TrainingData, space, TARGET};
use crate::{config::OptimizationConfig, problem::Problem};
use anyhow::{ensure, Result};
use doin_compute::{Executor, OperandBits, OPERAND_BITS};
use doin_search::Space;

/// Gene of the operand bits of one candidate.
const BITS: &str = "bits";

/// Checks that the setting `operand_bits` has an effect, if it is given. `has_nets` is `true` if candidates are nets.
///
/// # Errors
///
/// Errors if the models of the domain are no nets, or if the domain has the gene `bits`.
pub(super) fn check(problem: &Problem, options: &OptimizationConfig, has_nets: bool, names: &[String]) -> Result<()> {
	if options.operand_bits.is_none() {
		return Ok(());
	}
	ensure!(
		has_nets,
		"`operand_bits` is a setting of nets, and the models of domain {} are something else: remove it",
		problem.id
	);
	ensure!(
		!names.iter().any(|name| name == BITS),
		"domain {} has the gene `{BITS}`, which decides for each candidate: remove `operand_bits`, and narrow the gene with \
		 `param_bounds`",
		problem.id
	);
	Ok(())
}

/// Returns the operand bits that an earlier run has trained in, which a search goes on with. A measurement is not repeated.
///
/// # Errors
///
/// Errors with the reason if the configuration asks for others.
pub(super) fn kept(asked: Option<OperandBits>, before: u8) -> Result<u8, String> {
	match asked.unwrap_or_default().fixed() {
		Some(bits) if bits != before => Err(format!("its nets are of {before} bits, and `operand_bits` is now {bits}")),
		_ => Ok(before),
	}
}

/// Returns the operand bits that a new search trains in. `auto` measures the largest dense net of `space` that the domain admits,
/// and logs what was measured. Devices train in 12 bits.
pub(super) fn begin(asked: OperandBits, data: &TrainingData, space: &Space, names: &[String], executor: &Executor) -> u8 {
	if let Some(bits) = asked.fixed() {
		return bits;
	}
	if executor.devices().working().next().is_some() {
		tracing::info!(target: TARGET, bits = OPERAND_BITS, "devices train in 12 bits, so the search does");
		return OPERAND_BITS;
	}
	let highest: Vec<i64> = space.genes().iter().map(|gene| gene.hi).collect();
	let Some(candidate) = data.largest_dense(space::named(names, &highest)) else { return OPERAND_BITS };
	match executor.install(|| data.step_times(&candidate)) {
		Ok(Some(times)) => {
			let bits = times.bits();
			tracing::info!(target: TARGET, bits, width = candidate.width, depth = candidate.depth, "operand bits were measured: {times}");
			bits
		}
		Ok(None) => OPERAND_BITS,
		Err(error) => {
			tracing::warn!(target: TARGET, %error, "operand bits cannot be measured, so the search trains in 12");
			OPERAND_BITS
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_search_goes_on_in_the_bits_of_its_state() {
		use OperandBits::{Auto, Eight, Twelve};
		for (asked, before) in [(None, 12), (Some(Twelve), 12), (Some(Eight), 8), (Some(Auto), 8), (Some(Auto), 12)] {
			assert_eq!(kept(asked, before), Ok(before), "{asked:?}");
		}
		for (asked, before) in [(None, 8), (Some(Twelve), 8), (Some(Eight), 12)] {
			assert!(kept(asked, before).unwrap_err().contains(&format!("its nets are of {before} bits")), "{asked:?}");
		}
	}
}
