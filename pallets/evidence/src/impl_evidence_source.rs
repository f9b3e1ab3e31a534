//! Evidence of rounds and purses, as other pallets use them.

use crate::{
	types::{LiveNeeds, CHUNK},
	AgendaOf, Config, Error, Hashes, HoldReason, Live, Pallet, Purses, Segments, WeightInfo,
};
use doin_primitives::{evidence::MAX_SEGMENTS, Balance, BlockNumber, DomainId, DomainSpec, EvidenceRef, RoundId};
use doin_traits::{Bars, Domains, EvidenceSource};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	traits::{fungible::MutateHold, tokens::Precision, Defensive},
	weights::Weight,
};

/// Maximum number of storage entries of hashes of a domain.
pub(crate) const MAX_CHUNKS: u32 = MAX_SEGMENTS.div_ceil(CHUNK as u32);

impl<T: Config> EvidenceSource for Pallet<T> {
	fn ensure_provided(spec: &DomainSpec) -> DispatchResult {
		if let Some(needs) = LiveNeeds::of(spec) {
			Self::ensure_stream(&needs)?;
		}
		Ok(())
	}

	fn ensure_open(domain: DomainId) -> DispatchResult {
		let spec = T::Domains::spec(domain).ok_or(Error::<T>::UnknownDomain)?;
		match LiveNeeds::of(&spec) {
			Some(needs) => Self::ensure_bars(domain, &needs)?,
			None => Self::ensure_segment(domain, &spec)?,
		}
		Ok(())
	}

	fn request(round: RoundId) -> DispatchResult {
		let spec = T::Domains::spec(round.domain).ok_or(Error::<T>::UnknownDomain)?;
		match LiveNeeds::of(&spec) {
			Some(needs) => Self::await_bars(round, &needs)?,
			None => {
				Self::ensure_segment(round.domain, &spec)?;
				Self::ask(round.domain, Segments::<T>::get(round.domain), round.number);
			}
		}
		Ok(())
	}

	fn awaited_until(round: RoundId) -> Option<BlockNumber> {
		let segment = Segments::<T>::get(round.domain).awaited.filter(|awaited| awaited.number == round.number);
		let bars = || Live::<T>::get(round.domain).waiting.into_iter().find(|waiting| waiting.number == round.number);
		segment.map(|awaited| awaited.until).or_else(|| bars().map(|waiting| waiting.until))
	}

	fn is_ready(domain: DomainId, least: Balance) -> bool {
		match T::Domains::spec(domain).and_then(|spec| LiveNeeds::of(&spec)) {
			Some(needs) => T::Bars::stream(needs.stream).is_some_and(|stream| Self::is_paid(&stream, &needs)),
			None => Segments::<T>::get(domain).left() > 0 && Purses::<T>::get(domain).held >= least,
		}
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
		for waiting in Live::<T>::take(domain).waiting {
			defensive!("a domain with an undecided round must not be removed", domain);
			AgendaOf::<T>::cancel(waiting.look, &RoundId { domain, number: waiting.number });
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

	fn is_kept(domain: DomainId, evidence: EvidenceRef) -> bool {
		match evidence {
			EvidenceRef::Drawn | EvidenceRef::Segment(_) => true,
			EvidenceRef::Bars { first } => {
				let needs = T::Domains::spec(domain).and_then(|spec| LiveNeeds::of(&spec));
				needs.is_some_and(|needs| Self::are_bars_kept(&needs, first))
			}
		}
	}

	fn stream_weight() -> Weight {
		T::Bars::stream_weight()
	}
}
