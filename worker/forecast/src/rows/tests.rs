//! Tests of reading and training files of rows: the forms in which people have tables, and faults.

use super::{files::Duplicates, table::Labels, *};
use crate::{
	csv::{CsvOptions, Note},
	model_file::ErrorSums,
	predict::Origin,
	table::SeriesSource,
};
use doin_scoring::Model;
use model_file::{RowFileRecord, RowTraining};
use predict::{predict_rows, RowOutcome};
use std::path::{Path, PathBuf};

/// Files in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
	fn new() -> Self {
		Self(tempfile::tempdir().unwrap())
	}

	fn write(&self, name: &str, text: &str) -> PathBuf {
		let path = self.0.path().join(name);
		std::fs::write(&path, text).unwrap();
		path
	}
}

fn classes() -> RowOptions {
	RowOptions { label: "y".into(), ..Default::default() }
}

fn values() -> RowOptions {
	RowOptions { label: "y".into(), values: true, ..Default::default() }
}

fn files(training: &[&Path], options: RowOptions) -> RowFiles {
	RowFiles {
		training: training.iter().map(|path| SeriesSource::from(*path)).collect(),
		validation: Vec::new(),
		test: Vec::new(),
		mapping: MappingOptions { fill: options.fill, ..Default::default() },
		options,
		split: "70/15".parse().unwrap(),
		in_order: false,
		map: None,
	}
}

/// Reads one file of this text.
fn read(text: &str, options: RowOptions) -> Result<RowSets, String> {
	let folder = Folder::new();
	let path = folder.write("a.csv", text);
	files(&[&path], options).read().map_err(|error| format!("{error:#}"))
}

fn refusal(text: &str, options: RowOptions) -> String {
	read(text, options).map(|sets| sets.files).unwrap_err()
}

/// Returns rows of two features and a class, which is `A` where the first feature is the smaller one.
fn table(rows: usize) -> String {
	let line = |at: usize| {
		let (a, b) = (at * 37 % 101, at * 53 % 97);
		format!("{a},{b},{}\n", if a < b { "A" } else { "B" })
	};
	std::iter::once("a,b,y\n".to_string()).chain((0..rows).map(line)).collect()
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
	for part in parts {
		assert!(text.contains(part), "`{part}` is missing in: {text}");
	}
}

fn notes(notes: &[Note]) -> String {
	notes.iter().map(|note| format!("{note}\n")).collect()
}

#[test]
fn a_file_becomes_shuffled_rows_of_bytes() {
	let sets = read(&table(200), classes()).unwrap();
	assert_eq!(sets.describe(), "140 train, 30 validate, 30 test");
	assert_eq!(sets.mapping.columns(), ["a", "b"]);
	assert_eq!(
		sets.mapping.labels,
		LabelMap::Classes(labels::ClassMap { column: "y".into(), classes: vec!["A".into(), "B".into()] })
	);
	assert_eq!((sets.bytes.len(), sets.files[0].rows), (600, 200));
	for row in sets.rows() {
		let (a, b) = (sets.mapping.features[0].value(row[0]), sets.mapping.features[1].value(row[1]));
		assert!((a - b).abs() < 1.0 || (a < b) == (row[2] == 0), "{a} {b} {row:?}");
	}
	assert_has(&notes(&sets.notes), &["note: rows are shuffled by a fixed seed before they are split 70/15; --in-order keeps"]);
	let again = read(&table(200), classes()).unwrap();
	assert_eq!((sets.bytes, sets.mapping), (again.bytes, again.mapping));
	let folder = Folder::new();
	let path = folder.write("a.csv", &table(200));
	let ordered = RowFiles { in_order: true, ..files(&[&path], classes()) }.read().unwrap();
	assert!(ordered.arrangement.order().into_iter().eq(0..200) && !notes(&ordered.notes).contains("shuffled"));
}

