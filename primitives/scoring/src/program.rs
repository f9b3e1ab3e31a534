//! Programs, and the seeded generator of synthetic series, as the record of a domain holds them.

use crate::{
	genome::{RunError, TrainingRuns},
	landscape::{chunk_sum, Landscape, LANDSCAPE_CHUNKS},
	rows::{RowError, Rows},
	score::score_point,
	tolerance::Tolerance,
};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Longest season, in steps.
pub const MAX_SEASON: u32 = 512;
/// Maximum number of autoregressive coefficients of a generator.
pub const MAX_AR: u32 = 8;
/// Longest horizon, in steps.
pub const MAX_HORIZON: u16 = 1_024;
/// Maximum number of single forecast steps ([`Target::Steps`]).
pub const MAX_STEPS: u32 = 64;
/// Longest history, in steps.
pub const MAX_HISTORY: u16 = 1_024;
/// Maximum number of channels of a series.
pub const MAX_CHANNELS: u8 = 8;
/// Maximum number of values of one window, over all channels.
pub const MAX_SPAN: u32 = 2_048;
/// Maximum number of bounds between classes.
pub const MAX_BOUNDS: u32 = 63;
/// Maximum number of windows of a chunk.
pub const MAX_WINDOWS: u16 = 64;
/// Maximum number of predictions of a chunk. With errors below 2²⁰, a chunk sum fits `u32`.
pub const MAX_PREDICTIONS: u32 = 1 << 12;
/// Maximum number of values of a chunk, over all channels. Bounds the cost of drawing them one by one.
pub const MAX_CHUNK_VALUES: u32 = 64 * (1_024 + 64);
/// Admitted numbers of chunks.
pub const CHUNKS: core::ops::RangeInclusive<u16> = 32..=256;
/// Maximum number of coordinates of a point.
pub const MAX_DIMENSIONS: u32 = 256;
/// Largest coordinate of a target, Q8, in absolute value.
pub const MAX_TARGET: i32 = 1 << 15;
/// Smallest noise of a generator, Q8: half a raw unit. A series with less noise often does not move within a window, so the
/// initial champion would often have no error on a draw. With this noise, one innovation is rounded to 0 with a probability of
/// 68 %, and those of the 32 windows of the smallest draw are all rounded to 0 with a probability of 5 · 10⁻⁶.
pub const MIN_NOISE: u32 = 1 << 7;
/// Largest noise of a generator, Q8.
pub const MAX_NOISE: u32 = 1 << 24;
/// One in Q12.
const ONE_Q12: u64 = 1 << 12;

/// Function that scores the models of a domain. Adding a variant is a runtime upgrade; indices never change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Program {
	/// Squared distance to a point. Domains of this program cannot be voted for.
	#[codec(index = 0)]
	Quadratic(Quadratic),
	/// Error of forecasts of a series.
	// The RPC names the kind of a classification `classify`, as views do.
	#[codec(index = 1)]
	#[serde(alias = "classify")]
	Forecast(Forecast),
	/// Error of classes or values of independent rows.
	#[codec(index = 2)]
	Rows(Rows),
	/// Value of a standard function of optimisation at a point. Domains of this program cannot be voted for.
	#[codec(index = 3)]
	Landscape(Landscape),
	/// Sums of a program of a user, which the runtime cannot compute. Domains of this program cannot be voted for.
	#[codec(index = 4)]
	Tolerance(Tolerance),
	/// Mistakes of nets that are trained with a genome as their loss.
	#[codec(index = 5)]
	LossGenome(TrainingRuns),
}

/// `Σ (xᵢ − targetᵢ)²` over coordinates in Q8; chunk i is coordinate i.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quadratic {
	/// Coordinates of the optimum in Q8, each within ±2¹⁵. The length is the dimension.
	pub target: BoundedVec<i32, ConstU32<MAX_DIMENSIONS>>,
}

