//! Tests of executors: results depend neither on the unit nor on the number of threads.

use super::*;
use crate::{
	fixtures::seasonal,
	gpu::{
		tests::{adapter, shared},
		Device,
	},
	train::stopping::{EpochError, StoppingRule, BRACKET},
	Family,
};
use doin_scoring::Model;
use parking_lot::Mutex;
use std::{
	ops::ControlFlow,
	sync::atomic::{AtomicBool, AtomicUsize, Ordering},
	time::Duration,
};

static RUN: AtomicBool = AtomicBool::new(false);
const HALVING: StoppingRule = StoppingRule { patience: None, halving: true };

/// Opens `count` devices in software, which a test may lose.
fn software_devices(count: usize) -> Arc<Devices> {
	Arc::new(Devices::new((0..count).map(|_| Device::open(&adapter()).unwrap()).collect()))
}

/// A population of all families, among them a linear model and a candidate that fails its check.
fn mixed(count: u64, epochs: u16) -> Vec<Candidate> {
	let base = Candidate { window: 20, width: 6, epochs, rate: 12, ..Candidate::default() };
	let one = |seed: u64| {
		let family = Family::ALL[(seed % 4) as usize];
		Candidate { family, seed, linear_skip: seed % 3 != 2, blend: seed % 3 == 1, rate: 9 + (seed % 5) as u8, ..base }
	};
	let mut all: Vec<Candidate> = (0..count).map(one).collect();
	all[1] = Candidate { depth: 0, ..base };
	all[2] = Candidate { window: 99, ..base };
	all
}

fn run(executor: &Executor, data: &Dataset, candidates: &[Candidate], grouping: Grouping) -> Vec<TrainingRun> {
	executor.run(data, candidates, grouping, &Control::new(&RUN)).unwrap()
}

fn cpu(threads: usize) -> Executor {
	Executor::cpu(threads).unwrap()
}

/// Asserts that results and learning curves are equal; times and units may differ.
fn assert_equal(some: &[TrainingRun], others: &[TrainingRun]) {
	assert_eq!(some.len(), others.len());
	for (one, other) in some.iter().zip(others) {
		assert_eq!((&one.evaluated, &one.errors), (&other.evaluated, &other.errors));
	}
}

#[test]
fn without_a_rule_every_candidate_is_trained_to_its_last_epoch() {
	let data = Dataset::new(seasonal(), 200, 1).unwrap();
	let candidates = mixed(9, 2);
	let runs = run(&cpu(2), &data, &candidates, Grouping::Brackets(StoppingRule::default()));
	for (candidate, run) in candidates.iter().zip(runs) {
		assert_eq!(run.evaluated, candidate.evaluate(&data, &RUN), "{candidate:?}");
		let mut errors = Vec::new();
		let mut on_epoch = |error| {
			errors.push(error);
			ControlFlow::Continue(())
		};
		if run.evaluated.is_ok() {
			candidate.train_with(&data, &RUN, &mut on_epoch).unwrap();
		}
		assert_eq!(run.errors, errors, "{candidate:?}");
	}
}

#[test]
fn halving_continues_with_the_better_half() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let base = Candidate { window: 20, width: 6, epochs: 16, linear_skip: false, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..10).map(|seed| Candidate { seed, rate: 5 + seed as u8, ..base }).collect();
	let runs = run(&cpu(2), &data, &candidates, Grouping::Brackets(HALVING));
	let trained = |run: &TrainingRun| run.errors.len();
	let count = |epochs| runs.iter().filter(|run| trained(run) == epochs).count();
	assert_eq!([2, 4, 8, 16].map(count), [5, 2, 1, 2]);
	let least = |run: &TrainingRun, epochs: usize| run.errors[..epochs].iter().map(|error| error.error).min();
	for rung in [2, 4, 8] {
		let there = runs.iter().filter(|run| trained(run) >= rung);
		let (ended, continued): (Vec<_>, Vec<_>) = there.partition(|run| trained(run) == rung);
		let worst = continued.iter().map(|run| least(run, rung)).max();
		assert!(ended.iter().all(|run| least(run, rung) >= worst.unwrap()));
	}
	for (candidate, run) in candidates.iter().zip(&runs).filter(|(_, run)| trained(run) == 16) {
		assert_eq!(run.evaluated, candidate.evaluate(&data, &RUN));
	}
}

