//! Invariants of every pallet.

use doin_runtime::{Budget, Domains, Evaluators, FeeMarket, Gauge, Optimae, Recomputation, Reputation, Timing, Work};

/// Checks the invariants of every pallet after block `number`.
///
/// # Panics
///
/// Panics with the first invariant that does not hold.
pub fn check(number: u32) {
	for (name, checked) in [
		("timing", Timing::do_try_state()),
		("fee-market", FeeMarket::do_try_state()),
		("gauge", Gauge::do_try_state()),
		("domains", Domains::do_try_state()),
		("reputation", Reputation::do_try_state()),
		("evaluators", Evaluators::do_try_state()),
		("recomputation", Recomputation::do_try_state()),
		("optimae", Optimae::do_try_state()),
		("work", Work::do_try_state()),
		("budget", Budget::do_try_state()),
	] {
		if let Err(broken) = checked {
			panic!("block {number}, pallet {name}: {broken:?}");
		}
	}
	sdk_try_state(number);
}

/// Checks the invariants of the SDK's pallets too, where they are compiled.
#[cfg(feature = "try-runtime")]
fn sdk_try_state(number: u32) {
	use frame_support::traits::{TryState, TryStateSelect};
	if let Err(broken) = <doin_runtime::AllPalletsWithSystem as TryState<u32>>::try_state(number, TryStateSelect::All) {
		panic!("block {number}: {broken:?}");
	}
}

#[cfg(not(feature = "try-runtime"))]
fn sdk_try_state(_: u32) {}
