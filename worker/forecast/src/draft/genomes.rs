//! Draft of a domain of loss genomes: the samples of a table, and the training runs that are made of them.

use super::{
	rows::RowDraftOptions,
	terms::{within, DomainTerms},
	text::{bounded_text, shortened, stem, NAME_BYTES},
	NewDomain,
};
use crate::{
	csv::Note,
	rows::{LabelMap, RowMapping},
	sealed::{rows::bytes_hash, DomainRows, Layout, RowParts},
};
use anyhow::{anyhow, ensure, Result};
use doin_compute::GenomeRuns;
use doin_primitives::{
	domain::{SpecError, PAGE_BYTES},
	evidence::MAX_SEGMENT_BYTES,
	DomainSpec, Evidence, Growth, Limits, Page, SizeClass, Split,
};
use doin_scoring::{
	genome::{library::baselines, runs, RunError},
	model::OUT_FRAC,
	program::CHUNKS,
	verdict::total,
	Program, ProgramError, TrainingRuns,
};
use std::sync::atomic::AtomicBool;

/// Seed of the order of samples. Every run draws a split of its own, so the order decides nothing.
const ORDER_SEED: [u8; 32] = [0; 32];
/// Most bytes of a genome: 64 instructions of at most eight bytes each fit.
const MODEL_BYTES: u32 = 640;
/// Most multiply-accumulates of a genome per entry of a batch, unless one is chosen: twenty usual instructions.
const ENTRY_MACS: u32 = 400;
/// Steps of a run, unless some are chosen and if a chunk can pay for them.
const STEPS: u16 = 60;
/// Samples that a run trains and validates on, unless some are chosen and if there are enough.
const SAMPLES: [u16; 2] = [256, 128];

/// Numbers of the training runs of a domain. `None` leaves one to the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
	/// Neurons of each hidden layer.
	pub hidden: Vec<u16>,
	/// Samples that a run trains on.
	pub training: Option<u16>,
	/// Samples that a run validates on.
	pub validation: Option<u16>,
	/// Samples of a batch.
	pub batch: u16,
	/// Steps of a run; as many as a chunk pays for, 60 at most, if `None`.
	pub steps: Option<u16>,
	/// Power of two from a byte less 128 to an activation.
	pub shift: u8,
	/// Binary logarithm of the first learning rate, in units of 2⁻²⁰.
	pub rate: u8,
}

impl Default for RunOptions {
	/// Returns numbers with which losses differ on digits: inputs within ±0.5 leave room for the scale of the scores, and 2¹³ learns
	/// fast enough for few steps.
	fn default() -> Self {
		Self { hidden: vec![32], training: None, validation: None, batch: 32, steps: None, shift: 1, rate: 13 }
	}
}

/// Domain of loss genomes that is not registered yet.
#[derive(Clone, Debug)]
pub struct GenomeDraft {
	/// Domain to register.
	pub domain: NewDomain,
	/// Map from columns to bytes.
	pub mapping: RowMapping,
	/// Number of samples.
	pub samples: usize,
	/// Number of rows that were dropped, because an earlier one is the same.
	pub duplicates: usize,
	/// Names of the built-in genomes, and the part of the validation samples that nets err on which are trained with them.
	pub baselines: Vec<(String, f64)>,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

impl GenomeDraft {
	/// Reads a table of samples, and drafts a domain.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used, e.g. since all rows have one class, if an option is out of range, if a run costs more than a
	/// chunk of the largest size class, or if there is nothing to improve.
	pub fn from_csv(options: &RowDraftOptions, chosen: &RunOptions, terms: &DomainTerms) -> Result<Self> {
		terms.check()?;
		ensure!(terms.windows.is_none(), "--windows is an option of series, and training runs have no windows: omit it");
		ensure!(terms.sealed.is_none(), "runs of genomes are drawn, so nothing is sealed: omit --sealed");
		ensure!(!options.rows.options.values, "genomes are losses of classes, so labels cannot be values: omit --values");
		let arranged = options.rows.arrange(&ORDER_SEED, |rows, row_bytes| {
			let most = MAX_SEGMENT_BYTES as usize / row_bytes.max(1);
			ensure!(
				rows <= most,
				"there are {rows} different rows of {row_bytes} bytes, and runs draw from {most} at most: take fewer rows with --last {most}, or \
				fewer columns"
			);
			let all = rows as u32;
			let layout = Layout { published: rows, segments: 0, segment: 0 };
			Ok(RowParts { layout, split: Split { train_end: all, validation_end: all } })
		})?;
		let spec = spec(&arranged, options, chosen, terms)?;
		let Program::LossGenome(program) = &spec.program else { return Err(anyhow!("the draft has no training runs")) };
		let data = GenomeRuns::new(program.clone(), arranged.published.clone()).map_err(crate::spec::explain)?;
		let baselines = mistakes(&data, &spec)?;
		ensure!(
			baselines.iter().all(|(_, rate)| *rate > 0.0),
			"a net that is trained with a built-in loss makes no mistake: there is nothing to improve. Choose fewer --run-steps or --training-samples"
		);
		let DomainRows { mapping, published, duplicates, notes, .. } = arranged;
		let pages = published.chunks(PAGE_BYTES as usize).filter_map(|page| Page::from_bytes(page.to_vec())).collect();
		let samples = data.samples();
		Ok(Self { domain: NewDomain { spec, pages, linear: None, sealed: None }, mapping, samples, duplicates, baselines, notes })
	}

