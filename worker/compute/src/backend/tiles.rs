//! The kernels, once for every processor: register tiles of four rows with everything fused that would cost a pass over memory.

#![expect(clippy::needless_range_loop, reason = "rows and vectors of a tile are registers: their loops are unrolled by index")]

use super::{
	lanes::Lanes,
	layout::{
		panel_width, Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, COLUMNS, LANES, QUAD, ROWS, SAMPLE_PAIRS, TILE,
		TILES,
	},
};
use crate::lion::{ACT_FRAC, BETA_1, BETA_2, MASTER_FRAC, MAX_DECAY, MAX_WEIGHT, WEIGHT_FRAC};
use doin_scoring::{
	model::{MAX_ACT, OUT_FRAC},
	score::MAX_ERROR,
};

/// Gradient of one absolute error.
pub const UNIT: i32 = 64;
/// Bits of a gradient that is propagated back.
pub const GRADIENT_BITS: u32 = 11;

/// Constants of Philox4x32; see [`doin_scoring::philox`].
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// `start[r] + Σ x[p][at + c] · w[p][r]` for four rows r and `N` vectors c, over all pairs p.
#[inline(always)]
pub(super) fn product<L: Lanes, const C: usize, const N: usize>(
	l: L,
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
	start: [i32; ROWS],
) -> [[L::V; N]; ROWS] {
	let zero = l.splat(0);
	let mut sums = [[zero; N]; ROWS];
	for r in 0..ROWS {
		sums[r] = [l.splat(start[r]); N];
	}
	add_pairs(l, &mut sums, x, at, w);
	sums
}

/// Adds the terms of all pairs to sums that have begun.
#[inline(always)]
pub(super) fn add_pairs<L: Lanes, const C: usize, const N: usize>(
	l: L,
	sums: &mut [[L::V; N]; ROWS],
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
) {
	for (w, [x0, x1, x2, x3]) in w.iter().zip(x.as_chunks::<ROWS>().0) {
		let [w0, w1, w2, w3] = w.0.as_chunks::<ROWS>().0 else { continue };
		// Unrolled by hand: compilers leave a loop around so much code.
		add_pair(l, sums, x0, at, w0);
		add_pair(l, sums, x1, at, w1);
		add_pair(l, sums, x2, at, w2);
		add_pair(l, sums, x3, at, w3);
	}
}

/// The terms of one pair.
#[inline(always)]
pub(super) fn add_pair<L: Lanes, const C: usize, const N: usize>(
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
			sums[r][c] = l.row(sums[r][c], xs[c], w, r);
		}
	}
}

/// See [`super::Backend::activate`].
#[inline(always)]
pub fn activate<L: Lanes>(l: L, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize) {
	for tile in 0..tiles.min(TILES) {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		let y = y.as_chunks_mut::<2>().0;
		for (group, (bias, y)) in layer.bias.iter().zip(y).enumerate() {
			let w = layer.group(group);
			if L::WIDE {
				activate_some::<L, TILE>(l, layer.shift, bias, x, 0, w, y);
			} else {
				for at in 0..TILE {
					activate_some::<L, 1>(l, layer.shift, bias, x, at, w, y);
				}
			}
		}
	}
}

#[inline(always)]
fn activate_some<L: Lanes, const N: usize>(
	l: L,
	shift: u32,
	bias: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	y: &mut [[Block; TILE]; 2],
) {
	let half = 1 << (shift - 1);
	let mut start = *bias;
	for start in &mut start {
		*start = start.wrapping_add(half);
	}
	let sums = product::<L, TILE, N>(l, x, at, w, start);
	for c in 0..N {
		for pair in 0..2 {
			let (a, b) = (l.shr(sums[2 * pair][c], shift), l.shr(sums[2 * pair + 1][c], shift));
			l.store(&mut y[pair][at + c], l.activate(a, b));
		}
	}
}

