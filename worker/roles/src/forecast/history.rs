//! Bars before those of a stream, which nets are trained on and programs learn from.

use crate::config::ForecastConfig;
use anyhow::{bail, ensure, Result};
use doin_forecaster::{pairs::pairs, read_file, Bar, FileOptions, Pair, Series, Terms};
use std::{path::PathBuf, sync::Arc};

/// Longest gap between the history and the first bar of the stream, in bars.
const LONGEST_GAP: u64 = 9_000;

/// Bars before those of a stream, from a file.
#[derive(Clone, Debug)]
pub(super) struct History {
	/// The file, and how it is read; `None` without one.
	file: Option<(PathBuf, FileOptions)>,
	/// Its bars, once they are read in the decimals of the stream.
	read: Option<Arc<Series>>,
}

impl History {
	/// Returns the history of a configuration.
	///
	/// # Errors
	///
	/// Errors if its file cannot be read: a mistake in it is an error before a node is waited for.
	pub(super) fn open(config: &ForecastConfig) -> Result<Self> {
		let options = FileOptions { column: config.column.clone(), times: config.times()?, decimals: None };
		let file = config.history.clone().map(|path| (path, options));
		if let Some((path, options)) = &file {
			read_file(path, options)?;
		}
		Ok(Self { file, read: None })
	}

	/// Returns the bars of the history and of the stream. The history is read in the decimals of the stream.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, and those of [`joined`].
	pub(super) fn before(&mut self, live: &Arc<Series>) -> Result<Arc<Series>> {
		let Some((path, options)) = &self.file else { return Ok(live.clone()) };
		let earlier = match &self.read {
			Some(earlier) => earlier.clone(),
			None => {
				let options = FileOptions { decimals: Some(live.decimals), ..options.clone() };
				self.read.insert(Arc::new(read_file(path, &options)?)).clone()
			}
		};
		Ok(Arc::new(joined(&earlier, live)?))
	}
}

/// Training pairs that a program is given.
pub(super) struct Learning {
	/// Number of pairs.
	count: usize,
	seed: u64,
	history: History,
}

impl Learning {
	/// Returns the pairs that a configuration asks for.
	///
	/// # Errors
	///
	/// Those of [`History::open`], if there are pairs.
	pub(super) fn open(config: &ForecastConfig) -> Result<Self> {
		let history = if config.pairs > 0 { History::open(config)? } else { History { file: None, read: None } };
		Ok(Self { count: config.pairs as usize, seed: config.seed, history })
	}

	/// Returns `true` if there are any.
	pub(super) fn is_wanted(&self) -> bool {
		self.count > 0
	}

	/// Draws the pairs of all bars of the history and of the stream. A bar of a pair has the fields of the stream, also where those of the
	/// history are fewer.
	///
	/// # Errors
	///
	/// Errors if the history cannot be read, and if the bars are too few.
	pub(super) fn pairs(&mut self, live: &Arc<Series>, terms: &Terms) -> Result<Vec<Pair>> {
		if !self.is_wanted() {
			return Ok(Vec::new());
		}
		let all = self.history.before(live)?;
		let series = Series { fields: live.fields.clone(), ..Series::clone(&all) };
		pairs(&series, terms, series.bars.len(), self.count, self.seed)
	}
}

/// Returns the bars of a file followed by those of the stream. Bars of the file that the stream has too are left out, and a gap between
/// them has missing bars. Rows without times are the bars right before the first one of the stream, and their prices are moved so that they
/// end with its close: nets read differences, and a jump there would be the largest one of all.
///
/// # Errors
///
/// Errors if bars have another length than those of the stream, or end long before.
pub(super) fn joined(earlier: &Series, live: &Series) -> Result<Series> {
	let mut bars = earlier.bars.clone();
	let clock = match (earlier.clock, live.clock) {
		(Some(then), Some(now)) => {
			ensure!(
				then.step == now.step,
				"the bars of {} have {} ms, and those of stream {} have {}: take bars of the same length, or name no times",
				earlier.name,
				then.step,
				live.name,
				now.step
			);
			let before = i128::from(now.first) - i128::from(then.first);
			ensure!(
				before.rem_euclid(i128::from(now.step.max(1))) == 0,
				"the bars of {} do not end when those of stream {} do: take another file",
				earlier.name,
				live.name
			);
			let places = before.div_euclid(i128::from(now.step.max(1)));
			let gap = places - bars.len() as i128;
			if gap > i128::from(LONGEST_GAP) {
				bail!(
					"{} ends {gap} bars before the first one of stream {}: bring later bars, e.g. with `doin-worker history`",
					earlier.name,
					live.name
				);
			}
			bars.resize(usize::try_from(places).unwrap_or(0), None);
			(!bars.is_empty()).then_some(then).or(Some(now))
		}
		_ => {
			let first = live.bars.iter().flatten().next().map(|bar| bar.close);
			let last = bars.iter().rev().flatten().next().map(|bar| bar.close);
			if let Some(by) = first.zip(last).and_then(|(first, last)| first.checked_sub(last)) {
				bars.iter_mut().flatten().for_each(|bar| *bar = moved(*bar, by));
			}
			None
		}
	};
	bars.extend(live.bars.iter().copied());
	let fields = live.fields.iter().copied().filter(|field| earlier.fields.contains(field)).collect();
	Ok(Series { bars, fields, clock, ..live.clone() })
}

/// Returns a bar whose prices are moved by `by`.
fn moved(bar: Bar, by: i64) -> Bar {
	let price = |price: i64| price.saturating_add(by);
	Bar { close: price(bar.close), high: price(bar.high), low: price(bar.low), volume: bar.volume }
}
