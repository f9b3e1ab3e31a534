//! The absolute error of a batch, its gradient, and targets beside a frozen linear skip.
//!
//! Sums are accumulators of a last layer with requantising shift `shift`; targets are in units of 2^−OUT_FRAC. Both are
//! [batch rows](crate::layout::batch_rows).

use super::gather::last_block_mask;
use crate::{
	layout::{row_value, BatchTiles, Block, GradientGroups, BATCH, BATCH_BLOCKS, GROUP_BLOCKS, LANES, ROWS, TILE},
	simd::SimdI8,
	Operation,
};
use doin_scoring::{math::round_shift_i32, score::MAX_ERROR};
use doin_training::loss;

/// Gradient of one absolute error.
pub const UNIT_GRADIENT: i32 = loss::UNIT_GRADIENT as i32;

/// Computes the gradient of the absolute error: [`UNIT_GRADIENT`] times the sign of `sums − targets · 2^shift`.
#[derive(Debug)]
pub struct L1Gradient<'a> {
	/// Requantising shift of the last layer, in 1..=24 bits.
	pub shift: u32,
	/// Accumulators of the last layer.
	pub sums: &'a [Block],
	/// Targets, as batch rows.
	pub targets: &'a [Block],
	/// Gradients to write, samples in lanes.
	pub tiles: &'a mut BatchTiles,
	/// Gradients to write, in groups.
	pub groups: &'a mut GradientGroups,
}

impl Operation for L1Gradient<'_> {
	type Output = ();

	fn reference(self) {
		let Self { shift, sums, targets, tiles, groups } = self;
		for output in 0..sums.len() / BATCH_BLOCKS {
			for sample in 0..BATCH {
				let (sum, target) = (row_value(sums, output, sample), row_value(targets, output, sample));
				let gradient = loss::absolute(sum, target, shift);
				tiles.set(output, sample, gradient);
				groups.set(output, sample, gradient);
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { shift, sums, targets, tiles, groups } = self;
		l1_gradient(s, shift, sums, targets, tiles, groups);
	}
}

/// Computes [`L1Gradient`] on vectors.
#[inline(always)]
fn l1_gradient<S: SimdI8>(
	s: S,
	shift: u32,
	sums: &[Block],
	targets: &[Block],
	tiles: &mut BatchTiles,
	groups: &mut GradientGroups,
) {
	let sums = sums.as_chunks::<BATCH_BLOCKS>().0.as_chunks::<ROWS>().0;
	let targets = targets.as_chunks::<BATCH_BLOCKS>().0.as_chunks::<ROWS>().0;
	let groups = groups.blocks.as_chunks_mut::<GROUP_BLOCKS>().0;
	let (one, unit) = (s.splat(1), s.splat(UNIT_GRADIENT));
	// Half an accumulator has 31 bits: a target beyond them is beyond every accumulator.
	let limit = (1 << (31 - shift)) + 1;
	let (least, most) = (s.splat(-limit), s.splat(limit));
	for (group, ((sums, targets), blocks)) in sums.iter().zip(targets).zip(groups).enumerate() {
		for column in 0..BATCH_BLOCKS {
			let mut g = [unit; ROWS];
			for r in 0..ROWS {
				let sum = s.load(&sums[r][column]);
				let target = s.min(s.max(s.load(&targets[r][column]), least), most);
				let target = s.shl(target, shift - 1);
				// Targets are even at this scale, so halves decide on which side of a target an accumulator lies: one half is
				// rounded down, the other up.
				let down = s.shr(sum, 1);
				let up = s.add(down, s.and(sum, one));
				g[r] = s.sub(s.select_gt(up, target, unit), s.select_gt(target, down, unit));
			}
			let (ab, cd) = (s.pack_clamped(g[0], g[1]), s.pack_clamped(g[2], g[3]));
			let tile = tiles.tile_mut(column / TILE);
			s.store(&mut tile[2 * group][column % TILE], s.interleave(ab));
			s.store(&mut tile[2 * group + 1][column % TILE], s.interleave(cd));
			let [low, high] = s.interleave_rows(ab, cd);
			s.store(&mut blocks[2 * column], low);
			s.store(&mut blocks[2 * column + 1], high);
		}
	}
}

/// Computes the sum of `|((sums + 2^(shift−1)) >> shift) − targets|`, each term clamped below 2²⁰.
#[derive(Debug)]
pub struct L1Error<'a> {
	/// Requantising shift of the last layer, in 1..=24 bits.
	pub shift: u32,
	/// Accumulators of the last layer.
	pub sums: &'a [Block],
	/// Targets, as batch rows.
	pub targets: &'a [Block],
	/// Rows that are counted.
	pub outputs: usize,
	/// Samples that are counted, from the first one on.
	pub count: usize,
}

