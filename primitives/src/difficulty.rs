//! Difficulty: the effective improvement that fills a work block.
//!
//! One controller sets the threshold T. It compares an exponential moving average of the spacing of seals with the target
//! spacing, and moves T by at most 2 % per seal and by at most a factor of 4 per 100 seals, in either direction. Upstream has a
//! second controller that multiplies the threshold at the end of an epoch; both together move it by a factor of 29, so that one
//! is not reproduced.
//!
//! All numbers are integers: thresholds in Q32 bits of improvement, spacings in Q16 blocks.

use crate::{BlockNumber, Q32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Number of blocks with 16 fractional bits.
pub type Spacing = u64;

/// Number of seals of a span, over which T moves by at most [`SPAN_FACTOR`].
pub const SPAN: u32 = 100;
/// Largest factor by which T moves over a span, up or down.
pub const SPAN_FACTOR: u64 = 4;
/// Largest spacing that one seal counts for, in target spacings. A longer one would keep the average above the target, hence T
/// falling, for hundreds of seals after a single small improvement was sealed alone.
pub const LONGEST: u64 = 16;
/// Inverse of the weight of a new spacing in the moving average.
const SMOOTHING: u64 = 10;
/// Largest step of T, in percent.
const STEP: u128 = 2;

/// Limits of T, fixed at genesis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Bounds {
	/// Lowest T, Q32 bits; at least 100, so that a step of one percent does not round to 0.
	pub floor: Q32,
	/// Highest T, Q32 bits.
	pub ceiling: Q32,
}

/// State of the controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Difficulty {
	/// T: effective improvement that the next full seal takes, Q32 bits.
	pub threshold: Q32,
	/// Moving average of the spacing of seals, Q16 blocks.
	pub spacing: Spacing,
	/// T at the start of this span, Q32 bits.
	pub anchor: Q32,
	/// Number of seals of this span so far.
	pub seals: u32,
}

impl Difficulty {
	/// Returns the initial state: T is `threshold`, and the average spacing is `target` blocks.
	pub fn new(threshold: Q32, target: BlockNumber) -> Self {
		Self { threshold, spacing: fixed(target), anchor: threshold, seals: 0 }
	}

	/// Returns the state after a seal of `taken`, `elapsed` blocks after the previous one. A seal that took less than T counts as
	/// the time that a full seal would have taken at the same rate: `elapsed · T / taken`.
	pub fn sealed(self, elapsed: BlockNumber, taken: Q32, target: BlockNumber, bounds: Bounds) -> Self {
		let target = fixed(target).max(1);
		let observed = u128::from(fixed(elapsed))
			.saturating_mul(self.threshold.into())
			.checked_div(taken.min(self.threshold).max(1).into())
			.unwrap_or(0)
			.min(u128::from(target.saturating_mul(LONGEST))) as u64;
		let spacing = self.spacing.saturating_mul(SMOOTHING.saturating_sub(1)).saturating_add(observed) / SMOOTHING;

		let old = u128::from(self.threshold);
		let wanted = old.saturating_mul(target.into()).checked_div(spacing.into()).unwrap_or(u128::MAX);
		let stepped = wanted.clamp(old.saturating_mul(100 - STEP) / 100, old.saturating_mul(100 + STEP) / 100);
		let span = (u128::from(self.anchor / SPAN_FACTOR), u128::from(self.anchor).saturating_mul(SPAN_FACTOR.into()));
		let threshold = (stepped.max(span.0).min(span.1).min(bounds.ceiling.into()) as u64).max(bounds.floor);

		let seals = self.seals.saturating_add(1);
		if seals >= SPAN {
			Self { threshold, spacing, anchor: threshold, seals: 0 }
		} else {
			Self { threshold, spacing, anchor: self.anchor, seals }
		}
	}
}

/// Returns the minimum number of blocks between two seals: a quarter of the target spacing, rounded up.
pub const fn earliest(target: BlockNumber) -> BlockNumber {
	target.div_ceil(4)
}

/// Returns the number of blocks after which a seal takes the whole queue even if it holds less than T: four times the
/// target spacing.
pub const fn latest(target: BlockNumber) -> BlockNumber {
	target.saturating_mul(4)
}

/// Returns `true` if a queue of `queued` is sealed now, `elapsed` blocks after the last seal.
pub const fn due(queued: Q32, threshold: Q32, elapsed: BlockNumber, target: BlockNumber) -> bool {
	(queued >= threshold && queued > 0 && elapsed >= earliest(target)) || (queued > 0 && elapsed >= latest(target))
}

