//! First candidates of a search, from domains that were searched before.
//!
//! A [`MetaOptimizer`] learns what was found on domains, and proposes candidates for another one. [`DomainArchive`] is the baseline: it
//! proposes the best genes of the domains whose [`Features`] are nearest. [`PluginMeta`](crate::PluginMeta) asks a program of the user,
//! which is given what the archive has. A proposal is a suggestion: the search evaluates it as any other candidate, so a bad one costs its
//! evaluation only.
//!
//! ```
//! use doin_search::{meta::{DomainArchive, DomainRecord, Features, MetaOptimizer}, GeneRange, Individual, Space};
//!
//! let space = Space::new(vec![GeneRange::linear("width", 4, 64)])?;
//! let hourly = Features::new("forecast").with("horizon", 24).with("values", 17_420);
//! let found = vec![Individual { genes: vec![48], fitness: 7 }];
//! let mut archive = DomainArchive::default();
//! archive.learn(DomainRecord::new("hourly load", hourly.clone(), &space, &found));
//! assert_eq!(archive.propose(&hourly.with("values", 9_000), &space, 4), [vec![48]]);
//! # Ok::<(), doin_search::SearchError>(())
//! ```

use crate::{scale::log2, Individual, SearchError, Space};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most domains of an archive. The one that was learnt first is removed for another one.
pub const MOST_DOMAINS: usize = 256;
/// Most candidates of a domain in an archive.
pub const MOST_FOUND: usize = 8;
/// Version of the format of archives.
const VERSION: u32 = 1;

/// Numbers that describe a domain, e.g. its horizon or its number of classes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
	/// Kind of the domain. Domains of different kinds share nothing.
	kind: String,
	/// Numbers by their names.
	numbers: BTreeMap<String, u64>,
}

impl Features {
	/// Returns the features of a domain of this kind, without numbers.
	pub fn new(kind: &str) -> Self {
		Self { kind: kind.into(), numbers: BTreeMap::new() }
	}

	/// Adds a number.
	#[must_use]
	pub fn with(mut self, name: &str, number: u64) -> Self {
		self.numbers.insert(name.into(), number);
		self
	}

	/// Returns the distance to other features: the sum of the differences of the base-2 logarithms, in units of 1/65,536. A number that
	/// one of them lacks counts as 0. `None` for another kind.
	pub fn distance(&self, other: &Self) -> Option<u64> {
		if self.kind != other.kind {
			return None;
		}
		let names: BTreeSet<&String> = self.numbers.keys().chain(other.numbers.keys()).collect();
		let of = |features: &Self, name: &String| {
			let number = features.numbers.get(name).copied().unwrap_or_default();
			log2(number.saturating_add(1))
		};
		Some(names.into_iter().map(|name| of(self, name).abs_diff(of(other, name))).sum())
	}
}

/// Best candidates of one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRecord {
	/// Name that the domain has in the archive, e.g. the hash of its record on the chain.
	name: String,
	features: Features,
	/// Names of the genes with their values, best first.
	found: Vec<Vec<(String, i64)>>,
}

impl DomainRecord {
	/// Returns the best of `found`, points of `space`, at most [`MOST_FOUND`].
	pub fn new(name: &str, features: Features, space: &Space, found: &[Individual]) -> Self {
		let mut sorted: Vec<&Individual> = found.iter().filter(|individual| individual.fitness < u64::MAX).collect();
		sorted.sort_by(|one, other| one.best_first(other));
		sorted.dedup_by(|one, other| one.genes == other.genes);
		let found = sorted.into_iter().take(MOST_FOUND).map(|individual| space.named(&individual.genes));
		Self { name: name.into(), features, found: found.collect() }
	}

	/// Returns the name.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// Returns what describes the domain.
	pub fn features(&self) -> &Features {
		&self.features
	}

	/// Returns the names of the genes with their values, best candidate first.
	pub fn found(&self) -> &[Vec<(String, i64)>] {
		&self.found
	}
}

/// A meta-optimizer: it learns from searches of domains, and proposes first candidates for another domain.
pub trait MetaOptimizer {
	/// Learns what was found on a domain, in place of what it has learnt on it before.
	fn learn(&mut self, record: DomainRecord);

