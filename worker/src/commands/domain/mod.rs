//! `domain`: makes, funds, lists and shows domains.

mod bounty;
mod list;
mod report;
mod show;

pub use show::model_errors;

use crate::{
	args::{DraftArgs, KeyArgs, NodeArgs},
	commands::registration::{register, Price},
	report::{entry, print_text, OutputArgs, Remarks},
};
use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use doin_chain::Patience;
use doin_forecast::{DomainTerms, Draft, DraftOptions, SeriesSource};
use doin_primitives::{domain::INITIAL_LOSS, DomainId};
use doin_roles::amount::Amount;
use report::DraftReport;
use std::{
	fmt::{self, Display, Formatter},
	time::Duration,
};

/// Subcommands of `domain`.
#[derive(Debug, Subcommand)]
pub enum DomainCommand {
	/// Make a domain of one column of a CSV file
	#[command(after_help = "\
EXAMPLES
  Try it, without a node and without paying:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --history 104 --dry-run
  Register it:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --history 104 --key owner.key
  Forecast only the value 13 weeks ahead, or classify it as higher by 1 ppm or more:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --steps 13 --dry-run
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --classes 1 --dry-run

An interrupted upload continues when the same command is run again. A new domain has weight 0: it pays its bounty only, until \
validators vote for it (`doin-worker vote`).")]
	Create(Box<CreateArgs>),
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
	/// List the domains of the chain
	List(ListArgs),
	/// Show one domain: its record, its champion, and the errors of simple models
	Show(ShowArgs),
}

/// Arguments of `domain create`.
#[derive(Clone, Debug, Args)]
pub struct CreateArgs {
	/// CSV file, also compressed by gzip, or - for standard input; FILE:1000 uses its first 1000 rows
	#[arg(long, value_name = "FILE[:ROWS]")]
	csv: SeriesSource,
	/// Column to forecast, by name or by position from 1. May be omitted if only one column has numbers
	#[arg(long, value_name = "COLUMN")]
	column: Option<String>,
	#[command(flatten)]
	series: DraftArgs,
	/// Chunks of a recomputation; more chunks make a verdict more certain and more expensive
	#[arg(long, default_value_t = DomainTerms::default().chunks)]
	chunks: u16,
	/// Windows of a drawn chunk
	#[arg(long, default_value_t = DomainTerms::default().windows)]
	windows: u16,
	/// Least improvement of an accepted candidate, in parts per million
	#[arg(long, value_name = "PPM", default_value_t = DomainTerms::default().min_improvement)]
	min_improvement: u32,
	/// Per cent below the initial champion's error at which the domain counts as solved [default: never]
	#[arg(long, value_name = "PERCENT")]
	target_performance: Option<f64>,
	/// Most bytes of a model
	#[arg(long, default_value_t = DomainTerms::default().model_bytes)]
	model_bytes: u32,
	/// Most multiply-accumulates of a model per window [default: as many as evaluators of the small class serve, at most 32768]
	#[arg(long)]
	window_macs: Option<u32>,
	/// Do not nominate the domain: this saves the nomination deposit, and nobody can vote for the domain
	#[arg(long)]
	no_nominate: bool,
	/// Only show the domain and its costs
	#[arg(long)]
	dry_run: bool,
	#[command(flatten)]
	output: OutputArgs,
	#[command(flatten)]
	key: KeyArgs,
}

/// Arguments of `domain list`.
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
		DomainCommand::Create(args) => create(node, *args).await,
		DomainCommand::Bounty(args) => bounty::add(node, args).await,
		DomainCommand::AnnounceWithdrawal(args) => bounty::announce_withdrawal(node, args).await,
		DomainCommand::WithdrawBounty(args) => bounty::withdraw(node, args).await,
		DomainCommand::List(args) => list::run(node, args.output).await,
		DomainCommand::Show(args) => show::run(node, args.id, args.output).await,
	}
}

