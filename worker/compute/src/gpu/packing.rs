//! Packing of candidates and nets into the buffers of a device.

use super::{
	cells::{gate_layer, write_input_bias},
	layout::{DeviceCandidate, DeviceLayer, GROUP, RESULTS, TILE, VEC4, VEC4_BYTES},
	plan::{sample_size, NetKind, NetPlan, SkipPlan, WeightRows},
};
use crate::train::{
	candidate::Candidate,
	dataset::{Dataset, WindowSource, FULL_SHARE},
	initial::{InitialLayer, InitialState},
};
use doin_kernels::layout::{StepMajorShape, TrainableLayer};
use doin_scoring::{program::MAX_CHANNELS, Encoder, Layer, Net};
use doin_training::LearningRate;
use std::borrow::Cow;

/// Sizes of the buffers of some candidates, `vec4`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferSizes {
	/// Weights, masters and momenta.
	pub parameters: u64,
	/// Activations and gradients.
	pub scratch: u64,
	/// Weights of the best epoch.
	pub best: u64,
}

impl BufferSizes {
	/// Returns the sizes of a candidate in training.
	pub fn of_candidate(plan: &NetPlan, skip: SkipPlan) -> Self {
		let mut allocator = Allocator::default();
		allocator.candidate(plan, skip);
		allocator.sizes
	}

	/// Returns the sizes of a net that `workers` workgroups score.
	pub fn of_net(plan: &NetPlan, net: &Net, workers: u32) -> Self {
		let mut allocator = Allocator::default();
		let device = allocator.net(plan, net);
		for _ in 0..workers {
			allocator.worker(device, plan);
		}
		allocator.sizes
	}

	/// Returns `true` if no buffer is larger than `bytes`.
	pub fn fit(&self, bytes: u64) -> bool {
		self.parameters.max(self.scratch).max(self.best).saturating_mul(VEC4_BYTES) <= bytes
	}

	/// Returns the sizes of both.
	pub fn plus(self, other: Self) -> Self {
		Self {
			parameters: self.parameters + other.parameters,
			scratch: self.scratch + other.scratch,
			best: self.best + other.best,
		}
	}
}

/// Allocates places in the buffers of a device.
#[derive(Debug, Default)]
pub struct Allocator {
	/// Sizes so far.
	pub sizes: BufferSizes,
}

/// Allocates `count` `vec4` at the end of a buffer; returns their place.
pub fn alloc(size: &mut u64, count: usize) -> u32 {
	let at = *size as u32;
	*size += count as u64;
	at
}

impl Allocator {
	/// Allocates the forward weights and biases of one layer.
	fn layer(&mut self, inputs: usize, outputs: usize) -> DeviceLayer {
		let (input_groups, output_groups) = (inputs.div_ceil(GROUP), outputs.div_ceil(GROUP));
		let parameters = &mut self.sizes.parameters;
		DeviceLayer {
			inputs: inputs as u32,
			outputs: outputs as u32,
			input_groups: input_groups as u32,
			output_groups: output_groups as u32,
			forward_weights: alloc(parameters, input_groups * GROUP * output_groups),
			bias: alloc(parameters, 2 * output_groups),
			..DeviceLayer::default()
		}
	}

