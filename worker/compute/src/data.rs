//! What models are trained and judged on.

use crate::{ridge::Linear, Error};
use doin_primitives::{domain::Limits, DomainSpec, Evidence, Split};
use doin_scoring::{
	model::IN_SHIFTS,
	philox::purpose,
	sample::{self, Source},
	score,
	verdict::{loss, total},
	Forecast, Generator, Model, Program, Windows,
};
use rayon::prelude::*;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, OnceLock, PoisonError},
};

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
		let task = Self {
			program: program.clone(),
			limits: spec.limits.clone(),
			series,
			split: spec.split,
			generator,
		};
		task.check()?;
		Ok(task)
	}

	/// Whether series, split, program and generator fit each other.
	pub fn check(&self) -> Result<(), Error> {
		let have = self.series.len();
		let need = self.split.validation_end as usize;
		if have < need {
			return Err(Error::Short {
				have,
				need,
				what: "the end of its validation split",
			});
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

/// What a training set holds beside the published training part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
	/// Whether windows of the published training part are trained on.
	pub published: bool,
	/// Windows drawn from the generator to train on; 0 for a domain without one.
	pub synthetic: u32,
	/// Seed of those windows and of the practice draw. Anything; it has nothing to do with the draws that decide.
	pub seed: u64,
}

impl Mix {
	/// The published training part alone.
	pub const PUBLISHED: Self = Self {
		published: true,
		synthetic: 0,
		seed: 0,
	};
}

/// Error sums of a model, chunk by chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
	/// On the published validation split, as a reveal claims them.
	pub validation: Vec<u32>,
	/// On the practice draw; empty for a domain without a generator.
	pub practice: Vec<u32>,
}

/// Windows to fit, windows to stop early on, and windows to judge by.
///
/// A window is a place in `values`; one with the published series' overlap costs one number. The last part of the training split (a
/// seventh) and of the synthetic windows stops training early; targets of the two groups never overlap.
#[derive(Debug)]
pub struct TrainingSet {
	/// The domain.
	pub task: Task,
	values: Vec<i32>,
	fit: Vec<u32>,
	inner: Vec<u32>,
	validation: Vec<Windows>,
	practice: Vec<Windows>,
	initial: Measure,
	linear: Mutex<BTreeMap<u16, Slot>>,
}

/// A linear model that is being fitted, or was.
type Slot = Arc<OnceLock<Result<Arc<Linear>, Error>>>;

/// One in this many windows stops training early.
const INNER: usize = 7;

