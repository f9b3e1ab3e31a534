//! Wires client, transaction pool, consensus, network and RPC into a node.

use crate::rpc;
use doin_runtime::{opaque::Block, RuntimeApi};
use futures::FutureExt;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus::DefaultImportQueue;
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{GrandpaPruningFilter, SharedVoterState};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkBackend, NetworkWorker};
use sc_service::{error::Error as ServiceError, Configuration, PartialComponents, TaskManager, WarpSyncConfig};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::SlotDuration;
use sp_inherents::CreateInherentDataProviders;
use sp_runtime::traits::Block as BlockT;
use std::{sync::Arc, time::Duration};

/// Executes the runtime. It offers the SDK's host functions and no others, so that generic tools can execute the runtime, too.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
/// Reads and writes the chain.
pub type Client = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// The database.
pub type Database = sc_service::TFullBackend<Block>;
/// Picks the leaf to build on and to vote for.
pub type SelectChain = sc_consensus::LongestChain<Database, Block>;
/// The transaction pool.
pub type Pool = TransactionPoolHandle<Block, Client>;
/// Imports a block below BABE. BABE weighs a block by its slot and hands it on to this; a fork choice that counts work as well wraps
/// GRANDPA's import here, in [`fork_choice`].
pub type ForkChoice = sc_consensus_grandpa::GrandpaBlockImport<Database, Block, Client, SelectChain>;
/// What GRANDPA's voter needs from its block import.
pub type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, Client, SelectChain>;
/// Inherents of a block: its slot and its time.
pub type Inherents = Arc<
	dyn CreateInherentDataProviders<
		Block,
		(),
		InherentDataProviders = (sp_consensus_babe::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider),
	>,
>;
/// Imports a block: verifies its slot, then hands it to [`ForkChoice`].
pub type Import = BabeBlockImport<Block, Client, ForkChoice, Inherents, SelectChain>;

/// Consensus, between building the parts and starting the node.
pub struct Consensus {
	/// Imports blocks.
	pub import: Import,
	/// Epochs and slot configuration.
	pub babe: BabeLink<Block>,
	/// Answers questions about epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// What the voter starts from.
	pub grandpa: GrandpaLink,
	/// Inherents of a block.
	pub inherents: Inherents,
	/// Reports to a telemetry server, if there is one.
	pub telemetry: Option<Telemetry>,
}

/// What commands that only read or import need of a node.
pub type PartialNode = PartialComponents<Client, Database, SelectChain, DefaultImportQueue<Block>, Pool, Consensus>;

/// Blocks between justifications that are kept for proofs of finality.
const JUSTIFICATION_PERIOD: u32 = 512;
/// How long GRANDPA waits between rounds of gossip.
const GOSSIP: Duration = Duration::from_millis(333);
/// Part of a slot in which a block may be built; the rest is for sending and importing it.
const PROPOSAL: f32 = 2.0 / 3.0;

/// The seam between BABE and GRANDPA for a fork choice. The heaviest chain is BABE's: the one with the most primary slots.
fn fork_choice(grandpa: ForkChoice) -> ForkChoice {
	grandpa
}

/// Opens the database and builds everything that importing a block takes.
///
/// # Errors
/// When the database, the keystore or the genesis cannot be opened.
pub fn new_partial(config: &Configuration) -> Result<PartialNode, ServiceError> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;

	let executor = sc_service::new_wasm_executor::<sp_io::SubstrateHostFunctions>(&config.executor);
	let (client, backend, keystore_container, task_manager) = sc_service::new_full_parts::<Block, RuntimeApi, _>(
		config,
		telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
		executor,
		// A pruned node can still prove finality to those who warp-sync from it.
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

	let (grandpa_import, grandpa) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry.as_ref().map(Telemetry::handle),
	)?;
	let justification_import = Box::new(grandpa_import.clone());

	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents = inherents(slot_duration);
	let (import, babe) = sc_consensus_babe::block_import(
		babe_config,
		fork_choice(grandpa_import),
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe_worker) = sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
		link: babe.clone(),
		block_import: import.clone(),
		justification_import: Some(justification_import),
		client: client.clone(),
		slot_duration,
		spawner: &task_manager.spawn_essential_handle(),
		registry: config.prometheus_registry(),
		telemetry: telemetry.as_ref().map(Telemetry::handle),
	})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus { import, babe, babe_worker, grandpa, inherents, telemetry },
	})
}

