//! Model files: the exact bytes that a chain would store, and everything that evaluation and forecasts need.
//!
//! A model file is JSON. The checksum is the blake2b-256 hash of the file's other fields in their order, without white space, so
//! it does not depend on indentation.

use crate::{
	family::ModelFamily,
	output::replace_file,
	series::ReadOptions,
	spec::{rejection, ForecastSpec, LIMITS},
	table::{SeriesSource, Table},
	target,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_primitives::{blake2_256, Split};
use doin_scoring::{Forecast, Model, ModelError, Program};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// Value of the field `format`.
pub(crate) const FORMAT: &str = "doin-model";
/// Version of forecasts of series. Models of rows have version 3, see [`crate::rows::model_file`].
const VERSION: u32 = 2;
/// Largest file that is read: a model has at most 64 KiB, twice that in hex.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// Contents of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
	#[serde(flatten)]
	file: ModelFile,
	checksum: String,
}

/// A model, its forecast and its training data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
	format: String,
	version: u32,
	/// Family of the model, as on the command line.
	pub family: String,
	/// Genes that the model was trained with.
	pub genes: BTreeMap<String, u64>,
	/// Forecast of the model. The serialised form has no channels; they are those of [`TrainingData::inputs`].
	#[serde(rename = "question")]
	pub spec: ForecastSpec,
	/// Training data.
	pub data: TrainingData,
	/// Encoded model, in hex.
	model: String,
}

/// Training data of a model. Sizes are text, so that they are the same numbers on every machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingData {
	/// Column that is forecast.
	pub column: String,
	/// Raw unit, in units of the column.
	pub unit: String,
	/// Standard deviation of the column over the training part, in units of the column.
	pub deviation: String,
	/// Columns that are read beside it, in this order.
	pub inputs: Vec<InputColumn>,
	/// Files of the training.
	pub files: Vec<FileRecord>,
}

/// Column that is read beside the one to forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputColumn {
	/// Name of the column.
	pub column: String,
	/// Raw unit, in units of the column.
	pub unit: String,
}

/// File of a training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
	/// Name, without folder.
	pub file: String,
	/// Rows that were used.
	pub rows: u32,
	/// blake2b-256 of their raw values, as the `dataRoot` of a domain, in hex.
	pub hash: String,
	/// Split of the rows.
	#[serde(with = "SplitFields")]
	pub split: Split,
	/// Error sums, to recognise the model by.
	pub error: ErrorSums,
}

/// Serialised form of a [`Split`] in model files and reports of `train`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Split")]
pub struct SplitFields {
	train_end: u32,
	validation_end: u32,
}

/// Error sums of a model in 2⁻⁴ raw units, or 2⁴ per wrong class; `None` where there are no windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorSums {
	/// Error sum on validation.
	pub validation: Option<u64>,
	/// Error sum on the test.
	pub test: Option<u64>,
}

/// Model file that was read and checked.
#[derive(Clone, Debug)]
pub struct LoadedModel {
	/// Contents of the file.
	pub file: ModelFile,
	/// Model, which the program admits.
	pub model: Model,
	/// Program of the forecast.
	pub program: Forecast,
	/// Raw unit, in units of the column.
	pub unit: f64,
	/// Raw unit of each further column.
	pub inputs: Vec<f64>,
	/// Standard deviation of the column over the training part, in units of the column.
	pub deviation: f64,
}

impl ModelFile {
	/// Returns the file of a trained model.
	pub fn new(model: &Model, program: &Forecast, genes: BTreeMap<String, u64>, data: TrainingData) -> Self {
		let family = if let Model::Net(net) = model { ModelFamily::of(net).name() } else { "" };
		Self {
			format: FORMAT.into(),
			version: VERSION,
			family: family.into(),
			genes,
			spec: program.into(),
			data,
			model: hex::encode(model.to_bytes()),
		}
	}

	fn checksum(&self) -> Result<String> {
		Ok(hex::encode(blake2_256(&serde_json::to_vec(self)?)))
	}

	/// Writes the file. An existing file is replaced atomically, once the new one is on the disk.
	///
	/// # Errors
	///
	/// Errors if the folder does not exist or cannot be written to.
	pub fn write(&self, path: &Path) -> Result<()> {
		let envelope = Envelope { checksum: self.checksum()?, file: self.clone() };
		let text = serde_json::to_string_pretty(&envelope)? + "\n";
		replace_file(path, text.as_bytes()).with_context(|| {
			format!("cannot write {}: choose a file in an existing folder that you may write to", path.display())
		})
	}
}

impl LoadedModel {
	/// Reads a file, and checks everything that evaluation and forecasts rely on.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, is not a model file, was cut off, damaged or changed, or if its model is
	/// not admissible.
	pub fn read(path: &Path) -> Result<Self> {
		Self::parse(&read_bytes(path)?).with_context(|| format!("{} cannot be used", path.display()))
	}

