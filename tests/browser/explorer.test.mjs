// The explorer in Chromium, over a running worker and node. What it shows is compared with the decoding of @polkadot/api, which
// shares no code with the codecs of the page.
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
	"network",
	"accounts",
	"staking",
	"domains",
	"rounds",
	"tasks",
	"challenges",
	"decode",
	"storage",
	"reference",
	"search",
];
const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const ALICE_KEY = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
/** Address at which no node listens. */
const NOWHERE = "ws://127.0.0.1:9";
const report = {};
let chain;

before(async () => {
	await launch();
	chain = await Chain.connect(NODE);
});

after(async () => {
	await chain?.close();
	await quit();
	await writeFile(join(ARTEFACTS, "explorer.json"), JSON.stringify(report, null, "\t"));
});

/** Opens the explorer. */
const open = (hash = "", view = VIEWS[0], prepare = undefined) => openAddress(`${PAGE}/explorer${hash}`, view, prepare);

/** Goes to an address of the page, and waits for its numbers. */
async function go(page, hash) {
	await page.evaluate(
		(next) =>
			new Promise((done) => {
				if (location.hash === `#${next}`) return done();
				addEventListener("hashchange", () => requestAnimationFrame(done), { once: true });
				location.hash = next;
			}),
		hash,
	);
	const [panel] = hash.split("/");
	await page.waitForSelector(`#panel[aria-labelledby=tab-${panel}]`);
	await settled(page);
}

/** Waits until the page has a new block from the node. */
const connected = (page) => page.waitForSelector(".connection.good");
const textOf = (page) => page.locator("#panel").innerText();
const problems = (page) => page.$$eval("#panel .problem", (found) => found.map((one) => one.textContent));

/** Returns the newest signed extrinsic, which the roles of the worker have sent, with its block and its bytes. */
async function signedExtrinsic() {
	const { number: head } = await chain.api.rpc.chain.getHeader();
	for (let number = head.toNumber(); number > 0; number -= 1) {
		const hash = await chain.api.rpc.chain.getBlockHash(number);
		const { block } = await chain.api.rpc.chain.getBlock(hash);
		const index = block.extrinsics.findIndex((one) => one.isSigned);
		if (index >= 0) {
			const { block: raw } = await chain.provider.send("chain_getBlock", [hash.toHex()]);
			return { number, hash: hash.toHex(), index, extrinsic: block.extrinsics[index], bytes: raw.extrinsics[index] };
		}
	}
	throw new Error("the worker has sent no extrinsic");
}

/** Returns the name of a call as the metadata has it. */
const nameOf = ({ method }) => {
	const { meta } = method;
	const pallet = chain.api.runtimeMetadata.asLatest.pallets.find(({ index }) => index.toNumber() === method.callIndex[0]);
	return `${pallet.name}.${meta.name}`;
};

for (const view of VIEWS) {
	test(`every tab at ${view.width} × ${view.height}, ${view.colorScheme}`, async () => {
		const { page, errors, close } = await open("", view);
		await connected(page);
		await settled(page);
		if (view === VIEWS[0]) report.paint = await paints(page);
		assert.deepEqual(await page.$$eval("[role=tab]", (found) => found.map((tab) => tab.id.slice(4))), TABS);
		const { number, index } = await signedExtrinsic();
		const addresses = [
			...TABS,
			`network/block/${number}`,
			`accounts/${ALICE}`,
			"domains/0",
			"rounds/0",
			"storage/Session/Validators",
		];
		for (const address of addresses) {
			await go(page, address);
			const [panel] = address.split("/");
			assert.equal(await page.getAttribute(`#tab-${panel}`, "aria-selected"), "true");
			assert.deepEqual(await problems(page), [], address);
			assert.deepEqual(await violations(page), [], `accessibility of ${address}`);
			assert.ok(
				await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
				`${address} is as wide as the screen`,
			);
			if (view.width < 560) assert.deepEqual(await wideTables(page), [], `${address} has no table that scrolls sideways`);
			const name = `explorer-${address.replaceAll("/", "-").slice(0, 24)}-${view.width}-${view.colorScheme}.png`;
			await page.screenshot({ path: join(ARTEFACTS, name), fullPage: true });
		}
		assert.ok(index > 0, "an extrinsic of an account follows the inherents");
		assert.deepEqual(errors, []);
		await close();
	});
}

