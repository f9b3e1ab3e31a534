//! Dispatch of the commands, and limits of the RPC server that the SDK leaves to the operator.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	consensus::cli::AuthoringArgs,
	service::{self, FullClient, HardwareCheck, PartialNode},
};
use doin_runtime::opaque::Block;
use sc_chain_spec::ChainType;
use sc_cli::SubstrateCli;
use sc_service::{
	config::{RpcBatchRequestConfig, RpcEndpoint, RpcMethods},
	Configuration, PartialComponents, TaskManager,
};
use std::{num::NonZeroU32, sync::Arc};

/// Most requests of one batch, unless the operator names another number.
pub const BATCH_LIMIT: u32 = 100;
/// Most calls per minute of one connection from another machine, unless the operator names another number: a hundred per second.
/// A page of polkadot.js makes a few hundred when it is opened.
pub const EXTERNAL_RATE_LIMIT: NonZeroU32 = NonZeroU32::new(6_000).expect("6 000 is not 0; qed");

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"DOIN node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		"Runs a node of DOIN, a Substrate chain that pays for verified improvements of machine-learning models. Without a \
		 subcommand it runs a node; start with --dev."
			.into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(Box::new(chain_spec::load(id)?))
	}
}

/// Parses the command line and runs the command.
///
/// # Errors
///
/// Fails with the error of the command: an invalid option, a chain specification that cannot be loaded, or a part of the node
/// that cannot start.
pub fn run() -> sc_cli::Result<()> {
	let mut cli = Cli::from_args();
	match &cli.subcommand {
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		Some(Subcommand::Network(cmd)) => cmd.run().map_err(sc_cli::Error::Input),
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::BuildSpec(cmd)) => cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.chain_spec, config.network)),
		Some(Subcommand::CheckBlock(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } = parts(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = parts(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Some(Subcommand::ImportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } = parts(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::PurgeChain(cmd)) => cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database)),
		Some(Subcommand::Revert(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, backend, .. } = parts(&config)?;
			// Consensus stores data beside the blocks: epochs, weights and authority sets.
			let consensus = Box::new(|client: Arc<FullClient>, backend, blocks| {
				sc_consensus_babe::revert(client.clone(), backend, blocks)?;
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((cmd.run(client, backend, Some(consensus)), task_manager))
		}),
		Some(Subcommand::ChainInfo(cmd)) => cli.create_runner(cmd)?.sync_run(|config| cmd.run::<Block>(&config)),
		None => run_node(&mut cli),
	}
}

/// Runs a node until it is stopped.
fn run_node(cli: &mut Cli) -> sc_cli::Result<()> {
	let chain = cli.run.shared_params.chain.clone().unwrap_or_default();
	let is_local = is_local(cli, &chain)? || cli.run.shared_params.dev;
	if !cli.run.shared_params.dev && is_local {
		// Other nodes of a test network do not rely on the identity of this one, so it needs no key made beforehand.
		cli.run.network_params.node_key_params.unsafe_force_node_key_generation = true;
	}
	let runner = cli.create_runner(&cli.run).map_err(|error| match error {
		sc_cli::Error::NetworkKeyNotFound(path) => missing_network_key(cli, &chain, &path),
		error => error,
	})?;
	let check = if cli.no_hardware_check { HardwareCheck::Skip } else { HardwareCheck::Measure };
	let authoring = cli.authoring;
	runner.run_node_until_exit(move |mut config| async move {
		for endpoint in config.rpc.addr.iter_mut().flatten() {
			harden(endpoint, is_local).map_err(sc_cli::Error::Input)?;
		}
		start(config, check, authoring).await
	})
}

