//! Nomination pools: the coins of a member stay in its account, and what its pool earns is paid to it.

use doin_primitives::{Balance, DOIN};
use doin_runtime::{AccountId, NominationPools, Runtime, Work};
use doin_runtime_tests::{round::seasonal_with_growth, Chain};
use pallet_nomination_pools::Call as PoolsCall;
use pallet_staking::{ActiveEra, Call as StakingCall, ErasStakersOverview, Error as StakingError, RewardDestination};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};

/// Stake of the creator of the pool, in plancks.
const CREATED: Balance = 100 * DOIN;
/// Stake of the member, in plancks: four fifths of what backs the validator.
const JOINED: Balance = 400_000 * DOIN;

/// Returns the active era.
fn era(chain: &mut Chain) -> u32 {
	chain.state(ActiveEra::<Runtime>::get).expect("an era is active").index
}

/// Makes a pool of Bob that nominates Alice, which Charlie joins.
fn pool_of_bob(chain: &mut Chain) {
	let role = || Bob.to_account_id().into();
	chain.ok(Bob, PoolsCall::<Runtime>::create { amount: CREATED, root: role(), nominator: role(), bouncer: role() });
	chain.ok(Bob, PoolsCall::<Runtime>::nominate { pool_id: 1, validators: vec![Alice.to_account_id()] });
	chain.ok(Charlie, PoolsCall::<Runtime>::join { amount: JOINED, pool_id: 1 });
}

#[test]
fn a_member_of_a_pool_keeps_its_coins_and_is_paid() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	let charlie: AccountId = Charlie.to_account_id();
	let before = chain.total(&charlie);
	pool_of_bob(&mut chain);
	assert!(before - chain.total(&charlie) < DOIN, "the member has paid the fee alone");
	assert_eq!(chain.state(|| NominationPools::api_pool_balance(1)), CREATED + JOINED);
	let bond = StakingCall::<Runtime>::bond { value: 10 * DOIN, payee: RewardDestination::Staked };
	assert_eq!(chain.fails(Charlie, bond), StakingError::<Runtime>::Restricted.into());

	// The election for era 1 counts the pool.
	while era(&mut chain) == 0 {
		chain.block();
	}
	let backing = chain.state(|| ErasStakersOverview::<Runtime>::get(1, Alice.to_account_id())).expect("Alice is elected");
	assert_eq!(backing.total - backing.own, CREATED + JOINED);

	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	while chain.state(Work::view).last_seal.is_none() {
		chain.block();
	}
	let sealed_in = era(&mut chain);
	while era(&mut chain) == sealed_in {
		chain.block();
	}
	chain.ok(Dave, StakingCall::<Runtime>::payout_stakers { validator_stash: Alice.to_account_id(), era: sealed_in });
	let pending = chain.state(|| NominationPools::api_pending_rewards(charlie.clone())).expect("Charlie is a member");
	assert!(pending > DOIN, "{pending}");
	let before = chain.total(&charlie);
	chain.ok(Charlie, PoolsCall::<Runtime>::claim_payout {});
	let paid = chain.total(&charlie) - before;
	assert!(paid <= pending && pending - paid < DOIN / 10, "{paid} of {pending}, less the fee");
}

#[test]
fn every_preset_bounds_its_pools() {
	for preset in ["development", "live", "local_testnet", "testnet"] {
		let genesis = doin_runtime_tests::preset_genesis(preset);
		assert_eq!(genesis.nomination_pools.min_join_bond, DOIN, "{preset}");
		assert_eq!(genesis.nomination_pools.max_pools, Some(64), "{preset}");
	}
}
