//! The kernels of convolutions: the products of `tiles.rs`, piece by piece over the steps that an output reads.

#![expect(clippy::needless_range_loop, reason = "rows and vectors of a tile are registers: their loops are unrolled by index")]

use super::{
	lanes::Lanes,
	layout::{Block, Dense, Packed, Quads, Tiles, LANES, QUAD, ROWS, SAMPLE_PAIRS, TILE, TILES},
	steps::{padded, Taps},
	tiles::{add_pairs, gate, rescale, total, turn_column, update_column},
};
use crate::lion::ACT_FRAC;
use doin_scoring::math::round_shift_i32;

/// See [`super::Backend::patches`].
#[inline(always)]
pub fn patches<L: Lanes>(l: L, taps: &Taps, x: &Tiles, y: &mut Tiles, tiles: usize) {
	let (low, high) = (l.splat(0xffff), l.splat(!0xffff));
	for tile in 0..tiles.min(TILES) {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		for (output, y) in y.chunks_exact_mut(padded(taps.kernel) / 2).take(taps.outputs).enumerate() {
			for (pair, y) in y.iter_mut().take(taps.kernel.div_ceil(2)).enumerate() {
				let first = taps.step(output, 2 * pair);
				let second = (2 * pair + 1 < taps.kernel).then(|| taps.step(output, 2 * pair + 1));
				for (c, y) in y.iter_mut().enumerate() {
					let v = l.load(&x[first / 2][c]);
					let mut v = if first.is_multiple_of(2) { l.and(v, low) } else { l.and(l.shr(v, 16), low) };
					if let Some(second) = second {
						let w = l.load(&x[second / 2][c]);
						v = l.or(v, if second % 2 == 0 { l.shl(w, 16) } else { l.and(w, high) });
					}
					l.store(y, v);
				}
			}
		}
	}
}

/// See [`super::Backend::convolve`].
#[inline(always)]
pub fn convolve<L: Lanes>(l: L, taps: &Taps, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize) {
	let after = padded(layer.outputs) / 2;
	for tile in 0..tiles.min(TILES) {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		for (output, y) in y.chunks_exact_mut(after).take(taps.outputs).enumerate() {
			for (group, (bias, y)) in layer.bias.iter().zip(y.as_chunks_mut::<2>().0).enumerate() {
				let w = layer.group(group);
				if L::WIDE {
					convolve_some::<L, TILE>(l, taps, output, layer.shift, bias, x, 0, w, y);
				} else {
					for at in 0..TILE {
						convolve_some::<L, 1>(l, taps, output, layer.shift, bias, x, at, w, y);
					}
				}
			}
		}
	}
}

#[inline(always)]
fn convolve_some<L: Lanes, const N: usize>(
	l: L,
	taps: &Taps,
	output: usize,
	shift: u32,
	bias: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	y: &mut [[Block; TILE]; 2],
) {
	let half = 1i32 << (shift - 1);
	let mut sums = bias.map(|bias| [l.splat(bias.wrapping_add(half)); N]);
	// Pairs of a step, and blocks of weights of a tap of which any are not zero.
	let (pairs, used) = (padded(taps.input.channels) / 2, taps.input.channels.div_ceil(2 * ROWS));
	for (tap, w) in w.chunks(pairs / ROWS).enumerate() {
		add_pairs::<L, TILE, N>(l, &mut sums, &x[taps.step(output, tap) * pairs..][..pairs], at, &w[..used.min(w.len())]);
	}
	for c in 0..N {
		for pair in 0..2 {
			let (a, b) = (l.shr(sums[2 * pair][c], shift), l.shr(sums[2 * pair + 1][c], shift));
			l.store(&mut y[pair][at + c], l.activate(a, b));
		}
	}
}

/// For each step, the outputs that read it and the taps with which they do.
fn readers(taps: &Taps) -> Vec<Vec<(usize, usize)>> {
	let mut readers = vec![Vec::new(); taps.input.steps];
	for output in 0..taps.outputs {
		for tap in 0..taps.kernel {
			readers[taps.step(output, tap)].push((output, tap));
		}
	}
	readers
}

