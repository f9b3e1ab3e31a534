//! Answers of the transaction pool, by their codes.
//!
//! The codes are those of the `author` RPC methods of Substrate (`sc-rpc-api`, `author::error`).

use crate::{Rejection, RequestError};
use subxt::tx::{TransactionInvalid, ValidationResult};

/// The extrinsic cannot be decoded.
const BAD_FORMAT: i32 = 1001;
/// The runtime finds the transaction invalid.
const INVALID_TRANSACTION: i32 = 1010;

/// Meaning of an answer of the transaction pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
	/// The runtime finds the transaction invalid. Its validation names the reason.
	Invalid,
	/// The pool would refuse the transaction again.
	Final(Rejection),
	/// Another attempt may be accepted: the validity is unknown (1011), the transaction is banned (1012), in the pool already
	/// (1013), has a lower priority than another one (1014), closes a cycle (1015) or was dropped by a full pool (1016), or the
	/// connection was lost.
	Again,
}

/// Returns the meaning of an error that an attempt to submit a transaction ended with.
pub(super) fn verdict(error: &RequestError) -> Verdict {
	match error {
		RequestError::Refused { code: INVALID_TRANSACTION, .. } => Verdict::Invalid,
		RequestError::Refused { code: BAD_FORMAT, .. } => Verdict::Final(Rejection::BadFormat),
		_ => Verdict::Again,
	}
}

/// Returns the reason for which the runtime will find a transaction invalid again, or `None` if another attempt may be valid.
///
/// A wrong nonce or era is not final: the next attempt is signed with a new one.
pub(super) fn rejection(validation: &ValidationResult) -> Option<Rejection> {
	let ValidationResult::Invalid(invalid) = validation else { return None };
	match invalid {
		TransactionInvalid::Payment => Some(Rejection::Payment),
		TransactionInvalid::BadProof => Some(Rejection::BadProof),
		TransactionInvalid::ExhaustsResources => Some(Rejection::ExhaustsResources),
		TransactionInvalid::Call => Some(Rejection::CallNotAllowed),
		TransactionInvalid::BadSigner => Some(Rejection::BadSigner),
		TransactionInvalid::Future
		| TransactionInvalid::Stale
		| TransactionInvalid::AncientBirthBlock
		| TransactionInvalid::Custom(_)
		| TransactionInvalid::BadMandatory
		| TransactionInvalid::MandatoryValidation => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt::tx::{TransactionUnknown, TransactionValid};

	fn refused(code: i32) -> RequestError {
		RequestError::Refused { code, message: String::new(), data: None }
	}

	#[test]
	fn an_invalid_transaction_is_asked_about() {
		assert_eq!(verdict(&refused(1010)), Verdict::Invalid);
	}

	#[test]
	fn an_extrinsic_that_cannot_be_decoded_is_final() {
		assert_eq!(verdict(&refused(1001)), Verdict::Final(Rejection::BadFormat));
	}

	#[test]
	fn every_other_answer_of_the_pool_allows_another_attempt() {
		for code in [1002, 1011, 1012, 1013, 1014, 1015, 1016, 1018, 1019, 1020, 1021, 1040, -32_601, -32_000] {
			assert_eq!(verdict(&refused(code)), Verdict::Again, "code {code}");
		}
		assert_eq!(verdict(&RequestError::Disconnected), Verdict::Again);
		assert_eq!(verdict(&RequestError::Transport("reset".into())), Verdict::Again);
	}

	#[test]
	fn only_what_money_another_key_or_an_update_can_mend_is_final() {
		let reason = |invalid| rejection(&ValidationResult::Invalid(invalid));
		assert_eq!(reason(TransactionInvalid::Payment), Some(Rejection::Payment));
		assert_eq!(reason(TransactionInvalid::BadProof), Some(Rejection::BadProof));
		assert_eq!(reason(TransactionInvalid::ExhaustsResources), Some(Rejection::ExhaustsResources));
		assert_eq!(reason(TransactionInvalid::Call), Some(Rejection::CallNotAllowed));
		assert_eq!(reason(TransactionInvalid::BadSigner), Some(Rejection::BadSigner));
		for passing in [
			TransactionInvalid::Stale,
			TransactionInvalid::Future,
			TransactionInvalid::AncientBirthBlock,
			TransactionInvalid::Custom(7),
			TransactionInvalid::BadMandatory,
			TransactionInvalid::MandatoryValidation,
		] {
			assert_eq!(reason(passing.clone()), None, "{passing:?}");
		}
	}

	#[test]
	fn a_transaction_that_became_valid_or_unknown_is_tried_again() {
		let valid = TransactionValid { priority: 1, requires: vec![], provides: vec![], longevity: 16, propagate: true };
		assert_eq!(rejection(&ValidationResult::Valid(valid)), None);
		assert_eq!(rejection(&ValidationResult::Unknown(TransactionUnknown::CannotLookup)), None);
	}
}
