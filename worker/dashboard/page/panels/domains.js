import { html, useEffect, useState } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import {
	Account,
	Amount,
	Bar,
	Bits,
	BlockLink,
	Card,
	Facts,
	Figure,
	fromDatabase,
	Loaded,
	Loss,
	MeanError,
	Share,
	Table,
	Tag,
} from "../lib/ui.js";
import { Chart } from "../lib/chart.js";
import { CHAMPION, COMPUTED, DOMAIN, EVENTS, EVIDENCE } from "../lib/items.js";
import { DomainStatus, Result } from "../lib/domain.js";
import { count, INITIAL_LOSS, lossBits, lossPercent, model, rung, things, words } from "../lib/format.js";
import { Verify } from "./verify.js";

const TOPICS = ["Optimae", "Domains", "Work"];
const RUNG_TONES = ["second", "third", "fourth", "fifth", "faint"];

/** Draws one domain: its record, the error of its champions against the rungs, and its champions. */
export function Domains({ rest, chain }) {
	// The list has the first 1,000 domains.
	const isListed = chain.data?.domains.some(({ domain_id: id }) => String(id) === rest[0]) ?? true;
	const isOther = !isListed && /^\d+$/.test(rest[0] ?? "");
	const other = useAnswer(isOther ? `/api/domain/${rest[0]}` : null, TOPICS);
	return html`<${Loaded} answer=${chain}>${(data) => {
		if (isOther && other.data === null)
			return html`<div class="panel-head"><h2>Domain ${rest[0]}</h2></div><${Loaded} answer=${other}>${() => null}<//>`;
		const listed = data.domains.find(({ domain_id: id }) => String(id) === rest[0]) ?? data.domains[0];
		const domain = isOther ? other.data.domain : listed;
		if (!domain)
			return html`<div class="panel-head"><h2>Domains</h2></div>
				<p class="empty">No domain is registered. Register one with \`doin-worker domain create\`.</p>`;
		return html`
			<div class="panel-head"><h2>${domain.name}</h2><${DomainStatus} status=${domain.status} />
				<label class="pick">Domain <select value=${domain.domain_id}
					onChange=${(event) => (location.hash = `domains/${event.currentTarget.value}`)}>
					${(isOther ? [domain, ...data.domains] : data.domains).map(
						({ domain_id: id, name }) => html`<option value=${id}
						selected=${id === domain.domain_id}>${id} · ${name}</option>`,
					)}
				</select></label></div>
			<${FindDomain} />
			<${Domain} key=${domain.domain_id} domain=${domain} at=${isOther ? other.data.at : data.at} />`;
	}}<//>`;
}

/** Domains that a search shows. */
const FOUND = 20;

