//! Models in files: the exact bytes that a chain would store, and everything that is needed to use them again.
//!
//! A file is JSON. Its checksum is the blake2b-256 hash of the file's fields in their order without white space, so it does not depend on
//! how the file is indented.

use super::{genes::Kind, series::LIMITS};
use anyhow::{bail, Context, Result};
use doin_primitives::{blake2_256, Split};
use doin_scoring::{Forecast, Model, ModelError, Program, Target};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// What every file of this kind says first.
const FORMAT: &str = "doin-model";
/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;
/// Largest file that is read: a model has at most 64 KiB, twice that in hex.
const MAX_BYTES: u64 = 1 << 20;

/// A file as it stands on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
	#[serde(flatten)]
	saved: Saved,
	checksum: String,
}

/// A model and what it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
	format: String,
	version: u32,
	/// Kind of model, as on the command line.
	pub family: String,
	/// What it was trained with.
	pub genes: BTreeMap<String, u64>,
	/// What it forecasts.
	pub question: Question,
	/// The data it was trained on.
	pub data: Data,
	/// Error sums in 2^-4 raw units, to know the model again by.
	pub error: Errors,
	/// The model's bytes, in hex.
	model: String,
}

/// The program, as far as it is not the same for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
	/// Steps ahead.
	pub horizon: u16,
	/// Steps of history.
	pub history: u16,
	/// Steps of one season.
	pub season: u16,
	/// Chunks of the validation split.
	pub chunks: u16,
	/// Windows of a drawn chunk.
	pub windows: u16,
}

/// The data of a training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
	/// Name of the file.
	pub file: String,
	/// The column.
	pub column: String,
	/// One raw unit in units of the column: text, so that it is the same number everywhere.
	pub unit: String,
	/// Number of values.
	pub values: u32,
	/// blake2b-256 of the raw values, as a domain's `dataRoot`, in hex.
	pub hash: String,
	/// Where they were cut.
	pub split: Split,
}

/// Error sums of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
	/// On the validation split.
	pub validation: u64,
	/// On the held-out test; nothing where there is none.
	pub test: Option<u64>,
}

/// A file that was read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
	/// What it says.
	pub saved: Saved,
	/// The model, which its program admits.
	pub model: Model,
	/// The program.
	pub program: Forecast,
	/// One raw unit in units of the column.
	pub unit: f64,
}

/// Why a model is refused, for people.
pub fn reason(error: ModelError) -> &'static str {
	match error {
		ModelError::Malformed => "its bytes are no encoded model",
		ModelError::Version => "its encoding is of another version",
		ModelError::Family => "it answers another kind of question",
		ModelError::Shape => "its layers do not fit the window, each other or the horizon",
		ModelError::Window => "its window is longer than the history",
		ModelError::Weight => "a weight lies outside 12 bits",
		ModelError::Shift => "a shift lies outside its range",
		ModelError::Overflow => "a sum of its products could exceed 31 bits, and no longer be exact",
		ModelError::TooCostly => "a forecast takes more multiply-accumulates than a chain admits",
		ModelError::TooLarge => "it has more bytes than a chain admits",
	}
}

impl Saved {
	/// A model that was trained, with its program.
	pub fn new(model: &Model, program: &Forecast, genes: BTreeMap<String, u64>, data: Data, error: Errors) -> Self {
		let family = if let Model::Net(net) = model { Kind::of(net).name() } else { "" };
		Self {
			format: FORMAT.into(),
			version: VERSION,
			family: family.into(),
			genes,
			question: Question {
				horizon: program.horizon,
				history: program.history,
				season: program.season,
				chunks: program.chunks,
				windows: program.windows,
			},
			data,
			error,
			model: hex::encode(model.to_bytes()),
		}
	}

	fn checksum(&self) -> Result<String> {
		Ok(hex::encode(blake2_256(&serde_json::to_vec(self)?)))
	}

