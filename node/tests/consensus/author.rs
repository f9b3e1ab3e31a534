//! Authoring on work.

use clap::Parser;
use doin_node::consensus::{
	author::{heartbeat, Observe, Observed, OnWork, Place, Policy, MOST_UNFINAL},
	cli::AuthoringArgs,
};
use sc_chain_spec::ChainType;
use sc_consensus_slots::{BackoffAuthoringBlocksStrategy, BackoffAuthoringOnFinalizedHeadLagging};

/// Heartbeat of the tests, in slots.
const HEARTBEAT: u64 = 5;

/// A block of the simulated chain.
#[derive(Clone, Copy, Debug)]
struct Block {
	slot: u64,
	observed: Observed,
}

/// A node with one validator. Its voter leaves out the two newest blocks, as GRANDPA's voting rules do.
struct Simulation {
	blocks: Vec<Block>,
	ready: bool,
	finalized: usize,
	/// Number of blocks that the open round still takes.
	round: u32,
	/// `true` while no vote reaches the node.
	is_cut_off: bool,
	/// `true` if states cannot be read.
	has_no_state: bool,
}

impl Observe for &Simulation {
	fn has_ready_transaction(&self) -> bool {
		self.ready
	}

	fn unfinal(&self) -> Option<Vec<Observed>> {
		let unfinal = &self.blocks[self.finalized..];
		let can_be_read = !self.has_no_state && unfinal.len() as u32 <= MOST_UNFINAL + 1;
		can_be_read.then(|| unfinal.iter().map(|block| block.observed).collect())
	}
}

impl Simulation {
	/// Returns a chain with block 0 in slot 1000.
	fn new() -> Self {
		let genesis = Block { slot: 1_000, observed: Observed { has_transactions: false, awaits_blocks: false } };
		Self { blocks: vec![genesis], ready: false, finalized: 0, round: 0, is_cut_off: false, has_no_state: false }
	}

	/// Returns the newest block.
	fn head(&self) -> Block {
		*self.blocks.last().unwrap()
	}

	/// Runs the slot `slot`, and returns whether it has a block. A block with transactions opens a round of `round` blocks.
	fn slot(&mut self, slot: u64, round: u32) -> bool {
		let lagging = BackoffAuthoringOnFinalizedHeadLagging::default();
		let policy = Policy { lagging, on_work: Some(OnWork::new(&*self, HEARTBEAT)) };
		let number = self.blocks.len() as u32 - 1;
		let passes = policy.should_backoff(number, self.head().slot.into(), self.finalized as u32, slot.into(), "test");
		if !passes {
			let has_transactions = std::mem::take(&mut self.ready);
			self.round = if has_transactions { round } else { self.round.saturating_sub(1) };
			self.blocks.push(Block { slot, observed: Observed { has_transactions, awaits_blocks: self.round > 0 } });
		}
		if !self.is_cut_off {
			self.finalized = self.finalized.max(self.blocks.len().saturating_sub(3));
		}
		!passes
	}

	/// Runs `count` slots, and returns a letter per slot: `x` for a block, `.` for none.
	fn run(&mut self, count: u64, round: u32) -> String {
		let first = self.head().slot + 1;
		self.run_from(first, count, round)
	}

	/// Runs `count` slots from `first` on.
	fn run_from(&mut self, first: u64, count: u64, round: u32) -> String {
		(first..first + count).map(|slot| if self.slot(slot, round) { 'x' } else { '.' }).collect()
	}
}

#[test]
fn an_idle_chain_has_a_block_per_heartbeat_and_finality_follows() {
	let mut chain = Simulation::new();
	assert_eq!(chain.run(25, 0), "....x....x....x....x....x");
	assert_eq!((chain.blocks.len(), chain.finalized), (6, 3), "the two newest blocks are never final");
}

#[test]
fn a_transaction_gets_the_next_slot_and_is_final_after_two_more_blocks() {
	let mut chain = Simulation::new();
	assert_eq!(chain.run(7, 0), "....x..");
	chain.ready = true;
	assert_eq!(chain.run_from(1_008, 8, 0), "xxx....x");
	assert_eq!(chain.finalized, 3, "block 2 has the transaction; the heartbeat made block 3 final too");
}

