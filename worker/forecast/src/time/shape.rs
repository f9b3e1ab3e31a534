//! Notation of dates and times of day, as a file writes them: which fields there are, and the characters between them.

use jiff::{
	civil::{Date, DateTime, Time},
	tz::Offset,
};

/// Order of day and month in dates such as `1/2/2031`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
	/// Day before month.
	DayFirst,
	/// Month before day.
	MonthFirst,
}

/// English names of the months, of which three letters suffice.
pub const MONTHS: [&str; 12] =
	["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// Fields of a date in their order, with the characters between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateShape {
	/// Fields in the order in which they are written.
	pub fields: Vec<Field>,
	/// Text after each field but the last.
	pub separators: Vec<String>,
	/// `true` if days and months below ten have a leading zero.
	pub padded: bool,
}

/// Field of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
	/// Year of four digits.
	Year,
	/// Number of the month.
	Month,
	/// Name of the month; `true` if it is written in full.
	MonthName(bool),
	/// The month of May, whose name in full has three letters too.
	May,
	/// Day of the month.
	Day,
	/// Number of the quarter after a `Q`.
	Quarter,
	/// Day or month; the whole column decides which.
	DayOrMonth,
	/// Year of a week of ISO 8601.
	WeekYear,
	/// Number of a week of ISO 8601 after a `W`.
	Week,
	/// Number of the day of a week, from 1 for Monday.
	Weekday,
}

/// Notation of a time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeShape {
	/// Text between date and time of day.
	pub join: String,
	/// Text between hours, minutes and seconds: `:`, `.` or nothing.
	pub separator: &'static str,
	/// `true` if hours below ten have a leading zero.
	pub padded: bool,
	/// `true` if minutes are written.
	pub minutes: bool,
	/// `true` if seconds are written.
	pub seconds: bool,
	/// Number of digits of a fraction of a second.
	pub fraction: usize,
	/// Text between the time and `AM` or `PM`, if these are written, and `true` if in small letters.
	pub meridiem: Option<(String, bool)>,
}

/// Notation of an offset from UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetShape {
	/// `true` if a blank precedes the offset.
	pub blank: bool,
	/// Form of the offset.
	pub form: OffsetForm,
}

/// Form of an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetForm {
	/// `Z`, `UTC` or `GMT`.
	Name(&'static str),
	/// `+01:00`
	Colon,
	/// `+0100`
	Basic,
	/// `+01`
	Hours,
}

/// Notation of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
	/// Notation of the date.
	pub date: DateShape,
	/// Notation of the time of day, if there is one.
	pub time: Option<TimeShape>,
	/// Notation of the offset from UTC, if there is one.
	pub offset: Option<OffsetShape>,
}

impl DateShape {
	/// Returns `true` if the date of another row has the same fields. The first name of a month other than May decides whether names are
	/// written in full.
	pub fn agrees(&mut self, other: &Self) -> bool {
		let agree = |(own, other): (&mut Field, &Field)| match (*own, *other) {
			(Field::May, Field::MonthName(_)) => {
				*own = *other;
				true
			}
			(Field::MonthName(_), Field::May) => true,
			(own, other) => own == other,
		};
		self.fields.len() == other.fields.len() && self.fields.iter_mut().zip(&other.fields).all(agree)
	}

	/// Returns `true` if the order of day and month is open.
	pub fn is_open(&self) -> bool {
		self.fields.contains(&Field::DayOrMonth)
	}

	/// Returns the shape with the order of day and month decided.
	pub fn decided(&self, order: DateOrder) -> Self {
		let [first, second] = match order {
			DateOrder::DayFirst => [Field::Day, Field::Month],
			DateOrder::MonthFirst => [Field::Month, Field::Day],
		};
		let mut open = [first, second].into_iter();
		let decide = |field: &Field| if *field == Field::DayOrMonth { open.next().unwrap_or(*field) } else { *field };
		Self { fields: self.fields.iter().map(decide).collect(), ..self.clone() }
	}

	fn print(&self, date: Date) -> String {
		let two = |value: i8| if self.padded { format!("{value:02}") } else { value.to_string() };
		let name = MONTHS[(date.month() - 1) as usize];
		let field = |field: &Field| match field {
			Field::Year => format!("{:04}", date.year()),
			Field::Month => two(date.month()),
			Field::MonthName(true) => name.to_string(),
			Field::MonthName(false) | Field::May => name[..3].to_string(),
			Field::Day | Field::DayOrMonth => two(date.day()),
			Field::Quarter => format!("Q{}", (date.month() + 2) / 3),
			Field::WeekYear => format!("{:04}", date.iso_week_date().year()),
			Field::Week => format!("W{:02}", date.iso_week_date().week()),
			Field::Weekday => date.weekday().to_monday_one_offset().to_string(),
		};
		let mut text = String::new();
		for (at, one) in self.fields.iter().enumerate() {
			text += &field(one);
			text += self.separators.get(at).map_or("", String::as_str);
		}
		text
	}
}

impl TimeShape {
	fn print(&self, time: Time) -> String {
		let hour = match self.meridiem {
			Some(_) => (time.hour() + 11) % 12 + 1,
			None => time.hour(),
		};
		let mut text = if self.padded { format!("{hour:02}") } else { hour.to_string() };
		if self.minutes {
			text += &format!("{}{:02}", self.separator, time.minute());
		}
		if self.seconds {
			text += &format!("{}{:02}", self.separator, time.second());
			if self.fraction > 0 {
				text += &format!(".{}", &format!("{:09}", time.subsec_nanosecond())[..self.fraction.min(9)]);
			}
		}
		if let Some((blank, small)) = &self.meridiem {
			let half = if time.hour() < 12 { "AM" } else { "PM" };
			text += blank;
			text += &if *small { half.to_lowercase() } else { half.to_string() };
		}
		text
	}
}

/// Returns an offset from UTC as text, e.g. `+01:00`.
pub fn describe_offset(offset: Offset) -> String {
	OffsetShape { blank: false, form: OffsetForm::Colon }.print(offset)
}

impl OffsetShape {
	fn print(&self, offset: Offset) -> String {
		let seconds = offset.seconds();
		let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
		let (hours, minutes) = (minutes / 60, minutes % 60);
		let text = match self.form {
			OffsetForm::Name(name) if seconds == 0 => name.to_string(),
			OffsetForm::Basic => format!("{sign}{hours:02}{minutes:02}"),
			OffsetForm::Hours if minutes == 0 => format!("{sign}{hours:02}"),
			OffsetForm::Name(_) | OffsetForm::Colon | OffsetForm::Hours => format!("{sign}{hours:02}:{minutes:02}"),
		};
		if self.blank {
			format!(" {text}")
		} else {
			text
		}
	}
}

impl Shape {
	/// Extends the shape by what `other` writes beyond it: seconds, and further digits of their fractions. Hours have leading zeros
	/// if both write them.
	pub fn extend(&mut self, other: &Self) {
		match (&mut self.time, &other.time) {
			(Some(time), Some(other)) => {
				time.padded &= other.padded;
				time.seconds |= other.seconds;
				time.fraction = time.fraction.max(other.fraction);
			}
			(time @ None, Some(other)) => *time = Some(other.clone()),
			_ => {}
		}
	}

	/// Returns a time in this notation.
	pub fn print(&self, time: DateTime, offset: Offset) -> String {
		let mut text = self.date.print(time.date());
		if let Some(shape) = &self.time {
			text += &shape.join;
			text += &shape.print(time.time());
		}
		if let Some(shape) = &self.offset {
			text += &shape.print(offset);
		}
		text
	}
}
