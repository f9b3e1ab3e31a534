//! Files of a training of rows: read, arranged, and mapped to bytes.

use super::{
	arrangement::Arrangement,
	labels::LabelMap,
	mapping::{EncodedRows, MappingOptions, RowMapping},
	table::{RowOptions, RowTable, Wanted},
};
use crate::{csv::Note, split::SplitRule, table::SeriesSource};
use anyhow::{bail, ensure, Context, Result};
use doin_primitives::{blake2_256, Split};
use std::collections::{HashMap, HashSet};

/// Fewest rows that train: a seventh of them stops training early.
pub(crate) const MIN_TRAINING: usize = 14;

/// Files of a training of rows.
#[derive(Clone, Debug)]
pub struct RowFiles {
	/// Files that train, or are split. Columns are found in the others by the names of the first.
	pub training: Vec<SeriesSource>,
	/// Files that validate. If there are any, the training files train as a whole.
	pub validation: Vec<SeriesSource>,
	/// Files that test.
	pub test: Vec<SeriesSource>,
	/// Columns and notation.
	pub options: RowOptions,
	/// Split of all rows of the training files if there are no validation files.
	pub split: SplitRule,
	/// `true` if rows keep the order of the files, in place of being shuffled.
	pub in_order: bool,
	/// Facts that the columns do not show.
	pub mapping: MappingOptions,
	/// Map of the columns; computed from the training rows if `None`.
	pub map: Option<RowMapping>,
}

/// A file of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFile {
	/// Name, without folder.
	pub file: String,
	/// Number of rows.
	pub rows: usize,
	/// Hash of its bytes, in hex.
	pub hash: String,
}

/// Rows of a training.
#[derive(Clone, Debug)]
pub struct RowSets {
	/// Files, in the order of the arrangement.
	pub files: Vec<RowFile>,
	/// Map from columns to bytes.
	pub mapping: RowMapping,
	/// Order and parts of the rows.
	pub arrangement: Arrangement,
	/// Rows that are used, in the new order.
	pub bytes: Vec<u8>,
	/// Remarks on the files, for the user.
	pub notes: Vec<Note>,
}

/// Rows that are equal in their features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
	/// Rows that are the same as an earlier one, label included.
	pub repeated: usize,
	/// Rows that validate or test and are the same as one that trains.
	pub leaked: usize,
	/// Rows with the features of an earlier one, and another label.
	pub ambiguous: usize,
}

impl RowFiles {
	/// Reads all files, and maps their rows to bytes.
	///
	/// # Errors
	///
	/// Errors if a file cannot be used, if there are too few rows, or if columns or labels do not make a program.
	pub fn read(&self) -> Result<RowSets> {
		let first = self.training.first().context("--csv: name a file to train on")?;
		let options = self.options()?;
		let mut tables = vec![self.read_first(first, &options)?];
		for source in self.training.iter().skip(1).chain(&self.validation).chain(&self.test) {
			let table = RowTable::read(source, &options, Wanted::Same(&tables[0]))?;
			tables.push(table);
		}
		let arrangement = self.arrange(&tables)?;
		let places = places(&tables);
		let order = arrangement.order();
		let training: Vec<(usize, usize)> =
			order[..arrangement.train_end as usize].iter().map(|row| places[*row as usize]).collect();
		let references: Vec<&RowTable> = tables.iter().collect();
		let mapping = match &self.map {
			Some(map) => map.clone(),
			None => RowMapping::new(&references, &training, &self.mapping)?,
		};
		let row_bytes = mapping.program().row_bytes();
		let (mut files, mut all, mut notes) = (Vec::new(), Vec::new(), Vec::new());
		for table in &mut tables {
			notes.append(&mut table.notes);
			let EncodedRows { bytes, clamped } = mapping.encode(table)?;
			notes.extend(clamped.note(&table.file));
			files.push(RowFile { file: table.file.clone(), rows: table.rows(), hash: hex::encode(blake2_256(&bytes)) });
			all.extend(bytes);
			// The numbers are not needed any more.
			table.columns = Vec::new();
		}
		let used = &order[..arrangement.test_end as usize];
		let bytes: Vec<u8> = used.iter().flat_map(|row| &all[*row as usize * row_bytes..][..row_bytes]).copied().collect();
		let mut sets = RowSets { files, mapping, arrangement, bytes, notes };
		sets.notes.extend(self.describe_order());
		sets.notes.extend(sets.remarks());
		Ok(sets)
	}

