//! Dispatch of the commands.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	service::{self, FullClient, PartialNode},
};
use doin_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_service::{Configuration, PartialComponents, TaskManager};
use std::sync::Arc;

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
	let cli = Cli::from_args();
	match &cli.subcommand {
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
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
		None => cli.create_runner(&cli.run)?.run_node_until_exit(start),
	}
}

/// Builds the parts that importing a block needs.
fn parts(config: &Configuration) -> sc_cli::Result<PartialNode> {
	Ok(service::new_partial(config)?)
}

/// Starts a node.
async fn start(config: Configuration) -> sc_cli::Result<TaskManager> {
	Ok(service::new_full(config)?)
}
