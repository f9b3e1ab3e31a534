//! Drafts of domains: their records, made from a series or from rows, and what an owner should know before paying for them.
//!
//! - [`Draft`] has the domain of a series, [`RowDraft`] that of a table whose rows have a class or values, and [`GenomeDraft`] one of the
//!   losses that classifiers of a table are trained with.
//! - [`DomainTerms`] are what an owner chooses beside the data, and [`NewDomain`] is what a registration sends to a chain.

mod genomes;
mod initial;
mod rows;
mod series;
mod terms;
mod text;

pub use genomes::{GenomeDraft, RunOptions};
pub use rows::{RowDraft, RowDraftOptions, Rung};
pub use series::{Draft, DraftOptions};
pub use terms::{DomainTerms, SealedTerms};

use crate::sealed::SealedData;
use doin_primitives::{domain::ModelBytes, DomainSpec, Page};

/// Domain that is not registered yet: what a registration sends to a chain.
#[derive(Clone, Debug)]
pub struct NewDomain {
	/// Record of the domain.
	pub spec: DomainSpec,
	/// Pages of the published data.
	pub pages: Vec<Page>,
	/// Linear model of the owner, encoded. It becomes the initial champion if it errs less than the baselines of the chain.
	pub linear: Option<ModelBytes>,
	/// Data that is sealed, if any is.
	pub sealed: Option<SealedData>,
}

impl NewDomain {
	/// Returns `true` if improvements of the domain can be minted for, so that it may be put on the ballot. A domain on public
	/// evidence pays a bounty only.
	pub fn is_mintable(&self) -> bool {
		self.spec.evidence.value() > 0
	}
}
