import { html } from "../../lib/html.js";
import { Amount, BlockLink, Card, Facts, Figure, Loaded, Table, Tag } from "../../lib/ui.js";
import { ROUND } from "../../lib/items.js";
import { blocksLeft, Result, SeatState, Steps } from "../../lib/domain.js";
import { count, model, things, title, words } from "../../lib/format.js";
import { call, entries, query } from "../node.js";
import { useChain } from "../use.js";
import { AccountLink, Fields, ItemLink, Stored, Value } from "../parts.js";
import { domainId, none } from "./domains.js";

/** Domains whose open rounds are drawn. */
const SHOWN = 24;
/** Domains, and rounds, that are read for the list of all domains. */
const DOMAINS = 256;
const ROUNDS = 200;
/** Rounds that are looked through for those of one domain: as many keys as a node returns at a time. */
const ROUNDS_OF_ONE = 1000;
const AWAITED = /sealed|live/i;

/** Draws the open rounds; with a domain, its rounds; with a number too, one round. */
export function Rounds({ rest }) {
	if (rest[0] && rest[1]) return html`<${Round} key=${rest.join("/")} domain=${rest[0]} number=${rest[1]} />`;
	return html`<${Open} key=${rest[0] ?? ""} only=${rest[0] ?? null} />`;
}

/**
 * Returns the open rounds: `rounds` of the first active domains with their views, the `undecided` ones of the state, and what is left
 * out. `only` is the domain that is chosen, or `null`.
 */
export async function readRounds(at, only) {
	const chosen =
		only === null ? await call("doin_domains", [0, DOMAINS, at.hash]) : [await call("doin_domain", [domainId(only), at.hash])];
	const active = only === null ? chosen.filter(({ status }) => status === "Active") : chosen;
	const shown = active.slice(0, SHOWN);
	const [views, kept, open] = await Promise.all([
		Promise.all(shown.map(({ id }) => call("doin_round", [id, at.hash]).catch(none))),
		entries(at, "Optimae", "Rounds", [], { count: only === null ? ROUNDS : ROUNDS_OF_ONE }),
		query(at, "Optimae", "CounterForRounds"),
	]);
	const rounds = shown.map((domain, index) => ({ domain, view: views[index] })).filter(({ view }) => view !== null);
	const undecided = kept.entries
		.map(({ keys: [id], value, key }) => ({ id, value, key }))
		.filter(({ id }) => only === null || id.domain === Number(only));
	const isCut = kept.next !== null || (only === null && chosen.length === DOMAINS);
	const last = chosen.filter(({ lastRound }) => lastRound);
	return { at, rounds, undecided, open, isCut, hidden: active.length - shown.length, last };
}

