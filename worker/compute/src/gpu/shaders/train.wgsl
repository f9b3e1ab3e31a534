// Training: the steps of `lion` on batches drawn as the processor draws them. One dispatch takes many steps of many candidates. How
// gradients go back through hidden layers, `backward`, and to weights, `update`, each family says itself.

const UNIT: i32 = 64;
const GRADIENT_BITS: u32 = 11u;
const MASTER_TO_WEIGHT: u32 = 10u;
const MASTER_TO_BIAS: u32 = 1u;
const ACT_FRAC: u32 = 9u;
const MAX_WEIGHT: i32 = 2096639;
const MAX_BIAS: i32 = 8388608;
const BETA_1: u32 = 2u;
const BETA_2: u32 = 5u;

// Bits that the raw gradients of each layer need.
var<workgroup> bits: array<atomic<u32>, MAX_LAYERS>;
var<workgroup> rejected: atomic<u32>;

// A block of ten rounds of Philox4x32.
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
	var c = counter;
	var k = key;
	for (var round = 0u; round < 10u; round++) {
		let low = 0xD2511F53u * c.x;
		let high = 0xCD9E8D57u * c.z;
		c = vec4(
			multiply_high(0xCD9E8D57u, c.z) ^ c.y ^ k.x, high,
			multiply_high(0xD2511F53u, c.x) ^ c.w ^ k.y, low,
		);
		k += vec2(0x9E3779B9u, 0xBB67AE85u);
	}
	return c;
}

// The window of sample `sample` if `word` is its random number, without regard to rejection.
fn draw_one(share: u32, sample: u32, word: u32) {
	let source = arguments.fit[select(0u, 1u, sample < share)];
	if (word * source.count < source.surplus) {
		atomicStore(&rejected, 1u);
	}
	starts[sample] = u32(values[source.at + multiply_high(word, source.count)]);
}

// Draws again, word by word, once some word was rejected.
fn draw_in_turn(key: vec3<u32>, share: u32, step: u32) {
	var block = 0u;
	var left = 0u;
	var words = vec4(0u);
	for (var sample = 0u; sample < BATCH;) {
		if (left == 0u) {
			words = philox(vec4(block, step, 0u, key.z), key.xy);
			block += 1u;
			left = 4u;
		}
		let word = words.x;
		words = words.yzwx;
		left -= 1u;
		let source = arguments.fit[select(0u, 1u, sample < share)];
		if (word * source.count >= source.surplus) {
			starts[sample] = u32(values[source.at + multiply_high(word, source.count)]);
			sample += 1u;
		}
	}
}

// The windows of a step.
fn draw(id: u32, t: u32, step: u32) {
	let key = candidates[id].key;
	let share = candidates[id].share;
	if (t == 0u) {
		atomicStore(&rejected, 0u);
		for (var layer = 0u; layer < MAX_LAYERS; layer++) {
			atomicStore(&bits[layer], 0u);
		}
	}
	workgroupBarrier();
	for (var block = t; block < BATCH / 4u; block += SIZE) {
		let words = philox(vec4(block, step, 0u, key.z), key.xy);
		draw_one(share, 4u * block, words.x);
		draw_one(share, 4u * block + 1u, words.y);
		draw_one(share, 4u * block + 2u, words.z);
		draw_one(share, 4u * block + 3u, words.w);
	}
	workgroupBarrier();
	if (t == 0u && atomicLoad(&rejected) > 0u) {
		draw_in_turn(key, share, step);
	}
	workgroupBarrier();
	for (var sample = t; sample < BATCH; sample += SIZE) {
		lasts[sample] = values[starts[sample] + arguments.history - 1u];
	}
	workgroupBarrier();
}

// Zero where an activation is clamped.
fn alive(gradient: vec4<i32>, activation: vec4<i32>) -> vec4<i32> {
	return select(vec4(0), gradient, (activation > vec4(0)) & (activation < vec4(MAX_ACT)));
}

