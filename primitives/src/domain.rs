//! Domains: machine-learning problems whose loss the chain can recompute.

use crate::{
	decay::halved,
	evidence::{LIVE_CHUNKS, MAX_SEGMENT_BYTES, MIN_SEGMENT_ROWS, STAKES},
	json::{HexHash, Utf8},
	Balance, BlockNumber, Hash, LastRound, RoundId, MILLION, Q32,
};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_scoring::{program::MAX_WINDOWS, Forecast, Generator, Program, ProgramError, Target};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use serde_with::{As, DisplayFromStr};

/// Maximum number of genes of a search space.
pub const MAX_GENES: u32 = 16;
/// Maximum number of bytes of an encoded model.
pub const MAX_MODEL_BYTES: u32 = 64 * 1024;
/// Number of `i32` values of one page: 4 KiB.
pub const PAGE_VALUES: u32 = 1024;
/// Number of bytes of one page.
pub const PAGE_BYTES: u32 = 4 * PAGE_VALUES;
/// Maximum number of pages of a domain: 1 MiB. Segments that are sealed, opened or not, count.
pub const MAX_PAGES: u32 = 256;
/// Maximum number of bytes of the licence of a domain.
pub const MAX_LICENCE: u32 = 32;
/// Maximum cost of one window, in multiply-accumulates.
pub const MAX_WINDOW_MACS: u32 = 262_144;
/// Smallest least improvement of a domain, parts per million.
pub const MIN_IMPROVEMENT_FLOOR: u32 = 2_000;

/// Multiply-accumulates of one unit of the price of an activation.
pub const MACS_PER_UNIT: u64 = 2_048;
/// Maximum price of the linear model of an owner at the activation of its domain: 2²⁷ multiply-accumulates on the validation
/// split.
pub const MAX_ACTIVATION_UNITS: u32 = 1 << 16;

/// Maximum number of fractional bits of a gene.
pub const MAX_GENE_FRAC: u8 = 32;
/// Loss of the initial champion. A target lies below it.
pub const INITIAL_LOSS: u32 = 1 << 20;

/// Bytes of an encoded model.
pub type ModelBytes = BoundedVec<u8, ConstU32<MAX_MODEL_BYTES>>;
/// Values of the genes of one candidate, in the order of the search space.
pub type Genes = BoundedVec<i64, ConstU32<MAX_GENES>>;
/// Identifier of a stored model, given in order of reveal; never reused.
pub type ModelId = u64;

/// Page of the data of a domain: 4 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Page {
	/// Values of a series, little-endian `i32` each.
	#[codec(index = 0)]
	Values(BoundedVec<i32, ConstU32<PAGE_VALUES>>),
	/// Rows of bytes.
	#[codec(index = 1)]
	Bytes(BoundedVec<u8, ConstU32<PAGE_BYTES>>),
}

impl Page {
	/// Returns a page of `values`, or `None` if there are more than [`PAGE_VALUES`].
	pub fn from_values(values: Vec<i32>) -> Option<Self> {
		values.try_into().ok().map(Self::Values)
	}

	/// Returns a page of `bytes`, or `None` if there are more than [`PAGE_BYTES`].
	pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
		bytes.try_into().ok().map(Self::Bytes)
	}

	/// Returns the number of values of a page of a series, or of bytes of a page of rows.
	pub fn units(&self) -> u32 {
		match self {
			Page::Values(values) => values.len() as u32,
			Page::Bytes(bytes) => bytes.len() as u32,
		}
	}

	/// Returns the bytes of a page of rows, or `None` for a page of a series.
	pub fn bytes(&self) -> Option<&[u8]> {
		match self {
			Page::Values(_) => None,
			Page::Bytes(bytes) => Some(bytes),
		}
	}

	/// Returns the values of the page, or `None` for a page of bytes.
	pub fn values(&self) -> Option<&[i32]> {
		match self {
			Page::Values(values) => Some(values),
			Page::Bytes(_) => None,
		}
	}
}

/// One dimension of a search space: an integer in `[lo, hi]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gene {
	/// UTF-8 name, unique in its search space.
	#[serde(with = "As::<Utf8>")]
	pub name: BoundedVec<u8, ConstU32<32>>,
	/// Smallest value.
	pub lo: i64,
	/// Largest value, at least `lo`.
	pub hi: i64,
	/// `true` if searches step the gene on a logarithmic scale; requires `lo ≥ 1`.
	pub log: bool,
	/// Fractional bits of the fixed-point value; 0 for an integer.
	pub frac: u8,
}

