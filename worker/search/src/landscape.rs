//! Landscapes of [`doin_scoring::landscape`] as search problems, to try searches on.
//!
//! A coordinate is an integer gene in thousandths, and a fitness is the value of the function in millionths. The chain computes the same
//! numbers for a domain of the same function.
//!
//! ```
//! use doin_search::landscape::{Landscape, Shape};
//!
//! let rastrigin = Landscape::new(Shape::Rastrigin, 3, None)?;
//! assert_eq!(rastrigin.fitness(&[0, 0, 0])?, 0);
//! assert_eq!(rastrigin.fitness(&[500, 0, 0])?, 20_250_000);
//! # Ok::<(), doin_search::SearchError>(())
//! ```

pub use doin_scoring::landscape::Shape;

use crate::{GeneRange, SearchError, Space};
use doin_scoring::{landscape, program::MAX_DIMENSIONS};
use serde::Serialize;

/// Parts of one in a fitness.
pub const UNIT: f64 = landscape::UNIT as f64;

/// A function over integer genes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Landscape {
	function: landscape::Landscape,
	space: Space,
}

impl Landscape {
	/// Returns a function of `dimensions` genes. `seed` moves the optimum, apart from that of Schwefel's function. The target of a
	/// quadratic always depends on the seed, which is 0 if there is none.
	///
	/// # Errors
	/// Returns [`SearchError::Dimensions`] if there are no dimensions or more than 256, or one of Rosenbrock's function.
	pub fn new(shape: Shape, dimensions: usize, seed: Option<u64>) -> Result<Self, SearchError> {
		let seed = seed.or((shape == Shape::Quadratic).then_some(0)).filter(|_| shape.reach() > 0);
		let function = u16::try_from(dimensions).ok().map(|dimensions| landscape::Landscape { shape, dimensions, seed });
		let Some(function) = function.filter(landscape::Landscape::is_defined) else {
			let (least, most) = (usize::from(shape.least_dimensions()), MAX_DIMENSIONS as usize);
			return Err(SearchError::Dimensions { dimensions, least, most });
		};
		let edge = i64::from(shape.edge());
		let space = Space::new((0..dimensions).map(|at| GeneRange::linear(&format!("x{at}"), -edge, edge)).collect())?;
		Ok(Self { function, space })
	}

	/// Returns the shape.
	pub fn shape(&self) -> Shape {
		self.function.shape
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
		// The bounds of a space fit 32 bits.
		let point: Vec<i32> = genes.iter().map(|gene| i32::try_from(*gene).unwrap_or(0)).collect();
		Ok(self.function.value(&point))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn landscape(shape: Shape, dimensions: usize) -> Landscape {
		Landscape::new(shape, dimensions, None).unwrap()
	}

	fn optimum(landscape: &Landscape) -> Vec<i64> {
		landscape.function.optimum().into_iter().map(i64::from).collect()
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
			assert_eq!(fitness, (value * UNIT).round() as u64, "{} {genes:?}", shape.name());
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
		let shift = of(Some(1)).function.shifts();
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
