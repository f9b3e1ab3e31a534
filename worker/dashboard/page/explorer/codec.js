// Codecs of one runtime, which are made from its own metadata: storage items, constants, events, calls and extrinsics.
import { getDynamicBuilder } from "../vendor/papi/metadata-builders/dynamic-builder.js";
import { getLookupFn } from "../vendor/papi/metadata-builders/lookups.js";
import {
	AccountId,
	Blake2256,
	Struct,
	compactNumber,
	decAnyMetadata,
	extrinsicFormat,
	unifyMetadata,
} from "../vendor/papi/substrate-bindings/index.js";
import { fromHex, toHex } from "../vendor/papi/utils/hex.js";

export { fromHex, toHex };

/** Text or bytes that cannot be read, with the next step. */
export class Malformed extends Error {
	constructor(message, next) {
		super(message);
		this.next = next;
	}
}

/** Returns the bytes of hexadecimal text that a visitor has entered. Fails with [`Malformed`] and the place of the first mistake. */
export function bytesOf(text) {
	const digits = text.replace(/\s+/g, "").replace(/^0x/i, "");
	if (digits === "") throw new Malformed("There is nothing to decode", "paste hexadecimal digits, with or without 0x");
	const wrong = /[^0-9a-f]/i.exec(digits);
	if (wrong) {
		const place = `character ${wrong.index + 1} after 0x is “${wrong[0]}”`;
		throw new Malformed(`This is not hexadecimal: ${place}`, "paste only the digits 0 to 9 and a to f");
	}
	if (digits.length % 2 === 1) {
		const next = "check that the text was copied as a whole";
		throw new Malformed(`The number of hexadecimal digits is odd: ${digits.length}`, next);
	}
	return fromHex(`0x${digits}`);
}

const isSame = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** Returns the hash of bytes as text. */
export const blake2 = (bytes) => toHex(Blake2256(bytes));

/** Returns the address of an account, given by its address with any prefix or by its public key as text. Returns `null` for others. */
export function accountOf(text, prefix = 42) {
	const codec = AccountId(prefix);
	try {
		// The decoder does not know the prefix in capitals.
		if (/^0x[0-9a-f]{64}$/i.test(text)) return codec.dec(text.toLowerCase());
		return /^[1-9A-HJ-NP-Za-km-z]{46,50}$/.test(text) ? codec.dec(codec.enc(text)) : null;
	} catch {
		return null;
	}
}

/** Codecs of a runtime. */
export class Runtime {
	/** Creates the codecs of the runtime `version`, whose metadata of version 14, 15 or 16 is `metadata`. */
	constructor(metadata, version) {
		this.metadata = unifyMetadata(decAnyMetadata(metadata));
		this.version = version;
		this.lookup = getLookupFn(this.metadata);
		this.builder = getDynamicBuilder(this.lookup);
		this.pallets = new Map(this.metadata.pallets.map((pallet) => [pallet.name, pallet]));
		this.items = new Map();
		this.call = this.builder.buildDefinition(this.lookup.call);
	}

	/** Returns the storage item with its codecs. Fails if this runtime does not have it. */
	item(pallet, name) {
		const id = `${pallet}.${name}`;
		if (!this.items.has(id)) {
			const entry = this.pallets.get(pallet)?.storage?.items.find((item) => item.name === name);
			if (!entry) throw new Malformed(`Runtime ${this.version} has no storage item ${id}`, "choose an item of the list");
			this.items.set(id, { entry, codec: this.builder.buildStorage(pallet, name), keys: this.keysOf(entry) });
		}
		return this.items.get(id);
	}

	/** Returns the definitions of the keys of a storage item. */
	keysOf({ type }) {
		if (type.tag === "plain") return [];
		const { key, hashers } = type.value;
		const definition = this.lookup(key);
		if (hashers.length === 1) return [definition];
		return hashers.map((_, index) => (definition.type === "tuple" ? definition.value[index] : definition.value));
	}

	/** Returns the constants of all pallets, decoded. */
	constants() {
		return this.metadata.pallets.flatMap(({ name: pallet, constants }) =>
			constants.map(({ name, value, docs }) => ({
				pallet,
				name,
				raw: value,
				value: this.builder.buildConstant(pallet, name).dec(value),
				docs: docs.join("\n").trim(),
			})),
		);
	}

