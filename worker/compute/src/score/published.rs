//! Published data of a domain, and the parts of it that chunks are scored on.

use crate::Error;
use doin_primitives::{DomainSpec, Evidence, EvidenceRef, Split};
use doin_scoring::{
	rows::{dealt, validation_rows_span, RowSet, Rows},
	sample::{self, segment_span, strided},
	Forecast, Windows,
};
use std::ops::Range;

/// Published data of a domain: the data of its activation, followed by its opened segments in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
	/// Values of a series, over all channels, step by step.
	Series(Vec<i32>),
	/// Bytes of rows.
	Rows(Vec<u8>),
}

impl Published {
	/// Returns the values of a series; none for rows.
	pub fn series(&self) -> &[i32] {
		match self {
			Published::Series(values) => values,
			Published::Rows(_) => &[],
		}
	}

	/// Returns the bytes of rows; none for a series.
	pub fn rows(&self) -> &[u8] {
		match self {
			Published::Series(_) => &[],
			Published::Rows(bytes) => bytes,
		}
	}

	/// Returns the number of segments that follow the data of the activation.
	pub fn segments(&self, spec: &DomainSpec) -> usize {
		let (have, base, segment) = match self {
			Published::Series(values) => (values.len(), spec.values as usize, spec.segment_bytes() as usize / 4),
			Published::Rows(bytes) => (bytes.len(), spec.values as usize, spec.segment_bytes() as usize),
		};
		have.saturating_sub(base).checked_div(segment).unwrap_or(0)
	}

	/// Appends the bytes of an opened segment: rows, or little-endian `i32` values of a series.
	pub fn append(&mut self, segment: &[u8]) {
		match self {
			Published::Series(values) => {
				values.extend(segment.chunks_exact(4).map(|value| i32::from_le_bytes([value[0], value[1], value[2], value[3]])));
			}
			Published::Rows(bytes) => bytes.extend_from_slice(segment),
		}
	}
}

/// Evidence of a task, and the seed that chooses from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeededEvidence<'a> {
	/// The evidence.
	pub evidence: EvidenceRef,
	/// Seed of the task.
	pub seed: &'a [u8; 32],
}

/// Returns the windows of chunk `index` of a draw, or of the validation split without one.
pub(super) fn windows(
	spec: &DomainSpec,
	program: &Forecast,
	series: &[i32],
	draw: Option<SeededEvidence>,
	index: u16,
) -> Result<Windows, Error> {
	match (&spec.evidence, draw) {
		(Evidence::Synthetic(generator), Some(SeededEvidence { evidence: EvidenceRef::Drawn, seed })) => {
			Ok(sample::drawn(program, generator, seed, index))
		}
		(Evidence::Sealed { units, .. }, Some(SeededEvidence { evidence: EvidenceRef::Segment(segment), seed })) => {
			let channels = usize::from(program.channels);
			let first = spec.values as usize / channels.max(1) + usize::from(segment) * *units as usize;
			let origin = first.checked_sub(program.history.into()).ok_or(Error::NoSuchEvidence)?;
			let Range { start, end } = segment_span(program, seed, index);
			let (start, end) = ((origin + start as usize) * channels, (origin + end as usize) * channels);
			let values = part(series, start..end, "a chunk of its segment")?;
			Ok(strided(program, values))
		}
		(Evidence::Public, Some(SeededEvidence { evidence: EvidenceRef::Drawn, .. })) | (_, None) => {
			let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)?;
			let values = part(series, span.start as usize..span.end as usize, "a chunk of its validation split")?;
			Ok(sample::validation(program, values))
		}
		_ => Err(Error::NoSuchEvidence),
	}
}

/// Returns the rows of chunk `index` of a draw, or of the validation split without one.
pub(super) fn rows(
	spec: &DomainSpec,
	program: &Rows,
	bytes: &[u8],
	draw: Option<SeededEvidence>,
	index: u16,
) -> Result<RowSet, Error> {
	match (&spec.evidence, draw) {
		(Evidence::Sealed { .. }, Some(SeededEvidence { evidence: EvidenceRef::Segment(segment), seed })) => {
			let size = spec.segment_bytes() as usize;
			let start = spec.values as usize + usize::from(segment) * size;
			let segment = bytes.get(start..start + size).ok_or(Error::NoSuchEvidence)?;
			Ok(dealt(program, segment, seed, index))
		}
		(Evidence::Public, Some(SeededEvidence { evidence: EvidenceRef::Drawn, .. })) | (_, None) => {
			let Split { train_end, validation_end } = spec.split;
			let span = validation_rows_span(program, train_end, validation_end, index)?;
			let have = bytes.len() / program.row_bytes().max(1);
			let few = Error::FewRows { have, need: validation_end as usize, what: "the validation split" };
			Ok(RowSet::new(program, bytes.get(span.start as usize..span.end as usize).ok_or(few)?.to_vec()))
		}
		_ => Err(Error::NoSuchEvidence),
	}
}

/// Returns the samples of training runs, and the seed of the runs of a draw, or of the published runs without one.
pub(super) fn samples<'a>(
	spec: &'a DomainSpec,
	bytes: &'a [u8],
	draw: Option<SeededEvidence<'a>>,
) -> Result<(&'a [u8], &'a [u8; 32]), Error> {
	let seed = match (&spec.evidence, draw) {
		(Evidence::Drawn, Some(SeededEvidence { evidence: EvidenceRef::Drawn, seed })) => seed,
		(Evidence::Drawn, None) => &spec.data_root,
		_ => return Err(Error::NoSuchEvidence),
	};
	Ok((bytes.get(..spec.values as usize).ok_or(Error::NoSuchEvidence)?, seed))
}

/// Returns the values `range` of `series`.
fn part<'a>(series: &'a [i32], range: Range<usize>, what: &'static str) -> Result<&'a [i32], Error> {
	let (have, need) = (series.len(), range.end);
	series.get(range).ok_or(Error::Short { have, need, what })
}
