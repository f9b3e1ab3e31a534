//! The commands that need no chain, as a user runs them: train, evaluate, predict, `domain create --dry-run`, and their errors.

mod user;

use doin_compute::{
	rungs::{rungs, MEAN_OF_RIDGES},
	Dataset, ForecastTask,
};
use doin_forecast::{DomainTerms, Draft, DraftOptions, LoadedModel};
use serde_json::Value;
use std::{path::Path, process::Command};
use user::{fine, json, worker, Random};

/// Returns an hourly series with a daily wave and a little noise.
fn series(rows: usize) -> String {
	let mut random = Random(7);
	let line = |at: usize| {
		let wave = (at as f64 * std::f64::consts::TAU / 24.0).sin();
		format!("2020-01-{:02} {:02}:00:00,{:.4}\n", at / 24 % 31 + 1, at % 24, 20.0 + 5.0 * wave + (random.next() - 0.5))
	};
	std::iter::once("when,load\n".to_string()).chain((0..rows).map(line)).collect()
}

fn both<'a>(some: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
	[some, more].concat()
}

/// Returns the error of a command, which prints no remark before it.
fn refusal(folder: &Path, args: &[&str]) -> String {
	let message = user::refusal(folder, args);
	assert!(message.starts_with("error: "), "{args:?}: {message}");
	message
}

const TRAIN: [&str; 13] =
	["train", "--csv", "a.csv", "--family", "mlp", "--window", "48", "--season", "24", "--horizon", "6", "--epochs", "6"];

/// Checks that the file of a training has its parts and the errors of its models.
fn is_evaluated_as_trained(here: &Path, models: &[Value]) {
	let evaluated = json(here, &["evaluate", "--model", "m.doin", "--csv", "a.csv", "--json"]);
	assert_eq!(evaluated["same_data"], true);
	for (part, name) in [(0, "validation"), (1, "test")] {
		let row = &evaluated["parts"][part]["models"][3];
		assert_eq!(evaluated["parts"][part]["name"], name);
		assert_eq!(row["error"], models[4][name]["error"], "{name}");
		assert_eq!(row["steps"].as_array().unwrap().len(), 6);
	}
}

/// Checks the forecast of the next steps, which are those of a wave, and of steps that are known.
fn forecasts_the_wave(here: &Path) {
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
}

/// Checks the evaluation of other data of the same kind, and the errors of data that are too short or have other columns.
fn is_evaluated_on_other_data(here: &Path) {
	std::fs::write(here.join("b.csv"), series(200).replace("load", "other")).unwrap();
	let other = json(here, &["evaluate", "--model", "m.doin", "--csv", "b.csv", "--column", "other", "--json"]);
	assert_eq!((other["same_data"].as_bool(), other["parts"][0]["windows"].as_u64()), (Some(false), Some(200 - 48 - 5)));
	assert!(refusal(here, &["evaluate", "--model", "m.doin", "--csv", "b.csv"]).contains("no column `load`"));
	assert!(refusal(here, &["predict", "--model", "m.doin", "--csv", "b.csv", "--column", "other", "--at", "47"])
		.contains("reads 48"));
	std::fs::write(here.join("c.csv"), series(50)).unwrap();
	assert!(refusal(here, &["evaluate", "--model", "m.doin", "--csv", "c.csv"]).contains("50 rows, and the model needs 54"));
}

fn damaged_and_foreign_files_are_refused(here: &Path) {
	let whole = std::fs::read_to_string(here.join("m.doin")).unwrap();
	for (text, reason) in [
		(whole[..whole.len() / 2].to_string(), "cut off"),
		(whole.replacen("\"season\": 24", "\"season\": 12", 1), "checksum"),
		("{}".to_string(), "not a model file"),
		(String::new(), "not a model file"),
	] {
		std::fs::write(here.join("bad.doin"), text).unwrap();
		for command in ["evaluate", "predict"] {
			assert!(refusal(here, &[command, "--model", "bad.doin", "--csv", "a.csv"]).contains(reason), "{reason}");
		}
	}
	assert!(refusal(here, &["predict", "--model", "none.doin", "--csv", "a.csv"]).contains("cannot read none.doin"));
}