#[test]
fn columns_are_chosen_left_out_and_found_by_position() {
	let text = table(60).replace("a,b,y", "a,b c,y");
	let chosen = |change: &dyn Fn(&mut RowOptions)| {
		let mut options = classes();
		change(&mut options);
		read(&text, options).map(|sets| sets.mapping.columns())
	};
	assert_eq!(chosen(&|options| options.inputs = vec!["b c".into()]).unwrap(), ["b c"]);
	assert_eq!(chosen(&|options| options.without = vec!["\"b c\"".into()]).unwrap(), ["a"]);
	assert_eq!(chosen(&|options| options.label = "3".into()).unwrap(), ["a", "b c"]);
	assert_has(&chosen(&|options| options.label = "z".into()).unwrap_err(), &["--label", "no column `z`", "`a`, `b c`, `y`"]);
	assert_has(&chosen(&|options| options.without = vec!["z".into()]).unwrap_err(), &["--without", "no column `z`"]);
	assert_has(&chosen(&|options| options.without = vec!["a,b c".into()]).unwrap_err(), &["no column beside that of the labels"]);
	assert_has(&chosen(&|options| options.inputs = vec!["a,y".into()]).unwrap_err(), &["column `y` is named twice"]);
	// A file without a header, and one that looks like one with a header.
	let unnamed: String = table(60).lines().skip(1).map(|line| format!("{line}\n")).collect();
	let headless =
		RowOptions { label: "3".into(), csv: CsvOptions { no_header: true, ..Default::default() }, ..Default::default() };
	assert_eq!(read(&unnamed, headless).unwrap().mapping.columns(), ["1", "2"]);
	let letters = "T,2,8,2\nI,5,12,3\n".repeat(20);
	assert_has(
		&refusal(&letters, RowOptions { label: "T".into(), ..Default::default() }),
		&["seems to be a row, not a header", "--no-header"],
	);
	// Rows of one kind.
	let filtered = RowOptions { csv: CsvOptions { filters: vec!["a=1".into()], ..Default::default() }, ..classes() };
	assert_has(&refusal(&table(600), filtered), &["rows train and"]);
}

#[test]
fn several_files_are_one_set() {
	let folder = Folder::new();
	let (first, second) = (folder.write("a.csv", &table(100)), folder.write("b.csv", &table(160)));
	let both = files(&[&first, &second], classes()).read().unwrap();
	assert_eq!((both.describe().as_str(), both.files[1].rows), ("182 train, 39 validate, 39 test", 160));
	let mut apart = files(&[&first], classes());
	// Columns are found by their names.
	let swapped = folder.write("c.csv", &format!("y,b,a\n{}", "A,9,1\n".repeat(5)));
	(apart.validation, apart.test) = (vec![second.as_path().into()], vec![swapped.as_path().into()]);
	let apart = apart.read().unwrap();
	assert_eq!(apart.describe(), "100 train, 160 validate, 5 test");
	let last = *apart.rows().last().unwrap();
	assert_eq!(last, [apart.mapping.features[0].byte(1.0), apart.mapping.features[1].byte(9.0), 0]);
	let other = folder.write("d.csv", &table(50).replace("a,b,y", "a,c,y"));
	assert_has(&format!("{:#}", files(&[&first, &other], classes()).read().unwrap_err()), &["d.csv", "no column `b`"]);
}

#[test]
fn b01_text_labels_are_classes_and_no_values() {
	let reason = refusal(&table(60), values());
	assert_has(&reason, &["a.csv, line ", "the label `B` in column `y` is not a number", "omit --values to train a classifier"]);
	assert_has(&reason, &["line 2"]);
}

#[test]
fn b02_a_missing_label_is_named() {
	for missing in ["", "NA", "?", "NaN"] {
		let text = table(60) + &format!("3,4,{missing}\n");
		let reason = refusal(&text, classes());
		assert_has(&reason, &["a.csv, line 62: the label is missing in column `y`", "Correct it, or remove the row"]);
	}
	let numbers = table(60).replace('A', "1.5").replace('B', "-2");
	assert_has(&refusal(&(numbers.clone() + "3,4,\n"), values()), &["line 62: the label is missing in column `y`"]);
	let sentinel = RowOptions { csv: CsvOptions { missing: vec!["-2".into()], ..Default::default() }, ..values() };
	assert_has(&refusal(&numbers, sentinel), &["the label is missing in column `y` (`-2`)"]);
	// Names of classes that are spelled like a missing value.
	let none = read(&table(60).replace(",A\n", ",none\n").replace(",B\n", ",-\n"), classes()).unwrap();
	assert_has(&format!("{:?}", none.mapping.labels), &["\"-\", \"none\""]);
}

