//! `evaluate` of a model of a tolerance domain, by the program of the domain.

use crate::{
	args::NodeArgs,
	program_args::ProgramArgs,
	report::{comparison, count, entry, OutputArgs},
	work::compute,
};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_chain::{Chain, Head};
use doin_forecast::error_scale::percent_below;
use doin_primitives::{domain::Gene, DomainId, DomainSpec, ModelRef};
use doin_roles::problem::{decode_admissible, Problem};
use doin_scoring::{verdict::total, Model};
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use std::{
	borrow::Cow,
	fmt::{self, Display, Formatter},
	fs,
	path::{Path, PathBuf},
	str::FromStr,
	sync::atomic::AtomicBool,
	time::Instant,
};

/// Arguments of `evaluate` for a tolerance domain.
#[derive(Clone, Debug, Default, Args)]
pub struct DomainArgs {
	/// Tolerance domain whose program scores the model, in place of data in a file. --config lists the program, --model is a file with the
	/// bytes of a model as the program makes them, and without --model and --gene the champion is scored
	#[arg(
		long,
		value_name = "ID",
		conflicts_with_all = ["csv", "split", "cores", "column", "inputs", "ReadArgs", "RowLabelArgs"],
		help_heading = "Tolerance domain"
	)]
	pub domain: Option<DomainId>,
	/// Gene of a candidate that the program trains first, as NAME=VALUE; once for each gene of the domain
	#[arg(
		long = "gene",
		value_name = "NAME=VALUE",
		requires = "domain",
		conflicts_with_all = ["model", "csv"],
		help_heading = "Tolerance domain"
	)]
	genes: Vec<GeneValue>,
	#[command(flatten)]
	programs: ProgramArgs,
}

/// Value of a gene on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GeneValue {
	name: String,
	value: i64,
}

impl FromStr for GeneValue {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let parsed = || {
			let (name, value) = text.split_once('=')?;
			Some(Self { name: name.into(), value: value.parse().ok()? })
		};
		parsed().ok_or_else(|| format!("invalid gene `{text}`: expected NAME=VALUE with a whole number, e.g. rate=17"))
	}
}

impl Display for GeneValue {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		write!(f, "{}={}", self.name, self.value)
	}
}

/// Returns the name of a gene.
fn name_of(gene: &Gene) -> Cow<'_, str> {
	String::from_utf8_lossy(&gene.name)
}

/// Checks that `genes` has one value within its bounds for each gene of a domain.
fn check_genes(spec: &DomainSpec, genes: &[GeneValue]) -> Result<()> {
	let all: Vec<String> = spec.genes.iter().map(|gene| format!("{} ({} to {})", name_of(gene), gene.lo, gene.hi)).collect();
	let all = all.join(", ");
	for given in genes {
		let gene = spec.genes.iter().find(|gene| name_of(gene) == given.name.as_str());
		let gene = gene.with_context(|| format!("--gene {given} is not a gene of the domain, which has {all}"))?;
		ensure!((gene.lo..=gene.hi).contains(&given.value), "--gene {given} is out of bounds: the domain has {all}");
	}
	for gene in &spec.genes {
		let name = name_of(gene);
		let given = genes.iter().filter(|given| name == given.name.as_str()).count();
		ensure!(given == 1, "--gene {name}=VALUE is given {given} times: give each gene of the domain once, i.e. {all}");
	}
	Ok(())
}

/// Model that is evaluated.
enum Wanted {
	/// Model with a description.
	Model(String, Vec<u8>),
	/// Candidate that the program trains.
	Candidate(Vec<GeneValue>),
}

impl Wanted {
	/// Reads the bytes of a model from a file.
	fn read(path: &Path, problem: &Problem) -> Result<Self> {
		let shown = path.display();
		let bytes = fs::read(path).with_context(|| format!("cannot read the model {shown}"))?;
		let most = problem.opaque_bytes();
		ensure!(
			bytes.len() <= most,
			"the model {shown} has {}, and domain {} takes {most} at most",
			count(bytes.len(), "byte"),
			problem.id
		);
		Ok(Self::Model(shown.to_string(), bytes))
	}

