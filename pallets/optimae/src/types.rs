//! What the pallet stores.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	domain::{Genes, ModelBytes},
	gauge::MAX_WEIGHED,
	payload::{ChunkSums, MAX_CHUNKS},
	round::MAX_SEATS,
	Balance, Hash, ModelId, ModelRef, RoundId,
};
use doin_primitives_frame::ModelList;
use scale_info::TypeInfo;

/// Most undecided rounds on the chain. The agenda finds a place for each of them within 33 blocks of its wish.
pub const MAX_ROUNDS: u32 = 1_024;
/// Places among them that only rounds of weighted domains take, enough for all of those: domains are cheap to make, and nobody must be
/// able to keep what earns money from being measured by filling the list with ones that do not.
pub const RESERVED_ROUNDS: u32 = MAX_WEIGHED * MAX_PENDING;
/// Most undecided rounds of one domain: one that collects, one that is measured, two that wait for it.
pub const MAX_PENDING: u32 = 4;
/// Rounds in which a near-miss is measured again.
pub const CONTENDER_ROUNDS: u8 = 4;
/// Chunks that settling a round in agreement computes at most, which its caller is reimbursed for.
pub const SETTLED_CHUNKS: u64 = 6;
/// Sums a contender has gathered before its last round.
pub const MAX_GATHERED: u32 = MAX_CHUNKS * CONTENDER_ROUNDS as u32;

/// What a seat has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SeatState {
	/// Committed, not revealed.
	#[codec(index = 0)]
	Committed,
	/// Revealed, and to be measured.
	#[codec(index = 1)]
	Revealed,
	/// Out of the race, for a [`Reason`] that its event told.
	#[codec(index = 2)]
	Rejected,
	/// Never revealed.
	#[codec(index = 3)]
	Unrevealed,
}

/// Why a revealed candidate is out of the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Reason {
	/// Its validation sums are not better than the champion's by the domain's least improvement.
	#[codec(index = 0)]
	NotBetter,
	/// The champion changed before it was measured, and it is not better than the new one.
	#[codec(index = 1)]
	Overtaken,
	/// One of its validation sums was proved to be false.
	#[codec(index = 2)]
	FalseClaim,
	/// It was measured and did not win.
	#[codec(index = 3)]
	Lost,
	/// As a contender, it was not better than the champion in the end.
	#[codec(index = 4)]
	Expired,
	/// As a contender, it was withdrawn.
	#[codec(index = 5)]
	Withdrawn,
}

/// One seat of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Who sits on it.
	pub who: AccountId,
	/// What it committed to.
	pub commitment: Hash,
	/// Everything paid for it, in plancks: what is held of it and what was burned at once.
	pub fee: Balance,
	/// Part of the fee that is still held for the round's evaluators.
	pub fee_held: Balance,
	/// What is still held as its word.
	pub hold: Balance,
	/// Base fee of the block it was taken in, plancks per gas.
	pub base_fee: Balance,
	/// What it has come to.
	pub state: SeatState,
	/// Its model, while that is stored for this round.
	pub model: Option<ModelId>,
}

/// What is being measured. While a round is measured no other round of its domain is, so champion and contender cannot change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Measurement {
	/// The models, each once: the initial champion, the champion, the contender, the candidates in order of their seats.
	pub models: ModelList,
	/// The champion among them.
	pub champion: ModelRef,
	/// The contender among them.
	pub contender: Option<ModelId>,
}

/// How far a round is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// It takes commits and reveals when the domain's grid says so.
	#[codec(index = 0)]
	Collecting,
	/// Its reveals are closed; an earlier round of the domain is not decided yet.
	#[codec(index = 1)]
	Waiting,
	/// It is being measured.
	#[codec(index = 2)]
	Measuring(Measurement),
}

/// A round that is not decided.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Round<AccountId> {
	/// Its seats in order of commit.
	pub seats: BoundedVec<Seat<AccountId>, ConstU32<MAX_SEATS>>,
	/// How far it is.
	pub stage: Stage,
}

impl<AccountId> Round<AccountId> {
	/// A round that nobody has committed to yet.
	pub fn new() -> Self {
		Self { seats: BoundedVec::new(), stage: Stage::Collecting }
	}

	/// Models of the candidates that are still in the race, in order of their seats.
	pub fn candidates(&self) -> Vec<ModelId> {
		self.seats.iter().filter(|seat| seat.state == SeatState::Revealed).filter_map(|seat| seat.model).collect()
	}
}

impl<AccountId> Default for Round<AccountId> {
	fn default() -> Self {
		Self::new()
	}
}

/// A submitted model: of a candidate, a contender or a champion.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StoredModel<AccountId> {
	/// Who found it.
	pub author: AccountId,
	/// The round it was revealed in.
	pub round: RoundId,
	/// The encoded model.
	pub bytes: ModelBytes,
	/// The genes it was found with.
	pub genes: Genes,
	/// Its claimed error sums on the validation split.
	pub validation: ChunkSums,
	/// Held of its author for the bytes, in plancks.
	pub hold: Balance,
}

/// Error sums gathered over several draws, chunk after chunk.
pub type Gathered = BoundedVec<u32, ConstU32<MAX_GATHERED>>;

/// A near-miss that is measured again: not better than the champion beyond doubt, but better so far.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Contender {
	/// The model.
	pub model: ModelId,
	/// The champion that its sums were measured against.
	pub against: ModelRef,
	/// Rounds in which it is still measured, 1..=[`CONTENDER_ROUNDS`].
	pub rounds_left: u8,
	/// Sums of the initial champion on the draws so far.
	pub initial: Gathered,
	/// Sums of the champion on the same draws.
	pub champion: Gathered,
	/// Its own sums on the same draws.
	pub own: Gathered,
}

/// What has become of an optimizer's seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// Candidates that became champion.
	pub accepted: u32,
	/// Candidates that did not.
	pub rejected: u32,
	/// Seats never revealed.
	pub unrevealed: u32,
}
