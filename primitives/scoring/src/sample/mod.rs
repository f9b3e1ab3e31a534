//! Windows of one chunk: drawn from a [`Generator`], cut from the published series, or cut from evidence that came later: a
//! sealed segment or live bars ([`strided()`] and [`strided_live`]).
//!
//! The state of a generator is `i64` in Q8 of a raw unit. The remainder runs for [`WARM_UP`] steps before the first recorded
//! value. One step takes one Philox block: ε is the sum of its eight 16-bit halves, minus their mean, times [`NORMALISER`] / 2³²
//! (an Irwin–Hall approximation of the normal distribution). Its variance is 1 to three parts in a million, its excess kurtosis
//! −0.15, and `|ε| < 4.9`.

mod strided;

pub use strided::{segment_span, strided, strided_live};

use crate::{
	philox::{purpose, Key},
	program::{Forecast, Generator, ProgramError, MAX_AR},
};
use alloc::vec::Vec;
use core::{num::Wrapping, ops::Range};

/// Steps of the autoregressive remainder that are discarded before the first value of a series.
pub const WARM_UP: u32 = 64;
/// `2³² / √(8 · (2³² − 1) / 12)`: 2³² over the standard deviation of a sum of eight uniform 16-bit numbers.
pub const NORMALISER: i64 = 80_265;
/// Mean of a sum of eight uniform 16-bit numbers.
const MEAN: i64 = 4 * 65_535;

/// Windows of a series, concatenated. A window has `history` steps that a model can read, then `horizon` steps that it forecasts,
/// and one value per channel at each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
	/// Values per step.
	pub channels: usize,
	/// Steps per window that a model can read.
	pub history: usize,
	/// Steps per window that a model forecasts.
	pub horizon: usize,
	/// Raw values, `(history + horizon) · channels` per window.
	pub values: Vec<i32>,
}

impl Windows {
	/// Returns the number of values of one window, at least 1 so that empty windows are not counted.
	fn span(&self) -> usize {
		self.history.saturating_add(self.horizon).saturating_mul(self.channels).max(1)
	}

	/// Returns the windows, each as (history, future).
	pub fn iter(&self) -> impl Iterator<Item = (&[i32], &[i32])> {
		// The history is at most as long as the window: `span` is at least 1 only where the history is 0.
		let history = self.history.saturating_mul(self.channels);
		self.values.chunks_exact(self.span()).map(move |window| window.split_at(history))
	}

	/// Returns the number of windows.
	pub fn len(&self) -> usize {
		self.values.len().checked_div(self.span()).unwrap_or(0)
	}

	/// Returns `true` if there is no window.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Returns every window of `values`, one step apart.
	fn sliding(program: &Forecast, values: &[i32]) -> Self {
		let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
		let channels = usize::from(program.channels).max(1);
		let span = history.saturating_add(horizon).saturating_mul(channels).max(1);
		let count =
			values.len().checked_sub(span).and_then(|free| free.checked_div(channels)).map_or(0, |steps| steps.saturating_add(1));
		let mut copied = Vec::with_capacity(count.saturating_mul(span));
		values.windows(span).step_by(channels).for_each(|window| copied.extend_from_slice(window));
		Self { channels, history, horizon, values: copied }
	}
}

/// Series of a generator under one seed and purpose.
#[derive(Clone, Debug)]
pub struct Source<'a> {
	generator: &'a Generator,
	key: Key,
}

impl<'a> Source<'a> {
	/// Creates the source of the series of `generator` under `seed` for a [`purpose`].
	pub fn new(generator: &'a Generator, seed: &[u8; 32], purpose: u32) -> Self {
		Self { generator, key: Key::new(seed, purpose) }
	}

	/// Appends the first `steps` values of series `index` to `values`. The generator must have been checked. Values are clamped
	/// to `i32`, which a checked generator leaves only in series much longer than a window.
	pub fn series(&self, index: u64, steps: usize, values: &mut Vec<i32>) {
		let Generator { template, ar, noise, level } = self.generator;
		let mut stream = self.key.stream(index);
		let phase = stream.below(u32::try_from(template.len()).unwrap_or(0));
		let mut season = template.iter().cycle().skip(phase as usize);
		// Wrapping arithmetic is exact here: `Generator::check` bounds the remainder by 2⁴⁰, its memory by 2⁵², an innovation by
		// 2⁶⁰ before its shift, and values by 2⁴⁰ plus 2³² per step.
		let factor = Wrapping(i64::from(*noise)) * Wrapping(NORMALISER);
		let mut recent = [Wrapping(0i64); MAX_AR as usize];
		let mut remainder = || {
			let halves = stream.next_block().into_iter().map(|word| Wrapping(word & 0xFFFF) + Wrapping(word >> 16));
			let epsilon = Wrapping(i64::from(halves.sum::<Wrapping<u32>>().0)) - Wrapping(MEAN);
			// Q8 × Q12 for the memory, Q8 × Q32 for the innovation, each rounded to Q8.
			let memory = ar.iter().zip(&recent).fold(Wrapping(1 << 11), |sum, (a, r)| sum + Wrapping(i64::from(*a)) * *r) >> 12;
			let innovation = (epsilon * factor + Wrapping(1 << 31)) >> 32;
			let next = memory + innovation;
			let [r0, r1, r2, r3, r4, r5, r6, _] = recent;
			recent = [next, r0, r1, r2, r3, r4, r5, r6];
			next
		};
		for _ in 0..WARM_UP {
			remainder();
		}
		let mut value = Wrapping(i64::from(*level) << 8);
		values.reserve(steps);
		season.next();
		for _ in 0..steps {
			let rounded = ((value + Wrapping(1 << 7)) >> 8).0;
			values.push(rounded.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32);
			let mean = season.next().copied().unwrap_or(0);
			value = value + Wrapping(i64::from(mean)) + remainder();
		}
	}
}

