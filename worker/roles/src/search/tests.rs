//! Tests of the search.

use super::{
	shared::{models_of, Training, WantedCandidates},
	*,
};
use crate::{
	config::OptimizationConfig,
	problem::{
		decode_admissible,
		tests::{genomes, letters, rastrigin, sawtooth, sealed_sawtooth},
	},
	progress::{Progress, Scale, SearchProgress, SearchState},
};
use doin_chain::Account;
use doin_compute::{gpu::Devices, OperandBits, Published};
use doin_primitives::{Evidence, EvidenceRef, Gene};
use doin_scoring::{verdict::loss, Program, Target};
use doin_search::Trial;
use std::collections::{BTreeMap, BTreeSet};

fn executor(threads: usize) -> Executor {
	Executor::cpu(threads).unwrap()
}

/// Returns a model of another author.
fn immigrant(genes: Vec<i64>, model: Option<Model>) -> Immigrant {
	Immigrant { id: 5, genes, model: model.map(Arc::new) }
}

/// Starts a search whose progress nobody reads.
fn start(problem: &Arc<Problem>, config: &DomainConfig, limits: &ResourceLimits, executor: Executor) -> Result<Search> {
	Search::start(problem, config, limits, executor, meter(&Progress::default(), problem), None)
}

/// Returns a meter of a search on `problem`.
fn meter(progress: &Progress, problem: &Problem) -> Meter {
	progress.begin(problem.id, Account([1; 32]), Scale { population: 24, initial_error: problem.bar().unwrap() })
}

fn gene(name: &str, lo: i64, hi: i64) -> Gene {
	Gene { name: name.as_bytes().to_vec().try_into().unwrap(), lo, hi, log: false, frac: 0 }
}

fn unshared() -> Problem {
	let mut problem = sawtooth();
	problem.spec.genes =
		vec![gene("window", 4, 16), gene("width", 4, 8), gene("depth", 0, 1), gene("rate", 6, 10), gene("epochs", 1, 2)]
			.try_into()
			.unwrap();
	problem
}

fn problem() -> Arc<Problem> {
	Arc::new(unshared())
}

/// Returns rows with genes of small nets, of which `opened` segments are opened.
fn rows(opened: u16) -> Arc<Problem> {
	let mut problem = letters(opened);
	problem.spec.genes =
		vec![gene("width", 4, 8), gene("depth", 0, 1), gene("rate", 6, 10), gene("epochs", 1, 2)].try_into().unwrap();
	Arc::new(problem)
}

fn seeded() -> DomainConfig {
	DomainConfig { optimization_config: OptimizationConfig { seed: Some(1), ..Default::default() }, ..Default::default() }
}

