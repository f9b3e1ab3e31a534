//! Standard functions of optimisation, in integers.
//!
//! A coordinate is an integer in thousandths, and a value an integer in millionths. Intermediate results have 60 fractional bits and are
//! rounded once, at the end, so a value is that of the formula to within one millionth, and the same on every machine.
//!
//! | shape | formula | optimum | source |
//! |---|---|---|---|
//! | sphere | Σ xᵢ² | 0 | De Jong 1975 |
//! | ellipsoid | Σ 10^(6·i/(n−1))·xᵢ², i from 0 on | 0 | Hansen 2016 |
//! | rosenbrock | Σ 100·(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² | 1 | Rosenbrock 1960 |
//! | rastrigin | Σ 10 + xᵢ² − 10·cos 2πxᵢ | 0 | Mühlenbein, Schomisch & Born 1991 |
//! | ackley | 20 + e − 20·exp(−0.2·√(Σ xᵢ²/n)) − exp(Σ cos(2πxᵢ)/n) | 0 | Ackley 1987 |
//! | schwefel | 418.9828872724338·n − Σ xᵢ·sin √\|xᵢ\| | 420.9687 | Schwefel 1981 |
//! | quadratic | Σ (xᵢ − tᵢ)², t drawn from ±5 | t | problem of the first DOIN network |
//!
//! The optimum of a function is in the middle of its space or near it, where some algorithms begin. With a seed it is moved elsewhere.
//!
//! A value is exact, so a landscape has no samples. It is split into [`LANDSCAPE_CHUNKS`] equal chunk sums, so that draws, settlements
//! and challenges handle it as any other program. Ackley's function is no sum over coordinates, so a coordinate is not a chunk.

use crate::{
	model::ModelError,
	philox::{purpose, Stream},
	program::{ProgramError, CHUNKS, MAX_DIMENSIONS},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use serde_with::{As, DisplayFromStr};

/// Parts of one in a coordinate.
pub const RESOLUTION: i32 = 1_000;
/// Parts of one in a value.
pub const UNIT: u64 = 1_000_000;
/// Number of chunks of a landscape, the least that is admitted.
pub const LANDSCAPE_CHUNKS: u16 = *CHUNKS.start();
/// Multiply-accumulates that take longer than the value of a function of [`MAX_DIMENSIONS`] coordinates: half of those of the most expensive
/// chunk of the smallest size class. A coordinate takes two random numbers, and a Taylor series of ten terms or a square root.
pub const VALUE_MACS: u64 = 1 << 19;
/// Largest chunk sum: the next number marks a chunk without evidence.
const MAX_SUM: u64 = u32::MAX as u64 - 1;
/// Largest value that the chunk sums of a landscape hold, in millionths.
const MAX_VALUE: u64 = MAX_SUM * LANDSCAPE_CHUNKS as u64;

/// Largest value of a coordinate of Rastrigin's function beside its square, in millionths.
const RASTRIGIN_WAVE: u64 = 20 * UNIT;
/// A value above that of Ackley's function, 20 + e − 1/e at most, in millionths.
const ACKLEY_MOST: u64 = 23 * UNIT;
/// A value above that of a coordinate of Schwefel's function, in millionths.
const SCHWEFEL_MOST: u64 = 838 * UNIT;

/// Fractional bits of intermediate results.
const FRAC: u32 = 60;
/// One, in parts of 2⁻⁶⁰.
const ONE: i128 = 1 << FRAC;
/// 2π, in the same parts.
const TAU: i128 = 7_244_019_458_077_122_842;
/// 1/2π, with 64 fractional bits.
const TURNS_PER_RADIAN: u128 = 2_935_890_503_282_001_226;
/// ln 2, in the same parts.
const LN_2: i128 = 799_144_290_325_165_979;
/// 6·ln 10, in the same parts: the logarithm of the weight of the last coordinate of the ellipsoid.
const LN_MILLION: i128 = 15_928_199_219_399_950_882;
/// Largest value of x·sin √|x| for |x| ≤ 500, in millionths, with 60 fractional bits.
const SCHWEFEL: i128 = 483_054_380_798_655_224_515_646_297;
/// Number of terms of the Taylor series: the next one is below the last bit for the angles and exponents that they are computed for.
const TERMS: i64 = 22;

/// Shape of a landscape.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
	/// Sum of squares: one basin, alike in all directions.
	#[codec(index = 0)]
	Sphere,
	/// Sum of squares with weights from 1 to a million: one basin, badly scaled. Its values are too large for chunk sums, so it cannot be
	/// registered.
	#[codec(index = 1)]
	Ellipsoid,
	/// Curved valley, whose coordinates depend on each other.
	#[codec(index = 2)]
	Rosenbrock,
	/// Bowl with eleven minima in each dimension.
	#[codec(index = 3)]
	Rastrigin,
	/// Plain with many pits around a deep funnel.
	#[codec(index = 4)]
	Ackley,
	/// Deep pits far from each other, the deepest near a corner.
	#[codec(index = 5)]
	Schwefel,
	/// Sum of squares around a target that a seed draws.
	#[codec(index = 6)]
	Quadratic,
}

