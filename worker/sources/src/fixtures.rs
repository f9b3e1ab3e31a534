//! Streams and spans for tests.

use crate::bar::{Field, Layout, Millis, Wanted};

/// Length of a bar: five minutes.
pub(crate) const BAR: Millis = 300_000;
/// End of the first bar: 2026-01-31 12:05 UTC.
pub(crate) const ORIGIN: Millis = 1_769_861_100_000;

/// Returns a stream of all fields with two decimals.
pub(crate) fn layout() -> Layout {
	Layout { bar: BAR, origin: ORIGIN, fields: Field::ALL.to_vec(), decimals: 2 }
}

/// Returns bars 0 to 3, the last of which has just ended.
pub(crate) fn wanted() -> Wanted {
	Wanted { first: ORIGIN, last: ORIGIN + 3 * BAR, now: ORIGIN + 3 * BAR }
}
