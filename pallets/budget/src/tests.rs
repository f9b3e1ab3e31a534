//! Tests by theme. Every test runs on a fresh mock chain and ends with a check of the invariants.

mod limits;
mod origins;
mod spending;

use crate::{mock::*, Budgets, Call, Error, Event, HoldReason};
use doin_primitives::{Balance, BlockNumber};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResultWithPostInfo, GetDispatchInfo, Pays},
	traits::fungible::{Inspect, InspectHold, Mutate},
};
use sp_runtime::{traits::Dispatchable, DispatchError, DispatchResult};

/// Limit of most budgets.
const LIMIT: Balance = 1_000;
/// Period of most budgets, in blocks.
const PERIOD: BlockNumber = 10;

/// Dispatches a call and returns its post-dispatch information. A failing call leaves no trace in storage.
fn dispatch(who: AccountId, call: impl Into<RuntimeCall>) -> DispatchResultWithPostInfo {
	call.into().dispatch(RuntimeOrigin::signed(who))
}

/// Dispatches a call.
fn send(who: AccountId, call: impl Into<RuntimeCall>) -> DispatchResult {
	dispatch(who, call).map(|_| ()).map_err(|failed| failed.error)
}

/// Returns the call that sends `call` within a budget.
fn spend(call: impl Into<RuntimeCall>) -> RuntimeCall {
	Call::spend { call: Box::new(call.into()) }.into()
}

/// Sets the budget of ALICE to [`LIMIT`] per [`PERIOD`].
fn with_budget() {
	assert_ok!(send(ALICE, Call::set { limit: LIMIT, period: PERIOD }));
}

/// Returns the call that burns `amount`.
fn pay(amount: Balance) -> RuntimeCall {
	till::Call::pay { amount }.into()
}

/// Returns the amount that ALICE has spent in this window.
fn spent() -> Balance {
	Budgets::<Test>::get(ALICE).expect("a budget is set").spent
}

/// Returns the free balance of an account.
fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Returns the last event of this pallet.
fn last_event() -> Option<Event<Test>> {
	System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Budget(event) => Some(event),
		_ => None,
	})
}
