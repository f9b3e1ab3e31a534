//! Series and programs that several tests use.

use crate::{
	model_file::{ErrorSums, FileRecord, ModelFile, TrainingData},
	series::Series,
	table::data_hash,
};
use doin_primitives::{DomainSpec, Evidence, Growth, Limits, Split};
use doin_scoring::{Encoder, Forecast, Generator, Layer, Loss, Model, Net, Program, Target, WindowPhase};

/// A season of `season` rows with a little deterministic noise and a slow trend.
pub fn wave(rows: usize, season: usize) -> Series {
	let noise = |t: usize| ((t * 7919 + t * t * 31) % 101) as f64 / 1000.0;
	let value = |t: usize| (t as f64 * std::f64::consts::TAU / season as f64).sin() * 5.0 + noise(t) + t as f64 / 1e4;
	Series { values: (0..rows).map(value).collect(), ..Default::default() }
}

/// A program that forecasts all steps of one channel.
pub fn program(horizon: u16, history: u16, season: u16) -> Forecast {
	Forecast {
		horizon,
		history,
		season,
		chunks: 32,
		windows: 8,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// A small domain on a noisy sawtooth of season 8, and its series of 600 values.
pub fn sawtooth() -> (DomainSpec, Vec<i32>) {
	let series: Vec<i32> = (0..600).map(|t| 100 * (t % 8) + (t * 7919) % 13).collect();
	let spec = DomainSpec {
		name: b"sawtooth".to_vec().try_into().unwrap(),
		unit: b"0.5 mm".to_vec().try_into().unwrap(),
		program: Program::Forecast(program(4, 16, 8)),
		genes: Default::default(),
		limits: Limits { model_bytes: 4096, window_macs: 4096 },
		data_root: data_hash(&series),
		values: 600,
		growth: Growth::Fixed,
		split: Split { train_end: 360, validation_end: 480 },
		licence: Default::default(),
		evidence: Evidence::Synthetic(Generator {
			template: vec![0, 25_600, 25_600, 25_600, 25_600, 25_600, 25_600, -153_600].try_into().unwrap(),
			ar: Default::default(),
			noise: 800,
			level: 0,
		}),
		min_improvement: 5_000,
		target: 0,
	};
	(spec, series)
}

/// A linear model that repeats the last value.
pub fn model_file(weight: i16) -> ModelFile {
	let layer = Layer { inputs: 8, outputs: 4, shift: 4, weights: vec![weight; 32], bias: vec![0; 4] };
	let model = Model::Net(Net { window: 8, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() });
	let split = Split { train_end: 360, validation_end: 480 };
	let error = ErrorSums { validation: Some(5), test: Some(7) };
	let file = FileRecord { file: "a.csv".into(), rows: 600, hash: "00".into(), split, error };
	let data =
		TrainingData { column: "v".into(), unit: "0.01".into(), deviation: "0.5".into(), inputs: Vec::new(), files: vec![file] };
	ModelFile::new(&model, &program(4, 16, 8), [("window".to_string(), 8)].into(), data)
}
