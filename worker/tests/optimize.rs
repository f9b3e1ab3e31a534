//! `optimize` as a user runs it: several processes on one machine, some of which are killed.

#![cfg(target_os = "linux")]

mod user;

use rustix::process::{kill_process, Pid, Signal};
use serde_json::Value;
use std::{
	fs,
	path::Path,
	process::{Child, Command, Stdio},
	thread::yield_now,
};
use user::{json, refusal, Random};

/// A search of 14,400 candidates.
const SEARCH: [&str; 16] = [
	"optimize",
	"--landscape",
	"rastrigin",
	"--dimensions",
	"60",
	"--hidden",
	"3",
	"--islands",
	"4",
	"--generations",
	"150",
	"--migrate-every",
	"3",
	"--seed",
	"5",
	"--json",
];
/// Most processes that are killed during one search. A candidate during which more of them end is left out.
const MOST_KILLED: usize = 12;

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
	[&SEARCH[..], more].concat()
}

/// Starts a search that is not waited for.
fn start(folder: &Path, more: &[&str]) -> Child {
	let mut command = Command::new(env!("CARGO_BIN_EXE_doin-worker"));
	command.current_dir(folder).args(with(more)).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Returns the numbers of the processes that `parent` has started and that live.
fn children(parent: u32) -> Vec<i32> {
	let processes = fs::read_dir("/proc").unwrap().flatten();
	let child = |name: &str| -> Option<i32> {
		let number = name.parse().ok()?;
		// The name of the program, in parentheses, may have spaces.
		let status = fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
		let mut words = status.rsplit_once(')')?.1.split_whitespace();
		let (state, of) = (words.next()?, words.next()?);
		(of.parse::<u32>() == Ok(parent) && state != "Z").then_some(number)
	};
	processes.filter_map(|entry| child(entry.file_name().to_str()?)).collect()
}

fn end(process: i32, signal: Signal) {
	// The process may have ended by itself.
	let _ = kill_process(Pid::from_raw(process).unwrap(), signal);
}

fn size(file: &Path) -> u64 {
	fs::metadata(file).map_or(0, |file| file.len())
}

/// Returns the report of a search whose processes are killed at random, and their number.
fn with_killed_workers(folder: &Path, workers: &str, mut random: Random) -> (Value, usize) {
	let state = format!("killed-{workers}.json");
	let results = folder.join(format!("{state}.results"));
	let mut search = start(folder, &["--workers", workers, "--state", &state]);
	let (mut killed, mut due) = (0, 1);
	while killed < MOST_KILLED && search.try_wait().unwrap().is_none() {
		let (written, living) = (size(&results), children(search.id()));
		if written < due || living.is_empty() {
			// The results are removed when the state is written.
			due = due.min(written + 50_000);
			yield_now();
			continue;
		}
		end(living[(random.next() * living.len() as f64) as usize], Signal::KILL);
		killed += 1;
		due = written + 1 + (random.next() * 50_000.0) as u64;
	}
	let output = search.wait_with_output().unwrap();
	assert!(output.status.success());
	(serde_json::from_slice(&output.stdout).unwrap(), killed)
}

#[test]
fn the_same_seed_gives_the_same_archive_on_any_number_of_workers_also_if_they_are_killed() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let one = json(here, &with(&["--workers", "1"]));
	let candidates = one["candidates"].as_u64().unwrap();
	assert_eq!(candidates + one["shared"].as_u64().unwrap(), 150 * 4 * 24);
	assert_eq!(one["evaluated"], candidates, "each candidate once");
	assert_eq!((one["generations"].as_u64(), one["workers_replaced"].as_u64()), (Some(150), Some(0)));
	assert!(one["migrants_in"].as_u64().unwrap() >= 50 * 4, "at least one for each island and migration");
	let same = ["archive", "best", "candidates", "shared", "migrants_in", "migrants_out", "diversity"];
	let is_same = |report: &Value, run: &str| same.iter().for_each(|key| assert_eq!(report[key], one[key], "{run}: {key}"));
	for workers in ["2", "4"] {
		is_same(&json(here, &with(&["--workers", workers])), workers);
	}
	for (seed, workers) in [(1, "2"), (2, "4")] {
		let (report, killed) = with_killed_workers(here, workers, Random(seed));
		assert!(killed > 0 && report["workers_replaced"].as_u64().unwrap() > 0, "{report}");
		is_same(&report, "with killed workers");
	}
	let other = json(here, &[&SEARCH[..13], &["--seed", "6", "--json"]].concat());
	assert_ne!(other["archive"], one["archive"]);
}

/// Waits until the results beside a state have grown by `bytes`, and sends a signal to the search then.
fn end_after(search: &mut Child, results: &Path, bytes: u64, signal: Signal) {
	let before = size(results);
	while size(results) < before + bytes {
		assert!(search.try_wait().unwrap().is_none(), "the search has ended by itself");
		yield_now();
	}
	end(search.id() as i32, signal);
}

