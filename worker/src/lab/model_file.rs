//! Models in files: the exact bytes that a chain would store, and everything that is needed to use them again.
//!
//! A file is JSON. Its checksum is the blake2b-256 hash of the file's fields in their order without white space, so it does not depend on
//! how the file is indented.

use super::{
	genes::Kind,
	series::{self, ColumnArgs, Source, Table, LIMITS},
};
use crate::target;
use anyhow::{bail, Context, Result};
use doin_primitives::{blake2_256, Split};
use doin_scoring::{Forecast, Model, ModelError, Program, Target};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// What every file of this kind says first.
const FORMAT: &str = "doin-model";
/// The version that is written, and the only one that is read.
const VERSION: u32 = 2;
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
	/// The only steps that are forecast; nothing where all are.
	pub steps: Option<Vec<u16>>,
	/// Bounds between classes of the change at the horizon, in raw units; nothing where values are forecast.
	pub classes: Option<Vec<i32>>,
}

/// The data of a training. Sizes are text, so that they are the same numbers everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
	/// The column that is forecast.
	pub column: String,
	/// One raw unit in units of the column.
	pub unit: String,
	/// Standard deviation of the column in what trained, in its units.
	pub deviation: String,
	/// Columns that are read beside it, in this order.
	pub inputs: Vec<Input>,
	/// The files.
	pub files: Vec<File>,
}

/// A column that is read beside the one that is forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
	/// Its name.
	pub column: String,
	/// One raw unit of it.
	pub unit: String,
}

/// A file of a training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
	/// Its name.
	pub file: String,
	/// Rows that were used.
	pub rows: u32,
	/// blake2b-256 of their raw values, as a domain's `dataRoot`, in hex.
	pub hash: String,
	/// Where they were cut.
	pub split: Split,
	/// Error sums in 2^-4 raw units, or mistakes as often, to know the model again by.
	pub error: Errors,
}

/// Error sums of a model; nothing where there are no windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
	/// On the validation part.
	pub validation: Option<u64>,
	/// On the held-out test.
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
	/// The same of each column beside it.
	pub inputs: Vec<f64>,
	/// Standard deviation of the column in what trained, in its units.
	pub deviation: f64,
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

impl Question {
	/// The program of a model with so many columns beside the one that is forecast. Chunks belong to a chain, which there is none of.
	fn program(&self, inputs: usize) -> Result<Forecast> {
		let target = match (&self.steps, &self.classes) {
			(None, None) => Some(Target::Values),
			(Some(steps), None) => steps.clone().try_into().ok().map(Target::Steps),
			(None, Some(bounds)) => bounds.clone().try_into().ok().map(Target::Classes),
			(Some(_), Some(_)) => None,
		};
		let target = target.context("its question is impossible: neither steps nor classes")?;
		let (horizon, history, season) = (self.horizon, self.history, self.season);
		Ok(series::Question { horizon, history, season, channels: target::channels(inputs)?, target }.program())
	}
}

