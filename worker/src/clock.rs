//! When the rows of a file were taken.

use anyhow::{bail, Result};

/// Equal steps of time, written as the file writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
	/// Seconds since 1970 of the first value.
	first: i64,
	/// Seconds from a value to the next.
	step: i64,
	/// A time of the file.
	example: String,
}

impl Clock {
	/// The clock of these times, if all are known and their steps are equal.
	pub fn new(times: &[Option<i64>], example: &str) -> Option<Self> {
		let (first, second) = (times.first().copied()??, times.get(1).copied()??);
		let step = second - first;
		let even = times.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if b - a == step));
		(step > 0 && even).then(|| Self { first, step, example: example.to_string() })
	}

	/// The time of value number `row`, from 0; there may be no such value yet.
	pub fn at(&self, row: usize) -> String {
		let time = self.first + self.step * row as i64;
		let example = self.example.as_str();
		if example.parse::<f64>().is_ok() {
			return time.to_string();
		}
		let date = date(time.div_euclid(86_400));
		let (zone, example) = match example.find(['Z', '+']) {
			Some(at) => (&example[at..], &example[..at]),
			None => ("", example),
		};
		let of_day = time.rem_euclid(86_400);
		let Some(separator) = example.find(['T', ' ']).map(|at| &example[at..at + 1]) else {
			// Dates alone say it all as long as steps are days.
			let clock = format!(" {:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60);
			return if of_day == 0 && self.step % 86_400 == 0 { date } else { date + &clock };
		};
		let seconds =
			if example.matches(':').count() > 1 || self.step % 60 != 0 { format!(":{:02}", of_day % 60) } else { String::new() };
		format!("{date}{separator}{:02}:{:02}{seconds}{zone}", of_day / 3_600, of_day / 60 % 60)
	}
}

/// Year, month and day of a day counted from 1970.
fn date(days: i64) -> String {
	// Years begin in March, so the leap day comes last; 400 of them have 146 097 days.
	let days = days + 719_468;
	let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
	let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
	let day = day - (365 * year + year / 4 - year / 100);
	let month = (5 * day + 2) / 153;
	let of_month = day - (153 * month + 2) / 5 + 1;
	let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
	format!("{:04}-{month:02}-{of_month:02}", year + 400 * era)
}

/// Seconds since 1970 of a date, a date and time, or a number of seconds.
pub fn instant(text: &str) -> Result<i64> {
	if let Ok(seconds) = text.parse::<f64>() {
		if !seconds.is_finite() {
			bail!("it is infinite");
		}
		return Ok(seconds as i64);
	}
	let text = text.trim_end_matches('Z').split('+').next().unwrap_or("");
	let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "0:0:0"));
	let parts = |text: &str, separator: char| -> Result<Vec<i64>> {
		text.split(separator).map(|part| Ok(part.split('.').next().unwrap_or("").parse::<i64>()?)).collect()
	};
	let (date, clock) = (parts(date, '-')?, parts(clock, ':')?);
	let ([year, month, day], [hour, minute, rest @ ..]) = (&date[..], &clock[..]) else { bail!("it has no date and time") };
	if !(1..=12).contains(month)
		|| !(1..=31).contains(day)
		|| !(0..24).contains(hour)
		|| !(0..60).contains(minute)
		|| rest.len() > 1
	{
		bail!("no such date");
	}
	// Days from a civil date: years begin in March, so the leap day comes last.
	let (year, month) = if *month > 2 { (*year, month - 3) } else { (year - 1, month + 9) };
	let days =
		365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day - 1 - 719_468;
	Ok(days * 86_400 + hour * 3_600 + minute * 60 + rest.first().copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn dates_count_seconds() {
		for (text, seconds) in
			[("1970-01-01", 0), ("2000-03-01", 951_868_800), ("2016-07-01T13:30:15Z", 1_467_379_815), ("-5", -5)]
		{
			assert_eq!(instant(text).unwrap(), seconds, "{text}");
		}
		assert!(instant("2016-13-01").is_err() && instant("2016-07-01 25:00").is_err() && instant("").is_err());
	}

	#[test]
	fn times_are_written_as_the_file_writes_them() {
		for (first, second, third) in [
			("2016-12-31 22:00:00", "2016-12-31 23:00:00", "2017-01-01 00:00:00"),
			("2016-02-27", "2016-02-28", "2016-02-29"),
			("2016-02-27T10:30Z", "2016-02-27T10:45Z", "2016-02-27T11:00Z"),
			("2016-02-27T10:30:00+01:00", "2016-02-27T10:30:05+01:00", "2016-02-27T10:30:10+01:00"),
			("1969-12-30", "1969-12-31", "1970-01-01"),
			("-10", "50", "110"),
		] {
			let times = [first, second].map(|text| Some(instant(text).unwrap()));
			let clock = Clock::new(&times, first).unwrap();
			assert_eq!([clock.at(0), clock.at(1), clock.at(2)], [first, second, third]);
		}
	}

	#[test]
	fn dates_are_the_inverse_of_days() {
		for day in (-200_000..200_000).step_by(97) {
			assert_eq!(instant(&date(day)).unwrap(), day * 86_400);
		}
	}

	#[test]
	fn uneven_times_are_no_clock() {
		assert_eq!(Clock::new(&[Some(1)], "1"), None);
		assert_eq!(Clock::new(&[Some(1), Some(2), None], "1"), None);
		assert_eq!(Clock::new(&[Some(1), Some(2), Some(4)], "1"), None);
		assert_eq!(Clock::new(&[Some(2), Some(1), Some(0)], "1"), None);
	}
}
