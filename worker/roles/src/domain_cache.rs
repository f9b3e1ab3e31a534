//! Domains and models that were loaded from the chain. Records, published data and model bytes never change, and opened segments are
//! appended, so nothing is ever loaded twice.

use crate::{
	config::Config,
	problem::{decode_admissible, Problem},
	programs::Programs,
};
use anyhow::{Context, Result};
use doin_chain::{Account, Chain, Head};
use doin_primitives::{views::DomainView, DomainId, ModelRef, ProgramKind};
use doin_scoring::Model;
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};

/// Domains that the cache holds at most. The data of each has up to 1 MiB, and anybody can register domains.
const MAX_PROBLEMS: usize = 64;
/// Target of log events.
const TARGET: &str = "doin::program";
/// Models that the cache holds at most; far more than are open at a time.
const MAX_MODELS: usize = 512;

/// Model of a domain, as a key of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ModelKey {
	domain: DomainId,
	model: ModelRef,
}

/// Cache of domains and decoded models.
#[derive(Debug, Default)]
pub struct DomainCache {
	problems: Mutex<BTreeMap<DomainId, Arc<Problem>>>,
	models: Mutex<BTreeMap<ModelKey, Arc<Model>>>,
	programs: Programs,
	/// Tolerance domains whose missing programs were reported.
	reported: Mutex<BTreeSet<DomainId>>,
}

impl DomainCache {
	/// Returns an empty cache whose tolerance domains are scored by `programs`.
	pub fn new(programs: Programs) -> Self {
		Self { programs, ..Self::default() }
	}

	/// Returns `domains` without the tolerance domains that this worker cannot score: those that the configuration does not name, and those
	/// whose programs it does not list, which are logged once.
	///
	/// # Errors
	///
	/// Errors if the record of a tolerance domain that the configuration names cannot be read.
	pub async fn runnable(
		&self,
		chain: &Chain,
		at: Head,
		config: &Config,
		domains: Vec<DomainView<Account>>,
	) -> Result<Vec<DomainView<Account>>> {
		let mut runnable = Vec::with_capacity(domains.len());
		for domain in domains {
			if domain.program == ProgramKind::Tolerance {
				if config.domain(domain.id, &domain.name).is_none() {
					continue;
				}
				if let Err(missing) = self.problem(chain, at, domain.id).await?.user_program() {
					if self.reported.lock().insert(domain.id) {
						tracing::warn!(target: TARGET, domain = domain.id, "domain is left out: {missing:#}");
					}
					continue;
				}
			}
			runnable.push(domain);
		}
		Ok(runnable)
	}

	/// Returns a domain with the segments that are opened at block `at`, loading what is not cached.
	///
	/// # Errors
	///
	/// Errors like [`Problem::load`].
	pub async fn problem(&self, chain: &Chain, at: Head, id: DomainId) -> Result<Arc<Problem>> {
		let cached = self.problems.lock().get(&id).cloned();
		let problem = match cached {
			Some(problem) if problem.opened_segments(chain, at).await? <= problem.segments() => return Ok(problem),
			Some(problem) => {
				let mut problem = problem.as_ref().clone();
				problem.read_segments(chain, at).await?;
				problem
			}
			None => {
				let mut problem = Problem::load(chain, at, id).await?;
				problem.program = problem.tolerance().and_then(|tolerance| self.programs.get(&tolerance.code));
				problem
			}
		};
		let problem = Arc::new(problem);
		insert_bounded(&mut self.problems.lock(), id, problem.clone(), MAX_PROBLEMS);
		Ok(problem)
	}

	/// Returns a model of a domain, loading it at block `at` unless it is cached. The bytes are decoded and checked here, so the
	/// node is not trusted with them.
	///
	/// # Errors
	///
	/// Errors if the model is not stored any more, if the domain does not admit it, and if the node cannot be read.
	pub async fn model(&self, chain: &Chain, at: Head, problem: &Problem, model: ModelRef) -> Result<Arc<Model>> {
		let key = ModelKey { domain: problem.id, model };
		let cached = self.models.lock().get(&key).cloned();
		if let Some(model) = cached {
			return Ok(model);
		}
		let loaded = match model {
			ModelRef::RepeatLast => Model::RepeatLast,
			ModelRef::Seasonal => Model::Seasonal,
			ModelRef::Origin | ModelRef::Constant | ModelRef::BuiltIn => problem.naive()?,
			ModelRef::Linear => {
				problem.linear.clone().with_context(|| format!("domain {} has no linear model of its owner", problem.id))?
			}
			ModelRef::Stored(id) => {
				let bytes = chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
				decode_admissible(problem, &bytes)
					.with_context(|| format!("model {id} is not admissible in domain {}", problem.id))?
			}
		};
		let loaded = Arc::new(loaded);
		insert_bounded(&mut self.models.lock(), key, loaded.clone(), MAX_MODELS);
		Ok(loaded)
	}
}

/// Inserts or replaces an entry of a cache of at most `limit` entries, which starts empty again when a new one finds it full.
fn insert_bounded<K: Ord, V>(cache: &mut BTreeMap<K, V>, key: K, value: V, limit: usize) {
	if cache.len() >= limit && !cache.contains_key(&key) {
		cache.clear();
	}
	cache.insert(key, value);
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn n14_domains_that_anybody_registers_take_bounded_memory() {
		let mut cache = BTreeMap::new();
		for id in 0..1_000 {
			insert_bounded(&mut cache, id, (), MAX_PROBLEMS);
			assert!(cache.len() <= MAX_PROBLEMS && cache.contains_key(&id));
		}
	}

	/// A domain is replaced whenever one of its segments is opened.
	#[test]
	fn an_entry_that_is_renewed_leaves_the_others_in_a_full_cache() {
		let mut cache: BTreeMap<usize, u8> = (0..MAX_PROBLEMS).map(|id| (id, 0)).collect();
		insert_bounded(&mut cache, 5, 1, MAX_PROBLEMS);
		assert_eq!((cache.len(), cache[&5], cache[&6]), (MAX_PROBLEMS, 1, 0));
	}
}
