//! Assembles client, transaction pool, consensus, network and RPC into a node.
//!
//! [`new_partial`] builds the parts that importing a block needs; commands such as `check-block` use it alone. [`new_full`]
//! builds them, joins the network and spawns the node's tasks, one function per task.

use crate::{
	consensus::{
		author::{self, NodeReader, OnWork, Place, Policy},
		cli::AuthoringArgs,
		import::WorkBlockImport,
	},
	hardware, metrics, rpc,
};
use doin_runtime::{opaque::Block, Hash, RuntimeApi};
use futures::FutureExt;
use jsonrpsee::RpcModule;
use sc_chain_spec::ChainType;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus::DefaultImportQueue;
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaPruningFilter, SharedAuthoritySet, SharedVoterState};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{
	config::{FullNetworkConfiguration, NetworkBackendType, Role},
	service::traits::NetworkService,
	Litep2pNetworkBackend, NetworkBackend, NetworkWorker, NotificationService, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::{
	config::PrometheusConfig, error::Error as ServiceError, BuildNetworkParams, Configuration, PartialComponents, TaskManager,
	WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::SlotDuration;
use sp_inherents::CreateInherentDataProviders;
use sp_keystore::KeystorePtr;
use std::{sync::Arc, time::Duration};

/// Executes the runtime. Its host functions are those of the SDK and no others, so that generic tools can execute the runtime as
/// well.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
/// Reads and writes the chain.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// Selects the leaf to build on and to vote for.
pub type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
/// The transaction pool.
pub type FullPool = TransactionPoolHandle<Block, FullClient>;
/// Imports a block for GRANDPA, below [`FullWorkBlockImport`].
pub type FullGrandpaBlockImport = sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
/// Checks the DOIN digest of a block and ranks its chain, below [`FullBabeBlockImport`].
pub type FullWorkBlockImport = WorkBlockImport<FullGrandpaBlockImport, FullClient>;
/// Connects GRANDPA's block import with its voter.
pub type FullGrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, FullSelectChain>;
/// Creates the inherents of a block: its slot and its time.
pub type Inherents = Arc<
	dyn CreateInherentDataProviders<
		Block,
		(),
		InherentDataProviders = (sp_consensus_babe::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider),
	>,
>;
/// Imports a block: verifies its slot, weighs it, then passes it to [`FullWorkBlockImport`].
pub type FullBabeBlockImport = BabeBlockImport<Block, FullClient, FullWorkBlockImport, Inherents, FullSelectChain>;

/// Consensus parts of a [`PartialNode`].
pub struct Consensus {
	/// Imports blocks.
	pub block_import: FullBabeBlockImport,
	/// Epochs and slot configuration.
	pub babe_link: BabeLink<Block>,
	/// Handle for queries about epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// State that GRANDPA's voter starts from.
	pub grandpa_link: FullGrandpaLink,
	/// Inherents of a block.
	pub inherents: Inherents,
	/// Connection to telemetry servers, if any is configured.
	pub telemetry: Option<Telemetry>,
}

/// Parts of a node that commands need which only read or import blocks.
pub type PartialNode =
	PartialComponents<FullClient, FullBackend, FullSelectChain, DefaultImportQueue<Block>, FullPool, Consensus>;

/// Blocks between two justifications that are stored for proofs of finality.
const JUSTIFICATION_PERIOD: u32 = 512;
/// Interval of GRANDPA's gossip rounds.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);
/// Portion of a slot in which a block is built. The rest is for sending and importing it.
const PROPOSAL_PORTION: f32 = 2.0 / 3.0;

/// Opens the database and builds the parts that importing a block needs.
///
/// # Errors
///
/// Fails if the database, the keystore, the genesis or the telemetry worker cannot be set up.
pub fn new_partial(config: &Configuration) -> Result<PartialNode, ServiceError> {
	let telemetry = telemetry(config)?;
	let executor = sc_service::new_wasm_executor::<sp_io::SubstrateHostFunctions>(&config.executor);
	let (client, backend, keystore_container, task_manager) = sc_service::new_full_parts::<Block, RuntimeApi, _>(
		config,
		telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
		executor,
		// Keeps justified headers, so that a pruned node can still prove finality to nodes that warp-sync from it.
		vec![Arc::new(GrandpaPruningFilter)],
	)?;
	let client = Arc::new(client);

	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);
	let parts = ImportParts { client: &client, select_chain: &select_chain, pool: &transaction_pool, tasks: &task_manager };
	let (import_queue, other) = consensus(config, parts, telemetry)?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other,
	})
}

/// Returns a connection to the configured telemetry servers, if there are any, and the worker that sends to them.
fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, ServiceError> {
	let Some(endpoints) = config.telemetry_endpoints.clone().filter(|endpoints| !endpoints.is_empty()) else {
		return Ok(None);
	};
	let worker = TelemetryWorker::new(16)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}

