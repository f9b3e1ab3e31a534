//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{Bounties, Config, Deposits, HoldReason, NextDomainId, Pages, Pallet, Specs, States};
use alloc::collections::BTreeMap;
use doin_primitives::{Balance, ModelRef, Status};
use frame_support::{ensure, traits::fungible::hold::Inspect as InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that records, states, pages, deposits and bounties belong together, and that every deposit and bounty is on hold.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut deposits: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		let mut bounties: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		let mut pages: u32 = 0;
		for (domain, state) in States::<T>::iter() {
			let spec = Specs::<T>::get(domain).ok_or("every state must have a record")?;
			ensure!(domain < NextDomainId::<T>::get(), "an identifier must be below the next one");
			let here = Pages::<T>::iter_key_prefix(domain).count() as u32;
			pages = pages.saturating_add(here);
			ensure!(spec.pages() == here.saturating_add(state.pages_missing), "every page must be stored or counted as missing");
			let loading = state.status == Status::Loading;
			ensure!(loading || state.pages_missing == 0, "only a loading domain can miss pages");
			let never_active = loading || state.status == Status::Refused;
			ensure!(
				!never_active || (state.open_rounds == 0 && state.last_round.is_none() && !Bounties::<T>::contains_key(domain)),
				"a domain that was never active must not have rounds or a bounty"
			);
			ensure!(!state.unanswered || state.last_round.is_some(), "a domain without ended rounds cannot lack a quorum");
			ensure!(
				never_active || state.champion.initial_error > 0,
				"the initial champion of an active domain must have an error"
			);
			let baseline = state.champion.author.is_none();
			ensure!(!baseline || state.champion.model == state.initial, "only the initial champion can lack an author");
			ensure!(
				!baseline || state.champion.validation_error == state.initial_validation_error,
				"the validation errors of the initial champion must be equal"
			);
			ensure!(
				baseline || matches!(state.champion.model, ModelRef::Stored(_)),
				"a champion with an author must be a stored model"
			);

			let sum = deposits.entry(state.owner).or_default();
			*sum = sum.saturating_add(Deposits::<T>::get(domain));
			let mut bounty: Balance = 0;
			for donation in Bounties::<T>::get(domain) {
				bounty = bounty.saturating_add(donation.promised());
				let sum = bounties.entry(donation.donor).or_default();
				*sum = sum.saturating_add(donation.amount);
			}
			ensure!(bounty == state.bounty, "a bounty must be the sum of the donations whose withdrawal is not announced");
		}
		let domains = States::<T>::iter_keys().count();
		ensure!(Specs::<T>::iter_keys().count() == domains, "every record must have a state");
		ensure!(Deposits::<T>::iter_keys().count() == domains, "every domain must have a deposit");
		ensure!(
			Bounties::<T>::iter().all(|(domain, donations)| States::<T>::contains_key(domain) && !donations.is_empty()),
			"every stored bounty must have a domain and a donation"
		);
		ensure!(Pages::<T>::iter_keys().count() as u32 == pages, "every page must have a domain");
		for (who, sum) in deposits {
			ensure!(T::Currency::balance_on_hold(&HoldReason::Domain.into(), &who) == sum, "every deposit must be on hold");
		}
		for (who, sum) in bounties {
			ensure!(T::Currency::balance_on_hold(&HoldReason::Bounty.into(), &who) == sum, "every donation must be on hold");
		}
		Ok(())
	}
}
