//! What models are trained and judged on.

use crate::{
	backend::{self, layout::LANES, Backend},
	ridge::Linear,
	scorer::Scorer,
	Error,
};
use doin_primitives::{domain::Limits, DomainSpec, Evidence, Split};
use doin_scoring::{
	model::{IN_SHIFTS, OUT_FRAC},
	philox::purpose,
	sample::{self, Source},
	score,
	verdict::{loss, total},
	Forecast, Generator, Model, Program, ProgramError, Target, Windows,
};
use rayon::prelude::*;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, PoisonError},
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

/// Windows to train on: those of the published series and those drawn from the generator, in this order.
const SOURCES: usize = 2;
/// A share of synthetic windows that is the whole.
pub const WHOLE: u16 = 256;

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
/// A window is a place in `values`, so those of the published series share its values; of several channels, each follows the one before as
/// a whole. The last seventh of the training split and of the
/// synthetic windows stops training early; targets of the two groups never overlap, and nothing after the training split is trained on.
#[derive(Debug)]
pub struct TrainingSet {
	/// The domain.
	pub task: Task,
	backend: &'static dyn Backend,
	values: Vec<i32>,
	/// Distance of the channels in `values`.
	stride: usize,
	narrow: bool,
	fit: [Vec<u32>; SOURCES],
	inner: [Vec<u32>; SOURCES],
	/// Between the two: windows whose targets belong to both.
	between: Vec<u32>,
	validation: Vec<Windows>,
	practice: Vec<Windows>,
	initial: Measure,
	linear: Mutex<BTreeMap<(u16, u16), Arc<Linear>>>,
	in_shifts: Mutex<BTreeMap<(u16, u16), Vec<i8>>>,
}

/// What a linear model should say of the class that came, in 2^−OUT_FRAC raw units.
pub(crate) const CLASS: i64 = 1 << 12;

/// Linear models and shifts of inputs that are kept at most.
const REMEMBERED: usize = 256;

/// Values that differ by less than this are loaded by a back-end, others one by one.
const NARROW: u32 = 1 << 26;

/// One in this many windows stops training early.
const INNER: usize = 7;

impl TrainingSet {
	/// The windows of `task` and, if it has a generator, `synthetic` windows drawn from that. `seed` is for these and for the practice
	/// draw; it can be anything and has nothing to do with the draws that decide.
	pub fn new(task: Task, synthetic: u32, seed: u64) -> Result<Self, Error> {
		Self::pooled(task, &[], synthetic, seed)
	}

