//! Evidence that nobody has at the time of the commits: hashes of sealed segments, their limits, and the rules of pay around them.

use crate::{blake2_256, Balance, BlockNumber, Hash, DOIN, MILLION};
use alloc::vec::Vec;
use codec::Encode;
use core::ops::RangeInclusive;
use doin_scoring::{model::OUT_FRAC, predicted_values, sample::drawn, score, Forecast, Generator, Model, Target};

/// Maximum number of sealed segments of a domain.
pub const MAX_SEGMENTS: u32 = 1_024;
/// Maximum number of bytes of a segment: 128 KiB.
pub const MAX_SEGMENT_BYTES: u32 = 128 * 1024;
/// Smallest number of rows of a segment. To tell an error of 2 % from one of 5 % with three standard errors takes about 410 rows.
pub const MIN_SEGMENT_ROWS: u32 = 512;
/// Admitted stakes of a seat, in plancks.
pub const STAKES: RangeInclusive<Balance> = DOIN..=100 * DOIN;
/// Part of the deposit of a domain that burns if a segment is not opened in time, parts per million.
pub const MISSED_PENALTY: u32 = MILLION / 10;
/// Multiple of the base fee at which a window, for opening a segment or for reveals, is doubled once: an attacker that fills the blocks
/// of a window must not keep others out of it.
pub const EXTENDING_RISE: Balance = 4;

/// Number of chunks of a domain with live evidence: a quarter more than the [`MIN_CHUNKS`](doin_scoring::verdict::MIN_CHUNKS) that a
/// verdict needs, since missing bars leave chunks empty.
pub const LIVE_CHUNKS: u16 = 40;
/// Longest span of the bars of one round, in milliseconds: 30 days.
pub const MAX_SPAN_MS: u64 = 30 * DAY_MS;
/// Time, in milliseconds, for which the bars of a round are waited for after the last of them is due: a day.
pub const DAY_MS: u64 = 86_400_000;
/// Bars between the commits of a round and its first bar: the one that is running when the commits end, and the one after it.
/// Reporters know prices before the chain does.
pub const SKIPPED_BARS: u64 = 2;
/// Time in which pay rises from nothing to all of an increment on a public network, after the weight of a domain has left 0, in
/// milliseconds: 7 days.
pub const RAMP_MS: u64 = 7 * DAY_MS;
/// Time without a new champion after which any account can close or remove an unweighted domain, in milliseconds: 180 days.
pub const ABANDONED_MS: u64 = 180 * DAY_MS;
/// Time of a suspension after which any account can close a domain, also a weighted one, in milliseconds: 30 days.
pub const SUSPENDED_MS: u64 = 30 * DAY_MS;
/// Length of a slot of a public network, in milliseconds.
pub const PUBLIC_SLOT_MS: u64 = 6_000;
/// Time in which the high-water mark of a domain with live evidence halves, in milliseconds: 90 days.
pub const HIGH_WATER_HALF_LIFE_MS: u64 = 90 * DAY_MS;

/// Largest ratio of the errors of the baseline on drawn and on published series. Fitted generators of ordinary series differ by up to
/// 2.5: noise in levels accumulates in a generator of differences.
pub const LIKENESS: u128 = 8;
/// Number of drawn windows on which a generator is compared with the published series.
pub const LIKENESS_WINDOWS: u16 = 64;

/// First bytes of the preimage of a segment's hash.
const SEGMENT: &[u8] = b"doin segment";

/// Returns the hash under which a segment is sealed: `blake2_256(SCALE("doin segment", genesis, owner, index, salt, bytes))`.
///
/// The hash binds the chain, the owner and the index, so nobody can seal an opened segment again. The salt keeps others from guessing
/// segments with few possible contents.
pub fn segment_hash(genesis: &Hash, owner: &impl Encode, index: u16, salt: &[u8; 32], bytes: &[u8]) -> Hash {
	blake2_256(&segment_preimage(genesis, owner, index, salt, bytes))
}

