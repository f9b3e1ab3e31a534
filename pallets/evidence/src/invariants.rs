//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{
	types::{place_of, LiveNeeds, LiveRounds, Segments as SegmentList},
	Config, Due, Hashes, HoldReason, Live, Pallet, Purses, Segments,
};
use alloc::{collections::BTreeMap, vec::Vec};
use doin_primitives::{domain::DomainState, Balance, DomainId, DomainSpec, EvidenceKind, RoundId};
use doin_traits::Domains;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks segments, hashes, purses and awaited bars against their domains, the holds and the agenda.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut agenda: BTreeMap<RoundId, Vec<u32>> = BTreeMap::new();
		for (block, rounds) in Due::<T>::iter() {
			ensure!(!rounds.is_empty(), "a block without rounds must not be stored");
			rounds.into_iter().for_each(|round| agenda.entry(round).or_default().push(block));
		}
		let (mut holds, mut purses) = (BTreeMap::new(), BTreeMap::new());
		let add = |sums: &mut BTreeMap<T::AccountId, Balance>, who: &T::AccountId, amount: Balance| {
			let sum = sums.entry(who.clone()).or_default();
			*sum = sum.saturating_add(amount);
		};
		let mut chunks = 0usize;
		for (domain, segments) in Segments::<T>::iter() {
			let spec = T::Domains::spec(domain).ok_or("segments must have a domain")?;
			let state = T::Domains::state(domain).ok_or("segments must have a domain")?;
			Self::check_segments(domain, &segments, &spec, &state)?;
			chunks = chunks.saturating_add(Self::check_hashes(domain, &segments)?);
			if let Some(awaited) = segments.awaited {
				let round = RoundId { domain, number: awaited.number };
				ensure!(
					agenda.remove(&round) == Some(alloc::vec![awaited.until]),
					"a round that waits must be on the agenda once"
				);
			}
			add(&mut holds, &state.owner, segments.hold);
		}
		for (domain, live) in Live::<T>::iter() {
			let open_rounds = T::Domains::state(domain).ok_or("rounds must have a domain")?.open_rounds;
			Self::check_live(domain, &live, open_rounds)?;
			for waiting in live.waiting {
				let round = RoundId { domain, number: waiting.number };
				ensure!(
					agenda.remove(&round) == Some(alloc::vec![waiting.look]),
					"a round that waits must be on the agenda once"
				);
			}
		}
		ensure!(agenda.is_empty(), "the agenda must not contain a round that does not wait");
		ensure!(Hashes::<T>::iter_keys().count() == chunks, "every hash must have a domain");
		for (domain, purse) in Purses::<T>::iter() {
			let spec = T::Domains::spec(domain).ok_or("a purse must have a domain")?;
			let state = T::Domains::state(domain).ok_or("a purse must have a domain")?;
			ensure!(spec.evidence.kind() == EvidenceKind::Sealed, "only a domain with sealed evidence can have a purse");
			add(&mut purses, &state.owner, purse.held);
		}
		for (who, sum) in holds {
			let held = T::Currency::balance_on_hold(&HoldReason::Segments.into(), &who);
			ensure!(held == sum, "the price of every sealed segment must be on hold");
		}
		for (who, sum) in purses {
			let held = T::Currency::balance_on_hold(&HoldReason::Purse.into(), &who);
			ensure!(held == sum, "every purse must be on hold");
		}
		Ok(())
	}

	/// Checks the numbers of segments of a domain, and that the opened ones are stored and no other.
	fn check_segments(
		domain: DomainId,
		segments: &SegmentList,
		spec: &DomainSpec,
		state: &DomainState<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		ensure!(spec.evidence.kind() == EvidenceKind::Sealed, "only a domain with sealed evidence can have segments");
		ensure!(segments.opened <= segments.sealed, "only a sealed segment can be opened");
		ensure!(u32::from(segments.sealed) <= spec.most_segments(), "a domain must not have more segments than it has room for");
		ensure!(segments.hold > 0, "sealed segments must have a hold");
		let waits = segments.awaited.is_some() || state.suspended.is_some();
		ensure!(!waits || segments.left() > 0, "only a sealed segment can be awaited");
		ensure!(segments.awaited.is_none() || state.open_rounds > 0, "only an undecided round can wait for a segment");
		ensure!(segments.awaited.is_none() || state.suspended.is_none(), "no round can wait for a segment of a suspended domain");
		let end = spec.segment_page(segments.opened);
		ensure!(
			segments.opened == 0 || T::Domains::page(domain, end.saturating_sub(1)).is_some(),
			"the pages of every opened segment must be stored"
		);
		ensure!(T::Domains::page(domain, end).is_none(), "no page of a sealed segment must be stored");
		Ok(())
	}

	/// Checks that the rounds of a domain are in order, and that no bar was given to two of them.
	fn check_live(domain: DomainId, live: &LiveRounds, open_rounds: u32) -> Result<(), TryRuntimeError> {
		let spec = T::Domains::spec(domain).ok_or("rounds must have a domain")?;
		let needs = LiveNeeds::of(&spec).ok_or("only rounds of a domain with live evidence can wait for bars")?;
		ensure!(live.next >= needs.bars, "a domain whose rounds have waited must have been given bars");
		ensure!(live.waiting.len() as u32 <= open_rounds, "only an undecided round can wait for bars");
		let (mut last, mut free) = (None, 0);
		for waiting in &live.waiting {
			ensure!(last < Some(waiting.number), "rounds must wait in ascending order");
			ensure!(waiting.first >= free, "no bar must be given to two rounds");
			ensure!(waiting.look <= waiting.until, "bars must not be looked for after their time");
			(last, free) = (Some(waiting.number), needs.end(waiting.first));
		}
		ensure!(free <= live.next, "a bar that was given must not be given again");
		Ok(())
	}

	/// Checks that a domain has one hash for every sealed segment. Returns the number of their storage entries.
	fn check_hashes(domain: DomainId, segments: &SegmentList) -> Result<usize, TryRuntimeError> {
		let (full, rest) = place_of(segments.sealed);
		let mut chunks = 0usize;
		for (chunk, hashes) in Hashes::<T>::iter_prefix(domain) {
			chunks = chunks.saturating_add(1);
			let expected = if chunk < full { hashes.is_full() } else { chunk == full && hashes.len() == rest && rest > 0 };
			ensure!(expected, "every sealed segment must have one hash");
		}
		ensure!(chunks == usize::from(full).saturating_add(usize::from(rest > 0)), "every sealed segment must have a hash");
		Ok(chunks)
	}
}
