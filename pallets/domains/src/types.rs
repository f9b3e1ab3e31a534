//! Types of bounties, of refused activations and of the genesis configuration.

use alloc::{format, string::String, vec::Vec};
use codec::{Decode, DecodeAll, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Balance, BlockNumber, DomainSpec,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum number of donors of one bounty.
pub const MAX_DONORS: u32 = 8;

/// Milliseconds without a new champion after which any account can close or remove an unweighted domain: 180 days.
pub const ABANDONED_MS: u64 = 180 * 86_400_000;

/// Reason for which the activation of a domain was refused. None of them can pass, since record and pages never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum RefusalReason {
	/// The hash of the pages differs from the data root of the record.
	#[codec(index = 0)]
	DataRootMismatch,
	/// The baselines make no error on the validation split: the series is constant or perfectly seasonal.
	#[codec(index = 1)]
	ConstantSeries,
	/// The split does not fit the series.
	#[codec(index = 2)]
	InvalidSplit,
}

/// An announced withdrawal of a donation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Withdrawal {
	/// First block in which the donation can be withdrawn.
	pub from: BlockNumber,
	/// Last round that the donation is paid for: the one that took commits at the announcement.
	pub last_round: u32,
}

/// Amount that an account has given to a bounty.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Donation<AccountId> {
	/// Account of the donor.
	pub donor: AccountId,
	/// Amount on hold, in plancks.
	pub amount: Balance,
	/// Withdrawal that the donor has announced.
	pub withdrawal: Option<Withdrawal>,
}

impl<AccountId> Donation<AccountId> {
	/// Returns `true` if the donation is paid to the author that reaches the target in round `number`.
	pub fn pays(&self, number: u32) -> bool {
		self.withdrawal.is_none_or(|withdrawal| number <= withdrawal.last_round)
	}

	/// Returns the amount that the donation adds to the bounty of rounds to come, in plancks: 0 once its withdrawal is announced.
	pub fn promised(&self) -> Balance {
		if self.withdrawal.is_some() {
			0
		} else {
			self.amount
		}
	}
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
