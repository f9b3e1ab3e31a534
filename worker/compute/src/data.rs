//! What models are trained and judged on: the windows of a task, sorted by what they are for.

use crate::{
	backend::{self, layout::LANES, Backend},
	ridge::Linear,
	scorer::Scorer,
	task::{predictions, validation, windows, CutSeries, Task},
	Error,
};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{
	model::{IN_SHIFTS, OUT_FRAC},
	philox::purpose,
	sample::{self, Source},
	score,
	verdict::{loss, total},
	Forecast, Model, Target, Windows,
};
use rayon::prelude::*;
use std::{
	borrow::Cow,
	collections::BTreeMap,
	sync::{Arc, Mutex, PoisonError},
};

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
/// A window is a place in `values`, so those of a published series share its values; of several channels, each follows the one before as
/// a whole. The last seventh of the training split of each series, and of the synthetic windows, stops training early; targets of the two
/// groups never overlap, nothing after a training split is trained on, and no window reaches from one series into another.
#[derive(Debug)]
pub struct TrainingSet {
	/// The domain; of several series, it has the first one.
	pub task: Task,
	/// The other series.
	others: Vec<CutSeries>,
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
	linear: Mutex<BTreeMap<(Part, u16, u16), Arc<Linear>>>,
	in_shifts: Mutex<BTreeMap<(u16, u16), Vec<i8>>>,
}

/// Windows of the training part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
	/// Those to fit.
	Fit,
	/// All of them, for models that nothing stops early.
	All,
}

/// What a linear model should say of the class that came, in 2^−OUT_FRAC raw units.
pub(crate) const CLASS: i64 = 1 << 12;

/// Linear models and shifts of inputs that are kept at most.
const REMEMBERED: usize = 256;

/// Values that differ by less than this are loaded by a back-end, others one by one.
pub(crate) const NARROW: u32 = 1 << 26;

/// One in this many windows stops training early.
const INNER: usize = 7;

impl TrainingSet {
	/// The windows of `task` and, if it has a generator, `synthetic` windows drawn from that. `seed` is for these and for the practice
	/// draw; it can be anything and has nothing to do with the draws that decide.
	pub fn new(task: Task, synthetic: u32, seed: u64) -> Result<Self, Error> {
		task.check()?;
		let validation = validation(&task)?;
		Self::build(task, Vec::new(), validation, synthetic, seed)
	}

	/// The windows of several series in the same units, which may have any lengths: one model for all of them. Every window with its
	/// targets in a validation part counts. It knows no chain, so the program's chunks have no meaning.
	pub fn pooled(program: Forecast, limits: Limits, parts: Vec<CutSeries>) -> Result<Self, Error> {
		program.check()?;
		parts.iter().try_for_each(|part| part.check(&program))?;
		let validation = parts.iter().flat_map(|CutSeries { series, split }| {
			windows(&program, series, split.train_end as usize..split.validation_end as usize)
		});
		let validation: Vec<Windows> = validation.collect();
		let mut parts = parts.into_iter();
		let Some(CutSeries { series, split }) = parts.next().filter(|_| !validation.is_empty()) else {
			return Err(Error::Short { have: 0, need: program.span() as usize, what: "one window to validate on" });
		};
		let task = Task { program, limits, series, split, generator: None };
		Self::build(task, parts.collect(), validation, 0, 0)
	}

