//! Channels that a base model reads beside the closes.

use crate::{
	bars::{Bar, Clock},
	indicators::{self, Period},
};
use anyhow::{Context, Result};
use doin_scoring::program::MAX_CHANNELS;
use doin_sources::Field;

/// Most channels beside the closes.
pub const MOST: usize = MAX_CHANNELS as usize - 1;

/// Channel that a base model reads beside the closes; [`indicators`] has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumIter, strum::EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum Channel {
	/// Distance of the high from the close.
	High,
	/// Distance of the low from the close.
	Low,
	/// Logarithm of the volume.
	Volume,
	/// Relative strength index over 14 bars.
	Rsi,
	/// Histogram of the moving averages of 12, 26 and 9 bars.
	Macd,
	/// Place within two standard deviations of 20 bars.
	Bollinger,
	/// Distance from the exponential average of 9 bars.
	Ema,
	/// Wave of the time of day.
	Day,
	/// Wave of the time of day, six hours later.
	DayQuarter,
	/// Wave of the time of the week.
	Week,
	/// Wave of the time of the week, a quarter of it later.
	WeekQuarter,
}

impl Channel {
	/// Computes the channel of bars without gaps.
	///
	/// # Errors
	///
	/// Errors if the channel is one of the calendar, and the times of the bars are not known.
	pub fn compute(self, bars: &[Bar], clock: Option<&Clock>) -> Result<Vec<i16>> {
		let closes: Vec<i64> = bars.iter().map(|bar| bar.close).collect();
		let values = |field: Field| bars.iter().map(|bar| bar.get(field)).collect::<Vec<i64>>();
		let wave = |period: Period, quarter: bool| -> Result<Vec<i16>> {
			let clock = clock.with_context(|| {
				format!("the channel `{self}` needs the times of the bars: name their column with --time, or leave it out of --channels")
			})?;
			Ok((0..bars.len()).map(|bar| indicators::wave(clock.end(bar), period, quarter).into()).collect())
		};
		Ok(match self {
			Self::High => indicators::distance(&closes, &values(Field::High)),
			Self::Low => indicators::distance(&closes, &values(Field::Low)),
			Self::Volume => indicators::volume(&values(Field::Volume)),
			Self::Rsi => indicators::rsi(&closes),
			Self::Macd => indicators::macd(&closes),
			Self::Bollinger => indicators::bollinger(&closes),
			Self::Ema => indicators::ema(&closes),
			Self::Day => wave(Period::Day, false)?,
			Self::DayQuarter => wave(Period::Day, true)?,
			Self::Week => wave(Period::Week, false)?,
			Self::WeekQuarter => wave(Period::Week, true)?,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use strum::IntoEnumIterator;

	#[test]
	fn each_channel_has_one_value_per_bar() {
		let bar = |close: i64| Bar { close, high: close + 2, low: close - 1, volume: 3 };
		let bars: Vec<Bar> = [10, 20, 15, 40].map(bar).to_vec();
		let clock = Clock { first: 0, step: 21_600_000 };
		let all: Vec<Vec<i16>> = Channel::iter().map(|channel| channel.compute(&bars, Some(&clock)).unwrap()).collect();
		assert!(all.iter().all(|values| values.len() == 4), "{all:?}");
		let of = |channel: Channel| channel.compute(&bars, Some(&clock)).unwrap();
		assert_eq!((of(Channel::High)[1], of(Channel::Low)[1], of(Channel::Volume)[1]), (200, -100, 512));
		assert_eq!((of(Channel::Day), of(Channel::DayQuarter)), (vec![-127, 0, 127, 0], vec![0, 127, 0, -127]));
		assert!(of(Channel::Week) != of(Channel::WeekQuarter) && of(Channel::Rsi) != of(Channel::Macd));
	}

	#[test]
	fn the_calendar_needs_times() {
		let bars = [Bar::of_close(1)];
		for channel in Channel::iter() {
			let is_of_calendar = channel >= Channel::Day;
			let computed = channel.compute(&bars, None);
			assert_eq!(computed.is_err(), is_of_calendar, "{channel}");
			if let Err(error) = computed {
				assert!(error.to_string().contains("--time"), "{error}");
			}
		}
	}

	#[test]
	fn names_are_those_of_the_command_line() {
		let names: Vec<String> = Channel::iter().map(|channel| channel.to_string()).collect();
		let expected = ["high", "low", "volume", "rsi", "macd", "bollinger", "ema", "day", "day-quarter", "week", "week-quarter"];
		assert_eq!(names, expected);
		assert_eq!("day-quarter".parse(), Ok(Channel::DayQuarter));
	}
}
