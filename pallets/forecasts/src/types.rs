//! Types of the storage of markets, rounds and forecasters.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_market::{
	reference::CHAMPION_BARS, standing::REMEMBERED, truth::squared, Average, Book, Error, Record, Reference, ReferenceErrors,
	Settled, Signed, Truth, MAX_HORIZON, MAX_SEATS,
};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Balance, BlockNumber, Hash, ModelRef, RoundId, Q32,
};
use doin_traits::{Stream, Terms};
use scale_info::TypeInfo;

/// Values of a forecast: changes from the zero of its round, in units of the stream.
pub type Forecast = BoundedVec<i32, ConstU32<{ MAX_HORIZON as u32 }>>;
/// Changes of a round over the bars of its horizon; `None` for a missing bar.
pub type Changes = BoundedVec<Option<i32>, ConstU32<{ MAX_HORIZON as u32 }>>;
/// Forecast of the champion of a live domain for the bars after an input: changes from the last close, in units of the stream.
pub type Path = BoundedVec<i32, ConstU32<{ CHAMPION_BARS as u32 }>>;
/// Seats of a round, in the order in which they were taken.
pub type SeatList<AccountId> = BoundedVec<Seat<AccountId>, ConstU32<MAX_SEATS>>;
/// Magnitudes of the last rounds of a stream, oldest first.
pub type Magnitudes = BoundedVec<u16, ConstU32<{ REMEMBERED as u32 }>>;

/// Market of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Market {
	/// Amount in the account of the pallet from which gains are paid, in plancks.
	pub pot: Balance,
	/// Number of the next round.
	pub next: u32,
	/// Rounds that are neither closed nor void.
	pub open: u32,
	/// Average of e₀².
	pub average: Average,
	/// Average errors of the references.
	pub errors: ReferenceErrors,
	/// Slice of the first round; 0 before it.
	pub since: u32,
	/// First term of records that is paid: the one after the stream has gained a weight. The largest number before that.
	pub paid_from: u32,
	/// Slice in which the stream has lost its weight; `None` while it has one.
	pub paused: Option<u32>,
	/// High-water mark H of the stream when it was last raised, Q32 bits.
	pub mark: Q32,
	/// Block in which it was.
	pub marked: BlockNumber,
	/// Term of the last claim.
	pub claim_term: u32,
	/// Sum of the increments of all claims in that term, Q32 bits. At most one bit.
	pub claimed: Q32,
	/// Champion of the stream's live domain that was run last; `None` if there is none.
	pub champion: Option<Reigning>,
}

/// Champion of a live domain whose errors a market counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reigning {
	/// The model.
	pub model: ModelRef,
	/// First round that was opened after this model was run first. Earlier ones can have the forecast of another champion.
	pub since: u32,
}

impl Market {
	/// Returns the market of a stream whose forecasts ordinarily err by `scale` units.
	pub fn new(scale: u64) -> Self {
		let scale = squared(u32::try_from(scale).unwrap_or(u32::MAX));
		Self {
			pot: 0,
			next: 0,
			open: 0,
			average: Average::new(scale),
			errors: ReferenceErrors::new(scale),
			since: 0,
			paid_from: u32::MAX,
			paused: None,
			mark: 0,
			marked: 0,
			claim_term: 0,
			claimed: 0,
			champion: None,
		}
	}

	/// Returns the sum of the increments of all claims in term `term`, Q32 bits.
	pub fn claimed_in(&self, term: u32) -> Q32 {
		if self.claim_term == term {
			self.claimed
		} else {
			0
		}
	}

	/// Returns `true` if what the champion forecasts in `round` is the forecast of the model that is the champion now.
	pub fn is_reigning(&self, round: RoundId) -> bool {
		self.champion.is_some_and(|champion| round.number >= champion.since)
	}
}

