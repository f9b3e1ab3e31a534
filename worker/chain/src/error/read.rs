//! Errors of reads.

use crate::RequestError;
use std::error::Error;

/// Error of a read from the chain.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
	/// The connection or the transport failed.
	#[error(
		"the node at {url} did not answer `{request}` (the connection reopens by itself; if it does not, look at the node's log)"
	)]
	NoAnswer {
		/// Address of the node.
		url: String,
		/// Name of the request.
		request: String,
		/// Failure of the transport.
		#[source]
		source: RequestError,
	},
	/// The node answered with an error.
	#[error("the node at {url} refused `{request}` (if the block is old, use a node with `--state-pruning archive`)")]
	Refused {
		/// Address of the node.
		url: String,
		/// Name of the request.
		request: String,
		/// Answer of the node.
		#[source]
		source: RequestError,
	},
	/// The answer cannot be decoded.
	#[error("the answer to `{request}` cannot be decoded (update the worker or the node so that both have the same version)")]
	Undecodable {
		/// Name of the request.
		request: String,
		/// Fault of the decoder.
		#[source]
		source: Box<dyn Error + Send + Sync>,
	},
	/// The runtime does not have the requested item.
	#[error("the runtime of the node has no {item} (update the worker or the node so that both have the same version)")]
	Missing {
		/// The item, e.g. `constant Domains.BaseDeposit`.
		item: String,
	},
}

impl ReadError {
	/// Returns the error of `request`, for this reason.
	pub(crate) fn new(url: &str, request: &str, reason: impl Into<RequestError>) -> Self {
		let (url, request) = (url.to_owned(), request.to_owned());
		match reason.into() {
			source @ (RequestError::Disconnected | RequestError::Transport(_)) => Self::NoAnswer { url, request, source },
			source @ RequestError::Refused { .. } => Self::Refused { url, request, source },
			RequestError::Malformed(source) => Self::Undecodable { request, source },
		}
	}

	/// Returns `true` if the node has removed the state of the block that was read. An archive node has it.
	pub fn is_pruned(&self) -> bool {
		matches!(self, Self::Refused { source, .. } if source.is_pruned())
	}

	/// Returns `true` if the same read can succeed later.
	pub fn is_transient(&self) -> bool {
		matches!(self, Self::NoAnswer { .. })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const URL: &str = "ws://127.0.0.1:9944";

	fn refused() -> RequestError {
		RequestError::Refused { code: 4003, message: "Client error".into(), data: Some("state already discarded".into()) }
	}

	#[test]
	fn only_a_lost_answer_is_worth_a_second_try() {
		let lost = ReadError::new(URL, "chain_getHeader", RequestError::Disconnected);
		assert!(lost.is_transient());
		assert!(ReadError::new(URL, "x", RequestError::Transport("reset".into())).is_transient());
		assert!(!ReadError::new(URL, "x", refused()).is_transient());
		assert!(!ReadError::new(URL, "x", RequestError::malformed(codec::Error::from("short"))).is_transient());
		assert!(!ReadError::Missing { item: "constant A.B".into() }.is_transient());
	}

	#[test]
	fn k29_a_state_that_the_node_has_removed_is_told_from_other_refusals() {
		let data = |data: &str| RequestError::Refused { code: 4003, message: "Client error".into(), data: Some(data.into()) };
		let discarded = "UnknownBlock: State already discarded for 0x12";
		assert!(ReadError::new(URL, "x", data(discarded)).is_pruned());
		assert!(!ReadError::new(URL, "x", data("Exported method x is not found")).is_pruned());
		assert!(!ReadError::new(URL, "x", RequestError::Disconnected).is_pruned());
	}

	#[test]
	fn every_message_names_the_request_the_reason_and_a_next_step() {
		let report = |error: ReadError| format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default());
		let lost = report(ReadError::new(URL, "DoinApi_round", RequestError::Disconnected));
		for part in [URL, "DoinApi_round", "the connection is lost", "look at the node's log"] {
			assert!(lost.contains(part), "`{part}` is missing in: {lost}");
		}
		let old = report(ReadError::new(URL, "DoinApi_round", refused()));
		for part in ["DoinApi_round", "code 4003", "state already discarded", "archive"] {
			assert!(old.contains(part), "`{part}` is missing in: {old}");
		}
		let short = report(ReadError::new(URL, "DoinApi_work", RequestError::malformed(codec::Error::from("Not enough data"))));
		for part in ["DoinApi_work", "Not enough data", "same version"] {
			assert!(short.contains(part), "`{part}` is missing in: {short}");
		}
	}
}
