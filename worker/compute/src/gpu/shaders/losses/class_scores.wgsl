// Classification, part 1: scores. A net outputs one score per class; that of the linear skip is added. The first class with the
// highest score is the prediction.

// No class.
const NONE: u32 = 0xffffffffu;

// Scores have no targets.
fn target_value(output: u32, sample: u32) -> vec4<i32> {
	return vec4(0);
}

// Actual class of four windows, every second one from `sample` on: the number of bounds that the change reaches.
fn actual_class(sample: u32) -> vec4<u32> {
	let at = arguments.history + u32(values[arguments.target_steps]);
	let change = vec4(
		values[starts[sample] + at] - last_values[sample], values[starts[sample + 2u] + at] - last_values[sample + 2u],
		values[starts[sample + 4u] + at] - last_values[sample + 4u], values[starts[sample + 6u] + at] - last_values[sample + 6u],
	);
	var reached = vec4(0u);
	for (var bound = 1u; bound < arguments.outputs; bound++) {
		reached += select(vec4(0u), vec4(1u), change >= vec4(values[arguments.target_steps + bound]));
	}
	return reached;
}

// For four windows: the actual class, its score, and the first of the other classes with the highest score.
struct Scored {
	actual_class: vec4<u32>,
	score: vec4<i32>,
	rival: vec4<u32>,
	highest: vec4<i32>,
}

// Scores of eight windows: the even and the odd ones.
struct ScoredPair {
	even: Scored,
	odd: Scored,
}

// Adds class `number` after all classes before it. `negated_skip` is the negative output of the linear skip.
fn add_class(before: Scored, number: u32, sum: vec4<i32>, shift: u32, negated_skip: vec4<i32>) -> Scored {
	var c = before;
	let score = round_shift(sum, shift) - negated_skip;
	let own = c.actual_class == vec4(number);
	c.score = select(c.score, score, own);
	let higher = !own & ((c.rival == vec4(NONE)) | (score > c.highest)) & vec4(number < arguments.outputs);
	c.rival = select(c.rival, vec4(number), higher);
	c.highest = select(c.highest, score, higher);
	return c;
}

// Scores of a group of eight windows. Without layers, the linear skip alone gives the scores.
fn score_classes(id: u32, column: u32, columns: u32) -> ScoredPair {
	let count = candidates[id].layer_count;
	let groups = candidates[id].linear_skip.output_groups;
	let tiles = groups * columns;
	var even = Scored(actual_class(column * GROUP), vec4(0), vec4(NONE), vec4(0));
	var odd = Scored(actual_class(column * GROUP + 1u), vec4(0), vec4(NONE), vec4(0));
	for (var group = 0u; group < groups; group++) {
		var a: Tile;
		var s = 1u;
		if (count > 0u) {
			let layer = candidates[id].layers[count - 1u];
			a = layer_sums(layer, group, column);
			s = layer.shift;
		}
		let at = candidates[id].targets + group * columns + column;
		let number = group * GROUP;
		even = add_class(even, number, a.e0, s, scratch[at]);
		odd = add_class(odd, number, a.o0, s, scratch[at + tiles]);
		even = add_class(even, number + 1u, a.e1, s, scratch[at + 2u * tiles]);
		odd = add_class(odd, number + 1u, a.o1, s, scratch[at + 3u * tiles]);
		even = add_class(even, number + 2u, a.e2, s, scratch[at + 4u * tiles]);
		odd = add_class(odd, number + 2u, a.o2, s, scratch[at + 5u * tiles]);
		even = add_class(even, number + 3u, a.e3, s, scratch[at + 6u * tiles]);
		odd = add_class(odd, number + 3u, a.o3, s, scratch[at + 7u * tiles]);
		even = add_class(even, number + 4u, a.e4, s, scratch[at + 8u * tiles]);
		odd = add_class(odd, number + 4u, a.o4, s, scratch[at + 9u * tiles]);
		even = add_class(even, number + 5u, a.e5, s, scratch[at + 10u * tiles]);
		odd = add_class(odd, number + 5u, a.o5, s, scratch[at + 11u * tiles]);
		even = add_class(even, number + 6u, a.e6, s, scratch[at + 12u * tiles]);
		odd = add_class(odd, number + 6u, a.o6, s, scratch[at + 13u * tiles]);
		even = add_class(even, number + 7u, a.e7, s, scratch[at + 14u * tiles]);
		odd = add_class(odd, number + 7u, a.o7, s, scratch[at + 15u * tiles]);
	}
	return ScoredPair(even, odd);
}
