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
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';

/** @typedef {import('@polkadot/keyring/types').KeyringPair} KeyringPair */
/** @typedef {{ signer: KeyringPair, words: string[], conviction: string }} Options */

const PLANCKS = 1_000_000_000_000;

/** Arguments of each command. */
const ARGUMENTS = new Map([
	['propose', ['CODE']],
	['vote', ['INDEX', 'AMOUNT']],
	['show', ['INDEX']],
	['apply', ['CODE']],
	['refund', ['INDEX', 'CODE']],
]);

/** An error that the user can do something about: its message is all that is shown. */
class Refusal extends Error {}

/** Prints a step with the block in which it happened. */
function say(/** @type {number} */ block, /** @type {string} */ text) {
	console.log(`block ${String(block).padStart(6)}  ${text}`);
}

/** Returns the arguments of the command line. */
function parsed() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			conviction: { type: 'string', default: 'Locked1x' },
			key: { type: 'string', default: '//Alice' },
			mnemonic: { type: 'string' },
			url: { type: 'string', default: 'ws://127.0.0.1:9944' },
		},
	});
	const [command, ...words] = positionals;
	const expected = ARGUMENTS.get(command);
	if (expected === undefined) throw new Refusal(`name a command: ${[...ARGUMENTS.keys()].join(', ')}`);
	if (words.length !== expected.length) throw new Refusal(`usage: node examples/upgrade.mjs ${command} ${expected.join(' ')}`);
	const secret = values.mnemonic === undefined ? values.key : readFileSync(values.mnemonic, 'utf8').trim();
	const signer = new Keyring({ type: 'sr25519' }).addFromUri(secret);
	return { command, url: values.url, options: { signer, words, conviction: values.conviction } };
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

/** Connects to the node, or fails at once. */
async function connected(/** @type {string} */ url) {
	const provider = new WsProvider(url, false);
	try {
		await Promise.all([provider.isReady, provider.connect()]);
	} catch {
		throw new Refusal(`no node answers at ${url}: start one with scripts/run.sh, or name another with --url`);
	}
	return ApiPromise.create({ provider, noInitWarn: true });
}

/** Returns the text of an error of a call: for errors of pallets the documentation, which names the next step. */
function dispatchText(/** @type {ApiPromise} */ api, /** @type {import('@polkadot/types/interfaces').DispatchError} */ error) {
	if (!error.isModule) return `${error.type} ${error.isToken ? error.asToken.type : ''}`.trim();
	const { section, name, docs } = api.registry.findMetaError(error.asModule);
	return `${section}.${name}: ${docs.join(' ').trim()}`;
}

/**
 * Signs and sends a call, and waits until it is in a block. Returns the number of the block and the events of the call.
 *
 * @param {ApiPromise} api
 * @param {KeyringPair} signer
 * @param {import('@polkadot/api/types').SubmittableExtrinsic<'promise'>} call
 */
async function send(api, signer, call) {
	/** @type {import('@polkadot/types/types').ISubmittableResult} */
	const result = await new Promise((resolve, reject) => {
		call.signAndSend(signer, { nonce: -1 }, (result) => {
			if (result.status.isInBlock) resolve(result);
			else if (result.isError) reject(new Refusal(`the pool dropped ${call.method.method} (${result.status.type}): run this again`));
		}).catch((error) => reject(new Refusal(`the pool refused ${call.method.method}: ${error.message}`)));
	});
	const { number } = await api.rpc.chain.getHeader(result.status.asInBlock);
	if (result.dispatchError) {
		throw new Refusal(`${call.method.method} failed in block ${number}: ${dispatchText(api, result.dispatchError)}`);
	}
	return { block: number.toNumber(), events: result.events.map(({ event }) => event) };
}

/** Returns the proposal that authorizes the code with this hash, encoded, with the hash of its preimage. */
function proposal(/** @type {ApiPromise} */ api, /** @type {`0x${string}`} */ codeHash) {
	const bytes = api.tx.system.authorizeUpgrade(codeHash).method.toU8a();
	return { bytes: u8aToHex(bytes), hash: blake2AsHex(bytes, 256), length: bytes.length };
}

async function propose(/** @type {ApiPromise} */ api, /** @type {Options} */ { signer, words }) {
	const { hash: codeHash } = read(words[0]);
	const { bytes, hash, length } = proposal(api, codeHash);
	const noted = await send(api, signer, api.tx.preimage.notePreimage(bytes));
	say(noted.block, `preimage ${hash} of system.authorizeUpgrade(${codeHash})`);
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
	const [index, amount] = [indexOf(words[0]), Number(words[1])];
	if (!(amount > 0)) throw new Refusal(`invalid amount ${words[1]}: expected an amount in DOIN, e.g. 1000`);
	const balance = BigInt(Math.round(amount * PLANCKS));
	const standard = { vote: { aye: true, conviction }, balance };
	const { block } = await send(api, signer, api.tx.convictionVoting.vote(index, { Standard: standard }));
	say(block, `${amount} DOIN vote for referendum ${index} with conviction ${conviction}`);
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

main().then(
	() => process.exit(0),
	(error) => {
		console.error(error instanceof Refusal ? `error: ${error.message}` : error);
		process.exit(1);
	},
);
