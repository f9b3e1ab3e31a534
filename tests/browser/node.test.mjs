// The connection of the explorer to a node that fails on cue, without a browser and without waiting: the node and the clock are those of
// the test.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, afterEach } from "node:test";
import { pathToFileURL } from "node:url";

const URL_OF_NODE = "ws://127.0.0.1:9944";
const HASH = `0x${"11".repeat(32)}`;
const PARENT = `0x${"22".repeat(32)}`;

// Time passes when a test lets it.
const timers = new Map();
let now = 0;
let made = 0;
const timer = (run, wait, every) => {
	made += 1;
	timers.set(made, { run, at: now + wait, every });
	return made;
};
globalThis.setTimeout = (run, wait = 0) => timer(run, wait, null);
globalThis.setInterval = (run, every) => timer(run, every, every);
globalThis.clearTimeout = globalThis.clearInterval = (id) => timers.delete(id);
globalThis.document = { hidden: false };

/** Lets everything happen that waits for no time. */
const settle = async () => {
	for (let turn = 0; turn < 50; turn += 1) await new Promise((done) => setImmediate(done));
};

/** Lets `wait` milliseconds pass. */
async function pass(wait) {
	const end = now + wait;
	for (;;) {
		await settle();
		const [next] = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
		if (next === undefined) break;
		const [id, { run, at, every }] = next;
		now = at;
		if (every === null) timers.delete(id);
		else timers.set(id, { run, at: at + every, every });
		run();
	}
	now = end;
	await settle();
}

/** Answers of the node by method: `{ result }` or `{ error }`. */
const answers = {
	chain_getBlockHash: () => ({ result: HASH }),
	system_chain: () => ({ result: "\u202eDevelopment\u061c" }),
	system_version: () => ({ result: "1.0.0" }),
	chain_subscribeNewHeads: () => ({ result: "heads" }),
	chain_subscribeFinalizedHeads: () => ({ result: "final" }),
};
const faults = { isSilent: false, isAway: false };
const sockets = [];
const asked = [];

