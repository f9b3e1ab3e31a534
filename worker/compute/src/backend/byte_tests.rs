//! Kernels of training in bytes: every back-end against the scalar one, and that one against plain sums.

use super::{
	byte_layout::*,
	layout::*,
	scalar::Scalar,
	tests::{others, Random},
	Backend,
};
use crate::lion::{MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT};
use doin_scoring::{math::round_shift_i32, model::MAX_ACT};
use rayon::prelude::*;

impl Random {
	/// Any byte, often an extreme one.
	fn byte(&mut self) -> u8 {
		match self.within(0, 7) {
			0 => 0,
			1 => 255,
			2 => 128,
			_ => self.within(0, 255) as u8,
		}
	}

	/// Any bytes, `padding` where there is no neuron.
	fn bytes(&mut self, neurons: usize, padding: u8) -> ByteTiles {
		let mut tiles = ByteTiles::new(neurons);
		for neuron in 0..tiles.quads * ROWS {
			for sample in 0..BATCH {
				tiles.set(neuron, sample, if neuron < neurons { self.byte() } else { padding });
			}
		}
		tiles
	}
}

/// One layer, forth and back.
pub fn byte_case(case: u64) {
	let random = &mut Random::new(9, case);
	let most = if case.is_multiple_of(20) { 230 } else { 60 };
	let (inputs, outputs) = (random.within(1, most) as usize, random.within(1, 40) as usize);
	let first = random.within(0, 1) == 1;
	let masters: Vec<i32> = (0..inputs * outputs).map(|_| random.value(MAX_WEIGHT)).collect();
	let mut layer = Dense::new(inputs, outputs, random.within(1, 24) as u32, true, &masters);
	let columns = inputs.div_ceil(LANES);
	for output in 0..outputs {
		for input in 0..inputs {
			layer.momenta[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES] = random.value(1 << 30);
		}
	}
	layer.bias.masters[..outputs].iter_mut().for_each(|master| *master = random.value(8 << 20));
	let weights = ByteWeights::new(&layer, first);
	// Zeros, with the offset that inputs of a net have.
	let x = random.bytes(inputs, if first { 128 } else { 0 });
	let exact = random.tiles(outputs, -MAX_ACT, BATCH);
	let gradient_shift = random.within(0, 4) as u32;
	let shift = random.within(0, 17) as u32;
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: &dyn Backend| {
		let (mut layer, mut weights) = (layer.clone(), weights.clone());
		let (mut y, mut sums) = (ByteTiles::new(outputs), rows_of(outputs));
		backend.activate_bytes(&weights, &x, &mut y);
		backend.accumulate_bytes(&weights, &x, &mut sums);
		sums.truncate(outputs * COLUMNS);
		let (mut gradient, mut quads) = (ByteTiles::new(outputs), ByteQuads::new(outputs));
		backend.to_bytes(gradient_shift, &exact, &mut gradient);
		backend.byte_quads(&gradient, &mut quads);
		let mut panels = BytePanels::new(inputs);
		backend.turn_bytes(&x, &mut panels);
		let (mut before, mut before_quads, mut bits) = (ByteTiles::new(inputs), ByteQuads::new(inputs), 0);
		if !first {
			let mut alone = before_quads.clone();
			bits = backend.propagate_bytes(&weights, &gradient, &x, shift, Some(&mut before), &mut before_quads);
			assert_eq!(bits, backend.propagate_bytes(&weights, &gradient, &x, shift, None, &mut alone));
			assert_eq!(alone, before_quads);
		}
		let kept = layer.forward.clone();
		backend.update_bytes(&mut layer, &mut weights, &quads, &panels, rate, decay);
		assert_eq!(layer.forward, kept);
		backend.round(&mut layer);
		(y, sums, gradient, quads, panels, before, before_quads, bits, layer, weights)
	};
	let expected = run(&Scalar);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {inputs} x {outputs}, {first}, {shift}, {rate}, {decay}");
	}
	// Offsets leave no trace, and weights are those of the masters.
	let (y, sums, gradient, _, _, before, _, _, after, rounded_after) = &expected;
	let sample = random.within(0, BATCH as i64 - 1) as usize;
	let signed = |value: u8| i32::from(value) - 128;
	let input = |input: usize| if first { signed(x.get(input, sample)) } else { x.get(input, sample).into() };
	for output in 0..outputs {
		let bias = weights.bias(layer.bias.masters[output]);
		let sum = bias + (0..inputs).map(|at| i32::from(weights.get(output, at)) * input(at)).sum::<i32>();
		assert_eq!(i32::from(y.get(output, sample)), round_shift_i32(sum, weights.shift()).clamp(0, 255), "case {case}");
		assert_eq!(sums[output * COLUMNS + sample / LANES].0[sample % LANES], sum << 7, "case {case}");
		for at in 0..inputs {
			let master = after.master(output, at);
			assert_eq!(rounded_after.get(output, at), rounded(master));
			assert_eq!(i32::from(after.forward.get(output, at)), round_shift_i32(master, 10));
		}
	}
	let mut fresh = rounded_after.clone();
	fresh.begin(&after.bias.masters);
	assert_eq!(&fresh, rounded_after);
	for at in 0..if first { 0 } else { inputs } {
		let term = |output: usize| i32::from(weights.get(output, at)) * signed(gradient.get(output, sample));
		let sum: i32 = (0..outputs).map(term).sum();
		let sum = if shift > 0 { round_shift_i32(sum, shift) } else { sum };
		let expected = if (1..255).contains(&x.get(at, sample)) { sum.clamp(-128, 127) } else { 0 };
		assert_eq!(signed(before.get(at, sample)), expected, "case {case}");
	}
}

#[test]
fn layers_in_bytes_give_equal_bits_everywhere() {
	(0..60).into_par_iter().for_each(byte_case);
}
