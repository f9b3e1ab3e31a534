//! Additions to counters by the events of the runtime.

use super::export::{bits, doin};
use doin_primitives::{inference::Lie, UnpaidReason};
use doin_runtime::{Runtime, RuntimeEvent};
use pallet_doin_evaluators::types::Offence;

/// Family of counters: one metric with one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
	/// Seats of rounds, by what happened to them.
	Seats,
	/// Rounds that ended.
	Rounds,
	/// Rounds that ended without pay, by reason.
	Unpaid,
	/// Drawn evaluators, by what they did.
	Answers,
	/// Recomputation tasks, by what happened to them.
	Tasks,
	/// Challenges of settled sums and of claims.
	Challenges,
	/// Slashes of evaluators, by offence.
	Slashes,
	/// Amounts of these slashes, in DOIN.
	Slashed,
	/// Sealed segments.
	Segments,
	/// Amounts minted, in DOIN, by their origin.
	Minted,
	/// Amounts minted, in DOIN, by the role of their recipients.
	Rewards,
	/// Polls of the reporters.
	Polls,
	/// Reports, by what happened to them.
	Reports,
	/// Batches of bars that were counted.
	Batches,
	/// Bars of the batches that stand.
	Bars,
	/// Seats of rounds of forecasts, by what happened to them.
	ForecastSeats,
	/// Rounds of forecasts that ended.
	ForecastRounds,
	/// Claims of records of forecasters.
	Claims,
	/// Effective improvement of these claims, in bits.
	Claimed,
	/// Payment channels, by what happened to them.
	Channels,
	/// Amounts that channels have paid, in DOIN, by where they went.
	Redeemed,
	/// Number of offers to answer requests, by change: offered, unlisted, or released with the bond.
	Offers,
	/// Lies of servers that were proved, by kind.
	Lies,
	/// Amounts slashed for these lies, in DOIN.
	LiesSlashed,
}

