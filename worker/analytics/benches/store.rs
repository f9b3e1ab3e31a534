//! Speed of the store: a synthetic chain of 2,000 rounds with two seats each, written in batches of several sizes, then its content
//! hash and its CSV file.
//!
//! `cargo bench --workspace --bench store`. Figures are blocks a second of one run, on the disk of the temporary folder.

use doin_analytics::{Block, Event, RevealedGenes, StatsFile, Store};
use std::time::Instant;

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../src/testing.rs"]
mod testing;

/// Rounds of the chain.
const ROUNDS: u32 = 2_000;
/// Blocks of a batch.
const BATCHES: [usize; 3] = [1, 64, 1_024];

fn main() {
	let blocks = testing::chain(ROUNDS);
	let events: usize = blocks.iter().map(|block| block.events.len()).sum();
	println!("{} blocks, {events} events", blocks.len());
	for batch in BATCHES {
		let folder = tempfile::tempdir().expect("a folder for the database");
		let mut store = Store::open(&folder.path().join("facts.db")).expect("a new database");
		let start = Instant::now();
		blocks.chunks(batch).for_each(|blocks| store.write(blocks).expect("the blocks are stored"));
		let seconds = start.elapsed().as_secs_f64();
		println!("batches of {batch:>4}: {:>8.0} blocks/s", blocks.len() as f64 / seconds);
		let start = Instant::now();
		let content = store.content().expect("the content");
		println!("content hash: {:.3} s, {} tables", start.elapsed().as_secs_f64(), content.tables.len());
		let start = Instant::now();
		let mut file = StatsFile::open(&folder.path().join("rounds.csv"), &store).expect("a new file");
		let lines = file.append(&store).expect("the rounds are written");
		println!("CSV file: {:.3} s, {lines} lines", start.elapsed().as_secs_f64());
	}
}
