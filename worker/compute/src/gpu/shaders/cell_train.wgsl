// Training of gated cells, behind what `train.wgsl` and `cells.wgsl` have: back-propagation through all steps of a window, with the steps of
// `lion` that `recurrent.rs` takes.
//
// A batch is learnt in two halves of 128 windows, each of which goes all the way forward and back before the next one starts. So half of
// the columns suffices for what is kept of each step, and two steps lie side by side: which of them is on the left depends on the half, so
// that the last output has the columns of its samples. The gradients of gates take the places of their sums.
//
// Gradients of a step and of a tile of 64 windows share a power of two, and the bits that these need go round in `bits`: those of a step
// are collected while the ones of the step after are used and the ones before that are cleared.

// Groups of samples in a half, and in a tile.
const HALF: u32 = 16u;
const TILE: u32 = 8u;
const TILES: u32 = 2u;
// Fractional bits of a weight.
const WEIGHT_FRAC: u32 = 10u;
const MAX_EXPONENT: i32 = 0;
// Places of bits in turn.
const TURNS: u32 = 3u;

fn side(number: u32, half: u32) -> u32 {
	return ((number & 1u) ^ half) * HALF;
}

// The sums of the gates of a step, and later their gradients.
fn sums_at(id: u32, step: u32, half: u32) -> u32 {
	let rows = candidates[id].layers[0].output_groups * GROUP;
	return candidates[id].layers[0].gradient + step / 2u * rows * COLUMNS + side(step, half);
}

// What a step reads of the one before.
fn output_at(id: u32, step: u32, half: u32) -> u32 {
	let left = candidates[id].cell.steps - step;
	return candidates[id].layers[1].x + left / 2u * candidates[id].cell.hidden * COLUMNS + side(left, half);
}

// The states that a step leaves.
fn state_at(id: u32, step: u32, half: u32) -> u32 {
	let rows = candidates[id].layers[0].output_groups * 2u;
	return candidates[id].cell.states + step / 2u * rows * COLUMNS + side(step, half);
}

// All steps of a half.
fn run(id: u32, t: u32, half: u32) {
	let x = candidates[id].layers[0].x + half * HALF;
	for (var number = 0u; number < candidates[id].cell.steps; number++) {
		let before = max(number, 1u) - 1u;
		let step = Step(
			x + number * COLUMNS,
			output_at(id, number, half), output_at(id, number + 1u, half),
			state_at(id, before, half), state_at(id, number, half),
			sums_at(id, number, half), number == 0u,
		);
		advance(id, t, step, HALF);
		storageBarrier();
	}
}

// Gradients of the sums of the gates, and of the state before.
struct Back {
	a: vec4<i32>,
	b: vec4<i32>,
	c: vec4<i32>,
	d: vec4<i32>,
	before: vec4<i32>,
}

// What one minus a gate leaves, and its slope.
fn rest(v: vec4<i32>) -> vec4<i32> {
	return vec4(WHOLE) - v;
}

// One minus the square of a hyperbolic tangent.
fn slope(v: vec4<i32>) -> vec4<i32> {
	return vec4(MOST) - times(v, v);
}

// Gradients from those of the output and of the state, as in `scalar_cells.rs`.
fn unit_back(
	a: vec4<i32>, b: vec4<i32>, c: vec4<i32>, d: vec4<i32>,
	before: vec4<i32>, after: vec4<i32>, output: vec4<i32>, state: vec4<i32>,
) -> Back {
	if (GRU) {
		let r = sigmoid(a);
		let u = sigmoid(b);
		let g = tangent(saturate16(d + times(r, c)));
		let s = state + output;
		let uu = times(u, rest(u));
		let fresh = times(rest(u), slope(g));
		return Back(
			times(s << vec4(2u), times(fresh, times(saturate16(c + c), times(r, rest(r))))),
			times(s, times(before, uu) - times(g, uu)),
			times(s, times(fresh, r)),
			times(s, fresh),
			times(s, u),
		);
	}
	let i = sigmoid(a);
	let f = sigmoid(b);
	let g = tangent(c);
	let o = sigmoid(d);
	let y = tangent(after);
	let s = state + times(output, times(o, slope(y)));
	return Back(
		times(s, times(g, times(i, rest(i)))),
		times(s << vec4(2u), times(saturate16(before + before), times(f, rest(f)))),
		times(s, times(i, slope(g))),
		times(output, times(y, times(o, rest(o)))),
		times(s, f),
	);
}

