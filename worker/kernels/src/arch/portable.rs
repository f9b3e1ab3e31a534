//! Vectors of plain Rust, which compilers translate to the vector instructions of the target.

use crate::{
	layout::{Block, LANES},
	simd::{SimdI16, SimdI32, SimdI8},
	Operation,
};
use doin_scoring::{activation::multiply_q15, model::MAX_ACT};
use std::array::from_fn;

/// Witness of any processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable;

impl Portable {
	/// Runs `operation` in plain Rust.
	#[inline(never)]
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		operation.vectorized(self)
	}
}

/// Sixteen lanes.
type V = [i32; LANES];

/// Computes each lane from its number. A plain loop is vectorised by compilers; `std::array::from_fn` stays a call per lane.
#[inline(always)]
fn lanes(lane: impl Fn(usize) -> i32) -> V {
	let mut all = [0; LANES];
	for (i, to) in all.iter_mut().enumerate() {
		*to = lane(i);
	}
	all
}

/// Returns the two halves of a lane.
#[inline(always)]
fn halves(pair: i32) -> (i32, i32) {
	(i32::from(pair as i16), pair >> 16)
}

/// Returns the lane of two halves.
#[inline(always)]
fn pair(low: i32, high: i32) -> i32 {
	low & 0xffff | high << 16
}

impl SimdI32 for Portable {
	type V = V;
	const WIDE: bool = false;

	#[inline(always)]
	fn splat(self, value: i32) -> V {
		[value; LANES]
	}
	#[inline(always)]
	fn load(self, from: &Block) -> V {
		from.0
	}
	#[inline(always)]
	fn load_unaligned(self, from: &[i32; LANES]) -> V {
		*from
	}
	#[inline(always)]
	fn store(self, to: &mut Block, v: V) {
		to.0 = v;
	}
	#[inline(always)]
	fn dot(self, sum: V, a: V, b: V) -> V {
		lanes(|i| {
			let ((a0, a1), (b0, b1)) = (halves(a[i]), halves(b[i]));
			sum[i].wrapping_add(a0 * b0).wrapping_add(a1 * b1)
		})
	}
	#[inline(always)]
	fn add(self, a: V, b: V) -> V {
		lanes(|i| a[i].wrapping_add(b[i]))
	}
	#[inline(always)]
	fn sub(self, a: V, b: V) -> V {
		lanes(|i| a[i].wrapping_sub(b[i]))
	}
	#[inline(always)]
	fn mul(self, a: V, b: V) -> V {
		lanes(|i| a[i].wrapping_mul(b[i]))
	}
	#[inline(always)]
	fn or(self, a: V, b: V) -> V {
		lanes(|i| a[i] | b[i])
	}
	#[inline(always)]
	fn and(self, a: V, b: V) -> V {
		lanes(|i| a[i] & b[i])
	}
	#[inline(always)]
	fn abs(self, a: V) -> V {
		lanes(|i| a[i].wrapping_abs())
	}
	#[inline(always)]
	fn min(self, a: V, b: V) -> V {
		lanes(|i| a[i].min(b[i]))
	}
	#[inline(always)]
	fn max(self, a: V, b: V) -> V {
		lanes(|i| a[i].max(b[i]))
	}
	#[inline(always)]
	fn shr(self, a: V, bits: u32) -> V {
		lanes(|i| a[i] >> bits)
	}
	#[inline(always)]
	fn shl(self, a: V, bits: u32) -> V {
		lanes(|i| a[i] << bits)
	}
	#[inline(always)]
	fn select_gt(self, a: V, b: V, x: V) -> V {
		lanes(|i| if a[i] > b[i] { x[i] } else { 0 })
	}
	#[inline(always)]
	fn relu_mask(self, h: V, a: V, b: V) -> (V, V) {
		let open = |h: i32| h > 0 && h < MAX_ACT;
		(lanes(|i| if open(halves(h[i]).0) { a[i] } else { 0 }), lanes(|i| if open(halves(h[i]).1) { b[i] } else { 0 }))
	}
	#[inline(always)]
	fn pack_relu(self, a: V, b: V) -> V {
		lanes(|i| pair(a[i].clamp(0, MAX_ACT), b[i].clamp(0, MAX_ACT)))
	}
	#[inline(always)]
	fn pack_clamped(self, a: V, b: V) -> V {
		// Lane i holds values 2·(i mod 2) and the next one of its quarter: of a in the lower half of a quarter, of b in the
		// upper half.
		lanes(|i| {
			let from = if i % 4 < 2 { &a } else { &b };
			let at = i / 4 * 4 + i % 2 * 2;
			pair(from[at].clamp(-MAX_ACT, MAX_ACT), from[at + 1].clamp(-MAX_ACT, MAX_ACT))
		})
	}
	#[inline(always)]
	fn interleave(self, packed: V) -> V {
		lanes(|i| {
			let at = i / 4 * 4 + i % 4 / 2;
			let ((a0, a1), (b0, b1)) = (halves(packed[at]), halves(packed[at + 2]));
			if i % 2 == 0 {
				pair(a0, b0)
			} else {
				pair(a1, b1)
			}
		})
	}
	#[inline(always)]
	fn interleave_rows(self, ab: V, cd: V) -> [V; 2] {
		from_fn(|half| {
			lanes(|i| {
				let neighbours = half * 4 + i / 4;
				let from = if i % 4 < 2 { &ab } else { &cd };
				from[neighbours / 2 * 4 + i % 2 * 2 + neighbours % 2]
			})
		})
	}
	#[inline(always)]
	fn transpose_pairs(self, v: [V; 8]) -> [V; 8] {
		from_fn(|row| {
			lanes(|lane| {
				let from = v[lane / 2];
				let (low, high) = (halves(from[2 * row]), halves(from[2 * row + 1]));
				if lane % 2 == 0 {
					pair(low.0, high.0)
				} else {
					pair(low.1, high.1)
				}
			})
		})
	}
	#[inline(always)]
	fn transpose(self, v: [V; 16]) -> [V; 16] {
		from_fn(|row| lanes(|lane| v[lane][row]))
	}
}

