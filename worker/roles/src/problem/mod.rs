//! A domain with its published data, checked against each other, and the computations that roles and commands do on it.

mod errors;
#[cfg(test)]
mod fixtures;
mod practice;
#[cfg(test)]
pub(crate) mod tests;

pub use errors::{has_classes, predictions_per_drawn_chunk, predictions_per_validation_chunk};

use crate::programs::UserProgram;
use anyhow::{bail, Context, Result};
use codec::Encode;
use doin_chain::{Chain, Head};
use doin_compute::{Published, SeededEvidence};
use doin_primitives::{
	blake2_256,
	payload::{ChunkSums, Sums},
	DomainId, DomainSpec, Evidence, EvidenceRef, Hash,
};
use doin_scoring::{
	genome::{library::baselines, TrainingRuns},
	model::VERSION,
	rows::{constant_model, RowSet, Rows},
	verdict, Forecast, Model, ModelError, Program, Tolerance,
};
use std::sync::{atomic::AtomicBool, Arc};

/// Bytes of the encoding of an opaque model beside its own: version, index and length.
const ENCODING_BYTES: u32 = 6;

/// A domain's record with its published data.
#[derive(Clone, Debug)]
pub struct Problem {
	/// Identifier of the domain.
	pub id: DomainId,
	/// Immutable record of the domain.
	pub spec: DomainSpec,
	/// Data that was published at the activation, then the opened segments in order; empty for a program without data.
	pub data: Published,
	/// Linear model of the owner, if it is the initial champion.
	pub linear: Option<Model>,
	/// Program of a tolerance domain, if the configuration of the worker lists it.
	pub program: Option<Arc<UserProgram>>,
}

impl Problem {
	/// Loads a domain with all segments that are opened at block `at`. The data is compared with the hash in the record, and each
	/// segment with its hash on the chain.
	///
	/// # Errors
	///
	/// Errors if there is no such domain, if its data is not uploaded completely, if record and data differ from each other, and if
	/// the node cannot be read.
	pub async fn load(chain: &Chain, at: Head, id: DomainId) -> Result<Self> {
		let spec = chain
			.domain_spec(at, id)
			.await?
			.with_context(|| format!("domain {id} does not exist: `doin-worker domain list` lists the domains"))?;
		let data = read_data(chain, at, id, &spec).await?;
		let mut problem = Self { id, spec, data, linear: None, program: None };
		let inconsistent = || inconsistent(chain, id);
		problem.check().with_context(inconsistent)?;
		if let Some(bytes) = chain.baseline(at, id).await? {
			problem.linear = problem.owners_model(&bytes).with_context(inconsistent)?;
		}
		problem.read_segments(chain, at).await?;
		Ok(problem)
	}

	/// Returns the number of segments that are opened at block `at`, or 0 for a domain without segments.
	///
	/// # Errors
	///
	/// Errors if the node cannot be read.
	pub async fn opened_segments(&self, chain: &Chain, at: Head) -> Result<u16> {
		match self.spec.evidence {
			Evidence::Sealed { .. } => Ok(chain.evidence(at, self.id).await?.map_or(0, |evidence| evidence.opened)),
			Evidence::Public | Evidence::Synthetic(_) | Evidence::Live { .. } | Evidence::Drawn => Ok(0),
		}
	}

	/// Appends the segments that are opened at block `at` and not loaded yet.
	///
	/// # Errors
	///
	/// Errors if the bytes of a segment are not those that the chain has the hash of, and if the node cannot be read.
	pub async fn read_segments(&mut self, chain: &Chain, at: Head) -> Result<()> {
		let (known, opened) = (self.segments(), self.opened_segments(chain, at).await?);
		if known >= opened {
			return Ok(());
		}
		let hashes = chain.segment_hashes(at, self.id, known..opened).await?;
		for index in known..opened {
			let segment = chain.segment(at, self.id, index).await?;
			let hash = hashes.get(usize::from(index - known));
			self.append_segment(index, segment.as_deref(), hash).with_context(|| inconsistent(chain, self.id))?;
		}
		Ok(())
	}

	/// Appends the bytes of segment `index`, whose hash on the chain is `hash`.
	fn append_segment(&mut self, index: u16, bytes: Option<&[u8]>, hash: Option<&Hash>) -> Result<()> {
		let bytes = bytes.with_context(|| format!("segment {index} is opened and has no bytes"))?;
		let expected = self.spec.segment_bytes() as usize;
		if bytes.len() != expected {
			bail!("segment {index} has {} bytes, its record {expected}", bytes.len());
		}
		if hash != Some(&blake2_256(bytes)) {
			bail!("segment {index} has another hash than the chain");
		}
		if let Some(Err(error)) = self.rows().map(|rows| rows.check_labels(bytes)) {
			bail!("the rows of segment {index} are malformed: {error:?}");
		}
		self.data.append(bytes);
		Ok(())
	}

