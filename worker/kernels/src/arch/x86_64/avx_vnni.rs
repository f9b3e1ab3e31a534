//! AVX-VNNI: the vectors of AVX2, where 16 multiply-accumulates of a register take one instruction.
//!
//! Processors without AVX-512 have these instructions in an encoding of their own, which has no mask, no operand in memory that is
//! broadcast, and no register beyond the sixteenth.

use super::avx2::Avx2;
use crate::{
	arch::extension::{Extension, Vector},
	layout::ROWS,
	simd::SimdI32,
	Operation,
};
use std::arch::{asm, x86_64::*};

/// Witness of a processor with AVX2 and AVX-VNNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvxVnni(Avx2);

impl AvxVnni {
	/// Returns the witness if this processor has AVX2 and AVX-VNNI.
	pub fn detect() -> Option<Self> {
		Avx2::detect().filter(|_| is_x86_feature_detected!("avxvnni")).map(Self)
	}

	/// Runs `operation` compiled for AVX2 and AVX-VNNI.
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		#[target_feature(enable = "avx2,avxvnni")]
		fn compiled<O: Operation>(simd: AvxVnni, operation: O) -> O::Output {
			operation.vectorized(simd)
		}
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { compiled(self, operation) }
	}
}

impl Extension for AvxVnni {
	type Base = Avx2;

	#[inline(always)]
	fn base(self) -> Avx2 {
		self.0
	}

	#[inline(always)]
	fn dot(self, sum: Vector<Self>, a: Vector<Self>, b: Vector<Self>) -> Vector<Self> {
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { [dot(sum[0], a[0], b[0]), dot(sum[1], a[1], b[1])] }
	}

	#[inline(always)]
	fn dot_broadcast<const ROW: usize>(self, sum: Vector<Self>, a: Vector<Self>, w: &[i32; ROWS]) -> Vector<Self> {
		Extension::dot(self, sum, a, self.splat(w[ROW]))
	}

	#[inline(always)]
	fn dot_u8_i8(self, sum: Vector<Self>, a: Vector<Self>, b: Vector<Self>) -> Vector<Self> {
		// SAFETY: `self` exists only where the processor has the features.
		unsafe { [dot_u8_i8(sum[0], a[0], b[0]), dot_u8_i8(sum[1], a[1], b[1])] }
	}

	#[inline(always)]
	fn dot_u8_i8_broadcast<const ROW: usize>(self, sum: Vector<Self>, a: Vector<Self>, w: &[i32; ROWS]) -> Vector<Self> {
		Extension::dot_u8_i8(self, sum, a, self.splat(w[ROW]))
	}
}

/// Computes `_mm256_dpwssd_avx_epi32` by its instruction. LLVM may split the intrinsic into a product and a sum, as it does for
/// AVX-512.
#[inline]
#[target_feature(enable = "avx2,avxvnni")]
fn dot(sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
	let mut sum = sum;
	// SAFETY: the instruction reads and writes the registers named here and nothing else.
	unsafe {
		asm!(
			"{{vex}} vpdpwssd {}, {}, {}",
			inout(ymm_reg) sum,
			in(ymm_reg) a,
			in(ymm_reg) b,
			options(pure, nomem, nostack, preserves_flags)
		);
	}
	sum
}

/// Computes `_mm256_dpbusd_avx_epi32` by its instruction, for the reason given at [`dot`].
#[inline]
#[target_feature(enable = "avx2,avxvnni")]
fn dot_u8_i8(sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
	let mut sum = sum;
	// SAFETY: the instruction reads and writes the registers named here and nothing else.
	unsafe {
		asm!(
			"{{vex}} vpdpbusd {}, {}, {}",
			inout(ymm_reg) sum,
			in(ymm_reg) a,
			in(ymm_reg) b,
			options(pure, nomem, nostack, preserves_flags)
		);
	}
	sum
}
