//! Tests of genes that are added stage by stage.

use super::*;
use crate::{Cmaes, CmaesConfig, Evolution, EvolutionConfig, Ga, GaConfig, GeneRange, Sampler, SamplerConfig, Sequence};

/// Largest value of a gene.
const EDGE: i64 = 400;

fn space() -> Space {
	Space::new((0..4).map(|at| GeneRange::linear(&format!("x{at}"), -EDGE, EDGE)).collect()).unwrap()
}

fn config(patience: usize) -> StagedConfig {
	let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
	StagedConfig { stages: vec![names(&["x1"]), names(&["x0", "x3"]), names(&["x2"])], patience }
}

/// Returns a search in stages of each algorithm.
fn staged(patience: usize) -> Vec<Staged> {
	let of = |make: fn(Space, u64) -> Result<Box<dyn Optimizer>, SearchError>| {
		Staged::new(space(), config(patience), move |space, turn| make(space, seed_of_stage(3, turn))).unwrap()
	};
	vec![
		of(|space, seed| Ok(Box::new(Ga::new(space, GaConfig { seed, ..GaConfig::default() })?))),
		of(|space, seed| Ok(Box::new(Evolution::new(space, EvolutionConfig { seed, ..EvolutionConfig::default() })?))),
		of(|space, seed| Ok(Box::new(Cmaes::new(space, CmaesConfig { seed, ..CmaesConfig::default() })?))),
		of(|space, seed| Ok(Box::new(Sampler::new(space, SamplerConfig { sequence: Sequence::Sobol, seed })?))),
	]
}

/// Returns the distance from (200, 200, 200, 200), squared.
fn loss(trial: &Trial) -> u64 {
	trial.genes.iter().map(|gene| gene.abs_diff(200).pow(2)).sum()
}

/// Evaluates `count` trials, or all that are asked, and returns them.
fn drive(search: &mut Staged, count: usize) -> Vec<Trial> {
	let mut all = Vec::new();
	while all.len() < count {
		let asked = search.ask(5.min(count - all.len()));
		if asked.is_empty() {
			break;
		}
		for trial in asked {
			search.tell(&trial, loss(&trial)).unwrap();
			all.push(trial);
		}
	}
	all
}

#[test]
fn genes_of_later_stages_have_their_base_value_until_their_stage() {
	for mut search in staged(40) {
		let mut stages = Vec::new();
		for _ in 0..1_500 {
			let stage = search.stage().unwrap();
			stages.push(stage.0);
			for trial in drive(&mut search, 1) {
				let fixed: &[usize] = match stage.0 {
					1 => &[0, 2, 3],
					2 => &[2],
					_ => &[],
				};
				// A trial that the last one of a stage has made due is one of the next stage.
				let is_of_stage = fixed.iter().all(|at| trial.genes[*at] == 0);
				assert!(is_of_stage || search.stage().unwrap().0 > stage.0, "{} at {stage:?}: {trial:?}", search.name());
			}
		}
		assert!(stages.is_sorted() && stages.first() == Some(&1) && stages.last() == Some(&3), "{}", search.name());
		assert_eq!(search.stage(), Some((3, 3)));
	}
}

#[test]
fn a_stage_ends_after_its_patience_without_a_better_candidate() {
	let mut search = staged(25).remove(0);
	let mut fitness = 1_000;
	let mut tell = |search: &mut Staged, is_better: bool| {
		fitness -= u64::from(is_better);
		let trial = search.ask(1).remove(0);
		search.tell(&trial, if is_better { fitness } else { 5_000 }).unwrap();
		search.stage().unwrap().0
	};
	for _ in 0..3 {
		assert_eq!(tell(&mut search, true), 1);
		assert!((0..24).all(|_| tell(&mut search, false) == 1), "24 candidates are too few");
	}
	assert_eq!(tell(&mut search, true), 1);
	assert!((0..24).all(|_| tell(&mut search, false) == 1));
	assert_eq!(tell(&mut search, false), 2, "the 25th in a row");
}

#[test]
fn a_stage_ends_once_all_of_its_points_were_visited() {
	let genes = vec![GeneRange::linear("a", 0, 4), GeneRange::linear("b", 0, 3)];
	let stages = StagedConfig::of_size(&Space::new(genes.clone()).unwrap(), 1, 1_000);
	assert_eq!(stages.stages, [vec!["a".to_owned()], vec!["b".to_owned()]]);
	let make = |space, turn| -> Result<Box<dyn Optimizer>, SearchError> {
		Ok(Box::new(Ga::new(space, GaConfig { seed: seed_of_stage(1, turn), ..GaConfig::default() })?))
	};
	let mut search = Staged::new(Space::new(genes).unwrap(), stages, make).unwrap();
	let all = drive(&mut search, 100);
	assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 20, "every point");
	assert_eq!(all.len(), 20, "and none twice, although the second stage has those of the first one");
	assert!(all[..5].iter().all(|trial| trial.genes[1] == 2) && search.stage() == Some((2, 2)));
}