#[test]
fn every_executor_gives_the_same_runs() {
	let data = Dataset::new(seasonal(), 200, 1).unwrap();
	let candidates = mixed(2 * BRACKET as u64 + 9, 4);
	for rule in [HALVING, StoppingRule { patience: Some(1), halving: false }] {
		let alone = run(&cpu(1), &data, &candidates, Grouping::Brackets(rule));
		let both = Executor::new(2, shared().0.clone()).unwrap();
		assert_equal(&alone, &run(&both, &data, &candidates, Grouping::Brackets(rule)));
		assert!(alone.iter().any(|run| (1..4).contains(&run.errors.len())), "some candidates end early");
	}
}

#[test]
fn independent_candidates_are_shared_by_support_and_reported_once() {
	struct Reports(Mutex<Vec<usize>>, AtomicUsize);
	impl Observer for Reports {
		fn advanced(&self, epochs: usize) {
			self.1.fetch_add(epochs, Ordering::Relaxed);
		}

		fn finished(&self, index: usize, _: &TrainingRun) {
			self.0.lock().push(index);
		}
	}
	let data = Dataset::new(seasonal(), 200, 1).unwrap();
	let mut candidates = mixed(12, 2);
	candidates[4].bits = crate::BYTE_OPERAND_BITS;
	let executor = Executor::new(2, shared().0.clone()).unwrap();
	let reports = Reports(Mutex::default(), AtomicUsize::new(0));
	let control = Control::new(&RUN).with_observer(&reports);
	let runs = executor.run(&data, &candidates, Grouping::Independent, &control).unwrap();
	assert_equal(&runs, &run(&cpu(1), &data, &candidates, Grouping::Independent));
	for (index, (candidate, run)) in candidates.iter().zip(&runs).enumerate() {
		assert_eq!(run.evaluated, candidate.evaluate(&data, &RUN), "{candidate:?}");
		// A linear model, a candidate that fails its check, and training in 8 bits are not for devices.
		let unit = if [1, 2, 4].contains(&index) { ComputeUnit::Cpu } else { ComputeUnit::Device(0) };
		assert_eq!(run.unit, unit, "{candidate:?}");
	}
	let mut reported = reports.0.into_inner();
	reported.sort_unstable();
	assert_eq!(reported, (0..candidates.len()).collect::<Vec<_>>());
	assert_eq!(reports.1.into_inner(), 10 * 2, "epochs of all but the linear model and the candidate that fails its check");
}

/// Loses a device at the first epoch that it reports, in the middle of its first bracket.
struct LoseDevice<'a>(&'a Devices);

impl Observer for LoseDevice<'_> {
	fn epoch(&self, _: u128) {
		// The threads of devices do not belong to the pool.
		if rayon::current_thread_index().is_none() {
			self.0.all()[0].lose();
		}
	}
}

#[test]
fn brackets_of_a_lost_device_are_trained_by_the_cpu() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let base = Candidate { window: 20, width: 6, epochs: 3, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..4 * BRACKET as u64 + 3).map(|seed| Candidate { seed, ..base }).collect();
	let executor = Executor::new(2, software_devices(1)).unwrap();
	let observer = LoseDevice(executor.devices());
	let control = Control::new(&RUN).with_observer(&observer);
	let grouping = Grouping::Brackets(HALVING);
	let runs = executor.run(&data, &candidates, grouping, &control).unwrap();
	assert_equal(&runs, &run(&cpu(2), &data, &candidates, grouping));
	assert_eq!(executor.devices().working().count(), 0);
}

/// Loses a device when the first candidate is finished, while others wait.
struct LoseAtFirst<'a>(&'a Device, AtomicUsize);

