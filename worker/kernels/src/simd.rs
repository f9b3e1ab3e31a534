//! Vector operations of a processor: the traits that kernels are written over.
//!
//! A vector is one [`Block`] of 512 bits, whatever registers a processor has: one register of AVX-512, two of AVX2, four of NEON,
//! or an array. The traits are named after the elements that they add operations for: [`SimdI32`] (16 lanes of `i32`, or of pairs
//! of `i16`), [`SimdI16`] (32 halves), [`SimdI8`] (64 bytes).
//!
//! # Pairs, packed vectors and quarters
//!
//! A *quarter* is four lanes, 128 bits: shuffles of AVX2 and AVX-512 stay within quarters at full speed, so the layouts below do
//! as well. For vectors a and b of `i32`, with one quarter shown:
//!
//! ```text
//!   a:  a0 a1 a2 a3     b:  b0 b1 b2 b3                        four lanes each
//!
//!   packed (a, b):      │ a0 a1 │ a2 a3 │ b0 b1 │ b2 b3 │      eight halves: four values of a, then four of b
//!   pairs (a, b):       │ a0 b0 │ a1 b1 │ a2 b2 │ a3 b3 │      eight halves: lane i holds (aᵢ, bᵢ)
//! ```

use crate::layout::{Block, LANES, OFFSET, ROWS};
use doin_scoring::activation;

/// Sixteen lanes of 32 bits. A value of the implementing type is a *witness*: it exists only where the processor has
/// the instructions.
///
/// Sums and products wrap.
pub trait SimdI32: Copy {
	/// Sixteen lanes.
	type V: Copy;

	/// `true` if the registers suffice for four rows of several vectors. Otherwise kernels compute one vector after the other.
	const WIDE: bool;

