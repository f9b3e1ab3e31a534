//! Landscapes: their values, their bounds, and the form of their record.

use codec::{Decode, Encode};
use doin_scoring::{
	landscape::{chunk_sum, Landscape, Shape, LANDSCAPE_CHUNKS, UNIT},
	program::{CHUNKS, MAX_DIMENSIONS},
	Model, ModelError, Program, ProgramError,
};
use proptest::prelude::*;

fn landscape(shape: Shape, dimensions: u16, seed: Option<u64>) -> Landscape {
	Landscape { shape, dimensions, seed }
}

/// Returns the sum of all chunk sums of a point.
fn total(landscape: Landscape, point: &[i32]) -> u64 {
	let program = Program::Landscape(landscape);
	(0..program.chunks()).map(|index| u64::from(program.point_sum(point, index).unwrap())).sum()
}

/// Computed by another program from the formulas, with 50 decimal digits, and from the definition of Philox. No change may alter them.
#[test]
fn values_are_those_of_the_formulas_at_shifted_points() {
	let (edge, far) = (5_120, 9_223_372_036_854_775_819);
	let vectors: [(Shape, u16, Option<u64>, &[i32], u64); 21] = [
		(Shape::Sphere, 3, None, &[1_000, -700, edge], 27_704_400),
		(Shape::Sphere, 3, Some(7), &[123, -1_500, 999], 7_360_825),
		(Shape::Sphere, 5, Some(far), &[], 8_777_815),
		(Shape::Ellipsoid, 3, None, &[1_000, -700, 5_000], 25_000_491_000_000),
		(Shape::Ellipsoid, 3, Some(7), &[123, -1_500, 999], 5_799_795_796_656),
		(Shape::Ellipsoid, 5, Some(far), &[], 131_987_691_903),
		(Shape::Rosenbrock, 3, None, &[1_000, -700, 2_048], 534_626_400),
		(Shape::Rosenbrock, 3, Some(7), &[123, -1_500, 999], 268_341_060),
		(Shape::Rosenbrock, 5, Some(far), &[], 19_683_061),
		(Shape::Rastrigin, 3, None, &[1_000, -700, edge], 43_504_884),
		(Shape::Rastrigin, 3, Some(7), &[123, -1_500, 999], 43_304_563),
		(Shape::Rastrigin, 5, Some(far), &[], 68_173_300),
		(Shape::Ackley, 3, None, &[1_000, -700, 32_768], 20_957_439),
		(Shape::Ackley, 3, Some(7), &[123, -1_500, 999], 16_029_910),
		(Shape::Ackley, 5, Some(far), &[], 17_838_574),
		(Shape::Schwefel, 3, None, &[1_000, -700, 500_000], 1_437_216_036),
		(Shape::Schwefel, 3, Some(7), &[123, -1_500, 999], 1_257_477_122),
		(Shape::Schwefel, 5, Some(far), &[], 2_094_914_436),
		(Shape::Quadratic, 3, None, &[1_000, -700, 10_000], 91_578_049),
		(Shape::Quadratic, 3, Some(7), &[123, -1_500, 999], 15_690_586),
		(Shape::Quadratic, 5, Some(far), &[], 33_475_240),
	];
	for (shape, dimensions, seed, point, value) in vectors {
		assert_eq!(landscape(shape, dimensions, seed).value(point), value, "{} {seed:?}", shape.name());
	}
	assert_eq!(landscape(Shape::Ackley, 4, Some(7)).shifts(), [2_667, -2_270, -9_232, -732]);
	assert_eq!(landscape(Shape::Rosenbrock, 4, Some(7)).shifts(), [83, -71, -289, -23]);
	assert_eq!(landscape(Shape::Quadratic, 4, Some(0)).shifts(), landscape(Shape::Quadratic, 4, None).shifts());
}

#[test]
fn the_least_value_is_at_the_optimum() {
	for shape in Shape::ALL {
		for seed in [None, Some(7)] {
			let landscape = landscape(shape, 4, seed);
			let optimum = landscape.optimum();
			assert_eq!(landscape.value(&optimum), 0, "{} {seed:?}", shape.name());
			assert_eq!(landscape.admit(&optimum), Ok(()), "within the bounds");
			for at in 0..4 {
				let mut near = optimum.clone();
				near[at] += if shape == Shape::Schwefel { 1_000 } else { 10 };
				assert!(landscape.value(&near) > 0, "{} {seed:?}", shape.name());
			}
		}
	}
}

#[test]
fn chunk_sums_are_equal_parts_of_a_value() {
	let rastrigin = landscape(Shape::Rastrigin, 6, Some(3));
	let program = Program::Landscape(rastrigin);
	let sums: Vec<u32> = (0..program.chunks()).map(|index| program.point_sum(&[17; 6], index).unwrap()).collect();
	assert_eq!(sums.iter().map(|sum| u64::from(*sum)).sum::<u64>(), rastrigin.value(&[17; 6]));
	assert!(sums.iter().all(|sum| sum.abs_diff(sums[0]) <= 1));
	assert_eq!(program.point_sum(&[17; 6], LANDSCAPE_CHUNKS), Some(0), "no such chunk");
	assert_eq!(chunk_sum(u64::MAX, 31), u32::MAX - 1, "the next number marks a chunk without evidence");
	assert!(CHUNKS.contains(&program.chunks()));
}

