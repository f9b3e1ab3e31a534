//! EIP-1559 base fee over every fee component.
//!
//! # Pallet API
//!
//! - [`WeightToFee`] and [`LengthToFee`], for `pallet_transaction_payment`: gas times the base fee.
//! - [`BurnBaseFeeTipAuthor`], for its `FungibleAdapter`: burns the fee, pays the tip to the block's author.
//! - [`BaseFee`], for pallets that price something by what a transaction costs now.
//! - [`Pallet::view`], what RPC shows.
//!
//! No calls: the market is moved by how full blocks are, and by nothing else.
//!
//! # Overview
//!
//! Every chain has to say no when more is wanted than fits into a block. Here the price says it: after a block that is more than half full
//! a transaction costs up to an eighth more, after one that is less than half full up to an eighth less. The fee is burned, so that nobody
//! gains from filling blocks; who is in a hurry adds a tip, which the author of the block keeps.
//!
//! # Design
//!
//! *One number.* Weight, length and the base weight of an extrinsic are all turned into gas (a microsecond, or a byte) and multiplied by the
//! base fee, so all of the fee moves, as on Ethereum. Wallets need nothing new: `TransactionPaymentApi` calls the same two converters.
//!
//! *Written in `on_finalize` only.* A fee is computed when a transaction enters the pool, again when it is applied, and corrected after it was
//! dispatched. The pool's check runs no hooks: a base fee rewritten at the start of a block would make all its answers wrong, one that
//! changes within a block could charge more than was withheld. Written at the end of block n, it is exact for all of block n + 1.
//!
//! *What counts as full.* The fuller of two dimensions: reference time of the Normal and Operational classes together, and bytes, each in
//! parts of what the Normal class may use. Hooks and inherents are not counted as time: users cannot influence them. Bytes are those of the
//! whole block (header and inherents are a few hundred). The storage proof is no limit on a chain that is not validated by others.
//!
//! *The first block of a session* takes no Normal transactions, since the session pallet claims all of it. It says nothing about demand, so
//! it leaves the base fee alone; otherwise every session would begin with a discount of an eighth.

#![cfg_attr(not(feature = "std"), no_std)]
// FRAME's macros spell out the paths of what they generate.
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
use doin_primitives_frame::BaseFee;
use frame_support::{
	dispatch::DispatchClass,
	traits::{
		fungible::{Balanced, Credit},
		Get, Imbalance, OnUnbalanced,
	},
	weights::Weight,
};

/// A floor below this moves in steps too coarse for an eighth.
pub const MIN_FLOOR: Balance = 1_000;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The token fees are paid in.
		type Currency: Balanced<Self::AccountId, Balance = Balance>;

		/// Author of the block being built, who gets the tips; with `None` they are burned.
		type Author: Get<Option<Self::AccountId>>;

		/// Lowest base fee, in plancks per gas, at least 1 000. Keeps an idle chain from being filled for nothing.
		#[pallet::constant]
		type Floor: Get<Balance>;

		/// Highest base fee, in plancks per gas. Keeps a long attack from pricing out even what ends it.
		#[pallet::constant]
		type Ceiling: Get<Balance>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// Plancks per gas in the block being built.
	#[pallet::storage]
	pub type BaseFeePerGas<T: Config> = StorageValue<_, Balance, ValueQuery, T::Floor>;

	/// Everything burned since genesis: all fees, and the tips that nobody could be paid.
	#[pallet::storage]
	pub type Burned<T> = StorageValue<_, Balance, ValueQuery>;

	/// Fullness of the last block, in parts per million.
	#[pallet::storage]
	pub type Fullness<T> = StorageValue<_, u32, ValueQuery>;

	/// The base fee a chain starts with.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Plancks per gas in the first block, from the floor to the ceiling; the floor by default.
		pub base_fee: Balance,
		/// The runtime.
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
			// `on_finalize` cannot ask for its own weight.
			T::WeightInfo::on_finalize()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			let limits = T::BlockWeights::get();
			let used = frame_system::Pallet::<T>::block_weight();
			if used.get(DispatchClass::Mandatory).ref_time() >= limits.max_block.ref_time() {
				return;
			}
			let full = Self::measure();
			Fullness::<T>::put(full);
			BaseFeePerGas::<T>::mutate(|base| {
				*base = next(*base, full, TARGET, FULL, T::Floor::get(), T::Ceiling::get());
			});
		}

		fn integrity_test() {
			assert!(T::Floor::get() >= MIN_FLOOR, "a base fee below {MIN_FLOOR} plancks per gas cannot move by an eighth");
			assert!(T::Floor::get() <= T::Ceiling::get(), "the floor of the base fee is above its ceiling");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The fee market as it stands.
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
		/// Fullness of the block so far: the fuller of time and bytes.
		fn measure() -> u32 {
			let limits = T::BlockWeights::get();
			let used = frame_system::Pallet::<T>::block_weight();
			let time = [DispatchClass::Normal, DispatchClass::Operational]
				.iter()
				.fold(0u64, |sum, class| sum.saturating_add(used.get(*class).ref_time()));
			let time_limit = limits.get(DispatchClass::Normal).max_total.unwrap_or(limits.max_block).ref_time();
			let bytes_limit = *T::BlockLength::get().max.get(DispatchClass::Normal);
			fullness(time, time_limit).max(fullness(frame_system::Pallet::<T>::block_size().into(), bytes_limit.into()))
		}

		/// Burns `credit`, and counts it.
		pub(crate) fn burn(credit: Credit<T::AccountId, T::Currency>) {
			Burned::<T>::mutate(|burned| *burned = burned.saturating_add(credit.peek()));
			drop(credit);
		}

		/// Checks that the base fee is within its bounds.
		#[cfg(any(feature = "try-runtime", test))]
		pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			ensure!(
				(T::Floor::get()..=T::Ceiling::get()).contains(&BaseFeePerGas::<T>::get()),
				"the base fee is outside its bounds"
			);
			ensure!(Fullness::<T>::get() <= FULL, "a block was fuller than full");
			Ok(())
		}
	}
}

/// `pallet_transaction_payment`'s `WeightToFee`: microseconds of reference time, rounded up, at the base fee.
pub struct WeightToFee<T>(PhantomData<T>);
impl<T: Config> frame_support::weights::WeightToFee for WeightToFee<T> {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		fee(gas_of_time(weight.ref_time()), BaseFeePerGas::<T>::get())
	}
}

/// `pallet_transaction_payment`'s `LengthToFee`, which gets a number of bytes in the place of reference time.
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
		// As in `pallet_transaction_payment`, term by term, so that rounding agrees.
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

/// What becomes of a transaction's fee and tip, which arrive in this order: the fee is burned, the tip goes to the block's author. A tip that
/// cannot be paid (no author, or an author without an account for whom it is too small to open one) is burned too.
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
				Pallet::<T>::burn(left);
			}
		}
	}

	fn on_nonzero_unbalanced(fee: Credit<T::AccountId, T::Currency>) {
		Pallet::<T>::burn(fee);
	}
}
