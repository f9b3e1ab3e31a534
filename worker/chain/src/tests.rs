//! Connections, reads and submissions against a node that answers from a script.

use crate::{
	testing::{MockNode, Runtime, Script},
	Call, Chain, ConnectError, Difference, Patience, ReadError, Rejection, RequestError, Setback, Signer, SubmitError, Urgency,
};
use codec::Encode;
use doin_primitives::RoundParams;
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
	Chain::connect(&node.url(), Patience::Once).await.unwrap()
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
	let error = Chain::connect(NOWHERE, Patience::Once).await.unwrap_err();
	assert!(error.is_transient() && matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
	let text = error.to_string();
	assert!(text.contains(NOWHERE) && text.contains("doin-node --dev"), "{text}");
	let source = error.source().unwrap().to_string();
	assert!(source.contains("refused"), "{source}");
}

#[tokio::test]
async fn patience_ends() {
	let started = Instant::now();
	Chain::connect(NOWHERE, Patience::Within(Duration::from_millis(600))).await.unwrap_err();
	assert!(started.elapsed() >= Duration::from_millis(250) && started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_node_that_is_not_ready_is_waited_for() {
	let node = MockNode::start(Script { refused_versions: 2, ..Script::default() }).await;
	let error = Chain::connect(&node.url(), Patience::Once).await.unwrap_err();
	assert!(error.is_transient(), "{error:?}");
	Chain::connect(&node.url(), Patience::Within(LIMIT)).await.unwrap();
}

#[tokio::test]
async fn an_invalid_address_is_not_tried() {
	let error = Chain::connect("localhost:9944", Patience::Forever).await.unwrap_err();
	assert!(error.to_string().contains("ws://HOST:PORT"), "{error}");
}

#[tokio::test]
async fn a_node_is_followed_block_by_block() {
	let node = MockNode::start(Script::default()).await;
	let chain = connect(&node).await;
	assert_eq!((chain.url(), chain.genesis(), chain.head().number), (node.url().as_str(), [9; 32], 1));
	let first = chain.head();
	node.set_head(2);
	let next = tokio::time::timeout(LIMIT, chain.next_head(first)).await.unwrap();
	assert_eq!((next.number, chain.head()), (2, next));
	assert_eq!(chain.block(2).await.unwrap(), Some(next), "a head has the hash of its block");
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
	let node = MockNode::start(Script { spec_name: "polkadot", ..Script::default() }).await;
	let error = Chain::connect(&node.url(), Patience::Forever).await.unwrap_err();
	assert!(matches!(&error, ConnectError::WrongChain { found, .. } if found == "polkadot"), "{error:?}");
}

#[tokio::test]
async fn a_node_of_another_version_is_refused_with_the_first_difference() {
	let runtime = Runtime::default().with_call("Evaluators", "serve", vec![("domain", meta_type::<u64>())]);
	let node = MockNode::start(with_runtime(runtime)).await;
	let error = Chain::connect(&node.url(), Patience::Forever).await.unwrap_err();
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
async fn a_call_without_money_is_refused_for_good() {
	let mut script = Script { validity: vec![1, 0, 1], ..Script::default() };
	script.refusals.push_back(refusal(1010));
	let node = MockNode::start(script).await;
	let error = connect(&node).await.submit(&dave(), &Call::nominate(1), Urgency::Relaxed).await.unwrap_err();
	assert!(matches!(error, SubmitError::Rejected { rejection: Rejection::Payment, .. }), "{error:?}");
	assert!(error.to_string().contains(&format!("send DOIN to {}", dave().hot())), "{error}");
	assert_eq!(node.script.lock().unwrap().submitted.len(), 1);
}

#[tokio::test]
async fn a_call_with_a_stale_nonce_is_signed_again() {
	// The first attempt is refused as outdated; the second one has another nonce, since the first was included meanwhile.
	let mut script = Script { validity: vec![1, 0, 3], nonces: VecDeque::from([4, 5]), ..Script::default() };
	script.refusals.push_back(refusal(1010));
	let node = MockNode::start(script).await;
	let chain = connect(&node).await;
	let block = async {
		until("the first attempt", async || !node.script.lock().unwrap().submitted.is_empty()).await;
		node.set_head(2);
	};
	let (included, ()) =
		tokio::join!(async { chain.submit(&dave(), &Call::nominate(1), Urgency::Relaxed).await.unwrap() }, block);
	assert_eq!((included.fee, included.events.len()), (0, 0), "its events were not seen");
	assert_eq!(node.script.lock().unwrap().submitted.len(), 1, "the call was not sent twice");
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
		let address = node.stop().await;
		// The transaction was included before the node stopped: the nonce is spent.
		let node = MockNode::start_at(address, Script { nonces: VecDeque::from([5]), ..Script::default() }).await;
		node.set_head(3);
		node
	};
	let (signer, call) = (dave(), Call::nominate(1));
	let (included, node) = tokio::join!(async { chain.submit(&signer, &call, Urgency::Relaxed).await.unwrap() }, restart);
	assert!(included.events.is_empty(), "the inclusion was not seen: {included:?}");
	assert!(node.script.lock().unwrap().submitted.is_empty(), "the call was not sent to the new node");
}
