//! Helpers of all tests, and the themes of the tests.

mod absences;
mod bonds;
mod draws;
mod grinding;
mod outbidding;
mod rosters;
mod slashing;

use crate::{
	mock::*,
	types::{Offence, Roster},
	Error, Evaluators as Records, Event, HoldReason, Rosters, SeatIndex,
};
use doin_primitives::{blake2_256, Balance, BlockNumber, DomainId, Hash, SizeClass, DOIN};
use doin_traits::{Absence, Behaviour, DrawRequest, EvaluatorSet, FalseAnswer, Reputation as _};
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

/// Returns the number of seats of the roster that serves a domain of `class`.
fn available(domain: DomainId, class: SizeClass) -> u32 {
	Evaluators::available(domain, class, domain == WEIGHTED, &[])
}

fn seed(number: u32) -> Hash {
	blake2_256(&number.to_le_bytes())
}

/// Draws a quorum for a small domain. `fixed` is the block in which the draw was scheduled, and `seats` the number of seats then.
fn draw(number: u32, domain: DomainId, fixed: BlockNumber, seats: u32, exclude: &[u64]) -> Vec<u64> {
	let weighted = domain == WEIGHTED;
	Evaluators::draw(DrawRequest { seed: seed(number), domain, class: SizeClass::Small, weighted, fixed, seats, exclude })
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
