//! Running averages of errors.

use crate::Error;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Binary digits of the memory of an average: each new value counts 1/1 024.
const MEMORY_BITS: u32 = 10;

/// Average of errors, in which each new value counts 1/1 024. Stored as 1 024 times the average, so small changes are not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Average(u128);

impl Average {
	/// Returns an average that starts from `value`. Exact below 2¹¹⁸; larger values saturate.
	pub fn new(value: Error) -> Self {
		Self(value.saturating_mul(1 << MEMORY_BITS))
	}

	/// Returns the average, rounded down.
	pub fn get(self) -> Error {
		self.0 >> MEMORY_BITS
	}

	/// Moves the average by 1/1 024 of its distance to `value`.
	pub fn observe(&mut self, value: Error) {
		self.0 = self.0.saturating_sub(self.get()).saturating_add(value);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_constant_stays_and_a_new_value_counts_a_1024th() {
		let mut average = Average::new(1_024);
		average.observe(1_024);
		assert_eq!(average.get(), 1_024);
		average.observe(3_072);
		assert_eq!(average.get(), 1_026);
	}

	#[test]
	fn it_reaches_small_and_large_values() {
		let mut average = Average::new(1 << 79);
		for _ in 0..100_000 {
			average.observe(0);
		}
		assert_eq!(average.get(), 0);
		for _ in 0..100_000 {
			average.observe((1 << 80) - 1);
		}
		assert!(average.get() >= (1 << 80) - 1_024);
		assert_eq!(Average::new(u128::MAX).get(), u128::MAX >> MEMORY_BITS, "saturates");
	}
}