/// Returns the preimage of [`segment_hash`], for a host function that hashes it.
pub fn segment_preimage(genesis: &Hash, owner: &impl Encode, index: u16, salt: &[u8; 32], bytes: &[u8]) -> Vec<u8> {
	(SEGMENT, genesis, owner, index, salt, bytes).encode()
}

/// Returns the value of a bar as the steps of a series have it: `⌊close / unit⌋`. Returns `None`, i.e. a missing bar, if the value does not
/// fit 32 bits.
///
/// ```
/// use doin_primitives::evidence::live_value;
/// assert_eq!([7, -7].map(|close| live_value(close, 2)), [Some(3), Some(-4)]);
/// assert_eq!((live_value(1 << 31, 1), live_value(1 << 31, 2)), (None, Some(1 << 30)));
/// ```
pub fn live_value(close: i64, unit: u32) -> Option<i32> {
	close.checked_div_euclid(unit.into()).and_then(|value| value.try_into().ok())
}

/// Returns what a model of `program` forecasts for the bars after `closes`: changes from the last close in units of the stream, within
/// ±(2³¹ − 1), rounded down. A value is a close over `unit` (see [`live_value`]); one that is missing repeats the one before it, and the
/// first ones repeat the first one that stands, as in the windows of live evidence.
///
/// Returns `None` unless the program forecasts the values of one channel from as many closes as there are, one of which stands, and the
/// model forecasts values.
///
/// ```
/// use doin_primitives::evidence::live_forecast;
/// use doin_scoring::{Forecast, Loss, Model, Target, WindowPhase};
/// let (loss, phase) = (Loss::Absolute, WindowPhase::Hidden);
/// let program =
/// Forecast { horizon: 3, history: 4, season: 2, chunks: 40, windows: 8, channels: 1, target: Target::Values, loss, phase };
/// let of = |model, closes: &[Option<i64>]| live_forecast(&model, &program, 10, closes);
/// assert_eq!(of(Model::Seasonal, &[Some(1), None, Some(70), Some(129)]), Some(vec![-50, 0, -50]), "7, 12, 7 times ten");
/// assert_eq!(of(Model::Seasonal, &[Some(1), Some(2), Some(70), None]), Some(vec![0; 3]), "the last value repeats the one before");
/// assert_eq!((of(Model::Seasonal, &[None; 4]), of(Model::Seasonal, &[Some(1); 3])), (None, None));
/// ```
pub fn live_forecast(model: &Model, program: &Forecast, unit: u32, closes: &[Option<i64>]) -> Option<Vec<i32>> {
	if program.channels != 1 || program.target != Target::Values || closes.len() != usize::from(program.history) {
		return None;
	}
	let values: Vec<Option<i32>> = closes.iter().map(|close| close.and_then(|close| live_value(close, unit))).collect();
	let mut latest = values.iter().find_map(|value| *value)?;
	let history: Vec<i32> = values
		.into_iter()
		.map(|value| {
			latest = value.unwrap_or(latest);
			latest
		})
		.collect();
	let last = i64::from(latest) << OUT_FRAC;
	let in_units = |value: i64| {
		// A difference has 38 bits at most, and the unit 32.
		let change = i128::from(value.saturating_sub(last)).saturating_mul(unit.into()) >> OUT_FRAC;
		change.clamp(i32::MAX.saturating_neg().into(), i32::MAX.into()) as i32
	};
	Some(predicted_values(model, program, &history)?.into_iter().map(in_units).collect())
}

/// Returns the part of an increment that is paid in block `at`, in parts per million: `min(1, (at − since) / length)`, where `since` is
/// the block in which the weight of the domain rose from 0. Without a length everything is paid.
///
/// ```
/// use doin_primitives::evidence::ramp;
/// assert_eq!([ramp(100, 90, 40), ramp(100, 110, 40), ramp(100, 140, 40), ramp(100, 100, 0)], [0, 250_000, 1_000_000, 1_000_000]);
/// ```
pub fn ramp(since: BlockNumber, at: BlockNumber, length: BlockNumber) -> u32 {
	let part = u64::from(at.saturating_sub(since)).saturating_mul(MILLION.into()).checked_div(length.into());
	part.and_then(|part| u32::try_from(part).ok()).unwrap_or(MILLION).min(MILLION)
}

