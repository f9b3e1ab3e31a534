//! What is computed: programs and the seeded generator, as a domain's record carries them.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Longest season, in steps.
pub const MAX_SEASON: u32 = 512;
/// Most autoregressive coefficients of a generator.
pub const MAX_AR: u32 = 8;
/// Most steps ahead.
pub const MAX_HORIZON: u16 = 64;
/// Most steps of history a model sees.
pub const MAX_HISTORY: u16 = 1_024;
/// Most windows in a chunk. With errors below 2²⁰ and `windows · horizon ≤ 2¹²`, a chunk's sum fits `u32`.
pub const MAX_WINDOWS: u16 = 64;
/// Fewest and most chunks of a measurement.
pub const CHUNKS: core::ops::RangeInclusive<u16> = 32..=256;
/// Most coordinates of `Quadratic`.
pub const MAX_DIMENSIONS: u32 = 256;

/// What a domain's loss is. Adding a variant is a runtime upgrade; indices never change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Program {
	/// Squared distance to a point. Never weighted.
	#[codec(index = 0)]
	Quadratic(Quadratic),
	/// Absolute error of forecasts of a series.
	#[codec(index = 1)]
	Forecast(Forecast),
}

/// `Σ (xᵢ − targetᵢ)²` over coordinates in Q8; chunk i is coordinate i.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Quadratic {
	/// The optimum, Q8, each within ±2¹⁵; its length is the dimension.
	pub target: BoundedVec<i32, ConstU32<MAX_DIMENSIONS>>,
}

/// Forecast `horizon` steps of a series from the `history` steps before them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Forecast {
	/// Steps ahead, 1..=[`MAX_HORIZON`].
	pub horizon: u16,
	/// Steps of history handed to every model, at least `season`, at most [`MAX_HISTORY`].
	pub history: u16,
	/// Steps of one season, for the seasonal baseline; at least 1, at most [`MAX_SEASON`].
	pub season: u16,
	/// Chunks n of a measurement, in [`CHUNKS`]; also the chunks of the validation split.
	pub chunks: u16,
	/// Windows of a drawn chunk, 1..=[`MAX_WINDOWS`].
	pub windows: u16,
}

/// A source of independent series that look like the published one: seasonal differences plus an autoregressive remainder.
///
/// With phase φ drawn per series, `Δp(t) = template[(φ + t) mod season] + r(t)`, `r(t) = Σₖ ar[k] · r(t−1−k) + noise · ε(t)`, where ε is a
/// sum of uniform numbers with variance one. Levels start at `level`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Generator {
	/// Mean difference per phase of the season, raw units in Q8. Its length is the season.
	pub template: BoundedVec<i32, ConstU32<MAX_SEASON>>,
	/// Autoregressive coefficients of the remainder, Q12, latest first.
	pub ar: BoundedVec<i16, ConstU32<MAX_AR>>,
	/// Standard deviation of the innovations, raw units in Q8.
	pub noise: u32,
	/// First level of every series, raw units.
	pub level: i32,
}

/// Why a program or generator is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ProgramError {
	/// `Quadratic` needs 32 to 256 coordinates, each within ±2¹⁵.
	Dimensions,
	/// The horizon is 0 or above 64.
	Horizon,
	/// The season is 0, above 512, or longer than the history.
	Season,
	/// The history is 0 or above 1 024.
	History,
	/// Chunks are not within 32..=256, or a chunk has no or more than 64 windows.
	Chunks,
	/// The validation split has fewer windows than chunks, or too many for a chunk.
	Split,
	/// A generator's season differs from the program's.
	Template,
	/// The remainder is not stable: Σ|ar| must stay below one.
	Unstable,
	/// Template, noise or level exceed what 32 bits hold over a whole series.
	Range,
	/// This program has no generator.
	NotSynthetic,
}
