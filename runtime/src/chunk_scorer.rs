//! Scores one chunk of one model inside the runtime, from the domains' pages, the bars of streams, and the stored models.
//!
//! `settle`, `recompute`, `challenge` and `challenge_claim` call it. `forecasts.commit` has the champion of a live domain forecast a
//! stream, and `inference.accuse` has a former or present champion answer one input. Windows, rows and the forward pass are
//! [`doin_scoring`]'s, which the worker uses too, in integers only: a sum that differs is false, never a rounding difference.

use crate::{configs::doin::evidence::Streams, data, AccountId, Domains, Optimae, Runtime};
use alloc::vec::Vec;
use core::{marker::PhantomData, ops::Range};
use doin_primitives::{
	domain::{MAX_WINDOW_MACS, PAGE_BYTES},
	evidence::{live_forecast, live_value, LIVE_CHUNKS, MAX_SEGMENT_BYTES},
	oracle::MAX_KEPT,
	DomainId, DomainSpec, Evidence, EvidenceRef, Hash, ModelRef, SizeClass,
};
use doin_scoring::{
	answer,
	program::{MAX_HISTORY, MAX_HORIZON},
	rows::{self, RowSet, Rows},
	sample, score,
	verdict::NO_EVIDENCE,
	Forecast, Model, Program, Windows,
};
use doin_training::run::run_sum;
use doin_traits::{Bars, Champions, ChunkDraw, ChunkScorer, ModelRunner, Models, ScoreError};
use frame_support::weights::Weight;
use pallet_doin_recomputation::{
	types::MACS_PER_UNIT,
	weights::{SubstrateWeight, WeightInfo},
};

/// [`ChunkScorer`] over the storage of this runtime, and the streams of `B`.
pub struct Scorer<B>(PhantomData<B>);

/// [`ChunkScorer`] over the storage and the streams of this runtime.
pub type OnChainScorer = Scorer<Streams>;

/// Values that the scoring of a chunk reads at most, beside those that the benchmark reads, which scores drawn windows of a
/// stored model: all pages of a segment, since a seed deals its rows to all chunks, and the initial champion. A chunk of the
/// validation split, or of a series, reads fewer pages.
pub const CHUNK_READS: u64 = (MAX_SEGMENT_BYTES / PAGE_BYTES) as u64 + 1;
/// Bars that the scoring of a live chunk reads at most: `history + (windows − 1) · stride + horizon`. The `windows · stride` bars of each
/// of the [`LIVE_CHUNKS`] chunks of a round are kept by its stream, else its domain is not registered.
pub const CHUNK_BARS: u32 = MAX_HISTORY as u32 + MAX_HORIZON as u32 + MAX_KEPT / LIVE_CHUNKS as u32;

/// Records that a run of a champion reads beside those that the benchmark of a chunk reads: the terms of its stream, and the state of its
/// domain.
const CHAMPION_READS: u64 = 2;

/// Choice of the data that a chunk is scored on.
#[derive(Clone, Copy)]
enum Choice<'a> {
	/// Windows, rows or training runs of this evidence that this seed draws or chooses.
	Drawn(EvidenceRef, &'a Hash),
	/// Windows or rows of the validation split, or the published training runs.
	Validation,
}

impl<B: Bars> Scorer<B> {
	/// Returns the error sum of an encoded model that `domain` admits; see [`doin_traits::apis::DoinApi::chunk_sum`].
	pub fn model_sum(domain: DomainId, model: &[u8], draw: Option<(EvidenceRef, &Hash)>, index: u16) -> Option<u32> {
		let spec = spec(domain).ok()?;
		let decoded = Model::from_bytes(model).ok()?;
		decoded.admit(&spec.program, spec.limits.model_bytes, spec.limits.window_macs, model.len()).ok()?;
		let choice = draw.map_or(Choice::Validation, |(evidence, seed)| Choice::Drawn(evidence, seed));
		score_chunk::<B>(domain, &spec, &decoded, index, choice).ok()
	}
}

impl<B: Bars> ChunkScorer for Scorer<B> {
	fn drawn_sum(draw: ChunkDraw, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		let ChunkDraw { domain, evidence, seed } = draw;
		let spec = spec(domain)?;
		score_chunk::<B>(domain, &spec, &stored_model(domain, &spec, model)?, index, Choice::Drawn(evidence, seed))
	}

	fn validation_sum(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		let spec = spec(domain)?;
		score_chunk::<B>(domain, &spec, &stored_model(domain, &spec, model)?, index, Choice::Validation)
	}

	fn chunks(domain: DomainId) -> Option<u16> {
		spec(domain).ok().map(|spec| spec.program.chunks())
	}

	fn tolerance(domain: DomainId) -> Option<u32> {
		match spec(domain).ok()?.program {
			Program::Tolerance(program) => Some(program.epsilon),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Rows(_) | Program::LossGenome(_) => {
				None
			}
		}
	}

