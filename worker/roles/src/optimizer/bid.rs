//! Bids for seats: the most that a seat may cost, by what its candidate would probably earn.

use crate::{amount::Amount, config::BiddingConfig};
use doin_primitives::{
	emission::{split, CAP},
	evidence::ramp,
	round::MAX_SEATS,
	verdict::effective_improvement,
	views::{DomainView, RoundView, WorkView},
	Balance, BlockNumber, MILLION, Q32,
};

/// Limits of a bid, from the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidLimits {
	/// Most that one seat may cost, in plancks.
	pub max_fee: Balance,
	/// Most that one seat may cost, in parts per million of what its candidate would probably earn.
	pub max_fee_ppm: u32,
	/// Most that a tip may rise to, in parts per million of what is at stake.
	pub max_tip_ppm: u32,
	/// Most that a seat may stake, in plancks.
	pub max_stake: Balance,
	/// Stakes that may be lost in a row, after which the search on the domain ends.
	pub lost_stakes: u32,
}

/// Merit of a candidate on practice draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merit {
	/// Mean increment that the verdict pays over all draws, Q32 bits; 0 for a draw on which the candidate does not win.
	pub increment: Q32,
	/// Mean of the carried bits of the candidate that the verdict after it pays, Q32; 0 for a draw on which it does not win. Later
	/// verdicts may pay more, if the candidate still is champion then, and are left out.
	pub carried: Q32,
	/// Mean of the carried bits of the champion that the verdict pays before those of the candidate, Q32.
	pub before: Q32,
	/// Part of the draws on which the candidate wins and reaches the target of the domain, in parts per million.
	pub target_ppm: u32,
	/// Probability that the candidate does not lead the champion by one standard error, so that its stake is lost, in parts per
	/// million.
	pub behind_ppm: u32,
}

/// State of a domain that decides how many bits a verdict pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayTerms {
	/// High-water mark, Q32 bits.
	pub high_water: Q32,
	/// Bits that the champion carries, Q32.
	pub carry: Q32,
	/// Part of an increment that is paid, in parts per million; below one million while pay ramps up.
	pub factor: u32,
}

/// Pay of the chain for an improvement of the domain at one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
	/// Weight of the domain, in parts per million.
	pub weight: u32,
	/// Value of the evidence of the domain, in parts per million.
	pub evidence_value: u32,
	/// Reward R of a work block, in plancks.
	pub reward: Balance,
	/// Threshold T of a work block, Q32 bits.
	pub threshold: Q32,
	/// Amount that can still be mined below the cap, in plancks.
	pub unmined: Balance,
	/// Bounty of the domain, in plancks.
	pub bounty: Balance,
	/// Purse of the domain, which pays for its improvements, in plancks; `None` if they are minted.
	pub purse: Option<Balance>,
}

/// A seat that costs more than its candidate is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooExpensive {
	/// Seats of the round that are taken.
	pub seats: usize,
	/// Fee of the next seat.
	pub fee: Amount,
	/// Most that the seat may cost.
	pub max_fee: Amount,
	/// Amount that the candidate would probably earn; `None` if it was not computed.
	pub expected: Option<Amount>,
}

impl From<&BiddingConfig> for BidLimits {
	fn from(config: &BiddingConfig) -> Self {
		// The configuration holds percentages from 0 to 100.
		let ppm = |percent: f64| (percent * 10_000.0).round() as u32;
		Self {
			max_fee: config.max_seat_fee.0,
			max_fee_ppm: ppm(config.max_seat_fee_percent),
			max_tip_ppm: ppm(config.max_tip_percent),
			max_stake: config.max_stake.0,
			lost_stakes: config.lost_stakes,
		}
	}
}

impl PayTerms {
	/// Returns the terms of a round of `domain` whose first block is `first_block`, on a chain where pay ramps up for `length` blocks.
	/// As on the chain, the first block of the round counts, and a domain without weight carries nothing.
	pub fn new<AccountId>(domain: &DomainView<AccountId>, first_block: BlockNumber, length: BlockNumber) -> Self {
		Self {
			high_water: domain.high_water,
			carry: if domain.weight > 0 { domain.carry } else { 0 },
			factor: ramp(domain.weight_since, first_block, length),
		}
	}
}

impl Rates {
	/// Returns the rates of a domain with this weight, evidence and bounty, and with the purse of a sealed domain.
	pub fn new<AccountId>(
		domain: &DomainView<AccountId>,
		evidence_value: u32,
		work: &WorkView<AccountId>,
		purse: Option<Balance>,
	) -> Self {
		let WorkView { reward, threshold, mined, .. } = *work;
		let (weight, bounty) = (domain.weight, domain.bounty);
		Self { weight, evidence_value, reward, threshold, unmined: CAP.saturating_sub(mined), bounty, purse }
	}

