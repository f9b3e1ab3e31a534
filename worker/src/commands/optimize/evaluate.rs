//! Evaluation of trials by a process of its own: a JSON object a line in, and one a line out.

use anyhow::{Context, Result};
use doin_search::{Evaluated, Trial};
use std::io::{BufRead, Write};

/// Evaluates the trials of `input` until its end by `evaluate`, in their order.
///
/// # Errors
///
/// Errors if a line is not a trial, if `evaluate` does, or if a result cannot be written, e.g. since the search has ended.
pub fn serve(input: impl BufRead, mut output: impl Write, evaluate: impl Fn(&Trial) -> Result<u64>) -> Result<()> {
	for line in input.lines() {
		let line = line.context("cannot read a trial")?;
		let trial: Trial = serde_json::from_str(&line).with_context(|| format!("`{line}` is not a trial"))?;
		let fitness = evaluate(&trial)?;
		let mut answer = serde_json::to_vec(&Evaluated { trial, fitness })?;
		answer.push(b'\n');
		output.write_all(&answer).and_then(|()| output.flush()).context("cannot write a result")?;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_search::landscape::{Landscape, Shape};

	fn answers(input: &str) -> Result<String> {
		let landscape = Landscape::new(Shape::Sphere, 2, None).unwrap();
		let mut output = Vec::new();
		serve(input.as_bytes(), &mut output, |trial| Ok(landscape.fitness(&trial.genes)?))?;
		Ok(String::from_utf8(output)?)
	}

	#[test]
	fn each_trial_has_an_answer_with_its_fitness() {
		let trials = "{\"genes\":[1000,2000],\"divisor\":1}\n{\"genes\":[0,-1],\"divisor\":3}\n";
		let expected =
			"{\"genes\":[1000,2000],\"divisor\":1,\"fitness\":5000000}\n{\"genes\":[0,-1],\"divisor\":3,\"fitness\":1}\n";
		assert_eq!(answers(trials).unwrap(), expected);
		assert_eq!(answers("").unwrap(), "");
	}

	#[test]
	fn lines_that_are_not_trials_are_refused() {
		for (line, reason) in [
			("{\"genes\":[1]", "is not a trial"),
			("hello", "`hello` is not a trial"),
			("{\"genes\":[1],\"divisor\":1}", "1 genes"),
			("{\"genes\":[1,9999],\"divisor\":1}", "invalid value 9999"),
		] {
			let error = format!("{:#}", answers(line).unwrap_err());
			assert!(error.contains(reason), "{error}");
		}
	}
}
