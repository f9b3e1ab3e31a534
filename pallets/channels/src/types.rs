//! Stored types.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{channel::Contract, Balance, BlockNumber, DomainId};
use scale_info::TypeInfo;

/// An open channel.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Channel<AccountId> {
	/// Contract that names it.
	pub contract: Contract<AccountId>,
	/// Amount that it can pay in all, in plancks.
	pub deposit: Balance,
	/// Amount that it has paid, in plancks, the burned fee included.
	pub paid: Balance,
	/// Amount on hold for its storage, in plancks.
	pub storage: Balance,
	/// Block in which it was opened.
	pub opened: BlockNumber,
	/// First block in which it cannot be topped up.
	pub expires: BlockNumber,
	/// First block in which any account can finish it.
	pub ends: BlockNumber,
	/// `true` once the payer has closed it.
	pub closing: bool,
	/// Domain whose demand its fees count for, while the payee serves it.
	pub domain: Option<DomainId>,
}

impl<AccountId> Channel<AccountId> {
	/// Returns the amount that it can still pay, in plancks.
	pub fn left(&self) -> Balance {
		self.deposit.saturating_sub(self.paid)
	}

	/// Returns the amount on hold of the payer, in plancks.
	pub fn held(&self) -> Balance {
		self.left().saturating_add(self.storage)
	}
}

/// Payer with open channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Payer {
	/// Counter of the next channel.
	pub next: u64,
	/// Number of open channels.
	pub open: u32,
}

/// Sums over all channels that were ever opened, in plancks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Totals {
	/// Sum of all deposits.
	pub deposited: Balance,
	/// Amounts that payees have received.
	pub paid: Balance,
	/// Burned fees.
	pub burned: Balance,
	/// Amounts that were returned to payers, without the holds for storage.
	pub returned: Balance,
}

impl Totals {
	/// Adds a channel that is removed to what is returned.
	pub(crate) fn close<AccountId>(&mut self, channel: &Channel<AccountId>) {
		self.returned = self.returned.saturating_add(channel.left());
	}
}
