//! Classes as something to learn: which one came, whether a net told it apart, and what to change where it did not.
//!
//! A net is right when the class that came has the highest score. It is changed wherever that score does not lead every other by
//! [`MARGIN`]: the score that came should rise, and the highest of the others fall (the multi-class hinge loss of Crammer and Singer), each
//! by one unit of gradient.

use crate::backend::{
	layout::{rows_of, Block, Quads, Tiles, BATCH, COLUMNS, LANES},
	UNIT,
};
use doin_scoring::{math::round_shift_i32, model::OUT_FRAC, score::class};

/// By how much the class that came should lead, in units of an output.
const MARGIN: i64 = 1 << 11;

/// The classes of a batch.
pub struct Classes {
	bounds: Vec<i32>,
	count: usize,
	/// The class that came, per window.
	came: Box<[u8; BATCH]>,
	/// What a linear path beside the net says; empty without one.
	path: Vec<Block>,
}

fn value(rows: &[Block], row: usize, sample: usize) -> i32 {
	rows[row * COLUMNS + sample / LANES].0[sample % LANES]
}

impl Classes {
	/// `count` classes between `bounds`.
	pub fn new(bounds: &[i32], count: usize, beside: bool) -> Self {
		let path = if beside { rows_of(count) } else { Vec::new() };
		Self { bounds: bounds.to_vec(), count, came: Box::new([0; BATCH]), path }
	}

	/// Takes the changes of a batch, in 2^−OUT_FRAC raw units, from `exact` if that holds any and else from the first row of `changes`, and
	/// what the linear path says of it.
	pub fn tell(&mut self, changes: &[Block], exact: &[i64], path: Option<(&[Block], u32)>) {
		for (sample, came) in self.came.iter_mut().enumerate() {
			let change = exact.get(sample).copied().unwrap_or_else(|| i64::from(value(changes, 0, sample)));
			*came = class(&self.bounds, change >> OUT_FRAC) as u8;
		}
		if let Some((sums, shift)) = path {
			for (to, sums) in self.path.iter_mut().zip(sums) {
				to.0.iter_mut().zip(sums.0).for_each(|(to, sum)| *to = round_shift_i32(sum, shift));
			}
		}
	}

	/// The score of a class for a window.
	fn score(&self, shift: u32, sums: &[Block], class: usize, sample: usize) -> i64 {
		let path = if self.path.is_empty() { 0 } else { value(&self.path, class, sample) };
		i64::from(round_shift_i32(value(sums, class, sample), shift)) + i64::from(path)
	}

	/// See [`crate::batches::Batches::gradient`].
	pub fn gradient(&self, shift: u32, sums: &[Block], tiles: &mut Tiles, quads: &mut Quads) {
		for sample in 0..BATCH {
			let came = usize::from(self.came[sample]);
			let score = |class: &usize| self.score(shift, sums, *class, sample);
			let others = (0..self.count).filter(|class| *class != came);
			// The first of the highest, as everywhere.
			let rival = others.rev().max_by_key(score).unwrap_or(came);
			let told = rival == came || score(&came) >= score(&rival) + MARGIN;
			for class in 0..self.count {
				let gradient = match class {
					_ if told => 0,
					_ if class == came => -UNIT,
					_ if class == rival => UNIT,
					_ => 0,
				};
				tiles.set(class, sample, gradient as i16);
				quads.set(class, sample, gradient as i16);
			}
		}
	}

	/// Windows of the first `count` whose class does not have the highest score.
	pub fn mistakes(&self, shift: u32, sums: &[Block], count: usize) -> u64 {
		let mistaken = |sample: &usize| {
			let score = |class: &usize| self.score(shift, sums, *class, *sample);
			(0..self.count).rev().max_by_key(score) != Some(self.came[*sample].into())
		};
		(0..count).filter(mistaken).count() as u64
	}
}
