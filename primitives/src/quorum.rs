//! Size of a quorum, and the number of answers that it needs.

/// Maximum size of a quorum.
pub const MAX_QUORUM: u32 = 15;
/// Minimum size of a quorum.
pub const MIN_QUORUM: u32 = 3;

/// Returns the size of a quorum drawn from `n` available evaluators: `min(3 + ⌊log2 n⌋, 15, max(3, ⌊n/2⌋))`; 0 if fewer than
/// three are available.
pub fn size(n: u32) -> u32 {
	let Some(log) = n.checked_ilog2() else { return 0 };
	if n < MIN_QUORUM {
		return 0;
	}
	MIN_QUORUM.saturating_add(log).min(MAX_QUORUM).min((n / 2).max(MIN_QUORUM))
}

/// Returns the number of answers needed of a quorum of `k` seats: `⌈2k/3⌉`.
pub fn needed(k: u32) -> u32 {
	k.saturating_mul(2).div_ceil(3)
}

/// Returns the number of answers of a quorum of `k` seats that are settled where no second quorum can be drawn: `max(2, ⌈k/3⌉)`. So
/// many equal false answers always count as collusion.
pub fn needed_at_last(k: u32) -> u32 {
	k.div_ceil(3).max(2)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn sizes_are_the_published_ones() {
		// The quorum table of the mechanics note, with the cap applied for small n too.
		for (n, k) in [
			(0, 0),
			(1, 0),
			(2, 0),
			(3, 3),
			(4, 3),
			(5, 3),
			(6, 3),
			(8, 4),
			(10, 5),
			(16, 7),
			(100, 9),
			(1024, 13),
			(1 << 20, 15),
		] {
			assert_eq!(size(n), k, "n = {n}");
		}
	}

	#[test]
	fn two_thirds_decide() {
		for (k, m) in [(3, 2), (4, 3), (5, 4), (6, 4), (9, 6), (15, 10)] {
			assert_eq!(needed(k), m);
		}
	}

	proptest! {
		#[test]
		fn a_quorum_is_within_bounds_and_leaves_half_of_a_large_roster(n: u32) {
			let k = size(n);
			prop_assert!(k == 0 || (MIN_QUORUM..=MAX_QUORUM).contains(&k));
			prop_assert_eq!(k == 0, n < MIN_QUORUM);
			prop_assert!(k <= n && (n < 6 || k <= n / 2));
		}

		#[test]
		fn more_evaluators_never_shrink_a_quorum(n: u32, more: u32) {
			prop_assert!(size(n.saturating_add(more)) >= size(n));
		}

		#[test]
		fn needed_answers_are_a_two_thirds_majority(k in 0u32..=MAX_QUORUM) {
			prop_assert!(needed(k) * 3 >= k * 2);
			prop_assert!(needed(k) <= k);
			prop_assert!(k == 0 || (needed(k) - 1) * 3 < k * 2);
		}
	}
}