#[test]
fn b03_b04_too_many_labels_or_one() {
	let many: String = (0..200).map(|at| format!("{at},{},{}\n", at % 7, at % 66)).collect();
	assert_has(&refusal(&format!("a,b,y\n{many}"), classes()), &["column `y` has 66 different labels", "add --values"]);
	read(&format!("a,b,y\n{many}"), values()).unwrap();
	assert_has(
		&refusal(&table(60).replace(",A\n", ",B\n"), classes()),
		&["all rows have the same label `B`", "nothing to learn"],
	);
	assert_has(&refusal(&table(60).replace(",A\n", ",5\n").replace(",B\n", ",5\n"), values()), &["column `y` is constant at 5"]);
}

#[test]
fn b05_an_image_of_another_size() {
	let folder = Folder::new();
	let path = folder.write("a.csv", &table(60));
	let mut image = files(&[&path], classes());
	image.mapping.image = Some("2x2".parse().unwrap());
	assert_has(&format!("{:#}", image.read().unwrap_err()), &["--image 2x2 has 4 pixels, and there are 2 columns"]);
	image.mapping.image = Some("1x2".parse().unwrap());
	assert_eq!(image.read().unwrap().mapping.program().image.map(|image| (image.height, image.width)), Some((1, 2)));
}

#[test]
fn b06_columns_of_text_and_infinite_numbers() {
	let named: String = table(60)
		.lines()
		.enumerate()
		.map(|(at, line)| match at {
			0 => format!("id,{line}\n"),
			_ => format!("row {at},{line}\n"),
		})
		.collect();
	assert_has(&refusal(&named, classes()), &["column `id` holds text such as `row 1`", "--without id"]);
	read(&named, RowOptions { without: vec!["id".into()], ..classes() }).unwrap();
	for infinite in ["inf", "-Infinity", "1e999"] {
		let reason = refusal(&(table(60) + &format!("{infinite},4,A\n")), classes());
		assert_has(&reason, &["a.csv, line 62: invalid value", infinite, "column `a`", "--without COLUMN leaves a column out"]);
	}
	let reason = refusal(&(table(60) + "x,4,A\n"), classes());
	assert_has(&reason, &["line 62: invalid value `x` in column `a`"]);
	assert_has(
		&refusal(&(table(60) + ",4,A\n"), classes()),
		&["line 62: column `a` has no value", "--fill median", "--without \"a\""],
	);
	let filled = read(&(table(60) + ",4,A\n"), RowOptions { fill: true, ..classes() }).unwrap();
	assert!(filled.mapping.features.iter().all(|map| map.fill.is_some()));
}

#[test]
fn b07_more_than_1024_columns() {
	let wide = |columns: usize| {
		let names: String = (0..columns).map(|at| format!("x{at},")).collect();
		let row = |label: &str| format!("{}{label}\n", "1,".repeat(columns));
		format!("{names}y\n{}", (row("A") + &row("B")).repeat(20))
	};
	assert_has(
		&refusal(&wide(1_025), classes()),
		&["1025 columns of features, and at most 1024 are read", "--inputs", "--without"],
	);
	assert_eq!(read(&wide(1_024), classes()).unwrap().mapping.features.len(), 1_024);
	assert_eq!(read(&wide(1_025), RowOptions { without: vec!["x7".into()], ..classes() }).unwrap().mapping.features.len(), 1_024);
}

#[test]
fn too_few_rows_are_refused() {
	assert_has(&refusal(&table(12), classes()), &["8 rows train and 2 validate, and at least 14 and 1 are needed"]);
	assert_has(&refusal("a,b,y\n", classes()), &["a.csv has a header and no rows"]);
	read(&table(20), classes()).unwrap();
}

#[test]
fn duplicates_and_ambiguous_rows_are_noted() {
	let sets = read(&(table(100) + &"1,2,A\n1,2,A\n1,2,B\n".repeat(10)), classes()).unwrap();
	let Duplicates { repeated, leaked, ambiguous } = sets.duplicates();
	assert_eq!(repeated, 9 + 19);
	assert!((10..=20).contains(&ambiguous) && (1..30).contains(&leaked), "{ambiguous} {leaked}");
	let text = notes(&sets.notes);
	assert_has(&text, &["28 rows are the same as an earlier one", &format!("{leaked} of the rows that validate and test")]);
	assert_has(&text, &[&format!("{ambiguous} rows have the features of an earlier one and another label")]);
	assert!(!notes(&read(&table(100), classes()).unwrap().notes).contains("rows are the same"));
}

