//! `domain create --dry-run` of tables and of sealed data, as a user runs it without a node, and its errors.

mod user;

use doin_forecast::{
	rows::{MappingOptions, RowOptions},
	sealed::RowSource,
	DomainTerms, RowDraft, RowDraftOptions, SealedTerms,
};
use doin_primitives::{DomainSpec, Split, DOIN};
use doin_roles::keys::{segment_key, KeySource};
use serde_json::Value;
use std::path::Path;

/// The command, with an address at which no node listens: port 1 is reserved for a service that is not used any more.
const CREATE: [&str; 5] = ["domain", "create", "--dry-run", "--url", "ws://127.0.0.1:1"];

fn fine(folder: &Path, args: &[&str]) -> String {
	user::fine(folder, &[&CREATE[..], args].concat())
}

fn json(folder: &Path, args: &[&str]) -> Value {
	user::json(folder, &[&CREATE[..], args].concat())
}

fn refusal(folder: &Path, args: &[&str]) -> String {
	user::refusal(folder, &[&CREATE[..], args].concat())
}

/// Returns a table of two features, a class that their product decides, and a number.
fn table(rows: usize) -> String {
	let line = |at: usize| {
		let (a, b) = ((at % 71) as i64 - 35, (at / 71) as i64 - 20);
		format!("r{at},{a},{b},{},{}\n", if a * b > 0 { "up" } else { "down" }, 10 * a + b)
	};
	std::iter::once("id,a,b,side,price\n".to_string()).chain((0..rows).map(line)).collect()
}

const SEALED: [&str; 8] = ["--licence", "CC0-1.0", "--sealed", "2", "--segment-rows", "512", "--dev-key", "//Alice"];
const CLASSES: [&str; 6] = ["--csv", "t.csv", "--label", "side", "--without", "id,price"];

#[test]
fn a_table_becomes_a_sealed_domain() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("t.csv"), table(2_000)).unwrap();
	let all = [&CLASSES[..], &SEALED, &["--json"]].concat();
	let made = json(here, &all);
	assert_eq!((&made["program"], &made["published"], &made["split"]["trainEnd"]), (&"rows".into(), &976.into(), &848.into()));
	assert_eq!((&made["chunks"], &made["rows"], &made["rowBytes"]), (&64.into(), &8.into(), &3.into()));
	assert_eq!((&made["sealed"]["segments"], &made["sealed"]["units"]), (&2.into(), &512.into()));
	assert_eq!((&made["sealed"]["stake"], &made["classes"]), (&"10000000000000".into(), &serde_json::json!(["down", "up"])));
	assert!(made["fee"].is_null() && made["domain"].is_null(), "without a node: {made}");
	// The key orders the rows, and the same key does so again.
	assert_eq!(json(here, &all)["dataRoot"], made["dataRoot"]);
	let bob: Vec<&str> = all.iter().map(|part| if *part == "//Alice" { "//Bob" } else { part }).collect();
	assert_ne!(json(here, &bob)["dataRoot"], made["dataRoot"]);
	let text = fine(here, &[&CLASSES[..], &SEALED].concat());
	for part in ["sealed: 2 segments of 512 rows", "under CC0-1.0", "majority class", "ridge", "Nothing was sent"] {
		assert!(text.contains(part), "`{part}`: {text}");
	}
	// Values, and rows that are all public.
	let values = ["--csv", "t.csv", "--label", "price", "--values", "--without", "id,side", "--unit-name", "EUR"];
	let values = json(here, &[&values[..], &SEALED, &["--json"]].concat());
	assert!(values["unit"].as_str().unwrap().ends_with(" EUR") && values["classes"].is_null(), "{values}");
	assert_eq!((&values["initial"], &values["baselines"][0]["name"]), (&"ridge".into(), &"median".into()));
	let public = fine(here, &CLASSES);
	assert!(public.contains("public: verdicts use the validation part; only a bounty is paid"), "{public}");
}

