//! Labels of rows: classes as numbers from 0, and values as whole numbers of a raw unit.

use super::{bytes::lower_median, numbers};
use crate::{
	csv::{number, Decimal},
	units::{decimal, decimals, with_decimals},
};
use anyhow::{bail, ensure, Context, Result};
use doin_scoring::{
	model::OUT_FRAC,
	rows::{CLASSES, MAX_VALUE, VALUES},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Classes in a message; further ones are counted.
const SHOWN: usize = 8;
/// Mean distance of values from their median, in raw units, that a natural unit reaches.
const RESOLUTION: f64 = 100.0;
/// Mean distance, in raw units, of each of several values, so that all have the same share of the error.
const EQUAL_RESOLUTION: f64 = 256.0;
/// Largest raw value of a training row. Later rows have as much room again.
const ROOM: f64 = (MAX_VALUE / 2) as f64;

/// Classes of a column, in ascending order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMap {
	/// Name of the column.
	pub column: String,
	/// Text of each class.
	pub classes: Vec<String>,
}

/// Map from the numbers of a column to raw values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueMap {
	/// Name of the column.
	pub column: String,
	/// Number whose raw value is 0: the median of the training rows, in whole units.
	#[serde(with = "numbers")]
	pub offset: f64,
	/// Raw unit, in units of the column.
	#[serde(with = "numbers")]
	pub unit: f64,
	/// Standard deviation over the training rows, in units of the column.
	#[serde(with = "numbers")]
	pub deviation: f64,
}

/// Map from labels to outputs of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelMap {
	/// One class per row.
	Classes(ClassMap),
	/// One or more values per row.
	Values(Vec<ValueMap>),
}

/// Returns the number that a text stands for, if it is one.
fn numeric(text: &str) -> Option<f64> {
	number::parse(text, Decimal::Point).ok()
}

impl ClassMap {
	/// Returns the classes of all labels: sorted by number if all are numbers, else by text. Spellings of one number, such as 1 and
	/// 1.0, are one class.
	///
	/// # Errors
	///
	/// Errors if there is one class, or if there are more than a program has.
	pub fn new<'a>(column: &str, labels: impl IntoIterator<Item = &'a str>) -> Result<Self> {
		let mut texts: Vec<&str> = labels.into_iter().collect();
		texts.sort_unstable();
		texts.dedup();
		let numbers: Option<Vec<(f64, &str)>> = texts.iter().map(|text| Some((numeric(text)?, *text))).collect();
		let is_numeric = numbers.is_some();
		if let Some(mut numbers) = numbers {
			// Of several spellings, the shortest one counts.
			numbers.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.len().cmp(&b.1.len())));
			numbers.dedup_by(|a, b| a.0 == b.0);
			texts = numbers.into_iter().map(|(_, text)| text).collect();
		}
		let most = usize::from(*CLASSES.end());
		ensure!(
			texts.len() <= most,
			"column `{column}` has {} different labels such as `{}`, and there are at most {most} classes: {}",
			texts.len(),
			texts[texts.len() / 2],
			match is_numeric {
				true => "if they are values to compute, add --values; else join classes, or choose another --label",
				false => "join classes, or choose another --label",
			}
		);
		ensure!(
			texts.len() >= usize::from(*CLASSES.start()),
			"all rows have the same label `{}` in column `{column}`: there is nothing to learn. Choose another --label, or bring rows of \
			other classes",
			texts.first().unwrap_or(&"")
		);
		Ok(Self { column: column.into(), classes: texts.into_iter().map(String::from).collect() })
	}

	/// Checks classes that were read from a file.
	///
	/// # Errors
	///
	/// Errors if their number is impossible.
	pub fn check(&self) -> Result<()> {
		ensure!(
			u8::try_from(self.classes.len()).is_ok_and(|count| CLASSES.contains(&count)),
			"the number of classes is impossible"
		);
		Ok(())
	}

	/// Returns the class of each label.
	///
	/// # Errors
	///
	/// Errors if a label is none of the classes. `line` returns the line of a row.
	pub fn encode(&self, file: &str, labels: &[String], line: impl Fn(usize) -> u64) -> Result<Vec<u8>> {
		let texts: HashMap<&str, u8> = self.classes.iter().enumerate().map(|(at, text)| (text.as_str(), at as u8)).collect();
		let numbers: Option<Vec<f64>> = self.classes.iter().map(|text| numeric(text)).collect();
		let class = |(row, label): (usize, &String)| {
			let by_number = || {
				let number = numeric(label)?;
				numbers.as_ref()?.iter().position(|class| *class == number).map(|class| class as u8)
			};
			texts.get(label.as_str()).copied().or_else(by_number).with_context(|| {
				format!(
					"{file}, line {}: the label `{label}` in column `{}` is none of the classes of the model, {}",
					line(row),
					self.column,
					self.shown()
				)
			})
		};
		labels.iter().enumerate().map(class).collect()
	}

	/// Returns the first classes as text.
	pub fn shown(&self) -> String {
		let named: Vec<String> = self.classes.iter().take(SHOWN).map(|class| format!("`{class}`")).collect();
		let more = self.classes.len().saturating_sub(SHOWN);
		named.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
	}

	/// Returns all classes with their numbers as text.
	pub fn listed(&self) -> String {
		let listed: Vec<String> = self.classes.iter().enumerate().map(|(at, class)| format!("{at} {class}")).collect();
		listed.join(", ")
	}
}

