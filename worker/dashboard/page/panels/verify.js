import { html, useEffect, useRef, useState } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Table, Tag } from "../lib/ui.js";
import { count, things } from "../lib/format.js";
import { isLocal } from "../verify/rpc.js";

const ELSEWHERE = "To verify in the browser, the worker has to be connected to a node of the same machine. Its node is";

/** Results whose only number is a total. */
const WHOLE = {
	claim: "the error that its author claims on validation data",
	activation: "the error that the chain computed at its activation",
};

/** Draws the button that recomputes the score of a champion in the browser, and its result. */
export function Verify({ domain, name, block, isShort }) {
	const node = useAnswer("/status", ["best", "block"]).data?.node ?? null;
	const url = node?.url ?? null;
	const [state, set] = useState(null);
	const isMounted = useRef(true);
	useEffect(() => () => (isMounted.current = false), []);
	const update = (next) => isMounted.current && set(next);
	const run = async () => {
		update({ stage: "reading" });
		try {
			const { verify } = await import("../verify/verify.js");
			const options = { rpc: url, genesis: node.genesis, domain, onProgress: (progress) => update(progress) };
			update({ result: await verify(block === undefined ? options : { ...options, block }) });
		} catch (error) {
			update({ error: error.message });
		}
	};
	if (url === null) return null;
	if (!isLocal(url)) return isShort ? null : html`<p class="note">${`${ELSEWHERE} ${url}.`}</p>`;
	const isRunning = state !== null && !state.result && !state.error;
	const label = isRunning ? "Verifying…" : isShort ? "Verify" : "Verify in this browser";
	return html`<div class="verify">
		<div class="verify-head">
			<button type="button" class=${isShort ? "plain" : "action"} disabled=${isRunning}
				onClick=${run}>${label}<span class="visually-hidden"> ${isShort ? `${name} in this browser` : ""}</span></button>
			<div role="status">${
				state
					? html`<${Progress} state=${state} />`
					: isShort
						? null
						: html`<span class="note">Fetches
				model and data from the node and recomputes the score with the scoring code of the chain.</span>`
			}</div>
		</div>
		${state?.result && !isShort ? html`<${Chunks} result=${state.result} />` : null}
		${
			state?.result && isShort
				? html`<details class="more"><summary>Show the chunks</summary>
			<${Chunks} result=${state.result} /></details>`
				: null
		}
	</div>`;
}

function Progress({ state }) {
	if (state.error) {
		const hint = html`<small>The browser itself connects to the node. Over ssh, forward its port too.</small>`;
		return html`<span><${Tag} tone="bad">not verified<//> ${state.error}${hint}</span>`;
	}
	if (!state.result) {
		const isComputing = state.stage === "computing";
		const text = isComputing ? `Recomputing: ${state.done} of ${state.total} chunks` : "Reading model and data from the node";
		return html`<span class="note">${text}</span>`;
	}
	const { chunks, equal, kind, total, complete, note, ms, block } = state.result;
	const single = chunks.filter(({ chunk }) => chunk !== "all").length;
	const what = WHOLE[kind] ?? (complete ? things(single, "chunk") : `${single} of ${things(total, "chunk")}, chosen at random`);
	const text = `${what} in ${(ms / 1000).toFixed(2)} s, state of block ${count(block)}`;
	const good = kind === "claim" ? "claim confirmed" : "equal";
	const hint = note ? html`<small>${note}</small>` : null;
	return html`<span><${Tag} tone=${equal ? "good" : "bad"}>${equal ? good : "different"}<//> ${text}${hint}</span>`;
}

function Chunks({ result }) {
	return html`<div>
		<${Table} caption=${`Error sums of the chain and of this browser. ${result.source}`}
			rows=${result.chunks} empty="No chunk was recomputed." columns=${[
				["Chunk", (row) => row.chunk, "num"],
				["Chain", (row) => html`<span data-chain=${row.chain}>${count(row.chain)}</span>`, "num"],
				["This browser", (row) => html`<span data-browser=${row.browser}>${count(row.browser)}</span>`, "num"],
				[
					"Result",
					(row) =>
						html`<${Tag} tone=${row.chain === row.browser ? "good" : "bad"}>${row.chain === row.browser ? "equal" : "different"}<//>`,
				],
			]} />
		<p class="note">Equal sums prove that the stated ones follow from the model, the data and the seed that this node returned.
			A sum counts 16 for one raw unit of the data, or for a wrong class. Compare the hash of block ${count(result.block)} with another node: <span class="code">${result.hash}</span></p>
	</div>`;
}
