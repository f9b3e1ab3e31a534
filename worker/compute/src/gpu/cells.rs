//! How gated cells lie in the buffers of a device: what `shaders/cells.wgsl` reads, seen from the host.

use super::layout::{give, rows, write_forward, DeviceCandidate, DeviceCell, DeviceLayer, Shape, COLUMNS, GROUP, TILE, VEC4};
use crate::{
	backend::{
		gates::{self, Kind, KINDS},
		layout::{Packed, TILES},
		MAX_EXPONENT,
	},
	population::Candidate,
};
use doin_scoring::{Cell, Encoder, Layer, Net};

/// Sums that are worth working on at a time: as many as a workgroup has threads on a GPU.
const AT_A_TIME: usize = 256;
/// Of the steps that a cell in training keeps, so many share the columns of a batch.
const SIDE_BY_SIDE: usize = 2;

/// The row of `shape` that is output `output` of the gates on a device.
pub fn row(shape: &gates::Shape, output: usize) -> usize {
	shape.row(output % KINDS, output / KINDS)
}

/// The shape and the packed weights of the cell of a net, if it has one.
pub fn gates(net: &Net) -> Option<(gates::Shape, Packed)> {
	let (kind, cell) = match &net.encoder {
		Encoder::Lstm(cell) => (Kind::Lstm, cell),
		Encoder::Gru(cell) => (Kind::Gru, cell),
		Encoder::None | Encoder::Conv(_) => return None,
	};
	Some(gates::Shape::from_cell(kind, cell, net.window.into()))
}

/// Whether a cell reads one channel and its weights fill their layers.
pub fn fits(kind: Kind, cell: &Cell) -> bool {
	[&cell.input, &cell.hidden].into_iter().zip(kind.gates()).all(|(layer, kinds)| {
		let filled = layer.weights.len() == usize::from(layer.inputs) * usize::from(layer.outputs);
		filled
			&& usize::from(layer.outputs) == kinds.len() * usize::from(cell.units())
			&& layer.bias.len() == layer.outputs.into()
	}) && cell.input.inputs == 1
		&& cell.units() > 0
}

impl Shape {
	/// The places of a cell in training.
	pub fn cell(&mut self, kind: Kind, candidate: &Candidate, horizon: usize) -> DeviceCandidate {
		let (units, steps) = (usize::from(candidate.width), usize::from(candidate.window));
		let shape = gates::Shape::new(kind, units, 1, steps);
		let mut device = DeviceCandidate { window: candidate.window.into(), depth: 1, ..DeviceCandidate::default() };
		self.path(&mut device, horizon, candidate.has_path());
		let mut gates = self.learner(shape.inputs(), KINDS * units, true);
		let mut head = self.learner(units, horizon, true);
		let input_bias = give(&mut self.room.parameters, 2 * gates.output_groups as usize);
		let scratch = &mut self.room.scratch;
		gates.x = give(scratch, rows(steps));
		gates.gradient = give(scratch, steps.div_ceil(SIDE_BY_SIDE) * rows(KINDS * units));
		// There is one output more than there are steps. Forward passes alone take two places by turns.
		head.x = give(scratch, (steps + 1).div_ceil(SIDE_BY_SIDE).max(2) * rows(units));
		head.gradient = give(scratch, rows(horizon));
		device.path.x = gates.x;
		device.targets = give(scratch, 2 * rows(horizon));
		device.raw = give(scratch, 2 * rows(units) / SIDE_BY_SIDE);
		let tiles = (gates.input_groups * gates.output_groups) as usize;
		let parts = parts(tiles, steps);
		device.cell = DeviceCell {
			input_bias,
			states: give(scratch, steps.div_ceil(SIDE_BY_SIDE) * 2 * gates.output_groups as usize * COLUMNS),
			carries: give(scratch, rows(units) / SIDE_BY_SIDE),
			backs: give(scratch, steps),
			sums: give(scratch, parts * tiles * TILE),
			parts: parts as u32,
			gradient_bits: shape.gradient_bits(),
			sum_shift: (shape.sum_shift(TILES) as i32 + MAX_EXPONENT) as u32,
			..cell(&shape)
		};
		(device.layers[0], device.layers[1]) = (gates, head);
		device
	}

	/// The places of the weights of a net's cell.
	pub fn net_cell(&mut self, shape: &gates::Shape, packed: &Packed) -> (DeviceLayer, DeviceCell) {
		let layer = DeviceLayer { shift: packed.shift, ..self.layer(shape.inputs(), KINDS * shape.units) };
		let input_bias = give(&mut self.room.parameters, 2 * layer.output_groups as usize);
		(layer, DeviceCell { input_bias, ..cell(shape) })
	}

	/// Room for what one workgroup makes of a net's cell.
	pub fn cell_worker(&mut self, device: &mut DeviceCandidate) {
		let (units, scratch) = (device.cell.units as usize, &mut self.room.scratch);
		device.layers[0].gradient = give(scratch, rows(KINDS * units));
		device.layers[1].x = give(scratch, 2 * rows(units));
		device.cell.states = give(scratch, 2 * device.layers[0].output_groups as usize * COLUMNS);
	}
}

/// Parts in which the gradients of the weights of `tiles` tiles are added up over `steps` steps.
pub fn parts(tiles: usize, steps: usize) -> usize {
	(AT_A_TIME / tiles).clamp(1, steps)
}

/// What a cell is, without its places.
fn cell(shape: &gates::Shape) -> DeviceCell {
	DeviceCell {
		units: shape.units as u32,
		channels: shape.channels as u32,
		steps: shape.steps as u32,
		hidden: shape.units.next_multiple_of(GROUP) as u32,
		input_shift: shape.input_shift,
		..DeviceCell::default()
	}
}

/// Writes the weights and biases of a net's cell.
pub fn write_gates(words: &mut [i32], device: &DeviceCandidate, shape: &gates::Shape, packed: &Packed) {
	let layer = &device.layers[0];
	let rows = || (0..layer.outputs as usize).map(|output| row(shape, output));
	let bias: Vec<i32> = rows().map(|row| packed.bias.as_flattened()[row]).collect();
	write_forward(words, layer, |output, input| packed.get(row(shape, output), input), &bias);
	let input_bias = &mut words[device.cell.input_bias as usize * VEC4..];
	input_bias.iter_mut().zip(rows()).for_each(|(word, row)| *word = shape.input_bias.as_flattened()[row]);
}

/// The cell of gates as a device leaves them.
pub fn read_cell(shape: &gates::Shape, gates: &Layer) -> Cell {
	let mut packed = Packed::new(shape.inputs(), shape.outputs(), gates.shift.into());
	for (output, weights) in gates.weights.chunks_exact(shape.inputs()).enumerate() {
		weights.iter().enumerate().for_each(|(input, weight)| packed.set(row(shape, output), input, *weight));
	}
	shape.cell(&packed)
}

/// The tables of gates, as `shaders/cells.wgsl` takes them.
pub fn tables() -> String {
	use doin_scoring::activation::{ENTRIES, SIGMOID, TANH};
	let table = |name: &str, values: &[i16; ENTRIES]| {
		let interval = |pair: &[i16]| format!("{}u", pair[0] as u32 | ((pair[1] - pair[0]) as u32) << 16);
		let words: Vec<String> = values.windows(2).map(interval).collect();
		format!("const {name} = array<u32, {}>({});\n", words.len(), words.join(", "))
	};
	[table("SIGMOIDS", &SIGMOID), table("TANGENTS", &TANH)].concat()
}
