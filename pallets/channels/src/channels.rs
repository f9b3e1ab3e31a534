//! The calls.

use crate::{
	types::{Channel, Payer},
	Channels, Config, Error, Event, HoldReason, Pallet, Payers, Sums,
};
use doin_primitives::{
	channel::{
		first_counter, redeemed, ChannelId, Contract, Key, Redeemed, Signature, Voucher, CHALLENGE_PHASES, DEPOSITS,
		MAX_LIFETIME_MS, MAX_OPEN,
	},
	Balance, BlockNumber, DomainId,
};
use doin_traits::{block::current_block, Offers, Timing, Votes};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_core::sr25519;
use sp_io::crypto::sr25519_verify;

impl<T: Config> Pallet<T> {
	/// Returns the length of the challenge, in blocks.
	pub fn challenge_blocks() -> BlockNumber {
		T::Timing::rounds().challenge.saturating_mul(CHALLENGE_PHASES)
	}

	/// Returns the block in which a channel with this lifetime expires.
	fn expiry(lifetime: BlockNumber) -> Result<BlockNumber, Error<T>> {
		ensure!((1..=T::Timing::blocks(MAX_LIFETIME_MS)).contains(&lifetime), Error::<T>::LifetimeOutOfRange);
		Ok(current_block::<T>().saturating_add(lifetime))
	}

	/// Opens a channel; see [`Call::open`](crate::Call::open).
	pub(crate) fn do_open(
		payer: T::AccountId,
		payee: T::AccountId,
		key: Key,
		deposit: Balance,
		lifetime: BlockNumber,
		domain: Option<DomainId>,
	) -> DispatchResult {
		ensure!(payer != payee, Error::<T>::OwnAccount);
		ensure!(frame_system::Pallet::<T>::account_exists(&payee), Error::<T>::UnknownPayee);
		ensure!(DEPOSITS.contains(&deposit), Error::<T>::DepositOutOfRange);
		let (expires, now) = (Self::expiry(lifetime)?, current_block::<T>());
		let Payer { next: counter, open } =
			Payers::<T>::get(&payer).unwrap_or_else(|| Payer { next: first_counter(now), open: 0 });
		ensure!(open < MAX_OPEN, Error::<T>::TooManyChannels);

		let contract = Contract { payer: payer.clone(), payee: payee.clone(), key, counter };
		let channel = contract.id(&T::GenesisHash::get());
		let ends = expires.saturating_add(Self::challenge_blocks());
		let storage = T::StorageDeposit::get();
		let state = Channel { contract, deposit, paid: 0, storage, opened: now, expires, ends, closing: false, domain };
		T::Currency::hold(&HoldReason::Channel.into(), &payer, state.held())?;
		Channels::<T>::insert(channel, state);
		Payers::<T>::insert(&payer, Payer { next: counter.saturating_add(1), open: open.saturating_add(1) });
		Sums::<T>::mutate(|sums| sums.deposited = sums.deposited.saturating_add(deposit));
		Self::deposit_event(Event::Opened { channel, payer, payee, key, counter, deposit, expires, domain });
		Ok(())
	}

	/// Adds to a channel; see [`Call::top_up`](crate::Call::top_up).
	pub(crate) fn do_top_up(
		who: T::AccountId,
		channel: ChannelId,
		amount: Balance,
		lifetime: Option<BlockNumber>,
	) -> DispatchResult {
		let mut state = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		ensure!(state.contract.payer == who, Error::<T>::NotPayer);
		ensure!(!state.closing && current_block::<T>() < state.expires, Error::<T>::NotOpen);
		let expires = lifetime.map_or(Ok(state.expires), Self::expiry)?;
		ensure!(expires >= state.expires && (amount > 0 || expires > state.expires), Error::<T>::NothingAdded);
		let deposit = state.deposit.saturating_add(amount);
		ensure!(DEPOSITS.contains(&deposit), Error::<T>::DepositOutOfRange);

		if amount > 0 {
			T::Currency::hold(&HoldReason::Channel.into(), &who, amount)?;
		}
		(state.deposit, state.expires) = (deposit, expires);
		state.ends = expires.saturating_add(Self::challenge_blocks());
		Channels::<T>::insert(channel, state);
		Sums::<T>::mutate(|sums| sums.deposited = sums.deposited.saturating_add(amount));
		Self::deposit_event(Event::ToppedUp { channel, deposit, expires });
		Ok(())
	}

