//! Columns of times, recognised by their cells.

use super::{
	column::by_format,
	months::are_months,
	number::{is_since_1980, Layout, Number},
	short,
	text::{is_time_of_day, time_of_day, Written},
};

/// Words in the names of columns whose numbers are times.
const WORDS: [&str; 15] =
	["time", "date", "stamp", "epoch", "unix", "month", "year", "datum", "zeit", "monat", "jahr", "day", "ds", "t", "ts"];
/// Words in the names of columns whose numbers of four digits are years: other quantities have four digits, too.
const YEAR_WORDS: [&str; 5] = ["year", "date", "datum", "jahr", "ds"];
/// Words in the names of columns whose numbers such as 18.30 are times of day.
const CLOCK_WORDS: [&str; 5] = ["time", "hour", "uhr", "zeit", "heure"];
/// Rows from which on one cell in ten or fewer rows may be no time.
const FEW: usize = 4;
/// Rows from which on even steps from the newest row to the oldest show times, whatever the name of the column.
const MANY: usize = 10;

/// First rows of a file.
struct Sample<'a> {
	names: &'a [&'a str],
	rows: &'a [Vec<&'a str>],
}

/// Returns the positions of the columns of times, by their cells: one column, one of dates and one of times of day, or those of
/// year, month, day and hour. Columns at the positions `taken` hold values.
///
/// Nearly all cells have to be times. Plausible numbers are times if the name of their column has such a word, if no column has a
/// name and they rise or fall evenly, or if many fall evenly. A column whose cells begin with dates is returned even if they
/// cannot be read, and so is one of falling numbers whose name has such a word: the order of the rows is in doubt then.
pub fn recognise(names: &[&str], rows: &[Vec<&str>], taken: &[usize]) -> Option<Vec<usize>> {
	let sample = Sample { names, rows };
	let width = rows.iter().map(Vec::len).max()?;
	let free: Vec<usize> = (0..width).filter(|at| !taken.contains(at)).collect();
	let first = |test: &dyn Fn(usize) -> bool| free.iter().copied().find(|at| test(*at)).map(|at| vec![at]);
	sample
		.dates(&free)
		.or_else(|| first(&|at| sample.has_months(at)))
		.or_else(|| sample.parts(&free))
		.or_else(|| first(&|at| sample.has_times_as_numbers(at)))
		.or_else(|| first(&|at| sample.begins_with_dates(at)))
		.or_else(|| first(&|at| sample.has_doubtful_numbers(at)))
		.or_else(|| first(&|at| sample.has_falling_times(at)))
}

/// Returns `true` if the cells of a column are times that could be read as numbers: times of day such as `18.00`, or months such
/// as `01.2031`.
pub fn resemble_numbers(cells: &[String]) -> bool {
	let times = cells.iter().filter(|cell| is_time_of_day(cell)).count();
	nearly_all(times, cells.len()) || are_months(cells.iter().map(String::as_str))
}

/// Returns `true` if `count` is at least nine tenths of `of`, or all but one of a few.
pub fn nearly_all(count: usize, of: usize) -> bool {
	count > 0 && (count * 10 >= of * 9 || (of >= FEW && count + 1 >= of))
}

impl<'a> Sample<'a> {
	fn cells(&self, at: usize) -> impl Iterator<Item = &'a str> + '_ {
		self.rows.iter().map(move |row| row.get(at).map_or("", |cell| cell.trim()))
	}

	fn name(&self, at: usize) -> &str {
		self.names.get(at).map_or("", |name| name.trim())
	}

	/// Returns `true` if nearly all cells of a column pass a test.
	fn most(&self, at: usize, test: impl Fn(&str) -> bool) -> bool {
		nearly_all(self.cells(at).filter(|cell| test(cell)).count(), self.rows.len())
	}

	/// Returns `true` if nearly all cells of a column differ from the one before.
	fn differs(&self, at: usize) -> bool {
		let differing = self.cells(at).zip(self.cells(at).skip(1)).filter(|(cell, next)| cell != next).count();
		self.rows.len() == 1 || nearly_all(differing, self.rows.len() - 1)
	}

	/// Returns `true` if the cells of a column are not all alike. A date that is the same in all rows is not that of the rows,
	/// unless another column has their times of day.
	fn changes(&self, at: usize) -> bool {
		self.rows.len() == 1 || self.cells(at).any(|cell| Some(cell) != self.cells(at).next())
	}

