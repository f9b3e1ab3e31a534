// The actions of list.json with @polkadot/api: `node actions/polkadot-js.mjs [URL]` on a new development chain.
//
// Each action is checked by its event and by what it changes in storage. Balances are compared to the planck; the fee is that of the
// event TransactionFeePaid. The account //polkadot-js//friend has to be a proxy of Alice, the validator, for the vote, and the accounts
// of the second sequence need money: tests/tests/clients.rs has the amounts.

import assert from 'node:assert/strict';
import { stringCamelCase, u8aToHex } from '@polkadot/util';
import { api, blake2, dataOf, keyring, provider, sendComparing } from './connection.mjs';
import {
	ALICE, AMOUNTS, CHUNK_SUM, CLAIM, COMMISSION, commitment, DOMAIN, exitAfter, IDENTITY_BYTES, MIN_COMMISSION, model,
	MULTISIG_WEIGHT, multisigOfTwo, NAME, PARAMETERS, runAll, TAGS, VOTES,
} from './shared.mjs';

/** @typedef {import('./connection.mjs').KeyringPair} KeyringPair */
/** @typedef {import('./connection.mjs').Call} Call */
/** @typedef {import('./connection.mjs').Sent} Sent */

const funder = keyring.addFromUri('//Charlie');
const main = keyring.addFromUri('//polkadot-js//main');
const friend = keyring.addFromUri('//polkadot-js//friend');
const multisig = keyring.encodeAddress(multisigOfTwo(blake2, [main.publicKey, friend.publicKey]));
const principal = keyring.addFromUri('//polkadot-js//principal');
const delegate = keyring.addFromUri('//polkadot-js//delegate');
const operator = keyring.addFromUri('//polkadot-js//operator');
const member = keyring.addFromUri('//polkadot-js//member');
/**
 * Addresses of the accounts of each sequence.
 *
 * @type {Record<string, string>[]}
 */
const groups = [
	{ funder: funder.address, main: main.address, friend: friend.address, multisig },
	{ principal: principal.address, delegate: delegate.address, operator: operator.address, member: member.address },
];

/**
 * Sends a call and asserts how it changes the balances of the accounts of its sequence.
 *
 * @param {KeyringPair} signer
 * @param {Call} call
 * @param {(sent: Sent) => Record<string, Partial<import('./shared.mjs').Balance>>} changes
 */
function sendAndCompare(signer, call, changes) {
	const accounts = groups.find((group) => Object.values(group).includes(signer.address));
	assert.ok(accounts);
	return sendComparing(accounts, signer, call, changes);
}

