use super::*;
use jiff::{civil::date, tz::TimeZone, Span, ToSpan, Unit};
use proptest::prelude::*;

/// A rule as that of central Europe, so that no database is needed.
const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// Texts from line 2 on.
fn texts<'a>(times: impl IntoIterator<Item = &'a str>) -> Vec<TimeText<'a>> {
	times.into_iter().zip(2..).map(|(text, line)| TimeText { line, text }).collect()
}

fn read_with(times: &[impl AsRef<str>], options: &TimeOptions, fill: bool) -> Result<Timeline> {
	Timeline::read(&texts(times.iter().map(AsRef::as_ref)), options, Gaps { fill, most: 262_144 })
}

fn read(times: &[impl AsRef<str>]) -> Timeline {
	read_with(times, &TimeOptions::default(), false).unwrap_or_else(|error| panic!("{error:#}"))
}

fn refusal_with(times: &[impl AsRef<str>], options: &TimeOptions, fill: bool) -> String {
	format!("{:#}", read_with(times, options, fill).unwrap_err())
}

fn refusal(times: &[impl AsRef<str>]) -> String {
	refusal_with(times, &TimeOptions::default(), false)
}

/// Returns `count` times from `start` on in steps of `step`, as `strftime` prints them by `format`.
fn printed(start: &str, step: Span, count: i64, format: &str) -> Vec<String> {
	let start: jiff::civil::DateTime = start.parse().unwrap();
	(0..count).map(|at| start.checked_add(step * at).unwrap().strftime(format).to_string()).collect()
}

/// Returns `count` instants from `start` on in steps of `step`, as they are printed in central Europe.
fn in_paris(start: &str, step: Span, count: i64, format: &str) -> Vec<String> {
	let zone = TimeZone::posix(PARIS).unwrap();
	let start = start.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone).unwrap();
	(0..count).map(|at| start.checked_add(step * at).unwrap().strftime(format).to_string()).collect()
}

fn zone(name: &str) -> TimeOptions {
	TimeOptions { zone: Some(name.into()), ..Default::default() }
}

fn rows(count: usize) -> Vec<usize> {
	(0..count).collect()
}

#[test]
fn k02_day_month_year_with_the_time_in_a_second_column() {
	// The two columns are joined by a blank.
	let times = printed("2031-12-16T17:24", 1.minute(), 500, "%d/%m/%Y %H:%M:%S");
	let timeline = read(&times);
	assert_eq!((timeline.order, timeline.steps), (rows(500), rows(500)));
	assert_eq!(timeline.clock.at(500), "17/12/2031 01:44:00");
	assert_eq!(read(&["1/12/2031", "12/13/2031", "12/14/2031"].map(str::to_string)[1..]).clock.at(2), "12/15/2031");
}

#[test]
fn k02_an_open_order_of_day_and_month_is_a_question() {
	let times = ["01/02/2031", "02/02/2031", "03/02/2031"];
	let question = refusal(&times);
	assert!(question.contains("line 2: `01/02/2031`") && question.contains("--day-first or --month-first"), "{question}");
	let with = |order| TimeOptions { order: Some(order), ..Default::default() };
	let next = |order| read_with(&times, &with(order), false).unwrap().clock.at(3);
	assert_eq!((next(DateOrder::DayFirst), next(DateOrder::MonthFirst)), ("04/02/2031".into(), "04/02/2031".into()));
	let month_first = read_with(&times, &with(DateOrder::MonthFirst), false).unwrap();
	assert_eq!(month_first.clock.at(12), "01/02/2032", "the second of each month");
	let wrong = refusal_with(&["16/12/2031", "17/12/2031"], &with(DateOrder::MonthFirst), false);
	assert!(wrong.contains("`16/12/2031` can only be day/month/year") && wrong.contains("--month-first"), "{wrong}");
	let both = refusal(&["16/12/2031", "12/17/2031"]);
	assert!(both.contains("line 3: `12/17/2031` can only be month/day/year, and `16/12/2031` in line 2"), "{both}");
}

#[test]
fn k03_the_newest_row_first_is_turned_round() {
	let mut times = printed("2031-01-01T00:00", 1.day(), 30, "%Y-%m-%d");
	times.reverse();
	let timeline = read(&times);
	assert_eq!(timeline.order, (0..30).rev().collect::<Vec<_>>());
	assert!(timeline.notes[0].contains("newest row comes first"), "{:?}", timeline.notes);
	assert_eq!(timeline.clock.at(30), "2031-01-31");
	let recognised = Timeline::recognised(&texts(times.iter().map(String::as_str)), &TimeOptions::default(), "date").unwrap();
	assert_eq!((recognised.order[0], recognised.clock.unwrap().at(30)), (29, "2031-01-31".into()));
}

