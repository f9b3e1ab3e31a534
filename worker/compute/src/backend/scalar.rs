//! The reference: one value at a time, in the order of the formulas. Slow, and nothing to get wrong.

use super::{
	byte_layout::{BytePanels, ByteQuads, ByteTiles, ByteWeights, INPUT_SHIFT},
	conv::bias_gradient,
	gates::{Shape, Trace},
	layout::{Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, COLUMNS, LANES, QUAD, ROWS, TILE, TILES},
	scalar_bytes, scalar_cells,
	steps::{padded, Taps},
	Backend, GRADIENT_BITS, UNIT,
};
use crate::lion::{step, ACT_FRAC, MASTER_FRAC, MAX_WEIGHT, WEIGHT_FRAC};
use doin_scoring::{
	math::round_shift_i32,
	model::{MAX_ACT, OUT_FRAC},
	philox::philox4x32_10,
	score::{differences, MAX_ERROR},
};

/// Any processor, without vectors.
#[derive(Clone, Copy, Debug)]
pub struct Scalar;

/// Lane of a sample in rows of [`COLUMNS`] blocks.
pub fn lane(rows: &mut [Block], row: usize, sample: usize) -> &mut i32 {
	&mut rows[row * COLUMNS + sample / LANES].0[sample % LANES]
}

fn value(rows: &[Block], row: usize, sample: usize) -> i32 {
	rows[row * COLUMNS + sample / LANES].0[sample % LANES]
}

/// `start + Σ a·b`.
fn dot(start: i32, pairs: impl Iterator<Item = (i16, i16)>) -> i32 {
	pairs.fold(start, |sum, (a, b)| sum.wrapping_add(i32::from(a) * i32::from(b)))
}

/// The accumulator of a neuron for a sample.
fn neuron(layer: &Packed, x: &Tiles, output: usize, sample: usize) -> i32 {
	let bias = layer.bias.as_flattened()[output];
	dot(bias, (0..layer.inputs).map(|input| (layer.get(output, input), x.get(input, sample))))
}

