//! Years of two digits: their century, and numbers that may be days.

use super::{
	column::{civil_of, ticks_of},
	grid::weekdays,
	TimeText,
};
use anyhow::Result;
use std::fmt;

/// Years of a century.
const CENTURY: i16 = 100;

/// Error of times whose texts leave the year open. No order of the rows is right then.
#[derive(Debug)]
pub struct OpenYear(String);

impl fmt::Display for OpenYear {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl std::error::Error for OpenYear {}

/// Returns the times of `format` in their century, and the first and the last year if that is not the century from 1969 to 2068.
/// Times of a format whose years have four digits are returned as they are.
///
/// Business days lie from Monday to Friday in one century only, so this is theirs.
///
/// # Errors
///
/// Errors with [`OpenYear`] if the years lie on both sides of the limit of the century.
pub fn in_century(format: &str, local: Vec<i128>, texts: &[TimeText]) -> Result<(Vec<i128>, Option<(i16, i16)>)> {
	if !is_short(format) {
		return Ok((local, None));
	}
	check_limit(&local, texts)?;
	if are_business_days(&local) {
		return Ok((local, None));
	}
	let earlier: Option<Vec<i128>> = local.iter().map(|ticks| century_before(*ticks)).collect();
	Ok(match earlier.filter(|earlier| are_business_days(earlier)) {
		Some(earlier) => {
			let years = || earlier.iter().filter_map(|ticks| Some(civil_of(*ticks)?.year()));
			let span = years().min().zip(years().max());
			(earlier, span)
		}
		None => (local, None),
	})
}

/// Checks that the numbers behind the names of months are years: in steps as of days within a month, or with times of day, they
/// may be days.
///
/// # Errors
///
/// Errors with [`OpenYear`] if they may be days.
pub fn check_no_days(format: &str, local: &[i128], texts: &[TimeText]) -> Result<()> {
	let dates: Vec<_> = local.iter().filter_map(|ticks| civil_of(*ticks)).collect();
	let within = dates.windows(2).filter(|pair| pair[0].month() == pair[1].month() && pair[0].year() != pair[1].year()).count();
	let in_steps = within > 0 && within * 2 >= dates.len() - 1;
	let may_be = dates.iter().all(|date| (1..=31).contains(&(date.year() % CENTURY)));
	let (true, Some(TimeText { line, text })) =
		(!format.contains("%d") && may_be && (in_steps || format.contains("%M")), texts.first())
	else {
		return Ok(());
	};
	Err(OpenYear(format!(
		"line {line}: `{text}` may be a month and a year, or a month and a day without its year. If it is a year, add --time-format \
		\"{format}\"; otherwise, write the year, too, or use the rows as steps with --time none"
	))
	.into())
}

/// Returns `true` if a format of `strptime` has a year of two digits, and neither a century nor a day of the week that decides it.
fn is_short(format: &str) -> bool {
	let (mut short, mut decided, mut rest) = (false, false, format);
	while let Some(at) = rest.find('%') {
		// Flags and a width precede the letter.
		rest = rest[at + 1..].trim_start_matches(|flag: char| "-_^#".contains(flag) || flag.is_ascii_digit());
		let Some(letter) = rest.chars().next() else { break };
		short |= matches!(letter, 'y' | 'D' | 'g');
		decided |= matches!(letter, 'C' | 'Y' | 'G' | 'F' | 's' | 'a' | 'A' | 'u' | 'w');
		rest = &rest[letter.len_utf8()..];
	}
	short && !decided
}

/// Checks that years from 1969 to 2068 are no two parts of a series that is closer together in another century.
fn check_limit(local: &[i128], texts: &[TimeText]) -> Result<()> {
	let years: Vec<i16> = local.iter().map(|ticks| civil_of(*ticks).map_or(0, |time| time.year())).collect();
	let mut distinct = years.clone();
	distinct.sort_unstable();
	distinct.dedup();
	let (Some(first), Some(last)) = (distinct.first(), distinct.last()) else { return Ok(()) };
	// Years between the last one and the first one of the next century.
	let around = first + CENTURY - last;
	let largest = distinct.windows(2).max_by_key(|pair| pair[1] - pair[0]);
	let Some([before, after]) = largest.filter(|pair| pair[1] - pair[0] >= around) else { return Ok(()) };
	let find = |test: &dyn Fn(i16) -> bool| years.iter().zip(texts).find(|(year, _)| test(**year));
	let (Some((low, low_text)), Some((high, high_text))) = (find(&|year| year <= *before), find(&|year| year >= *after)) else {
		return Ok(());
	};
	Err(OpenYear(format!(
		"line {}: years of two digits are read as 1969 to 2068, so `{}` is of {low}, and `{}` in line {} is of {high}; the years of \
		the file lie on both sides of that limit, and their century is open. Write the years with four digits, e.g. 1965-01-31",
		low_text.line, low_text.text, high_text.text, high_text.line
	))
	.into())
}

/// Returns `true` if times in any order are those of days from Monday to Friday.
fn are_business_days(local: &[i128]) -> bool {
	let mut sorted = local.to_vec();
	sorted.sort_unstable();
	weekdays(&sorted).is_some()
}

/// Returns the time a century before; `None` if the calendar has no such date.
fn century_before(ticks: i128) -> Option<i128> {
	let time = civil_of(ticks)?;
	ticks_of(time.with().year(time.year() - CENTURY).build().ok()?)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn k03_formats_with_years_of_two_digits_are_found() {
		for format in ["%d.%m.%y", "%D", "%b-%-y", "%_y %m %d %H:%M"] {
			assert!(is_short(format), "{format}");
		}
		for format in ["%d.%m.%Y", "%C%y-%m-%d", "%a %d/%m/%y", "%%y", "%s", "", "100 %"] {
			assert!(!is_short(format), "{format}");
		}
	}
}