	/// Returns the amount that a candidate would probably earn, in plancks: the optimizers' part of `R · effective / T` for the bits of
	/// its verdict and of the next one, and the bounty with the probability of reaching the target. A purse cannot pay more than it
	/// holds, and pays the carried bits of the champion first.
	pub fn expected(&self, merit: Merit) -> Balance {
		let mut left = self.purse.unwrap_or(self.unmined);
		let mut pay = |bits: Q32| {
			let paid = self.minted(bits).min(left);
			left = left.saturating_sub(paid);
			paid
		};
		pay(merit.before);
		let minted = pay(merit.increment).saturating_add(pay(merit.carried));
		split(minted).optimizers.saturating_add(part(self.bounty, merit.target_ppm))
	}

	/// Returns the amount that is minted for `bits` Q32 bits, in plancks.
	fn minted(&self, bits: Q32) -> Balance {
		let effective = effective_improvement(bits, self.weight, self.evidence_value);
		self.reward.saturating_mul(effective.into()).checked_div(self.threshold.into()).unwrap_or(0)
	}

	/// Returns the amount that a candidate with a stake of `stake` plancks would probably earn, less the stake with the probability
	/// that it is lost.
	pub fn expected_gain(&self, merit: Merit, stake: Balance) -> Balance {
		self.expected(merit).saturating_sub(part(stake, merit.behind_ppm))
	}
}

impl BidLimits {
	/// Returns the most that a seat may cost whose candidate would probably earn `expected` plancks.
	pub fn max_fee(&self, expected: Balance) -> Balance {
		self.max_fee.min(part(expected, self.max_fee_ppm))
	}

	/// Returns the highest tip of a call for which `stake` plancks are lost if it is late.
	pub fn max_tip(&self, stake: Balance) -> Balance {
		part(stake, self.max_tip_ppm)
	}

	/// Returns the bid for the next seat of `round`: the most that it may cost.
	///
	/// # Errors
	///
	/// Returns the reason if the seat costs more now.
	pub fn bid<AccountId>(&self, round: &RoundView<AccountId>, expected: Balance) -> Result<Balance, TooExpensive> {
		let max_fee = self.max_fee(expected);
		if round.next_seat_fee > max_fee {
			return Err(too_expensive(round, max_fee, Some(Amount(expected))));
		}
		Ok(max_fee)
	}

	/// Returns the reason not to try any candidate in `round`, if its next seat costs more than any seat may.
	pub fn exceeded<AccountId>(&self, round: &RoundView<AccountId>) -> Option<TooExpensive> {
		let is_open = (round.seats.len() as u32) < MAX_SEATS;
		(is_open && round.next_seat_fee > self.max_fee).then(|| too_expensive(round, self.max_fee, None))
	}
}

fn too_expensive<AccountId>(round: &RoundView<AccountId>, max_fee: Balance, expected: Option<Amount>) -> TooExpensive {
	TooExpensive { seats: round.seats.len(), fee: Amount(round.next_seat_fee), max_fee: Amount(max_fee), expected }
}

