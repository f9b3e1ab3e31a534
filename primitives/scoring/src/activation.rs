//! Sigmoid and hyperbolic tangent of gated cells, by table and linear interpolation.
//!
//! Arguments are Q12 and clamped below 8 in absolute value; results are Q15. A table holds 129 values over [0, 8], one per
//! sixteenth. Negative arguments use the symmetries σ(−z) = 1 − σ(z) and tanh(−z) = −tanh(z), so both functions are exactly as
//! symmetric as the real ones. All arithmetic fits 16-bit lanes: the interpolation and [`multiply_q15`] are rounding high
//! multiplications, e.g. `pmulhrsw` on x86-64 and `sqrdmulh` on AArch64.

/// Fractional bits of the argument of [`sigmoid`] and [`tanh`].
pub const ARGUMENT_FRAC: u32 = 12;
/// Fractional bits of the result of [`sigmoid`] and [`tanh`].
pub const GATE_FRAC: u32 = 15;
/// Number of entries of [`SIGMOID`] and [`TANH`].
pub const ENTRIES: usize = 129;

/// Sigmoid at i/16 in Q15: `round(2¹⁵ / (1 + e^(−i/16)))`.
#[rustfmt::skip]
pub const SIGMOID: [i16; ENTRIES] = [
	16384, 16896, 17407, 17916, 18421, 18923, 19420, 19912, 20397, 20874, 21344, 21804, 22255, 22696, 23127, 23547,
	23955, 24352, 24737, 25110, 25471, 25819, 26155, 26479, 26790, 27090, 27377, 27653, 27917, 28169, 28411, 28642,
	28862, 29072, 29272, 29462, 29644, 29816, 29979, 30135, 30282, 30422, 30555, 30680, 30799, 30912, 31018, 31119,
	31214, 31304, 31389, 31469, 31545, 31616, 31684, 31747, 31807, 31864, 31917, 31968, 32015, 32060, 32102, 32141,
	32179, 32214, 32247, 32278, 32307, 32335, 32361, 32385, 32408, 32430, 32450, 32469, 32487, 32504, 32520, 32535,
	32549, 32562, 32574, 32586, 32597, 32607, 32617, 32626, 32635, 32643, 32650, 32657, 32664, 32670, 32676, 32682,
	32687, 32692, 32696, 32701, 32705, 32709, 32712, 32716, 32719, 32722, 32725, 32727, 32730, 32732, 32734, 32736,
	32738, 32740, 32742, 32743, 32745, 32746, 32747, 32749, 32750, 32751, 32752, 32753, 32754, 32755, 32756, 32756,
	32757,
];

/// Hyperbolic tangent at i/16 in Q15: `round(2¹⁵ · tanh(i/16))`, at most 2¹⁵ − 1.
#[rustfmt::skip]
pub const TANH: [i16; ENTRIES] = [
	0, 2045, 4075, 6073, 8025, 9919, 11743, 13486, 15143, 16706, 18173, 19542, 20813, 21986, 23066, 24054,
	24956, 25776, 26519, 27191, 27797, 28341, 28830, 29268, 29660, 30010, 30322, 30600, 30847, 31067, 31262, 31435,
	31589, 31726, 31846, 31953, 32048, 32132, 32206, 32271, 32329, 32381, 32426, 32466, 32501, 32532, 32560, 32584,
	32606, 32625, 32642, 32657, 32670, 32681, 32691, 32700, 32708, 32715, 32721, 32727, 32732, 32736, 32740, 32743,
	32746, 32749, 32751, 32753, 32755, 32756, 32758, 32759, 32760, 32761, 32762, 32762, 32763, 32764, 32764, 32765,
	32765, 32765, 32766, 32766, 32766, 32766, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
	32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
	32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
	32767,
];

/// Returns the value of `table` at `|z|`: `T[i] + ((T[i+1] − T[i]) · f + 2⁷) >> 8` with `|z| = 256·i + f`. `|z|` is at most 2¹⁵
/// − 1.
#[inline(always)]
fn interpolate(table: &[i16; ENTRIES], z: i16) -> i16 {
	let at = z.unsigned_abs().min(i16::MAX as u16);
	let (index, fraction) = (usize::from(at >> 8), i32::from(at & 255));
	// The index is below 128, so the compiler removes the bounds check.
	let pair = |index: usize| i32::from(table.get(index).copied().unwrap_or(0));
	let (low, high) = (pair(index), pair(index.wrapping_add(1)));
	let rise = high.wrapping_sub(low).wrapping_mul(fraction).wrapping_add(1 << 7) >> 8;
	low.wrapping_add(rise) as i16
}

/// Returns σ(z), Q12 → Q15, in 11..=32757.
///
/// ```
/// use doin_scoring::activation::sigmoid;
/// assert_eq!(sigmoid(0), 1 << 14, "σ(0) = ½");
/// assert_eq!(sigmoid(1 << 12), 23_955, "σ(1) = 0.7311");
/// ```
#[inline(always)]
pub fn sigmoid(z: i16) -> i16 {
	let value = interpolate(&SIGMOID, z);
	// 2¹⁵ − value lies in 11..=16384; computed on its low 16 bits.
	if z < 0 {
		i16::MIN.wrapping_sub(value)
	} else {
		value
	}
}

/// Returns tanh(z), Q12 → Q15, within ±32767.
///
/// ```
/// use doin_scoring::activation::tanh;
/// assert_eq!(tanh(-(1 << 12)), -24_956, "tanh(−1) = −0.7616");
/// ```
#[inline(always)]
pub fn tanh(z: i16) -> i16 {
	let value = interpolate(&TANH, z);
	if z < 0 {
		value.wrapping_neg()
	} else {
		value
	}
}

/// Returns `(a · b + 2¹⁴) >> 15`: the product of a number and a number in Q15, rounded. At most one of the factors may be −2¹⁵.
#[inline(always)]
pub fn multiply_q15(a: i16, b: i16) -> i16 {
	(i32::from(a).wrapping_mul(i32::from(b)).wrapping_add(1 << 14) >> 15) as i16
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tables_hold_the_nearest_integers() {
		for at in 0..ENTRIES {
			let x = at as f64 / 16.0;
			assert_eq!(f64::from(SIGMOID[at]), (32768.0 / (1.0 + (-x).exp())).round());
			assert_eq!(f64::from(TANH[at]), (32768.0 * x.tanh()).round().min(32767.0));
		}
	}

	#[test]
	fn every_argument_is_close_to_the_real_function() {
		for z in i16::MIN..=i16::MAX {
			let x = f64::from(z) / 4096.0;
			let error = |value: i16, exact: f64| (f64::from(value) / 32768.0 - exact).abs();
			assert!(error(sigmoid(z), 1.0 / (1.0 + (-x).exp())) < 4e-4, "{z}");
			assert!(error(tanh(z), x.tanh()) < 6e-4, "{z}");
			assert!((11..=32757).contains(&sigmoid(z)));
		}
	}

	#[test]
	fn both_are_symmetric_and_monotone() {
		for z in 0..i16::MAX {
			assert_eq!(i32::from(sigmoid(z)) + i32::from(sigmoid(-z)), 32768);
			assert_eq!(tanh(-z), -tanh(z));
			assert!(sigmoid(z) <= sigmoid(z + 1) && tanh(z) <= tanh(z + 1));
		}
		assert_eq!((sigmoid(0), tanh(0), tanh(i16::MIN)), (16384, 0, -32767));
	}
}
