// Error sums of the windows of a batch, whatever is forecast.

// Of each window: at most 64 errors below 2^20.
var<workgroup> sums: array<atomic<u32>, BATCH>;

// Adds errors of a group of windows to their sums.
fn count_errors(sample: u32, even: vec4<u32>, odd: vec4<u32>) {
	atomicAdd(&sums[sample], even.x);
	atomicAdd(&sums[sample + 1u], odd.x);
	atomicAdd(&sums[sample + 2u], even.y);
	atomicAdd(&sums[sample + 3u], odd.y);
	atomicAdd(&sums[sample + 4u], even.z);
	atomicAdd(&sums[sample + 5u], odd.z);
	atomicAdd(&sums[sample + 6u], even.w);
	atomicAdd(&sums[sample + 7u], odd.w);
}

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
