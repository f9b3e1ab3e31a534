//! Evaluation of a loaded model of rows on a file: its errors on each part, beside those of simple models.

use super::{
	arrangement::RowPart,
	errors::RowErrors,
	mapping::EncodedRows,
	model_file::{LoadedRowModel, RowFileRecord},
	table::RowTable,
};
use crate::{
	csv::Note,
	spec::{explain, LIMITS},
};
use anyhow::{bail, ensure, Result};
use doin_compute::{RowsData, RowsTask};
use doin_primitives::{blake2_256, Split};
use doin_scoring::{rows::RowTarget, Model};

/// Errors of models on one part of a file.
#[derive(Clone, Debug)]
pub struct RowPartErrors {
	/// Part of the file.
	pub part: RowPart,
	/// Name and errors of each model: the constant one first, the loaded one last.
	pub models: Vec<(String, RowErrors)>,
}

/// Evaluation of a model of rows.
#[derive(Clone, Debug)]
pub struct RowEvaluation {
	/// `true` for a file of the training.
	pub same_data: bool,
	/// `true` if the ridge is among the models.
	pub ridge: bool,
	/// Parts with at least one row.
	pub parts: Vec<RowPartErrors>,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

/// Returns the name of the constant model.
pub fn constant_name(target: RowTarget) -> &'static str {
	match target {
		RowTarget::Classes(_) => "majority class",
		RowTarget::Values(_) => "median",
	}
}

impl RowEvaluation {
	/// Evaluates a model on a file. A file of the training is recognised by its rows, and has its parts; all rows of other data count.
	///
	/// # Errors
	///
	/// Errors if the file has no labels, if its columns do not fit, if it has no row beside those that train, or if the errors are not
	/// those in the model file.
	pub fn new(loaded: &LoadedRowModel, table: &RowTable) -> Result<Self> {
		let file = &loaded.file;
		ensure!(
			table.labels.is_some(),
			"{} has no column of labels, {}: name it with --label",
			table.file,
			file.mapping.labels.columns().join(", ")
		);
		let EncodedRows { bytes, clamped } = file.mapping.encode(table)?;
		let rows: Vec<&[u8]> = bytes.chunks_exact(loaded.program.row_bytes()).collect();
		let known = known_file(loaded, &bytes);
		let parts = known.map(|(first, record)| known_parts(loaded, first, record, rows.len()));
		let mut models = vec![(constant_name(loaded.program.target).to_string(), loaded.constant())];
		if let (Some(parts), [_]) = (&parts, file.data.files.as_slice()) {
			// Constant columns alone have no ridge.
			models.extend(ridge(loaded, &rows, parts).ok().map(|ridge| ("ridge".to_string(), ridge)));
		}
		let ridge = models.len() > 1;
		models.push((format!("this {}", file.family), loaded.model.clone()));
		let errors = |part: RowPart| {
			let of_part = |at: &usize| parts.as_ref().is_none_or(|parts| parts[*at] == Some(part));
			let rows: Vec<&[u8]> = (0..rows.len()).filter(of_part).map(|at| rows[at]).collect();
			let errors = models.iter().map(|(name, model)| (name.clone(), RowErrors::compute(model, &loaded.program, &rows)));
			RowPartErrors { part, models: errors.collect() }
		};
		let names: &[RowPart] = match &parts {
			Some(_) => &[RowPart::Validation, RowPart::Test, RowPart::New],
			None => &[RowPart::All],
		};
		let mut parts: Vec<RowPartErrors> =
			names.iter().map(|part| errors(*part)).filter(|part| part.models[0].1.rows > 0).collect();
		if parts.is_empty() {
			parts = vec![errors(RowPart::Training)];
		}
		if let Some(stored) = known.and_then(|(_, record)| record.error.validation) {
			check_stored_error(stored, &parts)?;
		}
		let mut notes = table.notes.clone();
		notes.extend(clamped.note(&table.file));
		Ok(Self { same_data: known.is_some(), ridge, parts, notes })
	}
}

/// Returns the file of the training whose rows these are, and the number of rows of the files before it. A file that has grown since
/// is still one.
fn known_file<'a>(loaded: &'a LoadedRowModel, bytes: &[u8]) -> Option<(usize, &'a RowFileRecord)> {
	let row_bytes = loaded.program.row_bytes();
	let mut first = 0;
	for record in &loaded.file.data.files {
		let length = record.rows as usize * row_bytes;
		if bytes.len() >= length && hex::encode(blake2_256(&bytes[..length])) == record.hash {
			return Some((first, record));
		}
		first += record.rows as usize;
	}
	None
}

/// Returns the part of each of the `rows` rows of a file of the training whose first row is `first` among all.
fn known_parts(loaded: &LoadedRowModel, first: usize, record: &RowFileRecord, rows: usize) -> Vec<Option<RowPart>> {
	let mut parts = loaded.file.data.arrangement.parts()[first..first + record.rows as usize].to_vec();
	parts.resize(rows, Some(RowPart::New));
	parts
}

/// Returns the ridge of the rows that trained, in their order.
fn ridge(loaded: &LoadedRowModel, rows: &[&[u8]], parts: &[Option<RowPart>]) -> Result<Model> {
	let arrangement = &loaded.file.data.arrangement;
	debug_assert_eq!(arrangement.parts(), parts[..arrangement.rows as usize]);
	let used = &arrangement.order()[..arrangement.validation_end as usize];
	let bytes = used.iter().flat_map(|row| rows[*row as usize]).copied().collect();
	let split = Split { train_end: arrangement.train_end, validation_end: arrangement.validation_end };
	let task = RowsTask { program: loaded.program, limits: LIMITS, bytes, split, most_early_stopping: u32::MAX };
	RowsData::new(task).and_then(|data| data.ridge()).map_err(explain)
}

/// Checks the validation error against that in the model file.
fn check_stored_error(stored: u64, parts: &[RowPartErrors]) -> Result<()> {
	let Some(part) = parts.iter().find(|part| part.part == RowPart::Validation) else { return Ok(()) };
	let computed = part.models.last().map_or(0, |(_, errors)| errors.total());
	if computed != stored {
		bail!(
			"the model file has an error sum of {stored} on validation, and {computed} is computed here from the same data: the file was \
			written by another version of this program"
		);
	}
	Ok(())
}
