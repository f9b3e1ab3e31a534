//! Transaction extension that limits what one account can have in the transaction pool of a node (`docs/adr/0061`).
//!
//! The extension has no data, so it changes neither the bytes of a transaction nor the payload that is signed, and programs that do
//! not know it go on signing. [`doin_primitives::pool_limits`] has the limits.
//!
//! They are no rule of the chain: a block can hold any number of transactions of an account. A node asks the runtime whether a
//! transaction fits its pool, so the limits can change with an upgrade, and every node has the same ones.

use crate::{Nonce, RuntimeCall, RuntimeOrigin, System};
use codec::{Compact, Decode, DecodeWithMemTracking, Encode};
use doin_primitives::pool_limits::exceeded;
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::{
	traits::{AsSystemOriginSigner, DispatchInfoOf, Implication, TransactionExtension, ValidateResult},
	transaction_validity::{TransactionSource, TransactionValidityError, UnknownTransaction, ValidTransaction},
};

/// Refuses a transaction for the pool if too many transactions of its signer come before it, or if it is long and waits for
/// another one.
///
/// Has to stand directly before `CheckNonce` in the list of extensions: it reads the nonce of the transaction from there.
///
/// The validity of a refused transaction is unknown, `Custom` with the number of the limit. A pool bans an invalid transaction for
/// half an hour, but accepts one of unknown validity as soon as the transactions before it are in a block. Rarely it bans one of
/// unknown validity, too: if a block arrives while it checks the transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CheckPoolLimits;

impl TransactionExtension<RuntimeCall> for CheckPoolLimits {
	const IDENTIFIER: &'static str = "CheckPoolLimits";
	type Implicit = ();
	type Val = ();
	type Pre = ();

	/// Returns zero: in a block, the extension reads nothing.
	fn weight(&self, _call: &RuntimeCall) -> Weight {
		Weight::zero()
	}

	fn validate(
		&self,
		origin: RuntimeOrigin,
		_call: &RuntimeCall,
		_info: &DispatchInfoOf<RuntimeCall>,
		len: usize,
		_self_implicit: Self::Implicit,
		inherited_implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, RuntimeCall> {
		let is_for_pool = !matches!(source, TransactionSource::InBlock);
		if let Some(who) = origin.as_system_origin_signer().filter(|_| is_for_pool) {
			// A nonce that was used is left to `CheckNonce`.
			let ahead = nonce_in(inherited_implication)?.saturating_sub(System::account_nonce(who));
			if let Some(limit) = exceeded(ahead, u32::try_from(len).unwrap_or(u32::MAX)) {
				return Err(UnknownTransaction::Custom(limit.code()).into());
			}
		}
		Ok((ValidTransaction::default(), (), origin))
	}

	fn prepare(
		self,
		_val: Self::Val,
		_origin: &RuntimeOrigin,
		_call: &RuntimeCall,
		_info: &DispatchInfoOf<RuntimeCall>,
		_len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		Ok(())
	}
}

/// Returns the nonce of a transaction from the data of the extensions behind this one, of which `CheckNonce` is the first.
///
/// # Errors
/// Errors if the data are no nonce, i.e. if the list of extensions has another order.
fn nonce_in(implication: &impl Implication) -> Result<Nonce, TransactionValidityError> {
	let decoded = implication.parts().explicit.using_encoded(|mut data: &[u8]| Compact::<Nonce>::decode(&mut data));
	decoded.map(|Compact(nonce)| nonce).map_err(|_| UnknownTransaction::CannotLookup.into())
}
