//! A worker: every identity of the configuration at work.

use crate::{
	config::{Config, DomainConfig, IdentityConfig, Role},
	context::Context,
	domain_cache::DomainCache,
	evaluator::Evaluator,
	journal::Journal,
	keys,
	optimizer::Optimizer,
	plan::{domains_to_optimize, unweighted_domains_to_serve, OptimizedDomain, Threads},
};
use anyhow::{bail, Result};
use doin_chain::{Call, Chain, Head, Patience, Signer, Urgency};
use doin_compute::{
	gpu::{DeviceSelection, Devices},
	thread_pool, Backend,
};
use doin_primitives::DomainId;
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

/// Target of log events.
const TARGET: &str = "doin::worker";
/// Error of `serve` for an evaluator that serves the domain.
const ALREADY_SERVING: &str = "Evaluators::AlreadyServing";

/// A worker that is connected and has its keys, its journal and its devices.
pub struct Worker {
	config: Config,
	chain: Chain,
	journal: Journal,
	devices: Devices,
	optimizer: Option<Signer>,
	evaluators: Vec<Signer>,
}

/// End of the optimizer of one domain.
struct Ended {
	domain: DomainId,
	outcome: Result<()>,
}

impl Worker {
	/// Opens devices and journal, waits for the node, and bonds evaluators whose identity has a `bond` and whose account
	/// has none.
	///
	/// # Errors
	///
	/// Errors if a device, key or journal of the configuration cannot be used, if the node belongs to another network, and if a
	/// bond fails.
	pub async fn open(config: Config) -> Result<Self> {
		// Devices need no node, so a mistake in their configuration is an error at once.
		let devices = if config.has_role(Role::Optimize) { open_devices(&config).await? } else { Devices::default() };
		let chain = Chain::connect(&config.url, Patience::Forever).await?;
		if let Some(genesis) = config.genesis {
			chain.expect_genesis(genesis)?;
		}
		let journal = Journal::open(&config.journal, chain.genesis())?;
		tracing::info!(
			target: TARGET,
			url = chain.url(),
			block = chain.head().number,
			journal = %config.journal.display(),
			"connected"
		);
		let (mut optimizer, mut evaluators) = (None, Vec::new());
		for identity in &config.identities {
			let signer = keys::signer(&identity.source()?, identity.proxy_for)?;
			match identity.role {
				Role::Optimize => optimizer = Some(signer),
				Role::Evaluate => {
					bond(&chain, identity, &signer).await?;
					evaluators.push(signer);
				}
			}
		}
		Ok(Self { config, chain, journal, devices, optimizer, evaluators })
	}

	/// Returns the connection to the chain.
	pub fn chain(&self) -> &Chain {
		&self.chain
	}

	/// Optimizes and evaluates `domain` instead of the domains of the configuration.
	pub fn work_only_on(&mut self, domain: DomainId) {
		let config = DomainConfig { domain_id: Some(domain), optimize: true, evaluate: true, ..Default::default() };
		self.config.domains = vec![config];
	}

	/// Works until the future is dropped.
	///
	/// # Errors
	///
	/// Errors if there is no identity, or if a role cannot be started.
	pub async fn run(self) -> Result<()> {
		let available = std::thread::available_parallelism().map_or(1, usize::from);
		let threads = Threads::divide(&self.config, available);
		let context = Context {
			params: self.chain.round_params(self.chain.head()).await?,
			chain: self.chain,
			domains: Arc::new(DomainCache::default()),
			journal: Arc::new(self.journal),
			config: Arc::new(self.config),
			deadline_pool: Arc::new(thread_pool(threads.deadline)?),
			devices: Arc::new(self.devices),
		};
		let mut roles = JoinSet::new();
		if !self.evaluators.is_empty() {
			let accounts: Vec<_> = self.evaluators.iter().map(|signer| signer.account().short()).collect();
			tracing::info!(target: TARGET, accounts = accounts.join(", "), threads = threads.deadline, "evaluating");
			serve_unweighted(&context, &self.evaluators).await?;
			roles.spawn(Evaluator::new(context.clone(), self.evaluators).run());
		}
		if let Some(signer) = self.optimizer {
			roles.spawn(optimize(context, signer, threads));
		}
		if roles.is_empty() {
			bail!("there is nothing to do: the configuration has no identity");
		}
		while let Some(ended) = roles.join_next().await {
			ended??;
		}
		tracing::info!(target: TARGET, "nothing is left to do");
		Ok(())
	}
}

