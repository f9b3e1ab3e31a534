//! Rows: independent examples of a fixed number of features and a label, in bytes.
//!
//! A row is one byte per feature, then the label: one byte with the class, or one little-endian `i32` per value. The features of
//! an image are its pixels, row by row, with the channels of a pixel side by side.

mod score;
mod set;

pub use score::{constant_model, row_features, score_rows};
pub use set::{dealt, validation_rows_span, Label, RowSet};

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum number of features of a row.
pub const MAX_FEATURES: u16 = 1_024;
/// Admitted numbers of classes.
pub const CLASSES: RangeInclusive<u8> = 2..=64;
/// Admitted numbers of values of a label.
pub const VALUES: RangeInclusive<u8> = 1..=16;
/// Largest value of a label in absolute value. An error of a prediction near a label stays below
/// [`MAX_ERROR`](crate::score::MAX_ERROR).
pub const MAX_VALUE: u32 = 1 << 15;
/// Maximum number of channels of an image.
pub const MAX_IMAGE_CHANNELS: u16 = 4;
/// Maximum number of rows of a chunk. With errors below 2²⁰ and at most 16 values a row, a chunk sum fits `u32`.
pub const MAX_ROWS: u16 = 64;
/// Admitted numbers of chunks. A paired test needs nine rows in favour of one of two equal models to pass by luck with 64 chunks,
/// and seven with 16.
pub const ROW_CHUNKS: RangeInclusive<u16> = 64..=256;
/// Admitted shifts from a centred byte to an activation.
pub const ROW_SHIFTS: RangeInclusive<i8> = 0..=4;
/// Byte that is the activation 0.
pub const CENTRE: u8 = 128;

/// Classes or values of rows, from the features of each row.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Rows {
	/// Features of a row, 1..=[`MAX_FEATURES`].
	pub features: u16,
	/// Shape of the features as an image.
	pub image: Option<Image>,
	/// Outputs of a model, and their error.
	pub target: RowTarget,
	/// Rows of a drawn chunk, 1..=[`MAX_ROWS`].
	pub rows: u16,
	/// Number of chunks n of a draw and of the validation split, in [`ROW_CHUNKS`].
	pub chunks: u16,
}

/// Shape of an image, in pixels. A pixel has `features / (height · width)` channels, 1..=[`MAX_IMAGE_CHANNELS`].
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Image {
	/// Rows of pixels.
	pub height: u8,
	/// Pixels per row.
	pub width: u8,
}

/// Label of a row, and the outputs and the error of a model.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum RowTarget {
	/// One of so many classes, in [`CLASSES`], scored by mistakes. A model outputs one score per class; its answer is the class
	/// with the highest score, the first one on a tie.
	#[codec(index = 0)]
	Classes(u8),
	/// So many values, in [`VALUES`], each within ±[`MAX_VALUE`], scored by absolute error.
	#[codec(index = 1)]
	Values(u8),
}

/// Reason for which a program of rows, or rows for it, are rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum RowError {
	/// The number of features lies outside 1..=1024.
	Features,
	/// A side of the image is 0, or the features are not 1 to 4 channels for each of its pixels.
	Image,
	/// The number of classes lies outside 2..=64.
	Classes,
	/// The number of values of a label lies outside 1..=16.
	Values,
	/// The number of rows of a chunk lies outside 1..=64.
	Rows,
	/// The number of chunks lies outside 64..=256, or there is no such chunk.
	Chunks,
	/// The cuts are not in order within the rows, the training part is empty, or the validation split has fewer rows than chunks.
	Split,
	/// The bytes are not whole rows.
	Length,
	/// A class is not below the number of classes, or a value lies outside ±2¹⁵.
	Label,
}

impl Rows {
	/// Checks that every number lies in its range.
	///
	/// # Errors
	///
	/// Fails with the first fault found: features, image, target, rows, then chunks.
	pub fn check(&self) -> Result<(), RowError> {
		ensure((1..=MAX_FEATURES).contains(&self.features), RowError::Features)?;
		ensure(self.image.is_none_or(|image| image.channels(self.features).is_some()), RowError::Image)?;
		match self.target {
			RowTarget::Classes(classes) => ensure(CLASSES.contains(&classes), RowError::Classes)?,
			RowTarget::Values(values) => ensure(VALUES.contains(&values), RowError::Values)?,
		}
		ensure((1..=MAX_ROWS).contains(&self.rows), RowError::Rows)?;
		ensure(ROW_CHUNKS.contains(&self.chunks), RowError::Chunks)
	}

