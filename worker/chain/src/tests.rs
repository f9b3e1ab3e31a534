//! Connections, reads and submissions against a node that answers from a script.

use crate::{
	testing::{MockNode, Runtime, Script},
	AnnouncedChallenge, Call, Chain, ConnectError, Difference, Nomination, Patience, ReadError, Rejection, ReputationRecord,
	RequestError, Setback, Signer, StoredModel, SubmitError, SyncState, Urgency,
};
use codec::Encode;
use doin_primitives::{views::EvidenceView, RoundId, RoundParams, DOIN};
use jsonrpsee::types::ErrorObjectOwned;
use scale_info::meta_type;
use std::{
	collections::VecDeque,
	error::Error,
	time::{Duration, Instant},
};

/// A port that is reserved for a service that nobody runs: connections are refused.
const NOWHERE: &str = "ws://127.0.0.1:1";
/// Time that a reconnection may take.
const LIMIT: Duration = Duration::from_secs(20);

async fn connect(node: &MockNode) -> Chain {
	Chain::connect(&[node.url()], Patience::Once).await.unwrap()
}

/// Waits until `done` holds.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
	let started = Instant::now();
	while !done().await {
		assert!(started.elapsed() < LIMIT, "waited {} s for {what}", LIMIT.as_secs());
		tokio::time::sleep(Duration::from_millis(20)).await;
	}
}

fn dave() -> Signer {
	Signer::new(subxt_signer::sr25519::dev::dave())
}

fn with_runtime(runtime: Runtime) -> Script {
	Script { runtime, ..Script::default() }
}

fn refusal(code: i32) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(code, "Invalid Transaction", Some("for a test"))
}

