//! Sealed domains: data of which a part is published, and the rest is opened segment by segment.
//!
//! ```text
//! rows: without duplicates, ordered by the segment key     steps: in their order
//!
//! │ published: training │ validation │ segment 0 │ segment 1 │ … │ segment N − 1 │
//!                                     └── each hashed with a salt of the segment key
//! ```
//!
//! - [`key`] has the secret that the order of rows and all salts are derived from. File and key together rebuild everything.
//! - [`layout`] places the published part and the segments, within the limits of a chain.
//! - [`mod@rows`] arranges the rows of a table, and [`series`] the steps of a series.
//! - [`Beginning`] has the segments of a series whose file cannot be read to its end.
//! - [`Overlap`] is what a file shares with the public data of another domain.
//! - [`seal`] hashes segments, and compares a file with the hashes on a chain before anything is opened.

mod beginning;
mod champion;
pub mod key;
pub mod layout;
mod overlap;
pub mod rows;
pub mod seal;
pub mod series;

pub use beginning::{Beginning, Unread};
pub use key::SegmentKey;
pub use layout::{Layout, RowChunks};
pub use overlap::{Overlap, SHARED_PERCENT};
pub use rows::{DomainRows, RowParts, RowSource};
pub use seal::{Seal, SealCheck, SealedData};
