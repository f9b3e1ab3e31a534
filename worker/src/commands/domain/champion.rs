//! `domain champion`: saves the champion of a sealed domain as a model file.

use crate::{
	args::{KeyArgs, NodeArgs},
	owned_args::OwnedArgs,
	report::OutputArgs,
	work::compute,
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_chain::{Chain, Head};
use doin_primitives::{DomainId, DomainSpec, ModelRef};
use doin_roles::{
	keys::{read_segment_key, segment_key},
	owner::OwnedSource,
	problem::{decode_admissible, Problem},
	shell::quoted,
};
use doin_scoring::Model;
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::{Path, PathBuf},
};

/// Arguments of `domain champion`.
#[derive(Clone, Debug, Args)]
pub struct ChampionArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	data: OwnedArgs,
	/// Model file that is written
	#[arg(long, value_name = "FILE")]
	out: PathBuf,
	/// File with the segment key, which orders rows [default: the segment key of --key, the key of the owner]. A series needs none
	#[arg(long, value_name = "FILE")]
	segment_key: Option<PathBuf>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain champion`.
///
/// # Errors
///
/// Errors if the file or the key is not that of the domain, if the champion is a baseline, or if the model file cannot be written.
pub async fn run(node: &NodeArgs, args: ChampionArgs) -> Result<()> {
	let source = args.data.source()?;
	let key = match (&args.segment_key, args.key.source()) {
		(Some(path), _) => Some(read_segment_key(path)?),
		(None, Some(source)) => Some(segment_key(&source.load()?)),
		(None, None) => None,
	};
	let chain = node.connect().await?;
	let at = chain.head();
	let problem = Problem::load(&chain, at, args.id).await?;
	let (champion, model) = champion(&chain, at, &problem).await?;
	let (out, spec, written) = (args.out.clone(), problem.spec.clone(), model.clone());
	compute(move |_| match source {
		OwnedSource::Rows(rows) => {
			let key =
				key.context("the segment key orders the rows: add --segment-key FILE, or --key FILE with the key of the owner")?;
			rows.model_file(&key, &spec, &written)?.write(&out)
		}
		OwnedSource::Steps(steps) => steps.model_file(&spec, &written)?.write(&out),
	})
	.await?;
	args.output.print(&ChampionReport::new(args.id, champion, &problem.spec, &args.out))
}

/// Returns the champion of a domain with its description.
async fn champion(chain: &Chain, at: Head, problem: &Problem) -> Result<(String, Model)> {
	let id = problem.id;
	let reference = chain.champion(at, id).await?.with_context(|| format!("domain {id} has no champion yet"))?.model;
	match reference {
		ModelRef::Stored(model) => {
			let bytes = chain.model(at, model).await?.with_context(|| format!("model {model} is not stored any more"))?;
			Ok((format!("model {model}"), decode_admissible(problem, &bytes)?))
		}
		ModelRef::Linear => {
			let model =
				problem.linear.clone().with_context(|| format!("the linear model of domain {id} is not stored any more"))?;
			Ok(("linear model of the owner".into(), model))
		}
		_ => bail!(
			"the champion of domain {id} is still a baseline of the chain, which has no parameters: run this again once a model has \
			become champion (`doin-worker domain show {id}`)"
		),
	}
}

/// Report of `domain champion`.
#[derive(Debug, Serialize)]
struct ChampionReport {
	domain: DomainId,
	name: String,
	champion: String,
	/// Model file.
	file: PathBuf,
}

impl ChampionReport {
	fn new(domain: DomainId, champion: String, spec: &DomainSpec, file: &Path) -> Self {
		Self { domain, name: String::from_utf8_lossy(&spec.name).into_owned(), champion, file: file.into() }
	}
}

impl Display for ChampionReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, name, champion, file } = self;
		let file = file.to_string_lossy();
		let file = quoted(&file);
		writeln!(
			f,
			"The champion of domain {domain} ({name}), {champion}, is in {file}, with the map of the columns. Apply it: doin-worker predict \
			--model {file} --csv FILE"
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::sawtooth;

	#[test]
	fn the_report_names_the_file_and_the_next_command() {
		let report = ChampionReport::new(3, "model 9".into(), &sawtooth().spec, Path::new("my model.doin"));
		assert_eq!(
			report.to_string(),
			"The champion of domain 3 (sawtooth), model 9, is in 'my model.doin', with the map of the columns. Apply it: doin-worker \
			predict --model 'my model.doin' --csv FILE\n"
		);
		assert_eq!(serde_json::to_value(&report).unwrap()["file"], "my model.doin");
	}
}
