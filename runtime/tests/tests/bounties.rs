//! Donations while a round is decided.

use doin_primitives::{RoundId, DOIN};
use doin_runtime::{AccountId, Balances, Runtime, RuntimeCall, RuntimeEvent};
use doin_runtime_tests::{
	preset_genesis,
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use frame_support::traits::fungible::InspectHold;
use pallet_doin_domains::{Bounties, Call as DomainsCall, Error, Event, MAX_DONORS};
use sp_keyring::Sr25519Keyring::{self, AliceStash, Bob, Charlie, Dave, Eve, Ferdie, One, Two};

/// Donors to the demo domain. One place more is reserved for Alice, its owner.
const DONORS: [Sr25519Keyring; MAX_DONORS as usize - 1] = [Bob, Charlie, Dave, Eve, Ferdie, One, Two];

/// Returns the call that adds to the bounty of the demo domain.
fn add(doin: u128) -> RuntimeCall {
	DomainsCall::add_bounty { domain: DEMO, amount: doin * DOIN }.into()
}

/// Returns the donors with a place.
fn donors(chain: &mut Chain) -> Vec<AccountId> {
	chain.state(|| Bounties::<Runtime>::get(DEMO).into_iter().map(|donation| donation.donor).collect())
}

/// Checks that a donor with a small amount gets no place.
fn assert_full(chain: &mut Chain, round: RoundId) {
	let refused = chain.fails(AliceStash, add(1));
	assert_eq!(refused, Error::<Runtime>::TooManyDonors.into(), "round {round:?} can be paid from every donation");
}

#[test]
fn n11_a_leaving_donation_keeps_its_place_until_the_round_is_decided() {
	let mut genesis = preset_genesis("development");
	genesis.balances.balances.push((AliceStash.to_account_id(), 1_000 * DOIN));
	let mut chain = Chain::from_genesis(genesis);
	chain.check_invariants();
	chain.state(|| {
		// No call can give the demo domain a target.
		pallet_doin_domains::Specs::<Runtime>::mutate(DEMO, |spec| spec.as_mut().expect("registered").target = 1 << 19);
	});
	for who in DONORS {
		chain.ok(who, add(10));
	}
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(5));
	chain.commit(Dave, round, &reveal);
	chain.ok(Bob, DomainsCall::announce_withdrawal { domain: DEMO });
	assert_full(&mut chain, round);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	assert_full(&mut chain, round);
	chain.answer(round, |_, sums| Some(sums.clone()));
	assert_full(&mut chain, round);
	chain.settle(Eve, round);
	assert_full(&mut chain, round);
	chain.to_verdict(round);

	// The target was not reached, so the donation comes back as soon as its place is needed.
	chain.ok(AliceStash, add(1));
	let refunded = Event::BountyRefunded { domain: DEMO, donor: Bob.to_account_id(), amount: 10 * DOIN };
	assert!(chain.events().contains(&RuntimeEvent::Domains(refunded)));
	assert_eq!(chain.state(|| Balances::total_balance_on_hold(&Bob.to_account_id())), 0);
	let rest = DONORS[1..].iter().chain(&[AliceStash]).map(|who| who.to_account_id());
	assert_eq!(donors(&mut chain), rest.collect::<Vec<_>>(), "nobody else lost a place");
}
