//! Parts of the data of a domain.

use crate::Fault;
use alloc::{collections::BTreeMap, vec::Vec};
use core::ops::Range;

/// Parts of a sequence of units, by the place of their first unit. A unit is a value of a series, or a byte of rows. The
/// sequence has the published data, then the opened segments, as the runtime counts them.
#[derive(Clone, Debug)]
pub struct Parts<T>(BTreeMap<u32, Vec<T>>);

impl<T> Default for Parts<T> {
	fn default() -> Self {
		Self(BTreeMap::new())
	}
}

impl<T: Clone> Parts<T> {
	/// Inserts the units from place `first` on.
	pub fn insert(&mut self, first: u32, units: Vec<T>) {
		self.0.insert(first, units);
	}

	/// Returns the units `range`, which can lie in several parts.
	///
	/// # Errors
	///
	/// Fails with [`Fault::NotPassed`] if a unit of the range is in no part.
	pub fn range(&self, range: Range<u32>) -> Result<Vec<T>, Fault> {
		let mut units = Vec::new();
		let mut at = range.start;
		while at < range.end {
			let (first, part) = self.0.range(..=at).next_back().ok_or(Fault::NotPassed)?;
			let from = at.saturating_sub(*first) as usize;
			let to = part.len().min(from.saturating_add(range.end.saturating_sub(at) as usize));
			let found = part.get(from..to).filter(|found| !found.is_empty()).ok_or(Fault::NotPassed)?;
			units.extend_from_slice(found);
			at = at.saturating_add(found.len() as u32);
		}
		Ok(units)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_range_spans_parts_that_follow_one_another() {
		let mut parts = Parts::default();
		parts.insert(0, (0..5u8).collect());
		parts.insert(5, vec![5, 6]);
		parts.insert(9, vec![9]);
		assert_eq!(parts.range(0..7), Ok((0..7).collect()));
		assert_eq!(parts.range(4..6), Ok(vec![4, 5]));
		assert_eq!((parts.range(9..10), parts.range(3..3)), (Ok(vec![9]), Ok(Vec::new())));
		for gap in [6..8, 7..8, 8..10, 9..11] {
			assert_eq!(parts.range(gap), Err(Fault::NotPassed));
		}
		assert_eq!(Parts::<u8>::default().range(0..1), Err(Fault::NotPassed));
	}
}
