//! Rounds that islands need to reach a target, on the hidden quadratic of the first DOIN network and on Rastrigin's function.
//!
//! `scripts/bench.sh islands --parts functions`, or `cargo bench --workspace --bench islands -- [--runs N] [--json] [--plot FILE]`. In a
//! round each island evaluates one candidate. Shown are medians over the runs, whose seeds are 0, 1, … and also hide the optimum. Equal
//! arguments give equal results.
//!
//! - **Quadratic**: Σ (xᵢ − tᵢ)² over ten coordinates, xᵢ from ±10 at first, tᵢ from ±5, down to 100 and to 50. Islands share the
//!   best new candidate after each round. *Hill climber* is the optimizer of the first network: a normal step of deviation 0.5 from the
//!   best point of all nodes, which is kept if it is better. Published simulations of it have the medians 63, 31 and 16 for 1, 2 and 4
//!   nodes down to 100, and 84, 43 and 24 down to 50.
//! - **Rastrigin** of five dimensions, down to 0.5, which only the deepest of about 11⁵ minima has. Two candidates migrate to the next
//!   island after every second generation.

use doin_scoring::philox::{purpose, Stream};
use doin_search::{
	landscape::{Landscape, Shape, UNIT},
	seed_of_island, Cmaes, CmaesConfig, Evolution, EvolutionConfig, Ga, GaConfig, Islands, IslandsConfig, Optimizer, Sampler,
	SamplerConfig, SearchError, Sequence, Topology,
};
use plotters::prelude::*;
use std::{collections::BTreeMap, process::ExitCode, thread};

/// Numbers of islands.
const ISLANDS: [usize; 4] = [1, 2, 4, 8];
/// Stream of the numbers of the hill climber.
const CLIMBER: u64 = 1 << 32;

/// Way to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
	HillClimber,
	Ga,
	De,
	Cmaes,
	Random,
}

impl Algorithm {
	fn name(self) -> &'static str {
		match self {
			Self::HillClimber => "hill climber",
			Self::Ga => "ga",
			Self::De => "de",
			Self::Cmaes => "cmaes",
			Self::Random => "random",
		}
	}
}

/// Problem with a target.
struct Problem {
	/// Key of the JSON object.
	key: &'static str,
	name: &'static str,
	shape: Shape,
	dimensions: usize,
	target: f64,
	/// Rounds after which a run is given up.
	limit: usize,
	config: IslandsConfig,
	algorithms: &'static [Algorithm],
}

/// Returns the problems.
fn problems() -> Vec<Problem> {
	let quadratic = |key, name, target| Problem {
		key,
		name,
		shape: Shape::Quadratic,
		dimensions: 10,
		target,
		limit: 1_000,
		config: IslandsConfig { batch: 1, interval: 1, migrants: 1, topology: Topology::All },
		algorithms: &[Algorithm::HillClimber, Algorithm::Ga, Algorithm::De, Algorithm::Cmaes, Algorithm::Random],
	};
	vec![
		quadratic("quadratic_rounds", "quadratic to 100", 100.0),
		quadratic("quadratic_50_rounds", "quadratic to 50", 50.0),
		Problem {
			key: "rastrigin_rounds",
			name: "rastrigin to 0.5",
			shape: Shape::Rastrigin,
			dimensions: 5,
			target: 0.5,
			limit: 6_000,
			config: IslandsConfig { batch: 24, interval: 2, migrants: 2, topology: Topology::Ring },
			algorithms: &[Algorithm::Ga, Algorithm::De, Algorithm::Cmaes, Algorithm::Random],
		},
	]
}

/// Returns the search of one island.
fn optimizer(algorithm: Algorithm, landscape: &Landscape, seed: u64) -> Result<Box<dyn Optimizer>, SearchError> {
	let space = landscape.space().clone();
	Ok(match algorithm {
		Algorithm::Ga => Box::new(Ga::new(space, GaConfig { seed, ..GaConfig::default() })?),
		Algorithm::De => Box::new(Evolution::new(space, EvolutionConfig { stages: 1, seed, ..EvolutionConfig::default() })?),
		Algorithm::Cmaes => Box::new(Cmaes::new(space, CmaesConfig { seed, ..CmaesConfig::default() })?),
		Algorithm::Random | Algorithm::HillClimber => {
			Box::new(Sampler::new(space, SamplerConfig { sequence: Sequence::Random, seed })?)
		}
	})
}

