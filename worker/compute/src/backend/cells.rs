//! The kernels of gated cells, once for every processor: a tile of samples goes through all steps, and its gradients back.
//!
//! Gates and states are computed packed, 32 numbers of 16 bits at a time. What a unit's gradients need of a step is reduced to a few
//! factors on the way forward, so that on the way back a step is little more than a product for each.
//!
//! No vector passes through a closure here: a closure does not inherit the instructions of the function around it, so each operation in
//! one becomes a call through memory.

#![expect(clippy::needless_range_loop, reason = "rows and vectors of a tile are registers: their loops are unrolled by index")]

use super::{
	gates::{Kind, Shape, Trace, FACTORS, KINDS, ONE, TILE_PAIRS},
	halves::{both, Halves},
	layout::{panel_width, Block, Dense, Packed, Tiles, LANES, ROWS, TILE, TILES},
	tiles::{add_pair, product, update_column},
};
use crate::lion::WEIGHT_FRAC;

/// Largest exponent of the gradient of a state: a larger gradient is scaled down as a whole, sample by sample of a tile alike.
pub const MAX_EXPONENT: i32 = 0;

/// See [`super::Backend::cell_forward`].
#[inline(always)]
pub fn cell_forward<L: Halves>(l: L, shape: &Shape, gates: &Packed, x: &Tiles, tile: usize, trace: &mut Trace, h: &mut Tiles) {
	match (shape.kind, trace.learns) {
		(Kind::Lstm, true) => forward::<L, true, true>(l, shape, gates, x, tile, trace, h),
		(Kind::Lstm, false) => forward::<L, true, false>(l, shape, gates, x, tile, trace, h),
		(Kind::Gru, true) => forward::<L, false, true>(l, shape, gates, x, tile, trace, h),
		(Kind::Gru, false) => forward::<L, false, false>(l, shape, gates, x, tile, trace, h),
	}
}

#[inline(always)]
fn forward<L: Halves, const LSTM: bool, const LEARN: bool>(
	l: L,
	shape: &Shape,
	gates: &Packed,
	x: &Tiles,
	tile: usize,
	trace: &mut Trace,
	h: &mut Tiles,
) {
	let (pairs, quads, hidden) = (shape.columns() * LANES / 2, shape.quads(), shape.hidden() / 2);
	let zeros = [Block::ZERO; TILE];
	trace.inputs[..hidden].fill(zeros);
	trace.state.fill(zeros);
	for step in 0..shape.steps {
		let (now, next) = if LEARN {
			let (before, after) = trace.inputs.split_at_mut((step + 1) * pairs);
			(&mut before[step * pairs..], &mut after[..pairs])
		} else {
			let (first, second) = trace.inputs.split_at_mut(pairs);
			if step % 2 == 0 {
				(first, second)
			} else {
				(second, first)
			}
		};
		read_step(l, shape, x, tile, step, &mut now[hidden..]);
		let now = &*now;
		for quad in 0..quads {
			let mut sums = [[Block::ZERO; 2 * TILE]; KINDS];
			for kind in 0..KINDS {
				let group = kind * quads + quad;
				if L::WIDE {
					gate_sums::<L, TILE>(l, shape, gates, now, 0, kind, group, &mut sums[kind]);
				} else {
					for at in 0..TILE {
						gate_sums::<L, 1>(l, shape, gates, now, at, kind, group, &mut sums[kind]);
					}
				}
			}
			for half in 0..2 {
				let row = 2 * quad + half;
				for c in 0..TILE {
					let mut z = [l.splat(0); KINDS];
					for kind in 0..KINDS {
						z[kind] = l.load(&sums[kind][2 * c + half]);
					}
					let state = &mut trace.state[row][c];
					let (out, after, factors) = if LSTM { lstm(l, z, l.load(state)) } else { gru(l, z, l.load(state)) };
					l.store(state, after);
					l.store(&mut next[row][c], l.zip(out));
					if LEARN {
						let kept = &mut trace.factors[step * FACTORS * 2 * quads..];
						for factor in 0..if LSTM { FACTORS } else { FACTORS - 1 } {
							l.store(&mut kept[factor * 2 * quads + row][c], factors[factor]);
						}
					}
				}
			}
		}
	}
	let last = if LEARN { shape.steps } else { shape.steps % 2 } * pairs;
	h.tile_mut(tile)[..2 * quads].copy_from_slice(&trace.inputs[last..][..2 * quads]);
}

