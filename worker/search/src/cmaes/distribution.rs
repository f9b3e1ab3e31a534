//! The normal distribution of CMA-ES, and its update.

use crate::random::Random;
use serde::{Deserialize, Serialize};

/// Condition number, largest diagonal entry by smallest, above which a distribution is degenerate.
const MOST_CONDITION: f64 = 1e14;
/// Step size below which a distribution is degenerate: a position has 32 bits.
const LEAST_SIGMA: f64 = 1e-10;

/// Origin of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
	/// The distribution itself.
	Own,
	/// The whole space, a suggestion, or another island or author.
	Elsewhere,
}

/// A normal distribution with mean m, step size σ and covariance σ²·C.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Bits", into = "Bits")]
pub(super) struct Distribution {
	mean: Vec<f64>,
	sigma: f64,
	/// Rows of C.
	covariance: Vec<Vec<f64>>,
	/// Rows of the lower triangle A with A·Aᵀ = C.
	factor: Vec<Vec<f64>>,
	/// Path of the step size.
	path_sigma: Vec<f64>,
	/// Path of the covariance.
	path_c: Vec<f64>,
	/// Number of updates.
	updates: i32,
}

/// A distribution as the bits of its numbers: a decimal number is not always read as the one that was written.
#[derive(Serialize, Deserialize)]
struct Bits {
	mean: Vec<u64>,
	sigma: u64,
	covariance: Vec<Vec<u64>>,
	factor: Vec<Vec<u64>>,
	path_sigma: Vec<u64>,
	path_c: Vec<u64>,
	updates: i32,
}

/// Returns the bits of numbers.
fn bits_of(numbers: &[f64]) -> Vec<u64> {
	numbers.iter().map(|number| number.to_bits()).collect()
}

/// Returns the numbers of bits.
fn numbers_of(bits: &[u64]) -> Vec<f64> {
	bits.iter().map(|bits| f64::from_bits(*bits)).collect()
}

impl From<Distribution> for Bits {
	fn from(distribution: Distribution) -> Self {
		let rows = |rows: &[Vec<f64>]| rows.iter().map(|row| bits_of(row)).collect();
		Self {
			mean: bits_of(&distribution.mean),
			sigma: distribution.sigma.to_bits(),
			covariance: rows(&distribution.covariance),
			factor: rows(&distribution.factor),
			path_sigma: bits_of(&distribution.path_sigma),
			path_c: bits_of(&distribution.path_c),
			updates: distribution.updates,
		}
	}
}

impl From<Bits> for Distribution {
	fn from(bits: Bits) -> Self {
		let rows = |rows: &[Vec<u64>]| rows.iter().map(|row| numbers_of(row)).collect();
		Self {
			mean: numbers_of(&bits.mean),
			sigma: f64::from_bits(bits.sigma),
			covariance: rows(&bits.covariance),
			factor: rows(&bits.factor),
			path_sigma: numbers_of(&bits.path_sigma),
			path_c: numbers_of(&bits.path_c),
			updates: bits.updates,
		}
	}
}

/// Parameters of an update (Hansen 2016, table 1).
struct Rates {
	weights: Vec<f64>,
	mu_eff: f64,
	c_sigma: f64,
	d_sigma: f64,
	c_c: f64,
	c_1: f64,
	c_mu: f64,
	/// Expectation of the length of a standard normal vector.
	chi: f64,
}

impl Rates {
	/// Returns the parameters for `genes` genes and `lambda` candidates. The weights of the worse half are 0.
	fn new(genes: usize, lambda: usize) -> Self {
		let (n, half) = (genes as f64, (lambda as f64 + 1.0) / 2.0);
		let raw: Vec<f64> = (1..=lambda / 2).map(|rank| libm::log(half) - libm::log(rank as f64)).collect();
		let sum: f64 = raw.iter().sum();
		let weights: Vec<f64> = raw.iter().map(|weight| weight / sum).collect();
		let mu_eff = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
		let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
		let c_1 = 2.0 / ((n + 1.3) * (n + 1.3) + mu_eff);
		Self {
			c_sigma,
			d_sigma: 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma,
			c_c: (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n),
			c_1,
			c_mu: (2.0 * (0.25 + mu_eff + 1.0 / mu_eff - 2.0) / ((n + 2.0) * (n + 2.0) + mu_eff)).min(1.0 - c_1),
			chi: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
			weights,
			mu_eff,
		}
	}
}

