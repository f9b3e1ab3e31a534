//! Errors of a connection.

use crate::{ReadError, RequestError};

/// Error of opening or checking a connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
	/// No connection could be opened.
	#[error("cannot reach a node at {url} (start one with `doin-node --dev`, or name a running one with --url)")]
	Unreachable {
		/// Address that was tried.
		url: String,
		/// Failure of the transport.
		#[source]
		source: RequestError,
	},
	/// The address is not the URL of a WebSocket.
	#[error("invalid address of a node `{url}`: expected ws://HOST:PORT or wss://HOST:PORT")]
	Url {
		/// The given address.
		url: String,
		/// Fault of the address.
		#[source]
		source: InvalidUrl,
	},
	/// The node runs another chain.
	#[error("the node at {url} runs the chain `{found}`, not `{expected}` (connect to a DOIN node with --url)")]
	WrongChain {
		/// Address of the node.
		url: String,
		/// `spec_name` of its runtime.
		found: String,
		/// Expected `spec_name`.
		expected: String,
	},
	/// The node belongs to a DOIN network other than the expected one, e.g. the one that a journal was written for.
	#[error(
		"the node at {url} belongs to the network with genesis {found}, not {expected} (connect to a node of that network, or \
		 use another journal)"
	)]
	OtherGenesis {
		/// Address of the node.
		url: String,
		/// Genesis hash of its network, in hex.
		found: String,
		/// Expected genesis hash, in hex.
		expected: String,
	},
	/// The runtime of the node differs from the one that this crate was built for.
	#[error(
		"the node at {url} and the worker have different versions (update the older one, so that both have the same version)"
	)]
	OtherVersion {
		/// Address of the node.
		url: String,
		/// First difference that was found.
		#[source]
		difference: Difference,
	},
	/// A request of the check failed.
	#[error(transparent)]
	Read(#[from] ReadError),
}

/// Fault of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
	/// The scheme is missing or is not a WebSocket's.
	#[error("it does not start with ws:// or wss://")]
	Scheme,
	/// The address has no host.
	#[error("it does not name a host")]
	Host,
}

/// First difference between the runtime of a node and the one that this crate was built for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
	/// A pallet, call or runtime API method is missing.
	#[error("the node's runtime has no {0}")]
	Missing(String),
	/// The names of the arguments differ.
	#[error("the node's {item} takes ({found}), the worker's takes ({expected})")]
	Arguments {
		/// The call or method.
		item: String,
		/// Names of the node's arguments.
		found: String,
		/// Names of the worker's arguments.
		expected: String,
	},
	/// The types of an argument or of a result differ.
	#[error("{what} of {item} has another type: the node's is {found}, the worker's {expected}")]
	Type {
		/// The call or method.
		item: String,
		/// The argument and the path to the differing part, e.g. `argument reveal.genes`.
		what: String,
		/// Type in the node's metadata.
		found: String,
		/// Type in this crate.
		expected: String,
	},
}

impl ConnectError {
	/// Returns `true` if the same connection can succeed later.
	pub fn is_transient(&self) -> bool {
		match self {
			Self::Unreachable { .. } => true,
			// A node that starts or synchronizes refuses requests for states that it does not have yet.
			Self::Read(error) => error.is_transient() || matches!(error, ReadError::Refused { .. }),
			Self::Url { .. } | Self::WrongChain { .. } | Self::OtherGenesis { .. } | Self::OtherVersion { .. } => false,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::error::Error;

	const URL: &str = "ws://127.0.0.1:9944";

	#[test]
	fn only_a_missing_node_is_worth_waiting_for() {
		let unreachable = ConnectError::Unreachable { url: URL.into(), source: RequestError::Transport("refused".into()) };
		assert!(unreachable.is_transient());
		assert!(ConnectError::from(ReadError::new(URL, "Core_version", RequestError::Disconnected)).is_transient());
		let missing = ReadError::Missing { item: "best block".into() };
		let chain = ConnectError::WrongChain { url: URL.into(), found: "node".into(), expected: "doin".into() };
		let url = ConnectError::Url { url: "x".into(), source: InvalidUrl::Scheme };
		let version = ConnectError::OtherVersion { url: URL.into(), difference: Difference::Missing("pallet Gauge".into()) };
		for error in [missing.into(), chain, url, version] {
			assert!(!error.is_transient(), "{error:?}");
		}
	}

	#[test]
	fn another_version_names_both_sides_and_what_to_do() {
		let difference =
			Difference::Arguments { item: "call Gauge.vote".into(), found: "votes, weight".into(), expected: "votes".into() };
		let error = ConnectError::OtherVersion { url: URL.into(), difference };
		assert!(error.to_string().contains(URL) && error.to_string().contains("update"), "{error}");
		assert_eq!(
			error.source().map(ToString::to_string).as_deref(),
			Some("the node's call Gauge.vote takes (votes, weight), the worker's takes (votes)")
		);
	}

	#[test]
	fn a_failed_read_is_not_wrapped_in_a_second_sentence() {
		let read = ReadError::new(URL, "Core_version", RequestError::Disconnected);
		let text = read.to_string();
		let error = ConnectError::from(read);
		assert_eq!(error.to_string(), text);
		assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the connection is lost"));
	}
}
