//! Series of closes on which strategies are simulated, made by integers from a seed.

use doin_scoring::philox::Stream;

/// Price that a series starts from, in hundredths.
const START: i64 = 6_000_000;
/// Standard deviation of a bar's change, in hundredths.
pub const SIGMA: i64 = 5_000;
/// Bars of the season.
pub const SEASON: u32 = 96;
/// Factor by which a hidden drift fades per bar, Q16: 0.99.
const FADE: i64 = 64_881;
/// Purposes of the streams of numbers.
const PATH: u32 = 1_001;

/// Kinds of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// A random walk.
	Walk,
	/// A random walk with a hidden drift that fades; forecasts that know it correlate with the change by 0.2.
	Weak,
	/// With a correlation of 0.3.
	Correlated,
	/// As [`Kind::Correlated`], with a champion in the reference that knows half of the drift.
	Champion,
	/// As [`Kind::Correlated`], with a volatility that changes by factors of up to eight.
	Volatile,
	/// A walk that rises by a tenth of its standard deviation per bar, and falls by 50 of them once in 500 bars.
	Crashes,
	/// Values that return to a mean, by 2 % per bar.
	Returning,
	/// A pattern of 96 bars with noise.
	Seasonal,
}

pub const KINDS: [Kind; 8] =
	[Kind::Walk, Kind::Weak, Kind::Correlated, Kind::Champion, Kind::Volatile, Kind::Crashes, Kind::Returning, Kind::Seasonal];

impl Kind {
	pub fn name(self) -> &'static str {
		match self {
			Kind::Walk => "walk",
			Kind::Weak => "weak",
			Kind::Correlated => "correlated",
			Kind::Champion => "champion",
			Kind::Volatile => "volatile",
			Kind::Crashes => "crashes",
			Kind::Returning => "returning",
			Kind::Seasonal => "seasonal",
		}
	}

	/// Returns `true` if a forecast can have skill: there is a drift that no reference knows wholly.
	pub fn has_skill(self) -> bool {
		matches!(self, Kind::Weak | Kind::Correlated | Kind::Champion | Kind::Volatile)
	}

	/// Returns the standard deviation of the drift's innovation, in thousandths of that of a bar.
	fn drift(self) -> i64 {
		match self {
			Kind::Weak => 5,
			Kind::Correlated | Kind::Champion | Kind::Volatile => 8,
			_ => 0,
		}
	}
}

/// Closes, and the hidden drift per bar that follows each of them, Q16.
pub struct Path {
	pub kind: Kind,
	pub closes: Vec<Option<i64>>,
	pub drift: Vec<i64>,
}

/// Returns a number with the mean 0 and the standard deviation 2¹⁶: the sum of twelve uniform ones, centred.
pub fn normal(stream: &mut Stream) -> i64 {
	let sum: i64 = (0..6).map(|_| stream.next_u32()).map(|word| i64::from(word & 0xFFFF) + i64::from(word >> 16)).sum();
	sum - 6 * 0xFFFF
}

/// Returns the stream of numbers for one purpose of one seed.
pub fn numbers(seed: u32, purpose: u32, step: u64) -> Stream {
	let mut bytes = [0; 32];
	bytes[..4].copy_from_slice(&seed.to_le_bytes());
	Stream::new(&bytes, purpose, step)
}

impl Path {
	/// Makes `bars` bars of a series from `seed`.
	pub fn new(kind: Kind, seed: u32, bars: usize) -> Self {
		let mut stream = numbers(seed, PATH, kind as u64);
		let mut path = Self { kind, closes: Vec::with_capacity(bars), drift: Vec::with_capacity(bars) };
		let (mut price, mut drift, mut volatility) = (START << 16, 0i64, 16);
		for bar in 0..bars {
			if kind == Kind::Volatile && stream.below(100) == 0 {
				volatility = 4 << stream.below(4);
			}
			// Q16, in hundredths.
			let sigma = SIGMA * volatility / 16;
			drift = ((drift * FADE) >> 16) + normal(&mut stream) * sigma * kind.drift() / 1_000;
			path.drift.push((drift * FADE) >> 16);
			let noise = normal(&mut stream) * sigma;
			match kind {
				Kind::Crashes => {
					let crash = if stream.below(500) == 0 { (50 * SIGMA) << 16 } else { 0 };
					price += noise + (SIGMA << 16) / 10 - crash;
				}
				Kind::Returning => price = price - (price - (START << 16)) / 50 + noise,
				Kind::Seasonal => price = (START + pattern(bar)) * (1 << 16) + 2 * noise,
				_ => price += noise + drift,
			}
			path.closes.push(Some(price >> 16));
		}
		path
	}

	/// Returns the close of a bar.
	pub fn close(&self, bar: usize) -> i64 {
		self.closes[bar].expect("no bar of a simulated series is missing")
	}

	/// Returns the mean changes from the zero of a round, as an account knows them that sees the drift after `bar`. `ahead` is the
	/// number of bars from `bar` to the middle one of the zero, `from_zero` from there to the first of the horizon.
	pub fn expected(&self, bar: usize, ahead: usize, from_zero: usize, horizon: usize) -> Vec<i32> {
		let (mut drift, mut sum, mut changes) = (self.drift[bar], 0, Vec::with_capacity(horizon));
		for step in 1..ahead + from_zero + horizon {
			// The drift of the bar that is `step` after the known one.
			sum += if step > ahead { drift } else { 0 };
			drift = (drift * FADE) >> 16;
			if step >= ahead + from_zero {
				changes.push((sum >> 16) as i32);
			}
		}
		changes
	}
}

/// Returns a pattern with two peaks of different heights per season.
fn pattern(bar: usize) -> i64 {
	let phase = (bar % SEASON as usize) as i64;
	let peak = |at: i64, height: i64| (height * SIGMA - (phase - at).abs() * SIGMA).max(0);
	peak(20, 16) + peak(60, 24)
}
