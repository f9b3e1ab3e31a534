//! Changes of the validators while a round is decided: new session keys, and one validator that leaves and one that joins with an
//! era.

use doin_primitives::{
	bounded_collections::BoundedVec, verdict::effective_improvement, BlockNumber, DomainId, RoundId, RoundResult, DOIN, MILLION,
};
use doin_runtime::{
	configs::staking::SessionsPerEra, AccountId, Babe, Evaluators, Gauge, Runtime, RuntimeCall, RuntimeEvent, Session,
};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO},
	set_keys, Chain,
};
use doin_traits::DomainWeights as _;
use frame_support::traits::Get;
use pallet_doin_gauge::{Call as GaugeCall, Error as GaugeError};
use pallet_doin_optimae::Event as OptimaeEvent;
use pallet_staking::{Call as StakingCall, ErasRewardPoints, RewardDestination};
use sp_consensus_babe::AuthorityId;
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, Alice, AliceStash, Bob, Charlie, Dave, Eve, Ferdie, One, Two},
};

/// Stake of each validator, in plancks.
const STAKE: u128 = 100_000 * DOIN;
/// Weight that Bob votes for.
const LOWER: u32 = 400_000;

/// Returns the accounts of `keys`, in order.
fn accounts(keys: &[Sr25519Keyring]) -> Vec<AccountId> {
	let mut accounts: Vec<_> = keys.iter().map(|key| key.to_account_id()).collect();
	accounts.sort();
	accounts
}

/// Returns the validators of this session, in order.
fn validators(chain: &mut Chain) -> Vec<AccountId> {
	let mut validators = chain.state(Session::validators);
	validators.sort();
	validators
}

/// Returns `true` if the authors of blocks have these BABE keys.
fn authors_have(chain: &mut Chain, keys: &[Sr25519Keyring]) -> bool {
	let authorities = chain.state(Babe::authorities);
	let is_authority = |key: &Sr25519Keyring| {
		let id = AuthorityId::from(key.public());
		authorities.iter().any(|(authority, _)| *authority == id)
	};
	authorities.len() == keys.len() && keys.iter().all(is_authority)
}

/// Returns the accounts that authored blocks in an era, in order.
fn authors(chain: &mut Chain, era: u32) -> Vec<AccountId> {
	chain.state(|| ErasRewardPoints::<Runtime>::get(era).individual.into_keys().collect())
}

/// Returns the call that votes for a weight of the demo domain.
fn vote(weight: u32) -> RuntimeCall {
	let votes: Vec<(DomainId, u32)> = vec![(DEMO, weight)];
	GaugeCall::vote { votes: BoundedVec::truncate_from(votes) }.into()
}

/// Returns the call that removes the ballot of Charlie.
fn clear_ballot() -> RuntimeCall {
	GaugeCall::clear_ballot { who: Charlie.to_account_id() }.into()
}

/// Returns the weight of the demo domain.
fn weight(chain: &mut Chain) -> u32 {
	chain.state(|| Gauge::weight(DEMO))
}

/// Announces the changes of the validators: Alice gets other session keys, Charlie leaves, Two joins, and Bob votes for a lower
/// weight.
fn announce_changes(chain: &mut Chain) {
	chain.ok(Alice, set_keys(Alice, AliceStash, Ed25519Keyring::AliceStash));
	chain.ok(Two, StakingCall::bond { value: STAKE, payee: RewardDestination::Staked });
	chain.ok(Two, set_keys(Two, Two, Ed25519Keyring::Two));
	chain.ok(Two, StakingCall::validate { prefs: Default::default() });
	chain.ok(Charlie, StakingCall::chill {});
	chain.ok(Bob, vote(LOWER));
	assert_eq!(chain.fails(Two, vote(MILLION)), GaugeError::<Runtime>::NotVoter.into());
	assert_eq!(chain.fails(Dave, clear_ballot()), GaugeError::<Runtime>::StillVoter.into());
}

