//! Gaps of a series: missing values are interpolated.

use anyhow::{bail, ensure, Result};

/// Columns without gaps.
pub struct Filled {
	/// Values of each column, one per step.
	pub columns: Vec<Vec<f64>>,
	/// First step that all columns have a value for or before.
	pub first: usize,
}

/// Interpolates missing values linearly, over the steps between the first and the last value of every column. Steps outside
/// are dropped. `columns` holds one value per step and column, `names` the name of each column.
///
/// # Errors
///
/// Errors if a column has no values, or if there is no step between the first and the last value of every column.
pub fn fill_gaps(columns: &[Vec<Option<f64>>], names: &[&str]) -> Result<Filled> {
	let mut known = Vec::with_capacity(names.len());
	let (mut first, mut last) = (0, usize::MAX);
	for (values, name) in columns.iter().zip(names) {
		let values: Vec<(usize, f64)> =
			values.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, value))).collect();
		let (Some((from, _)), Some((to, _))) = (values.first(), values.last()) else {
			bail!("column `{name}` has no values at all")
		};
		(first, last) = (first.max(*from), last.min(*to));
		known.push(values);
	}
	ensure!(first <= last, "the columns have no values at the same time");
	let columns = known.into_iter().map(|known| {
		let begin = known[0].0;
		interpolate(&known)[first - begin..=last - begin].to_vec()
	});
	Ok(Filled { columns: columns.collect(), first })
}

/// Returns the values from the first known step to the last, linear between neighbours.
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

	#[test]
	fn columns_that_never_overlap_are_rejected() {
		let columns = [vec![Some(1.0), None], vec![None, Some(1.0)]];
		assert!(fill_gaps(&columns, &["a", "b"]).err().unwrap().to_string().contains("at the same time"));
	}

	proptest! {
		#[test]
		fn known_values_are_kept_and_others_lie_between_them(
			values in prop::collection::vec(prop::option::of(-1e6f64..1e6), 1..40),
		) {
			let Ok(filled) = fill_gaps(std::slice::from_ref(&values), &["a"]) else {
				prop_assert!(values.iter().all(Option::is_none));
				return Ok(());
			};
			let known: Vec<f64> = values.iter().flatten().copied().collect();
			let (lo, hi) = known.iter().fold((f64::MAX, f64::MIN), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
			let missing = values[filled.first..][..filled.columns[0].len()].iter().filter(|value| value.is_none()).count();
			prop_assert_eq!(filled.columns[0].len(), known.len() + missing);
			for (at, value) in filled.columns[0].iter().enumerate() {
				prop_assert!(*value >= lo - 1e-6 && *value <= hi + 1e-6);
				prop_assert!(values[filled.first + at].is_none_or(|known| known == *value));
			}
		}
	}
}