	fn weight(class: SizeClass) -> Weight {
		let units = SizeClass::MACS[class as usize] / MACS_PER_UNIT;
		let reads = |count| <Runtime as frame_system::Config>::DbWeight::get().reads(count);
		// A chunk has rows or windows of a segment, or windows of bars. Either model can be the initial champion.
		let rows = SubstrateWeight::<Runtime>::deal_rows().saturating_sub(SubstrateWeight::<Runtime>::score_chunk(0));
		let bars = reads(1).saturating_add(B::closes_weight(CHUNK_BARS));
		SubstrateWeight::<Runtime>::score_chunk(units as u32).saturating_add(reads(CHUNK_READS).max(rows).max(bars))
	}
}

impl<B: Bars> Champions for Scorer<B> {
	fn forecast(domain: DomainId, stream: u32, bar: u64, horizon: u16) -> Option<(ModelRef, Vec<i32>)> {
		let spec = spec(domain).ok()?;
		let (Program::Forecast(program), Evidence::Live { stream: source, unit }) = (&spec.program, &spec.evidence) else {
			return None;
		};
		if *source != stream || program.horizon < horizon {
			return None;
		}
		let model = <Domains as doin_traits::Domains<AccountId>>::state(domain)?.champion.model;
		let first = bar.checked_sub(program.history.into())?;
		let closes = B::closes(stream, first..bar)?;
		let champion = stored_model(domain, &spec, &model).ok()?;
		Some((model, live_forecast(&champion, program, *unit, &closes)?))
	}

	fn forecast_weight() -> Weight {
		// The benchmark of a chunk draws 64 windows and decodes the largest model. A run is one window of bars.
		let units = u64::from(MAX_WINDOW_MACS).div_ceil(MACS_PER_UNIT);
		let reads = <Runtime as frame_system::Config>::DbWeight::get().reads(CHAMPION_READS);
		let bars = reads.saturating_add(B::closes_weight(MAX_HISTORY.into()));
		SubstrateWeight::<Runtime>::score_chunk(units as u32).saturating_add(bars)
	}
}

impl<B> ModelRunner for Scorer<B> {
	fn run(program: &Program, model: &[u8], input: &[u8]) -> Option<Vec<i32>> {
		answer(&Model::from_bytes(model).ok()?, program, input)
	}

	fn run_weight() -> Weight {
		// The benchmark of a chunk draws 64 windows and decodes the largest model. An accusation has the input.
		let units = u64::from(MAX_WINDOW_MACS).div_ceil(MACS_PER_UNIT);
		SubstrateWeight::<Runtime>::score_chunk(units as u32)
	}
}

/// Returns the immutable record of `domain`.
fn spec(domain: DomainId) -> Result<DomainSpec, ScoreError> {
	<Domains as doin_traits::Domains<AccountId>>::spec(domain).ok_or(ScoreError::UnknownDomain)
}

/// Returns the model that `model` refers to: a baseline, or a decoded submission.
fn stored_model(domain: DomainId, spec: &DomainSpec, model: &ModelRef) -> Result<Model, ScoreError> {
	let bytes = match model {
		ModelRef::RepeatLast => return Ok(Model::RepeatLast),
		ModelRef::Seasonal => return Ok(Model::Seasonal),
		ModelRef::Origin => {
			let (dimensions, _) = spec.program.coordinates().ok_or(ScoreError::IncompatibleModel)?;
			return Ok(Model::Point(alloc::vec![0; dimensions.into()]));
		}
		ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn => {
			<Domains as doin_traits::Domains<AccountId>>::baseline(domain)
		}
		ModelRef::Stored(id) => <Optimae as Models>::bytes(*id),
	};
	Model::from_bytes(&bytes.ok_or(ScoreError::UnknownModel)?).map_err(|_| ScoreError::IncompatibleModel)
}

/// Returns the error sum of `model` on chunk `index`; [`NO_EVIDENCE`] for a live chunk that is not full, whatever the model.
fn score_chunk<B: Bars>(
	domain: DomainId,
	spec: &DomainSpec,
	model: &Model,
	index: u16,
	choice: Choice,
) -> Result<u32, ScoreError> {
	if index >= spec.program.chunks() {
		return Err(ScoreError::NoSuchChunk);
	}
	match &spec.program {
		Program::Quadratic(_) | Program::Landscape(_) => match model {
			Model::Point(point) => spec.program.point_sum(point, index).ok_or(ScoreError::NoSuchChunk),
			_ => Err(ScoreError::IncompatibleModel),
		},
		Program::Forecast(program) => {
			let windows = windows::<B>(domain, spec, program, index, choice)?;
			Ok(windows.map_or(NO_EVIDENCE, |windows| score::score(model, program, &windows)))
		}
		Program::Rows(program) => {
			let rows = match (&spec.evidence, choice) {
				(_, Choice::Validation) | (Evidence::Public, Choice::Drawn(EvidenceRef::Drawn, _)) => {
					validation_rows(domain, spec, program, index)?
				}
				(Evidence::Sealed { .. }, Choice::Drawn(EvidenceRef::Segment(segment), seed)) => {
					let segment = data::bytes(domain, spec, data::segment(spec, segment)?)?;
					rows::dealt(program, &segment, seed, index)
				}
				(_, Choice::Drawn(..)) => return Err(ScoreError::NoSuchEvidence),
			};
			Ok(rows::score_rows(model, program, &rows))
		}
		// Its program is not on the chain.
		Program::Tolerance(_) => Err(ScoreError::IncompatibleModel),
		Program::LossGenome(program) => {
			let seed = match (&spec.evidence, choice) {
				// The published runs have the hash of the samples as their seed.
				(Evidence::Drawn, Choice::Validation) => &spec.data_root,
				(Evidence::Drawn, Choice::Drawn(EvidenceRef::Drawn, seed)) => seed,
				(_, Choice::Validation | Choice::Drawn(..)) => return Err(ScoreError::NoSuchEvidence),
			};
			let Model::Genome(genome) = model else { return Err(ScoreError::IncompatibleModel) };
			Ok(run_sum(program, genome, &data::bytes(domain, spec, 0..spec.values)?, seed, index))
		}
	}
}

