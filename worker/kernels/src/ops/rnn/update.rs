//! Weight update of a cell.

use crate::{
	layout::{Block, CellShape, TrainableLayer, LANES, ROWS},
	ops::{
		gemm::{update_weights, UpdateTarget, WeightBlock},
		lion::{self, StepSize, MASTER_FRAC, MAX_WEIGHT, WEIGHT_FRAC},
	},
	simd::SimdI8,
	Operation,
};
use doin_scoring::math::round_shift_i32;

/// Makes one step of [Lion](lion) for the weights of a cell, and rounds them for the next passes.
#[derive(Debug)]
pub struct CellUpdate<'a> {
	/// Shape of the cell.
	pub shape: &'a CellShape,
	/// Weights to change.
	pub gates: &'a mut TrainableLayer,
	/// Gradients of the weights, which are zero afterwards.
	pub sums: &'a mut [[Block; ROWS]],
	/// Size of the step.
	pub step: StepSize,
}

impl Operation for CellUpdate<'_> {
	type Output = ();

	fn reference(self) {
		let Self { shape, gates, sums, step } = self;
		for row in 0..shape.outputs() {
			for input in 0..shape.inputs() {
				let block = row / ROWS * shape.columns() + input / LANES;
				let (row_at, lane) = (row % ROWS, input % LANES);
				let sum = &mut sums[block][row_at].0[lane];
				let g = if shape.reads(row / (shape.unit_groups() * ROWS), input) { *sum } else { 0 };
				*sum = 0;
				let (p, m) = (&mut gates.masters[block][row_at].0[lane], &mut gates.momenta[block][row_at].0[lane]);
				lion::step(p, m, g, step, MAX_WEIGHT);
				let weight = round_shift_i32(*p, MASTER_FRAC - WEIGHT_FRAC) as i16;
				gates.set_weight(row, input, weight);
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { shape, gates, sums, step } = self;
		cell_update(s, shape, gates, sums, step);
	}
}

/// Computes [`CellUpdate`] on vectors.
#[inline(always)]
fn cell_update<S: SimdI8>(s: S, shape: &CellShape, gates: &mut TrainableLayer, sums: &mut [[Block; ROWS]], step: StepSize) {
	let columns = shape.columns();
	let target = &mut UpdateTarget::new(gates);
	for (group, sums) in sums.chunks_exact_mut(columns).enumerate() {
		let gate = group / shape.unit_groups();
		for (column, sums) in sums.iter_mut().enumerate() {
			let mut lanes = [0; LANES];
			for (lane, mask) in lanes.iter_mut().enumerate() {
				*mask = -i32::from(shape.reads(gate, column * LANES + lane));
			}
			let mask = s.load_unaligned(&lanes);
			let mut g = [[mask]; ROWS];
			for r in 0..ROWS {
				g[r] = [s.and(mask, s.load(&sums[r]))];
			}
			update_weights::<S, 1, 0>(s, target, &g, WeightBlock { group, column }, step);
			*sums = [Block::ZERO; ROWS];
		}
	}
}
