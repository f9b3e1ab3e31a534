//! Transactions that are signed beforehand, and sent as fast as a node takes them.

use crate::{state::hex, Node, POLL};
use anyhow::{ensure, Context, Result};
use futures::stream::{self, StreamExt, TryStreamExt};
use jsonrpsee::{core::client::ClientT, rpc_params, ws_client::WsClientBuilder};
use serde_json::{json, Value as Json};
use std::{
	collections::HashSet,
	time::{Duration, Instant},
};
use subxt::{
	config::DefaultExtrinsicParamsBuilder,
	dynamic::{self, Value},
	ext::scale_value::Composite,
	tx::DynamicPayload,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::Keypair;

/// Transactions that are under way to the node at a time.
const UNDER_WAY: usize = 64;
/// Longest time without a block that includes a transaction, and longest time of a request.
const PATIENCE: Duration = Duration::from_secs(120);

/// A call with its arguments.
pub type Call = DynamicPayload<Composite<()>>;

/// Returns keys of accounts that nobody else uses. The keys of a smaller number are the first of a larger one.
///
/// # Errors
/// Errors if a seed is no key.
pub fn keys(count: u32) -> Result<Vec<Keypair>> {
	let key = |number: u32| -> Result<Keypair> {
		let mut seed = [2; 32];
		seed[..4].copy_from_slice(&number.to_le_bytes());
		Ok(Keypair::from_secret_key(seed)?)
	};
	(0..count).map(key).collect()
}

/// Returns the addresses of the accounts of keys.
pub fn addresses(keys: &[Keypair]) -> Vec<String> {
	keys.iter().map(|key| key.public_key().to_account_id().to_string()).collect()
}

/// Returns a transfer of one planck to the account of a key.
pub fn transfer(to: &Keypair) -> Call {
	let to = Value::unnamed_variant("Id", [Value::from_bytes(to.public_key().0)]);
	dynamic::tx("Balances", "transfer_keep_alive", Composite::named([("dest", to), ("value", Value::u128(1))]))
}

/// Returns a batch of `count` transfers of one planck to the account of a key.
pub fn batch(to: &Keypair, count: usize) -> Call {
	let calls = Value::unnamed_composite((0..count).map(|_| transfer(to).into_value()));
	dynamic::tx("Utility", "batch_all", Composite::named([("calls", calls)]))
}

/// Signs `each` transactions of each key, from the first of an account on. `call` returns the call of a key by its index. The
/// transactions are in hex, and in an order in which a pool can take them.
///
/// # Errors
/// Errors if the node does not answer, or if its runtime has no such call.
pub async fn signed(node: &Node, keys: &[Keypair], each: u64, call: impl Fn(usize) -> Call) -> Result<Vec<String>> {
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	let transactions = client.tx().await?;
	let calls: Vec<Call> = (0..keys.len()).map(call).collect();
	let mut signed = Vec::new();
	for nonce in 0..each {
		for (key, call) in keys.iter().zip(&calls) {
			let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).immortal().build();
			let transaction = transactions.create_signable_offline(call, params)?.sign(key)?;
			signed.push(hex(transaction.encoded()));
		}
	}
	Ok(signed)
}

/// Sends transactions to a node, one after the other.
///
/// # Errors
/// Errors if the node does not answer, or if its pool refuses a transaction.
pub async fn send(node: &Node, transactions: &[String]) -> Result<()> {
	let client = WsClientBuilder::default().request_timeout(PATIENCE).build(node.url()).await?;
	let client = &client;
	let requests = transactions
		.iter()
		.map(|transaction| async move { client.request::<Json, _>("author_submitExtrinsic", rpc_params![transaction]).await });
	stream::iter(requests).buffer_unordered(UNDER_WAY).try_for_each(|_| async { Ok(()) }).await?;
	Ok(())
}

/// Part of the transactions that one block includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
	/// Number of the block.
	pub block: u32,
	/// Number of its transactions that were sent.
	pub count: usize,
	/// Time from the start until the block was found.
	pub at: Duration,
}

/// Waits until the blocks behind block `after` include all of `transactions`, on a chain that one validator authors. Returns the part of
/// each block.
///
/// # Errors
/// Errors if the node does not answer, or if no block includes one of them for two minutes.
pub async fn included(node: &Node, transactions: &[String], after: u32, start: Instant) -> Result<Vec<Part>> {
	let sent: HashSet<&str> = transactions.iter().map(String::as_str).collect();
	let (mut block, mut parts, mut total, mut last) = (after, Vec::new(), 0, Instant::now());
	while total < sent.len() {
		if node.best().await? == block {
			ensure!(last.elapsed() < PATIENCE, "blocks up to {block} include {total} of {} transactions", sent.len());
			tokio::time::sleep(POLL).await;
			continue;
		}
		block += 1;
		let at = start.elapsed();
		let hash = node.call("chain_getBlockHash", [json!(block)]).await?;
		let body = node.call("chain_getBlock", [hash]).await?;
		let body = body["block"]["extrinsics"].as_array().context("a block has transactions")?;
		let count = body.iter().filter_map(Json::as_str).filter(|text| sent.contains(text)).count();
		if count > 0 {
			last = Instant::now();
		}
		total += count;
		parts.push(Part { block, count, at });
	}
	Ok(parts)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_account_has_an_address_of_its_own() {
		let few = addresses(&keys(3).unwrap());
		let many = addresses(&keys(300).unwrap());
		assert_eq!(many[..3], few);
		assert_eq!(many.iter().collect::<HashSet<_>>().len(), 300);
		assert!(few.iter().all(|address| address.starts_with('5')), "{few:?}");
	}
}
