//! Reasons for which a round or an evaluator is paid nothing, each reported once.

use crate::round_result::not_drawn;
use doin_chain::Account;
use doin_primitives::{
	views::{DomainView, ReputationView},
	BlockNumber, DomainId, RoundResult, UnpaidReason,
};
use std::collections::BTreeMap;

/// A round that earned nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpaidRound {
	/// Number of the round.
	pub number: u32,
	/// Reason on the chain.
	pub reason: UnpaidReason,
}

/// Reports that were made before.
#[derive(Debug)]
pub struct Alarms {
	/// Blocks between two looks at the standing of the evaluators: those of a round.
	period: BlockNumber,
	/// Last round of each domain whose result was seen.
	rounds: BTreeMap<DomainId, u32>,
	/// Reason for which each evaluator is not drawn.
	standings: BTreeMap<Account, &'static str>,
	/// Block of the last look at the standings, or of the start.
	looked: Option<BlockNumber>,
}

impl Alarms {
	/// Returns alarms that have reported nothing, for rounds of `period` blocks.
	pub fn new(period: BlockNumber) -> Self {
		Self { period: period.max(1), rounds: BTreeMap::new(), standings: BTreeMap::new(), looked: None }
	}

	/// Returns the last round of a domain if it earned nothing and was not returned before.
	pub fn unpaid<AccountId>(&mut self, domain: &DomainView<AccountId>) -> Option<UnpaidRound> {
		let last = domain.last_round?;
		if self.rounds.insert(domain.id, last.number) == Some(last.number) {
			return None;
		}
		match last.result {
			RoundResult::Paid { .. } => None,
			RoundResult::Unpaid(reason) => Some(UnpaidRound { number: last.number, reason }),
		}
	}

	/// Returns `true` if the standing of the evaluators is to be looked at in block `block`, which is once per round. The first look
	/// is a round after the start, since an evaluator may bond at the start.
	pub fn is_look_due(&mut self, block: BlockNumber) -> bool {
		let looked = *self.looked.get_or_insert(block);
		let is_due = block.saturating_sub(looked) >= self.period || block < looked;
		if is_due {
			self.looked = Some(block);
		}
		is_due
	}

	/// Returns the reason for which an evaluator is never drawn, if it is another one than before.
	pub fn standing(&mut self, who: Account, reputation: &ReputationView, weighted_domains: usize) -> Option<&'static str> {
		let Some(reason) = not_drawn(reputation, weighted_domains) else {
			self.standings.remove(&who);
			return None;
		};
		(self.standings.insert(who, reason) != Some(reason)).then_some(reason)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{domain, ME};
	use doin_primitives::LastRound;

	fn with(number: u32, result: RoundResult) -> DomainView<Account> {
		DomainView { last_round: Some(LastRound { number, block: 9, result }), ..domain() }
	}

	#[test]
	fn a_round_that_earned_nothing_is_reported_once_with_its_reason() {
		let mut alarms = Alarms::new(17);
		assert_eq!(alarms.unpaid(&domain()), None, "no round has ended yet");
		let unpaid = with(7, RoundResult::Unpaid(UnpaidReason::NoQuorum));
		assert_eq!(alarms.unpaid(&unpaid), Some(UnpaidRound { number: 7, reason: UnpaidReason::NoQuorum }));
		assert_eq!(alarms.unpaid(&unpaid), None);
		assert_eq!(alarms.unpaid(&with(8, RoundResult::Paid { effective: 5 })), None);
		let again = with(9, RoundResult::Unpaid(UnpaidReason::NoQuorum));
		assert!(alarms.unpaid(&again).is_some(), "the same reason in another round");
		let elsewhere = DomainView { id: 99, ..again };
		assert!(alarms.unpaid(&elsewhere).is_some());
	}

	#[test]
	fn an_evaluator_that_is_never_drawn_is_reported_until_it_is_mended() {
		let mut alarms = Alarms::new(17);
		let fine = ReputationView { score: 3_000_000, eligible: true, bond: 1, accepted: 0, rejected: 0, forfeited: 0 };
		let poor = ReputationView { bond: 0, ..fine.clone() };
		assert!(alarms.standing(ME, &poor, 1).is_some());
		assert_eq!(alarms.standing(ME, &poor, 1), None, "once");
		assert!(alarms.standing(ME, &fine, 0).is_some(), "another reason");
		assert_eq!(alarms.standing(ME, &fine, 1), None);
		assert!(alarms.standing(ME, &poor, 1).is_some(), "again after it was mended");
	}

	#[test]
	fn standings_are_looked_at_once_per_round() {
		let mut alarms = Alarms::new(17);
		let looks: Vec<u32> = (100..151).filter(|block| alarms.is_look_due(*block)).collect();
		assert_eq!(looks, [117, 134]);
		assert!(alarms.is_look_due(90), "a chain that began anew");
	}
}