/// Returns the windows of chunk `index`; `None` for a live chunk that is not full.
fn windows<B: Bars>(
	domain: DomainId,
	spec: &DomainSpec,
	program: &Forecast,
	index: u16,
	choice: Choice,
) -> Result<Option<Windows>, ScoreError> {
	match (&spec.evidence, choice) {
		(_, Choice::Validation) | (Evidence::Public, Choice::Drawn(EvidenceRef::Drawn, _)) => {
			validation_windows(domain, spec, program, index).map(Some)
		}
		(Evidence::Synthetic(generator), Choice::Drawn(EvidenceRef::Drawn, seed)) => {
			Ok(Some(sample::drawn(program, generator, seed, index)))
		}
		(Evidence::Sealed { .. }, Choice::Drawn(EvidenceRef::Segment(segment), seed)) => {
			segment_windows(domain, spec, program, segment, seed, index).map(Some)
		}
		(Evidence::Live { stream, unit }, Choice::Drawn(EvidenceRef::Bars { first }, seed)) => {
			let values = live_values::<B>(*stream, *unit, first, program, sample::segment_span(program, seed, index))?;
			let (windows, is_full) = sample::strided_live(program, &values);
			Ok(is_full.then_some(windows))
		}
		(_, Choice::Drawn(..)) => Err(ScoreError::NoSuchEvidence),
	}
}

/// Returns the windows of chunk `index` of the validation split.
fn validation_windows(domain: DomainId, spec: &DomainSpec, program: &Forecast, index: u16) -> Result<Windows, ScoreError> {
	let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)
		.map_err(|_| ScoreError::NoSuchChunk)?;
	Ok(sample::validation(program, &data::values(domain, spec, span)?))
}

/// Returns the windows of chunk `index` that `seed` chooses from a segment. The history of the first ones lies before the
/// segment.
fn segment_windows(
	domain: DomainId,
	spec: &DomainSpec,
	program: &Forecast,
	segment: u16,
	seed: &Hash,
	index: u16,
) -> Result<Windows, ScoreError> {
	let first =
		data::segment_step(spec, program, segment)?.checked_sub(program.history.into()).ok_or(ScoreError::NoSuchEvidence)?;
	let span = sample::segment_span(program, seed, index);
	let step = |step: u32| first.checked_add(step).ok_or(ScoreError::NoSuchEvidence);
	Ok(sample::strided(program, &data::steps(domain, spec, program, step(span.start)?..step(span.end)?)?))
}

/// Returns the values of the bars of `stream` that are the steps `span` of a segment whose first step is bar `first`: step 0
/// lies a history before it. The value of a bar that is missing, or that does not fit 32 bits, is `None`.
fn live_values<B: Bars>(
	stream: u32,
	unit: u32,
	first: u64,
	program: &Forecast,
	span: Range<u32>,
) -> Result<Vec<Option<i32>>, ScoreError> {
	let bar = |step: u32| {
		let start = first.checked_sub(program.history.into());
		start.and_then(|start| start.checked_add(step.into())).ok_or(ScoreError::NoSuchEvidence)
	};
	let closes = B::closes(stream, bar(span.start)?..bar(span.end)?).ok_or(ScoreError::NoSuchEvidence)?;
	Ok(closes.into_iter().map(|close| close.and_then(|close| live_value(close, unit))).collect())
}

/// Returns the rows of chunk `index` of the validation split.
fn validation_rows(domain: DomainId, spec: &DomainSpec, program: &Rows, index: u16) -> Result<RowSet, ScoreError> {
	let span = rows::validation_rows_span(program, spec.split.train_end, spec.split.validation_end, index)
		.map_err(|_| ScoreError::NoSuchChunk)?;
	Ok(RowSet::new(program, data::bytes(domain, spec, span)?))
}
