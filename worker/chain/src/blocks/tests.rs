//! Streams of finalized blocks from a node with given blocks.

use super::*;
use crate::{
	blocks::{
		events::{Committed, Rejected, Round, Variant},
		finality::Report,
		retries::QUIET,
	},
	testing::{AccountId32, Content, Ledger, MockNode, Runtime, Warnings},
	Account, Patience, SyncState,
};
use codec::{Compact, Encode};
use doin_primitives::{round::RejectionReason, DoinLog, ModelId, RoundId, DOIN, DOIN_ENGINE_ID};
use scale_info::meta_type;
use serde_json::json;
use std::{error::Error, time::Duration};
use subxt::{config::substrate::DigestItem, rpcs::client::reconnecting_rpc_client::ExponentialBackoff, utils::H256};
use tokio::sync::watch;

/// Time that a block may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Most blocks above the one that was returned last that are requested.
const AHEAD: u32 = SPAN * (SPANS as u32 + 1);
/// The account of the events.
const WHO: Account = Account([7; 32]);

/// Returns a runtime with the events of the tests. Two amounts of `Committed` have these names.
fn runtime([burned, hold]: [&str; 2]) -> Runtime {
	Runtime::default()
		.and_call("Timestamp", "set", vec![("now", meta_type::<Compact<u64>>())])
		.and_event("System", "ExtrinsicSuccess", vec![])
		.and_event("System", "ExtrinsicFailed", vec![])
		.and_event(
			"TransactionPayment",
			"TransactionFeePaid",
			vec![("who", meta_type::<AccountId32>()), ("actual_fee", meta_type::<u128>()), ("tip", meta_type::<u128>())],
		)
		.and_event(
			"Optimae",
			"Committed",
			vec![
				("round", meta_type::<RoundId>()),
				("seat", meta_type::<u8>()),
				("who", meta_type::<AccountId32>()),
				("commitment", meta_type::<[u8; 32]>()),
				("fee", meta_type::<u128>()),
				(burned, meta_type::<u128>()),
				(hold, meta_type::<u128>()),
				("stake", meta_type::<u128>()),
			],
		)
		.and_event(
			"Optimae",
			"Rejected",
			vec![
				("round", meta_type::<RoundId>()),
				("seat", meta_type::<u8>()),
				("who", meta_type::<AccountId32>()),
				("model", meta_type::<Option<ModelId>>()),
				("reason", meta_type::<RejectionReason>()),
			],
		)
}

/// Returns the first version of the runtime.
fn first() -> Runtime {
	runtime(["burned", "hold"])
}

/// Returns the second version, whose seats are wider, and whose event has another index.
fn second() -> Runtime {
	let before = Runtime::default().and_event("Optimae", "RoundQueued", vec![("round", meta_type::<RoundId>())]);
	before
		.and_call("Timestamp", "set", vec![("now", meta_type::<Compact<u64>>())])
		.and_event("System", "ExtrinsicSuccess", vec![])
		.and_event(
			"Optimae",
			"Committed",
			vec![
				("who", meta_type::<AccountId32>()),
				("round", meta_type::<RoundId>()),
				("seat", meta_type::<u16>()),
				("commitment", meta_type::<[u8; 32]>()),
				("fee", meta_type::<u128>()),
				("burned", meta_type::<u128>()),
				("hold", meta_type::<u128>()),
				("stake", meta_type::<u128>()),
				("further", meta_type::<Vec<u32>>()),
			],
		)
}

/// Returns the record of an event: its phase, indices, fields and topics.
fn record(runtime: &Runtime, extrinsic: Option<u32>, (pallet, name): (&str, &str), fields: impl Encode) -> Vec<u8> {
	let phase = extrinsic.map_or(vec![1], |index| (0u8, index).encode());
	[phase, runtime.event_index(pallet, name).encode(), fields.encode(), Vec::<H256>::new().encode()].concat()
}

/// Returns the inherent that sets the time.
fn time(runtime: &Runtime, now: u64) -> Vec<u8> {
	[vec![4], runtime.call_index("Timestamp", "set").encode(), Compact(now).encode()].concat().encode()
}

/// Returns the structure of the event that [`commit`] deposits.
fn committed(number: u32) -> Committed {
	let round = Round { domain: 3, number };
	Committed { round, seat: 2, who: WHO, commitment: [8; 32], fee: DOIN, burned: 1, hold: u128::MAX, stake: 0 }
}

