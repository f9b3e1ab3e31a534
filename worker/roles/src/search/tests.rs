//! Tests of the search.

use super::*;
use crate::{
	config::OptimizationConfig,
	problem::{decode_admissible, tests::sawtooth},
};
use doin_compute::gpu::Devices;
use doin_primitives::{Evidence, Gene};
use doin_scoring::{Program, Target};
use std::collections::BTreeMap;

fn executor(threads: usize) -> Executor {
	Executor::cpu(threads).unwrap()
}

fn problem() -> Problem {
	let mut problem = sawtooth();
	let gene = |name: &str, lo, hi| Gene { name: name.as_bytes().to_vec().try_into().unwrap(), lo, hi, log: false, frac: 0 };
	problem.spec.genes =
		vec![gene("window", 4, 16), gene("width", 4, 8), gene("depth", 0, 1), gene("rate", 6, 10), gene("epochs", 1, 2)]
			.try_into()
			.unwrap();
	problem
}

#[test]
fn a_search_begins_with_the_ridge_and_finds_admissible_models() {
	let problem = problem();
	let config =
		DomainConfig { optimization_config: OptimizationConfig { seed: Some(1), ..Default::default() }, ..Default::default() };
	let mut search = Search::start(&problem, &config, &ResourceLimits::default(), executor(2)).unwrap();
	let first = search.results.blocking_recv().unwrap();
	assert_eq!(first.genes, [16, 4, 0, 6, 1]);
	let second = search.results.blocking_recv().unwrap();
	for found in [&first, &second] {
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		assert_eq!(found.errors.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
	}
	assert_eq!(search.baselines.len(), 3);
	drop(search);
}

#[test]
fn k44_a_search_that_is_started_again_goes_elsewhere() {
	let problem = problem();
	let genes = |earlier| -> Vec<Vec<i64>> {
		let seed = Some(seed_of_search(7, earlier));
		let config =
			DomainConfig { optimization_config: OptimizationConfig { seed, ..Default::default() }, ..Default::default() };
		let mut search = Search::start(&problem, &config, &ResourceLimits::default(), executor(1)).unwrap();
		std::iter::from_fn(|| search.results.blocking_recv()).take(8).map(|found| found.genes).collect()
	};
	let (first, again, second) = (genes(0), genes(0), genes(1));
	assert_eq!(first, again, "a search repeats itself with the same seed");
	assert_ne!(first[1..], second[1..], "everything after the ridge is another candidate");
	assert_eq!(seed_of_search(7, 0), 7);
	assert_ne!(seed_of_search(7, 1), seed_of_search(7, 2));
}

#[test]
fn several_channels_and_classes_are_searched_like_a_single_series() {
	let mut problem = problem();
	let first = problem.series.clone();
	// A second channel that leads the first one by four steps.
	problem.series = first.iter().zip(first.iter().skip(4).chain(&[0; 4])).flat_map(|(now, next)| [*now, *next]).collect();
	problem.spec.values = problem.series.len() as u32;
	problem.spec.evidence = Evidence::Public;
	let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
	forecast.channels = 2;
	forecast.target = Target::Classes(vec![-50, 50].try_into().unwrap());
	let config = DomainConfig::default();
	let mut search = Search::start(&problem, &config, &ResourceLimits::default(), executor(2)).unwrap();
	assert!(search.baselines.iter().all(|row| row.validation.mean <= 1.0 && row.practice.is_none()));
	for _ in 0..6 {
		let found = search.results.blocking_recv().unwrap();
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		let sums = problem.drawn_sums(std::slice::from_ref(&found.model), &[3; 32]).unwrap();
		assert_eq!((&found.errors.validation, found.errors.practice.len()), (&sums[0], 0), "validation is all there is");
	}
}

#[test]
fn bounds_of_genes_are_narrowed_or_refused() {
	let problem = problem();
	let with = |name: &str, bounds| DomainConfig { param_bounds: [(name.to_string(), bounds)].into(), ..Default::default() };
	let limits = ResourceLimits { max_epochs: Some(1), ..Default::default() };
	let space = space::narrowed(&problem, &with("width", [6, 99]), &limits).unwrap();
	assert_eq!((space.genes()[1].lo, space.genes()[1].hi), (6, 8));
	assert_eq!((space.genes()[4].lo, space.genes()[4].hi), (1, 1));
	let refusal = |config| format!("{:#}", space::narrowed(&problem, &config, &ResourceLimits::default()).unwrap_err());
	assert!(refusal(with("wdth", [1, 2])).contains("window, width, depth, rate, epochs"));
	assert!(refusal(with("width", [9, 10])).contains("leaves nothing of the domain's 4..=8"));
}

#[test]
fn a_training_that_takes_too_long_ends() {
	let mut problem = problem();
	problem.spec.genes[4].lo = 900;
	problem.spec.genes[4].hi = 900;
	problem.spec.genes[2].lo = 1;
	let config = DomainConfig::default();
	let limits = ResourceLimits { max_training_seconds: Some(0), ..Default::default() };
	let mut search = Search::start(&problem, &config, &limits, executor(1)).unwrap();
	std::thread::sleep(Duration::from_millis(900));
	assert!(search.results.try_recv().is_err(), "nothing was trained to its end");
	let started = Instant::now();
	drop(search);
	assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn devices_and_cores_share_a_search() {
	let problem = problem();
	let config =
		DomainConfig { optimization_config: OptimizationConfig { seed: Some(1), ..Default::default() }, ..Default::default() };
	let software = Devices::open(&"llvmpipe".parse().unwrap()).expect("mesa-vulkan-drivers is installed by scripts/setup.sh");
	let best = |devices| {
		let mut search =
			Search::start(&problem, &config, &ResourceLimits::default(), Executor::new(2, Arc::new(devices)).unwrap()).unwrap();
		let found: BTreeMap<Vec<i64>, Model> =
			std::iter::from_fn(|| search.results.blocking_recv()).take(40).map(|found| (found.genes, found.model)).collect();
		found
	};
	let (with, without) = (best(software), best(Devices::default()));
	let both: Vec<_> = with.iter().filter_map(|(genes, model)| Some((model, without.get(genes)?))).collect();
	assert!(both.len() > 4, "{} candidates were trained on both", both.len());
	assert!(both.iter().all(|(device, core)| device == core), "a candidate is the same model wherever it was trained");
}
