//! Standard functions of optimisation, to try searches on.
//!
//! A coordinate is an integer gene in thousandths, and a fitness is the value of the function in millionths, rounded. Sums, products
//! and square roots are the same on every machine, and all other functions are those of `libm`, so that a fitness is, too.
//!
//! | shape | formula | optimum | source |
//! |---|---|---|---|
//! | sphere | Σ xᵢ² | 0 | De Jong 1975 |
//! | ellipsoid | Σ 10^(6·i/(n−1))·xᵢ², i from 0 on | 0 | Hansen 2016 |
//! | rosenbrock | Σ 100·(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² | 1 | Rosenbrock 1960 |
//! | rastrigin | Σ 10 + xᵢ² − 10·cos 2πxᵢ | 0 | Mühlenbein, Schomisch & Born 1991 |
//! | ackley | 20 + e − 20·exp(−0.2·√(Σ xᵢ²/n)) − exp(Σ cos(2πxᵢ)/n) | 0 | Ackley 1987 |
//! | schwefel | 418.9828872724339·n − Σ xᵢ·sin √\|xᵢ\| | 420.9687 | Schwefel 1981 |
//! | quadratic | Σ (xᵢ − tᵢ)², t drawn from ±5 | t | problem of the first DOIN network |
//!
//! The optimum of a function is in the middle of its space or near it, where some algorithms begin. With a seed it is moved elsewhere.
//!
//! ```
//! use doin_search::landscape::{Landscape, Shape};
//!
//! let rastrigin = Landscape::new(Shape::Rastrigin, 3, None)?;
//! assert_eq!(rastrigin.fitness(&[0, 0, 0])?, 0);
//! assert_eq!(rastrigin.fitness(&[500, 0, 0])?, 20_250_000);
//! # Ok::<(), doin_search::SearchError>(())
//! ```

use crate::{random::Random, GeneRange, SearchError, Space};
use serde::{Deserialize, Serialize};
use std::f64::consts::{E, TAU};

/// Parts of one in a gene.
const RESOLUTION: i64 = 1_000;
/// Parts of one in a fitness.
pub const UNIT: f64 = 1e6;
/// Most dimensions.
const MOST: usize = 256;
/// Stream of the random numbers of an optimum.
const STREAM: u64 = 0;

/// Shape of a landscape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
	/// Sum of squares: one basin, alike in all directions.
	Sphere,
	/// Sum of squares with weights from 1 to a million: one basin, badly scaled.
	Ellipsoid,
	/// Curved valley, whose genes depend on each other.
	Rosenbrock,
	/// Bowl with eleven minima in each dimension.
	Rastrigin,
	/// Plain with many pits around a deep funnel.
	Ackley,
	/// Deep pits far from each other, the deepest near a corner.
	Schwefel,
	/// Sum of squares around a hidden target.
	Quadratic,
}

impl Shape {
	/// Returns all shapes.
	pub const ALL: [Self; 7] =
		[Self::Sphere, Self::Ellipsoid, Self::Rosenbrock, Self::Rastrigin, Self::Ackley, Self::Schwefel, Self::Quadratic];

	/// Returns the name.
	pub fn name(self) -> &'static str {
		match self {
			Self::Sphere => "sphere",
			Self::Ellipsoid => "ellipsoid",
			Self::Rosenbrock => "rosenbrock",
			Self::Rastrigin => "rastrigin",
			Self::Ackley => "ackley",
			Self::Schwefel => "schwefel",
			Self::Quadratic => "quadratic",
		}
	}

	/// Returns the largest value of a gene; the smallest one is its negative.
	fn edge(self) -> i64 {
		match self {
			Self::Sphere | Self::Rastrigin => 5_120,
			Self::Ellipsoid => 5_000,
			Self::Rosenbrock => 2_048,
			Self::Ackley => 32_768,
			Self::Schwefel => 500_000,
			Self::Quadratic => 10_000,
		}
	}

	/// Returns the largest distance by which a seed moves the optimum in each dimension. A function that falls out of its bounds is not
	/// moved.
	fn reach(self) -> i64 {
		match self {
			Self::Schwefel => 0,
			Self::Rosenbrock => self.edge() / 4,
			_ => self.edge() / 2,
		}
	}
}

/// A function over integer genes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Landscape {
	shape: Shape,
	space: Space,
	/// Distance by which the optimum is moved, in the unit of genes.
	shift: Vec<i64>,
}

impl Landscape {
	/// Returns a function of `dimensions` genes. `seed` moves the optimum, apart from that of Schwefel's function. The target of a
	/// quadratic always depends on the seed, which is 0 if there is none.
	///
	/// # Errors
	/// Returns [`SearchError::Dimensions`] if there are no dimensions or more than 256, or one of Rosenbrock's function.
	pub fn new(shape: Shape, dimensions: usize, seed: Option<u64>) -> Result<Self, SearchError> {
		let least = if shape == Shape::Rosenbrock { 2 } else { 1 };
		if !(least..=MOST).contains(&dimensions) {
			return Err(SearchError::Dimensions { dimensions, least, most: MOST });
		}
		let edge = shape.edge();
		let space = Space::new((0..dimensions).map(|at| GeneRange::linear(&format!("x{at}"), -edge, edge)).collect())?;
		let shift = match seed.or((shape == Shape::Quadratic).then_some(0)) {
			None => vec![0; dimensions],
			Some(seed) => {
				let (mut random, reach) = (Random::new(seed, STREAM), shape.reach());
				(0..dimensions).map(|_| random.up_to(2 * reach.unsigned_abs()) as i64 - reach).collect()
			}
		};
		Ok(Self { shape, space, shift })
	}

	/// Returns the shape.
	pub fn shape(&self) -> Shape {
		self.shape
	}

