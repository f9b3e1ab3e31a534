//! Season of a series, by autocorrelation.

use doin_scoring::program::MAX_SEASON;

/// Smallest autocorrelation of differences at a lag of one season.
const MIN_CORRELATION: f64 = 0.1;

/// Returns the season of a series: the smallest lag at which the autocorrelation of differences peaks with at least 90 % of its
/// highest peak, or 1 if no peak reaches a correlation of 0.1.
pub fn find_season(values: &[f64]) -> u16 {
	let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
	// Squares of very large and very small differences would not be finite or would vanish.
	let largest = differences.iter().fold(f64::MIN_POSITIVE, |largest, difference| largest.max(difference.abs()));
	let differences: Vec<f64> = differences.iter().map(|difference| difference / largest).collect();
	let count = differences.len().max(1) as f64;
	let mean = differences.iter().sum::<f64>() / count;
	let centred: Vec<f64> = differences.iter().map(|difference| difference - mean).collect();
	let variance = centred.iter().map(|value| value * value).sum::<f64>();
	let longest = (MAX_SEASON as usize).min(centred.len() / 8);
	let correlation =
		|lag: usize| centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum::<f64>() / variance.max(f64::MIN_POSITIVE);
	let correlations: Vec<(usize, f64)> = (2..=longest).map(|lag| (lag, correlation(lag))).collect();
	// Only peaks: a series that moves slowly has high correlations at all short lags.
	let peaks = correlations.windows(3).filter(|three| three[1].1 > three[0].1 && three[1].1 >= three[2].1).map(|three| three[1]);
	let peaks: Vec<(usize, f64)> = peaks.filter(|(_, height)| *height >= MIN_CORRELATION).collect();
	let highest = peaks.iter().map(|(_, height)| *height).fold(0.0, f64::max);
	peaks.iter().find(|(_, height)| *height >= 0.9 * highest).map_or(1, |(lag, _)| *lag as u16)
}

/// Returns the length of a season as text. `found` is `true` if it was found in the series.
pub fn describe_season(season: u16, found: bool) -> String {
	format!(
		"a season has {}{}",
		if season == 1 { "one step".into() } else { format!("{season} steps") },
		if found { " (found in the series; set it with --season)" } else { "" }
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::wave;

	#[test]
	fn seasons_are_found_and_not_invented() {
		for season in [7usize, 24, 52] {
			assert_eq!(usize::from(find_season(&wave(1200, season).values)), season);
		}
		let mut state = 1u64;
		let walk: Vec<f64> = (0..2000)
			.map(|_| {
				state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
				(state >> 40) as f64
			})
			.scan(0.0, |level, step| {
				*level += step - 8_388_608.0;
				Some(*level)
			})
			.collect();
		assert_eq!(find_season(&walk), 1, "a random walk has none");
		assert_eq!(find_season(&[1.0, 2.0]), 1);
	}

	#[test]
	fn k22_seasons_of_tiny_and_huge_values_are_found() {
		for scale in [1e-300, 1e-200, 1e200, 1e297] {
			let values: Vec<f64> = wave(1200, 24).values.iter().map(|value| value * scale).collect();
			assert_eq!(find_season(&values), 24, "{scale:e}");
		}
	}
}
