use super::*;
use std::{collections::BTreeSet, fs, path::Path};

/// Returns the configuration of the program of the tests with a fault.
fn config(fault: &str, file: Option<&Path>) -> PluginConfig {
	let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plugin/fake.py");
	let words = ["python3".into(), program.display().to_string(), fault.into()];
	PluginConfig {
		command: words.into_iter().chain(file.map(|file| file.display().to_string())).collect(),
		population: 4,
		seed: 7,
		patience: Duration::from_secs(60),
		pause: Duration::ZERO,
		limits: Limits::default(),
		stop: Arc::default(),
	}
}

fn space() -> Space {
	let kernel = GeneRange::linear("kernel", 2, 5).used_if("family", &[1]);
	let rate = GeneRange::log("rate", 1, 1 << 20);
	Space::new(vec![GeneRange::category("family", 3), kernel, rate, GeneRange::linear("depth", -50, 50)]).unwrap()
}

fn start(fault: &str, file: Option<&Path>) -> PluginOptimizer {
	PluginOptimizer::new(space(), config(fault, file)).unwrap_or_else(|error| panic!("{error}"))
}

fn fitness(trial: &Trial) -> u64 {
	trial.genes.iter().map(|gene| gene.abs_diff(13)).sum()
}

/// Asks for two trials at a time, and tells their fitnesses. Returns the trials.
fn run(search: &mut dyn Optimizer, turns: usize) -> Vec<Trial> {
	let mut all = Vec::new();
	for _ in 0..turns {
		let asked = search.ask(2);
		for trial in &asked {
			search.space().check(&trial.genes).unwrap();
			search.tell(trial, fitness(trial)).unwrap();
		}
		all.extend(asked);
	}
	all
}

