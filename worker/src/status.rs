//! `status`, `domain list` and `domain show`: the chain at one block, for people or as JSON.

use crate::{
	amount::{significant, Amount},
	problem::Problem,
};
use anyhow::{Context, Result};
use doin_chain::{Account, Chain, Head};
use doin_compute::{baseline, Task, TrainingSet};
use doin_primitives::{
	views::{ChampionView, DomainView, QuorumView, RoundView},
	DomainId, ModelRef, ONE_Q32,
};
use doin_scoring::Model;
use serde_json::json;

/// Loss of the initial champion.
const ONE: f64 = (1u64 << 20) as f64;

/// Per cent by which a loss is below the initial champion's.
pub fn better(loss: u64) -> f64 {
	100.0 * (1.0 - loss as f64 / ONE)
}

/// A model for people.
pub fn model_name(model: &ModelRef) -> String {
	match model {
		ModelRef::RepeatLast => "repeat-last".into(),
		ModelRef::Seasonal => "seasonal".into(),
		ModelRef::Origin => "origin".into(),
		ModelRef::Stored(id) => format!("model {id}"),
	}
}

/// Everything about one domain at one block.
struct Picture {
	domain: DomainView<Account>,
	champion: Option<ChampionView<Account>>,
	round: Option<RoundView<Account>>,
	quorums: Vec<QuorumView<Account>>,
}

async fn picture(chain: &Chain, at: Head, domain: DomainView<Account>) -> Result<Picture> {
	let id = domain.id;
	Ok(Picture {
		champion: chain.champion(at, id).await?,
		round: chain.round(at, id).await?,
		quorums: chain.quorums(at, id).await?,
		domain,
	})
}

/// `status`.
pub async fn status(chain: &Chain, accounts: &[Account], as_json: bool) -> Result<()> {
	let at = chain.head();
	let work = chain.work(at).await?;
	let fees = chain.fee_market(at).await?;
	let mut pictures = Vec::new();
	for domain in chain.domains(at).await? {
		pictures.push(picture(chain, at, domain).await?);
	}
	let mut standing = Vec::new();
	for account in accounts {
		standing.push((*account, chain.funds(at, *account).await?, chain.reputation(at, *account).await?));
	}
	if as_json {
		let domains: Vec<_> = pictures
			.iter()
			.map(|p| json!({ "domain": p.domain, "champion": p.champion, "round": p.round, "quorums": p.quorums }))
			.collect();
		let accounts: Vec<_> = standing
			.iter()
			.map(|(account, funds, reputation)| {
				json!({ "account": account, "free": funds.free.to_string(), "held": funds.held.to_string(), "reputation": reputation })
			})
			.collect();
		let genesis = format!("0x{}", hex::encode(chain.genesis()));
		println!(
			"{}",
			json!({ "url": chain.url(), "genesis": genesis, "block": at.number, "domains": domains, "work": work, "feeMarket": fees, "accounts": accounts })
		);
		return Ok(());
	}
	println!("{} at block {}", chain.url(), at.number);
	println!(
		"work        {} work blocks; {} mined; next: {} when {:.4} bits are queued ({:.4} are)",
		work.work_blocks,
		Amount(work.mined),
		Amount(work.reward),
		work.threshold as f64 / ONE_Q32 as f64,
		work.queued as f64 / ONE_Q32 as f64
	);
	if let Some(seal) = &work.last_seal {
		println!("last seal   work block {} in block {}: {} minted", seal.work_block, seal.block, Amount(seal.minted));
	}
	println!("fees        {} plancks per gas; {} burned since genesis", fees.base_fee, Amount(fees.burned));
	for picture in &pictures {
		show_domain(picture);
	}
	for (account, funds, reputation) in standing {
		println!("{account}");
		println!("  balance   {} free, {} held", Amount(funds.free), Amount(funds.held));
		println!(
			"  standing  bond {}, reputation {:.2}{}; {} candidates accepted, {} not, {} never revealed",
			Amount(reputation.bond),
			f64::from(reputation.score) / 1e6,
			if reputation.drawable { "" } else { " (too low to be drawn)" },
			reputation.accepted,
			reputation.rejected,
			reputation.unrevealed
		);
	}
	Ok(())
}

