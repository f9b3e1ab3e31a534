//! Order and parts of the rows of a training.

use crate::split::{Cut, SplitRule};
use anyhow::{ensure, Result};
use doin_primitives::Split;
use doin_scoring::philox::Stream;
use serde::{Deserialize, Serialize};

/// Seed of the shuffle: every training of a file has the same parts.
const SEED: [u8; 32] = [0; 32];
/// Use of the seed ("rows" in ASCII).
const PURPOSE: u32 = 0x726f_7773;

/// Part of the rows of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum RowPart {
	/// Rows that train or stop training early.
	Training,
	/// Rows that candidates are chosen by.
	Validation,
	/// Rows that nothing is chosen by.
	Test,
	/// Rows of a file of the training that it did not have then.
	#[strum(serialize = "new rows")]
	New,
	/// Rows of other data.
	#[strum(serialize = "all rows")]
	All,
}

/// Order and parts of the rows of all files of a training, of which each follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrangement {
	/// Number of rows.
	pub rows: u32,
	/// Number of rows at the beginning that are shuffled.
	pub shuffled: u32,
	/// Number of rows that train, the first ones in the new order.
	pub train_end: u32,
	/// End of the rows that validate.
	pub validation_end: u32,
	/// End of the rows that test; further ones are not used.
	pub test_end: u32,
}

impl Arrangement {
	/// Splits `rows` rows by a rule, shuffled unless they stay `in_order`.
	///
	/// # Errors
	///
	/// Errors if the rule takes more rows than there are.
	pub fn split(rows: usize, rule: &SplitRule, in_order: bool) -> Result<Self> {
		let Cut { split: Split { train_end, validation_end }, rows: test_end } = rule.cut(rows)?;
		let shuffled = if in_order { 0 } else { rows as u32 };
		Ok(Self { rows: rows as u32, shuffled, train_end, validation_end, test_end: test_end as u32 })
	}

	/// Arranges rows of files that only train, only validate or only test, in this order. Training rows are shuffled unless they stay
	/// `in_order`.
	pub fn of_files(train: usize, validation: usize, test: usize, in_order: bool) -> Self {
		let (train, validation, test) = (train as u32, validation as u32, test as u32);
		let rows = train + validation + test;
		let shuffled = if in_order { 0 } else { train };
		Self { rows, shuffled, train_end: train, validation_end: train + validation, test_end: rows }
	}

	/// Checks an arrangement that was read from a file.
	///
	/// # Errors
	///
	/// Errors if the parts are not in order.
	pub fn check(&self) -> Result<()> {
		let ends = [self.train_end, self.validation_end, self.test_end, self.rows];
		ensure!(ends.is_sorted() && self.shuffled <= self.rows && self.train_end > 0, "the split of the rows is impossible");
		Ok(())
	}

	/// Returns the number of rows that validate.
	pub fn validation_rows(&self) -> usize {
		(self.validation_end - self.train_end) as usize
	}

	/// Returns the row at each place of the new order.
	pub fn order(&self) -> Vec<u32> {
		let mut order: Vec<u32> = (0..self.rows).collect();
		Stream::new(&SEED, PURPOSE, 0).shuffle(&mut order[..self.shuffled as usize]);
		order
	}

	/// Returns the part of each row, in the order of the files; `None` for a row that is not used.
	pub fn parts(&self) -> Vec<Option<RowPart>> {
		let mut parts = vec![None; self.rows as usize];
		for (place, row) in (0..self.rows).zip(self.order()) {
			parts[row as usize] = match place {
				place if place < self.train_end => Some(RowPart::Training),
				place if place < self.validation_end => Some(RowPart::Validation),
				place if place < self.test_end => Some(RowPart::Test),
				_ => None,
			};
		}
		parts
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn counts(arrangement: Arrangement) -> [usize; 3] {
		let parts = arrangement.parts();
		[RowPart::Training, RowPart::Validation, RowPart::Test].map(|part| parts.iter().filter(|one| **one == Some(part)).count())
	}

	#[test]
	fn rows_are_shuffled_the_same_way_each_time() {
		let rule: SplitRule = "70/15".parse().unwrap();
		let shuffled = Arrangement::split(1_000, &rule, false).unwrap();
		assert_eq!(shuffled.parts(), shuffled.parts());
		assert_eq!(counts(shuffled), [700, 150, 150]);
		let firsts = shuffled.parts()[..700].iter().filter(|part| **part == Some(RowPart::Training)).count();
		assert!((450..530).contains(&firsts), "{firsts}");
		let mut order = shuffled.order();
		// Model files rely on this order.
		assert_eq!(order[..4], [364, 471, 577, 328]);
		order.sort_unstable();
		assert!(order.into_iter().eq(0..1_000));
		let kept = Arrangement::split(1_000, &rule, true).unwrap();
		assert!(kept.order().into_iter().eq(0..1_000));
		assert_eq!(counts(Arrangement::split(1_000, &"60/20/10".parse().unwrap(), false).unwrap()), [600, 200, 100]);
		assert!(Arrangement::split(10, &"80/40".parse().unwrap(), false).is_err());
	}

	#[test]
	fn only_files_that_train_are_shuffled() {
		let files = Arrangement::of_files(50, 20, 10, false);
		let order = files.order();
		assert!(order[50..].iter().copied().eq(50..80) && !order[..50].iter().copied().eq(0..50));
		assert_eq!(counts(files), [50, 20, 10]);
		files.check().unwrap();
		assert!(Arrangement { validation_end: 40, ..files }.check().is_err());
		assert!(Arrangement { shuffled: 81, ..files }.check().is_err());
	}
}
