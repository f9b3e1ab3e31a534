//! `vote`: sets or removes the ballot of a validator.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{bail, Result};
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency, Vote};
use doin_primitives::{Balance, BlockNumber, DomainId, MILLION};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `vote`.
#[derive(Clone, Debug, Args)]
pub struct VoteArgs {
	/// DOMAIN=WEIGHT in parts per million, at most 32 of them
	#[arg(required_unless_present = "none", value_parser = parse_vote)]
	votes: Vec<Vote>,
	/// Remove the ballot, which releases its deposit: all domains count as 0
	#[arg(long, conflicts_with = "votes")]
	none: bool,
	/// With --none: remove the ballot of this account, which is no active validator any more. Any key can sign
	#[arg(long, value_name = "ADDRESS", requires = "none", conflicts_with = "votes")]
	of: Option<Account>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `vote`.
///
/// # Errors
///
/// Errors if a domain is named twice or is not on the ballot, or if the call fails.
pub async fn run(node: &NodeArgs, args: VoteArgs) -> Result<()> {
	let signer = args.key.signer()?;
	let votes = ballot(args.votes)?;
	let chain = node.connect().await?;
	if args.none {
		let call = args.of.map_or_else(|| Call::vote(&[]), Call::clear_ballot);
		let included = chain.submit(&signer, &call, Urgency::Relaxed).await?;
		return args.output.print(&ClearedReport::new(&included)?);
	}
	ensure_nominated(&votes, &chain.nominated(chain.head()).await?)?;
	let included = chain.submit(&signer, &Call::vote(&votes), Urgency::Relaxed).await?;
	let (account, votes): (Account, Vec<Vote>) = included.expect("Gauge", "Voted")?;
	args.output.print(&VoteReport { account, votes, block: included.block.number })
}

/// Checks that all domains of a ballot are nominated.
fn ensure_nominated(votes: &[Vote], nominated: &[DomainId]) -> Result<()> {
	let missing: Vec<String> =
		votes.iter().filter(|(domain, _)| !nominated.contains(domain)).map(|(domain, _)| domain.to_string()).collect();
	let (domains, them) = match &missing[..] {
		[] => return Ok(()),
		[one] => (format!("domain {one}"), "it"),
		[more @ .., last] => (format!("domains {} and {last}", more.join(", ")), "them"),
	};
	bail!(
		"not on the ballot: {domains}. Nothing was sent. Nominate {them} first (`doin-worker domain nominate`), or leave {them} out; \
		`doin-worker domain ballot` lists the domains that can be voted for"
	)
}

/// Sorts votes by domain.
fn ballot(mut votes: Vec<Vote>) -> Result<Vec<Vote>> {
	votes.sort_unstable();
	if let Some(pair) = votes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
		bail!("domain {} is named twice: give it one weight", pair[0].0);
	}
	Ok(votes)
}

/// Parses `DOMAIN=WEIGHT`.
fn parse_vote(text: &str) -> Result<Vote, String> {
	let invalid = || format!("invalid vote `{text}`: expected DOMAIN=WEIGHT in parts per million, e.g. 0=1000000");
	let (domain, weight) = text.split_once('=').ok_or_else(invalid)?;
	let domain: DomainId = domain.parse().map_err(|_| invalid())?;
	let weight: u32 = weight.replace('_', "").parse().map_err(|_| invalid())?;
	if weight > MILLION {
		return Err(format!("invalid vote `{text}`: expected a weight of at most 1000000 parts per million"));
	}
	Ok((domain, weight))
}

/// Report of `vote`.
#[derive(Debug, Serialize)]
struct VoteReport {
	account: Account,
	/// Domains and weights in parts per million.
	votes: Vec<Vote>,
	block: BlockNumber,
}

impl Display for VoteReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let votes: Vec<String> = self.votes.iter().map(|(domain, weight)| format!("{domain}={weight}")).collect();
		let (account, block) = (self.account, self.block);
		writeln!(f, "The ballot of {account} is {} since block {block}. It counts from the next session.", votes.join(" "))
	}
}

