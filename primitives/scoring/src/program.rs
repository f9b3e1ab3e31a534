//! What is computed: programs and the seeded generator, as a domain's record carries them.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Longest season, in steps.
pub const MAX_SEASON: u32 = 512;
/// Most autoregressive coefficients of a generator.
pub const MAX_AR: u32 = 8;
/// Most steps ahead.
pub const MAX_HORIZON: u16 = 1_024;
/// Most steps of those that are forecast one by one.
pub const MAX_STEPS: u32 = 64;
/// Most steps of history a model sees.
pub const MAX_HISTORY: u16 = 1_024;
/// Most channels of a series.
pub const MAX_CHANNELS: u8 = 8;
/// Most values of one window, over all channels.
pub const MAX_SPAN: u32 = 2_048;
/// Most bounds between classes.
pub const MAX_BOUNDS: u32 = 15;
/// Most windows in a chunk.
pub const MAX_WINDOWS: u16 = 64;
/// Most predictions in a chunk: with errors below 2²⁰, its sum fits `u32`.
pub const MAX_PREDICTIONS: u32 = 1 << 12;
/// Most values in a chunk, over all channels: they are drawn one by one.
pub const MAX_CHUNK_VALUES: u32 = 64 * (1_024 + 64);
/// Fewest and most chunks of a measurement.
pub const CHUNKS: core::ops::RangeInclusive<u16> = 32..=256;
/// Most coordinates of `Quadratic`.
pub const MAX_DIMENSIONS: u32 = 256;
/// Largest coordinate of a target, Q8, in absolute value.
pub const MAX_TARGET: i32 = 1 << 15;
/// Largest noise of a generator, Q8.
pub const MAX_NOISE: u32 = 1 << 24;
/// One in Q12.
const ONE_Q12: u64 = 1 << 12;

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

/// Forecast what the first channel of a series does in `horizon` steps, from the `history` steps before them.
///
/// A series has one or more channels, which are published step by step: value `t · channels + c` is channel c at step t.
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
	/// Windows of a drawn chunk, 1..=[`Forecast::most_windows`].
	pub windows: u16,
	/// Channels of the series, 1..=[`MAX_CHANNELS`]; history and horizon of all of them are at most [`MAX_SPAN`] values.
	pub channels: u8,
	/// What is forecast.
	pub target: Target,
}

/// What a model has to say about the steps ahead.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Target {
	/// The value of each step, scored by absolute error.
	#[codec(index = 0)]
	Values,
	/// The class of the change from the last value known to the last step ahead, scored by mistakes: the number of these bounds, in raw
	/// units and ascending, that the change reaches. A model gives one score per class and means the first of the highest.
	#[codec(index = 1)]
	Classes(BoundedVec<i32, ConstU32<MAX_BOUNDS>>),
	/// The values at these steps ahead alone, ascending and within 1..=horizon, scored by absolute error.
	#[codec(index = 2)]
	Steps(BoundedVec<u16, ConstU32<MAX_STEPS>>),
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
	/// The horizon is 0 or above 1 024.
	Horizon,
	/// The season is 0, above 512, or longer than the history.
	Season,
	/// The history is 0 or above 1 024.
	History,
	/// Chunks are not within 32..=256, or a chunk has no windows, more than 64, more than 4 096 predictions, or more than 69 632 values.
	Chunks,
	/// The cuts do not lie in order within the series, the validation split has fewer windows than chunks, or a program without a
	/// series has one.
	Split,
	/// A generator's season differs from the program's.
	Template,
	/// The remainder is not stable: Σ|ar| must stay below one.
	Unstable,
	/// Template, noise or level exceed what 32 bits hold over a whole series.
	Range,
	/// This program has no generator: generators make one channel.
	NotSynthetic,
	/// The series has no or more than 8 channels, or its history and horizon over all of them exceed 2 048 values.
	Channels,
	/// Classes have no bounds, or some that do not ascend.
	Bounds,
	/// The steps to forecast are none, do not ascend, or lie outside the horizon.
	Steps,
}

impl Program {
	/// Whether the program is well formed and fits a series of `values` values, over all channels, cut before steps `train_end` and
	/// `validation_end`.
	///
	/// `Quadratic` has no series: all three are 0.
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
		}
	}

	/// Chunks of a measurement.
	pub fn chunks(&self) -> u16 {
		match self {
			Program::Quadratic(quadratic) => quadratic.dimension(),
			Program::Forecast(forecast) => forecast.chunks,
		}
	}

	/// Short lower-case name for people.
	pub fn name(&self) -> &'static str {
		match self {
			Program::Quadratic(_) => "quadratic",
			Program::Forecast(Forecast { target: Target::Values | Target::Steps(_), .. }) => "forecast",
			Program::Forecast(Forecast { target: Target::Classes(_), .. }) => "classify",
		}
	}
}