#[test]
fn k03_years_of_two_digits_are_read_where_their_order_is_certain() {
	let times = ["12/30/69", "12/31/69", "01/01/70"];
	let timeline = read(&times);
	assert_eq!((timeline.steps, timeline.clock.at(3)), (rows(3), "01/02/70".into()));
	assert!(timeline.notes[0].contains("`%m/%d/%y`") && timeline.notes[0].contains("1969 to 2068"), "{:?}", timeline.notes);
	let question = refusal(&["01/02/31", "01/03/31", "01/04/31"]);
	assert!(question.contains("line 2: the year of `01/02/31` has two digits") && question.contains("%m/%d/%y"), "{question}");
	let order = |order| TimeOptions { order: Some(order), ..Default::default() };
	let next = |of| read_with(&["01/02/31", "02/02/31", "03/02/31"], &order(of), false).unwrap().clock.at(3);
	assert_eq!((next(DateOrder::DayFirst), next(DateOrder::MonthFirst)), ("04/02/31".into(), "04/02/31".into()));
	let recognised = |times: &[&str]| {
		let all = texts(times.iter().copied());
		Timeline::recognised(&all, &TimeOptions::default(), "day").map(|found| (found.order, found.clock.is_some()))
	};
	// Where all orders agree, the rows have one; otherwise, it is asked for.
	assert_eq!(recognised(&["03/02/01", "02/02/01", "01/02/01"]).unwrap(), (vec![2, 1, 0], false));
	assert!(format!("{:#}", recognised(&["01/02/31", "02/02/31", "01/03/31"]).unwrap_err()).contains("--time-format"));
	let days = printed("2024-01-01T00:00", 1.day(), 40, "%d.%m.%y");
	let days: Vec<&str> = days.iter().map(String::as_str).collect();
	assert_eq!(recognised(&days).unwrap(), (rows(40), false), "by no other reading is the file sorted");
	let newest: Vec<&str> = days.iter().rev().copied().collect();
	assert_eq!(recognised(&newest).unwrap(), ((0..40).rev().collect(), false));
	let broken = format!("{:#}", recognised(&["28/01/31", "27/01/31", "-", "25/01/31", "24/01/31"]).unwrap_err());
	assert!(broken.contains("line 4: invalid time `-`") && broken.contains("newest seems to come first"), "{broken}");
}

#[test]
fn k03_years_of_two_digits_on_both_sides_of_1969_are_refused() {
	for (times, example) in [
		(printed("1960-01-01T00:00", 1.month(), 240, "%-m/%-d/%y"), "`1/1/69` is of 1969, and `1/1/60` in line 2 is of 2060"),
		(printed("1960-01-01T00:00", 1.month(), 240, "%b-%y"), "`Jan-69` is of 1969, and `Jan-60` in line 2 is of 2060"),
		(printed("1967-12-25T00:00", 1.week(), 200, "%m/%d/%y"), "and `12/25/67` in line 2 is of 2067"),
		(printed("1940-01-01T00:00", 1.month(), 800, "%d-%b-%y"), "`01-Jan-69` is of 1969"),
	] {
		for sort in [false, true] {
			let options = TimeOptions { sort, ..Default::default() };
			let named = refusal_with(&times, &options, true);
			let all = texts(times.iter().map(String::as_str));
			let unasked = format!("{:#}", Timeline::recognised(&all, &options, "Date").unwrap_err());
			for reason in [named, unasked] {
				assert!(reason.contains(example) && reason.contains("four digits") && !reason.contains("--sort"), "{reason}");
			}
		}
	}
	let format = TimeOptions { format: Some("%b-%y".into()), sort: true, ..Default::default() };
	assert!(refusal_with(&["Dec-68", "Jan-69"], &format, false).contains("four digits"));
	// The century changes, but not at the limit.
	let timeline = read(&printed("1995-01-01T00:00", 1.month(), 240, "%b-%y"));
	assert_eq!((timeline.steps, timeline.clock.at(240)), (rows(240), "Jan-15".into()));
}

#[test]
fn k06_business_days_of_two_digit_years_are_in_their_century() {
	for (start, years) in [("1965-01-04T00:00", "as 1965, because"), ("2019-01-07T00:00", "1969 to 2068")] {
		let days = printed(start, 1.day(), 300, "%m/%d/%y");
		// The first day is a Monday.
		let trading: Vec<String> =
			days.into_iter().enumerate().filter(|(at, _)| at % 7 < 5 && *at != 21).map(|(_, day)| day).collect();
		let timeline = read_with(&trading, &TimeOptions::default(), true).unwrap();
		assert_eq!((timeline.steps.len(), timeline.steps.last()), (trading.len(), Some(&trading.len())), "one day is missing");
		assert!(timeline.notes[0].contains(years), "{:?}", timeline.notes);
		let format = TimeOptions { format: Some("%m/%d/%y".into()), ..Default::default() };
		let formatted = read_with(&trading, &format, true).unwrap();
		assert_eq!((formatted.clock, formatted.steps), (timeline.clock, timeline.steps));
	}
}

#[test]
fn k03_a_number_behind_a_month_may_be_a_day() {
	let month: Vec<String> = (1..=31).map(|day| format!("Jan-{day:02}")).collect();
	let newest: Vec<String> = month.iter().rev().cloned().collect();
	let two_months: Vec<String> = month.iter().cloned().chain((1..=28).map(|day| format!("Feb-{day:02}"))).collect();
	let hours: Vec<String> = (0..24).map(|hour| format!("Jan-01 {hour:02}:00")).collect();
	for times in [&month, &newest, &two_months, &hours] {
		for sort in [false, true] {
			let options = TimeOptions { sort, ..Default::default() };
			let all = texts(times.iter().map(String::as_str));
			let unasked = format!("{:#}", Timeline::recognised(&all, &options, "Date").unwrap_err());
			for reason in [refusal_with(times, &options, false), unasked] {
				assert!(reason.contains("line 2: `Jan-") && reason.contains("a month and a day without its year"), "{reason}");
				assert!(reason.contains("--time-format \"%b-%y"), "{reason}");
			}
		}
	}
	let format = TimeOptions { format: Some("%b-%y".into()), ..Default::default() };
	assert_eq!(read_with(&month, &format, false).unwrap().clock.at(31), "Jan-32");
	for (times, next) in [(["Nov-10", "Dec-10", "Jan-11"], "Feb-11"), (["Dec-31", "Dec-32", "Dec-33"], "Dec-34")] {
		assert_eq!(read(&times).clock.at(3), next);
	}
}

