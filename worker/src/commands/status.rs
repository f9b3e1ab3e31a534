//! `status`: rounds, champions, work blocks and balances at one block.

use crate::{
	args::NodeArgs,
	commands::domain::describe_evidence,
	report::{comparison, count, entry, OutputArgs},
};
use anyhow::Result;
use clap::Args;
use doin_chain::{Account, Chain, Head, SyncState};
use doin_primitives::{
	round::Phase,
	views::{ChampionView, DomainView, EvidenceView, FeeMarketView, RecomputationView, ReputationView, RoundView, WorkView},
	Balance, BlockNumber, DomainSpec, Evidence, EvidenceKind, ModelRef, Q32,
};
use doin_roles::{amount::Amount, loss::percent_better, round_result::describe, simple_models::OWNERS_MODEL};
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use std::{
	fmt::{self, Display, Formatter},
	time::Duration,
};

/// Time that a node gets to report whether it is synced.
const SYNC_PATIENCE: Duration = Duration::from_secs(3);

/// Arguments of `status`.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
	/// Account whose balance and standing are shown; may be given several times
	#[arg(long = "account", value_name = "ADDRESS")]
	accounts: Vec<Account>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `status`.
///
/// # Errors
///
/// Errors if the node does not answer.
pub async fn run(node: &NodeArgs, args: StatusArgs) -> Result<()> {
	let chain = node.connect().await?;
	args.output.print(&StatusReport::read(&chain, &args.accounts).await?)
}

/// Returns the name of a model.
pub fn model_name(model: &ModelRef) -> String {
	match model {
		ModelRef::RepeatLast => "repeat-last".into(),
		ModelRef::Seasonal => "seasonal".into(),
		ModelRef::Origin => "origin".into(),
		ModelRef::Constant => "constant".into(),
		ModelRef::BuiltIn => "built-in genome".into(),
		ModelRef::Linear => OWNERS_MODEL.into(),
		ModelRef::Stored(id) => format!("model {id}"),
	}
}

/// Returns the name of a model with its author, or with the remark that it is a baseline.
pub fn model_and_author(model: &ModelRef, author: Option<Account>) -> String {
	match author {
		Some(author) => format!("{} by {author}", model_name(model)),
		None => format!("{} (baseline)", model_name(model)),
	}
}

/// Bars of a stream that a domain with live evidence is evaluated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LiveBars {
	/// Identifier of the stream.
	stream: u32,
	/// Value of one raw unit, in units of the stream.
	unit: u32,
}

impl Display for LiveBars {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { stream, unit } = self;
		write!(f, "live: bars of stream {stream} in units of {unit}")
	}
}

/// Returns the bars that a domain is evaluated on; `None` for other evidence.
pub fn live_of(spec: &DomainSpec) -> Option<LiveBars> {
	match spec.evidence {
		Evidence::Live { stream, unit } => Some(LiveBars { stream, unit }),
		Evidence::Public | Evidence::Synthetic(_) | Evidence::Sealed { .. } | Evidence::Drawn => None,
	}
}

/// Returns the phase of a round of a domain with this evidence as text.
fn phase_name(phase: Phase, evidence: EvidenceKind) -> &'static str {
	match (phase, evidence) {
		(Phase::Commit, _) => "commit",
		(Phase::Evidence, EvidenceKind::Live) => "waiting for its bars",
		(Phase::Evidence, _) => "waiting for its segment",
		(Phase::Reveal, _) => "reveal",
	}
}

/// Text of a round whose commits are over, and that nobody takes part in.
const WITHOUT_SEAT: &str = "without a seat";

/// Returns what a round does until when, as text. Nothing is awaited or revealed without a seat.
pub fn phase_of_round(round: &RoundView<Account>, evidence: EvidenceKind) -> (&'static str, BlockNumber) {
	match round.phase {
		Phase::Evidence | Phase::Reveal if round.seats.is_empty() => (WITHOUT_SEAT, round.reveal_until),
		phase => (phase_name(phase, evidence), round.phase_end),
	}
}

/// Converts a Q32 number.
pub fn bits(value: Q32) -> f64 {
	value as f64 / doin_primitives::ONE_Q32 as f64
}

/// Report of `status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusReport {
	url: String,
	genesis: String,
	block: BlockNumber,
	/// State of a node that is behind its network, as text; `None` for a node that is synced.
	behind: Option<String>,
	domains: Vec<DomainStatus>,
	work: WorkView<Account>,
	fee_market: FeeMarketView,
	accounts: Vec<AccountStatus>,
}

