//! How candidates lie in the buffers of a device: what `shaders/common.wgsl` reads, seen from the host.

use super::{
	cells::{gates, row, write_gates},
	device::Nets,
};
use crate::{
	backend::layout::{Dense, BATCH},
	data::{TrainingSet, WHOLE},
	lion::Schedule,
	mlp::Start,
	population::Candidate,
};
use bytemuck::{Pod, Zeroable};
use doin_scoring::{model::MAX_DEPTH, Layer, Net};

/// Neurons or samples side by side.
pub const GROUP: usize = 8;
/// Groups of samples in a batch.
pub const COLUMNS: usize = BATCH / GROUP;
/// Words of a `vec4`, in which buffers are counted.
pub const VEC4: usize = 4;
/// Bytes of a `vec4`.
pub const VEC4_BYTES: u64 = 16;
/// `vec4` of a tile of eight by eight numbers.
pub const TILE: usize = GROUP * GROUP / VEC4;
/// Words of one candidate's results.
pub const RESULTS: usize = 16;
/// Where its results hold the least error so far, four words.
pub const BEST_AT: usize = 0;
/// Where they hold the last error, four words.
pub const LAST_AT: usize = 8;
/// Where its results count training steps.
pub const STEPS_AT: usize = 12;
/// Where its results count epochs that were judged.
pub const JUDGED_AT: usize = 13;

/// `Layer` of the shaders; its fields are explained there.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceLayer {
	pub inputs: u32,
	pub outputs: u32,
	pub input_groups: u32,
	pub output_groups: u32,
	pub shift: u32,
	pub forward: u32,
	pub bias: u32,
	pub backward: u32,
	pub masters: u32,
	pub momenta: u32,
	pub bias_masters: u32,
	pub bias_momenta: u32,
	pub x: u32,
	pub gradient: u32,
	pub best: u32,
	pub reserved: u32,
}

/// `Cell` of the shaders.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceCell {
	pub units: u32,
	pub channels: u32,
	pub steps: u32,
	pub hidden: u32,
	pub input_shift: u32,
	pub input_bias: u32,
	pub states: u32,
	pub carries: u32,
	pub backs: u32,
	pub sums: u32,
	pub parts: u32,
	pub gradient_bits: u32,
	pub sum_shift: u32,
	pub reserved: [u32; 3],
}

/// `Candidate` of the shaders.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceCandidate {
	pub key: [u32; 3],
	pub share: u32,
	pub window: u32,
	pub left: u32,
	pub right: u32,
	pub decay: u32,
	pub rate: i32,
	pub fall: i32,
	pub last_rate: i32,
	pub depth: u32,
	pub skip: u32,
	pub targets: u32,
	pub raw: u32,
	pub count: u32,
	pub published: [u32; 2],
	pub synthetic: [u32; 2],
	pub path: DeviceLayer,
	pub layers: [DeviceLayer; MAX_DEPTH + 1],
	pub cell: DeviceCell,
}

/// `Source` of the shaders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Source {
	pub at: u32,
	pub count: u32,
	pub surplus: u32,
	pub reserved: u32,
}

/// `Arguments` of the shaders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Arguments {
	pub first: u32,
	pub count: u32,
	pub flags: u32,
	pub history: u32,
	pub horizon: u32,
	pub begin: u32,
	pub reserved: [u32; 2],
	pub fit: [Source; 2],
	pub inner: [Source; 2],
}

/// Appends the places of windows to `words`.
pub fn source(words: &mut Vec<i32>, places: &[u32]) -> Source {
	let (at, count) = (words.len() as u32, places.len() as u32);
	words.extend(places.iter().map(|place| *place as i32));
	Source { at, count, surplus: count.wrapping_neg().checked_rem(count).unwrap_or(0), reserved: 0 }
}

/// Words of a training set, and where its places lie among them.
pub struct Values {
	/// Raw values, then the places of windows to fit and of inner windows, of each the published ones first.
	pub words: Vec<i32>,
	/// What every dispatch is told about them.
	pub arguments: Arguments,
}

impl Values {
	/// Of `data`.
	pub fn new(data: &TrainingSet) -> Self {
		let mut words = data.values().to_vec();
		let fit = [false, true].map(|synthetic| source(&mut words, data.fit_places(synthetic)));
		let inner = [false, true].map(|synthetic| source(&mut words, data.inner_places(synthetic)));
		let program = &data.task.program;
		let arguments =
			Arguments { history: program.history.into(), horizon: program.horizon.into(), fit, inner, ..Arguments::default() };
		Self { words, arguments }
	}
}