/// Returns the content of a block of the first version with the event `Committed` of the round `number`.
fn commit(number: u32) -> Content {
	let runtime = first();
	let fields = (RoundId { domain: 3, number }, 2u8, [7u8; 32], [8u8; 32], DOIN, 1u128, u128::MAX, 0u128);
	let success = record(&runtime, Some(0), ("System", "ExtrinsicSuccess"), ());
	Content {
		extrinsics: vec![time(&runtime, u64::from(number) * 6_000)],
		events: vec![success, record(&runtime, None, ("Optimae", "Committed"), fields)],
		..Content::default()
	}
}

/// Returns the content of a block of the second version.
fn later_commit(number: u32) -> Content {
	let runtime = second();
	let fields = ([7u8; 32], RoundId { domain: 3, number }, 2u16, [8u8; 32], DOIN, 1u128, u128::MAX, 0u128, vec![1u32, 2]);
	Content {
		extrinsics: vec![time(&runtime, u64::from(number) * 6_000)],
		events: vec![record(&runtime, None, ("Optimae", "Committed"), fields)],
		..Content::default()
	}
}

/// Returns blocks 0 to `last`, all of them finalized.
fn ledger(last: u32) -> Ledger {
	let ledger = Ledger::new([(1, first())]);
	(1..=last).for_each(|number| _ = ledger.append(commit(number)));
	ledger.finalize(last);
	ledger
}

async fn connect(node: &MockNode) -> Chain {
	Chain::connect(&[node.url()], Patience::Once).await.unwrap()
}

async fn next(blocks: &mut FinalizedBlocks) -> Result<FinalizedBlock, BlocksError> {
	tokio::time::timeout(LIMIT, blocks.next()).await.expect("a result in time")
}

/// Reads the blocks up to `last`, and checks that they are consecutive, linked, and have the event of their number.
async fn read(blocks: &mut FinalizedBlocks, mut parent: Option<Hash>, last: u32) -> Hash {
	for number in blocks.next_number()..=last {
		let block = next(blocks).await.unwrap();
		assert_eq!(block.head.number, number);
		assert!(parent.is_none_or(|parent| parent == block.parent), "block {number}");
		let typed = block.events.iter().find_map(|event| event.typed().unwrap());
		assert_eq!(typed, (number > 0).then(|| committed(number)));
		parent = Some(block.head.hash);
	}
	parent.expect("a block was read")
}

#[tokio::test]
async fn every_finalized_block_is_returned_once_and_in_order_with_the_events_of_all_accounts() {
	let ledger = ledger(300);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(0);
	read(&mut blocks, None, 300).await;
	assert_eq!(blocks.next_number(), 301);
	assert!(!ledger.requests().early);
}

#[tokio::test]
async fn a_block_has_its_time_author_digest_events_and_extrinsics() {
	let runtime = first();
	let log = DoinLog::V1 { work_index: 4, seal: None };
	let signed = {
		let (address, signature) = ([&[0][..], &WHO.0].concat(), [&[1][..], &[0; 64]].concat());
		let extra = [vec![0, 0], Compact(3u32).encode(), Compact(5u128).encode()].concat();
		let call = (runtime.call_index("Gauge", "nominate"), 9u32).encode();
		[vec![0x84], address, signature, extra, call].concat().encode()
	};
	let fields = (RoundId { domain: 3, number: 1 }, 2u8, WHO, Some(5u64), RejectionReason::FalseClaim);
	let ledger = Ledger::new([(1, runtime.clone())]);
	let head = ledger.append(Content {
		digest: vec![
			DigestItem::PreRuntime(*b"BABE", (2u8, 6u32, 77u64).encode()),
			DigestItem::Consensus(DOIN_ENGINE_ID, log.encode()),
		],
		extrinsics: vec![time(&runtime, 1_700_000_000_123), signed.clone()],
		events: vec![
			record(&runtime, Some(0), ("System", "ExtrinsicSuccess"), ()),
			record(&runtime, Some(1), ("Optimae", "Rejected"), fields),
			record(&runtime, Some(1), ("TransactionPayment", "TransactionFeePaid"), (WHO, 55u128, 5u128)),
			record(&runtime, Some(1), ("System", "ExtrinsicFailed"), ()),
		],
		upgrade: None,
	});
	ledger.finalize(1);
	let node = ledger.start().await;
	let block = next(&mut connect(&node).await.finalized_blocks(1)).await.unwrap();
	assert_eq!((block.head, block.timestamp, block.spec_version), (head, Some(1_700_000_000_123), 1));
	assert_eq!((block.author, block.log.clone()), (Some(BlockAuthor { authority: 6, slot: 77 }), Some(log)));

	let [success, rejected, ..] = &block.events[..] else { panic!("{:?}", block.events) };
	assert!(success.is("System", "ExtrinsicSuccess") && success.json().unwrap() == json!({}));
	assert_eq!((rejected.index, rejected.extrinsic), (1, Some(1)));
	let round = Round { domain: 3, number: 1 };
	let reason = Variant("falseClaim".into());
	assert_eq!(rejected.typed().unwrap(), Some(Rejected { round, seat: 2, who: WHO, model: Some(5), reason }));
	assert_eq!(rejected.typed::<Committed>().unwrap(), None);
	let fields = json!({
		"round": { "domain": 3, "number": 1 },
		"seat": 2,
		"who": WHO.to_string(),
		"model": "5",
		"reason": "falseClaim",
	});
	assert_eq!(rejected.json().unwrap(), fields);

	assert_eq!(block.extrinsic_count(), 2);
	let [inherent, failed] = &block.extrinsics().unwrap()[..] else { panic!("two extrinsics") };
	assert_eq!((inherent.pallet.as_str(), inherent.call.as_str(), inherent.signer), ("Timestamp", "set", None));
	assert_eq!((inherent.success, inherent.fee, inherent.index), (true, 0, 0));
	assert_eq!((failed.pallet.as_str(), failed.call.as_str(), failed.signer), ("Gauge", "nominate", Some(WHO)));
	assert_eq!((failed.success, failed.fee, failed.index), (false, 55, 1));
	assert_eq!(failed.hash, doin_primitives::blake2_256(&signed));
}

