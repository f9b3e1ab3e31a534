//! Payloads of the commit-reveal steps: reveals of optimizers, sums of evaluators and challenges.

use crate::domain::{Genes, ModelBytes};
use crate::round::MAX_MODELS;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Maximum number of chunks of a draw or of a validation split.
pub const MAX_CHUNKS: u32 = 256;

/// Error sums of one model, one per chunk.
pub type ChunkSums = BoundedVec<u32, ConstU32<MAX_CHUNKS>>;
/// Error sums of every model of a recomputation task, in the order of its model list.
pub type Sums = BoundedVec<ChunkSums, ConstU32<MAX_MODELS>>;

/// Candidate of an optimizer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reveal {
	/// Values of the genes, in the order of the search space.
	pub genes: Genes,
	/// Encoded model ([`doin_scoring::Model`]).
	pub model: ModelBytes,
	/// Claim: error sums of the model on the validation split, one per chunk.
	pub validation: ChunkSums,
	/// Description of the experiment. The chain repeats it in an event and does not use it.
	pub metrics: Metrics,
}

/// Description of an experiment by its author. Not verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Metrics {
	/// Identifier of the experiment.
	pub experiment: [u8; 16],
	/// Number of the round within the experiment.
	pub round: u32,
	/// Time from the start of the search to this result, in milliseconds.
	pub millis: u64,
	/// Hash of the configuration of the optimizer.
	pub config: [u8; 32],
	/// Hash of the training data.
	pub data: [u8; 32],
	/// Name of the optimizer, UTF-8.
	pub optimizer: BoundedVec<u8, ConstU32<32>>,
}

/// Challenge: the statement that one settled chunk sum of a task is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Challenge {
	/// Index of the model in the model list of the task.
	pub model: u8,
	/// Index of the chunk.
	pub chunk: u16,
}
