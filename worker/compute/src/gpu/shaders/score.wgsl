// Error sums of admitted nets, window by window. Workgroups that share a net share out its batches of windows.

// The sum of each window of the batch: at most 64 errors below 2^20.
var<workgroup> sums: array<atomic<u32>, BATCH>;

fn errors(sum: vec4<i32>, target_: vec4<i32>, shift: u32) -> vec4<u32> {
	let out = round_shift(sum, shift);
	return min(bitcast<vec4<u32>>(max(out, target_)) - bitcast<vec4<u32>>(min(out, target_)), vec4(MAX_ERROR));
}

// The errors of the batch. Without layers, what the linear path leaves is the error.
fn compare(id: u32, t: u32, columns: u32) {
	let count = candidates[id].count;
	let groups = candidates[id].path.output_groups;
	let tiles = groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let column = tile % columns;
		var a: Tile;
		var s = 1u;
		if (count > 0u) {
			let layer = candidates[id].layers[count - 1u];
			a = neurons(layer, tile / columns, column);
			s = layer.shift;
		}
		let at = candidates[id].targets + tile;
		var even = errors(a.e0, scratch[at], s) + errors(a.e1, scratch[at + 2u * tiles], s);
		var odd = errors(a.o0, scratch[at + tiles], s) + errors(a.o1, scratch[at + 3u * tiles], s);
		even += errors(a.e2, scratch[at + 4u * tiles], s) + errors(a.e3, scratch[at + 6u * tiles], s);
		odd += errors(a.o2, scratch[at + 5u * tiles], s) + errors(a.o3, scratch[at + 7u * tiles], s);
		even += errors(a.e4, scratch[at + 8u * tiles], s) + errors(a.e5, scratch[at + 10u * tiles], s);
		odd += errors(a.o4, scratch[at + 9u * tiles], s) + errors(a.o5, scratch[at + 11u * tiles], s);
		even += errors(a.e6, scratch[at + 12u * tiles], s) + errors(a.e7, scratch[at + 14u * tiles], s);
		odd += errors(a.o6, scratch[at + 13u * tiles], s) + errors(a.o7, scratch[at + 15u * tiles], s);
		let sample = column * GROUP;
		atomicAdd(&sums[sample], even.x);
		atomicAdd(&sums[sample + 1u], odd.x);
		atomicAdd(&sums[sample + 2u], even.y);
		atomicAdd(&sums[sample + 3u], odd.y);
		atomicAdd(&sums[sample + 4u], even.z);
		atomicAdd(&sums[sample + 5u], odd.z);
		atomicAdd(&sums[sample + 6u], even.w);
		atomicAdd(&sums[sample + 7u], odd.w);
	}
}

// As many workgroups as `arguments.count` says share a net.
@compute @workgroup_size(SIZE)
fn score(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.begin + workgroup.x];
	let source = arguments.inner[0];
	let batches = (source.count + BATCH - 1u) / BATCH;
	let to = id / arguments.count * source.count;
	for (var batch = id % arguments.count; batch < batches; batch += arguments.count) {
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
