//! What the gauge keeps.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	gauge::MAX_WEIGHED,
	Balance, DomainId,
};
use scale_info::TypeInfo;

/// Most domains nominated at a time.
pub const MAX_NOMINATED: u32 = 64;

/// Domains and parts per million, sorted by domain, each domain once.
pub type Values = BoundedVec<(DomainId, u32), ConstU32<MAX_WEIGHED>>;

/// A domain that may be voted for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Nomination<AccountId> {
	/// The domain.
	pub domain: DomainId,
	/// Whose deposit it is.
	pub nominator: AccountId,
	/// What is on hold for it.
	pub deposit: Balance,
	/// Session of the nomination, or the last one in which the domain weighed.
	pub since: u32,
}

/// One validator's votes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Ballot {
	/// The weights he asks for.
	pub votes: Values,
	/// What is on hold for it.
	pub deposit: Balance,
}
