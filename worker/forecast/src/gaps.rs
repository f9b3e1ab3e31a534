//! Gaps of a series: missing steps are found by their times, missing values are interpolated.

use crate::series::Fill;
use anyhow::{bail, ensure, Result};

/// One row of a file.
pub struct Row {
	/// Line of the file; that of the next row for an inserted step.
	pub line: u64,
	/// Value of each selected column; `None` where the cell is empty.
	pub values: Vec<Option<f64>>,
	/// Time in seconds since 1970, if the file has times.
	pub time: Option<i64>,
}

/// Columns without gaps.
pub struct Filled {
	/// Values of each column, one per step.
	pub columns: Vec<Vec<f64>>,
	/// First row that all columns have a value for or after.
	pub first: usize,
	/// Number of interpolated values.
	pub interpolated: usize,
}

/// Checks that times ascend, and inserts rows without values where steps are missing. The usual step is the median.
///
/// # Errors
///
/// Errors if a time is not after the one before it, or if steps are missing and `fill` is `None`.
pub fn insert_missing_steps(rows: Vec<Row>, fill: Option<Fill>) -> Result<Vec<Row>> {
	let times: Vec<(u64, i64)> = rows.iter().filter_map(|row| row.time.map(|time| (row.line, time))).collect();
	for pair in times.windows(2) {
		let ((last_line, last), (line, time)) = (pair[0], pair[1]);
		ensure!(
			time > last,
			"line {line}: the time is not after that of line {last_line}. Sort the rows by time and remove repeated ones"
		);
	}
	let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
	steps.sort_unstable();
	let Some(step) = steps.get(steps.len() / 2).copied() else { return Ok(rows) };
	let mut regular: Vec<Row> = Vec::with_capacity(rows.len());
	for row in rows {
		if let Some(Row { line: last_line, values, time: Some(last) }) = regular.last() {
			let (last_line, columns, last) = (*last_line, values.len(), *last);
			let apart = row.time.unwrap_or(last) - last;
			let missing = (apart as f64 / step as f64).round() as i64 - 1;
			if missing > 0 {
				if fill.is_none() {
					bail!(
						"line {}: the time is {apart} s after that of line {last_line}; the usual step is {step} s, so \
						{missing} values are \
						missing. Fill gaps with --fill linear, or omit --time to use the rows as steps",
						row.line
					);
				}
				let inserted = |n| Row { line: row.line, values: vec![None; columns], time: Some(last + n * step) };
				regular.extend((1..=missing).map(inserted));
			}
		}
		regular.push(row);
	}
	Ok(regular)
}

/// Interpolates missing values linearly, over the rows between the first and the last value of every column. Rows outside
/// are dropped.
///
/// # Errors
///
/// Errors if a column has no values, or if there is no row between the first and the last value of every column.
pub fn fill_gaps(rows: &[Row], names: &[&str]) -> Result<Filled> {
	let mut known = Vec::with_capacity(names.len());
	let (mut first, mut last) = (0, rows.len().saturating_sub(1));
	for (column, name) in names.iter().enumerate() {
		let values: Vec<(usize, f64)> =
			rows.iter().enumerate().filter_map(|(at, row)| row.values[column].map(|value| (at, value))).collect();
		let (Some((from, _)), Some((to, _))) = (values.first(), values.last()) else {
			bail!("column `{name}` has no values at all")
		};
		(first, last) = (first.max(*from), last.min(*to));
		known.push(values);
	}
	ensure!(first <= last, "the columns have no values at the same time");
	let mut interpolated = 0;
	let columns = known.into_iter().map(|known| {
		interpolated += last + 1 - first - known.iter().filter(|(at, _)| (first..=last).contains(at)).count();
		let begin = known[0].0;
		interpolate(&known)[first - begin..=last - begin].to_vec()
	});
	Ok(Filled { columns: columns.collect(), first, interpolated })
}

/// Returns the values from the first known row to the last, linear between neighbours.
fn interpolate(known: &[(usize, f64)]) -> Vec<f64> {
	let mut values = Vec::new();
	for pair in known.windows(2) {
		let ((from, start), (to, end)) = (pair[0], pair[1]);
		values.extend((from..to).map(|at| start + (end - start) * (at - from) as f64 / (to - from) as f64));
	}
	values.extend(known.last().map(|(_, value)| value));
	values
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn row(line: u64, value: Option<f64>, time: i64) -> Row {
		Row { line, values: vec![value], time: Some(time) }
	}

	#[test]
	fn missing_steps_are_inserted_by_the_median_step() {
		let rows = vec![row(2, Some(1.0), 0), row(3, Some(2.0), 10), row(4, Some(5.0), 40)];
		let regular = insert_missing_steps(rows, Some(Fill::Linear)).unwrap();
		assert_eq!(regular.iter().map(|row| row.time.unwrap()).collect::<Vec<_>>(), [0, 10, 40], "the median of 10 and 30 is 30");
		let rows = vec![row(2, Some(1.0), 0), row(3, Some(2.0), 10), row(4, Some(3.0), 20), row(5, Some(5.0), 41)];
		let regular = insert_missing_steps(rows, Some(Fill::Linear)).unwrap();
		assert_eq!(regular.iter().map(|row| row.time.unwrap()).collect::<Vec<_>>(), [0, 10, 20, 30, 41]);
		assert_eq!((regular[3].line, &regular[3].values), (5, &vec![None]));
	}

	#[test]
	fn columns_that_never_overlap_are_rejected() {
		let rows: Vec<Row> = [(Some(1.0), None), (None, Some(1.0))]
			.map(|(a, b)| Row { line: 1, values: vec![a, b], time: None })
			.into_iter()
			.collect();
		assert!(fill_gaps(&rows, &["a", "b"]).err().unwrap().to_string().contains("at the same time"));
	}

	proptest! {
		#[test]
		fn known_values_are_kept_and_others_lie_between_them(
			values in prop::collection::vec(prop::option::of(-1e6f64..1e6), 1..40),
		) {
			let rows: Vec<Row> = values.iter().map(|value| Row { line: 1, values: vec![*value], time: None }).collect();
			let Ok(filled) = fill_gaps(&rows, &["a"]) else {
				prop_assert!(values.iter().all(Option::is_none));
				return Ok(());
			};
			let known: Vec<f64> = values.iter().flatten().copied().collect();
			let (lo, hi) = known.iter().fold((f64::MAX, f64::MIN), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
			prop_assert_eq!(filled.columns[0].len(), known.len() + filled.interpolated);
			for (at, value) in filled.columns[0].iter().enumerate() {
				prop_assert!(*value >= lo - 1e-6 && *value <= hi + 1e-6);
				prop_assert!(values[filled.first + at].is_none_or(|known| known == *value));
			}
		}
	}
}
