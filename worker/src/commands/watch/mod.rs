//! `watch`: rounds, accepted champions, sealed work blocks, balances and forecasts of streams, one finalized block after another.

mod companion;
mod findings;
mod forecasts;
mod known;
mod nearest;
mod screen;
mod summary;

use crate::{
	args::NodeArgs,
	commands::{
		domain::describe_evidence,
		status::{bits, live_of, model_and_author, phase_of_round},
	},
	report::count,
};
use anyhow::{bail, Context, Error, Result};
use clap::Args;
use companion::Companion;
use doin_chain::{Account, Chain, FinalizedBlocks, Head, Patience, ReadError};
use doin_primitives::{
	views::{DomainView, EvidenceView, RecomputationPhase, RecomputationView, RoundView, SealView},
	BlockNumber, DomainId, EvidenceKind, ModelRef, Status,
};
use doin_roles::{
	amount::Amount,
	domain_cache::DomainCache,
	evaluator::{Alarms, UnpaidRound},
	problem::decode_admissible,
	round_result::unpaid_message,
};
use findings::family_of;
use forecasts::Forecasts;
use known::KnownDomain;
use screen::Screen;
use std::{
	collections::{BTreeMap, BTreeSet},
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use summary::{ChampionSummary, WatchSummary};

/// Longest wait for a block between two checks of the companions.
const TICK: Duration = Duration::from_secs(2);
/// Time without a finalized block, while others are made, after which this is said.
const STALL: Duration = Duration::from_secs(60);

/// Arguments of `watch`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
EXAMPLES
  doin-worker watch
  doin-worker watch --until-work-block 1      exits after the first work block, with a JSON summary as its last line

Blocks are shown once they are finalized, so no line is taken back. Searches are shown by `doin-worker top`, which reads a worker.")]
pub struct WatchArgs {
	/// Exit with success once this many work blocks are sealed
	#[arg(long, value_name = "N")]
	until_work_block: Option<u64>,
	/// Watch only this domain, or this stream of bars
	#[arg(long, value_name = "ID")]
	domain: Option<DomainId>,
	/// Second since 1970 from which the summary counts time [default: now]
	#[arg(long, value_name = "SECONDS")]
	since: Option<u64>,
	/// Process that the chain depends on, e.g. the node; its end is an error. May be given several times
	#[arg(long = "alongside", value_name = "PID")]
	alongside: Vec<Companion>,
}

struct Watcher {
	chain: Chain,
	args: WatchArgs,
	since: u64,
	domains: DomainCache,
	screen: Screen,
	known: BTreeMap<DomainId, KnownDomain>,
	/// Champion that was accepted last.
	latest: Option<ChampionSummary>,
	/// Accounts that earn.
	earners: BTreeSet<Account>,
	/// Account that the validators' share is minted to.
	validators_pot: Option<Account>,
	work_blocks: Option<u64>,
	/// Rounds that were shown to have earned nothing.
	alarms: Alarms,
	/// Streams of bars and their rounds.
	forecasts: Forecasts,
	/// `true` while streams cannot be read, which is logged once.
	has_no_streams: bool,
}

/// Runs `watch`.
///
/// # Errors
///
/// Errors if the node cannot be reached, or if a companion ends.
pub async fn run(node: &NodeArgs, args: WatchArgs) -> Result<()> {
	let chain = node.connect_with(Patience::Within(Duration::from_secs(60))).await?;
	let validators_pot = chain.constant::<[u8; 8]>("Work", "PotId").await.ok().map(account_of_pallet_id);
	let mut watcher = Watcher {
		chain,
		since: args.since.unwrap_or_else(now),
		args,
		domains: DomainCache::default(),
		screen: Screen::new(),
		known: BTreeMap::new(),
		latest: None,
		earners: BTreeSet::new(),
		validators_pot,
		work_blocks: None,
		alarms: Alarms::new(1),
		forecasts: Forecasts::default(),
		has_no_streams: false,
	};
	let outcome = watcher.follow().await;
	watcher.screen.end();
	if let Some(summary) = outcome? {
		println!("{}", serde_json::to_string(&summary)?);
	}
	Ok(())
}

/// Returns the seconds since 1970.
fn now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Returns the account of a pallet identifier, as `PalletId::into_account_truncating` derives it: `modl` and the identifier.
fn account_of_pallet_id(id: [u8; 8]) -> Account {
	let mut account = [0; 32];
	account[..4].copy_from_slice(b"modl");
	account[4..12].copy_from_slice(&id);
	Account(account)
}

impl Watcher {
	/// Looks at every block until the end that was asked for; returns the summary.
	async fn follow(&mut self) -> Result<Option<WatchSummary>> {
		let mut blocks = self.chain.finalized_blocks(self.chain.finalized().await?.number);
		loop {
			let at = self.next(&mut blocks).await?;
			let mut looked = self.look(at).await;
			if looked.as_ref().is_err_and(is_lost) {
				// The connection reopens by itself.
				tokio::time::sleep(TICK).await;
				looked = self.look(at).await;
			}
			match looked {
				Ok(Some(summary)) => return Ok(Some(summary)),
				Ok(None) => {}
				// A node that has removed the state of this block has removed those before it.
				Err(error) => {
					tracing::warn!(target: "doin::watch", block = at.number, "block skipped: {error:#}");
					self.go_on(&mut blocks, at.number.saturating_add(1)).await;
				}
			}
		}
	}

	/// Waits for the next finalized block.
	async fn next(&self, blocks: &mut FinalizedBlocks) -> Result<Head> {
		let (since, mut is_told) = (Instant::now(), false);
		loop {
			if let Some(ended) = self.args.alongside.iter().find(|companion| !companion.is_running()) {
				bail!("process {ended} has ended, and the chain depends on it: look at its log");
			}
			match tokio::time::timeout(TICK, blocks.next()).await {
				Ok(Ok(block)) => return Ok(block.head),
				Ok(Err(error)) => {
					tracing::warn!(target: "doin::watch", block = blocks.next_number(), "blocks skipped: {error}");
					tokio::time::sleep(TICK).await;
					self.go_on(blocks, 0).await;
				}
				Err(_) => {
					let (next, best) = (blocks.next_number(), self.chain.head().number);
					match self.chain.finalized().await {
						// A development chain began anew.
						Ok(last) if last.number.saturating_add(1) < next => *blocks = self.chain.finalized_blocks(last.number),
						_ if best > next && since.elapsed() > STALL && !std::mem::replace(&mut is_told, true) => tracing::warn!(
							target: "doin::watch", block = next, best,
							"blocks are made, and this one is not finalized: see whether a third of the validators is away"
						),
						_ => {}
					}
				}
			}
		}
	}

	/// Goes on with the last finalized block, or with block `from` if it is a later one.
	async fn go_on(&self, blocks: &mut FinalizedBlocks, from: BlockNumber) {
		// Without an answer, the stream waits for the connection.
		if let Ok(last) = self.chain.finalized().await {
			*blocks = self.chain.finalized_blocks(last.number.max(from));
		}
	}

	async fn look(&mut self, at: Head) -> Result<Option<WatchSummary>> {
		let work = self.chain.work(at).await?;
		for entry in &work.queue {
			self.earners.insert(entry.optimizer);
			self.earners.extend(&entry.evaluators);
		}
		let mut activity = Vec::new();
		for domain in self.chain.domains(at).await? {
			if self.args.domain.is_some_and(|only| only != domain.id) {
				continue;
			}
			self.look_at_champion(at, &domain).await?;
			if let Some(UnpaidRound { number, reason }) = self.alarms.unpaid(&domain) {
				let (id, text) = (domain.id, unpaid_message(reason));
				self.screen.line(&format!("block {:>6}  round {number} of domain {id} earned nothing: {text}", at.number));
			}
			if domain.weight > 0 || self.args.domain.is_some() {
				activity.push(self.activity(at, &domain).await?);
			}
		}
		activity.extend(self.look_at_streams(at).await);
		let before = self.work_blocks;
		if let Some(seal) = work.last_seal.as_ref().filter(|_| before.is_some_and(|before| before < work.work_blocks)) {
			self.show_seal(at, seal).await?;
		}
		// A seal that could not be shown is so at the next look.
		self.work_blocks = Some(work.work_blocks);
		let queued =
			format!("  queue {:.4} of {:.4} bits, work block {}", bits(work.queued), bits(work.threshold), work.work_blocks);
		let queued = format!("{queued}, best block {}", self.chain.head().number);
		self.screen.status(at.number, activity.join("; "), &queued);
		match (self.args.until_work_block, &work.last_seal) {
			(Some(until), Some(seal)) if work.work_blocks >= until => self.summary(at, seal).await.map(Some),
			_ => Ok(None),
		}
	}

	/// Shows what has changed on streams of bars; returns their activity.
	async fn look_at_streams(&mut self, at: Head) -> Vec<String> {
		match self.forecasts.look(&self.chain, at, self.args.domain).await {
			Ok((lines, activity)) => {
				lines.iter().for_each(|line| self.screen.line(line));
				self.has_no_streams = false;
				activity
			}
			// A runtime without streams has everything else.
			Err(error) => {
				if !std::mem::replace(&mut self.has_no_streams, true) {
					tracing::warn!(target: "doin::watch", block = at.number, "streams of bars are not shown: {error:#}");
				}
				Vec::new()
			}
		}
	}

	/// Shows the champion of a domain if it has changed.
	async fn look_at_champion(&mut self, at: Head, domain: &DomainView<Account>) -> Result<()> {
		if domain.status == Status::Loading {
			return Ok(());
		}
		let Some(champion) = self.chain.champion(at, domain.id).await? else { return Ok(()) };
		if !self.known.contains_key(&domain.id) {
			let problem = self.domains.problem(&self.chain, at, domain.id).await?;
			let known = KnownDomain::new(problem).await?;
			if let Some(line) = known.introduction() {
				self.screen.line(&line);
			}
			self.known.insert(domain.id, known);
		}
		let Some(known) = self.known.get_mut(&domain.id) else { return Ok(()) };
		let ModelRef::Stored(id) = champion.model else { return Ok(()) };
		if known.champion == champion.model {
			return Ok(());
		}
		let bytes = self.chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
		let (problem, model) = (known.problem.clone(), decode_admissible(&known.problem, &bytes)?);
		known.family = family_of(&model);
		let tail = tokio::task::spawn_blocking(move || problem.tail_error(&model)).await?;
		known.champion = champion.model;
		self.screen.line(&format!(
			"block {:>6}  ACCEPTED domain {} {} {}: {}",
			champion.block,
			domain.id,
			known.family,
			model_and_author(&champion.model, champion.author),
			known.describe_champion(&champion, tail)
		));
		self.earners.extend(champion.author);
		self.latest = Some(ChampionSummary::new(domain.id, id, &champion, &known.problem));
		Ok(())
	}

	/// Returns the round and the recomputations of a domain, and what was found on it, as text.
	async fn activity(&mut self, at: Head, domain: &DomainView<Account>) -> Result<String> {
		let round = self.chain.round(at, domain.id).await?;
		let mut parts: Vec<String> = round.iter().map(|round| describe_round(round, domain.evidence)).collect();
		for task in self.chain.recomputations(at, domain.id).await? {
			self.earners.extend(task.seats.iter().map(|seat| seat.who));
			parts.push(describe_task(&task));
		}
		let evidence = match domain.evidence {
			EvidenceKind::Sealed => self.chain.evidence(at, domain.id).await?,
			EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Live | EvidenceKind::Drawn => None,
		};
		if let Some(evidence) = &evidence {
			self.follow_segments(at, domain.id, evidence).await;
		}
		parts.extend(self.findings(domain));
		parts.extend(evidence.as_ref().map(describe_evidence));
		parts.extend(self.known.get(&domain.id).and_then(|known| live_of(&known.problem.spec)).map(|live| live.to_string()));
		Ok(format!("domain {}: {}", domain.id, parts.join(", ")))
	}

	/// Loads the segments that were opened since the last look, and computes again what depends on them.
	async fn follow_segments(&mut self, at: Head, domain: DomainId, evidence: &EvidenceView<Account>) {
		let Some(known) = self.known.get_mut(&domain) else { return };
		if !known.nearest.is_outdated(evidence.opened) {
			return;
		}
		match self.domains.problem(&self.chain, at, domain).await {
			Ok(problem) => {
				known.problem = problem.clone();
				known.nearest.compute(problem);
			}
			// The bits that may be left are those of the segments before.
			Err(error) => tracing::warn!(target: "doin::watch", domain, "opened segments are not read: {error:#}"),
		}
	}

	/// Returns the bits that were found on a domain, are carried, and may be left, as text; `None` where nothing is measured in bits.
	fn findings(&mut self, domain: &DomainView<Account>) -> Option<String> {
		let known = self.known.get_mut(&domain.id).filter(|_| domain.evidence != EvidenceKind::Public)?;
		known.findings.record(domain.high_water, known.family, domain.evidence == EvidenceKind::Live);
		let all = known.bits_in_all(domain);
		Some(known.findings.describe(domain.carry, all))
	}

	async fn show_seal(&mut self, at: Head, seal: &SealView) -> Result<()> {
		let mut balances = Vec::new();
		for account in &self.earners {
			let funds = self.chain.funds(at, *account).await?;
			balances.push(format!("{} {}", account.short(), Amount(funds.free.saturating_add(funds.held))));
		}
		if let Some(pot) = self.validators_pot {
			balances.push(format!("validators' pot {}", Amount(self.chain.funds(at, pot).await?.free)));
		}
		self.screen.line(&format!(
			"block {:>6}  WORK BLOCK {} sealed: {} minted for {:.4} bits (optimizers {}, evaluators {}, validators {})",
			seal.block,
			seal.work_block,
			Amount(seal.minted),
			bits(seal.taken),
			Amount(seal.optimizers),
			Amount(seal.evaluators),
			Amount(seal.validators)
		));
		self.screen.line(&format!("              balances: {}", balances.join(", ")));
		Ok(())
	}

	async fn summary(&self, at: Head, seal: &SealView) -> Result<WatchSummary> {
		let fees = self.chain.fee_market(at).await?;
		Ok(WatchSummary::new(self.latest.clone(), seal, fees.burned, now().saturating_sub(self.since)))
	}
}

/// Returns `true` if a look has failed since the node has not answered, so that the same one may succeed.
fn is_lost(error: &Error) -> bool {
	error.downcast_ref::<ReadError>().is_some_and(ReadError::is_transient)
}

/// Returns the phase of a round as text.
fn describe_round(round: &RoundView<Account>, evidence: EvidenceKind) -> String {
	let seats = match round.seats.len() {
		0 => String::new(),
		seats => format!(" ({})", count(seats, "seat")),
	};
	let (phase, end) = phase_of_round(round, evidence);
	format!("round {} {phase} until {end}{seats}", round.round.number)
}

/// Returns the phase of a recomputation as text.
fn describe_task(task: &RecomputationView<Account>) -> String {
	let (committed, revealed) =
		(task.seats.iter().filter(|seat| seat.committed).count(), task.seats.iter().filter(|seat| seat.revealed).count());
	let phase = match task.phase {
		RecomputationPhase::Drawing => "drawing".into(),
		RecomputationPhase::Answering => format!("{committed} of {} answers committed", task.seats.len()),
		RecomputationPhase::Revealing => format!("{revealed} of {} answers revealed", task.seats.len()),
		RecomputationPhase::Settling => "settling".into(),
		RecomputationPhase::Recomputing => "recomputing in the runtime".into(),
		RecomputationPhase::Challenge => format!("open to challenge until {}", task.phase_end),
	};
	match task.subject.round() {
		Some(round) => format!("round {} {phase}", round.number),
		None => format!("task {} {phase}", task.task),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::commands::status::tests::status;
	use doin_chain::RequestError;

	#[test]
	fn the_pot_is_the_account_of_its_pallet_id() {
		// As `PalletId(*b"doin/gen").into_account_truncating()` derives it.
		assert_eq!(&account_of_pallet_id(*b"doin/gen").0[..13], b"modldoin/gen\0");
	}

	#[test]
	fn a_block_is_looked_at_again_only_after_a_lost_answer() {
		let lost = ReadError::NoAnswer {
			url: "ws://127.0.0.1:9944".into(),
			request: "DoinApi_work".into(),
			source: RequestError::Disconnected,
		};
		assert!(is_lost(&lost.into()));
		assert!(!is_lost(&ReadError::Missing { item: "DoinApi_work".into() }.into()));
		assert!(!is_lost(&anyhow::anyhow!("model 5 is not stored any more")));
	}

	#[test]
	fn rounds_and_tasks_are_described_by_their_phase() {
		let status = status();
		let synthetic = EvidenceKind::Synthetic;
		assert_eq!(describe_round(status.round.as_ref().unwrap(), synthetic), "round 7 commit until 60");
		let mut waiting = status.round.clone().unwrap();
		waiting.phase = doin_primitives::round::Phase::Evidence;
		assert_eq!(describe_round(&waiting, EvidenceKind::Sealed), "round 7 without a seat until 70");
		let mut task = status.recomputations[0].clone();
		assert_eq!(describe_task(&task), "round 7 1 of 2 answers revealed");
		task.phase = RecomputationPhase::Answering;
		assert_eq!(describe_task(&task), "round 7 2 of 2 answers committed");
		task.phase = RecomputationPhase::Challenge;
		assert_eq!(describe_task(&task), "round 7 open to challenge until 55");
	}
}
