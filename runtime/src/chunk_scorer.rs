//! Scores one chunk of one model inside the runtime, from the domains' pages and the stored models.
//!
//! `settle`, `recompute`, `challenge` and `challenge_claim` call it. Windows and the forward pass are [`doin_scoring`]'s, which
//! the worker uses too, in integers only: a sum that differs is false, never a rounding difference.

use crate::{AccountId, Domains, Optimae, Runtime};
use alloc::vec::Vec;
use doin_primitives::{domain::PAGE_VALUES, DomainId, DomainSpec, Evidence, Hash, ModelRef, SizeClass};
use doin_scoring::{sample, score, Forecast, Model, Program, Windows};
use doin_traits::{ChunkScorer, Models, ScoreError};
use frame_support::weights::Weight;
use pallet_doin_recomputation::{
	types::MACS_PER_UNIT,
	weights::{SubstrateWeight, WeightInfo},
};

/// [`ChunkScorer`] over the storage of this runtime.
pub struct OnChainScorer;

/// Pages of published data that a chunk of the validation split reads at most. Drawn windows, which the benchmark scores, read
/// none.
const CHUNK_PAGES: u64 = 4;

/// Choice of the windows that a chunk is scored on.
#[derive(Clone, Copy)]
enum Windowing<'a> {
	/// Windows that this seed draws.
	Drawn(&'a Hash),
	/// Windows of the validation split.
	Validation,
}

impl OnChainScorer {
	/// Returns the error sum of an encoded model that `domain` admits; see [`doin_traits::apis::DoinApi::chunk_sum`].
	pub fn model_sum(domain: DomainId, model: &[u8], seed: Option<&Hash>, index: u16) -> Option<u32> {
		let spec = spec(domain).ok()?;
		let decoded = Model::from_bytes(model).ok()?;
		decoded.admit(&spec.program, spec.limits.model_bytes, spec.limits.window_macs, model.len()).ok()?;
		let windowing = seed.map_or(Windowing::Validation, Windowing::Drawn);
		score_chunk(domain, &spec, &decoded, index, windowing).ok()
	}
}

impl ChunkScorer for OnChainScorer {
	fn drawn_sum(domain: DomainId, model: &ModelRef, seed: &Hash, index: u16) -> Result<u32, ScoreError> {
		let spec = spec(domain)?;
		score_chunk(domain, &spec, &stored_model(model, &spec)?, index, Windowing::Drawn(seed))
	}

	fn validation_sum(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		let spec = spec(domain)?;
		score_chunk(domain, &spec, &stored_model(model, &spec)?, index, Windowing::Validation)
	}

	fn chunks(domain: DomainId) -> Option<u16> {
		spec(domain).ok().map(|spec| spec.program.chunks())
	}

	fn weight(class: SizeClass) -> Weight {
		let units = SizeClass::MACS[class as usize] / MACS_PER_UNIT;
		SubstrateWeight::<Runtime>::score_chunk(units as u32)
			.saturating_add(<Runtime as frame_system::Config>::DbWeight::get().reads(CHUNK_PAGES))
	}
}

/// Returns the immutable record of `domain`.
fn spec(domain: DomainId) -> Result<DomainSpec, ScoreError> {
	<Domains as doin_traits::Domains<AccountId>>::spec(domain).ok_or(ScoreError::UnknownDomain)
}

/// Returns the model that `model` refers to: a baseline, or a decoded submission.
fn stored_model(model: &ModelRef, spec: &DomainSpec) -> Result<Model, ScoreError> {
	match model {
		ModelRef::RepeatLast => Ok(Model::RepeatLast),
		ModelRef::Seasonal => Ok(Model::Seasonal),
		ModelRef::Origin => match &spec.program {
			Program::Quadratic(quadratic) => Ok(Model::Point(alloc::vec![0; quadratic.target.len()])),
			Program::Forecast(_) => Err(ScoreError::IncompatibleModel),
		},
		ModelRef::Stored(id) => {
			let bytes = <Optimae as Models>::bytes(*id).ok_or(ScoreError::UnknownModel)?;
			Model::from_bytes(&bytes).map_err(|_| ScoreError::IncompatibleModel)
		}
	}
}

/// Returns the error sum of `model` on chunk `index`.
fn score_chunk(domain: DomainId, spec: &DomainSpec, model: &Model, index: u16, windowing: Windowing) -> Result<u32, ScoreError> {
	if index >= spec.program.chunks() {
		return Err(ScoreError::NoSuchChunk);
	}
	match &spec.program {
		Program::Quadratic(quadratic) => match model {
			Model::Point(point) => Ok(score::score_point(quadratic, point, index)),
			_ => Err(ScoreError::IncompatibleModel),
		},
		Program::Forecast(program) => {
			let windows = match (&spec.evidence, windowing) {
				(Evidence::Synthetic(generator), Windowing::Drawn(seed)) => sample::drawn(program, generator, seed, index),
				_ => validation_windows(domain, spec, program, index)?,
			};
			Ok(score::score(model, program, &windows))
		}
	}
}

/// Returns the windows of chunk `index` of the validation split.
fn validation_windows(domain: DomainId, spec: &DomainSpec, program: &Forecast, index: u16) -> Result<Windows, ScoreError> {
	let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)
		.map_err(|_| ScoreError::NoSuchChunk)?;
	Ok(sample::validation(program, &series_part(domain, span.start, span.end)?))
}

/// Returns the values `[start, end)` of the series of `domain`, from the pages that hold them.
fn series_part(domain: DomainId, start: u32, end: u32) -> Result<Vec<i32>, ScoreError> {
	let mut part = Vec::with_capacity(end.saturating_sub(start) as usize);
	let mut at = start;
	while at < end {
		let page = <Domains as doin_traits::Domains<AccountId>>::page(domain, at / PAGE_VALUES).ok_or(ScoreError::MissingPage)?;
		let values = page.values().ok_or(ScoreError::MissingPage)?;
		let from = (at % PAGE_VALUES) as usize;
		let to = values.len().min(from.saturating_add(end.saturating_sub(at) as usize));
		let values = values.get(from..to).filter(|values| !values.is_empty()).ok_or(ScoreError::MissingPage)?;
		part.extend_from_slice(values);
		at = at.saturating_add(values.len() as u32);
	}
	Ok(part)
}