impl Saved {
	/// A model that was trained, with its program.
	pub fn new(model: &Model, program: &Forecast, genes: BTreeMap<String, u64>, data: Data) -> Self {
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
				steps: if let Target::Steps(steps) = &program.target { Some(steps.to_vec()) } else { None },
				classes: if let Target::Classes(bounds) = &program.target { Some(bounds.to_vec()) } else { None },
			},
			data,
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
		let program = saved.question.program(saved.data.inputs.len())?;
		program.check().map_err(|error| anyhow::anyhow!("its question is impossible: {error:?}"))?;
		if let Some(file) = saved.data.files.iter().find(|file| {
			let Split { train_end, validation_end } = file.split;
			train_end > validation_end || validation_end > file.rows
		}) {
			bail!("its split of {} is impossible", file.file);
		}
		let size = |text: &str| {
			let size = text.parse().ok().filter(|size: &f64| size.is_finite() && *size > 0.0);
			size.with_context(|| format!("its unit `{text}` is no number above 0"))
		};
		let (unit, deviation) = (size(&saved.data.unit)?, size(&saved.data.deviation)?);
		let inputs = saved.data.inputs.iter().map(|input| size(&input.unit)).collect::<Result<_>>()?;
		let refused = |error: ModelError| anyhow::anyhow!("its model is refused: {}", reason(error));
		let bytes = hex::decode(&saved.model).map_err(|_| refused(ModelError::Malformed))?;
		let model = Model::from_bytes(&bytes).map_err(refused)?;
		model.admit(&Program::Forecast(program.clone()), LIMITS.model_bytes, LIMITS.window_macs, bytes.len()).map_err(refused)?;
		Ok(Self { saved, model, program, unit, inputs, deviation })
	}

	/// Reads the columns that the model knows from a file; others where `columns` names them.
	pub fn table(&self, source: &Source, columns: &ColumnArgs) -> Result<Table> {
		let data = &self.saved.data;
		let known: Vec<String> = data.inputs.iter().map(|input| input.column.clone()).collect();
		let inputs = if columns.inputs.is_empty() { known.clone() } else { columns.inputs.clone() };
		if inputs.len() != known.len() {
			bail!(
				"--inputs names {} columns, and the model reads {} beside `{}`{}: name as many, in this order, or leave --inputs out",
				inputs.len(),
				known.len(),
				data.column,
				if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
			);
		}
		let column = Some(columns.column.clone().unwrap_or_else(|| data.column.clone()));
		Table::read(source, &ColumnArgs { column, inputs, ..columns.clone() })
	}

	/// One line about the model.
	pub fn describe(&self) -> String {
		let Saved { family, genes, question, data, .. } = &self.saved;
		let genes: Vec<String> = genes.iter().map(|(name, value)| format!("{name} {value}")).collect();
		let trained: Vec<&File> = data.files.iter().filter(|file| file.split.train_end > 0).collect();
		let names: Vec<&str> = trained.iter().map(|file| file.file.as_str()).collect();
		let columns = std::iter::once(data.column.as_str()).chain(data.inputs.iter().map(|input| input.column.as_str()));
		format!(
			"{family} ({}): {} from {}; trained on {} rows of {} in {}",
			genes.join(", "),
			target::describe(&self.program, self.unit),
			question.history,
			trained.iter().map(|file| u64::from(file.split.train_end)).sum::<u64>(),
			columns.collect::<Vec<_>>().join(", "),
			names.join(", ")
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
		let error = Errors { validation: Some(5), test: Some(7) };
		let file = File { file: "a.csv".into(), rows: 600, hash: "00".into(), split, error };
		let data =
			Data { column: "v".into(), unit: "0.01".into(), deviation: "0.5".into(), inputs: Vec::new(), files: vec![file] };
		Saved::new(&model, &program, [("window".to_string(), 8)].into(), data)
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
		assert!(loaded.describe().starts_with("linear (window 8): forecast 4 steps from 16; trained"), "{}", loaded.describe());
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
		assert!(refusal(whole.replace("\"version\":2", "\"version\":3").as_bytes()).contains("of version 3"));
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
		let mut both = saved(3);
		(both.question.steps, both.question.classes) = (Some(vec![1]), Some(vec![0]));
		assert!(refusal(text(&both).as_bytes()).contains("neither steps nor classes"));
		let mut cut = saved(3);
		cut.data.files[0].split.validation_end = 601;
		assert!(refusal(text(&cut).as_bytes()).contains("split of a.csv is impossible"));
		let mut several = saved(3);
		several.question.steps = Some(vec![1, 3, 2, 4]);
		assert!(refusal(text(&several).as_bytes()).contains("Steps"));
		several.question.steps = Some(vec![1, 4]);
		assert!(refusal(text(&several).as_bytes()).contains("do not fit"), "four outputs for two steps");
		let mut unitless = saved(3);
		unitless.data.unit = "-1".into();
		assert!(refusal(text(&unitless).as_bytes()).contains("no number above 0"));
	}
}
