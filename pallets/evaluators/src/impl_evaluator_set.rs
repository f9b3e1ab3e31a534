//! [`EvaluatorSet`]: draws, and the consequences of answers.

use crate::{
	pallet::{Config, Evaluators, Pallet},
	slashing::{absence_ppm, FALSE_ANSWER_PPM},
	types::Offence,
};
use alloc::vec::Vec;
use doin_primitives::{settlement::is_collusion, Balance, DomainId, Hash, SizeClass, MILLION};
use doin_traits::{Behaviour, EvaluatorSet, FalseAnswer, Reputation};

impl<T: Config> EvaluatorSet<T::AccountId> for Pallet<T> {
	fn available(domain: DomainId, class: SizeClass) -> u32 {
		Self::seats_without(Self::roster_of(domain, class), &[])
	}

	fn draw(seed: Hash, domain: DomainId, class: SizeClass, exclude: &[T::AccountId]) -> Vec<T::AccountId> {
		Self::draw_from(seed, Self::roster_of(domain, class), exclude)
	}

	fn is_bonded(who: &T::AccountId) -> bool {
		Evaluators::<T>::contains_key(who)
	}

	fn record_answer(who: &T::AccountId) {
		Evaluators::<T>::mutate_extant(who, |record| record.absences = 0);
	}

	/// The whole slash is burned: the accounts that have the runtime recompute the task instead are paid the evaluators' part of
	/// its fees.
	fn record_absence(who: &T::AccountId) {
		T::Reputation::record(who, Behaviour::Absent);
		let Some(mut record) = Evaluators::<T>::get(who) else {
			return;
		};
		let ppm = absence_ppm(record.absences);
		record.absences = record.absences.saturating_add(1);
		Evaluators::<T>::insert(who, record);
		Self::slash(who, ppm, Offence::Absence, None);
	}

	fn record_agreement(who: &T::AccountId) {
		T::Reputation::record(who, Behaviour::Agreed);
	}

	fn slash_false_answers(answers: &[FalseAnswer<T::AccountId>], seats: u32, challenger: Option<&T::AccountId>) -> Balance {
		let mut reward: Balance = 0;
		for answer in answers {
			let alike = answers.iter().filter(|other| other.sums == answer.sums).count() as u32;
			let (ppm, offence) =
				if is_collusion(alike, seats) { (MILLION, Offence::Collusion) } else { (FALSE_ANSWER_PPM, Offence::FalseAnswer) };
			T::Reputation::record(&answer.who, Behaviour::AnsweredFalsely);
			reward = reward.saturating_add(Self::slash(&answer.who, ppm, offence, challenger));
		}
		reward
	}
}