	/// Allocates a candidate in training.
	fn candidate(&mut self, plan: &NetPlan, skip: SkipPlan) -> DeviceCandidate {
		let mut device = without_places(plan);
		// Place 0 means that a layer has no backward weights; forward weights come first, so no backward weights have that place.
		if skip == SkipPlan::Linear {
			device.has_linear_skip = 1;
			device.linear_skip = self.layer(plan.window * plan.channels, plan.outputs);
		}
		let mut unscaled = 0;
		for (number, layer_plan) in plan.layers.iter().enumerate() {
			let mut layer = self.layer(layer_plan.rows.count(), layer_plan.outputs);
			let (ins, outs) = (layer.input_groups as usize, layer.output_groups as usize);
			let parameters = &mut self.sizes.parameters;
			if number > 0 || plan.cell.is_some() {
				layer.backward_weights = alloc(parameters, outs * GROUP * ins);
				// An unscaled number has 32 bits, a packed one 16.
				unscaled = unscaled.max(2 * sample_size(layer_plan.neurons));
			}
			layer.masters = alloc(parameters, ins * outs * TILE);
			layer.momenta = alloc(parameters, ins * outs * TILE);
			layer.bias_masters = alloc(parameters, 2 * outs);
			layer.bias_momenta = alloc(parameters, 2 * outs);
			let copies = plan.copies(number);
			layer.x = alloc(&mut self.sizes.scratch, copies.inputs * sample_size(layer_plan.neurons));
			layer.gradient = alloc(&mut self.sizes.scratch, copies.outputs * sample_size(layer_plan.output_neurons()));
			layer.best = alloc(&mut self.sizes.best, ins * GROUP * outs + 2 * outs);
			device.layers[number] = layer;
		}
		device.linear_skip.x = device.layers[0].x;
		device.targets = alloc(&mut self.sizes.scratch, 2 * sample_size(plan.outputs));
		// Convolutions sum their gradients after all unscaled gradients were read, so both share a place.
		let mut partial_sums = 0;
		device.unscaled = self.sizes.scratch as u32;
		for (conv, layer_plan) in device.convs.iter_mut().zip(&plan.layers) {
			conv.partial_sums = (self.sizes.scratch + partial_sums as u64) as u32;
			partial_sums += conv.parts as usize * layer_plan.partial_sum();
		}
		alloc(&mut self.sizes.scratch, unscaled.max(partial_sums));
		if let Some(shape) = &plan.cell {
			self.training_cell(&mut device, shape);
		}
		device
	}

	/// Allocates the weights of a net to score.
	fn net(&mut self, plan: &NetPlan, net: &Net) -> DeviceCandidate {
		let mut device = without_places(plan);
		if let Some(skip) = &net.skip {
			device.has_linear_skip = 1;
			device.linear_skip = DeviceLayer { shift: skip.shift.into(), ..self.layer(skip.inputs.into(), skip.outputs.into()) };
		}
		for ((place, layer_plan), layer) in device.layers.iter_mut().zip(&plan.layers).zip(layers(net)) {
			*place = DeviceLayer { shift: layer.shift.into(), ..self.layer(layer_plan.rows.count(), layer_plan.outputs) };
		}
		if let Some(shape) = &plan.cell {
			self.net_cell(&mut device, shape);
		}
		device.input_shifts = input_shifts(&net.in_shifts);
		device
	}

	/// Allocates the activations of one workgroup that scores a net.
	fn worker(&mut self, mut device: DeviceCandidate, plan: &NetPlan) -> DeviceCandidate {
		let inputs = alloc(&mut self.sizes.scratch, sample_size(plan.features()));
		(device.linear_skip.x, device.layers[0].x) = (inputs, inputs);
		for (layer, layer_plan) in device.layers.iter_mut().zip(&plan.layers).skip(1) {
			layer.x = alloc(&mut self.sizes.scratch, sample_size(layer_plan.neurons));
		}
		if plan.cell.is_some() {
			self.scoring_cell(&mut device);
		}
		device.targets = alloc(&mut self.sizes.scratch, 2 * sample_size(plan.outputs));
		device
	}
}

/// Returns window, depth and convolutions of a plan; no place is set.
fn without_places(plan: &NetPlan) -> DeviceCandidate {
	let output_groups = plan.outputs.div_ceil(GROUP) as u32;
	let mut device = DeviceCandidate {
		window: plan.window as u32,
		channels: plan.channels as u32,
		pitch: plan.pitch as u32,
		hidden_layers: plan.layers.len().saturating_sub(1) as u32,
		layer_count: plan.layers.len() as u32,
		conv_count: plan.convs() as u32,
		linear_skip: DeviceLayer { output_groups, shift: 1, ..DeviceLayer::default() },
		..DeviceCandidate::default()
	};
	let convs = plan.layers.iter().map_while(|layer| layer.conv);
	device.convs.iter_mut().zip(convs).for_each(|(place, conv)| *place = conv);
	device
}