	/// Returns a vector whose lanes are all `value`.
	fn splat(self, value: i32) -> Self::V;
	/// Loads lanes.
	fn load(self, from: &Block) -> Self::V;
	/// Loads lanes from memory that is not aligned to a block.
	fn load_unaligned(self, from: &[i32; LANES]) -> Self::V;
	/// Stores lanes.
	fn store(self, to: &mut Block, v: Self::V);
	/// Computes `sum + a.low · b.low + a.high · b.high` of pairs. The product of two pairs of −2¹⁵ must not occur.
	fn dot(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
	/// Computes [`dot`](Self::dot) with lane `ROW` of `w` in every lane of `b`.
	#[inline(always)]
	fn dot_broadcast<const ROW: usize>(self, sum: Self::V, a: Self::V, w: &[i32; ROWS]) -> Self::V {
		self.dot(sum, a, self.splat(w[ROW]))
	}
	/// Computes `a + b`.
	fn add(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a − b`.
	fn sub(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes the low half of `a · b`.
	fn mul(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a | b`.
	fn or(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a & b`.
	fn and(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `|a|` as `u32`.
	fn abs(self, a: Self::V) -> Self::V;
	/// Computes the lesser of `a` and `b`.
	fn min(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes the greater of `a` and `b`.
	fn max(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a >> bits`, arithmetic, for fewer than 32 bits.
	fn shr(self, a: Self::V, bits: u32) -> Self::V;
	/// Computes `a << bits`, for fewer than 32 bits.
	fn shl(self, a: Self::V, bits: u32) -> Self::V;
	/// Returns `x` where `a > b`, zero elsewhere.
	fn select_gt(self, a: Self::V, b: Self::V, x: Self::V) -> Self::V;
	/// Computes `p − sign(u) · x`.
	#[inline(always)]
	fn step_against_sign(self, p: Self::V, u: Self::V, x: Self::V) -> Self::V {
		let zero = self.splat(0);
		self.add(self.sub(p, self.select_gt(u, zero, x)), self.select_gt(zero, u, x))
	}
	/// Returns `a` where the low half of `h` lies within 1..=2046 and `b` where the high half does, zero elsewhere: the
	/// derivative of a ReLU that is clamped at 2047. No half of `h` is negative.
	fn relu_mask(self, h: Self::V, a: Self::V, b: Self::V) -> (Self::V, Self::V);
	/// Returns pairs (a, b), each clamped to 0..=2047.
	fn pack_relu(self, a: Self::V, b: Self::V) -> Self::V;
	/// Returns packed (a, b), each clamped to ±2047.
	fn pack_clamped(self, a: Self::V, b: Self::V) -> Self::V;
	/// Converts packed (a, b) to pairs (a, b).
	fn interleave(self, packed: Self::V) -> Self::V;
	/// Converts packed (a, b) and (c, d) to blocks of [`GradientGroups`](crate::layout::GradientGroups), of lanes 0 to 7 and 8
	/// to 15:
	///
	/// ```text
	///   low:   │ a0a1 b0b1 c0c1 d0d1 │ a2a3 b2b3 c2c3 d2d3 │ a4a5 … │ a6a7 … │
	///   high:  │ a8a9 b8b9 c8c9 d8d9 │ …
	/// ```
	fn interleave_rows(self, ab: Self::V, cd: Self::V) -> [Self::V; 2];
	/// Exchanges the axes of eight vectors of pairs: pairs along the vectors and sixteen lanes become pairs along the lanes and
	/// sixteen lanes along the vectors. This converts a column of [`BatchTiles`](crate::layout::BatchTiles) to rows of
	/// [`ActivationPanels`](crate::layout::ActivationPanels), and back. With four lanes of two vectors shown:
	///
	/// ```text
	///   v0: │ n0s0 n1s0 │ n0s1 n1s1 │ n0s2 n1s2 │ n0s3 n1s3 │         │ n0s0 n0s1 │ n1s0 n1s1 │ n2s0 n2s1 │ n3s0 n3s1 │
	///   v1: │ n2s0 n3s0 │ n2s1 n3s1 │ n2s2 n3s2 │ n2s3 n3s3 │    →    │ n0s2 n0s3 │ n1s2 n1s3 │ n2s2 n2s3 │ n3s2 n3s3 │
	/// ```
	fn transpose_pairs(self, v: [Self::V; 8]) -> [Self::V; 8];
	/// Transposes sixteen vectors of sixteen lanes.
	fn transpose(self, v: [Self::V; 16]) -> [Self::V; 16];
}

/// Operations on 32 halves of 16 bits: the arithmetic of recurrent cells.
pub trait SimdI16: SimdI32 {
	/// Returns packed (a, b), each clamped to 16 bits.
	fn pack_i16(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a + b`, wrapping.
	fn add_i16(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a + b`, saturating.
	fn add_saturating_i16(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a − b`, wrapping.
	fn sub_i16(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes the rounded Q15 product [`activation::multiply_q15`].
	fn mul_q15(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `a << bits`, for fewer than 16 bits.
	fn shl_i16(self, a: Self::V, bits: u32) -> Self::V;
	/// Computes `a >> bits`, arithmetic, for fewer than 16 bits.
	fn shr_i16(self, a: Self::V, bits: u32) -> Self::V;
	/// Computes the lesser of `a` and `b`.
	fn min_i16(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes the greater of `a` and `b`.
	fn max_i16(self, a: Self::V, b: Self::V) -> Self::V;
	/// Computes `|a|` as `u16`.
	fn abs_i16(self, a: Self::V) -> Self::V;
	/// Computes [`activation::sigmoid`].
	#[inline(always)]
	fn sigmoid(self, z: Self::V) -> Self::V {
		map_halves(self, z, activation::sigmoid)
	}
	/// Computes [`activation::tanh`].
	#[inline(always)]
	fn tanh(self, z: Self::V) -> Self::V {
		map_halves(self, z, activation::tanh)
	}
}

/// Returns the lane whose two halves are `value`.
pub const fn both_halves(value: i16) -> i32 {
	value as u16 as i32 | (value as i32) << 16
}

/// Returns the lane whose four bytes are `byte`, in 0..=255.
const fn four_bytes(byte: i32) -> i32 {
	byte | byte << 8 | byte << 16 | byte << 24
}

#[inline(always)]
fn map_halves<S: SimdI16>(s: S, z: S::V, f: impl Fn(i16) -> i16) -> S::V {
	let mut block = Block::ZERO;
	s.store(&mut block, z);
	for lane in &mut block.0 {
		*lane = i32::from(f(*lane as i16) as u16) | i32::from(f((*lane >> 16) as i16)) << 16;
	}
	s.load(&block)
}

/// Operations on 64 bytes: the arithmetic of 8-bit training.
///
/// A *packed* vector of bytes holds, in each quarter, four values of each of four vectors in turn.
pub trait SimdI8: SimdI16 {
	/// `true` if [`dot_short`](Self::dot_short) of several quads is faster than [`dot_u8_i8`](Self::dot_u8_i8) of each.
	const SHORT_SUMS: bool = false;

	/// `true` if dot products multiply signed bytes only. Then kernels subtract [`OFFSET`] from unsigned bytes, and start their sums
	/// with `OFFSET` times the sum of the signed ones.
	const SIGNED_DOT: bool = false;

	/// Computes `sum + Σ a·b` over the four bytes of a lane, unsigned bytes of `a` and signed bytes of `b`.
	#[inline(always)]
	fn dot_u8_i8(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V {
		// Two dot products of 16 bits: of the even bytes and of the odd bytes.
		let low = self.splat(0x00ff_00ff);
		let (a_even, a_odd) = (self.and(a, low), self.and(self.shr_i16(a, 8), low));
		let (b_even, b_odd) = (self.shr_i16(self.shl_i16(b, 8), 8), self.shr_i16(b, 8));
		self.dot(self.dot(sum, a_even, b_even), a_odd, b_odd)
	}
	/// Computes [`dot_u8_i8`](Self::dot_u8_i8) with lane `ROW` of `w` in every lane of `b`. Where [`SIGNED_DOT`](Self::SIGNED_DOT) is
	/// `true`, bytes of `a` are signed.
	#[inline(always)]
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: Self::V, a: Self::V, w: &[i32; ROWS]) -> Self::V {
		self.dot_u8_i8(sum, a, self.splat(w[ROW]))
	}
	/// Computes `sum + Σ a·b` over all bytes of a lane of all vectors, unsigned bytes of `a` and signed bytes of `b`, where the
	/// largest byte of `a` times the sum of the magnitudes of the bytes of `b` in either half of a lane fits 16 bits.
	#[inline(always)]
	fn dot_short<const K: usize>(self, sum: Self::V, a: [Self::V; K], b: [Self::V; K]) -> Self::V {
		let mut sum = sum;
		for k in 0..K {
			sum = self.dot_u8_i8(sum, a[k], b[k]);
		}
		sum
	}
	/// Computes the greater of the unsigned bytes of `a` and `b`.
	#[inline(always)]
	fn max_u8(self, a: Self::V, b: Self::V) -> Self::V {
		let low = self.splat(0x00ff_00ff);
		let odd = self.max_i16(self.and(self.shr_i16(a, 8), low), self.and(self.shr_i16(b, 8), low));
		self.or(self.max_i16(self.and(a, low), self.and(b, low)), self.shl_i16(odd, 8))
	}
	/// Packs a, b, c and d, given as [packed halves](SimdI16::pack_i16) (a, b) and (c, d), each clamped to 0..=255.
	fn pack_u8(self, ab: Self::V, cd: Self::V) -> Self::V;
	/// Packs a, b, c and d, given as [packed halves](SimdI16::pack_i16) (a, b) and (c, d), each clamped to −128..=127.
	fn pack_i8(self, ab: Self::V, cd: Self::V) -> Self::V;
	/// Joins pairs (a, b) and (c, d) to four bytes (a, b, c, d) a lane, each clamped to −128..=127.
	fn join_pairs_i8(self, ab: Self::V, cd: Self::V) -> Self::V;
	/// Transposes the 4 × 4 bytes of each quarter: packed a, b, c and d become lanes of four bytes (a, b, c, d), and back.
	///
	/// ```text
	/// │ a0 a1 a2 a3 │ b0 b1 b2 b3 │ c0 c1 c2 c3 │ d0 d1 d2 d3 │  ↔  │ a0 b0 c0 d0 │ a1 b1 c1 d1 │ a2 b2 c2 d2 │ a3 b3 c3 d3 │
	/// ```
	fn transpose_bytes(self, v: Self::V) -> Self::V;
	/// Transposes the 4 × 4 quarters of four vectors: quarter q of vector i becomes quarter i of vector q.
	fn transpose_quarters(self, v: [Self::V; 4]) -> [Self::V; 4];
	/// Returns the bytes of `v` where those of `h` lie within 1..=254, zero elsewhere: the derivative of a ReLU that is clamped
	/// at 255.
	fn relu_mask_u8(self, h: Self::V, v: Self::V) -> Self::V;
	/// Adds [`OFFSET`] to every byte, wrapping. Applied twice, it returns its argument.
	#[inline(always)]
	fn add_offset(self, v: Self::V) -> Self::V {
		let bits = self.splat(four_bytes(OFFSET));
		self.sub(self.or(v, bits), self.and(v, bits))
	}
	/// Computes `a | |b| | |c|`, with the magnitudes of halves.
	#[inline(always)]
	fn or_magnitudes_i16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
		self.or(a, self.or(self.abs_i16(b), self.abs_i16(c)))
	}
}