/// See [`super::Backend::convolve_back`].
#[inline(always)]
pub fn convolve_back<L: Lanes>(
	l: L,
	taps: &Taps,
	layer: &Dense,
	gradient: &Tiles,
	activations: &Tiles,
	raw: &mut Vec<[Block; TILE]>,
	tiles: Option<&mut Tiles>,
	quads: &mut Quads,
) {
	// Groups of a step, and those of which any channel is more than padding.
	let (groups, used) = (padded(taps.input.channels) / ROWS, taps.input.channels.div_ceil(ROWS));
	let len = TILES * taps.input.steps * groups * ROWS;
	if raw.len() < len {
		raw.resize(len, [Block::ZERO; TILE]);
	}
	let raw = &mut raw[..len];
	let readers = readers(taps);
	let after = padded(layer.forward.outputs) / 2;
	let mut bits = l.splat(0);
	for (tile, raw) in raw.chunks_exact_mut(taps.input.steps * groups * ROWS).enumerate() {
		let (g, h) = (gradient.tile(tile), activations.tile(tile));
		let steps = raw.chunks_exact_mut(groups * ROWS).zip(h.chunks_exact(groups * 2)).zip(&readers);
		for ((raw, h), readers) in steps {
			let (raw, padding) = raw.as_chunks_mut::<ROWS>().0.split_at_mut(used);
			padding.fill([[Block::ZERO; TILE]; ROWS]);
			for (group, (raw, h)) in raw.iter_mut().zip(h.as_chunks::<2>().0).enumerate() {
				if L::WIDE {
					bits = back_some::<L, TILE>(l, readers, layer, group, groups, g, after, 0, h, raw, bits);
				} else {
					for at in 0..TILE {
						bits = back_some::<L, 1>(l, readers, layer, group, groups, g, after, at, h, raw, bits);
					}
				}
			}
		}
	}
	rescale(l, raw, taps.input.steps * groups, bits, tiles, quads);
}

#[inline(always)]
fn back_some<L: Lanes, const N: usize>(
	l: L,
	readers: &[(usize, usize)],
	layer: &Dense,
	group: usize,
	groups: usize,
	g: &[[Block; TILE]],
	after: usize,
	at: usize,
	h: &[[Block; TILE]; 2],
	raw: &mut [[Block; TILE]; ROWS],
	bits: L::V,
) -> L::V {
	let mut sums = [[l.splat(0); N]; ROWS];
	for (output, tap) in readers {
		let w = layer.backward_group(tap * groups + group);
		add_pairs::<L, TILE, N>(l, &mut sums, &g[output * after..][..after], at, w);
	}
	gate(l, &sums, at, h, raw, bits)
}

/// See [`super::Backend::convolve_update`].
#[inline(always)]
pub fn convolve_update<L: Lanes>(
	l: L,
	taps: &Taps,
	layer: &mut Dense,
	gradient: &Quads,
	x: &Tiles,
	sums: &mut Vec<[Block; ROWS]>,
	rate: i32,
	decay: u8,
) {
	let bits = taps.bits();
	let (blocks, columns) = (padded(taps.input.channels) / LANES, layer.forward.inputs / LANES);
	let (groups, after) = (layer.forward.bias.len(), padded(layer.forward.outputs) / ROWS);
	let gradient = gradient.blocks.as_chunks::<QUAD>().0;
	sums.clear();
	sums.resize(groups * columns, [Block::ZERO; ROWS]);
	let mut rows = [Block::ZERO; SAMPLE_PAIRS];
	for (step, readers) in readers(taps).into_iter().enumerate().filter(|(_, readers)| !readers.is_empty()) {
		for block in 0..blocks {
			// Stays in the nearest cache while all that read it pass by.
			turn_column(l, x, step * blocks + block, &mut rows, 1);
			for (output, tap) in &readers {
				add_gradients(l, &gradient[output * after..][..groups], &rows, bits, columns, &mut sums[tap * blocks + block..]);
			}
		}
	}
	let mut biases = vec![[0i32; ROWS]; groups];
	for g in gradient.chunks_exact(after).take(taps.outputs) {
		for (biases, g) in biases.iter_mut().zip(g) {
			let sums = total(l, g);
			biases.iter_mut().zip(sums).for_each(|(bias, sum)| *bias += sum);
		}
	}
	for (at, sums) in sums.iter().enumerate() {
		let sums = [0, 1, 2, 3].map(|r| [l.load(&sums[r])]);
		update_column::<L, 1, 0>(l, layer, &sums, at / columns, at % columns, rate, decay);
	}
	let biases = biases.as_flattened_mut();
	biases.iter_mut().for_each(|bias| *bias = bias_gradient(*bias, bits));
	layer.bias.step(biases, rate, decay);
	layer.round_bias();
}

