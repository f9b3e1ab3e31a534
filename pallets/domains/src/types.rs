//! Types of bounties and of the genesis configuration.

use alloc::{format, string::String, vec::Vec};
use codec::{Decode, DecodeAll, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Balance, DomainSpec,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum number of donors of one bounty.
pub const MAX_DONORS: u32 = 8;

/// Amount that an account has given to a bounty.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Donation<AccountId> {
	/// Account of the donor.
	pub donor: AccountId,
	/// Amount on hold, in plancks.
	pub amount: Balance,
}

/// Donations to a bounty: each donor once, in order of the first donation.
pub type Donations<AccountId> = BoundedVec<Donation<AccountId>, ConstU32<MAX_DONORS>>;

/// Domain that is active from block 0, with its whole series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisDomain<AccountId> {
	/// Owner of the domain, which pays the deposit.
	pub owner: AccountId,
	/// SCALE-encoded [`DomainSpec`], as `0x` and hex digits.
	pub spec: String,
	/// Values of the series; empty for a program without a series.
	pub values: Vec<i32>,
}

impl<AccountId> GenesisDomain<AccountId> {
	/// Creates the entry of a domain in a chain specification.
	pub fn new(owner: AccountId, spec: &DomainSpec, values: Vec<i32>) -> Self {
		Self { owner, spec: format!("0x{}", hex::encode(spec.encode())), values }
	}

	/// Decodes the record of the entry.
	///
	/// # Errors
	///
	/// Fails if `spec` does not start with `0x`, is not hex, or is not a SCALE-encoded [`DomainSpec`].
	pub fn decoded(&self) -> Result<DomainSpec, String> {
		let digits = self.spec.strip_prefix("0x").ok_or("the record does not start with 0x")?;
		let bytes = hex::decode(digits).map_err(|error| format!("the record is not hex: {error}"))?;
		DomainSpec::decode_all(&mut bytes.as_slice())
			.map_err(|error| format!("the record is not a SCALE-encoded DomainSpec: {error}"))
	}
}
