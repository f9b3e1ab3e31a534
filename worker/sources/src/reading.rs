//! Readings: rows of a source as bars of a stream, with the faults that were found.

use crate::{
	bar::{Bars, Field, Layout, Millis, Stamp, Wanted},
	decimal::parse_decimal,
	fault::{Fault, Place, Reason, MAX_FAULTS},
	time::parse_time,
};
use std::collections::BTreeSet;

/// Bars that a source has, and what is wrong with it. A source without any bar has a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
	/// Wanted bars, without those that are wrong.
	pub bars: Bars,
	/// Reasons for which others are missing.
	pub faults: Vec<Fault>,
}

impl Reading {
	/// Returns the reading of a source that has no bars for one reason.
	pub fn failed(source: &str, reason: Reason) -> Self {
		Self { bars: Bars::new(), faults: vec![Fault { source_name: source.into(), reason }] }
	}

	/// Returns `true` if the source has every bar, or if asking again cannot change what it lacks.
	pub fn is_settled(&self) -> bool {
		!self.faults.iter().any(|fault| fault.reason.is_transient())
	}
}

/// Texts of the row of one bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
	/// Text of the time.
	pub(crate) time: String,
	/// Texts of the values, in the order of [`Layout::fields`].
	pub(crate) values: Vec<String>,
}

/// Returns the values of a row.
///
/// # Errors
///
/// Errors if a value is not a number, does not fit, or conflicts with another one.
pub(crate) fn values_of(place: Place, row: &Row, layout: &Layout) -> Result<Vec<i64>, Reason> {
	let mut values = Vec::with_capacity(layout.fields.len());
	for (field, text) in layout.fields.iter().zip(&row.values) {
		let value = parse_decimal(text, layout.decimals);
		values.push(value.map_err(|cause| Reason::Value { place, field: *field, text: shortened(text), cause })?);
	}
	match conflict(&layout.fields, &values) {
		Some(conflict) => Err(Reason::Conflict { place, conflict }),
		None => Ok(values),
	}
}

/// Returns the values of a bar that conflict with each other.
fn conflict(fields: &[Field], values: &[i64]) -> Option<&'static str> {
	let of = |wanted: Field| fields.iter().zip(values).find(|(field, _)| **field == wanted).map(|(_, value)| *value);
	let [close, high, low, volume] = Field::ALL.map(of);
	let is_above = |one: Option<i64>, other: Option<i64>| matches!((one, other), (Some(one), Some(other)) if one > other);
	if is_above(low, high) {
		Some("its low is above its high")
	} else if is_above(close, high) {
		Some("its close is above its high")
	} else if is_above(low, close) {
		Some("its close is below its low")
	} else {
		volume.is_some_and(|volume| volume < 0).then_some("its volume is negative")
	}
}

/// Returns a text that is no longer than a number can be.
pub(crate) fn shortened(text: &str) -> String {
	text.chars().filter(|sign| !sign.is_control()).take(40).collect()
}

/// Collects the rows of an answer, in any order.
pub(crate) struct Collector<'a> {
	source: &'a str,
	layout: &'a Layout,
	wanted: &'a Wanted,
	stamp: Stamp,
	bars: Bars,
	/// Bars that were stated twice, with different values.
	twice: BTreeSet<Millis>,
	/// End of the newest bar of the answer that has ended, wanted or not.
	newest: Option<Millis>,
	faults: Vec<Fault>,
	/// Faults beyond [`MAX_FAULTS`].
	more: usize,
}

impl<'a> Collector<'a> {
	/// Returns a collector of rows whose times are those of `stamp`.
	pub(crate) fn new(source: &'a str, layout: &'a Layout, wanted: &'a Wanted, stamp: Stamp) -> Self {
		Self {
			source,
			layout,
			wanted,
			stamp,
			bars: Bars::new(),
			twice: BTreeSet::new(),
			newest: None,
			faults: Vec::new(),
			more: 0,
		}
	}

	/// Adds a fault.
	pub(crate) fn fault(&mut self, reason: Reason) {
		match self.faults.len() < MAX_FAULTS {
			true => self.faults.push(Fault { source_name: self.source.into(), reason }),
			false => self.more += 1,
		}
	}