/// The gradient of a bias, scaled as those of weights are, from the sum of gradients of all outputs, below 2^(19 + bits).
pub fn bias_gradient(sum: i32, bits: u32) -> i32 {
	match bits.checked_sub(ACT_FRAC) {
		None | Some(0) => sum << (ACT_FRAC - bits),
		Some(right) => round_shift_i32(sum, right),
	}
}

/// Adds to `sums`, of every `columns`-th entry, the products of groups of gradients with a block of inputs over the batch, shifted right
/// by `bits`.
#[inline(always)]
fn add_gradients<L: Lanes>(
	l: L,
	g: &[[Block; QUAD]],
	x: &[Block; SAMPLE_PAIRS],
	bits: u32,
	columns: usize,
	sums: &mut [[Block; ROWS]],
) {
	/// Groups whose sums fit registers together.
	const TOGETHER: usize = 4;
	let together = if L::WIDE { TOGETHER } else { 1 };
	for (g, sums) in g.chunks(together).zip(sums.chunks_mut(together * columns)) {
		match g.len() {
			1 => add_some::<L, 1>(l, g, x, bits, columns, sums),
			2 => add_some::<L, 2>(l, g, x, bits, columns, sums),
			3 => add_some::<L, 3>(l, g, x, bits, columns, sums),
			_ => add_some::<L, TOGETHER>(l, g, x, bits, columns, sums),
		}
	}
}

#[inline(always)]
fn add_some<L: Lanes, const G: usize>(
	l: L,
	g: &[[Block; QUAD]],
	x: &[Block; SAMPLE_PAIRS],
	bits: u32,
	columns: usize,
	sums: &mut [[Block; ROWS]],
) {
	let Some(g) = g.first_chunk::<G>() else { return };
	let mut all = [[l.splat((1 << bits) >> 1); ROWS]; G];
	for (quad, [x0, x1, x2, x3]) in x.as_chunks::<4>().0.iter().enumerate() {
		// Unrolled by hand: compilers leave a loop around so much code.
		add_row::<L, G, 0>(l, &mut all, g, quad, x0);
		add_row::<L, G, 1>(l, &mut all, g, quad, x1);
		add_row::<L, G, 2>(l, &mut all, g, quad, x2);
		add_row::<L, G, 3>(l, &mut all, g, quad, x3);
	}
	for i in 0..G {
		for r in 0..ROWS {
			let sum = &mut sums[i * columns][r];
			let v = l.add(l.load(sum), l.shr(all[i][r], bits));
			l.store(sum, v);
		}
	}
}

/// The terms of one pair of samples, the `P`-th of a block of gradients.
#[inline(always)]
fn add_row<L: Lanes, const G: usize, const P: usize>(
	l: L,
	sums: &mut [[L::V; ROWS]; G],
	g: &[[Block; QUAD]; G],
	quad: usize,
	x: &Block,
) {
	let x = l.load(x);
	for i in 0..G {
		for r in 0..ROWS {
			sums[i][r] = l.dot(sums[i][r], x, l.splat(g[i][quad % QUAD].0[P * ROWS + r]));
		}
	}
}