/// Standard function of optimisation over points, whose value is the error of a point.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Landscape {
	/// Shape of the function.
	pub shape: Shape,
	/// Number of coordinates.
	pub dimensions: u16,
	/// Seed that moves the optimum, apart from that of Schwefel's function, which would fall out of its bounds. The target of a quadratic
	/// always depends on the seed, which is 0 if there is none.
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	pub seed: Option<u64>,
}

impl Shape {
	/// All shapes.
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

	/// Returns the largest coordinate, in thousandths; the smallest one is its negative.
	pub fn edge(self) -> i32 {
		match self {
			Self::Sphere | Self::Rastrigin => 5_120,
			Self::Ellipsoid => 5_000,
			Self::Rosenbrock => 2_048,
			Self::Ackley => 32_768,
			Self::Schwefel => 500_000,
			Self::Quadratic => 10_000,
		}
	}

	/// Returns the largest distance by which a seed moves the optimum in each dimension, in thousandths.
	pub fn reach(self) -> i32 {
		match self {
			Self::Schwefel => 0,
			Self::Rosenbrock => self.edge() / 4,
			Self::Sphere | Self::Ellipsoid | Self::Rastrigin | Self::Ackley | Self::Quadratic => self.edge() / 2,
		}
	}

	/// Returns the least number of coordinates.
	pub fn least_dimensions(self) -> u16 {
		match self {
			Self::Rosenbrock => 2,
			Self::Sphere | Self::Ellipsoid | Self::Rastrigin | Self::Ackley | Self::Schwefel | Self::Quadratic => 1,
		}
	}

	/// Returns a coordinate of the optimum that is not moved, in thousandths, rounded.
	fn optimum(self) -> i32 {
		match self {
			Self::Rosenbrock => RESOLUTION,
			Self::Schwefel => 420_969,
			Self::Sphere | Self::Ellipsoid | Self::Rastrigin | Self::Ackley | Self::Quadratic => 0,
		}
	}
}

impl Landscape {
	/// Returns `true` if the function is defined for this number of coordinates: at most [`MAX_DIMENSIONS`], and at least two of
	/// Rosenbrock's function.
	pub fn is_defined(&self) -> bool {
		self.dimensions >= self.shape.least_dimensions() && u32::from(self.dimensions) <= MAX_DIMENSIONS
	}

	/// Checks that the function is defined, and that its chunk sums hold every value: those of Rosenbrock's function for at most 17
	/// coordinates, those of Schwefel's for at most 164, those of an ellipsoid never.
	///
	/// # Errors
	///
	/// Fails with [`ProgramError::Landscape`] if one of both is not so.
	pub fn check(&self) -> Result<(), ProgramError> {
		(self.is_defined() && self.most() <= MAX_VALUE).then_some(()).ok_or(ProgramError::Landscape)
	}

