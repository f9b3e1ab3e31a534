//! Rounds from the end of their reveal window to their end.

use crate::{
	types::{Evaluation, Round, Sale, Stage},
	AgendaOf, Config, Contenders, Event, Models, Pallet, Pending, Records, Rounds, WeightInfo, LOG_TARGET,
};
use doin_primitives::{
	domain::DomainState, quorum::MIN_QUORUM, settlement::Backing, verdict::bar, Balance, DomainSpec, ModelId, RejectionReason,
	RoundId, RoundResult, SeatStatus, Subject, UnpaidReason,
};
use doin_scoring::verdict::{public_test, total};
use doin_traits::{
	block::current_block, AuthorList, BaseFee, DomainWeights, Domains, EvidenceSource, Outcome, RecomputationRequest, Recompute,
};
use frame_support::{defensive, weights::Weight};

/// Multiple of the base fee of a commit above which a missing reveal is excused: an attacker that fills the blocks of a reveal
/// phase must not make honest optimizers forfeit their seats.
const EXCUSING_RISE: Balance = 4;

/// Verdict of a round, and who is paid for it.
pub(crate) struct Verdict<'a, AccountId> {
	/// The new champion, if a model won.
	pub winner: Option<ModelId>,
	/// Result of the round.
	pub result: RoundResult,
	/// Outcome of the recomputation that decided the round; `None` if it was not evaluated.
	pub outcome: Option<&'a Outcome<AccountId>>,
}

impl<T: Config> Pallet<T> {
	/// Returns the weight of the most expensive agenda item. The benchmark reads no stream; a round asks for evidence, or looks whether
	/// it is kept.
	pub(crate) fn close_weight() -> Weight {
		T::WeightInfo::close().saturating_add(T::Evidence::stream_weight())
	}

	/// Serves an agenda item: asks for the evidence of a round whose commits have ended, ends the reveal window of a round, or
	/// evaluates a round whose predecessor is decided.
	pub(crate) fn serve(id: RoundId) {
		let Some(round) = Rounds::<T>::get(id) else {
			defensive!("a round on the agenda must exist", id);
			return;
		};
		match round.stage {
			Stage::Collecting if round.evidence.is_none() => Self::request_evidence(id, round),
			Stage::Collecting => Self::close(id, round),
			Stage::Revealing { base_fee, extended, .. } => Self::end_reveals(id, round, base_fee, extended),
			Stage::Waiting => Self::evaluate(id, round),
			Stage::Awaiting | Stage::Evaluating { .. } => {
				defensive!("a round that awaits its evidence, or is evaluated, must not be on the agenda", id);
			}
		}
	}

