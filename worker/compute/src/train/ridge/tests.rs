//! Tests of linear models.

use super::*;
use crate::{
	fixtures::{direction, follower, seasonal, tent},
	thread_pool, Candidate, WindowSource, FULL_SHARE,
};
use doin_scoring::{Scratch, Target};
use std::sync::atomic::AtomicBool;

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
	let fine = moments.quantise(&moments.solution(&factor), &factor).unwrap();
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

/// Returns the moments of all windows of `data` that a mean of `window` steps is fitted to.
fn scaled(data: &Dataset, window: u16) -> Scaled<'_> {
	Scaled::new(Source { data, part: Part::All, window, share: 0 }, &data.in_shifts(window, 0))
}

/// Returns the forecast of a map about the means of `moments`, whose inputs are the newest ones of `x`.
fn forecast(rows: &[Vec<f64>], moments: &Moments, x: &[i16]) -> Vec<f64> {
	let newest = &x[x.len() - moments.x.len()..];
	let of_row = |(row, y): (&Vec<f64>, &f64)| {
		let weighted = row.iter().zip(newest).zip(&moments.x).map(|((w, x), mean)| w * (f64::from(*x) - mean));
		y + weighted.sum::<f64>()
	};
	rows.iter().zip(&moments.y).map(of_row).collect()
}

#[test]
fn the_mean_of_maps_is_one_map() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let scaled = scaled(&data, 24);
	let moments = &scaled.moments.clone().shrunk();
	let maps = scaled.maps(moments);
	assert_eq!(maps.iter().map(|map| map.steps).collect::<Vec<_>>(), [24, 24, 24, 12, 12, 12]);
	let (mean, of_mean) = scaled.mean_map(moments).unwrap();
	let skip = of_mean.quantise(&mean.rows, &mean.factor).unwrap();
	let (_, model) = scaled.evaluated(skip, mean.steps, 0);
	data.task.admit(&Model::Net(model.net.clone())).unwrap();
	let mut scratch = Scratch::default();
	let (mut x, mut out, mut targets) = (vec![0; 24], vec![0; 6], vec![0; 6]);
	let (mut rounding, mut size) = (0.0, 0.0);
	for start in data.starts(Part::All, WindowSource::Published).iter().copied() {
		data.features(start, &scaled.in_shifts, &mut x);
		data.targets(start, &mut targets);
		model.net.forward(&x, &mut out, &mut scratch);
		let of_maps = maps.iter().map(|map| forecast(&map.rows, &moments.newest(map.steps.into(), 1), &x));
		let sum = of_maps.reduce(|a, b| a.iter().zip(b).map(|(a, b)| a + b).collect()).unwrap();
		let averaged = forecast(&mean.rows, &of_mean, &x);
		for (((sum, averaged), out), target) in sum.iter().zip(&averaged).zip(&out).zip(&targets) {
			assert!((sum / 6.0 - averaged).abs() <= 1e-6 * (1.0 + averaged.abs()), "{} and {averaged}", sum / 6.0);
			rounding += (averaged - f64::from(*out)).abs();
			size += (*target as f64).abs();
		}
	}
	// The exact net differs from the mean in `f64` by its rounding only.
	assert!(rounding * 200.0 < size, "rounding changes forecasts by {rounding} where the series changes by {size}");
	assert_eq!(LinearModel::mean(&data, Part::All, 24, 0).unwrap().net, model.net);
}

#[test]
fn a_linear_candidate_that_is_averaged_is_the_mean() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let alone = Candidate { window: 24, depth: 0, ..Candidate::default() };
	let train = |candidate: Candidate| candidate.train(&data, &AtomicBool::new(false)).unwrap();
	assert_eq!(train(Candidate { blend: true, ..alone }), data.mean_linear_model(24, 0).unwrap().net);
	assert_eq!(train(alone), data.linear_model(24, 0).unwrap().net);
	assert_ne!(train(alone), train(Candidate { blend: true, ..alone }));
}

/// First bytes of the digest of the mean on [`seasonal`].
const PINNED_MEAN: u32 = 1_720_006_420;

#[test]
fn the_mean_does_not_depend_on_the_number_of_threads_and_is_pinned() {
	let fit = |threads| {
		let data = Dataset::new(seasonal(), 1_000, 3).unwrap();
		thread_pool(threads).unwrap().install(|| LinearModel::mean(&data, Part::All, 24, 100).unwrap())
	};
	let mean = fit(1);
	assert_eq!(mean, fit(3));
	let digest = doin_primitives::blake2_256(&Model::Net(mean.net).to_bytes());
	assert_eq!(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]), PINNED_MEAN);
}

