//! Trials as programs answer them.

use crate::{GeneRange, Space};
use serde_json::Value;

/// Largest divisor of the epochs of a trial.
const MOST_DIVISOR: u32 = 1_024;
/// Characters of a value that a reason shows.
const SHOWN: usize = 60;

/// Returns the trials of an answer to `method`, at most `most`.
pub(super) fn offers_of(answer: &Value, method: &str, most: usize) -> Result<Vec<Value>, String> {
	let trials = answer.get("trials").and_then(Value::as_array);
	let trials = trials.ok_or_else(|| {
		format!("it has answered `{}` to `{method}`: return {{\"trials\":[{{\"genes\":{{…}}}}, …]}}", shortened(answer))
	})?;
	if trials.len() > most {
		return Err(format!("it has answered {} trials: return at most `count`, here {most}", trials.len()));
	}
	Ok(trials.clone())
}

/// Returns a trial as a point of the space in its canonical form, or the reason for which it is none. Genes that are not used may be left
/// out.
pub(super) fn point_of(space: &Space, trial: &Value) -> Result<Vec<i64>, String> {
	let genes = trial.get("genes").and_then(Value::as_object);
	let genes = genes.ok_or_else(|| format!("`{}` has no `genes`: name each gene and its value", shortened(trial)))?;
	if let Some(unknown) = genes.keys().find(|name| space.genes().iter().all(|gene| gene.name != **name)) {
		let known: Vec<&str> = space.genes().iter().map(|gene| gene.name.as_str()).collect();
		return Err(format!("unknown gene `{}`: the space has {}", short(unknown), known.join(", ")));
	}
	let mut point = Vec::with_capacity(space.genes().len());
	for gene in space.genes() {
		let value = match genes.get(&gene.name) {
			// Stays as it is only if the gene is used.
			None => gene.hi,
			Some(value) => value.as_i64().ok_or_else(|| {
				format!("`{}` of gene `{}` is not a whole number of 64 bits: round it", shortened(value), gene.name)
			})?,
		};
		point.push(value);
	}
	space.check(&point).map_err(|error| error.to_string())?;
	let canonical = space.canonical(point);
	let is_missing = |gene: &GeneRange, value: i64| !genes.contains_key(&gene.name) && value == gene.hi && gene.lo < gene.hi;
	let mut pairs = space.genes().iter().zip(canonical.iter().copied());
	let missing = pairs.find(|&(gene, value)| is_missing(gene, value)).map(|(gene, _)| gene);
	match missing {
		Some(gene) => Err(format!("gene `{}` is missing: expected {}..={}", gene.name, gene.lo, gene.hi)),
		None => Ok(canonical),
	}
}

/// Returns the divisor of the epochs of a trial: 1, the whole training, unless the trial states another one.
pub(super) fn divisor_of(trial: &Value) -> Result<u32, String> {
	let Some(stated) = trial.get("divisor") else { return Ok(1) };
	let divisor = stated.as_u64().and_then(|divisor| u32::try_from(divisor).ok());
	divisor.filter(|divisor| (1..=MOST_DIVISOR).contains(divisor)).ok_or_else(|| {
		format!("`{}` is not a divisor of epochs: expected a whole number from 1 to {MOST_DIVISOR}", shortened(stated))
	})
}

/// Returns the beginning of a value as text.
fn shortened(value: &Value) -> String {
	short(&value.to_string())
}

/// Returns the beginning of a text, without signs that a terminal acts on.
fn short(text: &str) -> String {
	text.chars().filter(|sign| !sign.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn space() -> Space {
		let kernel = GeneRange::linear("kernel", 2, 5).used_if("family", &[1]);
		Space::new(vec![GeneRange::category("family", 3), kernel, GeneRange::log("rate", 1, 100)]).unwrap()
	}

	#[test]
	fn genes_that_are_not_used_may_be_left_out() {
		let point = |genes: Value| point_of(&space(), &json!({ "genes": genes, "more": 1 }));
		assert_eq!(point(json!({ "family": 1, "kernel": 4, "rate": 100 })), Ok(vec![1, 4, 100]));
		assert_eq!(point(json!({ "rate": 7, "family": 0 })), Ok(vec![0, 2, 7]));
		assert_eq!(point(json!({ "rate": 7, "family": 2, "kernel": 5 })), Ok(vec![2, 2, 7]), "in its canonical form");
		assert_eq!(point(json!({ "rate": 7, "family": 1 })), Err("gene `kernel` is missing: expected 2..=5".into()));
	}

	#[test]
	fn trials_that_are_no_points_are_refused_by_name() {
		for (trial, reason) in [
			(json!({ "genes": { "family": 3, "rate": 7 } }), "invalid value 3 of gene `family`: expected 0..=2"),
			(json!({ "genes": { "family": 0, "rate": 0 } }), "invalid value 0 of gene `rate`: expected 1..=100"),
			(json!({ "genes": { "family": 0, "rate": 7.5 } }), "`7.5` of gene `rate` is not a whole number"),
			(json!({ "genes": { "family": 0, "rate": null } }), "`null` of gene `rate` is not a whole number"),
			(json!({ "genes": { "family": 0, "rate": 1e300 } }), "of gene `rate` is not a whole number"),
			(json!({ "genes": { "family": 0, "rate": u64::MAX } }), "of gene `rate` is not a whole number"),
			(
				json!({ "genes": { "family": 0, "rate": 7, "width": 3 } }),
				"unknown gene `width`: the space has family, kernel, rate",
			),
			(json!({ "genes": {} }), "gene `family` is missing: expected 0..=2"),
			(json!({ "genes": [0, 2, 7] }), "has no `genes`"),
			(json!([0, 2, 7]), "`[0,2,7]` has no `genes`"),
		] {
			let refused = point_of(&space(), &trial).unwrap_err();
			assert!(refused.contains(reason), "{trial}: {refused}");
		}
	}

	#[test]
	fn a_trial_states_the_part_of_its_training_or_is_a_whole_one() {
		assert_eq!(divisor_of(&json!({ "genes": {} })), Ok(1));
		assert_eq!(divisor_of(&json!({ "divisor": 9 })), Ok(9));
		for wrong in [json!(0), json!(1_025), json!(-3), json!(1.5), json!("3"), json!(null)] {
			assert!(divisor_of(&json!({ "divisor": wrong })).unwrap_err().contains("expected a whole number from 1 to 1024"));
		}
	}

	#[test]
	fn answers_without_trials_or_with_too_many_are_named() {
		assert_eq!(offers_of(&json!({ "trials": [1, 2] }), "ask", 2), Ok(vec![json!(1), json!(2)]));
		assert!(offers_of(&json!({ "trials": [1, 2, 3] }), "ask", 2)
			.unwrap_err()
			.contains("3 trials: return at most `count`, here 2"));
		for answer in [json!(null), json!([]), json!({ "trials": 7 }), json!({ "trial": [] })] {
			assert!(offers_of(&answer, "ask", 2).unwrap_err().contains("to `ask`: return {\"trials\":"), "{answer}");
		}
	}
}
