//! `genome`: shows, converts and evaluates loss genomes.

mod evaluate;
mod source;

use crate::{
	args::NodeArgs,
	report::{entry, print_text, OutputArgs},
};
use anyhow::{ensure, Context, Result};
use clap::{Args, Subcommand};
use doin_primitives::genome::fingerprint;
use doin_scoring::{
	genome::{formula::formula, json},
	Genome, Model,
};
use evaluate::EvaluateArgs;
use serde::Serialize;
use source::{read, GenomeSource};
use std::{
	fmt::{self, Display, Formatter},
	fs::OpenOptions,
	io::Write,
	path::{Path, PathBuf},
};

/// Samples and classes of the batch that `genome show` states the cost for.
const SHOWN_BATCH: (u16, u16) = (32, 10);

/// Subcommands of `genome`.
#[derive(Clone, Debug, Subcommand)]
pub enum GenomeCommand {
	/// Show a genome as a formula, with its instructions, cost and fingerprint
	#[command(after_help = "\
EXAMPLES
  doin-worker genome show cross-entropy
  doin-worker genome show loss.json
  doin-worker genome show --champion 2

`y` is one for the actual class and zero for the others, `s` are the scores of the net. A name is a built-in genome: cross-entropy, \
squared-error, or label-smoothing of 0.1 over ten classes. A file is a list of the seed, [[opcode, operand, ...], ...], or one that \
`genome import` wrote. Equal fingerprints are equal losses and gradients on a fixed batch.")]
	Show(ShowArgs),
	/// Check a list of the seed, and write it as the bytes that the chain stores
	#[command(after_help = "\
EXAMPLE
  doin-worker genome import loss.json --out loss.genome

Constants become the nearest multiple of 1/65536. Operands that the list leaves out have the defaults of the seed. A genome without a result, or whose gradient is zero, is refused as the chain would refuse it.")]
	Import(ImportArgs),
	/// Write a genome as a list of the seed
	#[command(after_help = "\
EXAMPLES
  doin-worker genome export loss.genome
  doin-worker genome export --champion 2 --out champion.json")]
	Export(ExportArgs),
	/// Train nets with a genome on fresh draws, and compare their mistakes with those of the built-in genomes
	#[command(after_help = "\
EXAMPLES
  doin-worker genome evaluate loss.json --csv digits.csv --label digit
  doin-worker genome evaluate --champion 2
  doin-worker genome evaluate loss.genome --domain 2 --runs 256

All genomes share their runs: the same first weights, samples and batches. The difference of the mistakes is stated with its standard \
error over the runs, as the verdicts of the chain do. Runs are drawn anew at each call, unless --seed repeats them.")]
	Evaluate(Box<EvaluateArgs>),
}

/// Arguments of `genome show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
	#[command(flatten)]
	genome: GenomeSource,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `genome import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
	/// List of the seed, as JSON
	#[arg(value_name = "FILE")]
	list: PathBuf,
	/// File that is written; an existing one is never overwritten
	#[arg(long, value_name = "FILE")]
	out: PathBuf,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `genome export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
	#[command(flatten)]
	genome: GenomeSource,
	/// File that is written; an existing one is never overwritten [default: print the list]
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
}

/// Runs `genome`.
///
/// # Errors
///
/// Errors if a genome cannot be read or is refused, if a file exists, or if data cannot be used.
pub async fn run(node: &NodeArgs, command: GenomeCommand) -> Result<()> {
	match command {
		GenomeCommand::Show(args) => {
			let (name, genome) = args.genome.load(node).await?;
			args.output.print(&GenomeReport::new(name, &genome))
		}
		GenomeCommand::Import(args) => {
			let genome = read(&args.list)?;
			write_new(&args.out, &Model::Genome(genome.clone()).to_bytes())?;
			args.output.print(&GenomeReport::new(args.out.display().to_string(), &genome))
		}
		GenomeCommand::Export(args) => {
			let (_, genome) = args.genome.load(node).await?;
			let list = json::print(&genome) + "\n";
			match &args.out {
				Some(out) => write_new(out, list.as_bytes()),
				None => print_text(list),
			}
		}
		GenomeCommand::Evaluate(args) => evaluate::run(node, *args).await,
	}
}

