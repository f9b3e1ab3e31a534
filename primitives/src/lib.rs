//! Types and formulas that the chain and the worker share.
//!
//! The crate has the identifiers, the SCALE types, the commitment form, and every formula of the protocol as a pure function. It
//! does not depend on FRAME: the pallets and the worker call the same functions, and golden vectors pin their results.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(clippy::missing_errors_doc)]

extern crate alloc;

mod activation;
pub mod base_fee;
pub mod beacon;
pub mod channel;
pub mod commitment;
pub mod decay;
pub mod difficulty;
pub mod domain;
pub mod draw;
pub mod emission;
pub mod evidence;
pub mod gauge;
pub mod genome;
pub mod inference;
pub mod json;
pub mod oracle;
pub mod pay;
pub mod payload;
pub mod pool_limits;
pub mod quorum;
pub mod reputation;
pub mod round;
pub mod settlement;
pub mod task;
pub mod tolerance;
pub mod verdict;
pub mod views;

pub use bounded_collections;
pub use domain::{
	DomainSpec, Evidence, EvidenceKind, Gene, Growth, Limits, ModelId, ModelRef, Page, ProgramKind, SizeClass, Split, Status,
};
pub use round::{LastRound, RejectionReason, RoundId, RoundParams, RoundResult, SeatStatus, UnpaidReason};
pub use task::{EvidenceRef, Subject, TaskId};

/// Number of a block.
pub type BlockNumber = u32;
/// Identifier of a domain, given in order of registration.
pub type DomainId = u32;
/// Amount of money in plancks: 10⁻¹² DOIN.
pub type Balance = u128;
/// A 32-byte hash, always blake2b-256.
pub type Hash = [u8; 32];
/// Q32 fixed point: 2³² is one bit (one halving of the loss).
pub type Q32 = u64;

/// One DOIN in plancks.
pub const DOIN: Balance = 1_000_000_000_000;
/// One in Q32.
pub const ONE_Q32: Q32 = 1 << 32;
/// Parts per million in one.
pub const MILLION: u32 = 1_000_000;
/// Engine id of the digest item that every header carries.
pub const DOIN_ENGINE_ID: [u8; 4] = *b"DOIN";

/// The content of the header's DOIN digest.
#[derive(Clone, Debug, PartialEq, Eq, codec::Encode, codec::Decode, scale_info::TypeInfo)]
pub enum DoinLog {
	/// First version: the number of work blocks sealed on this branch, this block's included, and this block's seal if it
	/// has one.
	#[codec(index = 1)]
	V1 {
		/// Work blocks sealed so far on this branch.
		work_index: u64,
		/// This block's seal: effective improvement taken, and the threshold T, both Q32.
		seal: Option<(Q32, Q32)>,
	},
}

/// blake2b-256 of `data`.
pub fn blake2_256(data: &[u8]) -> Hash {
	use blake2::{digest::consts::U32, Blake2b, Digest};
	Blake2b::<U32>::digest(data).into()
}