#[test]
fn functions_whose_values_fit_chunk_sums_can_be_registered() {
	let most = |shape| (1..=MAX_DIMENSIONS as u16).rev().find(|dimensions| landscape(shape, *dimensions, None).check().is_ok());
	assert_eq!(
		Shape::ALL.map(most),
		[Some(256), None, Some(17), Some(256), Some(256), Some(164), Some(256)],
		"sphere, ellipsoid, rosenbrock, rastrigin, ackley, schwefel, quadratic"
	);
	for (shape, dimensions) in [(Shape::Sphere, 0), (Shape::Sphere, 257), (Shape::Rosenbrock, 1), (Shape::Ellipsoid, 1)] {
		assert_eq!(landscape(shape, dimensions, None).check(), Err(ProgramError::Landscape), "{dimensions}");
	}
	assert!(!landscape(Shape::Rosenbrock, 1, None).is_defined() && landscape(Shape::Ellipsoid, 256, None).is_defined());
	let sphere = Program::Landscape(landscape(Shape::Sphere, 3, Some(1)));
	assert_eq!((sphere.check(0, 0, 0), sphere.coordinates()), (Ok(()), Some((3, 5_120))));
	assert_eq!(sphere.check(0, 0, 1), Err(ProgramError::Split), "it has no data");
}

#[test]
fn the_furthest_points_keep_their_value() {
	for shape in Shape::ALL {
		let dimensions = (1..=256).rev().find(|dimensions| landscape(shape, *dimensions, None).check().is_ok());
		let Some(dimensions) = dimensions else { continue };
		for seed in [None, Some(1), Some(u64::MAX)] {
			let landscape = landscape(shape, dimensions, seed);
			for corner in [shape.edge(), -shape.edge()] {
				let point = vec![corner; usize::from(dimensions)];
				assert_eq!(total(landscape, &point), landscape.value(&point), "{} {seed:?}: no sum saturates", shape.name());
				let outside: Vec<i32> = point.iter().map(|x| x.saturating_mul(1_000)).collect();
				assert_eq!(landscape.value(&outside), landscape.value(&point), "moved to the bound");
			}
		}
	}
	// The deepest pit of one sign is the highest peak of the other one.
	assert!(landscape(Shape::Schwefel, 164, None).value(&[-420_969; 164]) < 164 * 838 * UNIT);
}

#[test]
fn points_of_the_dimensions_within_the_bounds_are_admitted() {
	let program = Program::Landscape(landscape(Shape::Rosenbrock, 3, None));
	let admit = |point: Vec<i32>| Model::Point(point).admit(&program, 1_000, 1_000, 20).map(drop);
	assert_eq!(admit(vec![2_048, -2_048, 0]), Ok(()));
	assert_eq!(admit(vec![2_048, -2_048]), Err(ModelError::Shape));
	assert_eq!(admit(vec![2_048, -2_049, 0]), Err(ModelError::Weight));
	assert_eq!(admit(vec![i32::MIN; 3]), Err(ModelError::Weight));
	for other in [Model::RepeatLast, Model::Seasonal, Model::Constant(vec![0; 3])] {
		assert_eq!(other.admit(&program, u32::MAX, u32::MAX, 0).map(drop), Err(ModelError::Family));
	}
}

#[test]
fn the_format_of_the_record_is_this() {
	let rastrigin = Program::Landscape(landscape(Shape::Rastrigin, 5, Some(258)));
	assert_eq!(rastrigin.encode(), [3, 3, 5, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
	assert_eq!(
		serde_json::to_string(&rastrigin).unwrap(),
		r#"{"kind":"landscape","shape":"rastrigin","dimensions":5,"seed":"258"}"#
	);
	assert_eq!((rastrigin.name(), rastrigin.chunks()), ("landscape", 32));
	assert_eq!(Shape::ALL.map(|shape| shape.encode()[0]), [0, 1, 2, 3, 4, 5, 6]);
	assert_eq!(ProgramError::Landscape.encode(), [18], "former indices stay");
}

proptest! {
	#[test]
	fn any_point_of_any_record_has_a_value(bytes in prop::collection::vec(any::<u8>(), 0..16), point: Vec<i32>, index: u16) {
		let framed = [&[3u8][..], &bytes[..]].concat();
		if let Ok(Program::Landscape(mut landscape)) = Program::decode(&mut &framed[..]) {
			landscape.dimensions %= 300;
			let program = Program::Landscape(landscape);
			let sum = program.point_sum(&point, index).unwrap();
			prop_assert!(sum < u32::MAX);
			if program.check(0, 0, 0).is_ok() {
				prop_assert_eq!(total(landscape, &point), landscape.value(&point));
			}
		}
	}

	#[test]
	fn values_are_those_of_the_formula_in_floating_point(point in prop::collection::vec(-5_120i32..=5_120, 8), seed: Option<u64>) {
		let rastrigin = landscape(Shape::Rastrigin, 8, seed);
		let wave = |(x, shift): (&i32, i32)| {
			let x = f64::from(x - shift) / 1e3;
			10.0 + x * x - 10.0 * (std::f64::consts::TAU * x).cos()
		};
		let float: f64 = point.iter().zip(rastrigin.shifts()).map(wave).sum();
		prop_assert!((rastrigin.value(&point) as f64 / UNIT as f64 - float).abs() < 1e-6 + 1e-9);
	}

	#[test]
	fn shifts_stay_within_reach(seed: u64, shape in 0usize..7) {
		let landscape = landscape(Shape::ALL[shape], 256, Some(seed));
		let (reach, edge) = (landscape.shape.reach(), landscape.shape.edge());
		prop_assert!(landscape.shifts().iter().all(|shift| shift.abs() <= reach));
		prop_assert!(landscape.optimum().iter().all(|x| x.abs() <= edge));
	}
}
