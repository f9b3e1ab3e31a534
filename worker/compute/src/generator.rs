//! Fits the generator of a synthetic domain to a published series, and reports how similar both are.
//!
//! A generator is a seasonal template plus an autoregressive process of the remainder. The chain requires Σ|ar| < 1, which an
//! ordinary least-squares fit can exceed: noise in levels makes differences a moving average, whose autoregressive form is long.
//! Coefficients are therefore fitted under that bound, by gradients projected onto the ℓ₁ ball (Duchi et al. 2008), instead of
//! being scaled afterwards. The order is selected by Akaike's information criterion (1974). The size of the innovations is set so
//! that differences vary as much as the published ones.

use crate::Error;
use doin_scoring::{
	philox::purpose,
	program::MAX_AR,
	sample::{generator_series, Source},
	Forecast, Generator, ProgramError,
};

/// Highest order that is tried.
pub const MAX_ORDER: usize = 4;
const _: () = assert!(MAX_ORDER <= MAX_AR as usize);
/// Bounds of Σ|ar|, Q12, that are tried in turn until levels fit 32 bits over a window.
const BOUNDS: [i32; 5] = [4055, 3900, 3600, 3000, 2000];
/// Synthetic windows that the report is computed on.
const REPORT_WINDOWS: u64 = 1024;
/// Seed of the series that the report is computed on.
const REPORT_SEED: [u8; 32] = *b"doin generator fit report seed 1";

/// A statistic of the published series and of generated ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
	/// Value for the training part of the published series.
	pub published: f64,
	/// Value for generated series.
	pub synthetic: f64,
}

/// Quality of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitReport {
	/// Selected order.
	pub order: usize,
	/// Akaike's information criterion of orders 0, 1, ….
	pub aic: Vec<f64>,
	/// Autoregressive coefficients, latest first.
	pub ar: Vec<f64>,
	/// `true` if the bound on Σ|ar| was active.
	pub bounded: bool,
	/// Mean change per step, raw units.
	pub trend: Comparison,
	/// Standard deviation of differences, raw units.
	pub deviation: Comparison,
	/// Autocorrelation of differences by lag, steps.
	pub autocorrelation: Vec<(usize, Comparison)>,
	/// Mean absolute error of repeat-last, raw units.
	pub repeat_last: Comparison,
	/// Mean absolute error of seasonal, raw units.
	pub seasonal: Comparison,
}

/// Fits a generator to the training part of a series, for windows of `program`.
///
/// # Errors
///
/// [`Error::Short`] for fewer than three seasons or one window; [`Error::ConstantSeries`] if the series moves by the same
/// amount at every step; [`Error::UnitTooCoarse`] if it hardly moves beside its season; [`Error::Program`] if the program is
/// invalid, or no bound keeps levels within 32 bits.
pub fn fit(training: &[i32], program: &Forecast) -> Result<(Generator, FitReport), Error> {
	program.check()?;
	let season = usize::from(program.season);
	let span = program.span() as usize;
	let need = span.max(3 * season + 2);
	if training.len() < need {
		return Err(Error::Short { have: training.len(), need, what: "a generator (three seasons and one window)" });
	}
	let differences: Vec<f64> = training.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect();
	if differences.iter().all(|d| *d == differences[0]) {
		return Err(Error::ConstantSeries);
	}
	let template = template(&differences, season);
	let seasonal = |at: usize| f64::from(template[at % season]) / 256.0;
	let remainder: Vec<f64> = differences.iter().enumerate().map(|(at, d)| d - seasonal(at)).collect();
	let level = training.last().copied().unwrap_or(0);
	let mut refused = ProgramError::Unstable;
	for bound in BOUNDS {
		let fit = autoregression(&remainder, f64::from(bound) / 4096.0);
		let floats: Vec<f64> = fit.ar.iter().map(|a| f64::from(*a) / 4096.0).collect();
		let noise = (deviation(&remainder) / gain(&floats).sqrt() * 256.0).round() as u32;
		let generator = Generator {
			template: template.clone().try_into().map_err(|_| ProgramError::Season)?,
			ar: fit.ar.clone().try_into().map_err(|_| ProgramError::Unstable)?,
			noise,
			level,
		};
		match generator.check(program) {
			Ok(()) => {
				let report = compare(training, &differences, program, &generator, fit);
				return Ok((generator, report));
			}
			Err(error) => refused = error,
		}
	}
	Err(match refused {
		ProgramError::Noise => Error::UnitTooCoarse,
		other => other.into(),
	})
}