/// Returns `blocks` in Q16.
const fn fixed(blocks: BlockNumber) -> Spacing {
	(blocks as u64) << 16
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ONE_Q32;
	use proptest::prelude::*;

	const WIDE: Bounds = Bounds { floor: 1 << 12, ceiling: 1 << 48 };

	fn is_close(value: f64, expected: f64) -> bool {
		(value / expected - 1.0).abs() < 1e-6
	}

	#[test]
	fn it_steps_as_upstreams_per_block_controller_does() {
		// Golden vector A.5, with a block for a second. Upstream's epoch of 4 retargets after the fourth and the eighth seal,
		// where its ratio 4 · 600 / 2400 happens to be exactly 1, so all eight pairs are the per-seal controller's own.
		let table = [
			(300, 1.02, 570.0),
			(300, 1.0404, 543.0),
			(600, 1.061208, 548.7),
			(1200, 1.03998384, 613.83),
			(600, 1.01918416, 612.447),
			(600, 1.00050425, 611.2023),
			(600, 0.98397016, 610.08207),
			(600, 0.96931116, 609.073863),
		];
		let mut d = Difficulty::new(ONE_Q32, 600);
		for (elapsed, threshold, spacing) in table {
			d = d.sealed(elapsed, d.threshold, 600, WIDE);
			assert!(is_close(d.threshold as f64 / ONE_Q32 as f64, threshold), "T = {}", d.threshold as f64 / ONE_Q32 as f64);
			assert!(is_close(d.spacing as f64 / 65_536.0, spacing), "E = {}", d.spacing as f64 / 65_536.0);
		}
		// Pins the integers too, so that a change of rounding is detected.
		assert_eq!(d, Difficulty { threshold: 4_163_160_477, spacing: 39_916_262, anchor: ONE_Q32, seals: 8 });
	}

	#[test]
	fn a_span_is_bounded_where_upstream_runs_away() {
		// Upstream's vector A.6 ends at 28.98 (60 s blocks) and 0.033 (6 000 s blocks) after 100: the product of
		// both controllers.
		let run = |elapsed| {
			let mut d = Difficulty::new(ONE_Q32, 600);
			for _ in 0..SPAN {
				d = d.sealed(elapsed, d.threshold, 600, WIDE);
			}
			d
		};
		let (fast, slow) = (run(60), run(6_000));
		assert_eq!((fast.threshold, fast.anchor, fast.seals), (4 * ONE_Q32, 4 * ONE_Q32, 0));
		assert_eq!((slow.threshold, slow.anchor, slow.seals), (ONE_Q32 / 4, ONE_Q32 / 4, 0));
		assert_eq!(fast.sealed(60, fast.threshold, 600, WIDE).threshold, 4 * ONE_Q32 * 102 / 100, "the next span goes on");
	}

	#[test]
	fn an_underfull_seal_counts_as_the_time_a_full_one_would_have_taken() {
		let d = Difficulty::new(ONE_Q32, 600);
		assert_eq!(d.sealed(600, ONE_Q32 / 4, 600, WIDE), d.sealed(2_400, ONE_Q32, 600, WIDE));
		assert_eq!(d.sealed(150, ONE_Q32 / 4, 600, WIDE).threshold, ONE_Q32);
		assert_eq!(d.sealed(600, 2 * ONE_Q32, 600, WIDE).threshold, ONE_Q32, "more than T is not faster than T");
	}

	#[test]
	fn one_speck_does_not_hold_the_threshold_down_for_long() {
		let mut d = Difficulty::new(ONE_Q32, 600).sealed(u32::MAX, 1, 600, WIDE);
		assert_eq!(d.spacing, fixed(600) / 10 * 9 + fixed(600) / 10 * LONGEST);
		let mut falling = 0;
		while d.threshold > d.sealed(300, d.threshold, 600, WIDE).threshold {
			d = d.sealed(300, d.threshold, 600, WIDE);
			falling += 1;
		}
		assert!(falling <= 15, "{falling} seals");
	}

	#[test]
	fn bounds_hold() {
		let tight = Bounds { floor: ONE_Q32 - 5, ceiling: ONE_Q32 + 5 };
		let d = Difficulty::new(ONE_Q32, 600);
		assert_eq!(d.sealed(150, ONE_Q32, 600, tight).threshold, ONE_Q32 + 5);
		assert_eq!(d.sealed(6_000, ONE_Q32, 600, tight).threshold, ONE_Q32 - 5);
		let at_floor = Difficulty::new(100, 600);
		let lowest = Bounds { floor: 100, ceiling: 1_000 };
		assert_eq!(at_floor.sealed(150, 100, 600, lowest).threshold, 102, "T leaves its lowest floor");
	}

	#[test]
	fn seals_keep_their_distance_and_never_wait_for_ever() {
		let t = ONE_Q32;
		assert!(!due(t, t, 149, 600) && due(t, t, 150, 600));
		assert!(!due(t - 1, t, 2_399, 600) && due(t - 1, t, 2_400, 600));
		assert!(!due(0, t, u32::MAX, 600));
		assert!(!due(u64::MAX, t, 0, 15) && !due(u64::MAX, t, 3, 15) && due(u64::MAX, t, 4, 15));
		assert!(!due(u64::MAX, t, 0, 1), "two seals never share a block");
	}

	proptest! {
		#[test]
		fn a_seal_moves_t_by_at_most_two_percent(
			threshold in 4_096u64..1 << 44, spacing in 1u64..1 << 40, elapsed: u32, taken: u64, target in 1u32..100_000,
		) {
			let d = Difficulty { threshold, spacing, anchor: threshold, seals: 0 };
			let after = d.sealed(elapsed, taken, target, WIDE);
			prop_assert!(after.threshold <= threshold + threshold / 50 + 1);
			prop_assert!(after.threshold >= (threshold - threshold / 50 - 1).max(WIDE.floor));
			prop_assert!(after.spacing <= spacing.max(fixed(target) * LONGEST));
		}

		#[test]
		fn a_span_moves_t_by_at_most_four(elapsed in prop::collection::vec((0u32..10_000, 1u64..1 << 33), 100)) {
			let mut d = Difficulty::new(ONE_Q32, 600);
			for (blocks, taken) in elapsed {
				d = d.sealed(blocks, taken, 600, WIDE);
				prop_assert!((ONE_Q32 / 4..=4 * ONE_Q32).contains(&d.threshold));
			}
			prop_assert_eq!(d.seals, 0);
			prop_assert_eq!(d.anchor, d.threshold);
		}

		#[test]
		fn slower_seals_never_raise_t_more(a: u32, b: u32, taken in 1u64..1 << 33) {
			let d = Difficulty::new(ONE_Q32, 600);
			let (quick, slow) = (a.min(b), a.max(b));
			prop_assert!(d.sealed(quick, taken, 600, WIDE).threshold >= d.sealed(slow, taken, 600, WIDE).threshold);
		}
	}
}