fn distinct(trials: &[Trial]) -> usize {
	trials.iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn a_program_searches_as_every_algorithm_does() {
	let mut search = start("none", None);
	let asked = run(&mut search, 20);
	assert_eq!((asked.len(), distinct(&asked)), (40, 40));
	let best = asked.iter().map(fitness).min();
	assert_eq!((search.best().map(|best| best.fitness), search.generation()), (best, 10));
	assert!(search.parents().is_empty() && search.stopped().is_none());
	let mut again = start("none", None);
	assert_eq!(run(&mut again, 20), asked, "the seed and the fitnesses decide");
	let config = PluginConfig { population: 0, ..config("none", None) };
	assert!(PluginOptimizer::new(space(), config).unwrap_err().to_string().contains("invalid population 0"));
}

#[test]
fn a_program_may_ask_for_a_part_of_a_training_and_then_for_the_whole() {
	let mut search = start("parts", None);
	let mut asked = run(&mut search, 6);
	let mut restored = start("parts", None);
	restored.restore(&search.checkpoint()).unwrap();
	asked.extend(run(&mut restored, 6));
	assert_eq!((asked.len(), distinct(&asked)), (24, 24));
	for pair in asked.chunks(2) {
		assert_eq!((pair[0].divisor, pair[1].divisor, &pair[0].genes), (3, 1, &pair[1].genes));
	}
	let mut other = start("parts", None);
	let trial = other.ask(1).remove(0);
	other.tell(&trial, 1).unwrap();
	assert_eq!((trial.divisor, other.best()), (3, None), "a part is nobody's best");
}

/// The messages have what the documentation lists.
#[test]
fn a_program_is_sent_the_documented_messages() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("messages");
	let mut search = start("record", Some(&file));
	run(&mut search, 2);
	let migrant = |rate: i64, fitness| Migrant {
		genes: [("family", 0), ("kernel", 2), ("rate", rate), ("depth", 3)]
			.map(|(name, value)| (String::from(name), value))
			.to_vec(),
		fitness,
	};
	assert_eq!(search.inject(&migrant(9, 5)), Ok(Injected::Joined));
	assert_eq!(search.inject(&migrant(9, 5)), Ok(Injected::Known));
	assert_eq!(search.inject(&migrant(1 << 30, 1)), Ok(Injected::Moved));
	assert_eq!(search.best().map(|best| best.fitness), Some(5));
	let moved = search.ask(1);
	assert_eq!(moved, [Trial::whole(vec![0, 2, 1 << 20, 3])], "a moved migrant is evaluated next");
	search.tell(&moved[0], u64::MAX).unwrap();
	search.retell(&moved[0], 70).unwrap();
	search.checkpoint();
	let written = fs::read_to_string(&file).unwrap();
	let messages: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	let methods: Vec<&str> = messages.iter().filter_map(|message| message["method"].as_str()).collect();
	assert_eq!(methods[..5], ["initialize", "configure", "checkpoint", "on_generation_start", "ask"]);
	assert_eq!(messages[0]["params"], json!({ "version": 1, "kind": "optimizer" }));
	let genes = json!([
		{ "name": "family", "kind": "category", "lo": 0, "hi": 2 },
		{ "name": "kernel", "kind": "integer", "lo": 2, "hi": 5, "usedIf": { "gene": "family", "values": [1] } },
		{ "name": "rate", "kind": "log", "lo": 1, "hi": 1 << 20 },
		{ "name": "depth", "kind": "integer", "lo": -50, "hi": 50 },
	]);
	assert_eq!(messages[1]["params"], json!({ "genes": genes, "seed": 7, "population": 4 }));
	let params = |method: &str| -> Vec<&Value> {
		messages.iter().filter(|message| message["method"] == method).map(|message| &message["params"]).collect()
	};
	assert_eq!(params("ask")[0], &json!({ "count": 2 }));
	assert_eq!((params("tell").len(), params("on_between_candidates").len()), (6, 5));
	assert_eq!(params("on_generation_end")[0]["generation"], 0);
	assert_eq!(params("on_generation_start")[1], &json!({ "generation": 1 }));
	assert_eq!(params("tell")[4]["fitness"], Value::Null, "it could not be evaluated");
	assert_eq!((&params("tell")[5]["fitness"], &params("tell")[5]["again"]), (&json!(70), &json!(true)));
	let injected = params("inject");
	let named = json!({ "family": 0, "kernel": 2, "rate": 9, "depth": 3 });
	assert_eq!(injected[0], &json!({ "genes": named, "fitness": 5, "moved": false }));
	assert_eq!((injected.len(), &injected[1]["moved"]), (2, &json!(true)));
	assert_eq!(params("on_champion_found").last().map(|params| &params["fitness"]), Some(&json!(5)));
}

/// A program selects by itself, so it has to know a champion before it is asked for the next candidates.
#[test]
fn a_program_knows_each_champion_before_it_is_asked_again() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("messages");
	let mut search = start("record", Some(&file));
	for rate in 1..=20 {
		let genes = space().named(&[0, 2, 1_000 * rate, -50]);
		assert_eq!(search.inject(&Migrant { genes, fitness: 0 }), Ok(Injected::Joined));
		run(&mut search, 1);
	}
	let written = fs::read_to_string(&file).unwrap();
	let messages = written.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
	let questions: Vec<Value> =
		messages.filter(|message| message["id"].is_number() && message["method"] != "checkpoint").collect();
	let follows = |at: usize| questions.get(at + 1).map(|question| question["method"].clone());
	let injected: Vec<usize> = (0..questions.len()).filter(|at| questions[*at]["method"] == "inject").collect();
	assert_eq!(injected.len(), 20);
	assert!(injected.into_iter().all(|at| follows(at) == Some("ask".into())), "{written}");
}