/// Room that candidates take in each buffer, in `vec4`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
	pub parameters: u64,
	pub scratch: u64,
	pub best: u64,
}

impl Room {
	/// What one candidate takes.
	pub fn of(candidate: &Candidate, horizon: usize) -> Self {
		let mut shape = Shape::default();
		shape.place(candidate, horizon);
		shape.room
	}

	/// What a net takes that `workers` workgroups score.
	pub fn of_net(net: &Net, horizon: usize, workers: u32) -> Self {
		let mut shape = Shape::default();
		let device = shape.net(net, horizon);
		for _ in 0..workers {
			shape.worker(device, horizon);
		}
		shape.room
	}

	/// Whether no buffer is larger than `bytes`.
	pub fn fits(&self, bytes: u64) -> bool {
		self.parameters.max(self.scratch).max(self.best).saturating_mul(VEC4_BYTES) <= bytes
	}

	/// The room of both.
	pub fn plus(self, other: Self) -> Self {
		Self {
			parameters: self.parameters + other.parameters,
			scratch: self.scratch + other.scratch,
			best: self.best + other.best,
		}
	}
}

/// Neurons from the inputs to the outputs.
fn widths(candidate: &Candidate, horizon: usize) -> Vec<usize> {
	let hidden = std::iter::repeat_n(candidate.width.into(), candidate.depth.into());
	std::iter::once(candidate.window.into()).chain(hidden).chain([horizon]).collect()
}

/// Gives out places.
#[derive(Debug, Default)]
pub struct Shape {
	pub room: Room,
}

pub fn give(room: &mut u64, count: usize) -> u32 {
	let at = *room as u32;
	*room += count as u64;
	at
}

/// Room of the rows of a batch.
pub fn rows(neurons: usize) -> usize {
	neurons.next_multiple_of(GROUP) * COLUMNS
}

impl Shape {
	/// The places of a candidate.
	fn place(&mut self, candidate: &Candidate, horizon: usize) -> DeviceCandidate {
		match Nets::of(candidate.family).and_then(Nets::kind) {
			Some(kind) => self.cell(kind, candidate, horizon),
			None => self.candidate(&widths(candidate, horizon), candidate.has_path()),
		}
	}

	/// The places of the forward weights and biases of one layer.
	pub fn layer(&mut self, inputs: usize, outputs: usize) -> DeviceLayer {
		let (input_groups, output_groups) = (inputs.div_ceil(GROUP), outputs.div_ceil(GROUP));
		let parameters = &mut self.room.parameters;
		DeviceLayer {
			inputs: inputs as u32,
			outputs: outputs as u32,
			input_groups: input_groups as u32,
			output_groups: output_groups as u32,
			forward: give(parameters, input_groups * GROUP * output_groups),
			bias: give(parameters, 2 * output_groups),
			..DeviceLayer::default()
		}
	}

	/// The places of the weights of a layer in training.
	pub fn learner(&mut self, inputs: usize, outputs: usize, backward: bool) -> DeviceLayer {
		let mut layer = self.layer(inputs, outputs);
		let (ins, outs) = (inputs.div_ceil(GROUP), outputs.div_ceil(GROUP));
		let parameters = &mut self.room.parameters;
		if backward {
			layer.backward = give(parameters, outs * GROUP * ins);
		}
		layer.masters = give(parameters, ins * outs * TILE);
		layer.momenta = give(parameters, ins * outs * TILE);
		layer.bias_masters = give(parameters, 2 * outs);
		layer.bias_momenta = give(parameters, 2 * outs);
		layer.best = give(&mut self.room.best, ins * GROUP * outs + 2 * outs);
		layer
	}

	/// The places of a linear path, or of none.
	pub fn path(&mut self, device: &mut DeviceCandidate, horizon: usize, skip: bool) {
		device.path = DeviceLayer { output_groups: horizon.div_ceil(GROUP) as u32, shift: 1, ..DeviceLayer::default() };
		if skip {
			device.skip = 1;
			device.path = self.layer(device.window as usize, horizon);
		}
	}

	/// The places of a candidate with these widths.
	fn candidate(&mut self, widths: &[usize], skip: bool) -> DeviceCandidate {
		let (window, horizon) = (widths[0], widths[widths.len() - 1]);
		// Place 0 means that a layer has no backward weights; it is never one of them, as forward weights come first.
		let mut device = DeviceCandidate { window: window as u32, depth: widths.len() as u32 - 2, ..DeviceCandidate::default() };
		self.path(&mut device, horizon, skip);
		for (number, pair) in widths.windows(2).enumerate() {
			let mut layer = self.learner(pair[0], pair[1], number > 0);
			layer.x = give(&mut self.room.scratch, rows(pair[0]));
			layer.gradient = give(&mut self.room.scratch, rows(pair[1]));
			device.layers[number] = layer;
		}
		device.path.x = device.layers[0].x;
		// A raw number takes twice the room of a packed one.
		device.targets = give(&mut self.room.scratch, 2 * rows(horizon));
		let widest = widths[1..widths.len() - 1].iter().max().copied().unwrap_or(0);
		device.raw = give(&mut self.room.scratch, 2 * rows(widest));
		device
	}
}

