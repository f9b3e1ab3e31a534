//! The validators' share: from seals into the pot, and from the pot into the payouts of an era.

use doin_primitives::DOIN;
use doin_runtime::{
	configs::staking::{SessionsPerEra, ValidatorPot},
	AccountId, Babe, Historical, Runtime, RuntimeCall, Session, Work,
};
use doin_runtime_tests::{round::seasonal_with_growth, Chain};
use frame_support::traits::{Get, KeyOwnerProofSystem};
use pallet_staking::{Call as StakingCall, RewardDestination};
use sp_core::crypto::key_types;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Dave};
use sp_runtime::traits::AccountIdConversion;

#[test]
fn one_era_is_paid_from_the_pot_without_touching_issuance() {
	let mut chain = Chain::preset("development");
	let pot: AccountId = ValidatorPot::get().into_account_truncating();
	let endowed = chain.total(&pot);
	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	while chain.state(Work::view).last_seal.is_none() {
		chain.block();
	}
	// Through the end of the era that saw the first seals.
	let era = chain.state(|| pallet_staking::ActiveEra::<Runtime>::get().expect("an era is active").index);
	while chain.state(|| pallet_staking::ActiveEra::<Runtime>::get().expect("an era is active").index) == era {
		chain.block();
	}
	let owed = chain.state(|| pallet_staking::ErasValidatorReward::<Runtime>::get(era).expect("the era has ended"));
	assert!(owed >= 25 * DOIN / 10, "{owed}");
	assert!(chain.total(&pot) - endowed >= owed);

	let (issuance, stash, in_pot) = (chain.issuance(), chain.total(&Alice.to_account_id()), chain.total(&pot));
	chain.skip_session_block();
	let minted_before = chain.state(|| Work::view().mined);
	let burned_before = chain.state(|| doin_runtime::FeeMarket::view().burned);
	chain.ok(Bob, RuntimeCall::Staking(pallet_staking::Call::payout_stakers { validator_stash: Alice.to_account_id(), era }));
	let minted = chain.state(|| Work::view().mined) - minted_before;
	let burned = chain.state(|| doin_runtime::FeeMarket::view().burned) - burned_before;
	assert_eq!(chain.issuance() + burned, issuance + minted, "paying out neither mints nor burns");
	let paid = chain.total(&Alice.to_account_id()) - stash;
	assert!(paid > 0 && paid <= owed && owed - paid < 1_000, "paid {paid} of {owed}");
	assert!(in_pot + minted >= chain.total(&pot) + paid);
}

/// Makes Bob a candidate validator without session keys.
fn add_keyless_candidate(chain: &mut Chain) {
	assert!(!chain.state(Session::validators).contains(&Bob.to_account_id()));
	chain.ok(Bob, StakingCall::bond { value: 1_000 * DOIN, payee: RewardDestination::Staked });
	chain.ok(Bob, StakingCall::validate { prefs: Default::default() });
}

/// Returns the accounts that the last election chose.
fn elected(chain: &mut Chain) -> Vec<AccountId> {
	let era = chain.state(|| pallet_staking::CurrentEra::<Runtime>::get().expect("an era is planned"));
	chain.state(|| pallet_staking::ErasStakersOverview::<Runtime>::iter_key_prefix(era).collect())
}

/// Makes blocks until the accounts that are elected from now on are validators, and checks in each that clients have authorities.
/// Elections take place one era ahead, and the elected validators one session later.
fn pass_two_eras(chain: &mut Chain) {
	let planned = chain.state(Session::current_index) + 2 * <SessionsPerEra as Get<u32>>::get() + 2;
	while chain.state(Session::current_index) < planned {
		chain.block();
		assert!(!chain.state(|| Babe::next_epoch().authorities.is_empty()), "clients need authorities in every epoch");
	}
}

/// Checks that equivocations of the present session can be reported in the next one: the owner of Alice's key is proved then.
fn owners_of_keys_can_be_proved(chain: &mut Chain) {
	let key = || (key_types::BABE, Alice.public().0);
	let proof = chain.state(|| Historical::prove(key())).expect("Alice is a validator");
	let session = chain.state(Session::current_index);
	while chain.state(Session::current_index) == session {
		chain.block();
	}
	let owner = chain.state(|| Historical::check_proof(key(), proof));
	assert_eq!(owner.map(|(who, ())| who), chain.state(Session::validators).first().cloned());
}

#[test]
fn an_elected_account_without_keys_hinders_no_proof_of_an_equivocation() {
	let mut chain = Chain::preset("development");
	let before = chain.state(Session::validators);
	add_keyless_candidate(&mut chain);
	pass_two_eras(&mut chain);
	assert_eq!(elected(&mut chain).len(), 2);
	assert_eq!(chain.state(Session::validators), before);
	owners_of_keys_can_be_proved(&mut chain);
}

#[test]
fn a_session_whose_elected_validators_have_no_keys_keeps_the_validators_before() {
	let mut chain = Chain::preset("development");
	let (before, weights) = (chain.state(Session::validators), chain.state(pallet_doin_gauge::Weights::<Runtime>::get));
	assert!(!weights.is_empty());
	add_keyless_candidate(&mut chain);
	for validator in &before {
		let key = Sr25519Keyring::iter().find(|key| key.to_account_id() == *validator).expect("a development key");
		chain.ok(key, StakingCall::chill {});
	}
	pass_two_eras(&mut chain);
	assert_eq!(elected(&mut chain), [Bob.to_account_id()], "only the account without keys is elected");
	assert_eq!(chain.state(Session::validators), before, "the validators stay");
	assert_eq!(chain.state(pallet_doin_gauge::Weights::<Runtime>::get), weights, "no stake can vote, so the weights stay");
	owners_of_keys_can_be_proved(&mut chain);
}
