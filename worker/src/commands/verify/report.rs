//! Report of `verify`.

use super::{
	claim::{Claim, Finding},
	Checked,
};
use crate::report::{count, entry};
use doin_forecast::significant;
use doin_primitives::{BlockNumber, DomainId};
use doin_roles::{config::ProgramHash, problem::Problem};
use doin_scoring::model::OUT_FRAC;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Verdict on a claim, or on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Verdict {
	/// All recomputed errors match.
	Verified,
	/// Recomputed errors differ.
	Mismatch,
	/// Nothing could be recomputed.
	Inconclusive,
}

/// Report of `verify`.
#[derive(Debug, Serialize)]
pub struct VerifyReport {
	domain: DomainId,
	/// Block of the claims.
	pub block: BlockNumber,
	verdict: Verdict,
	chunks: Vec<u16>,
	statements: Vec<StatementReport>,
	missing: Vec<String>,
	/// Seconds of the recomputation.
	pub seconds: f64,
	/// Address of the node.
	#[serde(skip)]
	pub url: String,
	/// Threads of the recomputation.
	#[serde(skip)]
	pub threads: usize,
	#[serde(skip)]
	name: String,
	/// Data of the domain as text.
	#[serde(skip)]
	data: String,
	/// Chunks of a recomputation.
	#[serde(skip)]
	all_chunks: u16,
	/// Tolerance of the domain, in parts per million.
	#[serde(skip_serializing_if = "Option::is_none")]
	epsilon: Option<u32>,
}

/// Verdict on one claim.
#[derive(Debug, Serialize)]
struct StatementReport {
	about: String,
	verdict: Verdict,
	reason: Option<String>,
	/// Number of sums and mean error as text.
	#[serde(skip)]
	details: String,
}

impl VerifyReport {
	/// Returns the report of checked claims.
	pub fn new(problem: &Problem, chunks: &[u16], results: &[Checked], missing: Vec<String>, code: u8) -> Self {
		Self {
			domain: problem.id,
			block: 0,
			verdict: match code {
				0 => Verdict::Verified,
				1 => Verdict::Mismatch,
				_ => Verdict::Inconclusive,
			},
			chunks: chunks.to_vec(),
			statements: results.iter().map(|checked| StatementReport::new(problem, checked)).collect(),
			missing,
			seconds: 0.0,
			url: String::new(),
			threads: 1,
			name: problem.name(),
			data: describe_data(problem),
			all_chunks: problem.chunks(),
			epsilon: problem.tolerance().map(|tolerance| tolerance.epsilon),
		}
	}

	/// Returns the verdict on a tolerance domain as a sentence.
	fn conclusion_within(&self, epsilon: u32) -> String {
		let checked = self.chunks.len();
		match self.verdict {
			Verdict::Verified => {
				format!("Verified on {checked} of {} chunks: all sums agree with the chain within {epsilon} ppm.", self.all_chunks)
			}
			Verdict::Mismatch => format!(
				"Mismatch: the program gives other sums on this machine, by more than {epsilon} ppm. Nobody can challenge sums of a tolerance \
				 domain, since a majority of its evaluators decides."
			),
			Verdict::Inconclusive => "Inconclusive: nothing could be computed.".into(),
		}
	}

	/// Returns the verdict as a sentence.
	fn conclusion(&self) -> String {
		if let Some(epsilon) = self.epsilon {
			return self.conclusion_within(epsilon);
		}
		match self.verdict {
			Verdict::Verified if self.chunks.len() < usize::from(self.all_chunks) => {
				let chunks: Vec<String> = self.chunks.iter().map(u16::to_string).collect();
				format!("Verified on chunks {}: all recomputed sums equal those of the chain.", chunks.join(", "))
			}
			Verdict::Verified => "Verified: all recomputed sums equal those of the chain.".into(),
			Verdict::Mismatch => "Mismatch: the chain's own data and models give other errors than the chain states.".into(),
			Verdict::Inconclusive => "Inconclusive: nothing could be recomputed.".into(),
		}
	}
}

impl StatementReport {
	fn new(problem: &Problem, Checked { claim, finding }: &Checked) -> Self {
		let (verdict, reason, details) = match finding {
			Finding::Verified { chunks, error } => {
				(Verdict::Verified, None, format!("{chunks} sums{}", mean_error(problem, claim, *error, *chunks)))
			}
			Finding::Mismatch(reason) => (Verdict::Mismatch, Some(reason.clone()), reason.clone()),
			Finding::Inconclusive(reason) => (Verdict::Inconclusive, Some(reason.clone()), reason.clone()),
		};
		Self { about: claim.about.clone(), verdict, reason, details }
	}
}

/// Returns the mean error of a sum over some chunks as text.
fn mean_error(problem: &Problem, claim: &Claim, error: u64, chunks: usize) -> String {
	if problem.has_points() {
		// A part of the chunks has a part of the value.
		let is_whole = chunks == usize::from(problem.chunks());
		return if is_whole { format!(", value {}", significant(problem.draw_error(error))) } else { String::new() };
	}
	if problem.tolerance().is_some() {
		// The program decides what its sums mean.
		let described = problem.describe_error(error as f64 / chunks.max(1) as f64).replacen(" of ", " ", 1);
		return format!(", {}", described.trim_start_matches("a ").trim_end());
	}
	let predictions = match claim.draw {
		Some(_) => problem.predictions_per_drawn_chunk(),
		None => problem.predictions_per_validation_chunk(),
	};
	let count = chunks as f64 * predictions as f64;
	let mean = error as f64 / f64::from(1u32 << OUT_FRAC) / count.max(1.0);
	// `a mean absolute error of 0.42000 ppm` becomes `mean absolute error 0.42000 ppm`.
	let described = problem.describe_error(mean).replacen(" of ", " ", 1);
	format!(", {}", described.trim_start_matches("an ").trim_start_matches("a "))
}