	/// Returns at most `most` points of `space` to evaluate first on a domain with these features, the most promising one first.
	fn propose(&self, features: &Features, space: &Space, most: usize) -> Vec<Vec<i64>>;
}

/// The baseline: best candidates of the nearest domains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Content", into = "Content")]
pub struct DomainArchive {
	/// Domains, the one that was learnt first at the front.
	records: Vec<DomainRecord>,
}

/// Content of an archive as a file has it.
#[derive(Serialize, Deserialize)]
struct Content {
	version: u32,
	records: Vec<DomainRecord>,
}

impl TryFrom<Content> for DomainArchive {
	type Error = SearchError;

	fn try_from(content: Content) -> Result<Self, SearchError> {
		if content.version != VERSION {
			return Err(SearchError::Version { found: content.version, expected: VERSION });
		}
		Ok(Self { records: content.records })
	}
}

impl From<DomainArchive> for Content {
	fn from(archive: DomainArchive) -> Self {
		Self { version: VERSION, records: archive.records }
	}
}

impl DomainArchive {
	/// Returns the domains, the one that was learnt first at the front.
	pub fn records(&self) -> &[DomainRecord] {
		&self.records
	}

	/// Returns the domains of the kind that `features` have, the nearest one first.
	pub fn nearest(&self, features: &Features) -> Vec<&DomainRecord> {
		let records = self.records.iter();
		let mut nearest: Vec<(u64, &DomainRecord)> =
			records.filter_map(|record| Some((features.distance(&record.features)?, record))).collect();
		nearest.sort_by(|one, other| (one.0, &one.1.name).cmp(&(other.0, &other.1.name)));
		nearest.into_iter().map(|(_, record)| record).collect()
	}
}

impl MetaOptimizer for DomainArchive {
	fn learn(&mut self, record: DomainRecord) {
		self.records.retain(|other| other.name != record.name);
		if !record.found.is_empty() {
			self.records.push(record);
		}
		let surplus = self.records.len().saturating_sub(MOST_DOMAINS);
		self.records.drain(..surplus);
	}

