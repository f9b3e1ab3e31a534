// The page in Chromium, over a running worker and node.
//
// DOIN_PAGE       address of the worker's server, e.g. http://127.0.0.1:8470
// DOIN_NODE       WebSocket of the node
// DOIN_ARTEFACTS  folder for screenshots and the report
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { launch, open as openAddress, paints, quit, settled, VIEWS, violations, wideTables } from "./browser.mjs";
import { Chain, figuresOf } from "./figures.mjs";

const { DOIN_PAGE: PAGE, DOIN_NODE: NODE, DOIN_ARTEFACTS: ARTEFACTS } = process.env;
const TABS = [
	"overview",
	"domains",
	"rounds",
	"training",
	"forecast",
	"forecasts",
	"answers",
	"work",
	"evaluations",
	"unpaid",
	"network",
	"events",
];
const report = {};

before(launch);

after(async () => {
	await quit();
	await writeFile(join(ARTEFACTS, "report.json"), JSON.stringify(report, null, "\t"));
});

/** Opens the dashboard. `prepare(page)` runs before. */
const open = (view, hash = "", prepare = undefined) => openAddress(`${PAGE}/dashboard${hash}`, view, prepare);

for (const view of VIEWS) {
	test(`every tab at ${view.width} × ${view.height}, ${view.colorScheme}`, async () => {
		const { page, errors, close } = await open(view);
		await page.waitForSelector("[role=tab][aria-selected=true]");
		await settled(page);
		if (view === VIEWS[0]) report.paint = await paints(page);
		const tabs = await page.$$eval("[role=tab]", (found) => found.map((tab) => tab.id.slice(4)));
		assert.deepEqual(tabs, TABS, "a worker that optimizes a series has every panel");
		for (const tab of tabs) {
			await page.click(`#tab-${tab}`);
			await page.waitForSelector(`#panel[aria-labelledby=tab-${tab}]`);
			await settled(page);
			assert.equal(await page.getAttribute(`#tab-${tab}`, "aria-selected"), "true");
			assert.deepEqual(await page.$$eval("#panel .problem", (found) => found.map((one) => one.textContent)), [], tab);
			assert.deepEqual(await violations(page), [], `accessibility of ${tab}`);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${tab} is as wide as the screen`);
			if (view.width < 560) assert.deepEqual(await wideTables(page), [], `${tab} has no table that scrolls sideways`);
			await page.screenshot({ path: join(ARTEFACTS, `${tab}-${view.width}-${view.colorScheme}.png`), fullPage: true });
		}
		assert.deepEqual(errors, []);
		await close();
	});
}

test("figures equal the chain at the block that they name", async () => {
	const { page, errors, close } = await open();
	const chain = await Chain.connect(NODE);
	const [names, stored] = [new Set(), new Set()];
	for (const tab of TABS) {
		await page.click(`#tab-${tab}`);
		await page.waitForSelector(`#panel[aria-labelledby=tab-${tab}]`);
		await settled(page);
		for (const figure of await figuresOf(page)) {
			await chain.compare(figure);
			const name = `${figure.event ?? figure.item} ${figure.field ?? figure.path ?? ""}`;
			names.add(name);
			if (figure.computed === undefined) stored.add(name);
		}
	}
	report.figures = { all: names.size, storage: stored.size };
	for (const wanted of [
		"System.Number number",
		"System.EventCount ",
		"Timestamp.Now ",
		"Optimae.Crowned increment",
		"Optimae.Revealed validation_error",
		"body of the block block.extrinsics.length",
		"Work.LastSeal taken",
		"Channels.Sums deposited",
		"Gauge.Weights weight",
		"Domains.States(0) last_round.number",
	])
		assert.ok(names.has(wanted), `${wanted} is not among ${[...names].join(", ")}`);
	assert.ok(names.size >= 30, `${names.size} different figures: ${[...names].join(", ")}`);
	assert.ok(stored.size >= 15, `${stored.size} of them are fields of a storage item`);
	assert.deepEqual(errors, []);
	await chain.close();
	await close();
});

test("a figure opens its block and storage item, and gives the focus back", async () => {
	const { page, close } = await open(VIEWS[2], "#work");
	const figure = page.locator(".figure[data-item='Work.Mined']").first();
	await figure.focus();
	await page.keyboard.press("Enter");
	const { block, hash, exact } = await figure.evaluate(({ dataset }) => ({ ...dataset }));
	const text = await page.locator("#origin").innerText();
	assert.ok(text.includes("Work.Mined") && text.includes(`${exact} plancks`), text);
	assert.match(text, /0x[0-9a-f]{64}/);
	assert.deepEqual(await violations(page), []);
	await page.screenshot({ path: join(ARTEFACTS, "origin.png") });
	await page.keyboard.press("Escape");
	assert.equal(await page.locator("#origin").isVisible(), false);
	assert.equal(await page.evaluate(() => document.activeElement.dataset.item), "Work.Mined");
	// The block may not be finalized yet.
	await page.goto(`${PAGE}/dashboard#network/block/1`);
	await page.waitForSelector("#panel h2:has-text('Block 1')");
	await settled(page);
	assert.ok((await page.locator("#panel").innerText()).includes("Timestamp.set"));
	assert.ok(Number(block) > 0 && hash.length === 66);
	await close();
});

test("a figure links to its storage item and its event in the explorer", async () => {
	const { page, close } = await open(VIEWS[0], "#domains/0");
	await settled(page);
	await page.locator(".figure[data-field='last_round.number']").first().click();
	const block = await page.getAttribute(".figure[data-field='last_round.number']", "data-block");
	const path = await page.getAttribute("#origin a[href^='/explorer#storage']", "href");
	assert.equal(decodeURIComponent(path), `/explorer#storage/Domains/States/${block}/0`);
	await page.keyboard.press("Escape");
	await page.locator(".figure[data-event='Optimae.Crowned']").first().click();
	assert.match(await page.locator("#origin").innerText(), /Event\s*Optimae\.Crowned\.increment/);
	assert.match(await page.getAttribute("#origin a[href^='/explorer#network']", "href"), /^\/explorer#network\/block\/\d+$/);
	assert.deepEqual(await violations(page), []);
	await close();
});

/** Numbers of a server that has found `wrong` of its answers to be wrong. The worker of this test answers no requests. */
const serving = (wrong) => ({
	block: 41,
	answers: 9_007,
	windows: 81_013,
	free: 317,
	unpaid: 23,
	refused: 19,
	earned: "80000000000000",
	channels: 11,
	owed: "3000000000000",
	swaps: 13,
	batches: 1_511,
	audited: 208,
	wrong,
	elapsed_ms: 3_600_000,
});

/** Answers the requests of the panel as a worker with such a server does. */
const served = (wrong) => async (page) => {
	const answer = await (await fetch(`${PAGE}/api/answers`)).json();
	await page.route("**/api/answers", (route) => route.fulfill({ json: { ...answer, serving: serving(wrong) } }));
};

for (const view of VIEWS) {
	test(`the work of a server is shown at ${view.width} × ${view.height}, ${view.colorScheme}`, async () => {
		const { page, errors, close } = await open(view, "#answers", served(2));
		await settled(page);
		const { components } = await page.evaluate(() => fetch("/api/openapi.json").then((answer) => answer.json()));
		assert.deepEqual(Object.keys(components.schemas.Serving.properties), Object.keys(serving(2)).sort(), "the numbers of the route");
		const card = page.locator("#panel .card").filter({ has: page.getByRole("heading", { name: "This server", exact: true }) });
		const facts = await card.locator(".facts > div").evaluateAll((found) =>
			Object.fromEntries(found.map((fact) => [fact.querySelector("dt").textContent, fact.querySelector("dd").textContent])),
		);
		for (const [name, text] of [
			["Requests per second", /^2\.50/],
			["Answers", /^9,007\s*81,013 windows, 317 of them free$/],
			["Earned", /^80\.0000 DOIN\s*3\.0000 DOIN not redeemed yet$/],
			["Channels that have paid", /^11$/],
			["Refused", /^42\s*23 for lack of payment$/],
			["New champions", /^13$/],
			["Batches", /^1,511\s*each of one request or several$/],
			["Windows audited", /^208\s*computed a second time$/],
			["Wrong answers", /^2\s*found by audits: .*end the offer\.$/s],
		])
			assert.match(facts[name] ?? "missing", text, name);
		assert.equal(await card.locator(".tag.bad").innerText(), "2");
		assert.deepEqual(await violations(page), []);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "as wide as the screen");
		await page.screenshot({ path: join(ARTEFACTS, `server-${view.width}-${view.colorScheme}.png`), fullPage: true });
		assert.deepEqual(errors, []);
		await close();
	});
}

test("a server whose audits find no wrong answer has no warning", async () => {
	const { page, close } = await open(VIEWS[0], "#answers", served(0));
	await settled(page);
	const fact = page.locator("#panel .facts > div").filter({ hasText: "Wrong answers" });
	assert.match(await fact.locator("dd").innerText(), /^0\s*found by audits$/);
	assert.equal(await page.locator("#panel .tag.bad").count(), 0);
	await close();
});

test("an account opens its whole address, which can be copied", async () => {
	const { page, errors, close } = await open(VIEWS[2], "#domains/0");
	await settled(page);
	await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
	const account = page.locator("#panel button.account").first();
	const id = await account.getAttribute("data-account");
	assert.match(id, /^[1-9A-HJ-NP-Za-km-z]{47,48}$/);
	assert.equal(await account.getAttribute("title"), id);
	await account.focus();
	await page.keyboard.press("Enter");
	const origin = page.locator("#origin");
	assert.ok((await origin.innerText()).includes(id));
	assert.equal(await origin.locator("a").first().getAttribute("href"), `/explorer#accounts/${id}`);
	await origin.locator("button.copy").click();
	await origin.locator("[role=status]:has-text('Copied')").waitFor();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);
	await page.screenshot({ path: join(ARTEFACTS, "account.png") });
	// The popover closes when the page is scrolled, which axe-core does.
	assert.deepEqual(await violations(page), []);
	// Over HTTP, a page of another machine has no clipboard.
	await page.keyboard.press("Escape");
	await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true }));
	await account.click();
	await origin.locator("button.copy").click();
	await origin.locator("[role=status]:has-text('Selected')").waitFor();
	assert.equal(await page.evaluate(() => getSelection().toString().trim()), id);
	await origin.locator("a").nth(1).click();
	await page.waitForSelector("#panel[aria-labelledby=tab-unpaid]");
	assert.equal(await page.locator("#account").inputValue(), id);
	assert.deepEqual(errors, []);
	await close();
});

