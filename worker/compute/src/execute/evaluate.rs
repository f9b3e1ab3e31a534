//! Evaluation of trained nets: admission, error sums and fitness.

use crate::{
	gpu::Device,
	train::{
		candidate::{ignore_epochs, Candidate, OnEpoch},
		dataset::{ChunkErrors, Dataset},
		stopping::StopSignal,
	},
	Error,
};
use doin_scoring::{Model, Net};
use rayon::prelude::*;

/// A trained and evaluated candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
	/// The candidate.
	pub candidate: Candidate,
	/// Its net, which the domain admits.
	pub model: Model,
	/// Its error sums.
	pub errors: ChunkErrors,
	/// [`Dataset::fitness`] of the error sums, which a search minimises.
	pub fitness: u64,
}

impl Candidate {
	/// Trains the candidate on the current pool, and admits and evaluates its net.
	///
	/// # Errors
	///
	/// Those of [`train`](Self::train); [`Error::Model`] if the domain does not admit the net.
	pub fn evaluate(&self, data: &Dataset, stop: &dyn StopSignal) -> Result<Evaluated, Error> {
		self.evaluate_with(data, stop, &mut ignore_epochs)
	}

	/// [Evaluates](Self::evaluate) the candidate, and calls `on_epoch` after every epoch of its training.
	///
	/// # Errors
	///
	/// Those of [`evaluate`](Self::evaluate).
	pub fn evaluate_with(&self, data: &Dataset, stop: &dyn StopSignal, on_epoch: &mut OnEpoch) -> Result<Evaluated, Error> {
		let model = Model::Net(self.train_with(data, stop, on_epoch)?);
		let of_rows = data.admit(&model)?;
		let errors = data.chunk_errors(&model);
		Ok(Evaluated { candidate: *self, fitness: data.fitness(&errors), model: of_rows.unwrap_or(model), errors })
	}
}

/// An admitted net.
struct Admitted {
	candidate: Candidate,
	/// The net that reads the windows of the dataset.
	model: Model,
	/// The net that reads rows, if the windows are embedded rows.
	of_rows: Option<Model>,
}

/// Admits and evaluates nets that candidates were trained to, all at once, on `device` if there is one. The CPU evaluates what
/// the device does not. A training error is passed on.
pub(super) fn evaluate(
	data: &Dataset,
	nets: Vec<(Candidate, Result<Net, Error>)>,
	device: Option<&Device>,
) -> Vec<Result<Evaluated, Error>> {
	let admit = |(candidate, net): (Candidate, Result<Net, Error>)| {
		let model = Model::Net(net?);
		let of_rows = data.admit(&model)?;
		Ok(Admitted { candidate, model, of_rows })
	};
	let admitted: Vec<Result<Admitted, Error>> = nets.into_par_iter().map(admit).collect();
	let models: Vec<&Model> = admitted.iter().flatten().map(|admitted| &admitted.model).collect();
	let mut errors = device.map_or_else(|| vec![None; models.len()], |device| device_errors(data, &models, device)).into_iter();
	let with_errors = |admitted: Result<_, Error>| admitted.map(|admitted| (admitted, errors.next().flatten()));
	let admitted: Vec<Result<_, Error>> = admitted.into_iter().map(with_errors).collect();
	let evaluate = |admitted: Result<(Admitted, Option<ChunkErrors>), Error>| {
		let (Admitted { candidate, model, of_rows }, errors) = admitted?;
		let errors = errors.unwrap_or_else(|| data.chunk_errors(&model));
		Ok(Evaluated { candidate, fitness: data.fitness(&errors), model: of_rows.unwrap_or(model), errors })
	};
	admitted.into_par_iter().map(evaluate).collect()
}

/// Returns the error sums of `models` as a device computes them; `None` for each if it does not.
fn device_errors(data: &Dataset, models: &[&Model], device: &Device) -> Vec<Option<ChunkErrors>> {
	let nets: Vec<&Net> = models.iter().filter_map(|model| if let Model::Net(net) = model { Some(net) } else { None }).collect();
	let chunks = data.evaluation_chunks();
	let [validation, practice] =
		[chunks.validation, chunks.practice].map(|chunks| device.score(&data.task.program, &nets, chunks));
	match (validation, practice) {
		(Ok(validation), Ok(practice)) => {
			let both = validation.into_iter().zip(practice);
			both.map(|(validation, practice)| Some(ChunkErrors { validation, practice })).collect()
		}
		(Err(error), _) | (_, Err(error)) => {
			tracing::debug!(target: super::LOG_TARGET, "{error}; the CPU evaluates instead");
			vec![None; models.len()]
		}
	}
}
