// Carries an upgrade of the runtime through a referendum of the track `upgrade`, one command per step.
//
//   node examples/upgrade.mjs propose CODE         stores the preimage, submits the referendum, and places its decision deposit
//   node examples/upgrade.mjs vote INDEX AMOUNT    votes for referendum INDEX with AMOUNT DOIN; [--conviction Locked1x]
//   node examples/upgrade.mjs show INDEX           prints the state of the referendum, and the hash of the authorized code
//   node examples/upgrade.mjs apply CODE           applies the code, once the referendum is enacted
//   node examples/upgrade.mjs refund INDEX CODE    takes the deposits of the approved referendum and of the preimage back
//
// CODE is the compressed code of the new runtime, the file doin-runtime.wasm of a release. Each command takes
// [--key //Alice | --mnemonic FILE] [--url ws://127.0.0.1:9944]. --key is an account of a development chain, --mnemonic a file with the
// words of any other account.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { accountOptions, connected, plancks, Refusal, run, say, send, signerOf } from './transactions.mjs';

/** @typedef {import('@polkadot/api').ApiPromise} ApiPromise */
/** @typedef {{ signer: ReturnType<typeof signerOf>, words: string[], conviction: string }} Options */

/** Convictions of a vote. */
const CONVICTIONS = ['None', 'Locked1x', 'Locked2x', 'Locked3x', 'Locked4x', 'Locked5x', 'Locked6x'];

/** Arguments of each command. */
const ARGUMENTS = new Map([
	['propose', ['CODE']],
	['vote', ['INDEX', 'AMOUNT']],
	['show', ['INDEX']],
	['apply', ['CODE']],
	['refund', ['INDEX', 'CODE']],
]);

/** Returns the arguments of the command line. */
function parsed() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			conviction: { type: 'string', default: 'Locked1x' },
			...accountOptions('//Alice'),
		},
	});
	const [command, ...words] = positionals;
	const expected = ARGUMENTS.get(command);
	if (expected === undefined) throw new Refusal(`name a command: ${[...ARGUMENTS.keys()].join(', ')}`);
	if (words.length !== expected.length) throw new Refusal(`usage: node examples/upgrade.mjs ${command} ${expected.join(' ')}`);
	const { conviction } = values;
	if (!CONVICTIONS.includes(conviction)) throw new Refusal(`invalid --conviction ${conviction}: expected ${CONVICTIONS.join(', ')}`);
	return { command, url: values.url, options: { signer: signerOf(values), words, conviction } };
}

/** Returns a number of the command line. */
function indexOf(/** @type {string} */ text) {
	if (!/^\d+$/.test(text)) throw new Refusal(`invalid index ${text}: expected the number that \`propose\` prints, e.g. 0`);
	return Number(text);
}

/** Returns the code of a file with its hash. */
function read(/** @type {string} */ path) {
	let code;
	try {
		code = readFileSync(path);
	} catch {
		throw new Refusal(`cannot read ${path}: scripts/release.sh writes doin-runtime.wasm`);
	}
	return { code: u8aToHex(code), hash: blake2AsHex(code, 256) };
}

/** Returns the proposal that authorizes the code with this hash, encoded, with the hash of its preimage. */
function proposal(/** @type {ApiPromise} */ api, /** @type {`0x${string}`} */ codeHash) {
	const bytes = api.tx.system.authorizeUpgrade(codeHash).method.toU8a();
	return { bytes: u8aToHex(bytes), hash: blake2AsHex(bytes, 256), length: bytes.length };
}

