import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { BlockLink, Card, Facts, Figure, Loaded, Table } from "../lib/ui.js";
import { Chart } from "../lib/chart.js";
import { COMPUTED } from "../lib/items.js";
import { count, model, scale, things } from "../lib/format.js";

/** Draws the forecasts of a champion over the real series, with their errors. */
export function Forecast({ rest, chain }) {
	return html`<${Loaded} answer=${chain}>${(data) => {
		const domains = data.domains.filter((domain) => domain.program === "forecast" && domain.champion);
		const domain = domains.find(({ domain_id: id }) => String(id) === rest[0]) ?? domains[0];
		if (!domain)
			return html`<div class="panel-head"><h2>Forecast</h2></div>
				<p class="empty">No domain with a series has a champion yet.</p>`;
		return html`
			<div class="panel-head"><h2>Forecast of ${domain.name}</h2>
				<label class="pick">Domain <select value=${domain.domain_id}
					onChange=${(event) => (location.hash = `forecast/${event.currentTarget.value}`)}>
					${domains.map(
						({ domain_id: id, name }) => html`<option value=${id}
						selected=${id === domain.domain_id}>${id} · ${name}</option>`,
					)}
				</select></label>
				<p>What the champion forecasts after the end of the published series, and what it would have forecast before
					windows whose values are known.</p></div>
			<${Drawn} key=${domain.domain_id} id=${domain.domain_id} />`;
	}}<//>`;
}

function Drawn({ id }) {
	const answer = useAnswer(`/api/forecast/${id}`, ["Optimae", "Evidence", "Domains"]);
	return html`<${Loaded} answer=${answer}>${(data) => html`<div class="grid"><${Series} data=${data} /><${Past} data=${data} />
		</div>`}<//>`;
}

function Series({ data }) {
	const id = data.domain_id;
	const { factor, name, digits } = scale(data.unit);
	const shown = Math.max(4 * data.horizon, 2 * data.season, 48);
	const past = data.past.toSorted((one, other) => one.from - other.from);
	const start = Math.max(0, Math.min(data.real.length - shown, (past[0]?.from ?? Infinity) - data.first - data.season));
	const end = data.first + data.real.length;
	const length = end - (data.first + start) + data.horizon;
	const x = Array.from({ length }, (_, index) => data.first + start + index);
	const real = x.map((step) => (step < end ? data.real[step - data.first] * factor : null));
	const values = (points, from) => {
		const by = new Map(points.map(({ step, value }) => [from + step - 1, value * factor]));
		return x.map((step) => by.get(step) ?? null);
	};
	// Windows that follow one another overlap, so each step shows the forecast of the newest window.
	const before = new Map(past.flatMap((one) => one.forecast.map(({ step, value }) => [one.from + step - 1, value * factor])));
	const next = values(data.next, end);
	const hasGaps = data.next.length < data.horizon;
	const last = data.next.at(-1);
	const shownValue = (value) => `${(value * factor).toFixed(digits)} ${name}`;
	const ahead = last ? `; the champion forecasts ${shownValue(last.value)} after ${things(last.step, "step")}` : "";
	const summary = `The series ends at ${shownValue(data.real.at(-1))}${ahead}.`;
	return html`<${Card} wide title="Forecast over the series"
		note=${html`${model(data.model)}, champion in block <${BlockLink} number=${data.at.number} /> · values in ${name}, x in steps of the series`}>
		<${Chart} title=${`Forecasts of ${data.name}`} summary=${summary} x=${x} xLabel="Step" yLabel=${name} height=${340}
			xFormat=${count} yFormat=${(value) => value.toFixed(digits)}
			series=${[
				{ name: "published series", values: real, tone: "fifth", width: 1.5 },
				{
					name: "forecasts of past windows",
					values: x.map((step) => before.get(step) ?? null),
					tone: "second",
					dash: "dashed",
					width: 1.75,
					spanGaps: hasGaps,
				},
				{ name: "forecast after the end", values: next, tone: "main", width: 2.25, points: hasGaps, spanGaps: hasGaps },
			]} />
		<${Facts} rows=${[
			["Horizon", html`<${Figure} exact=${data.horizon} unit="steps" at=${data.at} from=${COMPUTED.horizon(id)} />`],
			["History", html`<${Figure} exact=${data.history} unit="steps" at=${data.at} from=${COMPUTED.history(id)} />`],
			[
				"Published series",
				html`<${Figure} exact=${data.steps} unit="steps" at=${data.at} from=${COMPUTED.steps(id)} />`,
				`training to ${count(data.train_end)}, validation to ${count(data.validation_end)}`,
			],
		]} />
	<//>`;
}

function Past({ data }) {
	const id = data.domain_id;
	const { factor, name } = scale(data.unit);
	const mean = (one) => {
		const errors = one.forecast.map(({ step, value }) => Math.abs(value - data.real[one.from + step - 1 - data.first]));
		return errors.length > 0 ? ((errors.reduce((sum, error) => sum + error, 0) / errors.length) * factor).toPrecision(3) : "–";
	};
	const share = ({ error, initial_error: initial }) =>
		Number(initial) > 0 ? ((100 * Number(error)) / Number(initial)).toFixed(1) : "–";
	return html`<${Card} wide title="Errors of past forecasts">
		<${Table} caption="Windows whose values are known, newest first" hideCaption rows=${data.past.toReversed()}
			empty="No window is known." columns=${[
				["First step", (one) => count(one.from), "num"],
				["Part of the data", (one) => one.split],
				["Mean absolute error", (one) => html`${mean(one)}<span class="unit"> ${name}</span>`, "num"],
				["Error sum", (one) => html`<${Figure} exact=${one.error} at=${data.at} from=${COMPUTED.window(id)} />`, "num"],
				[
					"Error sum of the initial champion",
					(one) => html`<${Figure} exact=${one.initial_error} at=${data.at} from=${COMPUTED.initialWindow(id)} />`,
					"num",
				],
				["Of the initial champion", (one) => html`${share(one)}<span class="unit"> %</span>`, "num"],
			]} />
	<//>`;
}
