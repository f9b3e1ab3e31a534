// Packed arithmetic, tiles of 8 neurons x 8 samples, and dense layers.

fn low(v: vec4<i32>) -> vec4<i32> {
	return (v << vec4(16u)) >> vec4(16u);
}

fn high(v: vec4<i32>) -> vec4<i32> {
	return v >> vec4(16u);
}

fn pack(even: vec4<i32>, odd: vec4<i32>) -> vec4<i32> {
	return (even & vec4(0xffff)) | (odd << vec4(16u));
}

// `value / 2^shift`, rounded to nearest, halves up. `shift` is at least 1.
fn round_shift(value: vec4<i32>, shift: u32) -> vec4<i32> {
	return (value + vec4(1i << (shift - 1u))) >> vec4(shift);
}

// Eight neurons for eight samples: the even samples of neuron 0 in `e0`, the odd ones in `o0`, and so on.
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

// Tile whose neurons hold the four values of `first` and the four of `second` for every sample.
fn broadcast(first: vec4<i32>, second: vec4<i32>) -> Tile {
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

// Adds to `sums` the outer products of `count` inputs, whose samples begin at `x` in `scratch`, with the weights of eight neurons
// at `weights` in `parameters` and every `stride` vec4 from there.
fn multiply_accumulate(sums: Tile, weights: u32, stride: u32, x: u32, count: u32) -> Tile {
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

// Accumulators of output group `group` of `layer` for the eight samples of `column`: `W·x + b`.
fn layer_sums(layer: Layer, group: u32, column: u32) -> Tile {
	let bias = layer.bias + 2u * group;
	let start = broadcast(parameters[bias], parameters[bias + 1u]);
	return multiply_accumulate(start, layer.forward_weights + group, layer.output_groups, layer.x + column, layer.inputs);
}

// Clipped ReLU of an accumulator, in 0..=MAX_ACT.
fn activation(value: vec4<i32>, shift: u32) -> vec4<i32> {
	return clamp(round_shift(value, shift), vec4(0), vec4(MAX_ACT));
}

// Stores the activations of eight neurons for eight samples.
fn store_activations(to: u32, a: Tile, s: u32) {
	scratch[to] = pack(activation(a.e0, s), activation(a.o0, s));
	scratch[to + COLUMNS] = pack(activation(a.e1, s), activation(a.o1, s));
	scratch[to + 2u * COLUMNS] = pack(activation(a.e2, s), activation(a.o2, s));
	scratch[to + 3u * COLUMNS] = pack(activation(a.e3, s), activation(a.o3, s));
	scratch[to + 4u * COLUMNS] = pack(activation(a.e4, s), activation(a.o4, s));
	scratch[to + 5u * COLUMNS] = pack(activation(a.e5, s), activation(a.o5, s));
	scratch[to + 6u * COLUMNS] = pack(activation(a.e6, s), activation(a.o6, s));
	scratch[to + 7u * COLUMNS] = pack(activation(a.e7, s), activation(a.o7, s));
}

// Dense hidden layer `number`: clipped ReLU of `W·x + b` for `columns` groups of samples.
fn dense_relu(id: u32, number: u32, t: u32, columns: u32) {
	let layer = candidates[id].layers[number];
	let y = candidates[id].layers[number + 1u].x;
	let tiles = layer.output_groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / columns;
		let column = tile % columns;
		store_activations(y + group * GROUP * COLUMNS + column, layer_sums(layer, group, column), layer.shift);
	}
}

// High word of the 64-bit product.
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