#[test]
fn a_series_is_sealed_too() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let value = |at: usize| (at as f64 * 0.26).sin() * 50.0 + ((at * 7_919) % 101) as f64 / 9.0;
	let text: String = std::iter::once("load\n".to_string()).chain((0..6_000).map(|at| format!("{:.2}\n", value(at)))).collect();
	std::fs::write(here.join("load.csv"), text).unwrap();
	let base = ["--csv", "load.csv", "--season", "24", "--horizon", "6", "--dev-key", "//Alice"];
	let made = json(here, &[&base[..], &["--sealed", "3", "--licence", "CC-BY-4.0", "--json"]].concat());
	assert_eq!((&made["sealed"]["segments"], &made["generator"]), (&3.into(), &Value::Null));
	let steps = made["sealed"]["units"].as_u64().unwrap();
	assert_eq!(made["values"].as_u64().unwrap(), 6_000 - 3 * steps);
	let names: Vec<&str> = made["baselines"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
	assert_eq!(names, ["repeat-last", "seasonal", "ridge", "mean of ridges"]);
	let sealed = ["--sealed", "3", "--licence", "CC-BY-4.0", "--json"];
	let naive = json(here, &[&base[..], &["--no-linear"], &sealed].concat());
	assert!(["repeat-last", "seasonal"].contains(&naive["initial"].as_str().unwrap()), "{naive}");
	let piped =
		["--csv", "-", "--season", "24", "--horizon", "6", "--dev-key", "//Alice", "--sealed", "3", "--licence", "CC0-1.0"];
	assert!(refusal(here, &piped).contains("--csv - cannot be used with --sealed"));
	let reason = refusal(here, &[&base[..], &["--sealed", "30", "--licence", "CC-BY-4.0"]].concat());
	assert!(reason.contains("there are 6000 steps, and") && reason.contains("Choose --sealed "), "{reason}");
}

/// Returns a table with texts, gaps, duplicates, and numbers outside the range of the training rows.
fn difficult_table() -> String {
	let line = |at: usize| {
		let (x, y) = ((at % 71) as i64 - 35, (at / 71) as i64 - 20);
		let gap = at % 97 == 5;
		let a = if gap { String::new() } else { format!("{x}.5") };
		format!("{a},{y},{},{}.25\n", if x * y > 0 { "up" } else { "down" }, 10 * x + y)
	};
	let rows: String = (0..2_000).chain(0..39).map(line).collect();
	format!("a,b,side,price\n{rows}")
}

/// The record of a domain has the split, so the bytes do not depend on the parts that another version of this program creates.
#[test]
fn the_bytes_of_a_recorded_domain_never_change() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("rows.csv");
	std::fs::write(&path, difficult_table()).unwrap();
	let key = segment_key(&KeySource::Dev("//Alice".into()).load().unwrap());
	let options = RowOptions { label: "side".into(), without: vec!["price".into()], fill: true, ..Default::default() };
	let mapping = MappingOptions { fill: true, ..Default::default() };
	let rows = RowSource { source: path.as_path().into(), options, mapping };
	let sealed = SealedTerms { segments: 2, segment: Some(512), stake: DOIN, key: key.clone() };
	let terms = DomainTerms { licence: "CC0-1.0".into(), sealed: Some(sealed), ..DomainTerms::default() };
	let draft = RowDraft::from_csv(&RowDraftOptions { rows: rows.clone(), name: None, unit_name: None }, &terms).unwrap();
	let mut spec = draft.domain.spec;
	let root = |spec: &DomainSpec| rows.rebuild(&key, spec).unwrap().data_root();
	assert_eq!(root(&spec), spec.data_root, "as it was created");
	// A third of the published rows validate, as in no domain that this version creates.
	spec.split = Split { train_end: 656, validation_end: 976 };
	assert_eq!(hex::encode(root(&spec)), "150b929faf7cd653c2c623494326643dd4e575f63421bfd67da274093cfd4716");
}

