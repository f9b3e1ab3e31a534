//! Windows of a series as inputs and targets of a batch.
//!
//! An input is the difference of a value and the last known value, scaled by a power of two, rounded and clamped to ±2047. A
//! target is a difference in units of 2^−OUT_FRAC.

#![expect(clippy::needless_range_loop, reason = "vectors of a column are registers: their loops are unrolled by index")]

use super::gemm_i8::QuantizeU8;
use crate::{
	layout::{
		panel_place, row_value_mut, ActivationPanels, ActivationPanelsU8, BatchTiles, BatchTilesU8, Block, LayerSums,
		WindowGather, BATCH, BATCH_BLOCKS, INPUT_SHIFT, LANES, SAMPLE_PAIRS, SAMPLE_QUADS, TILE, TILES,
	},
	ops::gemm_i8::TransposeBatchU8,
	simd::{both_halves, SimdI32, SimdI8},
	Operation,
};
use doin_scoring::{
	model::{MAX_ACT, OUT_FRAC},
	score::channel_differences,
};

/// Loads inputs and targets of a batch. Differences of values must stay below 2²⁶; a caller loads other windows value by value,
/// and passes their targets through [`clamp_targets`].
#[derive(Debug)]
pub struct GatherWindows<'a> {
	/// Windows to load.
	pub windows: &'a WindowGather<'a>,
	/// Inputs to write, samples in lanes.
	pub tiles: &'a mut BatchTiles,
	/// Inputs to write, neurons in lanes.
	pub panels: &'a mut ActivationPanels,
	/// Targets to write, as batch rows.
	pub targets: &'a mut [Block],
	/// Tiles of 64 samples to load.
	pub count: usize,
}

impl Operation for GatherWindows<'_> {
	type Output = ();

	fn reference(self) {
		let Self { windows, tiles, panels, targets, count } = self;
		let mut exact = vec![0; windows.horizon * BATCH];
		let mut x = vec![0; windows.window];
		for sample in 0..count * TILE * LANES {
			let (past, future, last) = windows.window(sample);
			channel_differences(windows.in_shift, 0, 1, past, &mut x);
			for (input, x) in x.iter().enumerate() {
				tiles.set(input, sample, *x);
				panels.set(input, sample, *x);
			}
			for (targets, value) in exact.chunks_exact_mut(BATCH).zip(future) {
				targets[sample] = (i64::from(*value) - i64::from(last)) << OUT_FRAC;
			}
		}
		for (at, target) in exact.iter().enumerate() {
			*row_value_mut(targets, at / BATCH, at % BATCH) = *target as i32;
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { windows, tiles, panels, targets, count } = self;
		gather_windows(s, windows, tiles, panels, targets, count);
	}
}

/// Computes [`GatherWindows`] on vectors.
#[inline(always)]
fn gather_windows<S: SimdI8>(
	s: S,
	windows: &WindowGather,
	tiles: &mut BatchTiles,
	panels: &mut ActivationPanels,
	targets: &mut [Block],
	count: usize,
) {
	// Copies: a field behind a reference is loaded again after every store.
	let (windows, columns, blocks) = (&{ *windows }, panels.columns, &mut panels.blocks[..]);
	let (left, right) = shifts(windows.in_shift);
	let (least, most, half) = (s.splat(-MAX_ACT), s.splat(MAX_ACT), s.splat((1 << right) >> 1));
	// Lanes beyond the end of a window become zero.
	let (inputs, outputs) = (last_block_mask(s, windows.window), last_block_mask(s, windows.horizon));
	for column in 0..(count.min(TILES) * TILE) {
		let (mut ends, mut lasts) = ([0; LANES], [0; LANES]);
		for i in 0..LANES {
			ends[i] = windows.starts[column * LANES + i] as usize + windows.history;
			lasts[i] = windows.values[ends[i] - 1];
		}
		for block in 0..columns {
			let mut v = [half; 8];
			for i in 0..8 {
				let mut x = [half; 2];
				for j in 0..2 {
					let past = ends[2 * i + j] - windows.window + block * LANES;
					x[j] = s.sub(sixteen(s, windows.values, past), s.splat(lasts[2 * i + j]));
					if left > 0 {
						// A difference that the final clamp would cut must not overflow.
						x[j] = s.shl(s.min(s.max(x[j], least), most), left);
					}
					x[j] = s.shr(s.add(x[j], half), right);
				}
				v[i] = s.pack_clamped(x[0], x[1]);
			}
			let partial = block * LANES + LANES > windows.window;
			for i in 0..8 {
				v[i] = s.interleave(v[i]);
				if partial {
					v[i] = s.and(v[i], inputs);
				}
			}
			let (first, stride) = panel_place(columns, block, SAMPLE_PAIRS);
			let out = &mut blocks[first + column * 8 * stride..][..7 * stride + 1];
			for i in 0..8 {
				s.store(&mut out[i * stride], v[i]);
			}
			let v = s.transpose_pairs(v);
			let out = &mut tiles.tile_mut(column / TILE).as_chunks_mut::<8>().0[block];
			for i in 0..8 {
				s.store(&mut out[i][column % TILE], v[i]);
			}
		}
		gather_targets(s, windows, column, &ends, &lasts, outputs, targets);
	}
}

