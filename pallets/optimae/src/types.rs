//! Types of the storage items.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	domain::{Genes, ModelBytes},
	gauge::MAX_WEIGHED,
	payload::ChunkSums,
	round::MAX_SEATS,
	Balance, BlockNumber, EvidenceRef, Hash, ModelId, RoundId, SeatStatus, TaskId,
};
use scale_info::TypeInfo;

pub use doin_primitives::verdict::{Contender, ContenderSums, Evaluation, GatheredSums, CONTENDER_ROUNDS, MAX_GATHERED};

/// Maximum number of undecided rounds on the chain. With as many, the agenda finds a free place within 33 blocks.
pub const MAX_ROUNDS: u32 = 1_024;
/// Places among [`MAX_ROUNDS`] that only rounds of weighted domains take, enough for all of them. Domains are cheap to register,
/// so rounds of domains without weight must not keep rounds of weighted domains from being evaluated.
pub const RESERVED_ROUNDS: u32 = MAX_WEIGHED * MAX_PENDING;
/// Number of undecided rounds on the chain below which a domain without weight that too few evaluators serve can open a round.
/// Its rounds end by a time-out unless somebody pays the runtime to recompute them, so they must not keep rounds of domains with
/// a quorum out. Such a domain has at most one undecided round. Half of the number applies to domains without weight whose evidence
/// is live: their rounds wait for bars for up to 30 days, and must not take all places.
pub const UNSERVED_ROUNDS: u32 = MAX_ROUNDS / 2;
/// Maximum number of undecided rounds of one domain: one that accepts commits or reveals, one that is evaluated, and two
/// that wait. With live evidence, one that accepts commits, and three that wait for their bars or are decided.
pub const MAX_PENDING: u32 = 4;
/// Maximum number of chunks that settling recomputes if all answers agree. The settler is reimbursed for them.
pub const SETTLED_CHUNKS: u64 = 6;

/// Seat of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Account that took the seat.
	pub who: AccountId,
	/// Commitment of the seat.
	pub commitment: Hash,
	/// Fee of the seat in plancks: the held part and the part that was burned at the commit.
	pub fee: Balance,
	/// Part of the fee that is still held for the evaluators of the round, in plancks.
	pub fee_held: Balance,
	/// Part of `fee_held` that pays for having the runtime recompute models, in plancks. It stays held until the round ends,
	/// whatever becomes of the seat, and is returned unless the runtime recomputes the round.
	pub recomputation: Balance,
	/// Remaining hold that guarantees the reveal, in plancks.
	pub hold: Balance,
	/// Stake on hold, in plancks: burned unless the model of the seat is revealed and leads the champion by one standard error. 0
	/// unless the evidence of the domain is sealed, and once the stake is burned or returned.
	pub stake: Balance,
	/// Base fee of the block of the commit, plancks per gas.
	pub base_fee: Balance,
	/// Status of the seat.
	pub status: SeatStatus,
	/// Model of the seat, while it is stored for this round.
	pub model: Option<ModelId>,
}

/// Stage of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Accepts commits in the commit phase of the domain's grid and, unless its evidence is awaited, reveals in the reveal phase.
	#[codec(index = 0)]
	Collecting,
	/// The reveal window has ended, and an earlier round of the domain is undecided.
	#[codec(index = 1)]
	Waiting,
	/// A recomputation task evaluates the models.
	#[codec(index = 2)]
	Evaluating {
		/// The task.
		task: TaskId,
		/// Models of the task.
		evaluation: Evaluation,
	},
	/// The commits have ended, and the evidence of the round is awaited.
	#[codec(index = 3)]
	Awaiting,
	/// The evidence has arrived. Accepts reveals.
	#[codec(index = 4)]
	Revealing {
		/// First block in which reveals are not accepted any more.
		until: BlockNumber,
		/// Base fee of the block in which the evidence arrived, plancks per gas.
		base_fee: Balance,
		/// `true` if the window for reveals has been doubled.
		extended: bool,
	},
}

/// Terms of the sale of a round. Its first seat decides them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Sale {
	/// The domain had weight, and a quorum served it. A seat pays for recomputing its model if too few evaluators serve the
	/// domain when the seat is sold. Where no quorum evaluates the round, it waits for accounts that have it recomputed, also if
	/// the domain has lost its weight.
	#[codec(index = 0)]
	Weighted,
	/// The domain had no weight, and a quorum served it, or only a quorum can decide it, since it has a tolerance. The seats do not pay
	/// for recomputing their models. Where no quorum evaluates the round, it ends, unless the domain has gained weight.
	#[codec(index = 1)]
	Served,
	/// No quorum served the domain, or the domain has no weight and is unanswered. Every seat pays for recomputing its model.
	#[codec(index = 2)]
	Prepaid,
}

/// Undecided round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Round<AccountId> {
	/// Seats in order of their commits.
	pub seats: BoundedVec<Seat<AccountId>, ConstU32<MAX_SEATS>>,
	/// Terms of the sale.
	pub sale: Sale,
	/// Stage of the round.
	pub stage: Stage,
	/// Data that the round is evaluated on; `None` until evidence that is awaited arrives.
	pub evidence: Option<EvidenceRef>,
}

impl<AccountId> Round<AccountId> {
	/// Returns a round without seats. `evidence` is `None` if its evidence is awaited.
	pub fn new(sale: Sale, evidence: Option<EvidenceRef>) -> Self {
		Self { seats: BoundedVec::new(), sale, stage: Stage::Collecting, evidence }
	}

	/// Returns the recomputation task that evaluates the models.
	pub fn task(&self) -> Option<TaskId> {
		match self.stage {
			Stage::Evaluating { task, .. } => Some(task),
			Stage::Collecting | Stage::Waiting | Stage::Awaiting | Stage::Revealing { .. } => None,
		}
	}

	/// Returns the models of the candidates that are in the race, in order of their seats.
	pub fn candidates(&self) -> Vec<ModelId> {
		self.seats.iter().filter(|seat| seat.status == SeatStatus::Revealed).filter_map(|seat| seat.model).collect()
	}
}

/// Submitted model of a candidate, a contender or a champion.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StoredModel<AccountId> {
	/// Author of the model.
	pub author: AccountId,
	/// Round in which the model was revealed.
	pub round: RoundId,
	/// Encoded model.
	pub bytes: ModelBytes,
	/// Genes that the model was trained with.
	pub genes: Genes,
	/// Claim: error sums on the validation split, one per chunk.
	pub validation: ChunkSums,
	/// Hold of the author for the stored bytes, in plancks.
	pub hold: Balance,
}

/// Results of the seats of an optimizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// Candidates that became champion.
	pub accepted: u32,
	/// Candidates that were rejected.
	pub rejected: u32,
	/// Seats that were not revealed in time.
	pub forfeited: u32,
}
