//! `genome evaluate`: mistakes of nets that are trained with a genome, beside those of the built-in genomes.

use super::source::{champion_of, GenomeSource, SMOOTHING};
use crate::{
	args::{NodeArgs, ReadArgs},
	report::{entry, table, write_table, OutputArgs, LEFT, RIGHT},
	row_args::row_options,
	work::compute,
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_compute::GenomeRuns;
use doin_forecast::{
	rows::RowOptions, sealed::RowSource, DomainTerms, Fill, GenomeDraft, RowDraftOptions, RunOptions, SeriesSource,
};
use doin_primitives::{blake2_256, DomainId, Hash};
use doin_roles::problem::Problem;
use doin_scoring::{genome::library, model::OUT_FRAC, Genome, TrainingRuns};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	sync::atomic::AtomicBool,
};

/// Arguments of `genome evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
	#[command(flatten)]
	genome: GenomeSource,
	/// Domain whose samples and runs are used [default: that of --champion]
	#[arg(long, value_name = "DOMAIN", conflicts_with = "csv")]
	domain: Option<DomainId>,
	/// CSV file with labelled rows, as of `domain create --genome`
	#[arg(long, value_name = "FILE[:ROWS]", requires = "label")]
	csv: Option<SeriesSource>,
	/// Column of the classes
	#[arg(long, value_name = "COLUMN", requires = "csv")]
	label: Option<String>,
	/// Columns of the features [default: all but the label]
	#[arg(long, value_name = "COLUMN,...", requires = "csv")]
	inputs: Vec<String>,
	/// Columns that are neither label nor feature
	#[arg(long, value_name = "COLUMN,...", requires = "csv", conflicts_with = "inputs")]
	without: Vec<String>,
	#[command(flatten)]
	read: ReadArgs,
	/// Training runs with each genome
	#[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u16).range(2..=4_096))]
	runs: u16,
	/// Seed of the runs [default: a random one]
	#[arg(long, value_name = "SEED")]
	seed: Option<u64>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `genome evaluate`.
///
/// # Errors
///
/// Errors if the genome or the data cannot be used.
pub async fn run(node: &NodeArgs, args: EvaluateArgs) -> Result<()> {
	let (name, genome, data) = match (args.domain.or(args.genome.champion()), &args.csv) {
		(Some(domain), None) => {
			let chain = node.connect().await?;
			let problem = Problem::load(&chain, chain.head(), domain).await?;
			let (name, genome) = match args.genome.champion() {
				Some(id) if id == domain => champion_of(&chain, &problem).await?,
				_ => args.genome.load(node).await?,
			};
			(name, genome, data_of(&problem)?)
		}
		(_, Some(source)) => {
			let (name, genome) = args.genome.load(node).await?;
			let options = args.row_options(source.clone())?;
			let drafted = compute(move |_| GenomeDraft::from_csv(&options, &RunOptions::default(), &DomainTerms::default()));
			(name, genome, data_of_draft(&drafted.await?)?)
		}
		(None, None) => bail!("no samples are named: add --csv FILE --label COLUMN, or --domain ID"),
	};
	let seed = blake2_256(&args.seed.unwrap_or_else(rand::random).to_le_bytes());
	let (runs, output) = (args.runs, args.output);
	let report = compute(move |stop| EvaluateReport::new(name, &genome, &data, (&seed, runs), stop)).await?;
	output.print(&report)
}

impl EvaluateArgs {
	/// Returns the options of reading the table.
	fn row_options(&self, source: SeriesSource) -> Result<RowDraftOptions> {
		let read = self.read.options(&self.inputs);
		let fill = read.fill == Some(Fill::Median);
		let options = RowOptions { without: self.without.clone(), ..row_options(self.label.as_deref(), false, read)? };
		let mapping = doin_forecast::rows::MappingOptions { fill, ..Default::default() };
		Ok(RowDraftOptions { rows: RowSource { source, options, mapping }, name: None, unit_name: None })
	}
}

/// Returns the runs of a domain.
fn data_of(problem: &Problem) -> Result<GenomeRuns> {
	let runs = problem.runs().with_context(|| format!("the models of domain {} are no genomes", problem.id))?;
	Ok(GenomeRuns::new(runs.clone(), problem.data.rows().to_vec())?)
}

/// Returns the runs of a domain that is not registered.
fn data_of_draft(draft: &GenomeDraft) -> Result<GenomeRuns> {
	let runs = draft.runs().context("the draft has no training runs")?;
	let bytes = draft.domain.pages.iter().filter_map(|page| page.bytes()).flatten().copied().collect();
	Ok(GenomeRuns::new(runs.clone(), bytes)?)
}

/// Report of `genome evaluate`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EvaluateReport {
	/// Number of runs with each genome.
	runs: u16,
	/// Numbers of the runs.
	program: TrainingRuns,
	/// Part of the validation samples that nets of the genome get wrong.
	wrong: f64,
	genome: String,
	/// Comparison with each built-in genome.
	others: Vec<Comparison>,
}

