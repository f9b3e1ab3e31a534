//! Headers and bodies of blocks. A node has them for all blocks, also where it has removed the state.

use crate::{blocks::doin_log, connection::head_of, Chain, Head, ReadError, RequestError};
use doin_primitives::{DoinLog, Hash};
use subxt::utils::H256;

/// Header of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHeader {
	/// Number and hash of the block.
	pub head: Head,
	/// Hash of the parent; zeros for block 0.
	pub parent: Hash,
	/// Root of the state after the block.
	pub state_root: Hash,
	/// Content of the DOIN digest: the number of work blocks, and the one that this block seals; `None` for block 0.
	pub log: Option<DoinLog>,
}

impl Chain {
	/// Returns the header with the hash of `at`; `None` if the node does not have that block. The header is checked against the hash.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the header that it sends has another hash.
	pub async fn header(&self, at: Head) -> Result<Option<BlockHeader>, ReadError> {
		let answer = self.connection().rpc.chain_get_header(Some(H256(at.hash)));
		let Some(header) = self.connection().request("chain_getHeader", answer).await? else { return Ok(None) };
		let head = head_of(&header);
		if head.hash != at.hash {
			let fault = codec::Error::from("the header is not the one with the requested hash");
			return Err(self.connection().error("chain_getHeader", RequestError::malformed(fault)));
		}
		let log = header.digest.logs.iter().find_map(doin_log);
		Ok(Some(BlockHeader { head, parent: header.parent_hash.0, state_root: header.state_root.0, log }))
	}

	/// Returns the extrinsics of the block with the hash of `at`, each in SCALE with its length in front; `None` if the node does not have
	/// that block.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn extrinsics_of(&self, at: Head) -> Result<Option<Vec<Vec<u8>>>, ReadError> {
		let answer = self.connection().rpc.chain_get_block(Some(H256(at.hash)));
		let found = self.connection().request("chain_getBlock", answer).await?;
		Ok(found.map(|found| found.block.extrinsics.into_iter().map(|bytes| bytes.0).collect()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		testing::{MockNode, Script},
		Patience,
	};

	async fn connected(script: Script) -> (MockNode, Chain) {
		let node = MockNode::start(script).await;
		let chain = Chain::connect(&[node.url()], Patience::Once).await.unwrap();
		(node, chain)
	}

	/// The node of this test sends the header of its best block, whichever is asked for.
	#[tokio::test]
	async fn a_header_is_checked_against_its_hash() {
		let (_node, chain) = connected(Script::default()).await;
		let best = chain.block(1).await.unwrap().expect("the node has block 1");
		let header = chain.header(best).await.unwrap().expect("the node has the header");
		let expected = BlockHeader { head: best, parent: header.parent, state_root: [0; 32], log: None };
		assert_eq!(header, expected);
		let other = Head { number: 1, hash: [7; 32] };
		let error = chain.header(other).await.unwrap_err();
		assert!(matches!(&error, ReadError::Undecodable { request, .. } if request == "chain_getHeader"), "{error:?}");
	}

	#[tokio::test]
	async fn the_extrinsics_of_a_block_are_read_by_its_hash() {
		let bodies = [(1, vec!["0x0c010203".to_string(), "0x0409".to_string()])].into();
		let (_node, chain) = connected(Script { bodies, ..Script::default() }).await;
		let best = chain.block(1).await.unwrap().expect("the node has block 1");
		assert_eq!(chain.extrinsics_of(best).await.unwrap(), Some(vec![vec![12, 1, 2, 3], vec![4, 9]]));
		assert_eq!(chain.extrinsics_of(Head { number: 1, hash: [7; 32] }).await.unwrap(), None);
	}
}
