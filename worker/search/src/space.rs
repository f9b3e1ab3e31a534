//! Search spaces: named integer genes with bounds.

use crate::{
	random::Random,
	scale::{exp2, log2},
	SearchError,
};

/// One dimension of a space: an integer in `lo..=hi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneRange {
	/// Name of the gene, unique in its space.
	pub name: String,
	/// Lower bound.
	pub lo: i64,
	/// Upper bound, at least `lo`.
	pub hi: i64,
	/// `true` for a logarithmic scale, on which steps are proportional to the value. `lo` is at least 1 then.
	pub log: bool,
}

/// A search space. A candidate is a vector with one value per gene, in the order of the genes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
	genes: Vec<GeneRange>,
}

impl Space {
	/// Returns a space of `genes`.
	///
	/// # Errors
	/// Errors if there are no genes, if two genes have the same name, if a lower bound exceeds its upper bound, or if the lower
	/// bound of a logarithmic gene is below 1.
	pub fn new(genes: Vec<GeneRange>) -> Result<Self, SearchError> {
		if genes.is_empty() {
			return Err(SearchError::Empty);
		}
		for (at, gene) in genes.iter().enumerate() {
			if gene.lo > gene.hi {
				return Err(SearchError::Bounds { gene: gene.name.clone(), lo: gene.lo, hi: gene.hi });
			}
			if gene.log && gene.lo < 1 {
				return Err(SearchError::LogBounds { gene: gene.name.clone(), lo: gene.lo });
			}
			if genes[..at].iter().any(|other| other.name == gene.name) {
				return Err(SearchError::DuplicateGene { gene: gene.name.clone() });
			}
		}
		Ok(Self { genes })
	}

	/// Returns the genes.
	pub fn genes(&self) -> &[GeneRange] {
		&self.genes
	}

	/// Returns the number of points, saturating.
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
		Self { name: name.into(), lo, hi, log: false }
	}

	/// Returns a gene on a logarithmic scale.
	pub fn log(name: &str, lo: i64, hi: i64) -> Self {
		Self { name: name.into(), lo, hi, log: true }
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
		if self.log {
			let (lo, hi) = self.log_bounds();
			return self.value_at(lo + random.up_to(hi - lo - 1));
		}
		self.at(random.up_to(self.hi.abs_diff(self.lo)).into())
	}

	/// Returns the value at a position on the logarithmic scale, within the bounds.
	fn value_at(&self, position: u64) -> i64 {
		i64::try_from(exp2(position)).unwrap_or(i64::MAX).clamp(self.lo, self.hi)
	}

	/// Returns `value` moved by the distance from `from` to `to` on the scale of the gene.
	pub(crate) fn translate(&self, value: i64, from: i64, to: i64) -> i64 {
		if self.log {
			let [value, from, to] = [value, from, to].map(|value| log2(value.unsigned_abs()));
			return self.value_at((value + to).saturating_sub(from));
		}
		let moved = i128::from(value) + i128::from(to) - i128::from(from);
		moved.clamp(self.lo.into(), self.hi.into()) as i64
	}

	/// Returns another value near `value`. The magnitude of the step is distributed evenly over all powers of two up to the whole
	/// range, so that one operator both explores and refines.
	pub(crate) fn mutate(&self, value: i64, random: &mut Random) -> i64 {
		if self.lo == self.hi {
			return value;
		}
		let up = match value {
			_ if value <= self.lo => true,
			_ if value >= self.hi => false,
			_ => random.below(2) == 1,
		};
		let moved = if self.log {
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

	#[test]
	fn a_logarithmic_gene_gives_every_octave_its_share() {
		let gene = GeneRange::log("rate", 1, 1023);
		let mut random = Random::new(7);
		let mut octaves = [0u32; 10];
		for _ in 0..10_000 {
			octaves[gene.sample(&mut random).ilog2() as usize] += 1;
		}
		assert!(octaves.iter().all(|&n| (850..1150).contains(&n)), "{octaves:?}");
	}

	proptest! {
		#[test]
		fn samples_and_mutants_keep_their_bounds(a: i64, b: i64, log: bool, seed: u64) {
			let (mut lo, mut hi) = (a.min(b), a.max(b));
			if log {
				lo = lo.checked_abs().unwrap_or(1).max(1);
				hi = hi.checked_abs().unwrap_or(1).max(lo);
			}
			let gene = GeneRange { name: "g".into(), lo, hi, log };
			let mut random = Random::new(seed);
			for _ in 0..20 {
				let value = gene.sample(&mut random);
				prop_assert!((lo..=hi).contains(&value));
				let mutant = gene.mutate(value, &mut random);
				prop_assert!((lo..=hi).contains(&mutant));
				prop_assert!(mutant != value || lo == hi);
				let other = gene.sample(&mut random);
				prop_assert!((lo..=hi).contains(&gene.translate(mutant, value, other)));
			}
		}
	}
}
