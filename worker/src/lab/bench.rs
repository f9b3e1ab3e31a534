//! `bench`: how fast candidates are trained on this machine, and how good they get.

use super::{
	explained,
	genes::{shown, Kind},
	series::{ColumnArgs, Cut, Question, Table},
	working,
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_compute::{
	backend::layout::BATCH,
	data::Part,
	gpu::{adapters, products, Gpu, Selection},
	peak,
	population::{self, BYTE_BITS},
	Candidate, CutSeries, TrainingSet,
};
use doin_primitives::Split;
use doin_scoring::{philox::purpose, sample::generator_series, Generator, Model, Target, Windows};
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
	time::{Duration, Instant},
};

/// The question of every measurement.
const QUESTION: Question = Question { horizon: 24, history: 96, season: 24, channels: 1, target: Target::Values };
/// Where the standard series is cut: net and ridge train on 12 months and stop by the next two, two validate, four are the test.
const STANDARD: &str = "10080/1440/2880";
/// Rows of the standard series that give it its scale: its first 12 months. Others are scaled by the part they are trained on.
const SCALE_ROWS: usize = 8_640;
/// Trainings of one net that are compared with the peak, one after the other.
const SINGLE_RUNS: usize = 31;
/// Calls of the peak's loop before and after each of them: about as long as it takes itself, so that a change of speed hits both.
const PEAK_CALLS: usize = 100;

/// What `bench` takes.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
	/// Families to measure; all that the trainer has when left out.
	#[arg(long, value_enum, value_delimiter = ',', value_name = "FAMILY")]
	family: Vec<Kind>,
	/// A series of your own; when left out, the oil temperature of ETTh1 below DOIN_DATA_DIR or ../shared/data, or else a generated one.
	#[arg(long, value_name = "FILE")]
	csv: Option<PathBuf>,
	/// Its column; may be left out where only one has numbers.
	#[arg(long, value_name = "COLUMN", requires = "csv")]
	column: Option<String>,
	/// Devices to measure, too, on populations of the first net of each family: `auto` for every GPU, a number or a part of a name (`doin-worker devices`).
	#[arg(long, value_name = "auto|none|INDEX|NAME", default_value = "none")]
	gpu: String,
	/// Candidates trained on a device at a time.
	#[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=65_536))]
	population: u64,
	/// Candidates whose test errors are averaged, seeds 0 to N - 1.
	#[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=10_000))]
	seeds: u64,
	/// Repeats of each measurement of speed; medians are shown.
	#[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
	repeats: u32,
	/// Length of a repeat in seconds, at least one candidate per thread.
	#[arg(long, value_name = "S", default_value_t = 2.0)]
	seconds: f64,
	/// Test error whose time is taken, in standard deviations of the series.
	#[arg(long, value_name = "MAE", default_value_t = 0.128)]
	target_mae: f64,
	/// Threads; all cores when left out.
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// One JSON object as the last line, after the table.
	#[arg(long)]
	json: bool,
}

/// What is trained on.
struct Bench<'a> {
	name: String,
	data: TrainingSet,
	test: Vec<Windows>,
	/// Standard deviation of the series, in raw units.
	deviation: f64,
	stop: &'a AtomicBool,
}

/// Several measurements of one thing.
#[derive(Clone, Debug, PartialEq)]
struct Spread {
	median: f64,
	least: f64,
	most: f64,
}

impl Spread {
	fn of(mut values: Vec<f64>) -> Option<Self> {
		values.sort_by(f64::total_cmp);
		let (least, most) = (*values.first()?, *values.last()?);
		let middle = values.len() / 2;
		let median = if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
		Some(Self { median, least, most })
	}
}

/// What is trained.
#[derive(Clone, Copy, Debug)]
struct Work {
	/// Its name in the table and in JSON.
	name: &'static str,
	kind: Kind,
	candidate: Candidate,
}

/// What was measured of it.
struct Row {
	work: Work,
	/// Candidates per hour on all threads, on one, and on two.
	per_hour: [Option<Spread>; 3],
	/// How much faster two threads are than one, taken in turns.
	scaling: Option<Spread>,
	/// Test errors over seeds, in standard deviations.
	errors: Vec<f64>,
	/// Seconds until a candidate reached the target.
	to_target: Option<f64>,
	/// Training multiply-accumulates per second on one thread, where they are counted.
	rate: Option<Spread>,
	/// The same against the peak measured in between.
	fraction: Option<Spread>,
}

