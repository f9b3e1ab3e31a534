//! Zero and changes of a round, and the error of a forecast.

use crate::{Error, MAX_HORIZON};
use doin_primitives::ONE_Q32;
use doin_scoring::math::isqrt;

/// Number of bars whose median close is the zero of a round. The bars of the horizon follow them.
pub const ZERO_BARS: usize = 3;
/// Fraction digits of an [`Error`].
const ERROR_FRAC: u32 = 16;
/// e^(−0.001) in Q64.
const STEP: u64 = 18_428_306_549_934_190_034;

/// Weights `e^(−0.001·k)` of the errors of step k in Q32, rounded to the nearest.
pub const WEIGHTS: [u64; MAX_HORIZON] = weights();

/// Computes [`WEIGHTS`] as a product in Q64, whose rounding errors stay below 2⁻⁵⁶.
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "evaluated by the compiler, which rejects overflow")]
const fn weights() -> [u64; MAX_HORIZON] {
	let mut table = [0; MAX_HORIZON];
	let mut weight = 1u128 << 64;
	let mut step = 0;
	while step < MAX_HORIZON {
		table[step] = ((weight + (1 << 31)) >> 32) as u64;
		weight = (weight * STEP as u128 + (1 << 63)) >> 64;
		step += 1;
	}
	table
}

/// Returns the zero of a round: the median of the closes of the first three bars that close after the commits. With one bar
/// missing, it is the mean of the other two, rounded down. `None` with more missing: the round is void.
///
/// ```
/// use doin_market::zero;
/// assert_eq!(zero([Some(10), Some(90), Some(11)]), Some(11), "one print moves it by little");
/// assert_eq!(zero([Some(10), None, Some(13)]), Some(11));
/// assert_eq!(zero([Some(10), None, None]), None);
/// ```
pub fn zero(closes: [Option<i64>; ZERO_BARS]) -> Option<i64> {
	let mut sorted = closes;
	// Missing bars come first.
	sorted.sort_unstable();
	match sorted {
		[Some(_), Some(median), Some(_)] => Some(median),
		[None, Some(low), Some(high)] => i64::try_from(i128::from(low).saturating_add(high.into()) >> 1).ok(),
		_ => None,
	}
}

/// Returns `close − zero` within ±(2³¹ − 1). A stream whose changes are larger has too small a unit; its forecasts saturate alike.
pub fn change(zero: i64, close: i64) -> i32 {
	close.saturating_sub(zero).clamp(i32::MAX.saturating_neg().into(), i32::MAX.into()) as i32
}

/// Changes of a round from its zero, over the bars of the horizon that stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
	changes: [Option<i32>; MAX_HORIZON],
	horizon: usize,
	weight: u64,
}

impl Truth {
	/// Returns the truth of a round from the closes of its horizon; `None` stands for a missing bar. A missing bar leaves the
	/// sums.
	///
	/// Returns `None` if the round is void: less than ¾ of the weight stands, or there are no or more than [`MAX_HORIZON`] bars.
	pub fn new(zero: i64, closes: &[Option<i64>]) -> Option<Self> {
		let horizon = closes.len();
		let mut changes = [None; MAX_HORIZON];
		let (mut standing, mut whole) = (0u64, 0u64);
		for (slot, (close, weight)) in changes.get_mut(..horizon)?.iter_mut().zip(closes.iter().zip(WEIGHTS)) {
			*slot = close.map(|close| change(zero, close));
			// At most 100 · 2³².
			whole = whole.saturating_add(weight);
			standing = standing.saturating_add(if close.is_some() { weight } else { 0 });
		}
		let stands = standing > 0 && standing.saturating_mul(4) >= whole.saturating_mul(3);
		stands.then_some(Self { changes, horizon, weight: standing })
	}

	/// Returns the number of values that a forecast needs.
	pub fn horizon(&self) -> usize {
		self.horizon
	}

