// Gated cells: back-propagation through time over all steps of a window, with the steps of `lion.wgsl` that
// `train/families/rnn.rs` takes.
//
// A batch is trained on in two halves of 128 windows; each half runs forward, backward and updates before the next one begins.
// Half of the columns therefore suffices for what each step stores, and two steps share the columns of a batch: which of them
// uses the left half depends on the half of the batch, so that the last output has the columns of its samples. The gradients of
// gates overwrite their sums.
//
// Gradients of one step and of one tile of 64 windows share a power of two. `needed_bits` is a ring of three slots: those of a
// step are collected while the ones of the step after it are used and the ones before that are cleared.

// Groups of samples in half a batch, and in a tile of 64 windows; tiles of a half.
const HALF: u32 = 16u;
const TILE: u32 = 8u;
const TILES: u32 = 2u;
// Fractional bits of a weight, and the largest exponent of gradients.
const WEIGHT_FRAC: u32 = 10u;
const MAX_EXPONENT: i32 = 0;
// Slots of the ring of needed bits.
const BIT_SLOTS: u32 = 3u;

// First column of step `number` in half `half` of the batch.
fn column_offset(number: u32, half: u32) -> u32 {
	return ((number & 1u) ^ half) * HALF;
}

// Place of the sums of the gates of a step, which their gradients overwrite.
fn sums_at(id: u32, step: u32, half: u32) -> u32 {
	let rows = candidates[id].layers[0].output_groups * GROUP;
	return candidates[id].layers[0].gradient + step / 2u * rows * COLUMNS + column_offset(step, half);
}

// Place of the output that step `step` reads: that of the step before it.
fn output_at(id: u32, step: u32, half: u32) -> u32 {
	let left = candidates[id].cell.steps - step;
	return candidates[id].layers[1].x + left / 2u * candidates[id].cell.padded_units * COLUMNS + column_offset(left, half);
}

// Place of the states after a step.
fn state_at(id: u32, step: u32, half: u32) -> u32 {
	let rows = candidates[id].layers[0].output_groups * 2u;
	return candidates[id].cell.states + step / 2u * rows * COLUMNS + column_offset(step, half);
}

// Runs all steps of a half forward.
fn forward_steps(id: u32, t: u32, half: u32) {
	let x = candidates[id].layers[0].x + half * HALF;
	for (var number = 0u; number < candidates[id].cell.steps; number++) {
		let before = max(number, 1u) - 1u;
		let step = Step(
			x + number * COLUMNS,
			output_at(id, number, half), output_at(id, number + 1u, half),
			state_at(id, before, half), state_at(id, number, half),
			sums_at(id, number, half), number == 0u,
		);
		cell_step(id, t, step, HALF);
		storageBarrier();
	}
}

// Gradients of the sums of the four gates of a unit, and of the state before.
struct UnitGradients {
	a: vec4<i32>,
	b: vec4<i32>,
	c: vec4<i32>,
	d: vec4<i32>,
	before: vec4<i32>,
}

// One minus a gate, Q15.
fn one_minus(v: vec4<i32>) -> vec4<i32> {
	return vec4(WHOLE) - v;
}

// Derivative of the hyperbolic tangent with value `v`: `1 - v^2`, Q15.
fn tanh_slope(v: vec4<i32>) -> vec4<i32> {
	return vec4(MOST) - multiply_q15(v, v);
}

