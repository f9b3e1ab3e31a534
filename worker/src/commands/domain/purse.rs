//! `domain fund` and `domain withdraw`: the purse of a sealed domain.

use crate::{
	args::{AmountArgs, KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{Context, Result};
use clap::Args;
use doin_chain::{Call, Urgency};
use doin_primitives::{BlockNumber, DomainId};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `domain fund` and `domain withdraw`.
#[derive(Clone, Debug, Args)]
pub struct PurseArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	amount: AmountArgs,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain fund`.
///
/// # Errors
///
/// Errors if the amount or the key cannot be used, or if the call fails.
pub async fn fund(node: &NodeArgs, args: PurseArgs) -> Result<()> {
	let amount = args.amount.amount()?;
	change(node, args, Call::fund, Change::Added(amount)).await
}

/// Runs `domain withdraw`.
///
/// # Errors
///
/// Errors if the amount or the key cannot be used, or if the call fails, e.g. because a round is open.
pub async fn withdraw(node: &NodeArgs, args: PurseArgs) -> Result<()> {
	let amount = args.amount.amount()?;
	change(node, args, Call::withdraw_purse, Change::Released(amount)).await
}

async fn change(node: &NodeArgs, args: PurseArgs, call: fn(DomainId, u128) -> Call, change: Change) -> Result<()> {
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &call(args.id, change.amount().0), Urgency::Relaxed).await?;
	let evidence = chain.evidence(included.block, args.id).await?;
	let evidence = evidence.with_context(|| format!("domain {} has no purse any more", args.id))?;
	args.output.print(&PurseReport { domain: args.id, change, purse: Amount(evidence.purse), block: included.block.number })
}

/// Change of a purse.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Change {
	/// Amount that was added.
	Added(Amount),
	/// Amount that was released.
	Released(Amount),
}

impl Change {
	fn amount(self) -> Amount {
		match self {
			Self::Added(amount) | Self::Released(amount) => amount,
		}
	}
}

/// Report of `domain fund` and `domain withdraw`.
#[derive(Debug, Serialize)]
struct PurseReport {
	domain: DomainId,
	#[serde(flatten)]
	change: Change,
	/// Amount in the purse after the call.
	purse: Amount,
	block: BlockNumber,
}

impl Display for PurseReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, change, purse, block } = self;
		let what = match change {
			Change::Added(amount) => format!("{amount} were added"),
			Change::Released(amount) => format!("{amount} were released"),
		};
		writeln!(f, "{what} in block {block}: the purse of domain {domain} holds {purse}.")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::DOIN;

	#[test]
	fn a_purse_is_reported_as_the_chain_stored_it() {
		let report = |change| PurseReport { domain: 3, change, purse: Amount(7 * DOIN), block: 9 };
		let added = report(Change::Added(Amount(5 * DOIN)));
		assert_eq!(added.to_string(), "5 DOIN were added in block 9: the purse of domain 3 holds 7 DOIN.\n");
		assert_eq!(serde_json::to_value(&added).unwrap()["added"], "5 DOIN");
		assert!(report(Change::Released(Amount(DOIN))).to_string().starts_with("1 DOIN were released"));
	}
}
