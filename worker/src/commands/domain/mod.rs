//! `domain`: makes, nominates, funds, lists, shows and ends domains.

mod ballot;
mod bounty;
mod champion;
mod create;
mod end;
mod list;
mod purse;
mod seal;
mod segments;
mod show;
mod tolerance;

pub use segments::describe as describe_evidence;
#[cfg(test)]
pub use segments::tests;

use crate::{args::NodeArgs, report::OutputArgs};
use anyhow::Result;
use clap::{Args, Subcommand};
use create::CreateArgs;
use doin_primitives::DomainId;

/// Subcommands of `domain`.
#[derive(Debug, Subcommand)]
pub enum DomainCommand {
	/// Make a domain of a CSV file: of one column, to forecast, or of a table, with --label; or of a standard function, with --landscape
	#[command(after_help = "\
EXAMPLES
  Try it, without a node and without paying:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --history 104 --dry-run
  Register it:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --history 104 --key owner.key
  Forecast only the value 13 weeks ahead, or classify it as higher by 1 ppm or more:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --steps 13 --dry-run
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --classes 1 --dry-run
  Make a domain of a table, and seal eleven parts of it, which are opened one by one:
    doin-worker domain create --csv letters.csv --label letter --sealed 11 --licence CC-BY-4.0 --dry-run
    doin-worker domain create --csv letters.csv --label letter --sealed 11 --licence CC-BY-4.0 --stake \"10 DOIN\" \
--fund \"2000 DOIN\" --segment-key letters.segments --key owner.key
  Classify images of 8 x 8 pixels, and compute numbers of a table:
    doin-worker domain create --csv digits.csv --label digit --image 8x8 --sealed 1 --licence CC-BY-4.0 --dry-run
    doin-worker domain create --csv houses.csv --label price --values --without id --sealed 4 --licence CC0-1.0 --dry-run
  Make a domain of a standard function, to try searches on:
    doin-worker domain create --landscape rastrigin --dimensions 6 --seed 3 --key owner.key

A domain of public or generated data shows all its data at once. Sealed data leaves this machine one segment at a time, and opened \
bytes can never be erased; the number and the sizes of the segments are public at once. The domain pays from its purse, so nobody \
gains by forecasting data of his own. Keep the CSV file unchanged: file and key rebuild all segments, and nothing else does.

An interrupted upload continues when the same command is run again. A new domain has weight 0: it pays its bounty only, until \
validators vote for it (`doin-worker vote`).")]
	Create(Box<CreateArgs>),
	/// Make a domain of a program of your own, e.g. a training function, which evaluators run off the chain
	#[command(after_help = "\
EXAMPLE
  doin-worker domain create-tolerance --program train.py --command python3 --name \"My training\" --gene rate=1..100:log \
--gene epochs=1..40 --target-performance 50 --key owner.key

The chain stores the hash of the file and never runs it. Evaluators run the file if their own configuration lists the hash, and the \
median of their sums decides. Sums that differ from it by the tolerance or less agree. A majority of a quorum could agree on false sums, so \
such a domain is never minted for: it pays its bounty only. The command runs the program twice on the empty model, whose error candidates \
have to beat. docs/book/src/guides/plugins.md has the protocol, and worker/plugins/python the package.")]
	CreateTolerance(Box<tolerance::ToleranceArgs>),
	/// Put a domain or a stream on the ballot, so that validators can vote for it
	#[command(after_help = "\
EXAMPLES
  doin-worker domain nominate 3 --key owner.key
  doin-worker domain nominate 2147483648 --key sponsor.key

A deposit is on hold until the nomination is withdrawn (`doin-worker domain withdraw-nomination`). On a full ballot, the domain \
takes the place of the one with the smallest deposit among those without weight, for twice that deposit. `doin-worker domain \
create` nominates a new domain unless --no-nominate is given. Any account can nominate any domain, and any stream whose market is old \
enough: its records mint while validators vote for it.")]
	Nominate(ballot::NominationArgs),
	/// Take a domain without weight off the ballot, which releases the deposit of its nominator
	#[command(after_help = "\
EXAMPLE
  doin-worker domain withdraw-nomination 3 --key owner.key

The nominator can withdraw the nomination while the domain has no weight. Any account can once the domain was without weight for \
long, or if nobody can vote for it any more (`doin-worker domain ballot`).")]
	WithdrawNomination(ballot::NominationArgs),
	/// List the domains on the ballot, with their weights and deposits
	Ballot(ListArgs),
	/// Close a domain: it takes no commits any more, for good
	#[command(after_help = "\
EXAMPLE
  doin-worker domain close 3 --key owner.key

Open rounds run to their verdicts; `doin-worker domain retire` releases the deposit then. The owner can close a domain without \
weight. Any account can close one that had no new champion for 180 days and has no weight, or one, also with a weight, whose segment has \
been overdue for 30 days.")]
	Close(end::EndArgs),
	/// Remove a domain that takes no commits, which releases its deposit, its purse and its bounty
	#[command(after_help = "\
EXAMPLE
  doin-worker domain retire 3 --key owner.key

A domain ends by `doin-worker domain close`, by reaching its target, or by a refused activation. One whose data is not uploaded \
completely can be retired by its owner at once. The rest of the bounty returns to its donors.")]
	Retire(end::EndArgs),
	/// Add to the bounty of a domain, paid to the author of the first champion that reaches its target
	#[command(after_help = "\
EXAMPLE
  doin-worker domain bounty 3 \"250 DOIN\" --key owner.key

The amount is put on hold, and is returned if the domain is retired unsolved, or if the donor withdraws it (`doin-worker domain \
announce-withdrawal`). Only a domain with a target takes a bounty. An addition cancels an announced withdrawal of the same \
account.")]
	Bounty(bounty::BountyArgs),
	/// Announce that this account withdraws its part of the bounty of a domain
	#[command(after_help = "\
EXAMPLE
  doin-worker domain announce-withdrawal 3 --key owner.key

The amount is not paid for later rounds than the current one. It stays on hold for a notice, the longest time that a round can \
take; `doin-worker domain withdraw-bounty` releases it then. The report names the block.")]
	AnnounceWithdrawal(bounty::WithdrawalArgs),
	/// Release this account's part of the bounty of a domain, after the notice of `announce-withdrawal`
	#[command(after_help = "\
EXAMPLE
  doin-worker domain withdraw-bounty 3 --key owner.key

The chain refuses it before the notice has passed, and while a round that the amount is paid for is undecided.")]
	WithdrawBounty(bounty::WithdrawalArgs),
	/// Add to the purse of a sealed domain, which pays for what is found on its segments
	#[command(after_help = "\
EXAMPLE
  doin-worker domain fund 3 \"1000 DOIN\" --key owner.key

The amount is put on hold for the owner. What a verdict mints is burned from it, so an empty purse pays nothing. The domain takes \
commits while the purse covers a whole work block (`doin-worker status`).")]
	Fund(purse::PurseArgs),
	/// Take money out of the purse of a sealed domain, while no round is open
	#[command(after_help = "\
EXAMPLE
  doin-worker domain withdraw 3 \"500 DOIN\" --key owner.key")]
	Withdraw(purse::PurseArgs),
	/// Seal the segments of a CSV file that are not sealed yet
	#[command(after_help = "\
