//! # Fee Market Pallet
//!
//! EIP-1559 base fee over every fee component.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the storage items, view functions and configuration of this pallet. It has no calls: only the
//! fullness of blocks changes the base fee. The runtime uses
//!
//! - [`WeightToFee`] and [`LengthToFee`] for `pallet_transaction_payment`: gas times the base fee,
//! - [`BurnBaseFeeTipAuthor`] for its `FungibleAdapter`: burns the fee and pays the tip to the author of the block,
//! - [`BaseFee`] for pallets with prices that follow the cost of a transaction,
//! - [`Pallet::view`], which runtime APIs return.
//!
//! ## Overview
//!
//! The demand for block space can exceed the supply; the base fee balances them. After a block that is more than half full,
//! transactions cost up to an eighth more; after a block that is less than half full, up to an eighth less. The fee is burned, so
//! filling blocks has no profit. A transaction can add a tip, which the author of the block receives.
//!
//! ## Example
#![doc = docify::embed!("src/tests.rs", full_blocks_raise_it_by_an_eighth_and_empty_ones_lower_it_by_an_eighth)]
//!
//! ## Low Level / Implementation Details
//!
//! ### One number
//!
//! Weight, length and the base weight of an extrinsic are converted to gas (one microsecond, or one byte) and multiplied by the
//! base fee. The base fee therefore scales the whole fee, as on Ethereum. Wallets need no change: `TransactionPaymentApi` calls
//! the same two converters.
//!
//! ### Updated in `on_finalize` only
//!
//! A fee is computed when a transaction enters the pool, again when it is applied, and corrected after its dispatch. The
//! validation in the pool runs no hooks, so a base fee updated at the start of a block would invalidate all its results, and one
//! that changes within a block could charge more than was withdrawn. A base fee written at the end of block n is exact for all of
//! block n + 1.
//!
//! ### Fullness
//!
//! The fullness of a block is that of the fuller of two dimensions: the reference time of the Normal and Operational classes
//! together, and bytes, each relative to the limit of the Normal class. The time of hooks and inherents does not count, because
//! users cannot influence it. Bytes are those of the whole block; header and inherents are a few hundred. The storage proof is
//! not limited, because the chain is not a parachain.
//!
//! ### First block of a session
//!
//! The session pallet uses the whole weight of the first block of a session, so it has no Normal transactions. The block
//! carries no information about demand and does not change the base fee; otherwise every session would start with a discount of
//! an eighth.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod weights;

use core::marker::PhantomData;
use doin_primitives::{
	base_fee::{fee, fullness, gas_of_bytes, gas_of_time, next, FULL, TARGET},
	views::FeeMarketView,
	Balance,
};
use doin_traits::BaseFee;
use frame_support::{
	dispatch::DispatchClass,
	traits::{
		fungible::{Balanced, Credit},
		Get, Imbalance, OnUnbalanced,
	},
	weights::Weight,
};

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-fee-market";

