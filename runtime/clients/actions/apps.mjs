// The checks that polkadot.js Apps makes before it shows its pages for staking and governance: `node actions/apps.mjs [URL]`.
//
// They are those of packages/apps-routing of Apps in 2025: a page is hidden unless the chain has the items that the page needs, and
// the page for staking also unless three types have the shape that it reads. The tabs of a page ask for an item each.

import assert from 'node:assert/strict';
import { ApiPromise, WsProvider } from '@polkadot/api';
import { unwrapStorageType } from '@polkadot/types/util';
import { BN_ONE, isFunction } from '@polkadot/util';
import 'doin-clients/polkadot-js';
import { ALICE, exitAfter, URL_OF_NODE } from './shared.mjs';

/**
 * Items that a page or a tab needs, by the name of the page.
 *
 * @type {Record<string, string[]>}
 */
const NEEDED = {
	staking: ['query.staking.erasStakersOverview', 'tx.staking.bond', 'query.session.validators'],
	'staking/payout': ['query.staking.activeEra', 'consts.staking.historyDepth'],
	'staking/pools': ['query.nominationPools.minCreateBond', 'tx.nominationPools.join'],
	'staking/bags': ['query.voterList.counterForListNodes'],
	referenda: ['tx.referenda.submit', 'tx.convictionVoting.vote', 'consts.referenda.tracks'],
	preimages: ['query.preimage.statusFor', 'tx.preimage.notePreimage'],
	accounts: ['tx.identity.setIdentity', 'tx.proxy.addProxy', 'tx.utility.batch', 'tx.multisig.asMulti'],
};

const api = await ApiPromise.create({ provider: new WsProvider(URL_OF_NODE), noInitWarn: true });

/** Returns `api.query.staking.bonded` for the name `query.staking.bonded`, or undefined. */
function item(/** @type {string} */ name) {
	const [area, pallet, method] = name.split('.');
	return /** @type {any} */ (api)[area][pallet]?.[method];
}

/** Returns a value of the type of a storage item. */
function valueOf(/** @type {string} */ name, /** @type {unknown} */ value) {
	const type = unwrapStorageType(api.registry, item(name).creator.meta.type);
	return /** @type {any} */ (api.registry).createType(type, value);
}

/** Makes the checks of the page for staking that go beyond names. */
function checkStaking() {
	for (const other of ['query.stakingAhClient', 'tx.stakingRcClient']) {
		const [area, pallet] = other.split('.');
		assert.equal(/** @type {any} */ (api)[area][pallet], undefined, `api.${other} hides the page: it moves staking to another chain`);
	}
	const one = { nominatorCount: BN_ONE, own: BN_ONE, pageCount: BN_ONE, total: BN_ONE };
	const exposure = valueOf('query.staking.erasStakersOverview', one);
	for (const field of Object.keys(one)) assert.ok(exposure[field]?.eq(BN_ONE), `exposures have no ${field}`);
	assert.equal(api.tx.staking.bond.meta.args.length, 2, 'the stash is its own controller');
	api.tx.staking.bond(BN_ONE, { Account: ALICE });
	assert.ok(valueOf('query.staking.claimedRewards', [0]).eq([0]), 'claimed pages are a list');
}

/** Asserts that all pages are shown, and that staking has the values that its first page shows. */
async function check() {
	for (const [page, names] of Object.entries(NEEDED)) {
		for (const name of names) assert.ok(item(name), `Apps hides ${page}: api.${name} is missing`);
	}
	checkStaking();
	const { electedInfo, overview, waitingInfo } = api.derive.staking;
	for (const derived of [electedInfo, overview, waitingInfo, api.derive.session.progress]) assert.ok(isFunction(derived));
	const { validators } = await overview();
	assert.deepEqual(validators.map(String), [ALICE]);
	const tracks = api.consts.referenda.tracks.map(([id]) => id.toNumber());
	assert.deepEqual(tracks, [0, 1]);
	console.log(`Apps shows ${Object.keys(NEEDED).join(', ')}`);
}

exitAfter(check());