	/// The same with the windows of `others`, further series in the same unit and as long as the task's, which has one channel: one model
	/// for all of them. They are cut where the task's series is, and the validation windows of all follow each other.
	pub fn pooled(task: Task, others: &[Vec<i32>], synthetic: u32, seed: u64) -> Result<Self, Error> {
		task.check()?;
		let others = others.iter().map(|series| Task { series: series.clone(), ..task.clone() }).collect::<Vec<_>>();
		for other in &others {
			other.check()?;
			if task.program.channels > 1 {
				return Err(ProgramError::Channels.into());
			}
		}
		let (horizon, span) = (usize::from(task.program.horizon), task.program.span() as usize);
		let (end, channels) = (task.split.train_end as usize, usize::from(task.program.channels));
		let inner = (end / INNER).max(horizon);
		let need = span + inner;
		if end < need {
			return Err(Error::Short {
				have: end,
				need,
				what: "one window to train on and one to stop early on, in its training part",
			});
		}
		let places = |from: usize, to: usize| (from as u32..=(to - span) as u32).collect::<Vec<_>>();
		let first_inner = end - inner - usize::from(task.program.history);
		let between = (end - inner - span + 1) as u32..first_inner as u32;
		let mut set = Self {
			backend: backend::detect()?,
			narrow: false,
			values: (0..channels).flat_map(|c| task.series[c..].iter().step_by(channels).take(end)).copied().collect(),
			stride: end,
			fit: [places(0, end - inner), Vec::new()],
			inner: [places(first_inner, end), Vec::new()],
			between: between.clone().collect(),
			validation: validation(&task)?,
			practice: Vec::new(),
			initial: Measure { validation: Vec::new(), practice: Vec::new() },
			linear: Mutex::default(),
			in_shifts: Mutex::default(),
			task,
		};
		for other in &others {
			let first = set.values.len() as u32;
			set.values.extend_from_slice(&other.series[..end]);
			set.fit[0].extend(places(0, end - inner).into_iter().map(|place| first + place));
			set.inner[0].extend(places(first_inner, end).into_iter().map(|place| first + place));
			set.between.extend(between.clone().map(|place| first + place));
			set.validation.extend(validation(other)?);
		}
		let mut bytes = [0; 32];
		bytes[..8].copy_from_slice(&seed.to_le_bytes());
		if let Some(generator) = &set.task.generator {
			let source = Source::new(generator, &bytes, purpose::SERIES);
			let inner = synthetic.div_ceil(INNER as u32);
			for index in 0..synthetic {
				let group = if index < synthetic - inner { &mut set.fit } else { &mut set.inner };
				group[1].push(set.values.len() as u32);
				source.series(index.into(), span, &mut set.values);
			}
			let draw = |index| sample::drawn(&set.task.program, generator, &bytes, index);
			set.practice = (0..set.task.program.chunks).into_par_iter().map(draw).collect();
		}
		set.narrow = (0..channels).all(|channel| {
			// A generator makes one channel, and its series follow the published one.
			let own = set.values[channel * set.stride..].iter().take(if channels > 1 { set.stride } else { usize::MAX });
			let others = set.validation.iter().chain(&set.practice).flat_map(|w| w.values[channel..].iter().step_by(channels));
			let spread = |(least, most): (i32, i32), value: &i32| (least.min(*value), most.max(*value));
			let (least, most) = own.chain(others).fold((i32::MAX, i32::MIN), spread);
			most.abs_diff(least) < NARROW
		});
		// Whole vectors are read at the end of a window.
		set.values.extend([0; LANES]);
		let [last, seasonal] = [Model::RepeatLast, Model::Seasonal].map(|model| set.measure(&model));
		set.initial = if total(&seasonal.validation) < total(&last.validation) { seasonal } else { last };
		Ok(set)
	}

	/// The same set on another back-end.
	pub fn on(mut self, backend: &'static dyn Backend) -> Self {
		self.backend = backend;
		self
	}