fn show_domain(picture: &Picture) {
	let domain = &picture.domain;
	println!("domain {}    {} ({:?}, weight {:.1} %)", domain.id, domain.name, domain.status, f64::from(domain.weight) / 1e4);
	if let Some(champion) = &picture.champion {
		let author = champion.author.map_or("nobody".into(), |author| author.to_string());
		println!(
			"  champion  {} by {author} since block {}, {:.2} % better than the initial one",
			model_name(&champion.model),
			champion.block,
			better(champion.loss)
		);
	}
	if let Some(round) = &picture.round {
		println!(
			"  round     {} takes {:?}s until block {}; {} seats, the next costs {}",
			round.round.number,
			round.phase,
			round.phase_end,
			round.seats.len(),
			Amount(round.next_seat_fee)
		);
	}
	for quorum in &picture.quorums {
		println!(
			"  verdict   of round {}: {:?} until block {}; {} models, {} evaluators, {} answers",
			quorum.round.number,
			quorum.phase,
			quorum.phase_end,
			quorum.models.len(),
			quorum.seats.len(),
			quorum.seats.iter().filter(|seat| seat.revealed).count()
		);
	}
}

/// `domain list`.
pub async fn domains(chain: &Chain, as_json: bool) -> Result<()> {
	let domains = chain.domains(chain.head()).await?;
	if as_json {
		println!("{}", serde_json::to_string(&domains)?);
		return Ok(());
	}
	if domains.is_empty() {
		println!("There are no domains yet. Make one with `doin-worker domain create`.");
	}
	for domain in domains {
		println!(
			"{:>4}  {:<40} {:<9} {:<9} weight {:>5.1} %  evidence {}",
			domain.id,
			domain.name,
			format!("{:?}", domain.status),
			domain.program,
			f64::from(domain.weight) / 1e4,
			domain.evidence
		);
	}
	Ok(())
}

/// `domain show`.
pub async fn domain(chain: &Chain, id: DomainId, as_json: bool) -> Result<()> {
	let at = chain.head();
	let view = chain
		.domain(at, id)
		.await?
		.with_context(|| format!("there is no domain {id}: `doin-worker domain list` shows those there are"))?;
	let picture = picture(chain, at, view).await?;
	let problem = Problem::load(chain, at, id).await?;
	let champion = match &picture.champion {
		Some(ChampionView { model: ModelRef::Stored(model), .. }) => {
			let bytes = chain.model(at, *model).await?.with_context(|| format!("model {model} is not stored any more"))?;
			Some(crate::problem::admitted(&problem, &bytes)?)
		}
		_ => None,
	};
	let ((size, unit), errors) = (problem.unit(), problem.errors());
	let rows = tokio::task::spawn_blocking(move || report(&problem, champion)).await??;
	if as_json {
		let table: Vec<_> = rows
			.iter()
			.map(|row| {
				json!({
					"name": row.name,
					"validation": (row.validation.mean * size).to_string(),
					"tail": row.tail.map(|tail| (tail.mean * size).to_string()),
				})
			})
			.collect();
		println!(
			"{}",
			json!({ "domain": picture.domain, "champion": picture.champion, "round": picture.round, "quorums": picture.quorums, "errors": table, "unit": unit })
		);
		return Ok(());
	}
	show_domain(&picture);
	println!("  {errors}:   validation   held-out tail");
	for row in rows {
		let tail = row.tail.map_or("-".into(), |tail| significant(tail.mean * size));
		println!("    {:<28} {:>12} {:>15}", row.name, significant(row.validation.mean * size), tail);
	}
	Ok(())
}

/// Simple models beside the champion; empty where nothing is forecast.
pub fn report(problem: &Problem, champion: Option<Model>) -> Result<Vec<baseline::Row>> {
	if problem.forecast().is_none() {
		return Ok(Vec::new());
	}
	let data = TrainingSet::new(Task::new(&problem.spec, problem.series.clone())?, 0, 0)?;
	let others: Vec<_> = champion.into_iter().map(|model| ("champion".to_string(), model)).collect();
	Ok(baseline::report(&data, 0, &others)?)
}
