//! Chunk sums of one model, from the answers of a node.

use crate::{parts::Parts, Fault};
use alloc::{vec, vec::Vec};
use codec::{Decode, DecodeAll, Encode};
use core::ops::Range;
use doin_primitives::{blake2_256, DomainSpec, Evidence, EvidenceRef, Hash, ModelRef};
use doin_scoring::{
	rows::{self, RowSet, Rows},
	sample, score, Forecast, Model, Program, Windows,
};
use doin_training::run::run_sum;

/// Most bytes of encoded [`Inputs`]: 4 MiB. The data of a domain has at most 1 MiB, with all its segments.
pub const MAX_INPUT: u32 = 1 << 22;

/// Everything that [`Check::open`] takes. Answers are the bytes that `state_call` returned for a method of `DoinApi`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Inputs {
	/// Answer of `domain_spec`.
	pub record: Vec<u8>,
	/// Encoded reference of the model.
	pub model: Vec<u8>,
	/// Answer of `model` for a stored model, of `baseline` for a linear, a constant or a built-in one; else empty.
	pub model_bytes: Vec<u8>,
	/// Evidence of the sums and the seed that chooses from it; `None` for the validation split.
	pub draw: Option<(EvidenceRef, Hash)>,
	/// Answer of `series` or `rows`; empty if no chunk reads the published data.
	pub published: Vec<u8>,
	/// Segments that the chunks read.
	pub segments: Vec<Segment>,
}

/// Opened segment of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Segment {
	/// Index of the segment.
	pub index: u16,
	/// Answer of `segment`.
	pub bytes: Vec<u8>,
	/// Answer of `segment_hashes` for one hash from this index on.
	pub hash: Vec<u8>,
}

/// Data of a domain.
#[derive(Clone, Debug)]
enum Data {
	/// Values of a series.
	Series(Parts<i32>),
	/// Bytes of rows.
	Rows(Parts<u8>),
}

/// A model and the data that it is scored on, checked against the record of the domain and the hashes on the chain.
#[derive(Clone, Debug)]
pub struct Check {
	spec: DomainSpec,
	model: Model,
	draw: Option<(EvidenceRef, Hash)>,
	data: Data,
}

impl Check {
	/// Decodes encoded [`Inputs`] and checks them: the record by the rules of the chain, the published data and every segment by
	/// length, hash and labels, and a submitted model by the rules of admission.
	///
	/// # Errors
	///
	/// Fails with the first fault found.
	pub fn open(mut inputs: &[u8]) -> Result<Self, Fault> {
		if inputs.len() > MAX_INPUT as usize {
			return Err(Fault::Inputs);
		}
		let inputs = Inputs::decode_all(&mut inputs).map_err(|_| Fault::Inputs)?;
		let spec: DomainSpec = answer(&inputs.record, "the record of the domain")?.ok_or(Fault::UnknownDomain)?;
		spec.check().map_err(Fault::Record)?;
		let model = decode_model(&spec, &inputs)?;
		let mut check = Self { data: Data::of(&spec.program), spec, model, draw: inputs.draw };
		if !inputs.published.is_empty() {
			check.publish(&inputs.published)?;
		}
		inputs.segments.iter().try_for_each(|segment| check.append(segment))?;
		Ok(check)
	}

	/// Returns the number of chunks of a recomputation.
	pub fn chunks(&self) -> u16 {
		self.spec.program.chunks()
	}

	/// Computes the error sum of the model on chunk `index`, as the runtime does when it settles a task.
	///
	/// # Errors
	///
	/// Fails with [`Fault::NoSuchChunk`], with [`Fault::NotPassed`] if the data of the chunk was not among the inputs, and with
	/// [`Fault::OtherEvidence`] or [`Fault::Bars`] for evidence that the domain does not have or that cannot be read.
	pub fn sum(&self, index: u16) -> Result<u32, Fault> {
		if index >= self.chunks() {
			return Err(Fault::NoSuchChunk(index));
		}
		match (&self.spec.program, &self.data) {
			(Program::Quadratic(_) | Program::Landscape(_), _) => match &self.model {
				Model::Point(point) => self.spec.program.point_sum(point, index).ok_or(Fault::OtherProgram),
				_ => Err(Fault::OtherProgram),
			},
			(Program::Forecast(program), Data::Series(series)) => {
				Ok(score::score(&self.model, program, &self.windows(program, series, index)?))
			}
			(Program::Rows(program), Data::Rows(bytes)) => {
				Ok(rows::score_rows(&self.model, program, &self.rows(program, bytes, index)?))
			}
			(Program::Tolerance(_), _) => Err(Fault::Tolerance),
			(Program::LossGenome(program), Data::Rows(bytes)) => {
				let seed = match &self.draw {
					None => &self.spec.data_root,
					Some((EvidenceRef::Drawn, seed)) => seed,
					Some(_) => return Err(Fault::OtherEvidence),
				};
				let Model::Genome(genome) = &self.model else { return Err(Fault::OtherProgram) };
				Ok(run_sum(program, genome, &bytes.range(0..self.spec.values)?, seed, index))
			}
			(Program::Forecast(_), Data::Rows(_)) | (Program::Rows(_) | Program::LossGenome(_), Data::Series(_)) => {
				Err(Fault::NotPassed)
			}
		}
	}

