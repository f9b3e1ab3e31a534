// The actions of list.json with polkadot-api (papi): `node actions/papi.mjs [URL]` on a new development chain.
//
// Each action is checked by its event and by what it changes in storage. Balances are compared to the planck; the fee is that of the
// event TransactionFeePaid. The account //papi//friend has to be a proxy of Alice, the validator, for the vote, and the accounts of the
// second sequence need money: tests/tests/clients.rs has the amounts.

import assert from 'node:assert/strict';
import { blake2b } from '@noble/hashes/blake2.js';
import { sr25519CreateDerive } from '@polkadot-labs/hdkd';
import { DEV_MINI_SECRET, ss58Address, ss58Decode } from '@polkadot-labs/hdkd-helpers';
import { doin } from 'doin-clients/papi';
import { createClient, Enum } from 'polkadot-api';
import { getPolkadotSigner } from 'polkadot-api/signer';
import { getWsProvider } from 'polkadot-api/ws';
import { WebSocket } from 'ws';
import {
	ALICE, AMOUNTS, assertChanges, CHUNK_SUM, CLAIM, COMMISSION, commitment, DOMAIN, exitAfter, IDENTITY_BYTES, MIN_COMMISSION, model,
	MULTISIG_WEIGHT, multisigOfTwo, NAME, PARAMETERS, runAll, TAGS, URL_OF_NODE, VOTES,
} from './shared.mjs';

/** @typedef {import('polkadot-api').TypedApi<typeof doin>} Api */
/** @typedef {ReturnType<typeof account>} Account */
/** @typedef {import('polkadot-api').Transaction} Call */
/** @typedef {import('polkadot-api').TxEvent & { type: 'txBestBlocksState', found: true }} Found */
/** @typedef {import('./shared.mjs').Sent & { records: Found['events'] }} Sent */

const blake2 = (/** @type {Uint8Array} */ bytes) => blake2b(bytes, { dkLen: 32 });
const text = (/** @type {string} */ value) => new TextEncoder().encode(value);
const hex = (/** @type {Uint8Array} */ bytes) => /** @type {`0x${string}`} */ (`0x${Buffer.from(bytes).toString('hex')}`);

// Node.js has a WebSocket of its own from version 22 on.
const client = createClient(getWsProvider(URL_OF_NODE, { websocketClass: /** @type {any} */ (WebSocket) }));
const api = client.getTypedApi(doin);
const derive = sr25519CreateDerive(DEV_MINI_SECRET);

/** Returns an account of the development phrase. */
function account(/** @type {string} */ path) {
	const { publicKey, sign } = derive(path);
	return { publicKey, address: ss58Address(publicKey, 42), signer: getPolkadotSigner(publicKey, 'Sr25519', sign) };
}

const funder = account('//Bob');
const main = account('//papi//main');
const friend = account('//papi//friend');
const multisig = ss58Address(multisigOfTwo(blake2, [main.publicKey, friend.publicKey]), 42);
const principal = account('//papi//principal');
const delegate = account('//papi//delegate');
const operator = account('//papi//operator');
const member = account('//papi//member');
/**
 * Addresses of the accounts of each sequence.
 *
 * @type {Record<string, string>[]}
 */
const groups = [
	{ funder: funder.address, main: main.address, friend: friend.address, multisig },
	{ principal: principal.address, delegate: delegate.address, operator: operator.address, member: member.address },
];
const address = (/** @type {string} */ value) => Enum('Id', value);

/** Returns the balances of accounts in a block, or in the best one. */
async function balances(/** @type {Record<string, string>} */ accounts, /** @type {string} */ at) {
	const keys = Object.values(accounts).map((who) => /** @type {[string]} */ ([who]));
	const infos = await api.query.System.Account.getValues(keys, { at });
	const data = infos.map(({ data: { free, reserved, frozen } }) => ({ free, reserved, frozen }));
	return Object.fromEntries(Object.keys(accounts).map((name, index) => [name, data[index]]));
}

/**
 * Signs a call, sends it, and waits until it is in a block.
 *
 * @param {Account} signer
 * @param {Call} call
 * @returns {Promise<Sent>}
 */
