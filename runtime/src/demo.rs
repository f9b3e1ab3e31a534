//! The demo domain of the development chains: weekly CO₂ at Mauna Loa, 13 weeks ahead.
//!
//! The generator's constants are those that `doin-worker domain create --csv data/mauna-loa-co2-weekly.csv --column ppm --season 52
//! --horizon 13 --history 104 --dry-run --json` fits to the training part: mean differences per week of the year, then an autoregression of
//! order 4 of what they leave. A whole-system test holds the two together (`tests/tests/worker.rs`).

use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	domain::{Gene, Limits},
	DomainSpec, Evidence, Split,
};
use doin_scoring::{Forecast, Generator, Program, Target};

/// The series as published, in ppm; `data/README.md` states its source.
const CSV: &str = include_str!("../../data/mauna-loa-co2-weekly.csv");

/// Mean weekly difference per week of the year, 0.01 ppm in Q8.
const TEMPLATE: [i32; 52] = [
	10377, 3763, 9138, 6909, 2077, 9766, 840, 4893, 1748, 137, 1483, -5181, -4347, -5511, -4835, -7270, -7848, -9294, -12679,
	-9707, -9500, -13381, -8386, -10664, -12060, -4801, -9913, -6288, -3141, 2135, 327, 4201, 6644, 7057, 6893, 6809, 8379, 6355,
	8148, 5758, 6697, 6270, 6270, 1278, 5929, 7721, 4060, 3812, 3377, 4965, 2234, 6364,
];
/// Autoregression of what the template leaves, Q12.
const AR: [i16; 4] = [-1462, -1128, -270, -226];
/// Standard deviation of its innovations, 0.01 ppm in Q8.
const NOISE: u32 = 9275;

/// The last value of the training part, where generated series start, 0.01 ppm.
const LEVEL: i32 = 34_970;

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
		program: Program::Forecast(Forecast {
			horizon: 13,
			history: 104,
			season: 52,
			chunks: 32,
			windows: 16,
			channels: 1,
			target: Target::Values,
		}),
		genes: [
			gene("window", 13, 104, false),
			gene("width", 4, 64, true),
			gene("depth", 0, 3, false),
			gene("rate", 6, 13, false),
			gene("epochs", 1, 64, true),
			gene("mix", 0, 256, false),
			gene("decay", 0, 4, false),
			gene("skip", 0, 2, false),
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
			level: LEVEL,
		}),
		min_improvement: 5_000,
		target: 0,
	}
}