/// Name, help, label and values of the label of each family. A value that is never counted is exported as 0, so that a query
/// finds it from the start.
pub const FAMILIES: [(Family, &str, &str, &str, &[&str]); 24] = [
	(
		Family::Seats,
		"doin_seats_total",
		"Seats of rounds, by what happened to them, since the node started",
		"event",
		&["committed", "revealed", "rejected", "forfeited", "excused"],
	),
	(
		Family::Rounds,
		"doin_rounds_ended_total",
		"Rounds that ended, since the node started: crowned with a new champion, decided without one, or void",
		"outcome",
		&["crowned", "decided", "voided"],
	),
	(
		Family::Unpaid,
		"doin_rounds_unpaid_total",
		"Rounds that ended without pay, by reason, since the node started",
		"reason",
		&[
			"noCandidate",
			"noImprovement",
			"contenderKept",
			"noWeight",
			"belowHighWater",
			"noQuorum",
			"unsettled",
			"nothingToImprove",
			"noRecomputation",
			"emptyPurse",
			"evidenceMissing",
			"tooFewBars",
			"ramp",
		],
	),
	(
		Family::Answers,
		"doin_quorum_answers_total",
		"Drawn evaluators by what they did, since the node started; absent and excused ones did not answer",
		"result",
		&["drawn", "committed", "revealed", "absent", "excused"],
	),
	(
		Family::Tasks,
		"doin_recomputations_total",
		"Recomputation tasks by what happened to them, since the node started",
		"event",
		&["opened", "redrawn", "settled", "recomputing", "reopened", "completed", "voided"],
	),
	(
		Family::Challenges,
		"doin_challenges_total",
		"Challenges, since the node started; claim is one of the validation sums of an optimizer, and always upheld",
		"event",
		&["announced", "cancelled", "upheld", "rejected", "claim"],
	),
	(
		Family::Slashes,
		"doin_slashes_total",
		"Slashes of evaluators by offence, since the node started",
		"offence",
		&["absence", "falseAnswer", "collusion"],
	),
	(
		Family::Slashed,
		"doin_slashed_doin_total",
		"Amount slashed of the bonds of evaluators by offence, in DOIN, since the node started",
		"offence",
		&["absence", "falseAnswer", "collusion"],
	),
	(
		Family::Segments,
		"doin_segments_total",
		"Sealed segments that rounds asked for, by what happened to them, since the node started",
		"event",
		&["asked", "opened", "missed"],
	),
	(
		Family::Minted,
		"doin_minted_doin_total",
		"Amount minted in DOIN by origin, since the node started; the same amount of a purse is burned with what is minted for it",
		"origin",
		&["workBlock", "purse"],
	),
	(
		Family::Rewards,
		"doin_rewards_doin_total",
		"Amount minted in DOIN by role of the recipients, since the node started",
		"role",
		&["optimizers", "evaluators", "validators"],
	),
	(Family::Polls, "doin_polls_total", "Polls of the reporters, since the node started", "event", &["opened", "closed"]),
	(
		Family::Reports,
		"doin_reports_total",
		"Reports of bars by what happened to them, since the node started; 0.1 DOIN burns for one that is not revealed",
		"event",
		&["committed", "revealed", "unrevealed"],
	),
	(
		Family::Batches,
		"doin_batches_total",
		"Batches of bars that were counted, since the node started; all bars of a missing one are missing",
		"result",
		&["stands", "missing"],
	),
	(
		Family::Bars,
		"doin_bars_total",
		"Bars of the batches that stand, since the node started; less than half of the stake knew a missing one",
		"result",
		&["known", "missing"],
	),
	(
		Family::ForecastSeats,
		"doin_forecast_seats_total",
		"Seats of rounds of forecasts by what happened to them, since the node started; one that is cleared was not revealed",
		"event",
		&["committed", "displaced", "revealed", "collected", "cleared"],
	),
	(
		Family::ForecastRounds,
		"doin_forecast_rounds_ended_total",
		"Rounds of forecasts that ended, since the node started: settled, void, or without any seat",
		"outcome",
		&["closed", "voided", "empty"],
	),
	(
		Family::Claims,
		"doin_forecast_claims_total",
		"Claims of records of forecasters, since the node started; work blocks mint for them",
		"backing",
		&["runtime"],
	),
	(
		Family::Claimed,
		"doin_forecast_claimed_bits_total",
		"Effective improvement that records of forecasters have claimed, in bits, since the node started",
		"backing",
		&["runtime"],
	),
	(
		Family::Channels,
		"doin_channels_total",
		"Payment channels by what happened to them, since the node started; one can be redeemed many times",
		"event",
		&["opened", "redeemed", "closing", "closed"],
	),
	(
		Family::Redeemed,
		"doin_channels_paid_doin_total",
		"Amount that channels have paid for vouchers, in DOIN, since the node started: to payees, and as a burned fee",
		"part",
		&["payee", "burned"],
	),
	(
		Family::Offers,
		"doin_offers_total",
		"Offers of servers by what happened to them, since the node started; a changed one counts as offered again",
		"event",
		&["offered", "unlisted", "released"],
	),
	(
		Family::Lies,
		"doin_lies_total",
		"Lies of servers that were proved, by what was false, since the node started",
		"lie",
		&["model", "output"],
	),
	(
		Family::LiesSlashed,
		"doin_lies_slashed_doin_total",
		"Amount slashed of the bonds of servers by what was false, in DOIN, since the node started",
		"lie",
		&["model", "output"],
	),
];

/// Addition to one counter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
	/// Metric.
	pub family: Family,
	/// Value of its label.
	pub label: &'static str,
	/// Added amount.
	pub amount: f64,
}

/// Returns the addition of one to a counter.
fn one(family: Family, label: &'static str) -> Vec<Count> {
	vec![Count { family, label, amount: 1.0 }]
}

/// Returns what an event adds to counters: nothing for events that no counter counts.
pub fn counts(event: &RuntimeEvent) -> Vec<Count> {
	match event {
		RuntimeEvent::Optimae(event) => of_round(event),
		RuntimeEvent::Recomputation(event) => of_task(event),
		RuntimeEvent::Evaluators(pallet_doin_evaluators::Event::Slashed { amount, offence, .. }) => {
			let label = match offence {
				Offence::Absence => "absence",
				Offence::FalseAnswer => "falseAnswer",
				Offence::Collusion => "collusion",
				Offence::Deviation => "deviation",
			};
			let slashed = Count { family: Family::Slashed, label, amount: doin(*amount) };
			vec![Count { family: Family::Slashes, label, amount: 1.0 }, slashed]
		}
		RuntimeEvent::Evidence(event) => of_evidence(event),
		RuntimeEvent::Work(event) => of_work(event),
		RuntimeEvent::Oracle(event) => of_poll(event),
		RuntimeEvent::Forecasts(event) => of_market(event),
		RuntimeEvent::Channels(event) => of_channel(event),
		RuntimeEvent::Inference(event) => of_offer(event),
		_ => Vec::new(),
	}
}

