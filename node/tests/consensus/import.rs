//! Fork choice and checks of the import wrapper.

use crate::chain::{header, item, Node, TestBlock};
use codec::Encode;
use doin_node::consensus::fork_choice::Rank;
use doin_primitives::DoinLog;
use doin_runtime::opaque::Block;
use proptest::prelude::*;
use sc_client_api::backend::KeyValueStates;
use sc_consensus::{BlockImportParams, ForkChoiceStrategy, ImportResult, ImportedState, StateAction, StorageChanges};
use sc_consensus_babe::aux_schema::block_weight_key;
use sp_consensus::BlockOrigin;

/// Returns a chain on top of block 0: one block per letter, `p` in a primary slot and `s` in a secondary one, with a seal in
/// upper case.
fn chain(salt: u8, blocks: &str) -> Vec<TestBlock> {
	let mut last = TestBlock::genesis();
	let add = |letter: char| {
		last = last.child(salt, letter.eq_ignore_ascii_case(&'p'), letter.is_uppercase());
		last.clone()
	};
	blocks.chars().map(add).collect()
}

/// Imports chain `first`, then chain `second`, and returns whether the head of the second one is best.
fn replaces(first: &str, second: &str) -> bool {
	let node = Node::new();
	let (first, second) = (chain(1, first), chain(2, second));
	first.iter().for_each(|block| {
		assert!(node.import(block), "each block of the first chain is best");
	});
	second.iter().fold(false, |_, block| node.import(block))
}

#[test]
fn work_decides_between_chains_that_are_equal_to_babe() {
	assert!(replaces("ss", "sS"));
	assert!(replaces("psp", "pPs"));
	assert!(replaces("sSsss", "sSssS"));
	// The same two chains in the other order: every node ends with the same head.
	assert!(!replaces("sS", "ss"));
	assert!(!replaces("pPs", "psp"));
}

#[test]
fn the_first_of_two_chains_with_equal_work_stays() {
	assert!(!replaces("ss", "ss"));
	assert!(!replaces("sS", "Ss"));
	assert!(!replaces("pS", "Sp"));
}

#[test]
fn work_outweighs_neither_a_slot_nor_a_block() {
	assert!(!replaces("p", "S"), "one primary slot against a work block");
	assert!(!replaces("pss", "SSS"), "one primary slot against three work blocks");
	assert!(!replaces("ss", "S"), "one block against a work block");
	assert!(!replaces("sss", "SS"));
	// And the chain with more slots or blocks replaces one with more work.
	assert!(replaces("S", "p"));
	assert!(replaces("SSS", "pss"));
	assert!(replaces("SS", "sss"));
}

#[test]
fn a_reorganisation_by_work_goes_back_to_the_common_block() {
	let node = Node::new();
	let common = chain(0, "sp").pop().unwrap();
	chain(0, "sp").iter().for_each(|block| assert!(node.import(block)));
	let ours = [common.child(1, false, false), common.child(1, false, false).child(1, false, false)];
	let theirs = [common.child(2, false, true), common.child(2, false, true).child(2, false, false)];
	ours.iter().for_each(|block| assert!(node.import(block)));
	assert!(!node.import(&theirs[0]), "one block less");
	assert!(node.import(&theirs[1]), "as many blocks, and a work block");
	assert!(node.import(&ours[1].child(1, false, false)), "one block more");
}

/// Returns `block` as BABE passes it on, with the decision `is_better` of BABE.
fn weighed(block: &TestBlock, is_better: bool) -> BlockImportParams<Block> {
	let mut params = BlockImportParams::new(BlockOrigin::NetworkBroadcast, block.header.clone());
	params.auxiliary.push((block_weight_key(block.hash()), Some(block.rank.primary_slots.encode())));
	params.fork_choice = Some(ForkChoiceStrategy::Custom(is_better));
	params
}

#[test]
fn a_comparison_with_a_former_best_block_is_made_again() {
	let node = Node::new();
	let common = chain(0, "s").pop().unwrap();
	assert!(node.import(&common));
	let (primary, secondary) = (common.child(1, true, false), common.child(2, false, false));
	assert!(node.import(&primary));
	// BABE compared the second one with `common`, before the first one was imported.
	assert_eq!(node.pass(weighed(&secondary, true)).unwrap(), ImportResult::imported(false));
	assert_eq!(node.best(), primary.hash());
	// And a better block with a best one that finality has displaced since.
	let better = secondary.child(3, true, false);
	assert_eq!(node.pass(weighed(&better, false)).unwrap(), ImportResult::imported(true));
	assert_eq!(node.best(), better.hash());
}

#[test]
fn a_second_copy_of_a_block_does_not_become_best_again() {
	// Two copies can pass BABE's check for known blocks while neither is imported.
	let node = Node::new();
	let blocks = chain(1, "sp");
	blocks.iter().for_each(|block| assert!(node.import(block)));
	for block in &blocks {
		assert_eq!(node.pass(weighed(block, true)).unwrap(), ImportResult::imported(false));
		assert_eq!(node.best(), blocks[1].hash());
	}
}

