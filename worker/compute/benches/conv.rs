//! How fast nets with convolutions are trained, and how well they forecast the oil temperature of ETTh1, 24 hours ahead from 96.
//!
//! `DOIN_DATA_DIR=<folder of the data> cargo bench -p doin-compute --bench conv`, with `DOIN_BACKEND` to force a back-end.
//! `… -- search seeds=3 width=8,16 rate=8,9` trains every combination of these genes instead, and sorts by validation.
//!
//! Errors are mean absolute ones over rows 8 640..11 520 (validation) and 11 520..14 400 (test), in standard deviations of the first 8 640
//! rows, which alone are fitted; epochs are chosen by rows 8 640..10 080. Settings are to be compared by validation.

use doin_compute::{population, Candidate, Family, Task, TrainingSet};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{model::OUT_FRAC, score::score, Encoder, Forecast, Model, Net, Target, Windows};
use rayon::prelude::*;
use std::{ops::Range, path::PathBuf, sync::atomic::AtomicBool, time::Instant};

const HISTORY: usize = 96;
const HORIZON: usize = 24;

fn task() -> Task {
	let folder = std::env::var_os("DOIN_DATA_DIR").map_or_else(|| "../../../shared/data".into(), PathBuf::from);
	let path = folder.join("ett/ETTh1.csv");
	let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; set DOIN_DATA_DIR", path.display()));
	let value = |line: &str| (line.rsplit(',').next().unwrap().trim().parse::<f64>().unwrap() * 1000.0).round() as i32;
	Task {
		program: Forecast {
			horizon: HORIZON as u16,
			history: HISTORY as u16,
			season: 24,
			chunks: 32,
			windows: 32,
			channels: 1,
			target: Target::Values,
		},
		limits: Limits { model_bytes: 1 << 20, window_macs: 1 << 22 },
		series: text.lines().skip(1).map(value).collect(),
		split: Split { train_end: 10_080, validation_end: 12_960 },
		generator: None,
	}
}

/// Mean absolute error on windows whose targets lie in `rows`, in standard deviations.
fn error(task: &Task, net: &Net, rows: Range<usize>) -> f64 {
	let fitted: Vec<f64> = task.series[..8_640].iter().map(|value| f64::from(*value)).collect();
	let mean = fitted.iter().sum::<f64>() / fitted.len() as f64;
	let deviation = (fitted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / fitted.len() as f64).sqrt();
	let ends: Vec<usize> = (rows.start..=rows.end - HORIZON).collect();
	let values = ends.iter().flat_map(|end| &task.series[end - HISTORY..end + HORIZON]).copied().collect();
	let windows = Windows { channels: 1, history: HISTORY, horizon: HORIZON, values };
	let sum = score(&Model::Net(net.clone()), &task.program, &windows);
	f64::from(sum) / f64::from(1 << OUT_FRAC) / (ends.len() * HORIZON) as f64 / deviation
}

/// Products of one sample in training: forward, weight gradient, and input gradient where there is one. The linear path counts once.
fn products(net: &Net) -> f64 {
	let Encoder::Conv(convs) = &net.encoder else { return 0.0 };
	let mut steps = net.window;
	let mut sum = net.skip.iter().map(|skip| skip.macs()).sum::<u64>() + 3 * net.layers[0].macs();
	for (at, conv) in convs.iter().enumerate() {
		steps = conv.steps(steps).unwrap_or(0);
		sum += conv.layer.macs() * u64::from(steps) * if at == 0 { 2 } else { 3 };
	}
	sum as f64
}

fn median(times: &mut [f64]) -> f64 {
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}

fn seconds(run: impl FnOnce()) -> f64 {
	let start = Instant::now();
	run();
	start.elapsed().as_secs_f64()
}

fn name(c: &Candidate) -> String {
	let family = if c.dilate { "TCN" } else { "CNN" };
	let skip = if c.skip { "beside the ridge" } else { "alone" };
	format!(
		"{family} window {:2}, width {:2}, depth {}, kernel {}, stride {}, {skip}",
		c.window, c.width, c.depth, c.kernel, c.stride
	)
}

/// Nets to time: plain and dilated, alone and beside the ridge.
fn nets() -> Vec<Candidate> {
	let base =
		Candidate { family: Family::Conv, window: HISTORY as u16, width: 16, epochs: 12, decay: 2, ..Candidate::default() };
	let cnn = Candidate { kernel: 5, stride: 2, depth: 2, ..base };
	let tcn = Candidate { kernel: 3, stride: 2, depth: 3, dilate: true, ..base };
	let full = Candidate { kernel: 3, stride: 1, depth: 4, dilate: true, ..base };
	[cnn, Candidate { width: 32, ..cnn }, tcn, full]
		.into_iter()
		.flat_map(|net| [false, true].map(|skip| Candidate { skip, ..net }))
		.collect()
}

