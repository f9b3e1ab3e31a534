//! Invariants of the storage, of the account of the pots and of the holds. `try_state` checks them, and every test ends with them.

use crate::{
	types::{Round, Seat, Stage},
	Config, Due, Forecasters, HoldReason, Markets, Open, Pallet, Rounds, Seats, MAX_OPEN, SEAT_DEPOSIT,
};
use alloc::collections::BTreeMap;
use doin_market::{
	payment,
	settlement::{gain, loss},
	Reference,
};
use doin_primitives::{Balance, RoundId, ONE_Q32};
use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks markets, rounds, seats, records and the agenda against each other, the account of the pots and the holds.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut owed = Self::owed_to_markets();
		let mut seats_of = BTreeMap::<(u32, T::AccountId), u32>::new();
		let mut open_of = BTreeMap::<u32, u32>::new();
		let mut agenda = BTreeMap::<RoundId, u32>::new();
		Due::<T>::iter_values().flatten().for_each(|round| {
			let count = agenda.entry(round).or_default();
			*count = count.saturating_add(1);
		});
		for (round, state) in Rounds::<T>::iter() {
			let market = Markets::<T>::get(round.domain).ok_or("a round must have a market")?;
			ensure!(round.number < market.next, "a round must have been opened");
			let seats = Seats::<T>::get(round);
			owed = owed.saturating_add(Self::check_round(&state, &seats)?);
			for seat in &seats {
				let count = seats_of.entry((round.domain, seat.who.clone())).or_default();
				*count = count.saturating_add(1);
			}
			let entries = agenda.remove(&round).unwrap_or(0);
			ensure!(entries == u32::from(state.stage.is_open()), "an open round must be on the agenda once");
			let open = open_of.entry(round.domain).or_default();
			*open = open.saturating_add(entries);
		}
		ensure!(agenda.is_empty(), "the agenda must not contain a round that does not exist");
		ensure!(Seats::<T>::iter_keys().all(Rounds::<T>::contains_key), "seats must have a round");
		ensure!(
			owed <= T::Currency::balance(&Self::account()),
			"the account of the pots must have all pots, wagers and deposits"
		);
		for (stream, market) in Markets::<T>::iter() {
			let open = open_of.get(&stream).copied().unwrap_or(0);
			ensure!(market.open == open && open <= MAX_OPEN, "the open rounds of a market must be counted");
			ensure!(market.claimed <= ONE_Q32, "the claims of a term must be paid one bit at most");
		}
		let open = open_of.values().fold(0u32, |sum, open| sum.saturating_add(*open));
		ensure!(Open::<T>::get() == open, "all open rounds must be counted");
		Self::check_records(seats_of)
	}

	/// Returns the sum of all pots and of the existential deposits that markets have left, in plancks.
	fn owed_to_markets() -> Balance {
		let least = T::Currency::minimum_balance();
		Markets::<T>::iter_values().fold(0, |sum: Balance, market| sum.saturating_add(market.pot).saturating_add(least))
	}

	/// Checks the sums of a round against its seats. Returns the amount that belongs to its seats, in plancks.
	fn check_round(state: &Round, seats: &[Seat<T::AccountId>]) -> Result<Balance, TryRuntimeError> {
		let sum =
			|of: &dyn Fn(&Seat<T::AccountId>) -> Balance| seats.iter().fold(0, |sum: Balance, seat| sum.saturating_add(of(seat)));
		let deposits = SEAT_DEPOSIT.saturating_mul(seats.len() as Balance);
		let wagers = sum(&|seat| seat.wager);
		let owed = match &state.stage {
			Stage::Closed { settled, .. } => {
				let paid = sum(&|seat| seat.skill.map_or(0, |skill| payment(seat.wager, skill, settled.factor)));
				ensure!(settled.seats as usize == seats.len(), "a closed round must count its seats");
				ensure!(settled.owed >= paid, "a closed round must be able to pay its seats");
				settled.owed
			}
			Stage::Void => wagers,
			_ => {
				let book = &state.book;
				let lost = sum(&|seat| seat.skill.map_or(seat.wager, |skill| loss(seat.wager, skill)));
				let gained = sum(&|seat| seat.skill.map_or(0, |skill| gain(seat.wager, skill)));
				ensure!(book.seats as usize == seats.len() && book.wagers == wagers, "wagers must be those of the seats");
				ensure!(book.losses == lost && book.gains == gained, "losses and gains must be those of the seats");
				wagers
			}
		};
		ensure!(state.stage.is_open() || !seats.is_empty(), "a round without seats must be removed");
		let awaits_bars = matches!(state.stage, Stage::Committing { .. } | Stage::Waiting { .. });
		let is_forecast = state.champion.is_some();
		ensure!(!is_forecast || (awaits_bars && !seats.is_empty()), "a forecast of the champion must have a seat and no bars");
		let needs_forecast = awaits_bars && !seats.is_empty() && state.reference == Reference::Champion;
		ensure!(!needs_forecast || is_forecast, "the reference of an entered round must have a forecast");
		Ok(owed.saturating_add(deposits))
	}

	/// Checks the records of forecasters against their seats, of which `seats_of` has the numbers, and the holds.
	fn check_records(mut seats_of: BTreeMap<(u32, T::AccountId), u32>) -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (stream, who, forecaster) in Forecasters::<T>::iter() {
			let seats = seats_of.remove(&(stream, who.clone())).unwrap_or(0);
			ensure!(forecaster.seats == seats, "a forecaster must count its seats");
			let deposit = deposits.entry(who).or_default();
			*deposit = deposit.saturating_add(forecaster.deposit);
		}
		ensure!(seats_of.is_empty(), "a seat must have a record");
		for (who, deposit) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Record.into(), &who);
			ensure!(held == deposit, "the deposit of every record must be on hold");
		}
		Ok(())
	}
}
