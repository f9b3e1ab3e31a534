//! Rows of a domain: without duplicates, in an order that a seed chooses, as bytes of the published part and of the segments.

use super::{
	key::SegmentKey,
	layout::{Layout, RowChunks, Sizes, Unit},
	seal::SealedData,
};
use crate::{
	csv::Note,
	rows::{
		files::{absent_classes, constant_columns, counted, MIN_TRAINING},
		labels::ClassMap,
		mapping::EncodedRows,
		table::Labels,
		MappingOptions, RowMapping, RowOptions, RowTable, Wanted,
	},
	table::SeriesSource,
};
use anyhow::{anyhow, ensure, Result};
use codec::Encode;
use doin_primitives::{blake2_256, DomainSpec, Evidence, Hash, Split};
use doin_scoring::{philox::Stream, Program};
use rayon::prelude::*;
use std::collections::HashSet;

/// Use of the seed that orders rows ("seal" in ASCII).
const PURPOSE: u32 = 0x7365_616c;

/// Rows of a file, and the map of its columns.
#[derive(Clone, Debug)]
pub struct RowSource {
	/// File, or its first rows.
	pub source: SeriesSource,
	/// Columns and notation.
	pub options: RowOptions,
	/// Facts that the columns do not show.
	pub mapping: MappingOptions,
}

/// Parts of the rows of a domain, in their new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowParts {
	/// Place of the segments; there are none for a domain on public evidence.
	pub layout: Layout,
	/// Ends of the published rows that train and validate.
	pub split: Split,
}

/// Rows of a domain as bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainRows {
	/// Name of the file, without its folder.
	pub file: String,
	/// Map from columns to bytes.
	pub mapping: RowMapping,
	/// Parts of the rows.
	pub parts: RowParts,
	/// Published rows.
	pub published: Vec<u8>,
	/// Rows of each segment.
	pub segments: Vec<Vec<u8>>,
	/// Number of rows that were dropped, because an earlier one is the same.
	pub duplicates: usize,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

impl RowParts {
	/// Returns the parts of `rows` rows of `row_bytes` bytes with so many segments, of as many rows as the chunks have.
	///
	/// # Errors
	///
	/// Errors if [`Layout::new`] does.
	pub fn sealed(rows: usize, row_bytes: usize, segments: u16, chunks: RowChunks) -> Result<Self> {
		let segment = u32::from(chunks.chunks) * u32::from(chunks.rows);
		let least_published = usize::from(chunks.chunks) + MIN_TRAINING;
		let layout = Layout::new(rows, &Sizes { unit: Unit::Rows, unit_bytes: row_bytes, segments, segment, least_published })?;
		let train_end = (layout.published - chunks.validation(layout.published)) as u32;
		Ok(Self { layout, split: Split { train_end, validation_end: layout.published as u32 } })
	}

	/// Returns the parts of `rows` rows that are all published: 70 % train, about 15 % validate, the rest is held out.
	///
	/// # Errors
	///
	/// Errors if there are too few rows.
	pub fn public(rows: usize, chunks: RowChunks) -> Result<Self> {
		let least = usize::from(chunks.chunks) + MIN_TRAINING;
		ensure!(
			rows >= least,
			"there are {rows} different rows, and at least {least} are needed: {} to validate, one in each chunk, and {MIN_TRAINING} to \
			train. Bring more rows",
			chunks.chunks
		);
		let validation = chunks.validation(rows);
		let train_end = (rows * 70 / 100).min(rows - validation);
		let split = Split { train_end: train_end as u32, validation_end: (train_end + validation) as u32 };
		Ok(Self { layout: Layout { published: rows, segments: 0, segment: 0 }, split })
	}

