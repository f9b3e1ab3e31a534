//! Draw of a quorum in proportion to bond × reputation factor, without replacement.
//!
//! The seats of a roster are stored in chunks of [`CHUNK`]; the draw reads the sum of bonds of every chunk, and only the chunks
//! that it picks from. A seat is picked in proportion to its bond and then accepted with the probability of its reputation factor
//! (rejection sampling, von Neumann 1951). The product is realised exactly although it is not stored, so reputations decay
//! without an update of the roster. The result is a function of the seed and of the roster.

use crate::{blake2_256, Balance, Hash};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::Encode;

/// Number of seats of one chunk.
pub const CHUNK: u32 = 64;
/// Maximum number of chunks of a roster.
pub const MAX_CHUNKS: u32 = 16;
/// Maximum number of seats of a roster.
pub const MAX_ROSTER: u32 = CHUNK * MAX_CHUNKS;
/// Reputation factor of 1, Q16.
pub const ONE_Q16: u32 = 1 << 16;

/// Returns the maximum number of picks for `k` places: eight per place and 16 more, so that duplicates, excluded accounts and low
/// factors rarely leave a place empty.
pub const fn tries(k: u32) -> u32 {
	k.saturating_mul(8).saturating_add(16)
}

/// Stream of pseudo-random numbers: number `i` is made of `blake2_256(seed ‖ i)`.
#[derive(Clone, Debug)]
pub struct Stream {
	seed: Hash,
	next: u32,
}

impl Stream {
	/// Creates the stream of `seed`, at its first number.
	pub fn new(seed: Hash) -> Self {
		Self { seed, next: 0 }
	}

	/// Returns a number below `bound` and 16 independent bits. The number is 0 if `bound` is 0. For sums of bonds below 2⁸⁰ the
	/// bias of the remainder is below 2⁻⁴⁸.
	pub fn take(&mut self, bound: Balance) -> (Balance, u32) {
		let hash = blake2_256(&(&self.seed, self.next).encode());
		self.next = self.next.saturating_add(1);
		let (mut wide, mut bits) = ([0; 16], [0; 2]);
		wide.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
		bits.copy_from_slice(hash.get(16..18).unwrap_or(&[0; 2]));
		(Balance::from_le_bytes(wide).checked_rem(bound).unwrap_or(0), u32::from(u16::from_le_bytes(bits)))
	}
}

/// Returns the index of the part that contains `at`, and the offset inside it, or `None` past the end.
fn locate(parts: impl Iterator<Item = Balance>, mut at: Balance) -> Option<(usize, Balance)> {
	for (index, part) in parts.enumerate() {
		match at.checked_sub(part) {
			Some(rest) => at = rest,
			None => return Some((index, at)),
		}
	}
	None
}

