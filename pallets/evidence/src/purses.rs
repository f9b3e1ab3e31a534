//! Purses: amounts of owners, from which the pay of verdicts is burned.

use crate::{Config, Error, Event, HoldReason, Pallet, Purses, LOG_TARGET};
use doin_primitives::{domain::DomainState, verdict::effective_improvement, Balance, DomainId, DomainSpec, RoundId, Status};
use doin_traits::{DomainWeights, Domains, Votes, Work};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::{Fortitude, Precision},
	},
};

impl<T: Config> Pallet<T> {
	/// Adds to the purse of a domain; see [`Call::fund`](crate::Call::fund).
	pub(crate) fn do_fund(who: T::AccountId, domain: DomainId, amount: Balance) -> DispatchResult {
		Self::own_open_domain(&who, domain)?;
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		T::Currency::hold(&HoldReason::Purse.into(), &who, amount)?;
		let purse = Purses::<T>::mutate(domain, |purse| {
			purse.held = purse.held.saturating_add(amount);
			purse.held
		});
		Self::deposit_event(Event::Funded { domain, amount, purse });
		Ok(())
	}

	/// Releases a part of the purse of a domain; see [`Call::withdraw`](crate::Call::withdraw).
	pub(crate) fn do_withdraw(who: T::AccountId, domain: DomainId, amount: Balance) -> DispatchResult {
		let (spec, state) = Self::sealed_domain(domain)?;
		ensure!(state.owner == who, Error::<T>::NotOwner);
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut purse = Purses::<T>::get(domain);
		ensure!(amount <= purse.held, Error::<T>::PurseTooSmall);
		ensure!(state.open_rounds == 0, Error::<T>::RoundsOpen);
		let left = purse.held.saturating_sub(amount);
		ensure!(left >= Self::reserved(domain, &spec, &state), Error::<T>::BitsCarried);
		T::Currency::release(&HoldReason::Purse.into(), &who, amount, Precision::Exact)?;
		purse.held = left;
		Purses::<T>::insert(domain, purse);
		Self::deposit_event(Event::Withdrawn { domain, amount, purse: purse.held });
		Ok(())
	}

	/// Returns the amount that stays in the purse of a domain, in plancks: the price of the bits that its champion carries, at the
	/// present work block. A measured round uses up a bit whether the purse pays it or not, so an owner could otherwise save the
	/// price of three bits by emptying its purse between two rounds. A domain that takes no commits pays no bit any more.
	fn reserved(domain: DomainId, spec: &DomainSpec, state: &DomainState<T::AccountId>) -> Balance {
		if state.carry == 0 || state.status != Status::Active {
			return 0;
		}
		T::Work::price(effective_improvement(state.carry, T::DomainWeights::weight(domain), spec.evidence.value()))
	}

	/// Burns up to `amount` of the purse of the domain of `round`. Returns the burned amount in plancks.
	pub(crate) fn do_spend(round: RoundId, amount: Balance) -> Balance {
		let Some(state) = T::Domains::state(round.domain) else { return 0 };
		let mut purse = Purses::<T>::get(round.domain);
		let wanted = amount.min(purse.held);
		if wanted == 0 {
			return 0;
		}
		// The pay of a verdict is minted for what is burned here, and its receivers can vote with it.
		if T::Currency::reducible_total_balance_on_hold(&state.owner, Fortitude::Polite) < wanted {
			T::Votes::end(&state.owner);
		}
		let reason = HoldReason::Purse.into();
		let result = T::Currency::burn_held(&reason, &state.owner, wanted, Precision::BestEffort, Fortitude::Force);
		let burned = result.unwrap_or_else(|error| {
			log::error!(
				target: LOG_TARGET,
				"{wanted} plancks of the purse of domain {} cannot be burned: {error:?}", round.domain
			);
			0
		});
		purse.held = purse.held.saturating_sub(burned);
		purse.spent = purse.spent.saturating_add(burned);
		Purses::<T>::insert(round.domain, purse);
		Self::deposit_event(Event::PurseSpent { round, minted: burned, left: purse.held });
		burned
	}
}
