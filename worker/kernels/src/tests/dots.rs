//! Dot products of every back-end against the sums that define them.

use super::{others, Random};
use crate::{
	layout::{Block, LANES, OFFSET, ROWS},
	simd::SimdI8,
	Backend, Operation,
};

/// All dot products of two blocks, of bytes and of halves: of all lanes, and of four lanes of `b` that are broadcast.
#[derive(Clone, Copy)]
struct Dots<'a> {
	sum: &'a Block,
	a: &'a Block,
	b: &'a Block,
}

/// Returns Σ a·b of two lanes, unsigned bytes of `a` and signed bytes of `b`.
fn bytes(a: i32, b: i32) -> i32 {
	a.to_le_bytes().into_iter().zip(b.to_le_bytes()).map(|(a, b)| i32::from(a) * i32::from(b as i8)).sum()
}

/// Returns Σ a·b of two lanes, halves of both.
fn halves(a: i32, b: i32) -> i32 {
	i32::from(a as i16) * i32::from(b as i16) + (a >> 16) * (b >> 16)
}

impl Operation for Dots<'_> {
	type Output = [Block; 2 + 2 * ROWS];

	fn reference(self) -> Self::Output {
		let Self { sum, a, b } = self;
		let mut all = [Block::ZERO; 2 + 2 * ROWS];
		for i in 0..LANES {
			all[0].0[i] = sum.0[i].wrapping_add(bytes(a.0[i], b.0[i]));
			all[1].0[i] = sum.0[i].wrapping_add(halves(a.0[i], b.0[i]));
			for row in 0..ROWS {
				all[2 + 2 * row].0[i] = sum.0[i].wrapping_add(bytes(a.0[i], b.0[row]));
				all[3 + 2 * row].0[i] = sum.0[i].wrapping_add(halves(a.0[i], b.0[row]));
			}
		}
		all
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) -> Self::Output {
		let mut all = [Block::ZERO; 2 + 2 * ROWS];
		let (sum, a, b) = (s.load(self.sum), s.load(self.a), s.load(self.b));
		s.store(&mut all[0], s.dot_u8_i8(sum, a, b));
		s.store(&mut all[1], s.dot(sum, a, b));
		let w = &self.b.0.as_chunks::<ROWS>().0[0];
		broadcast::<S, 0>(s, &mut all, (sum, a), w);
		broadcast::<S, 1>(s, &mut all, (sum, a), w);
		broadcast::<S, 2>(s, &mut all, (sum, a), w);
		broadcast::<S, 3>(s, &mut all, (sum, a), w);
		all
	}
}

/// Computes the dot products with lane `ROW` of `w`.
#[inline(always)]
fn broadcast<S: SimdI8, const ROW: usize>(s: S, all: &mut [Block; 2 + 2 * ROWS], (sum, a): (S::V, S::V), w: &[i32; ROWS]) {
	let (mut first, mut bytes_of_a) = (sum, a);
	if S::SIGNED_DOT {
		first = s.add(sum, s.splat(bytes(i32::from_le_bytes([OFFSET as u8; 4]), w[ROW])));
		bytes_of_a = s.add_offset(a);
	}
	s.store(&mut all[2 + 2 * ROW], s.dot_u8_i8_broadcast::<ROW>(first, bytes_of_a, w));
	s.store(&mut all[3 + 2 * ROW], s.dot_broadcast::<ROW>(sum, a, w));
}

/// Compares all back-ends with the sums.
fn compare(sum: &Block, a: &Block, b: &Block) {
	let dots = Dots { sum, a, b };
	let expected = Backend::SCALAR.run(dots);
	for backend in others() {
		assert!(backend.run(dots) == expected, "{backend:?}, {sum:?}, {a:?}, {b:?}");
	}
}

#[test]
fn dot_products_of_extreme_bytes_and_halves_are_exact() {
	// Two halves of −2¹⁵ never meet.
	for (a, b) in [(0x00, 0x80), (0x7f, 0x80), (0xff, 0x7f), (0xff, 0x81), (0xff, 0xff), (0x01, 0x80)] {
		for sum in [i32::MIN, -1, 0, i32::MAX] {
			let all = |byte: u8| Block([i32::from_le_bytes([byte; 4]); LANES]);
			compare(&Block([sum; LANES]), &all(a), &all(b));
		}
	}
}

#[test]
fn dot_products_of_any_bytes_and_halves_are_exact() {
	for case in 0..300 {
		let random = &mut Random::new(90, case);
		let mut block = |least_half: i32| {
			let mut block = Block::ZERO;
			for lane in &mut block.0 {
				let [low, high] = [0, 1].map(|_| (random.sum() as i16 as i32).max(least_half));
				*lane = low & 0xffff | high << 16;
			}
			block
		};
		let (a, b) = (block(i16::MIN.into()), block(-i32::from(i16::MAX)));
		let mut sum = Block::ZERO;
		sum.0.iter_mut().for_each(|lane| *lane = random.sum());
		compare(&sum, &a, &b);
	}
}
