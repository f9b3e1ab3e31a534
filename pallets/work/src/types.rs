//! Types of the work queue.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::Q32;
use scale_info::TypeInfo;

/// Bounds of the queue: entries lie at `head..tail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Queue {
	/// Place of the oldest entry.
	pub head: u64,
	/// Place of the next entry.
	pub tail: u64,
	/// Effective improvement of all entries together, Q32 bits.
	pub effective: Q32,
}

impl Queue {
	/// Returns the number of entries.
	pub fn len(&self) -> u32 {
		self.tail.saturating_sub(self.head).min(u32::MAX.into()) as u32
	}

	/// Returns `true` if the queue is empty.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

/// Role for which an account is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Role {
	/// Author of an improvement.
	#[codec(index = 0)]
	Optimizer,
	/// Evaluator that verified an improvement.
	#[codec(index = 1)]
	Evaluator,
	/// Validators, as a pot that staking pays from.
	#[codec(index = 2)]
	Validators,
}
