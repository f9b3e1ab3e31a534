//! Loss genomes on digits of 8 × 8 pixels: training runs per second, and what genetic programming finds.
//!
//! `scripts/bench.sh genomes`, or `cargo bench --workspace --bench genomes -- speed | search | summary FILE`.
//!
//! - **speed** trains nets of 64-32-10 with the cross-entropy, on all cores that the process may use, and prints runs per second. As in a
//!   search, 16 genomes share the draws of their runs.
//! - **search** breeds genomes with one seed, as the optimizer does on a domain: a quarter of 64 runs for most candidates, all of them for
//!   the best third. The eight best are compared on 512 further runs, and the best of these on 512 others with cross-entropy, squared error
//!   and label smoothing 0.1: none of these runs was seen by the search. The line is JSON; formula, fingerprint and mistakes are shown on
//!   standard error too. `--transfer` adds a table that no search saw.
//! - **summary** shows every line of a file so, then medians over the lines with their intervals. The last line is JSON.
//!
//! Equal arguments give equal lines, apart from the seconds.

use doin_compute::GenomeRuns;
use doin_forecast::{rows::RowOptions, sealed::RowSource, DomainTerms, GenomeDraft, RowDraftOptions, RunOptions, SeriesSource};
use doin_primitives::{blake2_256, genome::fingerprint};
use doin_scoring::{
	genome::{formula::formula, json as list, library},
	model::OUT_FRAC,
	verdict::{loss, total},
	Genome,
};
use doin_search::{program, Gp, GpConfig, Optimizer, Trial};
use serde_json::{json, Value};
use std::{collections::BTreeMap, error::Error, process::ExitCode, sync::atomic::AtomicBool, time::Instant};

/// Runs that a candidate of a search is evaluated on.
const RUNS: u16 = 64;
/// Runs that the finalists are compared on, and that the result is tested on.
const FRESH: u16 = 512;
/// Finalists of a search.
const FINALISTS: usize = 8;
/// Genomes that are evaluated together, on the same draws.
const GENERATION: usize = 16;
/// Smoothing that the result is compared with, Q16: 0.1.
const SMOOTHING: i32 = 6_554;
/// Fields of the losses that a genome is compared with, and their names.
const OTHERS: [(&str, &str); 3] =
	[("crossEntropy", "cross-entropy"), ("squaredError", "squared error"), ("labelSmoothing", "label smoothing 0.1")];
/// Fields of the tables that a genome is compared on.
const PARTS: [&str; 2] = ["test", "transfer"];
/// Greatest probability that the median lies below an interval, and that it lies above.
const TAIL: f64 = 0.025;
/// Standard errors from which on a difference is one.
const SIGNIFICANT: f64 = 2.0;

type Failure = Box<dyn Error + Send + Sync>;

/// Options of the command line.
struct Options {
	/// Part of the benchmark: `speed`, `search` or `summary`.
	what: String,
	csv: String,
	label: String,
	seed: u64,
	/// Training runs of a search.
	runs: u64,
	seconds: u64,
	/// Another table, and its column of classes.
	transfer: Option<(String, String)>,
	file: Option<String>,
}

/// Reads the command line. `cargo bench` adds `--bench`.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
	let csv = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/digits.csv.gz").to_string();
	let mut options = Options {
		what: String::new(),
		csv,
		label: "digit".into(),
		seed: 0,
		runs: 60_000,
		seconds: 20,
		transfer: None,
		file: None,
	};
	while let Some(argument) = arguments.next() {
		let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
		match argument.as_str() {
			"--bench" => {}
			"--csv" => options.csv = value()?,
			"--label" => options.label = value()?,
			"--seed" => options.seed = value()?.parse()?,
			"--runs" => options.runs = value()?.parse()?,
			"--seconds" => options.seconds = value()?.parse()?,
			"--transfer" => options.transfer = Some((value()?, value()?)),
			"speed" | "search" | "summary" => options.what = argument.clone(),
			_ if options.what == "summary" => options.file = Some(argument.clone()),
			_ => return Err(format!("unknown argument {argument}: give speed, search or summary FILE").into()),
		}
	}
	Ok(options)
}

