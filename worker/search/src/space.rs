//! Search spaces: named integer genes with bounds.

use crate::{
	random::Random,
	scale::{exp2, log2},
	SearchError,
};
use serde::{Deserialize, Serialize};

/// Scale of a gene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
	/// Steps have the same size everywhere.
	#[default]
	Linear,
	/// Steps are proportional to the value. The lower bound is at least 1.
	Log,
	/// Values are numbers of categories: none is nearer to another one.
	Category,
}

/// Condition under which a gene is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
	/// Name of the gene that decides, an earlier one of the space.
	pub gene: String,
	/// Values of that gene with which the conditional gene is used.
	pub values: Vec<i64>,
}

/// One dimension of a space: an integer in `lo..=hi`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneRange {
	/// Name of the gene, unique in its space.
	pub name: String,
	/// Lower bound.
	pub lo: i64,
	/// Upper bound, at least `lo`.
	pub hi: i64,
	/// Scale of the steps.
	#[serde(default)]
	pub scale: Scale,
	/// Condition under which the gene is used; always if there is none. A gene that is not used has its lower bound.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub used_if: Option<Condition>,
}

/// A search space. A candidate is a vector with one value per gene, in the order of the genes. In its canonical form, genes that are
/// not used have their lower bounds, so that no two candidates differ in them alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<GeneRange>", into = "Vec<GeneRange>")]
pub struct Space {
	genes: Vec<GeneRange>,
	/// Index of the gene that decides on each gene with a condition.
	deciding: Vec<Option<usize>>,
}

impl TryFrom<Vec<GeneRange>> for Space {
	type Error = SearchError;

	fn try_from(genes: Vec<GeneRange>) -> Result<Self, SearchError> {
		Self::new(genes)
	}
}

impl From<Space> for Vec<GeneRange> {
	fn from(space: Space) -> Self {
		space.genes
	}
}

impl Space {
	/// Returns a space of `genes`.
	///
	/// # Errors
	/// Errors if there are no genes, if two genes have the same name, if a lower bound exceeds its upper bound, if the lower
	/// bound of a logarithmic gene is below 1, or if a condition names a gene that is not an earlier one.
	pub fn new(genes: Vec<GeneRange>) -> Result<Self, SearchError> {
		if genes.is_empty() {
			return Err(SearchError::Empty);
		}
		let mut deciding = Vec::with_capacity(genes.len());
		for (at, gene) in genes.iter().enumerate() {
			let (name, earlier) = (|| gene.name.clone(), &genes[..at]);
			if gene.lo > gene.hi {
				return Err(SearchError::Bounds { gene: name(), lo: gene.lo, hi: gene.hi });
			}
			if gene.scale == Scale::Log && gene.lo < 1 {
				return Err(SearchError::LogBounds { gene: name(), lo: gene.lo });
			}
			if earlier.iter().any(|other| other.name == gene.name) {
				return Err(SearchError::DuplicateGene { gene: name() });
			}
			deciding.push(match &gene.used_if {
				None => None,
				Some(condition) => match earlier.iter().position(|other| other.name == condition.gene) {
					None => return Err(SearchError::Condition { gene: name(), other: condition.gene.clone() }),
					decides => decides,
				},
			});
		}
		Ok(Self { genes, deciding })
	}

	/// Returns the genes.
	pub fn genes(&self) -> &[GeneRange] {
		&self.genes
	}

	/// Returns the number of points, saturating. Points that differ only in genes that are not used count apart.
	pub fn size(&self) -> u128 {
		self.genes.iter().fold(1u128, |size, gene| size.saturating_mul(gene.span() + 1))
	}

	/// Checks that `candidate` is a point of this space.
	///
	/// # Errors
	/// Errors if it has another number of genes, or if a gene is out of its bounds.
	pub fn check(&self, candidate: &[i64]) -> Result<(), SearchError> {
		if candidate.len() != self.genes.len() {
			return Err(SearchError::Length { expected: self.genes.len(), found: candidate.len() });
		}
		for (gene, &value) in self.genes.iter().zip(candidate) {
			if !(gene.lo..=gene.hi).contains(&value) {
				return Err(SearchError::Outside { gene: gene.name.clone(), value, lo: gene.lo, hi: gene.hi });
			}
		}
		Ok(())
	}