#[test]
fn nothing_is_asked_twice_over_all_stages() {
	for mut search in staged(20) {
		let all = drive(&mut search, 1_500);
		assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{}", search.name());
		assert_eq!(search.stage(), Some((3, 3)));
	}
}

#[test]
fn a_restored_search_goes_on_exactly_at_every_stage() {
	for (at, mut search) in staged(30).into_iter().enumerate() {
		for before in [0, 10, 35, 60, 200] {
			drive(&mut search, before);
			let checkpoint = search.checkpoint();
			let text = serde_json::to_string(&checkpoint).unwrap();
			let mut restored = staged(30).remove(at);
			restored.restore(&serde_json::from_str(&text).unwrap()).unwrap();
			assert!(restored.checkpoint() == checkpoint, "{}", search.name());
			assert_eq!((restored.stage(), restored.generation()), (search.stage(), search.generation()));
			assert_eq!(restored.parents(), search.parents());
			assert_eq!(drive(&mut restored, 70), drive(&mut search, 70), "{}", search.name());
		}
	}
}

#[test]
fn trials_that_were_in_training_are_asked_again() {
	for (at, mut search) in staged(30).into_iter().enumerate() {
		drive(&mut search, 40);
		assert_eq!(search.suggest(&[1, 2, 3, 4]), Ok(true), "a point of no stage but the last");
		let lost: BTreeSet<Trial> = search.ask(3).into_iter().collect();
		let mut restored = staged(30).remove(at);
		restored.restore(&search.checkpoint()).unwrap();
		assert_eq!(restored.ask(3).into_iter().collect::<BTreeSet<_>>(), lost, "{}", search.name());
	}
}

#[test]
fn a_checkpoint_of_other_stages_or_of_another_algorithm_is_refused() {
	let mut all = staged(30);
	let of_cmaes = all[2].checkpoint();
	let search = &mut all[0];
	let before = search.checkpoint();
	let refusal = |search: &mut Staged, checkpoint: &Checkpoint| search.restore(checkpoint).unwrap_err().to_string();
	assert!(refusal(search, &staged(31)[0].checkpoint()).contains("configuration"));
	assert!(refusal(search, &of_cmaes).contains("one of the optimizer `cmaes`"));
	let whole = Ga::new(space(), GaConfig::default()).unwrap().checkpoint();
	assert!(refusal(search, &whole).contains("one of the optimizer `ga`, and the search uses `staged`"));
	assert!(search.checkpoint() == before, "nothing has changed");
}

#[test]
fn a_better_migrant_is_the_base_of_its_stage_and_one_of_the_parents() {
	for mut search in staged(200) {
		drive(&mut search, 30);
		let champion = vec![190, 200, 170, 160];
		let migrant = Migrant { genes: search.space().named(&champion), fitness: 2_600 };
		assert_eq!(search.inject(&migrant), Ok(Injected::Joined), "{}", search.name());
		assert_eq!(search.inject(&migrant), Ok(Injected::Known));
		assert_eq!((search.stage(), search.best().map(|best| &best.genes)), (Some((1, 3)), Some(&champion)));
		let next = search.generation() + 1;
		let mut asked = Vec::new();
		while search.generation() < next {
			asked.extend(drive(&mut search, 1));
		}
		let around = asked.iter().filter(|trial| (trial.genes[0], trial.genes[2], trial.genes[3]) == (190, 170, 160));
		assert!(around.count() + 8 >= asked.len(), "{}: {asked:?}", search.name());
		let has_parents = search.name() != "sobol";
		assert_eq!(search.parents().iter().any(|parent| parent.genes == champion), has_parents, "{}", search.name());
	}
}

/// The champion comes at any moment, also while candidates of the base before are in training.
#[test]
fn a_better_migrant_is_a_parent_of_the_next_generation_in_every_case() {
	let champion = vec![190, 200, 170, 160];
	for moment in 0..80 {
		for mut search in staged(10_000).into_iter().take(3) {
			drive(&mut search, moment);
			let training = search.ask(moment % 4);
			let migrant = Migrant { genes: search.space().named(&champion), fitness: 2_600 };
			assert_eq!(search.inject(&migrant), Ok(Injected::Joined), "{} {moment}", search.name());
			let next = search.generation() + 1;
			for trial in training {
				search.tell(&trial, loss(&trial)).unwrap();
			}
			while search.generation() < next {
				assert!(!drive(&mut search, 1).is_empty(), "{} {moment}", search.name());
			}
			assert!(search.parents().iter().any(|parent| parent.genes == champion), "{} {moment}", search.name());
		}
	}
}

