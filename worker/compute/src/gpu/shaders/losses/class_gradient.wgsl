// Classification, part 3: gradients of the multi-class hinge loss (Crammer & Singer 2001), as in `train/class_targets.rs`.

// Margin by which the score of the actual class has to exceed every other score.
const MARGIN: i32 = 2048;
const HIGHEST: i32 = 0x7fffffff;

// The class to penalise for each of four windows: the highest-scored other class, or NONE where the margin is met.
fn penalised_class(c: Scored) -> vec4<u32> {
	// No score reaches the largest i32, so the sum does not overflow.
	let led = c.score >= min(c.highest, vec4(HIGHEST - MARGIN)) + vec4(MARGIN);
	return select(c.rival, vec4(NONE), led);
}

// Gradients of the score of class `number`: -UNIT_GRADIENT for the actual class, UNIT_GRADIENT for its rival, if the margin is
// not met.
fn class_gradient(number: u32, actual_class: vec4<u32>, rival: vec4<u32>) -> vec4<i32> {
	let fall = select(vec4(0), vec4(UNIT_GRADIENT), rival == vec4(number));
	return select(fall, vec4(-UNIT_GRADIENT), (actual_class == vec4(number)) & (rival != vec4(NONE)));
}

// Computes the last layer and the gradients of its scores.
fn output_gradient(id: u32, number: u32, t: u32) {
	// Other threads than those that read the targets stored them.
	storageBarrier();
	let layer = candidates[id].layers[number];
	for (var column = t; column < COLUMNS; column += SIZE) {
		let both = score_classes(id, column, COLUMNS);
		let even = penalised_class(both.even);
		let odd = penalised_class(both.odd);
		for (var output = 0u; output < layer.output_groups * GROUP; output++) {
			let to = layer.gradient + output * COLUMNS + column;
			scratch[to] = pack(class_gradient(output, both.even.actual_class, even), class_gradient(output, both.odd.actual_class, odd));
		}
	}
}
