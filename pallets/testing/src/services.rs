//! Services of other pallets, which a test scripts.

use doin_primitives::{
	evidence::blocks,
	reputation::{factor, millionths, ABSENT, ANSWERED_FALSELY, CEILING, NEUTRAL, THRESHOLD},
	BlockNumber, RoundParams,
};
use doin_traits::{Behaviour, Reputation, Timing};
use frame_support::parameter_types;
use std::collections::BTreeMap;

/// Rounds of a development chain, with blocks of `BLOCK_MS` milliseconds.
pub struct DevTiming<const BLOCK_MS: u64>;

impl<const BLOCK_MS: u64> Timing for DevTiming<BLOCK_MS> {
	fn blocks(ms: u64) -> BlockNumber {
		blocks(ms, BLOCK_MS)
	}
	fn rounds() -> RoundParams {
		RoundParams::DEV
	}
	fn ramp() -> BlockNumber {
		0
	}
}

parameter_types! {
	/// Scores in millionths; [`NEUTRAL`] for accounts without an entry.
	pub static Scores: BTreeMap<u64, u32> = BTreeMap::new();
	/// Behaviours in order of their records.
	pub static Behaviours: Vec<(u64, Behaviour)> = Vec::new();
}

/// Reputation by [`Scores`], which do not decay. Records of [`Behaviours`] move the scores if `MOVES`.
pub struct ScriptedReputation<const MOVES: bool>;

impl<const MOVES: bool> ScriptedReputation<MOVES> {
	/// Forgets all scores and behaviours.
	pub fn reset() {
		Scores::set(BTreeMap::new());
		Behaviours::set(Vec::new());
	}
}

impl<const MOVES: bool> Reputation<u64> for ScriptedReputation<MOVES> {
	fn factor(who: &u64) -> u32 {
		factor(u64::from(Self::score(who)) * (1 << 32) / 1_000_000)
	}
	fn is_eligible(who: &u64) -> bool {
		Self::score(who) >= millionths(THRESHOLD)
	}
	fn score(who: &u64) -> u32 {
		Scores::get().get(who).copied().unwrap_or_else(|| millionths(NEUTRAL))
	}
	fn record(who: &u64, behaviour: Behaviour) {
		if MOVES {
			let score = Self::score(who);
			let moved = match behaviour {
				// `AGREED` is not a whole number of millionths.
				Behaviour::Agreed => score + 400_000,
				Behaviour::Absent => score.saturating_sub(millionths(ABSENT.unsigned_abs())),
				Behaviour::AnsweredFalsely => score.saturating_sub(millionths(ANSWERED_FALSELY.unsigned_abs())),
				Behaviour::Equivocated => 0,
			};
			Scores::mutate(|scores| scores.insert(*who, moved.min(millionths(CEILING))));
		}
		Behaviours::mutate(|behaviours| behaviours.push((*who, behaviour)));
	}
}
