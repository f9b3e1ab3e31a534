//! Error sums of models over the windows of one chunk.

use crate::{
	forward::{PreparedNet, Scratch},
	model::{Model, Net, MAX_ACT, OUT_FRAC},
	program::{Forecast, Quadratic, Target},
	sample::Windows,
};
use alloc::{vec, vec::Vec};

/// Maximum error of one prediction, in 2^−OUT_FRAC raw units. Larger errors count as this one.
pub const MAX_ERROR: u64 = (1 << 20) - 1;

/// Computes the features of `net`, one per place of `x`, from a `history` with `channels` values per step: for every channel that
/// the net reads, the differences from the last value ([`channel_differences`]).
pub fn window_features(net: &Net, channels: usize, history: &[i32], x: &mut [i16]) {
	let window = net.window().max(1);
	for (channel, (x, in_shift)) in x.chunks_exact_mut(window).zip(&net.in_shifts).enumerate() {
		channel_differences(*in_shift, channel, channels, history, x);
	}
}

/// Computes the differences of the last `x.len()` values of channel `channel` from its very last value, scaled by `2^in_shift`
/// and clamped to the range of an activation. `history` has `channels` values per step. Fills `x` with zeros if the history is
/// shorter than `x`.
pub fn channel_differences(in_shift: i8, channel: usize, channels: usize, history: &[i32], x: &mut [i16]) {
	let channels = channels.max(1);
	let start = history.len().checked_sub(x.len().saturating_mul(channels));
	let tail = start.and_then(|start| history.get(start.saturating_add(channel)..));
	let last = history.len().checked_sub(channels).and_then(|start| history.get(start.saturating_add(channel)));
	let (Some(tail), Some(last)) = (tail, last) else {
		x.fill(0);
		return;
	};
	// Differences have 33 bits, so shifts within `IN_SHIFTS` neither overflow nor need to saturate.
	let (left, right) = (u32::from(in_shift.max(0).unsigned_abs()), u32::from(in_shift.min(0).unsigned_abs()));
	let half = 1i64.wrapping_shl(right) >> 1;
	let limit = i64::from(MAX_ACT);
	for (x, value) in x.iter_mut().zip(tail.iter().step_by(channels)) {
		let difference = i64::from(*value).wrapping_sub(i64::from(*last));
		let scaled = difference.wrapping_shl(left).wrapping_add(half).wrapping_shr(right);
		*x = scaled.clamp(limit.wrapping_neg(), limit) as i16;
	}
}

/// Returns the class of a change: the number of `bounds` that it reaches.
///
/// ```
/// use doin_scoring::score::class_of_change;
/// assert_eq!([-11, -10, 9, 10].map(|change| class_of_change(&[-10, 10], change)), [0, 1, 1, 2]);
/// ```
pub fn class_of_change(bounds: &[i32], change: i64) -> usize {
	bounds.iter().filter(|bound| change >= i64::from(**bound)).count()
}

/// Returns the class that the scores of a net predict: the one with the highest score, the first one on a tie.
///
/// ```
/// use doin_scoring::score::predicted_class;
/// assert_eq!(predicted_class(&[3, 9, 9]), 1);
/// ```
pub fn predicted_class(scores: &[i32]) -> usize {
	let best = scores.iter().copied().max().unwrap_or(0);
	scores.iter().position(|score| *score == best).unwrap_or(0)
}

/// Returns `|base + out / 2^OUT_FRAC − actual|` in 2^−OUT_FRAC raw units, at most [`MAX_ERROR`].
#[inline(always)]
pub(crate) fn prediction_error(base: i32, out: i32, actual: i32) -> u32 {
	// Each term stays below 2³⁶.
	let raw = i64::from(base).wrapping_sub(i64::from(actual)).wrapping_shl(OUT_FRAC);
	raw.wrapping_add(i64::from(out)).unsigned_abs().min(MAX_ERROR) as u32
}

/// Returns the error of one classification: 2^OUT_FRAC for a wrong class, 0 for the right one.
pub(crate) fn classification_error(predicted: usize, actual: usize) -> u32 {
	if predicted == actual {
		0
	} else {
		1 << OUT_FRAC
	}
}

/// Returns the sum of `errors`, saturating.
pub(crate) fn saturating_sum(errors: impl Iterator<Item = u32>) -> u32 {
	errors.fold(0, u32::saturating_add)
}

/// One window, as scoring reads it.
struct ScoredWindow<'a> {
	/// Values per step.
	channels: usize,
	/// History of all channels.
	history: &'a [i32],
	/// Last value of channel 0 in the history; 0 for an empty history.
	last: i32,
	/// Scored values of channel 0, in the order of the outputs of a model.
	actual: &'a [i32],
}