test("a domain is found by a part of its name, and by its number", async () => {
	const { page, errors, close } = await open(VIEWS[2]);
	await settled(page);
	const { domains } = await page.evaluate(() => fetch("/api/optimization").then((answer) => answer.json()));
	const [{ domain_id: id, name }] = domains;
	const found = (status, list) => (route) => route.fulfill({ status, json: list });
	const search = async (text) => {
		await page.fill("#find-domain", text);
		await page.press("#find-domain", "Enter");
	};
	await search("no such domain");
	await page.locator(".find-domain [role=status]:has-text('No domain has')").waitFor();
	assert.deepEqual(await violations(page), []);
	// More of them are listed, and one of them is chosen.
	const many = Array.from({ length: 20 }, (_, index) => ({ ...domains[0], domain_id: 2_000 + index, name: `${name} ${index}` }));
	const at = await page.evaluate(() => fetch("/status").then((answer) => answer.json()).then((status) => status.at));
	await page.route("**/api/optimization?search=many*", found(200, { at, total: 1_234, domains: many, rounds: [] }));
	await search("many");
	await page.locator(".find-domain tbody tr").nth(19).waitFor();
	assert.match(await page.locator(".find-domain .card-head").innerText(), /the first 20 of 1,234/);
	assert.deepEqual(await violations(page), []);
	assert.deepEqual(await wideTables(page), []);
	await page.screenshot({ path: join(ARTEFACTS, "find-domain.png"), fullPage: true });
	// A single one is opened.
	await page.route("**/api/optimization?search=single*", found(200, { at, total: 1, domains: [domains[0]], rounds: [] }));
	await search("single");
	await page.waitForSelector(`#panel h2:has-text("${name}")`);
	assert.equal(await page.evaluate(() => location.hash), `#domains/${id}`);
	const { total } = await page.evaluate((text) => fetch(`/api/optimization?search=${encodeURIComponent(text)}`).then((answer) => answer.json()), name.toUpperCase());
	assert.ok(total >= 1, "the server finds names in upper case");
	assert.deepEqual(errors, []);
	await close();
});