/// The slot that the clock shows and the time, for a block that is built or checked now.
fn inherents(slot_duration: SlotDuration) -> Inherents {
	Arc::new(move |_, ()| async move {
		let now = sp_timestamp::InherentDataProvider::from_system_time();
		let slot = sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(*now, slot_duration);
		Ok((slot, now))
	})
}

/// Starts a node with the network stack that the configuration names.
///
/// # Errors
/// When a part of the node cannot start: the database, a port, a key.
pub fn new_full(config: Configuration) -> Result<TaskManager, ServiceError> {
	match config.network.network_backend {
		NetworkBackendType::Litep2p => start::<Litep2pNetworkBackend>(config),
		NetworkBackendType::Libp2p => start::<NetworkWorker<Block, <Block as BlockT>::Hash>>(config),
	}
}

fn start<N: NetworkBackend<Block, <Block as BlockT>::Hash>>(config: Configuration) -> Result<TaskManager, ServiceError> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { import, babe, babe_worker, grandpa, inherents, mut telemetry },
	} = new_partial(&config)?;
	let keystore = keystore_container.keystore();
	let registry = config.prometheus_registry().cloned();
	let genesis =
		client.block_hash(0)?.ok_or_else(|| ServiceError::Other("the database has no genesis block: purge it".into()))?;

	let metrics = N::register_notification_metrics(registry.as_ref());
	let mut network_config = sc_network::config::FullNetworkConfiguration::<_, _, N>::new(&config.network, registry.clone());
	let grandpa_protocol = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_peers, grandpa_notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
		grandpa_protocol.clone(),
		metrics.clone(),
		network_config.peer_store_handle(),
	);
	network_config.add_notification_protocol(grandpa_peers);
	let authority_set = grandpa.shared_authority_set().clone();
	let warp_sync =
		Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(backend.clone(), authority_set.clone(), Vec::new()));

	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config: network_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	if config.offchain_worker.enabled {
		let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			is_validator: config.role.is_authority(),
			keystore: Some(keystore.clone()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
			network_provider: Arc::new(network.clone()),
			// The runtime has no use for the world outside.
			enable_http_requests: false,
			custom_extensions: |_| Vec::new(),
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
		);
	}

	let voter_state = SharedVoterState::empty();
	let rpc_builder = {
		let deps = rpc::Dependencies {
			client: client.clone(),
			pool: transaction_pool.clone(),
			select_chain: select_chain.clone(),
			chain_spec: config.chain_spec.cloned_box(),
			keystore: keystore.clone(),
			babe_worker,
			authority_set: authority_set.clone(),
			justifications: grandpa.justification_stream(),
			voter_state: voter_state.clone(),
			finality_proofs: sc_consensus_grandpa::FinalityProofProvider::new_for_service(backend.clone(), Some(authority_set)),
		};
		Box::new(move |executor| rpc::create_full(&deps, executor).map_err(ServiceError::Application))
	};

	let role = config.role;
	let name = config.network.node_name.clone();
	let force_authoring = config.force_authoring;
	let vote = !config.disable_grandpa;

	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	if role.is_authority() {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			registry.as_ref(),
			telemetry.as_ref().map(Telemetry::handle),
		);
		let authoring = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: keystore.clone(),
			client,
			select_chain,
			env: proposer,
			block_import: import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: inherents,
			force_authoring,
			backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
			babe_link: babe,
			block_proposal_slot_portion: SlotProportion::new(PROPOSAL),
			// Without it the time for a proposal doubles with every skipped slot.
			max_block_proposal_slot_portion: Some(SlotProportion::new(PROPOSAL)),
			telemetry: telemetry.as_ref().map(Telemetry::handle),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("babe-proposer", Some("block-authoring"), authoring);
	}

	if vote {
		// Those who do not author still follow the votes; without a keystore they cannot cast one.
		let config = sc_consensus_grandpa::Config {
			gossip_duration: GOSSIP,
			justification_generation_period: JUSTIFICATION_PERIOD,
			name: Some(name),
			observer_enabled: false,
			keystore: role.is_authority().then_some(keystore),
			local_role: role,
			telemetry: telemetry.as_ref().map(Telemetry::handle),
			protocol_name: grandpa_protocol,
		};
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config,
			link: grandpa,
			network,
			sync: sync_service,
			notification_service: grandpa_notifications,
			voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
			prometheus_registry: registry,
			shared_voter_state: voter_state,
			telemetry: telemetry.as_ref().map(Telemetry::handle),
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}
