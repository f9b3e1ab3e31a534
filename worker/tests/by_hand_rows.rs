//! The commands that need no chain on tables of rows, as a user runs them: train, evaluate, predict, and their errors.

mod user;

use serde_json::{json, Value};
use std::{fs, path::Path};
use user::{fine, json, refusal, Random};

/// Returns rows of four features and a class: the quarter of the plane that the product of two features and the sum of two others
/// choose, which no linear model finds.
fn quarters(rows: usize, seed: u64) -> String {
	let mut random = Random(seed);
	let mut line = |_| {
		let [a, b, c, d] = [(); 4].map(|()| 2.0 * random.next() - 1.0);
		let class = ["east", "north", "south", "west"][usize::from(a * b > 0.0) + 2 * usize::from(c + d > 0.0)];
		format!("{class},{a:.3},{b:.3},{:.1},{:.1}\n", 50.0 * c, 50.0 * d)
	};
	std::iter::once("side,a,b,c,d\n".to_string()).chain((0..rows).map(&mut line)).collect()
}

/// Returns rows of three features and a value between them.
fn prices(rows: usize, seed: u64) -> String {
	let mut random = Random(seed);
	let mut line = |at: usize| {
		let [size, rooms, age] = [40.0 + 160.0 * random.next(), 1.0 + (5.0 * random.next()).floor(), 80.0 * random.next()];
		let price = 2_000.0 * size + 15_000.0 * rooms - 900.0 * age + 2_000.0 * (random.next() - 0.5);
		format!("h{at},{size:.1},{rooms},{age:.0},{price:.0}\n")
	};
	std::iter::once("id,size,rooms,age,price\n".to_string()).chain((0..rows).map(&mut line)).collect()
}

const CLASSES: [&str; 12] =
	["train", "--csv", "q.csv", "--label", "side", "--family", "mlp", "--width", "24", "--epochs", "60", "--json"];

/// A net that was trained on classes, in a folder with its data.
struct Classifier<'a> {
	/// Folder with `q.csv`, which it was trained on, and `q.doin`.
	folder: &'a Path,
	/// Report of the training.
	report: Value,
}

impl<'a> Classifier<'a> {
	/// Trains the net twice, on all threads and on one.
	fn trained(folder: &'a Path) -> Self {
		fs::write(folder.join("q.csv"), quarters(2_000, 1)).unwrap();
		let train = |more: &[&str]| json(folder, &[&CLASSES[..], more].concat());
		let report = train(&["--out", "q.doin", "--curve", "curves"]);
		let again = train(&["--out", "again.doin", "--cores", "1"]);
		let read = |name: &str| fs::read(folder.join(name)).unwrap();
		assert_eq!(read("q.doin"), read("again.doin"), "the same bits on any number of threads");
		assert_eq!(report["models"], again["models"]);
		assert!(fs::read_to_string(folder.join("curves/curve.csv")).unwrap().lines().count() > 10);
		Self { folder, report }
	}

	/// Returns the models of the training: the majority class, the ridge and the net.
	fn models(&self) -> &Vec<Value> {
		self.report["models"].as_array().unwrap()
	}

	/// Checks that the net learns what the ridge does not.
	fn has_learned(&self) {
		let names: Vec<&str> = self.models().iter().map(|model| model["name"].as_str().unwrap()).collect();
		assert_eq!(names, ["majority class", "ridge", "this mlp"]);
		let wrong = |model: usize| self.models()[model]["test"]["error_rate"].as_f64().unwrap();
		assert!(wrong(0) > 0.6 && wrong(1) > 0.4 && wrong(2) < 0.25, "{}", self.report);
		assert_eq!(self.report["mapping"]["classes"], json!(["east", "north", "south", "west"]));
		assert_eq!(self.report["arrangement"]["train_end"], 1_400);
		let notes = self.report["notes"].as_array().unwrap();
		assert!(notes.iter().any(|note| note.as_str().unwrap().contains("shuffled by a fixed seed")), "{notes:?}");
	}