#[test]
fn blocks_below_the_best_one_are_compared_as_any_other() {
	let node = Node::new();
	chain(1, "ssss").iter().for_each(|block| assert!(node.import(block)));
	let low = chain(2, "ss");
	low.iter().for_each(|block| assert!(!node.import(block), "two blocks less"));
	assert_eq!(node.pass(weighed(&low[1].child(3, false, true), true)).unwrap(), ImportResult::imported(false), "one less");
	assert!(node.import(&low[1].child(3, true, false)), "one primary slot more");
}

/// Returns the fork choice with which a block without weight reached the import below, whose header is not valid.
fn passed_on(change: impl FnOnce(&mut BlockImportParams<Block>)) -> Option<ForkChoiceStrategy> {
	let node = Node::new();
	// More work than the best block has, and a parent that the node does not know: it would be refused if it were looked at.
	let unknown = TestBlock::genesis().child(9, false, true);
	let mut block = BlockImportParams::new(BlockOrigin::NetworkInitialSync, header(&unknown.header, 1, vec![]));
	change(&mut block);
	let before = block.fork_choice;
	assert_eq!(node.pass(block).unwrap(), ImportResult::imported(before == Some(ForkChoiceStrategy::Custom(true))));
	let imported = node.client.0.lock().imported.clone();
	assert_eq!(imported.len(), 1);
	assert_eq!(imported[0].1, before);
	before
}

#[test]
fn blocks_that_babe_does_not_weigh_pass_untouched() {
	// Gap, known and warp-synced blocks.
	assert_eq!(
		passed_on(|block| block.fork_choice = Some(ForkChoiceStrategy::Custom(false))),
		Some(ForkChoiceStrategy::Custom(false))
	);
	assert_eq!(passed_on(|block| block.origin = BlockOrigin::WarpSync), None);
	assert_eq!(passed_on(|block| block.origin = BlockOrigin::GapSync), None);
	// A block with its state has a weight of 0, from which BABE counts anew.
	let with_state = |block: &mut BlockImportParams<Block>| {
		let state = ImportedState { block: block.header.hash(), state: KeyValueStates(vec![]) };
		block.state_action = StateAction::ApplyChanges(StorageChanges::Import(state));
		block.auxiliary.push((block_weight_key(block.post_hash()), Some(0u32.encode())));
		block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
	};
	assert_eq!(passed_on(with_state), Some(ForkChoiceStrategy::Custom(true)));
	// The weight of another block is not that of this one.
	let other = |block: &mut BlockImportParams<Block>| {
		block.auxiliary.push((block_weight_key(block.header.parent_hash), Some(5u32.encode())));
		block.fork_choice = Some(ForkChoiceStrategy::Custom(false));
	};
	assert_eq!(passed_on(other), Some(ForkChoiceStrategy::Custom(false)));
}

#[test]
fn a_tie_with_the_block_of_a_state_import_is_decided_as_any_other() {
	// After a warp sync the best block counts 0 primary slots, and blocks on top of it count from there.
	let node = Node::new();
	let synced = chain(0, "psPsp").pop().unwrap();
	let rank = Rank { primary_slots: 0, ..synced.rank };
	let synced = TestBlock { rank, ..synced };
	let mut block = BlockImportParams::new(BlockOrigin::NetworkInitialSync, synced.header.clone());
	block.state_action =
		StateAction::ApplyChanges(StorageChanges::Import(ImportedState { block: synced.hash(), state: KeyValueStates(vec![]) }));
	block.auxiliary.push((block_weight_key(synced.hash()), Some(0u32.encode())));
	block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
	node.pass(block).unwrap();
	let ours = synced.child(1, true, false);
	let theirs = synced.child(2, true, true);
	assert!(node.import(&ours));
	assert!(node.import(&theirs));
	assert!(!node.import(&synced.child(3, false, true)), "a secondary slot");
}

#[test]
fn a_forged_digest_does_not_reach_the_import_below() {
	let node = Node::new();
	let parent = TestBlock::genesis().child(0, false, false);
	assert!(node.import(&parent));
	let forged = DoinLog::V1 { work_index: 5, seal: Some((1, 1)) };
	for logs in [vec![], vec![item(&forged)], vec![item(&DoinLog::V1 { work_index: 0, seal: None }); 2]] {
		let header = header(&parent.header, 1, logs);
		let hash = header.hash();
		let error = node.import_header(header, 0).unwrap_err().to_string();
		assert!(error.contains("block 2 (0x") && error.contains("DOIN digest"), "{error}");
		assert!(error.contains(&format!("{hash:?}")), "{error}");
	}
	assert_eq!(node.client.0.lock().imported.len(), 1, "only the parent");
	assert_eq!(node.best(), parent.hash());
	assert!(node.import(&parent.child(1, false, false)), "the chain goes on");
}

