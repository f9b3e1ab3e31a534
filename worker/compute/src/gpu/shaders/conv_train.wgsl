// Training of convolutions and the dense layer behind them.

// Gradients of what convolution `number` reads, which is what the one before it leaves.
fn convolve_back(id: u32, number: u32, t: u32) {
	let layer = candidates[id].layers[number];
	let taps = candidates[id].taps[number];
	let raw = candidates[id].raw;
	let groups = layer.input_groups / taps.pieces;
	let tiles = candidates[id].taps[number - 1u].steps * groups * COLUMNS;
	let distance = layer.output_groups * GROUP * COLUMNS;
	var any = vec4(0u);
	for (var tile = t; tile < tiles; tile += SIZE) {
		let row = tile / COLUMNS;
		let column = tile % COLUMNS;
		let group = row % groups;
		// From the first patch to this step; a piece further on begins so much later.
		var behind = i32(row / groups * groups * GROUP) - i32(taps.first);
		var weights = layer.backward + group;
		var sums: Tile;
		for (var piece = 0u; piece < taps.pieces; piece++) {
			// Which patch has its piece here, if any.
			let step = u32(behind) / taps.stride;
			let reads = behind >= 0 && step < taps.steps && u32(behind) % taps.stride == 0u;
			sums = product(
				sums, weights, layer.input_groups, layer.gradient + step * distance + column, select(0u, layer.outputs, reads),
			);
			behind -= i32(taps.gap);
			weights += groups;
		}
		any |= keep_raws(raw + tile, tiles, layer.x + row * GROUP * COLUMNS + column, sums);
	}
	rescale(id, number, tiles, any, t);
}

// Gradients of all hidden layers from those of the last layer, number `last`.
fn backward(id: u32, last: u32, t: u32) {
	propagate(id, last, t);
	storageBarrier();
	for (var number = last - 1u; number > 0u; number--) {
		convolve_back(id, number, t);
		storageBarrier();
	}
}

// What one part sums: 16 vec4 of all tiles side by side, then two per group of biases.
fn partial_size(layer: Layer) -> u32 {
	return 16u * layer.input_groups * layer.output_groups + 2u * layer.output_groups;
}

// Sums the gradients of a convolution over the steps of each part, work being shared out from `first` on; where the next layer goes on.
fn sum_parts(layer: Layer, taps: Taps, first: u32) -> u32 {
	let tiles = layer.output_groups * layer.input_groups;
	let quarters = 2u * layer.output_groups;
	let size = partial_size(layer);
	let groups = layer.input_groups / taps.pieces;
	let half = (1i << taps.bits) >> 1u;
	let distance = layer.output_groups * GROUP * COLUMNS;
	var item = first;
	for (; item < tiles * taps.parts; item += SIZE) {
		let part = item / tiles;
		let tile = item % tiles;
		let input = tile % layer.input_groups;
		let gradient = layer.gradient + tile / layer.input_groups * GROUP * COLUMNS;
		let x = layer.x + (taps.first + input / groups * taps.gap + input % groups * GROUP) * COLUMNS;
		var sums: Tile;
		for (var step = part; step < taps.steps; step += taps.parts) {
			let g = correlate(gradient + step * distance, x + step * taps.stride * COLUMNS, COLUMNS);
			sums = add_shifted(sums, g, half, taps.bits);
		}
		keep_partial(taps.partial + part * size + tile, tiles, sums);
	}
	item -= tiles * taps.parts;
	for (; item < quarters * taps.parts; item += SIZE) {
		let part = item / quarters;
		let quarter = item % quarters;
		var sums = vec4(0);
		for (var step = part; step < taps.steps; step += taps.parts) {
			sums += totals(layer.gradient + step * distance + quarter * 4u * COLUMNS, COLUMNS);
		}
		scratch[taps.partial + part * size + 16u * tiles + quarter] = sums;
	}
	return item - quarters * taps.parts;
}

// Sums all parts in the place of the first one.
fn join_parts(layer: Layer, taps: Taps, first: u32) -> u32 {
	let size = partial_size(layer);
	var item = first;
	for (; item < size; item += SIZE) {
		let at = taps.partial + item;
		var sum = scratch[at];
		for (var part = 1u; part < taps.parts; part++) {
			sum += scratch[at + part * size];
		}
		scratch[at] = sum;
	}
	return item - size;
}

// One step of a convolution against the sums of all parts.
fn update_conv(layer: Layer, taps: Taps, first: u32, pace: Pace) -> u32 {
	let tiles = layer.output_groups * layer.input_groups;
	var item = first;
	for (; item < tiles; item += SIZE) {
		step_tile(layer, tiles, item, kept_partial(taps.partial + item, tiles), pace);
	}
	item -= tiles;
	let quarters = 2u * layer.output_groups;
	for (; item < quarters; item += SIZE) {
		let sum = scratch[taps.partial + 16u * tiles + item];
		// As the gradients of weights are scaled.
		var g = sum << vec4((ACT_FRAC - taps.bits) & 31u);
		if (taps.bits > ACT_FRAC) {
			g = round_shift(sum, taps.bits - ACT_FRAC);
		}
		step_bias(layer, item, g, pace);
	}
	return item - quarters;
}

// One step of every parameter. Work is shared out over all layers at once.
fn update(id: u32, t: u32, step: u32) {
	let pace = pace_of(id, step);
	let convs = candidates[id].convs;
	var item = t;
	for (var number = 0u; number < convs; number++) {
		item = sum_parts(candidates[id].layers[number], candidates[id].taps[number], item);
	}
	item = update_dense(candidates[id].layers[convs], item, pace);
	storageBarrier();
	item = t;
	for (var number = 0u; number < convs; number++) {
		item = join_parts(candidates[id].layers[number], candidates[id].taps[number], item);
	}
	storageBarrier();
	item = t;
	for (var number = 0u; number < convs; number++) {
		item = update_conv(candidates[id].layers[number], candidates[id].taps[number], item, pace);
	}
}
