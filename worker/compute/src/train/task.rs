//! Forecast tasks: a program, its series, and the windows to forecast.

use crate::Error;
use doin_primitives::{domain::Limits, DomainSpec, Evidence, Split};
use doin_scoring::{sample, Forecast, Generator, Model, Program, ProgramError, Target, Windows};
use std::ops::Range;

/// A program and the series that it is trained and evaluated on: those parts of a domain that a trainer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastTask {
	/// The program.
	pub program: Forecast,
	/// Limits on the cost of a model.
	pub limits: Limits,
	/// The published series: the values of all channels, step by step.
	pub series: Vec<i32>,
	/// Ends of the training and validation parts of the series.
	pub split: Split,
	/// Generator of the windows that verdicts are computed on, for domains with synthetic evidence.
	pub generator: Option<Generator>,
}

impl ForecastTask {
	/// Returns the task of domain `spec` with its published series.
	///
	/// # Errors
	///
	/// [`Error::NotForecast`] if the program of the domain is not a forecast; otherwise the errors of [`check`](Self::check).
	pub fn new(spec: &DomainSpec, series: Vec<i32>) -> Result<Self, Error> {
		let Program::Forecast(program) = &spec.program else {
			return Err(Error::NotForecast { program: spec.program.name() });
		};
		let generator = match &spec.evidence {
			Evidence::Synthetic(generator) => Some(generator.clone()),
			Evidence::Public | Evidence::Sealed { .. } | Evidence::Live { .. } | Evidence::Drawn => None,
		};
		let task = Self { program: program.clone(), limits: spec.limits.clone(), series, split: spec.split, generator };
		task.check()?;
		Ok(task)
	}

	/// Checks that series, split, program and generator fit each other.
	///
	/// # Errors
	///
	/// [`Error::Short`] if the series ends before its validation part; [`Error::Program`] if the program, the split or the
	/// generator is invalid.
	pub fn check(&self) -> Result<(), Error> {
		let have = self.series.len();
		let need = self.split.validation_end as usize * usize::from(self.program.channels);
		if have < need {
			return Err(Error::Short { have, need, what: "the end of its validation split" });
		}
		let values = u32::try_from(have).unwrap_or(u32::MAX);
		Program::Forecast(self.program.clone()).check(self.split.train_end, self.split.validation_end, values)?;
		if let Some(generator) = &self.generator {
			generator.check(&self.program)?;
		}
		Ok(())
	}

	/// Checks that the domain admits `model`.
	///
	/// # Errors
	///
	/// [`Error::Model`] if the model does not fit the program or exceeds the limits.
	pub fn admit(&self, model: &Model) -> Result<(), Error> {
		let bytes = model.to_bytes().len();
		let program = Program::Forecast(self.program.clone());
		model.admit(&program, self.limits.model_bytes, self.limits.window_macs, bytes)?;
		Ok(())
	}
}

/// A series and its split: one of several series that a model is trained on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitSeries {
	/// The values of all channels, step by step.
	pub series: Vec<i32>,
	/// Steps before `train_end` are trained on, targets before `validation_end` validate, and those behind it are the test. Both
	/// ends may coincide; a series that only validates has a `train_end` of 0.
	pub split: Split,
}

impl SplitSeries {
	/// Checks that the series has whole steps of all channels, and that its split lies within its length.
	pub(crate) fn check(&self, program: &Forecast) -> Result<(), Error> {
		let channels = usize::from(program.channels).max(1);
		if !self.series.len().is_multiple_of(channels) {
			return Err(ProgramError::Channels.into());
		}
		let Split { train_end, validation_end } = self.split;
		let (have, need) = (self.series.len() / channels, validation_end as usize);
		if have < need {
			return Err(Error::Short { have, need, what: "the end of its validation part" });
		}
		if train_end <= validation_end {
			Ok(())
		} else {
			Err(ProgramError::Split.into())
		}
	}
}

/// Returns the number of predictions that are scored in a window: one per step that is forecast, or one class.
pub fn predictions_per_window(program: &Forecast) -> u64 {
	match program.target {
		Target::Classes(_) => 1,
		_ => program.outputs().into(),
	}
}

/// Returns the windows of `series` whose targets all lie in the steps `targets`, one step apart, in chunks that can be scored.
pub fn windows(program: &Forecast, series: &[i32], targets: Range<usize>) -> Vec<Windows> {
	let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
	let channels = usize::from(program.channels).max(1);
	let most = usize::from(program.most_windows()).max(1);
	let first = targets.start.max(history);
	let count = (targets.end.min(series.len() / channels) + 1).saturating_sub(first + horizon);
	let chunk = |at: usize| {
		let (origin, count) = (first + at, most.min(count - at));
		sample::validation(program, &series[(origin - history) * channels..(origin + count - 1 + horizon) * channels])
	};
	(0..count).step_by(most).map(chunk).collect()
}

/// Returns the chunks of the validation split of `task`.
///
/// # Errors
///
/// [`Error::Short`] if the series ends before a chunk; [`Error::Program`] if the split has no room for the chunks.
pub fn validation_chunks(task: &ForecastTask) -> Result<Vec<Windows>, Error> {
	let Split { train_end, validation_end } = task.split;
	let chunk = |index| {
		let span = sample::validation_span(&task.program, train_end, validation_end, index)?;
		let values = task.series.get(span.start as usize..span.end as usize);
		let have = task.series.len();
		let values = values.ok_or(Error::Short { have, need: span.end as usize, what: "a chunk of its validation split" })?;
		Ok(sample::validation(&task.program, values))
	};
	(0..task.program.chunks).map(chunk).collect()
}
