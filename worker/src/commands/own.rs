//! `own`: opens the segments of a sealed domain when rounds wait for them.

use crate::{
	args::{KeyArgs, NodeArgs},
	owned_args::OwnedArgs,
	work::compute,
};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_chain::Patience;
use doin_primitives::DomainId;
use doin_roles::{
	config::BiddingConfig,
	keys::{read_segment_key, segment_key},
	optimizer::BidLimits,
	owner::{check, Owned, Owner},
};
use std::path::PathBuf;

/// Arguments of `own`.
#[derive(Clone, Debug, Args)]
pub struct OwnArgs {
	/// Identifier of the domain
	#[arg(long, value_name = "ID")]
	domain: DomainId,
	#[command(flatten)]
	data: OwnedArgs,
	/// File with the segment key, which `domain create --segment-key` has written. --key may then name any key that pays the fees:
	/// send it some money first, e.g. 5 DOIN
	/// [default: the segment key of --key, the key of the owner]
	#[arg(long, value_name = "FILE")]
	segment_key: Option<PathBuf>,
	/// Other sealed domain of the same owner that may have rows of the file, as confirmed to `domain create`; may be given several
	/// times. The log does not warn of it
	#[arg(long, value_name = "DOMAIN")]
	confirm_shared: Vec<DomainId>,
	/// Only compare the file with the hashes on the chain, and check that the account of --key can pay. Another process may open the
	/// segments meanwhile
	#[arg(long)]
	check: bool,
	#[command(flatten)]
	key: KeyArgs,
}

/// Runs `own`.
///
/// # Errors
///
/// Errors if the file, the key or the domain cannot be used, if another process opens the segments of the domain, and with `--check`
/// also if the account cannot pay for an opening.
pub async fn run(node: &NodeArgs, args: OwnArgs) -> Result<()> {
	let signer = args.key.signer()?;
	ensure!(signer.proxied().is_none(), "any account can open a segment, and pays the fee itself: leave --proxy-for out");
	let key = match &args.segment_key {
		Some(path) => read_segment_key(path)?,
		None => segment_key(&args.key.source().context("no key was named")?.load()?),
	};
	let key_file = args.segment_key.clone().or_else(|| args.key.source()?.file().map(Into::into));
	let confirmed = args.confirm_shared.clone();
	let owned = Owned { domain: args.domain, source: args.data.source()?, key, key_file, confirmed };
	// What needs no node comes first.
	let source = owned.source.clone();
	compute(move |_| source.check()).await?;
	let patience = if args.check { Patience::Once } else { Patience::Forever };
	let chain = node.connect_with(patience).await?;
	chain.synced().await;
	let limits = BidLimits::from(&BiddingConfig::default());
	if args.check {
		// Nothing is sent, so a process that opens the segments may go on.
		check(&chain, &signer, &owned).await?;
		println!(
			"The file and the key fit all segments of domain {} that are not opened yet, and {} can pay for opening the next one.",
			args.domain,
			signer.hot()
		);
		return Ok(());
	}
	Owner::open_patiently(chain, signer, owned, &limits).await?.run().await
}