	/// Reads the champion of a domain.
	async fn champion(chain: &Chain, at: Head, problem: &Problem, model: ModelRef) -> Result<Self> {
		let ModelRef::Stored(id) = model else {
			return Ok(Self::Model("the empty model, which is the champion".into(), Vec::new()));
		};
		let bytes = chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
		match decode_admissible(problem, &bytes)? {
			Model::Opaque(bytes) => Ok(Self::Model(format!("champion, model {id}"), bytes)),
			_ => bail!("model {id} is not one of a program of a user"),
		}
	}
}

/// Runs `evaluate` for domain `id`. `file` has the bytes of a model.
///
/// # Errors
///
/// Errors if the domain has no tolerance, if the configuration does not list its program, if a gene or the file cannot be used, and if the
/// program fails.
pub async fn run(node: &NodeArgs, id: DomainId, file: Option<PathBuf>, args: DomainArgs, output: OutputArgs) -> Result<()> {
	let listed = args.programs.load()?;
	let chain = listed.node(node).connect().await?;
	let at = chain.head();
	let mut problem = Problem::load(&chain, at, id).await?;
	ensure!(
		problem.tolerance().is_some(),
		"domain {id} is not a tolerance domain, so no program of a user scores its models: `doin-worker verify {id}` recomputes its champion, and \
		 `doin-worker evaluate --model FILE --csv FILE` evaluates a model file"
	);
	listed.equip(&mut problem)?;
	let champion = chain.champion(at, id).await?.with_context(|| format!("domain {id} has no champion"))?;
	let wanted = match file {
		_ if !args.genes.is_empty() => {
			check_genes(&problem.spec, &args.genes)?;
			Wanted::Candidate(args.genes)
		}
		Some(path) => Wanted::read(&path, &problem)?,
		None => Wanted::champion(&chain, at, &problem, champion.model).await?,
	};
	let report = compute(move |stop| ProgramReport::new(&problem, wanted, champion.error, stop)).await?;
	output.print(&report)
}

/// Report of `evaluate` for a tolerance domain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProgramReport {
	domain: DomainId,
	name: String,
	/// Description of the model.
	model: String,
	/// Bytes of the model.
	bytes: usize,
	chunks: u16,
	/// Error sum of the model over all chunks, computed here.
	#[serde(with = "As::<DisplayFromStr>")]
	error: u64,
	/// Error sum of the empty model, computed here.
	#[serde(with = "As::<DisplayFromStr>")]
	empty_error: u64,
	/// Error sum of the champion on the chain.
	#[serde(with = "As::<DisplayFromStr>")]
	champion_error: u64,
	/// Seconds that training and evaluation of the model took.
	seconds: f64,
	/// Mean error of a chunk as text.
	#[serde(skip)]
	described: String,
}

impl ProgramReport {
	/// Has the program of a domain compute the errors of a model. `champion_error` is that of the champion on the chain.
	fn new(problem: &Problem, wanted: Wanted, champion_error: u64, stop: &AtomicBool) -> Result<Self> {
		let (program, chunks) = (problem.user_program()?, problem.chunks());
		let empty_error = total(&program.evaluate(&[], chunks, stop)?);
		let started = Instant::now();
		let (model, bytes) = match wanted {
			Wanted::Model(model, bytes) => (model, bytes),
			Wanted::Candidate(genes) => {
				let named = genes.iter().map(|gene| (gene.name.as_str(), gene.value));
				let bytes = program.train(named, problem.opaque_bytes(), stop)?;
				let shown: Vec<String> = genes.iter().map(GeneValue::to_string).collect();
				(format!("candidate of {}", shown.join(", ")), bytes)
			}
		};
		let error = total(&program.evaluate(&bytes, chunks, stop)?);
		Ok(Self {
			domain: problem.id,
			name: problem.name(),
			model,
			bytes: bytes.len(),
			chunks,
			error,
			empty_error,
			champion_error,
			seconds: started.elapsed().as_secs_f64(),
			described: problem.describe_error(error as f64 / f64::from(chunks.max(1))),
		})
	}
}

