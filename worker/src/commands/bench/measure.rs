//! Measurements of `bench`.

use super::{
	workload::{generated_series, Workload, SCALE_ROWS, SPEC, STANDARD_SPLIT},
	BenchArgs,
};
use anyhow::{anyhow, ensure, Result};
use doin_compute::{
	gpu::training_macs_per_window, peak, thread_pool, Candidate, Dataset, LinearModel, Part, SplitSeries, BATCH,
	BYTE_OPERAND_BITS,
};
use doin_forecast::{spec::explain, split::Cut, ModelFamily, ReadOptions, SplitRule, Table};
use doin_primitives::Split;
use doin_scoring::{model::OUT_FRAC, Model, Windows};
use serde::Serialize;
use std::{
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
	time::{Duration, Instant},
};

/// Trainings of one net that are compared with the peak, one after the other.
const PEAK_RUNS: usize = 31;
/// Calls of the peak's loop before and after each of them: about as long as a training, so that a change of clock speed
/// affects both.
const PEAK_CALLS: usize = 100;

/// Series that is trained on.
pub struct Bench<'a> {
	/// Name of the series.
	pub name: String,
	/// Windows to train and validate on.
	pub data: Dataset,
	/// Windows of the test, in chunks.
	pub test: Vec<Windows>,
	/// Standard deviation of the series, in raw units.
	pub deviation: f64,
	/// Switch that stops trainings.
	pub stop: &'a AtomicBool,
}

/// Median and range of several measurements.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
	/// Median of the values.
	pub median: f64,
	/// Smallest value.
	pub least: f64,
	/// Largest value.
	pub most: f64,
}

impl Spread {
	/// Returns the spread of values; `None` if there are none.
	pub fn of(mut values: Vec<f64>) -> Option<Self> {
		values.sort_by(f64::total_cmp);
		let (least, most) = (*values.first()?, *values.last()?);
		let middle = values.len() / 2;
		let median = if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
		Some(Self { median, least, most })
	}
}

/// Test errors of simple models, in standard deviations.
pub struct NaiveErrors {
	/// Error of repeat-last.
	pub repeat_last: f64,
	/// Error of seasonal.
	pub seasonal: f64,
	/// Error of the ridge.
	pub ridge: f64,
}

/// Measurements of one workload.
pub struct Measured {
	/// Workload that was measured.
	pub workload: Workload,
	/// Candidates per hour on all threads.
	pub per_hour: Option<Spread>,
	/// Candidates per hour on one thread.
	pub per_hour_one_thread: Option<Spread>,
	/// Throughput of two threads relative to one, measured in turns.
	pub two_core_scaling: Option<Spread>,
	/// Test errors of each seed, in standard deviations.
	pub errors: Vec<f64>,
	/// Seconds until a candidate reached the target error.
	pub to_target: Option<f64>,
	/// Speed on one thread relative to the peak; `None` for a family without counted operations.
	pub speed: Option<Speed>,
}

/// Speed of training on one thread.
pub struct Speed {
	/// Multiply-accumulates per second.
	pub macs_per_second: Option<Spread>,
	/// Fraction of the peak that is measured before and after each training.
	pub fraction_of_peak: Option<Spread>,
}

/// Test errors of several seeds.
struct SeedErrors {
	/// Errors in the order of the seeds.
	errors: Vec<f64>,
	/// Seconds until the first error at most the target.
	to_target: Option<f64>,
}

impl<'a> Bench<'a> {
	/// Reads the series of the arguments.
	pub fn new(args: &BenchArgs, stop: &'a AtomicBool) -> Result<Self> {
		let read = |csv: &Path, column: Option<&str>| Table::read(&csv.into(), column, &ReadOptions::default());
		let folder = std::env::var_os("DOIN_DATA_DIR").map_or_else(|| "data".into(), PathBuf::from);
		let standard = folder.join("ett/ETTh1.csv");
		let (name, values, rule) = if let Some(csv) = &args.csv {
			let table = read(csv, args.column.as_deref())?;
			let values = table.series.quantise(SPEC.horizon.into(), None)?.values;
			(format!("{} of {}", table.column, table.file), values, "70/15")
		} else if standard.is_file() {
			("OT of ETTh1.csv".to_string(), read(&standard, Some("OT"))?.raw(0.001, &[])?, STANDARD_SPLIT)
		} else {
			eprintln!(
				"warning: there is no {}, so the series is generated, and errors are not comparable: set DOIN_DATA_DIR",
				standard.display()
			);
			("generated".to_string(), generated_series()?, STANDARD_SPLIT)
		};
		let rule: SplitRule = rule.parse().map_err(|error: String| anyhow!(error))?;
		let Cut { split, rows } = rule.cut(values.len())?;
		Self::on(name, values[..rows].to_vec(), split, stop)
	}

