//! Lanes of AVX2: two vectors, two instructions per 16 multiply-accumulates.

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
use std::arch::x86_64::*;

/// A processor with AVX2.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

static AVX2: Avx2 = Avx2(());

impl Avx2 {
	/// The back-end, if this processor has it.
	pub fn get() -> Option<&'static Self> {
		is_x86_feature_detected!("avx2").then_some(&AVX2)
	}
}

backend!(Avx2, "avx2", "avx2");

type H = __m256i;
type V = [H; 2];

/// Exchanges odd and even lanes.
const SWAP: i32 = 0b10_11_00_01;

/// Implements methods that treat both halves alike, by one expression of intrinsics for a half.
macro_rules! halves {
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

impl Lanes for Avx2 {
	type V = V;
	const WIDE: bool = false;

	halves! {
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
		above(a, b, x;) { _mm256_and_si256(_mm256_cmpgt_epi32(a, b), x) }
		against(p, u, x;) { _mm256_sub_epi32(p, _mm256_sign_epi32(x, u)) }
		activate(a, b;) { zip(_mm256_min_epu16(_mm256_packus_epi32(a, b), _mm256_set1_epi16(MAX_ACT as i16))) }
		pack(a, b;) {{
			let limit = MAX_ACT as i16;
			_mm256_max_epi16(_mm256_min_epi16(_mm256_packs_epi32(a, b), _mm256_set1_epi16(limit)), _mm256_set1_epi16(-limit))
		}}
		zip(packed;) { zip(packed) }
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
	fn read(self, from: &[i32; LANES]) -> V {
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
	fn gate(self, h: V, a: V, b: V) -> (V, V) {
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
	fn quads(self, ab: V, cd: V) -> [V; 2] {
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
	fn turn(self, v: [V; 8]) -> [V; 8] {
		let mut v = v;
		for v in v.as_flattened_mut() {
			// SAFETY: `self` exists only where the processor has the feature.
			*v = unsafe { swap(*v) };
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

impl Halves for Avx2 {
	halves! {
		narrow(a, b;) { _mm256_packs_epi32(a, b) }
		add16(a, b;) { _mm256_add_epi16(a, b) }
		adds16(a, b;) { _mm256_adds_epi16(a, b) }
		sub16(a, b;) { _mm256_sub_epi16(a, b) }
		mul16(a, b;) { _mm256_mulhrs_epi16(a, b) }
		shl16(a; bits: u32) { _mm256_sll_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		shr16(a; bits: u32) { _mm256_sra_epi16(a, _mm_cvtsi32_si128(bits as i32)) }
		min16(a, b;) { _mm256_min_epi16(a, b) }
		max16(a, b;) { _mm256_max_epi16(a, b) }
		abs16(a;) { _mm256_abs_epi16(a) }
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

impl Quarters for Avx2 {
	halves! {
		unsigned(ab, cd;) { _mm256_packus_epi16(ab, cd) }
		signed(ab, cd;) { _mm256_packs_epi16(ab, cd) }
		join(ab, cd;) { zip(_mm256_packs_epi16(ab, cd)) }
		turn8(v;) {{
			let order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
			_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(order))
		}}
		gate8(h, v;) {{
			let closed = _mm256_or_si256(_mm256_cmpeq_epi8(h, _mm256_setzero_si256()), _mm256_cmpeq_epi8(h, _mm256_set1_epi8(-1)));
			_mm256_andnot_si256(closed, v)
		}}
	}

	#[inline(always)]
	fn turn_quarters(self, v: [V; 4]) -> [V; 4] {
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

/// The value of a table at |z|.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn interpolate(table: &'static Table, z: H) -> H {
	// SAFETY: the caller vouches for the feature; indices are below 128.
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

/// Of each quarter: first values with fifth ones, second ones with sixth ones, and so on.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn zip(packed: H) -> H {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
		_mm256_shuffle_epi8(packed, _mm256_broadcastsi128_si256(order))
	}
}

/// Exchanges high half of each even lane and low half of the next one.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn swap(v: H) -> H {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let order = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
		_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(order))
	}
}

/// Transposes eight vectors of eight 64-bit lanes, four by four.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn transpose_64(v: [V; 8]) -> [V; 8] {
	let mut out = v;
	for row in 0..2 {
		for half in 0..2 {
			// SAFETY: the caller vouches for the feature.
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
