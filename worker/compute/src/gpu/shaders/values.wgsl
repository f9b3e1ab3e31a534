// What is forecast are values.

// The target of output `output` for the even or odd samples of a group, before the linear path.
fn target_of(output: u32, sample: u32) -> vec4<i32> {
	if (output >= arguments.outputs) {
		return vec4(0);
	}
	let at = arguments.history + u32(values[arguments.scored + output]);
	let v = vec4(
		values[starts[sample] + at], values[starts[sample + 2u] + at],
		values[starts[sample + 4u] + at], values[starts[sample + 6u] + at],
	);
	return (v - vec4(lasts[sample], lasts[sample + 2u], lasts[sample + 4u], lasts[sample + 6u])) << vec4(OUT_FRAC);
}
