//! Placeholders of URLs and arguments, which stand for the wanted bars.

use crate::bar::{Layout, Wanted};

/// Placeholders, as messages and help list them.
pub const PLACEHOLDERS: &str = "{from} and {to} (milliseconds), {from_s} and {to_s} (seconds) and {limit} (number of bars)";

/// Numbers that the placeholders stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
	/// Beginning of the first bar, in milliseconds.
	from: u64,
	/// Last millisecond of the last bar.
	to: u64,
	/// Number of bars.
	limit: u64,
}

impl Numbers {
	/// Returns the numbers of the wanted bars.
	pub(crate) fn of(layout: &Layout, wanted: &Wanted) -> Self {
		Self { from: wanted.first.saturating_sub(layout.bar), to: wanted.last.saturating_sub(1), limit: wanted.count(layout) }
	}

	/// Returns `text` with numbers in place of the placeholders.
	pub(crate) fn fill(self, text: &str) -> String {
		let Self { from, to, limit } = self;
		let values = [("{from}", from), ("{to}", to), ("{from_s}", from / 1_000), ("{to_s}", to / 1_000), ("{limit}", limit)];
		values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(*name, &value.to_string()))
	}
}