/// Returns the mean difference per phase, Q8, shifted so that a whole season moves as far as the published one on average, which
/// preserves the trend.
fn template(differences: &[f64], season: usize) -> Vec<i32> {
	let phase = |phase: usize| {
		let count = (differences.len() - phase).div_ceil(season);
		differences[phase..].iter().step_by(season).sum::<f64>() / count as f64
	};
	let phases: Vec<f64> = (0..season).map(phase).collect();
	let shift = mean(differences) - mean(&phases);
	// Rounding errors of a phase are carried to the next one.
	let mut carried = 0.0;
	let round = |phase: f64| {
		carried += (phase + shift) * 256.0;
		let rounded = carried.round();
		carried -= rounded;
		rounded as i32
	};
	phases.into_iter().map(round).collect()
}

/// An autoregressive process.
struct Autoregression {
	/// Coefficients, Q12, latest first.
	ar: Vec<i16>,
	/// Akaike's information criterion per order.
	aic: Vec<f64>,
	/// `true` if the bound was active.
	bounded: bool,
}

/// Fits the process with the best order by Akaike's criterion and Σ|ar| ≤ `bound`.
fn autoregression(remainder: &[f64], bound: f64) -> Autoregression {
	let n = remainder.len() - MAX_ORDER;
	// All lags use the same n steps, so that orders are comparable.
	let moment = |i: usize, j: usize| {
		let at = |lag: usize| &remainder[MAX_ORDER - lag..MAX_ORDER - lag + n];
		at(i).iter().zip(at(j)).map(|(a, b)| a * b).sum::<f64>() / n as f64
	};
	let moments: Vec<Vec<f64>> = (0..=MAX_ORDER).map(|i| (0..=MAX_ORDER).map(|j| moment(i, j)).collect()).collect();
	let fits: Vec<(Vec<f64>, bool)> = (0..=MAX_ORDER).map(|order| least_squares(&moments, order, bound)).collect();
	let aic: Vec<f64> = fits.iter().map(|(ar, _)| n as f64 * error(&moments, ar).ln() + 2.0 * ar.len() as f64).collect();
	let order = (0..=MAX_ORDER).min_by(|a, b| aic[*a].total_cmp(&aic[*b])).unwrap_or(0);
	let (ar, bounded) = &fits[order];
	// Truncation towards zero keeps the bound.
	Autoregression { ar: ar.iter().map(|a| (a * 4096.0).trunc() as i16).collect(), aic, bounded: *bounded }
}

/// Returns the mean squared one-step error of coefficients `ar`.
fn error(moments: &[Vec<f64>], ar: &[f64]) -> f64 {
	let mut error = moments[0][0];
	for (i, a) in ar.iter().enumerate() {
		error -= 2.0 * a * moments[0][i + 1];
		error += ar.iter().enumerate().map(|(j, b)| a * b * moments[i + 1][j + 1]).sum::<f64>();
	}
	error.max(f64::MIN_POSITIVE)
}

/// Solves least squares with Σ|a| ≤ `bound` by projected gradients; returns the coefficients, at most four, and `true` if the
/// bound was active.
fn least_squares(moments: &[Vec<f64>], order: usize, bound: f64) -> (Vec<f64>, bool) {
	let mut ar = vec![0.0; order];
	let step = 1.0 / (order.max(1) as f64 * moments[0][0].max(moments[order][order]));
	let mut bounded = false;
	for _ in 0..4000 {
		let gradient: Vec<f64> =
			(0..order).map(|i| (0..order).map(|j| moments[i + 1][j + 1] * ar[j]).sum::<f64>() - moments[0][i + 1]).collect();
		for (a, g) in ar.iter_mut().zip(gradient) {
			*a -= step * g;
		}
		bounded = project(&mut ar, bound);
	}
	(ar, bounded)
}

