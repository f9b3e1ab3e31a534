//! Rounds over historical bars, exactly as the market would hold them: the same inputs, zeros, references and averages.
//!
//! A round opens whenever a batch stands, on the last bar of the batch. Its reference and its average ē² are fixed then, from rounds that
//! are closed. Nothing of a round depends on bars after its last one.

use anyhow::{ensure, Context, Result};
use doin_market::{
	reference::{ALL, CHAMPION_BARS, REFERENCES},
	truth::ZERO_BARS,
	zero, Average, Error, History, Reference, ReferenceErrors, Truth, MAX_HORIZON, MIN_HORIZON,
};
use doin_primitives::evidence::live_forecast;
use doin_scoring::{Forecast, Model};
use std::{collections::VecDeque, ops::RangeInclusive};

/// Admitted numbers of bars from the last one of the input to the first one of the horizon. The last three before it are the zero.
pub const LEADS: RangeInclusive<usize> = ZERO_BARS + 1..=64;

/// Terms of the rounds of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
	/// Bars that are forecast.
	pub horizon: usize,
	/// Bars of the input.
	pub lookback: usize,
	/// Bars from the last one of the input to the first one of the horizon.
	pub lead: usize,
	/// Bars from one round to the next.
	pub batch: usize,
	/// Bars of the season; 0 for none.
	pub season: u32,
	/// Bars that the stream keeps.
	pub kept: usize,
	/// Error that the averages start from; `None` for the mean error of no change over the bars before the first round that counts.
	pub scale: Option<Error>,
}

impl Terms {
	/// Checks that the terms are those of a stream.
	///
	/// # Errors
	///
	/// Errors for a number out of its range. The error names the option.
	pub fn check(&self) -> Result<()> {
		let Self { horizon, lookback, lead, batch, kept, .. } = self;
		let horizons = MIN_HORIZON..=MAX_HORIZON;
		ensure!(
			horizons.contains(horizon),
			"invalid --horizon {horizon}: the market takes {MIN_HORIZON} to {MAX_HORIZON} values"
		);
		ensure!(
			*lookback > 0 && lookback <= kept,
			"invalid --lookback {lookback}: expected 1 to {kept} bars, those that are kept"
		);
		ensure!(
			LEADS.contains(lead),
			"invalid --lead {lead}: expected {} to {} bars, of which the last three before the horizon are the zero",
			LEADS.start(),
			LEADS.end()
		);
		ensure!(*batch > 0, "invalid --batch 0: a round opens on the last bar of a batch, which has one bar at least");
		Ok(())
	}

	/// Returns the number of bars from the last one of the input to the last one of the horizon.
	pub fn span(&self) -> usize {
		self.lead + self.horizon - 1
	}

	/// Returns the zero of the round whose input ends with `bar`, and the closes of its horizon; `None` if too few bars stand, or if
	/// the bars end before.
	pub fn truth(&self, closes: &[Option<i64>], bar: usize) -> Option<(i64, Truth)> {
		let first = bar + self.lead;
		let horizon = closes.get(first..first + self.horizon)?;
		let zero = zero([3, 2, 1].map(|before| closes[first - before]))?;
		Some((zero, Truth::new(zero, horizon)?))
	}
}

/// Champion of a live domain, which is one of the references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Champion {
	/// The model.
	pub model: Model,
	/// Program of the domain, with a horizon of at least that of the rounds.
	pub program: Forecast,
	/// Value of one raw unit, in units of the closes.
	pub unit: u32,
}

impl Champion {
	/// Returns what it forecasts after `bar`, as changes from the close of that bar; `None` if it reads bars before the first one.
	fn path(&self, closes: &[Option<i64>], bar: usize) -> Option<Vec<i32>> {
		let start = (bar + 1).checked_sub(self.program.history.into())?;
		let mut path = live_forecast(&self.model, &self.program, self.unit, &closes[start..=bar])?;
		path.truncate(CHAMPION_BARS);
		Some(path)
	}
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
	/// Last bar of the input.
	pub bar: usize,
	/// Reference that its forecasts are compared with.
	pub reference: Reference,
	/// Error e₀² of the reference.
	pub error: Error,
	/// Average ē² when the round opened.
	pub average: Error,
	/// Zero that changes are measured from.
	pub zero: i64,
	/// Changes from the zero.
	pub truth: Truth,
}

