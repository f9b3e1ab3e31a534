//! Tests of what every optimizer promises, and of published behaviour on standard functions.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Largest value of a gene of a standard function; positions have 2,000 steps to each side of 0.
const EDGE: i64 = 2_000;

fn square(genes: usize) -> Space {
	Space::new((0..genes).map(|at| GeneRange::linear(&format!("x{at}"), -EDGE, EDGE)).collect()).unwrap()
}

fn optimizers(space: &Space, seed: u64) -> Vec<Box<dyn Optimizer>> {
	let sampler = |sequence| Sampler::new(space.clone(), SamplerConfig { sequence, seed }).unwrap();
	vec![
		Box::new(Ga::new(space.clone(), GaConfig { seed, ..GaConfig::default() }).unwrap()),
		Box::new(Evolution::new(space.clone(), EvolutionConfig { seed, ..EvolutionConfig::default() }).unwrap()),
		Box::new(Cmaes::new(space.clone(), CmaesConfig { seed, ..CmaesConfig::default() }).unwrap()),
		Box::new(sampler(Sequence::Random)),
		Box::new(sampler(Sequence::Sobol)),
	]
}

/// Returns a square function whose minimum is 0 at 700, and which a short training shows blurred.
fn blurred(trial: &Trial) -> u64 {
	let loss: u64 = trial.genes.iter().map(|gene| gene.abs_diff(700).pow(2)).sum();
	loss / u64::from(trial.divisor) * u64::from(trial.divisor)
}

/// Evaluates trials until `count` were told, and returns them.
fn drive(search: &mut dyn Optimizer, count: usize, loss: impl Fn(&Trial) -> u64) -> Vec<Trial> {
	let mut all = Vec::new();
	while all.len() < count {
		let asked = search.ask(7.min(count - all.len()));
		assert!(!asked.is_empty(), "{} waits for nothing", search.name());
		for trial in asked {
			search.tell(&trial, loss(&trial)).unwrap();
			all.push(trial);
		}
	}
	all
}

/// Returns the number of evaluations until the fitness is `target`, or `limit`.
fn evaluations(search: &mut dyn Optimizer, target: u64, limit: usize, loss: impl Fn(&[f64]) -> f64) -> usize {
	for told in 0..limit {
		if search.best().is_some_and(|best| best.fitness <= target) {
			return told;
		}
		let trial = search.ask(1).remove(0);
		// Values lie in -5 to 5, and fitnesses count millionths.
		let point: Vec<f64> = trial.genes.iter().map(|gene| *gene as f64 * 5.0 / EDGE as f64).collect();
		search.tell(&trial, (loss(&point) * 1e6) as u64).unwrap();
	}
	limit
}

fn named(space: &Space, genes: &[i64], fitness: u64) -> Migrant {
	Migrant { genes: space.named(genes), fitness }
}

#[test]
fn every_error_names_the_value_and_what_is_expected() {
	let gene = || "rate".to_owned();
	for (error, text) in [
		(
			SearchError::Bounds { gene: gene(), lo: 2, hi: 1 },
			"invalid bounds 2..=1 of gene `rate`: the lower bound must not exceed the upper bound",
		),
		(
			SearchError::LogBounds { gene: gene(), lo: 0 },
			"invalid lower bound 0 of the logarithmic gene `rate`: expected at least 1",
		),
		(SearchError::Config { field: "elite", value: 9, expected: "1..=8" }, "invalid elite 9: expected 1..=8"),
		(SearchError::Outside { gene: gene(), value: 5, lo: 0, hi: 4 }, "invalid value 5 of gene `rate`: expected 0..=4"),
	] {
		assert_eq!(error.to_string(), text);
	}
}

#[test]
fn the_same_seed_gives_the_same_trials() {
	let space = square(3);
	let all = |seed| -> Vec<Vec<Trial>> {
		optimizers(&space, seed).iter_mut().map(|search| drive(&mut **search, 200, blurred)).collect()
	};
	let (first, other) = (all(1), all(2));
	assert_eq!(first, all(1));
	assert!(first.iter().zip(&other).all(|(one, another)| one != another));
}