/// Report of `vote --none`.
#[derive(Debug, Serialize)]
struct ClearedReport {
	account: Account,
	/// Deposit that was released.
	deposit: Amount,
	block: BlockNumber,
}

impl ClearedReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (account, deposit): (Account, Balance) = included.expect("Gauge", "BallotCleared")?;
		Ok(Self { account, deposit: Amount(deposit), block: included.block.number })
	}
}

impl Display for ClearedReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, deposit, block } = self;
		writeln!(f, "{account} has no ballot since block {block}: its deposit of {deposit} is free again.")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures;
	use clap::Parser;

	#[derive(Debug, Parser)]
	struct Ballot {
		#[command(flatten)]
		args: VoteArgs,
	}

	#[test]
	fn a_ballot_is_removed_or_has_votes() {
		let parse = |more: &[&str]| Ballot::try_parse_from([&["vote"], more].concat()).map(|ballot| ballot.args);
		assert!(parse(&[]).unwrap_err().to_string().contains("required"));
		assert!(parse(&["--none", "3=1"]).unwrap_err().to_string().contains("cannot be used with"));
		let former = Account([7; 32]).to_string();
		assert!(parse(&["3=1", "--of", &former]).is_err() && parse(&["--of", &former]).is_err());
		assert!(parse(&["--none"]).is_ok_and(|args| args.votes.is_empty() && args.none));
		let of = parse(&["--none", "--of", &Account([7; 32]).to_string()]).unwrap().of;
		assert_eq!(of, Some(Account([7; 32])));
	}

	#[test]
	fn k31_a_removed_ballot_is_reported_as_the_chain_removed_it() {
		let included = |name: &str| fixtures::included("Gauge", name, (Account([7; 32]), 5u128));
		let text = ClearedReport::new(&included("BallotCleared")).unwrap().to_string();
		assert!(text.contains("has no ballot since block 9") && text.contains("0.000000000005 DOIN"), "{text}");
		assert!(ClearedReport::new(&included("Voted")).is_err());
	}

	#[test]
	fn a_vote_for_a_domain_that_is_not_nominated_is_refused_before_it_is_sent() {
		assert!(ensure_nominated(&[(0, 1), (3, 2)], &[0, 3, 7]).is_ok());
		let reason = ensure_nominated(&[(0, 1), (4, 2), (5, 2)], &[0, 3]).unwrap_err().to_string();
		assert!(reason.contains("ballot: domains 4 and 5. Nothing was sent. Nominate them first"), "{reason}");
		assert!(reason.contains("doin-worker domain nominate") && reason.contains("or leave them out"), "{reason}");
		let one = ensure_nominated(&[(0, 1), (4, 2)], &[0]).unwrap_err().to_string();
		assert!(one.contains("ballot: domain 4. Nothing was sent. Nominate it first"), "{one}");
		let three = ensure_nominated(&[(4, 1), (5, 2), (6, 3)], &[]).unwrap_err().to_string();
		assert!(three.contains("domains 4, 5 and 6."), "{three}");
	}

	#[test]
	fn k31_a_ballot_is_reported_as_the_chain_stored_it() {
		let report = VoteReport { account: Account([7; 32]), votes: vec![(0, 1_000_000), (3, 500_000)], block: 9 };
		assert!(report.to_string().contains("is 0=1000000 3=500000 since block 9"), "{report}");
	}

	#[test]
	fn votes_are_parsed_or_rejected() {
		assert_eq!(parse_vote("3=1_000_000").unwrap(), (3, 1_000_000));
		for wrong in ["3", "3=", "x=1", "3=1000001", "3=-1"] {
			assert!(parse_vote(wrong).unwrap_err().contains("per million"), "{wrong}");
		}
		assert_eq!(ballot(vec![(3, 5), (0, 7)]).unwrap(), [(0, 7), (3, 5)]);
		assert!(ballot(vec![(3, 5), (3, 7)]).unwrap_err().to_string().contains("domain 3 is named twice"));
	}
}