/// Writes a new file.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
	let shown = path.display();
	ensure!(!path.exists(), "{shown} exists, and is never overwritten: choose another --out");
	let write = || OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| file.write_all(bytes));
	write().with_context(|| format!("cannot write {shown}"))
}

/// Report of a genome.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenomeReport {
	/// Name of the file, of the built-in genome, or of the champion.
	name: String,
	/// Lines of the formula.
	formula: Vec<String>,
	/// List of the seed.
	list: String,
	instructions: usize,
	/// Bytes on the chain.
	bytes: usize,
	/// Multiply-accumulates per entry of a batch of 32 samples and ten classes.
	entry_macs: u64,
	/// Hash of losses and gradients on the probe.
	fingerprint: String,
	/// Reason for which the chain refuses the genome.
	refusal: Option<&'static str>,
}

impl GenomeReport {
	fn new(name: String, genome: &Genome) -> Self {
		let (samples, classes) = SHOWN_BATCH;
		Self {
			name,
			formula: formula(genome).lines().map(str::to_string).collect(),
			list: json::print(genome),
			instructions: genome.instructions.len(),
			bytes: Model::Genome(genome.clone()).to_bytes().len(),
			entry_macs: genome.entry_cost(samples, classes),
			fingerprint: format!("0x{}", hex::encode(fingerprint(genome))),
			refusal: genome.check().err().map(doin_forecast::spec::genome_refusal),
		}
	}
}

impl Display for GenomeReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "genome", &self.name)?;
		for (at, line) in self.formula.iter().enumerate() {
			entry(f, if at == 0 { "formula" } else { "" }, line)?;
		}
		entry(f, "list", &self.list)?;
		entry(f, "size", format_args!("{} instructions, {} bytes on the chain", self.instructions, self.bytes))?;
		let (samples, classes) = SHOWN_BATCH;
		entry(
			f,
			"cost",
			format_args!(
				"{} multiply-accumulates per entry of a batch of {samples} samples and {classes} classes",
				self.entry_macs
			),
		)?;
		entry(f, "fingerprint", &self.fingerprint)?;
		match self.refusal {
			Some(reason) => entry(f, "refused", reason),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::{source::named, *};
	use doin_scoring::genome::library;

	#[test]
	fn a_genome_is_shown_as_mathematics_with_what_it_costs() {
		let (name, genome) = named("cross-entropy").unwrap();
		let text = GenomeReport::new(name, &genome).to_string();
		for part in ["formula     loss = mean(−Σ_classes(y · ln(softmax(s))))", "[[100,1,0],", "8 instructions", "fingerprint 0x"]
		{
			assert!(text.contains(part), "`{part}`: {text}");
		}
		assert!(!text.contains("refused"));
		let idle = json::parse("[[100,9,0],[453,9]]").unwrap();
		let text = GenomeReport::new("idle".into(), &idle).to_string();
		assert!(text.contains("refused     its gradient is zero"), "{text}");
	}

	#[test]
	fn what_is_imported_is_exported_and_nothing_is_overwritten() {
		let folder = tempfile::tempdir().unwrap();
		let (list, bytes) = (folder.path().join("loss.json"), folder.path().join("loss.genome"));
		std::fs::write(&list, json::print(&library::squared_error())).unwrap();
		let genome = read(&list).unwrap();
		write_new(&bytes, &Model::Genome(genome.clone()).to_bytes()).unwrap();
		assert_eq!(read(&bytes).unwrap(), genome);
		let refused = write_new(&bytes, b"x").unwrap_err().to_string();
		assert!(refused.contains("never overwritten: choose another --out"), "{refused}");
	}
}