	/// Adds a row, or the reason for which it has none.
	pub(crate) fn row(&mut self, place: Place, row: Result<Row, Reason>) {
		if let Err(reason) = row.and_then(|row| self.add(place, &row)) {
			self.fault(reason);
		}
	}

	/// Returns `true` if every wanted bar was stated.
	pub(crate) fn is_complete(&self) -> bool {
		(self.bars.len() + self.twice.len()) as u64 >= self.wanted.count(self.layout)
	}

	/// Adds a row that is wanted. One that the source repeats is kept once.
	fn add(&mut self, place: Place, row: &Row) -> Result<(), Reason> {
		let time = parse_time(&row.time).ok_or_else(|| Reason::Time { place, text: shortened(&row.time) })?;
		let Some(end) = self.layout.end_of(time, self.stamp) else {
			let moment = if self.stamp == Stamp::Open { "begins" } else { "ends" };
			return Err(Reason::OffGrid { place, time, bar: self.layout.bar, moment });
		};
		let Wanted { first, last, now } = *self.wanted;
		if end > now {
			// The present bar is the last row of many answers. It changes until it ends.
			let is_present = end - now <= self.layout.bar;
			return if is_present { Ok(()) } else { Err(Reason::Ahead { place, end, now }) };
		}
		self.newest = self.newest.max(Some(end));
		if !(first..=last).contains(&end) || self.twice.contains(&end) {
			return Ok(());
		}
		let values = values_of(place, row, self.layout)?;
		match self.bars.get(&end) {
			Some(known) if *known != values => {
				self.bars.remove(&end);
				self.twice.insert(end);
				Err(Reason::Twice { place, end })
			}
			_ => {
				self.bars.insert(end, values);
				Ok(())
			}
		}
	}

	/// Returns the reading. Missing bars are faults, unless another fault is the reason.
	pub(crate) fn finish(mut self) -> Reading {
		let Wanted { first, last, .. } = *self.wanted;
		let is_faultless = self.faults.is_empty();
		match (self.bars.last_key_value().map(|(end, _)| *end), self.newest) {
			(None, Some(newest)) if newest < first => self.fault(Reason::Behind { newest, wanted: last }),
			(None, _) if is_faultless => self.fault(Reason::Nothing { first, last }),
			(Some(_), Some(newest)) if newest < last => self.fault(Reason::Behind { newest, wanted: last }),
			_ => {}
		}
		let newest = self.newest.unwrap_or(first);
		let gaps: Vec<Millis> = self
			.wanted
			.ends(self.layout)
			.filter(|end| *end <= newest && !self.bars.contains_key(end) && !self.twice.contains(end))
			.collect();
		if let (Some(first), true, false) = (gaps.first(), is_faultless, self.bars.is_empty()) {
			self.fault(Reason::Gap { missing: gaps.len(), first: *first });
		}
		if self.more > 0 {
			self.faults.push(Fault { source_name: self.source.into(), reason: Reason::More { more: self.more } });
		}
		Reading { bars: self.bars, faults: self.faults }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		decimal::DecimalError,
		fixtures::{layout, wanted, BAR, ORIGIN},
	};

	fn row(end: Millis, close: &str) -> Row {
		Row { time: end.to_string(), values: vec![close.into(), "9".into(), "1".into(), "5".into()] }
	}

	/// Reads rows whose times are ends of bars. Bars 0 to 3 are wanted, and bar 3 has just ended.
	fn read(rows: &[Row]) -> (Vec<u64>, Vec<Reason>) {
		let (layout, wanted) = (layout(), wanted());
		let mut collector = Collector::new("s", &layout, &wanted, Stamp::Close);
		for (at, row) in rows.iter().enumerate() {
			collector.row(Place::Row(at + 1), Ok(row.clone()));
		}
		let Reading { bars, faults } = collector.finish();
		let numbers = bars.keys().filter_map(|end| layout.index(*end)).collect();
		(numbers, faults.into_iter().map(|fault| fault.reason).collect())
	}

	fn end(bar: u64) -> Millis {
		ORIGIN + bar * BAR
	}