#[test]
fn k02_a_day_before_the_name_of_a_month_is_no_year() {
	for times in [
		printed("2019-01-01T00:00", 1.day(), 200, "%d-%b-%y"),
		printed("2019-01-01T00:00", 1.day(), 20, "%d-%b-%y"),
		printed("2020-01-01T00:00", 1.month(), 12, "%d-%b-%y"),
		printed("2019-01-01T00:00", 1.hour(), 200, "%d-%b-%y %H:%M"),
	] {
		let timeline = read(&times);
		assert_eq!((timeline.order, timeline.steps), (rows(times.len()), rows(times.len())));
		assert!(timeline.notes[0].contains("`%d-%b-%y"), "{:?}", timeline.notes);
		let newest: Vec<String> = times.iter().rev().cloned().collect();
		assert_eq!(read(&newest).clock, timeline.clock);
	}
	// The last numbers rise as days do.
	let times: Vec<String> = (1..=28).map(|last| format!("19-Jan-{last:02}")).collect();
	let question = refusal(&times);
	assert!(question.contains("`19-Jan-01`") && question.contains("%d-%b-%y") && question.contains("%y-%b-%d"), "{question}");
	let day_first = TimeOptions { order: Some(DateOrder::DayFirst), ..Default::default() };
	assert_eq!(read_with(&times, &day_first, false).unwrap().clock.at(28), "19-Jan-29");
}

#[test]
fn k03_numbers_of_four_digits_are_years_by_name_only() {
	let times = ["2013", "2012", "2011"];
	let recognised = |name: &str| Timeline::recognised(&texts(times), &TimeOptions::default(), name).unwrap();
	assert_eq!(recognised("year").order, [2, 1, 0]);
	let temperature = recognised("T");
	assert_eq!((temperature.order, temperature.clock), (rows(3), None));
	assert!(temperature.notes[0].starts_with("warning: the numbers of column `T` fall"), "{:?}", temperature.notes);
	assert_eq!(read(&times).order, [2, 1, 0], "the user names the column");
}

#[test]
fn k09_hours_from_1_to_24_and_weeks_that_a_year_lacks() {
	let timeline = read(&["2031 1 31 22", "2031 1 31 23", "2031 1 31 24", "2031 2 1 1"]);
	assert_eq!((timeline.steps, timeline.clock.at(4)), (rows(4), "2031 2 1 2".into()));
	let reason = refusal(&["2029-W52", "2029-W53"]);
	assert!(reason.contains("line 3: invalid time `2029-W53`") && reason.contains("2029 has no week 53"), "{reason}");
	assert_eq!(read(&["2032-W52", "2032-W53"]).clock.at(2), "2033-W01");
}

#[test]
fn k04_days_backwards_with_hours_forwards_are_refused_or_sorted() {
	let day = |day: i8| printed(&format!("2031-05-{day:02}T00:00"), 1.hour(), 24, "%Y-%m-%d %H:%M:%S");
	let times: Vec<String> = [8, 7, 6, 5].into_iter().flat_map(day).collect();
	let expected = "line 26: the time `2031-05-07 00:00:00` is not after that of line 25";
	let reason = refusal(&times);
	assert!(reason.contains(expected) && reason.contains("--sort"), "{reason}");
	let all = texts(times.iter().map(String::as_str));
	let unasked = format!("{:#}", Timeline::recognised(&all, &TimeOptions::default(), "Datetime").unwrap_err());
	assert!(unasked.contains(expected) && unasked.contains("`Datetime`") && unasked.contains("--time none"), "{unasked}");
	let sorted = read_with(&times, &TimeOptions { sort: true, ..Default::default() }, false).unwrap();
	assert_eq!((sorted.order[0], sorted.order[95], sorted.clock.at(96)), (72, 23, "2031-05-09 00:00:00".into()));
}

#[test]
fn k05_changes_of_the_offset_are_regular_instants() {
	for (start, last, next) in [
		("2031-03-29T00:00", "2031-03-31T02:00:00+02:00", "2031-03-31T03:00:00+02:00"),
		("2031-10-25T00:00", "2031-10-27T00:00:00+01:00", "2031-10-27T01:00:00+01:00"),
	] {
		let times = in_paris(start, 1.hour(), 50, "%Y-%m-%dT%H:%M:%S%:z");
		for fill in [false, true] {
			let timeline = read_with(&times, &TimeOptions::default(), fill).unwrap();
			assert_eq!((&timeline.order, &timeline.steps), (&rows(50), &rows(50)));
			assert_eq!((timeline.clock.at(49), timeline.clock.at(50)), (last.into(), next.into()));
			assert!(
				timeline.notes[0].contains("offset from UTC changes from +0") && timeline.notes[0].ends_with(":00"),
				"{:?}",
				timeline.notes
			);
			assert_eq!(timeline.clock.at(0), times[0]);
		}
	}
}

#[test]
fn k06_an_hour_that_comes_twice_is_explained_and_nothing_is_lost() {
	let times = in_paris("2031-10-25T00:00", 15.minutes(), 240, "%Y-%m-%d %H:%M:%S");
	let reason = refusal_with(&times, &TimeOptions::default(), true);
	let expected = "line 110: after `2031-10-26 02:45:00` in line 109 the time `2031-10-26 02:00:00` repeats an hour";
	assert!(reason.contains(expected) && reason.contains("--zone") && !reason.contains("emove one"), "{reason}");
	let timeline = read_with(&times, &zone(PARIS), false).unwrap();
	assert_eq!((timeline.order, timeline.steps), (rows(240), rows(240)));
	assert_eq!((timeline.clock.at(239), timeline.clock.at(240)), (times[239].clone(), "2031-10-27 11:00:00".into()));
	let hourly = in_paris("2031-10-25T00:00", 1.hour(), 60, "%d.%m.%Y %H.%M");
	assert!(refusal(&hourly).contains("repeats an hour"), "{}", refusal(&hourly));
	assert_eq!(read_with(&hourly, &zone(PARIS), false).unwrap().steps, rows(60));
	let all = texts(times.iter().map(String::as_str));
	let unasked = Timeline::recognised(&all, &TimeOptions::default(), "time").unwrap();
	assert_eq!((unasked.order, unasked.clock), (rows(240), None));
	assert!(unasked.notes[0].contains("--zone"), "{:?}", unasked.notes);
}

