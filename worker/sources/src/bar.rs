//! Bars of a stream: their times and their values.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Milliseconds since 1970-01-01 00:00 UTC.
pub type Millis = u64;

/// Values of bars in the order of [`Layout::fields`], by the times at which the bars end.
pub type Bars = BTreeMap<Millis, Vec<i64>>;

/// A value of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Field {
	/// Last price.
	Close,
	/// Highest price.
	High,
	/// Lowest price.
	Low,
	/// Traded quantity.
	Volume,
}

impl Field {
	/// Fields in the order in which programs print them and files have them, after the timestamp.
	pub const ALL: [Self; 4] = [Self::Close, Self::High, Self::Low, Self::Volume];
}

/// Moment of a bar that a source states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stamp {
	/// The bar begins. Exchanges state this one.
	Open,
	/// The bar ends.
	Close,
}

/// Form of the bars of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
	/// Length of a bar, in milliseconds; never 0.
	pub bar: Millis,
	/// End of the first bar of the stream. The ends of all bars are multiples of the length away from it.
	pub origin: Millis,
	/// Values of a bar, without repetitions.
	pub fields: Vec<Field>,
	/// Decimals of the values: a value is an integer of 10^−`decimals`.
	pub decimals: u8,
}

impl Layout {
	/// Returns the end of the bar that a source states by `time`, or `None` if no bar begins or ends then. The last millisecond of a bar
	/// stands for its end, as exchanges write it.
	pub fn end_of(&self, time: Millis, stamp: Stamp) -> Option<Millis> {
		let end = match stamp {
			Stamp::Open => time.checked_add(self.bar)?,
			Stamp::Close if self.is_end(time) => time,
			Stamp::Close => time.checked_add(1)?,
		};
		self.is_end(end).then_some(end)
	}

	/// Returns `true` if a bar of the grid ends at this time.
	pub fn is_end(&self, time: Millis) -> bool {
		self.bar > 0 && time.abs_diff(self.origin).is_multiple_of(self.bar)
	}

	/// Returns the number of a bar by its end, counted from the first one of the stream; `None` for an earlier bar and for another time.
	pub fn index(&self, end: Millis) -> Option<u64> {
		let since = end.checked_sub(self.origin)?;
		self.is_end(end).then(|| since / self.bar)
	}

	/// Returns the last end of a bar at or before `time`; `None` if that is before 1970.
	pub fn last_end(&self, time: Millis) -> Option<Millis> {
		let phase = self.origin.checked_rem(self.bar)?;
		Some(time.checked_sub(phase)? / self.bar * self.bar + phase)
	}
}

/// Bars that a source is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
	/// End of the first bar.
	pub first: Millis,
	/// End of the last bar.
	pub last: Millis,
	/// Present time, as the chain knows it. No bar that ends later is true yet.
	pub now: Millis,
}

impl Wanted {
	/// Returns the ends of the bars.
	pub fn ends(&self, layout: &Layout) -> impl Iterator<Item = Millis> {
		let (first, bar) = (self.first, layout.bar);
		(0..self.count(layout)).map(move |bars| first + bars * bar)
	}

	/// Returns the number of bars.
	pub fn count(&self, layout: &Layout) -> u64 {
		match self.last.checked_sub(self.first) {
			Some(span) if layout.bar > 0 => span / layout.bar + 1,
			_ => 0,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{layout, BAR, ORIGIN};

	#[test]
	fn a_bar_is_known_by_its_end() {
		let layout = layout();
		assert_eq!(layout.end_of(ORIGIN, Stamp::Close), Some(ORIGIN));
		assert_eq!(layout.end_of(ORIGIN - 1, Stamp::Close), Some(ORIGIN), "as exchanges write a close time");
		assert_eq!(layout.end_of(ORIGIN - BAR, Stamp::Open), Some(ORIGIN));
		assert_eq!(layout.end_of(ORIGIN - 1, Stamp::Open), None);
		assert_eq!(layout.end_of(ORIGIN + 2, Stamp::Close), None);
		assert_eq!((layout.end_of(u64::MAX, Stamp::Open), layout.end_of(u64::MAX, Stamp::Close)), (None, None));
	}

	#[test]
	fn bars_are_counted_from_the_first_one() {
		let layout = layout();
		assert_eq!([0, BAR, 7 * BAR].map(|since| layout.index(ORIGIN + since)), [Some(0), Some(1), Some(7)]);
		assert_eq!([ORIGIN - BAR, ORIGIN + 1].map(|end| layout.index(end)), [None, None]);
		assert_eq!([ORIGIN - 1, ORIGIN, ORIGIN + 1].map(|time| layout.last_end(time)), [ORIGIN - BAR, ORIGIN, ORIGIN].map(Some));
	}

	#[test]
	fn the_ends_of_wanted_bars_are_listed() {
		let layout = layout();
		let wanted = Wanted { first: ORIGIN, last: ORIGIN + 2 * BAR, now: 0 };
		assert_eq!(wanted.ends(&layout).collect::<Vec<_>>(), [ORIGIN, ORIGIN + BAR, ORIGIN + 2 * BAR]);
		assert_eq!(wanted.count(&layout), 3);
		let none = Wanted { first: ORIGIN, last: ORIGIN - BAR, now: 0 };
		assert_eq!((none.ends(&layout).count(), none.count(&layout)), (0, 0));
	}
}