	#[test]
	fn all_wanted_bars_in_any_order_are_no_fault() {
		let rows: Vec<Row> = [3, 0, 2, 1].map(|bar| row(end(bar), "5")).to_vec();
		assert_eq!(read(&rows), (vec![0, 1, 2, 3], vec![]));
		let more: Vec<Row> = (0..=4).map(|bar| row(end(bar), "5")).collect();
		assert_eq!(read(&more), (vec![0, 1, 2, 3], vec![]), "the present bar is left out");
	}

	#[test]
	fn a_bar_twice_is_kept_if_both_are_the_same() {
		let mut rows: Vec<Row> = (0..4).map(|bar| row(end(bar), "5")).collect();
		rows.push(row(end(2), "5.00"));
		assert_eq!(read(&rows), (vec![0, 1, 2, 3], vec![]));
		rows.push(row(end(2), "6"));
		rows.push(row(end(2), "5"));
		assert_eq!(read(&rows), (vec![0, 1, 3], vec![Reason::Twice { place: Place::Row(6), end: end(2) }]));
	}

	#[test]
	fn a_source_that_is_behind_is_named_with_its_lag() {
		let rows: Vec<Row> = (0..2).map(|bar| row(end(bar), "5")).collect();
		assert_eq!(read(&rows), (vec![0, 1], vec![Reason::Behind { newest: end(1), wanted: end(3) }]));
		let hour: Vec<Row> = (1..5).map(|bar| row(ORIGIN - bar * BAR, "5")).collect();
		assert_eq!(read(&hour), (vec![], vec![Reason::Behind { newest: ORIGIN - BAR, wanted: end(3) }]));
		assert_eq!(read(&[]), (vec![], vec![Reason::Nothing { first: end(0), last: end(3) }]));
	}

	#[test]
	fn a_gap_is_named() {
		let rows = [row(end(0), "5"), row(end(3), "5")];
		assert_eq!(read(&rows), (vec![0, 3], vec![Reason::Gap { missing: 2, first: end(1) }]));
	}

	#[test]
	fn a_clock_that_jumps_costs_its_rows_only() {
		let mut rows: Vec<Row> = (0..4).map(|bar| row(end(bar), "5")).collect();
		rows[1] = row(end(300), "5");
		let (bars, reasons) = read(&rows);
		assert_eq!(bars, [0, 2, 3]);
		assert_eq!(reasons, [Reason::Ahead { place: Place::Row(2), end: end(300), now: end(3) }]);
		rows[1] = row(ORIGIN - 300 * BAR, "5");
		assert_eq!(read(&rows), (vec![0, 2, 3], vec![Reason::Gap { missing: 1, first: end(1) }]));
	}

	#[test]
	fn wrong_rows_are_named_and_the_others_used() {
		let mut rows: Vec<Row> = (0..4).map(|bar| row(end(bar), "5")).collect();
		rows[0].time = "noon".into();
		rows[1].time = (end(1) + 7).to_string();
		rows[2].values[0] = "1e30".into();
		let (bars, reasons) = read(&rows);
		assert_eq!(bars, [3]);
		let place = Place::Row(3);
		assert_eq!(
			reasons,
			[
				Reason::Time { place: Place::Row(1), text: "noon".into() },
				Reason::OffGrid { place: Place::Row(2), time: end(1) + 7, bar: BAR, moment: "ends" },
				Reason::Value { place, field: Field::Close, text: "1e30".into(), cause: DecimalError::Overflow { decimals: 2 } },
			]
		);
	}

	#[test]
	fn values_that_conflict_are_no_bar() {
		for (values, expected) in [
			(["10", "9", "1", "5"], "its close is above its high"),
			(["0", "9", "1", "5"], "its close is below its low"),
			(["5", "1", "9", "5"], "its low is above its high"),
			(["5", "9", "1", "-5"], "its volume is negative"),
		] {
			let row = Row { time: String::new(), values: values.map(String::from).to_vec() };
			let place = Place::Row(1);
			assert_eq!(values_of(place, &row, &layout()), Err(Reason::Conflict { place, conflict: expected }));
		}
	}

	#[test]
	fn faults_are_bounded() {
		let rows = vec![Row { time: "x".into(), values: vec![] }; 100];
		let (bars, reasons) = read(&rows);
		assert_eq!((bars.len(), reasons.len()), (0, MAX_FAULTS + 1));
		assert_eq!(reasons.last(), Some(&Reason::More { more: 100 - MAX_FAULTS }));
	}
}
