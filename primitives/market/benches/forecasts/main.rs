//! Attacks on the market of forecasts, simulated on its own arithmetic.
//!
//! `scripts/bench.sh forecasts`, or `cargo bench --workspace --bench forecasts -- [--rounds N] [--seeds N] [--json] [--plot FILE]`.
//! Each strategy of a group of accounts plays every kind of series: at least 1,000 rounds for each of 20 seeds, a round every six bars, 100
//! values ahead, so that 17 rounds are open at a time. Shown are mean returns per round and their standard errors over the seeds. A
//! commit burns 0.01 DOIN, which is not counted. Fails if the reference itself returns other than exactly 0, if a strategy without
//! skill returns more than 0 by three standard errors, or if one with skill does not. Equal arguments give equal results.

mod market;
mod report;
mod rounds;
mod series;
mod strategies;

use report::Cell;
use series::{Path, KINDS};
use std::{process::ExitCode, thread};
use strategies::STRATEGIES;

/// Options of the command line.
struct Options {
	rounds: usize,
	seeds: u32,
	json: bool,
	plot: Option<String>,
}

/// Reads the command line. `cargo bench` adds `--bench`.
fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
	let mut options = Options { rounds: 1_056, seeds: 20, json: false, plot: None };
	let mut arguments = arguments;
	while let Some(argument) = arguments.next() {
		let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
		let number =
			|text: String| text.parse::<u32>().ok().filter(|number| *number > 0).ok_or(format!("{text} is not a number above 0"));
		match argument.as_str() {
			"--bench" => {}
			"--json" => options.json = true,
			"--rounds" => options.rounds = number(value()?)? as usize,
			"--seeds" => options.seeds = number(value()?)?,
			"--plot" => options.plot = Some(value()?),
			_ => return Err(format!("unknown argument {argument}: give --rounds N, --seeds N, --json or --plot FILE")),
		}
	}
	Ok(options)
}

/// Returns the results of all strategies on the series of one seed, in the order of kinds, then strategies.
fn play(seed: u32, count: usize) -> Vec<market::Outcome> {
	let mut outcomes = Vec::new();
	for kind in KINDS {
		let path = Path::new(kind, seed, rounds::bars(count));
		let rounds = rounds::rounds(&path, count);
		outcomes.extend(STRATEGIES.map(|strategy| market::simulate(&path, &rounds, strategy, seed)));
	}
	outcomes
}

/// Plays all seeds, two halves of them side by side.
fn play_all(options: &Options) -> Vec<Vec<market::Outcome>> {
	let count = options.rounds;
	let half = |from: u32| -> Vec<_> { (from..options.seeds).step_by(2).map(|seed| (seed, play(seed, count))).collect() };
	let mut all = thread::scope(|scope| {
		let odd = scope.spawn(|| half(1));
		let even = half(0);
		even.into_iter().chain(odd.join().expect("a simulation failed")).collect::<Vec<_>>()
	});
	all.sort_by_key(|(seed, _)| *seed);
	all.into_iter().map(|(_, outcomes)| outcomes).collect()
}

fn main() -> ExitCode {
	let options = match options(std::env::args().skip(1)) {
		Ok(options) => options,
		Err(error) => {
			eprintln!("error: {error}");
			return ExitCode::FAILURE;
		}
	};
	let by_seed = play_all(&options);
	let mut cells = Vec::new();
	for (row, strategy) in STRATEGIES.into_iter().enumerate() {
		for (column, kind) in KINDS.into_iter().enumerate() {
			let at = column * STRATEGIES.len() + row;
			let outcomes: Vec<_> = by_seed.iter().map(|outcomes| outcomes[at]).collect();
			cells.push(Cell::new(strategy, kind, &outcomes, options.rounds));
		}
	}
	if let Some(file) = &options.plot {
		if let Err(error) = std::fs::write(file, report::plot(&cells)) {
			eprintln!("error: {file}: {error}");
			return ExitCode::FAILURE;
		}
	}
	match options.json {
		true => println!("{}", report::json(&cells, options.rounds, by_seed.len())),
		false => println!("{}\n\n{}", report::table(&cells), report::claims(&cells, by_seed.len())),
	}
	let faults: Vec<_> = cells.iter().filter_map(Cell::fault).collect();
	faults.iter().for_each(|fault| eprintln!("error: {fault}"));
	if faults.is_empty() {
		ExitCode::SUCCESS
	} else {
		ExitCode::FAILURE
	}
}