#[test]
fn a_model_is_trained_saved_evaluated_and_used() {
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
		["repeat-last", "seasonal", "ridge", "mean of ridges", "this mlp"]
	);
	assert!(
		models[4]["test"]["mae"].as_f64().unwrap() < models[1]["test"]["mae"].as_f64().unwrap(),
		"better than the naive models"
	);
	let svg = String::from_utf8(read("curves/curve.svg")).unwrap();
	assert!(svg.starts_with("<svg") && svg.contains("epoch"));
	// The ridge alone, and six epochs.
	assert_eq!(String::from_utf8(read("curves/curve.csv")).unwrap().lines().count(), 1 + 7);

	is_evaluated_as_trained(here, models);
	forecasts_the_wave(here);
	is_evaluated_on_other_data(here);
	damaged_and_foreign_files_are_refused(here);
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
	assert_eq!(many["models"][4]["validation"]["error"], errors[0]);
	// The linear models among the baselines are the same.
	for (options, baseline) in [(&["--family", "linear"][..], 3), (&["--family", "linear", "--one-ridge"], 2)] {
		let linear = train(options);
		assert_eq!(linear["models"][4]["name"], "this linear");
		assert_eq!(linear["models"][baseline]["test"], linear["models"][4]["test"], "{options:?}");
		assert_ne!(linear["models"][5 - baseline]["test"], linear["models"][4]["test"], "{options:?}");
	}
}

#[test]
fn a_linear_model_is_the_one_that_a_domain_of_the_file_can_start_from() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let path = here.join("a.csv");
	std::fs::write(&path, series(31 * 24)).unwrap();
	let options = DraftOptions { season: Some(24), horizon: Some(6), ..DraftOptions::default() };
	let draft = Draft::from_csv(&path.as_path().into(), Some("load"), &options, &DomainTerms::default()).unwrap();
	let values: Vec<i32> = draft.domain.pages.iter().flat_map(|page| page.values().unwrap()).copied().collect();
	let task = ForecastTask::new(&draft.domain.spec, values).unwrap();
	let rungs = rungs(&Dataset::new(task, 0, 0).unwrap(), 0).unwrap();
	let rung = rungs.iter().find(|rung| rung.name == MEAN_OF_RIDGES).unwrap();
	let same = ["--csv", "a.csv", "--column", "load", "--season", "24", "--horizon", "6"];
	fine(here, &[&["train", "--family", "linear", "--out", "m.doin"], &same[..]].concat());
	let trained = LoadedModel::read(&here.join("m.doin")).unwrap();
	assert_eq!(trained.model, rung.model, "bit by bit");
	assert_eq!(trained.file.genes["skip"], 2);
	let evaluated = json(here, &["evaluate", "--model", "m.doin", "--csv", "a.csv", "--json"]);
	let [mean, own] = [2, 3].map(|model: usize| &evaluated["parts"][1]["models"][model]);
	assert_eq!((&mean["name"], &mean["error"]), (&"mean of ridges".into(), &own["error"]));
	let reason = refusal(here, &[&["train", "--one-ridge"], &same[..]].concat());
	assert!(reason.contains("--one-ridge is an option of --family linear"), "{reason}");
}

/// Returns a series that follows the last step of a second one, a random walk, and an independent third one.
fn following(rows: usize, seed: u64) -> String {
	let mut random = Random(seed);
	let mut noise = || random.next() - 0.5;
	let (mut load, mut leader, mut step) = (50.0, 0.0, 0.0);
	let mut line = |at: usize| {
		load += step + 0.05 * noise();
		step = noise();
		leader += step;
		format!("{load:.4},{leader:.4},{:.4},text {at}\n", noise())
	};
	std::iter::once("load,leader,other,note\n".to_string()).chain((0..rows).map(&mut line)).collect()
}

/// Returns the mean absolute error of repeating the last value of the first column, `step` steps ahead of a horizon, after
/// a history.
fn naive(csv: &str, rows: usize, history: usize, step: usize, horizon: usize) -> f64 {
	let value = |line: &str| line.split(',').next().unwrap().parse::<f64>().unwrap();
	let values: Vec<f64> = csv.lines().skip(1).take(rows).map(value).collect();
	let errors: Vec<f64> =
		(history..=rows - horizon).map(|origin| (values[origin + step - 1] - values[origin - 1]).abs()).collect();
	errors.iter().sum::<f64>() / errors.len() as f64
}