#[test]
fn a_block_of_a_later_version_wins_no_tie() {
	let node = Node::new();
	chain(1, "ss").iter().for_each(|block| assert!(node.import(block)));
	let parent = chain(2, "s").pop().unwrap();
	assert!(!node.import(&parent));
	let later = sp_runtime::DigestItem::Consensus(doin_primitives::DOIN_ENGINE_ID, vec![2, 255, 255]);
	let block = header(&parent.header, 2, vec![later]);
	assert_eq!(node.import_header(block.clone(), 0).unwrap(), ImportResult::imported(false));
	assert_ne!(node.best(), block.hash());
}

#[test]
fn an_error_of_the_import_below_is_returned_and_changes_nothing() {
	let node = Node::new();
	chain(1, "ss").iter().for_each(|block| assert!(node.import(block)));
	let better = chain(2, "sS");
	node.import(&better[0]);
	let best = node.best();
	node.client.0.lock().refuses = true;
	let error = node.import_header(better[1].header.clone(), 0).unwrap_err().to_string();
	assert!(error.contains("execution failed"), "{error}");
	assert_eq!(node.best(), best);
}

#[test]
fn a_block_with_an_unknown_parent_is_refused_with_its_hash() {
	let node = Node::new();
	let [first, second] = &chain(1, "ss")[..] else { unreachable!("two blocks") };
	let error = node.import_header(second.header.clone(), 0).unwrap_err().to_string();
	assert!(error.contains(&format!("{}", first.hash())), "{error}");
}

/// Returns a tree of blocks, parents first: each block is a child of block 0 or of an earlier one.
fn tree() -> impl Strategy<Value = Vec<TestBlock>> {
	proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<bool>()), 1..40).prop_map(|choices| {
		let mut blocks = vec![TestBlock::genesis()];
		for (salt, (parent, is_primary, is_sealed)) in choices.into_iter().enumerate() {
			blocks.push(parent.get(&blocks).child(salt as u8, is_primary, is_sealed));
		}
		blocks.remove(0);
		blocks
	})
}

/// Returns `blocks` in another order in which parents come first: the keys choose among the blocks that can be imported.
fn reordered(blocks: &[TestBlock], keys: &[prop::sample::Index]) -> Vec<TestBlock> {
	let mut known = vec![TestBlock::genesis().hash()];
	let mut waiting = blocks.to_vec();
	let mut order = Vec::new();
	for step in 0..blocks.len() {
		let ready: Vec<usize> = (0..waiting.len()).filter(|place| known.contains(&waiting[*place].header.parent_hash)).collect();
		let block = waiting.remove(*keys[step % keys.len()].get(&ready));
		known.push(block.hash());
		order.push(block);
	}
	order
}

fn rank() -> impl Strategy<Value = Rank> {
	(0..3u32, 0..3u32, 0..3u64).prop_map(|(primary_slots, blocks, work_blocks)| Rank { primary_slots, blocks, work_blocks })
}

proptest! {
	#[test]
	fn ranks_have_babes_order_and_that_of_work_where_babe_prefers_none(candidate in rank(), best in rank()) {
		let to_babe = (candidate.primary_slots, candidate.blocks).cmp(&(best.primary_slots, best.blocks));
		prop_assert_eq!(candidate.cmp(&best), to_babe.then(candidate.work_blocks.cmp(&best.work_blocks)));
	}

	#[test]
	fn the_decision_does_not_depend_on_that_of_babe(blocks in tree(), stale in proptest::collection::vec(any::<bool>(), 40)) {
		// BABE may have compared each block with a former best block, and decided either way.
		let node = Node::new();
		let mut best = TestBlock::genesis();
		for (block, of_babe) in blocks.iter().zip(stale) {
			// The first block on top of block 0 has nothing to be compared with: BABE decides.
			let of_babe = of_babe || best.header.number == 0;
			node.pass(weighed(block, of_babe)).unwrap();
			if block.rank > best.rank {
				best = block.clone();
			}
			prop_assert_eq!(node.best(), best.hash());
		}
	}

	#[test]
	fn the_best_block_has_the_greatest_rank_in_every_order_and_after_every_restart(
		blocks in tree(), keys in proptest::collection::vec(any::<prop::sample::Index>(), 1..40),
	) {
		let greatest = blocks.iter().map(|block| block.rank).max().unwrap();
		for order in [blocks.clone(), reordered(&blocks, &keys)] {
			// Each block is passed to a new wrapper, as after a restart.
			let node = Node::new();
			let mut best = TestBlock::genesis();
			for block in &order {
				let is_best = node.import(block);
				prop_assert_eq!(is_best, block.rank > best.rank, "{:?} after {:?}", block.rank, best.rank);
				if is_best {
					prop_assert!((block.rank.primary_slots, block.rank.blocks) >= (best.rank.primary_slots, best.rank.blocks));
					best = block.clone();
				}
				prop_assert_eq!(node.best(), best.hash());
			}
			prop_assert_eq!(best.rank, greatest);
		}
	}
}
