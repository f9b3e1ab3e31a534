//! Node processes: authoring, finality, the database and the commands.

use anyhow::Result;
use doin_e2e::{accounts::ALICE, chain, run, wait_for, Node};
use jsonrpsee::core::ClientError;
use serde_json::{json, Value};
use std::time::Duration;
use subxt::{
	config::DefaultExtrinsicParamsBuilder,
	dynamic::{self, Value as Dynamic},
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;

/// Limit of a wait. A development slot is a few seconds, and tests share the machine.
const LIMIT: Duration = Duration::from_secs(240);

#[tokio::test]
async fn a_development_node_starts_from_nothing_authors_and_finalises() -> Result<()> {
	let node = Node::start(&["--dev"]).await?;
	assert_eq!(node.call("system_name", []).await?, "DOIN node");
	assert_eq!(node.call("system_chain", []).await?, "DOIN development");
	assert_eq!(node.call("system_chainType", []).await?, "Development");
	assert_eq!(
		node.call("system_properties", []).await?,
		json!({ "ss58Format": 42, "tokenDecimals": 12, "tokenSymbol": "DOIN" })
	);
	node.reach(4, LIMIT).await?;
	node.finalize(2, LIMIT).await?;
	assert!(node.finalized().await? <= node.best().await?);
	Ok(())
}

#[tokio::test]
async fn a_database_is_continued_checked_exported_reverted_imported_and_purged() -> Result<()> {
	let node = Node::dev().await?;
	let genesis = node.call("chain_getBlockHash", [json!(0)]).await?;
	let final_block = node.finalize(2, LIMIT).await?;
	let hash = node.call("chain_getBlockHash", [json!(final_block)]).await?;

	let node = node.restart().await?;
	assert!(node.finalized().await? >= final_block, "a finalized block stays finalized");
	assert_eq!(node.call("chain_getBlockHash", [json!(final_block)]).await?, hash);
	let best = node.reach(final_block + 3, LIMIT).await?;
	let (base, _) = node.stop()?;

	let chain = format!("--chain={}", chain::raw("dev")?.display());
	let database = format!("--base-path={}", base.path().display());
	let info = json_of(&["chain-info", &chain, &database])?;
	assert!(info["best_number"].as_u64() >= Some(best.into()), "{info}");
	assert_eq!(info["genesis_hash"], genesis);

	let blocks = base.path().join("blocks").display().to_string();
	succeed(&["check-block", &chain, &database, "2"])?;
	succeed(&["export-blocks", &chain, &database, "--binary", &blocks])?;
	succeed(&["revert", &chain, &database, "1"])?;
	let reverted = json_of(&["chain-info", &chain, &database])?;
	assert_eq!(reverted["best_number"].as_u64().unwrap() + 1, info["best_number"].as_u64().unwrap(), "{reverted}");
	assert!(reverted["best_number"].as_u64() >= reverted["finalized_number"].as_u64());

	let copy = tempfile::tempdir()?;
	let copied = format!("--base-path={}", copy.path().display());
	succeed(&["import-blocks", &chain, &copied, "--binary", &blocks])?;
	let imported = json_of(&["chain-info", &chain, &copied])?;
	assert_eq!(imported["best_hash"], info["best_hash"], "the same blocks make the same chain");

	let files = base.path().join("chains/doin-dev/paritydb");
	assert!(files.is_dir(), "{} is the database", files.display());
	succeed(&["purge-chain", &chain, "-y", &database])?;
	assert!(!files.exists());
	Ok(())
}

/// Dave sends transactions far behind his next one. The pool refuses the one that 64 others come before, and takes the same bytes
/// once a block has one of these.
#[tokio::test]
async fn a_pool_takes_64_transactions_of_an_account() -> Result<()> {
	let spec = format!("--chain={}", chain::raw("dev")?.display());
	let node = Node::start(&["--dev", &spec]).await?;
	node.reach(2, LIMIT).await?;
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	let transactions = client.tx().await?;
	let remark = dynamic::tx("System", "remark", vec![Dynamic::from_bytes([1])]);
	let signed = |nonce: u64| -> Result<Value> {
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).immortal().build();
		let transaction = transactions.create_signable_offline(&remark, params)?.sign(&dev::dave())?;
		let digits: String = transaction.encoded().iter().map(|byte| format!("{byte:02x}")).collect();
		Ok(json!(format!("0x{digits}")))
	};
	let (first, beyond) = (signed(0)?, signed(64)?);

	for nonce in [1, 63] {
		node.call("author_submitExtrinsic", [signed(nonce)?]).await?;
	}
	for _ in 0..2 {
		match node.call("author_submitExtrinsic", [beyond.clone()]).await {
			Err(ClientError::Call(error)) => {
				assert_eq!(error.code(), 1011, "{error:?}");
				assert!(error.data().is_some_and(|data| data.get().contains("Custom(1)")), "{error:?}");
			}
			other => panic!("expected a refusal, got {other:?}"),
		}
	}

	node.call("author_submitExtrinsic", [first]).await?;
	wait_for("a block with Dave's first transaction", LIMIT, || async {
		match node.call("author_submitExtrinsic", [beyond.clone()]).await {
			Ok(_) => Ok(Some(())),
			// 1012: the node was checking it while the block arrived, and has banned it. A development node bans for no time.
			Err(ClientError::Call(error)) if [1011, 1012].contains(&error.code()) => Ok(None),
			Err(error) => Err(error.into()),
		}
	})
	.await
}

