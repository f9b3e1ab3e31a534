//! Lanes of NEON: four vectors, two instructions per 8 multiply-accumulates.

use super::{
	backend,
	byte_layout::{BytePanels, ByteQuads, ByteTiles, ByteWeights},
	gates::{Shape, Trace},
	halves::Halves,
	kernels,
	lanes::Lanes,
	layout::{Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, LANES, ROWS, TILE},
	quarters::Quarters,
	steps::Taps,
	Backend,
};
use doin_scoring::model::MAX_ACT;
use std::{arch::aarch64::*, array::from_fn};

/// A processor with NEON: any one that this code is compiled for.
#[derive(Clone, Copy, Debug)]
pub struct Neon;

backend!(Neon, "neon");

type Q = int32x4_t;
type V = [Q; 4];

/// Implements methods that treat all quarters alike, by one expression of intrinsics for a quarter.
macro_rules! quarters {
	($($method:ident($($argument:ident),*; $($other:ident: $type:ty),*) { $body:expr })*) => {
		$(
			#[inline(always)]
			fn $method(self, $($argument: V,)* $($other: $type),*) -> V {
				from_fn(|i| {
					$(let $argument = $argument[i];)*
					// SAFETY: what this code is compiled for has NEON.
					unsafe { $body }
				})
			}
		)*
	};
}

/// Eight halves of a vector.
#[inline(always)]
fn eight(v: Q) -> int16x8_t {
	// SAFETY: what this code is compiled for has NEON.
	unsafe { vreinterpretq_s16_s32(v) }
}

/// The vector of eight halves.
#[inline(always)]
fn four(v: int16x8_t) -> Q {
	// SAFETY: what this code is compiled for has NEON.
	unsafe { vreinterpretq_s32_s16(v) }
}

impl Halves for Neon {
	quarters! {
		narrow(a, b;) { four(vqmovn_high_s32(vqmovn_s32(a), b)) }
		add16(a, b;) { four(vaddq_s16(eight(a), eight(b))) }
		adds16(a, b;) { four(vqaddq_s16(eight(a), eight(b))) }
		sub16(a, b;) { four(vsubq_s16(eight(a), eight(b))) }
		mul16(a, b;) { four(vqrdmulhq_s16(eight(a), eight(b))) }
		shl16(a; bits: u32) { four(vshlq_s16(eight(a), vdupq_n_s16(bits as i16))) }
		shr16(a; bits: u32) { four(vshlq_s16(eight(a), vdupq_n_s16(-(bits as i16)))) }
		min16(a, b;) { four(vminq_s16(eight(a), eight(b))) }
		max16(a, b;) { four(vmaxq_s16(eight(a), eight(b))) }
		abs16(a;) { four(vabsq_s16(eight(a))) }
	}
}

/// Sixteen bytes of a vector.
#[inline(always)]
fn sixteen(v: Q) -> uint8x16_t {
	// SAFETY: what this code is compiled for has NEON.
	unsafe { vreinterpretq_u8_s32(v) }
}

/// The vector of sixteen bytes, each the one of `v` that `order` names.
#[inline(always)]
fn shuffled(v: uint8x16_t, order: [u8; 16]) -> Q {
	// SAFETY: what this code is compiled for has NEON; an array has sixteen bytes.
	unsafe { vreinterpretq_s32_u8(vqtbl1q_u8(v, vld1q_u8(order.as_ptr()))) }
}

/// Packed halves of a and b, each clamped to a signed byte.
#[inline(always)]
fn packed(a: Q, b: Q) -> uint8x16_t {
	// SAFETY: what this code is compiled for has NEON.
	unsafe { vreinterpretq_u8_s8(vqmovn_high_s16(vqmovn_s16(eight(a)), eight(b))) }
}

impl Quarters for Neon {
	quarters! {
		unsigned(ab, cd;) { vreinterpretq_s32_u8(vqmovun_high_s16(vqmovun_s16(eight(ab)), eight(cd))) }
		signed(ab, cd;) { vreinterpretq_s32_u8(packed(ab, cd)) }
		join(ab, cd;) { shuffled(packed(ab, cd), [0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15]) }
		turn8(v;) { shuffled(sixteen(v), [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]) }
		gate8(h, v;) {{
			let closed = vorrq_u8(vceqzq_u8(sixteen(h)), vceqq_u8(sixteen(h), vdupq_n_u8(u8::MAX)));
			vreinterpretq_s32_u8(vbicq_u8(sixteen(v), closed))
		}}
	}

	#[inline(always)]
	fn turn_quarters(self, v: [V; 4]) -> [V; 4] {
		from_fn(|quarter| from_fn(|vector| v[vector][quarter]))
	}
}

impl Lanes for Neon {
	type V = V;
	const WIDE: bool = false;

