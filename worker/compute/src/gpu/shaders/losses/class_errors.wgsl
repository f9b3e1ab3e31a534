// Classification, part 2: errors.

// Error of four windows: one raw unit for each whose prediction is not the actual class.
fn misclassified(c: Scored) -> vec4<u32> {
	let right = (c.score > c.highest) | ((c.score == c.highest) & (c.actual_class < c.rival));
	return select(vec4(1u << OUT_FRAC), vec4(0u), right | (c.rival == vec4(NONE)));
}

// Adds the errors of the batch to the sums of its windows.
fn add_errors(id: u32, t: u32, columns: u32) {
	// Other threads than those that read the targets stored them.
	storageBarrier();
	for (var column = t; column < columns; column += SIZE) {
		let both = score_classes(id, column, columns);
		add_window_errors(column * GROUP, misclassified(both.even), misclassified(both.odd));
	}
}