async function send(signer, call) {
	const { nonce } = await api.query.System.Account.getValue(signer.address, { at: 'best' });
	/** @type {Found} */
	const found = await new Promise((resolve, reject) => {
		call.signSubmitAndWatch(signer.signer, { nonce }).subscribe({
			next: (event) => {
				if (event.type === 'txBestBlocksState' && event.found) resolve(/** @type {Found} */ (event));
			},
			error: reject,
		});
	});
	assert.ok(found.ok, `the call failed: ${JSON.stringify(found.dispatchError)}`);
	const names = found.events.map((event) => `${event.type}.${event.value.type}`);
	const paid = api.event.TransactionPayment.TransactionFeePaid.filter(found.events);
	const { type, value } = call.decodedCall;
	return {
		call: `${type}.${value.type}`,
		block: found.block.number,
		hash: found.block.hash,
		fee: paid[0]?.payload.actual_fee ?? 0n,
		events: names,
		records: found.events,
	};
}

/**
 * Returns the data of the event of a type.
 *
 * @template T
 * @param {Sent} sent
 * @param {{ filter: (records: Sent['records']) => { payload: T }[] }} type
 * @returns {T}
 */
function dataOf(sent, type) {
	const [found] = type.filter(sent.records);
	assert.ok(found, `not among ${sent.events}`);
	return found.payload;
}

/**
 * Sends a call and asserts how it changes the balances of the accounts of its sequence. `changes` gets the call in its block.
 *
 * @param {Account} signer
 * @param {Call} call
 * @param {(sent: Sent) => Record<string, Partial<import('./shared.mjs').Balance>>} changes
 */
async function sendAndCompare(signer, call, changes) {
	const accounts = groups.find((group) => Object.values(group).includes(signer.address));
	assert.ok(accounts);
	const before = await balances(accounts, 'best');
	const sent = await send(signer, call);
	assertChanges(before, await balances(accounts, sent.hash), changes(sent));
	return { sent, at: { at: sent.hash } };
}