impl ScoredWindow<'_> {
	/// Returns the class of the change from the last value of the history to `value`; that of no change for `None`.
	fn class(&self, bounds: &[i32], value: Option<&i32>) -> usize {
		class_of_change(bounds, value.map_or(0, |value| i64::from(*value).wrapping_sub(i64::from(self.last))))
	}
}

/// Returns the error sum of an admitted `model` over `windows` of `program`.
///
/// For values, the result is the sum of `|ŷ − y|` over all forecast steps in 2^−OUT_FRAC raw units, each error clamped below 2²⁰.
/// For classes, it is 2^OUT_FRAC per misclassified window. [`Model::Seasonal`] repeats the last season as often as needed.
/// Returns `u32::MAX` for a point, for constants and for opaque models, which have no forecast.
///
/// ```
/// use doin_scoring::{score, Forecast, Loss, Model, Target, WindowPhase, Windows};
/// let program = Forecast {
///     horizon: 2,
///     history: 3,
///     season: 2,
///     chunks: 32,
///     windows: 1,
///     channels: 1,
///     target: Target::Values,
///     loss: Loss::Absolute,
///     phase: WindowPhase::Hidden,
/// };
/// let windows = Windows { channels: 1, history: 3, horizon: 2, values: vec![10, 20, 11, 21, 12] };
/// // Repeating 11 misses 21 by 10 and 12 by 1; repeating the season 20, 11 misses both by 1. One raw unit is 16.
/// assert_eq!(score(&Model::RepeatLast, &program, &windows), 11 * 16);
/// assert_eq!(score(&Model::Seasonal, &program, &windows), 2 * 16);
/// ```
pub fn score(model: &Model, program: &Forecast, windows: &Windows) -> u32 {
	match model {
		Model::Point(_) | Model::Constant(_) | Model::Opaque(_) | Model::Genome(_) => u32::MAX,
		Model::RepeatLast => score_baseline(program, windows, |channels, _| channels),
		Model::Seasonal => {
			let season = usize::from(program.season).max(1);
			score_baseline(program, windows, |channels, steps| season.min(steps).saturating_mul(channels))
		}
		Model::Net(net) => score_net(net, program, windows),
	}
}

/// Returns the values that an admitted `model` of `program` forecasts after a `history`, in the order of its outputs, in 2^−OUT_FRAC raw
/// units. [`score()`] compares them with the actual ones. `history` has the values of all channels, step by step. Returns `None` for an
/// empty history, and for classes, points and constants, which are no forecast of values.
///
/// ```
/// use doin_scoring::{predicted_values, Forecast, Loss, Model, Target, WindowPhase};
/// let program = Forecast {
///     horizon: 3,
///     history: 3,
///     season: 2,
///     chunks: 32,
///     windows: 1,
///     channels: 1,
///     target: Target::Values,
///     loss: Loss::Absolute,
///     phase: WindowPhase::Hidden,
/// };
/// let of = |model| predicted_values(&model, &program, &[10, 20, 11]);
/// assert_eq!(of(Model::RepeatLast), Some(vec![11 * 16; 3]));
/// assert_eq!(of(Model::Seasonal), Some(vec![20 * 16, 11 * 16, 20 * 16]));
/// assert_eq!(of(Model::Point(vec![])), None);
/// ```
pub fn predicted_values(model: &Model, program: &Forecast, history: &[i32]) -> Option<Vec<i64>> {
	if matches!(program.target, Target::Classes(_)) {
		return None;
	}
	let channels = usize::from(program.channels).max(1);
	let last = *history.get(history.len().checked_sub(channels)?)?;
	let fixed = |value: i32| i64::from(value).wrapping_shl(OUT_FRAC);
	match model {
		Model::Point(_) | Model::Constant(_) | Model::Opaque(_) | Model::Genome(_) => None,
		Model::RepeatLast => Some(vec![fixed(last); program.outputs().into()]),
		Model::Seasonal => {
			let steps = history.len().checked_div(channels)?;
			let cycle = usize::from(program.season).max(1).min(steps);
			let start = steps.saturating_sub(cycle);
			let value = |index: usize| {
				let step = start.saturating_add(index.checked_rem(cycle)?);
				history.get(step.saturating_mul(channels)).map(|value| fixed(*value))
			};
			program.scored_indices(program.horizon.into()).map(value).collect()
		}
		Model::Net(net) => {
			let (mut x, mut out) = (vec![0i16; net.features()], vec![0i32; program.outputs().into()]);
			window_features(net, channels, history, &mut x);
			net.forward(&x, &mut out, &mut Scratch::default());
			Some(out.into_iter().map(|out| fixed(last).wrapping_add(out.into())).collect())
		}
	}
}

