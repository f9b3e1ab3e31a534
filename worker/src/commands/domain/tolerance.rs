//! `domain create-tolerance`: makes a domain of a program of the user, whose sums evaluators compute off the chain.

use super::create::target_of;
use crate::{
	args::{KeyArgs, NodeArgs},
	commands::registration::{register, Price},
	report::{entry, OutputArgs, Remarks},
	work::compute,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use clap::Args;
use doin_chain::Patience;
use doin_forecast::{DomainTerms, NewDomain};
use doin_primitives::{
	blake2_256,
	domain::{Gene, SpecError},
	Balance, DomainId, DomainSpec, Evidence, Growth, Limits, Split, MILLION,
};
use doin_roles::{amount::Amount, config::ProgramConfig, programs::UserProgram};
use doin_scoring::{tolerance::LEAST_IMPROVEMENTS, verdict::total, Program, ProgramError, Tolerance};
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
	str::FromStr,
	sync::atomic::AtomicBool,
	time::Duration,
};

/// Arguments of `domain create-tolerance`.
#[derive(Clone, Debug, Args)]
pub struct ToleranceArgs {
	/// File of the program. The chain stores its hash, and evaluators get the file from you
	#[arg(long, value_name = "FILE")]
	program: PathBuf,
	/// Word of the command that runs the file, e.g. python3; may be given several times [default: the file itself]
	#[arg(long, value_name = "WORD")]
	command: Vec<String>,
	/// Name of the domain
	#[arg(long)]
	name: String,
	/// Unit of a chunk sum, e.g. "0.000001 nats"
	#[arg(long, default_value = "")]
	unit: String,
	/// Gene of the search space, as NAME=LO..HI, or NAME=LO..HI:log for steps in proportion to the value; may be given several times
	#[arg(long = "gene", value_name = "NAME=LO..HI[:log]", required = true)]
	genes: Vec<GeneArg>,
	/// Per cent below the error of the empty model at which the domain counts as solved, and its bounty is paid
	#[arg(long, value_name = "PERCENT")]
	target_performance: f64,
	/// Least improvement of an accepted candidate, in parts per million
	#[arg(long, value_name = "PPM", default_value_t = DomainTerms::default().min_improvement)]
	min_improvement: u32,
	/// Tolerance of a sum around the median of its quorum, in parts per million [default: a quarter of the least improvement, which
	/// is the most]
	#[arg(long, value_name = "PPM")]
	epsilon: Option<u32>,
	/// Chunks of an evaluation, 32 to 256
	#[arg(long, default_value_t = 32)]
	chunks: u16,
	/// Most bytes of a model
	#[arg(long, default_value_t = DomainTerms::default().model_bytes)]
	model_bytes: u32,
	/// Only run the program, and show the domain and its costs
	#[arg(long)]
	dry_run: bool,
	#[command(flatten)]
	output: OutputArgs,
	#[command(flatten)]
	key: KeyArgs,
}

/// Gene on the command line.
#[derive(Clone, Debug, PartialEq)]
struct GeneArg(Gene);

impl FromStr for GeneArg {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let parsed = || {
			let (name, range) = text.split_once('=')?;
			let (range, log) = range.strip_suffix(":log").map_or((range, false), |range| (range, true));
			let (lo, hi) = range.split_once("..")?;
			let name = name.as_bytes().to_vec().try_into().ok()?;
			Some(Gene { name, lo: lo.parse().ok()?, hi: hi.parse().ok()?, log, frac: 0 })
		};
		parsed().map(Self).ok_or_else(|| {
			format!(
				"invalid gene `{text}`: expected NAME=LO..HI with whole numbers and up to 32 bytes of name, e.g. rate=1..100:log"
			)
		})
	}
}

/// Sums of the empty model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measured {
	/// Error sum over all chunks.
	error: u64,
	/// Smallest chunk sum.
	smallest: u32,
	/// Largest difference between two runs, in parts per million of the sum.
	spread: u32,
}

