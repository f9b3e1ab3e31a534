//! Domain of loss genomes: its options, and its report.

use crate::report::{entry, table, write_table, LEFT, RIGHT};
use anyhow::{ensure, Result};
use clap::Args;
use doin_forecast::{GenomeDraft, RunOptions};
use doin_primitives::{DomainSpec, Limits, ProgramKind};
use doin_scoring::TrainingRuns;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Training runs of a domain of loss genomes.
#[derive(Clone, Debug, Default, Args)]
pub struct GenomeArgs {
	/// Make a domain of loss genomes, in place of one of the labels themselves: miners evolve the loss that nets are trained with. Each
	/// run draws its own first weights and its own samples, and what counts is how many of the others the net gets wrong
	#[arg(
		long,
		requires = "label",
		conflicts_with_all = ["values", "image", "sealed", "landscape", "no_linear", "windows"],
		help_heading = "Loss genomes"
	)]
	genome: bool,
	/// Neurons of the hidden layers of the net, at most two layers of 128 [default: 32]
	#[arg(long, value_name = "N,...", value_delimiter = ',', requires = "genome", help_heading = "Loss genomes")]
	hidden: Vec<u16>,
	/// Steps of a run, at most 1024 [default: 60, or as many as a chunk of the largest size class pays for]
	#[arg(long, value_name = "N", requires = "genome", help_heading = "Loss genomes")]
	run_steps: Option<u16>,
	/// Samples of a batch, at most 64 [default: 32]
	#[arg(long, value_name = "N", requires = "genome", help_heading = "Loss genomes")]
	batch: Option<u16>,
	/// Samples that a run trains on [default: 256, or two thirds of all]
	#[arg(long, value_name = "N", requires = "genome", help_heading = "Loss genomes")]
	training_samples: Option<u16>,
	/// Samples that a run validates on, at most 1024 [default: 128, or a third of all]
	#[arg(long, value_name = "N", requires = "genome", help_heading = "Loss genomes")]
	validation_samples: Option<u16>,
	/// Power of two from a byte less 128 to an input, which counts in units of 1/512; 0 to 4 [default: 1, i.e. inputs within ±0.5]
	#[arg(long, value_name = "LOG2", requires = "genome", help_heading = "Loss genomes")]
	shift: Option<u8>,
	/// Binary logarithm of the first learning rate in units of 2^-20, at most 14 [default: 13]
	#[arg(long, value_name = "LOG2", requires = "genome", help_heading = "Loss genomes")]
	rate: Option<u8>,
}

impl GenomeArgs {
	/// Returns `true` for a domain of loss genomes.
	pub fn is_given(&self) -> bool {
		self.genome
	}

	/// Returns the numbers of the training runs.
	///
	/// # Errors
	///
	/// Errors if a domain of something else names one of them.
	pub fn options(&self) -> Result<RunOptions> {
		ensure!(self.genome, "training runs belong to a domain of loss genomes: add --genome");
		let default = RunOptions::default();
		Ok(RunOptions {
			hidden: if self.hidden.is_empty() { default.hidden } else { self.hidden.clone() },
			training: self.training_samples,
			validation: self.validation_samples,
			batch: self.batch.unwrap_or(default.batch),
			steps: self.run_steps,
			shift: self.shift.unwrap_or(default.shift),
			rate: self.rate.unwrap_or(default.rate),
		})
	}
}

/// Report of the draft of a domain of loss genomes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenomeDraftReport {
	name: String,
	program: ProgramKind,
	/// Numbers of the training runs.
	runs: Option<TrainingRuns>,
	/// Number of samples.
	samples: usize,
	/// Bytes of all samples.
	values: u32,
	/// Rows that were dropped, because an earlier one is the same.
	duplicates: usize,
	limits: Limits,
	/// Multiply-accumulates of a run with the most expensive genome.
	run_macs: u64,
	min_improvement: u32,
	target: u32,
	data_root: String,
	/// Built-in genomes, of which the chain chooses the better one as the initial champion.
	baselines: Vec<Baseline>,
}

/// Mistakes of nets that are trained with a built-in genome.
#[derive(Debug, Serialize)]
struct Baseline {
	name: String,
	/// Part of the validation samples that the nets of the published runs get wrong.
	wrong: f64,
}

impl GenomeDraftReport {
	/// Returns the report of a draft that is not registered.
	pub fn new(draft: &GenomeDraft) -> Self {
		let spec = &draft.domain.spec;
		let DomainSpec { name, program, limits, values, min_improvement, target, data_root, .. } = spec;
		Self {
			name: String::from_utf8_lossy(name).into_owned(),
			program: program.into(),
			runs: draft.runs().cloned(),
			samples: draft.samples,
			values: *values,
			duplicates: draft.duplicates,
			limits: limits.clone(),
			run_macs: spec.run_cost(limits.window_macs.into()),
			min_improvement: *min_improvement,
			target: *target,
			data_root: format!("0x{}", hex::encode(data_root)),
			baselines: draft.baselines.iter().map(|(name, wrong)| Baseline { name: name.clone(), wrong: *wrong }).collect(),
		}
	}
}

impl Display for GenomeDraftReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "domain", &self.name)?;
		if let Some(runs) = &self.runs {
			let TrainingRuns { features, classes, hidden, training, validation, batch, steps, chunks, .. } = runs;
			let layers: Vec<String> = hidden.iter().map(ToString::to_string).collect();
			let net = [&[features.to_string()][..], &layers, &[classes.to_string()]].concat().join("-");
			entry(
				f,
				"samples",
				format_args!("{} with {features} features and {classes} classes, {} bytes", self.samples, self.values),
			)?;
			entry(
				f,
				"run",
				format_args!("net {net}, {steps} steps of {batch} samples out of {training}; {validation} others validate"),
			)?;
			entry(f, "", format_args!("{:.1} million multiply-accumulates at most", self.run_macs as f64 / 1e6))?;
			entry(f, "draw", format_args!("{chunks} runs"))?;
		}
		let Limits { model_bytes, window_macs } = &self.limits;
		entry(
			f,
			"genomes",
			format_args!("at most {model_bytes} bytes, and {window_macs} multiply-accumulates per entry of a batch"),
		)?;
		let mut mistakes = table([("loss", LEFT), ("wrong", RIGHT)]);
		for Baseline { name, wrong } in &self.baselines {
			mistakes.add_row([name.clone(), format!("{:.2} %", wrong * 100.0)]);
		}
		write_table(f, "built-in", &mistakes)?;
		let ppm = f64::from(self.min_improvement) / 1e4;
		entry(f, "", format_args!("The better one becomes the initial champion; a new champion is better by {ppm} % at least"))
	}
}