#[test]
fn a_restored_search_goes_on_exactly() {
	let space = square(3);
	for (at, mut search) in optimizers(&space, 5).into_iter().enumerate() {
		for before in [0, 3, 26, 150] {
			drive(&mut *search, before, blurred);
			let checkpoint = search.checkpoint();
			let text = serde_json::to_string(&checkpoint).unwrap();
			let mut restored = optimizers(&space, 5).remove(at);
			restored.restore(&serde_json::from_str(&text).unwrap()).unwrap();
			assert!(restored.checkpoint() == checkpoint, "{}", search.name());
			assert_eq!(drive(&mut *restored, 100, blurred), drive(&mut *search, 100, blurred), "{}", search.name());
		}
	}
}

#[test]
fn trials_that_were_in_training_are_asked_again() {
	for (at, mut search) in optimizers(&square(3), 5).into_iter().enumerate() {
		drive(&mut *search, 40, blurred);
		let lost = search.ask(3);
		let mut restored = optimizers(&square(3), 5).remove(at);
		restored.restore(&search.checkpoint()).unwrap();
		assert_eq!(restored.ask(3), lost, "{}", search.name());
	}
}

#[test]
fn a_checkpoint_of_another_search_is_refused() {
	let all = optimizers(&square(2), 5);
	for (at, mut search) in optimizers(&square(3), 5).into_iter().enumerate() {
		let before = search.checkpoint();
		let other = all[(at + 1) % all.len()].checkpoint();
		assert!(search.restore(&other).unwrap_err().to_string().contains("it is one of the optimizer"));
		let error = search.restore(&all[at].checkpoint()).unwrap_err().to_string();
		assert!(error.contains("the genes or their bounds are others"), "{error}");
		let error = search.restore(&optimizers(&square(3), 6)[at].checkpoint()).unwrap_err().to_string();
		assert!(error.contains("configuration"), "{error}");
		let damaged = serde_json::json!({"version": 1, "optimizer": search.name(), "state": {"config": 5}});
		let error = search.restore(&serde_json::from_value(damaged).unwrap()).unwrap_err().to_string();
		assert!(error.contains("it is damaged"), "{error}");
		let newer = serde_json::json!({"version": 2, "optimizer": search.name(), "state": {}});
		let error = search.restore(&serde_json::from_value(newer).unwrap()).unwrap_err().to_string();
		assert!(error.contains("version 2"), "{error}");
		assert_eq!(search.checkpoint(), before, "nothing has changed");
	}
}

#[test]
fn a_better_migrant_is_a_parent_of_the_next_generation() {
	let space = square(3);
	for generation in 0..4 {
		for mut search in optimizers(&space, 3).into_iter().take(3) {
			while search.generation() < generation {
				drive(&mut *search, 1, blurred);
			}
			let champion = [700, 700, 701];
			assert_eq!(search.inject(&named(&space, &champion, 1)), Ok(Injected::Joined));
			assert_eq!(search.inject(&named(&space, &champion, 1)), Ok(Injected::Known));
			assert_eq!(search.best().map(|best| best.fitness), Some(1));
			let next = search.generation() + 1;
			while search.generation() < next {
				drive(&mut *search, 1, blurred);
			}
			assert!(search.parents().iter().any(|parent| parent.genes == champion), "{} {generation}", search.name());
		}
	}
}

/// The champion comes at any moment: before the first candidate, within a generation or a stage, and while others are in training.
#[test]
fn an_injected_better_champion_is_a_parent_of_the_next_generation_in_every_case() {
	let (space, champion) = (square(3), [700, 699, 701]);
	for moment in 0..150 {
		for mut search in optimizers(&space, moment as u64).into_iter().take(3) {
			drive(&mut *search, moment, blurred);
			let training = search.ask(moment % 5);
			assert!(search.best().is_none_or(|best| best.fitness > 0), "{} {moment}", search.name());
			assert_eq!(search.inject(&named(&space, &champion, 0)), Ok(Injected::Joined), "{} {moment}", search.name());
			let next = search.generation() + 1;
			for trial in training {
				search.tell(&trial, blurred(&trial)).unwrap();
			}
			while search.generation() < next {
				drive(&mut *search, 1, blurred);
			}
			assert!(search.parents().iter().any(|parent| parent.genes == champion), "{} {moment}", search.name());
			assert_eq!(search.best().map(|best| best.fitness), Some(0), "{} {moment}", search.name());
		}
	}
}

