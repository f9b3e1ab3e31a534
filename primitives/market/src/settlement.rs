//! Settlement of a round from running sums, to the planck.
//!
//! A seat with the wager m and the skill s is paid `m·(1 + s)` if s is below 0 and `m·(1 + f·s)` otherwise, where
//! `f = min(1, (losses + pot/64) / gains)`. A seat that is not revealed loses its wager: the book counts it as lost when it is
//! taken, and a reveal corrects that, so a round closes without a look at its seats.
//!
//! Losses are rounded up and gains down, so what is paid never exceeds what is there. Wagers up to [`MAX_WAGER`], 128 of them
//! and a pot up to the same bound keep every product below 2¹⁰⁵.

use crate::{Signed, ONE};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{emission::CAP, Balance, ONE_Q32, Q32};
use scale_info::TypeInfo;

/// Largest wager for which no product saturates: all coins that can exist, below 2⁶⁵ planck.
pub const MAX_WAGER: Balance = CAP;
/// Part of the pot that one round can take: a 64th, since 18 open rounds share each jump of a price.
pub const POT_PART: Balance = 64;

/// Returns `amount · part`, rounded down. `part` is Q32.
fn scaled(amount: Balance, part: u64) -> Balance {
	amount.saturating_mul(part.into()) >> 32
}

/// Returns the amount that a seat gains before the factor of its round, rounded down; 0 for a negative skill.
pub fn gain(wager: Balance, skill: Signed) -> Balance {
	scaled(wager, skill.clamp(0, ONE).unsigned_abs())
}

/// Returns the amount that a seat loses, rounded up; 0 for a positive skill.
pub fn loss(wager: Balance, skill: Signed) -> Balance {
	let part = skill.clamp(ONE.saturating_neg(), 0).unsigned_abs();
	wager.saturating_sub(scaled(wager, ONE_Q32.saturating_sub(part)))
}

/// Returns what a revealed seat is paid, its wager included. `factor` is f of its round.
///
/// ```
/// use doin_market::{payment, ONE};
/// assert_eq!(payment(1_000, 0, 1 << 32), 1_000);
/// assert_eq!(payment(1_000, ONE / 4, 1 << 31), 1_125);
/// assert_eq!(payment(1_000, -ONE / 4, 1 << 31), 750, "losses are not scaled");
/// assert_eq!(payment(1_000, -ONE, 1 << 32), 0);
/// ```
pub fn payment(wager: Balance, skill: Signed, factor: Q32) -> Balance {
	wager.saturating_sub(loss(wager, skill)).saturating_add(scaled(gain(wager, skill), factor.min(ONE_Q32)))
}

/// Returns `true` if a seat with `wager` displaces the one with the smallest wager of a full round: twice as much does.
pub fn displaces(wager: Balance, smallest: Balance) -> bool {
	wager >= smallest.saturating_mul(2)
}

/// Running sums of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Book {
	/// Seats that are taken.
	pub seats: u32,
	/// Sum of their wagers.
	pub wagers: Balance,
	/// Sum of the gains of revealed seats, before the factor.
	pub gains: Balance,
	/// Sum of the losses of revealed seats and of the wagers of seats that are not revealed.
	pub losses: Balance,
}

impl Book {
	/// Adds a seat that is not revealed.
	pub fn take(&mut self, wager: Balance) {
		self.seats = self.seats.saturating_add(1);
		self.wagers = self.wagers.saturating_add(wager);
		self.losses = self.losses.saturating_add(wager);
	}

	/// Removes a seat that is not revealed: it was displaced, and its wager is returned.
	pub fn leave(&mut self, wager: Balance) {
		self.seats = self.seats.saturating_sub(1);
		self.wagers = self.wagers.saturating_sub(wager);
		self.losses = self.losses.saturating_sub(wager);
	}

	/// Replaces the loss of a whole wager by what `skill` gains or loses.
	pub fn reveal(&mut self, wager: Balance, skill: Signed) {
		self.losses = self.losses.saturating_sub(wager).saturating_add(loss(wager, skill));
		self.gains = self.gains.saturating_add(gain(wager, skill));
	}

	/// Closes the round. `pot` is that of the stream; it gets the losses and loses what all seats together can be paid.
	pub fn close(&self, pot: &mut Balance) -> Settled {
		let available = self.losses.saturating_add(pot.checked_div(POT_PART).unwrap_or(0));
		let factor = available.saturating_mul(ONE_Q32.into()).checked_div(self.gains).unwrap_or(ONE_Q32.into());
		let factor = Q32::try_from(factor).unwrap_or(ONE_Q32).min(ONE_Q32);
		let gains = scaled(self.gains, factor);
		*pot = pot.saturating_add(self.losses).saturating_sub(gains);
		Settled { factor, seats: self.seats, owed: self.wagers.saturating_sub(self.losses).saturating_add(gains) }
	}
}

/// A closed round whose seats are paid one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Settled {
	/// Factor f of gains, Q32.
	pub factor: Q32,
	/// Seats that were not paid yet.
	pub seats: u32,
	/// Amount that is left for them: at least what they are paid.
	pub owed: Balance,
}

impl Settled {
	/// Pays a seat and returns the amount. `skill` is `None` for a seat that was not revealed, which gets nothing. What rounding
	/// left goes to `pot` with the last seat.
	pub fn collect(&mut self, wager: Balance, skill: Option<Signed>, pot: &mut Balance) -> Balance {
		let paid = skill.map_or(0, |skill| payment(wager, skill, self.factor)).min(self.owed);
		self.owed = self.owed.saturating_sub(paid);
		self.seats = self.seats.saturating_sub(1);
		if self.seats == 0 {
			*pot = pot.saturating_add(core::mem::take(&mut self.owed));
		}
		paid
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn losses_come_first_and_the_pot_adds_a_64th() {
		let mut book = Book::default();
		book.take(1_000);
		book.take(1_000);
		book.reveal(1_000, ONE / 2);
		book.reveal(1_000, -ONE / 4);
		assert_eq!(book, Book { seats: 2, wagers: 2_000, gains: 500, losses: 250 });
		let mut pot = 6_400;
		let settled = book.close(&mut pot);
		assert_eq!((settled.factor, pot, settled.owed), (7 * (ONE_Q32 / 10) + 4, 6_301, 2_099), "350 of 500, rounded down");
	}

	#[test]
	fn a_round_without_gains_gives_all_losses_to_the_pot() {
		let mut book = Book::default();
		book.take(1_000);
		let mut pot = 0;
		let mut settled = book.close(&mut pot);
		assert_eq!((settled.factor, pot, settled.owed), (ONE_Q32, 1_000, 0));
		assert_eq!(settled.collect(1_000, None, &mut pot), 0);
	}

	#[test]
	fn a_displaced_seat_leaves_no_trace() {
		let mut book = Book::default();
		book.take(1_000);
		let before = book;
		book.take(7);
		book.leave(7);
		assert_eq!(book, before);
		assert!(displaces(14, 7) && !displaces(13, 7));
	}

	#[test]
	fn wagers_of_all_coins_do_not_saturate() {
		let mut book = Book::default();
		for seat in 0..crate::MAX_SEATS {
			book.take(MAX_WAGER);
			book.reveal(MAX_WAGER, if seat % 2 == 0 { ONE } else { 1 - ONE });
		}
		let mut pot = MAX_WAGER;
		let all = book.wagers + pot;
		let settled = book.close(&mut pot);
		assert_eq!(pot + settled.owed, all);
		assert!(settled.factor == ONE_Q32, "the pot covers what rounding takes from the losses");
	}
}
