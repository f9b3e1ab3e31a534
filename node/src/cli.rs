//! Command line of the node.

use crate::{consensus::cli::AuthoringArgs, network::NetworkCommand};
use sc_cli::{
	BuildSpecCmd, ChainInfoCmd, CheckBlockCmd, ExportBlocksCmd, ExportChainSpecCmd, ImportBlocksCmd, KeySubcommand,
	PurgeChainCmd, RevertCmd, RunCmd,
};

/// Printed below `--help`.
const EXAMPLES: &str = "\
Examples:
  A development chain with one validator, deleted when the node stops:
    doin-node --dev

  The same chain, kept in a directory, with debug logs of consensus:
    doin-node --dev --base-path ./dev -lbabe=debug,grandpa=debug

  A second node of a local network, connected to the first one:
    doin-node --chain local --bob --bootnodes /ip4/127.0.0.1/tcp/30333/p2p/<peer id>

  A validator of a network whose specification is in a file:
    doin-node key generate-node-key --base-path ./node --chain ./network.json
    doin-node --validator --chain ./network.json --base-path ./node --name \"my node\"
    Then call `author_rotateKeysWithOwner` on its RPC port with the hex public key of the
    validator's account, and submit `session.setKeys` with the keys and the proof it returns.

  The chain specification of a new network, from the keys of its founders:
    doin-node network keys --id doin-testnet --stash <address> --base-path ./node
    doin-node network create ./network.json --raw --output ./doin-testnet.json

  The registered domains, as JSON:
    curl -H 'Content-Type: application/json' http://127.0.0.1:9944 \\
      -d '{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"doin_domains\"}'

RPC: other machines can call safe methods only (--rpc-external), at most 6000 times per minute and
connection unless --rpc-rate-limit says otherwise. A batch has at most 100 requests.
Chains: `dev` (the default) and `local` are built in; any other value is the path of a chain
specification.
Support: https://github.com/doin-network/doin/issues";

/// Command line of `doin-node`.
#[derive(Debug, clap::Parser)]
#[command(after_long_help = EXAMPLES)]
pub struct Cli {
	/// Command to run instead of a node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// Options of the node.
	#[clap(flatten)]
	pub run: RunCmd,

	/// Options of the block author.
	#[clap(flatten)]
	pub authoring: AuthoringArgs,

	/// Start a validator without measuring whether its machine is as fast as the reference machine.
	#[arg(long)]
	pub no_hardware_check: bool,
}

/// Commands beside running a node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Generate, inspect or insert keys: accounts, session keys and the identity of the node.
	#[command(subcommand)]
	Key(KeySubcommand),

	/// Start a new public network: generate the keys of its first validators, and create its chain specification.
	#[command(subcommand)]
	Network(NetworkCommand),

	/// Write a chain specification as JSON: readable by default, or raw storage to start a network from (`--raw`).
	ExportChainSpec(ExportChainSpecCmd),

	/// Write a chain specification with a boot node, in the form of older tools. Prefer `export-chain-spec`.
	BuildSpec(BuildSpecCmd),

	/// Execute a block of the database again and compare the result with the recorded one.
	CheckBlock(CheckBlockCmd),

	/// Write blocks of the database to a file.
	ExportBlocks(ExportBlocksCmd),

	/// Verify and import blocks from a file of `export-blocks`.
	ImportBlocks(ImportBlocksCmd),

	/// Delete the database of a chain. Keys are kept.
	PurgeChain(PurgeChainCmd),

	/// Remove the newest blocks that are not final.
	Revert(RevertCmd),

	/// Print the best, the finalized and the genesis block of the database as JSON.
	ChainInfo(ChainInfoCmd),
}