/** Returns the round of a domain once it is in a phase with at least two blocks left. */
async function roundIn(/** @type {number} */ domain, /** @type {'Commit' | 'Reveal'} */ phase) {
	for (;;) {
		const [head] = await client.getBestBlocks();
		const round = await api.apis.DoinApi.round(domain, { at: head.hash });
		assert.ok(round);
		if (round.phase.type === phase && round.phase_end > head.number + 2) return round;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

// What later actions need of earlier ones.
let domain = 0;
let seat = 0;
let modelId = 0n;
let hold = 0n;
let round = { domain: 0, number: 0 };
let timepoint = { height: 0, index: 0 };
let pool = 0;
let referendum = 0;
const salt = hex(blake2(text('papi')));
const zeros = hex(new Uint8Array(32));
const reveal = {
	genes: [],
	model: model(),
	validation: CLAIM,
	metrics: { experiment: hex(new Uint8Array(16)), round: 0, millis: 0n, config: zeros, data: zeros, optimizer: text('papi') },
};
const fromMultisig = api.tx.Balances.transfer_keep_alive({ dest: address(main.address), value: AMOUNTS.fromMultisig });

/** Approves the transfer from the multisig account. */
function asMulti(/** @type {string} */ other, /** @type {typeof timepoint | undefined} */ since) {
	return api.tx.Multisig.as_multi({
		threshold: 2,
		other_signatories: [other],
		maybe_timepoint: since,
		call: fromMultisig.decodedCall,
		max_weight: { ref_time: MULTISIG_WEIGHT.refTime, proof_size: MULTISIG_WEIGHT.proofSize },
	});
}

/** Returns the deposit of a multisig call with two signatories. */
async function multisigDeposit() {
	const { DepositBase, DepositFactor } = api.constants.Multisig;
	return (await DepositBase()) + 2n * (await DepositFactor());
}

/** Returns the points of the member in the pool. */
async function points(/** @type {{ at: string }} */ at) {
	const stored = await api.query.NominationPools.PoolMembers.getValue(member.address, at);
	assert.equal(stored?.pool_id, pool);
	return stored?.points;
}

/** Returns the state of the referendum, which is not decided yet. */
async function ongoing(/** @type {{ at: string }} */ at) {
	const info = await api.query.Referenda.ReferendumInfoFor.getValue(referendum, at);
	assert.ok(info?.type === 'Ongoing');
	return info.value;
}

/** @type {[string, () => Promise<Sent>][]} */
const actions = [
	['transfer', async () => {
		const call = api.tx.Balances.transfer_keep_alive({ dest: address(main.address), value: AMOUNTS.main });
		const { sent } = await sendAndCompare(funder, call, ({ fee }) => ({ funder: { free: -AMOUNTS.main - fee }, main: { free: AMOUNTS.main } }));
		const transfer = dataOf(sent, api.event.Balances.Transfer);
		assert.deepEqual(transfer, { from: funder.address, to: main.address, amount: AMOUNTS.main });
		return sent;
	}],
	['batch', async () => {
		const transfers = [
			api.tx.Balances.transfer_keep_alive({ dest: address(friend.address), value: AMOUNTS.friend }),
			api.tx.Balances.transfer_keep_alive({ dest: address(multisig), value: AMOUNTS.multisig }),
		];
		const call = api.tx.Utility.batch_all({ calls: transfers.map(({ decodedCall }) => decodedCall) });
		const { sent } = await sendAndCompare(main, call, ({ fee }) => ({
			main: { free: -AMOUNTS.friend - AMOUNTS.multisig - fee },
			friend: { free: AMOUNTS.friend },
			multisig: { free: AMOUNTS.multisig },
		}));
		assert.equal(api.event.Utility.ItemCompleted.filter(sent.records).length, 2);
		return sent;
	}],
	['approve a multisig call', async () => {
		const deposit = await multisigDeposit();
		const { sent, at } = await sendAndCompare(main, asMulti(friend.address, undefined), ({ fee }) => ({
			main: { free: -deposit - fee, reserved: deposit },
		}));
		const created = dataOf(sent, api.event.Multisig.NewMultisig);
		assert.deepEqual([created.approving, created.multisig], [main.address, multisig]);
		const open = await api.query.Multisig.Multisigs.getValue(multisig, created.call_hash, at);
		assert.deepEqual([open?.deposit, open?.approvals], [deposit, [main.address]]);
		timepoint = open?.when ?? timepoint;
		return sent;
	}],
	['execute a multisig call', async () => {
		const deposit = await multisigDeposit();
		const { sent, at } = await sendAndCompare(friend, asMulti(main.address, timepoint), ({ fee }) => ({
			friend: { free: -fee },
			main: { free: AMOUNTS.fromMultisig + deposit, reserved: -deposit },
			multisig: { free: -AMOUNTS.fromMultisig },
		}));
		const { result, call_hash } = dataOf(sent, api.event.Multisig.MultisigExecuted);
		assert.ok(result.success);
		assert.equal(await api.query.Multisig.Multisigs.getValue(multisig, call_hash, at), undefined);
		return sent;
	}],
	['add a proxy', async () => {
		const { ProxyDepositBase, ProxyDepositFactor } = api.constants.Proxy;
		const deposit = (await ProxyDepositBase()) + (await ProxyDepositFactor());
		const call = api.tx.Proxy.add_proxy({ delegate: address(friend.address), proxy_type: Enum('Any'), delay: 0 });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -deposit - fee, reserved: deposit } }));
		const added = dataOf(sent, api.event.Proxy.ProxyAdded);
		assert.deepEqual([added.delegator, added.delegatee, added.proxy_type.type], [main.address, friend.address, 'Any']);
		const [proxies] = await api.query.Proxy.Proxies.getValue(main.address, at);
		assert.deepEqual(proxies.map(({ delegate }) => delegate), [friend.address]);
		return sent;
	}],
	['call by a proxy', async () => {
		const transfer = api.tx.Balances.transfer_keep_alive({ dest: address(multisig), value: AMOUNTS.byProxy });
		const call = api.tx.Proxy.proxy({ real: address(main.address), force_proxy_type: Enum('Any'), call: transfer.decodedCall });
		const { sent } = await sendAndCompare(friend, call, ({ fee }) => ({
			friend: { free: -fee },
			main: { free: -AMOUNTS.byProxy },
			multisig: { free: AMOUNTS.byProxy },
		}));
		assert.ok(dataOf(sent, api.event.Proxy.ProxyExecuted).result.success);
		return sent;
	}],
	['bond', async () => {
		const call = api.tx.Staking.bond({ value: AMOUNTS.bond, payee: Enum('Staked') });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -AMOUNTS.bond - fee, reserved: AMOUNTS.bond } }));
		assert.deepEqual(dataOf(sent, api.event.Staking.Bonded), { stash: main.address, amount: AMOUNTS.bond });
		assert.equal((await api.query.Staking.Ledger.getValue(main.address, at))?.active, AMOUNTS.bond);
		return sent;
	}],
	['set session keys', async () => {
		const deposit = await api.constants.Session.KeyDeposit();
		/** @type {{ keys: string, proof: string }} */
		const { keys, proof } = await client._request('author_rotateKeysWithOwner', [hex(main.publicKey)]);
		// Both keys, in the order of the runtime.
		const bytes = Buffer.from(keys.slice(2), 'hex');
		const split = { grandpa: hex(bytes.subarray(0, 32)), babe: hex(bytes.subarray(32)) };
		const call = api.tx.Session.set_keys({ keys: split, proof: Buffer.from(proof.slice(2), 'hex') });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -deposit - fee, reserved: deposit } }));
		assert.deepEqual(await api.query.Session.NextKeys.getValue(main.address, at), split);
		return sent;
	}],
	['validate', async () => {
		const call = api.tx.Staking.validate({ prefs: { commission: COMMISSION, blocked: false } });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -fee } }));
		assert.equal(dataOf(sent, api.event.Staking.ValidatorPrefsSet).stash, main.address);
		assert.equal((await api.query.Staking.Validators.getValue(main.address, at)).commission, COMMISSION);
		return sent;
	}],
	['chill', async () => {
		const { sent, at } = await sendAndCompare(main, api.tx.Staking.chill(), ({ fee }) => ({ main: { free: -fee } }));
		assert.equal(dataOf(sent, api.event.Staking.Chilled).stash, main.address);
		const validators = await api.query.Staking.Validators.getEntries(at);
		assert.ok(validators.every(({ keyArgs: [who] }) => who !== main.address));
		return sent;
	}],
	['nominate', async () => {
		const call = api.tx.Staking.nominate({ targets: [address(ALICE)] });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -fee } }));
		assert.deepEqual((await api.query.Staking.Nominators.getValue(main.address, at))?.targets, [ALICE]);
		return sent;
	}],
	['unbond', async () => {
		const call = api.tx.Staking.unbond({ value: AMOUNTS.unbond });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -fee } }));
		assert.equal(dataOf(sent, api.event.Staking.Unbonded).amount, AMOUNTS.unbond);
		const ledger = await api.query.Staking.Ledger.getValue(main.address, at);
		assert.deepEqual([ledger?.active, ledger?.unlocking.map(({ value }) => value)], [AMOUNTS.bond - AMOUNTS.unbond, [AMOUNTS.unbond]]);
		return sent;
	}],
	['vote', async () => {
		const vote = api.tx.Gauge.vote({ votes: [[0, VOTES.papi]] });
		const call = api.tx.Proxy.proxy({ real: address(ALICE), force_proxy_type: Enum('Any'), call: vote.decodedCall });
		const { sent, at } = await sendAndCompare(friend, call, ({ fee }) => ({ friend: { free: -fee } }));
		assert.deepEqual(dataOf(sent, api.event.Gauge.Voted), { who: ALICE, votes: [[0, VOTES.papi]] });
		// Other clients vote for Alice as well; the last vote of the block counts.
		const all = (await api.query.System.Events.getValue(at)).flatMap(({ event }) => (
			event.type === 'Gauge' && event.value.type === 'Voted' ? [event.value.value.votes] : []
		));
		assert.deepEqual((await api.query.Gauge.Ballots.getValue(ALICE, at))?.votes, all.at(-1));
		return sent;
	}],
	['register a domain', async () => {
		const spec = {
			name: text('A point, by papi'),
			unit: text(DOMAIN.unit),
			// papi writes a record with one field as that field.
			program: Enum('Quadratic', DOMAIN.target),
			genes: [],
			limits: { model_bytes: DOMAIN.modelBytes, window_macs: DOMAIN.windowMacs },
			data_root: zeros,
			values: 0,
			growth: Enum('Fixed'),
			split: { train_end: 0, validation_end: 0 },
			licence: text(''),
			evidence: Enum('Public'),
			min_improvement: DOMAIN.minImprovement,
			target: DOMAIN.loss,
		};
		const registrationFee = await api.constants.Domains.RegistrationFee();
		const { sent, at } = await sendAndCompare(main, api.tx.Domains.register({ spec, baseline: undefined }), (sent) => {
			const { deposit, fee } = dataOf(sent, api.event.Domains.Registered);
			assert.equal(fee, registrationFee);
			return { main: { free: -deposit - fee - sent.fee, reserved: deposit } };
		});
		const registered = dataOf(sent, api.event.Domains.Registered);
		domain = registered.domain;
		assert.equal(registered.owner, main.address);
		const state = await api.query.Domains.States.getValue(domain, at);
		assert.deepEqual([state?.owner, state?.status.type], [main.address, 'Active']);
		return sent;
	}],
	['donate a bounty', async () => {
		const call = api.tx.Domains.add_bounty({ domain, amount: AMOUNTS.bounty });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -AMOUNTS.bounty - fee, reserved: AMOUNTS.bounty } }));
		assert.equal(dataOf(sent, api.event.Domains.BountyAdded).bounty, AMOUNTS.bounty);
		assert.equal((await api.query.Domains.States.getValue(domain, at))?.bounty, AMOUNTS.bounty);
		return sent;
	}],
	['bond as evaluator', async () => {
		const call = api.tx.Evaluators.bond({ amount: AMOUNTS.evaluator, class: Enum('Small') });
		const { sent, at } = await sendAndCompare(main, call, ({ fee }) => ({
			main: { free: -AMOUNTS.evaluator - fee, reserved: AMOUNTS.evaluator },
		}));
		assert.equal(dataOf(sent, api.event.Evaluators.Bonded).amount, AMOUNTS.evaluator);
		assert.equal((await api.query.Evaluators.Evaluators.getValue(main.address, at))?.bond, AMOUNTS.evaluator);
		return sent;
	}],
	['serve a domain', async () => {
		const { sent, at } = await sendAndCompare(main, api.tx.Evaluators.serve({ domain }), ({ fee }) => ({ main: { free: -fee } }));
		assert.deepEqual(dataOf(sent, api.event.Evaluators.ServiceStarted), { who: main.address, domain });
		assert.deepEqual((await api.query.Evaluators.Evaluators.getValue(main.address, at))?.serving, [domain]);
		return sent;
	}],
	['commit', async () => {
		const open = await roundIn(domain, 'Commit');
		round = open.round;
		// The payload as it is encoded in the call that reveals it: between the round, 8 bytes after the indices, and the salt.
		const encoded = await api.tx.Optimae.reveal({ round, reveal, salt }).getEncodedData();
		const payload = encoded.subarray(10, -32);
		const [{ hash: genesis }] = [{ hash: await client._request('chain_getBlockHash', [0]) }];
		const hash = hex(commitment(TAGS.optimae, blake2, {
			genesis: Buffer.from(genesis.slice(2), 'hex'),
			round,
			account: main.publicKey,
			payload,
			salt: Buffer.from(salt.slice(2), 'hex'),
		}));
		// Twice the fee of now, since the base fee may rise until the call is in a block.
		const call = api.tx.Optimae.commit({ round, hash, max_fee: 2n * open.next_seat_fee });
		const { sent, at } = await sendAndCompare(main, call, (sent) => {
			const { fee, burned, hold } = dataOf(sent, api.event.Optimae.Committed);
			return { main: { free: -fee - hold - sent.fee, reserved: fee - burned + hold } };
		});
		const committed = dataOf(sent, api.event.Optimae.Committed);
		({ seat, hold } = committed);
		assert.equal(committed.commitment, hash);
		assert.deepEqual(await api.query.Optimae.Pending.getValue(domain, at), [round.number]);
		return sent;
	}],
	['reveal', async () => {
		await roundIn(domain, 'Reveal');
		const { sent, at } = await sendAndCompare(main, api.tx.Optimae.reveal({ round, reveal, salt }), (sent) => {
			const { hold } = dataOf(sent, api.event.Optimae.Revealed);
			return { main: { free: -hold - sent.fee, reserved: hold } };
		});
		const revealed = dataOf(sent, api.event.Optimae.Revealed);
		assert.equal(revealed.validation_error, BigInt(CLAIM.reduce((sum, claim) => sum + claim, 0)));
		modelId = revealed.model;
		assert.equal((await api.query.Optimae.Models.getValue(modelId, at))?.author, main.address);
		return sent;
	}],
	['challenge a claim', async () => {
		const seatPenalty = await api.constants.Optimae.SeatPenalty();
		const call = api.tx.Optimae.challenge_claim({ round, seat, chunk: 0, class: Enum('Small') });
		const { sent, at } = await sendAndCompare(friend, call, (sent) => {
			const { burned, reward } = dataOf(sent, api.event.Optimae.ClaimDisproved);
			const penalty = (BigInt(seatPenalty) * hold) / 1_000_000_000n;
			assert.equal(burned + reward, penalty);
			const { released } = dataOf(sent, api.event.Optimae.ModelReleased);
			// The rest of the hold and the hold of the model are released. The call is free, since the claim is false.
			assert.equal(sent.fee, 0n);
			return { friend: { free: reward }, main: { free: hold - penalty + released, reserved: -hold - released } };
		});
		const { claimed, computed } = dataOf(sent, api.event.Optimae.ClaimDisproved);
		assert.deepEqual([claimed, computed], [0, CHUNK_SUM]);
		assert.equal(await api.query.Optimae.Models.getValue(modelId, at), undefined);
		return sent;
	}],
];

