//! Types of the storage of segments, purses and rounds that wait for bars.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Balance, BlockNumber, DomainSpec, Evidence, Hash,
};
use doin_scoring::Program;
use doin_traits::Stream;
use scale_info::TypeInfo;

/// Maximum number of hashes of one call.
pub const MAX_HASHES: u32 = 64;
/// Number of hashes of one storage entry.
pub const CHUNK: u16 = 32;
/// Maximum number of rounds of a domain that wait for bars at the same time.
pub const MAX_WAITING: u32 = 3;

/// Hashes of consecutive segments.
pub type Hashes = BoundedVec<Hash, ConstU32<{ CHUNK as u32 }>>;

/// Segments of one domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Segments {
	/// Number of segments whose hashes are stored.
	pub sealed: u16,
	/// Number of opened segments. The next segment to open has this index.
	pub opened: u16,
	/// Request for the next segment; `None` unless a round waits for it.
	pub awaited: Option<Awaited>,
	/// Hold for the bytes and hashes of all sealed segments, in plancks.
	pub hold: Balance,
}

/// Request for a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Awaited {
	/// Number of the round that waits, on the grid of the domain.
	pub number: u32,
	/// Block in which the time for opening the segment ends.
	pub until: BlockNumber,
	/// Base fee at the request, in plancks per gas.
	pub base_fee: Balance,
	/// `true` once the time was doubled.
	pub doubled: bool,
}

/// Purse of one domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Purse {
	/// Amount on hold, in plancks.
	pub held: Balance,
	/// Amount that verdicts have burned so far, in plancks.
	pub spent: Balance,
}

/// Rounds of one domain with live evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct LiveRounds {
	/// Number of the first bar that no round of the domain was given.
	pub next: u64,
	/// Rounds that wait for their bars, in ascending order.
	pub waiting: BoundedVec<WaitingBars, ConstU32<MAX_WAITING>>,
}

/// Round that waits for its bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct WaitingBars {
	/// Number of the round, on the grid of the domain.
	pub number: u32,
	/// Number of its first bar.
	pub first: u64,
	/// First block in which the bars are too late.
	pub until: BlockNumber,
	/// Block of its agenda item, in which the stream is read again.
	pub look: BlockNumber,
}

/// Bars that a round of a domain with live evidence needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveNeeds {
	/// Identifier of the stream.
	pub stream: u32,
	/// Number of bars before those of the round that its models read.
	pub history: u64,
	/// Number of bars of the round.
	pub bars: u64,
}

impl LiveNeeds {
	/// Returns the bars that rounds of the domain with this record need; `None` unless its evidence is live.
	pub fn of(spec: &DomainSpec) -> Option<Self> {
		let Evidence::Live { stream, .. } = spec.evidence else { return None };
		let history = match &spec.program {
			Program::Forecast(forecast) => forecast.history,
			Program::Quadratic(_) | Program::Landscape(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => {
				0
			}
		};
		Some(Self { stream, history: history.into(), bars: spec.live_bars().into() })
	}

	/// Returns the number of the first bar after those of a round whose first bar is `first`.
	pub fn end(&self, first: u64) -> u64 {
		first.saturating_add(self.bars)
	}

	/// Returns `true` if the bars of a round whose first bar is `first` are complete.
	pub fn are_complete(&self, stream: &Stream, first: u64) -> bool {
		stream.next >= self.end(first)
	}

	/// Returns `true` if the history before bar `first` is kept.
	pub fn is_history_kept(&self, stream: &Stream, first: u64) -> bool {
		stream.first.saturating_add(self.history) <= first
	}

	/// Returns `true` if the reporters are paid for the bars of a round whose first bar is `first`.
	pub fn are_paid(&self, stream: &Stream, first: u64) -> bool {
		stream.paid_until >= self.end(first)
	}
}

impl Segments {
	/// Returns the number of sealed segments that are not opened.
	pub fn left(&self) -> u16 {
		self.sealed.saturating_sub(self.opened)
	}
}

/// Returns the key of the storage entry of the hash of segment `index`, and the place in it.
///
/// ```
/// use pallet_doin_evidence::types::place_of;
/// assert_eq!([place_of(0), place_of(31), place_of(32), place_of(1_023)], [(0, 0), (0, 31), (1, 0), (31, 31)]);
/// ```
pub fn place_of(index: u16) -> (u16, usize) {
	let chunk = index.checked_div(CHUNK).unwrap_or(0);
	(chunk, usize::from(index.checked_rem(CHUNK).unwrap_or(0)))
}