/// Limits on the cost of one model.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
	/// Maximum length of an encoded model, in bytes.
	pub model_bytes: u32,
	/// Maximum cost of one window, of one row, or of a genome per entry of a batch, in multiply-accumulates.
	pub window_macs: u32,
}

/// Cuts of the published series, in steps. `[0, train_end)` is the training part, `[train_end, validation_end)` holds the
/// forecast steps of the validation split, and the rest is a held-out tail for reports, which verdicts do not read.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Split {
	/// End of the training part.
	pub train_end: u32,
	/// End of the validation part.
	pub validation_end: u32,
}

/// Data that a verdict is computed on, which decides how much of an increment may be minted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Evidence {
	/// The whole validation split. It can be memorised, so its increments are not minted for; only the bounty is paid.
	#[codec(index = 0)]
	Public,
	/// Independent series that this generator draws after the reveals.
	#[codec(index = 1)]
	Synthetic(Generator),
	/// Segments of data whose hashes are on the chain before the commits, and whose bytes are opened after them.
	#[codec(index = 2)]
	Sealed {
		/// Rows, or steps of a series, of one segment.
		units: u32,
		/// Amount that every seat stakes, in plancks. It is burned unless the model of the seat is revealed and leads the
		/// champion by one standard error.
		#[serde(with = "As::<DisplayFromStr>")]
		stake: Balance,
	},
	/// Bars of a stream that come into being after the commits.
	#[codec(index = 3)]
	Live {
		/// Identifier of the stream.
		stream: u32,
		/// Value of one raw unit, in units of the stream; above 0.
		unit: u32,
	},
	/// Random numbers that the seed of a task draws after the reveals: first weights, splits and batches of training runs.
	#[codec(index = 4)]
	Drawn,
}

/// Kind of a domain's [`Evidence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum EvidenceKind {
	/// Kind of [`Evidence::Public`].
	Public,
	/// Kind of [`Evidence::Synthetic`].
	Synthetic,
	/// Kind of [`Evidence::Sealed`].
	Sealed,
	/// Kind of [`Evidence::Live`].
	Live,
	/// Kind of [`Evidence::Drawn`].
	Drawn,
}

impl Evidence {
	/// Returns the factor v of the effective improvement, parts per million.
	pub fn value(&self) -> u32 {
		match self {
			Evidence::Synthetic(_) | Evidence::Sealed { .. } | Evidence::Live { .. } | Evidence::Drawn => MILLION,
			Evidence::Public => 0,
		}
	}

	/// Returns the kind of the evidence.
	pub fn kind(&self) -> EvidenceKind {
		match self {
			Evidence::Public => EvidenceKind::Public,
			Evidence::Synthetic(_) => EvidenceKind::Synthetic,
			Evidence::Sealed { .. } => EvidenceKind::Sealed,
			Evidence::Live { .. } => EvidenceKind::Live,
			Evidence::Drawn => EvidenceKind::Drawn,
		}
	}

	/// Returns the amount that every seat of a round stakes, in plancks.
	pub fn stake(&self) -> Balance {
		match self {
			Evidence::Sealed { stake, .. } => *stake,
			Evidence::Public | Evidence::Synthetic(_) | Evidence::Live { .. } | Evidence::Drawn => 0,
		}
	}
}

impl EvidenceKind {
	/// Returns `true` if a round waits for its evidence between its commits and its reveals.
	pub fn is_awaited(self) -> bool {
		match self {
			EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Drawn => false,
			EvidenceKind::Sealed | EvidenceKind::Live => true,
		}
	}
}

/// Kind of the [`Program`] of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ProgramKind {
	/// Kind of [`Program::Quadratic`].
	Quadratic,
	/// [`Program::Forecast`] of values.
	Forecast,
	/// [`Program::Forecast`] of classes.
	Classify,
	/// Kind of [`Program::Rows`].
	Rows,
	/// Kind of [`Program::Landscape`].
	Landscape,
	/// Kind of [`Program::Tolerance`].
	Tolerance,
	/// Kind of [`Program::LossGenome`].
	LossGenome,
}