/// Projects onto Σ|a| ≤ `bound`: every coefficient moves towards zero by the same amount, at most to zero. Returns `true` if any
/// moved.
fn project(ar: &mut [f64], bound: f64) -> bool {
	if ar.iter().map(|a| a.abs()).sum::<f64>() <= bound {
		return false;
	}
	let mut sizes: Vec<f64> = ar.iter().map(|a| a.abs()).collect();
	sizes.sort_by(|a, b| b.total_cmp(a));
	let (mut sum, mut cut) = (0.0, 0.0);
	for (count, size) in sizes.iter().enumerate() {
		sum += size;
		let candidate = (sum - bound) / (count + 1) as f64;
		if *size > candidate {
			cut = candidate;
		}
	}
	for a in ar {
		*a = (a.abs() - cut).max(0.0).copysign(*a);
	}
	true
}

/// Returns the variance of the process relative to that of its innovations: the sum of its squared impulse responses.
fn gain(ar: &[f64]) -> f64 {
	if ar.is_empty() {
		return 1.0;
	}
	let mut recent = vec![0.0; ar.len()];
	if let Some(first) = recent.first_mut() {
		*first = 1.0;
	}
	let mut sum = 1.0;
	for _ in 0..4096 {
		let next: f64 = ar.iter().zip(&recent).map(|(a, r)| a * r).sum();
		recent.rotate_right(1);
		if let Some(first) = recent.first_mut() {
			*first = next;
		}
		sum += next * next;
	}
	sum
}

