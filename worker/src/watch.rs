//! `watch`: the main job as it happens, block by block: rounds, accepted champions, sealed work blocks, money.

use crate::{
	amount::{significant, Amount},
	problem::{admitted, Library, Problem},
	status::{better, model_name, report},
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_chain::{Account, Chain, Head, Patience};
use doin_compute::baseline;
use doin_primitives::{
	views::{ChampionView, DomainView, QuorumPhase, SealView},
	DomainId, ModelRef, ONE_Q32,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
	collections::{BTreeMap, BTreeSet},
	io::IsTerminal,
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What `watch` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
EXAMPLES
  doin-worker watch
  doin-worker watch --until-work-block 1      exits after the first work block, with a JSON summary as its last line")]
pub struct WatchArgs {
	/// Exit with success once this many work blocks are sealed.
	#[arg(long, value_name = "N")]
	until_work_block: Option<u64>,
	/// Only this domain.
	#[arg(long, value_name = "ID")]
	domain: Option<DomainId>,
	/// Second since 1970 from which the summary counts time; now when left out.
	#[arg(long, value_name = "SECONDS")]
	since: Option<u64>,
	/// Process without which there is nothing to watch: its end is an error.
	#[arg(long = "alongside", value_name = "PID")]
	alongside: Vec<u32>,
}

/// Where lines go: above a status line on a terminal, one after the other elsewhere.
struct Screen {
	bar: Option<ProgressBar>,
	last: String,
}

impl Screen {
	fn new() -> Self {
		let bar = std::io::stdout().is_terminal().then(|| {
			let bar = ProgressBar::new_spinner();
			bar.set_style(
				ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
			);
			bar.enable_steady_tick(Duration::from_millis(120));
			bar
		});
		Self { bar, last: String::new() }
	}

	fn line(&self, text: &str) {
		match &self.bar {
			Some(bar) => bar.suspend(|| println!("{text}")),
			None => println!("{text}"),
		}
	}

	/// What is being waited for. Off a terminal, every change of `what` is a line; `detail` changes with each block.
	fn status(&mut self, block: u32, what: String, detail: &str) {
		match &self.bar {
			Some(bar) => bar.set_message(format!("block {block}  {what}{detail}")),
			None if self.last != what => println!("block {block:>6}  {what}"),
			None => {}
		}
		self.last = what;
	}

	fn end(&self) {
		if let Some(bar) = &self.bar {
			bar.finish_and_clear();
		}
	}
}

/// What is known about a domain.
struct Known {
	problem: Arc<Problem>,
	/// Simple models on validation and held-out tail.
	baselines: Vec<baseline::Row>,
	champion: ModelRef,
}

struct Watcher {
	chain: Chain,
	args: WatchArgs,
	since: u64,
	library: Library,
	screen: Screen,
	known: BTreeMap<DomainId, Known>,
	/// The last accepted champion.
	latest: Option<(DomainId, ChampionView<Account>)>,
	/// Accounts that earn.
	earners: BTreeSet<Account>,
	pot: Option<Account>,
	work_blocks: Option<u64>,
}

/// `watch`.
pub async fn watch(url: &str, args: WatchArgs) -> Result<()> {
	let chain = Chain::connect(url, Patience::Within(Duration::from_secs(60))).await?;
	let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
	let since = args.since.unwrap_or(now);
	let pot = chain.constant::<[u8; 8]>("Work", "PotId").await.ok().map(pot_account);
	let mut watcher = Watcher {
		chain,
		since,
		args,
		library: Library::default(),
		screen: Screen::new(),
		known: BTreeMap::new(),
		latest: None,
		earners: BTreeSet::new(),
		pot,
		work_blocks: None,
	};
	let outcome = watcher.follow().await;
	watcher.screen.end();
	if let Some(summary) = outcome? {
		println!("{summary}");
	}
	Ok(())
}

/// The account that a pallet's identifier stands for.
fn pot_account(id: [u8; 8]) -> Account {
	let mut account = [0; 32];
	account[..4].copy_from_slice(b"modl");
	account[4..12].copy_from_slice(&id);
	Account(account)
}

/// Whether a process is still running.
fn running(pid: u32) -> bool {
	match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
		// A process that ended and was not waited for: `pid (name) Z …`.
		Ok(stat) => !stat.rsplit(')').next().unwrap_or("").trim_start().starts_with('Z'),
		// No such process, or no such file system: then there is no telling.
		Err(_) => !std::path::Path::new("/proc/self/stat").exists(),
	}
}

impl Watcher {
	/// Looks at every block until the end that was asked for; then the summary.
	async fn follow(&mut self) -> Result<Option<serde_json::Value>> {
		let mut at = self.chain.head();
		loop {
			match self.look(at).await {
				Ok(Some(summary)) => return Ok(Some(summary)),
				Ok(None) => {}
				// The connection comes back by itself.
				Err(error) => tracing::warn!("block {}: {error:#}", at.number),
			}
			at = loop {
				if let Some(pid) = self.args.alongside.iter().find(|pid| !running(**pid)) {
					bail!("process {pid} has ended, and nothing happens without it: look at its log");
				}
				let wait = self.chain.next_head(at);
				if let Ok(head) = tokio::time::timeout(Duration::from_secs(2), wait).await {
					if head.number <= at.number + 1 {
						break head;
					}
					// Blocks that went by in the meantime.
					match self.chain.block(at.number + 1).await {
						Ok(Some(next)) => break next,
						_ => break head,
					}
				}
			};
		}
	}

	async fn look(&mut self, at: Head) -> Result<Option<serde_json::Value>> {
		let work = self.chain.work(at).await?;
		for entry in &work.queue {
			self.earners.insert(entry.optimizer);
			self.earners.extend(&entry.evaluators);
		}
		let mut waiting = Vec::new();
		for domain in self.chain.domains(at).await? {
			if self.args.domain.is_some_and(|only| only != domain.id) {
				continue;
			}
			self.look_at_champion(at, &domain).await?;
			if domain.weight > 0 || self.args.domain.is_some() {
				waiting.push(self.waiting_for(at, &domain).await?);
			}
		}
		let before = self.work_blocks.replace(work.work_blocks);
		if let Some(seal) = work.last_seal.as_ref().filter(|_| before.is_some_and(|before| before < work.work_blocks)) {
			self.say_sealed(at, seal).await?;
		}
		let queued = format!(
			"  queue {:.4} of {:.4} bits, work block {}",
			work.queued as f64 / ONE_Q32 as f64,
			work.threshold as f64 / ONE_Q32 as f64,
			work.work_blocks
		);
		self.screen.status(at.number, waiting.join("; "), &queued);
		match (self.args.until_work_block, &work.last_seal) {
			(Some(until), Some(seal)) if work.work_blocks >= until => self.summary(at, seal).await.map(Some),
			_ => Ok(None),
		}
	}

	/// Loads a domain once: its series, and what simple models achieve on it.
	async fn learn(&mut self, at: Head, domain: DomainId) -> Result<()> {
		if self.known.contains_key(&domain) {
			return Ok(());
		}
		let problem = self.library.problem(&self.chain, at, domain).await?;
		let of = problem.clone();
		let baselines = tokio::task::spawn_blocking(move || report(&of, None)).await??;
		let initial = if baselines.len() > 1 && baselines[1].validation.error < baselines[0].validation.error {
			ModelRef::Seasonal
		} else {
			ModelRef::RepeatLast
		};
		if let Some(row) = baselines.iter().find(|row| row.name == model_name(&initial)) {
			let size = problem.unit().0;
			let ridge = baselines
				.iter()
				.find(|row| row.name == "ridge")
				.map_or(String::new(), |row| format!(", ridge {}", significant(row.validation.mean * size)));
			self.screen.line(&format!(
				"domain {domain}: {}. To beat: {} with {} on validation{ridge}",
				problem.name(),
				row.name,
				problem.error_of(row.validation.mean)
			));
		}
		self.known.insert(domain, Known { problem, baselines, champion: initial });
		Ok(())
	}

	/// Says who the champion is when it changes.
	async fn look_at_champion(&mut self, at: Head, domain: &DomainView<Account>) -> Result<()> {
		let Some(champion) = self.chain.champion(at, domain.id).await? else {
			return Ok(());
		};
		if domain.status == doin_primitives::Status::Loading {
			return Ok(());
		}
		self.learn(at, domain.id).await?;
		let Some(known) = self.known.get_mut(&domain.id) else {
			return Ok(());
		};
		let ModelRef::Stored(id) = champion.model else { return Ok(()) };
		if known.champion == champion.model {
			return Ok(());
		}
		let problem = known.problem.clone();
		let bytes = self.chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
		let model = admitted(&problem, &bytes)?;
		let of = problem.clone();
		let tail = tokio::task::spawn_blocking(move || of.tail_error(&model)).await?;
		let (size, unit) = problem.unit();
		let on_draw = format!(
			"error {} {unit} on its draw, {:.2} % better than the best naive model ({})",
			significant(problem.draw_error(champion.error)),
			better(champion.loss),
			significant(problem.draw_error(champion.initial_error))
		);
		let on_tail = tail.map_or(String::new(), |error| {
			let against: Vec<_> = known
				.baselines
				.iter()
				.filter_map(|row| {
					let other = row.tail?.mean * size;
					let lead = 100.0 * (1.0 - error / other);
					let word = if lead < 0.0 { "worse" } else { "better" };
					Some(format!("{:.2} % {word} than {}", lead.abs(), row.name))
				})
				.collect();
			format!("; on the real held-out tail {}: {}", significant(error), against.join(", "))
		});
		known.champion = champion.model;
		let author = champion.author.map_or("nobody".into(), |author| author.to_string());
		self.screen.line(&format!(
			"block {:>6}  ACCEPTED domain {} {} by {author}: {on_draw}{on_tail}",
			champion.block,
			domain.id,
			model_name(&champion.model)
		));
		self.earners.extend(champion.author);
		self.latest = Some((domain.id, champion));
		Ok(())
	}

	/// What a domain is waiting for, in a few words.
	async fn waiting_for(&mut self, at: Head, domain: &DomainView<Account>) -> Result<String> {
		let mut parts = Vec::new();
		if let Some(round) = self.chain.round(at, domain.id).await? {
			let seats = match round.seats.len() {
				0 => String::new(),
				1 => " (1 seat)".into(),
				seats => format!(" ({seats} seats)"),
			};
			parts.push(format!(
				"round {} {} until {}{seats}",
				round.round.number,
				format!("{:?}", round.phase).to_lowercase(),
				round.phase_end
			));
		}
		for quorum in self.chain.quorums(at, domain.id).await? {
			self.earners.extend(quorum.seats.iter().map(|seat| seat.who));
			let phase = match quorum.phase {
				QuorumPhase::Drawing => "drawing".into(),
				QuorumPhase::Answering => format!(
					"{} of {} answers committed",
					quorum.seats.iter().filter(|seat| seat.committed).count(),
					quorum.seats.len()
				),
				QuorumPhase::Revealing => format!(
					"{} of {} answers revealed",
					quorum.seats.iter().filter(|seat| seat.revealed).count(),
					quorum.seats.len()
				),
				QuorumPhase::Settling => "settling".into(),
				QuorumPhase::Replaying => "replaying in the runtime".into(),
				QuorumPhase::Challenge => format!("challengeable until {}", quorum.phase_end),
			};
			parts.push(format!("round {} {phase}", quorum.round.number));
		}
		Ok(format!("domain {}: {}", domain.id, parts.join(", ")))
	}

	async fn say_sealed(&mut self, at: Head, seal: &SealView) -> Result<()> {
		self.screen.line(&format!(
			"block {:>6}  WORK BLOCK {} sealed: {} minted for {:.4} bits (optimizers {}, evaluators {}, generators {})",
			seal.block,
			seal.work_block,
			Amount(seal.minted),
			seal.taken as f64 / ONE_Q32 as f64,
			Amount(seal.optimizers),
			Amount(seal.evaluators),
			Amount(seal.generator)
		));
		let mut balances = Vec::new();
		for account in &self.earners {
			let funds = self.chain.funds(at, *account).await?;
			balances.push(format!("{} {}", account.short(), Amount(funds.free.saturating_add(funds.held))));
		}
		if let Some(pot) = self.pot {
			balances.push(format!("generators' pot {}", Amount(self.chain.funds(at, pot).await?.free)));
		}
		self.screen.line(&format!("              balances: {}", balances.join(", ")));
		Ok(())
	}

	/// The summary that a script reads.
	async fn summary(&self, at: Head, seal: &SealView) -> Result<serde_json::Value> {
		let fees = self.chain.fee_market(at).await?;
		let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
		let mut summary = json!({
			"champion": null,
			"loss": null,
			"baseline": null,
			"work_block": seal.work_block,
			"block": seal.block,
			"minted": seal.minted.to_string(),
			"optimizers": seal.optimizers.to_string(),
			"evaluators": seal.evaluators.to_string(),
			"generator": seal.generator.to_string(),
			"burned_fees": fees.burned.to_string(),
			"seconds": now.saturating_sub(self.since),
		});
		if let Some((domain, champion)) = &self.latest {
			if let Some(known) = self.known.get(domain) {
				let decimal = |error: u64| format!("{:.6}", known.problem.draw_error(error));
				let model = match champion.model {
					ModelRef::Stored(id) => json!(id),
					_ => serde_json::Value::Null,
				};
				summary["champion"] =
					json!({ "domain": domain, "model": model, "author": champion.author, "block": champion.block });
				summary["loss"] = json!(decimal(champion.error));
				summary["baseline"] = json!(decimal(champion.initial_error));
				summary["unit"] = json!(known.problem.unit().1);
				summary["percent_better"] = json!(format!("{:.3}", better(champion.loss)));
			}
		}
		Ok(summary)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn processes_are_told_from_their_absence() {
		assert!(running(std::process::id()));
		let mut child = std::process::Command::new("true").spawn().unwrap();
		let pid = child.id();
		// Ended, and not waited for yet.
		for _ in 0..100 {
			if !running(pid) {
				break;
			}
			std::thread::sleep(Duration::from_millis(20));
		}
		assert!(!running(pid));
		child.wait().unwrap();
		assert!(!running(pid));
	}

	#[test]
	fn a_pot_is_the_account_of_its_pallet_id() {
		// As `PalletId(*b"doin/gen").into_account_truncating()` has it.
		assert_eq!(&pot_account(*b"doin/gen").0[..13], b"modldoin/gen\0");
	}
}
