// Nets of dense layers alone, on the way from the inputs to what the last layer reads.

fn prepare(t: u32) {}

fn think(id: u32, t: u32, columns: u32) {
	for (var number = 0u; number < candidates[id].depth; number++) {
		activate(id, number, t, columns);
		storageBarrier();
	}
}
