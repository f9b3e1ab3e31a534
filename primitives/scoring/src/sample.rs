//! The windows of one chunk.
//!
//! Drawn windows come from a [`Generator`]. All state is `i64` in Q8 of a raw unit; the remainder runs for [`WARM_UP`] steps before the
//! first recorded value. One step takes one Philox block: ε is the sum of its eight 16-bit halves, less its mean, times [`NORMALISER`] /
//! 2³². Its variance is 1 to three parts in a million, its excess kurtosis −0.15, and `|ε| < 4.9`.

use crate::{
	philox::{purpose, Key},
	program::{Forecast, Generator, ProgramError, MAX_AR},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Steps of the autoregressive remainder that are thrown away before the first value of a series.
pub const WARM_UP: u32 = 64;
/// `2³² / √(8 · (2³² − 1) / 12)`: 2³² over the standard deviation of a sum of eight uniform 16-bit numbers.
pub const NORMALISER: i64 = 80_265;
/// Mean of that sum.
const MEAN: i64 = 4 * 65_535;

/// Windows of a series, one after the other: each `history` steps that a model may read, then `horizon` steps that it has to predict, and
/// at each step one value per channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
	/// Values at each step.
	pub channels: usize,
	/// Steps a model may read, per window.
	pub history: usize,
	/// Steps it has to predict, per window.
	pub horizon: usize,
	/// `(history + horizon) · channels` raw values per window.
	pub values: Vec<i32>,
}

impl Windows {
	/// Values of one window; at least 1 so that windows of nothing are none.
	fn span(&self) -> usize {
		self.history.saturating_add(self.horizon).saturating_mul(self.channels).max(1)
	}

	/// Each window as (history, future).
	pub fn iter(&self) -> impl Iterator<Item = (&[i32], &[i32])> {
		// A window is at least as long as its history, or 1 against 0.
		let history = self.history.saturating_mul(self.channels);
		self.values.chunks_exact(self.span()).map(move |window| window.split_at(history))
	}

	/// Number of windows.
	pub fn len(&self) -> usize {
		self.values.len().checked_div(self.span()).unwrap_or(0)
	}

	/// Whether there is no window.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Every window of `values`, one step apart.
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

/// The series of a generator under one seed and purpose.
#[derive(Clone, Debug)]
pub struct Source<'a> {
	generator: &'a Generator,
	key: Key,
}

impl<'a> Source<'a> {
	/// Series of `generator` from `seed`, for `purpose` ([`purpose`]).
	pub fn new(generator: &'a Generator, seed: &[u8; 32], purpose: u32) -> Self {
		Self { generator, key: Key::new(seed, purpose) }
	}

	/// Appends the first `steps` values of series `index` to `values`. The generator has been checked; values that leave `i32`, which a
	/// checked one has only in series much longer than a window, are clamped to it.
	pub fn series(&self, index: u64, steps: usize, values: &mut Vec<i32>) {
		let Generator { template, ar, noise, level } = self.generator;
		let mut stream = self.key.stream(index);
		let phase = stream.below(u32::try_from(template.len()).unwrap_or(0));
		let mut season = template.iter().cycle().skip(phase as usize);
		// Arithmetic wraps, for speed: `Generator::check` keeps the remainder below 2⁴⁰, its memory below 2⁵², an innovation below 2⁶⁰
		// before its shift, and levels below 2⁴⁰ plus 2³² a step.
		let factor = i64::from(*noise).wrapping_mul(NORMALISER);
		let mut recent = [0i64; MAX_AR as usize];
		let mut remainder = || {
			let halves = stream.next_block().into_iter().map(|word| (word & 0xFFFF).wrapping_add(word >> 16));
			let epsilon = i64::from(halves.fold(0, u32::wrapping_add)).wrapping_sub(MEAN);
			// Q8 × Q12 for the memory, Q8 × Q32 for the innovation, each rounded to Q8.
			let terms = ar.iter().zip(&recent).map(|(a, r)| i64::from(*a).wrapping_mul(*r));
			let memory = terms.fold(1 << 11, i64::wrapping_add) >> 12;
			let innovation = epsilon.wrapping_mul(factor).wrapping_add(1 << 31) >> 32;
			let next = memory.wrapping_add(innovation);
			let [r0, r1, r2, r3, r4, r5, r6, _] = recent;
			recent = [next, r0, r1, r2, r3, r4, r5, r6];
			next
		};
		for _ in 0..WARM_UP {
			remainder();
		}
		let mut at = i64::from(*level) << 8;
		values.reserve(steps);
		season.next();
		for _ in 0..steps {
			values.push((at.wrapping_add(1 << 7) >> 8).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32);
			let mean = season.next().copied().unwrap_or(0);
			at = at.wrapping_add(i64::from(mean)).wrapping_add(remainder());
		}
	}
}