/** Returns the round of a domain once it is in a phase with at least two blocks left. */
async function roundIn(/** @type {number} */ domain, /** @type {'Commit' | 'Reveal'} */ phase) {
	for (;;) {
		const head = await api.rpc.chain.getHeader();
		const { call } = await api.at(head.hash);
		const round = (await call.doinApi.round(domain)).unwrap();
		if (round.phase.type === phase && round.phaseEnd.toNumber() > head.number.toNumber() + 2) return round;
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
const salt = blake2(Buffer.from('polkadot-js'));
const reveal = {
	genes: [],
	model: u8aToHex(model()),
	validation: CLAIM,
	metrics: {
		experiment: new Uint8Array(16), round: 0, millis: 0, config: new Uint8Array(32), data: new Uint8Array(32), optimizer: 'polkadot-js',
	},
};
const fromMultisig = api.tx.balances.transferKeepAlive(main.address, AMOUNTS.fromMultisig);

/** Approves the transfer from the multisig account. */
function asMulti(/** @type {string} */ other, /** @type {typeof timepoint | null} */ since) {
	return api.tx.multisig.asMulti(2, [other], since, fromMultisig, MULTISIG_WEIGHT);
}

/** @typedef {Awaited<ReturnType<typeof api.at>>['query']} Query */

/** Returns the points of the member in the pool. */
async function points(/** @type {Query} */ query) {
	const stored = (await query.nominationPools.poolMembers(member.address)).unwrap();
	assert.equal(stored.poolId.toNumber(), pool);
	return stored.points.toBigInt();
}

/** Returns the state of the referendum, which is not decided yet. */
async function ongoing(/** @type {Query} */ query) {
	return (await query.referenda.referendumInfoFor(referendum)).unwrap().asOngoing;
}

/** @type {[string, () => Promise<Sent>][]} */
const actions = [
	['transfer', async () => {
		const call = api.tx.balances.transferKeepAlive(main.address, AMOUNTS.main);
		const { sent } = await sendAndCompare(funder, call, ({ fee }) => ({ funder: { free: -AMOUNTS.main - fee }, main: { free: AMOUNTS.main } }));
		const { from, to, amount } = dataOf(sent, api.events.balances.Transfer);
		assert.deepEqual([from.toString(), to.toString(), amount.toBigInt()], [funder.address, main.address, AMOUNTS.main]);
		return sent;
	}],
	['batch', async () => {
		const call = api.tx.utility.batchAll([
			api.tx.balances.transferKeepAlive(friend.address, AMOUNTS.friend),
			api.tx.balances.transferKeepAlive(multisig, AMOUNTS.multisig),
		]);
		const { sent } = await sendAndCompare(main, call, ({ fee }) => ({
			main: { free: -AMOUNTS.friend - AMOUNTS.multisig - fee },
			friend: { free: AMOUNTS.friend },
			multisig: { free: AMOUNTS.multisig },
		}));
		assert.equal(sent.events.filter((name) => name === 'Utility.ItemCompleted').length, 2);
		return sent;
	}],
	['approve a multisig call', async () => {
		const { depositBase, depositFactor } = api.consts.multisig;
		const deposit = depositBase.toBigInt() + 2n * depositFactor.toBigInt();
		const { sent, query } = await sendAndCompare(main, asMulti(friend.address, null), ({ fee }) => ({
			main: { free: -deposit - fee, reserved: deposit },
		}));
		const { approving, multisig: account, callHash } = dataOf(sent, api.events.multisig.NewMultisig);
		assert.deepEqual([approving.toString(), account.toString()], [main.address, multisig]);
		const open = (await query.multisig.multisigs(multisig, callHash)).unwrap();
		assert.deepEqual([open.deposit.toBigInt(), open.approvals.map(String)], [deposit, [main.address]]);
		timepoint = { height: open.when.height.toNumber(), index: open.when.index.toNumber() };
		return sent;
	}],
	['execute a multisig call', async () => {
		const { depositBase, depositFactor } = api.consts.multisig;
		const deposit = depositBase.toBigInt() + 2n * depositFactor.toBigInt();
		const { sent, query } = await sendAndCompare(friend, asMulti(main.address, timepoint), ({ fee }) => ({
			friend: { free: -fee },
			main: { free: AMOUNTS.fromMultisig + deposit, reserved: -deposit },
			multisig: { free: -AMOUNTS.fromMultisig },
		}));
		const { result, callHash } = dataOf(sent, api.events.multisig.MultisigExecuted);
		assert.ok(result.isOk);
		assert.ok((await query.multisig.multisigs(multisig, callHash)).isNone);
		return sent;
	}],
	['add a proxy', async () => {
		const { proxyDepositBase, proxyDepositFactor } = api.consts.proxy;
		const deposit = proxyDepositBase.toBigInt() + proxyDepositFactor.toBigInt();
		const { sent, query } = await sendAndCompare(main, api.tx.proxy.addProxy(friend.address, 'Any', 0), ({ fee }) => ({
			main: { free: -deposit - fee, reserved: deposit },
		}));
		const { delegator, delegatee, proxyType } = dataOf(sent, api.events.proxy.ProxyAdded);
		assert.deepEqual([delegator.toString(), delegatee.toString(), proxyType.isAny], [main.address, friend.address, true]);
		const [proxies] = await query.proxy.proxies(main.address);
		assert.deepEqual(proxies.map(({ delegate }) => delegate.toString()), [friend.address]);
		return sent;
	}],
	['call by a proxy', async () => {
		const call = api.tx.proxy.proxy(main.address, 'Any', api.tx.balances.transferKeepAlive(multisig, AMOUNTS.byProxy));
		const { sent } = await sendAndCompare(friend, call, ({ fee }) => ({
			friend: { free: -fee },
			main: { free: -AMOUNTS.byProxy },
			multisig: { free: AMOUNTS.byProxy },
		}));
		assert.ok(dataOf(sent, api.events.proxy.ProxyExecuted).result.isOk);
		return sent;
	}],
	['bond', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.staking.bond(AMOUNTS.bond, 'Staked'), ({ fee }) => ({
			main: { free: -AMOUNTS.bond - fee, reserved: AMOUNTS.bond },
		}));
		const { stash, amount } = dataOf(sent, api.events.staking.Bonded);
		assert.deepEqual([stash.toString(), amount.toBigInt()], [main.address, AMOUNTS.bond]);
		assert.equal((await query.staking.ledger(main.address)).unwrap().active.toBigInt(), AMOUNTS.bond);
		return sent;
	}],
	['set session keys', async () => {
		const deposit = api.consts.session.keyDeposit.toBigInt();
		/** @type {{ keys: `0x${string}`, proof: `0x${string}` }} */
		const { keys, proof } = await provider.send('author_rotateKeysWithOwner', [u8aToHex(main.publicKey)]);
		const { sent, query } = await sendAndCompare(main, api.tx.session.setKeys(keys, proof), ({ fee }) => ({
			main: { free: -deposit - fee, reserved: deposit },
		}));
		assert.equal((await query.session.nextKeys(main.address)).unwrap().toHex(), keys);
		return sent;
	}],
	['validate', async () => {
		const call = api.tx.staking.validate({ commission: COMMISSION, blocked: false });
		const { sent, query } = await sendAndCompare(main, call, ({ fee }) => ({ main: { free: -fee } }));
		const { stash } = dataOf(sent, api.events.staking.ValidatorPrefsSet);
		assert.equal(stash.toString(), main.address);
		assert.equal((await query.staking.validators(main.address)).commission.toNumber(), COMMISSION);
		return sent;
	}],
	['chill', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.staking.chill(), ({ fee }) => ({ main: { free: -fee } }));
		assert.equal(dataOf(sent, api.events.staking.Chilled).stash.toString(), main.address);
		assert.equal((await query.staking.validators.size(main.address)).toNumber(), 0);
		return sent;
	}],
	['nominate', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.staking.nominate([ALICE]), ({ fee }) => ({ main: { free: -fee } }));
		assert.deepEqual((await query.staking.nominators(main.address)).unwrap().targets.map(String), [ALICE]);
		return sent;
	}],
	['unbond', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.staking.unbond(AMOUNTS.unbond), ({ fee }) => ({ main: { free: -fee } }));
		assert.equal(dataOf(sent, api.events.staking.Unbonded).amount.toBigInt(), AMOUNTS.unbond);
		const { active, unlocking } = (await query.staking.ledger(main.address)).unwrap();
		assert.deepEqual(
			[active.toBigInt(), unlocking.map(({ value }) => value.toBigInt())],
			[AMOUNTS.bond - AMOUNTS.unbond, [AMOUNTS.unbond]],
		);
		return sent;
	}],
	['vote', async () => {
		const call = api.tx.proxy.proxy(ALICE, 'Any', api.tx.gauge.vote([[0, VOTES.polkadotJs]]));
		const { sent, query } = await sendAndCompare(friend, call, ({ fee }) => ({ friend: { free: -fee } }));
		const { who, votes } = dataOf(sent, api.events.gauge.Voted);
		assert.deepEqual([who.toString(), votes.toJSON()], [ALICE, [[0, VOTES.polkadotJs]]]);
		// Other clients vote for Alice as well; the last vote of the block counts.
		const all = (await query.system.events()).flatMap(({ event }) => (api.events.gauge.Voted.is(event) ? [event.data.votes.toJSON()] : []));
		assert.deepEqual((await query.gauge.ballots(ALICE)).unwrap().votes.toJSON(), all.at(-1));
		return sent;
	}],
	['register a domain', async () => {
		const call = api.tx.domains.register({
			name: 'A point, by polkadot-js',
			unit: DOMAIN.unit,
			program: { Quadratic: { target: DOMAIN.target } },
			genes: [],
			limits: { modelBytes: DOMAIN.modelBytes, windowMacs: DOMAIN.windowMacs },
			dataRoot: new Uint8Array(32),
			values: 0,
			growth: 'Fixed',
			split: { trainEnd: 0, validationEnd: 0 },
			licence: '',
			evidence: 'Public',
			minImprovement: DOMAIN.minImprovement,
			target: DOMAIN.loss,
		}, null);
		const { sent, query } = await sendAndCompare(main, call, (sent) => {
			const { deposit, fee } = dataOf(sent, api.events.domains.Registered);
			assert.equal(fee.toBigInt(), api.consts.domains.registrationFee.toBigInt());
			return { main: { free: -deposit.toBigInt() - fee.toBigInt() - sent.fee, reserved: deposit.toBigInt() } };
		});
		const registered = dataOf(sent, api.events.domains.Registered);
		domain = registered.domain.toNumber();
		assert.equal(registered.owner.toString(), main.address);
		const state = (await query.domains.states(domain)).unwrap();
		assert.deepEqual([state.owner.toString(), state.status.type], [main.address, 'Active']);
		return sent;
	}],
	['donate a bounty', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.domains.addBounty(domain, AMOUNTS.bounty), ({ fee }) => ({
			main: { free: -AMOUNTS.bounty - fee, reserved: AMOUNTS.bounty },
		}));
		assert.equal(dataOf(sent, api.events.domains.BountyAdded).bounty.toBigInt(), AMOUNTS.bounty);
		assert.equal((await query.domains.states(domain)).unwrap().bounty.toBigInt(), AMOUNTS.bounty);
		return sent;
	}],
	['bond as evaluator', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.evaluators.bond(AMOUNTS.evaluator, 'Small'), ({ fee }) => ({
			main: { free: -AMOUNTS.evaluator - fee, reserved: AMOUNTS.evaluator },
		}));
		assert.equal(dataOf(sent, api.events.evaluators.Bonded).amount.toBigInt(), AMOUNTS.evaluator);
		assert.equal((await query.evaluators.evaluators(main.address)).unwrap().bond.toBigInt(), AMOUNTS.evaluator);
		return sent;
	}],
	['serve a domain', async () => {
		const { sent, query } = await sendAndCompare(main, api.tx.evaluators.serve(domain), ({ fee }) => ({ main: { free: -fee } }));
		assert.equal(dataOf(sent, api.events.evaluators.ServiceStarted).domain.toNumber(), domain);
		assert.deepEqual((await query.evaluators.evaluators(main.address)).unwrap().serving.toJSON(), [domain]);
		return sent;
	}],
	['commit', async () => {
		const open = await roundIn(domain, 'Commit');
		round = { domain, number: open.round.number.toNumber() };
		// The payload as it is encoded in the call that reveals it.
		const payload = api.tx.optimae.reveal(round, reveal, salt).args[1].toU8a();
		const hash = commitment(TAGS.optimae, blake2, { genesis: api.genesisHash.toU8a(), round, account: main.publicKey, payload, salt });
		// Twice the fee of now, since the base fee may rise until the call is in a block.
		const call = api.tx.optimae.commit(round, hash, 2n * open.nextSeatFee.toBigInt());
		const { sent, query } = await sendAndCompare(main, call, (sent) => {
			const { fee, burned, hold } = dataOf(sent, api.events.optimae.Committed);
			return {
				main: {
					free: -fee.toBigInt() - hold.toBigInt() - sent.fee,
					reserved: fee.toBigInt() - burned.toBigInt() + hold.toBigInt(),
				},
			};
		});
		const committed = dataOf(sent, api.events.optimae.Committed);
		seat = committed.seat.toNumber();
		hold = committed.hold.toBigInt();
		assert.equal(committed.commitment.toHex(), u8aToHex(hash));
		assert.deepEqual((await query.optimae.pending(domain)).toJSON(), [round.number]);
		return sent;
	}],
	['reveal', async () => {
		await roundIn(domain, 'Reveal');
		const { sent, query } = await sendAndCompare(main, api.tx.optimae.reveal(round, reveal, salt), (sent) => {
			const bytes = dataOf(sent, api.events.optimae.Revealed).hold.toBigInt();
			return { main: { free: -bytes - sent.fee, reserved: bytes } };
		});
		const revealed = dataOf(sent, api.events.optimae.Revealed);
		assert.equal(revealed.validationError.toNumber(), CLAIM.reduce((sum, claim) => sum + claim, 0));
		modelId = revealed.model.toBigInt();
		assert.equal((await query.optimae.models(modelId)).unwrap().author.toString(), main.address);
		return sent;
	}],
	['challenge a claim', async () => {
		const { sent, query } = await sendAndCompare(friend, api.tx.optimae.challengeClaim(round, seat, 0, 'Small'), (sent) => {
			const { burned, reward } = dataOf(sent, api.events.optimae.ClaimDisproved);
			const penalty = api.consts.optimae.seatPenalty.toBigInt() * hold / 1_000_000_000n;
			assert.equal(burned.toBigInt() + reward.toBigInt(), penalty);
			const model = dataOf(sent, api.events.optimae.ModelReleased).released.toBigInt();
			// The rest of the hold and the hold of the model are released. The call is free, since the claim is false.
			assert.equal(sent.fee, 0n);
			return {
				friend: { free: reward.toBigInt() },
				main: { free: hold - penalty + model, reserved: -hold - model },
			};
		});
		const { claimed, computed } = dataOf(sent, api.events.optimae.ClaimDisproved);
		assert.deepEqual([claimed.toNumber(), computed.toNumber()], [0, CHUNK_SUM]);
		assert.ok((await query.optimae.models(modelId)).isNone);
		return sent;
	}],
];

