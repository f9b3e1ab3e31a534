//! Records of domains, which never change: the part that the server shows.

use super::convert;
use crate::shape::Gene;
use doin_chain::{Chain, Head, ReadError};
use doin_primitives::{DomainId, DomainSpec};
use doin_roles::problem::{has_classes, predictions_per_drawn_chunk, predictions_per_validation_chunk};
use doin_scoring::Program;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Records that are kept. Anybody can register domains.
const MOST: usize = 4_096;

/// Part of the record of a domain that the server shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
	/// Horizon, history and season of a series.
	pub steps: Option<[u16; 3]>,
	/// Variables of a series.
	pub channels: Option<u8>,
	/// `true` if models choose classes.
	pub has_classes: bool,
	/// Predictions of a draw, and of the validation split.
	pub predictions: Option<[u64; 2]>,
	/// Search space.
	pub genes: Vec<Gene>,
}

impl From<&DomainSpec> for Record {
	fn from(spec: &DomainSpec) -> Self {
		let series = match &spec.program {
			Program::Forecast(series) => Some(series),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => {
				None
			}
		};
		let per_chunk = match &spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => None,
			Program::Forecast(_) | Program::Rows(_) | Program::LossGenome(_) => {
				Some([predictions_per_drawn_chunk(spec), predictions_per_validation_chunk(spec)])
			}
		};
		Self {
			steps: series.map(|series| [series.horizon, series.history, series.season]),
			channels: series.map(|series| series.channels),
			has_classes: has_classes(&spec.program),
			predictions: per_chunk.map(|counts| counts.map(|count| count * u64::from(spec.program.chunks()))),
			genes: spec.genes.iter().map(convert::gene).collect(),
		}
	}
}

/// Records that were read, by domain.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<BTreeMap<DomainId, Arc<Record>>>);

impl Records {
	/// Returns the record of a domain at block `at`. It is kept if the domain is registered in a finalized block, since a
	/// reorganisation gives its number to another domain before that.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn read(&self, chain: &Chain, finalized: Head, at: Head, domain: DomainId) -> Result<Arc<Record>, ReadError> {
		let kept = self.0.lock().get(&domain).cloned();
		if let Some(kept) = kept {
			return Ok(kept);
		}
		if let Some(spec) = chain.domain_spec(finalized, domain).await? {
			let record = Arc::new(Record::from(&spec));
			let mut kept = self.0.lock();
			if kept.len() >= MOST {
				kept.clear();
			}
			kept.insert(domain, record.clone());
			return Ok(record);
		}
		Ok(Arc::new(chain.domain_spec(at, domain).await?.as_ref().map(Record::from).unwrap_or_default()))
	}

	/// Forgets all records: the chain began anew.
	pub fn clear(&self) {
		self.0.lock().clear();
	}
}
