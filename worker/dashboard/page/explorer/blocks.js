// Blocks with their extrinsics and events, decoded by the runtime that they were built with.
import { blockAt, call, problemOf, query, queryWith, runtimeOf } from "./node.js";
import { blake2, fromHex } from "./codec.js";

/** Most blocks that are kept in a decoded form. */
const KEPT = 40;
/** Most characters and events of these blocks together, so that full blocks take bounded memory. An event counts as many characters. */
const KEPT_SIZE = 8_000_000;
const EVENT_SIZE = 400;
/** Blocks by their hash, the one that was read first first, and the sum of their sizes. */
const kept = new Map();
let keptSize = 0;

/** Returns a decoded block, given by its number or hash. */
export async function readBlock(which) {
	const at = await blockAt(String(which));
	if (kept.has(at.hash)) return kept.get(at.hash);
	const { block } = await call("chain_getBlock", [at.hash]);
	const parent = block.header.parentHash;
	const { runtime, isGuess } = await runtimeOf({ ...at, parent });
	const read = {
		...at,
		parent,
		header: block.header,
		runtime: runtime.version,
		isGuess,
		problem: null,
		events: [],
		time: null,
		author: null,
	};
	try {
		const [events, time] = await Promise.all([queryWith(runtime, at, "System", "Events"), query(at, "Timestamp", "Now")]);
		Object.assign(read, { events: events.map(eventOf), time: Number(time) });
	} catch (error) {
		read.problem = problemOf(error);
	}
	read.extrinsics = block.extrinsics.map((text, index) => extrinsicOf(runtime, text, index, read.events));
	read.author = await authorOf(read).catch(() => null);
	if (read.problem === null) remember(read);
	return read;
}

const sizeOf = ({ extrinsics, events }) =>
	extrinsics.reduce((sum, { text }) => sum + text.length, 0) + EVENT_SIZE * events.length;

/** Keeps a block. The newest one is kept whatever its size. */
function remember(block) {
	// A second read of a block may have ended meanwhile.
	if (kept.has(block.hash)) return;
	kept.set(block.hash, block);
	keptSize += sizeOf(block);
	while (kept.size > KEPT || (keptSize > KEPT_SIZE && kept.size > 1)) {
		const [hash, first] = kept.entries().next().value;
		kept.delete(hash);
		keptSize -= sizeOf(first);
	}
}

function eventOf({ phase, event }) {
	return {
		phase: phase.type,
		extrinsic: phase.type === "ApplyExtrinsic" ? phase.value : null,
		pallet: event.type,
		name: event.value.type,
		fields: event.value.value,
	};
}

function extrinsicOf(runtime, text, index, all) {
	const bytes = fromHex(text);
	const events = all.filter((event) => event.extrinsic === index);
	const failed = events.find(({ pallet, name }) => pallet === "System" && name === "ExtrinsicFailed");
	const paid = events.find(({ pallet, name }) => pallet === "TransactionPayment" && name === "TransactionFeePaid");
	const one = {
		index,
		text,
		hash: blake2(bytes),
		bytes: bytes.length,
		events,
		isKnown: events.length > 0,
		failure: failed ? runtime.errorText(failed.fields.dispatch_error) : null,
		fee: paid ? paid.fields.actual_fee : null,
	};
	try {
		return { ...one, decoded: runtime.decodeExtrinsic(bytes) };
	} catch (error) {
		return { ...one, decoded: null, problem: problemOf(error) };
	}
}

/** Returns the validator that made a block: its index, slot, and account. */
async function authorOf({ header, number, hash }) {
	const digest = header.digest.logs
		.map(fromHex)
		.find((log) => log[0] === 6 && String.fromCharCode(...log.slice(1, 5)) === "BABE");
	if (number === 0 || !digest) return null;
	// The payload follows its length: a variant, the index of the authority, and the slot.
	const [view, start] = [new DataView(digest.buffer), 5 + [1, 2, 4][digest[5] & 3]];
	const [index, slot] = [view.getUint32(start + 1, true), view.getBigUint64(start + 5, true)];
	// The first block of a session is made by one of the validators that it makes current.
	const validators = await query({ hash }, "Session", "Validators").catch(() => []);
	return { index, slot, account: validators[index] ?? null };
}
