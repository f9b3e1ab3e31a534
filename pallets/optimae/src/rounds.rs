//! Rounds from the end of their reveal window to their end.

use crate::{
	types::{Evaluation, Round, Stage},
	AgendaOf, Config, Contenders, Event, Models, Pallet, Pending, Records, Rounds, LOG_TARGET,
};
use doin_primitives::{
	domain::DomainState, settlement::PayShares, verdict::bar, Balance, DomainSpec, ModelId, RejectionReason, RoundId,
	RoundResult, SeatStatus, Subject, UnpaidReason,
};
use doin_scoring::verdict::{public_test, total};
use doin_traits::{block::current_block, AuthorList, BaseFee, DomainWeights, Domains, RecomputationRequest, Recompute};
use frame_support::defensive;

/// Multiple of the base fee of a commit above which a missing reveal is excused: an attacker that fills the blocks of a reveal
/// phase must not make honest optimizers forfeit their seats.
const EXCUSING_RISE: Balance = 4;

/// Verdict of a round, and who is paid for it.
pub(crate) struct Verdict<'a, AccountId> {
	/// The new champion, if a model won.
	pub winner: Option<ModelId>,
	/// Result of the round.
	pub result: RoundResult,
	/// Account that paid for the settlement.
	pub settler: Option<&'a AccountId>,
	/// Division of the evaluators' pay.
	pub pay: &'a PayShares<AccountId>,
}

impl<T: Config> Pallet<T> {
	/// Serves an agenda item: ends the reveal window of a round, or evaluates a round whose predecessor is decided.
	pub(crate) fn serve(id: RoundId) {
		let Some(round) = Rounds::<T>::get(id) else {
			defensive!("a round on the agenda must exist", id);
			return;
		};
		match round.stage {
			Stage::Collecting => Self::close(id, round),
			Stage::Waiting => Self::evaluate(id, round),
			Stage::Evaluating(_) => {
				defensive!("a round that is evaluated must not be on the agenda", id);
			}
		}
	}

	/// Ends the reveal window: seats without a reveal are forfeited, and the round is evaluated, waits or ends.
	fn close(id: RoundId, mut round: Round<T::AccountId>) {
		let base_fee = T::BaseFee::base_fee();
		for (index, seat) in round.seats.iter_mut().enumerate().filter(|(_, seat)| seat.status == SeatStatus::Committed) {
			seat.status = SeatStatus::Forfeited;
			let (seat_index, who) = (index as u8, seat.who.clone());
			if base_fee > seat.base_fee.saturating_mul(EXCUSING_RISE) {
				Self::refund(seat);
				Self::deposit_event(Event::SeatExcused { round: id, seat: seat_index, who });
			} else {
				let burned = Self::forfeit(seat);
				Records::<T>::mutate(&who, |record| record.forfeited = record.forfeited.saturating_add(1));
				Self::deposit_event(Event::SeatForfeited { round: id, seat: seat_index, who, burned });
			}
		}
		if round.candidates().is_empty() {
			Self::finish_unevaluated(id, round);
		} else if Pending::<T>::get(id.domain).first() == Some(&id.number) {
			Self::evaluate(id, round);
		} else {
			round.stage = Stage::Waiting;
			Rounds::<T>::insert(id, round);
			Self::deposit_event(Event::RoundQueued { round: id });
		}
	}

	/// Requests the recomputation of the chunk sums of a round, which is the earliest undecided one of its domain.
	fn evaluate(id: RoundId, mut round: Round<T::AccountId>) {
		let (Some(spec), Some(state)) = (T::Domains::spec(id.domain), T::Domains::state(id.domain)) else {
			log::warn!(target: LOG_TARGET, "round {id:?} is void: its domain does not exist");
			return Self::void(id, round, UnpaidReason::NoRecomputation);
		};
		Self::reject_overtaken(id, &mut round, &spec, &state);
		let candidates = round.candidates();
		if candidates.is_empty() {
			return Self::finish_unevaluated(id, round);
		}
		let contender = Contenders::<T>::get(id.domain).map(|contender| contender.model);
		let evaluation = Evaluation::new(state.initial, state.champion.model, contender, &candidates);
		let request = RecomputationRequest {
			subject: Subject::Round(id),
			domain: id.domain,
			class: spec.class(),
			weighted: T::DomainWeights::weight(id.domain) > 0,
			models: evaluation.models.clone(),
			exclude: Self::authors(&round, contender),
		};
		match T::Recompute::request(request) {
			Ok(task) => {
				Self::deposit_event(Event::RecomputationRequested { round: id, task, models: evaluation.models.clone() });
				round.stage = Stage::Evaluating(evaluation);
				Rounds::<T>::insert(id, round);
			}
			Err(error) => {
				log::warn!(target: LOG_TARGET, "round {id:?} is void: its recomputation cannot be requested: {error:?}");
				Self::void(id, round, UnpaidReason::NoRecomputation);
			}
		}
	}