impl ValueMap {
	/// Returns the map of a column whose training rows have these numbers. Without a chosen unit, the unit is a power of ten, or, for
	/// `several` columns, a part of the mean distance from the median, so that each column has the same share of the error.
	///
	/// # Errors
	///
	/// Errors if all numbers are the same, or if the chosen unit is not positive, too coarse or too fine.
	pub fn new(column: &str, training: &[f64], unit: Option<f64>, several: bool) -> Result<Self> {
		let count = training.len().max(1) as f64;
		let median = lower_median(training.to_vec()).context("there are no training rows")?;
		// Halves and quotients stay finite.
		let distance = training.iter().map(|value| (value - median).abs() / count).sum::<f64>();
		let largest = training.iter().fold(0.0f64, |largest, value| largest.max((value - median).abs()));
		ensure!(largest.is_finite(), "the values of column `{column}` are too far apart: divide them by a power of ten");
		ensure!(
			distance > 0.0,
			"column `{column}` is constant at {} in the training rows: there is nothing to learn. Choose another --label",
			decimal(median)
		);
		let natural = match several {
			true => three_digits(distance / EQUAL_RESOLUTION),
			false => 10f64.powi((distance / RESOLUTION).log10().floor() as i32),
		};
		let unit = match unit {
			Some(unit) => unit,
			None => (0..8).map(|zeros| natural * 10f64.powi(zeros)).find(|unit| largest / unit <= ROOM).unwrap_or(largest / ROOM),
		};
		ensure!(
			unit.is_finite() && unit > 0.0,
			"invalid --unit {unit}: expected the size of one raw step in units of the column, above 0"
		);
		ensure!(
			largest / unit <= f64::from(MAX_VALUE),
			"values up to {} away from the median do not fit ±{MAX_VALUE} steps of --unit {unit}: choose a coarser one",
			decimal(largest)
		);
		ensure!(largest / unit >= 1.0, "in steps of --unit {unit} column `{column}` is constant: choose a finer one");
		let mean = training.iter().map(|value| value / count).sum::<f64>();
		let deviation = training.iter().map(|value| ((value - mean) / largest).powi(2) / count).sum::<f64>().sqrt() * largest;
		let offset = (median / unit).round() * unit;
		ensure!(
			offset.is_finite() && deviation.is_finite(),
			"the values of column `{column}` are too far apart: divide them by a power of ten"
		);
		Ok(Self { column: column.into(), offset, unit, deviation })
	}