#[test]
fn a_search_that_is_killed_or_interrupted_goes_on_exactly() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let whole = json(here, &with(&["--workers", "2"]));
	let state = ["--workers", "2", "--state", "s.json"];
	let results = here.join("s.json.results");
	for bytes in [1, 10_000, 40_000] {
		let mut search = start(here, &state);
		end_after(&mut search, &results, bytes, Signal::KILL);
		search.wait().unwrap();
	}
	let mut search = start(here, &state);
	end_after(&mut search, &results, 20_000, Signal::INT);
	let output = search.wait_with_output().unwrap();
	assert_eq!(output.status.code(), Some(130));
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert!(report["generations"].as_u64().unwrap() < 150);
	let rest = json(here, &with(&state));
	for key in ["archive", "best", "candidates", "shared", "migrants_in", "generations"] {
		assert_eq!(rest[key], whole[key], "{key}");
	}
	assert!(rest["evaluated"].as_u64().unwrap() < whole["evaluated"].as_u64().unwrap(), "results of killed runs are used");
	let again = json(here, &with(&state));
	assert_eq!((&again["archive"], again["evaluated"].as_u64()), (&whole["archive"], Some(0)), "it had ended");
	let other = [&SEARCH[..13], &["--seed", "6", "--state", "s.json"]].concat();
	let message = refusal(here, &other);
	assert!(message.contains("cannot go on from s.json") && message.contains("choose another file"), "{message}");
}

/// Returns an hourly series with a daily wave and a little noise.
fn series(rows: usize) -> String {
	let mut random = Random(7);
	let line = |at: usize| {
		let wave = (at as f64 * std::f64::consts::TAU / 24.0).sin();
		format!("2020-01-{:02} {:02}:00:00,{:.4}\n", at / 24 % 31 + 1, at % 24, 20.0 + 5.0 * wave + (random.next() - 0.5))
	};
	std::iter::once("when,load\n".to_string()).chain((0..rows).map(line)).collect()
}

#[test]
fn the_genes_of_a_model_are_searched_and_its_error_is_that_of_a_training() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let data = ["--csv", "a.csv", "--season", "24", "--horizon", "6", "--window", "24", "--split", "60/25"];
	let genes = ["--width", "4..32", "--rate", "7..11", "--epochs", "2..6"];
	let search = |more: &[&str]| {
		let base = ["optimize", "--islands", "2", "--population", "4", "--generations", "3", "--migrate-every", "1", "--json"];
		json(here, &[&base[..], more, &["--"], &data, &genes].concat())
	};
	let one = search(&["--workers", "1"]);
	assert_eq!(search(&["--workers", "2", "--state", "s.json"])["archive"], one["archive"]);
	let on_device = search(&["--workers", "2", "--gpu", "llvmpipe"]);
	assert_eq!((&on_device["archive"], on_device["devices"].as_array().map(Vec::len)), (&one["archive"], Some(1)));
	assert_eq!((one["dimensions"].as_u64(), one["generations"].as_u64()), (Some(3), Some(3)));
	assert!(one["candidates"].as_u64().unwrap() <= 24 && one["best"]["value"].as_f64().unwrap() < 1.0, "{one}");
	let best = &one["best"];
	let gene = |name: &str| best["genes"][name].to_string();
	let (width, rate, epochs) = (gene("width"), gene("rate"), gene("epochs"));
	let chosen: [&str; 7] = ["--width", &width, "--rate", &rate, "--epochs", &epochs, "--json"];
	let trained = json(here, &[&["train"][..], &data, &chosen].concat());
	assert_eq!(trained["candidates"][0]["validation_error"], best["fitness"]);
	let halved = search(&["--workers", "2", "--algorithm", "de"]);
	assert!(halved["best"]["value"].as_f64().unwrap() < 1.0, "{halved}");
	let with_bits = |bits: &str, generations: &str, state: &str| {
		let base = ["optimize", "--population", "4", "--generations", generations, "--workers", "2", "--state", state, "--json"];
		json(here, &[&base[..], &["--"], &data, &genes, &["--bits", bits]].concat())
	};
	let bits = with_bits("auto", "1", "auto.json")["bits"].as_u64().expect("they are measured");
	let resumed = with_bits("auto", "2", "auto.json");
	assert!([8, 12].contains(&bits) && resumed["bits"].as_u64() == Some(bits), "{resumed}");
	let forced = with_bits(&bits.to_string(), "2", "forced.json");
	assert_eq!(
		(&forced["archive"], &forced["bits"]),
		(&resumed["archive"], &Value::Null),
		"every process trains in the bits of the search"
	);
	let fixed = [&["optimize", "--"][..], &data].concat();
	let message = refusal(here, &fixed);
	assert!(message.contains("no gene is a range"), "{message}");
	let other = [&["optimize", "--state", "s.json", "--seed", "3", "--"][..], &data, &genes].concat();
	assert!(refusal(here, &other).contains("cannot go on from s.json"));
}

#[test]
fn a_search_ends_at_its_target() {
	let folder = tempfile::tempdir().unwrap();
	let args = ["optimize", "--landscape", "sphere", "--dimensions", "3", "--hidden", "4", "--islands", "2", "--target", "0.01"];
	let report = json(folder.path(), &[&args[..], &["--json"]].concat());
	assert_eq!(report["target_reached"], true);
	assert!(report["best"]["fitness"].as_u64().unwrap() <= 10_000, "{report}");
	assert!(report["generations"].as_u64().unwrap() < 100);
	let text = user::fine(folder.path(), &args);
	assert!(text.contains("target      reached") && text.contains(report["archive"].as_str().unwrap()), "{text}");
	let short = json(folder.path(), &[&args[..], &["--generations", "1", "--json"]].concat());
	assert_eq!((short["target_reached"].as_bool(), short["generations"].as_u64()), (Some(false), Some(1)));
}
