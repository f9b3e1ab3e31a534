// Selection of the points of a chart.

/** Most points that are drawn. */
const POINTS = 2000;

/**
 * Returns at most about [`POINTS`] points of `columns`, the places of the points and the values of each series: of each group of
 * points the least and the greatest value of every series, and the two ends. `null` is a gap.
 */
export function decimated(columns) {
	const [{ length }, ...series] = columns;
	if (length <= POINTS) return columns;
	const step = Math.ceil((2 * series.length * length) / POINTS);
	const kept = new Set([0, length - 1]);
	for (let start = 0; start < length; start += step) {
		for (const values of series) {
			const places = Array.from({ length: Math.min(step, length - start) }, (_, place) => start + place);
			const known = places.filter((place) => values[place] !== null && values[place] !== undefined);
			if (known.length === 0) continue;
			kept.add(known.reduce((low, place) => (values[place] < values[low] ? place : low)));
			kept.add(known.reduce((high, place) => (values[place] > values[high] ? place : high)));
		}
	}
	const indices = [...kept].sort((one, other) => one - other);
	return columns.map((column) => indices.map((index) => column[index]));
}
