//! Mock runtime of System, Balances, the pallets that wrap calls, this pallet and a [`till`] whose calls cost and return amounts.

use crate::{self as pallet_doin_budget, Config};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::Balance;
use doin_testing::{checked, endowed, mock_runtime};
use frame_support::traits::{ConstU128, ConstU32, Contains, InstanceFilter};
use scale_info::TypeInfo;
use sp_runtime::BuildStorage;

/// Account identifier.
pub type AccountId = u64;

/// Owns the budget.
pub const ALICE: AccountId = 1;
/// Holds the hot key of ALICE.
pub const BOB: AccountId = 2;
/// Receives what a thief can move.
pub const THIEF: AccountId = 3;

/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 1_000_000;
/// Smallest balance of an account.
pub const MINIMUM: Balance = 10;
/// Deposit of a budget.
pub const DEPOSIT: Balance = 500;

/// Pallet whose calls take, hold and release amounts of the caller.
#[frame_support::pallet(dev_mode)]
pub mod till {
	use doin_primitives::Balance;
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{Mutate, MutateHold},
			tokens::{Fortitude, Precision, Preservation},
		},
	};
	use frame_system::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		type Currency: Mutate<Self::AccountId, Balance = Balance> + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		type RuntimeHoldReason: From<HoldReason>;
	}

	#[pallet::composite_enum]
	pub enum HoldReason {
		Till,
	}

	#[pallet::error]
	pub enum Error<T> {
		Failed,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Burns `amount`; the account may be removed.
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn pay(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			T::Currency::burn_from(&who, amount, Preservation::Expendable, Precision::Exact, Fortitude::Polite)?;
			Ok(())
		}

		/// Mints `amount`.
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn earn(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			T::Currency::mint_into(&who, amount)?;
			Ok(())
		}

		/// Holds `amount`.
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn hold(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			T::Currency::hold(&HoldReason::Till.into(), &who, amount)
		}

		/// Releases `amount`.
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn release(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			T::Currency::release(&HoldReason::Till.into(), &who, amount, Precision::Exact)?;
			Ok(())
		}

		/// Burns `amount` and returns the fee of the call, and half of its weight.
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn refunded(origin: OriginFor<T>, amount: Balance) -> DispatchResultWithPostInfo {
			Self::pay(origin, amount)?;
			Ok((Some(Weight::from_parts(500, 0)), Pays::No).into())
		}

		/// Burns `amount`, then fails.
		#[pallet::weight((Weight::from_parts(1_000, 0), DispatchClass::Operational))]
		pub fn fail(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			Self::pay(origin, amount)?;
			Err(Error::<T>::Failed.into())
		}
	}
}

mock_runtime! {
	existential_deposit: MINIMUM,
	balances: {
		type MaxLocks = ConstU32<2>;
		type MaxFreezes = ConstU32<2>;
	},
	2: Utility = pallet_utility,
	3: Proxy = pallet_proxy,
	4: Multisig = pallet_multisig,
	5: Till = till,
	6: Budget = pallet_doin_budget,
}

impl pallet_utility::Config for Test {
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

impl pallet_multisig::Config for Test {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type DepositBase = ConstU128<1>;
	type DepositFactor = ConstU128<1>;
	type MaxSignatories = ConstU32<3>;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

/// Calls of a proxy: all, or only [`spend`](crate::Call::spend) and batches.
#[derive(
	Copy, Clone, Debug, Default, Eq, PartialEq, Ord, PartialOrd, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum ProxyType {
	#[default]
	Any,
	Hot,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			ProxyType::Any => true,
			ProxyType::Hot => {
				matches!(
					call,
					RuntimeCall::Budget(crate::Call::spend { .. }) | RuntimeCall::Utility(pallet_utility::Call::batch { .. })
				)
			}
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		self == &ProxyType::Any || self == other
	}
}

impl pallet_proxy::Config for Test {
	type AnnouncementDepositBase = ConstU128<1>;
	type AnnouncementDepositFactor = ConstU128<1>;
	type BlockNumberProvider = System;
	type CallHasher = sp_runtime::traits::BlakeTwo256;
	type Currency = Balances;
	type MaxPending = ConstU32<2>;
	type MaxProxies = ConstU32<4>;
	type ProxyDepositBase = ConstU128<1>;
	type ProxyDepositFactor = ConstU128<1>;
	type ProxyType = ProxyType;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

impl till::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
}

/// Calls of the till, and batches.
pub struct Allowed;
impl Contains<RuntimeCall> for Allowed {
	fn contains(call: &RuntimeCall) -> bool {
		use pallet_utility::Call::{batch, batch_all, force_batch};
		matches!(call, RuntimeCall::Till(_) | RuntimeCall::Utility(batch { .. } | batch_all { .. } | force_batch { .. }))
	}
}

impl Config for Test {
	type Allowed = Allowed;
	type Currency = Balances;
	type Deposit = ConstU128<DEPOSIT>;
	type RuntimeCall = RuntimeCall;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Allowed;
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<RuntimeCall> for Allowed {
	fn call() -> RuntimeCall {
		RuntimeCall::Utility(pallet_utility::Call::batch { calls: Vec::new() })
	}
}

/// Returns the storage of a fresh chain.
pub fn ext() -> sp_io::TestExternalities {
	let balances = endowed!([ALICE, BOB, THIEF], ENDOWMENT);
	RuntimeGenesisConfig { balances, ..Default::default() }.build_storage().unwrap().into()
}

/// Runs `run` on a fresh chain at block 1 and checks the invariants of the pallet afterwards.
pub fn test(run: impl FnOnce()) {
	checked(ext(), Budget::do_try_state, || {
		System::set_block_number(1);
		run();
	});
}
