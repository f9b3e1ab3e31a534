//! A market in which one group of accounts follows a strategy, beside an account without skill and a pot.

use crate::{
	rounds::{Round, HORIZON},
	series::Path,
	strategies::{stream, Knowledge, Strategy},
};
use doin_market::{record, settlement::displaces, skill, truth::root, Book, Record, Signed, MAX_SEATS};
use doin_primitives::{Balance, DOIN, MILLION, Q32};

/// Pot of a stream at the beginning.
const POT: Balance = 10_000 * DOIN;
/// Wager of a seat of a group of one or two, and of the account beside it.
const WAGER: Balance = 10 * DOIN;
/// Wager of a seat of a larger group: the smallest.
const SMALLEST: Balance = DOIN;
/// Rounds of a slice: those of two horizons.
const SLICE: usize = 2 * HORIZON / 6;

/// A seat of a round.
struct Seat {
	/// Index in the group, or `None` for the account beside it.
	member: Option<usize>,
	wager: Balance,
	forecast: Vec<i32>,
}

/// Result of a group over all rounds of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
	/// Rounds that the group entered.
	pub entered: u32,
	/// Mean return per round that it entered, in millionths of its wagers.
	pub ppm: i64,
	/// Largest sum of increments that one of its seats can claim with a mark of its own that does not fall, in millionths of a bit.
	pub claim: u64,
	/// Change of the pot, in millionths.
	pub pot: i64,
}

/// Sums of a group.
struct Sums {
	returns: i64,
	entered: u32,
	/// Records of its seats, and their marks.
	records: Vec<(Record, Q32)>,
}

impl Sums {
	/// Claims for every seat what its record proves at the beginning of slice `now`.
	fn claim(&mut self, now: u32) {
		for (record, mark) in &mut self.records {
			record.settle(now, SLICE as u32);
			*mark += record.bound(now, 0).map_or(0, |bound| record::increment(bound, *mark, 0));
		}
	}
}

/// Returns the return on `wagered` in millionths, rounded down.
fn ppm(paid: Balance, wagered: Balance) -> i64 {
	let difference = paid as i128 - wagered as i128;
	(difference * i128::from(MILLION)).div_euclid(wagered as i128) as i64
}

/// Simulates all rounds of a series with one strategy.
pub fn simulate(path: &Path, rounds: &[Round], strategy: Strategy, seed: u32) -> Outcome {
	let mut sums = Sums { returns: 0, entered: 0, records: vec![(Record::default(), 0); MAX_SEATS as usize] };
	let mut pot = POT;
	for (index, round) in rounds.iter().enumerate() {
		let mut known = Knowledge { path, round, stream: stream(strategy, seed, index as u64) };
		let forecasts = strategy.forecasts(&mut known);
		let wager = if forecasts.len() > 2 { SMALLEST } else { WAGER };
		let mut seats = Vec::new();
		for (member, forecast) in forecasts.into_iter().enumerate() {
			take(&mut seats, Seat { member: Some(member), wager, forecast });
		}
		let beside = beside(&known);
		take(&mut seats, Seat { member: None, wager: WAGER, forecast: beside });
		let slice = (index / SLICE) as u32;
		// A term is complete a few slices after its end.
		if index.is_multiple_of(SLICE) && (slice + 1).is_multiple_of(record::OPEN_SLICES) {
			sums.claim(slice);
		}
		settle(round, strategy, &seats, slice, &mut pot, &mut sums);
	}
	sums.claim((rounds.len() / SLICE) as u32 + record::OPEN_SLICES - 1);
	let claim = u128::from(sums.records.iter().map(|(_, mark)| *mark).max().unwrap_or(0));
	Outcome {
		entered: sums.entered,
		ppm: sums.returns.checked_div(i64::from(sums.entered)).unwrap_or(0),
		claim: ((claim * u128::from(MILLION)) >> 32) as u64,
		pot: ppm(pot, POT),
	}
}

/// Returns the forecast of the account beside the group: a constant change up to ± the average error.
fn beside(known: &Knowledge) -> Vec<i32> {
	let mut stream = stream(Strategy::Itself, u32::MAX, known.round.bar as u64);
	let size = (root(known.round.average) >> 16) as i64;
	vec![(((i64::from(stream.next_u32()) * 2 * size) >> 32) - size) as i32; HORIZON]
}

/// Takes a seat; in a full round only by displacing the smallest one.
fn take(seats: &mut Vec<Seat>, seat: Seat) {
	if seats.len() < MAX_SEATS as usize {
		seats.push(seat);
		return;
	}
	let (at, smallest) = seats.iter().enumerate().min_by_key(|(_, seat)| seat.wager).expect("it is full");
	if displaces(seat.wager, smallest.wager) {
		seats[at] = seat;
	}
}

/// Settles one round and adds what the group wagered and was paid.
fn settle(round: &Round, strategy: Strategy, seats: &[Seat], slice: u32, pot: &mut Balance, sums: &mut Sums) {
	let mut book = Book::default();
	let revealed: Vec<Option<Signed>> = seats
		.iter()
		.map(|seat| {
			book.take(seat.wager);
			let error = round.truth.error(&seat.forecast).expect("of the horizon's length");
			let skill = skill(round.error, error, round.average);
			let shown = seat.member.is_none() || strategy.reveals(skill);
			shown.then(|| book.reveal(seat.wager, skill)).map(|()| skill)
		})
		.collect();
	let before = *pot + book.wagers;
	let mut settled = book.close(pot);
	let (mut wagered, mut paid, mut all) = (0, 0, 0);
	for (seat, skill) in seats.iter().zip(revealed) {
		let amount = settled.collect(seat.wager, skill, pot);
		all += amount;
		let Some(member) = seat.member else { continue };
		wagered += seat.wager;
		paid += amount;
		let (record, _) = &mut sums.records[member];
		record.enter(slice, SLICE as u32);
		if let Some(skill) = skill {
			record.correct(slice, skill);
		}
	}
	assert_eq!(all + *pot, before, "a planck was made or lost");
	if wagered > 0 {
		sums.entered += 1;
		sums.returns += ppm(paid, wagered);
	}
}