test("figures equal the chain at the block that they name", async () => {
	const { page, errors, close } = await open();
	await connected(page);
	const names = new Set();
	for (const address of ["accounts", `accounts/${ALICE}`, "staking", "domains", "domains/0", "rounds", "tasks"]) {
		await go(page, address);
		for (const figure of await figuresOf(page)) {
			await chain.compare(figure);
			names.add(`${figure.item.replace(/\(.*/, "")} ${figure.field ?? figure.path}`);
		}
	}
	report.figures = [...names].sort();
	assert.ok(names.size >= 25, `${names.size} different figures: ${report.figures.join(", ")}`);
	assert.deepEqual(errors, []);
	await close();
});

test("extrinsics and events of a block are those that @polkadot/api decodes", async () => {
	const { number, hash } = await signedExtrinsic();
	const { page, errors, close } = await open(`#network/block/${number}`);
	await page.waitForSelector("h3:has-text('Extrinsic 0')");
	const { block } = await chain.api.rpc.chain.getBlock(hash);
	const titles = await page.$$eval("#panel h3", (found) => found.map((one) => one.textContent));
	const expected = block.extrinsics.map((one, index) => `Extrinsic ${index}: ${nameOf(one)}`);
	assert.deepEqual(
		titles.filter((one) => one.startsWith("Extrinsic ")),
		expected,
	);

	const events = await (await chain.api.at(hash)).query.system.events();
	await page.$$eval("#panel details", (found) => found.forEach((one) => (one.open = true)));
	const shown = await page.$$eval("#panel tbody tr td:first-child", (found) => found.map((one) => one.textContent));
	const pallets = chain.api.runtimeMetadata.asLatest.pallets;
	const named = events.map(
		({ event }) => `${pallets.find(({ index }) => index.toNumber() === event.index[0]).name}.${event.meta.name}`,
	);
	assert.deepEqual([...shown].sort(), [...named].sort(), "events");
	assert.ok((await textOf(page)).includes(hash), "the hash of the block");

	await page.goto(`${PAGE}/explorer#network/block/${hash}`);
	await page.waitForSelector(`h2:has-text('Block ${number.toLocaleString("en")}')`);
	assert.deepEqual(errors, []);
	await close();
});

test("a pasted extrinsic, its call and its hash are decoded", async () => {
	const { bytes, extrinsic, number } = await signedExtrinsic();
	const { page, errors, close } = await open("#decode");
	await connected(page);
	const decode = async (text) => {
		await page.fill("#panel textarea", text);
		await page.click("#panel button:has-text('Decode')");
		await page.waitForSelector("#panel .nested");
		await settled(page);
	};
	const name = nameOf(extrinsic);
	for (const text of [bytes, bytes.slice(2), `  ${bytes.slice(0, 40)}\n${bytes.slice(40)} `]) {
		await decode(text);
		await page.waitForSelector(`#panel h3:has-text('${name}')`);
		const shown = await textOf(page);
		assert.ok(shown.includes("signed extrinsic, version 4"), shown);
		assert.equal(await page.getAttribute("#panel .nested a.account", "title"), extrinsic.signer.toString());
		const link = page.locator("#panel .nested dd", { hasText: extrinsic.hash.toHex() });
		assert.equal(await link.count(), 1, "the hash of the extrinsic");
	}
	await decode(extrinsic.method.toHex());
	await page.waitForSelector(`#panel h3:has-text('${name}')`);
	assert.ok((await textOf(page)).includes(extrinsic.method.hash.toHex()), "the hash of the call");
	await page.screenshot({ path: join(ARTEFACTS, "explorer-decoded.png"), fullPage: true });
	assert.deepEqual(await violations(page), []);

	// A block whose runtime decodes it.
	await page.fill("#panel form:has-text('Block whose runtime') input", String(number - 1));
	await page.click("#panel button:has-text('Choose')");
	await page.waitForSelector(`#panel .nested a[href='#network/block/${number - 1}']`);

	// A transfer whose bytes are an unsigned remark too.
	await decode(`0x04000098${"11".repeat(31)}0b00a0724e1809`);
	await page.waitForSelector("#panel h3:has-text('Balances.transfer_allow_death')");
	await page.waitForSelector("#panel h3:has-text('System.remark')");
	assert.match((await problems(page)).join(), /a call, and an extrinsic/);
	assert.deepEqual(await violations(page), []);

	for (const [text, error, next] of [
		["", /There is nothing to decode/, /paste/i],
		["0x12zz", /not hexadecimal: character 3 after 0x is “z”/, /digits 0 to 9/],
		["0x123", /number of hexadecimal digits is odd: 3/, /copied as a whole/],
		[bytes.slice(0, -8), /states a length of \d+ bytes, and \d+ follow/, /copied as a whole/],
		[`${extrinsic.method.toHex()}00`, /1 of \d+ bytes are left over/, /copied as a whole/],
		["0xffffffffffff", /cannot decode|This is not a/, /copied as a whole/],
	]) {
		await decode(text);
		const [problem] = await problems(page);
		assert.match(problem ?? "no error", error, text);
		assert.match(problem, next, text);
	}
	assert.deepEqual(errors, []);
	await close();
});

