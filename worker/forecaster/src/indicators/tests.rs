use super::*;
use proptest::prelude::*;

/// A walk with a stretch without changes and a jump.
const CLOSES: [i64; 60] = [
	10015, 10179, 10041, 10131, 10016, 9821, 9713, 9605, 9795, 9826, 9811, 9656, 9590, 9625, 9636, 9724, 9692, 9867, 9684, 9529,
	9529, 9529, 9529, 9529, 9684, 9644, 9799, 9783, 9630, 9543, 9723, 9670, 9798, 9629, 9618, 9458, 9449, 9618, 9732, 9753,
	14753, 14707, 14584, 14735, 14775, 14677, 14743, 14891, 14767, 14915, 14887, 14692, 14707, 14635, 14692, 14874, 14987, 14887,
	14785, 14855,
];
// Computed apart from this code: by rational numbers, and by roots of 60 decimal digits.
const RSI: [i16; 60] = [
	5000, 10000, 5430, 6480, 5010, 3618, 3136, 2767, 4007, 4170, 4116, 3629, 3455, 3617, 3666, 4062, 3965, 4710, 4135, 3721,
	3721, 3721, 3721, 3721, 4517, 4363, 5064, 4995, 4380, 4073, 4873, 4673, 5187, 4561, 4523, 3998, 3970, 4716, 5152, 5230, 9070,
	8998, 8798, 8832, 8842, 8657, 8677, 8723, 8457, 8515, 8450, 7994, 8003, 7822, 7863, 7993, 8072, 7782, 7486, 7555,
];
const MACD: [i16; 60] = [
	0, 64, 51, 86, 43, -79, -205, -332, -282, -252, -230, -263, -318, -323, -306, -206, -150, 21, 13, -77, -129, -152, -153,
	-139, 2, 71, 223, 316, 245, 140, 192, 192, 269, 191, 139, -9, -103, -36, 86, 182, 1206, 1911, 2240, 2368, 2371, 2203, 1992,
	1746, 1437, 1163, 894, 551, 269, -10, -231, -357, -443, -567, -710, -806,
];
const EMA: [i16; 60] = [
	0, 800, -36, 518, -299, -1327, -1744, -2095, -490, -233, -308, -1281, -1525, -1031, -795, 59, -217, 1221, -453, -1501, -1264,
	-1061, -890, -744, 770, 274, 1555, 1142, -442, -1113, 655, 80, 1142, -496, -504, -1714, -1498, 240, 1130, 1110, 14437, 11799,
	9277, 8006, 6747, 5213, 4510, 4160, 2966, 2921, 2318, 1159, 1018, 559, 685, 1273, 1492, 805, 229, 488,
];
const BOLLINGER: [i16; 60] = [
	0, 5000, -2594, 2976, -4534, -9422, -8962, -8754, -3465, -2463, -2708, -6351, -7163, -5704, -5041, -2649, -3345, 1325, -3582,
	-7278, -6556, -6281, -5828, -5863, 698, -762, 6254, 5003, -1633, -5228, 3926, 1178, 6880, -1397, -1887, -8439, -7788, -36,
	5242, 5626, 21699, 14892, 11613, 10088, 8798, 7570, 6876, 6435, 5583, 5309, 4754, 3943, 3566, 3031, 2767, 2795, 2707, 2041,
	1195, 3776,
];

/// Formulas of closes.
const ALL: [fn(&[i64]) -> Vec<i16>; 4] = [rsi, macd, ema, bollinger];

#[test]
fn indicators_are_those_of_exact_arithmetic() {
	for (formula, expected) in ALL.into_iter().zip([RSI, MACD, EMA, BOLLINGER]) {
		assert_eq!(formula(&CLOSES), expected);
	}
}

#[test]
fn closes_that_do_not_move_have_neutral_indicators() {
	assert_eq!(ALL.map(|formula| formula(&[7; 3])), [vec![5_000; 3], vec![0; 3], vec![0; 3], vec![0; 3]]);
	assert_eq!(ALL.map(|formula| formula(&[])), [const { Vec::<i16>::new() }; 4]);
	assert_eq!(distance(&[7; 3], &[9; 3]), [0; 3], "without changes there is no scale");
}

