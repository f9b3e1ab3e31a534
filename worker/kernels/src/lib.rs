//! Exact integer kernels of training and scoring on every CPU architecture.
//!
//! Training on a worker is dense and convolutional layers, recurrent cells, their gradients and the optimizer, in integers. This
//! crate computes them on the fastest instructions of a processor, with equal bits on all of them.
//!
//! # Exactness
//!
//! Weights, activations and gradients have 12 bits (8 in [`ops::gemm_i8`]), so their products are exact in 32 bits. Sums of
//! products wrap modulo 2³², and addition modulo 2³² is associative: lanes, tiles and unrolled loops may add terms in any order
//! without changing the result. Everything else (rounding shifts, clamps, table lookups, the step of the optimizer) is computed
//! lane by lane, from one value of each operand. Bounds that keep true sums within 32 bits are stated where a sum is computed. The
//! only floats are quotients and roots of integers in [`ops::genome`], whose integer parts doubles give exactly.
//!
//! Forward passes equal those of `doin-scoring`, which the runtime executes. Tests compare the references of this crate with it.
//!
//! # Structure
//!
//! ```text
//!   Backend::run(operation)                 backend.rs    selection by processor, or by DOIN_BACKEND
//!     └─ arch::…::run                       arch/         witness type and vector operations of each architecture
//!          └─ Operation::vectorized         ops/          arguments, reference and kernel of each operation
//!               └─ SimdI32, SimdI16, SimdI8 simd.rs       vector operations that kernels are written over
//!                    └─ Block, BatchTiles … layout/       memory layouts, with pictures
//! ```
//!
//! A kernel is written once, over the traits of [`simd`], and compiled for each architecture. [`Backend::SCALAR`] runs the
//! references instead: each operation value by value, in the order of its formula.
//!
//! # Safety
//!
//! Instructions of an extension must not run on a processor without it. Each architecture has a *witness* type, e.g. `Avx2`,
//! whose only constructor asks the processor. All methods of [`simd::SimdI32`] take the witness, so kernels are safe functions: a
//! kernel cannot be called without proof that its instructions exist. `unsafe` code is confined to [`arch`]: to the one call per
//! architecture from ordinary code into code that is compiled for more instructions, and to the intrinsics behind the vector
//! operations. Two macros implement many of the latter; their documentation states their contract.
//!
//! The witness idea is that of the crates `pulp` and `fearless_simd`. Neither is used here, because this crate needs operations
//! that they do not have (`vpdpwssd` and `vpdpbusd` by inline assembly, saturating packs, interleavings within quarters), needs
//! all architectures to agree on a layout of 16 lanes, and uses little else of theirs.
//!
//! # Speed
//!
//! On AVX-512 VNNI, products run at 85 % to 96 % of the peak rate of the dot product
//! (`cargo bench -p doin-kernels --bench training`). AVX2 has half as many registers: tiles there have two vectors of four rows,
//! tables of sixteen bytes are looked up in registers, and bytes are added in 16 bits as far as they fit. AVX-VNNI has the same
//! tiles, and dot products of one instruction for 12 and for 8 bits. NEON multiplies by one lane of a register, which saves copies,
//! and adds bytes in 16-bit products where it has no dot product of them. Three rules keep that:
//!
//! - Every function that a vector is passed to is `#[inline(always)]`. A function without the instructions of its caller receives
//!   vectors through memory. Closures are such functions.
//! - A kernel copies the slices, lengths and shifts that a loop reads into locals before the loop. A field behind a reference of
//!   an operation is loaded again after every store, because compilers rely on the exclusivity of `&mut` for parameters of
//!   functions only.
//! - Loops over rows and vectors of a register tile are unrolled, by const generics or by hand, so that accumulators stay
//!   in registers.
//!
//! # Example
//!
//! ```
//! use doin_kernels::{
//!     layout::{BatchTiles, PackedWeights, TILES},
//!     ops::gemm::DenseRelu,
//!     Backend,
//! };
//!
//! let mut layer = PackedWeights::new(2, 1, 9);
//! layer.set(0, 0, 512); // 1.0 with nine fractional bits
//! layer.set(0, 1, -256); // −0.5
//! let (mut x, mut y) = (BatchTiles::new(2), BatchTiles::new(1));
//! x.set(0, 7, 300);
//! x.set(1, 7, 100);
//! Backend::detect()?.run(DenseRelu { layer: &layer, x: &x, y: &mut y, tiles: TILES });
//! assert_eq!(y.get(0, 7), 250);
//! # Ok::<_, doin_kernels::UnknownBackend>(())
//! ```
//!
//! # Adding an operation
//!
//! Take the operation `y = max(x, 0)` over a batch as an example.
//!
//! 1. **Arguments.** In the file of `ops/` that it belongs to, write a struct with one documented field per argument, e.g.
//!    `pub struct Relu<'a> { pub x: &'a BatchTiles, pub y: &'a mut BatchTiles }`. Signatures are written here and nowhere else.
//! 2. **Reference.** Implement [`Operation::reference`], value by value: `y.set(neuron, sample, x.get(neuron, sample).max(0))`.
//!    It is the definition of the operation, so prefer the formula over speed.
//! 3. **Kernel.** Implement [`Operation::vectorized`] as a call of a function
//!    `fn relu<S: SimdI8>(s: S, x: &BatchTiles, y: &mut BatchTiles)`, both `#[inline(always)]`:
//!
//!    ```ignore
//!    let zero = s.splat(0);
//!    for (x, y) in x.blocks.as_flattened().iter().zip(y.blocks.as_flattened_mut()) {
//!        s.store(y, s.max_i16(s.load(x), zero));
//!    }
//!    ```
//! 4. **Vector operations.** If the kernel needs an operation that [`simd`] lacks, add it to the trait of its element type, with
//!    a default implementation if others can express it, and to every file of `arch/`.
//! 5. **Test.** In `tests/`, compare all back-ends with [`Backend::SCALAR`] on random operands with extreme values, sizes that
//!    are no multiple of a block, and buffers that hold the content of an earlier call. Compare the reference with `doin-scoring`
//!    where it has the operation.
//! 6. **NEON.** Run `scripts/neon.sh`, which runs the same tests in an emulator of 64-bit ARM.
//! 7. **Use and benchmark.** Call `backend.run(Relu { x: &x, y: &mut y })`, and add the operation to `benches/training.rs` if a
//!    step of training spends time in it.
//!
//! # References
//!
//! - Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", 2008: register tiling ([`ops::gemm`]).
//! - Chen et al., "Symbolic discovery of optimization algorithms", 2023: Lion ([`ops::lion`]).
//! - Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011: Philox ([`ops::philox`]).
//! - Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", 2018: integer
//!   layers ([`ops::gemm_i8`]).
//! - IEEE 754, "Standard for floating-point arithmetic", 2019: correctly rounded quotients and roots ([`ops::genome`]).
//! - Hochreiter & Schmidhuber, "Long short-term memory", 1997; Cho et al., "Learning phrase representations using RNN
//!   encoder–decoder for statistical machine translation", 2014: recurrent cells ([`ops::rnn`]).

#![warn(clippy::missing_errors_doc)]

pub mod arch;
mod backend;
pub mod layout;
pub mod ops;
pub mod peak;
pub mod simd;
#[cfg(test)]
mod tests;

pub use backend::{Backend, Operation, UnknownBackend, VARIABLE};
