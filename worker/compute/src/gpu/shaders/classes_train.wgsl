// Gradients of the hinge loss of several classes, as in `classes.rs`.

// By how much the class that came should lead.
const MARGIN: i32 = 2048;
const HIGHEST: i32 = 0x7fffffff;

// The class that should fall for each of four windows: the rival, or none where it is led by the margin.
fn falls(c: Contest) -> vec4<u32> {
	// No score is as high as the highest number.
	let led = c.score >= min(c.highest, vec4(HIGHEST - MARGIN)) + vec4(MARGIN);
	return select(c.rival, vec4(NONE), led);
}

// The gradients of class `number`: the score of the class that came should rise, and that of its rival fall.
fn push(number: u32, came: vec4<u32>, rival: vec4<u32>) -> vec4<i32> {
	let fall = select(vec4(0), vec4(UNIT), rival == vec4(number));
	return select(fall, vec4(-UNIT), (came == vec4(number)) & (rival != vec4(NONE)));
}

// The last layer.
fn signs(id: u32, number: u32, t: u32) {
	// Targets are kept by other threads than those that need them.
	storageBarrier();
	let layer = candidates[id].layers[number];
	for (var column = t; column < COLUMNS; column += SIZE) {
		let both = contests(id, column, COLUMNS);
		let even = falls(both.even);
		let odd = falls(both.odd);
		for (var output = 0u; output < layer.output_groups * GROUP; output++) {
			let to = layer.gradient + output * COLUMNS + column;
			scratch[to] = pack(push(output, both.even.came, even), push(output, both.odd.came, odd));
		}
	}
}
