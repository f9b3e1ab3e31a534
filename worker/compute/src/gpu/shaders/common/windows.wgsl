// Windows of a batch: inputs and targets from raw values.

// Loads the starts of batch `batch` of a source; returns the number of its windows.
fn load_windows(source: Source, batch: u32, t: u32) -> u32 {
	let first = batch * BATCH;
	let count = min(BATCH, source.count - first);
	for (var sample = t; sample < BATCH; sample += SIZE) {
		// The rest of the batch repeats a window that is not counted.
		let at = select(first, first + sample, sample < count);
		let start = u32(values[source.offset + at]);
		starts[sample] = start;
		last_values[sample] = values[start + arguments.history - 1u];
	}
	return count;
}

// Inputs of the batch: differences from the last value of each channel, scaled by the channel's shift and clamped to 12 bits.
fn gather(id: u32, t: u32, columns: u32) {
	let column = t % COLUMNS;
	if (column >= columns) {
		return;
	}
	let window = candidates[id].window;
	let pitch = candidates[id].pitch;
	let s = column * GROUP;
	var x = candidates[id].layers[0].x + column;
	var even = vec4(starts[s], starts[s + 2u], starts[s + 4u], starts[s + 6u]) + vec4(arguments.history);
	var odd = vec4(starts[s + 1u], starts[s + 3u], starts[s + 5u], starts[s + 7u]) + vec4(arguments.history);
	for (var channel = 0u; channel < candidates[id].channels; channel++) {
		let shift = candidates[id].input_shifts[channel];
		let left = vec4(u32(max(shift, 0)));
		let right = vec4(u32(max(-shift, 0)));
		// A larger difference is clamped after the left shift anyway; clamping it first keeps the shift within 32 bits.
		let limit = select(0x7fffffff, MAX_ACT + 1, shift > 0);
		let half = select(0, 1i << (u32(-shift - 1) & 31u), shift < 0);
		let even_last = vec4(values[even.x - 1u], values[even.y - 1u], values[even.z - 1u], values[even.w - 1u]);
		let odd_last = vec4(values[odd.x - 1u], values[odd.y - 1u], values[odd.z - 1u], values[odd.w - 1u]);
		let e_at = even - vec4(window);
		let o_at = odd - vec4(window);
		for (var i = t / COLUMNS; i < window; i += SIZE / COLUMNS) {
			var e = vec4(values[e_at.x + i], values[e_at.y + i], values[e_at.z + i], values[e_at.w + i]) - even_last;
			var o = vec4(values[o_at.x + i], values[o_at.y + i], values[o_at.z + i], values[o_at.w + i]) - odd_last;
			e = ((clamp(e, vec4(-limit), vec4(limit)) << left) + vec4(half)) >> right;
			o = ((clamp(o, vec4(-limit), vec4(limit)) << left) + vec4(half)) >> right;
			let to = x + i * pitch * COLUMNS;
			scratch[to] = pack(clamp(e, vec4(-MAX_ACT), vec4(MAX_ACT)), clamp(o, vec4(-MAX_ACT), vec4(MAX_ACT)));
		}
		even += vec4(arguments.channel_stride);
		odd += vec4(arguments.channel_stride);
		// Steps of a channel are contiguous if the pitch is 1, channels of a step otherwise.
		x += select(1u, window, pitch == 1u) * COLUMNS;
	}
}

// Stores the targets of eight outputs for eight samples, less the output of the linear skip.
fn store_targets(at: u32, stride: u32, output: u32, sample: u32, skip: Tile, shift: u32) {
	scratch[at] = target_value(output, sample) - round_shift(skip.e0, shift);
	scratch[at + stride] = target_value(output, sample + 1u) - round_shift(skip.o0, shift);
	scratch[at + 2u * stride] = target_value(output + 1u, sample) - round_shift(skip.e1, shift);
	scratch[at + 3u * stride] = target_value(output + 1u, sample + 1u) - round_shift(skip.o1, shift);
	scratch[at + 4u * stride] = target_value(output + 2u, sample) - round_shift(skip.e2, shift);
	scratch[at + 5u * stride] = target_value(output + 2u, sample + 1u) - round_shift(skip.o2, shift);
	scratch[at + 6u * stride] = target_value(output + 3u, sample) - round_shift(skip.e3, shift);
	scratch[at + 7u * stride] = target_value(output + 3u, sample + 1u) - round_shift(skip.o3, shift);
	scratch[at + 8u * stride] = target_value(output + 4u, sample) - round_shift(skip.e4, shift);
	scratch[at + 9u * stride] = target_value(output + 4u, sample + 1u) - round_shift(skip.o4, shift);
	scratch[at + 10u * stride] = target_value(output + 5u, sample) - round_shift(skip.e5, shift);
	scratch[at + 11u * stride] = target_value(output + 5u, sample + 1u) - round_shift(skip.o5, shift);
	scratch[at + 12u * stride] = target_value(output + 6u, sample) - round_shift(skip.e6, shift);
	scratch[at + 13u * stride] = target_value(output + 6u, sample + 1u) - round_shift(skip.o6, shift);
	scratch[at + 14u * stride] = target_value(output + 7u, sample) - round_shift(skip.e7, shift);
	scratch[at + 15u * stride] = target_value(output + 7u, sample + 1u) - round_shift(skip.o7, shift);
}

// Computes the targets of the batch. Each thread stores those of the tiles that it reads again in the loss, so no barrier is
// needed there.
fn compute_targets(id: u32, t: u32, columns: u32) {
	let layer = candidates[id].linear_skip;
	let tiles = layer.output_groups * columns;
	for (var tile = t; tile < tiles; tile += SIZE) {
		let group = tile / columns;
		let column = tile % columns;
		var skip: Tile;
		if (candidates[id].has_linear_skip > 0u) {
			skip = layer_sums(layer, group, column);
		}
		store_targets(candidates[id].targets + tile, tiles, group * GROUP, column * GROUP, skip, layer.shift);
	}
}