/// Returns what an event of a round adds.
fn of_round(event: &pallet_doin_optimae::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_optimae::Event::*;
	match event {
		Committed { .. } => one(Family::Seats, "committed"),
		Revealed { .. } => one(Family::Seats, "revealed"),
		Rejected { .. } => one(Family::Seats, "rejected"),
		SeatForfeited { .. } => one(Family::Seats, "forfeited"),
		SeatExcused { .. } => one(Family::Seats, "excused"),
		ClaimDisproved { .. } => one(Family::Challenges, "claim"),
		RoundDecided { winner, .. } => one(Family::Rounds, if winner.is_some() { "crowned" } else { "decided" }),
		RoundVoided { .. } => one(Family::Rounds, "voided"),
		RoundUnpaid { reason, .. } => one(Family::Unpaid, unpaid(*reason)),
		_ => Vec::new(),
	}
}

/// Returns the name of a reason, which is that of JSON-RPC.
fn unpaid(reason: UnpaidReason) -> &'static str {
	match reason {
		UnpaidReason::NoCandidate => "noCandidate",
		UnpaidReason::NoImprovement => "noImprovement",
		UnpaidReason::ContenderKept => "contenderKept",
		UnpaidReason::NoWeight => "noWeight",
		UnpaidReason::BelowHighWater => "belowHighWater",
		UnpaidReason::NoQuorum => "noQuorum",
		UnpaidReason::Unsettled => "unsettled",
		UnpaidReason::NothingToImprove => "nothingToImprove",
		UnpaidReason::NoRecomputation => "noRecomputation",
		UnpaidReason::EmptyPurse => "emptyPurse",
		UnpaidReason::EvidenceMissing => "evidenceMissing",
		UnpaidReason::TooFewBars => "tooFewBars",
		UnpaidReason::Ramp => "ramp",
	}
}

/// Returns what an event of a recomputation task adds.
fn of_task(event: &pallet_doin_recomputation::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_recomputation::Event::*;
	match event {
		QuorumDrawn { evaluators, .. } => {
			vec![Count { family: Family::Answers, label: "drawn", amount: evaluators.len() as f64 }]
		}
		SumsCommitted { .. } => one(Family::Answers, "committed"),
		SumsRevealed { .. } => one(Family::Answers, "revealed"),
		AnswerMissed { excused, .. } => one(Family::Answers, if *excused { "excused" } else { "absent" }),
		TaskOpened { .. } => one(Family::Tasks, "opened"),
		QuorumRedrawn { .. } => one(Family::Tasks, "redrawn"),
		Settled { .. } => one(Family::Tasks, "settled"),
		RecomputingStarted { .. } => one(Family::Tasks, "recomputing"),
		TaskReopened { .. } => one(Family::Tasks, "reopened"),
		TaskCompleted { .. } => one(Family::Tasks, "completed"),
		TaskVoided { .. } => one(Family::Tasks, "voided"),
		ChallengeAnnounced { .. } => one(Family::Challenges, "announced"),
		ChallengeCancelled { .. } => one(Family::Challenges, "cancelled"),
		ChallengeUpheld { .. } => one(Family::Challenges, "upheld"),
		ChallengeRejected { .. } => one(Family::Challenges, "rejected"),
		_ => Vec::new(),
	}
}

/// Returns what an event of sealed evidence adds. A segment that is opened without a round was missed before.
fn of_evidence(event: &pallet_doin_evidence::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_evidence::Event::*;
	match event {
		Asked { .. } => one(Family::Segments, "asked"),
		Opened { .. } => one(Family::Segments, "opened"),
		Missed { .. } => one(Family::Segments, "missed"),
		_ => Vec::new(),
	}
}