	/// Returns the numbers of a column, if nearly all of its cells are numbers.
	fn numbers(&self, at: usize) -> Option<Vec<Number>> {
		let numbers: Vec<Number> = self.cells(at).filter_map(Number::parse).collect();
		nearly_all(numbers.len(), self.rows.len()).then_some(numbers)
	}

	/// Returns a column of dates, and one of times of day if there is one and the dates lack them.
	fn dates(&self, free: &[usize]) -> Option<Vec<usize>> {
		let time = free.iter().copied().find(|at| self.most(*at, is_time_of_day) && self.is_clock(*at));
		for date in free.iter().copied().filter(|at| self.has_dates(*at)) {
			match time {
				Some(time) if self.most(date, lacks_hours) => return Some(vec![date, time]),
				_ if self.changes(date) => return Some(vec![date]),
				_ => {}
			}
		}
		None
	}

	/// Returns `true` if times of day have colons, or if the column is named accordingly: prices such as 18.30 are numbers.
	fn is_clock(&self, at: usize) -> bool {
		let name = self.name(at).to_lowercase();
		self.numbers(at).is_none() || CLOCK_WORDS.iter().any(|word| name.contains(word))
	}

	fn has_dates(&self, at: usize) -> bool {
		// A column of numbers such as 4.2000 could be read as months of years, but holds measurements.
		let whole = |cell: &str| Number::parse(cell).is_none() && Written::parse(cell).is_some();
		let short = |cell: &str| whole(cell) || !short::formats(cell).is_empty();
		// Codes such as 10-20-30 resemble dates, too.
		self.most(at, whole) || (self.most(at, short) && (is_named(self.name(at)) || self.differs(at)))
	}

	/// Returns `true` if the cells are months such as `01.2031`, in a column that is named accordingly or with leading zeros,
	/// which numbers do not have.
	fn has_months(&self, at: usize) -> bool {
		let padded = self.cells(at).any(|cell| cell.starts_with('0')) && self.most(at, |cell| cell.len() == 7);
		(padded || is_named(self.name(at))) && are_months(self.cells(at))
	}

	/// Returns the columns of year and month, and of the day and the hour if there are any.
	fn parts(&self, free: &[usize]) -> Option<Vec<usize>> {
		let named = |word: &str| free.iter().copied().find(|at| self.name(*at).eq_ignore_ascii_case(word));
		let day = named("day");
		let hour = day.and_then(|_| named("hour"));
		let parts: Vec<usize> = [named("year")?, named("month")?].into_iter().chain(day).chain(hour).collect();
		let joined =
			|row: &Vec<&str>| parts.iter().map(|at| row.get(*at).map_or("", |cell| cell.trim())).collect::<Vec<_>>().join(" ");
		let dates: Vec<String> = self.rows.iter().map(joined).collect();
		// Dates that several rows share lack their times of day.
		let differing = dates.windows(2).filter(|pair| pair[0] != pair[1]).count();
		let differ = dates.len() == 1 || nearly_all(differing, dates.len() - 1);
		let read = dates.iter().filter(|date| Written::parse(date).is_some()).count();
		(differ && nearly_all(read, dates.len())).then_some(parts)
	}

	/// Returns `true` if the cells are dates without separators or times since 1970.
	fn has_times_as_numbers(&self, at: usize) -> bool {
		let Some(numbers) = self.numbers(at) else { return false };
		let since = numbers.iter().filter(|number| is_since_1980(number.nanos, number.scale())).count();
		let layout = Layout::of(&numbers);
		let whole = nearly_all(since, numbers.len()) || matches!(layout, Some(Layout::Day | Layout::Minute | Layout::Second));
		if self.names.iter().all(|name| name.trim().is_empty()) {
			return whole && is_even(&numbers);
		}
		let dated = match layout {
			Some(Layout::Year) => names_years(self.name(at)),
			layout => layout.is_some(),
		};
		// A year or a month that several rows share is only a part of their times.
		let named = is_named(self.name(at)) && (whole || (dated && self.differs(at)));
		let falls = numbers.first().zip(numbers.last()).is_some_and(|(first, last)| last.nanos < first.nanos);
		named || (whole && falls && numbers.len() >= MANY && is_even(&numbers))
	}

