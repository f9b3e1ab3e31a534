//! Slashing: the price of absences and false answers.

use crate::{
	pallet::{Config, Evaluators, Event, HoldReason, Pallet},
	types::Offence,
	LOG_TARGET,
};
use doin_primitives::Balance;
use doin_traits::share::ppm_of;
use frame_support::traits::{
	defensive_prelude::*,
	fungible::hold::Mutate,
	tokens::{Fortitude, Precision, Restriction},
};

/// Part of the bond that a first or an excused absence costs, in parts per million. It doubles with each further counted absence
/// in a row.
pub const ABSENCE_PPM: u32 = 1_000;
/// Doublings after which an absence costs no more: 12.8 % of the rest of the bond.
pub const MAX_ABSENCE_DOUBLINGS: u8 = 7;
/// Part of the bond that a false answer costs, in parts per million.
pub const FALSE_ANSWER_PPM: u32 = 100_000;
/// Part of the bond that an answer costs which does not agree with the median of its quorum, in a domain whose sums the runtime cannot
/// compute, in parts per million: more than an absence, so that a random answer is no cheap one, and less than a false answer, since
/// nothing is proved.
pub const DEVIATION_PPM: u32 = 10_000;
/// Part of a slash that goes to the challenger that caused it, in parts per million. All slashes of a challenge together pay at
/// most the smallest of them, so an evaluator that challenges its own false answer loses at least as much as it receives.
pub const CHALLENGER_PPM: u32 = 100_000;

/// Returns the part of the bond that an absence costs after `absences` absences in a row, in parts per million.
pub fn absence_ppm(absences: u8) -> u32 {
	let doublings = absences.min(MAX_ABSENCE_DOUBLINGS);
	ABSENCE_PPM.saturating_mul(1u32.checked_shl(doublings.into()).unwrap_or(1))
}

impl<T: Config> Pallet<T> {
	/// Slashes `ppm` parts per million of the bond of `who`: a tenth of it, at most the given amount, goes to `challenger`, if
	/// there is one, and the rest is burned. Removes the record of an evaluator whose bond is gone. Returns the amount that the
	/// challenger received.
	pub(crate) fn slash(who: &T::AccountId, ppm: u32, offence: Offence, challenger: Option<(&T::AccountId, Balance)>) -> Balance {
		let Some(mut record) = Evaluators::<T>::get(who) else {
			return 0;
		};
		let reason = HoldReason::Bond.into();
		let amount = ppm_of(record.bond, ppm);
		let reward = challenger.map_or(0, |(challenger, most)| {
			let share = ppm_of(amount, CHALLENGER_PPM).min(most);
			let (precision, mode, force) = (Precision::BestEffort, Restriction::Free, Fortitude::Force);
			let sent = T::Currency::transfer_on_hold(&reason, who, challenger, share, precision, mode, force);
			sent.unwrap_or_else(|error| {
				log::warn!(
					target: LOG_TARGET,
					"the challenger {challenger:?} cannot receive {share} plancks, which are burned: {error:?}"
				);
				0
			})
		});
		let rest = amount.saturating_sub(reward);
		let burned = T::Currency::burn_held(&reason, who, rest, Precision::BestEffort, Fortitude::Force).defensive_unwrap_or(0);
		let taken = reward.saturating_add(burned);
		let bond = record.bond.saturating_sub(taken);
		Self::lower_bond(who, &mut record, bond);
		if bond == 0 {
			Evaluators::<T>::remove(who);
		} else {
			Evaluators::<T>::insert(who, record);
		}
		Self::deposit_event(Event::Slashed { who: who.clone(), amount: taken, offence });
		reward
	}
}
