//! What a worker does for its money.

pub mod evaluate;
pub mod optimize;

use crate::{config::Config, journal::Journal, problem::Library};
use doin_chain::{Chain, Head};
use doin_compute::gpu::Devices;
use doin_primitives::{blake2_256, RoundId, RoundParams};
use std::{
	collections::BTreeSet,
	sync::{Arc, Mutex},
};

/// What every role works with.
#[derive(Clone)]
pub struct Context {
	/// The chain.
	pub chain: Chain,
	/// Domains and models.
	pub library: Arc<Library>,
	/// Promises.
	pub journal: Arc<Journal>,
	/// What the user asked for.
	pub config: Arc<Config>,
	/// Lengths of phases.
	pub params: RoundParams,
	/// Cores for what has a deadline.
	pub urgent: Arc<rayon::ThreadPool>,
	/// GPUs for the search.
	pub devices: Arc<Devices>,
}

impl Context {
	/// Archives promises whose time is over, and says which ones were broken.
	pub fn archive(&self, head: Head) -> anyhow::Result<()> {
		for lost in self.journal.archive_expired(head.number)? {
			let RoundId { domain, number } = lost.round;
			tracing::error!(
				"domain {domain} round {number}: a commitment of {} was never revealed, which costs a part of what it holds",
				lost.who
			);
		}
		Ok(())
	}

	/// Computes on the cores kept for what has a deadline, without holding up the network.
	pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
		let pool = self.urgent.clone();
		tokio::task::spawn_blocking(move || pool.install(work))
			.await
			.map_err(|e| anyhow::anyhow!("a computation was cut short: {e}"))
	}
}

/// Things being done, so that none is begun twice.
#[derive(Clone)]
pub struct InFlight<K>(Arc<Mutex<BTreeSet<K>>>);

/// A thing being done; it is over when this is dropped.
pub struct Flight<K: Ord>(InFlight<K>, Option<K>);

impl<K> Default for InFlight<K> {
	fn default() -> Self {
		Self(Default::default())
	}
}

impl<K: Ord + Clone> InFlight<K> {
	/// Begins `key`, unless it is being done.
	pub fn begin(&self, key: K) -> Option<Flight<K>> {
		let mut set = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
		set.insert(key.clone()).then(|| Flight(self.clone(), Some(key)))
	}
}

impl<K: Ord> Drop for Flight<K> {
	fn drop(&mut self) {
		if let Some(key) = self.1.take() {
			self.0 .0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(&key);
		}
	}
}

/// 32 fresh random bytes: a salt hides a payload, so it must not be guessed.
pub fn salt() -> [u8; 32] {
	rand::random()
}

/// A number in `0..bound` that only depends on `parts`; for spreading what several workers could do at once.
pub fn spread(parts: &[&[u8]], bound: u32) -> u32 {
	let hash = blake2_256(&parts.concat());
	u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) % bound.max(1)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn nothing_is_begun_twice_at_once() {
		let flights = InFlight::<u32>::default();
		let first = flights.begin(1).unwrap();
		assert!(flights.begin(1).is_none());
		assert!(flights.begin(2).is_some());
		drop(first);
		assert!(flights.begin(1).is_some());
	}

	#[test]
	fn salts_differ_and_spreads_stay_inside() {
		assert_ne!(salt(), salt());
		assert!((0..100u8).all(|i| spread(&[&[i]], 4) < 4));
		assert_eq!(spread(&[b"a"], 0), 0);
	}
}