	/// Returns `true` if nearly all cells begin with dates, or more than half of them are dates.
	fn begins_with_dates(&self, at: usize) -> bool {
		let is_number = |cell: &str| Number::parse(cell).is_some();
		let begins = |cell: &str| !is_number(cell) && (Written::begins(cell) || Written::leading(cell).is_some());
		let half = |test: &dyn Fn(&str) -> bool| self.cells(at).filter(|cell| test(cell)).count() * 2 > self.rows.len();
		let whole = |cell: &str| !is_number(cell) && Written::parse(cell).is_some();
		let short = |cell: &str| !short::formats(cell).is_empty();
		self.changes(at) && (self.most(at, begins) || half(&whole) || (is_named(self.name(at)) && half(&short)))
	}

	/// Returns `true` if the column is named as one of times, and its cells are three numbers or more of which each is below the
	/// one before, or numbers that end with a year.
	fn has_doubtful_numbers(&self, at: usize) -> bool {
		let falling = |numbers: Vec<Number>| numbers.len() >= 3 && numbers.windows(2).all(|pair| pair[1].nanos < pair[0].nanos);
		let ends_with_year =
			|cell: &str| ["%d%m%Y", "%m%d%Y"].iter().any(|format| cell.len() == 8 && by_format(format, cell).is_ok());
		is_named(self.name(at)) && (self.numbers(at).is_some_and(falling) || self.most(at, ends_with_year))
	}

	/// Returns `true` if the cells are times of day of which nearly each is before the one before.
	fn has_falling_times(&self, at: usize) -> bool {
		let times: Vec<_> = self.cells(at).filter_map(time_of_day).collect();
		let falling = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
		times.len() >= 3 && nearly_all(times.len(), self.rows.len()) && nearly_all(falling, times.len() - 1) && self.is_clock(at)
	}
}

/// Returns `true` if a text is a date without a time of day.
fn lacks_hours(text: &str) -> bool {
	match Written::parse(text) {
		Some((_, shape)) => shape.time.is_none(),
		None => short::formats(text).first().is_some_and(|format| !format.contains("%M")),
	}
}

/// Returns `true` if three numbers or more go one way, and at least half of their differences are the usual one.
fn is_even(numbers: &[Number]) -> bool {
	let mut differences: Vec<i128> = numbers.windows(2).map(|pair| pair[1].nanos - pair[0].nanos).collect();
	differences.sort_unstable();
	let usual = differences.get(differences.len() / 2).copied().unwrap_or(0);
	let alike = differences.iter().filter(|difference| **difference == usual).count();
	differences.len() >= 2
		&& usual != 0
		&& differences.iter().all(|difference| difference.signum() == usual.signum())
		&& alike * 2 >= differences.len()
}

/// Returns `true` if a name has a word for times.
fn is_named(name: &str) -> bool {
	has_word(name, &WORDS)
}

/// Returns `true` if a name has a word for dates, so that numbers of four digits are years.
pub fn names_years(name: &str) -> bool {
	has_word(name, &YEAR_WORDS)
}