#[tokio::test]
async fn a_missing_node_is_named_with_a_next_step() {
	let error = Chain::connect(&[NOWHERE], Patience::Once).await.unwrap_err();
	assert!(error.is_transient() && matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
	let text = error.to_string();
	assert!(text.contains(NOWHERE) && text.contains("doin-node --dev"), "{text}");
	let source = error.source().unwrap().to_string();
	assert!(source.contains("refused"), "{source}");
}

#[tokio::test]
async fn patience_ends() {
	let started = Instant::now();
	Chain::connect(&[NOWHERE], Patience::Within(Duration::from_millis(600))).await.unwrap_err();
	assert!(started.elapsed() >= Duration::from_millis(250) && started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_node_that_is_not_ready_is_waited_for() {
	let node = MockNode::start(Script { refused_versions: 2, ..Script::default() }).await;
	let error = Chain::connect(&[node.url()], Patience::Once).await.unwrap_err();
	assert!(error.is_transient(), "{error:?}");
	Chain::connect(&[node.url()], Patience::Within(LIMIT)).await.unwrap();
}

#[tokio::test]
async fn an_invalid_address_is_not_tried() {
	let error = Chain::connect(&["localhost:9944"], Patience::Forever).await.unwrap_err();
	assert!(error.to_string().contains("ws://HOST:PORT"), "{error}");
}

#[tokio::test]
async fn a_node_is_followed_block_by_block() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	assert_eq!((chain.url(), chain.genesis(), chain.head().number), (node.url(), [9; 32], 1));
	let first = chain.head();
	node.set_head(2);
	let next = tokio::time::timeout(LIMIT, chain.next_head(first)).await.unwrap();
	assert_eq!((next.number, chain.head()), (2, next));
	assert_eq!(chain.block(2).await.unwrap(), Some(next), "a head has the hash of its block");
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
	let node = MockNode::start(Script { spec_name: "polkadot", ..Script::default() }).await;
	let error = Chain::connect(&[node.url()], Patience::Forever).await.unwrap_err();
	assert!(matches!(&error, ConnectError::WrongChain { found, .. } if found == "polkadot"), "{error:?}");
}

#[tokio::test]
async fn a_node_of_another_version_is_refused_with_the_first_difference() {
	let runtime = Runtime::default().with_call("Evaluators", "serve", vec![("domain", meta_type::<u64>())]);
	let node = MockNode::start(with_runtime(runtime)).await;
	let error = Chain::connect(&[node.url()], Patience::Forever).await.unwrap_err();
	let ConnectError::OtherVersion { difference, .. } = &error else { panic!("{error:?}") };
	assert!(matches!(difference, Difference::Type { item, .. } if item == "call Evaluators.serve"), "{difference:?}");
	assert!(error.to_string().contains("different versions"), "{error}");
}

#[tokio::test]
async fn the_genesis_of_another_network_is_refused() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	chain.expect_genesis([9; 32]).unwrap();
	let error = chain.expect_genesis([8; 32]).unwrap_err().to_string();
	assert!(error.contains(&"09".repeat(32)) && error.contains(&"08".repeat(32)), "{error}");
}

#[tokio::test]
async fn views_constants_and_storage_are_decoded() {
	let mut script = Script::default();
	script.calls.insert("DoinApi_round_params", RoundParams::DEV.encode());
	script.stored = Some((5u128, vec![(7u32, 1_000_000u32)]).encode());
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let at = chain.head();
	assert_eq!(chain.round_params(at).await.unwrap(), RoundParams::DEV);
	assert_eq!(chain.constant::<u128>("Gauge", "Deposit").await.unwrap(), 7);
	let ballot = chain.ballot(at, dave().account()).await.unwrap();
	assert_eq!(ballot, [(7, 1_000_000)], "the further field is skipped");
	assert_eq!(chain.fee(&dave(), &Call::nominate(1)).await.unwrap(), 1_234);
	node.script.lock().unwrap().stored = None;
	assert!(chain.ballot(at, dave().account()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nominations_are_decoded_with_deposit_and_session() {
	let nominator = dave().account();
	let stored = |domain: u32, deposit: u128, since: u32| (domain, nominator, 9u8, deposit, since);
	let node =
		MockNode::start(Script { stored: Some(vec![stored(3, 5, 40), stored(7, 1 << 70, 41)].encode()), ..Script::default() });
	let node = node.await;
	let chain = connect(&node).await;
	let expected = |domain, deposit, since| Nomination { domain, nominator, deposit, since };
	let at = chain.head();
	assert_eq!(chain.nominations(at).await.unwrap(), [expected(3, 5, 40), expected(7, 1 << 70, 41)]);
	assert_eq!(chain.nominated(at).await.unwrap(), [3, 7]);
	node.script.lock().unwrap().stored = None;
	assert!(chain.nominations(at).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_an_account_has_on_the_chain_is_decoded() {
	let who = dave().account();
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	let at = chain.head();
	let store = |value: Vec<u8>| node.script.lock().unwrap().stored = Some(value);
	store((who, RoundId { domain: 7, number: 9 }, vec![1u8, 2], vec![-3i64, 8], vec![5u32], 6 * DOIN).encode());
	let model = StoredModel { id: 12, author: who, domain: 7, hold: 6 * DOIN };
	assert_eq!(chain.stored_model(at, 12).await.unwrap(), Some(model));
	assert_eq!(chain.model_author(at, 12).await.unwrap(), Some(who));
	assert_eq!(chain.claimed_sums(at, 12).await.unwrap(), Some(vec![5]));
	assert_eq!(chain.model_genes(at, 12).await.unwrap(), Some(vec![-3, 8]));
	store(([3u8; 32], 90u32, DOIN).encode());
	let challenge = AnnouncedChallenge { hash: [3; 32], at: 90, bond: DOIN };
	assert_eq!(chain.announced_challenge(at, who).await.unwrap(), Some(challenge));
	store((500 * DOIN, vec![7u32, 3], 1u8).encode());
	assert_eq!(chain.served_domains(at, who).await.unwrap(), [7, 3]);
	store((1u64 << 32, 80u32).encode());
	assert_eq!(chain.reputation_record(at, who).await.unwrap(), Some(ReputationRecord { score: 1 << 32, at: 80 }));
	node.script.lock().unwrap().stored = None;
	assert_eq!((chain.stored_model(at, 12).await.unwrap(), chain.announced_challenge(at, who).await.unwrap()), (None, None));
	assert_eq!(chain.model_genes(at, 12).await.unwrap(), None);
	assert!(chain.served_domains(at, who).await.unwrap().is_empty(), "an account without a bond");
}

#[tokio::test]
async fn the_stored_models_are_listed_page_by_page() {
	let key = |id: u64| format!("0x{}{}", "ab".repeat(40), hex::encode(id.to_le_bytes()));
	let mut script = Script { keys: (0..2_500).map(key).collect(), ..Script::default() };
	script.keys.sort_unstable();
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let mut ids = chain.stored_models(chain.head()).await.unwrap();
	ids.sort_unstable();
	assert!(ids.iter().copied().eq(0..2_500));
	node.script.lock().unwrap().keys = vec!["0xabab".into()];
	let short = chain.stored_models(chain.head()).await.unwrap_err();
	assert!(matches!(&short, ReadError::Undecodable { request, .. } if request == "Optimae.Models"), "{short:?}");
	node.script.lock().unwrap().keys = Vec::new();
	assert!(chain.stored_models(chain.head()).await.unwrap().is_empty());
}

#[tokio::test]
async fn evidence_and_segments_are_decoded() {
	let view = EvidenceView {
		owner: dave().account(),
		units: 1_024,
		segment_bytes: 17 * 1_024,
		stake: 10 * DOIN,
		sealed: 300,
		opened: 2,
		purse: 500 * DOIN,
		spent: 0,
		awaited: Some(RoundId { domain: 7, number: 9 }),
		awaited_until: Some(90),
		suspended: None,
	};
	let mut script = Script::default();
	script.calls.insert("DoinApi_evidence", Some(view.clone()).encode());
	script.calls.insert("DoinApi_segment", Some(vec![1u8, 2]).encode());
	script.calls.insert("DoinApi_segment_hashes", vec![[3u8; 32]; 256].encode());
	script.calls.insert("DoinApi_rows", None::<Vec<u8>>.encode());
	script.calls.insert("DoinApi_baseline", Some(vec![2u8]).encode());
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let at = chain.head();
	assert_eq!(chain.evidence(at, 7).await.unwrap(), Some(view));
	assert_eq!(chain.segment(at, 7, 1).await.unwrap(), Some(vec![1, 2]));
	assert_eq!(chain.segment_hashes(at, 7, 0..300).await.unwrap(), [[3; 32]; 300], "read page by page");
	assert!(chain.segment_hashes(at, 7, 5..5).await.unwrap().is_empty());
	assert_eq!((chain.rows(at, 7).await.unwrap(), chain.baseline(at, 7).await.unwrap()), (None, Some(vec![2])));
	node.script.lock().unwrap().calls.insert("DoinApi_segment_hashes", Vec::<[u8; 32]>::new().encode());
	assert!(chain.segment_hashes(at, 7, 0..300).await.unwrap().is_empty(), "a chain with fewer segments");
}

#[tokio::test]
async fn a_refused_or_unreadable_read_is_named() {
	let mut script = Script::default();
	script.calls.insert("DoinApi_round_params", vec![1, 2, 3]);
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let at = chain.head();
	let short = chain.round_params(at).await.unwrap_err();
	assert!(matches!(&short, ReadError::Undecodable { request, .. } if request == "DoinApi_round_params"), "{short:?}");
	let refused = chain.work(at).await.unwrap_err();
	let ReadError::Refused { source: RequestError::Refused { code, .. }, .. } = &refused else { panic!("{refused:?}") };
	assert_eq!(*code, 4003);
	let missing = chain.constant::<u128>("Gauge", "Nothing").await.unwrap_err();
	assert!(missing.to_string().contains("constant Gauge.Nothing"), "{missing}");
	let storage = chain.funds(at, dave().account()).await.unwrap_err();
	assert!(!storage.is_transient() && matches!(storage, ReadError::Undecodable { .. }), "{storage:?}");
}

#[tokio::test]
async fn a_lost_node_is_reported_at_once_and_followed_again_when_it_is_back() {
	let mut script = Script::default();
	script.calls.insert("DoinApi_round_params", RoundParams::DEV.encode());
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let before = chain.head();
	let address = node.stop().await;

	let started = Instant::now();
	let error = chain.round_params(before).await.unwrap_err();
	assert!(error.is_transient() && started.elapsed() < Duration::from_secs(5), "{error:?}");
	assert_eq!(chain.head(), before, "the head stays where it was");

	let mut script = Script::default();
	script.calls.insert("DoinApi_round_params", RoundParams::DEV.encode());
	let node = MockNode::start_at(address, script).await;
	node.set_head(9);
	until("the chain to be followed again", async || chain.head().number == 9).await;
	until("reads", async || chain.round_params(chain.head()).await.is_ok()).await;
}

#[tokio::test]
async fn a_node_of_another_network_at_the_same_address_is_not_followed() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	let before = chain.head();
	let address = node.stop().await;
	let other = MockNode::start_at(address, Script { genesis: [1; 32], ..Script::default() }).await;
	other.set_head(9);
	tokio::time::sleep(Duration::from_secs(2)).await;
	assert_eq!((chain.head(), chain.genesis()), (before, [9; 32]));
	assert!(chain.work(before).await.unwrap_err().is_transient(), "reads wait for the network of the chain");

	let address = other.stop().await;
	let node = MockNode::start_at(address, Script::default()).await;
	node.set_head(10);
	until("the own network", async || chain.head().number == 10).await;
}

#[tokio::test]
async fn the_runtime_is_checked_again_when_the_chain_is_upgraded() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	let upgrade = |spec_version, runtime| {
		let mut script = node.script.lock().unwrap();
		(script.spec_version, script.runtime) = (spec_version, runtime);
	};
	// The pallet comes last now, so calls have other indices, and are the same otherwise.
	let upgraded = Runtime::default().without_pallet("Reputation");
	let upgraded = upgraded.and_call("Reputation", "remove_record", vec![("who", meta_type::<crate::Account>())]);
	let (pallet, call) = upgraded.call_index("Gauge", "nominate");
	assert_ne!((pallet, call), Runtime::default().call_index("Gauge", "nominate"));
	upgrade(2, upgraded);
	node.set_head(2);
	until("the upgraded chain", async || chain.head().number == 2).await;
	let submission = tokio::spawn({
		let chain = chain.clone();
		async move { chain.submit(&dave(), &Call::nominate(1), Urgency::Relaxed).await }
	});
	until("a call", async || !node.script.lock().unwrap().submitted.is_empty()).await;
	submission.abort();
	let submitted = std::mem::take(&mut node.script.lock().unwrap().submitted);
	assert!(submitted[0].ends_with(&hex::encode([pallet, call, 1, 0, 0, 0])), "{submitted:?}");

	upgrade(3, Runtime::default().with_call("Evaluators", "serve", vec![("domain", meta_type::<u64>())]));
	node.set_head(3);
	until("the refusal", async || chain.work(chain.head()).await.is_err_and(|error| error.is_transient())).await;
	assert_eq!(chain.head().number, 2, "no block of a runtime of another version is published");
	let (signer, call) = (dave(), Call::nominate(1));
	let submission = chain.submit(&signer, &call, Urgency::Relaxed);
	assert!(tokio::time::timeout(Duration::from_millis(300), submission).await.is_err());
	assert!(node.script.lock().unwrap().submitted.is_empty(), "nothing is signed for it");

	upgrade(4, Runtime::default());
	node.set_head(4);
	until("the repaired chain", async || chain.head().number == 4).await;
}

#[tokio::test]
async fn a_chain_is_served_before_its_upgrade_and_refused_after_one_that_brings_no_streams() {
	let former = || {
		let runtime = Runtime::default().without_pallet("Oracle");
		let later = ["streams", "bars", "poll", "forecast_rounds", "forecast_round", "leaderboard", "forecaster"];
		later.into_iter().fold(runtime, Runtime::without_method)
	};
	let node = MockNode::start(Script { spec_version: 2, ..with_runtime(former()) }).await;
	let chain = connect(&node).await;
	let upgrade = |spec_version, runtime| {
		let mut script = node.script.lock().unwrap();
		(script.spec_version, script.runtime) = (spec_version, runtime);
	};
	node.set_head(2);
	until("a block of the former runtime", async || chain.head().number == 2).await;
	upgrade(3, former());
	node.set_head(3);
	until("the refusal", async || chain.work(chain.head()).await.is_err_and(|error| error.is_transient())).await;
	assert_eq!(chain.head().number, 2, "no block of a runtime without streams is published");
	upgrade(4, Runtime::default());
	node.set_head(4);
	until("the upgraded chain", async || chain.head().number == 4).await;

	let other = MockNode::start(Script { spec_version: 3, ..with_runtime(former()) }).await;
	let error = Chain::connect(&[other.url()], Patience::Once).await.unwrap_err();
	let ConnectError::OtherVersion { difference, .. } = &error else { panic!("{error:?}") };
	assert_eq!(*difference, Difference::Missing("pallet Oracle".into()));
}

#[tokio::test]
async fn the_first_node_of_a_list_that_answers_is_taken() {
	let node = MockNode::start(Script::default()).await;
	let list = [NOWHERE.to_owned(), node.url()];
	let chain = Chain::connect(&list, Patience::Once).await.unwrap();
	assert_eq!(chain.url(), node.url());
	drop(chain);
	node.stop().await;
	let error = Chain::connect(&list, Patience::Once).await.unwrap_err();
	assert!(error.is_transient() && error.to_string().contains(&list.join(", ")), "{error}");
}

#[tokio::test]
async fn a_list_of_nodes_is_followed_in_turn_and_around() {
	let script = || {
		let mut script = Script::default();
		script.calls.insert("DoinApi_round_params", RoundParams::DEV.encode());
		script
	};
	let (first, second) = (MockNode::start(script()).await, MockNode::start(script()).await);
	let list = [first.url(), second.url()];
	let chain = Chain::connect(&list, Patience::Once).await.unwrap();
	assert_eq!(chain.url(), first.url());

	second.set_head(5);
	let address = first.stop().await;
	until("the second node", async || chain.head().number == 5).await;
	assert_eq!(chain.url(), second.url());
	until("reads of the second node", async || chain.round_params(chain.head()).await.is_ok()).await;
	second.set_head(6);
	until("the next block of the second node", async || chain.head().number == 6).await;

	let first = MockNode::start_at(address, script()).await;
	first.set_head(7);
	tokio::time::sleep(Duration::from_secs(1)).await;
	assert_eq!((chain.url(), chain.head().number), (second.url(), 6), "a node that answers and is synced is not left");
	second.stop().await;
	until("the first node again", async || chain.head().number == 7).await;
	assert_eq!(chain.url(), first.url());
}

#[tokio::test]
async fn a_node_of_the_list_on_another_network_is_passed_over() {
	let node = MockNode::start(Script::default()).await;
	let other = MockNode::start(Script { genesis: [1; 32], ..Script::default() }).await;
	let last = MockNode::start(Script::default()).await;
	other.set_head(40);
	last.set_head(3);
	let list = [node.url(), other.url(), last.url()];
	let chain = Chain::connect(&list, Patience::Once).await.unwrap();
	node.stop().await;
	let mut heads = chain.heads();
	let head = tokio::time::timeout(LIMIT, heads.wait_for(|head| head.number != 1)).await.expect("a node of the network");
	assert_eq!((head.unwrap().number, chain.url()), (3, last.url()), "no block of the other network is published");
}

#[tokio::test]
async fn a_node_that_is_behind_is_left_for_one_of_the_list_with_more_blocks() {
	let mut script = Script::default();
	script.calls.insert("DoinApi_round_params", RoundParams::DEV.encode());
	let behind = MockNode::start(Script { syncing_to: Some(2_000), ..Script::default() }).await;
	let other = MockNode::start(Script { genesis: [1; 32], ..Script::default() }).await;
	let (equal, ahead) = (MockNode::start(Script::default()).await, MockNode::start(script).await);
	other.set_head(2_000);
	equal.set_head(4);
	ahead.set_head(40);
	let list = [behind.url(), other.url(), equal.url(), ahead.url()];
	let chain = Chain::connect(&list, Patience::Once).await.unwrap();
	let mut heads = chain.heads();
	let head = tokio::time::timeout(LIMIT, heads.wait_for(|head| head.number != 1)).await.expect("a node with more blocks");
	assert_eq!((head.unwrap().number, chain.url()), (40, ahead.url()));
	until("reads of the other node", async || chain.round_params(chain.head()).await.is_ok()).await;
}

/// All nodes of the list are behind, e.g. after the network has stood still.
#[tokio::test]
async fn a_node_that_is_behind_is_waited_for_if_no_other_has_more_blocks() {
	let behind = MockNode::start(Script { syncing_to: Some(2_000), ..Script::default() }).await;
	let equal = MockNode::start(Script::default()).await;
	equal.set_head(4);
	let list = [NOWHERE.to_owned(), behind.url(), equal.url()];
	let chain = Chain::connect(&list, Patience::Once).await.unwrap();
	let state = tokio::time::timeout(LIMIT, chain.known_sync_state()).await.expect("the node reports its state");
	assert_eq!((state, chain.url()), (SyncState::Syncing { block: 1, target: Some(2_000) }, behind.url()));
	behind.script.lock().unwrap().syncing_to = None;
	behind.set_head(2);
	until("the newest block", async || chain.head().number == 2).await;
	assert_eq!(chain.url(), behind.url());
}

#[tokio::test]
async fn a_call_without_money_is_refused_for_good() {
	let mut script = Script { validity: vec![1, 0, 1], ..Script::default() };
	script.refusals.push_back(refusal(1010));
	let node = MockNode::start(script).await;
	let error = connect(&node).await.submit(&dave(), &Call::nominate(1), Urgency::Relaxed).await.unwrap_err();
	assert!(matches!(error, SubmitError::Rejected { rejection: Rejection::Payment, .. }), "{error:?}");
	assert!(error.to_string().contains(&format!("send DOIN to {}", dave().hot())), "{error}");
	assert_eq!(node.script.lock().unwrap().submitted.len(), 1);
}

/// Two processes sign with one key. The transaction of the other one has taken the nonce, and nothing of this one is in a block.
#[tokio::test]
async fn k31_success_is_reported_for_an_extrinsic_in_a_block_and_not_for_a_nonce_that_has_moved_on() {
	let mut script = Script { validity: vec![1, 0, 3], nonces: VecDeque::from([4, 5]), ..Script::default() };
	script.refusals.push_back(refusal(1010));
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let blocks = async {
		until("the first attempt", async || !node.script.lock().unwrap().submitted.is_empty()).await;
		node.script.lock().unwrap().bodies.insert(2, vec!["0x0c070707".into()]);
		node.set_head(2);
		until("an attempt with another nonce", async || node.script.lock().unwrap().submitted.len() == 2).await;
		node.include(3);
		node.script.lock().unwrap().nonces = VecDeque::from([6]);
		node.set_head(18);
	};
	let (included, ()) = tokio::join!(async { chain.submit(&dave(), &Call::nominate(1), Urgency::Relaxed).await }, async {
		tokio::time::timeout(LIMIT, blocks).await.expect("a second attempt is made")
	});
	assert_eq!(included.unwrap().block, chain.block(3).await.unwrap().unwrap(), "the block that includes the extrinsic");
}

/// The transaction of the other process has taken the nonce, and there is no time for another attempt.
#[tokio::test]
async fn k31_a_call_that_another_transaction_displaced_is_not_reported_as_done() {
	let mut script = Script { validity: vec![1, 0, 3], nonces: VecDeque::from([4, 5]), ..Script::default() };
	script.refusals.push_back(refusal(1010));
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let blocks = async {
		until("the first attempt", async || !node.script.lock().unwrap().submitted.is_empty()).await;
		node.set_head(9);
	};
	let (signer, call) = (dave(), Call::nominate(1));
	let (outcome, ()) = tokio::join!(async { chain.submit(&signer, &call, Urgency::Before(10)).await }, blocks);
	assert!(matches!(outcome, Err(SubmitError::NotIncluded { by: 9, .. })), "{outcome:?}");
}

#[tokio::test]
async fn n14_calls_of_one_key_do_not_wait_for_each_other() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	let signer = dave();
	let calls = (0..3).map(|domain| {
		let (chain, signer) = (chain.clone(), signer.clone());
		tokio::spawn(async move { chain.submit(&signer, &Call::nominate(domain), Urgency::Relaxed).await })
	});
	let calls: Vec<_> = calls.collect();
	until("all calls in the pool", async || node.script.lock().unwrap().submitted.len() == 3).await;
	assert_eq!(chain.head().number, 1, "no block was needed in between");
	let submitted = node.script.lock().unwrap().submitted.clone();
	node.script.lock().unwrap().bodies.insert(2, submitted);
	node.script.lock().unwrap().nonces = VecDeque::from([3]);
	node.set_head(18);
	for call in calls {
		assert_eq!(call.await.unwrap().unwrap().block.number, 2);
	}
}

#[tokio::test]
async fn a_nonce_that_was_given_up_is_filled_so_that_calls_behind_it_do_not_wait() {
	let node = MockNode::start(Script { free_nonce: Some(4), nonces: VecDeque::from([2]), ..Script::default() }).await;
	let chain = connect(&node).await;
	let blocks = async {
		until("an attempt", async || node.script.lock().unwrap().submitted.len() == 1).await;
		// A call with nonce 2 has left the pool, and this one waits behind it with nonce 4.
		node.script.lock().unwrap().free_nonce = Some(2);
		node.set_head(5);
		until("a filler and another attempt", async || node.script.lock().unwrap().submitted.len() == 3).await;
		node.set_head(30);
	};
	let (signer, call) = (dave(), Call::nominate(1));
	let (outcome, ()) = tokio::join!(async { chain.submit(&signer, &call, Urgency::Before(20)).await }, blocks);
	outcome.unwrap_err();
	let lengths: Vec<_> = node.script.lock().unwrap().submitted.iter().map(String::len).collect();
	assert!(lengths[1] < lengths[0] && lengths[2] >= lengths[0], "a remark without bytes is shorter: {lengths:?}");
}

/// A process was stopped after it had sent a call, and another one with its key reads the state.
#[tokio::test]
async fn the_state_is_read_after_all_calls_of_a_key_are_in_blocks() {
	let node = MockNode::start(Script { free_nonce: Some(3), nonces: VecDeque::from([2]), ..Script::default() }).await;
	let (chain, signer) = (connect(&node).await, dave());
	let waiting = tokio::spawn({
		let (chain, signer) = (chain.clone(), signer.clone());
		async move { chain.awaits_nothing(&signer).await }
	});
	node.set_head(5);
	tokio::time::sleep(Duration::from_millis(300)).await;
	assert!(!waiting.is_finished(), "the call of the other process is in the pool");
	node.script.lock().unwrap().nonces = VecDeque::from([3]);
	node.set_head(6);
	assert!(tokio::time::timeout(LIMIT, waiting).await.expect("the call is in a block").unwrap().unwrap());
	node.script.lock().unwrap().free_nonce = None;
	assert!(chain.awaits_nothing(&signer).await.unwrap(), "the node does not serve the request");
	assert!(node.script.lock().unwrap().submitted.is_empty());
}

#[tokio::test]
async fn k28_nothing_is_signed_and_no_block_is_published_while_the_node_is_syncing() {
	let node = MockNode::start(Script { syncing_to: Some(2_000), ..Script::default() }).await;
	let chain = connect(&node).await;
	node.set_head(300);
	until("the state of the node", async || chain.sync_state() == SyncState::Syncing { block: 300, target: Some(2_000) }).await;
	assert_eq!(chain.head().number, 1, "an old block is not published");
	let (signer, call) = (dave(), Call::nominate(1));
	let submission = chain.submit(&signer, &call, Urgency::Before(2_010));
	assert!(tokio::time::timeout(Duration::from_millis(300), submission).await.is_err());
	assert!(node.script.lock().unwrap().submitted.is_empty());

	node.script.lock().unwrap().syncing_to = None;
	node.set_head(301);
	tokio::time::timeout(LIMIT, chain.synced()).await.expect("the node is synced");
	assert_eq!(chain.head().number, 301);
}

/// A node without a boot node has no peers at first, and shows neither that it should have any nor that it is syncing.
#[tokio::test]
async fn k28_a_node_without_peers_that_produces_no_blocks_is_waited_for() {
	let node = MockNode::start(Script { role: "Full", ..Script::default() }).await;
	let chain = connect(&node).await;
	let state = tokio::time::timeout(LIMIT, chain.known_sync_state()).await.expect("the node reports its state");
	assert!(matches!(state, SyncState::Stale { peers: 0, .. }), "{state:?}");
	node.set_head(2);
	let (signer, call) = (dave(), Call::nominate(1));
	let submission = chain.submit(&signer, &call, Urgency::Relaxed);
	assert!(tokio::time::timeout(Duration::from_millis(300), submission).await.is_err());
	assert!(node.script.lock().unwrap().submitted.is_empty() && chain.head().number == 1);

	// Hundreds of blocks arrive at once.
	node.script.lock().unwrap().syncing_to = Some(800);
	node.set_head(300);
	let syncing = SyncState::Syncing { block: 300, target: Some(800) };
	until("the synchronization", async || chain.sync_state() == syncing).await;
	assert_eq!(chain.head().number, 1, "an old block is not published");
	{
		let mut script = node.script.lock().unwrap();
		(script.syncing_to, script.role) = (None, "Authority");
	}
	node.set_head(800);
	tokio::time::timeout(LIMIT, chain.synced()).await.expect("the node is synced");
	assert_eq!(chain.head().number, 800);
}

#[tokio::test]
async fn k36_no_error_repeats_the_credentials_of_an_address() {
	let node = MockNode::start(Script::default()).await;
	let host = node.url();
	let secret = host.replace("ws://", "ws://alice:s3cret@") + "/abcdef?token=1";
	let chain = Chain::connect(&[secret], Patience::Once).await.unwrap();
	assert_eq!(chain.url(), format!("{host}/…"));
	let mut errors = vec![format!("{chain:?}")];
	let refused = chain.work(chain.head()).await.unwrap_err();
	errors.push(format!("{refused} {refused:?}"));
	let other = chain.expect_genesis([8; 32]).unwrap_err();
	errors.push(format!("{other} {other:?}"));
	let nowhere = NOWHERE.replace("ws://", "ws://alice:s3cret@") + "/abcdef";
	for wrong in [nowhere.as_str(), "http://alice:s3cret@host/abcdef", "alice:s3cret@host"] {
		let error = Chain::connect(&[wrong], Patience::Once).await.unwrap_err();
		let source = error.source().map(ToString::to_string).unwrap_or_default();
		errors.push(format!("{error} {source} {error:?}"));
	}
	for error in errors {
		assert!(["alice", "s3cret", "abcdef", "token"].iter().all(|secret| !error.contains(secret)), "{error}");
	}
}

#[tokio::test]
async fn a_full_pool_is_answered_by_another_transaction_until_the_deadline() {
	let mut script = Script::default();
	script.refusals.extend([refusal(1016), refusal(1014), refusal(1012)]);
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let blocks = async {
		for attempts in 1..=3 {
			until("an attempt", async || node.script.lock().unwrap().submitted.len() == attempts).await;
			node.set_head(1 + attempts as u32);
		}
	};
	let call = Call::nominate(1);
	let signer = dave();
	let (error, ()) = tokio::join!(async { chain.submit(&signer, &call, Urgency::Before(5)).await.unwrap_err() }, blocks);
	let SubmitError::NotIncluded { by: 4, setback, .. } = &error else { panic!("{error:?}") };
	assert!(matches!(**setback, Setback::Pool(_)), "{setback:?}");
	let submitted = node.script.lock().unwrap().submitted.clone();
	assert!(submitted[0] != submitted[1] && submitted[1] != submitted[2], "every attempt is another transaction");
}

#[tokio::test]
async fn a_transaction_that_no_block_includes_is_late() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	let blocks = async {
		until("the attempt", async || !node.script.lock().unwrap().submitted.is_empty()).await;
		node.set_head(30);
	};
	let (signer, call) = (dave(), Call::nominate(1));
	let (error, ()) = tokio::join!(async { chain.submit(&signer, &call, Urgency::Before(10)).await.unwrap_err() }, blocks);
	let SubmitError::NotIncluded { by: 9, setback, .. } = &error else { panic!("{error:?}") };
	assert!(matches!(**setback, Setback::Late(4)), "{setback:?}");
	assert!(error.is_transient());
}

#[tokio::test]
async fn a_call_after_its_deadline_is_not_sent() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	let error = chain.submit(&dave(), &Call::nominate(1), Urgency::Before(1)).await.unwrap_err();
	let SubmitError::NotIncluded { setback, .. } = &error else { panic!("{error:?}") };
	assert!(matches!(**setback, Setback::NoTime), "{setback:?}");
	assert!(node.script.lock().unwrap().submitted.is_empty());
}

#[tokio::test]
async fn a_submission_survives_a_restart_of_the_node() {
	let node = MockNode::start(Script { nonces: VecDeque::from([4]), ..Script::default() }).await;
	let chain = connect(&node).await;
	let restart = async {
		until("the attempt", async || !node.script.lock().unwrap().submitted.is_empty()).await;
		let submitted = node.script.lock().unwrap().submitted.clone();
		let address = node.stop().await;
		// The transaction was included while the node was away: the nonce is spent, and the block has the extrinsic.
		let mut script = Script { nonces: VecDeque::from([5]), ..Script::default() };
		script.bodies.insert(2, submitted);
		let node = MockNode::start_at(address, script).await;
		node.set_head(3);
		node
	};
	let (signer, call) = (dave(), Call::nominate(1));
	let (included, node) = tokio::join!(async { chain.submit(&signer, &call, Urgency::Relaxed).await.unwrap() }, restart);
	assert_eq!(included.block.number, 2);
	assert!(node.script.lock().unwrap().submitted.is_empty(), "the call was not sent to the new node");
}
