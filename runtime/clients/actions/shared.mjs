// Parts of both scripts: the list of actions, amounts, the record of a small domain with a candidate, and checks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** One DOIN, in plancks. */
export const DOIN = 1_000_000_000_000n;

/** Address of the node. */
export const URL_OF_NODE = process.argv[2] ?? 'ws://127.0.0.1:9944';

/** The validator of a development chain. */
export const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';

/**
 * Sequences of actions. Each has accounts of its own, so that they run at the same time.
 *
 * @type {{ action: string, call: string, event: string }[][]}
 */
const LISTS = JSON.parse(readFileSync(new URL('list.json', import.meta.url), 'utf8'));

/** Amounts of the actions, in plancks. */
export const AMOUNTS = {
	main: 20_000n * DOIN,
	friend: 3_000n * DOIN,
	multisig: 100n * DOIN,
	fromMultisig: 40n * DOIN,
	byProxy: 10n * DOIN,
	bond: 2_000n * DOIN,
	unbond: 300n * DOIN,
	bounty: 25n * DOIN,
	evaluator: 500n * DOIN,
	pool: 200n * DOIN,
	join: 50n * DOIN,
	extra: 25n * DOIN,
	leave: 30n * DOIN,
	/** Decision deposit of the track `parameters`. */
	decision: 100n * DOIN,
	/** More than is free: bonded coins vote too. */
	vote: 3_000n * DOIN,
	/** For the pot of a market. */
	market: 5n * DOIN,
	wager: 2n * DOIN,
	/** Deposit of a seat beside its wager. */
	seat: DOIN / 50n,
};

/** Weight that a multisig call may take. */
export const MULTISIG_WEIGHT = { refTime: 10_000_000_000n, proofSize: 1_000_000n };

/** Commission of the validator: 10 %, in parts per billion. */
export const COMMISSION = 100_000_000;

/** Value of the vote of each client for domain 0, in parts per million. */
export const VOTES = { papi: 999_001, polkadotJs: 999_002 };

/** Name in the identity. */
export const NAME = 'A holder';
/** Encoded size of an identity with that name alone, in bytes: the name and its length, and a byte for each of eight other fields. */
export const IDENTITY_BYTES = BigInt(NAME.length) + 9n;

/** Identifier of the track `parameters`. */
export const PARAMETERS = 1;
/** Smallest commission that the referendum proposes: 1 %, in parts per billion. */
export const MIN_COMMISSION = 10_000_000;

/** Coordinates of the optimum of the domain, and of the candidate, in Q8. */
const OPTIMUM = 512;
const CANDIDATE = 256;
const DIMENSIONS = 32;
/** Sum of each chunk of the candidate: the squared distance in one coordinate. */
export const CHUNK_SUM = (OPTIMUM - CANDIDATE) ** 2;

/** Record of a domain whose error is the squared distance to a point. It has no data, so it is active at once. */
export const DOMAIN = {
	unit: 'Q8',
	target: Array(DIMENSIONS).fill(OPTIMUM),
	modelBytes: 1_024,
	windowMacs: 1_000,
	minImprovement: 2_000,
	/** Loss at which the bounty is paid: half of the initial one, where 2^20 is the initial one. */
	loss: 1 << 19,
};

/** Encoded model of the candidate: version 2, a point, 32 coordinates. */
export function model() {
	const bytes = new Uint8Array(3 + 4 * DIMENSIONS);
	bytes.set([2, 2, DIMENSIONS << 2]);
	const view = new DataView(bytes.buffer);
	for (let index = 0; index < DIMENSIONS; index += 1) view.setInt32(3 + 4 * index, CANDIDATE, true);
	return bytes;
}

/** Claimed validation sums. The first one is false, so that it can be challenged. */
export const CLAIM = [0, ...Array(DIMENSIONS - 1).fill(CHUNK_SUM)];

/** Protocol steps that commit to a payload. */
export const TAGS = { optimae: 0, forecast: 4 };

