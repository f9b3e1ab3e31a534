// Charts: uPlot with the colours of the page, a legend of text, and the same numbers as a table.
import { html, useEffect, useRef, useState } from "./html.js";
import { decimated } from "./points.js";
import { Table } from "./ui.js";

/** Most rows of the table of a chart. */
const ROWS = 200;
const DASHES = { solid: [], dashed: [6, 4], dotted: [2, 3], long: [12, 4] };

/**
 * Returns a chart. `series` are `{name, values, tone, dash, stepped, points, width, format}` over the common `x`; `null` is a gap.
 * `summary` describes the chart in a sentence.
 */
export function Chart({ title, summary, x, series, xLabel, yLabel, xFormat = String, yFormat = String, height = 280 }) {
	const box = useRef(null);
	const readout = useRef(null);
	const [theme, setTheme] = useState(0);
	useEffect(() => {
		const changed = () => setTheme((value) => value + 1);
		document.addEventListener("theme", changed);
		return () => document.removeEventListener("theme", changed);
	}, []);
	const data = decimated([x, ...series.map((one) => one.values)]);
	const key = JSON.stringify([theme, data, series.map((one) => [one.name, one.tone])]);
	useEffect(() => {
		const { uPlot } = window;
		const element = box.current;
		const options = chartOptions({ element, series, xLabel, yLabel, xFormat, yFormat, height, readout: readout.current });
		const plot = new uPlot(options, data, element);
		const observer = new ResizeObserver(() => {
			const width = Math.floor(element.clientWidth);
			if (width > 0 && width !== plot.width) plot.setSize({ width, height });
		});
		observer.observe(element);
		return () => {
			observer.disconnect();
			plot.destroy();
		};
	}, [key]);
	return html`<figure class="chart">
		<figcaption class="legend">
			<span class="visually-hidden">${title}. ${summary}</span>
			${series.map(
				(one) => html`<span class="key"><span class=${`swatch ${one.tone} ${one.dash ?? "solid"}`}>
				</span>${one.name}</span>`,
			)}
		</figcaption>
		<div class="plot" ref=${box} role="img" aria-label=${`${title}. ${summary}`} style=${{ minHeight: `${height}px` }}></div>
		<p class="readout" ref=${readout} aria-hidden="true"> </p>
		<${Numbers} title=${title} x=${data[0]} series=${series} values=${data.slice(1)} xLabel=${xLabel} xFormat=${xFormat}
			yFormat=${yFormat} />
	</figure>`;
}

/** Returns the numbers of a chart as a table, which is built when it is opened. */
function Numbers({ title, x, series, values, xLabel, xFormat, yFormat }) {
	const [isOpen, open] = useState(false);
	const step = Math.max(1, Math.ceil(x.length / ROWS));
	const rows = isOpen ? x.map((_, index) => index).filter((index) => index % step === 0 || index === x.length - 1) : [];
	const cell = (column) => (row) =>
		values[column][row] === null || values[column][row] === undefined
			? "–"
			: (series[column].format ?? yFormat)(values[column][row]);
	const columns = [[xLabel, (row) => xFormat(x[row]), "num"], ...series.map((one, column) => [one.name, cell(column), "num"])];
	return html`<details class="numbers" onToggle=${(event) => open(event.currentTarget.open)}>
		<summary>Show the numbers of this chart</summary>
		${isOpen ? html`<${Table} caption=${title} columns=${columns} rows=${rows} empty="There are no numbers yet." />` : null}
	</details>`;
}

function colour(style, tone) {
	return style.getPropertyValue(`--series-${tone}`).trim() || style.getPropertyValue("--muted").trim();
}

function chartOptions({ element, series, xLabel, yLabel, xFormat, yFormat, height, readout }) {
	const style = getComputedStyle(document.documentElement);
	const text = style.getPropertyValue("--muted").trim();
	const axis = {
		stroke: text,
		font: "12px system-ui, sans-serif",
		labelFont: "12px system-ui, sans-serif",
		labelSize: 18,
		grid: { stroke: style.getPropertyValue("--grid").trim(), width: 1 },
		ticks: { show: false },
	};
	const { uPlot } = window;
	return {
		width: Math.max(200, Math.floor(element.clientWidth)),
		height,
		padding: [8, 12, 0, 0],
		legend: { show: false },
		cursor: { drag: { x: false, y: false }, points: { size: 6 } },
		scales: {
			x: { time: false, range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) },
			y: { range: (_, low, high) => padded(low, high) },
		},
		axes: [
			{
				...axis,
				label: xLabel,
				size: 28,
				values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? xFormat(tick) : "")),
			},
			{ ...axis, label: yLabel, size: 58, values: (_, ticks) => ticks.map((tick) => yFormat(tick, true)) },
		],
		series: [
			{},
			...series.map((one) => ({
				label: one.name,
				stroke: colour(style, one.tone),
				width: one.width ?? 1.5,
				dash: DASHES[one.dash ?? "solid"],
				paths: one.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
				points: { show: one.points ?? false, size: 6, fill: colour(style, one.tone), stroke: colour(style, one.tone) },
				spanGaps: one.spanGaps ?? false,
			})),
		],
		hooks: {
			setCursor: [
				(plot) => {
					const index = plot.cursor.idx;
					if (index === null || index === undefined) {
						readout.textContent = " ";
						return;
					}
					const values = series
						.map((one, at) => [one.name, plot.data[at + 1][index], one.format ?? yFormat])
						.filter(([, value]) => value !== null && value !== undefined);
					const texts = values.map(([name, value, form]) => `${name} ${form(value)}`);
					readout.textContent = `${xLabel} ${xFormat(plot.data[0][index])}: ${texts.join(" · ")}`;
				},
			],
		},
	};
}

function padded(low, high) {
	if (low === null || high === null) return [0, 1];
	const room = (high - low || Math.abs(high) || 1) * 0.08;
	return [low - room, high + room];
}
