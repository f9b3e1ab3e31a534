//! A worker: every identity of the configuration at work.

use crate::{
	config::{Config, DomainConfig, Role},
	context::Context,
	deadline::DeadlineQueue,
	domain_cache::DomainCache,
	evaluator::Evaluator,
	identities::{self, Identity},
	journal::Journal,
	keeper,
	optimizer::Optimizer,
	plan::{domains_to_optimize, unweighted_domains_to_serve, OptimizedDomain, Threads},
	search::seed_of_search,
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
	identities: Vec<Identity>,
}

/// End of the optimizer of one domain.
struct Ended {
	domain: DomainId,
	outcome: Result<()>,
}

impl Worker {
	/// Loads the keys, opens devices and journal, waits for the node, and bonds evaluators whose identity has a `bond` and whose
	/// account has none. If the chain began anew since the journal was written, the journal is moved aside.
	///
	/// # Errors
	///
	/// Errors if a device, key or journal of the configuration cannot be used, if the node belongs to another network, and if a
	/// bond fails.
	pub async fn open(config: Config) -> Result<Self> {
		// What needs no node comes first, so that a mistake in it is an error at once.
		let identities = identities::load(&config.identities)?;
		let mut journal = Journal::open(&config.journal)?;
		let devices = if config.has_role(Role::Optimize) { open_devices(&config).await? } else { Devices::default() };
		let chain = Chain::connect(&config.url, Patience::Forever).await?;
		if let Some(genesis) = config.genesis {
			chain.expect_genesis(genesis)?;
		}
		chain.synced().await;
		keeper::bind(&mut journal, &chain).await?;
		tracing::info!(
			target: TARGET,
			url = chain.url(),
			block = chain.head().number,
			journal = %journal.path().display(),
			"connected"
		);
		for identity in identities.iter().filter(|identity| identity.config.role == Role::Evaluate) {
			bond(&chain, identity).await?;
		}
		Ok(Self { config, chain, journal, devices, identities })
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
		let with_role = |role| self.identities.iter().filter(move |identity| identity.config.role == role);
		let evaluators: Vec<Signer> = with_role(Role::Evaluate).map(|identity| identity.signer.clone()).collect();
		let optimizer = with_role(Role::Optimize).map(|identity| identity.signer.clone()).next();
		let available = std::thread::available_parallelism().map_or(1, usize::from);
		let threads = Threads::divide(&self.config, available);
		let context = Context {
			params: self.chain.round_params(self.chain.head()).await?,
			chain: self.chain,
			domains: Arc::new(DomainCache::default()),
			journal: Arc::new(self.journal),
			config: Arc::new(self.config),
			queue: DeadlineQueue::new(thread_pool(threads.deadline)?),
			devices: Arc::new(self.devices),
		};
		let mut roles = JoinSet::new();
		if !evaluators.is_empty() {
			let accounts: Vec<_> = evaluators.iter().map(|signer| signer.account().short()).collect();
			tracing::info!(target: TARGET, accounts = accounts.join(", "), threads = threads.deadline, "evaluating");
			serve_unweighted(&context, &evaluators).await?;
		}
		if !evaluators.is_empty() || optimizer.is_some() {
			// An optimizer verifies the verdicts of its own rounds.
			roles.spawn(Evaluator::new(context.clone(), evaluators, optimizer.clone()).run());
		}
		if let Some(signer) = optimizer {
			roles.spawn(optimize(context.clone(), signer, threads));
		}
		if roles.is_empty() {
			bail!("there is nothing to do: the configuration has no identity");
		}
		tokio::select! {
			ended = keeper::keep(&context.journal, &context.chain) => ended,
			ended = all(&mut roles) => ended,
		}
	}
}

/// Waits until every role has ended.
async fn all(roles: &mut JoinSet<Result<()>>) -> Result<()> {
	while let Some(ended) = roles.join_next().await {
		ended??;
	}
	tracing::info!(target: TARGET, "nothing is left to do");
	Ok(())
}

/// Log of a worker without a GPU.
const NO_GPU: &str = "no GPU found; training on the CPU (`doin-worker devices` lists what Vulkan offers)";

/// No GPU was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoGpu {
	/// The user asked for every GPU, which is worth a warning.
	Unmet,
	/// Every GPU is the default.
	Default,
}

