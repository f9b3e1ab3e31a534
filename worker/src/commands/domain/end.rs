//! `domain close` and `domain retire`: the end of a domain, which releases its deposits.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::{count, OutputArgs},
};
use anyhow::Result;
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{Balance, BlockNumber, DomainId};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `domain close` and `domain retire`.
#[derive(Clone, Debug, Args)]
pub struct EndArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain close`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails, e.g. because the domain has a weight.
pub async fn close(node: &NodeArgs, args: EndArgs) -> Result<()> {
	let included = submit(node, &args.key, &Call::close(args.id)).await?;
	args.output.print(&ClosedReport::new(&included)?)
}

/// Runs `domain retire`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails, e.g. because the domain is active or has open rounds.
pub async fn retire(node: &NodeArgs, args: EndArgs) -> Result<()> {
	let included = submit(node, &args.key, &Call::retire(args.id)).await?;
	args.output.print(&RetiredReport::new(&included)?)
}

async fn submit(node: &NodeArgs, key: &KeyArgs, call: &Call) -> Result<Included> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	Ok(chain.submit(&signer, call, Urgency::Relaxed).await?)
}

/// Report of `domain close`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClosedReport {
	domain: DomainId,
	/// Undecided rounds, which run to their verdicts.
	open_rounds: u32,
	block: BlockNumber,
}

impl ClosedReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (domain, open_rounds): (DomainId, u32) = included.expect("Domains", "Closed")?;
		Ok(Self { domain, open_rounds, block: included.block.number })
	}
}

impl Display for ClosedReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, open_rounds, block } = self;
		let when = match open_rounds {
			0 => "now".to_string(),
			1 => "once its undecided round is decided".to_string(),
			rounds => format!("once its {} are decided", count(*rounds as usize, "undecided round")),
		};
		writeln!(
			f,
			"Domain {domain} takes no commits since block {block}, and cannot be opened again. Release its deposit {when}: doin-worker \
			domain retire {domain} --key KEY"
		)
	}
}

/// Report of `domain retire`.
#[derive(Debug, Serialize)]
struct RetiredReport {
	domain: DomainId,
	owner: Account,
	/// Deposit that was released to the owner.
	deposit: Amount,
	/// Bounty that was released to its donors.
	bounty: Amount,
	block: BlockNumber,
}

impl RetiredReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (domain, owner, deposit, bounty): (DomainId, Account, Balance, Balance) = included.expect("Domains", "Retired")?;
		Ok(Self { domain, owner, deposit: Amount(deposit), bounty: Amount(bounty), block: included.block.number })
	}
}

impl Display for RetiredReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, owner, deposit, bounty, block } = self;
		let bounty = match bounty.0 {
			0 => String::new(),
			_ => format!(", and {bounty} of its bounty to their donors"),
		};
		writeln!(f, "Domain {domain} is removed since block {block}: its deposit of {deposit} is released to {owner}{bounty}.")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use doin_chain::{Event, Head};
	use doin_primitives::DOIN;

	const WHO: Account = Account([7; 32]);

	/// Returns a call in block 9 with one event of pallet `domains`.
	fn included(name: &str, fields: impl Encode) -> Included {
		let event = Event { pallet: "Domains".into(), name: name.into(), fields: fields.encode() };
		Included { block: Head { number: 9, hash: [5; 32] }, events: vec![event], fee: 0 }
	}

	#[test]
	fn k31_a_closed_domain_is_reported_with_its_open_rounds_and_the_next_step() {
		let text = |rounds: u32| ClosedReport::new(&included("Closed", (3u32, rounds))).unwrap().to_string();
		assert!(text(0).contains("since block 9") && text(0).contains("Release its deposit now: doin-worker domain retire 3"));
		assert!(text(1).contains("once its undecided round is decided"), "{}", text(1));
		assert!(text(2).contains("once its 2 undecided rounds are decided"), "{}", text(2));
		let missing = ClosedReport::new(&included("Retired", 3u32)).unwrap_err().to_string();
		assert!(missing.contains("Domains.Closed is missing"), "{missing}");
	}

	#[test]
	fn k31_a_retired_domain_is_reported_with_what_was_released() {
		let report = |bounty: Balance| RetiredReport::new(&included("Retired", (3u32, WHO, 5 * DOIN, bounty))).unwrap();
		let text = report(0).to_string();
		assert!(text.contains("its deposit of 5 DOIN is released to ") && !text.contains("bounty"), "{text}");
		assert!(report(DOIN).to_string().contains("and 1 DOIN of its bounty to their donors"));
		let json = serde_json::to_value(report(DOIN)).unwrap();
		assert_eq!((&json["deposit"], &json["bounty"], &json["block"]), (&"5 DOIN".into(), &"1 DOIN".into(), &9.into()));
	}
}