#[test]
fn a_migrant_does_not_take_over_in_one_generation() {
	let space = square(6);
	let champion = [700, 701, 702, 703, 704, 705];
	for mut search in optimizers(&space, 3).into_iter().take(3) {
		drive(&mut *search, 200, blurred);
		search.inject(&named(&space, &champion, 0)).unwrap();
		let children = drive(&mut *search, 24, blurred);
		let near = |trial: &Trial| trial.genes.iter().zip(champion).filter(|(gene, value)| **gene == *value).count() > 3;
		assert!(children.iter().filter(|child| near(child)).count() < 12, "{}", search.name());
	}
}

#[test]
fn a_migrant_of_wider_bounds_is_moved_and_asked_next() {
	let space = square(2);
	for mut search in optimizers(&space, 3) {
		drive(&mut *search, 30, blurred);
		assert_eq!(search.inject(&named(&space, &[9_999, 3], 1)), Ok(Injected::Moved));
		assert_eq!(search.ask(1), [Trial::whole(vec![EDGE, 3])], "{}", search.name());
		assert!(search.best().is_none_or(|best| best.fitness > 1), "the fitness is that of other genes");
		let unknown = Migrant { genes: vec![("y".into(), 1)], fitness: 1 };
		assert!(matches!(search.inject(&unknown), Err(SearchError::UnknownGene { .. })));
	}
}

#[test]
fn suggestions_are_asked_next_and_once() {
	for mut search in optimizers(&square(2), 3) {
		drive(&mut *search, 30, blurred);
		assert_eq!([(); 2].map(|()| search.suggest(&[3, 4])), [Ok(true), Ok(false)]);
		let trial = Trial::whole(vec![3, 4]);
		assert_eq!(search.ask(1), std::slice::from_ref(&trial), "{}", search.name());
		search.tell(&trial, 5).unwrap();
		assert_eq!(search.suggest(&[3, 4]), Ok(false));
		assert_eq!(search.best().map(|best| best.fitness), Some(5));
		search.retell(&trial, 7).unwrap();
		assert!(search.suggest(&[3, EDGE + 1]).is_err());
	}
}

#[test]
fn a_small_space_is_visited_whole() {
	let space = Space::new(vec![GeneRange::linear("a", 0, 4), GeneRange::linear("b", 0, 4).used_if("a", &[1, 2])]).unwrap();
	for mut search in optimizers(&space, 3) {
		let mut seen = BTreeSet::new();
		for _ in 0..200 {
			for trial in search.ask(5) {
				search.tell(&trial, blurred(&trial)).unwrap();
				seen.insert(trial.genes);
			}
		}
		assert_eq!(seen.len(), 13, "{}: five values of b with two of a, and one with the three others", search.name());
		assert!(search.ask(1).is_empty(), "{}", search.name());
	}
}

/// The data has grown: each candidate errs more on it, and one that keeps its former fitness would be ahead of all later ones for ever.
#[test]
fn no_former_fitness_is_left_once_all_compared_trials_are_told_again() {
	let later = |trial: &Trial| blurred(trial) + 1_000_000_000;
	for mut search in optimizers(&square(3), 3).into_iter().take(3) {
		drive(&mut *search, 130, blurred);
		let best = search.best().map(|best| Trial::whole(best.genes.clone()));
		for trial in search.compared().into_iter().chain(best) {
			search.retell(&trial, later(&trial)).unwrap();
		}
		drive(&mut *search, 60, later);
		assert!(search.best().is_some_and(|best| best.fitness >= 1_000_000_000), "{}", search.name());
		assert!(search.parents().iter().all(|parent| parent.fitness >= 1_000_000_000), "{}", search.name());
	}
}

