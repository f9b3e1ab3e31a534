//! `vote`: sets the ballot of a validator.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{bail, Result};
use clap::Args;
use doin_chain::{Account, Call, Urgency, Vote};
use doin_primitives::{BlockNumber, DomainId, MILLION};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `vote`.
#[derive(Clone, Debug, Args)]
pub struct VoteArgs {
	/// DOMAIN=WEIGHT in parts per million, at most 32 of them
	#[arg(required = true, value_parser = parse_vote)]
	votes: Vec<Vote>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `vote`.
///
/// # Errors
///
/// Errors if a domain is named twice, or if the call fails.
pub async fn run(node: &NodeArgs, args: VoteArgs) -> Result<()> {
	let signer = args.key.signer()?;
	let votes = ballot(args.votes)?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::vote(&votes), Urgency::Relaxed).await?;
	let (account, votes): (Account, Vec<Vote>) = included.expect("Gauge", "Voted")?;
	args.output.print(&VoteReport { account, votes, block: included.block.number })
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

#[cfg(test)]
mod tests {
	use super::*;

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