impl Shape {
	/// The places of the weights of a net.
	fn net(&mut self, net: &Net, horizon: usize) -> DeviceCandidate {
		let mut device = DeviceCandidate { window: net.window.into(), ..DeviceCandidate::default() };
		device.path = DeviceLayer { output_groups: horizon.div_ceil(GROUP) as u32, shift: 1, ..DeviceLayer::default() };
		if let Some(path) = &net.skip {
			device.skip = 1;
			device.path = DeviceLayer { shift: path.shift.into(), ..self.layer(path.inputs.into(), path.outputs.into()) };
		}
		let mut places = device.layers.iter_mut();
		if let Some((shape, packed)) = gates(net) {
			if let Some(place) = places.next() {
				(*place, device.cell) = self.net_cell(&shape, &packed);
			}
			device.count = 1;
		}
		for (place, layer) in places.zip(&net.layers) {
			*place = DeviceLayer { shift: layer.shift.into(), ..self.layer(layer.inputs.into(), layer.outputs.into()) };
			device.count += 1;
		}
		device.depth = device.count.saturating_sub(1);
		(device.left, device.right) = shifts(net.in_shifts[0]);
		device
	}

	/// The same net with room for the activations of one workgroup.
	fn worker(&mut self, mut device: DeviceCandidate, horizon: usize) -> DeviceCandidate {
		let inputs = give(&mut self.room.scratch, rows(device.window as usize));
		(device.path.x, device.layers[0].x) = (inputs, inputs);
		let cell = device.cell.units > 0;
		if cell {
			self.cell_worker(&mut device);
		}
		for layer in device.layers.iter_mut().take(device.count as usize).skip(1 + usize::from(cell)) {
			layer.x = give(&mut self.room.scratch, rows(layer.inputs as usize));
		}
		device.targets = give(&mut self.room.scratch, 2 * rows(horizon));
		device
	}
}

/// A power of two as a left and a right shift.
fn shifts(shift: i8) -> (u32, u32) {
	(shift.max(0).unsigned_abs().into(), shift.min(0).unsigned_abs().into())
}

/// Candidates as a device takes them.
#[derive(Default)]
pub struct Image {
	shape: Shape,
	/// One per candidate.
	pub candidates: Vec<DeviceCandidate>,
	/// Their parameters.
	pub parameters: Vec<i32>,
	/// Their nets before the first step, as they would be read back.
	pub best: Vec<i32>,
	/// Their results before the first step.
	pub results: Vec<u32>,
}

impl Image {
	/// Adds a candidate that starts from `start`.
	pub fn push(&mut self, data: &TrainingSet, candidate: &Candidate, start: &Start) {
		let horizon = data.task.program.horizon.into();
		let mut device = self.shape.place(candidate, horizon);
		let steps = start.steps * u32::from(candidate.epochs);
		device.key = start.batches;
		device.share = start.share.into();
		(device.left, device.right) = shifts(start.in_shift);
		device.decay = start.decay.into();
		[device.rate, device.fall, device.last_rate] = Schedule::new(candidate.rate, steps).parts();
		let [published, synthetic] = [false, true].map(|synthetic| data.inner_places(synthetic).len() as u64);
		let limbs = |number: u64| [number as u32, (number >> 32) as u32];
		device.published = limbs(u64::from(WHOLE - start.share) * synthetic.max(1));
		device.synthetic = limbs(u64::from(start.share) * published);
		let room = self.shape.room;
		self.parameters.resize(room.parameters as usize * VEC4, 0);
		self.best.resize(room.best as usize * VEC4, 0);
		if let Some(path) = &start.skip {
			device.path.shift = path.shift.into();
			let weight = |output: usize, input: usize| path.weights[output * usize::from(path.inputs) + input];
			write_forward(&mut self.parameters, &device.path, weight, &path.bias);
		}
		for (number, (place, layer)) in device.layers.iter_mut().zip(&start.layers).enumerate() {
			place.shift = layer.forward.shift;
			match start.cell.as_ref().filter(|_| number == 0) {
				Some(shape) => write_dense(&mut self.parameters, place, layer, |output| row(shape, output)),
				None => write_dense(&mut self.parameters, place, layer, |output| output),
			}
			let words = |at: u32, count: usize| at as usize * VEC4..at as usize * VEC4 + count;
			let weights = (place.input_groups * place.output_groups) as usize * TILE * VEC4 / 2;
			let biases = place.output_groups as usize * GROUP;
			let (best, parameters) = (&mut self.best, &self.parameters);
			best[words(place.best, weights)].copy_from_slice(&parameters[words(place.forward, weights)]);
			best[words(place.best, weights + biases)][weights..].copy_from_slice(&parameters[words(place.bias, biases)]);
		}
		self.candidates.push(device);
		// No error is larger than that of no net.
		self.results.extend([u32::MAX; 4]);
		self.results.extend([0; RESULTS - 4]);
	}

