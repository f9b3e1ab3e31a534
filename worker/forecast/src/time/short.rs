//! Dates whose year has two digits. The text of one such date leaves the order of day, month and year open.

use super::{
	column::{by_format, ticks_of},
	recognise::nearly_all,
	shape::{DateOrder, TimeShape},
	text::{named_month, Scan, TimeScan},
	TimeText,
};

/// Returns the formats, as of `strptime`, by which a text is a time whose year has two digits; none if it is no such time.
pub fn formats(text: &str) -> Vec<String> {
	let mut scan = Scan::new(text);
	let Some(dates) = scan.attempt(numbers).or_else(|| scan.attempt(names)) else { return Vec::new() };
	let time = match scan.time() {
		TimeScan::Found(_, _, shape) => time_format(&shape),
		TimeScan::Absent => String::new(),
		TimeScan::Invalid => return Vec::new(),
	};
	if !scan.rest.is_empty() {
		return Vec::new();
	}
	let formats = dates.into_iter().map(|date| date + &time);
	formats.filter(|format| by_format(format, text.trim()).is_ok()).collect()
}

/// Returns the formats by which nearly all texts of a column are times whose year has two digits. `order` chooses between day and
/// month where both are numbers.
pub fn column_formats(texts: &[TimeText], order: Option<DateOrder>) -> Vec<String> {
	// The name of May does not tell whether names are written in full.
	let tells = texts.iter().filter(|text| !text.text.to_ascii_lowercase().contains("may"));
	let found = tells.chain(texts).map(|text| formats(text.text)).find(|formats| !formats.is_empty()).unwrap_or_default();
	let count = |format: &String| texts.iter().filter(|text| by_format(format, text.text.trim()).is_ok()).count();
	let counts: Vec<usize> = found.iter().map(count).collect();
	// A format that fits all texts rules out those that do not.
	let least = counts.iter().copied().max().filter(|most| *most == texts.len()).unwrap_or(1);
	let fits = |count: usize| count >= least && nearly_all(count, texts.len());
	let mut found: Vec<String> =
		found.into_iter().zip(counts).filter(|(_, count)| fits(*count)).map(|(format, _)| format).collect();
	let has_number = |format: &String| format.contains("%m");
	if !found.iter().any(has_number) {
		if let [day_first, year_first] = &found[..] {
			if order == Some(DateOrder::DayFirst) || is_nearer(texts, day_first, year_first) {
				found.truncate(1);
			}
		}
		return found;
	}
	let start = match order {
		Some(DateOrder::DayFirst) => "%d",
		Some(DateOrder::MonthFirst) => "%m",
		None => return found,
	};
	found.retain(|format| !has_number(format) || format.starts_with(start));
	found
}

/// Returns `true` if `format` is the usual reading of times, and `other` is no better: the times do not go one way only by
/// `other`, and are not spread over more than twice its span. Years that rise from row to row could be days.
fn is_nearer(texts: &[TimeText], format: &str, other: &str) -> bool {
	let reach = |format: &str| {
		let times = texts.iter().filter_map(|text| by_format(format, text.text.trim()).ok());
		let ticks: Vec<i128> = times.filter_map(|(time, _)| ticks_of(time)).collect();
		let goes = |sign: i128| ticks.windows(2).all(|pair| (pair[1] - pair[0]).signum() == sign);
		let span = ticks.iter().max().zip(ticks.iter().min()).map_or(0, |(last, first)| last - first);
		(goes(1) || goes(-1), span)
	};
	let ((one_way, span), (other_one_way, other_span)) = (reach(format), reach(other));
	(one_way || !other_one_way) && span <= 2 * other_span
}

/// `31/01/31`, `1/31/31` and `31-1-31`.
fn numbers(scan: &mut Scan) -> Option<Vec<String>> {
	let first = scan.digits(1, 2)?;
	let separator = scan.one_of(&["/", "-", "."])?;
	scan.digits(1, 2)?;
	scan.one_of(&[separator])?;
	let last = scan.digits(1, 2)?;
	if scan.rest.starts_with(|next: char| next.is_ascii_digit()) {
		return None;
	}
	let format = |[a, b, c]: [&str; 3]| format!("{a}{separator}{b}{separator}{c}");
	let year_last = (last.len() == 2).then_some([["%d", "%m", "%y"], ["%m", "%d", "%y"]]);
	let year_first = (first.len() == 2).then_some(["%y", "%m", "%d"]);
	Some(year_last.into_iter().flatten().chain(year_first).map(format).collect())
}

/// `31-Jan-31` and `Jan-31`.
fn names(scan: &mut Scan) -> Option<Vec<String>> {
	let separators = ["-", "/", ".", " "];
	let day = scan.attempt(|scan| Some((scan.digits(1, 2)?.len(), scan.one_of(&separators)?)));
	let letters = scan.letters();
	named_month(letters)?;
	let month = if letters.len() == 3 { "%b" } else { "%B" };
	// `Jan 31` is a day without a year.
	let after = scan.one_of(if day.is_some() { &separators[..] } else { &separators[..2] })?;
	scan.digits(2, 2)?;
	if scan.rest.starts_with(|next: char| next.is_ascii_digit()) {
		return None;
	}
	Some(match day {
		Some((1, before)) => vec![format!("%d{before}{month}{after}%y")],
		Some((_, before)) => vec![format!("%d{before}{month}{after}%y"), format!("%y{before}{month}{after}%d")],
		None => vec![format!("{month}{after}%y")],
	})
}

/// Returns the format of a time of day, with the text before it.
fn time_format(shape: &TimeShape) -> String {
	let TimeShape { join, separator, seconds, fraction, meridiem, .. } = shape;
	let hour = if meridiem.is_some() { "%I" } else { "%H" };
	let mut format = format!("{join}{hour}{separator}%M");
	if *seconds {
		format += &format!("{separator}%S");
	}
	if *fraction > 0 {
		format += "%.f";
	}
	if let Some((blank, _)) = meridiem {
		format += &format!("{blank}%p");
	}
	format
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_orders_that_the_calendar_allows_are_formats() {
		for (text, expected) in [
			("31/01/31", &["%d/%m/%y", "%y/%m/%d"][..]),
			("01/02/03", &["%d/%m/%y", "%m/%d/%y", "%y/%m/%d"]),
			("12/31/99", &["%m/%d/%y"]),
			("1/2/31 7:05 PM", &["%d/%m/%y %I:%M %p", "%m/%d/%y %I:%M %p"]),
			("31.12.69 18.00.00", &["%d.%m.%y %H.%M.%S"]),
			("99-12-31T18:00:00.25", &["%y-%m-%dT%H:%M:%S%.f"]),
			("31-Jan-31", &["%d-%b-%y", "%y-%b-%d"]),
			("5 January 69", &["%d %B %y"]),
			("Jan-31", &["%b-%y"]),
		] {
			assert_eq!(formats(text), expected, "{text}");
		}
		for text in
			["", "31/01/2031", "10.0.0.1", "1.2.3", "31/31/31", "Jan 31", "31-Jan", "1-2", "12:30:31", "31/01/31 25:00", "x"]
		{
			assert!(formats(text).is_empty(), "{text}: {:?}", formats(text));
		}
	}

	proptest! {
		#[test]
		fn any_text_has_formats_by_which_it_is_read(text in "[0-9TZ/:. ,+APMJanQ%-]{0,24}|.*") {
			for format in formats(&text) {
				prop_assert!(by_format(&format, text.trim()).is_ok());
			}
		}
	}
}
