//! Nominations, ballots, sessions, and attacks of a minority.

use crate::{
	mock::{Gauge, *},
	*,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{hold::Inspect as _, Inspect as _},
};
use sp_runtime::TokenError;

type Pool = BoundedVec<(DomainId, u32), ConstU32<MAX_WEIGHED>>;

fn votes(list: &[(DomainId, u32)]) -> Pool {
	Pool::truncate_from(list.to_vec())
}

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn nomination_hold(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Nomination.into(), &who)
}

fn ballot_hold(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Ballot.into(), &who)
}

/// Domain 7 nominated by 1, and three validators with 40, 30 and 30 of stake.
fn three_validators() {
	Stakes::set(vec![(1, 40), (2, 30), (3, 30)]);
	assert_ok!(Gauge::nominate(signed(1), 7));
}

#[test]
fn nominating_holds_a_deposit() {
	build_and_execute(|| {
		assert_ok!(Gauge::nominate(signed(1), 7));
		assert_eq!(nomination_hold(1), NOMINATION);
		assert_eq!(events(), [Event::Nominated { domain: 7, nominator: 1, deposit: NOMINATION }]);
		assert_eq!(Nominations::<Test>::get()[..], [Nomination { domain: 7, nominator: 1, deposit: NOMINATION, since: 0 }]);
		assert_noop!(Gauge::nominate(signed(2), 7), Error::<Test>::AlreadyNominated);
	});
}

#[test]
fn a_domain_that_cannot_weigh_cannot_be_nominated() {
	build_and_execute(|| {
		Unvotable::set(vec![7]);
		assert_noop!(Gauge::nominate(signed(1), 7), Error::<Test>::NotVotable);
	});
}

#[test]
fn a_nominator_has_to_afford_the_deposit() {
	build_and_execute(|| {
		assert_noop!(Gauge::nominate(signed(77), 7), TokenError::FundsUnavailable);
	});
}

#[test]
fn the_list_of_nominations_ends_at_64() {
	build_and_execute(|| {
		// Downwards, so that the list has to sort.
		for domain in (0..MAX_NOMINATED).rev() {
			assert_ok!(Gauge::nominate(signed(1), domain));
		}
		assert_ok!(Gauge::withdraw_nomination(signed(1), 10));
		assert_ok!(Gauge::nominate(signed(2), MAX_NOMINATED));
		assert_eq!(nomination_hold(2), NOMINATION, "a free place costs the plain deposit");
		assert_eq!(Nominations::<Test>::get().len() as u32, MAX_NOMINATED);
	});
}

#[test]
fn a_full_list_is_outbid_place_by_place() {
	build_and_execute(|| {
		Stakes::set(vec![(1, 40), (2, 30), (3, 30)]);
		for domain in 0..MAX_NOMINATED {
			assert_ok!(Gauge::nominate(signed(1), domain));
		}
		for voter in [1, 2] {
			assert_ok!(Gauge::vote(signed(voter), votes(&[(0, 10)])));
		}
		next_session();
		// Domain 0 weighs, so domain 1 is the first to go.
		assert_ok!(Gauge::nominate(signed(2), 100));
		assert_eq!((nomination_hold(1), nomination_hold(2)), (63 * NOMINATION, 2 * NOMINATION));
		let listed = |domain| Nominations::<Test>::get().iter().any(|nomination| nomination.domain == domain);
		assert!(listed(0) && !listed(1) && listed(2) && listed(100));
		// To get rid of domain 100, its rival has to displace all the others first.
		for domain in 101..101 + 62 {
			assert_ok!(Gauge::nominate(signed(3), domain));
			assert!(listed(100));
		}
		assert_eq!(nomination_hold(3), 62 * 2 * NOMINATION);
		assert_ok!(Gauge::nominate(signed(3), 200));
		assert!(!listed(100), "of equal deposits the oldest goes");
		assert_eq!((nomination_hold(2), nomination_hold(3)), (0, (62 * 2 + 4) * NOMINATION));
		assert_noop!(Gauge::nominate(signed(77), 300), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_nominator_gets_the_deposit_back() {
	build_and_execute(|| {
		assert_ok!(Gauge::nominate(signed(1), 7));
		assert_noop!(Gauge::withdraw_nomination(signed(1), 8), Error::<Test>::NotNominated);
		assert_noop!(Gauge::withdraw_nomination(signed(2), 7), Error::<Test>::NotNominator);
		assert_ok!(Gauge::withdraw_nomination(signed(1), 7));
		assert_eq!(Balances::balance(&1), ENDOWMENT);
		assert_eq!(events().last(), Some(&Event::NominationWithdrawn { domain: 7, nominator: 1, deposit: NOMINATION }));
		assert_noop!(Gauge::withdraw_nomination(signed(1), 7), Error::<Test>::NotNominated);
	});
}

#[test]
fn a_weighed_domain_stays_nominated() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 10)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		next_session();
		assert_noop!(Gauge::withdraw_nomination(signed(1), 7), Error::<Test>::StillWeighted);
		Unvotable::set(vec![7]);
		assert_noop!(Gauge::withdraw_nomination(signed(2), 7), Error::<Test>::StillWeighted);
		next_session();
		assert_ok!(Gauge::withdraw_nomination(signed(2), 7));
		assert_eq!(nomination_hold(1), 0);
	});
}