	/// Redeems a voucher; see [`Call::redeem`](crate::Call::redeem).
	pub(crate) fn do_redeem(channel: ChannelId, cumulative: Balance, signature: Signature) -> DispatchResult {
		let mut state = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		let Redeemed { paid, fee, net } = redeemed(state.deposit, state.paid, cumulative).ok_or(Error::<T>::NothingToPay)?;
		let signed = Voucher { channel, cumulative }.signed_bytes();
		let (key, signature) = (sr25519::Public::from_raw(state.contract.key), sr25519::Signature::from_raw(signature));
		ensure!(sr25519_verify(&signature, &signed, &key), Error::<T>::BadSignature);

		Self::pay(&state.contract, net, fee)?;
		state.paid = paid;
		if let Some(domain) = state.domain.filter(|domain| T::Offers::serves(&state.contract.payee, *domain)) {
			T::Offers::record_fee(domain, fee);
		}
		let payee = state.contract.payee.clone();
		Channels::<T>::insert(channel, state);
		Sums::<T>::mutate(|sums| {
			sums.paid = sums.paid.saturating_add(net);
			sums.burned = sums.burned.saturating_add(fee);
		});
		Self::deposit_event(Event::Redeemed { channel, payee, amount: net, fee, paid });
		Ok(())
	}

	/// Moves `net` plancks on hold to the payee, and burns `fee` of them.
	fn pay(contract: &Contract<T::AccountId>, net: Balance, fee: Balance) -> DispatchResult {
		let (reason, payer) = (HoldReason::Channel.into(), &contract.payer);
		// Coins that a vote locks are paid nevertheless: no payer can keep a deposit by a vote.
		if T::Currency::reducible_total_balance_on_hold(payer, Fortitude::Polite) < net.saturating_add(fee) {
			T::Votes::end(payer);
		}
		let (precision, force) = (Precision::Exact, Fortitude::Force);
		T::Currency::transfer_on_hold(&reason, payer, &contract.payee, net, precision, Restriction::Free, force)?;
		if fee > 0 {
			T::Currency::burn_held(&reason, payer, fee, precision, force)?;
		}
		Ok(())
	}

	/// Closes a channel; see [`Call::close`](crate::Call::close).
	pub(crate) fn do_close(who: T::AccountId, channel: ChannelId) -> DispatchResult {
		let mut state = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		let now = current_block::<T>();
		ensure!(state.contract.payer == who || state.contract.payee == who, Error::<T>::NotParty);
		ensure!(state.opened < now, Error::<T>::JustOpened);
		if state.contract.payee == who {
			return Self::remove(channel, &state);
		}
		let ends = now.saturating_add(Self::challenge_blocks());
		ensure!(!state.closing && ends < state.ends, Error::<T>::AlreadyClosing);
		(state.closing, state.ends) = (true, ends);
		Channels::<T>::insert(channel, state);
		Self::deposit_event(Event::Closing { channel, ends });
		Ok(())
	}

	/// Removes a channel that has ended; see [`Call::finish`](crate::Call::finish).
	pub(crate) fn do_finish(channel: ChannelId) -> DispatchResult {
		let state = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		ensure!(current_block::<T>() >= state.ends, Error::<T>::NotEnded);
		Self::remove(channel, &state)
	}

	/// Removes a channel, and returns the rest with the hold for its storage.
	fn remove(channel: ChannelId, state: &Channel<T::AccountId>) -> DispatchResult {
		let payer = state.contract.payer.clone();
		T::Currency::release(&HoldReason::Channel.into(), &payer, state.held(), Precision::Exact)?;
		Channels::<T>::remove(channel);
		Payers::<T>::mutate_exists(&payer, |record| {
			*record = record
				.take()
				.filter(|record| record.open > 1)
				.map(|record| Payer { open: record.open.saturating_sub(1), ..record });
		});
		Sums::<T>::mutate(|sums| sums.close(state));
		Self::deposit_event(Event::Closed { channel, payer, returned: state.left() });
		Ok(())
	}
}