#[tokio::test]
async fn a_backlog_costs_two_requests_a_block() {
	let ledger = ledger(320);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	// The check of the node is over.
	chain.synced().await;
	let before = ledger.requests();
	read(&mut chain.finalized_blocks(1), None, 320).await;
	let requests = ledger.requests();
	let sent = |method: &str| {
		let number = |requests: &crate::testing::Requests| requests.methods.get(method).copied().unwrap_or_default();
		number(&requests) - number(&before)
	};
	assert_eq!((sent("chain_getBlock"), sent("state_getStorage")), (320, 320));
	// One version for all blocks, and one for the newest head, with which the worker finds an upgrade.
	assert_eq!((sent("Core_version"), sent("Metadata_metadata_at_version")), (2, 0));
	assert_eq!(sent("chain_getBlockHash"), 320 / SPAN as usize);
}

#[tokio::test]
async fn a_range_requests_its_own_blocks_only_and_then_waits() {
	let ledger = ledger(320);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	chain.synced().await;
	let sent = |requests: &crate::testing::Requests| requests.methods.get("chain_getBlock").copied().unwrap_or_default();
	for (from, last) in [(7, 7), (100, 149), (320, 320)] {
		let before = sent(&ledger.requests());
		let mut blocks = chain.finalized_range(from..=last);
		read(&mut blocks, None, last).await;
		assert_eq!(sent(&ledger.requests()) - before, (last - from + 1) as usize, "blocks {from} to {last}");
		assert!(tokio::time::timeout(Duration::from_millis(50), blocks.next()).await.is_err(), "there is no further block");
	}
	// A range beyond the last finalized block goes on once there are more blocks.
	let mut blocks = chain.finalized_range(320..=321);
	read(&mut blocks, None, 320).await;
	ledger.append(commit(321));
	ledger.finalize(321);
	read(&mut blocks, None, 321).await;
}

#[tokio::test]
async fn a_slow_reader_slows_the_requests() {
	let ledger = ledger(1_000);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let mut parent = None;
	for number in 1..=1_000 {
		parent = Some(read(&mut blocks, parent, number).await);
		let highest = ledger.requests().highest;
		assert!(highest <= number + AHEAD, "block {highest} was requested while block {number} was read");
	}
}

#[tokio::test]
async fn blocks_are_waited_for_and_gaps_between_finalized_heads_are_filled() {
	let ledger = ledger(3);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(2);
	let parent = read(&mut blocks, None, 3).await;
	(4..=50).for_each(|number| _ = ledger.append(commit(number)));
	let reader = async { read(&mut blocks, Some(parent), 50).await };
	let finality = async {
		for number in [4, 20, 21, 50] {
			ledger.finalize(number);
			tokio::task::yield_now().await;
		}
	};
	tokio::join!(reader, finality);
	assert!(!ledger.requests().early);
}

