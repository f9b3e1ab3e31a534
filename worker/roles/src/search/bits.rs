//! Operand bits of a search: those of its configuration, chosen once and kept in its state.
//!
//! Nets of 8 and of 12 bits differ, so a search that is measured again after a restart could train the same genes to other nets, and
//! compare fitnesses of both. What was chosen when a search began is therefore in its state, and no measurement changes it later.

use super::{data::TrainingData, space, TARGET};
use crate::{config::OptimizationConfig, problem::Problem};
use anyhow::{ensure, Result};
use doin_compute::{Executor, OperandBits, StepTimes, BYTE_OPERAND_BITS, OPERAND_BITS};
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

/// Returns the operand bits that a new search trains in. `auto` and 8 measure the largest dense net of `space` that the domain admits:
/// `auto` to choose, which is logged, 8 to warn where they do not pay. Devices train in 12 bits.
pub(super) fn begin(asked: OperandBits, data: &TrainingData, space: &Space, names: &[String], executor: &Executor) -> u8 {
	if asked == OperandBits::Twelve {
		return OPERAND_BITS;
	}
	if executor.devices().working().next().is_some() {
		if asked == OperandBits::Auto {
			tracing::info!(target: TARGET, bits = OPERAND_BITS, "devices train in 12 bits, so the search does");
		}
		return unmeasured(asked);
	}
	let highest: Vec<i64> = space.genes().iter().map(|gene| gene.hi).collect();
	let Some(candidate) = data.largest_dense(space::named(names, &highest)) else { return unmeasured(asked) };
	match executor.install(|| data.step_times(&candidate)) {
		Ok(Some(times)) => {
			let bits = asked.fixed().unwrap_or(times.bits());
			let (width, depth) = (candidate.width, candidate.depth);
			match remark(asked, &times) {
				Some(remark) => tracing::warn!(target: TARGET, bits, width, depth, "{remark}"),
				None => tracing::info!(target: TARGET, bits, width, depth, "operand bits were measured: {times}"),
			}
			bits
		}
		Ok(None) => unmeasured(asked),
		Err(error) => {
			let bits = unmeasured(asked);
			tracing::warn!(target: TARGET, bits, %error, "operand bits cannot be measured");
			bits
		}
	}
}

/// Returns the operand bits of a search that nothing was measured for.
fn unmeasured(asked: OperandBits) -> u8 {
	asked.fixed().unwrap_or(OPERAND_BITS)
}

/// Returns the remark on 8 bits that are asked for and do not pay.
fn remark(asked: OperandBits, times: &StepTimes) -> Option<String> {
	(asked == OperandBits::Eight && times.bits() != BYTE_OPERAND_BITS).then(|| {
		format!("`operand_bits = 8` does not pay on this machine: {times}; `auto` takes the faster bits of a new search")
	})
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

	#[test]
	fn bits_that_do_not_pay_are_remarked_on() {
		use std::time::Duration;
		let times = |exact, bytes| {
			let [exact, bytes] = [exact, bytes].map(Duration::from_micros);
			StepTimes { exact, bytes, backend: "avx2" }
		};
		let remark = |asked, exact, bytes| remark(asked, &times(exact, bytes));
		let text = remark(OperandBits::Eight, 20, 30).expect("they do not pay");
		assert!(text.contains("30.0 µs in 8 bits and 20.0 µs in 12 on avx2") && text.contains("`auto`"), "{text}");
		assert_eq!([remark(OperandBits::Eight, 30, 20), remark(OperandBits::Auto, 20, 30)], [None, None]);
		assert_eq!([OperandBits::Eight, OperandBits::Auto].map(unmeasured), [8, 12]);
	}
}