/// See [`super::Backend::accumulate`].
#[inline(always)]
pub fn accumulate<L: Lanes>(l: L, layer: &Packed, x: &Tiles, sums: &mut [Block], tiles: usize) {
	for tile in 0..tiles.min(TILES) {
		let x = x.tile(tile);
		let groups = sums.as_chunks_mut::<COLUMNS>().0.as_chunks_mut::<ROWS>().0;
		for (group, (bias, out)) in layer.bias.iter().zip(groups).enumerate() {
			let w = layer.group(group);
			if L::WIDE {
				accumulate_some::<L, TILE>(l, bias, x, 0, w, out, tile);
			} else {
				for at in 0..TILE {
					accumulate_some::<L, 1>(l, bias, x, at, w, out, tile);
				}
			}
		}
	}
}

#[inline(always)]
fn accumulate_some<L: Lanes, const N: usize>(
	l: L,
	bias: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	out: &mut [[Block; COLUMNS]; ROWS],
	tile: usize,
) {
	let sums = product::<L, TILE, N>(l, x, at, w, *bias);
	for r in 0..ROWS {
		for c in 0..N {
			l.store(&mut out[r][(tile * TILE + at + c) % COLUMNS], sums[r][c]);
		}
	}
}

/// See [`super::Backend::turn`].
#[inline(always)]
pub fn turn<L: Lanes>(l: L, x: &Tiles, panels: &mut Panels) {
	for column in 0..panels.columns {
		let (first, stride) = panels.place(column);
		turn_column(l, x, column, &mut panels.blocks[first..], stride);
	}
}

/// Turns one block of neurons; rows of the result are `stride` blocks apart.
#[inline(always)]
pub(super) fn turn_column<L: Lanes>(l: L, x: &Tiles, column: usize, rows: &mut [Block], stride: usize) {
	for tile in 0..TILES {
		let x: &[[Block; TILE]; 8] = &x.tile(tile).as_chunks::<8>().0[column];
		for c in 0..TILE {
			let mut v = [l.splat(0); 8];
			for i in 0..8 {
				v[i] = l.load(&x[i][c]);
			}
			let v = l.turn(v);
			let out = &mut rows[(tile * TILE + c) * 8 * stride..][..7 * stride + 1];
			for i in 0..8 {
				l.store(&mut out[i * stride], v[i]);
			}
		}
	}
}

/// See [`super::Backend::signs`].
#[inline(always)]
pub fn signs<L: Lanes>(l: L, shift: u32, sums: &[Block], targets: &[Block], tiles: &mut Tiles, quads: &mut Quads) {
	let sums = sums.as_chunks::<COLUMNS>().0.as_chunks::<ROWS>().0;
	let targets = targets.as_chunks::<COLUMNS>().0.as_chunks::<ROWS>().0;
	let (one, unit) = (l.splat(1), l.splat(UNIT));
	// Half an accumulator has 31 bits: a target beyond them is beyond all of them.
	let limit = (1 << (31 - shift)) + 1;
	let (least, most) = (l.splat(-limit), l.splat(limit));
	for (group, ((sums, targets), quads)) in sums.iter().zip(targets).zip(quads.blocks.as_chunks_mut::<QUAD>().0).enumerate() {
		for column in 0..COLUMNS {
			let mut g = [unit; ROWS];
			for r in 0..ROWS {
				let sum = l.load(&sums[r][column]);
				let target = l.min(l.max(l.load(&targets[r][column]), least), most);
				let target = l.shl(target, shift - 1);
				// Targets are even at this scale, so halves tell on which side of one an accumulator lies: one rounded down, one up.
				let down = l.shr(sum, 1);
				let up = l.add(down, l.and(sum, one));
				g[r] = l.sub(l.above(up, target, unit), l.above(target, down, unit));
			}
			let (ab, cd) = (l.pack(g[0], g[1]), l.pack(g[2], g[3]));
			let tile = tiles.tile_mut(column / TILE);
			l.store(&mut tile[2 * group][column % TILE], l.zip(ab));
			l.store(&mut tile[2 * group + 1][column % TILE], l.zip(cd));
			let [low, high] = l.quads(ab, cd);
			l.store(&mut quads[2 * column], low);
			l.store(&mut quads[2 * column + 1], high);
		}
	}
}