// How far the gradients of a tile are shifted right.
fn shift_of(needed: u32, most: u32) -> u32 {
	return max(max(32u - countLeadingZeros(needed), WEIGHT_FRAC), most + 1u) - most;
}

fn magnitude(v: vec4<i32>) -> vec4<u32> {
	return bitcast<vec4<u32>>(abs(v));
}

// Tells the bits that some gradients of a tile need.
fn tell(turn: u32, tile: u32, any: vec4<u32>) {
	let word = any.x | any.y | any.z | any.w;
	if (word > 0u) {
		atomicOr(&bits[turn * TILES + tile], word);
	}
}

// The gates of a step, whose outputs have left their gradients in `raw`.
fn back_units(id: u32, t: u32, step: u32, half: u32, shift: u32) {
	let cell = candidates[id].cell;
	// As many threads as a multiple of these.
	let column = t % HALF;
	let sums = sums_at(id, step, half) + column;
	let state_before = state_at(id, max(step, 1u) - 1u, half) + column;
	let state_after = state_at(id, step, half) + column;
	let raw = candidates[id].raw + column;
	let carries = cell.carries + column;
	let last = step + 1u == cell.steps;
	let rounding = (1i << shift) >> 1u;
	let left = max(shift, WEIGHT_FRAC) - shift;
	let right = max(shift, WEIGHT_FRAC) - WEIGHT_FRAC;
	let carried = vec4((1i << right) >> 1u);
	var any = vec4(0u);
	for (var at = t; at < cell.units * HALF; at += SIZE) {
		let unit = at / HALF;
		let gates = sums + 4u * unit * COLUMNS;
		let a = scratch[gates];
		let b = scratch[gates + COLUMNS];
		let c = scratch[gates + 2u * COLUMNS];
		let d = scratch[gates + 3u * COLUMNS];
		let before = select(scratch[state_before + unit * COLUMNS], vec4(0), step == 0u);
		let after = scratch[state_after + unit * COLUMNS];
		let carry = select(scratch[carries + unit * HALF], vec4(0), last);
		var both: Back;
		for (var odd = 0u; odd < 2u; odd++) {
			let back = unit_back(
				part(a, odd), part(b, odd), part(c, odd), part(d, odd), part(before, odd), part(after, odd),
				scaled(scratch[raw + (2u * unit + odd) * HALF], shift, rounding),
				((part(carry, odd) << vec4(left)) + carried) >> vec4(right),
			);
			both.a |= packed(back.a, odd);
			both.b |= packed(back.b, odd);
			both.c |= packed(back.c, odd);
			both.d |= packed(back.d, odd);
			both.before |= packed(back.before, odd);
			any |= magnitude(back.before) << vec4(WEIGHT_FRAC);
		}
		scratch[gates] = both.a;
		scratch[gates + COLUMNS] = both.b;
		scratch[gates + 2u * COLUMNS] = both.c;
		scratch[gates + 3u * COLUMNS] = both.d;
		scratch[carries + unit * HALF] = both.before;
	}
	tell((step + TURNS - 1u) % TURNS, column / TILE, any);
}

fn put_raw(at: u32, even: vec4<i32>, odd: vec4<i32>) -> vec4<u32> {
	scratch[at] = even;
	scratch[at + HALF] = odd;
	return magnitude(even) | magnitude(odd);
}