	/// Returns the best candidate of each of the nearest domains in turn, then the second one, and so on. Genes that a domain did not have
	/// get the values that `space` has in the middle of their scales; genes that `space` does not have are left out.
	fn propose(&self, features: &Features, space: &Space, most: usize) -> Vec<Vec<i64>> {
		let mut nearest = self.nearest(features);
		// More domains than this would leave less than half of the proposals to the nearest ones.
		nearest.truncate(most.div_ceil(2).max(1));
		let mut proposed: Vec<Vec<i64>> = Vec::new();
		for rank in 0..MOST_FOUND {
			for record in &nearest {
				let Some(genes) = record.found.get(rank) else { continue };
				let point = space.nearest(genes);
				if proposed.len() < most && !proposed.contains(&point) {
					proposed.push(point);
				}
			}
		}
		proposed
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{Ga, GaConfig, GeneRange, Optimizer};

	fn space() -> Space {
		Space::new((0..6).map(|at| GeneRange::linear(&format!("x{at}"), -2_000, 2_000)).collect()).unwrap()
	}

	fn forecast(horizon: u64) -> Features {
		Features::new("forecast").with("horizon", horizon).with("values", 10_000)
	}

	fn record(name: &str, features: Features, genes: &[[i64; 6]]) -> DomainRecord {
		let found: Vec<_> = (1..).zip(genes).map(|(fitness, genes)| Individual { genes: genes.to_vec(), fitness }).collect();
		DomainRecord::new(name, features, &space(), &found)
	}

	#[test]
	fn the_best_candidates_of_the_nearest_domains_are_proposed_in_turn() {
		let mut archive = DomainArchive::default();
		archive.learn(record("weekly", forecast(13), &[[1; 6], [2; 6]]));
		archive.learn(record("hourly", forecast(24), &[[3; 6], [1; 6]]));
		archive.learn(record("yearly", forecast(1_000), &[[5; 6]]));
		archive.learn(record("letters", Features::new("rows").with("horizon", 24), &[[6; 6]]));
		let proposed = |horizon, most| archive.propose(&forecast(horizon), &space(), most);
		assert_eq!(proposed(24, 3), [vec![3; 6], vec![1; 6], vec![2; 6]], "two domains, and none twice");
		assert_eq!(proposed(13, 1), [vec![1; 6]]);
		assert_eq!(proposed(2_000, 1), [vec![5; 6]]);
		assert_eq!(proposed(24, 9).len(), 4, "of one kind");
		assert_eq!(archive.propose(&Features::new("classify"), &space(), 5), Vec::<Vec<i64>>::new());
	}

	#[test]
	fn genes_are_moved_into_a_space_that_has_other_ones() {
		let mut archive = DomainArchive::default();
		archive.learn(record("hourly", forecast(24), &[[1_500, -7, 3, 4, 5, 6]]));
		let genes = vec![GeneRange::linear("new", 0, 10), GeneRange::linear("x0", 0, 1_000), GeneRange::linear("x1", -9, 9)];
		let space = Space::new(genes).unwrap();
		assert_eq!(archive.propose(&forecast(24), &space, 5), [vec![5, 1_000, -7]]);
	}

	#[test]
	fn a_domain_that_is_learnt_again_replaces_its_record_and_the_oldest_is_forgotten() {
		let mut archive = DomainArchive::default();
		for at in 0..MOST_DOMAINS + 1 {
			archive.learn(record(&format!("domain {at}"), forecast(at as u64), &[[1; 6]]));
		}
		assert_eq!((archive.records().len(), archive.records()[0].name()), (MOST_DOMAINS, "domain 1"));
		archive.learn(record("domain 1", forecast(1), &[[2; 6]]));
		assert_eq!((archive.records().len(), archive.records()[0].name()), (MOST_DOMAINS, "domain 2"));
		assert_eq!(archive.propose(&forecast(1), &space(), 1), [vec![2; 6]]);
	}

	#[test]
	fn an_archive_is_read_as_it_was_written_and_one_of_another_version_is_refused() {
		let mut archive = DomainArchive::default();
		archive.learn(record("hourly", forecast(24), &[[1; 6]]));
		let text = serde_json::to_string(&archive).unwrap();
		assert_eq!(serde_json::from_str::<DomainArchive>(&text).unwrap(), archive);
		let newer = text.replace("\"version\":1", "\"version\":2");
		assert!(serde_json::from_str::<DomainArchive>(&newer).unwrap_err().to_string().contains("version 2"));
	}

	/// The optimum of the second function is moved by a fortieth of the range: a domain whose data differs a little.
	#[test]
	fn a_search_of_a_related_function_needs_fewer_candidates_with_proposals() {
		let around = |optimum: [i64; 6]| {
			move |genes: &[i64]| -> u64 { genes.iter().zip(optimum).map(|(gene, at)| gene.abs_diff(at).pow(2)).sum() }
		};
		let (first, related) = (around([700, -300, 1_200, 40, -1_500, 900]), around([760, -240, 1_140, 100, -1_560, 840]));
		let search = |seed| Ga::new(space(), GaConfig { seed, ..GaConfig::default() }).unwrap();
		let mut known = search(100);
		let mut found = Vec::new();
		for _ in 0..2_000 {
			let trial = known.ask(1).remove(0);
			known.tell(&trial, first(&trial.genes)).unwrap();
			found.push(Individual { fitness: first(&trial.genes), genes: trial.genes });
		}
		let mut archive = DomainArchive::default();
		archive.learn(DomainRecord::new("first", forecast(24), &space(), &found));
		let spent = |seed: u64, has_proposals: bool| {
			let mut search = search(seed);
			if has_proposals {
				for genes in archive.propose(&forecast(26), &space(), 8) {
					search.suggest(&genes).unwrap();
				}
			}
			let mut spent = 0;
			while search.best().is_none_or(|best| best.fitness > 2_000) {
				let trial = search.ask(1).remove(0);
				search.tell(&trial, related(&trial.genes)).unwrap();
				spent += 1;
			}
			spent
		};
		let (mut with, mut without): (Vec<i32>, Vec<i32>) = (0..15).map(|seed| (spent(seed, true), spent(seed, false))).unzip();
		with.sort_unstable();
		without.sort_unstable();
		assert!(with[7] * 4 < without[7] * 3, "medians of candidates: {} with proposals, {} without", with[7], without[7]);
	}
}
