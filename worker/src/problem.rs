//! A domain as the worker computes with it: its record and series, checked against each other.

use crate::amount::significant;
use anyhow::{bail, Context, Result};
use codec::Encode;
use doin_chain::{Chain, Head};
use doin_compute::task::predictions;
use doin_primitives::{
	blake2_256,
	payload::{ChunkSums, Sums},
	DomainId, DomainSpec, Evidence, Hash, ModelRef,
};
use doin_scoring::{sample, score, verdict, Forecast, Model, Program, Target, Windows};
use rayon::prelude::*;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex},
};

/// A domain's record with its series.
#[derive(Clone, Debug)]
pub struct Problem {
	/// Its identifier.
	pub id: DomainId,
	/// Its record.
	pub spec: DomainSpec,
	/// Its series, in raw units; empty for a program without data.
	pub series: Vec<i32>,
}

impl Problem {
	/// Loads a domain. The series is compared with the hash in the record: a node is not trusted with it.
	pub async fn load(chain: &Chain, at: Head, id: DomainId) -> Result<Self> {
		let spec = chain
			.domain_spec(at, id)
			.await?
			.with_context(|| format!("there is no domain {id}: `doin-worker domain list` shows those there are"))?;
		let series = match spec.values {
			0 => Vec::new(),
			_ => chain
				.series(at, id)
				.await?
				.with_context(|| format!("the series of domain {id} is not complete: its owner is still uploading it"))?,
		};
		let problem = Self { id, spec, series };
		problem
			.check()
			.with_context(|| format!("the node at {} gives a false account of domain {id}: use another one", chain.url()))?;
		Ok(problem)
	}