#[test]
fn anyone_can_take_a_lapsed_nomination_off_the_list() {
	build_and_execute(|| {
		assert_ok!(Gauge::nominate(signed(1), 7));
		for _ in 1..SESSIONS {
			next_session();
		}
		assert_noop!(Gauge::withdraw_nomination(signed(2), 7), Error::<Test>::NotNominator);
		next_session();
		assert_ok!(Gauge::withdraw_nomination(signed(2), 7));
		assert_eq!((Balances::balance(&1), Balances::balance(&2)), (ENDOWMENT, ENDOWMENT));
	});
}

#[test]
fn a_domain_that_weighed_has_its_full_time_again() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 10)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		for _ in 0..SESSIONS {
			next_session();
		}
		assert_ok!(Gauge::vote(signed(1), votes(&[])));
		next_session();
		assert_noop!(Gauge::withdraw_nomination(signed(2), 7), Error::<Test>::NotNominator);
	});
}

#[test]
fn a_nomination_of_a_domain_that_cannot_weigh_any_more_can_be_removed_by_anyone() {
	build_and_execute(|| {
		assert_ok!(Gauge::nominate(signed(1), 7));
		Unvotable::set(vec![7]);
		assert_ok!(Gauge::withdraw_nomination(signed(2), 7));
		assert_eq!(nomination_hold(1), 0);
	});
}

#[test]
fn only_active_validators_vote() {
	build_and_execute(|| {
		three_validators();
		assert_noop!(Gauge::vote(signed(4), votes(&[(7, 10)])), Error::<Test>::NotVoter);
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		assert_eq!(ballot_hold(2), BALLOT);
		assert_eq!(events().last(), Some(&Event::Voted { who: 2, votes: votes(&[(7, 10)]) }));
	});
}

#[test]
fn a_ballot_is_checked() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::nominate(signed(1), 3));
		assert_noop!(Gauge::vote(signed(1), votes(&[(7, 1_000_001)])), Error::<Test>::VoteTooHigh);
		assert_noop!(Gauge::vote(signed(1), votes(&[(7, 1), (3, 1), (7, 2)])), Error::<Test>::DuplicateVote);
		assert_noop!(Gauge::vote(signed(1), votes(&[(7, 1), (8, 1)])), Error::<Test>::NotNominated);
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 1_000_000), (3, 0)])));
		assert_eq!(Ballots::<Test>::get(1).map(|b| b.votes), Some(votes(&[(3, 0), (7, 1_000_000)])), "stored sorted");
		assert_ok!(Gauge::vote(signed(1), votes(&[])));
		assert_noop!(Gauge::vote(signed(1), votes(&[])), Error::<Test>::NoBallot);
	});
}

#[test]
fn a_validator_has_to_afford_the_deposit_of_its_ballot() {
	build_and_execute(|| {
		three_validators();
		Stakes::set(vec![(77, 1)]);
		assert_noop!(Gauge::vote(signed(77), votes(&[(7, 1)])), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_new_ballot_replaces_the_former_one_on_the_same_deposit() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 10)])));
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 20)])));
		assert_eq!(ballot_hold(1), BALLOT);
		assert_eq!(Ballots::<Test>::get(1).map(|b| b.votes), Some(votes(&[(7, 20)])));
		assert_ok!(Gauge::vote(signed(1), votes(&[])));
		assert_eq!(ballot_hold(1), 0);
		assert_eq!(events().last(), Some(&Event::BallotCleared { who: 1, deposit: BALLOT }));
	});
}

