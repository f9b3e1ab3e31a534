//! Training pairs: windows of the past, each with its true continuation, for programs of users that learn.
//!
//! A pair is what a round would show and what came after it, so a model that has learnt from pairs is asked in a round for what it knows.
//! Which pairs are drawn depends on the seed alone.

use crate::{
	bars::Series,
	plugin::{Opening, Window, TRAINING_PAIR},
	rounds::Terms,
};
use anyhow::{ensure, Result};
use doin_plugin::envelope::{notification, INITIALIZE};
use doin_primitives::blake2_256;
use serde::Serialize;

/// Params of `training_pair`: a window as of `forecast`, and what came after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
	/// Input of the round.
	#[serde(flatten)]
	pub window: Window,
	/// Zero of the round.
	pub zero: i64,
	/// Closes of the horizon; `None` for a missing bar.
	pub closes: Vec<Option<i64>>,
}

/// Returns `count` pairs of the first `known` bars of a series, drawn with replacement. No bar after them is read.
///
/// # Errors
///
/// Errors if the terms are not those of a stream, or if no window and its continuation fit the bars.
pub fn pairs(series: &Series, terms: &Terms, known: usize, count: usize, seed: u64) -> Result<Vec<Pair>> {
	terms.check()?;
	let closes: Vec<Option<i64>> = series.closes().into_iter().take(known).collect();
	let last = terms.lookback - 1..closes.len().saturating_sub(terms.span());
	let whole: Vec<(usize, i64)> = last.filter_map(|bar| Some((bar, terms.truth(&closes, bar)?.0))).collect();
	ensure!(
		!whole.is_empty(),
		"{} bars have no window of {} with the {} bars after it: bring more bars, or choose a smaller --horizon, --lookback or a larger --train",
		closes.len(),
		terms.lookback,
		terms.span()
	);
	let drawn = (0..count as u64).map(|number| {
		let (bar, zero) = whole[draw(seed, number, whole.len())];
		let first = bar + terms.lead;
		Pair { window: Window::of(series, terms, bar), zero, closes: closes[first..first + terms.horizon].to_vec() }
	});
	Ok(drawn.collect())
}

/// Returns a number below `below`, which is above 0, that the seed and a number determine.
fn draw(seed: u64, number: u64, below: usize) -> usize {
	let hash = blake2_256(&[seed.to_le_bytes(), number.to_le_bytes()].concat());
	let word = hash.iter().take(8).fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
	// The product is below `below` times 2⁶⁴.
	((u128::from(word) * below as u128) >> 64) as usize
}

/// Returns the lines that a program reads: its opening, and the pairs.
pub fn lines(opening: &Opening, pairs: &[Pair]) -> Vec<u8> {
	let pairs = pairs.iter().flat_map(|pair| notification(TRAINING_PAIR, pair));
	notification(INITIALIZE, opening).into_iter().chain(pairs).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		bars::Bar,
		rounds::tests::{sawtooth, terms},
	};
	use doin_sources::Field;
	use serde_json::{json, Value};

	fn series(closes: Vec<Option<i64>>) -> Series {
		Series {
			name: "a.csv".into(),
			column: "close".into(),
			bars: closes.into_iter().map(|close| close.map(Bar::of_close)).collect(),
			fields: vec![Field::Close],
			clock: None,
			decimals: 2,
		}
	}

	/// The samples of both directions are contiguous, and share no bar.
	#[test]
	fn the_continuation_of_a_window_is_what_came_after_it() {
		let (closes, terms) = (sawtooth(600), terms());
		let drawn = pairs(&series(closes.clone()), &terms, 400, 200, 7).unwrap();
		assert_eq!(drawn.len(), 200);
		for Pair { window, zero, closes: after } in &drawn {
			let bar = window.round as usize;
			let input: Vec<Option<i64>> = window.bars.iter().map(|bar| bar.as_ref().map(|values| values[0])).collect();
			assert_eq!(input, closes[bar - 15..=bar]);
			assert_eq!(*after, closes[bar + 5..bar + 29]);
			assert_eq!(Some(*zero), terms.truth(&closes, bar).map(|(zero, _)| zero));
			assert!(bar + terms.span() < 400, "no bar that is not known");
		}
		let (least, most) = (drawn.iter().map(|pair| pair.window.round).min(), drawn.iter().map(|pair| pair.window.round).max());
		assert!(least < Some(60) && most > Some(330), "they are spread over all windows: {least:?} to {most:?}");
	}

	#[test]
	fn the_seed_determines_the_pairs() {
		let of = |seed| pairs(&series(sawtooth(300)), &terms(), 300, 9, seed).unwrap();
		assert_eq!(of(3), of(3));
		assert_ne!(of(3), of(4));
		assert_eq!(
			of(3)[..4],
			pairs(&series(sawtooth(300)), &terms(), 300, 4, 3).unwrap(),
			"more pairs begin with the same ones"
		);
	}

	#[test]
	fn windows_without_a_continuation_are_left_out() {
		let mut closes = sawtooth(300);
		closes[100..].fill(None);
		let drawn = pairs(&series(closes), &terms(), 300, 100, 1).unwrap();
		assert!(drawn.iter().all(|pair| pair.window.round < 100 && pair.closes.iter().flatten().count() >= 12));
		let few = pairs(&series(sawtooth(40)), &terms(), 40, 1, 1).unwrap_err().to_string();
		assert!(few.contains("40 bars have no window of 16 with the 28 bars after it"), "{few}");
		let wrong = pairs(&series(sawtooth(300)), &Terms { lookback: 0, ..terms() }, 300, 1, 1).unwrap_err().to_string();
		assert!(wrong.contains("--lookback 0"), "{wrong}");
	}

	#[test]
	fn a_program_reads_its_opening_and_a_line_for_each_pair() {
		let (series, terms) = (series(sawtooth(300)), terms());
		let drawn = pairs(&series, &terms, 300, 2, 1).unwrap();
		let text = String::from_utf8(lines(&Opening::new(&series, &terms), &drawn)).unwrap();
		let messages: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
		assert_eq!((messages.len(), &messages[0]["method"]), (3, &json!("initialize")));
		assert_eq!(messages[0]["params"]["horizon"], 24);
		let pair = &messages[2];
		assert_eq!((&pair["method"], &pair["id"]), (&json!("training_pair"), &Value::Null), "it has no answer");
		assert_eq!(pair["params"]["zero"], drawn[1].zero);
		assert_eq!(pair["params"]["round"], drawn[1].window.round);
		assert_eq!(pair["params"]["closes"].as_array().map(Vec::len), Some(24));
		assert_eq!(pair["params"]["bars"].as_array().map(Vec::len), Some(16));
	}
}
