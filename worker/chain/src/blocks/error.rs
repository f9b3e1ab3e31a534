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
	/// The task that follows the finalized blocks has panicked.
	#[error(
		"the task that follows the finalized blocks of the node at {url} has ended by a fault of this program (read on to start it \
		 again, and report the panic in the log)"
	)]
	Unfollowed {
		/// Address of the node.
		url: String,
	},
	/// A request failed for another reason than a lost connection, or its answer cannot be decoded.
	#[error(transparent)]
	Read(#[from] ReadError),
}

/// Reason for which a block can be read only later.
#[derive(Debug, thiserror::Error)]
pub(super) enum Delay {
	/// The node was replaced by one that is behind, or did not have the block for a moment.
	#[error("the node at {url} does not have block {block} yet (wait until it is synced; if it stays behind, look at its log)")]
	NotThere { url: String, block: BlockNumber },
	/// The connection was reopened to a node of another network.
	#[error("the node at {url} belongs to another network (start the former node again, or use another node of its network)")]
	OtherNetwork { url: String },
	/// A request failed.
	#[error(transparent)]
	Read(ReadError),
}

/// Reason for which a block is not returned.
#[derive(Debug)]
pub(super) enum Stop {
	/// A later attempt can return the block.
	Later(Delay),
	/// The caller has to decide.
	Failed(BlocksError),
}

impl From<BlocksError> for Stop {
	fn from(error: BlocksError) -> Self {
		Self::Failed(error)
	}
}

impl From<ReadError> for Stop {
	fn from(error: ReadError) -> Self {
		match error.is_transient() {
			true => Self::Later(Delay::Read(error)),
			false => Self::Failed(error.into()),
		}
	}
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
	fn a_task_that_has_ended_and_delays_name_the_node_and_a_next_step() {
		let url = || "ws://node:9944".to_owned();
		let texts = [
			(BlocksError::Unfollowed { url: url() }.to_string(), "report the panic"),
			(Delay::NotThere { url: url(), block: 7 }.to_string(), "block 7"),
			(Delay::NotThere { url: url(), block: 7 }.to_string(), "wait until it is synced"),
			(Delay::OtherNetwork { url: url() }.to_string(), "another node of its network"),
		];
		for (text, part) in texts {
			assert!(text.contains("ws://node:9944") && text.contains(part), "`{part}` is missing in: {text}");
		}
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
