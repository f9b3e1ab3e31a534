//! Bonded offers, their list and their release.

use crate::{
	types::{Offer, Place, PlaceList, ServedDomain},
	Config, Error, Event, HoldReason, Listed, Offers, Pallet, Served,
};
use alloc::vec;
use doin_primitives::{
	channel::Key,
	inference::{baseline, least_bond, Crowned, CrownedList, Endpoint, CLAIM_PERIODS},
	Balance, BlockNumber, DomainId, Hash, ModelRef, Status,
};
use doin_scoring::Program;
use doin_traits::{block::current_block, Domains, Models, Timing};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, tokens::Precision},
};
use sp_io::hashing::blake2_256;

impl<T: Config> Pallet<T> {
	/// Returns the length of the claim window W, in blocks.
	pub fn claim_blocks() -> BlockNumber {
		T::Timing::rounds().period().saturating_mul(CLAIM_PERIODS)
	}

	/// Makes or changes an offer; see [`Call::offer`](crate::Call::offer).
	pub(crate) fn do_offer(
		who: T::AccountId,
		domain: DomainId,
		key: Key,
		price: Balance,
		endpoint: Endpoint,
		bond: Balance,
	) -> DispatchResult {
		ensure!(!endpoint.is_empty() && core::str::from_utf8(&endpoint).is_ok(), Error::<T>::InvalidEndpoint);
		ensure!(bond >= least_bond(price), Error::<T>::BondTooSmall);
		let former = Offers::<T>::get(domain, &who);
		let (held, since) = match &former {
			Some(offer) => {
				ensure!(!offer.is_halved, Error::<T>::BondSlashed);
				ensure!(offer.key == key, Error::<T>::KeyIsFixed);
				ensure!(bond >= offer.bond, Error::<T>::BondTooSmall);
				(offer.bond, offer.since)
			}
			None => (0, current_block::<T>()),
		};
		let served = if former.is_none() { Some(Self::served_once_more(domain)?) } else { None };
		let list = Self::list_with(domain, &who, bond)?;
		if bond > held {
			T::Currency::hold(&HoldReason::Offer.into(), &who, bond.saturating_sub(held))?;
		}

		if let Some(served) = served {
			Served::<T>::insert(domain, served);
		}
		let (list, outbid) = list;
		Listed::<T>::insert(domain, list);
		if let Some(outbid) = outbid {
			Self::leave(domain, outbid);
		}
		let offer = Offer { key, price, endpoint: endpoint.clone(), bond, since, leaves: None, is_halved: false };
		Offers::<T>::insert(domain, &who, offer);
		Self::deposit_event(Event::Offered { domain, who, key, price, bond, endpoint });
		Ok(())
	}