	/// Returns the options of reading, after they are compared with the map. A map that fills gaps fills them in these files too.
	fn options(&self) -> Result<RowOptions> {
		let Some(map) = &self.map else { return Ok(self.options.clone()) };
		let MappingOptions { image, unit, .. } = self.mapping;
		ensure!(unit.is_none(), "--map has the raw unit of the values: omit --unit");
		ensure!(
			image.is_none_or(|image| map.image == Some(image.into())),
			"--map has an image of another size, or none: omit --image, or name another map"
		);
		ensure!(self.options.without.is_empty(), "--map names the columns of features: omit --without");
		match (&map.labels, self.options.values) {
			(LabelMap::Classes(_), true) => bail!("--map has classes: omit --values, or name another map"),
			(LabelMap::Values(_), false) => bail!("--map has values: add --values, or name another map"),
			_ => {}
		}
		let fill = map.features.iter().any(|map| map.fill.is_some());
		ensure!(
			fill || !self.options.fill,
			"--map was made of rows without gaps, so that it fills none: omit --fill, or make the map anew with --fill median"
		);
		Ok(RowOptions { fill, ..self.options.clone() })
	}

	/// Reads the first file. With a map, the columns of features are found by their names in it.
	fn read_first(&self, source: &SeriesSource, options: &RowOptions) -> Result<RowTable> {
		let Some(map) = &self.map else { return RowTable::read(source, options, Wanted::Chosen) };
		let (features, labels) = (map.columns(), map.labels.columns());
		RowTable::read(source, options, Wanted::Model { features: &features, labels: &labels, label_is_optional: false })
	}

	/// Returns order and parts of the rows of all files.
	fn arrange(&self, tables: &[RowTable]) -> Result<Arrangement> {
		let rows = |from: usize, count: usize| tables[from..from + count].iter().map(RowTable::rows).sum::<usize>();
		let (train, validation, test) = (self.training.len(), self.validation.len(), self.test.len());
		let arrangement = match self.validation.is_empty() {
			true => Arrangement::split(rows(0, train), &self.split, self.in_order)?,
			false => {
				let (train_rows, validation_rows) = (rows(0, train), rows(train, validation));
				Arrangement::of_files(train_rows, validation_rows, rows(train + validation, test), self.in_order)
			}
		};
		let (train, validation) = (arrangement.train_end as usize, arrangement.validation_rows());
		ensure!(
			train >= MIN_TRAINING && validation > 0,
			"{train} rows train and {validation} validate, and at least {MIN_TRAINING} and 1 are needed: bring more rows, or choose another \
			--split"
		);
		Ok(arrangement)
	}

	/// Returns a note if rows are shuffled before they are split.
	fn describe_order(&self) -> Option<Note> {
		let split = self.validation.is_empty();
		(!self.in_order && split).then(|| {
			Note::Info(format!(
				"rows are shuffled by a fixed seed before they are split {}; --in-order keeps the order of the file, e.g. where rows \
				follow each other in time",
				self.split
			))
		})
	}
}

/// Returns file and row of each row of all files.
fn places(tables: &[RowTable]) -> Vec<(usize, usize)> {
	tables.iter().enumerate().flat_map(|(at, table)| (0..table.rows()).map(move |row| (at, row))).collect()
}

impl RowSets {
	/// Returns the ends of the rows that train and validate.
	pub fn split(&self) -> Split {
		Split { train_end: self.arrangement.train_end, validation_end: self.arrangement.validation_end }
	}