impl From<&Program> for ProgramKind {
	fn from(program: &Program) -> Self {
		match program {
			Program::Quadratic(_) => ProgramKind::Quadratic,
			Program::Forecast(forecast) => match forecast.target {
				Target::Values | Target::Steps(_) => ProgramKind::Forecast,
				Target::Classes(_) => ProgramKind::Classify,
			},
			Program::Rows(_) => ProgramKind::Rows,
			Program::Landscape(_) => ProgramKind::Landscape,
			Program::Tolerance(_) => ProgramKind::Tolerance,
			Program::LossGenome(_) => ProgramKind::LossGenome,
		}
	}
}

/// Growth of the data of a domain.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Growth {
	/// The data is complete at activation.
	#[default]
	#[codec(index = 0)]
	Fixed,
	/// Opened segments are appended after activation. Domains with [`Evidence::Sealed`] grow, others do not.
	#[codec(index = 1)]
	Appending,
}

/// The immutable part of a domain's record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainSpec {
	/// Display name, UTF-8.
	#[serde(with = "As::<Utf8>")]
	pub name: BoundedVec<u8, ConstU32<64>>,
	/// Unit of one raw value, UTF-8, e.g. `0.01 ppm`.
	#[serde(with = "As::<Utf8>")]
	pub unit: BoundedVec<u8, ConstU32<32>>,
	/// Program that models of the domain are scored by.
	pub program: Program,
	/// Search space; needs no genes for a program whose models are points, since their coordinates are the search space.
	pub genes: BoundedVec<Gene, ConstU32<MAX_GENES>>,
	/// Limits of one model.
	pub limits: Limits,
	/// blake2b-256 of the SCALE encoding of the data published at activation: all values of a series (`Vec<i32>`), or all bytes
	/// of rows (`Vec<u8>`). Zero when `values` is 0.
	#[serde(with = "As::<HexHash>")]
	pub data_root: Hash,
	/// Number of values of the series, or of bytes of the rows, that are published at activation.
	pub values: u32,
	/// Growth of the data: [`Growth::Appending`] for [`Evidence::Sealed`], else [`Growth::Fixed`].
	pub growth: Growth,
	/// Cuts of the series in steps, or of the rows in rows.
	pub split: Split,
	/// Licence of the data as an SPDX identifier, UTF-8. Required for [`Evidence::Sealed`], since opened segments are published.
	#[serde(with = "As::<Utf8>")]
	pub licence: BoundedVec<u8, ConstU32<MAX_LICENCE>>,
	/// Data that a verdict is computed on.
	pub evidence: Evidence,
	/// Least relative improvement of an accepted candidate, in parts per million.
	pub min_improvement: u32,
	/// Loss (E · 2²⁰ / E0) at which the domain counts as solved; 0 for never.
	pub target: u32,
}

impl DomainSpec {
	/// Returns the number of pages of the data published at activation.
	pub fn pages(&self) -> u32 {
		self.values.div_ceil(self.page_units())
	}

	/// Returns the number of values of page `index`, or of bytes for rows; `None` if the data published at activation has no such
	/// page.
	pub fn page_len(&self, index: u32) -> Option<u32> {
		let left = self.values.checked_sub(index.checked_mul(self.page_units())?)?;
		(left > 0).then_some(left.min(self.page_units()))
	}

