//! `run`: every identity at work, until Ctrl-C.

use crate::{
	amount::Amount,
	cli::SeriesArgs,
	config::{Class, Config, DomainConfig, IdentityConfig, Role, DEV_NODE, DEV_OWNER},
	domain,
	draft::{Draft, Question},
	journal::Journal,
	keys,
	problem::Library,
	roles::{evaluate::Evaluator, optimize::Optimizer, Context as Roles},
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_chain::{Account, Call, Chain, Patience, Signer, Urgency};
use doin_compute::gpu::{Devices, Selection};
use doin_primitives::{views::DomainView, Balance, DomainId, Status, DOIN, MILLION};
use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
	sync::Arc,
};
use tokio::task::JoinSet;

/// Where a development domain that pays a bounty counts as solved: an error 5 % below that of the initial champion, whose loss is 2²⁰.
const DEV_TARGET: u32 = (1 << 20) / 100 * 95;
/// What its owner promises for that.
const DEV_BOUNTY: Balance = 100 * DOIN;

/// What `run` takes.
#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["config", "dev"]))]
pub struct RunArgs {
	/// The configuration, .toml or .json; see worker/configs for examples.
	#[arg(long, value_name = "FILE")]
	config: Option<PathBuf>,
	/// Work on a development chain with its known keys.
	#[arg(long)]
	dev: bool,
	/// The journal; overrides the configuration.
	#[arg(long, value_name = "FILE")]
	journal: Option<PathBuf>,
	/// Devices to train on beside the cores: `auto` for every GPU, `none`, a number or a part of a name (see `doin-worker devices`);
	/// overrides the configuration.
	#[arg(long, value_name = "auto|none|INDEX|NAME")]
	gpu: Option<String>,
	/// With --dev: make a domain of a CSV file, vote for it (with --inputs: promise a bounty) and work on it.
	#[arg(long, value_name = "FILE", requires_all = ["dev", "column"])]
	data: Option<PathBuf>,
	/// With --data: the column to forecast.
	#[arg(long, value_name = "COLUMN", requires = "data")]
	column: Option<String>,
	#[command(flatten)]
	series: SeriesArgs,
}

/// `run`.
pub async fn run(url: &str, args: RunArgs) -> Result<()> {
	let mut config = match &args.config {
		Some(path) => Config::load(path)?,
		None => Config::dev(url, "doin-worker-dev.db".into()),
	};
	if url != DEV_NODE {
		config.url = url.into();
	}
	if let Some(journal) = args.journal {
		config.journal = journal;
	}
	if args.gpu.is_some() {
		config.resource_limits.gpu = args.gpu;
	}
	// First what needs no chain: a mistake in it is said at once.
	let optimizes = config.identities.iter().any(|identity| identity.role == Role::Optimize);
	let devices = if optimizes { devices(&config).await? } else { Devices::default() };
	let draft = match (&args.data, &args.column) {
		(Some(path), Some(column)) => {
			let (path, column, series) = (path.clone(), column.clone(), args.series.clone());
			// Without a ballot there is a bounty, which needs a target.
			let target = if series.inputs.is_empty() { 0 } else { DEV_TARGET };
			let question = Question { target, ..Question::default() };
			Some(tokio::task::spawn_blocking(move || Draft::from_csv(&path, &column, &series, &question)).await??)
		}
		_ => None,
	};
	let chain = Chain::connect(&config.url, Patience::Forever).await?;
	if let Some(genesis) = &config.genesis {
		chain.expect_genesis(crate::config::parse_hash(genesis)?)?;
	}
	let journal = Arc::new(Journal::open(&config.journal, chain.genesis())?);
	tracing::info!("at {} on block {}; journal {}", chain.url(), chain.head().number, config.journal.display());

	let mut optimizer = None;
	let mut evaluators = Vec::new();
	for identity in &config.identities {
		let signer = keys::signer(&identity.source()?, identity.proxy_for)?;
		match identity.role {
			Role::Optimize => optimizer = Some(signer),
			Role::Evaluate => {
				join(&chain, identity, &signer).await?;
				evaluators.push(signer);
			}
		}
	}
	if let Some(draft) = draft {
		let id = own_domain(&chain, &draft).await?;
		config.domains = vec![DomainConfig { domain_id: Some(id), optimize: true, evaluate: true, ..Default::default() }];
	}

	let params = chain.round_params(chain.head()).await?;
	let cores = cores(&config, !evaluators.is_empty(), optimizer.is_some());
	let roles = Roles {
		chain: chain.clone(),
		library: Arc::new(Library::default()),
		journal,
		config: Arc::new(config),
		params,
		urgent: Arc::new(doin_compute::population::pool(cores.urgent)?),
		devices: Arc::new(devices),
	};
	let mut tasks = JoinSet::new();
	if !evaluators.is_empty() {
		let names: Vec<_> = evaluators.iter().map(|signer| signer.account().short()).collect();
		tracing::info!("evaluating with {} on {} threads", names.join(", "), cores.urgent);
		serve_unweighted(&roles, &evaluators).await?;
		tasks.spawn(Evaluator::new(roles.clone(), evaluators).run());
	}
	if let Some(signer) = optimizer {
		tasks.spawn(optimize(roles.clone(), signer, cores.search));
	}
	if tasks.is_empty() {
		bail!("there is nothing to do: the configuration has no identity");
	}
	while let Some(ended) = tasks.join_next().await {
		ended??;
	}
	tracing::info!("nothing is left to do");
	Ok(())
}

