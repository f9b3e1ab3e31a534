//! Reads published anchors back, and compares them with the headers of the own chain.

use super::{
	file::Line,
	source::{header_of, work_blocks},
	Anchor, AnchorFile, Endpoint, HexHash, Record, Remark, Source,
};
use anyhow::Result;
use doin_chain::BlockHeader;
use doin_primitives::{BlockNumber, Hash};
use serde::Serialize;
use std::{collections::HashMap, fmt};

/// Place that an anchor was published at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
	/// The file of the records.
	File,
	/// The HTTP server.
	Http,
	/// The other chain.
	Chain,
}

impl fmt::Display for Target {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::File => "file",
			Self::Http => "HTTP server",
			Self::Chain => "other chain",
		})
	}
}

/// A published anchor that does not agree with the own chain, or that cannot be compared with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
	/// Place of the anchor.
	pub target: Target,
	/// Number of the work block; `None` if it is about the place as a whole.
	pub work_block: Option<u64>,
	/// `true` if the anchor or the own chain was changed, `false` if they cannot be compared.
	pub is_tampered: bool,
	/// Reason, and the next step.
	pub reason: String,
}

impl fmt::Display for Finding {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.work_block {
			Some(work_block) => write!(f, "{}, work block {work_block}: {}", self.target, self.reason),
			None => write!(f, "{}: {}", self.target, self.reason),
		}
	}
}

/// Result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
	/// Number of anchors that agree with the own chain, counted once for each place.
	pub verified: usize,
	/// Due anchors that the file does not have yet.
	pub unpublished: u64,
	/// Anchors that do not agree, or cannot be compared.
	pub findings: Vec<Finding>,
}

impl Report {
	/// Returns `true` if an anchor or the own chain was changed.
	pub fn is_tampered(&self) -> bool {
		self.findings.iter().any(|finding| finding.is_tampered)
	}

	/// Returns `true` if there are anchors, and all of them agree with the own chain.
	pub fn is_verified(&self) -> bool {
		self.verified > 0 && self.findings.is_empty()
	}
}

/// Places that anchors were published at.
#[derive(Debug)]
pub struct Published<'a, O> {
	/// The file of the records.
	pub file: &'a AnchorFile,
	/// The HTTP server.
	pub http: Option<&'a Endpoint>,
	/// The other chain.
	pub other: Option<&'a O>,
}

/// Reads all published anchors back, and compares them with the own chain. A place that cannot be read is a finding. `interval` is the
/// number of work blocks from one anchor to the next.
///
/// # Errors
///
/// Errors if the node of the own chain does not answer, or if the file cannot be read.
pub async fn check<S: Source, O: Source>(own: &S, interval: u64, published: &Published<'_, O>) -> Result<Report> {
	check_lines(own, interval, published, &published.file.lines()?).await
}

/// Does what [`check()`] does, for these lines of the file.
///
/// # Errors
///
/// Errors if the node of the own chain does not answer.
pub(super) async fn check_lines<S: Source, O: Source>(
	own: &S,
	interval: u64,
	published: &Published<'_, O>,
	lines: &[Line],
) -> Result<Report> {
	let finalized = own.finalized().await?;
	let mut checker = Checker { own, finalized, headers: HashMap::new(), report: Report::default() };
	let mut records = Vec::new();
	for Line { number, record } in lines {
		match record {
			Ok(record) => records.push(record.clone()),
			Err(reason) => {
				checker.find(Target::File, None, Fault::tampered(format!("line {number} is not a record of an anchor: {reason}")))
			}
		}
	}
	for record in &records {
		checker.compare(Target::File, &record.anchor).await?;
	}
	let mut numbers: Vec<u64> = records.iter().map(|record| record.anchor.work_block).collect();
	numbers.sort_unstable();
	numbers.dedup();
	for (first, last) in gaps(&numbers, interval) {
		let fault = Fault::tampered(format!("its anchors up to that of work block {last} are missing between others"));
		checker.find(Target::File, Some(first), fault);
	}
	if let Some(last) = numbers.last() {
		let due = work_blocks(&header_of(own, finalized).await?) / interval * interval;
		checker.report.unpublished = due.saturating_sub(*last) / interval;
	}
	if let Some(endpoint) = published.http {
		checker.check_http(endpoint, &records).await?;
	}
	if let Some(other) = published.other {
		checker.check_other(other, &records).await;
	}
	Ok(checker.report)
}

/// Reason for which an anchor does not agree with the own chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
	/// `false` if it cannot be compared.
	pub(super) is_tampered: bool,
	/// The reason, and the next step.
	pub(super) reason: String,
}

impl Fault {
	fn tampered(reason: String) -> Self {
		Self { is_tampered: true, reason }
	}

	fn unknown(reason: String) -> Self {
		Self { is_tampered: false, reason }
	}
}

