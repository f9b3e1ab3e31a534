// The scoring module: `doin-scoring` as WebAssembly, and the bytes that it takes.

/** Order of the variants of `ModelRef` in their encoding. */
const MODELS = ["RepeatLast", "Seasonal", "Origin", "Stored", "Linear", "Constant", "BuiltIn"];

/** Returns the value of a hexadecimal digit, or `NaN` for another character. */
function digit(code) {
	if (code >= 48 && code <= 57) return code - 48;
	const lower = code | 32;
	return lower >= 97 && lower <= 102 ? lower - 87 : NaN;
}

/** Returns the bytes of a hexadecimal text with `0x`. */
export function fromHex(text) {
	const malformed = () => new Error("the node returned bytes that are not hexadecimal");
	if (typeof text !== "string" || !text.startsWith("0x") || text.length % 2 !== 0) throw malformed();
	const bytes = new Uint8Array(text.length / 2 - 1);
	for (let at = 0; at < bytes.length; at += 1) {
		const byte = 16 * digit(text.charCodeAt(2 * at + 2)) + digit(text.charCodeAt(2 * at + 3));
		if (Number.isNaN(byte)) throw malformed();
		bytes[at] = byte;
	}
	return bytes;
}

/** Returns a whole number as so many little-endian bytes. */
export function littleEndian(value, bytes) {
	let rest = BigInt(value);
	return Uint8Array.from({ length: bytes }, () => {
		const byte = Number(rest & 255n);
		rest >>= 8n;
		return byte;
	});
}

/** Returns a length in the compact form of SCALE. Lengths stay below 2³⁰. */
function compact(length) {
	if (length < 64) return littleEndian(length * 4, 1);
	return length < 16384 ? littleEndian(length * 4 + 1, 2) : littleEndian(length * 4 + 2, 4);
}

/** Returns one array with the bytes of all `parts`. */
export function joined(...parts) {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

const prefixed = (bytes) => joined(compact(bytes.length), bytes);

/** Returns the encoding of a model reference, which is `"Seasonal"` or `{Stored: 7}` in JSON. */
function encodeModel(model) {
	const name = typeof model === "string" ? model : Object.keys(model)[0];
	const index = MODELS.indexOf(name);
	if (index < 0) throw new Error(`the node returned an unknown kind of model, ${name}: use the page of the node's release`);
	return joined(littleEndian(index, 1), name === "Stored" ? littleEndian(model.Stored, 8) : new Uint8Array());
}

/** Returns the encoding of a draw `{evidence, seed}` from a generator or a segment, or of `null`. */
function encodeDraw(draw) {
	if (draw === null) return littleEndian(0, 1);
	const { evidence, seed } = draw;
	const isDrawn = evidence === "drawn";
	const encoded = isDrawn ? littleEndian(0, 1) : joined(littleEndian(1, 1), littleEndian(evidence.segment, 2));
	return joined(littleEndian(1, 1), encoded, fromHex(seed));
}

/** Returns the encoding of `Inputs` of the crate `doin-browser`. */
export function encodeInputs({ record, model, modelBytes, draw, published, segments }) {
	const encoded = segments.map(({ index, bytes, hash }) => joined(littleEndian(index, 2), prefixed(bytes), prefixed(hash)));
	return joined(
		prefixed(record),
		prefixed(encodeModel(model)),
		prefixed(modelBytes),
		encodeDraw(draw),
		prefixed(published),
		compact(segments.length),
		...encoded,
	);
}

/** Opened inputs in an instance of the scoring module. */
export class Scoring {
	#exports;
	#handle;
	#fault = null;

	/** Opens encoded inputs in a new instance of the module whose bytes are `module`. Fails with the fault of the module. */
	static async open(module, inputs) {
		const scoring = new Scoring();
		const fail = (address, length) => {
			const text = new Uint8Array(scoring.#exports.memory.buffer, address >>> 0, length >>> 0);
			scoring.#fault = new TextDecoder().decode(text);
		};
		const { instance } = await WebAssembly.instantiate(module, { page: { fail } });
		scoring.#exports = instance.exports;
		scoring.#handle = scoring.#guarded(({ allocate, open, memory }) => {
			const address = allocate(inputs.length) >>> 0;
			if (address === 0) return null;
			new Uint8Array(memory.buffer, address, inputs.length).set(inputs);
			return open(address, inputs.length) >>> 0 || null;
		});
		return scoring;
	}

	/** Number of chunks of a recomputation. */
	get chunks() {
		return this.#guarded(({ chunks }) => chunks(this.#handle));
	}

	/** Returns the error sum of a chunk. */
	sum(chunk) {
		const sum = this.#guarded(({ sum }) => {
			const result = sum(this.#handle, chunk);
			return result < 0n ? null : result;
		});
		return Number(sum);
	}

	/** Returns what `run` returns, or fails with the fault if it returns `null` or traps. */
	#guarded(run) {
		this.#fault = null;
		let result = null;
		try {
			result = run(this.#exports);
		} catch (error) {
			throw new Error(this.#fault ?? `the scoring module stopped: ${error.message}`);
		}
		if (result === null) throw new Error(this.#fault ?? "the scoring module failed without a reason: reload the page");
		return result;
	}
}

/** Returns the numbers below `count` in random order. */
function shuffled(count) {
	const order = Array.from({ length: count }, (_, index) => index);
	const random = crypto.getRandomValues(new Uint32Array(count));
	for (let last = count - 1; last > 0; last -= 1) {
		const other = random[last] % (last + 1);
		[order[last], order[other]] = [order[other], order[last]];
	}
	return order;
}

/**
 * Computes chunk sums in random order, and passes each to `onSum({chunk, sum, chunks})`. Stops after `least` chunks once
 * `budgetMs` are over, so that the chunks are all of them where they are few or cheap, and a random sample elsewhere.
 */
export function computeSums(scoring, { least, budgetMs }, onSum) {
	const chunks = scoring.chunks;
	const end = performance.now() + budgetMs;
	for (const [done, chunk] of shuffled(chunks).entries()) {
		if (done >= least && performance.now() >= end) return;
		onSum({ chunk, sum: scoring.sum(chunk), chunks });
	}
}
