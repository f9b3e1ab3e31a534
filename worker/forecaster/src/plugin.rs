//! Programs of users that forecast rounds, over the [envelope](doin_plugin::envelope) on standard input and output.
//!
//! | message | params | result |
//! |---|---|---|
//! | `initialize` | [`Opening`] | `{"version":1}` |
//! | `forecast` | [`Window`] | `{"closes":[…]}`, with `"zero":…` if it likes |
//! | `training_pair`, a notification | [`Pair`] | |
//! | `on_truth`, a notification | [`Closed`] | |
//!
//! A forecast is the closes of the bars of the horizon, in whole units of the stream. Its zero is the zero that the program expects; the
//! last close of the window that stands unless it names one. The program ends when its input does. One that is late, wrong or dead is an
//! error that names what it did.

use crate::{
	backtest::Forecaster,
	bars::{Bar, Series},
	pairs::Pair,
	rounds::Terms,
};
use anyhow::Result;
use doin_plugin::{Dialogue, Fault, Limits, VERSION};
use doin_sources::Field;
use serde::Serialize;
use serde_json::Value;
use std::{sync::atomic::AtomicBool, time::Duration};

/// Method that asks for a forecast.
const FORECAST: &str = "forecast";
/// Notification of a pair to learn from.
pub const TRAINING_PAIR: &str = "training_pair";
/// Notification of the truth of a round.
const ON_TRUTH: &str = "on_truth";

/// Params of `initialize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
	/// Version of the protocol.
	pub version: u64,
	/// Name of the stream or of its file.
	pub stream: String,
	/// Length of a bar, in milliseconds; `None` if the bars have no times.
	pub bar_ms: Option<u64>,
	/// Decimals of a value: a value is a whole number of 10^−`decimals`.
	pub decimals: u8,
	/// Values of a bar, in their order; the close is the first one.
	pub fields: Vec<Field>,
	/// Bars that are forecast.
	pub horizon: usize,
	/// Bars of a window.
	pub lookback: usize,
	/// Bars from the last one of the window to the first one that is forecast. The last three before it are the zero.
	pub lead: usize,
}

/// Params of `forecast`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Window {
	/// Number of the round, that of the last bar of the window.
	pub round: u64,
	/// End of the last bar, in milliseconds since 1970; `None` if the bars have no times.
	pub end: Option<i64>,
	/// Bars from the last one of the window to the first one that is forecast, where they differ from round to round.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub lead: Option<usize>,
	/// Values of the bars, oldest first; `None` for a missing bar.
	pub bars: Vec<Option<Vec<i64>>>,
}

/// Params of `on_truth`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Closed {
	/// Number of the round.
	pub round: u64,
	/// Zero of the round.
	pub zero: i64,
	/// Closes of the horizon; `None` for a missing bar.
	pub closes: Vec<Option<i64>>,
}

/// Reason for which a program has no forecast.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
	/// The program does not answer, or its line is no answer.
	#[error(transparent)]
	Fault(#[from] Fault),
	/// The result has another form.
	#[error(
		"program `{name}`: its forecast has {found}: return {{\"closes\":[…]}} with {horizon} whole numbers, the closes in units of the \
		 stream"
	)]
	Form {
		/// Name of the program.
		name: String,
		/// Description of the result.
		found: String,
		/// Values of a forecast.
		horizon: usize,
	},
	/// A change does not fit a forecast.
	#[error(
		"program `{name}`: value {place} of its forecast, {close}, is more than 31 bits away from the zero {zero}: forecast closes in units of \
		 the stream"
	)]
	Overflow {
		/// Name of the program.
		name: String,
		/// Place of the value, from 1.
		place: usize,
		/// Forecast close.
		close: i64,
		/// Zero that it is subtracted from.
		zero: i64,
	},
}

/// A program of a user.
#[derive(Debug)]
pub struct Plugin<'a> {
	dialogue: Dialogue,
	stop: &'a AtomicBool,
}

impl Opening {
	/// Returns the opening of the rounds of a series.
	pub fn new(series: &Series, terms: &Terms) -> Self {
		Self {
			version: VERSION,
			stream: series.name.clone(),
			bar_ms: series.clock.map(|clock| clock.step),
			decimals: series.decimals,
			fields: series.fields.clone(),
			horizon: terms.horizon,
			lookback: terms.lookback,
			lead: terms.lead,
		}
	}
}

impl Window {
	/// Returns the window of the round whose input ends with `bar`.
	pub fn of(series: &Series, terms: &Terms, bar: usize) -> Self {
		let values = |bar: &Bar| -> Vec<i64> { series.fields.iter().map(|field| bar.get(*field)).collect() };
		let first = (bar + 1).saturating_sub(terms.lookback);
		let bars = series.bars.get(first..=bar).unwrap_or_default();
		Self {
			round: bar as u64,
			end: series.clock.map(|clock| clock.end(bar)),
			lead: None,
			bars: bars.iter().map(|bar| bar.as_ref().map(values)).collect(),
		}
	}
}

