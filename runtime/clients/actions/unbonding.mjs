// Withdrawal of unbonded stake with @polkadot/api: `node actions/unbonding.mjs [URL]` on a new development chain with short sessions:
// unbonding takes 28 eras, which are almost three hours of an ordinary development chain.
//
// //Bob bonds and unbonds stake of his own, //Charlie creates a pool, and //Dave joins it and unbonds. Neither gets anything before the
// end of the 28 eras, and both get all of it after that: balances are compared to the planck.

import assert from 'node:assert/strict';
import { api, dataOf, keyring, sendComparing } from './connection.mjs';
import { create, join } from './pools.mjs';
import { AMOUNTS, exitAfter, run } from './shared.mjs';

/** Longest time of all actions: 28 eras of 12 s, on a machine that others use too. */
const LIMIT_MS = 1_500_000;
/** Calls and events of the actions, in their order. */
const LIST = [
	{ call: 'Staking.bond', event: 'Staking.Bonded' },
	{ call: 'Staking.unbond', event: 'Staking.Unbonded' },
	{ call: 'NominationPools.create', event: 'NominationPools.Created' },
	{ call: 'NominationPools.join', event: 'NominationPools.Bonded' },
	{ call: 'NominationPools.unbond', event: 'NominationPools.Unbonded' },
	{ call: 'Staking.withdraw_unbonded', event: 'Staking.Withdrawn' },
	{ call: 'NominationPools.withdraw_unbonded', event: 'NominationPools.Withdrawn' },
];

const holder = keyring.addFromUri('//Bob');
const operator = keyring.addFromUri('//Charlie');
const member = keyring.addFromUri('//Dave');
const accounts = { holder: holder.address, operator: operator.address, member: member.address };

// What later actions need of earlier ones.
let pool = 0;
// Eras from which on stake can be withdrawn.
let [ownEra, poolEra] = [0, 0];

/** Waits until `era` is planned. */
async function reach(/** @type {number} */ era) {
	while ((await api.query.staking.currentEra()).unwrap().toNumber() < era) {
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

/** @type {[string, () => Promise<import('./connection.mjs').Sent>][]} */
const actions = [
	['bond', async () => {
		const { sent } = await sendComparing(accounts, holder, api.tx.staking.bond(AMOUNTS.bond, 'Stash'), ({ fee }) => ({
			holder: { free: -AMOUNTS.bond - fee, reserved: AMOUNTS.bond },
		}));
		return sent;
	}],
	['unbond', async () => {
		const { sent, query } = await sendComparing(accounts, holder, api.tx.staking.unbond(AMOUNTS.unbond), ({ fee }) => ({
			holder: { free: -fee },
		}));
		const [{ value, era }] = (await query.staking.ledger(holder.address)).unwrap().unlocking;
		assert.equal(value.toBigInt(), AMOUNTS.unbond);
		ownEra = era.toNumber();
		assert.equal(ownEra - (await query.staking.currentEra()).unwrap().toNumber(), api.consts.staking.bondingDuration.toNumber());
		// Nothing is withdrawn before that era.
		const early = await sendComparing(accounts, holder, api.tx.staking.withdrawUnbonded(0), ({ fee }) => ({ holder: { free: -fee } }));
		assert.ok(!early.sent.events.includes('Staking.Withdrawn'));
		return sent;
	}],
	['create a pool', async () => {
		const made = await create(accounts, operator);
		pool = made.pool;
		return made.sent;
	}],
	['join a pool', () => join(accounts, member, pool)],
	['unbond from a pool', async () => {
		const call = api.tx.nominationPools.unbond(member.address, AMOUNTS.leave);
		const { sent } = await sendComparing(accounts, member, call, ({ fee }) => ({ member: { free: -fee } }));
		const { balance, era } = dataOf(sent, api.events.nominationPools.Unbonded);
		assert.equal(balance.toBigInt(), AMOUNTS.leave);
		poolEra = era.toNumber();
		const early = sendComparing(accounts, member, api.tx.nominationPools.withdrawUnbonded(member.address, 0), () => ({}));
		await assert.rejects(early, /CannotWithdrawAny/);
		return sent;
	}],
	['withdraw unbonded stake', async () => {
		await reach(ownEra);
		const { sent, query } = await sendComparing(accounts, holder, api.tx.staking.withdrawUnbonded(0), ({ fee }) => ({
			holder: { free: AMOUNTS.unbond - fee, reserved: -AMOUNTS.unbond },
		}));
		const { stash, amount } = dataOf(sent, api.events.staking.Withdrawn);
		assert.deepEqual([stash.toString(), amount.toBigInt()], [holder.address, AMOUNTS.unbond]);
		const { total, unlocking } = (await query.staking.ledger(holder.address)).unwrap();
		assert.deepEqual([total.toBigInt(), unlocking.length], [AMOUNTS.bond - AMOUNTS.unbond, 0]);
		return sent;
	}],
	['withdraw from a pool', async () => {
		await reach(poolEra);
		const call = api.tx.nominationPools.withdrawUnbonded(member.address, 0);
		const { sent, query } = await sendComparing(accounts, member, call, ({ fee }) => ({
			member: { free: AMOUNTS.leave - fee, reserved: -AMOUNTS.leave },
		}));
		const withdrawn = dataOf(sent, api.events.nominationPools.Withdrawn);
		assert.deepEqual([withdrawn.poolId.toNumber(), withdrawn.balance.toBigInt()], [pool, AMOUNTS.leave]);
		const { points, unbondingEras } = (await query.nominationPools.poolMembers(member.address)).unwrap();
		assert.deepEqual([points.toBigInt(), unbondingEras.size], [AMOUNTS.join - AMOUNTS.leave, 0]);
		return sent;
	}],
];

exitAfter(run('polkadot-js', actions, LIST), LIMIT_MS);