/// See [`super::Backend::propagate`].
#[inline(always)]
pub fn propagate<L: Lanes>(
	l: L,
	layer: &Dense,
	gradient: &Tiles,
	activations: &Tiles,
	raw: &mut Vec<[Block; TILE]>,
	tiles: Option<&mut Tiles>,
	quads: &mut Quads,
) {
	let groups = layer.forward.inputs.div_ceil(ROWS);
	let len = TILES * groups * ROWS;
	if raw.len() < len {
		raw.resize(len, [Block::ZERO; TILE]);
	}
	let raw = &mut raw[..len];
	let mut bits = l.splat(0);
	for (tile, raw) in raw.chunks_exact_mut(groups * ROWS).enumerate() {
		let (g, h) = (gradient.tile(tile), activations.tile(tile));
		for (group, (raw, h)) in raw.as_chunks_mut::<ROWS>().0.iter_mut().zip(h.as_chunks::<2>().0).enumerate() {
			let w = layer.backward_group(group);
			if L::WIDE {
				bits = propagate_some::<L, TILE>(l, g, 0, w, h, raw, bits);
			} else {
				for at in 0..TILE {
					bits = propagate_some::<L, 1>(l, g, at, w, h, raw, bits);
				}
			}
		}
	}
	rescale(l, raw, groups, bits, tiles, quads);
}

/// Shifts raw gradients right until the largest, whose bits are among `bits`, has [`GRADIENT_BITS`], and packs them.
#[inline(always)]
pub(super) fn rescale<L: Lanes>(
	l: L,
	raw: &[[Block; TILE]],
	groups: usize,
	bits: L::V,
	tiles: Option<&mut Tiles>,
	quads: &mut Quads,
) {
	let mut lanes = Block::ZERO;
	l.store(&mut lanes, bits);
	let bits = lanes.0.iter().fold(0, |all, lane| all | *lane as u32);
	let shift = (u32::BITS - bits.leading_zeros()).saturating_sub(GRADIENT_BITS);
	match tiles {
		Some(tiles) => scale::<L, true>(l, raw, groups, shift, &mut tiles.blocks, tiles.pairs, quads),
		None => scale::<L, false>(l, raw, groups, shift, &mut [], 0, quads),
	}
}

#[inline(always)]
fn propagate_some<L: Lanes, const N: usize>(
	l: L,
	g: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	h: &[[Block; TILE]; 2],
	raw: &mut [[Block; TILE]; ROWS],
	bits: L::V,
) -> L::V {
	let sums = product::<L, TILE, N>(l, g, at, w, [0; ROWS]);
	gate(l, &sums, at, h, raw, bits)
}

/// Keeps sums where activations are not clamped, and adds the bits of what is kept to `bits`.
#[inline(always)]
pub(super) fn gate<L: Lanes, const N: usize>(
	l: L,
	sums: &[[L::V; N]; ROWS],
	at: usize,
	h: &[[Block; TILE]; 2],
	raw: &mut [[Block; TILE]; ROWS],
	bits: L::V,
) -> L::V {
	let mut bits = bits;
	for pair in 0..2 {
		for c in 0..N {
			let (a, b) = l.gate(l.load(&h[pair][at + c]), sums[2 * pair][c], sums[2 * pair + 1][c]);
			bits = l.or(bits, l.or(l.abs(a), l.abs(b)));
			l.store(&mut raw[2 * pair][at + c], a);
			l.store(&mut raw[2 * pair + 1][at + c], b);
		}
	}
	bits
}

/// Shifts raw gradients right and packs them.
#[inline(always)]
fn scale<L: Lanes, const BACK: bool>(
	l: L,
	raw: &[[Block; TILE]],
	groups: usize,
	shift: u32,
	tiles: &mut [[Block; TILE]],
	pairs: usize,
	quads: &mut Quads,
) {
	let half = l.splat(if shift > 0 { 1 << (shift - 1) } else { 0 });
	for (tile, raw) in raw.chunks_exact(groups * ROWS).enumerate() {
		let quads = quads.blocks.as_chunks_mut::<QUAD>().0;
		for (group, (raw, quads)) in raw.as_chunks::<ROWS>().0.iter().zip(quads).enumerate() {
			let quads = &mut quads.as_chunks_mut::<{ 2 * TILE }>().0[tile];
			for c in 0..TILE {
				let mut g = [half; ROWS];
				for r in 0..ROWS {
					g[r] = l.shr(l.add(l.load(&raw[r][c]), half), shift);
				}
				let (ab, cd) = (l.pack(g[0], g[1]), l.pack(g[2], g[3]));
				if BACK {
					let tile = &mut tiles[tile * pairs + 2 * group..][..2];
					l.store(&mut tile[0][c], l.zip(ab));
					l.store(&mut tile[1][c], l.zip(cd));
				}
				let [low, high] = l.quads(ab, cd);
				l.store(&mut quads[2 * c], low);
				l.store(&mut quads[2 * c + 1], high);
			}
		}
	}
}