#[tokio::test]
async fn a_block_of_a_branch_that_is_given_up_is_not_returned() {
	let ledger = ledger(5);
	// The best branch at first: its block 6 has another event.
	let abandoned = ledger.append(commit(99));
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let parent = read(&mut blocks, None, 5).await;
	let waiting = async { read(&mut blocks, Some(parent), 7).await };
	let reorganisation = async {
		tokio::task::yield_now().await;
		ledger.cut(5);
		let other = Content { digest: vec![DigestItem::Other(vec![1])], ..commit(6) };
		assert_ne!(ledger.append(other).hash, abandoned.hash);
		ledger.append(commit(7));
		ledger.finalize(7);
	};
	tokio::join!(waiting, reorganisation);
	assert!(!ledger.requests().early, "no block was requested before it was finalized");
}

#[tokio::test]
async fn a_restart_of_the_node_loses_no_block() {
	let ledger = ledger(200);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let parent = read(&mut blocks, None, 20).await;
	// Requests of several spans are in flight.
	let address = node.stop().await;
	let node = async { ledger.start_at(address).await };
	let (parent, _node) = tokio::join!(read(&mut blocks, Some(parent), 180), node);
	read(&mut blocks, Some(parent), 200).await;
}

#[tokio::test]
async fn a_node_that_is_behind_is_waited_for() {
	let (ledger, behind) = (ledger(40), ledger(10));
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let parent = read(&mut blocks, None, 30).await;
	let address = node.stop().await;
	let _node = behind.start_at(address).await;
	let growth = async {
		while !behind.requests().methods.contains_key("chain_subscribeFinalizedHeads") {
			tokio::task::yield_now().await;
		}
		(11..=40).for_each(|number| _ = behind.append(commit(number)));
		behind.finalize(25);
		tokio::task::yield_now().await;
		behind.finalize(40);
	};
	tokio::join!(read(&mut blocks, Some(parent), 40), growth);
}

#[tokio::test]
async fn no_block_of_another_network_is_returned() {
	let other = Ledger::with_genesis([(1, first())], Content { digest: vec![DigestItem::Other(vec![1])], ..Content::default() });
	(1..=100).for_each(|number| _ = other.append(commit(number)));
	other.finalize(100);
	let ledger = ledger(40);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let parent = read(&mut blocks, None, 40).await;
	let address = node.stop().await;
	let node = other.start_at(address).await;
	let replacement = async {
		while !other.requests().methods.contains_key("chain_getBlockHash") {
			tokio::task::yield_now().await;
		}
		let address = node.stop().await;
		(41..=60).for_each(|number| _ = ledger.append(commit(number)));
		ledger.finalize(60);
		ledger.start_at(address).await
	};
	let (_, _node) = tokio::join!(read(&mut blocks, Some(parent), 60), replacement);
	assert!(!other.requests().methods.contains_key("chain_getBlock"), "no block of the other network was read");
}

#[tokio::test]
async fn every_block_is_decoded_by_the_runtime_that_executed_it() {
	let upgraded = || {
		let ledger = Ledger::new([(1, first()), (2, second())]);
		(1..10).for_each(|number| _ = ledger.append(commit(number)));
		// Block 10 is executed by the first version, and its state has the second one.
		let digest = vec![DigestItem::RuntimeEnvironmentUpdated];
		ledger.append(Content { digest, upgrade: Some(2), ..commit(10) });
		(11..=40).for_each(|number| _ = ledger.append(later_commit(number)));
		ledger.finalize(40);
		ledger
	};
	for from in [1, 10, 11] {
		let ledger = upgraded();
		let node = ledger.start().await;
		let chain = connect(&node).await;
		let mut blocks = chain.finalized_blocks(from);
		for number in from..=40 {
			let block = next(&mut blocks).await.unwrap();
			assert_eq!(block.spec_version, if number <= 10 { 1 } else { 2 }, "block {number}");
			assert_eq!(block.timestamp, Some(u64::from(number) * 6_000));
			let event = block.events.iter().find(|event| event.is("Optimae", "Committed")).unwrap();
			assert_eq!(event.typed().unwrap(), Some(committed(number)));
			assert_eq!(event.json().unwrap().get("further"), (number > 10).then(|| json!([1, 2])).as_ref());
		}
		// Both versions of the metadata are kept.
		read_versions(&chain, from).await;
		let fetched = ledger.requests().methods["Metadata_metadata_at_version"];
		assert_eq!(fetched, if from == 11 { 1 } else { 2 }, "from block {from}");
	}
}