	/// Errors if the data does not have the length and hash of the record, or if the program does not fit the data.
	fn check(&self) -> Result<()> {
		let spec = &self.spec;
		let (what, length, root) = match &self.data {
			Published::Series(values) => ("values", values.len(), blake2_256(&values.encode())),
			Published::Rows(bytes) => ("bytes", bytes.len(), blake2_256(&bytes.encode())),
		};
		if length != spec.values as usize {
			bail!("the data has {length} {what}, its record {}", spec.values);
		}
		let root = if length == 0 { [0; 32] } else { root };
		if root != spec.data_root {
			bail!("the data has another hash than its record");
		}
		if let Err(error) = spec.program.check(spec.split.train_end, spec.split.validation_end, spec.values) {
			bail!("its program is malformed: {error:?}");
		}
		if let Some(Err(error)) = self.rows().map(|rows| rows.check_labels(self.data.rows())) {
			bail!("its rows are malformed: {error:?}");
		}
		if let Some(Err(error)) = self.runs().map(|runs| runs.check_labels(self.data.rows())) {
			bail!("its samples are malformed: {error:?}");
		}
		Ok(())
	}

	/// Returns the model that the owner handed in as initial champion, or `None` if `bytes` are those of a baseline, which
	/// [`Problem::naive`] computes from the data.
	fn owners_model(&self, bytes: &[u8]) -> Result<Option<Model>> {
		let model = Model::from_bytes(bytes).map_err(|error| anyhow::anyhow!("its initial champion is malformed: {error:?}"))?;
		if !matches!(model, Model::Net(_)) {
			return Ok(None);
		}
		// The limits of the domain are those of submitted models.
		model
			.admit(&self.spec.program, u32::MAX, u32::MAX, bytes.len())
			.map_err(|error| anyhow::anyhow!("its initial champion does not fit its program: {error:?}"))?;
		Ok(Some(model))
	}

	/// Checks that this worker can train candidates for the domain.
	///
	/// # Errors
	///
	/// Errors for live evidence, since the worker reads no streams.
	pub fn check_trainable(&self) -> Result<()> {
		if let Evidence::Live { stream, .. } = self.spec.evidence {
			bail!(
				"its verdicts are computed on bars of stream {stream}, and this worker reads no streams: set `optimize = false` for domain \
				{}, or choose another domain",
				self.id
			);
		}
		Ok(())
	}

	/// Returns the name of the domain.
	pub fn name(&self) -> String {
		String::from_utf8_lossy(&self.spec.name).into_owned()
	}

	/// Returns the forecast program of the domain, or `None` for another program.
	pub fn forecast(&self) -> Option<&Forecast> {
		match &self.spec.program {
			Program::Forecast(forecast) => Some(forecast),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => {
				None
			}
		}
	}

	/// Returns the program of rows of the domain, or `None` for another program.
	pub fn rows(&self) -> Option<&Rows> {
		match &self.spec.program {
			Program::Rows(rows) => Some(rows),
			Program::Quadratic(_)
			| Program::Landscape(_)
			| Program::Forecast(_)
			| Program::Tolerance(_)
			| Program::LossGenome(_) => None,
		}
	}

	/// Returns the program of training runs of the domain, or `None` for another program.
	pub fn runs(&self) -> Option<&TrainingRuns> {
		match &self.spec.program {
			Program::LossGenome(runs) => Some(runs),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Rows(_) | Program::Tolerance(_) => {
				None
			}
		}
	}

	/// Returns `true` if the models of the domain are points.
	pub fn has_points(&self) -> bool {
		self.spec.program.coordinates().is_some()
	}

	/// Returns the point with these coordinates, for a program whose models are points. One that is missing is 0; further ones are left
	/// out.
	pub fn point(&self, genes: &[i64]) -> Model {
		let (dimensions, _) = self.spec.program.coordinates().unwrap_or_default();
		let coordinate = |gene: &i64| i32::try_from(*gene).unwrap_or(0);
		let given = genes.iter().map(coordinate).chain(std::iter::repeat(0));
		Model::Point(given.take(dimensions.into()).collect())
	}