fn mean(values: &[f64]) -> f64 {
	values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn deviation(values: &[f64]) -> f64 {
	let mean = mean(values);
	(values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

fn autocorrelation(values: &[f64], lag: usize) -> f64 {
	let mean = mean(values);
	let product: f64 = values.iter().zip(&values[lag.min(values.len())..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
	product / values.iter().map(|v| (v - mean).powi(2)).sum::<f64>()
}

/// Compares the published series with series of `generator`.
fn compare(
	training: &[i32],
	differences: &[f64],
	program: &Forecast,
	generator: &Generator,
	Autoregression { ar, aic, bounded }: Autoregression,
) -> FitReport {
	let (history, span, season) = (usize::from(program.history), program.span() as usize, usize::from(program.season));
	let long = generator_series(generator, &REPORT_SEED, purpose::SERIES, training.len());
	let generated: Vec<f64> = long.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect();
	let mut values = Vec::new();
	let source = Source::new(generator, &REPORT_SEED, purpose::SERIES);
	(0..REPORT_WINDOWS).for_each(|index| source.series(index, span, &mut values));
	// Mean absolute errors of repeat-last and seasonal over windows.
	let errors = |windows: &mut dyn Iterator<Item = &[i32]>| {
		let (mut sums, mut count) = ([0.0; 2], 0.0);
		for (history, future) in windows.map(|window| window.split_at(history)) {
			let last = history[history.len() - 1];
			let cycle = history[history.len() - season..].iter().cycle();
			for (actual, before) in future.iter().zip(cycle) {
				sums[0] += f64::from(actual.abs_diff(last));
				sums[1] += f64::from(actual.abs_diff(*before));
				count += 1.0;
			}
		}
		sums.map(|sum| sum / count)
	};
	let published = errors(&mut training.windows(span));
	let synthetic = errors(&mut values.chunks_exact(span));
	let lags: Vec<usize> = (1..=MAX_ORDER + 1).chain([season / 2, season]).filter(|lag| *lag > 0).collect();
	let both = |f: &dyn Fn(&[f64]) -> f64| Comparison { published: f(differences), synthetic: f(&generated) };
	FitReport {
		order: ar.len(),
		aic,
		ar: ar.iter().map(|a| f64::from(*a) / 4096.0).collect(),
		bounded,
		trend: both(&mean),
		deviation: both(&deviation),
		autocorrelation: lags.into_iter().map(|lag| (lag, both(&|values| autocorrelation(values, lag)))).collect(),
		repeat_last: Comparison { published: published[0], synthetic: synthetic[0] },
		seasonal: Comparison { published: published[1], synthetic: synthetic[1] },
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{Loss, Target, WindowPhase};

	fn program(season: u16) -> Forecast {
		Forecast {
			horizon: 6,
			history: season.max(12),
			season,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}
	}

	fn known(ar: &[i16]) -> Generator {
		let template: Vec<i32> =
			(0..12).map(|at| ((f64::from(at) * std::f64::consts::FRAC_PI_6).cos() * 5_000.0) as i32 + 100).collect();
		Generator { template: template.try_into().unwrap(), ar: ar.to_vec().try_into().unwrap(), noise: 2_000, level: 5_000 }
	}

	#[test]
	fn a_generator_is_recovered_from_its_own_series() {
		let truth = known(&[2_000, -1_000]);
		let series = generator_series(&truth, &[3; 32], purpose::SERIES, 20_000);
		let (found, report) = fit(&series, &program(12)).unwrap();
		found.check(&program(12)).unwrap();
		assert!(!report.bounded);
		assert!(report.order >= 2);
		assert!((found.ar[0] - 2_000).abs() < 120 && (found.ar[1] + 1_000).abs() < 120, "{:?}", found.ar);
		assert!(found.ar[2..].iter().all(|a| a.abs() < 120));
		assert!(found.noise.abs_diff(2_000) < 60, "{}", found.noise);
		// Any phase may come first.
		let near = |from: usize| (0..12).all(|at| (found.template[(at + from) % 12] - truth.template[at]).abs() < 200);
		assert!((0..12).any(near), "{:?}", found.template);
		assert!((report.deviation.published / report.deviation.synthetic - 1.0).abs() < 0.05);
		assert!((report.repeat_last.published / report.repeat_last.synthetic - 1.0).abs() < 0.1);
		assert!((report.trend.published - report.trend.synthetic).abs() < 0.2);
	}

	#[test]
	fn noisy_levels_are_fitted_within_the_bound() {
		// Independent noise on levels: differences are a moving average whose autoregression sums to far more than one.
		let mut stream = doin_scoring::philox::Stream::new(&[1; 32], 9, 9);
		let series: Vec<i32> = (0..5_000).map(|_| stream.below(1_000) as i32).collect();
		let (found, report) = fit(&series, &program(12)).unwrap();
		assert!(report.bounded);
		assert!(found.ar.iter().map(|a| i32::from(a.abs())).sum::<i32>() < 4_096);
		assert!((report.deviation.published / report.deviation.synthetic - 1.0).abs() < 0.05);
	}

	#[test]
	fn a_random_walk_needs_no_coefficients() {
		let mut stream = doin_scoring::philox::Stream::new(&[2; 32], 9, 9);
		let walk = (0..5_000).scan(0, |level, _| {
			*level += stream.below(1_001) as i32 - 500;
			Some(*level)
		});
		let (found, report) = fit(&walk.collect::<Vec<_>>(), &program(12)).unwrap();
		assert_eq!((report.order, found.ar.len()), (0, 0));
		assert!((report.deviation.published / report.deviation.synthetic - 1.0).abs() < 0.05);
	}

	#[test]
	fn the_trend_survives_rounding() {
		let differences: Vec<f64> = (0..1_000).map(|at| 0.123 + f64::from(at % 7) * 0.001).collect();
		let template = template(&differences, 7);
		let moved: f64 = template.iter().map(|t| f64::from(*t) / 256.0).sum();
		assert!((moved / 7.0 - mean(&differences)).abs() < 0.001);
	}

	#[test]
	fn a_series_without_movement_or_length_is_refused() {
		assert_eq!(fit(&[5; 100], &program(12)), Err(Error::ConstantSeries));
		assert!(matches!(fit(&[1, 2, 3], &program(12)), Err(Error::Short { have: 3, need: 38, .. })));
	}

	#[test]
	fn n10_a_series_without_noise_beside_its_season_is_refused() {
		let seasonal: Vec<i32> = (0..200).map(|t| t % 12).collect();
		assert_eq!(fit(&seasonal, &program(12)), Err(Error::UnitTooCoarse));
		let noisy: Vec<i32> = (0..200).map(|t| 10 * (t % 12) + t * t * 7 % 5).collect();
		assert!(fit(&noisy, &program(12)).is_ok(), "the same in a finer unit");
	}

	#[test]
	fn projection_lands_on_the_bound_and_keeps_signs() {
		let mut ar = [0.9, -0.7, 0.1];
		assert!(project(&mut ar, 1.0));
		assert!((ar.iter().map(|a: &f64| a.abs()).sum::<f64>() - 1.0).abs() < 1e-12);
		assert!((ar[0] - 0.6).abs() < 1e-12 && (ar[1] + 0.4).abs() < 1e-12 && ar[2] == 0.0);
		assert!(!project(&mut ar, 1.1));
	}
}
