//! State and hooks of 32 streams with full markets. Each stream has bars of five minutes with four fields, 30 days of which are kept, and
//! 128 forecasters that enter each of its rounds. A hundred validators report.
//!
//! `cargo test --release --workspace --test runtime forecasts::capacity -- --nocapture` prints the figures.

use super::WAGER;
use doin_market::{standing::REMEMBERED, Book, Record, Reference, MAX_HORIZON, MAX_SEATS, ONE};
use doin_primitives::{
	bounded_collections::BoundedVec,
	oracle::{Bars as BatchBars, Fields, StreamId, StreamSpec, Values, FIRST_STREAM, MAX_AWAKE, MAX_KEPT},
	BlockNumber, RoundId, DOIN,
};
use doin_runtime::{configs::system::MAX_BLOCK_WEIGHT, demo, AccountId, Balances, Forecasts, Oracle, Runtime, System};
use doin_runtime_tests::Chain;
use doin_traits::agenda::Items;
use frame_support::traits::{fungible::Mutate, Hooks};
use pallet_doin_forecasts::types::{Changes, Forecaster, Magnitudes, Market, Outcome, Path, Round, Seat, SeatList, Stage};
use pallet_doin_oracle::types::{AwakeStreams, Page, StreamState};

/// Rounds of a stream that are open when a batch is counted: the horizon and the three bars of the zero last 17 batches and a part of the
/// next one, and reveals an hour, which is two batches.
const OPEN: u32 = 20;
/// Rounds, counted from the newest one, whose bars do not stand before the next batch.
const WAITING: u32 = 18;
/// Validators that report.
const REPORTERS: u8 = 100;
/// Largest state of both pallets, in bytes: 18 MiB, i.e. 18.9 MB. Bars are more than half of it, and the key of each entry is counted.
const MOST_BYTES: usize = 18 << 20;
/// Largest part of a block that the hooks of both pallets take together, in percent.
const MOST_PERCENT: u64 = 2;
/// Block in which the next batch is due.
const START: BlockNumber = 10_000;
/// Blocks of half an hour, which is a batch.
const BATCH_BLOCKS: BlockNumber = 300;
/// Milliseconds of a slot of a public network.
const SLOT_MS: u64 = 6_000;

/// Returns the record of each stream.
fn spec() -> StreamSpec {
	let fields = Fields { high: true, low: true, volume: true };
	StreamSpec { bar_ms: 300_000, batch: 6, fields, kept: MAX_KEPT, season: 288, horizon: MAX_HORIZON as u16, ..demo::stream() }
}

/// Returns the number of the first bar of the next batch. All pages before it are full.
fn next() -> u64 {
	1_000 * spec().page_bars()
}

/// Returns the identifiers of all streams.
fn streams() -> impl Iterator<Item = StreamId> {
	FIRST_STREAM..FIRST_STREAM + MAX_AWAKE
}

/// Returns an account of a group, by its number.
fn account(group: u8, number: u8) -> AccountId {
	let mut id = [group; 32];
	id[0] = number;
	id.into()
}

/// Returns the round of `stream` that is `age` batches older than the newest one.
fn round(stream: StreamId, age: u32) -> RoundId {
	RoundId { domain: stream, number: OPEN - 1 - age }
}

/// Stores the record of a stream and all bars that it keeps.
fn insert_bars(stream: StreamId) {
	let (spec, next) = (spec(), next());
	let (length, pages) = (spec.page_bars(), u64::from(spec.pages()));
	for number in next / length - pages..next / length {
		let bars = (0..length).map(|bar| Some(Values::truncate_from(vec![(number * length + bar) as i64; 4])));
		let page = Page { number, bars: BoundedVec::truncate_from(bars.collect()) };
		pallet_doin_oracle::Pages::<Runtime>::insert(stream, spec.place(number * length).slot, page);
	}
	let (owner, pot, start) = (account(3, 0), 1_000 * DOIN, next - pages * length);
	let state = StreamState { spec, owner, deposit: DOIN, pot, start, next, misses: 0, awake: true };
	pallet_doin_oracle::Streams::<Runtime>::insert(stream, state);
}