#[test]
fn constant_columns_and_absent_classes_are_noted() {
	let constant: String =
		table(60).lines().enumerate().map(|(at, line)| format!("{},{line}\n", if at == 0 { "c" } else { "5" })).collect();
	assert_has(&notes(&read(&constant, classes()).unwrap().notes), &["column `c` is constant in the training rows"]);
	let folder = Folder::new();
	let path = folder.write("a.csv", &(table(60) + "1,2,C\n"));
	let rare = RowFiles { in_order: true, ..files(&[&path], classes()) }.read().unwrap();
	assert_has(&notes(&rare.notes), &["warning: class `C` has no training row"]);
}

#[test]
fn rows_of_another_file_are_mapped_as_those_of_the_first() {
	let folder = Folder::new();
	let first = read(&table(200), classes()).unwrap();
	let map = first.mapping;
	// Smaller numbers, one class, the columns in another order, and a further one.
	let line = |at: usize| format!("{},A,{},text {at}\n", at % 7, at % 5);
	let text: String = std::iter::once("b,y,a,note\n".to_string()).chain((0..60).map(line)).collect();
	let path = folder.write("b.csv", &text);
	let with = |map: &RowMapping, options: RowOptions| {
		let files = RowFiles { map: Some(map.clone()), in_order: true, ..files(&[&path], options) };
		files.read().map_err(|error| format!("{error:#}"))
	};
	let second = with(&map, classes()).unwrap();
	assert_eq!(second.mapping, map);
	let [a, b] = [0, 1].map(|column: usize| map.features[column].byte(3.0));
	assert_eq!(second.rows()[38], [a, b, 0], "row 38 has an a of 38 % 5 and a b of 38 % 7");
	assert_has(&notes(&second.notes), &["warning: class `B` has no training row"]);
	// Options that a map decides, and files that do not fit.
	let refused = |map: &RowMapping, options: RowOptions| with(map, options).map(|sets| sets.files).unwrap_err();
	assert_has(&refused(&map, values()), &["--map has classes: omit --values"]);
	assert_has(
		&refused(&map, RowOptions { without: vec!["note".into()], ..classes() }),
		&["--map names the columns", "--without"],
	);
	assert_has(&refused(&map, RowOptions { fill: true, ..classes() }), &["it fills none: omit --fill"]);
	let mut other = map.clone();
	other.features[1].column = "z".into();
	assert_has(&refused(&other, classes()), &["no column `z`"]);
	other.features.remove(1);
	let one = with(&other, classes()).unwrap();
	assert_eq!(one.mapping.columns(), ["a"]);
	assert_has(&refused(&other, RowOptions { inputs: vec!["a,b".into()], ..classes() }), &["2 columns of features", "reads 1"]);
	let mut without_a = map.clone();
	without_a.labels = LabelMap::Classes(labels::ClassMap { column: "y".into(), classes: vec!["B".into(), "C".into()] });
	assert_has(&refused(&without_a, classes()), &["b.csv, line 2: the label `A` in column `y` is none of the classes"]);
}

#[test]
fn a_model_reads_rows_of_another_map_of_the_same_columns() {
	let folder = Folder::new();
	let path = folder.write("m.doin", "");
	let sets = read(&table(200), classes()).unwrap();
	model_file(&sets).write(&path).unwrap();
	let AnyModel::Rows(loaded) = AnyModel::read(&path).unwrap() else { panic!("a model of rows") };
	assert_eq!(read_map(&path).unwrap(), sets.mapping, "a model file has its map");
	// Rows in other units.
	let mut other = sets.mapping.clone();
	other.features[0].greatest *= 10.0;
	let mapped = loaded.clone().with_map(other.clone()).unwrap();
	assert_eq!((&mapped.file.mapping, &mapped.model), (&other, &loaded.model));
	let mut renamed = other;
	renamed.features[0].column = "x".into();
	assert_has(&format!("{:#}", loaded.with_map(renamed).unwrap_err()), &["column 1 of the map is `x`", "reads `a`"]);
}

#[test]
fn numbers_outside_the_training_rows_are_noted() {
	let folder = Folder::new();
	let path = folder.write("a.csv", &(table(600) + "999,2,A\n"));
	let sets = RowFiles { in_order: true, ..files(&[&path], classes()) }.read().unwrap();
	assert_has(
		&notes(&sets.notes),
		&["a.csv: 1 number lies outside the range of the training rows", "line 602: `a` is 999, and lies from 0"],
	);
	assert_eq!(sets.rows().last().unwrap()[0], 255);
}

