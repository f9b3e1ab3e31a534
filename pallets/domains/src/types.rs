//! What the registry keeps beside the records, and what genesis brings.

use alloc::{format, string::String, vec::Vec};
use codec::{DecodeAll, Encode};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Balance, DomainSpec,
};
use serde::{Deserialize, Serialize};

/// Most accounts that share one bounty.
pub const MAX_DONORS: u32 = 8;

/// Who gave what to a bounty; each account once, in order of the first gift.
pub type Donations<AccountId> = BoundedVec<(AccountId, Balance), ConstU32<MAX_DONORS>>;

/// A domain that exists from block 0, with its whole series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisDomain<AccountId> {
	/// Whose deposit it is.
	pub owner: AccountId,
	/// The SCALE-encoded [`DomainSpec`], as `0x` and hex digits.
	pub spec: String,
	/// The series; empty for a program without one.
	pub values: Vec<i32>,
}

impl<AccountId> GenesisDomain<AccountId> {
	/// The entry of a domain in a chain specification.
	pub fn new(owner: AccountId, spec: &DomainSpec, values: Vec<i32>) -> Self {
		Self { owner, spec: format!("0x{}", hex::encode(spec.encode())), values }
	}

	/// The record that the entry carries, or what is wrong with it.
	pub fn decoded(&self) -> Result<DomainSpec, String> {
		let digits = self.spec.strip_prefix("0x").ok_or("the record does not start with 0x")?;
		let bytes = hex::decode(digits).map_err(|error| format!("the record is not hex: {error}"))?;
		DomainSpec::decode_all(&mut bytes.as_slice())
			.map_err(|error| format!("the record is not a SCALE-encoded DomainSpec: {error}"))
	}
}