/// Mistakes with a genome beside those with another one, on the same runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Comparison {
	genome: &'static str,
	/// Part of the validation samples that nets of the other genome get wrong.
	wrong: f64,
	/// Mistakes that the genome saves, in per cent of those of the other one.
	fewer_percent: f64,
	/// Mean difference of the mistakes of a run in units of its standard error.
	t: f64,
}

impl EvaluateReport {
	/// Trains nets on `count` runs of the draw of `seed`.
	fn new(name: String, genome: &Genome, data: &GenomeRuns, (seed, count): (&Hash, u16), stop: &AtomicBool) -> Result<Self> {
		let program = data.runs().clone();
		let names = ["cross-entropy", "squared error", "label smoothing 0.1"];
		let smoothed = library::label_smoothing(SMOOTHING, program.classes.into());
		let genomes = [genome.clone(), library::cross_entropy(), library::squared_error(), smoothed];
		let sums = data.sums(&genomes, seed, count, stop, &|| ())?;
		let mistakes: Vec<Vec<f64>> =
			sums.iter().map(|sums| sums.iter().map(|sum| f64::from(sum >> OUT_FRAC)).collect()).collect();
		let (own, others) = mistakes.split_first().context("there are no runs")?;
		let rate = |mistakes: &[f64]| mean(mistakes) / f64::from(program.validation);
		let others = names.into_iter().zip(others).map(|(genome, other)| Comparison::new(genome, own, other, rate(other)));
		Ok(Self { runs: count, wrong: rate(own), genome: name, others: others.collect(), program })
	}
}

impl Comparison {
	fn new(genome: &'static str, own: &[f64], other: &[f64], wrong: f64) -> Self {
		let saved: Vec<f64> = other.iter().zip(own).map(|(other, own)| other - own).collect();
		let middle = mean(&saved);
		let variance = saved.iter().map(|saved| (saved - middle).powi(2)).sum::<f64>() / (saved.len().max(2) - 1) as f64;
		let error = (variance / saved.len().max(1) as f64).sqrt();
		let t = if error > 0.0 { middle / error } else { 0.0 };
		let fewer_percent = if mean(other) > 0.0 { 100.0 * middle / mean(other) } else { 0.0 };
		Self { genome, wrong, fewer_percent, t }
	}
}

/// Returns the mean of numbers.
fn mean(numbers: &[f64]) -> f64 {
	numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

impl Display for EvaluateReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let TrainingRuns { training, validation, batch, steps, .. } = &self.program;
		entry(f, "genome", &self.genome)?;
		entry(
			f,
			"runs",
			format_args!("{} of {steps} steps, batch {batch}, {training} samples train and {validation} validate", self.runs),
		)?;
		entry(f, "wrong", format_args!("{:.2} %", self.wrong * 100.0))?;
		let mut others = table([("compared with", LEFT), ("wrong", RIGHT), ("fewer mistakes", RIGHT), ("t", RIGHT)]);
		for Comparison { genome, wrong, fewer_percent, t } in &self.others {
			others.add_row([
				(*genome).to_string(),
				format!("{:.2} %", wrong * 100.0),
				format!("{fewer_percent:.1} %"),
				format!("{t:.1}"),
			]);
		}
		write_table(f, "others", &others)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn runs_are_compared_in_pairs() {
		let comparison = Comparison::new("cross-entropy", &[8.0, 9.0, 7.0, 10.0], &[10.0, 10.0, 9.0, 11.0], 0.1);
		assert_eq!((comparison.fewer_percent, comparison.wrong), (15.0, 0.1));
		// Differences 2, 1, 2, 1: mean 1.5, standard error 0.2887.
		assert!((comparison.t - 5.196).abs() < 0.001, "{}", comparison.t);
		let equal = Comparison::new("cross-entropy", &[3.0, 3.0], &[3.0, 3.0], 0.1);
		assert_eq!((equal.fewer_percent, equal.t), (0.0, 0.0));
	}

	#[test]
	fn a_genome_is_compared_with_itself_without_a_difference() {
		let program = TrainingRuns {
			features: 2,
			classes: 2,
			shift: 4,
			hidden: Default::default(),
			training: 16,
			validation: 16,
			batch: 8,
			steps: 8,
			rate: 13,
			decay: 0,
			chunks: 32,
		};
		let bytes: Vec<u8> = (0..64u8).flat_map(|at| [at * 3, 255 - at * 2, u8::from(at % 3 > 0)]).collect();
		let data = GenomeRuns::new(program, bytes).unwrap();
		let stop = AtomicBool::new(false);
		let report = EvaluateReport::new("own".into(), &library::cross_entropy(), &data, (&[1; 32], 4), &stop).unwrap();
		assert_eq!((report.others[0].fewer_percent, report.others[0].wrong), (0.0, report.wrong));
		let text = report.to_string();
		assert!(
			text.contains("4 of 8 steps, batch 8, 16 samples train and 16 validate") && text.contains("label smoothing 0.1"),
			"{text}"
		);
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!(
			(&json["runs"], &json["program"]["steps"], json["others"].as_array().unwrap().len()),
			(&4.into(), &8.into(), 3)
		);
	}
}
