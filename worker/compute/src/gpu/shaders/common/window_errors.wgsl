// Error sums of the windows of a batch, for either loss.

// Error sum of each window of the batch: at most 64 errors below 2^20.
var<workgroup> window_sums: array<atomic<u32>, BATCH>;

// Adds the errors of a group of eight windows to their sums.
fn add_window_errors(sample: u32, even: vec4<u32>, odd: vec4<u32>) {
	atomicAdd(&window_sums[sample], even.x);
	atomicAdd(&window_sums[sample + 1u], odd.x);
	atomicAdd(&window_sums[sample + 2u], even.y);
	atomicAdd(&window_sums[sample + 3u], odd.y);
	atomicAdd(&window_sums[sample + 4u], even.z);
	atomicAdd(&window_sums[sample + 5u], odd.z);
	atomicAdd(&window_sums[sample + 6u], even.w);
	atomicAdd(&window_sums[sample + 7u], odd.w);
}

// Computes the error sums of batch `batch` of a source into `window_sums`; returns the number of its windows.
fn sum_window_errors(id: u32, t: u32, source: Source, batch: u32) -> u32 {
	for (var sample = t; sample < BATCH; sample += SIZE) {
		atomicStore(&window_sums[sample], 0u);
	}
	let count = load_windows(source, batch, t);
	let columns = (count + GROUP - 1u) / GROUP;
	workgroupBarrier();
	gather(id, t, columns);
	storageBarrier();
	compute_targets(id, t, columns);
	forward_hidden(id, t, columns);
	add_errors(id, t, columns);
	workgroupBarrier();
	return count;
}
