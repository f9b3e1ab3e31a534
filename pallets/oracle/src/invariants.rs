//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{
	types::{PollState, StreamState},
	Awake, Config, HoldReason, NextStream, Pages, Pallet, Poll, Reporters, Reveals, Roll, Streams,
};
use alloc::collections::{BTreeMap, BTreeSet};
use doin_primitives::{
	oracle::{StreamId, FIRST_STREAM, REPORT_HOLD},
	Balance,
};
use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks streams, bars, the poll and the records of reporters against each other, the pots and the holds.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let (mut pots, mut deposits) = (T::Currency::minimum_balance(), BTreeMap::<T::AccountId, Balance>::new());
		let (mut streams, mut awake) = (0u32, 0usize);
		for (stream, state) in Streams::<T>::iter() {
			Self::check_stream(stream, &state)?;
			streams = streams.saturating_add(1);
			awake = awake.saturating_add(state.awake.into());
			pots = pots.saturating_add(state.pot);
			let deposit = deposits.entry(state.owner).or_default();
			*deposit = deposit.saturating_add(state.deposit);
		}
		ensure!(Awake::<T>::get().len() == awake, "every stream that is awake must be listed once");
		for (owner, deposit) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Stream.into(), &owner);
			ensure!(held == deposit, "the deposit of every stream must be on hold");
		}
		for (stream, slot, page) in Pages::<T>::iter() {
			let state = Streams::<T>::get(stream).ok_or("bars must have a stream")?;
			let first = page.number.saturating_mul(state.spec.page_bars());
			ensure!(state.spec.place(first).slot == slot, "a page must be stored in its place");
			let end = first.saturating_add(page.bars.len() as u64);
			ensure!(page.bars.len() as u64 <= state.spec.page_bars() && end <= state.next, "only complete bars must be stored");
		}
		let earned = Roll::<T>::get().iter().fold(0, |sum: Balance, seat| sum.saturating_add(seat.earned));
		ensure!(
			streams == 0 || T::Currency::balance(&Self::account()) >= pots.saturating_add(earned),
			"the account of the pots must have all of them"
		);
		Self::check_poll(&Poll::<T>::get())
	}

	/// Checks one stream: its identifier, its place among those that are awake, and its next batch.
	fn check_stream(stream: StreamId, state: &StreamState<T::AccountId>) -> Result<(), TryRuntimeError> {
		let number = stream.checked_sub(FIRST_STREAM).ok_or("identifiers of streams must start at 2^31")?;
		ensure!(number < NextStream::<T>::get(), "a stream must have been registered");
		ensure!(state.spec.check(0).is_ok(), "the record of a stream must be valid");
		ensure!(state.next.is_multiple_of(state.spec.batch.into()), "batches must be aligned");
		ensure!(state.start <= state.next, "a stream must not have bars before its first one");
		let due = Awake::<T>::get().iter().find(|(other, _)| *other == stream).map(|(_, due)| *due);
		ensure!(due.is_some() == state.awake, "a stream must be listed while it is awake");
		ensure!(!state.awake || state.pays_next(), "the pot of a stream that is awake must pay the next batch");
		let expected = |due: u64| due == state.spec.due_ms(state.next) || (due == 0 && state.next == 0);
		ensure!(due.is_none_or(expected), "the next batch must be due at its end");
		Ok(())
	}

	/// Checks the poll, its reporters and what they have revealed.
	fn check_poll(poll: &PollState) -> Result<(), TryRuntimeError> {
		let roll = Roll::<T>::get();
		ensure!(poll.is_open != roll.is_empty(), "a poll must have reporters while it is open");
		ensure!(poll.is_open || poll.batches.is_empty(), "a closed poll must be counted");
		ensure!(poll.commits_until <= poll.reveals_until, "reveals must end after commitments");
		for batch in &poll.batches {
			let state = Streams::<T>::get(batch.stream).ok_or("a batch must have a stream")?;
			ensure!(state.awake && state.batch(batch.stream) == *batch, "a poll must ask for the next batch of a stream");
		}
		for (stream, place, bars) in Reveals::<T>::iter() {
			let batch = poll.batches.iter().find(|batch| batch.stream == stream).ok_or("a reveal must have a batch")?;
			ensure!(batch.fits(&bars), "a reveal must have the shape of its batch");
			let seat = roll.get(usize::from(place)).ok_or("a reveal must have a reporter")?;
			let record = Reporters::<T>::get(&seat.who).ok_or("a reveal must have a reporter")?;
			ensure!(record.commitment.is_some_and(|commitment| commitment.revealed), "a reveal must have a commitment");
		}
		let seats: BTreeSet<_> = roll.iter().map(|seat| seat.who.clone()).collect();
		ensure!(seats.len() == roll.len(), "a reporter must have one seat");
		for (who, record) in Reporters::<T>::iter() {
			let held = T::Currency::balance_on_hold(&HoldReason::Report.into(), &who);
			ensure!(held <= REPORT_HOLD, "a reporter must not have more on hold than it answers with");
			if let Some(commitment) = record.commitment {
				ensure!(poll.is_open && commitment.poll == poll.id, "a commitment must be one of the open poll");
				ensure!(seats.contains(&who), "only a reporter of the poll can commit");
				ensure!(held == REPORT_HOLD, "a commitment must have its hold");
			}
		}
		Ok(())
	}
}