	/// Makes a training set and a test of a series.
	pub fn on(name: String, values: Vec<i32>, split: Split, stop: &'a AtomicBool) -> Result<Self> {
		let scale = &values[..(split.train_end as usize).min(SCALE_ROWS)];
		let mean = scale.iter().map(|value| f64::from(*value)).sum::<f64>() / scale.len() as f64;
		let deviation = (scale.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / scale.len() as f64).sqrt();
		ensure!(deviation != 0.0, "{name} is constant in the training part: there is nothing to learn");
		let data = SPEC.training_set(vec![(name.clone(), SplitSeries { series: values, split })])?;
		let test = data.test_chunks();
		ensure!(!test.is_empty(), "{name} has no window after its validation part: bring more rows");
		Ok(Self { name, data, test, deviation, stop })
	}

	/// Computes the test errors of simple models.
	pub fn naive_errors(&self) -> Result<NaiveErrors> {
		let ridge = self.data.linear_model(SPEC.history, 0).map_err(explain)?;
		Ok(NaiveErrors {
			repeat_last: self.test_error(&Model::RepeatLast),
			seasonal: self.test_error(&Model::Seasonal),
			ridge: self.test_error(&Model::Net(ridge.net.clone())),
		})
	}

	/// Computes the mean absolute error of a model on the test, in standard deviations.
	pub fn test_error(&self, model: &Model) -> f64 {
		let windows: usize = self.test.iter().map(Windows::len).sum();
		let error: u64 = self.data.score(model, &self.test).into_iter().map(u64::from).sum();
		error as f64 / f64::from(1u32 << OUT_FRAC) / (windows * usize::from(SPEC.horizon)) as f64 / self.deviation
	}

	/// Trains, admits and tests one candidate, as a search does.
	pub fn train_and_test(&self, workload: &Workload, seed: u64) -> Result<f64> {
		let candidate = Candidate { seed, ..workload.candidate };
		let net = match workload.family {
			// Not from the training set, which caches linear models.
			ModelFamily::Linear => LinearModel::fit(&self.data, Part::All, candidate.window, 0).map_err(explain)?.net,
			_ => candidate.train(&self.data, self.stop).map_err(explain)?,
		};
		workload.family.check(&net)?;
		let model = Model::Net(net);
		self.data.task.admit(&model).map_err(explain)?;
		Ok(self.test_error(&model))
	}

	/// Runs `work` on so many threads, each with a pool of its own so that it stays on one core.
	fn on_threads<T: Send>(&self, threads: usize, work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
		let pools = (0..threads).map(|_| Ok(thread_pool(1)?)).collect::<Result<Vec<_>>>()?;
		std::thread::scope(|scope| {
			let threads: Vec<_> = pools.iter().map(|pool| scope.spawn(|| pool.install(&work))).collect();
			threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread of the measurement failed"))?).collect()
		})
	}

	/// Measures the candidates per hour on so many threads.
	fn per_hour(&self, workload: &Workload, threads: usize, length: Duration) -> Result<f64> {
		let seeds = AtomicU64::new(1 << 32);
		let rates = self.on_threads(threads, || {
			let (started, mut done) = (Instant::now(), 0u32);
			while done == 0 || started.elapsed() < length {
				self.train_and_test(workload, seeds.fetch_add(1, Ordering::Relaxed))?;
				done += 1;
			}
			Ok(f64::from(done) / started.elapsed().as_secs_f64())
		})?;
		Ok(rates.iter().sum::<f64>() * 3_600.0)
	}

	/// Computes the test errors of so many seeds. This also warms up the CPU.
	fn seed_errors(&self, workload: &Workload, threads: usize, count: u64, target: f64) -> Result<SeedErrors> {
		struct Run {
			seed: u64,
			error: f64,
			seconds: f64,
		}
		let (next, started) = (AtomicU64::new(0), Instant::now());
		let runs = self.on_threads(threads, || {
			let mut done = Vec::new();
			loop {
				let seed = next.fetch_add(1, Ordering::Relaxed);
				if seed >= count {
					return Ok(done);
				}
				let error = self.train_and_test(workload, seed)?;
				done.push(Run { seed, error, seconds: started.elapsed().as_secs_f64() });
			}
		})?;
		let mut runs: Vec<Run> = runs.into_iter().flatten().collect();
		runs.sort_by_key(|run| run.seed);
		let to_target = runs.iter().filter(|run| run.error <= target).map(|run| run.seconds).reduce(f64::min);
		Ok(SeedErrors { errors: runs.into_iter().map(|run| run.error).collect(), to_target })
	}

	/// Returns the multiply-accumulates of one training, without the passes over the early-stopping windows. `None` for a linear
	/// model, which is solved in closed form.
	pub fn training_macs(&self, workload: &Workload) -> Option<f64> {
		let steps = (self.data.training_window_count() / BATCH).max(1) * usize::from(workload.candidate.epochs);
		let per_window = training_macs_per_window(&workload.candidate, &self.data);
		(workload.family != ModelFamily::Linear).then(|| (per_window * BATCH * steps) as f64)
	}

