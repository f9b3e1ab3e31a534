//! # Channels Pallet
//!
//! Payment channels: deposits for one payee, redeemed by vouchers for what a channel has paid in all.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. It asks
//! [`Offers`](doin_traits::Offers) whether a payee is a server, and reports the fees of payments to it.
//!
//! ## Overview
//!
//! A *payer* opens a channel to a *payee* with a deposit, and names the key that signs its *vouchers*. A voucher states the amount that
//! the channel pays in all. Vouchers are exchanged off chain; the payee redeems the newest one when it wants to. So a thousand payments
//! take two transactions, and each costs a signature.
//!
//! The payee can close the channel at once. A payer that wants its deposit back closes the channel and waits for the *challenge*, in which
//! the payee can still redeem. A channel that nobody closes ends a challenge after its expiry.
//!
//! ## Example
//!
//! Two vouchers are signed, and the newer one is redeemed:
#![doc = docify::embed!("src/tests/paths.rs", a_channel_pays_its_newest_voucher_and_returns_the_rest)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Vouchers
//!
//! - A voucher names the channel by the hash of its [`Contract`](doin_primitives::channel::Contract): chain, payer, payee, key and a
//!   counter of the payer. If the opening is lost in a reorganisation, no other channel has its name, so the voucher pays nobody else.
//! - Amounts only grow. The newest voucher is the best one of the payee, an older one takes nothing, and nobody has a state to keep
//!   secret. Any account can redeem a voucher, so a payee that is offline can give the newest one to a friend.
//! - A voucher is signed between `<Bytes>` and `</Bytes>`, as wallets sign text. It is not valid as a transaction.
//! - A payment burns a thousandth, rounded up over all payments of the channel together, so that many small payments burn no more than a
//!   large one.
//!
//! ### Counters
//!
//! A counter must not be used twice, or old vouchers would pay from a new channel. [`Payers`] has the next one while the payer has a
//! channel. After that nothing is stored, and a later channel starts above every counter of an earlier block
//! ([`first_counter`](doin_primitives::channel::first_counter)). A channel therefore cannot be closed in the block that opens it.
//!
//! ### Amounts
//!
//! - The deposit stays on hold in the account of the payer. A payment moves coins of this hold, even if a vote locks them: a lock must not
//!   keep a payee from its money. The votes of the payer end then, so that each coin counts once.
//! - A payment that the account of the payee cannot take, because it was removed and the amount is below the existential deposit, fails and
//!   changes nothing.
//! - [`Sums`] has what was deposited, paid, burned and returned since genesis. Deposits equal the other three and what open channels have
//!   left, to the planck.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod channels;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{Channel, Payer, Totals},
		WeightInfo,
	};
	use doin_primitives::{
		channel::{ChannelId, Key, Signature},
		Balance, BlockNumber, DomainId, Hash,
	};
	use doin_traits::{Offers, Timing, Votes};
	use frame_support::{
		dispatch::WithPostDispatchInfo,
		pallet_prelude::*,
		traits::fungible::{Inspect, MutateHold},
	};
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of deposits.
		type Currency: Inspect<Self::AccountId, Balance = Balance> + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Listed offers of servers, for whose domains the fees of payments count.
		type Offers: Offers<Self::AccountId>;
		/// Lengths of rounds, and wall time in blocks.
		type Timing: Timing;
		/// Votes in referenda, which lock coins. Those of a payer end when locked coins are paid.
		type Votes: Votes<Self::AccountId>;
		/// Hash of block 0. The names of channels bind it, so vouchers are valid on this chain only.
		type GenesisHash: Get<Hash>;
		/// Hold for the storage of a channel, in plancks; at least the existential deposit.
		#[pallet::constant]
		type StorageDeposit: Get<Balance>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Server of a domain for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the storage of the channels of a payer, and is what they can still pay.
		#[codec(index = 0)]
		Channel,
	}

	/// Open channels.
	// Hasher: Blake2 since payers choose the keys that the hash of a contract covers.
	#[pallet::storage]
	pub type Channels<T: Config> = StorageMap<_, Blake2_128Concat, ChannelId, Channel<T::AccountId>>;

	/// Payers with open channels.
	// Hasher: Blake2 since users choose account ids.
	#[pallet::storage]
	pub type Payers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Payer>;

	/// Sums over all channels since genesis.
	#[pallet::storage]
	pub type Sums<T: Config> = StorageValue<_, Totals, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A channel was opened.
		Opened {
			/// The channel.
			channel: ChannelId,
			/// Account that pays.
			payer: T::AccountId,
			/// Account that is paid.
			payee: T::AccountId,
			/// Key that signs vouchers.
			key: Key,
			/// Counter of the contract.
			counter: u64,
			/// Amount that it can pay in all, in plancks.
			deposit: Balance,
			/// First block in which it cannot be topped up.
			expires: BlockNumber,
			/// Domain whose demand its fees count for.
			domain: Option<DomainId>,
		},
		/// A channel can pay more, or for longer.
		ToppedUp {
			/// The channel.
			channel: ChannelId,
			/// Amount that it can pay in all, in plancks.
			deposit: Balance,
			/// First block in which it cannot be topped up.
			expires: BlockNumber,
		},
		/// A voucher was redeemed.
		Redeemed {
			/// The channel.
			channel: ChannelId,
			/// Account that was paid.
			payee: T::AccountId,
			/// Amount that it has received, in plancks.
			amount: Balance,
			/// Burned fee, in plancks.
			fee: Balance,
			/// Amount that the channel has paid in all, in plancks, with all fees.
			paid: Balance,
		},
		/// The payer has closed a channel. Vouchers are redeemed until it is finished.
		Closing {
			/// The channel.
			channel: ChannelId,
			/// First block in which any account can finish it.
			ends: BlockNumber,
		},
		/// A channel was removed, and the rest returned with the hold for its storage.
		Closed {
			/// The channel.
			channel: ChannelId,
			/// Account that has paid.
			payer: T::AccountId,
			/// Rest of the deposit, in plancks.
			returned: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No channel has this identifier, or it is closed. `doin_channel` shows one, and the event `Opened` names it.
		UnknownChannel,
		/// A channel pays another account than that of its payer. Name the account of the payee.
		OwnAccount,
		/// The account of the payee does not exist, so it could not be paid small amounts. Send it at least the existential deposit first.
		UnknownPayee,
		/// The deposit is below 1 DOIN or above 10,000 DOIN. Choose an amount between them.
		DepositOutOfRange,
		/// The lifetime is 0 or longer than 90 days. Choose a shorter one, and extend it with `top_up` later.
		LifetimeOutOfRange,
		/// The payer has 32 open channels. Close one of them, and finish it after its challenge.
		TooManyChannels,
		/// Only the payer can do this. Send the call from the account that has opened the channel.
		NotPayer,
		/// Only the payer and the payee can close a channel. Any account can finish it later.
		NotParty,
		/// The channel is closing or has expired. Open another one.
		NotOpen,
		/// Neither more is deposited nor is the lifetime longer. State an amount, or a lifetime that ends after the present one.
		NothingAdded,
		/// The voucher pays nothing that the channel has not paid: it is an old one, or the deposit is used up. Redeem the newest one.
		NothingToPay,
		/// The signature is not that of the key of the channel for this amount. Sign the documented bytes of a voucher of this channel.
		BadSignature,
		/// The channel ends as soon without this call: the payer has closed it, or it has expired. Finish it in the block that `doin_channel`
		/// shows as `ends`, or later.
		AlreadyClosing,
		/// The channel was opened in this block. Close it in the next one.
		JustOpened,
		/// The channel has not ended. Finish it in the block that `doin_channel` shows as `ends`, or later.
		NotEnded,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let least = T::Currency::minimum_balance();
			assert!(T::StorageDeposit::get() >= least, "a rest must be returned to any account");
			let redeem = T::WeightInfo::redeem().saturating_add(T::Votes::end_weight());
			let block = T::BlockWeights::get().get(DispatchClass::Normal).max_extrinsic;
			assert!(block.is_none_or(|most| redeem.all_lte(most)), "a redemption must fit into a block: {redeem:?}");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Opens a channel from the sender to `payee` with `deposit` plancks, for `lifetime` blocks.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the payer.
		///
		/// ## Details
		///
		/// `key` signs vouchers; see [`Voucher`](doin_primitives::channel::Voucher). Use a new key for each channel: who has it can pay
		/// this payee and nobody else. Holds the deposit and [`Config::StorageDeposit`]. If the payee serves `domain` when it is paid,
		/// the burned fees count as demand for it.
		///
		/// ## Errors
		///
		/// - [`OwnAccount`](Error::OwnAccount), [`UnknownPayee`](Error::UnknownPayee): the payee cannot be paid.
		/// - [`DepositOutOfRange`](Error::DepositOutOfRange), [`LifetimeOutOfRange`](Error::LifetimeOutOfRange): amount or lifetime is
		///   not admitted.
		/// - [`TooManyChannels`](Error::TooManyChannels): the payer has 32 open channels.
		/// - A token error if the payer cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Opened`](Event::Opened).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open())]
		pub fn open(
			origin: OriginFor<T>,
			payee: T::AccountId,
			key: Key,
			deposit: Balance,
			lifetime: BlockNumber,
			domain: Option<DomainId>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_open(who, payee, key, deposit, lifetime, domain)
		}

		/// Adds `amount` plancks to the deposit of `channel`, and lets it expire `lifetime` blocks from now.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the payer.
		///
		/// ## Details
		///
		/// An amount of 0 adds nothing, and without a lifetime the expiry stays. Neither the deposit nor the lifetime becomes less.
		///
		/// ## Errors
		///
		/// - [`UnknownChannel`](Error::UnknownChannel), [`NotPayer`](Error::NotPayer): the sender does not pay this channel.
		/// - [`NotOpen`](Error::NotOpen): the channel is closing or has expired.
		/// - [`NothingAdded`](Error::NothingAdded): the channel could pay neither more nor for longer, or not for as long.
		/// - [`DepositOutOfRange`](Error::DepositOutOfRange), [`LifetimeOutOfRange`](Error::LifetimeOutOfRange): deposit or lifetime
		///   is not admitted.
		/// - A token error if the payer cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`ToppedUp`](Event::ToppedUp).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(
			origin: OriginFor<T>,
			channel: ChannelId,
			amount: Balance,
			lifetime: Option<BlockNumber>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_top_up(who, channel, amount, lifetime)
		}

		/// Pays the payee of `channel` what a voucher for `cumulative` plancks adds to earlier ones.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can redeem a voucher, for its payee.
		///
		/// ## Details
		///
		/// Pays `min(cumulative, deposit) − paid`, of which 0.1 % is burned. Vouchers are redeemed until the channel is removed, also
		/// while it is closing. The weight of ending the votes of the payer is charged beforehand, and returned: the block counts the votes
		/// that end.
		///
		/// ## Errors
		///
		/// - [`UnknownChannel`](Error::UnknownChannel): there is no such channel.
		/// - [`NothingToPay`](Error::NothingToPay): an earlier voucher has paid as much.
		/// - [`BadSignature`](Error::BadSignature): the key of the channel has not signed this voucher.
		/// - A token error if the account of the payee cannot take the amount.
		///
		/// ## Events
		///
		/// Deposits [`Redeemed`](Event::Redeemed).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::redeem().saturating_add(T::Votes::end_weight()))]
		pub fn redeem(
			origin: OriginFor<T>,
			channel: ChannelId,
			cumulative: Balance,
			signature: Signature,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let weight = T::WeightInfo::redeem();
			match Self::do_redeem(channel, cumulative, signature) {
				Ok(()) => Ok(Some(weight).into()),
				Err(error) => Err(error.with_weight(weight)),
			}
		}

		/// Closes `channel`: at once for the payee, after the challenge for the payer.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the payer or the payee.
		///
		/// ## Details
		///
		/// A payee redeems its newest voucher first, since a closed channel pays nothing. After a payer has closed a channel, any account
		/// can finish it six challenges of a round later.
		///
		/// ## Errors
		///
		/// - [`UnknownChannel`](Error::UnknownChannel), [`NotParty`](Error::NotParty): the sender has no part in such a channel.
		/// - [`JustOpened`](Error::JustOpened): it was opened in this block.
		/// - [`AlreadyClosing`](Error::AlreadyClosing): the payer has closed it, or it would end later than by its expiry.
		///
		/// ## Events
		///
		/// Deposits [`Closed`](Event::Closed) for the payee, [`Closing`](Event::Closing) for the payer.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::close())]
		pub fn close(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close(who, channel)
		}

		/// Removes `channel`, which has ended, and returns the rest to the payer.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can finish a channel.
		///
		/// ## Errors
		///
		/// - [`UnknownChannel`](Error::UnknownChannel): there is no such channel.
		/// - [`NotEnded`](Error::NotEnded): the challenge, or the expiry and a challenge, is not over.
		///
		/// ## Events
		///
		/// Deposits [`Closed`](Event::Closed).
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::finish())]
		pub fn finish(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_finish(channel)
		}
	}
}
