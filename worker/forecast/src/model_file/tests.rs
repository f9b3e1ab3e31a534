use super::*;
use crate::fixtures::model_file;
use doin_scoring::{Encoder, Layer, Net, Target};

fn refusal(bytes: &[u8]) -> String {
	format!("{:#}", LoadedModel::parse(bytes).unwrap_err())
}

fn text(file: &ModelFile) -> String {
	serde_json::to_string(&Envelope { checksum: file.checksum().unwrap(), file: file.clone() }).unwrap()
}

#[test]
fn a_written_file_is_read_back() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("m.doin");
	let file = model_file(3);
	file.write(&path).unwrap();
	file.write(&path).unwrap();
	let loaded = LoadedModel::read(&path).unwrap();
	assert_eq!((loaded.file.clone(), loaded.unit), (file.clone(), 0.01));
	assert_eq!(hex::encode(loaded.model.to_bytes()), file.model);
	assert!(loaded.describe().starts_with("linear (window 8): forecast 4 steps from 16; trained"), "{}", loaded.describe());
	// White space and the order of fields do not matter.
	let mixed: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
	LoadedModel::parse(serde_json::to_string(&mixed).unwrap().as_bytes()).unwrap();
	assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left behind");
}

#[test]
fn a_failed_write_leaves_the_old_file() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("m.doin");
	model_file(3).write(&path).unwrap();
	let none = folder.path().join("none/m.doin");
	assert!(format!("{:#}", model_file(4).write(&none).unwrap_err()).contains("existing folder"));
	assert_eq!(LoadedModel::read(&path).unwrap().file, model_file(3));
}

/// Files of version 2 are those of earlier builds, too.
#[test]
fn the_format_is_that_of_version_2() {
	let text = text(&model_file(3));
	let (start, end) = text.split_once("\"model\":").unwrap();
	assert_eq!(
		start,
		"{\"format\":\"doin-model\",\"version\":2,\"family\":\"linear\",\"genes\":{\"window\":8},\
		\"question\":{\"horizon\":4,\"history\":16,\"season\":8,\"steps\":null,\"classes\":null},\
		\"data\":{\"column\":\"v\",\"unit\":\"0.01\",\"deviation\":\"0.5\",\"inputs\":[],\
		\"files\":[{\"file\":\"a.csv\",\"rows\":600,\
		\"hash\":\"00\",\"split\":{\"train_end\":360,\"validation_end\":480},\"error\":{\"validation\":5,\"test\":7}}]},"
	);
	assert!(end.contains("\"checksum\":\""));
}

#[test]
fn a_file_that_is_cut_off_is_distinguished_from_a_foreign_one() {
	let whole = text(&model_file(3));
	for length in [40, whole.len() / 2, whole.len() - 1] {
		assert!(refusal(&whole.as_bytes()[..length]).contains("cut off"), "{length}");
	}
	assert!(refusal(b"").contains("not a model file"));
	assert!(refusal(b"\x00\x01\x02").contains("not a model file"));
	assert!(refusal(b"{\"a\": 1}").contains("format is not `doin-model`"));
	assert!(refusal(whole.replace("\"version\":2", "\"version\":3").as_bytes()).contains("has version 3"));
	assert!(refusal(b"[1, 2]").contains("not a model file"));
}

#[test]
fn a_changed_file_is_rejected_wherever_it_is_changed() {
	let whole = text(&model_file(3));
	for (from, to) in [("\"train_end\":360", "\"train_end\":361"), ("0.01", "0.02"), ("\"season\":8", "\"season\":4")] {
		assert!(whole.contains(from));
		assert!(refusal(whole.replace(from, to).as_bytes()).contains("checksum"), "{from}");
	}
	assert!(refusal(whole.replace("\"season\":8,", "").as_bytes()).contains("damaged"));
	assert!(refusal(whole.replace("\"steps\":null,\"classes\":null", "\"steps\":[1],\"classes\":[0]").as_bytes())
		.contains("exclude each other"));
}

#[test]
fn an_impossible_file_is_rejected_even_with_a_checksum() {
	let mut wild = model_file(2_047);
	LoadedModel::parse(text(&wild).as_bytes()).unwrap();
	let layer = Layer { inputs: 16, outputs: 4, shift: 4, weights: vec![2_047; 64], bias: vec![i32::MAX; 4] };
	let net = Net { window: 16, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
	wild.model = hex::encode(Model::Net(net).to_bytes());
	assert!(refusal(text(&wild).as_bytes()).contains("31 bits"));
	wild.model.truncate(20);
	assert!(refusal(text(&wild).as_bytes()).contains("not an encoded model"));
	let mut short = model_file(3);
	short.spec.history = 4;
	assert!(refusal(text(&short).as_bytes()).contains("impossible"), "a history shorter than the season");
	let mut cut = model_file(3);
	cut.data.files[0].split.validation_end = 601;
	assert!(refusal(text(&cut).as_bytes()).contains("split of a.csv is impossible"));
	let mut several = model_file(3);
	several.spec.target = Target::Steps(vec![1, 3, 2, 4].try_into().unwrap());
	assert!(refusal(text(&several).as_bytes()).contains("Steps"));
	several.spec.target = Target::Steps(vec![1, 4].try_into().unwrap());
	assert!(refusal(text(&several).as_bytes()).contains("do not fit"), "four outputs for two steps");
	let mut unitless = model_file(3);
	unitless.data.unit = "-1".into();
	assert!(refusal(text(&unitless).as_bytes()).contains("expected a number above 0"));
}