function Open({ only }) {
	const answer = useChain(`rounds ${only}`, (at) => readRounds(at, only));
	return html`
		<div class="panel-head"><h2>${only === null ? "Rounds" : `Rounds of domain ${only}`}</h2>
			<p>A round takes commits, then reveals. Evaluators recompute the sums of its models. Then the verdict falls, and the round
			leaves the state.</p></div>
		<${Loaded} answer=${answer}>${({ at, rounds, undecided, open, isCut, hidden, last }) => html`<div class="grid">
			${rounds.length === 0 ? html`<p class="empty">No domain takes commits.</p>` : null}
			${rounds.map(({ domain, view }) => html`<${View} key=${domain.id} domain=${domain} view=${view} at=${at} />`)}
			${hidden > 0 ? html`<p class="note">${`${things(hidden, "further active domain")} not shown: choose a domain.`}</p>` : null}
			${isCut ? html`<p class="note">${cutNote(only)}</p>` : null}
			<${Card} wide title="Rounds in the state" note=${html`<${Stored} name="Rounds in the state" item="Optimae.CounterForRounds" value=${open} at=${at} />`}>
				<${Table} caption="Rounds with seats that are not decided" hideCaption rows=${undecided} rowKey=${(row) => row.key}
					empty=${isCut ? "None of the rounds that were read has a seat." : "No seat is taken in any round."} columns=${[
						[
							"Round",
							({ id }) => html`<a href=${`#rounds/${id.domain}/${id.number}`}>domain ${id.domain}, round ${id.number}</a>`,
						],
						["Stage", ({ value }) => html`<${Tag} tone="accent">${words(value.stage.type)}<//>`],
						["Seats", ({ value }) => count(value.seats.length), "num"],
						["Task", ({ value }) => html`<${TaskLink} stage=${value.stage} />`, "num"],
					]} /><//>
			<${Card} wide title="Rounds that ended last"><${Table} caption="Round of each domain that ended last" hideCaption rows=${last}
				empty="No round has ended yet." columns=${[
					["Domain", (one) => html`<a href=${`#domains/${one.id}`}>${one.name}</a>`],
					["Round", (one) => one.lastRound.number, "num"],
					["Block", (one) => html`<${BlockLink} number=${one.lastRound.block} />`, "num"],
					["Result", (one) => html`<${Result} result=${one.lastRound.result} />`],
				]} /><//>
		</div>`}<//>`;
}

/** Returns the sentence that says what is not read. */
export function cutNote(only) {
	if (only !== null) return `Only the first ${count(ROUNDS_OF_ONE)} rounds of the state are looked through.`;
	return `Only the first ${count(DOMAINS)} domains and ${count(ROUNDS)} rounds are read: choose a domain.`;
}

function TaskLink({ stage }) {
	const task = stage.type === "Evaluating" ? stage.value.task : null;
	return task === null ? html`<span class="none">–</span>` : html`<a href=${`#tasks/${task}`}>${String(task)}</a>`;
}

function View({ domain, view, at }) {
	const of = { domain_id: view.round.domain, round: view.round.number };
	return html`<${Card} wide title=${`${domain.name}, round ${of.round}`} note=${html`<a href=${`#rounds/${of.domain_id}/${of.round}`}>record</a>`}>
		<${Steps} label=${`Phases of round ${of.round} of domain ${of.domain_id}`} phase=${view.phase}
			isAwaited=${AWAITED.test(domain.evidence)} left=${blocksLeft(view.phaseEnd, at.number)} />
		<${Facts} rows=${[
			["Phase", title(view.phase)],
			["Phase ends before", html`<${Figure} exact=${view.phaseEnd} at=${at} from=${ROUND.phaseEnd(of)} />`],
			["Seats taken", html`<${Figure} exact=${view.seats.length} at=${at} from=${ROUND.seats(of)} />`],
			["Fee of the next seat", html`<${Amount} plancks=${view.nextSeatFee} at=${at} from=${ROUND.fee(of)} />`],
			["Hold of the next seat", html`<${Amount} plancks=${view.seatHold} at=${at} from=${ROUND.hold(of)} />`],
			view.contender && ["Contender", model(view.contender)],
		]} />
		<${Table} caption=${`Seats of round ${of.round} of domain ${of.domain_id}, in order of commit`} rows=${view.seats}
			empty="No seat is taken yet." columns=${[
				["Seat", (_, index) => index, "num"],
				["Account", (seat) => html`<${AccountLink} id=${seat.who} />`],
				["State", (seat) => html`<${SeatState} status=${seat.status} />`],
				["Model", (seat) => (seat.model ? model(seat.model) : "–")],
				["Fee", (seat, index) => html`<${Amount} plancks=${seat.fee} at=${at} from=${ROUND.seatFee(of, index)} />`, "num"],
			]} />
	<//>`;
}

function roundNumber(text) {
	if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
	throw { error: `“${text}” is not the number of a round`, next: "enter a whole number, e.g. 12" };
}

function Round({ domain, number }) {
	const answer = useChain(`round ${domain}/${number}`, async (at) => {
		const id = { domain: domainId(domain), number: roundNumber(number) };
		const [round, view] = await Promise.all([query(at, "Optimae", "Rounds", id), call("doin_domain", [id.domain, at.hash])]);
		return { at, id, round, view };
	});
	return html`
		<div class="panel-head"><h2>Domain ${domain}, round ${number}</h2>
			<span class="pick"><a href="#rounds">All rounds</a> · <a href=${`#domains/${encodeURIComponent(domain)}`}>Domain</a></span></div>
		<${Loaded} answer=${answer}>${({ at, id, round, view }) => html`<div class="grid">
			<${Card} wide title="Record" note=${html`<${ItemLink} item="Optimae.Rounds" keys=${[id]} />`}>
				${round === null ? html`<${Absent} id=${id} last=${view.lastRound} />` : html`<${Kept} id=${id} round=${round} at=${at} />`}
			<//></div>`}<//>`;
}

function Absent({ id, last }) {
	if (last?.number === id.number) {
		return html`<div class="stack"><p>The round has ended: <${Result} result=${last.result} /></p>
			<p>Its record left the state in block <${BlockLink} number=${last.block} />.
			<a href=${`#storage/Optimae/Rounds/${last.block - 1}/${encodeURIComponent(JSON.stringify(id))}`}>Read it in the block before</a>.</p></div>`;
	}
	return html`<p class="empty">The state of the best block has no record of this round: nobody has committed in it, it has ended, or it
		does not exist. The storage browser reads older blocks, and the dashboard lists decided seats.</p>`;
}

function Kept({ id, round, at }) {
	const { stage } = round;
	return html`<div class="stack"><${Facts} rows=${[
		["Stage", words(stage.type)],
		["Task", html`<${TaskLink} stage=${stage} />`],
		["Terms of the sale", html`<${Value} value=${round.sale} />`],
		["Evidence", html`<${Value} value=${round.evidence} />`],
	]} />
	<${Table} caption="Seats, in order of commit" rows=${round.seats} empty="No seat is taken." columns=${[
		["Seat", (_, index) => index, "num"],
		["Account", (seat) => html`<${AccountLink} id=${seat.who} />`],
		[
			"Fee",
			(_, index) =>
				html`<${Stored} name="Fee of a seat" item="Optimae.Rounds" keys=${[id]} value=${round} field=${`seats.${index}.fee`} at=${at} isAmount />`,
			"num",
		],
		["Record", (seat) => html`<details class="more"><summary>Show</summary><${Fields} fields=${seat} /></details>`],
	]} /></div>`;
}
