//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{Baselines, Bounties, Config, Deposits, HoldReason, NextDomainId, Pages, Pallet, Specs, States};
use alloc::collections::BTreeMap;
use doin_primitives::{
	domain::{DomainSpec, DomainState, MAX_PAGES},
	Balance, DomainId, EvidenceKind, Growth, ModelRef, Status,
};
use doin_traits::block::current_block;
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
			pages = pages.saturating_add(Self::check_pages(domain, &spec, &state)?);
			Self::check_baseline(domain, &spec, &state)?;
			Self::check_status(domain, &spec, &state)?;
			Self::check_champion(&state)?;

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
		ensure!(Baselines::<T>::iter_keys().all(States::<T>::contains_key), "every stored initial champion must have a domain");
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

	/// Checks that the status of a domain suits its pages, rounds, bounty and target.
	fn check_status(domain: DomainId, spec: &DomainSpec, state: &DomainState<T::AccountId>) -> Result<(), TryRuntimeError> {
		let loading = state.status == Status::Loading;
		ensure!(loading || state.pages_missing == 0, "only a loading domain can miss pages");
		let never_active = loading || state.status == Status::Refused;
		ensure!(
			!never_active || (state.open_rounds == 0 && state.last_round.is_none() && !Bounties::<T>::contains_key(domain)),
			"a domain that was never active must not have rounds or a bounty"
		);
		ensure!(!state.unanswered || state.last_round.is_some(), "a domain without ended rounds cannot lack a quorum");
		ensure!(never_active || state.champion.initial_error > 0, "the initial champion of an active domain must have an error");
		ensure!(state.high_water_at <= current_block::<T>(), "a high-water mark must not be written ahead of its block");
		ensure!(!never_active || state.high_water == 0, "a domain that was never active must not have a high-water mark");
		ensure!(
			spec.target > 0 || (state.status != Status::Converged && !Bounties::<T>::contains_key(domain)),
			"a domain without a target must neither converge nor have a bounty"
		);
		Ok(())
	}

	/// Checks that a champion with an author is a stored model, and that one without is the initial champion.
	fn check_champion(state: &DomainState<T::AccountId>) -> Result<(), TryRuntimeError> {
		let baseline = state.champion.author.is_none();
		ensure!(!baseline || state.champion.model == state.initial, "only the initial champion can lack an author");
		ensure!(
			!baseline || state.champion.validation_error == state.initial_validation_error,
			"the validation errors of the initial champion must be equal"
		);
		ensure!(!baseline || state.carry == 0, "an initial champion must not carry bits");
		ensure!(
			baseline || matches!(state.champion.model, ModelRef::Stored(_)),
			"a champion with an author must be a stored model"
		);
		Ok(())
	}

	/// Checks that the published pages of a domain are stored or counted as missing, and that those of opened segments follow
	/// them without a gap. Returns the number of stored pages.
	fn check_pages(domain: DomainId, spec: &DomainSpec, state: &DomainState<T::AccountId>) -> Result<u32, TryRuntimeError> {
		let (mut published, mut appended, mut last) = (0u32, 0u32, 0u32);
		for index in Pages::<T>::iter_key_prefix(domain) {
			if index < spec.pages() {
				published = published.saturating_add(1);
			} else {
				appended = appended.saturating_add(1);
				last = last.max(index);
			}
		}
		ensure!(spec.pages() == published.saturating_add(state.pages_missing), "every page must be stored or counted as missing");
		ensure!(appended == 0 || spec.growth == Growth::Appending, "only sealed evidence can append pages");
		ensure!(
			appended == 0 || last.saturating_add(1) == spec.pages().saturating_add(appended),
			"the pages of segments must follow the published ones without a gap"
		);
		ensure!(appended.checked_rem(spec.segment_pages().max(1)) == Some(0), "every opened segment must be stored completely");
		let stored = published.saturating_add(appended);
		ensure!(stored <= MAX_PAGES, "a domain must not have more than the maximum number of pages");
		ensure!(
			state.suspended.is_none() || spec.evidence.kind() == EvidenceKind::Sealed,
			"only a domain with sealed evidence can be suspended"
		);
		Ok(stored)
	}

	/// Checks that the initial champion of a domain that was activated belongs to the bar, and that its bytes are stored if it
	/// has parameters.
	fn check_baseline(domain: DomainId, spec: &DomainSpec, state: &DomainState<T::AccountId>) -> Result<(), TryRuntimeError> {
		if matches!(state.status, Status::Loading | Status::Refused) {
			return Ok(());
		}
		let (error, bar) = (state.initial_validation_error, state.bar);
		let linear = state.initial == ModelRef::Linear;
		let built_in = state.initial == ModelRef::BuiltIn;
		// The bar of training runs has a margin for its estimate.
		let suits = if linear || built_in { error < bar } else { error == bar };
		ensure!(suits, "the bar must be the error of the best baseline");
		let has_parameters = linear || built_in || state.initial == ModelRef::Constant;
		ensure!(
			Baselines::<T>::contains_key(domain) == has_parameters,
			"the bytes of an initial champion must be stored exactly if it has parameters"
		);
		ensure!(
			state.is_alike || spec.evidence.kind() == EvidenceKind::Synthetic,
			"only a generator can make other series than the published one"
		);
		Ok(())
	}
}
