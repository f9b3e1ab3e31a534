//! Penalties on the weights of a ridge regression.

/// Penalty on the weights of a ridge regression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Penalty {
	/// All weights alike.
	Uniform,
	/// Old steps more than new ones, and what recurs every season less than the rest. A model then averages the seasons of its
	/// window without the phase as an input, and a window of many seasons does not overfit.
	Seasonal,
}

/// Ridge parameters of [`Penalty::Uniform`] that are tried, as powers of two of the mean variance of an input.
const UNIFORM: [i32; 10] = [-24, -20, -17, -14, -12, -10, -8, -6, -4, -2];
/// Ridge parameters of [`Penalty::Seasonal`] that are tried.
const SEASONAL: [i32; 9] = [-12, -8, -6, -4, -3, -2, -1, 0, 1];
/// Part of the penalty that is taken off weights which recur every season.
const RECURRING: f64 = 0.9;
/// Penalty on the weight of the oldest step, less that on the newest, which is 1. Between them it is linear in the age, as priors
/// of autoregressions tighten with the lag (Litterman 1986).
const AGEING: f64 = 3.0;

/// Inputs that a penalty lies on: `steps` steps of each of `channels` channels, channel by channel, oldest step first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inputs {
	/// Steps of each channel.
	pub steps: usize,
	/// Number of channels.
	pub channels: usize,
	/// Steps of one season.
	pub season: usize,
}

impl Penalty {
	/// Returns the ridge parameters that are tried, ascending, as powers of two of the mean variance of an input.
	pub fn parameters(self) -> &'static [i32] {
		match self {
			Self::Uniform => &UNIFORM,
			Self::Seasonal => &SEASONAL,
		}
	}

	/// Adds the penalty, `scale` times, to the second moments `xx` of `inputs`, row-major.
	pub(super) fn add(self, xx: &mut [f64], inputs: Inputs, scale: f64) {
		let Inputs { steps, channels, season } = inputs;
		let n = steps * channels;
		match self {
			Self::Uniform => (0..n).for_each(|i| xx[i * n + i] += scale),
			Self::Seasonal => {
				let block = seasonal(steps, season);
				for channel in 0..channels {
					let first = channel * steps;
					for (i, row) in block.chunks_exact(steps.max(1)).enumerate() {
						let at = (first + i) * n + first;
						xx[at..at + steps].iter_mut().zip(row).for_each(|(xx, penalty)| *xx += scale * penalty);
					}
				}
			}
		}
	}
}

/// Returns the matrix of [`Penalty::Seasonal`] for one channel, row-major: √A·(I − c·P)·√A with the diagonal A of the ages, the
/// projection P on patterns that recur every season, and c = [`RECURRING`]. The newest step, whose input is always 0, is no part
/// of a pattern. A window of less than two whole seasons, and a series without a season, have no patterns.
fn seasonal(steps: usize, season: usize) -> Vec<f64> {
	let newest = steps.saturating_sub(1);
	let age: Vec<f64> = (0..steps).map(|at| (1.0 + AGEING * (newest - at) as f64 / steps as f64).sqrt()).collect();
	let recurs = season > 1 && newest >= 2 * season;
	// Steps of the window at the phase of `at`, without the newest step.
	let count = |at: usize| (newest - at % season).div_ceil(season) as f64;
	let mut matrix = vec![0.0; steps * steps];
	for i in 0..steps {
		matrix[i * steps + i] = age[i] * age[i];
		if recurs && i < newest {
			for j in (i % season..newest).step_by(season) {
				matrix[i * steps + j] -= RECURRING / count(i) * age[i] * age[j];
			}
		}
	}
	matrix
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Returns wᵀ·R·w with the penalty R of `inputs`.
	fn cost(weights: &[f64], inputs: Inputs) -> f64 {
		let n = weights.len();
		let mut matrix = vec![0.0; n * n];
		Penalty::Seasonal.add(&mut matrix, inputs, 1.0);
		(0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| weights[i] * matrix[i * n + j] * weights[j]).sum()
	}

	#[test]
	fn what_recurs_costs_a_tenth() {
		let inputs = Inputs { steps: 25, channels: 1, season: 6 };
		let age = |at: usize| 1.0 + AGEING * (24 - at) as f64 / 25.0;
		let pattern = [3.0, -1.0, 0.5, 2.0, 0.0, 7.0];
		// A pattern of weights that fade with √A recurs.
		let recurring: Vec<f64> = (0..25).map(|at| if at < 24 { pattern[at % 6] / age(at).sqrt() } else { 0.0 }).collect();
		let squares: f64 = (0..24).map(|at| pattern[at % 6] * pattern[at % 6]).sum();
		assert!((cost(&recurring, inputs) - (1.0 - RECURRING) * squares).abs() < 1e-9);
		// A pattern that changes its sign every season costs all of it.
		let alternating: Vec<f64> = recurring.iter().enumerate().map(|(at, w)| if at / 6 % 2 == 0 { *w } else { -w }).collect();
		assert!((cost(&alternating, inputs) - squares).abs() < 1e-9);
	}

	#[test]
	fn old_steps_cost_more_and_channels_do_not_mix() {
		let inputs = Inputs { steps: 8, channels: 2, season: 5 };
		let one = |at: usize| (0..16).map(|i| if i == at { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
		// Without two whole seasons nothing recurs.
		assert_eq!((cost(&one(7), inputs), cost(&one(15), inputs)), (1.0, 1.0));
		assert!((cost(&one(0), inputs) - (1.0 + AGEING * 7.0 / 8.0)).abs() < 1e-12);
		let both: Vec<f64> = one(3).iter().zip(one(11)).map(|(a, b)| a + b).collect();
		assert!((cost(&both, inputs) - 2.0 * cost(&one(3), inputs)).abs() < 1e-12);
	}

	#[test]
	fn every_penalty_is_positive_definite() {
		for (steps, season) in [(1, 1), (2, 1), (7, 3), (25, 12), (24, 12), (40, 1), (60, 7)] {
			for penalty in [Penalty::Uniform, Penalty::Seasonal] {
				let mut matrix = vec![0.0; steps * steps];
				penalty.add(&mut matrix, Inputs { steps, channels: 1, season }, 1.0);
				assert!(crate::train::linalg::cholesky(&matrix, steps).is_some(), "{penalty:?} {steps} {season}");
			}
		}
	}
}
