//! Owner of a sealed domain: opens the segment that a round waits for.
//!
//! [`Policy`] decides, from a [`View`] of the chain; it has no I/O, no clock and no randomness. [`Owner`] rebuilds the segments
//! and their salts from the file and the segment key, compares them with the hashes on the chain before anything is sent, reads
//! the views, and opens segments. Nothing else is stored, so a restart at any time loses nothing, and a lost disk costs no more
//! than the file. A segment that is not opened in time costs the owner a part of the deposit, so an opening depends on as few
//! reads as possible. Neither segments that have changed in the file, nor rows behind the sealed steps of a series that cannot be
//! read, nor a full disk keep the others from being opened.
//!
//! ```text
//! round:    commits ──▶ segment awaited ──────────────▶ segment opened ──▶ reveals
//! owner:                └─ the request is final, or ──▶ open_segment
//!                          a quarter of the window left
//! ```
//!
//! Any account can send the call that opens a segment. The machine of an owner needs the segment key and a key that pays fees, and
//! the key that holds the money of the owner can stay elsewhere.

mod comparison;
mod driver;
mod funds;
mod lock;
mod policy;
mod seals;
mod shared;

pub use driver::{check, Owner};
pub use lock::SegmentKeyLock;
pub(crate) use policy::Absence;
pub use policy::{Condition, OpenReason, Payer, Policy, Step, View, Warning};
pub use seals::{data_of, unsealed, NoSuchDomain, RebuiltDomain};
pub use shared::{domains_of_same_data, ensure_sealed_once, DomainOfSameData, Shared};

use anyhow::Result;
use doin_forecast::{
	rows::{RowTable, Wanted},
	sealed::{series::StepSource, Beginning, RowSource, SealedData, SegmentKey},
	SeriesSource,
};
use doin_primitives::{DomainId, DomainSpec};
use std::path::PathBuf;

/// Target of log events.
const TARGET: &str = "doin::owner";

/// A sealed domain, and what its segments are rebuilt from.
#[derive(Clone, Debug)]
pub struct Owned {
	/// Identifier of the domain.
	pub domain: DomainId,
	/// File of the data.
	pub source: OwnedSource,
	/// Secret that the data was sealed with.
	pub key: SegmentKey,
	/// File that the secret comes from; `None` for a development key.
	pub key_file: Option<PathBuf>,
	/// Other sealed domains of the owner that may have public rows of the file, as the owner has confirmed.
	pub confirmed: Vec<DomainId>,
}

/// File of the data of a sealed domain, and how it is read.
#[derive(Clone, Debug)]
pub enum OwnedSource {
	/// Rows with labels.
	Rows(RowSource),
	/// Steps of a series.
	Steps(StepSource),
}

impl OwnedSource {
	/// Returns the file.
	pub fn file(&self) -> &SeriesSource {
		match self {
			Self::Rows(rows) => &rows.source,
			Self::Steps(steps) => &steps.source,
		}
	}

	/// Reads the file, without a chain to compare it with.
	///
	/// # Errors
	///
	/// Errors if the file or one of its columns cannot be used. Of a series, the beginning has to be readable.
	pub fn check(&self) -> Result<()> {
		match self {
			Self::Rows(rows) => RowTable::read(&rows.source, &rows.options, Wanted::Chosen).map(drop),
			Self::Steps(steps) => steps.check_beginning().map(drop),
		}
	}

	/// Rebuilds published part and segments of the domain with the record `spec`.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used, or if it is not that of the domain.
	pub fn rebuild(&self, key: &SegmentKey, spec: &DomainSpec) -> Result<SealedData> {
		match self {
			Self::Rows(rows) => Ok(rows.rebuild(key, spec)?.sealed_data()),
			Self::Steps(steps) => steps.rebuild(spec),
		}
	}

	/// Returns `true` if the rows that are used are counted from the end of the file, so that appended rows change all of them.
	fn counts_from_end(&self) -> bool {
		let (source, last) = match self {
			Self::Rows(rows) => (&rows.source, rows.options.last),
			Self::Steps(steps) => (&steps.source, steps.read.last),
		};
		last.is_some() && source.rows.is_none()
	}

	/// [Rebuilds](OwnedSource::rebuild) published part and segments, those of a series up to the first line that cannot be read.
	///
	/// # Errors
	///
	/// Errors as [`OwnedSource::rebuild`] does, unless the beginning of a series has the published steps.
	pub(crate) fn rebuild_beginning(&self, key: &SegmentKey, spec: &DomainSpec) -> Result<Beginning> {
		match self {
			Self::Rows(_) => Ok(Beginning { data: self.rebuild(key, spec)?, unread: None }),
			Self::Steps(steps) => steps.rebuild_beginning(spec),
		}
	}
}