/// Opens the devices that the configuration chooses; without a word, every GPU.
async fn devices(config: &Config) -> Result<Devices> {
	let selection: Selection = config.resource_limits.gpu.as_deref().unwrap_or_default().parse()?;
	let devices = tokio::task::spawn_blocking(move || Devices::open(&selection)).await??;
	for gpu in devices.gpus() {
		tracing::info!("training on {}, too", gpu.name());
	}
	Ok(devices)
}

/// Threads for what has a deadline, and for the search.
struct Cores {
	urgent: usize,
	search: usize,
}

/// Evaluating takes one core of what may be used, optimizing the others.
fn cores(config: &Config, evaluates: bool, optimizes: bool) -> Cores {
	let all = std::thread::available_parallelism().map_or(1, usize::from);
	let used = config.resource_limits.cores.unwrap_or(all).clamp(1, all.max(1));
	match (evaluates, optimizes) {
		(true, true) => Cores { urgent: 1, search: used.saturating_sub(1).max(1) },
		(true, false) => Cores { urgent: used, search: 1 },
		(false, _) => Cores { urgent: 1, search: used },
	}
}

/// Makes sure that an evaluator has something at stake.
async fn join(chain: &Chain, identity: &IdentityConfig, signer: &Signer) -> Result<()> {
	let who = signer.account();
	if chain.reputation(chain.head(), who).await?.bond > 0 {
		return Ok(());
	}
	match identity.bond {
		Some(amount) => {
			let class = identity.class.unwrap_or(Class::Small);
			chain.submit(signer, &Call::bond(amount.0, class.into()), Urgency::Relaxed).await?;
			tracing::info!("{who} is bonded with {amount}");
		}
		None => tracing::warn!(
			"{who} has no bond, so it is never drawn: run `doin-worker bond` with its key, or set `bond` in the configuration"
		),
	}
	Ok(())
}

/// Signs evaluators up for domains that weigh nothing and that the configuration wants evaluated.
async fn serve_unweighted(roles: &Roles, evaluators: &[Signer]) -> Result<()> {
	for domain in roles.chain.domains(roles.chain.head()).await? {
		let wanted = roles.config.domain(domain.id, &domain.name).is_some_and(|config| config.evaluate);
		if !wanted || domain.weight > 0 || domain.status != Status::Active {
			continue;
		}
		for signer in evaluators {
			match roles.chain.submit(signer, &Call::serve(domain.id), Urgency::Relaxed).await {
				Ok(_) => tracing::info!("{} serves domain {} although it weighs nothing", signer.account().short(), domain.id),
				Err(error) if error.dispatch() == Some("Quorum::AlreadyServing") => {}
				Err(error) => tracing::warn!("{error}"),
			}
		}
	}
	Ok(())
}

