// Gated cells on the way from the inputs to what the last layer reads. The host puts two constants before this, `SIGMOIDS` and
// `TANGENTS`: for each of the 128 intervals of a table, its first value in the low half and the rise over it in the high half.
//
// Layer 0 of a candidate leads to the sums of all gates, unit by unit: output 4 * unit + kind. Its inputs are the last output, padded to
// a multiple of eight, the channels of a step, and a one; its `x` are the features. Layer 1 reads the last output.
//
// A tile of the sums is two units for eight samples, so the thread that has added it up goes on to the states of these units. Sums stay
// behind packed. Everything else has one row per unit, 32 groups of samples.

// Whether it is a GRU rather than an LSTM.
override GRU: bool = false;

const INTERVALS: u32 = 128u;
// The largest of 16 bits, and one in Q15.
const MOST: i32 = 32767;
const WHOLE: i32 = 32768;
// What a step reads as one.
const ONE: i32 = 512;

var<workgroup> sigmoids: array<u32, INTERVALS>;
var<workgroup> tangents: array<u32, INTERVALS>;

fn prepare(t: u32) {
	var sigmoids_ = SIGMOIDS;
	var tangents_ = TANGENTS;
	for (var at = t; at < INTERVALS; at += SIZE) {
		sigmoids[at] = sigmoids_[at];
		tangents[at] = tangents_[at];
	}
	workgroupBarrier();
}

// Tables, arguments and results are those of `doin_scoring::activation`.
fn interpolate(interval: vec4<u32>, at: vec4<i32>) -> vec4<i32> {
	let value = vec4<i32>(interval & vec4(0xffffu));
	let rise = vec4<i32>(interval >> vec4(16u));
	return value + ((rise * (at & vec4(255)) + vec4(128)) >> vec4(8u));
}

fn sigmoid(z: vec4<i32>) -> vec4<i32> {
	let at = min(abs(z), vec4(MOST));
	let i = at >> vec4(8u);
	let value = interpolate(vec4(sigmoids[i.x], sigmoids[i.y], sigmoids[i.z], sigmoids[i.w]), at);
	return select(value, vec4(WHOLE) - value, z < vec4(0));
}

fn tangent(z: vec4<i32>) -> vec4<i32> {
	let at = min(abs(z), vec4(MOST));
	let i = at >> vec4(8u);
	let value = interpolate(vec4(tangents[i.x], tangents[i.y], tangents[i.z], tangents[i.w]), at);
	return select(value, -value, z < vec4(0));
}

// A number times one in Q15.
fn times(a: vec4<i32>, b: vec4<i32>) -> vec4<i32> {
	return (a * b + vec4(16384)) >> vec4(15u);
}

// Clamped to 16 bits.
fn saturate16(v: vec4<i32>) -> vec4<i32> {
	return clamp(v, vec4(-WHOLE), vec4(MOST));
}

// The even or the odd samples of a group: a loop over both makes kernels that are half as long, which drivers take less time for.
fn part(v: vec4<i32>, odd: u32) -> vec4<i32> {
	return (v << vec4(16u - 16u * odd)) >> vec4(16u);
}

// What `part` takes out again.
fn packed(v: vec4<i32>, odd: u32) -> vec4<i32> {
	return (v & vec4(0xffff)) << vec4(16u * odd);
}

// Output and state of a unit after a step.
struct Unit {
	output: vec4<i32>,
	state: vec4<i32>,
}

// `doin_scoring::forward::lstm_unit`, or `gru_unit`: the sums of the gates, the state before.
fn unit_step(a: vec4<i32>, b: vec4<i32>, c: vec4<i32>, d: vec4<i32>, before: vec4<i32>) -> Unit {
	var state: vec4<i32>;
	var out: vec4<i32>;
	if (GRU) {
		let u = sigmoid(b);
		let g = tangent(saturate16(d + times(sigmoid(a), c)));
		state = clamp(times(u, before) + g - times(u, g), vec4(-MOST), vec4(MOST));
		out = state;
	} else {
		let fresh = (times(sigmoid(a), tangent(c)) + vec4(4)) >> vec4(3u);
		state = clamp(times(sigmoid(b), before) + fresh, vec4(-MOST), vec4(MOST));
		out = times(sigmoid(d), tangent(state));
	}
	return Unit(min((out + vec4(8)) >> vec4(4u), vec4(MAX_ACT)), state);
}

// Places in scratch of what a step reads and leaves, first columns included.
struct Step {
	x: u32,
	output_before: u32,
	output_after: u32,
	state_before: u32,
	state_after: u32,
	sums: u32,
	// Outputs and states before the first step are zero, wherever they would lie.
	first: bool,
}

fn requantise(sum: vec4<i32>, shift: u32) -> vec4<i32> {
	return saturate16(round_shift(sum, shift));
}

