//! How candidates lie in the buffers of a device: what `shaders/common.wgsl` reads, seen from the host.

use super::{
	cells::{gate_layer, write_input_bias},
	plan::{samples, Form, Plan, Rows},
};
use crate::{
	backend::{
		layout::{Dense, BATCH},
		steps::Grid,
	},
	data::{TrainingSet, WHOLE},
	lion::Schedule,
	mlp::Start,
	population::Candidate,
};
use bytemuck::{Pod, Zeroable};
use doin_scoring::{encoder::MAX_CONVS, model::MAX_DEPTH, program::MAX_CHANNELS, Encoder, Forecast, Layer, Net, Target};
use std::borrow::Cow;

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

/// `Taps` of the shaders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct DeviceTaps {
	pub steps: u32,
	pub pieces: u32,
	pub count: u32,
	pub gap: u32,
	pub first: u32,
	pub stride: u32,
	pub bits: u32,
	pub parts: u32,
	pub partial: u32,
	pub reserved: [u32; 3],
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
	pub channels: u32,
	pub pitch: u32,
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
	pub shifts: [i32; MAX_CHANNELS as usize],
	pub convs: u32,
	pub reserved: [u32; 3],
	pub path: DeviceLayer,
	pub layers: [DeviceLayer; MAX_DEPTH + 1],
	pub taps: [DeviceTaps; MAX_CONVS],
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
	pub outputs: u32,
	pub begin: u32,
	pub scored: u32,
	pub stride: u32,
	pub fit: [Source; 2],
	pub inner: [Source; 2],
}

/// Appends the places of windows to `words`.
pub fn source(words: &mut Vec<i32>, places: &[u32]) -> Source {
	let (at, count) = (words.len() as u32, places.len() as u32);
	words.extend(places.iter().map(|place| *place as i32));
	Source { at, count, surplus: count.wrapping_neg().checked_rem(count).unwrap_or(0), reserved: 0 }
}

/// Appends what the targets of `program` are made of to `words`, and tells the arguments where that is.
pub fn target(words: &mut Vec<i32>, program: &Forecast) -> Arguments {
	let ahead: Vec<i32> = (0..program.horizon.into()).collect();
	let (history, scored) = (program.history.into(), words.len() as u32);
	words.extend(program.scored(&ahead));
	if let Target::Classes(bounds) = &program.target {
		words.extend(bounds);
	}
	Arguments { history, outputs: program.outputs().into(), scored, ..Arguments::default() }
}

/// Words of a training set, and where its places lie among them.
pub struct Values {
	/// Raw values, then the places of windows to fit and of inner windows, of each the published ones first, then what is forecast.
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
		let arguments = target(&mut words, &data.task.program);
		Self { words, arguments: Arguments { stride: data.stride() as u32, fit, inner, ..arguments } }
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
	/// What a candidate of plan `plan` takes.
	pub fn of(plan: &Plan, skip: bool) -> Self {
		let mut shape = Shape::default();
		shape.candidate(plan, skip);
		shape.room
	}