/// Returns the data of a domain as text.
fn describe_data(problem: &Problem) -> String {
	if let Some(tolerance) = problem.tolerance() {
		return format!("none beside what the program {} reads", ProgramHash(tolerance.code));
	}
	let published = match problem.rows() {
		Some(rows) => count(problem.spec.values as usize / rows.row_bytes().max(1), "row"),
		None => count(problem.spec.values as usize, "value"),
	};
	match problem.segments() {
		0 => format!("{published}; their hash equals that of the domain's record"),
		segments => {
			format!("{published} and {}; their hashes equal those of the chain", count(segments.into(), "opened segment"))
		}
	}
}

impl Display for VerifyReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let label = format!("domain {}", self.domain);
		entry(f, &label, format_args!("{} at block {} of {}", self.name, self.block, self.url))?;
		entry(f, "data", &self.data)?;
		for StatementReport { about, verdict, details, .. } in &self.statements {
			let label = if *verdict == Verdict::Mismatch { "MISMATCH".into() } else { verdict.to_string() };
			// The longest verdict leaves no space behind its label.
			entry(f, &format!("{label} "), format_args!("{about}: {details}"))?;
		}
		self.missing.iter().try_for_each(|missing| entry(f, "missing", missing))?;
		writeln!(f, "{} ({:.2} s on {} threads)", self.conclusion(), self.seconds, self.threads)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		commands::verify::claim::StatedErrors,
		fixtures::{sawtooth, tolerant},
	};
	use doin_primitives::EvidenceRef;
	use doin_scoring::{
		landscape::{Landscape, Shape},
		Model, Program,
	};

	fn checked(finding: Finding) -> Checked {
		let claim = Claim {
			about: "champion".into(),
			model: Ok(Model::Seasonal),
			draw: Some((EvidenceRef::Drawn, [1; 32])),
			stated: StatedErrors::Total(1),
		};
		Checked { claim, finding }
	}

	fn report(results: &[Checked], chunks: &[u16], code: u8) -> VerifyReport {
		VerifyReport {
			url: "ws://x".into(),
			block: 9,
			..VerifyReport::new(&sawtooth(), chunks, results, vec!["sums".into()], code)
		}
	}

	#[test]
	fn verified_claims_are_shown_with_their_mean_error() {
		let all: Vec<u16> = (0..32).collect();
		// One raw unit on each of the 32 · 8 · 4 values is half a millimetre.
		let verified = [checked(Finding::Verified { chunks: 32, error: 16 * 32 * 8 * 4 })];
		let expected = "\
domain 3    sawtooth at block 9 of ws://x
data        600 values; their hash equals that of the domain's record
verified    champion: 32 sums, mean absolute error 0.50000 mm
missing     sums
Verified: all recomputed sums equal those of the chain. (0.00 s on 1 threads)
";
		assert_eq!(report(&verified, &all, 0).to_string(), expected);
		let some = report(&verified, &[3, 4], 0).to_string();
		assert!(some.contains("Verified on chunks 3, 4:"), "{some}");
	}

	#[test]
	fn the_value_of_a_point_is_shown_if_all_its_chunks_are_verified() {
		let mut problem = sawtooth();
		let sphere = Landscape { shape: Shape::Sphere, dimensions: 2, seed: Some(1) };
		problem.spec.program = Program::Landscape(sphere);
		let claim = checked(Finding::Verified { chunks: 32, error: 0 }).claim;
		assert_eq!(mean_error(&problem, &claim, 1_250_000, 32), ", value 1.2500");
		assert_eq!(mean_error(&problem, &claim, 1_250_000, 2), "", "a part of it says nothing");
	}

	#[test]
	fn the_tolerance_of_a_domain_is_a_part_of_the_verdict() {
		let problem = tolerant([0xC0; 32]);
		let of = |finding: Finding, code| VerifyReport::new(&problem, &[3, 4], &[checked(finding)], Vec::new(), code);
		let report = of(Finding::Verified { chunks: 2, error: 9_000 }, 0);
		let text = report.to_string();
		// One raw unit is half a millimetre.
		for part in ["the program 0xc0c0", "2 sums, mean chunk sum 2250.0 mm", "Verified on 2 of 32 chunks", "within 500 ppm"] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
		assert_eq!(serde_json::to_value(&report).unwrap()["epsilon"], 500);
		let text = of(Finding::Mismatch("chunk 3 differs".into()), 1).to_string();
		assert!(text.contains("by more than 500 ppm. Nobody can challenge"), "{text}");
	}

	#[test]
	fn a_mismatch_is_shown_with_its_reason() {
		let report = report(&[checked(Finding::Mismatch("chunk 9 differs".into()))], &[9], 1);
		assert!(report.to_string().contains("MISMATCH    champion: chunk 9 differs"), "{report}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["verdict"], &json["statements"][0]["reason"]), (&"mismatch".into(), &"chunk 9 differs".into()));
	}
}
