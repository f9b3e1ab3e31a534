//! The demo domain of the development chains: weekly CO₂ at Mauna Loa, 13 weeks ahead.
//!
//! The generator's constants are a least-squares fit of the training part: mean differences per week of the year, then an autoregression of
//! order 4 of what they leave. `doin-worker domain create --csv data/mauna-loa-co2-weekly.csv --column ppm --dry-run` finds nearly the same.

use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	domain::{Gene, Limits},
	DomainSpec, Evidence, Split,
};
use doin_scoring::{Forecast, Generator, Program};

/// The series as published, in ppm; `data/README.md` states its source.
const CSV: &str = include_str!("../../data/mauna-loa-co2-weekly.csv");

/// Mean weekly difference per week of the year, 0.01 ppm in Q8.
const TEMPLATE: [i32; 52] = [
	6409, 10422, 3807, 9183, 6953, 2122, 9811, 884, 4938, 1792, 182, 1528, -5137, -4302, -5467, -4790, -7226, -7804, -9249,
	-12635, -9662, -9455, -13337, -8341, -10620, -12015, -4757, -9868, -6243, -3097, 2180, 372, 4245, 6689, 7102, 6937, 6854,
	8423, 6400, 8192, 5803, 6741, 6315, 6315, 1323, 5973, 7765, 4105, 3857, 3422, 5009, 2278,
];
/// Autoregression of what the template leaves, Q12.
const AR: [i16; 4] = [-1463, -1129, -271, -227];
/// Standard deviation of its innovations, 0.01 ppm in Q8.
const NOISE: u32 = 9227;

/// The series in 0.01 ppm.
pub fn values() -> Vec<i32> {
	CSV.lines()
		.skip(1)
		.filter_map(|line| line.split(',').nth(1)?.split_once('.'))
		.filter_map(|(whole, cents)| Some(whole.parse::<i32>().ok()?.saturating_mul(100).saturating_add(cents.parse().ok()?)))
		.collect()
}

/// The record of the domain.
pub fn spec() -> DomainSpec {
	let values = values();
	let bounded = |text: &str| text.as_bytes().to_vec();
	let gene = |name: &str, lo, hi, log| Gene { name: bounded(name).try_into().unwrap_or_default(), lo, hi, log, frac: 0 };
	DomainSpec {
		name: bounded("Mauna Loa CO2, weekly, 13 weeks ahead").try_into().unwrap_or_default(),
		unit: bounded("0.01 ppm").try_into().unwrap_or_default(),
		program: Program::Forecast(Forecast { horizon: 13, history: 104, season: 52, chunks: 32, windows: 16 }),
		genes: [
			gene("window", 13, 104, false),
			gene("width", 4, 64, true),
			gene("depth", 0, 3, false),
			gene("rate", 6, 13, false),
			gene("epochs", 1, 64, true),
			gene("mix", 0, 256, false),
			gene("decay", 0, 4, false),
			gene("skip", 0, 1, false),
		]
		.to_vec()
		.try_into()
		.unwrap_or_default(),
		limits: Limits { model_bytes: 64 * 1024, window_macs: 32_768 },
		data_root: blake2_256(&values.encode()),
		values: values.len() as u32,
		split: Split { train_end: 1_598, validation_end: 1_941 },
		evidence: Evidence::Synthetic(Generator {
			template: TEMPLATE.to_vec().try_into().unwrap_or_default(),
			ar: AR.to_vec().try_into().unwrap_or_default(),
			noise: NOISE,
			level: values.first().copied().unwrap_or_default(),
		}),
		min_improvement: 5_000,
		target: 0,
	}
}
