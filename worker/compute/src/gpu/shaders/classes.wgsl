// What is forecast is a class. A net says a score for each, the linear path another that is added, and the first class with the highest one
// is meant.

// No class at all.
const NONE: u32 = 0xffffffffu;

// Scores have no targets.
fn target_of(output: u32, sample: u32) -> vec4<i32> {
	return vec4(0);
}

// The class that came, for four windows from `sample` on by twos: how many bounds the change reaches.
fn came(sample: u32) -> vec4<u32> {
	let at = arguments.history + u32(values[arguments.scored]);
	let change = vec4(
		values[starts[sample] + at] - lasts[sample], values[starts[sample + 2u] + at] - lasts[sample + 2u],
		values[starts[sample + 4u] + at] - lasts[sample + 4u], values[starts[sample + 6u] + at] - lasts[sample + 6u],
	);
	var reached = vec4(0u);
	for (var bound = 1u; bound < arguments.outputs; bound++) {
		reached += select(vec4(0u), vec4(1u), change >= vec4(values[arguments.scored + bound]));
	}
	return reached;
}

// The class that came against the others, for four windows: its score, and the first of those with the highest score.
struct Contest {
	came: vec4<u32>,
	score: vec4<i32>,
	rival: vec4<u32>,
	highest: vec4<i32>,
}

// Those of eight windows.
struct Contests {
	even: Contest,
	odd: Contest,
}

// Class `number` enters, after all before it. What is kept of a window is the negative of what its linear path says.
fn enter(before: Contest, number: u32, sum: vec4<i32>, shift: u32, kept: vec4<i32>) -> Contest {
	var c = before;
	let score = round_shift(sum, shift) - kept;
	let own = c.came == vec4(number);
	c.score = select(c.score, score, own);
	let higher = !own & ((c.rival == vec4(NONE)) | (score > c.highest)) & vec4(number < arguments.outputs);
	c.rival = select(c.rival, vec4(number), higher);
	c.highest = select(c.highest, score, higher);
	return c;
}

// The contests of a group of windows. Without layers, the linear path alone says scores.
fn contests(id: u32, column: u32, columns: u32) -> Contests {
	let count = candidates[id].count;
	let groups = candidates[id].path.output_groups;
	let tiles = groups * columns;
	var even = Contest(came(column * GROUP), vec4(0), vec4(NONE), vec4(0));
	var odd = Contest(came(column * GROUP + 1u), vec4(0), vec4(NONE), vec4(0));
	for (var group = 0u; group < groups; group++) {
		var a: Tile;
		var s = 1u;
		if (count > 0u) {
			let layer = candidates[id].layers[count - 1u];
			a = neurons(layer, group, column);
			s = layer.shift;
		}
		let at = candidates[id].targets + group * columns + column;
		let number = group * GROUP;
		even = enter(even, number, a.e0, s, scratch[at]);
		odd = enter(odd, number, a.o0, s, scratch[at + tiles]);
		even = enter(even, number + 1u, a.e1, s, scratch[at + 2u * tiles]);
		odd = enter(odd, number + 1u, a.o1, s, scratch[at + 3u * tiles]);
		even = enter(even, number + 2u, a.e2, s, scratch[at + 4u * tiles]);
		odd = enter(odd, number + 2u, a.o2, s, scratch[at + 5u * tiles]);
		even = enter(even, number + 3u, a.e3, s, scratch[at + 6u * tiles]);
		odd = enter(odd, number + 3u, a.o3, s, scratch[at + 7u * tiles]);
		even = enter(even, number + 4u, a.e4, s, scratch[at + 8u * tiles]);
		odd = enter(odd, number + 4u, a.o4, s, scratch[at + 9u * tiles]);
		even = enter(even, number + 5u, a.e5, s, scratch[at + 10u * tiles]);
		odd = enter(odd, number + 5u, a.o5, s, scratch[at + 11u * tiles]);
		even = enter(even, number + 6u, a.e6, s, scratch[at + 12u * tiles]);
		odd = enter(odd, number + 6u, a.o6, s, scratch[at + 13u * tiles]);
		even = enter(even, number + 7u, a.e7, s, scratch[at + 14u * tiles]);
		odd = enter(odd, number + 7u, a.o7, s, scratch[at + 15u * tiles]);
	}
	return Contests(even, odd);
}
