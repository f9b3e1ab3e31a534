//! Windows of evidence that came after the published series, i.e. of a sealed segment or of live bars.
//!
//! The windows of a draw lie a stride apart. With `start` the first step of the segment, window w of chunk c forecasts the
//! `horizon` steps from `start + shift + (c · windows + w) · stride` on, and reads the `history` steps before them. The history
//! of the first windows lies before the segment. The seed of the draw chooses the shift, so the windows of another draw of the same
//! segment differ, and answers to the one are of no use for the other.

use super::Windows;
use crate::program::{Forecast, ProgramError};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Least number of shifts among which a seed chooses.
const MIN_SHIFTS: u32 = 64;

impl Forecast {
	/// Returns the number of steps between two windows of a segment: the largest number that is at most the horizon and coprime
	/// to the season, so that the windows reach every phase of the season.
	///
	/// ```
	/// # use doin_scoring::{Forecast, Loss, Target, WindowPhase};
	/// # let program = Forecast {
	/// #     horizon: 24, history: 96, season: 24, chunks: 32, windows: 2, channels: 1,
	/// #     target: Target::Values, loss: Loss::Absolute, phase: WindowPhase::Hidden,
	/// # };
	/// assert_eq!((program.horizon, program.season, program.stride()), (24, 24, 23));
	/// ```
	pub fn stride(&self) -> u16 {
		(1..=self.horizon).rev().find(|stride| greatest_common_divisor(*stride, self.season) == 1).unwrap_or(1)
	}

	/// Returns the number of steps from the first window of a chunk to that of the next one.
	fn chunk_steps(&self) -> u32 {
		u32::from(self.windows).saturating_mul(self.stride().into())
	}

	/// Returns the number of shifts among which a seed chooses: the steps of one chunk, and at least 64. Two draws have the same
	/// windows with a probability of at most 1.6 %.
	fn shifts(&self) -> u32 {
		self.chunk_steps().max(MIN_SHIFTS)
	}

	/// Checks that the windows of a chunk span at least a horizon. Only then are neighbours the only chunks that share forecast
	/// steps, as a paired test of neighbours assumes.
	///
	/// # Errors
	///
	/// Fails with [`ProgramError::Stride`] if `windows · stride` is less than the horizon.
	pub fn check_strided(&self) -> Result<(), ProgramError> {
		if self.chunk_steps() < u32::from(self.horizon) {
			return Err(ProgramError::Stride);
		}
		Ok(())
	}

	/// Returns the least number of steps of a segment: `chunks · windows · stride + horizon + shifts − 1`, where `shifts` is
	/// `windows · stride`, and at least 64.
	///
	/// With the first step of the segment as step 0, a draw reads steps `shift − history .. shift + (chunks · windows − 1) ·
	/// stride + horizon` for a shift in `0..shifts`. It forecasts those from `shift` on. Steps below 0 are the last ones before
	/// the segment. The last `stride` steps of the least segment are a reserve, which no draw reads.
	pub fn segment_steps(&self) -> u32 {
		let chunks = u32::from(self.chunks).saturating_mul(self.chunk_steps());
		chunks.saturating_add(self.horizon.into()).saturating_add(self.shifts().saturating_sub(1))
	}
}

/// Returns the range of steps that chunk `chunk` of the draw of `seed` reads in a segment. Step 0 is `history` steps before the
/// first step of the segment, so step `history` is the first one of the segment. The shift of the draw is the first eight bytes
/// of `seed`, as a little-endian number, modulo `max(64, windows · stride)`.
///
/// The values of these steps, over all channels, are the argument of [`strided()`]. For the chunks of the program and a segment
/// of at least [`Forecast::segment_steps`] steps, the range ends within the segment. Its length,
/// `history + (windows − 1) · stride + horizon`, is equal for all chunks.
pub fn segment_span(program: &Forecast, seed: &[u8; 32], chunk: u16) -> Range<u32> {
	let first = seed.first_chunk().copied().map_or(0, u64::from_le_bytes);
	// Below 2¹⁶, so the conversion loses nothing.
	let shift = first.checked_rem(program.shifts().into()).unwrap_or(0) as u32;
	let start = shift.saturating_add(u32::from(chunk).saturating_mul(program.chunk_steps()));
	let last = u32::from(program.windows.saturating_sub(1)).saturating_mul(program.stride().into());
	start..start.saturating_add(last).saturating_add(program.span())
}

