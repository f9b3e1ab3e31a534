//! `domain bounty`, `domain announce-withdrawal` and `domain withdraw-bounty`: the part of an account in a bounty.

use crate::{
	args::{AmountArgs, KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::Result;
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{Balance, BlockNumber, DomainId};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `domain bounty`.
#[derive(Clone, Debug, Args)]
pub struct BountyArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	amount: AmountArgs,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `domain announce-withdrawal` and `domain withdraw-bounty`.
#[derive(Clone, Debug, Args)]
pub struct WithdrawalArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain bounty`.
///
/// # Errors
///
/// Errors if the amount or the key cannot be used, or if the call fails.
pub async fn add(node: &NodeArgs, args: BountyArgs) -> Result<()> {
	let call = Call::add_bounty(args.id, args.amount.amount()?.0);
	let included = submit(node, &args.key, &call).await?;
	args.output.print(&BountyReport::new(&included)?)
}

/// Runs `domain announce-withdrawal`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails.
pub async fn announce_withdrawal(node: &NodeArgs, args: WithdrawalArgs) -> Result<()> {
	let included = submit(node, &args.key, &Call::announce_withdrawal(args.id)).await?;
	args.output.print(&AnnouncementReport::new(&included)?)
}

/// Runs `domain withdraw-bounty`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails.
pub async fn withdraw(node: &NodeArgs, args: WithdrawalArgs) -> Result<()> {
	let included = submit(node, &args.key, &Call::withdraw_bounty(args.id)).await?;
	args.output.print(&WithdrawalReport::new(&included)?)
}

async fn submit(node: &NodeArgs, key: &KeyArgs, call: &Call) -> Result<Included> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	Ok(chain.submit(&signer, call, Urgency::Relaxed).await?)
}

/// Report of `domain bounty`.
#[derive(Debug, Serialize)]
struct BountyReport {
	domain: DomainId,
	/// Amount that this call added.
	added: Amount,
	/// Bounty after this call.
	bounty: Amount,
	block: BlockNumber,
}

impl BountyReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (domain, _, added, bounty): (DomainId, Account, Balance, Balance) = included.expect("Domains", "BountyAdded")?;
		Ok(Self { domain, added: Amount(added), bounty: Amount(bounty), block: included.block.number })
	}
}

impl Display for BountyReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, added, bounty, block } = self;
		writeln!(f, "{added} were added in block {block}: domain {domain} has a bounty of {bounty}.")
	}
}

/// Report of `domain announce-withdrawal`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnnouncementReport {
	domain: DomainId,
	account: Account,
	/// Amount that is withdrawn.
	amount: Amount,
	/// First block in which the amount can be withdrawn.
	withdrawable: BlockNumber,
	/// Last round that the amount is paid for.
	last_round: u32,
	/// Bounty of later rounds.
	bounty: Amount,
	block: BlockNumber,
}

impl AnnouncementReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		type Announced = (DomainId, Account, Balance, BlockNumber, u32, Balance);
		let event: Announced = included.expect("Domains", "WithdrawalAnnounced")?;
		let (domain, account, amount, withdrawable, last_round, bounty) = event;
		let (amount, bounty, block) = (Amount(amount), Amount(bounty), included.block.number);
		Ok(Self { domain, account, amount, withdrawable, last_round, bounty, block })
	}
}

impl Display for AnnouncementReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, account, amount, withdrawable, last_round, bounty, .. } = self;
		writeln!(
			f,
			"{amount} of {account} are not paid after round {last_round}: domain {domain} has a bounty of {bounty} from then on. Run `doin-worker domain withdraw-bounty {domain}` with this key from block {withdrawable} on; until then, the \
			amount stays on hold."
		)
	}
}

/// Report of `domain withdraw-bounty`.
#[derive(Debug, Serialize)]
struct WithdrawalReport {
	domain: DomainId,
	account: Account,
	/// Amount that was released.
	amount: Amount,
	block: BlockNumber,
}

impl WithdrawalReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (domain, account, amount): (DomainId, Account, Balance) = included.expect("Domains", "BountyWithdrawn")?;
		Ok(Self { domain, account, amount: Amount(amount), block: included.block.number })
	}
}

impl Display for WithdrawalReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, account, amount, block } = self;
		writeln!(f, "{amount} of {account} are free since block {block}; they were on hold for the bounty of domain {domain}.")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures;
	use codec::Encode;
	use doin_primitives::DOIN;

	const WHO: Account = Account([7; 32]);

	fn included(name: &str, fields: impl Encode) -> Included {
		fixtures::included("Domains", name, fields)
	}

	#[test]
	fn k31_a_bounty_is_reported_as_the_chain_stored_it() {
		let report = BountyReport::new(&included("BountyAdded", (3u32, WHO, 5u128, DOIN))).unwrap();
		assert_eq!(report.to_string(), "0.000000000005 DOIN were added in block 9: domain 3 has a bounty of 1 DOIN.\n");
	}

	#[test]
	fn k31_a_withdrawal_is_reported_as_the_chain_stored_it() {
		let announced = included("WithdrawalAnnounced", (3u32, WHO, 250 * DOIN, 120u32, 4u32, 0u128));
		let report = AnnouncementReport::new(&announced).unwrap();
		let text = report.to_string();
		assert!(text.starts_with("250 DOIN of ") && text.contains("not paid after round 4"), "{text}");
		assert!(text.contains("withdraw-bounty 3") && text.contains("from block 120 on"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["withdrawable"], &json["lastRound"], &json["bounty"]), (&120.into(), &4.into(), &"0 DOIN".into()));

		let report = WithdrawalReport::new(&included("BountyWithdrawn", (3u32, WHO, 250 * DOIN))).unwrap();
		assert!(report.to_string().contains("250 DOIN of ") && report.to_string().contains("free since block 9"), "{report}");
		let missing = WithdrawalReport::new(&announced).unwrap_err().to_string();
		assert!(missing.contains("Domains.BountyWithdrawn is missing"), "{missing}");
	}
}
