//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	draw,
	quorum::MAX_QUORUM,
	Balance, BlockNumber, DomainId, Hash, SizeClass,
};
use doin_primitives_frame::{Authors, ModelList};
use scale_info::TypeInfo;

/// Most unweighted domains one evaluator serves.
pub const MAX_SERVED: u32 = 8;

/// Multiply-accumulates that [`crate::WeightInfo::judge`] counts in.
pub const MACS_PER_UNIT: u64 = 2_048;

/// A list of evaluators that quorums are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Roster {
	/// Everybody of a size class: serves every weighted domain of the class.
	Class(SizeClass),
	/// Those who chose to serve a domain: serves it while it weighs nothing.
	Domain(DomainId),
}

/// The upper level of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RosterIndex {
	/// Seats taken.
	pub len: u32,
	/// Sum of the bonds in each chunk of seats.
	pub sums: BoundedVec<Balance, ConstU32<{ draw::MAX_CHUNKS }>>,
}

/// One seat of a roster.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Who sits on it.
	pub who: AccountId,
	/// Its bond, which a pick is in proportion to.
	pub bond: Balance,
}

/// One chunk of a roster's seats.
pub type SeatChunk<AccountId> = BoundedVec<Seat<AccountId>, ConstU32<{ draw::CHUNK }>>;

/// A bonded evaluator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Evaluator {
	/// What it has on hold.
	pub bond: Balance,
	/// Whose weighted domains it serves.
	pub class: SizeClass,
	/// Unweighted domains it serves.
	pub serving: BoundedVec<DomainId, ConstU32<MAX_SERVED>>,
	/// Drawn seats it left empty since its last answer.
	pub missed: u8,
	/// First block in which it may withdraw, once it has unbonded.
	pub leaving: Option<BlockNumber>,
}

/// What a drawn evaluator has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Answer {
	/// Nothing yet.
	Awaited,
	/// That it will reveal sums of this commitment.
	Committed(Hash),
	/// Sums that nothing contradicts so far.
	Revealed,
	/// Nothing, and the deadline has passed.
	Missed,
	/// Sums that the runtime found false.
	False,
}

/// A drawn evaluator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Member<AccountId> {
	/// Who.
	pub who: AccountId,
	/// What it has said.
	pub answer: Answer,
}

/// Where a recomputation is. Blocks named `until` are the first ones in which the stage takes nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Waiting for the beacon to have folded `target` outputs since genesis.
	Drawing {
		/// Outputs.
		target: u64,
	},
	/// Taking commitments, then sums.
	Answering {
		/// End of the commitments, and first block of the reveals.
		commits_until: BlockNumber,
		/// End of the reveals.
		reveals_until: BlockNumber,
	},
	/// Waiting for somebody to settle.
	Settling {
		/// Time-out.
		until: BlockNumber,
		/// Beacon when the reveals closed: draws the chunks of the spot check.
		spot: Hash,
	},
	/// Waiting for anybody to have the runtime compute the missing chunks.
	Replaying {
		/// Time-out.
		until: BlockNumber,
		/// Chunks not computed yet.
		missing: u32,
	},
	/// The sums stand unless somebody contradicts them.
	Challenge {
		/// End of the window; the block of the last chunk where the runtime computed everything.
		until: BlockNumber,
	},
}

/// Chunks that one account had the runtime compute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Helper<AccountId> {
	/// Who paid for them.
	pub who: AccountId,
	/// How many.
	pub chunks: u32,
}

/// An open recomputation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Request<AccountId> {
	/// Size class of the domain.
	pub class: SizeClass,
	/// What is measured.
	pub models: ModelList,
	/// Chunks per model.
	pub chunks: u16,
	/// Who must not be drawn; empty after the draw.
	pub exclude: Authors<AccountId>,
	/// Where it is.
	pub stage: Stage,
	/// Block of its one item on the agenda.
	pub due: BlockNumber,
	/// Seed of the windows, once drawn.
	pub seed: Option<Hash>,
	/// The drawn evaluators.
	pub members: BoundedVec<Member<AccountId>, ConstU32<MAX_QUORUM>>,
	/// Who settled it, or computed most of it.
	pub settler: Option<AccountId>,
	/// Who had chunks computed, where no quorum decided.
	pub helpers: BoundedVec<Helper<AccountId>, ConstU32<MAX_QUORUM>>,
}

/// An announced challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Dispute {
	/// Commitment to the round, model and chunk.
	pub hash: Hash,
	/// Block of the announcement.
	pub at: BlockNumber,
	/// What the challenger has on hold for it.
	pub bond: Balance,
}

/// The rolling beacon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BeaconState {
	/// Hash over every output so far.
	pub value: Hash,
	/// Outputs folded in since genesis.
	pub folded: u64,
}

/// Why a bond was slashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Offence {
	/// Was drawn and did not answer.
	NoShow,
	/// Answered with a false sum.
	False,
	/// Two or more, and a third of the seats at least, answered with the same false sums.
	Collusion,
}
