import { html, useEffect, useState } from "../../lib/html.js";
import { BlockLink, Card, Facts, Loaded, Problem, Table } from "../../lib/ui.js";
import { count, things } from "../../lib/format.js";
import { describe, entered, entryText, keyText } from "../codec.js";
import { blockAt, call, entries, problemOf, runtimeAt, state } from "../node.js";
import { useChain } from "../use.js";
import { Ask, go, Hex, pinned, Value } from "../parts.js";

/** Entries of a page of a map. */
const PAGE = 25;

/** Draws the storage browser. The address has pallet, item, block and keys. */
export function Storage({ rest: [pallet = "System", item = "Account", block = "best", ...keys] }) {
	const answer = useChain(`items ${block}`, async (best) => {
		// The form stays, so that a block that cannot be read can be corrected.
		const runtime =
			pinned(block) === null
				? null
				: await blockAt(block)
						.then(runtimeAt)
						.catch(() => null);
		return { runtime: runtime ?? (await runtimeAt(best)) };
	});
	const show = (next) => {
		const chosen = { pallet, item, block, keys, ...next };
		go("storage", chosen.pallet, chosen.item, chosen.block || "best", ...chosen.keys);
	};
	return html`
		<div class="panel-head"><h2>Storage</h2>
			<p>Every item of the state, at any block that the node has. Without keys, a map is listed; with its first keys, the entries below them.</p></div>
		<${Loaded} answer=${answer}>${({ runtime }) => html`<div class="grid">
			<${Choice} key=${`${pallet}.${item}`} runtime=${runtime} pallet=${pallet} item=${item} block=${block} keys=${keys} show=${show} />
			<${Shown} key=${[pallet, item, block, ...keys].join("/")} runtime=${runtime} pallet=${pallet} item=${item} block=${block} keys=${keys} show=${show} />
		</div>`}<//>`;
}

function Choice({ runtime, pallet, item, block, keys, show }) {
	const pallets = [...runtime.pallets.values()].filter(({ storage }) => storage?.items.length > 0);
	const items = runtime.pallets.get(pallet)?.storage?.items ?? [];
	const entry = items.find(({ name }) => name === item);
	const definitions = entry ? runtime.keysOf(entry) : [];
	const given = () => definitions.map((_, index) => keys[index] ?? "");
	const [typed, type] = useState(given);
	// An entry of the list, and the way back, change the keys of the address.
	useEffect(() => type(given()), [keys.join("/")]);
	const first = (name) => runtime.pallets.get(name).storage.items[0].name;
	const send = (event) => {
		event.preventDefault();
		// Keys after the first empty one would have no place in the key of the entry.
		const end = typed.findIndex((text) => text.trim() === "");
		show({ keys: end < 0 ? typed : typed.slice(0, end) });
	};
	return html`<${Card} wide title="Item">
		<div class="choice">
			<label>Pallet <select value=${pallet} onChange=${({ currentTarget: { value } }) => show({ pallet: value, item: first(value), keys: [] })}>
				${pallets.map(({ name }) => html`<option value=${name} selected=${name === pallet}>${name}</option>`)}</select></label>
			<label>Item <select value=${item} onChange=${({ currentTarget: { value } }) => show({ item: value, keys: [] })}>
				${items.map(({ name }) => html`<option value=${name} selected=${name === item}>${name}</option>`)}</select></label>
		</div>
		${entry ? html`<p class="docs note">${entry.docs.join("\n").trim()}</p>` : null}
		${
			definitions.length > 0
				? html`<form class="ask" onSubmit=${send}>
				${definitions.map(
					(definition, index) => html`<label>Key ${index + 1}: ${describe(definition)}
					<input type="text" spellcheck=${false} autocomplete="off" value=${typed[index]}
						onInput=${({ currentTarget: { value } }) => type(typed.map((old, at) => (at === index ? value : old)))} /></label>`,
				)}
				<button type="submit" class="action">Read</button></form>`
				: null
		}
		<${Ask} label="Block" hint="A number or a hash; empty for the best block" value=${block === "best" ? "" : block} button="Choose"
			onSend=${(text) => show({ block: text || "best" })} />
	<//>`;
}

async function readItem(runtime, at, pallet, name, texts, start) {
	const { codec, keys: definitions } = runtime.item(pallet, name);
	const keys = texts.map((text, index) => {
		if (!definitions[index])
			throw {
				error: `${pallet}.${name} has ${things(definitions.length, "key")}, and ${texts.length} are given`,
				next: "remove the last one",
			};
		return entered(definitions[index], text, `Key ${index + 1}`);
	});
	const key = codec.keys.enc(...keys);
	if (keys.length < definitions.length) return { key, page: await entries(at, pallet, name, keys, { count: PAGE, start }) };
	const raw = await call("state_getStorage", [key, at.hash]);
	return { key, raw, value: raw === null ? (codec.fallback ?? null) : codec.value.dec(raw) };
}

function Shown({ runtime, pallet, item, block, keys, show }) {
	const [start, from] = useState(null);
	const fixed = pinned(block);
	const answer = useChain(
		`storage ${pallet}.${item} ${keys.join("/")} ${start}`,
		async (best) => {
			const at = fixed === null ? best : await blockAt(fixed);
			try {
				return { at, ...(await readItem(runtime, at, pallet, item, keys, start)) };
			} catch (error) {
				// Wrong keys stay wrong at every block.
				if (state.connection === "live") return { at, problem: problemOf(error) };
				throw error;
			}
		},
		{ block: fixed },
	);
	const name = `${pallet}.${item}${keys.length > 0 ? `(${keys.join(", ")})` : ""}`;
	return html`<${Card} wide title=${name} note=${answer.data ? html`block <${BlockLink} number=${answer.data.at.number} />` : null}>
		<${Loaded} answer=${answer}>${(data) => {
			if (data.problem) return html`<${Problem} problem=${data.problem} />`;
			if (data.page) return html`<${Entries} page=${data.page} name=${name} start=${start} from=${from} show=${show} />`;
			return html`<div class="stack">
				<div class="shown" data-value=${keyText(data.value).slice(0, 2000)}><${Value} value=${data.value} /></div>
				<${Facts} rows=${[
					["State", data.raw === null ? "no value: its default is shown" : `${count((data.raw.length - 2) / 2)} bytes`],
					["Storage key", html`<${Hex} text=${data.key} />`],
					data.raw !== null && ["Bytes", html`<${Hex} text=${data.raw} />`],
					["Hash of the block", html`<${Hex} text=${data.at.hash} />`],
				]} /></div>`;
		}}<//><//>`;
}

function Entries({ page, name, start, from, show }) {
	const next = (text, key) => html`<button type="button" class="plain" onClick=${() => from(key)}>${text}</button>`;
	return html`<div class="stack">
		<${Table} isStacked caption=${`Entries of ${name}, in the order of their storage keys`} rows=${page.entries} rowKey=${(row) => row.key}
			empty=${start ? "There are no further entries." : "The map has no entry below these keys."} columns=${[
				[
					"Keys",
					(row) =>
						html`<button type="button" class="plain code" onClick=${() => show({ keys: row.keys.map(entryText) })}>${row.keys.map(entryText).join(", ")}</button>`,
				],
				["Value", (row) => html`<${Value} value=${row.value} />`, "text"],
			]} />
		<p>${start ? html`${next("First entries", null)} ` : null}${page.next ? next("Next entries", page.next) : null}</p></div>`;
}
