//! Errors of submitted calls.

use crate::{Account, ReadError, RequestError};
use doin_primitives::BlockNumber;
use std::error::Error;
use subxt::error::TransactionStatusError;

/// Error of a submitted call.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
	/// The call cannot be encoded or signed for the runtime of the node.
	#[error("{call} cannot be signed (update the worker or the node so that both have the same version)")]
	Sign {
		/// The call, `Pallet.call`.
		call: String,
		/// Fault of the metadata or the encoder.
		#[source]
		source: Box<dyn Error + Send + Sync>,
	},
	/// The transaction pool refused the call for good. Nothing was paid.
	#[error("{call} by {who} was refused before it reached a block ({})", .rejection.next_step(.who))]
	Rejected {
		/// The call, `Pallet.call`.
		call: String,
		/// Account that signed it.
		who: Account,
		/// Reason of the refusal.
		#[source]
		rejection: Rejection,
	},
	/// The call was included in a block and failed there. The fee is paid.
	#[error("{call} by {who} failed with {error}: {docs}")]
	Failed {
		/// The call, `Pallet.call`.
		call: String,
		/// Account that the call was made for.
		who: Account,
		/// Name of the error, `Pallet::Error`.
		error: String,
		/// Documentation of the error in the metadata: the reason, and the next step.
		docs: String,
	},
	/// The call did not get into a block in time.
	#[error(
		"{call} by {who} was not included by block {by} (the chain is busy, or another program signs with the same key: try again)"
	)]
	NotIncluded {
		/// The call, `Pallet.call`.
		call: String,
		/// Account that signed it.
		who: Account,
		/// Last block that it could be in.
		by: BlockNumber,
		/// Reason for which the last attempt was given up.
		#[source]
		setback: Box<Setback>,
	},
	/// A read failed, e.g. of the events of the block that includes the call.
	#[error(transparent)]
	Read(#[from] ReadError),
}

/// Reason for which the transaction pool refuses a transaction, and would refuse it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
	/// The account cannot pay the fee.
	#[error("its balance does not cover the fee")]
	Payment,
	/// The signature does not match, which happens when the runtime has another version.
	#[error("the signature is invalid for the runtime of the node")]
	BadProof,
	/// The extrinsic cannot be decoded by the runtime.
	#[error("the node cannot decode the extrinsic")]
	BadFormat,
	/// The call needs more weight or bytes than a block has.
	#[error("it exceeds the limits of a block")]
	ExhaustsResources,
	/// The runtime does not accept this call from this origin.
	#[error("the chain does not accept this call from this account")]
	CallNotAllowed,
	/// The signing address is invalid.
	#[error("the signing address is invalid")]
	BadSigner,
}

impl Rejection {
	/// Returns what to do about the rejection of a call of `who`.
	pub fn next_step(self, who: &Account) -> String {
		match self {
			Self::Payment => format!("send DOIN to {who}"),
			Self::BadProof | Self::BadFormat => {
				"the node may have upgraded its runtime: restart the worker, and update it if that does not help".into()
			}
			Self::ExhaustsResources => "make it smaller".into(),
			Self::CallNotAllowed => "check the type of the proxy, or sign with another account".into(),
			Self::BadSigner => "sign with another key".into(),
		}
	}
}

/// Reason for which an attempt to submit a call was given up. Another attempt may succeed.
#[derive(Debug, thiserror::Error)]
pub enum Setback {
	/// There was no block left for an attempt.
	#[error("there was no time left to send it")]
	NoTime,
	/// The attempt was not included by this block.
	#[error("it was not in a block by block {0}")]
	Late(BlockNumber),
	/// The transaction pool refused the transaction for now.
	#[error("the node refused it")]
	Pool(#[source] RequestError),
	/// The transaction pool dropped the transaction, or found it invalid after it had taken it.
	#[error(transparent)]
	Dropped(#[from] TransactionStatusError),
	/// The node stopped reporting on the transaction.
	#[error("the node stopped reporting on it")]
	NoReport,
	/// A request failed on the way.
	#[error(transparent)]
	Read(#[from] ReadError),
}

impl SubmitError {
	/// Returns `true` if the same call can succeed later.
	pub fn is_transient(&self) -> bool {
		match self {
			Self::NotIncluded { .. } => true,
			Self::Read(error) => error.is_transient(),
			Self::Sign { .. } | Self::Rejected { .. } | Self::Failed { .. } => false,
		}
	}

	/// Returns `Pallet::Error` of a call that was included and failed.
	pub fn dispatch_error(&self) -> Option<&str> {
		match self {
			Self::Failed { error, .. } => Some(error),
			_ => None,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const WHO: Account = Account([7; 32]);

	fn failed() -> SubmitError {
		let error = "Recomputation::AlreadyRecomputed".into();
		SubmitError::Failed { call: "Recomputation.recompute".into(), who: WHO, error, docs: "Every chunk is known.".into() }
	}

	fn rejected(rejection: Rejection) -> SubmitError {
		SubmitError::Rejected { call: "Gauge.vote".into(), who: WHO, rejection }
	}

	#[test]
	fn a_dispatch_error_is_named_and_final() {
		assert_eq!(failed().dispatch_error(), Some("Recomputation::AlreadyRecomputed"));
		assert!(!failed().is_transient());
		assert!(failed().to_string().contains("Every chunk is known."));
		assert_eq!(rejected(Rejection::Payment).dispatch_error(), None);
	}

	#[test]
	fn every_rejection_has_a_reason_and_a_next_step() {
		for (rejection, reason, step) in [
			(Rejection::Payment, "balance", "send DOIN to 5"),
			(Rejection::BadProof, "signature", "update"),
			(Rejection::BadFormat, "decode", "update"),
			(Rejection::ExhaustsResources, "limits", "smaller"),
			(Rejection::CallNotAllowed, "not accept", "proxy"),
			(Rejection::BadSigner, "address", "another key"),
		] {
			let error = rejected(rejection);
			assert!(!error.is_transient());
			assert!(error.to_string().contains(step), "{error}");
			assert!(error.source().is_some_and(|source| source.to_string().contains(reason)), "{error:?}");
		}
	}

	#[test]
	fn a_late_call_may_be_submitted_again_and_names_the_last_setback() {
		let refused = RequestError::Refused { code: 1016, message: "Immediately Dropped".into(), data: None };
		let setback = Box::new(Setback::Pool(refused));
		let error = SubmitError::NotIncluded { call: "Optimae.reveal".into(), who: WHO, by: 40, setback };
		assert!(error.is_transient() && error.to_string().contains("block 40"), "{error}");
		let mut chain = vec![];
		let mut next = error.source();
		while let Some(source) = next {
			chain.push(source.to_string());
			next = source.source();
		}
		assert_eq!(chain, ["the node refused it", "Immediately Dropped (code 1016)"]);
	}
}
