// Multi-layer perceptrons: hidden layers.

// Computes all layers but the last one.
fn forward_hidden(id: u32, t: u32, columns: u32) {
	for (var number = 0u; number < candidates[id].hidden_layers; number++) {
		dense_relu(id, number, t, columns);
		storageBarrier();
	}
}
