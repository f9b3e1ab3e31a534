//! Columns of features as bytes: an affine map per column, from the least and greatest value of the training rows to 0..=255.

use super::numbers;
use anyhow::{ensure, Result};
use serde::{Deserialize, Serialize};

/// Largest byte.
const MOST: f64 = 255.0;
/// Byte of a column that is constant in the training rows: the input 0 of a model.
const CONSTANT: u8 = 128;

/// Map from the numbers of a column to bytes. Numbers outside the range of the training rows become 0 or 255.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByteMap {
	/// Name of the column.
	pub column: String,
	/// Number that becomes 0.
	#[serde(with = "numbers")]
	pub least: f64,
	/// Number that becomes 255.
	#[serde(with = "numbers")]
	pub greatest: f64,
	/// Byte of a missing value; `None` where a missing value is an error.
	pub fill: Option<u8>,
}

impl ByteMap {
	/// Checks a map that was read from a file.
	///
	/// # Errors
	///
	/// Errors if the range is empty.
	pub fn check(&self) -> Result<()> {
		ensure!(self.least <= self.greatest, "the range of column `{}` is empty", self.column);
		Ok(())
	}

	/// Returns `true` if the training rows have one value only.
	pub fn is_constant(&self) -> bool {
		self.least == self.greatest
	}

	/// Returns `true` if a number lies in the range of the training rows.
	pub fn covers(&self, value: f64) -> bool {
		(self.least..=self.greatest).contains(&value)
	}

	/// Returns the byte of a number, rounded to the nearest one.
	pub fn byte(&self, value: f64) -> u8 {
		if self.is_constant() {
			return CONSTANT;
		}
		let span = self.greatest - self.least;
		// The difference of two finite numbers may be infinite; that of their halves is not.
		let share = match span.is_finite() {
			true => (value - self.least) / span,
			false => (value / 2.0 - self.least / 2.0) / (self.greatest / 2.0 - self.least / 2.0),
		};
		(share * MOST).round().clamp(0.0, MOST) as u8
	}

	/// Returns the number in the middle of those that become a byte.
	pub fn value(&self, byte: u8) -> f64 {
		let share = f64::from(byte) / MOST;
		self.least * (1.0 - share) + self.greatest * share
	}
}

/// Returns the lower median of numbers; `None` if there are none.
pub fn lower_median(mut values: Vec<f64>) -> Option<f64> {
	let middle = values.len().checked_sub(1)? / 2;
	let (_, median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
	Some(*median)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn map(least: f64, greatest: f64) -> ByteMap {
		ByteMap { column: "a".into(), least, greatest, fill: None }
	}

	#[test]
	fn the_range_of_the_training_rows_becomes_all_bytes() {
		// Whole numbers from 0 to 15 are 17 bytes apart.
		assert_eq!(
			(0..16).map(|at| map(0.0, 15.0).byte(at.into())).collect::<Vec<_>>(),
			(0..16).map(|at| 17 * at).collect::<Vec<_>>()
		);
		// Bytes stay as they are.
		assert!((0..=255u8).all(|byte| map(0.0, 255.0).byte(byte.into()) == byte));
		let signed = map(-1.0, 1.0);
		assert_eq!([-9.0, -1.0, 0.0, 1.0, 1e300].map(|value| signed.byte(value)), [0, 0, 128, 255, 255]);
		assert_eq!([-1.5, -1.0, 1.0, 1.0001].map(|value| signed.covers(value)), [false, true, true, false]);
		assert_eq!([-3.0, 5.0, 7.0].map(|value| map(5.0, 5.0).byte(value)), [128; 3], "a constant column is the input 0");
		assert_eq!([-f64::MAX, 0.0, f64::MAX].map(|value| map(-f64::MAX, f64::MAX).byte(value)), [0, 128, 255]);
		assert_eq!(map(5e-324, 1e-323).byte(1e-323), 255);
		assert!(map(1.0, 0.0).check().is_err() && map(f64::NAN, 0.0).check().is_err());
	}

	#[test]
	fn the_lower_median_of_an_even_number_is_one_of_them() {
		assert_eq!(lower_median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.0));
		assert_eq!((lower_median(vec![7.0]), lower_median(Vec::new())), (Some(7.0), None));
	}

	proptest! {
		#[test]
		fn a_map_survives_its_text_and_a_byte_its_value(
			least in -1e9f64..1e9,
			span in 1e-3f64..1e9,
			values in prop::collection::vec(any::<f64>(), 20),
		) {
			let map = map(least, least + span);
			let read: ByteMap = serde_json::from_str(&serde_json::to_string(&map).unwrap()).unwrap();
			prop_assert_eq!(&read, &map);
			for value in values.into_iter().filter(|value| value.is_finite()) {
				prop_assert_eq!(read.byte(value), map.byte(value));
				let inside = least + span * (value.abs() % 1.0);
				prop_assert!((map.value(map.byte(inside)) - inside).abs() <= span / 509.0 + 1e-6);
			}
			if span > 1.0 {
				prop_assert!((0..=255).all(|byte| map.byte(map.value(byte)) == byte));
			}
		}
	}
}