/// Applies `f` to both halves of each lane.
#[inline(always)]
fn map_halves(a: V, b: V, f: impl Fn(i16, i16) -> i16) -> V {
	from_fn(|i| {
		let ((a0, a1), (b0, b1)) = (halves(a[i]), halves(b[i]));
		pair(f(a0 as i16, b0 as i16).into(), f(a1 as i16, b1 as i16).into())
	})
}

impl SimdI16 for Portable {
	#[inline(always)]
	fn pack_i16(self, a: V, b: V) -> V {
		from_fn(|i| {
			let from = if i % 4 < 2 { &a } else { &b };
			let at = i / 4 * 4 + i % 2 * 2;
			let clamp = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into());
			pair(clamp(from[at]), clamp(from[at + 1]))
		})
	}
	#[inline(always)]
	fn add_i16(self, a: V, b: V) -> V {
		map_halves(a, b, i16::wrapping_add)
	}
	#[inline(always)]
	fn add_saturating_i16(self, a: V, b: V) -> V {
		map_halves(a, b, i16::saturating_add)
	}
	#[inline(always)]
	fn sub_i16(self, a: V, b: V) -> V {
		map_halves(a, b, i16::wrapping_sub)
	}
	#[inline(always)]
	fn mul_q15(self, a: V, b: V) -> V {
		map_halves(a, b, multiply_q15)
	}
	#[inline(always)]
	fn shl_i16(self, a: V, bits: u32) -> V {
		map_halves(a, a, |a, _| a << bits)
	}
	#[inline(always)]
	fn shr_i16(self, a: V, bits: u32) -> V {
		map_halves(a, a, |a, _| a >> bits)
	}
	#[inline(always)]
	fn min_i16(self, a: V, b: V) -> V {
		map_halves(a, b, i16::min)
	}
	#[inline(always)]
	fn max_i16(self, a: V, b: V) -> V {
		map_halves(a, b, i16::max)
	}
	#[inline(always)]
	fn abs_i16(self, a: V) -> V {
		map_halves(a, a, |a, _| a.wrapping_abs())
	}
}

/// Returns the lane of four bytes.
#[inline(always)]
fn four_bytes(bytes: impl Fn(usize) -> u8) -> i32 {
	i32::from_le_bytes([bytes(0), bytes(1), bytes(2), bytes(3)])
}

/// Returns value `at` of a quarter of packed halves whose lanes begin at lane `quarter`.
#[inline(always)]
fn half(v: &V, quarter: usize, at: usize) -> i32 {
	let (low, high) = halves(v[quarter + at / 2]);
	if at.is_multiple_of(2) {
		low
	} else {
		high
	}
}

/// Packs the bytes that `byte` computes from halves.
#[inline(always)]
fn packed(ab: &V, cd: &V, byte: impl Fn(i32) -> u8) -> V {
	lanes(|i| {
		let from = if i % 4 < 2 { ab } else { cd };
		four_bytes(|at| byte(half(from, i / 4 * 4, i % 2 * 4 + at)))
	})
}

/// Clamps a value to a signed byte.
#[inline(always)]
fn signed_byte(value: i32) -> u8 {
	value.clamp(i8::MIN.into(), i8::MAX.into()) as u8
}

impl SimdI8 for Portable {
	#[inline(always)]
	fn pack_u8(self, ab: V, cd: V) -> V {
		packed(&ab, &cd, |value| value.clamp(0, u8::MAX.into()) as u8)
	}
	#[inline(always)]
	fn pack_i8(self, ab: V, cd: V) -> V {
		packed(&ab, &cd, signed_byte)
	}
	#[inline(always)]
	fn join_pairs_i8(self, ab: V, cd: V) -> V {
		lanes(|i| {
			let (a, b) = halves(ab[i]);
			let (c, d) = halves(cd[i]);
			i32::from_le_bytes([a, b, c, d].map(signed_byte))
		})
	}
	#[inline(always)]
	fn transpose_bytes(self, v: V) -> V {
		lanes(|i| four_bytes(|at| (v[i / 4 * 4 + at] >> (8 * (i % 4))) as u8))
	}
	#[inline(always)]
	fn transpose_quarters(self, v: [V; 4]) -> [V; 4] {
		from_fn(|quarter| lanes(|i| v[i / 4][quarter * 4 + i % 4]))
	}
	#[inline(always)]
	fn relu_mask_u8(self, h: V, v: V) -> V {
		let open = |h: u8| u8::from((1..u8::MAX).contains(&h)) * u8::MAX;
		lanes(|i| v[i] & i32::from_le_bytes(h[i].to_le_bytes().map(open)))
	}
}