/// Returns `ppm` parts per million of `amount`, rounded down.
fn part(amount: Balance, ppm: u32) -> Balance {
	let million = Balance::from(MILLION);
	let ppm = Balance::from(ppm);
	// The remainder separately, so that the product does not overflow.
	(amount / million).saturating_mul(ppm).saturating_add((amount % million).saturating_mul(ppm) / million)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{domain, round, seat, OTHER};
	use doin_primitives::{round::Phase, SeatStatus, DOIN, ONE_Q32};

	const LIMITS: BidLimits =
		BidLimits { max_fee: 2 * DOIN, max_fee_ppm: 500_000, max_tip_ppm: 100_000, max_stake: 10 * DOIN, lost_stakes: 3 };
	const RATES: Rates = Rates {
		weight: MILLION,
		evidence_value: MILLION,
		reward: 50 * DOIN,
		threshold: ONE_Q32 >> 4,
		unmined: CAP,
		bounty: 0,
		purse: None,
	};

	/// Returns a round in which `seats` seats are taken, with the prices of the chain: 0.2 DOIN, doubled from the fifth seat on.
	fn with_seats(seats: u32) -> RoundView<doin_chain::Account> {
		let mut round = round(7, Phase::Commit);
		round.seats = (0..seats).map(|_| seat(OTHER, [7; 32], SeatStatus::Committed, None)).collect();
		round.next_seat_fee = (DOIN / 5) << (seats + 1).saturating_sub(4);
		round
	}

	#[test]
	fn n3_a_seat_has_a_maximum_price() {
		// 0.01 bit at T = 1/16 bit mints 8 DOIN, of which the optimizer earns 5.2.
		let merit = Merit { increment: ONE_Q32 / 100, ..Merit::default() };
		let expected = RATES.expected(merit);
		assert_eq!(Amount(expected).to_string(), "5.1999 DOIN");
		assert_eq!(LIMITS.bid(&with_seats(0), expected), Ok(2 * DOIN));
		assert!(LIMITS.bid(&with_seats(6), expected).is_ok(), "the seventh seat costs 1.6 DOIN");
		let eight = LIMITS.bid(&with_seats(8), expected).unwrap_err();
		assert_eq!((eight.seats, eight.fee, eight.max_fee), (8, Amount(32 * DOIN / 5), Amount(2 * DOIN)));
		assert_eq!(LIMITS.exceeded(&with_seats(8)).map(|reason| reason.seats), Some(8), "no candidate is tried");
		assert_eq!(LIMITS.exceeded(&with_seats(6)), None);
		assert_eq!(LIMITS.exceeded(&with_seats(MAX_SEATS)), None, "a full round has another reason");
	}

	#[test]
	fn a_bid_is_a_part_of_what_the_candidate_would_earn() {
		let small = Merit { increment: ONE_Q32 >> 10, ..Merit::default() };
		let expected = RATES.expected(small);
		assert_eq!(LIMITS.max_fee(expected), expected / 2);
		assert!(LIMITS.bid(&with_seats(4), expected).is_err(), "0.4 DOIN for a quarter of a DOIN");
		assert_eq!(Rates { weight: MILLION / 4, ..RATES }.expected(small), expected / 4);
		assert_eq!(Rates { threshold: ONE_Q32 >> 3, ..RATES }.expected(small), expected / 2);
		assert_eq!(Rates { evidence_value: 0, ..RATES }.expected(small), 0);
		assert_eq!(Rates { unmined: 100, ..RATES }.expected(small), 65, "the cap binds");
	}

	#[test]
	fn a_bounty_counts_with_the_part_of_the_draws_that_reach_the_target() {
		let rates = Rates { weight: 0, bounty: 100 * DOIN, ..RATES };
		let merit = |target_ppm| Merit { target_ppm, ..Merit::default() };
		assert_eq!(rates.expected(merit(750_000)), 75 * DOIN);
		assert_eq!(rates.expected(merit(0)), 0);
	}

	#[test]
	fn a_purse_pays_what_it_holds_and_a_stake_may_be_lost() {
		// One bit at T = 1/16 bit mints 800 DOIN.
		let merit = Merit { increment: ONE_Q32, behind_ppm: 250_000, ..Merit::default() };
		assert_eq!(RATES.expected(merit), 520 * DOIN);
		let poor = Rates { purse: Some(10 * DOIN), ..RATES };
		assert_eq!(poor.expected(merit), 13 * DOIN / 2);
		assert_eq!(
			Rates { purse: Some(1_000 * DOIN), unmined: 0, ..RATES }.expected(merit),
			520 * DOIN,
			"the cap is of no account"
		);
		assert_eq!(poor.expected_gain(merit, 10 * DOIN), 4 * DOIN);
		assert_eq!(poor.expected_gain(merit, 100 * DOIN), 0);
	}

	#[test]
	fn pay_ramps_up_with_the_first_block_of_the_round() {
		let domain = DomainView { weight_since: 1_000, carry: ONE_Q32, high_water: 7, ..domain() };
		let factor = |first_block, length| PayTerms::new(&domain, first_block, length).factor;
		assert_eq!([900, 1_000, 1_025, 1_100, 9_000].map(|block| factor(block, 100)), [0, 0, 250_000, MILLION, MILLION]);
		assert_eq!(factor(1_000, 0), MILLION, "a development chain has no ramp");
		let terms = PayTerms::new(&domain, 1_050, 100);
		assert_eq!((terms.high_water, terms.carry), (7, ONE_Q32));
		assert_eq!(PayTerms::new(&DomainView { weight: 0, ..domain }, 1_050, 100).carry, 0);
	}

	#[test]
	fn carried_bits_of_the_candidate_count_and_those_of_the_champion_are_paid_first() {
		// One bit at T = 1/16 bit mints 800 DOIN, of which the optimizer earns 520.
		let merit = Merit { increment: ONE_Q32 / 2, carried: ONE_Q32, before: ONE_Q32 / 2, ..Merit::default() };
		assert_eq!(RATES.expected(merit), 780 * DOIN);
		let with = |doin| Rates { purse: Some(doin * DOIN), ..RATES }.expected(merit);
		assert_eq!(with(2_000), 780 * DOIN);
		assert_eq!(with(800), 260 * DOIN, "half a bit of the champion, and half a bit of the candidate");
		assert_eq!(with(600), 130 * DOIN);
		assert_eq!(with(400), 0, "the purse is spent on the champion");
	}

	#[test]
	fn the_defaults_offer_two_doin_half_of_the_earning_and_a_tenth_of_the_stake() {
		assert_eq!(BidLimits::from(&BiddingConfig::default()), LIMITS);
	}

	#[test]
	fn parts_do_not_overflow() {
		assert_eq!(part(Balance::MAX, MILLION), Balance::MAX);
		assert_eq!(part(1_999_999, 500_000), 999_999);
		assert_eq!(LIMITS.max_tip(DOIN), DOIN / 10);
	}
}
