import { html, useState } from "../../lib/html.js";
import { BlockLink, Card, Facts, Loaded, Table, Tag, Time } from "../../lib/ui.js";
import { amountText, count, short, things } from "../../lib/format.js";
import { readBlock } from "../blocks.js";
import { useChain, useNode } from "../use.js";
import { AccountLink, Fields, HashLink, Hex, Value } from "../parts.js";

/** Blocks of the list. */
const SHOWN = 15;
/** Extrinsics of a block that are drawn without a click. A full block has thousands. */
const EXTRINSICS = 100;
/** Events that almost every extrinsic has. */
const COMMON = /^(System\.Extrinsic|TransactionPayment\.|Balances\.(Withdraw|Deposit|Burned|Minted|Issued|Rescinded)$)/;

/** Note of a block whose runtime the node does not know any more. */
const GUESS = "the newest: the node has removed the state with that of this block, whose calls may have been others";

/** Draws the newest blocks; with `block/N` in the address, one block, given by its number or hash. */
export function Network({ rest }) {
	if (rest[0] === "block" && rest[1]) return html`<${Block} key=${rest[1]} which=${rest[1]} />`;
	return html`<${Newest} />`;
}

function Newest() {
	const { about, url, best, final } = useNode();
	const answer = useChain("blocks", async (at) => {
		const numbers = Array.from({ length: Math.min(SHOWN, at.number + 1) }, (_, back) => at.number - back);
		const blocks = await Promise.all(numbers.map((number) => readBlock(number)));
		return { at, blocks };
	});
	return html`
		<div class="panel-head"><h2>Newest blocks</h2>
			<p>Blocks as the node imports them. Extrinsics and events are decoded with the metadata of the runtime that made them.</p></div>
		<div class="grid">
			<${Card} wide title="Node" note=${about ? about.version : null}><${Facts} rows=${[
				["Network", about?.name ?? "–"],
				["Address", html`<span class="code wrap">${url ?? "–"}</span>`],
				["Best block", best ? html`<${BlockLink} number=${best.number} />` : "–"],
				["Finalized block", final === null ? "–" : html`<${BlockLink} number=${final} />`],
				["Genesis", about ? html`<${HashLink} hash=${about.genesis} />` : "–"],
			]} /><//>
			<${Card} wide title="Blocks"><${Loaded} answer=${answer}>${({ blocks }) =>
				html`<${Table} caption="Newest blocks, newest first" hideCaption rows=${blocks} rowKey=${(block) => block.hash} empty="There is no block yet."
					columns=${[
						["Block", (block) => html`<${BlockLink} number=${block.number} />`, "num"],
						["Hash", (block) => html`<${HashLink} hash=${block.hash} />`],
						["Time", (block) => html`<${Time} ms=${block.time} />`],
						["Author", (block) => html`<${AccountLink} id=${block.author?.account} />`],
						["Extrinsics", (block) => count(block.extrinsics.length), "num"],
						["Events", (block) => count(block.events.length), "num"],
						["Calls and events of note", (block) => html`<${Summary} block=${block} />`, "text"],
					]} />`}<//><//>
		</div>`;
}

/** Returns the calls of accounts and the rarer events of a block, each with its number. */
function Summary({ block }) {
	const calls = block.extrinsics
		.filter(({ decoded }) => decoded && decoded.kind !== "bare")
		.map(({ decoded: { call } }) => `${call.pallet}.${call.name}`);
	const events = block.events.map(({ pallet, name }) => `${pallet}.${name}`).filter((name) => !COMMON.test(name));
	const counted = new Map();
	for (const name of [...calls, ...events]) counted.set(name, (counted.get(name) ?? 0) + 1);
	const texts = [...counted].slice(0, 8).map(([name, number]) => (number === 1 ? name : `${name} × ${number}`));
	return texts.length === 0 ? html`<span class="none">–</span>` : `${texts.join(", ")}${counted.size > 8 ? " …" : ""}`;
}

