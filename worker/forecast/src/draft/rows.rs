//! Draft of the domain of a table whose rows have a class or values.

use super::{
	initial::{initial, Initial, Simple},
	terms::{within, DomainTerms},
	text::{bounded_text, gene, shortened, stem, Text, NAME_BYTES, UNIT_BYTES},
	NewDomain,
};
use crate::{
	csv::Note,
	rows::{evaluation::constant_name, LabelMap, RowErrors, RowMapping},
	sealed::{rows::bytes_hash, DomainRows, Layout, RowChunks, RowParts, RowSource},
	spec::explain,
	units::decimal,
};
use anyhow::{anyhow, ensure, Result};
use doin_compute::{Candidate, RowsData, RowsTask};
use doin_primitives::{
	domain::{MAX_PAGES, MAX_WINDOW_MACS, PAGE_BYTES},
	DomainSpec, Evidence, Gene, Growth, Limits, Page, Split,
};
use doin_scoring::{
	rows::{Image, Rows, ROW_CHUNKS},
	Model, Program,
};
use std::borrow::Cow;

/// Rows of a chunk of public rows.
const CHUNK_ROWS: u16 = 16;
/// Multiply-accumulates per row that suffice for dense nets: one per weight of the largest model.
const ENOUGH_MACS: u32 = 32_768;
/// Multiply-accumulates of the most expensive chunk of the small class of evaluators.
const SMALL_CHUNK: u32 = 1 << 20;
/// Seed of the order of rows of a domain that seals nothing.
const PUBLIC_SEED: [u8; 32] = [0; 32];
/// Most bytes of a patch of an image.
const MAX_PATCH: u16 = 32;

/// Table that becomes a domain. `None` leaves a value to the draft.
#[derive(Clone, Debug)]
pub struct RowDraftOptions {
	/// Rows of the file, and the map of its columns.
	pub rows: RowSource,
	/// Name of the domain.
	pub name: Option<String>,
	/// Name of the unit; that of the label column if `None`.
	pub unit_name: Option<String>,
}

/// A simple model, and its error.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
	/// Name of the model.
	pub name: String,
	/// The model itself.
	pub model: Model,
	/// Errors on the validation part.
	pub validation: RowErrors,
}

/// Domain of a table that is not registered yet.
#[derive(Clone, Debug)]
pub struct RowDraft {
	/// Domain to register.
	pub domain: NewDomain,
	/// Map from columns to bytes.
	pub mapping: RowMapping,
	/// Parts of the rows.
	pub parts: RowParts,
	/// Number of rows that were dropped, because an earlier one is the same.
	pub duplicates: usize,
	/// Simple models: the constant one first.
	pub rungs: Vec<Rung>,
	/// Name of the initial champion, one of these.
	pub initial: String,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

impl Rung {
	fn simple(&self) -> Simple<'_> {
		Simple { name: &self.name, model: &self.model, error: self.validation.total() }
	}
}

impl RowDraft {
	/// Reads a table, and drafts a domain.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used, if an option is out of range, if there are too few or too many rows, or if there is
	/// nothing to improve.
	pub fn from_csv(options: &RowDraftOptions, terms: &DomainTerms) -> Result<Self> {
		terms.check()?;
		ensure!(terms.windows.is_none(), "--windows is an option of series, and the chunks of rows have no windows: omit it");
		let mut chunks = None;
		let seed = terms.sealed.as_ref().map_or(PUBLIC_SEED, |sealed| sealed.key.order_seed());
		let arranged = options.rows.arrange(&seed, |rows, row_bytes| {
			let (parts, dealt) = parts(terms, rows, row_bytes)?;
			chunks = Some(dealt);
			Ok(parts)
		})?;
		let RowChunks { chunks, rows } = chunks.unwrap_or(RowChunks { chunks: *ROW_CHUNKS.start(), rows: CHUNK_ROWS });
		let program = Rows { rows, chunks, ..arranged.mapping.program() };
		let spec = spec(&arranged, program, options, terms)?;
		spec.check().map_err(|error| anyhow!("the chain would reject the record: {error:?}"))?;
		let mut notes = arranged.notes.clone();
		let rungs = rungs(&spec, program, &arranged, &mut notes)?;
		let handed_in: Vec<Simple> = rungs.iter().take(if terms.linear { rungs.len() } else { 1 }).map(Rung::simple).collect();
		let Initial { name: initial, linear } = initial(&spec, &handed_in, &mut notes);
		let sealed = terms.sealed.as_ref().map(|_| arranged.sealed_data());
		let DomainRows { mapping, parts, published, duplicates, .. } = arranged;
		let pages = published.chunks(PAGE_BYTES as usize).filter_map(|page| Page::from_bytes(page.to_vec())).collect();
		Ok(Self { domain: NewDomain { spec, pages, linear, sealed }, mapping, parts, duplicates, rungs, initial, notes })
	}

