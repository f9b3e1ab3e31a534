//! Bars of real series for the oracle of a DOIN chain.
//!
//! A reporter asks several sources for the bars of a batch, and reports the median of each value:
//!
//! ```text
//! klines over HTTP ──┐ text ─▶ exact decimals ─▶ bars ─┐
//! program            ├─────────────────────────────────┼─▶ median_bars ─▶ bars that enough sources have
//! replayed CSV file ─┘                                 ┘
//! ```
//!
//! - [`config`] has the settings of a source, [`source`] reads it, and several at once.
//! - [`bar`] defines a bar and its end, [`decimal`] reads its values without binary fractions, [`time`] its times.
//! - [`klines`], [`replay`] and `program` are the three kinds of sources. Parsing is apart from reading.
//! - [`reading`] sorts the rows of an answer, [`fault`] lists what can be wrong with a source, and [`median`] combines several.
//! - [`history`] reads many bars, for a file to train on.
//!
//! A source never fails as a whole program would: what is wrong with it is a [`Fault`], which names the source, the reason and the next
//! step, and the bars that it does have are used.

#![warn(clippy::missing_errors_doc)]

pub mod bar;
pub mod config;
pub mod decimal;
pub mod fault;
#[cfg(test)]
mod fixtures;
pub mod history;
mod http;
pub mod json;
pub mod klines;
pub mod lines;
pub mod median;
pub mod placeholder;
mod program;
pub mod reading;
pub mod replay;
pub mod source;
#[cfg(test)]
mod testing;
pub mod time;

pub use bar::{Bars, Field, Layout, Millis, Stamp, Wanted};
pub use config::{open_numbered, open_sources, SourceConfig};
pub use fault::{Fault, Reason};
pub use http::encrypted;
pub use median::{default_quorum, median_bars};
pub use reading::Reading;
pub use source::{combined, read_all, read_until, Combined, Source};
