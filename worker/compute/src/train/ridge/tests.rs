//! Tests of linear models.

use super::*;
use crate::{
	fixtures::{direction, follower, seasonal, tent},
	thread_pool, FULL_SHARE,
};
use doin_scoring::Target;

#[test]
fn a_linear_recurrence_is_found_almost_exactly() {
	// p(t) = 2 cos(2π/12) p(t−1) − p(t−2) within rounding: a pure wave.
	let mut task = seasonal();
	task.generator = None;
	task.series = (0..3_000).map(|t| ((f64::from(t) * std::f64::consts::FRAC_PI_6).sin() * 30_000.0).round() as i32).collect();
	let data = Dataset::new(task, 0, 0).unwrap();
	let linear = data.linear_model(24, 0).unwrap();
	let initial = total(&data.chunk_errors(&Model::RepeatLast).validation);
	assert!(linear.validation_error * 200 < initial, "{} of {initial}", linear.validation_error);
}

#[test]
fn it_beats_both_baselines_and_is_admitted() {
	let data = Dataset::new(seasonal(), 1_000, 3).unwrap();
	for mix in [0, 64, FULL_SHARE] {
		let linear = data.linear_model(24, mix).unwrap();
		let model = Model::Net(linear.net.clone());
		data.task.admit(&model).unwrap();
		let errors = data.chunk_errors(&model);
		assert_eq!(linear.validation_error, total(&errors.validation));
		assert!(data.fitness(&errors) < 900_000, "mix {mix}: {}", data.fitness(&errors));
	}
}

#[test]
fn the_model_does_not_depend_on_the_number_of_threads() {
	let fit = |threads| {
		let data = Dataset::new(seasonal(), 1_000, 3).unwrap();
		thread_pool(threads).unwrap().install(|| LinearModel::fit(&data, Part::All, 20, 100).unwrap())
	};
	assert_eq!(fit(1), fit(3));
}

#[test]
fn rounding_costs_next_to_nothing() {
	// The same solution with weights of one more bit at every step of the way is hardly better.
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let linear = data.linear_model(24, 0).unwrap();
	let in_shifts = linear.net.in_shifts.clone();
	let shape = Shape { inputs: 24, outputs: 6 };
	let moments = Moments::new(&data, Part::All, shape, 0, &in_shifts).centred();
	let mut damped = moments.xx.clone();
	(0..24).for_each(|i| damped[i * 25] += 1.0);
	let factor = cholesky(&damped, 24).unwrap();
	let error = |layer: Layer| {
		let net = Net { window: 24, in_shifts: in_shifts.clone(), skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
		total(&data.chunk_errors(&Model::Net(net)).validation)
	};
	let fine = moments.quantise(&factor).unwrap();
	let coarse = Layer { shift: fine.shift - 3, ..fine.clone() };
	let rows: Vec<Vec<f64>> =
		fine.weights.chunks(24).map(|row| row.iter().map(|w| f64::from(*w) / f64::from(1u32 << fine.shift)).collect()).collect();
	let coarse = moments.round(&rows, &factor, coarse.shift);
	let (fine, coarse) = (error(fine), error(coarse));
	assert!(coarse < fine + fine / 100, "12 bits {fine}, 9 bits {coarse}");
}

#[test]
fn large_values_are_scaled_until_weights_fit() {
	let mut task = tent();
	task.series.iter_mut().for_each(|value| *value *= 300);
	let data = Dataset::new(task, 0, 0).unwrap();
	let linear = data.linear_model(6, 0).unwrap();
	data.task.admit(&Model::Net(linear.net.clone())).unwrap();
}

#[test]
fn a_steady_series_is_forecast_exactly() {
	for slope in [0, 7, -3_000] {
		let mut task = tent();
		task.series = (0..6_000).map(|t| t * slope).collect();
		let linear = Dataset::new(task, 0, 0).unwrap().linear_model(6, 0).unwrap();
		assert_eq!(linear.validation_error, 0);
	}
}

#[test]
fn a_second_channel_is_read() {
	let data = Dataset::new(follower(), 0, 0).unwrap();
	let linear = data.linear_model(6, 0).unwrap();
	assert_eq!((linear.net.in_shifts.len(), linear.net.features()), (2, 12));
	data.task.admit(&Model::Net(linear.net.clone())).unwrap();
	let initial = total(&data.initial_errors().validation);
	assert!(linear.validation_error * 8 < initial, "{} of {initial}", linear.validation_error);
}

#[test]
fn one_step_of_several_can_be_asked_for() {
	let mut task = seasonal();
	let all = Dataset::new(task.clone(), 0, 0).unwrap().linear_model(24, 0).unwrap();
	task.program.target = Target::Steps(vec![2, 6].try_into().unwrap());
	let some = Dataset::new(task, 0, 0).unwrap().linear_model(24, 0).unwrap();
	let (all, some) = (all.net.skip.as_ref().unwrap(), some.net.skip.as_ref().unwrap());
	assert_eq!((all.outputs, some.outputs), (6, 2));
}

#[test]
fn a_linear_model_classifies_better_than_the_initial_champion() {
	let mut task = seasonal();
	task.program.target = Target::Classes(vec![-20, 20].try_into().unwrap());
	let data = Dataset::new(task, 0, 0).unwrap();
	let linear = data.linear_model(24, 0).unwrap();
	let initial = total(&data.initial_errors().validation);
	assert!(linear.validation_error < initial, "{} of {initial}", linear.validation_error);
	// A tent map is beyond it.
	let data = Dataset::new(direction(), 0, 0).unwrap();
	data.task.admit(&Model::Net(data.linear_model(6, 0).unwrap().net.clone())).unwrap();
}