	/// Measures the speed on one thread, and the peak in between.
	fn speed(&self, workload: &Workload) -> Result<Option<Speed>> {
		struct Run {
			rate: f64,
			peak: f64,
		}
		let Some(macs) = self.training_macs(workload) else { return Ok(None) };
		let runs = self.on_threads(1, || {
			let product = if workload.candidate.bits == BYTE_OPERAND_BITS { peak::run_dot_i8 } else { peak::run_dot_i16 };
			let peak = || -> (u64, Duration) {
				let started = Instant::now();
				((0..PEAK_CALLS).map(|_| product(self.data.backend())).sum(), started.elapsed())
			};
			let run = |seed: u64| -> Result<Run> {
				let before = peak();
				let started = Instant::now();
				Candidate { seed, ..workload.candidate }.train(&self.data, self.stop).map_err(explain)?;
				let rate = macs / started.elapsed().as_secs_f64();
				let after = peak();
				Ok(Run { rate, peak: (before.0 + after.0) as f64 / (before.1 + after.1).as_secs_f64() })
			};
			(0..PEAK_RUNS as u64).map(run).collect::<Result<Vec<_>>>()
		})?;
		let runs: Vec<Run> = runs.into_iter().flatten().collect();
		let fractions = runs.iter().filter(|run| run.peak > 0.0).map(|run| run.rate / run.peak).collect();
		Ok(Some(Speed {
			macs_per_second: Spread::of(runs.iter().map(|run| run.rate).collect()),
			fraction_of_peak: Spread::of(fractions),
		}))
	}

	/// Measures one workload.
	pub fn measure(&self, workload: Workload, args: &BenchArgs, threads: usize) -> Result<Measured> {
		let SeedErrors { errors, to_target } = self.seed_errors(&workload, threads, args.seeds, args.target_mae)?;
		let length = Duration::from_secs_f64(args.seconds.clamp(0.0, 3_600.0));
		let (mut on_all, mut on_one, mut scaling) = (Vec::new(), Vec::new(), Vec::new());
		for _ in 0..args.repeats {
			let one = self.per_hour(&workload, 1, length)?;
			on_one.push(one);
			let two = if threads >= 2 { Some(self.per_hour(&workload, 2, length)?) } else { None };
			scaling.extend(two.map(|two| two / one));
			// On one or two cores, the measurement above is that of all threads.
			on_all.push(match threads {
				1 => one,
				2 => two.unwrap_or(one),
				_ => self.per_hour(&workload, threads, length)?,
			});
		}
		let speed = self.speed(&workload)?;
		Ok(Measured {
			workload,
			per_hour: Spread::of(on_all),
			per_hour_one_thread: Spread::of(on_one),
			two_core_scaling: Spread::of(scaling),
			errors,
			to_target,
			speed,
		})
	}
}

#[cfg(test)]
pub mod tests {
	use super::{super::workload::workloads, *};

	static RUN: AtomicBool = AtomicBool::new(false);

	pub fn small() -> Bench<'static> {
		let values = generated_series().unwrap()[..2_000].to_vec();
		Bench::on("generated".into(), values, Split { train_end: 1_400, validation_end: 1_700 }, &RUN).unwrap()
	}

	#[test]
	fn medians_and_ranges_are_those_of_the_values() {
		assert_eq!(Spread::of(vec![]), None);
		assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
		assert_eq!(Spread::of(vec![4.0, 1.0]), Some(Spread { median: 2.5, least: 1.0, most: 4.0 }));
	}

	#[test]
	fn test_errors_are_in_standard_deviations_and_those_of_each_seed() {
		let bench = small();
		let shifted: Vec<i32> = bench.data.task.series.iter().map(|value| value * 3 + 7).collect();
		let scaled = Bench::on("scaled".into(), shifted, bench.data.task.split, &RUN).unwrap();
		for model in [Model::RepeatLast, Model::Seasonal] {
			assert!((bench.test_error(&model) - scaled.test_error(&model)).abs() < 1e-12);
		}
		let mut workload = workloads(&[ModelFamily::Mlp])[0];
		workload.candidate.epochs = 1;
		let seeds = bench.seed_errors(&workload, 2, 3, f64::INFINITY).unwrap();
		let expected: Vec<f64> = (0..3).map(|seed| bench.train_and_test(&workload, seed).unwrap()).collect();
		assert_eq!(seeds.errors, expected);
		assert!(seeds.to_target.is_some());
		assert_eq!(bench.seed_errors(&workload, 2, 1, 0.0).unwrap().to_target, None);
	}

	#[test]
	fn the_standard_mlp_has_29184_multiply_accumulates_per_window() {
		let bench = small();
		let workload = workloads(&[ModelFamily::Mlp])[0];
		let steps = (bench.data.training_window_count() / BATCH * 12) as f64;
		assert_eq!(bench.training_macs(&workload), Some(29_184.0 * 256.0 * steps));
	}

	#[test]
	fn a_chain_would_admit_every_standard_candidate() {
		let bench = small();
		for workload in workloads(&[]) {
			workload.candidate.check(&bench.data).unwrap_or_else(|error| panic!("{}: {error}", workload.name));
		}
	}
}
