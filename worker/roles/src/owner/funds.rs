//! Money of the account that pays for openings.

use super::{policy::Payer, seals::RebuiltDomain, Owned};
use anyhow::{bail, Context, Result};
use doin_chain::{Call, Chain, Head, Signer};
use doin_primitives::{Balance, BlockNumber};

/// Blocks for which a fee is taken as the present one. It is estimated by the node from all bytes of a segment.
const FEE_PERIOD: BlockNumber = 64;

/// Fee of an opening, which is read again after a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KnownFee {
	/// Fee in plancks, and the block in which it was read.
	read: Option<(Balance, BlockNumber)>,
}

impl KnownFee {
	/// Returns the fee if it was read in the last blocks before `block`.
	fn at(&self, block: BlockNumber) -> Option<Balance> {
		self.read.filter(|(_, read)| block.saturating_sub(*read) < FEE_PERIOD).map(|(fee, _)| fee)
	}

	/// Records the fee at block `block`.
	fn set(&mut self, fee: Balance, block: BlockNumber) {
		self.read = Some((fee, block));
	}
}

/// Returns the call that opens segment `index`.
pub(super) fn opening(domain: &RebuiltDomain, owned: &Owned, index: u16) -> Result<Call> {
	let bytes = domain.data.segments.get(usize::from(index)).context("the file has no such segment")?;
	Ok(Call::open_segment(owned.domain, index, bytes, owned.key.salt(&domain.spec.data_root, index)))
}

/// Reads the money of the account of `signer`, and the fee of the opening `call` unless it is `known`.
///
/// # Errors
///
/// Errors if the node cannot be read.
pub(super) async fn payer(chain: &Chain, head: Head, signer: &Signer, call: &Call, known: &mut KnownFee) -> Result<Payer> {
	let fee = match known.at(head.number) {
		Some(fee) => fee,
		None => {
			let fee = chain.fee(signer, call).await?;
			known.set(fee, head.number);
			fee
		}
	};
	let account = signer.hot();
	let deposit: Balance = chain.constant("Balances", "ExistentialDeposit").await?;
	Ok(Payer { account, free: chain.funds(head, account).await?.free, fee, deposit })
}

/// Checks that an account can pay for the next opening.
///
/// # Errors
///
/// Errors with the amount that the account needs.
pub(super) fn ensure_funds(payer: &Payer) -> Result<()> {
	match payer.lacks_funds() {
		Some(warning) => bail!("{warning}"),
		None => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::ME;

	#[test]
	fn a_fee_is_read_again_after_a_while() {
		let mut known = KnownFee::default();
		assert_eq!(known.at(0), None);
		known.set(7, 100);
		assert_eq!([known.at(100), known.at(163), known.at(164)], [Some(7), Some(7), None]);
		assert_eq!(known.at(99), Some(7), "of a shorter branch");
	}

	#[test]
	fn a_new_account_cannot_open_a_segment() {
		let payer = Payer { account: ME, free: 0, fee: 340_000_000_000, deposit: 10_000_000_000 };
		let refused = ensure_funds(&payer).unwrap_err().to_string();
		assert!(refused.contains(&ME.to_string()) && refused.contains("send it"), "{refused}");
		ensure_funds(&Payer { free: 1_370_000_000_000, ..payer }).unwrap();
	}
}