/// Returns the runs of a table, and the most that a genome may cost per entry of a batch.
fn data(csv: &str, label: &str) -> Result<(GenomeRuns, u64), Failure> {
	let source: SeriesSource = csv.parse()?;
	let options = RowOptions { label: label.into(), ..RowOptions::default() };
	let rows = RowSource { source, options, mapping: Default::default() };
	let options = RowDraftOptions { rows, name: None, unit_name: None };
	let draft = GenomeDraft::from_csv(&options, &RunOptions::default(), &DomainTerms::default())?;
	let runs = draft.runs().ok_or("the draft has no training runs")?.clone();
	let bytes = draft.domain.pages.iter().filter_map(|page| page.bytes()).flatten().copied().collect();
	Ok((GenomeRuns::new(runs, bytes)?, draft.domain.spec.limits.window_macs.into()))
}

/// Returns the sums of genomes on the first `runs` runs of a draw.
fn sums(data: &GenomeRuns, genomes: &[Genome], draw: &str, seed: u64, runs: u16) -> Result<Vec<Vec<u32>>, Failure> {
	let seed = blake2_256(format!("{draw} {seed}").as_bytes());
	Ok(data.sums(genomes, &seed, runs, &AtomicBool::new(false), &|| ())?)
}

/// Measures training runs per second.
fn speed(options: &Options) -> Result<Value, Failure> {
	let (data, _) = data(&options.csv, &options.label)?;
	let genomes = vec![library::cross_entropy(); GENERATION];
	sums(&data, &genomes, "warm", 0, RUNS)?;
	let (started, mut runs) = (Instant::now(), 0);
	while started.elapsed().as_secs() < options.seconds {
		sums(&data, &genomes, "speed", runs, RUNS)?;
		runs += u64::from(RUNS) * GENERATION as u64;
	}
	let seconds = started.elapsed().as_secs_f64();
	let program = data.runs();
	Ok(json!({
		"runs": runs, "seconds": seconds, "runsPerSecond": runs as f64 / seconds, "threads": std::thread::available_parallelism()?.get(),
		"steps": program.steps, "batch": program.batch, "hidden": program.hidden.to_vec(),
	}))
}

/// Searches with one seed.
fn search(options: &Options) -> Result<Value, Failure> {
	let (data, entry_macs) = data(&options.csv, &options.label)?;
	let program = data.runs().clone();
	let config = GpConfig {
		samples: program.batch,
		classes: program.classes.into(),
		entry_macs,
		seed: options.seed,
		..GpConfig::default()
	};
	let mut gp = Gp::new(config)?;
	let started = Instant::now();
	let initial: Vec<u32> =
		better_of(sums(&data, &library::baselines().map(|(_, genome)| genome), "search", options.seed, RUNS)?);
	let (mut spent, mut candidates) = (0, 0usize);
	let mut found: BTreeMap<Vec<i64>, u64> = BTreeMap::new();
	while spent < options.runs {
		let asked = gp.ask(GENERATION);
		if asked.is_empty() {
			break;
		}
		for (trial, fitness) in evaluated(&data, &asked, options.seed, &initial)? {
			spent += u64::from(runs_of(&trial));
			candidates += 1;
			if trial.divisor == 1 {
				found.insert(trial.genes.clone(), fitness);
			}
			gp.tell(&trial, fitness)?;
		}
	}
	let searched = started.elapsed().as_secs_f64();
	let mut finalists: Vec<(u64, Vec<i64>)> = found.into_iter().map(|(genes, fitness)| (fitness, genes)).collect();
	finalists.sort();
	finalists.truncate(FINALISTS);
	let finalists: Vec<Genome> = finalists.iter().filter_map(|(_, genes)| program::genome(genes).ok()).collect();
	let compared = sums(&data, &finalists, "finalists", options.seed, FRESH)?;
	let best = compared.iter().enumerate().min_by_key(|(_, sums)| total(sums)).map(|(at, _)| at).ok_or("nothing was found")?;
	let genome = &finalists[best];
	let mut line = json!({
		"seed": options.seed, "candidates": candidates, "runs": spent, "seconds": searched, "instructions": genome.instructions.len(),
		"list": list::print(genome), "formula": formula(genome), "fingerprint": format!("0x{}", hex::encode(fingerprint(genome))),
		"test": compare(&data, genome, "test", options.seed)?,
	});
	if let Some((csv, label)) = &options.transfer {
		let (other, _) = self::data(csv, label)?;
		line["transfer"] = compare(&other, genome, "transfer", options.seed)?;
	}
	eprintln!("{}", shown(&line));
	Ok(line)
}