/// One domain at one block.
#[derive(Debug, Serialize)]
pub struct DomainStatus {
	/// Record of the domain.
	pub domain: DomainView<Account>,
	/// Champion of the domain.
	pub champion: Option<ChampionView<Account>>,
	/// Current round.
	pub round: Option<RoundView<Account>>,
	/// Recomputations that are not final.
	pub recomputations: Vec<RecomputationView<Account>>,
	/// Segments and purse of a sealed domain.
	pub evidence: Option<EvidenceView<Account>>,
	/// Stream of a domain with live evidence.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub live: Option<LiveBars>,
}

/// Balance and standing of an account.
#[derive(Debug, Serialize)]
struct AccountStatus {
	account: Account,
	#[serde(with = "As::<DisplayFromStr>")]
	free: Balance,
	#[serde(with = "As::<DisplayFromStr>")]
	held: Balance,
	reputation: ReputationView,
	/// Rest of the budget for a hot key in this window; `None` without a budget.
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	budget_left: Option<Balance>,
}

impl StatusReport {
	async fn read(chain: &Chain, accounts: &[Account]) -> Result<Self> {
		// Without an answer in time, nothing is known.
		let state = tokio::time::timeout(SYNC_PATIENCE, chain.known_sync_state()).await.unwrap_or(SyncState::Unknown);
		let behind = (!matches!(state, SyncState::Synced | SyncState::Unknown)).then(|| state.to_string());
		let at = chain.head();
		let mut domains = Vec::new();
		for domain in chain.domains(at).await? {
			domains.push(DomainStatus::read(chain, at, domain).await?);
		}
		let mut standing = Vec::new();
		for account in accounts {
			let funds = chain.funds(at, *account).await?;
			let reputation = chain.reputation(at, *account).await?;
			let budget_left = chain.budget(at, *account).await?.map(|budget| budget.left(at.number.saturating_add(1)));
			standing.push(AccountStatus { account: *account, free: funds.free, held: funds.held, reputation, budget_left });
		}
		Ok(Self {
			url: chain.url(),
			genesis: format!("0x{}", hex::encode(chain.genesis())),
			block: at.number,
			behind,
			domains,
			work: chain.work(at).await?,
			fee_market: chain.fee_market(at).await?,
			accounts: standing,
		})
	}

	fn write_work(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let work = &self.work;
		entry(
			f,
			"work",
			format_args!(
				"{} sealed; {} mined; next: {} when {:.4} bits are queued ({:.4} now)",
				count(work.work_blocks as usize, "work block"),
				Amount(work.mined),
				Amount(work.reward),
				bits(work.threshold),
				bits(work.queued)
			),
		)?;
		entry(
			f,
			"backing",
			format_args!(
				"{:.4} % of everything mined is backed by recomputed work: {} by quorums, {} by the runtime",
				f64::from(work.backed_share) / 1e4,
				Amount(work.backed_by_quorum),
				Amount(work.backed_by_runtime)
			),
		)?;
		if let Some(seal) = &work.last_seal {
			let minted = Amount(seal.minted);
			entry(f, "last seal", format_args!("work block {} in block {}: {minted} minted", seal.work_block, seal.block))?;
		}
		let fees = &self.fee_market;
		entry(f, "fees", format_args!("{} plancks per gas; {} burned since genesis", fees.base_fee, Amount(fees.burned)))
	}
}

impl DomainStatus {
	/// Reads the status of a domain.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	pub async fn read(chain: &Chain, at: Head, domain: DomainView<Account>) -> Result<Self> {
		let id = domain.id;
		Ok(Self {
			champion: chain.champion(at, id).await?,
			round: chain.round(at, id).await?,
			recomputations: chain.recomputations(at, id).await?,
			evidence: match domain.evidence {
				EvidenceKind::Sealed => chain.evidence(at, id).await?,
				EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Live | EvidenceKind::Drawn => None,
			},
			live: match domain.evidence {
				EvidenceKind::Live => chain.domain_spec(at, id).await?.as_ref().and_then(live_of),
				EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Sealed | EvidenceKind::Drawn => None,
			},
			domain,
		})
	}
}

impl Display for StatusReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "node", format_args!("{} at block {}", self.url, self.block))?;
		if let Some(behind) = &self.behind {
			entry(f, "", format_args!("{behind}: everything below is old"))?;
		}
		self.write_work(f)?;
		self.domains.iter().try_for_each(|domain| domain.fmt(f))?;
		self.accounts.iter().try_for_each(|account| account.fmt(f))
	}
}