// Gradients of a unit from those of its output and state, as in the scalar kernel `doin_kernels::ops::rnn`.
fn unit_gradients(
	gates: Gates, before: vec4<i32>, after: vec4<i32>, output: vec4<i32>, state: vec4<i32>,
) -> UnitGradients {
	if (GRU) {
		let r = sigmoid_q15(gates.a);
		let u = sigmoid_q15(gates.b);
		let g = tanh_q15(saturate16(gates.d + multiply_q15(r, gates.c)));
		let s = state + output;
		let uu = multiply_q15(u, one_minus(u));
		let fresh = multiply_q15(one_minus(u), tanh_slope(g));
		return UnitGradients(
			multiply_q15(s << vec4(2u), multiply_q15(fresh, multiply_q15(saturate16(gates.c + gates.c), multiply_q15(r, one_minus(r))))),
			multiply_q15(s, multiply_q15(before, uu) - multiply_q15(g, uu)),
			multiply_q15(s, multiply_q15(fresh, r)),
			multiply_q15(s, fresh),
			multiply_q15(s, u),
		);
	}
	let i = sigmoid_q15(gates.a);
	let f = sigmoid_q15(gates.b);
	let g = tanh_q15(gates.c);
	let o = sigmoid_q15(gates.d);
	let y = tanh_q15(after);
	let s = state + multiply_q15(output, multiply_q15(o, tanh_slope(y)));
	return UnitGradients(
		multiply_q15(s, multiply_q15(g, multiply_q15(i, one_minus(i)))),
		multiply_q15(s << vec4(2u), multiply_q15(saturate16(before + before), multiply_q15(f, one_minus(f)))),
		multiply_q15(s, multiply_q15(i, tanh_slope(g))),
		multiply_q15(output, multiply_q15(y, multiply_q15(o, one_minus(o)))),
		multiply_q15(s, f),
	);
}

// Right shift that leaves at most `most` bits of gradients that need the bits of `needed`.
fn gradient_shift(needed: u32, most: u32) -> u32 {
	return max(max(32u - countLeadingZeros(needed), WEIGHT_FRAC), most + 1u) - most;
}

// Magnitudes.
fn magnitude(v: vec4<i32>) -> vec4<u32> {
	return bitcast<vec4<u32>>(abs(v));
}

// Records the magnitudes of some gradients of a tile in a slot of the ring.
fn record_bits(slot: u32, tile: u32, any: vec4<u32>) {
	let word = any.x | any.y | any.z | any.w;
	if (word > 0u) {
		atomicOr(&needed_bits[slot * TILES + tile], word);
	}
}

// Gradients of the gates of a step from those of its outputs, which are in `unscaled`.
fn backward_units(id: u32, t: u32, step: u32, half: u32, shift: u32) {
	let cell = candidates[id].cell;
	// SIZE is a multiple of HALF, so a thread keeps its column.
	let column = t % HALF;
	let sums = sums_at(id, step, half) + column;
	let state_before = state_at(id, max(step, 1u) - 1u, half) + column;
	let state_after = state_at(id, step, half) + column;
	let raw = candidates[id].unscaled + column;
	let carries = cell.state_gradients + column;
	let last = step + 1u == cell.steps;
	let rounding = (1i << shift) >> 1u;
	let left = max(shift, WEIGHT_FRAC) - shift;
	let right = max(shift, WEIGHT_FRAC) - WEIGHT_FRAC;
	let carried = vec4((1i << right) >> 1u);
	var any = vec4(0u);
	for (var at = t; at < cell.units * HALF; at += SIZE) {
		let unit = at / HALF;
		let gates_at = sums + 4u * unit * COLUMNS;
		let a = scratch[gates_at];
		let b = scratch[gates_at + COLUMNS];
		let c = scratch[gates_at + 2u * COLUMNS];
		let d = scratch[gates_at + 3u * COLUMNS];
		let before = select(scratch[state_before + unit * COLUMNS], vec4(0), step == 0u);
		let after = scratch[state_after + unit * COLUMNS];
		let carry = select(scratch[carries + unit * HALF], vec4(0), last);
		var both: UnitGradients;
		for (var odd = 0u; odd < 2u; odd++) {
			let back = unit_gradients(
				Gates(unpack_half(a, odd), unpack_half(b, odd), unpack_half(c, odd), unpack_half(d, odd)),
				unpack_half(before, odd), unpack_half(after, odd),
				rescaled(scratch[raw + (2u * unit + odd) * HALF], shift, rounding),
				((unpack_half(carry, odd) << vec4(left)) + carried) >> vec4(right),
			);
			both.a |= pack_half(back.a, odd);
			both.b |= pack_half(back.b, odd);
			both.c |= pack_half(back.c, odd);
			both.d |= pack_half(back.d, odd);
			both.before |= pack_half(back.before, odd);
			any |= magnitude(back.before) << vec4(WEIGHT_FRAC);
		}
		scratch[gates_at] = both.a;
		scratch[gates_at + COLUMNS] = both.b;
		scratch[gates_at + 2u * COLUMNS] = both.c;
		scratch[gates_at + 3u * COLUMNS] = both.d;
		scratch[carries + unit * HALF] = both.before;
	}
	record_bits((step + BIT_SLOTS - 1u) % BIT_SLOTS, column / TILE, any);
}