	/// Checks that its file has the parts of the training, and the errors of the training.
	fn is_evaluated_as_trained(&self) {
		let evaluated = json(self.folder, &["evaluate", "--model", "q.doin", "--csv", "q.csv", "--json"]);
		assert_eq!(evaluated["same_data"], true);
		for (part, name) in evaluated["parts"].as_array().unwrap().iter().zip(["validation", "test"]) {
			assert_eq!(part["name"], name);
			for (model, trained) in part["models"].as_array().unwrap().iter().zip(self.models()) {
				assert_eq!(model["error"], trained[name]["error"], "{name} of {}", trained["name"]);
			}
		}
		let test = &evaluated["parts"][1];
		let confusion = test["confusion"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
		assert_eq!(confusion.map(|rows| rows.as_u64().unwrap()).sum::<u64>(), 300);
		assert_eq!(test["classes"], self.report["classes"]);
		let text = fine(self.folder, &["evaluate", "--model", "q.doin", "--csv", "q.csv"]);
		for part in ["only rows that did not train it count", "class, test", "taken for", "majority class", "ridge"] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
	}

	/// Checks its errors on other rows, whose columns have other names.
	fn is_evaluated_on_other_rows(&self) {
		fs::write(self.folder.join("r.csv"), quarters(500, 9).replace("side,a,b,c,d", "s,p,q,r,t")).unwrap();
		let evaluate = ["evaluate", "--model", "q.doin", "--csv", "r.csv"];
		let other = json(self.folder, &[&evaluate[..], &["--label", "s", "--inputs", "p,q,r,t", "--json"]].concat());
		assert_eq!((&other["same_data"], &other["parts"][0]["rows"]), (&false.into(), &500.into()));
		assert!(other["parts"][0]["models"][1]["error_rate"].as_f64().unwrap() < 0.25, "{other}");
		assert!(refusal(self.folder, &evaluate).contains("no column `side`"));
	}

	/// Checks its predictions of rows without labels, and of one row with its label.
	fn predicts(&self) {
		let labelled = quarters(500, 9);
		let rows = || labelled.lines().map(|line| line.split_once(',').unwrap());
		fs::write(self.folder.join("u.csv"), rows().map(|(_, row)| format!("{row}\n")).collect::<String>()).unwrap();
		let found = fine(self.folder, &["predict", "--model", "q.doin", "--csv", "u.csv", "--as-csv"]);
		let predictions = found.lines().map(|line| line.split(',').nth(1).unwrap());
		let right = predictions.zip(rows()).skip(1).filter(|(prediction, (label, _))| prediction == label).count();
		assert!(found.starts_with("row,prediction,actual\n1,") && right > 375, "{right} of 500");
		let one = json(self.folder, &["predict", "--model", "q.doin", "--csv", "q.csv", "--at", "3", "--json"]);
		assert_eq!(
			(one["rows"].as_array().unwrap().len(), &one["rows"][0]["row"], &one["label"]),
			(1, &3.into(), &json!(["side"]))
		);
		assert!(one["rows"][0]["actual"].is_string());
	}

	/// Checks that options of series are refused, and a file that was changed.
	fn refuses_options_of_series_and_damage(&self) {
		let refused = |command: &str, model: &str, more: &[&str]| {
			refusal(self.folder, &[&[command, "--model", model, "--csv", "q.csv"][..], more].concat())
		};
		assert!(refused("evaluate", "q.doin", &["--column", "a"]).contains("name the labels with --label"));
		assert!(refused("evaluate", "q.doin", &["--split", "70/15"]).contains("--split is not used"));
		assert!(refused("predict", "q.doin", &["--time", "a"]).contains("options of times"));
		let whole = fs::read_to_string(self.folder.join("q.doin")).unwrap();
		for (changed, reason) in
			[(whole.replacen("\"east\"", "\"east!\"", 1), "checksum"), (whole[..whole.len() / 2].into(), "cut off")]
		{
			fs::write(self.folder.join("bad.doin"), changed).unwrap();
			assert!(refused("predict", "bad.doin", &[]).contains(reason), "{reason}");
		}
	}
}

#[test]
fn classes_are_learned_evaluated_and_predicted() {
	let folder = tempfile::tempdir().unwrap();
	let classifier = Classifier::trained(folder.path());
	classifier.has_learned();
	classifier.is_evaluated_as_trained();
	classifier.is_evaluated_on_other_rows();
	classifier.predicts();
	classifier.refuses_options_of_series_and_damage();
}

#[test]
fn a_map_is_kept_and_used_for_other_files() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	fs::write(here.join("q.csv"), quarters(600, 1)).unwrap();
	// Fewer rows, none of which lies in the south, and other ranges.
	let north: String =
		quarters(600, 2).lines().filter(|line| !line.starts_with("south")).map(|line| format!("{line}\n")).collect();
	fs::write(here.join("n.csv"), north.replace(",-0.", ",0.")).unwrap();
	let linear = ["train", "--label", "side", "--family", "linear", "--json"];
	let train = |more: &[&str]| json(here, &[&linear[..], more].concat());
	let first = train(&["--csv", "q.csv", "--out", "q.doin", "--map-out", "q.map"]);
	let alone = train(&["--csv", "n.csv", "--out", "n.doin", "--map-out", "n.map"]);
	assert_ne!(alone["mapping"], first["mapping"]);
	for map in ["q.map", "q.doin"] {
		let second = train(&["--csv", "n.csv", "--map", map, "--out", "m.doin"]);
		assert_eq!(second["mapping"], first["mapping"], "{map}");
		assert!(second["notes"].to_string().contains("class `south` has no training row"), "{second}");
	}
	// The models of both files predict the rows of both.
	for (model, csv) in [("q.doin", "n.csv"), ("m.doin", "q.csv")] {
		json(here, &["evaluate", "--model", model, "--csv", csv, "--json"]);
	}
	let own = json(here, &["predict", "--model", "q.doin", "--csv", "q.csv", "--json"]);
	assert_eq!(json(here, &["predict", "--model", "q.doin", "--csv", "q.csv", "--map", "m.doin", "--json"]), own, "the same map");
	// Numbers of which a tenth is the unit of the training.
	let tenths: String = quarters(600, 1)
		.lines()
		.enumerate()
		.map(|(at, line)| {
			let [side, a, b, c, d] = line.split(',').collect::<Vec<_>>()[..] else { panic!("five columns") };
			let tenth = |text: &str| text.parse::<f64>().map_or(text.to_string(), |number| (10.0 * number).to_string());
			format!("{side},{},{},{},{}{}", tenth(a), tenth(b), tenth(c), tenth(d), if at == 600 { "" } else { "\n" })
		})
		.collect();
	fs::write(here.join("t.csv"), tenths).unwrap();
	train(&["--csv", "t.csv", "--map-out", "t.map"]);
	let rows = |options: &[&str]| {
		let base = ["predict", "--model", "q.doin", "--csv", "t.csv", "--json"];
		json(here, &[&base[..], options].concat())["rows"].clone()
	};
	assert_eq!(rows(&["--map", "t.map"]), own["rows"], "ten times the range");
	assert_ne!(rows(&[]), own["rows"]);
	let evaluated = json(here, &["evaluate", "--model", "q.doin", "--csv", "t.csv", "--map", "t.map", "--json"]);
	assert_eq!(evaluated["same_data"], true, "the bytes of the training");

