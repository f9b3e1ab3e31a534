// Nomination pools, for the scripts that create one: the accounts of a pool, and the actions that found and fill it.

import assert from 'node:assert/strict';
import { bnToU8a, stringToU8a, u8aConcat } from '@polkadot/util';
import { api, dataOf, keyring, sendComparing } from './connection.mjs';
import { AMOUNTS } from './shared.mjs';

/** @typedef {import('./connection.mjs').KeyringPair} KeyringPair */
/** @typedef {import('./connection.mjs').Sent} Sent */

/** Kinds of the accounts of a pool. */
const KINDS = { stake: 0, rewards: 1 };

/** Returns the address of an account of pool `id`, which follows from its number. */
export function accountOf(/** @type {number} */ id, /** @type {keyof typeof KINDS} */ kind) {
	const parts = [stringToU8a('modl'), api.consts.nominationPools.palletId.toU8a(), [KINDS[kind]], bnToU8a(id, { bitLength: 32 })];
	const bytes = new Uint8Array(32);
	bytes.set(u8aConcat(...parts));
	return keyring.encodeAddress(bytes);
}

/**
 * Creates a pool of `operator`. Returns the call in its block and the identifier of the pool.
 *
 * @param {Record<string, string>} accounts - addresses by name, `operator` among them
 * @param {KeyringPair} operator
 */
export async function create(accounts, operator) {
	const role = operator.address;
	// The account of the rewards of the pool needs the smallest balance.
	const smallest = api.consts.balances.existentialDeposit.toBigInt();
	const call = api.tx.nominationPools.create(AMOUNTS.pool, role, role, role);
	const { sent } = await sendComparing(accounts, operator, call, ({ fee }) => ({
		operator: { free: -AMOUNTS.pool - smallest - fee, reserved: AMOUNTS.pool },
	}));
	return { sent, pool: dataOf(sent, api.events.nominationPools.Created).poolId.toNumber() };
}

/**
 * Joins `pool`.
 *
 * @param {Record<string, string>} accounts - addresses by name, `member` among them
 * @param {KeyringPair} member
 * @param {number} pool
 * @returns {Promise<Sent>}
 */
export async function join(accounts, member, pool) {
	const { sent, query } = await sendComparing(accounts, member, api.tx.nominationPools.join(AMOUNTS.join, pool), ({ fee }) => ({
		member: { free: -AMOUNTS.join - fee, reserved: AMOUNTS.join },
	}));
	const { poolId, points } = (await query.nominationPools.poolMembers(member.address)).unwrap();
	assert.deepEqual([poolId.toNumber(), points.toBigInt()], [pool, AMOUNTS.join]);
	return sent;
}
