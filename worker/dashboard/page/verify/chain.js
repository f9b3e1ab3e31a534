// Reads what the chain states of the champion of a domain, and what its sums are recomputed from.
//
// The settled sums of a round are in the state from its settlement on, and its verdict removes them. The block before the verdict
// has them, so an archive node has them for every champion, and other nodes for the blocks whose state they keep. No event has
// sums. An initial champion has no round of its own, but every round evaluates the champion again, so the last round has its
// sums. Where none of these is readable, the error of the champion on the validation split is left, a total over all chunks: that
// of a baseline was computed by the chain at the activation, that of a submitted model is the claim of its author.
import { fromHex, joined, littleEndian } from "./scoring.js";
import { Refusal } from "./rpc.js";

const NOTHING = new Uint8Array();
const u16 = (value) => littleEndian(value, 2);
const u32 = (value) => littleEndian(value, 4);
const u64 = (value) => littleEndian(value, 8);

/** Reason for which sums cannot be read or recomputed, as a sentence. */
class Unreadable extends Error {}

/** Returns an error sum, which a node writes as a decimal text. */
function exact(text) {
	const value = /^\d+$/.test(text) ? Number(text) : NaN;
	if (!Number.isSafeInteger(value)) throw new Error(`the node returned an error sum that is not a whole number: ${text}`);
	return value;
}

/** Returns `{number, hash}` of block `number`, or of the best block. Fails if the node does not have it. */
async function blockAt(call, number) {
	if (number === undefined) number = parseInt((await call("chain_getHeader")).number, 16);
	const hash = await call("chain_getBlockHash", [number]);
	if (typeof hash !== "string") throw new Unreadable(`The node does not have block ${number}: wait until it has synchronized.`);
	return { number, hash };
}

