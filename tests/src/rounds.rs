//! Rounds as they are seen from outside: waiting for one, and the history of all that have ended.

use crate::{
	commands::amount,
	state::{hash, Issuance},
	wait_for, Node, Worker,
};
use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
	time::Duration,
};
use subxt::{
	backend::LegacyBackend,
	events::Event,
	ext::scale_decode::{DecodeAsFields, DecodeAsType},
	rpcs::RpcClient,
	utils::AccountId32,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;

/// Longest wait for a step of a round: not every round has a candidate, and tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Domain of the rounds that are waited for: the demo domain.
const DOMAIN: u32 = 0;
/// Rounds of a domain that can be undecided at a time, with the one that takes commits.
const UNDECIDED: u64 = 4;

/// Waits until `is` holds for a recomputation of the demo domain, and returns it.
///
/// # Errors
/// Errors if it does not in time, or if the worker ends.
pub async fn task_once(what: &str, node: &Node, worker: &mut Worker, is: impl Fn(&Value) -> bool) -> Result<Value> {
	wait_for(what, LIMIT, || {
		let running = worker.check();
		let is = &is;
		async move {
			running?;
			let tasks = node.call("doin_recomputations", [json!(DOMAIN)]).await?;
			Ok(tasks.as_array().context("a list of tasks")?.iter().find(|task| is(task)).cloned())
		}
	})
	.await
}

/// Waits until round `number` of the demo domain, or a later one, has ended.
///
/// # Errors
/// Errors if none does in time, or if the worker ends.
pub async fn ended(number: u64, node: &Node, worker: &mut Worker) -> Result<()> {
	wait_for(&format!("the end of round {number}"), LIMIT, || {
		let running = worker.check();
		async move {
			running?;
			let domain = node.call("doin_domain", [json!(DOMAIN)]).await?;
			Ok((domain["lastRound"]["number"].as_u64() >= Some(number)).then_some(()))
		}
	})
	.await
}

/// Returns the number of the round that a recomputation was requested for.
///
/// # Errors
/// Errors if it has none.
pub fn round_of(task: &Value) -> Result<u64> {
	task["subject"]["round"]["number"].as_u64().with_context(|| format!("the round of the task {task}"))
}

/// Returns the identifier of a recomputation.
///
/// # Errors
/// Errors if it has none.
pub fn id_of(task: &Value) -> Result<u64> {
	task["task"].as_u64().with_context(|| format!("the identifier of the task {task}"))
}

/// Returns the seat of an account in a recomputation, or null.
pub fn seat(task: &Value, who: &AccountId32) -> Value {
	let who = who.to_string();
	let mut seats = task["seats"].as_array().into_iter().flatten();
	seats.find(|seat| seat["who"] == who.as_str()).cloned().unwrap_or_default()
}

/// Returns `true` if an account has committed to its answer and has not revealed it, while commitments are taken.
pub fn has_committed(task: &Value, who: &AccountId32) -> bool {
	let seat = seat(task, who);
	task["phase"] == "Answering" && seat["committed"] == true && seat["revealed"] == false
}

/// Returns `true` if an evaluator of a task that takes commitments cannot have sent its reveal at the best block `best`: a reveal is sent
/// as soon as the next block takes it.
pub fn is_before_reveals(task: &Value, best: u32) -> bool {
	task["phaseEnd"].as_u64() > Some(u64::from(best) + 1)
}

/// Identifier of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Round {
	/// Its domain.
	pub domain: u32,
	/// Its number on the grid of the domain.
	pub number: u32,
}

/// Draw of a quorum.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Draw {
	/// The recomputation.
	pub task: u64,
	/// Seed of its windows.
	pub seed: [u8; 32],
}

/// Absence of a drawn evaluator.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Absence {
	/// The recomputation.
	pub task: u64,
	/// The evaluator.
	pub who: AccountId32,
	/// `true` if the absence has no effect on reputation.
	pub excused: bool,
}

/// Origin of final sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum Backing {
	/// A quorum answered.
	Quorum,
	/// The runtime computed every chunk.
	Runtime,
}