/// Returns `true` if `chain` is the specification of a test network on one machine. Checks the genesis of a file, whatever type of
/// chain the file names.
fn is_local(cli: &Cli, chain: &str) -> sc_cli::Result<bool> {
	let spec = cli.load_spec(chain).map_err(sc_cli::Error::Input)?;
	let is_local = matches!(spec.chain_type(), ChainType::Development | ChainType::Local);
	if !chain.is_empty() && !chain_spec::KNOWN.contains(&chain) {
		let genesis = spec.build_storage().map_err(sc_cli::Error::Input)?;
		chain_spec::check_public(&genesis).map_err(sc_cli::Error::Input)?;
	}
	Ok(is_local)
}

/// Returns the error of a validator without a network key: with the command that generates it.
fn missing_network_key(cli: &Cli, chain: &str, path: &std::path::Path) -> sc_cli::Error {
	let base = match &cli.run.shared_params.base_path {
		Some(base) => format!("--base-path {}", base.display()),
		None => "--default-base-path".into(),
	};
	let chain = if chain.is_empty() { String::new() } else { format!(" --chain {chain}") };
	sc_cli::Error::Input(format!(
		"this validator has no network key at {}. Peers recognise a validator by this key, so generate it once and keep it:\n  \
		 doin-node key generate-node-key{chain} {base}",
		path.display()
	))
}

/// Sets the limits of an RPC endpoint that the operator has not set. The node fails if the port is in use: the SDK would move to
/// a random port, and clients would talk to the other program.
///
/// # Errors
///
/// Fails if other machines could call unsafe methods. The chain of a test network on one machine (`is_local`) has nothing to
/// lose.
pub fn harden(endpoint: &mut RpcEndpoint, is_local: bool) -> Result<(), String> {
	endpoint.retry_random_port = false;
	if matches!(endpoint.batch_config, RpcBatchRequestConfig::Unlimited) {
		endpoint.batch_config = RpcBatchRequestConfig::Limit(BATCH_LIMIT);
	}
	if endpoint.listen_addr.ip().is_loopback() {
		return Ok(());
	}
	if matches!(endpoint.rpc_methods, RpcMethods::Unsafe) && !is_local {
		return Err(format!(
			"unsafe RPC methods at {}: every machine that reaches this address could read and replace the keys of this node. Leave out \
			 --rpc-methods unsafe, or listen on this machine only, without --rpc-external and --unsafe-rpc-external",
			endpoint.listen_addr
		));
	}
	endpoint.rate_limit.get_or_insert(EXTERNAL_RATE_LIMIT);
	Ok(())
}

/// Builds the parts that importing a block needs.
fn parts(config: &Configuration) -> sc_cli::Result<PartialNode> {
	Ok(service::new_partial(config)?)
}

/// Starts a node.
async fn start(config: Configuration, check: HardwareCheck, authoring: AuthoringArgs) -> sc_cli::Result<TaskManager> {
	let ports: Vec<_> = config.rpc.addr.iter().flatten().map(|endpoint| endpoint.listen_addr).collect();
	service::new_full(config, check, authoring).map_err(|error| explain_port(error.into(), &ports))
}

/// Adds the reason and the next step to the error of an RPC port that is in use. Leaves out the SDK's prefix of a message of this node.
fn explain_port(error: sc_cli::Error, ports: &[std::net::SocketAddr]) -> sc_cli::Error {
	if let sc_cli::Error::Service(sc_service::Error::Other(message)) = error {
		return sc_cli::Error::Input(message);
	}
	match ports.first() {
		Some(address) if is_port_in_use(&error) => sc_cli::Error::Input(format!(
			"the RPC port {} of {} is in use by another program, perhaps another node. Stop that program, or choose a free port with \
			 --rpc-port",
			address.port(),
			address.ip()
		)),
		_ => error,
	}
}

/// Returns `true` if `error` or one of its sources is that of an address in use.
fn is_port_in_use(error: &(dyn std::error::Error + 'static)) -> bool {
	let errors = std::iter::successors(Some(error), |error| error.source());
	errors.filter_map(|error| error.downcast_ref::<std::io::Error>()).any(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}
