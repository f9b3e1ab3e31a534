// Gated cells (LSTM, Hochreiter & Schmidhuber 1997; GRU, Cho et al. 2014): forward. The host prepends two constants,
// `SIGMOID_INTERVALS` and `TANH_INTERVALS`: for each of the 128 intervals of a table, the first value in the low half and the
// rise over the interval in the high half.
//
// Layer 0 of a candidate gives the sums of all gates, unit by unit: output 4 * unit + gate. Its inputs are the previous output
// padded to a multiple of eight, the channels of a step, and a constant one; its `x` is the features. Layer 1 reads the last
// output.
//
// A tile of sums is two units for eight samples, so the thread that computed it also computes the states of these units. Sums are
// stored packed. Everything else has one row per unit, 32 groups of samples.

// Selects the GRU instead of the LSTM.
override GRU: bool = false;

const INTERVALS: u32 = 128u;
// The largest 16-bit number, and one in Q15.
const MOST: i32 = 32767;
const WHOLE: i32 = 32768;
// The constant-one input of a step.
const ONE: i32 = 512;

var<workgroup> sigmoid_table: array<u32, INTERVALS>;
var<workgroup> tanh_table: array<u32, INTERVALS>;

// Loads both tables into workgroup memory.
fn load_tables(t: u32) {
	var sigmoid_intervals = SIGMOID_INTERVALS;
	var tanh_intervals = TANH_INTERVALS;
	for (var at = t; at < INTERVALS; at += SIZE) {
		sigmoid_table[at] = sigmoid_intervals[at];
		tanh_table[at] = tanh_intervals[at];
	}
	workgroupBarrier();
}

// Linear interpolation within table intervals. Tables, arguments and results are those of `doin_scoring::activation`.
fn interpolate(interval: vec4<u32>, at: vec4<i32>) -> vec4<i32> {
	let value = vec4<i32>(interval & vec4(0xffffu));
	let rise = vec4<i32>(interval >> vec4(16u));
	return value + ((rise * (at & vec4(255)) + vec4(128)) >> vec4(8u));
}

// Logistic sigmoid, Q15.
fn sigmoid_q15(z: vec4<i32>) -> vec4<i32> {
	let at = min(abs(z), vec4(MOST));
	let i = at >> vec4(8u);
	let value = interpolate(vec4(sigmoid_table[i.x], sigmoid_table[i.y], sigmoid_table[i.z], sigmoid_table[i.w]), at);
	return select(value, vec4(WHOLE) - value, z < vec4(0));
}

// Hyperbolic tangent, Q15.
fn tanh_q15(z: vec4<i32>) -> vec4<i32> {
	let at = min(abs(z), vec4(MOST));
	let i = at >> vec4(8u);
	let value = interpolate(vec4(tanh_table[i.x], tanh_table[i.y], tanh_table[i.z], tanh_table[i.w]), at);
	return select(value, -value, z < vec4(0));
}

// Product with a Q15 factor, rounded.
fn multiply_q15(a: vec4<i32>, b: vec4<i32>) -> vec4<i32> {
	return (a * b + vec4(16384)) >> vec4(15u);
}

// Clamps to 16 bits.
fn saturate16(v: vec4<i32>) -> vec4<i32> {
	return clamp(v, vec4(-WHOLE), vec4(MOST));
}

// Unpacks the even or the odd samples of a group. A loop over both halves gives kernels of half the length, which drivers compile
// faster.
fn unpack_half(v: vec4<i32>, odd: u32) -> vec4<i32> {
	return (v << vec4(16u - 16u * odd)) >> vec4(16u);
}

// Packs what `unpack_half` unpacks.
fn pack_half(v: vec4<i32>, odd: u32) -> vec4<i32> {
	return (v & vec4(0xffff)) << vec4(16u * odd);
}

// Output and state of a unit after a step.
struct Unit {
	output: vec4<i32>,
	state: vec4<i32>,
}

// Sums of the four gates of a unit: of an LSTM the input, forget, cell and output gates; of a GRU the reset and update gates and
// the two parts of the candidate.
struct Gates {
	a: vec4<i32>,
	b: vec4<i32>,
	c: vec4<i32>,
	d: vec4<i32>,
}