/// Returns the runs of a trial.
fn runs_of(trial: &Trial) -> u16 {
	u16::try_from(u32::from(RUNS) / trial.divisor.max(1)).unwrap_or(RUNS).max(1)
}

/// Returns the sums of the genome with the fewest mistakes.
fn better_of(sums: Vec<Vec<u32>>) -> Vec<u32> {
	sums.into_iter().min_by_key(|sums| total(sums)).unwrap_or_default()
}

/// Returns trials with their fitness: the mistakes relative to the better built-in genome on the same runs.
fn evaluated(data: &GenomeRuns, trials: &[Trial], seed: u64, initial: &[u32]) -> Result<Vec<(Trial, u64)>, Failure> {
	let mut groups: BTreeMap<u16, Vec<Trial>> = BTreeMap::new();
	trials.iter().for_each(|trial| groups.entry(runs_of(trial)).or_default().push(trial.clone()));
	let mut all = Vec::with_capacity(trials.len());
	for (runs, trials) in groups {
		let genomes = trials.iter().map(|trial| program::genome(&trial.genes)).collect::<Result<Vec<_>, _>>();
		let genomes = genomes.map_err(|error| format!("a candidate is not a genome: {error:?}"))?;
		let sums = sums(data, &genomes, "search", seed, runs)?;
		let initial = total(&initial[..usize::from(runs)]);
		all.extend(trials.into_iter().zip(sums).map(|(trial, sums)| (trial, loss(total(&sums), initial))));
	}
	Ok(all)
}

/// Compares a genome with the built-in ones and with label smoothing on fresh runs.
fn compare(data: &GenomeRuns, genome: &Genome, draw: &str, seed: u64) -> Result<Value, Failure> {
	let smoothed = library::label_smoothing(SMOOTHING, data.runs().classes.into());
	let genomes = [genome.clone(), library::cross_entropy(), library::squared_error(), smoothed];
	let sums = sums(data, &genomes, draw, seed, FRESH)?;
	let mistakes: Vec<Vec<f64>> = sums.iter().map(|sums| sums.iter().map(|sum| f64::from(sum >> OUT_FRAC)).collect()).collect();
	let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
	let rate = |values: &[f64]| mean(values) / f64::from(data.runs().validation);
	let mut result = json!({ "wrong": rate(&mistakes[0]) });
	for ((name, _), other) in OTHERS.into_iter().zip(&mistakes[1..]) {
		let saved: Vec<f64> = other.iter().zip(&mistakes[0]).map(|(other, own)| other - own).collect();
		let middle = mean(&saved);
		let variance = saved.iter().map(|saved| (saved - middle).powi(2)).sum::<f64>() / (saved.len().max(2) - 1) as f64;
		let error = (variance / saved.len().max(1) as f64).sqrt();
		result[name] = json!({
			"wrong": rate(other),
			"fewerPercent": 100.0 * middle / mean(other).max(f64::MIN_POSITIVE),
			"t": if error > 0.0 { middle / error } else { 0.0 },
		});
	}
	Ok(result)
}

/// Returns a number with one decimal; a dash for another value.
fn tenth(value: &Value) -> String {
	value.as_f64().map_or("-".into(), |number| format!("{number:.1}"))
}

/// Returns a part as per cent.
fn percent(part: &Value) -> String {
	part.as_f64().map_or("-".into(), |part| format!("{:.2} %", 100.0 * part))
}

/// Returns the line of a search for people: formula, fingerprint, and mistakes beside those of the other losses on the same runs.
fn shown(line: &Value) -> String {
	let text = |field: &str| line[field].as_str().unwrap_or("-").to_string();
	let mut lines =
		vec![format!("seed {}: {} instructions, fingerprint {}", line["seed"], line["instructions"], text("fingerprint"))];
	lines.extend(text("formula").lines().map(|line| format!("  {line}")));
	for part in PARTS {
		let compared = &line[part];
		if compared.is_null() {
			continue;
		}
		lines.push(format!("  {part}: wrong on {} of the validation samples", percent(&compared["wrong"])));
		lines.extend(OTHERS.iter().map(|(field, name)| {
			let other = &compared[*field];
			let (fewer, sigma) = (tenth(&other["fewerPercent"]), tenth(&other["t"]));
			format!("    {fewer} % fewer mistakes than {name}, which is wrong on {} ({sigma} σ)", percent(&other["wrong"]))
		}));
	}
	lines.join("\n")
}

