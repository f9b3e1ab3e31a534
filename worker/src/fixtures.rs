//! Domains that several tests use.

use doin_compute::Published;
use doin_forecast::table::data_hash;
use doin_primitives::{DomainSpec, Evidence, Growth, Limits, Split};
use doin_roles::problem::Problem;
use doin_scoring::{Forecast, Generator, Loss, Program, Target, WindowPhase};

/// A small domain on a noisy sawtooth.
pub fn sawtooth() -> Problem {
	let series: Vec<i32> = (0..600).map(|t| 100 * (t % 8) + (t * 7919) % 13).collect();
	let spec = DomainSpec {
		name: b"sawtooth".to_vec().try_into().unwrap(),
		unit: b"0.5 mm".to_vec().try_into().unwrap(),
		program: Program::Forecast(Forecast {
			horizon: 4,
			history: 16,
			season: 8,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: Default::default(),
		limits: Limits { model_bytes: 4096, window_macs: 4096 },
		data_root: data_hash(&series),
		values: 600,
		growth: Growth::Fixed,
		split: Split { train_end: 360, validation_end: 480 },
		evidence: Evidence::Synthetic(Generator {
			template: vec![0, 25_600, 25_600, 25_600, 25_600, 25_600, 25_600, -153_600].try_into().unwrap(),
			ar: Default::default(),
			noise: 800,
			level: 0,
		}),
		min_improvement: 5_000,
		target: 0,
		licence: Default::default(),
	};
	Problem { id: 3, spec, data: Published::Series(series), linear: None }
}
