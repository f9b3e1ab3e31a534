// The panel of live forecasts in Chromium: over a chain whose stream is reported and forecast, and over answers that such a chain
// rarely has. The environment is that of page.test.mjs.
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { launch, open as openAddress, quit, settled, VIEWS, violations, wideTables } from "./browser.mjs";
import { Chain, figuresOf } from "./figures.mjs";

const { DOIN_PAGE: PAGE, DOIN_NODE: NODE, DOIN_ARTEFACTS: ARTEFACTS } = process.env;
/** The stream of a development chain. */
const STREAM = 2147483648;
const ONE = 4294967296;
const ACCOUNT = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

before(launch);
after(quit);

/** Opens the panel. `prepare(page)` runs before. */
const open = (view, hash = "#forecasts", prepare = undefined) => openAddress(`${PAGE}/dashboard${hash}`, view, prepare);

/** Returns the card with a heading. */
const card = (page, heading) => page.locator("#panel .card").filter({ has: page.getByRole("heading", { name: heading, exact: true }) });

test("figures of streams, rounds, seats and forecasters equal the chain", async () => {
	const { page, errors, close } = await open(VIEWS[0]);
	const chain = await Chain.connect(NODE);
	await card(page, "Open rounds").locator("tbody tr").first().waitFor();
	await settled(page);
	// The newest round stays open for longer than the test needs.
	await card(page, "Open rounds").locator("details.seats summary").last().click();
	await page.waitForSelector("#panel details.seats[open] td");
	const names = new Set();
	for (const figure of await figuresOf(page)) {
		await chain.compare(figure);
		names.add(`${figure.item.replace(/\(.*/, "")} ${figure.field ?? figure.path}`);
	}
	for (const wanted of [
		"Oracle.Streams pot",
		"Oracle.Streams next",
		"Oracle.Streams spec.fee",
		"Oracle.Pages bars.0.0",
		"Forecasts.Markets pot",
		"Forecasts.Markets next",
		"Forecasts.Markets open",
		"Forecasts.Markets mark",
		"Gauge.Weights weight",
		"Forecasts.Rounds book.seats",
		"Forecasts.Rounds book.wagers",
		"Forecasts.Forecasters seats",
		"Forecasts.Forecasters forecasters.0.standing",
	])
		assert.ok(names.has(wanted), `${wanted} is not among ${[...names].join(", ")}`);
	assert.ok([...names].some((name) => /^Forecasts\.Seats \d+\.wager$/.test(name)), [...names].join(", "));
	assert.deepEqual(errors, []);
	await page.screenshot({ path: join(ARTEFACTS, "forecasts.png"), fullPage: true });
	await chain.close();
	await close();
});

test("revealed forecasts lie over the bars that they are about, with the errors of the chain", async () => {
	const { page, errors, close } = await open(VIEWS[0]);
	const chain = await Chain.connect(NODE);
	await page.waitForSelector("#panel .legend .key:has-text('round ')");
	const { past } = await page.evaluate((id) => fetch(`/api/stream/${id}`).then((answer) => answer.json()), STREAM);
	const known = past.filter(({ zero, horizon_end: end, forecasts }) => zero !== null && end !== null && forecasts.length > 0);
	assert.ok(known.length > 0, JSON.stringify(past));
	for (const { zero, horizon_end: end, forecasts } of known) {
		for (const { changes, error } of forecasts) {
			const { first, bars } = await chain.provider.send("doin_bars", [STREAM, end - changes.length, changes.length]);
			assert.equal(first, end - changes.length);
			// The weight of step k is e^(−0.001·k); bars that are missing have none.
			let [sum, weights] = [0, 0];
			for (const [step, change] of changes.entries()) {
				if (!bars[step]) continue;
				const weight = Math.exp(-0.001 * step);
				sum += weight * (zero + change - bars[step][0]) ** 2;
				weights += weight;
			}
			const stated = Number(error) / 65536;
			assert.ok(Math.abs(sum / weights - stated) <= 0.001 * stated + 0.01, `${sum / weights} is not ${stated}`);
		}
	}
	const rows = card(page, "Rounds whose bars stand").locator("tbody tr");
	await rows.first().waitFor();
	await card(page, "Rounds whose bars stand").locator("details.seats summary").last().click();
	await card(page, "Rounds whose bars stand").locator("details.seats[open] td").first().waitFor();
	assert.deepEqual(errors, []);
	await chain.close();
	await close();
});

/** Returns the account of a forecaster. */
const accountOf = (index) => `${ACCOUNT.slice(0, -3)}${String(index).padStart(3, "0")}`;

