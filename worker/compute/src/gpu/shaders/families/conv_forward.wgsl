// Causal convolutions and the dense layers behind them.

// Accumulators of eight channels of a convolution, one step, for eight samples.
fn conv_sums(layer: Layer, conv: Conv, step: u32, group: u32, column: u32) -> Tile {
	let bias = layer.bias + 2u * group;
	var sums = broadcast(parameters[bias], parameters[bias + 1u]);
	// Vec4 of weights of one piece, padded to whole groups.
	let rows = layer.input_groups / conv.pieces * GROUP * layer.output_groups;
	var weights = layer.forward_weights + group;
	var x = layer.x + (conv.first + step * conv.stride) * COLUMNS + column;
	for (var piece = 0u; piece < conv.pieces; piece++) {
		sums = multiply_accumulate(sums, weights, layer.output_groups, x, conv.piece_size);
		weights += rows;
		x += conv.piece_distance * COLUMNS;
	}
	return sums;
}

// Computes all steps of convolution `number`.
fn conv_relu(id: u32, number: u32, t: u32, columns: u32) {
	let layer = candidates[id].layers[number];
	let conv = candidates[id].convs[number];
	let y = candidates[id].layers[number + 1u].x;
	let tiles = conv.steps * layer.output_groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		// The groups of a step follow those of the step before it.
		let row = tile / columns;
		let column = tile % columns;
		let a = conv_sums(layer, conv, row / layer.output_groups, row % layer.output_groups, column);
		store_activations(y + row * GROUP * COLUMNS + column, a, layer.shift);
	}
}

// Computes all layers but the last one.
fn forward_hidden(id: u32, t: u32, columns: u32) {
	let convs = candidates[id].conv_count;
	for (var number = 0u; number < convs; number++) {
		conv_relu(id, number, t, columns);
		storageBarrier();
	}
	for (var number = convs; number < candidates[id].hidden_layers; number++) {
		dense_relu(id, number, t, columns);
		storageBarrier();
	}
}