/// Registers a draft with the development owner, and has the development validator vote for it, or promises a bounty where no vote counts.
async fn own_domain(chain: &Chain, draft: &Draft) -> Result<DomainId> {
	let owner = keys::signer(&keys::KeySource::Dev(DEV_OWNER.into()), None)?;
	let id = domain::register(chain, &owner, draft, draft.may_weigh()).await.context("cannot make a domain of the file")?;
	if !draft.may_weigh() {
		if chain.domain(chain.head(), id).await?.is_some_and(|domain| domain.bounty == 0) {
			chain.submit(&owner, &Call::add_bounty(id, DEV_BOUNTY), Urgency::Relaxed).await?;
		}
		let bounty = Amount(DEV_BOUNTY);
		tracing::info!("domain {id} is judged on its validation part and mints nothing; {bounty} wait for who solves it");
		return Ok(id);
	}
	match domain::add_vote(chain, &owner, (id, MILLION)).await {
		Ok(true) => tracing::info!("the development validator has voted for domain {id}; it weighs from the next session on"),
		Ok(false) => {}
		Err(error) => tracing::warn!("domain {id} stays without weight: {error:#}"),
	}
	Ok(id)
}

/// Follows the domains of the chain, and optimizes those that are wanted.
async fn optimize(roles: Roles, signer: Signer, cores: usize) -> Result<()> {
	let backend = doin_compute::backend::detect()?.name();
	tracing::info!("optimizing as {} on {cores} threads with {backend} instructions", signer.account());
	let mut begun: BTreeSet<DomainId> = BTreeSet::new();
	let mut tasks: JoinSet<(DomainId, Result<()>)> = JoinSet::new();
	let mut head = roles.chain.head();
	loop {
		match wanted(&roles, head).await {
			Ok(wanted) => {
				let new: BTreeMap<_, _> = wanted.into_iter().filter(|(id, _)| !begun.contains(id)).collect();
				// Cores are shared evenly; a domain that appears later shares with the operating system's help.
				let share = (cores / (tasks.len() + new.len()).max(1)).max(1);
				for (id, config) in new {
					begun.insert(id);
					let (roles, signer) = (roles.clone(), signer.clone());
					tasks.spawn(async move {
						let work = async { Optimizer::new(roles, signer, id, config, share).await?.run().await };
						(id, work.await)
					});
				}
			}
			Err(error) => tracing::warn!("{error:#}"),
		}
		while let Some(Ok((id, ended))) = tasks.try_join_next() {
			match ended {
				Ok(()) => tracing::info!("domain {id}: done"),
				Err(error) => tracing::error!("domain {id}: {error:#}"),
			}
		}
		if begun.is_empty() {
			tracing::debug!("no domain to optimize yet");
		}
		head = roles.chain.next_head(head).await;
	}
}

/// Domains to optimize: those the configuration names, or every forecast that weighs something when it names none.
async fn wanted(roles: &Roles, head: doin_chain::Head) -> Result<Vec<(DomainId, DomainConfig)>> {
	let domains = roles.chain.domains(head).await?;
	if roles.config.domains.is_empty() {
		let trained = |domain: &DomainView<Account>| matches!(domain.program.as_str(), "forecast" | "classify");
		let weighed =
			domains.into_iter().filter(|domain| domain.status == Status::Active && domain.weight > 0 && trained(domain));
		return Ok(weighed
			.map(|domain| (domain.id, DomainConfig { optimize: true, evaluate: true, ..Default::default() }))
			.collect());
	}
	let named =
		|domain: &DomainView<Account>| roles.config.domain(domain.id, &domain.name).filter(|config| config.optimize).cloned();
	Ok(domains
		.iter()
		.filter(|domain| domain.status == Status::Active)
		.filter_map(|domain| Some((domain.id, named(domain)?)))
		.collect())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn evaluating_keeps_a_core() {
		let mut config = Config::dev(DEV_NODE, "x".into());
		let all = std::thread::available_parallelism().unwrap().get();
		let both = cores(&config, true, true);
		assert_eq!((both.urgent, both.search), (1, (all - 1).max(1)));
		config.resource_limits.cores = Some(1);
		let one = cores(&config, true, true);
		assert_eq!((one.urgent, one.search), (1, 1));
		config.resource_limits.cores = Some(10_000);
		assert_eq!(cores(&config, true, false).urgent, all, "no more threads than cores");
		assert_eq!(cores(&config, false, true).search, all);
	}
}
