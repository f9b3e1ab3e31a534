//! Seats of a round: commitments, reveals and payments.

use crate::{
	types::{Forecast, Forecaster, Round, Seat, SeatList, Stage},
	Config, Error, Event, Forecasters, HoldReason, Markets, Pallet, Rounds, Seats, COMMIT_BURN, MIN_WAGER, SEAT_DEPOSIT,
};
use doin_market::{settlement::displaces, skill, standing, Record, Signed, ONE};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	Balance, Hash, RoundId,
};
use doin_traits::block::current_block;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
};
use sp_runtime::{traits::AccountIdConversion, DispatchError};

impl<T: Config> Pallet<T> {
	/// Returns the account of all pots, wagers and deposits of seats.
	pub fn account() -> T::AccountId {
		T::PotId::get().into_account_truncating()
	}

	/// Moves `amount` plancks of `who` to the account of the pallet.
	pub(crate) fn take(who: &T::AccountId, amount: Balance) -> DispatchResult {
		T::Currency::transfer(who, &Self::account(), amount, Preservation::Preserve)?;
		Ok(())
	}

	/// Pays `amount` plancks of the account of the pallet to `who`.
	fn give(who: &T::AccountId, amount: Balance) -> DispatchResult {
		T::Currency::transfer(&Self::account(), who, amount, Preservation::Preserve)?;
		Ok(())
	}

