//! A domain: a problem whose loss the chain can recompute.

use crate::{Balance, BlockNumber, DomainId, Hash, RoundId, MILLION, Q32};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_scoring::{program::MAX_WINDOWS, Generator, Program, ProgramError};
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
pub const MAX_WINDOW_MACS: u32 = 262_144;
/// Smallest relative improvement that a domain may ask for, in parts per million.
pub const MIN_IMPROVEMENT_FLOOR: u32 = 2_000;

/// Most fractional bits of a gene.
pub const MAX_GENE_FRAC: u8 = 32;
/// Loss of the initial champion: a target lies below it.
pub const INITIAL_LOSS: u32 = 1 << 20;

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

/// Where the on-chain series is cut, in steps. Steps `[0, train_end)` train, `[train_end, validation_end)` are the targets of validation, the
/// rest is a held-out tail that no verdict and no honest optimizer reads.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
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

	/// Values that page `index` has to hold; `None` when the series has no such page.
	pub fn page_len(&self, index: u32) -> Option<u32> {
		let left = self.values.checked_sub(index.checked_mul(PAGE_VALUES)?)?;
		(left > 0).then_some(left.min(PAGE_VALUES))
	}

	/// Whether the chain would register this record. The first fault found is named.
	pub fn check(&self) -> Result<(), SpecError> {
		let ensure = |fine: bool, error: SpecError| if fine { Ok(()) } else { Err(error) };
		let text = |bytes: &[u8]| core::str::from_utf8(bytes).is_ok();
		ensure(!self.name.is_empty() && text(&self.name), SpecError::Name)?;
		ensure(text(&self.unit), SpecError::Unit)?;
		for (index, gene) in self.genes.iter().enumerate() {
			ensure(!gene.name.is_empty() && text(&gene.name), SpecError::GeneName)?;
			ensure(self.genes.iter().take(index).all(|other| other.name != gene.name), SpecError::DuplicateGene)?;
			ensure(gene.lo <= gene.hi, SpecError::GeneBounds)?;
			ensure(!gene.log || gene.lo >= 1, SpecError::GeneScale)?;
			ensure(gene.frac <= MAX_GENE_FRAC, SpecError::GeneFraction)?;
		}
		ensure((1..=MAX_MODEL_BYTES).contains(&self.limits.model_bytes), SpecError::ModelBytes)?;
		ensure((1..=MAX_WINDOW_MACS).contains(&self.limits.window_macs), SpecError::WindowMacs)?;
		ensure(self.pages() <= MAX_PAGES, SpecError::TooManyPages)?;
		ensure(self.values > 0 || self.data_root == Hash::default(), SpecError::DataRoot)?;
		ensure((MIN_IMPROVEMENT_FLOOR..MILLION).contains(&self.min_improvement), SpecError::MinImprovement)?;
		ensure(self.target < INITIAL_LOSS, SpecError::Target)?;
		self.program.check(self.split.train_end, self.split.validation_end, self.values).map_err(SpecError::Program)?;
		match (&self.evidence, &self.program) {
			(Evidence::Public, _) => Ok(()),
			(Evidence::Synthetic(generator), Program::Forecast(forecast)) => {
				generator.check(forecast).map_err(SpecError::Program)
			}
			(Evidence::Synthetic(_), _) => Err(SpecError::Program(ProgramError::NotSynthetic)),
		}
	}

	/// Class of evaluators its rounds need: by the costliest chunk, drawn or of the validation split, that its limits admit.
	pub fn class(&self) -> SizeClass {
		let windows = match &self.program {
			Program::Quadratic(_) => 0,
			Program::Forecast(forecast) => {
				let validation =
					self.split.validation_end.saturating_sub(self.split.train_end).div_ceil(forecast.chunks.max(1).into());
				validation.min(forecast.most_windows().into()).max(forecast.windows.into())
			}
		};
		SizeClass::of(u64::from(windows).saturating_mul(self.limits.window_macs.into()))
	}
}