/// Puts the channels of a step and a one beside them, pair by pair.
#[inline(always)]
fn read_step<L: Halves>(l: L, shape: &Shape, x: &Tiles, tile: usize, step: usize, pairs: &mut [[Block; TILE]]) {
	let x = x.tile(tile);
	for (at, pair) in pairs.iter_mut().enumerate().take((shape.channels + 2) / 2) {
		for c in 0..TILE {
			let mut v = number(l, shape, x, 2 * at, step, c);
			if 2 * at < shape.channels {
				v = l.or(v, l.shl(number(l, shape, x, 2 * at + 1, step, c), 16));
			}
			l.store(&mut pair[c], v);
		}
	}
}

/// A channel of a step in the low halves, or the one that follows the last.
#[inline(always)]
fn number<L: Halves>(l: L, shape: &Shape, x: &[[Block; TILE]], channel: usize, step: usize, c: usize) -> L::V {
	if channel == shape.channels {
		return l.splat(ONE.into());
	}
	let feature = channel * shape.steps + step;
	l.and(l.shr(l.load(&x[feature / 2][c]), 16 * (feature as u32 % 2)), l.splat(0xffff))
}

/// Both sums of four gates, packed: added up, or the one that a kind has.
#[inline(always)]
fn gate_sums<L: Halves, const N: usize>(
	l: L,
	shape: &Shape,
	gates: &Packed,
	now: &[[Block; TILE]],
	at: usize,
	kind: usize,
	group: usize,
	out: &mut [Block; 2 * TILE],
) {
	let (hidden, stride) = (shape.hidden() / 2, shape.columns() * 2);
	let (w, more) = gates.weights[group * stride..][..stride].split_at(hidden / ROWS);
	let mut packed = [[l.splat(0); 2]; N];
	if shape.reads(kind, 0) {
		let mut start = gates.bias[group];
		for start in &mut start {
			*start = start.wrapping_add(1 << (gates.shift - 1));
		}
		let sums = product::<L, TILE, N>(l, &now[..hidden], at, w, start);
		for c in 0..N {
			packed[c] = narrow(l, &sums, c, gates.shift);
		}
	}
	if shape.reads(kind, shape.hidden()) {
		let shift = shape.input_shift;
		let mut sums = [[l.splat(0); N]; ROWS];
		for r in 0..ROWS {
			sums[r] = [l.splat(shape.input_bias[group][r].wrapping_add(1 << (shift - 1))); N];
		}
		for (pair, x) in now[hidden..][..(shape.channels + 2) / 2].iter().enumerate() {
			if let Some(w) = more[pair / ROWS].0.as_chunks::<ROWS>().0.get(pair % ROWS) {
				add_pair(l, &mut sums, x, at, w);
			}
		}
		for c in 0..N {
			let more = narrow(l, &sums, c, shift);
			for half in 0..2 {
				packed[c][half] = l.adds16(packed[c][half], more[half]);
			}
		}
	}
	for c in 0..N {
		for half in 0..2 {
			l.store(&mut out[2 * (at + c) + half], packed[c][half]);
		}
	}
}

/// Vector `c` of four rows of accumulators, requantised and packed.
#[inline(always)]
fn narrow<L: Halves, const N: usize>(l: L, sums: &[[L::V; N]; ROWS], c: usize, shift: u32) -> [L::V; 2] {
	let (a, b) = (l.shr(sums[0][c], shift), l.shr(sums[1][c], shift));
	let (d, e) = (l.shr(sums[2][c], shift), l.shr(sums[3][c], shift));
	[l.narrow(a, b), l.narrow(d, e)]
}

/// 1 − v, for a gate v.
#[inline(always)]
fn rest<L: Halves>(l: L, v: L::V) -> L::V {
	l.sub16(l.splat(both(i16::MIN)), v)
}

/// 1 − v², for a hyperbolic tangent v.
#[inline(always)]
fn slope<L: Halves>(l: L, v: L::V) -> L::V {
	l.sub16(l.splat(both(i16::MAX)), l.mul16(v, v))
}

/// Q15 to the Q11 of an output.
#[inline(always)]
fn output<L: Halves>(l: L, v: L::V) -> L::V {
	l.min16(l.shr16(l.adds16(v, l.splat(both(8))), 4), l.splat(both(2047)))
}

