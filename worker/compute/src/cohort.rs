//! Candidates that are trained side by side, epoch by epoch, so that some may end while others go on: on the cores or on a device, with the
//! same nets and the same end.

use crate::{
	batches::Training,
	gpu::{Devices, Gpu, Loaded, Wave},
	population::{Candidate, Trained},
	ridge::Linear,
	Error, TrainingSet,
};
use doin_scoring::Net;
use rayon::prelude::*;
use std::{
	ops::Range,
	sync::{atomic::AtomicBool, Arc, Mutex, PoisonError},
	thread,
	time::Instant,
};

/// Candidates that compete in successive halving: so many, in their order, wherever they are trained.
pub const BRACKET: usize = 64;
/// Divisors of the longest training: after so long, the better half goes on.
const RUNGS: [u16; 3] = [8, 4, 2];

/// Who goes on after an epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rule {
	/// A candidate ends after so many epochs without a smaller error than before; none ends so if not said.
	pub patience: Option<u16>,
	/// Successive halving: after an eighth, a quarter and a half of the longest training of a [bracket](BRACKET), the better half of those still in
	/// training goes on, by the least error so far on the windows that stop training early.
	pub halving: bool,
}

/// What became of a candidate.
#[derive(Clone, Debug)]
pub struct Course {
	/// Its best net, admitted and measured.
	pub trained: Result<Trained, Error>,
	/// Errors on the windows that stop training early, as a [`crate::population::Watch`] is told of them.
	pub errors: Vec<(u16, u128)>,
	/// Seconds until it ended.
	pub seconds: f64,
}

/// Candidates in training.
trait Cohort {
	/// Judges those beside a linear path as they are at first.
	fn begin(&mut self, stop: &AtomicBool) -> Result<(), Error>;

	/// Trains those named, which are in training, for an epoch; the others have ended.
	fn epoch(&mut self, numbers: &[usize], stop: &AtomicBool) -> Result<(), Error>;

	/// The last error of each.
	fn errors(&mut self) -> Result<Vec<u128>, Error>;

	/// The best net of each.
	fn nets(self: Box<Self>) -> Result<Vec<Net>, Error>;
}

/// A cohort on the cores of the current pool.
struct Cores<'a> {
	runs: Vec<Box<dyn Training + 'a>>,
	errors: Vec<u128>,
}

impl Cohort for Cores<'_> {
	fn begin(&mut self, _: &AtomicBool) -> Result<(), Error> {
		let first = |(run, error): (&mut Box<dyn Training + '_>, &mut u128)| *error = run.begin().unwrap_or(u128::MAX);
		self.runs.par_iter_mut().zip(&mut self.errors).with_max_len(1).for_each(first);
		Ok(())
	}

	fn epoch(&mut self, numbers: &[usize], stop: &AtomicBool) -> Result<(), Error> {
		let mut chosen = vec![false; self.runs.len()];
		numbers.iter().for_each(|at| chosen[*at] = true);
		let all = self.runs.par_iter_mut().zip(&mut self.errors).zip(chosen).with_max_len(1);
		all.filter(|(_, chosen)| *chosen).try_for_each(|((run, error), _)| {
			*error = run.epoch(stop)?;
			Ok(())
		})
	}

	fn errors(&mut self) -> Result<Vec<u128>, Error> {
		Ok(self.errors.clone())
	}

	fn nets(self: Box<Self>) -> Result<Vec<Net>, Error> {
		Ok(self.runs.iter().map(|run| run.net()).collect())
	}
}

impl Cohort for Wave<'_> {
	fn begin(&mut self, stop: &AtomicBool) -> Result<(), Error> {
		Ok(Wave::begin(self, stop)?)
	}

	fn epoch(&mut self, numbers: &[usize], stop: &AtomicBool) -> Result<(), Error> {
		let mut chosen = vec![false; self.size()];
		numbers.iter().for_each(|at| chosen[*at] = true);
		self.retain(|at| chosen[at as usize])?;
		self.advance(1, stop)
	}

	fn errors(&mut self) -> Result<Vec<u128>, Error> {
		Ok(Wave::errors(self)?.into_iter().map(|(last, _)| last).collect())
	}

	fn nets(self: Box<Self>) -> Result<Vec<Net>, Error> {
		Ok(Wave::nets(*self)?)
	}
}