/// Returns the model file of a linear model of `sets` that is 1 in its diagonal.
fn model_file(sets: &RowSets) -> RowModelFile {
	use doin_scoring::{Encoder, Layer, Net};
	let program = sets.mapping.program();
	let (inputs, outputs) = (program.features, program.outputs());
	let weights = (0..inputs * outputs).map(|at| if at % inputs == at / inputs { 64 } else { 0 }).collect();
	let layer = Layer { inputs, outputs, shift: 4, weights, bias: vec![0; outputs.into()] };
	let model =
		Model::Net(Net { window: inputs, in_shifts: vec![2], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() });
	let error = ErrorSums { validation: None, test: None };
	let files = sets.files.iter().map(|file| RowFileRecord {
		file: file.file.clone(),
		rows: file.rows as u32,
		hash: file.hash.clone(),
		error: error.clone(),
	});
	let constant = vec![3; outputs.into()];
	let data = RowTraining { arrangement: sets.arrangement, constant, files: files.collect() };
	RowModelFile::new(&model, sets.mapping.clone(), [("rate".to_string(), 8)].into(), data)
}

fn load(file: &RowModelFile) -> LoadedRowModel {
	let folder = Folder::new();
	let path = folder.0.path().join("m.doin");
	file.write(&path).unwrap();
	match AnyModel::read(&path).unwrap() {
		AnyModel::Rows(loaded) => *loaded,
		AnyModel::Series(_) => panic!("a model of rows"),
	}
}

