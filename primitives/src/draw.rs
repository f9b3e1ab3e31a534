//! Draw of a quorum in proportion to bond × reputation factor, without replacement.
//!
//! A draw is an exponential race (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", Information Processing
//! Letters 97, 2006): each seat has the key `−log2(u) / (bond · factor)`, where the number u in (0, 1] is a hash of the seed and
//! of the account. The seats with the smallest keys are drawn. So the first place goes to each seat with the probability `bond ·
//! factor / Σ bond · factor`, and each further place likewise among the rest.
//!
//! The key of a seat depends on the seed and on that seat alone. The order of the seats of a roster has no influence, and a seat
//! that is added, changed or removed leaves the order of all others as it was.
//!
//! Reputations decay without an update of the roster, so they are read during the draw. A factor is at most 1, so the key without
//! the factor is a lower bound: reputations are read in the order of that bound until no unread seat can be among the smallest.

use crate::{blake2_256, Balance, Hash};
use alloc::{collections::BinaryHeap, vec::Vec};
use codec::Encode;
use core::cmp::{Ordering, Reverse};
use doin_scoring::math::log2_q32;

/// Number of seats of one chunk of a stored roster.
pub const CHUNK: u32 = 64;
/// Maximum number of chunks of a roster.
pub const MAX_CHUNKS: u32 = 16;
/// Maximum number of seats of a roster.
pub const MAX_ROSTER: u32 = CHUNK * MAX_CHUNKS;
/// Reputation factor of 1, Q16.
pub const ONE_Q16: u32 = 1 << 16;

/// log2(2⁶⁴) in Q32.
const SIXTY_FOUR_BITS: u64 = 64 << 32;

/// Returns `−log2(u)` in Q32 for `u = (x + 1) / 2⁶⁴`, where x is the number in the first eight bytes of
/// `blake2_256(seed ‖ SCALE(who))`, little-endian.
fn neg_log2(seed: &Hash, who: &impl Encode) -> u64 {
	let hash = blake2_256(&(seed, who).encode());
	let mut number = [0; 8];
	number.copy_from_slice(hash.get(..8).unwrap_or(&[0; 8]));
	match u64::from_le_bytes(number).checked_add(1) {
		Some(x) => SIXTY_FOUR_BITS.saturating_sub(log2_q32(x)),
		None => 0,
	}
}

/// Returns `a · b` as (upper 128 bits, lower 64 bits).
fn product(a: u64, b: u128) -> (u128, u64) {
	let a = u128::from(a);
	let low = a.saturating_mul(u128::from(b as u64));
	let high = a.saturating_mul(b >> 64);
	(high.saturating_add(low >> 64), low as u64)
}

/// Key of a seat: the fraction `log / weight`, then the account, so that no two seats have equal keys.
#[derive(Clone, Debug)]
struct Key<A> {
	log: u64,
	/// Bond × factor, above 0. Bonds are below 2¹¹², so the product is exact.
	weight: u128,
	who: A,
}

impl<A: Ord> Ord for Key<A> {
	fn cmp(&self, other: &Self) -> Ordering {
		let (left, right) = (product(self.log, other.weight), product(other.log, self.weight));
		left.cmp(&right).then_with(|| self.who.cmp(&other.who))
	}
}

impl<A: Ord> PartialOrd for Key<A> {
	fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
		Some(self.cmp(other))
	}
}

impl<A: Ord> PartialEq for Key<A> {
	fn eq(&self, other: &Self) -> bool {
		self.cmp(other) == Ordering::Equal
	}
}

impl<A: Ord> Eq for Key<A> {}

