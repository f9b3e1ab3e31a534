//! Strategies: what a group of accounts forecasts, and what it reveals.

use crate::{
	rounds::{history, Round, HORIZON, KNOWN},
	series::{numbers, Path},
};
use doin_market::{truth::root, Reference, Signed};
use doin_scoring::philox::Stream;

/// Strategies of one group of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
	/// The reference itself, with the zero that no account knows.
	Itself,
	/// The reference, from the last close of the input.
	Copy,
	/// The reference, from the last close before the commits end.
	LateCopy,
	/// Enters after a large move in the commits only, and forecasts that it goes on.
	LateTrend,
	/// As [`Strategy::LateTrend`], and forecasts that it comes back.
	LateReturn,
	/// No change.
	RepeatLast,
	/// No change, entered only while the reference is another one.
	Contrary,
	/// A reference of its own: the drift.
	Drift,
	/// Halfway to the mean.
	Halfway,
	/// The season before.
	Season,
	/// A random constant change, up to twice the average error.
	Noise,
	/// A tenth of it.
	SmallNoise,
	/// 64 accounts, each with its own noise.
	Sybil,
	/// p and −p around the reference.
	Mirror,
	/// Noise, revealed only if it gains.
	Silent,
	/// A mirror pair of which only the half that gains is revealed.
	SilentMirror,
	/// A rise.
	Up,
	/// A fall.
	Down,
	/// A rise, entered only while changes are small.
	CalmUp,
	/// Noise, entered only while changes are large.
	WildNoise,
	/// 128 seats with copies of the reference at the smallest wager.
	Stuffing,
	/// The mean of the truth, as an account knows it that sees the hidden drift.
	Skilled,
	/// Half of it.
	Shrunk,
	/// Three times it.
	Exaggerated,
}

pub const STRATEGIES: [Strategy; 24] = [
	Strategy::Itself,
	Strategy::Copy,
	Strategy::LateCopy,
	Strategy::LateTrend,
	Strategy::LateReturn,
	Strategy::RepeatLast,
	Strategy::Contrary,
	Strategy::Drift,
	Strategy::Halfway,
	Strategy::Season,
	Strategy::Noise,
	Strategy::SmallNoise,
	Strategy::Sybil,
	Strategy::Mirror,
	Strategy::Silent,
	Strategy::SilentMirror,
	Strategy::Up,
	Strategy::Down,
	Strategy::CalmUp,
	Strategy::WildNoise,
	Strategy::Stuffing,
	Strategy::Skilled,
	Strategy::Shrunk,
	Strategy::Exaggerated,
];

/// Knowledge of an account before the commits of a round end.
pub struct Knowledge<'a> {
	pub path: &'a Path,
	pub round: &'a Round,
	pub stream: Stream,
}

