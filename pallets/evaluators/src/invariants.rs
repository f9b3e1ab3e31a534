//! Invariants of the stored state, checked after each block.

use crate::pallet::{Config, Evaluators, HoldReason, Pallet, Rosters, SeatIndex, Seats};
use alloc::vec::Vec;
use doin_primitives::Balance;
use frame_support::{ensure, traits::fungible::hold::Inspect};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks bonds against holds, and rosters against their indices.
	///
	/// # Errors
	///
	/// Fails with a description of the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_bonds()?;
		Self::check_rosters()
	}

	fn check_bonds() -> Result<(), TryRuntimeError> {
		let bond = HoldReason::Bond.into();
		for (who, record) in Evaluators::<T>::iter() {
			ensure!(T::Currency::balance_on_hold(&bond, &who) == record.bond, "a bond differs from the amount on hold");
			ensure!(record.bond > 0, "an evaluator without a bond is stored");
			let mut expected: Vec<_> = if Self::is_active(&record) { record.rosters().collect() } else { Vec::new() };
			for (roster, _) in SeatIndex::<T>::iter_prefix(&who) {
				let at = expected.iter().position(|other| *other == roster);
				expected.remove(at.ok_or("an evaluator has a seat on a roster that it does not serve")?);
			}
			ensure!(expected.is_empty(), "an evaluator is missing from a roster");
		}
		Ok(())
	}

	fn check_rosters() -> Result<(), TryRuntimeError> {
		let mut seated = 0usize;
		let mut chunks = 0usize;
		for (roster, index) in Rosters::<T>::iter() {
			ensure!(index.len > 0, "an empty roster is stored");
			let mut position = 0u32;
			for (chunk, sum) in index.sums.iter().enumerate() {
				let seats = Seats::<T>::get(roster, chunk as u32);
				ensure!(!seats.is_empty(), "a roster has an empty chunk");
				chunks = chunks.saturating_add(1);
				let mut bonds: Balance = 0;
				for seat in seats {
					let place = SeatIndex::<T>::get(&seat.who, roster);
					ensure!(place == Some(position), "a seat differs from its index");
					let record = Evaluators::<T>::get(&seat.who).ok_or("a seat belongs to an account without a bond")?;
					ensure!(seat.bond == record.bond, "the bond of a seat differs from its evaluator's");
					bonds = bonds.saturating_add(seat.bond);
					position = position.saturating_add(1);
				}
				ensure!(bonds == *sum, "the bonds of a chunk do not add up");
			}
			ensure!(position == index.len, "the seats of a roster do not add up");
			seated = seated.saturating_add(index.len as usize);
		}
		ensure!(SeatIndex::<T>::iter().count() == seated, "an index points at a seat that is not stored");
		let stored = Seats::<T>::iter_keys().count();
		ensure!(stored == chunks, "a chunk of seats belongs to no roster");
		Ok(())
	}
}
