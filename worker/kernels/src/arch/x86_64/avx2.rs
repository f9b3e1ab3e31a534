//! AVX2: a vector is two registers, and 16 multiply-accumulates take two instructions.

use super::{Table, SIGMOID, TANH};
use crate::{
	layout::{Block, LANES},
	simd::{SimdI16, SimdI32, SimdI8},
	Operation,
};
use doin_scoring::model::MAX_ACT;
use std::arch::x86_64::*;

/// Witness of a processor with AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

impl Avx2 {
	/// Returns the witness if this processor has AVX2.
	pub fn detect() -> Option<Self> {
		is_x86_feature_detected!("avx2").then_some(Self(()))
	}

	/// Runs `operation` compiled for AVX2.
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		#[target_feature(enable = "avx2")]
		fn compiled<O: Operation>(simd: Avx2, operation: O) -> O::Output {
			operation.vectorized(simd)
		}
		// SAFETY: `self` exists only where the processor has the feature.
		unsafe { compiled(self, operation) }
	}
}

/// One register.
type H = __m256i;
/// Sixteen lanes.
type V = [H; 2];

/// Order of a lane shuffle that exchanges odd and even lanes.
const SWAP: i32 = 0b10_11_00_01;

/// Implements methods that treat both registers of a vector alike.
///
/// Each entry is `name(vectors; other arguments) { expression }`: the expression computes one register from the registers of the
/// vectors, which have the names of the vectors, and is expanded for either register.
///
/// Safety contract: the expression runs inside `unsafe` and may rely on AVX2 alone. It must not access memory.
macro_rules! both_registers {
	($($method:ident($($argument:ident),*; $($other:ident: $type:ty),*) { $body:expr })*) => {
		$(
			#[inline(always)]
			fn $method(self, $($argument: V,)* $($other: $type),*) -> V {
				// SAFETY: `self` exists only where the processor has the feature.
				unsafe {
					[
						{
							$(let [$argument, _] = $argument;)*
							$body
						},
						{
							$(let [_, $argument] = $argument;)*
							$body
						},
					]
				}
			}
		)*
	};
}

impl SimdI32 for Avx2 {
	type V = V;
	const WIDE: bool = false;

