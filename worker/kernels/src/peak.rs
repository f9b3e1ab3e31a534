//! Peak rate of multiply-accumulates of one core, which benchmarks compare kernels with.

use crate::Backend;

/// Runs an instruction that multiplies and accumulates: 20 000 rounds of twelve independent accumulators, on registers alone. The
/// registers are `zmm` or `ymm`.
///
/// Safety contract: the processor must have the instruction. The loop clobbers the registers that it names and nothing else.
#[cfg(target_arch = "x86_64")]
macro_rules! run_dots {
	(@one $instruction:literal, $register:literal, $sum:literal) => {
		concat!($instruction, " ", $register, $sum, ", ", $register, "14, ", $register, "15")
	};
	($instruction:literal, $register:literal) => {
		std::arch::asm!(
			"2:",
			run_dots!(@one $instruction, $register, "0"), run_dots!(@one $instruction, $register, "1"),
			run_dots!(@one $instruction, $register, "2"), run_dots!(@one $instruction, $register, "3"),
			run_dots!(@one $instruction, $register, "4"), run_dots!(@one $instruction, $register, "5"),
			run_dots!(@one $instruction, $register, "6"), run_dots!(@one $instruction, $register, "7"),
			run_dots!(@one $instruction, $register, "8"), run_dots!(@one $instruction, $register, "9"),
			run_dots!(@one $instruction, $register, "10"), run_dots!(@one $instruction, $register, "11"),
			"dec {n}", "jnz 2b",
			n = inout(reg) 20_000u64 => _,
			out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _, out("zmm6") _,
			out("zmm7") _, out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _, out("zmm14") _, out("zmm15") _,
		)
	};
}

/// Runs the 16-bit dot product of a back-end on registers alone, and returns the number of its multiply-accumulates. Back-ends
/// without instructions of their own are compared with AVX2. Returns 0 if there is no such loop for the processor.
#[cfg(target_arch = "x86_64")]
pub fn run_dot_i16(backend: Backend) -> u64 {
	use std::arch::asm;
	if backend.name() == "avx512-vnni" {
		// SAFETY: the back-end exists only where the processor has the instruction; only registers are accessed, and all of them
		// are named.
		unsafe {
			run_dots!("vpdpwssd", "zmm");
		}
		return 20_000 * 12 * 32;
	}
	if backend.name() == "avx-vnni" {
		// SAFETY: as above.
		unsafe {
			run_dots!("{{vex}} vpdpwssd", "ymm");
		}
		return 20_000 * 12 * 16;
	}
	if is_x86_feature_detected!("avx2") {
		// SAFETY: as above.
		unsafe {
			asm!(
				"2:",
				"vpmaddwd ymm8, ymm14, ymm15", "vpaddd ymm0, ymm0, ymm8",
				"vpmaddwd ymm9, ymm14, ymm15", "vpaddd ymm1, ymm1, ymm9",
				"vpmaddwd ymm10, ymm14, ymm15", "vpaddd ymm2, ymm2, ymm10",
				"vpmaddwd ymm11, ymm14, ymm15", "vpaddd ymm3, ymm3, ymm11",
				"vpmaddwd ymm8, ymm14, ymm15", "vpaddd ymm4, ymm4, ymm8",
				"vpmaddwd ymm9, ymm14, ymm15", "vpaddd ymm5, ymm5, ymm9",
				"vpmaddwd ymm10, ymm14, ymm15", "vpaddd ymm6, ymm6, ymm10",
				"vpmaddwd ymm11, ymm14, ymm15", "vpaddd ymm7, ymm7, ymm11",
				"dec {n}", "jnz 2b",
				n = inout(reg) 60_000u64 => _,
				out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _, out("ymm6") _,
				out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _, out("ymm14") _, out("ymm15") _,
			);
		}
		return 60_000 * 8 * 16;
	}
	0
}

