//! The reference of training in bytes: one value at a time, in the order of the formulas.

use super::{
	byte_layout::{rounded, BytePanels, ByteQuads, ByteTiles, ByteWeights, OFFSET},
	bytes::SUM_SHIFT,
	layout::{Block, Dense, Tiles, BATCH, COLUMNS, LANES, ROWS},
	scalar::{lane, shifted, update_master},
};
use crate::lion::{ACT_FRAC, MASTER_FRAC, WEIGHT_FRAC};
use doin_scoring::math::round_shift_i32;

fn clamped(value: i32) -> i8 {
	value.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

/// With [`OFFSET`] added.
fn offset(value: i8) -> u8 {
	(i32::from(value) + OFFSET) as u8
}

/// What [`offset`] was made of.
fn signed(value: u8) -> i32 {
	i32::from(value) - OFFSET
}

/// An accumulator, from what the layer reads.
fn neuron(layer: &ByteWeights, x: &ByteTiles, output: usize, sample: usize) -> i32 {
	let start = layer.start[output / ROWS][output % ROWS];
	let term = |input: usize| i32::from(layer.get(output, input)) * i32::from(x.get(input, sample));
	(0..layer.inputs).fold(start, |sum, input| sum.wrapping_add(term(input)))
}

/// See [`super::Backend::round`].
pub fn round(layer: &mut Dense) {
	for output in 0..layer.forward.outputs {
		for input in 0..layer.forward.inputs {
			let weight = round_shift_i32(layer.master(output, input), MASTER_FRAC - WEIGHT_FRAC) as i16;
			layer.forward.set(output, input, weight);
		}
	}
	layer.round_bias();
}

/// See [`super::Backend::to_bytes`].
pub fn to_bytes(shift: u32, x: &Tiles, y: &mut ByteTiles) {
	for neuron in 0..y.quads * ROWS {
		for sample in 0..BATCH {
			y.set(neuron, sample, offset(clamped(shifted(x.get(neuron, sample).into(), shift))));
		}
	}
}

/// See [`super::Backend::byte_quads`].
pub fn quads(x: &ByteTiles, quads: &mut ByteQuads) {
	for neuron in 0..quads.blocks.len() / COLUMNS * ROWS {
		for sample in 0..BATCH {
			quads.set(neuron, sample, signed(x.get(neuron, sample)) as i8);
		}
	}
}

/// See [`super::Backend::turn_bytes`].
pub fn turn(x: &ByteTiles, panels: &mut BytePanels) {
	for neuron in 0..panels.columns * LANES {
		for sample in 0..BATCH {
			panels.set(neuron, sample, x.get(neuron, sample));
		}
	}
}

/// See [`super::Backend::activate_bytes`].
pub fn activate(layer: &ByteWeights, x: &ByteTiles, y: &mut ByteTiles) {
	for output in 0..layer.outputs {
		for sample in 0..BATCH {
			let value = round_shift_i32(neuron(layer, x, output, sample), layer.shift());
			y.set(output, sample, value.clamp(0, u8::MAX.into()) as u8);
		}
	}
}

/// See [`super::Backend::accumulate_bytes`].
pub fn accumulate(layer: &ByteWeights, x: &ByteTiles, sums: &mut [Block]) {
	for output in 0..layer.outputs {
		for sample in 0..BATCH {
			*lane(sums, output, sample) = neuron(layer, x, output, sample) << SUM_SHIFT;
		}
	}
}

/// See [`super::Backend::propagate_bytes`].
pub fn propagate(
	layer: &ByteWeights,
	gradient: &ByteTiles,
	activations: &ByteTiles,
	shift: u32,
	mut tiles: Option<&mut ByteTiles>,
	quads: &mut ByteQuads,
) -> u32 {
	let mut bits = 0;
	for input in 0..layer.inputs.next_multiple_of(ROWS) {
		for sample in 0..BATCH {
			let term = |output: usize| i32::from(layer.get(output, input)) * signed(gradient.get(output, sample));
			let sum = shifted((0..layer.outputs).map(term).sum(), shift);
			let sum = sum.clamp(i16::MIN.into(), i16::MAX.into());
			bits |= sum.unsigned_abs();
			let alive = (1..u8::MAX).contains(&activations.get(input, sample));
			let value = if alive { clamped(sum) } else { 0 };
			if let Some(tiles) = tiles.as_mut() {
				tiles.set(input, sample, offset(value));
			}
			quads.set(input, sample, value);
		}
	}
	bits
}

/// See [`super::Backend::update_bytes`].
pub fn update(layer: &mut Dense, weights: &mut ByteWeights, gradient: &ByteQuads, inputs: &BytePanels, rate: i32, decay: u8) {
	for output in 0..weights.outputs {
		for input in 0..weights.inputs {
			let x = |sample: usize| {
				let x = inputs.get(input, sample);
				if weights.first {
					signed(x)
				} else {
					i32::from(x)
				}
			};
			let g = (0..BATCH).map(|sample| i32::from(gradient.get(output, sample)) * x(sample)).sum();
			weights.set(output, input, rounded(update_master(layer, output, input, g, rate, decay)));
		}
	}
	let sums: Vec<i32> = (0..layer.bias.masters.len())
		.map(|output| (0..BATCH).map(|sample| i32::from(gradient.get(output, sample))).sum::<i32>() << ACT_FRAC)
		.collect();
	layer.bias.step(&sums, rate, decay);
	weights.begin(&layer.bias.masters);
}
