//! Tests of programs of tolerance domains.

use super::*;
use crate::{
	config::{DomainConfig, OptimizationConfig, ResourceLimits},
	problem::{tests::sawtooth, Problem},
	progress::{Progress, Scale},
	search::{Immigrant, Search},
};
use doin_chain::Account;
use doin_compute::Executor;
use doin_primitives::{DomainSpec, Evidence, EvidenceRef, Gene, Growth, Split};
use doin_scoring::{Model, Program, Tolerance};
use std::path::Path;

const CHUNKS: u16 = 32;

/// Returns the file of the fake program.
fn file() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("src/programs/fake.py")
}

/// Returns the settings of the fake program with a fault.
fn config(fault: &str) -> ProgramConfig {
	let command = ["env".to_owned(), format!("FAULT={fault}"), "python3".into()];
	let hash = blake2_256(&fs::read(file()).unwrap());
	ProgramConfig { timeout: 60, ..ProgramConfig::new(hash, file(), command.to_vec()) }
}

fn evaluate(program: &UserProgram, model: &[u8]) -> Result<Vec<u32>, ProgramFault> {
	program.evaluate(model, CHUNKS, &AtomicBool::new(false))
}

/// Returns the sums that the fake program answers for a byte.
fn sums_of(byte: u32) -> Vec<u32> {
	(0..u32::from(CHUNKS)).map(|chunk| 1_000 * byte + chunk).collect()
}

/// Returns a tolerance domain whose program is `program`.
fn problem(program: Option<UserProgram>) -> Problem {
	let rate = Gene { name: b"rate".to_vec().try_into().unwrap(), lo: 1, hi: 20, log: false, frac: 0 };
	let tolerance = Tolerance { code: [0xAB; 32], epsilon: 500, chunks: CHUNKS, initial_error: 300_000 };
	let spec = DomainSpec {
		program: Program::Tolerance(tolerance),
		genes: vec![rate].try_into().unwrap(),
		data_root: [0; 32],
		values: 0,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Public,
		..sawtooth().spec
	};
	spec.check().unwrap();
	let data = doin_compute::Published::Series(Vec::new());
	Problem { id: 7, spec, data, linear: None, program: program.map(Arc::new) }
}

#[test]
fn a_program_answers_sums_and_trains_models() {
	let program = UserProgram::new(config("none"));
	assert_eq!(evaluate(&program, &[]), Ok(sums_of(9)));
	assert_eq!(evaluate(&program, &[5]), Ok(sums_of(5)));
	let trained = program.train([("rate", 17)].into_iter(), 8, &AtomicBool::new(false));
	assert_eq!(trained, Ok(vec![17]));
}

#[test]
fn a_known_answer_is_not_asked_for_again() {
	let program = UserProgram::new(config("crash"));
	let stop = AtomicBool::new(false);
	let known = |model: &[u8], chunks: &[u16]| program.known_sums(model, chunks, &stop);
	assert_eq!(known(&[5], &[3, 9]), Ok(vec![5_003, 5_009]));
	assert!(known(&[7], &[3, 9]).is_err(), "the program has crashed, and pauses");
	assert_eq!(known(&[5], &[3, 9]), Ok(vec![5_003, 5_009]));
	assert!(known(&[5], &[3]).is_err() && known(&[7], &[3, 9]).is_err(), "these are not known");
	program.state.lock().pause = None;
	for chunk in 0..2 * MOST_KNOWN as u16 {
		assert_eq!(known(&[5], &[chunk]), Ok(vec![5_000 + u32::from(chunk)]));
		assert!(program.known.lock().len() <= MOST_KNOWN);
	}
}

#[test]
fn only_a_listed_hash_has_a_program() {
	let listed = config("none");
	let programs = Programs::new(std::slice::from_ref(&listed));
	assert!(programs.lists(&listed.hash.0) && programs.get(&listed.hash.0).is_some());
	assert!(programs.get(&[0xAB; 32]).is_none());
	let missing = format!("{:#}", problem(None).user_program().unwrap_err());
	let hash = format!("0x{}", "ab".repeat(32));
	assert!(missing.contains(&hash) && missing.contains("`programs` of the configuration does not list"), "{missing}");
	assert!(sawtooth().user_program().is_err());
}