	/// Returns the number of values of a full page, or of bytes for rows.
	pub fn page_units(&self) -> u32 {
		match self.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => PAGE_VALUES,
			Program::Rows(_) | Program::LossGenome(_) => PAGE_BYTES,
		}
	}

	/// Returns the number of bytes that the data published at activation takes in storage.
	pub fn data_bytes(&self) -> u64 {
		match self.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => {
				u64::from(self.values).saturating_mul(4)
			}
			Program::Rows(_) | Program::LossGenome(_) => self.values.into(),
		}
	}

	/// Returns the number of bytes of a segment; 0 unless the evidence is sealed.
	pub fn segment_bytes(&self) -> u32 {
		let Evidence::Sealed { units, .. } = self.evidence else { return 0 };
		let unit = match &self.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => 0,
			Program::Forecast(forecast) => u32::from(forecast.channels).saturating_mul(4),
			Program::Rows(rows) => u32::try_from(rows.row_bytes()).unwrap_or(u32::MAX),
		};
		units.saturating_mul(unit)
	}

	/// Returns the number of pages of a segment. Every segment starts with a page of its own.
	pub fn segment_pages(&self) -> u32 {
		self.segment_bytes().div_ceil(PAGE_BYTES)
	}

	/// Returns the maximum number of segments of the domain, sealed and opened: data and segments have at most [`MAX_PAGES`]
	/// pages.
	pub fn most_segments(&self) -> u32 {
		let free = MAX_PAGES.saturating_sub(self.pages());
		free.checked_div(self.segment_pages()).unwrap_or(0).min(crate::evidence::MAX_SEGMENTS)
	}

	/// Returns the first page of segment `index`.
	pub fn segment_page(&self, index: u16) -> u32 {
		self.pages().saturating_add(u32::from(index).saturating_mul(self.segment_pages()))
	}

	/// Checks that the chain accepts this record at registration.
	///
	/// # Errors
	///
	/// Fails with the first fault found.
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
		let growth = if self.evidence.kind() == EvidenceKind::Sealed { Growth::Appending } else { Growth::Fixed };
		ensure(self.growth == growth, SpecError::Growth)?;
		ensure(text(&self.licence), SpecError::Licence)?;
		ensure((MIN_IMPROVEMENT_FLOOR..MILLION).contains(&self.min_improvement), SpecError::MinImprovement)?;
		ensure(self.target < INITIAL_LOSS, SpecError::Target)?;
		self.program.check(self.split.train_end, self.split.validation_end, self.values).map_err(SpecError::Program)?;
		match (&self.evidence, &self.program) {
			(Evidence::Public, Program::Tolerance(program)) => {
				ensure(program.suits(self.min_improvement), SpecError::Program(ProgramError::Tolerance))
			}
			(Evidence::Drawn, Program::LossGenome(runs)) => {
				self.check_runs(runs).map_err(|error| SpecError::Program(error.into()))
			}
			(Evidence::Drawn, _) | (_, Program::LossGenome(_)) => Err(SpecError::Drawn),
			(Evidence::Public, _) => Ok(()),
			(Evidence::Synthetic(generator), Program::Forecast(forecast)) => {
				generator.check(forecast).map_err(SpecError::Program)
			}
			(Evidence::Synthetic(_), _) => Err(SpecError::Program(ProgramError::NotSynthetic)),
			(Evidence::Sealed { units, stake }, _) => self.check_sealed(*units, *stake),
			(Evidence::Live { unit, .. }, Program::Forecast(forecast)) => self.check_live(*unit, forecast),
			(Evidence::Live { .. }, _) => Err(SpecError::Live),
		}
	}

	/// Checks the record of a domain whose segments have `units` rows or steps and whose seats stake `stake` plancks.
	fn check_sealed(&self, units: u32, stake: Balance) -> Result<(), SpecError> {
		let ensure = |fine: bool, error: SpecError| if fine { Ok(()) } else { Err(error) };
		ensure(!self.licence.is_empty(), SpecError::Licence)?;
		ensure(STAKES.contains(&stake), SpecError::Stake)?;
		// The owner knows the segments, so it could reach any target with a model that has learned the next one.
		ensure(self.target == 0, SpecError::AwaitedTarget)?;
		let fits = match &self.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => false,
			// The rows of a segment are dealt to all chunks.
			Program::Rows(rows) => units == rows.segment_rows() && units >= MIN_SEGMENT_ROWS,
			Program::Forecast(forecast) => {
				forecast.check_strided().map_err(SpecError::Program)?;
				units == forecast.segment_steps()
			}
		};
		ensure(fits && self.segment_bytes() <= MAX_SEGMENT_BYTES && self.most_segments() > 0, SpecError::Segment)
	}

	/// Checks the record of a domain whose steps are bars of a stream, in units of `unit`.
	fn check_live(&self, unit: u32, forecast: &Forecast) -> Result<(), SpecError> {
		let ensure = |fine: bool, error: SpecError| if fine { Ok(()) } else { Err(error) };
		// The data goes on, so the domain is never solved: a calm stretch would end it.
		ensure(self.target == 0, SpecError::AwaitedTarget)?;
		forecast.check_strided().map_err(SpecError::Program)?;
		ensure(unit > 0 && forecast.channels == 1 && forecast.chunks == LIVE_CHUNKS, SpecError::Live)
	}

	/// Returns the number of consecutive bars that a round of a domain with live evidence forecasts; 0 for other evidence.
	pub fn live_bars(&self) -> u32 {
		match (&self.evidence, &self.program) {
			(Evidence::Live { .. }, Program::Forecast(forecast)) => forecast.segment_steps(),
			_ => 0,
		}
	}

	/// Returns the size class of the domain, by the most expensive chunk, drawn or of the validation split, that its
	/// limits admit.
	pub fn class(&self) -> SizeClass {
		let windows = match &self.program {
			Program::LossGenome(_) => return SizeClass::of(self.run_cost(self.limits.window_macs.into())),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => 0,
			Program::Forecast(forecast) => {
				let validation =
					self.split.validation_end.saturating_sub(self.split.train_end).div_ceil(forecast.chunks.max(1).into());
				validation.min(forecast.most_windows().into()).max(forecast.windows.into())
			}
			Program::Rows(rows) => {
				let validation = rows.validation_rows(self.split.train_end, self.split.validation_end).unwrap_or(0);
				validation.max(rows.rows).into()
			}
		};
		SizeClass::of(u64::from(windows).saturating_mul(self.limits.window_macs.into()))
	}
}

