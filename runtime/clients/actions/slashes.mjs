// Slash of a validator whose keys run on two nodes with @polkadot/api: `node actions/slashes.mjs [URL]` on a new network of four validators
// or more. The SDK disables no validator of a smaller one, since it must not disable a third of them.
//
// Nothing is sent. The script waits for the first slash of //Alice that is reported in the era of the offence, and checks in that block
// that the slash waits for 28 eras, that it is the right part of her stake, that she is disabled, and that nothing is taken yet.

import assert from 'node:assert/strict';
import { api } from './connection.mjs';
import { ALICE, exitAfter } from './shared.mjs';

/** Longest time: the equivocation, its report, and a further one in the next era. */
const LIMIT_MS = 900_000;
/** A whole, in parts per billion. */
const BILLION = 1_000_000_000n;

/** Returns the hash of a block of the best chain, once there is one. */
async function hashOf(/** @type {number} */ block) {
	for (;;) {
		const hash = await api.rpc.chain.getBlockHash(block);
		if (!hash.isEmpty) return hash;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

/** Returns the first block from `from` on in which a slash of Alice is reported for the active era, and what its event states. */
async function reported(/** @type {number} */ from) {
	for (let block = from; ; block += 1) {
		const at = await api.at(await hashOf(block));
		const active = (await at.query.staking.activeEra()).unwrap().index.toNumber();
		for (const { event } of await at.query.system.events()) {
			if (!api.events.staking.SlashReported.is(event)) continue;
			const { validator, fraction, slashEra } = event.data;
			if (validator.toString() !== ALICE || slashEra.toNumber() !== active) continue;
			return { block, era: active, fraction: fraction.toBigInt(), at };
		}
	}
}

/** Returns what Alice has on hold, in plancks. */
async function held(/** @type {Awaited<ReturnType<typeof api.at>>} */ at) {
	return (await at.query.system.account(ALICE)).data.reserved.toBigInt();
}

/** Checks the first slash, and prints one line of JSON. */
async function check() {
	// The state of the genesis may be pruned already.
	const first = Math.max(1, (await api.rpc.chain.getHeader()).number.toNumber() - 100);
	const { block, era, fraction, at } = await reported(first);
	const { query } = at;

	const validators = (await query.session.validators()).map(String);
	// The square of three times the share of the validators that have equivocated.
	const share = 3n * BILLION / BigInt(validators.length);
	assert.equal(fraction, share >= BILLION ? BILLION : share * share / BILLION);

	const applied = era + api.consts.staking.slashDeferDuration.toNumber() + 1;
	const waiting = await query.staking.unappliedSlashes(applied);
	const slash = waiting.find(({ validator }) => validator.toString() === ALICE);
	assert.ok(slash, `no slash of Alice waits for era ${applied}`);
	const { own } = (await query.staking.erasStakersOverview(era, ALICE)).unwrap();
	assert.equal(slash.own.toBigInt(), own.unwrap().toBigInt() * fraction / BILLION);

	const disabled = (await query.session.disabledValidators()).map(([index]) => index.toNumber());
	assert.ok(disabled.includes(validators.indexOf(ALICE)), `${disabled} of ${validators} are disabled`);
	const events = (await query.system.events()).map(({ event }) => `${event.section}.${event.method}`);
	assert.ok(events.includes('session.ValidatorDisabled'), String(events));

	// Only a deferred slash leaves the stake as it was.
	const before = await api.at(await hashOf(block - 1));
	assert.equal(await held(at), await held(before));
	const { total } = (await query.staking.ledger(ALICE)).unwrap();
	assert.ok(total.toBigInt() >= own.unwrap().toBigInt());
	const event = 'Staking.SlashReported';
	console.log(JSON.stringify({ client: 'polkadot-js', event, block, era, applied, own: slash.own.toString(), disabled }));
}

exitAfter(check(), LIMIT_MS);