	/// Rejects candidates whose claim does not undercut the current bar. On public evidence an earlier verdict can have lowered
	/// it since the reveal.
	fn reject_overtaken(id: RoundId, round: &mut Round<T::AccountId>, spec: &DomainSpec, state: &DomainState<T::AccountId>) {
		let bar = bar(spec.evidence.kind(), state);
		for (index, seat) in round.seats.iter_mut().enumerate().filter(|(_, seat)| seat.status == SeatStatus::Revealed) {
			let Some(model) = seat.model else { continue };
			let claimed = Models::<T>::get(model).map_or(u64::MAX, |stored| total(&stored.validation));
			if !public_test(bar, claimed, spec.min_improvement) {
				Self::reject(id, index as u8, seat, RejectionReason::Overtaken);
				seat.model = None;
				Self::remove_model(model);
			}
		}
	}

	/// Returns the accounts that must not be drawn as evaluators: the authors of the candidates, and that of the contender.
	fn authors(round: &Round<T::AccountId>, contender: Option<ModelId>) -> AuthorList<T::AccountId> {
		let candidates = round.seats.iter().filter(|seat| seat.status == SeatStatus::Revealed).map(|seat| seat.who.clone());
		let contender = contender.and_then(Models::<T>::get).map(|stored| stored.author);
		let mut authors = AuthorList::new();
		for who in candidates.chain(contender) {
			if !authors.contains(&who) && authors.try_push(who).is_err() {
				defensive!("the list has a place for every author");
			}
		}
		authors
	}

	/// Ends a round without candidates, which is not evaluated: the fees are burned.
	fn finish_unevaluated(id: RoundId, round: Round<T::AccountId>) {
		let result = RoundResult::Unpaid(UnpaidReason::NoCandidate);
		Self::finish(id, round, Verdict { winner: None, result, settler: None, pay: &PayShares::default() });
	}

	/// Ends a round whose verdict is reached, and pays its fees.
	pub(crate) fn finish(id: RoundId, round: Round<T::AccountId>, verdict: Verdict<T::AccountId>) {
		let Verdict { winner, result, settler, pay } = verdict;
		Self::pay_fees(id, round.seats, settler, pay);
		Self::report_unpaid(id, result);
		Self::deposit_event(Event::RoundDecided { round: id, winner });
		Self::remove_round(id, result);
	}

	/// Ends a round whose answers nobody settled before the time-out: burns the fees and releases the holds. The owners of the
	/// seats could have settled the round, so a draw with an unwelcome result must not be free to ignore.
	pub(crate) fn expire(id: RoundId, mut round: Round<T::AccountId>) {
		log::warn!(target: LOG_TARGET, "round {id:?} is void: its recomputation was not settled in time");
		Self::pay_fees(id, round.seats.iter().cloned(), None, &PayShares::default());
		round.seats.iter_mut().for_each(|seat| seat.fee_held = 0);
		Self::void(id, round, UnpaidReason::Unsettled);
	}

	/// Ends a round without a verdict: everything that is still held for it is released.
	pub(crate) fn void(id: RoundId, mut round: Round<T::AccountId>, reason: UnpaidReason) {
		let result = RoundResult::Unpaid(reason);
		for seat in round.seats.iter_mut() {
			Self::refund(seat);
			if let Some(model) = seat.model.take() {
				Self::remove_model(model);
			}
		}
		Self::report_unpaid(id, result);
		Self::deposit_event(Event::RoundVoided { round: id });
		Self::remove_round(id, result);
	}

	/// Reports the reason for which a round is not paid.
	fn report_unpaid(round: RoundId, result: RoundResult) {
		if let RoundResult::Unpaid(reason) = result {
			log::info!(target: LOG_TARGET, "round {round:?} is not paid: {reason:?}");
			Self::deposit_event(Event::RoundUnpaid { round, reason });
		}
	}

	/// Removes a round. If it was the earliest undecided one of its domain, the next one is scheduled.
	fn remove_round(id: RoundId, result: RoundResult) {
		Rounds::<T>::remove(id);
		let mut pending = Pending::<T>::get(id.domain);
		let was_first = pending.first() == Some(&id.number);
		pending.retain(|number| *number != id.number);
		let next = pending.first().map(|number| RoundId { domain: id.domain, number: *number });
		if pending.is_empty() {
			Pending::<T>::remove(id.domain);
		} else {
			Pending::<T>::insert(id.domain, pending);
		}
		T::Domains::close_round(id, result);
		// A round without reveals can end before an earlier one, which is scheduled already.
		if let Some(next) = next.filter(|_| was_first) {
			if Rounds::<T>::get(next).is_some_and(|round| round.stage == Stage::Waiting) {
				let now = current_block::<T>();
				AgendaOf::<T>::schedule(now, now, next);
			}
		}
	}
}