/// Loads a whole batch with 8-bit inputs: those of [`GatherWindows`] shifted right by [`INPUT_SHIFT`] with rounding.
#[derive(Debug)]
pub struct GatherWindowsU8<'a> {
	/// Windows to load.
	pub windows: &'a WindowGather<'a>,
	/// Inputs to write, samples in lanes.
	pub tiles: &'a mut BatchTilesU8,
	/// Inputs to write, neurons in lanes.
	pub panels: &'a mut ActivationPanelsU8,
	/// Targets to write, as batch rows.
	pub targets: &'a mut [Block],
}

impl Operation for GatherWindowsU8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { windows, tiles, panels, targets } = self;
		let (mut exact, mut unused) = (BatchTiles::new(windows.window), ActivationPanels::new(windows.window));
		GatherWindows { windows, tiles: &mut exact, panels: &mut unused, targets, count: TILES }.reference();
		QuantizeU8 { shift: INPUT_SHIFT, x: &exact, y: tiles }.reference();
		TransposeBatchU8 { x: tiles, panels }.reference();
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { windows, tiles, panels, targets } = self;
		gather_windows_u8(s, windows, tiles, panels, targets);
	}
}

/// Computes [`GatherWindowsU8`] on vectors.
#[inline(always)]
fn gather_windows_u8<S: SimdI8>(
	s: S,
	windows: &WindowGather,
	tiles: &mut BatchTilesU8,
	panels: &mut ActivationPanelsU8,
	targets: &mut [Block],
) {
	// Copies: a field behind a reference is loaded again after every store.
	let (windows, columns, blocks) = (&{ *windows }, panels.columns, &mut panels.blocks[..]);
	let (left, right) = shifts(windows.in_shift);
	let (least, most, half) = (s.splat(-MAX_ACT), s.splat(MAX_ACT), s.splat((1 << right) >> 1));
	let byte_half = s.splat(both_halves(1 << (INPUT_SHIFT - 1)));
	// Lanes beyond the end of a window become zero.
	let (inputs, outputs) = (last_block_mask(s, windows.window), last_block_mask(s, windows.horizon));
	for column in 0..BATCH_BLOCKS {
		let (mut ends, mut lasts) = ([0; LANES], [0; LANES]);
		for i in 0..LANES {
			ends[i] = windows.starts[column * LANES + i] as usize + windows.history;
			lasts[i] = windows.values[ends[i] - 1];
		}
		for block in 0..columns {
			let partial = block * LANES + LANES > windows.window;
			let mut v = [half; 4];
			for i in 0..4 {
				let mut x = [half; 4];
				for j in 0..4 {
					let past = ends[4 * i + j] - windows.window + block * LANES;
					x[j] = s.sub(sixteen(s, windows.values, past), s.splat(lasts[4 * i + j]));
					if left > 0 {
						// A difference that the final clamp would cut must not overflow.
						x[j] = s.shl(s.min(s.max(x[j], least), most), left);
					}
					x[j] = s.shr(s.add(x[j], half), right);
					if partial {
						x[j] = s.and(x[j], inputs);
					}
				}
				// 12-bit numbers saturate later than bytes, so a value beyond both limits is clamped once.
				let ab = s.shr_i16(s.add_saturating_i16(s.pack_i16(x[0], x[1]), byte_half), INPUT_SHIFT);
				let cd = s.shr_i16(s.add_saturating_i16(s.pack_i16(x[2], x[3]), byte_half), INPUT_SHIFT);
				v[i] = s.add_offset(s.pack_i8(ab, cd));
			}
			// In each quarter: four samples in lanes, four neurons a lane.
			let (first, stride) = panel_place(columns, block, SAMPLE_QUADS);
			let rows = &mut blocks[first + column * 4 * stride..][..3 * stride + 1];
			for i in 0..4 {
				s.store(&mut rows[i * stride], s.transpose_bytes(v[i]));
			}
			let v = s.transpose_quarters(v);
			let tile = &mut tiles.tile_mut(column / TILE).as_chunks_mut::<4>().0[block];
			for i in 0..4 {
				s.store(&mut tile[i][column % TILE], v[i]);
			}
		}
		gather_targets(s, windows, column, &ends, &lasts, outputs, targets);
	}
}

