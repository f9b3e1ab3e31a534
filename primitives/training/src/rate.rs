//! Learning rate of a training run.

use crate::lion::MAX_RATE_SHIFT;

/// A learning rate that falls linearly from 2^`shift` to a 128th of it, by additions only. Rates are in units of 2⁻²⁰.
#[derive(Clone, Debug)]
pub struct LearningRate {
	/// Rate of the next step, Q16.
	rate: i64,
	/// Decrease per step, Q16.
	fall: i64,
	/// Smallest rate, Q16.
	last: i64,
}

impl LearningRate {
	/// Returns the schedule over `steps` steps whose first rate is 2^`shift`, at most 2^[`MAX_RATE_SHIFT`].
	pub fn new(shift: u8, steps: u32) -> Self {
		let first = (1i64 << 16).wrapping_shl(shift.min(MAX_RATE_SHIFT).into());
		let last = (first >> 7).max(1 << 16);
		let fall = first.wrapping_sub(last).checked_div(steps.max(1).into()).unwrap_or(0);
		Self { rate: first, fall, last }
	}

	/// Returns the next rate, the decrease per step and the smallest rate, in Q16.
	pub fn parts(&self) -> [i32; 3] {
		// At most 2^(16 + MAX_RATE_SHIFT).
		[self.rate, self.fall, self.last].map(|part| part as i32)
	}

	/// Returns the rate of the next step, and moves on to the one after it.
	pub fn advance(&mut self) -> i32 {
		let rate = self.rate;
		self.rate = rate.wrapping_sub(self.fall).max(self.last);
		(rate >> 16) as i32
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_rate_falls_linearly() {
		let mut schedule = LearningRate::new(10, 100);
		let rates: Vec<i32> = (0..120).map(|_| schedule.advance()).collect();
		assert_eq!((rates[0], rates[50], rates[119]), (1024, 516, 8));
		assert!(rates.windows(2).all(|pair| (0..=11).contains(&(pair[0] - pair[1]))));
	}
}