/// `bench`.
pub async fn run(args: BenchArgs) -> Result<()> {
	working(move |stop| bench(&args, stop)).await
}

/// The standard candidates of these families, all when none is named.
fn works(kinds: &[Kind]) -> Vec<Work> {
	let base = Candidate { mix: 0, skip: false, ..Candidate::default() };
	// Genes are those with the least mean error on validation among a few dozen.
	let mlp = Candidate { window: 96, width: 64, depth: 2, epochs: 12, rate: 9, decay: 3, ..base };
	let conv = Candidate { window: 96, width: 24, depth: 1, kernel: 12, stride: 2, epochs: 8, rate: 11, decay: 1, ..base };
	let cell = Candidate { window: 48, width: 24, epochs: 8, rate: 12, ..base };
	let long = Candidate { window: 96, width: 16, epochs: 24, rate: 11, ..cell };
	let beside = |candidate| Candidate { skip: true, blend: true, ..candidate };
	let all = [
		("linear", Kind::Linear, Candidate { window: 96, depth: 0, skip: true, ..base }),
		("mlp", Kind::Mlp, mlp),
		("mlp_8bit", Kind::Mlp, Candidate { bits: BYTE_BITS, ..mlp }),
		("mlp_ridge", Kind::Mlp, beside(Candidate { depth: 1, rate: 10, decay: 2, ..mlp })),
		("conv", Kind::Conv, conv),
		("conv_ridge", Kind::Conv, beside(conv)),
		("lstm", Kind::Lstm, cell),
		("lstm_long", Kind::Lstm, long),
		("gru", Kind::Gru, cell),
		("gru_long", Kind::Gru, long),
	];
	let wanted = |kind: &Kind| kinds.is_empty() || kinds.contains(kind);
	let work =
		|(name, kind, candidate): (_, Kind, _)| Work { name, kind, candidate: Candidate { family: kind.family(), ..candidate } };
	all.into_iter().filter(|(_, kind, _)| wanted(kind)).map(work).collect()
}

/// A series with a daily rhythm, for machines without the standard one.
fn generated() -> Result<Vec<i32>> {
	let template =
		(0..24).map(|hour| ((f64::from(hour) * std::f64::consts::TAU / 24.0).cos() * 60_000.0) as i32).collect::<Vec<_>>();
	let generator = Generator {
		template: template.try_into().map_err(|_| anyhow::anyhow!("a season is too long"))?,
		ar: vec![1_200, -400].try_into().map_err(|_| anyhow::anyhow!("too many coefficients"))?,
		noise: 60_000,
		level: 10_000,
	};
	Ok(generator_series(&generator, &[1; 32], purpose::SERIES, 14_400))
}

impl<'a> Bench<'a> {
	fn new(args: &BenchArgs, stop: &'a AtomicBool) -> Result<Self> {
		let read = |csv: &Path, column: Option<String>| Table::read(&csv.into(), &ColumnArgs { column, ..Default::default() });
		let folder = std::env::var_os("DOIN_DATA_DIR").map_or_else(|| "../shared/data".into(), PathBuf::from);
		let standard = folder.join("ett/ETTh1.csv");
		let (name, values, cut) = if let Some(csv) = &args.csv {
			let table = read(csv, args.column.clone())?;
			(format!("{} of {}", table.column, table.file), table.series.quantise(QUESTION.horizon.into(), None)?.values, "70/15")
		} else if standard.is_file() {
			let table = read(&standard, Some("OT".into()))?;
			("OT of ETTh1.csv".to_string(), table.raw(0.001, &[])?, STANDARD)
		} else {
			eprintln!(
				"There is no {}: a generated series is used, whose errors compare with nothing. Set DOIN_DATA_DIR.",
				standard.display()
			);
			("generated".to_string(), generated()?, STANDARD)
		};
		let cut: Cut = cut.parse().map_err(|error: String| anyhow::anyhow!(error))?;
		let (split, end) = cut.of(values.len())?;
		Self::on(name, values[..end].to_vec(), split, stop)
	}