#[test]
fn k06_an_hour_that_no_clock_shows_is_never_made_up() {
	let times = in_paris("2031-03-29T00:00", 1.hour(), 60, "%Y-%m-%d %H:%M");
	for fill in [false, true] {
		let reason = refusal_with(&times, &TimeOptions::default(), fill);
		assert!(reason.contains("line 28: after `2031-03-30 01:00` in line 27 comes `2031-03-30 03:00`"), "{reason}");
		assert!(reason.contains("--zone"), "{reason}");
	}
	let timeline = read_with(&times, &zone(PARIS), true).unwrap();
	assert_eq!((timeline.steps, timeline.clock.at(60)), (rows(60), "2031-03-31 13:00".into()));
	// In UTC, an hour is missing indeed.
	assert_eq!(read_with(&times, &zone("UTC"), true).unwrap().steps[59], 60);
	let skipped = refusal_with(&["2031-03-30 01:00", "2031-03-30 02:00", "2031-03-30 03:00"], &zone(PARIS), true);
	assert!(skipped.contains("line 3: the time `2031-03-30 02:00` does not exist in"), "{skipped}");
}

#[test]
fn k06_sorting_keeps_the_passes_of_a_repeated_hour_apart() {
	let sorted = |zone: &str| TimeOptions { zone: Some(zone.into()), sort: true, ..Default::default() };
	for step in [15.minutes(), 30.minutes(), 1.hour()] {
		let count = 60 * 60 / step.total(jiff::Unit::Minute).unwrap() as i64;
		let times = in_paris("2031-10-25T00:00", step, count, "%Y-%m-%d %H:%M");
		let mut reversed = times.clone();
		reversed.reverse();
		// Days backwards with hours forwards.
		let mut days: Vec<&[String]> = times.chunk_by(|last, next| last[..10] == next[..10]).collect();
		days.reverse();
		let days = days.concat();
		let expected = read_with(&times, &zone(PARIS), false).unwrap();
		for shuffled in [&times, &reversed, &days] {
			let timeline = read_with(shuffled, &sorted(PARIS), false).unwrap();
			assert_eq!(timeline.steps, rows(times.len()));
			let texts: Vec<&String> = timeline.order.iter().map(|row| &shuffled[*row]).collect();
			assert_eq!(texts, times.iter().collect::<Vec<_>>());
			assert_eq!(timeline.clock, expected.clock);
			// Each pass of the hour is in its own order, which equal texts do not show.
			let night: Vec<usize> = (0..times.len()).filter(|at| times[*at].starts_with("2031-10-26 02")).collect();
			let turned = night.iter().map(|at| timeline.order[*at]).collect::<Vec<_>>();
			let rises = turned.windows(2).all(|pair| pair[1] == pair[0] + 1);
			let falls = turned.windows(2).all(|pair| pair[1] + 1 == pair[0]);
			assert!(if std::ptr::eq(shuffled, &reversed) { falls } else { rises }, "{turned:?}");
		}
		// Where the rows of the night are mixed, nothing shows the pass of a row.
		let mut mixed = times.clone();
		let at = mixed.iter().position(|time| time.starts_with("2031-10-26 02")).unwrap();
		mixed.swap(at, 1);
		let reason = refusal_with(&mixed, &sorted(PARIS), false);
		assert!(reason.contains("comes twice") && reason.contains("--sort cannot separate them"), "{reason}");
		// Without a zone, sorting would mix them.
		let unnamed = TimeOptions { sort: true, ..Default::default() };
		let reason = refusal_with(&reversed, &unnamed, false);
		assert!(reason.contains("sorting mixes the rows of both hours") && reason.contains("--zone"), "{reason}");
		let all = texts(times.iter().map(String::as_str));
		let unasked = format!("{:#}", Timeline::recognised(&all, &unnamed, "time").unwrap_err());
		assert!(unasked.contains("sorting mixes") && unasked.contains("column `time` holds times"), "{unasked}");
	}
}

#[test]
fn k06_only_a_night_in_which_clocks_are_turned_back_is_named() {
	let twice = |start: &str, at: usize| {
		let mut times = printed(start, 1.hour(), 60, "%Y-%m-%d %H:%M");
		times.insert(at, times[at].clone());
		times
	};
	// 2031-10-26, 2031-11-02 and 2031-04-06 are Sundays; 2031-10-31 is a Friday.
	for night in ["2031-10-26T00:00", "2031-11-02T00:00", "2031-04-06T00:00", "2031-10-31T00:00"] {
		assert!(refusal(&twice(night, 2)).contains("daylight-saving"), "{night}");
	}
	// In January, by day, and on another day of the week, a row is repeated.
	for (start, at) in [("2031-01-05T00:00", 2), ("2031-10-26T00:00", 12), ("2031-10-28T00:00", 2), ("2031-06-01T00:00", 2)] {
		let reason = refusal(&twice(start, at));
		assert!(reason.contains("but the same") && !reason.contains("daylight-saving"), "{start}: {reason}");
	}
	// Beside a repeated hour, a repeated row is named.
	let mut both = in_paris("2031-10-25T00:00", 1.hour(), 60, "%Y-%m-%d %H:%M");
	both.insert(40, both[39].clone());
	let reason = refusal(&both);
	assert!(reason.contains("line 42: the time") && reason.contains("but the same"), "{reason}");
	// The newest row may come first.
	let mut newest = in_paris("2031-10-25T00:00", 1.hour(), 60, "%Y-%m-%d %H:%M");
	newest.reverse();
	let all = texts(newest.iter().map(String::as_str));
	let unasked = Timeline::recognised(&all, &TimeOptions::default(), "time").unwrap();
	assert_eq!((unasked.order, unasked.clock), ((0..60).rev().collect(), None));
	assert!(unasked.notes[0].starts_with("warning: ") && unasked.notes[0].contains("--zone"), "{:?}", unasked.notes);
}

