//! A domain: a problem whose loss the chain can recompute.

use crate::{Balance, BlockNumber, DomainId, Hash, RoundId, MILLION, Q32};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_scoring::{Generator, Program};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Most genes a search space has.
pub const MAX_GENES: u32 = 16;
/// Most bytes of an encoded model.
pub const MAX_MODEL_BYTES: u32 = 64 * 1024;
/// Values (i32) in one page of on-chain data: 4 KiB.
pub const PAGE_VALUES: u32 = 1024;
/// Most pages of on-chain data: 1 MiB.
pub const MAX_PAGES: u32 = 256;
/// Most multiply-accumulates one window may cost.
pub const MAX_WINDOW_MACS: u32 = 65_536;
/// Smallest relative improvement that a domain may ask for, in parts per million.
pub const MIN_IMPROVEMENT_FLOOR: u32 = 2_000;

/// Bytes of an encoded model.
pub type ModelBytes = BoundedVec<u8, ConstU32<MAX_MODEL_BYTES>>;
/// One page of a domain's series, little-endian `i32` each.
pub type Page = BoundedVec<i32, ConstU32<PAGE_VALUES>>;
/// Values of the genes of one candidate, in the order of the search space.
pub type Genes = BoundedVec<i64, ConstU32<MAX_GENES>>;
/// Identifier of a stored model, given in order of reveal; never reused.
pub type ModelId = u64;

/// One dimension of a search space: an integer in `[lo, hi]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Gene {
	/// UTF-8 name, unique in its search space.
	pub name: BoundedVec<u8, ConstU32<32>>,
	/// Smallest value.
	pub lo: i64,
	/// Largest value, at least `lo`.
	pub hi: i64,
	/// Whether searches should step it on a logarithmic scale (then `lo ≥ 1`).
	pub log: bool,
	/// Fractional bits of the fixed-point value; 0 for an integer.
	pub frac: u8,
}

/// What one model may cost.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
pub struct Limits {
	/// Largest encoded model, in bytes.
	pub model_bytes: u32,
	/// Most multiply-accumulates per window.
	pub window_macs: u32,
}

/// Where the on-chain series is cut. Values `[0, train_end)` train, `[train_end, validation_end)` are the targets of validation, the
/// rest is a held-out tail that no verdict and no honest optimizer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
pub struct Split {
	/// End of the training part.
	pub train_end: u32,
	/// End of the validation part.
	pub validation_end: u32,
}

/// What a verdict is measured on, and with it how much of an increment may be minted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Evidence {
	/// The whole validation split; it can be memorised, so only the bounty is paid.
	#[codec(index = 0)]
	Public,
	/// Independent series drawn after the reveals from this generator.
	#[codec(index = 1)]
	Synthetic(Generator),
}

impl Evidence {
	/// The factor v of the effective increment, in parts per million.
	pub fn value(&self) -> u32 {
		match self {
			Evidence::Public => 0,
			Evidence::Synthetic(_) => MILLION,
		}
	}
}

/// The immutable part of a domain's record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DomainSpec {
	/// UTF-8 name for people.
	pub name: BoundedVec<u8, ConstU32<64>>,
	/// Unit of one raw value for people, as in `0.01 ppm`.
	pub unit: BoundedVec<u8, ConstU32<32>>,
	/// What is computed.
	pub program: Program,
	/// The search space.
	pub genes: BoundedVec<Gene, ConstU32<MAX_GENES>>,
	/// What a model may cost.
	pub limits: Limits,
	/// blake2b-256 of the SCALE encoding of all values (`Vec<i32>`); zero when `values` is 0.
	pub data_root: Hash,
	/// Number of values of the series.
	pub values: u32,
	/// Where the series is cut.
	pub split: Split,
	/// What a verdict is measured on.
	pub evidence: Evidence,
	/// Least relative improvement of an accepted candidate, in parts per million.
	pub min_improvement: u32,
	/// Loss (E · 2²⁰ / E0) at which the domain counts as solved; 0 for never.
	pub target: u32,
}

impl DomainSpec {
	/// Pages the series takes.
	pub fn pages(&self) -> u32 {
		self.values.div_ceil(PAGE_VALUES)
	}
}

/// Where a domain is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
pub enum Status {
	/// Registered; data pages are still missing.
	#[codec(index = 0)]
	Loading,
	/// Takes commits.
	#[codec(index = 1)]
	Active,
	/// Its target is reached: no more commits.
	#[codec(index = 2)]
	Converged,
	/// Being closed: no new commits, what is committed runs to its verdict.
	#[codec(index = 3)]
	Closing,
}

/// A model that rounds can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
pub enum ModelRef {
	/// The series' last value, repeated.
	#[codec(index = 0)]
	RepeatLast,
	/// The value one season before.
	#[codec(index = 1)]
	Seasonal,
	/// Fixed-point zero vector, the start of `Quadratic`.
	#[codec(index = 2)]
	Origin,
	/// A submitted model.
	#[codec(index = 3)]
	Stored(ModelId),
}

/// The class of recomputation work an evaluator signs up for, by the larger of model size and chunk cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
pub enum SizeClass {
	/// Chunks of at most 2²⁰ multiply-accumulates.
	#[codec(index = 0)]
	Small,
	/// Everything else that is admitted.
	#[codec(index = 1)]
	Large,
}

impl SizeClass {
	/// Class of a domain whose chunks cost at most `macs` multiply-accumulates.
	pub fn of(macs: u64) -> Self {
		if macs <= 1 << 20 {
			SizeClass::Small
		} else {
			SizeClass::Large
		}
	}
}

/// The best model of a domain so far.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Champion<AccountId> {
	/// The model.
	pub model: ModelRef,
	/// Who found it; nobody for a baseline.
	pub author: Option<AccountId>,
	/// The round that crowned it.
	pub round: Option<RoundId>,
	/// Block of the verdict.
	pub block: BlockNumber,
	/// Error sum on the draw that crowned it (on validation for a baseline).
	pub error: u64,
	/// Error sum of the initial champion on the same windows.
	pub initial_error: u64,
	/// Error sum on the validation split, which a better candidate must undercut.
	pub validation_error: u64,
}

/// The changing part of a domain's record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DomainState<AccountId> {
	/// Who registered it.
	pub owner: AccountId,
	/// Where it is in its life.
	pub status: Status,
	/// Pages still to be uploaded.
	pub pages_missing: u32,
	/// The champion it started from.
	pub initial: ModelRef,
	/// The champion now.
	pub champion: Champion<AccountId>,
	/// Best progress ever measured, in Q32 bits below the initial champion.
	pub high_water: Q32,
	/// Paid to whoever reaches the target.
	pub bounty: Balance,
	/// Rounds that are not decided yet.
	pub open_rounds: u32,
}

/// Why a domain's identifier is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDomain(pub DomainId);
