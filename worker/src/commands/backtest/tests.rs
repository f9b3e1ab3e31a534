use super::*;
use crate::cli::Cli;
use clap::{FromArgMatches, Parser};
use doin_forecast::{
	model_file::{ErrorSums, FileRecord, TrainingData},
	ForecastSpec, ModelFamily, ModelFile,
};
use doin_primitives::Split;
use doin_scoring::{Encoder, Layer, Model, Net, Target};
use serde_json::json;
use std::path::Path;

/// Parses the arguments of the command.
fn parse(line: &str) -> BacktestArgs {
	let words = std::iter::once("backtest").chain(line.split_whitespace());
	let matches = BacktestArgs::augment_args(clap::Command::new("backtest")).try_get_matches_from(words);
	BacktestArgs::from_arg_matches(&matches.unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

/// Writes bars of a season of eight with a little noise.
fn write_bars(path: &Path, bars: i64) {
	let row = |bar: i64| {
		let close = 100 * (bar % 8) + (bar * 7_919) % 13;
		format!("{},{close},{},{},5\n", 1_600_000_000 + 300 * bar, close + 2, close - 1)
	};
	let rows = (0..bars).map(row).collect::<String>();
	std::fs::write(path, format!("timestamp,close,high,low,volume\n{rows}")).unwrap();
}

fn run_on(folder: &Path, line: &str) -> Result<serde_json::Value> {
	let path = folder.join("bars.csv");
	if !path.exists() {
		write_bars(&path, 900);
	}
	let line = format!("--csv {} --horizon 24 --lookback 16 --cores 1 {line}", path.display());
	let report = backtest(&parse(&line), None, &AtomicBool::new(false))?;
	assert!(report.to_string().contains("skill "));
	Ok(serde_json::to_value(&report)?)
}

#[test]
fn arguments_are_parsed_as_the_time_series_subnet_spells_them() {
	let args = parse("--csv a.csv --base_model gru --test_only_historical 1");
	assert_eq!((args.base_model, args.test_only_historical), (NamedModel::Family(ModelFamily::Gru), Some(1)));
	assert_eq!(parse("--csv a.csv --test-only-historical").test_only_historical, Some(1));
	let usual = parse("--stream BTC/USD --test-only-historical --base-model program:./m");
	assert_eq!((usual.horizon, usual.lookback, usual.lead, usual.batch, usual.train), (None, 100, 5, None, 50));
	let parsed = |line: &str| Cli::try_parse_from(format!("doin-worker backtest {line}").split(' '));
	for wrong in [
		"",
		"--csv a --stream b",
		"--stream b --column x",
		"--stream b --time none",
		"--csv a --base-model lnear",
		"--csv a --channels atr",
		"--csv a --train 0",
		"--csv a --train 96",
		"--csv a --decimals 19",
		"--csv a --timeout 0",
		"--csv a --scale 0",
		"--csv a --retrain 0",
		"--csv a --epochs 0",
		"--csv a --periods 0",
		"--csv a --pairs 100001",
	] {
		assert!(parsed(wrong).is_err(), "{wrong}");
	}
}

#[tokio::test]
async fn rounds_on_a_chain_are_not_those_of_a_backtest() {
	let refused = run(&NodeArgs::default(), parse("--csv a.csv --test_only_historical 0")).await.unwrap_err().to_string();
	assert!(refused.contains("all rounds of this command are historical"), "{refused}");
}

#[test]
fn a_base_model_is_compared_with_the_reference_of_each_round() {
	let folder = tempfile::tempdir().unwrap();
	let report = run_on(folder.path(), "--season 8 --retrain 200 --periods 3").unwrap();
	assert_eq!((&report["base_model"], &report["season"], &report["missing"]), (&json!("linear"), &json!(8), &json!(0)));
	let rounds: Vec<u64> =
		report["periods"].as_array().unwrap().iter().map(|period| period["rounds"].as_u64().unwrap()).collect();
	assert_eq!((rounds.len(), rounds.iter().sum::<u64>()), (3, report["rounds"].as_u64().unwrap()));
	assert_eq!(report["trainings"].as_array().unwrap().len(), 3, "at bars 454, 658 and 862");
	// The reference is the season before, and errs by the noise alone; no change errs by about 300.
	let error = |name: &str| report[name].as_f64().unwrap();
	assert!(error("error") < 100.0 && error("reference_error") < 10.0, "{report}");
	assert_eq!(report["reference"], "season before");
}

#[cfg(unix)]
#[test]
fn a_program_of_the_user_is_asked_for_every_round() {
	let folder = tempfile::tempdir().unwrap();
	let program = folder.path().join("model.sh");
	write_bars(&folder.path().join("bars.csv"), 900);
	let zeros = vec!["0"; 24].join(",");
	let script = format!(
		"read first\necho '{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"version\":1}}}}'\nid=1\nwhile read line; do\n\
		 case $line in *on_truth*) ;; *) id=$((id + 1)); \
		 echo '{{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{{\"closes\":[{zeros}],\"zero\":0}}}}' ;; esac\ndone\n"
	);
	std::fs::write(&program, script).unwrap();
	// So large a scale that no reference takes the place of the first one.
	let line =
		format!("--csv {} --horizon 24 --lookback 16 --season 1 --scale 1000000", folder.path().join("bars.csv").display());
	let args = BacktestArgs { base_model: NamedModel::Program(vec!["sh".into(), program.display().to_string()]), ..parse(&line) };
	let report = serde_json::to_value(backtest(&args, None, &AtomicBool::new(false)).unwrap()).unwrap();
	assert_eq!((&report["reference"], &report["rounds"]), (&json!("repeat-last"), &json!(70)));
	assert_eq!(report["error"], report["reference_error"]);
	assert_eq!((&report["skill"], &report["better"]), (&json!(0.0), &json!(0.0)), "no change has no skill");
	let missing = BacktestArgs { base_model: NamedModel::Program(vec!["/nonexistent/model".into()]), ..args };
	let missing = format!("{:#}", backtest(&missing, None, &AtomicBool::new(false)).unwrap_err());
	assert!(missing.contains("program `/nonexistent/model`: it cannot be started"), "{missing}");
}

#[cfg(unix)]
#[test]
fn a_program_is_given_pairs_of_the_bars_before_the_first_round() {
	let folder = tempfile::tempdir().unwrap();
	let (program, bars, seen) = (folder.path().join("model.sh"), folder.path().join("bars.csv"), folder.path().join("seen"));
	write_bars(&bars, 900);
	let zeros = vec!["0"; 24].join(",");
	let script = format!(
		"read first\necho '{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"version\":1}}}}'\nid=1\nwhile read line; do\n\
		 case $line in *on_truth*) ;; *training_pair*) echo \"$line\" >> {} ;; *) id=$((id + 1)); \
		 echo '{{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{{\"closes\":[{zeros}],\"zero\":0}}}}' ;; esac\ndone\n",
		seen.display()
	);
	std::fs::write(&program, script).unwrap();
	let line = format!("--csv {} --horizon 24 --lookback 16 --season 1 --scale 300 --pairs 40 --seed 5", bars.display());
	let args = BacktestArgs { base_model: NamedModel::Program(vec!["sh".into(), program.display().to_string()]), ..parse(&line) };
	let report = serde_json::to_value(backtest(&args, None, &AtomicBool::new(false)).unwrap()).unwrap();
	let first_bar = report["first_bar"].as_u64().unwrap();
	let text = std::fs::read_to_string(&seen).unwrap();
	let pairs: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	assert_eq!(pairs.len(), 40);
	for pair in pairs {
		let round = pair["params"]["round"].as_u64().unwrap();
		assert!(
			round + 28 <= first_bar,
			"the continuation of bar {round} ends before the input of the round of bar {first_bar} does"
		);
	}
}

#[test]
fn terms_are_those_of_the_command_then_those_of_the_stream() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("bars.csv");
	write_bars(&path, 60);
	let file = Given::of_file(&path, "close", None, None).unwrap();
	let of = |line: &str, given: &Given| {
		let terms = terms(&parse(&format!("--csv a {line}")), given, 30);
		(terms.horizon, terms.batch, terms.season, terms.kept, terms.scale)
	};
	assert_eq!(of("--season 1", &file), (100, 6, 0, 9_000, None));
	let stream = Given { horizon: Some(24), batch: Some(3), season: Some(8), kept: Some(50), scale: Some(5), ..file };
	assert_eq!(of("", &stream), (24, 3, 8, 50, Some(squared(5))));
	let line = "--horizon 48 --batch 2 --season 4 --scale 7";
	assert_eq!(of(line, &stream), (48, 2, 4, 50, Some(squared(7))));
}

/// Writes a model of no change that was trained on 600 rows of a file of this name, and chosen by the first 500 of them.
fn write_model(path: &Path, file: &str) {
	let spec = ForecastSpec { horizon: 28, history: 16, season: 1, channels: 1, target: Target::Values };
	let skip = Layer { inputs: 8, outputs: 28, shift: 4, weights: vec![0; 8 * 28], bias: vec![0; 28] };
	let net = Net { window: 8, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
	let record = FileRecord {
		file: file.into(),
		rows: 600,
		hash: String::new(),
		split: Split { train_end: 400, validation_end: 500 },
		error: ErrorSums { validation: None, test: None },
	};
	let (column, size) = ("close".into(), String::from("1"));
	let data = TrainingData { column, unit: size.clone(), deviation: size, inputs: Vec::new(), files: vec![record] };
	ModelFile::new(&Model::Net(net), &spec.program(), Default::default(), data).write(path).unwrap();
}

#[test]
fn a_model_is_tested_behind_the_bars_that_may_have_chosen_it() {
	let folder = tempfile::tempdir().unwrap();
	let model = folder.path().join("model.doin");
	// The 600 rows may be the last ones of 900, so that the bars from 800 on are new. Rounds open on bars 15 + 6k.
	for (file, first_bar, notes) in [("bars.csv", 801, 1), ("other.csv", 453, 0)] {
		write_model(&model, file);
		let report = run_on(folder.path(), &format!("--base-model {}", model.display())).unwrap();
		assert_eq!((&report["first_bar"], report["notes"].as_array().unwrap().len()), (&json!(first_bar), notes));
	}
}

#[test]
fn a_file_that_is_not_a_model_is_named() {
	let folder = tempfile::tempdir().unwrap();
	let model = folder.path().join("model.doin");
	write_bars(&model, 3);
	let wrong = run_on(folder.path(), &format!("--base-model {}", model.display())).unwrap_err();
	assert!(format!("{wrong:#}").contains("model.doin cannot be used: the file is not a model file"), "{wrong:#}");
}

#[test]
fn bars_and_terms_that_cannot_be_used_are_named() {
	let folder = tempfile::tempdir().unwrap();
	let refused = |line: &str| format!("{:#}", run_on(folder.path(), line).unwrap_err());
	assert!(refused("--lead 3").contains("invalid --lead 3"));
	assert!(refused("--channels volume,volume").contains("twice"));
	assert!(refused("--column open").contains("no column `open` among timestamp, close, high, low, volume"));
	assert!(refused("--train 10").contains("too few to train on"));
	let none = format!("{:#}", backtest(&parse("--csv /nonexistent/bars.csv"), None, &AtomicBool::new(false)).unwrap_err());
	assert!(none.contains("/nonexistent/bars.csv"), "{none}");
}
