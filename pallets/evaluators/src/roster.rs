//! Rosters: lists of seats in chunks.
//!
//! A roster has up to 1 024 seats in chunks of 64. A new seat goes to the end, and the last seat fills a gap, so a change touches
//! two chunks at most. The seats of a full roster are outbid: a bond that is larger by a tenth takes the place of the smallest
//! one.

use crate::{
	pallet::{Config, DisplacedSeats, Error, Event, Pallet, Rosters, SeatIndex, Seats},
	types::{least_bid, DisplacedSeat, EvaluatorRecord, Roster, Seat},
};
use core::cmp::Reverse;
use doin_primitives::{draw, Balance, BlockNumber, DomainId, SizeClass};
use doin_traits::Timing;
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{defensive_prelude::*, Get},
};

impl<T: Config> Pallet<T> {
	/// Returns the roster that serves the tasks of `domain` that were requested with this weight.
	pub(crate) fn roster_of(domain: DomainId, class: SizeClass, weighted: bool) -> Roster {
		if weighted {
			Roster::Class(class)
		} else {
			Roster::Domain(domain)
		}
	}

	/// Returns `true` if an evaluator can have seats: it has not unbonded, and its bond is at least [`Config::MinBond`].
	pub(crate) fn is_active(record: &EvaluatorRecord) -> bool {
		!record.is_unbonding() && record.bond >= T::MinBond::get()
	}

	/// Returns the chunk of seat `position` and the place inside that chunk.
	fn place(position: u32) -> (u32, usize) {
		(position.checked_div(draw::CHUNK).unwrap_or(0), position.checked_rem(draw::CHUNK).unwrap_or(0) as usize)
	}

	/// Returns every seat of `roster` in the order of positions.
	pub(crate) fn seats_of(roster: Roster) -> impl Iterator<Item = Seat<T::AccountId>> {
		let chunks = Rosters::<T>::get(roster).div_ceil(draw::CHUNK);
		(0..chunks).flat_map(move |chunk| Seats::<T>::get(roster, chunk))
	}

	/// Gives `who` a seat on `roster`: a new one, or the smallest one of a full roster if `bond` is at least its [`least_bid`].
	///
	/// # Errors
	///
	/// Fails and changes nothing with [`Error::RosterFull`] if `bond` is too small for that, and with
	/// [`Error::TooManyDisplaced`] if too many seats were taken recently.
	pub(crate) fn join(roster: Roster, who: &T::AccountId, bond: Balance) -> DispatchResult {
		let len = Rosters::<T>::get(roster);
		let seat = Seat { who: who.clone(), bond, since: Self::now() };
		if len >= draw::MAX_ROSTER {
			return Self::displace(roster, seat);
		}
		let (chunk, _) = Self::place(len);
		Seats::<T>::try_mutate(roster, chunk, |seats| seats.try_push(seat)).map_err(|_| Error::<T>::RosterFull)?;
		SeatIndex::<T>::insert(who, roster, len);
		Rosters::<T>::insert(roster, len.saturating_add(1));
		Ok(())
	}

	/// Puts `seat` in the place of the smallest seat of `roster`, the youngest of several. Draws that are under way still pick
	/// the displaced seat, so no account can remove an evaluator from a draw whose seed it knows.
	fn displace(roster: Roster, seat: Seat<T::AccountId>) -> DispatchResult {
		let smallest = (0u32..).zip(Self::seats_of(roster)).min_by_key(|(_, seat)| (seat.bond, Reverse(seat.since)));
		let (position, old) = smallest.filter(|(_, old)| seat.bond >= least_bid(old.bond)).ok_or(Error::<T>::RosterFull)?;
		let now = Self::now();
		let period = T::Timing::rounds().period();
		let mut displaced = DisplacedSeats::<T>::get(roster);
		displaced.retain(|displaced| now < displaced.left.saturating_add(period));
		let who = old.who.clone();
		displaced.try_push(DisplacedSeat { seat: old, left: now }).map_err(|_| Error::<T>::TooManyDisplaced)?;
		let (chunk, place) = Self::place(position);
		SeatIndex::<T>::insert(&seat.who, roster, position);
		SeatIndex::<T>::remove(&who, roster);
		Seats::<T>::mutate(roster, chunk, |seats| match seats.get_mut(place) {
			Some(old) => *old = seat,
			None => {
				defensive!("the place of a seat that was read exists");
			}
		});
		DisplacedSeats::<T>::insert(roster, displaced);
		Self::deposit_event(Event::Displaced { who, roster });
		Ok(())
	}