	/// Returns a point of this space in its canonical form.
	pub fn canonical(&self, mut candidate: Vec<i64>) -> Vec<i64> {
		let mut used = vec![true; self.genes.len()];
		for (at, gene) in self.genes.iter().enumerate() {
			let (Some(condition), Some(decides)) = (&gene.used_if, self.deciding[at]) else { continue };
			used[at] = used[decides] && condition.values.contains(&candidate[decides]);
			if !used[at] {
				candidate[at] = gene.lo;
			}
		}
		candidate
	}

	/// Returns a point of this space in its canonical form.
	///
	/// # Errors
	/// Errors as [`Space::check`] does.
	pub(crate) fn checked(&self, candidate: &[i64]) -> Result<Vec<i64>, SearchError> {
		self.check(candidate)?;
		Ok(self.canonical(candidate.to_vec()))
	}

	/// Returns named genes as a point of this space in its canonical form, and whether a gene was moved into its bounds.
	///
	/// # Errors
	/// Errors if a gene is missing, unknown or named twice.
	pub fn adopt(&self, named: &[(String, i64)]) -> Result<(Vec<i64>, bool), SearchError> {
		if let Some((name, _)) = named.iter().find(|(name, _)| self.genes.iter().all(|gene| gene.name != *name)) {
			return Err(SearchError::UnknownGene { gene: name.clone(), known: self.names().join(", ") });
		}
		let value_of = |gene: &GeneRange| {
			let mut values = named.iter().filter(|(name, _)| *name == gene.name).map(|(_, value)| *value);
			match (values.next(), values.next()) {
				(Some(value), None) => Ok(value),
				(None, _) => Err(SearchError::MissingGene { gene: gene.name.clone() }),
				(Some(_), Some(_)) => Err(SearchError::DuplicateGene { gene: gene.name.clone() }),
			}
		};
		let values = self.genes.iter().map(value_of).collect::<Result<Vec<_>, _>>()?;
		let moved: Vec<_> = self.genes.iter().zip(&values).map(|(gene, value)| (*value).clamp(gene.lo, gene.hi)).collect();
		let is_moved = moved != values;
		Ok((self.canonical(moved), is_moved))
	}

	/// Returns the point that has most of the named genes: those out of bounds are moved into them, those that are missing have the middle
	/// of their scale, and a category its first value. Unknown genes are left out.
	pub fn nearest(&self, named: &[(String, i64)]) -> Vec<i64> {
		let value_of = |gene: &GeneRange| match named.iter().find(|(name, _)| *name == gene.name) {
			Some((_, value)) => (*value).clamp(gene.lo, gene.hi),
			None => gene.middle(),
		};
		self.canonical(self.genes.iter().map(value_of).collect())
	}

	/// Returns the genes of a point with their names.
	pub fn named(&self, candidate: &[i64]) -> Vec<(String, i64)> {
		self.genes.iter().map(|gene| gene.name.clone()).zip(candidate.iter().copied()).collect()
	}

	/// Returns the names of the genes.
	fn names(&self) -> Vec<&str> {
		self.genes.iter().map(|gene| &gene.name[..]).collect()
	}

	/// Returns the point at the positions `positions`, one per gene.
	pub(crate) fn at_positions(&self, positions: &[u32]) -> Vec<i64> {
		self.genes.iter().zip(positions).map(|(gene, position)| gene.at_position(*position)).collect()
	}

	/// Returns the positions of a point, one per gene.
	pub(crate) fn positions(&self, candidate: &[i64]) -> Vec<u32> {
		self.genes.iter().zip(candidate).map(|(gene, value)| gene.position(*value)).collect()
	}

	/// Returns a point drawn uniformly on the scale of each gene.
	pub(crate) fn sample(&self, random: &mut Random) -> Vec<i64> {
		self.genes.iter().map(|gene| gene.sample(random)).collect()
	}

	/// Returns point `index` in lexicographic order, modulo the size.
	pub(crate) fn point(&self, mut index: u128) -> Vec<i64> {
		let mut values = vec![0; self.genes.len()];
		for (value, gene) in values.iter_mut().zip(&self.genes).rev() {
			let count = gene.span() + 1;
			*value = gene.at(index % count);
			index /= count;
		}
		values
	}
}

impl GeneRange {
	/// Returns a gene on a linear scale.
	pub fn linear(name: &str, lo: i64, hi: i64) -> Self {
		Self { name: name.into(), lo, hi, scale: Scale::Linear, used_if: None }
	}

