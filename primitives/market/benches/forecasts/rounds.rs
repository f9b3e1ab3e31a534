//! Rounds of a series: everything that does not depend on the accounts that enter.

use crate::series::{Kind, Path, SEASON, SIGMA};
use doin_market::{
	reference::{ALL, REFERENCES},
	truth::squared,
	zero, Average, Error, History, Reference, ReferenceErrors, Truth,
};
use std::collections::VecDeque;

/// Bars that a stream keeps: 30 days of five minutes.
const KEPT: usize = 9_000;
/// Values of a forecast.
pub const HORIZON: usize = 100;
/// Bars from one round to the next: those of a batch.
const BATCH: usize = 6;
/// Bars after the input that are known before the commits end.
pub const KNOWN: usize = 1;
/// Bars from the last one of the input to the first one of the horizon: one passes in the commits, three are the zero.
pub const LEAD: usize = KNOWN + 4;
/// Rounds before the first one that accounts enter, in which the averages settle.
const SETTLING: usize = 1_024;

/// One round of a series.
pub struct Round {
	/// Last bar of the input.
	pub bar: usize,
	pub reference: Reference,
	/// Changes that the reference forecasts.
	pub changes: Vec<i32>,
	/// Average ē² at the opening.
	pub average: Error,
	/// Error e₀² of the reference.
	pub error: Error,
	pub truth: Truth,
}

/// A round that is open, with the errors that it will add to the averages.
struct Open {
	round: Round,
	errors: [Option<Error>; REFERENCES],
}

/// Returns the number of bars that `rounds` rounds need.
pub fn bars(rounds: usize) -> usize {
	KEPT + (SETTLING + rounds) * BATCH + LEAD + HORIZON
}

/// Returns the rounds of a series that accounts enter.
pub fn rounds(path: &Path, count: usize) -> Vec<Round> {
	let scale = squared(7 * SIGMA as u32);
	let (mut errors, mut average) = (ReferenceErrors::new(scale), Average::new(scale));
	let (mut open, mut closed) = (VecDeque::<Open>::new(), Vec::new());
	let mut close = |open: Open, errors: &mut ReferenceErrors, average: &mut Average| {
		errors.observe(&open.errors);
		average.observe(open.round.error);
		closed.push(open.round);
	};
	for index in 0..SETTLING + count {
		let bar = KEPT + index * BATCH;
		// A round closes when its last bar stands.
		while open.front().is_some_and(|open| open.round.bar + LEAD + HORIZON <= bar) {
			close(open.pop_front().expect("it has a front"), &mut errors, &mut average);
		}
		open.push_back(opened(path, bar, &errors, average));
	}
	while let Some(open) = open.pop_front() {
		close(open, &mut errors, &mut average);
	}
	closed.split_off(SETTLING)
}

/// Returns the knowledge of references in the round whose input ends with `bar`.
pub fn history(path: &Path, bar: usize, zero: i64) -> History<'_> {
	let oldest = Some((path.close(bar - KEPT), KEPT as u32));
	let closes = &path.closes[..=bar];
	History { closes, oldest, zero, lead: LEAD as u32, season: SEASON, horizon: HORIZON, champion: None }
}

/// Opens the round whose input ends with `bar`. The future of the series is read in advance, and enters the averages when the round
/// closes.
fn opened(path: &Path, bar: usize, errors: &ReferenceErrors, average: Average) -> Open {
	let [a, b, c] = [3, 2, 1].map(|before| path.closes[bar + LEAD - before]);
	let zero = zero([a, b, c]).expect("no bar is missing");
	let truth = Truth::new(zero, &path.closes[bar + LEAD..bar + LEAD + HORIZON]).expect("no bar is missing");
	let history = history(path, bar, zero);
	let has_champion = path.kind == Kind::Champion;
	let changes = ALL.map(|reference| match reference {
		// The champion reads the input alone.
		Reference::Champion if has_champion => {
			Some(path.expected(bar, 2 + KNOWN, 2, HORIZON).into_iter().map(|value| value / 2).collect())
		}
		reference => reference.changes(&history),
	});
	let own = changes.each_ref().map(|changes| changes.as_ref().and_then(|changes| truth.error(changes)));
	let reference = errors.best(has_champion);
	let at = ALL.iter().position(|other| *other == reference).expect("one of all");
	let round = Round {
		bar,
		reference,
		changes: changes[at].clone().expect("a reference that is chosen has changes"),
		average: average.get(),
		error: own[at].expect("a reference that is chosen has an error"),
		truth,
	};
	Open { round, errors: own }
}
