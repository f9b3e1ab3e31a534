//! Claims of a chain about the errors of its models, and their check.

use anyhow::Result;
use doin_compute::{selected_chunk_sums, SeededEvidence};
use doin_primitives::{tolerance::is_within, EvidenceRef, Hash, MILLION};
use doin_roles::{problem::Problem, programs::ProgramFault};
use doin_scoring::{verdict::total, Model};
use std::{
	str::FromStr,
	sync::atomic::{AtomicBool, Ordering},
	thread,
	time::Duration,
};

/// Time after which a program that pauses is asked again.
const PAUSE: Duration = Duration::from_millis(50);

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
	/// Recomputes the errors on the given chunks. Those of a tolerance domain have to agree within its tolerance, and all others to be equal.
	/// The program of a tolerance domain is asked until `stop` is set.
	///
	/// # Errors
	///
	/// Errors if the windows of a chunk cannot be made, or if the program of a tolerance domain cannot be started.
	pub fn check(&self, problem: &Problem, chunks: &[u16], stop: &AtomicBool) -> Result<Finding> {
		let model = match &self.model {
			Ok(model) => model,
			Err(reason) => return Ok(Finding::Mismatch(format!("the model is not admissible: {reason}"))),
		};
		let whole = chunks.len() == usize::from(problem.chunks());
		if !whole && matches!(self.stated, StatedErrors::Total(_)) {
			return Ok(Finding::Inconclusive("only the sum over all chunks is stored: use --chunks all".into()));
		}
		let own = match self.own_sums(problem, model, chunks, stop)? {
			Ok(own) => own,
			Err(fault) => return Ok(Finding::Inconclusive(fault)),
		};
		let verified = Finding::Verified { chunks: own.len(), error: total(&own) };
		let epsilon = problem.tolerance().map_or(0, |tolerance| tolerance.epsilon);
		let beyond = match epsilon {
			0 => String::new(),
			epsilon => format!(", which is out of the tolerance of {epsilon} ppm"),
		};
		Ok(match &self.stated {
			StatedErrors::Total(stated) if !is_near(total(&own), *stated, epsilon) => {
				Finding::Mismatch(format!("the chain has an error sum of {stated}, and {} is computed here{beyond}", total(&own)))
			}
			StatedErrors::Total(_) => verified,
			StatedErrors::Chunks(stated) if stated.len() != usize::from(problem.chunks()) => Finding::Mismatch(format!(
				"the chain has {} sums, and a recomputation has {} chunks",
				stated.len(),
				problem.chunks()
			)),
			StatedErrors::Chunks(stated) => {
				let differs = |(chunk, own): &(&u16, &u32)| !is_within(**own, stated[usize::from(**chunk)], epsilon);
				match chunks.iter().zip(&own).find(differs) {
					Some((chunk, own)) => Finding::Mismatch(format!(
						"chunk {chunk} has an error sum of {} on the chain, and {own} is computed here{beyond}",
						stated[usize::from(*chunk)]
					)),
					None => verified,
				}
			}
		})
	}

	/// Returns the sums of `model` on `chunks`; the inner error is the reason for which the program of a tolerance domain has none.
	fn own_sums(&self, problem: &Problem, model: &Model, chunks: &[u16], stop: &AtomicBool) -> Result<Result<Vec<u32>, String>> {
		let Model::Opaque(bytes) = model else {
			let draw = self.draw.as_ref().map(|(evidence, seed)| SeededEvidence { evidence: *evidence, seed });
			let models = std::slice::from_ref(model);
			return Ok(Ok(selected_chunk_sums(&problem.spec, &problem.data, draw, models, chunks)?.remove(0)));
		};
		let program = problem.user_program()?;
		loop {
			return match program.known_sums(bytes, chunks, stop) {
				Ok(own) => Ok(Ok(own)),
				// It has failed on another model.
				Err(ProgramFault::Paused { .. }) if !stop.load(Ordering::Relaxed) => {
					thread::sleep(PAUSE);
					continue;
				}
				// It does not run on any model.
				Err(fault @ (ProgramFault::File { .. } | ProgramFault::OtherFile { .. })) => Err(fault.into()),
				Err(fault) if fault.is_stop() => Err(fault.into()),
				Err(fault) => Ok(Err(fault.to_string())),
			};
		}
	}
}