#[test]
fn programs_that_fail_again_and_again_are_cut_off_with_the_reason() {
	for (fault, reason) in [
		("text", "has written `loading`, which is not JSON"),
		("nan", "which is not JSON"),
		("endless", "a line of more than 1 MiB"),
		("exit", "it has ended (exit status: 3)"),
		("too-many", "it has answered 3 trials: return at most `count`, here 2"),
	] {
		let mut search = start(fault, None);
		assert!(search.ask(2).is_empty(), "{fault}");
		let stopped = search.stopped().map(ToString::to_string).unwrap_or_default();
		assert!(stopped.contains(reason) && stopped.contains("failed 6 times in a row"), "{fault}: {stopped}");
		assert!(stopped.starts_with("program `python3"), "{stopped}");
		let trial = Trial::whole(vec![0, 2, 9, 3]);
		assert_eq!(search.tell(&trial, 5), Ok(()), "what is known stays known");
		assert_eq!(search.best().map(|best| best.fitness), Some(5));
	}
}

#[test]
fn a_program_that_does_not_answer_is_cut_off() {
	let patience = Duration::from_secs(2);
	let mut search = PluginOptimizer::new(space(), PluginConfig { patience, ..config("silent", None) }).unwrap();
	assert!(search.ask(1).is_empty());
	let stopped = search.stopped().map(ToString::to_string).unwrap_or_default();
	assert!(stopped.contains("has not answered within 2 s"), "{stopped}");
}

#[test]
fn a_search_that_is_stopped_waits_for_nothing() {
	let config = config("silent", None);
	let stop = config.stop.clone();
	let mut search = PluginOptimizer::new(space(), config).unwrap();
	stop.store(true, std::sync::atomic::Ordering::Relaxed);
	assert!(search.ask(1).is_empty());
	assert_eq!(search.stopped(), None, "it has not failed");
}

#[test]
fn programs_that_cannot_begin_are_errors() {
	let refused = |config| PluginOptimizer::new(space(), config).unwrap_err().to_string();
	assert!(refused(config("version", None)).contains("speaks version 2 of the protocol, and this worker version 1"));
	let missing = PluginConfig { command: vec!["/nonexistent/optimizer".into()], ..config("none", None) };
	assert!(refused(missing).contains("cannot be started"));
}

#[test]
fn trials_that_are_no_candidates_are_refused_and_end_the_program() {
	for (fault, reason) in [("outside", "invalid value 3 of gene `family`: expected 0..=2"), ("unknown", "unknown gene `width`")]
	{
		let mut search = start(fault, None);
		assert!(search.ask(2).is_empty());
		let stopped = search.stopped().map(ToString::to_string).unwrap_or_default();
		assert!(stopped.contains("none of its trials in 16 answers is a candidate") && stopped.contains(reason), "{stopped}");
	}
}

/// A population that has converged proposes what is known, and the cores go on with other points.
#[test]
fn no_candidate_is_evaluated_twice() {
	let mut search = start("duplicates", None);
	let asked = run(&mut search, 6);
	assert_eq!((asked.len(), distinct(&asked)), (12, 12));
	assert_eq!(search.stopped(), None);
	let few = Space::new(vec![GeneRange::linear("x", 0, 4)]).unwrap();
	let mut search = PluginOptimizer::new(few, config("none", None)).unwrap();
	assert_eq!(distinct(&run(&mut search, 6)), 5);
	assert!(search.ask(2).is_empty() && search.stopped().is_none(), "its space is visited");
}

#[test]
fn suggestions_are_asked_next_and_only_once() {
	let mut search = start("none", None);
	assert_eq!(search.suggest(&[0, 2, 9, 3]), Ok(true));
	let asked = search.ask(3);
	assert_eq!((asked.len(), &asked[0].genes[..]), (3, &[0, 2, 9, 3][..]));
	assert_eq!(search.suggest(&[0, 2, 9, 3]), Ok(false));
}

/// The program is killed after its answer, before it is told the fitness.
#[test]
fn a_program_that_crashes_between_ask_and_tell_goes_on_exactly() {
	let whole = run(&mut start("none", None), 20);
	let folder = tempfile::tempdir().unwrap();
	let marker = folder.path().join("has-crashed");
	let mut search = start("crash-once", Some(&marker));
	assert_eq!(run(&mut search, 20), whole);
	assert!(marker.exists() && search.stopped().is_none());
}

