import { html, useState } from "../../lib/html.js";
import { Amount, BlockLink, Card, Copied, Facts, Figure, Loaded, Table } from "../../lib/ui.js";
import { things, words } from "../../lib/format.js";
import { call, checkedAccount, entries, query } from "../node.js";
import { useChain } from "../use.js";
import { AccountLink, Ask, Fields, go, ItemLink, Stored, stored, Value } from "../parts.js";

/** Accounts of a page of the list. */
const PAGE = 25;
/** Storage items with one entry per account, which are drawn if the account has one. */
const RECORDS = [
	["Staking.Validators", "Validator"],
	["Staking.Nominators", "Nominator"],
	["Gauge.Ballots", "Votes on weights of domains"],
	["Evaluators.Evaluators", "Evaluator"],
	["Recomputation.Challenges", "Announced challenge"],
	["Budget.Budgets", "Budget of a hot key"],
	["Proxy.Proxies", "Proxies"],
];

/** Draws accounts; with an address, one account. */
export function Accounts({ rest }) {
	const ask = html`<${Ask} label="Account" hint="An SS58 address with any prefix, or a public key of 0x and 64 digits" value=${rest[0] ?? ""}
		button="Show" onSend=${(text) => go("accounts", text)} />`;
	return html`
		<div class="panel-head"><h2>Accounts</h2><p>Balances, holds, locks, nonce and roles, at the best block.</p></div>
		<div class="grid"><${Card} wide title="Find an account">${ask}<//>
			${rest[0] ? html`<${Account} key=${rest[0]} text=${rest[0]} />` : html`<${List} />`}</div>`;
}

function List() {
	const [start, set] = useState(null);
	const answer = useChain(`accounts ${start}`, async (at) => {
		const [page, issuance] = await Promise.all([
			entries(at, "System", "Account", [], { count: PAGE, start }),
			query(at, "Balances", "TotalIssuance"),
		]);
		return { at, page, issuance };
	});
	const amount = (name, field, at) => (row) =>
		html`<${Stored} name=${name} item="System.Account" keys=${row.keys} value=${row.value} field=${field} at=${at} isAmount />`;
	return html`<${Card} wide title="Accounts of the chain" note="in the order of their keys">
		<${Loaded} answer=${answer}>${({ at, page, issuance }) => html`<div class="stack">
			<${Facts} rows=${[
				[
					"Total issuance",
					html`<${Amount} plancks=${issuance} at=${at} from=${stored("Total issuance", "Balances.TotalIssuance", [])} />`,
				],
				["Block", html`<${BlockLink} number=${at.number} />`],
			]} />
			<${Table} caption="Accounts with their balances" hideCaption rows=${page.entries} rowKey=${(row) => row.key}
				empty="There are no further accounts." columns=${[
					["Account", (row) => html`<${AccountLink} id=${row.keys[0]} />`],
					["Free", amount("Free balance", "data.free", at), "num"],
					["Held and reserved", amount("Reserved balance", "data.reserved", at), "num"],
					[
						"Nonce",
						(row) =>
							html`<${Stored} name="Nonce" item="System.Account" keys=${row.keys} value=${row.value} field="nonce" at=${at} />`,
						"num",
					],
				]} />
			<p>${start ? html`<button type="button" class="plain" onClick=${() => set(null)}>First accounts</button> ` : null}
				${page.next ? html`<button type="button" class="plain" onClick=${() => set(page.next)}>Next accounts</button>` : null}</p>
		</div>`}<//><//>`;
}

function Account({ text }) {
	const answer = useChain(`account ${text}`, async (at) => {
		const who = checkedAccount(text);
		const [account, holds, freezes, locks, reputation, bonded, records] = await Promise.all([
			query(at, "System", "Account", who),
			query(at, "Balances", "Holds", who),
			query(at, "Balances", "Freezes", who),
			query(at, "Balances", "Locks", who),
			call("doin_reputation", [who, at.hash]),
			query(at, "Staking", "Bonded", who),
			Promise.all(RECORDS.map(([item]) => entryOf(at, item, who))),
		]);
		const ledger = bonded === null ? null : await query(at, "Staking", "Ledger", bonded);
		return { at, who, account, holds, freezes, locks, reputation, bonded, ledger, records };
	});
	return html`<div class="nested"><${Loaded} answer=${answer}>${(data) => html`<div class="grid">
		<${Balances} ...${data} /><${Held} ...${data} /><${Reputation} ...${data} /><${Stake} ...${data} />
		${data.records.map((value, index) => html`<${Record} key=${index} value=${value} who=${data.who} of=${RECORDS[index]} />`)}
	</div>`}<//></div>`;
}

