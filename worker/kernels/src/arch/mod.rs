//! Architectures: one witness type each, with the vector operations of [`crate::simd`] in its instructions.
//!
//! [`scalar`] has no vectors and runs the references instead; [`portable`] leaves the choice of instructions to the compiler. An
//! architecture that adds dot products to another one is an [`Extension`](extension::Extension).
//!
//! # Running an operation
//!
//! Each architecture has a function `run`, which compiles any [`Operation`](crate::Operation) for its instructions:
//!
//! ```ignore
//! pub fn run<O: Operation>(self, operation: O) -> O::Output {
//!     #[target_feature(enable = "avx2")]
//!     fn compiled<O: Operation>(simd: Avx2, operation: O) -> O::Output {
//!         operation.vectorized(simd)
//!     }
//!     // SAFETY: `self` exists only where the processor has the feature.
//!     unsafe { compiled(self, operation) }
//! }
//! ```
//!
//! The safety contract: `compiled` may only run on a processor with the features that it enables. The witness `self` proves that,
//! because its only constructor asks the processor. Everything below `compiled` is `#[inline(always)]`: a function inherits the
//! instructions of the function that it is inlined into, and a vector that is passed to a function without those instructions
//! goes through memory.

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
pub mod aarch64;
pub mod extension;
pub mod portable;
pub mod scalar;
#[cfg(target_arch = "x86_64")]
pub mod x86_64;