// Keeps the raw gradients of one neuron for eight samples; the bits they need.
fn keep_raw(at: u32, stride: u32, x: u32, even: vec4<i32>, odd: vec4<i32>) -> vec4<u32> {
	let v = scratch[x];
	let e = alive(even, low(v));
	let o = alive(odd, high(v));
	scratch[at] = e;
	scratch[at + stride] = o;
	return bitcast<vec4<u32>>(abs(e)) | bitcast<vec4<u32>>(abs(o));
}

// The same for eight neurons.
fn keep_raws(at: u32, stride: u32, x: u32, a: Tile) -> vec4<u32> {
	var any = keep_raw(at, stride, x, a.e0, a.o0);
	any |= keep_raw(at + 2u * stride, stride, x + COLUMNS, a.e1, a.o1);
	any |= keep_raw(at + 4u * stride, stride, x + 2u * COLUMNS, a.e2, a.o2);
	any |= keep_raw(at + 6u * stride, stride, x + 3u * COLUMNS, a.e3, a.o3);
	any |= keep_raw(at + 8u * stride, stride, x + 4u * COLUMNS, a.e4, a.o4);
	any |= keep_raw(at + 10u * stride, stride, x + 5u * COLUMNS, a.e5, a.o5);
	any |= keep_raw(at + 12u * stride, stride, x + 6u * COLUMNS, a.e6, a.o6);
	return any | keep_raw(at + 14u * stride, stride, x + 7u * COLUMNS, a.e7, a.o7);
}

fn scaled(value: vec4<i32>, shift: u32, half: i32) -> vec4<i32> {
	return clamp((value + vec4(half)) >> vec4(shift), vec4(-MAX_ACT), vec4(MAX_ACT));
}

// Gradients of the inputs of layer `number`, which is dense.
fn propagate(id: u32, number: u32, t: u32) {
	let layer = candidates[id].layers[number];
	let raw = candidates[id].raw;
	let tiles = layer.input_groups * COLUMNS;
	var any = vec4(0u);
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / COLUMNS;
		let column = tile % COLUMNS;
		let a = product(Tile(), layer.backward + group, layer.input_groups, layer.gradient + column, layer.outputs);
		any |= keep_raws(raw + tile, tiles, layer.x + group * GROUP * COLUMNS + column, a);
	}
	rescale(id, number, tiles, any, t);
}

// Scales the raw gradients of what layer `number` reads, `tiles` tiles whose bits the threads have found together.
fn rescale(id: u32, number: u32, tiles: u32, any: vec4<u32>, t: u32) {
	let raw = candidates[id].raw;
	let word = any.x | any.y | any.z | any.w;
	if (word > 0u) {
		atomicOr(&bits[number], word);
	}
	workgroupBarrier();
	let needed = 32u - countLeadingZeros(atomicLoad(&bits[number]));
	let shift = select(0u, needed - GRADIENT_BITS, needed > GRADIENT_BITS);
	let half = (1i << shift) >> 1u;
	let gradient = candidates[id].layers[number - 1u].gradient;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let to = gradient + tile / COLUMNS * GROUP * COLUMNS + tile % COLUMNS;
		for (var neuron = 0u; neuron < GROUP; neuron++) {
			let from_ = raw + tile + 2u * neuron * tiles;
			scratch[to + neuron * COLUMNS] = pack(scaled(scratch[from_], shift, half), scaled(scratch[from_ + tiles], shift, half));
		}
	}
}

// Weight gradients of eight outputs by eight inputs over `columns` groups of samples: per output, inputs 0 to 3 in `e`, 4 to 7 in `o`.
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

// Rate, shift of the decay, largest master.
struct Pace {
	rate: i32,
	decay: u32,
	limit: i32,
}