EXAMPLE
  doin-worker domain seal 3 --csv load.csv --column MW --key owner.key

All options that name columns and rows are those of `domain create`. Nothing is sent unless the segments that are sealed already are \
those of the file. A segment that is sealed has to be opened when a round waits for it (`doin-worker own`).")]
	Seal(Box<seal::SealArgs>),
	/// Save the champion of a sealed domain as a model file, which `predict` and `evaluate` take
	#[command(after_help = "\
EXAMPLES
  doin-worker domain champion 3 --csv letters.csv --label letter --segment-key letters.segments --out champion.doin
  doin-worker predict --model champion.doin --csv new.csv

The bytes of the model are those of the chain. The map from columns to bytes is made of the CSV file of the owner, and is part of the \
model file, so that it needs neither that file nor a key. All options that name columns and rows are those of `domain create`.")]
	Champion(Box<champion::ChampionArgs>),
	/// List the segments of a sealed domain
	Segments(segments::SegmentsArgs),
	/// List the domains of the chain
	List(ListArgs),
	/// Show one domain: its record, its champion, and the errors of simple models
	Show(ShowArgs),
}

/// Arguments of `domain list` and `domain ballot`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ListArgs {
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `domain show`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ShowArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain`.
///
/// # Errors
///
/// Errors if the file, the key or the domain cannot be used, or if a call fails.
pub async fn run(node: &NodeArgs, command: DomainCommand) -> Result<()> {
	match command {
		DomainCommand::Create(args) => create::run(node, *args).await,
		DomainCommand::CreateTolerance(args) => tolerance::run(node, *args).await,
		DomainCommand::Nominate(args) => ballot::nominate(node, args).await,
		DomainCommand::WithdrawNomination(args) => ballot::withdraw(node, args).await,
		DomainCommand::Ballot(args) => ballot::list(node, args.output).await,
		DomainCommand::Close(args) => end::close(node, args).await,
		DomainCommand::Retire(args) => end::retire(node, args).await,
		DomainCommand::Bounty(args) => bounty::add(node, args).await,
		DomainCommand::AnnounceWithdrawal(args) => bounty::announce_withdrawal(node, args).await,
		DomainCommand::WithdrawBounty(args) => bounty::withdraw(node, args).await,
		DomainCommand::Fund(args) => purse::fund(node, args).await,
		DomainCommand::Withdraw(args) => purse::withdraw(node, args).await,
		DomainCommand::Seal(args) => seal::run(node, *args).await,
		DomainCommand::Champion(args) => champion::run(node, *args).await,
		DomainCommand::Segments(args) => segments::run(node, args).await,
		DomainCommand::List(args) => list::run(node, args.output).await,
		DomainCommand::Show(args) => show::run(node, args.id, args.output).await,
	}
}
