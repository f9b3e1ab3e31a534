//! Construction of datasets: series are cut into windows, and synthetic ones drawn.

use super::{linear::Cache, ChunkErrors, Dataset, NARROW};
use crate::{
	rows::EmbeddedRows,
	train::task::{validation_chunks, windows, ForecastTask, SplitSeries},
	Error,
};
use doin_kernels::{layout::LANES, Backend};
use doin_primitives::domain::Limits;
use doin_scoring::{
	philox::purpose,
	sample::{self, Source},
	verdict::total,
	Forecast, Generator, Model, Windows,
};
use rayon::prelude::*;

/// Windows that rows are embedded in.
pub(crate) struct RowWindows {
	/// Values of the windows to train on and to stop early on, one window after the other.
	pub training: Vec<i32>,
	/// Number of windows to stop early on, the last ones.
	pub early_stopping: usize,
	/// Windows to validate on, in chunks that can be scored.
	pub validation: Vec<Windows>,
}

/// One in this many windows belongs to the early-stopping set.
const EARLY_STOPPING: usize = 7;

/// Synthetic windows of a dataset.
struct Synthetic {
	/// Windows to train on and of the early-stopping set.
	windows: u32,
	/// Seed of the windows and of the practice draw.
	seed: u64,
}

impl Dataset {
	/// Returns the windows of `task` and, if it has a generator, `synthetic` windows drawn from it and a practice draw. `seed` is
	/// the seed of both; it is independent of the draws that verdicts are computed on.
	///
	/// # Errors
	///
	/// The errors of [`ForecastTask::check`]; [`Error::Short`] if a part of the series has no window; [`Error::Backend`] if the
	/// environment names an unknown back-end.
	pub fn new(task: ForecastTask, synthetic: u32, seed: u64) -> Result<Self, Error> {
		task.check()?;
		let validation = validation_chunks(&task)?;
		Self::build(task, Vec::new(), validation, Synthetic { windows: synthetic, seed })
	}

	/// Returns the windows of several series in the same units, of any lengths, for one model of all of them. Every window with
	/// its targets in a validation part validates. The chunks of the program are not used.
	///
	/// # Errors
	///
	/// [`Error::Program`] if the program is invalid or a series has no whole steps; [`Error::Short`] if a series is shorter than
	/// its split, has no window in its training part, or if no series has a window to validate on.
	pub fn pooled(program: Forecast, limits: Limits, parts: Vec<SplitSeries>) -> Result<Self, Error> {
		program.check()?;
		parts.iter().try_for_each(|part| part.check(&program))?;
		let validation = parts.iter().flat_map(|SplitSeries { series, split }| {
			windows(&program, series, split.train_end as usize..split.validation_end as usize)
		});
		let validation: Vec<Windows> = validation.collect();
		let mut parts = parts.into_iter();
		let Some(SplitSeries { series, split }) = parts.next().filter(|_| !validation.is_empty()) else {
			return Err(Error::Short { have: 0, need: program.span() as usize, what: "one window to validate on" });
		};
		let task = ForecastTask { program, limits, series, split, generator: None };
		Self::build(task, parts.collect(), validation, Synthetic { windows: 0, seed: 0 })
	}

	fn build(
		task: ForecastTask,
		others: Vec<SplitSeries>,
		validation: Vec<Windows>,
		synthetic: Synthetic,
	) -> Result<Self, Error> {
		let mut set = Self { others, ..Self::empty(task, validation)? };
		set.cut_series()?;
		if let Some(generator) = set.task.generator.clone() {
			set.draw_synthetic(&generator, synthetic);
		}
		set.narrow = set.channels_are_narrow();
		// Kernels read whole vectors at the end of a window.
		set.values.extend([0; LANES]);
		let [last, seasonal] = [Model::RepeatLast, Model::Seasonal].map(|model| set.chunk_errors(&model));
		set.initial_errors = if total(&seasonal.validation) < total(&last.validation) { seasonal } else { last };
		Ok(set)
	}

	/// Returns the windows `training`, which do not overlap, and `validation`, of rows that are embedded in windows of `task`.
	///
	/// # Errors
	///
	/// [`Error::FewRows`] without a window to train on, to stop early on and to validate on; [`Error::Backend`] if the environment
	/// names an unknown back-end.
	pub(crate) fn of_rows(
		task: ForecastTask,
		rows: EmbeddedRows,
		windows: RowWindows,
		initial_errors: ChunkErrors,
	) -> Result<Self, Error> {
		let RowWindows { training, early_stopping, validation } = windows;
		let span = task.program.span() as usize;
		let count = training.len() / span.max(1);
		if count < 2 {
			return Err(Error::FewRows { have: count, need: 2, what: "training: one to train on and one to stop early on" });
		}
		if validation.iter().all(Windows::is_empty) {
			return Err(Error::FewRows { have: 0, need: 1, what: "validation" });
		}
		let mut set = Self { rows: Some(rows), channel_stride: training.len(), initial_errors, ..Self::empty(task, validation)? };
		let first_early_stopping = count.saturating_sub(early_stopping).max(1);
		let start = |row: usize| (row * span) as u32;
		set.training[0].extend((0..first_early_stopping).map(start));
		set.early_stopping[0].extend((first_early_stopping..count).map(start));
		set.values = training;
		set.narrow = set.channels_are_narrow();
		// Kernels read whole vectors at the end of a window.
		set.values.extend([0; LANES]);
		Ok(set)
	}

