//! Trains a small net on a seasonal series with noise, and scores one chunk of windows.
//!
//! ```sh
//! cargo run --release -p doin-compute --example train_net
//! ```

use doin_compute::{
	task::windows, Candidate, Control, Dataset, EpochError, Evaluated, Executor, Family, ForecastTask, Grouping, StoppingRule,
	INITIAL_FITNESS,
};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{philox::purpose, sample::generator_series, score, Forecast, Generator, Loss, Target, WindowPhase};
use std::{error::Error, f64::consts::TAU, sync::atomic::AtomicBool};

/// Steps of one season.
const SEASON: u16 = 24;
/// Steps of the series.
const STEPS: usize = 3_000;

/// Returns a task: to forecast six steps from two seasons of an hourly series.
fn task() -> Result<ForecastTask, Box<dyn Error>> {
	// Changes per phase, in raw units of 2^-8: a daily wave.
	let change = |phase: u16| ((f64::from(phase) / f64::from(SEASON) * TAU).cos() * 40_000.0) as i32;
	let template: Vec<i32> = (0..SEASON).map(change).collect();
	let generator = Generator {
		template: template.try_into().map_err(|_| "the season is too long")?,
		ar: vec![1_200, -400].try_into().map_err(|_| "too many coefficients")?,
		noise: 12_000,
		level: 10_000,
	};
	Ok(ForecastTask {
		program: Forecast {
			horizon: 6,
			history: 2 * SEASON,
			season: SEASON,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		},
		limits: Limits { model_bytes: 65_536, window_macs: 65_536 },
		series: generator_series(&generator, &[7; 32], purpose::SERIES, STEPS),
		split: Split { train_end: 2_000, validation_end: 2_500 },
		generator: Some(generator),
	})
}

fn main() -> Result<(), Box<dyn Error>> {
	let task = task()?;
	// 512 synthetic windows are trained on beside the published ones.
	let data = Dataset::new(task, 512, 1)?;
	let base = Candidate { window: 2 * SEASON, width: 16, epochs: 6, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Gru, width: 8, rate: 12, ..base }];

	let executor = Executor::cpu(2)?;
	let grouping = Grouping::Brackets(StoppingRule { patience: Some(3), halving: false });
	let stop = AtomicBool::new(false);
	let runs = executor.run(&data, &candidates, grouping, &Control::new(&stop))?;

	let mut best: Option<Evaluated> = None;
	for run in runs {
		let Evaluated { candidate, fitness, .. } = run.evaluated.as_ref().map_err(Clone::clone)?;
		println!("{}: fitness {:.4} of the initial champion's", candidate.family, *fitness as f64 / INITIAL_FITNESS as f64);
		for EpochError { epoch, error } in &run.errors {
			println!("  epoch {epoch}: early-stopping error {:.3} raw units", data.mean_error(*error));
		}
		let evaluated = run.evaluated?;
		if best.as_ref().is_none_or(|best| evaluated.fitness < best.fitness) {
			best = Some(evaluated);
		}
	}

	// One chunk of windows behind the validation part. The runtime computes the same sum.
	let best = best.ok_or("no candidate was trained")?;
	let chunk = &windows(&data.task.program, &data.task.series, 2_500..STEPS)[0];
	let sum = data.score(&best.model, std::slice::from_ref(chunk))[0];
	assert_eq!(sum, score(&best.model, &data.task.program, chunk));
	println!("the {} net has error sum {sum} on a chunk of {} windows", best.candidate.family, chunk.len());
	Ok(())
}
