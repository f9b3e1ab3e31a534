// Integer Lion (Chen et al. 2023), as in `doin_kernels::ops::lion`: the update is the sign of a momentum, every factor a power of
// two.
//
//   u = sign(M - M/4 + G/4)
//   P = P - u * rate - ((P >> 8) * rate >> (12 - decay))
//   M = M + (G - M)/32

// Learning rate of a step, right shift of the weight decay, and the largest magnitude of a master.
struct StepSize {
	rate: i32,
	decay: u32,
	limit: i32,
}

// Updates four masters and momenta by gradients `g`; returns the new masters.
fn lion(master: u32, momentum: u32, g: vec4<i32>, step_size: StepSize) -> vec4<i32> {
	var p = parameters[master];
	let m = parameters[momentum];
	let u = sign(m - (m >> vec4(BETA_1)) + (g >> vec4(BETA_1)));
	let decay = ((p >> vec4(8u)) * step_size.rate) >> vec4(step_size.decay);
	p = clamp(p - u * step_size.rate - decay, vec4(-step_size.limit), vec4(step_size.limit));
	parameters[master] = p;
	parameters[momentum] = m + ((g - m) >> vec4(BETA_2));
	return p;
}

// New weights of one output of a tile: inputs 0 to 3, and 4 to 7.
struct OutputWeights {
	first: vec4<i32>,
	second: vec4<i32>,
}

// Updates output `row` of a tile; returns its new 12-bit weights.
fn step_output(layer: Layer, tiles: u32, tile: u32, row: u32, first: vec4<i32>, second: vec4<i32>, step_size: StepSize) -> OutputWeights {
	let at = 2u * row * tiles + tile;
	let a = round_shift(lion(layer.masters + at, layer.momenta + at, first, step_size), MASTER_TO_WEIGHT);
	let b = round_shift(lion(layer.masters + at + tiles, layer.momenta + at + tiles, second, step_size), MASTER_TO_WEIGHT);
	if (layer.backward_weights > 0u) {
		let to = layer.backward_weights + (tile / layer.input_groups * GROUP + row) * layer.input_groups + tile % layer.input_groups;
		parameters[to] = pack(vec4(a.xz, b.xz), vec4(a.yw, b.yw));
	}
	return OutputWeights(a, b);
}

// Updates all weights of one tile by gradients `g`, and writes the new forward and backward weights.
fn step_tile(layer: Layer, tiles: u32, tile: u32, g: Tile, step_size: StepSize) {
	let output = tile / layer.input_groups;
	let input = tile % layer.input_groups;
	var even = step_output(layer, tiles, tile, 0u, g.e0, g.o0, step_size);
	var odd = step_output(layer, tiles, tile, 1u, g.e1, g.o1, step_size);
	let a = pack(even.first, odd.first);
	let e = pack(even.second, odd.second);
	even = step_output(layer, tiles, tile, 2u, g.e2, g.o2, step_size);
	odd = step_output(layer, tiles, tile, 3u, g.e3, g.o3, step_size);
	let b = pack(even.first, odd.first);
	let f = pack(even.second, odd.second);
	even = step_output(layer, tiles, tile, 4u, g.e4, g.o4, step_size);
	odd = step_output(layer, tiles, tile, 5u, g.e5, g.o5, step_size);
	let c = pack(even.first, odd.first);
	let h = pack(even.second, odd.second);
	even = step_output(layer, tiles, tile, 6u, g.e6, g.o6, step_size);
	odd = step_output(layer, tiles, tile, 7u, g.e7, g.o7, step_size);
	let d = pack(even.first, odd.first);
	let i = pack(even.second, odd.second);
	let stride = layer.output_groups;
	let to = layer.forward_weights + input * GROUP * stride + output;
	parameters[to] = vec4(a.x, b.x, c.x, d.x);
	parameters[to + stride] = vec4(a.y, b.y, c.y, d.y);
	parameters[to + 2u * stride] = vec4(a.z, b.z, c.z, d.z);
	parameters[to + 3u * stride] = vec4(a.w, b.w, c.w, d.w);
	parameters[to + 4u * stride] = vec4(e.x, f.x, h.x, i.x);
	parameters[to + 5u * stride] = vec4(e.y, f.y, h.y, i.y);
	parameters[to + 6u * stride] = vec4(e.z, f.z, h.z, i.z);
	parameters[to + 7u * stride] = vec4(e.w, f.w, h.w, i.w);
}

// Updates four biases by gradients `g`.
fn step_bias(layer: Layer, quarter: u32, g: vec4<i32>, step_size: StepSize) {
	let p = lion(layer.bias_masters + quarter, layer.bias_momenta + quarter, g, StepSize(step_size.rate, step_size.decay, MAX_BIAS));
	parameters[layer.bias + quarter] = round_shift(p, MASTER_TO_BIAS);
}

// Learning rate and decay of step `step` of a candidate.
fn step_size_of(id: u32, step: u32) -> StepSize {
	let c = &candidates[id];
	let rate = max((*c).first_rate - i32(step) * (*c).rate_decrement, (*c).last_rate) >> 16u;
	return StepSize(rate, 12u - (*c).decay, MAX_WEIGHT);
}

// Updates the weights and biases of a dense layer. Work items are distributed over threads from `first` on; returns the first
// item of the next layer.
fn update_dense(layer: Layer, first: u32, step_size: StepSize) -> u32 {
	var tile = first;
	let tiles = layer.output_groups * layer.input_groups;
	for (; tile < tiles; tile += SIZE) {
		let gradient = layer.gradient + tile / layer.input_groups * GROUP * COLUMNS;
		let g = correlate(gradient, layer.x + tile % layer.input_groups * GROUP * COLUMNS, COLUMNS);
		step_tile(layer, tiles, tile, g, step_size);
	}
	tile -= tiles;
	let quarters = 2u * layer.output_groups;
	for (; tile < quarters; tile += SIZE) {
		step_bias(layer, tile, gradient_sums(layer.gradient + tile * 4u * COLUMNS, COLUMNS) << vec4(ACT_FRAC), step_size);
	}
	return tile - quarters;
}
