//! The commands for models by hand, as a user runs them: train, evaluate, predict, and what they say about bad input.

use serde_json::Value;
use std::{
	path::Path,
	process::{Command, Output},
};

/// An hourly series with a daily wave, a little noise and 40 days.
fn series(rows: usize) -> String {
	let mut state = 7u64;
	let mut noise = || {
		state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(state >> 44) as f64 / f64::from(1 << 20) - 0.5
	};
	let line = |at: usize| {
		let wave = (at as f64 * std::f64::consts::TAU / 24.0).sin();
		format!("2020-01-{:02} {:02}:00:00,{:.4}\n", at / 24 % 31 + 1, at % 24, 20.0 + 5.0 * wave + noise())
	};
	std::iter::once("when,load\n".to_string()).chain((0..rows).map(line)).collect()
}

fn worker(folder: &Path, args: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_doin-worker")).current_dir(folder).args(args).output().unwrap()
}

fn fine(folder: &Path, args: &[&str]) -> String {
	let output = worker(folder, args);
	assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
	String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, args: &[&str]) -> Value {
	serde_json::from_str(fine(folder, args).lines().last().unwrap()).unwrap()
}

/// What is said about input that cannot be used: one line, no panic.
fn refusal(folder: &Path, args: &[&str]) -> String {
	let output = worker(folder, args);
	let said = String::from_utf8(output.stderr).unwrap();
	assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
	assert!(said.starts_with("error: ") && !said.contains("panicked"), "{args:?}: {said}");
	assert!(output.stdout.is_empty(), "{args:?}");
	said
}

const TRAIN: [&str; 13] =
	["train", "--csv", "a.csv", "--family", "mlp", "--window", "48", "--season", "24", "--horizon", "6", "--epochs", "6"];

#[test]
fn a_model_is_trained_kept_judged_and_used() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	// 31 days, so that the dates rise.
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let train =
		|out: &str, more: &[&str]| json(here, &[&TRAIN[..], &["--split", "60/25", "--out", out, "--json"], more].concat());
	let trained = train("m.doin", &["--curve", "curves"]);
	let again = train("n.doin", &["--cores", "1"]);
	let read = |name: &str| std::fs::read(here.join(name)).unwrap();
	assert_eq!(read("m.doin"), read("n.doin"), "the same bits on any number of threads");
	assert_eq!(trained["models"], again["models"]);
	let models = trained["models"].as_array().unwrap();
	assert_eq!(
		models.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(),
		["repeat-last", "seasonal", "ridge", "this mlp"]
	);
	assert!(models[3]["test"]["mae"].as_f64().unwrap() < models[1]["test"]["mae"].as_f64().unwrap(), "it beats the naive ones");
	let svg = String::from_utf8(read("curves/curve.svg")).unwrap();
	assert!(svg.starts_with("<svg") && svg.contains("epoch"));
	// The ridge alone, and six epochs.
	assert_eq!(String::from_utf8(read("curves/curve.csv")).unwrap().lines().count(), 1 + 7);

	let judged = json(here, &["evaluate", "--model", "m.doin", "--csv", "a.csv", "--json"]);
	assert_eq!(judged["same_data"], true);
	for (part, name) in [(0, "validation"), (1, "test")] {
		let row = &judged["parts"][part]["models"][3];
		assert_eq!(judged["parts"][part]["name"], name);
		assert_eq!(row["error"], models[3][name]["error"], "{name}");
		assert_eq!(row["steps"].as_array().unwrap().len(), 6);
	}

	let next = json(here, &["predict", "--model", "m.doin", "--csv", "a.csv", "--json"]);
	let steps = next["steps"].as_array().unwrap();
	assert_eq!((steps.len(), &steps[0]["time"], &steps[0]["actual"]), (6, &Value::from("2020-02-01 00:00:00"), &Value::Null));
	for step in steps {
		let hour = step["step"].as_f64().unwrap() - 1.0;
		let wave = 20.0 + 5.0 * (hour * std::f64::consts::TAU / 24.0).sin();
		assert!((step["forecast"].as_f64().unwrap() - wave).abs() < 1.0, "{step}");
	}
	let csv = fine(here, &["predict", "--model", "m.doin", "--csv", "a.csv", "--at", "700", "--as-csv"]);
	assert!(csv.starts_with("step,time,forecast,actual\n1,2020-01-30 04:00:00,") && csv.lines().count() == 7);

	// Other data of the same kind.
	std::fs::write(here.join("b.csv"), series(200).replace("load", "other")).unwrap();
	let other = json(here, &["evaluate", "--model", "m.doin", "--csv", "b.csv", "--column", "other", "--json"]);
	assert_eq!((other["same_data"].as_bool(), other["parts"][0]["windows"].as_u64()), (Some(false), Some(200 - 48 - 5)));
	assert!(refusal(here, &["evaluate", "--model", "m.doin", "--csv", "b.csv"]).contains("no column `load`"));
	assert!(refusal(here, &["predict", "--model", "m.doin", "--csv", "b.csv", "--column", "other", "--at", "47"])
		.contains("reads 48"));
	std::fs::write(here.join("c.csv"), series(50)).unwrap();
	assert!(refusal(here, &["evaluate", "--model", "m.doin", "--csv", "c.csv"]).contains("50 rows, and the model needs 54"));

	// Files that are not what they should be.
	let whole = String::from_utf8(read("m.doin")).unwrap();
	for (text, reason) in [
		(whole[..whole.len() / 2].to_string(), "cut off"),
		(whole.replacen("\"season\": 24", "\"season\": 12", 1), "checksum"),
		("{}".to_string(), "no model file"),
		(String::new(), "no model file"),
	] {
		std::fs::write(here.join("bad.doin"), text).unwrap();
		for command in ["evaluate", "predict"] {
			assert!(refusal(here, &[command, "--model", "bad.doin", "--csv", "a.csv"]).contains(reason), "{reason}");
		}
	}
	assert!(refusal(here, &["predict", "--model", "none.doin", "--csv", "a.csv"]).contains("cannot read none.doin"));
}

