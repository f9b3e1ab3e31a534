//! Benchmarks of the calls and of the steps of the agenda, at the sizes that cost most.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Call, Config, Cursor, Due, Forecasters, Magnitudes, Markets, Open, Pallet, Rounds, Seats},
	types::{Changes, Forecast, Forecaster, Market, Outcome, Path, Reigning, Round, Seat, SeatList, Stage},
	HoldReason, MIN_SPONSORED, MIN_WAGER,
};
use alloc::{vec, vec::Vec};
use doin_market::{
	record::{OPEN_SLICES, SLICES, TERMS},
	reference::CHAMPION_BARS,
	standing::REMEMBERED,
	Record, Reference, MAX_HORIZON, MAX_SEATS, ONE,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	oracle::StreamId,
	ModelRef, RoundId, DOIN, ONE_Q32,
};
use doin_traits::{
	agenda::{Items, MAX_SCANNED, PER_BLOCK},
	block::current_block,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Mutate, MutateHold},
	Get, Hooks,
};
use frame_system::RawOrigin;

/// Provides the stream that the market is benchmarked with.
pub trait BenchmarkHelper {
	/// Makes a stream with a horizon of 100 bars, whose pot pays many batches and all of whose kept bars stand, 9,000 of them on the
	/// runtime. The clock is at its next bar. Returns its identifier and the number of that bar.
	fn stream() -> (StreamId, u64);
	/// Gives `stream` all of the weight.
	fn weigh(stream: StreamId);
}

/// Salt of all commitments.
const SALT: [u8; 32] = [7; 32];
/// Block in which calls are sent.
const NOW: u32 = 10;

/// Returns an account that can pay everything.
fn rich<T: Config>(index: u32) -> T::AccountId {
	let who: T::AccountId = account("forecaster", index, 0);
	assert!(T::Currency::mint_into(&who, 1_000 * DOIN).is_ok());
	who
}

/// Returns the forecast of all accounts.
fn forecast() -> Forecast {
	Forecast::truncate_from(vec![i32::MAX; MAX_HORIZON])
}

/// Returns a round that takes reveals.
fn revealing() -> Stage {
	let changes = Changes::truncate_from(vec![Some(1); MAX_HORIZON]);
	Stage::Revealing(Outcome { until: NOW + 1, zero: 1, changes, error: 1, difficulty: 1 })
}

/// Makes a market with a round at `stage`, all of whose seats are taken, and which has the longest forecast of a champion until its bars
/// stand. Returns the round, its forecasters, and the stream's next bar.
fn full<T: Config>(stage: Stage) -> (RoundId, Vec<T::AccountId>, u64) {
	frame_system::Pallet::<T>::set_block_number(NOW.into());
	let (stream, next) = T::BenchmarkHelper::stream();
	let round = RoundId { domain: stream, number: 0 };
	let champion = Some(Reigning { model: ModelRef::Stored(0), since: 0 });
	let market = Market { pot: DOIN, next: 1, open: 1, champion, ..Market::new(1) };
	Markets::<T>::insert(stream, market);
	Open::<T>::put(1);
	let account = Pallet::<T>::account();
	assert!(T::Currency::mint_into(&account, 10_000 * DOIN).is_ok());
	let accounts: Vec<T::AccountId> = (0..MAX_SEATS).map(rich::<T>).collect();
	let bar = next - 300;
	let awaits_bars = matches!(stage, Stage::Committing { .. } | Stage::Waiting { .. });
	let champion = awaits_bars.then(|| Path::truncate_from(vec![1; CHAMPION_BARS]));
	let mut state = Round { bar, reference: Reference::RepeatLast, average: 1, book: Default::default(), champion, stage };
	let mut seats = Vec::new();
	for who in &accounts {
		state.book.take(MIN_WAGER);
		let commitment = commitment(Tag::Forecast, &T::GenesisHash::get(), &round, who, &payload_hash(&forecast()), &SALT);
		seats.push(Seat { who: who.clone(), wager: MIN_WAGER, commitment, skill: None });
		assert!(T::Currency::hold(&HoldReason::Record.into(), who, T::RecordDeposit::get()).is_ok());
		let forecaster = Forecaster { deposit: T::RecordDeposit::get(), seats: 1, standing: 0, record: Record::default() };
		Forecasters::<T>::insert(stream, who, forecaster);
	}
	Seats::<T>::insert(round, SeatList::<T::AccountId>::truncate_from(seats));
	Rounds::<T>::insert(round, state);
	(round, accounts, next)
}

/// Closes a full round. Every seat is revealed if `revealed`.
fn closed<T: Config>(revealed: bool) -> (RoundId, Vec<T::AccountId>) {
	let (round, accounts, _) = full::<T>(revealing());
	Rounds::<T>::mutate(round, |state| {
		let Some(state) = state else { return };
		let mut pot = DOIN;
		if revealed {
			(0..MAX_SEATS).for_each(|_| state.book.reveal(MIN_WAGER, ONE / 2));
		}
		state.stage = Stage::Closed { settled: state.book.close(&mut pot), difficulty: ONE_Q32 };
	});
	Seats::<T>::mutate(round, |seats| seats.iter_mut().for_each(|seat| seat.skill = revealed.then_some(ONE / 2)));
	(round, accounts)
}