	/// Checks a map that was read from a file.
	///
	/// # Errors
	///
	/// Errors if the unit or the deviation is not positive.
	pub fn check(&self) -> Result<()> {
		ensure!(self.unit > 0.0 && self.deviation > 0.0, "the unit of column `{}` is not positive", self.column);
		Ok(())
	}

	/// Returns the raw value of a number, and `true` if it had to be clamped.
	pub fn raw(&self, value: f64) -> (i32, bool) {
		let most = f64::from(MAX_VALUE);
		let raw = ((value - self.offset) / self.unit).round();
		(raw.clamp(-most, most) as i32, raw.abs() > most)
	}

	/// Returns the number of an output of a model, in 2⁻⁴ raw units.
	pub fn value(&self, output: i64) -> f64 {
		self.offset + output as f64 / f64::from(1u32 << OUT_FRAC) * self.unit
	}

	/// Returns a number with the decimals that the unit supports.
	pub fn shown(&self, value: f64) -> String {
		with_decimals(value, decimals(self.unit))
	}
}

impl LabelMap {
	/// Checks labels that were read from a file.
	///
	/// # Errors
	///
	/// Errors if their number is impossible, or if a map is.
	pub fn check(&self) -> Result<()> {
		match self {
			Self::Classes(classes) => classes.check(),
			Self::Values(values) => {
				let possible = u8::try_from(values.len()).is_ok_and(|count| VALUES.contains(&count));
				ensure!(possible, "the number of values is impossible");
				values.iter().try_for_each(ValueMap::check)
			}
		}
	}

	/// Returns the names of the columns.
	pub fn columns(&self) -> Vec<String> {
		match self {
			Self::Classes(classes) => vec![classes.column.clone()],
			Self::Values(values) => values.iter().map(|value| value.column.clone()).collect(),
		}
	}
}

/// Checks that a number of columns of values is possible.
///
/// # Errors
///
/// Errors if there are too many.
pub fn check_value_columns(count: usize) -> Result<()> {
	let most = usize::from(*VALUES.end());
	if count > most {
		bail!("--label names {count} columns of values, and a model computes at most {most}: omit some");
	}
	Ok(())
}