#[test]
fn weights_change_at_the_next_session_only() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 1_000_000)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 600_000)])));
		for _ in 0..10 {
			assert_eq!(next_block(), <() as WeightInfo>::on_initialize());
			assert_eq!(<Gauge as DomainWeights>::weight(7), 0);
		}
		let weight = next_session();
		assert_eq!(weight, <() as WeightInfo>::on_initialize() + <() as WeightInfo>::new_session(3, 1, 1) + VOTABLE_WEIGHT);
		assert_eq!(<Gauge as DomainWeights>::weight(7), 600_000);
		assert_eq!(WeightGained::get(), [7]);
		assert_eq!(events().last(), Some(&Event::WeightChanged { domain: 7, from: 0, to: 600_000 }));

		let deposited = events().len();
		next_session();
		assert_eq!(events().len(), deposited, "no weight changed, no event is deposited");
		assert_eq!(WeightGained::get(), [7]);
	});
}

#[test]
fn a_session_without_any_stake_keeps_the_weights() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 1_000_000)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 600_000)])));
		next_session();
		for stakes in [vec![], vec![(1, 0), (2, 0)]] {
			Stakes::set(stakes);
			next_session();
			assert_eq!(<Gauge as DomainWeights>::weight(7), 600_000);
		}
		Stakes::set(vec![(3, 30)]);
		next_session();
		assert_eq!(<Gauge as DomainWeights>::weight(7), 0, "stake decides again");
	});
}

#[test]
fn public_fault_sessions_that_are_skipped_or_late_end_no_weights() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 5)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 5)])));
		// The index jumps over sessions, as after an outage, and the hook runs blocks later.
		for session in [3, 4, 11, 23] {
			Session::set(session);
			System::set_block_number(System::block_number() + 17);
			next_block();
			assert_eq!(<Gauge as DomainWeights>::weight(7), 5, "session {session}");
		}
		assert_eq!(WeightGained::get(), [7], "the weight was gained once");
	});
}

#[test]
fn n9_a_domain_that_cannot_be_voted_for_gets_no_weight_from_a_ballot() {
	build_and_execute(|| {
		three_validators();
		// Refused or loading: it is never nominated.
		Unvotable::set(vec![8]);
		assert_noop!(Gauge::nominate(signed(1), 8), Error::<Test>::NotVotable);
		assert_noop!(Gauge::vote(signed(1), votes(&[(8, 5)])), Error::<Test>::NotNominated);
		// Closed after its nomination: ballots for it do not count, and any account removes the nomination.
		Unvotable::set(vec![7]);
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 5)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 5)])));
		next_session();
		assert_eq!(<Gauge as DomainWeights>::weight(7), 0);
		assert_ok!(Gauge::withdraw_nomination(signed(9), 7));
	});
}

#[test]
fn the_runtime_may_announce_a_session_itself() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 5)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 5)])));
		Session::set(1);
		Gauge::on_new_session(1);
		assert_eq!(Weights::<Test>::get()[..], [(7, 5)]);
		assert_eq!(next_block(), <() as WeightInfo>::on_initialize(), "the weights are not computed twice");
	});
}

#[docify::export]
#[test]
fn a_minority_voting_for_its_own_domains_gains_nothing() {
	build_and_execute(|| {
		// 49 of 100 vote the maximum for as many of their own domains as a ballot holds.
		Stakes::set(vec![(1, 25), (2, 24), (3, 51)]);
		for domain in 0..MAX_WEIGHED {
			assert_ok!(Gauge::nominate(signed(1), domain));
		}
		let everything: Vec<_> = (0..MAX_WEIGHED).map(|domain| (domain, MILLION)).collect();
		assert_ok!(Gauge::vote(signed(1), votes(&everything)));
		assert_ok!(Gauge::vote(signed(2), votes(&everything)));
		next_session();
		assert!(Weights::<Test>::get().is_empty());
		assert!(WeightGained::get().is_empty());

		// A minority cannot raise the weight that the majority supports.
		assert_ok!(Gauge::vote(signed(3), votes(&[(5, 1_000)])));
		next_session();
		assert_eq!(Weights::<Test>::get()[..], [(5, 1_000)]);
	});
}

#[test]
fn silent_stake_counts_against_a_weight() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, MILLION)])));
		next_session();
		assert!(Weights::<Test>::get().is_empty(), "40 of 100 is not half");
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, MILLION)])));
		next_session();
		assert_eq!(Weights::<Test>::get()[..], [(7, MILLION)]);
	});
}