impl Measured {
	/// Compares the sums of two runs.
	fn of(first: &[u32], second: &[u32]) -> Self {
		let spread = |(first, second): (&u32, &u32)| {
			let difference = u64::from(first.abs_diff(*second)) * u64::from(MILLION);
			difference.div_ceil(u64::from(*first.min(second)).max(1)).min(u32::MAX.into()) as u32
		};
		Self {
			error: total(first),
			smallest: first.iter().copied().min().unwrap_or(0),
			spread: first.iter().zip(second).map(spread).max().unwrap_or(0),
		}
	}

	/// Returns a remark if the smallest sum has no room for its own rounding within the tolerance.
	fn remark(&self, epsilon: u32) -> Option<String> {
		let room = u64::from(self.smallest) * u64::from(epsilon) / u64::from(MILLION);
		(room < 2).then(|| {
			format!(
				"note: the smallest chunk sum is {}, of which the tolerance of {epsilon} ppm is less than 2: sums that are rounded otherwise \
				 on another machine do not agree. Multiply all sums of the program by {} or more",
				self.smallest,
				2 * u64::from(MILLION) / (u64::from(self.smallest.max(1)) * u64::from(epsilon.max(1))).max(1) + 1
			)
		})
	}
}

impl ToleranceArgs {
	fn epsilon(&self) -> u32 {
		self.epsilon.unwrap_or(self.min_improvement / LEAST_IMPROVEMENTS)
	}

	/// Returns the record of a domain whose program has the hash `code`.
	///
	/// # Errors
	///
	/// Errors if the chain would refuse it.
	fn spec(&self, code: [u8; 32], initial_error: u64) -> Result<DomainSpec> {
		let bytes = |option: &str, text: &str| anyhow!("--{option} is too long: `{text}`");
		let genes: Vec<Gene> = self.genes.iter().map(|gene| gene.0.clone()).collect();
		let program = Tolerance { code, epsilon: self.epsilon(), chunks: self.chunks, initial_error };
		let spec = DomainSpec {
			name: self.name.as_bytes().to_vec().try_into().map_err(|_| bytes("name", &self.name))?,
			unit: self.unit.as_bytes().to_vec().try_into().map_err(|_| bytes("unit", &self.unit))?,
			program: Program::Tolerance(program),
			genes: genes.try_into().map_err(|_| anyhow!("there are more than 16 genes: keep those that matter"))?,
			limits: Limits { model_bytes: self.model_bytes, window_macs: 1 },
			data_root: [0; 32],
			values: 0,
			growth: Growth::Fixed,
			split: Split { train_end: 0, validation_end: 0 },
			licence: Default::default(),
			evidence: Evidence::Public,
			min_improvement: self.min_improvement,
			target: target_of(Some(self.target_performance))?,
		};
		match spec.check() {
			Ok(()) => Ok(spec),
			Err(SpecError::Program(ProgramError::Tolerance)) => bail!(
				"--epsilon {} is not from 1 to a quarter of --min-improvement {}: sums that differ by more could hide an improvement",
				self.epsilon(),
				self.min_improvement
			),
			Err(error) => bail!("the chain would refuse the domain: {error:?}"),
		}
	}
}