#[test]
fn a_file_with_another_hash_is_not_started() {
	let folder = tempfile::tempdir().unwrap();
	let (changed, ran) = (folder.path().join("program.sh"), folder.path().join("ran"));
	fs::write(&changed, format!("touch {}", ran.display())).unwrap();
	let mut config = ProgramConfig::new([7; 32], changed, vec!["sh".into()]);
	config.folder = Some(folder.path().into());
	let fault = evaluate(&UserProgram::new(config.clone()), &[]).unwrap_err();
	assert!(matches!(fault, ProgramFault::OtherFile { .. }) && fault.to_string().contains("Nothing is started"), "{fault}");
	assert!(!ran.exists());
	config.file = folder.path().join("missing");
	let fault = evaluate(&UserProgram::new(config), &[]).unwrap_err();
	assert!(fault.to_string().contains("cannot be read"), "{fault}");
}

#[test]
fn wrong_answers_are_named_with_the_next_step() {
	for (fault, reason) in [
		("nan", "is not JSON"),
		("negative", "the sum of chunk 1 is `-1`"),
		("few", "it has answered 31 sums: return one for each of 32 chunks"),
		("version", "speaks version 2 of the protocol"),
	] {
		let found = evaluate(&UserProgram::new(config(fault)), &[5]).unwrap_err().to_string();
		assert!(found.contains(reason), "{found}");
	}
	let none = ProgramConfig { command: vec!["/nonexistent/python".into()], ..config("none") };
	let found = evaluate(&UserProgram::new(none), &[5]).unwrap_err().to_string();
	assert!(found.contains("cannot be started"), "{found}");
}

#[test]
fn a_program_that_fails_is_cut_off_and_paused() {
	for (fault, reason) in [("crash", "it has ended (exit status: 3)"), ("hang", "within 10 s"), ("flood", "more than 16 MiB")] {
		let timeout = if fault == "hang" { 10 } else { 60 };
		let program = UserProgram::new(ProgramConfig { timeout, ..config(fault) });
		assert_eq!(evaluate(&program, &[5]), Ok(sums_of(5)));
		let found = evaluate(&program, &[7]).unwrap_err().to_string();
		assert!(found.contains(reason), "{fault}: {found}");
		assert!(program.state.lock().dialogue.is_none(), "{fault}: the process is gone");
		let paused = evaluate(&program, &[5]).unwrap_err();
		assert!(matches!(&paused, ProgramFault::Paused { reason, .. } if *reason == found), "{paused}");
		program.state.lock().pause = None;
		assert_eq!(evaluate(&program, &[5]), Ok(sums_of(5)), "{fault}: it is started again");
		assert_eq!(program.state.lock().failures, 0);
	}
}

#[test]
fn pauses_double_with_each_failure_in_a_row() {
	let program = UserProgram::new(config("crash"));
	let mut pauses = Vec::new();
	for _ in 0..3 {
		let before = Instant::now();
		evaluate(&program, &[7]).unwrap_err();
		let mut state = program.state.lock();
		let (until, _) = state.pause.take().unwrap();
		pauses.push(until.duration_since(before) >= PAUSE * (1 << pauses.len()));
	}
	assert_eq!((pauses, program.state.lock().failures), (vec![true; 3], 3));
}

#[test]
fn a_program_that_reports_an_error_runs_on() {
	let program = UserProgram::new(config("error"));
	let found = evaluate(&program, &[7]).unwrap_err().to_string();
	assert!(found.contains("it reports the error 1: no such model"), "{found}");
	assert!(program.state.lock().dialogue.is_some());
}

#[test]
fn a_question_ends_when_the_worker_stops() {
	let program = UserProgram::new(config("hang"));
	let fault = program.evaluate(&[7], CHUNKS, &AtomicBool::new(true)).unwrap_err();
	assert!(fault.is_stop(), "{fault}");
	assert!(program.state.lock().pause.is_none(), "it has not failed");
}

