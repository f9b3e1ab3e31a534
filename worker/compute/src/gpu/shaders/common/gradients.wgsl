// Gradients: back through dense layers, rescaling per batch and layer, and sums over samples for weights and biases.

// Bitwise OR of the magnitudes of the unscaled gradients of each layer.
var<workgroup> needed_bits: array<atomic<u32>, MAX_LAYERS>;

// Derivative of the clipped ReLU: 0 where the activation is clamped, else the gradient.
fn relu_mask(gradient: vec4<i32>, activation: vec4<i32>) -> vec4<i32> {
	return select(vec4(0), gradient, (activation > vec4(0)) & (activation < vec4(MAX_ACT)));
}

// Stores the unscaled gradients of one neuron for eight samples; returns the OR of their magnitudes.
fn store_unscaled(at: u32, stride: u32, x: u32, even: vec4<i32>, odd: vec4<i32>) -> vec4<u32> {
	let v = scratch[x];
	let e = relu_mask(even, low(v));
	let o = relu_mask(odd, high(v));
	scratch[at] = e;
	scratch[at + stride] = o;
	return bitcast<vec4<u32>>(abs(e)) | bitcast<vec4<u32>>(abs(o));
}

// Stores the unscaled gradients of eight neurons for eight samples; returns the OR of their magnitudes.
fn store_unscaled_tile(at: u32, stride: u32, x: u32, a: Tile) -> vec4<u32> {
	var any = store_unscaled(at, stride, x, a.e0, a.o0);
	any |= store_unscaled(at + 2u * stride, stride, x + COLUMNS, a.e1, a.o1);
	any |= store_unscaled(at + 4u * stride, stride, x + 2u * COLUMNS, a.e2, a.o2);
	any |= store_unscaled(at + 6u * stride, stride, x + 3u * COLUMNS, a.e3, a.o3);
	any |= store_unscaled(at + 8u * stride, stride, x + 4u * COLUMNS, a.e4, a.o4);
	any |= store_unscaled(at + 10u * stride, stride, x + 5u * COLUMNS, a.e5, a.o5);
	any |= store_unscaled(at + 12u * stride, stride, x + 6u * COLUMNS, a.e6, a.o6);
	return any | store_unscaled(at + 14u * stride, stride, x + 7u * COLUMNS, a.e7, a.o7);
}

// `value / 2^shift`, rounded and clamped to 12 bits; `half` is half of 2^shift.
fn rescaled(value: vec4<i32>, shift: u32, half: i32) -> vec4<i32> {
	return clamp((value + vec4(half)) >> vec4(shift), vec4(-MAX_ACT), vec4(MAX_ACT));
}

// Gradients of the inputs of dense layer `number`, by its backward weights.
fn input_gradient(id: u32, number: u32, t: u32) {
	let layer = candidates[id].layers[number];
	let raw = candidates[id].unscaled;
	let tiles = layer.input_groups * COLUMNS;
	var any = vec4(0u);
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / COLUMNS;
		let column = tile % COLUMNS;
		let a = multiply_accumulate(Tile(), layer.backward_weights + group, layer.input_groups, layer.gradient + column, layer.outputs);
		any |= store_unscaled_tile(raw + tile, tiles, layer.x + group * GROUP * COLUMNS + column, a);
	}
	rescale(id, number, tiles, any, t);
}

// Rescales the unscaled gradients of the inputs of layer `number` by the power of two that leaves GRADIENT_BITS bits for the
// largest of the batch. `tiles` is their number of tiles, `any` the OR of the magnitudes that this thread stored.
fn rescale(id: u32, number: u32, tiles: u32, any: vec4<u32>, t: u32) {
	let raw = candidates[id].unscaled;
	let word = any.x | any.y | any.z | any.w;
	if (word > 0u) {
		atomicOr(&needed_bits[number], word);
	}
	workgroupBarrier();
	let needed = 32u - countLeadingZeros(atomicLoad(&needed_bits[number]));
	let shift = select(0u, needed - GRADIENT_BITS, needed > GRADIENT_BITS);
	let half = (1i << shift) >> 1u;
	let gradient = candidates[id].layers[number - 1u].gradient;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let to = gradient + tile / COLUMNS * GROUP * COLUMNS + tile % COLUMNS;
		for (var neuron = 0u; neuron < GROUP; neuron++) {
			let from_ = raw + tile + 2u * neuron * tiles;
			scratch[to + neuron * COLUMNS] = pack(rescaled(scratch[from_], shift, half), rescaled(scratch[from_ + tiles], shift, half));
		}
	}
}