	/** Returns the errors of all pallets with their indices and documentation. */
	errors() {
		return this.metadata.pallets.flatMap(({ name: pallet, index, errors }) =>
			this.variants(errors).map((error) => ({ pallet, index, ...error })),
		);
	}

	/** Returns the variants of the enum of a pallet: its calls, events or errors. */
	variants(reference) {
		if (!reference) return [];
		return this.metadata.lookup[reference.type].def.value.map(({ name, index, docs, fields }) => ({
			name,
			code: index,
			docs: docs.join("\n").trim(),
			fields: fields.map((field) => ({ name: field.name, type: field.typeName })),
		}));
	}

	/** Returns the error that a dispatch error names as a sentence. */
	errorText({ type, value }) {
		if (type !== "Module") return value?.type ? `${type}.${value.type}` : type;
		const name = `${value.type}.${value.value?.type ?? "unknown"}`;
		const known = this.variants(this.pallets.get(value.type)?.errors).find((error) => error.name === value.value?.type);
		return known?.docs ? `${name}: ${known.docs.replaceAll("\n", " ")}` : name;
	}

	/** Decodes the bytes of a call. Fails with [`Malformed`] unless all bytes belong to it. */
	decodeCall(bytes) {
		return this.named(this.whole(bytes, this.call, "call"));
	}

	named({ type, value }) {
		const known = this.variants(this.pallets.get(type).calls).find((call) => call.name === value.type);
		return { pallet: type, name: value.type, fields: value.value, docs: known?.docs ?? "" };
	}

	/** Decodes an extrinsic, with or without the length before it. Fails with [`Malformed`] unless all bytes belong to it. */
	decodeExtrinsic(bytes) {
		const body = withoutLength(bytes) ?? bytes;
		const length = compactNumber.enc(body.length);
		// Not by spreading: an upgrade of the runtime has more bytes than a call may have arguments.
		const whole = new Uint8Array(length.length + body.length);
		whole.set(length);
		whole.set(body, length.length);
		const { version, type } = this.format(body[0]);
		const { extrinsic } = this.metadata;
		const extension = type === "general" ? body[1] : 0;
		const extensions = extrinsic.signedExtensions[extension];
		if (type !== "bare" && !extensions) {
			const next = "decode it at a block of the runtime that it was made for";
			throw new Malformed(`Runtime ${this.version} has no extensions of version ${extension}`, next);
		}
		const { address, signature } = this.signer();
		const signed = { address: this.builder.buildDefinition(address), signature: this.builder.buildDefinition(signature) };
		const listed = Object.fromEntries((extensions ?? []).map((one) => [one.identifier, this.builder.buildDefinition(one.type)]));
		const parts = {
			bare: { call: this.call },
			general: { extensions: Struct(listed), call: this.call },
			signed: { ...signed, extensions: Struct(listed), call: this.call },
		};
		const start = type === "general" ? 2 : 1;
		const decoded = this.whole(body.slice(start), Struct(parts[type]), "extrinsic");
		return {
			kind: type,
			version,
			bytes: whole.length,
			hash: blake2(whole),
			signer: decoded.address?.value ?? null,
			signature: decoded.signature ?? null,
			extensions: Object.entries(decoded.extensions ?? {}),
			call: this.named(decoded.call),
		};
	}

	format(byte) {
		try {
			return extrinsicFormat.dec(Uint8Array.of(byte));
		} catch {
			const name = `0x${byte.toString(16).padStart(2, "0")}`;
			throw new Malformed(`${name} is not the version of an extrinsic`, "paste an extrinsic of version 4 or 5");
		}
	}

	/** Returns the types of addresses and signatures, which metadata of version 14 has as parameters of the extrinsic. */
	signer() {
		const { extrinsic, lookup } = this.metadata;
		if (extrinsic.address !== undefined) return extrinsic;
		const parameter = (name) => lookup[extrinsic.type].params.find((one) => one.name === name).type;
		return { address: parameter("Address"), signature: parameter("Signature") };
	}