	/// Ends the reveal window: seats without a reveal are forfeited or excused, and the round is evaluated, waits or ends. The
	/// parts of their fees for recomputing models stay held: that of the first seat pays for models that every list contains.
	/// Only seats whose evidence was not awaited are excused.
	pub(crate) fn close(id: RoundId, mut round: Round<T::AccountId>) {
		let base_fee = T::BaseFee::base_fee();
		let is_excusable = !matches!(round.stage, Stage::Revealing { .. });
		for (index, seat) in round.seats.iter_mut().enumerate().filter(|(_, seat)| seat.status == SeatStatus::Committed) {
			seat.status = SeatStatus::Forfeited;
			let (seat_index, who) = (index as u8, seat.who.clone());
			if is_excusable && base_fee > seat.base_fee.saturating_mul(EXCUSING_RISE) {
				Self::refund(seat);
				Self::deposit_event(Event::SeatExcused { round: id, seat: seat_index, who });
			} else {
				let burned = Self::forfeit(seat);
				Records::<T>::mutate(&who, |record| record.forfeited = record.forfeited.saturating_add(1));
				Self::deposit_event(Event::SeatForfeited { round: id, seat: seat_index, who, burned });
				Self::burn_stake(id, seat_index, seat);
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
	///
	/// The seats of a round that was sold as [`Sale::Served`] do not pay for having the runtime recompute their models. Without
	/// weight, such a round ends at once if its evaluators have left: otherwise it would lie until its time-out for the price of
	/// a served one.
	fn evaluate(id: RoundId, mut round: Round<T::AccountId>) {
		let (Some(spec), Some(state)) = (T::Domains::spec(id.domain), T::Domains::state(id.domain)) else {
			log::warn!(target: LOG_TARGET, "round {id:?} is void: its domain does not exist");
			return Self::void(id, round, UnpaidReason::NoRecomputation, None);
		};
		Self::reject_overtaken(id, &mut round, &spec, &state);
		let candidates = round.candidates();
		if candidates.is_empty() {
			return Self::finish_unevaluated(id, round);
		}
		let evidence = round.evidence.unwrap_or_default();
		if !T::Evidence::is_kept(id.domain, evidence) {
			return Self::void(id, round, UnpaidReason::TooFewBars, None);
		}
		let contender = Contenders::<T>::get(id.domain).map(|contender| contender.model);
		let evaluation = Evaluation::new(state.initial, state.champion.model, contender, &candidates);
		let optimizers = round.seats.iter().filter(|seat| seat.status == SeatStatus::Revealed).map(|seat| seat.who.clone());
		let (class, exclude) = (spec.class(), Self::authors(optimizers, contender));
		let weighted = T::DomainWeights::weight(id.domain) > 0;
		let needs_quorum = round.sale == Sale::Served && !weighted;
		if needs_quorum && T::Recompute::available(id.domain, class, weighted, &exclude) < MIN_QUORUM {
			return Self::lapse(id, round, UnpaidReason::NoQuorum);
		}
		let request = RecomputationRequest {
			subject: Subject::Round(id),
			domain: id.domain,
			class,
			weighted,
			needs_quorum,
			models: evaluation.models.clone(),
			evidence,
			exclude,
		};
		match T::Recompute::request(request) {
			Ok(task) => {
				Self::deposit_event(Event::RecomputationRequested { round: id, task, models: evaluation.models.clone() });
				round.stage = Stage::Evaluating { task, evaluation };
				Rounds::<T>::insert(id, round);
			}
			Err(error) => {
				log::warn!(target: LOG_TARGET, "round {id:?} is void: its recomputation cannot be requested: {error:?}");
				Self::void(id, round, UnpaidReason::NoRecomputation, None);
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
				Self::return_stake(seat);
				Self::reject(id, index as u8, seat, RejectionReason::Overtaken);
				seat.model = None;
				Self::remove_model(model);
			}
		}
	}

	/// Returns the accounts that are not drawn as evaluators of a round with these `optimizers`, each once: the optimizers, and
	/// the author of the contender.
	pub(crate) fn authors(
		optimizers: impl Iterator<Item = T::AccountId>,
		contender: Option<ModelId>,
	) -> AuthorList<T::AccountId> {
		let contender = contender.and_then(Models::<T>::get).map(|stored| stored.author);
		let mut once = AuthorList::new();
		for who in optimizers.chain(contender) {
			if !once.contains(&who) && once.try_push(who).is_err() {
				defensive!("the list has a place for every author");
			}
		}
		once
	}

	/// Ends a round without candidates, which is not evaluated: the fees are burned, without their parts for a recomputation.
	fn finish_unevaluated(id: RoundId, round: Round<T::AccountId>) {
		let result = RoundResult::Unpaid(UnpaidReason::NoCandidate);
		Self::finish(id, round, Verdict { winner: None, result, outcome: None });
	}

	/// Ends a round whose verdict is reached, and pays its fees. Their parts for a recomputation are returned if the runtime has
	/// not recomputed the round: evaluators must not earn more where a quorum failed before.
	pub(crate) fn finish(id: RoundId, mut round: Round<T::AccountId>, verdict: Verdict<T::AccountId>) {
		let Verdict { winner, result, outcome } = verdict;
		if outcome.is_none_or(|outcome| outcome.recomputed.shares.is_empty()) {
			round.seats.iter_mut().for_each(Self::return_recomputation);
		}
		Self::pay_fees(id, round.seats, outcome);
		Self::report_unpaid(id, result);
		Self::deposit_event(Event::RoundDecided { round: id, winner });
		Self::remove_round(id, result, outcome.map(|outcome| outcome.backing));
	}

	/// Ends a round that no quorum evaluated, or whose answers nobody settled before the time-out. Burns the fees and releases
	/// the holds, and the parts of the fees for a recomputation. Stakes are burned if nobody settled the answers, or if the seats
	/// counted on a quorum without weight, or have paid for a recomputation: they have used up evidence, and could have had it
	/// decided.
	///
	/// The seats have occupied a place and the chain has stored their models, so a round that lapses must not be free. In
	/// particular, the owners of the seats could have recomputed or settled the round, so they could ignore draws with an
	/// unwelcome result until one suits them.
	pub(crate) fn lapse(id: RoundId, mut round: Round<T::AccountId>, reason: UnpaidReason) {
		log::warn!(target: LOG_TARGET, "round {id:?} is void: {reason:?}");
		round.seats.iter_mut().for_each(Self::return_recomputation);
		Self::pay_fees(id, round.seats.iter().cloned(), None);
		round.seats.iter_mut().for_each(|seat| seat.fee_held = 0);
		if reason == UnpaidReason::Unsettled || round.sale != Sale::Weighted {
			for (index, seat) in round.seats.iter_mut().enumerate() {
				Self::burn_stake(id, index as u8, seat);
			}
		}
		Self::void(id, round, reason, None);
	}

	/// Ends a round without a verdict: everything that is still held for it is released. `backing` is the origin of its final
	/// sums, if it has any.
	pub(crate) fn void(id: RoundId, mut round: Round<T::AccountId>, reason: UnpaidReason, backing: Option<Backing>) {
		let result = RoundResult::Unpaid(reason);
		for seat in round.seats.iter_mut() {
			Self::return_recomputation(seat);
			Self::refund(seat);
			Self::return_stake(seat);
			if let Some(model) = seat.model.take() {
				Self::remove_model(model);
			}
		}
		Self::report_unpaid(id, result);
		Self::deposit_event(Event::RoundVoided { round: id });
		Self::remove_round(id, result, backing);
	}

	/// Reports the reason for which a round is not paid.
	fn report_unpaid(round: RoundId, result: RoundResult) {
		if let RoundResult::Unpaid(reason) = result {
			log::info!(target: LOG_TARGET, "round {round:?} is not paid: {reason:?}");
			Self::deposit_event(Event::RoundUnpaid { round, reason });
		}
	}

	/// Removes a round. If it was the earliest undecided one of its domain, the next one is scheduled.
	fn remove_round(id: RoundId, result: RoundResult, backing: Option<Backing>) {
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
		T::Domains::close_round(id, result, backing);
		// A round without reveals can end before an earlier one, which is scheduled already.
		if let Some(next) = next.filter(|_| was_first) {
			if Rounds::<T>::get(next).is_some_and(|round| round.stage == Stage::Waiting) {
				let now = current_block::<T>();
				AgendaOf::<T>::schedule(now, now, next);
			}
		}
	}
}
