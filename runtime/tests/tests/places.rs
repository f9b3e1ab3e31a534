//! Places of candidates and nominators: once all are taken, a larger bond takes the place of the smallest.

use doin_primitives::{Balance, DOIN};
use doin_runtime::{
	places::{Call as PlacesCall, Error as PlacesError, Event as PlacesEvent},
	Runtime, RuntimeEvent, Session,
};
use doin_runtime_tests::{set_keys, Chain};
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
