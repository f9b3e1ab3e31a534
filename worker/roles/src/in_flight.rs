//! A set of running duties, which keeps a duty from being started twice.

use parking_lot::Mutex;
use std::{collections::BTreeSet, sync::Arc};

/// Keys of the duties that are running. Clones share the set.
#[derive(Clone, Debug)]
pub struct InFlight<K>(Arc<Mutex<BTreeSet<K>>>);

/// A running duty. Its key leaves the set when this guard is dropped.
#[derive(Debug)]
pub struct Flight<K: Ord> {
	set: InFlight<K>,
	key: K,
}

impl<K> Default for InFlight<K> {
	fn default() -> Self {
		Self(Arc::default())
	}
}

impl<K: Ord + Clone> InFlight<K> {
	/// Enters `key` into the set, or returns `None` if it is there.
	pub fn begin(&self, key: K) -> Option<Flight<K>> {
		self.0.lock().insert(key.clone()).then(|| Flight { set: self.clone(), key })
	}
}

impl<K: Ord> Drop for Flight<K> {
	fn drop(&mut self) {
		self.set.0.lock().remove(&self.key);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_duty_is_started_again_only_after_it_has_ended() {
		let flights = InFlight::<u32>::default();
		let first = flights.begin(1).unwrap();
		assert!(flights.begin(1).is_none());
		assert!(flights.begin(2).is_some());
		drop(first);
		assert!(flights.begin(1).is_some());
	}
}
