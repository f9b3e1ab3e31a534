//! Lanes of AVX-512 with VNNI: one vector, one instruction per 32 multiply-accumulates.

use super::{
	backend,
	byte_layout::{BytePanels, ByteQuads, ByteTiles, ByteWeights},
	gates::{Shape, Trace},
	halves::{Halves, Table, SIGMOID, TANH},
	kernels,
	lanes::Lanes,
	layout::{Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, LANES, ROWS, TILE},
	quarters::Quarters,
	steps::Taps,
	Backend,
};
use doin_scoring::model::MAX_ACT;
use std::arch::{asm, x86_64::*};

/// A processor with AVX-512 F, BW and VNNI.
#[derive(Clone, Copy, Debug)]
pub struct Vnni(());

static VNNI: Vnni = Vnni(());

impl Vnni {
	/// The back-end, if this processor has it.
	pub fn get() -> Option<&'static Self> {
		let has =
			is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni");
		has.then_some(&VNNI)
	}
}

backend!(Vnni, "avx512-vnni", "avx512f,avx512bw,avx512vnni");

type V = __m512i;

/// Interleaves two halves that exchange odd and even lanes: lane 2m of `a` with lane 2m of `b` beside it, and lanes 2m + 1 likewise.
const SWAP: i32 = 0b10_11_00_01;

/// Implements methods by one expression of intrinsics each.
macro_rules! lanes {
	($($method:ident($($argument:ident: $type:ty),*) -> $out:ty { $body:expr })*) => {
		$(
			#[inline(always)]
			fn $method(self, $($argument: $type),*) -> $out {
				// SAFETY: `self` exists only where the processor has the features; memory is reached through references of 64 bytes.
				unsafe { $body }
			}
		)*
	};
}

impl Lanes for Vnni {
	type V = V;
	const WIDE: bool = true;

