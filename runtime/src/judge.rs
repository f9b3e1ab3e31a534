//! The truth: one chunk of one model's score, computed from what is on-chain.
//!
//! `settle`, `replay` and `dispute_claim` come here. The windows and the forward pass are [`doin_scoring`]'s, the same code that trains
//! and answers in the worker, so a sum that differs is a lie and not a rounding.

use crate::{AccountId, Domains, Optimae, Runtime};
use alloc::vec::Vec;
use doin_primitives::{domain::PAGE_VALUES, DomainId, DomainSpec, Evidence, Hash, ModelRef, SizeClass};
use doin_primitives_frame::{Fault, Judge, Models};
use doin_scoring::{sample, score, Forecast, Model, Program, Windows};
use frame_support::weights::Weight;
use pallet_doin_quorum::WeightInfo;

/// Recomputes chunks from the domains' pages and the stored models.
pub struct Recomputer;

/// Pages of published data that a chunk of the validation split touches; drawn windows, which are measured, touch none.
const CHUNK_PAGES: u64 = 4;

impl Recomputer {
	fn model(model: &ModelRef, spec: &DomainSpec) -> Result<Model, Fault> {
		match model {
			ModelRef::RepeatLast => Ok(Model::RepeatLast),
			ModelRef::Seasonal => Ok(Model::Seasonal),
			ModelRef::Origin => match &spec.program {
				Program::Quadratic(quadratic) => Ok(Model::Point(alloc::vec![0; quadratic.target.len()])),
				Program::Forecast(_) => Err(Fault::Misfit),
			},
			ModelRef::Stored(id) => {
				let bytes = <Optimae as Models>::bytes(*id).ok_or(Fault::UnknownModel)?;
				Model::from_bytes(&bytes).map_err(|_| Fault::Misfit)
			}
		}
	}

	/// The values `[start, end)` of a domain's series, from the pages that hold them.
	fn values(domain: DomainId, start: u32, end: u32) -> Result<Vec<i32>, Fault> {
		let mut values = Vec::with_capacity(end.saturating_sub(start) as usize);
		let mut at = start;
		while at < end {
			let page = <Domains as doin_primitives_frame::Domains<AccountId>>::page(domain, at / PAGE_VALUES)
				.ok_or(Fault::MissingPage)?;
			let from = (at % PAGE_VALUES) as usize;
			let to = page.len().min(from.saturating_add(end.saturating_sub(at) as usize));
			let part = page.get(from..to).filter(|part| !part.is_empty()).ok_or(Fault::MissingPage)?;
			values.extend_from_slice(part);
			at = at.saturating_add(part.len() as u32);
		}
		Ok(values)
	}

	fn validation(domain: DomainId, spec: &DomainSpec, program: &Forecast, index: u16) -> Result<Windows, Fault> {
		let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)
			.map_err(|_| Fault::NoSuchChunk)?;
		Ok(sample::validation(program, &Self::values(domain, span.start, span.end)?))
	}

	fn sum(domain: DomainId, model: &ModelRef, index: u16, seed: Option<&Hash>) -> Result<u32, Fault> {
		let spec = <Domains as doin_primitives_frame::Domains<AccountId>>::spec(domain).ok_or(Fault::UnknownDomain)?;
		let model = Self::model(model, &spec)?;
		Self::evaluate(domain, &spec, &model, index, seed)
	}

	/// The sum of an encoded model that `domain` admits; see [`doin_primitives_frame::apis::DoinApi::chunk_sum`].
	pub fn model_chunk(domain: DomainId, model: &[u8], seed: Option<&Hash>, index: u16) -> Option<u32> {
		let spec = <Domains as doin_primitives_frame::Domains<AccountId>>::spec(domain)?;
		let decoded = Model::from_bytes(model).ok()?;
		decoded.admit(&spec.program, spec.limits.model_bytes, spec.limits.window_macs, model.len()).ok()?;
		Self::evaluate(domain, &spec, &decoded, index, seed).ok()
	}

	fn evaluate(domain: DomainId, spec: &DomainSpec, model: &Model, index: u16, seed: Option<&Hash>) -> Result<u32, Fault> {
		if index >= spec.program.chunks() {
			return Err(Fault::NoSuchChunk);
		}
		match &spec.program {
			Program::Quadratic(quadratic) => match model {
				Model::Point(point) => Ok(score::score_point(quadratic, point, index)),
				_ => Err(Fault::Misfit),
			},
			Program::Forecast(program) => {
				let windows = match (&spec.evidence, seed) {
					(Evidence::Synthetic(generator), Some(seed)) => sample::drawn(program, generator, seed, index),
					_ => Self::validation(domain, spec, program, index)?,
				};
				Ok(score::score(model, program, &windows))
			}
		}
	}
}

impl Judge for Recomputer {
	fn chunk(domain: DomainId, model: &ModelRef, seed: &Hash, index: u16) -> Result<u32, Fault> {
		Self::sum(domain, model, index, Some(seed))
	}

	fn claim(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, Fault> {
		Self::sum(domain, model, index, None)
	}

	fn chunks(domain: DomainId) -> Option<u16> {
		<Domains as doin_primitives_frame::Domains<AccountId>>::spec(domain).map(|spec| spec.program.chunks())
	}

	fn weight(class: SizeClass) -> Weight {
		let units = SizeClass::MACS[class as usize] / pallet_doin_quorum::types::MACS_PER_UNIT;
		pallet_doin_quorum::weights::SubstrateWeight::<Runtime>::judge(units as u32)
			.saturating_add(<Runtime as frame_system::Config>::DbWeight::get().reads(CHUNK_PAGES))
	}
}