// One step of a unit from the sums of its gates and the state before: `doin_scoring::forward::lstm_unit` or `gru_unit`.
fn unit_step(gates: Gates, before: vec4<i32>) -> Unit {
	var state: vec4<i32>;
	var out: vec4<i32>;
	if (GRU) {
		let u = sigmoid_q15(gates.b);
		let g = tanh_q15(saturate16(gates.d + multiply_q15(sigmoid_q15(gates.a), gates.c)));
		state = clamp(multiply_q15(u, before) + g - multiply_q15(u, g), vec4(-MOST), vec4(MOST));
		out = state;
	} else {
		let fresh = (multiply_q15(sigmoid_q15(gates.a), tanh_q15(gates.c)) + vec4(4)) >> vec4(3u);
		state = clamp(multiply_q15(sigmoid_q15(gates.b), before) + fresh, vec4(-MOST), vec4(MOST));
		out = multiply_q15(sigmoid_q15(gates.d), tanh_q15(state));
	}
	return Unit(min((out + vec4(8)) >> vec4(4u), vec4(MAX_ACT)), state);
}

// Places in `scratch` that a step reads and writes, with the first column included.
struct Step {
	x: u32,
	output_before: u32,
	output_after: u32,
	state_before: u32,
	state_after: u32,
	sums: u32,
	// True for the first step: the output and the state before it are zero.
	first: bool,
}

// Accumulator to 16 bits.
fn requantise(sum: vec4<i32>, shift: u32) -> vec4<i32> {
	return saturate16(round_shift(sum, shift));
}

// Stores the input part of the sum of one gate of one unit.
fn put_sum(at: u32, even: vec4<i32>, odd: vec4<i32>, shift: u32) {
	scratch[at] = pack(requantise(even, shift), requantise(odd, shift));
}

// Adds the recurrent part of the sum.
fn add_sum(at: u32, even: vec4<i32>, odd: vec4<i32>, shift: u32) {
	let v = scratch[at];
	scratch[at] = pack(saturate16(low(v) + requantise(even, shift)), saturate16(high(v) + requantise(odd, shift)));
}

// One step of all units for `columns` groups of samples.
fn cell_step(id: u32, t: u32, step: Step, columns: u32) {
	let layer = candidates[id].layers[0];
	let cell = candidates[id].cell;
	let stride = layer.output_groups;
	let from_input = layer.forward_weights + cell.padded_units * stride;
	let tiles = stride * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / columns;
		let column = tile % columns;
		let sums = step.sums + group * GROUP * COLUMNS + column;
		// Biases: those of the input part, and the weights of the constant one.
		let one = parameters[from_input + cell.channels * stride + group];
		let le = low(one);
		let lo = high(one);
		let bias = cell.input_bias + 2u * group;
		var i = broadcast(
			parameters[bias] + ONE * vec4(le.x, lo.x, le.y, lo.y), parameters[bias + 1u] + ONE * vec4(le.z, lo.z, le.w, lo.w),
		);
		for (var channel = 0u; channel < cell.channels; channel++) {
			let x = step.x + channel * cell.steps * COLUMNS + column;
			i = multiply_accumulate(i, from_input + channel * stride + group, stride, x, 1u);
		}
		put_sum(sums, i.e0, i.o0, cell.input_shift);
		put_sum(sums + COLUMNS, i.e1, i.o1, cell.input_shift);
		put_sum(sums + 2u * COLUMNS, i.e2, i.o2, cell.input_shift);
		put_sum(sums + 3u * COLUMNS, i.e3, i.o3, cell.input_shift);
		put_sum(sums + 4u * COLUMNS, i.e4, i.o4, cell.input_shift);
		put_sum(sums + 5u * COLUMNS, i.e5, i.o5, cell.input_shift);
		put_sum(sums + 6u * COLUMNS, i.e6, i.o6, cell.input_shift);
		put_sum(sums + 7u * COLUMNS, i.e7, i.o7, cell.input_shift);
		let h = multiply_accumulate(
			broadcast(parameters[layer.bias + 2u * group], parameters[layer.bias + 2u * group + 1u]),
			layer.forward_weights + group, stride, step.output_before + column, select(cell.units, 0u, step.first),
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
				let gates = Gates(unpack_half(a, odd), unpack_half(b, odd), unpack_half(c, odd), unpack_half(d, odd));
				let after = unit_step(gates, unpack_half(before, odd));
				output |= pack_half(after.output, odd);
				state |= pack_half(after.state, odd);
			}
			scratch[step.output_after + row] = output;
			scratch[step.state_after + row] = state;
		}
	}
}

// Computes the cell and all dense layers behind it but the last one.
fn forward_hidden(id: u32, t: u32, columns: u32) {
	load_tables(t);
	let layer = candidates[id].layers[0];
	let cell = candidates[id].cell;
	// Outputs alternate between two places; the last one is stored where layer 1 reads it.
	let outputs = candidates[id].layers[1].x;
	let other = cell.padded_units * COLUMNS;
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
		cell_step(id, t, step, columns);
		storageBarrier();
	}
	for (var number = 1u; number < candidates[id].hidden_layers; number++) {
		dense_relu(id, number, t, columns);
		storageBarrier();
	}
}
