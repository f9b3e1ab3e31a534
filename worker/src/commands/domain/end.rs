//! `domain close` and `domain retire`: the end of a domain, which releases its deposits.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::{count, OutputArgs},
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_chain::{Account, Call, Chain, Head, Included, MissingEvent, Urgency};
use doin_primitives::{
	evidence::{blocks, ABANDONED_MS, DAY_MS, SUSPENDED_MS},
	views::DomainView,
	Balance, BlockNumber, DomainId, Status,
};
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
/// Errors if the chain would refuse the call, with the reason and the next step, if the key cannot be used, or if the call fails.
pub async fn close(node: &NodeArgs, args: EndArgs) -> Result<()> {
	let (id, signer) = (args.id, args.key.signer()?);
	let chain = node.connect().await?;
	let ending = Ending::read(&chain, chain.head(), id).await?;
	if let Some(reason) = ending.not_closable(signer.account()) {
		bail!("domain {id} cannot be closed: {reason}. Nothing was sent");
	}
	let included = chain.submit(&signer, &Call::close(id), Urgency::Relaxed).await?;
	args.output.print(&ClosedReport::new(&included)?)
}

/// Runs `domain retire`.
///
/// # Errors
///
/// Errors if the chain would refuse the call, with the reason and the next step, if the key cannot be used, or if the call fails.
pub async fn retire(node: &NodeArgs, args: EndArgs) -> Result<()> {
	let (id, signer) = (args.id, args.key.signer()?);
	let chain = node.connect().await?;
	let at = chain.head();
	if let Some(reason) = Ending::read(&chain, at, id).await?.not_retirable(signer.account()) {
		bail!("domain {id} cannot be retired: {reason}. Nothing was sent");
	}
	// Without an open round, only the owner changes the purse.
	let purse = chain.evidence(at, id).await?.map(|evidence| Amount(evidence.purse));
	let included = chain.submit(&signer, &Call::retire(id), Urgency::Relaxed).await?;
	args.output.print(&RetiredReport::new(&included, purse)?)
}

/// State of a domain that decides who can end it.
#[derive(Clone, Debug)]
struct Ending {
	domain: DomainView<Account>,
	/// Number of undecided rounds.
	open_rounds: u32,
	/// The domain has had no new champion for 180 days.
	is_abandoned: bool,
	/// The domain has waited for a segment for 30 days after the time for it was over.
	is_suspended_long: bool,
}

impl Ending {
	/// Reads the state of a domain.
	async fn read(chain: &Chain, at: Head, id: DomainId) -> Result<Self> {
		let unknown = || format!("domain {id} does not exist: `doin-worker domain list` lists the domains");
		let domain = chain.domain(at, id).await?.with_context(unknown)?;
		let (open_rounds, suspended) = chain.open_rounds(at, id).await?.with_context(unknown)?;
		let champion = chain.champion(at, id).await?.map(|champion| champion.block);
		let slot = chain.slot_ms(at).await?;
		// The call is in the next block at the earliest.
		let is_over = |since: Option<BlockNumber>, ms| {
			since.is_some_and(|since| at.number.saturating_add(1) >= since.saturating_add(blocks(ms, slot)))
		};
		let (is_abandoned, is_suspended_long) = (is_over(champion, ABANDONED_MS), is_over(suspended, SUSPENDED_MS));
		Ok(Self { domain, open_rounds, is_abandoned, is_suspended_long })
	}

	/// Returns the reason for which the chain does not let `who` close the domain, and the next step.
	fn not_closable(&self, who: Account) -> Option<String> {
		let DomainView { id, owner, weight, .. } = self.domain;
		match self.domain.status {
			Status::Active => {}
			Status::Loading => {
				return Some(format!(
					"its data is not uploaded completely: its owner can retire it at once (`doin-worker domain retire {id} --key KEY`)"
				))
			}
			Status::Closing | Status::Converged | Status::Refused => {
				return Some(format!(
					"it takes no commits already, since its status is {}: release its deposit with `doin-worker domain retire {id} \
					--key KEY`",
					self.status()
				))
			}
		}
		if self.is_suspended_long {
			return None;
		}
		if owner != who && !self.is_abandoned {
			return Some(format!(
				"it belongs to {owner}: sign with the key of that account. Any account can close it once it has had no new champion for \
				{} days, or once its segment has been overdue for {} days",
				ABANDONED_MS / DAY_MS,
				SUSPENDED_MS / DAY_MS
			));
		}
		let weighted = "it has a weight: wait until validators with more than half of the stake leave it out of their ballots \
			(`doin-worker domain ballot` shows its weight)";
		(weight > 0).then(|| weighted.into())
	}

	/// Returns the reason for which the chain does not let `who` retire the domain, and the next step.
	fn not_retirable(&self, who: Account) -> Option<String> {
		let DomainView { id, owner, .. } = self.domain;
		let is_permitted = match self.domain.status {
			Status::Active => {
				return Some(format!("it takes commits: close it first (`doin-worker domain close {id} --key KEY`)"));
			}
			Status::Closing | Status::Refused => true,
			Status::Converged => owner == who || self.is_abandoned,
			Status::Loading => owner == who,
		};
		if !is_permitted {
			let later = match self.domain.status {
				Status::Converged => {
					let days = ABANDONED_MS / DAY_MS;
					format!(". Any account can retire it once it has had no new champion for {days} days")
				}
				_ => String::new(),
			};
			return Some(format!(
				"its status is {}, and it belongs to {owner}: sign with the key of that account{later}",
				self.status()
			));
		}
		match self.open_rounds {
			0 => None,
			1 => Some("one round is undecided: run this again after its verdict".into()),
			rounds => Some(format!("{} are undecided: run this again after their verdicts", count(rounds as usize, "round"))),
		}
	}

