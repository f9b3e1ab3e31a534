// A training step that all windows of a batch share.

fn learn(id: u32, t: u32, step: u32) {
	let depth = candidates[id].depth;
	think(id, t, COLUMNS);
	signs(id, depth, t);
	storageBarrier();
	backward(id, depth, t);
	update(id, t, step);
	storageBarrier();
}