/** Draws a form that finds domains by a part of their name, or by their number. A single one is opened. */
export function FindDomain() {
	const [text, type] = useState("");
	const [wanted, ask] = useState("");
	const path = wanted ? `/api/optimization?search=${encodeURIComponent(wanted)}&limit=${FOUND}` : null;
	const answer = useAnswer(path);
	const only = answer.data?.total === 1 ? answer.data.domains[0] : null;
	useEffect(() => {
		if (!only) return;
		location.hash = `domains/${only.domain_id}`;
		ask("");
	}, [only]);
	const submit = (event) => {
		event.preventDefault();
		ask(text.trim());
	};
	const change = ({ currentTarget: { value } }) => {
		type(value);
		if (value.trim() === "") ask("");
	};
	return html`<form class="find-domain" role="search" onSubmit=${submit}>
		<label for="find-domain">Find a domain</label>
		<input id="find-domain" type="search" value=${text} placeholder="Part of its name, or its number" spellcheck=${false}
			autocomplete="off" onInput=${change} />
		<button type="submit" class="plain">Find</button>
		<span class="note" role="status">${found(answer, wanted)}</span>
		${answer.problem ? html`<${Loaded} answer=${{ ...answer, data: null }}>${() => null}<//>` : null}
		${answer.data?.total > 1 ? html`<${Found} data=${answer.data} close=${() => ask("")} />` : null}
	</form>`;
}

function found({ data, problem }, wanted) {
	if (!wanted || problem) return "";
	if (data === null) return "Searching…";
	return data.total === 0 ? `No domain has “${wanted.slice(0, 40)}” in its name, or this number.` : things(data.total, "domain");
}

function Found({ data, close }) {
	const note = data.total > FOUND ? `the first ${FOUND} of ${count(data.total)}` : null;
	return html`<${Card} wide title="Domains that were found" note=${note}>
		<${Table} caption="Domains that were found, in order of registration" hideCaption rows=${data.domains} empty=""
			rowKey=${(domain) => domain.domain_id} columns=${[
				["Domain", ({ domain_id: id, name }) => html`<a href=${`#domains/${id}`} onClick=${close}>${name}</a>`],
				["Number", ({ domain_id: id }) => id, "num"],
				["Status", ({ status }) => html`<${DomainStatus} status=${status} />`],
				[
					"Weight",
					({ domain_id: id, weight }) => html`<${Share} ppm=${weight} at=${data.at} from=${DOMAIN.weight(id)} />`,
					"num",
				],
			]} />
	<//>`;
}

/** Returns the error of a champion as properties of [`MeanError`]: on the windows of its round, or on the validation split without one. */
export function errorOf(domain, champion) {
	const isDrawn = champion.round !== null;
	const predictions = isDrawn ? domain.drawn_predictions : domain.validation_predictions;
	return { sum: champion.error, predictions, domain };
}

function Domain({ domain, at }) {
	const id = domain.domain_id;
	const history = useAnswer(`/api/history/${id}`, TOPICS);
	const isComputing = history.data?.rungs_state === "computing";
	useEffect(() => {
		if (!isComputing) return undefined;
		const timer = setInterval(history.again, 3000);
		return () => clearInterval(timer);
	}, [isComputing, id]);
	return html`<div class="grid">
		${domain.champion ? html`<${Champion} domain=${domain} at=${at} />` : null}
		<${Record} domain=${domain} at=${at} />
		${/sealed/i.test(domain.evidence) ? html`<${Evidence} id=${id} />` : null}
		<${Loaded} answer=${history}>${(data) => html`<div class="grid nested">
			<${Progress} history=${data} domain=${domain} at=${at} />
			<${Champions} history=${data} domain=${domain} />
		</div>`}<//>
	</div>`;
}

function Champion({ domain, at }) {
	const { domain_id: id, champion } = domain;
	const validation = (sum) => html`<${MeanError} sum=${sum} predictions=${domain.validation_predictions} domain=${domain} />`;
	return html`<${Card} title="Champion"
		note=${html`crowned in block <${Figure} exact=${champion.block} at=${at} from=${CHAMPION.block(id)} />`}>
		<div class="stack"><${Facts} rows=${[
			[
				"Error",
				html`<${Loss} loss=${champion.loss} at=${at} from=${CHAMPION.loss(id)} />`,
				html`of the initial champion's, on the drawn windows${
					domain.drawn_predictions ? html`: <${MeanError} ...${errorOf(domain, champion)} isNamed />` : null
				}`,
			],
			["Model", model(champion.model)],
			[
				"Author",
				champion.author ? html`<${Account} id=${champion.author} />` : "baseline",
				champion.round === null ? null : `round ${champion.round}`,
			],
			["Size", html`<${Figure} exact=${champion.bytes} unit="bytes" at=${at} from=${CHAMPION.bytes(id)} />`],
			[
				"Error sum",
				html`<${Figure} exact=${champion.error} at=${at} from=${CHAMPION.error(id)} />`,
				html`initial champion <${Figure} exact=${champion.initial_error} at=${at} from=${CHAMPION.initial(id)} />`,
			],
			[
				"Validation error",
				html`<${Figure} exact=${champion.validation_error} at=${at} from=${CHAMPION.validation(id)} />`,
				validation(champion.validation_error),
			],
		]} />
		${champion.genes.length > 0 ? html`<${Genes} domain=${domain} genes=${champion.genes} />` : null}
		<${Verify} domain=${id} name=${model(champion.model)} /></div>
	<//>`;
}

