//! # Budget Pallet
//!
//! Bounds what a hot key can spend in the name of its principal.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage item, events, errors and configuration of this pallet.
//!
//! ## Overview
//!
//! A worker signs with a hot key on a machine that is online all day. Its principal holds the money with a key that is not. With
//! a proxy alone, everything that the hot key may send is paid from the whole balance of the principal. This pallet gives an
//! account a *budget*: a limit on the amount by which one account's free balance may fall in a window of blocks. A proxy type can
//! then allow [`spend`](Call::spend) instead of the calls that cost money, and everything that is sent through it counts.
//!
//! ## Example
//!
//! Calls that exceed the budget of a window fail, and their effects are rolled back:
#![doc = docify::embed!("src/tests/spending.rs", a_call_that_exceeds_the_budget_leaves_no_trace)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Amounts
//!
//! The cost of a call is the fall of the principal's *free* balance from before the call to after it: payments, burned amounts,
//! new holds and reserves. It is not the fall of the spendable balance, since an amount that is held from a frozen balance does
//! not lower that one. A rise counts nothing. Holds that are released between two calls do not raise what is left, so the sum
//! over the calls of a window is at least the amount that has left the free balance. The fee of the transaction is not part of
//! the cost: the hot key pays it.
//!
//! ### Windows
//!
//! A window begins with the first call after the former window is over, and lasts [`period`](types::Budget::period) blocks. In
//! one window at most the limit is spent; in any `period` consecutive blocks, which two windows can share, at most twice the
//! limit.
//!
//! ### Calls
//!
//! [`Config::Allowed`] lists the calls that can be sent through [`spend`](Call::spend). The list is also a filter of the origin
//! that the call is sent with. Batches pass this origin on, so it applies to every call of a batch. The origin is a new one:
//! filters of a proxy that sent `spend` do not apply inside, since they would refuse what only a budget makes safe.
//! [`Config::Allowed`] must therefore contain neither calls of this pallet nor a call that changes the origin (`as_derivative`,
//! `proxy`, `as_multi`).
//!
//! ### Refunds
//!
//! The weight is that of this pallet and of the call. If the call returns its fee, so does `spend`. A transaction whose cost
//! exceeds the budget is charged in full.
//!
//! ### Deposit
//!
//! A budget is stored against a hold. An account with a hold keeps the existential deposit and is not removed, so a budget always
//! has an account.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

use crate::types::Budget;
use doin_primitives::{Balance, BlockNumber};
use doin_traits::block::current_block;
use frame_support::{
	dispatch::{
		extract_actual_weight, DispatchErrorWithPostInfo, DispatchResult, DispatchResultWithPostInfo, GetDispatchInfo,
		WithPostDispatchInfo,
	},
	ensure,
	traits::{
		fungible::{Inspect, InspectHold, MutateHold},
		tokens::Precision,
		Contains, Get, IsType, OriginTrait,
	},
};
use sp_runtime::traits::Dispatchable;

/// Provides a call for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<Call> {
	/// Returns a call that [`Config::Allowed`] contains and that succeeds for every account.
	fn call() -> Call;
}

#[frame_support::pallet]
pub mod pallet {
	use crate::{types::Budget, WeightInfo};
	use alloc::boxed::Box;
	use doin_primitives::{Balance, BlockNumber};
	use frame_support::{
		dispatch::{DispatchResultWithPostInfo, GetDispatchInfo, PostDispatchInfo},
		pallet_prelude::*,
		traits::{
			fungible::{Inspect, MutateHold},
			Contains,
		},
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::Dispatchable;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Calls of the runtime.
		type RuntimeCall: Parameter
			+ Dispatchable<RuntimeOrigin = Self::RuntimeOrigin, PostInfo = PostDispatchInfo>
			+ GetDispatchInfo
			+ From<frame_system::Call<Self>>
			+ IsType<<Self as frame_system::Config>::RuntimeCall>;
		/// Currency of limits and of the deposit.
		type Currency: Inspect<Self::AccountId, Balance = Balance> + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Calls that can be sent through [`spend`](Call::spend), alone or in a batch. Must contain no call that changes a budget
		/// or the origin of a call.
		type Allowed: Contains<<Self as Config>::RuntimeCall>;
		/// Hold for the stored budget of an account, in plancks.
		#[pallet::constant]
		type Deposit: Get<Balance>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Calls for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper<<Self as Config>::RuntimeCall>;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the stored budget.
		#[codec(index = 0)]
		Budget,
	}

