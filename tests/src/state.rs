//! Reads of blocks and states that have no method of their own.

use crate::{commands::amount, Node};
use anyhow::{ensure, Context, Result};
use codec::Decode;
use doin_primitives::DOIN;
use serde_json::{json, Value};

/// Prefix of the storage keys of `System.Account`.
const ACCOUNTS: &str = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9";
/// Storage key of `Balances.TotalIssuance`.
const TOTAL_ISSUANCE: &str = "0xc2261276cc9d1f8598ea4b6a74b15c2f57c875e4cff74148e4628f264b974c80";
/// Most that seats, slashes, dust and undivided rests of fees burn beside the base fees, in plancks.
const OTHER_BURNS: u128 = 1_000 * DOIN;
/// Begin of the digest item with the claim of a slot, as SCALE encodes it.
const CLAIM: [u8; 5] = [6, b'B', b'A', b'B', b'E'];

/// Returns bytes of a JSON answer in hex.
///
/// # Errors
/// Errors if the value is not hex with `0x`.
pub fn bytes(value: &Value) -> Result<Vec<u8>> {
	let decoded = value.as_str().and_then(|text| text.strip_prefix("0x")).and_then(|text| {
		let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
		(0..text.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()
	});
	decoded.with_context(|| format!("bytes in hex: {value}"))
}

/// Returns bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
	let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
	format!("0x{digits}")
}

/// Returns the hash of a block, or null if the node has none with this number.
///
/// # Errors
/// Errors if the node does not answer.
pub async fn hash(node: &Node, number: u32) -> Result<Value> {
	Ok(node.call("chain_getBlockHash", [json!(number)]).await?)
}

/// Returns the number of transactions in a block, i.e. of extrinsics beside the one that sets the time.
///
/// # Errors
/// Errors if the node does not answer, or does not have the block.
pub async fn transactions(node: &Node, number: u32) -> Result<usize> {
	let block = node.call("chain_getBlock", [hash(node, number).await?]).await?;
	let extrinsics = block["block"]["extrinsics"].as_array().with_context(|| format!("block {number} has extrinsics"))?;
	Ok(extrinsics.len().saturating_sub(1))
}

/// Claim of the slot of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
	/// Public key of the author of the block.
	pub author: [u8; 32],
	/// `true` if the slot is a primary slot of the author.
	pub is_primary: bool,
}

/// First fields of the epoch of a block: its index, first slot and length, and the authorities with their weights.
type Epoch = (u64, u64, u64, Vec<([u8; 32], u64)>);

/// Returns the claim of the slot of a block.
///
/// # Errors
/// Errors if the node does not answer, or has neither the block nor its state.
pub async fn claim(node: &Node, number: u32) -> Result<Claim> {
	let block = hash(node, number).await?;
	let header = node.call("chain_getHeader", [block.clone()]).await?;
	let items = header["digest"]["logs"].as_array().with_context(|| format!("block {number} has a digest: {header}"))?;
	let items: Vec<Vec<u8>> = items.iter().map(bytes).collect::<Result<_>>()?;
	let item = items.iter().find(|item| item.starts_with(&CLAIM)).with_context(|| format!("the claim of block {number}"))?;
	// Kind and engine of the item, and its content: a variant, the place of the author, the slot, and a VRF output.
	let (_, content) = <([u8; 5], Vec<u8>)>::decode(&mut &item[..])?;
	let (variant, place) = <(u8, u32)>::decode(&mut &content[..])?;
	let epoch = bytes(&node.call("state_call", [json!("BabeApi_current_epoch"), json!("0x"), block]).await?)?;
	let (_, _, _, authorities) = Epoch::decode(&mut &epoch[..])?;
	let (author, _) = authorities.get(place as usize).with_context(|| format!("authority {place} of block {number}"))?;
	Ok(Claim { author: *author, is_primary: variant == 1 })
}

/// Returns the storage keys of all accounts after a block, each with its free, reserved and frozen amount and its flags.
///
/// # Errors
/// Errors if the node does not answer, or does not have the state.
pub async fn accounts(node: &Node, block: &Value) -> Result<Vec<(String, [u128; 4])>> {
	let keys = node.call("state_getKeysPaged", [json!(ACCOUNTS), json!(1_000), Value::Null, block.clone()]).await?;
	let stored = node.call("state_queryStorageAt", [keys, block.clone()]).await?;
	let changes = stored[0]["changes"].as_array().with_context(|| format!("the accounts: {stored}"))?;
	ensure!((8..1_000).contains(&changes.len()), "{} accounts", changes.len());
	let account = |change: &Value| -> Result<(String, [u128; 4])> {
		let (_, amounts) = <([u32; 4], [u128; 4])>::decode(&mut &bytes(&change[1])?[..])?;
		Ok((change[0].as_str().context("a key")?.to_owned(), amounts))
	};
	changes.iter().map(account).collect()
}

/// Coins that exist after a block, in plancks.
#[derive(Clone, Copy, Debug)]
pub struct Issuance {
	/// Everything that was minted and not burned.
	pub total: u128,
	/// Everything that work blocks minted.
	pub mined: u128,
	/// Base fees that were burned.
	pub burned: u128,
}

impl Issuance {
	/// Returns the coins that exist after a block, and checks that the accounts have all of them.
	///
	/// # Errors
	/// Errors if they do not, or if the node does not have the state.
	pub async fn after(node: &Node, block: &Value) -> Result<Self> {
		let total = bytes(&node.call("state_getStorage", [json!(TOTAL_ISSUANCE), block.clone()]).await?)?;
		let total = u128::decode(&mut &total[..])?;
		let sum: u128 = accounts(node, block).await?.iter().map(|(_, [free, reserved, ..])| free + reserved).sum();
		ensure!(sum == total, "balances add up to {sum}, issuance is {total} after block {block}");
		let mined = amount(&node.call("doin_work", [block.clone()]).await?["mined"]);
		let burned = amount(&node.call("doin_feeMarket", [block.clone()]).await?["burned"]);
		Ok(Self { total, mined, burned })
	}

	/// Checks that since `before` nothing has appeared or disappeared beside what is mined and burned.
	///
	/// # Errors
	/// Errors with both sums if something has.
	pub fn check_since(&self, before: &Self) -> Result<()> {
		let expected = before.total + (self.mined - before.mined) - (self.burned - before.burned);
		ensure!(self.total <= expected, "coins have appeared: {before:?} {self:?}");
		ensure!(expected - self.total < OTHER_BURNS, "coins have disappeared: {before:?} {self:?}");
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bytes_and_hex_are_inverse_and_other_text_is_refused() -> Result<()> {
		assert_eq!(bytes(&json!("0x00ff10"))?, [0, 255, 16]);
		assert_eq!(hex(&[0, 255, 16]), "0x00ff10");
		for other in [json!("00ff"), json!("0xgg"), json!("0x0"), json!(7), Value::Null] {
			assert!(bytes(&other).is_err(), "{other}");
		}
		Ok(())
	}

	#[test]
	fn coins_are_neither_paid_twice_nor_lost() {
		let before = Issuance { total: 1_000 * DOIN, mined: 10 * DOIN, burned: DOIN };
		let after = |total: u128| Issuance { total, mined: 60 * DOIN, burned: 3 * DOIN };
		assert!(after(1_048 * DOIN).check_since(&before).is_ok());
		assert!(after(1_047 * DOIN).check_since(&before).is_ok(), "a fee of a seat is burned");
		assert!(after(1_048 * DOIN + 1).check_since(&before).is_err());
		assert!(after(48 * DOIN).check_since(&before).is_err());
	}
}
