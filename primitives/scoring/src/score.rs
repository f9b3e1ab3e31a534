//! Error sums.

use crate::{
	math::round_shift_i32,
	model::{Layer, Model, Net, MAX_ACT, OUT_FRAC},
	program::Quadratic,
	sample::Windows,
};
use alloc::vec::Vec;

/// Largest error of one prediction that is told apart from larger ones, in 2^−OUT_FRAC raw units.
pub const MAX_ERROR: u64 = (1 << 20) - 1;

/// Buffers of a forward pass, reused from window to window.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
	from: Vec<i16>,
	to: Vec<i16>,
}

/// Dot product of a row of weights and activations. Admission bounds the sum of the absolute values of all terms below 2³¹, so neither
/// the result nor any partial sum, in any order, leaves `i32`.
#[inline(always)]
fn dot(weights: &[i16], x: &[i16]) -> i32 {
	weights.iter().zip(x).fold(0i32, |sum, (w, x)| sum.wrapping_add(i32::from(*w).wrapping_mul(i32::from(*x))))
}

impl Layer {
	/// The requantised value of each neuron, in order.
	#[inline(always)]
	fn neurons<'a>(&'a self, x: &'a [i16]) -> impl Iterator<Item = i32> + 'a {
		let shift = u32::from(self.shift);
		let rows = self.weights.chunks_exact(usize::from(self.inputs).max(1));
		rows.zip(&self.bias).map(move |(row, bias)| round_shift_i32(dot(row, x).wrapping_add(*bias), shift))
	}
}

impl Net {
	/// Forecasts from `x`, the net's [`features`]: `out[h]` becomes the value of step h + 1 less the last one known, in 2^−OUT_FRAC raw
	/// units. `out` has one place per step of the horizon. The net has been admitted; of another one, the result is arbitrary.
	pub fn forward(&self, x: &[i16], out: &mut [i32], scratch: &mut Scratch) {
		out.fill(0);
		if let Some(skip) = &self.skip {
			add(out, skip.neurons(x));
		}
		let Some((last, hidden)) = self.layers.split_last() else {
			return;
		};
		let Some((first, deeper)) = hidden.split_first() else {
			add(out, last.neurons(x));
			return;
		};
		activate(first.neurons(x), &mut scratch.from);
		for layer in deeper {
			activate(layer.neurons(&scratch.from), &mut scratch.to);
			core::mem::swap(&mut scratch.from, &mut scratch.to);
		}
		add(out, last.neurons(&scratch.from));
	}
}

/// Adds the values of an output layer. Two paths stay within `i32`: each is a 32-bit number shifted right by at least one bit.
#[inline(always)]
fn add(out: &mut [i32], values: impl Iterator<Item = i32>) {
	for (out, value) in out.iter_mut().zip(values) {
		*out = out.wrapping_add(value);
	}
}

/// ReLU, clamped to the range of an activation.
#[inline(always)]
fn activate(values: impl Iterator<Item = i32>, to: &mut Vec<i16>) {
	to.clear();
	to.extend(values.map(|value| value.clamp(0, MAX_ACT) as i16));
}

/// The input of `net` after `history`: fills `x`, whose length is the net's window, with differences from the last value.
pub fn features(net: &Net, history: &[i32], x: &mut [i16]) {
	differences(net.in_shift, history, x);
}

/// The last `x.len()` values of `history` less the very last one, scaled by a power of two and clamped to the range of an activation.
/// Zeros when the history is shorter.
pub fn differences(in_shift: i8, history: &[i32], x: &mut [i16]) {
	let tail = history.len().checked_sub(x.len()).and_then(|start| history.get(start..));
	let (Some(tail), Some(last)) = (tail, history.last()) else {
		x.fill(0);
		return;
	};
	// Differences have 33 bits, so shifts within `IN_SHIFTS` neither overflow nor need to saturate.
	let (left, right) = (u32::from(in_shift.max(0).unsigned_abs()), u32::from(in_shift.min(0).unsigned_abs()));
	let half = 1i64.wrapping_shl(right) >> 1;
	let limit = i64::from(MAX_ACT);
	for (x, value) in x.iter_mut().zip(tail) {
		let difference = i64::from(*value).wrapping_sub(i64::from(*last));
		let scaled = difference.wrapping_shl(left).wrapping_add(half).wrapping_shr(right);
		*x = scaled.clamp(limit.wrapping_neg(), limit) as i16;
	}
}

/// `|p + out / 2^OUT_FRAC − y|` in 2^−OUT_FRAC raw units, at most [`MAX_ERROR`].
#[inline(always)]
fn error(base: i32, out: i32, actual: i32) -> u32 {
	// Each term stays below 2³⁶.
	let raw = i64::from(base).wrapping_sub(i64::from(actual)).wrapping_shl(OUT_FRAC);
	raw.wrapping_add(i64::from(out)).unsigned_abs().min(MAX_ERROR) as u32
}

/// Sum of `|ŷ − y|` of `model` over `windows`, in 2^−OUT_FRAC raw units, each error clamped below 2²⁰. The model has been admitted.
///
/// `season` is for [`Model::Seasonal`] alone, which repeats the last season as often as needed. `u32::MAX` for a point, which forecasts
/// nothing.
pub fn score(model: &Model, season: u16, windows: &Windows) -> u32 {
	let mut sum = 0u32;
	match model {
		Model::RepeatLast => {
			for (history, future) in windows.iter() {
				let last = history.last().copied().unwrap_or(0);
				for actual in future {
					sum = sum.saturating_add(error(last, 0, *actual));
				}
			}
		}
		Model::Seasonal => {
			let season = usize::from(season).max(1);
			for (history, future) in windows.iter() {
				let start = history.len().saturating_sub(season);
				let cycle = history.get(start..).unwrap_or(&[]).iter().cycle();
				for (value, actual) in cycle.zip(future) {
					sum = sum.saturating_add(error(*value, 0, *actual));
				}
			}
		}
		Model::Net(net) => {
			let mut scratch = Scratch::default();
			let mut x = alloc::vec![0i16; usize::from(net.window)];
			let mut out = alloc::vec![0i32; windows.horizon];
			for (history, future) in windows.iter() {
				features(net, history, &mut x);
				net.forward(&x, &mut out, &mut scratch);
				let last = history.last().copied().unwrap_or(0);
				for (out, actual) in out.iter().zip(future) {
					sum = sum.saturating_add(error(last, *out, *actual));
				}
			}
		}
		Model::Point(_) => return u32::MAX,
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
