//! Forecasts that need no skill, and the choice among them.
//!
//! References that name a level (the mean, the season before) are changes from the zero of the round, as forecasts are. They
//! know the zero, which no forecaster does: measured from the last bar of the input, a price that moved before the commits
//! ended would be a gain for each account that saw it.

use crate::{
	average::Average,
	truth::{change, zero, ZERO_BARS},
	Error, MAX_HORIZON,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Number of closes of which a reference knows the mean.
pub const MEMORY: usize = 1_024;
/// Part of an average error by which the next reference has to be better: a 32nd. Averages of about 120 independent horizons
/// differ by more than that in one case of a hundred if the references are equal.
const MARGIN: u128 = 32;
/// Bars of the forecast of a champion that are of use: those of the longest horizon, after a lead of up to 29 bars.
pub const CHAMPION_BARS: usize = MAX_HORIZON + 28;
/// Bars from the middle one of the zero to the first one of the horizon.
const FROM_ZERO: i64 = (ZERO_BARS / 2 + 1) as i64;

/// Forecast that needs no skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Reference {
	/// No change.
	#[codec(index = 0)]
	RepeatLast,
	/// The mean change per bar since the oldest close that the stream keeps goes on. A drift of 1 024 bars would be so noisy that
	/// its error exceeds that of no change by 7 %.
	#[codec(index = 1)]
	Drift,
	/// Halfway from the zero to the mean of the last [`MEMORY`] closes.
	#[codec(index = 2)]
	HalfwayToMean,
	/// The closes of the season before.
	#[codec(index = 3)]
	SeasonBefore,
	/// The champion of the stream's live domain, run on the closes of the input.
	#[codec(index = 4)]
	Champion,
}

/// Number of references.
pub const REFERENCES: usize = 5;

/// All references, in the order of their errors. Of equal errors, the first one is chosen.
pub const ALL: [Reference; REFERENCES] =
	[Reference::RepeatLast, Reference::Drift, Reference::HalfwayToMean, Reference::SeasonBefore, Reference::Champion];

/// Knowledge of a reference in one round.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
	/// Closes of the input, oldest first, up to the bar that the round was opened on; `None` stands for a missing bar.
	pub closes: &'a [Option<i64>],
	/// Oldest close that the stream keeps, and the number of bars from it to the last one of the input.
	pub oldest: Option<(i64, u32)>,
	/// Zero of the round.
	pub zero: i64,
	/// Bars from the last one of the input to the first one of the horizon.
	pub lead: u32,
	/// Bars of the season; 0 if there is none.
	pub season: u32,
	/// Bars of the horizon; more than [`MAX_HORIZON`] count as so many.
	pub horizon: usize,
	/// Forecast of the champion for the bars after the input, as changes from the last close of the input; `None` if it has none.
	pub champion: Option<&'a [i32]>,
}

impl Reference {
	/// Returns the changes that the reference forecasts; `None` for a champion without a forecast. A reference that lacks closes forecasts
	/// no change.
	pub fn changes(self, history: &History) -> Option<Vec<i32>> {
		let steps = 0..history.horizon.min(MAX_HORIZON);
		match self {
			Self::RepeatLast => Some(steps.map(|_| 0).collect()),
			Self::Drift => {
				let (rise, bars) = history.drift().unwrap_or((0, 1));
				Some(steps.map(|step| along(rise, bars, (step as i64).saturating_add(FROM_ZERO))).collect())
			}
			Self::HalfwayToMean => {
				let way = history.mean().map_or(0, |mean| change(history.zero, mean) / 2);
				Some(steps.map(|_| way).collect())
			}
			Self::SeasonBefore => Some(steps.map(|step| history.season_before(step).unwrap_or(0)).collect()),
			Self::Champion => history.champion.map(|path| steps.map(|step| history.along_champion(path, step)).collect()),
		}
	}