	/// Returns a gene on a logarithmic scale.
	pub fn log(name: &str, lo: i64, hi: i64) -> Self {
		Self { scale: Scale::Log, ..Self::linear(name, lo, hi) }
	}

	/// Returns a gene with `count` categories, numbered from 0 on; at least one.
	pub fn category(name: &str, count: u32) -> Self {
		Self { scale: Scale::Category, ..Self::linear(name, 0, i64::from(count.saturating_sub(1))) }
	}

	/// Uses the gene only if gene `gene` has one of `values`.
	pub fn used_if(self, gene: &str, values: &[i64]) -> Self {
		Self { used_if: Some(Condition { gene: gene.into(), values: values.into() }), ..self }
	}

	/// Returns `hi − lo`.
	fn span(&self) -> u128 {
		u128::from(self.hi.abs_diff(self.lo))
	}

	/// Returns `lo + offset`, for an offset of at most `hi − lo`.
	fn at(&self, offset: u128) -> i64 {
		// `hi − lo` fits `u64`, so that the wrapping sum lies within the bounds.
		self.lo.wrapping_add(offset as u64 as i64)
	}

	/// Returns the positions of the lower bound and of the integer above the upper bound on the logarithmic scale, so that every
	/// integer has its share.
	fn log_bounds(&self) -> (u64, u64) {
		let lo = log2(self.lo.unsigned_abs());
		(lo, log2(self.hi.unsigned_abs().saturating_add(1)).max(lo + 1))
	}

	/// Returns a value drawn uniformly on the scale of the gene.
	fn sample(&self, random: &mut Random) -> i64 {
		if self.scale == Scale::Log {
			let (lo, hi) = self.log_bounds();
			return self.value_at(lo + random.up_to(hi - lo - 1));
		}
		self.at(random.up_to(self.hi.abs_diff(self.lo)).into())
	}

	/// Returns the value at a position on the logarithmic scale, within the bounds.
	fn value_at(&self, position: u64) -> i64 {
		i64::try_from(exp2(position)).unwrap_or(i64::MAX).clamp(self.lo, self.hi)
	}

	/// Returns the value at `position`, which counts from the lower bound to above the upper one in 2³² parts of the scale of the gene.
	pub(crate) fn at_position(&self, position: u32) -> i64 {
		if self.scale == Scale::Log {
			let (lo, hi) = self.log_bounds();
			return self.value_at(lo + ((u128::from(position) * u128::from(hi - lo)) >> 32) as u64);
		}
		self.at((u128::from(position) * (self.span() + 1)) >> 32)
	}

	/// Returns the value in the middle of the scale; the first value of a category.
	pub(crate) fn middle(&self) -> i64 {
		if self.scale == Scale::Category {
			self.lo
		} else {
			self.at_position(1 << 31)
		}
	}

	/// Returns the position in the middle of the part that `value` has.
	pub(crate) fn position(&self, value: i64) -> u32 {
		let (before, part, whole) = if self.scale == Scale::Log {
			let (lo, hi) = self.log_bounds();
			let [from, to] =
				[value.unsigned_abs(), value.unsigned_abs().saturating_add(1)].map(|value| log2(value).clamp(lo, hi));
			(u128::from(from - lo), u128::from(to - from), u128::from(hi - lo))
		} else {
			(u128::from(value.abs_diff(self.lo)), 1, self.span() + 1)
		};
		u32::try_from((((before << 32) + (part << 31)) / whole).min(u128::from(u32::MAX))).unwrap_or(u32::MAX)
	}

	/// Returns the share of the scale that one value has, at least. Steps below it change nothing.
	pub(crate) fn cell(&self) -> f64 {
		match self.scale {
			Scale::Log => {
				let (lo, hi) = self.log_bounds();
				let narrowest = log2(self.hi.unsigned_abs().saturating_add(1)).saturating_sub(log2(self.hi.unsigned_abs()));
				narrowest as f64 / (hi - lo) as f64
			}
			_ => 1.0 / (self.span() as f64 + 1.0),
		}
	}

