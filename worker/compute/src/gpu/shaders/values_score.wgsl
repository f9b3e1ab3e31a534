// Errors of values.

fn errors(sum: vec4<i32>, target_: vec4<i32>, shift: u32) -> vec4<u32> {
	let out = round_shift(sum, shift);
	return min(bitcast<vec4<u32>>(max(out, target_)) - bitcast<vec4<u32>>(min(out, target_)), vec4(MAX_ERROR));
}

// Adds the errors of the batch to the sums of its windows. Without layers, what the linear path leaves is the error.
fn compare(id: u32, t: u32, columns: u32) {
	let count = candidates[id].count;
	let groups = candidates[id].path.output_groups;
	let tiles = groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let column = tile % columns;
		var a: Tile;
		var s = 1u;
		if (count > 0u) {
			let layer = candidates[id].layers[count - 1u];
			a = neurons(layer, tile / columns, column);
			s = layer.shift;
		}
		let at = candidates[id].targets + tile;
		var even = errors(a.e0, scratch[at], s) + errors(a.e1, scratch[at + 2u * tiles], s);
		var odd = errors(a.o0, scratch[at + tiles], s) + errors(a.o1, scratch[at + 3u * tiles], s);
		even += errors(a.e2, scratch[at + 4u * tiles], s) + errors(a.e3, scratch[at + 6u * tiles], s);
		odd += errors(a.o2, scratch[at + 5u * tiles], s) + errors(a.o3, scratch[at + 7u * tiles], s);
		even += errors(a.e4, scratch[at + 8u * tiles], s) + errors(a.e5, scratch[at + 10u * tiles], s);
		odd += errors(a.o4, scratch[at + 9u * tiles], s) + errors(a.o5, scratch[at + 11u * tiles], s);
		even += errors(a.e6, scratch[at + 12u * tiles], s) + errors(a.e7, scratch[at + 14u * tiles], s);
		odd += errors(a.o6, scratch[at + 13u * tiles], s) + errors(a.o7, scratch[at + 15u * tiles], s);
		count_errors(column * GROUP, even, odd);
	}
}
