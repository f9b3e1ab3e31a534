// Connection to the node with @polkadot/api, and a call from its signature to its block, for the scripts that use this library.

import assert from 'node:assert/strict';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { blake2AsU8a } from '@polkadot/util-crypto';
import 'doin-clients/polkadot-js';
import { assertChanges, URL_OF_NODE } from './shared.mjs';

/** @typedef {import('@polkadot/keyring/types').KeyringPair} KeyringPair */
/** @typedef {import('@polkadot/api/types').SubmittableExtrinsic<'promise'>} Call */
/** @typedef {import('./shared.mjs').Sent & { records: import('@polkadot/types/interfaces').EventRecord[] }} Sent */

/** Returns the blake2b hash of bytes, 32 bytes long. */
export const blake2 = (/** @type {Uint8Array} */ bytes) => blake2AsU8a(bytes, 256);

export const provider = new WsProvider(URL_OF_NODE);
export const api = await ApiPromise.create({ provider, noInitWarn: true });
export const keyring = new Keyring({ type: 'sr25519' });

/** Returns the balances of accounts in a block, or in the best one. */
async function balances(/** @type {Record<string, string>} */ accounts, /** @type {string | undefined} */ hash) {
	const { query } = hash ? await api.at(hash) : api;
	const infos = await query.system.account.multi(Object.values(accounts));
	const data = infos.map(({ data: { free, reserved, frozen } }) => (
		{ free: free.toBigInt(), reserved: reserved.toBigInt(), frozen: frozen.toBigInt() }
	));
	return Object.fromEntries(Object.keys(accounts).map((name, index) => [name, data[index]]));
}

/**
 * Signs a call, sends it, and waits until it is in a block.
 *
 * @param {KeyringPair} signer
 * @param {Call} call
 * @returns {Promise<Sent>}
 */
async function send(signer, call) {
	const nonce = await api.rpc.system.accountNextIndex(signer.address);
	/** @type {import('@polkadot/types/types').ISubmittableResult} */
	const result = await new Promise((resolve, reject) => {
		const sent = call.signAndSend(signer, { nonce }, (result) => {
			if (result.status.isInBlock) resolve(result);
			else if (result.isError) reject(new Error(`the pool reports ${result.status.type}`));
		});
		sent.catch(reject);
	});
	if (result.dispatchError?.isModule) {
		const { section, name, docs } = api.registry.findMetaError(result.dispatchError.asModule);
		throw new Error(`${section}.${name}: ${docs.join(' ')}`);
	}
	assert.ok(!result.dispatchError, String(result.dispatchError));

	const hash = result.status.asInBlock.toHex();
	const records = result.events;
	let fee = 0n;
	for (const { event } of records) {
		if (api.events.transactionPayment.TransactionFeePaid.is(event)) fee = event.data.actualFee.toBigInt();
	}
	const { section, method } = call.method;
	const pallet = (/** @type {string} */ name) => name[0].toUpperCase() + name.slice(1);
	return {
		call: `${pallet(section)}.${method.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
		block: (await api.rpc.chain.getHeader(hash)).number.toNumber(),
		hash,
		fee,
		events: records.map(({ event }) => `${pallet(event.section)}.${event.method}`),
		records,
	};
}

/**
 * Returns the data of the event of a type.
 *
 * @template {import('@polkadot/types/types').AnyTuple} T
 * @template N
 * @param {Sent} sent
 * @param {import('@polkadot/api/types').AugmentedEvent<'promise', T, N>} type
 */
export function dataOf(sent, type) {
	for (const { event } of sent.records) if (type.is(event)) return event.data;
	throw new Error(`no event ${type.meta.name} among ${sent.events}`);
}

/**
 * Sends a call and asserts how it changes the balances of `accounts`. `changes` gets the call in its block.
 *
 * @param {Record<string, string>} accounts - addresses by name
 * @param {KeyringPair} signer
 * @param {Call} call
 * @param {(sent: Sent) => Record<string, Partial<import('./shared.mjs').Balance>>} changes
 */
export async function sendComparing(accounts, signer, call, changes) {
	const before = await balances(accounts, undefined);
	const sent = await send(signer, call);
	assertChanges(before, await balances(accounts, sent.hash), changes(sent));
	return { sent, query: (await api.at(sent.hash)).query };
}