	/// Returns `value` moved by the distance from `from` to `to` on the scale of the gene.
	pub(crate) fn translate(&self, value: i64, from: i64, to: i64) -> i64 {
		if self.scale == Scale::Category {
			// There is no distance between categories.
			return if from == to { value } else { to };
		}
		if self.scale == Scale::Log {
			let [value, from, to] = [value, from, to].map(|value| log2(value.unsigned_abs()));
			return self.value_at((value + to).saturating_sub(from));
		}
		let moved = i128::from(value) + i128::from(to) - i128::from(from);
		moved.clamp(self.lo.into(), self.hi.into()) as i64
	}

	/// Returns `base + scale/1000·(to − from)` on the scale of the gene, or a value drawn uniformly if that is out of bounds.
	pub(crate) fn differ(&self, [base, from, to]: [i64; 3], scale: u16, random: &mut Random) -> i64 {
		if self.scale == Scale::Category {
			return self.translate(base, from, to);
		}
		let [at, from, to] = [base, from, to].map(|value| i64::from(self.position(value)));
		match u32::try_from(at + (to - from) * i64::from(scale) / 1000) {
			// Equal parents leave the base as it is, whose position is exact only to the width of a part.
			Ok(_) if from == to => base,
			Ok(position) => self.at_position(position),
			Err(_) => self.sample(random),
		}
	}