#[test]
fn maps_without_a_solution_are_left_out_of_the_mean() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let scaled = scaled(&data, 24);
	let mut moments = scaled.moments.clone().shrunk();
	// The oldest step has no variance that could be computed.
	moments.xx[0] = f64::NAN;
	assert_eq!(scaled.maps(&moments).iter().map(|map| map.steps).collect::<Vec<_>>(), [12, 12, 12]);
	let (mean, of_mean) = scaled.mean_map(&moments).unwrap();
	assert_eq!((mean.steps, of_mean.x.len()), (12, 12));
	let net = scaled.evaluated(of_mean.quantise(&mean.rows, &mean.factor).unwrap(), mean.steps, 0).1.net;
	data.task.admit(&Model::Net(net)).unwrap();
	moments.xx.fill(f64::NAN);
	assert!(scaled.mean_map(&moments).is_none());
}

#[test]
fn a_mean_is_fitted_to_fewer_windows_than_inputs_and_to_steady_series() {
	let mut task = seasonal();
	(task.split.train_end, task.split.validation_end) = (60, 120);
	task.generator = None;
	let data = Dataset::new(task, 0, 0).unwrap();
	assert!(data.starts(Part::All, WindowSource::Published).len() < 2 * 24);
	let mean = data.mean_linear_model(24, 0).unwrap();
	data.task.admit(&Model::Net(mean.net.clone())).unwrap();
	for slope in [0, 7, -3_000] {
		let mut task = tent();
		task.series = (0..6_000).map(|t| t * slope).collect();
		let mean = Dataset::new(task, 0, 0).unwrap().mean_linear_model(6, 0).unwrap();
		assert_eq!(mean.validation_error, 0);
	}
}

#[test]
fn a_mean_reads_channels_and_classifies() {
	for task in [follower(), direction()] {
		let data = Dataset::new(task, 0, 0).unwrap();
		let mean = data.mean_linear_model(6, 0).unwrap();
		data.task.admit(&Model::Net(mean.net.clone())).unwrap();
		assert_eq!(mean.net.in_shifts.len(), data.channels());
	}
}

#[test]
fn the_windows_of_a_mean_are_whole_seasons() {
	let cases: [(u16, u16, &[u16]); 9] = [
		(504, 24, &[504, 336]),
		(720, 24, &[720, 480]),
		(96, 24, &[96, 72]),
		(24, 24, &[24]),
		(24, 12, &[24, 12]),
		(7, 12, &[7, 4]),
		(6, 1, &[6, 4]),
		(1, 1, &[1]),
		(1_024, 512, &[1_024, 512]),
	];
	for (window, season, expected) in cases {
		assert_eq!(mean_windows(window, season), expected, "window {window}, season {season}");
	}
}

#[test]
fn a_penalty_on_what_does_not_recur_needs_no_phase() {
	// Seasons whose level is a random walk: the season itself never changes.
	let mut state = 9u32;
	let mut noise = || {
		state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
		(state >> 20) as i32 - 2_048
	};
	let mut task = seasonal();
	let mut level = 0;
	task.generator = None;
	task.program.history = 120;
	task.series = (0..3_000)
		.map(|t| {
			level += noise() / 8;
			level + noise() + ((t % 12) * 7 % 12) * 400
		})
		.collect();
	let data = Dataset::new(task, 0, 0).unwrap();
	let scaled = scaled(&data, 120);
	let [uniform, seasonal] = [Penalty::Uniform, Penalty::Seasonal]
		.map(|penalty| scaled.best(&[scaled.moments.clone().shrunk()], &[(120, penalty)]).unwrap().validation_error);
	let best = LinearModel::best(&data, Part::All, 120, 0).unwrap().validation_error;
	// Losses are rounded, errors are not.
	assert!(best * 10_000 <= seasonal.min(uniform) * 10_001);
	assert!(seasonal < uniform, "{seasonal} of {uniform}");
}

#[test]
fn a_bias_is_as_large_as_the_drift_is_certain() {
	let bias = |series: Vec<i32>| {
		let mut task = tent();
		task.series = series;
		let data = Dataset::new(task, 0, 0).unwrap();
		let moments = scaled(&data, 6).moments;
		moments.clone().shrunk().y[0] / moments.y[0]
	};
	let mut state = 5u32;
	let mut noise = |size: i32| {
		state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
		((state >> 16) as i32 % (2 * size + 1)) - size
	};
	let mut walk = |drift: i32| {
		let mut level = 0;
		let steps = (0..6_000).map(|_| {
			level += drift + noise(1_000);
			level
		});
		steps.collect::<Vec<i32>>()
	};
	assert_eq!(bias((0..6_000).map(|t| t * 7).collect()), 1.0);
	// The mean of 4 200 steps of ±577 is certain to ±9.
	let (large, none) = (bias(walk(200)), bias(walk(0)));
	assert!((0.98..1.0).contains(&large), "{large}");
	assert!(none < 0.9, "{none}");
}