/// One round of a market.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Round {
	/// Number of the bar after the input: forecasters know the bars before it.
	pub bar: u64,
	/// Reference that forecasts are compared with.
	pub reference: Reference,
	/// Average ē² that skills are divided by.
	pub average: Error,
	/// Running sums of wagers, gains and losses.
	pub book: Book,
	/// Forecast of the champion of the stream's live domain, from the first commitment until the bars stand; `None` without a champion.
	pub champion: Option<Path>,
	/// Part of the round.
	pub stage: Stage,
}

/// Part of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Takes commitments.
	#[codec(index = 0)]
	Committing {
		/// First block in which it does not.
		until: BlockNumber,
	},
	/// Waits for its bars.
	#[codec(index = 1)]
	Waiting {
		/// Number of the first bar of the zero.
		zero: u64,
	},
	/// Takes reveals.
	#[codec(index = 2)]
	Revealing(Outcome),
	/// Its seats are paid one after another.
	#[codec(index = 3)]
	Closed {
		/// Factor of gains, and what is left for its seats.
		settled: Settled,
		/// Weight g of the round in standings, Q32.
		difficulty: Q32,
	},
	/// Too few of its bars stand: wagers and deposits are returned.
	#[codec(index = 4)]
	Void,
}

impl Stage {
	/// Returns `true` if the round is neither closed nor void.
	pub fn is_open(&self) -> bool {
		matches!(self, Self::Committing { .. } | Self::Waiting { .. } | Self::Revealing(_))
	}
}

/// Bars of a round and the error of its reference.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Outcome {
	/// First block in which reveals are not taken any more.
	pub until: BlockNumber,
	/// The zero, in units of the stream.
	pub zero: i64,
	/// Changes from it.
	pub changes: Changes,
	/// Error e₀² of the reference.
	pub error: Error,
	/// Weight g of the round in standings, Q32.
	pub difficulty: Q32,
}

impl Outcome {
	/// Returns the error of a forecast; `None` if it has another number of values than the horizon.
	pub fn error_of(&self, forecast: &Forecast) -> Option<Error> {
		let changes: alloc::vec::Vec<_> = self.changes.iter().map(|change| change.map(i64::from)).collect();
		Truth::new(0, &changes)?.error(forecast)
	}
}

/// Seat of a forecaster in a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Account of the forecaster.
	pub who: AccountId,
	/// Its wager, in plancks. Seats are most of the state of a market, and a wager rarely needs half of its bytes.
	#[codec(compact)]
	pub wager: Balance,
	/// Hash that the reveal must have.
	pub commitment: Hash,
	/// Skill, Q32; `None` until the forecast is revealed.
	pub skill: Option<Signed>,
}

/// Forecaster of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Forecaster {
	/// Amount on hold for this record, in plancks.
	pub deposit: Balance,
	/// Seats that are not collected.
	pub seats: u32,
	/// Running average of its skill, Q32.
	pub standing: Signed,
	/// Its slices and terms.
	pub record: Record,
}

/// Grid of the slices of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
	/// Bars of a slice; above 0.
	pub bars: u64,
	/// Rounds of a slice; above 0.
	pub rounds: u32,
}

impl Grid {
	/// Returns the grid of a stream whose rounds take commitments and reveals for `phases_ms` milliseconds: a slice has the bars of two
	/// horizons and of these phases, so a round is over before the slice after the next one begins.
	pub fn new(stream: &Stream, terms: &Terms, phases_ms: u64) -> Self {
		let phases = phases_ms.div_ceil(stream.bar_ms.max(1));
		let bars = u64::from(terms.horizon).saturating_mul(2).saturating_add(phases).max(1);
		let rounds = bars.checked_div(terms.batch.into()).and_then(|rounds| u32::try_from(rounds).ok()).unwrap_or(1);
		Self { bars, rounds: rounds.max(1) }
	}

	/// Returns the number of the slice of bar `bar`.
	pub fn slice(&self, bar: u64) -> u32 {
		bar.checked_div(self.bars).and_then(|slice| u32::try_from(slice).ok()).unwrap_or(u32::MAX)
	}
}
