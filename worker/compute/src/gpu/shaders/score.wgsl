// Error sums of admitted nets, window by window. Workgroups that share a net share out its batches of windows.

// As many workgroups as `arguments.count` says share a net.
@compute @workgroup_size(SIZE)
fn score(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.begin + workgroup.x];
	let source = arguments.inner[0];
	let batches = (source.count + BATCH - 1u) / BATCH;
	let to = id / arguments.count * source.count;
	for (var batch = id % arguments.count; batch < batches; batch += arguments.count) {
		let count = measure(id, t, source, batch);
		for (var sample = t; sample < count; sample += SIZE) {
			results[to + batch * BATCH + sample] = atomicLoad(&sums[sample]);
		}
		workgroupBarrier();
	}
	storageBarrier();
	if (!whole()) {
		// As if nobody had written it.
		results[to + id % arguments.count * BATCH] = 0xffffffffu;
	}
}
