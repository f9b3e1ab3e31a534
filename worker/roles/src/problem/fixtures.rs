//! Domain that tests of this crate use, and those of `doin-worker`, which include this file.

use super::Problem;
use codec::Encode;
use doin_compute::Published;
use doin_primitives::{blake2_256, DomainSpec, Evidence, Growth, Limits, Split};
use doin_scoring::{Forecast, Generator, Loss, Program, Target, WindowPhase};

/// Returns a small domain on a noisy sawtooth.
pub fn sawtooth() -> Problem {
	let series = sawtooth_steps(0..600);
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
		data_root: blake2_256(&series.encode()),
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
	Problem { id: 3, spec, data: Published::Series(series), linear: None, program: None }
}

/// Returns steps of the sawtooth.
pub fn sawtooth_steps(steps: std::ops::Range<i32>) -> Vec<i32> {
	steps.map(|t| 100 * (t % 8) + (t * 7919) % 13).collect()
}