	both_registers! {
		dot(sum, a, b;) { _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)) }
		add(a, b;) { _mm256_add_epi32(a, b) }
		sub(a, b;) { _mm256_sub_epi32(a, b) }
		mul(a, b;) { _mm256_mullo_epi32(a, b) }
		or(a, b;) { _mm256_or_si256(a, b) }
		and(a, b;) { _mm256_and_si256(a, b) }
		abs(a;) { _mm256_abs_epi32(a) }
		min(a, b;) { _mm256_min_epi32(a, b) }
		max(a, b;) { _mm256_max_epi32(a, b) }
		shr(a; bits: u32) { _mm256_sra_epi32(a, _mm_cvtsi32_si128(bits as i32)) }
		shl(a; bits: u32) { _mm256_sll_epi32(a, _mm_cvtsi32_si128(bits as i32)) }
		select_gt(a, b, x;) { _mm256_and_si256(_mm256_cmpgt_epi32(a, b), x) }
		step_against_sign(p, u, x;) { _mm256_sub_epi32(p, _mm256_sign_epi32(x, u)) }
		pack_relu(a, b;) { interleave(_mm256_min_epu16(_mm256_packus_epi32(a, b), _mm256_set1_epi16(MAX_ACT as i16))) }
		pack_clamped(a, b;) {{
			let limit = MAX_ACT as i16;
			_mm256_max_epi16(_mm256_min_epi16(_mm256_packs_epi32(a, b), _mm256_set1_epi16(limit)), _mm256_set1_epi16(-limit))
		}}
		interleave(packed;) { interleave(packed) }
	}

	#[inline(always)]
	fn splat(self, value: i32) -> V {
		// SAFETY: `self` exists only where the processor has the feature.
		unsafe { [_mm256_set1_epi32(value); 2] }
	}

	#[inline(always)]
	fn load(self, from: &Block) -> V {
		let from = from.0.as_ptr().cast::<H>();
		// SAFETY: `self` exists only where the processor has the feature; a block is two vectors, aligned.
		unsafe { [_mm256_load_si256(from), _mm256_load_si256(from.add(1))] }
	}

	#[inline(always)]
	fn load_unaligned(self, from: &[i32; LANES]) -> V {
		let from = from.as_ptr().cast::<H>();
		// SAFETY: `self` exists only where the processor has the feature; sixteen lanes are two vectors.
		unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] }
	}

	#[inline(always)]
	fn store(self, to: &mut Block, v: V) {
		let to = to.0.as_mut_ptr().cast::<H>();
		// SAFETY: `self` exists only where the processor has the feature; a block is two vectors, aligned.
		unsafe {
			_mm256_store_si256(to, v[0]);
			_mm256_store_si256(to.add(1), v[1]);
		}
	}

	#[inline(always)]
	fn relu_mask(self, h: V, a: V, b: V) -> (V, V) {
		let (mut low, mut high) = (a, b);
		for i in 0..2 {
			// SAFETY: `self` exists only where the processor has the feature.
			unsafe {
				let (zero, most) = (_mm256_setzero_si256(), _mm256_set1_epi32(MAX_ACT));
				let (l, u) = (_mm256_and_si256(h[i], _mm256_set1_epi32(0xffff)), _mm256_srli_epi32::<16>(h[i]));
				let open = |h: H| _mm256_and_si256(_mm256_cmpgt_epi32(h, zero), _mm256_cmpgt_epi32(most, h));
				low[i] = _mm256_and_si256(open(l), a[i]);
				high[i] = _mm256_and_si256(open(u), b[i]);
			}
		}
		(low, high)
	}

	#[inline(always)]
	fn interleave_rows(self, ab: V, cd: V) -> [V; 2] {
		let mut out = [ab, cd];
		for i in 0..2 {
			// SAFETY: `self` exists only where the processor has the feature.
			unsafe {
				let (ab, cd) = (_mm256_shuffle_epi32::<0b11_01_10_00>(ab[i]), _mm256_shuffle_epi32::<0b11_01_10_00>(cd[i]));
				// Even and odd pairs of neighbours, one quarter each.
				let (even, odd) = (_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
				out[i] = [_mm256_permute2x128_si256::<0x20>(even, odd), _mm256_permute2x128_si256::<0x31>(even, odd)];
			}
		}
		out
	}

	#[inline(always)]
	fn transpose_pairs(self, v: [V; 8]) -> [V; 8] {
		let mut v = v;
		for v in v.as_flattened_mut() {
			// SAFETY: `self` exists only where the processor has the feature.
			*v = unsafe { exchange_halves(*v) };
		}
		// SAFETY: as above.
		unsafe { transpose_64(v) }
	}

	#[inline(always)]
	fn transpose(self, v: [V; 16]) -> [V; 16] {
		let mut even = [v[0]; 8];
		let mut odd = [v[0]; 8];
		for i in 0..8 {
			for half in 0..2 {
				let (a, b) = (v[2 * i][half], v[2 * i + 1][half]);
				// SAFETY: `self` exists only where the processor has the feature.
				unsafe {
					even[i][half] = _mm256_blend_epi32::<0b1010_1010>(a, _mm256_shuffle_epi32::<SWAP>(b));
					odd[i][half] = _mm256_blend_epi32::<0b0101_0101>(b, _mm256_shuffle_epi32::<SWAP>(a));
				}
			}
		}
		// SAFETY: as above.
		let (even, odd) = unsafe { (transpose_64(even), transpose_64(odd)) };
		let mut out = v;
		for i in 0..8 {
			out[2 * i] = even[i];
			out[2 * i + 1] = odd[i];
		}
		out
	}
}

