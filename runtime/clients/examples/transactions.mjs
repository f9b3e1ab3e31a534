// Parts of the examples: options of the account and the node, the connection, and a transaction from its signature to its block.

import { readFileSync } from 'node:fs';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

/** @typedef {import('@polkadot/keyring/types').KeyringPair} KeyringPair */

/** Decimals of DOIN. */
const DECIMALS = 12;

/** An error that the user can do something about: its message is all that is shown. */
export class Refusal extends Error {}

/** Prints a step with the block in which it happened. */
export function say(/** @type {number} */ block, /** @type {string} */ text) {
	console.log(`block ${String(block).padStart(6)}  ${text}`);
}

/**
 * Returns the options of `parseArgs` that name the node and the account that signs.
 *
 * @param {string} key account of a development chain that signs unless another one is named
 */
export function accountOptions(key) {
	return {
		key: { type: /** @type {const} */ ('string'), default: key },
		mnemonic: { type: /** @type {const} */ ('string') },
		url: { type: /** @type {const} */ ('string'), default: 'ws://127.0.0.1:9944' },
	};
}

/** Returns the account that signs. */
export function signerOf(/** @type {{ key: string, mnemonic?: string }} */ { key, mnemonic }) {
	return new Keyring({ type: 'sr25519' }).addFromUri(mnemonic === undefined ? key : words(mnemonic));
}

/** Returns the words of a file. */
function words(/** @type {string} */ path) {
	try {
		return readFileSync(path, 'utf8').trim();
	} catch {
		throw new Refusal(`cannot read ${path}: --mnemonic names a file with the words of the account`);
	}
}

/** Returns an amount in DOIN as plancks. `example` is shown if the text is none. */
export function plancks(/** @type {string} */ text, /** @type {string} */ what, /** @type {string} */ example) {
	const [, whole, fraction = ''] = /^(\d+)(?:\.(\d{1,12}))?$/.exec(text) ?? [];
	const amount = whole === undefined ? 0n : BigInt(whole + fraction.padEnd(DECIMALS, '0'));
	if (amount === 0n) throw new Refusal(`invalid ${what} ${text}: expected an amount in DOIN, e.g. ${example}`);
	return amount;
}

/** Connects to the node, or fails at once. A connection that is lost later ends the program, too. */
export async function connected(/** @type {string} */ url) {
	const provider = new WsProvider(url, false);
	await new Promise((resolve, reject) => {
		const refuse = () => reject(new Refusal(`no node answers at ${url}: start one with scripts/run.sh, or name another with --url`));
		provider.on('connected', resolve);
		provider.on('disconnected', refuse);
		provider.on('error', refuse);
		provider.connect().catch(refuse);
	});
	provider.on('disconnected', () => {
		console.error(`error: the connection to ${url} is lost: look at the chain before you run this again`);
		process.exit(1);
	});
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
export async function send(api, signer, call) {
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

/** Runs the program, and ends it with its exit status. */
export function run(/** @type {() => Promise<void>} */ main) {
	main().then(
		() => process.exit(0),
		(error) => {
			const isExpected = error instanceof Refusal || String(error?.code).startsWith('ERR_PARSE_ARGS');
			console.error(isExpected ? `error: ${error.message}` : error);
			process.exit(1);
		},
	);
}
