// Classes: which one came, and what a net says of them. Its scores lie where targets of values do.

// No class at all.
const NONE: u32 = 0xffffffffu;

// The class that came, for four windows from `sample` on by twos.
fn came(sample: u32) -> vec4<u32> {
	let at = arguments.history + u32(values[arguments.scored]);
	let change = vec4(
		values[starts[sample] + at] - lasts[sample], values[starts[sample + 2u] + at] - lasts[sample + 2u],
		values[starts[sample + 4u] + at] - lasts[sample + 4u], values[starts[sample + 6u] + at] - lasts[sample + 6u],
	);
	var reached = vec4(0u);
	for (var bound = 0u; bound + 1u < arguments.classes; bound++) {
		reached += select(vec4(0u), vec4(1u), change >= vec4(values[arguments.bounds + bound]));
	}
	return reached;
}

// Keeps the scores of eight classes for eight samples: what a net says less what is there, the negative of what its linear path says.
fn keep_scores(at: u32, stride: u32, a: Tile, s: u32) {
	scratch[at] = round_shift(a.e0, s) - scratch[at];
	scratch[at + stride] = round_shift(a.o0, s) - scratch[at + stride];
	scratch[at + 2u * stride] = round_shift(a.e1, s) - scratch[at + 2u * stride];
	scratch[at + 3u * stride] = round_shift(a.o1, s) - scratch[at + 3u * stride];
	scratch[at + 4u * stride] = round_shift(a.e2, s) - scratch[at + 4u * stride];
	scratch[at + 5u * stride] = round_shift(a.o2, s) - scratch[at + 5u * stride];
	scratch[at + 6u * stride] = round_shift(a.e3, s) - scratch[at + 6u * stride];
	scratch[at + 7u * stride] = round_shift(a.o3, s) - scratch[at + 7u * stride];
	scratch[at + 8u * stride] = round_shift(a.e4, s) - scratch[at + 8u * stride];
	scratch[at + 9u * stride] = round_shift(a.o4, s) - scratch[at + 9u * stride];
	scratch[at + 10u * stride] = round_shift(a.e5, s) - scratch[at + 10u * stride];
	scratch[at + 11u * stride] = round_shift(a.o5, s) - scratch[at + 11u * stride];
	scratch[at + 12u * stride] = round_shift(a.e6, s) - scratch[at + 12u * stride];
	scratch[at + 13u * stride] = round_shift(a.o6, s) - scratch[at + 13u * stride];
	scratch[at + 14u * stride] = round_shift(a.e7, s) - scratch[at + 14u * stride];
	scratch[at + 15u * stride] = round_shift(a.o7, s) - scratch[at + 15u * stride];
}

// The scores of class `number` for the even samples of a group, or with `odd` 1 for the odd ones.
fn score_of(id: u32, number: u32, column: u32, columns: u32, odd: u32) -> vec4<i32> {
	let tiles = candidates[id].path.output_groups * columns;
	return scratch[candidates[id].targets + number / GROUP * columns + column + (2u * (number % GROUP) + odd) * tiles];
}

// The first class with the highest score, `but` left out; its score.
struct Winner {
	which: vec4<u32>,
	score: vec4<i32>,
}

fn winner(id: u32, column: u32, columns: u32, odd: u32, but: vec4<u32>) -> Winner {
	var best = Winner(vec4(NONE), vec4(0));
	for (var number = 0u; number < arguments.classes; number++) {
		let score = score_of(id, number, column, columns, odd);
		let higher = (but != vec4(number)) & ((best.which == vec4(NONE)) | (score > best.score));
		best.which = select(best.which, vec4(number), higher);
		best.score = select(best.score, score, higher);
	}
	return best;
}

// What four windows count for: a raw unit where the net means another class than the one that came.
fn mistakes(id: u32, column: u32, columns: u32, odd: u32) -> vec4<u32> {
	let meant = winner(id, column, columns, odd, vec4(NONE)).which;
	return select(vec4(0u), vec4(1u << OUT_FRAC), meant != came(column * GROUP + odd));
}