/// Stores the seats of a round. Their forecasts are revealed if `revealed`. Returns their sums.
fn insert_seats(round: RoundId, revealed: bool) -> Book {
	let (mut book, skill) = (Book::default(), revealed.then_some(ONE / 2));
	let seats = (0..MAX_SEATS as u8).map(|number| {
		book.take(WAGER);
		skill.into_iter().for_each(|skill| book.reveal(WAGER, skill));
		Seat { who: account(1, number), wager: WAGER, commitment: [number; 32], skill }
	});
	let seats = SeatList::<AccountId>::truncate_from(seats.collect());
	assert_eq!(seats.len() as u32, MAX_SEATS);
	pallet_doin_forecasts::Seats::<Runtime>::insert(round, seats);
	book
}

/// Stores a round with all of its seats, and the block in which the agenda serves it.
fn insert_round(stream: StreamId, age: u32) {
	let id = round(stream, age);
	let bar = next() - 6 * u64::from(age);
	let is_waiting = age < WAITING;
	let stage = if is_waiting {
		Stage::Waiting { zero: bar + 1 }
	} else {
		let changes = Changes::truncate_from(vec![Some(1); MAX_HORIZON]);
		Stage::Revealing(Outcome { until: START + 100, zero: 1, changes, error: 1, difficulty: 1 })
	};
	let book = insert_seats(id, !is_waiting);
	// The forecast of a champion is stored until the bars stand.
	let champion = is_waiting.then(|| Path::truncate_from(vec![1; Path::bound()]));
	let stored = Round { bar, reference: Reference::RepeatLast, average: 1, book, champion, stage };
	pallet_doin_forecasts::Rounds::<Runtime>::insert(id, stored);
	// The bars of the oldest waiting round stand with the next batch. The oldest round of all closes before that batch ends.
	let due = match age {
		_ if age + 1 == WAITING => START + 70,
		_ if age + 1 == OPEN => START + 100,
		_ => START + BATCH_BLOCKS * (OPEN - age),
	};
	pallet_doin_forecasts::Due::<Runtime>::mutate(due, |items: &mut Items<RoundId>| {
		items.try_push(id).expect("a block has a place for each stream");
	});
}

/// Stores the market of a stream, with its rounds and forecasters.
fn insert_market(stream: StreamId) {
	let market = Market { pot: 1_000 * DOIN, next: OPEN, open: OPEN, ..Market::new(1) };
	pallet_doin_forecasts::Markets::<Runtime>::insert(stream, market);
	pallet_doin_forecasts::Magnitudes::<Runtime>::insert(stream, Magnitudes::truncate_from(vec![1; REMEMBERED]));
	(0..OPEN).for_each(|age| insert_round(stream, age));
	for number in 0..MAX_SEATS as u8 {
		let forecaster = Forecaster { deposit: DOIN, seats: OPEN, standing: 0, record: Record::default() };
		pallet_doin_forecasts::Forecasters::<Runtime>::insert(stream, account(1, number), forecaster);
	}
}

/// Stores all streams and markets of a public network whose next batches end in block [`START`].
fn fill() {
	pallet_doin_timing::Public::<Runtime>::put(true);
	pallet_doin_timing::SlotDuration::<Runtime>::put(SLOT_MS);
	pallet_session::Validators::<Runtime>::put((0..REPORTERS).map(|number| account(2, number)).collect::<Vec<_>>());
	let awake = streams().map(|stream| (stream, spec().due_ms(next()))).collect();
	pallet_doin_oracle::Awake::<Runtime>::put(AwakeStreams::truncate_from(awake));
	pallet_doin_oracle::NextStream::<Runtime>::put(MAX_AWAKE);
	pallet_doin_forecasts::Open::<Runtime>::put(MAX_AWAKE * OPEN);
	streams().for_each(|stream| {
		insert_bars(stream);
		insert_market(stream);
	});
	Balances::mint_into(&Oracle::account(), 100_000 * DOIN).expect("the pots are paid into");
}

/// Stores what all validators reveal in the open poll. All of them know the same bars.
fn insert_reports() {
	pallet_doin_oracle::Roll::<Runtime>::mutate(|roll| {
		assert_eq!(roll.len(), usize::from(REPORTERS));
		roll.iter_mut().for_each(|seat| seat.stake = DOIN);
	});
	let bars = BatchBars::truncate_from(vec![Some(Values::truncate_from(vec![7; 4])); 6]);
	for stream in streams() {
		(0..u16::from(REPORTERS)).for_each(|place| pallet_doin_oracle::Reveals::<Runtime>::insert(stream, place, bars.clone()));
	}
}

