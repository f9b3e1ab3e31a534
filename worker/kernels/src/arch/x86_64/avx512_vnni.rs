//! AVX-512 with VNNI: a vector is one register, and 32 multiply-accumulates take one instruction.

use super::{Table, SIGMOID, TANH};
use crate::{
	layout::{Block, LANES},
	simd::{SimdI16, SimdI32, SimdI8},
	Operation,
};
use doin_scoring::model::MAX_ACT;
use std::arch::{asm, x86_64::*};

/// Witness of a processor with AVX-512 F, BW and VNNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512Vnni(());

impl Avx512Vnni {
	/// Returns the witness if this processor has AVX-512 F, BW and VNNI.
	pub fn detect() -> Option<Self> {
		let has =
			is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni");
		has.then_some(Self(()))
	}

	/// Runs `operation` compiled for AVX-512 F, BW and VNNI.
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
		fn compiled<O: Operation>(simd: Avx512Vnni, operation: O) -> O::Output {
			operation.vectorized(simd)
		}
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { compiled(self, operation) }
	}
}

/// Sixteen lanes.
type V = __m512i;

/// Order of a lane shuffle that exchanges odd and even lanes. With a mask of every other lane, it interleaves the even lanes of
/// two vectors, or the odd ones.
const SWAP: i32 = 0b10_11_00_01;

/// Implements methods by one expression of intrinsics each.
///
/// Each entry is `name(arguments) -> result { expression }`.
///
/// Safety contract: the expression runs inside `unsafe` and may rely on AVX-512 F, BW and VNNI alone. It may access the 64 bytes
/// behind a reference that is an argument, and no other memory.
macro_rules! lanes {
	($($method:ident($($argument:ident: $type:ty),*) -> $out:ty { $body:expr })*) => {
		$(
			#[inline(always)]
			fn $method(self, $($argument: $type),*) -> $out {
				// SAFETY: `self` exists only where the processor has the features; memory is accessed through references to
				// 64 bytes.
				unsafe { $body }
			}
		)*
	};
}

impl SimdI32 for Avx512Vnni {
	type V = V;
	const WIDE: bool = true;

	lanes! {
		splat(value: i32) -> V { _mm512_set1_epi32(value) }
		load(from: &Block) -> V { _mm512_load_si512(std::ptr::from_ref(from).cast()) }
		load_unaligned(from: &[i32; LANES]) -> V { _mm512_loadu_si512(from.as_ptr().cast()) }
		store(to: &mut Block, v: V) -> () { _mm512_store_si512(std::ptr::from_mut(to).cast(), v) }
		dot(sum: V, a: V, b: V) -> V { dot(sum, a, b) }
		add(a: V, b: V) -> V { _mm512_add_epi32(a, b) }
		sub(a: V, b: V) -> V { _mm512_sub_epi32(a, b) }
		mul(a: V, b: V) -> V { _mm512_mullo_epi32(a, b) }
		or(a: V, b: V) -> V { _mm512_or_si512(a, b) }
		and(a: V, b: V) -> V { _mm512_and_si512(a, b) }
		abs(a: V) -> V { _mm512_abs_epi32(a) }
		min(a: V, b: V) -> V { _mm512_min_epi32(a, b) }
		max(a: V, b: V) -> V { _mm512_max_epi32(a, b) }
		shr(a: V, bits: u32) -> V { _mm512_sra_epi32(a, _mm_cvtsi32_si128(bits as i32)) }
		shl(a: V, bits: u32) -> V { _mm512_sll_epi32(a, _mm_cvtsi32_si128(bits as i32)) }
		select_gt(a: V, b: V, x: V) -> V { _mm512_maskz_mov_epi32(_mm512_cmpgt_epi32_mask(a, b), x) }
		step_against_sign(p: V, u: V, x: V) -> V {{
			let zero = _mm512_setzero_si512();
			let p = _mm512_mask_sub_epi32(p, _mm512_cmpgt_epi32_mask(u, zero), p, x);
			_mm512_mask_add_epi32(p, _mm512_cmplt_epi32_mask(u, zero), p, x)
		}}
		relu_mask(h: V, a: V, b: V) -> (V, V) {{
			// Of 0..=2047, only 0 and 2047 have none of these bits after 1 is added.
			let more = _mm512_add_epi32(h, _mm512_set1_epi32(0x0001_0001));
			(
				_mm512_maskz_mov_epi32(_mm512_test_epi32_mask(more, _mm512_set1_epi32(MAX_ACT - 1)), a),
				_mm512_maskz_mov_epi32(_mm512_test_epi32_mask(more, _mm512_set1_epi32((MAX_ACT - 1) << 16)), b),
			)
		}}
		pack_relu(a: V, b: V) -> V { interleave(_mm512_min_epu16(_mm512_packus_epi32(a, b), _mm512_set1_epi16(MAX_ACT as i16))) }
		pack_clamped(a: V, b: V) -> V {{
			let limit = MAX_ACT as i16;
			_mm512_max_epi16(_mm512_min_epi16(_mm512_packs_epi32(a, b), _mm512_set1_epi16(limit)), _mm512_set1_epi16(-limit))
		}}
		interleave(packed: V) -> V { interleave(packed) }
		interleave_rows(ab: V, cd: V) -> [V; 2] {{
			// Lanes of `cd` count from 16. Of each quarter: two of a, two of b; two of c, two of d.
			let low = _mm512_setr_epi32(0, 2, 16, 18, 1, 3, 17, 19, 4, 6, 20, 22, 5, 7, 21, 23);
			let high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
			[_mm512_permutex2var_epi32(ab, low, cd), _mm512_permutex2var_epi32(ab, high, cd)]
		}}
		transpose_pairs(v: [V; 8]) -> [V; 8] {{
			let mut v = v;
			for v in &mut v {
				*v = exchange_halves(*v);
			}
			transpose_64(v)
		}}
		transpose(v: [V; 16]) -> [V; 16] {{
			let mut even = [_mm512_setzero_si512(); 8];
			let mut odd = even;
			for i in 0..8 {
				even[i] = _mm512_mask_shuffle_epi32::<SWAP>(v[2 * i], 0xaaaa, v[2 * i + 1]);
				odd[i] = _mm512_mask_shuffle_epi32::<SWAP>(v[2 * i + 1], 0x5555, v[2 * i]);
			}
			let (even, odd) = (transpose_64(even), transpose_64(odd));
			let mut out = [_mm512_setzero_si512(); 16];
			for i in 0..8 {
				out[2 * i] = even[i];
				out[2 * i + 1] = odd[i];
			}
			out
		}}
	}
}

