//! A worker: every identity of the configuration at work.

use crate::{
	config::{Config, DomainConfig, Role},
	context::Context,
	deadline::DeadlineQueue,
	domain_cache::DomainCache,
	evaluator::Evaluator,
	identities::{self, Identity},
	journal::{Journal, Kind},
	keeper,
	optimizer::Optimizer,
	plan::{domains_to_finish, domains_to_optimize, unusable_domains, unweighted_domains_to_serve, OptimizedDomain, Threads},
	search::seed_of_search,
};
use anyhow::{bail, Result};
use doin_chain::{Account, Call, Chain, Head, Patience, Signer, Urgency};
use doin_compute::{
	gpu::{DeviceSelection, Devices},
	thread_pool, Backend,
};
use doin_primitives::{BlockNumber, DomainId};
use std::{collections::BTreeMap, sync::Arc};
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

/// Blocks until an optimizer that failed to start is started again: twice as many after each failure, up to this many.
const LONGEST_RETRY: BlockNumber = 64;

/// Optimizers that have been started, and the block from which one that failed may be started again.
#[derive(Debug, Default)]
struct Begun(BTreeMap<DomainId, Start>);

/// Start of an optimizer.
#[derive(Clone, Copy, Debug)]
struct Start {
	failures: u32,
	/// First block in which it may be started again; `None` if it has not failed.
	again: Option<BlockNumber>,
}

impl Begun {
	/// Returns `true` if the optimizer of a domain can be started at this block.
	fn may_begin(&self, domain: DomainId, block: BlockNumber) -> bool {
		self.0.get(&domain).is_none_or(|start| start.again.is_some_and(|again| block >= again))
	}

	fn begin(&mut self, domain: DomainId) {
		self.0.entry(domain).or_insert(Start { failures: 0, again: None }).again = None;
	}

	/// Records that the optimizer of a domain failed to start at this block. Returns the block in which it is started again.
	fn fail(&mut self, domain: DomainId, block: BlockNumber) -> BlockNumber {
		let start = self.0.entry(domain).or_insert(Start { failures: 0, again: None });
		let pause = 1u32.checked_shl(start.failures).unwrap_or(LONGEST_RETRY).min(LONGEST_RETRY);
		let again = block.saturating_add(pause);
		*start = Start { failures: start.failures.saturating_add(1), again: Some(again) };
		again
	}
}

