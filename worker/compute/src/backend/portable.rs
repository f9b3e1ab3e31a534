//! Lanes of plain Rust, which compilers turn into whatever vectors there are.

use super::{
	backend,
	byte_layout::{BytePanels, ByteQuads, ByteTiles, ByteWeights},
	gates::{Shape, Trace},
	halves::Halves,
	kernels,
	lanes::Lanes,
	layout::{Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, LANES, ROWS, TILE},
	quarters::Quarters,
	steps::Taps,
	Backend,
};
use doin_scoring::{activation::product, model::MAX_ACT};
use std::array::from_fn;

/// Any processor.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

backend!(Portable, "portable");

type V = [i32; LANES];

/// Lanes by their numbers: a plain loop, which compilers vectorise. `std::array::from_fn` they leave as calls.
#[inline(always)]
fn lanes(lane: impl Fn(usize) -> i32) -> V {
	let mut all = [0; LANES];
	for (i, to) in all.iter_mut().enumerate() {
		*to = lane(i);
	}
	all
}

/// The two numbers of a pair.
#[inline(always)]
fn halves(pair: i32) -> (i32, i32) {
	(i32::from(pair as i16), pair >> 16)
}

/// The pair of two numbers.
#[inline(always)]
fn pair(low: i32, high: i32) -> i32 {
	low & 0xffff | high << 16
}

impl Lanes for Portable {
	type V = V;
	const WIDE: bool = false;

	#[inline(always)]
	fn splat(self, value: i32) -> V {
		[value; LANES]
	}
	#[inline(always)]
	fn load(self, from: &Block) -> V {
		from.0
	}
	#[inline(always)]
	fn read(self, from: &[i32; LANES]) -> V {
		*from
	}
	#[inline(always)]
	fn store(self, to: &mut Block, v: V) {
		to.0 = v;
	}
	#[inline(always)]
	fn dot(self, sum: V, a: V, b: V) -> V {
		lanes(|i| {
			let ((a0, a1), (b0, b1)) = (halves(a[i]), halves(b[i]));
			sum[i].wrapping_add(a0 * b0).wrapping_add(a1 * b1)
		})
	}
	#[inline(always)]
	fn add(self, a: V, b: V) -> V {
		lanes(|i| a[i].wrapping_add(b[i]))
	}
	#[inline(always)]
	fn sub(self, a: V, b: V) -> V {
		lanes(|i| a[i].wrapping_sub(b[i]))
	}
	#[inline(always)]
	fn mul(self, a: V, b: V) -> V {
		lanes(|i| a[i].wrapping_mul(b[i]))
	}
	#[inline(always)]
	fn or(self, a: V, b: V) -> V {
		lanes(|i| a[i] | b[i])
	}
	#[inline(always)]
	fn and(self, a: V, b: V) -> V {
		lanes(|i| a[i] & b[i])
	}
	#[inline(always)]
	fn abs(self, a: V) -> V {
		lanes(|i| a[i].wrapping_abs())
	}
	#[inline(always)]
	fn min(self, a: V, b: V) -> V {
		lanes(|i| a[i].min(b[i]))
	}
	#[inline(always)]
	fn max(self, a: V, b: V) -> V {
		lanes(|i| a[i].max(b[i]))
	}
	#[inline(always)]
	fn shr(self, a: V, bits: u32) -> V {
		lanes(|i| a[i] >> bits)
	}
	#[inline(always)]
	fn shl(self, a: V, bits: u32) -> V {
		lanes(|i| a[i] << bits)
	}
	#[inline(always)]
	fn above(self, a: V, b: V, x: V) -> V {
		lanes(|i| if a[i] > b[i] { x[i] } else { 0 })
	}
	#[inline(always)]
	fn gate(self, h: V, a: V, b: V) -> (V, V) {
		let open = |h: i32| h > 0 && h < MAX_ACT;
		(lanes(|i| if open(halves(h[i]).0) { a[i] } else { 0 }), lanes(|i| if open(halves(h[i]).1) { b[i] } else { 0 }))
	}
	#[inline(always)]
	fn activate(self, a: V, b: V) -> V {
		lanes(|i| pair(a[i].clamp(0, MAX_ACT), b[i].clamp(0, MAX_ACT)))
	}
	#[inline(always)]
	fn pack(self, a: V, b: V) -> V {
		// Lane i holds values 2·(i mod 2) and the next one of its quarter, of a in the lower half of a quarter, of b in the upper.
		lanes(|i| {
			let from = if i % 4 < 2 { &a } else { &b };
			let at = i / 4 * 4 + i % 2 * 2;
			pair(from[at].clamp(-MAX_ACT, MAX_ACT), from[at + 1].clamp(-MAX_ACT, MAX_ACT))
		})
	}
	#[inline(always)]
	fn zip(self, packed: V) -> V {
		lanes(|i| {
			let at = i / 4 * 4 + i % 4 / 2;
			let ((a0, a1), (b0, b1)) = (halves(packed[at]), halves(packed[at + 2]));
			if i % 2 == 0 {
				pair(a0, b0)
			} else {
				pair(a1, b1)
			}
		})
	}
	#[inline(always)]
	fn quads(self, ab: V, cd: V) -> [V; 2] {
		from_fn(|half| {
			lanes(|i| {
				let neighbours = half * 4 + i / 4;
				let from = if i % 4 < 2 { &ab } else { &cd };
				from[neighbours / 2 * 4 + i % 2 * 2 + neighbours % 2]
			})
		})
	}
	#[inline(always)]
	fn turn(self, v: [V; 8]) -> [V; 8] {
		from_fn(|row| {
			lanes(|lane| {
				let from = v[lane / 2];
				let (low, high) = (halves(from[2 * row]), halves(from[2 * row + 1]));
				if lane % 2 == 0 {
					pair(low.0, high.0)
				} else {
					pair(low.1, high.1)
				}
			})
		})
	}
	#[inline(always)]
	fn transpose(self, v: [V; 16]) -> [V; 16] {
		from_fn(|row| lanes(|lane| v[lane][row]))
	}
}