test("the storage browser reads values, entries and wrong keys", async () => {
	const { page, errors, close } = await open("#storage/Balances/TotalIssuance/1");
	const first = await chain.provider.send("chain_getBlockHash", [1]);
	const value = async () => (await page.waitForSelector("#panel .shown")).getAttribute("data-value");
	assert.equal(await value(), (await (await chain.api.at(first)).query.balances.totalIssuance()).toBigInt().toString());

	await go(page, `storage/System/Account/${first}/${ALICE}`);
	const account = await (await chain.api.at(first)).query.system.account(ALICE);
	await page.waitForSelector("#panel .shown");
	assert.ok((await value()).includes(`free: ${account.data.free.toBigInt()}`), await value());
	// Without a key, the item is a list; a click opens an entry.
	await go(page, "storage/System/Account");
	await page.click(`#panel tbody button:has-text('${ALICE}')`);
	await page.waitForSelector("#panel .shown");
	assert.equal(await page.inputValue("#panel form input"), ALICE, "the form has the key of the entry");

	const item = chain.api.query.staking.erasStakersOverview;
	const [key] = await item.keys();
	await go(page, `storage/Staking/ErasStakersOverview/best/${key.args[0]}`);
	await page.click(`#panel tbody button:has-text('${key.args[1]}')`);
	await page.waitForSelector("#panel .shown");
	assert.match(await value(), /total: \d+, own: \d+/);
	assert.ok((await textOf(page)).includes(key.toHex().slice(0, 66)), "the storage key");

	for (const [address, error] of [
		["storage/System/Account/best/5Grw", /Key 1 is not an address or a public key: 5Grw/],
		["storage/Domains/Specs/best/-1", /Key 1 is not a whole number \(u32\): -1/],
		["storage/Optimae/Rounds/best/seven", /Key 1 is not \{ "domain": …, "number": … \}: seven/],
		// As a number of JavaScript it would end in 8.
		[
			`storage/Optimae/Rounds/best/${encodeURIComponent('{ "domain": 12345678901234567, "number": 1 }')}`,
			/Domain of Key 1 is not a whole number \(u32\): 12345678901234567/,
		],
		["storage/Domains/Specs/best/0/1", /has 1 key, and 2 are given/],
		["storage/Nothing/Here", /has no storage item Nothing\.Here/],
		["storage/System/Account/4000000000", /Block 4000000000 does not exist at this node: the best block is \d+/],
		[`storage/System/Number/0x${"12".repeat(32)}`, /no block with the hash/],
		["storage/System/Number/yesterday", /“yesterday” is not the number of a block/],
	]) {
		await go(page, address);
		await page.waitForSelector("#panel .problem");
		assert.match((await problems(page)).join(), error, address);
	}
	assert.deepEqual(errors, []);
	await close();
});

test("constants are those of the chain, and errors are found by name and by numbers", async () => {
	const { page, errors, close } = await open("#reference/Exist");
	await connected(page);
	await settled(page);
	const shown = await page.textContent("[data-constant='Balances.ExistentialDeposit']");
	assert.equal(BigInt(shown.replaceAll(",", "")), chain.api.consts.balances.existentialDeposit.toBigInt());
	const pallets = chain.api.runtimeMetadata.asLatest.pallets;
	const balances = pallets.find(({ name }) => name.toString() === "Balances");
	const index = chain.api.errors.balances.InsufficientBalance.meta.index.toNumber();
	await page.fill("#panel .pick input", `${balances.index} ${index}`);
	await page.waitForSelector("#panel td:has-text('Balances.InsufficientBalance')");
	assert.equal(await page.locator("#panel td:has-text('Balances.')").count(), 1);
	await page.fill("#panel .pick input", `index: ${balances.index}`);
	await page.fill("#panel .pick input", "nothing has this name");
	assert.match(await textOf(page), /No constant has this name\.[\s\S]*No error has this name/);
	assert.deepEqual(errors, []);
	await close();
});