	/// Returns each row, in the new order.
	pub fn rows(&self) -> Vec<&[u8]> {
		self.bytes.chunks_exact(self.mapping.program().row_bytes()).collect()
	}

	/// Returns the number of rows of each part as text.
	pub fn describe(&self) -> String {
		let Arrangement { train_end, validation_end, test_end, .. } = self.arrangement;
		format!("{train_end} train, {} validate, {} test", validation_end - train_end, test_end - validation_end)
	}

	/// Counts rows that are equal in their features.
	pub fn duplicates(&self) -> Duplicates {
		let features = usize::from(self.mapping.program().features);
		let train_end = self.arrangement.train_end as usize;
		let mut labels: HashMap<&[u8], &[u8]> = HashMap::new();
		let mut training: HashSet<&[u8]> = HashSet::new();
		let mut seen: HashSet<&[u8]> = HashSet::new();
		let mut found = Duplicates::default();
		for (place, row) in self.rows().into_iter().enumerate() {
			let (key, label) = row.split_at(features);
			found.ambiguous += usize::from(*labels.entry(key).or_insert(label) != label);
			found.repeated += usize::from(!seen.insert(row));
			if place < train_end {
				training.insert(row);
			} else {
				found.leaked += usize::from(training.contains(row));
			}
		}
		found
	}

	/// Returns remarks on duplicates, constant columns and classes without a training row.
	fn remarks(&self) -> Vec<Note> {
		let Duplicates { repeated, leaked, ambiguous } = self.duplicates();
		let mut notes = Vec::new();
		if repeated > 0 {
			notes.push(Note::Info(format!(
				"{} the same as an earlier one, label included; {leaked} of the rows that validate and test are among those that train, so \
				that errors on new rows are larger",
				counted(repeated, "row is", "rows are")
			)));
		}
		if ambiguous > 0 {
			notes.push(Note::Info(format!(
				"{} the features of an earlier one and another label, so that no model is right on all rows",
				counted(ambiguous, "row has", "rows have")
			)));
		}
		notes.extend(constant_columns(&self.mapping));
		notes.extend(absent_classes(&self.mapping, &self.rows()[..self.arrangement.train_end as usize]));
		notes
	}
}

/// Returns a note on columns that are constant in the training rows.
pub(crate) fn constant_columns(mapping: &RowMapping) -> Option<Note> {
	let constant: Vec<&str> = mapping.features.iter().filter(|map| map.is_constant()).map(|map| map.column.as_str()).collect();
	// The border of an image is often constant.
	if constant.is_empty() || mapping.image.is_some() {
		return None;
	}
	Some(Note::Info(format!(
		"{} constant in the training rows, so that models do not read {}",
		match constant[..] {
			[one] => format!("column `{one}` is"),
			_ => format!("{} columns are (`{}` is the first)", constant.len(), constant[0]),
		},
		if constant.len() == 1 { "it" } else { "them" }
	)))
}

/// Returns a warning for each class that no training row has.
pub(crate) fn absent_classes(mapping: &RowMapping, training: &[&[u8]]) -> Vec<Note> {
	let LabelMap::Classes(classes) = &mapping.labels else { return Vec::new() };
	let features = usize::from(mapping.program().features);
	let mut trained = vec![false; classes.classes.len()];
	training.iter().for_each(|row| trained[usize::from(row[features])] = true);
	let absent = classes.classes.iter().zip(trained).filter(|(_, trained)| !trained).map(|(class, _)| class);
	let warning = |class| {
		Note::Warning(format!(
			"class `{class}` has no training row, so that no model learns it: bring more rows of it, or choose another --split"
		))
	};
	absent.map(warning).collect()
}

/// Returns a count with its noun and verb.
pub(crate) fn counted(count: usize, one: &str, several: &str) -> String {
	format!("{count} {}", if count == 1 { one } else { several })
}
