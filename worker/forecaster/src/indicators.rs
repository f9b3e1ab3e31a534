//! Indicators of bars as channels of 16 bits, by integer formulas.
//!
//! A channel has one value per bar, which depends on that bar and earlier ones only. Two machines that know the same bars have the same
//! channels. Averages have 32 binary digits after the point and are rounded down at each bar. Values of channels are rounded to the
//! nearest.
//!
//! Prices have no scale of their own: every channel of prices is relative to how much the price moves. It is the same for a price in
//! another unit, or at another level.
//!
//! | channel | formula | range |
//! |---|---|---|
//! | RSI 14 | 10,000 · G/(G + L), where G and L are Wilder's averages of rises and falls over 14 bars; 5,000 without any | 0 to 10,000 |
//! | MACD 12/26/9 | 1,000 · (M − EMA₉(M))/V, where M = EMA₁₂ − EMA₂₆ | ±32,767 |
//! | EMA 9 | 1,000 · (close − EMA₉)/V | ±32,767 |
//! | Bollinger 20/2 | 10,000 · (close − mean)/(2 · standard deviation) of the last 20 closes | ±21,795 |
//! | high, low | 1,000 · (high − close)/V, and the same of the low | ±32,767 |
//! | volume | 256 · log₂(1 + volume) | 0 to 16,128 |
//! | day, week | triangular wave of the time, and the same a quarter of the period later | ±127 |
//!
//! V is Wilder's average of the absolute change over 26 bars. EMAₙ moves by 2/(n + 1) of the distance to each value, and begins with the
//! first one. Wilder's average moves by 1/n, and is the mean until there are n values (Wilder 1978).

use doin_scoring::math::{isqrt, log2_q32};

/// Binary digits after the point of averages.
const FRAC: u32 = 32;
/// Largest value of a channel, in absolute value.
const LIMIT: i128 = 32_767;
/// RSI of rises alone.
const RSI_SCALE: i16 = 10_000;
/// Value of a distance of one average absolute change.
const CHANGE_SCALE: i128 = 1_000;
/// Value of the upper Bollinger band.
const BAND_SCALE: i128 = 10_000;
/// Closes of the Bollinger bands.
const BAND_BARS: usize = 20;
/// Binary digits of the largest difference within the Bollinger bands. The squares of 20 of them are summed in 128 bits.
const BAND_BITS: u32 = 50;
/// Bars of the average absolute change.
const CHANGE_BARS: i128 = 26;
/// Milliseconds of a day.
const DAY: i128 = 86_400_000;
/// Time from the Monday before 1970 to 1970, in milliseconds.
const MONDAY: i128 = 3 * DAY;

/// Exponential moving average.
struct Exponential {
	bars: i128,
	value: Option<i128>,
}

impl Exponential {
	fn new(bars: i128) -> Self {
		Self { bars, value: None }
	}

	/// Moves by 2/(n + 1) of the distance to `value`, and returns the average. Exact below 2¹²⁵.
	fn next(&mut self, value: i128) -> i128 {
		let next = self.value.map_or(value, |last| last + (2 * (value - last)).div_euclid(self.bars + 1));
		self.value = Some(next);
		next
	}
}

/// Wilder's average.
struct Wilder {
	bars: i128,
	count: i128,
	value: i128,
}

impl Wilder {
	fn new(bars: i128) -> Self {
		Self { bars, count: 0, value: 0 }
	}

	/// Adds a value.
	fn add(&mut self, value: i128) {
		self.count = (self.count + 1).min(self.bars);
		self.value += (value - self.value).div_euclid(self.count);
	}
}

/// Returns `numerator · scale / denominator`, rounded to the nearest, within [`LIMIT`]; 0 if the denominator is 0. The denominator is not
/// negative. Exact below 2¹¹².
fn ratio(numerator: i128, scale: i128, denominator: i128) -> i16 {
	let twice = (2 * numerator).saturating_mul(scale).saturating_add(denominator);
	let ratio = twice.checked_div_euclid(2 * denominator).unwrap_or(0);
	ratio.clamp(-LIMIT, LIMIT) as i16
}

/// Returns the changes from each close to the next one. The first close has none.
fn changes(closes: &[i64]) -> impl Iterator<Item = Option<i128>> + '_ {
	let before = std::iter::once(None).chain(closes.iter().map(Some));
	closes.iter().zip(before).map(|(close, before)| Some(i128::from(*close) - i128::from(*before?)))
}

/// Returns V, the average absolute change, after each bar.
fn movements(closes: &[i64]) -> impl Iterator<Item = i128> + '_ {
	let mut average = Wilder::new(CHANGE_BARS);
	changes(closes).map(move |change| {
		if let Some(change) = change {
			average.add(change.abs() << FRAC);
		}
		average.value
	})
}

/// Returns RSI 14: 10,000 after rises alone, 0 after falls alone, and 5,000 while there is neither.
///
/// ```
/// use doin_forecaster::indicators::rsi;
/// assert_eq!(rsi(&[7, 7, 8, 9, 7]), [5_000, 5_000, 10_000, 10_000, 5_000]);
/// ```
pub fn rsi(closes: &[i64]) -> Vec<i16> {
	let (mut rises, mut falls) = (Wilder::new(14), Wilder::new(14));
	let value = |change: Option<i128>| {
		if let Some(change) = change {
			rises.add(change.max(0) << FRAC);
			falls.add((-change).max(0) << FRAC);
		}
		match rises.value + falls.value {
			0 => RSI_SCALE / 2,
			both => ratio(rises.value, RSI_SCALE.into(), both),
		}
	};
	changes(closes).map(value).collect()
}

