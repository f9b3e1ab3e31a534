//! Errors of a stream of finalized blocks.

use crate::ReadError;
use doin_primitives::{BlockNumber, Hash};

/// Error of [`FinalizedBlocks::next`](crate::FinalizedBlocks::next). The stream stays at the block that it could not return.
#[derive(Debug, thiserror::Error)]
pub enum BlocksError {
	/// The node does not have the block or its state any more. Events are part of the state.
	#[error("the node at {url} has no state of block {block} ({})", next_step(*first))]
	Pruned {
		/// Address of the node.
		url: String,
		/// The block.
		block: BlockNumber,
		/// First block that the node can read; `None` if it can read none.
		first: Option<BlockNumber>,
	},
	/// The parent of the block is not the block that the stream returned before.
	#[error(
		"block {block} of the node at {url} has the parent {}, and the block that was read before it is {}: the node finalized \
		 another branch (connect to another node of this network; if its blocks agree, read everything again)",
		hex(.found), hex(.expected)
	)]
	OtherBranch {
		/// Address of the node.
		url: String,
		/// The block.
		block: BlockNumber,
		/// Parent of the block.
		found: Hash,
		/// Block before it, as the stream returned it.
		expected: Hash,
	},
	/// A request failed for another reason than a lost connection, or its answer cannot be decoded.
	#[error(transparent)]
	Read(#[from] ReadError),
}

fn hex(hash: &Hash) -> String {
	format!("0x{}", hex::encode(hash))
}

fn next_step(first: Option<BlockNumber>) -> String {
	match first {
		Some(first) => format!("read from block {first} on, or use a node with `--state-pruning archive`"),
		None => "wait until the node is synced, or use a node with `--state-pruning archive`".into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_pruned_block_names_the_first_block_that_can_be_read() {
		let error = |first| BlocksError::Pruned { url: "ws://node:9944".into(), block: 7, first }.to_string();
		let found = error(Some(300));
		for part in ["ws://node:9944", "block 7", "from block 300 on", "--state-pruning archive"] {
			assert!(found.contains(part), "`{part}` is missing in: {found}");
		}
		assert!(error(None).contains("until the node is synced"), "{}", error(None));
	}

	#[test]
	fn another_branch_names_both_hashes_and_a_next_step() {
		let error =
			BlocksError::OtherBranch { url: "ws://node:9944".into(), block: 7, found: [1; 32], expected: [2; 32] }.to_string();
		for part in ["ws://node:9944", "block 7", &"01".repeat(32), &"02".repeat(32), "connect to another node"] {
			assert!(error.contains(part), "`{part}` is missing in: {error}");
		}
	}
}