/// Reason for which the record of a domain is rejected.
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
	/// The smallest value of a gene is above its largest.
	GeneBounds,
	/// A gene on a logarithmic scale starts below 1.
	GeneScale,
	/// A gene has more than [`MAX_GENE_FRAC`] fractional bits.
	GeneFraction,
	/// The limit on the bytes of a model is 0 or above [`MAX_MODEL_BYTES`].
	ModelBytes,
	/// The limit on the cost of a window is 0 or above [`MAX_WINDOW_MACS`].
	WindowMacs,
	/// The series has more than [`MAX_PAGES`] pages.
	TooManyPages,
	/// The record has a data root but no series.
	DataRoot,
	/// The least improvement is below [`MIN_IMPROVEMENT_FLOOR`], or is [`MILLION`] or more.
	MinImprovement,
	/// The target is [`INITIAL_LOSS`] or more, which the initial champion reaches already.
	Target,
	/// The program does not suit live evidence: a stream has one channel, the domain has [`LIVE_CHUNKS`] chunks, and the unit is
	/// above 0.
	Live,
	/// Drawn evidence belongs to training runs, and training runs have no other.
	Drawn,
	/// The data of a domain grows if, and only if, its evidence is sealed.
	Growth,
	/// The licence is not UTF-8, or is missing although the evidence is sealed.
	Licence,
	/// The stake of a seat lies outside [`STAKES`].
	Stake,
	/// The evidence is sealed or live, and the target is not 0.
	AwaitedTarget,
	/// The segments do not suit the program: they are not as long as one draw, longer than [`MAX_SEGMENT_BYTES`], have too few
	/// rows, or leave no place for one beside the data.
	Segment,
	/// The program, its split or its generator is rejected.
	Program(ProgramError),
}

/// Status of a domain.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub enum Status {
	/// Registered, not activated: pages can be uploaded.
	#[codec(index = 0)]
	Loading,
	/// Accepts commits.
	#[codec(index = 1)]
	Active,
	/// The target is reached. Accepts no commits; open rounds run to their verdicts.
	#[codec(index = 2)]
	Converged,
	/// Closed. Accepts no commits; open rounds run to their verdicts.
	#[codec(index = 3)]
	Closing,
	/// Activation was refused for good, e.g. because the baselines have no error on the series. It can only be retired.
	#[codec(index = 4)]
	Refused,
}

/// Reference to a model of a round.
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
	/// Baseline that repeats the last value of the history.
	#[codec(index = 0)]
	RepeatLast,
	/// Baseline that repeats the last season of the history.
	#[codec(index = 1)]
	Seasonal,
	/// Baseline of a program whose models are points: the origin. Initial champion of `Tolerance`: the empty model.
	#[codec(index = 2)]
	Origin,
	/// Submitted model.
	#[codec(index = 3)]
	Stored(ModelId),
	/// Linear model that the owner of the domain handed in at its registration.
	#[codec(index = 4)]
	Linear,
	/// Baseline of rows: the most frequent class, or the median of every value.
	#[codec(index = 5)]
	Constant,
	/// Baseline of loss genomes: the better of the built-in ones.
	#[codec(index = 6)]
	BuiltIn,
}

/// Size class of a domain, by the cost of its most expensive chunk. Evaluators choose the classes that they serve.
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
	/// Chunks of at most 2²⁴ multiply-accumulates, the largest that is admitted.
	#[codec(index = 2)]
	Huge,
}