#[test]
fn stake_counts_as_it_stands_in_the_new_session() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 900)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 100)])));
		next_session();
		assert_eq!(Weights::<Test>::get()[..], [(7, 100)]);
		Stakes::set(vec![(1, 60), (2, 30), (3, 30)]);
		next_session();
		assert_eq!(Weights::<Test>::get()[..], [(7, 900)]);
		assert_eq!(WeightGained::get(), [7], "a higher weight is not gained");
		assert_eq!(events().last(), Some(&Event::WeightChanged { domain: 7, from: 100, to: 900 }));
	});
}

#[test]
fn stale_ballots_do_not_count_and_anyone_can_clear_them() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 10)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		next_session();
		assert_noop!(Gauge::clear_ballot(signed(5), 1), Error::<Test>::StillVoter);
		Stakes::set(vec![(2, 30), (3, 30), (4, 40)]);
		next_session();
		assert!(Weights::<Test>::get().is_empty());
		assert_eq!(events().last(), Some(&Event::WeightChanged { domain: 7, from: 10, to: 0 }));
		assert_ok!(Gauge::clear_ballot(signed(5), 1));
		assert_eq!(ballot_hold(1), 0);
		assert_eq!(events().last(), Some(&Event::BallotCleared { who: 1, deposit: BALLOT }));
		assert_noop!(Gauge::clear_ballot(signed(5), 1), Error::<Test>::NoBallot);
	});
}

#[test]
fn a_domain_that_stops_being_votable_weighs_nothing_and_leaves_zero_again_when_it_returns() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 10)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		next_session();
		Unvotable::set(vec![7]);
		next_session();
		assert!(Weights::<Test>::get().is_empty());
		assert_eq!(WeightLost::get(), [7]);
		next_session();
		assert_eq!(WeightLost::get(), [7], "a weight is lost once");
		Unvotable::set(vec![]);
		next_session();
		assert_eq!((WeightGained::get(), WeightLost::get()), (vec![7, 7], vec![7]));
	});
}

#[test]
fn votes_for_a_withdrawn_domain_count_again_once_it_is_nominated_again() {
	build_and_execute(|| {
		three_validators();
		assert_ok!(Gauge::vote(signed(1), votes(&[(7, 10)])));
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		assert_ok!(Gauge::withdraw_nomination(signed(1), 7));
		next_session();
		assert!(Weights::<Test>::get().is_empty());
		assert_ok!(Gauge::nominate(signed(5), 7));
		next_session();
		assert_eq!(Weights::<Test>::get()[..], [(7, 10)]);
	});
}

#[test]
fn at_most_32_domains_weigh_and_of_equal_ones_the_older() {
	build_and_execute(|| {
		Stakes::set(vec![(1, 50), (2, 50)]);
		for domain in 0..40 {
			assert_ok!(Gauge::nominate(signed(1), domain));
		}
		// Half of the stake each: 0..20 and 20..40; every one of 40 domains has support.
		let first: Vec<_> = (0..20).map(|domain| (domain, 500)).collect();
		let second: Vec<_> = (20..40).map(|domain| (domain, if domain == 39 { 501 } else { 500 })).collect();
		assert_ok!(Gauge::vote(signed(1), votes(&first)));
		assert_ok!(Gauge::vote(signed(2), votes(&second)));
		next_session();
		let weighed: Vec<_> = Weights::<Test>::get().iter().map(|(domain, _)| *domain).collect();
		assert_eq!(weighed, (0..31).chain([39]).collect::<Vec<_>>());
	});
}

#[test]
fn the_votes_of_validators_beyond_the_maximum_do_not_count_but_their_stake_does() {
	build_and_execute(|| {
		assert_ok!(Gauge::nominate(signed(1), 7));
		Stakes::set((100..201).map(|who| (who, 1)).chain([(2, 1_000)]).collect());
		assert_ok!(Gauge::vote(signed(2), votes(&[(7, 10)])));
		assert_eq!(
			next_session(),
			<() as WeightInfo>::on_initialize() + <() as WeightInfo>::new_session(100, 1, 0) + VOTABLE_WEIGHT,
			"the hook stays bounded"
		);
		assert!(Weights::<Test>::get().is_empty());
	});
}