	let bad = |more: &[&str]| refusal(here, &[&["predict", "--model", "q.doin", "--csv", "q.csv", "--map"], more].concat());
	assert!(bad(&["n.map"]).contains("--map n.map cannot be used: the map lacks the class `south` of the model"));
	assert!(bad(&["none.map"]).contains("cannot read none.map"));
	assert!(bad(&["q.csv"]).contains("q.csv has no map: name a map that `train --map-out` wrote"));
	let bad = |more: &[&str]| refusal(here, &[&linear[..5], &["--csv", "q.csv"], more].concat());
	assert!(bad(&["--map", "n.map"]).contains("the label `south` in column `side` is none of the classes"));
	assert!(bad(&["--map", "q.map", "--values"]).contains("--map has classes: omit --values"));
	assert!(bad(&["--map-out", "none/q.map"]).contains("the folder none does not exist"));
	assert!(bad(&["--map-out", "q.csv"]).contains("this would replace q.csv"));
	assert!(bad(&["--map-out", "x", "--out", "x"]).contains("--out and --map-out name the same file"));
}

#[test]
fn values_are_learned_evaluated_and_predicted() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	fs::write(here.join("h.csv"), prices(1_200, 4)).unwrap();
	let train = ["train", "--csv", "h.csv", "--label", "price", "--values", "--without", "id", "--json"];
	for family in ["linear", "mlp"] {
		let out = format!("{family}.doin");
		let trained = json(here, &[&train[..], &["--family", family, "--out", &out]].concat());
		let models = trained["models"].as_array().unwrap();
		assert_eq!((&models[0]["name"], &models[1]["name"]), (&"median".into(), &"ridge".into()));
		let error = |model: usize| models[model]["test"]["mae"][0].as_f64().unwrap();
		assert!(error(0) > 50_000.0 && error(2) < 5_000.0, "{family}: {trained}");
		assert_eq!(trained["mapping"]["values"][0]["unit"], 100.0);
		let evaluated = json(here, &["evaluate", "--model", &out, "--csv", "h.csv", "--json"]);
		assert_eq!(evaluated["parts"][1]["models"][2]["error"], models[2]["test"]["error"]);
		let found = json(here, &["predict", "--model", &out, "--csv", "h.csv", "--at", "last", "--json"]);
		let row = &found["rows"][0];
		let (predicted, actual) = (row["prediction"][0].as_f64().unwrap(), row["actual"][0].as_f64().unwrap());
		assert!((predicted - actual).abs() < 20_000.0, "{row}");
	}
	// Two columns of values.
	let two = ["train", "--csv", "h.csv", "--label", "price,size", "--values", "--without", "id", "--family", "linear", "--json"];
	let two = json(here, &two);
	assert_eq!(two["models"][2]["test"]["mae"].as_array().unwrap().len(), 2);
	assert_eq!(two["mapping"]["features"].as_array().unwrap().len(), 2);
}

