//! What a processor must do with 64 lanes of 8 bits: what training in bytes adds to [`Halves`].

use super::{byte_layout::OFFSET, halves::Halves, layout::ROWS};

/// The lane of four equal bytes.
const fn four(byte: i32) -> i32 {
	byte | byte << 8 | byte << 16 | byte << 24
}

/// Operations on groups of four bytes in a lane.
///
/// Packed vectors hold bytes alone: of each quarter of four lanes, four values of each of four vectors in turn.
pub trait Quarters: Halves {
	/// `sum + Σ a·b` over the four bytes of a lane, those of `a` without a sign and those of `b` with one.
	#[inline(always)]
	fn dot8(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V {
		// Two dot products of 16 bits: of the even bytes and of the odd ones.
		let low = self.splat(0x00ff_00ff);
		let (a_even, a_odd) = (self.and(a, low), self.and(self.shr16(a, 8), low));
		let (b_even, b_odd) = (self.shr16(self.shl16(b, 8), 8), self.shr16(b, 8));
		self.dot(self.dot(sum, a_even, b_even), a_odd, b_odd)
	}
	/// The same, with lane `row` of `w` in every lane of `b`.
	#[inline(always)]
	fn row8(self, sum: Self::V, a: Self::V, w: &[i32; ROWS], row: usize) -> Self::V {
		self.dot8(sum, a, self.splat(w[row]))
	}
	/// Packed a, b, c and d of [narrow](Halves::narrow) (a, b) and (c, d), each clamped to 0..=255.
	fn unsigned(self, ab: Self::V, cd: Self::V) -> Self::V;
	/// The same, each clamped to −128..=127.
	fn signed(self, ab: Self::V, cd: Self::V) -> Self::V;
	/// Four bytes a lane, of pairs (a, b) and (c, d): each clamped to −128..=127.
	fn join(self, ab: Self::V, cd: Self::V) -> Self::V;
	/// Exchanges lanes and bytes within each quarter: packed a, b, c and d become lanes of four, and lanes of four become packed.
	fn turn8(self, v: Self::V) -> Self::V;
	/// Exchanges two axes: quarter q of vector i becomes quarter i of vector q.
	fn turn_quarters(self, v: [Self::V; 4]) -> [Self::V; 4];
	/// Bytes of `v` where those of `h` lie within 1..=254, zero elsewhere.
	fn gate8(self, h: Self::V, v: Self::V) -> Self::V;
	/// Adds [`OFFSET`] to every byte.
	#[inline(always)]
	fn offset(self, v: Self::V) -> Self::V {
		let bits = self.splat(four(OFFSET));
		self.sub(self.or(v, bits), self.and(v, bits))
	}
	/// `a | |b| | |c|`, the magnitudes those of halves.
	#[inline(always)]
	fn bits16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
		self.or(a, self.or(self.abs16(b), self.abs16(c)))
	}
}