#[test]
fn further_columns_are_read_and_named_in_the_model_file() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), following(900, 3)).unwrap();
	let train = |more: &[&str]| {
		let base = ["train", "--csv", "a.csv", "--column", "load", "--season", "1", "--horizon", "1", "--window", "6", "--json"];
		json(here, &[&base[..], more].concat())
	};
	let error = |trained: &Value| trained["models"][4]["test"]["mae"].as_f64().unwrap();
	let alone = train(&["--family", "linear", "--one-ridge"]);
	for family in ["linear", "mlp", "conv", "gru"] {
		let out = format!("{family}.doin");
		// The mean of ridges has more bias than one ridge where a single step tells all.
		let one_ridge: &[&str] = if family == "linear" { &["--one-ridge"] } else { &[] };
		let beside =
			["--family", family, "--inputs", "other,leader", "--kernel", "2", "--stride", "1", "--epochs", "2", "--out", &out];
		let beside = train(&[&beside[..], one_ridge].concat());
		assert!(error(&beside) * 4.0 < error(&alone), "{family}: {} against {}", error(&beside), error(&alone));
		assert_eq!(beside["inputs"], serde_json::json!(["other", "leader"]));
		let evaluated = json(here, &["evaluate", "--model", &out, "--csv", "a.csv", "--json"]);
		for (part, name) in [(0, "validation"), (1, "test")] {
			assert_eq!(evaluated["parts"][part]["models"][3]["mae"], beside["models"][4][name]["mae"], "{family} on {name}");
		}
	}
	let ahead = json(here, &["predict", "--model", "mlp.doin", "--csv", "a.csv", "--at", "500", "--json"]);
	let step = &ahead["steps"][0];
	assert!((step["forecast"].as_f64().unwrap() - step["actual"].as_f64().unwrap()).abs() < 0.3, "{step}");

	// Other data under other names, and columns that do not fit.
	let other = following(300, 4).replace("load,leader,other", "l,m,n");
	std::fs::write(here.join("b.csv"), other).unwrap();
	let on = ["evaluate", "--model", "mlp.doin", "--csv", "b.csv", "--column", "l"];
	let evaluated = json(here, &both(&on, &["--inputs", "n,m", "--json"]));
	assert!(evaluated["parts"][0]["models"][2]["better_percent"].as_f64().unwrap() > 50.0, "{evaluated}");
	assert!(refusal(here, &on).contains("no column `other`"));
	assert!(refusal(here, &both(&on, &["--inputs", "n"]))
		.contains("names 1 columns, and the model reads 2 beside `load` (other, leader)"));
	let bad = |more: &[&str]| refusal(here, &[&["train", "--csv", "a.csv", "--column", "load"], more].concat());
	assert!(bad(&["--inputs", "note"]).contains("line 2: invalid value `text 0` in column `note`: expected a number"));
	assert!(bad(&["--inputs", "leader,nothing"]).contains("no column `nothing`"));
	assert!(bad(&["--inputs", "leader,load"]).contains("`load` is named twice"));
	let many = "load,a,b,c,d,e,f,g,h\n".to_string() + &"1,2,3,4,5,6,7,8,9\n2,3,4,5,6,7,8,9,1\n".repeat(300);
	std::fs::write(here.join("many.csv"), many).unwrap();
	let eight = ["train", "--csv", "many.csv", "--column", "load", "--inputs", "a,b,c,d,e,f,g,h"];
	assert!(refusal(here, &eight).contains("at most 7 beside"));
	assert!(bad(&["--inputs", "leader", "--window", "1020"]).contains("2 channels"));
}