	/// Returns the error of the reference among those of all references, in the order of [`ALL`].
	pub fn error_in(self, errors: &[Option<Error>; REFERENCES]) -> Option<Error> {
		ALL.into_iter().zip(*errors).find_map(|(reference, error)| error.filter(|_| reference == self))
	}
}

/// Returns `rise · steps / bars` within ±(2³¹ − 1), rounded towards 0.
fn along(rise: i64, bars: i64, steps: i64) -> i32 {
	let product = i128::from(rise).saturating_mul(steps.into());
	let value = product.checked_div(bars.into()).unwrap_or(0);
	value.clamp(i32::MAX.saturating_neg().into(), i32::MAX.into()) as i32
}

impl History<'_> {
	/// Returns the last [`MEMORY`] closes.
	fn recent(&self) -> &[Option<i64>] {
		self.closes.get(self.closes.len().saturating_sub(MEMORY)..).unwrap_or(self.closes)
	}

	/// Returns the rise from the oldest close to the last one that stands, and the number of bars between them.
	fn drift(&self) -> Option<(i64, i64)> {
		let (from, bars) = self.oldest?;
		let (missing, to) = self.recent().iter().rev().enumerate().find_map(|(bar, close)| Some((bar, (*close)?)))?;
		let bars = i64::from(bars).saturating_sub(missing as i64);
		(bars > 0).then(|| (to.saturating_sub(from), bars))
	}

	/// Returns the mean of the recent closes that stand, rounded towards 0.
	fn mean(&self) -> Option<i64> {
		let (sum, count) = self
			.recent()
			.iter()
			.flatten()
			.fold((0i128, 0i128), |(sum, count), close| (sum.saturating_add((*close).into()), count.saturating_add(1)));
		i64::try_from(sum.checked_div(count)?).ok()
	}

	/// Returns the change from the zero to the close that lies whole seasons before the given step: as few as the input has.
	fn season_before(&self, step: usize) -> Option<i32> {
		let ahead = u32::try_from(step).ok()?.saturating_add(self.lead);
		let seasons = ahead.div_ceil(self.season.max(1));
		let back = seasons.saturating_mul(self.season).saturating_sub(ahead) as usize;
		let bar = self.closes.len().checked_sub(1)?.checked_sub(back)?;
		let close = (*self.closes.get(bar)?)?;
		(self.season > 0).then(|| change(self.zero, close))
	}

	/// Returns the change from the zero to the given step along the forecast `path` of the champion: its zero is the median of what it
	/// forecasts for the three bars of the zero. Bars after its last one repeat that. The champion does not know the zero, as no forecaster
	/// does, so a forecaster that knows the lead can copy it to the last unit.
	fn along_champion(&self, path: &[i32], step: usize) -> i32 {
		let at = |bar: usize| i64::from(path.get(bar).or(path.last()).copied().unwrap_or(0));
		// Bar 0 of the path is the first one after the input.
		let first = (self.lead as usize).saturating_sub(1);
		let level = zero([3, 2, 1].map(|before: usize| Some(at(first.saturating_sub(before))))).unwrap_or(0);
		change(level, at(first.saturating_add(step)))
	}
}

/// Average errors of the references of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ReferenceErrors([Average; REFERENCES]);

impl ReferenceErrors {
	/// Returns averages that all start from `scale`.
	pub fn new(scale: Error) -> Self {
		Self([Average::new(scale); REFERENCES])
	}

	/// Adds the errors of one round, in the order of [`ALL`]; a reference without an error keeps its average.
	pub fn observe(&mut self, errors: &[Option<Error>; REFERENCES]) {
		for (average, error) in self.0.iter_mut().zip(errors) {
			if let Some(error) = error {
				average.observe(*error);
			}
		}
	}

