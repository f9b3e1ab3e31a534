//! Events that the optimizer logs.

use super::{bid::TooExpensive, TARGET};
use crate::amount::Amount;
use doin_chain::Account;
use doin_primitives::{BlockNumber, ModelRef, RejectionReason, RoundId, Status};

/// An event to log.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
	/// The domain has this champion now.
	Champion {
		/// Model of the champion.
		model: ModelRef,
		/// Author of the champion; `None` for a baseline.
		author: Option<Account>,
		/// This worker found it.
		is_own: bool,
		/// Improvement over the initial champion, in percent.
		percent_better: f64,
	},
	/// The account has a seat whose commitment is not in the journal.
	UnknownSeat {
		/// Round of the seat.
		round: RoundId,
	},
	/// A candidate of this worker is out of the race.
	Rejected {
		/// Round of the candidate.
		round: RoundId,
		/// Reason on the chain.
		reason: RejectionReason,
	},
	/// A candidate of this worker became champion.
	Won {
		/// Round of the candidate.
		round: RoundId,
	},
	/// A round was decided without a candidate of this worker becoming champion.
	NotWon {
		/// Identifier of the round.
		round: RoundId,
	},
	/// No candidate is committed.
	Waiting(Wait),
	/// The search ends.
	SearchEnded(EndReason),
}

/// Reason for which no candidate is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
	/// The domain has neither weight nor bounty. A candidate found before it has either would never be paid for.
	NoReward,
	/// The round is full, or too many earlier rounds are undecided.
	UndecidedRounds,
	/// Too few evaluators serve a tolerance domain, so it takes no commits: nobody else computes its sums.
	NotServed {
		/// Evaluators that serve it.
		serving: u32,
	},
	/// A segment of the domain that was asked for is not opened, so the domain takes no commits.
	Suspended {
		/// Block in which that began.
		since: BlockNumber,
	},
	/// All sealed segments of the domain are opened.
	NoSegment,
	/// The domain asks for a higher stake than the configuration admits.
	StakeTooHigh {
		/// Amount that a seat stakes.
		stake: Amount,
		/// Most that the configuration admits.
		max_stake: Amount,
	},
	/// The purse of the domain does not cover a work block, so the domain takes no commits.
	PurseTooSmall {
		/// Amount in the purse.
		purse: Amount,
		/// Amount that it has to hold.
		least: Amount,
	},
	/// The pay of the domain rises from nothing after its weight has left 0, and is still nothing for this round.
	PayNotBegun {
		/// Block in which the weight left 0.
		since: BlockNumber,
	},
	/// No candidate would probably beat the champion and its rivals.
	NothingBetter,
	/// The next seat of the round costs more than its candidate is worth.
	TooExpensive(TooExpensive),
	/// The account has set no budget for its hot key, so the key cannot commit.
	NoBudget {
		/// Account that the key works for.
		account: Account,
	},
	/// The budget of the account for its hot key does not cover a seat.
	BudgetSpent {
		/// Account that the key works for.
		account: Account,
		/// Fee and hold of the next seat, and hold for the bytes of the model.
		price: Amount,
		/// Rest of the budget in this window.
		left: Amount,
	},
	/// The account cannot pay for a seat, or for the reveal of its candidate.
	LacksFunds {
		/// Account that pays: the one that owns the seat, or the hot key, which pays the fees.
		account: Account,
		/// Fee and hold of the next seat, and cost of the reveal.
		price: Amount,
		/// Free balance of the account.
		free: Amount,
	},
}

/// Reason for which a search ends.
#[derive(Clone, Debug, PartialEq)]
pub enum EndReason {
	/// The champion has reached the target of the domain, which takes no commits any more, of anybody.
	Converged {
		/// Improvement of the champion over the initial champion, in percent.
		percent: f64,
	},
	/// The domain takes no commits any more.
	NotActive {
		/// Status of the domain.
		status: Status,
	},
	/// The domain is evaluated on bars of a stream, which this worker cannot read.
	LiveEvidence,
	/// Several stakes in a row were lost.
	StakesLost {
		/// Number of stakes.
		stakes: u32,
		/// Sum of the stakes.
		sum: Amount,
	},
	/// The champion is as good as the configuration asks for.
	TargetReached {
		/// Improvement of the champion over the initial champion, in percent.
		percent: f64,
		/// Improvement that the configuration asks for, in percent.
		target: f64,
	},
}

impl Wait {
	/// Returns `true` if `other` reads the same in a log. Amounts are compared as they are shown, not planck by planck.
	pub(super) fn is_same(&self, other: &Self) -> bool {
		match (self, other) {
			(
				Self::LacksFunds { account, price, free },
				Self::LacksFunds { account: other_account, price: other_price, free: other_free },
			) => {
				let shown = |amount: &Amount| amount.to_string();
				account == other_account && shown(price) == shown(other_price) && shown(free) == shown(other_free)
			}
			(Self::TooExpensive(reason), Self::TooExpensive(other)) => reason.seats == other.seats,
			(Self::BudgetSpent { .. }, Self::BudgetSpent { .. }) => true,
			(Self::PurseTooSmall { .. }, Self::PurseTooSmall { .. }) => true,
			_ => self == other,
		}
	}
}