#[test]
fn only_the_named_steps_are_forecast_and_scored() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let train = |more: &[&str]| {
		let base =
			["train", "--csv", "a.csv", "--family", "linear", "--season", "24", "--window", "24", "--split", "60/25", "--json"];
		json(here, &[&base[..], more].concat())
	};
	let all = train(&["--horizon", "6", "--out", "all.doin"]);
	let some = train(&["--steps", "3,6", "--out", "some.doin"]);
	assert_eq!((&some["horizon"], &some["steps"]), (&Value::from(6), &serde_json::json!([3, 6])));
	assert!(some["window_macs"].as_u64().unwrap() * 3 == all["window_macs"].as_u64().unwrap(), "two outputs in place of six");
	let evaluate = |model: &str| json(here, &["evaluate", "--model", model, "--csv", "a.csv", "--json"]);
	let (all, evaluated) = (evaluate("all.doin"), evaluate("some.doin"));
	for part in 0..2 {
		// The forecasts of naive models do not depend on the other steps.
		for model in 0..2 {
			let steps = |evaluated: &Value| evaluated["parts"][part]["models"][model]["steps"].clone();
			assert_eq!(steps(&evaluated), serde_json::json!([steps(&all)[2], steps(&all)[5]]));
		}
		assert_eq!(evaluated["parts"][part]["models"][3]["steps"].as_array().unwrap().len(), 2);
	}
	let next = json(here, &["predict", "--model", "some.doin", "--csv", "a.csv", "--json"]);
	let steps: Vec<u64> = next["steps"].as_array().unwrap().iter().map(|step| step["step"].as_u64().unwrap()).collect();
	assert_eq!((steps, &next["steps"][1]["time"]), (vec![3, 6], &Value::from("2020-02-01 05:00:00")));
	let bad = |more: &[&str]| refusal(here, &[&["train", "--csv", "a.csv"], more].concat());
	assert!(bad(&["--steps", "3,30", "--horizon", "24"]).contains("--steps 30 lies beyond --horizon 24"));
	assert!(bad(&["--steps", "6,3"]).contains("ascend"));
	assert!(bad(&["--steps", "0"]).contains("--steps 0"));
}

#[test]
fn classes_of_the_change_are_forecast() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let train = ["train", "--csv", "a.csv", "--season", "24", "--window", "24", "--horizon", "3", "--epochs", "8"];
	let trained = json(here, &both(&train, &["--classes", "-1.5,1.5", "--out", "m.doin", "--json"]));
	let accuracy = |row: &Value| row["test"]["accuracy"].as_f64().unwrap();
	let share = trained["most_frequent"]["test"].as_f64().unwrap();
	assert!((0.3..0.7).contains(&share), "{trained}");
	assert!(accuracy(&trained["models"][4]) > share + 0.2 && accuracy(&trained["models"][0]) < share, "{trained}");
	assert_eq!(trained["classes"].as_array().unwrap().len(), 2);
	let evaluated = json(here, &["evaluate", "--model", "m.doin", "--csv", "a.csv", "--json"]);
	assert_eq!(evaluated["parts"][1]["models"][3]["accuracy"], trained["models"][4]["test"]["accuracy"]);
	assert_eq!(evaluated["parts"][1]["most_frequent"], trained["most_frequent"]["test"]);
	let came = evaluated["parts"][1]["came"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum::<u64>();
	assert_eq!(Some(came), evaluated["parts"][1]["windows"].as_u64());
	let table = fine(here, &["evaluate", "--model", "m.doin", "--csv", "a.csv"]);
	assert!(table.contains("accuracy") && table.contains("1 (from -1.5 to below 1.5): "), "{table}");
	// Hour 0 of the wave: three hours later it is higher by 3.5; at hour 6, it falls by 1.5 or so; at hour 12, by 3.5.
	let at =
		|row: &str| json(here, &["predict", "--model", "m.doin", "--csv", "a.csv", "--at", row, "--json"])["steps"][0].clone();
	assert_eq!((&at("697")["class"], &at("709")["class"]), (&Value::from(2), &Value::from(0)));
	assert_eq!((&at("697")["step"], &at("697")["actual"]), (&Value::from(3), &Value::from(2)));
	let csv = fine(here, &["predict", "--model", "m.doin", "--csv", "a.csv", "--at", "697", "--as-csv"]);
	assert_eq!(csv, "step,time,class,actual\n3,2020-01-30 03:00:00,2,2\n");
	assert!(fine(here, &["predict", "--model", "m.doin", "--csv", "a.csv"]).contains("class 0: change below -1.5"));
	let bad = |classes: &str| refusal(here, &both(&train, &["--classes", classes]));
	assert!(bad("1.5,-1.5").contains("ascend"));
	assert!(bad("0,500").contains("class 2 never occurs"));
	assert!(bad("0.0001,0.0002").contains("choose a finer --unit"));
	assert!(
		!worker(here, &both(&train, &["--classes", "0", "--steps", "3"])).status.success(),
		"steps and classes exclude each other"
	);
}

