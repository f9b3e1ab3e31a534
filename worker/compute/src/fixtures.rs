//! Small tasks for tests.

use crate::ForecastTask;
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{
	philox::{purpose, Stream},
	sample::generator_series,
	Forecast, Generator, Loss, Target, WindowPhase,
};

const LIMITS: Limits = Limits { model_bytes: 65_536, window_macs: 65_536 };

/// Returns a generator with a season of 12.
pub fn generator() -> Generator {
	let template: Vec<i32> = (0..12).map(|at| ((f64::from(at) * std::f64::consts::FRAC_PI_6).cos() * 20_000.0) as i32).collect();
	Generator { template: template.try_into().unwrap(), ar: vec![1_500, -700].try_into().unwrap(), noise: 4_000, level: 10_000 }
}

/// Returns a seasonal series of [`generator`], with that generator as evidence.
pub fn seasonal() -> ForecastTask {
	ForecastTask {
		program: Forecast {
			horizon: 6,
			history: 24,
			season: 12,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		},
		limits: LIMITS,
		series: generator_series(&generator(), &[5; 32], purpose::SERIES, 3_000),
		split: Split { train_end: 2_100, validation_end: 2_550 },
		generator: Some(generator()),
	}
}

/// Returns a series whose differences follow a tent map with a little noise: nearly white to a linear model, nearly certain to a
/// net.
pub fn tent() -> ForecastTask {
	let mut random = Stream::new(&[11; 32], 77, 0);
	let (mut level, mut difference) = (0, 123i32);
	let series = (0..6_000).map(|_| {
		difference = 700 - difference.abs() * 9 / 5 + random.below(41) as i32 - 20;
		level += difference;
		level
	});
	ForecastTask {
		program: Forecast {
			horizon: 1,
			history: 6,
			season: 1,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		},
		limits: LIMITS,
		series: series.collect(),
		split: Split { train_end: 4_200, validation_end: 5_100 },
		generator: None,
	}
}

/// Returns two channels: the second is a random walk, and the first follows its last step, with a little noise.
pub fn follower() -> ForecastTask {
	let mut random = Stream::new(&[12; 32], 77, 0);
	let (mut leader, mut step, mut level) = (0, 0, 5_000i32);
	let series = (0..6_000).flat_map(|_| {
		level += step / 2 + random.below(41) as i32 - 20;
		step = random.below(2_001) as i32 - 1_000;
		leader += step;
		[level, leader]
	});
	ForecastTask {
		program: Forecast { channels: 2, ..tent().program },
		limits: LIMITS,
		series: series.collect(),
		split: Split { train_end: 4_200, validation_end: 5_100 },
		generator: None,
	}
}

/// Returns the classification of [`tent`]: it falls, stays about the same, or rises.
pub fn direction() -> ForecastTask {
	let mut task = tent();
	task.program.target = Target::Classes(vec![-150, 150].try_into().expect("two bounds"));
	task
}