/**
 * Returns the commitment of an account to a payload in a round (primitives/src/commitment.rs): the hash of the tag of the protocol
 * step, block 0, the round, the account, the hash of the payload and the salt.
 *
 * @param {number} tag - one of `TAGS`
 * @param {(bytes: Uint8Array) => Uint8Array} blake2 - blake2b with 32 bytes
 * @param {{ genesis: Uint8Array, round: { domain: number, number: number }, account: Uint8Array, payload: Uint8Array, salt: Uint8Array }} parts
 */
export function commitment(tag, blake2, { genesis, round, account, payload, salt }) {
	const scope = new DataView(new ArrayBuffer(8));
	scope.setUint32(0, round.domain, true);
	scope.setUint32(4, round.number, true);
	const parts = [Buffer.from([tag]), genesis, new Uint8Array(scope.buffer), account, blake2(payload), salt];
	return blake2(Buffer.concat(parts));
}

/**
 * Returns the account of a multisig with two signatories and threshold 2.
 *
 * @param {(bytes: Uint8Array) => Uint8Array} blake2 - blake2b with 32 bytes
 * @param {[Uint8Array, Uint8Array]} signatories
 */
export function multisigOfTwo(blake2, signatories) {
	const sorted = [...signatories].sort(Buffer.compare);
	return blake2(Buffer.concat([Buffer.from('modlpy/utilisuba'), Buffer.from([2 << 2]), ...sorted, Buffer.from([2, 0])]));
}

/**
 * @typedef {{ free: bigint, reserved: bigint, frozen: bigint }} Balance - frozen coins are locked by votes
 * @typedef {{ call: string, block: number, hash: string, fee: bigint, events: string[] }} Sent - a call in a block, with its fee in
 *     plancks and the names of its events
 */

/**
 * Asserts that balances differ by exactly these changes, in plancks. Accounts without a change must have the same balances.
 *
 * @param {Record<string, Balance>} before
 * @param {Record<string, Balance>} after
 * @param {Record<string, Partial<Balance>>} changes
 */
export function assertChanges(before, after, changes) {
	const expected = Object.entries(before).map(([name, { free, reserved, frozen }]) => {
		const change = { free: 0n, reserved: 0n, frozen: 0n, ...changes[name] };
		return [name, { free: free + change.free, reserved: reserved + change.reserved, frozen: frozen + change.frozen }];
	});
	assert.deepEqual(after, Object.fromEntries(expected));
}

/**
 * Runs the sequences of actions, which have to be those of the list, at the same time, and prints one line of JSON per action.
 *
 * @param {string} client
 * @param {[string, () => Promise<Sent>][][]} sequences
 */
export async function runAll(client, sequences) {
	assert.deepEqual(
		sequences.map((actions) => actions.map(([action]) => action)),
		LISTS.map((list) => list.map(({ action }) => action)),
	);
	await Promise.all(sequences.map((actions, index) => run(client, actions, LISTS[index])));
}

/**
 * Runs actions, which have to send the calls and emit the events of `list`, one after the other.
 *
 * @param {string} client
 * @param {[string, () => Promise<Sent>][]} actions
 * @param {{ call: string, event: string }[]} list
 */
export async function run(client, actions, list) {
	for (const [index, [action, act]] of actions.entries()) {
		const sent = await act().catch((error) => {
			throw new Error(`${client}: action ${index + 1}, ${action}: ${error.message}`, { cause: error });
		});
		const { call, event } = list[index];
		assert.equal(sent.call, call, action);
		assert.ok(sent.events.includes(event), `${action}: no event ${event} among ${sent.events}`);
		console.log(JSON.stringify({ client, action, call, event, block: sent.block, fee: String(sent.fee) }));
	}
}

/** Longest time of all actions: a library that finds no node tries again for ever. */
const LIMIT_MS = 300_000;

/**
 * Ends the process: 0, or 1 with the error.
 *
 * @param {Promise<void>} work
 * @param {number} limitMs
 */
export function exitAfter(work, limitMs = LIMIT_MS) {
	setTimeout(() => {
		console.error(`the actions did not end within ${limitMs / 1_000} s: is a node running at ${URL_OF_NODE}?`);
		process.exit(1);
	}, limitMs);
	work.then(
		() => process.exit(0),
		(error) => {
			console.error(error);
			process.exit(1);
		},
	);
}