/// See [`super::Backend::update`].
#[inline(always)]
pub fn update<L: Lanes>(l: L, layer: &mut Dense, gradient: &Quads, inputs: &Panels, rate: i32, decay: u8) {
	let width = panel_width(inputs.columns);
	// A panel stays in the nearest cache while all rows pass by.
	for first in (0..inputs.columns).step_by(width) {
		let count = width.min(inputs.columns - first);
		let x = &inputs.blocks[first * SAMPLE_PAIRS..][..count * SAMPLE_PAIRS];
		for (group, g) in gradient.blocks.as_chunks::<QUAD>().0.iter().enumerate() {
			match count {
				1 => update_panel::<L, 1>(l, layer, g, x, group, first, rate, decay),
				2 => update_panel::<L, 2>(l, layer, g, x, group, first, rate, decay),
				3 => update_panel::<L, 3>(l, layer, g, x, group, first, rate, decay),
				_ => update_panel::<L, 4>(l, layer, g, x, group, first, rate, decay),
			}
		}
	}
	// Biases are rounded anew below: until then their gradients stand in their place.
	let sums = &mut layer.forward.bias;
	for (sums, g) in sums.iter_mut().zip(gradient.blocks.as_chunks::<QUAD>().0) {
		*sums = total(l, g).map(|sum| sum << ACT_FRAC);
	}
	layer.bias.step(sums.as_flattened(), rate, decay);
	layer.round_bias();
}

/// The sum of each of four neurons over a batch.
#[inline(always)]
pub(super) fn total<L: Lanes>(l: L, g: &[Block; QUAD]) -> [i32; ROWS] {
	let ones = l.splat(0x0001_0001);
	let mut all = [l.splat(0); 4];
	for g in g.as_chunks::<4>().0 {
		for i in 0..4 {
			all[i] = l.dot(all[i], l.load(&g[i]), ones);
		}
	}
	let mut lanes = Block::ZERO;
	l.store(&mut lanes, l.add(l.add(all[0], all[1]), l.add(all[2], all[3])));
	std::array::from_fn(|r| lanes.0[r] + lanes.0[4 + r] + lanes.0[8 + r] + lanes.0[12 + r])
}

/// See [`super::Backend::gram`].
#[inline(always)]
pub fn gram<L: Lanes>(l: L, rows: &Quads, columns: &Panels, sums: &mut [[Block; ROWS]]) {
	let width = panel_width(columns.columns);
	for (rows, sums) in rows.blocks.as_chunks::<QUAD>().0.iter().zip(sums.chunks_mut(columns.columns)) {
		for (panel, sums) in sums.chunks_mut(width).enumerate() {
			let x = &columns.blocks[panel * width * SAMPLE_PAIRS..][..sums.len() * SAMPLE_PAIRS];
			match sums.len() {
				1 => gram_panel::<L, 1>(l, rows, x, sums),
				2 => gram_panel::<L, 2>(l, rows, x, sums),
				3 => gram_panel::<L, 3>(l, rows, x, sums),
				_ => gram_panel::<L, 4>(l, rows, x, sums),
			}
		}
	}
}

#[inline(always)]
fn gram_panel<L: Lanes, const C: usize>(l: L, rows: &[Block; QUAD], x: &[Block], sums: &mut [[Block; ROWS]]) {
	let x = x.as_chunks::<C>().0;
	if L::WIDE {
		gram_some::<L, C, C>(l, rows, x, 0, sums);
	} else {
		for at in 0..C {
			gram_some::<L, C, 1>(l, rows, x, at, sums);
		}
	}
}