/// Runs a round with candidates of Two, which is an evaluator as well, and of Dave, up to the revealed answers of the evaluators.
/// Returns the round and the drawn evaluators.
fn answered_round(chain: &mut Chain) -> (RoundId, Vec<Sr25519Keyring>) {
	let round = chain.to_next_round();
	let candidates = [(Two, reveal_of(&seasonal_with_growth(125))), (Dave, reveal_of(&seasonal_with_growth(20)))];
	for (who, reveal) in &candidates {
		chain.commit(*who, round, reveal);
	}
	chain.to_reveals(round);
	for (who, reveal) in &candidates {
		chain.reveal(*who, round, reveal);
	}
	let drawn = chain.answer(round, |_, sums| Some(sums.clone()));
	(round, drawn)
}

#[test]
fn validators_change_while_a_round_is_decided() {
	let mut chain = Chain::preset("local_testnet");
	chain.check_invariants();
	let session = chain.state(<Runtime as pallet_babe::Config>::EpochDuration::get) as BlockNumber;
	// The validators of an era are elected one session before it.
	let era_start = 1 + SessionsPerEra::get() * session;
	let election = era_start - session;
	chain.run_to(election - 20);
	announce_changes(&mut chain);
	assert!(chain.number() < election);
	let former = [Alice, Bob, Charlie];
	chain.run_to(election);

	// Commits, reveals, draw and answers belong to the last session of the former validators.
	let (round, drawn) = answered_round(&mut chain);
	assert!((election..era_start).contains(&chain.number()));
	assert_eq!(validators(&mut chain), accounts(&former));
	assert!(authors_have(&mut chain, &former));
	assert_eq!(accounts(&drawn), accounts(&[Eve, Ferdie, One]), "Two is an author, and is not drawn");
	assert_eq!(weight(&mut chain), MILLION, "the ballots of Alice and Charlie have two thirds of the stake");

	// The settlement and the verdict belong to the next era.
	chain.settle(Eve, round);
	assert!(chain.number() > era_start);
	let present = [Alice, Bob, Two];
	assert_eq!(validators(&mut chain), accounts(&present));
	assert!(authors_have(&mut chain, &[AliceStash, Bob, Two]), "Alice has her new key");
	assert_eq!(weight(&mut chain), LOWER, "the ballot of Charlie does not count any more, and Two has none");
	chain.to_verdict(round);
	let (increment, effective) = crowned(&mut chain, round);
	assert_eq!(effective, effective_improvement(increment, LOWER, MILLION), "paid at the weight of the block of the verdict");
	let state = chain.state(|| pallet_doin_domains::States::<Runtime>::get(DEMO)).expect("registered");
	assert_eq!(state.champion.author, Some(Two.to_account_id()));
	assert_eq!(state.last_round.expect("decided").result, RoundResult::Paid { effective });
	for who in [Eve, Ferdie, One, Two] {
		assert_eq!(chain.state(|| Evaluators::bond_of(&who.to_account_id())), 1_000 * DOIN, "{who:?} is not slashed");
	}

	// The new validator votes, the former one does not.
	assert_eq!(chain.fails(Charlie, vote(MILLION)), GaugeError::<Runtime>::NotVoter.into());
	chain.ok(Dave, clear_ballot());
	chain.ok(Two, vote(MILLION));
	chain.run_to(era_start + session);
	assert_eq!(weight(&mut chain), MILLION);

	// Every block had an author among the validators of its session, and a VRF output.
	assert_eq!(authors(&mut chain, 0), accounts(&former));
	assert_eq!(authors(&mut chain, 1), accounts(&present));
	let folded = chain.state(pallet_doin_recomputation::Beacon::<Runtime>::get).folded;
	assert_eq!(folded, u64::from(chain.number()) - 1, "the beacon folds in the output of every parent");
}

/// Returns increment and effective improvement of the champion that this block crowned in `round`.
fn crowned(chain: &mut Chain, round: RoundId) -> (u64, u64) {
	let events = chain.events();
	let crowned = events.into_iter().find_map(|event| match event {
		RuntimeEvent::Optimae(OptimaeEvent::Crowned { round: crowned, increment, effective, .. }) if crowned == round => {
			Some((increment, effective))
		}
		_ => None,
	});
	crowned.expect("the verdict crowns a champion")
}