/// The events of both versions have the same types, so only the version shows which one a field belongs to.
#[tokio::test]
async fn names_of_fields_are_those_of_the_runtime_that_executed_the_block() {
	let ledger = Ledger::new([(1, first()), (2, runtime(["hold", "burned"]))]);
	(1..10).for_each(|number| _ = ledger.append(commit(number)));
	let digest = vec![DigestItem::RuntimeEnvironmentUpdated];
	ledger.append(Content { digest, upgrade: Some(2), ..commit(10) });
	(11..=20).for_each(|number| _ = ledger.append(commit(number)));
	ledger.finalize(20);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	for from in [1, 10, 11] {
		let mut blocks = chain.finalized_blocks(from);
		for number in from..=20 {
			let block = next(&mut blocks).await.unwrap();
			let event = block.events.iter().find_map(|event| event.typed::<Committed>().unwrap()).unwrap();
			let Committed { burned, hold, .. } = committed(number);
			let expected = if number <= 10 { (burned, hold) } else { (hold, burned) };
			assert_eq!((event.burned, event.hold), expected, "block {number}, read from {from}");
		}
	}
}

/// Reads the blocks from `from` to 40 once more.
async fn read_versions(chain: &Chain, from: u32) {
	let mut blocks = chain.finalized_blocks(from);
	for _ in from..=40 {
		next(&mut blocks).await.unwrap();
	}
}

#[tokio::test]
async fn a_runtime_that_is_changed_without_a_digest_item_is_found() {
	let ledger = Ledger::new([(1, first()), (2, second())]);
	(1..10).for_each(|number| _ = ledger.append(commit(number)));
	ledger.append(Content { upgrade: Some(2), ..commit(10) });
	(11..=20).for_each(|number| _ = ledger.append(later_commit(number)));
	ledger.finalize(20);
	let node = ledger.start().await;
	for from in [1, 10] {
		let mut blocks = connect(&node).await.finalized_blocks(from);
		for number in from..=20 {
			let block = next(&mut blocks).await.unwrap();
			assert_eq!(block.spec_version, if number <= 10 { 1 } else { 2 }, "block {number}");
		}
	}
}

#[tokio::test]
async fn events_of_an_unknown_type_are_an_error_that_names_the_block() {
	let ledger = ledger(5);
	ledger.append(Content { events: vec![vec![1, 250, 0]], ..Content::default() });
	ledger.append(Content { events: vec![[&commit(7).events.concat()[..], &[1, 2]].concat()], ..Content::default() });
	ledger.finalize(7);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	let mut blocks = chain.finalized_blocks(1);
	read(&mut blocks, None, 5).await;
	for _ in 0..2 {
		let error = next(&mut blocks).await.unwrap_err();
		assert!(error.to_string().contains("events of block 6"), "{error}");
	}
	let error = next(&mut chain.finalized_blocks(7)).await.unwrap_err();
	assert!(error.to_string().contains("events of block 7") && error.source().is_some(), "{error}");
}

#[tokio::test]
async fn a_pruned_node_names_the_first_block_that_it_can_read() {
	let ledger = ledger(300);
	ledger.remove(0..137);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	for from in [0, 5, 136] {
		let error = next(&mut chain.finalized_blocks(from)).await.unwrap_err();
		let BlocksError::Pruned { block, first, .. } = &error else { panic!("{error:?}") };
		assert_eq!((*block, *first), (from, Some(137)), "{error}");
	}
	// The state of the parent of block 137 is removed.
	read(&mut chain.finalized_blocks(137), None, 300).await;
}

#[tokio::test]
async fn blocks_before_a_removed_one_are_returned() {
	let ledger = ledger(40);
	ledger.remove([20, 21]);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(17);
	read(&mut blocks, None, 19).await;
	let error = next(&mut blocks).await.unwrap_err();
	assert!(matches!(error, BlocksError::Pruned { block: 20, first: Some(22), .. }), "{error:?}");
}

/// The connection can lead to another node between the request of a hash and that of its block.
#[tokio::test]
async fn a_block_that_is_not_finalized_or_that_can_be_read_is_requested_again() {
	let ledger = ledger(10);
	ledger.remove(0..5);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	for number in [5, 10, 11, 30] {
		let stop = resolve(&chain, number, Failure::Unavailable).await;
		assert!(matches!(&stop, Stop::Later(Delay::NotThere { block, .. }) if *block == number), "{stop:?}");
	}
	let stop = resolve(&chain, 4, Failure::Unavailable).await;
	assert!(matches!(stop, Stop::Failed(BlocksError::Pruned { block: 4, first: Some(5), .. })), "{stop:?}");
	ledger.remove(5..=10);
	let stop = resolve(&chain, 4, Failure::Unavailable).await;
	assert!(matches!(stop, Stop::Failed(BlocksError::Pruned { block: 4, first: None, .. })), "{stop:?}");
}

