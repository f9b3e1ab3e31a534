//! Rounds: the grid of blocks of a domain, and the lengths of its phases.

use crate::{gauge::MAX_WEIGHED, BlockNumber, DomainId, Q32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum number of seats of a round.
pub const MAX_SEATS: u32 = 16;
/// Maximum number of models that one round evaluates: the initial champion, the champion, the contender and one per seat.
pub const MAX_MODELS: u32 = MAX_SEATS + 3;

/// Identifier of a round of a domain.
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
	/// Number of the round on the grid of the domain.
	pub number: u32,
}

/// Lengths of a round's phases in blocks, and of the draw in VRF outputs. Genesis values; they never change.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct RoundParams {
	/// Blocks in which commits are accepted.
	pub commit: u32,
	/// Blocks in which reveals are accepted.
	pub reveal: u32,
	/// VRF outputs folded into the beacon between the last reveal and the draw.
	pub draw_outputs: u32,
	/// Blocks in which drawn evaluators commit their sums.
	pub answer: u32,
	/// Blocks in which drawn evaluators reveal their sums.
	pub answer_reveal: u32,
	/// Blocks in which settled sums can be challenged.
	pub challenge: u32,
	/// Blocks in which the segment of a round with sealed evidence can be opened, after its commits.
	pub evidence: u32,
	/// Blocks after which a task that was not settled is void.
	pub settle_timeout: u32,
}

/// Phase of a round of optimization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum Phase {
	/// The round accepts commits.
	Commit,
	/// The round accepts reveals.
	Reveal,
	/// The round waits for its evidence: it accepts neither commits nor reveals.
	Evidence,
}

/// Reason for which a candidate or contender is out of the race.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum RejectionReason {
	/// At its reveal, its claimed validation error did not undercut the domain's bar by the least improvement. The bar is the
	/// validation error of the initial champion, or of the champion on `Public` evidence.
	#[codec(index = 0)]
	NotBetter,
	/// On `Public` evidence, the champion changed before the candidate was evaluated, and the candidate does not undercut the
	/// new one.
	#[codec(index = 1)]
	Overtaken,
	/// One of its claimed validation sums was proved to be false.
	#[codec(index = 2)]
	FalseClaim,
	/// The evaluated model did not win.
	#[codec(index = 3)]
	Lost,
	/// The contender did not beat the champion beyond doubt within its rounds.
	#[codec(index = 4)]
	Expired,
	/// The contender was withdrawn by its author.
	#[codec(index = 5)]
	Withdrawn,
}

/// State of a seat of a round.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum SeatStatus {
	/// Committed, not revealed.
	#[codec(index = 0)]
	Committed,
	/// Revealed: its model is evaluated at the verdict.
	#[codec(index = 1)]
	Revealed,
	/// Out of the race, with the reason.
	#[codec(index = 2)]
	Rejected(RejectionReason),
	/// Not revealed in time.
	#[codec(index = 3)]
	Forfeited,
}

/// Reason for which a round earned nothing.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum UnpaidReason {
	/// No candidate was revealed that undercut the bar of the domain with a correct claim.
	#[codec(index = 0)]
	NoCandidate,
	/// No candidate was better than the champion beyond doubt.
	#[codec(index = 1)]
	NoImprovement,
	/// The best candidate was better, but not beyond doubt: it is evaluated again as contender.
	#[codec(index = 2)]
	ContenderKept,
	/// A candidate became champion, and the domain has no weight: validators have not voted for it.
	#[codec(index = 3)]
	NoWeight,
	/// A candidate became champion, but its progress does not pass the high-water mark of the domain, e.g. because it was made
	/// before the domain gained weight.
	#[codec(index = 4)]
	BelowHighWater,
	/// Too few evaluators could be drawn or answered. No account had the runtime recompute the sums before the time-out, or none
	/// could: the seats of a round that is sold while a quorum serves a domain without weight do not pay for that.
	#[codec(index = 5)]
	NoQuorum,
	/// A quorum answered, and no account settled its answers before the time-out.
	#[codec(index = 6)]
	Unsettled,
	/// The initial champion has no error on the drawn windows, so there is nothing to improve.
	#[codec(index = 7)]
	NothingToImprove,
	/// The recomputation service accepted no request: too many tasks are open, or the domain was closed.
	#[codec(index = 8)]
	NoRecomputation,
	/// A candidate became champion, and the purse of the domain was empty.
	#[codec(index = 9)]
	EmptyPurse,
	/// The segment of the round was not opened in time.
	#[codec(index = 10)]
	EvidenceMissing,
	/// Too few bars of the stream came into being, they came too late or were not paid for, or the stream does not keep them until a
	/// verdict.
	#[codec(index = 11)]
	TooFewBars,
	/// A candidate became champion in a round that began before the domain gained weight or in the same block, where pay begins to rise
	/// from nothing.
	#[codec(index = 12)]
	Ramp,
}

