//! A worker: every identity of the configuration at work.

use crate::{
	begun::Begun,
	config::{addresses, Config, DomainConfig, ForecastConfig, OwnedConfig, ReportedConfig, Role},
	context::Context,
	deadline::DeadlineQueue,
	domain_cache::DomainCache,
	enlist::enlist,
	evaluator::Evaluator,
	forecast::{check_files, Forecaster},
	identities::{self, Identity},
	journal::{Entry, Journal, Kind},
	keeper,
	keys::KeySource,
	leftovers,
	optimizer::{BidLimits, Optimizer},
	owner::{Absence, NoSuchDomain, Owner},
	participant::Participant,
	plan::{domains_to_finish, domains_to_optimize, unusable_domains, OptimizedDomain, Threads},
	programs::Programs,
	progress::Progress,
	report::Reporter,
	retry::Retry,
	search::seed_of_search,
	serve::{ServeSlot, Server},
};
use anyhow::{bail, Context as _, Error, Result};
use doin_chain::{Account, Chain, Head, Patience, Signer};
use doin_compute::{
	gpu::{DeviceSelection, Devices},
	thread_pool, Backend,
};
use doin_primitives::{oracle::UNREVEALED_BURN, BlockNumber, DomainId};
use std::{collections::HashMap, future::Future, sync::Arc};
use tokio::{
	sync::watch,
	task::{self, JoinError, JoinSet},
};

/// Target of log events.
const TARGET: &str = "doin::worker";

/// A worker that is connected and has its keys, its journal and its devices.
pub struct Worker {
	config: Config,
	chain: Chain,
	journal: Journal,
	devices: Devices,
	identities: Vec<Identity>,
	progress: Progress,
	serving: ServeSlot,
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
		check_owned(&config)?;
		config.forecasts.iter().try_for_each(check_files)?;
		for warning in config.warnings() {
			tracing::warn!(target: TARGET, "{warning}");
		}
		let mut journal = Journal::open(&config.journal)?;
		let devices = if config.has_role(Role::Optimize) { open_devices(&config).await? } else { Devices::default() };
		let chain = Chain::connect(&addresses(&config.url), Patience::Forever).await?;
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
		Ok(Self { config, chain, journal, devices, identities, progress: Progress::default(), serving: ServeSlot::default() })
	}

	/// Returns the connection to the chain.
	pub fn chain(&self) -> &Chain {
		&self.chain
	}

	/// Returns the configuration.
	pub fn config(&self) -> &Config {
		&self.config
	}

	/// Returns the account that the worker optimizes for, else the first one that it acts for.
	pub fn account(&self) -> Option<Account> {
		let optimizes = |identity: &&Identity| identity.config.role == Role::Optimize;
		let identity = self.identities.iter().find(optimizes).or(self.identities.first());
		identity.map(|identity| identity.signer.account())
	}

	/// Returns the progress of the searches, which outlives [`Worker::run`].
	pub fn progress(&self) -> Progress {
		self.progress.clone()
	}

	/// Puts the server for pay into `slot`, which outlives [`Worker::run`].
	pub fn serve_in(&mut self, slot: ServeSlot) {
		self.serving = slot;
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
		let owner = with_role(Role::Own).next().cloned();
		let available = std::thread::available_parallelism().map_or(1, usize::from);
		let threads = Threads::divide(&self.config, available);
		let shared = self.config.resource_limits.share_work.then(|| self.serving.queue().clone());
		let context = Context {
			params: self.chain.round_params(self.chain.head()).await?,
			chain: self.chain,
			domains: Arc::new(DomainCache::new(Programs::new(&self.config.programs))),
			journal: Arc::new(self.journal),
			config: Arc::new(self.config),
			queue: DeadlineQueue::new(thread_pool(threads.deadline)?),
			devices: Arc::new(self.devices),
			progress: self.progress,
			shared,
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
			roles.spawn(leftovers::keep_clear(context.clone(), evaluators.iter().cloned().chain(optimizer.clone()).collect()));
			// An optimizer verifies the verdicts of its own rounds.
			roles.spawn(Evaluator::new(context.clone(), evaluators, optimizer.clone()).run());
		}
		if let Some(signer) = optimizer {
			roles.spawn(optimize(context.clone(), signer, threads));
		}
		if let Some(Identity { config, signer, .. }) = owner {
			let key = config.source()?;
			for owned in context.config.owned.clone() {
				let owning = own(context.clone(), signer.clone(), owned, key.clone());
				roles.spawn(async move {
					owning.await;
					Ok(())
				});
			}
		}
		for identity in self.identities.iter().filter(|identity| identity.config.role == Role::Report) {
			roles.spawn(reporter(&context, identity.signer.clone())?.run());
		}
		for forecaster in forecasters(&context, &self.identities, threads)? {
			roles.spawn(forecaster.run());
		}
		if let Some((config, identity)) = context.config.serve.clone().zip(with_role(Role::Serve).next().cloned()) {
			let key = identity.config.source()?.load()?;
			roles.spawn(Server::open(&context, &config, key, identity.signer, &self.serving).await?.run());
		}
		if roles.is_empty() {
			bail!("there is nothing to do: the configuration has no identity");
		}
		tokio::select! {
			ended = keeper::keep(&context.journal, &context.chain) => ended,
			ended = all(&mut roles) => ended,
			() = context.progress.announce() => Ok(()),
		}
	}
}

