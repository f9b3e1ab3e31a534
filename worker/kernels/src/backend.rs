//! Selection of an architecture, and the trait of everything that one runs.

use crate::{
	arch::{portable::Portable, scalar::Scalar},
	simd::SimdI8,
};
use std::fmt::{self, Debug, Formatter};

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use crate::arch::aarch64::{
	dot::{NeonDot, NeonI8mm},
	neon::Neon,
};
#[cfg(target_arch = "x86_64")]
use crate::arch::x86_64::{avx2::Avx2, avx512_vnni::Avx512Vnni, avx_vnni::AvxVnni};

/// Environment variable that names the back-end of a process.
pub const VARIABLE: &str = "DOIN_BACKEND";

/// An operation: its arguments, its reference, and its kernel.
///
/// Both functions compute equal bits. [`Backend::run`] chooses between them and compiles the kernel for the instructions of
/// the back-end.
pub trait Operation: Sized {
	/// Result of the operation; `()` where all results are written to arguments.
	type Output;

	/// Computes the operation value by value, in the order of its formula.
	fn reference(self) -> Self::Output;

	/// Computes the operation on vectors. Implementations are `#[inline(always)]`, as is every function that a vector is
	/// passed to.
	fn vectorized<S: SimdI8>(self, s: S) -> Self::Output;
}

/// All kernels on one architecture. A value proves that this processor has the instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
	/// AVX-512 with VNNI.
	#[cfg(target_arch = "x86_64")]
	Avx512Vnni(Avx512Vnni),
	/// AVX2 with VNNI.
	#[cfg(target_arch = "x86_64")]
	AvxVnni(AvxVnni),
	/// AVX2.
	#[cfg(target_arch = "x86_64")]
	Avx2(Avx2),
	/// NEON with dot products of unsigned and signed bytes.
	#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
	NeonI8mm(NeonI8mm),
	/// NEON with dot products of signed bytes.
	#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
	NeonDot(NeonDot),
	/// NEON.
	#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
	Neon(Neon),
	/// Vectors of plain Rust.
	Portable(Portable),
	/// The references.
	Scalar(Scalar),
}

impl Backend {
	/// The references: slow, and the standard that all other back-ends are compared with.
	pub const SCALAR: Self = Self::Scalar(Scalar);

	/// Returns the back-ends of this processor, the fastest first.
	pub fn available() -> Vec<Self> {
		let mut all = Vec::new();
		#[cfg(target_arch = "x86_64")]
		{
			all.extend(Avx512Vnni::detect().map(Self::Avx512Vnni));
			all.extend(AvxVnni::detect().map(Self::AvxVnni));
			all.extend(Avx2::detect().map(Self::Avx2));
		}
		#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
		{
			all.extend(NeonI8mm::detect().map(Self::NeonI8mm));
			all.extend(NeonDot::detect().map(Self::NeonDot));
			all.push(Self::Neon(Neon));
		}
		all.extend([Self::Portable(Portable), Self::SCALAR]);
		all
	}

	/// Returns the back-end with the name `name`.
	///
	/// # Errors
	///
	/// Returns [`UnknownBackend`] if no back-end of this processor has that name.
	pub fn named(name: &str) -> Result<Self, UnknownBackend> {
		let all = Self::available();
		let found = all.iter().find(|backend| backend.name() == name).copied();
		found.ok_or_else(|| UnknownBackend {
			name: name.into(),
			available: all.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", "),
		})
	}

	/// Returns the back-end that the environment variable [`VARIABLE`] names, or the fastest one if the variable is unset
	/// or empty.
	///
	/// # Errors
	///
	/// Returns [`UnknownBackend`] if the variable names a back-end that this processor does not have.
	pub fn detect() -> Result<Self, UnknownBackend> {
		match std::env::var(VARIABLE) {
			Ok(name) if !name.is_empty() => Self::named(&name),
			_ => Ok(Self::available()[0]),
		}
	}

	/// Returns the name of the back-end, as [`Backend::named`] accepts it.
	pub fn name(self) -> &'static str {
		match self {
			#[cfg(target_arch = "x86_64")]
			Self::Avx512Vnni(_) => "avx512-vnni",
			#[cfg(target_arch = "x86_64")]
			Self::AvxVnni(_) => "avx-vnni",
			#[cfg(target_arch = "x86_64")]
			Self::Avx2(_) => "avx2",
			#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
			Self::NeonI8mm(_) => "neon-i8mm",
			#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
			Self::NeonDot(_) => "neon-dot",
			#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
			Self::Neon(_) => "neon",
			Self::Portable(_) => "portable",
			Self::Scalar(_) => "scalar",
		}
	}

	/// Runs an operation.
	#[inline]
	pub fn run<O: Operation>(self, operation: O) -> O::Output {
		match self {
			#[cfg(target_arch = "x86_64")]
			Self::Avx512Vnni(arch) => arch.run(operation),
			#[cfg(target_arch = "x86_64")]
			Self::AvxVnni(arch) => arch.run(operation),
			#[cfg(target_arch = "x86_64")]
			Self::Avx2(arch) => arch.run(operation),
			#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
			Self::NeonI8mm(arch) => arch.run(operation),
			#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
			Self::NeonDot(arch) => arch.run(operation),
			#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
			Self::Neon(arch) => arch.run(operation),
			Self::Portable(arch) => arch.run(operation),
			Self::Scalar(arch) => arch.run(operation),
		}
	}
}

impl Debug for Backend {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		f.write_str(self.name())
	}
}

/// A back-end was named that this processor does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid back-end `{name}`: expected one of {available}; see the variable {VARIABLE}")]
pub struct UnknownBackend {
	/// Name of the back-end.
	pub name: String,
	/// Names of the back-ends of this processor, separated by commas.
	pub available: String,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn back_ends_are_known_by_name() {
		for backend in Backend::available() {
			assert_eq!(Backend::named(backend.name()).unwrap().name(), backend.name());
		}
		let refused = Backend::named("abacus").unwrap_err();
		assert_eq!(refused.name, "abacus");
		assert!(refused.to_string().ends_with("portable, scalar; see the variable DOIN_BACKEND"), "{refused}");
		assert!(Backend::available().iter().any(|backend| backend.name() == Backend::detect().unwrap().name()));
	}
}
