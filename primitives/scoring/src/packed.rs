//! Layers packed for forward passes: two rows of weights in one row of 64-bit numbers.
//!
//! The runtime has no SIMD, but 64-bit multiplication. A packed weight is `low + high · 2³²`, where `low` and `high` are weights of two
//! neurons. Its product with an activation holds the products of both, and a sum of such products both sums. The halves can be told
//! apart as long as the low sum stays within `i32`. Admission bounds every sum of a layer, so the result is exact.

use crate::{math::round_shift_i32, model::Layer};
use alloc::vec::Vec;

/// Rows of packed weights that one pass over the inputs reads.
const ROWS: usize = 4;

/// A [`Layer`] whose neurons are packed in pairs.
#[derive(Clone, Debug)]
pub(crate) struct PackedLayer {
	/// Numbers per row, at least 1.
	inputs: usize,
	/// Number of neurons.
	outputs: usize,
	/// Requantising shift.
	shift: u32,
	/// Weights, one row of inputs per pair of neurons. If the number of neurons is odd, the last row has only low halves.
	weights: Vec<i64>,
	/// Biases, one per row.
	bias: Vec<i64>,
}

impl PackedLayer {
	/// Packs a layer.
	pub(crate) fn new(layer: &Layer) -> Self {
		let inputs = usize::from(layer.inputs).max(1);
		let mut weights = Vec::with_capacity(layer.weights.len().div_ceil(2).saturating_add(inputs));
		for pair in layer.weights.chunks(inputs.saturating_mul(2)) {
			match pair.split_at_checked(inputs) {
				Some((low, [])) => weights.extend(low.iter().map(|low| i64::from(*low))),
				Some((low, high)) => {
					weights.extend(low.iter().zip(high).map(|(low, high)| packed((*low).into(), (*high).into())));
				}
				None => break,
			}
		}
		let pairs = layer.bias.chunks(2);
		let bias = pairs.map(|pair| packed(pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0))).collect();
		Self { inputs, outputs: layer.bias.len(), shift: layer.shift.into(), weights, bias }
	}

	/// Computes the requantised value of each neuron, in order, and returns them. `values` is the buffer that holds them.
	pub(crate) fn neurons<'a>(&self, x: &[i16], values: &'a mut Vec<i32>) -> &'a [i32] {
		values.clear();
		let shift = self.shift;
		let mut put = |sum: i64| values.extend(halves(sum).map(|value| round_shift_i32(value, shift)));
		let blocks = self.weights.chunks_exact(self.inputs.saturating_mul(ROWS));
		let (biases, last) = self.bias.as_chunks::<ROWS>();
		let rest = blocks.remainder();
		for (block, [bias_a, bias_b, bias_c, bias_d]) in blocks.zip(biases) {
			let (a, block) = block.split_at(self.inputs);
			let (b, block) = block.split_at(self.inputs);
			let (c, d) = block.split_at(self.inputs);
			let mut sums = [*bias_a, *bias_b, *bias_c, *bias_d];
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
			sums.into_iter().for_each(&mut put);
		}
		for (row, bias) in rest.chunks_exact(self.inputs).zip(last) {
			put(row.iter().zip(x).fold(*bias, |sum, (weight, x)| sum.wrapping_add(weight.wrapping_mul((*x).into()))));
		}
		values.truncate(self.outputs);
		values
	}
}

/// Returns `low + high · 2³²`.
#[inline(always)]
fn packed(low: i32, high: i32) -> i64 {
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
		PackedLayer::new(layer).neurons(x, &mut Vec::new()).to_vec()
	}

	#[test]
	fn halves_are_told_apart_at_the_bounds_of_a_sum() {
		for low in [i32::MIN, -1, 0, 1, i32::MAX] {
			for high in [i32::MIN, -1, 0, 1, i32::MAX] {
				assert_eq!(halves(packed(low, high)), [low, high]);
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
		for (inputs, weights, bias) in [(0, 3, 2), (3, 0, 2), (3, 7, 2), (2, 9, 0), (2, 3, 40), (2, 90, 3)] {
			let layer = Layer { inputs, outputs: 2, shift: 0, weights: vec![1; weights], bias: vec![1; bias] };
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