/// Returns the case of a worker that uses every GPU and has found none. `wanted` is the setting of the user.
fn missing_gpu(wanted: Option<&str>, found: usize) -> Option<NoGpu> {
	let is_auto = wanted.unwrap_or_default().parse() == Ok(DeviceSelection::Auto);
	let case = if wanted.is_some() { NoGpu::Unmet } else { NoGpu::Default };
	(found == 0 && is_auto).then_some(case)
}

/// Opens the devices that the configuration selects, by default every GPU.
async fn open_devices(config: &Config) -> Result<Devices> {
	let wanted = config.resource_limits.gpu.as_deref();
	let selection: DeviceSelection = wanted.unwrap_or_default().parse()?;
	let devices = tokio::task::spawn_blocking(move || Devices::open(&selection)).await??;
	match missing_gpu(wanted, devices.all().len()) {
		Some(NoGpu::Unmet) => tracing::warn!(target: TARGET, "gpu = auto: {NO_GPU}"),
		Some(NoGpu::Default) => tracing::info!(target: TARGET, "{NO_GPU}"),
		None => {}
	}
	for device in devices.all() {
		tracing::info!(target: TARGET, device = device.name(), "training on device");
	}
	Ok(devices)
}

/// Bonds an evaluator that has no bond yet, with the amount of its identity.
async fn bond(chain: &Chain, identity: &Identity) -> Result<()> {
	let Identity { config: identity, signer } = identity;
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
	let OptimizedDomain { id, mut config } = domain;
	if let Some(seed) = config.optimization_config.seed {
		match context.journal.begin_search(id) {
			Ok(earlier) => {
				let used = seed_of_search(seed, earlier);
				tracing::info!(target: TARGET, domain = id, seed, earlier_searches = earlier, used, "search begins with a seed of its own");
				config.optimization_config.seed = Some(used);
			}
			Err(error) => return Ended { domain: id, outcome: Err(error.into()) },
		}
	}
	let work = async { Optimizer::new(context, signer, id, config, threads).await?.run().await };
	Ended { domain: id, outcome: work.await }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::{ConfigFile, Settings};
	use std::{path::Path, time::Duration};

	/// Opens a worker of this configuration, whose node does not exist.
	async fn refusal(folder: &Path, text: &str) -> String {
		let path = folder.join("worker.toml");
		std::fs::write(&path, format!("url = \"ws://127.0.0.1:1\"\n{text}")).unwrap();
		let config = Config::layered(Settings::default(), Settings::default(), ConfigFile::load(&path).unwrap());
		let opened = tokio::time::timeout(Duration::from_secs(5), Worker::open(config)).await;
		format!("{:#}", opened.expect("no node is waited for").err().unwrap())
	}

	#[tokio::test]
	async fn k37_a_mistake_is_reported_before_a_node_is_waited_for() {
		let folder = tempfile::tempdir().unwrap();
		let evaluator = "[[identities]]\nrole = \"evaluate\"\n";
		let missing = refusal(folder.path(), &format!("{evaluator}mnemonic_file = \"missing.key\"\n")).await;
		assert!(missing.contains("missing.key") && missing.contains("keys generate"), "{missing}");
		let dev = format!("{evaluator}dev = \"//Eve\"\n");
		let other_home = refusal(folder.path(), &format!("journal = \"~nobody/worker.db\"\n{dev}")).await;
		assert!(other_home.contains("~nobody") && other_home.contains("whole path"), "{other_home}");
		let _first = Journal::open(&folder.path().join("used.db")).unwrap();
		let used = refusal(folder.path(), &format!("journal = \"used.db\"\n{dev}")).await;
		assert!(used.contains("in use by another worker"), "{used}");
	}

	#[test]
	fn k42_who_asks_for_gpus_is_warned_that_there_is_none() {
		for wanted in ["auto", "AUTO", ""] {
			assert_eq!(missing_gpu(Some(wanted), 0), Some(NoGpu::Unmet), "{wanted:?}");
			assert_eq!(missing_gpu(Some(wanted), 1), None);
		}
		assert_eq!(missing_gpu(None, 0), Some(NoGpu::Default));
		assert_eq!(missing_gpu(Some("none"), 0), None);
	}
}
