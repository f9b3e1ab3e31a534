//! Answers of champions for pay.
//!
//! A server offers a domain on the chain, with a price and a bond. A client opens a payment channel to it, and sends a voucher with each
//! request. The server journals the voucher, runs the champion, and signs a receipt. Models are exact, so an answer is either right, bit for
//! bit, or its receipt proves a lie.
//!
//! ```text
//!            client                                  server
//!   [`purse`]: channels,            POST /inference   [`service`]: limits ─▶ [`voucher`] ─▶ [`journal`] ─▶ [`model`] ─▶ receipt
//!   vouchers, receipts, models  ◀────────────────▶                             │
//!   [`check`]: run the model, accuse                                       [`redeem`]: 50 fees, before the end, at exit
//! ```
//!
//! # Modules
//!
//! * [`wire`]: JSON of requests and answers.
//! * [`voucher`], [`redeem`], [`limits`], [`tasks`], [`check`]: pure decisions. Time, blocks and facts are arguments.
//! * [`journal`]: newest voucher of each channel of a server, on disk before an answer; [`purse`]: what a client keeps.
//! * [`model`]: champion, its inputs as bytes, and its outputs in units of people.
//! * `batches`: windows of several requests that are run together; [`audit`]: a second computation of a sample of answers.
//! * [`service`]: one request from its body to its answer.
//! * [`refusal`]: kinds of refusals, from which the HTTP server makes statuses.
//!
//! The routes are those of `doin-dashboard`; the role that follows the chain and redeems is in `doin-roles`.

#![warn(clippy::missing_errors_doc)]

pub mod audit;
mod batches;
pub mod check;
pub mod journal;
pub mod limits;
pub mod model;
pub mod purse;
pub mod redeem;
pub mod refusal;
pub mod service;
pub mod tasks;
#[cfg(test)]
mod tests;
pub mod voucher;
pub mod wire;

pub use journal::VoucherJournal;
pub use model::Champion;
pub use refusal::{Kind, Refusal};
pub use service::{Offer, Seller, Sender, Service, Settings, Snapshot};