/// Parts of a node that [`consensus`] builds on.
struct ImportParts<'a> {
	client: &'a Arc<FullClient>,
	select_chain: &'a FullSelectChain,
	pool: &'a Arc<FullPool>,
	tasks: &'a TaskManager,
}

/// Returns the import queue, and the consensus parts of a node.
fn consensus(
	config: &Configuration,
	parts: ImportParts,
	telemetry: Option<Telemetry>,
) -> Result<(DefaultImportQueue<Block>, Consensus), ServiceError> {
	let ImportParts { client, select_chain, pool, tasks } = parts;
	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		client,
		select_chain.clone(),
		telemetry.as_ref().map(Telemetry::handle),
	)?;
	let justification_import = Box::new(grandpa_import.clone());

	let babe_config = sc_consensus_babe::configuration(&**client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents = inherents(slot_duration);
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		WorkBlockImport::new(grandpa_import, client.clone()),
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(pool.clone()),
	)?;
	let (import_queue, babe_worker) = sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
		link: babe_link.clone(),
		block_import: block_import.clone(),
		justification_import: Some(justification_import),
		client: client.clone(),
		slot_duration,
		spawner: &tasks.spawn_essential_handle(),
		registry: config.prometheus_registry(),
		telemetry: telemetry.as_ref().map(Telemetry::handle),
	})?;
	Ok((import_queue, Consensus { block_import, babe_link, babe_worker, grandpa_link, inherents, telemetry }))
}

/// Returns inherents with the current time and its slot, for a block that is built or checked now.
fn inherents(slot_duration: SlotDuration) -> Inherents {
	Arc::new(move |_, ()| async move {
		let now = sp_timestamp::InherentDataProvider::from_system_time();
		let slot = sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(*now, slot_duration);
		Ok((slot, now))
	})
}

/// Check of a validator's machine before the node starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardwareCheck {
	/// Measure the machine, and warn if it is slower than the reference machine.
	Measure,
	/// Measure nothing.
	Skip,
}

/// Starts a node on the network stack that `config` names. Only validators of networks of several machines are measured.
///
/// # Errors
///
/// Fails if a part of the node cannot start, e.g. the database, a port or a key, or if the chain does not admit `args`.
pub fn new_full(config: Configuration, check: HardwareCheck, args: AuthoringArgs) -> Result<TaskManager, ServiceError> {
	match config.network.network_backend {
		NetworkBackendType::Litep2p => start::<Litep2pNetworkBackend>(config, check, args),
		NetworkBackendType::Libp2p => start::<NetworkWorker<Block, Hash>>(config, check, args),
	}
}

/// Parts that several tasks of a node share.
struct Node {
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	pool: Arc<FullPool>,
	keystore: KeystorePtr,
	select_chain: FullSelectChain,
	role: Role,
	prometheus: Option<PrometheusConfig>,
	telemetry: Option<TelemetryHandle>,
}

/// Network services that consensus uses.
struct Network {
	service: Arc<dyn NetworkService>,
	sync: Arc<SyncingService<Block>>,
	grandpa: GrandpaProtocol,
}

/// GRANDPA's notification protocol.
struct GrandpaProtocol {
	name: ProtocolName,
	notifications: Box<dyn NotificationService>,
}

/// Starts a node on network stack `N`.
fn start<N: NetworkBackend<Block, Hash>>(
	config: Configuration,
	check: HardwareCheck,
	args: AuthoringArgs,
) -> Result<TaskManager, ServiceError> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { block_import, babe_link, babe_worker, grandpa_link, inherents, mut telemetry },
	} = new_partial(&config)?;
	let heartbeat = heartbeat(&config, &babe_link, args)?;
	let node = Node {
		client,
		backend,
		pool: transaction_pool,
		keystore: keystore_container.keystore(),
		select_chain,
		role: config.role,
		prometheus: config.prometheus_config.clone(),
		telemetry: telemetry.as_ref().map(Telemetry::handle),
	};
	spawn_observers(&config, &node, &task_manager, check);

	let authority_set = grandpa_link.shared_authority_set();
	let (params, grandpa) = network_params::<N>(&config, &node, &task_manager, import_queue, authority_set)?;
	let (service, system_rpc_tx, tx_handler_controller, sync, _bitswap) = sc_service::build_network(params)?;
	let network = Network { service, sync, grandpa };

	spawn_offchain_workers(&config, &node, &task_manager, &network)?;

	let voter_state = SharedVoterState::empty();
	let rpc_builder = rpc_extension(&config, &node, babe_worker, &grandpa_link, voter_state.clone());
	let authoring = Authoring { block_import, babe_link, inherents, force: config.force_authoring, heartbeat };
	let node_name = config.network.node_name.clone();
	let voting = Voting { link: grandpa_link, state: voter_state, node_name, is_disabled: config.disable_grandpa };

	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: node.client.clone(),
		backend: node.backend.clone(),
		task_manager: &mut task_manager,
		keystore: node.keystore.clone(),
		transaction_pool: node.pool.clone(),
		rpc_builder,
		network: network.service.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: network.sync.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	spawn_authoring(&node, &task_manager, &network, authoring)?;
	spawn_finality(node, &task_manager, network, voting)?;
	Ok(task_manager)
}

