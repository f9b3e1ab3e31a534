//! Life of a stream: registration, pot and removal.

use crate::{types::StreamState, Awake, Config, Error, Event, HoldReason, NextStream, Pages, Pallet, Streams};
use doin_primitives::{
	oracle::{StreamId, StreamSpec, FIRST_STREAM, MAX_BATCH_MS, MIN_SPONSORED},
	Balance,
};
use doin_traits::Clock;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{Inspect, Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
};
use sp_runtime::{traits::AccountIdConversion, DispatchError};

/// Blocks of a poll beside its two phases: those in which it opens and is counted.
const POLL_MARGIN: u32 = 2;

impl<T: Config> Pallet<T> {
	/// Returns the account of all pots.
	pub fn account() -> T::AccountId {
		T::PotId::get().into_account_truncating()
	}

	/// Returns the time that a batch takes at least, in milliseconds: that of a poll, so that polls keep up with the batches.
	pub fn least_batch_ms() -> u64 {
		let blocks = T::PhaseBlocks::get().saturating_mul(2).saturating_add(POLL_MARGIN);
		T::SlotMs::get().saturating_mul(blocks.into())
	}

	/// Returns the deposit of a stream, in plancks: a base, and a price per byte of the record and of all pages.
	pub fn deposit(spec: &StreamSpec) -> Balance {
		T::BaseDeposit::get().saturating_add(T::ByteDeposit::get().saturating_mul(spec.stored_bytes().into()))
	}

	/// Registers a stream, and burns the fee; see [`Call::register`](crate::Call::register).
	pub(crate) fn do_register(owner: T::AccountId, spec: StreamSpec) -> DispatchResult {
		let fee = T::RegistrationFee::get();
		spec.check(Self::least_batch_ms()).map_err(|_| Error::<T>::InvalidSpec)?;
		// A stream that waits for its first bar has a place among those that are awake, and pays no fee for it.
		let latest_ms = T::Clock::now_ms().saturating_add(MAX_BATCH_MS);
		ensure!(spec.first_bar.saturating_mul(spec.bar_ms) <= latest_ms, Error::<T>::InvalidSpec);
		Self::insert_stream(owner.clone(), spec, fee)?;
		T::Currency::burn_from(&owner, fee, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		Ok(())
	}

	/// Registers a stream of genesis. It is awake from block 1 on, or sleeps if its pot is empty.
	pub(crate) fn do_genesis(owner: T::AccountId, spec: StreamSpec, pot: Balance) -> DispatchResult {
		// A test may change the times of a preset, so batches can be shorter than polls.
		spec.check(0).map_err(|_| Error::<T>::InvalidSpec)?;
		let stream = Self::insert_stream(owner.clone(), spec, 0)?;
		if pot == 0 {
			return Ok(());
		}
		let mut state = Streams::<T>::get(stream).ok_or(Error::<T>::UnknownStream)?;
		ensure!(pot >= state.spec.fee, Error::<T>::AmountTooSmall);
		T::Currency::transfer(&owner, &Self::account(), pot, Preservation::Preserve)?;
		(state.pot, state.awake) = (pot, true);
		Streams::<T>::insert(stream, state);
		// The first block gives the stream its first bar, since genesis knows no time.
		Awake::<T>::try_mutate(|awake| awake.try_push((stream, 0))).map_err(|_| DispatchError::Exhausted)
	}

	/// Stores a checked record, with the deposit of its owner. Returns the identifier of the stream.
	fn insert_stream(owner: T::AccountId, spec: StreamSpec, fee: Balance) -> Result<StreamId, DispatchError> {
		let number = NextStream::<T>::get();
		let stream = FIRST_STREAM.checked_add(number).ok_or(Error::<T>::NoMoreIds)?;
		NextStream::<T>::put(number.saturating_add(1));
		let deposit = Self::deposit(&spec);
		T::Currency::hold(&HoldReason::Stream.into(), &owner, deposit)?;
		T::Currency::transfer(&owner, &Self::account(), T::Currency::minimum_balance(), Preservation::Preserve)?;
		let state = StreamState { spec, owner: owner.clone(), deposit, pot: 0, start: 0, next: 0, misses: 0, awake: false };
		Streams::<T>::insert(stream, state);
		Self::deposit_event(Event::Registered { stream, owner, deposit, fee });
		Ok(stream)
	}

	/// Burns `amount` plancks of the account of the pots. Returns the burned amount.
	pub(crate) fn burn_pot(amount: Balance) -> Result<Balance, DispatchError> {
		T::Currency::burn_from(&Self::account(), amount, Preservation::Preserve, Precision::Exact, Fortitude::Polite)
	}

	/// Pays into the pot of a stream, and wakes the stream if it can; see [`Call::sponsor`](crate::Call::sponsor).
	pub(crate) fn do_sponsor(who: T::AccountId, stream: StreamId, amount: Balance) -> DispatchResult {
		let mut state = Streams::<T>::get(stream).ok_or(Error::<T>::UnknownStream)?;
		ensure!(amount >= MIN_SPONSORED, Error::<T>::AmountTooSmall);
		let pot = state.pot.saturating_add(amount);
		let wakes = !state.awake && pot >= state.spec.fee;
		ensure!(!wakes || !Awake::<T>::get().is_full(), Error::<T>::NoPlace);
		T::Currency::transfer(&who, &Self::account(), amount, Preservation::Preserve)?;
		state.pot = pot;
		Self::deposit_event(Event::Sponsored { stream, who, amount, pot });
		if wakes {
			Self::wake(stream, &mut state)?;
		}
		Streams::<T>::insert(stream, state);
		Ok(())
	}

	/// Wakes a stream that sleeps.
	fn wake(stream: StreamId, state: &mut StreamState<T::AccountId>) -> Result<(), Error<T>> {
		state.wake(T::Clock::now_ms());
		let due = state.spec.due_ms(state.next);
		Awake::<T>::try_mutate(|awake| awake.try_push((stream, due))).map_err(|_| Error::<T>::NoPlace)?;
		Self::deposit_event(Event::Woken { stream, next: state.next });
		Ok(())
	}

	/// Removes a stream whose bars are expired; see [`Call::retire`](crate::Call::retire).
	pub(crate) fn do_retire(who: T::AccountId, stream: StreamId) -> DispatchResult {
		let state = Streams::<T>::get(stream).ok_or(Error::<T>::UnknownStream)?;
		ensure!(state.owner == who, Error::<T>::NotOwner);
		ensure!(!state.awake, Error::<T>::StillAwake);
		let expired = state.next.saturating_add(state.spec.kept.into());
		ensure!(state.spec.running(T::Clock::now_ms()) >= expired, Error::<T>::BarsKept);
		for slot in 0..state.spec.pages() {
			Pages::<T>::remove(stream, slot);
		}
		Streams::<T>::remove(stream);
		T::Currency::release(&HoldReason::Stream.into(), &who, state.deposit, Precision::Exact)?;
		// The owner has not paid it, and would otherwise gain from a stream that cannot be reported.
		let burned = Self::burn_pot(state.pot)?;
		Self::deposit_event(Event::Retired { stream, burned });
		Ok(())
	}
}
