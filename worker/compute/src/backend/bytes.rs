//! The kernels of training in bytes, once for every processor.
//!
//! Inputs have [`INPUT_FRAC`](super::byte_layout::INPUT_FRAC) fractional bits, hidden activations and weights six, gradients seven bits.
//! The shift of propagated gradients is the one that would have suited the step before: so they are packed as soon as they are there.
//! Masters and momenta are those of training in 12 bits.

#![expect(clippy::needless_range_loop, reason = "rows and vectors of a tile are registers: their loops are unrolled by index")]

use super::{
	byte_layout::{
		BytePanels, ByteQuads, ByteTiles, ByteWeights, ACT_FRAC as BYTE_ACT_FRAC, INPUT_SHIFT, OFFSET, SAMPLE_QUADS,
		WEIGHT_FRAC as BYTE_WEIGHT_FRAC,
	},
	halves::both,
	layout::{panel_width, Block, Dense, Places, Tiles, COLUMNS, LANES, ROWS, TILE, TILES},
	quarters::Quarters,
	tiles::{descend, gather_targets, part, sixteen},
};
use crate::lion::{ACC_FRAC, ACT_FRAC, MASTER_FRAC, WEIGHT_FRAC};
use doin_scoring::model::MAX_ACT;

/// Bits by which sums of the last layer are shifted left, to the scale of accumulators of 12-bit nets.
pub const SUM_SHIFT: u32 = ACC_FRAC - BYTE_WEIGHT_FRAC - BYTE_ACT_FRAC;

/// Adds the terms of four neighbours along the axis of the sum.
#[inline(always)]
fn add_four<L: Quarters, const C: usize, const N: usize>(
	l: L,
	sums: &mut [[L::V; N]; ROWS],
	x: &[Block; C],
	at: usize,
	w: &[i32; ROWS],
) {
	let mut xs = [l.splat(0); N];
	for c in 0..N {
		xs[c] = l.load(&x[at + c]);
	}
	for r in 0..ROWS {
		for c in 0..N {
			sums[r][c] = l.row8(sums[r][c], xs[c], w, r);
		}
	}
}

/// Four rows of sums that begin with `start`.
#[inline(always)]
fn rows<L: Quarters, const N: usize>(l: L, start: [i32; ROWS]) -> [[L::V; N]; ROWS] {
	let mut sums = [[l.splat(0); N]; ROWS];
	for r in 0..ROWS {
		sums[r] = [l.splat(start[r]); N];
	}
	sums
}

/// `start[r] + Σ x[q][at + c] · w[q][r]` for four rows r and `N` vectors c, over all fours q: a block of `w` has those of four fours.
#[inline(always)]
fn product<L: Quarters, const C: usize, const N: usize>(
	l: L,
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
	start: [i32; ROWS],
) -> [[L::V; N]; ROWS] {
	let mut sums = rows(l, start);
	for (w, [x0, x1, x2, x3]) in w.iter().zip(x.as_chunks::<4>().0) {
		let [w0, w1, w2, w3] = w.0.as_chunks::<ROWS>().0 else { continue };
		// Unrolled by hand: compilers leave a loop around so much code.
		add_four(l, &mut sums, x0, at, w0);
		add_four(l, &mut sums, x1, at, w1);
		add_four(l, &mut sums, x2, at, w2);
		add_four(l, &mut sums, x3, at, w3);
	}
	sums
}

/// The same, with quarter `quarter` of a block of `w` for each four.
#[inline(always)]
fn product_back<L: Quarters, const N: usize>(
	l: L,
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	quarter: usize,
	start: [i32; ROWS],
) -> [[L::V; N]; ROWS] {
	let mut sums = rows(l, start);
	for (w, x) in w.iter().zip(x) {
		add_four(l, &mut sums, x, at, &w.0.as_chunks::<ROWS>().0[quarter % (LANES / ROWS)]);
	}
	sums
}

/// See [`super::Backend::to_bytes`].
#[inline(always)]
pub fn to_bytes<L: Quarters>(l: L, shift: u32, x: &Tiles, y: &mut ByteTiles) {
	let half = l.splat(both(((1 << shift) >> 1) as i16));
	for (x, y) in x.blocks.as_chunks::<2>().0.iter().zip(&mut y.blocks) {
		for c in 0..TILE {
			let ab = l.shr16(l.add16(l.load(&x[0][c]), half), shift);
			let cd = l.shr16(l.add16(l.load(&x[1][c]), half), shift);
			l.store(&mut y[c], l.offset(l.join(ab, cd)));
		}
	}
}

