//! Benchmarks of the calls and of the steps of the agenda, at the sizes that cost most.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Call, Config, Due, Event, Hashes, Live, Pallet, Purses, Segments},
	types::{Awaited, LiveRounds, WaitingBars, CHUNK, MAX_HASHES, MAX_WAITING},
	AgendaOf,
};
use alloc::{vec, vec::Vec};
use doin_primitives::{
	bounded_collections::BoundedVec,
	domain::PAGE_BYTES,
	evidence::{segment_hash, MAX_SEGMENT_BYTES},
	pay::MOST_CARRIED,
	BlockNumber, DomainId, Hash, RoundId, DOIN,
};
use doin_traits::{
	agenda::{Items, MAX_ITEMS, PER_BLOCK},
	block::current_block,
	BaseFee, Domains, EvidenceSource, GrowingDomains, Timing,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, Get, Hooks};
use frame_system::RawOrigin;

/// Provides the domains that the calls are benchmarked with.
pub trait BenchmarkHelper<AccountId> {
	/// Registers an active domain of rows with 7 features and a class, `chunks` chunks and `rows` rows a chunk, whose evidence is
	/// sealed. It has at most 32 pages of published data, and a deposit on hold. Returns the domain and its owner.
	fn sealed_domain(chunks: u16, rows: u16) -> (DomainId, AccountId);
}

/// Chunks and rows a chunk of a domain whose segments are as short as possible, one page each.
const SHORT: (u16, u16) = (64, 8);
/// Pages of the longest segment.
const MOST_PAGES: u32 = MAX_SEGMENT_BYTES / PAGE_BYTES;

/// Returns a domain and its owner, which can pay for all its segments and its purse.
fn domain<T: Config>((chunks, rows): (u16, u16)) -> (DomainId, T::AccountId) {
	let (domain, owner) = T::BenchmarkHelper::sealed_domain(chunks, rows);
	assert!(T::Currency::mint_into(&owner, 1_000_000 * DOIN).is_ok());
	(domain, owner)
}

/// Seals `count` segments whose bytes are unknown.
fn with_segments<T: Config>(domain: DomainId, owner: &T::AccountId, count: u16) {
	assert!(Pallet::<T>::do_seal(owner.clone(), domain, 0, vec![[1; 32]; count.into()]).is_ok());
}

/// Makes round 0 of `domain` wait for its segment.
fn ask<T: Config>(domain: DomainId) -> RoundId {
	Pallet::<T>::ask(domain, Segments::<T>::get(domain), 0);
	RoundId { domain, number: 0 }
}

/// Fills the agenda from `from` on with items of other rounds, so that scheduling passes as many full blocks as possible.
fn crowd_agenda<T: Config>(from: BlockNumber) {
	for block in 0..MAX_ITEMS / PER_BLOCK {
		let items = (0..PER_BLOCK).map(|place| RoundId { domain: DomainId::MAX, number: block * PER_BLOCK + place });
		Due::<T>::insert(from + block, Items::truncate_from(items.collect()));
	}
}