fn model_table(loaded: &LoadedRowModel, text: &str, options: &RowOptions, label_is_optional: bool) -> Result<RowTable, String> {
	let folder = Folder::new();
	let path = folder.write("a.csv", text);
	let (features, labels) = (loaded.file.mapping.columns(), loaded.file.mapping.labels.columns());
	let wanted = Wanted::Model { features: &features, labels: &labels, label_is_optional };
	RowTable::read(&path.as_path().into(), options, wanted).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_file_of_the_training_has_the_parts_of_the_training() {
	let sets = read(&table(200), classes()).unwrap();
	let loaded = load(&model_file(&sets));
	let evaluate = |text: &str| {
		let table = model_table(&loaded, text, &RowOptions::default(), false).unwrap();
		RowEvaluation::new(&loaded, &table).unwrap()
	};
	let own = evaluate(&table(200));
	let names: Vec<String> = own.parts.iter().map(|part| format!("{} {}", part.part, part.models[0].1.rows)).collect();
	assert_eq!((own.same_data, own.ridge, names), (true, true, vec!["validation 30".to_string(), "test 30".to_string()]));
	let models: Vec<&str> = own.parts[0].models.iter().map(|(name, _)| name.as_str()).collect();
	assert_eq!(models, ["majority class", "ridge", "this linear"]);
	// The parts are those that trained, not the first rows.
	let expected: Vec<&[u8]> = sets.rows()[140..170].to_vec();
	let direct = RowErrors::compute(&loaded.model, &loaded.program, &expected);
	assert_eq!(own.parts[0].models[2].1, direct);
	let grown = evaluate(&(table(200) + "1,2,A\n2,1,B\n"));
	assert_eq!(grown.parts.iter().map(|part| part.part.to_string()).collect::<Vec<_>>(), ["validation", "test", "new rows"]);
	assert_eq!(grown.parts[2].models[0].1.rows, 2);
	let other = evaluate(&(table(50) + "1,2,A\n"));
	assert_eq!((other.same_data, other.ridge, other.parts[0].part.to_string().as_str()), (false, false, "all rows"));
	assert_eq!(other.parts[0].models[0].1.rows, 51);
}

#[test]
fn an_evaluation_needs_labels_that_the_model_has() {
	let loaded = load(&model_file(&read(&table(200), classes()).unwrap()));
	let table_of = |text: &str, change: &dyn Fn(&mut RowOptions)| {
		let mut options = RowOptions::default();
		change(&mut options);
		model_table(&loaded, text, &options, false)
	};
	assert_has(&table_of("a,b\n1,2\n", &|_| ()).unwrap_err(), &["no column `y`"]);
	assert_has(&table_of("b,y\n1,A\n", &|_| ()).unwrap_err(), &["no column `a`"]);
	let renamed = table_of("p,q,r\n1,2,A\n", &|options| {
		options.label = "r".into();
		options.inputs = vec!["p,q".into()];
	});
	assert_eq!(RowEvaluation::new(&loaded, &renamed.unwrap()).unwrap().parts[0].models[0].1.rows, 1);
	let few = table_of("p,q,r\n1,2,A\n", &|options| {
		options.label = "r".into();
		options.inputs = vec!["p".into()];
	});
	let reason = format!("{:#}", RowEvaluation::new(&loaded, &few.unwrap()).unwrap_err());
	assert_has(&reason, &["there are 1 columns of features, and the model reads 2"]);
	let unknown = table_of("a,b,y\n1,2,Z\n", &|_| ()).unwrap();
	assert_has(&format!("{:#}", RowEvaluation::new(&loaded, &unknown).unwrap_err()), &["line 2: the label `Z`", "`A`, `B`"]);
}

#[test]
fn rows_are_predicted_with_and_without_labels() {
	let loaded = load(&model_file(&read(&table(200), classes()).unwrap()));
	let predict = |text: &str, at: Option<Origin>| {
		let table = model_table(&loaded, text, &RowOptions::default(), true).unwrap();
		predict_rows(&loaded, &table, at).map_err(|error| format!("{error:#}"))
	};
	// The greater of both features.
	let (rows, remarks) = predict("b,a\n90,10\n5,80\n", None).unwrap();
	assert!(remarks.is_empty());
	let class = |text: &str| RowOutcome::Class(text.into());
	assert_eq!(rows.iter().map(|row| (row.row, row.prediction.clone())).collect::<Vec<_>>(), [(1, class("B")), (2, class("A"))]);
	assert!(rows.iter().all(|row| row.actual.is_none()));
	let (one, remarks) = predict("a,b,y\n1,2,A\n500,1,Z\n", Some(Origin::Row(2))).unwrap();
	assert_eq!(
		(one.len(), one[0].row, &one[0].actual),
		(1, 2, &Some(class("Z"))),
		"a label that is not a class of the model is shown"
	);
	assert_has(&notes(&remarks), &["lies outside the range", "`a` is 500"]);
	assert_eq!(predict("a,b\n1,2\n3,4\n", Some(Origin::Last)).unwrap().0[0].row, 2);
	assert_has(&predict("a,b\n1,2\n", Some(Origin::Row(2))).unwrap_err(), &["invalid --at 2: a.csv has 1 rows"]);
}

#[test]
fn values_are_predicted_in_units_of_the_column() {
	let text: String = (0..120).map(|at| format!("{},{}\n", at % 51, 10.0 + 0.5 * f64::from(at % 51))).collect();
	let sets = read(&format!("a,y\n{text}"), values()).unwrap();
	let LabelMap::Values(maps) = &sets.mapping.labels else { panic!() };
	assert_eq!(maps[0].unit, 0.01);
	let loaded = load(&model_file(&sets));
	let table = model_table(&loaded, "a,y\n25,1\n", &RowOptions { values: true, ..Default::default() }, false).unwrap();
	let (rows, _) = predict_rows(&loaded, &table, None).unwrap();
	let RowOutcome::Values(predicted) = &rows[0].prediction else { panic!() };
	// The byte of 25 is 128, the input 0, so the model computes the offset.
	assert_eq!((predicted[0], &rows[0].actual), (maps[0].offset, &Some(RowOutcome::Values(vec![1.0]))));
}

#[test]
fn labels_are_kept_as_the_file_has_them() {
	let folder = Folder::new();
	let path = folder.write("a.csv", "a;y\n1,5;2,25\n2,5;3\n");
	let options = RowOptions { values: true, ..classes() };
	let table = RowTable::read(&path.as_path().into(), &options, Wanted::Chosen).unwrap();
	assert_eq!((table.labels, &table.columns[0]), (Some(Labels::Numbers(vec![vec![2.25, 3.0]])), &vec![Some(1.5), Some(2.5)]));
	let parts = RowOptions { last: Some(1), ..options };
	let last = RowTable::read(&path.as_path().into(), &parts, Wanted::Chosen).unwrap();
	assert_eq!((last.labels, last.lines), (Some(Labels::Numbers(vec![vec![3.0]])), vec![3]));
	let first = SeriesSource { path: path.clone(), rows: Some(1) };
	assert_eq!(RowTable::read(&first, &values(), Wanted::Chosen).unwrap().lines, [2]);
	let more = SeriesSource { path, rows: Some(3) };
	assert_has(
		&format!("{:#}", RowTable::read(&more, &values(), Wanted::Chosen).unwrap_err()),
		&["takes 3 rows, and the file has 2"],
	);
}