/// What [`doin_scoring::forward::lstm_unit`] does, and the factors of [`lstm_gradients`].
#[inline(always)]
fn lstm<L: Halves>(l: L, [i, f, g, o]: [L::V; KINDS], c: L::V) -> (L::V, L::V, [L::V; FACTORS]) {
	let (i, f, g, o) = (l.sigmoid(i), l.sigmoid(f), l.tanh(g), l.sigmoid(o));
	let new = l.shr16(l.add16(l.mul16(i, g), l.splat(both(4))), 3);
	let after = l.max16(l.adds16(l.mul16(f, c), new), l.splat(both(-i16::MAX)));
	let t = l.tanh(after);
	let factors = [
		l.mul16(g, l.mul16(i, rest(l, i))),
		l.mul16(l.adds16(c, c), l.mul16(f, rest(l, f))),
		l.mul16(i, slope(l, g)),
		l.mul16(t, l.mul16(o, rest(l, o))),
		f,
		l.mul16(o, slope(l, t)),
	];
	(output(l, l.mul16(o, t)), after, factors)
}

/// What [`doin_scoring::forward::gru_unit`] does, and the factors of [`gru_gradients`].
#[inline(always)]
fn gru<L: Halves>(l: L, [r, u, h, x]: [L::V; KINDS], s: L::V) -> (L::V, L::V, [L::V; FACTORS]) {
	let (r, u) = (l.sigmoid(r), l.sigmoid(u));
	let g = l.tanh(l.adds16(x, l.mul16(r, h)));
	let after = l.adds16(l.mul16(u, s), l.sub16(g, l.mul16(u, g)));
	let after = l.max16(after, l.splat(both(-i16::MAX)));
	let uu = l.mul16(u, rest(l, u));
	let fresh = l.mul16(rest(l, u), slope(l, g));
	let factors = [
		l.mul16(fresh, l.mul16(l.adds16(h, h), l.mul16(r, rest(l, r)))),
		l.sub16(l.mul16(s, uu), l.mul16(g, uu)),
		l.mul16(fresh, r),
		fresh,
		u,
		u,
	];
	(output(l, after), after, factors)
}

/// Gradients of the gates and of the state before, from those of the output and of the state.
#[inline(always)]
fn lstm_gradients<L: Halves>(l: L, h: L::V, c: L::V, factors: [L::V; FACTORS]) -> ([L::V; KINDS], L::V) {
	let [i, f, g, o, keep, out] = factors;
	let c = l.add16(c, l.mul16(h, out));
	// The factor of the forget gate is Q13.
	([l.mul16(c, i), l.mul16(l.shl16(c, 2), f), l.mul16(c, g), l.mul16(h, o)], l.mul16(c, keep))
}

/// The same of a GRU, whose output is its state.
#[inline(always)]
fn gru_gradients<L: Halves>(l: L, h: L::V, s: L::V, factors: [L::V; FACTORS]) -> ([L::V; KINDS], L::V) {
	let [r, u, h_gate, x, keep, _] = factors;
	let s = l.add16(s, h);
	// The factor of the reset gate is Q13.
	([l.mul16(l.shl16(s, 2), r), l.mul16(s, u), l.mul16(s, h_gate), l.mul16(s, x)], l.mul16(s, keep))
}

/// See [`super::Backend::cell_backward`].
#[inline(always)]
pub fn cell_backward<L: Halves>(
	l: L,
	shape: &Shape,
	gates: &Dense,
	head: &Dense,
	_: &Tiles,
	gradient: &Tiles,
	tile: usize,
	trace: &mut Trace,
	sums: &mut [[Block; ROWS]],
) {
	match shape.kind {
		Kind::Lstm => backward::<L, true>(l, shape, gates, head, gradient, tile, trace, sums),
		Kind::Gru => backward::<L, false>(l, shape, gates, head, gradient, tile, trace, sums),
	}
}

