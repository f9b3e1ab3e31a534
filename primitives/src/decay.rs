//! Exponential decay in integers, lazily computed from the number of blocks since a value was written.

use crate::Q32;

/// `2^(−2^−i)` in Q64 for i in 1..=32: the factors of the binary digits of an exponent, computed with exact decimal arithmetic.
const HALVINGS: [u64; 32] = [
	13_043_817_825_332_782_212,
	15_511_800_964_685_064_948,
	16_915_738_899_553_466_671,
	17_664_662_643_191_237_676,
	18_051_468_387_014_017_850,
	18_248_035_989_933_441_397,
	18_347_121_020_861_646_924,
	18_396_865_112_328_554_661,
	18_421_787_711_448_657_618,
	18_434_261_669_329_232_140,
	18_440_501_815_349_552_982,
	18_443_622_680_442_407_998,
	18_445_183_311_048_607_332,
	18_445_963_675_871_538_004,
	18_446_353_870_663_572_145,
	18_446_548_971_154_807_802,
	18_446_646_522_174_239_825,
	18_446_695_297_877_410_579,
	18_446_719_685_777_359_791,
	18_446_731_879_739_425_374,
	18_446_737_976_723_480_912,
	18_446_741_025_216_264_368,
	18_446_742_549_462_845_018,
	18_446_743_311_586_182_574,
	18_446_743_692_647_863_159,
	18_446_743_883_178_706_404,
	18_446_743_978_444_128_764,
	18_446_744_026_076_840_128,
	18_446_744_049_893_195_857,
	18_446_744_061_801_373_733,
	18_446_744_067_755_462_673,
	18_446_744_070_732_507_144,
];

/// Returns `value · 2^(−blocks / half_life)`, rounded down. Exact at whole half-lives.
///
/// ```
/// use doin_primitives::{decay::halved, ONE_Q32};
/// assert_eq!([0, 30, 60].map(|blocks| halved(4 * ONE_Q32, blocks, 30)), [4 * ONE_Q32, 2 * ONE_Q32, ONE_Q32]);
/// ```
pub fn halved(value: Q32, blocks: u32, half_life: u32) -> Q32 {
	let half_life = half_life.max(1);
	let whole = blocks.checked_div(half_life).unwrap_or(0);
	let rest = u64::from(blocks.checked_rem(half_life).unwrap_or(0));
	let exponent = rest.wrapping_shl(32).checked_div(u64::from(half_life)).unwrap_or(0);
	let mut left = value.checked_shr(whole).unwrap_or(0);
	for (digit, factor) in HALVINGS.iter().enumerate() {
		let mask = (1u64 << 31).checked_shr(digit as u32).unwrap_or(0);
		if exponent & mask != 0 {
			left = (u128::from(left).saturating_mul(u128::from(*factor)) >> 64) as u64;
		}
	}
	left
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ONE_Q32;
	use proptest::prelude::*;

	/// Blocks of 90 days.
	const HALF_LIFE: u32 = 1_296_000;

	#[test]
	fn whole_half_lives_are_exact() {
		for half_life in [1, 2, 7, HALF_LIFE, u32::MAX / 40] {
			for halvings in 0..40 {
				assert_eq!(halved(7 * ONE_Q32, halvings * half_life, half_life), (7 * ONE_Q32) >> halvings, "{half_life}");
			}
		}
		assert_eq!([halved(u64::MAX, 64, 1), halved(u64::MAX, u32::MAX, 1)], [0, 0]);
	}

	#[test]
	fn parts_of_a_half_life_are_powers_of_two() {
		// √½ and the fourth root of ½, in millionths.
		let millionths = |blocks| halved(1_000_000 << 32, blocks, 4 * 1_000) >> 32;
		assert_eq!([2_000, 1_000, 3_000].map(millionths), [707_106, 840_896, 594_603]);
	}

	#[test]
	fn a_half_life_of_no_block_counts_as_one_block() {
		assert_eq!(halved(8, 2, 0), 2);
	}

	/// A day's decay of a high-water mark of one bit, which two models that take turns gain.
	#[test]
	fn a_day_takes_less_than_eight_thousandths_of_a_value_that_halves_in_90_days() {
		let lost = ONE_Q32 - halved(ONE_Q32, HALF_LIFE / 90, HALF_LIFE);
		assert_eq!(lost * 100_000 / ONE_Q32, 767, "1 − 2^(−1/90) = 0.007 672");
	}

	proptest! {
		#[test]
		fn nothing_rises(value: u64, a: u32, b: u32, half_life: u32) {
			let (early, late) = (halved(value, a.min(b), half_life), halved(value, a.max(b), half_life));
			// Up to 32 factors and products are rounded, so a later value can be larger by these errors only.
			prop_assert!(early <= value && late <= early.saturating_add(64));
		}

		/// A value that is written again and again does not decay faster than one that is not, but for rounding.
		#[test]
		fn two_steps_are_one(value in 0u64..1 << 40, a in 0..HALF_LIFE, b in 0..HALF_LIFE) {
			let twice = halved(halved(value, a, HALF_LIFE), b, HALF_LIFE);
			// An exponent is cut to 32 binary digits.
			prop_assert!(twice.abs_diff(halved(value, a + b, HALF_LIFE)) < 1 << 10);
		}
	}
}
