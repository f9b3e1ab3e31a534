//! Evidence of rounds and purses, as other pallets use them.

use crate::{types::CHUNK, Config, Error, Hashes, HoldReason, Pallet, Purses, Segments, WeightInfo};
use doin_primitives::{evidence::MAX_SEGMENTS, Balance, BlockNumber, DomainId, RoundId};
use doin_traits::{Domains, EvidenceSource};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Defensive},
	weights::Weight,
};

/// Maximum number of storage entries of hashes of a domain.
pub(crate) const MAX_CHUNKS: u32 = MAX_SEGMENTS.div_ceil(CHUNK as u32);

impl<T: Config> EvidenceSource for Pallet<T> {
	fn ensure_open(domain: DomainId) -> DispatchResult {
		let (_, state) = Self::sealed_domain(domain)?;
		let segments = Segments::<T>::get(domain);
		ensure!(state.suspended.is_none(), Error::<T>::Suspended);
		ensure!(segments.awaited.is_none(), Error::<T>::RoundAwaits);
		ensure!(segments.left() > 0, Error::<T>::NoSegmentsLeft);
		Ok(())
	}

	fn request(round: RoundId) -> DispatchResult {
		Self::ensure_open(round.domain)?;
		Self::ask(round.domain, Segments::<T>::get(round.domain), round.number);
		Ok(())
	}

	fn awaited_until(round: RoundId) -> Option<BlockNumber> {
		let awaited = Segments::<T>::get(round.domain).awaited?;
		(awaited.number == round.number).then_some(awaited.until)
	}

	fn is_ready(domain: DomainId, least: Balance) -> bool {
		Segments::<T>::get(domain).left() > 0 && Purses::<T>::get(domain).held >= least
	}

	fn purse(domain: DomainId) -> Balance {
		Purses::<T>::get(domain).held
	}

	fn spend(round: RoundId, amount: Balance) -> Balance {
		Self::do_spend(round, amount)
	}

	fn retired(domain: DomainId) {
		let mut segments = Segments::<T>::take(domain);
		let purse = Purses::<T>::take(domain);
		if Self::take_awaited(domain, &mut segments).is_some() {
			defensive!("a domain with an undecided round must not be removed", domain);
		}
		if Hashes::<T>::clear_prefix(domain, MAX_CHUNKS, None).maybe_cursor.is_some() {
			defensive!("a domain must not have more than the maximum number of segments", domain);
		}
		let Some(state) = T::Domains::state(domain) else {
			defensive!("evidence must be removed before its domain", domain);
			return;
		};
		for (reason, amount) in [(HoldReason::Segments, segments.hold), (HoldReason::Purse, purse.held)] {
			T::Currency::release(&reason.into(), &state.owner, amount, Precision::BestEffort).defensive_unwrap_or_default();
		}
	}

	fn retired_weight() -> Weight {
		T::WeightInfo::retired()
	}
}
