//! Publishes anchors, and reads each of them back.

use super::{
	check::check_lines,
	source::{first_with, header_of, interval, work_blocks},
	Anchor, AnchorFile, Endpoint, HexHash, Published, Record, Remark, Report, Source, TARGET,
};
use crate::retry::Retry;
use anyhow::{bail, ensure, Context, Error, Result};
use doin_chain::{Call, Chain, Head, Patience, Signer, Urgency};
use doin_primitives::BlockNumber;
use std::{convert::Infallible, path::PathBuf};

/// Anchors at the end of the file that are read back after each publication.
const RECENT: usize = 32;
/// Remarks that are sent for one anchor before the role waits: a block with a remark can be replaced before it is final.
const REMARKS: usize = 3;

/// Node of the chain that remarks are made on.
#[derive(Clone, Debug)]
pub struct OtherNode {
	/// Addresses of nodes, in the order in which they are tried.
	pub urls: Vec<String>,
	/// Key that pays for the remarks there.
	pub signer: Signer,
}

/// Places to publish anchors at.
#[derive(Clone, Debug)]
pub struct Settings {
	/// File of the records.
	pub file: PathBuf,
	/// HTTP server.
	pub http: Option<Endpoint>,
	/// Another chain.
	pub other: Option<OtherNode>,
}

/// The chain that remarks are made on.
struct Other {
	chain: Chain,
	signer: Signer,
}

impl Other {
	/// Makes a remark with an anchor, and waits until it is final.
	///
	/// # Errors
	///
	/// Errors if the remark is refused or not included, if the node does not answer, or if other blocks become final again and again.
	async fn publish(&self, anchor: &Anchor) -> Result<Remark> {
		let call = Call::remark_with_event(&anchor.remark());
		for _ in 0..REMARKS {
			let block = self.chain.submit(&self.signer, &call, Urgency::Relaxed).await?.block;
			if self.becomes_final(block).await? {
				let Head { number, hash } = block;
				return Ok(Remark { genesis: HexHash(self.chain.genesis()), block: number, hash: HexHash(hash) });
			}
		}
		bail!("{REMARKS} blocks with a remark were replaced before they were final: look at the finality of the other chain")
	}

	/// Waits until a block of this number is final. Returns `true` if it is this block.
	async fn becomes_final(&self, block: Head) -> Result<bool> {
		let mut head = self.chain.head();
		while self.chain.finalized().await?.number < block.number {
			head = self.chain.next_head(head).await;
		}
		Ok(self.chain.block(block.number).await? == Some(block))
	}
}

/// Returns the work block of the next anchor to publish, on a chain with `sealed` work blocks, the last one being final. `last` is the
/// work block of the anchor that was published last. Without one, the newest anchor is the first, since it stands for all before it.
pub(super) fn due(last: Option<u64>, sealed: u64, interval: u64) -> Option<u64> {
	let newest = sealed / interval * interval;
	let next = match last {
		Some(last) => (last / interval).saturating_add(1).saturating_mul(interval),
		None => newest.max(interval),
	};
	(next <= newest).then_some(next)
}

/// The role that publishes anchors.
pub struct Publisher<S = Chain> {
	own: S,
	/// Number of work blocks from one anchor to the next.
	interval: u64,
	file: AnchorFile,
	http: Option<Endpoint>,
	other: Option<Other>,
	/// The anchor that was published last.
	last: Option<Anchor>,
	/// Record of an anchor that some places have accepted, and others not.
	pending: Option<Record>,
}

impl Publisher {
	/// Opens the file, and connects to the other chain, whose node is waited for as long as `patience` allows.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used or belongs to another network, if a node does not answer, or if the other chain is the own one.
	pub async fn open(chain: Chain, settings: Settings, patience: Patience) -> Result<Self> {
		let interval = interval(&chain).await?;
		let other = match settings.other {
			Some(OtherNode { urls, signer }) => Some(Other { chain: Chain::connect(&urls, patience).await?, signer }),
			None => None,
		};
		Self::new(chain, interval, AnchorFile::new(&settings.file)?, settings.http, other)
	}

	/// Checks all published anchors, and publishes every further one. Errors are logged, and tried again at a later block.
	pub async fn run(mut self) -> Infallible {
		self.report(usize::MAX).await;
		let (mut retry, mut head) = (Retry::default(), self.own.head());
		loop {
			if retry.is_due(head.number) {
				match self.publish_due().await {
					Ok(_) => retry = Retry::default(),
					Err(error) => {
						let again = retry.fail(head.number);
						tracing::warn!(target: TARGET, again, "an anchor is not published yet; trying again at that block: {error:#}");
					}
				}
			}
			head = self.own.next_head(head).await;
		}
	}
}