	/// Returns the errors of one round as averages count them. The error of the champion counts if it `is_reigning`, i.e. if that model is
	/// the champion still; else that of the best other reference takes its place, and also in a round that the champion has not forecast.
	/// So the averages of the champion and of the best other reference differ by rounds only that both have forecast: an account that chooses
	/// these rounds cannot choose calm ones for the champion.
	pub fn counted(&self, errors: [Option<Error>; REFERENCES], is_reigning: bool) -> [Option<Error>; REFERENCES] {
		let other = self.best(false).error_in(&errors);
		let [repeat_last, drift, halfway, season, champion] = errors;
		[repeat_last, drift, halfway, season, champion.filter(|_| is_reigning).or(other)]
	}

	/// Starts the average of the champion anew, from that of the best other reference. A new champion has made no errors yet.
	pub fn forget_champion(&mut self) {
		let [others @ .., champion] = &mut self.0;
		if let Some(best) = others.iter().min_by_key(|average| average.get()) {
			*champion = *best;
		}
	}

	/// Returns the reference of the next round. In the order of [`ALL`], each takes the place of the one before if its average
	/// error is smaller by more than a 32nd; the champion only if the stream `has_champion`.
	///
	/// Without this margin, luck puts a worse reference in place, and a forecast of no change gains.
	pub fn best(&self, has_champion: bool) -> Reference {
		let candidates =
			ALL.into_iter().zip(self.averages()).filter(|(reference, _)| has_champion || *reference != Reference::Champion);
		let best = candidates.reduce(|best, next| {
			let enough = best.1.saturating_sub(best.1.checked_div(MARGIN).unwrap_or(0));
			if next.1 < enough {
				next
			} else {
				best
			}
		});
		best.map_or(Reference::RepeatLast, |(reference, _)| reference)
	}

	/// Returns the average errors, in the order of [`ALL`].
	pub fn averages(&self) -> [Error; REFERENCES] {
		self.0.map(Average::get)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn history(closes: &[Option<i64>], zero: i64) -> History<'_> {
		History { closes, oldest: Some((100, 39)), zero, lead: 5, season: 8, horizon: 24, champion: None }
	}

	#[test]
	fn references_are_the_published_ones() {
		let closes: Vec<_> = (0..40).map(|bar| Some(100 + 3 * bar)).collect();
		let of = |reference: Reference| reference.changes(&history(&closes, 226)).expect("not the champion");
		assert_eq!(of(Reference::RepeatLast), [0; 24]);
		assert_eq!(of(Reference::Drift)[..3], [6, 9, 12]);
		// The mean is 158.
		assert_eq!(of(Reference::HalfwayToMean), [-34; 24]);
		// The last bar is 39, the first of the horizon 44: a season before is 36, and 39 follows; 48 goes two seasons back.
		assert_eq!(of(Reference::SeasonBefore)[..5], [208 - 226, 211 - 226, 214 - 226, 217 - 226, 196 - 226]);
		assert_eq!(Reference::Champion.changes(&history(&closes, 0)), None);
	}

	#[test]
	fn the_champion_goes_on_from_its_own_zero() {
		let path: Vec<i32> = (1..=30).map(|bar| bar * bar).collect();
		let of = |champion: &[i32], lead: u32| {
			let history = History { champion: Some(champion), lead, ..history(&[], 777) };
			Reference::Champion.changes(&history).expect("it has a forecast")
		};
		// The horizon begins five bars after the input, and the middle bar of the zero lies two bars before that. Its forecast is the median.
		assert_eq!(of(&path, 5)[..3], [25 - 9, 36 - 9, 49 - 9]);
		assert_eq!(of(&path, 4)[..2], [16 - 4, 25 - 4], "nothing depends on the zero");
		assert_eq!(of(&path[..6], 5)[..4], [16, 27, 27, 27], "its last bar is repeated");
		assert_eq!(of(&[600, 700, 0, 100, 200, 300], 4)[..2], [100 - 600, 200 - 600], "a median, not the middle bar");
		assert_eq!(of(&[], 5), vec![0; 24]);
		assert_eq!(of(&path, u32::MAX), vec![0; 24], "a stall takes the horizon behind its last bar");
		assert_eq!(CHAMPION_BARS, 29 - 1 + MAX_HORIZON);
	}

