//! Authoring on work: a validator of a development chain lets slots pass in which a block would serve nothing.
//!
//! A block is authored if one of these holds:
//!
//! - A transaction is ready.
//! - Something waits for blocks: an undecided round, a recomputation task that is not final, or improvement in the work queue.
//!   The deadlines of all three are block numbers, so they need a block per slot, not a block in the slot of the deadline.
//! - A block with transactions, or the block in which the last of those deadlines was served, is not final. GRANDPA's voters
//!   leave out the two newest blocks, so two more blocks make it final.
//! - The heartbeat: the head is so many slots old. Sessions and eras go on, and the chain shows that it lives.
//!
//! The policy keeps nothing: it reads the pool, the blocks from the last finalized one to the head, and their states.

use crate::{
	service::{FullClient, FullPool},
	state_version,
};
use codec::DecodeAll;
use doin_primitives::BlockNumber;
use doin_runtime::{Hash, Runtime};
use doin_traits::apis::DoinApi;
use log::debug;
use sc_chain_spec::ChainType;
use sc_client_api::{BlockBackend, HeaderBackend, StorageKey, StorageProvider};
use sc_consensus_slots::{BackoffAuthoringBlocksStrategy, BackoffAuthoringOnFinalizedHeadLagging};
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_consensus_babe::Slot;
use std::sync::Arc;

/// Number of extrinsics of a block without transactions: the one that sets its time.
const INHERENTS: usize = 1;
/// Number of blocks after the last finalized one from which on the policy lets no slot pass: finality lags, and authoring is left
/// to the strategy for that.
pub const MOST_UNFINAL: BlockNumber = 16;
/// Least number of heartbeats in an epoch. An epoch without a block is skipped, and with it the session.
const HEARTBEATS: u64 = 4;
/// Number of heartbeats in an epoch by default.
const DEFAULT_HEARTBEATS: u64 = 6;

/// A block, as far as it matters for authoring on top of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
	/// `true` if the block contains transactions.
	pub has_transactions: bool,
	/// `true` if something in its state waits for blocks.
	pub awaits_blocks: bool,
}

/// Reads what [`OnWork`] decides on.
pub trait Observe {
	/// Returns `true` if the pool has a transaction for the next block.
	fn has_ready_transaction(&self) -> bool;
	/// Returns the last finalized block and those after it up to the best one, at most [`MOST_UNFINAL`] of them. Returns `None` if
	/// there are more, or if one of them cannot be read.
	fn unfinal(&self) -> Option<Vec<Observed>>;
}

/// Policy of a validator that authors on work.
pub struct OnWork<N> {
	node: N,
	heartbeat: u64,
}

impl<N: Observe> OnWork<N> {
	/// Returns the policy with a block in every `heartbeat` slots at least.
	pub fn new(node: N, heartbeat: u64) -> Self {
		Self { node, heartbeat }
	}

	/// Returns `true` if a block is due in slot `now` after a head of slot `head`.
	pub fn is_due(&self, head: Slot, now: Slot) -> bool {
		*now.saturating_sub(head) >= self.heartbeat
			|| self.node.has_ready_transaction()
			|| self.node.unfinal().is_none_or(is_open)
	}
}

/// Returns `true` if the last finalized block, the first of `blocks`, leaves something to do, or a block after it is to be final.
fn is_open(blocks: Vec<Observed>) -> bool {
	blocks.iter().any(|block| block.awaits_blocks) || blocks.iter().skip(1).any(|block| block.has_transactions)
}

/// Reads from the client and the transaction pool of a node.
pub struct NodeReader {
	/// Client.
	pub client: Arc<FullClient>,
	/// Transaction pool.
	pub pool: Arc<FullPool>,
}

impl NodeReader {
	/// Returns what matters of the block `hash`, or `None` if it cannot be read, e.g. because another version of the runtime wrote
	/// its state.
	fn observed(&self, hash: Hash) -> Option<Observed> {
		state_version::check(&self.client, hash).ok()?;
		let extrinsics = self.client.block_body(hash).ok()??.len();
		let awaits_blocks = self.count(hash, pallet_doin_optimae::Rounds::<Runtime>::counter_storage_final_key())? > 0
			|| self.count(hash, pallet_doin_recomputation::Tasks::<Runtime>::counter_storage_final_key())? > 0
			|| self.client.runtime_api().work(hash).ok()?.queued > 0;
		Some(Observed { has_transactions: extrinsics > INHERENTS, awaits_blocks })
	}