/// See [`super::Backend::gather_bytes`].
#[inline(always)]
pub fn gather_bytes<L: Quarters>(l: L, places: &Places, tiles: &mut ByteTiles, panels: &mut BytePanels, targets: &mut [Block]) {
	let (left, right) = (places.in_shift.max(0).unsigned_abs().into(), u32::from(places.in_shift.min(0).unsigned_abs()));
	let (least, most, half) = (l.splat(-MAX_ACT), l.splat(MAX_ACT), l.splat((1 << right) >> 1));
	let byte_half = l.splat(both(1 << (INPUT_SHIFT - 1)));
	// What is read beyond the end of a window counts as zero.
	let (inputs, outputs) = (part(l, places.window), part(l, places.horizon));
	for column in 0..COLUMNS {
		let (mut ends, mut lasts) = ([0; LANES], [0; LANES]);
		for i in 0..LANES {
			ends[i] = places.starts[column * LANES + i] as usize + places.history;
			lasts[i] = places.values[ends[i] - 1];
		}
		for block in 0..panels.columns {
			let partial = block * LANES + LANES > places.window;
			let mut v = [half; 4];
			for i in 0..4 {
				let mut x = [half; 4];
				for j in 0..4 {
					let past = ends[4 * i + j] - places.window + block * LANES;
					x[j] = l.sub(sixteen(l, places.values, past), l.splat(lasts[4 * i + j]));
					if left > 0 {
						// What is clamped anyway must not overflow.
						x[j] = l.shl(l.min(l.max(x[j], least), most), left);
					}
					x[j] = l.shr(l.add(x[j], half), right);
					if partial {
						x[j] = l.and(x[j], inputs);
					}
				}
				// 12-bit numbers, which saturate later than bytes: whatever is beyond both is clamped once.
				let ab = l.shr16(l.adds16(l.narrow(x[0], x[1]), byte_half), INPUT_SHIFT);
				let cd = l.shr16(l.adds16(l.narrow(x[2], x[3]), byte_half), INPUT_SHIFT);
				v[i] = l.offset(l.signed(ab, cd));
			}
			// Of each quarter, four samples in lanes and four neurons a lane.
			let (first, stride) = panels.place(block);
			let rows = &mut panels.blocks[first + column * 4 * stride..][..3 * stride + 1];
			for i in 0..4 {
				l.store(&mut rows[i * stride], l.turn8(v[i]));
			}
			let v = l.turn_quarters(v);
			let tile = &mut tiles.tile_mut(column / TILE).as_chunks_mut::<4>().0[block];
			for i in 0..4 {
				l.store(&mut tile[i][column % TILE], v[i]);
			}
		}
		gather_targets(l, places, column, &ends, &lasts, outputs, targets);
	}
}

/// See [`super::Backend::byte_quads`].
#[inline(always)]
pub fn byte_quads<L: Quarters>(l: L, x: &ByteTiles, quads: &mut ByteQuads) {
	for (group, quads) in quads.blocks.as_chunks_mut::<COLUMNS>().0.iter_mut().enumerate() {
		for (tile, quads) in quads.as_chunks_mut::<TILE>().0.iter_mut().enumerate() {
			let x = &x.tile(tile)[group];
			for c in 0..TILE {
				l.store(&mut quads[c], l.turn8(l.offset(l.load(&x[c]))));
			}
		}
	}
}

/// See [`super::Backend::turn_bytes`].
#[inline(always)]
pub fn turn_bytes<L: Quarters>(l: L, x: &ByteTiles, panels: &mut BytePanels) {
	for column in 0..panels.columns {
		let (first, stride) = panels.place(column);
		for tile in 0..TILES {
			let x: &[[Block; TILE]; 4] = &x.tile(tile).as_chunks::<4>().0[column];
			for c in 0..TILE {
				let mut v = [l.splat(0); 4];
				for i in 0..4 {
					v[i] = l.turn8(l.load(&x[i][c]));
				}
				let v = l.turn_quarters(v);
				let out = &mut panels.blocks[first + (tile * TILE + c) * 4 * stride..][..3 * stride + 1];
				for i in 0..4 {
					l.store(&mut out[i * stride], v[i]);
				}
			}
		}
	}
}