	fn on(name: String, values: Vec<i32>, split: Split, stop: &'a AtomicBool) -> Result<Self> {
		let scale = &values[..(split.train_end as usize).min(SCALE_ROWS)];
		let mean = scale.iter().map(|value| f64::from(*value)).sum::<f64>() / scale.len() as f64;
		let deviation = (scale.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / scale.len() as f64).sqrt();
		if deviation == 0.0 {
			bail!("{name} is constant where it is trained on: there is nothing to learn");
		}
		let data = QUESTION.training_set(vec![(name.clone(), CutSeries { series: values, split })])?;
		let test = data.test();
		if test.is_empty() {
			bail!("{name} has no window after its validation part: bring more rows");
		}
		Ok(Self { name, data, test, deviation, stop })
	}

	/// The mean absolute error of a model on the test, in standard deviations.
	fn test_error(&self, model: &Model) -> f64 {
		let windows: usize = self.test.iter().map(Windows::len).sum();
		let error: u64 = self.data.score(model, &self.test).into_iter().map(u64::from).sum();
		error as f64 / 16.0 / (windows * usize::from(QUESTION.horizon)) as f64 / self.deviation
	}

	/// One candidate as a search would have it: trained, admitted, and measured once.
	fn one(&self, work: &Work, seed: u64) -> Result<f64> {
		let candidate = Candidate { seed, ..work.candidate };
		let net = match work.kind {
			// The training set would remember the first one.
			Kind::Linear => doin_compute::Linear::fit(&self.data, Part::All, candidate.window, 0).map_err(explained)?.net,
			_ => candidate.train(&self.data, self.stop).map_err(explained)?,
		};
		work.kind.check(&net)?;
		let model = Model::Net(net);
		self.data.task.admit(&model).map_err(explained)?;
		Ok(self.test_error(&model))
	}

	/// Runs `work` on so many threads, each with a pool of its own so that it stays on one core.
	fn lanes<T: Send>(&self, lanes: usize, work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
		let pools = (0..lanes).map(|_| Ok(population::pool(1)?)).collect::<Result<Vec<_>>>()?;
		std::thread::scope(|scope| {
			let threads: Vec<_> = pools.iter().map(|pool| scope.spawn(|| pool.install(&work))).collect();
			threads
				.into_iter()
				.map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a thread of the measurement failed"))?)
				.collect()
		})
	}

	/// Candidates per hour on so many threads.
	fn per_hour(&self, work: &Work, lanes: usize, length: Duration) -> Result<f64> {
		let seeds = AtomicU64::new(1 << 32);
		let rates = self.lanes(lanes, || {
			let (started, mut done) = (Instant::now(), 0u32);
			while done == 0 || started.elapsed() < length {
				self.one(work, seeds.fetch_add(1, Ordering::Relaxed))?;
				done += 1;
			}
			Ok(f64::from(done) / started.elapsed().as_secs_f64())
		})?;
		Ok(rates.iter().sum::<f64>() * 3_600.0)
	}

	/// Test errors of seeds in their order, and the seconds until the first one at most `target`. It also warms everything up.
	fn seeds(&self, work: &Work, lanes: usize, count: u64, target: f64) -> Result<(Vec<f64>, Option<f64>)> {
		let (next, started) = (AtomicU64::new(0), Instant::now());
		let lanes = self.lanes(lanes, || {
			let mut done = Vec::new();
			loop {
				let seed = next.fetch_add(1, Ordering::Relaxed);
				if seed >= count {
					return Ok(done);
				}
				let error = self.one(work, seed)?;
				done.push((seed, error, started.elapsed().as_secs_f64()));
			}
		})?;
		let mut all: Vec<(u64, f64, f64)> = lanes.into_iter().flatten().collect();
		all.sort_by_key(|(seed, ..)| *seed);
		let reached = all.iter().filter(|(_, error, _)| *error <= target).map(|(.., seconds)| *seconds).reduce(f64::min);
		Ok((all.into_iter().map(|(_, error, _)| error).collect(), reached))
	}

	/// Multiply-accumulates of one training, without the passes over the windows that stop it; none of what is solved in closed form.
	fn training_macs(&self, work: &Work) -> Option<f64> {
		let steps = (self.data.len() / BATCH).max(1) * usize::from(work.candidate.epochs);
		(work.kind != Kind::Linear).then(|| (products(&work.candidate, &self.data) * BATCH * steps) as f64)
	}

