//! The compiled runtime executes the blocks that native code makes, and refuses others.

use doin_primitives::DOIN;
use doin_runtime::{Block, RuntimeCall};
use doin_runtime_tests::{import::Importer, Chain};
use sp_core::H256;
use sp_keyring::Sr25519Keyring::{Alice, Bob};

/// Returns a chain after a few blocks, and the next block, which has one transfer.
fn next_block() -> (Chain, Block) {
	let mut chain = Chain::preset("development");
	chain.run_to(3);
	chain.skip_session_block();
	let parent = chain.fork();
	let transfer = pallet_balances::Call::transfer_keep_alive { dest: Bob.to_account_id().into(), value: DOIN };
	chain.ok(Alice, RuntimeCall::Balances(transfer));
	(parent, chain.last_block())
}

#[test]
fn the_blob_executes_a_block_that_native_code_made() {
	let (mut parent, block) = next_block();
	assert_eq!(block.extrinsics.len(), 2, "the time and the transfer");
	let importer = Importer::new();
	for _ in 0..2 {
		importer.execute(&mut parent, &block).expect("the block is valid, and its parent unchanged");
	}
}

#[test]
fn the_blob_refuses_a_changed_block() {
	let (mut parent, block) = next_block();
	let importer = Importer::new();
	let mut other_state = block.clone();
	other_state.header.state_root = H256::repeat_byte(1);
	let mut shorter = block.clone();
	shorter.extrinsics.pop();
	let mut doubled = block;
	doubled.extrinsics.extend(doubled.extrinsics.last().cloned());
	for (what, block) in [("another state", other_state), ("a transaction less", shorter), ("a transaction twice", doubled)] {
		assert!(importer.execute(&mut parent, &block).is_err(), "{what}");
	}
}
