// Web Worker that computes chunk sums, so that the page stays responsive.
import { Scoring, computeSums } from "./scoring.js";

/** Returns the bytes of the scoring module. */
async function fetchModule() {
	const url = new URL("./doin_scoring.wasm", import.meta.url);
	const response = await fetch(url);
	if (response.status === 404) throw new Error("the worker has no scoring module: build it with SKIP_WASM_BUILD unset");
	if (!response.ok) throw new Error(`the worker answered ${response.status} for ${url.pathname}: reload the page`);
	return response.arrayBuffer();
}

onmessage = async ({ data: { inputs, options } }) => {
	try {
		const scoring = await Scoring.open(await fetchModule(), inputs);
		computeSums(scoring, options, (sum) => postMessage(sum));
		postMessage({ ended: true });
	} catch (error) {
		postMessage({ error: error.message });
	}
};