#[test]
fn a_program_without_checkpoints_is_told_everything_again() {
	let folder = tempfile::tempdir().unwrap();
	let marker = folder.path().join("has-crashed");
	let mut search = start("no-checkpoint-crash-once", Some(&marker));
	let asked = run(&mut search, 20);
	assert!(marker.exists() && search.stopped().is_none());
	assert_eq!((asked.len(), distinct(&asked)), (40, 40), "what it proposes again is known");
}

/// The worker is killed, with two trials in training.
#[test]
fn a_restored_search_goes_on_exactly() {
	for fault in ["none", "no-checkpoint"] {
		let whole = run(&mut start("none", None), 20);
		let mut first = start(fault, None);
		let mut parts = run(&mut first, 9);
		let begun = first.ask(2);
		let saved = serde_json::to_string(&first.checkpoint()).unwrap();
		drop(first);
		let mut second = start(fault, None);
		second.restore(&serde_json::from_str(&saved).unwrap()).unwrap();
		let again = second.ask(2);
		assert_eq!(again, begun, "trials that were not told are asked again");
		again.iter().for_each(|trial| second.tell(trial, fitness(trial)).unwrap());
		parts.extend(again);
		parts.extend(run(&mut second, 10));
		if fault == "none" {
			assert_eq!(parts, whole);
		}
		assert_eq!((parts.len(), distinct(&parts), second.generation()), (40, 40, 10));
	}
}

#[test]
fn checkpoints_of_another_search_are_refused() {
	let saved = start("none", None).checkpoint();
	let other = PluginConfig { seed: 8, ..config("none", None) };
	let mut search = PluginOptimizer::new(space(), other).unwrap();
	assert!(search.restore(&saved).unwrap_err().to_string().contains("the seed is another one"));
	assert_eq!(search.ask(2).len(), 2, "it goes on as before");
	let mut ga = crate::Ga::new(space(), crate::GaConfig::default()).unwrap();
	assert!(ga.restore(&saved).unwrap_err().to_string().contains("one of the optimizer `program`"));
}

/// Returns a command of Python with the package for optimizers.
pub(super) fn with_package(words: &[&str]) -> Vec<String> {
	let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/python");
	let path = format!("PYTHONPATH={}", package.join("src").display());
	let python = ["env".into(), path, "PYTHONDONTWRITEBYTECODE=1".into(), "python3".into()];
	let words = words.iter().map(|word| match word.strip_prefix("examples/") {
		Some(_) => package.join(word).display().to_string(),
		None => (*word).to_owned(),
	});
	python.into_iter().chain(words).collect()
}

/// The programs of the documentation, within the limits of a worker.
#[test]
fn the_examples_in_python_search_and_go_on_exactly() {
	for example in ["examples/random_search.py", "examples/evolution.py"] {
		let limits = Limits {
			line: 16 << 20,
			log: Some(1 << 16),
			memory: Some(4 << 30),
			cpu_seconds: Some(3_600),
			open_files: Some(256),
			file: Some(1 << 30),
			writable: Some(Vec::new()),
		};
		let config = PluginConfig { command: with_package(&[example]), limits, ..config("none", None) };
		let start = || PluginOptimizer::new(space(), config.clone()).unwrap_or_else(|error| panic!("{error}"));
		let whole = run(&mut start(), 40);
		assert!(whole.len() > 60 && distinct(&whole) == whole.len(), "{example}: {}", whole.len());
		let mut first = start();
		let mut parts = run(&mut first, 15);
		let saved = first.checkpoint();
		drop(first);
		let mut second = start();
		second.restore(&saved).unwrap();
		parts.extend(run(&mut second, 25));
		assert_eq!(parts, whole, "{example}");
	}
}

#[test]
fn the_python_package_passes_its_tests() {
	let words = with_package(&["-m", "unittest", "discover", "-s", "tests"]);
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/python");
	let tests = std::process::Command::new(&words[0]).args(&words[1..]).current_dir(folder).output().unwrap();
	let report = String::from_utf8_lossy(&tests.stderr);
	assert!(tests.status.success() && report.contains("OK"), "{report}");
}