/// Draws at most `k` different accounts.
///
/// `sums` holds the sum of bonds of each chunk. `chunk` reads one chunk as (account, bond). `factor` returns the probability in
/// Q16 with which a picked account is accepted: its reputation factor, or 0 for an account that must not be drawn. Each chunk is
/// read at most once, and `factor` is called at most [`tries`]`(k)` times.
pub fn draw<A: Clone + PartialEq>(
	seed: Hash,
	k: u32,
	sums: &[Balance],
	mut chunk: impl FnMut(u32) -> Vec<(A, Balance)>,
	mut factor: impl FnMut(&A) -> u32,
) -> Vec<A> {
	let total = sums.iter().fold(0, |total: Balance, sum| total.saturating_add(*sum));
	let mut stream = Stream::new(seed);
	let mut read = BTreeMap::new();
	let mut drawn = Vec::new();
	for _ in 0..tries(k) {
		if total == 0 || drawn.len() as u64 >= u64::from(k) {
			break;
		}
		let (at, bits) = stream.take(total);
		let Some((index, rest)) = locate(sums.iter().copied(), at) else {
			continue;
		};
		let index = index as u32;
		let seats = read.entry(index).or_insert_with(|| chunk(index));
		let Some((seat, _)) = locate(seats.iter().map(|(_, bond)| *bond), rest) else {
			continue;
		};
		let Some((who, _)) = seats.get(seat) else { continue };
		if !drawn.contains(who) && bits < factor(who) {
			drawn.push(who.clone());
		}
	}
	drawn
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// Returns a roster of accounts 0, 1, … with these bonds, three per chunk.
	fn roster(bonds: &[Balance]) -> (Vec<Balance>, impl Fn(u32) -> Vec<(u32, Balance)> + '_) {
		let sums = bonds.chunks(3).map(|chunk| chunk.iter().sum()).collect();
		let read = |index: u32| {
			let start = index as usize * 3;
			bonds.iter().enumerate().skip(start).take(3).map(|(who, bond)| (who as u32, *bond)).collect()
		};
		(sums, read)
	}

	fn seed(n: u32) -> Hash {
		blake2_256(&n.encode())
	}

	#[test]
	fn a_draw_is_a_function_of_its_seed() {
		let bonds = [400; 20];
		let (sums, read) = roster(&bonds);
		let a = draw(seed(1), 7, &sums, &read, |_| ONE_Q16);
		assert_eq!(a, draw(seed(1), 7, &sums, &read, |_| ONE_Q16));
		assert_ne!(a, draw(seed(2), 7, &sums, &read, |_| ONE_Q16));
		// Computed independently in Python: blake2b, a remainder, a division.
		assert_eq!(a, GOLDEN);
	}

	const GOLDEN: [u32; 7] = [2, 12, 6, 17, 16, 9, 4];

	#[test]
	fn no_account_is_drawn_twice_and_every_account_can_be() {
		let bonds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
		let (sums, read) = roster(&bonds);
		let mut seen = [false; 10];
		for n in 0..500 {
			let drawn = draw(seed(n), 4, &sums, &read, |_| ONE_Q16);
			let mut unique = drawn.clone();
			unique.sort();
			unique.dedup();
			assert_eq!(unique.len(), drawn.len());
			assert!(drawn.len() <= 4);
			drawn.iter().for_each(|who| seen[*who as usize] = true);
		}
		assert_eq!(seen, [true; 10]);
	}

	#[test]
	fn a_factor_of_zero_excludes() {
		let bonds = [400; 12];
		let (sums, read) = roster(&bonds);
		for n in 0..200 {
			let drawn = draw(seed(n), 5, &sums, &read, |who| if who % 2 == 0 { 0 } else { ONE_Q16 });
			assert!(drawn.iter().all(|who| who % 2 == 1));
		}
	}

	#[test]
	fn a_roster_without_accepted_accounts_draws_none() {
		assert!(draw(seed(0), 5, &[], |_| Vec::<(u32, Balance)>::new(), |_| ONE_Q16).is_empty());
		let bonds = [400; 12];
		let (sums, read) = roster(&bonds);
		let mut asked = 0;
		let drawn = draw(seed(0), 5, &sums, &read, |_| {
			asked += 1;
			0
		});
		assert!(drawn.is_empty());
		assert_eq!(asked, tries(5));
		assert_eq!(tries(15), 136);
	}

	#[test]
	fn each_chunk_is_read_once() {
		let bonds = [400; 30];
		let (sums, read) = roster(&bonds);
		let mut reads = Vec::new();
		draw(seed(3), 15, &sums, |index| (reads.push(index), read(index)).1, |_| ONE_Q16);
		let mut unique = reads.clone();
		unique.sort();
		unique.dedup();
		assert_eq!(reads.len(), unique.len());
	}

	#[test]
	fn three_of_a_full_small_roster_are_found() {
		// The smallest quorum is drawn from a roster of the same size.
		let bonds = [400; 3];
		let (sums, read) = roster(&bonds);
		let full = (0..1_000).filter(|n| draw(seed(*n), 3, &sums, &read, |_| ONE_Q16 / 2).len() == 3).count();
		assert!(full > 990, "{full}");
	}

	#[test]
	fn first_picks_follow_bond_times_factor() {
		// Sixteen accounts with bonds of 1 to 16 units; every third one has half the reputation. 20 000 first picks.
		let bonds: Vec<Balance> = (1..=16).map(|bond| bond * 400).collect();
		let factor = |who: &u32| if who.is_multiple_of(3) { ONE_Q16 / 2 } else { ONE_Q16 };
		let (sums, read) = roster(&bonds);
		let mut counts = [0u64; 16];
		for n in 0..20_000 {
			counts[draw(seed(n), 1, &sums, &read, factor)[0] as usize] += 1;
		}
		let weights: Vec<u64> = (0..16).map(|who| bonds[who] as u64 * u64::from(factor(&(who as u32)))).collect();
		let total: u64 = weights.iter().sum();
		// Chi-square with 15 degrees of freedom, times 1 000: 37.7 is exceeded once in a thousand draws of 20 000.
		let chi: u64 = counts
			.iter()
			.zip(&weights)
			.map(|(count, weight)| {
				let expected = 20_000 * weight / total;
				count.abs_diff(expected).pow(2) * 1_000 / expected
			})
			.sum();
		assert!(chi < 37_700, "chi-square {chi} / 1 000, counts {counts:?}");
	}

	proptest! {
		#[test]
		fn a_draw_returns_different_seated_accounts_that_are_not_excluded(
			bonds in prop::collection::vec(0u128..1_000, 0..40), n: u32, k in 0u32..16, excluded in 0u32..40,
		) {
			let (sums, read) = roster(&bonds);
			let factor = |who: &u32| if *who == excluded { 0 } else { ONE_Q16 };
			let drawn = draw(seed(n), k, &sums, &read, factor);
			prop_assert!(drawn.len() <= k as usize);
			prop_assert!(drawn.iter().all(|who| *who != excluded && bonds[*who as usize] > 0), "a seat without a bond has no chance");
			let mut unique = drawn.clone();
			unique.sort_unstable();
			unique.dedup();
			prop_assert_eq!(unique.len(), drawn.len());
		}

		#[test]
		fn a_number_of_a_stream_is_below_its_bound(n: u32, bound: u128) {
			let (number, bits) = Stream::new(seed(n)).take(bound);
			prop_assert!(number < bound || bound == 0 && number == 0);
			prop_assert!(bits < ONE_Q16);
		}

		#[test]
		fn a_location_lies_inside_its_part(parts in prop::collection::vec(0u128..100, 0..20), at in 0u128..2_000) {
			match locate(parts.iter().copied(), at) {
				Some((index, offset)) => {
					prop_assert!(offset < parts[index]);
					prop_assert_eq!(parts[..index].iter().sum::<u128>() + offset, at);
				}
				None => prop_assert!(at >= parts.iter().sum::<u128>()),
			}
		}
	}
}
