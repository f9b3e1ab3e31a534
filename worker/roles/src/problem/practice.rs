//! Practice draws, on which an optimizer tries candidates before they are worth a seat.

use super::Problem;
use anyhow::Result;
use doin_compute::{Published, RowsTask, SeededEvidence};
use doin_primitives::{DomainSpec, Evidence, EvidenceRef, Hash};
use doin_scoring::{
	philox::{purpose, Key},
	rows::Rows,
	Model, Program,
};

/// Rows of a practice draw, in multiples of the rows that it is taken from. A margin of three standard errors on twice the rows is one
/// of 2.1 standard errors of the rows themselves.
const MOST_REPEATS: usize = 2;

impl Problem {
	/// Returns the chunk sums of `models` on a draw that resembles one of a verdict. Runs on the current thread pool.
	///
	/// The evidence of a verdict is drawn from the generator of the domain, or is the validation split where nothing is secret. The
	/// segments of a sealed domain are unknown, so published data is resampled with replacement (Efron 1979). Of rows, that is the
	/// early-stopping set, see `Problem::unseen_rows`. Of a series, it is whole chunks of the validation split.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit one of the models.
	pub fn practice_sums(&self, models: &[Model], seed: &Hash) -> Result<Vec<Vec<u32>>> {
		match (&self.spec.evidence, &self.spec.program) {
			(Evidence::Public | Evidence::Synthetic(_) | Evidence::Drawn, _) => self.drawn_sums(models, EvidenceRef::Drawn, seed),
			(Evidence::Sealed { .. } | Evidence::Live { .. }, Program::Rows(rows)) => self.resampled_rows(rows, models, seed),
			(Evidence::Sealed { .. } | Evidence::Live { .. }, _) => Ok(resampled_chunks(&self.validation_sums(models)?, seed)),
		}
	}

	/// Returns the rows that training reads to stop early only: of a seventh of the training rows and the opened segments, those of the
	/// newest segment. The nets of the search were neither fitted to them nor chosen by them, and no champion of another author was
	/// fitted to a segment that was opened after its commit.
	///
	/// Rows of the validation split are left out: the best of many candidates by these rows look better there than they are, and a model
	/// of another author may have been fitted to them.
	fn unseen_rows(&self) -> Result<Vec<u8>> {
		let task = RowsTask::of_domain(&self.spec, self.data.rows())?;
		let (row_bytes, unseen) = (task.program.row_bytes(), task.early_stopping());
		Ok(task.bytes[unseen.start as usize * row_bytes..unseen.end as usize * row_bytes].to_vec())
	}

	/// Returns the chunk sums of `models` on a draw of rows that are taken from the unseen ones with replacement.
	fn resampled_rows(&self, rows: &Rows, models: &[Model], seed: &Hash) -> Result<Vec<Vec<u32>>> {
		let (row_bytes, unseen) = (rows.row_bytes(), self.unseen_rows()?);
		let count = unseen.len() / row_bytes;
		let per_chunk = (MOST_REPEATS * count / usize::from(rows.chunks)).clamp(1, rows.rows.into());
		let program = Rows { rows: per_chunk as u16, ..*rows };
		let mut random = Key::new(seed, purpose::SEARCH).stream(0);
		let mut segment = Vec::with_capacity(program.segment_rows() as usize * row_bytes);
		for _ in 0..program.segment_rows() {
			let start = random.below(count as u32) as usize * row_bytes;
			segment.extend_from_slice(&unseen[start..start + row_bytes]);
		}
		// A domain that has this segment only.
		let stake = self.spec.evidence.stake();
		let evidence = Evidence::Sealed { units: program.segment_rows(), stake };
		let spec = DomainSpec { program: Program::Rows(program), evidence, values: 0, ..self.spec.clone() };
		let draw = SeededEvidence { evidence: EvidenceRef::Segment(0), seed };
		Ok(doin_compute::chunk_sums(&spec, &Published::Rows(segment), draw, models)?)
	}
}

/// Returns the sums on chunks that are drawn with replacement, the same ones for every model.
fn resampled_chunks(sums: &[Vec<u32>], seed: &Hash) -> Vec<Vec<u32>> {
	let chunks = sums.first().map_or(0, Vec::len);
	let mut random = Key::new(seed, purpose::SEARCH).stream(0);
	let chosen: Vec<usize> = (0..chunks).map(|_| random.below(chunks as u32) as usize).collect();
	sums.iter().map(|sums| chosen.iter().map(|chunk| sums[*chunk]).collect()).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::{letters, sawtooth, sealed_sawtooth};
	use doin_scoring::verdict::total;

	#[test]
	fn a_practice_draw_of_a_generator_is_a_draw() {
		let problem = sawtooth();
		let models = [Model::Seasonal];
		let drawn = problem.drawn_sums(&models, EvidenceRef::Drawn, &[5; 32]).unwrap();
		assert_eq!(problem.practice_sums(&models, &[5; 32]).unwrap(), drawn);
	}

	#[test]
	fn rows_that_stop_training_early_are_resampled() {
		let problem = letters(2);
		let models = [problem.naive().unwrap(), problem.naive().unwrap()];
		let first = problem.practice_sums(&models, &[1; 32]).unwrap();
		assert_eq!((first.len(), first[0].len(), &first[0]), (2, 64, &first[1]), "the same rows for every model");
		assert_eq!(first, problem.practice_sums(&models, &[1; 32]).unwrap());
		assert_ne!(first, problem.practice_sums(&models, &[2; 32]).unwrap());
		// 203 of 400 + 2 · 512 rows, so that a chunk has 6 of at most 8 rows.
		let unseen = problem.unseen_rows().unwrap();
		assert_eq!(unseen.len(), 203 * problem.rows().unwrap().row_bytes());
		assert!(problem.data.rows().ends_with(&unseen), "the newest rows");
		let rate = total(&first[0]) as f64 / 16.0 / (64.0 * 6.0);
		assert!((0.2..0.8).contains(&rate), "{rate}");
		// Without a segment, they are the last training rows.
		let base = letters(0);
		assert_eq!(base.unseen_rows().unwrap(), base.data.rows()[343 * 5..400 * 5]);
	}

	/// A model of another author may be fitted to all rows that were public before its commit.
	#[test]
	fn rows_of_earlier_segments_are_never_resampled() {
		for opened in [1, 5, 7, 9, 12] {
			let problem = letters(opened);
			let (unseen, segment) = (problem.unseen_rows().unwrap(), problem.spec.segment_bytes() as usize);
			let seventh = (400 + 512 * usize::from(opened)) / 7 * 5;
			assert_eq!(unseen.len(), seventh.min(segment), "{opened} segments");
			assert!(problem.data.rows().ends_with(&unseen));
		}
	}

	#[test]
	fn chunks_of_a_sealed_series_are_resampled() {
		let problem = sealed_sawtooth(1);
		let validation = problem.validation_sums(&[Model::RepeatLast]).unwrap();
		let practice = problem.practice_sums(&[Model::RepeatLast], &[1; 32]).unwrap();
		assert!(practice[0].iter().all(|sum| validation[0].contains(sum)));
		assert_eq!(practice[0].len(), validation[0].len());
	}
}