/** Returns a stream with a market of long names and many forecasters. */
function streamOf(place, more = {}) {
	const forecasters = Array.from({ length: 256 }, (_, index) => ({
		peer_id: accountOf(index),
		standing: String(ONE - index),
		bound: index % 2 === 0 ? null : String(-index),
		increment: "0",
		seats: 24,
	}));
	return {
		stream_id: STREAM + place,
		symbol: `WWWWWWWWWWWWWW${String(place).padStart(2, "0")}`,
		unit: "0.00000001 WWWWWWWWWWWWWWWWWWWWW",
		source: "The median of the public klines of at least three markets, ".repeat(5).slice(0, 256),
		bar_ms: 300000,
		batch: 6,
		kept: 9000,
		season: 288,
		horizon: 100,
		domain_id: 0,
		owner: ACCOUNT,
		fee: "1000000000000",
		pot: "340282366920938463463374607431768211455",
		awake: place % 3 !== 1,
		start: 5900000,
		first: 5900000,
		next: 5900900,
		running: 5900903,
		paid_until: 5910000,
		market: {
			pot: "340282366920938463463374607431768211455",
			rounds: 4294967295,
			open: 24,
			committing: 1,
			waiting: 22,
			revealing: 1,
			weight: 250000,
			mark: "18446744073709551615",
			forecasters,
		},
		...more,
	};
}

/** Returns the answer about a stream with 24 open rounds, 16 past ones, and gaps in its closes. */
function answerOf(stream, at) {
	const round = (phase, index) => ({
		round: 4294967200 + index,
		phase,
		until: phase === "Waiting" ? null : at.number + 5,
		input_end: 5900800 + index,
		zero_bar: phase === "Waiting" ? 5900806 + index : null,
		horizon_end: phase === "Waiting" ? 5900909 + index : null,
		zero: phase === "Revealing" ? -9007199254740991 : null,
		reference: "halfwayToMean",
		seats: 128,
		wagers: "340282366920938463463374607431768211455",
		least_wager: phase === "Committing" ? "340282366920938463463374607431768211455" : null,
		factor: null,
	});
	const forecast = (index) => ({
		peer_id: accountOf(index),
		block: 7,
		error: String(65536n << BigInt(index)),
		skill: String(-ONE * (index % 2)),
		changes: Array.from({ length: 100 }, (_, step) => step * (index - 6)),
		wager: index === 0 ? "2000000000000" : null,
		paid: index === 0 ? "2100000000000" : null,
	});
	const past = Array.from({ length: 16 }, (_, index) => ({
		round: 90 - index,
		state: index === 0 ? "revealing" : index === 3 ? "void" : "closed",
		block: 7,
		end_block: index === 0 ? null : 9,
		horizon_end: index === 5 ? null : 5900880 - 30 * index,
		zero: index === 3 ? null : 100000,
		reference: index === 5 ? null : "seasonBefore",
		reference_error: index === 3 ? null : "65536000000",
		seats: index === 5 ? null : 128,
		wagers: null,
		revealed: index === 3 ? 0 : 127,
		factor: index === 0 || index === 3 ? null : String(ONE),
		forecasts: index === 3 ? [] : Array.from({ length: 12 }, (_, place) => forecast(place)),
	}));
	const phases = ["Revealing", ...Array(22).fill("Waiting"), "Committing"];
	return {
		at,
		stream,
		first_close: 5899900,
		closes: Array.from({ length: 1000 }, (_, bar) => (bar % 50 === 7 ? null : 100000 + (bar % 90))),
		rounds: phases.map(round),
		past,
		past_from: 3,
	};
}

/** Answers the requests of the panel with these streams. */
async function answered(page, streams, change = (answer) => answer) {
	const at = { number: 120, hash: `0x${"7a".repeat(32)}` };
	const json = (answer) => (route) => route.fulfill({ json: answer });
	await page.route("**/api/streams", json({ at, total: streams.length, streams }));
	for (const stream of streams) await page.route(`**/api/stream/${stream.stream_id}`, json(change(answerOf(stream, at))));
	await page.route("**/api/stream/*/round/*", (route) => {
		const [, number] = /round\/(\d+)$/.exec(route.request().url());
		const seats = Array.from({ length: 128 }, (_, index) => ({
			peer_id: accountOf(index),
			wager: "340282366920938463463374607431768211455",
			skill: index % 2 === 0 ? null : String(-ONE),
		}));
		return json({ at, stream_id: STREAM, round: { round: Number(number) }, seats })(route);
	});
}

