//! Architectures that add dot products to those of another one.

use crate::{
	layout::{Block, LANES, ROWS},
	simd::{SimdI16, SimdI32, SimdI8},
};

/// An architecture whose vector operations are those of another one, dot products apart.
pub trait Extension: Copy {
	/// The other architecture.
	type Base: SimdI8;

	/// See [`SimdI8::SIGNED_DOT`].
	const SIGNED_DOT: bool = false;

	/// Returns the witness of the other architecture.
	fn base(self) -> Self::Base;
	/// See [`SimdI32::dot`].
	#[inline(always)]
	fn dot(self, sum: Vector<Self>, a: Vector<Self>, b: Vector<Self>) -> Vector<Self> {
		self.base().dot(sum, a, b)
	}
	/// See [`SimdI32::dot_broadcast`].
	#[inline(always)]
	fn dot_broadcast<const ROW: usize>(self, sum: Vector<Self>, a: Vector<Self>, w: &[i32; ROWS]) -> Vector<Self> {
		self.base().dot_broadcast::<ROW>(sum, a, w)
	}
	/// See [`SimdI8::dot_u8_i8`].
	fn dot_u8_i8(self, sum: Vector<Self>, a: Vector<Self>, b: Vector<Self>) -> Vector<Self>;
	/// See [`SimdI8::dot_u8_i8_broadcast`].
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: Vector<Self>, a: Vector<Self>, w: &[i32; ROWS]) -> Vector<Self>;
}

/// Sixteen lanes of an extension.
pub type Vector<E> = <<E as Extension>::Base as SimdI32>::V;

/// Implements methods by those of the other architecture.
macro_rules! inherited {
	($($method:ident($($argument:ident: $type:ty),*) $(-> $out:ty)?;)*) => {
		$(
			#[inline(always)]
			fn $method(self, $($argument: $type),*) $(-> $out)? {
				self.base().$method($($argument),*)
			}
		)*
	};
}

impl<E: Extension> SimdI32 for E {
	type V = Vector<E>;
	const WIDE: bool = E::Base::WIDE;

	inherited! {
		splat(value: i32) -> Self::V;
		load(from: &Block) -> Self::V;
		load_unaligned(from: &[i32; LANES]) -> Self::V;
		store(to: &mut Block, v: Self::V);
		add(a: Self::V, b: Self::V) -> Self::V;
		sub(a: Self::V, b: Self::V) -> Self::V;
		mul(a: Self::V, b: Self::V) -> Self::V;
		or(a: Self::V, b: Self::V) -> Self::V;
		and(a: Self::V, b: Self::V) -> Self::V;
		abs(a: Self::V) -> Self::V;
		min(a: Self::V, b: Self::V) -> Self::V;
		max(a: Self::V, b: Self::V) -> Self::V;
		shr(a: Self::V, bits: u32) -> Self::V;
		shl(a: Self::V, bits: u32) -> Self::V;
		select_gt(a: Self::V, b: Self::V, x: Self::V) -> Self::V;
		step_against_sign(p: Self::V, u: Self::V, x: Self::V) -> Self::V;
		relu_mask(h: Self::V, a: Self::V, b: Self::V) -> (Self::V, Self::V);
		pack_relu(a: Self::V, b: Self::V) -> Self::V;
		pack_clamped(a: Self::V, b: Self::V) -> Self::V;
		interleave(packed: Self::V) -> Self::V;
		interleave_rows(ab: Self::V, cd: Self::V) -> [Self::V; 2];
		transpose_pairs(v: [Self::V; 8]) -> [Self::V; 8];
		transpose(v: [Self::V; 16]) -> [Self::V; 16];
	}

	#[inline(always)]
	fn dot(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V {
		Extension::dot(self, sum, a, b)
	}

	#[inline(always)]
	fn dot_broadcast<const ROW: usize>(self, sum: Self::V, a: Self::V, w: &[i32; ROWS]) -> Self::V {
		Extension::dot_broadcast::<ROW>(self, sum, a, w)
	}
}

impl<E: Extension> SimdI16 for E {
	inherited! {
		pack_i16(a: Self::V, b: Self::V) -> Self::V;
		add_i16(a: Self::V, b: Self::V) -> Self::V;
		add_saturating_i16(a: Self::V, b: Self::V) -> Self::V;
		sub_i16(a: Self::V, b: Self::V) -> Self::V;
		mul_q15(a: Self::V, b: Self::V) -> Self::V;
		shl_i16(a: Self::V, bits: u32) -> Self::V;
		shr_i16(a: Self::V, bits: u32) -> Self::V;
		min_i16(a: Self::V, b: Self::V) -> Self::V;
		max_i16(a: Self::V, b: Self::V) -> Self::V;
		abs_i16(a: Self::V) -> Self::V;
		sigmoid(z: Self::V) -> Self::V;
		tanh(z: Self::V) -> Self::V;
	}
}

impl<E: Extension> SimdI8 for E {
	const SIGNED_DOT: bool = E::SIGNED_DOT;

	inherited! {
		max_u8(a: Self::V, b: Self::V) -> Self::V;
		pack_u8(ab: Self::V, cd: Self::V) -> Self::V;
		pack_i8(ab: Self::V, cd: Self::V) -> Self::V;
		join_pairs_i8(ab: Self::V, cd: Self::V) -> Self::V;
		transpose_bytes(v: Self::V) -> Self::V;
		transpose_quarters(v: [Self::V; 4]) -> [Self::V; 4];
		relu_mask_u8(h: Self::V, v: Self::V) -> Self::V;
		add_offset(v: Self::V) -> Self::V;
		or_magnitudes_i16(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
	}

	#[inline(always)]
	fn dot_u8_i8(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V {
		Extension::dot_u8_i8(self, sum, a, b)
	}

	#[inline(always)]
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: Self::V, a: Self::V, w: &[i32; ROWS]) -> Self::V {
		Extension::dot_u8_i8_broadcast::<ROW>(self, sum, a, w)
	}
}