	/// Returns another value near `value`. The magnitude of the step is distributed evenly over all powers of two up to the whole
	/// range, so that one operator both explores and refines.
	pub(crate) fn mutate(&self, value: i64, random: &mut Random) -> i64 {
		if self.lo == self.hi {
			return value;
		}
		if self.scale == Scale::Category {
			// Each other category alike.
			let drawn = self.at(random.up_to(self.hi.abs_diff(self.lo) - 1).into());
			return if drawn >= value { drawn + 1 } else { drawn };
		}
		let up = match value {
			_ if value <= self.lo => true,
			_ if value >= self.hi => false,
			_ => random.below(2) == 1,
		};
		let moved = if self.scale == Scale::Log {
			let (lo, hi) = self.log_bounds();
			let step = random.step(hi - lo);
			let position = log2(value.unsigned_abs());
			self.value_at(if up { position.saturating_add(step) } else { position.saturating_sub(step) })
		} else {
			let step = random.step(self.hi.abs_diff(self.lo));
			if up {
				self.hi.min(value.saturating_add_unsigned(step))
			} else {
				self.lo.max(value.saturating_sub_unsigned(step))
			}
		};
		match (moved == value, up) {
			(false, _) => moved,
			(true, true) => value + 1,
			(true, false) => value - 1,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn an_invalid_space_is_refused_with_the_gene() {
		assert_eq!(Space::new(vec![]), Err(SearchError::Empty));
		assert_eq!(Space::new(vec![GeneRange::linear("a", 2, 1)]), Err(SearchError::Bounds { gene: "a".into(), lo: 2, hi: 1 }));
		assert_eq!(Space::new(vec![GeneRange::log("a", 0, 1)]), Err(SearchError::LogBounds { gene: "a".into(), lo: 0 }));
		let twice = vec![GeneRange::linear("a", 0, 1), GeneRange::linear("a", 0, 1)];
		assert_eq!(Space::new(twice), Err(SearchError::DuplicateGene { gene: "a".into() }));
	}

	#[test]
	fn candidates_of_another_space_are_refused() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 9), GeneRange::log("b", 1, 9)]).unwrap();
		assert_eq!(space.size(), 90);
		assert_eq!(space.check(&[0]), Err(SearchError::Length { expected: 2, found: 1 }));
		assert_eq!(space.check(&[0, 10]), Err(SearchError::Outside { gene: "b".into(), value: 10, lo: 1, hi: 9 }));
		assert_eq!(space.check(&[9, 1]), Ok(()));
		assert_eq!(space.point(0), [0, 1]);
		assert_eq!(space.point(89), [9, 9]);
	}

	/// A family, a kernel of family 1, and a stride of kernels of 2.
	fn conditional() -> Space {
		let kernel = GeneRange::linear("kernel", 0, 2).used_if("family", &[1]);
		let stride = GeneRange::linear("stride", 0, 2).used_if("kernel", &[2]);
		Space::new(vec![GeneRange::category("family", 3), kernel, stride]).unwrap()
	}

	#[test]
	fn genes_that_are_not_used_have_their_lower_bounds() {
		let space = conditional();
		for (genes, canonical) in [([0, 2, 2], [0, 0, 0]), ([1, 1, 2], [1, 1, 0]), ([1, 2, 2], [1, 2, 2]), ([2, 2, 1], [2, 0, 0])]
		{
			assert_eq!(space.canonical(genes.to_vec()), canonical);
		}
		let later = vec![GeneRange::linear("a", 0, 1).used_if("b", &[1]), GeneRange::linear("b", 0, 1)];
		assert_eq!(Space::new(later), Err(SearchError::Condition { gene: "a".into(), other: "b".into() }));
	}

	#[test]
	fn genes_of_another_space_are_moved_into_its_bounds_or_refused() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 9), GeneRange::log("b", 1, 9)]).unwrap();
		let named = |genes: &[(&str, i64)]| genes.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<Vec<_>>();
		assert_eq!(space.adopt(&named(&[("b", 3), ("a", 4)])), Ok((vec![4, 3], false)));
		assert_eq!(space.adopt(&named(&[("b", 30), ("a", -4)])), Ok((vec![0, 9], true)));
		let unknown = SearchError::UnknownGene { gene: "c".into(), known: "a, b".into() };
		assert_eq!(space.adopt(&named(&[("a", 1), ("b", 1), ("c", 1)])), Err(unknown));
		assert_eq!(space.adopt(&named(&[("a", 1)])), Err(SearchError::MissingGene { gene: "b".into() }));
		assert_eq!(space.adopt(&space.named(&[4, 3])), Ok((vec![4, 3], false)));
	}

	#[test]
	fn every_other_category_is_as_likely() {
		let gene = GeneRange::category("family", 4);
		let mut random = Random::new(9, 0);
		let mut counts = [0u32; 4];
		for _ in 0..3_000 {
			counts[gene.mutate(2, &mut random) as usize] += 1;
		}
		assert!(counts[2] == 0 && [0, 1, 3].iter().all(|at| (900..1_100).contains(&counts[*at])), "{counts:?}");
	}

	#[test]
	fn a_logarithmic_gene_gives_every_octave_its_share() {
		let gene = GeneRange::log("rate", 1, 1023);
		let mut random = Random::new(7, 0);
		let mut octaves = [0u32; 10];
		for _ in 0..10_000 {
			octaves[gene.sample(&mut random).ilog2() as usize] += 1;
		}
		assert!(octaves.iter().all(|&n| (850..1150).contains(&n)), "{octaves:?}");
	}

	proptest! {
		#[test]
		fn samples_and_mutants_keep_their_bounds(a: i64, b: i64, kind in 0..3, seed: u64) {
			let scale = [Scale::Linear, Scale::Log, Scale::Category][kind as usize];
			let (mut lo, mut hi) = (a.min(b), a.max(b));
			if scale == Scale::Log {
				lo = lo.checked_abs().unwrap_or(1).max(1);
				hi = hi.checked_abs().unwrap_or(1).max(lo);
			}
			let gene = GeneRange { scale, ..GeneRange::linear("g", lo, hi) };
			let mut random = Random::new(seed, 0);
			for _ in 0..20 {
				let value = gene.sample(&mut random);
				prop_assert!((lo..=hi).contains(&value));
				let mutant = gene.mutate(value, &mut random);
				prop_assert!((lo..=hi).contains(&mutant));
				prop_assert!(mutant != value || lo == hi);
				let other = gene.sample(&mut random);
				prop_assert!((lo..=hi).contains(&gene.translate(mutant, value, other)));
				prop_assert!((lo..=hi).contains(&gene.at_position(random.below(u32::MAX))));
			}
			prop_assert_eq!((gene.at_position(0), gene.at_position(u32::MAX) <= hi), (lo, true));
		}

		#[test]
		fn a_value_is_found_again_at_its_position(lo in 1i64..1_000, span in 0i64..5_000, offset in 0i64..5_000, log: bool) {
			let gene = if log { GeneRange::log("g", lo, lo + span) } else { GeneRange::linear("g", lo, lo + span) };
			let value = lo + offset.min(span);
			prop_assert_eq!(gene.at_position(gene.position(value)), value);
		}

		#[test]
		fn a_canonical_candidate_stays_as_it_is(genes in prop::collection::vec(0i64..3, 3)) {
			let space = conditional();
			let canonical = space.canonical(genes);
			prop_assert_eq!(space.check(&canonical), Ok(()));
			prop_assert_eq!(space.canonical(canonical.clone()), canonical);
		}
	}
}