	/// Writes the file; an older one of this name is replaced once the new one is whole.
	pub fn write(&self, path: &Path) -> Result<()> {
		let envelope = Envelope { checksum: self.checksum()?, saved: self.clone() };
		let text = serde_json::to_string_pretty(&envelope)? + "\n";
		let mut part = path.as_os_str().to_os_string();
		part.push(".part");
		std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path)).with_context(|| {
			format!("cannot write {}: choose a file in a folder that exists and that you may write to", path.display())
		})
	}
}

impl Loaded {
	/// Reads a file and checks everything that using the model relies on.
	pub fn read(path: &Path) -> Result<Self> {
		let shown = path.display();
		let length =
			std::fs::metadata(path).with_context(|| format!("cannot read {shown}. Name a file that `train --out` wrote"))?.len();
		if length > MAX_BYTES {
			bail!(
				"{shown} has {length} bytes, and no model file has more than {MAX_BYTES}: name a file that `train --out` wrote"
			);
		}
		let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
		Self::parse(&bytes).with_context(|| format!("{shown} cannot be used"))
	}

	fn parse(bytes: &[u8]) -> Result<Self> {
		let value: serde_json::Value = match serde_json::from_slice(bytes) {
			Ok(value) => value,
			Err(error) if error.is_eof() && String::from_utf8_lossy(bytes).contains(FORMAT) => {
				bail!("it is cut off: its end is missing. Copy it again, or train again")
			}
			Err(_) => bail!("it is no model file: model files are JSON that `train --out` wrote"),
		};
		if value["format"] != FORMAT {
			bail!("it is no model file: its format is not `{FORMAT}`. Name a file that `train --out` wrote");
		}
		if value["version"] != VERSION {
			bail!(
				"it is a model file of version {}, and this program reads version {VERSION}: use the one that wrote it",
				value["version"]
			);
		}
		let damaged = || "it is damaged: a part is missing or is not what it should be. Copy it again, or train again";
		let Envelope { saved, checksum } = serde_json::from_value(value).with_context(damaged)?;
		if saved.checksum()? != checksum {
			bail!("it is damaged or was changed by hand: its checksum does not match. Copy it again, or train again");
		}
		let Question { horizon, history, season, chunks, windows } = saved.question;
		let program = Forecast { horizon, history, season, chunks, windows, channels: 1, target: Target::Values };
		let (split, values) = (saved.data.split, saved.data.values);
		Program::Forecast(program.clone())
			.check(split.train_end, split.validation_end, values)
			.map_err(|error| anyhow::anyhow!("its question or split is impossible: {error:?}"))?;
		let unit = saved.data.unit.parse().ok().filter(|unit: &f64| unit.is_finite() && *unit > 0.0);
		let unit = unit.with_context(|| format!("its unit `{}` is no number above 0", saved.data.unit))?;
		let refused = |error: ModelError| anyhow::anyhow!("its model is refused: {}", reason(error));
		let bytes = hex::decode(&saved.model).map_err(|_| refused(ModelError::Malformed))?;
		let model = Model::from_bytes(&bytes).map_err(refused)?;
		model.admit(&Program::Forecast(program.clone()), LIMITS.model_bytes, LIMITS.window_macs, bytes.len()).map_err(refused)?;
		Ok(Self { saved, model, program, unit })
	}

	/// One line about the model.
	pub fn describe(&self) -> String {
		let Saved { family, genes, question, data, .. } = &self.saved;
		let genes: Vec<String> = genes.iter().map(|(name, value)| format!("{name} {value}")).collect();
		format!(
			"{family} ({}), {} steps ahead from {}, trained on {} rows of {} in {}",
			genes.join(", "),
			question.horizon,
			question.history,
			data.split.train_end,
			data.column,
			data.file
		)
	}
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use doin_scoring::{Encoder, Layer, Net};