async function propose(/** @type {ApiPromise} */ api, /** @type {Options} */ { signer, words }) {
	const { hash: codeHash } = read(words[0]);
	const { bytes, hash, length } = proposal(api, codeHash);
	/** @type {any} */
	const stored = await api.query.preimage.preimageFor([hash, length]);
	// The preimage may be there from an earlier attempt, or of another account.
	if (stored.isNone) {
		const noted = await send(api, signer, api.tx.preimage.notePreimage(bytes));
		say(noted.block, `preimage ${hash} of system.authorizeUpgrade(${codeHash})`);
	}
	const submit = api.tx.referenda.submit({ system: 'Root' }, { Lookup: { hash, len: length } }, { After: 0 });
	const { block, events } = await send(api, signer, submit);
	const submitted = events.find((event) => api.events.referenda.Submitted.is(event));
	if (submitted === undefined) throw new Refusal(`block ${block} has no event referenda.Submitted: look at it in polkadot.js`);
	const index = Number(submitted.data[0].toString());
	say(block, `referendum ${index} is submitted`);
	const placed = await send(api, signer, api.tx.referenda.placeDecisionDeposit(index));
	say(placed.block, `decision deposit of referendum ${index} is placed: holders can vote`);
}

async function vote(/** @type {ApiPromise} */ api, /** @type {Options} */ { signer, words, conviction }) {
	const [index, balance] = [indexOf(words[0]), plancks(words[1], 'amount', '1000')];
	const standard = { vote: { aye: true, conviction }, balance };
	const { block } = await send(api, signer, api.tx.convictionVoting.vote(index, { Standard: standard }));
	say(block, `${words[1]} DOIN vote for referendum ${index} with conviction ${conviction}`);
}

async function show(/** @type {ApiPromise} */ api, /** @type {Options} */ { words }) {
	const index = indexOf(words[0]);
	/** @type {any} */
	const stored = await api.query.referenda.referendumInfoFor(index);
	if (stored.isNone) throw new Refusal(`the chain has no referendum ${index}: \`propose\` prints the number of a new one`);
	/** @type {any} */
	const authorized = await api.query.system.authorizedUpgrade();
	const { number } = await api.rpc.chain.getHeader();
	const info = stored.unwrap();
	const tally = info.isOngoing ? `, ${JSON.stringify(info.asOngoing.tally.toHuman())}` : '';
	say(number.toNumber(), `referendum ${index}: ${info.type}${tally}`);
	say(number.toNumber(), authorized.isSome ? `authorized code: ${authorized.unwrap().codeHash.toHex()}` : 'no code is authorized');
}

async function apply(/** @type {ApiPromise} */ api, /** @type {Options} */ { signer, words }) {
	const { code, hash } = read(words[0]);
	/** @type {any} */
	const authorized = await api.query.system.authorizedUpgrade();
	if (authorized.isNone) throw new Refusal('no code is authorized: wait until the referendum is approved and enacted');
	const expected = authorized.unwrap().codeHash.toHex();
	if (expected !== hash) throw new Refusal(`the authorized code has the hash ${expected}, the file has ${hash}: build the same release`);
	const before = await api.rpc.state.getRuntimeVersion();
	const { block } = await send(api, signer, api.tx.system.applyAuthorizedUpgrade(code));
	const after = await api.rpc.state.getRuntimeVersion(await api.rpc.chain.getBlockHash(block));
	const versions = `${before.specVersion} to ${after.specVersion}`;
	if (after.specVersion.eq(before.specVersion)) throw new Refusal(`block ${block} rejects the code: its version does not rise (${versions})`);
	say(block, `the code is applied: spec_version ${versions}`);
}

async function refund(/** @type {ApiPromise} */ api, /** @type {Options} */ { signer, words }) {
	const index = indexOf(words[0]);
	const { hash } = proposal(api, read(words[1]).hash);
	const calls = [
		api.tx.referenda.refundDecisionDeposit(index),
		api.tx.referenda.refundSubmissionDeposit(index),
		api.tx.preimage.unnotePreimage(hash),
	];
	const { block } = await send(api, signer, api.tx.utility.batchAll(calls));
	say(block, `the deposits of referendum ${index} and of its preimage are refunded`);
}

async function main() {
	const { command, url, options } = parsed();
	const api = await connected(url);
	if (command === 'propose') await propose(api, options);
	else if (command === 'vote') await vote(api, options);
	else if (command === 'show') await show(api, options);
	else if (command === 'apply') await apply(api, options);
	else await refund(api, options);
}

run(main);