impl Operation for L1Error<'_> {
	type Output = u64;

	fn reference(self) -> u64 {
		let Self { shift, sums, targets, outputs, count } = self;
		let error = |output: usize, sample: usize| {
			let (out, target) = (round_shift_i32(row_value(sums, output, sample), shift), row_value(targets, output, sample));
			(i64::from(out) - i64::from(target)).unsigned_abs().min(MAX_ERROR)
		};
		(0..outputs).map(|output| (0..count).map(|sample| error(output, sample)).sum::<u64>()).sum()
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) -> u64 {
		let Self { shift, sums, targets, outputs, count } = self;
		l1_error(s, shift, sums, targets, outputs, count)
	}
}

/// Computes [`L1Error`] on vectors.
#[inline(always)]
fn l1_error<S: SimdI8>(s: S, shift: u32, sums: &[Block], targets: &[Block], outputs: usize, count: usize) -> u64 {
	let half = s.splat(1 << (shift - 1));
	let (zero, most) = (s.splat(0), s.splat(MAX_ERROR as i32));
	let rows = sums.as_chunks::<BATCH_BLOCKS>().0.iter().zip(targets.as_chunks::<BATCH_BLOCKS>().0);
	let count = count.min(BATCH);
	let (whole, rest) = (count / LANES, count % LANES);
	let counted = last_block_mask(s, rest.max(1));
	let mut total = 0;
	for (sums, targets) in rows.take(outputs) {
		// At most 16 errors below 2²⁰ a lane.
		let mut lanes = zero;
		for column in 0..count.div_ceil(LANES) {
			let out = s.shr(s.add(s.load(&sums[column]), half), shift);
			let target = s.load(&targets[column]);
			// The distance as `u32`: if it is negative as `i32`, it exceeds 2³¹.
			let distance = s.sub(s.max(out, target), s.min(out, target));
			let far = s.select_gt(zero, distance, most);
			let error = s.or(far, s.max(s.min(distance, most), zero));
			lanes = s.add(lanes, if column < whole { error } else { s.and(error, counted) });
		}
		let mut sum = Block::ZERO;
		s.store(&mut sum, lanes);
		total += sum.0.iter().map(|sum| u64::from(*sum as u32)).sum::<u64>();
	}
	total
}

/// Subtracts the requantised outputs of a linear skip from targets: `targets −= (sums + 2^(shift−1)) >> shift`.
#[derive(Debug)]
pub struct SubtractSkip<'a> {
	/// Targets to change.
	pub targets: &'a mut [Block],
	/// Accumulators of the linear skip.
	pub sums: &'a [Block],
	/// Requantising shift of the linear skip, in 1..=24 bits.
	pub shift: u32,
}

impl Operation for SubtractSkip<'_> {
	type Output = ();

	fn reference(self) {
		for (target, sum) in self.targets.iter_mut().zip(self.sums) {
			for (target, sum) in target.0.iter_mut().zip(&sum.0) {
				*target = target.wrapping_sub(round_shift_i32(*sum, self.shift));
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { targets, sums, shift } = self;
		subtract_skip(s, targets, sums, shift);
	}
}

/// Computes [`SubtractSkip`] on vectors.
#[inline(always)]
fn subtract_skip<S: SimdI8>(s: S, targets: &mut [Block], sums: &[Block], shift: u32) {
	let half = s.splat(1 << (shift - 1));
	for (target, sum) in targets.iter_mut().zip(sums) {
		let skip = s.shr(s.add(s.load(sum), half), shift);
		let value = s.sub(s.load(target), skip);
		s.store(target, value);
	}
}