	/// Returns the windows of chunk `index`.
	fn windows(&self, program: &Forecast, series: &Parts<i32>, index: u16) -> Result<Windows, Fault> {
		match (&self.spec.evidence, &self.draw) {
			(_, None) | (Evidence::Public, Some((EvidenceRef::Drawn, _))) => {
				let split = self.spec.split;
				let span = sample::validation_span(program, split.train_end, split.validation_end, index);
				Ok(sample::validation(program, &series.range(span.map_err(|_| Fault::NoSuchChunk(index))?)?))
			}
			(Evidence::Synthetic(generator), Some((EvidenceRef::Drawn, seed))) => {
				Ok(sample::drawn(program, generator, seed, index))
			}
			(Evidence::Sealed { .. }, Some((EvidenceRef::Segment(segment), seed))) => {
				let range = self.spans_of(program, *segment, sample::segment_span(program, seed, index));
				Ok(sample::strided(program, &series.range(range.ok_or(Fault::OtherEvidence)?)?))
			}
			(Evidence::Live { .. }, Some((EvidenceRef::Bars { .. }, _))) => Err(Fault::Bars),
			(_, Some(_)) => Err(Fault::OtherEvidence),
		}
	}

	/// Returns the range of values of the steps `span`, where step 0 is a history before the first step of a segment.
	fn spans_of(&self, program: &Forecast, segment: u16, span: Range<u32>) -> Option<Range<u32>> {
		let channels = u32::from(program.channels);
		let first = self.segment_units(segment)?.start.checked_div(channels)?.checked_sub(program.history.into())?;
		let value = |step: u32| first.checked_add(step)?.checked_mul(channels);
		Some(value(span.start)?..value(span.end)?)
	}

	/// Returns the rows of chunk `index`.
	fn rows(&self, program: &Rows, bytes: &Parts<u8>, index: u16) -> Result<RowSet, Fault> {
		match (&self.spec.evidence, &self.draw) {
			(_, None) | (Evidence::Public, Some((EvidenceRef::Drawn, _))) => {
				let split = self.spec.split;
				let span = rows::validation_rows_span(program, split.train_end, split.validation_end, index);
				Ok(RowSet::new(program, bytes.range(span.map_err(|_| Fault::NoSuchChunk(index))?)?))
			}
			(Evidence::Sealed { .. }, Some((EvidenceRef::Segment(segment), seed))) => {
				let segment = bytes.range(self.segment_units(*segment).ok_or(Fault::OtherEvidence)?)?;
				Ok(rows::dealt(program, &segment, seed, index))
			}
			(_, Some(_)) => Err(Fault::OtherEvidence),
		}
	}

	/// Returns the range of units of segment `index`.
	fn segment_units(&self, index: u16) -> Option<Range<u32>> {
		let unit = match self.data {
			Data::Series(_) => size_of::<i32>() as u32,
			Data::Rows(_) => 1,
		};
		let units = self.spec.segment_bytes().checked_div(unit)?;
		let start = units.checked_mul(index.into())?.checked_add(self.spec.values)?;
		Some(start..start.checked_add(units)?)
	}

	/// Takes the data that was published at the activation.
	fn publish(&mut self, published: &[u8]) -> Result<(), Fault> {
		match &mut self.data {
			Data::Series(series) => {
				let values: Vec<i32> = answer(published, "the series")?.ok_or(Fault::DataMissing)?;
				check_root(&self.spec, values.len(), || blake2_256(&values.encode()))?;
				series.insert(0, values);
			}
			Data::Rows(rows) => {
				let bytes: Vec<u8> = answer(published, "the rows")?.ok_or(Fault::DataMissing)?;
				check_root(&self.spec, bytes.len(), || blake2_256(&bytes.encode()))?;
				check_labels(&self.spec.program, &bytes)?;
				rows.insert(0, bytes);
			}
		}
		Ok(())
	}

