import { html } from "../lib/html.js";
import { Account, Bar, Card, Facts, Loaded, Table, Tag } from "../lib/ui.js";
import { count, duration, lossBits, lossPercent, things, words } from "../lib/format.js";

/** Draws the searches of this worker while they train. */
export function Training({ training, chain }) {
	const names = new Map((chain.data?.domains ?? []).map((domain) => [domain.domain_id, domain.name]));
	return html`
		<div class="panel-head"><h2>Training</h2>
			<p>Searches of this worker. They are its own numbers and not a part of the chain. Errors are on the validation split,
			as percentages of the error of the initial champion.</p></div>
		<${Loaded} answer=${training}>${(data) =>
			html`<div class="grid">${
				data.searches.length === 0
					? html`<p class="empty">No search runs at this time: the worker waits for a domain that it can optimize.</p>`
					: data.searches.map(
							(search) =>
								html`<${Search} key=${`${search.domain_id} ${search.peer_id}`} search=${search}
									name=${names.get(search.domain_id)} />`,
						)
			}
			${data.searches.length > 0 ? html`<${Islands} searches=${data.searches} names=${names} />` : null}</div>`}<//>`;
}

/** Draws the searches of this worker side by side: each account has an island of its own in a domain. */
function Islands({ searches, names }) {
	return html`<${Card} wide title="Islands of this worker" note="each account has one in a domain that it optimizes">
		<${Table} caption="Islands of this worker, by domain and account" hideCaption rows=${searches} empty=""
			rowKey=${(one) => `${one.domain_id} ${one.peer_id}`} columns=${[
				["Island", (one) => html`<${Account} id=${one.peer_id} />`],
				["Domain", (one) => html`<a href=${`#domains/${one.domain_id}`}>${names.get(one.domain_id) ?? `domain ${one.domain_id}`}</a>`],
				["State", (one) => html`<${Tag} tone=${TONES[one.state]}>${words(one.state)}<//>`],
				["Best candidate", (one) => loss(one.best), "num"],
				["Generation", (one) => count(one.generation), "num"],
				["Immigrants", (one) => count(one.immigrants), "num"],
			]} />
	<//>`;
}

const TONES = { training: "good", waiting: "warn", stopped: "bad" };

function loss(value) {
	return value === null || value === undefined
		? "–"
		: html`<span class="number" title=${`${value} of 1,048,576`}>${lossPercent(value)}<span class="unit"> %</span>
			</span> <span class="muted">${lossBits(value)} bits</span>`;
}

function Epochs({ search }) {
	const share = search.total_epochs > 0 ? search.epoch / search.total_epochs : 0;
	const isRunning = search.total_epochs > 0;
	const done = isRunning
		? `${count(search.epoch)} of ${count(search.total_epochs)} epochs of the running batch`
		: "No batch runs.";
	const left = (search.remaining_ms ?? 0) < 1000 ? "" : ` · about ${duration(search.remaining_ms)} left`;
	return html`<div class="bar-line">
		<${Bar} label="Epochs of the running batch" parts=${[
			["trained", share, "main"],
			["left", 1 - share, "rest"],
		]} />
		<p class="note">${done}${left}</p>
	</div>`;
}

/** Returns a search in short. */
export function SearchLine({ search }) {
	const rate = search.per_hour === null ? "" : ` · ${count(search.per_hour)} an hour`;
	const stage = search.stages > 1 ? `stage ${search.stage} of ${search.stages} · ` : "";
	const bracket = search.bracket_stages > 1 ? `bracket stage ${search.bracket_stage} of ${search.bracket_stages} · ` : "";
	const done = `${stage}${bracket}generation ${count(search.generation)} · ${things(search.candidates, "candidate")} trained${rate}`;
	return html`<div class="stack">
		<p><${Tag} tone=${TONES[search.state]}>${search.state}<//> ${done}</p>
		<${Epochs} search=${search} />
	</div>`;
}

function Search({ search, name }) {
	return html`<${Card} wide title=${`${name ?? "Domain"} (domain ${search.domain_id})`}
		note=${html`<${Tag} tone=${TONES[search.state]}>${words(search.state)}<//>`}>
		<div class="stack"><${Epochs} search=${search} />
		<${Facts} rows=${[
			["Best candidate", loss(search.best), "validation error"],
			["Champion", loss(search.champion), "validation error"],
			["Generation", count(search.generation), `${count(search.population)} candidates each`],
			...(search.stages > 1 ? [["Stage", `${search.stage} of ${search.stages}`, "genes are added stage by stage"]] : []),
			...(search.bracket_stages > 1
				? [
						[
							"Stage of the bracket",
							`${search.bracket_stage} of ${search.bracket_stages}`,
							"the best candidates of each are trained longer",
						],
					]
				: []),
			["Candidates trained", count(search.candidates), `in ${duration(Date.now() - search.since_ms)}`],
			["Rate", search.per_hour === null ? "–" : html`${count(search.per_hour)}<span class="unit"> an hour</span>`],
			["Candidates in the pool", count(search.pool), "found and not committed"],
			["Immigrants", count(search.immigrants), "models of other authors taken in"],
			["Account", html`<${Account} id=${search.peer_id} />`],
			["Devices", search.devices.length ? search.devices.join(", ") : "CPU"],
		]} /></div>
	<//>`;
}
