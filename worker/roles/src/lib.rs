//! Roles of a DOIN worker: the optimizer, which finds better models and commits them, the evaluator, which recomputes the sums of
//! models, the owner, which opens the segments of a sealed domain, the reporter, which reports the bars of real series, the forecaster,
//! which stakes wagers on forecasts of them, the server, which answers requests for pay, and the publisher of anchors.
//!
//! Every role is a *policy* and a *driver*. A policy decides: it is a plain state machine from views of the chain and journal
//! entries to actions, without I/O, clock or randomness. A driver reads the views at every new block, asks the policy, writes the
//! journal and sends the calls.
//!
//! ```text
//!            new block                      views, journal entries
//!  chain ───────────────▶ driver ─────────────────────────────────▶ policy
//!    ▲                     │  ▲                                        │
//!    │  calls              │  └──────────── actions, reports ──────────┘
//!    └─────────────────────┤
//!                          └──▶ journal (SQLite), before every commit
//! ```
//!
//! The life of a candidate, as the [`optimizer`] sees it, and of a recomputation task, as the [`evaluator`] sees it:
//!
//! ```text
//! candidate:  trained ─▶ passed a trial ─▶ prepared ─▶ committed ─▶ revealed ─▶ champion, or not
//! task:       Drawing ─▶ Answering ─▶ Revealing ─▶ Settling ─▶ Challenge ─▶ final
//!                                         └─ no answer ─▶ Recomputing ─┘
//! ```
//!
//! # Modules
//!
//! * [`worker`]: opens everything that a [`config::Config`] names and runs its identities; [`plan`] divides threads and chooses
//!   domains.
//! * [`optimizer`], [`evaluator`], [`owner`], [`report`], [`forecast`], [`serve`]: the six roles of an account.
//! * [`participant`]: what reporters and forecasters see and do alike.
//! * [`anchor`]: publishes work blocks to other places, and compares what is published with the chain.
//! * [`search`]: the genetic search of one domain, on threads of its own; [`simple_models`]: what it has to beat.
//! * [`progress`]: figures of the searches, for displays.
//! * [`journal`]: commitments on disk before they are sent, so that a crash costs nothing.
//! * [`leftovers`]: holds of an account that serve nothing, and their release.
//! * `enlist`, `begun`, `retry`: bonds and services of evaluators, optimizers that were started, pauses between attempts.
//! * `identities`: one signer per identity, and one queue of calls per key.
//! * [`programs`]: programs of tolerance domains, which the configuration lists by hash.
//! * `keeper`: the chain that the journal belongs to, and its expired entries.
//! * [`shared_work`]: sums that other workers of the owner pull and compute; [`search::shared`]: candidates that they train.
//! * [`config`], [`keys`], [`amount`], [`shell`]: settings, keys and amounts of the user, and commands printed for a shell.
//! * [`problem`], [`domain_cache`]: domains and models, checked against their hashes and admitted locally, so that a node is not
//!   trusted.
//!
//! # Errors
//!
//! [`journal::JournalError`] and the errors of [`doin_chain`] are enums; everything above them is [`anyhow::Error`], whose causes
//! print with `{:#}`. A role logs a failure at a block and tries again at the next one.
//!
//! # Logs
//!
//! Events go to the targets `doin::worker`, `doin::optimizer`, `doin::evaluator`, `doin::owner`, `doin::reporter`,
//! `doin::forecaster`, `doin::serve`, `doin::anchor`, `doin::search`, `doin::program`, `doin::journal` and `doin::keys`. The spans
//! `optimize`, `evaluate`, `own`, `report` and `forecast` have the field `block`, `optimize` and `own` have `domain`, and `duty` has `domain` and `task`.

#![warn(clippy::missing_errors_doc)]

pub mod amount;
pub mod anchor;
mod begun;
pub mod config;
pub mod context;
pub mod deadline;
pub mod domain_cache;
mod enlist;
pub mod evaluator;
#[cfg(test)]
mod fixtures;
pub mod forecast;
pub mod home;
mod identities;
mod in_flight;
pub mod journal;
mod keeper;
pub mod keys;
pub mod leftovers;
pub mod loss;
pub mod optimizer;
pub mod owner;
pub mod participant;
pub mod plan;
pub mod problem;
pub mod programs;
pub mod progress;
mod random;
#[cfg(test)]
mod reorganisations;
pub mod report;
mod retry;
pub mod round_result;
pub mod search;
pub mod serve;
pub mod shared_work;
pub mod shell;
pub mod simple_models;
pub mod worker;

pub use worker::Worker;