/// Spawns the task that updates the metrics of DOIN. Measures the machine if `check` says so and the node is a validator, unless its
/// chain is one for development, and sends the results to telemetry servers.
fn spawn_observers(config: &Configuration, node: &Node, task_manager: &TaskManager, check: HardwareCheck) {
	metrics::spawn(config.prometheus_registry(), node.client.clone(), &task_manager.spawn_handle());
	let is_development = config.chain_spec.chain_type() == ChainType::Development;
	if check == HardwareCheck::Skip || !node.role.is_authority() || is_development {
		return;
	}
	let measured = hardware::check(&node.client, config.base_path.path());
	if let Some(telemetry) = node.telemetry.clone() {
		let sending = sc_sysinfo::initialize_hwbench_telemetry(telemetry, measured);
		task_manager.spawn_handle().spawn("telemetry_hwbench", None, sending);
	}
}

/// Returns the parameters of the network: the SDK's protocols, warp sync, and GRANDPA's notification protocol.
fn network_params<'a, N: NetworkBackend<Block, Hash>>(
	config: &'a Configuration,
	node: &Node,
	task_manager: &TaskManager,
	import_queue: DefaultImportQueue<Block>,
	authority_set: &SharedAuthoritySet<Hash, doin_runtime::BlockNumber>,
) -> Result<(BuildNetworkParams<'a, Block, N, FullPool, DefaultImportQueue<Block>, FullClient>, GrandpaProtocol), ServiceError> {
	let genesis = node
		.client
		.block_hash(0)?
		.ok_or_else(|| ServiceError::Other("the database has no genesis block; delete it with `purge-chain`".into()))?;
	let registry = config.prometheus_registry();
	let metrics = N::register_notification_metrics(registry);
	let mut net_config = FullNetworkConfiguration::<Block, Hash, N>::new(&config.network, registry.cloned());
	let name = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (peers, notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<Block, N>(name.clone(), metrics.clone(), net_config.peer_store_handle());
	net_config.add_notification_protocol(peers);
	let warp_sync = sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		node.backend.clone(),
		authority_set.clone(),
		// No hard forks of the authority set.
		Vec::new(),
	);
	let params = BuildNetworkParams {
		config,
		net_config,
		client: node.client.clone(),
		transaction_pool: node.pool.clone(),
		spawn_handle: task_manager.spawn_handle(),
		spawn_essential_handle: task_manager.spawn_essential_handle(),
		import_queue,
		block_announce_validator_builder: None,
		warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp_sync))),
		block_relay: None,
		metrics,
		gap_sync_body_policy: None,
	};
	Ok((params, GrandpaProtocol { name, notifications }))
}

/// Spawns the task that runs the runtime's offchain workers, which report equivocations, unless `config` turns them off.
fn spawn_offchain_workers(
	config: &Configuration,
	node: &Node,
	task_manager: &TaskManager,
	network: &Network,
) -> Result<(), ServiceError> {
	if !config.offchain_worker.enabled {
		return Ok(());
	}
	let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
		runtime_api_provider: node.client.clone(),
		is_validator: node.role.is_authority(),
		keystore: Some(node.keystore.clone()),
		offchain_db: node.backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(node.pool.clone())),
		network_provider: Arc::new(network.service.clone()),
		// The runtime makes no HTTP requests.
		enable_http_requests: false,
		custom_extensions: |_| Vec::new(),
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-worker",
		workers.run(node.client.clone(), task_manager.spawn_handle()).boxed(),
	);
	Ok(())
}

/// Builds the RPC methods that the SDK does not serve by itself.
type RpcBuilder = Box<dyn Fn(SubscriptionTaskExecutor) -> Result<RpcModule<()>, ServiceError>>;

