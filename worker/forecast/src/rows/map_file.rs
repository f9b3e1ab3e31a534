//! Map files: the map from the columns of a file to the bytes of rows, apart from a model.
//!
//! The form is that of [`crate::model_file`]: JSON with a checksum over the other fields in their order.

use super::{
	labels::LabelMap,
	mapping::RowMapping,
	model_file::{AnyModel, LoadedRowModel},
};
use crate::{
	model_file::{CHANGED, DAMAGED, FORMAT as MODEL_FORMAT, MAX_BYTES},
	output::replace_file,
};
use anyhow::{bail, ensure, Context, Result};
use doin_primitives::blake2_256;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Value of the field `format`.
const FORMAT: &str = "doin-map";
/// Version of map files.
const VERSION: u32 = 1;
/// Next step for a file that is none of those that have a map.
const ADVICE: &str = "name a map that `train --map-out` wrote, or a model file of rows";

/// Contents of a file.
#[derive(Debug, Serialize, Deserialize)]
struct MapFile {
	format: String,
	version: u32,
	rows: RowMapping,
}

/// Contents of a file, and their hash.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
	#[serde(flatten)]
	file: MapFile,
	checksum: String,
}

impl MapFile {
	fn checksum(&self) -> Result<String> {
		Ok(hex::encode(blake2_256(&serde_json::to_vec(self)?)))
	}
}

/// Writes a map to a file. An existing file is replaced atomically.
///
/// # Errors
///
/// Errors if the folder does not exist or cannot be written to, or if the names of the columns are so long that the file could not
/// be read again.
pub fn write_map(mapping: &RowMapping, path: &Path) -> Result<()> {
	let file = MapFile { format: FORMAT.into(), version: VERSION, rows: mapping.clone() };
	let text = serde_json::to_string_pretty(&Envelope { checksum: file.checksum()?, file })? + "\n";
	ensure!(
		text.len() as u64 <= MAX_BYTES,
		"the map would have {} bytes, and at most {MAX_BYTES} are read: give the columns shorter names",
		text.len()
	);
	replace_file(path, text.as_bytes())
		.with_context(|| format!("cannot write {}: choose a file in an existing folder that you may write to", path.display()))
}

/// Reads the map of a map file, or that of a model file of rows.
///
/// # Errors
///
/// Errors if the file cannot be read, has no map, or was changed.
pub fn read_map(path: &Path) -> Result<RowMapping> {
	let shown = path.display();
	let length = std::fs::metadata(path).with_context(|| format!("cannot read {shown}: {ADVICE}"))?.len();
	ensure!(length <= MAX_BYTES, "{shown} has {length} bytes, and a map has at most {MAX_BYTES}: {ADVICE}");
	let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
	let value: serde_json::Value = serde_json::from_slice(&bytes).with_context(|| format!("{shown} has no map: {ADVICE}"))?;
	if value["format"] == MODEL_FORMAT {
		return match AnyModel::read(path)? {
			AnyModel::Rows(loaded) => Ok(loaded.file.mapping),
			AnyModel::Series(_) => bail!("{shown} is a model of a series, which has no map of rows: {ADVICE}"),
		};
	}
	ensure!(value["format"] == FORMAT, "{shown} has no map: {ADVICE}");
	ensure!(
		value["version"] == VERSION,
		"{shown} is a map of version {}, and this program reads version {VERSION}: use the program that wrote it",
		value["version"]
	);
	parsed(value).with_context(|| format!("{shown} cannot be used"))
}

/// Returns the map of a file, after its checksum and its numbers are checked.
fn parsed(value: serde_json::Value) -> Result<RowMapping> {
	let Envelope { file, checksum } = serde_json::from_value(value).context(DAMAGED)?;
	ensure!(file.checksum()? == checksum, CHANGED);
	file.rows.check()?;
	Ok(file.rows)
}

impl RowMapping {
	/// Checks that a model which was trained with `other` reads rows of this map: both have the same columns and the same classes, or
	/// equally many values. Ranges and units may differ.
	///
	/// # Errors
	///
	/// Errors with the first difference.
	pub fn check_fits(&self, other: &Self) -> Result<()> {
		let (own, columns) = (self.columns(), other.columns());
		ensure!(
			own.len() == columns.len(),
			"the map has {} columns of features, and the model reads {}: name a map of the same columns",
			own.len(),
			columns.len()
		);
		if let Some((at, (own, column))) = own.iter().zip(&columns).enumerate().find(|(_, (own, column))| own != column) {
			bail!(
				"column {} of the map is `{own}`, and the model reads `{column}` there: name a map of the same columns in this order",
				at + 1
			);
		}
		ensure!(
			self.image == other.image,
			"the map and the model have images of different sizes: name a map that was made with the same --image"
		);
		match (&self.labels, &other.labels) {
			(LabelMap::Classes(own), LabelMap::Classes(classes)) => {
				let lacks = |some: &[String], all: &[String]| some.iter().find(|class| !all.contains(class)).cloned();
				if let Some(class) = lacks(&classes.classes, &own.classes) {
					bail!("the map lacks the class `{class}` of the model: name a map of the same classes");
				}
				if let Some(class) = lacks(&own.classes, &classes.classes) {
					bail!("the map has the class `{class}`, which the model does not know: name a map of the same classes");
				}
				ensure!(
					own.classes == classes.classes,
					"the map has the classes of the model in another order: name another map"
				);
			}
			(LabelMap::Values(own), LabelMap::Values(values)) => ensure!(
				own.len() == values.len(),
				"the map has {} columns of values, and the model computes {}: name a map of as many",
				own.len(),
				values.len()
			),
			(LabelMap::Classes(_), LabelMap::Values(_)) => {
				bail!("the map has classes, and the model computes values: name another map")
			}
			(LabelMap::Values(_), LabelMap::Classes(_)) => {
				bail!("the map has values, and the model chooses classes: name another map")
			}
		}
		Ok(())
	}
}