// One step of four masters; the new masters.
fn lion(master: u32, momentum: u32, g: vec4<i32>, pace: Pace) -> vec4<i32> {
	var p = parameters[master];
	let m = parameters[momentum];
	let u = sign(m - (m >> vec4(BETA_1)) + (g >> vec4(BETA_1)));
	let decay = ((p >> vec4(8u)) * pace.rate) >> vec4(pace.decay);
	p = clamp(p - u * pace.rate - decay, vec4(-pace.limit), vec4(pace.limit));
	parameters[master] = p;
	parameters[momentum] = m + ((g - m) >> vec4(BETA_2));
	return p;
}

struct Row {
	first: vec4<i32>,
	second: vec4<i32>,
}

// One step of one output of a tile; its new weights.
fn step_row(layer: Layer, tiles: u32, tile: u32, row: u32, first: vec4<i32>, second: vec4<i32>, pace: Pace) -> Row {
	let at = 2u * row * tiles + tile;
	let a = round_shift(lion(layer.masters + at, layer.momenta + at, first, pace), MASTER_TO_WEIGHT);
	let b = round_shift(lion(layer.masters + at + tiles, layer.momenta + at + tiles, second, pace), MASTER_TO_WEIGHT);
	if (layer.backward > 0u) {
		let to = layer.backward + (tile / layer.input_groups * GROUP + row) * layer.input_groups + tile % layer.input_groups;
		parameters[to] = pack(vec4(a.xz, b.xz), vec4(a.yw, b.yw));
	}
	return Row(a, b);
}

// One step of all weights of one tile against gradients `g`.
fn step_tile(layer: Layer, tiles: u32, tile: u32, g: Tile, pace: Pace) {
	let output = tile / layer.input_groups;
	let input = tile % layer.input_groups;
	var even = step_row(layer, tiles, tile, 0u, g.e0, g.o0, pace);
	var odd = step_row(layer, tiles, tile, 1u, g.e1, g.o1, pace);
	let a = pack(even.first, odd.first);
	let e = pack(even.second, odd.second);
	even = step_row(layer, tiles, tile, 2u, g.e2, g.o2, pace);
	odd = step_row(layer, tiles, tile, 3u, g.e3, g.o3, pace);
	let b = pack(even.first, odd.first);
	let f = pack(even.second, odd.second);
	even = step_row(layer, tiles, tile, 4u, g.e4, g.o4, pace);
	odd = step_row(layer, tiles, tile, 5u, g.e5, g.o5, pace);
	let c = pack(even.first, odd.first);
	let h = pack(even.second, odd.second);
	even = step_row(layer, tiles, tile, 6u, g.e6, g.o6, pace);
	odd = step_row(layer, tiles, tile, 7u, g.e7, g.o7, pace);
	let d = pack(even.first, odd.first);
	let i = pack(even.second, odd.second);
	let stride = layer.output_groups;
	let to = layer.forward + input * GROUP * stride + output;
	parameters[to] = vec4(a.x, b.x, c.x, d.x);
	parameters[to + stride] = vec4(a.y, b.y, c.y, d.y);
	parameters[to + 2u * stride] = vec4(a.z, b.z, c.z, d.z);
	parameters[to + 3u * stride] = vec4(a.w, b.w, c.w, d.w);
	parameters[to + 4u * stride] = vec4(e.x, f.x, h.x, i.x);
	parameters[to + 5u * stride] = vec4(e.y, f.y, h.y, i.y);
	parameters[to + 6u * stride] = vec4(e.z, f.z, h.z, i.z);
	parameters[to + 7u * stride] = vec4(e.w, f.w, h.w, i.w);
}

// Adds the gradients of one step to those of other steps.
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