#[tokio::test]
async fn no_hash_of_another_network_is_taken() {
	let node = ledger(5).start().await;
	let chain = connect(&node).await;
	let genesis = chain.genesis();
	assert_eq!(fetch::hashes(chain.connection(), genesis, 1..=5).await.unwrap().len(), 5);
	let failure = fetch::hashes(chain.connection(), [1; 32], 1..=5).await.unwrap_err();
	assert!(matches!(failure, Failure::OtherNetwork), "{failure:?}");
}

#[tokio::test]
async fn only_an_inherent_sets_the_time_of_a_block() {
	let runtime = first();
	// After the byte that shows its signature, this extrinsic begins as the inherent does.
	let signed = [vec![0x84], runtime.call_index("Timestamp", "set").encode(), Compact(1u64).encode()].concat().encode();
	let ledger = Ledger::new([(1, runtime.clone())]);
	ledger.append(Content { extrinsics: vec![signed.clone(), time(&runtime, 6_000)], ..Content::default() });
	ledger.append(Content { extrinsics: vec![signed], ..Content::default() });
	ledger.finalize(2);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	assert_eq!(next(&mut blocks).await.unwrap().timestamp, Some(6_000));
	assert_eq!(next(&mut blocks).await.unwrap().timestamp, None);
}

#[tokio::test]
async fn blocks_that_are_removed_while_they_are_read_are_named_at_their_place() {
	let ledger = ledger(400);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	read(&mut blocks, None, 3).await;
	ledger.remove(0..350);
	let error = loop {
		match next(&mut blocks).await {
			Ok(block) => assert_eq!(block.head.number + 1, blocks.next_number()),
			Err(error) => break error,
		}
	};
	let BlocksError::Pruned { block, first, .. } = &error else { panic!("{error:?}") };
	assert_eq!((*block, *first), (blocks.next_number(), Some(350)));
	assert!(*block <= 3 + 1 + AHEAD, "{error}");
}

#[tokio::test]
async fn a_node_that_finalized_another_branch_is_an_error_until_the_former_one_is_back() {
	let (ledger, other) = (ledger(20), ledger(8));
	for number in 9..=30 {
		other.append(Content { digest: vec![DigestItem::Other(vec![1])], ..commit(number) });
	}
	other.finalize(30);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let parent = read(&mut blocks, None, 20).await;
	let address = node.stop().await;
	let node = other.start_at(address).await;
	for _ in 0..2 {
		let error = next(&mut blocks).await.unwrap_err();
		let BlocksError::OtherBranch { block: 21, expected, found, .. } = &error else { panic!("{error:?}") };
		assert!(*expected == parent && *found != parent, "{error}");
	}
	let address = node.stop().await;
	(21..=25).for_each(|number| _ = ledger.append(commit(number)));
	ledger.finalize(25);
	let _node = ledger.start_at(address).await;
	read(&mut blocks, Some(parent), 25).await;
}

#[tokio::test]
async fn a_cancelled_call_loses_nothing() {
	let ledger = ledger(100);
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let mut numbers = Vec::new();
	while numbers.len() < 100 {
		let polled = {
			let mut call = std::pin::pin!(blocks.next());
			subxt::ext::futures::poll!(call.as_mut())
		};
		match polled {
			std::task::Poll::Ready(block) => numbers.push(block.unwrap().head.number),
			std::task::Poll::Pending => tokio::task::yield_now().await,
		}
	}
	assert!(numbers.into_iter().eq(1..=100));
	let requests = ledger.requests();
	assert_eq!(requests.methods["chain_getBlock"], 100, "no request was repeated");
}

#[tokio::test]
async fn the_task_of_a_stream_ends_with_it() {
	let node = ledger(5).start().await;
	let chain = connect(&node).await;
	chain.synced().await;
	let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
	let before = tasks();
	let mut blocks = chain.finalized_blocks(1);
	read(&mut blocks, None, 5).await;
	drop(blocks);
	let ended = async {
		while tasks() > before {
			tokio::task::yield_now().await;
		}
	};
	tokio::time::timeout(LIMIT, ended).await.expect("every task has ended");
}

/// Waits until the chain and its streams know that the node has stopped.
async fn lost(chain: &Chain) {
	let lost = async {
		while chain.sync_state() != SyncState::Unknown {
			tokio::task::yield_now().await;
		}
	};
	tokio::time::timeout(LIMIT, lost).await.expect("the connection is lost");
}