	fn build(task: Task, others: Vec<CutSeries>, validation: Vec<Windows>, synthetic: u32, seed: u64) -> Result<Self, Error> {
		let (horizon, span) = (usize::from(task.program.horizon), task.program.span() as usize);
		let channels = usize::from(task.program.channels);
		let mut set = Self {
			backend: backend::detect()?,
			narrow: false,
			values: Vec::new(),
			stride: 0,
			fit: Default::default(),
			inner: Default::default(),
			between: Vec::new(),
			validation,
			practice: Vec::new(),
			initial: Measure { validation: Vec::new(), practice: Vec::new() },
			linear: Mutex::default(),
			in_shifts: Mutex::default(),
			others,
			task,
		};
		let ends: Vec<usize> = set.parts().map(|(_, split)| split.train_end as usize).collect();
		for end in ends.iter().copied() {
			let first = set.stride as u32;
			set.stride += end;
			// A series may be there for validation or the test alone.
			if end == 0 {
				continue;
			}
			let inner = (end / INNER).max(horizon);
			let need = span + inner;
			if end < need {
				return Err(Error::Short {
					have: end,
					need,
					what: "one window to train on and one to stop early on, in its training part",
				});
			}
			let places = |from: usize, to: usize| (from as u32..=(to - span) as u32).map(|place| first + place);
			let first_inner = end - inner - usize::from(set.task.program.history);
			set.fit[0].extend(places(0, end - inner));
			set.inner[0].extend(places(first_inner, end));
			set.between.extend(((end - inner - span + 1) as u32..first_inner as u32).map(|place| first + place));
		}
		if set.fit[0].is_empty() {
			return Err(Error::Short { have: 0, need: span + horizon, what: "one window to train on and one to stop early on" });
		}
		let mut values = Vec::with_capacity(set.stride * channels);
		for channel in 0..channels {
			for ((series, _), end) in set.parts().zip(&ends) {
				values.extend(series.iter().skip(channel).step_by(channels).take(*end));
			}
		}
		set.values = values;
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

	/// Every series with its cut.
	fn parts(&self) -> impl Iterator<Item = (&[i32], Split)> {
		let first = (self.task.series.as_slice(), self.task.split);
		std::iter::once(first).chain(self.others.iter().map(|part| (part.series.as_slice(), part.split)))
	}

	/// Windows that validate.
	pub fn validation_windows(&self) -> usize {
		self.validation.iter().map(Windows::len).sum()
	}

	/// Every window with its targets behind the validation part of its series, in chunks that can be scored. Nothing may be chosen by them.
	pub fn test(&self) -> Vec<Windows> {
		self.parts()
			.flat_map(|(series, split)| windows(&self.task.program, series, split.validation_end as usize..series.len()))
			.collect()
	}

	/// How often each class came in the training parts; empty where no classes are asked for.
	pub fn class_counts(&self) -> Vec<u64> {
		let Target::Classes(bounds) = &self.task.program.target else { return Vec::new() };
		let mut counts = vec![0; bounds.len() + 1];
		for place in self.places(Part::All, false).iter().copied() {
			let (history, future) = self.window(place);
			let last = i64::from(history.last().copied().unwrap_or(0));
			let change = self.task.program.scored(future).last().map_or(0, |value| i64::from(*value) - last);
			counts[score::class(bounds, change)] += 1;
		}
		counts
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

	/// Places of the windows of a part, of one source.
	pub(crate) fn places(&self, part: Part, synthetic: bool) -> Cow<'_, [u32]> {
		let fit = &self.fit[usize::from(synthetic)];
		match part {
			Part::Fit => fit.into(),
			Part::All => {
				let between = if synthetic { &[][..] } else { &self.between };
				[fit, between, &self.inner[usize::from(synthetic)]].concat().into()
			}
		}
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

	/// The chunks of validation and of practice.
	pub(crate) fn judging(&self) -> [&[Windows]; 2] {
		[&self.validation, &self.practice]
	}

	/// Error sums of `model` on validation and practice, on all cores of the current pool.
	pub fn measure(&self, model: &Model) -> Measure {
		Measure { validation: self.score(model, &self.validation), practice: self.score(model, &self.practice) }
	}

	/// Error sums of `model` on any windows of the task's program, on all cores of the current pool. Each chunk has at most
	/// [`doin_scoring::program::MAX_WINDOWS`] windows, or its sum saturates.
	pub fn score(&self, model: &Model, chunks: &[Windows]) -> Vec<u32> {
		/// Chunks that share their buffers.
		const TOGETHER: usize = 8;
		let scorer = Scorer::new(self.backend, model, &self.task.program);
		chunks.par_chunks(TOGETHER).flat_map_iter(|chunks| scorer.scores(chunks)).collect()
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

	/// The ridge of this window and share of synthetic windows, fitted to all windows of the training part. It is remembered.
	pub fn linear(&self, window: u16, mix: u16) -> Result<Arc<Linear>, Error> {
		self.ridge(Part::All, window, mix)
	}

	/// The ridge that a net stands beside: fitted to the windows that the net is fitted to, so that those that stop training early are as
	/// new to it as to the net. It is remembered.
	pub fn path(&self, window: u16, mix: u16) -> Result<Arc<Linear>, Error> {
		self.ridge(Part::Fit, window, mix)
	}

	fn ridge(&self, part: Part, window: u16, mix: u16) -> Result<Arc<Linear>, Error> {
		let key = (part, window, self.share(mix));
		let remembered = || self.linear.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(linear) = remembered().get(&key) {
			return Ok(linear.clone());
		}
		// No lock is held while fitting: its parallel parts may run candidates on this very thread that ask for the same model. Then it is
		// fitted twice, with the same result.
		let linear = Arc::new(Linear::fit(self, part, window, key.2)?);
		let mut models = remembered();
		if models.len() >= REMEMBERED {
			models.clear();
		}
		models.insert(key, linear.clone());
		Ok(linear)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{direction, follower, seasonal, tent};
	use doin_scoring::ProgramError;
	use std::ops::Range;

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
		assert_eq!(*set.places(Part::All, false), (0..=2_070).collect::<Vec<_>>());
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

	fn pool(task: &Task, parts: Vec<CutSeries>) -> Result<TrainingSet, Error> {
		TrainingSet::pooled(task.program.clone(), task.limits.clone(), parts)
	}

	#[test]
	fn pooled_series_are_trained_on_side_by_side() {
		let task = tent();
		let part = CutSeries { series: task.series.clone(), split: task.split };
		let mirrored = CutSeries { series: task.series.iter().map(|value| -value).collect(), ..part.clone() };
		let one = TrainingSet::new(task.clone(), 0, 0).unwrap();
		let both = pool(&task, vec![part, mirrored.clone()]).unwrap();
		assert_eq!(both.len(), 2 * one.len());
		let negated = |(past, future): (&[i32], &[i32])| [past, future].concat().iter().map(|value| -value).collect::<Vec<_>>();
		assert!(both.fit(false).skip(one.len()).map(negated).eq(one.fit(false).map(|(past, future)| [past, future].concat())));
		assert_eq!(both.inner(false).len(), 2 * one.inner(false).len());
		// What both series obey alike is all that a shared linear model can say: by symmetry, it has no bias.
		let net = &both.linear(6, 0).unwrap().net;
		assert!(net.skip.as_ref().unwrap().bias[0].abs() <= 1 << net.skip.as_ref().unwrap().shift);
		assert_eq!(both.validation_windows(), 2 * 900);
		assert!(pool(&task, vec![CutSeries { series: mirrored.series[..5_000].to_vec(), ..mirrored }]).is_err());
	}

	#[test]
	fn a_series_of_its_own_may_train_validate_or_test() {
		let task = follower();
		let program = &task.program;
		let part = |steps: Range<usize>, train_end, validation_end| CutSeries {
			series: task.series[2 * steps.start..2 * steps.end].to_vec(),
			split: Split { train_end, validation_end },
		};
		let parts = vec![part(0..700, 700, 700), part(900..1_000, 0, 100), part(700..900, 200, 200), part(1_000..1_050, 0, 0)];
		let set = pool(&task, parts.clone()).unwrap();
		let span = program.span() as usize;
		assert_eq!(set.validation_windows(), 100 - span + 1);
		assert_eq!(set.test().iter().map(Windows::len).sum::<usize>(), 50 - span + 1);
		assert_eq!(set.places(Part::All, false).len(), 700 + 200 - 2 * (span - 1), "no window lies in two series");
		let mut x = vec![0; 12];
		for (place, steps) in [(0, 0..700), (700, 700..900)] {
			let history = &task.series[2 * steps.start..][..2 * usize::from(program.history)];
			let mut expected = vec![0; 12];
			let (first, second) = expected.split_at_mut(6);
			score::differences(0, 0, 2, history, first);
			score::differences(0, 1, 2, history, second);
			set.features(place, &[0, 0], &mut x);
			assert_eq!(x, expected);
		}
		// Order does not matter to what validates.
		let turned = pool(&task, vec![parts[1].clone(), parts[0].clone()]).unwrap();
		assert_eq!(turned.measure(&Model::RepeatLast), set.measure(&Model::RepeatLast));
		assert!(matches!(pool(&task, parts[..1].to_vec()), Err(Error::Short { what: "one window to validate on", .. })));
		assert!(matches!(pool(&task, parts[1..2].to_vec()), Err(Error::Short { have: 0, .. })), "nothing to train on");
		assert!(matches!(pool(&task, vec![part(0..7, 7, 7), parts[1].clone()]), Err(Error::Short { have: 7, need: 8, .. })));
		let mut odd = parts[1].clone();
		odd.series.pop();
		assert_eq!(pool(&task, vec![odd]).unwrap_err(), ProgramError::Channels.into());
	}

	#[test]
	fn classes_are_counted_where_a_net_learns() {
		let set = TrainingSet::new(direction(), 0, 0).unwrap();
		let counts = set.class_counts();
		assert_eq!((counts.len(), counts.iter().sum::<u64>()), (3, set.places(Part::All, false).len() as u64));
		assert!(counts.iter().all(|count| *count > 0));
		assert!(TrainingSet::new(tent(), 0, 0).unwrap().class_counts().is_empty());
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