/// Returns the first `steps` values of a series of `generator` for training, made by the process of drawn windows. Another
/// [`purpose`] or seed yields an independent series; see [`Source`] for several series.
pub fn generator_series(generator: &Generator, seed: &[u8; 32], purpose: u32, steps: usize) -> Vec<i32> {
	let mut values = Vec::new();
	Source::new(generator, seed, purpose).series(0, steps, &mut values);
	values
}

/// Returns chunk `index` of the windows that `seed` draws from `generator`.
///
/// Window w of the chunk is series `index · windows + w`, so a window does not depend on the division into chunks.
pub fn drawn(program: &Forecast, generator: &Generator, seed: &[u8; 32], index: u16) -> Windows {
	let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
	let span = history.saturating_add(horizon);
	let source = Source::new(generator, seed, purpose::WINDOW);
	let first = u64::from(index).saturating_mul(u64::from(program.windows));
	let mut values = Vec::with_capacity(span.saturating_mul(usize::from(program.windows)));
	for window in 0..u64::from(program.windows) {
		source.series(first.saturating_add(window), span, &mut values);
	}
	Windows { channels: 1, history, horizon, values }
}

impl Forecast {
	/// Returns the number of windows per chunk of the validation split. Windows start one step apart. Their forecast steps lie in
	/// `[train_end, validation_end)`; their histories can reach back into the training part. Chunks have equal size, at most
	/// [`Forecast::most_windows`]. Windows that do not fit are dropped, the oldest first.
	///
	/// # Errors
	///
	/// Fails with [`ProgramError::Split`] if there are fewer windows than chunks.
	pub fn validation_windows(&self, train_end: u32, validation_end: u32) -> Result<u16, ProgramError> {
		let first = train_end.max(u32::from(self.history));
		let origins = validation_end.saturating_add(1).saturating_sub(u32::from(self.horizon)).saturating_sub(first);
		let per_chunk = origins.checked_div(u32::from(self.chunks)).unwrap_or(0).min(self.most_windows().into());
		u16::try_from(per_chunk).ok().filter(|windows| *windows > 0).ok_or(ProgramError::Split)
	}
}

/// Returns the range of values of the series that chunk `index` of the validation split reads: at most
/// `MAX_SPAN + (MAX_WINDOWS − 1) · MAX_CHANNELS` values, which lie on at most four pages. The forecast steps lie in
/// `[train_end, validation_end)`.
///
/// # Errors
///
/// Fails with [`ProgramError::Split`] if there are fewer windows than chunks, and with [`ProgramError::Chunks`] if the split has
/// no such chunk.
pub fn validation_span(program: &Forecast, train_end: u32, validation_end: u32, index: u16) -> Result<Range<u32>, ProgramError> {
	if index >= program.chunks {
		return Err(ProgramError::Chunks);
	}
	let windows = u32::from(program.validation_windows(train_end, validation_end)?);
	// Windows of this chunk and all later ones. The forecast steps of the last window end with the split.
	let later = u32::from(program.chunks.saturating_sub(index)).saturating_mul(windows);
	let target = validation_end.saturating_add(1).saturating_sub(u32::from(program.horizon)).saturating_sub(later);
	let start = target.checked_sub(u32::from(program.history)).ok_or(ProgramError::Split)?;
	let end = target.saturating_add(windows).saturating_sub(1).saturating_add(u32::from(program.horizon));
	let channels = u32::from(program.channels);
	Ok(start.saturating_mul(channels)..end.saturating_mul(channels))
}

/// Returns the windows of the validation chunk that has the given values, which are those in the range of [`validation_span`].
pub fn validation(program: &Forecast, values: &[i32]) -> Windows {
	Windows::sliding(program, values)
}

/// Returns every window whose forecast steps lie in the held-out tail of `series`, from step `validation_end` on. Used by
/// reports, not by verdicts.
pub fn tail(program: &Forecast, series: &[i32], validation_end: u32) -> Windows {
	let start = (validation_end as usize).saturating_sub(program.history.into()).saturating_mul(program.channels.into());
	Windows::sliding(program, series.get(start..).unwrap_or(&[]))
}