	/// What a net takes that `workers` workgroups score.
	pub fn of_net(plan: &Plan, net: &Net, workers: u32) -> Self {
		let mut shape = Shape::default();
		let device = shape.net(plan, net);
		for _ in 0..workers {
			shape.worker(device, plan);
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

impl Shape {
	/// The places of the forward weights and biases of one layer.
	fn layer(&mut self, inputs: usize, outputs: usize) -> DeviceLayer {
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

	/// The places of a candidate.
	fn candidate(&mut self, plan: &Plan, skip: bool) -> DeviceCandidate {
		let mut device = window(plan);
		// Place 0 means that a layer has no backward weights; it is never one of them, as forward weights come first.
		if skip {
			device.skip = 1;
			device.path = self.layer(plan.window * plan.channels, plan.outputs);
		}
		let mut raw = 0;
		for (number, stage) in plan.layers.iter().enumerate() {
			let mut layer = self.layer(stage.rows.count(), stage.outputs);
			let (ins, outs) = (layer.input_groups as usize, layer.output_groups as usize);
			let parameters = &mut self.room.parameters;
			if number > 0 || plan.cell.is_some() {
				layer.backward = give(parameters, outs * GROUP * ins);
				// A raw number takes twice the room of a packed one.
				raw = raw.max(2 * samples(stage.neurons));
			}
			layer.masters = give(parameters, ins * outs * TILE);
			layer.momenta = give(parameters, ins * outs * TILE);
			layer.bias_masters = give(parameters, 2 * outs);
			layer.bias_momenta = give(parameters, 2 * outs);
			let (reads, leaves) = plan.kept(number);
			layer.x = give(&mut self.room.scratch, reads * samples(stage.neurons));
			layer.gradient = give(&mut self.room.scratch, leaves * samples(stage.leaves()));
			layer.best = give(&mut self.room.best, ins * GROUP * outs + 2 * outs);
			device.layers[number] = layer;
		}
		device.path.x = device.layers[0].x;
		device.targets = give(&mut self.room.scratch, 2 * samples(plan.outputs));
		// Raw gradients have been read when convolutions sum theirs.
		let mut partial = 0;
		device.raw = self.room.scratch as u32;
		for (taps, stage) in device.taps.iter_mut().zip(&plan.layers) {
			taps.partial = (self.room.scratch + partial as u64) as u32;
			partial += taps.parts as usize * stage.partial();
		}
		give(&mut self.room.scratch, raw.max(partial));
		if let Some(shape) = &plan.cell {
			self.cell(&mut device, shape);
		}
		device
	}

	/// The places of the weights of a net.
	fn net(&mut self, plan: &Plan, net: &Net) -> DeviceCandidate {
		let mut device = window(plan);
		if let Some(path) = &net.skip {
			device.skip = 1;
			device.path = DeviceLayer { shift: path.shift.into(), ..self.layer(path.inputs.into(), path.outputs.into()) };
		}
		for ((place, stage), layer) in device.layers.iter_mut().zip(&plan.layers).zip(layers(net)) {
			*place = DeviceLayer { shift: layer.shift.into(), ..self.layer(stage.rows.count(), stage.outputs) };
		}
		if let Some(shape) = &plan.cell {
			self.net_cell(&mut device, shape);
		}
		device.shifts = shifts(&net.in_shifts);
		device
	}

	/// The same net with room for the activations of one workgroup.
	fn worker(&mut self, mut device: DeviceCandidate, plan: &Plan) -> DeviceCandidate {
		let inputs = give(&mut self.room.scratch, samples(plan.features()));
		(device.path.x, device.layers[0].x) = (inputs, inputs);
		for (layer, stage) in device.layers.iter_mut().zip(&plan.layers).skip(1) {
			layer.x = give(&mut self.room.scratch, samples(stage.neurons));
		}
		if plan.cell.is_some() {
			self.cell_worker(&mut device);
		}
		device.targets = give(&mut self.room.scratch, 2 * samples(plan.outputs));
		device
	}
}

/// What a plan says of the window, the linear path and the convolutions, without any places.
fn window(plan: &Plan) -> DeviceCandidate {
	let mut device = DeviceCandidate {
		window: plan.window as u32,
		channels: plan.channels as u32,
		pitch: plan.pitch as u32,
		depth: plan.layers.len().saturating_sub(1) as u32,
		count: plan.layers.len() as u32,
		convs: plan.convs() as u32,
		path: DeviceLayer { output_groups: plan.outputs.div_ceil(GROUP) as u32, shift: 1, ..DeviceLayer::default() },
		..DeviceCandidate::default()
	};
	let taps = plan.layers.iter().map_while(|stage| stage.taps);
	device.taps.iter_mut().zip(taps).for_each(|(place, taps)| *place = taps);
	device
}

/// The layers of a net, convolutions or gates first.
fn layers(net: &Net) -> Vec<Cow<'_, Layer>> {
	let first: Vec<Cow<Layer>> = match &net.encoder {
		Encoder::None => Vec::new(),
		Encoder::Conv(convs) => convs.iter().map(|conv| Cow::Borrowed(&conv.layer)).collect(),
		Encoder::Lstm(_) | Encoder::Gru(_) => gate_layer(net).into_iter().map(Cow::Owned).collect(),
	};
	first.into_iter().chain(net.layers.iter().map(Cow::Borrowed)).collect()
}

/// Shifts of all channels.
fn shifts(in_shifts: &[i8]) -> [i32; MAX_CHANNELS as usize] {
	let mut shifts = [0; MAX_CHANNELS as usize];
	shifts.iter_mut().zip(in_shifts).for_each(|(to, shift)| *to = (*shift).into());
	shifts
}

/// Candidates as a device takes them.
#[derive(Default)]
pub struct Image {
	shape: Shape,
	/// What they are.
	pub plans: Vec<Plan>,
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
		let plan = Plan::of(candidate, data.channels(), data.task.program.outputs().into());
		let mut device = self.shape.candidate(&plan, start.skip.is_some());
		let steps = start.steps * u32::from(candidate.epochs);
		device.key = start.batches;
		device.share = start.share.into();
		device.shifts = shifts(&start.in_shifts);
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
			write_layer(&mut self.parameters, &device.path, &plan.path(), path);
		}
		for ((place, stage), (grid, layer)) in device.layers.iter_mut().zip(&plan.layers).zip(&start.layers) {
			place.shift = layer.forward.shift;
			write_dense(&mut self.parameters, place, &stage.rows, grid, layer);
			let words = |at: u32, count: usize| at as usize * VEC4..at as usize * VEC4 + count;
			let weights = (place.input_groups * place.output_groups) as usize * TILE * VEC4 / 2;
			let biases = place.output_groups as usize * GROUP;
			let (best, parameters) = (&mut self.best, &self.parameters);
			best[words(place.best, weights)].copy_from_slice(&parameters[words(place.forward, weights)]);
			best[words(place.best, weights + biases)][weights..].copy_from_slice(&parameters[words(place.bias, biases)]);
		}
		self.plans.push(plan);
		self.candidates.push(device);
		// No error is larger than that of no net.
		self.results.extend([u32::MAX; 4]);
		self.results.extend([0; RESULTS - 4]);
	}

	/// Adds a net of plan `plan` that `workers` workgroups score.
	pub fn push_net(&mut self, plan: &Plan, net: &Net, workers: u32) {
		let device = self.shape.net(plan, net);
		self.parameters.resize(self.shape.room.parameters as usize * VEC4, 0);
		if let Some(path) = &net.skip {
			write_layer(&mut self.parameters, &device.path, &plan.path(), path);
		}
		for ((place, stage), layer) in device.layers.iter().zip(&plan.layers).zip(layers(net)) {
			write_layer(&mut self.parameters, place, &stage.rows, &layer);
		}
		if let Some(shape) = &plan.cell {
			write_input_bias(&mut self.parameters, &device, shape);
		}
		for _ in 0..workers {
			let worker = self.shape.worker(device, plan);
			self.candidates.push(worker);
		}
	}

	/// Numbers of the nets that take the kernels of `form`.
	pub fn of(&self, form: Form) -> impl Iterator<Item = u32> + '_ {
		(0..).zip(&self.plans).filter(move |(_, plan)| plan.form() == form).map(|(at, _)| at)
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

/// Writes the weights and biases of a net's layer.
fn write_layer(words: &mut [i32], place: &DeviceLayer, rows: &Rows, layer: &Layer) {
	for output in 0..place.outputs as usize {
		for input in 0..rows.inputs() {
			let weight = layer.weights[output * rows.inputs() + input];
			put(words, place.forward, rows.row(input), place.output_groups as usize, output, weight);
		}
	}
	words[place.bias as usize * VEC4..][..layer.bias.len()].copy_from_slice(&layer.bias);
}

/// Writes the weights of a layer in training, whose inputs lie as `grid` says. Biases start at zero.
fn write_dense(words: &mut [i32], place: &DeviceLayer, rows: &Rows, grid: &Grid, dense: &Dense) {
	let (groups, tiles) = (place.input_groups as usize, (place.input_groups * place.output_groups) as usize);
	for output in 0..place.outputs as usize {
		for input in 0..rows.inputs() {
			let (row, neuron) = (rows.row(input), grid.neuron(input));
			let weight = dense.forward.get(output, neuron);
			put(words, place.forward, row, place.output_groups as usize, output, weight);
			if place.backward > 0 {
				put(words, place.backward, output, groups, row, weight);
			}
			let (tile, line, half) = (output / GROUP * groups + row / GROUP, output % GROUP, row % GROUP / VEC4);
			let at = place.masters as usize + (2 * line + half) * tiles + tile;
			words[at * VEC4 + row % VEC4] = dense.master(output, neuron);
		}
	}
}

/// The layers of a net from the words of `best`.
pub fn read_layers(words: &[i32], candidate: &DeviceCandidate, plan: &Plan) -> Vec<Layer> {
	let layer = |(place, rows): (&DeviceLayer, &Rows)| {
		let (inputs, outputs, groups) = (rows.inputs(), place.outputs as usize, place.output_groups as usize);
		let words = &words[place.best as usize * VEC4..];
		let weight = |output: usize, input: usize| {
			let word = words[(rows.row(input) * groups + output / GROUP) * VEC4 + output % GROUP / 2];
			(word >> (16 * (output % 2))) as i16
		};
		let bias = &words[place.input_groups as usize * GROUP * groups * VEC4..][..outputs];
		Layer {
			inputs: inputs as u16,
			outputs: outputs as u16,
			shift: place.shift as u8,
			weights: (0..outputs * inputs).map(|at| weight(at / inputs, at % inputs)).collect(),
			bias: bias.to_vec(),
		}
	};
	candidate.layers.iter().zip(plan.layers.iter().map(|stage| &stage.rows)).map(layer).collect()
}
