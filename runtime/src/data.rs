//! Data of domains in the storage of this runtime: the data published at activation, then the opened segments, as one sequence.
//!
//! A unit is a value of a series, or a byte of rows. Every segment starts with a page of its own, so the last page of the
//! published data and of each segment can be shorter than a full page.

use crate::{AccountId, Domains};
use alloc::vec::Vec;
use core::ops::Range;
use doin_primitives::{domain::PAGE_BYTES, DomainId, DomainSpec, EvidenceKind, Page};
use doin_scoring::Forecast;
use doin_traits::ScoreError;

/// Returns the values `range` of a series, counted from the first one of the published data.
///
/// # Errors
///
/// Fails with [`ScoreError::MissingPage`] if a page of the range is not stored, e.g. that of a segment that is not opened, or has
/// no values.
pub fn values(domain: DomainId, spec: &DomainSpec, range: Range<u32>) -> Result<Vec<i32>, ScoreError> {
	part(domain, spec, range, Page::values)
}

/// Returns the values of the steps `range` of a series, all channels of a step side by side.
///
/// # Errors
///
/// As [`values`].
pub fn steps(domain: DomainId, spec: &DomainSpec, program: &Forecast, range: Range<u32>) -> Result<Vec<i32>, ScoreError> {
	let value = |step: u32| step.checked_mul(program.channels.into()).ok_or(ScoreError::MissingPage);
	values(domain, spec, value(range.start)?..value(range.end)?)
}

/// Returns the bytes `range` of rows, counted from the first one of the published data.
///
/// # Errors
///
/// As [`values`].
pub fn bytes(domain: DomainId, spec: &DomainSpec, range: Range<u32>) -> Result<Vec<u8>, ScoreError> {
	part(domain, spec, range, Page::bytes)
}

/// Returns the range of units of segment `index`.
///
/// # Errors
///
/// Fails with [`ScoreError::NoSuchEvidence`] unless the evidence of the domain is sealed.
pub fn segment(spec: &DomainSpec, index: u16) -> Result<Range<u32>, ScoreError> {
	if spec.evidence.kind() != EvidenceKind::Sealed {
		return Err(ScoreError::NoSuchEvidence);
	}
	let units = segment_units(spec);
	let start = units.checked_mul(index.into()).and_then(|before| before.checked_add(spec.values));
	let end = start.and_then(|start| start.checked_add(units));
	start.zip(end).map(|(start, end)| start..end).ok_or(ScoreError::NoSuchEvidence)
}

/// Returns the first step of segment `index` of a series.
///
/// # Errors
///
/// As [`segment`].
pub fn segment_step(spec: &DomainSpec, program: &Forecast, index: u16) -> Result<u32, ScoreError> {
	segment(spec, index)?.start.checked_div(program.channels.into()).ok_or(ScoreError::NoSuchEvidence)
}

/// Returns the number of units of a segment; 0 unless the evidence is sealed.
fn segment_units(spec: &DomainSpec) -> u32 {
	let unit_bytes = PAGE_BYTES / spec.page_units();
	spec.segment_bytes() / unit_bytes
}

/// Returns the page that holds unit `at`, and the place of the unit on it.
fn place(spec: &DomainSpec, at: u32) -> Option<(u32, usize)> {
	let (first, within) = match at.checked_sub(spec.values) {
		None => (0, at),
		Some(after) => {
			let units = segment_units(spec);
			let index = u16::try_from(after.checked_div(units)?).ok()?;
			(spec.segment_page(index), after.checked_rem(units)?)
		}
	};
	let page_units = spec.page_units();
	Some((first.checked_add(within / page_units)?, (within % page_units) as usize))
}

/// Returns the units `range`, from the pages that hold them. `units` returns the units of a page.
fn part<T: Clone>(
	domain: DomainId,
	spec: &DomainSpec,
	range: Range<u32>,
	units: impl Fn(&Page) -> Option<&[T]>,
) -> Result<Vec<T>, ScoreError> {
	let mut part = Vec::with_capacity(range.len());
	let mut at = range.start;
	while at < range.end {
		let (index, from) = place(spec, at).ok_or(ScoreError::MissingPage)?;
		let page = <Domains as doin_traits::Domains<AccountId>>::page(domain, index).ok_or(ScoreError::MissingPage)?;
		let units = units(&page).ok_or(ScoreError::MissingPage)?;
		let to = units.len().min(from.saturating_add(range.end.saturating_sub(at) as usize));
		let units = units.get(from..to).filter(|units| !units.is_empty()).ok_or(ScoreError::MissingPage)?;
		part.extend_from_slice(units);
		at = at.saturating_add(units.len() as u32);
	}
	Ok(part)
}