/// A function of both halves of each lane.
#[inline(always)]
fn by_halves(a: V, b: V, f: impl Fn(i16, i16) -> i16) -> V {
	from_fn(|i| {
		let ((a0, a1), (b0, b1)) = (halves(a[i]), halves(b[i]));
		pair(f(a0 as i16, b0 as i16).into(), f(a1 as i16, b1 as i16).into())
	})
}

impl Halves for Portable {
	#[inline(always)]
	fn narrow(self, a: V, b: V) -> V {
		from_fn(|i| {
			let from = if i % 4 < 2 { &a } else { &b };
			let at = i / 4 * 4 + i % 2 * 2;
			let clamp = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into());
			pair(clamp(from[at]), clamp(from[at + 1]))
		})
	}
	#[inline(always)]
	fn add16(self, a: V, b: V) -> V {
		by_halves(a, b, i16::wrapping_add)
	}
	#[inline(always)]
	fn adds16(self, a: V, b: V) -> V {
		by_halves(a, b, i16::saturating_add)
	}
	#[inline(always)]
	fn sub16(self, a: V, b: V) -> V {
		by_halves(a, b, i16::wrapping_sub)
	}
	#[inline(always)]
	fn mul16(self, a: V, b: V) -> V {
		by_halves(a, b, product)
	}
	#[inline(always)]
	fn shl16(self, a: V, bits: u32) -> V {
		by_halves(a, a, |a, _| a << bits)
	}
	#[inline(always)]
	fn shr16(self, a: V, bits: u32) -> V {
		by_halves(a, a, |a, _| a >> bits)
	}
	#[inline(always)]
	fn min16(self, a: V, b: V) -> V {
		by_halves(a, b, i16::min)
	}
	#[inline(always)]
	fn max16(self, a: V, b: V) -> V {
		by_halves(a, b, i16::max)
	}
	#[inline(always)]
	fn abs16(self, a: V) -> V {
		by_halves(a, a, |a, _| a.wrapping_abs())
	}
}

/// The lane of four bytes.
#[inline(always)]
fn quad(bytes: impl Fn(usize) -> u8) -> i32 {
	i32::from_le_bytes([bytes(0), bytes(1), bytes(2), bytes(3)])
}

/// The value number `at` of a quarter that was narrowed, whose lanes begin at `quarter`.
#[inline(always)]
fn half(v: &V, quarter: usize, at: usize) -> i32 {
	let (low, high) = halves(v[quarter + at / 2]);
	if at.is_multiple_of(2) {
		low
	} else {
		high
	}
}

/// Packs bytes that `byte` makes of halves.
#[inline(always)]
fn packed(ab: &V, cd: &V, byte: impl Fn(i32) -> u8) -> V {
	lanes(|i| {
		let from = if i % 4 < 2 { ab } else { cd };
		quad(|at| byte(half(from, i / 4 * 4, i % 2 * 4 + at)))
	})
}

/// A value clamped to a signed byte.
#[inline(always)]
fn signed_byte(value: i32) -> u8 {
	value.clamp(i8::MIN.into(), i8::MAX.into()) as u8
}

impl Quarters for Portable {
	#[inline(always)]
	fn unsigned(self, ab: V, cd: V) -> V {
		packed(&ab, &cd, |value| value.clamp(0, u8::MAX.into()) as u8)
	}
	#[inline(always)]
	fn signed(self, ab: V, cd: V) -> V {
		packed(&ab, &cd, signed_byte)
	}
	#[inline(always)]
	fn join(self, ab: V, cd: V) -> V {
		lanes(|i| {
			let (a, b) = halves(ab[i]);
			let (c, d) = halves(cd[i]);
			i32::from_le_bytes([a, b, c, d].map(signed_byte))
		})
	}
	#[inline(always)]
	fn turn8(self, v: V) -> V {
		lanes(|i| quad(|at| (v[i / 4 * 4 + at] >> (8 * (i % 4))) as u8))
	}
	#[inline(always)]
	fn turn_quarters(self, v: [V; 4]) -> [V; 4] {
		from_fn(|quarter| lanes(|i| v[i / 4][quarter * 4 + i % 4]))
	}
	#[inline(always)]
	fn gate8(self, h: V, v: V) -> V {
		let open = |h: u8| u8::from((1..u8::MAX).contains(&h)) * u8::MAX;
		lanes(|i| v[i] & i32::from_le_bytes(h[i].to_le_bytes().map(open)))
	}
}
