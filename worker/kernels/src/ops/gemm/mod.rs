//! Dense layers in 12 bits: products of matrices with everything fused that would cost another pass over memory.
//!
//! All products are computed by one register tile: four rows of the broadcast operand times up to four vectors of
//! the lane operand, sixteen accumulators, as in Goto & van de Geijn (2008). Each accumulator is an `i32` that wraps, so the
//! order of a sum does not change it.

mod forward;
mod input_gradient;
mod weight_update;

pub use forward::{DenseRelu, DenseSums, TransposeBatch};
pub use input_gradient::{InputGradient, GRADIENT_BITS};
pub use weight_update::{GemmAtB, RoundWeights, WeightUpdate};

pub(crate) use forward::transpose_column;
pub(crate) use input_gradient::{mask_and_store, requantise_gradient, rescale};
pub(crate) use weight_update::{group_sums, update_master, update_weight, update_weights, UpdateTarget, WeightBlock};

use crate::{
	layout::{Block, ROWS},
	simd::SimdI32,
};

/// Computes `start[r] + Σ x[p][at + c] · w[p][r]` for four rows r and `N` vectors c, over all pairs p.
#[inline(always)]
pub(crate) fn product<S: SimdI32, const C: usize, const N: usize>(
	s: S,
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
	start: [i32; ROWS],
) -> [[S::V; N]; ROWS] {
	let zero = s.splat(0);
	let mut sums = [[zero; N]; ROWS];
	for (sums, start) in sums.iter_mut().zip(start) {
		*sums = [s.splat(start); N];
	}
	add_pairs(s, &mut sums, x, at, w);
	sums
}

/// Adds the terms of all pairs to sums.
#[inline(always)]
pub(crate) fn add_pairs<S: SimdI32, const C: usize, const N: usize>(
	s: S,
	sums: &mut [[S::V; N]; ROWS],
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
) {
	for (w, [x0, x1, x2, x3]) in w.iter().zip(x.as_chunks::<ROWS>().0) {
		let [w0, w1, w2, w3] = w.0.as_chunks::<ROWS>().0 else { continue };
		// Unrolled by hand: compilers do not unroll a loop around so much code.
		add_pair(s, sums, x0, at, w0);
		add_pair(s, sums, x1, at, w1);
		add_pair(s, sums, x2, at, w2);
		add_pair(s, sums, x3, at, w3);
	}
}

/// Adds the terms of one pair to sums.
#[inline(always)]
pub(crate) fn add_pair<S: SimdI32, const C: usize, const N: usize>(
	s: S,
	sums: &mut [[S::V; N]; ROWS],
	x: &[Block; C],
	at: usize,
	w: &[i32; ROWS],
) {
	let mut xs = [s.splat(0); N];
	for c in 0..N {
		xs[c] = s.load(&x[at + c]);
	}
	// Unrolled by hand: a row is a constant where an instruction has its number.
	add_row::<S, N, 0>(s, &mut sums[0], &xs, w);
	add_row::<S, N, 1>(s, &mut sums[1], &xs, w);
	add_row::<S, N, 2>(s, &mut sums[2], &xs, w);
	add_row::<S, N, 3>(s, &mut sums[3], &xs, w);
}

/// Adds the terms of one pair to the sums of row `ROW`.
#[inline(always)]
fn add_row<S: SimdI32, const N: usize, const ROW: usize>(s: S, sums: &mut [S::V; N], xs: &[S::V; N], w: &[i32; ROWS]) {
	for c in 0..N {
		sums[c] = s.dot_broadcast::<ROW>(sums[c], xs[c], w);
	}
}
