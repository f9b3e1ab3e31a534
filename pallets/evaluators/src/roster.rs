//! Rosters: lists of seats in chunks, changed in a constant number of reads and writes.
//!
//! A roster has up to 1 024 seats in chunks of 64. A new seat goes to the end, and the last seat fills a gap, so a change touches
//! two chunks at most. [`Rosters`] holds the sum of bonds of each chunk, so a draw reads only the chunks that it picks from.

use crate::{
	pallet::{Config, Error, Event, Pallet, Rosters, SeatIndex, Seats},
	types::{EvaluatorRecord, Roster, Seat},
};
use alloc::vec::Vec;
use doin_primitives::{
	draw,
	quorum::{self, MIN_QUORUM},
	Balance, DomainId, Hash, SizeClass,
};
use doin_traits::{DomainWeights, Reputation};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{defensive_prelude::*, Get},
};

impl<T: Config> Pallet<T> {
	/// Returns the roster that serves `domain` now.
	pub(crate) fn roster_of(domain: DomainId, class: SizeClass) -> Roster {
		if T::DomainWeights::weight(domain) > 0 {
			Roster::Class(class)
		} else {
			Roster::Domain(domain)
		}
	}

	/// Returns `true` if an evaluator has seats: it has not unbonded, and its bond is at least [`Config::MinBond`].
	pub(crate) fn is_active(record: &EvaluatorRecord) -> bool {
		!record.is_unbonding() && record.bond >= T::MinBond::get()
	}

	/// Returns the chunk of seat `position` and the place inside that chunk.
	fn place(position: u32) -> (u32, usize) {
		(position.checked_div(draw::CHUNK).unwrap_or(0), position.checked_rem(draw::CHUNK).unwrap_or(0) as usize)
	}

	/// Adds a seat at the end of `roster`.
	///
	/// # Errors
	///
	/// Fails with [`Error::RosterFull`] if every seat is taken.
	pub(crate) fn join(roster: Roster, who: &T::AccountId, bond: Balance) -> DispatchResult {
		let mut index = Rosters::<T>::get(roster);
		ensure!(index.len < draw::MAX_ROSTER, Error::<T>::RosterFull);
		let (chunk, _) = Self::place(index.len);
		match index.sums.get_mut(chunk as usize) {
			Some(sum) => *sum = sum.saturating_add(bond),
			None => index.sums.try_push(bond).map_err(|_| Error::<T>::RosterFull)?,
		}
		Seats::<T>::try_mutate(roster, chunk, |seats| seats.try_push(Seat { who: who.clone(), bond }))
			.map_err(|_| Error::<T>::RosterFull)?;
		SeatIndex::<T>::insert(who, roster, index.len);
		index.len = index.len.saturating_add(1);
		Rosters::<T>::insert(roster, index);
		Ok(())
	}

	/// Removes the seat of `who` from `roster`; the last seat moves into the gap. Does nothing if `who` has no seat.
	pub(crate) fn leave(roster: Roster, who: &T::AccountId) {
		let Some(position) = SeatIndex::<T>::take(who, roster) else {
			return;
		};
		let mut index = Rosters::<T>::get(roster);
		index.len = index.len.saturating_sub(1);
		let (chunk, place) = Self::place(position);
		let (last_chunk, last_place) = Self::place(index.len);
		let last = Seats::<T>::mutate(roster, last_chunk, |seats| seats.pop());
		let Some(last) = last.defensive_proof("the last chunk of a roster with a seat is not empty") else {
			return;
		};
		if let Some(sum) = index.sums.get_mut(last_chunk as usize) {
			*sum = sum.saturating_sub(last.bond);
		}
		if position != index.len {
			let bond = last.bond;
			SeatIndex::<T>::insert(&last.who, roster, position);
			let gone = Seats::<T>::mutate(roster, chunk, |seats| seats.get_mut(place).map(|seat| core::mem::replace(seat, last)));
			match (gone, index.sums.get_mut(chunk as usize)) {
				(Some(gone), Some(sum)) => *sum = sum.saturating_sub(gone.bond).saturating_add(bond),
				_ => {
					defensive!("an index points at a seat of a stored chunk");
				}
			}
		}
		if last_place == 0 {
			Seats::<T>::remove(roster, last_chunk);
			index.sums.pop();
		}
		if index.len == 0 {
			Rosters::<T>::remove(roster);
		} else {
			Rosters::<T>::insert(roster, index);
		}
	}

	/// Writes a new bond into the seat of `who` on `roster`. Does nothing if `who` has no seat.
	fn update_seat(roster: Roster, who: &T::AccountId, bond: Balance) {
		let Some(position) = SeatIndex::<T>::get(who, roster) else {
			return;
		};
		let (chunk, place) = Self::place(position);
		let old =
			Seats::<T>::mutate(roster, chunk, |seats| seats.get_mut(place).map(|seat| core::mem::replace(&mut seat.bond, bond)));
		Rosters::<T>::mutate(roster, |index| match (old, index.sums.get_mut(chunk as usize)) {
			(Some(old), Some(sum)) => *sum = sum.saturating_sub(old).saturating_add(bond),
			_ => {
				defensive!("an index points at a seat of a stored chunk");
			}
		});
	}

	/// Changes the bond of `record`, and joins or leaves rosters where it crosses the minimum. The caller stores the record.
	///
	/// # Errors
	///
	/// Fails with [`Error::RosterFull`] if a roster to join is full, so never when the bond falls.
	pub(crate) fn set_bond(who: &T::AccountId, record: &mut EvaluatorRecord, bond: Balance) -> DispatchResult {
		let was_seated = SeatIndex::<T>::contains_key(who, Roster::Class(record.class));
		record.bond = bond;
		let is_active = Self::is_active(record);
		for roster in record.rosters() {
			match (was_seated, is_active) {
				(true, true) => Self::update_seat(roster, who, bond),
				(true, false) => Self::leave(roster, who),
				(false, true) => Self::join(roster, who, bond)?,
				(false, false) => {}
			}
		}
		if was_seated && !is_active {
			Self::deposit_event(Event::Suspended { who: who.clone(), bond });
		}
		Ok(())
	}

	/// Returns the number of seats of `roster` without those of `exclude`.
	pub(crate) fn seats_without(roster: Roster, exclude: &[T::AccountId]) -> u32 {
		let excluded = exclude.iter().filter(|who| SeatIndex::<T>::contains_key(who, roster)).count() as u32;
		Rosters::<T>::get(roster).len.saturating_sub(excluded)
	}

	/// Draws a quorum from `roster` with `seed`. Returns an empty list if fewer than [`MIN_QUORUM`] evaluators can be drawn,
	/// since a smaller quorum decides nothing.
	pub(crate) fn draw_from(seed: Hash, roster: Roster, exclude: &[T::AccountId]) -> Vec<T::AccountId> {
		let seats = quorum::size(Self::seats_without(roster, exclude));
		let drawn = draw::draw(
			seed,
			seats,
			&Rosters::<T>::get(roster).sums,
			|chunk| Seats::<T>::get(roster, chunk).into_iter().map(|seat| (seat.who, seat.bond)).collect(),
			|who| {
				if exclude.contains(who) || !T::Reputation::is_eligible(who) {
					0
				} else {
					T::Reputation::factor(who)
				}
			},
		);
		if drawn.len() < MIN_QUORUM as usize {
			Vec::new()
		} else {
			drawn
		}
	}
}