	fn check(&self) -> Result<()> {
		let spec = &self.spec;
		if self.series.len() != spec.values as usize {
			bail!("the series has {} values and its record says {}", self.series.len(), spec.values);
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

	/// Its name.
	pub fn name(&self) -> String {
		String::from_utf8_lossy(&self.spec.name).into_owned()
	}

	/// Size of a raw unit of error in the unit for people, and that unit's name: that of the series, or mistakes where classes are told.
	pub fn unit(&self) -> (f64, String) {
		let text = String::from_utf8_lossy(&self.spec.unit);
		let (size, name) = crate::csv_series::parse_unit(&text);
		match self.forecast() {
			Some(forecast @ Forecast { target: Target::Classes(_), .. }) => {
				(error_size(forecast, size), "mistakes per window".into())
			}
			_ => (size, name.to_string()),
		}
	}

	/// What errors are, for people, as in `mean absolute errors in ppm`.
	pub fn errors(&self) -> String {
		match &self.spec.program {
			Program::Forecast(Forecast { target: Target::Classes(_), .. }) => self.unit().1,
			_ => format!("mean absolute errors in {}", self.unit().1),
		}
	}

	/// A mean error in the unit for people, as in `a mean absolute error of 0.42 ppm`.
	pub fn error_of(&self, mean: f64) -> String {
		let (size, unit) = self.unit();
		let mean = significant(mean * size);
		match &self.spec.program {
			Program::Forecast(Forecast { target: Target::Classes(_), .. }) => format!("{mean} {unit}"),
			_ => format!("a mean absolute error of {mean} {unit}"),
		}
	}

	/// The forecast it asks for, if it asks for one.
	pub fn forecast(&self) -> Option<&Forecast> {
		match &self.spec.program {
			Program::Forecast(forecast) => Some(forecast),
			Program::Quadratic(_) => None,
		}
	}

	/// Chunks of a measurement.
	pub fn chunks(&self) -> u16 {
		self.spec.program.chunks()
	}

	/// Chunk sums of models on the windows that `seed` draws, as a quorum has to answer; on all cores of the current pool.
	pub fn drawn_sums(&self, models: &[Model], seed: &Hash) -> Result<Vec<Vec<u32>>> {
		Ok(doin_compute::chunk_sums(&self.spec, &self.series, seed, models)?)
	}

	/// Chunk sums of models on the validation split, as a reveal has to claim.
	pub fn validation_sums(&self, models: &[Model]) -> Result<Vec<Vec<u32>>> {
		Ok(doin_compute::validation_sums(&self.spec, &self.series, models)?)
	}

	/// The champion a domain starts from: the better baseline on validation, as the chain measures it when the domain is activated.
	pub fn initial(&self) -> Result<Model> {
		if self.forecast().is_none() {
			return Ok(Model::Point(vec![0; usize::from(self.chunks())]));
		}
		let sums = self.validation_sums(&[Model::RepeatLast, Model::Seasonal])?;
		Ok(if verdict::total(&sums[1]) < verdict::total(&sums[0]) { Model::Seasonal } else { Model::RepeatLast })
	}

	/// Mean error per forecast value or class, in the unit for people, of `error` over all windows of a draw.
	pub fn draw_error(&self, error: u64) -> f64 {
		match self.forecast() {
			Some(forecast) => {
				// Without a generator, validation is what is drawn.
				let windows = match self.spec.evidence {
					Evidence::Synthetic(_) => forecast.windows,
					Evidence::Public => {
						let split = self.spec.split;
						forecast.validation_windows(split.train_end, split.validation_end).unwrap_or(forecast.windows)
					}
				};
				let count = f64::from(self.chunks()) * f64::from(windows) * predictions(forecast) as f64;
				self.scaled(error, count)
			}
			// Squared distances in Q16.
			None => error as f64 / 65_536.0,
		}
	}

	/// Mean error of a model on the held-out tail, in the unit for people; nothing when there is no tail.
	pub fn tail_error(&self, model: &Model) -> Option<f64> {
		let forecast = self.forecast()?;
		let windows = sample::tail(forecast, &self.series, self.spec.split.validation_end);
		let count = windows.len() * predictions(forecast) as usize;
		if count == 0 {
			return None;
		}
		// In pieces: a sum of a whole tail may not fit 32 bits.
		let span = (windows.history + windows.horizon) * windows.channels;
		let error: u64 = windows
			.values
			.par_chunks(span * 16)
			.map(|values| {
				let Windows { channels, history, horizon, .. } = windows;
				u64::from(score(model, forecast, &Windows { channels, history, horizon, values: values.to_vec() }))
			})
			.sum();
		Some(self.scaled(error, count as f64))
	}

	fn scaled(&self, error: u64, count: f64) -> f64 {
		error as f64 / f64::from(1u32 << doin_scoring::model::OUT_FRAC) / count.max(1.0) * self.unit().0
	}

	/// Whether sums of a candidate undercut the champion's on validation by what the domain asks for.
	pub fn beats_on_validation(&self, candidate: u64, champion: u64) -> bool {
		verdict::public_test(champion, candidate, self.spec.min_improvement)
	}
}

/// Size of a raw unit of error: the unit of the values, or one mistake.
pub fn error_size(forecast: &Forecast, unit: f64) -> f64 {
	match forecast.target {
		Target::Classes(_) => 1.0,
		_ => unit,
	}
}

/// What the mean error of a program is.
pub fn error_name(forecast: &Forecast) -> &'static str {
	match forecast.target {
		Target::Classes(_) => "mistakes per window",
		_ => "mean absolute error",
	}
}

/// Bounded sums in the form that extrinsics carry.
pub fn bounded(sums: Vec<Vec<u32>>) -> Result<Sums> {
	let rows = sums.into_iter().map(bounded_row).collect::<Result<Vec<_>>>()?;
	Sums::try_from(rows).map_err(|rows| anyhow::anyhow!("a round measures {} models, more than the chain allows", rows.len()))
}

/// Bounded sums of one model.
pub fn bounded_row(sums: Vec<u32>) -> Result<ChunkSums> {
	ChunkSums::try_from(sums)
		.map_err(|sums| anyhow::anyhow!("a measurement has {} chunks, more than the chain allows", sums.len()))
}

/// Domains and models, loaded once. A domain's record and a model's bytes never change.
#[derive(Default)]
pub struct Library {
	problems: Mutex<BTreeMap<DomainId, Arc<Problem>>>,
	models: Mutex<BTreeMap<(DomainId, ModelRef), Arc<Model>>>,
}

/// Models kept at most; far more than are open at a time.
const MODELS_KEPT: usize = 512;

impl Library {
	/// A domain.
	pub async fn problem(&self, chain: &Chain, at: Head, id: DomainId) -> Result<Arc<Problem>> {
		let known = lock(&self.problems).get(&id).cloned();
		if let Some(problem) = known {
			return Ok(problem);
		}
		let problem = Arc::new(Problem::load(chain, at, id).await?);
		lock(&self.problems).insert(id, problem.clone());
		Ok(problem)
	}

