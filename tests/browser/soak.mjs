// Memory of the page while its server publishes blocks: Chromium shows one tab after another, and the heap is measured after each round of
// all tabs, when what is not used any more is freed. The benchmark `clients` runs this; `scripts/bench.sh dashboard` prepares the folder.
//
// DOIN_PAGE     address of the server, e.g. http://127.0.0.1:8470
// DOIN_SECONDS  how long, in seconds; 360 if absent
//
// Prints one line of JSON: heaps in KiB, nodes of documents and listeners of events after each round, and errors of the console.
import { launch, open, paints, quit, settled } from "./browser.mjs";

const PAGE = process.env.DOIN_PAGE;
const SECONDS = Number(process.env.DOIN_SECONDS ?? 360);
/** Time that a tab is shown, in milliseconds: two blocks. */
const SHOWN = 1_200;
/** Fewest rounds of all tabs. Of fewer, no growth can be told. */
const ROUNDS = 6;

/** Shows a tab with its numbers for a while. */
async function show(page, tab) {
	await page.click(`#tab-${tab}`);
	await page.waitForSelector(`#panel[aria-labelledby=tab-${tab}]`);
	await settled(page);
	await page.waitForTimeout(SHOWN);
}

/** Returns the memory of the page without what is not used any more. */
async function memory(session) {
	await session.send("HeapProfiler.collectGarbage");
	const { usedSize } = await session.send("Runtime.getHeapUsage");
	const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
	return { heap_kib: Math.round(usedSize / 1024), nodes, listeners: jsEventListeners };
}

await launch();
try {
	const { page, errors } = await open(`${PAGE}/dashboard`);
	await page.waitForSelector("[role=tab][aria-selected=true]");
	await settled(page);
	const { "first-contentful-paint": paint } = await paints(page);
	const tabs = await page.$$eval("[role=tab]", (found) => found.map((tab) => tab.id.slice(4)));
	const session = await page.context().newCDPSession(page);
	await session.send("HeapProfiler.enable");
	const [start, samples] = [performance.now(), []];
	while (samples.length < ROUNDS || performance.now() - start < 1_000 * SECONDS) {
		for (const tab of tabs) await show(page, tab);
		// Measured with the same tab each time.
		await show(page, tabs[0]);
		samples.push(await memory(session));
		console.error(`page: ${Math.round((performance.now() - start) / 1_000)} s`, samples.at(-1));
	}
	const column = (name) => samples.map((sample) => sample[name]);
	console.log(
		JSON.stringify({
			tabs: tabs.length,
			heap_kib: column("heap_kib"),
			nodes: column("nodes"),
			listeners: column("listeners"),
			first_paint_ms: paint,
			errors,
		}),
	);
} finally {
	await quit();
}