#[test]
fn k06_zones_are_named_or_given_as_a_rule() {
	let times = ["2031-01-01 00:00", "2031-01-01 01:00"];
	assert!(refusal_with(&times, &zone("Mars/Olympus"), false).contains("invalid --zone `Mars/Olympus`"));
	assert!(refusal_with(&["2031-01-01T00:00Z", "2031-01-01T01:00Z"], &zone("UTC"), false).contains("Omit --zone"));
	assert!(refusal_with(&["0", "60"], &zone("UTC"), false).contains("Omit --zone"));
	let days = printed("2031-03-28T00:00", 1.day(), 5, "%Y-%m-%d");
	let timeline = read_with(&days, &zone(PARIS), false).unwrap();
	assert_eq!((timeline.steps, timeline.clock.at(6)), (rows(5), "2031-04-03".into()), "days of 23 hours are days");
}

#[test]
fn k07_a_change_from_milliseconds_to_microseconds_is_named() {
	let milliseconds = (0..100i64).map(|at| 1_924_984_859_000 + at * 60_000);
	let times: Vec<String> =
		milliseconds.enumerate().map(|(at, ms)| (if at < 60 { ms } else { ms * 1_000 }).to_string()).collect();
	for fill in [false, true] {
		let reason = refusal_with(&times, &TimeOptions::default(), fill);
		assert!(reason.contains("line 62: after `1924988399000` in line 61 comes `1924988459000000`"), "{reason}");
		assert!(
			reason.contains("from milliseconds to microseconds, a factor of 1000")
				&& reason.contains("divide those from line 62 on by 1000"),
			"{reason}"
		);
	}
	// Nothing is wrong with any unit that is kept.
	for factor in [1, 1_000, 1_000_000, 1_000_000_000] {
		let times: Vec<String> = (0..20i64).map(|at| ((1_924_984_859 + at * 60) * factor).to_string()).collect();
		let timeline = read(&times);
		assert_eq!((timeline.steps, timeline.clock.at(20)), (rows(20), ((1_924_984_859 + 1_200) * factor).to_string()));
	}
}

#[test]
fn k07_more_steps_than_may_be_used_are_refused_before_they_are_made() {
	let with_gap = |gap: i64| [0, 60, 120, 180 + gap, 240 + gap].map(|seconds: i64| seconds.to_string());
	let reason = refusal_with(&with_gap(30_000_000_000), &TimeOptions::default(), true);
	assert!(reason.contains("line 5: the time") && reason.contains("at most 262144 are used"), "{reason}");
	// Filling is no advice where it is refused.
	for fill in [false, true] {
		let reason = refusal_with(&with_gap(600), &TimeOptions::default(), fill);
		assert!(reason.contains("10 steps are missing and 5 are there") && !reason.contains("--fill"), "{reason}");
	}
	assert_eq!(read_with(&with_gap(120), &TimeOptions::default(), true).unwrap().steps, [0, 1, 2, 5, 6]);
}

#[test]
fn k08_eight_digits_are_a_date() {
	let times = printed("2031-01-01T00:00", 1.day(), 190, "%Y%m%d");
	let timeline = read(&times);
	assert_eq!((timeline.steps, timeline.clock.at(190)), (rows(190), "20310710".into()));
	let mut wrong = times;
	wrong[40] = "20310230".into();
	assert!(
		refusal(&wrong).contains("line 42: invalid time `20310230`: the other times are dates as YYYYMMDD"),
		"{}",
		refusal(&wrong)
	);
	assert_eq!(read(&["203101010000", "203101010030"]).clock.at(2), "203101010100");
	assert_eq!(read(&["10000000", "10003600", "10007200"]).clock.at(3), "10010800", "no plausible date: seconds");
}

#[test]
fn k09_months_and_years_are_calendar_steps() {
	let months = printed("2019-01-01T00:00", 1.month(), 144, "%Y-%m");
	let timeline = read(&months);
	assert_eq!((timeline.steps, timeline.clock.at(144), timeline.clock.at(155)), (rows(144), "2031-01".into(), "2031-12".into()));
	let first_days = printed("2019-01-01T00:00", 1.month(), 144, "%Y-%m-%d");
	let clock = read(&first_days).clock;
	assert_eq!([144, 145, 155].map(|at| clock.at(at)), ["2031-01-01", "2031-02-01", "2031-12-01"]);
	let ends = read(&["2031-01-31", "2031-02-28", "2031-03-31", "2031-04-30"]).clock;
	assert_eq!([4, 13].map(|at| ends.at(at)), ["2031-05-31", "2032-02-29"]);
	let last_days = read(&["2031-04-30", "2031-06-30", "2031-09-30"].map(|text| text)[..2]).clock;
	assert_eq!(last_days.at(2), "2031-08-31", "the ends of months");
	for (times, next) in [
		(["1949", "1950", "1951"], "1952"),
		(["194911", "194912", "195001"], "195002"),
		(["Nov 1949", "Dec 1949", "Jan 1950"], "Feb 1950"),
		(["11/1949", "12/1949", "01/1950"], "02/1950"),
		(["1949Q2", "1949Q3", "1949Q4"], "1950Q1"),
		(["2028-02-29", "2032-02-29", "2036-02-29"], "2040-02-29"),
	] {
		assert_eq!(read(&times).clock.at(3), next);
	}
	for (times, next) in [
		(["11.2031", "12.2031", "01.2032"], "02.2032"),
		(["2031.11", "2031.12", "2032.01"], "2032.02"),
		(["2031/11", "2031/12", "2032/01"], "2032/02"),
		(["2031-W51", "2031-W52", "2032-W01"], "2032-W02"),
		(["2031-W52-7", "2032-W01-1", "2032-W01-2"], "2032-W01-3"),
		(["Nov-31", "Dec-31", "Jan-32"], "Feb-32"),
	] {
		assert_eq!(read(&times).clock.at(3), next);
	}
	let gap = refusal(&["2031-01", "2031-02", "2031-03", "2031-06"]);
	assert!(
		gap.contains("line 5: the time `2031-06` is 3 months after `2031-03` in line 4") && gap.contains("2 values"),
		"{gap}"
	);
	let filled = read_with(&["2031-01", "2031-02", "2031-03", "2031-06"], &TimeOptions::default(), true).unwrap();
	assert_eq!((&filled.steps[..], filled.clock.at(4)), (&[0, 1, 2, 5][..], "2031-05".into()));
}

