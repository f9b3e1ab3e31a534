use super::*;
use crate::{
	backtest::play,
	rounds::{
		rounds,
		tests::{sawtooth, terms},
	},
};
use serde_json::json;
use std::path::Path;

static RUNNING: AtomicBool = AtomicBool::new(false);
const LONG: Duration = Duration::from_secs(60);
/// Shell commands that answer the first message.
const OPENED: &str = "read first; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"version\":1}}'; ";

/// Returns the command of a shell script.
fn script(text: &str) -> Vec<String> {
	["sh", "-c", text].map(String::from).to_vec()
}

fn series() -> Series {
	Series {
		name: "a.csv".into(),
		column: "close".into(),
		bars: sawtooth(600).into_iter().map(|close| close.map(Bar::of_close)).collect(),
		fields: vec![Field::Close, Field::High],
		clock: None,
		decimals: 2,
	}
}

fn start(text: &str) -> Result<Plugin<'static>, PluginError> {
	Plugin::start(&script(text), &Opening::new(&series(), &terms()), LONG, &RUNNING)
}

/// Returns the forecast of a script that answers the second message by `result`.
fn forecast(result: &str) -> Result<Vec<i32>, PluginError> {
	let text = format!("{OPENED}read second; echo '{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{result}}}'; cat");
	let window = Window { round: 9, end: None, lead: None, bars: vec![Some(vec![100, 101]), Some(vec![90, 99]), None] };
	start(&text)?.changes(&window, 3)
}

fn refusal(result: &str) -> String {
	forecast(result).unwrap_err().to_string()
}

#[test]
fn closes_become_changes_from_the_zero() {
	assert_eq!(forecast("{\"closes\":[90,95,-7]}"), Ok(vec![0, 5, -97]), "the last close that stands is 90");
	assert_eq!(forecast("{\"closes\":[90,95,-7],\"zero\":100}"), Ok(vec![-10, -5, -107]));
	assert_eq!(forecast("{\"closes\":[90,95,-7],\"zero\":null,\"more\":{}}"), Ok(vec![0, 5, -97]));
	let far = 1i64 << 40;
	assert_eq!(forecast(&format!("{{\"closes\":[{far},{far},{}],\"zero\":{far}}}", far + 1)), Ok(vec![0, 0, 1]));
}

#[test]
fn forecasts_of_another_form_are_named() {
	for (result, found) in [
		("{\"closes\":[1,2]}", "has 2 values: return {\"closes\":[…]} with 3 whole numbers"),
		("{\"closes\":[1,2,3,4]}", "has 4 values"),
		("{\"closes\":[1,2.5,3]}", "has `2.5` as value 2, which is not a whole number of 64 bits"),
		("{\"closes\":[1,2,1e3]}", "as value 3, which is not a whole number"),
		("{\"closes\":[1,\"2\",3]}", "has `\"2\"` as value 2"),
		("{\"closes\":[9223372036854775808,2,3]}", "has `9223372036854775808` as value 1"),
		("{\"closes\":5}", "has closes that are not a list (`5`)"),
		("[1,2,3]", "has no closes (`[1,2,3]`)"),
		("{\"closes\":[1,2,3],\"zero\":\"x\"}", "has the zero \"x\""),
		("{\"closes\":[90,2147483738,3]}", "value 2 of its forecast, 2147483738, is more than 31 bits away from the zero 90"),
		("{\"closes\":[-9223372036854775808,1,2],\"zero\":1}", "value 1 of its forecast, -9223372036854775808, is more"),
	] {
		let error = refusal(result);
		assert!(error.starts_with("program `sh -c") && error.contains(found), "{found}: {error}");
	}
	assert_eq!(forecast("{\"closes\":[90,2147483737,3]}").map(|changes| changes[1]), Ok(i32::MAX));
}

/// The market takes 100 values; programs that are one off are the usual mistake.
#[test]
fn forecasts_of_99_and_101_values_are_refused() {
	let window = Window { round: 1, end: None, lead: None, bars: vec![Some(vec![5])] };
	for count in [99, 101] {
		let values = vec!["5"; count].join(",");
		let text = format!("{OPENED}read second; echo '{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{{\"closes\":[{values}]}}}}'");
		let error = start(&text).unwrap().changes(&window, 100).unwrap_err().to_string();
		assert!(
			error.contains(&format!("its forecast has {count} values")) && error.contains("with 100 whole numbers"),
			"{error}"
		);
	}
}