/// Returns what an event of the work queue adds: the amount minted, and its parts.
fn of_work(event: &pallet_doin_work::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_work::Event::{Paid, Sealed};
	let (origin, minted, parts) = match event {
		Sealed { minted, optimizers, evaluators, validators, .. } => ("workBlock", minted, [optimizers, evaluators, validators]),
		Paid { minted, optimizers, evaluators, validators, .. } => ("purse", minted, [optimizers, evaluators, validators]),
		_ => return Vec::new(),
	};
	let roles = ["optimizers", "evaluators", "validators"].into_iter().zip(parts);
	let rewards = roles.map(|(label, part)| Count { family: Family::Rewards, label, amount: doin(*part) });
	rewards.chain([Count { family: Family::Minted, label: origin, amount: doin(*minted) }]).collect()
}

/// Returns what an event of a poll of the reporters adds.
fn of_poll(event: &pallet_doin_oracle::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_oracle::Event::*;
	match event {
		PollOpened { .. } => one(Family::Polls, "opened"),
		PollClosed { .. } => one(Family::Polls, "closed"),
		Committed { .. } => one(Family::Reports, "committed"),
		Revealed { .. } => one(Family::Reports, "revealed"),
		Unrevealed { .. } => one(Family::Reports, "unrevealed"),
		BatchStands { bars, .. } => {
			let known = bars.iter().flatten().count();
			let bars = [("known", known), ("missing", bars.len() - known)];
			let bars = bars.map(|(label, bars)| Count { family: Family::Bars, label, amount: bars as f64 });
			bars.into_iter().chain(one(Family::Batches, "stands")).collect()
		}
		BatchMissing { .. } => one(Family::Batches, "missing"),
		_ => Vec::new(),
	}
}

/// Returns what an event of a market of forecasts adds.
fn of_market(event: &pallet_doin_forecasts::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_forecasts::Event::*;
	match event {
		Committed { .. } => one(Family::ForecastSeats, "committed"),
		Displaced { .. } => one(Family::ForecastSeats, "displaced"),
		Revealed { .. } => one(Family::ForecastSeats, "revealed"),
		Collected { .. } => one(Family::ForecastSeats, "collected"),
		Cleared { .. } => one(Family::ForecastSeats, "cleared"),
		Closed { .. } => one(Family::ForecastRounds, "closed"),
		Voided { .. } => one(Family::ForecastRounds, "voided"),
		Empty { .. } => one(Family::ForecastRounds, "empty"),
		Claimed { effective, .. } => {
			let claimed = Count { family: Family::Claimed, label: "runtime", amount: bits(*effective) };
			vec![Count { family: Family::Claims, label: "runtime", amount: 1.0 }, claimed]
		}
		_ => Vec::new(),
	}
}

/// Returns what an event of a payment channel adds.
fn of_channel(event: &pallet_doin_channels::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_channels::Event::*;
	match event {
		Opened { .. } => one(Family::Channels, "opened"),
		Redeemed { amount, fee, .. } => {
			let parts = [("payee", amount), ("burned", fee)];
			let parts = parts.map(|(label, part)| Count { family: Family::Redeemed, label, amount: doin(*part) });
			parts.into_iter().chain(one(Family::Channels, "redeemed")).collect()
		}
		Closing { .. } => one(Family::Channels, "closing"),
		Closed { .. } => one(Family::Channels, "closed"),
		_ => Vec::new(),
	}
}

/// Returns what an event of an offer of a server adds.
fn of_offer(event: &pallet_doin_inference::Event<Runtime>) -> Vec<Count> {
	use pallet_doin_inference::Event::*;
	match event {
		Offered { .. } => one(Family::Offers, "offered"),
		Unlisted { .. } => one(Family::Offers, "unlisted"),
		Released { .. } => one(Family::Offers, "released"),
		Slashed { lie, slashed, .. } => {
			let label = match lie {
				Lie::Model => "model",
				Lie::Output => "output",
			};
			let slashed = Count { family: Family::LiesSlashed, label, amount: doin(*slashed) };
			vec![Count { family: Family::Lies, label, amount: 1.0 }, slashed]
		}
		_ => Vec::new(),
	}
}