// Weight gradients of eight outputs by eight inputs over `columns` groups of samples: per output, inputs 0 to 3 in `e`, 4 to 7 in
// `o`.
fn correlate(gradient: u32, x: u32, columns: u32) -> Tile {
	var t: Tile;
	for (var column = 0u; column < columns; column++) {
		let x_at = x + column;
		let v0 = scratch[x_at];
		let v1 = scratch[x_at + COLUMNS];
		let v2 = scratch[x_at + 2u * COLUMNS];
		let v3 = scratch[x_at + 3u * COLUMNS];
		let v4 = scratch[x_at + 4u * COLUMNS];
		let v5 = scratch[x_at + 5u * COLUMNS];
		let v6 = scratch[x_at + 6u * COLUMNS];
		let v7 = scratch[x_at + 7u * COLUMNS];
		let e0 = low(v0); let o0 = high(v0);
		let e1 = low(v1); let o1 = high(v1);
		let e2 = low(v2); let o2 = high(v2);
		let e3 = low(v3); let o3 = high(v3);
		let e4 = low(v4); let o4 = high(v4);
		let e5 = low(v5); let o5 = high(v5);
		let e6 = low(v6); let o6 = high(v6);
		let e7 = low(v7); let o7 = high(v7);
		var g = scratch[gradient + column];
		var e = low(g);
		var o = high(g);
		t.e0 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o0 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + COLUMNS];
		e = low(g);
		o = high(g);
		t.e1 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o1 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + 2u * COLUMNS];
		e = low(g);
		o = high(g);
		t.e2 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o2 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + 3u * COLUMNS];
		e = low(g);
		o = high(g);
		t.e3 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o3 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + 4u * COLUMNS];
		e = low(g);
		o = high(g);
		t.e4 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o4 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + 5u * COLUMNS];
		e = low(g);
		o = high(g);
		t.e5 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o5 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + 6u * COLUMNS];
		e = low(g);
		o = high(g);
		t.e6 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o6 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
		g = scratch[gradient + column + 7u * COLUMNS];
		e = low(g);
		o = high(g);
		t.e7 += vec4(dot(e, e0) + dot(o, o0), dot(e, e1) + dot(o, o1), dot(e, e2) + dot(o, o2), dot(e, e3) + dot(o, o3));
		t.o7 += vec4(dot(e, e4) + dot(o, o4), dot(e, e5) + dot(o, o5), dot(e, e6) + dot(o, o6), dot(e, e7) + dot(o, o7));
	}
	return t;
}

// `a + round(b / 2^bits)`; `half` is half of 2^bits.
fn add_shifted(a: Tile, b: Tile, half: i32, bits: u32) -> Tile {
	var t = a;
	let h = vec4(half);
	let s = vec4(bits);
	t.e0 += (b.e0 + h) >> s; t.o0 += (b.o0 + h) >> s;
	t.e1 += (b.e1 + h) >> s; t.o1 += (b.o1 + h) >> s;
	t.e2 += (b.e2 + h) >> s; t.o2 += (b.o2 + h) >> s;
	t.e3 += (b.e3 + h) >> s; t.o3 += (b.o3 + h) >> s;
	t.e4 += (b.e4 + h) >> s; t.o4 += (b.o4 + h) >> s;
	t.e5 += (b.e5 + h) >> s; t.o5 += (b.o5 + h) >> s;
	t.e6 += (b.e6 + h) >> s; t.o6 += (b.o6 + h) >> s;
	t.e7 += (b.e7 + h) >> s; t.o7 += (b.o7 + h) >> s;
	return t;
}

// Stores a partial sum of a tile: vec4 number k at `at + k * stride`.
fn store_partial(at: u32, stride: u32, g: Tile) {
	scratch[at] = g.e0; scratch[at + stride] = g.o0;
	scratch[at + 2u * stride] = g.e1; scratch[at + 3u * stride] = g.o1;
	scratch[at + 4u * stride] = g.e2; scratch[at + 5u * stride] = g.o2;
	scratch[at + 6u * stride] = g.e3; scratch[at + 7u * stride] = g.o3;
	scratch[at + 8u * stride] = g.e4; scratch[at + 9u * stride] = g.o4;
	scratch[at + 10u * stride] = g.e5; scratch[at + 11u * stride] = g.o5;
	scratch[at + 12u * stride] = g.e6; scratch[at + 13u * stride] = g.o6;
	scratch[at + 14u * stride] = g.e7; scratch[at + 15u * stride] = g.o7;
}

// Loads a partial sum that `store_partial` stored.
fn load_partial(at: u32, stride: u32) -> Tile {
	return Tile(
		scratch[at], scratch[at + stride], scratch[at + 2u * stride], scratch[at + 3u * stride],
		scratch[at + 4u * stride], scratch[at + 5u * stride], scratch[at + 6u * stride], scratch[at + 7u * stride],
		scratch[at + 8u * stride], scratch[at + 9u * stride], scratch[at + 10u * stride], scratch[at + 11u * stride],
		scratch[at + 12u * stride], scratch[at + 13u * stride], scratch[at + 14u * stride], scratch[at + 15u * stride],
	);
}

// Sum of the gradients of one neuron over `columns` groups of samples.
fn gradient_sum(gradient: u32, columns: u32) -> i32 {
	var sum = vec4(0);
	for (var column = 0u; column < columns; column++) {
		let g = scratch[gradient + column];
		sum += low(g) + high(g);
	}
	return sum.x + sum.y + sum.z + sum.w;
}

// Sums of the gradients of four neurons.
fn gradient_sums(gradient: u32, columns: u32) -> vec4<i32> {
	return vec4(
		gradient_sum(gradient, columns), gradient_sum(gradient + COLUMNS, columns),
		gradient_sum(gradient + 2u * COLUMNS, columns), gradient_sum(gradient + 3u * COLUMNS, columns),
	);
}