#[inline(always)]
fn gram_some<L: Lanes, const C: usize, const N: usize>(
	l: L,
	rows: &[Block; QUAD],
	x: &[[Block; C]],
	at: usize,
	sums: &mut [[Block; ROWS]],
) {
	let product = product::<L, C, N>(l, x, at, rows, [0; ROWS]);
	for c in 0..N {
		for r in 0..ROWS {
			l.store(&mut sums[at + c][r], product[r][c]);
		}
	}
}

/// The gradient of a panel of weights, which goes from registers into masters, momenta and forward weights.
#[inline(always)]
fn update_panel<L: Lanes, const C: usize>(
	l: L,
	layer: &mut Dense,
	g: &[Block; QUAD],
	x: &[Block],
	group: usize,
	first: usize,
	rate: i32,
	decay: u8,
) {
	let x = x.as_chunks::<C>().0;
	if L::WIDE {
		update_some::<L, C, C>(l, layer, g, x, 0, group, first, rate, decay);
	} else {
		for at in 0..C {
			update_some::<L, C, 1>(l, layer, g, x, at, group, first, rate, decay);
		}
	}
}

#[inline(always)]
fn update_some<L: Lanes, const C: usize, const N: usize>(
	l: L,
	layer: &mut Dense,
	g: &[Block; QUAD],
	x: &[[Block; C]],
	at: usize,
	group: usize,
	first: usize,
	rate: i32,
	decay: u8,
) {
	let sums = product::<L, C, N>(l, x, at, g, [0; ROWS]);
	// Unrolled by hand, so that sums stay in registers: compilers leave a loop around so much code.
	if N > 0 {
		update_column::<L, N, 0>(l, layer, &sums, group, first + at, rate, decay);
	}
	if N > 1 {
		update_column::<L, N, 1>(l, layer, &sums, group, first + at, rate, decay);
	}
	if N > 2 {
		update_column::<L, N, 2>(l, layer, &sums, group, first + at, rate, decay);
	}
	if N > 3 {
		update_column::<L, N, 3>(l, layer, &sums, group, first + at, rate, decay);
	}
}

/// A step of the masters of four rows and the block of inputs that `at + C` names, against `sums` of vector `C`.
#[inline(always)]
pub(super) fn update_column<L: Lanes, const N: usize, const C: usize>(
	l: L,
	layer: &mut Dense,
	sums: &[[L::V; N]; ROWS],
	group: usize,
	at: usize,
	rate: i32,
	decay: u8,
) {
	let Packed { inputs, outputs, ref mut weights, .. } = layer.forward;
	let block = group * inputs.div_ceil(LANES) + at + C;
	let (masters, momenta) = (&mut layer.masters[block], &mut layer.momenta[block]);
	let half = l.splat(1 << (MASTER_FRAC - WEIGHT_FRAC - 1));
	let mut w = [half; ROWS];
	for r in 0..ROWS {
		let p = descend(l, &mut masters[r], &mut momenta[r], sums[r][C], rate, decay);
		w[r] = l.shr(l.add(p, half), MASTER_FRAC - WEIGHT_FRAC);
	}
	let (ab, cd) = (l.pack(w[0], w[1]), l.pack(w[2], w[3]));
	let [low, high] = l.quads(ab, cd);
	l.store(&mut weights[2 * block], low);
	l.store(&mut weights[2 * block + 1], high);
	if layer.backward.is_empty() {
		return;
	}
	let stride = Dense::pair_blocks(outputs);
	let mut pairs = [Block::ZERO; 2];
	l.store(&mut pairs[0], l.zip(ab));
	l.store(&mut pairs[1], l.zip(cd));
	let blocks = layer.backward[(at + C) * ROWS * stride..].iter_mut().skip(group / 2).step_by(stride);
	for (quarter, block) in blocks.take(ROWS).enumerate() {
		// Two pairs of outputs, of the four that a block holds.
		let to = &mut block.0[group % 2 * 2 * ROWS..][..2 * ROWS];
		to[..ROWS].copy_from_slice(&pairs[0].0[quarter * ROWS..][..ROWS]);
		to[ROWS..].copy_from_slice(&pairs[1].0[quarter * ROWS..][..ROWS]);
	}
}