/// Returns the log message of a rejected candidate.
pub(super) fn rejection_message(reason: RejectionReason) -> &'static str {
	match reason {
		RejectionReason::NotBetter => "candidate rejected at its reveal: its validation error does not undercut the domain's bar",
		RejectionReason::Overtaken => {
			"candidate rejected: the champion changed before the evaluation, and the candidate does not undercut the new champion"
		}
		RejectionReason::FalseClaim => {
			"candidate rejected: a claimed validation sum was proved false, which costs a part of the hold; \
			 check this machine with `doin-worker verify`"
		}
		RejectionReason::Lost => "candidate rejected: it was evaluated and did not win",
		RejectionReason::Expired => "candidate rejected: it stayed contender for the last round it could and did not win",
		RejectionReason::Withdrawn => "candidate rejected: it was withdrawn as contender",
	}
}

impl Report {
	/// Logs the event. Domain and block are fields of the surrounding span.
	pub fn log(&self) {
		match self {
			Self::Champion { model, author, is_own, percent_better } => {
				let author = author.map(|author| author.to_string());
				tracing::info!(
					target: TARGET, ?model, author, own = is_own, percent_better = rounded(*percent_better), "new champion"
				);
			}
			Self::UnknownSeat { round } => tracing::warn!(
				target: TARGET,
				round = round.number,
				"the account has a seat that was committed with another journal, and cannot be revealed with this one: without its \
				 reveal, its hold is lost. Start the worker with that journal, unless another worker of the account runs with it"
			),
			Self::Rejected { round, reason: reason @ RejectionReason::FalseClaim } => {
				tracing::error!(target: TARGET, round = round.number, ?reason, "{}", rejection_message(*reason));
			}
			Self::Rejected { round, reason } => {
				tracing::info!(target: TARGET, round = round.number, ?reason, "{}", rejection_message(*reason));
			}
			Self::Won { round } => {
				tracing::info!(target: TARGET, round = round.number, "round won: the candidate is the champion");
			}
			Self::NotWon { round } => {
				tracing::info!(target: TARGET, round = round.number, "round decided without a new champion of this worker");
			}
			Self::Waiting(wait) => wait.log(),
			Self::SearchEnded(reason) => reason.log(),
		}
	}
}

impl Wait {
	fn log(&self) {
		match self {
			Self::NoReward => tracing::info!(target: TARGET, "domain has neither weight nor bounty; not committing"),
			Self::UndecidedRounds => tracing::info!(target: TARGET, "earlier rounds are undecided; not committing"),
			Self::NotServed { serving } => tracing::info!(
				target: TARGET, serving, "fewer than three evaluators serve the domain; not committing until more of them list its program"
			),
			Self::Suspended { since } => tracing::info!(
				target: TARGET, since, "the owner has not opened the segment of an earlier round; not committing until it is opened"
			),
			Self::NoSegment => {
				tracing::info!(target: TARGET, "all segments of the domain are opened; not committing until its owner seals more");
			}
			Self::StakeTooHigh { stake, max_stake } => tracing::warn!(
				target: TARGET, %stake, %max_stake,
				"the domain asks for a higher stake than `bidding.max_stake` of the configuration admits; not committing"
			),
			Self::PurseTooSmall { purse, least } => tracing::info!(
				target: TARGET, %purse, %least, "the purse of the domain does not cover a work block; not committing until its owner funds it"
			),
			Self::PayNotBegun { since } => tracing::info!(
				target: TARGET, since, "the domain has just gained its weight, and pay rises from nothing from that block on; not committing until \
				 the next round"
			),
			Self::NothingBetter => {
				tracing::info!(target: TARGET, "no candidate would beat the champion yet; searching");
			}
			Self::NoBudget { account } => tracing::warn!(
				target: TARGET,
				%account,
				"account has set no budget for its hot key, which cannot commit: set one with `doin-worker budget` and the key of the \
				 account"
			),
			Self::BudgetSpent { account, price, left } => tracing::info!(
				target: TARGET,
				%account,
				%price,
				%left,
				"budget of the account does not cover a seat; waiting for its next window (`doin-worker budget` raises it)"
			),
			Self::TooExpensive(TooExpensive { seats, fee, max_fee, expected }) => tracing::info!(
				target: TARGET,
				seats,
				%fee,
				%max_fee,
				expected_earning = expected.map(|expected| expected.to_string()),
				"next seat costs more than the bid; waiting for a better candidate or a cheaper seat (`bidding` in the configuration sets \
				the limits)"
			),
			Self::LacksFunds { account, price, free } => tracing::info!(
				target: TARGET, %account, %price, %free, "account cannot pay for a seat and the reveal of its candidate; send it more"
			),
		}
	}
}

impl EndReason {
	fn log(&self) {
		match self {
			Self::Converged { percent } => tracing::info!(
				target: TARGET,
				percent_better = rounded(*percent),
				"the domain has reached its target and takes no commits any more; search ends, and its threads go to the other searches"
			),
			Self::NotActive { status } => {
				tracing::info!(target: TARGET, ?status, "domain takes no commits; search ends");
			}
			Self::LiveEvidence => tracing::warn!(
				target: TARGET,
				"the evidence of the domain is live, i.e. bars of a stream that come after the commits, and this worker cannot read streams; \
				 search ends. Set `optimize = false` for the domain in the configuration, or name other domains there"
			),
			Self::StakesLost { stakes, sum } => tracing::error!(
				target: TARGET,
				stakes,
				%sum,
				"the last stakes on this domain were all lost, so nothing more is staked on it: its champion may have been trained on the \
				 sealed segments. To go on, raise `bidding.lost_stakes` in the configuration above this number"
			),
			Self::TargetReached { percent, target } => tracing::info!(
				target: TARGET, percent_better = rounded(*percent), target_percent = target, "target reached; search ends"
			),
		}
	}
}

/// Rounds a percentage to two decimals.
fn rounded(percent: f64) -> f64 {
	(percent * 100.0).round() / 100.0
}
