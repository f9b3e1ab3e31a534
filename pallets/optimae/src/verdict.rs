//! Verdicts: applies the decisions of [`doin_primitives::verdict`] to storage and balances.

use crate::{
	pay::{Decided, Paid},
	rounds::Verdict,
	types::{Contender, Evaluation, Round, Stage, StoredModel},
	Config, Contenders, Event, Models, Pallet, Records, Rounds, WeightInfo, LOG_TARGET,
};
use doin_primitives::{
	domain::Champion,
	payload::{ChunkSums, Sums},
	verdict::{leads_by_standard_error, Criteria, Decision, Draw, Dropped, Winner},
	DomainId, EvidenceKind, ModelRef, RejectionReason, RoundId, RoundResult, SeatStatus, Subject, UnpaidReason,
};
use doin_scoring::verdict::{evidence_chunks, total, with_evidence, MIN_CHUNKS};
use doin_traits::{block::current_block, Domains, OnRecomputed, Outcome, Progress, VoidReason, Work};
use frame_support::{defensive, traits::DefensiveTruncateFrom, weights::Weight};

/// Decision of a round that was applied, and its result.
struct Applied {
	/// The decision.
	decision: Decision,
	/// Result of the round.
	result: RoundResult,
}

/// New champion with its record and its chunk sums on the draw.
struct Crowned<'a, AccountId> {
	/// Statistics of the verdict.
	winner: &'a Winner,
	/// Stored model.
	stored: StoredModel<AccountId>,
	/// Its chunk sums.
	sums: &'a [u32],
}

impl<T: Config> Pallet<T> {
	/// Returns the contender of `domain` if it is part of the evaluation.
	fn evaluated_contender(domain: DomainId, evaluation: &Evaluation) -> Option<Contender> {
		Contenders::<T>::get(domain).filter(|contender| evaluation.contender == Some(contender.model))
	}

	/// Decides an evaluated round and applies the decision. Returns the decision, or the reason for which the sums permit none;
	/// then nothing has changed.
	///
	/// Carried bits of the champion are paid first, also in the verdict that dethrones it: they raise the high-water mark that
	/// the improvement of the winner is counted from.
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
		let decided = Self::decided(id, &spec, &state, outcome);
		let criteria = Criteria::with_high_water(&spec, decided.mark);
		let draw = Draw { criteria, evaluation, sums: &outcome.sums, contender: contender.as_ref() };
		let carried = decided.carried(draw.cover());
		let draw = Draw { criteria: criteria.raised_by(carried.increment), ..draw };
		let candidates = round.candidates();
		let decision = draw.decide(&candidates).ok_or_else(|| Self::inconclusive(spec.evidence.kind(), &outcome.sums))?;
		let crowned = match &decision.winner {
			Some(winner) => Some(Crowned {
				winner,
				stored: Models::<T>::get(winner.model).ok_or(unknown)?,
				sums: draw.submitted(winner.model).ok_or(unknown)?,
			}),
			None => None,
		};