	/// Training rates on one thread, and what they are of the peak measured in between.
	fn against_peak(&self, work: &Work) -> Result<(Option<Spread>, Option<Spread>)> {
		let Some(macs) = self.training_macs(work) else { return Ok((None, None)) };
		let runs = self.lanes(1, || {
			let product = if work.candidate.bits == BYTE_BITS { peak::byte_product } else { peak::dot_product };
			let peak = || -> (u64, Duration) {
				let started = Instant::now();
				((0..PEAK_CALLS).map(|_| product(self.data.backend())).sum(), started.elapsed())
			};
			let run = |seed: u64| -> Result<(f64, f64)> {
				let before = peak();
				let started = Instant::now();
				Candidate { seed, ..work.candidate }.train(&self.data, self.stop).map_err(explained)?;
				let rate = macs / started.elapsed().as_secs_f64();
				let after = peak();
				Ok((rate, (before.0 + after.0) as f64 / (before.1 + after.1).as_secs_f64()))
			};
			(0..SINGLE_RUNS as u64).map(run).collect::<Result<Vec<_>>>()
		})?;
		let runs: Vec<_> = runs.into_iter().flatten().collect();
		let fractions = runs.iter().filter(|(_, peak)| *peak > 0.0).map(|(rate, peak)| rate / peak).collect();
		Ok((Spread::of(runs.iter().map(|(rate, _)| *rate).collect()), Spread::of(fractions)))
	}

	fn measure(&self, work: Work, args: &BenchArgs, cores: usize) -> Result<Row> {
		let (errors, to_target) = self.seeds(&work, cores, args.seeds, args.target_mae)?;
		let length = Duration::from_secs_f64(args.seconds.clamp(0.0, 3_600.0));
		let mut rates: [Vec<f64>; 3] = Default::default();
		let mut scaling = Vec::new();
		for _ in 0..args.repeats {
			let one = self.per_hour(&work, 1, length)?;
			rates[1].push(one);
			if cores >= 2 {
				let two = self.per_hour(&work, 2, length)?;
				rates[2].push(two);
				scaling.push(two / one);
			}
			// The same measurement on a machine of one or two cores.
			let all = match cores {
				1 => one,
				2 => rates[2].last().copied().unwrap_or(one),
				_ => self.per_hour(&work, cores, length)?,
			};
			rates[0].push(all);
		}
		let (rate, fraction) = self.against_peak(&work)?;
		Ok(Row { work, per_hour: rates.map(Spread::of), scaling: Spread::of(scaling), errors, to_target, rate, fraction })
	}
}

