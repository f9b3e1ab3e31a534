// Training step of the families whose windows are all trained on at once.

// One training step: forward, loss gradient, backward, update.
fn train_step(id: u32, t: u32, step: u32) {
	let depth = candidates[id].hidden_layers;
	forward_hidden(id, t, COLUMNS);
	output_gradient(id, depth, t);
	storageBarrier();
	backward(id, depth, t);
	update(id, t, step);
	storageBarrier();
}