impl Observer for LoseAtFirst<'_> {
	fn finished(&self, _: usize, run: &TrainingRun) {
		if run.unit != ComputeUnit::Cpu && self.1.fetch_add(1, Ordering::Relaxed) == 0 {
			self.0.lose();
		}
	}
}

#[test]
fn candidates_of_a_lost_device_are_trained_by_the_other_one_and_then_by_the_cpu() {
	let devices = software_devices(2);
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let base = Candidate { window: 24, width: 12, epochs: 2, ..Candidate::default() };
	let mut candidates: Vec<Candidate> = (0..10).map(|seed| Candidate { seed, ..base }).collect();
	candidates[3].depth = 0;
	// Several batches, so that jobs are left when the first one is done.
	for device in devices.all() {
		while device.batch_size(&data, candidates.chunks(1)) > 2 {
			device.shrink_buffer_budget();
		}
	}
	let executor = Executor::new(2, devices.clone()).unwrap();
	let train = |lose: &Device| {
		let observer = LoseAtFirst(lose, AtomicUsize::new(0));
		let control = Control::new(&RUN).with_observer(&observer);
		let runs = executor.run(&data, &candidates, Grouping::Independent, &control).unwrap();
		for (candidate, run) in candidates.iter().zip(&runs) {
			assert_eq!(run.evaluated, candidate.evaluate(&data, &RUN), "{candidate:?}");
		}
		let on_cpu = |(index, run): (usize, &TrainingRun)| (run.unit == ComputeUnit::Cpu).then_some(index);
		runs.iter().enumerate().filter_map(on_cpu).collect::<Vec<usize>>()
	};
	assert_eq!(train(&devices.all()[0]), [3], "the other device has trained the rest");
	let on_cpu = train(&devices.all()[1]);
	assert!(on_cpu.contains(&3) && (2..10).contains(&on_cpu.len()), "{on_cpu:?}");
	assert_eq!(devices.working().count(), 0);
	assert_eq!(train(&devices.all()[1]), (0..10).collect::<Vec<_>>());
	// Without a CPU, they end with the fault of the device; the linear model needs no device.
	let alone = run(&Executor::devices_only(devices), &data, &candidates, Grouping::Independent);
	assert!(alone.iter().enumerate().all(|(at, run)| matches!(run.evaluated, Err(Error::Device(_))) != (at == 3)));
}

#[test]
fn nets_that_a_lost_device_has_trained_are_evaluated_by_the_cpu() {
	let devices = software_devices(1);
	let device = &devices.all()[0];
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let base = Candidate { window: 24, width: 12, epochs: 1, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Conv, ..base }];
	let nets = || candidates.iter().map(|candidate| (*candidate, candidate.train(&data, &RUN))).collect::<Vec<_>>();
	let expected: Vec<_> = candidates.iter().map(|candidate| candidate.evaluate(&data, &RUN)).collect();
	assert_eq!(evaluate::evaluate(&data, nets(), Some(device)), expected);
	device.lose();
	assert_eq!(evaluate::evaluate(&data, nets(), Some(device)), expected);
	assert_eq!(evaluate::evaluate(&data, nets(), None), expected);
	// A net that could not be trained, or that the domain would not admit, keeps its error; the others keep their places.
	let mut some = nets();
	some[0].1 = Err(Error::Stopped);
	assert_eq!(evaluate::evaluate(&data, some, Some(device)), [Err(Error::Stopped), expected[1].clone()]);
}

/// Sets `stop` at the first epoch.
struct StopAtFirst<'a>(&'a AtomicBool);

impl Observer for StopAtFirst<'_> {
	fn epoch(&self, _: u128) {
		self.0.store(true, Ordering::Relaxed);
	}
}

#[test]
fn a_stop_ends_every_candidate() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let stop = AtomicBool::new(false);
	let observer = StopAtFirst(&stop);
	let candidates = [Candidate { window: 20, epochs: 1_000, ..Candidate::default() }; 3];
	let grouping = Grouping::Brackets(StoppingRule::default());
	let ended = cpu(2).run(&data, &candidates, grouping, &Control::new(&stop).with_observer(&observer));
	assert_eq!(ended.unwrap_err(), Error::Stopped);
}

