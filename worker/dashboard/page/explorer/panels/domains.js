import { html } from "../../lib/html.js";
import { Amount, Bits, BlockLink, Card, Facts, Figure, Loaded, Loss, Share, Table, Tag } from "../../lib/ui.js";
import { CHAMPION, DOMAIN, EVIDENCE } from "../../lib/items.js";
import { DomainStatus, Result } from "../../lib/domain.js";
import { count, model, things, words } from "../../lib/format.js";
import { call, query } from "../node.js";
import { useChain } from "../use.js";
import { AccountLink, ItemLink, Stored, Value } from "../parts.js";

/** Domains of a page of the list. */
const PAGE = 100;
const AWAITED = /sealed|live/i;

/** Draws the domains; with an identifier, one domain. */
export function Domains({ rest }) {
	if (rest[0] && rest[0] !== "from") return html`<${Domain} key=${rest[0]} text=${rest[0]} />`;
	return html`<${List} from=${/^\d+$/.test(rest[1] ?? "") ? Number(rest[1]) : 0} />`;
}

function List({ from }) {
	const answer = useChain(`domains ${from}`, async (at) => ({ at, domains: await call("doin_domains", [from, PAGE, at.hash]) }));
	return html`
		<div class="panel-head"><h2>Domains</h2><p>Machine-learning problems on the chain, in order of registration.</p></div>
		<${Loaded} answer=${answer}>${({ at, domains }) => html`<div class="grid">
			<${Card} wide title="Domains" note=${html`block <${BlockLink} number=${at.number} />`}>
				<${Table} caption="Domains with status, weight and progress" hideCaption rows=${domains} rowKey=${(one) => one.id}
					empty=${from === 0 ? "No domain is registered." : "There are no further domains."} columns=${[
						["Domain", (one) => html`<a href=${`#domains/${one.id}`}>${one.id} · ${one.name}</a>`],
						["Status", (one) => html`<${DomainStatus} status=${one.status} />`],
						["Program", (one) => words(one.program)],
						["Evidence", (one) => words(one.evidence)],
						["Weight", (one) => html`<${Share} ppm=${one.weight} at=${at} from=${DOMAIN.weight(one.id)} />`, "num"],
						["High-water mark", (one) => html`<${Bits} q32=${one.highWater} at=${at} from=${DOMAIN.highWater(one.id)} />`, "num"],
						["Bounty", (one) => html`<${Amount} plancks=${one.bounty} at=${at} from=${DOMAIN.bounty(one.id)} />`, "num"],
						["Last round", (one) => (one.lastRound ? html`<${Result} result=${one.lastRound.result} />` : "–")],
					]} />
				${domains.length === PAGE ? html`<p><a href=${`#domains/from/${domains.at(-1).id + 1}`}>Next domains</a></p>` : null}
			<//></div>`}<//>`;
}

function Domain({ text }) {
	const answer = useChain(`domain ${text}`, async (at) => {
		const id = domainId(text);
		const [domain, champion, states, specs, deposit] = await Promise.all([
			call("doin_domain", [id, at.hash]),
			call("doin_champion", [id, at.hash]).catch(none),
			query(at, "Domains", "States", id),
			query(at, "Domains", "Specs", id),
			query(at, "Domains", "Deposits", id),
		]);
		const evidence = AWAITED.test(domain.evidence) ? await call("doin_evidence", [id, at.hash]) : null;
		return { at, id, domain, champion, states, specs, deposit, evidence };
	});
	const name = answer.data?.domain.name ?? `Domain ${text}`;
	return html`
		<div class="panel-head"><h2>${name}</h2>${answer.data ? html`<${DomainStatus} status=${answer.data.domain.status} />` : null}
			<span class="pick"><a href="#domains">All domains</a> · <a href=${`#rounds/${encodeURIComponent(text)}`}>Rounds</a> ·
			<a href=${`/dashboard#domains/${encodeURIComponent(text)}`}>Dashboard</a></span></div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			<${Status} ...${data} />
			${data.champion ? html`<${Champion} ...${data} />` : null}
			${data.evidence ? html`<${Evidence} ...${data} />` : null}
			<${Record} ...${data} />
		</div>`}<//>`;
}

/** Returns `null` for the refusal of a view that a registered domain does not have, e.g. the champion before its activation. */
export function none(error) {
	if (/unknown domain|has no rounds/.test(error.message)) return null;
	throw error;
}

/** Returns the identifier of a domain that a visitor has entered, or fails. */
export function domainId(text) {
	if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
	throw { error: `“${text}” is not the identifier of a domain`, next: "enter a whole number, e.g. 0" };
}

function Status({ at, id, domain, deposit }) {
	const { lastRound } = domain;
	return html`<${Card} wide title=${`Domain ${id}`} note=${html`block <${BlockLink} number=${at.number} />`}><${Facts} rows=${[
		["Owner", html`<${AccountLink} id=${domain.owner} />`],
		["Program", words(domain.program), `${words(domain.evidence)} evidence, ${words(domain.class)} chunks`],
		[
			"Weight",
			html`<${Share} ppm=${domain.weight} at=${at} from=${DOMAIN.weight(id)} />`,
			`since block ${count(domain.weightSince)}`,
		],
		["High-water mark", html`<${Bits} q32=${domain.highWater} at=${at} from=${DOMAIN.highWater(id)} />`],
		["Carry", html`<${Bits} q32=${domain.carry} at=${at} from=${DOMAIN.carry(id)} />`],
		["Bounty", html`<${Amount} plancks=${domain.bounty} at=${at} from=${DOMAIN.bounty(id)} />`],
		[
			"Deposit",
			html`<${Stored} name="Deposit of the owner" item="Domains.Deposits" keys=${[id]} value=${deposit} at=${at} isAmount />`,
		],
		["Least improvement", html`<${Share} ppm=${domain.minImprovement} at=${at} from=${DOMAIN.minImprovement(id)} />`],
		["Bar of a reveal", html`<${Figure} exact=${domain.bar} at=${at} from=${DOMAIN.bar(id)} />`],
		[
			"Validation error of the initial champion",
			html`<${Figure} exact=${domain.initialValidationError} at=${at} from=${DOMAIN.initialError(id)} />`,
		],
		lastRound && [
			"Last round",
			html`<${Result} result=${lastRound.result} />`,
			html`round ${lastRound.number}, block <${BlockLink} number=${lastRound.block} />`,
		],
		["Licence of the data", domain.licence || "not stated"],
	]} /><//>`;
}

function Champion({ at, id, champion }) {
	return html`<${Card} wide title="Champion" note=${html`<${ItemLink} item="Domains.States" keys=${[id]} />`}><${Facts} rows=${[
		["Model", model(champion.model)],
		["Author", champion.author ? html`<${AccountLink} id=${champion.author} />` : "baseline"],
		["Error", html`<${Loss} loss=${champion.loss} at=${at} from=${CHAMPION.loss(id)} />`, "of the initial champion's"],
		["Error sum", html`<${Figure} exact=${champion.error} at=${at} from=${CHAMPION.error(id)} />`],
		["Validation error", html`<${Figure} exact=${champion.validationError} at=${at} from=${CHAMPION.validation(id)} />`],
		["Size", html`<${Figure} exact=${champion.bytes} unit="bytes" at=${at} from=${CHAMPION.bytes(id)} />`],
		[
			"Crowned in block",
			html`<${BlockLink} number=${champion.block} />`,
			champion.round ? `round ${champion.round.number}` : null,
		],
		champion.genes.length > 0 && ["Genes", html`<span class="code wrap">${champion.genes.join(", ")}</span>`],
	]} /><//>`;
}

function Evidence({ at, id, evidence }) {
	const { suspended, awaited } = evidence;
	return html`<${Card} wide title="Evidence" note=${suspended ? html`<${Tag} tone="bad">suspended since block ${count(suspended)}<//>` : null}>
		<${Facts} rows=${[
			["Sealed segments", html`<${Figure} exact=${evidence.sealed} at=${at} from=${EVIDENCE.sealed(id)} />`],
			["Opened segments", html`<${Figure} exact=${evidence.opened} at=${at} from=${EVIDENCE.opened(id)} />`],
			["Purse", html`<${Amount} plancks=${evidence.purse} at=${at} from=${EVIDENCE.purse(id)} />`],
			["Paid for by the purse", html`<${Amount} plancks=${evidence.spent} at=${at} from=${EVIDENCE.spent(id)} />`],
			["Stake of a seat", html`<${Amount} plancks=${evidence.stake} at=${at} from=${EVIDENCE.stake(id)} />`],
			["Segment", things(evidence.units, "unit"), `${count(evidence.segmentBytes)} bytes`],
			awaited && ["Awaited by", html`<a href=${`#rounds/${id}/${awaited.number}`}>round ${awaited.number}</a>`],
		]} /><//>`;
}

function Record({ id, specs, states }) {
	return html`<${Card} wide title="Records" note=${html`<${ItemLink} item="Domains.Specs" keys=${[id]} /> · <${ItemLink} item="Domains.States" keys=${[id]} />`}>
		<details class="more"><summary>Show the immutable record</summary><${Value} value=${specs} /></details>
		<details class="more"><summary>Show the state</summary><${Value} value=${states} /></details><//>`;
}
