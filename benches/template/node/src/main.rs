//! The node of the SDK's solochain template, which `scripts/bench.sh chain` compares the transactions per second of this chain with.
//!
//! It has the service of the template in the versions of this workspace, and the commands that the benchmark calls.

mod service;

use doin_template_runtime::WASM_BINARY;
use sc_chain_spec::ChainType;
use sc_cli::{ExportBlocksCmd, ExportChainSpecCmd, ImportBlocksCmd, RunCmd, SubstrateCli};
use sc_service::PartialComponents;

/// Specification of a chain of the template.
type ChainSpec = sc_service::GenericChainSpec;

/// Command line of the node.
#[derive(Debug, clap::Parser)]
struct Cli {
	/// Command to run instead of a node.
	#[command(subcommand)]
	subcommand: Option<Subcommand>,

	/// Options of the node.
	#[clap(flatten)]
	run: RunCmd,
}

/// Commands beside running a node.
#[derive(Debug, clap::Subcommand)]
enum Subcommand {
	/// Write a chain specification as JSON.
	ExportChainSpec(ExportChainSpecCmd),

	/// Write blocks of the database to a file.
	ExportBlocks(ExportBlocksCmd),

	/// Verify and import blocks from a file of `export-blocks`.
	ImportBlocks(ImportBlocksCmd),
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Solochain template".into()
	}

	fn impl_version() -> String {
		env!("CARGO_PKG_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
	}

	fn copyright_start_year() -> i32 {
		2017
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		match id {
			"" | "dev" => {
				let wasm = WASM_BINARY.ok_or("this node was built without a runtime: rebuild it with SKIP_WASM_BUILD unset")?;
				let builder = ChainSpec::builder(wasm, None).with_name("Development").with_id("dev");
				let builder = builder.with_chain_type(ChainType::Development);
				Ok(Box::new(builder.with_genesis_config_preset_name(sp_genesis_builder::DEV_RUNTIME_PRESET).build()))
			}
			path => Ok(Box::new(ChainSpec::from_json_file(path.into())?)),
		}
	}
}

fn main() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::ExportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Some(Subcommand::ImportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		None => cli
			.create_runner(&cli.run)?
			.run_node_until_exit(|config| async move { service::new_full(config).map_err(sc_cli::Error::Service) }),
	}
}
