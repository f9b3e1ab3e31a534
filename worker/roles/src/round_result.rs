//! Reasons for which a round or an evaluator earns nothing, as texts with a next step.

use doin_primitives::{views::ReputationView, LastRound, RoundResult, UnpaidReason};

/// Returns the reason for which a round earned nothing, and the next step where there is one.
pub fn unpaid_message(reason: UnpaidReason) -> &'static str {
	match reason {
		UnpaidReason::NoCandidate => "no candidate was revealed that undercut the bar of the domain with a correct claim",
		UnpaidReason::NoImprovement => "no candidate was better than the champion beyond doubt",
		UnpaidReason::ContenderKept => {
			"the best candidate was better, but not beyond doubt: it is evaluated again in the next rounds as contender"
		}
		UnpaidReason::NoWeight => {
			"a candidate became champion, and the domain has no weight: nothing is minted for it until validators vote for it with \
			 `doin-worker vote`"
		}
		UnpaidReason::BelowHighWater => {
			"a candidate became champion, but its progress was made before and is not paid again: only progress above the \
			 high-water mark is"
		}
		UnpaidReason::NoQuorum => {
			"too few evaluators answered, and no account had the runtime recompute the sums in time: the domain needs evaluators \
			 that serve it"
		}
		UnpaidReason::Unsettled => {
			"evaluators answered, and no account settled their answers in time: an evaluator has to be running when a round ends"
		}
		UnpaidReason::NothingToImprove => "the initial champion has no error on the drawn windows, so nothing can be improved",
		UnpaidReason::NoRecomputation => {
			"no recomputation was accepted: too many are open, or the domain was closed; the fees were returned"
		}
		UnpaidReason::EmptyPurse => {
			"a candidate became champion, and the purse of the domain is empty: its owner can fill it with `doin-worker domain fund`"
		}
		UnpaidReason::EvidenceMissing => {
			"the owner did not open the segment in time: fees, holds and stakes were returned, and the domain takes no commits until the \
			 segment is opened"
		}
		UnpaidReason::TooFewBars => "too few bars of the stream came into being; fees and holds were returned",
		UnpaidReason::Ramp => {
			"a candidate became champion in a round that began before the domain gained weight, or in the block in which it did: pay \
			 rises from nothing from there on"
		}
	}
}

/// Returns `true` if something is wrong, so that the reason is a warning. A round without an improvement is no fault.
pub fn is_fault(reason: UnpaidReason) -> bool {
	match reason {
		UnpaidReason::NoCandidate | UnpaidReason::NoImprovement | UnpaidReason::ContenderKept | UnpaidReason::Ramp => false,
		UnpaidReason::NoWeight
		| UnpaidReason::BelowHighWater
		| UnpaidReason::NoQuorum
		| UnpaidReason::Unsettled
		| UnpaidReason::NothingToImprove
		| UnpaidReason::NoRecomputation
		| UnpaidReason::EmptyPurse
		| UnpaidReason::EvidenceMissing
		| UnpaidReason::TooFewBars => true,
	}
}

/// Returns the result of a round as text, e.g. for a status.
pub fn describe(last: &LastRound) -> String {
	let LastRound { number, block, result } = last;
	match result {
		RoundResult::Paid { effective } => {
			let bits = *effective as f64 / doin_primitives::ONE_Q32 as f64;
			format!("round {number} earned {bits:.4} bits in block {block}")
		}
		RoundResult::Unpaid(reason) => format!("round {number} earned nothing in block {block}: {}", unpaid_message(*reason)),
	}
}

/// Returns the reason for which an evaluator is never drawn, and so never paid, or `None` if it can be drawn.
pub fn not_drawn(reputation: &ReputationView, weighted_domains: usize) -> Option<&'static str> {
	if reputation.bond == 0 {
		return Some("it has no bond: run `doin-worker bond` with its key");
	}
	if !reputation.eligible {
		return Some("its reputation is too low: the score recovers with time, as long as no draw is missed");
	}
	if weighted_domains == 0 {
		return Some("no domain has a weight: validators have to vote for one with `doin-worker vote`");
	}
	None
}

#[cfg(test)]
mod tests {
	use super::*;

	const REASONS: [UnpaidReason; 13] = [
		UnpaidReason::NoCandidate,
		UnpaidReason::NoImprovement,
		UnpaidReason::ContenderKept,
		UnpaidReason::NoWeight,
		UnpaidReason::BelowHighWater,
		UnpaidReason::NoQuorum,
		UnpaidReason::Unsettled,
		UnpaidReason::NothingToImprove,
		UnpaidReason::NoRecomputation,
		UnpaidReason::EmptyPurse,
		UnpaidReason::EvidenceMissing,
		UnpaidReason::TooFewBars,
		UnpaidReason::Ramp,
	];

	#[test]
	fn every_reason_has_its_own_text() {
		let texts: std::collections::BTreeSet<_> = REASONS.map(unpaid_message).into();
		assert_eq!(texts.len(), REASONS.len());
		assert!(unpaid_message(UnpaidReason::NoWeight).contains("doin-worker vote"));
		assert_eq!(REASONS.into_iter().filter(|reason| is_fault(*reason)).count(), 9);
	}

	#[test]
	fn results_are_described_with_round_and_block() {
		let paid = LastRound { number: 7, block: 90, result: RoundResult::Paid { effective: doin_primitives::ONE_Q32 / 2 } };
		assert_eq!(describe(&paid), "round 7 earned 0.5000 bits in block 90");
		let unpaid = LastRound { result: RoundResult::Unpaid(UnpaidReason::NoImprovement), ..paid };
		let expected = "round 7 earned nothing in block 90: no candidate was better than the champion beyond doubt";
		assert_eq!(describe(&unpaid), expected);
	}

	#[test]
	fn an_evaluator_that_is_never_drawn_has_a_reason() {
		let fine = ReputationView { score: 3_000_000, eligible: true, bond: 1, accepted: 0, rejected: 0, forfeited: 0 };
		assert_eq!(not_drawn(&fine, 1), None);
		assert!(not_drawn(&ReputationView { bond: 0, ..fine.clone() }, 1).is_some_and(|text| text.contains("no bond")));
		assert!(not_drawn(&ReputationView { eligible: false, ..fine.clone() }, 1).is_some_and(|text| text.contains("reputation")));
		assert!(not_drawn(&fine, 0).is_some_and(|text| text.contains("doin-worker vote")));
	}
}
