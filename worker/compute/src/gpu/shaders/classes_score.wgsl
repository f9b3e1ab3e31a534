// Mistakes in telling classes apart.

// What four windows count for: a raw unit where another class is meant than the one that came.
fn mistakes(c: Contest) -> vec4<u32> {
	let right = (c.score > c.highest) | ((c.score == c.highest) & (c.came < c.rival));
	return select(vec4(1u << OUT_FRAC), vec4(0u), right | (c.rival == vec4(NONE)));
}

fn compare(id: u32, t: u32, columns: u32) {
	// Targets are kept by other threads than those that need them.
	storageBarrier();
	for (var column = t; column < columns; column += SIZE) {
		let both = contests(id, column, columns);
		count_errors(column * GROUP, mistakes(both.even), mistakes(both.odd));
	}
}