/// End of a round.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum RoundResult {
	/// An improvement, or carried bits of an earlier one, were queued for payment by work blocks, or paid by the purse of the
	/// domain.
	#[codec(index = 0)]
	Paid {
		/// Effective improvement, Q32 bits.
		#[serde(with = "serde_with::As::<serde_with::DisplayFromStr>")]
		effective: Q32,
	},
	/// Nothing is paid for the round.
	#[codec(index = 1)]
	Unpaid(UnpaidReason),
}

/// The last round of a domain that ended, and its result.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct LastRound {
	/// Number of the round.
	pub number: u32,
	/// Block in which it ended.
	pub block: BlockNumber,
	/// Its result.
	pub result: RoundResult,
}

/// Place of a block on the grid of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
	/// The round.
	pub round: RoundId,
	/// Phase of the round.
	pub phase: Phase,
	/// First block after this phase.
	pub phase_end: BlockNumber,
}

impl RoundParams {
	/// Phases of a development chain: 33 blocks from the first commit to the verdict. A recomputation takes 17 blocks, no longer
	/// than a period, so rounds do not queue up.
	pub const DEV: Self = Self {
		commit: 12,
		reveal: 5,
		draw_outputs: 2,
		answer: 4,
		answer_reveal: 4,
		challenge: 5,
		settle_timeout: 150,
		evidence: 12,
	};
	/// Phases of a public network with blocks of 6 s: 36 minutes from the first commit to the verdict. A recomputation is as long
	/// as a period.
	pub const PUBLIC: Self = Self {
		commit: 150,
		reveal: 30,
		draw_outputs: 16,
		answer: 40,
		answer_reveal: 20,
		challenge: 100,
		settle_timeout: 14_400,
		evidence: 600,
	};

	/// Returns the number of blocks from the first block of a round to that of the next round. Commit and reveal phases
	/// alternate; verdicts are pipelined behind them.
	pub const fn period(&self) -> u32 {
		self.commit.saturating_add(self.reveal)
	}

	/// Returns the number of blocks after which a recomputation that no quorum decides is void. Rounds of a domain without weight
	/// must not occupy a place for long, so they end after two periods.
	pub const fn recompute_timeout(&self, weighted: bool) -> u32 {
		let short = self.period().saturating_mul(2);
		if weighted || short > self.settle_timeout {
			self.settle_timeout
		} else {
			short
		}
	}

	/// Returns the number of blocks in which all absences of an evaluator count as one: two periods. An outage is one fault,
	/// however many quorums it affects.
	pub const fn absence_window(&self) -> u32 {
		self.period().saturating_mul(2)
	}

	/// Returns the maximum number of blocks from the first commit of a round to its verdict, if no earlier round of its domain
	/// is undecided and every block has a VRF output. A task can draw two quorums, one after the other. The answers of each are
	/// closed one block after its reveals.
	///
	/// The wait for evidence is not part of this number. The cool-down of a bond is this long and contains a whole period before
	/// the request of a task. A task on evidence that is awaited is requested after the wait, at the end of the reveals.
	pub const fn longest(&self) -> u32 {
		let quorum = self.draw_outputs.saturating_add(self.answer).saturating_add(self.answer_reveal).saturating_add(1);
		self.period().saturating_add(quorum.saturating_mul(2)).saturating_add(self.settle_timeout).saturating_add(self.challenge)
	}

	/// Returns the number of blocks by which the grid of `domain` is ahead of that of domain 0: `⌊domain · period / 32⌋ mod
	/// period`. The deadlines of 32 domains with consecutive ids are spread evenly over the period, so filling the blocks of
	/// one window affects few domains.
	fn offset(&self, domain: DomainId) -> u32 {
		let period = u64::from(self.period().max(1));
		let offset = (u64::from(domain).saturating_mul(period) / u64::from(MAX_WEIGHED)).checked_rem(period).unwrap_or(0);
		offset as u32
	}

	/// Returns round and phase of `domain` at block `now`.
	pub fn place(&self, domain: DomainId, now: BlockNumber) -> Place {
		let period = self.period().max(1);
		let shifted = now.saturating_add(self.offset(domain));
		let number = shifted.checked_div(period).unwrap_or(0);
		let at = shifted.checked_rem(period).unwrap_or(0);
		let (phase, left) = if at < self.commit {
			(Phase::Commit, self.commit.saturating_sub(at))
		} else {
			(Phase::Reveal, period.saturating_sub(at))
		};
		Place { round: RoundId { domain, number }, phase, phase_end: now.saturating_add(left) }
	}