test("error sums are shown in the unit of the data", async () => {
	const { page, close } = await open(VIEWS[0], "#domains/0");
	await settled(page);
	const { domains } = await page.evaluate(() => fetch("/api/optimization?domain=0").then((answer) => answer.json()));
	const [{ unit, champion, validation_predictions: predictions }] = domains;
	const [, factor, name] = /^([0-9.]+) (.+)$/.exec(unit);
	const mean = (Number(champion.validation_error) / 16 / predictions) * Number(factor);
	const shown = await page
		.locator(".facts > div")
		.filter({ has: page.locator(".figure[data-field='champion.validation_error']") })
		.locator("small")
		.innerText();
	assert.ok(mean > 0 && Math.abs(parseFloat(shown.replace(",", "")) - mean) <= mean / 1_000, `${shown} is not ${mean}`);
	assert.ok(shown.endsWith(name), `${shown} has no unit ${name}`);
	await close();
});

test("the keyboard reaches every tab", async () => {
	const { page, close } = await open();
	await page.waitForSelector("[role=tab][aria-selected=true]");
	await page.keyboard.press("Tab");
	assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
	await page.focus("#tab-overview");
	for (const tab of TABS.slice(1)) {
		await page.keyboard.press("ArrowDown");
		await page.waitForSelector(`#panel[aria-labelledby=tab-${tab}]`);
		assert.equal(await page.evaluate(() => document.activeElement.id), `tab-${tab}`);
	}
	await page.keyboard.press("Home");
	await page.waitForSelector("#panel[aria-labelledby=tab-overview]");
	assert.equal(
		await page.$$eval("[role=tab][tabindex='0']", (tabs) => tabs.length),
		1,
		"one tab is in the order of the keyboard",
	);
	await close();
});

