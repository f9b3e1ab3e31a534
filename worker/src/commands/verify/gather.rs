//! Reads the claims of a chain about one domain.

use super::claim::{Claim, StatedErrors};
use crate::commands::status::model_name;
use anyhow::{Context, Result};
use doin_chain::{Account, Chain, Head, ReadError};
use doin_primitives::{
	views::{ChampionView, RecomputationView},
	BlockNumber, DomainId, EvidenceRef, ModelRef, RoundId, Subject,
};
use doin_roles::problem::{decode_admissible, Problem};
use doin_scoring::Model;
use std::collections::BTreeMap;

/// Claims of a chain, and the problem that they are checked on.
pub struct Gathered {
	/// Domain of the claims.
	pub problem: Problem,
	/// Block of the claims.
	pub at: Head,
	/// Claims to check.
	pub claims: Vec<Claim>,
	/// Claims that are not stored any more, as text.
	pub missing: Vec<String>,
}

/// Models that were read.
struct Models<'a> {
	chain: &'a Chain,
	problem: &'a Problem,
	known: BTreeMap<ModelRef, Result<Model, String>>,
}

impl Models<'_> {
	/// Reads a model; the inner error is the reason why it is not admissible.
	async fn get(&mut self, at: Head, model: ModelRef) -> Result<Result<Model, String>> {
		if let Some(known) = self.known.get(&model) {
			return Ok(known.clone());
		}
		let loaded = match model {
			ModelRef::RepeatLast => Ok(Model::RepeatLast),
			ModelRef::Seasonal => Ok(Model::Seasonal),
			ModelRef::Origin | ModelRef::Constant | ModelRef::BuiltIn => Ok(self.problem.naive()?),
			ModelRef::Linear => self.problem.linear.clone().ok_or_else(|| "the chain has no linear model of the owner".into()),
			ModelRef::Stored(id) => {
				let bytes = self.chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
				decode_admissible(self.problem, &bytes).map_err(|error| format!("{error:#}"))
			}
		};
		self.known.insert(model, loaded.clone());
		Ok(loaded)
	}
}

/// Reads the claims about a domain, or only those of round `wanted`.
///
/// # Errors
///
/// Errors if the node does not answer, or if the domain or a model does not exist.
pub async fn gather(chain: &Chain, id: DomainId, wanted: Option<u32>) -> Result<Gathered> {
	let at = chain.head();
	let problem = Problem::load(chain, at, id).await?;
	let champion = chain.champion(at, id).await?.with_context(|| format!("domain {id} has no champion"))?;
	let mut models = Models { chain, problem: &problem, known: BTreeMap::new() };
	let (mut claims, mut missing) = (Vec::new(), Vec::new());
	if wanted.is_none() {
		claims.extend(validation_claims(chain, at, &mut models, &champion).await?);
	}
	let is_wanted = |round: RoundId| wanted.is_none_or(|number| number == round.number);
	// Tasks whose sums are settled and can still be challenged.
	for task in chain.recomputations(at, id).await? {
		if !task.sums.is_empty() && task.subject.round().is_some_and(is_wanted) {
			claims.extend(task_claims(at, &mut models, &task).await?);
		}
	}
	// The sums of the round that crowned the champion are removed with the verdict; the block before it still has them.
	if let Some(round) = champion.round.filter(|round| is_wanted(*round)) {
		match crowning_claims(chain, &mut models, &champion, round).await {
			Ok(found) => claims.extend(found),
			Err(error) => missing.push(unavailable(round, champion.block, &error)),
		}
	}
	if let Some(number) = wanted.filter(|_| claims.is_empty() && missing.is_empty()) {
		missing.push(format!(
			"sums of round {number}: the round is neither open to challenge now nor the one that crowned the champion"
		));
	}
	Ok(Gathered { problem, at, claims, missing })
}

/// Returns why the sums of the round that crowned the champion in `block` cannot be checked, and what to do about it.
fn unavailable(round: RoundId, block: BlockNumber, error: &anyhow::Error) -> String {
	let sums = format!("sums of {}, which crowned the champion in block {block}", round_name(round));
	match error.downcast_ref::<ReadError>().is_some_and(ReadError::is_pruned) {
		true => format!(
			"{sums}: this node has removed the state of that block. An archive node has it: start one with `doin-node \
			--state-pruning archive`, or name one with --url"
		),
		false => format!("{sums}: not available from this node: {error:#}"),
	}
}