	/// Returns the genes that a reveal states for a candidate of a search. The coordinates of a point and the instructions of a genome
	/// are its model and no genes of the record: such genes, which neither uses, have their smallest values.
	pub fn stated_genes(&self, searched: &[i64]) -> Vec<i64> {
		if self.has_points() || self.runs().is_some() {
			self.spec.genes.iter().map(|gene| gene.lo).collect()
		} else {
			searched.to_vec()
		}
	}

	/// Returns the record of the program of a tolerance domain, or `None` for another program.
	pub fn tolerance(&self) -> Option<&Tolerance> {
		match &self.spec.program {
			Program::Tolerance(tolerance) => Some(tolerance),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Rows(_) | Program::LossGenome(_) => {
				None
			}
		}
	}

	/// Returns the program of a tolerance domain.
	///
	/// # Errors
	///
	/// Errors if the configuration does not list it, or if the domain is no tolerance domain.
	pub fn user_program(&self) -> Result<&Arc<UserProgram>> {
		let tolerance = self.tolerance().context("the sums of the domain are not those of a program of a user")?;
		self.program.as_ref().with_context(|| {
			let (id, hash) = (self.id, hex::encode(tolerance.code));
			format!(
				"domain {id} is scored by a program with the hash 0x{hash}, which `programs` of the configuration does not list: get the file \
				 from the owner of the domain, read it, and add an entry with this `hash`, `file` and `command`; or leave the domain out of \
				 `domains`"
			)
		})
	}

	/// Returns the chunk sums of `models` of a tolerance domain, by its program. Blocks until the program has answered for each of them,
	/// fails, or `stop` is set.
	///
	/// # Errors
	///
	/// Errors as [`user_program`](Problem::user_program) does, and if the program fails.
	pub fn program_sums(&self, models: &[Model], stop: &AtomicBool) -> Result<Vec<Vec<u32>>> {
		let (program, chunks) = (self.user_program()?, (0..self.chunks()).collect::<Vec<_>>());
		let sums = |model: &Model| -> Result<Vec<u32>> {
			let Model::Opaque(bytes) = model else { bail!("a model of domain {} is not one of a program of a user", self.id) };
			Ok(program.known_sums(bytes, &chunks, stop)?)
		};
		models.iter().map(sums).collect()
	}

	/// Returns the most bytes of a model of a tolerance domain, without those of its encoding.
	pub fn opaque_bytes(&self) -> usize {
		self.spec.limits.model_bytes.saturating_sub(ENCODING_BYTES) as usize
	}

	/// Returns the number of chunks of a recomputation.
	pub fn chunks(&self) -> u16 {
		self.spec.program.chunks()
	}

	/// Returns the number of opened segments of the data.
	pub fn segments(&self) -> u16 {
		u16::try_from(self.data.segments(&self.spec)).unwrap_or(u16::MAX)
	}

	/// Returns the series that was published at the activation; empty for rows.
	pub fn published_series(&self) -> &[i32] {
		let series = self.data.series();
		series.get(..self.spec.values as usize).unwrap_or(series)
	}

	/// Returns the chunk sums of `models` on the windows or rows of `evidence` that `seed` chooses, which a quorum answers with. Runs on
	/// the current thread pool.
	///
	/// # Errors
	///
	/// Errors if the domain has no such evidence, or if it does not admit one of the models.
	pub fn drawn_sums(&self, models: &[Model], evidence: EvidenceRef, seed: &Hash) -> Result<Vec<Vec<u32>>> {
		if self.tolerance().is_some() {
			return self.program_sums(models, &AtomicBool::new(false));
		}
		Ok(doin_compute::chunk_sums(&self.spec, &self.data, SeededEvidence { evidence, seed }, models)?)
	}

	/// Returns the sums of [`drawn_sums`](Problem::drawn_sums) of these chunks alone, in their order. A program of a user has none.
	///
	/// # Errors
	///
	/// Errors as `drawn_sums` does.
	pub fn selected_sums(&self, models: &[Model], evidence: EvidenceRef, seed: &Hash, chunks: &[u16]) -> Result<Vec<Vec<u32>>> {
		let draw = Some(SeededEvidence { evidence, seed });
		Ok(doin_compute::selected_chunk_sums(&self.spec, &self.data, draw, models, chunks)?)
	}

	/// Returns the chunk sums of `models` on the validation split, which a reveal claims. Runs on the current thread pool.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit one of the models.
	pub fn validation_sums(&self, models: &[Model]) -> Result<Vec<Vec<u32>>> {
		if self.tolerance().is_some() {
			return self.program_sums(models, &AtomicBool::new(false));
		}
		Ok(doin_compute::validation_sums(&self.spec, &self.data, models)?)
	}

