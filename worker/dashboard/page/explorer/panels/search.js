import { html, useEffect } from "../../lib/html.js";
import { Card, Loaded, Table } from "../../lib/ui.js";
import { count } from "../../lib/format.js";
import { accountOf } from "../codec.js";
import { blockAt, call, problemOf, query } from "../node.js";
import { useChain } from "../use.js";
import { Ask, go } from "../parts.js";

const HINT = "A block (7 or its hash), an account (address or public key), domain 0, round 0/12, task 3";

/** Draws what a text is the name of: block, account, domain, round or task. A single result is opened. */
export function Search({ rest: [text = ""] }) {
	return html`
		<div class="panel-head"><h2>Search</h2></div>
		<div class="grid"><${Card} wide title="Find something on the chain">
			<${Ask} label="Search" hint=${HINT} value=${text} button="Search" onSend=${(next) => go("search", next)} /><//>
			${text ? html`<${Results} key=${text} text=${text} />` : null}</div>`;
}

function Results({ text }) {
	const answer = useChain(`search ${text}`, async (at) => ({ results: await find(at, text) }));
	const only = answer.data?.results.length === 1 ? answer.data.results[0].address : null;
	useEffect(() => {
		// Without this, the way back would lead here again.
		if (only) location.replace(`#${only}`);
	}, [only]);
	return html`<${Card} wide title=${`Results for ${text.slice(0, 80)}`}><${Loaded} answer=${answer}>${({ results }) =>
		html`<${Table} caption="Results" hideCaption rows=${results} empty=${`Nothing of the chain has this name. ${HINT}.`} columns=${[
			["What", (one) => one.what],
			["Name", (one) => html`<a href=${`#${one.address}`}>${one.name}</a>`],
			["State", (one) => one.note],
		]} />`}<//><//>`;
}

/** Returns what exists under a name: `{what, name, address, note}`. */
async function find(at, text) {
	const [, kind, rest] = /^(block|account|domain|round|task)?\s*#?\s*(.+)$/is.exec(text.trim()) ?? [null, undefined, ""];
	const wants = (name) => kind === undefined || kind.toLowerCase() === name;
	const results = await Promise.all([
		wants("block") && /^(\d{1,10}|0x[0-9a-f]{64})$/i.test(rest) && block(rest),
		wants("account") && account(at, rest),
		wants("domain") && /^\d{1,9}$/.test(rest) && domain(at, Number(rest)),
		wants("round") && /^\d{1,9}\s*[\s/.,:]\s*\d{1,9}$/.test(rest) && round(at, ...rest.split(/[\s/.,:]+/).map(Number)),
		wants("task") && /^\d{1,18}$/.test(rest) && task(at, BigInt(rest)),
	]);
	return results.filter(Boolean);
}

async function block(text) {
	const found = await blockAt(text).catch((error) => (error.next === undefined ? Promise.reject(error) : null));
	return (
		found && {
			what: "Block",
			name: count(found.number),
			address: `network/block/${text.startsWith("0x") ? found.hash : found.number}`,
			note: found.hash,
		}
	);
}

async function account(at, text) {
	const who = accountOf(text);
	if (who === null) return null;
	const record = await query(at, "System", "Account", who);
	const isNew = record.providers === 0 && record.nonce === 0;
	return {
		what: "Account",
		name: who,
		address: `accounts/${who}`,
		note: isNew ? "has no record on the chain" : `nonce ${count(record.nonce)}`,
	};
}

async function domain(at, id) {
	const found = await call("doin_domain", [id, at.hash]).catch((error) =>
		/unknown domain/.test(problemOf(error).error) ? null : Promise.reject(error),
	);
	return found && { what: "Domain", name: found.name, address: `domains/${id}`, note: found.status };
}

async function round(at, id, number) {
	const record = await query(at, "Optimae", "Rounds", { domain: id, number });
	return {
		what: "Round",
		name: `domain ${id}, round ${number}`,
		address: `rounds/${id}/${number}`,
		note: record ? record.stage.type : "not in the state",
	};
}

async function task(at, id) {
	const next = await query(at, "Recomputation", "NextTaskId");
	if (id >= next) return null;
	const record = await query(at, "Recomputation", "Tasks", id);
	return { what: "Task", name: `task ${id}`, address: `tasks/${id}`, note: record ? record.stage.type : "final" };
}