/// Returns the builder of [`rpc::create_full`].
fn rpc_extension(
	config: &Configuration,
	node: &Node,
	babe_worker: BabeWorkerHandle<Block>,
	grandpa_link: &FullGrandpaLink,
	voter_state: SharedVoterState,
) -> RpcBuilder {
	let authority_set = grandpa_link.shared_authority_set().clone();
	let deps = rpc::Dependencies {
		client: node.client.clone(),
		pool: node.pool.clone(),
		select_chain: node.select_chain.clone(),
		chain_spec: config.chain_spec.cloned_box(),
		keystore: node.keystore.clone(),
		babe_worker,
		authority_set: authority_set.clone(),
		justifications: grandpa_link.justification_stream(),
		voter_state,
		finality_proofs: FinalityProofProvider::new_for_service(node.backend.clone(), Some(authority_set)),
	};
	Box::new(move |executor| rpc::create_full(&deps, executor).map_err(ServiceError::Application))
}

/// Parts that only the block author uses.
struct Authoring {
	block_import: FullBabeBlockImport,
	babe_link: BabeLink<Block>,
	inherents: Inherents,
	/// `true` to author without peers.
	force: bool,
	/// Most slots between two blocks, if blocks are authored on work.
	heartbeat: Option<u64>,
}

/// Returns the heartbeat if `args` ask for blocks on work.
fn heartbeat(config: &Configuration, babe_link: &BabeLink<Block>, args: AuthoringArgs) -> Result<Option<u64>, ServiceError> {
	let Some(slots) = args.author_on_work else { return Ok(None) };
	let babe = babe_link.config();
	let place = Place {
		chain: config.chain_spec.name(),
		chain_type: &config.chain_spec.chain_type(),
		authorities: babe.authorities.len(),
		epoch_length: babe.epoch_length,
		is_validator: config.role.is_authority(),
	};
	let heartbeat = author::heartbeat(slots, place).map_err(ServiceError::Other)?;
	log::info!("🔨 Authors blocks on work, and one at least every {heartbeat} slots");
	Ok(Some(heartbeat))
}

/// Spawns the task that authors blocks, on an authority.
fn spawn_authoring(node: &Node, task_manager: &TaskManager, network: &Network, authoring: Authoring) -> Result<(), ServiceError> {
	if !node.role.is_authority() {
		return Ok(());
	}
	let proposer = sc_basic_authorship::ProposerFactory::new(
		task_manager.spawn_handle(),
		node.client.clone(),
		node.pool.clone(),
		node.prometheus.as_ref().map(|config| &config.registry),
		node.telemetry.clone(),
	);
	let reader = NodeReader { client: node.client.clone(), pool: node.pool.clone() };
	let policy = Policy {
		lagging: BackoffAuthoringOnFinalizedHeadLagging::default(),
		on_work: authoring.heartbeat.map(|heartbeat| OnWork::new(reader, heartbeat)),
	};
	let worker = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
		keystore: node.keystore.clone(),
		client: node.client.clone(),
		select_chain: node.select_chain.clone(),
		env: proposer,
		block_import: authoring.block_import,
		sync_oracle: network.sync.clone(),
		justification_sync_link: network.sync.clone(),
		create_inherent_data_providers: authoring.inherents,
		force_authoring: authoring.force,
		backoff_authoring_blocks: Some(policy),
		babe_link: authoring.babe_link,
		block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
		// Without a maximum the time for a proposal doubles with every skipped slot.
		max_block_proposal_slot_portion: Some(SlotProportion::new(PROPOSAL_PORTION)),
		telemetry: node.telemetry.clone(),
	})?;
	task_manager.spawn_essential_handle().spawn_blocking("babe-proposer", Some("block-authoring"), worker);
	Ok(())
}

/// Parts that only the voter uses.
struct Voting {
	link: FullGrandpaLink,
	state: SharedVoterState,
	node_name: String,
	/// `true` to neither follow nor cast votes.
	is_disabled: bool,
}

/// Spawns the task that follows GRANDPA's votes and, on an authority, casts votes.
fn spawn_finality(node: Node, task_manager: &TaskManager, network: Network, voting: Voting) -> Result<(), ServiceError> {
	if voting.is_disabled {
		return Ok(());
	}
	let config = sc_consensus_grandpa::Config {
		gossip_duration: GOSSIP_DURATION,
		justification_generation_period: JUSTIFICATION_PERIOD,
		name: Some(voting.node_name),
		observer_enabled: false,
		// Without a keystore the voter follows votes and cannot cast one.
		keystore: node.role.is_authority().then_some(node.keystore),
		local_role: node.role,
		telemetry: node.telemetry.clone(),
		protocol_name: network.grandpa.name,
	};
	let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
		config,
		link: voting.link,
		network: network.service,
		sync: network.sync,
		notification_service: network.grandpa.notifications,
		voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
		prometheus_registry: node.prometheus.map(|config| config.registry),
		shared_voter_state: voting.state,
		telemetry: node.telemetry,
		offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(node.pool),
	})?;
	task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	Ok(())
}
