//! Driver of a reporter: reads the poll, asks the sources, writes the journal, sends calls.

use super::{
	chain::OracleChain,
	collection::{Collection, ReportedStream, StreamName},
	policy::{fits, is_committed, is_of_another_entry, last_wait, step, Step},
	TARGET,
};
use crate::{
	config::ReportedConfig,
	journal::{Entry, Journal, Note, Scope, State},
	participant::dispatch_error,
};
use anyhow::{anyhow, Context, Result};
use doin_chain::{Account, Call, Head, Urgency};
use doin_primitives::{
	oracle::{PollId, Reports},
	views::PollView,
	Balance, BlockNumber, Hash,
};
use doin_sources::open_sources;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Pause after a failed look at the chain or a failed call. The best block may stay the same for a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Least time that sources have for an answer, unless a block comes before: half a slot of a public chain. The other half is left to the
/// commitment, which may have to be in the next block.
const LEAST_WAIT: Duration = Duration::from_secs(3);
/// Errors of a call whose earlier attempt has succeeded.
const DONE: [&str; 2] = ["Oracle::AlreadyCommitted", "Oracle::AlreadyRevealed"];

/// A reporter for one validator.
pub struct Reporter<C> {
	chain: C,
	journal: Arc<Journal>,
	streams: Arc<Vec<ReportedStream>>,
	/// Highest tip of a reveal, in plancks.
	max_tip: Balance,
	/// Least time that sources have for an answer, unless a block comes before.
	pub(super) least_wait: Duration,
	/// Entries that the chain has refused to reveal.
	refused: Refused,
	/// Facts that were logged last.
	logged: Logged,
}

/// Commitments of one poll whose reveal the chain has refused, since it has another commitment. Each attempt would cost a fee.
#[derive(Debug, Default)]
struct Refused {
	poll: PollId,
	commitments: Vec<Hash>,
}

/// Facts that were logged last, so that each is logged once.
#[derive(Debug, Default)]
struct Logged {
	lost: PollId,
	/// The account was no reporter in the last poll.
	is_outside: bool,
	/// Remarks on streams whose bars were not asked for after the last poll.
	idle: Vec<String>,
}

impl<C: OracleChain> Reporter<C> {
	/// Returns a reporter of the streams `reported`. A reveal offers `max_tip` plancks at most.
	///
	/// # Errors
	///
	/// Errors if a source cannot be opened.
	pub fn new(chain: C, journal: Arc<Journal>, reported: &[ReportedConfig], max_tip: Balance) -> Result<Self> {
		let streams = reported.iter().map(open).collect::<Result<Vec<_>>>()?;
		let (refused, logged) = (Refused::default(), Logged::default());
		Ok(Self { chain, journal, streams: Arc::new(streams), max_tip, least_wait: LEAST_WAIT, refused, logged })
	}

	/// Reports until the future is dropped.
	///
	/// # Errors
	///
	/// Never errors: a failed step is logged, and done again at the next block.
	pub async fn run(mut self) -> Result<()> {
		let mut head = self.chain.head();
		loop {
			self.look(head).await;
			// A step takes several blocks.
			head = self.chain.next_head(head).await;
		}
	}

	/// Does what is due at `head`.
	#[tracing::instrument(target = "doin::reporter", name = "report", skip_all, fields(block = head.number))]
	pub(super) async fn look(&mut self, head: Head) {
		if let Err(error) = self.try_look(head).await {
			tracing::warn!(target: TARGET, account = %self.chain.account(), "{error:#}");
			tokio::time::sleep(RETRY_PAUSE).await;
		}
	}

	async fn try_look(&mut self, head: Head) -> Result<()> {
		let (poll, who) = (self.chain.poll(head).await?, self.chain.account());
		if self.refused.poll != poll.id || !is_committed(&poll, who) {
			// A refusal is of a commitment that is not on this branch.
			self.refused = Refused { poll: poll.id, commitments: Vec::new() };
		}
		let entry = self.entry_of(&poll)?;
		let step = step(head.number.saturating_add(1), &poll, who, entry.as_ref());
		self.log_outside(step, who);
		match (step, entry) {
			(Step::Collect, _) => self.collect(head, &poll).await,
			(Step::Commit, Some(entry)) => self.commit(&poll, &entry).await,
			(Step::Reveal, Some(entry)) => self.reveal(&poll, &entry).await,
			(Step::Lost, _) => {
				self.log_lost(poll.id);
				Ok(())
			}
			(Step::Nothing, _) if !poll.is_open => self.log_idle(head).await,
			_ => Ok(()),
		}
	}

	/// Returns the journal entry that answers a poll. An entry that was replaced on another branch becomes the current one again.
	fn entry_of(&self, poll: &PollView<Account>) -> Result<Option<Entry>> {
		let (scope, who) = (Scope::Report(poll.id), self.chain.account());
		let answers = |entry: &Entry| fits(poll, entry) && !self.refused.commitments.contains(&entry.commitment);
		if let Some(current) = self.journal.entry(scope, who)?.filter(answers) {
			return Ok(Some(current));
		}
		match self.journal.other_entries(scope, who)?.into_iter().find(answers) {
			Some(earlier) => Ok(self.journal.recall_commitment(scope, who, &earlier.commitment)?),
			None => Ok(None),
		}
	}

