//! Genomes that a command names: a file, a built-in genome, or the champion of a domain.

use crate::args::NodeArgs;
use anyhow::{anyhow, bail, Context, Result};
use clap::Args;
use doin_chain::Chain;
use doin_forecast::spec::{genome_refusal, rejection};
use doin_primitives::{DomainId, ModelRef};
use doin_roles::problem::{decode_admissible, Problem};
use doin_scoring::{
	genome::{json, library},
	Genome, Model, ModelError,
};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// Smoothing of the built-in genome `label-smoothing`, Q16: 0.1.
pub const SMOOTHING: i32 = 6_554;
/// Largest number of bytes of a file with a genome.
const MOST_BYTES: u64 = 1 << 16;

/// Genome of a command.
#[derive(Clone, Debug, Args)]
pub struct GenomeSource {
	/// File with a genome, or a built-in one: cross-entropy, squared-error or label-smoothing
	#[arg(value_name = "FILE|NAME", required_unless_present = "champion", conflicts_with = "champion")]
	genome: Option<PathBuf>,
	/// Champion of this domain
	#[arg(long, value_name = "DOMAIN")]
	champion: Option<DomainId>,
}

impl GenomeSource {
	/// Returns the domain whose champion is named.
	pub fn champion(&self) -> Option<DomainId> {
		self.champion
	}

	/// Returns the genome and its name.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, if its genome is refused, or if the domain has no champion that is a genome.
	pub async fn load(&self, node: &NodeArgs) -> Result<(String, Genome)> {
		match (&self.champion, &self.genome) {
			(Some(domain), _) => {
				let chain = node.connect().await?;
				let problem = Problem::load(&chain, chain.head(), *domain).await?;
				champion_of(&chain, &problem).await
			}
			(None, Some(path)) => match path.to_str().and_then(named) {
				Some(built_in) if !path.exists() => Ok(built_in),
				_ => Ok((path.display().to_string(), read(path)?)),
			},
			(None, None) => bail!("no genome is named: name a file, or cross-entropy, squared-error or label-smoothing"),
		}
	}
}

/// Returns the champion of a domain of genomes, and its name.
///
/// # Errors
///
/// Errors if the domain has no such champion, or if the node cannot be read.
pub async fn champion_of(chain: &Chain, problem: &Problem) -> Result<(String, Genome)> {
	let (id, at) = (problem.id, chain.head());
	if problem.runs().is_none() {
		bail!("the models of domain {id} are no genomes: `doin-worker domain list` shows the program of each domain");
	}
	let reference = chain.champion(at, id).await?.with_context(|| format!("domain {id} has no champion yet"))?.model;
	let model = match reference {
		ModelRef::Stored(model) => {
			let bytes = chain.model(at, model).await?.with_context(|| format!("model {model} is not stored any more"))?;
			decode_admissible(problem, &bytes)?
		}
		_ => problem.initial()?,
	};
	match model {
		Model::Genome(genome) => Ok((format!("champion of domain {id}"), genome)),
		_ => bail!("the champion of domain {id} is not a genome: connect to another node"),
	}
}

/// Returns a built-in genome with its name.
pub fn named(name: &str) -> Option<(String, Genome)> {
	let genome = match name {
		"cross-entropy" => library::cross_entropy(),
		"squared-error" => library::squared_error(),
		"label-smoothing" => library::label_smoothing(SMOOTHING, 10),
		_ => return None,
	};
	Some((name.into(), genome))
}

/// Returns the genome of a file: a list of the seed, or the bytes that the chain stores.
///
/// # Errors
///
/// Errors if the file cannot be read, or if the genome is one that the chain refuses.
pub fn read(path: &Path) -> Result<Genome> {
	let shown = path.display();
	let size = fs::metadata(path).with_context(|| format!("cannot read {shown}: name a file, or a built-in genome"))?.len();
	if size > MOST_BYTES {
		bail!("{shown} has {size} bytes, and a genome has {MOST_BYTES} at most: name the file of one genome");
	}
	let bytes = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
	let genome = decoded(&bytes).map_err(|reason| anyhow!("the genome in {shown} is refused: {reason}"))?;
	genome.check().map_err(|error| anyhow!("the genome in {shown} is refused: {}", genome_refusal(error)))?;
	Ok(genome)
}

/// Returns the genome of a list of the seed, or of bytes, or the reason why it is none.
fn decoded(bytes: &[u8]) -> Result<Genome, &'static str> {
	match Model::from_bytes(bytes) {
		Ok(Model::Genome(genome)) => return Ok(genome),
		Ok(_) => return Err("it is a model of another program"),
		Err(ModelError::Genome(error)) if !is_text(bytes) => return Err(genome_refusal(error)),
		Err(error) if !is_text(bytes) => return Err(rejection(error)),
		Err(_) => {}
	}
	let text = std::str::from_utf8(bytes).map_err(|_| "it is neither a list of the seed nor the bytes of a genome")?;
	json::parse(text).map_err(genome_refusal)
}

/// Returns `true` if bytes are printable text.
fn is_text(bytes: &[u8]) -> bool {
	std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(|char| char.is_control() && !char.is_whitespace()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn built_in_genomes_have_names() {
		for name in ["cross-entropy", "squared-error", "label-smoothing"] {
			assert_eq!(named(name).unwrap().1.check(), Ok(()));
		}
		assert_eq!(named("hinge"), None);
	}

	#[test]
	fn what_is_no_genome_is_refused_with_the_reason() {
		let folder = tempfile::tempdir().unwrap();
		let refusal = |bytes: &[u8]| {
			let path = folder.path().join("loss");
			std::fs::write(&path, bytes).unwrap();
			format!("{:#}", read(&path).unwrap_err())
		};
		let long = format!("[{}]", ["[9,101,9]"; 65].join(","));
		for (text, reason) in [
			("[]", "it has no instruction, or more than 64"),
			(long.as_str(), "it has no instruction, or more than 64"),
			("[[1,20,2,9]]", "a register lies outside 0 to 19"),
			("[[9,101,9],[450,0],[453,9]]", "a jump leads backwards, to itself or out of the genome"),
			("[[9,101,3],[454]]", "it can end without a value in register 9"),
			("[[100,9,0],[453,9]]", "its gradient is zero for every score"),
			("{\"setup\": []}", "it is of another dialect"),
			("[[101,9,16385],[453,9]]", "a constant lies outside -16384 to 16384"),
			("[[13,1,9]]", "it has an opcode that the dialect does not have"),
			("[[9,101,9]", "it is not a list of instructions"),
		] {
			let error = refusal(text.as_bytes());
			assert!(error.contains("is refused: ") && error.contains(reason), "{text}: {error}");
		}
		assert!(refusal(&Model::Seasonal.to_bytes()).contains("it is a model of another program"));
		assert!(refusal(&[0xff, 0xfe, 0]).contains("is refused: "));
		assert!(refusal(" ".repeat(70_000).as_bytes()).contains("has 70000 bytes"));
		let missing = format!("{:#}", read(Path::new("nowhere.json")).unwrap_err());
		assert!(missing.contains("cannot read nowhere.json: name a file, or a built-in genome"), "{missing}");
	}
}
