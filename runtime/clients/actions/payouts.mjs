// Payout of a validator and of a nomination pool with @polkadot/api: `node actions/payouts.mjs [URL]` on a new development chain whose
// rounds are worked on, e.g. that of `scripts/run.sh`.
//
// //Bob creates a pool that nominates //Alice, the only validator, and //Charlie joins it. //Charlie pays the first era out that has a
// reward and in which the pool was at stake, fails to pay it a second time, and claims his part of what the pool got. What validators and
// their nominators get is their share of the work blocks of the era, which is checked by the events and by the balances, to the planck.

import assert from 'node:assert/strict';
import { api, dataOf, keyring, sendComparing } from './connection.mjs';
import { accountOf, create, join } from './pools.mjs';
import { ALICE, AMOUNTS, exitAfter, run } from './shared.mjs';

/** Longest time of all actions: the first work block of an era in which the pool is at stake, and the end of that era. */
const LIMIT_MS = 1_800_000;
/** Parts into which staking divides a reward: each of the two stakers gets a whole number of them. */
const PARTS = 1_000_000_000n;
/** Largest part of a claim that rounding leaves with the pool, in plancks. */
const DUST = 1_000n;
/** Calls and events of the actions, in their order. */
const LIST = [
	{ call: 'NominationPools.create', event: 'NominationPools.Created' },
	{ call: 'NominationPools.nominate', event: 'NominationPools.PoolNominationMade' },
	{ call: 'NominationPools.join', event: 'NominationPools.Bonded' },
	{ call: 'Staking.payout_stakers', event: 'Staking.Rewarded' },
	{ call: 'NominationPools.claim_payout', event: 'NominationPools.PaidOut' },
];

const operator = keyring.addFromUri('//Bob');
const member = keyring.addFromUri('//Charlie');
/** @type {Record<string, string>} */
const accounts = { operator: operator.address, member: member.address, validator: ALICE };

// What later actions need of earlier ones.
let pool = 0;
let ofPool = 0n;

/** Returns the first era that has ended with a reward and in which the pool was at stake, and the reward, once there is one. */
async function rewarded() {
	const stash = accountOf(pool, 'stake');
	for (;;) {
		const active = (await api.query.staking.activeEra()).unwrap().index.toNumber();
		for (let era = 0; era < active; era += 1) {
			const reward = (await api.query.staking.erasValidatorReward(era)).unwrapOrDefault().toBigInt();
			const page = await api.query.staking.erasStakersPaged(era, ALICE, 0);
			const isAtStake = page.isSome && page.unwrap().others.some(({ who }) => who.toString() === stash);
			if (reward > 0n && isAtStake) return { era, reward };
		}
		await new Promise((resolve) => setTimeout(resolve, 1_000));
	}
}

/** Returns the rewards of a payout by the stashes that they are for, in plancks. */
function rewards(/** @type {import('./connection.mjs').Sent} */ sent) {
	/** @type {Map<string, bigint>} */
	const found = new Map();
	for (const { event } of sent.records) {
		if (api.events.staking.Rewarded.is(event)) found.set(event.data.stash.toString(), event.data.amount.toBigInt());
	}
	return found;
}

/** @type {[string, () => Promise<import('./connection.mjs').Sent>][]} */
const actions = [
	['create a pool', async () => {
		const made = await create(accounts, operator);
		pool = made.pool;
		accounts.rewards = accountOf(pool, 'rewards');
		return made.sent;
	}],
	['nominate for a pool', async () => {
		const { sent } = await sendComparing(accounts, operator, api.tx.nominationPools.nominate(pool, [ALICE]), ({ fee }) => ({
			operator: { free: -fee },
		}));
		return sent;
	}],
	['join a pool', () => join(accounts, member, pool)],
	['pay an era out', async () => {
		const { era, reward } = await rewarded();
		const call = api.tx.staking.payoutStakers(ALICE, era);
		// Rewards of a validator of the genesis are added to its stake, which is on hold.
		const { sent } = await sendComparing(accounts, member, call, (sent) => ({
			member: { free: -sent.fee },
			validator: { reserved: rewards(sent).get(ALICE) ?? 0n },
			rewards: { free: rewards(sent).get(accountOf(pool, 'stake')) ?? 0n },
		}));
		const found = rewards(sent);
		assert.deepEqual([...found.keys()].sort(), [ALICE, accountOf(pool, 'stake')].sort());
		const paid = [...found.values()].reduce((sum, amount) => sum + amount, 0n);
		assert.ok(paid <= reward && reward - paid <= 2n * reward / PARTS, `${paid} of ${reward} plancks are paid`);
		ofPool = found.get(accountOf(pool, 'stake')) ?? 0n;
		await assert.rejects(sendComparing(accounts, member, call, () => ({})), /AlreadyClaimed/);
		return sent;
	}],
	['claim the reward of a pool', async () => {
		const payout = (/** @type {import('./connection.mjs').Sent} */ sent) => (
			dataOf(sent, api.events.nominationPools.PaidOut).payout.toBigInt()
		);
		const { sent } = await sendComparing(accounts, member, api.tx.nominationPools.claimPayout(), (sent) => ({
			member: { free: payout(sent) - sent.fee },
			rewards: { free: -payout(sent) },
		}));
		const share = ofPool * AMOUNTS.join / (AMOUNTS.pool + AMOUNTS.join);
		assert.ok(payout(sent) > 0n && payout(sent) <= share && share - payout(sent) < DUST, `${payout(sent)} of ${share} plancks`);
		return sent;
	}],
];

exitAfter(run('polkadot-js', actions, LIST), LIMIT_MS);