impl Backend for Scalar {
	fn name(&self) -> &'static str {
		"scalar"
	}

	fn activate(&self, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize) {
		for output in 0..layer.outputs {
			for sample in 0..tiles * TILE * LANES {
				let sum = neuron(layer, x, output, sample);
				y.set(output, sample, round_shift_i32(sum, layer.shift).clamp(0, MAX_ACT) as i16);
			}
		}
	}

	fn accumulate(&self, layer: &Packed, x: &Tiles, sums: &mut [Block], tiles: usize) {
		for output in 0..layer.outputs {
			for sample in 0..tiles * TILE * LANES {
				*lane(sums, output, sample) = neuron(layer, x, output, sample);
			}
		}
	}

	fn turn(&self, x: &Tiles, panels: &mut Panels) {
		for neuron in 0..panels.columns * LANES {
			for sample in 0..BATCH {
				panels.set(neuron, sample, x.get(neuron, sample));
			}
		}
	}

	fn signs(&self, shift: u32, sums: &[Block], targets: &[Block], tiles: &mut Tiles, quads: &mut Quads) {
		for output in 0..sums.len() / COLUMNS {
			for sample in 0..BATCH {
				let target = i64::from(value(targets, output, sample)) << shift;
				let sign = (i64::from(value(sums, output, sample)) - target).signum() as i32;
				tiles.set(output, sample, (sign * UNIT) as i16);
				quads.set(output, sample, (sign * UNIT) as i16);
			}
		}
	}

	fn propagate(
		&self,
		layer: &Dense,
		gradient: &Tiles,
		activations: &Tiles,
		raw: &mut Vec<[Block; TILE]>,
		mut tiles: Option<&mut Tiles>,
		quads: &mut Quads,
	) {
		let Packed { inputs, outputs, .. } = layer.forward;
		if raw.len() * TILE < inputs * COLUMNS {
			raw.resize((inputs * COLUMNS).div_ceil(TILE), [Block::ZERO; TILE]);
		}
		let raw = raw.as_flattened_mut();
		let mut bits = 0;
		for input in 0..inputs {
			for sample in 0..BATCH {
				let alive = (1..MAX_ACT).contains(&i32::from(activations.get(input, sample)));
				let terms = (0..outputs).map(|output| (layer.forward.get(output, input), gradient.get(output, sample)));
				let sum = if alive { dot(0, terms) } else { 0 };
				bits |= sum.unsigned_abs();
				*lane(raw, input, sample) = sum;
			}
		}
		for input in 0..inputs {
			for sample in 0..BATCH {
				let gradient = rescaled(value(raw, input, sample), bits);
				if let Some(tiles) = tiles.as_mut() {
					tiles.set(input, sample, gradient);
				}
				quads.set(input, sample, gradient);
			}
		}
	}

	fn update(&self, layer: &mut Dense, gradient: &Quads, inputs: &Panels, rate: i32, decay: u8) {
		let Packed { inputs: width, outputs, .. } = layer.forward;
		for output in 0..outputs {
			for input in 0..width {
				let g = dot(0, (0..BATCH).map(|sample| (gradient.get(output, sample), inputs.get(input, sample))));
				update_weight(layer, output, input, g, rate, decay);
			}
		}
		let sums: Vec<i32> = (0..layer.bias.masters.len())
			.map(|output| (0..BATCH).map(|sample| i32::from(gradient.get(output, sample))).sum::<i32>() << ACT_FRAC)
			.collect();
		layer.bias.step(&sums, rate, decay);
		layer.round_bias();
	}

	fn gram(&self, rows: &Quads, columns: &Panels, sums: &mut [[Block; ROWS]]) {
		for row in 0..rows.blocks.len() / QUAD * ROWS {
			for column in 0..columns.columns * LANES {
				let sum = dot(0, (0..BATCH).map(|sample| (rows.get(row, sample), columns.get(column, sample))));
				sums[row / ROWS * columns.columns + column / LANES][row % ROWS].0[column % LANES] = sum;
			}
		}
	}

	fn words(&self, key: [u32; 3], step: u64, words: &mut [u32; BATCH]) {
		for (index, words) in words.as_chunks_mut().0.iter_mut().enumerate() {
			*words = philox4x32_10([index as u32, step as u32, (step >> 32) as u32, key[2]], [key[0], key[1]]);
		}
	}

	fn gather(&self, places: &Places, tiles: &mut Tiles, panels: &mut Panels, targets: &mut [Block], count: usize) {
		let mut exact = vec![0; places.horizon * BATCH];
		gather_wide(places, tiles, panels, &mut exact, count);
		for (at, target) in exact.iter().enumerate() {
			*lane(targets, at / BATCH, at % BATCH) = *target as i32;
		}
	}

	fn deduct(&self, targets: &mut [Block], sums: &[Block], shift: u32) {
		for (target, sum) in targets.iter_mut().zip(sums) {
			for (target, sum) in target.0.iter_mut().zip(&sum.0) {
				*target = target.wrapping_sub(round_shift_i32(*sum, shift));
			}
		}
	}

	fn errors(&self, shift: u32, sums: &[Block], targets: &[Block], outputs: usize, count: usize) -> u64 {
		let error = |output: usize, sample: usize| {
			let (out, target) = (round_shift_i32(value(sums, output, sample), shift), value(targets, output, sample));
			(i64::from(out) - i64::from(target)).unsigned_abs().min(MAX_ERROR)
		};
		(0..outputs).map(|output| (0..count).map(|sample| error(output, sample)).sum::<u64>()).sum()
	}

	fn patches(&self, taps: &Taps, x: &Tiles, y: &mut Tiles, tiles: usize) {
		for output in 0..taps.outputs {
			for tap in 0..taps.kernel {
				for sample in 0..tiles * TILE * LANES {
					y.set(output * padded(taps.kernel) + tap, sample, x.get(taps.step(output, tap), sample));
				}
			}
		}
	}

	fn convolve(&self, taps: &Taps, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize) {
		for output in 0..taps.outputs {
			for channel in 0..layer.outputs {
				let bias = layer.bias.as_flattened()[channel];
				for sample in 0..tiles * TILE * LANES {
					let terms = reads(taps, output).map(|(input, neuron)| (layer.get(channel, input), x.get(neuron, sample)));
					let value = round_shift_i32(dot(bias, terms), layer.shift).clamp(0, MAX_ACT) as i16;
					y.set(output * padded(layer.outputs) + channel, sample, value);
				}
			}
		}
	}

	fn convolve_back(
		&self,
		taps: &Taps,
		layer: &Dense,
		gradient: &Tiles,
		activations: &Tiles,
		_: &mut Vec<[Block; TILE]>,
		mut tiles: Option<&mut Tiles>,
		quads: &mut Quads,
	) {
		let Packed { outputs: channels, .. } = layer.forward;
		let neurons = taps.input.neurons();
		let mut raw = vec![0i32; neurons * BATCH];
		for output in 0..taps.outputs {
			for (input, neuron) in reads(taps, output) {
				for sample in 0..BATCH {
					let weight = |channel: usize| layer.forward.get(channel, input);
					let gradient = |channel: usize| gradient.get(output * padded(channels) + channel, sample);
					let sum = &mut raw[neuron * BATCH + sample];
					*sum = dot(*sum, (0..channels).map(|channel| (weight(channel), gradient(channel))));
				}
			}
		}
		for (at, sum) in raw.iter_mut().enumerate() {
			if !(1..MAX_ACT).contains(&i32::from(activations.get(at / BATCH, at % BATCH))) {
				*sum = 0;
			}
		}
		let bits = raw.iter().fold(0, |bits, sum| bits | sum.unsigned_abs());
		for (at, sum) in raw.iter().enumerate() {
			let gradient = rescaled(*sum, bits);
			if let Some(tiles) = tiles.as_mut() {
				tiles.set(at / BATCH, at % BATCH, gradient);
			}
			quads.set(at / BATCH, at % BATCH, gradient);
		}
	}

	fn convolve_update(
		&self,
		taps: &Taps,
		layer: &mut Dense,
		gradient: &Quads,
		x: &Tiles,
		_: &mut Vec<[Block; ROWS]>,
		rate: i32,
		decay: u8,
	) {
		let channels = layer.forward.outputs;
		let mut sums = vec![0; channels * layer.forward.inputs];
		let mut biases = vec![0; layer.bias.masters.len()];
		for output in 0..taps.outputs {
			for channel in 0..channels {
				let gradient = |sample: usize| gradient.get(output * padded(channels) + channel, sample);
				for (input, neuron) in reads(taps, output) {
					let sum = dot(0, (0..BATCH).map(|sample| (gradient(sample), x.get(neuron, sample))));
					sums[channel * layer.forward.inputs + input] += shifted(sum, taps.bits());
				}
				biases[channel] += (0..BATCH).map(|sample| i32::from(gradient(sample))).sum::<i32>();
			}
		}
		for (at, sum) in sums.iter().enumerate() {
			update_weight(layer, at / layer.forward.inputs, at % layer.forward.inputs, *sum, rate, decay);
		}
		biases.iter_mut().for_each(|sum| *sum = bias_gradient(*sum, taps.bits()));
		layer.bias.step(&biases, rate, decay);
		layer.round_bias();
	}

	fn cell_forward(&self, shape: &Shape, gates: &Packed, x: &Tiles, tile: usize, _: &mut Trace, h: &mut Tiles) {
		scalar_cells::forward(shape, gates, x, tile, h);
	}

	fn cell_backward(
		&self,
		shape: &Shape,
		gates: &Dense,
		head: &Dense,
		x: &Tiles,
		gradient: &Tiles,
		tile: usize,
		_: &mut Trace,
		sums: &mut [[Block; ROWS]],
	) {
		scalar_cells::backward(shape, gates, head, x, gradient, tile, sums);
	}

	fn cell_update(&self, shape: &Shape, gates: &mut Dense, sums: &mut [[Block; ROWS]], rate: i32, decay: u8) {
		scalar_cells::update(shape, gates, sums, rate, decay);
	}

	fn round(&self, layer: &mut Dense) {
		scalar_bytes::round(layer);
	}

	fn to_bytes(&self, shift: u32, x: &Tiles, y: &mut ByteTiles) {
		scalar_bytes::to_bytes(shift, x, y);
	}

	fn gather_bytes(&self, places: &Places, tiles: &mut ByteTiles, panels: &mut BytePanels, targets: &mut [Block]) {
		let (mut exact, mut unused) = (Tiles::new(places.window), Panels::new(places.window));
		self.gather(places, &mut exact, &mut unused, targets, TILES);
		self.to_bytes(INPUT_SHIFT, &exact, tiles);
		self.turn_bytes(tiles, panels);
	}

	fn byte_quads(&self, x: &ByteTiles, quads: &mut ByteQuads) {
		scalar_bytes::quads(x, quads);
	}

	fn turn_bytes(&self, x: &ByteTiles, panels: &mut BytePanels) {
		scalar_bytes::turn(x, panels);
	}

	fn activate_bytes(&self, layer: &ByteWeights, x: &ByteTiles, y: &mut ByteTiles) {
		scalar_bytes::activate(layer, x, y);
	}

	fn accumulate_bytes(&self, layer: &ByteWeights, x: &ByteTiles, sums: &mut [Block]) {
		scalar_bytes::accumulate(layer, x, sums);
	}

	fn propagate_bytes(
		&self,
		layer: &ByteWeights,
		gradient: &ByteTiles,
		activations: &ByteTiles,
		shift: u32,
		tiles: Option<&mut ByteTiles>,
		quads: &mut ByteQuads,
	) -> u32 {
		scalar_bytes::propagate(layer, gradient, activations, shift, tiles, quads)
	}

	fn update_bytes(
		&self,
		layer: &mut Dense,
		weights: &mut ByteWeights,
		gradient: &ByteQuads,
		inputs: &BytePanels,
		rate: i32,
		decay: u8,
	) {
		scalar_bytes::update(layer, weights, gradient, inputs, rate, decay);
	}
}