// Stores unscaled gradients of one neuron; returns their magnitudes.
fn store_unscaled_pair(at: u32, even: vec4<i32>, odd: vec4<i32>) -> vec4<u32> {
	scratch[at] = even;
	scratch[at + HALF] = odd;
	return magnitude(even) | magnitude(odd);
}

// Gradients of the outputs of a step from those of the outputs of `layer`, which are at `gradient`.
fn backward_outputs(id: u32, t: u32, layer: Layer, gradient: u32, slot: u32) {
	let column = t % HALF;
	let tiles = candidates[id].cell.padded_units / GROUP * HALF;
	var any = vec4(0u);
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / HALF;
		let a = multiply_accumulate(Tile(), layer.backward_weights + group, layer.input_groups, gradient + column, layer.outputs);
		let to = candidates[id].unscaled + 2u * group * GROUP * HALF + column;
		any |= store_unscaled_pair(to, a.e0, a.o0);
		any |= store_unscaled_pair(to + 2u * HALF, a.e1, a.o1);
		any |= store_unscaled_pair(to + 4u * HALF, a.e2, a.o2);
		any |= store_unscaled_pair(to + 6u * HALF, a.e3, a.o3);
		any |= store_unscaled_pair(to + 8u * HALF, a.e4, a.o4);
		any |= store_unscaled_pair(to + 10u * HALF, a.e5, a.o5);
		any |= store_unscaled_pair(to + 12u * HALF, a.e6, a.o6);
		any |= store_unscaled_pair(to + 14u * HALF, a.e7, a.o7);
	}
	record_bits(slot, column / TILE, any);
}

// Runs all steps of a half backwards.
fn backward_steps(id: u32, t: u32, half: u32) {
	let cell = candidates[id].cell;
	var exponents = vec2(0);
	for (var left = cell.steps + 1u; left > 0u; left--) {
		let step = left - 1u;
		// Behind the last step is the dense layer that reads the last output.
		let behind = step == cell.steps;
		if (!behind) {
			let slot = step % BIT_SLOTS * TILES;
			let shifts = vec2(
				gradient_shift(atomicLoad(&needed_bits[slot]), cell.gradient_bits),
				gradient_shift(atomicLoad(&needed_bits[slot + 1u]), cell.gradient_bits),
			);
			exponents = min(exponents + vec2<i32>(shifts) - vec2(i32(WEIGHT_FRAC)), vec2(MAX_EXPONENT));
			if (t == 0u) {
				// Right shift of the weight gradients of the step, per tile.
				let back = min(vec2(i32(cell.sum_shift)) - exponents, vec2(31));
				scratch[cell.gradient_shifts + step] = vec4(back, 0, 0);
				let cleared = (step + 1u) % BIT_SLOTS * TILES;
				atomicStore(&needed_bits[cleared], 0u);
				atomicStore(&needed_bits[cleared + 1u], 0u);
			}
			backward_units(id, t, step, half, select(shifts.x, shifts.y, t % HALF >= TILE));
		}
		storageBarrier();
		if (step > 0u) {
			let layer = candidates[id].layers[select(0u, 1u, behind)];
			let gradient = select(sums_at(id, step, half), layer.gradient + half * HALF, behind);
			backward_outputs(id, t, layer, gradient, (step - 1u) % BIT_SLOTS);
		}
		storageBarrier();
		workgroupBarrier();
	}
}

// Adds a partial sum that `store_partial` stored.
fn add_tile(sum: ptr<function, Tile>, at: u32, stride: u32) {
	(*sum).e0 += scratch[at];
	(*sum).o0 += scratch[at + stride];
	(*sum).e1 += scratch[at + 2u * stride];
	(*sum).o1 += scratch[at + 3u * stride];
	(*sum).e2 += scratch[at + 4u * stride];
	(*sum).o2 += scratch[at + 5u * stride];
	(*sum).e3 += scratch[at + 6u * stride];
	(*sum).o3 += scratch[at + 7u * stride];
	(*sum).e4 += scratch[at + 8u * stride];
	(*sum).o4 += scratch[at + 9u * stride];
	(*sum).e5 += scratch[at + 10u * stride];
	(*sum).o5 += scratch[at + 11u * stride];
	(*sum).e6 += scratch[at + 12u * stride];
	(*sum).o6 += scratch[at + 13u * stride];
	(*sum).e7 += scratch[at + 14u * stride];
	(*sum).o7 += scratch[at + 15u * stride];
}

