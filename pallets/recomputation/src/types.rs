//! Types that the pallet stores.

use codec::{Decode, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	payload::MAX_CHUNKS,
	quorum::MAX_QUORUM,
	round::MAX_SEATS,
	settlement::{Backing, Helpers},
	Balance, BlockNumber, DomainId, EvidenceRef, Hash, SizeClass, Subject,
};
use doin_traits::ModelList;
use scale_info::TypeInfo;

/// Multiply-accumulates in one unit of the component of [`crate::WeightInfo::score_chunk`].
pub const MACS_PER_UNIT: u64 = 2_048;

/// Sums of one model, one per chunk: `None` where the runtime has not recomputed the chunk.
pub type PartialSums = BoundedVec<Option<u32>, ConstU32<MAX_CHUNKS>>;

/// Accounts that are not drawn for a task: those that the request excludes, as many as an [`AuthorList`](doin_traits::AuthorList)
/// has, and the members of a first quorum.
pub type Excluded<AccountId> = BoundedVec<AccountId, ConstU32<{ MAX_SEATS + 2 + MAX_QUORUM }>>;

/// Answer of a drawn evaluator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Answer {
	/// No commitment so far.
	#[codec(index = 0)]
	Awaited,
	/// Commitment to sums that are not revealed.
	#[codec(index = 1)]
	Committed(Hash),
	/// Revealed sums that no recomputed chunk differs from so far.
	#[codec(index = 2)]
	Revealed,
	/// No revealed sums before the deadline: an absence.
	#[codec(index = 3)]
	Missed,
	/// Revealed sums of which the runtime recomputed another value, or that do not agree with the median of a domain with a tolerance.
	#[codec(index = 4)]
	False,
}

/// One seat of a quorum.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Member<AccountId> {
	/// The drawn evaluator.
	pub who: AccountId,
	/// Its answer.
	pub answer: Answer,
}

/// Stage of a task. A block named `until` is the first one in which the stage takes no more calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Waits until the beacon has folded in enough VRF outputs.
	#[codec(index = 0)]
	Drawing {
		/// Number of outputs since genesis at which the draw is made.
		target: u64,
	},
	/// Takes commitments of the drawn evaluators, then their sums.
	#[codec(index = 1)]
	Answering {
		/// First block of the reveals, and the end of the commitments.
		commits_until: BlockNumber,
		/// End of the reveals.
		reveals_until: BlockNumber,
	},
	/// Waits for calls of `settle`.
	#[codec(index = 2)]
	Settling {
		/// Block of the time-out.
		until: BlockNumber,
		/// Seed of the spot checks, taken after the reveals ended.
		spot: Hash,
	},
	/// No quorum decides: waits for calls of `recompute`, which any account may send.
	#[codec(index = 3)]
	Recomputing {
		/// Block of the time-out.
		until: BlockNumber,
		/// Chunks that the runtime has not recomputed yet.
		missing: u32,
	},
	/// The settled sums stand unless a challenge overturns them.
	#[codec(index = 4)]
	Challenge {
		/// End of the challenge window; the block of the last chunk where the runtime recomputed everything.
		until: BlockNumber,
		/// Origin of the settled sums.
		backing: Backing,
	},
}

/// A task that is not final.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Task<AccountId> {
	/// Purpose of the task. It is handed to the handler with the result and is not read here.
	pub subject: Subject,
	/// Domain of the models.
	pub domain: DomainId,
	/// Size class of the domain.
	pub class: SizeClass,
	/// `true` if the domain had weight at the request. Behaviour in other tasks has no effect on reputation.
	pub weighted: bool,
	/// `true` if the task is void where no quorum evaluates it: nothing is paid for having its chunks recomputed, or the runtime cannot
	/// compute them.
	pub needs_quorum: bool,
	/// Models to evaluate.
	pub models: ModelList,
	/// Data that the models are evaluated on.
	pub evidence: EvidenceRef,
	/// Chunks per model.
	pub chunks: u16,
	/// Accounts that are not drawn; empty once no draw can follow.
	pub exclude: Excluded<AccountId>,
	/// Present stage.
	pub stage: Stage,
	/// Block of the task's one item on the agenda.
	pub due: BlockNumber,
	/// Block in which the last draw was scheduled. Seats that were taken or raised in it or later are not drawn.
	pub fixed: BlockNumber,
	/// Seats of the roster when the last draw was scheduled, without those of excluded accounts. They decide the size of the
	/// quorum.
	pub roster: u32,
	/// `true` once a second draw was scheduled.
	pub redrawn: bool,
	/// Lower of the base fees in the block of the draw and at the end of the commitments, in plancks per gas.
	pub base_fee: Balance,
	/// `true` if the base fee had risen much between the draw and the end of the commitments. `None` before that, and if a full
	/// agenda delayed the visit at the end of the commitments beyond the reveals.
	pub congested: Option<bool>,
	/// Seed of the windows, once drawn. A second quorum has another seed.
	pub seed: Option<Hash>,
	/// The drawn quorum. A first quorum stays until the second one is drawn.
	pub members: BoundedVec<Member<AccountId>, ConstU32<MAX_QUORUM>>,
	/// Account that settled the task, or that paid for most of its chunks.
	pub settler: Option<AccountId>,
	/// Credits of the accounts that paid for chunks, where no quorum decides.
	pub helpers: Helpers<AccountId>,
}

impl<AccountId> Task<AccountId> {
	/// Returns the number of chunks of all models.
	pub fn total_chunks(&self) -> u32 {
		(self.models.len() as u32).saturating_mul(self.chunks.into())
	}

	/// Returns the number of seats of the quorum.
	pub fn seats(&self) -> u32 {
		self.members.len() as u32
	}

	/// Returns `true` if the runtime found an answer to be false, or to deviate from the median.
	pub fn has_false_answer(&self) -> bool {
		self.members.iter().any(|member| member.answer == Answer::False)
	}

	/// Returns the members whose revealed sums no recomputed chunk differs from, with their places in the quorum.
	pub fn standing(&self) -> impl Iterator<Item = (usize, &Member<AccountId>)> {
		self.members.iter().enumerate().filter(|(_, member)| member.answer == Answer::Revealed)
	}

	/// Returns the number of revealed answers that no recomputed chunk differs from.
	pub fn answers(&self) -> u32 {
		self.standing().count() as u32
	}
}

/// An announced challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct AnnouncedChallenge {
	/// Commitment to the task, model and chunk.
	pub hash: Hash,
	/// Block of the announcement.
	pub at: BlockNumber,
	/// Amount that the challenger has on hold for it, in plancks.
	pub bond: Balance,
}

/// The rolling beacon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BeaconState {
	/// Hash over every VRF output so far.
	pub value: Hash,
	/// Number of outputs since genesis.
	pub folded: u64,
}