impl SimdI16 for Avx512Vnni {
	lanes! {
		pack_i16(a: V, b: V) -> V { _mm512_packs_epi32(a, b) }
		add_i16(a: V, b: V) -> V { _mm512_add_epi16(a, b) }
		add_saturating_i16(a: V, b: V) -> V { _mm512_adds_epi16(a, b) }
		sub_i16(a: V, b: V) -> V { _mm512_sub_epi16(a, b) }
		mul_q15(a: V, b: V) -> V { _mm512_mulhrs_epi16(a, b) }
		shl_i16(a: V, bits: u32) -> V { _mm512_sll_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		shr_i16(a: V, bits: u32) -> V { _mm512_sra_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		min_i16(a: V, b: V) -> V { _mm512_min_epi16(a, b) }
		max_i16(a: V, b: V) -> V { _mm512_max_epi16(a, b) }
		abs_i16(a: V) -> V { _mm512_abs_epi16(a) }
		sigmoid(z: V) -> V {{
			let value = interpolate(&SIGMOID, z);
			_mm512_mask_sub_epi16(value, _mm512_movepi16_mask(z), _mm512_set1_epi16(i16::MIN), value)
		}}
		tanh(z: V) -> V {{
			let value = interpolate(&TANH, z);
			_mm512_mask_sub_epi16(value, _mm512_movepi16_mask(z), _mm512_setzero_si512(), value)
		}}
	}
}

impl SimdI8 for Avx512Vnni {
	lanes! {
		dot_u8_i8(sum: V, a: V, b: V) -> V { dot_u8_i8(sum, a, b) }
		pack_u8(ab: V, cd: V) -> V { _mm512_packus_epi16(ab, cd) }
		pack_i8(ab: V, cd: V) -> V { _mm512_packs_epi16(ab, cd) }
		join_pairs_i8(ab: V, cd: V) -> V { interleave(_mm512_packs_epi16(ab, cd)) }
		transpose_bytes(v: V) -> V {{
			let order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
			_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(order))
		}}
		transpose_quarters(v: [V; 4]) -> [V; 4] {{
			let low = _mm512_shuffle_i32x4::<0b10_00_10_00>(v[0], v[1]);
			let low_odd = _mm512_shuffle_i32x4::<0b11_01_11_01>(v[0], v[1]);
			let high = _mm512_shuffle_i32x4::<0b10_00_10_00>(v[2], v[3]);
			let high_odd = _mm512_shuffle_i32x4::<0b11_01_11_01>(v[2], v[3]);
			[
				_mm512_shuffle_i32x4::<0b10_00_10_00>(low, high),
				_mm512_shuffle_i32x4::<0b10_00_10_00>(low_odd, high_odd),
				_mm512_shuffle_i32x4::<0b11_01_11_01>(low, high),
				_mm512_shuffle_i32x4::<0b11_01_11_01>(low_odd, high_odd),
			]
		}}
		relu_mask_u8(h: V, v: V) -> V {{
			let open = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(h, _mm512_set1_epi8(1)), _mm512_set1_epi8(-2));
			_mm512_maskz_mov_epi8(open, v)
		}}
		add_offset(v: V) -> V { _mm512_xor_si512(v, _mm512_set1_epi8(i8::MIN)) }
		or_magnitudes_i16(a: V, b: V, c: V) -> V {
			_mm512_ternarylogic_epi32::<0xfe>(a, _mm512_abs_epi16(b), _mm512_abs_epi16(c))
		}
	}
}