/// Returns the windows of the chunk that has the given values, which are those of the steps of [`segment_span`].
pub fn strided(program: &Forecast, values: &[i32]) -> Windows {
	windows_of(program, cut(program, values).flatten().copied().collect())
}

/// Returns the windows of the chunk that has the given values, some of which are missing, and `true` if the chunk is full, i.e.
/// if at least half of its windows are left. The values are those of the steps of [`segment_span`].
///
/// A missing value repeats the one before it of the same channel, even one of a step before the window. Where the chunk has none
/// before it, it repeats the first one in the history of the window. A window is dropped if a value that it is scored on is
/// missing, or if a channel has no value up to the end of its history.
pub fn strided_live(program: &Forecast, values: &[Option<i32>]) -> (Windows, bool) {
	let channels = usize::from(program.channels).max(1);
	let history = usize::from(program.history).saturating_mul(channels);
	let mut latest = vec![None; channels];
	let repeated: Vec<Option<i32>> = values
		.iter()
		.enumerate()
		.map(|(at, value)| {
			let latest = latest.get_mut(at.checked_rem(channels)?)?;
			*latest = value.or(*latest);
			*latest
		})
		.collect();
	let mut kept = Vec::new();
	for (window, repeated) in cut(program, values).zip(cut(program, &repeated)) {
		let future = window.get(history..).unwrap_or(&[]);
		let scored = |step: usize| future.get(step.saturating_mul(channels)).is_some_and(Option::is_some);
		if program.scored_indices(program.horizon.into()).all(scored) {
			kept.extend(completed(channels, history, repeated).into_iter().flatten());
		}
	}
	let windows = windows_of(program, kept);
	let full = windows.len().saturating_mul(2) >= usize::from(program.windows);
	(windows, full)
}

/// Replaces the missing values of a window by the first one of the same channel in its history. Returns `None` if a channel has
/// none.
fn completed(channels: usize, history: usize, window: &[Option<i32>]) -> Option<Vec<i32>> {
	let first = |channel| window.iter().take(history).skip(channel).step_by(channels.max(1)).find_map(|value| *value);
	let firsts: Vec<i32> = (0..channels).map(first).collect::<Option<_>>()?;
	Some(window.iter().zip(firsts.iter().cycle()).map(|(value, first)| value.unwrap_or(*first)).collect())
}

/// Returns the values of each window of a chunk, the windows a stride apart. Returns fewer windows if there are fewer values.
fn cut<'a, T>(program: &Forecast, values: &'a [T]) -> impl Iterator<Item = &'a [T]> {
	let channels = usize::from(program.channels).max(1);
	let span = (program.span() as usize).saturating_mul(channels).max(1);
	let stride = usize::from(program.stride()).saturating_mul(channels).max(1);
	values.windows(span).step_by(stride).take(program.windows.into())
}

/// Returns windows of the shape of `program` with these values.
fn windows_of(program: &Forecast, values: Vec<i32>) -> Windows {
	Windows {
		channels: usize::from(program.channels).max(1),
		history: program.history.into(),
		horizon: program.horizon.into(),
		values,
	}
}

/// Returns the greatest common divisor of two numbers, `a` if `b` is 0 (Euclid, Elements VII.2).
fn greatest_common_divisor(a: u16, b: u16) -> u16 {
	let (mut a, mut b) = (a, b);
	while let Some(rest) = a.checked_rem(b) {
		(a, b) = (b, rest);
	}
	a
}