	/// A linear model that repeats the last value.
	pub fn saved(weight: i16) -> Saved {
		let layer = Layer { inputs: 8, outputs: 4, shift: 4, weights: vec![weight; 32], bias: vec![0; 4] };
		let model =
			Model::Net(Net { window: 8, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() });
		let program =
			Forecast { horizon: 4, history: 16, season: 8, chunks: 32, windows: 8, channels: 1, target: Target::Values };
		let split = Split { train_end: 360, validation_end: 480 };
		let data = Data { file: "a.csv".into(), column: "v".into(), unit: "0.01".into(), values: 600, hash: "00".into(), split };
		Saved::new(&model, &program, [("window".to_string(), 8)].into(), data, Errors { validation: 5, test: Some(7) })
	}

	fn refusal(bytes: &[u8]) -> String {
		format!("{:#}", Loaded::parse(bytes).unwrap_err())
	}

	fn text(saved: &Saved) -> String {
		serde_json::to_string(&Envelope { checksum: saved.checksum().unwrap(), saved: saved.clone() }).unwrap()
	}

	#[test]
	fn what_is_written_is_read() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("m.doin");
		let saved = saved(3);
		saved.write(&path).unwrap();
		saved.write(&path).unwrap();
		let loaded = Loaded::read(&path).unwrap();
		assert_eq!((loaded.saved.clone(), loaded.unit), (saved.clone(), 0.01));
		assert_eq!(hex::encode(loaded.model.to_bytes()), saved.model);
		assert!(loaded.describe().starts_with("linear (window 8), 4 steps ahead from 16"), "{}", loaded.describe());
		// White space and the order of fields do not matter.
		let mixed: serde_json::Value = serde_json::from_str(&text(&saved)).unwrap();
		Loaded::parse(serde_json::to_string(&mixed).unwrap().as_bytes()).unwrap();
		assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
	}

	#[test]
	fn a_file_that_is_cut_off_is_told_from_a_foreign_one() {
		let whole = text(&saved(3));
		for length in [40, whole.len() / 2, whole.len() - 1] {
			assert!(refusal(&whole.as_bytes()[..length]).contains("cut off"), "{length}");
		}
		assert!(refusal(b"").contains("no model file"));
		assert!(refusal(b"\x00\x01\x02").contains("no model file"));
		assert!(refusal(b"{\"a\": 1}").contains("format is not `doin-model`"));
		assert!(refusal(whole.replace("\"version\":1", "\"version\":2").as_bytes()).contains("of version 2"));
		assert!(refusal(b"[1, 2]").contains("no model file"));
	}

	#[test]
	fn a_changed_file_is_noticed_wherever_it_is_changed() {
		let whole = text(&saved(3));
		for (from, to) in [("\"train_end\":360", "\"train_end\":361"), ("0.01", "0.02"), ("\"season\":8", "\"season\":4")] {
			assert!(whole.contains(from));
			assert!(refusal(whole.replace(from, to).as_bytes()).contains("checksum"), "{from}");
		}
		assert!(refusal(whole.replace("\"season\":8,", "").as_bytes()).contains("damaged"));
	}

	#[test]
	fn a_model_that_could_overflow_is_refused_even_with_a_checksum() {
		let mut wild = saved(2_047);
		Loaded::parse(text(&wild).as_bytes()).unwrap();
		let layer = Layer { inputs: 16, outputs: 4, shift: 4, weights: vec![2_047; 64], bias: vec![i32::MAX; 4] };
		let net = Net { window: 16, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
		wild.model = hex::encode(Model::Net(net).to_bytes());
		assert!(refusal(text(&wild).as_bytes()).contains("31 bits"));
		wild.model.truncate(20);
		assert!(refusal(text(&wild).as_bytes()).contains("no encoded model"));
		let mut short = saved(3);
		short.question.history = 4;
		assert!(refusal(text(&short).as_bytes()).contains("impossible"), "a history shorter than the season");
		let mut unitless = saved(3);
		unitless.data.unit = "-1".into();
		assert!(refusal(text(&unitless).as_bytes()).contains("no number above 0"));
	}
}