/// A file and a key have to make the same bytes in every version of this program: an owner rebuilds sealed segments with them, and
/// cannot open a segment whose bytes are others. The hashes must therefore never change.
#[test]
fn the_bytes_of_sealed_data_never_change() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::write(here.join("rows.csv"), difficult_table()).unwrap();
	let rows = |more: &[&str]| json(here, &[&["--csv", "rows.csv", "--fill", "median", "--json"], more, &SEALED].concat());
	let classes = rows(&["--label", "side", "--without", "price"]);
	assert_eq!((&classes["published"], &classes["duplicates"]), (&976.into(), &39.into()));
	assert_eq!(classes["dataRoot"], "0xb33404f82c510c76f00fde1adb77c9252839d2a99d2e7a5a318e1e451dc9a948");
	let values = rows(&["--label", "price", "--values", "--without", "side"]);
	assert_eq!(values["dataRoot"], "0x95aa18fbf03de1eda618733daa3326f2c53cb56b127a332aca2e72dd6b5de557");

	let line = |at: usize| {
		let value = (at * 7_919) % 101 + 40 * (at % 24);
		let load = if at % 911 == 7 { String::new() } else { format!("{:.1}", value as f64 / 10.0) };
		format!("{load},{}\n", (at * 31 % 57) as i64 - 20)
	};
	let steps: String = (0..6_000).map(line).collect();
	std::fs::write(here.join("steps.csv"), format!("load,temp\n{steps}")).unwrap();
	let columns = ["--csv", "steps.csv", "--column", "load", "--inputs", "temp", "--time", "none", "--fill", "linear"];
	let steps = ["--scale", "2", "--season", "24", "--horizon", "6", "--history", "48", "--dev-key", "//Alice", "--json"];
	let sealed = ["--sealed", "3", "--licence", "CC0-1.0"];
	let series = json(here, &[&columns[..], &steps, &sealed].concat());
	assert_eq!((&series["values"], &series["sealed"]["units"]), (&8_706.into(), &549.into()));
	assert_eq!(series["dataRoot"], "0xf62d0561958ab6301e9b0f1123c7a0f28849f37c6b41d60b0bf17956655748ec");
}

#[test]
fn b01_to_b07_bad_tables_are_refused_with_their_reason() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let bad = |text: &str, more: &[&str]| {
		std::fs::write(here.join("t.csv"), text).unwrap();
		refusal(here, &[&["--csv", "t.csv"][..], more, &SEALED].concat())
	};
	let good = table(2_000);
	let classes = &CLASSES[2..];
	let reason = bad(&good, &["--label", "side", "--values", "--without", "id,price"]);
	assert!(reason.contains("t.csv, line 2: the label `up` in column `side` is not a number"), "b01 {reason}");
	let reason = bad(&(good.clone() + "x,1,2,,4\n"), classes);
	assert!(reason.contains("t.csv, line 2002: the label is missing in column `side`"), "b02 {reason}");
	let reason = bad(&good, &["--label", "price", "--without", "id,side"]);
	assert!(reason.contains("different labels") && reason.contains("add --values"), "b03 {reason}");
	let reason = bad(&good.replace(",down,", ",up,"), classes);
	assert!(reason.contains("all rows have the same label `up`"), "b04 {reason}");
	let reason = bad(&good, &[classes, &["--image", "2x2"]].concat());
	assert!(reason.contains("--image 2x2 has 4 pixels, and there are 2 columns"), "b05 {reason}");
	let reason = bad(&good, &["--label", "side", "--without", "price"]);
	assert!(reason.contains("column `id` holds text such as `r0`"), "b06 {reason}");
	let reason = bad(&good.replace("r7,", "r7,1e999"), classes);
	assert!(reason.contains("line 9: invalid value"), "b06 {reason}");
	let wide: String = (0..1_025).map(|at| format!("x{at},")).collect::<String>() + "side\n";
	let wide = wide + &format!("{}up\n{}down\n", "1,".repeat(1_025), "2,".repeat(1_025)).repeat(20);
	let reason = bad(&wide, &["--label", "side"]);
	assert!(reason.contains("1025 columns of features, and at most 1024"), "b07 {reason}");

	let reason = bad(&table(1_000), classes);
	assert!(
		reason.contains("there are 1000 different rows, and 1102 are needed")
			&& reason.contains("Choose --sealed 1, or bring more rows"),
		"{reason}"
	);
	std::fs::write(here.join("t.csv"), &good).unwrap();
	let with = |more: &[&str]| refusal(here, &[&CLASSES[..], more].concat());
	let licence = ["--sealed", "2", "--licence", " ", "--dev-key", "//Alice"];
	assert!(with(&licence).contains("sealed data needs a licence"));
	let stake = ["--sealed", "2", "--licence", "CC0-1.0", "--stake", "0.5 DOIN", "--dev-key", "//Alice"];
	assert!(with(&stake).contains("invalid --stake: expected an amount from 1 DOIN to 100 DOIN"));
	let rows = ["--sealed", "2", "--licence", "CC0-1.0", "--segment-rows", "1009", "--dev-key", "//Alice"];
	assert!(with(&rows).contains("invalid --segment-rows 1009") && with(&rows).contains("Choose 1008"));
	assert!(with(&["--fill", "linear"]).contains("--fill median"));
}
