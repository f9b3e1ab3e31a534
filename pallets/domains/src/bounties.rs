//! Bounties: donations, their refunds, and the payment to the author that reaches the target.

use crate::{Bounties, Config, Donation, Donations, Error, Event, HoldReason, Pallet, Specs, States, LOG_TARGET, MAX_DONORS};
use doin_primitives::{Balance, DomainId, Status};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::hold::Mutate as MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Defensive, Get,
	},
};

impl<T: Config> Pallet<T> {
	/// Adds to the bounty of a domain; see [`Call::add_bounty`](crate::Call::add_bounty).
	pub(crate) fn do_add_bounty(donor: T::AccountId, domain: DomainId, amount: Balance) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		ensure!(Specs::<T>::get(domain).is_some_and(|spec| spec.target > 0), Error::<T>::NoTarget);
		ensure!(amount >= T::MinBounty::get(), Error::<T>::BountyTooSmall);
		let mut donations = Bounties::<T>::get(domain);
		let mut replaced = None;
		match donations.iter_mut().find(|donation| donation.donor == donor) {
			Some(donation) => donation.amount = donation.amount.saturating_add(amount),
			None => {
				if donor != state.owner {
					replaced = Self::make_place(&state.owner, &mut donations, amount)?;
				}
				let donation = Donation { donor: donor.clone(), amount };
				donations.try_push(donation).map_err(|_| Error::<T>::TooManyDonors)?
			}
		}
		T::Currency::hold(&HoldReason::Bounty.into(), &donor, amount)?;
		state.bounty = state.bounty.saturating_add(amount);
		if let Some(Donation { donor: former, amount: given }) = replaced {
			T::Currency::release(&HoldReason::Bounty.into(), &former, given, Precision::BestEffort)?;
			state.bounty = state.bounty.saturating_sub(given);
			Self::deposit_event(Event::BountyRefunded { domain, donor: former, amount: given });
		}
		let bounty = state.bounty;
		Bounties::<T>::insert(domain, donations);
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::BountyAdded { domain, donor, amount, bounty });
		Ok(())
	}

	/// Ensures that a donor other than `owner` has a place, of which one is reserved for the owner. If there is none, removes and
	/// returns the smallest donation, provided that `amount` is larger.
	fn make_place(
		owner: &T::AccountId,
		donations: &mut Donations<T::AccountId>,
		amount: Balance,
	) -> Result<Option<Donation<T::AccountId>>, Error<T>> {
		let others = || donations.iter().enumerate().filter(|(_, donation)| donation.donor != *owner);
		if (others().count() as u32) < MAX_DONORS.saturating_sub(1) {
			return Ok(None);
		}
		// `min_by_key` returns the first of equal donations.
		let smallest = others().min_by_key(|(_, donation)| donation.amount).filter(|(_, donation)| donation.amount < amount);
		let place = smallest.map(|(place, _)| place).ok_or(Error::<T>::TooManyDonors)?;
		Ok(Some(donations.remove(place)))
	}

	/// Pays the bounty of `domain` to `author`. Returns the paid amount in plancks. A donation that cannot be transferred is
	/// released to its donor, since a verdict must not fail because of a payment.
	pub(crate) fn pay_bounty(domain: DomainId, author: &T::AccountId) -> Balance {
		let reason: T::RuntimeHoldReason = HoldReason::Bounty.into();
		let mut paid: Balance = 0;
		for Donation { donor, amount } in Bounties::<T>::take(domain) {
			let moved = if donor == *author {
				T::Currency::release(&reason, &donor, amount, Precision::BestEffort)
			} else {
				let (precision, mode) = (Precision::BestEffort, Restriction::Free);
				T::Currency::transfer_on_hold(&reason, &donor, author, amount, precision, mode, Fortitude::Force)
			};
			match moved {
				Ok(moved) => paid = paid.saturating_add(moved),
				Err(error) => {
					log::warn!(
						target: LOG_TARGET,
						"{amount} plancks of the bounty of domain {domain} are released to {donor:?}: {author:?} cannot be paid: \
						 {error:?}",
					);
					T::Currency::release(&reason, &donor, amount, Precision::BestEffort).defensive_unwrap_or_default();
				}
			}
		}
		paid
	}
}
