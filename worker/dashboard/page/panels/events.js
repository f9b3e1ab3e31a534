import { html, useState } from "../lib/html.js";
import { KEPT_EVENTS, useFeed } from "../lib/store.js";
import { BlockLink, Card, Table, Time } from "../lib/ui.js";
import { count } from "../lib/format.js";

/** Rows that are drawn at a time. */
const SHOWN = 100;

/** Draws the events of the chain as they happen. */
export function Events() {
	const feed = useFeed();
	const [filter, setFilter] = useState("");
	const [hasBlocks, setBlocks] = useState(false);
	const [frozen, setFrozen] = useState(null);
	const events = frozen ?? feed.events;
	const wanted = filter.trim().toLowerCase();
	const matches = events.filter(
		(event) =>
			(hasBlocks || event.kind !== "block") &&
			(wanted === "" || `${event.kind} ${JSON.stringify(event.data)}`.toLowerCase().includes(wanted)),
	);
	const rows = matches.slice(-SHOWN).reverse();
	return html`
		<div class="panel-head"><h2>Events</h2>
			<div class="pick"><label for="filter">Filter</label>
				<input id="filter" value=${filter} placeholder="e.g. Optimae or an account" spellcheck="false"
				onInput=${(event) => setFilter(event.currentTarget.value)} />
				<label><input type="checkbox" checked=${hasBlocks}
					onChange=${(event) => setBlocks(event.currentTarget.checked)} /> blocks</label>
				<button type="button" class="plain" aria-pressed=${frozen ? "true" : "false"}
					onClick=${() => setFrozen(frozen ? null : [...feed.events])}>${frozen ? "Follow again" : "Hold"}</button>
					</div>
			<p>Events of finalized blocks. The page keeps the newest ${count(KEPT_EVENTS)}; every event since block 0 is in the
				database. Amounts are plancks, improvements
			are Q32 bits.</p></div>
		<div class="grid">
			<${Card} wide title="Newest events"
			note=${`${count(matches.length)} of ${count(events.length)}${rows.length < matches.length ? `, newest ${SHOWN} shown` : ""}`}>
			<${Table} caption="Events, newest first" hideCaption isStacked rows=${rows} rowKey=${(event) => event.id}
				empty=${events.length === 0 ? "No event yet." : "No event matches the filter."} columns=${[
					["Block", (event) => html`<${BlockLink} number=${event.block} />`, "num"],
					["Time", (event) => html`<${Time} ms=${event.timestamp} />`],
					["Event", (event) => event.kind],
					["Fields", (event) => html`<span class="code event-data">${fields(event.data)}</span>`, "text"],
				]} />
		<//></div>`;
}

/** Returns the fields of an event as one text. */
function fields(data, depth = 0) {
	if (data === null || data === undefined) return "–";
	if (Array.isArray(data))
		return data.length > 8 ? `${data.length} items` : data.map((item) => fields(item, depth + 1)).join(", ");
	if (typeof data !== "object") return shortened(String(data));
	const text = Object.entries(data)
		.map(([name, value]) => `${name} ${fields(value, depth + 1)}`)
		.join(depth === 0 ? " · " : " ");
	return depth === 0 ? text : `(${text})`;
}

function shortened(text) {
	return text.length > 24 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text;
}
