// Multi-layer perceptrons: gradients and updates.

// Gradients of all hidden layers from those of the last layer, number `last`.
fn backward(id: u32, last: u32, t: u32) {
	for (var number = last; number > 0u; number--) {
		input_gradient(id, number, t);
		storageBarrier();
	}
}

// Updates every parameter. Work items are distributed over all layers at once.
fn update(id: u32, t: u32, step: u32) {
	let step_size = step_size_of(id, step);
	var item = t;
	for (var number = 0u; number <= candidates[id].hidden_layers; number++) {
		item = update_dense(candidates[id].layers[number], item, step_size);
	}
}