	/// Returns the first block of `round`, or block 0 if the grid of its domain starts within the round.
	pub fn first_block(&self, round: RoundId) -> BlockNumber {
		round.number.saturating_mul(self.period().max(1)).saturating_sub(self.offset(round.domain))
	}

	/// Returns the reveal window of `round`: its first block, and the first block after it.
	pub fn reveal_window(&self, round: RoundId) -> (BlockNumber, BlockNumber) {
		let period = self.period().max(1);
		let offset = self.offset(round.domain);
		let start = round.number.saturating_mul(period).saturating_sub(offset);
		// The first period of a shifted grid starts before block 0.
		let shift = if round.number == 0 { offset } else { 0 };
		(start.saturating_add(self.commit).saturating_sub(shift), start.saturating_add(period).saturating_sub(shift))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

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

	/// Returns the most domains of `domains` whose reveal windows end within the same `window` blocks.
	fn at_once(params: RoundParams, domains: core::ops::Range<u32>, window: u32) -> usize {
		let ends = |start: u32| {
			let until = |domain| params.reveal_window(RoundId { domain, number: 100 }).1;
			domains.clone().filter(|domain| (start..start + window).contains(&until(*domain))).count()
		};
		let first = 99 * params.period();
		(first..first + 3 * params.period()).map(ends).max().unwrap_or(0)
	}

	#[test]
	fn n2_the_deadlines_of_32_domains_are_spread_over_the_period() {
		// A block full of junk delays the answers of the domains whose windows it lies in.
		assert_eq!(at_once(RoundParams::PUBLIC, 0..32, RoundParams::PUBLIC.answer_reveal), 4);
		assert_eq!(at_once(RoundParams::PUBLIC, 1_000..1_032, RoundParams::PUBLIC.answer_reveal), 4);
		assert_eq!(at_once(RoundParams::PUBLIC, 0..32, RoundParams::PUBLIC.period()), 32);
		assert_eq!(at_once(RoundParams::DEV, 0..32, 1), 2, "32 domains on 17 blocks");
	}

	#[test]
	fn the_longest_round_has_two_quorums() {
		let p = RoundParams::DEV;
		assert_eq!(
			p.longest(),
			p.period() + 2 * (p.draw_outputs + p.answer + p.answer_reveal + 1) + p.settle_timeout + p.challenge
		);
		assert_eq!((p.recompute_timeout(true), p.recompute_timeout(false)), (p.settle_timeout, 2 * p.period()));
		let patient = RoundParams { settle_timeout: 10, ..p };
		assert_eq!(
			(patient.recompute_timeout(true), patient.recompute_timeout(false)),
			(10, 10),
			"never longer than weighted ones"
		);
		let endless = RoundParams { commit: u32::MAX, reveal: u32::MAX, settle_timeout: u32::MAX, ..p };
		assert_eq!((endless.longest(), endless.absence_window()), (u32::MAX, u32::MAX));
	}

	fn params() -> impl Strategy<Value = RoundParams> {
		(1u32..1_000, 1u32..1_000).prop_map(|(commit, reveal)| RoundParams { commit, reveal, ..RoundParams::DEV })
	}

	proptest! {
		#[test]
		fn every_block_lies_in_exactly_one_phase(params in params(), domain: u32, now in 0u32..1 << 30) {
			let place = params.place(domain, now);
			let (from, until) = params.reveal_window(place.round);
			prop_assert_eq!(place.phase == Phase::Reveal, (from..until).contains(&now));
			prop_assert_eq!(place.phase_end, if place.phase == Phase::Reveal { until } else { from });
			prop_assert!(place.phase_end > now && until - from <= params.reveal);
		}

		#[test]
		fn rounds_follow_each_other_without_a_gap(params in params(), domain: u32, now in 0u32..1 << 30) {
			let place = params.place(domain, now);
			let (_, until) = params.reveal_window(place.round);
			let next = params.place(domain, until);
			prop_assert_eq!(next.round, RoundId { domain, number: place.round.number + 1 });
			prop_assert_eq!(next.phase, Phase::Commit);
			prop_assert_eq!(params.reveal_window(next.round).1 - until, params.period());
			prop_assert_eq!(params.first_block(next.round), until);
			prop_assert!(params.first_block(place.round) <= now);
		}
	}
}