/// See [`super::Backend::activate_bytes`].
#[inline(always)]
pub fn activate_bytes<L: Quarters>(l: L, layer: &ByteWeights, x: &ByteTiles, y: &mut ByteTiles) {
	for tile in 0..TILES {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		for (group, (start, y)) in layer.start.iter().zip(y).enumerate() {
			let w = layer.group(group);
			if L::WIDE {
				activate_some::<L, TILE>(l, layer.shift(), start, x, 0, w, y);
			} else {
				for at in 0..TILE {
					activate_some::<L, 1>(l, layer.shift(), start, x, at, w, y);
				}
			}
		}
	}
}

#[inline(always)]
fn activate_some<L: Quarters, const N: usize>(
	l: L,
	shift: u32,
	start: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	y: &mut [Block; TILE],
) {
	let half = 1 << (shift - 1);
	let sums = product::<L, TILE, N>(l, x, at, w, start.map(|start| start.wrapping_add(half)));
	for c in 0..N {
		let ab = l.narrow(l.shr(sums[0][c], shift), l.shr(sums[1][c], shift));
		let cd = l.narrow(l.shr(sums[2][c], shift), l.shr(sums[3][c], shift));
		l.store(&mut y[at + c], l.turn8(l.unsigned(ab, cd)));
	}
}

/// See [`super::Backend::accumulate_bytes`].
#[inline(always)]
pub fn accumulate_bytes<L: Quarters>(l: L, layer: &ByteWeights, x: &ByteTiles, sums: &mut [Block]) {
	for tile in 0..TILES {
		let x = x.tile(tile);
		let groups = sums.as_chunks_mut::<COLUMNS>().0.as_chunks_mut::<ROWS>().0;
		for (group, (start, out)) in layer.start.iter().zip(groups).enumerate() {
			let w = layer.group(group);
			if L::WIDE {
				accumulate_some::<L, TILE>(l, start, x, 0, w, out, tile);
			} else {
				for at in 0..TILE {
					accumulate_some::<L, 1>(l, start, x, at, w, out, tile);
				}
			}
		}
	}
}

#[inline(always)]
fn accumulate_some<L: Quarters, const N: usize>(
	l: L,
	start: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	out: &mut [[Block; COLUMNS]; ROWS],
	tile: usize,
) {
	let sums = product::<L, TILE, N>(l, x, at, w, *start);
	for r in 0..ROWS {
		for c in 0..N {
			l.store(&mut out[r][(tile * TILE + at + c) % COLUMNS], l.shl(sums[r][c], SUM_SHIFT));
		}
	}
}

/// See [`super::Backend::propagate_bytes`].
#[inline(always)]
pub fn propagate_bytes<L: Quarters>(
	l: L,
	layer: &ByteWeights,
	gradient: &ByteTiles,
	activations: &ByteTiles,
	shift: u32,
	tiles: Option<&mut ByteTiles>,
	quads: &mut ByteQuads,
) -> u32 {
	let bits = match tiles {
		Some(tiles) => back::<L, true>(l, layer, gradient, activations, shift, &mut tiles.blocks, tiles.quads, quads),
		None => back::<L, false>(l, layer, gradient, activations, shift, &mut [], 0, quads),
	};
	let mut lanes = Block::ZERO;
	l.store(&mut lanes, bits);
	lanes.0.iter().fold(0, |all, lane| all | (*lane as u32 & 0xffff) | (*lane as u32 >> 16))
}

#[inline(always)]
fn back<L: Quarters, const BACK: bool>(
	l: L,
	layer: &ByteWeights,
	gradient: &ByteTiles,
	activations: &ByteTiles,
	shift: u32,
	tiles: &mut [[Block; TILE]],
	width: usize,
	quads: &mut ByteQuads,
) -> L::V {
	let mut bits = l.splat(0);
	for tile in 0..TILES {
		let (g, h) = (gradient.tile(tile), activations.tile(tile));
		let quads = quads.blocks.as_chunks_mut::<COLUMNS>().0;
		for (group, (quads, h)) in quads.iter_mut().zip(h).enumerate() {
			let quads = &mut quads.as_chunks_mut::<TILE>().0[tile];
			let (w, start) = (layer.column(group / ROWS), &layer.back_start[group]);
			let mut unused = [Block::ZERO; TILE];
			let out = if BACK { &mut tiles[tile * width + group] } else { &mut unused };
			if L::WIDE {
				bits = back_some::<L, BACK, TILE>(l, g, 0, w, group, start, h, shift, out, quads, bits);
			} else {
				for at in 0..TILE {
					bits = back_some::<L, BACK, 1>(l, g, at, w, group, start, h, shift, out, quads, bits);
				}
			}
		}
	}
	bits
}