	/// Returns the space.
	pub fn space(&self) -> &Space {
		&self.space
	}

	/// Returns the value of a point in millionths, rounded.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	pub fn fitness(&self, genes: &[i64]) -> Result<u64, SearchError> {
		self.space.check(genes)?;
		// Exact in f64, since coordinates have at most seven digits. The conversion saturates.
		let x: Vec<f64> = genes.iter().zip(&self.shift).map(|(gene, shift)| (gene - shift) as f64 / RESOLUTION as f64).collect();
		Ok((self.value(&x) * UNIT).round() as u64)
	}

	/// Returns the value of the function at `x`.
	fn value(&self, x: &[f64]) -> f64 {
		let n = x.len() as f64;
		let squares = || x.iter().map(|x| x * x).sum::<f64>();
		match self.shape {
			Shape::Sphere | Shape::Quadratic => squares(),
			Shape::Ellipsoid => {
				let weight = |at: usize| libm::pow(10.0, 6.0 * at as f64 / (n - 1.0).max(1.0));
				x.iter().enumerate().map(|(at, x)| weight(at) * x * x).sum()
			}
			Shape::Rosenbrock => {
				let valley = |from: f64, to: f64| 100.0 * (to - from * from) * (to - from * from) + (1.0 - from) * (1.0 - from);
				x.windows(2).map(|pair| valley(pair[0], pair[1])).sum()
			}
			Shape::Rastrigin => x.iter().map(|x| 10.0 + x * x - 10.0 * libm::cos(TAU * x)).sum(),
			Shape::Ackley => {
				let waves = x.iter().map(|x| libm::cos(TAU * x)).sum::<f64>() / n;
				20.0 + E - 20.0 * libm::exp(-0.2 * (squares() / n).sqrt()) - libm::exp(waves)
			}
			Shape::Schwefel => 418.982_887_272_433_9 * n - x.iter().map(|x| x * libm::sin(x.abs().sqrt())).sum::<f64>(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn landscape(shape: Shape, dimensions: usize) -> Landscape {
		Landscape::new(shape, dimensions, None).unwrap()
	}

	fn optimum(landscape: &Landscape) -> Vec<i64> {
		let at = match landscape.shape {
			Shape::Rosenbrock => 1_000,
			Shape::Schwefel => 420_969,
			_ => 0,
		};
		landscape.shift.iter().map(|shift| shift + at).collect()
	}

	#[test]
	fn the_least_value_is_zero_at_the_published_optimum() {
		for shape in Shape::ALL {
			for seed in [None, Some(7)] {
				let landscape = Landscape::new(shape, 4, seed).unwrap();
				let optimum = optimum(&landscape);
				assert_eq!(landscape.fitness(&optimum), Ok(0), "{} {seed:?}", shape.name());
				for at in 0..4 {
					let mut near = optimum.clone();
					near[at] += if shape == Shape::Schwefel { 1_000 } else { 10 };
					assert!(landscape.fitness(&near).unwrap() > 0, "{} {seed:?}", shape.name());
				}
			}
		}
	}

	#[test]
	fn values_are_those_of_the_formulas() {
		for (shape, genes, value) in [
			(Shape::Sphere, [1_000, -2_000, 3_000], 14.0),
			(Shape::Ellipsoid, [1_000, 1_000, 1_000], 1_001_001.0),
			(Shape::Rosenbrock, [0, 0, 0], 2.0),
			(Shape::Rosenbrock, [-1_000, 1_000, 1_000], 4.0),
			(Shape::Rosenbrock, [1_500, 1_000, 1_000], 156.5),
			(Shape::Rastrigin, [1_000, 2_000, -3_000], 14.0),
			(Shape::Rastrigin, [500, 500, 500], 60.75),
			(Shape::Ackley, [1_000, 1_000, 1_000], 3.625_384_938_440_363),
			(Shape::Schwefel, [0, 0, 0], 1_256.948_661_817_3),
		] {
			let fitness = landscape(shape, 3).fitness(&genes).unwrap();
			assert!(fitness.abs_diff((value * UNIT).round() as u64) <= 1, "{} {genes:?}: {fitness}", shape.name());
		}
	}

	#[test]
	fn an_ellipsoid_of_one_dimension_is_a_parabola() {
		assert_eq!(landscape(Shape::Ellipsoid, 1).fitness(&[2_000]), Ok(4_000_000));
	}

	#[test]
	fn a_target_is_hidden_by_its_seed_and_within_reach() {
		let of = |seed| Landscape::new(Shape::Quadratic, 32, seed).unwrap();
		assert_eq!(of(None), of(Some(0)));
		assert_ne!(of(Some(1)), of(Some(2)));
		let shift = of(Some(1)).shift;
		assert!(shift.iter().all(|shift| (-5_000..=5_000).contains(shift)), "{shift:?}");
		assert!(shift.iter().any(|shift| *shift > 2_500) && shift.iter().any(|shift| *shift < -2_500), "{shift:?}");
		assert_eq!(Landscape::new(Shape::Schwefel, 3, Some(5)), Landscape::new(Shape::Schwefel, 3, None));
	}

	#[test]
	fn points_and_dimensions_out_of_range_are_refused() {
		for (shape, dimensions) in [(Shape::Sphere, 0), (Shape::Sphere, 257), (Shape::Rosenbrock, 1)] {
			let refused = Landscape::new(shape, dimensions, None);
			assert!(matches!(refused, Err(SearchError::Dimensions { .. })), "{dimensions}");
		}
		let sphere = landscape(Shape::Sphere, 2);
		assert_eq!(sphere.fitness(&[1]), Err(SearchError::Length { expected: 2, found: 1 }));
		assert!(matches!(sphere.fitness(&[1, 5_121]), Err(SearchError::Outside { .. })));
	}
}
