//! Matrices packed for products: two rows of 16-bit numbers in one row of 64-bit numbers.
//!
//! The runtime has no SIMD, but 64-bit multiplication. A packed number is `low + high · 2³²`, where `low` and `high` are numbers of two
//! rows. Its product with a factor holds the products of both, and a sum of such products both sums. The halves can be told apart as
//! long as the low sum stays within `i32`. Admission bounds every sum of a layer, so the results are exact.

use crate::{forward::dot, math::round_shift_i32, model::Layer};
use alloc::vec::Vec;

/// Packed rows that one pass over the factors reads.
const ROWS: usize = 4;
/// Least number of inputs and of outputs of a layer that is packed.
const LEAST_INPUTS: u16 = 4;
const LEAST_OUTPUTS: u16 = 2 * ROWS as u16;

/// Rows of 16-bit numbers, packed in pairs.
#[derive(Clone, Debug, Default)]
pub struct PackedRows {
	/// Numbers per row, at least 1 once rows are packed.
	width: usize,
	/// One packed row per pair. If the number of rows is odd, the last one has only low halves.
	rows: Vec<i64>,
}

impl PackedRows {
	/// Packs rows of `width` numbers in place of the present ones. Numbers beyond the last whole row are left out.
	pub fn pack(&mut self, rows: &[i16], width: usize) {
		self.width = width.max(1);
		self.rows.clear();
		let pairs = rows.chunks_exact(self.width.saturating_mul(2));
		let last = pairs.remainder();
		for (low, high) in pairs.map(|pair| pair.split_at(self.width)) {
			self.rows.extend(low.iter().zip(high).map(|(low, high)| packed(*low, *high)));
		}
		if let Some(low) = last.get(..self.width) {
			self.rows.extend(low.iter().map(|low| i64::from(*low)));
		}
	}

	/// Computes the sum of products of each row and `x`, in the order of the rows. `sums` has one place per row. A result is exact if no
	/// sum leaves `i32`, and arbitrary otherwise.
	///
	/// ```
	/// use doin_scoring::packed::PackedRows;
	/// let (mut rows, mut sums) = (PackedRows::default(), [0; 3]);
	/// rows.pack(&[1, 2, -3, 4, 5, -6], 2);
	/// rows.products(&[10, 1], &mut sums);
	/// assert_eq!(sums, [12, -26, 44]);
	/// ```
	#[inline(always)]
	pub fn products(&self, x: &[i16], sums: &mut [i32]) {
		let width = self.width.max(1);
		let mut rows = self.rows.as_slice();
		let (places, last_places) = sums.as_chunks_mut::<{ 2 * ROWS }>();
		for places in places {
			let Some((block, rest)) = rows.split_at_checked(width.saturating_mul(ROWS)) else { break };
			rows = rest;
			let (a, block) = block.split_at(width);
			let (b, block) = block.split_at(width);
			let (c, d) = block.split_at(width);
			let mut sums = [0i64; ROWS];
			for ((((a, b), c), d), x) in a.iter().zip(b).zip(c).zip(d).zip(x) {
				let x = i64::from(*x);
				let [sum_a, sum_b, sum_c, sum_d] = sums;
				sums = [
					sum_a.wrapping_add(a.wrapping_mul(x)),
					sum_b.wrapping_add(b.wrapping_mul(x)),
					sum_c.wrapping_add(c.wrapping_mul(x)),
					sum_d.wrapping_add(d.wrapping_mul(x)),
				];
			}
			let [[a, b], [c, d], [e, f], [g, h]] = sums.map(halves);
			*places = [a, b, c, d, e, f, g, h];
		}
		for places in last_places.chunks_mut(2) {
			let Some((row, rest)) = rows.split_at_checked(width) else { break };
			rows = rest;
			let sum = row.iter().zip(x).fold(0i64, |sum, (number, x)| sum.wrapping_add(number.wrapping_mul((*x).into())));
			places.iter_mut().zip(halves(sum)).for_each(|(place, half)| *place = half);
		}
	}
}

/// A [`Layer`], packed unless it is small.
#[derive(Clone, Debug)]
pub(crate) struct PackedLayer<'a> {
	layer: &'a Layer,
	/// The weights; `None` for a layer that gains nothing.
	rows: Option<PackedRows>,
}

impl<'a> PackedLayer<'a> {
	/// Packs a layer.
	pub(crate) fn new(layer: &'a Layer) -> Self {
		let gains = layer.inputs >= LEAST_INPUTS && layer.outputs >= LEAST_OUTPUTS;
		let rows = gains.then(|| {
			let mut rows = PackedRows::default();
			rows.pack(&layer.weights, layer.inputs.into());
			rows
		});
		Self { layer, rows }
	}

	/// Returns the number of neurons.
	pub(crate) fn outputs(&self) -> usize {
		self.layer.outputs.into()
	}

