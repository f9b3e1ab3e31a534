//! Columns of times, recognised by their cells.

use super::{
	number::{Layout, Number, Scale},
	text::{is_time_of_day, Written},
};

/// Words in the names of columns whose numbers are times.
const WORDS: [&str; 9] = ["time", "date", "stamp", "epoch", "unix", "month", "year", "day", "ds"];
/// Seconds since 1970 from which on a number is a plausible time: in 1980.
const FIRST: i128 = 315_532_800;

/// Returns the positions of the columns of times, by their cells: one column, one of dates and one of times of day, or those of
/// year, month and day. Numbers are times only if the name of the column has such a word and they are plausible. Columns at the
/// positions `taken` hold values.
pub fn recognise(names: &[&str], rows: &[Vec<&str>], taken: &[usize]) -> Option<Vec<usize>> {
	let width = rows.iter().map(Vec::len).max()?;
	let free = || (0..width).filter(|at| !taken.contains(at));
	let cells = |at: usize| rows.iter().map(move |row| row.get(at).map_or("", |cell| cell.trim()));
	let all = |at: usize, test: &dyn Fn(&str) -> bool| cells(at).all(test);
	let time = free().find(|at| all(*at, &is_time_of_day));
	let lacks_hours = |cell: &str| Written::parse(cell).is_some_and(|(_, shape)| shape.time.is_none());
	// A date that is the same in all rows is not that of the rows, unless another column has their times of day.
	let changes = |at: usize| rows.len() == 1 || cells(at).any(|cell| Some(cell) != cells(at).next());
	// A column of numbers such as 4.2000 could be read as months of years, but holds measurements.
	let is_date = |at: usize| all(at, &|cell| Written::parse(cell).is_some()) && !all(at, &|cell| Number::parse(cell).is_some());
	for date in free().filter(|at| is_date(*at)) {
		match time {
			Some(time) if all(date, &lacks_hours) => return Some(vec![date, time]),
			_ if changes(date) => return Some(vec![date]),
			_ => {}
		}
	}
	let named = |word: &str| free().find(|at| names.get(*at).is_some_and(|name| name.trim().eq_ignore_ascii_case(word)));
	if let (Some(year), Some(month)) = (named("year"), named("month")) {
		let parts: Vec<usize> = [year, month].into_iter().chain(named("day")).collect();
		let joined =
			|row: &Vec<&str>| parts.iter().map(|at| row.get(*at).map_or("", |cell| cell.trim())).collect::<Vec<_>>().join(" ");
		let dates: Vec<String> = rows.iter().map(joined).collect();
		let differ = dates.windows(2).all(|pair| pair[0] != pair[1]);
		if differ && dates.iter().all(|date| Written::parse(date).is_some()) {
			return Some(parts);
		}
	}
	// A year or a month that several rows share is only a part of their times.
	let differ = |at: usize| cells(at).zip(cells(at).skip(1)).all(|(cell, next)| cell != next);
	free()
		.filter(|at| differ(*at))
		.find(|at| names.get(*at).is_some_and(|name| is_named(name)) && is_plausible(cells(*at)))
		.map(|at| vec![at])
}

/// Returns `true` if a name has a word for times.
fn is_named(name: &str) -> bool {
	let name = name.to_lowercase();
	name.split(|next: char| !next.is_alphanumeric()).any(|word| {
		WORDS.iter().any(|known| match *known {
			"ds" | "day" => word == *known,
			// Not inside a word, as in `centimeters`.
			_ => word.starts_with(known) || word.ends_with(known),
		})
	})
}

/// Returns `true` if all cells are numbers that are dates without separators, or plausible times since 1970.
fn is_plausible<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
	let Some(numbers) = cells.map(Number::parse).collect::<Option<Vec<Number>>>() else { return false };
	let since = |number: &Number| {
		let factor = i128::from(number.scale().factor(Scale::Seconds));
		number.nanos / super::number::UNIT / factor >= FIRST
	};
	!numbers.is_empty() && (Layout::of(&numbers).is_some() || numbers.iter().all(since))
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
