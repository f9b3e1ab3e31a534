//! Size of a quorum.

/// Largest quorum.
pub const MAX_QUORUM: u32 = 15;
/// Smallest quorum that decides anything.
pub const MIN_QUORUM: u32 = 3;

/// Evaluators to draw of `n` available ones: `min(3 + ⌊log2 n⌋, 15, max(3, ⌊n/2⌋))`; 0 when fewer than three are there.
pub fn size(n: u32) -> u32 {
	let Some(log) = n.checked_ilog2() else { return 0 };
	if n < MIN_QUORUM {
		return 0;
	}
	MIN_QUORUM.saturating_add(log).min(MAX_QUORUM).min((n / 2).max(MIN_QUORUM))
}

/// Answers needed of `k` seats: `⌈2k/3⌉`.
pub fn needed(k: u32) -> u32 {
	k.saturating_mul(2).div_ceil(3)
}

#[cfg(test)]
mod tests {
	use super::*;

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
}
