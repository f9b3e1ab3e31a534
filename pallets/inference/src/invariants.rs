//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{Config, Demands, HoldReason, Listed, Offers, Pallet, Served};
use alloc::collections::{BTreeMap, BTreeSet};
use doin_primitives::{inference::least_bond, Balance, DomainId};
use doin_traits::block::current_block;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks offers, lists, served domains and holds against each other.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let (now, window) = (current_block::<T>(), Self::claim_blocks());
		let mut held = BTreeMap::<T::AccountId, Balance>::new();
		let mut bonds = BTreeMap::<DomainId, u32>::new();
		let mut listed = BTreeSet::<(DomainId, T::AccountId)>::new();
		for (domain, who, offer) in Offers::<T>::iter() {
			ensure!(offer.is_halved || offer.bond >= least_bond(offer.price), "a bond must cover a thousand prices");
			ensure!(offer.bond > 0, "an offer whose bond is gone must be removed");
			ensure!(!offer.is_halved || offer.leaves.is_some(), "an offer with half a bond must not be listed");
			ensure!(offer.since <= now, "an offer must be made in a past block");
			let latest = now.saturating_add(window).saturating_add(1);
			ensure!(offer.leaves.is_none_or(|leaves| leaves <= latest), "a bond must be released after one window");
			let sum = held.entry(who.clone()).or_default();
			*sum = sum.saturating_add(offer.bond);
			let count = bonds.entry(domain).or_default();
			*count = count.saturating_add(1);
			if offer.leaves.is_none() {
				listed.insert((domain, who));
			}
		}
		for (who, sum) in held {
			let on_hold = T::Currency::balance_on_hold(&HoldReason::Offer.into(), &who);
			ensure!(on_hold == sum, "every bond must be on hold");
		}
		Self::check_lists(listed)?;
		for (domain, served) in Served::<T>::iter() {
			ensure!(bonds.remove(&domain) == Some(served.bonds), "the bonds of a domain must be counted");
			let mut champions = served.champions.iter().zip(served.champions.iter().skip(1));
			ensure!(champions.all(|(former, next)| former.from <= next.from), "champions must be in their order");
		}
		ensure!(bonds.is_empty(), "a domain with a bond must have a record");
		ensure!(Demands::<T>::iter_values().all(|demand| demand.at <= now), "a fee must be added in a past block");
		Ok(())
	}

	/// Checks the lists of all domains against the offers that are `listed`.
	fn check_lists(mut listed: BTreeSet<(DomainId, T::AccountId)>) -> Result<(), TryRuntimeError> {
		for (domain, list) in Listed::<T>::iter() {
			ensure!(!list.is_empty(), "an empty list must be removed");
			for place in list {
				let bond = Offers::<T>::get(domain, &place.who).map(|offer| offer.bond);
				ensure!(bond == Some(place.bond), "a place must have the bond of its offer");
				ensure!(listed.remove(&(domain, place.who)), "an offer must have one place");
			}
		}
		ensure!(listed.is_empty(), "an offer that has not left must have a place");
		Ok(())
	}
}
