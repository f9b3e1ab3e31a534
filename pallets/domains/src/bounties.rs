//! Bounties: donations, their withdrawal and refund, and the payment to the author that reaches the target.

use crate::{
	types::Withdrawal, Bounties, Config, Donation, Donations, Error, Event, HoldReason, Pallet, Specs, States, LOG_TARGET,
	MAX_DONORS,
};
use doin_primitives::{Balance, DomainId, Status};
use doin_traits::{block::current_block, Timing, UndecidedRounds, Votes};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::hold::{Inspect as InspectHold, Mutate as MutateHold},
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
		let before = promised(&donations);
		let mut replaced = None;
		match donations.iter_mut().find(|donation| donation.donor == donor) {
			Some(donation) => {
				donation.amount = donation.amount.saturating_add(amount);
				donation.withdrawal = None;
			}
			None => {
				if donor != state.owner {
					replaced = Self::make_place(domain, &state.owner, &mut donations, amount)?;
				}
				let donation = Donation { donor: donor.clone(), amount, withdrawal: None };
				donations.try_push(donation).map_err(|_| Error::<T>::TooManyDonors)?
			}
		}
		T::Currency::hold(&HoldReason::Bounty.into(), &donor, amount)?;
		if let Some(Donation { donor: former, amount: given, .. }) = replaced {
			T::Currency::release(&HoldReason::Bounty.into(), &former, given, Precision::BestEffort)?;
			Self::deposit_event(Event::BountyRefunded { domain, donor: former, amount: given });
		}
		state.bounty = state.bounty.saturating_sub(before).saturating_add(promised(&donations));
		let bounty = state.bounty;
		Bounties::<T>::insert(domain, donations);
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::BountyAdded { domain, donor, amount, bounty });
		Ok(())
	}

	/// Announces the withdrawal of a donation; see [`Call::announce_withdrawal`](crate::Call::announce_withdrawal).
	pub(crate) fn do_announce_withdrawal(donor: T::AccountId, domain: DomainId) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		let mut donations = Bounties::<T>::get(domain);
		let donation = donations.iter_mut().find(|donation| donation.donor == donor).ok_or(Error::<T>::NoDonation)?;
		ensure!(donation.withdrawal.is_none(), Error::<T>::AlreadyAnnounced);
		let (now, rounds) = (current_block::<T>(), T::Timing::rounds());
		let amount = donation.amount;
		let withdrawal =
			Withdrawal { from: now.saturating_add(rounds.longest()), last_round: rounds.place(domain, now).round.number };
		donation.withdrawal = Some(withdrawal);
		state.bounty = state.bounty.saturating_sub(amount);
		let bounty = state.bounty;
		Bounties::<T>::insert(domain, donations);
		States::<T>::insert(domain, state);
		let Withdrawal { from, last_round } = withdrawal;
		Self::deposit_event(Event::WithdrawalAnnounced { domain, donor, amount, from, last_round, bounty });
		Ok(())
	}

	/// Releases a donation whose withdrawal was announced; see [`Call::withdraw_bounty`](crate::Call::withdraw_bounty).
	pub(crate) fn do_withdraw_bounty(donor: T::AccountId, domain: DomainId) -> DispatchResult {
		ensure!(States::<T>::contains_key(domain), Error::<T>::UnknownDomain);
		let mut donations = Bounties::<T>::get(domain);
		let place = donations.iter().position(|donation| donation.donor == donor).ok_or(Error::<T>::NoDonation)?;
		let withdrawal = donations.get(place).and_then(|donation| donation.withdrawal).ok_or(Error::<T>::NotAnnounced)?;
		ensure!(current_block::<T>() >= withdrawal.from, Error::<T>::NoticeRunning);
		let earliest = T::UndecidedRounds::earliest(domain);
		ensure!(earliest.is_none_or(|number| number > withdrawal.last_round), Error::<T>::RoundsOpen);
		let Donation { amount, .. } = donations.remove(place);
		T::Currency::release(&HoldReason::Bounty.into(), &donor, amount, Precision::BestEffort)?;
		if donations.is_empty() {
			Bounties::<T>::remove(domain);
		} else {
			Bounties::<T>::insert(domain, donations);
		}
		Self::deposit_event(Event::BountyWithdrawn { domain, donor, amount });
		Ok(())
	}

	/// Returns the number of the earliest round of `domain` that a donation can still be paid for: the earliest undecided one, or
	/// the current one, which takes commits.
	fn earliest_payable(domain: DomainId) -> u32 {
		let current = || T::Timing::rounds().place(domain, current_block::<T>()).round.number;
		T::UndecidedRounds::earliest(domain).unwrap_or_else(current)
	}

	/// Ensures that a donor other than `owner` has a place, of which one is reserved for the owner. If there is none, removes and
	/// returns a donation:
	///
	/// * one that no round can be paid from any more, since its withdrawal was announced; the earliest announcement of several;
	/// * otherwise the smallest one, provided that `amount` is larger. This lowers the bounty of no round: a new donation is paid
	///   for every undecided round, and so for all rounds of the replaced one.
	///
	/// A donation whose withdrawal was announced keeps its place like any other, as long as a round can be paid from it. Its
	/// donor could otherwise take it from a round that is being decided, by adding small donations from other accounts.
	fn make_place(
		domain: DomainId,
		owner: &T::AccountId,
		donations: &mut Donations<T::AccountId>,
		amount: Balance,
	) -> Result<Option<Donation<T::AccountId>>, Error<T>> {
		let others = || donations.iter().enumerate().filter(|(_, donation)| donation.donor != *owner);
		if (others().count() as u32) < MAX_DONORS.saturating_sub(1) {
			return Ok(None);
		}
		let payable = Self::earliest_payable(domain);
		let left = others().filter(|(_, donation)| !donation.pays(payable));
		// `min_by_key` returns the first of equal donations.
		let left = left.min_by_key(|(_, donation)| donation.withdrawal.map(|withdrawal| withdrawal.from));
		let smallest = || others().min_by_key(|(_, donation)| donation.amount).filter(|(_, donation)| donation.amount < amount);
		let place = left.or_else(smallest).map(|(place, _)| place).ok_or(Error::<T>::TooManyDonors)?;
		Ok(Some(donations.remove(place)))
	}

	/// Pays the bounty of `domain` to `author`, which reached the target in round `number`. Returns the paid amount in plancks. A
	/// donation that does not pay this round, or cannot be transferred, is released to its donor: a verdict must not fail because
	/// of a payment.
	pub(crate) fn pay_bounty(domain: DomainId, author: &T::AccountId, number: u32) -> Balance {
		let reason: T::RuntimeHoldReason = HoldReason::Bounty.into();
		let release = |donor: &T::AccountId, amount| T::Currency::release(&reason, donor, amount, Precision::BestEffort);
		let mut paid: Balance = 0;
		for donation in Bounties::<T>::take(domain) {
			let pays = donation.pays(number);
			let Donation { donor, amount, .. } = donation;
			if !pays {
				release(&donor, amount).defensive_unwrap_or_default();
				Self::deposit_event(Event::BountyWithdrawn { domain, donor, amount });
				continue;
			}
			let moved = if donor == *author {
				release(&donor, amount)
			} else {
				// Coins that a vote locks are paid nevertheless: no donor can keep a bounty by a vote.
				if T::Currency::reducible_total_balance_on_hold(&donor, Fortitude::Polite) < amount {
					T::Votes::end(&donor);
				}
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
					release(&donor, amount).defensive_unwrap_or_default();
				}
			}
		}
		paid
	}
}

/// Returns the amount that `donations` pay for rounds to come, in plancks.
fn promised<AccountId>(donations: &[Donation<AccountId>]) -> Balance {
	donations.iter().fold(0, |sum, donation| sum.saturating_add(donation.promised()))
}