/** Draws the genes of a champion of an earlier block, which are read when they are opened. */
function PastGenes({ domain, row }) {
	const [isOpen, open] = useState(false);
	const answer = useAnswer(isOpen && row.genes === null ? `/api/champion/${domain.domain_id}?block=${row.block}` : null);
	const genes = row.genes ?? answer.data?.champion.genes ?? null;
	return html`<details class="more" onToggle=${(event) => open(event.currentTarget.open)}>
		<summary>Genes<span class="visually-hidden"> of ${model(row.model)}</span></summary>
		${
			isOpen && genes === null
				? html`<${Loaded} answer=${answer}>${() => null}<//>`
				: html`<${GeneTable} domain=${domain} genes=${genes ?? []} name=${model(row.model)} />`
		}</details>`;
}

function Genes({ domain, genes }) {
	return html`<details class="more"><summary>Genes it was trained with (${genes.length})</summary>
		<${GeneTable} domain=${domain} genes=${genes} name="the champion" /></details>`;
}

function GeneTable({ domain, genes, name }) {
	const rows = genes.map((value, index) => ({ value, gene: domain.genes?.[index] }));
	const shown = ({ value, gene }) => (gene?.frac ? (Number(value) / 2 ** gene.frac).toPrecision(4) : count(value));
	return html`<${Table} caption=${`Genes of ${name}`} hideCaption rows=${rows} empty="It has no genes." columns=${[
			["Gene", ({ gene }, index) => gene?.name ?? `gene ${index}`],
			["Value", (row) => html`<span title=${String(row.value)}>${shown(row)}</span>`, "num"],
			[
				"Search space",
				({ gene }) =>
					gene
						? `${shown({ value: gene.min, gene })} to ${shown({ value: gene.max, gene })}${gene.log ? ", logarithmic" : ""}`
						: "–",
			],
		]} />`;
}

function Record({ domain, at }) {
	const id = domain.domain_id;
	return html`<${Card} title="Record" note=${`domain ${id}`}>
		<${Facts} rows=${[
			[
				"Program",
				`${words(domain.program)}, ${words(domain.evidence)} evidence`,
				domain.horizon ? `horizon ${domain.horizon}, history ${domain.history}, season ${domain.season}` : null,
			],
			["Unit", domain.unit || "–", domain.licence ? `licence ${domain.licence}` : null],
			["Weight", html`<${Share} ppm=${domain.weight} at=${at} from=${DOMAIN.weight(id)} />`],
			[
				"Bounty",
				html`<${Amount} plancks=${domain.bounty} at=${at} from=${DOMAIN.bounty(id)} />`,
				domain.target_performance > 0
					? html`for an error
						of <${Figure} exact=${domain.target_performance} text=${lossPercent(domain.target_performance)} unit="%"
						at=${at} from=${DOMAIN.target(id)} />`
					: "no target",
			],
			["High-water mark", html`<${Bits} q32=${domain.high_water} at=${at} from=${DOMAIN.highWater(id)} />`],
			["Carry", html`<${Bits} q32=${domain.carry} at=${at} from=${DOMAIN.carry(id)} />`, "progress that later rounds pay"],
			["Least improvement", html`<${Share} ppm=${domain.min_improvement} at=${at} from=${DOMAIN.minImprovement(id)} />`],
			[
				"Bar of a reveal",
				html`<${Figure} exact=${domain.bar} at=${at} from=${DOMAIN.bar(id)} />`,
				html`${
					domain.validation_predictions
						? html`<${MeanError} sum=${domain.bar} predictions=${domain.validation_predictions} domain=${domain} />; `
						: null
				}initial champion <${Figure} exact=${domain.initial_validation_error} at=${at} from=${DOMAIN.initialError(id)} />`,
			],
			["Owner", html`<${Account} id=${domain.owner} />`, `size class ${words(domain.class)}`],
			[
				"Last round",
				domain.last_round ? html`<${Result} result=${domain.last_round.result} />` : "none yet",
				domain.last_round
					? html`round <${Figure} exact=${domain.last_round.number} at=${at} from=${DOMAIN.lastRound(id)} />,
						block <${Figure} exact=${domain.last_round.block} at=${at} from=${DOMAIN.lastBlock(id)} />`
					: null,
			],
		]} />
	<//>`;
}