#[test]
fn one_model_is_made_for_several_files() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let texts = [following(700, 5), following(500, 6), following(300, 7), following(260, 8)];
	for (name, text) in ["a.csv", "b.csv", "c.csv", "d.csv"].iter().zip(&texts) {
		std::fs::write(here.join(name), text).unwrap();
	}
	let base = ["train", "--column", "load", "--inputs", "leader", "--family", "linear", "--one-ridge", "--season", "1"];
	let base = [&base[..], &["--unit", "0.0001", "--window", "6", "--steps", "2,4", "--json"]].concat();
	let files =
		["--csv", "a.csv", "--csv", "b.csv:400", "--validation-csv", "c.csv:200", "--test-csv", "d.csv", "--out", "m.doin"];
	let trained = json(here, &[&base[..], &files].concat());
	let rows: Vec<u64> = trained["files"].as_array().unwrap().iter().map(|file| file["rows"].as_u64().unwrap()).collect();
	assert_eq!(rows, [700, 400, 200, 260]);
	// The error of repeating the last value on all windows that lie within one file.
	for (name, text, rows) in [("validation", &texts[2], 200), ("test", &texts[3], 260)] {
		let expected = (naive(text, rows, 6, 2, 4) + naive(text, rows, 6, 4, 4)) / 2.0;
		let found = trained["models"][0][name]["mae"].as_f64().unwrap();
		assert!((found - expected).abs() < 1e-9, "{name}: {found} against {expected}");
		assert!(trained["models"][4][name]["better_percent"].as_f64().unwrap() > 10.0, "{trained}");
	}
	let evaluate = |csv: &str| json(here, &["evaluate", "--model", "m.doin", "--csv", csv, "--json"]);
	for (csv, part) in [("c.csv:200", "validation"), ("d.csv", "test"), ("a.csv", "training")] {
		let evaluated = evaluate(csv);
		assert_eq!((&evaluated["same_data"], &evaluated["parts"][0]["name"]), (&Value::from(true), &Value::from(part)));
		if part != "training" {
			assert_eq!(evaluated["parts"][0]["models"][2]["mae"], trained["models"][4][part]["mae"]);
		}
	}
	assert_eq!(evaluate("c.csv")["parts"][1]["name"], "test", "rows that the training left out");
	// Several files, each split by the same rule.
	let cut = json(here, &[&base[..], &["--csv", "a.csv", "--csv", "b.csv", "--split", "60/20"]].concat());
	assert_eq!(cut["files"][1]["split"], serde_json::json!({ "train_end": 300, "validation_end": 400 }));
	assert!(cut["models"][4]["test"]["mae"].as_f64().unwrap() < cut["models"][0]["test"]["mae"].as_f64().unwrap());

	std::fs::write(here.join("e.csv"), "load,nobody\n".to_string() + &"1,2\n".repeat(300)).unwrap();
	let bad = |more: &[&str]| refusal(here, &[&base[..base.len() - 1], more].concat());
	assert!(bad(&["--csv", "a.csv", "--csv", "e.csv"]).contains("e.csv: no column `leader`"));
	assert!(bad(&["--csv", "a.csv", "--validation-csv", "c.csv:9"]).contains("c.csv has 9 rows, and 10 are needed"));
	assert!(bad(&["--csv", "a.csv", "--validation-csv", "c.csv:30"])
		.contains("30 rows validate, and with a horizon of 4 steps 35 are needed after a history of 6"));
	assert!(bad(&["--csv", "a.csv:9", "--validation-csv", "c.csv"]).contains("a.csv has 9 rows, of which 9 train"));
	assert!(bad(&["--csv", "a.csv:701"]).contains("701 rows, and the file has 700"));
	assert!(bad(&["--csv", "a.csv", "--history", "5"]).contains("--history 5"));
}