/// Training speed on one core and on all.
fn speed(data: &TrainingSet) {
	let stop = AtomicBool::new(false);
	for candidate in nets() {
		let net = candidate.train(data, &stop).unwrap();
		let run = |seed: u64| drop(Candidate { seed, ..candidate }.train(data, &stop).unwrap());
		let one = median(&mut (0..7).map(|seed| seconds(|| run(seed))).collect::<Vec<_>>());
		let pool = population::pool(2).unwrap();
		let seeds: Vec<u64> = (0..8).collect();
		let all = || pool.install(|| seeds.par_iter().with_max_len(1).for_each(|seed| run(*seed)));
		let two = median(&mut (0..3).map(|_| seconds(all) / 8.0).collect::<Vec<_>>());
		let steps = (data.len() / 256) as f64 * f64::from(candidate.epochs);
		let products = products(&net) * 256.0 * steps;
		println!(
			"{}: {:.1} ms, {:.0} per hour, {:.1} GMAC/s; on two threads {:.0} per hour, {:.1} GMAC/s; test {:.4}",
			name(&candidate),
			one * 1e3,
			3600.0 / one,
			products / one / 1e9,
			3600.0 / two,
			products / two / 1e9,
			error(&data.task, &net, 11_520..14_400)
		);
	}
}

/// Mean and deviation.
fn spread(values: &[f64]) -> (f64, f64) {
	let mean = values.iter().sum::<f64>() / values.len() as f64;
	(mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
}

/// Candidates of every combination of genes, each given as `name=value,value`, and the number of seeds, given as `seeds=`.
fn settings(arguments: &[String]) -> (Vec<Candidate>, u64) {
	let (mut all, mut seeds) = (vec![vec![("family", 1), ("kernel", 5), ("stride", 2), ("depth", 2), ("width", 16)]], 3);
	for argument in arguments {
		let (name, values) = argument.split_once('=').unwrap_or_else(|| panic!("`{argument}` is no `name=value,value`"));
		let values: Vec<i64> = values.split(',').map(|value| value.parse().unwrap_or_else(|_| panic!("`{argument}`"))).collect();
		if name == "seeds" {
			seeds = values[0] as u64;
			continue;
		}
		let with =
			|genes: &Vec<(_, i64)>| values.iter().map(|value| [genes.clone(), vec![(name, *value)]].concat()).collect::<Vec<_>>();
		all = all.iter().flat_map(with).collect();
	}
	let candidate =
		|genes: Vec<(&str, i64)>| Candidate::from_genes(genes, HISTORY as u16).unwrap_or_else(|error| panic!("{error}"));
	(all.into_iter().map(candidate).collect(), seeds)
}

/// Errors of many settings over several seeds, the best on validation last.
fn search(data: &TrainingSet, arguments: &[String]) {
	let stop = AtomicBool::new(false);
	let (candidates, seeds) = settings(arguments);
	let measure = |candidate: &Candidate| -> Option<(f64, String)> {
		let train = |seed| Candidate { seed, ..*candidate }.train(data, &stop).ok();
		let nets: Vec<Net> = (0..seeds).map(train).collect::<Option<_>>()?;
		let errors =
			|rows: Range<usize>| spread(&nets.iter().map(|net| error(&data.task, net, rows.clone())).collect::<Vec<_>>());
		let (validation, test) = (errors(8_640..11_520), errors(11_520..14_400));
		let Candidate { rate, decay, epochs, .. } = candidate;
		let line = format!(
			"{}, rate {rate}, decay {decay}, epochs {epochs}: validation {:.5} ± {:.5}, test {:.5} ± {:.5}",
			name(candidate),
			validation.0,
			validation.1,
			test.0,
			test.1
		);
		Some((validation.0, line))
	};
	let mut lines: Vec<_> = candidates.par_iter().with_max_len(1).filter_map(measure).collect();
	lines.sort_by(|a, b| b.0.total_cmp(&a.0));
	lines.iter().for_each(|(_, line)| println!("{line}"));
}

fn main() {
	let arguments: Vec<String> = std::env::args().collect();
	if !arguments.iter().any(|argument| argument == "--bench") {
		println!("nothing is measured outside `cargo bench`");
		return;
	}
	let data = TrainingSet::new(task(), 0, 0).unwrap();
	println!("back-end {}", data.backend().name());
	let ridge = data.linear(HISTORY as u16, 0).unwrap();
	let of = |rows| error(&data.task, &ridge.net, rows);
	println!("ridge: validation {:.5}, test {:.5}", of(8_640..11_520), of(11_520..14_400));
	match arguments.iter().position(|argument| argument == "search") {
		Some(at) => search(&data, &arguments[at + 1..]),
		None => speed(&data),
	}
}