/** @type {[string, () => Promise<Sent>][]} */
const holders = [
	['add two proxies', async () => {
		const { ProxyDepositBase, ProxyDepositFactor } = api.constants.Proxy;
		const deposit = (await ProxyDepositBase()) + 2n * (await ProxyDepositFactor());
		const proxies = [
			api.tx.Proxy.add_proxy({ delegate: address(delegate.address), proxy_type: Enum('Staking'), delay: 0 }),
			api.tx.Proxy.add_proxy({ delegate: address(delegate.address), proxy_type: Enum('NonTransfer'), delay: 0 }),
		];
		const call = api.tx.Utility.batch_all({ calls: proxies.map(({ decodedCall }) => decodedCall) });
		const { sent, at } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -deposit - fee, reserved: deposit } }));
		const [stored] = await api.query.Proxy.Proxies.getValue(principal.address, at);
		assert.deepEqual(stored.map(({ proxy_type }) => proxy_type.type), ['Staking', 'NonTransfer']);
		return sent;
	}],
	['stake by a proxy', async () => {
		const calls = [
			api.tx.Staking.bond({ value: AMOUNTS.bond, payee: Enum('Staked') }),
			api.tx.Staking.nominate({ targets: [address(ALICE)] }),
		];
		const batch = api.tx.Utility.batch_all({ calls: calls.map(({ decodedCall }) => decodedCall) });
		const call = api.tx.Proxy.proxy({ real: address(principal.address), force_proxy_type: Enum('Staking'), call: batch.decodedCall });
		const { sent, at } = await sendAndCompare(delegate, call, ({ fee }) => ({
			delegate: { free: -fee },
			principal: { free: -AMOUNTS.bond, reserved: AMOUNTS.bond },
		}));
		assert.ok(dataOf(sent, api.event.Proxy.ProxyExecuted).result.success);
		assert.equal((await api.query.Staking.Ledger.getValue(principal.address, at))?.active, AMOUNTS.bond);
		assert.deepEqual((await api.query.Staking.Nominators.getValue(principal.address, at))?.targets, [ALICE]);
		return sent;
	}],
	['try a transfer by a proxy', async () => {
		const transfer = api.tx.Balances.transfer_keep_alive({ dest: address(delegate.address), value: AMOUNTS.byProxy });
		const call = api.tx.Proxy.proxy({
			real: address(principal.address), force_proxy_type: Enum('NonTransfer'), call: transfer.decodedCall,
		});
		const { sent } = await sendAndCompare(delegate, call, ({ fee }) => ({ delegate: { free: -fee } }));
		const { result } = dataOf(sent, api.event.Proxy.ProxyExecuted);
		assert.ok(!result.success);
		assert.match(JSON.stringify(result.value), /CallFiltered/);
		return sent;
	}],
	['set an identity', async () => {
		const { BasicDeposit, ByteDeposit } = api.constants.Identity;
		const deposit = (await BasicDeposit()) + IDENTITY_BYTES * (await ByteDeposit());
		const call = api.tx.Identity.set_identity({
			info: {
				additional: [],
				display: Enum('Raw8', hex(text(NAME))),
				legal: Enum('None'),
				web: Enum('None'),
				riot: Enum('None'),
				email: Enum('None'),
				pgp_fingerprint: undefined,
				image: Enum('None'),
				twitter: Enum('None'),
			},
		});
		const { sent, at } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -deposit - fee, reserved: deposit } }));
		assert.equal(dataOf(sent, api.event.Identity.IdentitySet).who, principal.address);
		const stored = await api.query.Identity.IdentityOf.getValue(principal.address, at);
		assert.deepEqual([stored?.deposit, stored?.info.display.type, stored?.info.display.value], [deposit, 'Raw8', hex(text(NAME))]);
		return sent;
	}],
	['clear an identity', async () => {
		const { sent, at } = await sendAndCompare(principal, api.tx.Identity.clear_identity(), (sent) => {
			const { deposit } = dataOf(sent, api.event.Identity.IdentityCleared);
			return { principal: { free: deposit - sent.fee, reserved: -deposit } };
		});
		assert.equal(await api.query.Identity.IdentityOf.getValue(principal.address, at), undefined);
		return sent;
	}],
	['create a pool', async () => {
		const role = address(operator.address);
		// The account of the rewards of the pool needs the smallest balance.
		const smallest = await api.constants.Balances.ExistentialDeposit();
		const call = api.tx.NominationPools.create({ amount: AMOUNTS.pool, root: role, nominator: role, bouncer: role });
		const { sent, at } = await sendAndCompare(operator, call, ({ fee }) => ({
			operator: { free: -AMOUNTS.pool - smallest - fee, reserved: AMOUNTS.pool },
		}));
		const created = dataOf(sent, api.event.NominationPools.Created);
		assert.equal(created.depositor, operator.address);
		pool = created.pool_id;
		assert.equal((await api.query.NominationPools.BondedPools.getValue(pool, at))?.points, AMOUNTS.pool);
		return sent;
	}],
	['nominate for a pool', async () => {
		const call = api.tx.NominationPools.nominate({ pool_id: pool, validators: [ALICE] });
		const { sent } = await sendAndCompare(operator, call, ({ fee }) => ({ operator: { free: -fee } }));
		const made = dataOf(sent, api.event.NominationPools.PoolNominationMade);
		assert.deepEqual([made.pool_id, made.caller], [pool, operator.address]);
		return sent;
	}],
	['join a pool', async () => {
		const call = api.tx.NominationPools.join({ amount: AMOUNTS.join, pool_id: pool });
		const { sent, at } = await sendAndCompare(member, call, ({ fee }) => ({ member: { free: -AMOUNTS.join - fee, reserved: AMOUNTS.join } }));
		const { bonded, joined } = dataOf(sent, api.event.NominationPools.Bonded);
		assert.deepEqual([bonded, joined], [AMOUNTS.join, true]);
		assert.equal(await points(at), AMOUNTS.join);
		return sent;
	}],
	['add stake to a pool', async () => {
		const call = api.tx.NominationPools.bond_extra({ extra: Enum('FreeBalance', AMOUNTS.extra) });
		const { sent, at } = await sendAndCompare(member, call, ({ fee }) => ({ member: { free: -AMOUNTS.extra - fee, reserved: AMOUNTS.extra } }));
		const { bonded, joined } = dataOf(sent, api.event.NominationPools.Bonded);
		assert.deepEqual([bonded, joined], [AMOUNTS.extra, false]);
		assert.equal(await points(at), AMOUNTS.join + AMOUNTS.extra);
		return sent;
	}],
	['unbond from a pool', async () => {
		// The coins stay on hold for 28 eras.
		const call = api.tx.NominationPools.unbond({ member_account: address(member.address), unbonding_points: AMOUNTS.leave });
		const { sent, at } = await sendAndCompare(member, call, ({ fee }) => ({ member: { free: -fee } }));
		assert.equal(dataOf(sent, api.event.NominationPools.Unbonded).balance, AMOUNTS.leave);
		assert.equal(await points(at), AMOUNTS.join + AMOUNTS.extra - AMOUNTS.leave);
		return sent;
	}],
	['submit a referendum', async () => {
		const deposit = await api.constants.Referenda.SubmissionDeposit();
		const change = api.tx.Governance.change({ call: api.tx.Staking.set_min_commission({ new: MIN_COMMISSION }).decodedCall });
		const call = api.tx.Referenda.submit({
			proposal_origin: Enum('Governance', Enum('Parameters')),
			proposal: Enum('Inline', await change.getEncodedData()),
			enactment_moment: Enum('After', 0),
		});
		const { sent, at } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -deposit - fee, reserved: deposit } }));
		const { index, track } = dataOf(sent, api.event.Referenda.Submitted);
		assert.equal(track, PARAMETERS);
		referendum = index;
		assert.deepEqual((await ongoing(at)).submission_deposit, { who: principal.address, amount: deposit });
		return sent;
	}],
	['place a decision deposit', async () => {
		const call = api.tx.Referenda.place_decision_deposit({ index: referendum });
		const { sent, at } = await sendAndCompare(principal, call, ({ fee }) => ({
			principal: { free: -AMOUNTS.decision - fee, reserved: AMOUNTS.decision },
		}));
		assert.equal(dataOf(sent, api.event.Referenda.DecisionDepositPlaced).index, referendum);
		assert.equal((await ongoing(at)).decision_deposit?.amount, AMOUNTS.decision);
		return sent;
	}],
	['vote on a referendum', async () => {
		// A vote is a byte: aye is the highest bit, and the lowest ones are the conviction, here Locked1x.
		const vote = 0b1000_0001;
		const call = api.tx.ConvictionVoting.vote({ poll_index: referendum, vote: Enum('Standard', { vote, balance: AMOUNTS.vote }) });
		const { sent, at } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -fee, frozen: AMOUNTS.vote } }));
		assert.equal(dataOf(sent, api.event.ConvictionVoting.Voted).who, principal.address);
		const { tally } = await ongoing(at);
		assert.deepEqual([tally.ayes, tally.nays, tally.support], [AMOUNTS.vote, 0n, AMOUNTS.vote]);
		return sent;
	}],
	['withdraw a vote', async () => {
		const calls = [
			api.tx.ConvictionVoting.remove_vote({ class: PARAMETERS, index: referendum }),
			api.tx.ConvictionVoting.unlock({ class: PARAMETERS, target: address(principal.address) }),
		];
		const call = api.tx.Utility.batch_all({ calls: calls.map(({ decodedCall }) => decodedCall) });
		const { sent, at } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -fee, frozen: -AMOUNTS.vote } }));
		assert.equal((await ongoing(at)).tally.ayes, 0n);
		return sent;
	}],
];

exitAfter(runAll('papi', [actions, holders]));