	/// Returns the program of the rows.
	pub fn program(&self) -> Rows {
		match self.domain.spec.program {
			Program::Rows(rows) => rows,
			Program::Quadratic(_)
			| Program::Landscape(_)
			| Program::Forecast(_)
			| Program::Tolerance(_)
			| Program::LossGenome(_) => self.mapping.program(),
		}
	}
}

/// Returns the parts of `rows` rows of `row_bytes` bytes, and the chunks that their rows are dealt to.
fn parts(terms: &DomainTerms, rows: usize, row_bytes: usize) -> Result<(RowParts, RowChunks)> {
	let Some(sealed) = &terms.sealed else {
		let (least, most) = (*ROW_CHUNKS.start(), *ROW_CHUNKS.end());
		let chunks = RowChunks { chunks: terms.chunks.unwrap_or(least), rows: CHUNK_ROWS };
		within("chunks", chunks.chunks.into(), least.into(), most.into())?;
		let most = (MAX_PAGES * PAGE_BYTES) as usize / row_bytes;
		ensure!(
			rows <= most,
			"there are {rows} different rows of {row_bytes} bytes, and a domain has at most {most} of them: take fewer rows with --last {most}, \
			or fewer columns"
		);
		return Ok((RowParts::public(rows, chunks)?, chunks));
	};
	ensure!(terms.chunks.is_none(), "--segment-rows decides the chunks of sealed rows: omit --chunks");
	let chunks = RowChunks::of_segment(sealed.segment.unwrap_or_else(|| RowChunks::usual_segment(row_bytes)))?;
	Ok((RowParts::sealed(rows, row_bytes, sealed.segments, chunks)?, chunks))
}

/// Returns the record of a domain.
fn spec(arranged: &DomainRows, program: Rows, options: &RowDraftOptions, terms: &DomainTerms) -> Result<DomainSpec> {
	let RowParts { layout: Layout { segment, .. }, split } = arranged.parts;
	let columns = arranged.mapping.labels.columns().join(", ");
	let path = &options.rows.source.path;
	let default_name = shortened::<NAME_BYTES>(&format!("{} {columns}", stem(path)));
	let (evidence, growth) = match &terms.sealed {
		Some(sealed) => (Evidence::Sealed { units: segment, stake: sealed.stake }, Growth::Appending),
		None => (Evidence::Public, Growth::Fixed),
	};
	let limits = Limits {
		model_bytes: terms.model_bytes,
		window_macs: terms.window_macs.unwrap_or_else(|| small_class_macs(&program, &split)),
	};
	Ok(DomainSpec {
		name: bounded_text(options.name.as_deref().unwrap_or(&default_name), "name", "--name")?,
		unit: unit_text(&arranged.mapping.labels, options.unit_name.as_deref())?,
		genes: genes(&program, &limits).try_into().map_err(|_| anyhow!("too many genes"))?,
		limits,
		program: Program::Rows(program),
		data_root: bytes_hash(&arranged.published),
		values: arranged.published.len() as u32,
		growth,
		split,
		licence: terms.licence()?,
		evidence,
		min_improvement: terms.min_improvement,
		target: terms.target,
	})
}

/// Returns the text of the unit: the size of a raw step and the column of a single value, e.g. `100 price`; the columns of
/// classes and of several values.
fn unit_text(labels: &LabelMap, requested: Option<&str>) -> Result<Text<UNIT_BYTES>> {
	let columns = labels.columns().join(", ");
	let name = requested.unwrap_or(&columns);
	let whole = match labels {
		LabelMap::Values(maps) if maps.len() == 1 => format!("{} {name}", decimal(maps[0].unit)),
		_ => name.to_string(),
	};
	match requested {
		Some(_) => bounded_text(&whole, "unit", "--unit-name"),
		None => bounded_text(&shortened::<UNIT_BYTES>(&whole), "unit", "--unit-name"),
	}
}

/// Returns the most multiply-accumulates per row at which the costliest chunk stays in the small class; for tables at most
/// [`ENOUGH_MACS`].
fn small_class_macs(program: &Rows, split: &Split) -> u32 {
	let validation = program.validation_rows(split.train_end, split.validation_end).unwrap_or(1);
	let most = if program.image.is_some() { MAX_WINDOW_MACS } else { ENOUGH_MACS };
	(SMALL_CHUNK / u32::from(validation.max(program.rows).max(1))).min(most)
}

