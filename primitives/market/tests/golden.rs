//! Published vectors: the root mean square errors and the first updates of the memory that the seed's users know, within 10⁻⁹.

use doin_market::{standing, truth::root, Truth, ONE};

/// Units of one.
const UNIT: i64 = 10_000_000;
/// Largest difference from a published number.
const CLOSE: f64 = 1e-9;

/// Returns the root mean square error of `forecast` where `actual` came true, both in units of 1.
fn rmse(actual: &[f64], forecast: &[f64]) -> f64 {
	let units = |value: &f64| (value * UNIT as f64).round() as i64;
	let closes: Vec<_> = actual.iter().map(|value| Some(units(value))).collect();
	let truth = Truth::new(0, &closes).expect("all bars stand");
	let forecast: Vec<_> = forecast.iter().map(|value| units(value) as i32).collect();
	root(truth.error(&forecast).expect("of the horizon's length")) as f64 / 65_536.0 / UNIT as f64
}

/// Returns the definition of the error in floating point.
fn definition(actual: &[f64], forecast: &[f64]) -> f64 {
	let weights: Vec<_> = (0..actual.len()).map(|step| (-0.001 * step as f64).exp()).collect();
	let sum: f64 = actual.iter().zip(forecast).zip(&weights).map(|((a, p), w)| w * (p - a) * (p - a)).sum();
	(sum / weights.iter().sum::<f64>()).sqrt()
}

#[test]
fn a_shift_is_its_own_error() {
	let actual: Vec<f64> = (0..100).map(f64::from).collect();
	let shifted: Vec<f64> = actual.iter().map(|value| value - 0.05).collect();
	assert!((rmse(&actual, &shifted) - 0.05).abs() < CLOSE);
}

#[test]
fn errors_of_ten_values_are_the_published_ones() {
	let actual: Vec<f64> = (0..10).map(f64::from).collect();
	// Published with eight digits.
	for (wrong, published) in
		[(&[9][..], 0.315_516_40), (&[0][..], 0.316_939_43), (&[8, 9][..], 0.446_319_17), (&[6, 7, 8, 9][..], 0.631_506_45)]
	{
		let mut forecast = actual.clone();
		wrong.iter().for_each(|step: &usize| forecast[*step] += 1.0);
		let error = rmse(&actual, &forecast);
		assert!((error - definition(&actual, &forecast)).abs() < CLOSE, "{error}");
		assert!((error - published).abs() < 1e-8, "{error}");
	}
}

#[test]
fn first_updates_of_the_standing_are_the_published_ones() {
	let q32 = |value: f64| (value * ONE as f64).round() as i64;
	let g = 0.112_249_721_603_218_24;
	for (skill, g, published) in [
		(0.1, g, 0.000_411_923_797),
		(0.2, g, 0.000_823_847_595),
		(0.3, g, 0.001_235_771_392),
		(0.4, g, 0.001_647_695_190),
		(0.1, 0.1, 0.000_371_057_514),
	] {
		let standing = standing::moved(0, q32(skill), q32(g) as u64) as f64 / ONE as f64;
		assert!((standing - published).abs() < CLOSE, "{standing}, published {published}");
	}
}

#[test]
fn a_long_memory_follows_the_definition() {
	let (mut exact, mut standing) = (0.0, 0);
	for round in 0..2_000u32 {
		let skill = f64::from(round * 7 % 19) / 9.5 - 1.0;
		let g = f64::from(round * 5 % 11 + 1) / 11.0;
		let x = (exact + skill * g) / (1.0 + g);
		exact += 2.0 / 49.0 * (x - exact);
		standing = standing::moved(standing, (skill * ONE as f64) as i64, (g * ONE as f64) as u64);
		// Each round drops less than a unit of 2⁻³², and what is dropped fades as the memory does.
		assert!((standing as f64 / ONE as f64 - exact).abs() < 2e-8, "round {round}");
	}
}
