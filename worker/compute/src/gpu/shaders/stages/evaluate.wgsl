// Stage `evaluate`: error sums of the early-stopping set, and the best net so far.

// Flags: clear the error sums first; record the error of the epoch; only candidates with a linear skip take part.
const CLEAR: u32 = 1u;
const RECORD: u32 = 2u;
const SKIPS_ONLY: u32 = 4u;

// Words of one candidate's results: least error (0), error sums of both sources, error of the last epoch, training steps (12),
// recorded epochs.
const RESULTS: u32 = 16u;
const SUMS: u32 = 4u;
const LAST: u32 = 8u;
const EVALUATED: u32 = 13u;

var<workgroup> sum_low: atomic<u32>;
var<workgroup> sum_high: atomic<u32>;
var<workgroup> is_best: u32;

// Adds the error sum of a window to that of the batch, two 32-bit limbs.
fn add_to_batch(sum: u32) {
	let before = atomicAdd(&sum_low, sum);
	// A carry: the low limb wrapped around.
	if (before + sum < before) {
		atomicAdd(&sum_high, 1u);
	}
}

// `sum + a * b`, numbers of four, two and two 32-bit limbs.
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

// Adds `word` to limb `limb` and propagates the carry.
fn add_at(sum: vec4<u32>, limb: u32, word: u32) -> vec4<u32> {
	var s = sum;
	var carry = word;
	for (var at = limb; at < 4u; at++) {
		s[at] += carry;
		carry = select(0u, 1u, s[at] < carry);
	}
	return s;
}

// Returns true if `a < b`.
fn less_than(a: vec4<u32>, b: vec4<u32>) -> bool {
	if (a.w != b.w) { return a.w < b.w; }
	if (a.z != b.z) { return a.z < b.z; }
	if (a.y != b.y) { return a.y < b.y; }
	return a.x < b.x;
}

// Records the error of the epoch; returns true if it is the least so far.
fn record_error(id: u32) -> bool {
	let at = id * RESULTS;
	let published = vec2(results[at + SUMS], results[at + SUMS + 1u]);
	let synthetic = vec2(results[at + SUMS + 2u], results[at + SUMS + 3u]);
	var error = add_product(vec4(0u), published, candidates[id].published_factor);
	error = add_product(error, synthetic, candidates[id].synthetic_factor);
	let before = vec4(results[at], results[at + 1u], results[at + 2u], results[at + 3u]);
	for (var limb = 0u; limb < 4u; limb++) {
		results[at + LAST + limb] = error[limb];
	}
	results[at + EVALUATED] += 1u;
	if (!less_than(error, before)) {
		return false;
	}
	for (var limb = 0u; limb < 4u; limb++) {
		results[at + limb] = error[limb];
	}
	return true;
}

// Copies the current forward weights and biases to `best`.
fn store_best(id: u32, t: u32) {
	for (var number = 0u; number <= candidates[id].hidden_layers; number++) {
		let layer = candidates[id].layers[number];
		let weights = layer.input_groups * GROUP * layer.output_groups;
		for (var at = t; at < weights; at += SIZE) {
			best[layer.best + at] = parameters[layer.forward_weights + at];
		}
		for (var at = t; at < 2u * layer.output_groups; at += SIZE) {
			best[layer.best + weights + at] = parameters[layer.bias + at];
		}
	}
}

// Evaluates `arguments.count` batches of the early-stopping set from `arguments.first` on; published windows come first.
@compute @workgroup_size(SIZE)
fn evaluate(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.first_candidate + workgroup.x];
	let skip = candidates[id].has_linear_skip;
	if ((arguments.flags & SKIPS_ONLY) > 0u && skip == 0u) {
		return;
	}
	if (t == 0u && (arguments.flags & CLEAR) > 0u) {
		for (var limb = 0u; limb < 4u; limb++) {
			results[id * RESULTS + SUMS + limb] = 0u;
		}
	}
	let published = (arguments.early_stopping[0].count + BATCH - 1u) / BATCH;
	for (var n = 0u; n < arguments.count; n++) {
		let batch = arguments.first + n;
		let synthetic = select(0u, 1u, batch >= published);
		let factor = select(candidates[id].published_factor, candidates[id].synthetic_factor, synthetic == 1u);
		// A source without weight is skipped.
		if ((factor.x | factor.y) > 0u) {
			if (t == 0u) {
				atomicStore(&sum_low, 0u);
				atomicStore(&sum_high, 0u);
			}
			let count = sum_window_errors(id, t, arguments.early_stopping[synthetic], batch - synthetic * published);
			for (var sample = t; sample < count; sample += SIZE) {
				add_to_batch(atomicLoad(&window_sums[sample]));
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
	if ((arguments.flags & RECORD) > 0u) {
		if (t == 0u) {
			is_best = select(0u, 1u, record_error(id));
		}
		workgroupBarrier();
		if (is_best > 0u) {
			store_best(id, t);
		}
	}
	storageBarrier();
	if (!loops_completed()) {
		// A count that the host never expects, so that a truncated loop is noticed.
		results[id * RESULTS + EVALUATED] = 0xf0000000u;
	}
}
