//! NEON: a vector is four registers, and 8 multiply-accumulates take two instructions.

use crate::{
	layout::{Block, LANES, OFFSET, ROWS},
	simd::{SimdI16, SimdI32, SimdI8},
	Operation,
};
use doin_scoring::model::MAX_ACT;
use std::{arch::aarch64::*, array::from_fn};

/// Witness of a processor with NEON: every processor that this module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neon;

impl Neon {
	/// Runs `operation` compiled for NEON, which every 64-bit ARM target enables.
	#[inline(never)]
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		operation.vectorized(self)
	}
}

/// One register.
pub(super) type Q = int32x4_t;
/// Sixteen lanes.
pub(super) type V = [Q; 4];

/// Implements methods that treat all four registers of a vector alike.
///
/// Each entry is `name(vectors; other arguments) { expression }`: the expression computes one register from the registers of the
/// vectors, which have the names of the vectors.
///
/// Safety contract: the expression runs inside `unsafe` and may rely on NEON alone. It must not access memory.
macro_rules! each_register {
	($($method:ident($($argument:ident),*; $($other:ident: $type:ty),*) { $body:expr })*) => {
		$(
			#[inline(always)]
			fn $method(self, $($argument: V,)* $($other: $type),*) -> V {
				from_fn(|i| {
					$(let $argument = $argument[i];)*
					// SAFETY: every target of this module has NEON.
					unsafe { $body }
				})
			}
		)*
	};
}

/// Returns the eight halves of a register.
#[inline(always)]
fn eight(v: Q) -> int16x8_t {
	// SAFETY: every target of this module has NEON.
	unsafe { vreinterpretq_s16_s32(v) }
}

/// Returns the register of eight halves.
#[inline(always)]
fn four(v: int16x8_t) -> Q {
	// SAFETY: every target of this module has NEON.
	unsafe { vreinterpretq_s32_s16(v) }
}

impl SimdI16 for Neon {
	each_register! {
		pack_i16(a, b;) { four(vqmovn_high_s32(vqmovn_s32(a), b)) }
		add_i16(a, b;) { four(vaddq_s16(eight(a), eight(b))) }
		add_saturating_i16(a, b;) { four(vqaddq_s16(eight(a), eight(b))) }
		sub_i16(a, b;) { four(vsubq_s16(eight(a), eight(b))) }
		mul_q15(a, b;) { four(vqrdmulhq_s16(eight(a), eight(b))) }
		shl_i16(a; bits: u32) { four(vshlq_s16(eight(a), vdupq_n_s16(bits as i16))) }
		shr_i16(a; bits: u32) { four(vshlq_s16(eight(a), vdupq_n_s16(-(bits as i16)))) }
		min_i16(a, b;) { four(vminq_s16(eight(a), eight(b))) }
		max_i16(a, b;) { four(vmaxq_s16(eight(a), eight(b))) }
		abs_i16(a;) { four(vabsq_s16(eight(a))) }
	}
}

/// Returns the sixteen bytes of a register.
#[inline(always)]
fn sixteen(v: Q) -> uint8x16_t {
	// SAFETY: every target of this module has NEON.
	unsafe { vreinterpretq_u8_s32(v) }
}

/// Returns the bytes of `v` in the order `order`.
#[inline(always)]
fn shuffled(v: uint8x16_t, order: [u8; 16]) -> Q {
	// SAFETY: every target of this module has NEON; an array has sixteen bytes.
	unsafe { vreinterpretq_s32_u8(vqtbl1q_u8(v, vld1q_u8(order.as_ptr()))) }
}

/// Packs the halves of a and b, each clamped to a signed byte.
#[inline(always)]
fn packed(a: Q, b: Q) -> uint8x16_t {
	// SAFETY: every target of this module has NEON.
	unsafe { vreinterpretq_u8_s8(vqmovn_high_s16(vqmovn_s16(eight(a)), eight(b))) }
}

impl SimdI8 for Neon {
	each_register! {
		pack_u8(ab, cd;) { vreinterpretq_s32_u8(vqmovun_high_s16(vqmovun_s16(eight(ab)), eight(cd))) }
		pack_i8(ab, cd;) { vreinterpretq_s32_u8(packed(ab, cd)) }
		join_pairs_i8(ab, cd;) { shuffled(packed(ab, cd), [0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15]) }
		transpose_bytes(v;) { shuffled(sixteen(v), [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]) }
		relu_mask_u8(h, v;) {{
			let closed = vorrq_u8(vceqzq_u8(sixteen(h)), vceqq_u8(sixteen(h), vdupq_n_u8(u8::MAX)));
			vreinterpretq_s32_u8(vbicq_u8(sixteen(v), closed))
		}}
		add_offset(v;) { vreinterpretq_s32_u8(veorq_u8(sixteen(v), vdupq_n_u8(OFFSET as u8))) }
	}