impl Worker {
	/// Loads the keys, opens devices and journal, and waits for the node. If the chain began anew since the journal was written,
	/// the journal is moved aside.
	///
	/// # Errors
	///
	/// Errors if a device, key or journal of the configuration cannot be used, and if the node belongs to another network.
	pub async fn open(config: Config) -> Result<Self> {
		// What needs no node comes first, so that a mistake in it is an error at once.
		let identities = identities::load(&config.identities)?;
		for warning in config.warnings() {
			tracing::warn!(target: TARGET, "{warning}");
		}
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

	/// Works until the future is dropped. Evaluators whose identity has a `bond` and whose account has none are bonded.
	///
	/// # Errors
	///
	/// Errors if there is no identity, or if a role cannot be started.
	pub async fn run(self) -> Result<()> {
		let domains = self.chain.domains(self.chain.head()).await.unwrap_or_default();
		for warning in unusable_domains(&self.config, &domains).into_iter().filter(|_| !domains.is_empty()) {
			tracing::warn!(target: TARGET, "{warning}");
		}
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
			// Beside the roles: an answer or a reveal that is due after a restart does not wait for these calls.
			let identities = self.identities.iter().filter(|identity| identity.config.role == Role::Evaluate).cloned().collect();
			roles.spawn(enlist(context.clone(), identities));
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

/// Bonds the evaluators whose identity has a `bond` and whose account has none, and signs all of them up for domains without
/// weight.
///
/// # Errors
///
/// Never errors: a call that fails is logged, and everything else goes on.
async fn enlist(context: Context, identities: Vec<Identity>) -> Result<()> {
	for identity in &identities {
		if let Err(error) = bond(&context.chain, identity).await {
			let account = identity.signer.account();
			tracing::error!(target: TARGET, %account, "evaluator has no bond, so it is never drawn: {error:#}");
		}
	}
	let signers: Vec<Signer> = identities.into_iter().map(|identity| identity.signer).collect();
	serve_unweighted(&context, &signers).await;
	Ok(())
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
async fn serve_unweighted(context: &Context, evaluators: &[Signer]) {
	let chain = &context.chain;
	let domains = match chain.domains(chain.head()).await {
		Ok(domains) => domains,
		Err(error) => {
			let error = anyhow::Error::from(error);
			tracing::warn!(target: TARGET, "domains without weight are not served: {error:#}");
			return;
		}
	};
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
}

/// Follows the domains of the chain, and runs an optimizer for each one that is to be optimized.
async fn optimize(context: Context, signer: Signer, threads: Threads) -> Result<()> {
	let backend = Backend::detect()?.name();
	tracing::info!(target: TARGET, account = %signer.account(), threads = threads.search, backend, "optimizing");
	let mut begun = Begun::default();
	let mut optimizers: JoinSet<Ended> = JoinSet::new();
	let mut head = context.chain.head();
	loop {
		match new_domains(&context, head, signer.account(), &begun).await {
			Ok(new) => {
				let share = threads.per_search(optimizers.len(), new.len());
				for domain in new {
					begun.begin(domain.id);
					optimizers.spawn(optimize_domain(context.clone(), signer.clone(), domain, share));
				}
			}
			Err(error) => tracing::warn!(target: TARGET, block = head.number, "{error:#}"),
		}
		while let Some(Ok(Ended { domain, outcome })) = optimizers.try_join_next() {
			match outcome {
				Ok(()) => tracing::info!(target: TARGET, domain, "optimizer is done"),
				Err(error) => {
					let again = begun.fail(domain, head.number);
					tracing::error!(target: TARGET, domain, again, "optimizer cannot start, and is started again at block {again}: {error:#}");
				}
			}
		}
		if begun.0.is_empty() {
			tracing::debug!(target: TARGET, block = head.number, "no domain to optimize yet");
		}
		head = context.chain.next_head(head).await;
	}
}

async fn new_domains(context: &Context, head: Head, account: Account, begun: &Begun) -> Result<Vec<OptimizedDomain>> {
	let domains = context.chain.domains(head).await?;
	let mut wanted = domains_to_optimize(&context.config, &domains);
	let entries = context.journal.open_entries(Kind::Candidate)?;
	wanted.extend(domains_to_finish(&wanted, &domains, &entries, account));
	wanted.retain(|domain| begun.may_begin(domain.id, head.number));
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
	match Optimizer::new(context, signer, id, config, threads).await {
		Ok(optimizer) => {
			optimizer.run().await;
			Ended { domain: id, outcome: Ok(()) }
		}
		Err(error) => Ended { domain: id, outcome: Err(error) },
	}
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

	/// A node that is away for a moment must not end the work on a domain, whose commitments have to be revealed.
	#[test]
	fn an_optimizer_that_cannot_start_is_started_again() {
		let mut begun = Begun::default();
		assert!(begun.may_begin(3, 100));
		begun.begin(3);
		assert!(!begun.may_begin(3, 100) && begun.may_begin(4, 100));
		assert_eq!([begun.fail(3, 100), begun.fail(3, 101), begun.fail(3, 103)], [101, 103, 107]);
		assert!(!begun.may_begin(3, 106) && begun.may_begin(3, 107));
		begun.begin(3);
		assert!(!begun.may_begin(3, 200), "it runs");
		for _ in 0..80 {
			begun.fail(3, 200);
		}
		assert_eq!(begun.fail(3, 200), 200 + LONGEST_RETRY);
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