/// Forecast of channel 0 of a series over `horizon` steps, from the `history` steps before them.
///
/// A series has one or more channels, published step by step: value `t · channels + c` is channel c at step t.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
	/// Forecast steps, 1..=[`MAX_HORIZON`].
	pub horizon: u16,
	/// Steps of history that a model can read, at least `season` and at most [`MAX_HISTORY`].
	pub history: u16,
	/// Steps of one season, for the seasonal baseline; 1..=[`MAX_SEASON`].
	pub season: u16,
	/// Number of chunks n of a draw and of the validation split, in [`CHUNKS`].
	pub chunks: u16,
	/// Windows of a drawn chunk, 1..=[`Forecast::most_windows`].
	pub windows: u16,
	/// Channels of the series, 1..=[`MAX_CHANNELS`]. History and horizon of all channels are at most [`MAX_SPAN`] values.
	pub channels: u8,
	/// Outputs of a model, and their error.
	pub target: Target,
	/// Loss of values. Registration accepts [`Loss::Absolute`] only.
	pub loss: Loss,
	/// Phase of a window as an input. Registration accepts [`WindowPhase::Hidden`] only.
	pub phase: WindowPhase,
}

/// Loss of one forecast value against the actual one. All but [`Loss::Absolute`] are reserved indices that
/// [`Forecast::check`] rejects.
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
pub enum Loss {
	/// `|ŷ − y|`.
	#[default]
	#[codec(index = 0)]
	Absolute,
	/// Reserved: `(ŷ − y)²`.
	#[codec(index = 1)]
	Squared,
	/// Reserved: `(ŷ − y)²` with exponential weights over the windows, as live forecasts are scored.
	#[codec(index = 2)]
	WeightedSquared,
}

/// Use of the phase of a window, i.e. of the place of its first step in the season. [`WindowPhase::Input`] is a reserved index
/// that [`Forecast::check`] rejects.
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
pub enum WindowPhase {
	/// Models read values only.
	#[default]
	#[codec(index = 0)]
	Hidden,
	/// Reserved: the phase is an input of every model.
	#[codec(index = 1)]
	Input,
}

/// Outputs of a model, and their error.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
	/// The value of each step of the horizon, scored by absolute error.
	#[codec(index = 0)]
	Values,
	/// The class of the change from the last value of the history to the last step of the horizon, scored by misclassifications.
	/// The class is the number of these bounds, in raw units and ascending, that the change reaches. A model outputs one score
	/// per class; its answer is the class with the highest score, the first one on a tie.
	#[codec(index = 1)]
	Classes(BoundedVec<i32, ConstU32<MAX_BOUNDS>>),
	/// The values of these steps only, ascending and within 1..=horizon, scored by absolute error.
	#[codec(index = 2)]
	Steps(BoundedVec<u16, ConstU32<MAX_STEPS>>),
}

/// Source of independent series that resemble the published one: seasonal differences plus an autoregressive remainder.
///
/// With a phase φ drawn per series, `Δp(t) = template[(φ + t) mod season] + r(t)` and `r(t) = Σₖ ar[k] · r(t−1−k) + noise ·
/// ε(t)`, where ε is a sum of uniform numbers with variance one. Every series starts at `level`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
	/// Mean difference per phase of the season, raw units in Q8. The length is the season.
	pub template: BoundedVec<i32, ConstU32<MAX_SEASON>>,
	/// Autoregressive coefficients of the remainder in Q12, lag 1 first.
	pub ar: BoundedVec<i16, ConstU32<MAX_AR>>,
	/// Standard deviation of the innovations, raw units in Q8; [`MIN_NOISE`]..=[`MAX_NOISE`].
	pub noise: u32,
	/// First value of every series, raw units.
	pub level: i32,
}

