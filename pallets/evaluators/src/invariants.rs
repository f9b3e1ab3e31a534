//! Invariants of the stored state, checked after each block.

use crate::{
	pallet::{Config, DisplacedSeats, Evaluators, HoldReason, Pallet, Rosters, SeatIndex, Seats},
	types::Roster,
};
use alloc::vec::Vec;
use doin_primitives::draw;
use frame_support::{ensure, traits::fungible::hold::Inspect};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks bonds against holds, rosters against their indices, and that no block of a record lies in the future.
	///
	/// # Errors
	///
	/// Fails with a description of the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_evaluators()?;
		Self::check_rosters()?;
		Self::check_displaced()
	}

	fn check_evaluators() -> Result<(), TryRuntimeError> {
		let bond = HoldReason::Bond.into();
		let now = Self::now();
		for (who, record) in Evaluators::<T>::iter() {
			ensure!(T::Currency::balance_on_hold(&bond, &who) == record.bond, "a bond differs from the amount on hold");
			ensure!(record.bond > 0, "an evaluator without a bond is stored");
			ensure!(record.last_absence.is_none_or(|at| at <= now), "an absence lies in the future");
			ensure!(record.last_counted <= record.last_absence, "an absence counted after the last one");
			ensure!(record.absences == 0 || record.last_counted.is_some(), "an absence counted in no block");
			let seated: Vec<Roster> = SeatIndex::<T>::iter_key_prefix(&who).collect();
			ensure!(seated.is_empty() || Self::is_active(&record), "an inactive evaluator has a seat");
			let is_served = |roster: &Roster| record.rosters().any(|served| served == *roster);
			ensure!(seated.iter().all(is_served), "an evaluator has a seat on a roster that it does not serve");
		}
		Ok(())
	}

	fn check_rosters() -> Result<(), TryRuntimeError> {
		let mut seated = 0usize;
		let mut chunks = 0usize;
		for (roster, len) in Rosters::<T>::iter() {
			ensure!((1..=draw::MAX_ROSTER).contains(&len), "a roster is empty or too long");
			let mut position = 0u32;
			for seat in Self::seats_of(roster) {
				ensure!(SeatIndex::<T>::get(&seat.who, roster) == Some(position), "a seat differs from its index");
				let record = Evaluators::<T>::get(&seat.who).ok_or("a seat belongs to an account without a bond")?;
				ensure!(seat.bond == record.bond, "the bond of a seat differs from its evaluator's");
				ensure!(seat.since <= Self::now(), "a seat was taken in the future");
				position = position.saturating_add(1);
			}
			ensure!(position == len, "the seats of a roster do not add up");
			seated = seated.saturating_add(len as usize);
			chunks = chunks.saturating_add(len.div_ceil(draw::CHUNK) as usize);
		}
		ensure!(SeatIndex::<T>::iter().count() == seated, "an index points at a seat that is not stored");
		ensure!(Seats::<T>::iter_keys().count() == chunks, "a chunk of seats belongs to no roster");
		Ok(())
	}

	fn check_displaced() -> Result<(), TryRuntimeError> {
		for (_, displaced) in DisplacedSeats::<T>::iter() {
			for displaced in displaced {
				ensure!(displaced.left <= Self::now(), "a seat was lost in the future");
				ensure!(displaced.seat.since <= displaced.left, "a seat was lost before it was taken");
			}
		}
		Ok(())
	}
}