	/**
	 * Decodes bytes, and encodes the result again: a decoder itself does not report missing or further bytes. The decoder reads the
	 * whole buffer of the bytes, so they must not be a part of a larger one.
	 */
	whole(bytes, codec, what) {
		const next = `check that the ${what} was copied as a whole, and that it was made for runtime ${this.version}`;
		let value = null;
		let again = null;
		try {
			value = codec.dec(bytes);
			again = codec.enc(value);
		} catch {
			throw new Malformed(`Runtime ${this.version} cannot decode this ${what} of ${bytes.length} bytes`, next);
		}
		if (isSame(again, bytes)) return value;
		const reason =
			again.length < bytes.length
				? `${bytes.length - again.length} of ${bytes.length} bytes are left over`
				: "bytes are missing, or not in their shortest form";
		throw new Malformed(`This is not a ${what} of runtime ${this.version}: ${reason}`, next);
	}

	/**
	 * Decodes a call and an extrinsic: `{call, extrinsic}`, of which one can be `undefined`. Bytes can be both, e.g. a call of pallet 4
	 * starts as an extrinsic without a signature does. Fails with [`Malformed`] if they are neither.
	 */
	decodeEither(bytes) {
		const [call, extrinsic] = [() => this.decodeCall(bytes), () => this.decodeExtrinsic(bytes)].map((decode) => {
			try {
				return { value: decode() };
			} catch (error) {
				return { error };
			}
		});
		if (call.error && extrinsic.error) {
			// The error of an extrinsic says more if the bytes start like one.
			const isExtrinsic = withoutLength(bytes) !== null || SIGNED.includes(bytes[0]);
			throw cutExtrinsic(bytes) ?? (isExtrinsic ? extrinsic.error : call.error);
		}
		return { call: call.value, extrinsic: extrinsic.value };
	}
}

/** First bytes of extrinsics that accounts send: signed ones of version 4, and general ones of version 5. */
const SIGNED = [0x84, 0x45];

/** Returns the error of an extrinsic whose length differs from that in its first bytes, or `null` for other bytes. */
function cutExtrinsic(bytes) {
	const size = [1, 2, 4, 0][bytes[0] & 3];
	if (size === 0 || !SIGNED.includes(bytes[size])) return null;
	const [stated, present] = [compactNumber.dec(bytes), bytes.length - size];
	if (stated === present) return null;
	const message = `The extrinsic states a length of ${stated} bytes, and ${present} follow`;
	return new Malformed(message, "check that the extrinsic was copied as a whole, and no more than it");
}

/** Returns bytes without the length before them, or `null` if they do not start with their length. */
function withoutLength(bytes) {
	try {
		const [length, size] = [compactNumber.dec(bytes), [1, 2, 4, 0][bytes[0] & 3]];
		return size > 0 && bytes.length > size && length === bytes.length - size ? bytes.slice(size) : null;
	} catch {
		return null;
	}
}