	/// Asks the sources, and commits. Late bars are asked for again at every block, as long as there is time.
	async fn collect(&self, head: Head, poll: &PollView<Account>) -> Result<()> {
		let streams = self.chain.streams(head).await?;
		let mut collection = Collection::new(poll, streams, &self.streams);
		if collection.is_empty() {
			return Ok(());
		}
		let last = last_wait(head.number, poll);
		loop {
			let asked = self.chain.head();
			collection.ask(|| self.due(asked, last)).await;
			if collection.is_settled() || self.chain.head().number >= last {
				break;
			}
			self.chain.next_head(asked).await;
		}
		let reports = collection.reports()?;
		if reports.is_empty() {
			tracing::error!(target: TARGET, poll = poll.id, "no bar is known, and nothing is reported: see the faults of the sources");
			// The chain may have moved on, and another look would ask once more.
			return Ok(());
		}
		let reveal = poll.commits_until..poll.reveals_until;
		let entry = self.chain.entry(Scope::Report(poll.id), &reports, reveal);
		self.journal.prepare(&entry)?;
		self.commit(poll, &entry).await
	}

	/// Waits until the best block has the number `last`, and at least until the block after `asked` or for the least time of a source.
	async fn due(&self, asked: Head, last: BlockNumber) {
		timeout(self.least_wait, self.chain.next_head(asked)).await.ok();
		self.chain.reached(last).await;
	}

	async fn commit(&self, poll: &PollView<Account>, entry: &Entry) -> Result<()> {
		let call = Call::commit_reports(poll.id, entry.commitment);
		self.chain.send_once(&call, Urgency::Before(poll.commits_until), &DONE).await.context("the report is not committed")?;
		let reports: Reports = entry.decode_payload()?;
		let bars: usize = reports.iter().map(|report| report.bars.iter().flatten().count()).sum();
		tracing::info!(target: TARGET, poll = poll.id, account = %entry.who, streams = reports.len(), bars, "report committed");
		Ok(self.journal.mark(entry.scope, entry.who, State::Committed, Note::Progress)?)
	}

	async fn reveal(&mut self, poll: &PollView<Account>, entry: &Entry) -> Result<()> {
		let call = Call::reveal_reports(poll.id, &entry.decode_payload()?, entry.salt);
		let urgency = Urgency::Staked { block: poll.reveals_until, max_tip: self.max_tip };
		let sent = self.chain.send_once(&call, urgency, &DONE).await;
		if sent.as_ref().is_err_and(|error| is_of_another_entry(dispatch_error(error))) {
			self.refused.commitments.push(entry.commitment);
			tracing::warn!(
				target: TARGET,
				poll = poll.id,
				account = %entry.who,
				"the chain has another commitment than that of a report in the journal, which is not sent again in this poll"
			);
			return Ok(());
		}
		sent.context("the report is not revealed")?;
		tracing::info!(target: TARGET, poll = poll.id, account = %entry.who, "report revealed");
		Ok(self.journal.mark(entry.scope, entry.who, State::Revealed, Note::Progress)?)
	}

	/// Logs that the account reports nothing, whenever that has changed.
	fn log_outside(&mut self, step: Step, account: Account) {
		let is_outside = step == Step::NoReporter;
		if is_outside && !self.logged.is_outside {
			tracing::warn!(target: TARGET, %account, "no validator of this session, so its reports are not asked for: name the validator in `proxy_for`");
		}
		// Between two polls nothing is known.
		if step != Step::Nothing {
			self.logged.is_outside = is_outside;
		}
	}

	/// Logs the streams of the configuration whose bars are not asked for, whenever that has changed.
	async fn log_idle(&mut self, head: Head) -> Result<()> {
		let streams = self.chain.streams(head).await?;
		let idle: Vec<String> = self.streams.iter().filter_map(|reported| reported.idle(&streams)).collect();
		for remark in idle.iter().filter(|remark| !self.logged.idle.contains(remark)) {
			tracing::warn!(target: TARGET, "{remark}");
		}
		self.logged.idle = idle;
		Ok(())
	}

	fn log_lost(&mut self, poll: PollId) {
		if self.logged.lost != poll {
			let account = self.chain.account();
			tracing::error!(
				target: TARGET,
				poll,
				%account,
				"the chain has a commitment that this journal does not have, and it cannot be revealed: run one reporter for an account, with its journal"
			);
			self.logged.lost = poll;
		}
	}
}

/// Opens the sources of a stream.
fn open(config: &ReportedConfig) -> Result<ReportedStream> {
	let sources = open_sources(&config.sources)
		.map_err(|reason| anyhow!(reason))
		.with_context(|| format!("`reported` of {}", config.label()))?;
	let name = match (&config.stream, &config.symbol) {
		(Some(id), _) => StreamName::Id(*id),
		(None, symbol) => StreamName::Symbol(symbol.clone().unwrap_or_default()),
	};
	Ok(ReportedStream { name, sources, quorum: config.quorum, decimals: config.decimals })
}
