// Hidden layers of dense nets.

// All layers but the last one.
fn think(id: u32, t: u32, columns: u32) {
	for (var number = 0u; number < candidates[id].depth; number++) {
		activate(id, number, t, columns);
		storageBarrier();
	}
}