impl LoadedRowModel {
	/// Returns the model with another map from columns to bytes.
	///
	/// # Errors
	///
	/// Errors if [`RowMapping::check_fits`] does.
	pub fn with_map(mut self, map: RowMapping) -> Result<Self> {
		map.check_fits(&self.file.mapping)?;
		self.file.mapping = map;
		Ok(self)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::rows::{
		bytes::ByteMap,
		labels::{ClassMap, ValueMap},
	};
	use doin_scoring::rows::Image;

	fn map(columns: &[&str], classes: &[&str]) -> RowMapping {
		let byte = |column: &&str| ByteMap { column: column.to_string(), least: -1.5, greatest: 0.1, fill: Some(7) };
		let classes = classes.iter().map(|class| class.to_string()).collect();
		RowMapping {
			features: columns.iter().map(byte).collect(),
			image: None,
			labels: LabelMap::Classes(ClassMap { column: "y".into(), classes }),
		}
	}

	fn values(count: usize) -> RowMapping {
		let value = ValueMap { column: "y".into(), offset: 0.0, unit: 0.5, deviation: 1.0 };
		RowMapping { labels: LabelMap::Values(vec![value; count]), ..map(&["a", "b"], &["A", "B"]) }
	}

	fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
		format!("{:#}", result.unwrap_err())
	}

	#[test]
	fn a_map_is_read_as_it_was_written() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.map");
		for map in [map(&["a", "b"], &["A", "B"]), values(2)] {
			write_map(&map, &path).unwrap();
			assert_eq!(read_map(&path).unwrap(), map);
		}
	}

	#[test]
	fn files_without_a_map_and_changed_ones_are_refused() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.map");
		assert!(refusal(read_map(&path)).contains("cannot read"));
		write_map(&map(&["a", "b"], &["A", "B"]), &path).unwrap();
		let whole = std::fs::read_to_string(&path).unwrap();
		for (text, reason) in [
			(whole.replacen("\"A\"", "\"C\"", 1), "checksum does not match"),
			(whole.replacen("\"version\": 1", "\"version\": 2", 1), "a map of version 2"),
			(whole.replacen("\"labels\"", "\"label\"", 1), "a field is missing"),
			(whole[..whole.len() / 2].to_string(), "has no map: name a map that `train --map-out` wrote"),
			("{}".into(), "has no map"),
		] {
			std::fs::write(&path, text).unwrap();
			assert!(refusal(read_map(&path)).contains(reason), "{reason}: {}", refusal(read_map(&path)));
		}
		crate::fixtures::model_file(3).write(&path).unwrap();
		assert!(refusal(read_map(&path)).contains("a model of a series, which has no map of rows"));
		std::fs::write(&path, vec![b' '; MAX_BYTES as usize + 1]).unwrap();
		assert!(refusal(read_map(&path)).contains("a map has at most"));
	}

	#[test]
	fn a_map_fits_a_model_of_the_same_columns_and_classes() {
		let model = map(&["a", "b"], &["A", "B"]);
		let mut scaled = model.clone();
		scaled.features[0].greatest = 1e6;
		scaled.check_fits(&model).unwrap();
		values(2).check_fits(&values(2)).unwrap();
		let image = |map: RowMapping| RowMapping { image: Some(Image { height: 1, width: 2 }), ..map };
		for (map, reason) in [
			(map(&["a"], &["A", "B"]), "1 columns of features, and the model reads 2"),
			(map(&["b", "a"], &["A", "B"]), "column 1 of the map is `b`, and the model reads `a` there"),
			(map(&["a", "b"], &["A", "C"]), "the map lacks the class `B` of the model"),
			(map(&["a", "b"], &["A", "B", "C"]), "the class `C`, which the model does not know"),
			(map(&["a", "b"], &["B", "A"]), "in another order"),
			(image(model.clone()), "images of different sizes"),
			(values(1), "the map has values, and the model chooses classes"),
		] {
			assert!(refusal(map.check_fits(&model)).contains(reason), "{}", refusal(map.check_fits(&model)));
		}
		assert!(refusal(model.check_fits(&values(1))).contains("the map has classes, and the model computes values"));
		assert!(refusal(values(1).check_fits(&values(2))).contains("1 columns of values, and the model computes 2"));
	}
}
