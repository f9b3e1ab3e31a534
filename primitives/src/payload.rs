//! What is committed first and revealed later.

use crate::domain::{Genes, ModelBytes};
use crate::round::MAX_MODELS;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Most chunks a draw or a validation split is cut into.
pub const MAX_CHUNKS: u32 = 256;

/// Error sums of one model, one per chunk.
pub type ChunkSums = BoundedVec<u32, ConstU32<MAX_CHUNKS>>;
/// Error sums of every model of a round, in the order of its model list.
pub type Sums = BoundedVec<ChunkSums, ConstU32<MAX_MODELS>>;

/// An optimizer's solution.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reveal {
	/// Values of the genes, in the order of the search space.
	pub genes: Genes,
	/// The encoded model ([`doin_scoring::Model`]).
	pub model: ModelBytes,
	/// Its claimed error sums on the validation split, one per chunk.
	pub validation: ChunkSums,
	/// How it was found; the chain only repeats it in an event.
	pub metrics: Metrics,
}

/// The author's account of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Metrics {
	/// Identifier of the experiment.
	pub experiment: [u8; 16],
	/// Round number inside the experiment.
	pub round: u32,
	/// Milliseconds from the start of the search to this result.
	pub millis: u64,
	/// Hash of the optimizer's configuration.
	pub config: [u8; 32],
	/// Hash of the data it trained on.
	pub data: [u8; 32],
	/// Name of the optimizer, UTF-8.
	pub optimizer: BoundedVec<u8, ConstU32<32>>,
}

/// A challenger's claim that the truth of a round is wrong in one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Challenge {
	/// Index into the round's model list.
	pub model: u8,
	/// The chunk.
	pub chunk: u16,
}
