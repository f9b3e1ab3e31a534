// What training and scoring share: how numbers lie in buffers, products of matrices, random batches.
//
// Everything is i32, exact and wrapping. Samples and neurons come in groups of eight: four words of two 16-bit numbers, low half first, so
// the even ones are `low(v)` and the odd ones `high(v)`. A group that is not full holds zeros, which change no sum.
//
//   activations and gradients   per neuron, 32 groups of samples                                    scratch
//   forward weights             per input, groups of outputs                                        parameters
//   backward weights            per output, groups of inputs                                        parameters
//   masters, momenta            per tile of 8 outputs x 8 inputs, 16 vec4: two per output; the      parameters
//                               same vec4 of all tiles of a layer lie side by side
//
// Neurons of several steps lie step by step; the channels that a convolution leaves fill whole groups. The features of a window are its steps,
// channel by channel for dense nets, step by step for convolutions. The weights of a convolution are those of a layer that reads a patch.
//
// One workgroup works on one candidate, whatever its shape. What all families share is here; what stands before the last layer, `think`, is in a
// file of its own for each, and so is what is forecast: values or classes.

const BATCH: u32 = 256u;
const GROUP: u32 = 8u;
// Groups of samples in a batch: the distance between neurons.
const COLUMNS: u32 = 32u;
const MAX_ACT: i32 = 2047;
const OUT_FRAC: u32 = 4u;
const MAX_ERROR: u32 = 0xfffffu;
const MAX_LAYERS: u32 = 9u;
const MAX_CONVS: u32 = 8u;
const MAX_CHANNELS: u32 = 8u;

// Threads of a workgroup, a multiple of COLUMNS.
override SIZE: u32 = 256u;

// Places are in vec4 of their buffer.
struct Layer {
	inputs: u32,
	outputs: u32,
	// Groups of inputs and of outputs.
	input_groups: u32,
	output_groups: u32,
	shift: u32,
	// Of parameters.
	forward: u32,
	bias: u32,
	backward: u32,
	masters: u32,
	momenta: u32,
	bias_masters: u32,
	bias_momenta: u32,
	// Of scratch: activations that go in, gradients of what comes out.
	x: u32,
	gradient: u32,
	// Of best: weights, then biases.
	best: u32,
	reserved: u32,
}

// What a convolution reads: for each step that comes out a patch of several pieces. Distances are counted in neurons.
struct Taps {
	// Steps that come out.
	steps: u32,
	// Pieces of a patch, neurons of each, and the distance of pieces.
	pieces: u32,
	count: u32,
	gap: u32,
	// Where the first patch begins, and the distance of patches.
	first: u32,
	stride: u32,
	// The gradient of a step is shifted right by this before those of all steps are summed.
	bits: u32,
	// Steps are shared out among so many threads per tile of weights; place of what each of them sums, in scratch.
	parts: u32,
	partial: u32,
	reserved0: u32,
	reserved1: u32,
	reserved2: u32,
}

// What a gated cell has besides its layers: see `cells.wgsl`.
struct Cell {
	units: u32,
	channels: u32,
	steps: u32,
	// Inputs of the gates that are units or nothing: a multiple of eight.
	hidden: u32,
	// Of what the gates read from the input.
	input_shift: u32,
	input_bias: u32,
	// Of scratch: states of each step, gradients of states, shifts of gradients of weights, gradients of weights.
	states: u32,
	carries: u32,
	backs: u32,
	sums: u32,
	// Parts in which gradients of weights are added up.
	parts: u32,
	// Bits of the gradient of a state, and of the shift of gradients of weights when states have the largest exponent.
	gradient_bits: u32,
	sum_shift: u32,
	reserved0: u32,
	reserved1: u32,
	reserved2: u32,
}

struct Candidate {
	key: vec3<u32>,
	// Synthetic samples of a batch.
	share: u32,
	// Steps and channels that it reads, and the distance of two steps of a channel in neurons.
	window: u32,
	channels: u32,
	pitch: u32,
	decay: u32,
	// Q16: first rate, what it loses per step, last rate.
	rate: i32,
	fall: i32,
	last_rate: i32,
	// Hidden layers, and whether there is a linear path.
	depth: u32,
	skip: u32,
	// Of scratch: targets, raw gradients.
	targets: u32,
	raw: u32,
	// Layers: one more than hidden ones, or none beside a linear path alone.
	count: u32,
	// Factors of the error sums of both sources, two limbs each.
	published: vec2<u32>,
	synthetic: vec2<u32>,
	// For each channel, the power of two from raw units to activations.
	shifts: array<i32, MAX_CHANNELS>,
	// Layers that are convolutions, the first ones.
	convs: u32,
	reserved0: u32,
	reserved1: u32,
	reserved2: u32,
	path: Layer,
	layers: array<Layer, MAX_LAYERS>,
	taps: array<Taps, MAX_CONVS>,
	cell: Cell,
}