	/// Removes the seat of `who` from `roster`; the last seat moves into the gap. Does nothing if `who` has no seat.
	pub(crate) fn leave(roster: Roster, who: &T::AccountId) {
		let Some(position) = SeatIndex::<T>::take(who, roster) else {
			return;
		};
		let len = Rosters::<T>::get(roster).saturating_sub(1);
		let (chunk, place) = Self::place(position);
		let (last_chunk, last_place) = Self::place(len);
		let last = Seats::<T>::mutate(roster, last_chunk, |seats| seats.pop());
		let Some(last) = last.defensive_proof("the last chunk of a roster with a seat is not empty") else {
			return;
		};
		if position != len {
			SeatIndex::<T>::insert(&last.who, roster, position);
			Seats::<T>::mutate(roster, chunk, |seats| match seats.get_mut(place) {
				Some(seat) => *seat = last,
				None => {
					defensive!("an index points at a seat of a stored chunk");
				}
			});
		}
		if last_place == 0 {
			Seats::<T>::remove(roster, last_chunk);
		}
		if len == 0 {
			Rosters::<T>::remove(roster);
		} else {
			Rosters::<T>::insert(roster, len);
		}
	}

	/// Writes a new bond into the seat of `who` on `roster`, and the block `since`, if it is given. Returns `false` if `who` has
	/// no seat.
	fn update_seat(roster: Roster, who: &T::AccountId, bond: Balance, since: Option<BlockNumber>) -> bool {
		let Some(position) = SeatIndex::<T>::get(who, roster) else {
			return false;
		};
		let (chunk, place) = Self::place(position);
		Seats::<T>::mutate(roster, chunk, |seats| match seats.get_mut(place) {
			Some(seat) => {
				seat.bond = bond;
				seat.since = since.unwrap_or(seat.since);
			}
			None => {
				defensive!("an index points at a seat of a stored chunk");
			}
		});
		true
	}

	/// Gives an active evaluator a seat on each roster of `record`, and writes the bond of `record` into the seats that it has.
	/// `raised` is `true` if the bond was raised.
	///
	/// # Errors
	///
	/// Fails as [`Self::join`] does if the evaluator cannot have a seat of its size class. Other full rosters are left out.
	pub(crate) fn take_seats(who: &T::AccountId, record: &EvaluatorRecord, raised: bool) -> DispatchResult {
		let since = raised.then(Self::now);
		for roster in record.rosters() {
			if Self::update_seat(roster, who, record.bond, since) {
				continue;
			}
			if let Err(error) = Self::join(roster, who, record.bond) {
				ensure!(roster != Roster::Class(record.class), error);
				Self::deposit_event(Event::NotSeated { who: who.clone(), roster });
			}
		}
		Ok(())
	}

	/// Lowers the bond of `record` to `bond`. An evaluator whose bond falls below [`Config::MinBond`] loses its seats. The caller
	/// stores the record.
	pub(crate) fn lower_bond(who: &T::AccountId, record: &mut EvaluatorRecord, bond: Balance) {
		let was_active = Self::is_active(record);
		record.bond = bond;
		let is_active = Self::is_active(record);
		for roster in record.rosters().filter(|_| was_active) {
			if is_active {
				Self::update_seat(roster, who, bond, None);
			} else {
				Self::leave(roster, who);
			}
		}
		if was_active && !is_active {
			Self::deposit_event(Event::Suspended { who: who.clone(), bond });
		}
	}

	/// Returns the number of seats of `roster` without those of `exclude`.
	pub(crate) fn seats_without(roster: Roster, exclude: &[T::AccountId]) -> u32 {
		let excluded = exclude.iter().filter(|who| SeatIndex::<T>::contains_key(who, roster)).count() as u32;
		Rosters::<T>::get(roster).saturating_sub(excluded)
	}
}