#[inline(always)]
fn back_some<L: Quarters, const BACK: bool, const N: usize>(
	l: L,
	g: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	group: usize,
	start: &[i32; ROWS],
	h: &[Block; TILE],
	shift: u32,
	tile: &mut [Block; TILE],
	quads: &mut [Block; TILE],
	bits: L::V,
) -> L::V {
	let mut bits = bits;
	let half = (1 << shift) >> 1;
	let sums = product_back::<L, N>(l, g, at, w, group, start.map(|start| start.wrapping_add(half)));
	for c in 0..N {
		let ab = l.narrow(l.shr(sums[0][c], shift), l.shr(sums[1][c], shift));
		let cd = l.narrow(l.shr(sums[2][c], shift), l.shr(sums[3][c], shift));
		bits = l.bits16(bits, ab, cd);
		let kept = l.gate8(l.load(&h[at + c]), l.turn8(l.signed(ab, cd)));
		if BACK {
			l.store(&mut tile[at + c], l.offset(kept));
		}
		l.store(&mut quads[at + c], l.turn8(kept));
	}
	bits
}

/// See [`super::Backend::update_bytes`].
#[inline(always)]
pub fn update_bytes<L: Quarters>(
	l: L,
	layer: &mut Dense,
	weights: &mut ByteWeights,
	gradient: &ByteQuads,
	inputs: &BytePanels,
	rate: i32,
	decay: u8,
) {
	let gradients = gradient.blocks.as_chunks::<COLUMNS>().0;
	// What sums begin with is found anew below: until then the gradients of biases stand in its place.
	for (sums, g) in weights.start.iter_mut().zip(gradients) {
		*sums = total(l, g);
	}
	let width = panel_width(inputs.columns);
	for first in (0..inputs.columns).step_by(width) {
		let count = width.min(inputs.columns - first);
		let x = &inputs.blocks[first * SAMPLE_QUADS..][..count * SAMPLE_QUADS];
		for (group, g) in gradients.iter().enumerate() {
			match count {
				1 => update_panel::<L, 1>(l, layer, weights, g, x, group, first, rate, decay),
				2 => update_panel::<L, 2>(l, layer, weights, g, x, group, first, rate, decay),
				3 => update_panel::<L, 3>(l, layer, weights, g, x, group, first, rate, decay),
				_ => update_panel::<L, 4>(l, layer, weights, g, x, group, first, rate, decay),
			}
		}
	}
	for sums in &mut weights.start {
		*sums = sums.map(|sum| sum << ACT_FRAC);
	}
	layer.bias.step(weights.start.as_flattened(), rate, decay);
	begin(l, weights, &layer.bias.masters);
}

/// The sum of each of four neurons over a batch, or of each of four outputs over its weights.
#[inline(always)]
fn total<L: Quarters>(l: L, blocks: &[Block]) -> [i32; ROWS] {
	let lanes = lane_sums(l, blocks);
	std::array::from_fn(|r| lanes.0[r] + lanes.0[4 + r] + lanes.0[8 + r] + lanes.0[12 + r])
}

/// The sum of the four bytes of each lane over all blocks.
#[inline(always)]
fn lane_sums<L: Quarters>(l: L, blocks: &[Block]) -> Block {
	let ones = l.splat(0x0101_0101);
	let mut sums = [l.splat(0); 2];
	let (pairs, rest) = blocks.as_chunks::<2>();
	for [a, b] in pairs {
		sums[0] = l.dot8(sums[0], ones, l.load(a));
		sums[1] = l.dot8(sums[1], ones, l.load(b));
	}
	for block in rest {
		sums[0] = l.dot8(sums[0], ones, l.load(block));
	}
	let mut lanes = Block::ZERO;
	l.store(&mut lanes, l.add(sums[0], sums[1]));
	lanes
}