/// Returns a finality whose reports the test sends.
fn reported() -> (watch::Sender<Report>, Finality) {
	let mut reports = None;
	let finality = Finality::spawn(|sender| {
		reports = Some(sender);
		std::future::pending()
	});
	(reports.expect("the task was made"), finality)
}

/// Appends blocks up to `last` that are not those of [`ledger`].
fn append_fork(ledger: &Ledger, numbers: std::ops::RangeInclusive<u32>) {
	for number in numbers {
		ledger.append(Content { digest: vec![DigestItem::Other(vec![1])], ..commit(number + 1_000) });
	}
}

/// Gives the branch above block `number` up for the blocks of [`ledger`] up to `last`, and finalizes them.
fn reorganise(ledger: &Ledger, number: u32, last: u32) {
	ledger.cut(number);
	(number + 1..=last).for_each(|number| _ = ledger.append(commit(number)));
	ledger.finalize(last);
}

#[tokio::test]
async fn the_finality_of_a_lost_node_is_forgotten() {
	let node = ledger(40).start().await;
	let mut finality = Finality::of(connect(&node).await);
	tokio::time::timeout(LIMIT, finality.reaches(40)).await.expect("block 40 is finalized");
	assert!(finality.number() == Some(40) && !finality.was_interrupted());
	node.stop().await;
	let forgotten = async {
		while finality.number().is_some() {
			tokio::task::yield_now().await;
		}
	};
	tokio::time::timeout(LIMIT, forgotten).await.expect("the number is forgotten");
	assert!(finality.was_interrupted(), "the end of the subscription is reported");
	assert!(!finality.was_interrupted() && !finality.has_stopped());
}

/// The former subscription has reported a block that the node has not finalized.
#[tokio::test]
async fn after_a_failure_nothing_is_requested_before_a_new_subscription_has_reported_a_block() {
	let ledger = ledger(10);
	append_fork(&ledger, 11..=400);
	let node = ledger.start().await;
	let (reports, finality) = reported();
	let mut reader = Reader { finality, ..Reader::new(connect(&node).await, 1) };
	reports.send_replace(Report { number: Some(400), ended: 0 });
	reader.request();
	assert_eq!(reader.spans.len(), SPANS);
	reader.recover(&Delay::NotThere { url: node.url(), block: 1 }).await;
	assert!(reader.spans.is_empty() && reports.is_closed(), "spans and subscription are given up");
	let mut blocks = FinalizedBlocks::of(reader);
	let parent = read(&mut blocks, None, 10).await;
	reorganise(&ledger, 10, 400);
	read(&mut blocks, Some(parent), 400).await;
	assert!(!ledger.requests().early, "no block was requested before it was finalized");
}

/// The node that was behind has another branch on top of its last finalized block when the connection leads to it.
#[tokio::test]
async fn no_block_is_requested_that_the_node_behind_a_new_connection_has_not_finalized() {
	let (ledger, behind) = (ledger(400), ledger(10));
	append_fork(&behind, 11..=400);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	chain.synced().await;
	let mut blocks = chain.finalized_blocks(1);
	let parent = read(&mut blocks, None, 5).await;
	let address = node.stop().await;
	lost(&chain).await;
	let _node = behind.start_at(address).await;
	let growth = async {
		while !behind.requests().methods.contains_key("chain_subscribeFinalizedHeads") {
			tokio::task::yield_now().await;
		}
		// Requests that were sent before this one are answered first.
		assert_eq!(chain.finalized().await.unwrap().number, 10);
		reorganise(&behind, 10, 400);
	};
	tokio::join!(read(&mut blocks, Some(parent), 400), growth);
	assert!(!behind.requests().early, "no block was requested before this node had finalized it");
}

/// The requests were on their way when the connection was lost, and the next node answered them from its best branch.
#[tokio::test]
async fn blocks_that_were_requested_before_a_subscription_ended_are_not_returned() {
	let ledger = ledger(10);
	append_fork(&ledger, 11..=40);
	let node = ledger.start().await;
	let (reports, finality) = reported();
	let mut reader = Reader { finality, ..Reader::new(connect(&node).await, 1) };
	reports.send_replace(Report { number: Some(40), ended: 0 });
	reader.request();
	assert_eq!(reader.spans.len(), 3);
	reports.send_replace(Report { number: Some(10), ended: 1 });
	let mut blocks = FinalizedBlocks::of(reader);
	let parent = read(&mut blocks, None, 10).await;
	reorganise(&ledger, 10, 40);
	reports.send_replace(Report { number: Some(40), ended: 1 });
	read(&mut blocks, Some(parent), 40).await;
}