impl Display for DomainStatus {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let domain = &self.domain;
		let status = format!("{:?}", domain.status).to_lowercase();
		entry(
			f,
			&format!("domain {}", domain.id),
			format_args!("{} ({status}, weight {:.1} %)", domain.name, f64::from(domain.weight) / 1e4),
		)?;
		if let Some(champion) = &self.champion {
			let model = model_and_author(&champion.model, champion.author);
			let better = comparison(percent_better(champion.loss), "the initial champion");
			let block = champion.block;
			entry(f, "  champion", format_args!("{model} since block {block}, {better}"))?;
		}
		if let Some(round) = &self.round {
			let (phase, end) = phase_of_round(round, domain.evidence);
			let phase = if phase == WITHOUT_SEAT { phase.to_string() } else { format!("in phase {phase}") };
			let (seats, fee) = (count(round.seats.len(), "seat"), Amount(round.next_seat_fee));
			let stake = match round.stake {
				0 => String::new(),
				stake => format!(" and stakes {}", Amount(stake)),
			};
			entry(
				f,
				"  round",
				format_args!("{} {phase} until block {end}; {seats}, the next costs {fee}{stake}", round.round.number),
			)?;
		}
		if let Some(evidence) = &self.evidence {
			entry(f, "  segments", describe_evidence(evidence))?;
		}
		if let Some(live) = &self.live {
			entry(f, "  evidence", live)?;
		}
		if domain.carry > 0 {
			entry(f, "  carried", format_args!("{:.4} bits of the champion, which later rounds pay", bits(domain.carry)))?;
		}
		if let Some(last) = &domain.last_round {
			entry(f, "  result", describe(last))?;
		}
		for task in &self.recomputations {
			let subject = task.subject.round().map_or(String::new(), |round| format!(" for round {}", round.number));
			let answers = task.seats.iter().filter(|seat| seat.revealed).count();
			entry(
				f,
				"  task",
				format_args!(
					"{}{subject}: {} until block {}; {}, {}, {}",
					task.task,
					format!("{:?}", task.phase).to_lowercase(),
					task.phase_end,
					count(task.models.len(), "model"),
					count(task.seats.len(), "evaluator"),
					count(answers, "answer")
				),
			)?;
		}
		Ok(())
	}
}