/// [`ByteWeights::begin`].
#[inline(always)]
fn begin<L: Quarters>(l: L, weights: &mut ByteWeights, biases: &[i32]) {
	for (group, masters) in biases.as_chunks::<ROWS>().0.iter().enumerate() {
		let mut start = masters.map(|master| weights.bias(master));
		if weights.first {
			let sums = total(l, weights.group(group));
			for r in 0..ROWS {
				start[r] = start[r].wrapping_sub(OFFSET.wrapping_mul(sums[r]));
			}
		}
		weights.start[group] = start;
	}
	for column in 0..weights.back_start.len() / (LANES / ROWS) {
		let sums = lane_sums(l, weights.column(column));
		let start = &mut weights.back_start[column * (LANES / ROWS)..][..LANES / ROWS];
		for (start, sums) in start.iter_mut().zip(sums.0.as_chunks::<ROWS>().0) {
			*start = sums.map(|sum| -OFFSET * sum);
		}
	}
}

/// The gradient of a panel of weights, which goes from registers into masters, momenta and weights.
#[inline(always)]
fn update_panel<L: Quarters, const C: usize>(
	l: L,
	layer: &mut Dense,
	weights: &mut ByteWeights,
	g: &[Block; COLUMNS],
	x: &[Block],
	group: usize,
	first: usize,
	rate: i32,
	decay: u8,
) {
	let x = x.as_chunks::<C>().0;
	if L::WIDE {
		update_some::<L, C, C>(l, layer, weights, g, x, 0, group, first, rate, decay);
	} else {
		for at in 0..C {
			update_some::<L, C, 1>(l, layer, weights, g, x, at, group, first, rate, decay);
		}
	}
}

#[inline(always)]
fn update_some<L: Quarters, const C: usize, const N: usize>(
	l: L,
	layer: &mut Dense,
	weights: &mut ByteWeights,
	g: &[Block; COLUMNS],
	x: &[[Block; C]],
	at: usize,
	group: usize,
	first: usize,
	rate: i32,
	decay: u8,
) {
	let offset = if weights.first { -OFFSET } else { 0 };
	let sums = product::<L, C, N>(l, x, at, g, weights.start[group].map(|sum| sum * offset));
	// Unrolled by hand, so that sums stay in registers: compilers leave a loop around so much code.
	if N > 0 {
		update_column::<L, N, 0>(l, layer, weights, &sums, group, first + at, rate, decay);
	}
	if N > 1 {
		update_column::<L, N, 1>(l, layer, weights, &sums, group, first + at, rate, decay);
	}
	if N > 2 {
		update_column::<L, N, 2>(l, layer, weights, &sums, group, first + at, rate, decay);
	}
	if N > 3 {
		update_column::<L, N, 3>(l, layer, weights, &sums, group, first + at, rate, decay);
	}
}

/// A step of the masters of four rows and the block of inputs that `at + C` names, against `sums` of vector `C`.
#[inline(always)]
fn update_column<L: Quarters, const N: usize, const C: usize>(
	l: L,
	layer: &mut Dense,
	weights: &mut ByteWeights,
	sums: &[[L::V; N]; ROWS],
	group: usize,
	at: usize,
	rate: i32,
	decay: u8,
) {
	let (columns, column) = (weights.inputs.div_ceil(LANES), at + C);
	let block = group * columns + column;
	let (masters, momenta) = (&mut layer.masters[block], &mut layer.momenta[block]);
	let half = l.splat(1 << (MASTER_FRAC - BYTE_WEIGHT_FRAC - 1));
	let mut w = [half; ROWS];
	for r in 0..ROWS {
		let p = descend(l, &mut masters[r], &mut momenta[r], sums[r][C], rate, decay);
		w[r] = l.shr(l.add(p, half), MASTER_FRAC - BYTE_WEIGHT_FRAC);
	}
	let packed = l.signed(l.narrow(w[0], w[1]), l.narrow(w[2], w[3]));
	l.store(&mut weights.forward[block], packed);
	if !weights.first {
		let groups = weights.start.len();
		l.store(&mut weights.backward[column * groups + group], l.turn8(packed));
	}
}

/// See [`super::Backend::round`].
#[inline(always)]
pub fn round<L: Quarters>(l: L, layer: &mut Dense) {
	let half = l.splat(1 << (MASTER_FRAC - WEIGHT_FRAC - 1));
	for (masters, out) in layer.masters.iter().zip(layer.forward.weights.as_chunks_mut::<2>().0) {
		let mut w = [half; ROWS];
		for r in 0..ROWS {
			w[r] = l.shr(l.add(l.load(&masters[r]), half), MASTER_FRAC - WEIGHT_FRAC);
		}
		let [low, high] = l.quads(l.pack(w[0], w[1]), l.pack(w[2], w[3]));
		l.store(&mut out[0], low);
		l.store(&mut out[1], high);
	}
	layer.round_bias();
}