/// What output `output` of a convolution reads: inputs of its layer, and their neurons.
fn reads(taps: &Taps, output: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
	let width = padded(taps.input.channels);
	(0..taps.kernel).flat_map(move |tap| {
		(0..taps.input.channels).map(move |channel| (tap * width + channel, taps.step(output, tap) * width + channel))
	})
}

/// `sum >> bits` with rounding, for any number of bits.
pub fn shifted(sum: i32, bits: u32) -> i32 {
	if bits > 0 {
		round_shift_i32(sum, bits)
	} else {
		sum
	}
}

/// A raw gradient, scaled as all of a batch are whose bits are `bits`.
fn rescaled(sum: i32, bits: u32) -> i16 {
	let shift = (u32::BITS - bits.leading_zeros()).saturating_sub(GRADIENT_BITS);
	shifted(sum, shift).clamp(-MAX_ACT, MAX_ACT) as i16
}

/// One step of the master of a weight against gradient `g`; returns it.
pub fn update_master(layer: &mut Dense, output: usize, input: usize, g: i32, rate: i32, decay: u8) -> i32 {
	let columns = layer.forward.inputs.div_ceil(LANES);
	let (block, row, lane) = (output / ROWS * columns + input / LANES, output % ROWS, input % LANES);
	let (p, m) = (&mut layer.masters[block][row].0[lane], &mut layer.momenta[block][row].0[lane]);
	step(p, m, g, rate, decay, MAX_WEIGHT);
	*p
}