/// Returns the rounds until islands reach the target, or `None` if they do not within the limit.
fn rounds(problem: &Problem, algorithm: Algorithm, count: usize, seed: u64) -> Result<Option<usize>, SearchError> {
	let landscape = Landscape::new(problem.shape, problem.dimensions, Some(seed))?;
	let target = (problem.target * UNIT) as u64;
	let searches = (0..count).map(|island| optimizer(algorithm, &landscape, seed_of_island(seed, island)));
	let mut islands = Islands::new(searches.collect::<Result<_, _>>()?, problem.config.clone())?;
	loop {
		for trial in islands.begin() {
			islands.tell(&trial, landscape.fitness(&trial.genes)?)?;
		}
		islands.end()?;
		let spent = islands.counts().iter().map(|counts| counts.asked).max().unwrap_or(0) as usize;
		if islands.best().is_some_and(|best| best.fitness <= target) {
			return Ok(Some(spent));
		}
		if spent >= problem.limit {
			return Ok(None);
		}
	}
}

/// Random numbers of the hill climber.
struct Random(Stream);

impl Random {
	/// Returns a number from 0 to 1, never one of them.
	fn unit(&mut self) -> f64 {
		(f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
	}

	/// Returns a number with the standard normal distribution.
	fn normal(&mut self) -> f64 {
		(-2.0 * libm::log(self.unit())).sqrt() * libm::cos(std::f64::consts::TAU * self.unit())
	}
}

/// Returns the rounds until `count` nodes of the first network reach the target: all of them begin with a point of their own, and step from
/// the best one of all.
fn climbed(problem: &Problem, count: usize, seed: u64) -> Option<usize> {
	let mut bytes = [0; 32];
	bytes[..8].copy_from_slice(&seed.to_le_bytes());
	let mut random = Random(Stream::new(&bytes, purpose::SEARCH, CLIMBER));
	let target: Vec<f64> = (0..problem.dimensions).map(|_| 10.0 * random.unit() - 5.0).collect();
	let value = |x: &[f64]| x.iter().zip(&target).map(|(x, t)| (x - t) * (x - t)).sum::<f64>();
	let draw = |random: &mut Random| (0..problem.dimensions).map(|_| 20.0 * random.unit() - 10.0).collect::<Vec<f64>>();
	let starts = (0..count).map(|_| draw(&mut random)).collect::<Vec<_>>();
	let mut best = starts.into_iter().min_by(|one, other| value(one).total_cmp(&value(other)))?;
	for round in 1..=problem.limit {
		let steps = (0..count).map(|_| best.iter().map(|x| x + 0.5 * random.normal()).collect::<Vec<f64>>()).collect::<Vec<_>>();
		best = steps.into_iter().fold(best, |best, step| if value(&step) < value(&best) { step } else { best });
		if value(&best) <= problem.target {
			return Some(round);
		}
	}
	None
}

/// Medians of one algorithm on one problem.
struct Row<'a> {
	problem: &'a Problem,
	algorithm: Algorithm,
	/// Median rounds for each number of islands; `None` if most runs were given up.
	medians: Vec<Option<usize>>,
}

impl Row<'_> {
	/// Returns the ratio of the rounds of one island to those of island number `at` of [`ISLANDS`].
	fn speed_up(&self, at: usize) -> Option<f64> {
		Some(self.medians[0]? as f64 / self.medians[at]? as f64)
	}
}

/// Returns the medians of an algorithm over `runs` seeds.
fn row(problem: &Problem, algorithm: Algorithm, runs: u64) -> Result<Row<'_>, SearchError> {
	let median = |count: usize| -> Result<Option<usize>, SearchError> {
		let threads = thread::available_parallelism().map_or(1, usize::from);
		let part = |first: usize| -> Result<Vec<usize>, SearchError> {
			let seeds = (first as u64..runs).step_by(threads);
			let one = |seed| match algorithm {
				Algorithm::HillClimber => Ok(climbed(problem, count, seed)),
				_ => rounds(problem, algorithm, count, seed),
			};
			// A run that was given up is longer than all others.
			seeds.map(|seed| one(seed).map(|rounds| rounds.unwrap_or(usize::MAX))).collect()
		};
		let parts = thread::scope(|scope| {
			let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
			running.into_iter().map(|part| part.join().expect("a run failed")).collect::<Result<Vec<_>, _>>()
		});
		let mut all = parts?.concat();
		all.sort_unstable();
		Ok(Some(all[all.len() / 2]).filter(|rounds| *rounds < usize::MAX))
	};
	let medians = ISLANDS.into_iter().map(median).collect::<Result<_, SearchError>>()?;
	Ok(Row { problem, algorithm, medians })
}

/// Returns the rows as a table.
fn table(rows: &[Row]) -> String {
	let cell = |number: Option<String>| number.unwrap_or("-".into());
	let mut text = String::from(
		"| function | algorithm | 1 island | 2 | 4 | 8 | speed-up of 2 | of 4 | of 8 |\n|---|---|---|---|---|---|---|---|---|\n",
	);
	for row in rows {
		let rounds = row.medians.iter().map(|median| cell(median.map(|rounds| rounds.to_string())));
		let speed = (1..ISLANDS.len()).map(|at| cell(row.speed_up(at).map(|ratio| format!("{ratio:.2}"))));
		let cells: Vec<String> = rounds.chain(speed).collect();
		text += &format!("| {} | {} | {} |\n", row.problem.name, row.algorithm.name(), cells.join(" | "));
	}
	text
}

