//! The validators' share: from seals into the pot, and from the pot into the payouts of an era.

use doin_primitives::DOIN;
use doin_runtime::{
	configs::staking::{SessionsPerEra, ValidatorPot},
	AccountId, Babe, Runtime, RuntimeCall, Session, Work,
};
use doin_runtime_tests::{round::seasonal_with_growth, Chain};
use frame_support::traits::Get;
use pallet_staking::{Call as StakingCall, RewardDestination};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Dave};
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

#[test]
fn a_session_whose_elected_validators_have_no_keys_keeps_the_validators_before() {
	let mut chain = Chain::preset("development");
	let before = chain.state(Session::validators);
	let keyless = Bob;
	assert!(!before.contains(&keyless.to_account_id()));
	chain.ok(keyless, StakingCall::bond { value: 1_000 * DOIN, payee: RewardDestination::Staked });
	chain.ok(keyless, StakingCall::validate { prefs: Default::default() });
	for validator in &before {
		let key = sp_keyring::Sr25519Keyring::iter().find(|key| key.to_account_id() == *validator).expect("a development key");
		chain.ok(key, StakingCall::chill {});
	}
	// Elections take place one era ahead, and the elected validators one session later.
	let planned = chain.state(Session::current_index) + 2 * <SessionsPerEra as Get<u32>>::get() + 2;
	while chain.state(Session::current_index) < planned {
		chain.block();
		assert!(!chain.state(|| Babe::next_epoch().authorities.is_empty()), "clients need authorities in every epoch");
	}
	let elected = chain.state(|| pallet_staking::CurrentEra::<Runtime>::get().expect("an era is planned"));
	let exposed = chain.state(|| pallet_staking::ErasStakersOverview::<Runtime>::iter_key_prefix(elected).collect::<Vec<_>>());
	assert_eq!(exposed, [keyless.to_account_id()], "only the account without keys is elected");
	assert_eq!(chain.state(Session::validators), before, "the validators stay");
}