	/// Adds a net that `workers` workgroups score. Its shapes fit each other.
	pub fn push_net(&mut self, net: &Net, horizon: usize, workers: u32) {
		let device = self.shape.net(net, horizon);
		self.parameters.resize(self.shape.room.parameters as usize * VEC4, 0);
		let mut places = device.layers.iter();
		if let Some((shape, packed)) = gates(net) {
			places.next();
			write_gates(&mut self.parameters, &device, &shape, &packed);
		}
		for (place, layer) in net.skip.iter().map(|path| (&device.path, path)).chain(places.zip(&net.layers)) {
			let weight = |output: usize, input: usize| layer.weights[output * usize::from(layer.inputs) + input];
			write_forward(&mut self.parameters, place, weight, &layer.bias);
		}
		for _ in 0..workers {
			let worker = self.shape.worker(device, horizon);
			self.candidates.push(worker);
		}
	}

	/// Room of the candidates so far.
	pub fn room(&self) -> Room {
		self.shape.room
	}
}

/// Puts a weight into one half of a word.
fn put(words: &mut [i32], first: u32, row: usize, groups: usize, neuron: usize, weight: i16) {
	let word = (first as usize + row * groups + neuron / GROUP) * VEC4 + neuron % GROUP / 2;
	let shift = 16 * (neuron % 2);
	words[word] = words[word] & !(0xffff << shift) | i32::from(weight as u16) << shift;
}

pub fn write_forward(words: &mut [i32], layer: &DeviceLayer, weight: impl Fn(usize, usize) -> i16, bias: &[i32]) {
	for output in 0..layer.outputs as usize {
		for input in 0..layer.inputs as usize {
			put(words, layer.forward, input, layer.output_groups as usize, output, weight(output, input));
		}
	}
	words[layer.bias as usize * VEC4..][..bias.len()].copy_from_slice(bias);
}

/// Writes weights and masters; an output of the device is the one of `dense` that `row` says.
fn write_dense(words: &mut [i32], layer: &DeviceLayer, dense: &Dense, row: impl Fn(usize) -> usize) {
	// Biases start at zero.
	write_forward(words, layer, |output, input| dense.forward.get(row(output), input), &[]);
	let (groups, tiles) = (layer.input_groups as usize, (layer.input_groups * layer.output_groups) as usize);
	for output in 0..layer.outputs as usize {
		let from = row(output);
		for input in 0..layer.inputs as usize {
			if layer.backward > 0 {
				put(words, layer.backward, output, groups, input, dense.forward.get(from, input));
			}
			let (tile, row, half) = (output / GROUP * groups + input / GROUP, output % GROUP, input % GROUP / VEC4);
			let at = layer.masters as usize + (2 * row + half) * tiles + tile;
			words[at * VEC4 + input % VEC4] = dense.master(from, input);
		}
	}
}

/// The layers of a net from the words of `best`.
pub fn read_layers(words: &[i32], candidate: &DeviceCandidate) -> Vec<Layer> {
	let layer = |layer: &DeviceLayer| {
		let (inputs, outputs, groups) = (layer.inputs as usize, layer.outputs as usize, layer.output_groups as usize);
		let words = &words[layer.best as usize * VEC4..];
		let weight = |output: usize, input: usize| {
			let word = words[(input * groups + output / GROUP) * VEC4 + output % GROUP / 2];
			(word >> (16 * (output % 2))) as i16
		};
		let bias = &words[layer.input_groups as usize * GROUP * groups * VEC4..][..outputs];
		Layer {
			inputs: layer.inputs as u16,
			outputs: layer.outputs as u16,
			shift: layer.shift as u8,
			weights: (0..outputs * inputs).map(|at| weight(at / inputs, at % inputs)).collect(),
			bias: bias.to_vec(),
		}
	};
	candidate.layers[..=candidate.depth as usize].iter().map(layer).collect()
}