	lanes! {
		splat(value: i32) -> V { _mm512_set1_epi32(value) }
		load(from: &Block) -> V { _mm512_load_si512(std::ptr::from_ref(from).cast()) }
		read(from: &[i32; LANES]) -> V { _mm512_loadu_si512(from.as_ptr().cast()) }
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
		above(a: V, b: V, x: V) -> V { _mm512_maskz_mov_epi32(_mm512_cmpgt_epi32_mask(a, b), x) }
		against(p: V, u: V, x: V) -> V {{
			let zero = _mm512_setzero_si512();
			let p = _mm512_mask_sub_epi32(p, _mm512_cmpgt_epi32_mask(u, zero), p, x);
			_mm512_mask_add_epi32(p, _mm512_cmplt_epi32_mask(u, zero), p, x)
		}}
		gate(h: V, a: V, b: V) -> (V, V) {{
			// Plus one, 0 and 2047 are the only ones of 0..=2047 without any of these bits.
			let more = _mm512_add_epi32(h, _mm512_set1_epi32(0x0001_0001));
			(
				_mm512_maskz_mov_epi32(_mm512_test_epi32_mask(more, _mm512_set1_epi32(MAX_ACT - 1)), a),
				_mm512_maskz_mov_epi32(_mm512_test_epi32_mask(more, _mm512_set1_epi32((MAX_ACT - 1) << 16)), b),
			)
		}}
		activate(a: V, b: V) -> V { zip(_mm512_min_epu16(_mm512_packus_epi32(a, b), _mm512_set1_epi16(MAX_ACT as i16))) }
		pack(a: V, b: V) -> V {{
			let limit = MAX_ACT as i16;
			_mm512_max_epi16(_mm512_min_epi16(_mm512_packs_epi32(a, b), _mm512_set1_epi16(limit)), _mm512_set1_epi16(-limit))
		}}
		zip(packed: V) -> V { zip(packed) }
		quads(ab: V, cd: V) -> [V; 2] {{
			// Lanes of `cd` count from 16. Of each quarter: two of a, two of b; two of c, two of d.
			let low = _mm512_setr_epi32(0, 2, 16, 18, 1, 3, 17, 19, 4, 6, 20, 22, 5, 7, 21, 23);
			let high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
			[_mm512_permutex2var_epi32(ab, low, cd), _mm512_permutex2var_epi32(ab, high, cd)]
		}}
		turn(v: [V; 8]) -> [V; 8] {{
			let mut v = v;
			for v in &mut v {
				*v = swap(*v);
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

impl Halves for Vnni {
	lanes! {
		narrow(a: V, b: V) -> V { _mm512_packs_epi32(a, b) }
		add16(a: V, b: V) -> V { _mm512_add_epi16(a, b) }
		adds16(a: V, b: V) -> V { _mm512_adds_epi16(a, b) }
		sub16(a: V, b: V) -> V { _mm512_sub_epi16(a, b) }
		mul16(a: V, b: V) -> V { _mm512_mulhrs_epi16(a, b) }
		shl16(a: V, bits: u32) -> V { _mm512_sll_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		shr16(a: V, bits: u32) -> V { _mm512_sra_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		min16(a: V, b: V) -> V { _mm512_min_epi16(a, b) }
		max16(a: V, b: V) -> V { _mm512_max_epi16(a, b) }
		abs16(a: V) -> V { _mm512_abs_epi16(a) }
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

impl Quarters for Vnni {
	lanes! {
		dot8(sum: V, a: V, b: V) -> V { dot8(sum, a, b) }
		unsigned(ab: V, cd: V) -> V { _mm512_packus_epi16(ab, cd) }
		signed(ab: V, cd: V) -> V { _mm512_packs_epi16(ab, cd) }
		join(ab: V, cd: V) -> V { zip(_mm512_packs_epi16(ab, cd)) }
		turn8(v: V) -> V {{
			let order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
			_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(order))
		}}
		turn_quarters(v: [V; 4]) -> [V; 4] {{
			let (low, low_odd) = (_mm512_shuffle_i32x4::<0b10_00_10_00>(v[0], v[1]), _mm512_shuffle_i32x4::<0b11_01_11_01>(v[0], v[1]));
			let (high, high_odd) = (_mm512_shuffle_i32x4::<0b10_00_10_00>(v[2], v[3]), _mm512_shuffle_i32x4::<0b11_01_11_01>(v[2], v[3]));
			[
				_mm512_shuffle_i32x4::<0b10_00_10_00>(low, high),
				_mm512_shuffle_i32x4::<0b10_00_10_00>(low_odd, high_odd),
				_mm512_shuffle_i32x4::<0b11_01_11_01>(low, high),
				_mm512_shuffle_i32x4::<0b11_01_11_01>(low_odd, high_odd),
			]
		}}
		gate8(h: V, v: V) -> V {{
			let open = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(h, _mm512_set1_epi8(1)), _mm512_set1_epi8(-2));
			_mm512_maskz_mov_epi8(open, v)
		}}
		offset(v: V) -> V { _mm512_xor_si512(v, _mm512_set1_epi8(i8::MIN)) }
		bits16(a: V, b: V, c: V) -> V { _mm512_ternarylogic_epi32::<0xfe>(a, _mm512_abs_epi16(b), _mm512_abs_epi16(c)) }
	}
}

/// The value of a table at |z|.
///
/// # Safety
/// The processor has AVX-512 BW.
#[inline(always)]
unsafe fn interpolate(table: &'static Table, z: V) -> V {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let at = _mm512_min_epu16(_mm512_abs_epi16(z), _mm512_set1_epi16(i16::MAX));
		let index = _mm512_srli_epi16::<8>(at);
		// The highest of seven bits chooses between two halves of a table.
		let upper = _mm512_test_epi16_mask(at, _mm512_set1_epi16(1 << 14));
		// A rounding product with 2^7 times the fraction shifts right by 8.
		let fraction = _mm512_and_si512(_mm512_slli_epi16::<7>(at), _mm512_set1_epi16(i16::MAX));
		_mm512_add_epi16(look(&table.values, index, upper), _mm512_mulhrs_epi16(look(&table.rises, index, upper), fraction))
	}
}

/// Entries of a table; `upper` tells which indices are 64 and more.
///
/// # Safety
/// The processor has AVX-512 BW.
#[inline(always)]
unsafe fn look(of: &'static [i16; 128], index: V, upper: __mmask32) -> V {
	// SAFETY: the caller vouches for the feature; an array is four vectors, aligned in its table.
	unsafe {
		let of = of.as_ptr().cast::<V>();
		let low = _mm512_permutex2var_epi16(_mm512_load_si512(of), index, _mm512_load_si512(of.add(1)));
		let high = _mm512_permutex2var_epi16(_mm512_load_si512(of.add(2)), index, _mm512_load_si512(of.add(3)));
		_mm512_mask_mov_epi16(low, upper, high)
	}
}

/// `_mm512_dpwssd_epi32`. LLVM takes the intrinsic apart into a product and a sum where it believes latency to matter, which halves the
/// speed of these kernels.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot(sum: V, a: V, b: V) -> V {
	let mut sum = sum;
	// SAFETY: the instruction reads and writes the registers named here and nothing else.
	unsafe {
		asm!("vpdpwssd {}, {}, {}", inout(zmm_reg) sum, in(zmm_reg) a, in(zmm_reg) b, options(pure, nomem, nostack, preserves_flags));
	}
	sum
}

/// `_mm512_dpbusd_epi32`, for the same reason.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot8(sum: V, a: V, b: V) -> V {
	let mut sum = sum;
	// SAFETY: the instruction reads and writes the registers named here and nothing else.
	unsafe {
		asm!("vpdpbusd {}, {}, {}", inout(zmm_reg) sum, in(zmm_reg) a, in(zmm_reg) b, options(pure, nomem, nostack, preserves_flags));
	}
	sum
}

/// Of each quarter: first values with fifth ones, second ones with sixth ones, and so on.
///
/// # Safety
/// The processor has AVX-512 BW.
#[inline(always)]
unsafe fn zip(packed: V) -> V {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
		_mm512_shuffle_epi8(packed, _mm512_broadcast_i32x4(order))
	}
}

/// Exchanges high half of each even lane and low half of the next one.
///
/// # Safety
/// The processor has AVX-512 BW.
#[inline(always)]
unsafe fn swap(v: V) -> V {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
		_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(order))
	}
}

/// Transposes eight vectors of eight 64-bit lanes.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn transpose_64(v: [V; 8]) -> [V; 8] {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let mut a = v;
		for i in 0..4 {
			a[2 * i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
			a[2 * i + 1] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
		}
		// Now quarters of two lanes: a[2i + j] has lanes (2q + j) of rows 2i and 2i + 1.
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