#[test]
fn domains_are_made_of_channels_steps_and_classes() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), following(900, 3)).unwrap();
	let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
	let node = format!("ws://127.0.0.1:{port}");
	let base = ["domain", "create", "--csv", "a.csv", "--column", "load", "--season", "1", "--dry-run", "--url", &node];
	let some = json(here, &both(&base, &["--steps", "2,6", "--json"]));
	assert_eq!((&some["program"], &some["horizon"], &some["steps"]), (&"forecast".into(), &6.into(), &serde_json::json!([2, 6])));
	assert!(some["generator"]["ar"].is_array());
	let classes = json(here, &both(&base, &["--horizon", "2", "--classes", "-0.1,0.1", "--unit", "0.01", "--json"]));
	assert_eq!((&classes["program"], &classes["classes"]), (&"classify".into(), &serde_json::json!([-10, 10])));
	let error_rate: f64 = classes["baselines"][0]["validation"].as_str().unwrap().parse().unwrap();
	assert!((0.0..1.0).contains(&error_rate));
	let three = json(here, &both(&base, &["--horizon", "2", "--inputs", "leader,other", "--json"]));
	assert_eq!((&three["channels"], &three["values"], &three["generator"]), (&3.into(), &2_700.into(), &Value::Null));
	assert_eq!(three["inputs"][0]["column"], "leader");
	let text_shown = fine(here, &both(&base, &["--horizon", "2", "--inputs", "leader", "--classes", "0"]));
	for text in ["inputs      leader", "classify the change 2 steps ahead into 2 classes", "only a bounty is paid", "error rate"]
	{
		assert!(text_shown.contains(text), "{text_shown}");
	}
	assert!(refusal(here, &both(&base, &["--steps", "9", "--horizon", "8"])).contains("--steps 9 lies beyond --horizon 8"));
	assert!(refusal(here, &both(&base, &["--inputs", "leader", "--history", "1020"])).contains("--history 1020"));
}

#[test]
fn bad_input_is_rejected_with_its_reason() {
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
	assert!(train("a.csv", &["--window", "1025"]).contains("from 1 to 1024"));
	assert!(train("a.csv", &["--horizon", "1025"]).contains("--horizon 1025"));
	assert!(train("a.csv", &["--horizon", "0"]).contains("--horizon 0"));
	assert!(train("a.csv", &["--season", "0"]).contains("--season 0"));
	assert!(train("a.csv", &["--season", "600"]).contains("--season 600"));
	assert!(train("a.csv", &["--unit", "0"]).contains("--unit 0"));
	assert!(train("a.csv", &["--unit", "1e-30"]).contains("30 bits"));
	assert!(train("a.csv", &["--split", "700/100"]).contains("800 rows, and there are 744"));
	assert!(train("a.csv", &["--width", "600"]).contains("gene `width` is 600"));
	assert!(train("a.csv", &["--depth", "9"]).contains("gene `depth` is 9"));
	assert!(train("a.csv", &["--width", "512", "--depth", "3", "--split", "60/30"]).contains("multiply-accumulates"));
	assert!(train("a.csv", &["--width", "4..9"]).contains("--population"));
	assert!(train("a.csv", &["--column", "x"]).contains("no column `x`"));
	assert!(train("a.csv", &["--out", "none/m.doin"]).contains("the folder none does not exist"));
	assert!(train("a.csv", &["--curve", "curve.png"]).contains(".svg or .csv"));
	assert!(train("constant.csv", &[]).contains("constant at 5"));
	assert!(train("infinite.csv", &[]).contains("line 3"));
	assert!(train("binary.csv", &[]).contains("binary.csv"));
	assert!(train("empty.csv", &[]).contains("empty.csv"));
	assert!(train("flat.csv", &["--season", "1"]).contains("nothing to learn"));
}

#[test]
fn verify_is_inconclusive_without_a_node() {
	let folder = tempfile::tempdir().unwrap();
	let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
	let output = worker(folder.path(), &["verify", "0", "--node", &format!("ws://127.0.0.1:{port}")]);
	assert_eq!(output.status.code(), Some(2));
	assert!(String::from_utf8_lossy(&output.stderr).contains("inconclusive"));
}

/// Options for series that are shorter than 200 rows.
const SHORT: [&str; 10] = ["--season", "12", "--horizon", "3", "--family", "linear", "--window", "12", "--split", "60/30"];

