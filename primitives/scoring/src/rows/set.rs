//! Rows of one chunk: dealt from a segment by a seed, or cut from the published rows.

use super::{RowError, RowTarget, Rows};
use crate::philox::{purpose, Key};
use alloc::vec::Vec;
use core::ops::Range;

/// Rows, concatenated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSet {
	/// Features per row.
	pub features: usize,
	/// Label of each row.
	pub layout: RowTarget,
	/// Features and label of each row.
	pub bytes: Vec<u8>,
}

/// Label of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label<'a> {
	/// Class of the row.
	Class(u8),
	/// Values of the row, four little-endian bytes each; see [`Label::values`].
	Values(&'a [u8]),
}

impl<'a> Label<'a> {
	/// Returns the label of `row`, which has `features` features.
	pub(super) fn of(row: &'a [u8], features: usize, layout: RowTarget) -> Self {
		let label = row.get(features..).unwrap_or(&[]);
		match layout {
			RowTarget::Classes(_) => Label::Class(label.first().copied().unwrap_or(0)),
			RowTarget::Values(_) => Label::Values(label),
		}
	}

	/// Returns the values of the label; the class for a class.
	pub fn values(self) -> impl Iterator<Item = i32> + 'a {
		let (class, bytes) = match self {
			Label::Class(class) => (Some(i32::from(class)), &[][..]),
			Label::Values(bytes) => (None, bytes),
		};
		let values = bytes.chunks_exact(size_of::<i32>()).filter_map(|value| value.try_into().ok().map(i32::from_le_bytes));
		class.into_iter().chain(values)
	}
}

impl RowSet {
	/// Creates the rows of `program` that `bytes` holds.
	pub fn new(program: &Rows, bytes: Vec<u8>) -> Self {
		Self { features: program.features.into(), layout: program.target, bytes }
	}

	/// Returns the number of bytes of a row.
	fn row_bytes(&self) -> usize {
		// At least 1, so that rows without features and values are not counted.
		self.features.saturating_add(self.layout.bytes()).max(1)
	}

	/// Returns the rows, each as (features, label).
	pub fn iter(&self) -> impl Iterator<Item = (&[u8], Label<'_>)> {
		let rows = self.bytes.chunks_exact(self.row_bytes());
		rows.map(|row| (row.get(..self.features).unwrap_or(&[]), Label::of(row, self.features, self.layout)))
	}

	/// Returns the number of rows.
	pub fn len(&self) -> usize {
		self.bytes.len().checked_div(self.row_bytes()).unwrap_or(0)
	}

	/// Returns `true` if there is no row.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

/// Returns chunk `index` of the rows of `segment`, which `seed` deals to the chunks of `program`.
///
/// The first [`Rows::segment_rows`] rows of the segment are shuffled by stream 0 of [`purpose::DEAL`], and chunk i has rows
/// `i · rows .. (i + 1) · rows` of the new order. Every row is dealt to one chunk, and the order of the segment has no influence
/// on which rows share a chunk.
pub fn dealt(program: &Rows, segment: &[u8], seed: &[u8; 32], index: u16) -> RowSet {
	let row_bytes = program.row_bytes().max(1);
	let present = u32::try_from(segment.len().checked_div(row_bytes).unwrap_or(0)).unwrap_or(u32::MAX);
	let mut order: Vec<u32> = (0..program.segment_rows().min(present)).collect();
	Key::new(seed, purpose::DEAL).stream(0).shuffle(&mut order);
	let rows = usize::from(program.rows);
	let mut bytes = Vec::with_capacity(rows.min(order.len()).saturating_mul(row_bytes));
	for row in order.iter().skip(usize::from(index).saturating_mul(rows)).take(rows) {
		let start = (*row as usize).saturating_mul(row_bytes);
		bytes.extend_from_slice(segment.get(start..start.saturating_add(row_bytes)).unwrap_or(&[]));
	}
	RowSet::new(program, bytes)
}

/// Returns the range of bytes of the published rows that chunk `index` of the validation split reads. The rows lie in
/// `[train_end, validation_end)`; the last row of the last chunk is row `validation_end − 1`.
///
/// # Errors
///
/// Fails with [`RowError::Split`] if there are fewer rows than chunks, or if the range exceeds 2³² bytes, and with
/// [`RowError::Chunks`] if the split has no such chunk.
pub fn validation_rows_span(program: &Rows, train_end: u32, validation_end: u32, index: u16) -> Result<Range<u32>, RowError> {
	if index >= program.chunks {
		return Err(RowError::Chunks);
	}
	let rows = u32::from(program.validation_rows(train_end, validation_end)?);
	// Rows of this chunk and all later ones.
	let later = u32::from(program.chunks.saturating_sub(index)).saturating_mul(rows);
	let start = validation_end.saturating_sub(later);
	let row_bytes = u32::try_from(program.row_bytes()).map_err(|_| RowError::Split)?;
	let byte = |row: u32| row.checked_mul(row_bytes).ok_or(RowError::Split);
	Ok(byte(start)?..byte(start.saturating_add(rows))?)
}