/// Rounds of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
	/// Rounds that have a result, in order.
	pub held: Vec<Round>,
	/// Number of void rounds: too few bars stand.
	pub void: usize,
}

/// A round that is open, with the errors that it will add to the averages.
struct Open {
	/// Bar after the last one of its horizon.
	closes_at: usize,
	error: Error,
	errors: [Option<Error>; REFERENCES],
}

/// Returns the rounds over `closes` whose input ends with bar `from` or a later one, without a champion. Earlier rounds settle the averages.
///
/// # Errors
///
/// Errors if the terms are not those of a stream, if the bars are too few for a round, or if closes do not move before `from`.
pub fn rounds(closes: &[Option<i64>], terms: &Terms, from: usize) -> Result<Rounds> {
	rounds_beside(closes, terms, from, None)
}

/// Returns the rounds of [`rounds`] with a `champion` among the references, as if it were the champion in all of them, and accounts had
/// entered all.
///
/// # Errors
///
/// As [`rounds`].
pub fn rounds_beside(closes: &[Option<i64>], terms: &Terms, from: usize, champion: Option<&Champion>) -> Result<Rounds> {
	terms.check()?;
	let (bars, span) = (closes.len(), terms.span());
	let opening: Vec<usize> = (terms.lookback - 1..bars.saturating_sub(span)).step_by(terms.batch).collect();
	ensure!(
		opening.iter().any(|bar| *bar >= from),
		"there are {bars} bars, and no round fits behind bar {from}: a round takes {} bars of input and {span} after them; bring more bars, \
		 or choose a smaller --horizon or --train",
		terms.lookback
	);
	let scale = match terms.scale {
		Some(scale) => scale,
		None => mean_error(closes, terms, opening.iter().copied().filter(|bar| bar + span < from))?,
	};
	let (mut references, mut average) = (ReferenceErrors::new(scale), Average::new(scale));
	let (mut open, mut rounds) = (VecDeque::<Open>::new(), Rounds::default());
	for bar in opening {
		while open.front().is_some_and(|open| open.closes_at <= bar) {
			let Some(closed) = open.pop_front() else { break };
			let counted = references.counted(closed.errors, champion.is_some());
			references.observe(&counted);
			average.observe(closed.error);
		}
		let Some((zero, truth)) = terms.truth(closes, bar) else {
			rounds.void += usize::from(bar >= from);
			continue;
		};
		let path = champion.and_then(|champion| champion.path(closes, bar));
		let errors = reference_errors(closes, terms, bar, (zero, &truth), path.as_deref());
		let best = references.best(champion.is_some());
		// A champion without a forecast is replaced.
		let reference = if best.error_in(&errors).is_some() { best } else { references.best(false) };
		let error = reference.error_in(&errors).context("a reference that is chosen has an error")?;
		open.push_back(Open { closes_at: bar + span + 1, error, errors });
		if bar >= from {
			rounds.held.push(Round { bar, reference, error, average: average.get(), zero, truth });
		}
	}
	ensure!(!rounds.held.is_empty(), "all {} rounds are void: too many bars are missing; take another source", rounds.void);
	Ok(rounds)
}

/// Returns the mean error of no change in the rounds of `opening`.
fn mean_error(closes: &[Option<i64>], terms: &Terms, opening: impl Iterator<Item = usize>) -> Result<Error> {
	let none = vec![0; terms.horizon];
	let errors = opening.filter_map(|bar| terms.truth(closes, bar)?.1.error(&none));
	// Errors are below 2⁸⁰, and rounds below 2³².
	let (sum, count) = errors.fold((0u128, 0u128), |(sum, count), error| (sum + error, count + 1));
	let mean = sum
		.checked_div(count)
		.context("no round fits before the first one that counts: choose a larger --train, or name --scale")?;
	ensure!(mean > 0, "the closes do not move before the first round that counts: there is nothing to forecast");
	Ok(mean)
}

