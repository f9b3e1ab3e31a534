//! Anchors: work blocks that others keep a record of, so that a chain whose history was exchanged is noticed.
//!
//! The runtime names every hundredth work block an anchor (`Work.Anchored`); on a development chain, every one. Once the block that
//! sealed it is final, [`Publisher`] publishes it to an HTTP server and to another DOIN chain, and appends a [`Record`] to a file.
//! [`check()`] reads them back, and compares every published anchor with the headers of the own chain.
//!
//! ```text
//!             finalized headers                            ┌──▶ HTTP server      POST
//!  own chain ──────────────────▶ due ─▶ bisect ─▶ Anchor ──┼──▶ another chain    system.remark_with_event, until it is final
//!      ▲                                                   └──▶ file             one line, once the others have it
//!      │ headers                                                    │
//!      └──────────────── check ◀──── GET, body of the block, lines ─┘
//! ```
//!
//! Everything in an anchor follows from a header: the digest has the number of the work block and the seal. The number of work blocks
//! never falls from one block to the next, so the block of an anchor is found by bisection. Neither state nor events are needed, so
//! any node will do. Numbers of blocks are asked for up to the last final block only.
//!
//! The file is the journal of the role: an anchor that is not in it is published again. The file is written last, so a crash repeats a
//! publication and loses none.

mod check;
mod file;
mod http;
mod publish;
mod record;
mod source;
#[cfg(test)]
mod tests;

pub use check::{check, Finding, Published, Report, Target};
pub use file::AnchorFile;
pub use http::Endpoint;
pub use publish::{OtherNode, Publisher, Settings};
pub use record::{Anchor, HexHash, Record, Remark};
pub use source::{interval, Source};

/// File of the records, unless another one is named.
pub const FILE: &str = "anchors.jsonl";

/// Target of log events.
const TARGET: &str = "doin::anchor";