/// Trains brackets side by side to their ends: `candidates` in groups of `sizes`. Nets are not [completed](Candidate::complete) yet.
fn train(
	mut cohort: Box<dyn Cohort + '_>,
	candidates: &[Candidate],
	sizes: &[usize],
	rule: Rule,
	stop: &AtomicBool,
	told: &(dyn Fn(u128) + Sync),
) -> Result<Vec<(Net, Vec<(u16, u128)>, f64)>, Error> {
	let started = Instant::now();
	let mut courses = vec![(Vec::new(), 0.0); candidates.len()];
	let mut least = vec![(0, u128::MAX); candidates.len()];
	cohort.begin(stop)?;
	let first = cohort.errors()?;
	for at in (0..candidates.len()).filter(|at| candidates[*at].has_path()) {
		courses[at].0.push((0, first[at]));
		least[at].1 = first[at];
	}
	let longest = |range: &Range<usize>| candidates[range.clone()].iter().map(|candidate| candidate.epochs).max().unwrap_or(0);
	let mut end = 0;
	let ranges = sizes.iter().map(|size| {
		end += size;
		end - size..end
	});
	let brackets: Vec<(Range<usize>, u16)> = ranges.map(|range| (range.clone(), longest(&range))).collect();
	let mut active: Vec<usize> = (0..candidates.len()).filter(|at| candidates[*at].epochs > 0).collect();
	for epoch in 1..=longest(&(0..candidates.len())) {
		if active.is_empty() {
			break;
		}
		cohort.epoch(&active, stop)?;
		let errors = cohort.errors()?;
		for at in active.iter().copied() {
			courses[at].0.push((epoch, errors[at]));
			courses[at].1 = started.elapsed().as_secs_f64();
			if errors[at] < least[at].1 {
				least[at] = (epoch, errors[at]);
			}
			told(errors[at]);
		}
		let patient = |at: usize| rule.patience.is_none_or(|patience| epoch - least[at].0 < patience);
		active.retain(|at| epoch < candidates[*at].epochs && patient(*at));
		for (range, longest) in &brackets {
			if rule.halving && RUNGS.iter().any(|rung| epoch == longest.div_ceil(*rung)) {
				let mut some: Vec<usize> = active.extract_if(.., |at| range.contains(at)).collect();
				some.sort_by_key(|at| (least[*at].1, *at));
				some.truncate(some.len().div_ceil(2));
				active.extend(some);
			}
		}
	}
	let nets = cohort.nets()?;
	Ok(nets.into_iter().zip(courses).map(|(net, (errors, seconds))| (net, errors, seconds)).collect())
}

/// Trains brackets, `candidates` in groups of `sizes`, on `gpu`, or on the cores of the current pool.
fn some_brackets(
	data: &TrainingSet,
	candidates: &[Candidate],
	sizes: &[usize],
	gpu: Option<&Gpu>,
	rule: Rule,
	stop: &AtomicBool,
	told: &(dyn Fn(u128) + Sync),
) -> Result<Vec<Course>, Error> {
	let paths: Vec<Option<Arc<Linear>>> = candidates.iter().map(|candidate| candidate.beside(data)).collect::<Result<_, _>>()?;
	let loaded = gpu.map(|gpu| Loaded::new(gpu, data)).transpose()?;
	let cohort: Box<dyn Cohort + '_> = match &loaded {
		Some(loaded) => Box::new(Wave::new(loaded, candidates)?),
		None => {
			let both = candidates.par_iter().zip(&paths);
			let runs: Vec<_> = both.map(|(candidate, path)| candidate.training(data, path.as_deref())).collect();
			Box::new(Cores { errors: vec![u128::MAX; runs.len()], runs })
		}
	};
	let (mut nets, mut courses) = (Vec::new(), Vec::new());
	for (at, (net, errors, seconds)) in train(cohort, candidates, sizes, rule, stop, told)?.into_iter().enumerate() {
		nets.push((candidates[at], candidates[at].complete(data, net)));
		courses.push((errors, seconds));
	}
	let trained: Vec<_> = match gpu {
		Some(gpu) => gpu.judge(data, nets),
		None => nets.into_par_iter().map(|(candidate, net)| net.and_then(|net| candidate.judge(data, net))).collect(),
	};
	let course = |(trained, (errors, seconds))| Course { trained, errors, seconds };
	Ok(trained.into_iter().zip(courses).map(course).collect())
}