	quarters! {
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
		above(a, b, x;) { vandq_s32(vreinterpretq_s32_u32(vcgtq_s32(a, b)), x) }
		activate(a, b;) {{
			let both = vzip1q_u16(vcombine_u16(vqmovun_s32(a), vdup_n_u16(0)), vcombine_u16(vqmovun_s32(b), vdup_n_u16(0)));
			vreinterpretq_s32_u16(vminq_u16(both, vdupq_n_u16(MAX_ACT as u16)))
		}}
		pack(a, b;) {{
			let limit = MAX_ACT as i16;
			let both = vqmovn_high_s32(vqmovn_s32(a), b);
			vreinterpretq_s32_s16(vmaxq_s16(vminq_s16(both, vdupq_n_s16(limit)), vdupq_n_s16(-limit)))
		}}
		zip(packed;) {{
			let packed = vreinterpretq_s16_s32(packed);
			vreinterpretq_s32_s16(vzip1q_s16(packed, vextq_s16::<4>(packed, packed)))
		}}
		dot(sum, a, b;) {{
			let (a, b) = (vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
			vaddq_s32(sum, vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b)))
		}}
	}

	#[inline(always)]
	fn row(self, sum: V, a: V, w: &[i32; ROWS], row: usize) -> V {
		match row {
			0 => add_row::<0, 1>(sum, a, w),
			1 => add_row::<2, 3>(sum, a, w),
			2 => add_row::<4, 5>(sum, a, w),
			_ => add_row::<6, 7>(sum, a, w),
		}
	}

	#[inline(always)]
	fn splat(self, value: i32) -> V {
		// SAFETY: what this code is compiled for has NEON.
		unsafe { [vdupq_n_s32(value); 4] }
	}

	#[inline(always)]
	fn load(self, from: &Block) -> V {
		self.read(&from.0)
	}

	#[inline(always)]
	fn read(self, from: &[i32; LANES]) -> V {
		// SAFETY: what this code is compiled for has NEON; sixteen lanes are four vectors.
		from_fn(|i| unsafe { vld1q_s32(from.as_ptr().add(4 * i)) })
	}

	#[inline(always)]
	fn store(self, to: &mut Block, v: V) {
		for (to, v) in to.0.as_chunks_mut::<4>().0.iter_mut().zip(v) {
			// SAFETY: what this code is compiled for has NEON; four lanes are a vector.
			unsafe { vst1q_s32(to.as_mut_ptr(), v) }
		}
	}

	#[inline(always)]
	fn gate(self, h: V, a: V, b: V) -> (V, V) {
		// SAFETY: what this code is compiled for has NEON.
		let open = |h: Q, bits: i32| unsafe {
			// Plus one, 0 and 2047 are the only ones of 0..=2047 without any of these bits.
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
	fn quads(self, ab: V, cd: V) -> [V; 2] {
		from_fn(|half| {
			from_fn(|i| {
				let from = 2 * half + i / 2;
				// SAFETY: what this code is compiled for has NEON.
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
	fn turn(self, v: [V; 8]) -> [V; 8] {
		let mut out = v;
		for quarter in 0..4 {
			for i in 0..4 {
				// SAFETY: what this code is compiled for has NEON.
				unsafe {
					let (a, b) = (swap(v[2 * i][quarter]), swap(v[2 * i + 1][quarter]));
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
				// SAFETY: what this code is compiled for has NEON.
				let columns = unsafe { transpose_4(rows) };
				for i in 0..4 {
					out[4 * to + i][from] = columns[i];
				}
			}
		}
		out
	}
}

/// `sum + a.low · w.low + a.high · w.high`, with the pair of `w` whose halves are the 16-bit lanes `LOW` and `HIGH`.
///
/// Products take a factor from a lane of a register, so none of `w` is copied; and as all low halves of `a` stand side by side, then all high
/// ones, the products of a pair fall into one lane. That order of `a` is worked out once for the four rows it is multiplied with.
#[inline(always)]
fn add_row<const LOW: i32, const HIGH: i32>(sum: V, a: V, w: &[i32; ROWS]) -> V {
	let mut sum = sum;
	for half in 0..2 {
		// SAFETY: what this code is compiled for has NEON; `w` is a vector.
		unsafe {
			let w = vreinterpretq_s16_s32(vld1q_s32(w.as_ptr()));
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

/// Exchanges high half of each even lane and low half of the next one.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn swap(v: Q) -> int64x2_t {
	const ORDER: [u8; 16] = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];
	// SAFETY: the caller vouches for the feature; the order is a vector.
	unsafe { vreinterpretq_s64_u8(vqtbl1q_u8(vreinterpretq_u8_s32(v), vld1q_u8(ORDER.as_ptr()))) }
}

/// Transposes four vectors.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn transpose_4(v: [Q; 4]) -> [Q; 4] {
	// SAFETY: the caller vouches for the feature.
	unsafe {
		let wide = |v: Q| vreinterpretq_s64_s32(v);
		let narrow = |v: int64x2_t| vreinterpretq_s32_s64(v);
		let (ab0, ab1) = (wide(vtrn1q_s32(v[0], v[1])), wide(vtrn2q_s32(v[0], v[1])));
		let (cd0, cd1) = (wide(vtrn1q_s32(v[2], v[3])), wide(vtrn2q_s32(v[2], v[3])));
		[narrow(vtrn1q_s64(ab0, cd0)), narrow(vtrn1q_s64(ab1, cd1)), narrow(vtrn2q_s64(ab0, cd0)), narrow(vtrn2q_s64(ab1, cd1))]
	}
}