/// Returns the sum of `error` over all windows, saturating. Reads only the values that `program` scores: the horizon of a program
/// with a few single steps can be much longer.
fn sum_windows(program: &Forecast, windows: &Windows, mut error: impl FnMut(ScoredWindow) -> u32) -> u32 {
	let channels = windows.channels.max(1);
	// All windows have the shape of the first one.
	let steps = windows.iter().next().map_or(0, |(_, future)| future.len().div_ceil(channels));
	let scored: Vec<usize> = program.scored_indices(steps).map(|index| index.saturating_mul(channels)).collect();
	let mut actual = Vec::<i32>::with_capacity(scored.len());
	saturating_sum(windows.iter().map(|(history, future)| {
		let last = history.len().checked_sub(channels).and_then(|at| history.get(at)).copied().unwrap_or(0);
		actual.clear();
		actual.extend(scored.iter().filter_map(|at| future.get(*at)));
		error(ScoredWindow { channels, history, last, actual: &actual })
	}))
}

/// Returns the error sum of an admitted net.
fn score_net(net: &Net, program: &Forecast, windows: &Windows) -> u32 {
	let mut x = vec![0i16; net.features()];
	let (mut out, mut scratch) = (vec![0i32; program.outputs().into()], Scratch::default());
	let prepared = PreparedNet::new(net);
	sum_windows(program, windows, |window| {
		window_features(net, window.channels, window.history, &mut x);
		prepared.forward(&x, &mut out, &mut scratch);
		match &program.target {
			Target::Classes(bounds) => classification_error(predicted_class(&out), window.class(bounds, window.actual.first())),
			Target::Values | Target::Steps(_) => {
				let pairs = out.iter().zip(window.actual);
				saturating_sum(pairs.map(|(out, actual)| prediction_error(window.last, *out, *actual)))
			}
		}
	})
}

/// Returns the error sum of a baseline that repeats the last values of the history. `repeated` returns their number, over all
/// channels, for a number of channels and a history of so many steps.
fn score_baseline(program: &Forecast, windows: &Windows, repeated: impl Fn(usize, usize) -> usize) -> u32 {
	let Some((history, future)) = windows.iter().next() else {
		return 0;
	};
	let channels = windows.channels.max(1);
	let steps = history.len().checked_div(channels).unwrap_or(0);
	let start = history.len().saturating_sub(repeated(channels, steps));
	let cycle = history.len().saturating_sub(start).div_ceil(channels);
	let place = |index: usize| Some(start.saturating_add(index.checked_rem(cycle)?.saturating_mul(channels)));
	// Places in the history of the forecast values, equal in all windows.
	let places: Vec<usize> = program.scored_indices(future.len().div_ceil(channels)).filter_map(place).collect();
	sum_windows(program, windows, |window| {
		let mut forecast = places.iter().filter_map(|at| window.history.get(*at));
		match &program.target {
			Target::Classes(bounds) => {
				classification_error(window.class(bounds, forecast.next()), window.class(bounds, window.actual.first()))
			}
			Target::Values | Target::Steps(_) => {
				let pairs = forecast.zip(window.actual);
				saturating_sum(pairs.map(|(value, actual)| prediction_error(*value, 0, *actual)))
			}
		}
	})
}

/// Returns `(xᵢ − targetᵢ)²` of coordinate `index` in Q16, saturating. A coordinate that `point` lacks is 0, so an empty point is
/// the origin. Returns 0 beyond the last coordinate of the target.
///
/// ```
/// use doin_scoring::{score_point, Quadratic};
/// let quadratic = Quadratic { target: vec![512; 32].try_into().unwrap() };
/// assert_eq!(score_point(&quadratic, &[256], 0), 1 << 16, "a distance of one");
/// assert_eq!(score_point(&quadratic, &[256], 1), 4 << 16, "the coordinate is missing: a distance of two");
/// ```
pub fn score_point(quadratic: &Quadratic, point: &[i32], index: u16) -> u32 {
	let Some(target) = quadratic.target.get(usize::from(index)) else {
		return 0;
	};
	let x = point.get(usize::from(index)).copied().unwrap_or(0);
	let distance = i64::from(x).wrapping_sub(i64::from(*target)).unsigned_abs();
	u32::try_from(distance.saturating_mul(distance)).unwrap_or(u32::MAX)
}
