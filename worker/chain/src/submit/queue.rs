//! Nonces of the calls of one key that are in flight.
//!
//! Calls of a key are executed in the order of their nonces, so a call waits for every call with a lower nonce. Therefore the
//! tip of a call is at least that of each call behind it ([`Slot::outbid`]).

use doin_primitives::{pool_limits::MAX_PENDING, Balance};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::{watch, Semaphore, SemaphorePermit};

/// Calls of one key that are in flight at a time. Further ones wait.
pub(crate) const MAX_IN_FLIGHT: usize = 32;
// The pool of a node would refuse the rest.
const _: () = assert!(MAX_IN_FLIGHT < MAX_PENDING as usize);

/// Calls of one key that are in flight.
#[derive(Debug)]
pub(crate) struct Queue {
	places: Semaphore,
	slots: watch::Sender<Slots>,
}

/// Reserved nonces, each with the tip of its call in plancks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Slots(BTreeMap<u64, Balance>);

impl Slots {
	/// Reserves the lowest free nonce from `next` on.
	fn reserve(&mut self, next: u64) -> u64 {
		let nonce = (next..).find(|nonce| !self.0.contains_key(nonce)).unwrap_or(next);
		self.0.insert(nonce, 0);
		nonce
	}

	/// Returns the highest tip of the calls behind `nonce`.
	fn tip_behind(&self, nonce: u64) -> Balance {
		self.0.range(nonce.saturating_add(1)..).map(|(_, tip)| *tip).max().unwrap_or(0)
	}
}

impl Default for Queue {
	fn default() -> Self {
		Self { places: Semaphore::new(MAX_IN_FLIGHT), slots: watch::Sender::new(Slots::default()) }
	}
}

impl Queue {
	/// Waits until fewer than [`MAX_IN_FLIGHT`] calls are in flight. The place is free again when the permit is dropped.
	pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
		// The semaphore is never closed, so a permit is always returned.
		self.places.acquire().await.ok()
	}

	/// Reserves the lowest nonce from `next` on that no other call has.
	pub(super) fn reserve(self: &Arc<Self>, next: u64) -> Slot {
		let mut nonce = next;
		self.slots.send_modify(|slots| nonce = slots.reserve(next));
		Slot { queue: self.clone(), nonce }
	}

	/// Returns `true` if a call in flight has the nonce.
	pub(super) fn has(&self, nonce: u64) -> bool {
		self.slots.borrow().0.contains_key(&nonce)
	}
}

/// A reserved nonce. It is free again when the slot is dropped.
#[derive(Debug)]
pub(super) struct Slot {
	queue: Arc<Queue>,
	nonce: u64,
}

impl Slot {
	/// Returns the nonce.
	pub(super) fn nonce(&self) -> u64 {
		self.nonce
	}

	/// Publishes the tip of the next attempt, and returns the tip to sign with: at least that of every call behind it.
	pub(super) fn offer(&self, tip: Balance) -> Balance {
		let mut offered = tip;
		self.queue.slots.send_modify(|slots| {
			offered = tip.max(slots.tip_behind(self.nonce));
			slots.0.insert(self.nonce, offered);
		});
		offered
	}

	/// Waits until a call behind this one offers more than `tip` plancks.
	pub(super) async fn outbid(&self, tip: Balance) {
		let mut slots = self.queue.slots.subscribe();
		let behind = slots.wait_for(|slots| slots.tip_behind(self.nonce) > tip).await.is_ok();
		if !behind {
			std::future::pending::<()>().await;
		}
	}
}

impl Drop for Slot {
	fn drop(&mut self) {
		self.queue.slots.send_modify(|slots| {
			slots.0.remove(&self.nonce);
		});
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	#[tokio::test]
	async fn n14_several_calls_of_a_key_are_in_flight_with_nonces_of_their_own() {
		let queue = Arc::new(Queue::default());
		let (a, b, c) = (queue.reserve(7), queue.reserve(7), queue.reserve(7));
		assert_eq!([a.nonce(), b.nonce(), c.nonce()], [7, 8, 9]);
		drop(b);
		assert!(!queue.has(8) && queue.has(9));
		assert_eq!(queue.reserve(7).nonce(), 8, "a free nonce is filled, since calls behind it wait for it");
		assert_eq!(queue.reserve(12).nonce(), 12);
	}

	#[tokio::test]
	async fn a_call_offers_as_much_as_the_calls_behind_it() {
		let queue = Arc::new(Queue::default());
		let (first, second) = (queue.reserve(1), queue.reserve(1));
		assert_eq!((first.offer(0), second.offer(500)), (0, 500));
		tokio::time::timeout(Duration::from_secs(5), first.outbid(0)).await.expect("the second call offers more");
		assert_eq!(first.offer(20), 500);
		assert!(tokio::time::timeout(Duration::from_millis(20), first.outbid(500)).await.is_err());
		assert!(tokio::time::timeout(Duration::from_millis(20), second.outbid(0)).await.is_err(), "no call is behind it");
	}

	#[tokio::test]
	async fn calls_in_flight_are_bounded() {
		let queue = Queue::default();
		let mut places = Vec::new();
		for _ in 0..MAX_IN_FLIGHT {
			places.push(queue.enter().await);
		}
		assert!(tokio::time::timeout(Duration::from_millis(20), queue.enter()).await.is_err());
		places.pop();
		assert!(queue.enter().await.is_some());
	}
}