	/// Checks that `point` has the coordinates of the function, within its bounds.
	///
	/// # Errors
	///
	/// Fails with [`ModelError::Shape`] for another number of coordinates, and with [`ModelError::Weight`] for a coordinate outside.
	pub fn admit(&self, point: &[i32]) -> Result<(), ModelError> {
		let edge = self.shape.edge().unsigned_abs();
		(point.len() == usize::from(self.dimensions)).then_some(()).ok_or(ModelError::Shape)?;
		point.iter().all(|x| x.unsigned_abs() <= edge).then_some(()).ok_or(ModelError::Weight)
	}

	/// Returns the distances by which the optimum is moved, in thousandths: uniform numbers of stream 0 of [`purpose::SEARCH`], which no
	/// search reads, each from the next two words.
	pub fn shifts(&self) -> Vec<i32> {
		let reach = u64::from(self.shape.reach().unsigned_abs());
		let seed = self.seed.or((self.shape == Shape::Quadratic).then_some(0)).filter(|_| reach > 0);
		let mut bytes = [0; 32];
		for (byte, of_seed) in bytes.iter_mut().zip(seed.unwrap_or(0).to_le_bytes()) {
			*byte = of_seed;
		}
		let mut stream = Stream::new(&bytes, purpose::SEARCH, 0);
		let count = u128::from(reach.wrapping_mul(2).wrapping_add(1));
		let mut drawn = || {
			let word = u64::from(stream.next_u32()) << 32 | u64::from(stream.next_u32());
			// Below `count`, at most 2¹⁹.
			(u128::from(word).wrapping_mul(count) >> 64) as i32
		};
		let shift = |_| seed.map_or(0, |_| drawn().wrapping_sub(self.shape.reach()));
		(0..self.dimensions).map(shift).collect()
	}

	/// Returns the point with the least value, rounded to thousandths.
	pub fn optimum(&self) -> Vec<i32> {
		self.shifts().into_iter().map(|shift| shift.wrapping_add(self.shape.optimum())).collect()
	}

	/// Returns the value of the function at `point`, in millionths, rounded. A coordinate that `point` lacks is 0, and one outside the
	/// bounds is moved to the nearest bound. Further coordinates are ignored.
	///
	/// ```
	/// use doin_scoring::landscape::{Landscape, Shape};
	/// let rastrigin = Landscape { shape: Shape::Rastrigin, dimensions: 3, seed: None };
	/// assert_eq!(rastrigin.value(&[0, 0, 0]), 0);
	/// assert_eq!(rastrigin.value(&[500, 0, 0]), 20_250_000);
	/// ```
	pub fn value(&self, point: &[i32]) -> u64 {
		let edge = self.shape.edge();
		let given = point.iter().copied().chain(core::iter::repeat(0));
		let moved = |(x, shift): (i32, i32)| i128::from(x.clamp(edge.wrapping_neg(), edge).wrapping_sub(shift));
		let x: Vec<i128> = given.zip(self.shifts()).map(moved).collect();
		// The largest value, that of the ellipsoid, is below 2⁵⁴, so results with fractional bits fit 128 bits.
		let value = match self.shape {
			Shape::Sphere | Shape::Quadratic => squares(&x) << FRAC,
			Shape::Ellipsoid => ellipsoid(&x),
			Shape::Rosenbrock => rosenbrock(&x),
			Shape::Rastrigin => rastrigin(&x),
			Shape::Ackley => ackley(&x),
			Shape::Schwefel => schwefel(&x),
		};
		u64::try_from(value.wrapping_add(ONE >> 1) >> FRAC).unwrap_or(0)
	}

