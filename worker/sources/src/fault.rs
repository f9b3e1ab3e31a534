//! Faults of sources: what is wrong, and what to do about it.

use crate::{
	bar::{Field, Millis},
	decimal::DecimalError,
	time::{span_text, time_text},
};

/// Faults of one answer that are reported; the others are counted.
pub(crate) const MAX_FAULTS: usize = 8;
/// Characters of an answer that a fault shows.
const SHOWN: usize = 120;

/// A fault of one source. The other sources go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("source `{source_name}`: {reason}")]
pub struct Fault {
	/// Name of the source.
	pub source_name: String,
	/// Reason, with the next step.
	pub reason: Reason,
}

/// Place of a row in an answer or a file, for messages: `row 3`, `line 12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
	/// Row of an answer, from 1.
	Row(usize),
	/// Line of a text, from 1.
	Line(u64),
}

impl std::fmt::Display for Place {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Row(row) => write!(f, "row {row}"),
			Self::Line(line) => write!(f, "line {line}"),
		}
	}
}

/// Reason for which bars of a source are missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
	/// Nothing came in time.
	#[error("it has not answered within {seconds} s: try it by hand, raise its `timeout`, or remove it")]
	Silent {
		/// Time that it had.
		seconds: u64,
	},
	/// Nothing came before the report.
	#[error("it had not answered when the report was due: try it by hand, or remove it")]
	Unanswered,
	/// There is no connection.
	#[error("{host} cannot be reached ({cause}): check its name, the network and the firewall")]
	Unreachable {
		/// Host of the URL.
		host: String,
		/// Error of the connection.
		cause: String,
	},
	/// The server refuses.
	#[error("it answers with HTTP status {status}{}: check symbol and interval in its URL, and how often it may be asked", shown_in(.answer))]
	Status {
		/// Status of the answer.
		status: u16,
		/// Beginning of the answer.
		answer: String,
	},
	/// The server names another address.
	#[error("it has moved to {to}: write that address in its `klines`")]
	Moved {
		/// Address that it names.
		to: String,
	},
	/// The server sends to another address for now.
	#[error(
		"it sends to {to} (HTTP status {status}): a log-in or a page of maintenance is in between; open its URL by hand, and write the \
		 other address in its `klines` if that one has bars"
	)]
	Redirected {
		/// Status of the answer.
		status: u16,
		/// Address that it names.
		to: String,
	},
	/// The answer is a web page.
	#[error("it answers HTML in place of bars{}: its URL leads to a web page, or a log-in or block page is in between", shown_in(.answer))]
	Html {
		/// Beginning of the answer.
		answer: String,
	},
	/// The answer is no JSON.
	#[error("its answer is no JSON ({cause}){}: check its URL", shown_in(.answer))]
	NotJson {
		/// Error of the parser.
		cause: String,
		/// Beginning of the answer.
		answer: String,
	},
	/// The answer is too long.
	#[error("its answer is longer than {mebibytes} MiB: ask for fewer bars by the number in its URL")]
	TooLong {
		/// Largest size of an answer, MiB.
		mebibytes: usize,
	},
	/// The answer has another form.
	#[error(
		"its answer has no `{path}`{}; {found} is there{}: its format has changed, {}its paths are those of another market; correct \
		 `rows`, `time`, `close`, `high`, `low` and `volume`", at(.place), shown_in(.answer), or_refusal(.place)
	)]
	Path {
		/// Path that was looked for.
		path: String,
		/// Row, if the path is one of a row.
		place: Option<Place>,
		/// Description of the value in its place.
		found: String,
		/// Beginning of the answer.
		answer: String,
	},
	/// A line or header has other columns.
	#[error("{place} has {found} in place of the columns timestamp,close,high,low,volume: its format has changed; correct the program or file")]
	Columns {
		/// Place of the line.
		place: Place,
		/// Description of the columns of the line.
		found: String,
	},
	/// A time cannot be read.
	#[error(
		"{place} has the time `{text}`: expected seconds or milliseconds since 1970, or a date such as 2026-01-31T12:05:00Z"
	)]
	Time {
		/// Place of the row.
		place: Place,
		/// Text of the time.
		text: String,
	},
	/// No bar of the stream begins or ends at a time.
	#[error(
		"{place} has the time {}, at which no bar of {} {}: ask for bars of that length, or set `stamp` to what its times are, \"open\" or \
		 \"close\"", time_text(*.time), span_text(*.bar), .moment
	)]
	OffGrid {
		/// Place of the row.
		place: Place,
		/// Time of the row.
		time: Millis,
		/// Length of a bar.
		bar: Millis,
		/// Verb for the moment that its times state: "begins" or "ends".
		moment: &'static str,
	},
	/// A value cannot be read.
	#[error("{place} has the {field} `{text}`: {cause}")]
	Value {
		/// Place of the row.
		place: Place,
		/// Field of the value.
		field: Field,
		/// Text of the value.
		text: String,
		/// Reason for which the text is not a value.
		cause: DecimalError,
	},
	/// The values of a bar conflict with each other.
	#[error("{place} is not a bar: {conflict}; correct the places of its columns, or remove it")]
	Conflict {
		/// Place of the row.
		place: Place,
		/// Values that conflict with each other.
		conflict: &'static str,
	},
	/// Two rows are of one bar and have different values.
	#[error("it states the bar that ends at {} twice, with different values ({place}), and neither is used: compare it with another market", time_text(*.end))]
	Twice {
		/// Place of the second row.
		place: Place,
		/// End of the bar.
		end: Millis,
	},
	/// A bar is stated that cannot have ended yet.
	#[error(
		"{place} is a bar that ends at {}, and on the chain it is {}: its clock is wrong, or it states times in another unit; correct the \
		 source", time_text(*.end), time_text(*.now)
	)]
	Ahead {
		/// Place of the row.
		place: Place,
		/// End of the bar.
		end: Millis,
		/// Time of the chain.
		now: Millis,
	},
	/// The newest bars are missing.
	#[error(
		"it is {} behind: its last bar ends at {}, and the one that ends at {} is wanted; check its clock, or use a faster market",
		span_text(.wanted.saturating_sub(*.newest)), time_text(*.newest), time_text(*.wanted)
	)]
	Behind {
		/// End of its newest bar.
		newest: Millis,
		/// End of the last bar that is wanted.
		wanted: Millis,
	},
	/// Bars in between are missing.
	#[error("{missing} of its bars are missing, the first one ends at {}: they are left to the other sources", time_text(*.first))]
	Gap {
		/// Number of missing bars.
		missing: usize,
		/// End of the first one.
		first: Millis,
	},
	/// The answer has none of the wanted bars.
	#[error("it has none of the bars that end from {} to {}: check its symbol, and the time of this machine", time_text(*.first), time_text(*.last))]
	Nothing {
		/// End of the first bar.
		first: Millis,
		/// End of the last bar.
		last: Millis,
	},
	/// A file or program cannot be used.
	#[error("{what}: {cause}")]
	Unusable {
		/// Action that failed, and the next step.
		what: String,
		/// Error of the system or of the content.
		cause: String,
	},
	/// A program has ended with a failure.
	#[error("it has failed ({cause}): run it by hand, and see what it writes")]
	Failed {
		/// Status of its end.
		cause: String,
	},
	/// More faults of the same answer.
	#[error("{more} more rows are wrong: correct the first ones")]
	More {
		/// Number of further faults.
		more: usize,
	},
}

