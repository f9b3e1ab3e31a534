//! Numbers that stand for a missing value, such as -9999: they lie far outside all others.

/// Sentinels that are looked for at each end of a column.
const MOST: usize = 4;
/// Distance of a repeated number from the others, in ranges of the others, beyond which it is suspect.
const FAR: f64 = 3.0;
/// Distance of a number that is usual as a sentinel.
const FAR_IF_USUAL: f64 = 1.0;

/// A number far outside the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentinel {
	/// The number.
	pub value: f64,
	/// Number of times that it occurs.
	pub count: usize,
	/// Least and largest of the other numbers.
	pub others: (f64, f64),
}

/// Returns the numbers that probably stand for a missing value. Such a number is the least or the largest, is not the value of
/// most cells, and lies beyond `FAR` ranges of the others if it is repeated, or beyond `FAR_IF_USUAL` if it is usual as a
/// sentinel.
pub fn find(values: &[f64]) -> Vec<Sentinel> {
	let mut sorted = values.to_vec();
	sorted.sort_unstable_by(f64::total_cmp);
	let mut others = &sorted[..];
	let mut suspects: Vec<(f64, usize)> = Vec::new();
	for low in [true, false] {
		for _ in 0..MOST {
			let Some((value, count, rest)) = take_end(others, low).filter(|(value, ..)| is_usual(*value)) else { break };
			suspects.push((value, count));
			others = rest;
		}
	}
	suspects.retain(|(value, count)| is_far(*value, *count, others, FAR_IF_USUAL));
	for low in [true, false] {
		for _ in 0..MOST {
			let Some((value, count, rest)) = take_end(others, low) else { break };
			if count < 2 || range(rest) == 0.0 || !is_far(value, count, rest, FAR) {
				break;
			}
			suspects.push((value, count));
			others = rest;
		}
	}
	let ends = (others.first().copied().unwrap_or(0.0), others.last().copied().unwrap_or(0.0));
	suspects.into_iter().map(|(value, count)| Sentinel { value, count, others: ends }).collect()
}

/// Returns the least or the largest number, the number of times that it occurs, and the others.
fn take_end(sorted: &[f64], low: bool) -> Option<(f64, usize, &[f64])> {
	let value = if low { *sorted.first()? } else { *sorted.last()? };
	let rest = match low {
		true => &sorted[sorted.partition_point(|other| *other <= value)..],
		false => &sorted[..sorted.partition_point(|other| *other < value)],
	};
	(!rest.is_empty()).then_some((value, sorted.len() - rest.len(), rest))
}

fn range(sorted: &[f64]) -> f64 {
	sorted.first().zip(sorted.last()).map_or(0.0, |(least, largest)| largest - least)
}

/// Returns `true` if a number is rarer than the others and lies more than `far` times their range away from them.
fn is_far(value: f64, count: usize, others: &[f64], far: f64) -> bool {
	let Some((least, largest)) = others.first().zip(others.last()) else { return false };
	let away = (least - value).max(value - largest);
	count < others.len() && away > far * range(others)
}

/// Returns `true` if the number is usual as a sentinel: nines only, a bound of an integer type, or larger than measurements are.
pub fn is_usual(value: f64) -> bool {
	let size = value.abs();
	if size >= 1e19 {
		return true;
	}
	let digits: String = size.to_string().chars().filter(char::is_ascii_digit).collect();
	let only_nines = digits.len() >= 2 && size >= 9.0 && digits.bytes().all(|digit| digit == b'9');
	only_nines || [32_767.0, 32_768.0, 65_535.0, 2_147_483_647.0, 2_147_483_648.0, 4_294_967_295.0].contains(&size)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn found(values: &[f64]) -> Vec<(f64, usize)> {
		find(values).iter().map(|one| (one.value, one.count)).collect()
	}

	fn with(range: std::ops::Range<i32>, more: &[f64]) -> Vec<f64> {
		range.map(|at| f64::from(at) / 10.0).chain(more.iter().copied()).collect()
	}

	#[test]
	fn usual_and_repeated_numbers_far_outside_are_found() {
		assert_eq!(found(&with(9..32, &[-9999.0, -9999.0])), [(-9999.0, 2)]);
		assert_eq!(find(&with(9..32, &[-9999.0]))[0].others, (0.9, 3.1));
		assert_eq!(found(&with(-20..36, &[99.9, -999.0, -9999.0, 1e20])), [(-9999.0, 1), (-999.0, 1), (1e20, 1), (99.9, 1)]);
		assert_eq!(found(&with(-20..450, &[-200.0; 5])), [(-200.0, 5)]);
		assert_eq!(found(&with(4_950..5_050, &[0.0; 12])), [(0.0, 12)]);
	}

	#[test]
	fn ordinary_data_are_not_suspected() {
		for values in [
			with(0..1_000, &[]),
			with(0..8_000, &[999.0]),
			with(9..32, &[50.0]),
			with(9..32, &[7.0, 7.0]),
			vec![0.0, 0.0, 0.0, 1.0, 1.0],
			vec![9.0, 99.0, 999.0],
			vec![-9999.0; 9],
			vec![0.0; 50].into_iter().chain([12.0, 30.0, 30.0]).collect(),
			Vec::new(),
		] {
			assert_eq!(found(&values), [], "{values:?}");
		}
	}
}