// One gate of one unit: what the input says.
fn put_sum(at: u32, even: vec4<i32>, odd: vec4<i32>, shift: u32) {
	scratch[at] = pack(requantise(even, shift), requantise(odd, shift));
}

// And what the last output adds.
fn add_sum(at: u32, even: vec4<i32>, odd: vec4<i32>, shift: u32) {
	let v = scratch[at];
	scratch[at] = pack(saturate16(low(v) + requantise(even, shift)), saturate16(high(v) + requantise(odd, shift)));
}

// One step for `columns` groups of samples.
fn advance(id: u32, t: u32, step: Step, columns: u32) {
	let layer = candidates[id].layers[0];
	let cell = candidates[id].cell;
	let stride = layer.output_groups;
	let from_input = layer.forward + cell.hidden * stride;
	let tiles = stride * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / columns;
		let column = tile % columns;
		let sums = step.sums + group * GROUP * COLUMNS + column;
		// Biases are what is there to begin with, and the weights of the one.
		let one = parameters[from_input + cell.channels * stride + group];
		let le = low(one);
		let lo = high(one);
		let bias = cell.input_bias + 2u * group;
		var i = filled(
			parameters[bias] + ONE * vec4(le.x, lo.x, le.y, lo.y), parameters[bias + 1u] + ONE * vec4(le.z, lo.z, le.w, lo.w),
		);
		for (var channel = 0u; channel < cell.channels; channel++) {
			let x = step.x + channel * cell.steps * COLUMNS + column;
			i = product(i, from_input + channel * stride + group, stride, x, 1u);
		}
		put_sum(sums, i.e0, i.o0, cell.input_shift);
		put_sum(sums + COLUMNS, i.e1, i.o1, cell.input_shift);
		put_sum(sums + 2u * COLUMNS, i.e2, i.o2, cell.input_shift);
		put_sum(sums + 3u * COLUMNS, i.e3, i.o3, cell.input_shift);
		put_sum(sums + 4u * COLUMNS, i.e4, i.o4, cell.input_shift);
		put_sum(sums + 5u * COLUMNS, i.e5, i.o5, cell.input_shift);
		put_sum(sums + 6u * COLUMNS, i.e6, i.o6, cell.input_shift);
		put_sum(sums + 7u * COLUMNS, i.e7, i.o7, cell.input_shift);
		let h = product(
			filled(parameters[layer.bias + 2u * group], parameters[layer.bias + 2u * group + 1u]),
			layer.forward + group, stride, step.output_before + column, select(cell.units, 0u, step.first),
		);
		add_sum(sums, h.e0, h.o0, layer.shift);
		add_sum(sums + COLUMNS, h.e1, h.o1, layer.shift);
		add_sum(sums + 2u * COLUMNS, h.e2, h.o2, layer.shift);
		add_sum(sums + 3u * COLUMNS, h.e3, h.o3, layer.shift);
		add_sum(sums + 4u * COLUMNS, h.e4, h.o4, layer.shift);
		add_sum(sums + 5u * COLUMNS, h.e5, h.o5, layer.shift);
		add_sum(sums + 6u * COLUMNS, h.e6, h.o6, layer.shift);
		add_sum(sums + 7u * COLUMNS, h.e7, h.o7, layer.shift);
		for (var unit = 0u; unit < 2u; unit++) {
			let row = (2u * group + unit) * COLUMNS + column;
			let at = sums + 4u * unit * COLUMNS;
			let a = scratch[at];
			let b = scratch[at + COLUMNS];
			let c = scratch[at + 2u * COLUMNS];
			let d = scratch[at + 3u * COLUMNS];
			let before = select(scratch[step.state_before + row], vec4(0), step.first);
			var output = vec4(0);
			var state = vec4(0);
			for (var odd = 0u; odd < 2u; odd++) {
				let after = unit_step(part(a, odd), part(b, odd), part(c, odd), part(d, odd), part(before, odd));
				output |= packed(after.output, odd);
				state |= packed(after.state, odd);
			}
			scratch[step.output_after + row] = output;
			scratch[step.state_after + row] = state;
		}
	}
}

fn think(id: u32, t: u32, columns: u32) {
	prepare(t);
	let layer = candidates[id].layers[0];
	let cell = candidates[id].cell;
	// Outputs lie in two places by turns; the last one is where the next layer looks for it.
	let outputs = candidates[id].layers[1].x;
	let other = cell.hidden * COLUMNS;
	for (var left = cell.steps; left > 0u; left--) {
		let step = Step(
			layer.x + (cell.steps - left) * COLUMNS,
			outputs + (left & 1u) * other,
			outputs + ((left - 1u) & 1u) * other,
			cell.states,
			cell.states,
			layer.gradient,
			left == cell.steps,
		);
		advance(id, t, step, columns);
		storageBarrier();
	}
	for (var number = 1u; number < candidates[id].depth; number++) {
		activate(id, number, t, columns);
		storageBarrier();
	}
}
