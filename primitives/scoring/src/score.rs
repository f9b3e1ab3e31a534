//! Error sums.

use crate::{
	forward::Scratch,
	model::{Model, Net, MAX_ACT, OUT_FRAC},
	program::{Forecast, Quadratic, Target},
	sample::Windows,
};
use alloc::vec::Vec;

/// Largest error of one prediction that is told apart from larger ones, in 2^−OUT_FRAC raw units.
pub const MAX_ERROR: u64 = (1 << 20) - 1;

/// The input of `net` after `history`, whose steps hold `channels` values each: fills `x`, with a place for each [feature](Net::features),
/// with differences from the last value of each channel.
pub fn features(net: &Net, channels: usize, history: &[i32], x: &mut [i16]) {
	let window = net.window().max(1);
	for (channel, (x, in_shift)) in x.chunks_exact_mut(window).zip(&net.in_shifts).enumerate() {
		differences(*in_shift, channel, channels, history, x);
	}
}

/// The last `x.len()` values of channel `channel` less the very last one, scaled by a power of two and clamped to the range of an
/// activation. Zeros when the history, with `channels` values a step, is shorter.
pub fn differences(in_shift: i8, channel: usize, channels: usize, history: &[i32], x: &mut [i16]) {
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

/// The class of a change: how many of `bounds` it reaches.
pub fn class(bounds: &[i32], change: i64) -> usize {
	bounds.iter().filter(|bound| change >= i64::from(**bound)).count()
}

/// The class that scores mean: the first of the highest.
pub fn winner(scores: &[i32]) -> usize {
	let best = scores.iter().copied().max().unwrap_or(0);
	scores.iter().position(|score| *score == best).unwrap_or(0)
}

/// `|p + out / 2^OUT_FRAC − y|` in 2^−OUT_FRAC raw units, at most [`MAX_ERROR`].
#[inline(always)]
fn error(base: i32, out: i32, actual: i32) -> u32 {
	// Each term stays below 2³⁶.
	let raw = i64::from(base).wrapping_sub(i64::from(actual)).wrapping_shl(OUT_FRAC);
	raw.wrapping_add(i64::from(out)).unsigned_abs().min(MAX_ERROR) as u32
}

/// Error sum of `model` over `windows` of `program`. The model has been admitted.
///
/// For values, the sum of `|ŷ − y|` over all steps that are forecast, in 2^−OUT_FRAC raw units, each error clamped below 2²⁰; for classes, 2^OUT_FRAC
/// per mistake. [`Model::Seasonal`] repeats the last season as often as needed. `u32::MAX` for a point, which forecasts nothing.
pub fn score(model: &Model, program: &Forecast, windows: &Windows) -> u32 {
	let channels = windows.channels.max(1);
	let season = usize::from(program.season).max(1);
	let mut net = match model {
		Model::Net(net) => Some((net, alloc::vec![0i16; net.features()])),
		Model::Point(_) => return u32::MAX,
		Model::RepeatLast | Model::Seasonal => None,
	};
	let (mut out, mut scratch) = (alloc::vec![0i32; program.outputs().into()], Scratch::default());
	let (mut naive, mut actual) = (Vec::<i32>::new(), Vec::<i32>::new());
	let mut sum = 0u32;
	for (history, future) in windows.iter() {
		// The first channel alone: what was, and what came.
		let steps = history.len().checked_div(channels).unwrap_or(0);
		let start = history.len().saturating_sub(match model {
			Model::Seasonal => season.min(steps).saturating_mul(channels),
			_ => channels,
		});
		let last = history.len().checked_sub(channels).and_then(|at| history.get(at)).copied().unwrap_or(0);
		actual.clear();
		actual.extend(future.iter().step_by(channels));
		match &mut net {
			Some((net, x)) => {
				features(net, channels, history, x);
				net.forward(x, &mut out, &mut scratch);
			}
			None => {
				let cycle = history.get(start..).unwrap_or(&[]).iter().step_by(channels).cycle();
				naive.clear();
				naive.extend(cycle.take(actual.len()));
			}
		}
		match (&program.target, &net) {
			(Target::Classes(bounds), net) => {
				let change = |values: &[i32]| {
					program.scored(values).next().map_or(0, |value| i64::from(*value).wrapping_sub(i64::from(last)))
				};
				let expected = if net.is_some() { winner(&out) } else { class(bounds, change(&naive)) };
				if expected != class(bounds, change(&actual)) {
					sum = sum.saturating_add(1 << OUT_FRAC);
				}
			}
			(_, Some(_)) => {
				for (out, actual) in out.iter().zip(program.scored(&actual)) {
					sum = sum.saturating_add(error(last, *out, *actual));
				}
			}
			(_, None) => {
				for (value, actual) in program.scored(&naive).zip(program.scored(&actual)) {
					sum = sum.saturating_add(error(*value, 0, *actual));
				}
			}
		}
	}
	sum
}

/// `(xᵢ − targetᵢ)²` of coordinate `index`, Q16; saturates. A coordinate that `point` lacks is 0, so an empty point is the origin; 0
/// beyond the last coordinate of the target.
pub fn score_point(quadratic: &Quadratic, point: &[i32], index: u16) -> u32 {
	let Some(target) = quadratic.target.get(usize::from(index)) else {
		return 0;
	};
	let x = point.get(usize::from(index)).copied().unwrap_or(0);
	let distance = i64::from(x).wrapping_sub(i64::from(*target)).unsigned_abs();
	u32::try_from(distance.saturating_mul(distance)).unwrap_or(u32::MAX)
}