	/// Computes two dot products of 16 bits, of the even bytes and of the odd bytes, as [`SimdI32::dot_broadcast`] does. Bytes of `a`
	/// are widened once for the four rows that they are multiplied with.
	#[inline(always)]
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: V, a: V, w: &[i32; ROWS]) -> V {
		let low = self.splat(0x00ff_00ff);
		let (even, odd) = (self.and(a, low), self.and(self.shr_i16(a, 8), low));
		// SAFETY: every target of this module has NEON; `w` is a register.
		let (w_even, w_odd) = unsafe {
			let w = vreinterpretq_s16_s32(vld1q_s32(w.as_ptr()));
			(vshrq_n_s16::<8>(vshlq_n_s16::<8>(w)), vshrq_n_s16::<8>(w))
		};
		add_row_products::<ROW>(add_row_products::<ROW>(sum, even, w_even), odd, w_odd)
	}

	#[inline(always)]
	fn transpose_quarters(self, v: [V; 4]) -> [V; 4] {
		from_fn(|quarter| from_fn(|vector| v[vector][quarter]))
	}
}

impl SimdI32 for Neon {
	type V = V;
	const WIDE: bool = false;

	each_register! {
		add(a, b;) { vaddq_s32(a, b) }
		sub(a, b;) { vsubq_s32(a, b) }
		mul(a, b;) { vmulq_s32(a, b) }
		or(a, b;) { vorrq_s32(a, b) }
		and(a, b;) { vandq_s32(a, b) }
		abs(a;) { vabsq_s32(a) }
		min(a, b;) { vminq_s32(a, b) }
		max(a, b;) { vmaxq_s32(a, b) }
		shr(a; bits: u32) { vshlq_s32(a, vdupq_n_s32(-(bits as i32))) }
		shl(a; bits: u32) { vshlq_s32(a, vdupq_n_s32(bits as i32)) }
		select_gt(a, b, x;) { vandq_s32(vreinterpretq_s32_u32(vcgtq_s32(a, b)), x) }
		pack_relu(a, b;) {{
			let both = vzip1q_u16(vcombine_u16(vqmovun_s32(a), vdup_n_u16(0)), vcombine_u16(vqmovun_s32(b), vdup_n_u16(0)));
			vreinterpretq_s32_u16(vminq_u16(both, vdupq_n_u16(MAX_ACT as u16)))
		}}
		pack_clamped(a, b;) {{
			let limit = MAX_ACT as i16;
			let both = vqmovn_high_s32(vqmovn_s32(a), b);
			vreinterpretq_s32_s16(vmaxq_s16(vminq_s16(both, vdupq_n_s16(limit)), vdupq_n_s16(-limit)))
		}}
		interleave(packed;) {{
			let packed = vreinterpretq_s16_s32(packed);
			vreinterpretq_s32_s16(vzip1q_s16(packed, vextq_s16::<4>(packed, packed)))
		}}
		dot(sum, a, b;) {{
			let (a, b) = (vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
			vaddq_s32(sum, vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b)))
		}}
	}

	#[inline(always)]
	fn dot_broadcast<const ROW: usize>(self, sum: V, a: V, w: &[i32; ROWS]) -> V {
		// SAFETY: every target of this module has NEON; `w` is a register.
		add_row_products::<ROW>(sum, a, unsafe { vreinterpretq_s16_s32(vld1q_s32(w.as_ptr())) })
	}

	#[inline(always)]
	fn splat(self, value: i32) -> V {
		// SAFETY: every target of this module has NEON.
		unsafe { [vdupq_n_s32(value); 4] }
	}

	#[inline(always)]
	fn load(self, from: &Block) -> V {
		self.load_unaligned(&from.0)
	}

	#[inline(always)]
	fn load_unaligned(self, from: &[i32; LANES]) -> V {
		// SAFETY: every target of this module has NEON; sixteen lanes are four vectors.
		from_fn(|i| unsafe { vld1q_s32(from.as_ptr().add(4 * i)) })
	}

	#[inline(always)]
	fn store(self, to: &mut Block, v: V) {
		for (to, v) in to.0.as_chunks_mut::<4>().0.iter_mut().zip(v) {
			// SAFETY: every target of this module has NEON; four lanes are a vector.
			unsafe { vst1q_s32(to.as_mut_ptr(), v) }
		}
	}

	#[inline(always)]
	fn relu_mask(self, h: V, a: V, b: V) -> (V, V) {
		// SAFETY: every target of this module has NEON.
		let open = |h: Q, bits: i32| unsafe {
			// Of 0..=2047, only 0 and 2047 have none of these bits after 1 is added.
			vreinterpretq_s32_u32(vtstq_s32(vaddq_s32(h, vdupq_n_s32(0x0001_0001)), vdupq_n_s32(bits)))
		};
		(
			// SAFETY: as above.
			from_fn(|i| unsafe { vandq_s32(open(h[i], MAX_ACT - 1), a[i]) }),
			// SAFETY: as above.
			from_fn(|i| unsafe { vandq_s32(open(h[i], (MAX_ACT - 1) << 16), b[i]) }),
		)
	}

	#[inline(always)]
	fn interleave_rows(self, ab: V, cd: V) -> [V; 2] {
		from_fn(|half| {
			from_fn(|i| {
				let from = 2 * half + i / 2;
				// SAFETY: every target of this module has NEON.
				unsafe {
					if i % 2 == 0 {
						vuzp1q_s32(ab[from], cd[from])
					} else {
						vuzp2q_s32(ab[from], cd[from])
					}
				}
			})
		})
	}

	#[inline(always)]
	fn transpose_pairs(self, v: [V; 8]) -> [V; 8] {
		let mut out = v;
		for quarter in 0..4 {
			for i in 0..4 {
				// SAFETY: every target of this module has NEON.
				unsafe {
					let (a, b) = (exchange_halves(v[2 * i][quarter]), exchange_halves(v[2 * i + 1][quarter]));
					out[2 * quarter][i] = vreinterpretq_s32_s64(vtrn1q_s64(a, b));
					out[2 * quarter + 1][i] = vreinterpretq_s32_s64(vtrn2q_s64(a, b));
				}
			}
		}
		out
	}

	#[inline(always)]
	fn transpose(self, v: [V; 16]) -> [V; 16] {
		let mut out = v;
		for to in 0..4 {
			for from in 0..4 {
				let rows: [Q; 4] = from_fn(|i| v[4 * from + i][to]);
				// SAFETY: every target of this module has NEON.
				let columns = unsafe { transpose_4(rows) };
				for i in 0..4 {
					out[4 * to + i][from] = columns[i];
				}
			}
		}
		out
	}
}

