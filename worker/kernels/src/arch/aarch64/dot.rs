//! NEON with dot products of bytes: the vectors of NEON, where 16 multiply-accumulates take one instruction.
//!
//! The first extension (`FEAT_DotProd`: Neoverse N1, Cortex-A55 and A76, Apple M1) multiplies bytes that are both signed, so kernels
//! subtract an offset from unsigned ones ([`SIGNED_DOT`](crate::simd::SimdI8::SIGNED_DOT)). The second one (`FEAT_I8MM`: Neoverse V1
//! and N2, Cortex-A710, Apple M2) multiplies unsigned with signed bytes.
//!
//! Both instructions take the four bytes of one lane of a register as the factor of all lanes, so no lane is copied. Their
//! intrinsics are not stable, so they are written in assembly.

use super::neon::{Neon, Q, V};
use crate::{
	arch::extension::Extension,
	layout::{OFFSET, ROWS},
	simd::{SimdI32, SimdI8},
	Operation,
};
use std::arch::{aarch64::vld1q_s32, asm, is_aarch64_feature_detected};

/// Witness of a processor with NEON and `FEAT_DotProd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeonDot(());

impl NeonDot {
	/// Returns the witness if this processor has `FEAT_DotProd`.
	pub fn detect() -> Option<Self> {
		is_aarch64_feature_detected!("dotprod").then_some(Self(()))
	}

	/// Runs `operation` compiled for NEON and `FEAT_DotProd`.
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		#[target_feature(enable = "neon,dotprod")]
		fn compiled<O: Operation>(simd: NeonDot, operation: O) -> O::Output {
			operation.vectorized(simd)
		}
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { compiled(self, operation) }
	}
}

/// Witness of a processor with NEON and `FEAT_I8MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeonI8mm(());

impl NeonI8mm {
	/// Returns the witness if this processor has `FEAT_I8MM`.
	pub fn detect() -> Option<Self> {
		is_aarch64_feature_detected!("i8mm").then_some(Self(()))
	}

	/// Runs `operation` compiled for NEON and `FEAT_I8MM`.
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		#[target_feature(enable = "neon,i8mm")]
		fn compiled<O: Operation>(simd: NeonI8mm, operation: O) -> O::Output {
			operation.vectorized(simd)
		}
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { compiled(self, operation) }
	}
}

/// Defines functions of one register each: `name` adds the products of the bytes of `a` and `b`, and `by_lane` those of `a` and lane
/// `ROW` of `b`.
///
/// Safety contract: the processor must have `feature`, which has the instruction.
macro_rules! dot_product {
	($name:ident, $by_lane:ident, $instruction:literal, $feature:literal) => {
		#[doc = concat!("Computes `", $instruction, "` of all lanes.")]
		#[inline]
		#[target_feature(enable = $feature)]
		fn $name(sum: Q, a: Q, b: Q) -> Q {
			let mut sum = sum;
			// SAFETY: the instruction reads and writes the registers named here and nothing else.
			unsafe {
				asm!(
					concat!($instruction, " {sum:v}.4s, {a:v}.16b, {b:v}.16b"),
					sum = inout(vreg) sum,
					a = in(vreg) a,
					b = in(vreg) b,
					options(pure, nomem, nostack, preserves_flags)
				);
			}
			sum
		}

		#[doc = concat!("Computes `", $instruction, "` of all lanes of `a` with lane `ROW` of `b`.")]
		#[inline]
		#[target_feature(enable = $feature)]
		fn $by_lane<const ROW: usize>(sum: Q, a: Q, b: Q) -> Q {
			let mut sum = sum;
			// SAFETY: as above.
			unsafe {
				asm!(
					concat!($instruction, " {sum:v}.4s, {a:v}.16b, {b:v}.4b[{row}]"),
					sum = inout(vreg) sum,
					a = in(vreg) a,
					b = in(vreg) b,
					row = const ROW,
					options(pure, nomem, nostack, preserves_flags)
				);
			}
			sum
		}
	};
}

dot_product!(sdot, sdot_by_lane, "sdot", "neon,dotprod");
dot_product!(usdot, usdot_by_lane, "usdot", "neon,i8mm");

/// Computes one register from each of the four registers of vectors. A closure would not have the instructions of its function.
macro_rules! each_register {
	($i:ident => $body:expr) => {
		[
			{
				const $i: usize = 0;
				$body
			},
			{
				const $i: usize = 1;
				$body
			},
			{
				const $i: usize = 2;
				$body
			},
			{
				const $i: usize = 3;
				$body
			},
		]
	};
}

impl Extension for NeonDot {
	type Base = Neon;
	const SIGNED_DOT: bool = true;

	#[inline(always)]
	fn base(self) -> Neon {
		Neon
	}

	#[inline(always)]
	fn dot_u8_i8(self, sum: V, a: V, b: V) -> V {
		// The offset, 128, is no signed byte, but twice one.
		let (a, half) = (self.add_offset(a), self.splat(i32::from_ne_bytes([(OFFSET / 2) as u8; 4])));
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { each_register!(I => sdot(sdot(sdot(sum[I], a[I], b[I]), half[I], b[I]), half[I], b[I])) }
	}

	#[inline(always)]
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: V, a: V, w: &[i32; ROWS]) -> V {
		// SAFETY: `self` exists only where the processor has the features; `w` is a register.
		unsafe {
			let w = vld1q_s32(w.as_ptr());
			each_register!(I => sdot_by_lane::<ROW>(sum[I], a[I], w))
		}
	}
}

impl Extension for NeonI8mm {
	type Base = Neon;

	#[inline(always)]
	fn base(self) -> Neon {
		Neon
	}

	#[inline(always)]
	fn dot_u8_i8(self, sum: V, a: V, b: V) -> V {
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { each_register!(I => usdot(sum[I], a[I], b[I])) }
	}

	#[inline(always)]
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: V, a: V, w: &[i32; ROWS]) -> V {
		// SAFETY: `self` exists only where the processor has the features; `w` is a register.
		unsafe {
			let w = vld1q_s32(w.as_ptr());
			each_register!(I => usdot_by_lane::<ROW>(sum[I], a[I], w))
		}
	}
}