impl SimdI16 for Avx2 {
	both_registers! {
		pack_i16(a, b;) { _mm256_packs_epi32(a, b) }
		add_i16(a, b;) { _mm256_add_epi16(a, b) }
		add_saturating_i16(a, b;) { _mm256_adds_epi16(a, b) }
		sub_i16(a, b;) { _mm256_sub_epi16(a, b) }
		mul_q15(a, b;) { _mm256_mulhrs_epi16(a, b) }
		shl_i16(a; bits: u32) { _mm256_sll_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		shr_i16(a; bits: u32) { _mm256_sra_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		min_i16(a, b;) { _mm256_min_epi16(a, b) }
		max_i16(a, b;) { _mm256_max_epi16(a, b) }
		abs_i16(a;) { _mm256_abs_epi16(a) }
		sigmoid(z;) {{
			let value = interpolate(&SIGMOID, z);
			_mm256_blendv_epi8(value, _mm256_sub_epi16(_mm256_set1_epi16(i16::MIN), value), _mm256_srai_epi16::<15>(z))
		}}
		tanh(z;) {{
			let value = interpolate(&TANH, z);
			_mm256_blendv_epi8(value, _mm256_sub_epi16(_mm256_setzero_si256(), value), _mm256_srai_epi16::<15>(z))
		}}
	}
}

impl SimdI8 for Avx2 {
	const SHORT_SUMS: bool = true;

	both_registers! {
		max_u8(a, b;) { _mm256_max_epu8(a, b) }
		pack_u8(ab, cd;) { _mm256_packus_epi16(ab, cd) }
		pack_i8(ab, cd;) { _mm256_packs_epi16(ab, cd) }
		join_pairs_i8(ab, cd;) { interleave(_mm256_packs_epi16(ab, cd)) }
		transpose_bytes(v;) {{
			let order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
			_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(order))
		}}
		relu_mask_u8(h, v;) {{
			let (zero, most) = (_mm256_setzero_si256(), _mm256_set1_epi8(-1));
			_mm256_andnot_si256(_mm256_or_si256(_mm256_cmpeq_epi8(h, zero), _mm256_cmpeq_epi8(h, most)), v)
		}}
	}

	#[inline(always)]
	fn dot_short<const K: usize>(self, sum: V, a: [V; K], b: [V; K]) -> V {
		let mut out = sum;
		for half in 0..2 {
			// SAFETY: `self` exists only where the processor has the feature.
			unsafe {
				let mut short = _mm256_setzero_si256();
				for k in 0..K {
					let products = _mm256_maddubs_epi16(a[k][half], b[k][half]);
					short = if k == 0 { products } else { _mm256_add_epi16(short, products) };
				}
				out[half] = _mm256_add_epi32(out[half], _mm256_madd_epi16(short, _mm256_set1_epi16(1)));
			}
		}
		out
	}

	#[inline(always)]
	fn transpose_quarters(self, v: [V; 4]) -> [V; 4] {
		let mut out = v;
		for half in 0..2 {
			for pair in 0..2 {
				let (a, b) = (v[2 * pair][half], v[2 * pair + 1][half]);
				// SAFETY: `self` exists only where the processor has the feature.
				unsafe {
					out[2 * half][pair] = _mm256_permute2x128_si256::<0x20>(a, b);
					out[2 * half + 1][pair] = _mm256_permute2x128_si256::<0x31>(a, b);
				}
			}
		}
		out
	}
}

/// Returns the value of a table at |z|, by linear interpolation.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn interpolate(table: &'static Table, z: H) -> H {
	// SAFETY: the caller guarantees the feature; indices are below 128.
	unsafe {
		let at = _mm256_min_epu16(_mm256_abs_epi16(z), _mm256_set1_epi16(i16::MAX));
		let mut index = [0u16; 16];
		_mm256_storeu_si256(index.as_mut_ptr().cast(), _mm256_srli_epi16::<8>(at));
		let (mut values, mut rises) = ([0i16; 16], [0i16; 16]);
		for i in 0..16 {
			let at = usize::from(index[i] & 127);
			(values[i], rises[i]) = (table.values[at], table.rises[at]);
		}
		// A rounding product with 2^7 times the fraction shifts right by 8.
		let fraction = _mm256_and_si256(_mm256_slli_epi16::<7>(at), _mm256_set1_epi16(i16::MAX));
		let rise = _mm256_mulhrs_epi16(_mm256_loadu_si256(rises.as_ptr().cast()), fraction);
		_mm256_add_epi16(_mm256_loadu_si256(values.as_ptr().cast()), rise)
	}
}

/// Converts the packed halves of each quarter to pairs: the first and the fifth half, the second and the sixth, and so on.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn interleave(packed: H) -> H {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
		_mm256_shuffle_epi8(packed, _mm256_broadcastsi128_si256(order))
	}
}

/// Exchanges the high half of each even lane and the low half of the next lane.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn exchange_halves(v: H) -> H {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
		_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(order))
	}
}

/// Transposes eight vectors of eight 64-bit lanes, four by four.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn transpose_64(v: [V; 8]) -> [V; 8] {
	let mut out = v;
	for row in 0..2 {
		for half in 0..2 {
			// SAFETY: the caller guarantees the feature.
			unsafe {
				let (a, b) = (v[4 * row][half], v[4 * row + 1][half]);
				let (c, d) = (v[4 * row + 2][half], v[4 * row + 3][half]);
				let (ab0, ab1) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
				let (cd0, cd1) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
				out[4 * half][row] = _mm256_permute2x128_si256::<0x20>(ab0, cd0);
				out[4 * half + 1][row] = _mm256_permute2x128_si256::<0x20>(ab1, cd1);
				out[4 * half + 2][row] = _mm256_permute2x128_si256::<0x31>(ab0, cd0);
				out[4 * half + 3][row] = _mm256_permute2x128_si256::<0x31>(ab1, cd1);
			}
		}
	}
	out
}
