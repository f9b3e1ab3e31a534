//! Verdicts: applies the decisions of [`doin_primitives::verdict`] to storage and balances.

use crate::{
	types::{Contender, Evaluation, Round, Stage},
	Config, Contenders, Event, Models, Pallet, Records, Rounds, WeightInfo, LOG_TARGET,
};
use doin_primitives::{
	domain::{Champion, DomainState},
	payload::{ChunkSums, Sums},
	verdict::{effective_improvement, Criteria, Decision, Draw, Winner},
	DomainId, DomainSpec, EvidenceKind, ModelRef, RejectionReason, RoundId, SeatStatus, Subject,
};
use doin_scoring::verdict::total;
use doin_traits::{block::current_block, DomainWeights, Domains, EvaluatorList, OnRecomputed, Outcome, QueuedImprovement, Work};
use frame_support::{defensive, traits::DefensiveTruncateFrom, weights::Weight};

/// Round that is decided, and the domain that it belongs to.
struct Decided<'a, AccountId> {
	/// The round.
	round: RoundId,
	/// Record of the domain.
	spec: &'a DomainSpec,
	/// State of the domain before the verdict.
	state: &'a DomainState<AccountId>,
	/// Accounts that verified the result.
	evaluators: &'a EvaluatorList<AccountId>,
}

impl<T: Config> Pallet<T> {
	/// Returns the contender of `domain` if it is part of the evaluation.
	fn evaluated_contender(domain: DomainId, evaluation: &Evaluation) -> Option<Contender> {
		Contenders::<T>::get(domain).filter(|contender| evaluation.contender == Some(contender.model))
	}

	/// Decides an evaluated round and applies the decision. Returns the decision, or `None` if the sums permit none; then nothing
	/// has changed.
	fn decide(
		id: RoundId,
		round: &mut Round<T::AccountId>,
		evaluation: &Evaluation,
		outcome: &Outcome<T::AccountId>,
	) -> Option<Decision> {
		let spec = T::Domains::spec(id.domain)?;
		let state = T::Domains::state(id.domain)?;
		if state.champion.model != evaluation.champion {
			defensive!("the champion must not change while a round is evaluated", id);
			return None;
		}
		let contender = Self::evaluated_contender(id.domain, evaluation);
		let criteria = Criteria::new(&spec, &state);
		let draw = Draw { criteria, evaluation, sums: &outcome.sums, contender: contender.as_ref() };
		let decision = draw.decide(&round.candidates())?;
		if let Some(winner) = &decision.winner {
			let decided = Decided { round: id, spec: &spec, state: &state, evaluators: &outcome.paid };
			Self::crown(&decided, winner, draw.submitted(winner.model)?)?;
		}
		Self::replace_contender(id.domain, evaluation, &decision);
		Self::clear_seats(id, round, &decision);
		Some(decision)
	}

	/// Makes `winner` the champion and queues its effective improvement. `sums` are its chunk sums on the draw. Returns `None`
	/// and changes nothing if the model is not stored.
	fn crown(decided: &Decided<T::AccountId>, winner: &Winner, sums: &[u32]) -> Option<()> {
		let Winner { model, error, champion_error, initial_error, upper, increment, .. } = *winner;
		let Decided { round, spec, state, evaluators } = *decided;
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
		let effective = effective_improvement(increment, T::DomainWeights::weight(round.domain), spec.evidence.value());
		T::Domains::crown(round.domain, champion, state.high_water.saturating_add(increment), upper);
		if effective > 0 {
			let evaluators = evaluators.clone();
			T::Work::enqueue(QueuedImprovement { round, effective, optimizer: author.clone(), evaluators });
		}
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
		Some(())
	}

	/// Stores the contender of a decision and drops the one that expired.
	fn replace_contender(domain: DomainId, evaluation: &Evaluation, decision: &Decision) {
		if Contenders::<T>::get(domain).is_some_and(|stored| evaluation.contender != Some(stored.model)) {
			defensive!("the contender must not change while a round is evaluated", domain);
			return;
		}
		Contenders::<T>::remove(domain);
		if let Some(model) = decision.expired {
			if let Some(stored) = Models::<T>::get(model) {
				Records::<T>::mutate(&stored.author, |record| record.rejected = record.rejected.saturating_add(1));
			}
			Self::drop_contender(domain, model, RejectionReason::Expired);
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
			Stage::Evaluating(evaluation) => Some((id, round, evaluation)),
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
			Some(decision) => {
				let winner = decision.winner.map(|winner| winner.model);
				Self::finish(id, round, winner, outcome.settler.as_ref(), &outcome.paid);
			}
			None => {
				log::warn!(target: LOG_TARGET, "round {id:?} is void: its final sums permit no verdict");
				Self::void(id, round);
			}
		}
	}

	fn voided(subject: &Subject) {
		let Some((id, round)) = subject.round().and_then(|id| Some((id, Rounds::<T>::get(id)?))) else {
			log::warn!(target: LOG_TARGET, "the time-out for {subject:?} is dropped: no such round is undecided");
			return;
		};
		// A round of a domain that does not exist could not have been settled, so its fees are released.
		if T::Domains::spec(id.domain).is_some() {
			Self::expire(id, round);
		} else {
			Self::void(id, round);
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::verdict()
	}
}
