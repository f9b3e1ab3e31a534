//! What a trained population is worth, measured on the device that has trained it.

use super::Gpu;
use crate::{
	data::Measure,
	population::{Candidate, Trained},
	Error, TrainingSet,
};
use doin_scoring::{Model, Net};
use rayon::prelude::*;

impl Gpu {
	/// Admits and measures the nets that candidates were trained to, as [`Candidate::judge`] does, all at once. What the device cannot measure,
	/// the processor does.
	pub fn judge(&self, data: &TrainingSet, nets: Vec<(Candidate, Result<Net, Error>)>) -> Vec<Result<Trained, Error>> {
		let admit = |(candidate, net): (Candidate, Result<Net, Error>)| {
			let model = Model::Net(net?);
			data.task.admit(&model)?;
			Ok((candidate, model))
		};
		let admitted: Vec<Result<(Candidate, Model), Error>> = nets.into_par_iter().map(admit).collect();
		let nets: Vec<&Net> = admitted.iter().flatten().filter_map(|(_, model)| net(model)).collect();
		let [validation, practice] = data.judging().map(|chunks| self.score(&data.task.program, &nets, chunks));
		let measures = match (validation, practice) {
			(Ok(validation), Ok(practice)) => {
				let both = validation.into_iter().zip(practice);
				both.map(|(validation, practice)| Some(Measure { validation, practice })).collect()
			}
			(Err(error), _) | (_, Err(error)) => {
				tracing::debug!("{error}; the processor measures instead");
				vec![None; nets.len()]
			}
		};
		let mut measures = measures.into_iter();
		let with_measure = |admitted: Result<_, Error>| admitted.map(|one| (one, measures.next().flatten()));
		let admitted: Vec<Result<_, Error>> = admitted.into_iter().map(with_measure).collect();
		let judge = |admitted: Result<((Candidate, Model), Option<Measure>), Error>| {
			let ((candidate, model), measure) = admitted?;
			let measure = measure.unwrap_or_else(|| data.measure(&model));
			Ok(Trained { candidate, fitness: data.fitness(&measure), model, measure })
		};
		admitted.into_par_iter().map(judge).collect()
	}
}

fn net(model: &Model) -> Option<&Net> {
	match model {
		Model::Net(net) => Some(net),
		_ => None,
	}
}
