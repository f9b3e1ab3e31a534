//! An upgrade of the runtime that a referendum decides, by the commands of the documentation, on a network of three validators whose
//! genesis has the runtime of version 2.
//!
//! A round of optimization is in flight when the code changes. A governance day of a development chain is a minute, so the test takes
//! about eight minutes: `scripts/test.sh --full` runs it, as does
//! `cargo test --release --workspace --test system referendum:: -- --include-ignored`.

use anyhow::{Context, Result};
use codec::Decode;
use doin_e2e::{
	accounts::DAVE,
	chain,
	commands::amount,
	npm,
	state::{accounts, bytes, hash, hex, Issuance},
	wait_for, Node, Worker,
};
use doin_primitives::{blake2_256, DOIN};
use futures::future::try_join_all;
use serde_json::{json, Value as Json};
use std::{
	fs,
	path::{Path, PathBuf},
	time::Duration,
};
use subxt::{
	config::DefaultExtrinsicParamsBuilder,
	dynamic::{self, Value},
	ext::scale_value::Composite,
	tx::DynamicPayload,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::{dev, Keypair};

/// Package with the script of the upgrade.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/clients");
/// Longest wait for anything, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// `spec_version` of the runtime of the genesis.
const FORMER: u64 = 2;
/// Blocks after the upgrade, or after the verdict, that have to become final.
const FURTHER: u32 = 5;
/// Coins of a vote, in plancks. Each of the eight development accounts has a million DOIN.
const VOTE: u128 = 900_000 * DOIN;
/// Deposits of a referendum of the track `upgrade`, in plancks: of the submission, and of the decision.
const DEPOSITS: u128 = (10 + 1_000) * DOIN;
/// Bond of each evaluator in the genesis, in plancks.
const BOND: u128 = 1_000 * DOIN;
/// A vote is a byte: aye is the highest bit, and the lowest ones are the conviction.
const AYE: u8 = 0b1000_0000;
/// Storage key of `System.AuthorizedUpgrade`.
const AUTHORIZED: &str = "0x26aa394eea5630e07c48ae0c9558cef72fa9f1bf25567808771bff091dc89ecd";
/// Storage key of the code of the runtime.
const CODE: &str = "0x3a636f6465";
/// Results of a round whose candidates were evaluated.
const EVALUATED: [&str; 3] = ["noImprovement", "contenderKept", "belowHighWater"];

type Client = OnlineClient<SubstrateConfig>;
/// A call with its arguments.
type Call = DynamicPayload<Composite<()>>;

/// Returns a call with arguments by name.
fn call<const N: usize>(pallet: &str, name: &str, arguments: [(&str, Value); N]) -> Call {
	dynamic::tx(pallet, name, Composite::named(arguments))
}

/// Signs a call, sends it, and waits until it is final and has succeeded.
async fn send(client: &Client, signer: &Keypair, call: &Call) -> Result<()> {
	let mut transactions = client.tx().await?;
	let sent = transactions.sign_and_submit_then_watch_default(call, signer).await?;
	sent.wait_for_finalized_success().await.with_context(|| format!("{}.{}", call.pallet_name(), call.call_name()))?;
	Ok(())
}

/// Returns the `spec_version` of the runtime in the state after a block.
async fn version(node: &Node, block: &Json) -> Result<u64> {
	let version = node.call("state_getRuntimeVersion", [block.clone()]).await?;
	version["specVersion"].as_u64().with_context(|| format!("a version: {version}"))
}

/// Returns the amount of an account that is reserved, in plancks.
async fn reserved(node: &Node, who: &Keypair) -> Result<u128> {
	let block = node.call("chain_getFinalizedHead", []).await?;
	let suffix = hex(&who.public_key().0);
	let accounts = accounts(node, &block).await?;
	let found = accounts.iter().find(|(key, _)| key.ends_with(suffix.trim_start_matches("0x")));
	Ok(found.with_context(|| format!("the account {suffix}"))?.1[1])
}

/// Three validators whose genesis has the runtime of version 2.
struct Network {
	nodes: [Node; 3],
	/// Argument with their specification.
	chain: String,
	/// Argument with the first one as a boot node.
	boot: String,
}

impl Network {
	/// Starts the validators, and waits until blocks are final.
	async fn start() -> Result<Self> {
		let chain = format!("--chain={}", chain::local_of_version_2()?.display());
		let key = |digit: &str| format!("--node-key={}", digit.repeat(64));
		let alice = Node::start(&["--alice", &key("1"), &chain]).await?;
		let boot = format!("--bootnodes={}", alice.address().await?);
		let (second, third) = (key("2"), key("3"));
		let bob = ["--bob", &second, &chain, &boot];
		let charlie = ["--charlie", &third, &chain, &boot];
		let (bob, charlie) = tokio::try_join!(Node::start(&bob), Node::start(&charlie))?;
		let block = alice.finalize(2, LIMIT).await?;
		let network = Self { nodes: [alice, bob, charlie], chain, boot };
		network.assert_version(block, FORMER).await?;
		Ok(network)
	}

	/// Checks that all validators have the same final block `number`, with this version of the runtime in its state.
	async fn assert_version(&self, number: u32, expected: u64) -> Result<()> {
		let mut hashes = Vec::new();
		for node in &self.nodes {
			node.finalize(number, LIMIT).await?;
			let block = hash(node, number).await?;
			assert_eq!(version(node, &block).await?, expected, "block {number}");
			hashes.push(block);
		}
		assert!(hashes.iter().all(|block| *block == hashes[0]), "block {number}: {hashes:?}");
		Ok(())
	}
}

/// The commands of `runtime/clients/examples/upgrade.mjs`, as `docs/book/src/guides/governance.md` has an operator type them.
struct Script {
	folder: PathBuf,
	url: String,
}

impl Script {
	/// Installs the packages of the script, which connects to `node`.
	async fn of(node: &Node) -> Result<Self> {
		let folder = tokio::task::spawn_blocking(|| npm::installed(Path::new(CLIENTS), "clients")).await??;
		Ok(Self { folder, url: node.url() })
	}

	/// Runs a command with a development key, and returns what it prints.
	async fn run(&self, key: &str, arguments: &[&str]) -> Result<String> {
		let typed = [&["examples/upgrade.mjs"][..], arguments, &["--key", key, "--url", &self.url]].concat();
		let (folder, typed) = (self.folder.clone(), typed.iter().map(ToString::to_string).collect::<Vec<_>>());
		let run = move || npm::run(&folder, "node", &typed.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
		let printed = tokio::task::spawn_blocking(run).await??;
		println!("{printed}");
		Ok(printed)
	}
}

/// Votes for the referendum with more than a half of all coins, so that the support suffices as soon as the decision begins.
async fn vote(script: &Script, client: &Client) -> Result<()> {
	let voters = [dev::bob(), dev::charlie(), dev::ferdie(), dev::two()];
	let votes = voters.into_iter().zip([2u8, 1, 1, 1]).map(|(voter, conviction)| async move {
		let vote = Value::u128((AYE | conviction).into());
		let standard = Value::named_variant("Standard", [("vote", vote), ("balance", Value::u128(VOTE))]);
		let arguments = [("poll_index", Value::u128(0)), ("vote", standard)];
		send(client, &voter, &call("ConvictionVoting", "vote", arguments)).await
	});
	try_join_all(votes).await?;
	let amount = (VOTE / DOIN).to_string();
	script.run("//Alice", &["vote", "0", &amount, "--conviction", "Locked1x"]).await?;
	Ok(())
}

/// Waits until the referendum is enacted: the scheduler has authorized the code with this hash.
async fn authorized(node: &Node, code: [u8; 32]) -> Result<()> {
	let stored = wait_for("the enactment of the referendum", LIMIT, || async {
		let stored = node.call("state_getStorage", [json!(AUTHORIZED)]).await?;
		Ok((!stored.is_null()).then_some(stored))
	})
	.await?;
	// The hash of the code, and whether its version is checked.
	let (hash, is_checked) = <([u8; 32], bool)>::decode(&mut &bytes(&stored)?[..])?;
	assert_eq!((hash, is_checked), (code, true));
	Ok(())
}

/// Waits until the optimizer has revealed a candidate, and returns the number of the round.
async fn revealed(node: &Node, worker: &mut Worker) -> Result<u64> {
	wait_for("a revealed candidate", LIMIT, || {
		let running = worker.check();
		async move {
			running?;
			let round = node.call("doin_round", [json!(0)]).await?;
			let mut seats = round["seats"].as_array().into_iter().flatten();
			let is_revealed = seats.any(|seat| seat["who"] == DAVE && !seat["model"].is_null());
			Ok(round["round"]["number"].as_u64().filter(|_| is_revealed))
		}
	})
	.await
}

/// An upgrade in a final block.
struct Upgrade {
	/// Number of the block that applies the code.
	number: u32,
	/// Hash of that block.
	block: Json,
	/// `spec_version` of the runtime after that block.
	version: u64,
}

/// Applies the authorized code with an account that did not propose it, and checks that all validators have the new runtime.
async fn apply(network: &Network, client: &Client, script: &Script, file: &str, code_hash: [u8; 32]) -> Result<Upgrade> {
	let [alice, ..] = &network.nodes;
	// Signed for the former runtime, and sent after the upgrade.
	let remark = call("System", "remark", [("remark", Value::from_bytes([7; 8]))]);
	let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().build();
	let late = client.tx().await?.create_signed(&remark, &dev::charlie(), params).await?;

	let printed = script.run("//Bob", &["apply", file]).await?;
	let step = printed.lines().find_map(|line| line.strip_prefix("block ")).with_context(|| format!("a step: {printed}"))?;
	let number = step.split_whitespace().next().and_then(|number| number.parse().ok()).context("`block NUMBER  …`")?;
	alice.finalize(number, LIMIT).await?;
	let block = hash(alice, number).await?;
	let version = version(alice, &block).await?;
	assert!(version > FORMER, "{printed}");
	network.assert_version(number - 1, FORMER).await?;
	network.assert_version(number, version).await?;
	network.assert_version(number + FURTHER, version).await?;
	let stored = alice.call("state_getStorageHash", [json!(CODE), block.clone()]).await?;
	assert_eq!(stored, json!(hex(&code_hash)));

	let refused = alice.call("author_submitExtrinsic", [json!(hex(late.encoded()))]).await.unwrap_err();
	assert!(format!("{refused:?}").contains("bad signature"), "a transaction for the former runtime: {refused:?}");
	Ok(Upgrade { number, block, version })
}

/// Returns the bonds of the evaluators, and the number of seats that the optimizer did not reveal.
async fn standings(node: &Node) -> Result<(Vec<u128>, Option<u64>)> {
	let mut bonds = Vec::new();
	for evaluator in [dev::eve(), dev::ferdie(), dev::one(), dev::two()] {
		let account = evaluator.public_key().to_account_id().to_string();
		bonds.push(amount(&node.call("doin_reputation", [json!(account)]).await?["bond"]));
	}
	Ok((bonds, node.call("doin_reputation", [json!(DAVE)]).await?["forfeited"].as_u64()))
}

/// Waits until `is` holds for the round of the demo domain that ended last, and returns its number, block and result.
async fn ended(what: &str, node: &Node, worker: &mut Worker, is: impl Fn(&Json) -> bool) -> Result<Json> {
	wait_for(what, LIMIT, || {
		let running = worker.check();
		let is = &is;
		async move {
			running?;
			let domain = node.call("doin_domain", [json!(0)]).await?;
			Ok(Some(domain["lastRound"].clone()).filter(is))
		}
	})
	.await
}

/// The round in flight is decided by answers that are sent after the upgrade, an improvement is paid, and nobody loses anything.
async fn rounds_go_on(node: &Node, worker: &mut Worker, round: u64, upgrade: &Upgrade) -> Result<()> {
	let before = standings(node).await?;
	assert_eq!(before, (vec![BOND; 4], Some(0)));
	let verdict = ended("the verdict of the round", node, worker, |last| last["number"].as_u64() >= Some(round)).await?;
	let result = &verdict["result"];
	let is_evaluated = result["unpaid"].as_str().is_some_and(|reason| EVALUATED.contains(&reason));
	assert!(result["paid"].is_object() || is_evaluated, "{verdict}");
	assert_eq!(verdict["number"], round, "{verdict}");

	let after = |last: &Json| last["result"]["paid"].is_object() && last["block"].as_u64() > Some(upgrade.number.into());
	ended("a verdict that is paid", node, worker, after).await?;
	wait_for("a work block", LIMIT, || {
		let running = worker.check();
		async move {
			running?;
			Ok((node.call("doin_work", []).await?["workBlocks"].as_u64() >= Some(1)).then_some(()))
		}
	})
	.await?;
	let champion = node.call("doin_champion", [json!(0)]).await?;
	assert_eq!(champion["author"], DAVE, "{champion}");
	assert_eq!(standings(node).await?, before, "no bond is slashed, and every seat is revealed");
	let output = worker.output();
	assert!(output.contains("the runtime of the chain was upgraded"), "{output}");
	Ok(())
}

/// The proposer gets back what it paid for the referendum, and the client of before the upgrade withdraws a vote.
async fn deposits_are_refunded(script: &Script, client: &Client, file: &str) -> Result<()> {
	script.run("//Alice", &["refund", "0", file]).await?;
	let track = Value::unnamed_variant("Some", [Value::u128(0)]);
	let remove = call("ConvictionVoting", "remove_vote", [("class", track), ("index", Value::u128(0))]);
	send(client, &dev::two(), &remove).await
}

#[tokio::test]
#[ignore = "eight minutes: a governance day of a development chain is a minute"]
async fn a_referendum_upgrades_a_running_network_with_a_round_in_flight() -> Result<()> {
	let network = Network::start().await?;
	let ([alice, bob, charlie], code) = (&network.nodes, chain::code()?);
	let (script, client) = (Script::of(bob).await?, Client::from_insecure_url(bob.url()).await?);
	let path = alice.base().join("doin-runtime.wasm");
	fs::write(&path, &code)?;
	let (file, code_hash) = (path.display().to_string(), blake2_256(&code));
	let first = Issuance::after(alice, &hash(alice, 1).await?).await?;
	let before = reserved(alice, &dev::alice()).await?;
	script.run("//Alice", &["propose", &file]).await?;
	vote(&script, &client).await?;
	assert!(reserved(alice, &dev::alice()).await? > before + DEPOSITS, "the preimage has a deposit too");
	let early = script.run("//Bob", &["apply", &file]).await.unwrap_err().to_string();
	assert!(early.contains("no code is authorized"), "{early}");
	authorized(alice, code_hash).await?;
	assert!(script.run("//Bob", &["show", "0"]).await?.contains("Approved"));

	let url = alice.url();
	let mut worker = Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db"])?;
	let round = revealed(alice, &mut worker).await?;
	let upgrade = apply(&network, &client, &script, &file, code_hash).await?;
	let last = alice.call("doin_domain", [json!(0), upgrade.block.clone()]).await?["lastRound"]["number"].as_u64();
	assert!(last.is_none_or(|last| last < round), "round {round} is in flight: {last:?} has ended");
	let former = Issuance::after(alice, &hash(alice, upgrade.number - 1).await?).await?;
	let migrated = Issuance::after(alice, &hash(alice, upgrade.number + 1).await?).await?;
	former.check_since(&first)?;
	migrated.check_since(&former)?;

	rounds_go_on(charlie, &mut worker, round, &upgrade).await?;
	worker.stop()?;
	deposits_are_refunded(&script, &client, &file).await?;
	let block = alice.best().await?;
	network.assert_version(block + FURTHER, upgrade.version).await?;
	assert_eq!(reserved(alice, &dev::alice()).await?, before);
	let last = Issuance::after(alice, &hash(alice, block).await?).await?;
	assert!(last.mined > migrated.mined, "{last:?}");
	last.check_since(&migrated)?;

	// A node that joins now executes the blocks before the upgrade by the former runtime.
	let late = Node::start(&[&network.chain, &network.boot]).await?;
	late.finalize(block, LIMIT).await?;
	assert_eq!(hash(&late, block).await?, hash(alice, block).await?);
	assert_eq!(version(&late, &hash(&late, block).await?).await?, upgrade.version);
	Ok(())
}