#[inline(always)]
fn backward<L: Halves, const LSTM: bool>(
	l: L,
	shape: &Shape,
	gates: &Dense,
	head: &Dense,
	gradient: &Tiles,
	tile: usize,
	trace: &mut Trace,
	sums: &mut [[Block; ROWS]],
) {
	let (pairs, columns, quads) = (shape.columns() * LANES / 2, shape.columns(), shape.quads());
	let most = shape.gradient_bits();
	trace.carry.fill([Block::ZERO; TILE]);
	// The candidate of a GRU from the input has no weights to the last output.
	let kinds = if LSTM { KINDS } else { KINDS - 1 };
	let mut raw_bits = propagate(l, gradient.tile(tile), |group| head.backward_group(group), &mut trace.raw);
	let (mut carry_bits, mut exponent) = (0, 0);
	for step in (0..shape.steps).rev() {
		// Both gradients are brought to one exponent.
		let shift = raw_bits.max(carry_bits + WEIGHT_FRAC).max(most + 1) - most;
		exponent = (exponent + shift as i32 - WEIGHT_FRAC as i32).min(MAX_EXPONENT);
		let (left, right) = (WEIGHT_FRAC.saturating_sub(shift), shift.saturating_sub(WEIGHT_FRAC));
		let (rounding, factor) = (l.splat(1 << (shift - 1)), l.splat(both((1u32 << (15 - right.clamp(1, 15))) as i16)));
		let mut bits = l.splat(0);
		for quad in 0..quads {
			let raw = &trace.raw.as_chunks::<ROWS>().0[quad];
			for c in 0..TILE {
				let mut h = [rounding; ROWS];
				for r in 0..ROWS {
					h[r] = l.shr(l.add(l.load(&raw[r][c]), rounding), shift);
				}
				let h = [l.pack(h[0], h[1]), l.pack(h[2], h[3])];
				let mut gates = [[rounding; 2]; KINDS];
				for half in 0..2 {
					let row = 2 * quad + half;
					let mut factors = [rounding; FACTORS];
					for at in 0..if LSTM { FACTORS } else { FACTORS - 1 } {
						factors[at] = l.load(&trace.factors[(step * FACTORS + at) * 2 * quads + row][c]);
					}
					let carry = l.load(&trace.carry[row][c]);
					let carry = if right > 0 { l.mul16(carry, factor) } else { l.shl16(carry, left) };
					let (z, carry) = match LSTM {
						true => lstm_gradients(l, h[half], carry, factors),
						false => gru_gradients(l, h[half], carry, factors),
					};
					bits = l.or(bits, l.abs16(carry));
					l.store(&mut trace.carry[row][c], carry);
					for kind in 0..KINDS {
						gates[kind][half] = z[kind];
						l.store(&mut trace.gradients[kind * 2 * quads + row][c], l.zip(z[kind]));
					}
				}
				for kind in 0..KINDS {
					let [low, high] = l.quads(gates[kind][0], gates[kind][1]);
					let group = &mut trace.groups[kind * quads + quad];
					l.store(&mut group[2 * c], low);
					l.store(&mut group[2 * c + 1], high);
				}
			}
		}
		let mut lanes = Block::ZERO;
		l.store(&mut lanes, bits);
		let bits = lanes.0.iter().fold(0, |all, lane| all | (*lane as u32 & 0xffff) | *lane as u32 >> 16);
		carry_bits = u32::BITS - bits.leading_zeros();
		let x = &trace.inputs[step * pairs..][..pairs];
		let back = (shape.sum_shift(TILES) as i32 + MAX_EXPONENT - exponent).min(31) as u32;
		weigh(l, shape, x, &trace.groups, &mut trace.panels, back, columns, sums);
		if step > 0 {
			let z = &trace.gradients[..(kinds * 2 * quads).next_multiple_of(ROWS)];
			raw_bits = propagate(l, z, |group| gates.backward_group(group), &mut trace.raw);
		}
	}
}

/// Gradients of outputs, four rows at a time, from those of what they lead to, and the bits of the largest.
#[inline(always)]
fn propagate<'a, L: Halves>(
	l: L,
	gradient: &[[Block; TILE]],
	weights: impl Fn(usize) -> &'a [Block],
	raw: &mut [[Block; TILE]],
) -> u32 {
	let mut bits = l.splat(0);
	for (group, raw) in raw.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
		let w = weights(group);
		if L::WIDE {
			bits = propagate_some::<L, TILE>(l, gradient, 0, w, raw, bits);
		} else {
			for at in 0..TILE {
				bits = propagate_some::<L, 1>(l, gradient, at, w, raw, bits);
			}
		}
	}
	let mut lanes = Block::ZERO;
	l.store(&mut lanes, bits);
	u32::BITS - lanes.0.iter().fold(0, |all, lane| all | *lane as u32).leading_zeros()
}