function Block({ which }) {
	const answer = useChain("block", () => readBlock(which), { block: which });
	const [most, set] = useState(EXTRINSICS);
	const more = (rest) =>
		html`<button type="button" class="plain" onClick=${() => set(4 * most)}>${things(rest, "further extrinsic")}</button>`;
	const number = answer.data?.number ?? (/^\d+$/.test(which) ? Number(which) : null);
	return html`
		<div class="panel-head"><h2>Block ${number === null ? short(which, 10, 6) : count(number)}</h2><span class="pick">
			<a href="#network">All blocks</a>
			${number > 0 ? html`· <a href=${`#network/block/${number - 1}`}>Previous</a>` : null}
			${number === null ? null : html`· <a href=${`#network/block/${number + 1}`}>Next</a>`}</span></div>
		<${Loaded} answer=${answer}>${(block) => html`<div class="grid">
			<${Header} block=${block} />
			${
				block.problem
					? html`<${Card} wide tone="warn" title="Events"><p>${block.problem.error}; ${block.problem.next}.
				Results, fees and time of the extrinsics are unknown without them.</p><//>`
					: null
			}
			${block.extrinsics.slice(0, most).map((one) => html`<${Extrinsic} key=${one.index} one=${one} />`)}
			${block.extrinsics.length > most ? html`<p>${more(block.extrinsics.length - most)}</p>` : null}
			<${Others} events=${block.events.filter(({ extrinsic }) => extrinsic === null)} />
		</div>`}<//>`;
}

function Header({ block }) {
	const { author } = block;
	const link = html`<a href=${`/dashboard#network/block/${block.number}`}>Dashboard</a>`;
	return html`<${Card} wide title="Header" note=${link}><${Facts} rows=${[
		["Hash", html`<${Hex} text=${block.hash} />`],
		["Parent", block.number === 0 ? html`<${Hex} text=${block.parent} />` : html`<${HashLink} hash=${block.parent} />`],
		["State root", html`<span class="code" title=${block.header.stateRoot}>${short(block.header.stateRoot, 10, 6)}</span>`],
		["Time", html`<${Time} ms=${block.time} />`],
		["Author", html`<${AccountLink} id=${author?.account} />`, author ? `validator ${author.index}, slot ${author.slot}` : null],
		["Runtime", `version ${block.runtime}`, block.isGuess ? GUESS : null],
		["Events", count(block.events.length)],
	]} /><//>`;
}

function Extrinsic({ one }) {
	const { decoded, failure, isKnown } = one;
	const name = decoded ? `${decoded.call.pallet}.${decoded.call.name}` : "cannot be decoded";
	const result = !isKnown
		? html`<${Tag}>unknown<//>`
		: html`<${Tag} tone=${failure ? "bad" : "good"}>${failure ? "failed" : "success"}<//>`;
	return html`<${Card} wide title=${`Extrinsic ${one.index}: ${name}`} note=${result}>
		${failure ? html`<p class="problem">${failure}</p>` : null}
		<${Facts} rows=${[
			["Signed by", decoded?.signer ? html`<${AccountLink} id=${decoded.signer} />` : "nobody"],
			one.fee === null ? null : ["Fee", html`<span title=${`${one.fee} plancks`}>${amountText(one.fee)}</span>`],
			["Size", `${count(one.bytes)} bytes`],
			["Hash", html`<${Hex} text=${one.hash} />`],
		]} />
		${decoded ? html`<${Call} extrinsic=${decoded} />` : html`<p class="problem">${`${one.problem.error}; ${one.problem.next}.`}</p>`}
		<details class="more"><summary>Show ${things(one.events.length, "event")} and the bytes</summary>
			<${Events} caption=${`Events of extrinsic ${one.index}, in order`} events=${one.events} />
			<p class="note">Bytes</p><p><${Hex} text=${one.text} /></p></details>
	<//>`;
}

/** Returns the call of a decoded extrinsic, and what its signer has signed beside it. */
export function Call({ extrinsic }) {
	return html`<div class="stack"><${Fields} fields=${extrinsic.call.fields} />
		${
			extrinsic.extensions.length > 0
				? html`<details class="more"><summary>Show the extensions</summary>
			<dl class="fields">${extrinsic.extensions
				.filter(([, value]) => value !== undefined)
				.map(([name, value]) => html`<div><dt>${name}</dt><dd><${Value} value=${value} /></dd></div>`)}</dl></details>`
				: null
		}</div>`;
}

function Events({ caption, events }) {
	return html`<${Table} isStacked caption=${caption} rows=${events.slice(0, 500)} empty="No event." columns=${[
		["Event", (event) => `${event.pallet}.${event.name}`],
		["Fields", (event) => html`<${Fields} fields=${event.fields} />`, "text"],
	]} />`;
}

function Others({ events }) {
	return html`<${Card} wide title="Events of the block" note=${`${things(events.length, "event")} outside of extrinsics`}>
		<${Table} caption="Events outside of extrinsics, in order" hideCaption rows=${events.slice(0, 500)}
			empty="Every event belongs to an extrinsic." columns=${[
				["Event", (event) => `${event.pallet}.${event.name}`],
				["Phase", (event) => event.phase],
				["Fields", (event) => html`<${Fields} fields=${event.fields} />`, "text"],
			]} /><//>`;
}