#[test]
fn days_of_the_week_are_calendar_steps() {
	// Prices of 2031, which begins on a Wednesday.
	let days = printed("2031-01-01T00:00", 1.day(), 60, "%Y-%m-%d");
	let trading: Vec<String> = days
		.iter()
		.filter(|day| !matches!(day.parse::<jiff::civil::Date>().unwrap().weekday().to_monday_zero_offset(), 5..))
		.cloned()
		.collect();
	let timeline = read(&trading);
	assert_eq!((timeline.steps, trading.last().map(String::as_str)), (rows(trading.len()), Some("2031-02-28")));
	assert_eq!([0, 1, 5].map(|at| timeline.clock.at(trading.len() + at)), ["2031-03-03", "2031-03-04", "2031-03-10"]);
	let holiday: Vec<String> = trading.iter().filter(|day| *day != "2031-01-20").cloned().collect();
	let gap = refusal(&holiday);
	assert!(gap.contains("`2031-01-21` is 2 weekdays after `2031-01-17`") && gap.contains("1 value is missing"), "{gap}");
	assert_eq!(read_with(&holiday, &TimeOptions::default(), true).unwrap().clock.at(13), "2031-01-20");
	// With a weekend among them, days are days.
	let with_weekend: Vec<String> = days[..3].iter().chain(&trading[3..]).chain(&days[59..]).cloned().collect();
	assert!(refusal(&with_weekend).contains("the usual step is 1 day"), "{}", refusal(&with_weekend));
}

#[test]
fn k14_several_series_below_each_other_are_refused() {
	let store = printed("2031-01-01T00:00", 1.day(), 65, "%Y-%m-%d");
	let times: Vec<String> = [&store[..], &store, &store].concat();
	let error = read_with(&times, &TimeOptions::default(), true).unwrap_err();
	let begins = error.downcast_ref::<SeriesBegins>().unwrap();
	assert_eq!((begins.last_line, begins.line), (66, 67));
	assert!(error.to_string().contains("line 67: the times begin again") && error.to_string().contains("3 series"), "{error}");
	let all = texts(times.iter().map(String::as_str));
	let unasked = Timeline::recognised(&all, &TimeOptions::default(), "ds").unwrap_err();
	assert!(unasked.downcast_ref::<SeriesBegins>().is_some_and(|begins| begins.line == 67), "{unasked:#}");
	// Side by side, each time comes as often as there are series.
	let side_by_side: Vec<String> = store.iter().flat_map(|time| [time.clone(), time.clone()]).collect();
	let error = read_with(&side_by_side, &TimeOptions::default(), true).unwrap_err();
	assert_eq!(error.downcast_ref::<SeriesBegins>().map(|begins| (begins.last_line, begins.line)), Some((2, 3)));
	let newest_first: Vec<String> = [&store[..], &store].concat().into_iter().rev().collect();
	let error = read_with(&newest_first, &TimeOptions::default(), true).unwrap_err();
	assert_eq!(error.downcast_ref::<SeriesBegins>().map(|begins| (begins.last_line, begins.line)), Some((66, 67)));
}

#[test]
fn single_rows_out_of_order_are_named() {
	let mut times = printed("2031-01-01T00:00", 1.day(), 40, "%Y-%m-%d");
	times.swap(10, 20);
	let reason = refusal(&times);
	assert!(reason.contains("line 13: the time `2031-01-12` is not after that of line 12, `2031-01-21`"), "{reason}");
	let mut times = printed("2031-01-01T00:00", 1.day(), 40, "%Y-%m-%d");
	times[7] = times[6].clone();
	let reason = refusal(&times);
	assert!(reason.contains("line 9: the time `2031-01-07` is not after that of line 8, but the same"), "{reason}");
	assert!(read_with(&times, &TimeOptions { sort: true, ..Default::default() }, true).is_err(), "no order is right");
}

#[test]
fn filled_steps_are_counted_and_dated() {
	let times = ["2031-01-01", "2031-01-02", "2031-01-05", "2031-01-06", "2031-01-07", "2031-01-09"];
	let gap = refusal(&times);
	assert!(
		gap.contains("line 4: the time `2031-01-05` is 3 days after `2031-01-02` in line 3; the usual step is 1 day"),
		"{gap}"
	);
	assert!(gap.contains("2 values are missing (3 in 2 places in all)") && gap.contains("--fill linear"), "{gap}");
	let timeline = read_with(&times, &TimeOptions::default(), true).unwrap();
	assert_eq!(timeline.steps, [0, 1, 4, 5, 6, 8]);
	assert_eq!([2, 3, 4, 7, 8, 9].map(|at| timeline.clock.at(at)[8..].to_string()), ["03", "04", "05", "08", "09", "10"]);
	assert!(timeline.notes[0].contains("3 steps of 9 are missing in 2 places"), "{:?}", timeline.notes);
	assert!(timeline.notes[0].contains("largest gap, 2 steps, is between `2031-01-02` in line 3 and `2031-01-05` in line 4"));
	assert_eq!(timeline.clock.skip(4).at(5), "2031-01-10");
	let all = texts(times);
	let unasked = Timeline::recognised(&all, &TimeOptions::default(), "day").unwrap();
	assert!(
		unasked.clock.is_none() && unasked.notes[0].starts_with("warning: rows are used as equal steps"),
		"{:?}",
		unasked.notes
	);
}

