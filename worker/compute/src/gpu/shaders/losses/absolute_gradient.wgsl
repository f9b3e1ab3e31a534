// Absolute error, part 3: gradients.

// The sign of `sum - target * 2^shift`, times UNIT_GRADIENT.
fn error_sign(sum: vec4<i32>, target_: vec4<i32>, shift: u32) -> vec4<i32> {
	let quotient = sum >> vec4(shift);
	let rest = sum & vec4((1i << shift) - 1);
	let above = vec4<i32>(quotient > target_) | (vec4<i32>(quotient == target_) & vec4<i32>(rest > vec4(0)));
	return UNIT_GRADIENT * (above - vec4<i32>(quotient < target_));
}

// Computes the last layer and the gradients of the absolute error of its outputs.
fn output_gradient(id: u32, number: u32, t: u32) {
	let layer = candidates[id].layers[number];
	let s = layer.shift;
	let tiles = layer.output_groups * COLUMNS;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / COLUMNS;
		let column = tile % COLUMNS;
		let a = layer_sums(layer, group, column);
		let at = candidates[id].targets + tile;
		let to = layer.gradient + group * GROUP * COLUMNS + column;
		scratch[to] = pack(error_sign(a.e0, scratch[at], s), error_sign(a.o0, scratch[at + tiles], s));
		scratch[to + COLUMNS] = pack(error_sign(a.e1, scratch[at + 2u * tiles], s), error_sign(a.o1, scratch[at + 3u * tiles], s));
		scratch[to + 2u * COLUMNS] = pack(error_sign(a.e2, scratch[at + 4u * tiles], s), error_sign(a.o2, scratch[at + 5u * tiles], s));
		scratch[to + 3u * COLUMNS] = pack(error_sign(a.e3, scratch[at + 6u * tiles], s), error_sign(a.o3, scratch[at + 7u * tiles], s));
		scratch[to + 4u * COLUMNS] = pack(error_sign(a.e4, scratch[at + 8u * tiles], s), error_sign(a.o4, scratch[at + 9u * tiles], s));
		scratch[to + 5u * COLUMNS] = pack(error_sign(a.e5, scratch[at + 10u * tiles], s), error_sign(a.o5, scratch[at + 11u * tiles], s));
		scratch[to + 6u * COLUMNS] = pack(error_sign(a.e6, scratch[at + 12u * tiles], s), error_sign(a.o6, scratch[at + 13u * tiles], s));
		scratch[to + 7u * COLUMNS] = pack(error_sign(a.e7, scratch[at + 14u * tiles], s), error_sign(a.o7, scratch[at + 15u * tiles], s));
	}
}