test("the browser computes the integers of the chain", async () => {
	const { page, errors, close } = await open(VIEWS[0], "#domains");
	await page.click("button:has-text('Verify in this browser')");
	const result = page
		.locator(".verify")
		.filter({ has: page.locator("table") })
		.first();
	await result.waitFor();
	const rows = await result
		.locator("tbody tr")
		.evaluateAll((found) =>
			found.map((row) => [row.querySelector("[data-chain]").dataset.chain, row.querySelector("[data-browser]").dataset.browser]),
		);
	assert.ok(rows.length > 0, "chunks were recomputed");
	for (const [chain, own] of rows) assert.equal(own, chain);
	assert.ok(rows.some(([chain]) => Number(chain) > 0));
	report.verification = await result.locator("[role=status]").innerText();
	assert.match(report.verification, /^equal \d+ (of \d+ )?chunks/);
	await page.screenshot({ path: join(ARTEFACTS, "verification.png"), fullPage: true });
	assert.deepEqual(await violations(page), []);
	assert.deepEqual(errors, []);
	await close();
});

test("an error of the server is shown with its next step", async () => {
	const { page, close } = await open();
	const body = JSON.stringify({ error: "the node <b>sleeps</b>", next: "wake it" });
	await page.route("**/api/work", (route) => route.fulfill({ status: 503, contentType: "application/json", body }));
	await page.click("#tab-work");
	const problem = page.locator("#panel .problem");
	await problem.waitFor();
	assert.match(await problem.innerText(), /The node <b>sleeps<\/b>\.\s+Next step: Wake it\./);
	await page.unroute("**/api/work");
	// A page that is shown again reads everything again.
	await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
	await page.waitForSelector("#panel .stack");
	await close();
});

test("a domain that the list lacks is asked for by its number", async () => {
	const { page, close } = await open(VIEWS[0], "#domains/4000");
	await page.waitForSelector("#panel h2:has-text('Domain 4000')");
	await page.waitForSelector("#panel .problem");
	assert.match(await page.locator("#panel .problem").innerText(), /There is no domain 4000/);
	// The list of a chain of more than 1,000 domains ends before this one.
	const known = await page.evaluate(() => fetch("/api/domain/0").then((answer) => answer.json()));
	known.domain = { ...known.domain, domain_id: 1_500, name: "the last one" };
	await page.route("**/api/domain/1500", (route) => route.fulfill({ json: known }));
	await page.evaluate(() => (location.hash = "domains/1500"));
	await page.waitForSelector("#panel h2:has-text('the last one')");
	assert.equal(await page.locator("#panel .pick select").inputValue(), "1500");
	await close();
});

test("a lost connection is shown, and found again", async () => {
	const { page, close } = await open();
	await page.waitForSelector(".connection.good");
	await page.route("**/events", (route) => route.abort());
	await page.reload();
	await page.waitForSelector(".connection.bad");
	assert.match(await page.locator(".banner").innerText(), /does not answer/);
	await page.screenshot({ path: join(ARTEFACTS, "lost.png") });
	await page.unroute("**/events");
	await page.waitForSelector(".connection.good");
	assert.equal(await page.locator(".banner").count(), 0);
	await close();
});

test("events are bounded, and their texts are not run", async () => {
	const { page, close } = await open();
	const events = Array.from({ length: 3_000 }, (_, index) => ({
		id: 1_000_000 + index,
		kind: "Optimae.Committed",
		block: 1,
		timestamp: 1,
		data: { who: `<img src=x onerror=alert(1)> ${index}` },
	}));
	const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
	await page.route("**/api/events?*", (route) => route.fulfill({ status: 503, contentType: "application/json", body: "{}" }));
	await page.route("**/events", (route) => route.fulfill({ contentType: "text/event-stream", body }));
	await page.goto(`${PAGE}/dashboard#events`);
	await page.reload();
	await page.waitForSelector("#panel td:has-text('2999')");
	assert.match(await page.locator("#panel .card .note").innerText(), /^500 of 500, newest 100 shown$/);
	assert.equal(await page.locator("#panel tbody tr").count(), 100);
	assert.equal(await page.locator("#panel img").count(), 0);
	await close();
});
