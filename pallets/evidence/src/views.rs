//! Views of segments and purses for the runtime API.

use crate::{
	types::{place_of, CHUNK},
	Config, Hashes, Pallet, Purses, Segments,
};
use alloc::vec::Vec;
use doin_primitives::{evidence::MAX_SEGMENTS, views::EvidenceView, DomainId, Evidence, Hash, Page, RoundId};
use doin_traits::Domains;

impl<T: Config> Pallet<T> {
	/// Returns the segments and the purse of a domain; `None` unless its evidence is sealed.
	pub fn evidence(domain: DomainId) -> Option<EvidenceView<T::AccountId>> {
		let spec = T::Domains::spec(domain)?;
		let Evidence::Sealed { units, stake } = spec.evidence else { return None };
		let state = T::Domains::state(domain)?;
		let (segments, purse) = (Segments::<T>::get(domain), Purses::<T>::get(domain));
		Some(EvidenceView {
			owner: state.owner,
			units,
			segment_bytes: spec.segment_bytes(),
			stake,
			sealed: segments.sealed,
			opened: segments.opened,
			purse: purse.held,
			spent: purse.spent,
			awaited: segments.awaited.map(|awaited| RoundId { domain, number: awaited.number }),
			awaited_until: segments.awaited.map(|awaited| awaited.until),
			suspended: state.suspended,
		})
	}

	/// Returns the hashes of the sealed segments of a domain from index `from` on, at most `count`; those of opened segments are
	/// hashes of the opened bytes.
	pub fn segment_hashes(domain: DomainId, from: u16, count: u16) -> Vec<Hash> {
		let sealed = Segments::<T>::get(domain).sealed;
		let until = sealed.min(from.saturating_add(count)).min(MAX_SEGMENTS as u16);
		if from >= until {
			return Vec::new();
		}
		let (first, place) = place_of(from);
		let last = until.div_ceil(CHUNK);
		let all = (first..last).flat_map(|chunk| Hashes::<T>::get(domain, chunk));
		all.skip(place).take(until.saturating_sub(from).into()).collect()
	}

	/// Returns the bytes of an opened segment: rows, or little-endian `i32` values of a series.
	pub fn segment(domain: DomainId, index: u16) -> Option<Vec<u8>> {
		let spec = T::Domains::spec(domain)?;
		if index >= Segments::<T>::get(domain).opened {
			return None;
		}
		let first = spec.segment_page(index);
		let mut bytes = Vec::with_capacity(spec.segment_bytes() as usize);
		for page in first..first.saturating_add(spec.segment_pages()) {
			match T::Domains::page(domain, page)? {
				Page::Bytes(page) => bytes.extend_from_slice(&page),
				Page::Values(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
			}
		}
		Some(bytes)
	}
}