		let former = Self::pay_carried(&decided, carried);
		let result = match crowned {
			Some(crowned) => Self::crown(&decided, crowned, former),
			None => {
				if former.rise > 0 || carried.left != state.carry {
					T::Domains::record_progress(id.domain, decided.mark.saturating_add(former.rise), carried.left);
				}
				former.result().unwrap_or(RoundResult::Unpaid(match &decision.contender {
					_ if candidates.is_empty() => UnpaidReason::NoCandidate,
					Some(contender) if candidates.contains(&contender.model) => UnpaidReason::ContenderKept,
					_ => UnpaidReason::NoImprovement,
				}))
			}
		};
		Self::replace_contender(id.domain, evaluation, &decision);
		Self::clear_seats(id, round, &decision, &draw);
		Ok(Applied { decision, result })
	}

	/// Returns the reason for which final sums permit no verdict. Only live evidence can have too few bars: marks of empty chunks in the
	/// sums of other evidence are false, and nobody challenged them.
	fn inconclusive(evidence: EvidenceKind, sums: &Sums) -> UnpaidReason {
		match sums.first() {
			Some(initial) if evidence == EvidenceKind::Live && evidence_chunks(initial) < MIN_CHUNKS => UnpaidReason::TooFewBars,
			Some(initial) if with_evidence(initial, initial).all(|sum| sum == 0) => UnpaidReason::NothingToImprove,
			_ => UnpaidReason::NoRecomputation,
		}
	}

	/// Makes the winner the champion and pays its effective improvement, or queues it for payment. `former` was paid for carried
	/// bits of the former champion. Returns the result of the round.
	fn crown(decided: &Decided<T::AccountId>, crowned: Crowned<T::AccountId>, former: Paid) -> RoundResult {
		let Crowned { winner, stored, sums } = crowned;
		let Winner { model, error, champion_error, initial_error, upper, raw, .. } = *winner;
		let Decided { round, spec, state, mark, .. } = *decided;
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
		let pay = decided.pay(raw, former.bits);
		let paid = Self::pay_bits(decided, &author, pay.increment, pay.rise);
		let both = paid.plus(former);
		let high_water = mark.saturating_add(both.rise);
		T::Domains::crown(round.domain, champion, Progress { high_water, carry: pay.carry, upper });
		let result = both.result().unwrap_or_else(|| RoundResult::Unpaid(decided.unpaid_reason(raw, both)));
		Records::<T>::mutate(&author, |record| record.accepted = record.accepted.saturating_add(1));
		Self::deposit_event(Event::Crowned {
			round,
			model,
			who: author,
			error,
			champion_error,
			initial_error,
			upper,
			increment: paid.rise,
			effective: paid.effective,
			carry: pay.carry,
		});
		if let ModelRef::Stored(former) = state.champion.model {
			Self::remove_model(former);
		}
		result
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

	/// Releases the holds of the seats of a decided round and removes the models that are neither champion nor contender. The
	/// stake of a candidate that lost is returned if it leads the former champion by one standard error, which few copies of it
	/// do.
	fn clear_seats(id: RoundId, round: &mut Round<T::AccountId>, decision: &Decision, draw: &Draw) {
		let winner = decision.winner.as_ref().map(|winner| winner.model);
		let contender = decision.contender.as_ref().map(|contender| contender.model);
		let leads = |model| {
			let sums = draw.champion().zip(draw.submitted(model));
			sums.is_some_and(|(champion, candidate)| leads_by_standard_error(champion, candidate))
		};
		for (index, seat) in round.seats.iter_mut().enumerate() {
			let Some(model) = seat.model else { continue };
			if seat.status == SeatStatus::Revealed && (Some(model) == winner || Some(model) == contender) {
				Self::release_hold(seat);
				Self::return_stake(seat);
				continue;
			}
			if seat.status == SeatStatus::Revealed {
				if leads(model) {
					Self::return_stake(seat);
				}
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
			Stage::Collecting | Stage::Waiting | Stage::Awaiting | Stage::Revealing { .. } => None,
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
		let contender = Self::evaluated_contender(id.domain, &evaluation);
		let criteria = Criteria::with_high_water(&spec, T::Domains::high_water(id.domain));
		let draw = Draw { criteria, evaluation: &evaluation, sums, contender: contender.as_ref() };
		draw.winner(&round.candidates()).map(|winner| winner.index)
	}

	/// Returns `true` if the queue has places for the improvement of a winner and for carried bits of the former champion. Sealed
	/// evidence is paid by a purse and needs no place.
	fn ready(subject: &Subject) -> bool {
		let evidence = subject.round().and_then(|id| T::Domains::spec(id.domain)).map(|spec| spec.evidence.kind());
		evidence == Some(EvidenceKind::Sealed) || T::Work::free_places() >= 2
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
				log::warn!(target: LOG_TARGET, "round {id:?} is void: its final sums permit no verdict: {reason:?}");
				match reason {
					// That bars are missing is an answer too.
					UnpaidReason::TooFewBars => Self::pay_without_verdict(id, &mut round, &outcome),
					_ => Self::pay_recomputation(id, &mut round, &outcome.recomputed),
				}
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
			// A quorum whose answers do not agree is none. The fees are burned all the same: a model on which a program is unstable would
			// otherwise end the rounds of others for nothing.
			VoidReason::NoQuorum | VoidReason::NoAgreement => Self::lapse(id, round, UnpaidReason::NoQuorum),
			VoidReason::Unsettled => Self::lapse(id, round, UnpaidReason::Unsettled),
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::verdict().saturating_add(T::Domains::crown_weight())
	}
}