/// Returns the interval from the k-th least to the k-th greatest of sorted numbers, with the greatest k for which it covers the median of
/// their distribution with 95 %. `None` for fewer than six numbers (David & Nagaraja, "Order Statistics", 2003, section 7.1).
fn interval(sorted: &[f64]) -> Option<[f64; 2]> {
	let count = sorted.len();
	// The number of values below the median is binomial: its probabilities, and their sum below `rank`.
	let (mut probability, mut below, mut rank) = (0.5f64.powi(count as i32), 0.0, 0);
	while rank < count && below + probability <= TAIL {
		below += probability;
		rank += 1;
		probability *= (count - rank + 1) as f64 / rank as f64;
	}
	let least = rank.checked_sub(1)?;
	Some([sorted[least], sorted[count - 1 - least]])
}

/// Returns median, interval, quartiles and extremes of the numbers at `path` of the lines.
fn spread(lines: &[Value], path: &str) -> Value {
	let mut values: Vec<f64> = lines.iter().filter_map(|line| line.pointer(path)?.as_f64()).collect();
	values.sort_by(f64::total_cmp);
	let middle = values.len() / 2;
	let median = match values.get(middle) {
		Some(upper) if values.len().is_multiple_of(2) => Some((values[middle - 1] + upper) / 2.0),
		upper => upper.copied(),
	};
	let at = |share: usize| values.get((values.len().saturating_sub(1) * share + 2) / 4).copied();
	json!({
		"median": median, "interval": interval(&values), "quartiles": [at(1), at(3)], "least": values.first(), "greatest": values.last(),
	})
}

/// Returns the interval of a spread in words, or its extremes if there are too few numbers for one.
fn range(spread: &Value) -> String {
	match &spread["interval"] {
		Value::Array(bounds) => format!("{} to {} %", tenth(&bounds[0]), tenth(&bounds[1])),
		_ => format!("{} to {} %, all", tenth(&spread["least"]), tenth(&spread["greatest"])),
	}
}

/// Shows the lines of searches, and prints medians over them with their intervals.
fn summary(file: &str) -> Result<Value, Failure> {
	let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
	let lines: Vec<Value> =
		text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect::<Result<_, _>>()?;
	lines.iter().for_each(|line| println!("{}", shown(line)));
	let count = lines.len();
	let mut result = json!({ "searches": count, "candidates": spread(&lines, "/candidates"), "runs": spread(&lines, "/runs") });
	println!("| mistakes compared with | fewer, median | 95 % interval | least | σ, median | 2 σ or more |");
	println!("|---|---|---|---|---|---|");
	for part in PARTS {
		let mut medians = Vec::new();
		for (field, name) in OTHERS {
			let fewer = spread(&lines, &format!("/{part}/{field}/fewerPercent"));
			if fewer["median"].is_null() {
				continue;
			}
			let sigma = spread(&lines, &format!("/{part}/{field}/t"));
			let is_significant = |line: &&Value| line[part][field]["t"].as_f64().is_some_and(|sigma| sigma >= SIGNIFICANT);
			let significant = lines.iter().filter(is_significant).count();
			let (median, range, least, sigmas) =
				(tenth(&fewer["median"]), range(&fewer), tenth(&fewer["least"]), tenth(&sigma["median"]));
			println!("| {name}, {part} | {median} % | {range} | {least} % | {sigmas} | {significant} of {count} |");
			medians.push(format!("{median} % ({range}) than {name}"));
			result[part][field] = json!({ "fewerPercent": fewer, "t": sigma, "significant": significant });
		}
		if !medians.is_empty() {
			println!("{part}, median of {count} searches and its 95 % interval: fewer mistakes by {}", medians.join(", "));
		}
	}
	Ok(result)
}

fn measure() -> Result<(), Failure> {
	let options = options(std::env::args().skip(1))?;
	let line = match options.what.as_str() {
		"speed" => speed(&options)?,
		"search" => search(&options)?,
		"summary" => summary(options.file.as_deref().ok_or("summary needs the file of the lines")?)?,
		// `cargo bench` without arguments runs every benchmark.
		_ => json!("give speed, search or summary FILE"),
	};
	println!("{line}");
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
