//! Client of a DOIN node: typed reads, signed calls, and a connection that survives restarts of the node.
//!
//! # Flow
//!
//! ```text
//!   Chain::connect ──▶ check ──▶ follow best blocks ──▶ Chain::heads, Chain::next_head
//!                                      │ connection lost: reopen, check again, go on
//!                                      ▼
//!   Chain::round, Chain::champion, …  read at a Head      (runtime API `DoinApi`, storage)
//!   Chain::submit(Call)               sign, send, watch   (until the extrinsic is found in a block)
//!   Chain::finalized_blocks(number)   every finalized block, in order, with the events of all accounts
//! ```
//!
//! * The connection is subxt's reconnecting client. [`Chain::connect`] waits for a missing node as long as [`Patience`] allows.
//!   After that, the connection reopens by itself with pauses from 250 ms to 8 s. Meanwhile reads fail at once, and
//!   [`Chain::next_head`] and [`Chain::submit`] wait. Of a list of nodes, the next one is connected to instead; so is
//!   one with more blocks while the node is behind its network.
//! * Reads are made at a [`Head`], so that several of them see the same state. They return the types of
//!   [`doin_primitives::views`].
//! * Best blocks are published, and calls signed, only while the node is synced. [`Chain::synced`] waits for that.
//! * A [`Call`] holds its arguments in SCALE. The indices of the call are taken from the metadata of the chain. [`Chain::submit`]
//!   repeats an attempt with a higher tip until the deadline, and never applies a call twice. Several calls of one [`Signer`] can be
//!   in flight. Success is reported for an extrinsic that was found in a block by its hash, never for a nonce that has moved on.
//! * [`Chain::finalized_blocks`] returns blocks whose events and extrinsics are decoded by the metadata of the runtime that
//!   executed them, so old blocks stay readable after an upgrade. It survives a lost connection too, and fetches a backlog with
//!   many requests in flight.
//!
//! No code is generated from metadata. Instead, the argument and result types of every call and runtime API method of this crate
//! are compared with the metadata of the node when the connection opens, so that a node of another version is refused with the
//! first difference.
//!
//! # Errors
//!
//! | error | from | transient, i.e. worth a second try |
//! |---|---|---|
//! | [`ConnectError`] | [`Chain::connect`], [`Chain::expect_genesis`] | no node at the address |
//! | [`ReadError`] | every read | connection lost |
//! | [`BlocksError`] | [`FinalizedBlocks::next`] | never: a lost connection is waited for |
//! | [`SubmitError`] | [`Chain::submit`], [`Chain::fee`] | not in a block before the deadline |
//!
//! Their causes are [sources](std::error::Error::source). Common ones: [`SubmitError::Failed`] is an error of a pallet, with its
//! name and documentation; [`SubmitError::Rejected`] is a refusal of the transaction pool, e.g. because the account cannot pay
//! the fee.
//!
//! # Examples
//!
//! A read:
//!
//! ```no_run
//! use doin_chain::{Chain, Patience};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let chain = Chain::connect(&["ws://127.0.0.1:9944"], Patience::Once).await?;
//! for domain in chain.domains(chain.head()).await? {
//!     println!("{} {} has weight {}", domain.id, domain.name, domain.weight);
//! }
//! # Ok(()) }
//! ```
//!
//! A call:
//!
//! ```no_run
//! use doin_chain::{Call, Chain, Patience, Signer, SubmitError, Urgency};
//!
//! # async fn example(keypair: subxt_signer::sr25519::Keypair) -> Result<(), Box<dyn std::error::Error>> {
//! let chain = Chain::connect(&["ws://127.0.0.1:9944"], Patience::Forever).await?;
//! match chain.submit(&Signer::new(keypair), &Call::nominate(0), Urgency::Relaxed).await {
//!     Ok(included) => println!("block {}, fee {} plancks", included.block.number, included.fee),
//!     Err(error @ SubmitError::Failed { .. }) => println!("{error}"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(()) }
//! ```
//!
//! Three programs: `cargo run --example watch_rounds`, `cargo run --example follow_blocks` and
//! `cargo run --example submit_candidate -- //Dave`.

#![warn(clippy::missing_errors_doc)]

mod account;
mod accusation;
mod blocks;
mod calls;
mod chain;
mod compatibility;
mod connection;
mod error;
mod follow;
mod headers;
mod holdings;
mod network;
mod reads;
mod submit;
mod sync;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod url;

pub use account::{Account, InvalidAccount, Signer};
pub use accusation::{Accusation, AccusationClaim, AccusedWindow};
pub use blocks::{
	events, events::TypedEvent, BlockAuthor, BlockEvent, BlocksError, ExtrinsicSummary, FinalizedBlock, FinalizedBlocks,
};
pub use calls::{Call, ForecastValues, Vote};
pub use chain::{Chain, Head, Patience};
pub use error::{ConnectError, Difference, InvalidUrl, ReadError, Rejection, RequestError, Setback, SubmitError};
pub use headers::BlockHeader;
pub use holdings::{AnnouncedChallenge, ReporterRecord, ReputationRecord, StoredModel};
pub use network::{Network, Peer, WorkDifficulty};
pub use reads::{Budget, ChannelSums, Funds, Nomination};
pub use submit::{Event, Included, MissingEvent, Urgency};
pub use sync::SyncState;
pub use url::{shown_url, with_shown_urls};