#[test]
fn genesis_votes_and_weights_are_in_force_from_block_0() {
	let ext = with_genesis(vec![(1, vec![(4, 500_000), (2, MILLION)]), (2, vec![(4, 7)])], vec![(2, MILLION)]);
	execute(ext, || {
		assert_eq!(<Gauge as DomainWeights>::weight(2), MILLION);
		assert_eq!(<Gauge as DomainWeights>::weight(4), 0);
		assert_eq!((nomination_hold(1), nomination_hold(2)), (2 * NOMINATION, 0), "the first voter pays the deposit");
		assert_eq!((ballot_hold(1), ballot_hold(2)), (BALLOT, BALLOT));
		assert_eq!(next_block(), <() as WeightInfo>::on_initialize(), "block 1 is still in session 0");
		Stakes::set(vec![(1, 1)]);
		next_session();
		assert_eq!(Weights::<Test>::get()[..], [(2, MILLION), (4, 500_000)]);
		assert_eq!(WeightGained::get(), [4], "a domain with a weight at genesis does not gain it");
	});
}

#[test]
#[should_panic(expected = "genesis: 77 cannot nominate domain 2, for which it votes")]
fn a_genesis_voter_has_to_be_funded() {
	with_genesis(vec![(77, vec![(2, 1)])], vec![]);
}

#[test]
#[should_panic(expected = "genesis: ballot of 1: DuplicateVote")]
fn a_genesis_ballot_is_checked() {
	with_genesis(vec![(1, vec![(2, 1), (2, 3)])], vec![]);
}

#[test]
#[should_panic(expected = "genesis: the ballot of 1 is empty")]
fn an_empty_genesis_ballot_is_refused() {
	with_genesis(vec![(1, vec![])], vec![]);
}

#[test]
#[should_panic(expected = "genesis: domain 3 has a weight, but no ballot votes for it")]
fn a_genesis_weight_needs_a_vote() {
	with_genesis(vec![(1, vec![(2, 1)])], vec![(3, 1)]);
}

#[test]
#[should_panic(expected = "genesis: domain 2 has weight 0; leave it out")]
fn a_genesis_weight_is_above_zero() {
	with_genesis(vec![(1, vec![(2, 1)])], vec![(2, 0)]);
}

mod properties {
	use super::*;
	use proptest::prelude::*;

	/// Returns random steps between two blocks: (account, kind of step, domain, value).
	fn steps() -> impl Strategy<Value = Vec<(AccountId, u8, DomainId, u32)>> {
		prop::collection::vec((1..6u64, 0..7u8, 0..4u32, 0..=MILLION), 1..80)
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]

		#[test]
		fn any_sequence_of_steps_holds_deposits_and_leaves_a_minority_without_weight(steps in steps()) {
			build_and_execute(|| {
				// Accounts 1 to 4 have 24 of 100 each, so any two of them are a minority.
				Stakes::set(vec![(1, 24), (2, 24), (3, 24), (4, 24), (5, 4)]);
				for (who, what, domain, value) in steps {
					// Most steps fail at some time; the invariants must hold anyway.
					let _may_fail = match what {
						0 => Gauge::nominate(signed(who), domain),
						1 => Gauge::withdraw_nomination(signed(who), domain),
						2 | 3 => Gauge::vote(signed(who), votes(&[(domain, value), (domain ^ 1, value / 2)])),
						4 => Gauge::vote(signed(who), votes(&[])),
						5 => {
							Unvotable::mutate(|all| if all.pop().is_none() { all.push(domain) });
							Ok(())
						},
						_ => {
							next_session();
							Ok(())
						},
					};
					Gauge::do_try_state().expect("the gauge is consistent after every step");
				}
				next_session();
				for (domain, weight) in Weights::<Test>::get() {
					let support: Balance = Stakes::get()
						.into_iter()
						.filter(|(who, _)| {
							Ballots::<Test>::get(who).is_some_and(|ballot| ballot.votes.iter().any(|vote| vote.0 == domain && vote.1 >= weight))
						})
						.map(|(_, stake)| stake)
						.sum();
					assert!(support * 2 >= 100, "domain {domain} weighs {weight} on {support} of 100");
				}
				Stakes::set(Vec::new());
				for who in 1..6 {
					let _may_fail = Gauge::clear_ballot(signed(who), who);
					assert_eq!(ballot_hold(who), 0, "a former validator gets its deposit back");
				}
			});
		}
	}
}