impl Quadratic {
	/// Whether the target is well formed.
	pub fn check(&self) -> Result<(), ProgramError> {
		let in_range = self.target.iter().all(|target| target.unsigned_abs() <= MAX_TARGET.unsigned_abs());
		ensure(CHUNKS.contains(&self.dimension()) && in_range, ProgramError::Dimensions)
	}

	/// Number of coordinates.
	pub fn dimension(&self) -> u16 {
		u16::try_from(self.target.len()).unwrap_or(u16::MAX)
	}
}

impl Forecast {
	/// Whether every number lies in its range.
	pub fn check(&self) -> Result<(), ProgramError> {
		ensure((1..=MAX_HORIZON).contains(&self.horizon), ProgramError::Horizon)?;
		ensure((1..=MAX_HISTORY).contains(&self.history), ProgramError::History)?;
		let season = u32::from(self.season);
		ensure((1..=MAX_SEASON).contains(&season) && self.season <= self.history, ProgramError::Season)?;
		ensure((1..=MAX_CHANNELS).contains(&self.channels) && self.values() <= MAX_SPAN, ProgramError::Channels)?;
		self.target.check(self.horizon)?;
		let windows = (1..=self.most_windows()).contains(&self.windows);
		ensure(CHUNKS.contains(&self.chunks) && windows, ProgramError::Chunks)
	}

	/// Numbers that a model gives: one per step that is forecast, or one per class.
	pub fn outputs(&self) -> u16 {
		match &self.target {
			Target::Values => self.horizon,
			Target::Classes(bounds) => (bounds.len() as u16).saturating_add(1),
			Target::Steps(steps) => steps.len() as u16,
		}
	}

	/// Those of `horizon` values that are scored, in the order of a model's outputs; the last one for classes.
	pub fn scored<'a, T>(&'a self, future: &'a [T]) -> impl Iterator<Item = &'a T> {
		let all = match &self.target {
			Target::Values => future,
			_ => &[],
		};
		let steps: &[u16] = match &self.target {
			Target::Values => &[],
			Target::Classes(_) => core::slice::from_ref(&self.horizon),
			Target::Steps(steps) => steps,
		};
		all.iter().chain(steps.iter().filter_map(|step| future.get(usize::from(step.saturating_sub(1)))))
	}

	/// Values of one window, over all channels.
	pub fn values(&self) -> u32 {
		self.span().saturating_mul(self.channels.into())
	}

	/// Most windows that a chunk may have.
	pub fn most_windows(&self) -> u16 {
		let by = |most: u32, each: u32| most.checked_div(each).unwrap_or(0);
		let most = by(MAX_PREDICTIONS, self.outputs().into()).min(by(MAX_CHUNK_VALUES, self.values()));
		most.min(MAX_WINDOWS.into()) as u16
	}

	/// Steps of one window: history and horizon.
	pub fn span(&self) -> u32 {
		u32::from(self.history).saturating_add(u32::from(self.horizon))
	}
}

impl Target {
	/// Whether the target is well formed for a horizon.
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
	/// Whether the generator makes stable series of `program` that stay within `i32`.
	pub fn check(&self, program: &Forecast) -> Result<(), ProgramError> {
		ensure(program.channels == 1, ProgramError::NotSynthetic)?;
		ensure(self.template.len() == usize::from(program.season), ProgramError::Template)?;
		let memory = self.ar.iter().fold(0u64, |sum, a| sum.saturating_add(u64::from(a.unsigned_abs())));
		// One minus Σ|ar|, Q12.
		let slack = ONE_Q12.checked_sub(memory).filter(|slack| *slack > 0).ok_or(ProgramError::Unstable)?;
		ensure(self.noise <= MAX_NOISE, ProgramError::Range)?;
		// Everything in Q8. An innovation is below 4.9 of the noise and two roundings add less than 2, so the remainder never exceeds
		// their sum over 1 − Σ|ar|; a level moves by at most the largest difference a step.
		let innovation = u64::from(self.noise).saturating_mul(5).saturating_add(2);
		let remainder = innovation.saturating_mul(ONE_Q12).checked_div(slack).unwrap_or(u64::MAX).saturating_add(1);
		let difference = self.template.iter().map(|mean| u64::from(mean.unsigned_abs())).max().unwrap_or(0);
		let travel = difference.saturating_add(remainder).saturating_mul(u64::from(program.span()));
		let furthest = (u64::from(self.level.unsigned_abs()) << 8).saturating_add(travel);
		ensure(furthest <= (i32::MAX as u64) << 8, ProgramError::Range)
	}
}

fn ensure(condition: bool, error: ProgramError) -> Result<(), ProgramError> {
	condition.then_some(()).ok_or(error)
}