	/// What it is trained on; every back-end gives the same nets.
	pub fn backend(&self) -> &'static dyn Backend {
		self.backend
	}

	/// Channels of the series.
	pub fn channels(&self) -> usize {
		self.task.program.channels.into()
	}

	/// All values, in which windows are places, and a vector of zeros.
	pub(crate) fn values(&self) -> &[i32] {
		&self.values
	}

	/// Distance of a window's channels in [`TrainingSet::values`].
	pub(crate) fn stride(&self) -> usize {
		self.stride
	}

	/// Whether differences of values fit what [`Backend::gather`] takes.
	pub(crate) fn narrow(&self) -> bool {
		self.narrow
	}

	/// Places of the windows of [`TrainingSet::fit`].
	pub(crate) fn fit_places(&self, synthetic: bool) -> &[u32] {
		&self.fit[usize::from(synthetic)]
	}

	/// Places of the windows of [`TrainingSet::inner`].
	pub(crate) fn inner_places(&self, synthetic: bool) -> &[u32] {
		&self.inner[usize::from(synthetic)]
	}

	/// Places of all windows of one source in the training part, for models that nothing stops early.
	pub(crate) fn all_places(&self, synthetic: bool) -> Vec<u32> {
		let between = if synthetic { &[][..] } else { &self.between };
		[&self.fit[usize::from(synthetic)], between, &self.inner[usize::from(synthetic)]].concat()
	}

	/// Number of windows to fit.
	pub fn len(&self) -> usize {
		self.fit.iter().map(Vec::len).sum()
	}

	/// Whether there is nothing to fit; there always is.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// The windows to fit of one source, `false` for the published series, `true` for the generator, as (history, future).
	pub fn fit(&self, synthetic: bool) -> impl ExactSizeIterator<Item = (&[i32], &[i32])> {
		self.fit[usize::from(synthetic)].iter().map(|start| self.window(*start))
	}

	/// The windows of one source that stop training early.
	pub fn inner(&self, synthetic: bool) -> impl ExactSizeIterator<Item = (&[i32], &[i32])> {
		self.inner[usize::from(synthetic)].iter().map(|start| self.window(*start))
	}

	/// The share of synthetic windows, of [`WHOLE`], that `mix` asks for and the set can give: none without synthetic windows.
	pub fn share(&self, mix: u16) -> u16 {
		if self.inner[1].is_empty() || self.fit[1].is_empty() {
			0
		} else {
			mix.min(WHOLE)
		}
	}

	/// History and future of the first channel in the window at `start`.
	pub(crate) fn window(&self, start: u32) -> (&[i32], &[i32]) {
		let (start, span) = (start as usize, self.task.program.span() as usize);
		self.values[start..start + span].split_at(self.task.program.history.into())
	}

	/// The window at `start`, as a net with these shifts reads it: `x` has a place for each of its features.
	pub(crate) fn features(&self, start: u32, in_shifts: &[i8], x: &mut [i16]) {
		let window = x.len() / in_shifts.len().max(1);
		let (start, history) = (start as usize, usize::from(self.task.program.history));
		for (channel, (x, in_shift)) in x.chunks_exact_mut(window.max(1)).zip(in_shifts).enumerate() {
			let history = &self.values[channel * self.stride + start..][..history];
			score::differences(*in_shift, 0, 1, history, x);
		}
	}

	/// What a net should say of the window at `start`: what is asked for, less the last value known, in 2^−OUT_FRAC raw units; or, of
	/// classes, [`CLASS`] for the one that came and its negative for the others.
	pub(crate) fn targets(&self, start: u32, y: &mut [i64]) {
		let (history, future) = self.window(start);
		let last = i64::from(history.last().copied().unwrap_or(0));
		let changes = self.task.program.scored(future).map(|value| i64::from(*value) - last);
		match &self.task.program.target {
			Target::Classes(bounds) => {
				let class = score::class(bounds, changes.last().unwrap_or(0));
				y.iter_mut().enumerate().for_each(|(at, y)| *y = if at == class { CLASS } else { -CLASS });
			}
			_ => y.iter_mut().zip(changes).for_each(|(y, change)| *y = change << OUT_FRAC),
		}
	}

	/// Error sums of `model` on validation and practice, on all cores of the current pool.
	pub fn measure(&self, model: &Model) -> Measure {
		let sums = |chunks: &[Windows]| self.sums(model, chunks, self.narrow);
		Measure { validation: sums(&self.validation), practice: sums(&self.practice) }
	}

	/// Error sums of `model` on any windows of the task's program, on all cores of the current pool. Each chunk has at most
	/// [`doin_scoring::program::MAX_WINDOWS`] windows, or its sum saturates.
	pub fn score(&self, model: &Model, chunks: &[Windows]) -> Vec<u32> {
		let values = || chunks.iter().flat_map(|windows| &windows.values);
		let (least, most) = (values().min().copied().unwrap_or(0), values().max().copied().unwrap_or(0));
		self.sums(model, chunks, most.abs_diff(least) < NARROW)
	}

	fn sums(&self, model: &Model, chunks: &[Windows], narrow: bool) -> Vec<u32> {
		/// Chunks that share their buffers.
		const TOGETHER: usize = 8;
		let program = &self.task.program;
		if let Model::Net(net) = model {
			if narrow && program.target == Target::Values && Scorer::takes(net) && self.task.admit(model).is_ok() {
				let scorer = Scorer::new(self.backend, net);
				return chunks.par_chunks(TOGETHER).flat_map_iter(|chunks| scorer.scores(chunks)).collect();
			}
		}
		chunks.par_iter().map(|windows| score(model, program, windows)).collect()
	}

	/// The mean absolute error, in raw units, that a [`crate::population::Watch`] is told of as `error`.
	pub fn mean_error(&self, error: u128) -> f64 {
		let [published, synthetic] = self.inner.each_ref().map(|places| places.len().max(1) as f64);
		let predictions = published * synthetic * predictions(&self.task.program) as f64;
		error as f64 / f64::from(WHOLE) / predictions / f64::from(1u32 << OUT_FRAC)
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

	/// For each channel, the power of two from raw units to activations under which 999 of 1 000 inputs of a net with this window fit 12
	/// bits. A source counts if `mix` takes anything from it. They are remembered.
	pub fn in_shifts(&self, window: u16, mix: u16) -> Vec<i8> {
		let key = (window, self.share(mix));
		let remembered = || self.in_shifts.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(shifts) = remembered().get(&key) {
			return shifts.clone();
		}
		let shifts: Vec<i8> = (0..self.channels()).map(|channel| self.find_in_shift(channel, window, key.1)).collect();
		let mut all = remembered();
		if all.len() >= REMEMBERED {
			all.clear();
		}
		all.insert(key, shifts.clone());
		shifts
	}

	fn find_in_shift(&self, channel: usize, window: u16, share: u16) -> i8 {
		const SAMPLES: usize = 4096;
		// How many differences need 0, 1, 2 … bits: a power of two is all that is asked for.
		let (mut bits, mut count) = ([0usize; 33], 0usize);
		for (synthetic, used) in [(false, share < WHOLE), (true, share > 0)] {
			let places = self.fit_places(synthetic);
			let step = (places.len() / SAMPLES).max(1);
			for start in places.iter().step_by(step).filter(|_| used) {
				let history = &self.values[channel * self.stride + *start as usize..][..self.task.program.history.into()];
				let last = history.last().copied().unwrap_or(0);
				for value in &history[history.len().saturating_sub(window.into())..] {
					bits[(u32::BITS - last.abs_diff(*value).leading_zeros()) as usize] += 1;
					count += 1;
				}
			}
		}
		let (mut above, mut needed) = (0, 32);
		while needed > 1 && (above + bits[needed]) * 1000 <= count {
			above += bits[needed];
			needed -= 1;
		}
		(11 - needed as i8).clamp(*IN_SHIFTS.start(), *IN_SHIFTS.end())
	}

	/// The ridge of this window and share of synthetic windows. It is remembered.
	pub fn linear(&self, window: u16, mix: u16) -> Result<Arc<Linear>, Error> {
		let key = (window, self.share(mix));
		let remembered = || self.linear.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(linear) = remembered().get(&key) {
			return Ok(linear.clone());
		}
		// No lock is held while fitting: its parallel parts may run candidates on this very thread that ask for the same model. Then it is
		// fitted twice, with the same result.
		let linear = Arc::new(Linear::fit(self, window, key.1)?);
		let mut models = remembered();
		if models.len() >= REMEMBERED {
			models.clear();
		}
		models.insert(key, linear.clone());
		Ok(linear)
	}
}