	/// Returns a value that no point exceeds, in millionths.
	fn most(&self) -> u64 {
		let furthest = u64::from(self.shape.edge().saturating_add(self.shape.reach()).unsigned_abs());
		let square = furthest.saturating_mul(furthest);
		let each = match self.shape {
			Shape::Sphere | Shape::Quadratic => square,
			Shape::Ellipsoid => square.saturating_mul(1_000_000),
			Shape::Rosenbrock => {
				let distance = square.saturating_add(furthest.saturating_mul(1_000));
				let slope = furthest.saturating_add(1_000);
				distance.saturating_mul(distance).div_ceil(10_000).saturating_add(slope.saturating_mul(slope))
			}
			Shape::Rastrigin => square.saturating_add(RASTRIGIN_WAVE),
			// For all coordinates together.
			Shape::Ackley => return ACKLEY_MOST,
			Shape::Schwefel => SCHWEFEL_MOST,
		};
		// Rosenbrock's function has a term for each pair of neighbours.
		let terms = self.dimensions.saturating_sub(self.shape.least_dimensions()).saturating_add(1);
		each.saturating_mul(terms.into())
	}
}

/// Returns part `index` of `value`: one of [`LANDSCAPE_CHUNKS`] numbers that differ by at most one, and whose sum is `value` (Hermite's
/// identity). Returns 0 beyond the last chunk, and saturates below [`NO_EVIDENCE`](crate::verdict::NO_EVIDENCE).
///
/// ```
/// use doin_scoring::landscape::chunk_sum;
/// assert_eq!([0, 30, 31, 32].map(|index| chunk_sum(66, index)), [2, 3, 3, 0]);
/// ```
pub fn chunk_sum(value: u64, index: u16) -> u32 {
	if index >= LANDSCAPE_CHUNKS {
		return 0;
	}
	let part = value.saturating_add(index.into()).checked_div(LANDSCAPE_CHUNKS.into()).unwrap_or(0);
	part.min(MAX_SUM) as u32
}

/// Returns Σ xᵢ² in millionths.
fn squares(x: &[i128]) -> i128 {
	x.iter().fold(0, |sum: i128, x| sum.wrapping_add(x.wrapping_mul(*x)))
}

/// Returns the number of coordinates, at least 1.
fn count(x: &[i128]) -> i128 {
	x.len().max(1) as i128
}

/// Returns the value of the ellipsoid in millionths.
fn ellipsoid(x: &[i128]) -> i128 {
	let last = count(x).wrapping_sub(1).max(1);
	let weighted = x.iter().zip(0i128..).map(|(x, index)| {
		let weight = exp(LN_MILLION.wrapping_mul(index).checked_div(last).unwrap_or(0));
		weight.wrapping_mul(x.wrapping_mul(*x))
	});
	weighted.fold(0, i128::wrapping_add)
}

/// Returns the value of Rosenbrock's function in millionths.
fn rosenbrock(x: &[i128]) -> i128 {
	let pairs = x.iter().zip(x.iter().skip(1)).map(|(from, to)| {
		// In millionths; its square times 100 is in 10⁻¹⁰.
		let distance = to.wrapping_mul(1_000).wrapping_sub(from.wrapping_mul(*from));
		let slope = 1_000i128.wrapping_sub(*from);
		let valley = (distance.wrapping_mul(distance) << FRAC).wrapping_div(10_000);
		valley.wrapping_add(slope.wrapping_mul(slope) << FRAC)
	});
	pairs.fold(0, i128::wrapping_add)
}

/// Returns the value of Rastrigin's function in millionths.
fn rastrigin(x: &[i128]) -> i128 {
	let waves = x.iter().map(|x| {
		let wave = ONE.wrapping_sub(cosine(turns(*x))).wrapping_mul(10_000_000);
		wave.wrapping_add(x.wrapping_mul(*x) << FRAC)
	});
	waves.fold(0, i128::wrapping_add)
}