/// Runs the 8-bit dot product, as [`run_dot_i16`] does for 16 bits. Back-ends that compute it from 16-bit products run those.
pub fn run_dot_i8(backend: Backend) -> u64 {
	#[cfg(target_arch = "x86_64")]
	if !backend.name().ends_with("vnni") && is_x86_feature_detected!("avx2") {
		return run_short_sums();
	}
	#[cfg(target_arch = "x86_64")]
	if backend.name() == "avx512-vnni" {
		// SAFETY: the back-end exists only where the processor has the instruction; only registers are accessed, and all of them
		// are named.
		unsafe {
			run_dots!("vpdpbusd", "zmm");
		}
		return 20_000 * 12 * 64;
	}
	#[cfg(target_arch = "x86_64")]
	if backend.name() == "avx-vnni" {
		// SAFETY: as above.
		unsafe {
			run_dots!("{{vex}} vpdpbusd", "ymm");
		}
		return 20_000 * 12 * 32;
	}
	#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
	if let Some(run) = dots_of_bytes(backend) {
		// SAFETY: the back-end exists only where the processor has the instruction.
		unsafe { run() };
		return 60_000 * 16 * 16;
	}
	run_dot_i16(backend)
}

/// Defines a function that runs a dot product of NEON: 60 000 rounds of sixteen independent accumulators, on registers alone.
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
macro_rules! bytes_of_neon {
	($name:ident, $instruction:literal, $feature:literal) => {
		#[target_feature(enable = $feature)]
		fn $name() {
			// SAFETY: the function has the feature of the instruction; only registers are accessed, and all of them are named.
			unsafe {
				std::arch::asm!(
					"2:",
					concat!($instruction, " v0.4s, v16.16b, v17.16b"), concat!($instruction, " v1.4s, v16.16b, v17.16b"),
					concat!($instruction, " v2.4s, v16.16b, v17.16b"), concat!($instruction, " v3.4s, v16.16b, v17.16b"),
					concat!($instruction, " v4.4s, v16.16b, v17.16b"), concat!($instruction, " v5.4s, v16.16b, v17.16b"),
					concat!($instruction, " v6.4s, v16.16b, v17.16b"), concat!($instruction, " v7.4s, v16.16b, v17.16b"),
					concat!($instruction, " v18.4s, v16.16b, v17.16b"), concat!($instruction, " v19.4s, v16.16b, v17.16b"),
					concat!($instruction, " v20.4s, v16.16b, v17.16b"), concat!($instruction, " v21.4s, v16.16b, v17.16b"),
					concat!($instruction, " v22.4s, v16.16b, v17.16b"), concat!($instruction, " v23.4s, v16.16b, v17.16b"),
					concat!($instruction, " v24.4s, v16.16b, v17.16b"), concat!($instruction, " v25.4s, v16.16b, v17.16b"),
					"subs {n}, {n}, #1", "b.ne 2b",
					n = inout(reg) 60_000u64 => _,
					out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
					out("v16") _, out("v17") _, out("v18") _, out("v19") _, out("v20") _, out("v21") _, out("v22") _,
					out("v23") _, out("v24") _, out("v25") _,
				);
			}
		}
	};
}

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
bytes_of_neon!(run_sdot, "sdot", "dotprod");
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
bytes_of_neon!(run_usdot, "usdot", "i8mm");

/// Returns the function that runs the dot product of bytes of a back-end, if it has one.
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
fn dots_of_bytes(backend: Backend) -> Option<unsafe fn()> {
	match backend.name() {
		"neon-dot" => Some(run_sdot),
		"neon-i8mm" => Some(run_usdot),
		_ => None,
	}
}

/// Runs the 8-bit dot product of AVX2 on registers alone: as the kernels do where four quads fit, products are added in 16 bits, and
/// widened and added to a sum together. Returns the number of its multiply-accumulates.
///
/// # Panics
///
/// Panics if the processor has no AVX2.
#[cfg(target_arch = "x86_64")]
fn run_short_sums() -> u64 {
	assert!(is_x86_feature_detected!("avx2"));
	/// Adds four quads to a sum. Temporary registers are written before they are read, so sums are independent of each other.
	#[rustfmt::skip]
	macro_rules! quads {
		($sum:literal, $a:literal, $b:literal) => {
			concat!(
				"vpmaddubsw ", $a, ", ymm14, ymm15\n",
				"vpmaddubsw ", $b, ", ymm14, ymm15\n", "vpaddw ", $a, ", ", $a, ", ", $b, "\n",
				"vpmaddubsw ", $b, ", ymm14, ymm15\n", "vpaddw ", $a, ", ", $a, ", ", $b, "\n",
				"vpmaddubsw ", $b, ", ymm14, ymm15\n", "vpaddw ", $a, ", ", $a, ", ", $b, "\n",
				"vpmaddwd ", $a, ", ", $a, ", ymm13\n", "vpaddd ", $sum, ", ", $sum, ", ", $a,
			)
		};
	}
	// SAFETY: the processor has the instructions; only registers are accessed, and all of them are named.
	unsafe {
		std::arch::asm!(
			"2:",
			quads!("ymm0", "ymm8", "ymm9"), quads!("ymm1", "ymm10", "ymm11"), quads!("ymm2", "ymm8", "ymm9"),
			quads!("ymm3", "ymm10", "ymm11"), quads!("ymm4", "ymm8", "ymm9"), quads!("ymm5", "ymm10", "ymm11"),
			quads!("ymm6", "ymm8", "ymm9"), quads!("ymm7", "ymm10", "ymm11"),
			"dec {n}", "jnz 2b",
			n = inout(reg) 10_000u64 => _,
			out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _, out("ymm6") _,
			out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _, out("ymm13") _, out("ymm14") _,
			out("ymm15") _,
		);
	}
	10_000 * 8 * 4 * 32
}

