// Random batches: Philox4x32-10 (Salmon et al. 2011) and unbiased indices by Lemire's multiplication with rejection (2019).

// 1 if a word of the batch was rejected.
var<workgroup> rejected: atomic<u32>;

// One block of Philox4x32-10.
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
	var c = counter;
	var k = key;
	for (var round = 0u; round < 10u; round++) {
		let low = 0xD2511F53u * c.x;
		let high = 0xCD9E8D57u * c.z;
		c = vec4(
			multiply_high(0xCD9E8D57u, c.z) ^ c.y ^ k.x, high,
			multiply_high(0xD2511F53u, c.x) ^ c.w ^ k.y, low,
		);
		k += vec2(0x9E3779B9u, 0xBB67AE85u);
	}
	return c;
}

// Start of the window that random word `word` selects for sample `sample`. Sets `rejected` if the word would bias the draw.
fn draw_one(share: u32, sample: u32, word: u32) {
	let source = arguments.training[select(0u, 1u, sample < share)];
	if (word * source.count < source.surplus) {
		atomicStore(&rejected, 1u);
	}
	starts[sample] = u32(values[source.offset + multiply_high(word, source.count)]);
}

// Draws the whole batch again, word by word, after a word was rejected. One thread runs it.
fn draw_in_turn(key: vec3<u32>, share: u32, step: u32) {
	var block = 0u;
	var left = 0u;
	var words = vec4(0u);
	for (var sample = 0u; sample < BATCH;) {
		if (left == 0u) {
			words = philox(vec4(block, step, 0u, key.z), key.xy);
			block += 1u;
			left = 4u;
		}
		let word = words.x;
		words = words.yzwx;
		left -= 1u;
		let source = arguments.training[select(0u, 1u, sample < share)];
		if (word * source.count >= source.surplus) {
			starts[sample] = u32(values[source.offset + multiply_high(word, source.count)]);
			sample += 1u;
		}
	}
}

// Draws the windows of training step `step`: the first `synthetic_share` samples are synthetic, the others published.
fn draw(id: u32, t: u32, step: u32) {
	let key = candidates[id].batch_key;
	let share = candidates[id].synthetic_share;
	if (t == 0u) {
		atomicStore(&rejected, 0u);
		for (var layer = 0u; layer < MAX_LAYERS; layer++) {
			atomicStore(&needed_bits[layer], 0u);
		}
	}
	workgroupBarrier();
	for (var block = t; block < BATCH / 4u; block += SIZE) {
		let words = philox(vec4(block, step, 0u, key.z), key.xy);
		draw_one(share, 4u * block, words.x);
		draw_one(share, 4u * block + 1u, words.y);
		draw_one(share, 4u * block + 2u, words.z);
		draw_one(share, 4u * block + 3u, words.w);
	}
	workgroupBarrier();
	if (t == 0u && atomicLoad(&rejected) > 0u) {
		draw_in_turn(key, share, step);
	}
	workgroupBarrier();
	for (var sample = t; sample < BATCH; sample += SIZE) {
		last_values[sample] = values[starts[sample] + arguments.history - 1u];
	}
	workgroupBarrier();
}