/// Returns the layers of a net, convolutions or gates first.
fn layers(net: &Net) -> Vec<Cow<'_, Layer>> {
	let first: Vec<Cow<Layer>> = match &net.encoder {
		Encoder::None => Vec::new(),
		Encoder::Conv(convs) => convs.iter().map(|conv| Cow::Borrowed(&conv.layer)).collect(),
		Encoder::Image(conv) => vec![Cow::Borrowed(&conv.layer)],
		Encoder::Lstm(_) | Encoder::Gru(_) => gate_layer(net).into_iter().map(Cow::Owned).collect(),
	};
	first.into_iter().chain(net.layers.iter().map(Cow::Borrowed)).collect()
}

/// Returns the shifts of all channels, padded with zeros.
fn input_shifts(in_shifts: &[i8]) -> [i32; MAX_CHANNELS as usize] {
	let mut shifts = [0; MAX_CHANNELS as usize];
	shifts.iter_mut().zip(in_shifts).for_each(|(to, shift)| *to = (*shift).into());
	shifts
}

/// Contents of the buffers of some candidates or nets.
#[derive(Default)]
pub struct PackedBatch {
	allocator: Allocator,
	/// Plan of each candidate or net.
	pub plans: Vec<NetPlan>,
	/// Places of each candidate, or of each workgroup that scores a net.
	pub candidates: Vec<DeviceCandidate>,
	/// Words of the buffer `parameters`.
	pub parameters: Vec<i32>,
	/// Words of the buffer `best`: the nets before the first step.
	pub best: Vec<i32>,
	/// Words of the buffer `results` before the first step.
	pub results: Vec<u32>,
}

impl PackedBatch {
	/// Adds a candidate with its initial state.
	pub fn push_candidate(&mut self, data: &Dataset, candidate: &Candidate, initial: &InitialState) {
		let plan = NetPlan::of_candidate(candidate, data.channels(), data.task.program.outputs().into());
		let skip = if initial.skip.is_some() { SkipPlan::Linear } else { SkipPlan::None };
		let mut device = self.allocator.candidate(&plan, skip);
		let steps = initial.steps * u32::from(candidate.epochs);
		device.batch_key = initial.batches;
		device.synthetic_share = initial.share.into();
		device.input_shifts = input_shifts(&initial.in_shifts);
		device.decay = initial.decay.into();
		[device.first_rate, device.rate_decrement, device.last_rate] = LearningRate::new(candidate.rate, steps).parts();
		let [published, synthetic] = WindowSource::ALL.map(|source| data.early_stopping_starts(source).len() as u64);
		let limbs = |number: u64| [number as u32, (number >> 32) as u32];
		device.published_factor = limbs(u64::from(FULL_SHARE - initial.share) * synthetic.max(1));
		device.synthetic_factor = limbs(u64::from(initial.share) * published);
		let sizes = self.sizes();
		self.parameters.resize(sizes.parameters as usize * VEC4, 0);
		self.best.resize(sizes.best as usize * VEC4, 0);
		if let Some(skip) = &initial.skip {
			device.linear_skip.shift = skip.shift.into();
			write_layer(&mut self.parameters, &device.linear_skip, &plan.linear_skip(), skip);
		}
		for ((place, layer_plan), InitialLayer { shape, layer }) in
			device.layers.iter_mut().zip(&plan.layers).zip(&initial.layers)
		{
			place.shift = layer.forward.shift;
			write_trainable_layer(&mut self.parameters, place, &layer_plan.rows, shape, layer);
			let words = |at: u32, count: usize| at as usize * VEC4..at as usize * VEC4 + count;
			let weights = (place.input_groups * place.output_groups) as usize * TILE * VEC4 / 2;
			let biases = place.output_groups as usize * GROUP;
			let (best, parameters) = (&mut self.best, &self.parameters);
			best[words(place.best, weights)].copy_from_slice(&parameters[words(place.forward_weights, weights)]);
			best[words(place.best, weights + biases)][weights..].copy_from_slice(&parameters[words(place.bias, biases)]);
		}
		self.plans.push(plan);
		self.candidates.push(device);
		// The least error starts at the largest number.
		self.results.extend([u32::MAX; 4]);
		self.results.extend([0; RESULTS - 4]);
	}

