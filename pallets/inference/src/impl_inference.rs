//! Calls of other pallets: they report champions and fees, and read offers.

use crate::{Config, Demands, Event, Offers, Pallet, Served, WeightInfo};
use doin_primitives::{
	inference::{record_champion, Crowned, DEMAND_HALF_LIFE_MS},
	Balance, BlockNumber, DomainId, ModelRef,
};
use doin_traits::{block::current_block, OnCrowned, Timing};
use frame_support::{defensive, weights::Weight};

impl<T: Config> Pallet<T> {
	/// Returns the number of blocks in which demand halves.
	pub(crate) fn half_life() -> BlockNumber {
		T::Timing::blocks(DEMAND_HALF_LIFE_MS)
	}
}

impl<T: Config> OnCrowned for Pallet<T> {
	fn crowned(domain: DomainId, model: &ModelRef) {
		let Some(mut served) = Served::<T>::get(domain) else { return };
		let now = current_block::<T>();
		if let Some(hash) = Self::model_hash(domain, &served.program, model) {
			let oldest = now.saturating_sub(Self::claim_blocks());
			record_champion(&mut served.champions, Crowned { model: *model, hash, from: now }, oldest);
			Self::deposit_event(Event::ChampionRecorded { domain, model: *model, hash });
		} else {
			defensive!("the bytes of a new champion are stored", domain);
			// Without its hash, honest receipts of the new champion would be compared with the former one.
			served.champions.clear();
		}
		Served::<T>::insert(domain, served);
	}

	fn crowned_weight() -> Weight {
		T::WeightInfo::crowned()
	}
}

impl<T: Config> doin_traits::Offers<T::AccountId> for Pallet<T> {
	fn serves(who: &T::AccountId, domain: DomainId) -> bool {
		Offers::<T>::get(domain, who).is_some_and(|offer| offer.leaves.is_none())
	}

	fn record_fee(domain: DomainId, burned: Balance) {
		Demands::<T>::mutate(domain, |demand| *demand = demand.with_fee(burned, current_block::<T>(), Self::half_life()));
	}
}