/// Why a domain's record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecError {
	/// The name is empty or not UTF-8.
	Name,
	/// The unit is not UTF-8.
	Unit,
	/// The name of a gene is empty or not UTF-8.
	GeneName,
	/// Two genes have the same name.
	DuplicateGene,
	/// A gene's smallest value is above its largest.
	GeneBounds,
	/// A gene on a logarithmic scale starts below 1.
	GeneScale,
	/// A gene has more than [`MAX_GENE_FRAC`] fractional bits.
	GeneFraction,
	/// The limit on a model's bytes is 0 or above [`MAX_MODEL_BYTES`].
	ModelBytes,
	/// The limit on a window's cost is 0 or above [`MAX_WINDOW_MACS`].
	WindowMacs,
	/// The series takes more than [`MAX_PAGES`] pages.
	TooManyPages,
	/// There is no series, and yet a data root.
	DataRoot,
	/// The least improvement is below [`MIN_IMPROVEMENT_FLOOR`], or everything.
	MinImprovement,
	/// The initial champion would already pass the target.
	Target,
	/// The program, its split or its generator is refused.
	Program(ProgramError),
}

/// Where a domain is in its life.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
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
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
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
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum SizeClass {
	/// Chunks of at most 2²⁰ multiply-accumulates.
	#[codec(index = 0)]
	Small,
	/// Chunks of at most 2²² multiply-accumulates.
	#[codec(index = 1)]
	Large,
	/// Everything else that is admitted: at most 2²⁴.
	#[codec(index = 2)]
	Huge,
}

impl SizeClass {
	/// Multiply-accumulates of the costliest chunk of each class.
	pub const MACS: [u64; 3] = [1 << 20, 1 << 22, MAX_WINDOWS as u64 * MAX_WINDOW_MACS as u64];