/** @type {[string, () => Promise<Sent>][]} */
const holders = [
	['add two proxies', async () => {
		const { proxyDepositBase, proxyDepositFactor } = api.consts.proxy;
		const deposit = proxyDepositBase.toBigInt() + 2n * proxyDepositFactor.toBigInt();
		const call = api.tx.utility.batchAll([
			api.tx.proxy.addProxy(delegate.address, 'Staking', 0),
			api.tx.proxy.addProxy(delegate.address, 'NonTransfer', 0),
		]);
		const { sent, query } = await sendAndCompare(principal, call, ({ fee }) => ({
			principal: { free: -deposit - fee, reserved: deposit },
		}));
		const [stored] = await query.proxy.proxies(principal.address);
		assert.deepEqual(stored.map(({ proxyType }) => proxyType.type), ['Staking', 'NonTransfer']);
		return sent;
	}],
	['stake by a proxy', async () => {
		const batch = api.tx.utility.batchAll([api.tx.staking.bond(AMOUNTS.bond, 'Staked'), api.tx.staking.nominate([ALICE])]);
		const { sent, query } = await sendAndCompare(delegate, api.tx.proxy.proxy(principal.address, 'Staking', batch), ({ fee }) => ({
			delegate: { free: -fee },
			principal: { free: -AMOUNTS.bond, reserved: AMOUNTS.bond },
		}));
		assert.ok(dataOf(sent, api.events.proxy.ProxyExecuted).result.isOk);
		assert.equal((await query.staking.ledger(principal.address)).unwrap().active.toBigInt(), AMOUNTS.bond);
		assert.deepEqual((await query.staking.nominators(principal.address)).unwrap().targets.map(String), [ALICE]);
		return sent;
	}],
	['try a transfer by a proxy', async () => {
		const transfer = api.tx.balances.transferKeepAlive(delegate.address, AMOUNTS.byProxy);
		const call = api.tx.proxy.proxy(principal.address, 'NonTransfer', transfer);
		const { sent } = await sendAndCompare(delegate, call, ({ fee }) => ({ delegate: { free: -fee } }));
		const { result } = dataOf(sent, api.events.proxy.ProxyExecuted);
		const { section, name } = api.registry.findMetaError(result.asErr.asModule);
		assert.deepEqual([section, name], ['system', 'CallFiltered']);
		return sent;
	}],
	['set an identity', async () => {
		const { basicDeposit, byteDeposit } = api.consts.identity;
		const deposit = basicDeposit.toBigInt() + IDENTITY_BYTES * byteDeposit.toBigInt();
		const { sent, query } = await sendAndCompare(principal, api.tx.identity.setIdentity({ display: { Raw: NAME } }), ({ fee }) => ({
			principal: { free: -deposit - fee, reserved: deposit },
		}));
		assert.equal(dataOf(sent, api.events.identity.IdentitySet).who.toString(), principal.address);
		const stored = (await query.identity.identityOf(principal.address)).unwrap();
		assert.deepEqual([stored.deposit.toBigInt(), stored.info.display.asRaw.toUtf8()], [deposit, NAME]);
		return sent;
	}],
	['clear an identity', async () => {
		const { sent, query } = await sendAndCompare(principal, api.tx.identity.clearIdentity(), (sent) => {
			const deposit = dataOf(sent, api.events.identity.IdentityCleared).deposit.toBigInt();
			return { principal: { free: deposit - sent.fee, reserved: -deposit } };
		});
		assert.ok((await query.identity.identityOf(principal.address)).isNone);
		return sent;
	}],
	['create a pool', async () => {
		const role = operator.address;
		// The account of the rewards of the pool needs the smallest balance.
		const smallest = api.consts.balances.existentialDeposit.toBigInt();
		const call = api.tx.nominationPools.create(AMOUNTS.pool, role, role, role);
		const { sent, query } = await sendAndCompare(operator, call, ({ fee }) => ({
			operator: { free: -AMOUNTS.pool - smallest - fee, reserved: AMOUNTS.pool },
		}));
		const created = dataOf(sent, api.events.nominationPools.Created);
		assert.equal(created.depositor.toString(), operator.address);
		pool = created.poolId.toNumber();
		assert.equal((await query.nominationPools.bondedPools(pool)).unwrap().points.toBigInt(), AMOUNTS.pool);
		return sent;
	}],
	['nominate for a pool', async () => {
		const { sent } = await sendAndCompare(operator, api.tx.nominationPools.nominate(pool, [ALICE]), ({ fee }) => ({
			operator: { free: -fee },
		}));
		const { poolId, caller } = dataOf(sent, api.events.nominationPools.PoolNominationMade);
		assert.deepEqual([poolId.toNumber(), caller.toString()], [pool, operator.address]);
		return sent;
	}],
	['join a pool', async () => {
		const { sent, query } = await sendAndCompare(member, api.tx.nominationPools.join(AMOUNTS.join, pool), ({ fee }) => ({
			member: { free: -AMOUNTS.join - fee, reserved: AMOUNTS.join },
		}));
		const { bonded, joined } = dataOf(sent, api.events.nominationPools.Bonded);
		assert.deepEqual([bonded.toBigInt(), joined.isTrue], [AMOUNTS.join, true]);
		assert.equal(await points(query), AMOUNTS.join);
		return sent;
	}],
	['add stake to a pool', async () => {
		const call = api.tx.nominationPools.bondExtra({ FreeBalance: AMOUNTS.extra });
		const { sent, query } = await sendAndCompare(member, call, ({ fee }) => ({
			member: { free: -AMOUNTS.extra - fee, reserved: AMOUNTS.extra },
		}));
		const { bonded, joined } = dataOf(sent, api.events.nominationPools.Bonded);
		assert.deepEqual([bonded.toBigInt(), joined.isTrue], [AMOUNTS.extra, false]);
		assert.equal(await points(query), AMOUNTS.join + AMOUNTS.extra);
		return sent;
	}],
	['unbond from a pool', async () => {
		// The coins stay on hold for 28 eras.
		const call = api.tx.nominationPools.unbond(member.address, AMOUNTS.leave);
		const { sent, query } = await sendAndCompare(member, call, ({ fee }) => ({ member: { free: -fee } }));
		assert.equal(dataOf(sent, api.events.nominationPools.Unbonded).balance.toBigInt(), AMOUNTS.leave);
		assert.equal(await points(query), AMOUNTS.join + AMOUNTS.extra - AMOUNTS.leave);
		return sent;
	}],
	['submit a referendum', async () => {
		const deposit = api.consts.referenda.submissionDeposit.toBigInt();
		const change = api.tx.governance.change(api.tx.staking.setMinCommission(MIN_COMMISSION));
		const call = api.tx.referenda.submit({ Governance: 'Parameters' }, { Inline: change.method.toHex() }, { After: 0 });
		const { sent, query } = await sendAndCompare(principal, call, ({ fee }) => ({
			principal: { free: -deposit - fee, reserved: deposit },
		}));
		const { index, track } = dataOf(sent, api.events.referenda.Submitted);
		assert.equal(track.toNumber(), PARAMETERS);
		referendum = index.toNumber();
		const { who, amount } = (await ongoing(query)).submissionDeposit;
		assert.deepEqual([who.toString(), amount.toBigInt()], [principal.address, deposit]);
		return sent;
	}],
	['place a decision deposit', async () => {
		const call = api.tx.referenda.placeDecisionDeposit(referendum);
		const { sent, query } = await sendAndCompare(principal, call, ({ fee }) => ({
			principal: { free: -AMOUNTS.decision - fee, reserved: AMOUNTS.decision },
		}));
		assert.equal(dataOf(sent, api.events.referenda.DecisionDepositPlaced).index.toNumber(), referendum);
		assert.equal((await ongoing(query)).decisionDeposit.unwrap().amount.toBigInt(), AMOUNTS.decision);
		return sent;
	}],
	['vote on a referendum', async () => {
		const vote = { aye: true, conviction: 'Locked1x' };
		const call = api.tx.convictionVoting.vote(referendum, { Standard: { vote, balance: AMOUNTS.vote } });
		const { sent, query } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -fee, frozen: AMOUNTS.vote } }));
		assert.equal(dataOf(sent, api.events.convictionVoting.Voted).who.toString(), principal.address);
		const { ayes, nays, support } = (await ongoing(query)).tally;
		assert.deepEqual([ayes.toBigInt(), nays.toBigInt(), support.toBigInt()], [AMOUNTS.vote, 0n, AMOUNTS.vote]);
		return sent;
	}],
	['withdraw a vote', async () => {
		const call = api.tx.utility.batchAll([
			api.tx.convictionVoting.removeVote(PARAMETERS, referendum),
			api.tx.convictionVoting.unlock(PARAMETERS, principal.address),
		]);
		const { sent, query } = await sendAndCompare(principal, call, ({ fee }) => ({ principal: { free: -fee, frozen: -AMOUNTS.vote } }));
		assert.equal((await ongoing(query)).tally.ayes.toBigInt(), 0n);
		return sent;
	}],
];

exitAfter(runAll('polkadot-js', [actions, holders]));
