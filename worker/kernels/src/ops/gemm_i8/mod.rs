//! Dense layers in 8 bits.
//!
//! Inputs of a net have [`INPUT_FRAC_I8`](crate::layout::INPUT_FRAC_I8) fractional bits, hidden activations and weights have six,
//! gradients have seven bits. The shift of propagated gradients is taken from the step before
//! ([`next_gradient_shift`](crate::layout::next_gradient_shift)), so gradients are packed as soon as they are computed. Masters
//! and momenta are those of 12-bit training.
//!
//! Kernels have the structure of [`gemm`](crate::ops::gemm), with four terms per lane of a dot product instead of two. Where a
//! processor has no such dot product, products are added in 16 bits first, as far as they fit (`short_sums.rs`).
//!
//! The first dot products of 64-bit ARM multiply signed bytes only. Kernels subtract [`OFFSET`] from the unsigned ones, since
//! `Σ x·w = Σ (x − 128)·w + 128·Σ w`. The last term is one number for all vectors of a row, so it is added to start values: in a
//! forward pass from the weights, in an update from the sums of the gradients, which are known. Propagated gradients are bytes with
//! this offset, and subtracting it saves their start values.

#![expect(clippy::needless_range_loop, reason = "rows and vectors of a tile are registers: their loops are unrolled by index")]

mod convert;
mod forward;
mod input_gradient;
mod short_sums;
mod weight_update;

pub use convert::{GroupGradientsI8, QuantizeU8, TransposeBatchU8};
pub use forward::{DenseReluU8, DenseSumsU8, SUM_SHIFT};
pub use input_gradient::InputGradientU8;
pub use weight_update::WeightUpdateI8;

use short_sums::Together;

use crate::{
	layout::{Block, OFFSET, ROWS},
	simd::SimdI8,
};

/// Adds the terms of four neighbours along the axis of the sum. Where dot products [are signed](SimdI8::SIGNED_DOT), `x` counts
/// [`OFFSET`] less.
#[inline(always)]
fn add_quad<S: SimdI8, const C: usize, const N: usize>(
	s: S,
	sums: &mut [[S::V; N]; ROWS],
	x: &[Block; C],
	at: usize,
	w: &[i32; ROWS],
) {
	let mut xs = [s.splat(0); N];
	for c in 0..N {
		xs[c] = s.load(&x[at + c]);
		if S::SIGNED_DOT {
			xs[c] = s.add_offset(xs[c]);
		}
	}
	// Unrolled by hand: a row is a constant where an instruction has its number.
	add_row::<S, N, 0>(s, &mut sums[0], &xs, w);
	add_row::<S, N, 1>(s, &mut sums[1], &xs, w);
	add_row::<S, N, 2>(s, &mut sums[2], &xs, w);
	add_row::<S, N, 3>(s, &mut sums[3], &xs, w);
}

/// Adds the terms of four neighbours to the sums of row `ROW`.
#[inline(always)]
fn add_row<S: SimdI8, const N: usize, const ROW: usize>(s: S, sums: &mut [S::V; N], xs: &[S::V; N], w: &[i32; ROWS]) {
	for c in 0..N {
		sums[c] = s.dot_u8_i8_broadcast::<ROW>(sums[c], xs[c], w);
	}
}

/// Adds the terms of `K` quads, which are added in 16 bits first; see [`SimdI8::dot_short`].
#[inline(always)]
fn add_short<S: SimdI8, const C: usize, const N: usize, const K: usize>(
	s: S,
	sums: &mut [[S::V; N]; ROWS],
	x: [&[Block; C]; K],
	at: usize,
	w: [&[i32; ROWS]; K],
) {
	let zero = s.splat(0);
	let mut xs = [[zero; K]; N];
	for c in 0..N {
		for k in 0..K {
			xs[c][k] = s.load(&x[k][at + c]);
		}
	}
	for r in 0..ROWS {
		let mut ws = [zero; K];
		for k in 0..K {
			ws[k] = s.splat(w[k][r]);
		}
		for c in 0..N {
			sums[r][c] = s.dot_short(sums[r][c], xs[c], ws);
		}
	}
}

/// Adds the terms of four quads, of which as many as `together` says may be added in 16 bits.
#[inline(always)]
fn add_quads<S: SimdI8, const C: usize, const N: usize>(
	s: S,
	sums: &mut [[S::V; N]; ROWS],
	[x0, x1, x2, x3]: [&[Block; C]; 4],
	at: usize,
	[w0, w1, w2, w3]: [&[i32; ROWS]; 4],
	together: Together,
) {
	match together.0 {
		3 => add_short(s, sums, [x0, x1, x2, x3], at, [w0, w1, w2, w3]),
		2 => {
			add_short(s, sums, [x0, x1], at, [w0, w1]);
			add_short(s, sums, [x2, x3], at, [w2, w3]);
		}
		1 => {
			add_short(s, sums, [x0], at, [w0]);
			add_short(s, sums, [x1], at, [w1]);
			add_short(s, sums, [x2], at, [w2]);
			add_short(s, sums, [x3], at, [w3]);
		}
		_ => {
			// Unrolled by hand: compilers do not unroll a loop around so much code.
			add_quad(s, sums, x0, at, w0);
			add_quad(s, sums, x1, at, w1);
			add_quad(s, sums, x2, at, w2);
			add_quad(s, sums, x3, at, w3);
		}
	}
}

/// Returns four rows of sums that begin with `start`.
#[inline(always)]
fn start_rows<S: SimdI8, const N: usize>(s: S, start: [i32; ROWS]) -> [[S::V; N]; ROWS] {
	let mut sums = [[s.splat(0); N]; ROWS];
	for r in 0..ROWS {
		sums[r] = [s.splat(start[r]); N];
	}
	sums
}

/// Computes `start[r] + Σ x[q][at + c] · w[q][r]` for four rows r and `N` vectors c, over all quads q. A block of `w` has
/// four quads. `together` has an entry for each block where a back-end uses [short sums](SimdI8::SHORT_SUMS). Where dot products
/// [are signed](SimdI8::SIGNED_DOT), `start` has [`OFFSET`] times the sum of the weights of each row, which `x` counts less.
#[inline(always)]
fn product<S: SimdI8, const C: usize, const N: usize>(
	s: S,
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
	together: &[Together],
	start: [i32; ROWS],
) -> [[S::V; N]; ROWS] {
	let mut sums = start_rows(s, start);
	let blocks = w.iter().zip(x.as_chunks::<4>().0);
	if S::SHORT_SUMS {
		for ((w, [x0, x1, x2, x3]), together) in blocks.zip(together) {
			let [w0, w1, w2, w3] = w.0.as_chunks::<ROWS>().0 else { continue };
			add_quads(s, &mut sums, [x0, x1, x2, x3], at, [w0, w1, w2, w3], *together);
		}
	} else {
		for (w, [x0, x1, x2, x3]) in blocks {
			let [w0, w1, w2, w3] = w.0.as_chunks::<ROWS>().0 else { continue };
			add_quads(s, &mut sums, [x0, x1, x2, x3], at, [w0, w1, w2, w3], Together::NONE);
		}
	}
	sums
}

/// Returns a value with [`OFFSET`] added, as unsigned bytes store it.
fn with_offset(value: i8) -> u8 {
	(i32::from(value) + OFFSET) as u8
}

/// Returns a value without its [`OFFSET`].
fn without_offset(value: u8) -> i32 {
	i32::from(value) - OFFSET
}

/// Clamps a value to a signed byte.
fn clamp_i8(value: i32) -> i8 {
	value.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}