#[test]
fn an_open_round_has_a_block_in_each_slot_and_its_last_block_is_final() {
	let mut chain = Simulation::new();
	chain.ready = true;
	// The transaction, eleven blocks of the round of which the last one ends it, and two that make that one final.
	assert_eq!(chain.run(20, 11), "xxxxxxxxxxxxxx....x.");
	assert_eq!(chain.blocks[12].observed, Observed { has_transactions: false, awaits_blocks: false }, "the round is over");
	assert!(chain.finalized >= 12, "and that is final");
}

#[test]
fn no_slot_passes_while_finality_lags_or_states_cannot_be_read() {
	let mut chain = Simulation::new();
	chain.is_cut_off = true;
	chain.ready = true;
	let slots = chain.run(40, 0);
	assert_eq!(slots, "x".repeat(40), "the block with the transaction is not final");
	let mut chain = Simulation::new();
	chain.has_no_state = true;
	assert_eq!(chain.run(10, 0), "x".repeat(10));
}

#[test]
fn the_sdks_strategy_still_slows_a_chain_without_finality() {
	let mut chain = Simulation::new();
	chain.is_cut_off = true;
	chain.ready = true;
	let slots = chain.run(100, 0);
	assert!(slots.starts_with(&"x".repeat(50)) && slots.contains("..x..x"), "{slots}");
}

#[test]
fn without_the_option_no_slot_passes() {
	let lagging = BackoffAuthoringOnFinalizedHeadLagging::default();
	let chain = Simulation::new();
	let policy: Policy<&Simulation> = Policy { lagging, on_work: None };
	assert!(!policy.should_backoff(0, 1_000.into(), 0, 1_001.into(), "test"));
	let policy = Policy { lagging: BackoffAuthoringOnFinalizedHeadLagging::default(), on_work: Some(OnWork::new(&chain, 5)) };
	assert!(policy.should_backoff(0, 1_000.into(), 0, 1_001.into(), "test"));
}

/// Returns a development chain with one validator.
fn dev() -> Place<'static> {
	Place { chain: "Test", chain_type: &ChainType::Development, authorities: 1, epoch_length: 30, is_validator: true }
}

#[test]
fn the_heartbeat_gives_every_epoch_four_blocks() {
	assert_eq!(heartbeat(None, dev()), Ok(5));
	assert_eq!(heartbeat(Some(7), dev()), Ok(7));
	assert_eq!(heartbeat(Some(1), dev()), Ok(1));
	for slots in [0, 8, u64::MAX] {
		let error = heartbeat(Some(slots), dev()).unwrap_err();
		assert!(error.contains("--author-on-work=") && error.contains("Choose 1 to 7 slots"), "{error}");
	}
	assert_eq!(heartbeat(None, Place { epoch_length: 3, ..dev() }), Ok(1));
}

#[test]
fn the_option_is_refused_where_others_author_or_nobody_does() {
	let live = Place { chain_type: &ChainType::Live, ..dev() };
	let local = Place { chain_type: &ChainType::Local, ..dev() };
	let several = Place { authorities: 2, ..dev() };
	for place in [live, local, several] {
		let error = heartbeat(None, place).unwrap_err();
		assert!(
			error.contains("development chains that have one validator when the node starts") && error.contains("`Test`"),
			"{error}"
		);
	}
	let error = heartbeat(None, Place { is_validator: false, ..dev() }).unwrap_err();
	assert!(error.contains("authors no blocks") && error.contains("--validator"), "{error}");
}

#[derive(Debug, Parser)]
struct Line {
	#[clap(flatten)]
	authoring: AuthoringArgs,
}

#[test]
fn the_option_takes_a_value_behind_an_equals_sign_or_none() {
	let parse =
		|arguments: &[&str]| Line::try_parse_from([&["node"], arguments].concat()).map(|line| line.authoring.author_on_work);
	assert_eq!(parse(&[]).unwrap(), None);
	assert_eq!(parse(&["--author-on-work"]).unwrap(), Some(None));
	assert_eq!(parse(&["--author-on-work=3"]).unwrap(), Some(Some(3)));
	assert!(parse(&["--author-on-work=often"]).is_err());
}