/// A step of [`crate::lion`] of sixteen masters and their momenta against gradients `g`; returns the masters.
#[inline(always)]
pub(super) fn descend<L: Lanes>(l: L, masters: &mut Block, momenta: &mut Block, g: L::V, rate: i32, decay: u8) -> L::V {
	let rate = l.splat(rate);
	let (p, m) = (l.load(masters), l.load(momenta));
	let u = l.add(l.sub(m, l.shr(m, BETA_1)), l.shr(g, BETA_1));
	let fall = l.shr(l.mul(l.shr(p, 8), rate), 12 - u32::from(decay.min(MAX_DECAY)));
	let p = l.sub(l.against(p, u, rate), fall);
	let p = l.min(l.max(p, l.splat(-MAX_WEIGHT)), l.splat(MAX_WEIGHT));
	let m = l.add(m, l.shr(l.sub(g, m), BETA_2));
	l.store(masters, p);
	l.store(momenta, m);
	p
}

/// See [`super::Backend::gather`].
#[inline(always)]
pub fn gather<L: Lanes>(l: L, places: &Places, tiles: &mut Tiles, panels: &mut Panels, targets: &mut [Block], count: usize) {
	let (left, right) = (places.in_shift.max(0).unsigned_abs().into(), u32::from(places.in_shift.min(0).unsigned_abs()));
	// Where differences are shifted left, they are clamped before: what is clamped anyway must not overflow.
	let limit = if left > 0 { MAX_ACT } else { i32::MAX };
	let (least, most, half) = (l.splat(-limit), l.splat(limit), l.splat((1 << right) >> 1));
	// What is read beyond the end of a window counts as zero.
	let (inputs, outputs) = (part(l, places.window), part(l, places.horizon));
	for column in 0..(count.min(TILES) * TILE) {
		let (mut ends, mut lasts) = ([0; LANES], [0; LANES]);
		for i in 0..LANES {
			ends[i] = places.starts[column * LANES + i] as usize + places.history;
			lasts[i] = places.values[ends[i] - 1];
		}
		for block in 0..panels.columns {
			let mut v = [half; 8];
			for i in 0..8 {
				let mut x = [half; 2];
				for j in 0..2 {
					let past = ends[2 * i + j] - places.window + block * LANES;
					let difference = l.sub(sixteen(l, places.values, past), l.splat(lasts[2 * i + j]));
					let difference = l.shl(l.min(l.max(difference, least), most), left);
					x[j] = l.shr(l.add(difference, half), right);
				}
				v[i] = l.pack(x[0], x[1]);
			}
			let partial = block * LANES + LANES > places.window;
			for i in 0..8 {
				v[i] = l.zip(v[i]);
				if partial {
					v[i] = l.and(v[i], inputs);
				}
			}
			let (first, stride) = panels.place(block);
			let out = &mut panels.blocks[first + column * 8 * stride..][..7 * stride + 1];
			for i in 0..8 {
				l.store(&mut out[i * stride], v[i]);
			}
			let v = l.turn(v);
			let out = &mut tiles.tile_mut(column / TILE).as_chunks_mut::<8>().0[block];
			for i in 0..8 {
				l.store(&mut out[i][column % TILE], v[i]);
			}
		}
		gather_targets(l, places, column, &ends, &lasts, outputs, targets);
	}
}

/// Targets of the sixteen windows of a column: `ends` are where their histories end, `lasts` the last values there, and `part` has all bits
/// of the lanes of the last block that are targets.
#[inline(always)]
pub(super) fn gather_targets<L: Lanes>(
	l: L,
	places: &Places,
	column: usize,
	ends: &[usize; LANES],
	lasts: &[i32; LANES],
	part: L::V,
	targets: &mut [Block],
) {
	for (block, rows) in targets.as_chunks_mut::<COLUMNS>().0.chunks_mut(LANES).enumerate() {
		let partial = block * LANES + LANES > places.horizon;
		let mut v = [part; LANES];
		for i in 0..LANES {
			let future = sixteen(l, places.values, ends[i] + block * LANES);
			v[i] = l.shl(l.sub(future, l.splat(lasts[i])), OUT_FRAC);
			if partial {
				v[i] = l.and(v[i], part);
			}
		}
		let v = l.transpose(v);
		for (row, v) in rows.iter_mut().zip(v) {
			l.store(&mut row[column], v);
		}
	}
}

