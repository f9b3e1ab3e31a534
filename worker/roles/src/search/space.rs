//! Search space of a domain, as far as the configuration admits it.

use crate::{
	config::{DomainConfig, ResourceLimits},
	problem::Problem,
};
use anyhow::{bail, Result};
use doin_compute::Candidate;
use doin_primitives::Gene;
use doin_search::{Ga, GeneRange, Space};

/// Returns the names of the genes of a domain, in their order.
pub(super) fn gene_names(problem: &Problem) -> Vec<String> {
	problem.spec.genes.iter().map(|gene| String::from_utf8_lossy(&gene.name).into_owned()).collect()
}

/// Pairs names and values of genes.
pub(super) fn named<'a>(names: &'a [String], genes: &'a [i64]) -> impl Iterator<Item = (&'a str, i64)> {
	names.iter().map(String::as_str).zip(genes.iter().copied())
}

/// Returns the search space of a domain, narrowed by `param_bounds` and `max_epochs` of the configuration.
pub(super) fn narrowed(problem: &Problem, config: &DomainConfig, limits: &ResourceLimits) -> Result<Space> {
	let names = gene_names(problem);
	if let Some(unknown) = config.param_bounds.keys().find(|key| !names.contains(key)) {
		bail!("`param_bounds` names `{unknown}`, but the genes of domain {} are {}", problem.id, names.join(", "));
	}
	let narrow = |(gene, name): (&Gene, &String)| -> Result<GeneRange> {
		let (mut lo, mut hi) = (gene.lo, gene.hi);
		if let Some([from, to]) = config.param_bounds.get(name) {
			(lo, hi) = (lo.max(*from), hi.min(*to));
		}
		if let Some(most) = limits.max_epochs.filter(|_| name == "epochs") {
			hi = hi.min(i64::from(most).max(lo));
		}
		if lo > hi {
			bail!("`param_bounds.{name}` leaves nothing of the domain's {}..={}: choose bounds that overlap", gene.lo, gene.hi);
		}
		Ok(GeneRange { name: name.clone(), lo, hi, log: gene.log })
	};
	let genes = problem.spec.genes.iter().zip(&names).map(narrow).collect::<Result<_>>()?;
	Ok(Space::new(genes)?)
}

/// Gene `skip` of a mean of several linear models, and of a single one.
const SKIPS: [i64; 2] = [2, 1];

/// Returns the genes of the linear models that a search begins with, which read `window` steps: the mean of several ridges, if the
/// genes of the domain include it, and the single ridge. Genes that a linear model does not use have their smallest value.
pub(super) fn linear_genes(ga: &Ga, names: &[String], window: u16) -> Vec<Vec<i64>> {
	let genes = |skip: i64| -> Vec<i64> {
		let value = |(gene, name): (&GeneRange, &String)| match name.as_str() {
			"window" => i64::from(window).clamp(gene.lo, gene.hi),
			"skip" => skip.clamp(gene.lo, gene.hi),
			"mix" => i64::from(Candidate::default().synthetic_share).clamp(gene.lo, gene.hi),
			_ => gene.lo,
		};
		ga.space().genes().iter().zip(names).map(value).collect()
	};
	let mut linear = SKIPS.map(genes).to_vec();
	linear.dedup();
	linear
}