/// Returns the evidence of a task as text.
fn evidence_name(evidence: EvidenceRef) -> String {
	match evidence {
		EvidenceRef::Drawn => "the drawn windows".into(),
		EvidenceRef::Segment(index) => format!("segment {index}"),
		EvidenceRef::Bars { first } => format!("the bars from {first} on"),
	}
}

fn round_name(round: RoundId) -> String {
	format!("domain {} round {}", round.domain, round.number)
}

/// Returns the claims about the champion on validation.
async fn validation_claims(
	chain: &Chain,
	at: Head,
	models: &mut Models<'_>,
	champion: &ChampionView<Account>,
) -> Result<Vec<Claim>> {
	let model = models.get(at, champion.model).await?;
	let claim = |what: &str, stated: StatedErrors| Claim {
		about: format!("champion ({}): {what} on validation", model_name(&champion.model)),
		model: model.clone(),
		draw: None,
		stated,
	};
	let mut claims = Vec::new();
	if let ModelRef::Stored(id) = champion.model {
		if let Some(sums) = chain.claimed_sums(at, id).await? {
			claims.push(claim("sums claimed by its author", StatedErrors::Chunks(sums)));
		}
	}
	claims.push(claim("error", StatedErrors::Total(champion.validation_error)));
	Ok(claims)
}

/// Returns the claims of a settled recomputation about its models.
async fn task_claims(at: Head, models: &mut Models<'_>, task: &RecomputationView<Account>) -> Result<Vec<Claim>> {
	let Some(seed) = task.seed else { return Ok(Vec::new()) };
	let Subject::Round(round) = task.subject;
	let mut claims = Vec::new();
	for (model, sums) in task.models.iter().zip(&task.sums) {
		claims.push(Claim {
			about: format!("{}: {} on {}", round_name(round), model_name(model), evidence_name(task.evidence)),
			model: models.get(at, *model).await?,
			draw: Some((task.evidence, seed)),
			stated: StatedErrors::Chunks(sums.clone()),
		});
	}
	Ok(claims)
}

/// Returns the claims about the round that crowned the champion, as of the block before its verdict.
async fn crowning_claims(
	chain: &Chain,
	models: &mut Models<'_>,
	champion: &ChampionView<Account>,
	round: RoundId,
) -> Result<Vec<Claim>> {
	let number = champion.block.checked_sub(1).context("the verdict is in the first block")?;
	let before = chain.block(number).await?.with_context(|| format!("the node does not have block {number}"))?;
	let tasks = chain.recomputations(before, round.domain).await?;
	let settled = tasks.iter().find(|task| task.subject == Subject::Round(round) && !task.sums.is_empty());
	let task = settled.with_context(|| format!("the round is not settled in block {number}"))?;
	let mut claims = task_claims(before, models, task).await?;
	let open = chain.open_round(before, round).await?;
	// A contender won on the mean over several draws, of which only the last is available.
	if open.is_some_and(|open| open.contender != Some(champion.model)) {
		claims.push(Claim {
			about: format!(
				"{}: champion ({}), error on {}",
				round_name(round),
				model_name(&champion.model),
				evidence_name(task.evidence)
			),
			model: models.get(before, champion.model).await?,
			draw: task.seed.map(|seed| (task.evidence, seed)),
			stated: StatedErrors::Total(champion.error),
		});
	}
	Ok(claims)
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_chain::RequestError;

	#[test]
	fn k29_a_pruned_node_is_answered_with_the_option_of_an_archive_node() {
		let refused = |data: &str| ReadError::Refused {
			url: "ws://x".into(),
			request: "DoinApi_recomputations".into(),
			source: RequestError::Refused { code: 4003, message: "Client error".into(), data: Some(data.into()) },
		};
		let round = RoundId { domain: 0, number: 7 };
		let pruned = anyhow::Error::from(refused("UnknownBlock: State already discarded for 0x12"));
		let text = unavailable(round, 120, &pruned);
		for part in ["domain 0 round 7", "block 120", "`doin-node --state-pruning archive`", "--url"] {
			assert!(text.contains(part), "{text}");
		}
		let other = unavailable(round, 120, &anyhow::Error::from(refused("Exported method is not found")));
		assert!(other.contains("not available") && other.contains("Exported method"), "{other}");
	}
}