/// Returns `true` if an error sum differs from the stated one by at most `epsilon` parts per million of the latter.
fn is_near(own: u64, stated: u64, epsilon: u32) -> bool {
	u128::from(own.abs_diff(stated)) * u128::from(MILLION) <= u128::from(stated) * u128::from(epsilon)
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
	use crate::fixtures::{programmed, sawtooth, tolerant};
	use doin_compute::Published;
	use doin_primitives::{Evidence, Split, DOIN};
	use doin_scoring::{
		rows::{RowTarget, Rows},
		Program,
	};

	fn claim(stated: StatedErrors, seed: Option<Hash>) -> Claim {
		let draw = seed.map(|seed| (EvidenceRef::Drawn, seed));
		Claim { about: "x".into(), model: Ok(Model::Seasonal), draw, stated }
	}

	fn all() -> Vec<u16> {
		(0..32).collect()
	}

	fn check(claim: &Claim, problem: &Problem, chunks: &[u16]) -> Finding {
		claim.check(problem, chunks, &AtomicBool::new(false)).unwrap()
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
			assert_eq!(check(&claim(StatedErrors::Chunks(sums.clone()), seed), &problem, &all()), verified);
			assert_eq!(check(&claim(StatedErrors::Total(error), seed), &problem, &all()), verified);
			let some = Finding::Verified { chunks: 2, error: u64::from(sums[3]) + u64::from(sums[9]) };
			assert_eq!(check(&claim(StatedErrors::Chunks(sums), seed), &problem, &[3, 9]), some);
		}
	}

	#[test]
	fn the_first_chunk_that_differs_is_named_with_both_sums() {
		let problem = sawtooth();
		let mut sums = problem.validation_sums(&[Model::Seasonal]).unwrap().remove(0);
		let own = sums[9];
		sums[9] += 1;
		sums[20] += 1;
		let on = |chunks: &[u16]| check(&claim(StatedErrors::Chunks(sums.clone()), None), &problem, chunks);
		let Finding::Mismatch(reason) = on(&all()) else { panic!() };
		assert!(reason.starts_with(&format!("chunk 9 has an error sum of {} on the chain, and {own}", own + 1)), "{reason}");
		// Other chunks are not affected.
		assert!(matches!(on(&[1, 2]), Finding::Verified { .. }));
		let mismatch = |stated| matches!(check(&claim(stated, None), &problem, &all()), Finding::Mismatch(_));
		assert!(mismatch(StatedErrors::Total(total(&sums))));
		assert!(mismatch(StatedErrors::Chunks(sums[..31].to_vec())));
	}

	/// Published rows of [`sealed_rows`], and rows of each of its two opened segments.
	const ROWS: [usize; 2] = [200, 128];

	/// Returns a sealed domain of rows of two features and a class.
	fn sealed_rows() -> Problem {
		let row = |row: u32| {
			let [a, b, ..] = (row * 7_919).to_le_bytes();
			[a, b, u8::from(a > b)]
		};
		let [published, segment] = ROWS.map(|rows| rows as u32);
		let mut problem = sawtooth();
		problem.spec.program =
			Program::Rows(Rows { features: 2, image: None, target: RowTarget::Classes(2), rows: 2, chunks: 64 });
		problem.spec.evidence = Evidence::Sealed { units: segment, stake: DOIN };
		problem.spec.values = 3 * published;
		problem.spec.split = Split { train_end: 100, validation_end: published };
		problem.data = Published::Rows((0..published + 2 * segment).flat_map(row).collect());
		problem
	}

	#[test]
	fn sums_on_a_sealed_segment_are_those_of_its_rows() {
		let problem = sealed_rows();
		let chunks: Vec<u16> = (0..64).collect();
		let model = Model::Constant(vec![3, 1]);
		let models = std::slice::from_ref(&model);
		let sums = problem.drawn_sums(models, EvidenceRef::Segment(1), &[7; 32]).unwrap().remove(0);
		let on = |segment, sums: &[u32]| {
			let draw = Some((EvidenceRef::Segment(segment), [7; 32]));
			Claim { about: "x".into(), model: Ok(model.clone()), draw, stated: StatedErrors::Chunks(sums.to_vec()) }
		};
		let mismatch = |claim: &Claim, problem: &Problem| match check(claim, problem, &chunks) {
			Finding::Mismatch(reason) => reason,
			other => panic!("{other:?}"),
		};
		let verified = Finding::Verified { chunks: 64, error: total(&sums) };
		assert_eq!(check(&on(1, &sums), &problem, &chunks), verified);
		mismatch(&on(0, &sums), &problem);
		let mut altered = sums.clone();
		altered[5] += 16;
		let reason = mismatch(&on(1, &altered), &problem);
		assert!(reason.starts_with(&format!("chunk 5 has an error sum of {} on the chain", altered[5])), "{reason}");
		// One label of the segment is another one.
		let mut relabelled = sealed_rows();
		let Published::Rows(bytes) = &mut relabelled.data else { panic!("rows") };
		bytes[3 * (ROWS[0] + ROWS[1]) + 2] ^= 1;
		mismatch(&on(1, &sums), &relabelled);
		assert_eq!(check(&on(0, &sums), &relabelled, &chunks), check(&on(0, &sums), &problem, &chunks));
	}

	#[test]
	fn a_model_that_is_not_admissible_is_a_mismatch() {
		let claim = Claim { model: Err("Overflow".into()), ..claim(StatedErrors::Total(0), None) };
		assert!(matches!(check(&claim, &sawtooth(), &all()), Finding::Mismatch(reason) if reason.contains("Overflow")));
	}

	#[test]
	fn a_total_needs_all_chunks() {
		assert!(matches!(check(&claim(StatedErrors::Total(1), None), &sawtooth(), &[4]), Finding::Inconclusive(_)));
	}

	/// Returns a claim about the opaque model of one byte.
	fn of_program(byte: u8, stated: StatedErrors) -> Claim {
		Claim { model: Ok(Model::Opaque(vec![byte])), ..claim(stated, Some([7; 32])) }
	}

	#[test]
	fn the_program_of_a_tolerance_domain_agrees_within_the_tolerance() {
		let problem = programmed("error");
		// The sums of the program are 5,000 to 5,031, and 500 ppm of them are 2.5.
		let near = |more: u32| StatedErrors::Chunks((0..32).map(|chunk| 5_000 + chunk + more).collect());
		let error = 32 * 5_000 + 31 * 16;
		let verified = Finding::Verified { chunks: 32, error };
		assert_eq!(check(&of_program(5, near(2)), &problem, &all()), verified);
		assert_eq!(check(&of_program(5, near(2)), &problem, &[4]), Finding::Verified { chunks: 1, error: 5_004 });
		assert_eq!(check(&of_program(5, StatedErrors::Total(error + 80)), &problem, &all()), verified);
		for stated in [near(3), StatedErrors::Total(error + 81)] {
			let Finding::Mismatch(reason) = check(&of_program(5, stated), &problem, &all()) else { panic!() };
			assert!(reason.contains("out of the tolerance of 500 ppm"), "{reason}");
		}
		let stop = AtomicBool::new(true);
		assert!(of_program(3, near(0)).check(&problem, &all(), &stop).is_err(), "the command was interrupted");
		let failed = check(&of_program(7, near(0)), &problem, &all());
		assert!(matches!(&failed, Finding::Inconclusive(reason) if reason.contains("no such model")), "{failed:?}");
		assert!(matches!(check(&of_program(4, near(0)), &problem, &all()), Finding::Mismatch(_)), "the program has paused");
		let unlisted = of_program(5, near(0)).check(&tolerant([1; 32]), &all(), &stop).unwrap_err();
		assert!(format!("{unlisted:#}").contains("does not list"), "{unlisted:#}");
	}

	#[test]
	fn sums_without_a_tolerance_are_equal_or_different() {
		assert!(is_near(u64::MAX, u64::MAX, 0) && !is_near(1, 0, 500) && !is_near(1_000, 1_001, 0));
		assert!(is_near(999, 1_000, 1_000) && !is_near(998, 1_000, 1_000));
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