/// Returns the number of whole blocks in `ms` milliseconds, at least 1, where a slot lasts `slot_ms` milliseconds.
///
/// ```
/// use doin_primitives::evidence::blocks;
/// assert_eq!([blocks(17_999, 6_000), blocks(1, 6_000), blocks(5, 0), blocks(u64::MAX, 1)], [2, 1, 1, u32::MAX]);
/// ```
pub fn blocks(ms: u64, slot_ms: u64) -> BlockNumber {
	let blocks = ms.checked_div(slot_ms).unwrap_or(1).max(1);
	BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX)
}

/// Returns the number of blocks in which pay ramps up, the length that [`ramp`] takes: [`RAMP_MS`] on a public network, 0 on a
/// development chain.
///
/// ```
/// use doin_primitives::evidence::ramp_blocks;
/// assert_eq!([ramp_blocks(true, 6_000), ramp_blocks(false, 2_000), ramp_blocks(true, 0)], [100_800, 0, 1]);
/// ```
pub fn ramp_blocks(is_public: bool, slot_ms: u64) -> BlockNumber {
	if is_public {
		blocks(RAMP_MS, slot_ms)
	} else {
		0
	}
}

/// Returns the error sum of `baseline` on the windows that a generator is compared with the published series on, and the number of these
/// windows, [`LIKENESS_WINDOWS`]. The data root of the domain is the seed, so the result is that of its record.
///
/// ```
/// use doin_primitives::evidence::{drawn_error, LIKENESS_WINDOWS};
/// use doin_scoring::{Forecast, Generator, Loss, Model, Target, WindowPhase};
/// let (loss, phase) = (Loss::Absolute, WindowPhase::Hidden);
/// let program =
/// Forecast { horizon: 2, history: 4, season: 2, chunks: 32, windows: 8, channels: 1, target: Target::Values, loss, phase };
/// let template = vec![2_560, -2_560].try_into().unwrap();
/// let generator = Generator { template, ar: Default::default(), noise: 0, level: 0 };
/// let (error, windows) = drawn_error(&program, &generator, &[7; 32], &Model::Seasonal);
/// assert_eq!((error, windows), (0, LIKENESS_WINDOWS.into()), "a season of two steps repeats itself");
/// ```
pub fn drawn_error(program: &Forecast, generator: &Generator, data_root: &Hash, baseline: &Model) -> (u64, u32) {
	// A power of two divides the number of windows. A window does not depend on its chunk.
	let windows = program.windows.checked_ilog2().and_then(|log| 1u16.checked_shl(log)).unwrap_or(1).min(LIKENESS_WINDOWS);
	let chunks = LIKENESS_WINDOWS.checked_div(windows).unwrap_or(0);
	let program = Forecast { windows, ..program.clone() };
	let error = (0..chunks).fold(0u64, |sum, chunk| {
		sum.saturating_add(score(baseline, &program, &drawn(&program, generator, data_root, chunk)).into())
	});
	(error, LIKENESS_WINDOWS.into())
}