impl Display for ProgramReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, name, model, error, chunks, seconds, .. } = self;
		let beside = |other: u64, name: &str| comparison(percent_below(*error as f64, other as f64), name);
		entry(f, &format!("domain {domain}"), name)?;
		entry(f, "model", format_args!("{model}: {}", count(self.bytes, "byte")))?;
		entry(f, "error", format_args!("{error} over {chunks} chunks, {}", self.described.trim_end()))?;
		entry(f, "", beside(self.empty_error, "the empty model on this machine"))?;
		entry(f, "", beside(self.champion_error, "the champion on the chain"))?;
		entry(f, "time", format_args!("{seconds:.2} s"))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{programmed, tolerant};

	fn gene(name: &str, value: i64) -> GeneValue {
		GeneValue { name: name.into(), value }
	}

	fn report(wanted: Wanted) -> Result<ProgramReport> {
		ProgramReport::new(&programmed("error"), wanted, 200_000, &AtomicBool::new(false))
	}

	#[test]
	fn a_gene_has_a_name_and_a_whole_number() {
		assert_eq!(("rate=17".parse(), "depth=-2".parse()), (Ok(gene("rate", 17)), Ok(gene("depth", -2))));
		for wrong in ["rate", "rate=", "rate=1.5"] {
			assert!(wrong.parse::<GeneValue>().unwrap_err().contains("expected NAME=VALUE"), "{wrong}");
		}
	}

	#[test]
	fn every_gene_of_the_domain_has_one_value_within_its_bounds() {
		let spec = tolerant([1; 32]).spec;
		assert!(check_genes(&spec, &[gene("rate", 20)]).is_ok());
		for (genes, reason) in [
			(vec![gene("rate", 21)], "--gene rate=21 is out of bounds: the domain has rate (1 to 20)"),
			(vec![gene("width", 2)], "--gene width=2 is not a gene of the domain, which has rate (1 to 20)"),
			(vec![], "--gene rate=VALUE is given 0 times"),
			(vec![gene("rate", 2), gene("rate", 3)], "--gene rate=VALUE is given 2 times"),
		] {
			let found = check_genes(&spec, &genes).unwrap_err().to_string();
			assert!(found.contains(reason), "{found}");
		}
	}

	#[test]
	fn a_candidate_is_trained_and_scored_by_the_program() {
		let report = report(Wanted::Candidate(vec![gene("rate", 5)])).unwrap();
		assert_eq!((report.error, report.empty_error, report.bytes), (160_496, 288_496, 1));
		let text = report.to_string();
		for part in [
			"candidate of rate=5: 1 byte\n",
			"160496 over 32 chunks, a mean chunk sum of 2507.8 mm",
			"44.37 % better than the empty",
		] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
		assert!(text.contains("19.75 % better than the champion on the chain"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["error"], &json["emptyError"], &json["chunks"]), (&"160496".into(), &"288496".into(), &32.into()));
	}

	#[test]
	fn the_fault_of_a_program_is_the_error_of_the_command() {
		let failed = report(Wanted::Model("m".into(), vec![7])).unwrap_err().to_string();
		assert!(failed.contains("no such model"), "{failed}");
		assert_eq!(report(Wanted::Model("m".into(), vec![9])).unwrap().error, 288_496);
		let unlisted = ProgramReport::new(&tolerant([1; 32]), Wanted::Model("m".into(), vec![5]), 1, &AtomicBool::new(false));
		assert!(unlisted.unwrap_err().to_string().contains("does not list"));
	}

	#[test]
	fn a_file_with_a_model_has_bytes_and_not_too_many() {
		let (problem, folder) = (tolerant([1; 32]), tempfile::tempdir().unwrap());
		let path = folder.path().join("model");
		fs::write(&path, [5u8]).unwrap();
		assert!(matches!(Wanted::read(&path, &problem).unwrap(), Wanted::Model(_, bytes) if bytes == [5]));
		fs::write(&path, vec![0u8; 5_000]).unwrap();
		let reason = |path: &Path| format!("{:#}", Wanted::read(path, &problem).err().unwrap());
		assert!(reason(&path).contains("has 5000 bytes, and domain 3 takes 4090 at most"));
		assert!(reason(&folder.path().join("none")).contains("cannot read the model"));
	}
}
