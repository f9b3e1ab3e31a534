// Training of dense nets.

// Gradients of all hidden layers from those of the last layer, number `last`.
fn backward(id: u32, last: u32, t: u32) {
	for (var number = last; number > 0u; number--) {
		propagate(id, number, t);
		storageBarrier();
	}
}

// One step of every parameter. Work is shared out over all layers at once.
fn update(id: u32, t: u32, step: u32) {
	let pace = pace_of(id, step);
	var item = t;
	for (var number = 0u; number <= candidates[id].depth; number++) {
		item = update_dense(candidates[id].layers[number], item, pace);
	}
}