for (const view of VIEWS) {
	test(`64 streams with 128 seats fit at ${view.width} × ${view.height}, ${view.colorScheme}`, async () => {
		const streams = Array.from({ length: 64 }, (_, place) => streamOf(place));
		const { page, errors, close } = await open(view, "#forecasts", (page) => answered(page, streams));
		await card(page, "Open rounds").waitFor();
		assert.equal(await card(page, "Streams").locator("tbody tr").count(), 40);
		await page.click("button:has-text('Show 24 more')");
		assert.equal(await card(page, "Streams").locator("tbody tr").count(), 64);
		assert.equal(await card(page, "Open rounds").locator("tbody tr").count(), 24);
		// Opened with the keyboard.
		await card(page, "Open rounds").locator("details.seats summary").first().focus();
		await page.keyboard.press("Enter");
		await page.waitForSelector("#panel details.seats[open] td");
		assert.equal(await page.locator("#panel details.seats[open] tbody tr").count(), 128);
		await card(page, "Rounds whose bars stand").locator("details.seats summary").first().focus();
		await page.keyboard.press("Enter");
		const keys = await page.$$eval("#panel .legend .key", (found) => found.map((one) => one.textContent.trim()));
		assert.equal(keys.length, 5, `closes and the best forecasts of four rounds: ${keys.join(", ")}`);
		await card(page, "Forecasts over the bars").locator("select").selectOption("88");
		await page.waitForFunction(() => !document.querySelector("#panel .legend").textContent.includes("round"));
		assert.deepEqual(await violations(page), []);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "as wide as the screen");
		if (view.width < 560) assert.deepEqual(await wideTables(page), []);
		await page.screenshot({ path: join(ARTEFACTS, `streams-${view.width}-${view.colorScheme}.png`), fullPage: true });
		await page.locator("#panel .panel-head select").selectOption(String(STREAM + 1));
		await page.waitForSelector("#panel h2:has-text('WWWWWWWWWWWWWW01')");
		assert.match(await card(page, "Stream and market").innerText(), /doin-worker sponsor 2147483649 /);
		assert.deepEqual(errors, []);
		await close();
	});
}

test("a chain without streams, a stream without a market or bars, and one that does not exist are clear", async () => {
	const text = async (streams, hash = "#forecasts", change = undefined) => {
		const { page, errors, close } = await open(VIEWS[2], hash, (page) => answered(page, streams, change));
		await page.waitForSelector("#panel h2");
		await settled(page);
		const found = await page.locator("#panel").innerText();
		assert.deepEqual(await violations(page), []);
		await close();
		return [found, errors];
	};
	const [none] = await text([]);
	assert.match(none, /No stream of bars is registered on this chain\./);
	const bare = (answer) => ({ ...answer, closes: [], rounds: [], past: [], past_from: null });
	const sleeping = streamOf(0, { awake: false, market: null });
	const [alone, errors] = await text([sleeping], "#forecasts", bare);
	assert.match(alone, /No bar stands yet\./);
	assert.match(alone, /Nobody has sponsored a market .* --market/s);
	assert.deepEqual(errors, []);
	const [short] = await text([{ ...sleeping, horizon: 0 }], "#forecasts", bare);
	assert.match(short, /its record has no horizon/);
	const fresh = streamOf(0);
	const [begun] = await text([{ ...fresh, market: { ...fresh.market, forecasters: [] } }], "#forecasts", bare);
	for (const sentence of [/Reporters are asked for bars from number 5,900,900 on/, /No round is open\./, /No account has a seat/])
		assert.match(begun, sentence);
	// Only this one is answered by the worker.
	const { page, close } = await open(VIEWS[0], "#forecasts/7");
	await page.waitForSelector("#panel .problem");
	assert.match(await page.locator("#panel .problem").innerText(), /There is no stream 7/);
	await close();
});

test("figures of a node that is lost are marked as not current", async () => {
	const { page, close } = await open(VIEWS[0], "#forecasts", (page) => answered(page, [streamOf(0)]));
	await card(page, "Open rounds").waitFor();
	await page.unrouteAll();
	const body = JSON.stringify({ error: "the node is gone", next: "start it" });
	await page.route("**/api/stream*/**", (route) => route.fulfill({ status: 503, contentType: "application/json", body }));
	await page.route("**/api/streams", (route) => route.fulfill({ status: 503, contentType: "application/json", body }));
	await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
	await page.waitForSelector("#panel .stale-note:has-text('The node is gone')");
	assert.ok((await card(page, "Open rounds").locator("tbody tr").count()) > 0, "the last figures stay");
	await close();
});