	/// Parses the contents of a file; see [`LoadedModel::read`].
	pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
		let file = parse_file(bytes)?;
		let program = file.spec.program();
		program.check().map_err(|error| anyhow!("the forecast is impossible: {error:?}"))?;
		if let Some(file) = file.data.files.iter().find(|file| {
			let Split { train_end, validation_end } = file.split;
			train_end > validation_end || validation_end > file.rows
		}) {
			bail!("the split of {} is impossible", file.file);
		}
		let size = |text: &str| {
			let size = text.parse().ok().filter(|size: &f64| size.is_finite() && *size > 0.0);
			size.with_context(|| format!("invalid unit `{text}`: expected a number above 0"))
		};
		let (unit, deviation) = (size(&file.data.unit)?, size(&file.data.deviation)?);
		let inputs = file.data.inputs.iter().map(|input| size(&input.unit)).collect::<Result<_>>()?;
		let rejected = |error: ModelError| anyhow!("the model is rejected: {}", rejection(error));
		let bytes = hex::decode(&file.model).map_err(|_| rejected(ModelError::Malformed))?;
		let model = Model::from_bytes(&bytes).map_err(rejected)?;
		model
			.admit(&Program::Forecast(program.clone()), LIMITS.model_bytes, LIMITS.window_macs, bytes.len())
			.map_err(rejected)?;
		Ok(Self { file, model, program, unit, inputs, deviation })
	}

	/// Reads the columns of the training from a file, or those that `column` and `options` name in their place.
	///
	/// # Errors
	///
	/// Errors if [`Table::read`] does, or if `options` names another number of further columns than the model reads.
	pub fn table(&self, source: &SeriesSource, column: Option<&str>, options: &ReadOptions) -> Result<Table> {
		let data = &self.file.data;
		let known: Vec<String> = data.inputs.iter().map(|input| input.column.clone()).collect();
		let inputs = if options.inputs.is_empty() { known.clone() } else { options.inputs.clone() };
		let options = ReadOptions { inputs, ..options.clone() };
		let table = Table::read(source, Some(column.unwrap_or(&data.column)), &options)?;
		if table.inputs.len() != known.len() {
			bail!(
				"--inputs names {} columns, and the model reads {} beside `{}`{}: name as many, in this order, or omit --inputs",
				table.inputs.len(),
				known.len(),
				data.column,
				if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
			);
		}
		Ok(table)
	}

	/// Returns a description of the model in one line.
	pub fn describe(&self) -> String {
		let ModelFile { family, genes, spec, data, .. } = &self.file;
		let genes: Vec<String> = genes.iter().map(|(name, value)| format!("{name} {value}")).collect();
		let trained: Vec<&FileRecord> = data.files.iter().filter(|file| file.split.train_end > 0).collect();
		let names: Vec<&str> = trained.iter().map(|file| file.file.as_str()).collect();
		let columns = std::iter::once(data.column.as_str()).chain(data.inputs.iter().map(|input| input.column.as_str()));
		format!(
			"{family} ({}): {} from {}; trained on {} rows of {} in {}",
			genes.join(", "),
			target::describe(&self.program, self.unit),
			spec.history,
			trained.iter().map(|file| u64::from(file.split.train_end)).sum::<u64>(),
			columns.collect::<Vec<_>>().join(", "),
			names.join(", ")
		)
	}
}

/// Reads the bytes of a model file.
///
/// # Errors
///
/// Errors if the file cannot be read or is too long.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>> {
	let shown = path.display();
	let length =
		std::fs::metadata(path).with_context(|| format!("cannot read {shown}. Name a file that `train --out` wrote"))?.len();
	ensure!(
		length <= MAX_BYTES,
		"{shown} has {length} bytes, and a model file has at most {MAX_BYTES}: name a file that `train --out` wrote"
	);
	std::fs::read(path).with_context(|| format!("cannot read {shown}"))
}

/// Parses the JSON object of a model file of any version.
///
/// # Errors
///
/// Errors if the bytes are cut off, or are no model file.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<serde_json::Value> {
	let value: serde_json::Value = match serde_json::from_slice(bytes) {
		Ok(value) => value,
		Err(error) if error.is_eof() && String::from_utf8_lossy(bytes).contains(FORMAT) => {
			bail!("the file is cut off: its end is missing. Copy it again, or train again")
		}
		Err(_) => bail!("the file is not a model file: model files are JSON that `train --out` wrote"),
	};
	if value["format"] != FORMAT {
		bail!("the file is not a model file: the format is not `{FORMAT}`. Name a file that `train --out` wrote");
	}
	Ok(value)
}

/// Reason for a file whose fields are not those of its version.
pub(crate) const DAMAGED: &str = "the file is damaged: a field is missing or invalid. Copy it again, or train again";
/// Reason for a file that does not have the checksum of its fields.
pub(crate) const CHANGED: &str =
	"the file is damaged or was changed by hand: the checksum does not match. Copy it again, or train again";

/// Parses the contents of a file, and checks format, version and checksum.
fn parse_file(bytes: &[u8]) -> Result<ModelFile> {
	let value = parse_json(bytes)?;
	if value["version"] != VERSION {
		bail!(
			"the file has version {}, and this program reads version {VERSION} of forecasts and version {} of rows: use the program \
			that wrote it",
			value["version"],
			crate::rows::model_file::VERSION
		);
	}
	let Envelope { mut file, checksum } = serde_json::from_value(value).context(DAMAGED)?;
	if file.checksum()? != checksum {
		bail!(CHANGED);
	}
	file.spec.channels = target::channels(file.data.inputs.len())?;
	Ok(file)
}

#[cfg(test)]
mod tests;