/// Returns the histogram of MACD 12/26/9, in thousandths of the average absolute change.
pub fn macd(closes: &[i64]) -> Vec<i16> {
	let (mut fast, mut slow, mut signal) = (Exponential::new(12), Exponential::new(26), Exponential::new(9));
	let value = |(close, movement): (&i64, i128)| {
		let close = i128::from(*close) << FRAC;
		let line = fast.next(close) - slow.next(close);
		ratio(line - signal.next(line), CHANGE_SCALE, movement)
	};
	closes.iter().zip(movements(closes)).map(value).collect()
}

/// Returns the distance of the close from EMA 9, in thousandths of the average absolute change.
pub fn ema(closes: &[i64]) -> Vec<i16> {
	let mut average = Exponential::new(9);
	let value = |(close, movement): (&i64, i128)| {
		let close = i128::from(*close) << FRAC;
		ratio(close - average.next(close), CHANGE_SCALE, movement)
	};
	closes.iter().zip(movements(closes)).map(value).collect()
}

/// Returns the place of the close within the Bollinger bands 20/2: 0 on the mean, 10,000 on the upper band, −10,000 on the lower one.
pub fn bollinger(closes: &[i64]) -> Vec<i16> {
	(1..=closes.len()).map(|end| band_place(&closes[end.saturating_sub(BAND_BARS)..end])).collect()
}

/// Returns the place of the last close within the bands of all of them.
fn band_place(closes: &[i64]) -> i16 {
	let Some(last) = closes.last() else { return 0 };
	let differences: Vec<i128> = closes.iter().map(|close| i128::from(*close) - i128::from(*last)).collect();
	let most = differences.iter().map(|difference| difference.unsigned_abs()).max().unwrap_or(0);
	// Neither small differences are rounded, nor do large ones overflow.
	let Some(bits) = most.checked_ilog2() else { return 0 };
	let scaled = |difference: &i128| match bits.checked_sub(BAND_BITS) {
		Some(right) => difference >> right,
		None => difference << (BAND_BITS - bits),
	};
	let add = |(sum, squares): (i128, i128), value: i128| (sum + value, squares + value * value);
	let (sum, squares) = differences.iter().map(scaled).fold((0, 0), add);
	// n²σ², below 2¹¹². The mean is sum / n away from the last close.
	let spread: i128 = closes.len() as i128 * squares - sum * sum;
	ratio(-sum, BAND_SCALE / 2, isqrt(spread.unsigned_abs()) as i128)
}

/// Returns the distance of `values`, the highs or the lows of the bars, from the closes, in thousandths of the average absolute change.
pub fn distance(closes: &[i64], values: &[i64]) -> Vec<i16> {
	let value = |((close, value), movement): ((&i64, &i64), i128)| {
		let difference = i128::from(*value) - i128::from(*close);
		ratio(difference << FRAC, CHANGE_SCALE, movement)
	};
	closes.iter().zip(values).zip(movements(closes)).map(value).collect()
}

/// Returns the logarithm of volumes with base 2, with eight binary digits after the point. A negative volume counts as none.
///
/// ```
/// use doin_forecaster::indicators::volume;
/// assert_eq!(volume(&[-5, 0, 1, 3, i64::MAX]), [0, 0, 256, 512, 63 * 256]);
/// ```
pub fn volume(volumes: &[i64]) -> Vec<i16> {
	volumes.iter().map(|volume| (log2_q32(volume.max(&0).unsigned_abs() + 1) >> 24) as i16).collect()
}

/// Period of a wave of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
	/// From midnight to midnight, UTC.
	Day,
	/// From the midnight before Monday to the next one, UTC.
	Week,
}

/// Returns the wave of a time in milliseconds since 1970: −127 at the beginning of the period, 127 in its middle, in straight lines
/// between them. With `quarter`, the wave a quarter of the period later; both together name each time of the period.
///
/// ```
/// use doin_forecaster::indicators::{wave, Period};
/// let hour = 3_600_000;
/// assert_eq!([0, 6, 12, 18, 24].map(|hours| wave(hours * hour, Period::Day, false)), [-127, 0, 127, 0, -127]);
/// assert_eq!([0, 6, 12, 18, 24].map(|hours| wave(hours * hour, Period::Day, true)), [0, 127, 0, -127, 0]);
/// ```
pub fn wave(time: i64, period: Period, quarter: bool) -> i8 {
	let (length, since) = match period {
		Period::Day => (DAY, 0),
		Period::Week => (7 * DAY, MONDAY),
	};
	let later = if quarter { length / 4 } else { 0 };
	let phase = (i128::from(time) + since + later).rem_euclid(length);
	let from_middle = (2 * phase - length).abs();
	(127 - 254 * from_middle / length) as i8
}

#[cfg(test)]
mod tests;