impl SizeClass {
	/// Multiply-accumulates of the most expensive chunk of each class.
	pub const MACS: [u64; 3] = [1 << 20, 1 << 22, MAX_WINDOWS as u64 * MAX_WINDOW_MACS as u64];

	/// Returns the class of a domain whose chunks cost at most `macs` multiply-accumulates.
	pub fn of(macs: u64) -> Self {
		let [small, large, _] = Self::MACS;
		if macs <= small {
			SizeClass::Small
		} else if macs <= large {
			SizeClass::Large
		} else {
			SizeClass::Huge
		}
	}
}

/// The best model of a domain so far.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Champion<AccountId> {
	/// The model.
	pub model: ModelRef,
	/// Author of the model; `None` for a baseline.
	pub author: Option<AccountId>,
	/// Round in which the model became champion; `None` for a baseline.
	pub round: Option<RoundId>,
	/// Block of the verdict, or of the activation for a baseline.
	pub block: BlockNumber,
	/// Error sum on the draw that decided the verdict; on the validation split for a baseline.
	pub error: u64,
	/// Error sum of the initial champion on the same windows.
	pub initial_error: u64,
	/// Error sum on the validation split, as its author claims it until the claim is disproved. A reveal has to undercut it on
	/// `Public` evidence; on other evidence the bar is [`DomainState::bar`].
	pub validation_error: u64,
}

/// The changing part of a domain's record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DomainState<AccountId> {
	/// Account that registered the domain.
	pub owner: AccountId,
	/// Status of the domain.
	pub status: Status,
	/// Number of pages that are not uploaded yet.
	pub pages_missing: u32,
	/// Initial champion.
	pub initial: ModelRef,
	/// Error sum of the initial champion on the validation split, computed by the chain.
	pub initial_validation_error: u64,
	/// Error sum of the best baseline on the validation split, computed by the chain. A reveal has to undercut it by the domain's
	/// least improvement, except on `Public` evidence, where [`Champion::validation_error`] is the bar. It differs from
	/// `initial_validation_error` if the initial champion is a linear model of the owner, which could be fitted to the split.
	pub bar: u64,
	/// Current champion.
	pub champion: Champion<AccountId>,
	/// High-water mark: best progress so far below the initial champion, Q32 bits, as of block `high_water_at`. That of a domain with
	/// live evidence decays; see [`mark`](DomainState::mark).
	pub high_water: Q32,
	/// Block in which the high-water mark was written.
	pub high_water_at: BlockNumber,
	/// Amount on hold for the author that reaches the target in this or a later round, in plancks. Donations whose withdrawal is
	/// announced are not included.
	pub bounty: Balance,
	/// Number of undecided rounds.
	pub open_rounds: u32,
	/// The round that ended last, with the reason if it was not paid.
	pub last_round: Option<LastRound>,
	/// `true` from the end of a round that no quorum evaluated until a quorum decides a round of the domain. Rounds that end
	/// without an evaluation in between do not change it.
	pub unanswered: bool,
	/// Block from which the domain takes no commits, because a segment that was asked for is not opened; `None` unless it waits.
	pub suspended: Option<BlockNumber>,
	/// Progress of the champion above the bits that it was paid for, Q32 bits. Later rounds pay it while the champion reigns.
	pub carry: Q32,
	/// Block in which the weight of the domain last rose from 0. Pay ramps up from there.
	pub weight_since: BlockNumber,
	/// `true` if the generator draws series on which the baselines err about as much as on the published one; see
	/// [`is_alike`](crate::evidence::is_alike). `true` for other evidence.
	pub is_alike: bool,
}

impl<AccountId> DomainState<AccountId> {
	/// Returns the high-water mark at block `now`, Q32 bits. That of a domain with live evidence halves every `half_life` blocks: the data
	/// changes, and a champion of earlier data must not keep later ones from being paid for good. Others do not change with time.
	pub fn mark(&self, evidence: EvidenceKind, now: BlockNumber, half_life: BlockNumber) -> Q32 {
		match evidence {
			EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Sealed | EvidenceKind::Drawn => self.high_water,
			EvidenceKind::Live => halved(self.high_water, now.saturating_sub(self.high_water_at), half_life),
		}
	}
}

#[cfg(test)]
mod tests;