#[test]
fn chain_specifications_are_exported_and_can_be_read_again() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let chains = [
		("dev", "doin-dev", "DOIN development"),
		("live", "doin-dev-live", "DOIN live development"),
		("local", "doin-local", "DOIN local"),
	];
	for (chain, id, name) in chains {
		let plain = json_of(&["export-chain-spec", "--chain", chain])?;
		assert_eq!((plain["id"].as_str(), plain["name"].as_str()), (Some(id), Some(name)));
		assert_eq!(plain["properties"]["tokenSymbol"], "DOIN");
		assert!(plain.get("lightSyncState").is_some(), "light clients need a place for their sync state");

		let file = folder.path().join(format!("{chain}.json"));
		let file = file.to_str().unwrap();
		succeed(&["export-chain-spec", "--chain", chain, "--raw", "--output", file])?;
		let raw = json_of(&["export-chain-spec", "--raw", "--chain", file])?;
		assert_eq!(raw["id"], id);
		assert!(raw["genesis"]["raw"]["top"].as_object().unwrap().contains_key("0x3a636f6465"), "the runtime is under :code");
	}
	let legacy = json_of(&["build-spec", "--chain", "local"])?;
	assert_eq!(legacy["id"], "doin-local");
	assert_eq!(legacy["bootNodes"].as_array().unwrap().len(), 1);
	Ok(())
}

#[test]
fn an_unknown_chain_is_named_with_what_would_have_been_known() -> Result<()> {
	for command in [&["export-chain-spec", "--chain", "/nowhere/doin.json"][..], &["--chain", "/nowhere/doin.json"][..]] {
		let output = run("doin-node", command)?;
		let message = String::from_utf8_lossy(&output.stderr).into_owned();
		assert!(!output.status.success());
		for part in ["/nowhere/doin.json", "dev, live, local", "export-chain-spec"] {
			assert!(message.contains(part), "`{part}` is missing in: {message}");
		}
	}
	Ok(())
}

#[test]
fn a_broken_chain_specification_is_named() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let file = folder.path().join("broken.json");
	std::fs::write(&file, "{ this is not JSON")?;
	let output = run("doin-node", &["export-chain-spec", "--chain", file.to_str().unwrap()])?;
	let message = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(!output.status.success());
	assert!(message.contains("broken.json") && message.contains("cannot be used"), "{message}");
	Ok(())
}

#[test]
fn keys_are_generated_and_inspected() -> Result<()> {
	let key = json_of(&["key", "generate", "--output-type", "json"])?;
	assert!(key["secretPhrase"].as_str().unwrap().split(' ').count() >= 12);
	let alice = json_of(&["key", "inspect", "--output-type", "json", "//Alice"])?;
	assert_eq!(alice["ss58Address"], ALICE);

	let folder = tempfile::tempdir()?;
	let file = folder.path().join("node-key");
	succeed(&["key", "generate-node-key", "--file", file.to_str().unwrap()])?;
	assert!(file.is_file());
	Ok(())
}

#[test]
fn help_teaches_the_first_steps() -> Result<()> {
	let help = String::from_utf8(run("doin-node", &["--help"])?.stdout)?;
	for part in ["doin-node --dev", "export-chain-spec", "doin_domains", "author_rotateKeysWithOwner", "purge-chain"] {
		assert!(help.contains(part), "`{part}` is missing in --help");
	}
	Ok(())
}

fn succeed(arguments: &[&str]) -> Result<String> {
	let output = run("doin-node", arguments)?;
	assert!(output.status.success(), "{arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
	Ok(String::from_utf8(output.stdout)?)
}

fn json_of(arguments: &[&str]) -> Result<Value> {
	Ok(serde_json::from_str(&succeed(arguments)?)?)
}