// Dot product of packed gradients with eight unpacked activations.
fn correlation(g: vec4<i32>, e: vec4<i32>, o: vec4<i32>) -> i32 {
	return dot(low(g), e) + dot(high(g), o);
}

// Weight gradients of eight gates by eight inputs behind the previous output, from number `first` on: channels, the constant one,
// padding.
fn correlate_inputs(gradient: u32, x: u32, first: u32, channels: u32, steps: u32) -> Tile {
	var t: Tile;
	let count = min(GROUP, channels + 1u - first);
	for (var n = 0u; n < count; n++) {
		let one = first + n == channels;
		let row = x + min(first + n, channels - 1u) * steps * COLUMNS;
		var a = vec4(0);
		var b = vec4(0);
		for (var column = 0u; column < TILE; column++) {
			let v = scratch[row + column];
			let e = select(low(v), vec4(ONE), one);
			let o = select(high(v), vec4(ONE), one);
			let g = gradient + column;
			a += vec4(
				correlation(scratch[g], e, o), correlation(scratch[g + COLUMNS], e, o),
				correlation(scratch[g + 2u * COLUMNS], e, o), correlation(scratch[g + 3u * COLUMNS], e, o),
			);
			b += vec4(
				correlation(scratch[g + 4u * COLUMNS], e, o), correlation(scratch[g + 5u * COLUMNS], e, o),
				correlation(scratch[g + 6u * COLUMNS], e, o), correlation(scratch[g + 7u * COLUMNS], e, o),
			);
		}
		let first_half = vec4<i32>(vec4(0u, 1u, 2u, 3u) == vec4(n));
		let second_half = vec4<i32>(vec4(4u, 5u, 6u, 7u) == vec4(n));
		t.e0 += a.x * first_half; t.o0 += a.x * second_half;
		t.e1 += a.y * first_half; t.o1 += a.y * second_half;
		t.e2 += a.z * first_half; t.o2 += a.z * second_half;
		t.e3 += a.w * first_half; t.o3 += a.w * second_half;
		t.e4 += b.x * first_half; t.o4 += b.x * second_half;
		t.e5 += b.y * first_half; t.o5 += b.y * second_half;
		t.e6 += b.z * first_half; t.o6 += b.z * second_half;
		t.e7 += b.w * first_half; t.o7 += b.w * second_half;
	}
	return t;
}

// Weight gradients of a half, each sum over all steps in `parts` partial sums.
fn weight_gradients(id: u32, t: u32, half: u32) {
	let layer = candidates[id].layers[0];
	let cell = candidates[id].cell;
	let hidden = cell.padded_units / GROUP;
	let all = layer.output_groups * layer.input_groups;
	let of_outputs = layer.output_groups * hidden;
	for (var item = t; item < of_outputs * cell.parts; item += SIZE) {
		let part = item / of_outputs;
		let output = item % of_outputs / hidden;
		let input = item % hidden;
		let end = (part + 1u) * cell.steps / cell.parts;
		var sum: Tile;
		// The first step reads an output of zero.
		for (var step = max(part * cell.steps / cell.parts, 1u); step < end; step++) {
			let g = sums_at(id, step, half) + output * GROUP * COLUMNS;
			let x = output_at(id, step, half) + input * GROUP * COLUMNS;
			let shifts = scratch[cell.gradient_shifts + step];
			for (var tile = 0u; tile < TILES; tile++) {
				let back = u32(select(shifts.x, shifts.y, tile > 0u));
				sum = add_shifted(sum, correlate(g + tile * TILE, x + tile * TILE, TILE), 1i << (back - 1u), back);
			}
		}
		store_partial(cell.weight_gradients + part * 16u * all + output * layer.input_groups + input, all, sum);
	}
	let more = layer.input_groups - hidden;
	let of_inputs = layer.output_groups * more;
	for (var item = t; item < of_inputs * cell.parts; item += SIZE) {
		let part = item / of_inputs;
		let output = item % of_inputs / more;
		let input = item % more;
		let end = (part + 1u) * cell.steps / cell.parts;
		var sum: Tile;
		for (var step = part * cell.steps / cell.parts; step < end; step++) {
			let g = sums_at(id, step, half) + output * GROUP * COLUMNS;
			let x = layer.x + step * COLUMNS + half * HALF;
			let shifts = scratch[cell.gradient_shifts + step];
			for (var tile = 0u; tile < TILES; tile++) {
				let d = correlate_inputs(g + tile * TILE, x + tile * TILE, input * GROUP, cell.channels, cell.steps);
				let back = u32(select(shifts.x, shifts.y, tile > 0u));
				sum = add_shifted(sum, d, 1i << (back - 1u), back);
			}
		}
		store_partial(cell.weight_gradients + part * 16u * all + output * layer.input_groups + hidden + input, all, sum);
	}
}

