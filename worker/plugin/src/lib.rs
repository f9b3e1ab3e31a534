//! Programs of users that the worker asks over JSON-RPC 2.0, one message a line, on their standard input and output.
//!
//! ```text
//! doin-forecaster, doin-search, doin-roles ──▶ Dialogue: ask, notify ──▶ envelope: lines of JSON-RPC 2.0
//!                                                                   └──▶ process: a program within Limits
//! ```
//!
//! - [`envelope`] has the messages and the version of the protocol.
//! - [`process`] starts a program, reads and writes its lines, and kills it with all that it has started.
//! - [`limits`] bounds its memory, processor time, files and output.
//! - [`Dialogue`] asks a program, and names it in every [`Fault`].
//!
//! The crate knows no method beside `initialize`. Forecasts, searches and tolerance domains are uses of it.

#![warn(clippy::missing_errors_doc)]

mod dialogue;
pub mod envelope;
pub mod limits;
pub mod process;

pub use dialogue::{shown, Dialogue, Fault};
pub use envelope::{EnvelopeError, VERSION};
pub use limits::Limits;
pub use process::{ProcessError, Program};