#[test]
fn a_worse_migrant_of_later_genes_waits_for_its_stage() {
	let mut search = staged(30).remove(0);
	let best = search.ask(1).remove(0);
	search.tell(&best, 10).unwrap();
	let late = Migrant { genes: search.space().named(&[5, 6, 7, 8]), fitness: 20 };
	assert_eq!(search.inject(&late), Ok(Injected::Moved), "its gene of this stage is tried with the base of the others");
	assert_eq!(search.ask(1), [Trial::whole(vec![0, 6, 0, 0])]);
	let worse = |search: &mut Staged| {
		for trial in search.ask(1) {
			search.tell(&trial, 1_000).unwrap();
		}
	};
	search.tell(&Trial::whole(vec![0, 6, 0, 0]), 1_000).unwrap();
	while search.stage() != Some((3, 3)) {
		worse(&mut search);
	}
	let first = search.generation();
	while search.generation() < first + 1 {
		worse(&mut search);
	}
	let parents: Vec<u64> = search.parents().iter().map(|parent| parent.fitness).collect();
	assert_eq!(parents[..2], [10, 20], "both are there with their fitness");
}

#[test]
fn a_fitness_that_is_told_again_replaces_the_former_one_everywhere() {
	for mut search in staged(60) {
		drive(&mut search, 150);
		for trial in search.compared() {
			search.retell(&trial, loss(&trial) + 1_000_000).unwrap();
		}
		if search.name() == "sobol" {
			continue;
		}
		assert!(search.parents().iter().all(|parent| parent.fitness >= 1_000_000), "{}", search.name());
		assert!(search.best().is_some_and(|best| best.fitness >= 1_000_000), "{}", search.name());
	}
}

#[test]
fn genes_that_depend_on_others_are_searched_with_their_stage() {
	let kernel = GeneRange::linear("kernel", 2, 9).used_if("family", &[1]);
	let space = Space::new(vec![GeneRange::category("family", 3), kernel, GeneRange::linear("width", 1, 30)]).unwrap();
	let stages = StagedConfig { stages: vec![vec!["width".into(), "family".into()], vec!["kernel".into()]], patience: 30 };
	let make = |space, turn| -> Result<Box<dyn Optimizer>, SearchError> {
		Ok(Box::new(Ga::new(space, GaConfig { seed: seed_of_stage(1, turn), ..GaConfig::default() })?))
	};
	let mut search = Staged::new(space.clone(), stages, make).unwrap();
	// A dense net of width 20 is known, and then a better convolution whose kernel is a gene of the second stage.
	search.inject(&Migrant { genes: space.named(&[0, 2, 20]), fitness: 50 }).unwrap();
	assert_eq!(search.inject(&Migrant { genes: space.named(&[1, 7, 9]), fitness: 40 }), Ok(Injected::Joined));
	let mut kernels = BTreeSet::new();
	for _ in 0..200 {
		for trial in search.ask(1) {
			assert_eq!(space.canonical(trial.genes.clone()), trial.genes);
			if search.stage() == Some((1, 2)) && trial.genes[0] == 1 {
				assert_eq!(trial.genes[1], 7, "the kernel of the champion");
			}
			if search.stage() == Some((2, 2)) {
				kernels.insert(trial.genes[1]);
			}
			search.tell(&trial, 100 + trial.genes[2].unsigned_abs()).unwrap();
		}
	}
	assert!(kernels.len() > 5, "{kernels:?}");
}

#[test]
fn stages_that_cannot_be_are_refused_by_name() {
	let refusal = |stages: &[&[&str]]| {
		let names = |stage: &&[&str]| stage.iter().map(|name| (*name).to_owned()).collect();
		let config = StagedConfig { stages: stages.iter().map(names).collect(), patience: 5 };
		let make = |space, _| -> Result<Box<dyn Optimizer>, SearchError> { Ok(Box::new(Ga::new(space, GaConfig::default())?)) };
		Staged::new(space(), config, make).unwrap_err().to_string()
	};
	assert!(refusal(&[]).contains("there is none"));
	assert!(refusal(&[&["x0"], &[]]).contains("stage 2 adds no gene"));
	assert!(refusal(&[&["x0"], &["y"]]).contains("stage 2 names `y`, and the genes are x0, x1, x2, x3"));
	assert!(refusal(&[&["x0"], &["x1", "x0"]]).contains("gene `x0` is added by the stages 1 and 2"));
	let config = StagedConfig { patience: 0, ..config(1) };
	let make = |space, _| -> Result<Box<dyn Optimizer>, SearchError> { Ok(Box::new(Ga::new(space, GaConfig::default())?)) };
	assert!(matches!(Staged::new(space(), config, make), Err(SearchError::Config { field: "patience", .. })));
}