	/// Adds a net that `workers` workgroups score.
	pub fn push_net(&mut self, plan: &NetPlan, net: &Net, workers: u32) {
		let device = self.allocator.net(plan, net);
		self.parameters.resize(self.sizes().parameters as usize * VEC4, 0);
		if let Some(skip) = &net.skip {
			write_layer(&mut self.parameters, &device.linear_skip, &plan.linear_skip(), skip);
		}
		for ((place, layer_plan), layer) in device.layers.iter().zip(&plan.layers).zip(layers(net)) {
			write_layer(&mut self.parameters, place, &layer_plan.rows, &layer);
		}
		if let Some(shape) = &plan.cell {
			write_input_bias(&mut self.parameters, &device, shape);
		}
		for _ in 0..workers {
			let worker = self.allocator.worker(device, plan);
			self.candidates.push(worker);
		}
	}

	/// Returns the indices of the candidates of kind `kind`.
	pub fn of_kind(&self, kind: NetKind) -> impl Iterator<Item = u32> + '_ {
		(0..).zip(&self.plans).filter(move |(_, plan)| plan.kind() == kind).map(|(at, _)| at)
	}

	/// Returns the sizes of the buffers so far.
	pub fn sizes(&self) -> BufferSizes {
		self.allocator.sizes
	}
}

/// Writes the weight of `neuron` into its half of a word of row `row`, whose weights fill `groups` groups from place `first` on.
fn put_weight(words: &mut [i32], first: u32, row: usize, groups: usize, neuron: usize, weight: i16) {
	let word = (first as usize + row * groups + neuron / GROUP) * VEC4 + neuron % GROUP / 2;
	let shift = 16 * (neuron % 2);
	words[word] = words[word] & !(0xffff << shift) | i32::from(weight as u16) << shift;
}

/// Writes the weights and biases of a net's layer.
fn write_layer(words: &mut [i32], place: &DeviceLayer, rows: &WeightRows, layer: &Layer) {
	for output in 0..place.outputs as usize {
		for input in 0..rows.inputs() {
			let weight = layer.weights[output * rows.inputs() + input];
			put_weight(words, place.forward_weights, rows.row(input), place.output_groups as usize, output, weight);
		}
	}
	words[place.bias as usize * VEC4..][..layer.bias.len()].copy_from_slice(&layer.bias);
}

/// Writes the weights and masters of a layer in training whose inputs are stored as `shape` defines. Biases start at zero.
fn write_trainable_layer(
	words: &mut [i32],
	place: &DeviceLayer,
	rows: &WeightRows,
	shape: &StepMajorShape,
	layer: &TrainableLayer,
) {
	let (groups, tiles) = (place.input_groups as usize, (place.input_groups * place.output_groups) as usize);
	for output in 0..place.outputs as usize {
		for input in 0..rows.inputs() {
			let (row, neuron) = (rows.row(input), shape.neuron(input));
			let weight = layer.forward.get(output, neuron);
			put_weight(words, place.forward_weights, row, place.output_groups as usize, output, weight);
			if place.backward_weights > 0 {
				put_weight(words, place.backward_weights, output, groups, row, weight);
			}
			let (tile, line, half) = (output / GROUP * groups + row / GROUP, output % GROUP, row % GROUP / VEC4);
			let at = place.masters as usize + (2 * line + half) * tiles + tile;
			words[at * VEC4 + row % VEC4] = layer.master(output, neuron);
		}
	}
}

/// Returns the layers of a net from the words of the buffer `best`.
pub fn read_layers(words: &[i32], candidate: &DeviceCandidate, plan: &NetPlan) -> Vec<Layer> {
	let layer = |(place, rows): (&DeviceLayer, &WeightRows)| {
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
	candidate.layers.iter().zip(plan.layers.iter().map(|layer| &layer.rows)).map(layer).collect()
}
