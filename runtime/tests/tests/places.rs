//! Places of candidates and nominators: once all are taken, a larger bond takes the place of the smallest.

use doin_primitives::{Balance, DOIN};
use doin_runtime::{
	places::{Call as PlacesCall, Error as PlacesError, Event as PlacesEvent},
	AccountId, NominationPools, Runtime, RuntimeEvent, Session,
};
use doin_runtime_tests::{set_keys, Chain};
use pallet_nomination_pools::{Call as PoolsCall, Error as PoolsError};
use pallet_staking::{
	Call as StakingCall, Error as StakingError, MaxNominatorsCount, MaxValidatorsCount, Nominators, RewardDestination, Validators,
};
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve},
};

/// Returns a development chain with room for two candidates and one nominator. Alice is the validator.
fn crowded() -> Chain {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	chain.state(|| {
		MaxValidatorsCount::<Runtime>::put(2);
		MaxNominatorsCount::<Runtime>::put(1);
	});
	chain
}

/// Bonds `amount` of DOIN for `who`.
fn bond(chain: &mut Chain, who: Sr25519Keyring, amount: Balance) {
	chain.ok(who, StakingCall::<Runtime>::bond { value: amount * DOIN, payee: RewardDestination::Staked });
}

/// Returns the call that makes its sender a candidate in the place of another one.
fn outbid_candidate() -> PlacesCall<Runtime> {
	PlacesCall::outbid_candidate { prefs: Default::default() }
}

/// Returns the call that makes its sender a nominator in the place of another one.
fn outbid_nominator() -> PlacesCall<Runtime> {
	PlacesCall::outbid_nominator { targets: vec![Alice.to_account_id().into()] }
}

#[test]
fn the_larger_bond_takes_the_last_place_of_a_candidate() {
	let mut chain = crowded();
	bond(&mut chain, Bob, 1_000);
	assert_eq!(chain.fails(Bob, outbid_candidate()), PlacesError::<Runtime>::PlacesLeft.into());
	chain.ok(Bob, StakingCall::<Runtime>::validate { prefs: Default::default() });

	bond(&mut chain, Charlie, 1_099);
	let validate = StakingCall::<Runtime>::validate { prefs: Default::default() };
	assert_eq!(chain.fails(Charlie, validate), StakingError::<Runtime>::TooManyValidators.into());
	assert_eq!(chain.fails(Charlie, outbid_candidate()), PlacesError::<Runtime>::BondTooSmall.into());
	chain.ok(Charlie, StakingCall::<Runtime>::bond_extra { max_additional: DOIN });
	chain.ok(Charlie, outbid_candidate());
	let displaced = RuntimeEvent::Places(PlacesEvent::Displaced {
		stash: Bob.to_account_id(),
		bond: 1_000 * DOIN,
		by: Charlie.to_account_id(),
	});
	assert!(chain.events().contains(&displaced));
	assert!(!chain.state(|| Validators::<Runtime>::contains_key(Bob.to_account_id())));
	assert!(chain.state(|| Validators::<Runtime>::contains_key(Charlie.to_account_id())));
	assert_eq!(chain.fails(Charlie, outbid_candidate()), PlacesError::<Runtime>::HasPlace.into());
}

#[test]
fn a_validator_of_the_session_keeps_its_place() {
	let mut chain = crowded();
	chain.state(|| MaxValidatorsCount::<Runtime>::put(1));
	// More than Alice has bonded.
	bond(&mut chain, Bob, 500_000);
	assert_eq!(chain.fails(Bob, outbid_candidate()), PlacesError::<Runtime>::NobodyToDisplace.into());
	assert!(chain.state(|| Validators::<Runtime>::contains_key(Alice.to_account_id())));
}

/// Keys of elected validators are queued for a session before they author blocks.
#[test]
fn a_validator_of_the_next_session_keeps_its_place() {
	let mut chain = crowded();
	bond(&mut chain, Bob, 1_000);
	chain.ok(Bob, set_keys(Bob, Bob, Ed25519Keyring::Bob));
	chain.ok(Bob, StakingCall::<Runtime>::validate { prefs: Default::default() });
	bond(&mut chain, Charlie, 2_000);
	let bob = Bob.to_account_id();
	while !chain.state(Session::queued_keys).iter().any(|(who, _)| *who == bob) {
		chain.block();
	}
	assert!(!chain.state(Session::validators).contains(&bob), "Bob is elected, and not yet a validator");
	assert_eq!(chain.fails(Charlie, outbid_candidate()), PlacesError::<Runtime>::NobodyToDisplace.into());

	while !chain.state(Session::validators).contains(&bob) {
		chain.block();
	}
	assert_eq!(chain.fails(Charlie, outbid_candidate()), PlacesError::<Runtime>::NobodyToDisplace.into());
	assert!(chain.state(|| Validators::<Runtime>::contains_key(&bob)));
}

