//! Windows of a forecast task, by purpose: training, early stopping, validation, practice, test.
//!
//! ```text
//! published series    ├────────── training part ──────────┤── validation ──┤── test ──┤
//!                     ├─── training ───┤ gap ┤ early stop ┤
//! synthetic windows   ├────── training ──────┤ early stop ┤                  practice draw
//! ```
//!
//! The early-stopping set is the last seventh of the training part. Windows whose targets reach into both sets form the gap; only
//! models that nothing stops early are fitted to it.
//!
//! Windows of [embedded rows](crate::rows) do not overlap, so they have no gap, and all of them are published.

mod build;
mod evaluation;
mod linear;
#[cfg(test)]
mod tests;

pub(crate) use build::RowWindows;

use super::task::{ForecastTask, SplitSeries};
use crate::{rows::EmbeddedRows, Error};
use doin_kernels::Backend;
use doin_primitives::Split;
use doin_scoring::{
	model::OUT_FRAC,
	score::{self, class_of_change},
	Model, Target, Windows,
};
use std::borrow::Cow;

/// A synthetic share of one: batches have 256 samples.
pub const FULL_SHARE: u16 = 256;
/// [`Dataset::fitness`] of the initial champion.
pub const INITIAL_FITNESS: u64 = 1 << 20;
/// Target of the score of the actual class for linear models, in 2^−OUT_FRAC raw units; that of the other classes is the
/// negative.
pub(crate) const CLASS_TARGET: i64 = 1 << 12;
/// Values that differ by less than this are loaded by kernels and devices, others one by one in 64 bits.
pub(crate) const NARROW: u32 = 1 << 26;

/// Error sums of a model, chunk by chunk, in 2^−OUT_FRAC raw units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkErrors {
	/// On the published validation split, as a reveal claims them.
	pub validation: Vec<u32>,
	/// On the practice draw; empty for a domain without a generator.
	pub practice: Vec<u32>,
}

/// Source of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WindowSource {
	/// The published series.
	Published,
	/// The generator of the domain.
	Synthetic,
}

impl WindowSource {
	/// Both sources, in the order of the arrays that are indexed by them.
	pub const ALL: [Self; 2] = [Self::Published, Self::Synthetic];
}

/// Part of the windows before the validation split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
	/// Those to train on.
	Training,
	/// All of them, with the gap and the early-stopping set, for models that nothing stops early.
	All,
}

/// Windows of one forecast task, in the memory layout of the kernels, and the linear models fitted to them.
///
/// A window is an index into `values`, so the windows of a published series share its values. Of several channels, each one
/// follows the one before as a whole. Targets of the training set and the early-stopping set never overlap, nothing behind a
/// training part is trained on, and no window reaches from one series into another.
#[derive(Debug)]
pub struct Dataset {
	/// The task; of several series, it has the first one.
	pub task: ForecastTask,
	/// The other series.
	others: Vec<SplitSeries>,
	/// Rows that the windows are made of, if they are embedded rows.
	rows: Option<EmbeddedRows>,
	backend: Backend,
	values: Vec<i32>,
	/// Distance of two channels of a window in `values`.
	channel_stride: usize,
	/// `true` if all values of a channel differ by less than [`NARROW`].
	narrow: bool,
	/// Starts in `values` of the windows to train on, by source.
	training: [Vec<u32>; 2],
	/// Starts of the windows of the early-stopping set, by source.
	early_stopping: [Vec<u32>; 2],
	/// Starts of the published windows between both sets.
	gap: Vec<u32>,
	validation: Vec<Windows>,
	practice: Vec<Windows>,
	initial_errors: ChunkErrors,
	cache: linear::Cache,
}

impl Dataset {
	/// Returns the dataset with kernels of another back-end. Every back-end computes the same nets.
	pub fn with_backend(mut self, backend: Backend) -> Self {
		self.backend = backend;
		self
	}

	/// Returns the back-end that trains and scores on this dataset.
	pub fn backend(&self) -> Backend {
		self.backend
	}

	/// Returns every series with its split.
	fn parts(&self) -> impl Iterator<Item = (&[i32], Split)> {
		let first = (self.task.series.as_slice(), self.task.split);
		std::iter::once(first).chain(self.others.iter().map(|part| (part.series.as_slice(), part.split)))
	}

	/// Checks that the domain admits `model`. For a model of embedded rows, returns the model that reads the rows themselves,
	/// which is the one that is admitted.
	///
	/// # Errors
	///
	/// [`Error::Model`] if the model is not admitted.
	pub(crate) fn admit(&self, model: &Model) -> Result<Option<Model>, Error> {
		match &self.rows {
			Some(rows) => rows.admit(model).map(Some),
			None => self.task.admit(model).map(|()| None),
		}
	}

	/// Returns the number of inputs at the end of a window that an admitted net does not have: those of embedded rows that are
	/// always 0.
	pub(crate) fn padding(&self) -> u16 {
		self.rows.as_ref().map_or(0, EmbeddedRows::padding)
	}

	/// Returns `true` if the windows are embedded rows.
	pub(crate) fn has_rows(&self) -> bool {
		self.rows.is_some()
	}

	/// Returns the number of validation windows.
	pub fn validation_window_count(&self) -> usize {
		self.validation.iter().map(Windows::len).sum()
	}

	/// Returns the number of windows to train on, of both sources.
	pub fn training_window_count(&self) -> usize {
		self.training.iter().map(Vec::len).sum()
	}

