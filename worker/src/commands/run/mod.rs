//! `run`: optimizes and evaluates until Ctrl-C, beside an HTTP server and an indexer.
//!
//! ```text
//!   server is bound ──▶ worker is opened ──▶ indexer and roles start, and the source of the server is filled
//! ```
//!
//! A port in use is an error before any role starts. The roles go on if the indexer or the publisher of anchors fails.

mod server;

use crate::{
	args::{DraftArgs, NodeArgs},
	commands::{
		likeness,
		registration::{add_vote, register},
	},
	report::Remarks,
	work::interrupted,
};
use anyhow::{Context, Result};
use clap::Args;
use doin_chain::{Call, Chain, Patience, Urgency};
use doin_forecast::{DomainTerms, Draft, DraftOptions, SeriesSource};
use doin_primitives::{domain::INITIAL_LOSS, Balance, DomainId, DOIN, MILLION};
use doin_roles::{
	amount::Amount,
	anchor::Publisher,
	config::{AnchorConfig, Config, ConfigFile, Settings, DEV_OWNER},
	keys::{self, KeySource},
	serve::ServeSlot,
	worker::Worker,
};
use server::{Server, ServerArgs};
use std::{convert::Infallible, path::PathBuf};

/// Target of a development domain that pays a bounty: an error 5 % below that of the initial champion.
const DEV_TARGET: u32 = INITIAL_LOSS / 100 * 95;
/// Bounty of such a domain, in plancks.
const DEV_BOUNTY: Balance = 100 * DOIN;

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["config", "dev"]))]
pub struct RunArgs {
	/// Configuration, .toml or .json; examples are in worker/configs
	#[arg(long, value_name = "FILE")]
	config: Option<PathBuf>,
	/// Work on a development chain with its public keys
	#[arg(long)]
	dev: bool,
	/// Journal [default: that of the configuration, or doin-worker.db; doin-worker-dev.db with --dev]
	#[arg(long, value_name = "FILE")]
	journal: Option<PathBuf>,
	#[command(flatten)]
	server: ServerArgs,
	/// Devices to train on beside the CPU: `auto` for every GPU, `none`, or numbers and parts of names, e.g. `0,2` or `3080Ti`
	/// (`doin-worker devices`) [default: that of the configuration, or auto]
	#[arg(long, value_name = "auto|none|INDEX|NAME,...")]
	gpu: Option<String>,
	/// With --dev: make a domain of a CSV file, vote for it (with --inputs: add a bounty) and work on it
	#[arg(long, value_name = "FILE[:ROWS]", requires = "dev")]
	data: Option<SeriesSource>,
	/// With --data: column to forecast, by name or by position from 1. May be omitted if only one column has numbers
	#[arg(long, value_name = "COLUMN", requires = "data")]
	column: Option<String>,
	#[command(flatten)]
	series: DraftArgs,
}

/// Runs `run`.
///
/// # Errors
///
/// Errors if the configuration, the port of the server, a key or the journal cannot be used, or if the domain of `--data` cannot be
/// made.
pub async fn run(node: &NodeArgs, args: RunArgs) -> Result<()> {
	let file = match &args.config {
		Some(path) => ConfigFile::load(path)?,
		None => ConfigFile::dev(),
	};
	let flags =
		Settings { url: node.url.clone(), journal: args.journal.clone(), gpu: args.gpu.clone(), ..args.server.settings() };
	let config =
		Config::layered(flags, Settings::from_env(|name| std::env::var(name).ok().filter(|value| !value.is_empty())), file);
	let paid = ServeSlot::default();
	let server = server::start(&config, &paid).await?;
	let ended = tokio::select! {
		ended = work(config, args, server.as_ref(), &paid) => ended,
		() = interrupted() => {
			eprintln!("stopped");
			Ok(())
		}
	};
	if let Some(server) = server {
		server.stop().await;
	}
	server::redeem_at_exit(&paid).await;
	ended
}

/// Opens the worker, and works without end.
async fn work(config: Config, args: RunArgs, server: Option<&Server>, paid: &ServeSlot) -> Result<()> {
	// The file needs no node, so a mistake in it is an error at once.
	let draft = match args.data {
		Some(source) => Some(draft(source, args.column, &args.series).await?),
		None => None,
	};
	let mut worker = Worker::open(config.clone()).await?;
	worker.serve_in(paid.clone());
	let beside = server::attach(server, &config, args.server.begin(), &worker)?;
	if let Some(draft) = draft {
		let id = own_domain(worker.chain(), &draft).await?;
		worker.work_only_on(id);
		beside.show(worker.config());
	}
	let anchors = publish_anchors(worker.chain().clone(), config.anchor.as_ref());
	tokio::select! {
		ended = worker.run() => ended,
		never = anchors => match never {},
	}
}

/// Publishes anchors without end, if the configuration has places for them. A failure at the start is logged, and ends the role alone.
async fn publish_anchors(chain: Chain, config: Option<&AnchorConfig>) -> Infallible {
	let Some(config) = config else { return std::future::pending().await };
	let opened = async { Publisher::open(chain, config.settings()?, Patience::Forever).await };
	match opened.await {
		Ok(publisher) => publisher.run().await,
		Err(error) => {
			tracing::error!(target: "doin::anchor", "no anchors are published: {error:#}; correct `anchor` in the configuration, and start again");
			std::future::pending().await
		}
	}
}

async fn draft(source: SeriesSource, column: Option<String>, series: &DraftArgs) -> Result<Draft> {
	// A domain of several columns pays a bounty in place of minted money, and a bounty needs a target.
	let target = if series.inputs.is_empty() { 0 } else { DEV_TARGET };
	// The first rounds are to pay, so the initial champion is a baseline of the chain, as that of the genesis domain.
	let (options, terms) = (DraftOptions::from(series), DomainTerms { target, linear: false, ..DomainTerms::default() });
	let drafted = tokio::task::spawn_blocking(move || {
		let draft = Draft::from_csv(&source, column.as_deref(), &options, &terms)?;
		let warning = likeness::check(&draft.domain, draft.domain.is_mintable())?;
		Ok::<_, anyhow::Error>((draft, warning))
	});
	let (draft, warning) = drafted.await??;
	let remarks = Remarks::default();
	remarks.add_notes(&draft.notes);
	warning.iter().for_each(|warning| remarks.add(warning));
	Ok(draft)
}

/// Registers a draft as the development owner. The development validator votes for the domain; where no vote counts, the owner
/// adds a bounty instead.
async fn own_domain(chain: &Chain, draft: &Draft) -> Result<DomainId> {
	let owner = keys::signer(&KeySource::Dev(DEV_OWNER.into()), None)?;
	let is_mintable = draft.domain.is_mintable();
	let made = register(chain, &owner, &draft.domain, None, is_mintable).await.context("cannot make a domain of the file")?;
	let id = made.id;
	if !is_mintable {
		if chain.domain(chain.head(), id).await?.is_some_and(|domain| domain.bounty == 0) {
			chain.submit(&owner, &Call::add_bounty(id, DEV_BOUNTY), Urgency::Relaxed).await?;
		}
		tracing::info!(target: "doin::worker", domain = id, bounty = %Amount(DEV_BOUNTY), "domain on public evidence: pays its \
		bounty only");
		return Ok(id);
	}
	match add_vote(chain, &owner, (id, MILLION)).await {
		Ok(true) => {
			tracing::info!(target: "doin::worker", domain = id, "vote of the development validator counts from the next session")
		}
		Ok(false) => {}
		Err(error) => tracing::warn!(target: "doin::worker", domain = id, "domain has no weight: {error:#}"),
	}
	Ok(id)
}
