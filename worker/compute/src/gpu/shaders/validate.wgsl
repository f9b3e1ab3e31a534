// Error sums of the inner validation windows, and the best net so far.

// Flags: sums start from zero; the error is judged; only nets beside a linear path take part.
const CLEAR: u32 = 1u;
const JUDGE: u32 = 2u;
const PATHS_ONLY: u32 = 4u;

// Places of one candidate's results: the best error, the sums of both sources, the last error, the steps taken, the epochs judged.
const RESULTS: u32 = 16u;
const SUMS: u32 = 4u;
const LAST: u32 = 8u;
const JUDGED: u32 = 13u;

var<workgroup> sum_low: atomic<u32>;
var<workgroup> sum_high: atomic<u32>;
var<workgroup> better: u32;

// Adds the errors of a window to those of the batch.
fn add(sum: u32) {
	let before = atomicAdd(&sum_low, sum);
	// The sum of all may not fit one limb, which its old value tells.
	if (before + sum < before) {
		atomicAdd(&sum_high, 1u);
	}
}

// Adds `a * b` to the number of four limbs in `sum`.
fn add_product(sum: vec4<u32>, a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
	var s = add_at(sum, 0u, a.x * b.x);
	s = add_at(s, 1u, multiply_high(a.x, b.x));
	s = add_at(s, 1u, a.x * b.y);
	s = add_at(s, 2u, multiply_high(a.x, b.y));
	s = add_at(s, 1u, a.y * b.x);
	s = add_at(s, 2u, multiply_high(a.y, b.x));
	s = add_at(s, 2u, a.y * b.y);
	return add_at(s, 3u, multiply_high(a.y, b.y));
}

// Adds `word` to limb `limb`, and carries.
fn add_at(sum: vec4<u32>, limb: u32, word: u32) -> vec4<u32> {
	var s = sum;
	var carry = word;
	for (var at = limb; at < 4u; at++) {
		s[at] += carry;
		carry = select(0u, 1u, s[at] < carry);
	}
	return s;
}

fn less(a: vec4<u32>, b: vec4<u32>) -> bool {
	if (a.w != b.w) { return a.w < b.w; }
	if (a.z != b.z) { return a.z < b.z; }
	if (a.y != b.y) { return a.y < b.y; }
	return a.x < b.x;
}

// Whether this is the best error so far, which it then becomes.
fn judge(id: u32) -> bool {
	let at = id * RESULTS;
	let published = vec2(results[at + SUMS], results[at + SUMS + 1u]);
	let synthetic = vec2(results[at + SUMS + 2u], results[at + SUMS + 3u]);
	var error = add_product(vec4(0u), published, candidates[id].published);
	error = add_product(error, synthetic, candidates[id].synthetic);
	let before = vec4(results[at], results[at + 1u], results[at + 2u], results[at + 3u]);
	for (var limb = 0u; limb < 4u; limb++) {
		results[at + LAST + limb] = error[limb];
	}
	results[at + JUDGED] += 1u;
	if (!less(error, before)) {
		return false;
	}
	for (var limb = 0u; limb < 4u; limb++) {
		results[at + limb] = error[limb];
	}
	return true;
}

// Keeps the net as it is.
fn keep(id: u32, t: u32) {
	for (var number = 0u; number <= candidates[id].depth; number++) {
		let layer = candidates[id].layers[number];
		let weights = layer.input_groups * GROUP * layer.output_groups;
		for (var at = t; at < weights; at += SIZE) {
			best[layer.best + at] = parameters[layer.forward + at];
		}
		for (var at = t; at < 2u * layer.output_groups; at += SIZE) {
			best[layer.best + weights + at] = parameters[layer.bias + at];
		}
	}
}

// Batches `first` and on of the inner validation windows, the published ones first.
@compute @workgroup_size(SIZE)
fn validate(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.begin + workgroup.x];
	let skip = candidates[id].skip;
	if ((arguments.flags & PATHS_ONLY) > 0u && skip == 0u) {
		return;
	}
	if (t == 0u && (arguments.flags & CLEAR) > 0u) {
		for (var limb = 0u; limb < 4u; limb++) {
			results[id * RESULTS + SUMS + limb] = 0u;
		}
	}
	let published = (arguments.inner[0].count + BATCH - 1u) / BATCH;
	for (var n = 0u; n < arguments.count; n++) {
		let batch = arguments.first + n;
		let synthetic = select(0u, 1u, batch >= published);
		let factor = select(candidates[id].published, candidates[id].synthetic, synthetic == 1u);
		// What counts for nothing is not computed.
		if ((factor.x | factor.y) > 0u) {
			if (t == 0u) {
				atomicStore(&sum_low, 0u);
				atomicStore(&sum_high, 0u);
			}
			let count = measure(id, t, arguments.inner[synthetic], batch - synthetic * published);
			for (var sample = t; sample < count; sample += SIZE) {
				add(atomicLoad(&sums[sample]));
			}
			workgroupBarrier();
			if (t == 0u) {
				let at = id * RESULTS + SUMS + 2u * synthetic;
				let before = results[at];
				results[at] = before + atomicLoad(&sum_low);
				results[at + 1u] += atomicLoad(&sum_high) + select(0u, 1u, results[at] < before);
			}
			workgroupBarrier();
		}
	}
	if ((arguments.flags & JUDGE) > 0u) {
		if (t == 0u) {
			better = select(0u, 1u, judge(id));
		}
		workgroupBarrier();
		if (better > 0u) {
			keep(id, t);
		}
	}
	storageBarrier();
	if (!whole()) {
		// More than there can be.
		results[id * RESULTS + JUDGED] = 0xf0000000u;
	}
}
