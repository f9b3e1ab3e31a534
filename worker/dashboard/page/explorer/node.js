// Connection to the node of the worker: new blocks as it announces them, and reads of the state of one block.
import { read as readWorker } from "../lib/store.js";
import { connect, expectGenesis, isLocal } from "../verify/rpc.js";
import { accountOf, fromHex, Malformed, Runtime, toHex } from "./codec.js";

/** Waits before the page connects again, in milliseconds. */
const RECONNECT = [1000, 2000, 4000, 8000, 15000];
/** Time between two questions whether the node still answers, in milliseconds. */
const HEARTBEAT = 20000;
/** Most runtimes whose codecs are kept. */
const RUNTIMES = 4;
/** Most blocks of which the hash is kept by their number, or the runtime by their hash. */
const KEPT = 256;

/** State of the connection: `connecting`, `live` or `lost`, with the problem of the last attempt. */
export const state = {
	connection: "connecting",
	since: Date.now(),
	url: null,
	problem: null,
	best: null,
	final: null,
	finalized: null,
	about: null,
};

const listeners = new Set();
const runtimes = new Map();
const versions = new Map();
let node = null;
let attempt = 0;
let turn = 0;
let subscriptions = new Map();

/** Calls `listener` after each change of the state. Returns a function that ends this. */
export function listen(listener) {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

function change(update) {
	Object.assign(state, update);
	for (const listener of [...listeners]) listener();
}

/** Returns an error as `{error, next}`, the form of an error of the server. */
export function problemOf(error) {
	if (typeof error?.next === "string") return { error: error.error ?? error.message, next: error.next };
	const text = String(error?.message ?? error);
	if (error?.isPruned) {
		const next = "start the node with --state-pruning archive, or choose a newer block";
		return { error: "The node has removed the state of this block", next };
	}
	if (/header was not found|header not found/i.test(text)) {
		return { error: "The node does not have this block", next: "check the hash, or wait until the node has imported the block" };
	}
	// Messages of the node and of the connection end with a next step.
	const [, reason, next] = /^(?:the node refused \w+: )?(.*?)(?:: ((?:start it,|call|choose|expected) .*))?$/s.exec(text);
	return { error: reason, next: next ?? "repeat the request; if it fails again, look at the log of the node" };
}

/** Connects to the node of the worker, and connects again whenever the connection ends. */
export async function start() {
	turn += 1;
	const own = turn;
	try {
		const { node: known } = await readWorker("/status");
		change({ url: known.url });
		if (!isLocal(known.url)) {
			const next = "open the explorer of a worker whose node runs on this machine, or forward the port of the node";
			throw new Malformed(`The page may connect to nodes of this machine only, and the node of the worker is ${known.url}`, next);
		}
		node = await connect(known.url, {
			onNotice: (id, result) => subscriptions.get(id)?.(result),
			// The end of an earlier connection may be noticed after the next one has begun.
			onClose: (error) => own === turn && lost(error),
		});
		subscriptions = new Map();
		await expectGenesis(call, known.url, known.genesis);
		await prepare();
		attempt = 0;
		change({ connection: "live", since: Date.now(), problem: null });
	} catch (error) {
		lost(error);
	}
}

function lost(error) {
	const broken = node;
	node = null;
	broken?.close();
	if (state.retry) return;
	const wait = RECONNECT[Math.min(attempt, RECONNECT.length - 1)];
	attempt += 1;
	const since = state.connection === "lost" ? state.since : Date.now();
	const retry = setTimeout(() => {
		state.retry = null;
		start();
	}, wait);
	change({ connection: "lost", since, problem: problemOf(error), retry });
}

/** Ends a connection whose node does not answer any more: without new blocks, the page sends nothing else. */
function check() {
	const asked = node;
	if (asked === null || state.connection !== "live" || document.hidden) return;
	asked.call("system_version").catch((error) => asked === node && lost(error));
}
setInterval(check, HEARTBEAT);

/** Reads the names of network and node, and subscribes to new blocks. */
async function prepare() {
	const [genesis, name, version] = await Promise.all([
		call("chain_getBlockHash", [0]),
		call("system_chain"),
		call("system_version"),
	]);
	if (state.about && state.about.genesis !== genesis) {
		// A node of another network has other blocks under the same numbers, and perhaps other runtimes of the same version.
		runtimes.clear();
		versions.clear();
	}
	change({ about: { genesis, name, version } });
	await Promise.all([
		subscribe("chain_subscribeNewHeads", (header) => announce("best", header)),
		subscribe("chain_subscribeFinalizedHeads", (header) => announce("final", header)),
	]);
}

async function subscribe(method, listener) {
	subscriptions.set(await call(method), listener);
}

async function announce(which, header) {
	const number = parseInt(header.number, 16);
	if (which === "final") change({ final: number });
	const hash = await call("chain_getBlockHash", [number]).catch(() => null);
	if (hash) change({ [which === "final" ? "finalized" : "best"]: { number, hash } });
}

/** Returns the result of a JSON-RPC request. */
export function call(method, params = []) {
	if (node === null)
		return Promise.reject(new Error("the node is not connected: start it, and the page connects again by itself"));
	return node.call(method, params);
}

function keep(map, key, value, most) {
	map.delete(key);
	map.set(key, value);
	if (map.size > most) map.delete(map.keys().next().value);
	return value;
}

/** Returns `{number, hash}` of a block, given by its number or hash as text or number. */
export async function blockAt(which) {
	if (/^0x/i.test(which)) {
		if (!/^0x[0-9a-f]{64}$/i.test(which)) {
			throw new Malformed(`“${which}” is not the hash of a block`, "enter 0x and 64 hexadecimal digits, or a number");
		}
		const header = await call("chain_getHeader", [which.toLowerCase()]);
		if (!header)
			throw new Malformed(
				`The node has no block with the hash ${which}`,
				"check the hash; an extrinsic has no hash that a node finds",
			);
		return { number: parseInt(header.number, 16), hash: which.toLowerCase() };
	}
	if (!/^\d{1,10}$/.test(which) || Number(which) > 4294967295) {
		throw new Malformed(`“${which}” is not the number of a block`, "enter a whole number, or a hash");
	}
	const number = Number(which);
	const hash = await call("chain_getBlockHash", [number]);
	if (!hash) {
		const best = state.best ? `the best block is ${state.best.number}` : "the node has no blocks yet";
		throw new Malformed(`Block ${number} does not exist at this node: ${best}`, "enter a smaller number, or wait for the block");
	}
	return { number, hash };
}

/** Returns the runtime of the state after a block. */
export async function runtimeAt({ hash }) {
	if (!versions.has(hash)) {
		const { specName, specVersion } = await call("state_getRuntimeVersion", [hash]);
		keep(versions, hash, `${specName} ${specVersion}`, KEPT);
	}
	const name = versions.get(hash);
	// The promise is kept, so that reads at the same time decode the metadata once.
	const runtime = runtimes.get(name) ?? loaded(hash, name);
	keep(runtimes, name, runtime, RUNTIMES);
	return runtime.catch((error) => {
		runtimes.delete(name);
		throw error;
	});
}

/** Reads the newest metadata that this page can decode: 16 or 15, which an old runtime may lack, or 14. */
async function loaded(hash, name) {
	for (const version of ["0x10000000", "0x0f000000"]) {
		const answer = await call("state_call", ["Metadata_metadata_at_version", version, hash]).catch((error) => {
			if (error.isPruned) throw error;
			return "0x00";
		});
		if (answer !== "0x00") return new Runtime(fromHex(answer), name.split(" ").at(-1));
	}
	return new Runtime(fromHex(await call("state_getMetadata", [hash])), name.split(" ").at(-1));
}

/**
 * Returns the runtime that a block was built with: that of the state before it. Where the node has removed the state, the runtime is
 * the newest one, and `isGuess` is `true`.
 */
export async function runtimeOf({ number, hash, parent }) {
	const known = runtimeAt({ hash: number === 0 ? hash : parent }).then((runtime) => ({ runtime, isGuess: false }));
	return known.catch(async (error) => {
		if (error.isPruned) return { runtime: await runtimeAt(state.best), isGuess: true };
		throw error;
	});
}

/** Returns the decoded value of a storage item in the state of a block: its default without a value, `null` without a default. */
export async function query(at, pallet, name, ...keys) {
	return queryWith(await runtimeAt(at), at, pallet, name, ...keys);
}

/** Returns the same as [`query`], decoded by another runtime: the events of a block that changed the runtime are those of the old one. */
export async function queryWith(runtime, at, pallet, name, ...keys) {
	const { codec } = runtime.item(pallet, name);
	const raw = await call("state_getStorage", [codec.keys.enc(...keys), at.hash]);
	return raw === null ? (codec.fallback ?? null) : codec.value.dec(raw);
}

/**
 * Returns the first `count` entries of a map in the state of a block whose keys start with `keys`, after the key `start`: `entries`
 * are `{keys, value, raw, key}`, and `next` is the last key if there may be more.
 */
export async function entries(at, pallet, name, keys = [], { count = 50, start = null } = {}) {
	const { codec } = (await runtimeAt(at)).item(pallet, name);
	const found = await call("state_getKeysPaged", [codec.keys.enc(...keys), count, start, at.hash]);
	const [changes] = found.length === 0 ? [{ changes: [] }] : await call("state_queryStorageAt", [found, at.hash]);
	const list = changes.changes.map(([key, raw]) => ({
		key,
		raw,
		keys: codec.keys.dec(key),
		value: raw === null ? null : codec.value.dec(raw),
	}));
	return { entries: list, next: found.length === count ? found.at(-1) : null };
}

/** Returns the address of an account in the form of the chain, or fails. */
export function checkedAccount(text) {
	const account = accountOf(text);
	if (account) return account;
	throw new Malformed(`“${text}” is not an account`, "enter an SS58 address, or a public key of 0x and 64 hexadecimal digits");
}

export { toHex };