/// Returns the rounds of the genetic algorithm as a JSON object. Medians that were given up are left out.
fn json(rows: &[Row], runs: u64) -> serde_json::Value {
	let mut object = serde_json::Map::new();
	object.insert("runs".into(), runs.into());
	for row in rows.iter().filter(|row| row.algorithm == Algorithm::Ga) {
		let of = |value: fn(&Row, usize) -> Option<f64>| -> BTreeMap<String, f64> {
			ISLANDS.iter().enumerate().filter_map(|(at, count)| Some((count.to_string(), value(row, at)?))).collect()
		};
		object.insert(row.problem.key.into(), serde_json::json!(of(|row, at| row.medians[at].map(|rounds| rounds as f64))));
		object.insert(row.problem.key.replace("rounds", "speed_up"), serde_json::json!(of(|row, at| row.speed_up(at))));
	}
	object.into()
}

/// Returns a picture of the speed-ups of the genetic algorithm and of the hill climber.
fn plot(rows: &[Row]) -> Result<String, Box<dyn std::error::Error>> {
	let mut text = String::new();
	draw(rows, &mut text)?;
	Ok(text)
}

fn draw(rows: &[Row], text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
	const COLOURS: [RGBColor; 4] = [RGBColor(0, 94, 184), RGBColor(200, 80, 0), RGBColor(0, 130, 80), RGBColor(130, 60, 150)];
	let area = SVGBackend::with_string(text, (720, 480)).into_drawing_area();
	area.fill(&WHITE)?;
	let mut chart = ChartBuilder::on(&area)
		.caption("Speed-up in rounds to the target", ("sans-serif", 15))
		.margin(12)
		.x_label_area_size(42)
		.y_label_area_size(52)
		.build_cartesian_2d(1f64..8f64, 0f64..12f64)?;
	chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("islands").y_desc("speed-up").x_labels(8).draw()?;
	let even = ISLANDS.map(|count| (count as f64, count as f64));
	chart
		.draw_series(LineSeries::new(even, RGBColor(190, 190, 190)))?
		.label("even")
		.legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], RGBColor(190, 190, 190)));
	let shown = rows.iter().filter(|row| {
		row.algorithm == Algorithm::Ga || (row.algorithm == Algorithm::HillClimber && row.problem.key == "quadratic_rounds")
	});
	for (row, colour) in shown.zip(COLOURS) {
		let points: Vec<_> =
			(0..ISLANDS.len()).filter_map(|at| Some((ISLANDS[at] as f64, row.speed_up(at)?.min(12.0)))).collect();
		chart
			.draw_series(LineSeries::new(points, colour.stroke_width(2)))?
			.label(format!("{}, {}", row.algorithm.name(), row.problem.name))
			.legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
	}
	chart
		.configure_series_labels()
		.position(SeriesLabelPosition::UpperLeft)
		.background_style(WHITE)
		.border_style(TRANSPARENT)
		.label_font(("sans-serif", 12))
		.draw()?;
	area.present()?;
	Ok(())
}

/// Options of the command line.
struct Options {
	runs: u64,
	json: bool,
	plot: Option<String>,
}

/// Reads the command line. `cargo bench` adds `--bench`.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
	let mut options = Options { runs: 100, json: false, plot: None };
	while let Some(argument) = arguments.next() {
		let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
		match argument.as_str() {
			"--bench" => {}
			"--json" => options.json = true,
			"--runs" => {
				let text = value()?;
				let runs = text.parse::<u64>().ok().filter(|runs| *runs > 0);
				options.runs = runs.ok_or(format!("{text} is not a number above 0"))?;
			}
			"--plot" => options.plot = Some(value()?),
			_ => return Err(format!("unknown argument {argument}: give --runs N, --json or --plot FILE")),
		}
	}
	Ok(options)
}

fn measure() -> Result<(), Box<dyn std::error::Error>> {
	let options = options(std::env::args().skip(1))?;
	let problems = problems();
	let mut rows = Vec::new();
	for problem in &problems {
		for algorithm in problem.algorithms {
			rows.push(row(problem, *algorithm, options.runs)?);
		}
	}
	if let Some(file) = &options.plot {
		std::fs::write(file, plot(&rows)?).map_err(|error| format!("{file}: {error}"))?;
	}
	println!("{}", table(&rows));
	println!("Median rounds over {} runs; - where most runs do not reach the target.", options.runs);
	if options.json {
		println!("{}", json(&rows, options.runs));
	}
	Ok(())
}

fn main() -> ExitCode {
	match measure() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}