// Where one source of windows has its list of places, and 2^32 modulo its length.
struct Source {
	at: u32,
	count: u32,
	surplus: u32,
	reserved: u32,
}

struct Arguments {
	// First step or batch of this dispatch, and how many.
	first: u32,
	count: u32,
	// What a validation does besides: see its flags.
	flags: u32,
	history: u32,
	// Values that are forecast, or classes; `scored` is where their places after the history are listed among the values.
	outputs: u32,
	// Where the candidates of this dispatch begin in their order.
	begin: u32,
	scored: u32,
	// Distance of two channels of a window among the values.
	stride: u32,
	// Published and synthetic windows.
	fit: array<Source, 2>,
	inner: array<Source, 2>,
}

@group(0) @binding(0) var<uniform> arguments: Arguments;
// The candidate of each workgroup.
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> candidates: array<Candidate>;
// Raw values, then places of windows.
@group(0) @binding(3) var<storage, read> values: array<i32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read_write> scratch: array<vec4<i32>>;
@group(0) @binding(6) var<storage, read_write> best: array<vec4<i32>>;
@group(0) @binding(7) var<storage, read_write> results: array<u32>;

// First value of each window of the batch.
var<workgroup> starts: array<u32, BATCH>;
// The last value before its targets.
var<workgroup> lasts: array<i32, BATCH>;

// Whether loops go on for as long as they should: a device in software ends them all once they have taken too many turns together.
fn whole() -> bool {
	var turns = 0u;
	// Twice, which no compiler can know.
	for (var n = 0u; n <= min(arguments.history, 1u); n++) {
		turns++;
	}
	return turns == 2u;
}

fn low(v: vec4<i32>) -> vec4<i32> {
	return (v << vec4(16u)) >> vec4(16u);
}

fn high(v: vec4<i32>) -> vec4<i32> {
	return v >> vec4(16u);
}

fn pack(even: vec4<i32>, odd: vec4<i32>) -> vec4<i32> {
	return (even & vec4(0xffff)) | (odd << vec4(16u));
}

fn round_shift(value: vec4<i32>, shift: u32) -> vec4<i32> {
	return (value + vec4(1i << (shift - 1u))) >> vec4(shift);
}

// Eight neurons for eight samples: `even` samples of neuron 0, its odd ones, and so on.
struct Tile {
	e0: vec4<i32>, o0: vec4<i32>,
	e1: vec4<i32>, o1: vec4<i32>,
	e2: vec4<i32>, o2: vec4<i32>,
	e3: vec4<i32>, o3: vec4<i32>,
	e4: vec4<i32>, o4: vec4<i32>,
	e5: vec4<i32>, o5: vec4<i32>,
	e6: vec4<i32>, o6: vec4<i32>,
	e7: vec4<i32>, o7: vec4<i32>,
}

// Sums that start at what `first` and `second` hold for their neurons.
fn filled(first: vec4<i32>, second: vec4<i32>) -> Tile {
	var t: Tile;
	t.e0 = vec4(first.x); t.o0 = vec4(first.x);
	t.e1 = vec4(first.y); t.o1 = vec4(first.y);
	t.e2 = vec4(first.z); t.o2 = vec4(first.z);
	t.e3 = vec4(first.w); t.o3 = vec4(first.w);
	t.e4 = vec4(second.x); t.o4 = vec4(second.x);
	t.e5 = vec4(second.y); t.o5 = vec4(second.y);
	t.e6 = vec4(second.z); t.o6 = vec4(second.z);
	t.e7 = vec4(second.w); t.o7 = vec4(second.w);
	return t;
}