// Gradients of the outputs of a step, from those of what a layer makes of them, which lie at `gradient`.
fn back_outputs(id: u32, t: u32, layer: Layer, gradient: u32, turn: u32) {
	let column = t % HALF;
	let tiles = candidates[id].cell.hidden / GROUP * HALF;
	var any = vec4(0u);
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / HALF;
		let a = product(Tile(), layer.backward + group, layer.input_groups, gradient + column, layer.outputs);
		let to = candidates[id].raw + 2u * group * GROUP * HALF + column;
		any |= put_raw(to, a.e0, a.o0);
		any |= put_raw(to + 2u * HALF, a.e1, a.o1);
		any |= put_raw(to + 4u * HALF, a.e2, a.o2);
		any |= put_raw(to + 6u * HALF, a.e3, a.o3);
		any |= put_raw(to + 8u * HALF, a.e4, a.o4);
		any |= put_raw(to + 10u * HALF, a.e5, a.o5);
		any |= put_raw(to + 12u * HALF, a.e6, a.o6);
		any |= put_raw(to + 14u * HALF, a.e7, a.o7);
	}
	tell(turn, column / TILE, any);
}

// All steps of a half, backwards.
fn back(id: u32, t: u32, half: u32) {
	let cell = candidates[id].cell;
	var exponents = vec2(0);
	for (var left = cell.steps + 1u; left > 0u; left--) {
		let step = left - 1u;
		// Behind the last step is the layer that reads the last output.
		let behind = step == cell.steps;
		if (!behind) {
			let turn = step % TURNS * TILES;
			let shifts = vec2(
				shift_of(atomicLoad(&bits[turn]), cell.gradient_bits),
				shift_of(atomicLoad(&bits[turn + 1u]), cell.gradient_bits),
			);
			exponents = min(exponents + vec2<i32>(shifts) - vec2(i32(WEIGHT_FRAC)), vec2(MAX_EXPONENT));
			if (t == 0u) {
				// How far the gradients of weights are shifted right.
				let back = min(vec2(i32(cell.sum_shift)) - exponents, vec2(31));
				scratch[cell.backs + step] = vec4(back, 0, 0);
				let cleared = (step + 1u) % TURNS * TILES;
				atomicStore(&bits[cleared], 0u);
				atomicStore(&bits[cleared + 1u], 0u);
			}
			back_units(id, t, step, half, select(shifts.x, shifts.y, t % HALF >= TILE));
		}
		storageBarrier();
		if (step > 0u) {
			let layer = candidates[id].layers[select(0u, 1u, behind)];
			let gradient = select(sums_at(id, step, half), layer.gradient + half * HALF, behind);
			back_outputs(id, t, layer, gradient, (step - 1u) % TURNS);
		}
		storageBarrier();
		workgroupBarrier();
	}
}

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

fn correlation(g: vec4<i32>, e: vec4<i32>, o: vec4<i32>) -> i32 {
	return dot(low(g), e) + dot(high(g), o);
}

// Weight gradients of eight gates by the eight inputs behind the last output that begin with number `first`: channels, a one, nothing.
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
		let here = vec4<i32>(vec4(0u, 1u, 2u, 3u) == vec4(n));
		let there = vec4<i32>(vec4(4u, 5u, 6u, 7u) == vec4(n));
		t.e0 += a.x * here; t.o0 += a.x * there;
		t.e1 += a.y * here; t.o1 += a.y * there;
		t.e2 += a.z * here; t.o2 += a.z * there;
		t.e3 += a.w * here; t.o3 += a.w * there;
		t.e4 += b.x * here; t.o4 += b.x * there;
		t.e5 += b.y * here; t.o5 += b.y * there;
		t.e6 += b.z * here; t.o6 += b.z * there;
		t.e7 += b.w * here; t.o7 += b.w * there;
	}
	return t;
}