#[tokio::test]
async fn a_gap_of_a_warp_sync_names_the_first_block_above_it() {
	let ledger = ledger(300);
	ledger.leave_out(1..137);
	let node = ledger.start().await;
	let chain = connect(&node).await;
	for from in [1, 120, 136] {
		let error = next(&mut chain.finalized_blocks(from)).await.unwrap_err();
		let BlocksError::Pruned { block, first, .. } = &error else { panic!("{error:?}") };
		assert_eq!((*block, *first), (from, Some(137)), "{error}");
	}
	let mut blocks = chain.finalized_blocks(0);
	assert_eq!(next(&mut blocks).await.unwrap().head.number, 0);
	assert!(matches!(next(&mut blocks).await, Err(BlocksError::Pruned { block: 1, first: Some(137), .. })));
	read(&mut chain.finalized_blocks(137), None, 300).await;
}

#[tokio::test]
async fn a_fault_of_the_task_that_follows_finality_is_an_error_and_the_next_call_starts_it_again() {
	let node = ledger(5).start().await;
	let finality = Finality::spawn(|reports| async move {
		let _reports = reports;
		panic!("a fault that the test expects");
	});
	let mut blocks = FinalizedBlocks::of(Reader { finality, ..Reader::new(connect(&node).await, 1) });
	let error = next(&mut blocks).await.unwrap_err();
	assert!(matches!(error, BlocksError::Unfollowed { .. }), "{error:?}");
	read(&mut blocks, None, 5).await;
}

#[tokio::test]
async fn a_refusal_that_lasts_is_reported_once_with_its_reason() {
	let ledger = Ledger::new([(1, first()), (2, second())]);
	(1..10).for_each(|number| _ = ledger.append(commit(number)));
	let node = ledger.start().await;
	let chain = connect(&node).await;
	// The node was checked by the metadata of the first version.
	chain.synced().await;
	ledger.append(Content { digest: vec![DigestItem::RuntimeEnvironmentUpdated], upgrade: Some(2), ..commit(10) });
	(11..=20).for_each(|number| _ = ledger.append(later_commit(number)));
	ledger.finalize(20);
	ledger.refuse_metadata([2]);
	let (warnings, _guard) = Warnings::of("doin_chain::blocks");
	let retries = Retries::new(ExponentialBackoff::from_millis(1).max_delay(Duration::from_millis(1)));
	let mut blocks = FinalizedBlocks::of(Reader { retries, ..Reader::new(chain, 1) });
	read(&mut blocks, None, 10).await;
	let requests = || ledger.requests().methods["Metadata_metadata_at_version"];
	let before = requests();
	let permission = async {
		while requests() <= before + 2 * QUIET {
			tokio::task::yield_now().await;
		}
		ledger.refuse_metadata([]);
	};
	let (block, ()) = tokio::join!(next(&mut blocks), permission);
	assert_eq!(block.unwrap().spec_version, 2);
	let found = warnings.texts();
	let [warning] = &found[..] else { panic!("{found:?}") };
	for part in ["block=11", "`metadata`", "the runtime is out of memory", "trying again"] {
		assert!(warning.contains(part), "`{part}` is missing in: {warning}");
	}
}

/// A code substitute changes the runtime without a digest item, and leaves the hash of the block as it is.
#[tokio::test]
async fn a_node_that_was_upgraded_while_the_connection_was_lost_is_read_by_its_runtime() {
	let with = |upgrade| {
		let ledger = Ledger::new([(1, first()), (2, runtime(["hold", "burned"]))]);
		(1..20).for_each(|number| _ = ledger.append(commit(number)));
		ledger.append(Content { upgrade, ..commit(20) });
		ledger.finalize(20);
		ledger
	};
	let (ledger, upgraded) = (with(None), with(Some(2)));
	let node = ledger.start().await;
	let mut blocks = connect(&node).await.finalized_blocks(1);
	let mut parent = read(&mut blocks, None, 20).await;
	let address = node.stop().await;
	(21..=30).for_each(|number| _ = upgraded.append(commit(number)));
	upgraded.finalize(30);
	let _node = upgraded.start_at(address).await;
	for number in 21..=30 {
		let block = next(&mut blocks).await.unwrap();
		assert_eq!((block.head.number, block.parent, block.spec_version), (number, parent, 2));
		let event = block.events.iter().find_map(|event| event.typed::<Committed>().unwrap()).unwrap();
		let Committed { burned, hold, .. } = committed(number);
		assert_eq!((event.burned, event.hold), (hold, burned), "block {number}");
		parent = block.head.hash;
	}
}
