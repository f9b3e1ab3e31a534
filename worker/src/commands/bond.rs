//! `bond`, `unbond` and `withdraw`: what an evaluator has at stake.

use crate::{
	args::{one_of, AmountArgs, KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::Result;
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{Balance, BlockNumber};
use doin_roles::{amount::Amount, config::ClassName};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Error of a first bond of an account that has a bond.
const ALREADY_BONDED: &str = "Evaluators::AlreadyBonded";

/// Arguments of `bond`.
#[derive(Clone, Debug, Args)]
pub struct BondArgs {
	#[command(flatten)]
	amount: AmountArgs,
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
	let amount = amount.amount()?;
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let bonded = chain.reputation(chain.head(), signer.account()).await?.bond;
	let more = Call::bond_extra(amount.0);
	let first = if bonded == 0 { Call::bond(amount.0, class.into()) } else { more.clone() };
	let included = match chain.submit(&signer, &first, Urgency::Relaxed).await {
		// Another program has bonded the account meanwhile.
		Err(error) if error.dispatch_error() == Some(ALREADY_BONDED) => chain.submit(&signer, &more, Urgency::Relaxed).await?,
		outcome => outcome?,
	};
	output.print(&BondReport::new(&included)?)
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
	let (account, withdrawable): (Account, BlockNumber) = included.expect("Evaluators", "UnbondingStarted")?;
	output.print(&UnbondReport { account, withdrawable })
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
	let (account, amount): (Account, Balance) = included.expect("Evaluators", "Withdrawn")?;
	output.print(&WithdrawReport { account, amount: Amount(amount), block: included.block.number })
}

/// Report of `bond`.
#[derive(Debug, Serialize)]
struct BondReport {
	account: Account,
	/// Amount that this call added.
	added: Amount,
	/// Bond after this call.
	bond: Amount,
	block: BlockNumber,
}

impl BondReport {
	/// Returns the report of a call of `bond` or `bond_extra`, by its event.
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let block = included.block.number;
		if let Some((account, added)) = included.event::<(Account, Balance)>("Evaluators", "Bonded") {
			return Ok(Self { account, added: Amount(added), bond: Amount(added), block });
		}
		let (account, added, bond): (Account, Balance, Balance) = included.expect("Evaluators", "BondIncreased")?;
		Ok(Self { account, added: Amount(added), bond: Amount(bond), block })
	}
}

impl Display for BondReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, added, bond, block } = self;
		writeln!(
			f,
			"{added} were added in block {block}: {account} has a bond of {bond}, and may be drawn. Start `doin-worker run` with this \
			key."
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
	use crate::fixtures;
	use codec::Encode;
	use doin_primitives::DOIN;

	fn included(name: &str, fields: impl Encode) -> Included {
		fixtures::included("Evaluators", name, fields)
	}

	/// Two processes add to one bond: each reports the bond that its own call led to.
	#[test]
	fn k31_the_bond_is_the_one_that_the_chain_reports() {
		let who = Account([7; 32]);
		let first = BondReport::new(&included("Bonded", (who, 500 * DOIN, 0u8))).unwrap();
		assert_eq!((first.account, first.added, first.bond), (who, Amount(500 * DOIN), Amount(500 * DOIN)));
		let second = BondReport::new(&included("BondIncreased", (who, 700 * DOIN, 1_200 * DOIN))).unwrap();
		assert_eq!((second.added, second.bond), (Amount(700 * DOIN), Amount(1_200 * DOIN)));
		let without = Included { events: Vec::new(), ..included("Bonded", ()) };
		assert!(BondReport::new(&without).unwrap_err().to_string().contains("Evaluators.BondIncreased is missing"));
	}

	#[test]
	fn reports_name_account_amount_and_next_step() {
		let account = Account([0; 32]);
		let bond = BondReport { account, added: Amount(DOIN), bond: Amount(2 * DOIN), block: 5 };
		let text = bond.to_string();
		assert!(text.contains("1 DOIN were added in block 5") && text.contains("has a bond of 2 DOIN"), "{text}");
		let unbond = UnbondReport { account, withdrawable: 9 };
		assert!(unbond.to_string().contains("until block 9") && unbond.to_string().contains("doin-worker withdraw"));
		let json = serde_json::to_value(&bond).unwrap();
		assert_eq!((&json["added"], &json["bond"], &json["block"]), (&"1 DOIN".into(), &"2 DOIN".into(), &5.into()));
	}
}