	fn status(&self) -> String {
		format!("{:?}", self.domain.status).to_lowercase()
	}
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
	/// Purse that was released to the owner; `None` for a domain without one.
	purse: Option<Amount>,
	/// Bounty that was released to its donors.
	bounty: Amount,
	block: BlockNumber,
}

impl RetiredReport {
	/// Returns the report of a call, by its event. `purse` is what the domain had in its purse before.
	fn new(included: &Included, purse: Option<Amount>) -> Result<Self, MissingEvent> {
		let (domain, owner, deposit, bounty): (DomainId, Account, Balance, Balance) = included.expect("Domains", "Retired")?;
		Ok(Self { domain, owner, deposit: Amount(deposit), purse, bounty: Amount(bounty), block: included.block.number })
	}
}

impl Display for RetiredReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, owner, deposit, purse, bounty, block } = self;
		let released = match purse.filter(|purse| purse.0 > 0) {
			None => format!("its deposit of {deposit} is"),
			Some(purse) => format!("its deposit of {deposit} and its purse of {purse} are"),
		};
		let bounty = match bounty.0 {
			0 => String::new(),
			_ => format!(", and {bounty} of its bounty to their donors"),
		};
		writeln!(f, "Domain {domain} is removed since block {block}: {released} released to {owner}{bounty}.")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{commands::status::tests::domain, fixtures};
	use codec::Encode;
	use doin_primitives::DOIN;

	const WHO: Account = Account([7; 32]);

	fn included(name: &str, fields: impl Encode) -> Included {
		fixtures::included("Domains", name, fields)
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
		let report =
			|purse, bounty: Balance| RetiredReport::new(&included("Retired", (3u32, WHO, 5 * DOIN, bounty)), purse).unwrap();
		let text = report(None, 0).to_string();
		assert!(text.contains("its deposit of 5 DOIN is released to "), "{text}");
		assert!(!text.contains("bounty") && !text.contains("purse"), "{text}");
		let text = report(Some(Amount(70 * DOIN)), DOIN).to_string();
		assert!(text.contains("its deposit of 5 DOIN and its purse of 70 DOIN are released to "), "{text}");
		assert!(text.contains("and 1 DOIN of its bounty to their donors"), "{text}");
		assert!(!report(Some(Amount(0)), 0).to_string().contains("purse"), "an empty purse");
		let json = serde_json::to_value(report(Some(Amount(DOIN)), DOIN)).unwrap();
		assert_eq!((&json["deposit"], &json["bounty"], &json["block"]), (&"5 DOIN".into(), &"1 DOIN".into(), &9.into()));
		assert_eq!(json["purse"], "1 DOIN");
	}

	const OWNER: Account = Account([1; 32]);

	/// Returns a domain of [`OWNER`] without weight.
	fn ending(status: Status) -> Ending {
		let domain = DomainView { status, owner: OWNER, weight: 0, ..domain() };
		Ending { domain, open_rounds: 0, is_abandoned: false, is_suspended_long: false }
	}

	#[test]
	fn a_domain_that_the_chain_would_not_close_is_refused_with_the_next_step() {
		let active = ending(Status::Active);
		assert_eq!(active.not_closable(OWNER), None);
		let foreign = active.not_closable(WHO).unwrap();
		assert!(foreign.contains(&OWNER.to_string()) && foreign.contains("180 days") && foreign.contains("30 days"), "{foreign}");
		let mut weighted = active.clone();
		weighted.domain.weight = 1;
		assert!(weighted.not_closable(OWNER).unwrap().contains("it has a weight: wait"));
		let abandoned = |ending: &Ending| Ending { is_abandoned: true, ..ending.clone() };
		assert_eq!(abandoned(&active).not_closable(WHO), None);
		assert!(abandoned(&weighted).not_closable(WHO).unwrap().contains("it has a weight"));
		assert_eq!(Ending { is_suspended_long: true, ..weighted }.not_closable(WHO), None, "also with a weight");
		for status in [Status::Loading, Status::Closing, Status::Converged, Status::Refused] {
			let ended = Ending { is_suspended_long: true, ..ending(status) }.not_closable(OWNER).unwrap();
			assert!(ended.contains("doin-worker domain retire 3"), "{ended}");
		}
	}

	#[test]
	fn a_domain_that_the_chain_would_not_retire_is_refused_with_the_next_step() {
		let active = ending(Status::Active).not_retirable(OWNER).unwrap();
		assert!(active.contains("close it first (`doin-worker domain close 3"), "{active}");
		for (status, by_others) in
			[(Status::Closing, true), (Status::Refused, true), (Status::Converged, false), (Status::Loading, false)]
		{
			assert_eq!(ending(status).not_retirable(OWNER), None, "{status:?}");
			let foreign = ending(status).not_retirable(WHO);
			assert_eq!(foreign.is_none(), by_others, "{foreign:?}");
			assert!(foreign.is_none_or(|reason| reason.contains(&OWNER.to_string())));
			let abandoned = Ending { is_abandoned: true, ..ending(status) }.not_retirable(WHO);
			assert_eq!(abandoned.is_none(), status != Status::Loading, "{abandoned:?}");
		}
		let open = |open_rounds| Ending { open_rounds, ..ending(Status::Closing) }.not_retirable(OWNER).unwrap();
		assert!(open(1).contains("one round is undecided: run this again after its verdict"), "{}", open(1));
		assert!(open(2).contains("2 rounds are undecided"), "{}", open(2));
	}
}