/// Returns the value of Ackley's function in millionths.
fn ackley(x: &[i128]) -> i128 {
	// The mean of squares with 80 fractional bits, below 2¹¹².
	let mean = (squares(x) << 80).checked_div(count(x).wrapping_mul(1_000_000)).unwrap_or(0);
	// Its root has 40.
	let root = mean.unsigned_abs().isqrt() as i128;
	let funnel = exp((root << 20).wrapping_div(5).wrapping_neg());
	let waves = x.iter().fold(0, |sum: i128, x| sum.wrapping_add(cosine(turns(*x)))).checked_div(count(x)).unwrap_or(0);
	let constant = ONE.wrapping_mul(20).wrapping_add(exp(ONE));
	constant.wrapping_sub(funnel.wrapping_mul(20)).wrapping_sub(exp(waves)).wrapping_mul(1_000_000)
}

/// Returns the value of Schwefel's function in millionths.
fn schwefel(x: &[i128]) -> i128 {
	let pits = x.iter().map(|x| {
		// √|x| with 50 fractional bits, below 2⁵⁵.
		let root = (x.unsigned_abs() << 100).wrapping_div(1_000).isqrt();
		let angle = (root.wrapping_mul(TURNS_PER_RADIAN) >> 50) as u64;
		let sine = cosine(angle.wrapping_sub(1 << 62));
		SCHWEFEL.wrapping_sub(x.wrapping_mul(1_000).wrapping_mul(sine))
	});
	pits.fold(0, i128::wrapping_add)
}

/// Returns the fraction of `x` thousandths, as a part of 2⁶⁴, rounded down.
fn turns(x: i128) -> u64 {
	// 2⁶⁴ is 1000 times this quotient, and the remainder.
	const QUOTIENT: u64 = 18_446_744_073_709_551;
	const REMAINDER: u64 = 616;
	let thousandths = x.rem_euclid(1_000) as u64;
	thousandths.wrapping_mul(QUOTIENT).wrapping_add(thousandths.wrapping_mul(REMAINDER).wrapping_div(1_000))
}

/// Returns the product of two numbers with 60 fractional bits, rounded down.
fn product(a: i64, b: i64) -> i64 {
	(i128::from(a).wrapping_mul(b.into()) >> FRAC) as i64
}

/// Returns the cosine of an angle in 2⁻⁶⁴ turns. The angle from the nearest quarter is at most π/4, for which the Taylor series is summed.
fn cosine(angle: u64) -> i128 {
	let quarter = angle.wrapping_add(1 << 61) >> 62;
	let rest = angle.wrapping_sub(quarter << 62) as i64;
	let radians = (i128::from(rest).wrapping_mul(TAU) >> 64) as i64;
	let square = product(radians, radians);
	// Even terms are those of the cosine, odd ones those of the sine.
	let (mut term, from) = if quarter & 1 == 0 { (ONE as i64, 1) } else { (radians, 2) };
	let mut sum = term;
	for at in (from..TERMS).step_by(2) {
		let divisor = at.wrapping_mul(at.wrapping_add(1));
		term = product(term, square).checked_div(divisor.wrapping_neg()).unwrap_or(0);
		sum = sum.wrapping_add(term);
	}
	// cos(a + π/2) = −sin a, and so on.
	i128::from(if quarter == 1 || quarter == 2 { sum.wrapping_neg() } else { sum })
}

/// Returns the exponential of `exponent`, at most 20: 2 to the power of the whole number of ln 2 in it, times the Taylor series of the rest.
fn exp(exponent: i128) -> i128 {
	let (power, rest) = (exponent.div_euclid(LN_2), exponent.rem_euclid(LN_2) as i64);
	let (mut term, mut sum) = (ONE as i64, ONE as i64);
	for at in 1..TERMS {
		term = product(term, rest).checked_div(at).unwrap_or(0);
		sum = sum.wrapping_add(term);
	}
	let sum = i128::from(sum);
	match u32::try_from(power) {
		Ok(power) => sum.checked_shl(power.min(60)).unwrap_or(0),
		Err(_) => sum.checked_shr(u32::try_from(power.unsigned_abs()).unwrap_or(u32::MAX)).unwrap_or(0),
	}
}