/// End of a recomputation with final sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
	/// The recomputation.
	pub task: u64,
	/// Accounts that share the pay of the evaluators.
	pub paid: Vec<AccountId32>,
	/// Origin of the sums.
	pub backing: Backing,
}

/// Fields of events, found by name.
mod fields {
	use super::*;

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct OfRound {
		pub round: Round,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct OfTask {
		pub task: u64,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Requested {
		pub round: Round,
		pub task: u64,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Completed {
		pub task: u64,
		pub pay: Pay,
		pub backing: Backing,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Pay {
		pub shares: Vec<Share>,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Share {
		pub who: AccountId32,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Enqueued {
		pub round: Round,
		pub effective: u64,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Sealed {
		pub taken: u64,
		pub minted: u128,
	}

	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct OfAccount {
		pub who: AccountId32,
		pub amount: u128,
	}
}

/// Events of a final chain about rounds and their pay.
#[derive(Debug, Default)]
pub struct History {
	/// Number of the last block.
	last: u32,
	/// Rounds in which an account has taken a seat.
	seats: BTreeSet<Round>,
	/// Blocks in which rounds ended.
	ends: Vec<(u32, Round)>,
	/// Rounds that ended without pay.
	unpaid: Vec<Round>,
	/// Rounds with a seat that was never revealed.
	forfeited: Vec<Round>,
	/// Rounds by the recomputations that were requested for them.
	requests: Vec<(u64, Round)>,
	draws: Vec<Draw>,
	absences: Vec<Absence>,
	outcomes: Vec<Outcome>,
	/// Recomputations that ended without sums.
	voided: Vec<u64>,
	/// Effective improvements that verdicts queued, with their blocks and rounds, Q32 bits.
	earned: Vec<(u32, Round, u64)>,
	/// Effective improvement that work blocks took, Q32 bits.
	taken: u64,
	/// Amount that work blocks minted, in plancks.
	minted: u128,
	/// Amounts that optimizers, evaluators and the pot of the validators received of work blocks, in plancks.
	rewards: BTreeMap<AccountId32, u128>,
	/// Slashes of evaluators, in plancks.
	slashes: BTreeMap<AccountId32, u128>,
}

impl History {
	/// Reads the events of the blocks from 1 to `last`. The node has to keep the states of all blocks.
	///
	/// # Errors
	/// Errors if the node does not answer, does not have a state, or has events with other fields.
	pub async fn read(node: &Node, last: u32) -> Result<Self> {
		let backend = LegacyBackend::builder().build(RpcClient::from_insecure_url(node.url()).await?);
		let client: OnlineClient<SubstrateConfig> =
			OnlineClient::from_backend_with_config(SubstrateConfig::new(), Arc::new(backend)).await?;
		let mut history = Self { last, ..Self::default() };
		for number in 1..=last {
			let at = client.at_block(number).await?;
			let events = at.events().fetch().await?;
			for event in events.iter() {
				history.add(number, &event?)?;
			}
		}
		Ok(history)
	}

	fn add(&mut self, block: u32, event: &Event<'_, SubstrateConfig>) -> Result<()> {
		match (event.pallet_name(), event.event_name()) {
			("Optimae", "Committed") => {
				self.seats.insert(read::<fields::OfRound>(event)?.round);
			}
			("Optimae", "RoundDecided" | "RoundVoided") => self.ends.push((block, read::<fields::OfRound>(event)?.round)),
			("Optimae", "RoundUnpaid") => self.unpaid.push(read::<fields::OfRound>(event)?.round),
			("Optimae", "SeatForfeited") => self.forfeited.push(read::<fields::OfRound>(event)?.round),
			("Optimae", "RecomputationRequested") => {
				let fields::Requested { round, task } = read(event)?;
				self.requests.push((task, round));
			}
			("Recomputation", "QuorumDrawn") => self.draws.push(read(event)?),
			("Recomputation", "AnswerMissed") => self.absences.push(read(event)?),
			("Recomputation", "TaskVoided") => self.voided.push(read::<fields::OfTask>(event)?.task),
			("Recomputation", "TaskCompleted") => {
				let fields::Completed { task, pay, backing } = read(event)?;
				self.outcomes.push(Outcome { task, paid: pay.shares.into_iter().map(|share| share.who).collect(), backing });
			}
			("Work", "Enqueued") => {
				let fields::Enqueued { round, effective } = read(event)?;
				self.earned.push((block, round, effective));
			}
			("Work", "Sealed") => {
				let fields::Sealed { taken, minted } = read(event)?;
				self.taken += taken;
				self.minted += minted;
			}
			("Work", "Rewarded") => {
				let fields::OfAccount { who, amount } = read(event)?;
				*self.rewards.entry(who).or_default() += amount;
			}
			("Evaluators", "Slashed") => {
				let fields::OfAccount { who, amount } = read(event)?;
				*self.slashes.entry(who).or_default() += amount;
			}
			_ => {}
		}
		Ok(())
	}

	/// Returns the draws of a recomputation.
	pub fn draws(&self, task: u64) -> Vec<&Draw> {
		self.draws.iter().filter(|draw| draw.task == task).collect()
	}

	/// Returns the outcome of a recomputation, or `None` if it has no final sums.
	pub fn outcome(&self, task: u64) -> Option<&Outcome> {
		self.outcomes.iter().find(|outcome| outcome.task == task)
	}

	/// Returns the outcomes of all recomputations with final sums, in their order.
	pub fn outcomes(&self) -> &[Outcome] {
		&self.outcomes
	}

	/// Returns what work blocks have minted to an account, in plancks.
	pub fn reward(&self, who: &AccountId32) -> u128 {
		self.rewards.get(who).copied().unwrap_or_default()
	}

	/// Returns the rounds with a seat that was never revealed.
	pub fn forfeited(&self) -> &[Round] {
		&self.forfeited
	}

	/// Checks that an evaluator was absent from the recomputation `task`, which the others decided, and was paid for a `later` one.
	///
	/// # Errors
	/// Errors with the history if it was not so.
	pub fn check_absence(&self, task: u64, later: u64, who: &AccountId32) -> Result<()> {
		let mut absences = self.absences.iter().filter(|absence| absence.task == task);
		ensure!(absences.any(|absence| absence.who == *who && !absence.excused), "{who} is absent from task {task}: {self:?}");
		let outcome = self.outcome(task).with_context(|| format!("task {task} has final sums: {self:?}"))?;
		ensure!(outcome.backing == Backing::Quorum && !outcome.paid.contains(who), "{outcome:?}");
		let outcome = self.outcome(later).with_context(|| format!("task {later} has final sums: {self:?}"))?;
		ensure!(outcome.paid.contains(who), "{outcome:?}");
		Ok(())
	}

	/// Checks that no round was lost, that each one was decided and paid once, and that nobody lost or received anything else. `node`
	/// is the one that the history was read from.
	///
	/// # Errors
	/// Errors with the first difference.
	pub async fn check(&self, node: &Node) -> Result<()> {
		let block = hash(node, self.last).await?;
		self.check_ends(node, &block).await?;
		self.check_results(node).await?;
		self.check_pay(node, &block).await?;
		self.check_bonds(node, &block).await?;
		let first = Issuance::after(node, &hash(node, 1).await?).await?;
		Issuance::after(node, &block).await?.check_since(&first)
	}

	/// Checks that each round with a seat, and each recomputation, ends once. The last rounds may still be open.
	async fn check_ends(&self, node: &Node, block: &Value) -> Result<()> {
		let mut domains: BTreeMap<u32, u64> = BTreeMap::new();
		for domain in self.seats.iter().map(|round| round.domain).collect::<BTreeSet<_>>() {
			let round = node.call("doin_round", [json!(domain), block.clone()]).await?;
			let open = round["round"]["number"].as_u64().with_context(|| format!("the number of the round {round}"))?;
			domains.insert(domain, open);
		}
		for round in &self.seats {
			let (ends, open) = (self.ends.iter().filter(|(_, ended)| ended == round).count(), domains[&round.domain]);
			let is_open = ends == 0 && u64::from(round.number) + UNDECIDED > open;
			ensure!(ends == 1 || is_open, "{round:?} has ended {ends} times, and round {open} takes commits: {self:?}");
		}
		for (task, round) in &self.requests {
			let ends = self.outcomes.iter().filter(|outcome| outcome.task == *task).count()
				+ self.voided.iter().filter(|voided| *voided == task).count();
			let has_ended = self.ends.iter().any(|(_, ended)| ended == round);
			ensure!(ends == usize::from(has_ended), "task {task} for {round:?} has ended {ends} times: {self:?}");
		}
		Ok(())
	}

	/// Checks that what each round has queued for payment is what its result states, and that it did so once, at its end. A purse pays for
	/// rounds with sealed evidence, which no test has with these checks.
	async fn check_results(&self, node: &Node) -> Result<()> {
		for (block, round, _) in &self.earned {
			ensure!(self.ends.contains(&(*block, *round)), "{round:?} is paid in block {block}, not at its end: {self:?}");
		}
		for (block, round) in &self.ends {
			let of_round = self.earned.iter().filter(|(_, earner, _)| earner == round);
			let earned: u128 = of_round.map(|(_, _, effective)| u128::from(*effective)).sum();
			let unpaid = self.unpaid.iter().filter(|ended| *ended == round).count();
			ensure!(
				unpaid == 0 || (unpaid == 1 && earned == 0),
				"{round:?} is unpaid {unpaid} times and has earned {earned}: {self:?}"
			);
			let at = hash(node, *block).await?;
			let last = node.call("doin_domain", [json!(round.domain), at]).await?["lastRound"].clone();
			if last["number"] != round.number {
				// Of two rounds of a domain that end in one block, the domain has the result of the last one.
				let others = self.ends.iter().filter(|(other, ended)| other == block && ended.domain == round.domain);
				ensure!(others.count() > 1, "{round:?}: {last}");
				continue;
			}
			let paid = &last["result"]["paid"]["effective"];
			let stated = if paid.is_null() { 0 } else { amount(paid) };
			ensure!((unpaid == 1) == paid.is_null(), "{round:?} is unpaid {unpaid} times, and its result is {last}");
			ensure!(earned == stated, "{round:?} has earned {earned}, and its result is {last}");
		}
		Ok(())
	}

	/// Checks that work blocks took what rounds have earned, and paid what they minted.
	async fn check_pay(&self, node: &Node, block: &Value) -> Result<()> {
		let work = node.call("doin_work", [block.clone()]).await?;
		let earned: u128 = self.earned.iter().map(|(_, _, effective)| u128::from(*effective)).sum();
		let queued = amount(&work["queued"]);
		ensure!(earned == u128::from(self.taken) + queued, "{earned} are earned, {} taken and {queued} queued", self.taken);
		ensure!(self.minted == amount(&work["mined"]), "{} are minted, and {work} counts others", self.minted);
		let rewarded: u128 = self.rewards.values().sum();
		ensure!(rewarded == self.minted, "{rewarded} of {} are paid", self.minted);
		Ok(())
	}

	/// Checks that evaluators lost their slashes and nothing else.
	async fn check_bonds(&self, node: &Node, block: &Value) -> Result<()> {
		let first = hash(node, 1).await?;
		for evaluator in [dev::eve(), dev::ferdie(), dev::one(), dev::two()] {
			let who = evaluator.public_key().to_account_id();
			let (before, after) = (bond(node, &who, &first).await?, bond(node, &who, block).await?);
			let slashed = self.slashes.get(&who).copied().unwrap_or_default();
			ensure!(before == after + slashed, "{who} had a bond of {before}, was slashed by {slashed}, and has {after}");
		}
		Ok(())
	}
}

/// Returns the bond of an evaluator after a block, in plancks.
async fn bond(node: &Node, who: &AccountId32, block: &Value) -> Result<u128> {
	let reputation = node.call("doin_reputation", [json!(who.to_string()), block.clone()]).await?;
	Ok(amount(&reputation["bond"]))
}

/// Returns fields of an event.
fn read<F: DecodeAsFields>(event: &Event<'_, SubstrateConfig>) -> Result<F> {
	let fields = event.decode_fields_unchecked_as();
	fields.with_context(|| format!("the fields of {}.{}", event.pallet_name(), event.event_name()))
}