/// Returns a file with the columns `when` and `load`, whose times are these texts.
fn timed(times: impl IntoIterator<Item = String>) -> String {
	let line = |(at, time): (usize, String)| format!("{time},{:.3}\n", 20.0 + 5.0 * (at as f64 / 1.9).sin() + at as f64 / 50.0);
	std::iter::once("when,load\n".to_string()).chain(times.into_iter().enumerate().map(line)).collect()
}

/// Trains a model of a file, and returns the times of its forecasts.
fn forecast_times(here: &Path, file: &str, more: &[&str]) -> Vec<String> {
	fine(here, &[&["train", "--csv", file, "--column", "load", "--out", "m.doin"], &SHORT[..], more].concat());
	let forecast = json(here, &both(&["predict", "--model", "m.doin", "--csv", file, "--json"], more));
	let steps = forecast["steps"].as_array().unwrap();
	steps.iter().map(|step| step["time"].as_str().unwrap_or("none").to_string()).collect()
}

#[test]
fn k03_forecasts_of_a_file_with_its_newest_row_first_come_after_that_row() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let times: Vec<String> = (0..120).map(|at| format!("2031-01-{:02} {:02}:00", at / 4 + 1, at % 4 * 6)).collect();
	std::fs::write(here.join("newest.csv"), timed(times.into_iter().rev())).unwrap();
	let next = forecast_times(here, "newest.csv", &[]);
	assert_eq!(next, ["2031-01-31 00:00", "2031-01-31 06:00", "2031-01-31 12:00"]);
}

#[test]
fn k09_forecasts_of_months_are_dated() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let months = (0..144).map(|at| format!("{}-{:02}", 2019 + at / 12, at % 12 + 1));
	std::fs::write(here.join("months.csv"), timed(months.clone())).unwrap();
	std::fs::write(here.join("days.csv"), timed(months.map(|month| month + "-01"))).unwrap();
	assert_eq!(forecast_times(here, "months.csv", &["--time", "when"]), ["2031-01", "2031-02", "2031-03"]);
	assert_eq!(forecast_times(here, "days.csv", &["--time", "when"]), ["2031-01-01", "2031-02-01", "2031-03-01"]);
}

/// Returns the command that `train` prints beside its model, without the name of the program.
fn next_command(report: &str) -> &str {
	report.lines().find_map(|line| line.strip_prefix("saved ")?.split_once("doin-worker ")).unwrap().1
}

/// Runs a line of a shell in which `"$WORKER"` is the worker.
#[cfg(unix)]
fn shell(folder: &Path, line: &str) -> Vec<u8> {
	let mut command = Command::new("sh");
	command.current_dir(folder).env("WORKER", env!("CARGO_BIN_EXE_doin-worker")).args(["-c", line]);
	let output = command.output().unwrap();
	assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
	output.stdout
}

#[cfg(unix)]
#[test]
fn k01_k02_k19_the_printed_command_works_as_pasted() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let row = |at: usize| {
		let value =
			if at == 40 { "-200".into() } else { format!("{:.2}", 20.0 + 5.0 * (at as f64 / 1.9).sin()).replace('.', ",") };
		format!("{:02}/02/2031;{:02}:00;{value}\n", at / 24 + 1, at % 24)
	};
	// Two rows are not in order.
	let rows: String = (0..100).chain([101, 100]).chain(102..160).map(row).collect();
	std::fs::write(here.join("Mike's load.csv"), format!("Date;Time of day;CO(GT)\n{rows}")).unwrap();
	let options = [
		"--column",
		"CO(GT)",
		"--time",
		"Date,Time of day",
		"--day-first",
		"--missing=-200",
		"--fill",
		"linear",
		"--decimal",
		",",
		"--sort",
		"--last",
		"150",
		"--out",
		"my model.doin",
	];
	let trained = fine(here, &[&["train", "--csv", "Mike's load.csv"], &options[..], &SHORT].concat());
	let pasted = shell(here, &format!("\"$WORKER\" {} --json", next_command(&trained)));
	let forecast: Value = serde_json::from_slice(&pasted).unwrap();
	assert_eq!((&forecast["column"], &forecast["row"]), (&"CO(GT)".into(), &150.into()));
	assert!(forecast["steps"][0]["time"].as_str().unwrap().contains("07/02/2031"), "{forecast}");

	// A series from a pipe is gone after the training, and the command says where the next one goes.
	let quoted: String = options.iter().chain(&SHORT).map(|option| format!(" '{option}'")).collect();
	let piped = shell(here, &format!("cat *.csv | \"$WORKER\" train --csv -{quoted}"));
	let piped = String::from_utf8(piped).unwrap();
	assert!(piped.contains("my model.doin: pipe a series into doin-worker predict"), "{piped}");
	let again = shell(here, &format!("cat *.csv | \"$WORKER\" {} --json", next_command(&piped)));
	assert_eq!(serde_json::from_slice::<Value>(&again).unwrap()["steps"], forecast["steps"]);
}