/// Returns the value of a table at |z|, by linear interpolation.
///
/// # Safety
/// The processor must have AVX-512 BW.
#[inline(always)]
unsafe fn interpolate(table: &'static Table, z: V) -> V {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let at = _mm512_min_epu16(_mm512_abs_epi16(z), _mm512_set1_epi16(i16::MAX));
		let index = _mm512_srli_epi16::<8>(at);
		// The highest of seven bits chooses between the two halves of a table.
		let upper = _mm512_test_epi16_mask(at, _mm512_set1_epi16(1 << 14));
		// A rounding product with 2^7 times the fraction shifts right by 8.
		let fraction = _mm512_and_si512(_mm512_slli_epi16::<7>(at), _mm512_set1_epi16(i16::MAX));
		_mm512_add_epi16(look_up(&table.values, index, upper), _mm512_mulhrs_epi16(look_up(&table.rises, index, upper), fraction))
	}
}

/// Returns entries of a table; `upper` marks the indices from 64 on.
///
/// # Safety
/// The processor must have AVX-512 BW.
#[inline(always)]
unsafe fn look_up(of: &'static [i16; 128], index: V, upper: __mmask32) -> V {
	// SAFETY: the caller guarantees the feature; an array is four vectors, aligned in its table.
	unsafe {
		let of = of.as_ptr().cast::<V>();
		let low = _mm512_permutex2var_epi16(_mm512_load_si512(of), index, _mm512_load_si512(of.add(1)));
		let high = _mm512_permutex2var_epi16(_mm512_load_si512(of.add(2)), index, _mm512_load_si512(of.add(3)));
		_mm512_mask_mov_epi16(low, upper, high)
	}
}

/// Computes `_mm512_dpwssd_epi32` by its instruction. LLVM splits the intrinsic into a product and a sum where its model prefers
/// the shorter latency, which halves the speed of these kernels.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot(sum: V, a: V, b: V) -> V {
	let mut sum = sum;
	// SAFETY: the instruction reads and writes the registers named here and nothing else.
	unsafe {
		asm!(
			"vpdpwssd {}, {}, {}",
			inout(zmm_reg) sum,
			in(zmm_reg) a,
			in(zmm_reg) b,
			options(pure, nomem, nostack, preserves_flags)
		);
	}
	sum
}

/// Computes `_mm512_dpbusd_epi32` by its instruction, for the reason given at [`dot`].
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot_u8_i8(sum: V, a: V, b: V) -> V {
	let mut sum = sum;
	// SAFETY: the instruction reads and writes the registers named here and nothing else.
	unsafe {
		asm!(
			"vpdpbusd {}, {}, {}",
			inout(zmm_reg) sum,
			in(zmm_reg) a,
			in(zmm_reg) b,
			options(pure, nomem, nostack, preserves_flags)
		);
	}
	sum
}

/// Converts the packed halves of each quarter to pairs: the first and the fifth half, the second and the sixth, and so on.
///
/// # Safety
/// The processor must have AVX-512 BW.
#[inline(always)]
unsafe fn interleave(packed: V) -> V {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
		_mm512_shuffle_epi8(packed, _mm512_broadcast_i32x4(order))
	}
}

/// Exchanges the high half of each even lane and the low half of the next lane.
///
/// # Safety
/// The processor must have AVX-512 BW.
#[inline(always)]
unsafe fn exchange_halves(v: V) -> V {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
		_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(order))
	}
}

/// Transposes eight vectors of eight 64-bit lanes.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline(always)]
unsafe fn transpose_64(v: [V; 8]) -> [V; 8] {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let mut a = v;
		for i in 0..4 {
			a[2 * i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
			a[2 * i + 1] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
		}
		// Each quarter has two 64-bit lanes: a[2i + j] holds lanes 2q + j of rows 2i and 2i + 1.
		let mut out = v;
		for j in 0..2 {
			let low = _mm512_shuffle_i64x2::<0b10_00_10_00>(a[j], a[2 + j]);
			let low_odd = _mm512_shuffle_i64x2::<0b11_01_11_01>(a[j], a[2 + j]);
			let high = _mm512_shuffle_i64x2::<0b10_00_10_00>(a[4 + j], a[6 + j]);
			let high_odd = _mm512_shuffle_i64x2::<0b11_01_11_01>(a[4 + j], a[6 + j]);
			out[j] = _mm512_shuffle_i64x2::<0b10_00_10_00>(low, high);
			out[4 + j] = _mm512_shuffle_i64x2::<0b11_01_11_01>(low, high);
			out[2 + j] = _mm512_shuffle_i64x2::<0b10_00_10_00>(low_odd, high_odd);
			out[6 + j] = _mm512_shuffle_i64x2::<0b11_01_11_01>(low_odd, high_odd);
		}
		out
	}
}
