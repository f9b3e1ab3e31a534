//! Events as they happen: one feed, many readers.
//!
//! ```text
//!   Feed::publish ──▶ last 500 events ──▶ /api/events, and readers that come back
//!               └───▶ bounded channel ──▶ one reader per client of /events
//!   Feed::pass ──────────┘                  passing events: not kept, without an id
//! ```
//!
//! A publisher never waits. A reader that is more than 1,024 events behind gets a note and ends, so it delays no other reader. An
//! event is written as JSON once, however many readers it has.

use crate::shape::Event;
use parking_lot::Mutex;
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{broadcast, watch};

/// Events that a reader can be behind.
pub const BEHIND: usize = 1_024;
/// Events that are kept.
pub const KEPT: usize = 500;

/// Events of the chain and of the worker. Clones share them.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
	kept: Mutex<Kept>,
	sender: broadcast::Sender<Arc<Published>>,
}

#[derive(Default)]
struct Kept {
	events: VecDeque<Arc<Published>>,
	last: u64,
}

/// An event, and its JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
	/// The event.
	pub event: Event,
	/// The event as JSON, in one line.
	pub json: String,
}

impl From<Event> for Published {
	fn from(event: Event) -> Self {
		// An event has no form that JSON lacks.
		let json = serde_json::to_string(&event).unwrap_or_default();
		Self { event, json }
	}
}

/// Item of a [`Reader`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
	/// An event.
	Event(Arc<Published>),
	/// Number of events that the reader missed, because it was too slow. Nothing follows.
	Missed(u64),
}

/// One reader of a [`Feed`].
pub struct Reader {
	earlier: VecDeque<Arc<Published>>,
	receiver: broadcast::Receiver<Arc<Published>>,
	has_ended: bool,
}

impl Default for Feed {
	fn default() -> Self {
		Self(Arc::new(Inner { kept: Mutex::default(), sender: broadcast::Sender::new(BEHIND) }))
	}
}

impl Feed {
	/// Publishes an event to all readers, and keeps it.
	pub fn publish(&self, kind: impl Into<String>, block: Option<u32>, timestamp: Option<u64>, data: Value) {
		// The lock orders the channel as the ids are.
		let mut kept = self.0.kept.lock();
		kept.last += 1;
		let event = Arc::new(Published::from(Event { id: Some(kept.last), kind: kind.into(), block, timestamp, data }));
		if kept.events.len() == KEPT {
			kept.events.pop_front();
		}
		kept.events.push_back(event.clone());
		// Without a reader there is nobody to send to.
		let _ = self.0.sender.send(event);
	}

	/// Publishes an event to the present readers only. It has no id, and a reader that comes back does not get it.
	pub fn pass(&self, kind: impl Into<String>, block: Option<u32>, data: Value) {
		if self.readers() > 0 {
			let event = Event { id: None, kind: kind.into(), block, timestamp: None, data };
			let _ = self.0.sender.send(Arc::new(event.into()));
		}
	}

	/// Returns the newest `limit` events, oldest first.
	pub fn recent(&self, limit: usize) -> Vec<Event> {
		let kept = self.0.kept.lock();
		let skipped = kept.events.len().saturating_sub(limit);
		kept.events.iter().skip(skipped).map(|published| published.event.clone()).collect()
	}

	/// Returns a reader of the events from this time on; with `after`, of all kept events with a greater id first. An id that no event
	/// has yet is one of an earlier server, so all kept events follow.
	pub fn reader(&self, after: Option<u64>) -> Reader {
		let kept = self.0.kept.lock();
		let after = after.map(|after| if after > kept.last { 0 } else { after });
		let is_later = |published: &&Arc<Published>| after.is_some_and(|after| published.event.id > Some(after));
		let earlier = kept.events.iter().filter(is_later).cloned().collect();
		Reader { earlier, receiver: self.0.sender.subscribe(), has_ended: false }
	}

	/// Forgets the kept events. Later ones go on with the ids.
	pub fn clear(&self) {
		self.0.kept.lock().events.clear();
	}

	/// Returns the number of readers.
	pub fn readers(&self) -> usize {
		self.0.sender.receiver_count()
	}
}

