//! Faults of a network of three validators, and what is left of them.

use anyhow::{ensure, Context, Result};
use codec::Decode;
use doin_e2e::{
	accounts::{ALICE, DAVE},
	chain,
	state::{bytes, hash, hex},
	validators::{agree, boot, pending_slash, Validators},
	wait_for, Node, Worker,
};
use serde_json::json;
use std::time::Duration;
use subxt::{
	dynamic::{self, Value},
	ext::scale_value::Composite,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;

/// Longest wait for anything, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);
/// Blocks between a lost node and the check that its network is as it should be.
const FURTHER: u32 = 5;
/// Bytes of each of the two session keys.
const KEY: usize = 32;

/// Returns the number of the set of accounts that vote for finality, at the best block.
async fn voter_set(node: &Node) -> Result<u64> {
	let answer = node.call("state_call", [json!("GrandpaApi_current_set_id"), json!("0x")]).await?;
	Ok(u64::decode(&mut &bytes(&answer)?[..])?)
}

/// Gives the validator Charlie new session keys, which his node generates.
async fn rotate_keys(node: &Node) -> Result<()> {
	let owner = dev::charlie().public_key().to_account_id();
	let rotated = node.call("author_rotateKeysWithOwner", [json!(hex(&owner.0))]).await?;
	let (keys, proof) = (bytes(&rotated["keys"])?, bytes(&rotated["proof"])?);
	ensure!(keys.len() == 2 * KEY, "two keys: {rotated}");
	let (grandpa, babe) = keys.split_at(KEY);
	let keys = Value::named_composite([("grandpa", Value::from_bytes(grandpa)), ("babe", Value::from_bytes(babe))]);
	let call = dynamic::tx("Session", "set_keys", Composite::named([("keys", keys), ("proof", Value::from_bytes(proof))]));
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	let mut transactions = client.tx().await?;
	transactions.sign_and_submit_then_watch_default(&call, &dev::charlie()).await?.wait_for_finalized_success().await?;
	Ok(())
}

/// Starts three validators with a block each second.
async fn validators() -> Result<Validators> {
	Validators::start(&chain::local_with_fast_blocks()?, &[], &[]).await
}

/// The proof of a warp sync spans two sets of voters, since one validator has new keys.
#[tokio::test]
async fn a_node_that_warp_syncs_has_state_and_history_and_goes_on_after_a_crash() -> Result<()> {
	let network = validators().await?;
	let former = voter_set(&network.alice).await?;
	rotate_keys(&network.charlie).await?;
	let changed = wait_for("the new set of voters", LIMIT, || async {
		Ok((voter_set(&network.alice).await? > former).then_some(network.alice.best().await?))
	})
	.await?;
	// The new keys are those that vote.
	let block = network.alice.finalize(changed + FURTHER, LIMIT).await?;

	let observer = network.join(&["--sync=warp"]).await?;
	observer.finalize(block, LIMIT).await?;
	// The node has the final block before its log names the end of a step. A full sync writes neither line.
	wait_for("the end of the warp sync in the log", LIMIT, || {
		let log = observer.output();
		let is_complete = log.contains("Warp sync is complete") && log.contains("State sync is complete");
		async move { Ok(is_complete.then_some(())) }
	})
	.await?;
	agree(&network.alice, &[&network.bob, &network.charlie, &observer]).await?;
	let at = network.alice.finalized().await?;
	observer.finalize(at, LIMIT).await?;
	let state = [json!(0), hash(&network.alice, at).await?];
	let expected = network.alice.call("doin_domain", state.clone()).await?;
	assert_eq!(observer.call("doin_domain", state).await?, expected, "the state");
	wait_for("the blocks before the state", LIMIT, || async {
		let first = hash(&observer, 1).await?;
		if first.is_null() {
			return Ok(None);
		}
		let body = observer.call("chain_getBlock", [first]).await?;
		Ok((!body.is_null()).then_some(()))
	})
	.await?;
	assert_eq!(hash(&observer, 1).await?, hash(&network.alice, 1).await?);

	let (base, config) = observer.crash()?;
	let observer = Node::start_in(base, config).await?;
	observer.finalize(at + FURTHER, LIMIT).await?;
	agree(&network.alice, &[&observer]).await?;
	Ok(())
}

#[tokio::test]
async fn a_validator_that_is_killed_and_started_again_votes_again() -> Result<()> {
	let Validators { alice, bob, charlie, boot, .. } = validators().await?;
	let (base, config) = charlie.crash()?;
	// Finality needs more than two thirds of the votes.
	let lost = alice.best().await?;
	alice.reach(lost + FURTHER, LIMIT).await?;
	let stalled = alice.finalized().await?;
	ensure!(stalled < lost + FURTHER, "block {stalled} is final without the third validator");

	let charlie = Node::start_in(base, config).await?;
	let block = alice.finalize(lost + FURTHER, LIMIT).await?;
	agree(&alice, &[&bob, &charlie]).await?;
	// A node that comes in afterwards takes the same chain.
	let observer = Node::local_with_fast_blocks(&[&boot[0]]).await?;
	observer.finalize(block, LIMIT).await?;
	agree(&alice, &[&observer]).await?;
	Ok(())
}

/// Two nodes run with the keys of one validator, as after a restored backup whose former machine still runs.
#[tokio::test]
async fn a_validator_whose_keys_run_on_two_nodes_is_slashed_and_the_chain_goes_on() -> Result<()> {
	let network = validators().await?;
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(network.bob.url()).await?;
	let alice = dev::alice().public_key().to_account_id();
	assert_eq!(pending_slash(&client, &alice).await?, None);

	let key = format!("--node-key={}", "4".repeat(64));
	let double = network.join(&["--alice", &key]).await?;
	let slash = wait_for("the slash", LIMIT, || pending_slash(&client, &alice)).await?;
	assert!(slash > 0, "a part of the stake of Alice");
	let standing = network.bob.call("doin_reputation", [json!(ALICE)]).await?;
	assert_eq!(standing["eligible"], false, "an equivocation takes a score to 0: {standing}");
	let block = network.bob.best().await?;
	network.bob.finalize(block + FURTHER, LIMIT).await?;
	agree(&network.bob, &[&network.alice, &network.charlie, &double]).await?;
	Ok(())
}

/// The node of a worker is killed: the worker goes on with the next node of its list.
#[tokio::test]
async fn a_worker_goes_on_with_the_next_node_of_its_list() -> Result<()> {
	let validator = Node::dev_with_fast_blocks().await?;
	let chain = format!("--chain={}", chain::with_fast_blocks()?.display());
	let boot = boot(&validator).await?;
	let arguments = [chain.as_str(), boot.as_str()];
	let (first, second) = tokio::try_join!(Node::start(&arguments), Node::start(&arguments))?;
	let list = format!("{},{}", first.url(), second.url());
	let mut worker = Worker::start(&["run", "--dev", "--url", &list, "--journal", "{base}/journal.db"])?;
	let sent = || async {
		let nonce = validator.call("system_accountNextIndex", [json!(DAVE)]).await?;
		nonce.as_u64().context("a nonce")
	};
	wait_for("a call of the worker", LIMIT, || {
		worker.check().expect("the worker runs");
		async { Ok((sent().await? > 0).then_some(())) }
	})
	.await?;
	let url = second.url();
	first.crash()?;
	wait_for("the second node", LIMIT, || {
		let output = worker.output();
		let is_used =
			output.contains("continuing with the next one of the list") && output.contains("connected to the node again");
		async move { Ok(is_used.then_some(())) }
	})
	.await?;
	assert!(worker.output().contains(&url), "the log names the second node");
	let before = sent().await?;
	wait_for("a call through the second node", LIMIT, || {
		worker.check().expect("the worker runs");
		async { Ok((sent().await? > before).then_some(())) }
	})
	.await?;
	worker.stop()
}
