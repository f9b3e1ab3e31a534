// Chromium over a running worker, which both pages are tested in.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Longest time that a panel may take to show its numbers. The machine also runs a node, a search and other tests. */
const LIMIT = 120_000;
/** Sizes and colours of the screen. */
export const VIEWS = [
	{ width: 1280, height: 800, colorScheme: "light" },
	{ width: 1280, height: 800, colorScheme: "dark" },
	{ width: 390, height: 844, colorScheme: "light" },
	{ width: 390, height: 844, colorScheme: "dark" },
];

let browser;
let axe;

/** Starts Chromium. */
export async function launch() {
	axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
	// Chromium has no sandbox for root, whom containers run as.
	browser = await chromium.launch({
		executablePath: CHROMIUM,
		timeout: LIMIT,
		args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
	});
}

/** Ends Chromium. */
export async function quit() {
	await browser?.close();
}

/** Opens an address, and collects what the console reports. `prepare(page)` runs before the address is loaded. */
export async function open(address, view = VIEWS[0], prepare = () => {}) {
	const { width, height, colorScheme } = view;
	const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
	const page = await context.newPage();
	page.setDefaultTimeout(LIMIT);
	const errors = [];
	page.on(
		"console",
		(message) => ["error", "warning"].includes(message.type()) && errors.push(`${message.text()} (${message.location().url})`),
	);
	page.on("pageerror", (error) => errors.push(error.stack));
	await prepare(page);
	await page.goto(address);
	return { page, errors, close: () => context.close() };
}

/** Waits until the panel shows its numbers and no answer is missing. */
export async function settled(page) {
	await page.waitForSelector("#panel h2");
	await page.waitForFunction(() => !document.querySelector("#panel .loading"));
}

/** Returns what axe-core finds on the page, as texts. */
export async function violations(page) {
	await page.evaluate(axe);
	const { violations: found } = await page.evaluate(() => globalThis.axe.run());
	return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** Returns the times of the first paints of the page, in milliseconds. */
export async function paints(page) {
	const entries = await page.evaluate(() =>
		performance.getEntriesByType("paint").map(({ name, startTime }) => [name, startTime]),
	);
	return Object.fromEntries(entries.map(([name, time]) => [name, Math.round(time)]));
}

/** Returns the captions of the tables that are wider than their place. */
export async function wideTables(page) {
	return page.$$eval(".table-scroll", (found) =>
		found.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.getAttribute("aria-label")),
	);
}
