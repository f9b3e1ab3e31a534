//! Losses: errors relative to the initial champion's, which has [`INITIAL_LOSS`].

use doin_primitives::domain::INITIAL_LOSS;

/// Returns the improvement of `loss` over the initial champion, in percent of the initial champion's error; negative for a
/// worse model.
pub fn percent_better(loss: u64) -> f64 {
	100.0 * (1.0 - relative(loss))
}

/// Returns `loss` as a fraction of the initial champion's error.
pub fn relative(loss: u64) -> f64 {
	loss as f64 / f64::from(INITIAL_LOSS)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn losses_are_percentages_of_the_initial_champions_error() {
		let one = u64::from(INITIAL_LOSS);
		assert_eq!([0, one / 4, one, 2 * one].map(percent_better), [100.0, 75.0, 0.0, -100.0]);
		assert_eq!([0, one / 4, one].map(relative), [0.0, 0.25, 1.0]);
	}
}
