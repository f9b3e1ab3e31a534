//! Policy of redeeming: which vouchers are sent to the chain. Pure.

use crate::voucher::{Facts, Offered};
use doin_primitives::{channel::redeemed, Balance, BlockNumber};

/// Fees of redeeming that a channel owes before it is redeemed in between.
pub const FEES: Balance = 50;

/// A channel with what it owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owing {
	/// Newest voucher.
	pub offered: Offered,
	/// Channel in a finalized block.
	pub facts: Facts,
}

impl Owing {
	/// Returns the amount that redeeming the voucher would pay, in plancks; 0 if it would pay nothing.
	pub fn net(&self) -> Balance {
		redeemed(self.facts.deposit, self.facts.paid, self.offered.kept.cumulative).map_or(0, |redeemed| redeemed.net)
	}
}

/// Occasion of redeeming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
	/// A block like others.
	Block,
	/// The worker ends.
	Exit,
}

/// Returns `true` if a voucher is worth its fee and due at block `block`: it pays 50 fees, the channel ends within two challenges, or the
/// worker ends.
///
/// An honest server loses at most 50 fees of redeeming by being offline for an hour while the payer closes the channel.
pub fn is_due(owing: &Owing, fee: Balance, block: BlockNumber, challenge: BlockNumber, occasion: Occasion) -> bool {
	let net = owing.net();
	if net <= fee {
		return false;
	}
	let soon = block.saturating_add(challenge.saturating_mul(2));
	let ends = owing.facts.closing || owing.facts.expires <= soon || owing.facts.ends <= soon;
	ends || occasion == Occasion::Exit || net >= fee.saturating_mul(FEES)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::voucher::Kept;
	use doin_chain::Account;

	const CHALLENGE: BlockNumber = 600;
	const FEE: Balance = 1_000;

	fn owing(cumulative: Balance) -> Owing {
		let facts = Facts {
			payee: Account([1; 32]),
			key: [0; 32],
			deposit: 1_000_000,
			paid: 0,
			expires: 10_000,
			ends: 10_600,
			closing: false,
		};
		let kept = Kept { cumulative, signature: [0; 64], request: [0; 32] };
		Owing { offered: Offered { channel: [7; 32], kept }, facts }
	}

	fn due(owing: Owing, block: BlockNumber, occasion: Occasion) -> bool {
		is_due(&owing, FEE, block, CHALLENGE, occasion)
	}

	#[test]
	fn a_voucher_is_redeemed_once_fifty_fees_are_due() {
		// A thousandth burns.
		assert!(!due(owing(50_000), 0, Occasion::Block) && due(owing(50_051), 0, Occasion::Block));
	}

	#[test]
	fn less_is_redeemed_before_the_channel_ends_and_at_exit() {
		assert!(!due(owing(2_000), 8_799, Occasion::Block) && due(owing(2_000), 8_800, Occasion::Block));
		assert!(due(owing(2_000), 0, Occasion::Exit));
		let closing = Owing { facts: Facts { closing: true, ends: 700, ..owing(0).facts }, ..owing(2_000) };
		assert!(due(closing, 100, Occasion::Block));
	}

	#[test]
	fn what_is_not_worth_its_fee_is_never_sent() {
		for amount in [0, 1, 1_000, 1_001] {
			assert!(!due(owing(amount), 20_000, Occasion::Exit), "{amount}");
		}
		let paid = Owing { facts: Facts { paid: 50_051, ..owing(0).facts }, ..owing(50_051) };
		assert!(!due(paid, 20_000, Occasion::Exit), "it was redeemed");
		let used_up = Owing { facts: Facts { paid: 1_000_000, ..owing(0).facts }, ..owing(2_000_000) };
		assert_eq!(used_up.net(), 0);
	}
}
