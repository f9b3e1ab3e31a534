//! Counting of one batch: medians become bars, and the fee is divided.

use crate::{
	types::{Page, Seat, StreamState},
	Awake, Config, Event, Pages, Pallet, Reveals, Streams, LOG_TARGET,
};
use alloc::vec::Vec;
use doin_primitives::{
	bounded_collections::BoundedVec,
	oracle::{count, shares, Bars as BatchBars, Batch, Counted, PollId, StreamId, StreamSpec, MAX_MISSES},
	Balance,
};
use doin_traits::OnBatch;
use frame_support::defensive;

impl<T: Config> Pallet<T> {
	/// Counts a batch: stores its bars, divides its fee, and lets its stream go on or sleep.
	pub(crate) fn count_batch(poll: PollId, batch: Batch, roll: &mut [Seat<T::AccountId>]) {
		let reveals: Vec<(u16, BatchBars)> = Reveals::<T>::drain_prefix(batch.stream).collect();
		let Some(mut state) = Streams::<T>::get(batch.stream) else {
			defensive!("a stream of an open poll must exist", batch.stream);
			return;
		};
		let stake = roll.iter().fold(0, |sum: Balance, seat| sum.saturating_add(seat.stake));
		let stake_of = |place: u16| roll.get(usize::from(place)).map_or(0, |seat| seat.stake);
		let reports: Vec<(Balance, &BatchBars)> = reveals.iter().map(|(place, bars)| (stake_of(*place), bars)).collect();
		let counted = count(&reports, stake, batch.bars);
		let (first, reveals_of) = (state.next, reveals.len() as u32);
		let stands = counted.bars.iter().any(Option::is_some);
		let places: Vec<u16> = reveals.iter().map(|(place, _)| *place).collect();
		let paid = if stands { Self::divide_fee(&mut state, &places, &counted, roll) } else { 0 };
		Self::store(batch.stream, &state.spec, first, &counted.bars);
		state.next = first.saturating_add(batch.bars.into());
		state.misses = if stands { 0 } else { state.misses.saturating_add(1) };
		let next = state.next;
		let event = if stands {
			let bars = counted.bars;
			Event::BatchStands { poll, stream: batch.stream, first, bars, reveals: reveals_of, paid }
		} else {
			Event::BatchMissing { poll, stream: batch.stream, first, reveals: reveals_of }
		};
		Self::deposit_event(event);
		Self::go_on(batch.stream, state);
		if stands {
			T::OnBatch::on_batch(batch.stream, first..next);
		}
	}

	/// Moves the fee of a batch from the pot of its stream to the seats at `places`, by their bars that share in it. Returns the amount.
	fn divide_fee(
		state: &mut StreamState<T::AccountId>,
		places: &[u16],
		counted: &Counted,
		roll: &mut [Seat<T::AccountId>],
	) -> Balance {
		let shares = shares(state.spec.fee.min(state.pot), &counted.within);
		let mut paid: Balance = 0;
		let counts = counted.within.iter().zip(&counted.outside);
		for ((place, share), (within, outside)) in places.iter().zip(shares).zip(counts) {
			let Some(seat) = roll.get_mut(usize::from(*place)) else { continue };
			seat.earned = seat.earned.saturating_add(share);
			seat.within = seat.within.saturating_add(*within);
			seat.outside = seat.outside.saturating_add(*outside);
			paid = paid.saturating_add(share);
		}
		state.pot = state.pot.saturating_sub(paid);
		paid
	}

	/// Stores the bars of a batch, whose first one is `first`.
	pub(crate) fn store(stream: StreamId, spec: &StreamSpec, first: u64, bars: &BatchBars) {
		let place = spec.place(first);
		let stored = Pages::<T>::get(stream, place.slot);
		let mut all = if stored.number == place.number { stored.bars.into_inner() } else { Vec::new() };
		// Bars between the last one of this page and the batch are missing.
		all.resize(place.offset, None);
		all.extend(bars.iter().cloned());
		Pages::<T>::insert(stream, place.slot, Page { number: place.number, bars: BoundedVec::truncate_from(all) });
	}

	/// Asks for the next batch of a stream, or lets the stream sleep.
	fn go_on(stream: StreamId, mut state: StreamState<T::AccountId>) {
		state.awake = state.misses < MAX_MISSES && state.pays_next();
		let burned = if state.awake { 0 } else { Self::burn_misses(&mut state) };
		let (awake, next, due) = (state.awake, state.next, state.spec.due_ms(state.next));
		Awake::<T>::mutate(|streams| {
			if awake {
				streams.iter_mut().filter(|(other, _)| *other == stream).for_each(|(_, at)| *at = due);
			} else {
				streams.retain(|(other, _)| *other != stream);
			}
		});
		Streams::<T>::insert(stream, state);
		if !awake {
			Self::deposit_event(Event::Slept { stream, next, burned });
		}
	}

	/// Burns the fees of the batches in a row without any bar, as far as the pot goes. Returns the burned amount, in plancks.
	fn burn_misses(state: &mut StreamState<T::AccountId>) -> Balance {
		let amount = state.spec.fee.saturating_mul(state.misses.into()).min(state.pot);
		if amount == 0 {
			return 0;
		}
		match Self::burn_pot(amount) {
			Ok(burned) => {
				state.pot = state.pot.saturating_sub(burned);
				burned
			}
			Err(error) => {
				log::error!(target: LOG_TARGET, "{amount} plancks of a pot cannot be burned: {error:?}");
				0
			}
		}
	}
}
