//! Bonds, and the domains that an evaluator serves.

use crate::{
	pallet::{Config, Error, Evaluators, Event, HoldReason, Pallet},
	types::{EvaluatorRecord, Roster},
};
use doin_primitives::{Balance, BlockNumber, DomainId, SizeClass};
use doin_traits::{Domains, Timing};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	pallet_prelude::DispatchError,
	traits::{fungible::hold::Mutate, tokens::Precision, Get},
};
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
	/// Returns the number of this block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Returns the bond of `who` in plancks; 0 for an account that is not an evaluator.
	pub fn bond_of(who: &T::AccountId) -> Balance {
		Evaluators::<T>::get(who).map_or(0, |record| record.bond)
	}

	/// Holds `amount` of the free balance of `who`.
	pub(crate) fn hold_bond(who: &T::AccountId, amount: Balance) -> DispatchResult {
		T::Currency::hold(&HoldReason::Bond.into(), who, amount)
	}

	/// Holds `amount` and gives `who` a seat on the rosters of `class` and of the smaller classes.
	pub(crate) fn do_bond(who: &T::AccountId, amount: Balance, class: SizeClass) -> DispatchResult {
		ensure!(!Evaluators::<T>::contains_key(who), Error::<T>::AlreadyBonded);
		ensure!(amount >= T::MinBond::get(), Error::<T>::BondTooSmall);
		Self::hold_bond(who, amount)?;
		let record = EvaluatorRecord::new(amount, class);
		Self::take_seats(who, &record, true)?;
		Evaluators::<T>::insert(who, record);
		Self::deposit_event(Event::Bonded { who: who.clone(), amount, class });
		Ok(())
	}

	/// Adds `amount` to the bond of `who`.
	pub(crate) fn do_bond_extra(who: &T::AccountId, amount: Balance) -> DispatchResult {
		let mut record = Self::bonded_record(who)?;
		Self::hold_bond(who, amount)?;
		record.bond = record.bond.saturating_add(amount);
		if Self::is_active(&record) {
			Self::take_seats(who, &record, amount > 0)?;
		}
		let bond = record.bond;
		Evaluators::<T>::insert(who, record);
		Self::deposit_event(Event::BondIncreased { who: who.clone(), amount, bond });
		Ok(())
	}

	/// Returns the record of an evaluator that has not unbonded.
	fn bonded_record(who: &T::AccountId) -> Result<EvaluatorRecord, DispatchError> {
		let record = Evaluators::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		ensure!(!record.is_unbonding(), Error::<T>::AlreadyUnbonding);
		Ok(record)
	}

	/// Adds `who` to the roster of one domain.
	pub(crate) fn do_serve(who: &T::AccountId, domain: DomainId) -> DispatchResult {
		let mut record = Self::bonded_record(who)?;
		ensure!(T::Domains::spec(domain).is_some(), Error::<T>::UnknownDomain);
		ensure!(!record.serving.contains(&domain), Error::<T>::AlreadyServing);
		record.serving.try_push(domain).map_err(|_| Error::<T>::TooManyDomains)?;
		if Self::is_active(&record) {
			Self::join(Roster::Domain(domain), who, record.bond)?;
		}
		Evaluators::<T>::insert(who, record);
		Self::deposit_event(Event::ServiceStarted { who: who.clone(), domain });
		Ok(())
	}

	/// Removes `who` from the roster of one domain.
	pub(crate) fn do_unserve(who: &T::AccountId, domain: DomainId) -> DispatchResult {
		let mut record = Evaluators::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let at = record.serving.iter().position(|served| *served == domain).ok_or(Error::<T>::NotServing)?;
		record.serving.remove(at);
		Self::leave(Roster::Domain(domain), who);
		Evaluators::<T>::insert(who, record);
		Self::deposit_event(Event::ServiceStopped { who: who.clone(), domain });
		Ok(())
	}

	/// Removes `who` from every roster and starts its cool-down.
	pub(crate) fn do_unbond(who: &T::AccountId) -> DispatchResult {
		let mut record = Self::bonded_record(who)?;
		for roster in record.rosters() {
			Self::leave(roster, who);
		}
		let until = Self::now().saturating_add(T::Timing::rounds().longest());
		record.withdrawable = Some(until);
		Evaluators::<T>::insert(who, record);
		Self::deposit_event(Event::UnbondingStarted { who: who.clone(), until });
		Ok(())
	}

	/// Releases the rest of the bond of `who`.
	pub(crate) fn do_withdraw(who: &T::AccountId) -> DispatchResult {
		let record = Evaluators::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let until = record.withdrawable.ok_or(Error::<T>::NotUnbonding)?;
		ensure!(Self::now() >= until, Error::<T>::StillUnbonding);
		T::Currency::release(&HoldReason::Bond.into(), who, record.bond, Precision::Exact)?;
		Evaluators::<T>::remove(who);
		Self::deposit_event(Event::Withdrawn { who: who.clone(), amount: record.bond });
		Ok(())
	}
}
