//! Chains that compete, and blocks with forged digests, imported by the built node. And the chain that one of them is: authored on
//! work.

use anyhow::{bail, ensure, Context, Result};
use codec::{Compact, Decode, Encode};
use doin_e2e::{chain, run, wait_for, Node, NodeConfig, Worker};
use doin_primitives::{blake2_256, DoinLog, DOIN_ENGINE_ID};
use serde_json::{json, Deserializer, Value};
use std::{fs, path::Path, process::Command, time::Duration};
use subxt::{
	dynamic::{self, Value as Dynamic},
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;
use tempfile::TempDir;

/// Longest wait for a round, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Slots between two blocks of an idle development chain that is authored on work.
const HEARTBEAT: u64 = 5;
/// Kinds of a digest item, as SCALE encodes them.
const CONSENSUS: u8 = 4;
const SEAL: u8 = 5;
const PRE_RUNTIME: u8 = 6;

/// Returns the argument that names a development chain without primary slots.
fn without_primary_slots() -> Result<String> {
	Ok(format!("--chain={}", chain::without_primary_slots()?.display()))
}

/// Runs a command of the node, and returns its standard output.
fn doin_node(arguments: &[&str]) -> Result<Vec<u8>> {
	let output = run("doin-node", arguments)?;
	ensure!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
	Ok(output.stdout)
}

/// A signed block, as `export-blocks` writes it.
#[derive(Clone, Debug)]
struct Block(Value);

impl Block {
	/// Returns the digest items of its header, SCALE-encoded.
	fn items(&self) -> Vec<Vec<u8>> {
		let logs = self.0["block"]["header"]["digest"]["logs"].as_array().expect("a header has a digest");
		logs.iter().map(|item| bytes(item.as_str().expect("an item is hex"))).collect()
	}

	/// Returns the hash of its header with `items` in place of its digest.
	fn hash_with(&self, items: &[Vec<u8>]) -> [u8; 32] {
		let header = &self.0["block"]["header"];
		let field = |name: &str| bytes(header[name].as_str().expect("a header has hashes and a number"));
		let number = bytes_of_number(header["number"].as_str().expect("a header has a number"));
		let mut encoded = field("parentHash");
		encoded.extend(Compact(number).encode());
		encoded.extend(field("stateRoot"));
		encoded.extend(field("extrinsicsRoot"));
		encoded.extend(Compact(items.len() as u32).encode());
		items.iter().for_each(|item| encoded.extend(item));
		blake2_256(&encoded)
	}

	/// Returns its hash in hex.
	fn hash(&self) -> String {
		hex(&self.hash_with(&self.items()))
	}

	/// Returns its slot, and whether that is a primary slot of its author.
	fn slot(&self) -> (u64, bool) {
		let items = self.items();
		let claim =
			items.iter().find(|item| item.starts_with(&[PRE_RUNTIME, b'B', b'A', b'B', b'E'])).expect("a claim of a slot");
		// Kind and engine of the item, and the length of its content. The content: a variant, the author, the slot, and a VRF output.
		let (_, content) = <([u8; 5], Vec<u8>)>::decode(&mut &claim[..]).expect("an item");
		let (variant, _, slot) = <(u8, u32, u64)>::decode(&mut &content[..]).expect("a claim");
		(slot, variant == 1)
	}

	/// Returns the block that Alice would have made with other digest items between her claim of the slot and her seal.
	fn forged(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Self {
		let mut items = self.items();
		items.retain(|item| item.first() != Some(&SEAL));
		change(&mut items);
		let signature = dev::alice().sign(&self.hash_with(&items));
		items.push((SEAL, *b"BABE", signature.0.to_vec()).encode());
		let mut forged = self.clone();
		forged.0["block"]["header"]["digest"]["logs"] = items.iter().map(|item| hex(item)).collect();
		forged
	}
}

/// Returns the number in hex.
fn bytes_of_number(hex: &str) -> u32 {
	u32::from_str_radix(hex.trim_start_matches("0x"), 16).expect("a block number")
}

/// Returns the bytes in hex.
fn bytes(hex: &str) -> Vec<u8> {
	let digits = hex.trim_start_matches("0x");
	(0..digits.len()).step_by(2).map(|place| u8::from_str_radix(&digits[place..place + 2], 16).expect("hex")).collect()
}

/// Returns `bytes` in hex.
fn hex(bytes: &[u8]) -> String {
	let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
	format!("0x{digits}")
}

/// Returns the DOIN digest with the content `log`.
fn digest(log: &DoinLog) -> Vec<u8> {
	(CONSENSUS, DOIN_ENGINE_ID, log.encode()).encode()
}

/// Returns `true` if `item` is a DOIN digest.
fn is_digest(item: &[u8]) -> bool {
	item.starts_with(&[CONSENSUS, b'D', b'O', b'I', b'N'])
}

/// A database of its own, which blocks are imported to.
struct Database {
	folder: TempDir,
	chain: String,
}

impl Database {
	/// Returns an empty database of `chain`, an argument of the node.
	fn new(chain: &str) -> Result<Self> {
		Ok(Self { folder: tempfile::tempdir()?, chain: chain.into() })
	}

	/// Returns the argument that names its folder.
	fn base(&self) -> String {
		format!("--base-path={}", self.folder.path().display())
	}

	/// Imports `blocks`. Returns the log if one of them is refused.
	fn import(&self, blocks: &[Block]) -> Result<Result<(), String>> {
		let file = self.folder.path().join("blocks.json");
		let text: String = blocks.iter().map(|block| block.0.to_string()).collect();
		fs::write(&file, text)?;
		let output = run("doin-node", &["import-blocks", &self.chain, &self.base(), &file.display().to_string()])?;
		let log = String::from_utf8_lossy(&output.stderr).into_owned();
		Ok(if output.status.success() { Ok(()) } else { Err(log) })
	}

	/// Returns the hash of the best block.
	fn best(&self) -> Result<String> {
		let info: Value = serde_json::from_slice(&doin_node(&["chain-info", &self.chain, &self.base()])?)?;
		Ok(info["best_hash"].as_str().context("a best block")?.to_string())
	}

	/// Imports `blocks`, and returns the hash of the best block then.
	///
	/// # Panics
	/// Panics if a block is refused.
	fn best_after(&self, blocks: &[Block]) -> Result<String> {
		self.import(blocks)?.expect("every block is valid");
		self.best()
	}
}

/// Returns the blocks of a stopped node up to block `last`, without proofs of finality.
fn exported(chain: &str, base: &Path, last: u32) -> Result<Vec<Block>> {
	let (base, last) = (format!("--base-path={}", base.display()), last.to_string());
	let text = doin_node(&["export-blocks", chain, &base, "--from", "1", "--to", &last])?;
	let blocks = Deserializer::from_slice(&text).into_iter::<Value>();
	blocks
		.map(|block| {
			let mut block = block?;
			block["justifications"] = Value::Null;
			Ok(Block(block))
		})
		.collect()
}

/// Returns two nodes on copies of one chain of a few blocks: one authors on work, the other one in each slot.
///
/// The chains of the nodes fork at the second block or later. A node that was started after the first epoch cannot verify
/// another first block, as it reads the parameters of the first epoch from its best block.
async fn fork(chain: &str) -> Result<[Node; 2]> {
	let node = Node::start(&["--dev", chain]).await?;
	node.reach(2, LIMIT).await?;
	let (base, config) = node.stop()?;
	let copy = tempfile::tempdir()?;
	let source = format!("{}/.", base.path().display());
	ensure!(Command::new("cp").args(["-r", &source]).arg(copy.path()).status()?.success(), "the database cannot be copied");
	let mut on_work = config.clone();
	on_work.arguments.push("--author-on-work".into());
	let (working, idle) = tokio::try_join!(Node::start_in(base, on_work), Node::start_in(copy, config))?;
	Ok([working, idle])
}

/// Returns the chain of a worker up to its first work block, and another chain of the same height with the same first blocks on
/// which nobody worked, with one block more. The first one is authored on work.
async fn chains(chain: &str) -> Result<[Vec<Block>; 2]> {
	let [working, idle] = fork(chain).await?;
	let mut worker = Worker::start(&["run", "--dev", "--url", &working.url(), "--journal", "{base}/journal.db"])?;
	let sealed = wait_for("a work block", LIMIT, || {
		worker.check().expect("the worker runs");
		async { Ok(working.call("doin_work", []).await?["lastSeal"]["block"].as_u64()) }
	})
	.await?;
	let sealed = u32::try_from(sealed)?;
	// The seal becomes final although blocks are authored on work.
	let finalized = working.finalize(sealed, LIMIT).await?;
	assert!(finalized >= sealed);
	worker.stop()?;
	idle.reach(sealed + 2, LIMIT).await?;
	let [(working, _), (idle, _)] = [working.stop()?, idle.stop()?];
	Ok([exported(chain, working.path(), sealed + 1)?, exported(chain, idle.path(), sealed + 2)?])
}

/// Checks that a node that is started on `database`, twice, has the best block `best`.
async fn check_after_restarts(database: Database, best: &str) -> Result<()> {
	let Database { folder, chain } = database;
	let mut node = Node::start_in(folder, NodeConfig { arguments: vec![chain], ..NodeConfig::default() }).await?;
	for _ in 0..2 {
		assert_eq!(node.call("chain_getBlockHash", []).await?, best);
		node = node.restart().await?;
	}
	Ok(())
}

#[tokio::test]
async fn work_breaks_a_tie_in_every_order_and_after_a_restart_and_outweighs_no_block() -> Result<()> {
	let chain = without_primary_slots()?;
	let [working, idle] = chains(&chain).await?;
	let (longer, equal) = idle.split_last().context("the idle chain has blocks")?;
	assert_eq!(working.len(), equal.len(), "both chains have the same height");
	assert!(working.iter().chain(&idle).all(|block| !block.slot().1), "and no primary slots");
	let [with_work, without] = [&working, equal].map(|blocks| blocks.last().expect("a chain has blocks").hash());
	assert_ne!(with_work, without);

	let database = Database::new(&chain)?;
	assert_eq!(database.best_after(&working)?, with_work);
	assert_eq!(database.best_after(equal)?, with_work, "a tie, and the chain with less work came second");

	let database = Database::new(&chain)?;
	assert_eq!(database.best_after(equal)?, without);
	assert_eq!(database.best_after(&working)?, with_work, "a tie, and the whole chain without work is replaced");
	assert_eq!(database.best_after(std::slice::from_ref(longer))?, longer.hash(), "one block outweighs the work block");

	let database = Database::new(&chain)?;
	assert_eq!(database.best_after(&[equal, working.as_slice()].concat())?, with_work);
	check_after_restarts(database, &with_work).await
}

#[tokio::test]
async fn a_block_with_a_forged_digest_is_refused() -> Result<()> {
	let chain = without_primary_slots()?;
	let node = Node::start(&["--dev", &chain]).await?;
	node.reach(4, LIMIT).await?;
	let (base, _) = node.stop()?;
	let blocks = exported(&chain, base.path(), 4)?;
	let (last, before) = blocks.split_last().context("four blocks")?;
	let database = Database::new(&chain)?;
	let parent = before.last().context("three blocks")?.hash();
	assert_eq!(database.best_after(before)?, parent);

	let log = |work_index, seal| digest(&DoinLog::V1 { work_index, seal });
	let replaced = |with: Vec<Vec<u8>>| {
		last.forged(move |items| {
			items.retain(|item| !is_digest(item));
			items.extend(with);
		})
	};
	let malformed = (CONSENSUS, DOIN_ENGINE_ID, vec![1u8, 0]).encode();
	let unknown = (CONSENSUS, DOIN_ENGINE_ID, vec![9u8]).encode();
	let refused = [
		(replaced(vec![log(3, None)]), "the DOIN digest counts 3 work blocks; after 0 at its parent it has to count 0"),
		(replaced(vec![log(0, Some((1, 1)))]), "it has to count 1"),
		(replaced(vec![log(1, Some((2, 1)))]), "the DOIN digest seals 2 of a threshold of 1"),
		(replaced(vec![]), "the header has no DOIN digest"),
		(replaced(vec![log(0, None), log(0, None)]), "the header has 2 DOIN digests"),
		(replaced(vec![malformed]), "the DOIN digest cannot be decoded: 0x0100"),
		// Headers alone do not show that nothing was sealed; the execution does.
		(replaced(vec![log(1, Some((1, 1)))]), "igest"),
		(replaced(vec![unknown]), "igest"),
	];
	for (block, reason) in refused {
		let log = database.import(&[block])?.expect_err("a forged block is refused");
		assert!(log.contains(reason), "`{reason}` is missing in: {log}");
		assert_eq!(database.best()?, parent);
	}
	// The block itself, signed again by its author, is valid: the others were refused for their digests.
	let signed_again = last.forged(|_| ());
	assert_eq!(database.best_after(std::slice::from_ref(&signed_again))?, signed_again.hash());
	Ok(())
}

/// Returns the slots of the blocks from `first` to `last` of a running node.
async fn slots(node: &Node, first: u32, last: u32) -> Result<Vec<u64>> {
	let mut slots = Vec::new();
	for number in first..=last {
		let hash = node.call("chain_getBlockHash", [json!(number)]).await?;
		slots.push(Block(node.call("chain_getBlock", [hash]).await?).slot().0);
	}
	Ok(slots)
}

/// Returns the number of slots from each block to the next.
fn distances(slots: &[u64]) -> Vec<u64> {
	slots.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test]
async fn a_chain_authored_on_work_is_idle_until_a_transaction_and_finalises_it() -> Result<()> {
	let chain = format!("--chain={}", chain::raw("dev")?.display());
	let node = Node::start(&["--dev", &chain, "--author-on-work"]).await?;
	// A heartbeat of 5 slots, a sixth of an epoch. Finality goes on behind it.
	node.finalize(2, LIMIT).await?;
	let idle = distances(&slots(&node, 1, node.best().await?).await?);
	assert!(idle.len() >= 3 && idle.iter().all(|distance| *distance >= HEARTBEAT), "{idle:?}");

	// A transaction does not wait for the heartbeat, and becomes final without one.
	let before = node.best().await?;
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	let remark = dynamic::tx("System", "remark", vec![Dynamic::from_bytes([7; 32])]);
	let mut transactions = client.tx().await?;
	transactions.sign_and_submit_then_watch_default(&remark, &dev::charlie()).await?.wait_for_finalized_success().await?;
	let with_transaction = block_with_transaction(&node, before).await?;
	let busy = distances(&slots(&node, with_transaction, with_transaction + 2).await?);
	assert!(busy.iter().sum::<u64>() < HEARTBEAT, "{busy:?}");

	// Then it is idle again.
	let best = node.reach(with_transaction + 6, LIMIT).await?;
	let after = distances(&slots(&node, with_transaction, best).await?);
	assert!(after.iter().any(|distance| *distance >= HEARTBEAT), "{after:?}");
	Ok(())
}

/// Returns the number of the first block after `before` that has a transaction beside the extrinsic that sets the time.
async fn block_with_transaction(node: &Node, before: u32) -> Result<u32> {
	for number in before..=node.best().await? {
		let hash = node.call("chain_getBlockHash", [json!(number)]).await?;
		let block = node.call("chain_getBlock", [hash]).await?;
		if block["block"]["extrinsics"].as_array().context("a block has extrinsics")?.len() > 1 {
			return Ok(number);
		}
	}
	bail!("no block has the transaction")
}

#[test]
fn authoring_on_work_is_refused_where_it_would_harm_or_do_nothing() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let base = format!("--base-path={}", folder.path().display());
	let local = format!("--chain={}", chain::raw("local")?.display());
	let dev = format!("--chain={}", chain::raw("dev")?.display());
	let ports = ["--rpc-port=0", "--listen-addr=/ip4/127.0.0.1/tcp/0", "--no-prometheus", "--no-telemetry"];
	let refused: [(&[&str], &str); 4] = [
		(
			&["--alice", &local, "--author-on-work"],
			"works on development chains that have one validator when the node starts: on `DOIN local`",
		),
		(&[&dev, "--author-on-work"], "has no effect on a node that authors no blocks on `DOIN development`"),
		(&["--dev", &dev, "--author-on-work=8"], "Choose 1 to 7 slots"),
		(&["--dev", &dev, "--author-on-work=soon"], "invalid value 'soon'"),
	];
	for (arguments, reason) in refused {
		let output = run("doin-node", &[arguments, &[&base], &ports].concat())?;
		let message = String::from_utf8_lossy(&output.stderr);
		assert!(!output.status.success(), "{arguments:?} was accepted");
		assert!(message.contains(reason) && !message.contains("panicked"), "`{reason}` is missing in: {message}");
	}
	Ok(())
}
