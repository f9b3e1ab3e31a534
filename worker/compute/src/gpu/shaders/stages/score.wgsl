// Stage `score`: error sums of admitted nets, window by window. Workgroups that share a net distribute its batches among
// themselves.

// Scores batches of windows; `arguments.count` workgroups share a net.
@compute @workgroup_size(SIZE)
fn score(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.first_candidate + workgroup.x];
	let source = arguments.early_stopping[0];
	let batches = (source.count + BATCH - 1u) / BATCH;
	let to = id / arguments.count * source.count;
	for (var batch = id % arguments.count; batch < batches; batch += arguments.count) {
		let count = sum_window_errors(id, t, source, batch);
		for (var sample = t; sample < count; sample += SIZE) {
			results[to + batch * BATCH + sample] = atomicLoad(&window_sums[sample]);
		}
		workgroupBarrier();
	}
	storageBarrier();
	if (!loops_completed()) {
		// The host reads this as an unwritten sum, so that a truncated loop is noticed.
		results[to + id % arguments.count * BATCH] = 0xffffffffu;
	}
}
