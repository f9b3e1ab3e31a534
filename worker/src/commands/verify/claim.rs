//! Claims of a chain about the errors of its models, and their check.

use anyhow::Result;
use doin_compute::{selected_chunk_sums, SeededEvidence};
use doin_primitives::{EvidenceRef, Hash};
use doin_roles::problem::Problem;
use doin_scoring::{verdict::total, Model};
use std::str::FromStr;

/// Chunks that are recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
	/// All chunks.
	All,
	/// So many chunks, chosen at random.
	Some(u16),
}

impl FromStr for Chunks {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text.parse() {
			_ if text == "all" => Ok(Self::All),
			Ok(count) if count > 0 => Ok(Self::Some(count)),
			_ => Err(format!("invalid number of chunks `{text}`: expected one above 0, or `all`")),
		}
	}
}

impl Chunks {
	/// Returns the chosen ones of `count` chunks, ascending. `random` returns a number below its argument.
	pub fn choose(self, count: u16, mut random: impl FnMut(usize) -> usize) -> Vec<u16> {
		let mut left: Vec<u16> = (0..count).collect();
		let Self::Some(wanted) = self else { return left };
		while left.len() > usize::from(wanted) {
			left.swap_remove(random(left.len()));
		}
		left.sort_unstable();
		left
	}
}

/// Errors of a model as a chain states them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatedErrors {
	/// Error sum of each chunk.
	Chunks(Vec<u32>),
	/// Sum over all chunks.
	Total(u64),
}

/// Claim of a chain about one model.
#[derive(Clone, Debug)]
pub struct Claim {
	/// Subject of the claim as text.
	pub about: String,
	/// Model, or the reason why it is not admissible.
	pub model: Result<Model, String>,
	/// Evidence of the errors and the seed that chose from it; `None` for the validation part.
	pub draw: Option<(EvidenceRef, Hash)>,
	/// Stated errors.
	pub stated: StatedErrors,
}

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
	/// The recomputed errors equal the stated ones.
	Verified {
		/// Chunks that were recomputed.
		chunks: usize,
		/// Error sum over these chunks.
		error: u64,
	},
	/// The recomputed errors differ from the stated ones.
	Mismatch(String),
	/// The errors cannot be recomputed.
	Inconclusive(String),
}

impl Claim {
	/// Recomputes the errors on the given chunks.
	///
	/// # Errors
	///
	/// Errors if the windows of a chunk cannot be made.
	pub fn check(&self, problem: &Problem, chunks: &[u16]) -> Result<Finding> {
		let model = match &self.model {
			Ok(model) => model,
			Err(reason) => return Ok(Finding::Mismatch(format!("the model is not admissible: {reason}"))),
		};
		let whole = chunks.len() == usize::from(problem.chunks());
		if !whole && matches!(self.stated, StatedErrors::Total(_)) {
			return Ok(Finding::Inconclusive("only the sum over all chunks is stored: use --chunks all".into()));
		}
		let draw = self.draw.as_ref().map(|(evidence, seed)| SeededEvidence { evidence: *evidence, seed });
		let own = selected_chunk_sums(&problem.spec, &problem.data, draw, std::slice::from_ref(model), chunks)?.remove(0);
		let verified = Finding::Verified { chunks: own.len(), error: total(&own) };
		Ok(match &self.stated {
			StatedErrors::Total(stated) if *stated != total(&own) => {
				Finding::Mismatch(format!("the chain has an error sum of {stated}, and {} is computed here", total(&own)))
			}
			StatedErrors::Total(_) => verified,
			StatedErrors::Chunks(stated) if stated.len() != usize::from(problem.chunks()) => Finding::Mismatch(format!(
				"the chain has {} sums, and a recomputation has {} chunks",
				stated.len(),
				problem.chunks()
			)),
			StatedErrors::Chunks(stated) => {
				match chunks.iter().zip(&own).find(|(chunk, own)| stated[usize::from(**chunk)] != **own) {
					Some((chunk, own)) => Finding::Mismatch(format!(
						"chunk {chunk} has an error sum of {} on the chain, and {own} is computed here",
						stated[usize::from(*chunk)]
					)),
					None => verified,
				}
			}
		})
	}
}