/// Reason for which a program or generator is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ProgramError {
	/// `Quadratic` needs 32 to 256 coordinates, each within ±2¹⁵.
	Dimensions,
	/// The horizon is 0 or above 1 024.
	Horizon,
	/// The season is 0, above 512, or longer than the history.
	Season,
	/// The history is 0 or above 1 024.
	History,
	/// The number of chunks lies outside 32..=256, or a chunk has no windows, more than 64 windows, more than 4 096 predictions
	/// or more than 69 632 values.
	Chunks,
	/// The cuts are not in order within the series, the validation split has fewer windows than chunks, or a program without a
	/// series has a split.
	Split,
	/// The template of the generator is not one season long.
	Template,
	/// The remainder is not stable: Σ|ar| must be below one.
	Unstable,
	/// The noise of the generator is below half a raw unit, so a draw can be without any error.
	Noise,
	/// Template, noise or level leave the range of `i32` within one window.
	Range,
	/// The program has no generator: generators make one channel.
	NotSynthetic,
	/// The series has no channel or more than 8, or history and horizon over all channels exceed 2 048 values.
	Channels,
	/// The classes have no bounds, or bounds that do not ascend.
	Bounds,
	/// The list of forecast steps is empty, does not ascend, or leaves the horizon.
	Steps,
	/// The loss is reserved: only `Absolute` is implemented.
	UnsupportedLoss,
	/// The phase of a window as an input is reserved: only `Hidden` is implemented.
	UnsupportedPhase,
	/// The program of rows is rejected, or the published rows do not fit it.
	Rows(RowError),
	/// The windows of a chunk span less than a horizon, so chunks that are no neighbours would share forecast steps.
	Stride,
	/// The function of a landscape is not defined for this number of coordinates, or its values do not fit chunk sums.
	Landscape,
	/// The hash of the program of a user is zero.
	Code,
	/// The tolerance is 0, or above a quarter of the least improvement.
	Tolerance,
	/// The stated error of the empty model is 0, or larger than that of a model whose chunk sums are all 2³² − 1.
	InitialError,
	/// The program of training runs is rejected, or the published samples do not fit it.
	Run(RunError),
}

impl From<RowError> for ProgramError {
	fn from(error: RowError) -> Self {
		ProgramError::Rows(error)
	}
}

impl From<RunError> for ProgramError {
	fn from(error: RunError) -> Self {
		ProgramError::Run(error)
	}
}

impl Program {
	/// Checks that the program is well formed and fits the published data, with cuts before steps or rows `train_end` and
	/// `validation_end`. `values` is the number of values of the series, over all channels, or the number of bytes of all rows.
	/// All three are 0 for a program whose models are points and for `Tolerance`, which have no data; training runs have no cuts.
	///
	/// # Errors
	///
	/// Fails with the first fault found.
	pub fn check(&self, train_end: u32, validation_end: u32, values: u32) -> Result<(), ProgramError> {
		match self {
			Program::Quadratic(quadratic) => {
				quadratic.check()?;
				ensure(train_end == 0 && validation_end == 0 && values == 0, ProgramError::Split)
			}
			Program::Forecast(forecast) => {
				forecast.check()?;
				let whole = validation_end.checked_mul(forecast.channels.into()).is_some_and(|end| end <= values);
				ensure(values.checked_rem(forecast.channels.into()) == Some(0), ProgramError::Channels)?;
				ensure(train_end < validation_end && whole, ProgramError::Split)?;
				forecast.validation_windows(train_end, validation_end).map(drop)
			}
			Program::Rows(rows) => {
				rows.check()?;
				rows.check_split(train_end, validation_end, values).map_err(ProgramError::Rows)
			}
			Program::Landscape(landscape) => {
				landscape.check()?;
				ensure(train_end == 0 && validation_end == 0 && values == 0, ProgramError::Split)
			}
			Program::Tolerance(tolerance) => {
				tolerance.check()?;
				ensure(train_end == 0 && validation_end == 0 && values == 0, ProgramError::Split)
			}
			Program::LossGenome(runs) => {
				runs.check()?;
				// Every run draws a split of its own.
				ensure(train_end == 0 && validation_end == 0, ProgramError::Split)?;
				runs.check_samples(values).map_err(ProgramError::Run)
			}
		}
	}

	/// Returns the number of chunks that a model is scored on.
	pub fn chunks(&self) -> u16 {
		match self {
			Program::Quadratic(quadratic) => quadratic.dimension(),
			Program::Forecast(forecast) => forecast.chunks,
			Program::Rows(rows) => rows.chunks,
			Program::Landscape(_) => LANDSCAPE_CHUNKS,
			Program::Tolerance(tolerance) => tolerance.chunks,
			Program::LossGenome(runs) => runs.chunks,
		}
	}

