//! Terms of a domain that do not depend on its data.

use super::text::{bounded_text, Text};
use crate::sealed::SegmentKey;
use anyhow::{bail, ensure, Result};
use doin_primitives::{
	domain::{MAX_LICENCE, MAX_MODEL_BYTES, MAX_WINDOW_MACS, MIN_IMPROVEMENT_FLOOR},
	evidence::STAKES,
	Balance, DOIN,
};

/// Terms of a domain that do not depend on its data.
#[derive(Clone, Debug)]
pub struct DomainTerms {
	/// Chunks of a recomputation; the least number if `None`.
	pub chunks: Option<u16>,
	/// Windows of a drawn chunk; chosen by the draft if `None`. Rows have none.
	pub windows: Option<u16>,
	/// Least improvement of an accepted candidate, in parts per million.
	pub min_improvement: u32,
	/// Loss at which the domain counts as solved, 2²⁰ being that of the initial champion; 0 for never.
	pub target: u32,
	/// Most bytes of a model.
	pub model_bytes: u32,
	/// Most multiply-accumulates of a model per window or row; as many as the small class of evaluators serves if `None`.
	pub window_macs: Option<u32>,
	/// Licence of the data, as an SPDX identifier; empty if none is stated.
	pub licence: String,
	/// Segments that are sealed, if any are.
	pub sealed: Option<SealedTerms>,
	/// `true` if the best linear model is handed in as the initial champion, so that nothing is paid for what it forecasts.
	pub linear: bool,
}

/// Segments of a sealed domain.
#[derive(Clone, Debug)]
pub struct SealedTerms {
	/// Number of segments.
	pub segments: u16,
	/// Rows of a segment, or most steps of one; chosen by the draft if `None`.
	pub segment: Option<u32>,
	/// Amount that every seat stakes, in plancks.
	pub stake: Balance,
	/// Secret that the order of rows and all salts are derived from.
	pub key: SegmentKey,
}

impl Default for DomainTerms {
	fn default() -> Self {
		Self {
			chunks: None,
			windows: None,
			min_improvement: 5_000,
			target: 0,
			model_bytes: 64 * 1024,
			window_macs: None,
			licence: String::new(),
			sealed: None,
			linear: true,
		}
	}
}

impl DomainTerms {
	/// Checks the terms that do not depend on the program.
	///
	/// # Errors
	///
	/// Errors if a term lies outside its range, or if a sealed domain has no licence.
	pub(super) fn check(&self) -> Result<()> {
		within("min-improvement", self.min_improvement, MIN_IMPROVEMENT_FLOOR, 999_999)?;
		within("window-macs", self.window_macs.unwrap_or(1), 1, MAX_WINDOW_MACS)?;
		within("model-bytes", self.model_bytes, 64, MAX_MODEL_BYTES)?;
		let Some(sealed) = &self.sealed else { return Ok(()) };
		ensure!(
			!self.licence.trim().is_empty(),
			"sealed data needs a licence, since every segment that is opened is published for ever: add --licence with an SPDX identifier, \
			e.g. CC-BY-4.0"
		);
		ensure!(
			self.target == 0,
			"sealed data has no target, since its owner could reach any target with a model that has learned the next segment: omit \
			--target-performance"
		);
		let (least, most) = (STAKES.start() / DOIN, STAKES.end() / DOIN);
		ensure!(
			STAKES.contains(&sealed.stake),
			"invalid --stake: expected an amount from {least} DOIN to {most} DOIN, which each seat stakes"
		);
		Ok(())
	}

	/// Returns the licence as a record has it.
	///
	/// # Errors
	///
	/// Errors if it is too long.
	pub(super) fn licence(&self) -> Result<Text<MAX_LICENCE>> {
		bounded_text(self.licence.trim(), "licence", "--licence")
	}
}

/// Checks that an option lies in its range.
///
/// # Errors
///
/// Errors with the name of the option and the range otherwise.
pub(super) fn within(name: &str, value: u32, lo: u32, hi: u32) -> Result<()> {
	if (lo..=hi).contains(&value) {
		return Ok(());
	}
	bail!("invalid --{name} {value}: expected a value from {lo} to {hi}")
}
