//! Stakes of seats in sealed domains: which were lost, and when to stop.

use doin_chain::Account;
use doin_primitives::{
	verdict::leads_by_standard_error,
	views::{DomainView, RecomputationView},
	Balance, ModelRef, RoundId, RoundResult, Subject, UnpaidReason,
};

/// Stakes that were lost in a row.
///
/// An owner knows all segments of the domain, and a champion that has memorised them is never beaten: every honest seat would lose its
/// stake. A worker that goes on after several losses only feeds such a trap.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostStakes {
	/// Losses in a row after which nothing is staked any more.
	limit: u32,
	in_a_row: u32,
	/// Sum of these stakes, in plancks.
	sum: Balance,
}

/// Fate of a stake, as far as the worker saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StakeFate {
	/// It was returned.
	Returned,
	/// It was burned.
	Lost,
	/// The worker did not see it.
	Unknown,
}

/// Course of a staked seat, as far as it was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StakedSeat {
	/// The candidate became champion.
	pub(super) won: bool,
	/// The candidate was rejected before its evaluation.
	pub(super) is_rejected: bool,
	/// The candidate was revealed.
	pub(super) is_revealed: bool,
	/// The candidate leads the champion by one standard error, by the settled sums.
	pub(super) leads: Option<bool>,
}

impl LostStakes {
	/// Returns the state before the first stake.
	pub(super) fn new(limit: u32) -> Self {
		Self { limit, in_a_row: 0, sum: 0 }
	}

	/// Goes on from the stakes that were lost before the worker was started again.
	pub(super) fn resume(&mut self, in_a_row: u32, sum: Balance) {
		(self.in_a_row, self.sum) = (in_a_row, sum);
	}

	/// Records what became of a stake of `stake` plancks. Returns number and sum of the stakes that were lost in a row.
	pub(super) fn record(&mut self, fate: StakeFate, stake: Balance) -> (u32, Balance) {
		match fate {
			StakeFate::Lost => {
				self.in_a_row = self.in_a_row.saturating_add(1);
				self.sum = self.sum.saturating_add(stake);
			}
			StakeFate::Returned => (self.in_a_row, self.sum) = (0, 0),
			StakeFate::Unknown => {}
		}
		(self.in_a_row, self.sum)
	}

	/// Returns the number and the sum of the stakes that were lost in a row, if they are too many to go on.
	pub(super) fn too_many(&self) -> Option<(u32, Balance)> {
		(self.in_a_row >= self.limit).then_some((self.in_a_row, self.sum))
	}
}

/// Returns what became of the stake of a seat in the decided round `round`.
pub(super) fn fate(seat: StakedSeat, round: RoundId, domain: &DomainView<Account>) -> StakeFate {
	let result = domain.last_round.filter(|last| last.number == round.number).map(|last| last.result);
	let is_void = match result {
		Some(RoundResult::Unpaid(reason)) => match reason {
			UnpaidReason::EvidenceMissing
			| UnpaidReason::TooFewBars
			| UnpaidReason::NoRecomputation
			| UnpaidReason::NothingToImprove => true,
			// A domain that validators have weighed has evaluators; one that nobody serves would burn segments for nothing.
			UnpaidReason::NoQuorum => domain.weight > 0,
			_ => false,
		},
		_ => false,
	};
	match seat {
		StakedSeat { won: true, .. } => StakeFate::Returned,
		_ if is_void => StakeFate::Returned,
		StakedSeat { is_rejected: true, .. } => StakeFate::Lost,
		StakedSeat { leads: Some(true), .. } => StakeFate::Returned,
		StakedSeat { leads: Some(false), .. } => StakeFate::Lost,
		StakedSeat { is_revealed: false, .. } => StakeFate::Lost,
		_ => StakeFate::Unknown,
	}
}

/// Returns `true` if `model` leads `champion` by one standard error in the settled sums of `round`; `None` before they are settled.
pub(super) fn leads(tasks: &[RecomputationView<Account>], round: RoundId, champion: ModelRef, model: ModelRef) -> Option<bool> {
	let task = tasks.iter().find(|task| task.subject == Subject::Round(round))?;
	let sums = |model: ModelRef| task.sums.get(task.models.iter().position(|other| *other == model)?);
	Some(leads_by_standard_error(sums(champion)?, sums(model)?))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{domain, round_id, task, OTHER};
	use doin_primitives::{views::RecomputationPhase, LastRound};

	#[test]
	fn stakes_are_counted_until_one_is_returned() {
		let mut lost = LostStakes::new(3);
		for fate in [StakeFate::Lost, StakeFate::Unknown, StakeFate::Lost] {
			lost.record(fate, 10);
			assert_eq!(lost.too_many(), None);
		}
		lost.record(StakeFate::Lost, 10);
		assert_eq!(lost.too_many(), Some((3, 30)));
		lost.record(StakeFate::Returned, 10);
		assert_eq!(lost.too_many(), None);
	}

	#[test]
	fn a_stake_returns_with_a_lead_and_from_void_rounds() {
		let seat = StakedSeat { is_revealed: true, ..StakedSeat::default() };
		let of = |seat| fate(seat, round_id(7), &domain());
		assert_eq!(of(StakedSeat { won: true, ..seat }), StakeFate::Returned);
		assert_eq!(of(StakedSeat { leads: Some(true), ..seat }), StakeFate::Returned);
		assert_eq!(of(StakedSeat { leads: Some(false), ..seat }), StakeFate::Lost);
		assert_eq!(of(StakedSeat { is_rejected: true, ..seat }), StakeFate::Lost);
		assert_eq!(of(StakedSeat { is_revealed: false, ..seat }), StakeFate::Lost);
		assert_eq!(of(seat), StakeFate::Unknown, "the settled sums were not seen");
		let missing = |number| {
			let result = RoundResult::Unpaid(UnpaidReason::EvidenceMissing);
			let domain = DomainView { last_round: Some(LastRound { number, block: 130, result }), ..domain() };
			fate(StakedSeat { is_revealed: false, ..seat }, round_id(7), &domain)
		};
		assert_eq!((missing(7), missing(6)), (StakeFate::Returned, StakeFate::Lost), "of this round only");
	}

	#[test]
	fn a_lead_is_read_from_the_settled_sums_of_the_round() {
		let mut view = task(1, RecomputationPhase::Challenge, 140, &[OTHER]);
		let (champion, own) = (ModelRef::Seasonal, ModelRef::Stored(4));
		let of = |view: &RecomputationView<Account>| leads(std::slice::from_ref(view), round_id(7), champion, own);
		assert_eq!(of(&view), None, "not settled");
		view.sums = vec![vec![10; 4], vec![9; 4]];
		assert_eq!(of(&view), Some(true));
		view.sums = vec![vec![10; 4], vec![11, 9, 9, 10]];
		assert_eq!(of(&view), Some(false));
		assert_eq!(leads(&[view], round_id(8), champion, own), None);
	}
}