/// Draws at most `k` of `seats`, pairs of different accounts and their bonds in plancks. Returns the accounts in the order of
/// their keys.
///
/// `factor` returns the reputation factor of an account in Q16: values above 1 count as 1, and an account with 0 is not drawn. It
/// is called at most once per seat. Fewer than `k` accounts are drawn only if fewer have a bond and a factor above 0.
pub fn draw<A: Clone + Encode + Ord>(
	seed: &Hash,
	k: u32,
	seats: impl IntoIterator<Item = (A, Balance)>,
	mut factor: impl FnMut(&A) -> u32,
) -> Vec<A> {
	let bounds = seats.into_iter().filter(|(_, bond)| *bond > 0).map(|(who, bond)| {
		let (log, weight) = (neg_log2(seed, &who), bond.saturating_mul(ONE_Q16.into()));
		Reverse(Key { log, weight, who })
	});
	let mut unread: BinaryHeap<_> = bounds.collect();
	let mut drawn: Vec<Key<A>> = Vec::new();
	while let Some(Reverse(bound)) = unread.pop() {
		let is_full = drawn.len() as u64 >= u64::from(k);
		if is_full && drawn.last().is_none_or(|last| *last < bound) {
			break;
		}
		let factor = factor(&bound.who).min(ONE_Q16);
		if factor == 0 {
			continue;
		}
		let weight = (bound.weight >> 16).saturating_mul(factor.into());
		let key = Key { weight, ..bound };
		let place = drawn.partition_point(|other| *other < key);
		drawn.insert(place, key);
		drawn.truncate(k as usize);
	}
	drawn.into_iter().map(|key| key.who).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::DOIN;
	use proptest::prelude::*;

	/// Returns accounts 0, 1, … with these bonds.
	fn roster(bonds: &[Balance]) -> Vec<(u32, Balance)> {
		(0..).zip(bonds.iter().copied()).collect()
	}

	fn seed(n: u32) -> Hash {
		blake2_256(&n.encode())
	}

	fn one(_: &u32) -> u32 {
		ONE_Q16
	}

	// Computed in Python without this code: blake(data) is `hashlib.blake2b(data, digest_size=32).digest()`, log2 has 80 decimal
	// digits (`decimal`, ln x / ln 2), and keys are compared as exact fractions (`fractions.Fraction`):
	//
	// def le(number): return number.to_bytes(4, 'little')
	// def x(seed, who): return 1 + int.from_bytes(blake(seed + le(who))[:8], 'little')
	// def key(seed, who, bond, factor): return Fraction((64 << 32) - floor(log2(x(seed, who)) * 2**32), bond * factor), who
	// def draw(n, k, seats): return [who for _, who in sorted(key(blake(le(n)), *seat) for seat in seats)[:k]]
	#[test]
	fn a_draw_agrees_with_an_independent_computation() {
		assert_eq!(
			[0u32, 1, 2, 3].map(|who| neg_log2(&seed(1), &who)),
			[4_821_641_954, 2_264_785_256, 7_946_831_601, 10_271_362_344]
		);
		assert_eq!(draw(&seed(1), 7, roster(&[400; 20]), one), [10, 12, 8, 14, 1, 15, 9]);
		// Bonds of 400, 800, … 8 000 DOIN; every third account has the factor ½, account 7 the factor 0.
		let bonds: Vec<_> = (1..=20).map(|units| units * 400 * DOIN).collect();
		let factor = |who: &u32| match who {
			7 => 0,
			who if who.is_multiple_of(3) => ONE_Q16 / 2,
			_ => ONE_Q16,
		};
		let all = [5, 8, 10, 15, 17, 13, 18, 16, 19, 14, 1, 4, 2, 9, 6, 11, 3, 0, 12];
		assert_eq!(draw(&seed(2), 20, roster(&bonds), factor), all);
		assert_eq!(draw(&seed(2), 9, roster(&bonds), factor), all[..9]);
	}

	#[test]
	fn a_draw_is_a_function_of_its_seed() {
		let seats = roster(&[400; 20]);
		assert_eq!(draw(&seed(1), 7, seats.clone(), one), draw(&seed(1), 7, seats.clone(), one));
		assert_ne!(draw(&seed(1), 7, seats.clone(), one), draw(&seed(2), 7, seats, one));
	}

	#[test]
	fn no_account_is_drawn_twice_and_every_account_can_be() {
		let seats = roster(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
		let mut seen = [false; 10];
		for n in 0..500 {
			let mut drawn = draw(&seed(n), 4, seats.clone(), one);
			drawn.iter().for_each(|who| seen[*who as usize] = true);
			drawn.sort_unstable();
			drawn.dedup();
			assert_eq!(drawn.len(), 4);
		}
		assert_eq!(seen, [true; 10]);
	}

	#[test]
	fn a_factor_of_zero_excludes_and_takes_no_place() {
		for n in 0..200 {
			let drawn = draw(&seed(n), 5, roster(&[400; 12]), |who| if who % 2 == 0 { 0 } else { ONE_Q16 });
			assert_eq!(drawn.len(), 5);
			assert!(drawn.iter().all(|who| who % 2 == 1));
		}
	}

	#[test]
	fn a_roster_without_eligible_accounts_draws_none() {
		assert!(draw(&seed(0), 5, roster(&[]), one).is_empty());
		assert!(draw(&seed(0), 5, roster(&[0, 0]), one).is_empty());
		assert!(draw(&seed(0), 0, roster(&[400; 12]), one).is_empty());
		let mut asked = 0;
		let drawn = draw(&seed(0), 5, roster(&[400; 12]), |_| {
			asked += 1;
			0
		});
		assert!(drawn.is_empty());
		assert_eq!(asked, 12, "each reputation is read once");
	}

	#[test]
	fn few_reputations_of_a_full_roster_are_read() {
		// Neutral reputations of a full roster: 13 places.
		for n in 0..100 {
			let mut asked = 0;
			draw(&seed(n), 13, roster(&[400 * DOIN; MAX_ROSTER as usize]), |_| {
				asked += 1;
				37_888
			});
			assert!((13..80).contains(&asked), "{asked}");
		}
	}

	/// Returns the chi-square statistic of `counts` against `weights`, times 1 000.
	fn chi_square(counts: &[u64], weights: &[u64]) -> u64 {
		let (draws, total): (u64, u64) = (counts.iter().sum(), weights.iter().sum());
		let term = |(count, weight): (&u64, &u64)| {
			let expected = draws * weight / total;
			count.abs_diff(expected).pow(2) * 1_000 / expected
		};
		counts.iter().zip(weights).map(term).sum()
	}

	#[test]
	fn first_places_follow_bond_times_factor() {
		// Sixteen accounts with bonds of 1 to 16 units; every third one has half the reputation. 20 000 first places.
		let bonds: Vec<Balance> = (1..=16).map(|bond| bond * 400 * DOIN).collect();
		let factor = |who: &u32| if who.is_multiple_of(3) { ONE_Q16 / 2 } else { ONE_Q16 };
		let mut counts = [0; 16];
		for n in 0..20_000 {
			counts[draw(&seed(n), 1, roster(&bonds), factor)[0] as usize] += 1;
		}
		let weights: Vec<u64> = (0..16).map(|who| (who + 1) * u64::from(factor(&(who as u32)))).collect();
		// 15 degrees of freedom: 37.7 is exceeded once in a thousand times.
		let chi = chi_square(&counts, &weights);
		assert!(chi < 37_700, "chi-square {chi} / 1 000, counts {counts:?}");
	}

	#[test]
	fn further_places_follow_bond_times_factor_among_the_rest() {
		// Second places of the draws in which account 9 has the first one.
		let bonds: Vec<Balance> = (1..=10).map(|bond| bond * 400 * DOIN).collect();
		let mut counts = [0; 9];
		for n in 0..60_000 {
			if let [9, second] = draw(&seed(n), 2, roster(&bonds), one)[..] {
				counts[second as usize] += 1;
			}
		}
		assert!(counts.iter().sum::<u64>() > 10_000);
		// 8 degrees of freedom: 26.1 is exceeded once in a thousand times.
		let chi = chi_square(&counts, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
		assert!(chi < 26_100, "chi-square {chi} / 1 000, counts {counts:?}");
	}

	/// Returns a factor of `who` between 0 and 1 that only depends on the account.
	fn scattered(who: &u32) -> u32 {
		who.wrapping_mul(2_654_435_761) % (ONE_Q16 + 1)
	}

	/// Bonds of the largest size that an issuance allows, so that keys need more than 128 bits.
	fn bonds() -> impl Strategy<Value = Vec<Balance>> {
		prop::collection::vec(0..1_000_000_000 * DOIN, 0..40)
	}

	proptest! {
		#[test]
		fn a_draw_takes_the_smallest_of_all_keys(bonds in bonds(), n: u32, k in 0u32..16) {
			let mut keys: Vec<_> = roster(&bonds)
				.into_iter()
				.map(|(who, bond)| Key { log: neg_log2(&seed(n), &who), weight: bond * u128::from(scattered(&who)), who })
				.filter(|key| key.weight > 0)
				.collect();
			keys.sort();
			let smallest: Vec<u32> = keys.into_iter().map(|key| key.who).take(k as usize).collect();
			prop_assert_eq!(draw(&seed(n), k, roster(&bonds), scattered), smallest);
		}

		/// One seat is added, raised, lowered or removed, and the roster is reversed: the other seats keep their order, and a
		/// seat of the quorum is lost only to the changed one.
		#[test]
		fn n1_another_seat_never_changes_the_order_of_the_rest(
			bonds in bonds(), n: u32, k in 0u32..16, changed in 0u32..40, bond in 0..1_000_000_000 * DOIN,
		) {
			let before = roster(&bonds);
			let mut after: Vec<_> = before.iter().copied().filter(|(who, _)| *who != changed).rev().collect();
			after.push((changed, bond));
			let others = |seats: &[(u32, Balance)]| -> Vec<u32> {
				draw(&seed(n), u32::MAX, seats.to_vec(), scattered).into_iter().filter(|who| *who != changed).collect()
			};
			prop_assert_eq!(others(&before), others(&after));
			let (old, new) = (draw(&seed(n), k, before, scattered), draw(&seed(n), k, after, scattered));
			let lost = old.iter().filter(|who| **who != changed && !new.contains(who)).count();
			prop_assert!(lost <= usize::from(new.contains(&changed)));
		}

		#[test]
		fn products_are_exact(a: u64, b in 0u128..1 << 112) {
			let (high, low) = product(a, b);
			// The same product by long multiplication in digits of 32 bits.
			let digits = |value: u128| (0..4).map(move |i| (value >> (32 * i)) & 0xFFFF_FFFF);
			let mut sum = [0u128; 7];
			for (i, x) in digits(a.into()).enumerate() {
				for (j, y) in digits(b).enumerate() {
					sum[i + j] += x * y;
				}
			}
			let mut carry = 0;
			for digit in &mut sum {
				let whole = *digit + carry;
				(*digit, carry) = (whole & 0xFFFF_FFFF, whole >> 32);
			}
			prop_assert_eq!(u128::from(low), sum[0] | sum[1] << 32);
			prop_assert_eq!(high, sum[2] | sum[3] << 32 | sum[4] << 64 | sum[5] << 96);
			prop_assert_eq!(sum[6], 0);
		}
	}
}
