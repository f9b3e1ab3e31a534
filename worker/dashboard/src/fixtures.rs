//! Domains of tests.

// The included file finds `Problem` here.
use doin_roles::problem::Problem;

#[path = "../../roles/src/problem/fixtures.rs"]
mod shared;

pub(crate) use shared::sawtooth;