#[test]
fn programs_that_do_not_speak_the_protocol_are_named() {
	let refused = |text: &str| start(text).err().unwrap().to_string();
	assert!(refused("read first; echo loading").contains("has written `loading`, which is not JSON"));
	assert!(refused("exit 4").contains("it has ended (exit status: 4)"));
	let other = "read first; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"version\":2}}'; cat";
	assert!(refused(other).contains("speaks version 2 of the protocol, and this worker version 1"));
	let failing = "read first; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":7,\"message\":\"no GPU\"}}'; cat";
	assert!(refused(failing).contains("it reports the error 7: no GPU"));
	assert!(refused("head -c 2000000 /dev/zero; cat").contains("a line of more than 1 MiB"));
	let (series, terms) = (series(), terms());
	let late = Asked::start(&script("sleep 1000"), &series, &terms, Duration::from_millis(60), &RUNNING);
	assert!(late.err().unwrap().to_string().contains("has not answered within 0 s"));
}

#[test]
fn a_program_that_dies_between_rounds_is_named() {
	let window = Window { round: 1, end: None, lead: None, bars: vec![Some(vec![5])] };
	let mut plugin = start(&format!("{OPENED}exit 9")).unwrap();
	assert!(plugin.changes(&window, 1).unwrap_err().to_string().contains("it has ended (exit status: 9)"));
}

/// The message that a program is asked by has what the documentation lists.
#[test]
fn a_program_sees_the_bars_of_the_input_alone() {
	let folder = tempfile::tempdir().unwrap();
	let seen = folder.path().join("seen");
	let zeros = vec!["0"; 24].join(",");
	let answer = |id: u64| format!("echo '{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"closes\":[{zeros}]}}}}'");
	let kept = format!("printf '%s\\n' \"$first\" \"$second\" \"$third\" > {}", seen.display());
	let text = format!("{OPENED}read second; {}; read third; {kept}; read fourth; {}; cat", answer(2), answer(3));
	let (series, terms) = (series(), terms());
	let mut asked = Asked::start(&script(&text), &series, &terms, LONG, &RUNNING).unwrap();
	asked.forecast(99).unwrap();
	asked.truth(40, 7, &[Some(8), None]).unwrap();
	// The program answers once it has written the messages before.
	asked.forecast(105).unwrap();
	let written = std::fs::read_to_string(&seen).unwrap();
	let messages: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	let opening = &messages[0]["params"];
	assert_eq!((&messages[0]["method"], &opening["version"], &opening["horizon"]), (&json!("initialize"), &json!(1), &json!(24)));
	assert_eq!(opening["fields"], json!(["close", "high"]));
	let bars = messages[1]["params"]["bars"].as_array().unwrap();
	let closes = sawtooth(600);
	assert_eq!((bars.len(), &messages[1]["params"]["round"]), (16, &json!(99)));
	assert_eq!(bars[15], json!([closes[99], closes[99]]));
	assert_eq!(bars[0][0], json!(closes[84]));
	assert_eq!(
		messages[2],
		json!({ "jsonrpc": "2.0", "method": "on_truth", "params": { "round": 40, "zero": 7, "closes": [8, null] } })
	);
}

/// A program that has learnt from pairs forecasts another thing than one that has not.
#[test]
fn the_example_in_python_learns_from_training_pairs() {
	let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/learner.py");
	let (series, terms) = (series(), terms());
	let command = ["python3".to_string(), example.display().to_string()];
	let mut asked = Asked::start(&command, &series, &terms, LONG, &RUNNING).unwrap_or_else(|error| panic!("{error}"));
	let last = series.bars[399].map(|bar| bar.close).unwrap();
	let mean = series.bars[384..400].iter().flatten().map(|bar| bar.close).sum::<i64>() as f64 / 16.0;
	assert_eq!(asked.forecast(399).unwrap(), vec![0; 24], "it knows nothing yet");
	for pair in crate::pairs::pairs(&series, &terms, 400, 300, 1).unwrap() {
		asked.plugin.pair(&pair);
	}
	let learnt = f64::from(asked.forecast(399).unwrap()[0]) / (mean - last as f64);
	assert!((0.1..1.0).contains(&learnt.abs()), "{learnt} of the gap");
}

/// The program of the documentation repeats the last close.
#[test]
fn the_example_in_python_forecasts_every_round() {
	let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/forecaster.py");
	let (series, terms) = (series(), terms());
	let closes = series.closes();
	let held = rounds(&closes, &terms, 300).unwrap();
	let command = ["python3".to_string(), example.display().to_string()];
	let mut asked = Asked::start(&command, &series, &terms, LONG, &RUNNING).unwrap_or_else(|error| panic!("{error}"));
	let scored = play(&held, &closes, &terms, &mut asked, &RUNNING, &mut || {}).unwrap();
	assert_eq!(scored.len(), held.held.len());
	let (_, truth) = terms.truth(&closes, scored[0].bar).unwrap();
	assert_eq!(Some(scored[0].error), truth.error(&[0; 24]));
}
