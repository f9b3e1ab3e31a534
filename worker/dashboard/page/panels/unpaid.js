import { html, useEffect, useState } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Account, BlockLink, Card, fromDatabase, Loaded, Table, Tag } from "../lib/ui.js";
import { reasonText, SeatState } from "../lib/domain.js";
import { count, words } from "../lib/format.js";

function Ended({ result, reason }) {
	return reason
		? html`<${Tag} tone="warn">unpaid: ${words(reason)}<//>`
		: html`<${Tag} tone=${result === "paid" ? "good" : "plain"}>${words(result)}<//>`;
}

const NONE = "Every seat of every ended round was paid, or no round has ended yet.";
const NONE_OF_ACCOUNT = "Every seat of this account was paid, or it has none in an ended round.";

/** Draws why seats were not paid; with an account in the address, those of the account. */
export function Unpaid({ rest: [account = ""], chain, status }) {
	const own = status.data?.node.peer_id ?? null;
	const [text, setText] = useState(account);
	useEffect(() => setText(account), [account]);
	const show = (id) => (location.hash = id ? `unpaid/${encodeURIComponent(id)}` : "unpaid");
	const path = `/api/unpaid?limit=100${account ? `&account=${encodeURIComponent(account)}` : ""}`;
	const answer = useAnswer(path, ["Optimae", "block"]);
	const names = new Map((chain.data?.domains ?? []).map((domain) => [domain.domain_id, domain.name]));
	const submit = (event) => {
		event.preventDefault();
		show(text.trim());
	};
	return html`
		<div class="panel-head"><h2>Why was somebody not paid?</h2>
			<form class="pick" onSubmit=${submit}><label for="account">Account</label>
				<input id="account" value=${text} placeholder="SS58 address" spellcheck="false" autocomplete="off"
				onInput=${(event) => setText(event.currentTarget.value)} />
				<button type="submit" class="plain">Show</button>
				${
					own
						? html`<button type="button" class="plain" onClick=${() => show(own)}>This
					worker</button>`
						: null
				}</form>
			<p>Every round ends with a result. Each row is a seat that was not paid, and the reason that the chain states.</p>
				</div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			<${Card} wide title=${account ? "Unpaid seats of the account" : "Unpaid seats"}
			note=${fromDatabase(answer.data, "newest 100")}>
			<${Table} caption="Seats that were not paid, newest first" hideCaption rows=${data.rows}
				empty=${account ? NONE_OF_ACCOUNT : NONE} columns=${[
					["Block", (row) => html`<${BlockLink} number=${row.end_block} />`, "num"],
					["Domain", (row) => names.get(row.domain) ?? row.domain],
					["Round", (row) => count(row.round), "num"],
					["Place", (row) => count(row.seat), "num"],
					["Account", (row) => html`<${Account} id=${row.account} />`],
					["Seat", (row) => html`<${SeatState} status=${row.reason ? { [row.status]: row.reason } : row.status} />`],
					["Result of the round", (row) => html`<${Ended} result=${row.result} reason=${row.round_unpaid_reason} />`],
					["Why it was not paid", (row) => reasonText(row.unpaid_reason) ?? words(row.unpaid_reason), "text"],
				]} />
		<//></div>`}<//>`;
}