/// Opens the devices that the configuration selects, by default every GPU.
async fn open_devices(config: &Config) -> Result<Devices> {
	let selection: DeviceSelection = config.resource_limits.gpu.as_deref().unwrap_or_default().parse()?;
	let devices = tokio::task::spawn_blocking(move || Devices::open(&selection)).await??;
	for device in devices.all() {
		tracing::info!(target: TARGET, device = device.name(), "training on device");
	}
	Ok(devices)
}

/// Bonds an evaluator that has no bond yet, with the amount of its identity.
async fn bond(chain: &Chain, identity: &IdentityConfig, signer: &Signer) -> Result<()> {
	let account = signer.account();
	if chain.reputation(chain.head(), account).await?.bond > 0 {
		return Ok(());
	}
	match identity.bond {
		Some(amount) => {
			let class = identity.class.unwrap_or_default();
			chain.submit(signer, &Call::bond(amount.0, class.into()), Urgency::Relaxed).await?;
			tracing::info!(target: TARGET, %account, %amount, %class, "evaluator bonded");
		}
		None => tracing::warn!(
			target: TARGET,
			%account,
			"evaluator has no bond, so it is never drawn; run `doin-worker bond` with its key, or set `bond` in the configuration"
		),
	}
	Ok(())
}

/// Signs evaluators up for domains without weight that the configuration wants evaluated.
async fn serve_unweighted(context: &Context, evaluators: &[Signer]) -> Result<()> {
	let chain = &context.chain;
	let domains = chain.domains(chain.head()).await?;
	for domain in unweighted_domains_to_serve(&context.config, &domains) {
		for signer in evaluators {
			let account = signer.account();
			match chain.submit(signer, &Call::serve(domain), Urgency::Relaxed).await {
				Ok(_) => {
					tracing::info!(target: TARGET, account = account.short(), domain, "serving a domain without weight")
				}
				Err(error) if error.dispatch_error() == Some(ALREADY_SERVING) => {}
				Err(error) => {
					let error = anyhow::Error::from(error);
					tracing::warn!(target: TARGET, account = account.short(), domain, "domain not served: {error:#}");
				}
			}
		}
	}
	Ok(())
}

/// Follows the domains of the chain, and runs an optimizer for each one that is to be optimized.
async fn optimize(context: Context, signer: Signer, threads: Threads) -> Result<()> {
	let backend = Backend::detect()?.name();
	tracing::info!(target: TARGET, account = %signer.account(), threads = threads.search, backend, "optimizing");
	let mut begun: BTreeSet<DomainId> = BTreeSet::new();
	let mut optimizers: JoinSet<Ended> = JoinSet::new();
	let mut head = context.chain.head();
	loop {
		match new_domains(&context, head, &begun).await {
			Ok(new) => {
				let share = threads.per_search(optimizers.len(), new.len());
				for domain in new {
					begun.insert(domain.id);
					optimizers.spawn(optimize_domain(context.clone(), signer.clone(), domain, share));
				}
			}
			Err(error) => tracing::warn!(target: TARGET, block = head.number, "{error:#}"),
		}
		while let Some(Ok(Ended { domain, outcome })) = optimizers.try_join_next() {
			match outcome {
				Ok(()) => tracing::info!(target: TARGET, domain, "optimizer is done"),
				Err(error) => tracing::error!(target: TARGET, domain, "optimizer failed: {error:#}"),
			}
		}
		if begun.is_empty() {
			tracing::debug!(target: TARGET, block = head.number, "no domain to optimize yet");
		}
		head = context.chain.next_head(head).await;
	}
}

async fn new_domains(context: &Context, head: Head, begun: &BTreeSet<DomainId>) -> Result<Vec<OptimizedDomain>> {
	let domains = context.chain.domains(head).await?;
	let mut wanted = domains_to_optimize(&context.config, &domains);
	wanted.retain(|domain| !begun.contains(&domain.id));
	Ok(wanted)
}

async fn optimize_domain(context: Context, signer: Signer, domain: OptimizedDomain, threads: usize) -> Ended {
	let OptimizedDomain { id, config } = domain;
	let work = async { Optimizer::new(context, signer, id, config, threads).await?.run().await };
	Ended { domain: id, outcome: work.await }
}