	#[test]
	fn missing_closes_and_extremes_make_no_reference_fail() {
		let extremes = [Some(i64::MIN), None, Some(i64::MAX)];
		for closes in [&[][..], &[None, None], &[Some(7)], &extremes] {
			for zero in [i64::MIN, -1, i64::MAX] {
				for season in [0, 1, u32::MAX] {
					for lead in [0, u32::MAX] {
						let oldest = Some((zero, season));
						let champion: &[i32] = if season == 1 { &[] } else { &[i32::MIN, i32::MAX, 0] };
						let history = History { closes, oldest, zero, lead, season, horizon: 500, champion: Some(champion) };
						let all = ALL.map(|reference| reference.changes(&history));
						assert!(all.iter().all(|changes| changes.as_ref().is_some_and(|changes| changes.len() == 100)));
					}
				}
			}
		}
		let none = |oldest| History { oldest, ..history(&[Some(7), None], 0) };
		assert_eq!(Reference::Drift.changes(&none(Some((5, 1)))), Some(vec![0; 24]), "one close has no drift");
		assert_eq!(Reference::Drift.changes(&none(None)), Some(vec![0; 24]));
	}

	#[test]
	fn only_recent_closes_count() {
		let closes: Vec<_> = [Some(i64::MAX / 2); 500].into_iter().chain((0..1_024).map(|_| Some(10))).collect();
		assert_eq!(Reference::HalfwayToMean.changes(&history(&closes, 0)), Some(vec![5; 24]));
	}

	#[test]
	fn a_reference_has_to_be_better_by_one_part_in_32() {
		let mut errors = ReferenceErrors::new(1 << 30);
		assert_eq!(errors.best(true), Reference::RepeatLast);
		let halves = |errors: &mut ReferenceErrors, rounds| {
			for _ in 0..rounds {
				errors.observe(&[Some(1 << 30), Some(1 << 29), None, Some(1 << 31), Some(0)]);
			}
		};
		// (1023/1024)^n of the distance is left: 65 rounds take a 32nd from half of it, 33 from all.
		halves(&mut errors, 40);
		assert_eq!((errors.best(true), errors.best(false)), (Reference::Champion, Reference::RepeatLast));
		halves(&mut errors, 30);
		assert_eq!((errors.best(true), errors.best(false)), (Reference::Champion, Reference::Drift));
		errors.forget_champion();
		assert_eq!(errors.best(true), Reference::Drift);
		assert_eq!(errors.averages()[2], 1 << 30);
	}

	/// A champion that errs as much as no change is forecast in calm rounds only: it never takes the place of no change.
	#[test]
	fn a_champion_gains_nothing_from_the_choice_of_rounds() {
		let mut errors = ReferenceErrors::new(1 << 30);
		for round in 0..20_000u32 {
			let error: Error = if round.is_multiple_of(8) { 8 << 30 } else { 1 << 20 };
			let champion = Some(error).filter(|error| *error < 1 << 30);
			let all = [Some(error), Some(error * 2), Some(error * 2), Some(error * 2), champion];
			let counted = errors.counted(all, true);
			assert_eq!(counted, errors.counted([all[0], all[1], all[2], all[3], Some(error)], true));
			errors.observe(&counted);
			assert_eq!(errors.best(true), Reference::RepeatLast, "round {round}");
		}
	}

	#[test]
	fn the_error_of_a_former_champion_does_not_count() {
		let errors = ReferenceErrors::new(1 << 30);
		let all = [3, 4, 5, 6, 1].map(Some);
		assert_eq!(errors.counted(all, true), all);
		assert_eq!(errors.counted(all, false), [3, 4, 5, 6, 3].map(Some));
		assert_eq!(Reference::SeasonBefore.error_in(&all), Some(6));
		assert_eq!(Reference::Champion.error_in(&[None; REFERENCES]), None);
	}
}