/// Returns the reporter of a validator.
fn reporter(context: &Context, signer: Signer) -> Result<Reporter<Participant>> {
	let (config, account) = (&context.config, signer.account());
	let max_tip = BidLimits::from(&config.bidding).max_tip(UNREVEALED_BURN);
	let validator = Participant { chain: context.chain.clone(), signer };
	let reporter = Reporter::new(validator, context.journal.clone(), &config.reported, max_tip)?;
	let streams: Vec<String> = config.reported.iter().map(ReportedConfig::label).collect();
	tracing::info!(target: TARGET, %account, streams = streams.join(", "), "reporting");
	Ok(reporter)
}

/// Returns the forecasters of all streams of the configuration.
fn forecasters(context: &Context, identities: &[Identity], threads: Threads) -> Result<Vec<Forecaster<Participant>>> {
	let (config, mut forecasters) = (&context.config, Vec::new());
	let is_forecaster = |identity: &&Identity| identity.config.role == Role::Forecast;
	let accounts: Vec<Account> = identities.iter().filter(is_forecaster).map(|identity| identity.signer.account()).collect();
	for Entry { scope, who, .. } in unattended(&context.journal, &accounts)? {
		tracing::error!(
			target: TARGET,
			commitment = %scope,
			account = %who,
			"a wager is staked, and nothing reveals or collects it: add the identity with role = \"forecast\" and its `forecasts` again"
		);
	}
	for identity in identities.iter().filter(is_forecaster) {
		let (signer, limits) = (&identity.signer, BidLimits::from(&config.bidding));
		for (at, forecast) in config.forecasts.iter().enumerate() {
			let participant = Participant { chain: context.chain.clone(), signer: signer.clone() };
			let (journal, forecast) = (context.journal.clone(), forecast.clone());
			let forecaster = Forecaster::new(participant, journal, forecast, limits, threads.search)?;
			// The first one reveals what was staked on streams that are not in the configuration any more.
			forecasters.push(forecaster.beside((at == 0).then(|| config.forecasts[1..].to_vec())));
		}
		let streams: Vec<String> = config.forecasts.iter().map(ForecastConfig::label).collect();
		tracing::info!(target: TARGET, account = %signer.account(), streams = streams.join(", "), "forecasting");
	}
	Ok(forecasters)
}

/// Returns the open forecasts of a journal that are of none of these accounts.
fn unattended(journal: &Journal, forecasters: &[Account]) -> Result<Vec<Entry>> {
	let open = journal.open_entries(Kind::Forecast)?;
	Ok(open.into_iter().filter(|entry| !forecasters.contains(&entry.who)).collect())
}

/// Checks that the segment key of one of the sealed domains of the configuration can be read at least. Needs no node. The other
/// entries are read again later, so they do not keep its segments from being opened.
///
/// # Errors
///
/// Errors if no entry can be used.
fn check_owned(config: &Config) -> Result<()> {
	let Some(identity) = config.identities.iter().find(|identity| identity.role == Role::Own) else { return Ok(()) };
	let source = identity.source()?;
	let read: Vec<Result<()>> = config.owned.iter().map(|owned| owned.owned(&source).map(drop)).collect();
	match read.iter().any(Result::is_ok) {
		true => Ok(()),
		false => read.into_iter().collect(),
	}
}

