//! The command line.

use sc_cli::{
	BuildSpecCmd, ChainInfoCmd, CheckBlockCmd, ExportBlocksCmd, ExportChainSpecCmd, ImportBlocksCmd, KeySubcommand,
	PurgeChainCmd, RevertCmd, RunCmd,
};

/// Printed below `--help`.
const EXAMPLES: &str = "\
Examples:
  A development chain with one validator, forgotten when it ends:
    doin-node --dev

  The same chain, kept in a directory, with its log turned up for consensus:
    doin-node --dev --base-path ./dev -lbabe=debug,grandpa=debug

  A second node of a local network, told where the first one is:
    doin-node --chain local --bob --bootnodes /ip4/127.0.0.1/tcp/30333/p2p/<peer id>

  A validator of a network that is described by a file:
    doin-node key generate-node-key --base-path ./node --chain ./network.json
    doin-node --validator --chain ./network.json --base-path ./node --name \"my node\"
    Then call `author_rotateKeysWithOwner` on its RPC port with the hex public key of the
    validator's account, and submit `session.setKeys` with the keys and the proof it returns.

  What the chain knows about the domains, as JSON:
    curl -H 'Content-Type: application/json' http://127.0.0.1:9944 \\
      -d '{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"doin_domains\"}'

Chains: `dev` (also when none is named) and `local` are built in; anything else is the path of a
chain specification.
Support: https://github.com/doin-network/doin/issues";

/// What the node was asked to do.
#[derive(Debug, clap::Parser)]
#[command(after_long_help = EXAMPLES)]
pub struct Cli {
	/// Do something else than running a node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// How to run a node.
	#[clap(flatten)]
	pub run: RunCmd,
}

/// What the executable does besides running a node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Generate, inspect or insert keys: accounts, session keys and the node's own identity.
	#[command(subcommand)]
	Key(KeySubcommand),

	/// Write a chain specification as JSON, for people (default) or as raw storage (`--raw`) to start a network from.
	ExportChainSpec(ExportChainSpecCmd),

	/// Write a chain specification with a boot node, as older tools expect it. New tools use `export-chain-spec`.
	BuildSpec(BuildSpecCmd),

	/// Execute a block of the database again, and say whether its result is the recorded one.
	CheckBlock(CheckBlockCmd),

	/// Write blocks of the database to a file.
	ExportBlocks(ExportBlocksCmd),

	/// Verify and import blocks that `export-blocks` has written.
	ImportBlocks(ImportBlocksCmd),

	/// Delete the database of a chain. The keys stay.
	PurgeChain(PurgeChainCmd),

	/// Drop the newest blocks that are not final yet.
	Revert(RevertCmd),

	/// Print the best, the final and the genesis block of the database, as JSON.
	ChainInfo(ChainInfoCmd),
}