/// The first `steps` values of a series of `generator`, by the same process as drawn windows: something to train on. Another `purpose`
/// ([`purpose`]) or seed gives an independent series; see [`Source`] for many of them.
pub fn generator_series(generator: &Generator, seed: &[u8; 32], purpose: u32, steps: usize) -> Vec<i32> {
	let mut values = Vec::new();
	Source::new(generator, seed, purpose).series(0, steps, &mut values);
	values
}

/// Chunk `index` of the windows that `seed` draws from `generator`.
///
/// Window w of the chunk is series `index · windows + w`, so a window does not depend on the chunk it falls into.
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
	/// Windows of one chunk of the validation split. Windows start one step apart and their targets lie wholly in
	/// `[train_end, validation_end)`; histories may reach back into the training part. Chunks are of equal size, at most
	/// [`Forecast::most_windows`];
	/// what does not fit is dropped, the oldest first.
	pub fn validation_windows(&self, train_end: u32, validation_end: u32) -> Result<u16, ProgramError> {
		let first = train_end.max(u32::from(self.history));
		let origins = validation_end.saturating_add(1).saturating_sub(u32::from(self.horizon)).saturating_sub(first);
		let per_chunk = origins.checked_div(u32::from(self.chunks)).unwrap_or(0).min(self.most_windows().into());
		u16::try_from(per_chunk).ok().filter(|windows| *windows > 0).ok_or(ProgramError::Split)
	}
}

/// Values `[start, end)` of the series that chunk `index` of the validation split needs; its targets lie in the steps
/// `[train_end, validation_end)`.
///
/// At most `MAX_SPAN + (MAX_WINDOWS − 1) · MAX_CHANNELS` values: four pages. `Split` when there are fewer windows than chunks, `Chunks`
/// when there is no such chunk.
pub fn validation_span(program: &Forecast, train_end: u32, validation_end: u32, index: u16) -> Result<Range<u32>, ProgramError> {
	if index >= program.chunks {
		return Err(ProgramError::Chunks);
	}
	let windows = u32::from(program.validation_windows(train_end, validation_end)?);
	// Chunks after and including this one, in windows; their targets end where the split ends.
	let later = u32::from(program.chunks.saturating_sub(index)).saturating_mul(windows);
	let target = validation_end.saturating_add(1).saturating_sub(u32::from(program.horizon)).saturating_sub(later);
	let start = target.checked_sub(u32::from(program.history)).ok_or(ProgramError::Split)?;
	let end = target.saturating_add(windows).saturating_sub(1).saturating_add(u32::from(program.horizon));
	let channels = u32::from(program.channels);
	Ok(start.saturating_mul(channels)..end.saturating_mul(channels))
}

/// The windows of the validation chunk whose values, as named by [`validation_span`], are `values`.
pub fn validation(program: &Forecast, values: &[i32]) -> Windows {
	Windows::sliding(program, values)
}

/// Every window whose targets lie wholly in the held-out tail of `series`, from step `validation_end` on: for reports, never for a verdict.
pub fn tail(program: &Forecast, series: &[i32], validation_end: u32) -> Windows {
	let start = (validation_end as usize).saturating_sub(program.history.into()).saturating_mul(program.channels.into());
	Windows::sliding(program, series.get(start..).unwrap_or(&[]))
}