fn has_word(name: &str, words: &[&str]) -> bool {
	let name = name.to_lowercase();
	name.split(|next: char| !next.is_alphanumeric()).any(|word| {
		words.iter().any(|known| match *known {
			"ds" | "day" | "t" | "ts" => word == *known,
			// Not inside a word, as in `centimeters`.
			_ => word.starts_with(known) || word.ends_with(known),
		})
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn found(names: &[&str], rows: &[&[&str]]) -> Option<Vec<usize>> {
		let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.to_vec()).collect();
		recognise(names, &rows, &[1])
	}

	#[test]
	fn times_are_recognised_by_their_cells() {
		assert_eq!(found(&["a", "v", "b"], &[&["x", "1", "2031-01-01"], &["y", "2", "2031-01-02"]]), Some(vec![2]));
		assert_eq!(found(&["Date", "v", "Time"], &[&["16/12/2031", "1", "17:24:00"]]), Some(vec![0, 2]));
		assert_eq!(found(&["Date", "v", "Time"], &[&["16/12/2031 17:24", "1", "17:24:00"]]), Some(vec![0]));
		assert_eq!(found(&["a", "v"], &[&["2031-01-01", "1"], &["later", "2"]]), None);
		assert_eq!(found(&["a", "2031-01-01"], &[&["x", "2031-01-01"]]), None, "values are no times");
		assert_eq!(found(&[], &[]), None);
		let twice = [&["2031-05-01", "1", "2031-01-01"][..], &["2031-05-01", "2", "2031-01-02"]];
		assert_eq!(found(&["fetched", "v", "b"], &twice), Some(vec![2]), "the date of all rows is not that of one");
	}

	/// Returns rows of a first column and of a value.
	fn rows<'a>(cells: &[&'a str]) -> Vec<Vec<&'a str>> {
		cells.iter().map(|cell| vec![*cell, "1"]).collect()
	}

	fn recognised(name: &str, cells: &[&str]) -> bool {
		recognise(&[name, "v"], &rows(cells), &[1]) == Some(vec![0])
	}

	#[test]
	fn k03_a_column_of_times_may_have_a_broken_cell() {
		let days: Vec<String> = (1..=30).map(|day| format!("2031-01-{day:02}")).collect();
		for (broken, expected) in [(0, true), (1, true), (3, true), (16, false)] {
			let cells: Vec<&str> =
				days.iter().enumerate().map(|(at, day)| if at < broken { "x" } else { day.as_str() }).collect();
			assert_eq!(recognised("a", &cells), expected, "{broken} broken cells");
		}
		assert!(recognised("a", &["2031-01-01 18:00 CET", "2031-01-01 19:00 CET", "2031-01-01 20:00 CET"]), "dates begin them");
		assert!(recognised("a", &["2031/13/01", "2031/14/01", "2031/15/01"]), "year, day and month");
		assert!(recognised("date", &["28012031", "27012031", "26012031"]) && !recognised("v", &["28012031", "27012031"]));
		assert!(recognised("clock", &["18:00", "17:00", "16:00"]) && !recognised("clock", &["16:00", "17:00", "18:00"]));
		assert!(!recognised("order", &["2031-0045", "2031-0046", "2031-0047"]), "codes");
		assert!(recognised("a", &["01-Apr-2031", "01-Mai-2031", "01-Jun-2031"]), "two of three");
		assert!(recognised("a", &["n/a", "", "2031-01-01", "2031-01-02", "2031-01-03"]), "three of five");
		assert!(!recognised("a", &["2031-01-01", "2031-01-01", "2031-01-01"]), "the date of all rows");
		assert!(!recognised("ip", &["10.0.0.1", "10.0.0.2", "10.0.0.3"]));
		assert!(!recognised("v", &["4.2000", "n/a", "4.1990", "4.1985", "4.1980"]), "numbers, and one that is missing");
	}

	#[test]
	fn k03_a_quantity_of_four_digits_is_no_year() {
		let cells = ["1950", "2013", "2070", "2021", "2076"];
		assert!(!recognised("T", &cells) && !recognised("t", &["1950", "1951", "1952"]));
		for name in ["Year", "date", "Jahr", "ds"] {
			assert!(recognised(name, &cells), "{name}");
		}
	}

	#[test]
	fn k09_hours_from_1_to_24_are_parts_of_times() {
		let hours = [&["2031", "1", "1", "1", "23"][..], &["2031", "2", "1", "1", "24"], &["2031", "2", "1", "2", "1"]];
		assert_eq!(found(&["Year", "v", "Month", "Day", "Hour"], &hours), Some(vec![0, 2, 3, 4]));
	}

	#[test]
	fn k03_years_of_two_digits_are_dates() {
		assert!(recognised("a", &["31/01/31", "30/01/31", "29/01/31"]));
		assert!(recognised("Month", &["Jan-31", "Feb-31", "Mar-31"]));
		assert!(!recognised("code", &["10-20-30", "10-20-30", "10-20-30", "11-20-30"]), "codes");
		let both = [vec!["31.01.31", "1", "18:00"], vec!["31.01.31", "1", "19:00"]];
		assert_eq!(recognise(&["Datum", "v", "Uhr"], &both, &[1]), Some(vec![0, 2]));
	}

	#[test]
	fn k09_months_with_a_point_are_times() {
		assert!(recognised("a", &["01.2031", "02.2031", "03.2031"]));
		assert!(recognised("Month", &["2031.01", "2031.02", "2031.03"]));
		assert!(!recognised("price", &["2031.01", "2031.02", "2031.03"]), "numbers");
		for months in [["2031/01", "2031/02", "2031/03"], ["01/2031", "02/2031", "03/2031"], ["2031-01", "2031-02", "2031-03"]] {
			assert!(recognised("a", &months), "{months:?}");
		}
		assert!(recognised("a", &["2031-W01", "2031-W02", "2031-W03"]));
	}

	#[test]
	fn k03_numbers_that_may_be_times_are_recognised() {
		// Without names, even steps since 1970 are times.
		assert!(recognise(&["", ""], &rows(&["1924984919", "1924984859", "1924984799"]), &[1]).is_some());
		assert!(recognise(&["", ""], &rows(&["20310131", "20310130", "20310129"]), &[1]).is_some());
		assert!(recognise(&["", ""], &rows(&["1924984919", "1924984859", "1999984799"]), &[1]).is_none());
		assert!(recognised("time", &["30.5", "30.4", "30.3"]), "the order of the rows is in doubt");
		assert!(!recognised("time", &["30.3", "30.4", "30.5"]));
		let falling: Vec<String> = (0..12).rev().map(|at| (1_924_984_859 + at * 60).to_string()).collect();
		let cells: Vec<&str> = falling.iter().map(String::as_str).collect();
		assert!(recognised("index", &cells) && !recognised("index", &cells[..9]));
		assert!(!recognised("index", &cells.iter().rev().copied().collect::<Vec<_>>()), "a counter may rise");
		// A time that several rows have is that of several series.
		assert!(recognised("timestamp", &["1924984859", "1924984859", "1924984919", "1924984919"]));
		// Prices are no times of day.
		let prices = [vec!["2031-01-01", "1", "12.30"], vec!["2031-01-02", "1", "12.40"]];
		assert_eq!(recognise(&["day", "v", "close"], &prices, &[1]), Some(vec![0]));
	}

	#[test]
	fn k03_numbers_that_fall_are_not_times() {
		// The second column is the one to forecast.
		assert_eq!(found(&["battery", "temp"], &[&["4.2000", "20.5"], &["4.1995", "21.0"]]), None);
		assert_eq!(found(&["close", "open"], &[&["1.0942", "1.0931"], &["1.0938", "1.0942"]]), None);
		let numbers = [&["1924984859", "1"][..], &["1924984919", "2"]];
		assert_eq!(found(&["level_centimeters", "flow"], &numbers), None);
		assert_eq!(found(&["sentiment", "v"], &numbers), None);
		assert_eq!(found(&["datetime", "v"], &numbers), Some(vec![0]));
	}

	#[test]
	fn numbers_are_times_only_by_name() {
		assert_eq!(found(&["open_time", "v"], &[&["1924984859000", "1"], &["1924984919000", "2"]]), Some(vec![0]));
		assert_eq!(found(&["Timestamp", "v"], &[&["1924984859", "1"]]), Some(vec![0]));
		assert_eq!(found(&["date", "v"], &[&["20310101", "1"]]), Some(vec![0]));
		assert_eq!(found(&["year", "v"], &[&["2031", "1"], &["2031", "2"]]), None, "a part of the time");
		assert_eq!(found(&["year", "v"], &[&["2031", "1"], &["2032", "2"]]), Some(vec![0]));
		let months = [&["2031", "1", "12"][..], &["2032", "2", "1"]];
		assert_eq!(found(&["Year", "v", "Month"], &months), Some(vec![0, 2]));
		let hours = [&["2031", "1", "12", "31", "22"][..], &["2031", "2", "12", "31", "23"], &["2032", "2", "1", "1", "0"]];
		assert_eq!(found(&["year", "v", "month", "day", "hour"], &hours), Some(vec![0, 2, 3, 4]));
		assert_eq!(found(&["volume", "v"], &[&["1924984859000", "1"]]), None);
		assert_eq!(found(&["time", "v"], &[&["12.5", "1"]]), None, "not since 1970");
		assert_eq!(found(&["holidays", "v"], &[&["20310101", "1"]]), None);
	}

	proptest! {
		#[test]
		fn any_cells_are_searched(rows in prop::collection::vec(prop::collection::vec(".{0,12}", 0..4), 0..4)) {
			let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
			recognise(&["time", "date"], &rows, &[]);
		}
	}
}
