//! A question and the series it is asked of, as far as trainers need to know them.

use crate::Error;
use doin_primitives::{domain::Limits, DomainSpec, Evidence, Split};
use doin_scoring::{sample, Forecast, Generator, Model, Program, ProgramError, Target, Windows};
use std::ops::Range;

/// A forecasting domain, as far as a trainer needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
	/// What is forecast.
	pub program: Forecast,
	/// What a model may cost.
	pub limits: Limits,
	/// The published series.
	pub series: Vec<i32>,
	/// Where it is cut.
	pub split: Split,
	/// The source of the windows that decide, if they are synthetic.
	pub generator: Option<Generator>,
}

impl Task {
	/// The task of domain `spec` with its series.
	pub fn new(spec: &DomainSpec, series: Vec<i32>) -> Result<Self, Error> {
		let Program::Forecast(program) = &spec.program else {
			return Err(Error::NotForecast(spec.program.name()));
		};
		let generator = match &spec.evidence {
			Evidence::Synthetic(generator) => Some(generator.clone()),
			Evidence::Public => None,
		};
		let task = Self { program: program.clone(), limits: spec.limits.clone(), series, split: spec.split, generator };
		task.check()?;
		Ok(task)
	}

	/// Whether series, split, program and generator fit each other.
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

	/// Whether the domain takes `model`.
	pub fn admit(&self, model: &Model) -> Result<(), Error> {
		let bytes = model.to_bytes().len();
		let program = Program::Forecast(self.program.clone());
		model.admit(&program, self.limits.model_bytes, self.limits.window_macs, bytes)?;
		Ok(())
	}
}

/// One of several series that a model is made for, and where it is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutSeries {
	/// The values of all channels, step by step.
	pub series: Vec<i32>,
	/// Steps before `train_end` train, targets before `validation_end` validate, and those after it are the test. Ends may coincide: a
	/// series that only validates has a `train_end` of 0.
	pub split: Split,
}

impl CutSeries {
	/// Whether the series has whole steps of all channels, and is cut within its length.
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

/// What is scored of a window: one prediction per step that is forecast, or one class.
pub fn predictions(program: &Forecast) -> u64 {
	match program.target {
		Target::Classes(_) => 1,
		_ => program.outputs().into(),
	}
}

/// The windows of `series` with all their targets in the steps `targets`, one step apart, in chunks that can be scored.
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

/// The chunks of a task's validation split.
pub fn validation(task: &Task) -> Result<Vec<Windows>, Error> {
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
