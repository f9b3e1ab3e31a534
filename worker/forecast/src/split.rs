//! Split of a series into training, validation and test.

use anyhow::{ensure, Result};
use doin_primitives::Split;
use std::{fmt, str::FromStr};

/// Rule that splits a series: `70/15` in per cent, or `8640/2880` in rows. The test is the rest, or as long as a third part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitRule(Vec<usize>);

/// A split of a series of known length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
	/// Ends of training and validation, in rows.
	pub split: Split,
	/// Rows that are used; the test ends there.
	pub rows: usize,
}

impl FromStr for SplitRule {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let invalid = || {
			format!(
				"invalid split `{text}`: expected TRAIN/VALIDATION, e.g. 70/15 in per cent or 8640/2880 in rows; a third part \
				is the \
				length of the test"
			)
		};
		let parts: Vec<usize> =
			text.split('/').map(|part| part.trim().parse().map_err(|_| invalid())).collect::<Result<_, _>>()?;
		let fits = parts.iter().all(|part| *part <= u32::MAX as usize);
		if !(2..=3).contains(&parts.len()) || parts[0] == 0 || parts[1] == 0 || !fits {
			return Err(invalid());
		}
		Ok(Self(parts))
	}
}

impl fmt::Display for SplitRule {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let parts: Vec<String> = self.0.iter().map(usize::to_string).collect();
		f.write_str(&parts.join("/"))
	}
}

impl SplitRule {
	/// Splits a series of `rows` rows. Parts are per cent if they sum to at most 100, else rows.
	///
	/// # Errors
	///
	/// Errors if the parts take more than `rows` rows.
	pub fn cut(&self, rows: usize) -> Result<Cut> {
		let per_cent = self.0.iter().sum::<usize>() <= 100;
		let ends: Vec<usize> = self
			.0
			.iter()
			.scan(0, |end, part| {
				*end += part;
				Some(if per_cent { rows * *end / 100 } else { *end })
			})
			.collect();
		let end = ends.get(2).copied().unwrap_or(rows);
		ensure!(
			end <= rows && ends[1] <= end,
			"--split {self} takes {} rows, and there are {rows}: choose smaller parts",
			ends.iter().max().unwrap_or(&end)
		);
		Ok(Cut { split: Split { train_end: ends[0] as u32, validation_end: ends[1] as u32 }, rows: end })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn splits_are_per_cent_or_rows() {
		let of = |text: &str, rows| {
			let cut = text.parse::<SplitRule>().unwrap().cut(rows);
			cut.map(|Cut { split, rows }| (split.train_end, split.validation_end, rows))
		};
		assert_eq!(of("70/15", 1_000).unwrap(), (700, 850, 1_000));
		assert_eq!(of("60/20/10", 1_000).unwrap(), (600, 800, 900));
		assert_eq!(of("8640/2880", 17_420).unwrap(), (8_640, 11_520, 17_420));
		assert_eq!(of("8640/2880/2880", 17_420).unwrap(), (8_640, 11_520, 14_400));
		assert!(format!("{:#}", of("8640/2880", 9_000).unwrap_err()).contains("11520 rows, and there are 9000"));
		for wrong in ["", "70", "70/", "0/15", "70/x", "1/2/3/4", "-1/5", "70/0"] {
			assert!(wrong.parse::<SplitRule>().unwrap_err().contains("invalid split"), "{wrong}");
		}
	}

	#[test]
	fn a_rule_is_printed_as_it_is_parsed() {
		for text in ["70/15", "8640/2880/2880"] {
			assert_eq!(text.parse::<SplitRule>().unwrap().to_string(), text);
		}
	}
}
