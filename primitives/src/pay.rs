//! Pay of a verdict: how many bits are paid at once, how far the high-water mark rises, and which bits later verdicts pay.
//!
//! All functions are pure; pallet `optimae` reads their inputs from storage and applies their results. One verdict pays at most
//! one bit, so that a lie of a captured quorum earns a bounded amount. Bits of a new champion above that limit are *carried*:
//! each later verdict that measures the champion pays at most one of them, as far as its draw certifies them above the high-water
//! mark ([`covered`](doin_scoring::verdict::covered)), and uses it up even if it does not. While pay ramps up after the weight of
//! a domain has left 0 ([`ramp`](crate::evidence::ramp)), the high-water mark rises in full and nothing is carried.

use crate::{MILLION, ONE_Q32, Q32};

/// Largest increment that one verdict pays, Q32 bits.
pub const MOST_PAID: Q32 = ONE_Q32;
/// Most bits that are carried, Q32 bits.
pub const MOST_CARRIED: Q32 = 3 * ONE_Q32;
/// Most bits by which the high-water mark rises in one verdict while pay ramps up, Q32 bits.
pub const MOST_RAMPED: Q32 = 4 * ONE_Q32;

/// Pay of carried bits in one verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CarriedPay {
	/// Bits that are paid, and by which the high-water mark rises, Q32.
	pub increment: Q32,
	/// Bits that are still carried, Q32.
	pub left: Q32,
}

/// Pay of a new champion in the verdict that crowns it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pay {
	/// Bits that are paid, Q32.
	pub increment: Q32,
	/// Bits by which the high-water mark rises if all of them are paid, Q32; at least the increment.
	pub rise: Q32,
	/// Bits that are carried, Q32.
	pub carry: Q32,
}

/// Returns the pay of `carry` bits of a champion in a verdict whose draw certifies `cover` bits above the high-water mark, where
/// pay is `factor` parts per million:
///
/// ```text
/// increment = min(carry, 1 bit, cover)
/// left      = carry − min(carry, 1 bit)
/// ```
///
/// A measured round uses up a bit whether it is certified or not; otherwise the champion could wait for a lucky draw. Nothing is
/// carried below a full ramp.
///
/// ```
/// use doin_primitives::{pay::{carried, CarriedPay}, MILLION, ONE_Q32};
/// let half = ONE_Q32 / 2;
/// assert_eq!(carried(2 * ONE_Q32 + half, half, MILLION), CarriedPay { increment: half, left: ONE_Q32 + half });
/// assert_eq!(carried(half, ONE_Q32, MILLION), CarriedPay { increment: half, left: 0 });
/// assert_eq!(carried(half, ONE_Q32, MILLION - 1), CarriedPay::default());
/// ```
pub fn carried(carry: Q32, cover: Q32, factor: u32) -> CarriedPay {
	if factor < MILLION {
		return CarriedPay::default();
	}
	let used = carry.min(MOST_PAID);
	CarriedPay { increment: used.min(cover), left: carry.saturating_sub(used) }
}

/// Returns the pay of a new champion that is certain of `raw` bits, in a verdict that has paid `before` carried bits of the
/// former champion, where pay is `factor` parts per million:
///
/// ```text
/// inc       = min(raw, 1 bit − before)
/// increment = inc             rise = inc               carry = min(raw − inc, 3 bits)     with a full ramp
/// increment = inc · factor    rise = min(raw, 4 bits)  carry = 0                          below a full ramp
/// ```
///
/// Below a full ramp the high-water mark rises in full: a leap on the first day, carried, would otherwise be paid after the ramp.
///
/// ```
/// use doin_primitives::{pay::{pay, Pay}, MILLION, ONE_Q32};
/// let bits = |quarters: u64| quarters * ONE_Q32 / 4;
/// assert_eq!(pay(bits(6), 0, MILLION), Pay { increment: bits(4), rise: bits(4), carry: bits(2) });
/// assert_eq!(pay(bits(6), bits(1), MILLION), Pay { increment: bits(3), rise: bits(3), carry: bits(3) });
/// assert_eq!(pay(bits(6), 0, MILLION / 2), Pay { increment: bits(2), rise: bits(6), carry: 0 });
/// ```
pub fn pay(raw: Q32, before: Q32, factor: u32) -> Pay {
	let paid = raw.min(MOST_PAID.saturating_sub(before));
	if factor < MILLION {
		let ramped = u128::from(paid).saturating_mul(factor.into()).checked_div(MILLION.into()).unwrap_or(0);
		let increment = Q32::try_from(ramped).unwrap_or(paid).min(paid);
		return Pay { increment, rise: raw.min(MOST_RAMPED), carry: 0 };
	}
	Pay { increment: paid, rise: paid, carry: raw.saturating_sub(paid).min(MOST_CARRIED) }
}

