//! Reasons for which one request has no usable answer.

use std::error::Error;
use subxt::{
	error::{AccountNonceError, BackendError, ExtrinsicError, OnlineClientAtBlockError, RpcError, StorageError},
	rpcs::{self, client::reconnecting_rpc_client},
};

/// Reason for which one request has no usable answer. The layers of errors that subxt wraps around a reason are removed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
	/// The connection was lost, or is not open again yet.
	#[error("the connection is lost")]
	Disconnected,
	/// The node answered with a JSON-RPC error object.
	#[error("{message} (code {code}){}", .data.as_ref().map(|data| format!(": {data}")).unwrap_or_default())]
	Refused {
		/// Code of the error, e.g. 1010 for an invalid transaction.
		code: i32,
		/// Message of the error.
		message: String,
		/// Further data of the error, as JSON text.
		data: Option<String>,
	},
	/// The transport failed.
	#[error(transparent)]
	Transport(Box<dyn Error + Send + Sync>),
	/// The answer, or the metadata that describes it, cannot be decoded.
	#[error(transparent)]
	Malformed(Box<dyn Error + Send + Sync>),
}

impl RequestError {
	/// Returns an error about bytes that cannot be decoded.
	pub(crate) fn malformed(error: impl Error + Send + Sync + 'static) -> Self {
		Self::Malformed(Box::new(error))
	}
}

impl RequestError {
	/// Returns `true` if the node has removed the state of the block.
	pub(crate) fn is_pruned(&self) -> bool {
		let mentions = |text: &str| text.contains("State already discarded") || text.contains("UnknownBlock");
		matches!(self, Self::Refused { message, data, .. } if mentions(message) || data.as_deref().is_some_and(mentions))
	}
}

impl From<rpcs::Error> for RequestError {
	fn from(error: rpcs::Error) -> Self {
		match error {
			rpcs::Error::User(user) => Self::Refused {
				code: user.code,
				message: user.message,
				data: user.data.map(|data| data.get().trim_matches('"').to_owned()),
			},
			rpcs::Error::DisconnectedWillReconnect(_) => Self::Disconnected,
			rpcs::Error::Client(inner) => Self::Transport(inner),
			other => Self::malformed(other),
		}
	}
}

impl From<reconnecting_rpc_client::RpcError> for RequestError {
	fn from(error: reconnecting_rpc_client::RpcError) -> Self {
		Self::Transport(Box::new(error))
	}
}

impl From<BackendError> for RequestError {
	fn from(error: BackendError) -> Self {
		match error {
			BackendError::Rpc(RpcError::ClientError(error)) => error.into(),
			BackendError::Rpc(RpcError::SubscriptionDropped) => Self::Disconnected,
			other => Self::Transport(Box::new(other)),
		}
	}
}

impl From<OnlineClientAtBlockError> for RequestError {
	fn from(error: OnlineClientAtBlockError) -> Self {
		use OnlineClientAtBlockError::{
			CannotGetBlockHash, CannotGetBlockHeader, CannotGetCurrentBlock, CannotGetMetadata, CannotGetSpecVersion,
		};
		match error {
			CannotGetCurrentBlock { reason }
			| CannotGetBlockHash { reason, .. }
			| CannotGetBlockHeader { reason, .. }
			| CannotGetSpecVersion { reason, .. } => reason.into(),
			error @ CannotGetMetadata { .. } => Self::Transport(Box::new(error)),
			other => Self::malformed(other),
		}
	}
}

impl From<StorageError> for RequestError {
	fn from(error: StorageError) -> Self {
		match error {
			StorageError::CannotFetchValue(error) => error.into(),
			other => Self::malformed(other),
		}
	}
}

impl From<ExtrinsicError> for RequestError {
	fn from(error: ExtrinsicError) -> Self {
		match error {
			ExtrinsicError::AccountNonceError { reason: AccountNonceError::CouldNotRetrieve(error), .. }
			| ExtrinsicError::ErrorSubmittingTransaction(error)
			| ExtrinsicError::TransactionStatusStreamError(error)
			| ExtrinsicError::CannotGetFeeInfo(error)
			| ExtrinsicError::CannotGetValidationInfo(error) => error.into(),
			other => Self::malformed(other),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt::{rpcs::UserError, utils::H256};

	fn user(code: i32) -> rpcs::Error {
		UserError { code, message: "Invalid Transaction".into(), data: serde_json::value::to_raw_value("outdated").ok() }.into()
	}

	fn disconnected() -> rpcs::Error {
		rpcs::Error::DisconnectedWillReconnect("closed".into())
	}

	#[test]
	fn a_json_rpc_error_keeps_its_code_message_and_data() {
		let error = RequestError::from(user(1010));
		assert!(matches!(error, RequestError::Refused { code: 1010, .. }), "{error:?}");
		assert_eq!(error.to_string(), "Invalid Transaction (code 1010): outdated");
		let bare = RequestError::from(rpcs::Error::User(UserError::method_not_found()));
		assert_eq!(bare.to_string(), "Method not found (code -32601)");
	}

	#[test]
	fn layers_around_a_reason_are_removed() {
		let refused = |error: RequestError| matches!(error, RequestError::Refused { code: 7, .. });
		let lost = |error: RequestError| matches!(error, RequestError::Disconnected);
		assert!(refused(BackendError::from(user(7)).into()));
		assert!(refused(StorageError::CannotFetchValue(user(7).into()).into()));
		assert!(refused(ExtrinsicError::ErrorSubmittingTransaction(user(7).into()).into()));
		assert!(refused(ExtrinsicError::CannotGetFeeInfo(user(7).into()).into()));
		let nonce = AccountNonceError::CouldNotRetrieve(disconnected().into());
		let block_hash = H256::zero();
		assert!(lost(
			ExtrinsicError::AccountNonceError { block_hash: block_hash.into(), account_id: vec![1].into(), reason: nonce }.into()
		));
		assert!(lost(OnlineClientAtBlockError::CannotGetCurrentBlock { reason: disconnected().into() }.into()));
		let error =
			OnlineClientAtBlockError::CannotGetSpecVersion { block_hash: block_hash.into(), reason: disconnected().into() };
		assert!(lost(error.into()));
		assert!(lost(BackendError::Rpc(RpcError::SubscriptionDropped).into()));
	}

	#[test]
	fn what_cannot_be_decoded_is_not_taken_for_a_lost_connection() {
		let errors = [
			RequestError::from(rpcs::Error::Decode(codec::Error::from("too short"))),
			StorageError::NoValueFound.into(),
			ExtrinsicError::UnsupportedVersion.into(),
			OnlineClientAtBlockError::MissingLegacyTypes.into(),
		];
		for error in errors {
			assert!(matches!(error, RequestError::Malformed(_)), "{error:?}");
		}
		let transport = RequestError::from(rpcs::Error::Client("connection refused".into()));
		assert_eq!(transport.to_string(), "connection refused");
	}
}
