// Absolute error, part 1: targets.

// Target of output `output` for the four even or odd samples of a group that begin with `sample`, before the linear skip: the
// change from the last value, in 2^-OUT_FRAC raw units.
fn target_value(output: u32, sample: u32) -> vec4<i32> {
	if (output >= arguments.outputs) {
		return vec4(0);
	}
	let at = arguments.history + u32(values[arguments.target_steps + output]);
	let v = vec4(
		values[starts[sample] + at], values[starts[sample + 2u] + at],
		values[starts[sample + 4u] + at], values[starts[sample + 6u] + at],
	);
	return (v - vec4(last_values[sample], last_values[sample + 2u], last_values[sample + 4u], last_values[sample + 6u])) << vec4(OUT_FRAC);
}
