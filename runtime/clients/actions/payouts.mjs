// Payout of a validator with @polkadot/api: `node actions/payouts.mjs [URL]` on a new development chain whose rounds are worked on, e.g.
// that of `scripts/run.sh`.
//
// //Charlie pays the first era that has a reward out to //Alice, the only validator, and fails to pay it a second time. What validators
// get is their share of the work blocks of the era, which is checked by the event and by the balances, to the planck.

import assert from 'node:assert/strict';
import { api, dataOf, keyring, sendComparing } from './connection.mjs';
import { ALICE, exitAfter, run } from './shared.mjs';

/** Longest time of all actions: the first work block, and the end of its era. */
const LIMIT_MS = 1_200_000;
/** Largest part of a reward that rounding leaves in the pot, in plancks. */
const DUST = 1_000n;
/** Call and event of the action. */
const LIST = [{ call: 'Staking.payout_stakers', event: 'Staking.Rewarded' }];

const payer = keyring.addFromUri('//Charlie');
const accounts = { payer: payer.address, validator: ALICE };

/** Returns the first era that has ended with a reward, and the reward, once there is one. */
async function rewarded() {
	for (;;) {
		const active = (await api.query.staking.activeEra()).unwrap().index.toNumber();
		for (let era = 0; era < active; era += 1) {
			const reward = (await api.query.staking.erasValidatorReward(era)).unwrapOrDefault().toBigInt();
			if (reward > 0n) return { era, reward };
		}
		await new Promise((resolve) => setTimeout(resolve, 1_000));
	}
}

/** @type {[string, () => Promise<import('./connection.mjs').Sent>][]} */
const actions = [
	['pay an era out', async () => {
		const { era, reward } = await rewarded();
		const call = api.tx.staking.payoutStakers(ALICE, era);
		const paid = (/** @type {import('./connection.mjs').Sent} */ sent) => dataOf(sent, api.events.staking.Rewarded).amount.toBigInt();
		// Rewards of a validator of the genesis are added to its stake, which is on hold.
		const { sent } = await sendComparing(accounts, payer, call, (sent) => ({
			payer: { free: -sent.fee },
			validator: { reserved: paid(sent) },
		}));
		assert.equal(dataOf(sent, api.events.staking.Rewarded).stash.toString(), ALICE);
		assert.ok(paid(sent) <= reward && reward - paid(sent) < DUST, `${paid(sent)} of ${reward} plancks are paid`);
		await assert.rejects(sendComparing(accounts, payer, call, () => ({})), /AlreadyClaimed/);
		return sent;
	}],
];

exitAfter(run('polkadot-js', actions, LIST), LIMIT_MS);
