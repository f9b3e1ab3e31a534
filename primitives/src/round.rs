//! Rounds: a fixed grid of blocks per domain, and the lengths of its phases.

use crate::{BlockNumber, DomainId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Seats of a round.
pub const MAX_SEATS: u32 = 16;
/// Models one round measures at most: the initial champion, the champion, the contender and every seat.
pub const MAX_MODELS: u32 = MAX_SEATS + 3;

/// A round of a domain.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct RoundId {
	/// The domain.
	pub domain: DomainId,
	/// Its place on the domain's grid.
	pub number: u32,
}

/// Lengths of a round's phases in blocks, and of the draw in VRF outputs. Genesis values; they never change.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct RoundParams {
	/// Blocks in which commits are taken.
	pub commit: u32,
	/// Blocks in which reveals are taken.
	pub reveal: u32,
	/// VRF outputs folded into the beacon between the last reveal and the draw.
	pub draw_outputs: u32,
	/// Blocks in which drawn evaluators commit their sums.
	pub answer: u32,
	/// Blocks in which they reveal them.
	pub answer_reveal: u32,
	/// Blocks in which a verdict can be challenged.
	pub challenge: u32,
	/// Blocks after which a round that nobody settles is void.
	pub settle_timeout: u32,
}

/// What a round of optimization accepts in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum Phase {
	/// Commits.
	Commit,
	/// Reveals.
	Reveal,
}

/// Where block `now` lies on a domain's grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
	/// The round.
	pub round: RoundId,
	/// What it accepts.
	pub phase: Phase,
	/// First block after this phase.
	pub phase_end: BlockNumber,
}

impl RoundParams {
	/// Short phases for a development chain: 33 blocks from the first commit to the verdict. A measurement (17 blocks) takes no longer than
	/// a period, so rounds never queue up.
	pub const DEV: Self =
		Self { commit: 12, reveal: 5, draw_outputs: 2, answer: 4, answer_reveal: 4, challenge: 5, settle_timeout: 150 };
	/// Phases of a public network with 6 s blocks: 36 minutes from the first commit to the verdict, and a measurement as long as a period.
	pub const PUBLIC: Self =
		Self { commit: 150, reveal: 30, draw_outputs: 16, answer: 40, answer_reveal: 20, challenge: 100, settle_timeout: 14_400 };

	/// Blocks from one round's first commit block to the next one's: commits and reveals alternate, verdicts are pipelined behind them.
	pub const fn period(&self) -> u32 {
		self.commit.saturating_add(self.reveal)
	}

	/// Most blocks from a round's first commit to its verdict when somebody settles at once.
	pub const fn longest(&self) -> u32 {
		self.period()
			.saturating_add(self.draw_outputs)
			.saturating_add(self.answer)
			.saturating_add(self.answer_reveal)
			.saturating_add(self.settle_timeout)
			.saturating_add(self.challenge)
	}

	/// Round and phase of `domain` at block `now`. A domain's grid is offset by its id so that domains do not fall due together.
	pub fn place(&self, domain: DomainId, now: BlockNumber) -> Place {
		let period = self.period().max(1);
		let shifted = now.saturating_add(domain.checked_rem(period).unwrap_or(0));
		let number = shifted.checked_div(period).unwrap_or(0);
		let at = shifted.checked_rem(period).unwrap_or(0);
		let (phase, left) = if at < self.commit {
			(Phase::Commit, self.commit.saturating_sub(at))
		} else {
			(Phase::Reveal, period.saturating_sub(at))
		};
		Place { round: RoundId { domain, number }, phase, phase_end: now.saturating_add(left) }
	}

	/// First block in which reveals of `round` are taken, and the first one in which they are not.
	pub fn reveal_window(&self, round: RoundId) -> (BlockNumber, BlockNumber) {
		let period = self.period().max(1);
		let start = round.number.saturating_mul(period).saturating_sub(round.domain.checked_rem(period).unwrap_or(0));
		// The first period of a domain whose grid is shifted starts before block 0.
		let shift = if round.number == 0 { round.domain.checked_rem(period).unwrap_or(0) } else { 0 };
		(start.saturating_add(self.commit).saturating_sub(shift), start.saturating_add(period).saturating_sub(shift))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_grid_alternates_commits_and_reveals() {
		let p = RoundParams::DEV;
		for domain in [0, 1, 10, 11, 12, 1000] {
			let mut last: Option<Place> = None;
			for now in 0..200 {
				let place = p.place(domain, now);
				let (from, until) = p.reveal_window(place.round);
				assert_eq!(place.phase == Phase::Reveal, (from..until).contains(&now), "domain {domain} block {now}");
				if let Some(last) = last {
					if now < last.phase_end {
						assert_eq!((place.round, place.phase, place.phase_end), (last.round, last.phase, last.phase_end));
					} else {
						assert_ne!((place.round, place.phase), (last.round, last.phase));
					}
				}
				last = Some(place);
			}
		}
	}
}
