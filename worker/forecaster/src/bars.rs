//! Bars of a stream or of a file, and their values without gaps, as models read them.

use doin_sources::Field;

/// Values of one bar, in units of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
	/// Last price.
	pub close: i64,
	/// Highest price; the close if bars have none.
	pub high: i64,
	/// Lowest price; the close if bars have none.
	pub low: i64,
	/// Traded quantity; 0 if bars have none.
	pub volume: i64,
}

impl Bar {
	/// Returns the bar of a series that has closes only.
	pub fn of_close(close: i64) -> Self {
		Self { close, high: close, low: close, volume: 0 }
	}

	/// Returns the bar whose values are `values`, in the order of `fields`; `None` if the close is not among them.
	pub fn of_values(fields: &[Field], values: &[i64]) -> Option<Self> {
		let of = |wanted: Field| fields.iter().zip(values).find(|(field, _)| **field == wanted).map(|(_, value)| *value);
		let close = of(Field::Close)?;
		Some(Self {
			close,
			high: of(Field::High).unwrap_or(close),
			low: of(Field::Low).unwrap_or(close),
			volume: of(Field::Volume).unwrap_or(0),
		})
	}

	/// Returns the value of a field.
	pub fn get(&self, field: Field) -> i64 {
		match field {
			Field::Close => self.close,
			Field::High => self.high,
			Field::Low => self.low,
			Field::Volume => self.volume,
		}
	}
}

/// Times of bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
	/// End of the first bar, in milliseconds since 1970.
	pub first: i64,
	/// Length of a bar, in milliseconds.
	pub step: u64,
}

impl Clock {
	/// Returns the end of a bar.
	pub fn end(&self, bar: usize) -> i64 {
		let since = i128::from(self.step).saturating_mul(bar as i128);
		since.saturating_add(self.first.into()).clamp(i64::MIN.into(), i64::MAX.into()) as i64
	}
}

/// Bars of a stream or of a file, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
	/// Name of the stream or of the file.
	pub name: String,
	/// Name of the column of closes.
	pub column: String,
	/// Bars; `None` for a missing one.
	pub bars: Vec<Option<Bar>>,
	/// Values that the bars have, the close first.
	pub fields: Vec<Field>,
	/// Times of the bars; `None` if they are not known.
	pub clock: Option<Clock>,
	/// Decimals of the values.
	pub decimals: u8,
}

impl Series {
	/// Returns the closes; `None` for a missing bar.
	pub fn closes(&self) -> Vec<Option<i64>> {
		self.bars.iter().map(|bar| bar.map(|bar| bar.close)).collect()
	}

	/// Returns the bars without gaps: a missing bar repeats the close before, and has no volume. Missing bars at the beginning have the
	/// values of the first one that stands. Empty if no bar stands.
	pub fn filled(&self) -> Vec<Bar> {
		let Some(mut last) = self.bars.iter().flatten().next().map(|first| Bar::of_close(first.close)) else { return Vec::new() };
		let mut next = |bar: &Option<Bar>| {
			let filled = bar.unwrap_or(Bar::of_close(last.close));
			last = filled;
			filled
		};
		self.bars.iter().map(&mut next).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn series(closes: &[Option<i64>]) -> Series {
		Series {
			name: "a".into(),
			column: "close".into(),
			bars: closes.iter().map(|close| close.map(Bar::of_close)).collect(),
			fields: vec![Field::Close],
			clock: None,
			decimals: 0,
		}
	}

	#[test]
	fn missing_bars_repeat_the_close_before() {
		let closes = |given: &[Option<i64>]| series(given).filled().iter().map(|bar| bar.close).collect::<Vec<_>>();
		assert_eq!(closes(&[None, Some(5), None, None, Some(7), None]), [5, 5, 5, 5, 7, 7]);
		assert_eq!(closes(&[None, None]), [0i64; 0]);
		let bar = Bar { close: 5, high: 9, low: 1, volume: 3 };
		let series = Series { bars: vec![Some(bar), None], ..series(&[]) };
		assert_eq!(series.filled(), [bar, Bar::of_close(5)]);
	}

	#[test]
	fn values_are_those_of_their_fields() {
		let fields = [Field::Close, Field::Low, Field::Volume];
		let bar = Bar::of_values(&fields, &[5, 1, 3]).unwrap();
		assert_eq!(Field::ALL.map(|field| bar.get(field)), [5, 5, 1, 3]);
		assert_eq!(Bar::of_values(&[Field::High], &[5]), None);
		assert_eq!(Bar::of_values(&fields, &[]), None);
	}

	#[test]
	fn ends_of_bars_do_not_overflow() {
		let clock = Clock { first: 1_000, step: 300 };
		assert_eq!([0, 1, 10].map(|bar| clock.end(bar)), [1_000, 1_300, 4_000]);
		assert_eq!(Clock { first: 1, step: u64::MAX }.end(usize::MAX), i64::MAX);
	}
}