impl<S: Source> Publisher<S> {
	/// Returns the role, which goes on after the last record of the file.
	fn new(own: S, interval: u64, file: AnchorFile, http: Option<Endpoint>, other: Option<Other>) -> Result<Self> {
		let genesis = HexHash(own.genesis());
		if let Some(other) = &other {
			ensure!(
				other.chain.genesis() != own.genesis(),
				"the chain at {} is the own one, and an anchor on it proves nothing: name a node of another chain",
				other.chain.url()
			);
		}
		let records = file.open()?;
		if let Some(foreign) = records.iter().find(|record| record.anchor.genesis != genesis) {
			bail!(
				"{} has anchors of the network with genesis {}, and the node belongs to that with genesis {genesis}: name another file",
				file.path().display(),
				foreign.anchor.genesis
			);
		}
		let last = records.into_iter().map(|record| record.anchor).max_by_key(|anchor| anchor.work_block);
		Ok(Self { own, interval, file, http, other, last, pending: None })
	}

	/// Returns the role without another chain, for tests.
	#[cfg(test)]
	pub(super) fn without_chain(own: S, interval: u64, file: AnchorFile, http: Option<Endpoint>) -> Result<Self> {
		Self::new(own, interval, file, http, None)
	}

	/// Publishes all anchors that are due, and reads them back. Returns them.
	///
	/// # Errors
	///
	/// Errors if the node does not answer, or if a place does not take an anchor. The next call goes on there, and does not publish again
	/// where the anchor is already.
	pub async fn publish_due(&mut self) -> Result<Vec<Anchor>> {
		let mut published = Vec::new();
		while let Some(anchor) = self.next_anchor().await? {
			self.publish(anchor).await?;
			tracing::info!(target: TARGET, work_block = anchor.work_block, block = anchor.block, hash = %anchor.hash, "anchor published");
			published.push(anchor);
		}
		if !published.is_empty() {
			self.report(RECENT).await;
		}
		Ok(published)
	}

	/// Reads all published anchors back, and compares them with the own chain.
	///
	/// # Errors
	///
	/// Errors if the node does not answer, or if the file cannot be read.
	pub async fn check(&self) -> Result<Report> {
		self.check_last(usize::MAX).await
	}

	/// Does what [`Self::check`] does, for the last `count` lines of the file.
	async fn check_last(&self, count: usize) -> Result<Report> {
		let lines = self.file.lines()?;
		let recent = lines.get(lines.len().saturating_sub(count)..).unwrap_or_default();
		let other = self.other.as_ref().map(|other| &other.chain);
		let published = Published { file: &self.file, http: self.http.as_ref(), other };
		check_lines(&self.own, self.interval, &published, recent).await
	}

	/// Logs what does not agree in the last `count` lines of the file, and on the server and the other chain for them.
	async fn report(&self, count: usize) {
		let report = match self.check_last(count).await {
			Ok(report) => report,
			Err(error) => {
				tracing::warn!(target: TARGET, "published anchors cannot be checked at the moment: {error:#}");
				return;
			}
		};
		for finding in &report.findings {
			match finding.is_tampered {
				true => tracing::error!(target: TARGET, "a published anchor was tampered with, or the chain was: {finding}"),
				false => tracing::warn!(target: TARGET, "a published anchor cannot be checked: {finding}"),
			}
		}
	}

	/// Returns the next anchor to publish, if its block is final.
	async fn next_anchor(&self) -> Result<Option<Anchor>> {
		let last: BlockNumber = self.own.finalized().await?;
		let sealed = work_blocks(&header_of(&self.own, last).await?);
		let Some(work_block) = due(self.last.map(|last| last.work_block), sealed, self.interval) else { return Ok(None) };
		let above = self.last.map_or(0, |last| last.block);
		let header = first_with(&self.own, work_block, above, last).await?;
		let number = header.head.number;
		let anchor = Anchor::of(self.own.genesis(), &header).filter(|anchor| anchor.work_block == work_block);
		let anchor = anchor.with_context(|| {
			format!("block {number} does not seal work block {work_block}: its node and the file disagree; check the anchors, or use another node")
		})?;
		// The connection may lead to another node by now, which was asked above its last final block.
		Ok((number <= self.own.finalized().await?).then_some(anchor))
	}

	/// Publishes an anchor at every place that does not have it, the file last.
	async fn publish(&mut self, anchor: Anchor) -> Result<()> {
		let pending = self.pending.take().filter(|record| record.anchor == anchor);
		let mut record = pending.unwrap_or_else(|| anchor.into());
		let written = self.publish_record(&mut record).await;
		match written {
			Ok(()) => self.last = Some(anchor),
			Err(_) => self.pending = Some(record),
		}
		written
	}

	/// Publishes the anchor of a record, and notes every place that takes it. The failure of one place does not keep it from another.
	async fn publish_record(&self, record: &mut Record) -> Result<()> {
		let mut failed: Option<Error> = None;
		if let (Some(http), None) = (&self.http, &record.http) {
			match http.post(&record.anchor).await {
				Ok(()) => record.http = Some(http.to_string()),
				Err(error) => failed = Some(error),
			}
		}
		if let (Some(other), None) = (&self.other, &record.remark) {
			match other.publish(&record.anchor).await {
				Ok(remark) => record.remark = Some(remark),
				Err(error) => {
					let error = error.context(format!("no remark on the chain at {}", other.chain.url()));
					failed = Some(match failed {
						Some(first) => error.context(format!("{first:#}")),
						None => error,
					});
				}
			}
		}
		match failed {
			Some(error) => Err(error),
			None => self.file.append(record),
		}
	}
}
