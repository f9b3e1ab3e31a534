//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{Channels, Config, HoldReason, Pallet, Payers, Sums};
use alloc::collections::BTreeMap;
use doin_primitives::{
	channel::{DEPOSITS, MAX_OPEN},
	Balance,
};
use doin_traits::block::current_block;
use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks channels, payers and sums against each other and against the holds.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let genesis = T::GenesisHash::get();
		let mut payers = BTreeMap::<T::AccountId, (u32, Balance)>::new();
		let mut left: Balance = 0;
		for (id, channel) in Channels::<T>::iter() {
			let contract = &channel.contract;
			ensure!(contract.id(&genesis) == id, "a channel must be named by its contract");
			ensure!(contract.payer != contract.payee, "a channel must pay another account");
			ensure!(DEPOSITS.contains(&channel.deposit), "a deposit must be in its range");
			ensure!(channel.paid <= channel.deposit, "a channel must not pay more than its deposit");
			ensure!(channel.opened <= current_block::<T>(), "a channel must be opened in a past block");
			let latest = channel.expires.saturating_add(Self::challenge_blocks());
			ensure!(channel.ends <= latest && (channel.closing || channel.ends == latest), "a channel must end in time");
			let payer = Payers::<T>::get(&contract.payer).ok_or("the payer of a channel must have a record")?;
			ensure!(contract.counter < payer.next, "a counter must not be used twice");
			let (open, held) = payers.entry(contract.payer.clone()).or_default();
			(*open, *held) = (open.saturating_add(1), held.saturating_add(channel.held()));
			left = left.saturating_add(channel.left());
		}
		ensure!(Payers::<T>::iter().count() == payers.len(), "a payer without a channel must have no record");
		for (who, (open, held)) in payers {
			let record = Payers::<T>::get(&who).unwrap_or_default();
			ensure!(record.open == open && open <= MAX_OPEN, "the channels of a payer must be counted");
			let on_hold = T::Currency::balance_on_hold(&HoldReason::Channel.into(), &who);
			ensure!(on_hold == held, "what channels have left must be on hold, with their storage");
		}
		let sums = Sums::<T>::get();
		let accounted = sums.paid.saturating_add(sums.burned).saturating_add(sums.returned).saturating_add(left);
		ensure!(sums.deposited == accounted, "every deposited planck must be paid, burned, returned or left");
		Ok(())
	}
}