globalThis.WebSocket = class {
	static OPEN = 1;
	readyState = 0;

	constructor() {
		sockets.push(this);
		setImmediate(() => {
			if (faults.isAway) return this.onerror?.();
			this.readyState = 1;
			this.onopen?.();
		});
	}

	send(text) {
		const { id, method, params } = JSON.parse(text);
		asked.push(method);
		if (faults.isSilent) return;
		this.receive({ id, ...(answers[method]?.(params) ?? { error: { code: -32601, message: "Method not found" } }) });
	}

	receive(answer) {
		setImmediate(() => this.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", ...answer }) }));
	}

	close() {
		if (this.readyState === 3) return;
		this.readyState = 3;
		setImmediate(() => this.onclose?.());
	}
};
globalThis.fetch = async () => ({ ok: true, status: 200, text: async () => JSON.stringify({ node: { url: URL_OF_NODE } }) });

// The modules of the page have no package beside them that says what they are.
const folder = await mkdtemp(join(tmpdir(), "doin-page-"));
await cp(process.env.DOIN_PAGE_FOLDER, folder, { recursive: true });
await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
const load = (path) => import(pathToFileURL(join(folder, path)));
const node = await load("explorer/node.js");
const { readBlock } = await load("explorer/blocks.js");
const { readTasks } = await load("explorer/panels/tasks.js");
const { cutNote, readRounds } = await load("explorer/panels/rounds.js");
const { commission } = await load("explorer/panels/staking.js");
const METADATA = await readFile(join(process.env.DOIN_PAGE_FOLDER, "../../../runtime/clients/metadata/doin.scale"));

after(() => rm(folder, { recursive: true, force: true }));
afterEach(() => {
	Object.assign(faults, { isSilent: false, isAway: false });
	globalThis.document.hidden = false;
});

/** Connects the page, unless it is connected. */
async function connected() {
	if (node.state.connection === "connecting") await node.start();
	await pass(20_000);
	assert.equal(node.state.connection, "live", JSON.stringify(node.state.problem));
}

test("names of strangers do not turn the text after them", async () => {
	await connected();
	assert.equal(node.state.about.name, "Development");
	assert.equal(node.state.url, URL_OF_NODE);
});

test("new blocks are those that the node announces", async () => {
	await connected();
	const socket = sockets.at(-1);
	socket.receive({ method: "chain_newHead", params: { subscription: "heads", result: { number: "0x2a" } } });
	socket.receive({ method: "chain_finalizedHead", params: { subscription: "final", result: { number: "0x28" } } });
	await settle();
	assert.deepEqual([node.state.best, node.state.final], [{ number: 42, hash: HASH }, 40]);
});

test("a page of another machine names the tunnel to its node, and refuses a node of another chain", async () => {
	const { connect, expectGenesis } = await load("verify/rpc.js");
	const next = (error) => /: (start it, .*)$/.exec(error.message)?.[1];
	const failure = async () => {
		faults.isAway = true;
		const error = await connect(URL_OF_NODE).catch((found) => found);
		faults.isAway = false;
		return next(error);
	};
	assert.equal(await failure(), "start it, forward its port if it runs elsewhere, or admit this page with --rpc-cors");
	globalThis.location = { hostname: "192.168.1.7", origin: "http://192.168.1.7:8470" };
	try {
		const tunnel = "start it, forward its port to this computer with ssh -L 9944:127.0.0.1:9944 192.168.1.7, and admit this page with --rpc-cors http://192.168.1.7:8470";
		assert.equal(await failure(), tunnel);
		const call = async () => HASH;
		await assert.rejects(expectGenesis(call, URL_OF_NODE, PARENT), (error) => next(error) === tunnel && /another chain/.test(error.message));
		await expectGenesis(call, URL_OF_NODE, HASH);
		await expectGenesis(call, URL_OF_NODE, undefined);
	} finally {
		delete globalThis.location;
	}
});

test("a node that falls silent is noticed without a new block, and found again", async () => {
	await connected();
	const lost = sockets.at(-1);
	faults.isSilent = true;
	// A question every 20 s, and 15 s for its answer.
	await pass(20_000);
	assert.deepEqual([node.state.connection, asked.at(-1)], ["live", "system_version"]);
	await pass(15_000);
	assert.equal(node.state.connection, "lost");
	assert.match(node.state.problem.error, /the node at ws:\/\/127\.0\.0\.1:9944 did not answer system_version within 15 s$/);
	assert.match(node.state.problem.next, /^start it, forward its port/);
	assert.equal(lost.readyState, 3, "the connection is closed");
	await assert.rejects(node.call("system_health"), /the node is not connected: start it/);
	faults.isSilent = false;
	await connected();
	assert.notEqual(sockets.at(-1), lost);
	assert.equal(node.state.problem, null);
});

test("a page that nobody sees asks nothing", async () => {
	await connected();
	const before = asked.length;
	globalThis.document.hidden = true;
	await pass(120_000);
	assert.equal(asked.length, before);
	globalThis.document.hidden = false;
	await pass(20_000);
	assert.equal(asked.length, before + 1);
});

test("what was asked of a node that goes away fails, and the page waits longer and longer for it", async () => {
	await connected();
	faults.isSilent = true;
	const open = node.call("state_getStorage", ["0x", HASH]);
	open.catch(() => {});
	faults.isAway = true;
	sockets.at(-1).close();
	await settle();
	await assert.rejects(open, /closed the connection: start it/);
	assert.equal(node.state.connection, "lost");
	const since = node.state.since;
	const attempts = [];
	for (let second = 0; second < 60; second += 1) {
		const count = sockets.length;
		await pass(1_000);
		if (sockets.length > count) attempts.push(second + 1);
	}
	assert.deepEqual(attempts, [1, 3, 7, 15, 30, 45, 60]);
	assert.equal(node.state.since, since, "it was lost once");
	Object.assign(faults, { isSilent: false, isAway: false });
	await connected();
});

test("only a removed state is replaced by the newest runtime", async () => {
	await connected();
	const runtime = (error) => {
		answers.state_getRuntimeVersion = () => ({ error });
		return node.runtimeOf({ number: 2, hash: HASH, parent: PARENT });
	};
	const pruned = { code: 4003, message: "State already discarded for 0x22" };
	const before = asked.length;
	// The newest runtime is asked for, and is removed too.
	await assert.rejects(runtime(pruned), (error) => error.isPruned);
	assert.equal(asked.length, before + 2);
	const damaged = { code: -32000, message: "the database is damaged" };
	await assert.rejects(runtime(damaged), /the node refused state_getRuntimeVersion: the data/);
	assert.equal(asked.length, before + 3, "another failure is shown as what it is");
});

test("an error is shown with the next step that it states", () => {
	const of = (text) => node.problemOf(new Error(text));
	assert.deepEqual(of("the node refused doin_domain: unknown domain 7: call doin_domains for all"), {
		error: "unknown domain 7",
		next: "call doin_domains for all",
	});
	// A text without one gets the general one.
	const other = of("the node refused state_call: cannot start items");
	assert.deepEqual([other.error, other.next.slice(0, 18)], ["cannot start items", "repeat the request"]);
	assert.match(node.problemOf({ isPruned: true }).next, /--state-pruning archive/);
	assert.match(of("Header was not found in the database").error, /does not have this block/);
});

/** Lets the node have the runtime of this repository, and these values: by pallet and item, hexadecimal text by the hash of a block. */
async function serve(items) {
	answers.state_getRuntimeVersion = () => ({ result: { specName: "doin", specVersion: 3 } });
	answers.state_call = () => ({ result: `0x${METADATA.toString("hex")}` });
	const runtime = await node.runtimeAt({ hash: HASH });
	const stored = new Map();
	for (const [item, values] of Object.entries(items)) {
		stored.set(runtime.item(...item.split(".")).codec.keys.enc(), values);
	}
	answers.state_getStorage = ([key, hash]) => ({ result: stored.get(key)?.[hash] ?? null });
}

test("the author of the first block of a session is one of the validators that the block makes current", async () => {
	await connected();
	const account = (byte) => byte.repeat(32);
	const both = (one, other) => `0x08${account(one)}${account(other)}`;
	await serve({
		"System.Events": { [HASH]: "0x00" },
		"Timestamp.Now": { [HASH]: "0x0068e5cf8b010000" },
		"Session.Validators": { [HASH]: both("aa", "bb"), [PARENT]: both("cc", "dd") },
	});
	// BABE, 13 bytes: variant 2, authority 1, slot 7.
	const digest = { logs: ["0x06424142453402010000000700000000000000"] };
	answers.chain_getBlock = () => ({
		result: { block: { header: { number: "0x5", parentHash: PARENT, digest }, extrinsics: [] } },
	});
	const block = await readBlock(5);
	assert.deepEqual([block.number, block.problem, block.isGuess, block.runtime], [5, null, false, "3"]);
	assert.deepEqual([block.author.index, block.author.slot], [1, 7n]);
	assert.equal(block.author.account, node.checkedAccount(`0x${account("bb")}`), "not one of the former validators");
});

test("as many tasks are looked through as a panel asks for", async () => {
	await connected();
	await serve({
		"Recomputation.CounterForTasks": { [HASH]: "0x1e000000" },
		"Recomputation.NextTaskId": { [HASH]: `0x28${"00".repeat(7)}` },
	});
	const counts = [];
	answers.state_getKeysPaged = ([, count]) => {
		counts.push(count);
		return { result: [] };
	};
	const at = { number: 5, hash: HASH };
	for (const { open, tasks, next } of [await readTasks(at), await readTasks(at, 1_000)]) {
		assert.deepEqual([open, tasks.length, String(next)], [30, 0, "40"]);
	}
	assert.deepEqual(counts, [24, 1_000]);
});

test("an extrinsic as large as an upgrade of the runtime is decoded", async () => {
	await connected();
	await serve({});
	const runtime = await node.runtimeAt({ hash: HASH });
	const call = runtime.call.enc({ type: "System", value: { type: "remark", value: { remark: new Uint8Array(1_500_000) } } });
	const bytes = new Uint8Array(1 + call.length);
	bytes.set([4]);
	bytes.set(call, 1);
	const decoded = runtime.decodeExtrinsic(bytes);
	assert.deepEqual([decoded.kind, decoded.call.pallet, decoded.call.name], ["bare", "System", "remark"]);
	// Four bytes say how long it is.
	assert.deepEqual([decoded.call.fields.remark.length, decoded.bytes], [1_500_000, bytes.length + 4]);
});

test("a commission of the chain is parts per billion, and never shown as more than it is", async () => {
	await connected();
	await serve({});
	const { codec } = (await node.runtimeAt({ hash: HASH })).item("Staking", "ErasValidatorPrefs");
	// Compact parts per billion, and whether nominations are refused.
	assert.equal(commission(codec.value.dec("0x0284d71700")), "10 %");
	const texts = { 0: "0 %", 1_000: "0.0001 %", 123_456_789: "12.34 %", 999_999_999: "99.99 %", 1_000_000_000: "100 %" };
	for (const [parts, text] of Object.entries(texts)) assert.equal(commission({ commission: Number(parts) }), text);
	assert.deepEqual([commission(null), commission(undefined)], ["–", "–"], "a validator of this session that the era does not have");
});

test("rounds are read up to limits, and the panel says what is left out", async () => {
	await connected();
	await serve({ "Optimae.CounterForRounds": { [HASH]: "0x2c010000" } });
	const [at, counts, viewed] = [{ number: 5, hash: HASH }, [], []];
	const state = { domains: [], keys: 0 };
	answers.state_getKeysPaged = ([, count]) => {
		counts.push(count);
		return { result: Array.from({ length: Math.min(count, state.keys) }, (_, key) => `0x${key.toString(16).padStart(8, "0")}`) };
	};
	answers.state_queryStorageAt = () => ({ result: [{ changes: [] }] });
	answers.doin_domains = ([from, count]) => ({ result: state.domains.slice(from, from + count) });
	answers.doin_domain = ([id]) => ({ result: { id, status: "Active", lastRound: null } });
	answers.doin_round = ([id]) => {
		viewed.push(id);
		if (id === 1) return { error: { code: 1, message: "domain 1 has no rounds: call doin_domains for all" } };
		return { result: { round: { domain: id, number: 4 } } };
	};
	const status = (id) => (id % 2 === 0 ? "Active" : "Converged");
	const domains = (count, of) => Array.from({ length: count }, (_, id) => ({ id, status: of(id), lastRound: id < 3 ? {} : null }));

	state.domains = domains(300, status);
	state.keys = 5_000;
	const all = await readRounds(at, null);
	assert.deepEqual([all.rounds.length, all.hidden, all.isCut, all.last.length, all.open], [24, 128 - 24, true, 3, 300]);
	assert.deepEqual([viewed.length, Math.max(...viewed), counts], [24, 46, [200]], "views of active domains only");
	assert.match(cutNote(null), /first 256 domains and 200 rounds .* choose a domain/);

	// As many keys as are read may be all of them; the panel cannot know.
	for (const [keys, isCut] of [[199, false], [200, true]]) {
		Object.assign(state, { keys, domains: domains(255, () => "Converged") });
		const some = await readRounds(at, null);
		assert.deepEqual([some.rounds, some.hidden, some.isCut], [[], 0, isCut]);
	}
	Object.assign(state, { keys: 0, domains: domains(256, () => "Converged") });
	assert.equal((await readRounds(at, null)).isCut, true, "there may be further domains");

	Object.assign(state, { keys: 5_000, domains: domains(3, () => "Active") });
	const few = await readRounds(at, null);
	assert.deepEqual(few.rounds.map(({ domain }) => domain.id), [0, 2], "a domain without rounds is left out");

	counts.length = 0;
	const one = await readRounds(at, "7");
	assert.deepEqual([one.rounds.map(({ domain }) => domain.id), one.isCut, counts], [[7], true, [1_000]]);
	assert.match(cutNote("7"), /first 1,000 rounds of the state/);
	await assert.rejects(readRounds(at, "seven"), ({ error }) => /“seven” is not the identifier of a domain/.test(error));
});

test("blocks that were read are kept up to a number, and full ones up to a size", async () => {
	await connected();
	await serve({});
	const hash = (number) => `0x${number.toString(16).padStart(64, "0")}`;
	const lengths = new Map();
	const read = [];
	const { chain_getBlockHash: before } = answers;
	answers.chain_getBlockHash = ([number]) => ({ result: number === 0 ? HASH : hash(number) });
	answers.chain_getBlock = ([asked]) => {
		const number = parseInt(asked, 16);
		read.push(number);
		const text = `0x${"00".repeat(lengths.get(number) ?? 4)}`;
		const header = { number: `0x${number.toString(16)}`, parentHash: PARENT, digest: { logs: [] } };
		return { result: { block: { header, extrinsics: [text] } } };
	};
	const { codec } = (await node.runtimeAt({ hash: HASH })).item("Timestamp", "Now");
	answers.state_getStorage = ([key]) => ({ result: key === codec.keys.enc() ? "0x0068e5cf8b010000" : "0x00" });
	/** Reads blocks, and returns those that the node was asked for. */
	const asked = async (...numbers) => {
		read.length = 0;
		for (const number of numbers) assert.equal((await readBlock(number)).problem, null);
		return [...read];
	};
	const small = Array.from({ length: 40 }, (_, at) => 100 + at);
	assert.deepEqual(await asked(...small), small);
	assert.deepEqual(await asked(...small), [], "all of them are kept");
	assert.deepEqual(await asked(140, 100, 139), [140, 100], "the one that was read first is dropped");

	for (const number of [200, 201, 202]) lengths.set(number, 1_500_000);
	assert.deepEqual(await asked(200, 201, 200), [200, 201]);
	assert.deepEqual(await asked(202, 201, 202, 200), [202, 200], "three million digits each, of eight million");
	lengths.set(203, 4_500_000);
	assert.deepEqual(await asked(203, 203, 202), [203, 202], "one block is kept whatever its size");
	answers.chain_getBlockHash = before;
});
