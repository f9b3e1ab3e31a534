//! `domain seal`: seals the segments of a file that are not sealed yet.

use crate::{
	args::{KeyArgs, NodeArgs},
	commands::registration::ensure_nothing_awaited,
	owned_args::OwnedArgs,
	report::{count, OutputArgs},
};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_chain::{Call, Urgency};
use doin_forecast::sealed::Seal;
use doin_primitives::{Balance, DomainId};
use doin_roles::{
	amount::Amount,
	keys::segment_key,
	owner::{data_of, ensure_sealed_once, unsealed, Owned},
};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Hashes of one call, the most that the chain accepts.
const HASHES: usize = 64;
/// Bytes that a sealed segment takes beside its own: its hash.
const HASH_BYTES: Balance = 32;

/// Arguments of `domain seal`.
#[derive(Clone, Debug, Args)]
pub struct SealArgs {
	/// Identifier of the domain
	id: DomainId,
	#[command(flatten)]
	data: OwnedArgs,
	/// Seal at most so many more segments [default: all of the file]
	#[arg(long, value_name = "SEGMENTS")]
	segments: Option<u16>,
	/// Seal although the file may have rows of this other sealed domain of the same owner; may be given several times
	#[arg(long, value_name = "DOMAIN")]
	confirm_shared: Vec<DomainId>,
	/// Only compare the file with the hashes on the chain, and show what would be sealed
	#[arg(long)]
	dry_run: bool,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain seal`.
///
/// # Errors
///
/// Errors if the file or the key is not that of the domain, if another domain has segments or public rows of the file, or if a call
/// fails.
pub async fn run(node: &NodeArgs, args: SealArgs) -> Result<()> {
	let signer = args.key.signer()?;
	let source = args.key.source().context("no key was named")?;
	let key_file = source.file().map(Into::into);
	let (key, confirmed) = (segment_key(&source.load()?), args.confirm_shared.clone());
	let owned = Owned { domain: args.id, source: args.data.source()?, key, key_file, confirmed };
	let chain = node.connect().await?;
	ensure_nothing_awaited(&chain, &signer).await?;
	let rebuilt = data_of(&chain, chain.head(), &owned).await?;
	let owner = rebuilt.evidence.owner;
	ensure!(
		signer.account() == owner,
		"domain {} belongs to {owner}, and the key named acts for {}: name the key of the owner",
		args.id,
		signer.account()
	);
	let (own, confirmed) = (Some(args.id), &owned.confirmed);
	ensure_sealed_once(&chain, chain.head(), &owned.source, &owned.key, owner, own, confirmed).await?;
	let seal = Seal { genesis: chain.genesis(), owner: owner.0, data_root: rebuilt.spec.data_root, key: &owned.key };
	let mut hashes = unsealed(&rebuilt, &seal, rebuilt.spec.most_segments());
	hashes.truncate(args.segments.map_or(usize::MAX, usize::from));
	let byte: Balance = chain.constant("Domains", "ByteDeposit").await?;
	let hold = byte * (Balance::from(rebuilt.spec.segment_bytes()) + HASH_BYTES) * hashes.len() as Balance;
	if !args.dry_run {
		for (index, batch) in hashes.chunks(HASHES).enumerate() {
			let from = rebuilt.evidence.sealed + (index * HASHES) as u16;
			chain.submit(&signer, &Call::seal(args.id, from, batch), Urgency::Relaxed).await?;
		}
	}
	let (before, added) = (rebuilt.evidence.sealed, hashes.len());
	args.output.print(&SealReport { domain: args.id, before, added, hold: Amount(hold), sent: !args.dry_run && added > 0 })
}

/// Report of `domain seal`.
#[derive(Debug, Serialize)]
struct SealReport {
	domain: DomainId,
	/// Segments that were sealed before.
	before: u16,
	/// Further segments.
	added: usize,
	/// Amount that is held for the further segments.
	hold: Amount,
	/// The further segments are sealed.
	sent: bool,
}

impl Display for SealReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, before, added, hold, sent } = self;
		let known = format!("The file has the {} of domain {domain}", count((*before).into(), "sealed segment"));
		let more = count(*added, "more segment");
		match (added, sent) {
			(0, _) => writeln!(f, "{known}, and none that could be sealed beside them. Nothing was sent."),
			(_, true) => writeln!(f, "{known}, and {more}, sealed now; {hold} are on hold for them."),
			(_, false) => writeln!(f, "{known}, and {more}, which would put {hold} on hold. Nothing was sent."),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::DOIN;

	#[test]
	fn what_is_sealed_is_reported_with_its_hold() {
		let report = |added, sent| SealReport { domain: 3, before: 4, added, hold: Amount(DOIN), sent }.to_string();
		assert!(report(0, false).contains("the 4 sealed segments of domain 3, and none"));
		assert!(report(2, true).contains("and 2 more segments, sealed now; 1 DOIN are on hold"));
		assert!(report(1, false).ends_with("and 1 more segment, which would put 1 DOIN on hold. Nothing was sent.\n"));
	}
}
