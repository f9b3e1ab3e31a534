// Absolute error, part 2: error sums.

// Absolute errors of four outputs, each at most MAX_ERROR.
fn absolute_error(sum: vec4<i32>, target_: vec4<i32>, shift: u32) -> vec4<u32> {
	let out = round_shift(sum, shift);
	return min(bitcast<vec4<u32>>(max(out, target_)) - bitcast<vec4<u32>>(min(out, target_)), vec4(MAX_ERROR));
}

// Adds the errors of the batch to the sums of its windows. Without layers, the residual of the linear skip is the error.
fn add_errors(id: u32, t: u32, columns: u32) {
	let count = candidates[id].layer_count;
	let groups = candidates[id].linear_skip.output_groups;
	let tiles = groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let column = tile % columns;
		var a: Tile;
		var s = 1u;
		if (count > 0u) {
			let layer = candidates[id].layers[count - 1u];
			a = layer_sums(layer, tile / columns, column);
			s = layer.shift;
		}
		let at = candidates[id].targets + tile;
		var even = absolute_error(a.e0, scratch[at], s) + absolute_error(a.e1, scratch[at + 2u * tiles], s);
		var odd = absolute_error(a.o0, scratch[at + tiles], s) + absolute_error(a.o1, scratch[at + 3u * tiles], s);
		even += absolute_error(a.e2, scratch[at + 4u * tiles], s) + absolute_error(a.e3, scratch[at + 6u * tiles], s);
		odd += absolute_error(a.o2, scratch[at + 5u * tiles], s) + absolute_error(a.o3, scratch[at + 7u * tiles], s);
		even += absolute_error(a.e4, scratch[at + 8u * tiles], s) + absolute_error(a.e5, scratch[at + 10u * tiles], s);
		odd += absolute_error(a.o4, scratch[at + 9u * tiles], s) + absolute_error(a.o5, scratch[at + 11u * tiles], s);
		even += absolute_error(a.e6, scratch[at + 12u * tiles], s) + absolute_error(a.e7, scratch[at + 14u * tiles], s);
		odd += absolute_error(a.o6, scratch[at + 13u * tiles], s) + absolute_error(a.o7, scratch[at + 15u * tiles], s);
		add_window_errors(column * GROUP, even, odd);
	}
}
