//! Assembles the node of the template: Aura authors blocks, GRANDPA finalizes them.

use doin_template_runtime::{opaque::Block, AccountId, BlockNumber, Hash, Nonce, RuntimeApi};
use futures::FutureExt;
use jsonrpsee::RpcModule;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus::DefaultImportQueue;
use sc_consensus_aura::{ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{GrandpaPruningFilter, SharedAuthoritySet, SharedVoterState};
use sc_network::{
	config::{FullNetworkConfiguration, Role},
	service::traits::NetworkService,
	Litep2pNetworkBackend, NetworkBackend, NotificationService, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_service::{
	error::Error as ServiceError, BuildNetworkParams, Configuration, PartialComponents, TaskManager, WarpSyncConfig,
};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::{inherents::InherentDataProvider as SlotProvider, sr25519::AuthorityPair, SlotDuration};
use sp_keystore::KeystorePtr;
use sp_timestamp::InherentDataProvider as TimeProvider;
use std::{error::Error, sync::Arc, time::Duration};

type FullClient = sc_service::TFullClient<Block, RuntimeApi, sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>>;
type FullBackend = sc_service::TFullBackend<Block>;
type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
type FullPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;
type FullBlockImport = sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type FullGrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, FullSelectChain>;

/// Parts of a node that commands need which only read or import blocks.
pub type PartialNode = PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	DefaultImportQueue<Block>,
	FullPool,
	(FullBlockImport, FullGrandpaLink, SlotDuration),
>;

/// Blocks between two justifications that are stored.
const JUSTIFICATION_PERIOD: u32 = 512;

/// Returns the inherents of a block that is built or checked now.
async fn inherents(slot_duration: SlotDuration) -> Result<(SlotProvider, TimeProvider), Box<dyn Error + Send + Sync>> {
	let now = TimeProvider::from_system_time();
	Ok((SlotProvider::from_timestamp_and_slot_duration(*now, slot_duration), now))
}

/// Opens the database and builds the parts that importing a block needs.
pub fn new_partial(config: &Configuration) -> Result<PartialNode, ServiceError> {
	let executor = sc_service::new_wasm_executor::<sp_io::SubstrateHostFunctions>(&config.executor);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(config, None, executor, vec![Arc::new(GrandpaPruningFilter)])?;
	let client = Arc::new(client);
	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let spawner = task_manager.spawn_essential_handle();
	let pool = sc_transaction_pool::Builder::new(spawner.clone(), client.clone(), config.role.is_authority().into());
	let pool = pool.with_options(config.transaction_pool.clone()).with_prometheus(config.prometheus_registry());
	let transaction_pool = Arc::new(pool.build());
	let (block_import, grandpa_link) =
		sc_consensus_grandpa::block_import(client.clone(), JUSTIFICATION_PERIOD, &client, select_chain.clone(), None)?;
	let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
	let import_queue = sc_consensus_aura::import_queue::<AuthorityPair, _, _, _, _, _>(ImportQueueParams {
		block_import: block_import.clone(),
		justification_import: Some(Box::new(block_import.clone())),
		client: client.clone(),
		create_inherent_data_providers: move |_, ()| inherents(slot_duration),
		spawner: &spawner,
		registry: config.prometheus_registry(),
		check_for_equivocation: Default::default(),
		telemetry: None,
		compatibility_mode: Default::default(),
	})?;
	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: (block_import, grandpa_link, slot_duration),
	})
}

/// Returns the RPC methods of the template.
fn rpc(client: &Arc<FullClient>, pool: &Arc<FullPool>) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use substrate_frame_rpc_system::{System, SystemApiServer};

	let mut module = RpcModule::new(());
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(System::new(client.clone(), pool.clone())))?;
	module.merge(TransactionPayment::<_, Block>::new(client.clone()).into_rpc())?;
	Ok(module)
}

/// Parts that several tasks of a node share.
struct Node {
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	pool: Arc<FullPool>,
	keystore: KeystorePtr,
	role: Role,
}

/// Protocol of GRANDPA's votes.
struct Votes {
	name: ProtocolName,
	notifications: Box<dyn NotificationService>,
}