// Adds to `sums` the products of `count` neurons, whose samples begin at `x`, with the weights of eight neurons at `weights` and every
// `stride` from there.
fn product(sums: Tile, weights: u32, stride: u32, x: u32, count: u32) -> Tile {
	var t = sums;
	var w_at = weights;
	var x_at = x;
	for (var k = 0u; k < count; k++) {
		let v = scratch[x_at];
		let w = parameters[w_at];
		let e = low(v);
		let o = high(v);
		let we = low(w);
		let wo = high(w);
		t.e0 += we.x * e; t.o0 += we.x * o;
		t.e1 += wo.x * e; t.o1 += wo.x * o;
		t.e2 += we.y * e; t.o2 += we.y * o;
		t.e3 += wo.y * e; t.o3 += wo.y * o;
		t.e4 += we.z * e; t.o4 += we.z * o;
		t.e5 += wo.z * e; t.o5 += wo.z * o;
		t.e6 += we.w * e; t.o6 += we.w * o;
		t.e7 += wo.w * e; t.o7 += wo.w * o;
		w_at += stride;
		x_at += COLUMNS;
	}
	return t;
}

// The accumulators of eight outputs of a layer for eight samples.
fn neurons(layer: Layer, group: u32, column: u32) -> Tile {
	let bias = layer.bias + 2u * group;
	let start = filled(parameters[bias], parameters[bias + 1u]);
	return product(start, layer.forward + group, layer.output_groups, layer.x + column, layer.inputs);
}

// Inputs of the batch, differences from the last value of each channel.
fn gather(id: u32, t: u32, columns: u32) {
	let column = t % COLUMNS;
	if (column >= columns) {
		return;
	}
	let window = candidates[id].window;
	let pitch = candidates[id].pitch;
	let s = column * GROUP;
	var x = candidates[id].layers[0].x + column;
	var even = vec4(starts[s], starts[s + 2u], starts[s + 4u], starts[s + 6u]) + vec4(arguments.history);
	var odd = vec4(starts[s + 1u], starts[s + 3u], starts[s + 5u], starts[s + 7u]) + vec4(arguments.history);
	for (var channel = 0u; channel < candidates[id].channels; channel++) {
		let shift = candidates[id].shifts[channel];
		let left = vec4(u32(max(shift, 0)));
		let right = vec4(u32(max(-shift, 0)));
		// Beyond this, a difference is clamped anyway once it is shifted left.
		let limit = select(0x7fffffff, MAX_ACT + 1, shift > 0);
		let half = select(0, 1i << (u32(-shift - 1) & 31u), shift < 0);
		let even_last = vec4(values[even.x - 1u], values[even.y - 1u], values[even.z - 1u], values[even.w - 1u]);
		let odd_last = vec4(values[odd.x - 1u], values[odd.y - 1u], values[odd.z - 1u], values[odd.w - 1u]);
		let e_at = even - vec4(window);
		let o_at = odd - vec4(window);
		for (var i = t / COLUMNS; i < window; i += SIZE / COLUMNS) {
			var e = vec4(values[e_at.x + i], values[e_at.y + i], values[e_at.z + i], values[e_at.w + i]) - even_last;
			var o = vec4(values[o_at.x + i], values[o_at.y + i], values[o_at.z + i], values[o_at.w + i]) - odd_last;
			e = ((clamp(e, vec4(-limit), vec4(limit)) << left) + vec4(half)) >> right;
			o = ((clamp(o, vec4(-limit), vec4(limit)) << left) + vec4(half)) >> right;
			let to = x + i * pitch * COLUMNS;
			scratch[to] = pack(clamp(e, vec4(-MAX_ACT), vec4(MAX_ACT)), clamp(o, vec4(-MAX_ACT), vec4(MAX_ACT)));
		}
		even += vec4(arguments.stride);
		odd += vec4(arguments.stride);
		// Either steps or channels are neighbours.
		x += select(1u, window, pitch == 1u) * COLUMNS;
	}
}