	/// Returns the number of coordinates of a point, and the largest one that a search tries; the smallest one is its negative. `None`
	/// for a program whose models are no points.
	pub fn coordinates(&self) -> Option<(u16, i32)> {
		match self {
			Program::Quadratic(quadratic) => Some((quadratic.dimension(), MAX_TARGET)),
			Program::Forecast(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => None,
			Program::Landscape(landscape) => Some((landscape.dimensions, landscape.shape.edge())),
		}
	}

	/// Returns the error of `point` on all chunks, or `None` for a program whose models are no points.
	pub fn point_error(&self, point: &[i32]) -> Option<u64> {
		match self {
			Program::Quadratic(quadratic) => {
				let sums = (0..quadratic.dimension()).map(|index| score_point(quadratic, point, index));
				Some(sums.fold(0, |error: u64, sum| error.saturating_add(sum.into())))
			}
			Program::Forecast(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => None,
			Program::Landscape(landscape) => Some(landscape.value(point)),
		}
	}

	/// Returns the error of `point` on chunk `index`, or `None` for a program whose models are no points. A coordinate that `point` lacks
	/// is 0, so an empty point is the origin.
	///
	/// ```
	/// use doin_scoring::{landscape::{Landscape, Shape}, Program};
	/// let landscape = Landscape { shape: Shape::Sphere, dimensions: 2, seed: None };
	/// // 4² + 1² in millionths, in 32 parts.
	/// assert_eq!(Program::Landscape(landscape).point_sum(&[4_000, 1_000], 0), Some(17_000_000 / 32));
	/// ```
	pub fn point_sum(&self, point: &[i32], index: u16) -> Option<u32> {
		match self {
			Program::Quadratic(quadratic) => Some(score_point(quadratic, point, index)),
			Program::Forecast(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => None,
			Program::Landscape(landscape) => Some(chunk_sum(landscape.value(point), index)),
		}
	}

	/// Returns a short lower-case name.
	pub fn name(&self) -> &'static str {
		match self {
			Program::Quadratic(_) => "quadratic",
			Program::Forecast(Forecast { target: Target::Values | Target::Steps(_), .. }) => "forecast",
			Program::Forecast(Forecast { target: Target::Classes(_), .. }) => "classify",
			Program::Rows(_) => "rows",
			Program::Landscape(_) => "landscape",
			Program::Tolerance(_) => "tolerance",
			Program::LossGenome(_) => "lossGenome",
		}
	}
}

impl Quadratic {
	/// Checks that the target is well formed.
	///
	/// # Errors
	///
	/// Fails with [`ProgramError::Dimensions`] if the number of coordinates or a coordinate is out of range.
	pub fn check(&self) -> Result<(), ProgramError> {
		let in_range = self.target.iter().all(|target| target.unsigned_abs() <= MAX_TARGET.unsigned_abs());
		ensure(CHUNKS.contains(&self.dimension()) && in_range, ProgramError::Dimensions)
	}

	/// Returns the number of coordinates.
	pub fn dimension(&self) -> u16 {
		u16::try_from(self.target.len()).unwrap_or(u16::MAX)
	}
}

impl Forecast {
	/// Checks that every number lies in its range, and that no reserved index is used.
	///
	/// # Errors
	///
	/// Fails with the first fault found.
	pub fn check(&self) -> Result<(), ProgramError> {
		ensure((1..=MAX_HORIZON).contains(&self.horizon), ProgramError::Horizon)?;
		ensure((1..=MAX_HISTORY).contains(&self.history), ProgramError::History)?;
		let season = u32::from(self.season);
		ensure((1..=MAX_SEASON).contains(&season) && self.season <= self.history, ProgramError::Season)?;
		ensure((1..=MAX_CHANNELS).contains(&self.channels) && self.values() <= MAX_SPAN, ProgramError::Channels)?;
		self.target.check(self.horizon)?;
		ensure(self.loss == Loss::Absolute, ProgramError::UnsupportedLoss)?;
		ensure(self.phase == WindowPhase::Hidden, ProgramError::UnsupportedPhase)?;
		let windows = (1..=self.most_windows()).contains(&self.windows);
		ensure(CHUNKS.contains(&self.chunks) && windows, ProgramError::Chunks)
	}

	/// Returns the number of outputs of a model: one per forecast step, or one per class.
	pub fn outputs(&self) -> u16 {
		match &self.target {
			Target::Values => self.horizon,
			Target::Classes(bounds) => (bounds.len() as u16).saturating_add(1),
			Target::Steps(steps) => steps.len() as u16,
		}
	}

	/// Returns the indices of the scored steps among the first `len` steps of the horizon, in the order of the outputs of a
	/// model; that of the last step of the horizon for classes. Index 0 is step 1.
	pub fn scored_indices(&self, len: usize) -> impl Iterator<Item = usize> + '_ {
		let all = match &self.target {
			Target::Values => len,
			Target::Classes(_) | Target::Steps(_) => 0,
		};
		let steps: &[u16] = match &self.target {
			Target::Values => &[],
			Target::Classes(_) => core::slice::from_ref(&self.horizon),
			Target::Steps(steps) => steps,
		};
		let single = steps.iter().map(|step| usize::from(step.saturating_sub(1))).filter(move |index| *index < len);
		(0..all).chain(single)
	}

	/// Returns the scored values among the `horizon` values of `future`, in the order of the outputs of a model; the last one
	/// for classes.
	pub fn scored<'a, T>(&'a self, future: &'a [T]) -> impl Iterator<Item = &'a T> {
		self.scored_indices(future.len()).filter_map(|index| future.get(index))
	}

	/// Returns the number of values of one window, over all channels.
	pub fn values(&self) -> u32 {
		self.span().saturating_mul(self.channels.into())
	}

	/// Returns the maximum number of windows of a chunk.
	pub fn most_windows(&self) -> u16 {
		let by = |most: u32, each: u32| most.checked_div(each).unwrap_or(0);
		let most = by(MAX_PREDICTIONS, self.outputs().into()).min(by(MAX_CHUNK_VALUES, self.values()));
		most.min(MAX_WINDOWS.into()) as u16
	}

	/// Returns the number of steps of one window: history and horizon.
	pub fn span(&self) -> u32 {
		u32::from(self.history).saturating_add(u32::from(self.horizon))
	}
}

impl Target {
	/// Checks that the target is well formed for a horizon.
	fn check(&self, horizon: u16) -> Result<(), ProgramError> {
		match self {
			Target::Values => Ok(()),
			Target::Classes(bounds) => {
				let ascending = bounds.iter().zip(bounds.iter().skip(1)).all(|(low, high)| low < high);
				ensure(!bounds.is_empty() && ascending, ProgramError::Bounds)
			}
			Target::Steps(steps) => {
				let ascending = steps.iter().zip(steps.iter().skip(1)).all(|(low, high)| low < high);
				let within = steps.iter().all(|step| (1..=horizon).contains(step));
				ensure(!steps.is_empty() && ascending && within, ProgramError::Steps)
			}
		}
	}
}

impl Generator {
	/// Checks that the generator makes stable series for `program` that stay within `i32`.
	///
	/// # Errors
	///
	/// Fails with the first fault found.
	pub fn check(&self, program: &Forecast) -> Result<(), ProgramError> {
		ensure(program.channels == 1, ProgramError::NotSynthetic)?;
		ensure(self.template.len() == usize::from(program.season), ProgramError::Template)?;
		let memory = self.ar.iter().fold(0u64, |sum, a| sum.saturating_add(u64::from(a.unsigned_abs())));
		// One minus Σ|ar|, Q12.
		let slack = ONE_Q12.checked_sub(memory).filter(|slack| *slack > 0).ok_or(ProgramError::Unstable)?;
		ensure(self.noise >= MIN_NOISE, ProgramError::Noise)?;
		ensure(self.noise <= MAX_NOISE, ProgramError::Range)?;
		// All in Q8. An innovation is below 4.9 times the noise and two roundings add less than 2, so the remainder is at most
		// their sum divided by 1 − Σ|ar|. A value moves by at most the largest difference per step.
		let innovation = u64::from(self.noise).saturating_mul(5).saturating_add(2);
		let remainder = innovation.saturating_mul(ONE_Q12).checked_div(slack).unwrap_or(u64::MAX).saturating_add(1);
		let difference = self.template.iter().map(|mean| u64::from(mean.unsigned_abs())).max().unwrap_or(0);
		let travel = difference.saturating_add(remainder).saturating_mul(u64::from(program.span()));
		let furthest = (u64::from(self.level.unsigned_abs()) << 8).saturating_add(travel);
		ensure(furthest <= (i32::MAX as u64) << 8, ProgramError::Range)
	}
}

/// Returns `Ok` if `condition` holds, and `error` otherwise.
fn ensure(condition: bool, error: ProgramError) -> Result<(), ProgramError> {
	condition.then_some(()).ok_or(error)
}
