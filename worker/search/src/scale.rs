//! Base-2 logarithm and power in Q16, in integers, so that logarithmic genes step alike on every machine.

/// Fractional bits of a position on the logarithmic scale.
pub const FRAC: u32 = 16;
/// Fractional bits of the working precision.
const WORK: u32 = 62;

/// `2^(2^-k)` in Q62 for k = 1..=16, by repeated integer square roots of two.
const ROOTS: [u128; FRAC as usize] = roots();

const fn roots() -> [u128; FRAC as usize] {
	let mut roots = [0; FRAC as usize];
	let mut value: u128 = 2 << WORK;
	let mut k = 0;
	while k < roots.len() {
		value = (value << WORK).isqrt();
		roots[k] = value;
		k += 1;
	}
	roots
}

/// Returns `⌊2^16 · log2 value⌋`. 0 counts as 1.
pub fn log2(value: u64) -> u64 {
	let value = value.max(1);
	let whole = value.ilog2();
	let mut mantissa = u128::from(value) << (WORK - whole.min(WORK));
	if whole > WORK {
		mantissa >>= whole - WORK;
	}
	let mut result = u64::from(whole);
	for _ in 0..FRAC {
		mantissa = (mantissa * mantissa) >> WORK;
		result <<= 1;
		if mantissa >= 2 << WORK {
			mantissa >>= 1;
			result |= 1;
		}
	}
	result
}

/// Returns `⌊2^(position / 2^16)⌋`, saturating at 2^63 − 1.
pub fn exp2(position: u64) -> u64 {
	let whole = position >> FRAC;
	if whole >= 63 {
		return i64::MAX as u64;
	}
	let mut mantissa: u128 = 1 << WORK;
	for (k, root) in ROOTS.iter().enumerate() {
		if position >> (FRAC as usize - 1 - k) & 1 == 1 {
			mantissa = (mantissa * root) >> WORK;
		}
	}
	((mantissa << whole) >> WORK) as u64
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn powers_of_two_are_exact() {
		for bit in 0..63 {
			assert_eq!(log2(1 << bit), bit << FRAC);
			assert_eq!(exp2(bit << FRAC), 1 << bit);
		}
		assert_eq!(exp2(63 << FRAC), i64::MAX as u64);
	}

	#[test]
	fn the_scale_is_monotone_and_close() {
		let mut last = 0;
		for value in 1..100_000u64 {
			let position = log2(value);
			assert!(position >= last);
			last = position;
			assert!((position as f64 / 65_536.0 - (value as f64).log2()).abs() < 2e-5);
			assert!(exp2(position).abs_diff(value) <= 1 + value / 50_000);
		}
	}
}