	/// Returns the initial champion: the linear model of the owner if the chain has chosen it at the activation, else the
	/// [naive](Problem::naive) model.
	///
	/// # Errors
	///
	/// Errors if the baselines cannot be scored.
	pub fn initial(&self) -> Result<Model> {
		self.linear.clone().map_or_else(|| self.naive(), Ok)
	}

	/// Returns the better baseline on the validation split, which the chain chooses at the activation: of a series, the last value or the
	/// last season; of rows, the most frequent class or the medians of the training rows; of a program of a user, the empty model.
	///
	/// # Errors
	///
	/// Errors if the baselines cannot be scored.
	pub fn naive(&self) -> Result<Model> {
		match &self.spec.program {
			Program::Quadratic(_) | Program::Landscape(_) => Ok(self.point(&[])),
			Program::Tolerance(_) => Ok(Model::Opaque(Vec::new())),
			Program::Forecast(_) => {
				let sums = self.validation_sums(&[Model::RepeatLast, Model::Seasonal])?;
				Ok(if verdict::total(&sums[1]) < verdict::total(&sums[0]) { Model::Seasonal } else { Model::RepeatLast })
			}
			Program::LossGenome(_) => {
				// The first runs decide, as many as an activation pays for; the first genome where both are equal.
				let genomes = baselines().map(|(_, genome)| Model::Genome(genome));
				let sums = self.first_runs(&genomes)?;
				let best = genomes.into_iter().zip(sums).min_by_key(|(_, sum)| *sum);
				best.map(|(genome, _)| genome).context("there is no built-in genome")
			}
			Program::Rows(rows) => {
				let end = self.spec.split.train_end as usize * rows.row_bytes();
				let training = self.data.rows().get(..end).context("there are fewer rows than its split has")?;
				constant_model(&RowSet::new(rows, training.to_vec())).context("there is no row to train on")
			}
		}
	}

	/// Returns the error sum of each of `models` on the published runs that an activation makes.
	fn first_runs(&self, models: &[Model]) -> Result<Vec<u64>> {
		let runs: Vec<u16> = (0..self.spec.activation_runs()).collect();
		let sums = doin_compute::selected_chunk_sums(&self.spec, &self.data, None, models, &runs)?;
		Ok(sums.iter().map(|sums| verdict::total(sums)).collect())
	}

	/// Returns the error of the [naive](Problem::naive) model on the validation split; for training runs, the bar that the chain
	/// estimates from some of them. On other than public evidence, a reveal has to undercut it.
	///
	/// # Errors
	///
	/// Errors if the baselines cannot be scored.
	pub fn bar(&self) -> Result<u64> {
		if let Some(tolerance) = self.tolerance() {
			// As the owner states it. The chain cannot compute it.
			return Ok(tolerance.initial_error);
		}
		let naive = self.naive()?;
		if self.runs().is_some() {
			let sums = self.first_runs(std::slice::from_ref(&naive))?;
			return Ok(self.spec.estimated_bar(self.spec.estimated_error(sums[0])));
		}
		Ok(verdict::total(&self.validation_sums(std::slice::from_ref(&naive))?[0]))
	}
}

/// Returns the context of data that does not fit its record.
fn inconsistent(chain: &Chain, id: DomainId) -> String {
	format!("the node at {} returned inconsistent data of domain {id}: connect to another node", chain.url())
}

/// Reads the data that was published at the activation.
async fn read_data(chain: &Chain, at: Head, id: DomainId, spec: &DomainSpec) -> Result<Published> {
	let incomplete = || format!("the data of domain {id} is not complete: its owner is still uploading it");
	match (&spec.program, spec.values) {
		(Program::Rows(_) | Program::LossGenome(_), 0) => Ok(Published::Rows(Vec::new())),
		(_, 0) => Ok(Published::Series(Vec::new())),
		(Program::Rows(_) | Program::LossGenome(_), _) => {
			Ok(Published::Rows(chain.rows(at, id).await?.with_context(incomplete)?))
		}
		_ => Ok(Published::Series(chain.series(at, id).await?.with_context(incomplete)?)),
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
	let model = Model::from_bytes(bytes).map_err(|error| match (error, bytes) {
		(ModelError::Version, [found, ..]) => {
			anyhow::anyhow!("its encoding has version {found}, and this program reads version {VERSION}: update doin-worker")
		}
		_ => anyhow::anyhow!("{error:?}"),
	})?;
	model
		.admit(&problem.spec.program, limits.model_bytes, limits.window_macs, bytes.len())
		.map_err(|error| anyhow::anyhow!("{error:?}"))?;
	Ok(model)
}