/** Returns an entry of an account, or `null` where it has none, also if the item has a default. */
async function entryOf(at, item, who) {
	const { entries: found } = await entries(at, ...item.split("."), [who], { count: 1 });
	return found.length === 0 ? null : found[0].value;
}

function Balances({ at, who, account }) {
	const from = { item: "System.Account", keys: [who], value: account, at };
	return html`<${Card} wide title="Balance" note=${html`block <${BlockLink} number=${at.number} />`}>
		<p><${Copied} text=${who} name="the address" /></p>
		<${Facts} rows=${[
			["Free", html`<${Stored} name="Free balance" field="data.free" ...${from} isAmount />`],
			["Held and reserved", html`<${Stored} name="Reserved balance" field="data.reserved" ...${from} isAmount />`],
			[
				"Frozen",
				html`<${Stored} name="Frozen balance" field="data.frozen" ...${from} isAmount />`,
				"of the free balance: not for transfers",
			],
			["Nonce", html`<${Stored} name="Nonce" field="nonce" ...${from} />`, "transactions that the account has signed"],
			["Consumers", html`<${Stored} name="Consumers" field="consumers" ...${from} />`],
			["Providers", html`<${Stored} name="Providers" field="providers" ...${from} />`],
		]} /><//>`;
}

function Held({ at, who, holds, freezes, locks }) {
	const rows = [
		...holds.map((hold, index) => ({
			kind: "hold",
			name: `${hold.id.type}: ${words(hold.id.value?.type)}`,
			item: "Balances.Holds",
			value: holds,
			index,
		})),
		...freezes.map((freeze, index) => ({
			kind: "freeze",
			name: freeze.id.type,
			item: "Balances.Freezes",
			value: freezes,
			index,
		})),
		...locks.map((lock, index) => ({ kind: "lock", name: lockName(lock.id), item: "Balances.Locks", value: locks, index })),
	];
	return html`<${Card} title="Holds and locks" note=${things(rows.length, "entry", "entries")}>
		<${Table} caption="Holds, freezes and locks of the account" hideCaption rows=${rows} empty="The account has no hold and no lock." columns=${[
			["Reason", (row) => row.name],
			["Kind", (row) => row.kind],
			[
				"Amount",
				(row) => html`<${Stored} name=${`Amount of a ${row.kind}`} item=${row.item} keys=${[who]} value=${row.value}
				field=${`${row.index}.amount`} at=${at} isAmount />`,
				"num",
			],
		]} /><//>`;
}

/** Returns the name of a lock, which is text in eight bytes. */
const lockName = (id) =>
	typeof id === "string"
		? id
				.slice(2)
				.replace(/../g, (byte) => String.fromCharCode(parseInt(byte, 16)))
				.trim()
		: String(id);

function Reputation({ at, who, reputation }) {
	const from = (name, path) => ({
		name,
		item: `Reputation.Records("${who}")`,
		rpc: "doin_reputation",
		params: [who],
		path,
		isComputed: true,
	});
	const figure = (name, path) => html`<${Figure} exact=${reputation[path]} at=${at} from=${from(name, path)} />`;
	return html`<${Card} title="Reputation" note=${reputation.eligible ? "can be drawn" : "cannot be drawn"}><${Facts} rows=${[
		["Score", figure("Score", "score"), "millionths; 3,000,000 is neutral"],
		["Bond as evaluator", html`<${Amount} plancks=${reputation.bond} at=${at} from=${from("Bond", "bond")} />`],
		["Accepted", figure("Candidates that became champion", "accepted"), "candidates that became champion"],
		["Rejected", figure("Candidates that did not become champion", "rejected")],
		["Forfeited", figure("Seats never revealed", "forfeited"), "seats never revealed"],
	]} /><//>`;
}

function Stake({ at, bonded, ledger }) {
	if (ledger === null) return null;
	const from = { item: "Staking.Ledger", keys: [bonded], value: ledger, at };
	return html`<${Card} title="Stake" note=${html`<${ItemLink} item="Staking.Ledger" keys=${[bonded]} />`}><${Facts} rows=${[
		["Active", html`<${Stored} name="Active stake" field="active" ...${from} isAmount />`],
		["Total", html`<${Stored} name="Total stake" field="total" ...${from} isAmount />`, "with what is unbonding"],
		["Unbonding", ledger.unlocking.length === 0 ? "nothing" : html`<${Value} value=${ledger.unlocking} />`],
	]} /><//>`;
}

function Record({ value, who, of: [item, title] }) {
	if (value === null) return null;
	return html`<${Card} title=${title} note=${html`<${ItemLink} item=${item} keys=${[who]} />`}><${Fields} fields=${value} /><//>`;
}
