//! Predictions of a loaded model of rows for the rows of a file.

use super::{
	errors::Predictor,
	labels::LabelMap,
	mapping::EncodedRows,
	model_file::LoadedRowModel,
	table::{Labels, RowTable},
};
use crate::{csv::Note, predict::Origin};
use anyhow::{ensure, Result};
use doin_scoring::score::predicted_class;
use serde::Serialize;

/// Class or value of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RowOutcome {
	/// Text of a class.
	Class(String),
	/// Value of each column of labels, in its units.
	Values(Vec<f64>),
}

/// Prediction for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPrediction {
	/// Number of the row, counted from 1 for the first one below the header.
	pub row: usize,
	/// Prediction of the model.
	pub prediction: RowOutcome,
	/// Label of the file, if it has labels.
	pub actual: Option<RowOutcome>,
}

/// Predicts the labels of the rows of a file, or of one of them. Returns remarks on the file beside them.
///
/// # Errors
///
/// Errors if the columns do not fit the model, or if the file has no such row.
pub fn predict_rows(
	loaded: &LoadedRowModel,
	table: &RowTable,
	origin: Option<Origin>,
) -> Result<(Vec<RowPrediction>, Vec<Note>)> {
	let mapping = &loaded.file.mapping;
	// Labels are shown as they are, also those that are no class of the model.
	let EncodedRows { bytes, clamped } = mapping.encode_features(table)?;
	let count = table.rows();
	let rows = match origin {
		None => 0..count,
		Some(Origin::Last) => count - 1..count,
		Some(Origin::Row(row)) => {
			ensure!(row <= count, "invalid --at {row}: {} has {count} rows", table.file);
			row - 1..row
		}
	};
	let mut predictor = Predictor::new(&loaded.model, &loaded.program);
	let row_bytes = loaded.program.row_bytes();
	let predictions = rows.map(|row| {
		let out = predictor.outputs(&bytes[row * row_bytes..][..row_bytes]);
		let prediction = match &mapping.labels {
			LabelMap::Classes(classes) => RowOutcome::Class(classes.classes[predicted_class(out)].clone()),
			LabelMap::Values(maps) => {
				RowOutcome::Values(maps.iter().zip(out).map(|(map, output)| map.value((*output).into())).collect())
			}
		};
		let actual = table.labels.as_ref().map(|labels| match labels {
			Labels::Texts(texts) => RowOutcome::Class(texts[row].clone()),
			Labels::Numbers(columns) => RowOutcome::Values(columns.iter().map(|column| column[row]).collect()),
		});
		RowPrediction { row: row + 1, prediction, actual }
	});
	let predictions = predictions.collect();
	let mut notes = table.notes.clone();
	notes.extend(clamped.note(&table.file));
	Ok((predictions, notes))
}
