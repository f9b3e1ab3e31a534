// Causal convolutions: gradients and updates. A convolution shares its weights among steps, so weight gradients are summed over
// steps, in parts.

// Gradients of the inputs of convolution `number`, which are the outputs of the one before it.
fn conv_input_gradient(id: u32, number: u32, t: u32) {
	let layer = candidates[id].layers[number];
	let conv = candidates[id].convs[number];
	let raw = candidates[id].unscaled;
	let groups = layer.input_groups / conv.pieces;
	let tiles = candidates[id].convs[number - 1u].steps * groups * COLUMNS;
	let distance = layer.output_groups * GROUP * COLUMNS;
	var any = vec4(0u);
	for (var tile = t; tile < tiles; tile += SIZE) {
		let row = tile / COLUMNS;
		let column = tile % COLUMNS;
		let group = row % groups;
		// Distance from the first patch to this step, less the offset of the piece.
		var behind = i32(row / groups * groups * GROUP) - i32(conv.first);
		var weights = layer.backward_weights + group;
		var sums: Tile;
		for (var piece = 0u; piece < conv.pieces; piece++) {
			// The output step whose patch has its piece here, if there is one.
			let step = u32(behind) / conv.stride;
			let reads = behind >= 0 && step < conv.steps && u32(behind) % conv.stride == 0u;
			sums = multiply_accumulate(
				sums, weights, layer.input_groups, layer.gradient + step * distance + column, select(0u, layer.outputs, reads),
			);
			behind -= i32(conv.piece_distance);
			weights += groups;
		}
		any |= store_unscaled_tile(raw + tile, tiles, layer.x + row * GROUP * COLUMNS + column, sums);
	}
	rescale(id, number, tiles, any, t);
}

// Gradients of all hidden layers from those of the last layer, number `last`.
fn backward(id: u32, last: u32, t: u32) {
	input_gradient(id, last, t);
	storageBarrier();
	for (var number = last - 1u; number > 0u; number--) {
		conv_input_gradient(id, number, t);
		storageBarrier();
	}
}

// Vec4 of one partial sum: 16 per tile of weights, then two per group of biases.
fn partial_size(layer: Layer) -> u32 {
	return 16u * layer.input_groups * layer.output_groups + 2u * layer.output_groups;
}

// Sums the gradients of a convolution over the steps of each part. Work items are distributed over threads from `first` on;
// returns the first item of the next layer.
fn sum_step_gradients(layer: Layer, conv: Conv, first: u32) -> u32 {
	let tiles = layer.output_groups * layer.input_groups;
	let quarters = 2u * layer.output_groups;
	let size = partial_size(layer);
	let groups = layer.input_groups / conv.pieces;
	let half = (1i << conv.gradient_shift) >> 1u;
	let distance = layer.output_groups * GROUP * COLUMNS;
	var item = first;
	for (; item < tiles * conv.parts; item += SIZE) {
		let part = item / tiles;
		let tile = item % tiles;
		let input = tile % layer.input_groups;
		let gradient = layer.gradient + tile / layer.input_groups * GROUP * COLUMNS;
		let x = layer.x + (conv.first + input / groups * conv.piece_distance + input % groups * GROUP) * COLUMNS;
		var sums: Tile;
		for (var step = part; step < conv.steps; step += conv.parts) {
			let g = correlate(gradient + step * distance, x + step * conv.stride * COLUMNS, COLUMNS);
			sums = add_shifted(sums, g, half, conv.gradient_shift);
		}
		store_partial(conv.partial_sums + part * size + tile, tiles, sums);
	}
	item -= tiles * conv.parts;
	for (; item < quarters * conv.parts; item += SIZE) {
		let part = item / quarters;
		let quarter = item % quarters;
		var sums = vec4(0);
		for (var step = part; step < conv.steps; step += conv.parts) {
			sums += gradient_sums(layer.gradient + step * distance + quarter * 4u * COLUMNS, COLUMNS);
		}
		scratch[conv.partial_sums + part * size + 16u * tiles + quarter] = sums;
	}
	return item - quarters * conv.parts;
}

// Adds all partial sums to the first one. Work items as in `sum_step_gradients`.
fn join_partial_sums(layer: Layer, conv: Conv, first: u32) -> u32 {
	let size = partial_size(layer);
	var item = first;
	for (; item < size; item += SIZE) {
		let at = conv.partial_sums + item;
		var sum = scratch[at];
		for (var part = 1u; part < conv.parts; part++) {
			sum += scratch[at + part * size];
		}
		scratch[at] = sum;
	}
	return item - size;
}

// Updates a convolution by the sums of all parts. Work items as in `sum_step_gradients`.
fn update_conv(layer: Layer, conv: Conv, first: u32, step_size: StepSize) -> u32 {
	let tiles = layer.output_groups * layer.input_groups;
	var item = first;
	for (; item < tiles; item += SIZE) {
		step_tile(layer, tiles, item, load_partial(conv.partial_sums + item, tiles), step_size);
	}
	item -= tiles;
	let quarters = 2u * layer.output_groups;
	for (; item < quarters; item += SIZE) {
		let sum = scratch[conv.partial_sums + 16u * tiles + item];
		// The scale of weight gradients.
		var g = sum << vec4((ACT_FRAC - conv.gradient_shift) & 31u);
		if (conv.gradient_shift > ACT_FRAC) {
			g = round_shift(sum, conv.gradient_shift - ACT_FRAC);
		}
		step_bias(layer, item, g, step_size);
	}
	return item - quarters;
}

// Updates every parameter. Work items are distributed over all layers at once.
fn update(id: u32, t: u32, step: u32) {
	let step_size = step_size_of(id, step);
	let convs = candidates[id].conv_count;
	var item = t;
	for (var number = 0u; number < convs; number++) {
		item = sum_step_gradients(candidates[id].layers[number], candidates[id].convs[number], item);
	}
	item = update_dense(candidates[id].layers[convs], item, step_size);
	storageBarrier();
	item = t;
	for (var number = 0u; number < convs; number++) {
		item = join_partial_sums(candidates[id].layers[number], candidates[id].convs[number], item);
	}
	storageBarrier();
	item = t;
	for (var number = 0u; number < convs; number++) {
		item = update_conv(candidates[id].layers[number], candidates[id].convs[number], item, step_size);
	}
}