/// Returns the errors of the references in a round with the zero and the truth of `outcome`, where the champion forecasts `champion`.
fn reference_errors(
	closes: &[Option<i64>],
	terms: &Terms,
	bar: usize,
	outcome: (i64, &Truth),
	champion: Option<&[i32]>,
) -> [Option<Error>; REFERENCES] {
	let (zero, truth) = outcome;
	let kept = &closes[(bar + 1).saturating_sub(terms.kept)..=bar];
	let oldest = kept.iter().enumerate().find_map(|(at, close)| Some(((*close)?, (kept.len() - 1 - at) as u32)));
	let Terms { horizon, lead, season, .. } = *terms;
	let history = History { closes: kept, oldest, zero, lead: lead as u32, season, horizon, champion };
	ALL.map(|reference| truth.error(&reference.changes(&history)?))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use doin_market::{skill, truth::squared};
	use doin_scoring::{Loss, Target, WindowPhase};

	/// Terms of short rounds.
	pub(crate) fn terms() -> Terms {
		Terms { horizon: 24, lookback: 16, lead: 5, batch: 6, season: 8, kept: 9_000, scale: None }
	}

	/// A season of eight bars with a little noise.
	pub(crate) fn sawtooth(bars: usize) -> Vec<Option<i64>> {
		(0..bars as i64).map(|bar| Some(100 * (bar % 8) + (bar * 7_919) % 13)).collect()
	}

	#[test]
	fn a_champion_that_errs_less_is_the_reference_and_a_copy_gains_nothing() {
		let (closes, terms) = (sawtooth(3_000), Terms { season: 0, ..terms() });
		let champion = |history| Champion {
			model: Model::Seasonal,
			program: Forecast {
				horizon: 32,
				history,
				season: 8,
				chunks: 40,
				windows: 8,
				channels: 1,
				target: Target::Values,
				loss: Loss::Absolute,
				phase: WindowPhase::Hidden,
			},
			unit: 1,
		};
		let alone = rounds(&closes, &terms, 1_500).unwrap();
		// The second one has no forecast in the first thousand bars, where the best other reference counts for it.
		for champion in [champion(16), champion(1_000)] {
			let beside = rounds_beside(&closes, &terms, 1_500, Some(&champion)).unwrap();
			let (last, other) = (beside.held.last().unwrap(), alone.held.last().unwrap());
			assert_eq!((last.reference, last.bar), (Reference::Champion, other.bar));
			assert!(last.error * 100 < other.error, "{} {}", last.error, other.error);
			let path = champion.path(&closes, last.bar).unwrap();
			let (kept, champion) = (&closes[..=last.bar], Some(&path[..]));
			let (zero, lead, horizon) = (0, terms.lead as u32, terms.horizon);
			let history = History { closes: kept, oldest: None, zero, lead, season: 0, horizon, champion };
			let copy = last.truth.error(&Reference::Champion.changes(&history).unwrap()).unwrap();
			assert_eq!(skill(last.error, copy, last.average), 0, "the zero is of no account");
		}
		let few = rounds_beside(&closes[..900], &terms, 600, Some(&champion(1_000))).unwrap();
		assert_eq!(few, rounds(&closes[..900], &terms, 600).unwrap(), "no round has a forecast");
	}

	#[test]
	fn a_round_opens_on_each_batch_and_fits_the_bars() {
		let rounds = rounds(&sawtooth(300), &terms(), 100).unwrap();
		let opened: Vec<usize> = rounds.held.iter().map(|round| round.bar).collect();
		// Bar 15 + 6k; the horizon of the last one ends with bar 295, and the next one's would end with bar 301.
		assert_eq!((opened[0], opened[1], *opened.last().unwrap(), rounds.void), (105, 111, 267, 0));
		assert_eq!(267 + terms().span(), 295);
		let round = &rounds.held[0];
		let closes = sawtooth(300);
		let mut zeros = [107, 108, 109].map(|bar| closes[bar].unwrap());
		zeros.sort_unstable();
		assert_eq!(round.zero, zeros[1], "the median of the three bars before the horizon");
		let exact: Vec<i32> = (110..134).map(|bar: usize| (closes[bar].unwrap() - round.zero) as i32).collect();
		assert_eq!(round.truth.error(&exact), Some(0));
	}

	#[test]
	fn the_season_becomes_the_reference_of_a_seasonal_series() {
		let rounds = rounds(&sawtooth(3_000), &terms(), 1_500).unwrap();
		assert!(rounds.held.iter().all(|round| round.reference == Reference::SeasonBefore), "{:?}", rounds.held[0].reference);
		let first = &rounds.held[0];
		assert!(first.average > first.error, "the average remembers the error of no change");
		assert_eq!(skill(first.error, first.error, first.average), 0);
	}

	/// Everything of a round that is known at its opening is the same if the bars after it are others.
	#[test]
	fn no_round_knows_a_later_bar() {
		let closes = sawtooth(900);
		let whole = rounds(&closes, &terms(), 400).unwrap();
		let cut = 600;
		let mut other = closes.clone();
		other[cut..].iter_mut().for_each(|close| *close = close.map(|close| close * 3 - 50));
		let others = rounds(&other, &terms(), 400).unwrap();
		for (one, other) in whole.held.iter().zip(&others.held) {
			if one.bar < cut {
				assert_eq!((one.reference, one.average), (other.reference, other.average), "bar {}", one.bar);
			}
			assert_eq!(one == other, one.bar + terms().span() < cut, "bar {}", one.bar);
		}
	}

	#[test]
	fn rounds_without_their_bars_are_void() {
		let mut closes = sawtooth(600);
		closes[400..410].fill(None);
		let held = rounds(&closes, &terms(), 200).unwrap();
		let whole = rounds(&sawtooth(600), &terms(), 200).unwrap();
		assert_eq!(held.held.len() + held.void, whole.held.len());
		// Ten bars of 24 are more than a quarter of the weight.
		assert!(held.void >= 2 && held.held.iter().all(|round| terms().truth(&closes, round.bar).is_some()));
		closes[150..].fill(None);
		assert!(rounds(&closes, &terms(), 200).unwrap_err().to_string().contains("rounds are void"));
	}

	#[test]
	fn terms_out_of_their_range_are_named() {
		let refused = |terms: Terms| rounds(&sawtooth(900), &terms, 300).unwrap_err().to_string();
		for (terms, expected) in [
			(Terms { horizon: 23, ..terms() }, "invalid --horizon 23: the market takes 24 to 100 values"),
			(Terms { horizon: 101, ..terms() }, "invalid --horizon 101"),
			(Terms { lookback: 0, ..terms() }, "invalid --lookback 0"),
			(Terms { lookback: 9_001, ..terms() }, "invalid --lookback 9001"),
			(Terms { lead: 3, ..terms() }, "invalid --lead 3: expected 4 to 64"),
			(Terms { lead: 65, ..terms() }, "invalid --lead 65"),
			(Terms { batch: 0, ..terms() }, "invalid --batch 0"),
		] {
			let error = refused(terms);
			assert!(error.contains(expected), "{error}");
		}
		let few = rounds(&sawtooth(40), &terms(), 20).unwrap_err().to_string();
		assert!(few.contains("there are 40 bars") && few.contains("bring more bars"), "{few}");
		let early = rounds(&sawtooth(300), &terms(), 10).unwrap_err().to_string();
		assert!(early.contains("--train") && early.contains("--scale"), "{early}");
		let scale = Some(squared(300));
		assert_eq!(rounds(&sawtooth(300), &Terms { scale, ..terms() }, 10).unwrap().held[0].average, squared(300));
		let still = vec![Some(7); 300];
		assert!(rounds(&still, &terms(), 200).unwrap_err().to_string().contains("do not move"));
	}
}