/// Returns the search space of the worker's trainer: dense nets, and for images also convolutions, which have one layer.
fn genes(program: &Rows, limits: &Limits) -> Vec<Gene> {
	let width = widest(program, limits);
	let mut genes = vec![
		gene("width", width.min(8), width, true),
		gene("rate", 8, 13, false),
		gene("epochs", 8, 128, true),
		gene("decay", 0, 2, false),
		gene("skip", 0, 2, false),
	];
	match program.image.and_then(|image| largest_patch(program, image)) {
		Some(patch) if patch > 1 => genes.extend([
			gene("family", 0, 1, false),
			gene("depth", 1, 1, false),
			gene("kernel", 2, patch.into(), false),
			gene("stride", 1, patch.into(), false),
		]),
		_ => genes.push(gene("depth", 0, 3, false)),
	}
	genes
}

/// Returns the side of the largest square patch of an image.
fn largest_patch(program: &Rows, image: Image) -> Option<u8> {
	let side = (MAX_PATCH / image.channels(program.features)?).isqrt() as u8;
	Some(side.min(image.height).min(image.width))
}

/// Returns the largest width, a multiple of eight up to 256, with which a net of two hidden layers and a linear skip fits the
/// limits; 8 if none does.
fn widest(program: &Rows, limits: &Limits) -> i64 {
	let (features, outputs) = (i64::from(program.features), i64::from(program.outputs()));
	// A twelfth of the bytes is left for biases and other fields; a weight has two bytes.
	let most = i64::from(limits.model_bytes / 24 * 11).min(limits.window_macs.into());
	let weights = |width: i64| features * width + width * width + (width + features) * outputs;
	(1..=32).rev().map(|eighth| 8 * eighth).find(|width| weights(*width) <= most).unwrap_or(8)
}

/// Returns `true` if the smallest nets of a search space fit the limits of a domain.
fn is_trainable(genes: &[Gene], data: &RowsData) -> bool {
	let smallest = |depth: i64| {
		let value = |gene: &Gene| if gene.name.as_slice() == b"depth" { depth.clamp(gene.lo, gene.hi) } else { gene.lo };
		let point: Vec<(Cow<str>, i64)> = genes.iter().map(|gene| (String::from_utf8_lossy(&gene.name), value(gene))).collect();
		let point = point.iter().map(|(name, value)| (name.as_ref(), *value));
		Candidate::from_genes(point, data.task().program.features).and_then(|candidate| data.check(&candidate)).is_ok()
	};
	// A linear model, and a net of one hidden layer.
	smallest(0) || smallest(1)
}

/// Returns the simple models, the constant one first, with their errors on the validation part.
///
/// # Errors
///
/// Errors if no net of the search space fits the limits, or if the constant model makes no error on the validation part.
fn rungs(spec: &DomainSpec, program: Rows, arranged: &DomainRows, notes: &mut Vec<Note>) -> Result<Vec<Rung>> {
	let published = &arranged.published;
	let task = RowsTask::of_domain(spec, published).map_err(explain)?;
	let data = RowsData::new(task).map_err(explain)?;
	ensure!(
		is_trainable(&spec.genes, &data),
		"no net for {} features and {} outputs has at most {} bytes and {} multiply-accumulates per row, so nobody could improve the \
		domain: raise --model-bytes or --window-macs, or take fewer columns",
		program.features,
		program.outputs(),
		spec.limits.model_bytes,
		spec.limits.window_macs
	);
	let mut models = vec![(constant_name(program.target).to_string(), data.constant().clone())];
	match data.ridge() {
		Ok(ridge) => models.push(("ridge".into(), ridge)),
		Err(error) => notes.push(Note::Info(format!("there is no ridge to compare with: {:#}", explain(error)))),
	}
	let rows: Vec<&[u8]> = published.chunks_exact(program.row_bytes()).collect();
	let validation = &rows[spec.split.train_end as usize..spec.split.validation_end as usize];
	let rung =
		|(name, model): (String, Model)| Rung { validation: RowErrors::compute(&model, &program, validation), name, model };
	let rungs: Vec<Rung> = models.into_iter().map(rung).collect();
	ensure!(
		rungs[0].validation.total() > 0,
		"the {} makes no error on the validation part: there is nothing to improve. {}",
		rungs[0].name,
		match &arranged.mapping.labels {
			LabelMap::Classes(_) => "Bring more rows of other labels".into(),
			LabelMap::Values(maps) => format!(
				"Labels are counted in steps of {}, and those of the validation part are all equal then: remove labels that lie far from all \
				others, choose a smaller --unit, or bring more rows of other labels",
				decimal(maps[0].unit)
			),
		}
	);
	Ok(rungs)
}

#[cfg(test)]
mod tests;