#[test]
fn a_tolerance_domain_is_scored_by_its_program() {
	let problem = problem(Some(UserProgram::new(config("none"))));
	assert_eq!((problem.naive().unwrap(), problem.bar().unwrap()), (Model::Opaque(vec![]), 300_000));
	let models = [Model::Opaque(vec![]), Model::Opaque(vec![4])];
	let expected = vec![sums_of(9), sums_of(4)];
	assert_eq!(problem.drawn_sums(&models, EvidenceRef::Drawn, &[1; 32]).unwrap(), expected);
	assert_eq!(problem.drawn_sums(&models, EvidenceRef::Drawn, &[2; 32]).unwrap(), expected, "whatever the seed is");
	assert_eq!(problem.validation_sums(&models).unwrap(), expected);
	assert!(problem.drawn_sums(&[Model::RepeatLast], EvidenceRef::Drawn, &[1; 32]).is_err());
	assert_eq!(problem.tail_error(&models[1]), None);
	assert_eq!(problem.draw_error(32_000), 1_000.0 * problem.unit().0);
}

#[test]
fn the_candidates_of_a_tolerance_domain_are_trained_by_its_program() {
	let problem = Arc::new(problem(Some(UserProgram::new(config("none")))));
	let optimization_config = OptimizationConfig { seed: Some(1), ..Default::default() };
	let config = DomainConfig { optimization_config, ..Default::default() };
	let scale = Scale { population: 24, initial_error: problem.bar().unwrap() };
	let meter = Progress::default().begin(problem.id, Account([1; 32]), scale);
	let executor = Executor::cpu(1).unwrap();
	let mut search = Search::start(&problem, &config, &ResourceLimits::default(), executor, meter, None).unwrap();
	let mut rates = Vec::new();
	while let Some(found) = search.results.blocking_recv() {
		let [rate] = found.genes[..] else { panic!("one gene") };
		assert_eq!((found.model, found.errors.validation), (Model::Opaque(vec![rate as u8]), sums_of(rate as u32)));
		assert_eq!(found.fitness < 1 << 20, rate < 9, "2²⁰ is the empty model");
		rates.push(rate);
	}
	rates.sort_unstable();
	assert_eq!(rates, (1..=20).collect::<Vec<_>>(), "the search visits its whole space, each point once");
}

#[test]
fn a_model_of_another_author_is_scored_and_its_genes_are_trained_once() {
	let problem = Arc::new(problem(Some(UserProgram::new(config("none")))));
	let (progress, scale) = (Progress::default(), Scale { population: 24, initial_error: problem.bar().unwrap() });
	let (meter, executor) = (progress.begin(problem.id, Account([1; 32]), scale), Executor::cpu(1).unwrap());
	let start = Search::start(&problem, &DomainConfig::default(), &ResourceLimits::default(), executor, meter, None);
	let mut search = start.unwrap();
	let other = |genes, byte| Immigrant { id: 5, genes, model: Some(Arc::new(Model::Opaque(vec![byte]))) };
	for immigrant in [other(vec![17], 4), other(vec![1, 2], 4), other(vec![17], 3)] {
		search.immigrate(immigrant);
	}
	let mut rates = Vec::new();
	while let Some(found) = search.results.blocking_recv() {
		rates.extend(found.genes);
	}
	assert_eq!(rates[0], 17);
	rates.sort_unstable();
	assert_eq!(rates, (1..=20).collect::<Vec<_>>(), "each point once");
	assert_eq!(progress.searches()[0].immigrants, 1);
}

#[test]
fn a_search_whose_program_is_another_file_ends_with_its_reason() {
	let changed = ProgramConfig { hash: crate::config::ProgramHash([1; 32]), ..config("none") };
	let problem = Arc::new(problem(Some(UserProgram::new(changed))));
	let scale = Scale { population: 24, initial_error: 1 };
	let meter = Progress::default().begin(problem.id, Account([1; 32]), scale);
	let executor = Executor::cpu(1).unwrap();
	let start = Search::start(&problem, &DomainConfig::default(), &ResourceLimits::default(), executor, meter, None);
	assert!(start.unwrap().results.blocking_recv().is_none());
}
