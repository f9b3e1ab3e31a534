//! What a processor must do with 32 lanes of 16 bits: the arithmetic of gated cells.

use super::{lanes::Lanes, layout::Block};
use doin_scoring::activation;

/// Operations on pairs, both halves of a lane alike.
pub trait Halves: Lanes {
	/// Packed a and b, each clamped to 16 bits.
	fn narrow(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a + b`, wrapping.
	fn add16(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a + b`, saturating.
	fn adds16(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a − b`, wrapping.
	fn sub16(self, a: Self::V, b: Self::V) -> Self::V;
	/// [`activation::product`].
	fn mul16(self, a: Self::V, b: Self::V) -> Self::V;
	/// `a << bits`, for fewer than 16 bits.
	fn shl16(self, a: Self::V, bits: u32) -> Self::V;
	/// `a >> bits`, arithmetic, for fewer than 16 bits.
	fn shr16(self, a: Self::V, bits: u32) -> Self::V;
	/// The lesser one.
	fn min16(self, a: Self::V, b: Self::V) -> Self::V;
	/// The greater one.
	fn max16(self, a: Self::V, b: Self::V) -> Self::V;
	/// `|a|` as `u16`.
	fn abs16(self, a: Self::V) -> Self::V;
	/// [`activation::sigmoid`].
	#[inline(always)]
	fn sigmoid(self, z: Self::V) -> Self::V {
		one_by_one(self, z, activation::sigmoid)
	}
	/// [`activation::tanh`].
	#[inline(always)]
	fn tanh(self, z: Self::V) -> Self::V {
		one_by_one(self, z, activation::tanh)
	}
}

/// The lane of two equal halves.
pub const fn both(value: i16) -> i32 {
	value as u16 as i32 | (value as i32) << 16
}

#[inline(always)]
fn one_by_one<L: Halves>(l: L, z: L::V, f: impl Fn(i16) -> i16) -> L::V {
	let mut block = Block::ZERO;
	l.store(&mut block, z);
	for lane in &mut block.0 {
		*lane = i32::from(f(*lane as i16) as u16) | i32::from(f((*lane >> 16) as i16)) << 16;
	}
	l.load(&block)
}

/// Values at the start of each of the 128 intervals of an [`activation`] table, and the rise over the interval.
#[cfg(target_arch = "x86_64")]
#[repr(C, align(64))]
pub struct Table {
	/// Values.
	pub values: [i16; 128],
	/// Rises.
	pub rises: [i16; 128],
}

#[cfg(target_arch = "x86_64")]
impl Table {
	/// A table of values.
	pub const fn new(values: &[i16; activation::ENTRIES]) -> Self {
		let mut table = Self { values: [0; 128], rises: [0; 128] };
		let mut at = 0;
		while at < 128 {
			table.values[at] = values[at];
			table.rises[at] = values[at + 1] - values[at];
			at += 1;
		}
		table
	}
}

/// Of the sigmoid.
#[cfg(target_arch = "x86_64")]
pub static SIGMOID: Table = Table::new(&activation::SIGMOID);
/// Of the hyperbolic tangent.
#[cfg(target_arch = "x86_64")]
pub static TANH: Table = Table::new(&activation::TANH);
