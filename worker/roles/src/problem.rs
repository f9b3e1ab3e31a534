//! A domain with its series, checked against each other, and the computations that both roles do on it.

use anyhow::{bail, Context, Result};
use codec::Encode;
use doin_chain::{Chain, Head};
use doin_compute::task::predictions_per_window;
use doin_forecast::{error_size, parse_unit, significant};
use doin_primitives::{
	blake2_256,
	payload::{ChunkSums, Sums},
	DomainId, DomainSpec, Evidence, Hash,
};
use doin_scoring::{model::OUT_FRAC, sample, score, verdict, Forecast, Model, Program, Target, Windows};
use rayon::prelude::*;

/// Windows that one piece of the held-out tail has. A sum over the whole tail may not fit 32 bits.
const TAIL_PIECE: usize = 16;

/// A domain's record with its series.
#[derive(Clone, Debug)]
pub struct Problem {
	/// Identifier of the domain.
	pub id: DomainId,
	/// Immutable record of the domain.
	pub spec: DomainSpec,
	/// Series of the domain in raw units; empty for a program without data.
	pub series: Vec<i32>,
}

impl Problem {
	/// Loads a domain. The series is compared with the hash in the record, so the node is not trusted with it.
	///
	/// # Errors
	///
	/// Errors if there is no such domain, if its series is not uploaded completely, if record and series differ from each other,
	/// and if the node cannot be read.
	pub async fn load(chain: &Chain, at: Head, id: DomainId) -> Result<Self> {
		let spec = chain
			.domain_spec(at, id)
			.await?
			.with_context(|| format!("domain {id} does not exist: `doin-worker domain list` lists the domains"))?;
		let series = match spec.values {
			0 => Vec::new(),
			_ => chain
				.series(at, id)
				.await?
				.with_context(|| format!("the series of domain {id} is not complete: its owner is still uploading it"))?,
		};
		let problem = Self { id, spec, series };
		problem.check().with_context(|| {
			format!("the node at {} returned inconsistent data of domain {id}: connect to another node", chain.url())
		})?;
		Ok(problem)
	}

	/// Errors if the series does not have the length and hash of the record, or if the program does not fit the series.
	fn check(&self) -> Result<()> {
		let spec = &self.spec;
		if self.series.len() != spec.values as usize {
			bail!("the series has {} values, its record {}", self.series.len(), spec.values);
		}
		let root = if self.series.is_empty() { [0; 32] } else { blake2_256(&self.series.encode()) };
		if root != spec.data_root {
			bail!("the series has another hash than its record");
		}
		if let Err(error) = spec.program.check(spec.split.train_end, spec.split.validation_end, spec.values) {
			bail!("its program is malformed: {error:?}");
		}
		Ok(())
	}

	/// Returns the name of the domain.
	pub fn name(&self) -> String {
		String::from_utf8_lossy(&self.spec.name).into_owned()
	}

	/// Returns the size of one raw unit of error, and the unit that this size is in: the unit of the series, or a rate
	/// for classes.
	pub fn unit(&self) -> (f64, String) {
		let text = String::from_utf8_lossy(&self.spec.unit);
		let (size, name) = parse_unit(&text);
		match self.class_forecast() {
			Some(forecast) => (error_size(forecast, size), "error rate".into()),
			None => (size, name.to_string()),
		}
	}

	/// Returns the heading of a column of errors, e.g. `mean absolute error in ppm`.
	pub fn error_description(&self) -> String {
		match self.class_forecast() {
			Some(_) => "error rate".into(),
			None => format!("mean absolute error in {}", self.unit().1),
		}
	}

	/// Returns the description of a mean error in raw units, e.g. `a mean absolute error of 0.42000 ppm`.
	pub fn describe_error(&self, mean: f64) -> String {
		let (size, unit) = self.unit();
		let mean = significant(mean * size);
		match self.class_forecast() {
			Some(_) => format!("an error rate of {mean}"),
			None => format!("a mean absolute error of {mean} {unit}"),
		}
	}

	/// Returns the forecast program of the domain, or `None` for another program.
	pub fn forecast(&self) -> Option<&Forecast> {
		match &self.spec.program {
			Program::Forecast(forecast) => Some(forecast),
			Program::Quadratic(_) => None,
		}
	}

	fn class_forecast(&self) -> Option<&Forecast> {
		self.forecast().filter(|forecast| matches!(forecast.target, Target::Classes(_)))
	}

	/// Returns the number of chunks of a recomputation.
	pub fn chunks(&self) -> u16 {
		self.spec.program.chunks()
	}

	/// Returns the chunk sums of `models` on the windows that `seed` draws, which a quorum answers with. Runs on the current
	/// thread pool.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit one of the models.
	pub fn drawn_sums(&self, models: &[Model], seed: &Hash) -> Result<Vec<Vec<u32>>> {
		Ok(doin_compute::chunk_sums(&self.spec, &self.series, seed, models)?)
	}