	/// Takes a seat; see [`Call::commit`](crate::Call::commit). Returns `true` if the champion of a domain was run. A call that fails runs
	/// none.
	pub(crate) fn do_commit(who: T::AccountId, round: RoundId, hash: Hash, wager: Balance) -> Result<bool, DispatchError> {
		let mut state = Rounds::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let Stage::Committing { until } = state.stage else { return Err(Error::<T>::NotCommitting.into()) };
		ensure!(current_block::<T>() < until, Error::<T>::NotCommitting);
		ensure!(wager >= MIN_WAGER, Error::<T>::WagerTooSmall);
		let mut seats = Seats::<T>::get(round);
		ensure!(seats.iter().all(|seat| seat.who != who), Error::<T>::AlreadyCommitted);
		if seats.is_full() {
			Self::displace(round, &mut state, &mut seats, wager)?;
		}
		Self::take(&who, wager.saturating_add(SEAT_DEPOSIT))?;
		T::Currency::burn_from(&who, COMMIT_BURN, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		Self::enter(round, &state, &who)?;
		let is_first = seats.is_empty();
		let seat = Seat { who: who.clone(), wager, commitment: hash, skill: None };
		seats.try_push(seat).map_err(|_| Error::<T>::Full)?;
		let has_run = is_first && Self::run_champion(round, &mut state);
		state.book.take(wager);
		Seats::<T>::insert(round, seats);
		Rounds::<T>::insert(round, state);
		Self::deposit_event(Event::Committed { round, who, wager, burned: COMMIT_BURN });
		Ok(has_run)
	}

	/// Removes the smallest wager of a full round if `wager` is twice as large, and returns it.
	fn displace(round: RoundId, state: &mut Round, seats: &mut SeatList<T::AccountId>, wager: Balance) -> DispatchResult {
		let smallest = seats.iter().enumerate().min_by_key(|(_, seat)| seat.wager);
		let (place, least) = smallest.map(|(place, seat)| (place, seat.wager)).ok_or(Error::<T>::Full)?;
		ensure!(displaces(wager, least), Error::<T>::Full);
		let seat = seats.remove(place);
		state.book.leave(seat.wager);
		Self::give(&seat.who, seat.wager.saturating_add(SEAT_DEPOSIT))?;
		Self::leave_seat(round, state, &seat.who, Some(0));
		Self::deposit_event(Event::Displaced { round, who: seat.who, wager: seat.wager });
		Ok(())
	}

	/// Enters a round in the record of `who`, which pays its deposit with the first one.
	fn enter(round: RoundId, state: &Round, who: &T::AccountId) -> DispatchResult {
		let (stream, terms) = Self::stream(round.domain).ok_or(Error::<T>::UnknownStream)?;
		let grid = Self::grid(&stream, &terms);
		let slice = grid.slice(state.bar);
		let mut forecaster = match Forecasters::<T>::get(round.domain, who) {
			Some(forecaster) => forecaster,
			None => {
				let deposit = T::RecordDeposit::get();
				T::Currency::hold(&HoldReason::Record.into(), who, deposit)?;
				Forecaster { deposit, seats: 0, standing: 0, record: Record::default() }
			}
		};
		forecaster.record.enter(slice, grid.rounds);
		forecaster.seats = forecaster.seats.saturating_add(1);
		Forecasters::<T>::insert(round.domain, who, forecaster);
		Ok(())
	}

	/// Counts a seat of `who` that is not there any more, and replaces its −1 in the record by `skill`, if there is one.
	fn leave_seat(round: RoundId, state: &Round, who: &T::AccountId, skill: Option<Signed>) {
		let slice = Self::slice_of(round, state);
		Forecasters::<T>::mutate(round.domain, who, |forecaster| {
			let Some(forecaster) = forecaster else { return };
			forecaster.seats = forecaster.seats.saturating_sub(1);
			if let (Some(slice), Some(skill)) = (slice, skill) {
				forecaster.record.correct(slice, skill);
			}
		});
	}

	/// Returns the slice of a round; `None` if its stream is retired.
	fn slice_of(round: RoundId, state: &Round) -> Option<u32> {
		Self::stream(round.domain).map(|(stream, terms)| Self::grid(&stream, &terms).slice(state.bar))
	}

	/// Scores a forecast; see [`Call::reveal`](crate::Call::reveal).
	pub(crate) fn do_reveal(who: T::AccountId, round: RoundId, forecast: Forecast, salt: [u8; 32]) -> DispatchResult {
		let mut state = Rounds::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let Stage::Revealing(outcome) = &state.stage else { return Err(Error::<T>::NotRevealing.into()) };
		ensure!(current_block::<T>() < outcome.until, Error::<T>::NotRevealing);
		let mut seats = Seats::<T>::get(round);
		let seat = seats.iter_mut().find(|seat| seat.who == who).ok_or(Error::<T>::NoSeat)?;
		ensure!(seat.skill.is_none(), Error::<T>::AlreadyRevealed);
		let hash = commitment(Tag::Forecast, &T::GenesisHash::get(), &round, &who, &payload_hash(&forecast), &salt);
		ensure!(hash == seat.commitment, Error::<T>::WrongReveal);
		let error = outcome.error_of(&forecast).ok_or(Error::<T>::WrongLength)?;
		let (skill, difficulty) = (skill(outcome.error, error, state.average), outcome.difficulty);
		seat.skill = Some(skill);
		state.book.reveal(seat.wager, skill);
		let slice = Self::slice_of(round, &state);
		Forecasters::<T>::mutate(round.domain, &who, |forecaster| {
			let Some(forecaster) = forecaster else { return };
			forecaster.standing = standing::moved(forecaster.standing, skill, difficulty);
			if let Some(slice) = slice {
				forecaster.record.correct(slice, skill);
			}
		});
		Seats::<T>::insert(round, seats);
		Rounds::<T>::insert(round, state);
		Self::deposit_event(Event::Revealed { round, who, error, skill, forecast });
		Ok(())
	}

	/// Pays a seat; see [`Call::collect`](crate::Call::collect).
	pub(crate) fn do_collect(round: RoundId, who: T::AccountId) -> DispatchResult {
		let mut state = Rounds::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let (seats, seat) = Self::without(round, &who)?;
		let (paid, skill) = match &mut state.stage {
			Stage::Closed { settled, .. } => {
				let skill = seat.skill.ok_or(Error::<T>::Unrevealed)?;
				let mut market = Markets::<T>::get(round.domain).ok_or(Error::<T>::UnknownStream)?;
				let paid = settled.collect(seat.wager, Some(skill), &mut market.pot);
				Markets::<T>::insert(round.domain, market);
				(paid, None)
			}
			Stage::Void => (seat.wager, Some(0)),
			_ => return Err(Error::<T>::StillOpen.into()),
		};
		Self::leave_seat(round, &state, &who, skill);
		Self::store(round, state, seats);
		Self::give(&who, paid.saturating_add(SEAT_DEPOSIT))?;
		Self::deposit_event(Event::Collected { round, who, wager: seat.wager, paid });
		Ok(())
	}

	/// Removes an unrevealed seat; see [`Call::clear`](crate::Call::clear).
	pub(crate) fn do_clear(caller: T::AccountId, round: RoundId, who: T::AccountId) -> DispatchResult {
		let mut state = Rounds::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let (seats, seat) = Self::without(round, &who)?;
		let Stage::Closed { settled, difficulty } = &mut state.stage else { return Err(Error::<T>::NotClosed.into()) };
		ensure!(seat.skill.is_none(), Error::<T>::AlreadyRevealed);
		let difficulty = *difficulty;
		let mut market = Markets::<T>::get(round.domain).ok_or(Error::<T>::UnknownStream)?;
		settled.collect(seat.wager, None, &mut market.pot);
		Markets::<T>::insert(round.domain, market);
		Self::leave_seat(round, &state, &who, None);
		Forecasters::<T>::mutate(round.domain, &who, |forecaster| {
			if let Some(forecaster) = forecaster {
				forecaster.standing = standing::moved(forecaster.standing, ONE.saturating_neg(), difficulty);
			}
		});
		Self::store(round, state, seats);
		Self::give(&caller, SEAT_DEPOSIT)?;
		Self::deposit_event(Event::Cleared { round, who, wager: seat.wager, caller, reward: SEAT_DEPOSIT });
		Ok(())
	}

	/// Returns the seats of a round without that of `who`, and that seat.
	fn without(round: RoundId, who: &T::AccountId) -> Result<(SeatList<T::AccountId>, Seat<T::AccountId>), DispatchError> {
		let mut seats = Seats::<T>::get(round);
		let place = seats.iter().position(|seat| seat.who == *who).ok_or(Error::<T>::NoSeat)?;
		let seat = seats.remove(place);
		Ok((seats, seat))
	}

	/// Stores a round that is over, or removes it after its last seat.
	fn store(round: RoundId, state: Round, seats: SeatList<T::AccountId>) {
		if seats.is_empty() {
			Rounds::<T>::remove(round);
			Seats::<T>::remove(round);
		} else {
			Rounds::<T>::insert(round, state);
			Seats::<T>::insert(round, seats);
		}
	}
}