/** Returns the value of a definition that a visitor has entered as text. Fails with [`Malformed`], which names `what`. */
export function entered(definition, text, what) {
	const plain = text.trim();
	if (plain === "") throw new Malformed(`${what} is missing`, `enter ${describe(definition)}`);
	if (["primitive", "compact", "AccountId32"].includes(definition.type)) return typed(definition, plain, what);
	let given = plain;
	try {
		const named = plain.replace(/([{,]\s*)(\w+)\s*:/g, '$1"$2":');
		// A number of JSON has 53 bits; texts of numbers are read in full.
		given = JSON.parse(named.replace(/([[{,:]\s*)(-?\d{16,})(?=\s*[\],}])/g, '$1"$2"'));
	} catch {
		// Names of variants and bytes need no quotes.
	}
	return typed(definition, given, what);
}

/** Returns what a visitor has to enter for a definition. */
export function describe(definition) {
	const names = () => Object.keys(definition.value).slice(0, 6);
	switch (definition.type) {
		case "AccountId32":
			return "an address or a public key";
		case "primitive":
			return { bool: "true or false", str: "text" }[definition.value] ?? `a whole number (${definition.value})`;
		case "compact":
			return "a whole number";
		case "enum":
			return `one of ${names().join(", ")}`;
		case "struct":
			return `{ ${names()
				.map((name) => `"${name}": …`)
				.join(", ")} }`;
		case "array":
			return definition.value.value === "u8" ? `0x and ${2 * definition.len} hexadecimal digits` : `a list of ${definition.len}`;
		case "sequence":
			return definition.value.value === "u8" ? "0x and hexadecimal digits" : "a list in brackets";
		case "tuple":
			return `a list of ${definition.value.length} in brackets`;
		case "option":
			return `null, or ${describe(definition.value)}`;
		default:
			return definition.type;
	}
}

function typed(definition, given, what) {
	const shown = given === undefined ? "nothing" : typeof given === "object" ? JSON.stringify(given) : String(given);
	const wrong = () => new Malformed(`${what} is not ${describe(definition)}: ${shown.slice(0, 80)}`, "correct it");
	const list = (definitions) => {
		if (!Array.isArray(given) || given.length !== definitions.length) throw wrong();
		return definitions.map((inner, index) => typed(inner, given[index], `element ${index} of ${what}`));
	};
	switch (definition.type) {
		case "AccountId32":
			return accountOf(String(given)) ?? fail(wrong());
		case "primitive":
		case "compact":
			return number(definition, given, wrong);
		case "array":
		case "sequence":
			if (definition.value.value === "u8") return octets(definition, given, wrong);
			return list(Array(definition.len ?? given?.length ?? 0).fill(definition.value));
		case "tuple":
			return list(definition.value);
		case "struct":
			if (typeof given !== "object" || given === null) throw wrong();
			return Object.fromEntries(
				Object.entries(definition.value).map(([name, inner]) => [name, typed(inner, given[name], `${name} of ${what}`)]),
			);
		case "option":
			return given === null || given === "null" ? undefined : typed(definition.value, given, what);
		case "enum":
			return choice(definition, given, what, wrong);
		case "void":
			return undefined;
		default:
			throw wrong();
	}
}

function fail(error) {
	throw error;
}

function number(definition, given, wrong) {
	const name = definition.size ?? definition.value;
	if (name === "str") return String(given);
	if (name === "bool") return { true: true, false: false }[String(given)] ?? fail(wrong());
	const digits = String(given ?? "").replaceAll(/[_,]/g, "");
	if (!/^-?\d+$/.test(digits)) throw wrong();
	const [exact, bits] = [BigInt(digits), BigInt(name.slice(1))];
	const isSigned = name.startsWith("i");
	const [low, high] = isSigned ? [-(1n << (bits - 1n)), 1n << (bits - 1n)] : [0n, 1n << bits];
	if (exact < low || exact >= high) throw wrong();
	return bits > 32n ? exact : Number(exact);
}

function octets(definition, given, wrong) {
	// The decoder does not know the prefix in capitals.
	const text = String(given).toLowerCase();
	if (!/^0x([0-9a-f]{2})*$/.test(text)) throw wrong();
	if (definition.type === "sequence") return fromHex(text);
	return text.length === 2 + 2 * definition.len ? text : fail(wrong());
}

function choice(definition, given, what, wrong) {
	const [name, content] =
		typeof given === "object" && given !== null ? (Object.entries(given)[0] ?? []) : [String(given), undefined];
	const inner = definition.value[name];
	if (!inner) throw wrong();
	const kind = inner.type === "lookupEntry" ? inner.value : inner;
	return { type: name, value: typed(kind, content, `${name} of ${what}`) };
}

/** Returns a decoded key as the text that [`entered`] reads and that an address of the page has: texts without quotes. */
export const entryText = (key) => (typeof key === "string" ? key : keyText(key));

/** Returns a decoded value as text, with texts in quotes. */
export function keyText(value) {
	if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return String(value);
	if (value === null || value === undefined) return "null";
	if (value instanceof Uint8Array) return JSON.stringify(toHex(value));
	if (Array.isArray(value)) return `[${value.map(keyText).join(", ")}]`;
	if (typeof value !== "object") return JSON.stringify(value);
	if (isVariant(value))
		return value.value === undefined ? JSON.stringify(value.type) : `{ ${value.type}: ${keyText(value.value)} }`;
	return `{ ${Object.entries(value)
		.map(([name, inner]) => `${name}: ${keyText(inner)}`)
		.join(", ")} }`;
}

/** Returns `true` for a decoded value of an enum. */
export function isVariant(value) {
	return (
		typeof value === "object" &&
		value !== null &&
		typeof value.type === "string" &&
		Object.keys(value).length === 2 &&
		"value" in value
	);
}
