//! Recomputation tasks: identifiers, subjects and evidence.

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

/// Data that a task evaluates models on.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceRef {
	/// The validation split of a domain with public evidence; else the windows that the seed of the task draws from its generator.
	#[default]
	#[codec(index = 0)]
	Drawn,
	/// Opened segment with this index, whose windows or rows the seed of the task chooses.
	#[codec(index = 1)]
	Segment(u16),
	/// Bars of the stream of the domain, from this one on.
	#[codec(index = 2)]
	Bars {
		/// Number of the first bar after the commits.
		first: u64,
	},
}

impl Subject {
	/// Returns the round, if the subject is one.
	pub fn round(&self) -> Option<RoundId> {
		match self {
			Subject::Round(round) => Some(*round),
		}
	}
}
