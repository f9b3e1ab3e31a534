//! `bond`, `unbond` and `withdraw`: what an evaluator has at stake.

use crate::{
	args::{one_of, KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{Context, Result};
use clap::Args;
use doin_chain::{Account, Call, Urgency};
use doin_primitives::{Balance, BlockNumber};
use doin_roles::{amount::Amount, config::ClassName};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `bond`.
#[derive(Clone, Debug, Args)]
pub struct BondArgs {
	/// Amount, e.g. `500 DOIN`
	amount: Amount,
	/// Weighted domains that the evaluator serves, by the cost of a chunk
	#[arg(long, value_parser = one_of::<ClassName>(), default_value = "small")]
	class: ClassName,
	#[command(flatten)]
	account: SigningArgs,
}

/// Key that signs, and the format of the report.
#[derive(Clone, Debug, Args)]
pub struct SigningArgs {
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `bond`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails.
pub async fn bond(node: &NodeArgs, args: BondArgs) -> Result<()> {
	let BondArgs { amount, class, account: SigningArgs { key, output } } = args;
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let bonded = chain.reputation(chain.head(), signer.account()).await?.bond;
	let call = if bonded == 0 { Call::bond(amount.0, class.into()) } else { Call::bond_extra(amount.0) };
	let included = chain.submit(&signer, &call, Urgency::Relaxed).await?;
	let bond = Amount(bonded.saturating_add(amount.0));
	output.print(&BondReport { account: signer.account(), bond, block: included.block.number })
}

/// Runs `unbond`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails.
pub async fn unbond(node: &NodeArgs, SigningArgs { key, output }: SigningArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::unbond(), Urgency::Relaxed).await?;
	let (_, withdrawable): (Account, BlockNumber) =
		included.event("Evaluators", "UnbondingStarted").context("the call has no event with the block of the withdrawal")?;
	output.print(&UnbondReport { account: signer.account(), withdrawable })
}

/// Runs `withdraw`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails.
pub async fn withdraw(node: &NodeArgs, SigningArgs { key, output }: SigningArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::withdraw(), Urgency::Relaxed).await?;
	let (_, amount): (Account, Balance) =
		included.event("Evaluators", "Withdrawn").context("the call has no event with the amount that was released")?;
	output.print(&WithdrawReport { account: signer.account(), amount: Amount(amount), block: included.block.number })
}

/// Report of `bond`.
#[derive(Debug, Serialize)]
struct BondReport {
	account: Account,
	bond: Amount,
	block: BlockNumber,
}

impl Display for BondReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, bond, block } = self;
		writeln!(
			f,
			"{account} has a bond of {bond} since block {block}, and may be drawn. Start `doin-worker run` with this key."
		)
	}
}

/// Report of `unbond`.
#[derive(Debug, Serialize)]
struct UnbondReport {
	account: Account,
	/// First block in which the bond can be withdrawn.
	withdrawable: BlockNumber,
}

impl Display for UnbondReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, withdrawable } = self;
		writeln!(
			f,
			"{account} is not drawn any more, but has to answer earlier draws: keep its worker running until block \
			{withdrawable}, then run \
			`doin-worker withdraw` with this key."
		)
	}
}

/// Report of `withdraw`.
#[derive(Debug, Serialize)]
struct WithdrawReport {
	account: Account,
	amount: Amount,
	block: BlockNumber,
}

impl Display for WithdrawReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} of {} are free since block {}.", self.amount, self.account, self.block)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn reports_name_account_amount_and_next_step() {
		let account = Account([0; 32]);
		let bond = BondReport { account, bond: Amount(doin_primitives::DOIN), block: 5 };
		assert!(bond.to_string().contains("bond of 1 DOIN since block 5"));
		let unbond = UnbondReport { account, withdrawable: 9 };
		assert!(unbond.to_string().contains("until block 9") && unbond.to_string().contains("doin-worker withdraw"));
		let json = serde_json::to_value(&bond).unwrap();
		assert_eq!((&json["bond"], &json["block"]), (&"1 DOIN".into(), &5.into()));
	}
}