/// Returns as many rounds as can wait for bars, off the agenda, and the last of them. They are stored with domain 0: a chain may
/// have no stream, so no domain with live evidence can be registered.
fn waiting_rounds<T: Config>() -> (RoundId, LiveRounds) {
	let waiting = (0..MAX_WAITING).map(|number| WaitingBars {
		number,
		first: number.into(),
		until: BlockNumber::MAX,
		look: current_block::<T>(),
	});
	let live = LiveRounds { next: MAX_WAITING.into(), waiting: BoundedVec::truncate_from(waiting.collect()) };
	Live::<T>::insert(0, &live);
	(RoundId { domain: 0, number: MAX_WAITING - 1 }, live)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The hashes fill up one entry and another one, and the rest takes a third, as is possible with at least 34 of them.
	#[benchmark]
	fn seal(n: Linear<34, MAX_HASHES>) {
		let (domain, owner) = domain::<T>(SHORT);
		with_segments::<T>(domain, &owner, CHUNK - 1);
		let hashes: Vec<Hash> = vec![[2; 32]; n as usize];

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain, CHUNK - 1, BoundedVec::truncate_from(hashes));

		assert_eq!(u32::from(Segments::<T>::get(domain).sealed), u32::from(CHUNK) - 1 + n);
		assert_eq!(Hashes::<T>::iter_prefix(domain).count(), 3);
	}

	#[benchmark]
	fn fund() {
		let (domain, owner) = domain::<T>(SHORT);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain, DOIN);

		assert_eq!(Purses::<T>::get(domain).held, DOIN);
	}

	/// The champion carries bits, whose price is read.
	#[benchmark]
	fn withdraw() {
		let (domain, owner) = domain::<T>(SHORT);
		T::Domains::record_progress(domain, 0, MOST_CARRIED);
		assert!(Pallet::<T>::do_fund(owner.clone(), domain, 3 * DOIN).is_ok());

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain, DOIN);

		assert_eq!(Purses::<T>::get(domain).held, 2 * DOIN);
	}

	/// A segment of `p` pages is opened late, which ends a suspension. Every page has 512 labels.
	#[benchmark]
	fn open_segment(p: Linear<1, MOST_PAGES>) {
		let (domain, owner) = domain::<T>((256, 2 * p as u16));
		let bytes = vec![0; (p * PAGE_BYTES) as usize];
		let hash = segment_hash(&T::GenesisHash::get(), &owner, 0, &[3; 32], &bytes);
		assert!(Pallet::<T>::do_seal(owner.clone(), domain, 0, vec![hash]).is_ok());
		T::Domains::suspend(domain);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain, 0, BoundedVec::truncate_from(bytes), [3; 32]);

		assert_eq!(Segments::<T>::get(domain).opened, 1);
		assert!(T::Domains::state(domain).is_some_and(|state| state.suspended.is_none()));
	}

	/// No time ends in this block.
	#[benchmark]
	fn on_initialize() {
		let now = frame_system::Pallet::<T>::block_number();

		#[block]
		{
			Pallet::<T>::on_initialize(now);
		}
	}

	/// The agenda reads the segments and the base fee before. The report to the round is not included.
	#[benchmark]
	fn miss() {
		let (domain, owner) = domain::<T>(SHORT);
		with_segments::<T>(domain, &owner, 1);
		let round = ask::<T>(domain);

		#[block]
		{
			let segments = Segments::<T>::get(domain);
			T::BaseFee::base_fee();
			Pallet::<T>::miss(round, segments);
		}

		assert!(T::Domains::state(domain).is_some_and(|state| state.suspended.is_some()));
	}

	/// All blocks in which the doubled time could end are full. The agenda reads the segments and the base fee before.
	#[benchmark]
	fn double() {
		let (domain, owner) = domain::<T>(SHORT);
		with_segments::<T>(domain, &owner, 1);
		let round = ask::<T>(domain);
		let Some(awaited) = Segments::<T>::get(domain).awaited else { panic!("the round waits") };
		assert!(AgendaOf::<T>::cancel(awaited.until, &round));
		let length = awaited.until - current_block::<T>();
		crowd_agenda::<T>(awaited.until + length);

		#[block]
		{
			let segments = Segments::<T>::get(domain);
			T::BaseFee::base_fee();
			Pallet::<T>::double(round, segments, awaited);
		}

		assert!(matches!(Segments::<T>::get(domain).awaited, Some(Awaited { doubled: true, .. })));
	}

	/// All blocks in which the stream could be read again are full. The length of a block is read before, to choose one.
	#[benchmark]
	fn keep_waiting() {
		frame_system::Pallet::<T>::set_block_number(1u32.into());
		let (round, live) = waiting_rounds::<T>();
		let look = current_block::<T>() + 1;
		crowd_agenda::<T>(look);

		#[block]
		{
			T::Timing::blocks(1);
			Pallet::<T>::keep_waiting(round, live, look);
		}

		let look = look + MAX_ITEMS / PER_BLOCK;
		assert_eq!(Live::<T>::get(0).waiting.last().map(|waiting| waiting.look), Some(look));
	}

	/// The report to the round is not included.
	#[benchmark]
	fn end_bars() {
		let (round, live) = waiting_rounds::<T>();

		#[block]
		{
			Pallet::<T>::end_bars(round, live, Event::BarsComplete { round, first: 2, bars: 1 });
		}

		assert_eq!(Live::<T>::get(0).waiting.len() as u32, MAX_WAITING - 1);
	}

	/// As many segments are sealed as a domain can have.
	#[benchmark]
	fn retired() {
		let (domain, owner) = domain::<T>(SHORT);
		let most = T::Domains::spec(domain).map_or(0, |spec| spec.most_segments());
		with_segments::<T>(domain, &owner, most as u16);
		assert!(Pallet::<T>::do_fund(owner, domain, DOIN).is_ok());

		#[block]
		{
			<Pallet<T> as EvidenceSource>::retired(domain);
		}

		assert_eq!(Hashes::<T>::iter_prefix(domain).count(), 0);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
