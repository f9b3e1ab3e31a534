//! Verdicts: applies the decisions of [`doin_primitives::verdict`] to storage and balances.

use crate::{
	rounds::Verdict,
	types::{Contender, Evaluation, Round, Stage},
	Config, Contenders, Event, Models, Pallet, Records, Rounds, WeightInfo, LOG_TARGET,
};
use doin_primitives::{
	domain::{Champion, DomainState},
	payload::{ChunkSums, Sums},
	verdict::{effective_improvement, Criteria, Decision, Draw, Dropped, Winner},
	DomainId, DomainSpec, EvidenceKind, ModelRef, RejectionReason, RoundId, RoundResult, SeatStatus, Subject, UnpaidReason,
};
use doin_scoring::verdict::total;
use doin_traits::{block::current_block, DomainWeights, Domains, OnRecomputed, Outcome, QueuedImprovement, VoidReason, Work};
use frame_support::{defensive, traits::DefensiveTruncateFrom, weights::Weight};

/// Round that is decided, and the domain that it belongs to.
struct Decided<'a, AccountId> {
	/// The round.
	round: RoundId,
	/// Record of the domain.
	spec: &'a DomainSpec,
	/// State of the domain before the verdict.
	state: &'a DomainState<AccountId>,
	/// Final sums, and who verified them.
	outcome: &'a Outcome<AccountId>,
}

/// Decision of a round that was applied, and its result.
struct Applied {
	/// The decision.
	decision: Decision,
	/// Result of the round.
	result: RoundResult,
}

impl<T: Config> Pallet<T> {
	/// Returns the contender of `domain` if it is part of the evaluation.
	fn evaluated_contender(domain: DomainId, evaluation: &Evaluation) -> Option<Contender> {
		Contenders::<T>::get(domain).filter(|contender| evaluation.contender == Some(contender.model))
	}

	/// Decides an evaluated round and applies the decision. Returns the decision, or the reason for which the sums permit none;
	/// then nothing has changed.
	fn decide(
		id: RoundId,
		round: &mut Round<T::AccountId>,
		evaluation: &Evaluation,
		outcome: &Outcome<T::AccountId>,
	) -> Result<Applied, UnpaidReason> {
		let unknown = UnpaidReason::NoRecomputation;
		let spec = T::Domains::spec(id.domain).ok_or(unknown)?;
		let state = T::Domains::state(id.domain).ok_or(unknown)?;
		if state.champion.model != evaluation.champion {
			defensive!("the champion must not change while a round is evaluated", id);
			return Err(unknown);
		}
		let contender = Self::evaluated_contender(id.domain, evaluation);
		let criteria = Criteria::new(&spec, &state);
		let draw = Draw { criteria, evaluation, sums: &outcome.sums, contender: contender.as_ref() };
		let candidates = round.candidates();
		let Some(decision) = draw.decide(&candidates) else {
			let is_perfect = outcome.sums.first().is_some_and(|initial| total(initial) == 0);
			return Err(if is_perfect { UnpaidReason::NothingToImprove } else { unknown });
		};
		let result = match &decision.winner {
			Some(winner) => {
				let decided = Decided { round: id, spec: &spec, state: &state, outcome };
				let sums = draw.submitted(winner.model).ok_or(unknown)?;
				Self::crown(&decided, winner, sums).ok_or(unknown)?
			}
			None => RoundResult::Unpaid(match &decision.contender {
				_ if candidates.is_empty() => UnpaidReason::NoCandidate,
				Some(contender) if candidates.contains(&contender.model) => UnpaidReason::ContenderKept,
				_ => UnpaidReason::NoImprovement,
			}),
		};
		Self::replace_contender(id.domain, evaluation, &decision);
		Self::clear_seats(id, round, &decision);
		Ok(Applied { decision, result })
	}

	/// Makes `winner` the champion and queues its effective improvement. `sums` are its chunk sums on the draw. Returns the
	/// result of the round. Returns `None` and changes nothing if the model is not stored.
	fn crown(decided: &Decided<T::AccountId>, winner: &Winner, sums: &[u32]) -> Option<RoundResult> {
		let Winner { model, error, champion_error, initial_error, upper, increment, .. } = *winner;
		let Decided { round, spec, state, outcome } = *decided;
		let stored = Models::<T>::get(model)?;
		let author = stored.author;
		let mut validation_error = total(&stored.validation);
		if spec.evidence.kind() == EvidenceKind::Public {
			// The draw is the validation split, so the final sums replace the claim.
			validation_error = error;
			let validation = ChunkSums::defensive_truncate_from(sums.to_vec());
			Models::<T>::mutate_extant(model, |stored| stored.validation = validation);
		}
		let champion = Champion {
			model: ModelRef::Stored(model),
			author: Some(author.clone()),
			round: Some(round),
			block: current_block::<T>(),
			error,
			initial_error,
			validation_error,
		};
		let (weight, value) = (T::DomainWeights::weight(round.domain), spec.evidence.value());
		let effective = effective_improvement(increment, weight, value);
		T::Domains::crown(round.domain, champion, state.high_water.saturating_add(increment), upper);
		let result = if effective > 0 {
			let (evaluators, backing) = (outcome.pay.clone(), outcome.backing);
			T::Work::enqueue(QueuedImprovement { round, effective, optimizer: author.clone(), evaluators, backing });
			RoundResult::Paid { effective }
		} else if increment > 0 || weight == 0 || value == 0 {
			// A tiny increment times a small weight is rounded down to 0.
			RoundResult::Unpaid(UnpaidReason::NoWeight)
		} else {
			RoundResult::Unpaid(UnpaidReason::BelowHighWater)
		};
		Records::<T>::mutate(&author, |record| record.accepted = record.accepted.saturating_add(1));
		Self::deposit_event(Event::Crowned {
			round,
			model,
			who: author,
			error,
			champion_error,
			initial_error,
			upper,
			increment,
			effective,
		});
		if let ModelRef::Stored(former) = state.champion.model {
			Self::remove_model(former);
		}
		Some(result)
	}

