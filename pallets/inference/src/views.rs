//! Views of offers and demand for the runtime API.

use crate::{Config, Demands, Listed, Offers, Pallet};
use alloc::{string::String, vec::Vec};
use doin_primitives::{
	views::{DemandView, OfferView},
	DomainId,
};
use doin_traits::{block::current_block, DomainWeights};

impl<T: Config> Pallet<T> {
	/// Returns the listed offers of a domain, the lowest price first; equal ones by their bonds, the largest first.
	pub fn offer_views(domain: DomainId) -> Vec<OfferView<T::AccountId>> {
		let view = |who: T::AccountId| {
			let offer = Offers::<T>::get(domain, &who)?;
			Some(OfferView {
				who,
				key: offer.key,
				price: offer.price,
				endpoint: String::from_utf8_lossy(&offer.endpoint).into_owned(),
				bond: offer.bond,
				since: offer.since,
			})
		};
		let mut views: Vec<_> = Listed::<T>::get(domain).into_iter().filter_map(|place| view(place.who)).collect();
		views.sort_by_key(|view| (view.price, u128::MAX.saturating_sub(view.bond)));
		views
	}

	/// Returns the demand of a domain at this block; `None` for a domain whose servers were never paid.
	pub fn demand_view(domain: DomainId) -> Option<DemandView> {
		let demand = Demands::<T>::try_get(domain).ok()?;
		Some(DemandView {
			domain,
			demand: demand.amount(current_block::<T>(), Self::half_life()),
			offers: Listed::<T>::decode_len(domain).and_then(|length| u32::try_from(length).ok()).unwrap_or(0),
			weight: T::DomainWeights::weight(domain),
		})
	}
}
