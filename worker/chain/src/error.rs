//! What can go wrong between here and a block.

/// Every message names the thing, the reason, and what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
	/// No connection could be made.
	#[error("cannot reach a node at {url}: {reason}. Start one with `doin-node --dev`, or name a running one with --url")]
	Unreachable {
		/// Where it was looked for.
		url: String,
		/// What the transport says.
		reason: String,
	},
	/// The URL is no URL of a node.
	#[error("`{url}` is not the address of a node: {reason}. Write it as ws://HOST:PORT or wss://HOST:PORT")]
	BadUrl {
		/// What was given.
		url: String,
		/// What is wrong with it.
		reason: String,
	},
	/// The node runs another chain.
	#[error("the node at {url} runs the chain `{found}`, not `{expected}`: connect to a DOIN node with --url")]
	WrongChain {
		/// The node.
		url: String,
		/// Its chain.
		found: String,
		/// Ours.
		expected: String,
	},
	/// The node runs a DOIN network other than the one the journal or the configuration belongs to.
	#[error("the node at {url} belongs to the network with genesis {found}, not {expected}: connect to a node of that network, or use another journal")]
	OtherGenesis {
		/// The node.
		url: String,
		/// Its genesis hash.
		found: String,
		/// The genesis hash asked for.
		expected: String,
	},
	/// The chain's calls are not the ones this program writes.
	#[error("the node at {url} speaks another version of the protocol: {what}. Update the worker or the node so that both have the same version")]
	OtherVersion {
		/// The node.
		url: String,
		/// The first difference.
		what: String,
	},
	/// A request failed on the way.
	#[error("the node at {url} did not answer `{request}`: {reason}. Reconnecting; if this goes on, look at the node's log")]
	Lost {
		/// The node.
		url: String,
		/// The request.
		request: String,
		/// What the transport says.
		reason: String,
	},
	/// An answer could not be decoded.
	#[error(
		"the answer to `{request}` cannot be read: {reason}. Update the worker or the node so that both have the same version"
	)]
	Unreadable {
		/// The request.
		request: String,
		/// What is wrong with it.
		reason: String,
	},
	/// The transaction pool refused it.
	#[error("{call} by {who} was refused before it reached a block: {reason}. {hint}")]
	Refused {
		/// The call.
		call: String,
		/// Who signed it.
		who: String,
		/// What the node says.
		reason: String,
		/// What to do.
		hint: String,
	},
	/// It was included and failed.
	#[error("{call} by {who} failed with {error}: {docs}")]
	Failed {
		/// The call.
		call: String,
		/// Who signed it.
		who: String,
		/// `Pallet::Error`.
		error: String,
		/// What the chain's metadata says about it: why, and what to do.
		docs: String,
	},
	/// It never made it into a block.
	#[error("{call} by {who} was not included by block {by}: {reason}. The chain is busy; try again, or offer a larger tip")]
	NotIncluded {
		/// The call.
		call: String,
		/// Who signed it.
		who: String,
		/// The last block it could be in.
		by: u32,
		/// What the node says.
		reason: String,
	},
}

impl ChainError {
	/// Whether trying the same thing again later makes sense.
	pub fn is_passing(&self) -> bool {
		matches!(self, Self::Unreachable { .. } | Self::Lost { .. } | Self::NotIncluded { .. })
	}

	/// `Pallet::Error` when a dispatched call failed.
	pub fn dispatch(&self) -> Option<&str> {
		match self {
			Self::Failed { error, .. } => Some(error),
			_ => None,
		}
	}
}
