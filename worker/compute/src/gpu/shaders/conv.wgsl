// Causal convolutions, and the dense layers behind them.

// The accumulators of eight channels of a convolution, one step, for eight samples.
fn convolved(layer: Layer, taps: Taps, step: u32, group: u32, column: u32) -> Tile {
	let bias = layer.bias + 2u * group;
	var sums = filled(parameters[bias], parameters[bias + 1u]);
	// Rows of weights come in whole groups for each piece.
	let rows = layer.input_groups / taps.pieces * GROUP * layer.output_groups;
	var weights = layer.forward + group;
	var x = layer.x + (taps.first + step * taps.stride) * COLUMNS + column;
	for (var piece = 0u; piece < taps.pieces; piece++) {
		sums = product(sums, weights, layer.output_groups, x, taps.count);
		weights += rows;
		x += taps.gap * COLUMNS;
	}
	return sums;
}

// All steps of convolution `number`.
fn convolve(id: u32, number: u32, t: u32, columns: u32) {
	let layer = candidates[id].layers[number];
	let taps = candidates[id].taps[number];
	let y = candidates[id].layers[number + 1u].x;
	let tiles = taps.steps * layer.output_groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		// The groups of a step follow those of the step before.
		let row = tile / columns;
		let column = tile % columns;
		let a = convolved(layer, taps, row / layer.output_groups, row % layer.output_groups, column);
		keep_activations(y + row * GROUP * COLUMNS + column, a, layer.shift);
	}
}

// All layers but the last one.
fn think(id: u32, t: u32, columns: u32) {
	let convs = candidates[id].convs;
	for (var number = 0u; number < convs; number++) {
		convolve(id, number, t, columns);
		storageBarrier();
	}
	for (var number = convs; number < candidates[id].depth; number++) {
		activate(id, number, t, columns);
		storageBarrier();
	}
}