	/// Class of a domain whose chunks cost at most `macs` multiply-accumulates.
	pub fn of(macs: u64) -> Self {
		match macs {
			0..=0x10_0000 => SizeClass::Small,
			0x10_0001..=0x40_0000 => SizeClass::Large,
			_ => SizeClass::Huge,
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
	/// Error sum on the validation split, which a better candidate must undercut: as its author claims it, until that is disproved.
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
	/// Error sum of that one on the validation split, which the chain measured itself: the bar when the champion's own claim proves false.
	pub initial_validation_error: u64,
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

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::vec;
	use doin_scoring::{Forecast, Quadratic, Target};

	fn bytes<const N: u32>(text: &[u8]) -> BoundedVec<u8, ConstU32<N>> {
		BoundedVec::truncate_from(text.to_vec())
	}

	fn gene(name: &str, lo: i64, hi: i64, log: bool) -> Gene {
		Gene { name: bytes(name.as_bytes()), lo, hi, log, frac: 0 }
	}

	fn spec() -> DomainSpec {
		DomainSpec {
			name: bytes(b"Tides"),
			unit: bytes("0.1 µm".as_bytes()),
			program: Program::Forecast(Forecast {
				horizon: 4,
				history: 24,
				season: 12,
				chunks: 32,
				windows: 8,
				channels: 1,
				target: Target::Values,
			}),
			genes: BoundedVec::truncate_from(vec![gene("width", 1, 64, true), gene("depth", -2, 2, false)]),
			limits: Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS },
			data_root: [7; 32],
			values: 2_500,
			split: Split { train_end: 1_500, validation_end: 2_000 },
			evidence: Evidence::Synthetic(Generator {
				template: BoundedVec::truncate_from(vec![0; 12]),
				ar: BoundedVec::truncate_from(vec![1_000, -500]),
				noise: 256,
				level: 0,
			}),
			min_improvement: MIN_IMPROVEMENT_FLOOR,
			target: INITIAL_LOSS - 1,
		}
	}

	fn refused(change: impl FnOnce(&mut DomainSpec)) -> SpecError {
		let mut spec = spec();
		change(&mut spec);
		spec.check().expect_err("the record has a fault")
	}

	#[test]
	fn a_sound_record_passes() {
		assert_eq!(spec().check(), Ok(()));
		assert_eq!(DomainSpec { evidence: Evidence::Public, target: 0, ..spec() }.check(), Ok(()));
		let quadratic = DomainSpec {
			program: Program::Quadratic(Quadratic { target: BoundedVec::truncate_from(vec![256; 32]) }),
			evidence: Evidence::Public,
			data_root: [0; 32],
			values: 0,
			split: Split { train_end: 0, validation_end: 0 },
			genes: BoundedVec::default(),
			..spec()
		};
		assert_eq!(quadratic.check(), Ok(()));
		assert_eq!(DomainSpec { data_root: [1; 32], ..quadratic.clone() }.check(), Err(SpecError::DataRoot));
		let synthetic = DomainSpec { evidence: spec().evidence, ..quadratic };
		assert_eq!(synthetic.check(), Err(SpecError::Program(ProgramError::NotSynthetic)));
	}

	#[test]
	fn every_fault_has_its_name() {
		assert_eq!(refused(|s| s.name = bytes(b"")), SpecError::Name);
		assert_eq!(refused(|s| s.name = bytes(&[0xff])), SpecError::Name);
		assert_eq!(refused(|s| s.unit = bytes(&[0xff])), SpecError::Unit);
		assert_eq!(refused(|s| s.genes[0].name = bytes(b"")), SpecError::GeneName);
		assert_eq!(refused(|s| s.genes[0].name = bytes(&[0xc0])), SpecError::GeneName);
		assert_eq!(refused(|s| s.genes[1].name = bytes(b"width")), SpecError::DuplicateGene);
		assert_eq!(refused(|s| s.genes[1].lo = 3), SpecError::GeneBounds);
		assert_eq!(refused(|s| s.genes[1].log = true), SpecError::GeneScale);
		assert_eq!(refused(|s| s.genes[0].frac = 33), SpecError::GeneFraction);
		assert_eq!(refused(|s| s.limits.model_bytes = 0), SpecError::ModelBytes);
		assert_eq!(refused(|s| s.limits.model_bytes = MAX_MODEL_BYTES + 1), SpecError::ModelBytes);
		assert_eq!(refused(|s| s.limits.window_macs = 0), SpecError::WindowMacs);
		assert_eq!(refused(|s| s.limits.window_macs = MAX_WINDOW_MACS + 1), SpecError::WindowMacs);
		assert_eq!(refused(|s| s.values = MAX_PAGES * PAGE_VALUES + 1), SpecError::TooManyPages);
		assert_eq!(refused(|s| s.min_improvement = MIN_IMPROVEMENT_FLOOR - 1), SpecError::MinImprovement);
		assert_eq!(refused(|s| s.min_improvement = MILLION), SpecError::MinImprovement);
		assert_eq!(refused(|s| s.target = INITIAL_LOSS), SpecError::Target);
		assert_eq!(refused(|s| s.split.validation_end = 2_501), SpecError::Program(ProgramError::Split));
		assert_eq!(
			refused(|s| s.program = Program::Quadratic(Quadratic { target: BoundedVec::default() })),
			SpecError::Program(ProgramError::Dimensions)
		);
		assert_eq!(
			refused(|s| s.evidence = Evidence::Synthetic(Generator {
				template: BoundedVec::default(),
				ar: BoundedVec::default(),
				noise: 1,
				level: 0
			})),
			SpecError::Program(ProgramError::Template)
		);
	}

	#[test]
	fn pages_are_full_but_the_last() {
		let spec = spec();
		assert_eq!(spec.pages(), 3);
		assert_eq!([0, 1, 2, 3, u32::MAX].map(|index| spec.page_len(index)), [Some(1024), Some(1024), Some(452), None, None]);
		let even = DomainSpec { values: 2_048, ..spec };
		assert_eq!((even.pages(), even.page_len(1), even.page_len(2)), (2, Some(1024), None));
	}
}
