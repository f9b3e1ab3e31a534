// Error sums of the windows of a batch, whatever is forecast.

// Of each window: at most 64 errors below 2^20.
var<workgroup> sums: array<atomic<u32>, BATCH>;

// Leaves them in `sums` for batch `batch` of a source; how many windows there are.
fn measure(id: u32, t: u32, source: Source, batch: u32) -> u32 {
	for (var sample = t; sample < BATCH; sample += SIZE) {
		atomicStore(&sums[sample], 0u);
	}
	let count = take(source, batch, t);
	let columns = (count + GROUP - 1u) / GROUP;
	workgroupBarrier();
	gather(id, t, columns);
	storageBarrier();
	aim(id, t, columns);
	think(id, t, columns);
	compare(id, t, columns);
	workgroupBarrier();
	return count;
}