impl<'a> Plugin<'a> {
	/// Starts a program, and tells it the terms of the rounds. It has `patience` for each answer.
	///
	/// # Errors
	///
	/// Errors if the program cannot be started, does not answer, or speaks another version.
	pub fn start(command: &[String], opening: &Opening, patience: Duration, stop: &'a AtomicBool) -> Result<Self, PluginError> {
		// A forecaster is a program of its user's own, which learns for hours and keeps files: only its output is bounded.
		let dialogue = Dialogue::start(command, opening, &Limits::default(), patience, stop)?;
		Ok(Self { dialogue, stop })
	}

	/// Returns the changes from the zero that the program forecasts over a horizon.
	///
	/// # Errors
	///
	/// Errors if the program does not answer in time, or if its answer is not a forecast of `horizon` values.
	pub fn changes(&mut self, window: &Window, horizon: usize) -> Result<Vec<i32>, PluginError> {
		let result = self.dialogue.ask(FORECAST, window, self.stop)?;
		let name = || self.dialogue.name().to_owned();
		let form = |found: String| PluginError::Form { name: name(), found, horizon };
		let closes = closes_of(&result).map_err(form)?;
		if closes.len() != horizon {
			return Err(form(format!("{} values", closes.len())));
		}
		let last = window.bars.iter().rev().flatten().find_map(|values| values.first().copied());
		let zero = match result.get("zero").filter(|zero| !zero.is_null()) {
			Some(zero) => zero.as_i64().ok_or_else(|| form(format!("the zero {}", shortened(zero))))?,
			None => last.unwrap_or(0),
		};
		let change = |(place, close): (usize, i64)| {
			let change = close.checked_sub(zero).and_then(|change| i32::try_from(change).ok());
			change.ok_or_else(|| PluginError::Overflow { name: name(), place: place + 1, close, zero })
		};
		closes.into_iter().enumerate().map(change).collect()
	}

	/// Returns `false` once the program has ended.
	pub fn is_running(&mut self) -> bool {
		self.dialogue.is_running()
	}

	/// Gives the program a pair to learn from. It does not answer.
	pub fn pair(&self, pair: &Pair) {
		self.dialogue.notify(TRAINING_PAIR, pair);
	}

	/// Tells the program the truth of a round. It does not answer.
	pub fn closed(&self, closed: &Closed) {
		self.dialogue.notify(ON_TRUTH, closed);
	}
}

/// Returns the closes of a result, or a description of what is in their place.
fn closes_of(result: &Value) -> Result<Vec<i64>, String> {
	let closes = result.get("closes").ok_or_else(|| format!("no closes (`{}`)", shortened(result)))?;
	let closes = closes.as_array().ok_or_else(|| format!("closes that are not a list (`{}`)", shortened(closes)))?;
	let close = |(place, close): (usize, &Value)| {
		close
			.as_i64()
			.ok_or_else(|| format!("`{}` as value {}, which is not a whole number of 64 bits", shortened(close), place + 1))
	};
	closes.iter().enumerate().map(close).collect()
}

/// Returns the beginning of a value as text.
fn shortened(value: &Value) -> String {
	value.to_string().chars().take(40).collect()
}

/// Forecaster that asks a program, with the windows of a series.
pub struct Asked<'a> {
	/// The program.
	pub plugin: Plugin<'a>,
	/// Bars that windows are cut from.
	pub series: &'a Series,
	/// Terms of the rounds.
	pub terms: &'a Terms,
}

impl<'a> Asked<'a> {
	/// Starts a program for the rounds of a series.
	///
	/// # Errors
	///
	/// Those of [`Plugin::start`].
	pub fn start(
		command: &[String],
		series: &'a Series,
		terms: &'a Terms,
		patience: Duration,
		stop: &'a AtomicBool,
	) -> Result<Self, PluginError> {
		let opening = Opening::new(series, terms);
		Ok(Self { plugin: Plugin::start(command, &opening, patience, stop)?, series, terms })
	}
}

impl Forecaster for Asked<'_> {
	fn forecast(&mut self, bar: usize) -> Result<Vec<i32>> {
		let window = Window::of(self.series, self.terms, bar);
		Ok(self.plugin.changes(&window, self.terms.horizon)?)
	}

	fn truth(&mut self, bar: usize, zero: i64, closes: &[Option<i64>]) -> Result<()> {
		self.plugin.closed(&Closed { round: bar as u64, zero, closes: closes.to_vec() });
		Ok(())
	}
}

#[cfg(all(test, unix))]
mod tests;