	/// Returns the chunk sums of `models` on the validation split, which a reveal claims. Runs on the current thread pool.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit one of the models.
	pub fn validation_sums(&self, models: &[Model]) -> Result<Vec<Vec<u32>>> {
		Ok(doin_compute::validation_sums(&self.spec, &self.series, models)?)
	}

	/// Returns the initial champion: the better baseline on the validation split, which the chain chooses at activation.
	///
	/// # Errors
	///
	/// Errors if the baselines cannot be scored.
	pub fn initial(&self) -> Result<Model> {
		if self.forecast().is_none() {
			return Ok(Model::Point(vec![0; usize::from(self.chunks())]));
		}
		let sums = self.validation_sums(&[Model::RepeatLast, Model::Seasonal])?;
		Ok(if verdict::total(&sums[1]) < verdict::total(&sums[0]) { Model::Seasonal } else { Model::RepeatLast })
	}

	/// Returns the mean error per prediction of the error sum `error` over all windows of a draw, in the unit of [`Self::unit`].
	pub fn draw_error(&self, error: u64) -> f64 {
		let Some(forecast) = self.forecast() else {
			// Squared distances in Q16.
			return error as f64 / 65_536.0;
		};
		// Without a generator, a draw is the validation split.
		let windows = match self.spec.evidence {
			Evidence::Synthetic(_) => forecast.windows,
			Evidence::Public | Evidence::Sealed | Evidence::Live => {
				let split = self.spec.split;
				forecast.validation_windows(split.train_end, split.validation_end).unwrap_or(forecast.windows)
			}
		};
		let count = f64::from(self.chunks()) * f64::from(windows) * predictions_per_window(forecast) as f64;
		self.mean_error(error, count)
	}

	/// Returns the mean error of a model on the held-out tail, in the unit of [`Self::unit`], or `None` without a tail.
	pub fn tail_error(&self, model: &Model) -> Option<f64> {
		let forecast = self.forecast()?;
		let windows = sample::tail(forecast, &self.series, self.spec.split.validation_end);
		let count = windows.len() * predictions_per_window(forecast) as usize;
		if count == 0 {
			return None;
		}
		let span = (windows.history + windows.horizon) * windows.channels;
		let error: u64 = windows
			.values
			.par_chunks(span * TAIL_PIECE)
			.map(|values| {
				let Windows { channels, history, horizon, .. } = windows;
				u64::from(score(model, forecast, &Windows { channels, history, horizon, values: values.to_vec() }))
			})
			.sum();
		Some(self.mean_error(error, count as f64))
	}

	fn mean_error(&self, error: u64, count: f64) -> f64 {
		error as f64 / f64::from(1u32 << OUT_FRAC) / count.max(1.0) * self.unit().0
	}
}

/// Returns sums of several models in the bounded form that calls take.
///
/// # Errors
///
/// Errors if there are more models or chunks than the chain allows.
pub fn bounded_sums(sums: Vec<Vec<u32>>) -> Result<Sums> {
	let rows = sums.into_iter().map(bounded_chunk_sums).collect::<Result<Vec<_>>>()?;
	Sums::try_from(rows).map_err(|rows| anyhow::anyhow!("a task has {} models, more than the chain allows", rows.len()))
}

/// Returns the sums of one model in the bounded form that calls take.
///
/// # Errors
///
/// Errors if there are more chunks than the chain allows.
pub fn bounded_chunk_sums(sums: Vec<u32>) -> Result<ChunkSums> {
	ChunkSums::try_from(sums).map_err(|sums| anyhow::anyhow!("a model has {} chunks, more than the chain allows", sums.len()))
}