impl Strategy {
	pub fn name(self) -> &'static str {
		match self {
			Strategy::Itself => "reference itself",
			Strategy::Copy => "copy of the reference",
			Strategy::LateCopy => "late copy",
			Strategy::LateTrend => "late, trend",
			Strategy::LateReturn => "late, return",
			Strategy::RepeatLast => "repeat-last",
			Strategy::Contrary => "repeat-last while not the reference",
			Strategy::Drift => "drift",
			Strategy::Halfway => "halfway to the mean",
			Strategy::Season => "season before",
			Strategy::Noise => "noise",
			Strategy::SmallNoise => "small noise",
			Strategy::Sybil => "sybil, 64 seats",
			Strategy::Mirror => "mirror pair",
			Strategy::Silent => "silent unless it gains",
			Strategy::SilentMirror => "mirror, half silent",
			Strategy::Up => "one-sided, up",
			Strategy::Down => "one-sided, down",
			Strategy::CalmUp => "up while calm",
			Strategy::WildNoise => "noise while wild",
			Strategy::Stuffing => "seat-stuffing, 128",
			Strategy::Skilled => "skilled",
			Strategy::Shrunk => "skilled, shrunk",
			Strategy::Exaggerated => "skilled, exaggerated",
		}
	}

	/// Returns `true` if the strategy knows what no reference knows, and forecasts it without exaggeration.
	pub fn is_skilled(self) -> bool {
		matches!(self, Strategy::Skilled | Strategy::Shrunk)
	}

	/// Returns `true` if the strategy sees the hidden drift.
	pub fn sees_drift(self) -> bool {
		self.is_skilled() || self == Strategy::Exaggerated
	}

	/// Returns `true` if a seat with `skill` is revealed.
	pub fn reveals(self, skill: Signed) -> bool {
		!matches!(self, Strategy::Silent | Strategy::SilentMirror) || skill > 0
	}

	/// Returns the forecasts of the group's seats; none if it does not enter.
	pub fn forecasts(self, known: &mut Knowledge) -> Vec<Vec<i32>> {
		let size = i64::try_from(root(known.round.average) >> 16).unwrap_or(i64::MAX);
		let now = known.round.bar + KNOWN;
		let one = |forecast| vec![forecast];
		match self {
			Strategy::Itself => one(known.round.changes.clone()),
			Strategy::Copy => one(known.anchored(known.round.reference, known.round.bar)),
			Strategy::LateCopy => one(known.anchored(known.round.reference, now)),
			Strategy::LateTrend => known.late(1),
			Strategy::LateReturn => known.late(-1),
			Strategy::Contrary if known.round.reference == Reference::RepeatLast => Vec::new(),
			Strategy::RepeatLast | Strategy::Contrary => one(vec![0; HORIZON]),
			Strategy::Drift => one(known.anchored(Reference::Drift, now)),
			Strategy::Halfway => one(known.anchored(Reference::HalfwayToMean, now)),
			Strategy::Season => one(known.anchored(Reference::SeasonBefore, now)),
			Strategy::Noise | Strategy::Silent => one(known.noise(2 * size)),
			Strategy::SmallNoise => one(known.noise(size / 5)),
			Strategy::Sybil => (0..64).map(|_| known.noise(2 * size)).collect(),
			Strategy::Mirror | Strategy::SilentMirror => {
				let reference = known.anchored(known.round.reference, now);
				let shift = |by: i64| reference.iter().map(|value| value + by as i32).collect::<Vec<_>>();
				vec![shift(size / 2), shift(-size / 2)]
			}
			Strategy::Up => one(ramp(size / 2)),
			Strategy::Down => one(ramp(-size / 2)),
			Strategy::CalmUp if known.recent_moves() < size / 10 => one(ramp(size / 2)),
			Strategy::WildNoise if known.recent_moves() > size / 5 => one(known.noise(2 * size)),
			Strategy::CalmUp | Strategy::WildNoise => Vec::new(),
			Strategy::Stuffing => vec![known.anchored(known.round.reference, now); 128],
			Strategy::Skilled => one(known.expected(1, 1)),
			Strategy::Shrunk => one(known.expected(1, 2)),
			Strategy::Exaggerated => one(known.expected(3, 1)),
		}
	}
}

/// Returns changes that grow evenly to twice `size`.
fn ramp(size: i64) -> Vec<i32> {
	(0..HORIZON as i64).map(|step| (2 * size * (step + 1) / HORIZON as i64) as i32).collect()
}

impl Knowledge<'_> {
	/// Returns the changes of a reference as an account can compute them that takes the close of `bar` for the zero.
	fn anchored(&self, reference: Reference, bar: usize) -> Vec<i32> {
		let history = history(self.path, self.round.bar, self.path.close(bar));
		reference.changes(&history).unwrap_or_else(|| self.round.changes.clone())
	}

	/// Returns a constant change up to ±`size`.
	fn noise(&mut self, size: i64) -> Vec<i32> {
		let value = ((i64::from(self.stream.next_u32()) * 2 * size) >> 32) - size;
		vec![value as i32; HORIZON]
	}

	/// Returns the mean size of the last 24 changes of a bar.
	fn recent_moves(&self) -> i64 {
		let now = self.round.bar + KNOWN;
		(now - 23..=now).map(|bar| (self.path.close(bar) - self.path.close(bar - 1)).abs()).sum::<i64>() / 24
	}

	/// Returns a forecast of `sign` times the move since the input, if it is more than twice the usual one.
	fn late(&self, sign: i64) -> Vec<Vec<i32>> {
		let bar = self.round.bar;
		let moved = self.path.close(bar + KNOWN) - self.path.close(bar);
		if moved.abs() <= 2 * self.recent_moves() {
			return Vec::new();
		}
		vec![vec![(sign * moved) as i32; HORIZON]]
	}

	/// Returns `times / parts` of the mean of the truth.
	fn expected(&self, times: i32, parts: i32) -> Vec<i32> {
		let bar = self.round.bar + KNOWN;
		// The zero's middle bar follows the known one by two, and the horizon begins two bars after it.
		self.path.expected(bar, 2, 2, HORIZON).into_iter().map(|value| value * times / parts).collect()
	}
}

/// Returns the numbers of a strategy in one round.
pub fn stream(strategy: Strategy, seed: u32, round: u64) -> Stream {
	numbers(seed, 2_000 + strategy as u32, round)
}
