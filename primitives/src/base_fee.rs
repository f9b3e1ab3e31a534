//! Base fee: the recurrence of EIP-1559 in integers, and the definition of gas.
//!
//! One gas is one microsecond of reference time; a byte of an extrinsic costs [`GAS_PER_BYTE`]. Every fee is `gas · base fee`, so
//! the base fee scales the whole fee.

use crate::Balance;

/// Picoseconds of reference time per gas.
pub const PICOS_PER_GAS: u64 = 1_000_000;
/// Gas per encoded byte. With 1.5 s of computation and 3.75 MiB in a full block, a block full of bytes costs about 2.6 times as
/// much as a block full of computation, because bytes are gossiped and stored permanently.
pub const GAS_PER_BYTE: u64 = 1;
/// Lowest base fee by default, in plancks per gas: a transfer of about 400 gas costs 0.001 DOIN.
pub const DEFAULT_FLOOR: Balance = 2_500_000;
/// Highest base fee by default, in plancks per gas: a transfer costs about 100 DOIN. Reached from the floor after 98 full blocks
/// in a row.
pub const DEFAULT_CEILING: Balance = 250_000_000_000;
/// Fullness of a full block, parts per million.
pub const FULL: u32 = crate::MILLION;
/// Fullness at which the base fee does not change: one half, in parts per million.
pub const TARGET: u32 = FULL / 2;
/// Inverse of the largest relative change: a full block raises the base fee by 1/8, an empty block lowers it by 1/8.
const STEP: Balance = 8;

/// Returns the gas of `picos` picoseconds of reference time, rounded up.
pub const fn gas_of_time(picos: u64) -> u64 {
	picos.div_ceil(PICOS_PER_GAS)
}

/// Returns the gas of `bytes` encoded bytes.
pub const fn gas_of_bytes(bytes: u32) -> u64 {
	GAS_PER_BYTE.saturating_mul(bytes as u64)
}

/// Returns the fee of `gas` at `base` plancks per gas, in plancks.
pub const fn fee(gas: u64, base: Balance) -> Balance {
	base.saturating_mul(gas as Balance)
}

/// Returns the fullness in parts per million of a block that used `used` of `limit`, at most [`FULL`]; 0 if there is no limit.
pub fn fullness(used: u64, limit: u64) -> u32 {
	let parts = u128::from(used).saturating_mul(FULL.into()).checked_div(limit.into()).unwrap_or(0);
	parts.min(FULL.into()) as u32
}

/// Returns the base fee after a block that used `used` of at most `max`, with the given `target`: `base ± base · |used −
/// target| / target / 8`, within `[floor, ceiling]`. A block above the target raises the base fee by at least one planck, as
/// EIP-1559 specifies.
pub fn next(base: Balance, used: u32, target: u32, max: u32, floor: Balance, ceiling: Balance) -> Balance {
	let used = used.min(max);
	let delta =
		|gap: u32| base.saturating_mul(gap.into()).checked_div(target.into()).and_then(|d| d.checked_div(STEP)).unwrap_or(0);
	let moved = if used > target {
		base.saturating_add(delta(used.saturating_sub(target)).max(1))
	} else {
		base.saturating_sub(delta(target.saturating_sub(used)))
	};
	moved.min(ceiling).max(floor)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_base_fee_moves_as_upstreams_does() {
		// Golden vector A.10: block sizes around a target of 100, as upstream prints them, with eight decimals.
		let table = [(200, 112_500), (200, 126_563), (200, 142_383), (0, 124_585), (50, 116_798), (100, 116_798), (150, 124_098)];
		const SCALE: Balance = 1_000_000_000_000;
		let mut base = SCALE / 1_000;
		for (size, eight_decimals) in table {
			base = next(base, size, 100, 200, 1, SCALE);
			let rounded = (base + SCALE / 200_000_000) * 100_000_000 / SCALE;
			assert_eq!(rounded, eight_decimals, "after a block of size {size}");
		}
	}

	#[test]
	fn the_step_is_one_eighth_and_never_gets_stuck_at_the_bottom() {
		assert_eq!(next(800, FULL, TARGET, FULL, 1, 10_000), 900);
		assert_eq!(next(800, 0, TARGET, FULL, 1, 10_000), 700);
		assert_eq!(next(800, TARGET, TARGET, FULL, 1, 10_000), 800);
		assert_eq!(next(1, FULL, TARGET, FULL, 1, 10_000), 2, "at least one planck up");
		assert_eq!(next(3, TARGET + 1, TARGET, FULL, 1, 10_000), 4);
		assert_eq!(next(3, 0, TARGET, FULL, 1, 10_000), 3, "the eighth of three is nothing");
	}

	#[test]
	fn floor_and_ceiling_bind() {
		assert_eq!(next(1_000, 0, TARGET, FULL, 1_000, 2_000), 1_000);
		assert_eq!(next(1_999, FULL, TARGET, FULL, 1_000, 2_000), 2_000);
		assert_eq!(next(5, TARGET, TARGET, FULL, 1_000, 2_000), 1_000, "a value from outside is pulled in");
		assert_eq!(next(Balance::MAX, FULL, TARGET, FULL, 1, Balance::MAX), Balance::MAX);
		assert_eq!(next(700, 50, 0, 100, 1, 10_000), 701, "no target, no slope");
	}

	#[test]
	fn default_prices_are_as_documented() {
		// A transfer takes about 250 µs, its base weight included, and 145 bytes.
		let transfer = fee(gas_of_time(250_000_000) + gas_of_bytes(145), DEFAULT_FLOOR);
		assert!((900_000_000..1_100_000_000).contains(&transfer), "{transfer} plancks");
		let mut base = DEFAULT_FLOOR;
		let mut blocks = 0;
		while base < DEFAULT_CEILING {
			base = next(base, FULL, TARGET, FULL, DEFAULT_FLOOR, DEFAULT_CEILING);
			blocks += 1;
		}
		assert_eq!(blocks, 98);
	}

	#[test]
	fn time_is_rounded_up_and_fullness_is_capped() {
		assert_eq!(gas_of_time(0), 0);
		assert_eq!(gas_of_time(1), 1);
		assert_eq!(gas_of_time(PICOS_PER_GAS), 1);
		assert_eq!(gas_of_time(PICOS_PER_GAS + 1), 2);
		assert_eq!(fullness(1, 2), TARGET);
		assert_eq!(fullness(5, 2), FULL);
		assert_eq!(fullness(5, 0), 0);
	}

	proptest! {
		#[test]
		fn it_stays_within_bounds_and_moves_by_at_most_an_eighth(base in 1_000u128..1 << 90, used in 0u32..2 * FULL) {
			let after = next(base, used, TARGET, FULL, 1_000, 1 << 90);
			prop_assert!((1_000..=1 << 90).contains(&after));
			prop_assert!(after <= base + base / 8);
			prop_assert!(after >= base - base / 8);
			prop_assert_eq!(used > TARGET, after > base);
		}

		#[test]
		fn fuller_blocks_never_lower_it(base in 1u128..1 << 100, a in 0u32..=FULL, b in 0u32..=FULL) {
			let (low, high) = (a.min(b), a.max(b));
			prop_assert!(next(base, low, TARGET, FULL, 1, u128::MAX) <= next(base, high, TARGET, FULL, 1, u128::MAX));
		}
	}
}
