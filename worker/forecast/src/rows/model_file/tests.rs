use super::*;
use crate::{
	fixtures,
	rows::{
		bytes::ByteMap,
		labels::{ClassMap, ValueMap},
	},
};
use doin_scoring::{rows::Image, Encoder, Layer, Net};

fn mapping(labels: LabelMap) -> RowMapping {
	let map = |column: &str, greatest: f64| ByteMap { column: column.into(), least: -0.5, greatest, fill: None };
	RowMapping { features: vec![map("x", 15.0), map("y, z", 1e-9)], image: None, labels }
}

fn classes() -> LabelMap {
	LabelMap::Classes(ClassMap { column: "c".into(), classes: vec!["A".into(), "B".into(), "7".into()] })
}

fn net(inputs: u16, outputs: u16) -> Net {
	let layer =
		Layer { inputs, outputs, shift: 4, weights: vec![9; usize::from(inputs * outputs)], bias: vec![1; outputs.into()] };
	Net { window: inputs, in_shifts: vec![3], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() }
}

fn file(labels: LabelMap) -> RowModelFile {
	let mapping = mapping(labels);
	let outputs = mapping.program().outputs();
	let arrangement = Arrangement { rows: 100, shuffled: 100, train_end: 70, validation_end: 85, test_end: 100 };
	let error = ErrorSums { validation: Some(32), test: None };
	let files = vec![RowFileRecord { file: "a.csv".into(), rows: 100, hash: "00".into(), error }];
	let data = RowTraining { arrangement, constant: vec![5; outputs.into()], files };
	RowModelFile::new(&Model::Net(net(2, outputs)), mapping, [("rate".to_string(), 8)].into(), data)
}

fn text(file: &RowModelFile) -> String {
	serde_json::to_string(&Envelope { checksum: file.checksum().unwrap(), file: file.clone() }).unwrap()
}

fn parse(text: &str) -> Result<AnyModel> {
	AnyModel::parse(text.as_bytes())
}

fn refusal(text: &str) -> String {
	format!("{:#}", parse(text).unwrap_err())
}

#[test]
fn a_written_file_is_read_back() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("m.doin");
	let values = vec![ValueMap { column: "v".into(), offset: 0.1, unit: 0.01, deviation: 3.0 }; 3];
	for labels in [classes(), LabelMap::Values(values)] {
		let file = file(labels);
		file.write(&path).unwrap();
		let AnyModel::Rows(loaded) = AnyModel::read(&path).unwrap() else { panic!("a model of rows") };
		assert_eq!(loaded.file, file);
		assert_eq!((loaded.program, loaded.model.to_bytes()), (file.mapping.program(), hex::decode(&file.model).unwrap()));
		assert_eq!(loaded.constant(), Model::Constant(vec![5; 3]));
		// White space and the order of fields do not matter.
		let mixed: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
		parse(&serde_json::to_string(&mixed).unwrap()).unwrap();
	}
	let AnyModel::Rows(loaded) = parse(&text(&file(classes()))).unwrap() else { panic!("a model of rows") };
	assert_eq!(loaded.describe(), "linear (rate 8): c as one of 3 classes from 2 columns; trained on 70 rows of a.csv");
}

#[test]
fn the_format_is_that_of_version_3() {
	let text = text(&file(classes()));
	let (start, end) = text.split_once("\"model\":").unwrap();
	assert_eq!(
		start,
		"{\"format\":\"doin-model\",\"version\":3,\"family\":\"linear\",\"genes\":{\"rate\":8},\
		\"rows\":{\"features\":[{\"column\":\"x\",\"least\":\"-0.5\",\"greatest\":\"15\",\"fill\":null},\
		{\"column\":\"y, z\",\"least\":\"-0.5\",\"greatest\":\"1e-9\",\"fill\":null}],\"image\":null,\
		\"labels\":{\"classes\":{\"column\":\"c\",\"classes\":[\"A\",\"B\",\"7\"]}}},\
		\"data\":{\"arrangement\":{\"rows\":100,\"shuffled\":100,\"train_end\":70,\"validation_end\":85,\"test_end\":100},\
		\"constant\":[5,5,5],\"files\":[{\"file\":\"a.csv\",\"rows\":100,\"hash\":\"00\",\"error\":{\"validation\":32,\"test\":null}}]},"
	);
	assert!(end.contains("\"checksum\":\""));
}

#[test]
fn files_of_version_2_are_read_as_before() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("m.doin");
	fixtures::model_file(3).write(&path).unwrap();
	let AnyModel::Series(series) = AnyModel::read(&path).unwrap() else { panic!("a forecast") };
	assert_eq!(series.file, fixtures::model_file(3));
	assert_eq!(LoadedModel::read(&path).unwrap().file, series.file);
	let rows = folder.path().join("r.doin");
	file(classes()).write(&rows).unwrap();
	assert!(format!("{:#}", LoadedModel::read(&rows).unwrap_err()).contains("has version 3"), "not a forecast");
	let later = text(&file(classes())).replace("\"version\":3", "\"version\":4");
	assert!(refusal(&later).contains("has version 4, and this program reads version 2 of forecasts and version 3 of rows"));
}

#[test]
fn damaged_and_impossible_files_are_refused() {
	let whole = text(&file(classes()));
	assert!(refusal(&whole[..whole.len() / 2]).contains("cut off"));
	for (from, to) in [("\"15\"", "\"16\""), ("\"train_end\":70", "\"train_end\":71"), ("[\"A\"", "[\"C\"")] {
		assert!(whole.contains(from));
		assert!(refusal(&whole.replace(from, to)).contains("checksum"), "{from}");
	}
	assert!(refusal(&whole.replace("\"least\":\"-0.5\"", "\"least\":\"nan\"")).contains("damaged"));
	let impossible = |change: &dyn Fn(&mut RowModelFile)| {
		let mut file = file(classes());
		change(&mut file);
		refusal(&text(&file))
	};
	assert!(impossible(&|file| file.mapping.features[0].greatest = -1.0).contains("the range of column `x` is empty"));
	assert!(impossible(&|file| file.mapping.image = Some(Image { height: 3, width: 3 })).contains("Image"));
	assert!(impossible(&|file| file.mapping.labels = LabelMap::Values(Vec::new())).contains("number of values"));
	assert!(impossible(&|file| file.data.arrangement.train_end = 90).contains("split of the rows is impossible"));
	assert!(impossible(&|file| file.data.files[0].rows = 99).contains("another number of rows"));
	assert!(impossible(&|file| file.data.constant.push(1)).contains("another number of outputs"));
	assert!(impossible(&|file| file.model = hex::encode(Model::Net(net(3, 3)).to_bytes())).contains("another number of features"));
	assert!(impossible(&|file| file.model = hex::encode(Model::RepeatLast.to_bytes())).contains("rejected"));
	assert!(impossible(&|file| file.model.truncate(10)).contains("not an encoded model"));
}

#[test]
fn names_that_are_too_long_are_refused_before_writing() {
	let folder = tempfile::tempdir().unwrap();
	let mut long = file(classes());
	long.mapping.features[0].column = "x".repeat(2 << 20);
	let reason = format!("{:#}", long.write(&folder.path().join("m.doin")).unwrap_err());
	assert!(reason.contains("shorter names"), "{reason}");
}