/// Starts a node.
pub fn new_full(config: Configuration) -> Result<TaskManager, ServiceError> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool: pool,
		other: (block_import, link, slot_duration),
	} = new_partial(&config)?;
	let node = Node { client, backend, pool, keystore: keystore_container.keystore(), role: config.role };
	let (params, votes) = network_params(&config, &node, &task_manager, import_queue, link.shared_authority_set())?;
	let (network, system_rpc_tx, tx_handler_controller, sync, _bitswap) = sc_service::build_network(params)?;
	if config.offchain_worker.enabled {
		spawn_offchain_workers(&node, &task_manager, &network)?;
	}
	let (force, node_name) = (config.force_authoring, config.network.node_name.clone());
	let rpc_builder = {
		let (client, pool) = (node.client.clone(), node.pool.clone());
		Box::new(move |_| rpc(&client, &pool).map_err(ServiceError::Application))
	};
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		network: network.clone(),
		client: node.client.clone(),
		keystore: node.keystore.clone(),
		task_manager: &mut task_manager,
		transaction_pool: node.pool.clone(),
		rpc_builder,
		backend: node.backend.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync.clone(),
		config,
		telemetry: None,
		tracing_execute_block: None,
	})?;
	if node.role.is_authority() {
		let env = (select_chain, block_import, sync.clone());
		spawn_author(&node, &task_manager, env, slot_duration, force)?;
	}
	let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
		config: voter_config(&node, node_name, votes.name),
		link,
		network,
		sync,
		notification_service: votes.notifications,
		voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
		prometheus_registry: None,
		shared_voter_state: SharedVoterState::empty(),
		telemetry: None,
		offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(node.pool),
	})?;
	task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	Ok(task_manager)
}

/// Returns the parameters of the network, and the protocol of GRANDPA's votes.
fn network_params<'a>(
	config: &'a Configuration,
	node: &Node,
	task_manager: &TaskManager,
	import_queue: DefaultImportQueue<Block>,
	authority_set: &SharedAuthoritySet<Hash, BlockNumber>,
) -> Result<
	(BuildNetworkParams<'a, Block, Litep2pNetworkBackend, FullPool, DefaultImportQueue<Block>, FullClient>, Votes),
	ServiceError,
> {
	let genesis = node.client.block_hash(0)?.ok_or_else(|| ServiceError::Other("the database has no genesis block".into()))?;
	let registry = config.prometheus_registry();
	let metrics = <Litep2pNetworkBackend as NetworkBackend<Block, Hash>>::register_notification_metrics(registry);
	let mut net_config = FullNetworkConfiguration::<Block, Hash, Litep2pNetworkBackend>::new(&config.network, registry.cloned());
	let name = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (peers, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<Block, Litep2pNetworkBackend>(
		name.clone(),
		metrics.clone(),
		net_config.peer_store_handle(),
	);
	net_config.add_notification_protocol(peers);
	let warp_sync =
		sc_consensus_grandpa::warp_proof::NetworkProvider::new(node.backend.clone(), authority_set.clone(), Vec::new());
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
	Ok((params, Votes { name, notifications }))
}

/// Spawns the task that runs the runtime's offchain workers.
fn spawn_offchain_workers(
	node: &Node,
	task_manager: &TaskManager,
	network: &Arc<dyn NetworkService>,
) -> Result<(), ServiceError> {
	let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
		runtime_api_provider: node.client.clone(),
		is_validator: node.role.is_authority(),
		keystore: Some(node.keystore.clone()),
		offchain_db: node.backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(node.pool.clone())),
		network_provider: Arc::new(network.clone()),
		enable_http_requests: true,
		custom_extensions: |_| Vec::new(),
	})?;
	let run = workers.run(node.client.clone(), task_manager.spawn_handle()).boxed();
	task_manager.spawn_handle().spawn("offchain-workers-runner", "offchain-worker", run);
	Ok(())
}

/// Spawns the task that authors blocks.
fn spawn_author(
	node: &Node,
	task_manager: &TaskManager,
	(select_chain, block_import, sync): (FullSelectChain, FullBlockImport, Arc<SyncingService<Block>>),
	slot_duration: SlotDuration,
	force_authoring: bool,
) -> Result<(), ServiceError> {
	let proposer_factory = sc_basic_authorship::ProposerFactory::new(
		task_manager.spawn_handle(),
		node.client.clone(),
		node.pool.clone(),
		None,
		None,
	);
	let author = sc_consensus_aura::start_aura::<AuthorityPair, _, _, _, _, _, _, _, _, _, _>(StartAuraParams {
		slot_duration,
		client: node.client.clone(),
		select_chain,
		block_import,
		proposer_factory,
		create_inherent_data_providers: move |_, ()| inherents(slot_duration),
		force_authoring,
		backoff_authoring_blocks: None::<()>,
		keystore: node.keystore.clone(),
		sync_oracle: sync.clone(),
		justification_sync_link: sync,
		block_proposal_slot_portion: SlotProportion::new(2.0 / 3.0),
		max_block_proposal_slot_portion: None,
		telemetry: None,
		compatibility_mode: Default::default(),
	})?;
	task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), author);
	Ok(())
}

/// Returns the configuration of GRANDPA's voter.
fn voter_config(node: &Node, name: String, protocol_name: ProtocolName) -> sc_consensus_grandpa::Config {
	sc_consensus_grandpa::Config {
		gossip_duration: Duration::from_millis(333),
		justification_generation_period: JUSTIFICATION_PERIOD,
		name: Some(name),
		observer_enabled: false,
		keystore: node.role.is_authority().then(|| node.keystore.clone()),
		local_role: node.role,
		telemetry: None,
		protocol_name,
	}
}