	/// Budgets of accounts.
	// Hasher: Blake2 since users choose account ids.
	#[pallet::storage]
	pub type Budgets<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Budget>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account set its budget, or removed it, which is shown as a limit and a period of 0.
		BudgetSet {
			/// The account.
			who: T::AccountId,
			/// Largest amount that can be spent in one window, in plancks.
			limit: Balance,
			/// Length of a window, in blocks.
			period: BlockNumber,
		},
		/// A call was sent within the budget of an account.
		Spent {
			/// The account.
			who: T::AccountId,
			/// Amount by which the free balance of the account fell, in plancks.
			amount: Balance,
			/// Amount that can still be spent in this window, in plancks.
			left: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account has no budget. Its owner sets one with `budget.set`.
		NoBudget,
		/// This call cannot be sent through `budget.spend`. Send it from the account itself.
		NotAllowed,
		/// The call costs more than is left of the budget in this window; nothing was changed. Wait for the next window, or raise
		/// the limit with `budget.set` from the account itself.
		BudgetExceeded,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::Deposit::get() > 0, "a stored budget must have a deposit");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Sets the budget of the caller to `limit` plancks per window of `period` blocks. A limit or period of 0 removes the
		/// budget.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed.
		///
		/// ## Details
		///
		/// The first budget of an account is stored against the constant `Deposit`, which is released when the budget is removed.
		/// A new window begins at this block, so nothing of the new limit is spent.
		///
		/// ## Errors
		///
		/// - [`NoBudget`](Error::NoBudget): there is no budget to remove.
		/// - A token error if the account cannot pay the deposit.
		///
		/// ## Events
		///
		/// Deposits [`BudgetSet`](Event::BudgetSet).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set())]
		pub fn set(origin: OriginFor<T>, limit: Balance, period: BlockNumber) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set(who, limit, period)
		}

		/// Sends `call` in the name of the caller, within its budget.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the account with the budget, or sent by its proxy in its name.
		///
		/// ## Details
		///
		/// The call costs the amount by which the free balance of the caller falls. If more than the limit would be spent in this
		/// window, everything that the call did is rolled back. If `call` fails, so does this call. A batch that stops at one of
		/// its calls succeeds with those before, and only these are counted.
		///
		/// ## Errors
		///
		/// - [`NoBudget`](Error::NoBudget): the caller has no budget.
		/// - [`NotAllowed`](Error::NotAllowed): the call cannot be sent with a budget. A call inside a batch fails with the error
		///   `CallFiltered` of the system pallet.
		/// - [`BudgetExceeded`](Error::BudgetExceeded): the call costs more than is left of the budget.
		/// - The error of `call`.
		///
		/// ## Events
		///
		/// Deposits [`Spent`](Event::Spent) after the events of the call.
		#[pallet::call_index(1)]
		#[pallet::weight({
			let info = call.get_dispatch_info();
			(T::WeightInfo::spend().saturating_add(info.call_weight), info.class)
		})]
		pub fn spend(origin: OriginFor<T>, call: Box<<T as Config>::RuntimeCall>) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_spend(who, *call)
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Sets or removes a budget; see [`Call::set`].
	fn do_set(who: T::AccountId, limit: Balance, period: BlockNumber) -> DispatchResult {
		let reason = HoldReason::Budget.into();
		if limit == 0 || period == 0 {
			ensure!(Budgets::<T>::take(&who).is_some(), Error::<T>::NoBudget);
			let held = T::Currency::balance_on_hold(&reason, &who);
			T::Currency::release(&reason, &who, held, Precision::BestEffort)?;
			Self::deposit_event(Event::BudgetSet { who, limit: 0, period: 0 });
			return Ok(());
		}
		if !Budgets::<T>::contains_key(&who) {
			T::Currency::hold(&reason, &who, T::Deposit::get())?;
		}
		Budgets::<T>::insert(&who, Budget::new(limit, period, current_block::<T>()));
		Self::deposit_event(Event::BudgetSet { who, limit, period });
		Ok(())
	}

	/// Sends a call within the budget of `who`; see [`Call::spend`]. An error rolls back everything that the
	/// call did, since the SDK dispatches every call in a storage layer of its own.
	fn do_spend(who: T::AccountId, call: <T as Config>::RuntimeCall) -> DispatchResultWithPostInfo {
		let own = T::WeightInfo::spend();
		ensure!(Budgets::<T>::contains_key(&who), Error::<T>::NoBudget.with_weight(own));
		ensure!(T::Allowed::contains(&call), Error::<T>::NotAllowed.with_weight(own));

		let info = call.get_dispatch_info();
		let mut origin: T::RuntimeOrigin = frame_system::RawOrigin::Signed(who.clone()).into();
		origin.add_filter(|call| T::Allowed::contains(<T as Config>::RuntimeCall::from_ref(call)));
		let before = T::Currency::balance(&who);
		let result = call.dispatch(origin);
		let weight = own.saturating_add(extract_actual_weight(&result, &info));
		let mut post_info =
			result.map_err(|failed| DispatchErrorWithPostInfo { post_info: Some(weight).into(), error: failed.error })?;

		let amount = before.saturating_sub(T::Currency::balance(&who));
		let left = Self::charge(&who, amount).map_err(|error| error.with_weight(weight))?;
		Self::deposit_event(Event::Spent { who, amount, left });
		post_info.actual_weight = Some(weight);
		Ok(post_info)
	}

	/// Adds `amount` to what `who` has spent in this window. Returns what is left in plancks.
	///
	/// The budget is read after the call was sent, so a call that changed it would not be undone.
	fn charge(who: &T::AccountId, amount: Balance) -> Result<Balance, Error<T>> {
		let now = current_block::<T>();
		Budgets::<T>::try_mutate(who, |budget| {
			let charged = budget.ok_or(Error::<T>::NoBudget)?.charged(now, amount).ok_or(Error::<T>::BudgetExceeded)?;
			*budget = Some(charged);
			Ok(charged.left(now))
		})
	}

	/// Checks that every budget has a limit, a period and a deposit, and that no more than the limit is spent.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		for (who, budget) in Budgets::<T>::iter() {
			ensure!(budget.limit > 0 && budget.period > 0, "a budget without limit or period must be removed");
			ensure!(budget.spent <= budget.limit, "no more than the limit must be spent in a window");
			ensure!(budget.since <= current_block::<T>(), "a window must not begin in a future block");
			ensure!(T::Currency::balance_on_hold(&HoldReason::Budget.into(), &who) > 0, "a budget must have a deposit");
		}
		Ok(())
	}
}