/** Returns the name of the evidence of a task. Fails for evidence whose data no method of a node returns. */
function evidenceName(evidence) {
	if (evidence === "drawn") return "the drawn windows";
	if (evidence.segment !== undefined) return `segment ${evidence.segment}`;
	const kind = Object.keys(evidence)[0];
	throw new Unreadable(`The round was evaluated on ${kind === "bars" ? "live bars" : kind}, which nodes do not return.`);
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * Returns the statement of a settled task of `domain` at block `at` about `model`, or `null` if the state has none. With a
 * `round`, the task is that of the round.
 */
async function settledAt(call, domain, at, model, round) {
	const tasks = await call("doin_recomputations", [domain, at.hash]);
	for (const task of tasks) {
		const index = task.models.findIndex((other) => same(other, model));
		const isOther = round !== undefined && task.subject.round.number !== round;
		if (isOther || index < 0 || task.seed === null || task.sums.length === 0) continue;
		const about = `Settled sums of round ${task.subject.round.number} on ${evidenceName(task.evidence)}`;
		const draw = { evidence: task.evidence, seed: task.seed };
		return { kind: "settled", at, draw, chunks: task.sums[index], source: `${about}, in the state of block ${at.number}.` };
	}
	return null;
}

/**
 * Returns the error that the record of a champion has, or `null` if it is not the sum over the chunks of one draw: a contender
 * won by its mean error over several draws, of which the last one is left. Block `at` is the one before the verdict.
 */
async function crowningError(call, domain, at, { model, error }) {
	const round = await call("doin_round", [domain, at.hash]);
	return same(round.contender, model) ? null : exact(error);
}

/** Returns why the state of block `number` has no sums for the page. Fails with an error of another kind. */
function unreadable(number, error) {
	if (error instanceof Unreadable) return error.message;
	if (!(error instanceof Refusal)) throw error;
	if (error.isPruned) {
		const where = `the state of block ${number}, where the settled sums are read`;
		return `This node has removed ${where}: \`doin-node --state-pruning archive\` keeps it.`;
	}
	return `The settled sums in block ${number} cannot be read: ${error.message}.`;
}

/**
 * Returns what the chain states of the champion of `domain` as of block `block`, or of the best block: the `kind` of the
 * statement, its `model`, the block `at` that the statement was read from, the `draw` of its evidence (`null` for the validation
 * split), its `chunks` if the kind is `settled`, and the `error` of its record or `null`. `source` names the sums, and `note` is
 * the reason for which the settled sums of its round are not among them.
 */
export async function readStatement(call, domain, block) {
	const best = await blockAt(call, block);
	const view = await call("doin_domain", [domain, best.hash]);
	const champion = await call("doin_champion", [domain, best.hash]);
	const { model, round } = champion;
	const places = [];
	if (round !== null) places.push({ number: champion.block - 1, round: round.number });
	places.push({ number: best.number });
	if (view.lastRound !== null) places.push({ number: view.lastRound.block - 1 });
	let note = null;
	for (const place of places) {
		try {
			const at = place.number === best.number ? best : await blockAt(call, place.number);
			const statement = await settledAt(call, domain, at, model, place.round);
			if (statement === null) continue;
			const error = place.round === undefined ? null : await crowningError(call, domain, at, champion);
			return { ...statement, model, spec: view.spec, error, note };
		} catch (error) {
			note ??= unreadable(place.number, error);
		}
	}
	const kind = round === null ? "activation" : "claim";
	const of = kind === "claim" ? "that its author claims" : "that the chain computed at the activation";
	const source = `Error sum on the validation split ${of}, in the state of block ${best.number}.`;
	return { kind, at: best, draw: null, model, spec: view.spec, error: exact(champion.validationError), source, note };
}

/** Returns the range of segments that the chunks of a statement read, and `true` if they read the published data too. */
function neededData({ draw, spec }) {
	const { kind } = spec.program;
	if (["quadratic", "landscape", "tolerance"].includes(kind)) return { segments: [], published: false };
	// Training runs read all samples, whatever draws them.
	if (draw === null || spec.evidence.kind === "public" || kind === "lossGenome") return { segments: [], published: true };
	const index = draw.evidence.segment;
	if (index === undefined) return { segments: [], published: false };
	// The history of the first windows of a series lies before the segment.
	const before = kind === "rows" ? 0 : Math.ceil(spec.program.history / spec.evidence.units);
	const first = Math.max(0, index - before);
	return { segments: Array.from({ length: index - first + 1 }, (_, offset) => first + offset), published: before > index };
}

/** Reads what the sums of a statement are recomputed from: the arguments of `encodeInputs`. `onRead(done, total)` follows it. */
export async function readInputs(call, domain, statement, onRead) {
	const { at, model, draw, spec } = statement;
	let [done, total] = [0, 0];
	const runtime = async (method, argument) => {
		total += 1;
		const hex = Array.from(argument, (byte) => byte.toString(16).padStart(2, "0")).join("");
		const bytes = fromHex(await call("state_call", [`DoinApi_${method}`, `0x${hex}`, at.hash]));
		done += 1;
		onRead(done, total);
		return bytes;
	};
	const modelBytes = () => {
		if (model.Stored !== undefined) return runtime("model", u64(model.Stored));
		return ["Linear", "Constant", "BuiltIn"].includes(model) ? runtime("baseline", u32(domain)) : NOTHING;
	};
	const needed = neededData(statement);
	const publishedBytes = () => runtime(["rows", "lossGenome"].includes(spec.program.kind) ? "rows" : "series", u32(domain));
	const segment = async (index) => {
		const [bytes, hash] = await Promise.all([
			runtime("segment", joined(u32(domain), u16(index))),
			runtime("segment_hashes", joined(u32(domain), u16(index), u16(1))),
		]);
		return { index, bytes, hash };
	};
	const [record, encoded, published, segments] = await Promise.all([
		runtime("domain_spec", u32(domain)),
		modelBytes(),
		needed.published ? publishedBytes() : NOTHING,
		Promise.all(needed.segments.map(segment)),
	]);
	return { record, model, modelBytes: encoded, draw, published, segments };
}