/// Sixteen values from place `at`.
#[inline(always)]
pub(super) fn sixteen<L: Lanes>(l: L, values: &[i32], at: usize) -> L::V {
	match values[at..].first_chunk() {
		Some(some) => l.read(some),
		None => panic!("sixteen values are read from place {at} of {}", values.len()),
	}
}

/// All bits of as many lanes as the last block of `values` values has.
#[inline(always)]
pub(super) fn part<L: Lanes>(l: L, values: usize) -> L::V {
	let mut lanes = [-1; LANES];
	lanes[(values - 1) % LANES + 1..].fill(0);
	l.read(&lanes)
}

/// See [`super::Backend::deduct`].
#[inline(always)]
pub fn deduct<L: Lanes>(l: L, targets: &mut [Block], sums: &[Block], shift: u32) {
	let half = l.splat(1 << (shift - 1));
	for (target, sum) in targets.iter_mut().zip(sums) {
		let path = l.shr(l.add(l.load(sum), half), shift);
		let value = l.sub(l.load(target), path);
		l.store(target, value);
	}
}

/// See [`super::Backend::errors`].
#[inline(always)]
pub fn errors<L: Lanes>(l: L, shift: u32, sums: &[Block], targets: &[Block], outputs: usize, count: usize) -> u64 {
	let half = l.splat(1 << (shift - 1));
	let (zero, most) = (l.splat(0), l.splat(MAX_ERROR as i32));
	let rows = sums.as_chunks::<COLUMNS>().0.iter().zip(targets.as_chunks::<COLUMNS>().0);
	let count = count.min(BATCH);
	let (whole, rest) = (count / LANES, count % LANES);
	let counted = part(l, rest.max(1));
	let mut total = 0;
	for (sums, targets) in rows.take(outputs) {
		// At most 16 errors below 2²⁰ a lane.
		let mut lanes = zero;
		for column in 0..count.div_ceil(LANES) {
			let out = l.shr(l.add(l.load(&sums[column]), half), shift);
			let target = l.load(&targets[column]);
			// The distance, without a sign: what looks negative is beyond 2³¹.
			let distance = l.sub(l.max(out, target), l.min(out, target));
			let far = l.above(zero, distance, most);
			let error = l.or(far, l.max(l.min(distance, most), zero));
			lanes = l.add(lanes, if column < whole { error } else { l.and(error, counted) });
		}
		let mut sum = Block::ZERO;
		l.store(&mut sum, lanes);
		total += sum.0.iter().map(|sum| u64::from(*sum as u32)).sum::<u64>();
	}
	total
}

/// See [`super::Backend::words`].
#[inline(always)]
pub fn words<L: Lanes>(_: L, key: [u32; 3], step: u64, words: &mut [u32; BATCH]) {
	for (chunk, words) in words.as_chunks_mut::<{ 4 * LANES }>().0.iter_mut().enumerate() {
		let mut c = [[0u32; LANES]; 4];
		for lane in 0..LANES {
			c[0][lane] = (chunk * LANES + lane) as u32;
		}
		c[1..].copy_from_slice(&[[step as u32; LANES], [(step >> 32) as u32; LANES], [key[2]; LANES]]);
		let mut k = [key[0], key[1]];
		for _ in 0..10 {
			let mut next = c;
			for lane in 0..LANES {
				let low = u64::from(MULTIPLIERS[0]) * u64::from(c[0][lane]);
				let high = u64::from(MULTIPLIERS[1]) * u64::from(c[2][lane]);
				next[0][lane] = (high >> 32) as u32 ^ c[1][lane] ^ k[0];
				next[1][lane] = high as u32;
				next[2][lane] = (low >> 32) as u32 ^ c[3][lane] ^ k[1];
				next[3][lane] = low as u32;
			}
			c = next;
			k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
		}
		for lane in 0..LANES {
			for word in 0..4 {
				words[4 * lane + word] = c[word][lane];
			}
		}
	}
}
