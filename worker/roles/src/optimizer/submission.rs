//! Payload of a candidate's commitment.

use crate::{problem::bounded_chunk_sums, search::TrainedCandidate};
use anyhow::{anyhow, Result};
use doin_primitives::{
	domain::{Genes, ModelBytes},
	payload::{Metrics, Reveal},
	Hash, RoundId,
};

/// Name of this program in [`Metrics`].
const OPTIMIZER: &str = concat!("doin-worker ", env!("CARGO_PKG_VERSION"));

/// Hashes of what all candidates of an optimizer come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Experiment {
	/// Hash of the configuration of the domain.
	pub(super) config: Hash,
	/// Hash of the data of the domain.
	pub(super) data: Hash,
}

/// Returns the payload that commits `candidate` in `round`.
pub(super) fn reveal(candidate: &TrainedCandidate, round: RoundId, experiment: Experiment) -> Result<Reveal> {
	Ok(Reveal {
		genes: Genes::try_from(candidate.genes.clone())
			.map_err(|_| anyhow!("the candidate has more genes than the chain allows"))?,
		model: ModelBytes::try_from(candidate.model.to_bytes())
			.map_err(|_| anyhow!("the model is larger than the chain allows"))?,
		validation: bounded_chunk_sums(candidate.errors.validation.clone())?,
		metrics: Metrics {
			experiment: candidate.experiment,
			round: round.number,
			millis: candidate.millis,
			config: experiment.config,
			data: experiment.data,
			optimizer: OPTIMIZER.as_bytes().to_vec().try_into().unwrap_or_default(),
		},
	})
}