test("the search finds blocks, accounts, domains, rounds and tasks", async () => {
	const { page, errors, close } = await open();
	await connected(page);
	const search = async (text) => {
		await page.fill("header input[type=search]", text);
		await page.press("header input[type=search]", "Enter");
	};
	await search("0");
	await page.waitForSelector("#panel td:has-text('Block')");
	assert.ok(await page.locator("#panel a[href='#domains/0']").count(), "domain 0");
	await search(ALICE_KEY);
	await page.waitForSelector(`#panel .nested span.code:has-text('${ALICE}')`);
	await search("domain 0");
	await page.waitForURL(/#domains\/0$/);
	await search("round 0/1");
	await page.waitForURL(/#rounds\/0\/1$/);
	const genesis = await chain.provider.send("chain_getBlockHash", [0]);
	await search(`block ${genesis}`);
	await page.waitForSelector("#panel h2:has-text('Block 0')");
	await settled(page);
	await search("domain 4000");
	await page.waitForSelector("#panel .empty:has-text('Nothing of the chain has this name')");
	await go(page, "domains/77");
	assert.match((await problems(page)).join(), /Unknown domain 77/);
	await go(page, "tasks/999999");
	assert.match((await problems(page)).join(), /Task 999999 does not exist/);
	await go(page, `accounts/0X${ALICE_KEY.slice(2).toUpperCase()}`);
	assert.equal(await page.locator("#panel .nested span.code").first().innerText(), ALICE, "a key in capitals is the same one");
	await go(page, "accounts/nobody");
	assert.match((await problems(page)).join(), /“nobody” is not an account/);
	assert.deepEqual(errors, []);
	await close();
});

test("an unreachable node is named, and found again", async () => {
	const { page, close } = await open("", VIEWS[2], (opened) =>
		opened.route("**/status", (route) =>
			route.fulfill({ contentType: "application/json", body: JSON.stringify({ node: { url: NOWHERE } }) }),
		),
	);
	await page.waitForSelector(".connection.bad");
	const banner = await page.locator(".banner").innerText();
	assert.match(banner, /The node at ws:\/\/127\.0\.0\.1:9 cannot be reached: start it, forward its port.* --rpc-cors\. Not connected since/);
	assert.match((await problems(page)).join(), /cannot be reached/);
	assert.deepEqual(await violations(page), []);
	await page.screenshot({ path: join(ARTEFACTS, "explorer-lost.png"), fullPage: true });
	await page.unroute("**/status");
	await page.route("**/status", (route) =>
		route.fulfill({ contentType: "application/json", body: JSON.stringify({ node: { url: "wss://node.example:9944" } }) }),
	);
	await page.waitForFunction(() => /nodes of this machine only/.test(document.querySelector(".banner")?.textContent));
	await page.unroute("**/status");
	await connected(page);
	await settled(page);
	assert.equal(await page.locator(".banner").count(), 0);
	assert.deepEqual(await problems(page), []);
	await close();
});

test("a node that has removed a state, and texts of strangers", async () => {
	const name = "<img src=x onerror=alert(1)>";
	const hash = await chain.provider.send("chain_getBlockHash", [1]);
	// Answers of the node, except for the state of block 1 and the name of the network.
	const prepare = (page) =>
		page.routeWebSocket(/^ws:/, (socket) => {
			const server = socket.connectToServer();
			socket.onMessage((message) => {
				const { id, method, params } = JSON.parse(message);
				const pruned = {
					code: 4003,
					message: `Client error: Api called for an unknown Block: State already discarded for ${hash}`,
				};
				if (method === "system_chain") socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: `\u202e${name}\u061c` }));
				else if (method.startsWith("state_") && params.includes(hash))
					socket.send(JSON.stringify({ jsonrpc: "2.0", id, error: pruned }));
				else server.send(message);
			});
		});
	const { page, errors, close } = await open("#storage/System/Number/1", VIEWS[0], prepare);
	await page.waitForSelector("#panel .problem");
	assert.match((await problems(page)).join(), /node has removed the state of this block.*--state-pruning archive/);
	// The extrinsics of the block stay readable.
	await go(page, "network/block/1");
	const text = await textOf(page);
	assert.match(text, /Extrinsic 0: Timestamp\.set/);
	assert.match(text, /has removed the state of this block/);
	// The runtime of the next block was that of the removed state.
	await go(page, "network/block/2");
	assert.match(await textOf(page), /the newest: the node has removed the state with that of this block/);
	await go(page, "network");
	const shown = await textOf(page);
	assert.ok(shown.includes(name), "the name is shown as text");
	assert.doesNotMatch(shown, /[\u061c\u202e]/, "the name does not turn the text after it");
	assert.equal(await page.locator("img").count(), 0);
	assert.deepEqual(errors, []);
	await close();
});

