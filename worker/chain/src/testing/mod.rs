//! Fixtures of the unit tests: the metadata of a small runtime, a node that answers from a script, and the log.

mod ledger;
mod log;
mod node;
mod runtime;

pub(crate) use ledger::{Content, Ledger, Requests};
pub(crate) use log::Warnings;
pub(crate) use node::{MockNode, Script};
pub(crate) use runtime::{AccountId32, Runtime};