/// Opens the segments of a sealed domain until it is removed. An owner that cannot start, or that panics, is started again later,
/// since its file or its segment key may be restored, and its domain may come back in a reorganisation; the other roles of the worker
/// go on. `key` is the key of the identity that owns.
async fn own(context: Context, signer: Signer, config: OwnedConfig, key: KeySource) {
	let domain = config.domain_id;
	let mut starts = Starts::default();
	loop {
		let (chain, signer, config, key) = (context.chain.clone(), signer.clone(), config.clone(), key.clone());
		let limits = BidLimits::from(&context.config.bidding);
		let owning = caught(async move {
			let owned = config.owned(&key)?;
			Owner::open_patiently(chain, signer, owned, &limits).await?.run().await
		});
		let Err(error) = owning.await else { return };
		let mut head = context.chain.head();
		let finalized = if error.is::<NoSuchDomain>() { finalized_domain(&context.chain, domain).await } else { None };
		let Some(again) = starts.after(&error, head.number, finalized) else {
			tracing::error!(target: TARGET, domain, "nothing is opened: {error:#}");
			return;
		};
		tracing::error!(target: TARGET, domain, again, "segments are not opened, and the owner is started again at block {again}: {error:#}");
		while !starts.retry.is_due(head.number) {
			head = context.chain.next_head(head).await;
		}
	}
}

/// Last finalized block.
#[derive(Clone, Copy, Debug)]
struct Finalized {
	number: BlockNumber,
	/// The domain of an owner exists in this block.
	has_domain: bool,
}

/// Returns whether `domain` exists in the last finalized block, or `None` if that cannot be read.
async fn finalized_domain(chain: &Chain, domain: DomainId) -> Option<Finalized> {
	let finalized = chain.finalized().await.ok()?;
	let spec = chain.domain_spec(finalized, domain).await.ok()?;
	Some(Finalized { number: finalized.number, has_domain: spec.is_some() })
}

/// Starts of an owner.
#[derive(Debug, Default)]
struct Starts {
	retry: Retry,
	/// Blocks in which its domain does not exist.
	absence: Absence,
}

impl Starts {
	/// Returns the block in which an owner is started again that failed with `error` at block `block`; `None` if its domain does not
	/// exist in a finalized block at or after the first such block.
	fn after(&mut self, error: &Error, block: BlockNumber, finalized: Option<Finalized>) -> Option<BlockNumber> {
		if !error.is::<NoSuchDomain>() {
			self.absence = Absence::default();
		} else {
			let Finalized { number, has_domain } = finalized.unwrap_or(Finalized { number: 0, has_domain: true });
			if self.absence.is_final(block, number, has_domain) {
				return None;
			}
		}
		Some(self.retry.fail(block))
	}
}

/// Runs a task. A panic is an error.
async fn caught<T: Send + 'static>(task: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
	let mut tasks = JoinSet::new();
	tasks.spawn(task);
	tasks.join_next().await.context("a task ends")??
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

/// Follows the domains of the chain, and runs an optimizer for each one that is to be optimized.
async fn optimize(context: Context, signer: Signer, threads: Threads) -> Result<()> {
	let backend = Backend::detect()?.name();
	tracing::info!(target: TARGET, account = %signer.account(), threads = threads.search, backend, "optimizing");
	let mut begun = Begun::default();
	let (share, shares) = watch::channel(threads.per_search(1));
	// Searches that begin take threads of the others, and those that end leave theirs to them.
	let divide = |begun: &Begun| {
		let each = threads.per_search(begun.searches());
		share.send_if_modified(|share| std::mem::replace(share, each) != each);
	};
	let mut optimizers: JoinSet<Result<()>> = JoinSet::new();
	let mut domains: HashMap<task::Id, DomainId> = HashMap::new();
	let mut head = context.chain.head();
	loop {
		match new_domains(&context, head, signer.account(), &begun).await {
			Ok(new) => {
				new.iter().for_each(|domain| begun.begin(domain));
				divide(&begun);
				for domain in new {
					let id = domain.id;
					let optimizer = optimizers.spawn(optimize_domain(context.clone(), signer.clone(), domain, shares.clone()));
					domains.insert(optimizer.id(), id);
				}
			}
			Err(error) => tracing::warn!(target: TARGET, block = head.number, "{error:#}"),
		}
		while let Some(ended) = optimizers.try_join_next_with_id() {
			let (id, outcome) = outcome_of(ended);
			let Some(domain) = domains.remove(&id) else { continue };
			match outcome {
				Ok(()) => {
					begun.end(domain, head.number);
					tracing::info!(target: TARGET, domain, "optimizer is done");
				}
				Err(error) => {
					let again = begun.fail(domain, head.number);
					tracing::error!(target: TARGET, domain, again, "optimizer failed, and is started again at block {again}: {error:#}");
				}
			}
		}
		divide(&begun);
		if begun.is_empty() {
			tracing::debug!(target: TARGET, block = head.number, "no domain to optimize yet");
		}
		head = context.chain.next_head(head).await;
	}
}