	/// Returns the dataset of `task` with nothing to train on.
	fn empty(task: ForecastTask, validation: Vec<Windows>) -> Result<Self, Error> {
		Ok(Self {
			backend: Backend::detect()?,
			narrow: false,
			values: Vec::new(),
			channel_stride: 0,
			training: Default::default(),
			early_stopping: Default::default(),
			gap: Vec::new(),
			validation,
			practice: Vec::new(),
			initial_errors: ChunkErrors { validation: Vec::new(), practice: Vec::new() },
			cache: Cache::default(),
			others: Vec::new(),
			rows: None,
			task,
		})
	}

	/// Cuts the training parts of all series into windows, and stores their values channel by channel.
	fn cut_series(&mut self) -> Result<(), Error> {
		let (horizon, span) = (usize::from(self.task.program.horizon), self.task.program.span() as usize);
		let (history, channels) = (usize::from(self.task.program.history), self.channels());
		let ends: Vec<usize> = self.parts().map(|(_, split)| split.train_end as usize).collect();
		for end in ends.iter().copied() {
			let first = self.channel_stride as u32;
			self.channel_stride += end;
			// A series may have a validation part or a test part alone.
			if end == 0 {
				continue;
			}
			let early_stopping = (end / EARLY_STOPPING).max(horizon);
			let need = span + early_stopping;
			if end < need {
				return Err(Error::Short {
					have: end,
					need,
					what: "one window to train on and one to stop early on, in its training part",
				});
			}
			let starts = |from: usize, to: usize| (from as u32..=(to - span) as u32).map(|start| first + start);
			let training_end = end - early_stopping;
			let first_early_stopping = training_end - history;
			self.training[0].extend(starts(0, training_end));
			self.early_stopping[0].extend(starts(first_early_stopping, end));
			let gap = (training_end - span + 1) as u32..first_early_stopping as u32;
			self.gap.extend(gap.map(|start| first + start));
		}
		if self.training[0].is_empty() {
			return Err(Error::Short { have: 0, need: span + horizon, what: "one window to train on and one to stop early on" });
		}
		let mut values = Vec::with_capacity(self.channel_stride * channels);
		for channel in 0..channels {
			for ((series, _), end) in self.parts().zip(&ends) {
				values.extend(series.iter().skip(channel).step_by(channels).take(*end));
			}
		}
		self.values = values;
		Ok(())
	}

	/// Draws synthetic windows and the practice chunks.
	fn draw_synthetic(&mut self, generator: &Generator, Synthetic { windows, seed }: Synthetic) {
		let mut bytes = [0; 32];
		bytes[..8].copy_from_slice(&seed.to_le_bytes());
		let span = self.task.program.span() as usize;
		let source = Source::new(generator, &bytes, purpose::SERIES);
		let early_stopping = windows.div_ceil(EARLY_STOPPING as u32);
		for index in 0..windows {
			let set = if index < windows - early_stopping { &mut self.training } else { &mut self.early_stopping };
			set[1].push(self.values.len() as u32);
			source.series(index.into(), span, &mut self.values);
		}
		let draw = |index| sample::drawn(&self.task.program, generator, &bytes, index);
		self.practice = (0..self.task.program.chunks).into_par_iter().map(draw).collect();
	}

	/// Returns `true` if the values of each channel, those of validation and practice included, differ by less than [`NARROW`].
	fn channels_are_narrow(&self) -> bool {
		let channels = self.channels();
		(0..channels).all(|channel| {
			// A generator draws one channel, and its windows follow the published series.
			let count = if channels > 1 { self.channel_stride } else { usize::MAX };
			let own = self.values[channel * self.channel_stride..].iter().take(count);
			let chunks = self.validation.iter().chain(&self.practice);
			let others = chunks.flat_map(|windows| windows.values[channel..].iter().step_by(channels));
			let spread = |(least, most): (i32, i32), value: &i32| (least.min(*value), most.max(*value));
			let (least, most) = own.chain(others).fold((i32::MAX, i32::MIN), spread);
			most.abs_diff(least) < NARROW
		})
	}
}