// Weight gradients of a tile of a layer; those of the gates are the sum of their partial sums.
fn tile_gradients(id: u32, number: u32, tile: u32, half: u32) -> Tile {
	let layer = candidates[id].layers[number];
	let cell = candidates[id].cell;
	var g: Tile;
	if (number > 0u) {
		let gradient = layer.gradient + half * HALF + tile / layer.input_groups * GROUP * COLUMNS;
		return correlate(gradient, layer.x + half * HALF + tile % layer.input_groups * GROUP * COLUMNS, HALF);
	}
	let all = layer.output_groups * layer.input_groups;
	for (var part = 0u; part < cell.parts; part++) {
		add_tile(&g, cell.weight_gradients + part * 16u * all + tile, all);
	}
	if (GRU) {
		// The two candidate sums of a GRU unit are separate: one reads the previous output, the other the inputs.
		let of_output = vec4(select(0, 1, tile % layer.input_groups < cell.padded_units / GROUP));
		let of_input = vec4(1) - of_output;
		g.e2 *= of_output; g.o2 *= of_output;
		g.e6 *= of_output; g.o6 *= of_output;
		g.e3 *= of_input; g.o3 *= of_input;
		g.e7 *= of_input; g.o7 *= of_input;
	}
	return g;
}

// Updates every weight of the gates, and of the layer that reads the last output.
fn update_cell(id: u32, t: u32, step: u32, half: u32) {
	let step_size = step_size_of(id, step);
	var tile = t;
	for (var number = 0u; number < 2u; number++) {
		let layer = candidates[id].layers[number];
		let tiles = layer.output_groups * layer.input_groups;
		for (; tile < tiles; tile += SIZE) {
			step_tile(layer, tiles, tile, tile_gradients(id, number, tile, half), step_size);
		}
		tile -= tiles;
	}
	let head = candidates[id].layers[1];
	for (; tile < 2u * head.output_groups; tile += SIZE) {
		step_bias(head, tile, gradient_sums(head.gradient + half * HALF + tile * 4u * COLUMNS, HALF) << vec4(ACT_FRAC), step_size);
		// Accumulators have two more bits than those of dense nets; `step_bias` removed one.
		parameters[head.bias + tile] = parameters[head.bias_masters + tile] << vec4(1u);
	}
}

// One training step: two halves of the batch, each forward, loss gradient, backward, update.
fn train_step(id: u32, t: u32, step: u32) {
	load_tables(t);
	// Other threads than those that read the targets stored them.
	storageBarrier();
	for (var half = 0u; half < 2u; half++) {
		forward_steps(id, t, half);
		// Covers the other half as well, whose gradients are not read.
		output_gradient(id, 1u, t);
		if (t == 0u) {
			for (var at = 0u; at < BIT_SLOTS * TILES; at++) {
				atomicStore(&needed_bits[at], 0u);
			}
		}
		storageBarrier();
		workgroupBarrier();
		backward_steps(id, t, half);
		weight_gradients(id, t, half);
		storageBarrier();
		update_cell(id, t, step, half);
		storageBarrier();
	}
}
