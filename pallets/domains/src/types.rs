//! Types of bounties, of refused activations and of the genesis configuration.

use alloc::{format, string::String, vec::Vec};
use codec::{Decode, DecodeAll, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	domain::{PAGE_BYTES, PAGE_VALUES},
	Balance, BlockNumber, DomainSpec, Page,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum number of donors of one bounty.
pub const MAX_DONORS: u32 = 8;

pub use doin_primitives::evidence::{ABANDONED_MS, LIKENESS_WINDOWS, SUSPENDED_MS};

/// Units that a linear model with one output can take at most: 16 384 windows of 2 048 inputs, each with one product, and one
/// output. More units have more products per input.
pub const MOST_NARROW_UNITS: u32 = 16_448;

/// Reason for which the activation of a domain was refused. None of them can pass, since record and pages never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum RefusalReason {
	/// The hash of the pages differs from the data root of the record.
	#[codec(index = 0)]
	DataRootMismatch,
	/// The initial champion makes no error on the validation split: the series is constant or perfectly seasonal, all labels are
	/// equal, or the linear model of the owner is perfect.
	#[codec(index = 1)]
	ConstantSeries,
	/// The split does not fit the data.
	#[codec(index = 2)]
	InvalidSplit,
	/// A row has a class that is not below the number of classes, or a value outside ±2¹⁵.
	#[codec(index = 3)]
	InvalidRow,
	/// All samples of a domain of training runs have one class.
	#[codec(index = 4)]
	OneClass,
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
	/// Bytes of the rows, as `0x` and hex digits; empty for a program without rows.
	#[serde(default, skip_serializing_if = "String::is_empty")]
	pub rows: String,
}

impl<AccountId> GenesisDomain<AccountId> {
	/// Creates the entry of a domain in a chain specification.
	pub fn new(owner: AccountId, spec: &DomainSpec, values: Vec<i32>) -> Self {
		Self { owner, spec: format!("0x{}", hex::encode(spec.encode())), values, rows: String::new() }
	}

	/// Creates the entry of a domain of rows in a chain specification.
	pub fn of_rows(owner: AccountId, spec: &DomainSpec, rows: &[u8]) -> Self {
		Self { rows: format!("0x{}", hex::encode(rows)), ..Self::new(owner, spec, Vec::new()) }
	}

	/// Decodes the record of the entry.
	///
	/// # Errors
	///
	/// Fails if `spec` does not start with `0x`, is not hex, or is not a SCALE-encoded [`DomainSpec`].
	pub fn decoded(&self) -> Result<DomainSpec, String> {
		let bytes = decoded_hex("the record", &self.spec)?;
		DomainSpec::decode_all(&mut bytes.as_slice())
			.map_err(|error| format!("the record is not a SCALE-encoded DomainSpec: {error}"))
	}

	/// Returns the pages of the data of the entry.
	///
	/// # Errors
	///
	/// Fails if `rows` is neither empty nor `0x` and hex digits.
	pub fn pages(&self) -> Result<Vec<Page>, String> {
		if self.rows.is_empty() {
			return Ok(self.values.chunks(PAGE_VALUES as usize).filter_map(|page| Page::from_values(page.to_vec())).collect());
		}
		let bytes = decoded_hex("`rows`", &self.rows)?;
		Ok(bytes.chunks(PAGE_BYTES as usize).filter_map(|page| Page::from_bytes(page.to_vec())).collect())
	}
}

/// Returns the bytes of `text`, which is `0x` and hex digits. Errors name the `field`.
fn decoded_hex(field: &str, text: &str) -> Result<Vec<u8>, String> {
	let digits = text.strip_prefix("0x").ok_or_else(|| format!("{field} does not start with 0x"))?;
	hex::decode(digits).map_err(|error| format!("{field} is not hex: {error}"))
}