test("a block is decoded with the metadata of the runtime that made it", async () => {
	const genesis = await chain.provider.send("chain_getBlockHash", [0]);
	const asked = [];
	// The node of an older runtime: another version, and no metadata but that of version 14.
	const prepare = (page) =>
		page.routeWebSocket(/^ws:/, (socket) => {
			const server = socket.connectToServer();
			socket.onMessage((message) => {
				const { id, method, params } = JSON.parse(message);
				const answer = (result) => socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
				if (params.at(-1) !== genesis) return server.send(message);
				asked.push(method);
				if (method === "state_getRuntimeVersion") return answer({ specName: "doin", specVersion: 0 });
				if (method === "state_call") return answer("0x00");
				return server.send(message);
			});
		});
	const { page, errors, close } = await open("#network/block/1", VIEWS[0], prepare);
	await page.waitForSelector("h3:has-text('Extrinsic 0: Timestamp.set')");
	const facts = await page.$$eval("#panel dl.facts > div", (found) => found.map((one) => one.textContent));
	assert.ok(facts.includes("Runtimeversion 0"), facts.join());
	assert.ok(asked.includes("state_getRuntimeVersion"), "the version of the state before the block");
	await go(page, "network/block/2");
	await page.waitForSelector("h3:has-text('Extrinsic 0: Timestamp.set')");
	assert.equal(asked.filter((method) => method === "state_getMetadata").length, 1, "metadata is read once per runtime");
	assert.deepEqual(errors, []);
	await close();
});

test("the keyboard reaches tabs, figures and the search", async () => {
	const { page, close } = await open();
	await connected(page);
	await settled(page);
	await page.keyboard.press("Tab");
	assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
	await page.focus("#tab-network");
	for (const tab of TABS.slice(1)) {
		await page.keyboard.press("ArrowDown");
		await page.waitForSelector(`#panel[aria-labelledby=tab-${tab}]`);
		assert.equal(await page.evaluate(() => document.activeElement.id), `tab-${tab}`);
	}
	await go(page, "accounts");
	const figure = page.locator(".figure[data-item='Balances.TotalIssuance']");
	await figure.focus();
	await page.keyboard.press("Enter");
	const text = await page.locator("#origin").innerText();
	assert.ok(text.includes("Balances.TotalIssuance") && /0x[0-9a-f]{64}/.test(text), text);
	await page.keyboard.press("Escape");
	assert.equal(await page.locator("#origin").isVisible(), false);
	await close();
});

test("new blocks come by themselves, and the list stays short", async () => {
	const { page, errors, close } = await open();
	await connected(page);
	await settled(page);
	page.on("websocket", () => assert.fail("the page opened a second connection"));
	const best = () => page.getAttribute(".top .figure", "data-exact").then(Number);
	const before = await best();
	await page.waitForFunction((old) => Number(document.querySelector(".top .figure").dataset.exact) >= old + 3, before);
	await page.waitForFunction(
		(old) => Number(document.querySelector("#panel tbody td a").textContent.replaceAll(",", "")) >= old + 3,
		before,
	);
	assert.equal(await page.locator("#panel tbody tr").count(), Math.min(15, (await best()) + 1));
	assert.deepEqual(errors, []);
	await close();
});