	/// Returns every window whose targets lie behind the validation part of its series, in chunks that can be scored. Nothing may
	/// be selected by them.
	pub fn test_chunks(&self) -> Vec<Windows> {
		let test = |(series, split): (&[i32], Split)| {
			super::task::windows(&self.task.program, series, split.validation_end as usize..series.len())
		};
		self.parts().flat_map(test).collect()
	}

	/// Returns how often each class occurs in the training parts; empty for programs without classes.
	pub fn class_counts(&self) -> Vec<u64> {
		let Target::Classes(bounds) = &self.task.program.target else { return Vec::new() };
		let mut counts = vec![0; bounds.len() + 1];
		for start in self.starts(Part::All, WindowSource::Published).iter().copied() {
			let (history, future) = self.window(start);
			let last = i64::from(history.last().copied().unwrap_or(0));
			let change = self.task.program.scored(future).last().map_or(0, |value| i64::from(*value) - last);
			counts[class_of_change(bounds, change)] += 1;
		}
		counts
	}

	/// Returns the number of channels of the series.
	pub fn channels(&self) -> usize {
		self.task.program.channels.into()
	}

	/// Returns all values, which windows are indices into, and a vector of zeros.
	pub(crate) fn values(&self) -> &[i32] {
		&self.values
	}

	/// Returns the distance of two channels of a window in [`Dataset::values`].
	pub(crate) fn channel_stride(&self) -> usize {
		self.channel_stride
	}

	/// Returns `true` if all values of a channel differ by less than [`NARROW`], so that kernels load them.
	pub(crate) fn is_narrow(&self) -> bool {
		self.narrow
	}

	/// Returns the starts of the windows to train on.
	pub(crate) fn training_starts(&self, source: WindowSource) -> &[u32] {
		&self.training[source as usize]
	}

	/// Returns the starts of the windows of the early-stopping set.
	pub(crate) fn early_stopping_starts(&self, source: WindowSource) -> &[u32] {
		&self.early_stopping[source as usize]
	}

	/// Returns the starts of the windows of a part, of one source.
	pub(crate) fn starts(&self, part: Part, source: WindowSource) -> Cow<'_, [u32]> {
		let training = self.training_starts(source);
		match part {
			Part::Training => training.into(),
			Part::All => {
				let gap = match source {
					WindowSource::Published => &self.gap[..],
					WindowSource::Synthetic => &[],
				};
				[training, gap, self.early_stopping_starts(source)].concat().into()
			}
		}
	}

	/// Returns the windows to train on, as (history, future) of the first channel.
	pub fn training_windows(&self, source: WindowSource) -> impl ExactSizeIterator<Item = (&[i32], &[i32])> {
		self.training_starts(source).iter().map(|start| self.window(*start))
	}

	/// Returns the windows of the early-stopping set, as (history, future) of the first channel.
	pub fn early_stopping_windows(&self, source: WindowSource) -> impl ExactSizeIterator<Item = (&[i32], &[i32])> {
		self.early_stopping_starts(source).iter().map(|start| self.window(*start))
	}

	/// Returns the synthetic samples per batch of [`FULL_SHARE`], if `requested` are asked for: 0 without synthetic windows.
	pub fn synthetic_share(&self, requested: u16) -> u16 {
		let synthetic = WindowSource::Synthetic;
		if self.early_stopping_starts(synthetic).is_empty() || self.training_starts(synthetic).is_empty() {
			0
		} else {
			requested.min(FULL_SHARE)
		}
	}

	/// Returns history and future of the first channel in the window at `start`.
	pub(crate) fn window(&self, start: u32) -> (&[i32], &[i32]) {
		let (start, span) = (start as usize, self.task.program.span() as usize);
		self.values[start..start + span].split_at(self.task.program.history.into())
	}

	/// Writes the inputs of a net with these shifts for the window at `start` to `x`, one entry per feature, channel by channel.
	pub(crate) fn features(&self, start: u32, in_shifts: &[i8], x: &mut [i16]) {
		let window = x.len() / in_shifts.len().max(1);
		let (start, history) = (start as usize, usize::from(self.task.program.history));
		for (channel, (x, in_shift)) in x.chunks_exact_mut(window.max(1)).zip(in_shifts).enumerate() {
			let history = &self.values[channel * self.channel_stride + start..][..history];
			score::channel_differences(*in_shift, 0, 1, history, x);
		}
	}

	/// Writes the targets of the window at `start` to `y`: changes from the last known value in 2^−OUT_FRAC raw units; for
	/// classes, [`CLASS_TARGET`] for the actual one and its negative for the others.
	pub(crate) fn targets(&self, start: u32, y: &mut [i64]) {
		let (history, future) = self.window(start);
		let last = i64::from(history.last().copied().unwrap_or(0));
		let changes = self.task.program.scored(future).map(|value| i64::from(*value) - last);
		match &self.task.program.target {
			Target::Classes(bounds) => {
				let class = class_of_change(bounds, changes.last().unwrap_or(0));
				let target = |at: usize| if at == class { CLASS_TARGET } else { -CLASS_TARGET };
				y.iter_mut().enumerate().for_each(|(at, y)| *y = target(at));
			}
			_ => y.iter_mut().zip(changes).for_each(|(y, change)| *y = change << OUT_FRAC),
		}
	}
}
