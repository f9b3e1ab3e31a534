//! Model files of rows, version 3: the exact bytes that a chain would store, the map from columns to bytes, and the files of the
//! training.
//!
//! The form is that of [`crate::model_file`]: JSON with a checksum over the other fields in their order.

use super::{arrangement::Arrangement, labels::LabelMap, mapping::RowMapping};
use crate::{
	family::ModelFamily,
	model_file::{parse_json, read_bytes, ErrorSums, LoadedModel, CHANGED, DAMAGED, FORMAT, MAX_BYTES},
	output::replace_file,
	spec::{explain, rejection, LIMITS},
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_compute::{Error, RowsTask};
use doin_primitives::{blake2_256, Split};
use doin_scoring::{rows::Rows, Model, ModelError};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// Version of model files of rows.
pub const VERSION: u32 = 3;

/// Contents of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
	#[serde(flatten)]
	file: RowModelFile,
	checksum: String,
}

/// A model of rows, the map of its columns, and its training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowModelFile {
	format: String,
	version: u32,
	/// Family of the model, as on the command line.
	pub family: String,
	/// Genes that the model was trained with.
	pub genes: BTreeMap<String, u64>,
	/// Map from columns to bytes.
	#[serde(rename = "rows")]
	pub mapping: RowMapping,
	/// Training data.
	pub data: RowTraining,
	/// Encoded model, in hex.
	model: String,
}

/// Training data of a model of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTraining {
	/// Order and parts of the rows.
	pub arrangement: Arrangement,
	/// Outputs of the constant model of the training rows: counts of the classes, or medians in 2⁻⁴ raw units.
	pub constant: Vec<i32>,
	/// Files, in the order of the arrangement.
	pub files: Vec<RowFileRecord>,
}

/// File of a training of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFileRecord {
	/// Name, without folder.
	pub file: String,
	/// Number of rows.
	pub rows: u32,
	/// blake2b-256 of their bytes, in the order of the file, in hex.
	pub hash: String,
	/// Error sums on the rows of this file, to recognise the model by.
	pub error: ErrorSums,
}

/// Model file of rows that was read and checked.
#[derive(Clone, Debug)]
pub struct LoadedRowModel {
	/// Contents of the file.
	pub file: RowModelFile,
	/// Model, which the program admits.
	pub model: Model,
	/// Program of the rows.
	pub program: Rows,
}

/// Model file of any kind.
#[derive(Clone, Debug)]
pub enum AnyModel {
	/// Forecast of a series.
	Series(Box<LoadedModel>),
	/// Classes or values of rows.
	Rows(Box<LoadedRowModel>),
}

impl AnyModel {
	/// Reads a file, and checks everything that evaluation and predictions rely on.
	///
	/// # Errors
	///
	/// Errors as [`LoadedModel::read`] does.
	pub fn read(path: &Path) -> Result<Self> {
		Self::parse(&read_bytes(path)?).with_context(|| format!("{} cannot be used", path.display()))
	}

	fn parse(bytes: &[u8]) -> Result<Self> {
		let value = parse_json(bytes)?;
		match value["version"] == VERSION {
			true => Ok(Self::Rows(Box::new(LoadedRowModel::new(value)?))),
			false => Ok(Self::Series(Box::new(LoadedModel::parse(bytes)?))),
		}
	}
}

impl RowModelFile {
	/// Returns the file of a trained model.
	pub fn new(model: &Model, mapping: RowMapping, genes: BTreeMap<String, u64>, data: RowTraining) -> Self {
		let family = if let Model::Net(net) = model { ModelFamily::of(net).name() } else { "" };
		Self {
			format: FORMAT.into(),
			version: VERSION,
			family: family.into(),
			genes,
			mapping,
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
	/// Errors if the folder does not exist or cannot be written to, or if the names of the columns are so long that the file could
	/// not be read again.
	pub fn write(&self, path: &Path) -> Result<()> {
		let envelope = Envelope { checksum: self.checksum()?, file: self.clone() };
		let text = serde_json::to_string_pretty(&envelope)? + "\n";
		ensure!(
			text.len() as u64 <= MAX_BYTES,
			"the model file would have {} bytes, and at most {MAX_BYTES} are read: give the columns shorter names",
			text.len()
		);
		replace_file(path, text.as_bytes()).with_context(|| {
			format!("cannot write {}: choose a file in an existing folder that you may write to", path.display())
		})
	}
}

impl LoadedRowModel {
	fn new(value: serde_json::Value) -> Result<Self> {
		let Envelope { file, checksum } = serde_json::from_value(value).context(DAMAGED)?;
		if file.checksum()? != checksum {
			bail!(CHANGED);
		}
		let RowModelFile { mapping, data, .. } = &file;
		mapping.check()?;
		data.check(mapping)?;
		let program = mapping.program();
		let rejected = |error: ModelError| anyhow!("the model is rejected: {}", rejection(error));
		let bytes = hex::decode(&file.model).map_err(|_| rejected(ModelError::Malformed))?;
		let model = Model::from_bytes(&bytes).map_err(rejected)?;
		let split = Split { train_end: data.arrangement.train_end, validation_end: data.arrangement.validation_end };
		let task = RowsTask { program, limits: LIMITS, bytes: Vec::new(), split, most_early_stopping: u32::MAX };
		task.admit(&model).map_err(|error| match error {
			Error::Model(ModelError::Window) => anyhow!("the model is rejected: it reads another number of features"),
			other => explain(other),
		})?;
		Ok(Self { model, program, file })
	}

	/// Returns the constant model of the training rows.
	pub fn constant(&self) -> Model {
		Model::Constant(self.file.data.constant.clone())
	}

	/// Returns a description of the model in one line.
	pub fn describe(&self) -> String {
		let RowModelFile { family, genes, mapping, data, .. } = &self.file;
		let genes: Vec<String> = genes.iter().map(|(name, value)| format!("{name} {value}")).collect();
		let target = match &mapping.labels {
			LabelMap::Classes(classes) => format!("{} as one of {} classes", classes.column, classes.classes.len()),
			LabelMap::Values(values) => values.iter().map(|value| value.column.as_str()).collect::<Vec<_>>().join(", "),
		};
		let files: Vec<&str> = data.files.iter().map(|file| file.file.as_str()).collect();
		let genes = if genes.is_empty() { String::new() } else { format!(" ({})", genes.join(", ")) };
		format!(
			"{family}{genes}: {target} from {}; trained on {} rows of {}",
			features_text(mapping),
			data.arrangement.train_end,
			files.join(", ")
		)
	}
}

/// Returns the features of a map as text.
pub fn features_text(mapping: &RowMapping) -> String {
	let count = mapping.features.len();
	let columns = if count == 1 { "1 column".to_string() } else { format!("{count} columns") };
	match mapping.image {
		None => columns,
		Some(image) => match image.channels(count as u16) {
			Some(1) | None => format!("an image of {}x{} pixels", image.height, image.width),
			Some(channels) => format!("an image of {}x{} pixels of {channels} channels", image.height, image.width),
		},
	}
}

impl RowTraining {
	/// Checks training data that were read from a file.
	fn check(&self, mapping: &RowMapping) -> Result<()> {
		self.arrangement.check()?;
		let rows: u64 = self.files.iter().map(|file| u64::from(file.rows)).sum();
		ensure!(rows == u64::from(self.arrangement.rows), "the files have another number of rows than the split");
		ensure!(
			self.constant.len() == usize::from(mapping.program().outputs()),
			"the constant model has another number of outputs"
		);
		Ok(())
	}
}

#[cfg(test)]
mod tests;