/// Runs `domain create-tolerance`.
///
/// # Errors
///
/// Errors if the program, an option or the key cannot be used, or if a call fails.
pub async fn run(node: &NodeArgs, args: ToleranceArgs) -> Result<()> {
	let file = std::path::absolute(&args.program)?;
	let content = std::fs::read(&file).with_context(|| format!("cannot read the program {}", file.display()))?;
	let code = blake2_256(&content);
	// Found before the program runs.
	args.spec(code, 1)?;
	let config = ProgramConfig::new(code, file, args.command.clone());
	let (program, chunks) = (UserProgram::new(config.clone()), args.chunks);
	let measured = compute(move |stop| measure(&program, chunks, stop)).await?;
	let epsilon = args.epsilon();
	ensure!(
		measured.error > 0,
		"the program has no error on the empty model, so nothing could improve: make the first model a bad one"
	);
	ensure!(
		measured.spread <= epsilon,
		"two runs of the program on this machine differ by {} ppm, and the tolerance is {epsilon} ppm: seed all of its random numbers with the \
		 number of the chunk, or raise --min-improvement and --epsilon",
		measured.spread
	);
	let remarks = Remarks::default();
	if let Some(remark) = measured.remark(epsilon) {
		remarks.add(remark);
	}
	let new = NewDomain { spec: args.spec(code, measured.error)?, pages: Vec::new(), linear: None, sealed: None };
	let mut report = ToleranceReport::new(&args, &config, measured, epsilon);
	let patience = if args.dry_run { Patience::Once } else { Patience::Within(Duration::from_secs(3)) };
	match node.connect_with(patience).await {
		Ok(chain) => {
			let price = Price::of(&chain, &new).await?;
			(report.fee, report.deposit) = (Some(price.fee), Some(price.deposit));
			if !args.dry_run {
				let signer = args.key.signer()?;
				report.domain = Some(register(&chain, &signer, &new, None, false).await?.id);
			}
		}
		// A dry run needs no node, but shows the costs if there is one.
		Err(error) if args.dry_run && error.is_transient() => {}
		Err(error) => return Err(error.into()),
	}
	report.notes = remarks.texts();
	args.output.print(&report)
}

/// Runs the program twice on the empty model, each time in a process of its own.
fn measure(program: &UserProgram, chunks: u16, stop: &AtomicBool) -> Result<Measured> {
	let first = program.evaluate(&[], chunks, stop)?;
	Ok(Measured::of(&first, &program.apart().evaluate(&[], chunks, stop)?))
}

/// Report of `domain create-tolerance`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToleranceReport {
	/// Identifier, once registered.
	domain: Option<DomainId>,
	/// Hash of the program.
	code: String,
	/// Tolerance, in parts per million.
	epsilon: u32,
	chunks: u16,
	/// Error sum of the empty model.
	#[serde(with = "As::<DisplayFromStr>")]
	initial_error: u64,
	/// Largest difference between two runs, in parts per million.
	spread: u32,
	/// Fee that registration burns, in plancks; `None` without a node.
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	fee: Option<Balance>,
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	deposit: Option<Balance>,
	/// Entry of the configuration of an evaluator.
	configuration: String,
	notes: Vec<String>,
}

impl ToleranceReport {
	fn new(args: &ToleranceArgs, config: &ProgramConfig, measured: Measured, epsilon: u32) -> Self {
		let code = config.hash.to_string();
		let command = match args.command.as_slice() {
			[] => String::new(),
			words => format!("\ncommand = {words:?}"),
		};
		let file = config.file.display().to_string();
		Self {
			domain: None,
			configuration: format!("[[programs]]\nhash = \"{code}\"\nfile = {file:?}{command}"),
			code,
			epsilon,
			chunks: args.chunks,
			initial_error: measured.error,
			spread: measured.spread,
			fee: None,
			deposit: None,
			notes: Vec::new(),
		}
	}
}