/// One step of a weight against gradient `g`.
fn update_weight(layer: &mut Dense, output: usize, input: usize, g: i32, rate: i32, decay: u8) {
	let master = update_master(layer, output, input, g, rate, decay);
	layer.set_weight(output, input, round_shift_i32(master, MASTER_FRAC - WEIGHT_FRAC) as i16);
}

/// [`Backend::gather`] for any values: targets are exact, one row of [`BATCH`] per step of the horizon.
pub fn gather_wide(places: &Places, tiles: &mut Tiles, panels: &mut Panels, targets: &mut [i64], count: usize) {
	let mut x = vec![0; places.window];
	for sample in 0..count * TILE * LANES {
		let (past, future, last) = places.window(sample);
		differences(places.in_shift, 0, 1, past, &mut x);
		for (input, x) in x.iter().enumerate() {
			tiles.set(input, sample, *x);
			panels.set(input, sample, *x);
		}
		for (targets, value) in targets.chunks_exact_mut(BATCH).zip(future) {
			targets[sample] = (i64::from(*value) - i64::from(last)) << OUT_FRAC;
		}
	}
}

/// Largest target that is told apart from larger ones: beyond it, an error is larger than any that counts and its sign is certain.
const MAX_TARGET: i64 = (1 << 30) + (1 << 21);

/// Targets of [`gather_wide`] less a requantised path, as every other kernel takes them.
pub fn narrow(exact: &[i64], path: Option<(&[Block], u32)>, targets: &mut [Block]) {
	for (at, exact) in exact.iter().enumerate() {
		let (row, sample) = (at / BATCH, at % BATCH);
		let path = path.map_or(0, |(sums, shift)| round_shift_i32(value(sums, row, sample), shift));
		*lane(targets, row, sample) = (exact - i64::from(path)).clamp(-MAX_TARGET, MAX_TARGET) as i32;
	}
}
