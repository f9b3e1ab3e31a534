//! [`EvaluatorSet`]: draws, and the consequences of answers.

use crate::{
	pallet::{Config, Evaluators, Pallet},
	slashing::{absence_ppm, ABSENCE_PPM, DEVIATION_PPM, FALSE_ANSWER_PPM},
	types::Offence,
};
use alloc::vec::Vec;
use doin_primitives::{settlement::is_collusion, Balance, DomainId, SizeClass, MILLION};
use doin_traits::{share::ppm_of, Absence, Behaviour, DrawRequest, EvaluatorSet, FalseAnswer, Reputation, Timing};

impl<T: Config> EvaluatorSet<T::AccountId> for Pallet<T> {
	fn available(domain: DomainId, class: SizeClass, weighted: bool, exclude: &[T::AccountId]) -> u32 {
		Self::seats_without(Self::roster_of(domain, class, weighted), exclude)
	}

	fn draw(request: DrawRequest<T::AccountId>) -> Vec<T::AccountId> {
		Self::draw_quorum(request)
	}

	fn is_bonded(who: &T::AccountId) -> bool {
		Evaluators::<T>::contains_key(who)
	}

	fn record_answer(who: &T::AccountId) {
		Evaluators::<T>::mutate_extant(who, |record| record.absences = 0);
	}

	/// The whole slash is burned: the accounts that have the runtime recompute the task instead are paid the evaluators' part of
	/// its fees. An excused absence does not shield a counted one, so no evaluator can buy a window of free absences in a domain
	/// of its own.
	fn record_absence(who: &T::AccountId, absence: Absence) {
		let is_counted = absence == Absence::Counted;
		let Some(mut record) = Evaluators::<T>::get(who) else {
			// The bond is gone already.
			if is_counted {
				T::Reputation::record(who, Behaviour::Absent);
			}
			return;
		};
		let now = Self::now();
		let window = T::Timing::rounds().absence_window();
		let last = if is_counted { record.last_counted } else { record.last_absence };
		if last.is_some_and(|last| now < last.saturating_add(window)) {
			return;
		}
		record.last_absence = Some(now);
		let mut ppm = ABSENCE_PPM;
		if is_counted {
			ppm = absence_ppm(record.absences);
			record.absences = record.absences.saturating_add(1);
			record.last_counted = Some(now);
			T::Reputation::record(who, Behaviour::Absent);
		}
		Evaluators::<T>::insert(who, record);
		Self::slash(who, ppm, Offence::Absence, None);
	}

	fn record_agreement(who: &T::AccountId) {
		T::Reputation::record(who, Behaviour::Agreed);
	}

	/// The reward is at most the smallest slash, so an evaluator gains nothing by challenging a quorum that it answered falsely
	/// with.
	fn slash_false_answers(answers: &[FalseAnswer<T::AccountId>], seats: u32, challenger: Option<&T::AccountId>) -> Balance {
		let slashes: Vec<_> = answers
			.iter()
			.map(|answer| {
				let alike = answers.iter().filter(|other| other.sums == answer.sums).count() as u32;
				if is_collusion(alike, seats) {
					(&answer.who, MILLION, Offence::Collusion)
				} else {
					(&answer.who, FALSE_ANSWER_PPM, Offence::FalseAnswer)
				}
			})
			.collect();
		let amounts = slashes.iter().map(|(who, ppm, _)| ppm_of(Self::bond_of(who), *ppm));
		let most = amounts.filter(|amount| *amount > 0).min().unwrap_or(0);
		let mut reward: Balance = 0;
		for (who, ppm, offence) in slashes {
			T::Reputation::record(who, Behaviour::AnsweredFalsely);
			let rest = most.saturating_sub(reward);
			reward = reward.saturating_add(Self::slash(who, ppm, offence, challenger.map(|challenger| (challenger, rest))));
		}
		reward
	}

	fn slash_deviations(deviating: &[T::AccountId]) {
		for who in deviating {
			Self::slash(who, DEVIATION_PPM, Offence::Deviation, None);
		}
	}
}
