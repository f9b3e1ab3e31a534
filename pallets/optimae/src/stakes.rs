//! Stakes of seats: a segment of sealed evidence can be used once, so a seat that uses it up without a better model pays for it.

use crate::{types::Seat, Config, Event, HoldReason, Pallet};
use doin_primitives::RoundId;
use frame_support::traits::Imbalance;

impl<T: Config> Pallet<T> {
	/// Releases the stake of a seat.
	pub(crate) fn return_stake(seat: &mut Seat<T::AccountId>) {
		Self::release(HoldReason::Stake, &seat.who, core::mem::take(&mut seat.stake));
	}

	/// Burns the stake of a seat, if it still has one. The owner of the domain does not receive it: an owner that seals noise
	/// would otherwise earn the stakes.
	pub(crate) fn burn_stake(round: RoundId, index: u8, seat: &mut Seat<T::AccountId>) {
		if seat.stake == 0 {
			return;
		}
		let burned = Self::seize(HoldReason::Stake, &seat.who, core::mem::take(&mut seat.stake)).peek();
		Self::deposit_event(Event::StakeBurned { round, seat: index, who: seat.who.clone(), burned });
	}
}