/// DEHB trains a third of the candidates three times as long, and the survivors are the best ones.
#[test]
fn each_stage_trains_the_best_of_the_stage_before() {
	let mut search = Evolution::new(square(2), EvolutionConfig::default()).unwrap();
	let all = drive(&mut search, 27 + 9 + 3, blurred);
	let of = |divisor| all.iter().filter(|trial| trial.divisor == divisor).map(|trial| trial.genes.clone()).collect::<Vec<_>>();
	let (first, second, last) = (of(9), of(3), of(1));
	assert_eq!((first.len(), second.len(), last.len()), (27, 9, 3));
	let mut sorted = first;
	sorted.sort_by_key(|genes| (blurred(&Trial { genes: genes.clone(), divisor: 9 }), genes.clone()));
	assert_eq!(second, sorted[..9]);
	assert!(last.iter().all(|genes| second.contains(genes)));
	assert_eq!(search.generation(), 1);
	assert_eq!(search.best().map(|best| best.fitness), last.iter().map(|genes| blurred(&Trial::whole(genes.clone()))).min());
}

#[test]
fn a_sobol_sequence_fills_the_space_evenly() {
	let space = square(2);
	let mut search = Sampler::new(space, SamplerConfig { sequence: Sequence::Sobol, seed: 4 }).unwrap();
	let mut cells = BTreeSet::new();
	for trial in search.ask(256) {
		cells.insert((
			trial.genes[0].clamp(-EDGE, EDGE - 1).div_euclid(250),
			trial.genes[1].clamp(-EDGE, EDGE - 1).div_euclid(250),
		));
	}
	// 256 points drawn at random leave 256/e cells of a 16 by 16 board empty.
	assert!(cells.len() > 245, "{}", cells.len());
}

/// Hansen's tutorial: without rotation and with a condition of 10⁶, CMA-ES needs a few thousand evaluations in ten dimensions.
#[test]
fn cmaes_adapts_to_badly_scaled_and_rotated_functions() {
	let ellipsoid =
		|x: &[f64]| x.iter().enumerate().map(|(at, x)| 1e4f64.powf(at as f64 / 5.0) * (x - 1.0) * (x - 1.0)).sum::<f64>();
	let rosenbrock = |x: &[f64]| x.windows(2).map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).sum::<f64>();
	for seed in 0..5 {
		let search = || Cmaes::new(square(6), CmaesConfig { seed, ..CmaesConfig::default() }).unwrap();
		let spent =
			[evaluations(&mut search(), 20_000, 6_000, ellipsoid), evaluations(&mut search(), 100_000, 6_000, rosenbrock)];
		assert!(spent.iter().all(|spent| *spent < 6_000), "seed {seed}: {spent:?}");
	}
}

/// Genes with one value, as a configuration fixes them, change nothing for the others.
#[test]
fn cmaes_ignores_genes_that_have_one_value() {
	let sphere = |x: &[i64]| x.iter().map(|x| x.abs_diff(700).pow(2)).sum::<u64>();
	let fixed = (0..6).map(|at| GeneRange::linear(&format!("fixed{at}"), at, at));
	let genes = square(3).genes().iter().cloned().chain(fixed).collect();
	let mut all = Cmaes::new(Space::new(genes).unwrap(), CmaesConfig::default()).unwrap();
	let mut three = Cmaes::new(square(3), CmaesConfig::default()).unwrap();
	assert_eq!(all.population(), three.population());
	for _ in 0..100 {
		let (trial, other) = (all.ask(1).remove(0), three.ask(1).remove(0));
		assert_eq!((&trial.genes[..3], &trial.genes[3..]), (&other.genes[..], &[0, 1, 2, 3, 4, 5][..]));
		all.tell(&trial, sphere(&trial.genes[..3])).unwrap();
		three.tell(&other, sphere(&other.genes)).unwrap();
	}
	let mut one = Cmaes::new(Space::new(vec![GeneRange::linear("fixed", 5, 5)]).unwrap(), CmaesConfig::default()).unwrap();
	assert_eq!(one.ask(9), [Trial::whole(vec![5])]);
}

