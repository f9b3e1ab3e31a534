// Runs the verification of the page in Node.js.
//
// node verify.mjs PAGE MODULE --fixture FILE           scenarios with recorded answers; prints one line of JSON for each
// node verify.mjs PAGE MODULE --node URL DOMAIN [BLOCK]  a running node (Node.js 22, or 20 with --experimental-websocket)
//
// PAGE is the folder of verify.js, MODULE the file of the scoring module.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [page, moduleFile, kind, source, ...rest] = process.argv.slice(2);
globalThis.crypto ??= (await import("node:crypto")).webcrypto;
const load = (file) => import(pathToFileURL(resolve(join(page, file))));
const [{ verify }, { Refusal }, { Scoring, computeSums }] = await Promise.all(["verify.js", "rpc.js", "scoring.js"].map(load));
const wasm = await readFile(moduleFile);

/** Returns a function that computes sums in this thread: a sample of the least number of chunks, or all of them, or by time. */
function inThread(budgetMs) {
	return async (inputs, options, onSum) => {
		computeSums(await Scoring.open(wasm, inputs), { ...options, budgetMs: budgetMs ?? options.budgetMs }, onSum);
	};
}

/** Returns a node with recorded answers. */
function recorded(answers) {
	return async (method, params = []) => {
		const answer = answers[JSON.stringify([method, ...params])];
		if (answer === undefined) throw new Error(`unexpected request: ${JSON.stringify([method, ...params])}`);
		if (answer.error) throw new Refusal(method, answer.error);
		return answer.result;
	};
}

async function outcome(options) {
	const stages = new Set();
	try {
		const result = await verify({ ...options, onProgress: ({ stage, done, total }) => stages.add(done <= total && stage) });
		return { result, stages: [...stages] };
	} catch (error) {
		return { error: error.message };
	}
}

if (kind === "--node") {
	const [domain, block] = rest.map(Number);
	console.log(JSON.stringify(await outcome({ rpc: source, domain, block, scorer: inThread() }), null, 1));
} else {
	for (const { domain, block, isSample, answers } of JSON.parse(await readFile(source, "utf8"))) {
		const scorer = inThread(isSample ? 0 : Infinity);
		console.log(JSON.stringify(await outcome({ rpc: recorded(answers), domain, block: block ?? undefined, scorer })));
	}
}
