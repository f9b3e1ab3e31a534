//! `budget`: limits what a hot key may cost its account.

use crate::{
	args::{AmountArgs, KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::Result;
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{Balance, BlockNumber};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `budget`.
#[derive(Clone, Debug, Args)]
pub struct BudgetArgs {
	#[command(flatten)]
	limit: AmountArgs,
	/// Blocks of a window; 14400 are a day with blocks of 6 seconds
	#[arg(long, value_name = "BLOCKS", default_value_t = 14_400, value_parser = clap::value_parser!(u32).range(1..))]
	window: BlockNumber,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `budget`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails.
pub async fn run(node: &NodeArgs, args: BudgetArgs) -> Result<()> {
	let limit = args.limit.amount()?;
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::set_budget(limit.0, args.window), Urgency::Relaxed).await?;
	args.output.print(&BudgetReport::new(&included)?)
}

/// Report of `budget`.
#[derive(Debug, Serialize)]
struct BudgetReport {
	account: Account,
	limit: Amount,
	/// Blocks of a window.
	window: BlockNumber,
	block: BlockNumber,
}

impl BudgetReport {
	/// Returns the report of a call of `set`, by its event.
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (account, limit, window): (Account, Balance, BlockNumber) = included.expect("Budget", "BudgetSet")?;
		Ok(Self { account, limit: Amount(limit), window, block: included.block.number })
	}
}

impl Display for BudgetReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, limit, window, block } = self;
		match limit.0 {
			0 => writeln!(f, "{account} has no budget since block {block}: a hot key cannot commit for it."),
			_ => {
				writeln!(f, "Since block {block}, a hot key of type `Work` may cost {account} up to {limit} in {window} blocks.")
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::included;
	use doin_primitives::DOIN;

	#[test]
	fn n6_a_budget_is_reported_as_the_chain_stored_it() {
		let report = |limit: Balance, window: BlockNumber| {
			BudgetReport::new(&included("Budget", "BudgetSet", (Account([7; 32]), limit, window))).unwrap()
		};
		let set = report(20 * DOIN, 14_400).to_string();
		assert!(set.starts_with("Since block 9") && set.contains("up to 20 DOIN in 14400 blocks"), "{set}");
		assert!(report(0, 0).to_string().contains("has no budget"));
	}
}
