//! Command line of the worker: trains and evaluates models, verifies those of a chain, manages domains, and runs optimizer,
//! evaluator and owner.
//!
//! The work is done by libraries: `doin-forecast` (series, drafts, model files), `doin-compute` (training and scoring),
//! `doin-chain` (RPC) and `doin-roles` (optimizer, evaluator and owner). This crate has the arguments ([`cli`]), and for each command
//! the report, from which both the text and the JSON object are made.

mod args;
pub mod cli;
mod commands;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod fixtures;
mod owned_args;
mod program_args;
mod report;
mod row_args;
mod work;
