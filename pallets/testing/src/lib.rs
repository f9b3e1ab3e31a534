//! For tests of pallets: a mock runtime of System and Balances, records of domains, and services that a test scripts.
//!
//! Every pallet has a mock runtime of its own, whose other pallets are scripted. This crate has the part that these mocks share.

#![warn(clippy::missing_errors_doc)]

mod domains;
mod services;

pub use domains::{active, quadratic, QuadraticDomains};
pub use services::{Behaviours, DevTiming, Scores, ScriptedReputation};

use sp_io::TestExternalities;
use sp_runtime::{Storage, TryRuntimeError};

/// Makes the mock runtime `Test` of System, Balances and further pallets, each with its index, its name and its crate, and
/// configures System and Balances. `system` and `balances` are further items of their configurations.
///
/// The crate of the mock has `pallet_balances` among its dependencies, and `Balance` in scope. The macro imports `derive_impl`.
#[macro_export]
macro_rules! mock_runtime {
	(
		existential_deposit: $deposit:expr,
		$(system: { $($system:tt)* },)?
		$(balances: { $($balances:tt)* },)?
		$($index:literal: $name:ident = $pallet:ident,)+
	) => {
		#[frame_support::runtime]
		mod runtime {
			#[runtime::runtime]
			#[runtime::derive(
				RuntimeCall,
				RuntimeEvent,
				RuntimeError,
				RuntimeOrigin,
				RuntimeFreezeReason,
				RuntimeHoldReason,
				RuntimeSlashReason,
				RuntimeLockId,
				RuntimeTask,
				RuntimeViewFunction
			)]
			pub struct Test;

			#[runtime::pallet_index(0)]
			pub type System = frame_system;
			#[runtime::pallet_index(1)]
			pub type Balances = pallet_balances;
			$(
				#[runtime::pallet_index($index)]
				pub type $name = $pallet;
			)+
		}

		use frame_support::derive_impl;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
		impl frame_system::Config for Test {
			type Block = frame_system::mocking::MockBlock<Test>;
			type AccountData = pallet_balances::AccountData<Balance>;
			$($($system)*)?
		}

		#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
		impl pallet_balances::Config for Test {
			type AccountStore = System;
			type Balance = Balance;
			type ExistentialDeposit = frame_support::traits::ConstU128<{ $deposit }>;
			$($($balances)*)?
		}
	};
}

/// Returns the genesis of Balances in which each account of `accounts` has `endowment`.
#[macro_export]
macro_rules! endowed {
	($accounts:expr, $endowment:expr) => {
		pallet_balances::GenesisConfig {
			balances: $accounts.into_iter().map(|who| (who, $endowment)).collect(),
			..Default::default()
		}
	};
}

/// Returns a chain with this genesis at block 1.
pub fn at_block_one<T: frame_system::Config>(genesis: Storage) -> TestExternalities {
	let mut ext: TestExternalities = genesis.into();
	ext.execute_with(|| frame_system::Pallet::<T>::set_block_number(1u32.into()));
	ext
}

/// Runs `test` on a chain, then checks the invariants of a pallet.
///
/// # Panics
/// Panics with the first invariant that does not hold.
pub fn checked(mut ext: TestExternalities, invariants: fn() -> Result<(), TryRuntimeError>, test: impl FnOnce()) {
	ext.execute_with(|| {
		test();
		invariants().expect("the state of the pallet is consistent");
	});
}

/// Makes blocks until `block`: each is begun by `begin`, and the invariants of a pallet are checked after it.
///
/// # Panics
/// Panics with the first invariant that does not hold.
pub fn to_block<T: frame_system::Config>(
	block: u32,
	invariants: fn() -> Result<(), TryRuntimeError>,
	mut begin: impl FnMut(u32),
) {
	let now = doin_traits::block::current_block::<T>;
	while now() < block {
		let next = now() + 1;
		frame_system::Pallet::<T>::set_block_number(next.into());
		begin(next);
		invariants().expect("the state of the pallet is consistent after every block");
	}
}

/// Returns the events of one pallet so far, in order.
pub fn events<T: frame_system::Config<RuntimeEvent: TryInto<E>>, E>() -> Vec<E> {
	let records = frame_system::Pallet::<T>::read_events_no_consensus();
	records.filter_map(|record| record.event.try_into().ok()).collect()
}