#[inline(always)]
fn propagate_some<L: Halves, const N: usize>(
	l: L,
	gradient: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	raw: &mut [[Block; TILE]; ROWS],
	bits: L::V,
) -> L::V {
	let sums = product::<L, TILE, N>(l, gradient, at, w, [0; ROWS]);
	let mut bits = bits;
	for r in 0..ROWS {
		for c in 0..N {
			bits = l.or(bits, l.abs(sums[r][c]));
			l.store(&mut raw[r][at + c], sums[r][c]);
		}
	}
	bits
}

/// Adds the gradients of the weights in one step, shifted right by `shift`.
#[inline(always)]
fn weigh<L: Halves>(
	l: L,
	shape: &Shape,
	x: &[[Block; TILE]],
	groups: &[[Block; 2 * TILE]],
	panels: &mut [Block],
	shift: u32,
	columns: usize,
	sums: &mut [[Block; ROWS]],
) {
	let width = panel_width(columns);
	for (column, x) in x.as_chunks::<{ LANES / 2 }>().0.iter().enumerate() {
		let first = column / width * width;
		let stride = width.min(columns - first);
		let panel = &mut panels[first * TILE_PAIRS + column - first..];
		for c in 0..TILE {
			let mut v = [l.splat(0); LANES / 2];
			for i in 0..LANES / 2 {
				v[i] = l.load(&x[i][c]);
			}
			let v = l.turn(v);
			for i in 0..LANES / 2 {
				l.store(&mut panel[(c * LANES / 2 + i) * stride], v[i]);
			}
		}
	}
	for (group, w) in groups.iter().enumerate() {
		let read = shape.read(group / shape.quads());
		for first in (0..columns).step_by(width) {
			let count = width.min(columns - first);
			if read.end <= first || read.start >= first + count {
				continue;
			}
			let x = &panels[first * TILE_PAIRS..][..count * TILE_PAIRS];
			let sums = &mut sums[group * columns + first..][..count];
			match count {
				1 => weigh_panel::<L, 1>(l, x, w, shift, sums),
				2 => weigh_panel::<L, 2>(l, x, w, shift, sums),
				3 => weigh_panel::<L, 3>(l, x, w, shift, sums),
				_ => weigh_panel::<L, 4>(l, x, w, shift, sums),
			}
		}
	}
}

#[inline(always)]
fn weigh_panel<L: Halves, const C: usize>(l: L, x: &[Block], w: &[Block], shift: u32, sums: &mut [[Block; ROWS]]) {
	let x = x.as_chunks::<C>().0;
	if L::WIDE {
		weigh_some::<L, C, C>(l, x, 0, w, shift, sums);
	} else {
		for at in 0..C {
			weigh_some::<L, C, 1>(l, x, at, w, shift, sums);
		}
	}
}

#[inline(always)]
fn weigh_some<L: Halves, const C: usize, const N: usize>(
	l: L,
	x: &[[Block; C]],
	at: usize,
	w: &[Block],
	shift: u32,
	sums: &mut [[Block; ROWS]],
) {
	let product = product::<L, C, N>(l, x, at, w, [1 << (shift - 1); ROWS]);
	for c in 0..N {
		for r in 0..ROWS {
			let sum = &mut sums[at + c][r];
			l.store(sum, l.add(l.load(sum), l.shr(product[r][c], shift)));
		}
	}
}

/// See [`super::Backend::cell_update`].
#[inline(always)]
pub fn cell_update<L: Halves>(l: L, shape: &Shape, gates: &mut Dense, sums: &mut [[Block; ROWS]], rate: i32, decay: u8) {
	let columns = shape.columns();
	for (group, sums) in sums.chunks_exact_mut(columns).enumerate() {
		let kind = group / shape.quads();
		for (column, sums) in sums.iter_mut().enumerate() {
			let mut lanes = [0; LANES];
			for (lane, mask) in lanes.iter_mut().enumerate() {
				*mask = -i32::from(shape.reads(kind, column * LANES + lane));
			}
			let mask = l.read(&lanes);
			let mut g = [[mask]; ROWS];
			for r in 0..ROWS {
				g[r] = [l.and(mask, l.load(&sums[r]))];
			}
			update_column::<L, 1, 0>(l, gates, &g, group, column, rate, decay);
			*sums = [Block::ZERO; ROWS];
		}
	}
}