impl Distribution {
	/// Returns the distribution with the covariance σ²·I.
	pub fn new(mean: Vec<f64>, sigma: f64) -> Self {
		let genes = mean.len();
		let identity: Vec<Vec<f64>> =
			(0..genes).map(|row| (0..genes).map(|column| f64::from(u8::from(row == column))).collect()).collect();
		Self {
			mean,
			sigma,
			factor: identity.clone(),
			covariance: identity,
			path_sigma: vec![0.0; genes],
			path_c: vec![0.0; genes],
			updates: 0,
		}
	}

	/// Returns a point of the distribution.
	pub fn sample(&self, random: &mut Random) -> Vec<f64> {
		let normal: Vec<f64> = self.mean.iter().map(|_| random.normal()).collect();
		let step = |row: &Vec<f64>| row.iter().zip(&normal).map(|(a, z)| a * z).sum::<f64>();
		self.mean.iter().zip(&self.factor).map(|(mean, row)| mean + self.sigma * step(row)).collect()
	}

	/// Updates the distribution by `points`, best first.
	pub fn update(&mut self, points: &[(Vec<f64>, Origin)]) {
		let rates = Rates::new(self.mean.len(), points.len());
		let n = self.mean.len() as f64;
		// A point from elsewhere has at most the length of a rare sample, so that it does not tear the distribution (Hansen 2011).
		let longest = n.sqrt() + 2.0 * n / (n + 2.0);
		let length_of = |origin: &Origin| if *origin == Origin::Own { f64::MAX } else { longest };
		let better = points.iter().take(rates.weights.len());
		let steps: Vec<_> = better.map(|(point, origin)| self.step_to(point, length_of(origin))).collect();
		let mean_of = |of: fn(&(Vec<f64>, Vec<f64>)) -> &Vec<f64>| -> Vec<f64> {
			let sum = |at: usize| steps.iter().zip(&rates.weights).map(|(step, weight)| weight * of(step)[at]).sum();
			(0..self.mean.len()).map(sum).collect()
		};
		let (step, normal) = (mean_of(|step| &step.0), mean_of(|step| &step.1));
		self.updates += 1;
		let share = (rates.c_sigma * (2.0 - rates.c_sigma) * rates.mu_eff).sqrt();
		for (path, z) in self.path_sigma.iter_mut().zip(&normal) {
			*path = (1.0 - rates.c_sigma) * *path + share * z;
		}
		let length = self.path_sigma.iter().map(|path| path * path).sum::<f64>().sqrt();
		let settled = 1.0 - power(1.0 - rates.c_sigma, 2 * self.updates);
		let is_short = length / settled.sqrt() < (1.4 + 2.0 / (n + 1.0)) * rates.chi;
		let share = if is_short { (rates.c_c * (2.0 - rates.c_c) * rates.mu_eff).sqrt() } else { 0.0 };
		for (path, y) in self.path_c.iter_mut().zip(&step) {
			*path = (1.0 - rates.c_c) * *path + share * y;
		}
		for (mean, y) in self.mean.iter_mut().zip(&step) {
			*mean = (*mean + self.sigma * y).clamp(0.0, 1.0);
		}
		let lost = if is_short { 0.0 } else { rates.c_1 * rates.c_c * (2.0 - rates.c_c) };
		let kept = 1.0 - rates.c_1 - rates.c_mu + lost;
		for row in 0..self.mean.len() {
			for column in 0..self.mean.len() {
				let rank_mu: f64 =
					steps.iter().zip(&rates.weights).map(|(step, weight)| weight * step.0[row] * step.0[column]).sum();
				let rank_one = self.path_c[row] * self.path_c[column];
				let entry = &mut self.covariance[row][column];
				*entry = kept * *entry + rates.c_1 * rank_one + rates.c_mu * rank_mu;
			}
		}
		self.sigma *= libm::exp(((rates.c_sigma / rates.d_sigma) * (length / rates.chi - 1.0)).min(1.0));
		self.factorize();
	}