/// Decodes a model and checks everything that scoring relies on.
///
/// # Errors
///
/// Errors if `bytes` is not the encoding of a model, or if the domain does not admit the model.
pub fn decode_admissible(problem: &Problem, bytes: &[u8]) -> Result<Model> {
	let limits = &problem.spec.limits;
	let model = Model::from_bytes(bytes).map_err(|error| anyhow::anyhow!("{error:?}"))?;
	model
		.admit(&problem.spec.program, limits.model_bytes, limits.window_macs, bytes.len())
		.map_err(|error| anyhow::anyhow!("{error:?}"))?;
	Ok(model)
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use doin_primitives::{Growth, Limits, Split};
	use doin_scoring::{Encoder, Generator, Layer, Loss, Net, WindowPhase};

	/// Returns a small domain on a noisy sawtooth.
	pub(crate) fn sawtooth() -> Problem {
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
		};
		Problem { id: 3, spec, series }
	}

	#[test]
	fn a_series_that_does_not_match_its_record_is_noticed() {
		let mut problem = sawtooth();
		problem.check().unwrap();
		problem.series[5] += 1;
		assert!(format!("{:#}", problem.check().unwrap_err()).contains("another hash"));
		problem.series.pop();
		assert!(format!("{:#}", problem.check().unwrap_err()).contains("599 values"));
	}

	#[test]
	fn sums_are_those_of_the_scoring_crate_chunk_by_chunk() {
		let problem = sawtooth();
		let forecast = problem.forecast().unwrap();
		let sums = problem.drawn_sums(&[Model::RepeatLast, Model::Seasonal], &[7; 32]).unwrap();
		assert_eq!((sums.len(), sums[0].len()), (2, 32));
		for chunk in [0u16, 31] {
			let Evidence::Synthetic(generator) = &problem.spec.evidence else { panic!("the sawtooth is drawn") };
			let windows = sample::drawn(forecast, generator, &[7; 32], chunk);
			assert_eq!(sums[1][usize::from(chunk)], score(&Model::Seasonal, forecast, &windows));
		}
		assert!(verdict::total(&sums[1]) < verdict::total(&sums[0]), "a sawtooth is seasonal");
		let validation = problem.validation_sums(&[Model::Seasonal]).unwrap();
		assert_eq!(validation[0].len(), 32);
		assert_ne!(validation[0], sums[1]);
		assert_eq!(problem.initial().unwrap(), Model::Seasonal);
	}

	#[test]
	fn errors_are_shown_in_the_unit_of_the_series() {
		let problem = sawtooth();
		// One raw unit on each of the 32 · 8 · 4 values is half a millimetre.
		assert_eq!(problem.draw_error(16 * 32 * 8 * 4), 0.5);
		let (last, seasonal) = (problem.tail_error(&Model::RepeatLast).unwrap(), problem.tail_error(&Model::Seasonal).unwrap());
		assert!(seasonal < 5.0 && last > 50.0, "{seasonal} {last}");
		assert_eq!(problem.unit(), (0.5, "mm".into()));
	}

	#[test]
	fn errors_of_classes_are_rates_and_steps_count_one_by_one() {
		let with = |target| {
			let mut problem = sawtooth();
			let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
			forecast.target = target;
			problem
		};
		let classes = with(Target::Classes(vec![0].try_into().unwrap()));
		assert_eq!((classes.unit(), classes.error_description().as_str()), ((1.0, "error rate".into()), "error rate"));
		assert_eq!(classes.describe_error(0.25), "an error rate of 0.25000");
		assert_eq!(sawtooth().describe_error(2.0), "a mean absolute error of 1.0000 mm");
		// An error in every second window.
		assert_eq!(classes.draw_error(16 * 32 * 4), 0.5);
		assert!(classes.tail_error(&Model::RepeatLast).unwrap() < 1.0);
		let last = with(Target::Steps(vec![4].try_into().unwrap()));
		assert_eq!((last.draw_error(16 * 32 * 8), last.error_description().as_str()), (0.5, "mean absolute error in mm"));
		let public = Problem { spec: DomainSpec { evidence: Evidence::Public, ..last.spec.clone() }, ..last };
		let error = verdict::total(&public.drawn_sums(&[Model::Seasonal], &[1; 32]).unwrap()[0]);
		let validation = verdict::total(&public.validation_sums(&[Model::Seasonal]).unwrap()[0]);
		assert_eq!((error, public.draw_error(16 * 32 * 3)), (validation, 0.5), "three windows validate in each chunk");
	}

	#[test]
	fn models_of_others_are_checked_before_use() {
		let problem = sawtooth();
		let layer =
			|inputs: u16| Layer { inputs, outputs: 4, shift: 4, weights: vec![1; usize::from(inputs) * 4], bias: vec![0; 4] };
		let net = |window| {
			let skip = Some(layer(window));
			Model::Net(Net { window, in_shifts: vec![0], skip, encoder: Encoder::None, layers: Vec::new() })
		};
		decode_admissible(&problem, &net(8).to_bytes()).unwrap();
		assert!(decode_admissible(&problem, &net(17).to_bytes()).is_err(), "longer than the history");
		assert!(decode_admissible(&problem, &Model::Seasonal.to_bytes()).is_err(), "a baseline");
		assert!(decode_admissible(&problem, &[1, 2, 3]).is_err());
	}

	#[test]
	fn sums_fit_what_extrinsics_carry() {
		assert_eq!(bounded_sums(vec![vec![1, 2], vec![3, 4]]).unwrap().len(), 2);
		assert!(bounded_sums(vec![vec![0]; 20]).is_err());
		assert!(bounded_chunk_sums(vec![0; 257]).is_err());
	}
}