#[test]
fn highs_and_lows_are_distances_from_the_close() {
	// The average absolute change is 0, 10, then 10.
	assert_eq!(distance(&[100, 110, 100], &[105, 115, 103]), [0, 500, 300]);
	assert_eq!(distance(&[100, 110, 100], &[90, 100, 90]), [0, -1_000, -1_000]);
}

#[test]
fn a_week_begins_on_monday() {
	let at = |day: i64| wave(1_767_571_200_000 + day * 86_400_000, Period::Week, false);
	// 2026-01-05 is a Monday. Thursday noon is the middle.
	assert_eq!([at(0), at(7)], [-127, -127]);
	assert_eq!(wave(1_767_571_200_000 + 86_400_000 * 7 / 2, Period::Week, false), 127);
	assert!(at(1) < at(2) && at(4) > at(5), "it rises, then falls");
}

#[test]
fn extreme_values_do_not_overflow() {
	let extremes: Vec<i64> = (0..100).map(|bar| if bar % 2 == 0 { i64::MIN } else { i64::MAX }).collect();
	let last = ALL.map(|formula| *formula(&extremes).last().expect("100 values"));
	assert!((4_500..5_500).contains(&last[0]) && (4_900..5_100).contains(&last[3]), "{last:?}");
	assert_eq!(distance(&[i64::MAX, i64::MIN], &[i64::MIN, i64::MAX]), [0, 1_000]);
	for time in [i64::MIN, -1, i64::MAX] {
		for period in [Period::Day, Period::Week] {
			assert!([wave(time, period, false), wave(time, period, true)].iter().all(|wave| (-127..=127).contains(wave)));
		}
	}
}

/// Closes that move at every bar.
fn walk() -> impl Strategy<Value = Vec<i64>> {
	let change = (1..1_000i64, any::<bool>()).prop_map(|(size, rises)| if rises { size } else { -size });
	(-1_000_000..1_000_000i64, prop::collection::vec(change, 1..200)).prop_map(|(first, changes)| {
		let add = |level: &mut i64, change: i64| {
			*level += change;
			Some(*level)
		};
		changes.into_iter().scan(first, add).collect()
	})
}

proptest! {
	#[test]
	fn a_price_in_another_unit_has_the_same_indicators(closes in walk(), factor in 2..1_000i64) {
		let scaled: Vec<i64> = closes.iter().map(|close| close * factor).collect();
		for formula in ALL {
			for (one, other) in formula(&closes).into_iter().zip(formula(&scaled)) {
				prop_assert!(one.abs_diff(other) <= 1, "{} {}", one, other);
			}
		}
	}

	#[test]
	fn a_price_at_another_level_has_the_same_indicators(closes in walk(), level in -(1i64 << 60)..1 << 60) {
		let moved: Vec<i64> = closes.iter().map(|close| close + level).collect();
		for formula in ALL {
			prop_assert_eq!(formula(&closes), formula(&moved));
		}
	}

	#[test]
	fn indicators_stay_in_their_ranges_and_know_no_later_bar(closes in prop::collection::vec(any::<i64>(), 1..100), end in 1..100usize) {
		let end = end.min(closes.len());
		for (formula, range) in ALL.into_iter().zip([0..=10_000, -32_767..=32_767, -32_767..=32_767, -21_795..=21_795]) {
			let values = formula(&closes);
			prop_assert_eq!(values.len(), closes.len());
			prop_assert!(values.iter().all(|value| range.contains(value)), "{:?}", values);
			prop_assert_eq!(&formula(&closes[..end])[..], &values[..end]);
		}
	}

	#[test]
	fn volumes_and_distances_stay_in_their_ranges(values in prop::collection::vec(any::<(i64, i64)>(), 1..50)) {
		let (closes, others): (Vec<i64>, Vec<i64>) = values.into_iter().unzip();
		prop_assert!(volume(&others).iter().all(|value| (0..=16_128).contains(value)));
		prop_assert!(distance(&closes, &others).iter().all(|value| (-32_767..=32_767).contains(value)));
	}
}