impl Reason {
	/// Returns `true` if waiting may remove the fault: the bars are late, the network was, or a page of maintenance or a refusal is in
	/// their place.
	pub fn is_transient(&self) -> bool {
		matches!(
			self,
			Self::Silent { .. }
				| Self::Unanswered
				| Self::Unreachable { .. }
				| Self::Status { .. }
				| Self::Redirected { .. }
				| Self::Html { .. }
				| Self::NotJson { .. }
				| Self::Path { place: None, .. }
				| Self::Failed { .. }
				| Self::Behind { .. }
				| Self::Nothing { .. }
		)
	}
}

/// Returns the beginning of an answer in brackets, or nothing for an empty one.
fn shown_in(answer: &str) -> String {
	match answer.is_empty() {
		true => String::new(),
		false => format!(" (`{answer}`)"),
	}
}

/// Returns the place of a path, if it is in a row.
fn at(place: &Option<Place>) -> String {
	place.map(|place| format!(" in {place}")).unwrap_or_default()
}

/// Returns a further reason for which a whole answer lacks its rows: markets also refuse with status 200.
fn or_refusal(place: &Option<Place>) -> &'static str {
	match place {
		Some(_) => "or ",
		None => "it is a refusal of the market, or ",
	}
}

/// Returns the beginning of an answer as one line of printable characters.
pub(crate) fn beginning(answer: &[u8]) -> String {
	let text = String::from_utf8_lossy(&answer[..answer.len().min(4 * SHOWN)]);
	let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
	let shown: String = words.chars().filter(|sign| !sign.is_control() && *sign != '`').take(SHOWN).collect();
	match words.chars().count() > SHOWN {
		true => shown + "…",
		false => shown,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_fault_names_source_reason_and_next_step() {
		let fault = |reason| Fault { source_name: "binance".into(), reason }.to_string();
		let late = fault(Reason::Behind { newest: 1_769_857_500_000, wanted: 1_769_861_100_000 });
		assert!(late.starts_with("source `binance`: it is 1 h behind: its last bar ends at 2026-01-31T11:05:00Z"), "{late}");
		let status = fault(Reason::Status { status: 400, answer: beginning(b"{\"msg\": \"Invalid symbol.\"}") });
		assert!(status.contains("status 400 (`{\"msg\": \"Invalid symbol.\"}`): check symbol"), "{status}");
		let path =
			Reason::Path { path: "4".into(), place: Some(Place::Row(3)), found: "a list of 2".into(), answer: String::new() };
		assert!(
			!path.is_transient() && fault(path).contains("no `4` in row 3; a list of 2 is there: its format has changed, or its")
		);
		let refusal = beginning(br#"{"error": ["EGeneral:Temporary lockout"]}"#);
		let whole = Reason::Path { path: "result".into(), place: None, found: "an object with `error`".into(), answer: refusal };
		assert!(whole.is_transient());
		let whole = fault(whole);
		assert!(
			whole.contains("(`{\"error\": [\"EGeneral:Temporary lockout\"]}`)") && whole.contains("a refusal of the market"),
			"{whole}"
		);
		assert!(!fault(Reason::Html { answer: String::new() }).contains('('));
	}

	#[test]
	fn a_page_in_place_of_an_answer_may_be_gone_later() {
		assert!(Reason::Html { answer: String::new() }.is_transient());
		assert!(Reason::NotJson { cause: String::new(), answer: String::new() }.is_transient());
		assert!(Reason::Redirected { status: 302, to: String::new() }.is_transient());
		assert!(Reason::Failed { cause: String::new() }.is_transient());
		assert!(!Reason::Moved { to: String::new() }.is_transient());
		assert!(!Reason::TooLong { mebibytes: 4 }.is_transient());
	}

	#[test]
	fn the_beginning_of_an_answer_is_one_short_line() {
		assert_eq!(beginning(b"<html>\n\t<body>\x1b[2J"), "<html> <body>[2J");
		assert_eq!(beginning(&[b'x'; 5_000]).chars().count(), SHOWN + 1);
		assert_eq!(beginning(&[0xff, 0xfe]), "\u{fffd}\u{fffd}");
	}
}