	/// Returns the number of entries of a counted map in the state of the block `hash`, or `None` if it cannot be read.
	fn count(&self, hash: Hash, key: [u8; 32]) -> Option<u32> {
		let stored = self.client.storage(hash, &StorageKey(key.to_vec())).ok()?;
		stored.map_or(Some(0), |count| u32::decode_all(&mut &count.0[..]).ok())
	}
}

impl Observe for NodeReader {
	fn has_ready_transaction(&self) -> bool {
		self.pool.status().ready > 0
	}

	fn unfinal(&self) -> Option<Vec<Observed>> {
		let info = self.client.info();
		let (mut hash, mut number) = (info.best_hash, info.best_number);
		if number.saturating_sub(info.finalized_number) > MOST_UNFINAL {
			return None;
		}
		let mut blocks = Vec::new();
		while number > info.finalized_number {
			blocks.push(self.observed(hash)?);
			hash = self.client.header(hash).ok()??.parent_hash;
			number = number.saturating_sub(1);
		}
		blocks.push(self.observed(hash)?);
		blocks.reverse();
		Some(blocks)
	}
}

/// Strategy of the block author: lets slots pass while finality lags, as the SDK does, and with `on_work` those that serve
/// nothing.
pub struct Policy<N> {
	/// The SDK's strategy.
	pub lagging: BackoffAuthoringOnFinalizedHeadLagging<BlockNumber>,
	/// Authoring on work.
	pub on_work: Option<OnWork<N>>,
}

impl<N: Observe> BackoffAuthoringBlocksStrategy<BlockNumber> for Policy<N> {
	fn should_backoff(&self, head: BlockNumber, head_slot: Slot, finalized: BlockNumber, now: Slot, target: &str) -> bool {
		if self.lagging.should_backoff(head, head_slot, finalized, now, target) {
			return true;
		}
		let passes = self.on_work.as_ref().is_some_and(|on_work| !on_work.is_due(head_slot, now));
		if passes {
			debug!(target: target, "slot {now} passes: no transaction is ready, and nothing waits for a block after block {head}");
		}
		passes
	}
}

/// Validator and chain for which `--author-on-work` is given.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
	/// Name of the chain.
	pub chain: &'a str,
	/// Type of the chain.
	pub chain_type: &'a ChainType,
	/// Number of authorities of the chain when the node starts.
	pub authorities: usize,
	/// Number of slots of an epoch.
	pub epoch_length: u64,
	/// `true` if the node authors blocks.
	pub is_validator: bool,
}

/// Returns the heartbeat for the option `--author-on-work[=SLOTS]`, where `slots` is its value.
///
/// # Errors
///
/// Errors with a message for the operator if the chain is not a development chain with one validator, if the node is not this
/// validator, or if the heartbeat is too slow for the epochs of the chain.
pub fn heartbeat(slots: Option<u64>, place: Place) -> Result<u64, String> {
	let chain = place.chain;
	if *place.chain_type != ChainType::Development || place.authorities > 1 {
		return Err(format!(
			"--author-on-work works on development chains that have one validator when the node starts: on `{chain}` other validators \
			 author the blocks that this one leaves out, and with them the random numbers that evaluators and windows are drawn from. \
			 Start the node without --author-on-work, or with --dev"
		));
	}
	if !place.is_validator {
		return Err(format!(
			"--author-on-work has no effect on a node that authors no blocks on `{chain}`: start it with --dev, or with --validator \
			 and the keys of its validator"
		));
	}
	let most = (place.epoch_length / HEARTBEATS).max(1);
	let slots = slots.unwrap_or((place.epoch_length / DEFAULT_HEARTBEATS).max(1));
	if !(1..=most).contains(&slots) {
		return Err(format!(
			"--author-on-work={slots} is out of range: an epoch of `{chain}` has {} slots and needs {HEARTBEATS} blocks at least. \
			 Choose 1 to {most} slots",
			place.epoch_length
		));
	}
	Ok(slots)
}