	/// Returns the parts that the record of a domain states, of `rows` rows of `row_bytes` bytes of a file.
	///
	/// # Errors
	///
	/// Errors if the domain has no sealed rows, or if the file has another number of rows.
	fn of_record(spec: &DomainSpec, file: &str, rows: usize, row_bytes: usize) -> Result<Self> {
		let (Program::Rows(program), Evidence::Sealed { units, .. }) = (&spec.program, &spec.evidence) else {
			anyhow::bail!("the domain has no sealed rows: choose the domain that {file} was made for");
		};
		ensure!(
			row_bytes == program.row_bytes(),
			"a row of {file} has {row_bytes} bytes, and one of the domain has {}: name the file and the columns of `domain create`",
			program.row_bytes()
		);
		let (published, segment) = (spec.values as usize / row_bytes, *units);
		let segments = rows.checked_sub(published).filter(|sealed| sealed.is_multiple_of(segment.max(1) as usize));
		let segments = segments.and_then(|sealed| u16::try_from(sealed / segment.max(1) as usize).ok());
		let Some(segments) = segments else {
			anyhow::bail!(
				"{file} has {rows} different rows, and {published} published ones and segments of {segment} rows do not add up to them: rows \
				were added, removed or changed since the domain was created. Nothing was sent. Restore the file as it was"
			);
		};
		ensure!(
			spec.split.train_end <= spec.split.validation_end && spec.split.validation_end as usize <= published,
			"the record of the domain has a split beyond its {published} published rows: connect to another node"
		);
		Ok(Self { layout: Layout { published, segments, segment }, split: spec.split })
	}
}

impl RowSource {
	/// Reads the rows, drops duplicates, orders the rest by `seed`, and maps them to bytes. `parts` returns the parts of a number
	/// of rows, each of a number of bytes.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used, if columns or labels do not make a program, or if `parts` does.
	pub fn arrange(&self, seed: &[u8; 32], parts: impl FnOnce(usize, usize) -> Result<RowParts>) -> Result<DomainRows> {
		let mut table = RowTable::read(&self.source, &self.options, Wanted::Chosen)?;
		let duplicates = drop_duplicates(&mut table)?;
		let parts = parts(table.rows(), row_bytes(&table)).map_err(|error| match duplicates {
			0 => error,
			dropped => anyhow!(
				"{error:#} ({} as an earlier one)",
				counted(dropped, "row was dropped, which is the same", "rows were dropped, which are the same")
			),
		})?;
		let mut order: Vec<u32> = (0..table.rows() as u32).collect();
		Stream::new(seed, PURPOSE, 0).shuffle(&mut order);
		let training: Vec<(usize, usize)> =
			order[..parts.split.train_end as usize].iter().map(|row| (0, *row as usize)).collect();
		let mapping = RowMapping::new(&[&table], &training, &self.mapping)?;
		mapping.check()?;
		let EncodedRows { bytes, clamped } = mapping.encode(&table)?;
		let mut notes = std::mem::take(&mut table.notes);
		notes.extend(clamped.note(&table.file));
		let row_bytes = mapping.program().row_bytes();
		let rows = |places: std::ops::Range<usize>| -> Vec<u8> {
			order[places].iter().flat_map(|row| &bytes[*row as usize * row_bytes..][..row_bytes]).copied().collect()
		};
		let published = rows(0..parts.layout.published);
		let segments: Vec<Vec<u8>> = parts.layout.all_segments().map(rows).collect();
		let mut arranged = DomainRows { file: table.file, mapping, parts, published, segments, duplicates, notes };
		let remarks = arranged.remarks();
		arranged.notes.extend(remarks);
		Ok(arranged)
	}

	/// Rebuilds the rows of a sealed domain from its record.
	///
	/// # Errors
	///
	/// Errors as [`RowSource::arrange`] does, and if rows or classes of the file are not as many as those of the domain.
	pub fn rebuild(&self, key: &SegmentKey, spec: &DomainSpec) -> Result<DomainRows> {
		let file = self.source.to_string();
		let arranged = self.arrange(&key.order_seed(), |rows, bytes| RowParts::of_record(spec, &file, rows, bytes))?;
		if let Program::Rows(program) = &spec.program {
			let own = arranged.mapping.program();
			ensure!(
				(own.features, own.target, own.image) == (program.features, program.target, program.image),
				"{file} has {} features and {} outputs, and the domain has {} and {}: name the file and the columns of `domain create`",
				own.features,
				own.outputs(),
				program.features,
				program.outputs()
			);
		}
		Ok(arranged)
	}
}

