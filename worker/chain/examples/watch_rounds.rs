//! Prints the rounds of every domain whenever they change: `cargo run --example watch_rounds -- [URL]`.

use doin_chain::{Chain, Patience};
use std::collections::HashMap;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
	let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9944".into());
	let chain = Chain::connect(&[url], Patience::Once).await?;
	let mut printed = HashMap::new();
	let mut head = chain.head();
	loop {
		for domain in chain.domains(head).await? {
			// A domain that is still loading has no round.
			let Some(round) = chain.round(head, domain.id).await? else { continue };
			let seats: Vec<_> = round.seats.iter().map(|seat| format!("{} {:?}", seat.who.short(), seat.status)).collect();
			let line = format!(
				"{} round {}: {:?} until block {}, seats [{}]",
				domain.name,
				round.round.number,
				round.phase,
				round.phase_end,
				seats.join(", ")
			);
			if printed.get(&domain.id) != Some(&line) {
				println!("block {}: {line}", head.number);
				printed.insert(domain.id, line);
			}
		}
		head = chain.next_head(head).await;
	}
}