/// What is scored of a window: one prediction per step that is forecast, or one class.
pub fn predictions(program: &Forecast) -> u64 {
	match program.target {
		Target::Classes(_) => 1,
		_ => program.outputs().into(),
	}
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{seasonal, tent};

	#[test]
	fn nothing_after_the_training_part_is_trained_on() {
		let task = seasonal();
		let mut changed = task.clone();
		changed.series[task.split.train_end as usize..].fill(0);
		let (a, b) = (TrainingSet::new(task, 0, 0).unwrap(), TrainingSet::new(changed, 0, 0).unwrap());
		assert!(a.fit(false).eq(b.fit(false)));
		assert!(a.inner(false).eq(b.inner(false)));
	}

	#[test]
	fn targets_to_fit_end_where_targets_to_stop_by_begin() {
		let mut task = seasonal();
		task.series = (0..task.series.len() as i32).collect();
		let set = TrainingSet::new(task, 0, 0).unwrap();
		let last_fitted = set.fit(false).flat_map(|(_, future)| future).max();
		let first_inner = set.inner(false).flat_map(|(_, future)| future).min();
		assert_eq!((last_fitted, first_inner), (Some(&1_799), Some(&1_800)));
		assert_eq!(set.inner(false).flat_map(|(_, future)| future).max(), Some(&2_099));
		assert_eq!((set.len(), set.inner(false).len()), (1_771, 295));
		assert_eq!(set.all_places(false), (0..=2_070).collect::<Vec<_>>());
	}

	#[test]
	fn synthetic_windows_are_shared_out_and_depend_on_the_seed() {
		let set = TrainingSet::new(seasonal(), 700, 1).unwrap();
		assert_eq!((set.fit(true).len(), set.inner(true).len()), (600, 100));
		assert_eq!(set.share(64), 64);
		assert!(!set.fit(true).eq(TrainingSet::new(seasonal(), 700, 2).unwrap().fit(true)));
		assert_eq!(set.initial().practice.len(), 32);
	}

	#[test]
	fn without_synthetic_windows_there_is_no_share_of_them() {
		for (task, synthetic) in [(tent(), 700), (seasonal(), 0), (seasonal(), 1)] {
			assert_eq!(TrainingSet::new(task, synthetic, 0).unwrap().share(WHOLE), 0);
		}
	}

	#[test]
	fn pooled_series_are_trained_on_side_by_side() {
		let task = tent();
		let mirrored: Vec<i32> = task.series.iter().map(|value| -value).collect();
		let one = TrainingSet::new(task.clone(), 0, 0).unwrap();
		let both = TrainingSet::pooled(task.clone(), std::slice::from_ref(&mirrored), 0, 0).unwrap();
		assert_eq!(both.len(), 2 * one.len());
		let negated = |(past, future): (&[i32], &[i32])| [past, future].concat().iter().map(|value| -value).collect::<Vec<_>>();
		assert!(both.fit(false).skip(one.len()).map(negated).eq(one.fit(false).map(|(past, future)| [past, future].concat())));
		assert_eq!(both.inner(false).len(), 2 * one.inner(false).len());
		// What both series obey alike is all that a shared linear model can say: by symmetry, it has no bias.
		let net = &both.linear(6, 0).unwrap().net;
		assert!(net.skip.as_ref().unwrap().bias[0].abs() <= 1 << net.skip.as_ref().unwrap().shift);
		assert_eq!(both.measure(&Model::RepeatLast).validation.len(), 64);
		assert!(TrainingSet::pooled(task, &[mirrored[..5_000].to_vec()], 0, 0).is_err());
	}

	#[test]
	fn fitness_is_relative_to_the_initial_champion() {
		let set = TrainingSet::new(seasonal(), 0, 1).unwrap();
		// The season is strong, so the initial champion is seasonal.
		assert_eq!(set.initial(), &set.measure(&Model::Seasonal));
		assert_eq!(set.fitness(&set.measure(&Model::Seasonal)), 1 << 20);
		assert!(set.fitness(&set.measure(&Model::RepeatLast)) > 1 << 20);
	}

	#[test]
	fn any_windows_are_scored_as_the_chain_does() {
		let set = TrainingSet::new(seasonal(), 0, 1).unwrap();
		let program = &set.task.program;
		let mut chunks = vec![
			sample::tail(program, &set.task.series[..2_640], 2_550),
			Windows { values: Vec::new(), ..set.validation[0].clone() },
		];
		// Differences that no back-end takes.
		chunks.push(Windows { values: (0..60).map(|at| (at % 7 - 3) * (1 << 28)).collect(), ..set.validation[0].clone() });
		for model in [Model::Seasonal, Model::Net(set.linear(24, 0).unwrap().net.clone())] {
			for chunks in [&chunks[..2], &chunks[2..], &chunks[..]] {
				let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, program, windows)).collect();
				assert_eq!(set.score(&model, chunks), expected);
			}
		}
	}

	#[test]
	fn inputs_nearly_always_fit_twelve_bits() {
		let set = TrainingSet::new(seasonal(), 0, 1).unwrap();
		let shift = set.in_shifts(24, 0)[0];
		let clipped = |shift: i8| {
			let (mut x, mut clipped, mut all) = ([0; 24], 0, 0);
			for (history, _) in set.fit(false) {
				score::differences(shift, 0, 1, history, &mut x);
				clipped += x.iter().filter(|x| x.abs() == 2047).count();
				all += x.len();
			}
			clipped * 1000 / all
		};
		assert_eq!(clipped(shift), 0);
		assert!(clipped(shift + 2) > 0);
	}

	#[test]
	fn a_series_that_is_too_short_is_refused_with_numbers() {
		let mut task = seasonal();
		task.series.truncate(2_000);
		let refused = TrainingSet::new(task, 0, 0).unwrap_err();
		assert_eq!(refused, Error::Short { have: 2_000, need: 2_550, what: "the end of its validation split" });
		let mut task = seasonal();
		task.split.train_end = 20;
		assert!(matches!(TrainingSet::new(task, 0, 0), Err(Error::Short { have: 20, need: 36, .. })));
	}
}