fn mean(values: &[f64]) -> Option<f64> {
	(!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

impl Row {
	fn show(&self, target: f64) {
		let spread = |spread: &Option<Spread>, scale: f64, digits: usize| match spread {
			Some(Spread { median, least, most }) => {
				format!("{:.digits$} ({:.digits$} - {:.digits$})", median * scale, least * scale, most * scale)
			}
			None => "-".into(),
		};
		let Self { work, errors, .. } = self;
		println!("{:<11} {}", work.name, shown(work.kind, &work.candidate));
		println!("            candidates per hour   {}", spread(&self.per_hour[0], 1.0, 0));
		println!("            on one thread         {}", spread(&self.per_hour[1], 1.0, 0));
		println!("            two threads to one    {}", spread(&self.scaling, 1.0, 2));
		let (least, most) =
			errors.iter().fold((f64::INFINITY, 0.0f64), |(least, most), error| (least.min(*error), most.max(*error)));
		println!(
			"            test error            {:.5} ({least:.5} - {most:.5}), {} seeds",
			mean(errors).unwrap_or(0.0),
			errors.len()
		);
		match self.to_target {
			Some(seconds) => println!("            time to {target:<13} {seconds:.3} s"),
			None => println!("            time to {target:<13} no seed came that far"),
		}
		if self.rate.is_some() {
			println!("            one thread trains at  {} GMAC/s", spread(&self.rate, 1e-9, 1));
			println!("            that is of its peak   {} %", spread(&self.fraction, 100.0, 1));
		}
	}

	fn json(&self) -> serde_json::Value {
		let spread = |spread: &Option<Spread>| match spread {
			Some(Spread { median, least, most }) => json!({ "median": median, "least": least, "most": most }),
			None => serde_json::Value::Null,
		};
		json!({
			"ours": self.per_hour[0].as_ref().map(|spread| spread.median),
			"test_mae": mean(&self.errors),
			"test_maes": self.errors,
			"per_hour": spread(&self.per_hour[0]),
			"per_hour_one_thread": spread(&self.per_hour[1]),
			"two_core_scaling": spread(&self.scaling),
			"seconds_to_target": self.to_target,
			"macs_per_second": spread(&self.rate),
			"fraction_of_peak": spread(&self.fraction),
			"genes": shown(self.work.kind, &self.work.candidate),
		})
	}
}

fn bench(args: &BenchArgs, stop: &AtomicBool) -> Result<()> {
	if !args.seconds.is_finite() || args.seconds < 0.0 {
		bail!("--seconds {}: a repeat cannot take that long", args.seconds);
	}
	let bench = Bench::new(args, stop)?;
	let cores = super::cores(args.cores);
	let task = &bench.data.task;
	let test_windows: usize = bench.test.iter().map(Windows::len).sum();
	println!("machine     {cores} threads, back-end {}", bench.data.backend().name());
	println!(
		"data        {}: {} windows to train on, {test_windows} to test on, {} steps ahead",
		bench.name,
		bench.data.len(),
		task.program.horizon
	);
	let ridge = bench.data.linear(QUESTION.history, 0).map_err(explained)?;
	println!(
		"errors      in standard deviations: repeat-last {:.5}, seasonal {:.5}, ridge {:.5}",
		bench.test_error(&Model::RepeatLast),
		bench.test_error(&Model::Seasonal),
		bench.test_error(&Model::Net(ridge.net.clone()))
	);
	println!("figures     median (lowest - highest) of {} repeats; a candidate is trained, admitted and tested", args.repeats);
	let (mut rows, mut missing) = (Vec::new(), Vec::new());
	for work in works(&args.family) {
		// A single short training tells whether the trainer has the family.
		let trial = Work { candidate: Candidate { epochs: 1, ..work.candidate }, ..work };
		match bench.one(&trial, 0) {
			Ok(_) => {}
			Err(error) if args.family.is_empty() => {
				println!("{:<11} not measured: {error:#}", work.name);
				missing.push(work.name);
				continue;
			}
			Err(error) => return Err(error).with_context(|| work.name),
		}
		let row = bench.measure(work, args, cores)?;
		row.show(args.target_mae);
		rows.push(row);
	}
	let devices = bench.devices(args)?;
	if args.json {
		let mut summary = summary(&bench, &rows, &missing, args.target_mae, cores);
		let mlp = |device: &&Device| !device.is_gpu && device.family == "mlp";
		let software = devices.iter().find(mlp).map(|device| device.rate * 1e-9);
		summary["lavapipe_gmacs"] = json!(software);
		summary["devices"] = devices
			.iter()
			.map(|device| json!({ "name": device.name, "family": device.family, "macs_per_second": device.rate }))
			.collect();
		println!("{summary}");
	}
	Ok(())
}

/// What a device achieves on one family.
struct Device {
	name: String,
	is_gpu: bool,
	family: &'static str,
	/// Multiply-accumulates of training per second, median.
	rate: f64,
}

impl Bench<'_> {
	/// Trains a population of each family on each chosen device, one after the other.
	fn devices(&self, args: &BenchArgs) -> Result<Vec<Device>> {
		let selection: Selection = args.gpu.parse()?;
		if selection == Selection::None {
			return Ok(Vec::new());
		}
		let mut works = works(&args.family);
		works.retain(|work| work.kind != Kind::Linear);
		works.dedup_by_key(|work| work.kind);
		let adapters = adapters();
		let mut devices = Vec::new();
		for adapter in selection.choose(&adapters)? {
			let gpu = Gpu::open(adapter)?;
			println!("device      {adapter}");
			for work in &works {
				let work = Work { candidate: Candidate { epochs: 1, ..work.candidate }, ..*work };
				let rate = self.device_rate(&gpu, &work, args)?;
				println!("            {:<21} {:.1} GMAC/s, {} candidates at a time", work.name, rate * 1e-9, args.population);
				devices.push(Device { name: adapter.name.clone(), is_gpu: adapter.is_gpu(), family: work.name, rate });
			}
		}
		Ok(devices)
	}

	/// Multiply-accumulates of training per second, median.
	fn device_rate(&self, gpu: &Gpu, work: &Work, args: &BenchArgs) -> Result<f64> {
		let train = |round: u64| -> Result<f64> {
			let candidate = |seed| Candidate { seed: round << 32 | seed, ..work.candidate };
			let candidates: Vec<Candidate> = (0..args.population).map(candidate).collect();
			let start = Instant::now();
			let failed = std::sync::Mutex::new(None);
			gpu.train(&self.data, &candidates, self.stop, |_, result| {
				if let Err(error) = result {
					failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).replace(error);
				}
			});
			match failed.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
				Some(error) => Err(explained(error)),
				None => Ok(start.elapsed().as_secs_f64()),
			}
		};
		// Shaders are compiled and the pace is found first.
		train(u64::from(u32::MAX))?;
		let mut seconds = (0..args.repeats.into()).map(train).collect::<Result<Vec<f64>>>()?;
		seconds.sort_by(f64::total_cmp);
		let macs = self.training_macs(work).unwrap_or(0.0) * args.population as f64;
		Ok(macs / seconds[seconds.len() / 2])
	}
}

