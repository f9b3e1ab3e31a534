//! Prints the events of DOIN's pallets in finalized blocks, one a line: `cargo run --example follow_blocks -- [FROM] [URL]`.
//!
//! Without a block number, the events of the blocks that are finalized from now on are printed. A line has the number of the block, the
//! extrinsic that deposited the event (`hook` if none did), the name of the event, and its fields as JSON.

use anyhow::{Context, Result};
use doin_chain::{Chain, Patience};

/// Pallets whose events are printed.
const PALLETS: [&str; 8] = ["Budget", "Domains", "Evaluators", "Evidence", "Gauge", "Optimae", "Recomputation", "Work"];

#[tokio::main]
async fn main() -> Result<()> {
	let mut arguments = std::env::args().skip(1);
	let from = arguments.next().map(|from| from.parse::<u32>()).transpose().context("name the number of a block, e.g. 1")?;
	let url = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:9944".into());
	let chain = Chain::connect(&[url], Patience::Once).await?;
	let from = match from {
		Some(from) => from,
		None => chain.finalized().await?.number + 1,
	};
	let mut blocks = chain.finalized_blocks(from);
	loop {
		let block = blocks.next().await?;
		for event in block.events.iter().filter(|event| PALLETS.contains(&event.pallet.as_str())) {
			let origin = event.extrinsic.map_or("hook".into(), |index| index.to_string());
			println!("{} {origin} {}.{} {}", block.head.number, event.pallet, event.name, event.json()?);
		}
	}
}
