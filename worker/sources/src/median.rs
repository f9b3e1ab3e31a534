//! Median of several sources.

use crate::bar::{Bars, Millis};
use std::collections::BTreeSet;

/// Returns, for every bar that at least `quorum` sources have, the median of each of its values. Of an even number of values it is the
/// mean of the two in the middle, rounded down.
pub fn median_bars(readings: &[Bars], quorum: usize) -> Bars {
	let ends: BTreeSet<Millis> = readings.iter().flat_map(|bars| bars.keys().copied()).collect();
	let combined = |end: Millis| {
		let stated: Vec<&Vec<i64>> = readings.iter().filter_map(|bars| bars.get(&end)).collect();
		let fields = stated.iter().map(|values| values.len()).min().unwrap_or(0);
		let values = (0..fields).map(|field| median(stated.iter().map(|values| values[field]).collect()));
		(stated.len() >= quorum.max(1)).then(|| (end, values.collect::<Vec<i64>>()))
	};
	ends.into_iter().filter_map(combined).collect()
}

/// Returns the median of some values; 0 of none.
fn median(mut values: Vec<i64>) -> i64 {
	values.sort_unstable();
	let middle = values.len() / 2;
	match (values.len() % 2, values.get(middle)) {
		(_, None) => 0,
		(1, Some(value)) => *value,
		(_, Some(upper)) => {
			let lower = values[middle - 1];
			// The mean of two `i64` fits an `i64`.
			(i128::from(lower) + i128::from(*upper)).div_euclid(2) as i64
		}
	}
}

/// Returns the number of sources that have to have a bar, unless the user sets another one: more than half of them.
pub fn default_quorum(sources: usize) -> usize {
	sources / 2 + 1
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn bars<const N: usize>(bars: [(Millis, &[i64]); N]) -> Bars {
		bars.into_iter().map(|(end, values)| (end, values.to_vec())).collect()
	}

	#[test]
	fn one_source_that_lies_changes_little() {
		let honest = bars([(1, &[100, 7])]);
		let readings = [honest.clone(), bars([(1, &[i64::MAX, 0])]), honest];
		assert_eq!(median_bars(&readings, 2), bars([(1, &[100, 7])]));
	}

	#[test]
	fn a_bar_needs_a_quorum() {
		let readings = [bars([(1, &[10]), (2, &[20])]), bars([(2, &[30])]), Bars::new()];
		assert_eq!(median_bars(&readings, 2), bars([(2, &[25])]));
		assert_eq!(median_bars(&readings, 1), bars([(1, &[10]), (2, &[25])]));
		assert_eq!(median_bars(&readings, 0), median_bars(&readings, 1), "a bar that no source has is none");
		assert_eq!(median_bars(&[], 0), Bars::new());
		assert_eq!([1, 2, 3, 4, 5].map(default_quorum), [1, 2, 2, 3, 3]);
	}

	#[test]
	fn the_mean_of_two_is_rounded_down_without_overflow() {
		assert_eq!(
			[vec![1, 2], vec![-2, -1], vec![i64::MAX, i64::MAX], vec![i64::MIN, i64::MIN + 1]].map(median),
			[1, -2, i64::MAX, i64::MIN]
		);
	}

	proptest! {
		#[test]
		fn a_median_is_between_its_values_in_any_order(mut values in proptest::collection::vec(any::<i64>(), 1..9)) {
			let found = median(values.clone());
			values.reverse();
			prop_assert_eq!(median(values.clone()), found);
			let (below, above) = (values.iter().filter(|value| **value <= found).count(), values.iter().filter(|value| **value >= found).count());
			prop_assert!(2 * below >= values.len() && 2 * above >= values.len());
		}
	}
}
