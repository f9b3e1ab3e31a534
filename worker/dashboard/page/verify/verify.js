// Verification in the browser: recomputes chunk sums of a champion and compares them with those of the chain.
//
// One node returns everything: record, model, data, seed and sums. Data is compared with the hashes that the record and the state
// have, and the sums are computed here by the code that the runtime computes them with. Equal sums prove that the stated sums
// follow from that model, data and seed. That these are the chain's is as certain as the node, or as the hash of the block is
// equal on another one.
import { connect, expectGenesis } from "./rpc.js";
import { readInputs, readStatement } from "./chain.js";
import { encodeInputs } from "./scoring.js";

/** Chunks that are recomputed at least; all of them where the chain keeps their total only. */
const LEAST_CHUNKS = 8;
/** Time in milliseconds after which no further chunk is begun, if enough are recomputed. */
const BUDGET_MS = 1500;
/** Longest computation, in milliseconds. */
const LIMIT_MS = 60000;

/** Computes chunk sums in a Web Worker, which ends with `signal` or after `LIMIT_MS`; see `computeSums`. */
function inWorker(inputs, options, onSum, signal) {
	const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
	let timer;
	const ended = new Promise((resolve, reject) => {
		const late = () => reject(new Error(`the recomputation was stopped after ${LIMIT_MS / 1000} s: use \`doin-worker verify\``));
		timer = setTimeout(late, LIMIT_MS);
		signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
		worker.onerror = () => reject(new Error("the script of the recomputation cannot be started: reload the page"));
		worker.onmessage = ({ data }) => {
			if (data.error !== undefined) reject(new Error(data.error));
			else if (data.ended) resolve();
			else onSum(data);
		};
		worker.postMessage({ inputs, options }, [inputs.buffer]);
	});
	return ended.finally(() => {
		clearTimeout(timer);
		worker.terminate();
	});
}

const added = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Returns the rows of the result: the sums of the chain beside those of the browser, and the error of the champion. */
function compared({ chunks, error }, sums, isComplete) {
	const total = added(sums.map(({ sum }) => sum));
	if (chunks === undefined) return [{ chunk: "all", chain: error, browser: total }];
	const rows = sums.map(({ chunk, sum }) => ({ chunk, chain: chunks[chunk], browser: sum }));
	rows.sort((one, other) => one.chunk - other.chunk);
	if (error !== null) {
		// After a sample, the stated sums still have to add up to the error of the champion.
		const browser = isComplete ? total : added(chunks);
		if (isComplete || browser !== error) rows.push({ chunk: "all", chain: error, browser });
	}
	return rows;
}

/**
 * Recomputes chunk sums of the champion of `domain` and compares them with those that the chain states.
 *
 * `rpc` is the WebSocket address of a node, or a function `(method, params)` that returns the result of a request. `genesis` is the hash
 * of the block 0 that the node has to have; without it, any node will do. `block` is the number of the block as of which the champion is verified, the best block without it. `onProgress({stage, done, total})` follows
 * the stages `reading` and `computing`. `signal` ends the verification. `scorer` computes the sums, in a Web Worker without it.
 *
 * Returns:
 * - `chunks`: rows `{chunk, chain, browser}`; `chunk` is `"all"` for the sum over all chunks, the error of the champion;
 * - `equal`: `true` if both numbers of every row are equal;
 * - `kind`: `"settled"` for the sums that evaluators or the runtime computed, `"claim"` for the error on the validation split
 *   that the author of the model claims, `"activation"` for the one that the chain computed of an initial champion;
 * - `total`: number of chunks of a recomputation, and `complete`: `true` if all of them were recomputed;
 * - `source`: sentence that names the sums, and `note`: why the settled sums of its round are not among them, or `null`;
 * - `block` and `hash` of the state that they were read from, and `ms`, the time that all of it took.
 */
export async function verify({ rpc, genesis, domain, block, onProgress = () => {}, signal, scorer = inWorker }) {
	const started = performance.now();
	const { call, close } = typeof rpc === "string" ? await connect(rpc) : { call: rpc, close: () => {} };
	signal?.addEventListener("abort", close, { once: true });
	try {
		onProgress({ stage: "reading", done: 0, total: 1 });
		await expectGenesis(call, rpc, genesis);
		const statement = await readStatement(call, domain, block);
		const inputs = await readInputs(call, domain, statement, (done, total) => onProgress({ stage: "reading", done, total }));
		signal?.throwIfAborted();
		const { kind, at, source, note } = statement;
		const sums = [];
		let total = 0;
		const options = { least: kind === "settled" ? LEAST_CHUNKS : Infinity, budgetMs: BUDGET_MS };
		const onSum = (sum) => {
			sums.push(sum);
			total = sum.chunks;
			onProgress({ stage: "computing", done: sums.length, total });
		};
		await scorer(encodeInputs(inputs), options, onSum, signal);
		if (kind === "settled" && statement.chunks.length !== total) {
			throw new Error(`the chain has ${statement.chunks.length} sums of the model, and a recomputation has ${total} chunks`);
		}
		const complete = sums.length === total;
		const chunks = compared(statement, sums, complete);
		const equal = chunks.length > 0 && chunks.every(({ chain, browser }) => chain === browser);
		const ms = Math.round(performance.now() - started);
		return { chunks, equal, kind, total, complete, source, note, block: at.number, hash: at.hash, ms };
	} finally {
		signal?.removeEventListener("abort", close);
		close();
	}
}
