// Stage `train`: training steps on random batches. One dispatch runs many steps of many candidates.

// Gradient of one unit of error.
const UNIT_GRADIENT: i32 = 64;
// Bits of the largest gradient of a batch after rescaling.
const GRADIENT_BITS: u32 = 11u;
// Right shifts from masters, Q11.20, to weights and biases of forward passes.
const MASTER_TO_WEIGHT: u32 = 10u;
const MASTER_TO_BIAS: u32 = 1u;
// Fractional bits of an activation.
const ACT_FRAC: u32 = 9u;
// Largest masters.
const MAX_WEIGHT: i32 = 2096639;
const MAX_BIAS: i32 = 8388608;
// Decay rates of the momentum: beta_1 = 1 - 2^-2, beta_2 = 1 - 2^-5.
const BETA_1: u32 = 2u;
const BETA_2: u32 = 5u;

// Runs `arguments.count` training steps.
@compute @workgroup_size(SIZE)
fn train(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let id = order[arguments.first_candidate + workgroup.x];
	for (var n = 0u; n < arguments.count; n++) {
		let step = arguments.first + n;
		draw(id, t, step);
		gather(id, t, COLUMNS);
		storageBarrier();
		compute_targets(id, t, COLUMNS);
		train_step(id, t, step);
	}
	if (t == 0u) {
		results[id * 16u + 12u] += arguments.count;
	}
	storageBarrier();
	if (!loops_completed()) {
		// A count that the host never expects, so that a truncated loop is noticed.
		results[id * 16u + 12u] = 0xf0000000u;
	}
}