/// Trains `candidates`, in [brackets](BRACKET), on the cores of the current pool and on `devices` at once; what becomes of each, in their order,
/// does not depend on who trained it. `told` hears of each error while training goes on, from any thread, and of some twice where a device
/// fails: the cores then train its brackets anew.
pub fn train_brackets(
	data: &TrainingSet,
	candidates: &[Candidate],
	devices: &Devices,
	rule: Rule,
	stop: &AtomicBool,
	told: &(dyn Fn(u128) + Sync),
) -> Result<Vec<Course>, Error> {
	// Linear models and paths first, each on all cores: candidates that share one would otherwise fit it several times.
	let solve = |candidate: &Candidate| {
		let started = Instant::now();
		let solved = candidate.check(data).and_then(|()| candidate.linear(data).map(drop));
		let trained = match solved {
			Err(error) => Err(error),
			Ok(()) if candidate.is_linear() => candidate.evaluate(data, stop),
			Ok(()) => return None,
		};
		Some(Course { trained, errors: Vec::new(), seconds: started.elapsed().as_secs_f64() })
	};
	let courses: Vec<Option<Course>> = candidates.iter().map(solve).collect();
	let learnt: Vec<usize> = (0..candidates.len()).filter(|at| courses[*at].is_none()).collect();
	let courses = Mutex::new(courses);
	let brackets = (0..learnt.len()).step_by(BRACKET).map(|first| first..learnt.len().min(first + BRACKET)).collect();
	let waiting: Mutex<Vec<Range<usize>>> = Mutex::new(brackets);
	let queue = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
	let chosen = |range: &Range<usize>| -> Vec<Candidate> { learnt[range.clone()].iter().map(|at| candidates[*at]).collect() };
	let train = |ranges: &[Range<usize>], gpu: Option<&Gpu>| -> Result<(), Error> {
		let sizes: Vec<usize> = ranges.iter().map(Range::len).collect();
		let candidates: Vec<Candidate> = ranges.iter().flat_map(chosen).collect();
		let done = some_brackets(data, &candidates, &sizes, gpu, rule, stop, told)?;
		let mut courses = courses.lock().unwrap_or_else(PoisonError::into_inner);
		let numbers = ranges.iter().flat_map(|range| &learnt[range.clone()]);
		numbers.zip(done).for_each(|(at, course)| courses[*at] = Some(course));
		Ok(())
	};
	let cores = || -> Result<(), Error> {
		loop {
			let Some(next) = queue().pop() else { return Ok(()) };
			train(&[next], None)?;
		}
	};
	let sharing = 1 + devices.working().count();
	let failure = Mutex::new(None);
	thread::scope(|scope| {
		for gpu in devices.working() {
			scope.spawn(|| loop {
				let next: Vec<Range<usize>> = {
					let mut queue = queue();
					// Large waves first, and smaller ones later, so that all end at about the same time.
					let most = queue.len().div_ceil(sharing);
					let mut held = gpu.holds(data, queue.iter().map(&chosen), most).into_iter();
					queue.extract_if(.., |_| held.next() == Some(true)).collect()
				};
				if next.is_empty() {
					return;
				}
				match train(&next, Some(gpu)) {
					Ok(()) => {}
					Err(Error::Gpu(error)) => {
						tracing::warn!("{error}; the cores train what it has begun");
						queue().extend(next);
						return;
					}
					Err(error) => {
						failure.lock().unwrap_or_else(PoisonError::into_inner).replace(error);
						return;
					}
				}
			});
		}
		cores()
	})?;
	// What a device has left behind.
	cores()?;
	if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
		return Err(error);
	}
	let courses = courses.into_inner().unwrap_or_else(PoisonError::into_inner);
	courses.into_iter().map(|course| course.ok_or(Error::Stopped)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{fixtures::seasonal, population::pool, Family};
	use std::{ops::ControlFlow, sync::atomic::Ordering};

	static RUN: AtomicBool = AtomicBool::new(false);
	const HALVING: Rule = Rule { patience: None, halving: true };

	fn devices() -> Devices {
		Devices::open(&"llvmpipe".parse().unwrap()).expect("mesa-vulkan-drivers is installed by scripts/setup.sh")
	}

	/// A population of all families, a linear model and a candidate without a place among them.
	fn mixed(count: u64, epochs: u16) -> Vec<Candidate> {
		let base = Candidate { window: 20, width: 6, epochs, rate: 12, ..Candidate::default() };
		let one = |seed: u64| {
			let family = Family::ALL[(seed % 4) as usize];
			Candidate { family, seed, skip: seed % 3 != 2, blend: seed % 3 == 1, rate: 9 + (seed % 5) as u8, ..base }
		};
		let mut all: Vec<Candidate> = (0..count).map(one).collect();
		all[1] = Candidate { depth: 0, ..base };
		all[2] = Candidate { window: 99, ..base };
		all
	}

	fn courses(data: &TrainingSet, candidates: &[Candidate], devices: &Devices, rule: Rule, cores: usize) -> Vec<Course> {
		pool(cores).unwrap().install(|| train_brackets(data, candidates, devices, rule, &RUN, &|_| {})).unwrap()
	}

	fn assert_alike(some: &[Course], others: &[Course]) {
		assert_eq!(some.len(), others.len());
		for (one, other) in some.iter().zip(others) {
			assert_eq!((&one.trained, &one.errors), (&other.trained, &other.errors));
		}
	}

	#[test]
	fn without_a_rule_everybody_is_trained_to_the_end() {
		let data = TrainingSet::new(seasonal(), 200, 1).unwrap();
		let candidates = mixed(9, 2);
		for (candidate, course) in candidates.iter().zip(courses(&data, &candidates, &Devices::default(), Rule::default(), 2)) {
			assert_eq!(course.trained, candidate.evaluate(&data, &RUN), "{candidate:?}");
			let mut errors = Vec::new();
			let mut watch = |epoch, error| {
				errors.push((epoch, error));
				ControlFlow::Continue(())
			};
			if course.trained.is_ok() {
				candidate.train_watched(&data, &RUN, &mut watch).unwrap();
			}
			assert_eq!(course.errors, errors, "{candidate:?}");
		}
	}

	#[test]
	fn halving_lets_the_better_half_go_on() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let base = Candidate { window: 20, width: 6, epochs: 16, skip: false, ..Candidate::default() };
		let candidates: Vec<Candidate> = (0..10).map(|seed| Candidate { seed, rate: 5 + seed as u8, ..base }).collect();
		let courses = courses(&data, &candidates, &Devices::default(), HALVING, 2);
		let had = |course: &Course| course.errors.len();
		let count = |epochs| courses.iter().filter(|course| had(course) == epochs).count();
		assert_eq!([2, 4, 8, 16].map(count), [5, 2, 1, 2]);
		let least = |course: &Course, epochs: usize| course.errors[..epochs].iter().map(|(_, error)| *error).min();
		for rung in [2, 4, 8] {
			let there = courses.iter().filter(|course| had(course) >= rung);
			let (ended, on): (Vec<_>, Vec<_>) = there.partition(|course| had(course) == rung);
			let worst = on.iter().map(|course| least(course, rung)).max();
			assert!(ended.iter().all(|course| least(course, rung) >= worst.unwrap()));
		}
		for (candidate, course) in candidates.iter().zip(&courses).filter(|(_, course)| had(course) == 16) {
			assert_eq!(course.trained, candidate.evaluate(&data, &RUN));
		}
	}

	#[test]
	fn whoever_trains_a_population_it_ends_alike() {
		let data = TrainingSet::new(seasonal(), 200, 1).unwrap();
		let candidates = mixed(2 * BRACKET as u64 + 9, 4);
		for rule in [HALVING, Rule { patience: Some(1), halving: false }] {
			let alone = courses(&data, &candidates, &Devices::default(), rule, 1);
			assert_alike(&alone, &courses(&data, &candidates, &devices(), rule, 2));
			assert!(alone.iter().any(|course| (1..4).contains(&course.errors.len())), "somebody ends early");
		}
	}

	#[test]
	fn what_a_lost_device_has_begun_is_trained_by_the_cores() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let base = Candidate { window: 20, width: 6, epochs: 3, ..Candidate::default() };
		let candidates: Vec<Candidate> = (0..4 * BRACKET as u64 + 3).map(|seed| Candidate { seed, ..base }).collect();
		let devices = devices();
		let told = |_| {
			// In the middle of its first bracket: the threads of devices are not those of the cores.
			if rayon::current_thread_index().is_none() {
				devices.gpus()[0].lose();
			}
		};
		let train = || train_brackets(&data, &candidates, &devices, HALVING, &RUN, &told);
		assert_alike(&pool(2).unwrap().install(train).unwrap(), &courses(&data, &candidates, &Devices::default(), HALVING, 2));
		assert_eq!(devices.working().count(), 0);
	}

	#[test]
	fn a_stop_ends_everybody() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let stop = AtomicBool::new(false);
		let told = |_| stop.store(true, Ordering::Relaxed);
		let candidates = [Candidate { window: 20, epochs: 1_000, ..Candidate::default() }; 3];
		let ended = train_brackets(&data, &candidates, &Devices::default(), Rule::default(), &stop, &told);
		assert_eq!(ended.unwrap_err(), Error::Stopped);
	}
}