// Keeps what one part has summed, 16 vec4 of all tiles side by side.
fn keep_partial(at: u32, stride: u32, g: Tile) {
	scratch[at] = g.e0; scratch[at + stride] = g.o0;
	scratch[at + 2u * stride] = g.e1; scratch[at + 3u * stride] = g.o1;
	scratch[at + 4u * stride] = g.e2; scratch[at + 5u * stride] = g.o2;
	scratch[at + 6u * stride] = g.e3; scratch[at + 7u * stride] = g.o3;
	scratch[at + 8u * stride] = g.e4; scratch[at + 9u * stride] = g.o4;
	scratch[at + 10u * stride] = g.e5; scratch[at + 11u * stride] = g.o5;
	scratch[at + 12u * stride] = g.e6; scratch[at + 13u * stride] = g.o6;
	scratch[at + 14u * stride] = g.e7; scratch[at + 15u * stride] = g.o7;
}

fn kept_partial(at: u32, stride: u32) -> Tile {
	return Tile(
		scratch[at], scratch[at + stride], scratch[at + 2u * stride], scratch[at + 3u * stride],
		scratch[at + 4u * stride], scratch[at + 5u * stride], scratch[at + 6u * stride], scratch[at + 7u * stride],
		scratch[at + 8u * stride], scratch[at + 9u * stride], scratch[at + 10u * stride], scratch[at + 11u * stride],
		scratch[at + 12u * stride], scratch[at + 13u * stride], scratch[at + 14u * stride], scratch[at + 15u * stride],
	);
}

// The sum of the gradients of one neuron.
fn total(gradient: u32, columns: u32) -> i32 {
	var sum = vec4(0);
	for (var column = 0u; column < columns; column++) {
		let g = scratch[gradient + column];
		sum += low(g) + high(g);
	}
	return sum.x + sum.y + sum.z + sum.w;
}

// The sums of the gradients of four neurons.
fn totals(gradient: u32, columns: u32) -> vec4<i32> {
	return vec4(
		total(gradient, columns), total(gradient + COLUMNS, columns),
		total(gradient + 2u * COLUMNS, columns), total(gradient + 3u * COLUMNS, columns),
	);
}

// One step of four biases against gradients `g`.
fn step_bias(layer: Layer, quarter: u32, g: vec4<i32>, pace: Pace) {
	let p = lion(layer.bias_masters + quarter, layer.bias_momenta + quarter, g, Pace(pace.rate, pace.decay, MAX_BIAS));
	parameters[layer.bias + quarter] = round_shift(p, MASTER_TO_BIAS);
}

// The rate of a step and what else a step depends on.
fn pace_of(id: u32, step: u32) -> Pace {
	let c = &candidates[id];
	let rate = max((*c).rate - i32(step) * (*c).fall, (*c).last_rate) >> 16u;
	return Pace(rate, 12u - (*c).decay, MAX_WEIGHT);
}

// One step of the weights and biases of a dense layer, work being shared out from `first` on; where the next layer goes on.
fn update_dense(layer: Layer, first: u32, pace: Pace) -> u32 {
	var tile = first;
	let tiles = layer.output_groups * layer.input_groups;
	for (; tile < tiles; tile += SIZE) {
		let gradient = layer.gradient + tile / layer.input_groups * GROUP * COLUMNS;
		let g = correlate(gradient, layer.x + tile % layer.input_groups * GROUP * COLUMNS, COLUMNS);
		step_tile(layer, tiles, tile, g, pace);
	}
	tile -= tiles;
	let quarters = 2u * layer.output_groups;
	for (; tile < quarters; tile += SIZE) {
		step_bias(layer, tile, totals(layer.gradient + tile * 4u * COLUMNS, COLUMNS) << vec4(ACT_FRAC), pace);
	}
	return tile - quarters;
}

@compute @workgroup_size(SIZE)
fn train(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.begin + workgroup.x];
	for (var n = 0u; n < arguments.count; n++) {
		let step = arguments.first + n;
		draw(id, t, step);
		gather(id, t, COLUMNS);
		storageBarrier();
		aim(id, t, COLUMNS);
		learn(id, t, step);
	}
	if (t == 0u) {
		results[id * 16u + 12u] += arguments.count;
	}
	storageBarrier();
	if (!whole()) {
		// More than there can be.
		results[id * 16u + 12u] = 0xf0000000u;
	}
}