#[test]
fn the_larger_bond_takes_the_last_place_of_a_nominator() {
	let mut chain = crowded();
	let targets = || vec![Alice.to_account_id().into()];
	bond(&mut chain, Dave, 10);
	chain.ok(Dave, StakingCall::<Runtime>::nominate { targets: targets() });
	bond(&mut chain, Eve, 11);
	let nominate = StakingCall::<Runtime>::nominate { targets: targets() };
	assert_eq!(chain.fails(Eve, nominate), StakingError::<Runtime>::TooManyNominators.into());
	chain.ok(Eve, outbid_nominator());
	assert!(!chain.state(|| Nominators::<Runtime>::contains_key(Dave.to_account_id())));
	assert!(chain.state(|| Nominators::<Runtime>::contains_key(Eve.to_account_id())));
	// The displaced account has its bond, and bids again.
	assert_eq!(chain.fails(Dave, outbid_nominator()), PlacesError::<Runtime>::BondTooSmall.into());
	chain.ok(Dave, StakingCall::<Runtime>::bond_extra { max_additional: 3 * DOIN });
	chain.ok(Dave, outbid_nominator());
	assert!(chain.state(|| Nominators::<Runtime>::contains_key(Dave.to_account_id())));
}

#[test]
fn a_new_pool_takes_the_last_place_of_a_nominator_with_the_stake_of_its_members() {
	let mut chain = crowded();
	let pool: AccountId = chain.state(|| NominationPools::generate_bonded_account(1));
	let nominate = || PoolsCall::<Runtime>::nominate { pool_id: 1, validators: vec![Alice.to_account_id()] };
	let outbid = || PlacesCall::<Runtime>::outbid_for_pool { pool_id: 1, targets: vec![Alice.to_account_id()] };
	let role = || Bob.to_account_id().into();
	chain.ok(Bob, PoolsCall::<Runtime>::create { amount: 100 * DOIN, root: role(), nominator: role(), bouncer: role() });
	assert_eq!(chain.fails(Bob, outbid()), PlacesError::<Runtime>::PlacesLeft.into());

	bond(&mut chain, Dave, 95);
	chain.ok(Dave, StakingCall::<Runtime>::nominate { targets: vec![Alice.to_account_id().into()] });
	assert_eq!(chain.fails(Bob, nominate()), StakingError::<Runtime>::TooManyNominators.into());
	assert_eq!(chain.fails(Bob, outbid()), PlacesError::<Runtime>::BondTooSmall.into());
	// The stake of a member counts.
	chain.ok(Charlie, PoolsCall::<Runtime>::join { amount: 5 * DOIN, pool_id: 1 });
	assert_eq!(chain.fails(Charlie, outbid()), PoolsError::<Runtime>::NotNominator.into());
	assert!(chain.state(|| Nominators::<Runtime>::contains_key(Dave.to_account_id())), "a refused bid chills nobody");
	chain.ok(Bob, outbid());
	let (stash, bond) = (Dave.to_account_id(), 95 * DOIN);
	let displaced = RuntimeEvent::Places(PlacesEvent::Displaced { stash: stash.clone(), bond, by: pool.clone() });
	assert!(chain.events().contains(&displaced));
	assert!(!chain.state(|| Nominators::<Runtime>::contains_key(stash)));
	assert!(chain.state(|| Nominators::<Runtime>::contains_key(pool)));

	assert_eq!(chain.fails(Bob, outbid()), PlacesError::<Runtime>::HasPlace.into());
	// The pool keeps the place, whatever the bond.
	chain.ok(Dave, StakingCall::<Runtime>::bond_extra { max_additional: 1_000 * DOIN });
	assert_eq!(chain.fails(Dave, outbid_nominator()), PlacesError::<Runtime>::NobodyToDisplace.into());
}