/// Returns images of 6 × 6 pixels with a bright bar that is horizontal or vertical.
fn bars(rows: usize) -> String {
	let mut random = Random(3);
	let mut line = |_| {
		let (vertical, at, from) = (random.next() < 0.5, (random.next() * 6.0) as usize, (random.next() * 3.0) as usize);
		let bright = |pixel: usize| {
			let (row, column) = (pixel / 6, pixel % 6);
			let (across, along) = if vertical { (column, row) } else { (row, column) };
			across == at && (from..from + 4).contains(&along)
		};
		let pixels: Vec<String> =
			(0..36).map(|pixel| (if bright(pixel) { 200 } else { 20 } + (40.0 * random.next()) as u32).to_string()).collect();
		format!("{},{}\n", u8::from(vertical), pixels.join(","))
	};
	(0..rows).map(&mut line).collect()
}

#[test]
fn images_are_read_in_patches() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	fs::write(here.join("bars.csv"), bars(1_500)).unwrap();
	let base = ["train", "--csv", "bars.csv", "--no-header", "--label", "1", "--image", "6x6", "--json"];
	let conv = ["--family", "conv", "--kernel", "4", "--stride", "1", "--width", "8", "--epochs", "100", "--out", "b.doin"];
	let trained = json(here, &[&base[..], &conv].concat());
	assert_eq!(trained["mapping"]["image"], json!({ "height": 6, "width": 6 }));
	assert!(trained["models"][2]["test"]["error_rate"].as_f64().unwrap() < 0.1, "{trained}");
	let evaluated = json(here, &["evaluate", "--model", "b.doin", "--csv", "bars.csv", "--no-header", "--json"]);
	assert_eq!(evaluated["parts"][1]["models"][2]["error"], trained["models"][2]["test"]["error"]);
	let bad = |more: &[&str]| refusal(here, &[&base[..base.len() - 3], more].concat());
	assert!(bad(&["--image", "8x9"]).contains("--image 8x9 has 72 pixels, and there are 36 columns of features"));
	assert!(bad(&["--family", "conv"]).contains("--image HxW"));
	assert!(bad(&["--image", "6x6", "--family", "conv", "--kernel", "7"]).contains("gene `kernel` is 7"));
}

