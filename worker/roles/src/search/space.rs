//! Search space of a domain, as far as the configuration admits it.

use crate::{
	config::{DomainConfig, ResourceLimits},
	problem::Problem,
};
use anyhow::{bail, Result};
use doin_compute::{Candidate, Family};
use doin_primitives::Gene;
use doin_search::{program, Condition, GeneRange, Scale, Space};

/// Returns the genes of a domain, in their order: those of its record, the coordinates of a point, or the instructions of a genome.
fn genes(problem: &Problem) -> Result<Vec<GeneRange>> {
	if problem.runs().is_some() {
		return Ok(program::space()?.into());
	}
	if let Some((dimensions, edge)) = problem.spec.program.coordinates() {
		return Ok((0..dimensions).map(|at| GeneRange::linear(&format!("x{at}"), -i64::from(edge), edge.into())).collect());
	}
	let range = |gene: &Gene| {
		let name = String::from_utf8_lossy(&gene.name).into_owned();
		let scale = match (gene.log, &name[..]) {
			(_, FAMILY) => Scale::Category,
			(true, _) => Scale::Log,
			(false, _) => Scale::Linear,
		};
		GeneRange { name, lo: gene.lo, hi: gene.hi, scale, used_if: None }
	};
	Ok(problem.spec.genes.iter().map(range).collect())
}

/// Returns the names of the genes of a domain, in their order.
pub(super) fn gene_names(problem: &Problem) -> Result<Vec<String>> {
	Ok(genes(problem)?.into_iter().map(|gene| gene.name).collect())
}

/// Pairs names and values of genes.
pub(super) fn named<'a>(names: &'a [String], genes: &'a [i64]) -> impl Iterator<Item = (&'a str, i64)> {
	names.iter().map(String::as_str).zip(genes.iter().copied())
}

/// Returns the search space of a domain, narrowed by `param_bounds` and `max_epochs` of the configuration.
pub(super) fn narrowed(problem: &Problem, config: &DomainConfig, limits: &ResourceLimits) -> Result<Space> {
	let names = gene_names(problem)?;
	if problem.runs().is_some() && !config.param_bounds.is_empty() {
		bail!("`param_bounds` narrows numbers, and the models of domain {} are genomes: remove it", problem.id);
	}
	if let Some(unknown) = config.param_bounds.keys().find(|key| !names.contains(key)) {
		bail!("`param_bounds` names `{unknown}`, but the genes of domain {} are {}", problem.id, names.join(", "));
	}
	let narrow = |gene: GeneRange| -> Result<GeneRange> {
		let (name, mut lo, mut hi) = (&gene.name, gene.lo, gene.hi);
		if let Some([from, to]) = config.param_bounds.get(name) {
			(lo, hi) = (lo.max(*from), hi.min(*to));
		}
		if let Some(most) = limits.max_epochs.filter(|_| name == "epochs") {
			hi = hi.min(i64::from(most).max(lo));
		}
		if lo > hi {
			bail!("`param_bounds.{name}` leaves nothing of the domain's {}..={}: choose bounds that overlap", gene.lo, gene.hi);
		}
		Ok(GeneRange { lo, hi, ..gene })
	};
	let mut genes = genes(problem)?.into_iter().map(narrow).collect::<Result<Vec<_>>>()?;
	if let Some(family) = names.iter().position(|name| name == FAMILY) {
		for gene in genes.iter_mut().skip(family + 1).filter(|gene| CONVOLUTION.contains(&&gene.name[..])) {
			gene.used_if = Some(Condition { gene: FAMILY.into(), values: convolutions() });
		}
	}
	Ok(Space::new(genes)?)
}

/// Gene that numbers the families of models.
pub(super) const FAMILY: &str = "family";
/// Gene of the hidden layers.
const DEPTH: &str = "depth";
/// Genes that convolutions have, and no other family.
const CONVOLUTION: [&str; 3] = ["kernel", "stride", "dilate"];

/// Returns the numbers of the families that have the genes of convolutions.
fn convolutions() -> Vec<i64> {
	(0..).zip(Family::ALL).filter(|(_, family)| *family == Family::Conv).map(|(number, _)| number).collect()
}

/// Returns the conditions, all of which candidates without epochs meet: those of depth 0 of a family that is linear then.
pub(super) fn without_epochs(space: &Space) -> Vec<Condition> {
	let has = |name: &str| space.genes().iter().any(|gene| gene.name == name);
	if !has(DEPTH) {
		return Vec::new();
	}
	let is_linear = |family: &Family| Candidate { family: *family, depth: 0, ..Candidate::default() }.is_linear();
	let families = (0..).zip(Family::ALL).filter(|(_, family)| is_linear(family)).map(|(number, _)| number);
	let of_family = has(FAMILY).then(|| Condition { gene: FAMILY.into(), values: families.collect() });
	std::iter::once(Condition { gene: DEPTH.into(), values: vec![0] }).chain(of_family).collect()
}

/// Gene `skip` of a mean of several linear models, and of a single one.
const SKIPS: [i64; 2] = [2, 1];

/// Returns the genes of the linear models that a search begins with, which read `window` steps: the mean of several ridges, if the
/// genes of the domain include it, and the single ridge. Genes that a linear model does not use have their smallest value.
pub(super) fn linear_genes(space: &Space, names: &[String], window: u16) -> Vec<Vec<i64>> {
	let genes = |skip: i64| -> Vec<i64> {
		let value = |(gene, name): (&GeneRange, &String)| match name.as_str() {
			"window" => i64::from(window).clamp(gene.lo, gene.hi),
			"skip" => skip.clamp(gene.lo, gene.hi),
			"mix" => i64::from(Candidate::default().synthetic_share).clamp(gene.lo, gene.hi),
			_ => gene.lo,
		};
		space.genes().iter().zip(names).map(value).collect()
	};
	let mut linear = SKIPS.map(genes).map(|genes| space.canonical(genes)).to_vec();
	linear.dedup();
	linear
}
