//! Domains that several tests use.

// The included file finds `Problem` here.
use doin_roles::problem::Problem;

#[path = "../roles/src/problem/fixtures.rs"]
mod shared;

pub use shared::sawtooth;