#[test]
fn a_population_of_rows_keeps_its_best() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	fs::write(here.join("q.csv"), quarters(600, 1)).unwrap();
	let base = ["train", "--csv", "q.csv", "--label", "side", "--width", "4..32", "--rate", "8..12", "--epochs", "16", "--json"];
	let many = json(here, &[&base[..], &["--population", "12", "--halving", "--patience", "6"]].concat());
	let errors: Vec<u64> =
		many["candidates"].as_array().unwrap().iter().map(|one| one["validation_error"].as_u64().unwrap()).collect();
	assert!(errors.len() == 12 && errors.is_sorted(), "{errors:?}");
	assert_eq!(many["models"][2]["validation"]["error"], errors[0]);
	assert!(many["candidates"][0]["genes"].get("window").is_none(), "rows have no window");
}

#[test]
fn bad_tables_are_rejected_with_their_reason() {
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	let write = |name: &str, text: String| fs::write(here.join(name), text).unwrap();
	write("q.csv", quarters(100, 1));
	write("h.csv", prices(100, 1));
	let train = |csv: &str, more: &[&str]| refusal(here, &[&["train", "--csv", csv, "--label"], more].concat());
	// b01 to b07.
	assert!(train("q.csv", &["side", "--values"]).contains("omit --values to train a classifier"));
	write("missing.csv", quarters(100, 1) + ",0,0,0,0\n");
	assert!(train("missing.csv", &["side"]).contains("line 102: the label is missing in column `side`"));
	assert!(train("h.csv", &["price", "--without", "id"]).contains("different labels such as"));
	assert!(train("q.csv", &["side", "--where", "side=east"]).contains("same label `east`"));
	assert!(train("q.csv", &["side", "--image", "8x9"]).contains("--image 8x9 has 72 pixels"));
	assert!(train("h.csv", &["price", "--values"]).contains("column `id` holds text such as `h0`"));
	write("infinite.csv", quarters(100, 1) + "east,inf,0,0,0\n");
	assert!(train("infinite.csv", &["side"]).contains("line 102: invalid value `inf` in column `a`"));
	let wide = |row: &str| format!("{row}{}\n", ",1".repeat(1_025));
	write(
		"wide.csv",
		format!("y,{}\n", (0..1_025).map(|at| format!("x{at}")).collect::<Vec<_>>().join(","))
			+ &(wide("a") + &wide("b")).repeat(10),
	);
	assert!(train("wide.csv", &["y"]).contains("1025 columns of features, and at most 1024 are read"));

	assert!(train("q.csv", &["none"]).contains("no column `none`"));
	assert!(train("q.csv", &["side", "--fill", "linear"]).contains("--fill median"));
	assert!(train("q.csv", &["side", "--family", "lstm"]).contains("a row has none"));
	assert!(train("q.csv", &["side", "--out", "none/m.doin"]).contains("the folder none does not exist"));
	assert!(train("q.csv", &["side", "--split", "90/20"]).contains("110 rows, and there are 100"));
	assert!(refusal(here, &["train", "--csv", "q.csv", "--column", "a", "--fill", "median"]).contains("--fill linear"));
}
