//! Sealing, opening, deadlines, purses and bars, and attacks of owners and others.

mod deadlines;
mod live;
mod opening;
mod properties;
mod purses;
mod sealing;

use crate::{mock::*, Error, Event, Hashes, Purses, Segments};
use doin_primitives::{
	bounded_collections::BoundedVec, evidence::segment_hash, Balance, EvidenceRef, Hash, RoundId, Status, UnpaidReason,
};
use doin_traits::EvidenceSource;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Returns the price of `count` segments of a domain.
fn price(domain: u32, count: u16) -> Balance {
	let bytes = spec(domain).expect("the domain exists").segment_bytes();
	Balance::from(count) * PER_BYTE * Balance::from(bytes + 32)
}
