//! Sealing and opening of segments.

use crate::{
	types::{place_of, Segments as SegmentList, CHUNK},
	AgendaOf, Config, Error, Event, Hashes, HoldReason, Pallet, Segments,
};
use alloc::vec::Vec;
use doin_primitives::{
	domain::{DomainState, PAGE_BYTES},
	evidence::segment_preimage,
	Balance, DomainId, DomainSpec, EvidenceKind, EvidenceRef, Hash, Page, RoundId, Status,
};
use doin_scoring::Program;
use doin_traits::{Domains, GrowingDomains, OnEvidence};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, Get},
};
use sp_io::hashing::blake2_256;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	/// Returns record and state of a domain with sealed evidence.
	pub(crate) fn sealed_domain(domain: DomainId) -> Result<(DomainSpec, DomainState<T::AccountId>), Error<T>> {
		let spec = T::Domains::spec(domain).ok_or(Error::<T>::UnknownDomain)?;
		let state = T::Domains::state(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(spec.evidence.kind() == EvidenceKind::Sealed, Error::<T>::NotSealedEvidence);
		Ok((spec, state))
	}

	/// Checks that a round of a domain with this record that opens now can get a segment.
	pub(crate) fn ensure_segment(domain: DomainId, spec: &DomainSpec) -> Result<(), Error<T>> {
		ensure!(spec.evidence.kind() == EvidenceKind::Sealed, Error::<T>::NotSealedEvidence);
		let state = T::Domains::state(domain).ok_or(Error::<T>::UnknownDomain)?;
		let segments = Segments::<T>::get(domain);
		ensure!(state.suspended.is_none(), Error::<T>::Suspended);
		ensure!(segments.awaited.is_none(), Error::<T>::RoundAwaits);
		ensure!(segments.left() > 0, Error::<T>::NoSegmentsLeft);
		Ok(())
	}

	/// Returns record and state of a domain of `who` with sealed evidence, which takes or will take commits.
	pub(crate) fn own_open_domain(
		who: &T::AccountId,
		domain: DomainId,
	) -> Result<(DomainSpec, DomainState<T::AccountId>), Error<T>> {
		let (spec, state) = Self::sealed_domain(domain)?;
		ensure!(state.owner == *who, Error::<T>::NotOwner);
		ensure!(matches!(state.status, Status::Loading | Status::Active), Error::<T>::DomainClosed);
		Ok((spec, state))
	}

	/// Appends hashes of segments; see [`Call::seal`](crate::Call::seal).
	pub(crate) fn do_seal(who: T::AccountId, domain: DomainId, from: u16, hashes: Vec<Hash>) -> DispatchResult {
		let (spec, _) = Self::own_open_domain(&who, domain)?;
		ensure!(!hashes.is_empty(), Error::<T>::NoHashes);
		let mut segments = Segments::<T>::get(domain);
		ensure!(from == segments.sealed, Error::<T>::WrongStart);
		let count = hashes.len() as u16;
		let sealed = from.checked_add(count).ok_or(Error::<T>::TooManySegments)?;
		ensure!(u32::from(sealed) <= spec.most_segments(), Error::<T>::TooManySegments);
		let hold = Self::price(&spec).saturating_mul(count.into());
		T::Currency::hold(&HoldReason::Segments.into(), &who, hold)?;
		segments.sealed = sealed;
		segments.hold = segments.hold.saturating_add(hold);
		Segments::<T>::insert(domain, segments);
		Self::append_hashes(domain, from, &hashes)?;
		Self::deposit_event(Event::Sealed { domain, from, count, hold });
		Ok(())
	}

	/// Returns the hold for the bytes and the hash of one segment, in plancks.
	pub(crate) fn price(spec: &DomainSpec) -> Balance {
		let bytes = spec.segment_bytes().saturating_add(size_of::<Hash>() as u32);
		T::ByteDeposit::get().saturating_mul(bytes.into())
	}

	/// Stores `hashes` as those of the segments from `from` on, which is the number of segments sealed before.
	fn append_hashes(domain: DomainId, from: u16, hashes: &[Hash]) -> Result<(), Error<T>> {
		let (mut chunk, place) = place_of(from);
		let (first, others) = hashes.split_at(hashes.len().min(usize::from(CHUNK).saturating_sub(place)));
		for part in core::iter::once(first).chain(others.chunks(CHUNK.into())) {
			Hashes::<T>::try_mutate(domain, chunk, |stored| {
				part.iter().try_for_each(|hash| stored.try_push(*hash)).map_err(|_| Error::<T>::TooManySegments)
			})?;
			chunk = chunk.saturating_add(1);
		}
		Ok(())
	}

	/// Opens the next segment of a domain; see [`Call::open_segment`](crate::Call::open_segment). Returns the round that waited
	/// for it.
	pub(crate) fn do_open_segment(
		domain: DomainId,
		index: u16,
		bytes: Vec<u8>,
		salt: [u8; 32],
	) -> Result<Option<RoundId>, DispatchError> {
		let (spec, state) = Self::sealed_domain(domain)?;
		let mut segments = Segments::<T>::get(domain);
		let open = segments.awaited.is_some() || state.suspended.is_some();
		ensure!(open && segments.left() > 0, Error::<T>::NotAwaited);
		ensure!(index == segments.opened, Error::<T>::WrongIndex);
		ensure!(bytes.len() as u64 == u64::from(spec.segment_bytes()), Error::<T>::WrongLength);
		let preimage = segment_preimage(&T::GenesisHash::get(), &state.owner, index, &salt, &bytes);
		let (chunk, place) = place_of(index);
		let mut hashes = Hashes::<T>::get(domain, chunk);
		let slot = hashes.get_mut(place).ok_or(Error::<T>::HashMismatch)?;
		ensure!(*slot == blake2_256(&preimage), Error::<T>::HashMismatch);
		let pages = Self::pages(&spec, &bytes)?;

		let hash = blake2_256(&bytes);
		*slot = hash;
		Hashes::<T>::insert(domain, chunk, hashes);
		let round = Self::take_awaited(domain, &mut segments);
		segments.opened = segments.opened.saturating_add(1);
		Segments::<T>::insert(domain, segments);
		T::Domains::append(domain, index, pages);
		Self::deposit_event(Event::Opened { domain, index, hash, bytes: bytes.len() as u32, round });
		if let Some(round) = round {
			T::OnEvidence::stands(round, EvidenceRef::Segment(index));
		}
		Ok(round)
	}

	/// Removes the request for a segment from `segments` and from the agenda. Returns the round that waited.
	pub(crate) fn take_awaited(domain: DomainId, segments: &mut SegmentList) -> Option<RoundId> {
		let awaited = segments.awaited.take()?;
		let round = RoundId { domain, number: awaited.number };
		if !AgendaOf::<T>::cancel(awaited.until, &round) {
			defensive!("a round that waits for a segment must be on the agenda", round);
		}
		Some(round)
	}

	/// Returns the pages of a segment.
	fn pages(spec: &DomainSpec, bytes: &[u8]) -> Result<Vec<Page>, Error<T>> {
		let chunks = bytes.chunks(PAGE_BYTES as usize);
		let pages: Option<Vec<Page>> = match &spec.program {
			Program::Rows(rows) => {
				rows.check_labels(bytes).map_err(|_| Error::<T>::InvalidRow)?;
				chunks.map(|page| Page::from_bytes(page.to_vec())).collect()
			}
			// Training runs have no segments.
			Program::LossGenome(_) => None,
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => {
				let value = |bytes: &[u8]| bytes.try_into().map_or(0, i32::from_le_bytes);
				chunks.map(|page| Page::from_values(page.chunks_exact(size_of::<i32>()).map(value).collect())).collect()
			}
		};
		pages.ok_or(Error::<T>::WrongLength)
	}
}
