//! What a processor must do with sixteen lanes of 32 bits: the few operations that the kernels are made of.

use super::layout::{Block, LANES, ROWS};

/// Sixteen lanes of 32 bits, and proof that this processor can work on them: a value exists only where its instructions do.
///
/// A lane holds an `i32`, or a pair of `i16` with the low half first. Packed vectors hold `i16` alone: of each quarter of four lanes, four
/// values of one vector, then four of another. Sums and products wrap.
pub trait Lanes: Copy {
	/// Sixteen lanes.
	type V: Copy;

	/// Whether registers suffice for four rows of several vectors; otherwise products go vector by vector.
	const WIDE: bool;

	/// Every lane `value`.
	fn splat(self, value: i32) -> Self::V;
	/// Lanes from memory.
	fn load(self, from: &Block) -> Self::V;
	/// Lanes from memory that is not aligned.
	fn read(self, from: &[i32; LANES]) -> Self::V;
	/// Lanes to memory.
	fn store(self, to: &mut Block, v: Self::V);
	/// `sum + a.low · b.low + a.high · b.high`. The product of two pairs of −2¹⁵ must not occur.
	fn dot(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
	/// The same, with lane `row` of `w` in every lane of `b`.
	#[inline(always)]
	fn row(self, sum: Self::V, a: Self::V, w: &[i32; ROWS], row: usize) -> Self::V {
		self.dot(sum, a, self.splat(w[row]))
	}
	/// `a + b`.
	fn add(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a − b`.
	fn sub(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a · b`, low half.
	fn mul(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a | b`.
	fn or(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a & b`.
	fn and(self, a: Self::V, b: Self::V) -> Self::V;
	/// `|a|` as `u32`.
	fn abs(self, a: Self::V) -> Self::V;
	/// The lesser one.
	fn min(self, a: Self::V, b: Self::V) -> Self::V;
	/// The greater one.
	fn max(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a >> bits`, arithmetic, for fewer than 32 bits.
	fn shr(self, a: Self::V, bits: u32) -> Self::V;
	/// `a << bits`, for fewer than 32 bits.
	fn shl(self, a: Self::V, bits: u32) -> Self::V;
	/// `x` where `a > b`, zero elsewhere.
	fn above(self, a: Self::V, b: Self::V, x: Self::V) -> Self::V;
	/// `p − x` where `u > 0`, `p + x` where `u < 0`, `p` elsewhere.
	#[inline(always)]
	fn against(self, p: Self::V, u: Self::V, x: Self::V) -> Self::V {
		let zero = self.splat(0);
		self.add(self.sub(p, self.above(u, zero, x)), self.above(zero, u, x))
	}
	/// `a` where the low half of `h` lies within 1..=2046, `b` where the high half does, zero elsewhere. No half is negative.
	fn gate(self, h: Self::V, a: Self::V, b: Self::V) -> (Self::V, Self::V);
	/// Pairs (a, b), each clamped to 0..=2047.
	fn activate(self, a: Self::V, b: Self::V) -> Self::V;
	/// Packed a and b, each clamped to ±2047.
	fn pack(self, a: Self::V, b: Self::V) -> Self::V;
	/// Pairs (a, b) of what was packed.
	fn zip(self, packed: Self::V) -> Self::V;
	/// Of packed (a, b) and (c, d): the pairs of neighbouring lanes of a, b, c and d side by side, for each of the eight pairs in order.
	fn quads(self, ab: Self::V, cd: Self::V) -> [Self::V; 2];
	/// Exchanges two axes: eight vectors of pairs along the vectors, sixteen lanes, become eight vectors of pairs along the lanes, with
	/// sixteen lanes along the vectors.
	fn turn(self, v: [Self::V; 8]) -> [Self::V; 8];
	/// Transposes sixteen vectors.
	fn transpose(self, v: [Self::V; 16]) -> [Self::V; 16];
}