/// Returns the shifts to the left and to the right that make up a shift of either sign, in bits.
#[inline(always)]
fn shifts(in_shift: i8) -> (u32, u32) {
	(in_shift.max(0).unsigned_abs().into(), in_shift.min(0).unsigned_abs().into())
}

/// Loads the targets of the sixteen windows of a block of samples, whose histories end before the indices `ends` with the values
/// `lasts`. `mask` has all bits of the lanes of the last block that are targets.
#[inline(always)]
fn gather_targets<S: SimdI32>(
	s: S,
	windows: &WindowGather,
	column: usize,
	ends: &[usize; LANES],
	lasts: &[i32; LANES],
	mask: S::V,
	targets: &mut [Block],
) {
	for (block, rows) in targets.as_chunks_mut::<BATCH_BLOCKS>().0.chunks_mut(LANES).enumerate() {
		let partial = block * LANES + LANES > windows.horizon;
		let mut v = [mask; LANES];
		for i in 0..LANES {
			let future = sixteen(s, windows.values, ends[i] + block * LANES);
			v[i] = s.shl(s.sub(future, s.splat(lasts[i])), OUT_FRAC);
			if partial {
				v[i] = s.and(v[i], mask);
			}
		}
		let v = s.transpose(v);
		for (row, v) in rows.iter_mut().zip(v) {
			s.store(&mut row[column], v);
		}
	}
}

/// Loads sixteen values from index `at` on.
#[inline(always)]
fn sixteen<S: SimdI32>(s: S, values: &[i32], at: usize) -> S::V {
	match values[at..].first_chunk() {
		Some(some) => s.load_unaligned(some),
		None => panic!("sixteen values are read from index {at} of {}", values.len()),
	}
}

/// Returns all bits of as many lanes as the last block of `values` values has.
#[inline(always)]
pub(crate) fn last_block_mask<S: SimdI32>(s: S, values: usize) -> S::V {
	let mut lanes = [-1; LANES];
	lanes[(values - 1) % LANES + 1..].fill(0);
	s.load_unaligned(&lanes)
}

/// Largest target that is distinguished from larger ones: beyond it, an error exceeds every error that counts, and its sign
/// is certain.
const MAX_TARGET: i64 = (1 << 30) + (1 << 21);

/// Subtracts the outputs of a linear skip from exact targets, and clamps the result to the targets that kernels read. `exact` has
/// one row of [`BATCH`] per output, in units of 2^−OUT_FRAC.
pub fn clamp_targets(exact: &[i64], skip: Option<LayerSums>, targets: &mut [Block]) {
	for (at, exact) in exact.iter().enumerate() {
		let (row, sample) = (at / BATCH, at % BATCH);
		let skip = skip.map_or(0, |skip| skip.output(row, sample));
		*row_value_mut(targets, row, sample) = (exact - i64::from(skip)).clamp(-MAX_TARGET, MAX_TARGET) as i32;
	}
}