/// Returns the identifier of a task that has ended, and its outcome. A panic is an error.
fn outcome_of(ended: Result<(task::Id, Result<()>), JoinError>) -> (task::Id, Result<()>) {
	match ended {
		Ok(ended) => ended,
		Err(error) => (error.id(), Err(error.into())),
	}
}

async fn new_domains(context: &Context, head: Head, account: Account, begun: &Begun) -> Result<Vec<OptimizedDomain>> {
	let domains = context.chain.domains(head).await?;
	let runnable = context.domains.runnable(&context.chain, head, &context.config, domains.clone()).await?;
	let mut wanted = domains_to_optimize(&context.config, &runnable);
	let entries = context.journal.open_entries(Kind::Candidate)?;
	wanted.extend(domains_to_finish(&wanted, &domains, &entries, account));
	wanted.retain(|domain| begun.may_begin(domain, head.number));
	Ok(wanted)
}

async fn optimize_domain(
	context: Context,
	signer: Signer,
	domain: OptimizedDomain,
	threads: watch::Receiver<usize>,
) -> Result<()> {
	let OptimizedDomain { id, mut config } = domain;
	if let Some(seed) = config.optimization_config.seed {
		match context.journal.begin_search(id) {
			Ok(earlier) => {
				let used = seed_of_search(seed, earlier);
				tracing::info!(target: TARGET, domain = id, seed, earlier_searches = earlier, used, "search begins with a seed of its own");
				config.optimization_config.seed = Some(used);
			}
			Err(error) => return Err(error.into()),
		}
	}
	Optimizer::new(context, signer, id, config, threads).await?.run().await;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		config::{ConfigFile, Settings},
		fixtures::{round_id, ME, OTHER},
		journal::{Note, Scope, State},
	};
	use std::{path::Path, time::Duration};

	/// Opens a worker of this configuration, whose node does not exist.
	async fn refusal(folder: &Path, text: &str) -> String {
		let path = folder.join("worker.toml");
		std::fs::write(&path, format!("url = \"ws://127.0.0.1:1\"\n{text}")).unwrap();
		let config = Config::layered(Settings::default(), Settings::default(), ConfigFile::load(&path).unwrap());
		let opened = tokio::time::timeout(Duration::from_secs(5), Worker::open(config)).await;
		format!("{:#}", opened.expect("no node is waited for").err().unwrap())
	}

	#[test]
	fn forecasts_of_an_account_that_has_no_identity_any_more_are_found() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("worker.db")).unwrap();
		let scope = Scope::Forecast(round_id(7));
		let entry = Entry::prepare(scope, ME, &[1; 32], &vec![1u8], [9; 32], 10..15);
		journal.prepare(&entry).unwrap();
		assert_eq!(unattended(&journal, &[ME]).unwrap(), []);
		assert_eq!(unattended(&journal, &[OTHER]).unwrap(), [entry]);
		journal.mark(scope, ME, State::Archived, Note::Settled).unwrap();
		assert_eq!(unattended(&journal, &[]).unwrap(), []);
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
	fn one_owner_that_cannot_start_does_not_stop_the_others() {
		let mut starts = Starts::default();
		let changed = anyhow::anyhow!("a.csv has changed since it was sealed").context("the owner of domain 3");
		assert_eq!(starts.after(&changed, 100, None), Some(101));
		assert_eq!(starts.after(&changed, 101, None), Some(103), "the file may be restored");

		// Nor does an entry that cannot be used, as long as another one can.
		let config = |text: &str| {
			let folder = tempfile::tempdir().unwrap();
			let path = folder.path().join("worker.toml");
			let identity = "url = \"ws://127.0.0.1:1\"\n[[identities]]\nrole = \"own\"\ndev = \"//Eve\"\n";
			std::fs::write(&path, format!("{identity}{text}")).unwrap();
			Config::layered(Settings::default(), Settings::default(), ConfigFile::load(&path).unwrap())
		};
		let good = "[[owned]]\ndomain_id = 3\ncsv = \"a.csv\"\nlabel = \"y\"\n";
		let bad = "[[owned]]\ndomain_id = 4\ncsv = \"b.csv\"\nlabel = \"y\"\nsegment_key = \"/nonexistent/key\"\n";
		check_owned(&config(&format!("{bad}{good}"))).unwrap();
		assert!(format!("{:#}", check_owned(&config(bad)).unwrap_err()).contains("/nonexistent/key"));
	}

	#[test]
	fn two_entries_of_one_file_are_warned_of() {
		let warnings = |files: [&str; 2]| {
			let folder = tempfile::tempdir().unwrap();
			let path = folder.path().join("worker.toml");
			let entry = |id: u32, csv: &str| format!("[[owned]]\ndomain_id = {id}\ncsv = \"{csv}\"\nlabel = \"y\"\n");
			let entries = [entry(3, files[0]), entry(4, files[1])].concat();
			std::fs::write(&path, format!("[[identities]]\nrole = \"own\"\ndev = \"//Eve\"\n{entries}")).unwrap();
			Config::layered(Settings::default(), Settings::default(), ConfigFile::load(&path).unwrap()).warnings()
		};
		assert_eq!(warnings(["rows.csv", "rows.csv"]).len(), 1);
		assert!(warnings(["rows.csv", "others.csv"]).is_empty());
	}

	#[test]
	fn an_owner_whose_domain_is_missing_ends_once_that_is_final() {
		let removed = Error::from(NoSuchDomain(3)).context("the owner of domain 3");
		let lacks = |number| Some(Finalized { number, has_domain: false });
		let mut starts = Starts::default();
		assert_eq!(starts.after(&removed, 100, lacks(98)), Some(101), "its registration may come back");
		assert_eq!(starts.after(&removed, 101, None), Some(103), "the finalized block cannot be read");
		assert_eq!(starts.after(&removed, 103, Some(Finalized { number: 101, has_domain: true })), Some(107));
		assert_eq!(starts.after(&removed, 107, lacks(104)), None);
		let mut starts = Starts::default();
		starts.after(&removed, 100, lacks(98));
		let changed = anyhow::anyhow!("a.csv has changed since it was sealed");
		assert!(starts.after(&changed, 101, None).is_some(), "it exists again");
		assert_eq!(starts.after(&removed, 105, lacks(103)), Some(109), "counted from block 105");
	}

	#[tokio::test]
	async fn an_owner_that_panics_has_failed() {
		let failed = caught(async { Err::<(), _>(anyhow::anyhow!("the file has changed")) }).await;
		assert!(failed.unwrap_err().to_string().contains("has changed"));
		let panicked: Result<()> = caught(async { panic!("as a fault of the program does") }).await;
		assert!(panicked.unwrap_err().to_string().contains("panic"), "it is started again");
		assert_eq!(caught(async { Ok(7) }).await.unwrap(), 7);
	}

	#[tokio::test]
	async fn k43_an_optimizer_that_panics_has_failed() {
		async fn faulty() -> Result<()> {
			panic!("as a fault of the program does")
		}
		let mut optimizers: JoinSet<Result<()>> = JoinSet::new();
		let id = optimizers.spawn(faulty()).id();
		let (ended, outcome) = outcome_of(optimizers.join_next_with_id().await.unwrap());
		assert_eq!(ended, id);
		assert!(outcome.unwrap_err().to_string().contains("panic"), "it is started again");
		optimizers.spawn(async { Ok(()) });
		assert!(outcome_of(optimizers.join_next_with_id().await.unwrap()).1.is_ok());
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