/// Fills the rounds that have opened since the last call. Returns their number.
fn fill_opened() -> usize {
	let opened = streams().map(|stream| RoundId { domain: stream, number: OPEN }).filter(|id| {
		pallet_doin_forecasts::Rounds::<Runtime>::contains_key(*id) && !pallet_doin_forecasts::Seats::<Runtime>::contains_key(*id)
	});
	let opened: Vec<RoundId> = opened.collect();
	for id in &opened {
		let book = insert_seats(*id, false);
		pallet_doin_forecasts::Rounds::<Runtime>::mutate(*id, |round| {
			if let Some(round) = round {
				round.book = book;
			}
		});
	}
	opened.len()
}

/// Returns the bytes of all keys and values of a pallet.
fn bytes_of(pallet: &str) -> usize {
	let prefix = sp_io::hashing::twox_128(pallet.as_bytes());
	let (mut key, mut bytes) = (prefix.to_vec(), 0);
	while let Some(next) = sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix)) {
		bytes += next.len() + sp_io::storage::get(&next).map_or(0, |value| value.len());
		key = next;
	}
	bytes
}

/// Runs the hooks of both pallets in block `number`. Returns their reference times.
fn hooks(number: BlockNumber) -> [u64; 2] {
	let slot = spec().due_ms(next()) / SLOT_MS + u64::from(number - START);
	pallet_babe::CurrentSlot::<Runtime>::put(sp_consensus_babe::Slot::from(slot));
	System::set_block_number(number);
	System::reset_events();
	[Oracle::on_initialize(number), Forecasts::on_initialize(number)].map(|weight| weight.ref_time())
}

/// Each market opens a round, ends its commitments, evaluates an older one and closes the oldest within the half hour. The state is
/// largest when all streams have 21 open rounds: that of the last batch, and the oldest one, which is about to close.
#[test]
fn thirty_two_streams_of_128_seats_fit_the_state_and_the_hooks() {
	Chain::preset("development").state(|| {
		fill();
		let share = MAX_BLOCK_WEIGHT.ref_time() / 100 * MOST_PERCENT;
		let (mut opened, mut state, mut sum, mut most) = (0, 0, 0u64, 0u64);
		for number in START..START + BATCH_BLOCKS {
			let times = hooks(number);
			let both: u64 = times.iter().sum();
			assert!(both <= share, "block {number}: the hooks of oracle and market take {times:?}, more than {share} together");
			(sum, most) = (sum + both, most.max(both));
			if number == START {
				insert_reports();
			}
			let new = fill_opened();
			opened += new;
			if new > 0 && opened == MAX_AWAKE as usize {
				state = bytes_of("Oracle") + bytes_of("Forecasts");
			}
		}
		for stream in streams() {
			let stored = pallet_doin_oracle::Streams::<Runtime>::get(stream).expect("stored");
			assert_eq!(stored.next, next() + 6, "a batch is counted");
			let stage = |id: RoundId| pallet_doin_forecasts::Rounds::<Runtime>::get(id).map(|round| round.stage);
			let newest = stage(RoundId { domain: stream, number: OPEN });
			assert!(matches!(newest, Some(Stage::Waiting { .. })), "{newest:?}");
			let evaluated = stage(round(stream, WAITING - 1));
			assert!(matches!(evaluated, Some(Stage::Revealing(_))), "{evaluated:?}");
			let oldest = stage(round(stream, OPEN - 1));
			assert!(matches!(oldest, Some(Stage::Closed { .. })), "{oldest:?}");
		}
		let block = MAX_BLOCK_WEIGHT.ref_time() as f64 / 100.0;
		println!(
			"32 streams, 21 open rounds of 128 seats each: {state} bytes of state; the hooks of both pallets take {:.3} % of a block at \
			 most, and {:.3} % of all blocks of half an hour",
			most as f64 / block,
			sum as f64 / block / f64::from(BATCH_BLOCKS),
		);
		assert!((MOST_BYTES / 2..=MOST_BYTES).contains(&state), "{state} bytes of state, where 18 MiB are {MOST_BYTES}");
		assert!(sum <= share * u64::from(BATCH_BLOCKS) / 10, "a fifth of a percent of all blocks: {sum}");
	});
}
