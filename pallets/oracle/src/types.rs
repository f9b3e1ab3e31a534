//! Types of the storage of streams, polls and reporters, and of the genesis configuration.

use alloc::{format, string::String};
use codec::{Decode, DecodeAll, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	oracle::{phase, Batch, PollId, PollPhase, StreamId, StreamSpec, Values, MAX_AWAKE, PAGE_VALUES},
	Balance, BlockNumber, Hash,
};
use doin_traits::Stream;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Batches of a poll, in the order in which their streams woke.
pub type Batches = BoundedVec<Batch, ConstU32<MAX_AWAKE>>;
/// Streams that are awake, each with the time, in milliseconds of Unix time, at which its next batch is due; 0 before it has a first bar.
pub type AwakeStreams = BoundedVec<(StreamId, u64), ConstU32<MAX_AWAKE>>;

/// Record and state of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StreamState<AccountId> {
	/// Its record.
	pub spec: StreamSpec,
	/// Account that registered it.
	pub owner: AccountId,
	/// Amount of the owner on hold, in plancks.
	pub deposit: Balance,
	/// Amount in the account of the pallet from which the reporters are paid, in plancks.
	pub pot: Balance,
	/// Number of its first bar; 0 before it has one.
	pub start: u64,
	/// Number of the first bar that is not complete.
	pub next: u64,
	/// Batches in a row, up to `next`, of which no bar stands.
	pub misses: u16,
	/// `true` while its bars are asked for.
	pub awake: bool,
}

impl<AccountId> StreamState<AccountId> {
	/// Wakes the stream at `now_ms` milliseconds of Unix time: it goes on with the next whole batch. Bars in between are missing.
	pub fn wake(&mut self, now_ms: u64) {
		self.next = self.spec.next_batch(now_ms).max(self.next);
		if self.start == 0 {
			self.start = self.next;
		}
		self.misses = 0;
		self.awake = true;
	}

	/// Returns the number of the first bar that is kept.
	pub fn first(&self) -> u64 {
		self.next.saturating_sub(self.spec.kept.into()).max(self.start)
	}

	/// Returns `true` if the pot pays the next batch beside the missed batches in a row, whose fees burn when the stream sleeps.
	pub fn pays_next(&self) -> bool {
		let batches = Balance::from(self.misses).saturating_add(1);
		self.pot >= self.spec.fee.saturating_mul(batches)
	}

	/// Returns the number of the first bar that the reporters are not paid for.
	pub fn paid_until(&self) -> u64 {
		let batches = self.pot.checked_div(self.spec.fee).filter(|_| self.awake).unwrap_or(0);
		let batches = batches.saturating_sub(self.misses.into());
		let bars = u64::try_from(batches).unwrap_or(u64::MAX).saturating_mul(self.spec.batch.into());
		self.next.saturating_add(bars)
	}

	/// Returns the stream at `now_ms` milliseconds of Unix time, as pallets that read bars see it.
	pub fn view(&self, now_ms: u64) -> Stream {
		Stream {
			first: self.first(),
			next: self.next,
			running: self.spec.running(now_ms).max(self.next),
			paid_until: self.paid_until(),
			capacity: self.spec.kept,
			bar_ms: self.spec.bar_ms,
		}
	}

	/// Returns the next batch, which is that of the next poll.
	pub fn batch(&self, stream: StreamId) -> Batch {
		let fields = u8::try_from(self.spec.fields.count()).unwrap_or(u8::MAX);
		Batch { stream, first: self.next, bars: self.spec.batch, fields }
	}
}

/// Consecutive bars of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Page {
	/// Number of the page, from that of bar 0 on. Bars of a page with another number than the wanted one are expired.
	pub number: u64,
	/// Its bars up to the last complete one; `None` for a missing bar.
	pub bars: BoundedVec<Option<Values>, ConstU32<PAGE_VALUES>>,
}

/// The last poll.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PollState {
	/// Number of the poll; 0 before the first one.
	pub id: PollId,
	/// `true` until all its batches are counted and its reporters are paid.
	pub is_open: bool,
	/// First block in which commitments are not taken any more.
	pub commits_until: BlockNumber,
	/// First block in which reveals are not taken any more.
	pub reveals_until: BlockNumber,
	/// Batches that are not counted yet.
	pub batches: Batches,
}

impl PollState {
	/// Returns the phase of an open poll in block `now`.
	pub fn phase(&self, now: BlockNumber) -> PollPhase {
		phase(now, self.commits_until, self.reveals_until)
	}
}

/// Reporter of the open poll.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Account of the validator.
	pub who: AccountId,
	/// Its stake when the poll opened, in plancks.
	pub stake: Balance,
	/// Its shares in the fees of the batches that are counted, in plancks.
	pub earned: Balance,
	/// Its bars that share in these fees.
	pub within: u32,
	/// Its bars with other values.
	pub outside: u32,
}

/// Commitment of a reporter in the open poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Commitment {
	/// The poll.
	pub poll: PollId,
	/// Hash that the reveal must have.
	pub hash: Hash,
	/// `true` once it is revealed.
	pub revealed: bool,
}

/// Record of an account that has reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reporter {
	/// Commitment in the open poll.
	pub commitment: Option<Commitment>,
	/// Closed polls in which it has revealed.
	pub polls: u32,
	/// Closed polls in which it has committed and not revealed.
	pub unrevealed: u32,
	/// Bars for which it shared in the fee.
	pub within: u64,
	/// Bars that it reported with another value.
	pub outside: u64,
}

/// Stream that is registered in block 0. It is awake from block 1 on, or sleeps if its pot is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisStream<AccountId> {
	/// Owner of the stream, which pays deposit and pot.
	pub owner: AccountId,
	/// SCALE-encoded [`StreamSpec`], as `0x` and hex digits.
	pub spec: String,
	/// Amount in its pot, in plancks: 0, or the fee of a batch at least.
	pub pot: Balance,
}

impl<AccountId> GenesisStream<AccountId> {
	/// Creates the entry of a stream in a chain specification.
	pub fn new(owner: AccountId, spec: &StreamSpec, pot: Balance) -> Self {
		Self { owner, spec: format!("0x{}", hex::encode(spec.encode())), pot }
	}

	/// Decodes the record of the entry.
	///
	/// # Errors
	///
	/// Fails if `spec` does not start with `0x`, is not hex, or is not a SCALE-encoded [`StreamSpec`].
	pub fn decoded(&self) -> Result<StreamSpec, String> {
		let digits = self.spec.strip_prefix("0x").ok_or("the record does not start with 0x")?;
		let bytes = hex::decode(digits).map_err(|error| format!("the record is not hex: {error}"))?;
		StreamSpec::decode_all(&mut bytes.as_slice())
			.map_err(|error| format!("the record is not a SCALE-encoded StreamSpec: {error}"))
	}
}