/// Lowest floor of the base fee, in plancks per gas. Below it, integer steps are too coarse for an eighth.
pub const MIN_FLOOR: Balance = 1_000;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Currency of fees.
		type Currency: Balanced<Self::AccountId, Balance = Balance>;

		/// Author of the current block, which receives the tips. Tips are burned if it is `None`.
		type Author: Get<Option<Self::AccountId>>;

		/// Lowest base fee, in plancks per gas, at least 1 000. Filling an idle chain costs at least this.
		#[pallet::constant]
		type Floor: Get<Balance>;

		/// Highest base fee, in plancks per gas. Limits the cost of a transaction during a long attack.
		#[pallet::constant]
		type Ceiling: Get<Balance>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// Base fee of the current block, in plancks per gas.
	#[pallet::storage]
	pub type BaseFeePerGas<T: Config> = StorageValue<_, Balance, ValueQuery, T::Floor>;

	/// Amount burned since genesis in plancks: all fees, and tips that could not be paid.
	#[pallet::storage]
	pub type Burned<T> = StorageValue<_, Balance, ValueQuery>;

	/// Fullness of the last block that was open to transactions, in parts per million.
	#[pallet::storage]
	pub type Fullness<T> = StorageValue<_, u32, ValueQuery>;

	/// Initial base fee.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Base fee of the first block in plancks per gas, between floor and ceiling; the floor by default.
		pub base_fee: Balance,
		/// Marker of the runtime type.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self { base_fee: T::Floor::get(), _config: PhantomData }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(
				(T::Floor::get()..=T::Ceiling::get()).contains(&self.base_fee),
				"fee market genesis: base_fee must be between the floor ({}) and the ceiling ({})",
				T::Floor::get(),
				T::Ceiling::get(),
			);
			BaseFeePerGas::<T>::put(self.base_fee);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// `on_finalize` cannot return a weight.
			T::WeightInfo::on_finalize()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			let limits = T::BlockWeights::get();
			let used = frame_system::Pallet::<T>::block_weight();
			if used.get(DispatchClass::Mandatory).ref_time() >= limits.max_block.ref_time() {
				return;
			}
			let full = Self::block_fullness();
			Fullness::<T>::put(full);
			BaseFeePerGas::<T>::mutate(|base| {
				*base = next(*base, full, TARGET, FULL, T::Floor::get(), T::Ceiling::get());
			});
		}

		fn integrity_test() {
			assert!(
				T::Floor::get() >= MIN_FLOOR,
				"Floor must be at least {MIN_FLOOR} plancks per gas, so that the base fee can change by an eighth"
			);
			assert!(T::Floor::get() <= T::Ceiling::get(), "Floor must not be above Ceiling");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Returns the state of the fee market.
		pub fn view() -> FeeMarketView {
			FeeMarketView {
				base_fee: BaseFeePerGas::<T>::get(),
				fullness: Fullness::<T>::get(),
				floor: T::Floor::get(),
				ceiling: T::Ceiling::get(),
				burned: Burned::<T>::get(),
			}
		}
	}

	impl<T: Config> Pallet<T> {
		/// Returns the fullness of the current block in parts per million: the larger of time and bytes.
		fn block_fullness() -> u32 {
			let limits = T::BlockWeights::get();
			let used = frame_system::Pallet::<T>::block_weight();
			let time = [DispatchClass::Normal, DispatchClass::Operational]
				.iter()
				.fold(0u64, |sum, class| sum.saturating_add(used.get(*class).ref_time()));
			let time_limit = limits.get(DispatchClass::Normal).max_total.unwrap_or(limits.max_block).ref_time();
			let bytes_limit = *T::BlockLength::get().max.get(DispatchClass::Normal);
			fullness(time, time_limit).max(fullness(frame_system::Pallet::<T>::block_size().into(), bytes_limit.into()))
		}

		/// Burns `credit` and counts it.
		pub(crate) fn burn(credit: Credit<T::AccountId, T::Currency>) {
			Burned::<T>::mutate(|burned| *burned = burned.saturating_add(credit.peek()));
			drop(credit);
		}

		/// Checks that the base fee is within its bounds.
		///
		/// # Errors
		///
		/// Fails with the first invariant that does not hold.
		#[cfg(any(feature = "std", feature = "try-runtime"))]
		pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			ensure!(
				(T::Floor::get()..=T::Ceiling::get()).contains(&BaseFeePerGas::<T>::get()),
				"the base fee must be within its bounds"
			);
			ensure!(Fullness::<T>::get() <= FULL, "the fullness of a block must be at most one");
			Ok(())
		}
	}
}

/// `WeightToFee` of `pallet_transaction_payment`: microseconds of reference time, rounded up, times the base fee.
pub struct WeightToFee<T>(PhantomData<T>);
impl<T: Config> frame_support::weights::WeightToFee for WeightToFee<T> {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		fee(gas_of_time(weight.ref_time()), BaseFeePerGas::<T>::get())
	}
}

/// `LengthToFee` of `pallet_transaction_payment`: bytes times the base fee. The pallet passes the number of bytes as
/// reference time.
pub struct LengthToFee<T>(PhantomData<T>);
impl<T: Config> frame_support::weights::WeightToFee for LengthToFee<T> {
	type Balance = Balance;

	fn weight_to_fee(length: &Weight) -> Balance {
		fee(gas_of_bytes(length.ref_time().try_into().unwrap_or(u32::MAX)), BaseFeePerGas::<T>::get())
	}
}

impl<T: Config> BaseFee for Pallet<T> {
	fn fee(weight: Weight, len: u32) -> Balance {
		use frame_support::weights::WeightToFee as _;
		// Term by term as in `pallet_transaction_payment`, so that the rounding is equal.
		let limits = T::BlockWeights::get();
		let of_weight = |weight: Weight| WeightToFee::<T>::weight_to_fee(&weight.min(limits.max_block));
		of_weight(limits.get(DispatchClass::Normal).base_extrinsic)
			.saturating_add(of_weight(weight))
			.saturating_add(LengthToFee::<T>::weight_to_fee(&Weight::from_parts(len.into(), 0)))
	}

	fn base_fee() -> Balance {
		BaseFeePerGas::<T>::get()
	}
}

/// Handler of the fee and the tip of a transaction, in this order: burns the fee and pays the tip to the author of the block. A
/// tip that cannot be paid (the block has no author, or the tip is below the existential deposit of a new account) is burned too.
pub struct BurnBaseFeeTipAuthor<T>(PhantomData<T>);
impl<T: Config> OnUnbalanced<Credit<T::AccountId, T::Currency>> for BurnBaseFeeTipAuthor<T> {
	fn on_unbalanceds(mut amounts: impl Iterator<Item = Credit<T::AccountId, T::Currency>>) {
		if let Some(fee) = amounts.next() {
			Pallet::<T>::burn(fee);
		}
		for tip in amounts.filter(|tip| tip.peek() > 0) {
			let left = match T::Author::get() {
				Some(author) => T::Currency::resolve(&author, tip).err(),
				None => Some(tip),
			};
			if let Some(left) = left {
				log::debug!(target: LOG_TARGET, "a tip of {} plancks is burned: the author cannot receive it", left.peek());
				Pallet::<T>::burn(left);
			}
		}
	}

	fn on_nonzero_unbalanced(fee: Credit<T::AccountId, T::Currency>) {
		Pallet::<T>::burn(fee);
	}
}