/// Rounds a positive number to three significant digits.
fn three_digits(value: f64) -> f64 {
	format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
		format!("{:#}", result.unwrap_err())
	}

	fn classes(labels: &[&str]) -> Vec<String> {
		ClassMap::new("y", labels.iter().copied()).unwrap().classes
	}

	#[test]
	fn classes_are_sorted_by_number_or_text() {
		assert_eq!(classes(&["b", "a", "b", "C"]), ["C", "a", "b"]);
		assert_eq!(classes(&["10", "9", "-1", "10"]), ["-1", "9", "10"]);
		assert_eq!(classes(&["10", "9", "x"]), ["10", "9", "x"], "texts among them");
		assert_eq!(classes(&["1.0", "2", "1"]), ["1", "2"], "spellings of one number");
	}

	#[test]
	fn labels_of_other_files_are_classes_too() {
		let lines = |row: usize| row as u64 + 2;
		let encode = |map: &ClassMap, labels: &[&str]| {
			let labels: Vec<String> = labels.iter().map(|label| label.to_string()).collect();
			map.encode("b.csv", &labels, lines)
		};
		let digits = ClassMap::new("y", ["0", "1", "7"]).unwrap();
		assert_eq!(encode(&digits, &["7", "1.0", "0.0"]).unwrap(), [2, 1, 0]);
		assert_eq!(
			refusal(encode(&digits, &["7", "2"])),
			"b.csv, line 3: the label `2` in column `y` is none of the classes of the model, `0`, `1`, `7`"
		);
		let texts = ClassMap::new("y", ["yes", "no"]).unwrap();
		assert_eq!(encode(&texts, &["yes", "no"]).unwrap(), [1, 0]);
		assert!(encode(&texts, &["Yes"]).is_err());
	}

	#[test]
	fn b03_more_than_64_classes_are_refused() {
		let labels: Vec<String> = (0..65).map(|at| format!("c{at}")).collect();
		assert_eq!(classes(&labels[..64].iter().map(String::as_str).collect::<Vec<_>>()).len(), 64);
		let reason = refusal(ClassMap::new("y", labels.iter().map(String::as_str)));
		assert!(reason.contains("column `y` has 65 different labels such as") && !reason.contains("--values"), "{reason}");
		let numbers: Vec<String> = (0..65).map(|at| format!("{at}.5")).collect();
		let reason = refusal(ClassMap::new("y", numbers.iter().map(String::as_str)));
		assert!(reason.contains("if they are values to compute, add --values"), "{reason}");
	}

	#[test]
	fn b04_one_class_is_refused() {
		let reason = refusal(ClassMap::new("y", ["A", "A"]));
		assert!(reason.contains("all rows have the same label `A` in column `y`: there is nothing to learn"), "{reason}");
		let reason = refusal(ValueMap::new("y", &[3.0, 3.0], None, false));
		assert!(reason.contains("column `y` is constant at 3 in the training rows"), "{reason}");
	}

	#[test]
	fn values_are_whole_numbers_of_a_raw_unit_around_the_median() {
		let training: Vec<f64> = (0..101).map(|at| 20.0 + f64::from(at) / 10.0).collect();
		let map = ValueMap::new("y", &training, None, false).unwrap();
		assert_eq!((map.offset, map.unit), (25.0, 0.01));
		assert_eq!(
			(map.raw(25.0), map.raw(30.0), map.raw(20.004), map.raw(1e9)),
			((0, false), (500, false), (-500, false), (32_768, true))
		);
		assert_eq!((map.value(0), map.value(16), map.value(-8)), (25.0, 25.01, 24.995));
		assert_eq!(map.shown(24.995), "24.995");
		assert!((map.deviation - 2.915).abs() < 0.01);
		// A value far away makes the unit coarser.
		let far = [training.as_slice(), &[1e4]].concat();
		assert_eq!(ValueMap::new("y", &far, None, false).unwrap().unit, 1.0);
		let several = ValueMap::new("y", &training, None, true).unwrap();
		assert!((several.unit - 0.00986).abs() < 1e-9, "{}", several.unit);
		let chosen = |unit: f64| ValueMap::new("y", &training, Some(unit), false);
		assert_eq!(chosen(0.5).unwrap().unit, 0.5);
		assert!(refusal(chosen(0.0)).contains("--unit 0") && refusal(chosen(f64::NAN)).contains("--unit NaN"));
		assert!(refusal(chosen(1e-6)).contains("coarser") && refusal(chosen(100.0)).contains("finer"));
		assert!(refusal(ValueMap::new("y", &[-1e308, 1e308], None, false)).contains("too far apart"));
		ValueMap::new("y", &[-1e307, 1e307, 0.0], None, false).unwrap();
		ValueMap::new("y", &[1e-300, 2e-300, 0.0], None, true).unwrap();
	}

	#[test]
	fn maps_survive_their_text() {
		let map = LabelMap::Values(vec![ValueMap { column: "y".into(), offset: 0.1, unit: 1e-9, deviation: 2.5 }]);
		let json = serde_json::to_string(&map).unwrap();
		assert_eq!(json, r#"{"values":[{"column":"y","offset":"0.1","unit":"1e-9","deviation":"2.5"}]}"#);
		assert_eq!(serde_json::from_str::<LabelMap>(&json).unwrap(), map);
		let classes = LabelMap::Classes(ClassMap::new("y", ["a", "b"]).unwrap());
		let json = serde_json::to_string(&classes).unwrap();
		assert_eq!(json, r#"{"classes":{"column":"y","classes":["a","b"]}}"#);
		assert_eq!(serde_json::from_str::<LabelMap>(&json).unwrap(), classes);
		assert!(serde_json::from_str::<LabelMap>(&json.replace("\"a\",", "")).unwrap().check().is_err());
	}
}