/// Returns the exit code: 0 if all claims that could be recomputed are verified, 1 if one is a mismatch, 2 if none could
/// be recomputed.
pub fn exit_code(findings: &[Finding]) -> u8 {
	let any = |wanted: fn(&Finding) -> bool| findings.iter().any(wanted);
	match (any(|finding| matches!(finding, Finding::Mismatch(_))), any(|finding| matches!(finding, Finding::Verified { .. }))) {
		(true, _) => 1,
		(false, true) => 0,
		(false, false) => 2,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::sawtooth;

	fn claim(stated: StatedErrors, seed: Option<Hash>) -> Claim {
		let draw = seed.map(|seed| (EvidenceRef::Drawn, seed));
		Claim { about: "x".into(), model: Ok(Model::Seasonal), draw, stated }
	}

	fn all() -> Vec<u16> {
		(0..32).collect()
	}

	#[test]
	fn correct_claims_are_verified() {
		let problem = sawtooth();
		for seed in [None, Some([7; 32])] {
			let models = [Model::Seasonal];
			let sums = match seed {
				Some(seed) => problem.drawn_sums(&models, EvidenceRef::Drawn, &seed),
				None => problem.validation_sums(&models),
			};
			let sums = sums.unwrap().remove(0);
			let error = total(&sums);
			let verified = Finding::Verified { chunks: 32, error };
			assert_eq!(claim(StatedErrors::Chunks(sums.clone()), seed).check(&problem, &all()).unwrap(), verified);
			assert_eq!(claim(StatedErrors::Total(error), seed).check(&problem, &all()).unwrap(), verified);
			let some = Finding::Verified { chunks: 2, error: u64::from(sums[3]) + u64::from(sums[9]) };
			assert_eq!(claim(StatedErrors::Chunks(sums), seed).check(&problem, &[3, 9]).unwrap(), some);
		}
	}

	#[test]
	fn the_first_chunk_that_differs_is_named_with_both_sums() {
		let problem = sawtooth();
		let mut sums = problem.validation_sums(&[Model::Seasonal]).unwrap().remove(0);
		let own = sums[9];
		sums[9] += 1;
		sums[20] += 1;
		let check = |chunks: &[u16]| claim(StatedErrors::Chunks(sums.clone()), None).check(&problem, chunks).unwrap();
		let Finding::Mismatch(reason) = check(&all()) else { panic!() };
		assert!(reason.starts_with(&format!("chunk 9 has an error sum of {} on the chain, and {own}", own + 1)), "{reason}");
		// Other chunks are not affected.
		assert!(matches!(check(&[1, 2]), Finding::Verified { .. }));
		let mismatch = |stated| matches!(claim(stated, None).check(&problem, &all()).unwrap(), Finding::Mismatch(_));
		assert!(mismatch(StatedErrors::Total(total(&sums))));
		assert!(mismatch(StatedErrors::Chunks(sums[..31].to_vec())));
	}

	#[test]
	fn a_model_that_is_not_admissible_is_a_mismatch() {
		let claim = Claim { model: Err("Overflow".into()), ..claim(StatedErrors::Total(0), None) };
		assert!(matches!(claim.check(&sawtooth(), &all()).unwrap(), Finding::Mismatch(reason) if reason.contains("Overflow")));
	}

	#[test]
	fn a_total_needs_all_chunks() {
		assert!(matches!(claim(StatedErrors::Total(1), None).check(&sawtooth(), &[4]).unwrap(), Finding::Inconclusive(_)));
	}

	#[test]
	fn exit_codes_are_verified_mismatch_and_inconclusive() {
		let verified = Finding::Verified { chunks: 1, error: 1 };
		let (mismatch, inconclusive) = (Finding::Mismatch(String::new()), Finding::Inconclusive(String::new()));
		assert_eq!(exit_code(&[verified.clone(), inconclusive.clone()]), 0);
		assert_eq!(exit_code(&[verified, mismatch, inconclusive.clone()]), 1);
		assert_eq!((exit_code(&[inconclusive]), exit_code(&[])), (2, 2));
	}

	#[test]
	fn chunks_are_chosen_without_repeats() {
		assert_eq!(Chunks::All.choose(5, |_| 0), [0, 1, 2, 3, 4]);
		assert_eq!(Chunks::Some(9).choose(5, |_| 0), [0, 1, 2, 3, 4]);
		assert_eq!(Chunks::Some(2).choose(5, |below| below - 1), [0, 1]);
		let mut chosen = Chunks::Some(3).choose(40, |below| below / 2);
		chosen.dedup();
		assert_eq!(chosen.len(), 3);
		assert_eq!(("all".parse(), "4".parse()), (Ok(Chunks::All), Ok(Chunks::Some(4))));
		assert!("0".parse::<Chunks>().is_err());
	}
}