/// The fitness of a migrant that was moved is that of other genes, whichever part of the search it has joined.
#[test]
fn the_fitness_of_a_moved_migrant_is_replaced_by_its_own() {
	let space = square(2);
	for (before, waits) in [(0, false), (5, false), (60, false), (60, true)] {
		for mut search in optimizers(&space, 3).into_iter().take(3) {
			drive(&mut *search, before, blurred);
			assert_eq!(search.inject(&named(&space, &[9_999, 3], 1)), Ok(Injected::Moved));
			let trial = search.ask(1).remove(0);
			let generations = |search: &mut dyn Optimizer, count: usize| {
				let last = search.generation() + count;
				while search.generation() < last {
					drive(search, 1, blurred);
				}
			};
			if waits {
				generations(&mut *search, 1);
			}
			search.tell(&trial, u64::MAX - 1).unwrap();
			generations(&mut *search, 2);
			assert!(search.parents().iter().all(|parent| parent.fitness > 1), "{} after {before}", search.name());
		}
	}
}

/// Rastrigin's function has eleven minima per dimension. Restarts with a larger population find the least one (Auger & Hansen 2005).
#[test]
fn learners_find_the_minimum_of_rastrigin() {
	let rastrigin = |x: &[f64]| x.iter().map(|x| 10.0 + x * x - 10.0 * (std::f64::consts::TAU * x).cos()).sum::<f64>();
	for seed in 0..3 {
		for mut search in optimizers(&square(3), seed).into_iter().take(3) {
			let spent = evaluations(&mut *search, 10_000, 30_000, rastrigin);
			assert!(spent < 30_000, "{} with seed {seed}: {:?}", search.name(), search.best());
		}
	}
}

#[test]
fn fields_out_of_range_are_refused_by_name() {
	let de = EvolutionConfig::default;
	for (name, config) in [
		("population", EvolutionConfig { population: 3, ..de() }),
		("stages", EvolutionConfig { stages: 0, ..de() }),
		("reduction", EvolutionConfig { reduction: 1, ..de() }),
		("scale", EvolutionConfig { scale: 0, ..de() }),
		("crossover", EvolutionConfig { crossover: 1001, ..de() }),
	] {
		assert!(matches!(Evolution::new(square(1), config), Err(SearchError::Config { field, .. }) if field == name));
	}
	let cmaes = CmaesConfig::default;
	for (name, config) in
		[("population", CmaesConfig { population: 3, ..cmaes() }), ("deviation", CmaesConfig { deviation: 0, ..cmaes() })]
	{
		assert!(matches!(Cmaes::new(square(1), config), Err(SearchError::Config { field, .. }) if field == name));
	}
	let categories = Space::new(vec![GeneRange::category("family", 3)]).unwrap();
	assert_eq!(Cmaes::new(categories, cmaes()).err(), Some(SearchError::Unordered { gene: "family".into() }));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]
	#[test]
	fn every_whole_trial_is_inside_canonical_and_new(
		bounds in prop::collection::vec((-3_000i64..3_000, 0i64..5_000, any::<bool>(), any::<bool>()), 1..6), seed: u64
	) {
		let genes = bounds.iter().enumerate().map(|(at, &(lo, span, log, conditional))| {
			let (name, lo) = (format!("g{at}"), if log { lo.abs().max(1) } else { lo });
			let gene = if log { GeneRange::log(&name, lo, lo + span) } else { GeneRange::linear(&name, lo, lo + span) };
			if conditional && at > 0 { gene.used_if("g0", &[bounds[0].0]) } else { gene }
		});
		let space = Space::new(genes.collect()).unwrap();
		for mut search in optimizers(&space, seed) {
			let mut seen = BTreeSet::new();
			for _ in 0..30 {
				for trial in search.ask(4) {
					prop_assert_eq!(space.check(&trial.genes), Ok(()));
					prop_assert_eq!(space.canonical(trial.genes.clone()), trial.genes.clone());
					prop_assert!(seen.insert(trial.clone()), "{} asked {:?} twice", search.name(), trial);
					search.tell(&trial, trial.genes.iter().fold(7, |sum: u64, gene| sum.wrapping_add(gene.unsigned_abs()))).unwrap();
				}
			}
		}
	}
}
