//! Rate of events over a sliding window.

use std::time::Duration;

/// Length of a slot of the window.
const SLOT: Duration = Duration::from_secs(30);
/// Slots of the window, ten minutes together.
const SLOTS: u64 = 20;
/// Least time that a rate is computed over.
const LEAST: Duration = Duration::from_secs(5);
/// Milliseconds of an hour.
const HOUR: u128 = 3_600_000;

/// Events of the last ten minutes, counted in slots of half a minute.
#[derive(Clone, Debug)]
pub(super) struct Rate {
	begun: Duration,
	/// Number of the newest slot with a count.
	newest: u64,
	counts: [u32; SLOTS as usize],
}

impl Rate {
	/// Returns a rate without events, which are counted from the time `begun` on.
	pub(super) fn new(begun: Duration) -> Self {
		Self { begun, newest: slot(begun), counts: [0; SLOTS as usize] }
	}

	/// Counts an event at the time `now`. One that is older than the window is left out.
	pub(super) fn record(&mut self, now: Duration) {
		let slot = slot(now);
		for passed in (self.newest + 1..=slot).take(SLOTS as usize) {
			self.counts[(passed % SLOTS) as usize] = 0;
		}
		self.newest = self.newest.max(slot);
		if slot + SLOTS > self.newest {
			let count = &mut self.counts[(slot % SLOTS) as usize];
			*count = count.saturating_add(1);
		}
	}

	/// Returns the events per hour at the time `now`; `None` in the first seconds.
	pub(super) fn per_hour(&self, now: Duration) -> Option<u64> {
		let first = slot(now).saturating_sub(SLOTS - 1);
		let from = self.begun.max(SLOT * u32::try_from(first).unwrap_or(u32::MAX));
		let span = now.saturating_sub(from);
		if now.saturating_sub(self.begun) < LEAST {
			return None;
		}
		let counted = (self.newest + 1).saturating_sub(SLOTS).max(first)..=self.newest;
		let events: u64 = counted.map(|slot| u64::from(self.counts[(slot % SLOTS) as usize])).sum();
		Some((u128::from(events) * HOUR / span.as_millis().max(1)) as u64)
	}
}

/// Returns the number of the slot of a time.
fn slot(time: Duration) -> u64 {
	time.as_secs() / SLOT.as_secs()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn at(seconds: u64) -> Duration {
		Duration::from_secs(seconds)
	}

	#[test]
	fn a_rate_counts_from_the_begin_until_the_window_is_full() {
		let mut rate = Rate::new(at(100));
		assert_eq!(rate.per_hour(at(104)), None);
		assert_eq!(rate.per_hour(at(105)), Some(0));
		(0..10).for_each(|second| rate.record(at(100 + second)));
		assert_eq!(rate.per_hour(at(110)), Some(3_600));
		assert_eq!(rate.per_hour(at(460)), Some(100), "nothing came in six minutes");
	}

	#[test]
	fn events_leave_the_window_after_ten_minutes() {
		let mut rate = Rate::new(at(0));
		(0..60).for_each(|_| rate.record(at(10)));
		assert_eq!(rate.per_hour(at(570)), Some(378));
		assert_eq!(rate.per_hour(at(600)), Some(0));
		assert_eq!(rate.per_hour(at(1_000_000)), Some(0));
		(0..60).for_each(|_| rate.record(at(1_000_000)));
		rate.record(at(20));
		assert_eq!(rate.per_hour(at(1_000_000)), Some(60 * 3_600 / 580), "an event that came too late is left out");
	}

	#[test]
	fn a_steady_stream_has_its_rate_at_any_time() {
		let mut rate = Rate::new(at(7));
		for second in (10..5_000).step_by(3) {
			rate.record(at(second));
			let shown = rate.per_hour(at(second + 3)).unwrap();
			assert!((1_080..=1_200).contains(&shown) || second < 100, "{second}: {shown}");
		}
	}
}