#[test]
fn a_time_limit_ends_one_candidate_and_not_the_run() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let base = Candidate { window: 20, ..Candidate::default() };
	let candidates = [Candidate { epochs: 1_000, ..base }, Candidate { depth: 0, ..base }];
	let control = Control::new(&RUN).with_time_limit(Some(Duration::ZERO));
	let runs = cpu(2).run(&data, &candidates, Grouping::Independent, &control).unwrap();
	assert_eq!(runs[0].evaluated, Err(Error::Stopped));
	assert!(runs[1].evaluated.is_ok(), "a linear model is computed in closed form");
}

/// Sets a stop after so many epochs of candidates.
struct StopAfter<'a> {
	stop: &'a AtomicBool,
	left: AtomicUsize,
}

impl Observer for StopAfter<'_> {
	fn epoch(&self, _: u128) {
		if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
			self.stop.store(true, Ordering::Relaxed);
		}
	}
}

#[test]
fn k44_interrupted_candidates_keep_their_best_epoch() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let base = Candidate { window: 20, width: 6, epochs: 500, rate: 9, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..BRACKET as u64 + 3).map(|seed| Candidate { seed, ..base }).collect();
	let executor = cpu(2);
	let interrupted = |epochs: usize, keep: bool| {
		let stop = AtomicBool::new(false);
		let observer = StopAfter { stop: &stop, left: AtomicUsize::new(epochs) };
		let control = Control::new(&stop).with_observer(&observer);
		let control = if keep { control.keeping_unfinished() } else { control };
		executor.run(&data, &candidates, Grouping::Brackets(StoppingRule::default()), &control)
	};
	assert_eq!(interrupted(9, false), Err(Error::Stopped));
	// The last bracket is the first to be trained.
	let runs = interrupted(9, true).unwrap();
	let (rest, begun) = runs.split_at(BRACKET);
	assert!(rest.iter().all(|run| run.evaluated == Err(Error::Stopped)));
	for (run, candidate) in begun.iter().zip(&candidates[BRACKET..]) {
		let last = run.errors.last().unwrap().epoch;
		assert!((3..=4).contains(&last), "{last}");
		let mut until_last = |error: EpochError| match error.epoch < last {
			true => ControlFlow::Continue(()),
			false => ControlFlow::Break(()),
		};
		let net = candidate.train_with(&data, &RUN, &mut until_last).unwrap();
		assert_eq!(run.evaluated.as_ref().unwrap().model, Model::Net(net));
	}
	// Before the first epoch there is nothing to keep.
	let stop = AtomicBool::new(true);
	let control = Control::new(&stop).keeping_unfinished();
	let runs = executor.run(&data, &candidates[..2], Grouping::Brackets(StoppingRule::default()), &control).unwrap();
	assert!(runs.iter().all(|run| run.evaluated == Err(Error::Stopped)));
}

#[test]
fn k44_an_interrupted_population_on_a_device_keeps_the_best_epochs() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let base = Candidate { window: 20, width: 6, epochs: 500, rate: 9, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..5).map(|seed| Candidate { seed, ..base }).collect();
	let stop = AtomicBool::new(false);
	let observer = StopAfter { stop: &stop, left: AtomicUsize::new(3 * candidates.len()) };
	let control = Control::new(&stop).with_observer(&observer).keeping_unfinished();
	let executor = Executor::devices_only(shared().0.clone());
	let runs = executor.run(&data, &candidates, Grouping::Brackets(StoppingRule::default()), &control).unwrap();
	for (run, candidate) in runs.iter().zip(&candidates) {
		assert_eq!(run.unit, ComputeUnit::Device(0));
		assert_eq!(run.errors.last().map(|last| last.epoch), Some(3));
		let mut until_third = |error: EpochError| match error.epoch < 3 {
			true => ControlFlow::Continue(()),
			false => ControlFlow::Break(()),
		};
		let net = candidate.train_with(&data, &RUN, &mut until_third).unwrap();
		assert_eq!(run.evaluated.as_ref().unwrap().model, Model::Net(net), "the CPU trains the same net");
	}
}