impl Reader {
	/// Returns the next item, or `None` after the last one: after [`Item::Missed`], or once `stop` is `true`.
	pub async fn next(&mut self, stop: &mut watch::Receiver<bool>) -> Option<Item> {
		if self.has_ended {
			return None;
		}
		if let Some(event) = self.earlier.pop_front() {
			return Some(Item::Event(event));
		}
		tokio::select! {
			biased;
			() = stopped(stop) => None,
			received = self.receiver.recv() => match received {
				Ok(event) => Some(Item::Event(event)),
				Err(broadcast::error::RecvError::Closed) => None,
				Err(broadcast::error::RecvError::Lagged(missed)) => {
					self.has_ended = true;
					Some(Item::Missed(missed))
				}
			},
		}
	}
}

/// Waits until the server shuts down.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
	// An error means that the server is gone.
	let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
	use super::*;

	fn publish(feed: &Feed, count: usize) {
		(0..count).for_each(|number| feed.publish("test", None, None, number.into()));
	}

	async fn ids(reader: &mut Reader, count: usize) -> Vec<u64> {
		let (_go, mut stop) = watch::channel(false);
		let mut ids = Vec::new();
		for _ in 0..count {
			match reader.next(&mut stop).await {
				Some(Item::Event(published)) => ids.extend(published.event.id),
				other => panic!("{other:?}"),
			}
		}
		ids
	}

	#[tokio::test]
	async fn a_slow_reader_gets_a_note_and_ends_and_others_go_on() {
		let feed = Feed::default();
		let (_go, mut stop) = watch::channel(false);
		let (mut slow, mut quick) = (feed.reader(None), feed.reader(None));
		publish(&feed, BEHIND);
		assert_eq!(ids(&mut quick, BEHIND).await.len(), BEHIND);
		publish(&feed, 3);
		assert_eq!(slow.next(&mut stop).await, Some(Item::Missed(3)));
		assert_eq!(slow.next(&mut stop).await, None);
		assert_eq!(ids(&mut quick, 3).await, [1_025, 1_026, 1_027]);
	}

	#[tokio::test]
	async fn a_reader_that_comes_back_misses_nothing_that_is_kept() {
		let feed = Feed::default();
		publish(&feed, 5);
		let mut back = feed.reader(Some(3));
		publish(&feed, 1);
		assert_eq!(ids(&mut back, 3).await, [4, 5, 6]);
		let mut of_an_earlier_server = feed.reader(Some(1_000));
		publish(&feed, 1);
		assert_eq!(ids(&mut of_an_earlier_server, 7).await, [1, 2, 3, 4, 5, 6, 7]);
	}

	#[tokio::test]
	async fn a_reader_ends_with_the_server() {
		let feed = Feed::default();
		let (go, mut stop) = watch::channel(false);
		let mut reader = feed.reader(None);
		go.send_replace(true);
		assert_eq!(reader.next(&mut stop).await, None);
		drop(reader);
		assert_eq!(feed.readers(), 0);
	}

	#[test]
	fn a_bounded_number_of_events_is_kept() {
		let feed = Feed::default();
		publish(&feed, KEPT + 20);
		let recent = feed.recent(usize::MAX);
		assert_eq!((recent.len(), recent[0].id, recent[KEPT - 1].id), (KEPT, Some(21), Some(KEPT as u64 + 20)));
		assert_eq!(feed.recent(2).iter().filter_map(|event| event.id).collect::<Vec<_>>(), [519, 520]);
	}

	#[tokio::test]
	async fn a_passing_event_reaches_present_readers_only() {
		let feed = Feed::default();
		feed.pass("best", Some(1), Value::Null);
		let (_go, mut stop) = watch::channel(false);
		let mut reader = feed.reader(None);
		feed.pass("best", Some(2), Value::Null);
		match reader.next(&mut stop).await {
			Some(Item::Event(published)) => {
				assert_eq!((published.event.id, published.event.block), (None, Some(2)));
				assert!(published.json.starts_with(r#"{"id":null,"kind":"best""#), "{}", published.json);
			}
			other => panic!("{other:?}"),
		}
		assert!(feed.recent(9).is_empty());
		publish(&feed, 2);
		feed.clear();
		publish(&feed, 1);
		assert_eq!(feed.recent(9).iter().map(|event| event.id).collect::<Vec<_>>(), [Some(3)]);
	}
}
