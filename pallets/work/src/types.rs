//! Types of the work queue.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::Q32;
use scale_info::TypeInfo;

/// A queue's state: entries lie at `head..tail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Queue {
	/// Place of the oldest entry.
	pub head: u64,
	/// Place of the next entry.
	pub tail: u64,
	/// Effective improvement of all entries together, Q32 bits.
	pub eff: Q32,
}

impl Queue {
	/// Number of entries.
	pub fn len(&self) -> u32 {
		self.tail.saturating_sub(self.head).min(u32::MAX.into()) as u32
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

/// What an account is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Role {
	/// Found an improvement.
	#[codec(index = 0)]
	Optimizer,
	/// Verified one.
	#[codec(index = 1)]
	Evaluator,
	/// Generates blocks.
	#[codec(index = 2)]
	Generator,
}