/// Fills the agenda from block `from` on, as far as scheduling has to look.
fn fill_agenda<T: Config>(from: u32, round: RoundId) {
	let full = Items::<RoundId>::truncate_from(vec![round; PER_BLOCK as usize]);
	(from..from + MAX_SCANNED - 1).for_each(|block| Due::<T>::insert(block, &full));
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The market is new.
	#[benchmark]
	fn sponsor() {
		let (stream, _) = T::BenchmarkHelper::stream();
		Markets::<T>::remove(stream);
		let who = rich::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), stream, MIN_SPONSORED);

		assert!(Markets::<T>::contains_key(stream));
	}

	/// The round is full, and the wager displaces another one. The weight of a run of the champion is added to this: the first commitment of
	/// a round displaces nobody, and reads and writes the market in place of two records and two accounts.
	#[benchmark]
	fn commit() {
		let (round, accounts, _) = full::<T>(Stage::Committing { until: NOW + 1 });
		let who = rich::<T>(MAX_SEATS);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), round, [1; 32], 2 * MIN_WAGER);

		let seats = Seats::<T>::get(round);
		assert!(seats.iter().any(|seat| seat.who == who) && seats.iter().all(|seat| seat.who != accounts[0]));
	}

	/// The seat is the last of a full round.
	#[benchmark]
	fn reveal() {
		let (round, accounts, _) = full::<T>(revealing());
		let who = accounts[accounts.len() - 1].clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), round, forecast(), SALT);

		assert!(Seats::<T>::get(round).last().is_some_and(|seat| seat.skill.is_some()));
	}

	/// The seat is the last of a full round.
	#[benchmark]
	fn collect() {
		let (round, accounts) = closed::<T>(true);
		let who = accounts[accounts.len() - 1].clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(accounts[0].clone()), round, who.clone());

		assert!(Forecasters::<T>::get(round.domain, who).is_some_and(|forecaster| forecaster.seats == 0));
	}

	/// The seat is the last of a full round.
	#[benchmark]
	fn clear() {
		let (round, accounts) = closed::<T>(false);
		let who = accounts[accounts.len() - 1].clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(accounts[0].clone()), round, who.clone());

		assert!(Forecasters::<T>::get(round.domain, who).is_some_and(|forecaster| forecaster.standing < 0));
	}

	/// All terms of the record are full.
	#[benchmark]
	fn claim() {
		let (round, accounts, next) = full::<T>(revealing());
		let stream = round.domain;
		T::BenchmarkHelper::weigh(stream);
		let now = Pallet::<T>::stream(stream).map(|(state, terms)| Pallet::<T>::grid(&state, &terms).slice(next)).unwrap_or(0);
		let first = now.saturating_sub(SLICES * TERMS + OPEN_SLICES);
		let mut record = Record::default();
		for slice in first..now {
			record.enter(slice, 1);
			record.correct(slice, ONE / 2);
		}
		record.settle(now, 1);
		Markets::<T>::mutate(stream, |market| {
			if let Some(market) = market {
				market.paid_from = 0;
			}
		});
		Forecasters::<T>::mutate(stream, &accounts[0], |forecaster| {
			if let Some(forecaster) = forecaster {
				forecaster.record = record;
			}
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(accounts[0].clone()), stream);

		assert!(Markets::<T>::get(stream).is_some_and(|market| market.mark > 0));
	}

	#[benchmark]
	fn leave() {
		let (round, accounts, _) = full::<T>(revealing());
		Forecasters::<T>::mutate(round.domain, &accounts[0], |forecaster| {
			if let Some(forecaster) = forecaster {
				forecaster.seats = 0;
			}
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(accounts[0].clone()), round.domain);

		assert!(!Forecasters::<T>::contains_key(round.domain, &accounts[0]));
	}

	/// Nothing is due.
	#[benchmark]
	fn on_initialize() {
		let now = current_block::<T>().max(1);
		Cursor::<T>::put(now);

		#[block]
		{
			Pallet::<T>::on_initialize(now.into());
		}

		assert!(Cursor::<T>::get() > 0);
	}

	/// Scheduling looks as far as it can.
	#[benchmark]
	fn open() {
		let (round, _, next) = full::<T>(revealing());
		fill_agenda::<T>(NOW + T::CommitBlocks::get(), round);

		#[block]
		{
			Pallet::<T>::open(round.domain, next);
		}

		assert_eq!(Open::<T>::get(), 2);
	}

	/// Commits end, the round has the forecast of a champion, and scheduling looks as far as it can.
	#[benchmark]
	fn wait() {
		let (round, _, _) = full::<T>(Stage::Committing { until: NOW });
		// The block of the next look depends on the lengths of bars and slots.
		if let Some(state) = Rounds::<T>::get(round) {
			Pallet::<T>::end_commits(round, state);
		}
		let look = Due::<T>::iter_keys().next().unwrap_or(NOW);
		Due::<T>::remove(look);
		fill_agenda::<T>(look, round);
		Rounds::<T>::mutate(round, |state| {
			if let Some(state) = state {
				state.stage = Stage::Committing { until: NOW };
			}
		});

		#[block]
		{
			Pallet::<T>::serve(round);
		}

		assert!(!Due::<T>::get(look + MAX_SCANNED - 1).is_empty());
	}

	/// All closes that references read are stored, the champion has a forecast, and scheduling looks as far as it can.
	#[benchmark]
	fn evaluate() {
		let (round, _, next) = full::<T>(Stage::Waiting { zero: 0 });
		Rounds::<T>::mutate(round, |state| {
			if let Some(state) = state {
				state.stage = Stage::Waiting { zero: next - 150 };
			}
		});
		Magnitudes::<T>::insert(round.domain, crate::types::Magnitudes::truncate_from(vec![1; REMEMBERED]));
		fill_agenda::<T>(NOW + T::RevealBlocks::get(), round);

		#[block]
		{
			Pallet::<T>::serve(round);
		}

		assert!(Rounds::<T>::get(round).is_some_and(|state| matches!(state.stage, Stage::Revealing(_))));
	}

	#[benchmark]
	fn close() {
		let (round, _, _) = full::<T>(revealing());

		#[block]
		{
			Pallet::<T>::serve(round);
		}

		assert_eq!(Open::<T>::get(), 0);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
