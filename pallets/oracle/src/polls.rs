//! Polls: the hook opens one when a batch is due, and counts it after its reveals.

use crate::{
	types::{AwakeStreams, Batches, PollState, Seat},
	Awake, Config, Event, HoldReason, Pallet, Poll, Reporters, Roll, Streams, WeightInfo, HOOK_SHARE, LOG_TARGET,
};
use alloc::vec::Vec;
use doin_primitives::{
	bounded_collections::BoundedVec,
	oracle::{PollId, PollPhase, UNREVEALED_BURN},
	Balance,
};
use doin_traits::{block::current_block, Clock, Electorate, OnBatch};
use frame_support::{
	traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
	weights::{Weight, WeightMeter},
};

impl<T: Config> Pallet<T> {
	/// Opens a poll if a batch is due and none is open, or counts one that takes nothing any more. Returns the weight of this.
	pub(crate) fn serve() -> Weight {
		let mut meter = WeightMeter::with_limit(Self::hook_limit());
		meter.consume(T::WeightInfo::on_initialize());
		let poll = Poll::<T>::get();
		if !poll.is_open {
			Self::open_if_due(&poll, &mut meter);
		} else if poll.phase(current_block::<T>()) == PollPhase::Counting {
			Self::count_poll(poll, &mut meter);
		}
		meter.consumed()
	}

	/// Returns the weight that the hook takes at most: its share of a block, or its largest step.
	pub(crate) fn hook_limit() -> Weight {
		let (block, most) = (T::BlockWeights::get().max_block, T::MaxReporters::get());
		let step = T::WeightInfo::open(most).max(Self::count_weight(most)).max(T::WeightInfo::close(most));
		let share = Weight::from_parts(HOOK_SHARE.mul_floor(block.ref_time()), HOOK_SHARE.mul_floor(block.proof_size()));
		share.max(T::WeightInfo::on_initialize().saturating_add(step))
	}

	/// Returns the weight of counting one batch that `reporters` reporters have reported.
	fn count_weight(reporters: u32) -> Weight {
		T::WeightInfo::count(reporters).saturating_add(T::OnBatch::on_batch_weight())
	}

	/// Opens the poll after `last` if a batch is due.
	fn open_if_due(last: &PollState, meter: &mut WeightMeter) {
		let (now_ms, awake) = (T::Clock::now_ms(), Awake::<T>::get());
		if awake.iter().all(|(_, due)| *due > now_ms) {
			return;
		}
		let stakes = T::Electorate::stakes();
		meter.consume(T::WeightInfo::open(stakes.len() as u32));
		Self::open(last.id, awake, now_ms, stakes);
	}

	/// Opens the poll after poll `last`, unless no batch is due or there is no reporter.
	pub(crate) fn open(last: PollId, awake: AwakeStreams, now_ms: u64, stakes: Vec<(T::AccountId, Balance)>) {
		let awake = Self::begin_streams(awake, now_ms);
		let due = awake.iter().filter(|(_, due)| *due <= now_ms);
		let batches = due.filter_map(|(stream, _)| Streams::<T>::get(stream).map(|state| state.batch(*stream)));
		let batches = Batches::truncate_from(batches.collect());
		if batches.is_empty() || stakes.is_empty() {
			return;
		}
		let seats = stakes.into_iter().map(|(who, stake)| Seat { who, stake, earned: 0, within: 0, outside: 0 });
		let roll: BoundedVec<_, T::MaxReporters> = BoundedVec::truncate_from(seats.collect());
		Roll::<T>::put(roll);
		let commits_until = current_block::<T>().saturating_add(T::PhaseBlocks::get());
		let reveals_until = commits_until.saturating_add(T::PhaseBlocks::get());
		let poll = last.saturating_add(1);
		Poll::<T>::put(PollState { id: poll, is_open: true, commits_until, reveals_until, batches: batches.clone() });
		Self::deposit_event(Event::PollOpened { poll, commits_until, reveals_until, batches });
	}

	/// Gives the streams of genesis, which knows no time, their first bar. Returns the streams that are awake.
	fn begin_streams(mut awake: AwakeStreams, now_ms: u64) -> AwakeStreams {
		let mut has_begun = false;
		for (stream, due) in awake.iter_mut().filter(|(_, due)| *due == 0) {
			has_begun = true;
			Streams::<T>::mutate(*stream, |state| {
				let Some(state) = state else { return };
				state.wake(now_ms);
				*due = state.spec.due_ms(state.next);
				Self::deposit_event(Event::Woken { stream: *stream, next: state.next });
			});
		}
		if has_begun {
			Awake::<T>::put(&awake);
		}
		awake
	}

	/// Counts the batches of a poll while `meter` lasts. Closes the poll after the last one.
	fn count_poll(mut poll: PollState, meter: &mut WeightMeter) {
		let mut roll = Roll::<T>::get();
		let reporters = roll.len() as u32;
		while let Some(batch) = poll.batches.first().copied() {
			if meter.try_consume(Self::count_weight(reporters)).is_err() {
				break;
			}
			poll.batches.remove(0);
			Self::count_batch(poll.id, batch, roll.as_mut());
		}
		if poll.batches.is_empty() && meter.try_consume(T::WeightInfo::close(reporters)).is_ok() {
			poll.is_open = false;
			Self::close(poll.id, roll.into_inner());
		} else {
			Roll::<T>::put(roll);
		}
		Poll::<T>::put(poll);
	}

	/// Pays the reporters of a poll whose batches are counted, and burns a part of the hold of those that have not revealed.
	pub(crate) fn close(poll: PollId, roll: Vec<Seat<T::AccountId>>) {
		for seat in roll {
			Self::pay(&seat);
			let Some(mut reporter) = Reporters::<T>::get(&seat.who) else { continue };
			reporter.within = reporter.within.saturating_add(seat.within.into());
			reporter.outside = reporter.outside.saturating_add(seat.outside.into());
			match reporter.commitment.take() {
				Some(commitment) if commitment.revealed => reporter.polls = reporter.polls.saturating_add(1),
				Some(_) => {
					reporter.unrevealed = reporter.unrevealed.saturating_add(1);
					let burned = Self::burn_unrevealed(&seat.who);
					Self::deposit_event(Event::Unrevealed { poll, who: seat.who.clone(), burned });
				}
				None => {}
			}
			Reporters::<T>::insert(&seat.who, reporter);
		}
		Roll::<T>::kill();
		Self::deposit_event(Event::PollClosed { poll });
	}

	/// Pays a reporter its shares in the fees of a poll.
	fn pay(seat: &Seat<T::AccountId>) {
		if seat.earned == 0 {
			return;
		}
		if let Err(error) = T::Currency::transfer(&Self::account(), &seat.who, seat.earned, Preservation::Preserve) {
			log::error!(target: LOG_TARGET, "{} plancks of {:?} stay in the account of the pots: {error:?}", seat.earned, seat.who);
		}
	}

	/// Burns a part of the hold of a reporter that has not revealed. Returns the burned amount, in plancks.
	fn burn_unrevealed(who: &T::AccountId) -> Balance {
		let reason = HoldReason::Report.into();
		let burned = T::Currency::burn_held(&reason, who, UNREVEALED_BURN, Precision::BestEffort, Fortitude::Force);
		burned.unwrap_or_else(|error| {
			log::error!(target: LOG_TARGET, "the hold of {who:?} cannot be burned: {error:?}");
			0
		})
	}
}