	/// Checks that `bytes` bytes are whole rows with cuts before rows `train_end` and `validation_end`.
	///
	/// # Errors
	///
	/// Fails with [`RowError::Length`] for a part of a row, and with [`RowError::Split`] for cuts that do not fit.
	pub fn check_split(&self, train_end: u32, validation_end: u32, bytes: u32) -> Result<(), RowError> {
		let bytes = bytes as usize;
		let (rows, rest) = (bytes.checked_div(self.row_bytes()), bytes.checked_rem(self.row_bytes()));
		ensure(rest == Some(0), RowError::Length)?;
		ensure(train_end > 0 && rows.is_some_and(|rows| validation_end as usize <= rows), RowError::Split)?;
		self.validation_rows(train_end, validation_end).map(drop)
	}

	/// Checks the label of every row of `bytes`.
	///
	/// # Errors
	///
	/// Fails with [`RowError::Length`] for a part of a row, and with [`RowError::Label`] for a label out of its range.
	pub fn check_labels(&self, bytes: &[u8]) -> Result<(), RowError> {
		ensure(bytes.len().checked_rem(self.row_bytes()) == Some(0), RowError::Length)?;
		let valid = |row: &[u8]| match Label::of(row, self.features.into(), self.target) {
			Label::Class(class) => usize::from(class) < usize::from(self.outputs()),
			label @ Label::Values(_) => label.values().all(|value| value.unsigned_abs() <= MAX_VALUE),
		};
		ensure(bytes.chunks_exact(self.row_bytes()).all(valid), RowError::Label)
	}

	/// Returns the number of outputs of a model: one per class, or one per value.
	pub fn outputs(&self) -> u16 {
		let (RowTarget::Classes(outputs) | RowTarget::Values(outputs)) = self.target;
		outputs.into()
	}

	/// Returns the number of bytes of a row: features and label.
	pub fn row_bytes(&self) -> usize {
		usize::from(self.features).saturating_add(self.target.bytes())
	}

	/// Returns the number of rows of a segment, which one draw deals to all chunks.
	pub fn segment_rows(&self) -> u32 {
		u32::from(self.chunks).saturating_mul(self.rows.into())
	}

	/// Returns the number of rows per chunk of the validation split, which has the rows in `[train_end, validation_end)`. Chunks
	/// have equal size, at most [`MAX_ROWS`]. Rows that do not fit are dropped, the first ones first.
	///
	/// # Errors
	///
	/// Fails with [`RowError::Split`] if there are fewer rows than chunks.
	pub fn validation_rows(&self, train_end: u32, validation_end: u32) -> Result<u16, RowError> {
		let per_chunk = validation_end.saturating_sub(train_end).checked_div(self.chunks.into()).unwrap_or(0);
		u16::try_from(per_chunk.min(MAX_ROWS.into())).ok().filter(|rows| *rows > 0).ok_or(RowError::Split)
	}
}

impl RowTarget {
	/// Returns the number of bytes of a label.
	pub fn bytes(&self) -> usize {
		match self {
			RowTarget::Classes(_) => 1,
			RowTarget::Values(values) => usize::from(*values).saturating_mul(size_of::<i32>()),
		}
	}
}

impl Image {
	/// Returns the number of pixels.
	pub fn pixels(&self) -> u16 {
		// At most 255 · 255.
		u16::from(self.height).saturating_mul(self.width.into())
	}

	/// Returns the number of channels of a row of `features` features, or `None` if the features are not 1 to
	/// [`MAX_IMAGE_CHANNELS`] channels of every pixel.
	pub fn channels(&self, features: u16) -> Option<u16> {
		let whole = features.checked_rem(self.pixels())? == 0;
		features.checked_div(self.pixels()).filter(|channels| whole && (1..=MAX_IMAGE_CHANNELS).contains(channels))
	}
}

/// Returns `Ok` if `condition` holds, and `error` otherwise.
fn ensure(condition: bool, error: RowError) -> Result<(), RowError> {
	condition.then_some(()).ok_or(error)
}
