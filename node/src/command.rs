//! What each command of the command line does.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	service::{self, Client, PartialNode},
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
		"Runs a node of DOIN, a chain whose blocks are driven by verified optimization work: optimizers submit models, drawn evaluators \
		 recompute them, and improvements are what mints coins. Without a subcommand it runs a node; --dev is the place to start."
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

/// Parses the command line and does what it says.
///
/// # Errors
/// Whatever stopped the command, as a sentence for its user.
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
			// Consensus keeps data of its own beside the blocks: epochs and weights, authority sets.
			let consensus = Box::new(|client: Arc<Client>, backend, blocks| {
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

fn parts(config: &Configuration) -> sc_cli::Result<PartialNode> {
	Ok(service::new_partial(config)?)
}

async fn start(config: Configuration) -> sc_cli::Result<TaskManager> {
	Ok(service::new_full(config)?)
}
