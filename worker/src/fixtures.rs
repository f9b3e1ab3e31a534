//! Domains and calls that several tests use.

use codec::Encode;
use doin_chain::{Event, Head, Included};

// The included file finds `Problem` here.
use doin_roles::problem::Problem;

#[path = "../roles/src/problem/fixtures.rs"]
mod shared;

pub use shared::sawtooth;

/// Returns a call in block 9 with one event of a pallet.
pub fn included(pallet: &str, name: &str, fields: impl Encode) -> Included {
	let event = Event { pallet: pallet.into(), name: name.into(), fields: fields.encode() };
	Included { block: Head { number: 9, hash: [5; 32] }, events: vec![event], fee: 0 }
}