// Gradients of the weights of a half, each sum over all steps in `parts` parts.
fn weigh(id: u32, t: u32, half: u32) {
	let layer = candidates[id].layers[0];
	let cell = candidates[id].cell;
	let hidden = cell.hidden / GROUP;
	let all = layer.output_groups * layer.input_groups;
	let of_outputs = layer.output_groups * hidden;
	for (var item = t; item < of_outputs * cell.parts; item += SIZE) {
		let part = item / of_outputs;
		let output = item % of_outputs / hidden;
		let input = item % hidden;
		let end = (part + 1u) * cell.steps / cell.parts;
		var sum: Tile;
		// What the first step reads is zero.
		for (var step = max(part * cell.steps / cell.parts, 1u); step < end; step++) {
			let g = sums_at(id, step, half) + output * GROUP * COLUMNS;
			let x = output_at(id, step, half) + input * GROUP * COLUMNS;
			let backs = scratch[cell.backs + step];
			for (var tile = 0u; tile < TILES; tile++) {
				let back = u32(select(backs.x, backs.y, tile > 0u));
				sum = add_shifted(sum, correlate(g + tile * TILE, x + tile * TILE, TILE), 1i << (back - 1u), back);
			}
		}
		keep_partial(cell.sums + part * 16u * all + output * layer.input_groups + input, all, sum);
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
			let backs = scratch[cell.backs + step];
			for (var tile = 0u; tile < TILES; tile++) {
				let d = correlate_inputs(g + tile * TILE, x + tile * TILE, input * GROUP, cell.channels, cell.steps);
				let back = u32(select(backs.x, backs.y, tile > 0u));
				sum = add_shifted(sum, d, 1i << (back - 1u), back);
			}
		}
		keep_partial(cell.sums + part * 16u * all + output * layer.input_groups + hidden + input, all, sum);
	}
}

// Gradients of the weights of a tile of a layer: those of the gates have been added up.
fn gradients(id: u32, number: u32, tile: u32, half: u32) -> Tile {
	let layer = candidates[id].layers[number];
	let cell = candidates[id].cell;
	var g: Tile;
	if (number > 0u) {
		let gradient = layer.gradient + half * HALF + tile / layer.input_groups * GROUP * COLUMNS;
		return correlate(gradient, layer.x + half * HALF + tile % layer.input_groups * GROUP * COLUMNS, HALF);
	}
	let all = layer.output_groups * layer.input_groups;
	for (var part = 0u; part < cell.parts; part++) {
		add_tile(&g, cell.sums + part * 16u * all + tile, all);
	}
	if (GRU) {
		// The two candidates of a unit are different sums: one reads the last output, the other the rest.
		let of_output = vec4(select(0, 1, tile % layer.input_groups < cell.hidden / GROUP));
		let of_input = vec4(1) - of_output;
		g.e2 *= of_output; g.o2 *= of_output;
		g.e6 *= of_output; g.o6 *= of_output;
		g.e3 *= of_input; g.o3 *= of_input;
		g.e7 *= of_input; g.o7 *= of_input;
	}
	return g;
}

// One step of every weight of the gates, and of the layer that reads the last output.
fn update_cell(id: u32, t: u32, step: u32, half: u32) {
	let pace = pace_of(id, step);
	var tile = t;
	for (var number = 0u; number < 2u; number++) {
		let layer = candidates[id].layers[number];
		let tiles = layer.output_groups * layer.input_groups;
		for (; tile < tiles; tile += SIZE) {
			step_tile(layer, tiles, tile, gradients(id, number, tile, half), pace);
		}
		tile -= tiles;
	}
	let head = candidates[id].layers[1];
	for (; tile < 2u * head.output_groups; tile += SIZE) {
		step_bias(head, tile, totals(head.gradient + half * HALF + tile * 4u * COLUMNS, HALF) << vec4(ACT_FRAC), pace);
		// Accumulators have two bits more than those of dense nets.
		parameters[head.bias + tile] = parameters[head.bias_masters + tile] << vec4(1u);
	}
}

fn learn(id: u32, t: u32, step: u32) {
	prepare(t);
	// Targets are kept by other threads than those that need them.
	storageBarrier();
	for (var half = 0u; half < 2u; half++) {
		run(id, t, half);
		// Those of the other half are of no use, and no harm.
		signs(id, 1u, t);
		if (t == 0u) {
			for (var at = 0u; at < TURNS * TILES; at++) {
				atomicStore(&bits[at], 0u);
			}
		}
		storageBarrier();
		workgroupBarrier();
		back(id, t, half);
		weigh(id, t, half);
		storageBarrier();
		update_cell(id, t, step, half);
		storageBarrier();
	}
}