/// Runs the 16-bit dot product of NEON on registers alone, and returns the number of its multiply-accumulates.
#[cfg(target_arch = "aarch64")]
pub fn run_dot_i16(_: Backend) -> u64 {
	// SAFETY: every such processor that Rust has a standard library for has NEON; only registers are accessed, and all of them
	// are named.
	unsafe {
		std::arch::asm!(
			"2:",
			"smlal v0.4s, v16.4h, v17.4h", "smlal2 v1.4s, v16.8h, v17.8h", "smlal v2.4s, v16.4h, v17.4h",
			"smlal2 v3.4s, v16.8h, v17.8h", "smlal v4.4s, v16.4h, v17.4h", "smlal2 v5.4s, v16.8h, v17.8h",
			"smlal v6.4s, v16.4h, v17.4h", "smlal2 v7.4s, v16.8h, v17.8h", "smlal v18.4s, v16.4h, v17.4h",
			"smlal2 v19.4s, v16.8h, v17.8h", "smlal v20.4s, v16.4h, v17.4h", "smlal2 v21.4s, v16.8h, v17.8h",
			"smlal v22.4s, v16.4h, v17.4h", "smlal2 v23.4s, v16.8h, v17.8h", "smlal v24.4s, v16.4h, v17.4h",
			"smlal2 v25.4s, v16.8h, v17.8h",
			"subs {n}, {n}, #1", "b.ne 2b",
			n = inout(reg) 60_000u64 => _,
			out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
			out("v16") _, out("v17") _, out("v18") _, out("v19") _, out("v20") _, out("v21") _, out("v22") _, out("v23") _,
			out("v24") _, out("v25") _,
		);
	}
	60_000 * 16 * 4
}

/// Returns 0: there is no loop for this processor.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn run_dot_i16(_: Backend) -> u64 {
	0
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
	use super::*;

	#[test]
	fn every_back_end_has_a_peak_where_the_processor_has_vectors() {
		#[cfg(target_arch = "x86_64")]
		let has_vectors = is_x86_feature_detected!("avx2");
		#[cfg(target_arch = "aarch64")]
		let has_vectors = true;
		for backend in Backend::available() {
			assert_eq!(run_dot_i16(backend) > 0, has_vectors);
			assert!(run_dot_i8(backend) >= run_dot_i16(backend));
		}
	}

	/// On ARM, the tests run in an emulator, which says nothing about speed.
	#[cfg(target_arch = "x86_64")]
	#[test]
	fn bytes_have_a_higher_peak_than_16_bits() {
		// The fastest of many calls, since other programs only add to a time.
		let rate = |run: &dyn Fn() -> u64| {
			let time = || {
				let started = std::time::Instant::now();
				(run(), started.elapsed())
			};
			let (macs, fastest) = (0..200).map(|_| time()).min_by_key(|(_, time)| *time).unwrap();
			macs as f64 / fastest.as_secs_f64()
		};
		for backend in Backend::available().into_iter().filter(|_| is_x86_feature_detected!("avx2")) {
			let [bytes, words] = [rate(&|| run_dot_i8(backend)), rate(&|| run_dot_i16(backend))];
			assert!(bytes > words, "{backend:?}: {bytes} and {words} a second");
		}
	}
}