/// Returns `true` if the mean errors of the baseline on drawn series and on the validation split differ by a factor of [`LIKENESS`] at
/// most. Both are given as the sum of errors and the number of scored windows. A generator that draws other series would pay for
/// improvements that mean nothing for the published one.
///
/// ```
/// use doin_primitives::evidence::is_alike;
/// assert!(is_alike((100, 10), (790, 10)) && is_alike((790, 10), (100, 10)));
/// assert!(!is_alike((100, 10), (810, 10)) && !is_alike((810, 10), (100, 10)));
/// ```
pub fn is_alike(drawn: (u64, u32), validation: (u64, u32)) -> bool {
	let scaled = |(error, _): (u64, u32), (_, windows): (u64, u32)| u128::from(error).saturating_mul(windows.into());
	let (drawn, validation) = (scaled(drawn, validation), scaled(validation, drawn));
	drawn <= validation.saturating_mul(LIKENESS) && validation <= drawn.saturating_mul(LIKENESS)
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{Loss, Target, WindowPhase};

	#[test]
	fn a_segment_hash_binds_every_part() {
		let hash = |genesis: u8, owner: u32, index, salt: u8, bytes: &[u8]| {
			segment_hash(&[genesis; 32], &owner, index, &[salt; 32], bytes)
		};
		let all = [
			hash(1, 2, 3, 4, b"rows"),
			hash(9, 2, 3, 4, b"rows"),
			hash(1, 9, 3, 4, b"rows"),
			hash(1, 2, 9, 4, b"rows"),
			hash(1, 2, 3, 9, b"rows"),
			hash(1, 2, 3, 4, b"row"),
		];
		for (index, hash) in all.iter().enumerate() {
			assert!(all.iter().skip(index + 1).all(|other| other != hash), "{index}");
		}
		let mut preimage = alloc::vec![12u8 << 2];
		preimage.extend(b"doin segment");
		preimage.extend([1; 32]);
		preimage.extend(2u32.to_le_bytes());
		preimage.extend(3u16.to_le_bytes());
		preimage.extend([4; 32]);
		preimage.push(4 << 2);
		preimage.extend(b"rows");
		assert_eq!(all[0], blake2_256(&preimage));
	}

	#[test]
	fn closes_are_rounded_down_to_units_and_missing_beyond_32_bits() {
		let of = |unit: u32| move |close: i64| live_value(close, unit);
		assert_eq!([i64::from(i32::MAX), i64::from(i32::MAX) + 1].map(of(1)), [Some(i32::MAX), None]);
		assert_eq!([i64::from(i32::MIN), i64::from(i32::MIN) - 1].map(of(1)), [Some(i32::MIN), None]);
		assert_eq!([-101, -100, -1, 0, 99, 100].map(of(100)), [-2, -1, -1, 0, 0, 1].map(Some), "towards minus infinity");
		assert_eq!([i64::MAX, i64::MIN].map(of(u32::MAX)), [None, None]);
		assert_eq!([i64::from(i32::MAX) * 3 + 2, (i64::from(i32::MAX) + 1) * 3].map(of(3)), [Some(i32::MAX), None]);
		assert_eq!([1, i64::MIN].map(of(0)), [None, None], "no record has a unit of 0");
	}

	#[test]
	fn the_drawn_error_does_not_depend_on_the_windows_of_a_chunk() {
		let program = |windows| Forecast {
			horizon: 3,
			history: 12,
			season: 4,
			chunks: 32,
			windows,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		};
		let generator = Generator {
			template: alloc::vec![2_560, 0, -1_280, -1_280].try_into().unwrap(),
			ar: alloc::vec![1_000].try_into().unwrap(),
			noise: 2_000,
			level: 50,
		};
		let seed = [9; 32];
		let one_by_one = (0..LIKENESS_WINDOWS).fold(0u64, |sum, window| {
			let single = program(1);
			sum + u64::from(score(&Model::Seasonal, &single, &drawn(&single, &generator, &seed, window)))
		});
		for windows in [1, 5, 16, 64, 100, 512] {
			assert_eq!(drawn_error(&program(windows), &generator, &seed, &Model::Seasonal), (one_by_one, 64), "{windows}");
		}
		assert!(one_by_one > 0);
		let other = drawn_error(&program(16), &generator, &[8; 32], &Model::Seasonal).0;
		assert_ne!(other, one_by_one, "the seed chooses the windows");
	}

	#[test]
	fn pay_ramps_up_from_nothing() {
		assert_eq!(ramp(0, u32::MAX, u32::MAX), MILLION);
		assert_eq!(ramp(10, 10, 7), 0);
		assert_eq!(ramp(10, 11, 3), 333_333);
	}
}