	/// Returns `e² = Σ wₖ·(pₖ − aₖ)² / Σ wₖ` over the bars that stand, rounded down; `None` if `forecast` has another number of
	/// values than the horizon.
	///
	/// A difference is below 2³², so the sum is below 100 · 2³² · 2⁶⁴ < 2¹⁰³ and its Q16 form below 2¹¹⁹.
	pub fn error(&self, forecast: &[i32]) -> Option<Error> {
		if forecast.len() != self.horizon {
			return None;
		}
		let steps = forecast.iter().zip(self.changes).zip(WEIGHTS);
		let sum = steps.fold(0u128, |sum, ((value, change), weight)| {
			let Some(change) = change else { return sum };
			let difference = u128::from(i64::from(*value).abs_diff(change.into()));
			sum.saturating_add(difference.saturating_mul(difference).saturating_mul(weight.into()))
		});
		(sum << ERROR_FRAC).checked_div(self.weight.into())
	}
}

/// Returns e in Q16, rounded down, for display. Exact for errors below 2¹¹².
pub fn root(error: Error) -> u64 {
	u64::try_from(isqrt(error.saturating_mul(1 << ERROR_FRAC))).unwrap_or(u64::MAX)
}

/// Returns the error of a root mean square of `units`, e.g. the `scale` that a stream starts from.
pub fn squared(units: u32) -> Error {
	Error::from(units).saturating_mul(units.into()) << ERROR_FRAC
}

// The first weight is one, and no later one is larger.
const _: () = assert!(WEIGHTS[0] == ONE_Q32 && WEIGHTS[1] < ONE_Q32);

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn weights_are_those_of_the_exponential() {
		for (step, weight) in WEIGHTS.into_iter().enumerate() {
			let exact = (-0.001 * step as f64).exp() * 4_294_967_296.0;
			assert!((weight as f64 - exact).abs() <= 0.501, "step {step}");
		}
		// Computed with 60 decimal digits.
		assert_eq!((WEIGHTS.iter().sum::<u64>(), WEIGHTS[99]), (408_924_571_486, 3_890_135_310));
	}

	#[test]
	fn a_round_with_less_than_three_quarters_of_its_weight_is_void() {
		let closes = |missing: usize| (0..24).map(|bar| (bar >= missing).then_some(5)).collect::<Vec<_>>();
		// The first bars weigh the most: five of 24 are below a quarter, six above.
		assert!(Truth::new(0, &closes(5)).is_some());
		assert!(Truth::new(0, &closes(6)).is_none());
		assert!(Truth::new(0, &[]).is_none());
		assert!(Truth::new(0, &[Some(1); MAX_HORIZON + 1]).is_none());
		assert!(Truth::new(0, &[None; 24]).is_none());
	}

	#[test]
	fn a_missing_bar_leaves_the_sums() {
		let mut closes = [Some(107); 24];
		closes[3] = None;
		let truth = Truth::new(100, &closes).expect("23 of 24 bars stand");
		let mut forecast = [7; 24];
		forecast[3] = i32::MIN;
		assert_eq!(truth.error(&forecast), Some(0));
		forecast[4] = 8;
		assert!(truth.error(&forecast) > Some(0));
	}

	#[test]
	fn a_forecast_of_another_length_has_no_error() {
		let truth = Truth::new(0, &[Some(0); MAX_HORIZON]).expect("all bars stand");
		assert_eq!([99, 101].map(|values| truth.error(&vec![0; values])), [None, None]);
		assert_eq!(truth.error(&[0; 100]), Some(0));
	}

	#[test]
	fn extreme_prices_and_forecasts_stay_within_the_bound() {
		for (zero, close, value) in [(i64::MIN, i64::MAX, i32::MIN), (i64::MAX, i64::MIN, i32::MAX), (0, i64::MIN, i32::MAX)] {
			let truth = Truth::new(zero, &[Some(close); MAX_HORIZON]).expect("all bars stand");
			let error = truth.error(&[value; MAX_HORIZON]).expect("of the horizon's length");
			assert!((1 << 79..1 << 80).contains(&error), "{error}");
			assert!(root(error) >= (1 << 48) - (1 << 17));
		}
	}

	#[test]
	fn the_zero_of_extreme_closes_does_not_overflow() {
		assert_eq!(zero([Some(i64::MAX), None, Some(i64::MAX)]), Some(i64::MAX));
		assert_eq!(zero([Some(i64::MIN), Some(i64::MIN), None]), Some(i64::MIN));
		assert_eq!(zero([Some(i64::MIN), Some(i64::MAX), None]), Some(-1));
	}
}