function Evidence({ id }) {
	const answer = useAnswer(`/api/evidence/${id}`, ["Evidence", "Optimae"]);
	return html`<${Card} wide title="Sealed evidence" note="rows that only the owner has until a round asks for them">
		<${Loaded} answer=${answer}>${(data) =>
			html`<${Facts} rows=${[
				[
					"Segments opened",
					html`<${Figure} exact=${data.opened} at=${data.at} from=${EVIDENCE.opened(id)} />`,
					html`of <${Figure} exact=${data.sealed} at=${data.at} from=${EVIDENCE.sealed(id)} /> sealed`,
				],
				["Units of a segment", html`<${Figure} exact=${data.units} at=${data.at} from=${EVIDENCE.units(id)} />`],
				[
					"Purse",
					html`<${Amount} plancks=${data.purse} at=${data.at} from=${EVIDENCE.purse(id)} />`,
					"burns what a verdict mints",
				],
				["Paid for by the purse", html`<${Amount} plancks=${data.spent} at=${data.at} from=${EVIDENCE.spent(id)} />`],
				["Stake of a seat", html`<${Amount} plancks=${data.stake} at=${data.at} from=${EVIDENCE.stake(id)} />`],
				["Suspended", data.suspended === null ? "no" : html`<${Tag} tone="bad">from block <${BlockLink} number=${data.suspended} /><//>`],
			]} />`}<//>
	<//>`;
}

function Progress({ history, domain, at }) {
	// The block in which a domain was activated is not known to every database: the chart begins with the first known one.
	const drawn = history.champions.filter(
		({ validation_loss: loss, block }) => Number.isSafeInteger(loss) && Number.isInteger(block),
	);
	if (drawn.length === 0) return null;
	const blocks = [...new Set([...drawn.map(({ block }) => block), Math.max(at.number, drawn.at(-1).block + 1)])];
	const losses = blocks.map((block) => drawn.filter((champion) => champion.block <= block).at(-1)?.validation_loss ?? null);
	const share = (loss) => (loss === null ? null : (100 * loss) / INITIAL_LOSS);
	const known = history.rungs.filter((one) => Number.isSafeInteger(one.loss));
	const rungs = known.map((one, index) => ({
		name: rung(one.rung),
		values: blocks.map(() => share(one.loss)),
		tone: RUNG_TONES[index % RUNG_TONES.length],
		dash: "dashed",
		width: 1.25,
	}));
	const last = losses.at(-1);
	const best = known.toSorted((one, other) => one.loss - other.loss)[0];
	const beside = best ? `; the best rung, ${rung(best.rung)}, has ${lossPercent(best.loss)} %` : "";
	const summary = `The champion has ${lossPercent(last)} % of the error of the initial champion${beside}.`;
	const own = {
		name: "champion",
		values: losses.map(share),
		tone: "main",
		stepped: true,
		points: blocks.length < 60,
		width: 2.25,
	};
	return html`<${Card} wide title="Error over time" note="validation split, all models on the same windows">
		<${Chart} title="Validation error of the champions against every rung" summary=${summary} x=${blocks} xLabel="Block"
			yLabel="% of the initial champion" xFormat=${count}
			yFormat=${(value, isTick) => (isTick ? value.toFixed(value % 1 === 0 ? 0 : 1) : `${value.toFixed(2)} %`)}
			series=${[own, ...rungs]} />
		<${Rungs} history=${history} domain=${domain} at=${at} champion=${drawn.at(-1)} />
	<//>`;
}

/** Returns the block whose state has the numbers of a champion: that of the verdict that crowned it, and none for the initial one. */
function crowned(row) {
	return (row.round ?? null) === null ? null : { number: row.block };
}

/** Returns the block whose state has the claim of a champion. On public evidence, the verdict replaces it. */
function claimed(row, domain) {
	return /public/i.test(domain.evidence) ? null : crowned(row);
}