impl Display for ToleranceReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { code, epsilon, chunks, initial_error, spread, .. } = self;
		entry(f, "program", code)?;
		entry(
			f,
			"tolerance",
			format_args!("{epsilon} ppm of the median; two runs on this machine differ by {spread} ppm at most"),
		)?;
		entry(f, "to beat", format_args!("{initial_error}, the sum of the empty model over {chunks} chunks"))?;
		if let (Some(fee), Some(deposit)) = (self.fee, self.deposit) {
			let (fee, deposit) = (Amount(fee), Amount(deposit));
			entry(f, "costs", format_args!("{fee} burned; {deposit} on hold until it is retired; and transaction fees"))?;
		}
		writeln!(
			f,
			"\nGive the program to evaluators. Each of them adds to its configuration, after reading it:\n\n{}\n",
			self.configuration
		)?;
		match self.domain {
			Some(id) => writeln!(
				f,
				"Domain {id} takes commits once three evaluators serve it (`[[domains]]` with domain_id = {id} and evaluate = true). It is never \
				 minted for, and pays its bounty only, which a majority of a quorum decides about: doin-worker domain bounty {id} \"250 DOIN\" \
				 --key KEY"
			),
			None => writeln!(f, "Nothing was sent."),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Create {
		#[command(flatten)]
		args: ToleranceArgs,
	}

	fn parse(more: &[&str]) -> Result<ToleranceArgs, String> {
		let all = ["create", "--program", "train.py", "--name", "a", "--target-performance", "20"];
		Create::try_parse_from(all.iter().chain(more)).map(|create| create.args).map_err(|error| error.to_string())
	}

	#[test]
	fn genes_have_a_name_and_bounds() {
		let gene = |name: &str, lo, hi, log| Gene { name: name.as_bytes().to_vec().try_into().unwrap(), lo, hi, log, frac: 0 };
		let args = parse(&["--gene", "rate=1..100:log", "--gene=depth=-2..2"]).unwrap();
		assert_eq!(args.genes, [GeneArg(gene("rate", 1, 100, true)), GeneArg(gene("depth", -2, 2, false))]);
		for wrong in ["rate", "rate=1", "rate=1..x", "rate=1.5..2", "rate=1..2:exp"] {
			let reason = parse(&["--gene", wrong]).unwrap_err();
			assert!(reason.contains("expected NAME=LO..HI"), "{reason}");
		}
		assert!(parse(&[]).unwrap_err().contains("--gene"));
	}

	#[test]
	fn the_tolerance_is_a_quarter_of_the_least_improvement_at_most() {
		let args = parse(&["--gene", "rate=1..9", "--min-improvement", "10000"]).unwrap();
		let spec = args.spec([7; 32], 3_200).unwrap();
		let Program::Tolerance(program) = &spec.program else { panic!("a tolerance domain") };
		assert_eq!((program.epsilon, program.chunks, program.initial_error), (2_500, 32, 3_200));
		assert_eq!((spec.target, spec.evidence), (838_861, Evidence::Public));
		let wide = parse(&["--gene", "rate=1..9", "--min-improvement", "10000", "--epsilon", "2501"]).unwrap();
		let reason = format!("{:#}", wide.spec([7; 32], 1).unwrap_err());
		assert!(reason.contains("--epsilon 2501 is not from 1 to a quarter of --min-improvement 10000"), "{reason}");
		let swapped = parse(&["--gene", "rate=9..1"]).unwrap();
		assert!(format!("{:#}", swapped.spec([7; 32], 1).unwrap_err()).contains("GeneBounds"));
	}

	#[test]
	fn two_runs_are_compared_sum_by_sum() {
		let measured = Measured::of(&[1_000_000, 2_000_000], &[1_000_000, 2_000_100]);
		assert_eq!(measured, Measured { error: 3_000_000, smallest: 1_000_000, spread: 50 });
		assert_eq!(measured.remark(500), None);
		let small = Measured::of(&[100], &[100]).remark(500).unwrap();
		assert!(small.contains("the smallest chunk sum is 100") && small.contains("by 41 or more"), "{small}");
		assert_eq!(Measured::of(&[0], &[7]).spread, 7_000_000);
	}

	#[test]
	fn the_report_has_the_entry_of_an_evaluator() {
		let args = parse(&["--gene", "rate=1..9", "--command", "python3"]).unwrap();
		let config = ProgramConfig::new([0xC0; 32], "/opt/train.py".into(), args.command.clone());
		let measured = Measured { error: 7, smallest: 1, spread: 0 };
		let report = ToleranceReport {
			domain: Some(3),
			fee: Some(1),
			deposit: Some(2),
			..ToleranceReport::new(&args, &config, measured, 500)
		};
		let text = report.to_string();
		for part in ["hash = \"0xc0c0", "file = \"/opt/train.py\"", "command = [\"python3\"]", "domain bounty 3", "500 ppm"] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["initialError"], &json["domain"]), (&"7".into(), &3.into()));
	}
}
