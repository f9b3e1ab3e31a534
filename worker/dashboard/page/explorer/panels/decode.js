import { html, useState } from "../../lib/html.js";
import { BlockLink, Card, Facts, Loaded, Problem, Tag } from "../../lib/ui.js";
import { count, things } from "../../lib/format.js";
import { bytesOf, blake2 } from "../codec.js";
import { blockAt, problemOf, runtimeAt, state } from "../node.js";
import { useChain, useNode } from "../use.js";
import { AccountLink, Ask, Hex } from "../parts.js";
import { Call } from "./network.js";

/** Most characters that are decoded: a block has at most a few megabytes. */
const LONGEST = 12_000_000;

/** Draws a box that decodes an extrinsic or a call. */
export function Decode() {
	const [asked, ask] = useState(null);
	const [block, setBlock] = useState(null);
	return html`
		<div class="panel-head"><h2>Decode</h2>
			<p>An extrinsic or a call as hexadecimal digits, e.g. from a wallet, a multisig or a log. It is decoded in this browser with the
			metadata of the runtime, and is not sent anywhere.</p></div>
		<div class="grid">
			<${Card} wide title="Extrinsic or call">
				<${Ask} isArea label="Hexadecimal digits" hint="With or without 0x; an extrinsic with or without its length" button="Decode"
					onSend=${(text) => ask({ text, count: (asked?.count ?? 0) + 1 })} />
				<${Ask} label="Block whose runtime decodes it" hint="A number or a hash; empty for the best block" value=${block ?? ""}
					button="Choose" onSend=${(text) => setBlock(text || null)} /><//>
			${asked ? html`<${Result} key=${asked.count} text=${asked.text} block=${block} />` : null}
		</div>`;
}

function Result({ text, block }) {
	const isReady = useNode().best !== null;
	// The runtime is that of the block when the text was sent: a new block would decode it in the same way.
	const [best] = useState(state.best?.hash ?? null);
	const pinned = block ?? best;
	if (!isReady && pinned === null) return html`<p class="loading" role="status">Connecting to the node…</p>`;
	return html`<${Decoded} text=${text} block=${pinned ?? state.best.hash} />`;
}

function Decoded({ text, block }) {
	const answer = useChain(
		"decode",
		async () => {
			const at = await blockAt(block);
			const runtime = await runtimeAt(at);
			try {
				if (text.length > LONGEST)
					throw { error: `The text has ${count(text.length)} characters`, next: "paste one extrinsic or call" };
				const bytes = bytesOf(text);
				return { at, runtime: runtime.version, bytes, ...runtime.decodeEither(bytes) };
			} catch (error) {
				return { at, runtime: runtime.version, problem: problemOf(error) };
			}
		},
		{ block },
	);
	return html`<div class="nested" aria-live="polite"><${Loaded} answer=${answer}>${(data) =>
		data.problem ? html`<${Problem} problem=${data.problem} />` : html`<${Readings} ...${data} />`}<//></div>`;
}

/** Warning before bytes that can be read in two ways. */
const AMBIGUOUS = {
	error: "These bytes are a call, and an extrinsic too",
	next: "if a wallet or a multisig asks for a signature of them, they are the call",
};

/** Draws what the bytes are: a call, an extrinsic, or both. */
function Readings({ call, extrinsic, ...of }) {
	return html`<div class="grid">
		${call && extrinsic ? html`<${Problem} problem=${AMBIGUOUS} />` : null}
		${call ? html`<${Found} ...${of} call=${call} />` : null}
		${extrinsic ? html`<${Found} ...${of} extrinsic=${extrinsic} />` : null}</div>`;
}

const KINDS = { signed: "signed extrinsic", bare: "unsigned extrinsic", general: "extrinsic without a signature of its own" };

function Found({ at, runtime, bytes, extrinsic, call }) {
	const one = extrinsic ?? { call, extensions: [] };
	const { pallet, name, docs } = one.call;
	const kind = extrinsic ? `${KINDS[extrinsic.kind]}, version ${extrinsic.version}` : "call";
	return html`<${Card} wide title=${`${pallet}.${name}`} note=${html`<${Tag} tone="accent">${kind}<//>`}>
		<${Facts} rows=${[
			extrinsic?.signer && ["Signed by", html`<${AccountLink} id=${extrinsic.signer} />`],
			["Size", things(extrinsic?.bytes ?? bytes.length, "byte")],
			[
				"Hash",
				html`<${Hex} text=${extrinsic?.hash ?? blake2(bytes)} />`,
				extrinsic ? null : "of the call, as a multisig names it",
			],
			["Decoded with", `runtime ${runtime}`, html`block <${BlockLink} number=${at.number} />`],
		]} />
		<${Call} extrinsic=${one} />
		${docs ? html`<details class="more"><summary>Show the documentation of the call</summary><p class="docs">${docs}</p></details>` : null}<//>`;
}
