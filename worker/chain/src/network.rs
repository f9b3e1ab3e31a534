//! Reads of the network that a node belongs to, of the supply of coins, and of the difficulty of work blocks.

use crate::{Chain, Head, ReadError};
use doin_primitives::{Balance, Q32};
use serde::Deserialize;
use subxt::{ext::scale_decode::DecodeAsType, rpcs::rpc_params};

/// A peer of the node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
	/// Identifier of the peer in the network.
	pub peer_id: String,
	/// Roles of the peer, e.g. `AUTHORITY`.
	pub roles: String,
	/// Hash of the best block that the peer has announced, as hex.
	pub best_hash: String,
	/// Number of that block.
	pub best_number: u64,
}

/// Network of a node, as the node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
	/// Number of connected peers.
	pub connected: usize,
	/// `true` while the node imports older blocks.
	pub is_syncing: bool,
	/// `true` unless the node needs no peers, e.g. that of a development chain.
	pub should_have_peers: bool,
	/// The connected peers.
	pub peers: Vec<Peer>,
}

/// State of the controller that sets the threshold of work blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkDifficulty {
	/// Threshold T, Q32 bits.
	pub threshold: Q32,
	/// Moving average of the blocks between two seals, Q16.
	pub spacing: u64,
	/// Seals of the present span of 100.
	pub seals: u32,
	/// Time between two work blocks that the controller aims at, in milliseconds.
	pub target_ms: u64,
	/// Length of a slot, in milliseconds.
	pub slot_ms: u64,
}

impl WorkDifficulty {
	/// Returns the moving average of the time between two seals, in milliseconds.
	pub fn spacing_ms(&self) -> u64 {
		u64::try_from((u128::from(self.spacing) * u128::from(self.slot_ms)) >> 16).unwrap_or(u64::MAX)
	}
}

/// Part of the stored state of the controller.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct StoredDifficulty {
	threshold: Q32,
	spacing: u64,
	seals: u32,
}

impl Chain {
	/// Returns the state of the controller that sets the threshold of work blocks.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn difficulty(&self, at: Head) -> Result<WorkDifficulty, ReadError> {
		let read = |pallet, item| self.storage::<u64>(at, pallet, item, Vec::new());
		let (stored, target, slot) = tokio::try_join!(
			self.storage::<StoredDifficulty>(at, "Work", "DifficultyState", Vec::new()),
			read("Timing", "TargetSpacing"),
			read("Timing", "SlotDuration")
		)?;
		let (target_ms, slot_ms) = (target.unwrap_or_default(), slot.unwrap_or_default());
		let difficulty = stored.map(|StoredDifficulty { threshold, spacing, seals }| WorkDifficulty {
			threshold,
			spacing,
			seals,
			target_ms,
			slot_ms,
		});
		Ok(difficulty.unwrap_or_default())
	}

	/// Returns the number of peers of the node, which nodes that are open to the internet tell, too.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn connected_peers(&self) -> Result<usize, ReadError> {
		let connection = self.connection();
		Ok(connection.request("system_health", connection.rpc.system_health()).await?.peers)
	}

	/// Returns the peers of the node. Nodes that are open to the internet refuse the request, since it is unsafe there.
	///
	/// # Errors
	/// Errors if the node does not answer, if it refuses `system_peers`, or if the answer cannot be decoded.
	pub async fn network(&self) -> Result<Network, ReadError> {
		let connection = self.connection();
		let health = connection.request("system_health", connection.rpc.system_health()).await?;
		let peers = connection.raw.request::<Vec<Peer>>("system_peers", rpc_params![]);
		let peers = connection.request("system_peers", peers).await?;
		Ok(Network { connected: health.peers, is_syncing: health.is_syncing, should_have_peers: health.should_have_peers, peers })
	}

	/// Returns the coins that exist, in plancks.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn total_issuance(&self, at: Head) -> Result<Balance, ReadError> {
		Ok(self.storage(at, "Balances", "TotalIssuance", Vec::new()).await?.unwrap_or_default())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		testing::{MockNode, Script},
		Patience, RequestError,
	};
	use jsonrpsee::types::ErrorObjectOwned;
	use serde_json::json;

	#[tokio::test]
	async fn peers_are_read_with_their_best_blocks() {
		let peer = json!({ "peerId": "12D3", "roles": "AUTHORITY", "bestHash": "0x01", "bestNumber": 7 });
		let node = MockNode::start_with("127.0.0.1:0".parse().unwrap(), Script::default(), |module| {
			module.register_method("system_peers", move |_, _, _| json!([peer])).unwrap();
		});
		let node = node.await;
		let network = Chain::connect(&[node.url()], Patience::Once).await.unwrap().network().await.unwrap();
		let expected = Peer { peer_id: "12D3".into(), roles: "AUTHORITY".into(), best_hash: "0x01".into(), best_number: 7 };
		assert_eq!((network.peers, network.is_syncing), (vec![expected], false));
	}

	#[test]
	fn the_spacing_of_seals_is_a_time() {
		let difficulty = WorkDifficulty { spacing: 3 << 15, slot_ms: 6_000, ..WorkDifficulty::default() };
		assert_eq!(difficulty.spacing_ms(), 9_000);
		assert_eq!(WorkDifficulty { spacing: u64::MAX, slot_ms: u64::MAX, ..difficulty }.spacing_ms(), u64::MAX);
	}

	#[tokio::test]
	async fn a_node_that_is_open_to_the_internet_refuses() {
		let node = MockNode::start_with("127.0.0.1:0".parse().unwrap(), Script::default(), |module| {
			let refusal = || ErrorObjectOwned::owned(-32_601, "RPC call is unsafe to be called externally", None::<()>);
			module.register_method("system_peers", move |_, _, _| Err::<(), _>(refusal())).unwrap();
		});
		let node = node.await;
		let refused = Chain::connect(&[node.url()], Patience::Once).await.unwrap().network().await.unwrap_err();
		assert!(
			matches!(&refused, ReadError::Refused { request, source: RequestError::Refused { code: -32_601, .. }, .. }
				if request == "system_peers"),
			"{refused:?}"
		);
	}
}