#[test]
fn patience_ends_a_training_early_and_a_population_keeps_its_best() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let train = |more: &[&str]| {
		let base =
			["train", "--csv", "a.csv", "--season", "24", "--horizon", "6", "--window", "24", "--split", "60/25", "--json"];
		json(here, &[&base[..], more].concat())
	};
	let early = train(&["--epochs", "900", "--patience", "2"]);
	let one = &early["candidates"][0];
	assert!(one["epochs"].as_u64().unwrap() < 900);
	assert_eq!(one["epochs"].as_u64().unwrap(), one["best_epoch"].as_u64().unwrap() + 2);
	let many = train(&["--width", "4..32", "--rate", "7..11", "--epochs", "2..4", "--population", "12"]);
	let errors: Vec<u64> =
		many["candidates"].as_array().unwrap().iter().map(|one| one["validation_error"].as_u64().unwrap()).collect();
	assert_eq!(errors.len(), 12);
	assert!(errors.is_sorted());
	assert_eq!(many["models"][3]["validation"]["error"], errors[0]);
	let linear = train(&["--family", "linear"]);
	assert_eq!(linear["models"][3]["name"], "this linear");
	// The ridge among the baselines is the same model.
	assert_eq!(linear["models"][2]["test"], linear["models"][3]["test"]);
}

#[test]
fn bad_input_is_answered_with_its_reason() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let write = |name: &str, text: String| std::fs::write(here.join(name), text).unwrap();
	write("a.csv", series(31 * 24));
	write("short.csv", series(60));
	write("constant.csv", "v\n".to_string() + &"5\n".repeat(500));
	write("flat.csv", "v\n".to_string() + &"5\n".repeat(480) + &"6\n".repeat(20));
	write("infinite.csv", "v\n1\ninf\n".to_string() + &"2\n".repeat(500));
	write("binary.csv", "\u{0}\u{1}\n\u{2}".to_string());
	write("empty.csv", String::new());
	let train = |csv: &str, more: &[&str]| refusal(here, &[&["train", "--csv", csv], more].concat());
	assert!(train("none.csv", &[]).contains("cannot read none.csv"));
	assert!(train("short.csv", &["--season", "24"]).contains("bring more data"));
	assert!(train("a.csv", &["--window", "600"]).contains("--window"));
	assert!(train("a.csv", &["--window", "1025"]).contains("within 1 and 1024"));
	assert!(train("a.csv", &["--horizon", "1025"]).contains("--horizon 1025"));
	assert!(train("a.csv", &["--horizon", "0"]).contains("--horizon 0"));
	assert!(train("a.csv", &["--season", "0"]).contains("--season 0"));
	assert!(train("a.csv", &["--season", "600"]).contains("--season 600"));
	assert!(train("a.csv", &["--unit", "0"]).contains("--unit 0"));
	assert!(train("a.csv", &["--unit", "1e-30"]).contains("30 bits"));
	assert!(train("a.csv", &["--split", "700/100"]).contains("800 rows, and the series has 744"));
	assert!(train("a.csv", &["--width", "600"]).contains("gene `width` is 600"));
	assert!(train("a.csv", &["--depth", "9"]).contains("gene `depth` is 9"));
	assert!(train("a.csv", &["--width", "512", "--depth", "3", "--split", "60/30"]).contains("multiply-accumulates"));
	assert!(train("a.csv", &["--width", "4..9"]).contains("--population"));
	assert!(train("a.csv", &["--column", "x"]).contains("no column `x`"));
	assert!(train("a.csv", &["--out", "none/m.doin"]).contains("no folder none"));
	assert!(train("a.csv", &["--curve", "curve.png"]).contains(".svg or .csv"));
	assert!(train("constant.csv", &[]).contains("constant at 5"));
	assert!(train("infinite.csv", &[]).contains("line 3"));
	assert!(train("binary.csv", &[]).contains("binary.csv"));
	assert!(train("empty.csv", &[]).contains("empty.csv"));
	assert!(train("flat.csv", &["--season", "1"]).contains("nothing to learn"));
}

#[test]
fn verify_cannot_tell_without_a_node() {
	let folder = tempfile::tempdir().unwrap();
	let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
	let output = worker(folder.path(), &["verify", "0", "--node", &format!("ws://127.0.0.1:{port}")]);
	assert_eq!(output.status.code(), Some(2));
	assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be told"));
}