impl Display for AccountStatus {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let ReputationView { score, eligible, bond, accepted, rejected, forfeited } = self.reputation;
		entry(f, "account", self.account)?;
		entry(f, "  balance", format_args!("{} free, {} held", Amount(self.free), Amount(self.held)))?;
		if let Some(left) = self.budget_left {
			entry(f, "  budget", format_args!("{} left for a hot key in this window", Amount(left)))?;
		}
		entry(
			f,
			"  standing",
			format_args!(
				"bond {}, reputation {:.2}{}; {} accepted, {rejected} rejected, {forfeited} forfeited",
				Amount(bond),
				f64::from(score) / 1e6,
				if eligible { "" } else { " (too low to be drawn)" },
				count(accepted as usize, "candidate"),
			),
		)
	}
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use doin_primitives::{
		views::{EvaluatorSeatView, RecomputationPhase},
		EvidenceRef, LastRound, ProgramKind, RoundId, RoundResult, SizeClass, Status, Subject, UnpaidReason, DOIN,
	};

	pub fn domain() -> DomainView<Account> {
		DomainView {
			id: 3,
			name: "sawtooth".into(),
			unit: "0.5 mm".into(),
			program: ProgramKind::Forecast,
			evidence: EvidenceKind::Synthetic,
			status: Status::Active,
			owner: Account([1; 32]),
			weight: 250_000,
			high_water: 0,
			min_improvement: 5_000,
			target: 0,
			bounty: 0,
			class: SizeClass::Small,
			last_round: None,
			licence: String::new(),
			carry: 0,
			initial_validation_error: 20,
			bar: 20,
			weight_since: 0,
		}
	}

	pub fn status() -> DomainStatus {
		let round = RoundId { domain: 3, number: 7 };
		let seat = |revealed| EvaluatorSeatView { who: Account([2; 32]), committed: true, revealed };
		DomainStatus {
			domain: domain(),
			champion: Some(ChampionView {
				model: ModelRef::Stored(9),
				author: Some(Account([0; 32])),
				round: Some(round),
				block: 40,
				error: 3,
				initial_error: 4,
				loss: 3 << 18,
				validation_error: 5,
				genes: Vec::new(),
				bytes: 100,
			}),
			round: Some(RoundView {
				round,
				phase: Phase::Commit,
				phase_end: 60,
				awaited_until: None,
				evidence: None,
				stake: 0,
				reveal_from: 60,
				reveal_until: 70,
				next_seat_fee: 0,
				seat_hold: 0,
				seats: Vec::new(),
				contender: None,
			}),
			recomputations: vec![RecomputationView {
				task: 11,
				subject: Subject::Round(round),
				domain: 3,
				phase: RecomputationPhase::Revealing,
				phase_end: 55,
				seed: None,
				models: vec![ModelRef::Seasonal],
				evidence: EvidenceRef::Drawn,
				class: SizeClass::Small,
				seats: vec![seat(true), seat(false)],
				sums: Vec::new(),
			}],
			evidence: None,
			live: None,
		}
	}

	#[test]
	fn a_live_domain_is_shown_with_stream_and_unit() {
		let mut status = status();
		status.domain.evidence = EvidenceKind::Live;
		let spec = DomainSpec { evidence: Evidence::Live { stream: 5, unit: 100 }, ..crate::fixtures::sawtooth().spec };
		status.live = live_of(&spec);
		let round = status.round.as_mut().unwrap();
		round.phase = Phase::Evidence;
		round.seats = vec![doin_primitives::views::SeatView {
			who: Account([2; 32]),
			commitment: [0; 32],
			status: doin_primitives::SeatStatus::Committed,
			model: None,
			fee: 0,
		}];
		let text = status.to_string();
		assert!(text.contains("  evidence  live: bars of stream 5 in units of 100\n"), "{text}");
		assert!(text.contains("7 in phase waiting for its bars until block 60"), "{text}");
		let json = serde_json::to_value(&status).unwrap();
		assert_eq!(json["live"], serde_json::json!({ "stream": 5, "unit": 100 }));
		assert_eq!((&json["domain"]["evidence"], live_of(&crate::fixtures::sawtooth().spec)), (&"live".into(), None));
	}

	#[test]
	fn a_sealed_domain_is_shown_with_its_stage_stake_and_segments() {
		let mut status = status();
		let round = status.round.as_mut().unwrap();
		(round.phase, round.stake) = (Phase::Evidence, 10 * DOIN);
		status.domain.carry = doin_primitives::ONE_Q32 / 2;
		status.evidence = Some(crate::commands::domain::tests::evidence());
		let text = status.to_string();
		assert!(
			text.contains("7 without a seat until block 70; 0 seats, the next costs 0 DOIN and stakes 10 DOIN"),
			"nothing is awaited: {text}"
		);
		assert_eq!(phase_name(Phase::Evidence, EvidenceKind::Sealed), "waiting for its segment");
		assert!(text.contains("  segments  2 of 4 segments opened, 500 DOIN in the purse"), "{text}");
		assert!(text.contains("  carried   0.5000 bits of the champion"), "{text}");
		assert_eq!(serde_json::to_value(&status).unwrap()["evidence"]["opened"], 2);
	}

	#[test]
	fn a_domain_is_shown_with_champion_round_and_tasks() {
		let author = Account([0; 32]);
		let expected = format!(
			"\
domain 3    sawtooth (active, weight 25.0 %)
  champion  model 9 by {author} since block 40, 25.00 % better than the initial champion
  round     7 in phase commit until block 60; 0 seats, the next costs 0 DOIN
  task      11 for round 7: revealing until block 55; 1 model, 2 evaluators, 1 answer
"
		);
		assert_eq!(model_and_author(&ModelRef::Seasonal, None), "seasonal (baseline)");
		assert_eq!(status().to_string(), expected);
		let json = serde_json::to_value(status()).unwrap();
		assert_eq!((&json["recomputations"][0]["task"], &json["domain"]["program"]), (&11.into(), &"forecast".into()));
	}

	#[test]
	fn a_round_that_earned_nothing_is_shown_with_its_reason() {
		let result = RoundResult::Unpaid(UnpaidReason::NoWeight);
		let mut status = status();
		status.domain.last_round = Some(LastRound { number: 6, block: 44, result });
		let text = status.to_string();
		assert!(text.contains("  result    round 6 earned nothing in block 44: a candidate became champion"), "{text}");
		assert_eq!(serde_json::to_value(status).unwrap()["domain"]["lastRound"]["result"]["unpaid"], "noWeight");
	}

	#[test]
	fn an_account_is_shown_with_its_standing() {
		let reputation = ReputationView { score: 2_500_000, eligible: false, bond: 0, accepted: 1, rejected: 2, forfeited: 3 };
		let account = AccountStatus { account: Account([0; 32]), free: DOIN, held: 0, reputation, budget_left: Some(DOIN / 2) };
		let text = account.to_string();
		assert!(text.contains("  budget    0.5 DOIN left for a hot key"), "{text}");
		assert!(text.contains("1 DOIN free, 0 DOIN held") && text.contains("2.50 (too low to be drawn)"), "{text}");
		assert!(text.contains("1 candidate accepted, 2 rejected, 3 forfeited"), "{text}");
		assert_eq!(serde_json::to_value(&account).unwrap()["free"], DOIN.to_string());
	}
}