function Rungs({ history, domain, at, champion }) {
	const id = domain.domain_id;
	const last = champion.validation_loss;
	const state = { computing: "The rungs are being computed from the data of the domain.", none: "This program has no rungs." }[
		history.rungs_state
	];
	if (history.rungs_error) return html`<p class="note">The rungs are missing: ${history.rungs_error}</p>`;
	if (state) return html`<p class="note" role="status">${state}</p>`;
	const rows = [
		...history.rungs.filter((one) => Number.isSafeInteger(one.loss)).map((one) => ({ name: rung(one.rung), loss: one.loss })),
		{ name: "champion", loss: last, isChampion: true },
	].sort((one, other) => one.loss - other.loss);
	return html`<${Table} caption="Champion and rungs, best first" rows=${rows} empty="" columns=${[
		["Model", (row) => (row.isChampion ? html`<strong>champion</strong>` : row.name)],
		[
			"Error",
			(row) => {
				const title = `${row.loss} of 1,048,576, the loss of the initial champion`;
				const isInitial = row.isChampion && (champion.round ?? null) === null;
				const exact = row.isChampion ? champion.validation_error : row.loss;
				const block = !row.isChampion ? history.at : isInitial ? at : claimed(champion, domain);
				const from = !row.isChampion ? COMPUTED.rung(id) : isInitial ? DOMAIN.initialError(id) : CHAMPION.validation(id);
				return html`<${Figure} exact=${exact} text=${lossPercent(row.loss)} unit="%" at=${block} from=${from} title=${title} />`;
			},
			"num",
		],
		["Below the initial champion", (row) => html`${lossBits(row.loss)}<span class="unit"> bits</span>`, "num"],
	]} />`;
}

function championsNote(history) {
	if (history.is_complete) return fromDatabase(history);
	// Only the database has times of champions.
	if (history.champions.some(({ timestamp }) => (timestamp ?? null) !== null)) return fromDatabase(history, "the newest");
	return "without a database of those blocks, only the first and the reigning one";
}

function Champions({ history, domain }) {
	const rows = history.champions.toReversed();
	const id = domain.domain_id;
	return html`<${Card} wide title="Champions"
		note=${championsNote(history)}>
		<${Table} caption="Champions of the domain, newest first" hideCaption rows=${rows} rowKey=${(row) => row.block}
			empty="The domain has no champion yet." columns=${[
				["Block", (row) => html`<${BlockLink} number=${row.block} />`, "num"],
				["Round", (row) => row.round ?? "–", "num"],
				["Model", (row) => model(row.model)],
				["Error, drawn windows", (row) => html`<${Loss} loss=${row.loss} at=${crowned(row)} from=${CHAMPION.loss(id)} />`, "num"],
				[
					"Validation error",
					(row) =>
						!Number.isSafeInteger(row.validation_loss)
							? "–"
							: html`<${Figure} exact=${row.validation_error} text=${lossPercent(row.validation_loss)} unit="%" at=${claimed(row, domain)}
								from=${CHAMPION.validation(id)} title=${`error sum ${row.validation_error}`} />
							<small><${MeanError} sum=${row.validation_error} predictions=${domain.validation_predictions} domain=${domain} /></small>`,
					"num",
				],
				[
					"Increment",
					(row) =>
						!row.increment
							? "–"
							: html`<${Bits} q32=${row.increment} at=${crowned(row)} from=${EVENTS.increment} />`,
					"num",
				],
				[
					"Size",
					(row) => (row.bytes ? html`<${Figure} exact=${row.bytes} unit="bytes" at=${crowned(row)} from=${CHAMPION.bytes(id)} />` : "–"),
					"num",
				],
				["Author", (row) => (row.author ? html`<${Account} id=${row.author} />` : "baseline")],
				[
					"Verified by",
					(row) =>
						row.verified_by?.length > 0
							? html`<details class="more">
							<summary>${things(row.verified_by.length, "evaluator")}</summary>${row.verified_by.map((id) => html`<div><${Account} id=${id} /></div>`)}</details>`
							: row.backing
								? `the ${words(row.backing)}`
								: "–",
				],
				[
					"Check",
					(row) =>
						(row.round ?? null) === null
							? ""
							: html`<${Verify} domain=${domain.domain_id} name=${model(row.model)} block=${row.block} isShort />`,
				],
				["Genes", (row) => ((row.round ?? null) === null ? "–" : html`<${PastGenes} domain=${domain} row=${row} />`)],
			]} />
	<//>`;
}