#[test]
fn k10_remarks_are_in_json_too() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let row = |at: usize| format!("{:.1}\n", if [50, 90].contains(&at) { -9999.0 } else { 2.0 + (at as f64 / 1.9).sin() });
	let rows: String = (0..190).map(row).collect();
	std::fs::write(here.join("wind.csv"), format!("wind\n{rows}")).unwrap();
	let warns = |report: &Value| {
		let notes = report["notes"].as_array().unwrap();
		assert!(
			notes.iter().any(|note| note.as_str().unwrap().starts_with("warning: ") && note.to_string().contains("-9999")),
			"{report}"
		);
	};
	let base = ["--csv", "wind.csv", "--json"];
	warns(&json(here, &[&["train", "--out", "m.doin", "--unit", "0.1"], &base[..], &SHORT].concat()));
	warns(&json(here, &[&["predict", "--model", "m.doin"], &base[..]].concat()));
	warns(&json(here, &[&["evaluate", "--model", "m.doin"], &base[..]].concat()));
	// A file without any has an empty list.
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let trained = json(here, &[&["train", "--csv", "a.csv", "--time", "when", "--json"], &SHORT[..]].concat());
	assert_eq!(trained["notes"], serde_json::json!([]));
}

#[test]
fn k23_outputs_are_checked_before_training() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	std::fs::create_dir(here.join("models")).unwrap();
	let train = |more: &[&str]| refusal(here, &both(&TRAIN, more));
	assert!(train(&["--out", "models"]).contains("this is a folder. Name a file in it, e.g. models/model.doin"));
	assert!(train(&["--out", "a.csv"]).contains("would replace a.csv, which the command reads"));
	assert!(train(&["--out", "c.csv", "--curve", "c.csv"]).contains("name the same file"));
	assert_eq!(std::fs::read_dir(here.join("models")).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn k44_an_interrupted_population_keeps_its_best_model() {
	use std::io::{BufRead, BufReader};
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("a.csv"), series(31 * 24)).unwrap();
	let endless = ["--epochs", "1000", "--width", "16..64", "--depth", "2..4", "--population", "20000", "--out", "m.doin"];
	let mut training = Command::new(env!("CARGO_BIN_EXE_doin-worker"))
		.current_dir(here)
		.args(TRAIN.iter().take(11).chain(&endless))
		.stdout(std::process::Stdio::piped())
		.stderr(std::process::Stdio::piped())
		.spawn()
		.unwrap();
	// The plan is printed when the training begins.
	let mut output = BufReader::new(training.stdout.take().unwrap());
	let mut line = String::new();
	while !line.starts_with("trained by") {
		line.clear();
		assert!(output.read_line(&mut line).unwrap() > 0);
	}
	std::thread::sleep(std::time::Duration::from_secs(2));
	let process = rustix::process::Pid::from_child(&training);
	rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
	let report: Vec<String> = output.lines().map(|line| line.unwrap()).collect();
	let ended = training.wait_with_output().unwrap();
	let notes = String::from_utf8(ended.stderr).unwrap();
	assert_eq!(ended.status.code(), Some(130), "{notes}");
	assert!(notes.contains("the best model so far is kept"), "{notes}");
	assert!(report.iter().any(|line| line.starts_with("saved       m.doin")), "{report:?}");
	fine(here, &["predict", "--model", "m.doin", "--csv", "a.csv"]);
}
