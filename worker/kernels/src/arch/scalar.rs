//! No vectors: the reference of every operation, value by value.

use crate::Operation;

/// Any processor, without vectors. Slow; every other architecture is tested against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar;

impl Scalar {
	/// Runs the reference of `operation`.
	#[inline(never)]
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		operation.reference()
	}
}
