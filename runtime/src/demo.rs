//! The demo domain of the development chains: weekly CO₂ at Mauna Loa, 13 weeks ahead.
//!
//! The constants of the generator are a fit to the training part: mean differences per week of the year, then an autoregression
//! of order 4 of the remainder. This command computes the same constants, which a whole-system test compares
//! (`tests/tests/worker.rs`):
//!
//! ```sh
//! doin-worker domain create --csv data/mauna-loa-co2-weekly.csv --column ppm --season 52 --horizon 13 --history 104 --dry-run --json
//! ```

use alloc::vec::Vec;
use codec::Encode;
use core::fmt::Debug;
use doin_primitives::{
	blake2_256,
	bounded_collections::{BoundedVec, ConstU32},
	oracle::{Fields, StreamSpec, MAX_KEPT, MIN_FEE},
	DomainSpec, Evidence, Gene, Growth, Limits, Split,
};
use doin_scoring::{Forecast, Generator, Loss, Program, Target, WindowPhase};

/// Published series, in ppm. `data/README.md` states its source.
const CSV: &str = include_str!("../../data/mauna-loa-co2-weekly.csv");

/// Mean weekly difference per week of the year, in 0.01 ppm, Q8.
const TEMPLATE: [i32; 52] = [
	10377, 3763, 9138, 6909, 2077, 9766, 840, 4893, 1748, 137, 1483, -5181, -4347, -5511, -4835, -7270, -7848, -9294, -12679,
	-9707, -9500, -13381, -8386, -10664, -12060, -4801, -9913, -6288, -3141, 2135, 327, 4201, 6644, 7057, 6893, 6809, 8379, 6355,
	8148, 5758, 6697, 6270, 6270, 1278, 5929, 7721, 4060, 3812, 3377, 4965, 2234, 6364,
];
/// Autoregressive coefficients of the remainder, Q12, latest first.
const AR: [i16; 4] = [-1462, -1128, -270, -226];
/// Standard deviation of the innovations, in 0.01 ppm, Q8.
const NOISE: u32 = 9275;
/// First level of every generated series: the last value of the training part, in 0.01 ppm.
const LEVEL: i32 = 34_970;

/// Returns the series, in 0.01 ppm.
pub fn values() -> Vec<i32> {
	CSV.lines()
		.skip(1)
		.map(|row| hundredths(row).expect("every row of the file is `date,ppm with two decimals,flag`; qed"))
		.collect()
}

/// Returns the ppm of a row, in 0.01 ppm. The runtime is `no_std` and has no CSV parser; the file has no quoted fields.
fn hundredths(row: &str) -> Option<i32> {
	let (whole, fraction) = row.split(',').nth(1)?.split_once('.')?;
	let (whole, fraction): (i32, i32) = (whole.parse().ok()?, fraction.parse().ok()?);
	whole.checked_mul(100)?.checked_add(fraction)
}

/// Returns a bounded copy of `items`.
fn bounded<T: Clone + Debug, const N: u32>(items: &[T]) -> BoundedVec<T, ConstU32<N>> {
	items.to_vec().try_into().expect("every list of this module is shorter than its bound; qed")
}

/// Returns the record of the domain.
pub fn spec() -> DomainSpec {
	let values = values();
	let gene = |name: &str, lo, hi, log| Gene { name: bounded(name.as_bytes()), lo, hi, log, frac: 0 };
	DomainSpec {
		name: bounded(b"Mauna Loa CO2, weekly, 13 weeks ahead"),
		unit: bounded(b"0.01 ppm"),
		program: Program::Forecast(Forecast {
			horizon: 13,
			history: 104,
			season: 52,
			chunks: 32,
			windows: 16,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: bounded(&[
			gene("window", 13, 104, false),
			gene("width", 4, 64, true),
			gene("depth", 0, 3, false),
			gene("rate", 6, 13, false),
			gene("epochs", 1, 64, true),
			gene("mix", 0, 256, false),
			gene("decay", 0, 4, false),
			gene("skip", 0, 2, false),
		]),
		limits: Limits { model_bytes: 64 * 1024, window_macs: 32_768 },
		data_root: blake2_256(&values.encode()),
		values: values.len() as u32,
		growth: Growth::Fixed,
		split: Split { train_end: 1_598, validation_end: 1_941 },
		// `data/README.md`: public domain, for which SPDX has no identifier.
		licence: BoundedVec::new(),
		evidence: Evidence::Synthetic(Generator { template: bounded(&TEMPLATE), ar: bounded(&AR), noise: NOISE, level: LEVEL }),
		min_improvement: 5_000,
		target: 0,
	}
}

/// Returns the record of the stream of the development chains, which repeats the series with a week a second. Its reporters need no
/// network: a bar is a row of the file. It sleeps until its pot is paid into.
///
/// The scale is the root of the mean squared error of no change over 24 weeks. With a smaller one, every skill of the first rounds is at a
/// limit, and says nothing: the average error of a market follows that of its rounds by a 1 024th a round.
pub fn stream() -> StreamSpec {
	StreamSpec {
		symbol: bounded(b"CO2-DEMO"),
		unit: bounded(b"0.01 ppm"),
		source: bounded(
			b"Column ppm of data/mauna-loa-co2-weekly.csv, in 0.01 ppm. The first bar of the stream is the first row; after the last row \
			  the file begins again, raised to the last value.",
		),
		bar_ms: 1_000,
		first_bar: 0,
		batch: 24,
		fields: Fields::default(),
		kept: MAX_KEPT,
		season: 52,
		scale: 300,
		horizon: 24,
		fee: MIN_FEE,
		domain: None,
	}
}

/// Returns the record of that stream on a development chain for forecasts, whose blocks take a second. A batch takes 14 s, of which a
/// poll needs nine. Three batches reach just beyond a round: its commitments end 12 s after the batch that opens it, and its bars 27 s
/// later.
pub fn live_stream() -> StreamSpec {
	StreamSpec { batch: 14, ..stream() }
}