/// Returns the part of `bits` that counts as paid where `paid` of `due` effective bits were paid, rounded up; all of them if
/// nothing was due. The high-water mark rises by this part only. The unpaid bits are lost all the same: a successor is paid for
/// its lead over the champion, which has them already.
///
/// ```
/// use doin_primitives::pay::paid_part;
/// assert_eq!([paid_part(10, 1, 3), paid_part(10, 3, 3), paid_part(10, 0, 3), paid_part(10, 0, 0)], [4, 10, 0, 10]);
/// ```
pub fn paid_part(bits: Q32, paid: Q32, due: Q32) -> Q32 {
	if paid >= due {
		return bits;
	}
	let part = u128::from(bits).saturating_mul(paid.into()).div_ceil(u128::from(due).max(1));
	Q32::try_from(part).unwrap_or(bits).min(bits)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::evidence::ramp;
	use alloc::{vec, vec::Vec};
	use doin_scoring::verdict::{covered, paired, Spread, Terms};
	use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

	const CHUNKS: usize = 32;
	/// Error sum of the initial champion on a chunk of an average draw.
	const INITIAL: u32 = 100_000;

	fn terms(high_water: Q32) -> Terms {
		Terms { min_improvement: 2_000, high_water, chunks: CHUNKS as u16, spread: Spread::Independent, half_row: false }
	}

	#[test]
	fn three_bits_follow() {
		let bit = ONE_Q32;
		let first = pay(10 * bit, 0, MILLION);
		assert_eq!(first, Pay { increment: bit, rise: bit, carry: 3 * bit });
		let mut carry = first.carry;
		for left in [2 * bit, bit, 0] {
			let after = carried(carry, 10 * bit, MILLION);
			assert_eq!(after, CarriedPay { increment: bit, left });
			carry = after.left;
		}
		assert_eq!(carried(carry, 10 * bit, MILLION), CarriedPay::default());
	}

	#[test]
	fn a_round_uses_a_bit_up_covered_or_not() {
		let bit = ONE_Q32;
		assert_eq!(carried(3 * bit, 0, MILLION), CarriedPay { increment: 0, left: 2 * bit });
		assert_eq!(carried(3 * bit, bit / 3, MILLION), CarriedPay { increment: bit / 3, left: 2 * bit });
		assert_eq!(carried(bit / 4, 9 * bit, MILLION), CarriedPay { increment: bit / 4, left: 0 });
	}

	#[test]
	fn one_verdict_pays_one_bit_to_both_champions_together() {
		let bit = ONE_Q32;
		let former = carried(2 * bit, bit / 4, MILLION);
		let next = pay(2 * bit, former.increment, MILLION);
		assert_eq!((former.increment + next.increment, next.carry), (bit, 2 * bit - next.increment));
		assert_eq!(pay(2 * bit, bit, MILLION), Pay { increment: 0, rise: 0, carry: 2 * bit });
	}

	/// Without the rule, a leap of four bits on the first day would be paid one bit at almost nothing, and three in full later.
	#[test]
	fn ramp_cannot_launder() {
		let length = 1_000;
		for (at, paid) in [(0, 0), (1, 1), (500, 500), (999, 999)] {
			let leap = pay(4 * ONE_Q32, 0, ramp(0, at, length));
			assert_eq!((leap.rise, leap.carry), (4 * ONE_Q32, 0), "block {at}");
			assert_eq!(leap.increment, ONE_Q32 * paid / 1_000, "block {at}");
		}
		let late = pay(4 * ONE_Q32, 0, ramp(0, length, length));
		assert_eq!(late, Pay { increment: ONE_Q32, rise: ONE_Q32, carry: 3 * ONE_Q32 });
		assert_eq!(pay(9 * ONE_Q32, 0, 0).rise, MOST_RAMPED);
	}

	/// One round of a random history.
	#[derive(Clone, Debug)]
	struct Step {
		/// Error of the candidate, in parts per thousand of that of the champion.
		quality: u32,
		/// Scale of the draw, in parts per thousand of an average one.
		scale: u32,
		/// Luck of the models on every chunk, in parts per thousand.
		luck: Vec<(u32, u32)>,
		/// Blocks since the weight of the domain has left 0, with a ramp of 100.
		age: u32,
		/// Part of what is due that the purse pays, in parts per thousand.
		purse: u64,
	}

	fn step() -> impl Strategy<Value = Step> {
		let quality = prop_oneof![5u32..1_000, 300u32..1_300, 5u32..200];
		let luck = (0u32..400).prop_flat_map(|swing| prop::collection::vec((0..=swing, 0..=swing), CHUNKS));
		let age = prop_oneof![Just(100u32), Just(100u32), 0u32..200];
		(quality, 100u32..3_000, luck, age, prop_oneof![Just(1_000u64), Just(1_000u64), 0u64..=1_000])
			.prop_map(|(quality, scale, luck, age, purse)| Step { quality, scale, luck, age, purse })
	}

	/// State of a domain in a history, and what was paid in it.
	#[derive(Default)]
	struct History {
		high_water: Q32,
		carry: Q32,
		paid: Q32,
		/// Best progress that a verdict measured: log2 E0 − log2 U.
		best: Q32,
		/// Number of verdicts that crowned a candidate, paid carried bits, left bits to carry, paid below a full ramp, and paid a
		/// part only.
		seen: [u32; 5],
	}

	impl History {
		/// Pays `increment` of `rise` bits as far as the purse reaches. Returns the rise of the mark.
		fn settle(&mut self, increment: Q32, rise: Q32, purse: u64) -> Q32 {
			let paid = (u128::from(increment) * u128::from(purse) / 1_000) as Q32;
			let rise = paid_part(rise, paid, increment);
			assert!(rise >= paid, "the mark rises by what is paid at least");
			self.paid += paid;
			self.seen[4] += u32::from(0 < paid && paid < increment);
			rise
		}

		/// Decides one round on these chunk sums, as pallet `optimae` does. Returns `true` if the candidate becomes champion.
		fn verdict(&mut self, initial: &[u32], champion: &[u32], candidate: &[u32], step: &Step) -> bool {
			let factor = ramp(0, step.age, 100);
			let cover = covered(initial, champion, &terms(self.high_water));
			self.best = self.best.max(covered(initial, champion, &terms(0)));
			let before = carried(self.carry, cover, factor);
			let verdict = paired(initial, champion, candidate, &terms(self.high_water + before.increment));
			let mut rise = self.settle(before.increment, before.increment, step.purse);
			self.seen[1] += u32::from(before.increment > 0);
			self.carry = before.left;
			let mut crowned = false;
			if let Some(verdict) = verdict.filter(|verdict| verdict.passes) {
				self.best = self.best.max(verdict.progress);
				let pay = pay(verdict.raw, before.increment, factor);
				assert!(before.increment + pay.increment <= MOST_PAID && pay.carry <= MOST_CARRIED);
				rise += self.settle(pay.increment, pay.rise, step.purse);
				self.carry = pay.carry;
				crowned = true;
				self.seen[0] += 1;
				self.seen[2] += u32::from(pay.carry > 0);
				self.seen[3] += u32::from(factor < MILLION && pay.increment > 0);
			}
			self.high_water += rise;
			crowned
		}

		/// Plays one round against a champion with this error. Returns the error of the champion after it.
		fn round(&mut self, champion: u64, step: &Step) -> u64 {
			let candidate = (champion * u64::from(step.quality) / 1_000).clamp(100, 2_000_000);
			let initial = sums(1_000_000, step, |_| 200);
			let reigning = sums(champion, step, |luck| luck.0);
			let challenging = sums(candidate, step, |luck| luck.1);
			if self.verdict(&initial, &reigning, &challenging, step) {
				candidate
			} else {
				champion
			}
		}
	}

	/// Returns the chunk sums of a model with `error` parts per million of the error of the initial champion.
	fn sums(error: u64, step: &Step, luck: impl Fn(&(u32, u32)) -> u32) -> Vec<u32> {
		let scaled = u64::from(INITIAL) * u64::from(step.scale) / 1_000;
		let of_chunk = |swing: &(u32, u32)| (scaled * error / 1_000_000 * u64::from(800 + luck(swing)) / 1_000) as u32;
		step.luck.iter().map(of_chunk).collect()
	}

	#[test]
	fn a_history_pays_what_its_draws_certify() {
		let steady = Step { quality: 125, scale: 1_000, luck: vec![(200, 200); CHUNKS], age: 100, purse: 1_000 };
		let mut history = History::default();
		let initial = sums(1_000_000, &steady, |_| 200);
		let better = sums(125_000, &steady, |_| 200);
		assert!(history.verdict(&initial, &initial, &better, &steady), "three bits better");
		assert_eq!((history.paid, history.carry), (ONE_Q32, 2 * ONE_Q32));
		for _ in 0..3 {
			assert!(!history.verdict(&initial, &better, &better, &steady));
		}
		assert_eq!((history.paid, history.high_water, history.carry, history.best), (3 * ONE_Q32, 3 * ONE_Q32, 0, 3 * ONE_Q32));
	}

	/// The histories of the property below contain every kind of pay.
	#[test]
	fn random_histories_pay_in_every_way() {
		let mut runner = TestRunner::deterministic();
		let mut seen = [0u32; 5];
		for _ in 0..1_000 {
			let steps = prop::collection::vec(step(), 1..12).new_tree(&mut runner).expect("no step is filtered").current();
			let mut history = History::default();
			steps.iter().fold(1_000_000, |champion, step| history.round(champion, step));
			seen.iter_mut().zip(history.seen).for_each(|(all, one)| *all += one);
		}
		assert!(seen.iter().all(|count| *count >= 50), "{seen:?}");
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(10_000))]

		#[test]
		fn the_sum_of_all_pay_never_exceeds_the_best_measured_bound(steps in prop::collection::vec(step(), 1..12)) {
			let mut history = History::default();
			let mut champion = 1_000_000u64;
			for step in &steps {
				let mark = history.high_water;
				champion = history.round(champion, step);
				prop_assert!(history.high_water >= mark, "the mark never falls");
				prop_assert!(history.paid <= history.high_water, "every paid bit is below the mark");
				prop_assert!(history.high_water <= history.best, "the mark is below the best bound");
			}
		}

		#[test]
		fn no_pay_exceeds_its_limits(
			raw: Q32, before in 0..=MOST_PAID, carry in 0..=MOST_CARRIED, cover: Q32, factor in 0..=MILLION,
		) {
			let Pay { increment, rise, carry: kept } = pay(raw, before, factor);
			prop_assert!(increment + before <= MOST_PAID && increment <= rise && rise <= raw && rise <= MOST_RAMPED);
			prop_assert!(kept <= MOST_CARRIED && kept <= raw - increment);
			prop_assert!(factor == MILLION || kept == 0);
			let former = carried(carry, cover, factor);
			prop_assert!(former.increment <= cover.min(carry) && former.increment + former.left <= carry);
			prop_assert!(former.left == 0 || former.left == carry - MOST_PAID);
		}

		#[test]
		fn the_paid_part_covers_what_was_paid(bits: Q32, paid: Q32, due: Q32) {
			let part = paid_part(bits, paid, due);
			prop_assert!(part <= bits);
			if paid < due {
				prop_assert!(u128::from(part) * u128::from(due) >= u128::from(bits) * u128::from(paid));
			} else {
				prop_assert_eq!(part, bits);
			}
		}
	}
}
