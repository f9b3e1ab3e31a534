//! Fixtures of the unit tests: the metadata of a small runtime, and a node that answers from a script.

mod ledger;
mod node;
mod runtime;

pub(crate) use ledger::{Content, Ledger, Requests};
pub(crate) use node::{MockNode, Script};
pub(crate) use runtime::{AccountId32, Runtime};