#[test]
fn names_of_months_in_full_pass_through_may() {
	for times in [
		["April 2031", "May 2031", "June 2031", "July 2031"],
		["May 2031", "June 2031", "July 2031", "August 2031"],
		["March 2031", "May 2031", "July 2031", "September 2031"],
	] {
		let timeline = read(&times);
		for (at, time) in times.iter().enumerate() {
			assert_eq!(timeline.clock.at(at), *time);
		}
	}
	assert_eq!(read(&["May 2031", "Jun 2031", "Jul 2031"]).clock.at(3), "Aug 2031");
	assert_eq!(read(&["05 May 31", "05 June 31", "05 July 31"]).clock.at(2), "05 July 31");
}

#[test]
fn uneven_times_are_reported() {
	let times: Vec<String> = (0..60i64).map(|at| (at * 100 + at % 3 * 30).to_string()).collect();
	let timeline = read(&times);
	assert!(
		timeline.notes.iter().any(|note| note.starts_with("warning: the times are not equally spaced")),
		"{:?}",
		timeline.notes
	);
}

#[test]
fn texts_that_are_no_times_are_named_with_the_next_step() {
	for (times, expected) in [
		(&["yesterday"][..], "line 2: invalid time `yesterday`: expected a time such as 2031-01-31 18:00:00"),
		(&["2021-02-28", "2021-02-31"], "line 3: invalid time `2021-02-31`: the calendar has no such time"),
		(&["2031-01-01", ""], "line 3: the row has no time"),
		(&["1", "2031-01-01"], "line 3: invalid time `2031-01-01`: the first time is a number"),
		(&["2031-01-01", "01.02.2031"], "line 3: invalid time `01.02.2031`: all times of a file are written alike"),
		(&["2031-01-01T00:00Z", "2031-01-01T01:00"], "is written otherwise"),
		(&["31/01/31"], "--time-format \"%d/%m/%y\" or --time-format \"%y/%m/%d\""),
		(&["31.01.31 22:00"], "line 2: the year of `31.01.31 22:00` has two digits"),
		(&["2031-01-31", "01.02.31"], "its year has two digits: state the order with --time-format, e.g. %d/%m/%y"),
		(&["2031-01-01 00:00 CET"], "the abbreviation CET names no offset"),
		(&["0", "inf"], "line 3: invalid time `inf`"),
	] {
		let reason = refusal(times);
		assert!(reason.contains(expected), "{times:?}: {reason}");
	}
	assert!(Timeline::read(&[], &TimeOptions::default(), Gaps { fill: false, most: 1 }).is_err());
}

#[test]
fn a_format_reads_what_is_not_recognised() {
	let format = |format: &str| TimeOptions { format: Some(format.into()), ..Default::default() };
	let next = |times: &[&str], of: &str| read_with(times, &format(of), false).map(|timeline| timeline.clock.at(times.len()));
	assert_eq!(next(&["31.01.31", "01.02.31"], "%d.%m.%y").unwrap(), "02.02.31");
	assert_eq!(next(&["2031 1 30", "2031 1 31"], "%Y %m %d").unwrap(), "2031 02 01");
	assert_eq!(next(&["2031/11", "2031/12"], "%Y/%m").unwrap(), "2032/01");
	assert_eq!(next(&["2031-01-01 00 +0100", "2031-01-01 01 +0100"], "%Y-%m-%d %H %z").unwrap(), "2031-01-01 02 +0100");
	let wrong = format!("{:#}", next(&["2031-01-01"], "%d.%m.%y").unwrap_err());
	assert!(wrong.contains("line 2: invalid time `2031-01-01`: it does not follow --time-format `%d.%m.%y`"), "{wrong}");
}

#[test]
fn times_are_printed_in_the_notation_of_the_file() {
	for (first, second, third) in [
		("2016-12-31 22:00:00", "2016-12-31 23:00:00", "2017-01-01 00:00:00"),
		("2016-02-27", "2016-02-28", "2016-02-29"),
		("2016-02-27T10:30Z", "2016-02-27T10:45Z", "2016-02-27T11:00Z"),
		("2016-02-27T10:30:00+01:00", "2016-02-27T10:30:05+01:00", "2016-02-27T10:30:10+01:00"),
		("2016-02-27T22:00-05:00", "2016-02-27T23:00-05:00", "2016-02-28T00:00-05:00"),
		("2016-02-27 22:00 +0530", "2016-02-27 23:00 +0530", "2016-02-28 00:00 +0530"),
		("2016-02-27T22:00:00.25", "2016-02-27T22:00:00.5", "2016-02-27T22:00:00.75"),
		("13/1/2031 11:30 PM", "14/1/2031 12:00 AM", "14/1/2031 12:30 AM"),
		("31-Jan-2031", "01-Feb-2031", "02-Feb-2031"),
		("January 31, 2031", "February 01, 2031", "February 02, 2031"),
		("20310131T2330", "20310201T0000", "20310201T0030"),
		("2031 1 31 22", "2031 1 31 23", "2031 2 1 0"),
		("13.01.2031 18.00.00", "13.01.2031 19.00.00", "13.01.2031 20.00.00"),
		("1969-12-30", "1969-12-31", "1970-01-01"),
		("-10", "50", "110"),
		("0.5", "0.75", "1.00"),
	] {
		let clock = read(&[first, second]).clock;
		assert_eq!(clock.at(2), third);
		let last = clock.at(0);
		assert!(last.starts_with(first) || last.starts_with(&first[..8]), "{last} for {first}");
	}
	assert_eq!(read(&["9999-12-29", "9999-12-30"]).clock.at(5), "", "the calendar ends");
}