#[test]
fn rows_are_searched_with_the_claims_of_the_chain() {
	let problem = rows(1);
	let mut search = start(&problem, &seeded(), &ResourceLimits::default(), executor(2)).unwrap();
	assert_eq!(search.baselines.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["majority class", "ridge"]);
	for _ in 0..4 {
		let found = search.results.blocking_recv().unwrap();
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		assert_eq!(found.errors.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
	}
}

/// A segment is opened while the search runs.
#[test]
fn the_best_candidates_are_trained_again_on_data_that_has_grown() {
	for (before, after) in [(rows(0), rows(1)), grown_series()] {
		let mut search = start(&before, &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
		let mut found: BTreeMap<Vec<i64>, Model> = BTreeMap::new();
		for _ in 0..3 {
			let first = search.results.blocking_recv().unwrap();
			found.insert(first.genes, first.model);
		}
		search.grow(&before);
		search.grow(&after);
		let again = std::iter::from_fn(|| search.results.blocking_recv()).take(300).find(|again| {
			decode_admissible(&after, &again.model.to_bytes()).unwrap();
			let claim = after.validation_sums(std::slice::from_ref(&again.model)).unwrap().remove(0);
			assert_eq!(again.errors.validation, claim);
			found.insert(again.genes.clone(), again.model.clone()).is_some_and(|former| former != again.model)
		});
		assert!(again.is_some(), "the same genes became another model");
	}
}

/// Returns the configurations of all algorithms, a program of the user among them.
fn all_algorithms() -> impl Iterator<Item = DomainConfig> {
	let native = [Algorithm::Ga, Algorithm::De, Algorithm::Cmaes, Algorithm::Random, Algorithm::Sobol];
	native.map(with).into_iter().chain([with_program()])
}

/// Returns a search of a landscape.
fn search_of(problem: &Arc<Problem>, config: &DomainConfig) -> Search {
	start(problem, config, &ResourceLimits::default(), executor(1)).unwrap()
}

#[test]
fn every_algorithm_searches_the_coordinates_of_a_landscape() {
	let problem = Arc::new(rastrigin());
	for config in all_algorithms() {
		let mut search = search_of(&problem, &config);
		assert_eq!(search.baselines.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["origin"]);
		let mut least = u64::MAX;
		for _ in 0..3 {
			let found = search.results.blocking_recv().unwrap();
			decode_admissible(&problem, &found.model.to_bytes()).unwrap();
			assert_eq!(found.model, problem.point(&found.genes), "the genes are the coordinates");
			assert_eq!(found.errors.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
			assert_eq!(found.fitness, found.validation_error());
			assert!(found.fitness < least, "only better points are sent");
			least = found.fitness;
		}
	}
}

#[test]
fn a_landscape_is_searched_down_to_a_part_of_its_initial_value() {
	let problem = Arc::new(rastrigin());
	let wanted = problem.bar().unwrap() / 5;
	let mut search = search_of(&problem, &with(Algorithm::Ga));
	let reached = std::iter::from_fn(|| search.results.blocking_recv()).find(|found| found.fitness < wanted);
	assert!(reached.is_some());
}

#[test]
fn a_champion_of_a_landscape_is_taken_in_by_its_model() {
	let problem = Arc::new(rastrigin());
	let Program::Landscape(landscape) = problem.spec.program else { unreachable!("a landscape") };
	let optimum: Vec<i64> = landscape.optimum().into_iter().map(i64::from).collect();
	let mut search = search_of(&problem, &with(Algorithm::Random));
	// The record has no genes, so the chain states none.
	search.immigrate(immigrant(Vec::new(), Some(problem.point(&optimum))));
	let taken = std::iter::from_fn(|| search.results.blocking_recv()).find(|found| found.fitness == 0);
	assert_eq!(taken.map(|found| found.genes), Some(optimum));
}

#[test]
fn loss_genomes_are_searched_by_genetic_programming_and_claimed_as_the_chain_runs_them() {
	let problem = Arc::new(genomes());
	let mut search = search_of(&problem, &with(Algorithm::Ga));
	assert_eq!(search.baselines.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["cross-entropy", "squared error"]);
	for _ in 0..2 {
		let found = search.results.blocking_recv().unwrap();
		let genome = doin_search::program::genome(&found.genes).unwrap();
		assert_eq!(found.model, Model::Genome(genome), "the genes are the instructions");
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		assert_eq!(found.errors.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
		assert!(found.fitness < doin_compute::INITIAL_FITNESS, "only genomes that are better than the initial champion are sent");
	}
}

#[test]
fn options_that_genomes_do_not_have_are_refused_by_name() {
	let problem = Arc::new(genomes());
	let refusal = |config: DomainConfig| {
		let started = start(&problem, &config, &ResourceLimits::default(), executor(1));
		format!("{:#}", started.err().expect("it is refused"))
	};
	let bounds = DomainConfig { param_bounds: BTreeMap::from([("op0".into(), [0, 1])]), ..seeded() };
	assert!(refusal(bounds).contains("`param_bounds` narrows numbers, and the models of domain 6 are genomes"));
	let mut staged = seeded();
	staged.optimization_config.optimization_increment_size = Some(7);
	assert!(refusal(staged).contains("genomes have no stages"));
	assert!(refusal(with(Algorithm::Cmaes)).contains("gene `op0` is a category"));
}

#[test]
fn a_search_that_goes_on_keeps_its_experiment_and_its_time() {
	let landscape = Arc::new(rastrigin());
	for (problem, config) in all_algorithms().map(|config| (landscape.clone(), config)).chain([(problem(), seeded())]) {
		let begin = |folder: &std::path::Path| {
			let file = StateFile::new(&folder.join("journal.db"), &problem, Account([1; 32]), None);
			let meter = meter(&Progress::default(), &problem);
			let mut search =
				Search::start(&problem, &config, &ResourceLimits::default(), executor(1), meter, Some(file)).unwrap();
			let found = search.results.blocking_recv().unwrap();
			(found.experiment, found.millis)
		};
		let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let (before, after) = (begin(folder.path()), begin(folder.path()));
		assert_eq!(before.0, after.0, "one experiment");
		assert!(before.1 <= after.1, "its time goes on");
		assert_ne!(begin(other.path()).0, before.0, "another experiment");
	}
}

/// Returns rows with more points than a test visits.
fn wide_rows(opened: u16) -> Arc<Problem> {
	let mut problem = Problem::clone(&rows(opened));
	problem.spec.genes[0].hi = 32;
	problem.spec.genes[3].hi = 9;
	Arc::new(problem)
}

/// Nothing proves that a model was trained with the genes beside it, or on all rows that have been opened since.
#[test]
fn the_genes_of_an_immigrant_are_trained_whatever_its_model_is() {
	for (problem, genes) in [(wide(), vec![5, 33, 1, 7, 3]), (wide_rows(1), vec![17, 1, 7, 3])] {
		let begin = || start(&problem, &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
		let ridge = begin().results.blocking_recv().unwrap();
		let mut search = begin();
		search.immigrate(immigrant(genes.clone(), Some(ridge.model.clone())));
		let trained = std::iter::from_fn(|| search.results.blocking_recv()).take(300).find(|found| found.genes == genes);
		assert!(trained.is_some_and(|trained| trained.model != ridge.model), "{genes:?}");
	}
}

/// All seats of a round are revealed, more than a search takes in before one batch.
#[tokio::test]
async fn every_candidate_of_a_round_is_taken_in_and_one_of_other_genes_is_left_out() {
	let (problem, progress) = (wide(), Progress::default());
	let mut first = start(&problem, &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
	let ridge = first.results.recv().await.unwrap();
	drop(first);
	let meter = meter(&progress, &problem);
	let mut search = Search::start(&problem, &seeded(), &ResourceLimits::default(), executor(1), meter, None).unwrap();
	let genes = |width: i64| vec![5, width, 1, 7, 3];
	search.immigrate(immigrant(vec![5], None));
	for width in 33..40 {
		search.immigrate(immigrant(genes(width), Some(ridge.model.clone())));
	}
	until(&progress, |search| search.immigrants == 7).await;
	let mut wanted: BTreeSet<Vec<i64>> = (33..40).map(genes).collect();
	while !wanted.is_empty() {
		let found = search.results.recv().await.expect("the search goes on");
		wanted.remove(&found.genes);
	}
}

/// The worker stops while the genes of an immigrant are trained. They are known by then, with the fitness of its model.
#[test]
fn an_immigrant_whose_training_was_interrupted_is_trained_after_a_restart() {
	let mut problem = Problem::clone(&wide());
	problem.spec.genes[4].hi = 200;
	let (problem, folder, genes) = (Arc::new(problem), tempfile::tempdir().unwrap(), vec![5, 33, 1, 7, 200]);
	let ridge = start(&problem, &seeded(), &ResourceLimits::default(), executor(1)).unwrap().results.blocking_recv().unwrap();
	let begin = |progress: &Progress| {
		let file = StateFile::new(&folder.path().join("journal.db"), &problem, Account([1; 32]), None);
		let meter = meter(progress, &problem);
		let search = Search::start(&problem, &seeded(), &ResourceLimits::default(), executor(1), meter, Some(file)).unwrap();
		search.immigrate(immigrant(genes.clone(), Some(ridge.model.clone())));
		search
	};
	let progress = Progress::default();
	let mut search = begin(&progress);
	while progress.searches()[0].immigrants == 0 {
		std::thread::yield_now();
	}
	search.stop.store(true, Ordering::Relaxed);
	let is_trained = std::iter::from_fn(|| search.results.blocking_recv()).any(|found| found.genes == genes);
	drop(search);
	let mut search = begin(&Progress::default());
	let mut results = std::iter::from_fn(|| search.results.blocking_recv()).take(40);
	assert!(is_trained || results.any(|found| found.genes == genes), "it is known, and was never trained");
}

/// The worker stops while the best candidates are trained again.
#[test]
fn candidates_that_were_not_trained_again_are_so_after_a_restart() {
	let folder = tempfile::tempdir().unwrap();
	let begin = |problem: &Arc<Problem>| {
		let file = StateFile::new(&folder.path().join("journal.db"), problem, Account([1; 32]), None);
		let meter = meter(&Progress::default(), problem);
		Search::start(problem, &seeded(), &ResourceLimits::default(), executor(1), meter, Some(file)).unwrap()
	};
	let saved = || {
		let file = StateFile::new(&folder.path().join("journal.db"), &wide_rows(0), Account([1; 32]), None);
		let saved = file.read().unwrap().expect("the state was written");
		(saved.segments, saved.best)
	};
	let mut search = begin(&wide_rows(0));
	let mut known: BTreeSet<Vec<i64>> =
		std::iter::from_fn(|| search.results.blocking_recv()).take(8).map(|found| found.genes).collect();
	search.stop.store(true, Ordering::Relaxed);
	known.extend(std::iter::from_fn(|| search.results.blocking_recv()).map(|found| found.genes));
	drop(search);
	let (segments, before) = saved();
	assert_eq!(segments, 0);
	// Stopped at once, the search has trained none of them again, or all.
	drop(begin(&wide_rows(1)));
	let (segments, best) = saved();
	assert_eq!(segments == 1, best != before, "{before:?} {best:?}");
	let mut search = begin(&wide_rows(1));
	let mut results = std::iter::from_fn(|| search.results.blocking_recv());
	assert!(results.any(|found| !known.contains(&found.genes)), "a candidate that was trained after those of the first search");
	drop(search);
	assert_eq!(saved().0, 1);
}

#[test]
fn a_search_that_has_visited_its_space_waits_for_segments() {
	let single = |opened| {
		let mut problem = letters(opened);
		problem.spec.genes =
			vec![gene("width", 4, 4), gene("depth", 0, 0), gene("rate", 6, 6), gene("epochs", 1, 1)].try_into().unwrap();
		Arc::new(problem)
	};
	let (before, after) = (single(0), single(1));
	let mut search = start(&before, &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
	let first = search.results.blocking_recv().unwrap();
	std::thread::sleep(Duration::from_millis(300));
	search.grow(&after);
	let again = search.results.blocking_recv().expect("the search goes on");
	assert_eq!(again.genes, first.genes);
	assert_ne!(again.model, first.model, "trained on more rows");
	let started = Instant::now();
	drop(search);
	assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_domain_of_live_evidence_is_refused_with_the_next_step() {
	let mut problem = unshared();
	problem.spec.evidence = Evidence::Live { stream: 3, unit: 100 };
	let search = start(&Arc::new(problem), &seeded(), &ResourceLimits::default(), executor(1));
	let reason = format!("{:#}", search.err().expect("live evidence cannot be searched for"));
	assert!(reason.contains("bars of stream 3") && reason.contains("set `optimize = false` for domain 3"), "{reason}");
}

#[test]
fn a_domain_that_does_not_admit_its_ridge_is_searched() {
	let mut problem = Problem::clone(&rows(0));
	problem.spec.limits.window_macs = u32::from(problem.rows().unwrap().features);
	let search = start(&Arc::new(problem), &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
	assert_eq!(search.baselines.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["majority class"]);
}

fn grown_series() -> (Arc<Problem>, Arc<Problem>) {
	let with = |opened| {
		let mut problem = sealed_sawtooth(opened);
		problem.spec.genes = unshared().spec.genes;
		Arc::new(problem)
	};
	(with(0), with(1))
}

#[test]
fn a_search_begins_with_the_ridge_and_finds_admissible_models() {
	let problem = problem();
	let config =
		DomainConfig { optimization_config: OptimizationConfig { seed: Some(1), ..Default::default() }, ..Default::default() };
	let mut search = start(&problem, &config, &ResourceLimits::default(), executor(2)).unwrap();
	let first = search.results.blocking_recv().unwrap();
	assert_eq!(first.genes, [16, 4, 0, 6, 1]);
	let second = search.results.blocking_recv().unwrap();
	for found in [&first, &second] {
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		assert_eq!(found.errors.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
	}
	assert_eq!(search.baselines.len(), 4);
	drop(search);
}

#[test]
fn a_domain_with_the_gene_for_it_is_searched_from_the_mean_of_ridges_on() {
	let mut problem = unshared();
	let skip = Gene { name: b"skip".to_vec().try_into().unwrap(), lo: 0, hi: 2, log: false, frac: 0 };
	problem.spec.genes.try_push(skip).unwrap();
	let problem = Arc::new(problem);
	let mut search = start(&problem, &seeded(), &ResourceLimits::default(), executor(2)).unwrap();
	let [mean, ridge] = [(); 2].map(|()| search.results.blocking_recv().unwrap());
	assert_eq!((&mean.genes[..], &ridge.genes[..]), (&[16, 4, 0, 6, 1, 2][..], &[16, 4, 0, 6, 1, 1][..]));
	assert_ne!(mean.model, ridge.model);
	for (found, row) in [(&mean, &search.baselines[3]), (&ridge, &search.baselines[2])] {
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		assert_eq!(found.errors.validation.iter().map(|sum| u64::from(*sum)).sum::<u64>(), row.validation.error, "{}", row.name);
	}
}

#[test]
fn k44_a_search_that_is_started_again_goes_elsewhere() {
	let problem = problem();
	let genes = |earlier| -> Vec<Vec<i64>> {
		let seed = Some(seed_of_search(7, earlier));
		let config =
			DomainConfig { optimization_config: OptimizationConfig { seed, ..Default::default() }, ..Default::default() };
		let mut search = start(&problem, &config, &ResourceLimits::default(), executor(1)).unwrap();
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
	let mut problem = unshared();
	let first = problem.data.series().to_vec();
	// A second channel that leads the first one by four steps.
	let series: Vec<i32> = first.iter().zip(first.iter().skip(4).chain(&[0; 4])).flat_map(|(now, next)| [*now, *next]).collect();
	problem.spec.values = series.len() as u32;
	problem.data = Published::Series(series);
	problem.spec.evidence = Evidence::Public;
	let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
	forecast.channels = 2;
	forecast.target = Target::Classes(vec![-50, 50].try_into().unwrap());
	let problem = Arc::new(problem);
	let config = DomainConfig::default();
	let mut search = start(&problem, &config, &ResourceLimits::default(), executor(2)).unwrap();
	assert!(search.baselines.iter().all(|row| row.validation.mean <= 1.0 && row.practice.is_none()));
	for _ in 0..6 {
		let found = search.results.blocking_recv().unwrap();
		decode_admissible(&problem, &found.model.to_bytes()).unwrap();
		let sums = problem.drawn_sums(std::slice::from_ref(&found.model), EvidenceRef::Drawn, &[3; 32]).unwrap();
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
	let mut problem = unshared();
	problem.spec.genes[4].lo = 900;
	problem.spec.genes[4].hi = 900;
	problem.spec.genes[2].lo = 1;
	let (problem, config) = (Arc::new(problem), DomainConfig::default());
	let limits = ResourceLimits { max_training_seconds: Some(0), ..Default::default() };
	let mut search = start(&problem, &config, &limits, executor(1)).unwrap();
	std::thread::sleep(Duration::from_millis(900));
	assert!(search.results.try_recv().is_err(), "nothing was trained to its end");
	let started = Instant::now();
	drop(search);
	assert!(started.elapsed() < Duration::from_secs(5));
}

/// Trains the next part that a search offers, as `doin-worker pull` does. Returns the encodings of the whole trainings, by genes.
fn pulled(queue: &HostQueue, training: &Training, problem: &Arc<Problem>) -> BTreeMap<Vec<i64>, Vec<u8>> {
	let task = loop {
		let pending = queue.pending(None);
		// The search may take a part back.
		if let Some(task) = pending.into_iter().find(|task| queue.claim(&task.task_id, "second").is_ok()) {
			break task;
		}
		std::thread::sleep(Duration::from_millis(1));
	};
	let wanted = WantedCandidates::of_task(&task).unwrap();
	let result = training.train_until(problem, &wanted, &AtomicBool::new(false)).unwrap();
	let models = models_of(result.clone(), wanted.trials.len()).unwrap();
	if queue.complete(&task.task_id, "second", result).is_err() {
		return BTreeMap::new();
	}
	let whole = wanted.trials.into_iter().zip(models).filter(|(trial, _)| trial.divisor == 1);
	whole.filter_map(|(trial, model)| Some((trial.genes, model?))).collect()
}

#[test]
fn another_worker_trains_candidates_and_their_claims_are_computed_here() {
	for problem in [problem(), rows(1)] {
		let queue = HostQueue::default();
		let training = Training::new(executor(1));
		let mut search = start(&problem, &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
		search.share_work(queue.clone());
		let mut trained = BTreeMap::new();
		while trained.len() < 3 {
			trained.extend(pulled(&queue, &training, &problem));
		}
		while !trained.is_empty() {
			let found = search.results.blocking_recv().unwrap();
			if let Some(bytes) = trained.remove(&found.genes) {
				assert_eq!(found.model.to_bytes(), bytes, "training is exact");
				assert_eq!(found.errors.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
			}
		}
	}
}

#[test]
fn a_search_trains_what_another_worker_does_not_hand_in() {
	let (problem, queue) = (problem(), HostQueue::default());
	let mut search = search_of(&problem, &with(Algorithm::Random));
	search.share_work(queue.clone());
	let offered = loop {
		let pending = queue.pending(None);
		if let Some(task) = pending.into_iter().find(|task| queue.claim(&task.task_id, "second").is_ok()) {
			queue.complete(&task.task_id, "second", serde_json::Value::Null).unwrap();
			break WantedCandidates::of_task(&task).unwrap();
		}
	};
	let is_offered = |found: &TrainedCandidate| offered.trials.iter().any(|trial| trial.genes == found.genes);
	let found = std::iter::from_fn(|| search.results.blocking_recv()).take(200).find(is_offered);
	decode_admissible(&problem, &found.expect("it is trained here").model.to_bytes()).unwrap();
}

#[test]
fn only_admitted_nets_of_other_workers_are_candidates() {
	let data = TrainingData::new(problem(), &ResourceLimits::default(), 1).unwrap();
	assert!([vec![], vec![0; 9], Model::Seasonal.to_bytes()].iter().all(|bytes| data.checked(bytes).is_none()));
	let training = Training::new(executor(1));
	let wanted =
		WantedCandidates { trials: Vec::new(), seed: 1, segments: 1, memory_mb: None, patience: None, seconds: None, bits: None };
	let refused = |problem: Arc<Problem>, wanted: &WantedCandidates| {
		training.train_until(&problem, wanted, &AtomicBool::new(false)).unwrap_err().to_string()
	};
	assert!(refused(problem(), &wanted).contains("knows 0 opened segments of domain"));
	assert!(refused(Arc::new(rastrigin()), &wanted).contains("are not trained"));
	let short = WantedCandidates { trials: vec![Trial::whole(vec![1])], segments: 0, ..wanted };
	assert!(refused(problem(), &short).contains("a candidate has 1 genes"));
}

#[test]
fn devices_and_cores_share_a_search() {
	let problem = problem();
	let config =
		DomainConfig { optimization_config: OptimizationConfig { seed: Some(1), ..Default::default() }, ..Default::default() };
	let software = Devices::open(&"llvmpipe".parse().unwrap()).expect("mesa-vulkan-drivers is installed by scripts/setup.sh");
	let best = |devices| {
		let mut search =
			start(&problem, &config, &ResourceLimits::default(), Executor::new(2, Arc::new(devices)).unwrap()).unwrap();
		let found: BTreeMap<Vec<i64>, Model> =
			std::iter::from_fn(|| search.results.blocking_recv()).take(40).map(|found| (found.genes, found.model)).collect();
		found
	};
	let (with, without) = (best(software), best(Devices::default()));
	let both: Vec<_> = with.iter().filter_map(|(genes, model)| Some((model, without.get(genes)?))).collect();
	assert!(both.len() > 4, "{} candidates were trained on both", both.len());
	assert!(both.iter().all(|(device, core)| device == core), "a candidate is the same model wherever it was trained");
}

/// Waits until the figures of the only search are as expected.
async fn until(progress: &Progress, expected: impl Fn(&SearchProgress) -> bool) -> SearchProgress {
	let mut changes = progress.changes();
	let wait = async {
		loop {
			let search = progress.searches().pop().expect("one search has begun");
			if expected(&search) {
				return search;
			}
			changes.changed().await.expect("the progress lives");
		}
	};
	tokio::select! {
		found = wait => found,
		() = progress.announce() => unreachable!("announcing never ends"),
	}
}

#[tokio::test]
async fn the_published_figures_are_those_of_the_candidates() {
	let mut problem = unshared();
	// Too many points to visit before the search is stopped.
	problem.spec.genes[4].hi = 100;
	let problem = Arc::new(problem);
	let progress = Progress::default();
	let meter = meter(&progress, &problem);
	assert_eq!(progress.searches()[0].state, SearchState::Stopped, "it has not begun");
	let mut search = Search::start(&problem, &seeded(), &ResourceLimits::default(), executor(2), meter, None).unwrap();
	search.immigrate(immigrant(vec![8, 5, 1, 7, 2], None));
	search.immigrate(immigrant(vec![8, 5, 1, 7, 2], None));
	search.immigrate(immigrant(vec![8, 5, 1], None));
	let seen = until(&progress, |search| search.generation >= 2 && search.immigrants > 0).await;
	assert_eq!((seen.domain, seen.account, seen.population), (problem.id, Account([1; 32]), 24));
	assert_eq!((seen.state, &seen.devices[..]), (SearchState::Training, &["2 CPU threads".to_string()][..]));
	assert!(seen.candidates >= 24, "{seen:?}");
	search.meter().chain_read(problem.bar().unwrap() / 2, 7);
	search.stop.store(true, Ordering::Relaxed);
	let ended = until(&progress, |search| search.state == SearchState::Stopped).await;
	assert_eq!(
		(ended.champion, ended.pool, ended.immigrants),
		(Some(loss(problem.bar().unwrap() / 2, problem.bar().unwrap())), 7, 1)
	);
	assert_eq!(ended.remaining_ms, None);
	let found: Vec<TrainedCandidate> = std::iter::from_fn(|| search.results.try_recv().ok()).collect();
	assert_eq!(ended.candidates, found.len() as u64);
	let losses = found.iter().map(|found| loss(found.validation_error(), problem.bar().unwrap()));
	assert_eq!(ended.best, losses.min());
	assert!(found.iter().any(|found| found.genes == [8, 5, 1, 7, 2]), "the immigrant was trained");
}

#[tokio::test]
async fn a_search_that_waits_for_data_shows_it() {
	let single = |opened| {
		let mut problem = letters(opened);
		problem.spec.genes =
			vec![gene("width", 4, 4), gene("depth", 1, 1), gene("rate", 6, 6), gene("epochs", 3, 3)].try_into().unwrap();
		Arc::new(problem)
	};
	let (before, after) = (single(0), single(1));
	let progress = Progress::default();
	let meter = meter(&progress, &before);
	let mut search = Search::start(&before, &seeded(), &ResourceLimits::default(), executor(1), meter, None).unwrap();
	let waiting = until(&progress, |search| search.state == SearchState::Waiting).await;
	assert_eq!((waiting.candidates, waiting.epoch, waiting.total_epochs), (1, 3, 3));
	assert_eq!((waiting.remaining_ms, &waiting.devices[..]), (None, &["1 CPU thread".to_string()][..]));
	search.grow(&after);
	until(&progress, |search| search.state == SearchState::Waiting && search.candidates == 2).await;
	drop(search);
	assert_eq!(progress.searches()[0].state, SearchState::Stopped);
}

fn with(algorithm: Algorithm) -> DomainConfig {
	let optimization_config =
		OptimizationConfig { algorithm, seed: Some(1), population_size: 12, elite: 4, ..Default::default() };
	DomainConfig { optimization_config, ..Default::default() }
}

/// Returns a search by a program of the user, the one in Python of the documentation.
fn with_program() -> DomainConfig {
	let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/python");
	let (source, example) = (package.join("src"), package.join("examples/random_search.py"));
	let words = ["env".into(), format!("PYTHONPATH={}", source.display()), "python3".into(), example.display().to_string()];
	let mut config = with(Algorithm::Program);
	config.optimization_config.program = Some(words.to_vec());
	config
}

/// Returns a domain with more points than a test visits.
fn wide() -> Arc<Problem> {
	let mut problem = unshared();
	problem.spec.genes[4].hi = 9;
	problem.spec.genes[1].hi = 64;
	Arc::new(problem)
}

#[test]
fn every_algorithm_finds_admissible_models() {
	for config in all_algorithms() {
		let algorithm = config.optimization_config.algorithm;
		for problem in [wide(), rows(0)] {
			let mut search = start(&problem, &config, &ResourceLimits::default(), executor(2)).unwrap();
			let found: Vec<_> = std::iter::from_fn(|| search.results.blocking_recv()).take(6).collect();
			assert_eq!(found.len(), 6, "{algorithm:?}");
			for found in found {
				decode_admissible(&problem, &found.model.to_bytes()).unwrap();
				let claim = problem.validation_sums(std::slice::from_ref(&found.model)).unwrap().remove(0);
				assert_eq!(found.errors.validation, claim, "{algorithm:?}");
			}
		}
	}
}

#[test]
fn an_algorithm_that_cannot_search_the_genes_is_refused_with_another_one() {
	let mut problem = unshared();
	problem.spec.genes.try_push(gene("family", 0, 3)).unwrap();
	let search = start(&Arc::new(problem), &with(Algorithm::Cmaes), &ResourceLimits::default(), executor(1));
	let reason = format!("{:#}", search.err().expect("families have no order"));
	assert!(reason.contains("`family` is a category") && reason.contains("e.g. ga"), "{reason}");
}

#[test]
fn a_program_that_cannot_be_started_is_refused_with_its_name() {
	let mut config = with(Algorithm::Program);
	config.optimization_config.program = Some(vec!["/nonexistent/optimizer".into()]);
	let search = start(&wide(), &config, &ResourceLimits::default(), executor(1));
	let reason = format!("{:#}", search.err().expect("there is no such program"));
	assert!(reason.contains("program `/nonexistent/optimizer`: it cannot be started"), "{reason}");
}

#[test]
fn genes_of_convolutions_are_searched_for_convolutions_only() {
	let mut problem = unshared();
	for more in [gene("family", 0, 3), gene("kernel", 2, 5), gene("stride", 1, 2)] {
		problem.spec.genes.try_push(more).unwrap();
	}
	let space = space::narrowed(&problem, &DomainConfig::default(), &ResourceLimits::default()).unwrap();
	assert_eq!(space.canonical(vec![4, 4, 0, 6, 1, 0, 5, 2]), [4, 4, 0, 6, 1, 0, 2, 1], "a dense net");
	assert_eq!(space.canonical(vec![4, 4, 0, 6, 1, 1, 5, 2]), [4, 4, 0, 6, 1, 1, 5, 2], "a convolution");
}

#[tokio::test]
async fn a_search_takes_the_threads_that_others_leave() {
	let (problem, progress) = (wide(), Progress::default());
	let meter = meter(&progress, &problem);
	let mut search = Search::start(&problem, &seeded(), &ResourceLimits::default(), executor(1), meter, None).unwrap();
	search.use_threads(3);
	let seen = until(&progress, |search| search.devices == ["3 CPU threads"]).await;
	assert_eq!(seen.state, SearchState::Training);
}

#[test]
fn a_staged_search_adds_the_genes_of_the_domain_and_shows_its_stage() {
	let problem = wide();
	let mut config = with(Algorithm::Ga);
	let options = &mut config.optimization_config;
	options.optimization_stages = vec![vec!["window".into()], vec!["width".into(), "depth".into()]];
	options.optimization_patience = 1;
	let progress = Progress::default();
	let limits = ResourceLimits::default();
	let meter = meter(&progress, &problem);
	let mut search = Search::start(&problem, &config, &limits, executor(1), meter, None).unwrap();
	let found: Vec<_> = std::iter::from_fn(|| search.results.blocking_recv()).take(60).collect();
	// The ridge, which the search begins with, has genes of its own.
	let first: BTreeSet<_> = found[1..8].iter().map(|found| found.genes[1..].to_vec()).collect();
	assert_eq!(first.len(), 1, "{first:?}");
	let widths: BTreeSet<i64> = found.iter().map(|found| found.genes[1]).collect();
	assert!(widths.len() > 4, "{widths:?}");
	drop(search);
	let shown = progress.searches().pop().unwrap();
	assert_eq!((shown.stage, shown.stages), (2, 2));
	config.optimization_config.optimization_stages[0] = vec!["windows".into()];
	let refused = start(&problem, &config, &limits, executor(1)).err().expect("there is no such gene");
	assert!(format!("{refused:#}").contains("stage 1 names `windows`, and the genes are window, width, depth, rate, epochs"));
}

#[test]
fn a_training_with_patience_ends_early_and_gives_admissible_models() {
	let problem = wide();
	let mut config = seeded();
	config.optimization_config.early_patience = Some(1);
	let mut search = start(&problem, &config, &ResourceLimits::default(), executor(2)).unwrap();
	for found in std::iter::from_fn(|| search.results.blocking_recv()).take(12) {
		let claim = problem.validation_sums(std::slice::from_ref(&found.model)).unwrap().remove(0);
		assert_eq!(found.errors.validation, claim);
	}
}

/// A domain of the same kind was searched before, by the same worker.
#[test]
fn the_best_candidates_of_a_related_domain_are_trained_first() {
	let folder = tempfile::tempdir().unwrap();
	let run = |problem: &Arc<Problem>, proposals: usize| -> Vec<Vec<i64>> {
		let mut config = seeded();
		config.optimization_config.proposals = proposals;
		let file = StateFile::new(&folder.path().join("journal.db"), problem, Account([1; 32]), None);
		let (meter, limits) = (meter(&Progress::default(), problem), ResourceLimits::default());
		let mut search = Search::start(problem, &config, &limits, executor(1), meter, Some(file)).unwrap();
		let found = std::iter::from_fn(|| search.results.blocking_recv()).take(40).map(|found| found.genes).collect();
		drop(search);
		found
	};
	let related = |id| {
		let mut problem = Problem::clone(&wide());
		(problem.id, problem.spec.min_improvement) = (id, id);
		Arc::new(problem)
	};
	let before = run(&related(5), 0);
	let best =
		StateFile::new(&folder.path().join("journal.db"), &related(5), Account([1; 32]), None).read().unwrap().unwrap().best;
	let proposed = run(&related(6), 4);
	assert!(best.iter().take(4).all(|(_, genes)| proposed[..8].contains(genes)), "{best:?} {proposed:?}");
	let without = run(&related(7), 0);
	assert_eq!(without[..20], before[..20], "the same seed finds the same without proposals");
}

/// The program is asked about all domains that the worker has searched, of which there are none.
#[test]
fn a_program_of_the_user_proposes_the_first_candidates() {
	const PROGRAM: &str = "
import json, sys
genes = {'window': 5, 'width': 5, 'depth': 1, 'rate': 7, 'epochs': 1}
for line in sys.stdin:
    message = json.loads(line)
    result = {'version': 1, 'trials': [{'genes': genes}]}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}), flush=True)
";
	let (problem, folder) = (wide(), tempfile::tempdir().unwrap());
	let first = |proposals: usize| -> Vec<Vec<i64>> {
		let mut config = seeded();
		config.optimization_config.proposals = proposals;
		config.optimization_config.proposal_program = Some(["python3", "-c", PROGRAM].map(String::from).to_vec());
		let journal = folder.path().join(format!("journal{proposals}.db"));
		let file = StateFile::new(&journal, &problem, Account([1; 32]), None);
		let (meter, limits) = (meter(&Progress::default(), &problem), ResourceLimits::default());
		let mut search = Search::start(&problem, &config, &limits, executor(1), meter, Some(file)).unwrap();
		std::iter::from_fn(|| search.results.blocking_recv()).take(8).map(|found| found.genes).collect()
	};
	assert!(first(1).contains(&vec![5, 5, 1, 7, 1]));
	assert!(!first(0).contains(&vec![5, 5, 1, 7, 1]), "it is not asked");
}

/// The fitness of a model of somebody else is that of an own candidate with this model.
#[test]
fn a_migrant_has_the_fitness_of_its_model() {
	for problem in [wide(), rows(1), grown_series().1] {
		let mut search = start(&problem, &seeded(), &ResourceLimits::default(), executor(1)).unwrap();
		let data = TrainingData::new(problem.clone(), &ResourceLimits::default(), 1).unwrap();
		for _ in 0..3 {
			let found = search.results.blocking_recv().unwrap();
			assert_eq!(data.fitness(&found.model), Some(found.fitness));
		}
	}
}

/// The worker is killed at any point of a search, whose candidates are compared with those of a search that nobody has interrupted.
#[test]
fn a_search_that_was_killed_goes_on_as_if_nothing_had_happened() {
	/// Candidates after which the worker is killed.
	const KILLED_AFTER: [usize; 10] = [1, 9, 5, 14, 7, 10, 6, 12, 8, 11];
	/// Candidates that two threads train at a time.
	const BATCH: usize = 4;
	let (problem, folder) = (wide(), tempfile::tempdir().unwrap());
	let native = [Algorithm::Ga, Algorithm::De, Algorithm::Cmaes, Algorithm::Sobol];
	for config in native.map(with).into_iter().chain([with_program()]) {
		let algorithm = config.optimization_config.algorithm;
		let file =
			|name: &str| StateFile::new(&folder.path().join(format!("{name}{algorithm:?}")), &problem, Account([1; 32]), None);
		let begin = |name: &str| {
			let meter = meter(&Progress::default(), &problem);
			Search::start(&problem, &config, &ResourceLimits::default(), executor(2), meter, Some(file(name))).unwrap()
		};
		let mut parts: BTreeMap<Vec<i64>, u64> = BTreeMap::new();
		for most in KILLED_AFTER {
			let mut search = begin("parts");
			let mut found: Vec<_> = std::iter::from_fn(|| search.results.blocking_recv()).take(most).collect();
			// A state is replaced as a whole, so that `kill -9` leaves what is there at any moment. What a search writes at its end is undone.
			let (path, left) = (file("parts").path().to_owned(), std::fs::read(file("parts").path()).ok());
			search.stop.store(true, Ordering::Relaxed);
			found.extend(std::iter::from_fn(|| search.results.blocking_recv()));
			drop(search);
			match left {
				Some(state) => std::fs::write(path, state).unwrap(),
				None => std::fs::remove_file(path).unwrap(),
			}
			for found in found {
				let before = parts.insert(found.genes, found.fitness);
				assert!(before.is_none_or(|before| before == found.fitness), "{algorithm:?}: one candidate has two fitnesses");
			}
		}
		assert!(file("parts").read().unwrap().is_some(), "the state was written");
		let is_native = algorithm != Algorithm::Program;
		let most = if is_native { parts.len() + BATCH } else { 2 * parts.len() };
		let mut search = begin("whole");
		let found = std::iter::from_fn(|| search.results.blocking_recv()).take(most);
		let whole: Vec<(Vec<i64>, u64)> = found.map(|found| (found.genes, found.fitness)).collect();
		let same = whole.iter().filter(|(genes, fitness)| parts.get(genes) == Some(fitness)).count();
		if is_native {
			assert_eq!(same, parts.len(), "{algorithm:?}: each candidate is one of the whole search");
			// Those of the last batch end in any order.
			let is_found = |(genes, _): &(Vec<i64>, u64)| parts.contains_key(genes);
			assert!(whole[..parts.len() - BATCH].iter().all(is_found), "{algorithm:?}: none is left out");
		} else {
			assert!(same * 10 >= parts.len() * 9, "{same} of {} were found without interruption", parts.len());
		}
	}
}

/// Returns a configuration with these operand bits.
fn with_bits(bits: OperandBits) -> DomainConfig {
	let mut config = seeded();
	config.optimization_config.operand_bits = Some(bits);
	config
}

/// Nets of 8 and of 12 bits differ, so a search never changes between both.
#[test]
fn operand_bits_are_chosen_once_and_kept_in_the_state() {
	let (problem, folder) = (wide(), tempfile::tempdir().unwrap());
	let file = |name: &str| StateFile::new(&folder.path().join(name), &problem, Account([1; 32]), None);
	let saved = |name: &str| file(name).read().unwrap().expect("the state was written");
	let run = |name: &str, config: &DomainConfig| -> BTreeMap<Vec<i64>, Model> {
		let (meter, limits) = (meter(&Progress::default(), &problem), ResourceLimits::default());
		let mut search = Search::start(&problem, config, &limits, executor(1), meter, Some(file(name))).unwrap();
		let found = std::iter::from_fn(|| search.results.blocking_recv()).take(12);
		let found = found.map(|found| (found.genes, found.model)).collect();
		drop(search);
		found
	};
	let (exact, bytes) = (run("exact", &seeded()), run("bytes", &with_bits(OperandBits::Eight)));
	assert_eq!((saved("exact").bits, saved("bytes").bits), (12, 8));
	let mut both = exact.iter().filter_map(|(genes, model)| Some((model, bytes.get(genes)?)));
	assert!(both.any(|(exact, bytes)| exact != bytes), "the same genes became another net");

	run("auto", &with_bits(OperandBits::Auto));
	let state = saved("auto");
	let (chosen, other) = (state.bits, 20 - state.bits);
	assert!([8, 12].contains(&chosen));
	file("auto").write(|| state::Saved { bits: other, ..state }).unwrap();
	run("auto", &with_bits(OperandBits::Auto));
	assert_eq!(saved("auto").bits, other, "no measurement is made again");
	let experiment = |name: &str| saved(name).experiment;
	let before = experiment("auto");
	run("auto", &with_bits(if chosen == 8 { OperandBits::Eight } else { OperandBits::Twelve }));
	assert_eq!(saved("auto").bits, chosen);
	assert_ne!(experiment("auto"), before, "other bits begin another search");
}

#[test]
fn operand_bits_without_effect_are_refused_by_name() {
	let refusal = |problem: Problem| {
		let problem = Arc::new(problem);
		let started = start(&problem, &with_bits(OperandBits::Auto), &ResourceLimits::default(), executor(1));
		format!("{:#}", started.err().expect("it is refused"))
	};
	assert!(refusal(rastrigin()).contains("`operand_bits` is a setting of nets"));
	assert!(refusal(genomes()).contains("`operand_bits` is a setting of nets"));
	let mut listed = unshared();
	listed.spec.genes = vec![gene("window", 4, 16), gene("bits", 8, 12)].try_into().unwrap();
	let refused = refusal(listed);
	assert!(refused.contains("has the gene `bits`") && refused.contains("`param_bounds`"), "{refused}");
}

/// Domains admit wide nets only if they are shallow.
#[test]
fn the_largest_net_that_a_domain_admits_is_measured() {
	for problem in [wide(), wide_rows(0)] {
		let data = TrainingData::new(problem.clone(), &ResourceLimits::default(), 1).unwrap();
		let largest = |genes: &[(&'static str, i64)]| data.largest_dense(genes.iter().copied());
		let widest = largest(&[("family", 3), ("width", 512), ("depth", 8)]).expect("a narrower net is admitted");
		assert!(
			(widest.family, widest.depth) == (doin_compute::Family::Mlp, 8) && (1..512).contains(&widest.width),
			"{widest:?}"
		);
		assert!(data.step_times(&widest).unwrap().is_some());
		assert_eq!(largest(&[("colour", 1)]), None);
	}
}

#[test]
fn a_state_of_other_bounds_is_kept_aside() {
	let (problem, folder) = (wide(), tempfile::tempdir().unwrap());
	let file = || StateFile::new(&folder.path().join("journal.db"), &problem, Account([1; 32]), None);
	let start = |config: &DomainConfig| {
		let (meter, limits) = (meter(&Progress::default(), &problem), ResourceLimits::default());
		let mut search = Search::start(&problem, config, &limits, executor(1), meter, Some(file())).unwrap();
		assert!(search.results.blocking_recv().is_some());
	};
	start(&seeded());
	start(&with(Algorithm::De));
	let folder = folder.path().join("journal.db.searches");
	let mut names: Vec<_> =
		std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
	names.sort();
	assert_eq!(names.len(), 2, "{names:?}");
	assert!(names[1].ends_with(".json.unused"), "{names:?}");
}
