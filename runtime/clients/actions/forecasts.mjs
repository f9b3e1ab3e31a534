// A forecaster with @polkadot/api: `node actions/forecasts.mjs [URL]` on a new development chain whose stream CO2-DEMO is reported and paid
// for, as the README has it.
//
// //Charlie pays into the market, commits to a forecast of no change, reveals it, collects the wager and leaves. Each action is checked by
// its event and by what it changes in storage, and balances to the planck.

import assert from 'node:assert/strict';
import { u8aToHex } from '@polkadot/util';
import { api, blake2, dataOf, keyring, sendComparing } from './connection.mjs';
import { AMOUNTS, commitment, exitAfter, run, TAGS } from './shared.mjs';

/** Stream of a development chain. */
const STREAM = 2 ** 31;
/** Longest time of all actions: a round lasts a minute and a half from its opening to its end. */
const LIMIT_MS = 1_200_000;
/** Calls and events of the actions, in their order. */
const LIST = [
	{ call: 'Forecasts.sponsor', event: 'Forecasts.Sponsored' },
	{ call: 'Forecasts.commit', event: 'Forecasts.Committed' },
	{ call: 'Forecasts.reveal', event: 'Forecasts.Revealed' },
	{ call: 'Forecasts.collect', event: 'Forecasts.Collected' },
	{ call: 'Forecasts.leave', event: 'Forecasts.Left' },
];

const forecaster = keyring.addFromUri('//Charlie');
const accounts = { forecaster: forecaster.address };
const salt = blake2(Buffer.from('forecasts'));
const recordDeposit = api.consts.forecasts.recordDeposit.toBigInt();

// What later actions need of earlier ones.
let round = { domain: STREAM, number: 0 };
/** @type {number[]} */
let forecast = [];

/**
 * Returns what `find` finds at the best block, once it finds something.
 *
 * @template T
 * @param {(at: Awaited<ReturnType<typeof api.at>>, block: number) => Promise<T | undefined>} find
 */
async function once(find) {
	for (;;) {
		const head = await api.rpc.chain.getHeader();
		const found = await find(await api.at(head.hash), head.number.toNumber());
		if (found !== undefined) return found;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

/** Returns the round once it is in a phase. */
function inPhase(/** @type {'Revealing' | 'Closed'} */ phase) {
	return once(async ({ call }) => {
		const { round: view } = (await call.doinApi.forecastRound(round)).unwrap();
		assert.notEqual(view.phase.type, 'Void', 'the bars of the round do not stand: is the stream reported?');
		return view.phase.type === phase ? view : undefined;
	});
}

/** @type {[string, () => Promise<import('./connection.mjs').Sent>][]} */
const actions = [
	['sponsor a market', async () => {
		const { sent, query } = await sendComparing(accounts, forecaster, api.tx.forecasts.sponsor(STREAM, AMOUNTS.market), ({ fee }) => ({
			forecaster: { free: -AMOUNTS.market - fee },
		}));
		const { who, pot } = dataOf(sent, api.events.forecasts.Sponsored);
		assert.equal(who.toString(), forecaster.address);
		assert.equal((await query.forecasts.markets(STREAM)).unwrap().pot.toBigInt(), pot.toBigInt());
		return sent;
	}],
	['commit to a forecast', async () => {
		const open = await once(async ({ call }, block) => {
			const rounds = (await call.doinApi.forecastRounds(STREAM)).unwrap();
			return rounds.find(({ phase, until }) => phase.type === 'Committing' && until.unwrap().toNumber() > block + 2);
		});
		assert.equal(open.reference.type, 'RepeatLast', 'the reference of the first rounds is no change');
		round = { domain: STREAM, number: open.id.number.toNumber() };
		const { spec } = (await api.query.oracle.streams(STREAM)).unwrap();
		forecast = Array(spec.horizon.toNumber()).fill(0);
		// The payload as it is encoded in the call that reveals it.
		const payload = api.tx.forecasts.reveal(round, forecast, salt).args[1].toU8a();
		const hash = commitment(TAGS.forecast, blake2, { genesis: api.genesisHash.toU8a(), round, account: forecaster.publicKey, payload, salt });
		const call = api.tx.forecasts.commit(round, hash, AMOUNTS.wager);
		const { sent, query } = await sendComparing(accounts, forecaster, call, (sent) => {
			const burned = dataOf(sent, api.events.forecasts.Committed).burned.toBigInt();
			return {
				forecaster: { free: -AMOUNTS.wager - AMOUNTS.seat - burned - recordDeposit - sent.fee, reserved: recordDeposit },
			};
		});
		const [seat] = await query.forecasts.seats(round);
		assert.deepEqual([seat.who.toString(), seat.commitment.toHex(), seat.skill.isNone], [forecaster.address, u8aToHex(hash), true]);
		return sent;
	}],
	['reveal a forecast', async () => {
		await inPhase('Revealing');
		const call = api.tx.forecasts.reveal(round, forecast, salt);
		const { sent, query } = await sendComparing(accounts, forecaster, call, ({ fee }) => ({ forecaster: { free: -fee } }));
		const revealed = dataOf(sent, api.events.forecasts.Revealed);
		assert.deepEqual(revealed.forecast.toJSON(), forecast);
		assert.equal(revealed.skill.toBigInt(), 0n, 'the reference itself has no skill');
		const [seat] = await query.forecasts.seats(round);
		assert.equal(seat.skill.unwrap().toBigInt(), 0n);
		return sent;
	}],
	['collect a wager', async () => {
		await inPhase('Closed');
		const call = api.tx.forecasts.collect(round, forecaster.address);
		const { sent, query } = await sendComparing(accounts, forecaster, call, ({ fee }) => ({
			forecaster: { free: AMOUNTS.wager + AMOUNTS.seat - fee },
		}));
		const { wager, paid } = dataOf(sent, api.events.forecasts.Collected);
		assert.deepEqual([wager.toBigInt(), paid.toBigInt()], [AMOUNTS.wager, AMOUNTS.wager]);
		assert.ok((await query.forecasts.rounds(round)).isNone, 'its last seat is collected');
		return sent;
	}],
	['leave a stream', async () => {
		const { sent, query } = await sendComparing(accounts, forecaster, api.tx.forecasts.leave(STREAM), ({ fee }) => ({
			forecaster: { free: recordDeposit - fee, reserved: -recordDeposit },
		}));
		assert.ok((await query.forecasts.forecasters(STREAM, forecaster.address)).isNone);
		return sent;
	}],
];

exitAfter(run('polkadot-js', actions, LIST), LIMIT_MS);