/// Computes `sum + a.low · w.low + a.high · w.high` with pair `ROW` of `w`.
#[inline(always)]
fn add_row_products<const ROW: usize>(sum: V, a: V, w: int16x8_t) -> V {
	match ROW {
		0 => add_pair_products::<0, 1>(sum, a, w),
		1 => add_pair_products::<2, 3>(sum, a, w),
		2 => add_pair_products::<4, 5>(sum, a, w),
		_ => add_pair_products::<6, 7>(sum, a, w),
	}
}

/// Computes `sum + a.low · w.low + a.high · w.high` with the pair of `w` whose halves are the 16-bit lanes `LOW` and `HIGH`.
///
/// The instruction takes one factor from a lane of a register, so no lane of `w` is copied. All low halves of `a` come first,
/// then all high halves, so both products of a pair are added to one lane. That order of `a` is computed once for the four rows
/// that it is multiplied with.
#[inline(always)]
fn add_pair_products<const LOW: i32, const HIGH: i32>(sum: V, a: V, w: int16x8_t) -> V {
	let mut sum = sum;
	for half in 0..2 {
		// SAFETY: every target of this module has NEON.
		unsafe {
			let (a, b) = (vreinterpretq_s16_s32(a[2 * half]), vreinterpretq_s16_s32(a[2 * half + 1]));
			let (low, high) = (vuzp1q_s16(a, b), vuzp2q_s16(a, b));
			let [first, second] = &mut sum.as_chunks_mut::<2>().0[half];
			*first = vmlal_laneq_s16::<LOW>(*first, vget_low_s16(low), w);
			*first = vmlal_laneq_s16::<HIGH>(*first, vget_low_s16(high), w);
			*second = vmlal_high_laneq_s16::<LOW>(*second, low, w);
			*second = vmlal_high_laneq_s16::<HIGH>(*second, high, w);
		}
	}
	sum
}

/// Exchanges the high half of each even lane and the low half of the next lane.
///
/// # Safety
/// The processor must have NEON.
#[inline(always)]
unsafe fn exchange_halves(v: Q) -> int64x2_t {
	const ORDER: [u8; 16] = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];
	// SAFETY: the caller guarantees the feature; the order is a vector.
	unsafe { vreinterpretq_s64_u8(vqtbl1q_u8(vreinterpretq_u8_s32(v), vld1q_u8(ORDER.as_ptr()))) }
}

/// Transposes four vectors.
///
/// # Safety
/// The processor must have NEON.
#[inline(always)]
unsafe fn transpose_4(v: [Q; 4]) -> [Q; 4] {
	// SAFETY: the caller guarantees the feature.
	unsafe {
		let wide = |v: Q| vreinterpretq_s64_s32(v);
		let narrow = |v: int64x2_t| vreinterpretq_s32_s64(v);
		let (ab0, ab1) = (wide(vtrn1q_s32(v[0], v[1])), wide(vtrn2q_s32(v[0], v[1])));
		let (cd0, cd1) = (wide(vtrn1q_s32(v[2], v[3])), wide(vtrn2q_s32(v[2], v[3])));
		[narrow(vtrn1q_s64(ab0, cd0)), narrow(vtrn1q_s64(ab1, cd1)), narrow(vtrn2q_s64(ab0, cd0)), narrow(vtrn2q_s64(ab1, cd1))]
	}
}