impl CreateArgs {
	fn terms(&self) -> Result<DomainTerms> {
		let target = match self.target_performance {
			None => 0,
			Some(percent) if percent > 0.0 && percent < 100.0 => {
				((1.0 - percent / 100.0) * f64::from(INITIAL_LOSS)).round().max(1.0) as u32
			}
			Some(percent) => bail!("invalid --target-performance {percent}: expected a percentage between 0 and 100"),
		};
		Ok(DomainTerms {
			chunks: self.chunks,
			windows: self.windows,
			min_improvement: self.min_improvement,
			target,
			model_bytes: self.model_bytes,
			window_macs: self.window_macs,
		})
	}
}

async fn create(node: &NodeArgs, args: CreateArgs) -> Result<()> {
	let (source, column, terms) = (args.csv.clone(), args.column.clone(), args.terms()?);
	let options = DraftOptions::from(&args.series);
	let draft = tokio::task::spawn_blocking(move || Draft::from_csv(&source, column.as_deref(), &options, &terms)).await??;
	let remarks = Remarks::default();
	remarks.add_notes(&draft.notes);
	let mut report = DraftReport::new(&draft)?;
	report.notes = remarks.texts();
	if !args.output.is_json() {
		print_text(&report)?;
	}
	// A dry run needs no node, but shows the costs if there is one.
	let patience = if args.dry_run { Patience::Once } else { Patience::Within(Duration::from_secs(3)) };
	let chain = match node.connect_with(patience).await {
		Ok(chain) => Some(chain),
		Err(error) if args.dry_run && error.is_transient() => None,
		Err(error) => return Err(error.into()),
	};
	let nominate = !args.no_nominate && draft.is_mintable();
	if let Some(chain) = &chain {
		let price = Price::of(chain, &draft).await?;
		report.set_price(price);
		if !args.output.is_json() {
			print_text(Costs { price, nominate })?;
		}
	}
	if let Some(chain) = chain.filter(|_| !args.dry_run) {
		report.domain = Some(register(&chain, &args.key.signer()?, &draft, nominate).await?);
	}
	if args.output.is_json() {
		return args.output.print(&report);
	}
	match (report.domain, report.fee) {
		(Some(id), _) => println!("Domain {id} takes commits. {}", next_step(id, nominate, draft.spec.target > 0)),
		(None, Some(_)) => println!("Nothing was sent."),
		(None, None) => println!("Nothing was sent, and the costs are unknown without a node."),
	}
	Ok(())
}

/// Costs of a draft as text.
struct Costs {
	price: Price,
	nominate: bool,
}

impl Display for Costs {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Price { fee, deposit, nomination } = self.price;
		let ballot = match self.nominate {
			true => format!("; {} on hold while the domain is on the ballot", Amount(nomination)),
			false => String::new(),
		};
		let (fee, deposit) = (Amount(fee), Amount(deposit));
		entry(f, "costs", format_args!("{fee} burned; {deposit} on hold until it is retired{ballot}; and transaction fees"))
	}
}

/// Returns the next step that makes a domain pay.
fn next_step(id: DomainId, nominated: bool, has_target: bool) -> String {
	match (nominated, has_target) {
		(true, true) => {
			format!("It pays its bounty only, until validators vote for it: doin-worker vote {id}=1000000 --key VALIDATOR-KEY")
		}
		(true, false) => {
			format!("It pays nothing until validators vote for it: doin-worker vote {id}=1000000 --key VALIDATOR-KEY")
		}
		(false, true) => {
			format!("It is not on the ballot and pays its bounty only: doin-worker domain bounty {id} \"250 DOIN\" --key KEY")
		}
		(false, false) => {
			"It is not on the ballot and has no target, so it pays nothing: run this again without --no-nominate".into()
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_next_step_depends_on_ballot_and_target() {
		assert!(next_step(3, true, false).contains("vote 3=1000000"));
		assert!(next_step(3, true, true).starts_with("It pays its bounty only"));
		assert!(next_step(3, false, true).contains("domain bounty 3"));
		assert!(next_step(3, false, false).contains("--no-nominate"));
	}
}
