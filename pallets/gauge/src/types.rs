//! Types of the storage items.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	gauge::MAX_WEIGHED,
	Balance, DomainId,
};
use scale_info::TypeInfo;

/// Maximum number of nominations.
pub const MAX_NOMINATED: u32 = 64;

/// Domains with weights in parts per million, sorted by domain, each domain once.
pub type Values = BoundedVec<(DomainId, u32), ConstU32<MAX_WEIGHED>>;

/// Nomination of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Nomination<AccountId> {
	/// Nominated domain.
	pub domain: DomainId,
	/// Account that pays the deposit.
	pub nominator: AccountId,
	/// Deposit on hold, in plancks.
	pub deposit: Balance,
	/// Session of the nomination, or the last session in which the domain had a weight.
	pub since: u32,
}

/// Ballot of a validator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Ballot {
	/// Domains and weights that the validator votes for.
	pub votes: Values,
	/// Deposit on hold, in plancks.
	pub deposit: Balance,
}