// Keeps the targets of eight outputs, less what the linear path says.
fn keep_targets(at: u32, stride: u32, output: u32, sample: u32, path: Tile, shift: u32) {
	scratch[at] = target_of(output, sample) - round_shift(path.e0, shift);
	scratch[at + stride] = target_of(output, sample + 1u) - round_shift(path.o0, shift);
	scratch[at + 2u * stride] = target_of(output + 1u, sample) - round_shift(path.e1, shift);
	scratch[at + 3u * stride] = target_of(output + 1u, sample + 1u) - round_shift(path.o1, shift);
	scratch[at + 4u * stride] = target_of(output + 2u, sample) - round_shift(path.e2, shift);
	scratch[at + 5u * stride] = target_of(output + 2u, sample + 1u) - round_shift(path.o2, shift);
	scratch[at + 6u * stride] = target_of(output + 3u, sample) - round_shift(path.e3, shift);
	scratch[at + 7u * stride] = target_of(output + 3u, sample + 1u) - round_shift(path.o3, shift);
	scratch[at + 8u * stride] = target_of(output + 4u, sample) - round_shift(path.e4, shift);
	scratch[at + 9u * stride] = target_of(output + 4u, sample + 1u) - round_shift(path.o4, shift);
	scratch[at + 10u * stride] = target_of(output + 5u, sample) - round_shift(path.e5, shift);
	scratch[at + 11u * stride] = target_of(output + 5u, sample + 1u) - round_shift(path.o5, shift);
	scratch[at + 12u * stride] = target_of(output + 6u, sample) - round_shift(path.e6, shift);
	scratch[at + 13u * stride] = target_of(output + 6u, sample + 1u) - round_shift(path.o6, shift);
	scratch[at + 14u * stride] = target_of(output + 7u, sample) - round_shift(path.e7, shift);
	scratch[at + 15u * stride] = target_of(output + 7u, sample + 1u) - round_shift(path.o7, shift);
}

// Targets of the batch. A thread keeps those of the tiles it will need itself.
fn aim(id: u32, t: u32, columns: u32) {
	let layer = candidates[id].path;
	let tiles = layer.output_groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / columns;
		let column = tile % columns;
		var path: Tile;
		if (candidates[id].skip > 0u) {
			path = neurons(layer, group, column);
		}
		keep_targets(candidates[id].targets + tile, tiles, group * GROUP, column * GROUP, path, layer.shift);
	}
}

fn activation(value: vec4<i32>, shift: u32) -> vec4<i32> {
	return clamp(round_shift(value, shift), vec4(0), vec4(MAX_ACT));
}

// Keeps the activations of eight neurons for eight samples.
fn keep_activations(to: u32, a: Tile, s: u32) {
	scratch[to] = pack(activation(a.e0, s), activation(a.o0, s));
	scratch[to + COLUMNS] = pack(activation(a.e1, s), activation(a.o1, s));
	scratch[to + 2u * COLUMNS] = pack(activation(a.e2, s), activation(a.o2, s));
	scratch[to + 3u * COLUMNS] = pack(activation(a.e3, s), activation(a.o3, s));
	scratch[to + 4u * COLUMNS] = pack(activation(a.e4, s), activation(a.o4, s));
	scratch[to + 5u * COLUMNS] = pack(activation(a.e5, s), activation(a.o5, s));
	scratch[to + 6u * COLUMNS] = pack(activation(a.e6, s), activation(a.o6, s));
	scratch[to + 7u * COLUMNS] = pack(activation(a.e7, s), activation(a.o7, s));
}

// Hidden layer `number`, if it is dense.
fn activate(id: u32, number: u32, t: u32, columns: u32) {
	let layer = candidates[id].layers[number];
	let y = candidates[id].layers[number + 1u].x;
	let tiles = layer.output_groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / columns;
		let column = tile % columns;
		keep_activations(y + group * GROUP * COLUMNS + column, neurons(layer, group, column), layer.shift);
	}
}

// High word of a product.
fn multiply_high(a: u32, b: u32) -> u32 {
	let a0 = a & 0xffffu;
	let a1 = a >> 16u;
	let b0 = b & 0xffffu;
	let b1 = b >> 16u;
	let low = a0 * b0;
	let middle = a1 * b0 + (low >> 16u);
	let other = a0 * b1 + (middle & 0xffffu);
	return a1 * b1 + (middle >> 16u) + (other >> 16u);
}

// The windows of batch `batch` of a source; how many there are.
fn take(source: Source, batch: u32, t: u32) -> u32 {
	let first = batch * BATCH;
	let count = min(BATCH, source.count - first);
	for (var sample = t; sample < BATCH; sample += SIZE) {
		// The rest repeats a window that is not counted.
		let at = select(first, first + sample, sample < count);
		let start = u32(values[source.at + at]);
		starts[sample] = start;
		lasts[sample] = values[start + arguments.history - 1u];
	}
	return count;
}