	/// Returns the record of a domain with one more bond. Its first bond records the champion.
	fn served_once_more(domain: DomainId) -> Result<ServedDomain, Error<T>> {
		// A retired domain takes no new bonds.
		let spec = T::Domains::spec(domain).ok_or(Error::<T>::UnknownDomain)?;
		let state = T::Domains::state(domain).ok_or(Error::<T>::UnknownDomain)?;
		let has_champion = match state.status {
			Status::Active | Status::Converged | Status::Closing => true,
			Status::Loading | Status::Refused => false,
		};
		let answers = match &spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => false,
			Program::Forecast(_) | Program::Rows(_) => true,
		};
		ensure!(has_champion && answers, Error::<T>::NotServable);
		if let Some(served) = Served::<T>::get(domain) {
			return Ok(ServedDomain { bonds: served.bonds.saturating_add(1), ..served });
		}
		let (model, from) = (state.champion.model, state.champion.block);
		let hash = Self::model_hash(domain, &spec.program, &model).ok_or(Error::<T>::NotServable)?;
		let champions = CrownedList::truncate_from(vec![Crowned { model, hash, from }]);
		Ok(ServedDomain { program: spec.program, champions, bonds: 1 })
	}

	/// Returns the hash of the encoding of a champion, while its bytes are stored.
	pub(crate) fn model_hash(domain: DomainId, program: &Program, model: &ModelRef) -> Option<Hash> {
		Self::model_bytes(domain, program, model).map(|bytes| blake2_256(&bytes))
	}

	/// Returns the encoding of a champion, while its bytes are stored.
	pub(crate) fn model_bytes(domain: DomainId, program: &Program, model: &ModelRef) -> Option<alloc::vec::Vec<u8>> {
		match model {
			ModelRef::Stored(id) => T::Models::bytes(*id).map(|bytes| bytes.into_inner()),
			ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn => {
				T::Domains::baseline(domain).map(|bytes| bytes.into_inner())
			}
			ModelRef::RepeatLast | ModelRef::Seasonal | ModelRef::Origin => {
				baseline(model, program).map(|model| model.to_bytes())
			}
		}
	}

	/// Returns the list of a domain in which `who` has a place with this bond, and the account that loses its place.
	fn list_with(
		domain: DomainId,
		who: &T::AccountId,
		bond: Balance,
	) -> Result<(PlaceList<T::AccountId>, Option<T::AccountId>), Error<T>> {
		let mut list = Listed::<T>::get(domain);
		if let Some(place) = list.iter_mut().find(|place| place.who == *who) {
			place.bond = bond;
			return Ok((list, None));
		}
		let place = Place { who: who.clone(), bond };
		let Err(place) = list.try_push(place) else { return Ok((list, None)) };
		let smallest = list.iter_mut().min_by_key(|place| place.bond).ok_or(Error::<T>::ListFull)?;
		ensure!(bond >= smallest.bond.saturating_mul(2), Error::<T>::ListFull);
		let outbid = core::mem::replace(smallest, place).who;
		Ok((list, Some(outbid)))
	}

	/// Withdraws an offer; see [`Call::withdraw`](crate::Call::withdraw).
	pub(crate) fn do_withdraw(who: T::AccountId, domain: DomainId) -> DispatchResult {
		let offer = Offers::<T>::get(domain, &who).ok_or(Error::<T>::NoOffer)?;
		ensure!(offer.leaves.is_none(), Error::<T>::NotListed);
		Self::unlist(domain, &who);
		Self::leave(domain, who);
		Ok(())
	}

	/// Removes an offer from the list of its domain.
	pub(crate) fn unlist(domain: DomainId, who: &T::AccountId) {
		Listed::<T>::mutate_exists(domain, |list| {
			if let Some(places) = list {
				places.retain(|place| place.who != *who);
				if places.is_empty() {
					*list = None;
				}
			}
		});
	}

	/// Starts the claim window of an offer that has left the list.
	pub(crate) fn leave(domain: DomainId, who: T::AccountId) {
		// A receipt of this block can be accused in the last block of its window. The bond is released after that.
		let leaves = current_block::<T>().saturating_add(Self::claim_blocks()).saturating_add(1);
		Offers::<T>::mutate(domain, &who, |offer| {
			if let Some(offer) = offer {
				offer.leaves = Some(leaves);
			}
		});
		Self::deposit_event(Event::Unlisted { domain, who, leaves });
	}

	/// Releases a bond; see [`Call::release`](crate::Call::release).
	pub(crate) fn do_release(domain: DomainId, who: T::AccountId) -> DispatchResult {
		let offer = Offers::<T>::get(domain, &who).ok_or(Error::<T>::NoOffer)?;
		let is_over = offer.leaves.is_some_and(|leaves| current_block::<T>() >= leaves);
		ensure!(is_over, Error::<T>::NotReleasable);
		let bond = offer.bond;
		T::Currency::release(&HoldReason::Offer.into(), &who, bond, Precision::Exact)?;
		Self::forget(domain, &who);
		Self::deposit_event(Event::Released { domain, who, bond });
		Ok(())
	}

	/// Removes an offer whose bond is gone, and the record of the domain with its last one.
	pub(crate) fn forget(domain: DomainId, who: &T::AccountId) {
		Offers::<T>::remove(domain, who);
		Served::<T>::mutate_exists(domain, |served| {
			*served = served
				.take()
				.filter(|served| served.bonds > 1)
				.map(|served| ServedDomain { bonds: served.bonds.saturating_sub(1), ..served });
		});
	}
}