impl DomainRows {
	/// Returns the hash of the published rows, as the record of a domain states it.
	pub fn data_root(&self) -> Hash {
		bytes_hash(&self.published)
	}

	/// Returns the data that seals bind.
	pub fn sealed_data(&self) -> SealedData {
		SealedData { file: self.file.clone(), unit: Unit::Rows, data_root: self.data_root(), segments: self.segments.clone() }
	}

	/// Returns remarks on duplicates, constant columns and classes without a training row.
	fn remarks(&self) -> Vec<Note> {
		let mut notes = Vec::new();
		if self.duplicates > 0 {
			notes.push(Note::Info(format!(
				"{} dropped, because an earlier row is the same, label included: a model could memorise it",
				counted(self.duplicates, "row is", "rows are")
			)));
		}
		let row_bytes = self.mapping.program().row_bytes();
		let published: Vec<&[u8]> = self.published.chunks_exact(row_bytes).collect();
		if !self.segments.is_empty() {
			let known: HashSet<&[u8]> = published.iter().copied().collect();
			let sealed = self.segments.iter().flat_map(|segment| segment.chunks_exact(row_bytes));
			let equal = sealed.filter(|row| known.contains(row)).count();
			if equal > 0 {
				notes.push(Note::Info(format!(
					"{} the bytes of a published one, although the file tells them apart: numbers are rounded to 256 levels",
					counted(equal, "sealed row has", "sealed rows have")
				)));
			}
		}
		notes.extend(constant_columns(&self.mapping));
		notes.extend(absent_classes(&self.mapping, &published[..self.parts.split.train_end as usize]));
		notes
	}
}

/// Returns the hash of published rows: blake2b-256 of the SCALE encoding of their bytes.
pub fn bytes_hash(bytes: &[u8]) -> Hash {
	blake2_256(&bytes.encode())
}

/// Returns the number of bytes of a row.
fn row_bytes(table: &RowTable) -> usize {
	let label = match &table.labels {
		Some(Labels::Numbers(columns)) => columns.len() * size_of::<i32>(),
		_ => 1,
	};
	table.columns.len() + label
}

/// Drops rows that are the same as an earlier one, label included, and returns their number.
fn drop_duplicates(table: &mut RowTable) -> Result<usize> {
	// Spellings of one number are one class.
	let classes = match &table.labels {
		Some(Labels::Texts(texts)) => {
			let map = ClassMap::new(&table.label_columns[0], texts.iter().map(String::as_str))?;
			map.encode(&table.file, texts, |row| table.lines[row])?
		}
		_ => Vec::new(),
	};
	let hashes: Vec<Hash> = (0..table.rows()).into_par_iter().map(|row| row_hash(table, &classes, row)).collect();
	let mut seen = HashSet::with_capacity(hashes.len());
	let kept: Vec<bool> = hashes.into_iter().map(|hash| seen.insert(hash)).collect();
	table.retain(&kept);
	Ok(kept.len() - table.rows())
}

/// Returns the hash of the numbers and the label of a row.
fn row_hash(table: &RowTable, classes: &[u8], row: usize) -> Hash {
	let mut bytes = Vec::with_capacity(9 * table.columns.len() + 9);
	// The sum turns −0 into 0.
	let mut push = |value: Option<f64>| value.map(|value| (value + 0.0).to_bits()).encode_to(&mut bytes);
	table.columns.iter().for_each(|column| push(column[row]));
	if let Some(Labels::Numbers(columns)) = &table.labels {
		columns.iter().for_each(|column| push(Some(column[row])));
	}
	bytes.extend(classes.get(row));
	blake2_256(&bytes)
}

#[cfg(test)]
mod tests;
