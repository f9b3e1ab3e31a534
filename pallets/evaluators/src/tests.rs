//! Helpers of all tests, and the themes of the tests.

mod bonds;
mod draws;
mod rosters;
mod slashing;

use crate::{mock::*, types::Offence, Error, Evaluators as Records, Event, HoldReason, Rosters, SeatIndex};
use doin_primitives::{Balance, DOIN};
use doin_traits::{Behaviour, EvaluatorSet, FalseAnswer};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{hold::Inspect as _, Inspect as _},
};

/// Accounts that are not evaluators.
const OUTSIDER: u64 = 9_000;
const OTHER: u64 = 9_001;
const THIRD: u64 = 9_002;

fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn bond_of(who: u64) -> Balance {
	Evaluators::bond_of(&who)
}

fn issuance() -> Balance {
	Balances::total_issuance()
}

/// Returns the accounts whose records have `kind`, in order.
fn accounts_with(kind: Behaviour) -> Vec<u64> {
	Behaviours::get().into_iter().filter(|(_, behaviour)| *behaviour == kind).map(|(who, _)| who).collect()
}

fn assert_event(event: Event<Test>) {
	System::assert_has_event(event.into());
}