	/// Takes an opened segment.
	fn append(&mut self, segment: &Segment) -> Result<(), Fault> {
		let index = segment.index;
		let start = self.segment_units(index).filter(|units| !units.is_empty()).ok_or(Fault::OtherEvidence)?.start;
		let bytes: Vec<u8> = answer(&segment.bytes, "a segment")?.ok_or(Fault::SegmentClosed(index))?;
		let hashes = Vec::<Hash>::decode_all(&mut &segment.hash[..]).map_err(|_| Fault::Answer("the hash of a segment"))?;
		if bytes.len() != self.spec.segment_bytes() as usize || hashes.first() != Some(&blake2_256(&bytes)) {
			return Err(Fault::SegmentHash(index));
		}
		match &mut self.data {
			Data::Series(series) => {
				let values = bytes.chunks_exact(size_of::<i32>()).filter_map(|value| value.try_into().ok());
				series.insert(start, values.map(i32::from_le_bytes).collect());
			}
			Data::Rows(rows) => {
				check_labels(&self.spec.program, &bytes)?;
				rows.insert(start, bytes);
			}
		}
		Ok(())
	}
}

impl Data {
	/// Returns the data of a program without any part.
	fn of(program: &Program) -> Self {
		match program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => {
				Self::Series(Parts::default())
			}
			Program::Rows(_) | Program::LossGenome(_) => Self::Rows(Parts::default()),
		}
	}
}

/// Decodes an answer of the runtime: an option.
fn answer<T: Decode>(mut bytes: &[u8], what: &'static str) -> Result<Option<T>, Fault> {
	Option::decode_all(&mut bytes).map_err(|_| Fault::Answer(what))
}

/// Checks the length and the hash of the published data.
fn check_root(spec: &DomainSpec, units: usize, hash: impl FnOnce() -> Hash) -> Result<(), Fault> {
	// A record without data has no hash.
	let root = if units == 0 { Hash::default() } else { hash() };
	if units != spec.values as usize || root != spec.data_root {
		return Err(Fault::DataHash);
	}
	Ok(())
}

/// Checks the label of every row; a series has none.
fn check_labels(program: &Program, bytes: &[u8]) -> Result<(), Fault> {
	match program {
		Program::Rows(rows) => rows.check_labels(bytes).map_err(Fault::Labels),
		// The hash of the samples is compared, and the chain has checked their classes.
		Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) | Program::LossGenome(_) => {
			Ok(())
		}
	}
}

/// Returns the model, which the domain admits if it was submitted.
fn decode_model(spec: &DomainSpec, inputs: &Inputs) -> Result<Model, Fault> {
	let reference = ModelRef::decode_all(&mut &inputs.model[..]).map_err(|_| Fault::Inputs)?;
	let (max_bytes, max_macs) = match reference {
		ModelRef::RepeatLast | ModelRef::Seasonal => {
			let model = if reference == ModelRef::Seasonal { Model::Seasonal } else { Model::RepeatLast };
			return matches!(spec.program, Program::Forecast(_)).then_some(model).ok_or(Fault::OtherProgram);
		}
		ModelRef::Origin => {
			if let Program::Tolerance(_) = &spec.program {
				return Ok(Model::Opaque(Vec::new()));
			}
			let (dimensions, _) = spec.program.coordinates().ok_or(Fault::OtherProgram)?;
			return Ok(Model::Point(vec![0; dimensions.into()]));
		}
		// The limits of the domain are those of submitted models.
		ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn => (u32::MAX, u32::MAX),
		ModelRef::Stored(_) => (spec.limits.model_bytes, spec.limits.window_macs),
	};
	let bytes: Vec<u8> = answer(&inputs.model_bytes, "the model")?.ok_or(Fault::ModelMissing)?;
	let model = Model::from_bytes(&bytes).map_err(Fault::ModelMalformed)?;
	match (reference, &model, &spec.program) {
		(ModelRef::Constant, Model::Constant(values), Program::Rows(rows)) if values.len() == usize::from(rows.outputs()) => {}
		(ModelRef::Constant, ..) => return Err(Fault::OtherProgram),
		(ModelRef::BuiltIn, Model::Net(_) | Model::Point(_) | Model::Opaque(_), _) => return Err(Fault::OtherProgram),
		_ => {
			model.admit(&spec.program, max_bytes, max_macs, bytes.len()).map_err(Fault::NotAdmitted)?;
		}
	}
	Ok(model)
}