	/// Returns the training runs.
	pub fn runs(&self) -> Option<&TrainingRuns> {
		match &self.domain.spec.program {
			Program::LossGenome(runs) => Some(runs),
			_ => None,
		}
	}
}

/// Returns the names of the built-in genomes, and the part of the validation samples of the published runs that their nets err on.
fn mistakes(data: &GenomeRuns, spec: &DomainSpec) -> Result<Vec<(String, f64)>> {
	let (names, genomes): (Vec<_>, Vec<_>) = baselines().into_iter().unzip();
	let runs = spec.program.chunks();
	let sums = data.sums(&genomes, &spec.data_root, runs, &AtomicBool::new(false), &|| ()).map_err(crate::spec::explain)?;
	let samples = f64::from(runs) * f64::from(data.runs().validation) * f64::from(1u32 << OUT_FRAC);
	Ok(names.into_iter().map(String::from).zip(sums.iter().map(|sums| total(sums) as f64 / samples)).collect())
}

/// Returns the record of a domain.
fn spec(arranged: &DomainRows, options: &RowDraftOptions, chosen: &RunOptions, terms: &DomainTerms) -> Result<DomainSpec> {
	let program = arranged.mapping.program();
	let samples = arranged.published.len() / program.row_bytes().max(1);
	let LabelMap::Classes(classes) = &arranged.mapping.labels else {
		return Err(anyhow!("genomes are losses of classes, so labels cannot be values: omit --values"));
	};
	within("chunks", terms.chunks.unwrap_or(*CHUNKS.start()).into(), (*CHUNKS.start()).into(), (*CHUNKS.end()).into())?;
	let [training, validation] = shares(samples);
	let runs = TrainingRuns {
		features: program.features,
		classes: classes.classes.len() as u8,
		shift: chosen.shift,
		hidden: chosen
			.hidden
			.clone()
			.try_into()
			.map_err(|_| anyhow!("invalid --hidden: expected at most {} layers", runs::MAX_HIDDEN_LAYERS))?,
		training: chosen.training.unwrap_or(training),
		validation: chosen.validation.unwrap_or(validation),
		batch: chosen.batch,
		steps: chosen.steps.unwrap_or(STEPS),
		rate: chosen.rate,
		decay: 0,
		chunks: terms.chunks.unwrap_or(*CHUNKS.start()),
	};
	runs.check().map_err(|error| anyhow!(explained(error, &runs, samples)))?;
	let default_name = shortened::<NAME_BYTES>(&format!("losses for {} {}", stem(&options.rows.source.path), classes.column));
	let spec = DomainSpec {
		name: bounded_text(options.name.as_deref().unwrap_or(&default_name), "name", "--name")?,
		unit: Default::default(),
		genes: Default::default(),
		limits: Limits {
			model_bytes: terms.model_bytes.min(MODEL_BYTES),
			window_macs: terms
				.window_macs
				.unwrap_or_else(|| ENTRY_MACS.max(u32::try_from(runs.baseline_cost()).unwrap_or(u32::MAX))),
		},
		program: Program::LossGenome(runs.clone()),
		data_root: bytes_hash(&arranged.published),
		values: arranged.published.len() as u32,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		licence: terms.licence()?,
		evidence: Evidence::Drawn,
		min_improvement: terms.min_improvement,
		target: terms.target,
	};
	let spec = if chosen.steps.is_none() { with_most_steps(spec, runs.clone()) } else { spec };
	spec.check().map_err(|error| match error {
		SpecError::Program(ProgramError::Run(error)) => anyhow!(explained(error, &runs, samples)),
		error => anyhow!("the chain would reject the record: {error:?}"),
	})?;
	Ok(spec)
}

/// Returns the samples that a run trains and validates on: two thirds and one third of all at most.
fn shares(samples: usize) -> [u16; 2] {
	let [training, validation] = SAMPLES;
	let part = |most: u16, share: usize| usize::from(most).min(samples * share / 3).max(1) as u16;
	[part(training, 2), part(validation, 1)]
}

/// Returns the record with as many steps as a chunk of the largest size class pays for, at most those that it has, and at least one.
fn with_most_steps(mut spec: DomainSpec, mut runs: TrainingRuns) -> DomainSpec {
	let [.., largest] = SizeClass::MACS;
	while runs.steps > 1 && spec.run_cost(spec.limits.window_macs.into()) > largest {
		runs.steps -= 1;
		spec.program = Program::LossGenome(runs.clone());
	}
	spec
}

/// Returns the reason for which training runs are refused, with the option that changes it.
fn explained(error: RunError, program: &TrainingRuns, samples: usize) -> String {
	let TrainingRuns { features, classes, shift, training, validation, batch, steps, rate, .. } = program;
	match error {
		RunError::Features => format!(
			"there are {features} columns of features, and a run has 1 to {}: choose fewer with --inputs or --without",
			runs::MAX_RUN_FEATURES
		),
		RunError::Classes => format!("there are {classes} classes, and a run has 2 to 64: join classes, or choose another --label"),
		RunError::Hidden => format!("invalid --hidden: expected layers of 1 to {} neurons", runs::MAX_HIDDEN_WIDTH),
		RunError::Batch => format!("invalid --batch {batch}: expected 1 to {}", runs::MAX_RUN_BATCH),
		RunError::Samples => format!(
			"a run cannot train on {training} and validate on {validation} of {samples} samples in batches of {batch}: choose \
			--training-samples from the batch on, --validation-samples up to {}, and both together at most as many as there are",
			runs::MAX_RUN_VALIDATION
		),
		RunError::Steps => format!("invalid --run-steps {steps}: expected {} to {}", runs::RUN_STEPS.start(), runs::RUN_STEPS.end()),
		RunError::Rate => format!("invalid --rate {rate}: expected at most {}", runs::MAX_RUN_RATE),
		RunError::Cost => format!(
			"a run of {steps} steps with the most expensive genome costs more than a chunk of the largest size class, or not even the built-in \
			genomes are admitted: choose fewer --run-steps, smaller --hidden layers, a smaller --batch or another --window-macs, from {} on",
			program.baseline_cost()
		),
		RunError::Chunks => format!("invalid --chunks: expected {} to {}", CHUNKS.start(), CHUNKS.end()),
		RunError::OneClass => "all rows have one class: bring rows of other classes".into(),
		RunError::TooManyBytes => "the samples have more than 128 KiB: take fewer rows with --last, or fewer columns".into(),
		RunError::Shift => format!("invalid --shift {shift}: expected 0 to 4"),
		RunError::Length | RunError::Label => format!("the samples do not fit their program: {error:?}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{rows::RowOptions, sealed::RowSource, SeriesSource};
	use doin_primitives::{EvidenceKind, ProgramKind};
	use std::fmt::Write;

	/// Writes a table of noisy points of three classes, and returns the options that read it.
	fn table(folder: &tempfile::TempDir, rows: usize, class: impl Fn(usize) -> usize) -> RowDraftOptions {
		let mut text = String::from("a,b,c,kind\n");
		for row in 0..rows {
			let noise = |salt: usize| (row * 7919 + salt * 104_729) % 997;
			let kind = class(row);
			writeln!(text, "{},{},{},{}", noise(1) + 400 * kind, noise(2), noise(3) + 250 * (kind % 2), ["x", "y", "z"][kind])
				.unwrap();
		}
		let path = folder.path().join("points.csv");
		std::fs::write(&path, text).unwrap();
		let options = RowOptions { label: "kind".into(), ..RowOptions::default() };
		let rows = RowSource { source: SeriesSource { path, rows: None }, options, mapping: Default::default() };
		RowDraftOptions { rows, name: None, unit_name: None }
	}

	fn draft(options: &RowDraftOptions, chosen: &RunOptions, terms: &DomainTerms) -> Result<GenomeDraft> {
		GenomeDraft::from_csv(options, chosen, terms)
	}

	#[test]
	fn a_labelled_table_is_a_domain_of_training_runs() {
		let folder = tempfile::tempdir().unwrap();
		let draft = draft(&table(&folder, 300, |row| row % 3), &RunOptions::default(), &DomainTerms::default()).unwrap();
		let spec = &draft.domain.spec;
		assert_eq!((spec.check(), spec.evidence.kind(), spec.split.validation_end), (Ok(()), EvidenceKind::Drawn, 0));
		assert_eq!(
			(ProgramKind::from(&spec.program), spec.name.to_vec()),
			(ProgramKind::LossGenome, b"losses for points kind".to_vec())
		);
		let runs = draft.runs().unwrap();
		assert_eq!((runs.features, runs.classes, runs.training, runs.validation, runs.steps), (3, 3, 200, 100, 60));
		assert_eq!((draft.samples, draft.domain.pages.len(), draft.domain.is_mintable()), (300, 1, true));
		assert_eq!(draft.baselines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["cross-entropy", "squared error"]);
		assert!(draft.baselines.iter().all(|(_, rate)| (0.0..0.67).contains(rate)), "{:?}", draft.baselines);
	}

	#[test]
	fn steps_are_as_many_as_the_largest_chunk_pays_for() {
		let folder = tempfile::tempdir().unwrap();
		let wide = RunOptions { hidden: vec![128, 128], batch: 64, ..RunOptions::default() };
		let draft = draft(&table(&folder, 300, |row| row % 3), &wide, &DomainTerms::default()).unwrap();
		let steps = draft.runs().unwrap().steps;
		assert!((1..60).contains(&steps), "{steps}");
	}

	#[test]
	fn what_cannot_be_a_domain_is_refused_with_the_next_step() {
		let folder = tempfile::tempdir().unwrap();
		let usual = table(&folder, 90, |row| row % 3);
		let refusal = |options: &RowDraftOptions, chosen: RunOptions, terms: DomainTerms| {
			format!("{:#}", draft(options, &chosen, &terms).unwrap_err())
		};
		let with = |change: &dyn Fn(&mut RunOptions)| {
			let mut chosen = RunOptions::default();
			change(&mut chosen);
			refusal(&usual, chosen, DomainTerms::default())
		};
		assert!(with(&|chosen| chosen.steps = Some(0)).contains("invalid --run-steps 0: expected 1 to 1024"));
		assert!(with(&|chosen| chosen.batch = 65).contains("invalid --batch 65"));
		assert!(with(&|chosen| chosen.hidden = vec![0]).contains("invalid --hidden: expected layers of 1 to 128 neurons"));
		assert!(with(&|chosen| chosen.hidden = vec![8; 3]).contains("invalid --hidden: expected at most 2 layers"));
		assert!(with(&|chosen| chosen.rate = 15).contains("invalid --rate 15"));
		assert!(with(&|chosen| chosen.shift = 5).contains("invalid --shift 5: expected 0 to 4"));
		assert!(with(&|chosen| chosen.training = Some(80)).contains("a run cannot train on 80 and validate on 30 of 90 samples"));
		let costly = RunOptions { hidden: vec![128, 128], steps: Some(1_000), ..RunOptions::default() };
		assert!(refusal(&usual, costly, DomainTerms::default())
			.contains("a run of 1000 steps with the most expensive genome costs more"));
		let cheap = DomainTerms { window_macs: Some(20), ..DomainTerms::default() };
		assert!(refusal(&usual, RunOptions::default(), cheap).contains("not even the built-in genomes are admitted"));
		let one = tempfile::tempdir().unwrap();
		let one = table(&one, 90, |_| 1);
		assert!(refusal(&one, RunOptions::default(), DomainTerms::default()).contains("all rows have the same label `y`"));
	}
}