	/// Computes the requantised value of each neuron, and hands it to `put`, in order. `sums` is a buffer.
	#[inline(always)]
	pub(crate) fn neurons(&self, x: &[i16], sums: &mut Vec<i32>, mut put: impl FnMut(i32)) {
		let Layer { inputs, shift, weights, bias, .. } = self.layer;
		let mut requantise = |(sum, bias): (i32, &i32)| put(round_shift_i32(sum.wrapping_add(*bias), (*shift).into()));
		match &self.rows {
			Some(rows) => {
				sums.resize(bias.len(), 0);
				rows.products(x, sums);
				sums.iter().copied().zip(bias).for_each(&mut requantise);
			}
			None => {
				let width = usize::from(*inputs).max(1);
				let mut rows = weights.as_slice();
				for bias in bias {
					let Some((row, rest)) = rows.split_at_checked(width) else { break };
					rows = rest;
					requantise((dot(row, x), bias));
				}
			}
		}
	}
}

/// Returns `low + high · 2³²`.
#[inline(always)]
fn packed(low: i16, high: i16) -> i64 {
	i64::from(low).wrapping_add(i64::from(high).wrapping_shl(32))
}

/// Returns `low` and `high` of `low + high · 2³²`.
#[inline(always)]
fn halves(sum: i64) -> [i32; 2] {
	let low = sum as i32;
	[low, (sum.wrapping_sub(low.into()) >> 32) as i32]
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// Returns the values of the definition: `(W·x + b + 2^(shift−1)) >> shift`.
	fn defined(layer: &Layer, x: &[i16]) -> Vec<i32> {
		let rows = layer.weights.chunks_exact(layer.inputs.into()).zip(&layer.bias);
		let sum = |(row, bias): (&[i16], &i32)| {
			row.iter().zip(x).fold(i64::from(*bias), |sum, (weight, x)| sum + i64::from(*weight) * i64::from(*x))
		};
		rows.map(|row| ((sum(row) + (1 << (layer.shift - 1))) >> layer.shift) as i32).collect()
	}

	fn values(layer: &Layer, x: &[i16]) -> Vec<i32> {
		let mut values = Vec::new();
		PackedLayer::new(layer).neurons(x, &mut Vec::new(), |value| values.push(value));
		values
	}

	#[test]
	fn halves_are_told_apart_at_the_bounds_of_a_sum() {
		for low in [i32::MIN, -1, 0, 1, i32::MAX] {
			for high in [i32::MIN, -1, 0, 1, i32::MAX] {
				assert_eq!(halves(i64::from(low).wrapping_add(i64::from(high) << 32)), [low, high]);
			}
		}
		for low in [i16::MIN, -1, 0, 1, i16::MAX] {
			for high in [i16::MIN, -1, 0, 1, i16::MAX] {
				assert_eq!(halves(packed(low, high)), [low, high].map(i32::from));
			}
		}
	}

	#[test]
	fn sums_at_the_bound_of_admission_are_exact() {
		// 2047 · 511 · 2047 + bias + rounding term is just below 2³¹.
		let bias = i32::MAX - 511 * 2_047 * 2_047 - 1;
		let weights = [[2_047i16; 511], [-2_047; 511]].repeat(5).concat();
		let layer = Layer { inputs: 511, outputs: 10, shift: 1, weights, bias: [bias, -bias].repeat(5) };
		assert!(layer.accumulator_width().is_some());
		for x in [[2_047; 511], [-2_047; 511]] {
			assert_eq!(values(&layer, &x), defined(&layer, &x));
		}
	}

	#[test]
	fn a_layer_that_was_not_admitted_has_any_values() {
		let shapes =
			[(0, 3, 2), (3, 0, 2), (3, 7, 2), (2, 9, 0), (2, 3, 40), (2, 90, 3), (4, 9, 0), (4, 3, 40), (4, 90, 3), (8, 65, 9)];
		for (inputs, weights, bias) in shapes {
			let layer = Layer { inputs, outputs: 8, shift: 0, weights: vec![1; weights], bias: vec![1; bias] };
			assert!(values(&layer, &[1, 2]).len() <= bias);
		}
	}

	proptest! {
		#[test]
		fn neurons_are_those_of_the_definition(
			(inputs, outputs) in (1u16..40, 1u16..20),
			shift in 1u8..=24,
			numbers in prop::collection::vec(-2_047i16..=2_047, 40 * 20 + 40),
			bias in prop::collection::vec(-(1i32 << 22)..(1 << 22), 20),
		) {
			let (weights, x) = numbers.split_at(usize::from(inputs * outputs));
			let bias = bias[..outputs.into()].to_vec();
			let layer = Layer { inputs, outputs, shift, weights: weights.to_vec(), bias };
			let x = &x[..inputs.into()];
			prop_assert_eq!(values(&layer, x), defined(&layer, x));
		}
	}
}