impl TrainingSet {
	/// The windows of `task`, mixed as `mix` says.
	pub fn new(task: Task, mix: Mix) -> Result<Self, Error> {
		task.check()?;
		let Forecast {
			history,
			horizon,
			chunks,
			..
		} = task.program;
		let (history, horizon) = (usize::from(history), usize::from(horizon));
		let span = history + horizon;
		let mut set = Self {
			values: Vec::new(),
			fit: Vec::new(),
			inner: Vec::new(),
			validation: validation(&task)?,
			practice: Vec::new(),
			initial: Measure {
				validation: Vec::new(),
				practice: Vec::new(),
			},
			linear: Mutex::default(),
			task,
		};
		if mix.published {
			let end = set.task.split.train_end as usize;
			let inner = (end / INNER).max(horizon);
			let need = span + inner;
			if end < need {
				return Err(Error::Short {
					have: end,
					need,
					what: "one window to train on and one to stop early on",
				});
			}
			set.values.extend_from_slice(&set.task.series[..end]);
			set.fit.extend(0..=(end - inner - span) as u32);
			set.inner
				.extend((end - inner - history.min(end - inner)) as u32..=(end - span) as u32);
		}
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&mix.seed.to_le_bytes());
		if let Some(generator) = &set.task.generator {
			let source = Source::new(generator, &seed, purpose::SERIES);
			let inner = mix.synthetic / INNER as u32;
			for index in 0..mix.synthetic {
				let start = set.values.len() as u32;
				source.series(index.into(), span, &mut set.values);
				if index < mix.synthetic - inner {
					&mut set.fit
				} else {
					&mut set.inner
				}
				.push(start);
			}
			let draw = |index| sample::drawn(&set.task.program, generator, &seed, index);
			set.practice = (0..chunks).into_par_iter().map(draw).collect();
		}
		if set.fit.is_empty() || set.inner.is_empty() {
			let need = INNER * (1 + usize::from(!mix.published));
			return Err(Error::Short {
				have: 0,
				need,
				what: "a training set: mix in the published part or more synthetic windows",
			});
		}
		let [last, seasonal] = [Model::RepeatLast, Model::Seasonal].map(|model| set.measure(&model));
		set.initial = if total(&seasonal.validation) < total(&last.validation) {
			seasonal
		} else {
			last
		};
		Ok(set)
	}

	/// Windows to fit, as (history, future).
	pub fn fit(&self) -> impl ExactSizeIterator<Item = (&[i32], &[i32])> {
		self.fit.iter().map(|start| self.window(*start))
	}

	/// Windows to stop early on.
	pub fn inner(&self) -> impl ExactSizeIterator<Item = (&[i32], &[i32])> {
		self.inner.iter().map(|start| self.window(*start))
	}

	/// Number of windows to fit.
	pub fn fit_len(&self) -> usize {
		self.fit.len()
	}

	/// Number of windows to stop early on.
	pub fn inner_len(&self) -> usize {
		self.inner.len()
	}

	/// Window number `at` of those to fit.
	pub fn fit_window(&self, at: usize) -> (&[i32], &[i32]) {
		self.window(self.fit[at])
	}

	/// Window number `at` of those to stop early on.
	pub fn inner_window(&self, at: usize) -> (&[i32], &[i32]) {
		self.window(self.inner[at])
	}

	fn window(&self, start: u32) -> (&[i32], &[i32]) {
		let (start, span) = (start as usize, self.task.program.span() as usize);
		self.values[start..start + span].split_at(self.task.program.history.into())
	}

	/// Error sums of `model` on validation and practice, on all cores of the current pool.
	pub fn measure(&self, model: &Model) -> Measure {
		let season = self.task.program.season;
		let sums = |chunks: &[Windows]| chunks.par_iter().map(|windows| score(model, season, windows)).collect();
		Measure {
			validation: sums(&self.validation),
			practice: sums(&self.practice),
		}
	}

	/// Error sums of the initial champion: the better of repeat-last and seasonal on validation.
	pub fn initial(&self) -> &Measure {
		&self.initial
	}

	/// What a search minimises, 2²⁰ being the initial champion: the loss on validation, or its mean with the loss on the practice draw, as
	/// a candidate has to be better on both.
	pub fn fitness(&self, measure: &Measure) -> u64 {
		let validation = loss(total(&measure.validation), total(&self.initial.validation));
		if measure.practice.is_empty() {
			return validation;
		}
		let practice = loss(total(&measure.practice), total(&self.initial.practice));
		u64::midpoint(validation, practice)
	}

	/// The power of two from raw units to activations under which 999 of 1 000 inputs of a net with this window fit 12 bits.
	pub fn in_shift(&self, window: usize) -> i8 {
		const SAMPLES: usize = 4096;
		let step = (self.fit.len() / SAMPLES).max(1);
		// How many differences need 0, 1, 2 … bits: a power of two is all that is asked for.
		let (mut bits, mut count) = ([0usize; 33], 0usize);
		for (history, _) in self.fit().step_by(step) {
			let last = history.last().copied().unwrap_or(0);
			for value in &history[history.len().saturating_sub(window)..] {
				bits[(u32::BITS - last.abs_diff(*value).leading_zeros()) as usize] += 1;
				count += 1;
			}
		}
		let (mut above, mut needed) = (0, 32);
		while needed > 1 && (above + bits[needed]) * 1000 <= count {
			above += bits[needed];
			needed -= 1;
		}
		(11 - needed as i8).clamp(*IN_SHIFTS.start(), *IN_SHIFTS.end())
	}

	/// The ridge of this window, fitted once.
	pub fn linear(&self, window: u16) -> Result<Arc<Linear>, Error> {
		let slot = {
			let mut slots = self.linear.lock().unwrap_or_else(PoisonError::into_inner);
			slots.entry(window).or_default().clone()
		};
		slot.get_or_init(|| Linear::fit(self, window).map(Arc::new)).clone()
	}
}

/// The chunks of a task's validation split.
pub fn validation(task: &Task) -> Result<Vec<Windows>, Error> {
	let Split {
		train_end,
		validation_end,
	} = task.split;
	let chunk = |index| {
		let span = sample::validation_span(&task.program, train_end, validation_end, index)?;
		let values = task.series.get(span.start as usize..span.end as usize);
		let have = task.series.len();
		let values = values.ok_or(Error::Short {
			have,
			need: span.end as usize,
			what: "a chunk of its validation split",
		})?;
		Ok(sample::validation(&task.program, values))
	};
	(0..task.program.chunks).map(chunk).collect()
}