	/// Stores the contender of a decision and drops the former one, if it is another model.
	fn replace_contender(domain: DomainId, evaluation: &Evaluation, decision: &Decision) {
		if Contenders::<T>::get(domain).is_some_and(|stored| evaluation.contender != Some(stored.model)) {
			defensive!("the contender must not change while a round is evaluated", domain);
			return;
		}
		Contenders::<T>::remove(domain);
		if let Some(Dropped { model, reason }) = decision.dropped {
			if let Some(stored) = Models::<T>::get(model) {
				Records::<T>::mutate(&stored.author, |record| record.rejected = record.rejected.saturating_add(1));
			}
			Self::drop_contender(domain, model, reason);
		}
		if let Some(contender) = &decision.contender {
			let Contender { model, rounds_left, .. } = *contender;
			Contenders::<T>::insert(domain, contender);
			Self::deposit_event(Event::ContenderKept { domain, model, rounds_left });
		}
	}

	/// Releases the holds of the seats of a decided round and removes the models that are neither champion nor contender.
	fn clear_seats(id: RoundId, round: &mut Round<T::AccountId>, decision: &Decision) {
		let winner = decision.winner.as_ref().map(|winner| winner.model);
		let contender = decision.contender.as_ref().map(|contender| contender.model);
		for (index, seat) in round.seats.iter_mut().enumerate() {
			let Some(model) = seat.model else { continue };
			if seat.status == SeatStatus::Revealed && (Some(model) == winner || Some(model) == contender) {
				Self::release_hold(seat);
				continue;
			}
			if seat.status == SeatStatus::Revealed {
				Self::reject(id, index as u8, seat, RejectionReason::Lost);
			}
			Self::remove_model(model);
		}
	}

	/// Returns the round of `subject` and its evaluation, while it is evaluated.
	fn evaluated(subject: &Subject) -> Option<(RoundId, Round<T::AccountId>, Evaluation)> {
		let id = subject.round()?;
		let round = Rounds::<T>::get(id)?;
		match round.stage.clone() {
			Stage::Evaluating { evaluation, .. } => Some((id, round, evaluation)),
			Stage::Collecting | Stage::Waiting => None,
		}
	}
}

impl<T: Config> OnRecomputed<T::AccountId> for Pallet<T> {
	fn handles(subject: &Subject) -> bool {
		match subject {
			Subject::Round(_) => true,
		}
	}

	fn leader(subject: &Subject, sums: &Sums) -> Option<u8> {
		let (id, round, evaluation) = Self::evaluated(subject)?;
		let spec = T::Domains::spec(id.domain)?;
		let state = T::Domains::state(id.domain)?;
		let contender = Self::evaluated_contender(id.domain, &evaluation);
		let criteria = Criteria::new(&spec, &state);
		let draw = Draw { criteria, evaluation: &evaluation, sums, contender: contender.as_ref() };
		draw.winner(&round.candidates()).map(|winner| winner.index)
	}

	fn ready(_: &Subject) -> bool {
		T::Work::free_places() > 0
	}

	fn recomputed(subject: &Subject, outcome: Outcome<T::AccountId>) {
		let Some((id, mut round, evaluation)) = Self::evaluated(subject) else {
			log::warn!(target: LOG_TARGET, "the sums for {subject:?} are dropped: no such round is evaluated");
			return;
		};
		match Self::decide(id, &mut round, &evaluation, &outcome) {
			Ok(Applied { decision, result }) => {
				let winner = decision.winner.map(|winner| winner.model);
				Self::finish(id, round, Verdict { winner, result, outcome: Some(&outcome) });
			}
			Err(reason) => {
				log::warn!(target: LOG_TARGET, "round {id:?} is void: its final sums permit no verdict");
				Self::pay_recomputation(id, &mut round, &outcome.recomputed);
				Self::void(id, round, reason, Some(outcome.backing));
			}
		}
	}

	fn voided(subject: &Subject, reason: VoidReason) {
		let Some((id, round)) = subject.round().and_then(|id| Some((id, Rounds::<T>::get(id)?))) else {
			log::warn!(target: LOG_TARGET, "the time-out for {subject:?} is dropped: no such round is undecided");
			return;
		};
		match reason {
			// A domain that does not exist cannot be scored, so the seats are not at fault.
			_ if T::Domains::spec(id.domain).is_none() => Self::void(id, round, UnpaidReason::NoRecomputation, None),
			VoidReason::NoQuorum => Self::lapse(id, round, UnpaidReason::NoQuorum),
			VoidReason::Unsettled => Self::lapse(id, round, UnpaidReason::Unsettled),
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::verdict()
	}
}