/// Formats that are recognised, with the unit of their last field and the separators that a column joins them by.
const FORMATS: [(&str, Unit); 24] = [
	("%Y-%m-%d %H:%M:%S", Unit::Second),
	("%Y-%m-%dT%H:%M:%S%.9f", Unit::Nanosecond),
	("%Y-%m-%dT%H:%M:%SZ", Unit::Second),
	("%Y-%m-%dT%H:%M", Unit::Minute),
	("%Y/%m/%d %H.%M.%S", Unit::Second),
	("%d/%m/%Y %H:%M:%S", Unit::Second),
	("%m/%d/%Y %I:%M:%S %p", Unit::Second),
	("%d.%m.%Y %H:%M", Unit::Minute),
	("%d-%b-%Y %H:%M", Unit::Minute),
	("%A, %d %B %Y %H:%M:%S", Unit::Second),
	("%b %d, %Y, %I:%M %p", Unit::Minute),
	("%Y-%b-%d", Unit::Day),
	("%Y-%m-%d", Unit::Day),
	("%d/%m/%Y", Unit::Day),
	("%Y%m%d", Unit::Day),
	("%Y%m%dT%H%M%S", Unit::Second),
	("%Y%m%d%H%M%S", Unit::Second),
	("%s", Unit::Second),
	("%Y-%m", Unit::Month),
	("%b %Y", Unit::Month),
	("%B %Y", Unit::Month),
	("%d %B %Y", Unit::Day),
	("%m/%Y", Unit::Month),
	("%Y", Unit::Year),
];

/// Times and what resembles them.
const TIMES: &str =
	"[0-9]{1,20}|-?[0-9]e[0-9]{1,2}|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}( [0-9]{2}:[0-9]{2})?|2031-0[1-4]-[0-3][0-9]|.{0,12}";

proptest! {
	#[test]
	fn instants_are_read_back_in_every_format(
		start in -1_500_000_000i64..4_000_000_000,
		nanos in 0i64..1_000_000_000,
		step in 1i64..100,
		format in 0..FORMATS.len(),
	) {
		let (format, unit) = FORMATS[format];
		let order = if format.starts_with("%m/%d") { DateOrder::MonthFirst } else { DateOrder::DayFirst };
		let start = jiff::Timestamp::new(start, nanos as i32).unwrap().to_zoned(TimeZone::UTC).datetime();
		let start = match unit {
			Unit::Year => date(start.year(), 1, 1).at(0, 0, 0, 0),
			Unit::Month => start.date().first_of_month().at(0, 0, 0, 0),
			Unit::Day => start.date().at(0, 0, 0, 0),
			Unit::Minute => start.with().second(0).subsec_nanosecond(0).build().unwrap(),
			Unit::Second => start.with().subsec_nanosecond(0).build().unwrap(),
			_ => start,
		};
		// Numbers of seconds below ten digits may be dates.
		prop_assume!(format != "%s" || start.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second().abs() > 2_200_000_000);
		let span = |count: i64| match unit {
			Unit::Year => Span::new().years(count),
			Unit::Month => Span::new().months(count),
			Unit::Day => Span::new().days(count),
			Unit::Minute => Span::new().minutes(count),
			Unit::Second => Span::new().seconds(count),
			_ => Span::new().nanoseconds(count),
		};
		let print = |at: i64| {
			let time = start.checked_add(span(step * at)).unwrap().to_zoned(TimeZone::UTC).unwrap();
			jiff::fmt::strtime::format(format, &time).unwrap()
		};
		let times: Vec<String> = (0..8).map(print).collect();
		// Names in full and abbreviated names of May are alike, and say nothing about those of later months.
		prop_assume!(!times.iter().all(|time| time.contains("May")) || print(11).contains("May"));
		let options = TimeOptions { order: Some(order), ..Default::default() };
		// Evidence against the order is an error, and there is none.
		let timeline = read_with(&times, &options, false);
		let timeline = timeline.unwrap_or_else(|error| panic!("{times:?}: {error:#}"));
		prop_assert_eq!((&timeline.order, &timeline.steps), (&rows(8), &rows(8)));
		// Days of the week are not printed.
		let bare = |text: &str| text.split_once("day, ").map_or(text.to_string(), |(_, rest)| rest.to_string());
		for (at, time) in times.iter().enumerate() {
			prop_assert_eq!(timeline.clock.at(at), bare(time));
		}
		prop_assert_eq!(timeline.clock.at(11), bare(&print(11)));
		let mut reversed = times.clone();
		reversed.reverse();
		prop_assert_eq!(read_with(&reversed, &options, false).unwrap().clock, timeline.clock);
	}

	#[test]
	fn any_texts_are_read_or_refused(
		times in prop::collection::vec(TIMES, 0..12),
		fill: bool,
		sort: bool,
		zone in prop::option::of(Just(PARIS.to_string())),
		order in prop::option::of(prop_oneof![Just(DateOrder::DayFirst), Just(DateOrder::MonthFirst)]),
	) {
		let options = TimeOptions { sort, zone, order, format: None };
		let all = texts(times.iter().map(String::as_str));
		if let Ok(timeline) = Timeline::read(&all, &options, Gaps { fill, most: 1_000 }) {
			prop_assert_eq!((timeline.order.len(), timeline.steps.len()), (times.len(), times.len()));
			prop_assert!(timeline.steps.windows(2).all(|pair| pair[0] < pair[1]) && timeline.steps[times.len() - 1] < 1_000);
			timeline.clock.at(2_000);
		}
		let _ = Timeline::recognised(&all, &options, "t");
	}
}