	/// Returns the step y = (x − m)/σ to a point, and the normal vector z with A·z = y, both shortened so that z has at most the length
	/// `longest`.
	fn step_to(&self, point: &[f64], longest: f64) -> (Vec<f64>, Vec<f64>) {
		let mut step: Vec<f64> = point.iter().zip(&self.mean).map(|(x, m)| (x - m) / self.sigma).collect();
		let mut normal: Vec<f64> = Vec::with_capacity(step.len());
		for (row, y) in self.factor.iter().zip(&step) {
			let before: f64 = row.iter().zip(&normal).map(|(a, z)| a * z).sum();
			normal.push((y - before) / row[normal.len()]);
		}
		let length = normal.iter().map(|z| z * z).sum::<f64>().sqrt();
		if length > longest {
			step.iter_mut().chain(&mut normal).for_each(|number| *number *= longest / length);
		}
		(step, normal)
	}

	/// Keeps the standard deviation of each gene above half of the share that one value has, so that no gene stops to move while
	/// others do.
	pub fn keep_wider_than(&mut self, cells: &[f64]) {
		let mut is_changed = false;
		for (at, cell) in cells.iter().enumerate() {
			let least = (0.5 * cell / self.sigma) * (0.5 * cell / self.sigma);
			if self.covariance[at][at] < least {
				self.covariance[at][at] = least;
				is_changed = true;
			}
		}
		if is_changed {
			self.factorize();
		}
	}

	/// Computes A from C (Cholesky). A direction that rounding has made negative gets the least positive width.
	fn factorize(&mut self) {
		for row in 0..self.mean.len() {
			for column in 0..=row {
				let before: f64 = (0..column).map(|at| self.factor[row][at] * self.factor[column][at]).sum();
				let rest = self.covariance[row][column] - before;
				self.factor[row][column] =
					if row == column { rest.max(1e-20).sqrt() } else { rest / self.factor[column][column] };
			}
		}
	}

	/// Returns `true` if the distribution cannot find anything any more.
	pub fn is_degenerate(&self) -> bool {
		let diagonal = || self.covariance.iter().enumerate().map(|(at, row)| row[at]);
		let (least, most) = (diagonal().fold(f64::MAX, f64::min), diagonal().fold(0.0, f64::max));
		!self.sigma.is_finite() || self.sigma * most.sqrt() < LEAST_SIGMA || most > MOST_CONDITION * least
	}
}

/// Returns `base` to the power of `exponent`, by squaring, the same on every machine.
fn power(mut base: f64, mut exponent: i32) -> f64 {
	let mut result = 1.0;
	while exponent > 0 {
		if exponent & 1 == 1 {
			result *= base;
		}
		base *= base;
		exponent >>= 1;
	}
	result
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_parameters_are_those_of_the_tutorial() {
		// n = 10, λ = 10, from the tutorial's formulas (49), (53) and (55) by hand.
		let rates = Rates::new(10, 10);
		assert!((rates.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
		assert!((rates.mu_eff - 3.167_299).abs() < 1e-6, "{}", rates.mu_eff);
		assert!((rates.chi - 3.084_727).abs() < 1e-6, "{}", rates.chi);
		assert_eq!(rates.weights.len(), 5);
	}

	#[test]
	fn samples_have_the_covariance() {
		let mut distribution = Distribution::new(vec![0.5, 0.5], 0.1);
		distribution.covariance = vec![vec![4.0, 1.0], vec![1.0, 1.0]];
		distribution.factorize();
		let mut random = Random::new(1, 0);
		let points: Vec<Vec<f64>> = (0..20_000).map(|_| distribution.sample(&mut random)).collect();
		let moment = |a: usize, b: usize| points.iter().map(|point| (point[a] - 0.5) * (point[b] - 0.5)).sum::<f64>() / 20_000.0;
		for (found, expected) in [(moment(0, 0), 0.04), (moment(0, 1), 0.01), (moment(1, 1), 0.01)] {
			assert!((found - expected).abs() < 0.05 * expected, "{found} {expected}");
		}
	}

	#[test]
	fn a_point_from_elsewhere_moves_the_mean_by_a_bounded_step() {
		let mut distribution = Distribution::new(vec![0.5, 0.5], 0.01);
		let near = (vec![0.5, 0.5], Origin::Own);
		distribution.update(&[(vec![1.0, 1.0], Origin::Elsewhere), near.clone(), near.clone(), near]);
		assert!(distribution.mean[0] > 0.5 && distribution.mean[0] < 0.53, "{distribution:?}");
	}

	#[test]
	fn a_power_is_the_product() {
		assert_eq!(power(0.5, 3), 0.125);
		assert_eq!(power(0.5, 0), 1.0);
	}
}
