//! AVX2: a vector is two registers, and 16 multiply-accumulates take two instructions.

use super::Table;
use crate::{
	layout::{Block, LANES},
	simd::{SimdI16, SimdI32, SimdI8},
	Operation,
};
use doin_scoring::{activation, model::MAX_ACT};
use std::arch::{asm, x86_64::*};

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
		dot(sum, a, b;) { dot(sum, a, b) }
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
				// Of 0..=2047, only 0 and 2047 have none of these bits after 1 is added. A sign of zero makes zero.
				let more = _mm256_add_epi32(h[i], _mm256_set1_epi32(0x0001_0001));
				low[i] = _mm256_sign_epi32(a[i], _mm256_and_si256(more, _mm256_set1_epi32(MAX_ACT - 1)));
				high[i] = _mm256_sign_epi32(b[i], _mm256_and_si256(more, _mm256_set1_epi32((MAX_ACT - 1) << 16)));
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
	}

	#[inline(always)]
	fn sigmoid(self, z: V) -> V {
		// SAFETY: `self` exists only where the processor has the feature.
		unsafe {
			let mut value = interpolate(&SIGMOID_BYTES, z);
			for i in 0..2 {
				let mirrored = _mm256_sub_epi16(_mm256_set1_epi16(i16::MIN), value[i]);
				value[i] = _mm256_blendv_epi8(value[i], mirrored, _mm256_srai_epi16::<15>(z[i]));
			}
			value
		}
	}

	#[inline(always)]
	fn tanh(self, z: V) -> V {
		// SAFETY: `self` exists only where the processor has the feature.
		unsafe {
			let mut value = interpolate(&TANH_BYTES, z);
			for i in 0..2 {
				let mirrored = _mm256_sub_epi16(_mm256_setzero_si256(), value[i]);
				value[i] = _mm256_blendv_epi8(value[i], mirrored, _mm256_srai_epi16::<15>(z[i]));
			}
			value
		}
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
		for (half, out) in out.iter_mut().enumerate() {
			// SAFETY: `self` exists only where the processor has the feature.
			unsafe {
				let mut short = _mm256_setzero_si256();
				for k in 0..K {
					let products = _mm256_maddubs_epi16(a[k][half], b[k][half]);
					short = if k == 0 { products } else { _mm256_add_epi16(short, products) };
				}
				*out = _mm256_add_epi32(*out, _mm256_madd_epi16(short, _mm256_set1_epi16(1)));
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

/// Computes `sum` plus `_mm256_madd_epi16` by two instructions. LLVM adds products of several terms to each other before it adds
/// them to sums, for which a tile of registers has no room.
#[inline]
#[target_feature(enable = "avx2")]
fn dot(sum: H, a: H, b: H) -> H {
	let mut sum = sum;
	// SAFETY: the instructions read and write the registers named here and nothing else.
	unsafe {
		asm!(
			"vpmaddwd {products}, {a}, {b}",
			"vpaddd {sum}, {sum}, {products}",
			products = out(ymm_reg) _,
			sum = inout(ymm_reg) sum,
			a = in(ymm_reg) a,
			b = in(ymm_reg) b,
			options(pure, nomem, nostack, preserves_flags)
		);
	}
	sum
}

/// Entries of a table whose rise exceeds a byte, at most.
const STEEP: usize = 32;

/// Bytes of a table, sixteen entries a vector.
#[repr(C, align(64))]
struct TableBytes {
	/// Low and high bytes of the values, low bytes of the rises.
	bytes: [[[u8; 16]; 8]; 3],
	/// High bytes of the rises; zero from entry [`STEEP`] on.
	steep: [[u8; 16]; STEEP / 16],
}

impl TableBytes {
	const fn new(table: &Table) -> Self {
		let mut all = Self { bytes: [[[0; 16]; 8]; 3], steep: [[0; 16]; STEEP / 16] };
		let mut at = 0;
		while at < 128 {
			let (value, rise) = (table.values[at].to_le_bytes(), table.rises[at].to_le_bytes());
			all.bytes[0][at / 16][at % 16] = value[0];
			all.bytes[1][at / 16][at % 16] = value[1];
			all.bytes[2][at / 16][at % 16] = rise[0];
			if at < STEEP {
				all.steep[at / 16][at % 16] = rise[1];
			} else {
				assert!(rise[1] == 0, "the table rises by less than 256 from entry 32 on");
			}
			at += 1;
		}
		all
	}
}

static SIGMOID_BYTES: TableBytes = TableBytes::new(&Table::new(&activation::SIGMOID));
static TANH_BYTES: TableBytes = TableBytes::new(&Table::new(&activation::TANH));

/// Returns the values of a table at |z|, by linear interpolation.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn interpolate(table: &'static TableBytes, z: V) -> V {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let mut at = z;
		for i in 0..2 {
			at[i] = _mm256_min_epu16(_mm256_abs_epi16(z[i]), _mm256_set1_epi16(i16::MAX));
		}
		// Seven bits for each half, as bytes. The highest bits of the bytes of three vectors are their bits 4, 5 and 6.
		let index = _mm256_packus_epi16(_mm256_srli_epi16::<8>(at[0]), _mm256_srli_epi16::<8>(at[1]));
		let upper = [_mm256_slli_epi16::<3>(index), _mm256_slli_epi16::<2>(index), _mm256_slli_epi16::<1>(index)];
		let (low, high) = (look_up(&table.bytes[0], index, upper), look_up(&table.bytes[1], index, upper));
		let rise_low = look_up(&table.bytes[2], index, upper);
		// The highest bit, which is set from entry 32 on, makes a byte of zero.
		let steep = _mm256_add_epi8(index, _mm256_set1_epi8((128 - STEEP) as i8));
		let rise_high = _mm256_blendv_epi8(sixteen(&table.steep[0], steep), sixteen(&table.steep[1], steep), upper[0]);
		let values = [_mm256_unpacklo_epi8(low, high), _mm256_unpackhi_epi8(low, high)];
		let rises = [_mm256_unpacklo_epi8(rise_low, rise_high), _mm256_unpackhi_epi8(rise_low, rise_high)];
		for i in 0..2 {
			// A rounding product with 2^7 times the fraction shifts right by 8.
			let fraction = _mm256_and_si256(_mm256_slli_epi16::<7>(at[i]), _mm256_set1_epi16(i16::MAX));
			at[i] = _mm256_add_epi16(values[i], _mm256_mulhrs_epi16(rises[i], fraction));
		}
		at
	}
}

/// Returns bytes of a table; `upper` has bits 4, 5 and 6 of the indices, each as the highest bits of the bytes of a vector.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn look_up(of: &'static [[u8; 16]; 8], index: H, upper: [H; 3]) -> H {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		_mm256_blendv_epi8(
			look_up_64([&of[0], &of[1], &of[2], &of[3]], index, upper),
			look_up_64([&of[4], &of[5], &of[6], &of[7]], index, upper),
			upper[2],
		)
	}
}

/// Returns bytes of half a table.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn look_up_64(of: [&'static [u8; 16]; 4], index: H, upper: [H; 3]) -> H {
	let mut bytes = [index; 4];
	// SAFETY: the caller guarantees the feature.
	unsafe {
		for i in 0..4 {
			bytes[i] = sixteen(of[i], index);
		}
		let low = _mm256_blendv_epi8(bytes[0], bytes[1], upper[0]);
		_mm256_blendv_epi8(low, _mm256_blendv_epi8(bytes[2], bytes[3], upper[0]), upper[1])
	}
}

/// Returns bytes of sixteen entries: for each index its four low bits choose one, and its highest bit zero.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn sixteen(of: &'static [u8; 16], index: H) -> H {
	// SAFETY: the caller guarantees the feature; sixteen bytes are half a vector.
	unsafe { _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(of.as_ptr().cast())), index) }
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