/// Returns the reason for which an anchor does not agree with a chain of this genesis, whose last final block is `finalized` and which
/// has `header` at the block of the anchor.
pub(super) fn fault(anchor: &Anchor, genesis: Hash, finalized: BlockNumber, header: Option<&BlockHeader>) -> Option<Fault> {
	if anchor.genesis.0 != genesis {
		let own = HexHash(genesis);
		return Some(Fault::tampered(format!("it names the network with genesis {}, and the node has {own}", anchor.genesis)));
	}
	let block = anchor.block;
	if block > finalized {
		return Some(Fault::unknown(format!(
			"block {block} is above the last final block of the node, {finalized}: check again once the node has it"
		)));
	}
	let Some(header) = header else {
		return Some(Fault::unknown(format!("the node does not have the header of block {block}: use a node that has it")));
	};
	let Some(expected) = Anchor::of(genesis, header) else {
		return Some(Fault::tampered(format!("block {block} of the chain seals no work block")));
	};
	let pairs = [
		("work block", anchor.work_block.to_string(), expected.work_block.to_string()),
		("hash", anchor.hash.to_string(), expected.hash.to_string()),
		("parent", anchor.parent.to_string(), expected.parent.to_string()),
		("state root", anchor.state_root.to_string(), expected.state_root.to_string()),
	];
	let differences: Vec<String> = pairs
		.iter()
		.filter(|(_, published, own)| published != own)
		.map(|(name, published, own)| format!("{name} {published} was published, and block {block} of the chain has {own}"))
		.collect();
	(!differences.is_empty()).then(|| Fault::tampered(differences.join("; ")))
}

/// Returns the first and the last work block of each run of anchors that is missing between these, which ascend.
pub(super) fn gaps(work_blocks: &[u64], interval: u64) -> Vec<(u64, u64)> {
	let missing = |pair: &[u64]| match pair {
		[before, after] if after - before > interval => Some((before + interval, after - interval)),
		_ => None,
	};
	work_blocks.windows(2).filter_map(missing).collect()
}

/// Comparison of anchors with the own chain.
struct Checker<'a, S> {
	own: &'a S,
	/// Number of the last final block of the own chain.
	finalized: BlockNumber,
	/// Headers of the own chain that were read.
	headers: HashMap<BlockNumber, Option<BlockHeader>>,
	report: Report,
}

impl<S: Source> Checker<'_, S> {
	fn find(&mut self, target: Target, work_block: Option<u64>, fault: Fault) {
		let Fault { is_tampered, reason } = fault;
		self.report.findings.push(Finding { target, work_block, is_tampered, reason });
	}

	/// Compares an anchor with the own chain.
	async fn compare(&mut self, target: Target, anchor: &Anchor) -> Result<()> {
		let block = anchor.block;
		if block <= self.finalized && !self.headers.contains_key(&block) {
			let header = self.own.header(block).await?;
			self.headers.insert(block, header);
		}
		let header = self.headers.get(&block).and_then(Option::as_ref);
		match fault(anchor, self.own.genesis(), self.finalized, header) {
			None => self.report.verified += 1,
			Some(fault) => self.find(target, Some(anchor.work_block), fault),
		}
		Ok(())
	}

	/// Compares all anchors of the HTTP server with the own chain, and those of `records` that it has accepted with its own.
	async fn check_http(&mut self, endpoint: &Endpoint, records: &[Record]) -> Result<()> {
		let listed = match endpoint.get().await {
			Ok(listed) => listed,
			Err(error) => {
				self.find(Target::Http, None, Fault::unknown(format!("{error:#}")));
				return Ok(());
			}
		};
		for anchor in &listed {
			self.compare(Target::Http, anchor).await?;
		}
		let address = endpoint.to_string();
		for Record { anchor, .. } in records.iter().filter(|record| record.http.as_ref() == Some(&address)) {
			let reason = match listed.iter().find(|other| other.work_block == anchor.work_block) {
				Some(other) if other == anchor => continue,
				Some(_) => "it is not the one that the file has",
				None => "the server has accepted it, and does not list it any more",
			};
			self.find(Target::Http, Some(anchor.work_block), Fault::tampered(reason.into()));
		}
		Ok(())
	}

	/// Looks for the remarks of `records` on the other chain.
	async fn check_other<O: Source>(&mut self, other: &O, records: &[Record]) {
		for record in records {
			let Some(remark) = record.remark else { continue };
			let fault = match remark_fault(other, &record.anchor, remark).await {
				Ok(None) => {
					self.report.verified += 1;
					continue;
				}
				Ok(Some(fault)) => fault,
				Err(error) => Fault::unknown(format!("{error:#}")),
			};
			self.find(Target::Chain, Some(record.anchor.work_block), fault);
		}
	}
}

/// Returns the reason for which a block of the other chain does not have the remark of an anchor.
///
/// # Errors
///
/// Errors if the node of the other chain does not answer.
async fn remark_fault<O: Source>(other: &O, anchor: &Anchor, remark: Remark) -> Result<Option<Fault>> {
	let Remark { genesis, block, hash } = remark;
	if genesis.0 != other.genesis() {
		return Ok(Some(Fault::unknown(format!(
			"its remark is on the network with genesis {genesis}: name a node of that network"
		))));
	}
	let finalized = other.finalized().await?;
	let header = if block <= finalized { other.header(block).await? } else { None };
	let Some(header) = header else {
		let reason = format!("its node does not have block {block} with the remark, or not as a final one: use another node");
		return Ok(Some(Fault::unknown(reason)));
	};
	if header.head.hash != hash.0 {
		let found = HexHash(header.head.hash);
		return Ok(Some(Fault::tampered(format!("block {block} has hash {found}, and the remark is in one with hash {hash}"))));
	}
	let Some(extrinsics) = other.extrinsics(header.head).await? else {
		let reason = format!("its node has removed the content of block {block} with the remark: use one that keeps all blocks");
		return Ok(Some(Fault::unknown(reason)));
	};
	let is_there = Anchor::in_extrinsics(&extrinsics).contains(anchor);
	let fault = || Fault::tampered(format!("block {block} has no remark with the anchor that the file has"));
	Ok((!is_there).then(fault))
}
