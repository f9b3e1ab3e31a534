//! `domain segments`: the segments of a sealed domain.

use crate::{
	args::NodeArgs,
	report::{count, entry, table, write_table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{Context, Result};
use clap::Args;
use doin_chain::Account;
use doin_primitives::{views::EvidenceView, DomainId, Hash};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `domain segments`.
#[derive(Clone, Copy, Debug, Args)]
pub struct SegmentsArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain segments`.
///
/// # Errors
///
/// Errors if the node does not answer, or if the domain has no sealed segments.
pub async fn run(node: &NodeArgs, args: SegmentsArgs) -> Result<()> {
	let chain = node.connect().await?;
	let (at, id) = (chain.head(), args.id);
	let evidence = chain.evidence(at, id).await?.with_context(|| {
		format!("domain {id} has no sealed segments: `doin-worker domain list` shows the evidence of every domain")
	})?;
	let hashes = chain.segment_hashes(at, id, 0..evidence.sealed).await?;
	args.output.print(&SegmentsReport::new(id, evidence, &hashes))
}

/// State of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
enum State {
	/// Its bytes are public.
	Opened,
	/// A round waits for it.
	Awaited,
	/// It was not opened in time, and the domain takes no commits until it is.
	Overdue,
	/// Only its hash is public.
	Sealed,
}

/// One segment.
#[derive(Debug, Serialize)]
struct Segment {
	index: u16,
	state: State,
	/// Hash of the opened bytes, or the sealed hash.
	hash: String,
}

/// Report of `domain segments`.
#[derive(Debug, Serialize)]
struct SegmentsReport {
	domain: DomainId,
	#[serde(flatten)]
	evidence: EvidenceView<Account>,
	segments: Vec<Segment>,
}

impl SegmentsReport {
	fn new(domain: DomainId, evidence: EvidenceView<Account>, hashes: &[Hash]) -> Self {
		let state = |index: u16| match index {
			index if index < evidence.opened => State::Opened,
			index if index > evidence.opened => State::Sealed,
			_ if evidence.awaited.is_some() => State::Awaited,
			_ if evidence.suspended.is_some() => State::Overdue,
			_ => State::Sealed,
		};
		let segments = (0u16..).zip(hashes);
		let segments = segments
			.map(|(index, hash)| Segment { index, state: state(index), hash: format!("0x{}", hex::encode(hash)) })
			.collect();
		Self { domain, segments, evidence }
	}
}

/// Returns the purse and the segments of a sealed domain as text, e.g. `2 of 8 segments opened, 500 DOIN in the purse`.
pub fn describe(evidence: &EvidenceView<Account>) -> String {
	let EvidenceView { sealed, opened, purse, awaited_until, suspended, .. } = evidence;
	let waits = match (awaited_until, suspended) {
		(Some(until), _) => format!(", segment {opened} awaited until block {until}"),
		(None, Some(since)) => format!(", no commits since block {since}: segment {opened} was not opened in time"),
		(None, None) => String::new(),
	};
	format!("{opened} of {} opened, {} in the purse{waits}", count((*sealed).into(), "segment"), Amount(*purse))
}

impl Display for SegmentsReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let EvidenceView { owner, units, segment_bytes, stake, spent, .. } = &self.evidence;
		entry(f, &format!("domain {}", self.domain), format_args!("of {owner}"))?;
		entry(f, "segments", describe(&self.evidence))?;
		entry(f, "size", format_args!("{units} rows or steps, {segment_bytes} bytes"))?;
		entry(f, "terms", format_args!("a seat stakes {}; the purse has paid {}", Amount(*stake), Amount(*spent)))?;
		let mut segments = table([("segment", RIGHT), ("state", LEFT), ("hash", LEFT)]);
		for Segment { index, state, hash } in &self.segments {
			segments.add_row([index.to_string(), state.to_string(), hash.clone()]);
		}
		write_table(f, "", &segments)
	}
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use doin_primitives::{RoundId, DOIN};

	/// Returns the evidence of a domain of which two of four segments are opened.
	pub fn evidence() -> EvidenceView<Account> {
		EvidenceView {
			owner: Account([1; 32]),
			units: 1_024,
			segment_bytes: 17_408,
			stake: 10 * DOIN,
			sealed: 4,
			opened: 2,
			purse: 500 * DOIN,
			spent: 80 * DOIN,
			awaited: None,
			awaited_until: None,
			suspended: None,
		}
	}

	fn states(evidence: EvidenceView<Account>) -> Vec<State> {
		let report = SegmentsReport::new(3, evidence, &[[7; 32]; 4]);
		report.segments.iter().map(|segment| segment.state).collect()
	}

	#[test]
	fn segments_are_listed_with_their_state() {
		use State::*;
		assert_eq!(states(evidence()), [Opened, Opened, Sealed, Sealed]);
		let awaited = EvidenceView { awaited: Some(RoundId { domain: 3, number: 7 }), awaited_until: Some(90), ..evidence() };
		assert_eq!(states(awaited.clone()), [Opened, Opened, Awaited, Sealed]);
		let overdue = EvidenceView { suspended: Some(90), ..evidence() };
		assert_eq!(states(overdue.clone()), [Opened, Opened, Overdue, Sealed]);
		assert_eq!(describe(&evidence()), "2 of 4 segments opened, 500 DOIN in the purse");
		assert!(describe(&awaited).ends_with(", segment 2 awaited until block 90"));
		assert!(describe(&overdue).ends_with(", no commits since block 90: segment 2 was not opened in time"));
		let text = SegmentsReport::new(3, evidence(), &[[7; 32]; 4]).to_string();
		assert!(text.contains("a seat stakes 10 DOIN; the purse has paid 80 DOIN") && text.contains("0x0707"), "{text}");
	}
}