/// Everything as one object. `mlp` and `lstm` are always there; what was not measured is null.
fn summary(bench: &Bench, rows: &[Row], missing: &[&str], target: f64, cores: usize) -> serde_json::Value {
	let nothing = || json!({ "ours": null, "test_mae": null });
	let mut whole = serde_json::Map::new();
	for name in ["mlp", "lstm"].iter().chain(missing) {
		whole.insert(name.to_string(), nothing());
	}
	whole.extend(rows.iter().map(|row| (row.work.name.to_string(), row.json())));
	let mlp = rows.iter().find(|row| row.work.name == "mlp");
	let median = |spread: Option<&Option<Spread>>| spread.and_then(|spread| spread.as_ref()).map(|spread| spread.median);
	whole.extend([
		("simd_fraction_of_peak".to_string(), json!(median(mlp.map(|row| &row.fraction)))),
		("two_core_scaling".to_string(), json!(median(mlp.map(|row| &row.scaling)))),
		("lavapipe_gmacs".to_string(), serde_json::Value::Null),
		("backend".to_string(), json!(bench.data.backend().name())),
		("cores".to_string(), json!(cores)),
		("data".to_string(), json!(bench.name)),
		("target_mae".to_string(), json!(target)),
	]);
	whole.into()
}

#[cfg(test)]
mod tests {
	use super::*;

	static RUN: AtomicBool = AtomicBool::new(false);

	fn small() -> Bench<'static> {
		let values = generated().unwrap()[..2_000].to_vec();
		Bench::on("generated".into(), values, Split { train_end: 1_400, validation_end: 1_700 }, &RUN).unwrap()
	}

	#[test]
	fn medians_and_spreads_are_those_of_the_values() {
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
		let mut work = works(&[Kind::Mlp])[0];
		work.candidate.epochs = 1;
		let (errors, reached) = bench.seeds(&work, 2, 3, f64::INFINITY).unwrap();
		let expected: Vec<f64> = (0..3).map(|seed| bench.one(&work, seed).unwrap()).collect();
		assert_eq!(errors, expected);
		assert!(reached.is_some());
		assert_eq!(bench.seeds(&work, 2, 1, 0.0).unwrap().1, None);
	}

	#[test]
	fn the_standard_mlp_has_the_multiply_accumulates_it_is_known_for() {
		let bench = small();
		let work = works(&[Kind::Mlp])[0];
		let steps = (bench.data.len() / BATCH * 12) as f64;
		assert_eq!(bench.training_macs(&work), Some(29_184.0 * 256.0 * steps));
	}

	#[test]
	fn a_chain_would_admit_every_standard_candidate() {
		let bench = small();
		for work in works(&[]) {
			work.candidate.check(&bench.data).unwrap_or_else(|error| panic!("{}: {error}", work.name));
		}
	}

	#[test]
	fn a_summary_always_has_what_scripts_read() {
		let json = summary(&small(), &[], &["conv"], 0.1, 2);
		for key in ["mlp", "lstm", "conv"] {
			assert!(json[key]["ours"].is_null() && json[key]["test_mae"].is_null());
		}
		for key in ["simd_fraction_of_peak", "two_core_scaling", "lavapipe_gmacs"] {
			assert!(json.as_object().unwrap().contains_key(key));
		}
	}

	#[test]
	fn families_are_chosen_or_all() {
		assert_eq!(works(&[]).len(), 10);
		let chosen: Vec<_> = works(&[Kind::Mlp, Kind::Lstm]).iter().map(|work| work.name).collect();
		assert_eq!(chosen, ["mlp", "mlp_8bit", "mlp_ridge", "lstm", "lstm_long"]);
	}
}
