//! Recomputation tasks: identifiers and subjects.

use crate::RoundId;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Identifier of a recomputation task, given in order of request; never reused. Commitments of evaluators and challengers bind it.
pub type TaskId = u64;

/// Purpose of a recomputation task. The subject routes the result to the handler that requested it. Further kinds of work take
/// the next indices.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
	/// The verdict of a round of optimization.
	#[codec(index = 0)]
	Round(RoundId),
}

impl Subject {
	/// Returns the round, if the subject is one.
	pub fn round(&self) -> Option<RoundId> {
		match self {
			Subject::Round(round) => Some(*round),
		}
	}
}