	/// A model of a domain: its bytes are decoded and admitted here, whatever the chain says about them.
	pub async fn model(&self, chain: &Chain, at: Head, problem: &Problem, model: ModelRef) -> Result<Arc<Model>> {
		let key = (problem.id, model);
		let known = lock(&self.models).get(&key).cloned();
		if let Some(model) = known {
			return Ok(model);
		}
		let loaded = match model {
			ModelRef::RepeatLast => Model::RepeatLast,
			ModelRef::Seasonal => Model::Seasonal,
			ModelRef::Origin => Model::Point(vec![0; usize::from(problem.chunks())]),
			ModelRef::Stored(id) => {
				let bytes = chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
				admitted(problem, &bytes).with_context(|| format!("model {id} of domain {} is not admissible", problem.id))?
			}
		};
		let loaded = Arc::new(loaded);
		let mut models = lock(&self.models);
		if models.len() >= MODELS_KEPT {
			models.clear();
		}
		models.insert(key, loaded.clone());
		Ok(loaded)
	}
}

/// Decodes a model and checks everything that scoring relies on.
pub fn admitted(problem: &Problem, bytes: &[u8]) -> Result<Model> {
	let limits = &problem.spec.limits;
	let model = Model::from_bytes(bytes).map_err(|e| anyhow::anyhow!("{e:?}"))?;
	model
		.admit(&problem.spec.program, limits.model_bytes, limits.window_macs, bytes.len())
		.map_err(|e| anyhow::anyhow!("{e:?}"))?;
	Ok(model)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use doin_primitives::{Limits, Split};
	use doin_scoring::{Encoder, Generator, Layer, Net};

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
			}),
			genes: Default::default(),
			limits: Limits { model_bytes: 4096, window_macs: 4096 },
			data_root: blake2_256(&series.encode()),
			values: 600,
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
	fn sums_are_those_of_the_judge_chunk_by_chunk() {
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
	fn errors_are_shown_in_the_unit_for_people() {
		let problem = sawtooth();
		// One raw unit on each of the 32 · 8 · 4 values is half a millimetre.
		assert_eq!(problem.draw_error(16 * 32 * 8 * 4), 0.5);
		let (last, seasonal) = (problem.tail_error(&Model::RepeatLast).unwrap(), problem.tail_error(&Model::Seasonal).unwrap());
		assert!(seasonal < 5.0 && last > 50.0, "{seasonal} {last}");
		assert_eq!(problem.unit(), (0.5, "mm".into()));
	}

	#[test]
	fn classes_are_counted_in_mistakes_and_steps_one_by_one() {
		let with = |target| {
			let mut problem = sawtooth();
			let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
			forecast.target = target;
			problem
		};
		let classes = with(Target::Classes(vec![0].try_into().unwrap()));
		assert_eq!((classes.unit().0, classes.errors().as_str()), (1.0, "mistakes per window"));
		assert_eq!(classes.error_of(0.25), "0.25000 mistakes per window");
		assert_eq!(sawtooth().error_of(2.0), "a mean absolute error of 1.0000 mm");
		// A mistake in every second window.
		assert_eq!(classes.draw_error(16 * 32 * 4), 0.5);
		assert!(classes.tail_error(&Model::RepeatLast).unwrap() < 1.0);
		let last = with(Target::Steps(vec![4].try_into().unwrap()));
		assert_eq!((last.draw_error(16 * 32 * 8), last.errors().as_str()), (0.5, "mean absolute errors in mm"));
		let public = Problem { spec: DomainSpec { evidence: Evidence::Public, ..last.spec.clone() }, ..last };
		let error = verdict::total(&public.drawn_sums(&[Model::Seasonal], &[1; 32]).unwrap()[0]);
		let validation = verdict::total(&public.validation_sums(&[Model::Seasonal]).unwrap()[0]);
		assert_eq!((error, public.draw_error(16 * 32 * 3)), (validation, 0.5), "three windows validate in each chunk");
	}

	#[test]
	fn strangers_models_are_checked_before_use() {
		let problem = sawtooth();
		let layer =
			|inputs: u16| Layer { inputs, outputs: 4, shift: 4, weights: vec![1; usize::from(inputs) * 4], bias: vec![0; 4] };
		let net = |window| {
			let skip = Some(layer(window));
			Model::Net(Net { window, in_shifts: vec![0], skip, encoder: Encoder::None, layers: Vec::new() })
		};
		admitted(&problem, &net(8).to_bytes()).unwrap();
		assert!(admitted(&problem, &net(17).to_bytes()).is_err(), "longer than the history");
		assert!(admitted(&problem, &Model::Seasonal.to_bytes()).is_err(), "a baseline");
		assert!(admitted(&problem, &[1, 2, 3]).is_err());
	}

	#[test]
	fn sums_fit_what_extrinsics_carry() {
		assert_eq!(bounded(vec![vec![1, 2], vec![3, 4]]).unwrap().len(), 2);
		assert!(bounded(vec![vec![0]; 20]).is_err());
		assert!(bounded_row(vec![0; 257]).is_err());
	}
}
