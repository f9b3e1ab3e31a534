//! Bonding, rosters, and who can be drawn.

use super::*;
use crate::{
	roster,
	types::{Roster, MAX_SERVED},
	Rosters, SeatIndex,
};
use doin_primitives::RoundParams;

const LONGEST: u32 = RoundParams::DEV.longest();

#[test]
fn an_account_bonds_and_serves_the_weighted_domains_of_its_class() {
	with(3, || {
		assert_ok!(Quorum::bond(signed(OUTSIDER), MIN_BOND, Large));
		seen(Event::Bonded { who: OUTSIDER, amount: MIN_BOND, class: Large });
		assert_eq!(Balances::balance_on_hold(&HoldReason::Bond.into(), &OUTSIDER), MIN_BOND);
		assert_eq!(bond_of(OUTSIDER), MIN_BOND);
		assert_eq!(Quorum::available(WEIGHTED, Small), 3);
		assert_eq!(Quorum::available(WEIGHTED, Large), 1);
		assert_eq!(Quorum::available(UNWEIGHTED, Large), 0, "an unweighted domain is served by choice");
		assert_noop!(Quorum::bond(signed(OUTSIDER), MIN_BOND, Small), Error::<Test>::AlreadyBonded);
		assert_noop!(Quorum::bond(signed(OTHER), MIN_BOND - 1, Small), Error::<Test>::BondTooSmall);
	});
}

#[test]
fn a_bond_that_cannot_be_held_bonds_nobody() {
	with(0, || {
		assert!(Quorum::bond(signed(OUTSIDER), 2_000 * DOIN, Small).is_err());
		assert_eq!(Quorum::available(WEIGHTED, Small), 0);
		assert_eq!(bond_of(OUTSIDER), 0);
	});
}

#[test]
fn an_evaluator_serves_a_few_unweighted_domains_by_choice() {
	with(3, || {
		assert_ok!(Quorum::serve(signed(1), UNWEIGHTED));
		seen(Event::Serving { who: 1, domain: UNWEIGHTED });
		assert_eq!(Quorum::available(UNWEIGHTED, Small), 1);
		assert_noop!(Quorum::serve(signed(1), UNWEIGHTED), Error::<Test>::AlreadyServing);
		assert_noop!(Quorum::serve(signed(1), UNKNOWN), Error::<Test>::UnknownDomain);
		assert_noop!(Quorum::serve(signed(OUTSIDER), UNWEIGHTED), Error::<Test>::NotBonded);
		for extra in 1..MAX_SERVED {
			assert_ok!(Quorum::serve(signed(1), UNWEIGHTED + extra));
		}
		assert_noop!(Quorum::serve(signed(1), UNWEIGHTED + MAX_SERVED), Error::<Test>::TooManyDomains);
		assert_ok!(Quorum::unserve(signed(1), UNWEIGHTED));
		seen(Event::NoLongerServing { who: 1, domain: UNWEIGHTED });
		assert_eq!(Quorum::available(UNWEIGHTED, Small), 0);
		assert_noop!(Quorum::unserve(signed(1), UNWEIGHTED), Error::<Test>::NotServing);
	});
}

#[test]
fn an_evaluator_leaves_its_rosters_at_once_and_with_its_bond_after_the_longest_round() {
	with(3, || {
		assert_ok!(Quorum::serve(signed(2), UNWEIGHTED));
		assert_noop!(Quorum::withdraw(signed(2)), Error::<Test>::NotUnbonding);
		assert_ok!(Quorum::unbond(signed(2)));
		let until = now() + LONGEST;
		seen(Event::Unbonding { who: 2, until });
		assert_eq!(Quorum::available(WEIGHTED, Small), 2);
		assert_eq!(Quorum::available(UNWEIGHTED, Small), 0);
		assert_noop!(Quorum::unbond(signed(2)), Error::<Test>::Leaving);
		assert_noop!(Quorum::bond_extra(signed(2), DOIN), Error::<Test>::Leaving);
		assert_noop!(Quorum::serve(signed(2), UNWEIGHTED), Error::<Test>::Leaving);
		to(until - 1);
		assert_noop!(Quorum::withdraw(signed(2)), Error::<Test>::CoolingDown);
		to(until);
		assert_ok!(Quorum::withdraw(signed(2)));
		seen(Event::Withdrawn { who: 2, amount: 500 * DOIN });
		assert_eq!(Balances::balance(&2), 1_000 * DOIN);
		assert_ok!(Quorum::bond(signed(2), MIN_BOND, Small));
	});
}

#[test]
fn an_evaluator_that_unbonds_during_a_round_still_answers_and_can_still_be_slashed() {
	with(10, || {
		open();
		to_the_draw();
		let members = members();
		let (liar, absent) = (members[0], members[1]);
		assert_ok!(Quorum::unbond(signed(liar)));
		assert_ok!(Quorum::unbond(signed(absent)));
		let (honest, false_sums) = (truth(), lie(1, 1, 1));
		for who in &members {
			if *who != absent {
				assert_ok!(commit(*who, if *who == liar { &false_sums } else { &honest }));
			}
		}
		to_the_reveals();
		for who in &members {
			if *who != absent {
				assert_ok!(reveal(*who, if *who == liar { &false_sums } else { &honest }));
			}
		}
		to_the_end_of_the_reveals();
		assert_ok!(settle());
		assert_eq!(bond_of(absent), 500 * DOIN / 1_000 * 999);
		assert_eq!(bond_of(liar), 450 * DOIN);
		assert!(!SeatIndex::<Test>::contains_key(liar, Roster::Class(Small)), "a slash puts nobody back");
	});
}

#[test]
fn the_last_seat_fills_the_gap_and_rosters_stay_consistent() {
	with(200, || {
		assert_eq!(Quorum::available(WEIGHTED, Small), 200);
		assert_eq!(Rosters::<Test>::get(Roster::Class(Small)).sums.len(), 4);
		// From the front, from the back, across chunk borders, until nobody is left.
		let mut rest: Vec<u64> = (1..=200).collect();
		let mut step = 0;
		while !rest.is_empty() {
			step = (step * 31 + 17) % rest.len();
			assert_ok!(Quorum::unbond(signed(rest.swap_remove(step))));
			if rest.len().is_multiple_of(13) {
				Quorum::do_try_state().unwrap();
			}
		}
		assert_eq!(Rosters::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_roster_ends_at_1024_seats() {
	with(1_024, || {
		assert_noop!(Quorum::bond(signed(OTHER), MIN_BOND, Small), Error::<Test>::RosterFull);
		assert_ok!(Quorum::bond(signed(OTHER), MIN_BOND, Large));
		assert_ok!(Quorum::unbond(signed(512)));
		assert_ok!(Quorum::bond(signed(THIRD), MIN_BOND, Small));
	});
}

#[test]
fn a_bond_below_the_minimum_suspends_until_it_is_raised() {
	with(10, || {
		assert_ok!(Quorum::serve(signed(1), UNWEIGHTED));
		// One false answer in a row of three leaves less than the minimum.
		for _ in 0..3 {
			let mut request = blank_request(1);
			Quorum::punish_lies(&mut request, &[(0, [0; 32])], None);
		}
		assert_eq!(bond_of(1), 500 * DOIN / 1_000 * 729);
		seen(Event::Suspended { who: 1, bond: bond_of(1) });
		assert_eq!(Quorum::available(WEIGHTED, Small), 9);
		assert_eq!(Quorum::available(UNWEIGHTED, Small), 0);
		assert_ok!(Quorum::bond_extra(signed(1), 100 * DOIN));
		seen(Event::BondRaised { who: 1, amount: 100 * DOIN, bond: bond_of(1) });
		assert_eq!(Quorum::available(WEIGHTED, Small), 10);
		assert_eq!(Quorum::available(UNWEIGHTED, Small), 1);
	});
}

/// A request in which `who` sits beside nine others.
fn blank_request(who: u64) -> Request<u64> {
	open();
	let mut request = request();
	Requests::<Test>::remove(ROUND);
	crate::AgendaOf::<Test>::cancel(request.due, &ROUND);
	for member in core::iter::once(who).chain(50..59) {
		request.members.try_push(crate::types::Member { who: member, answer: Answer::Revealed }).unwrap();
	}
	request
}

#[test]
fn missed_seats_cost_twice_as_much_each_time_and_an_answer_starts_over() {
	with(10, || {
		let mut bond = 500 * DOIN;
		for doublings in [0, 1, 2, 3, 4, 5, 6, 7, 7, 7] {
			Quorum::punish_absence(&1);
			bond -= roster::part(bond, roster::NO_SHOW_PPM << doublings);
			assert_eq!(bond_of(1), bond);
		}
		Quorum::forgive_absences(&1);
		Quorum::punish_absence(&1);
		bond -= roster::part(bond, roster::NO_SHOW_PPM);
		assert_eq!(bond_of(1), bond);
		assert_eq!(doers(Deed::NoShow).len(), 11);
	});
}

#[test]
fn a_slash_burns_exactly_what_leaves_the_bond() {
	with(10, || {
		let before = issuance();
		Quorum::punish_absence(&1);
		assert_eq!(before - issuance(), DOIN / 2);
		assert_eq!(500 * DOIN - bond_of(1), DOIN / 2);
		seen(Event::Slashed { who: 1, amount: DOIN / 2, offence: Offence::NoShow });
	});
}

#[test]
fn quorums_have_the_published_size_for_every_number_of_evaluators() {
	for n in 0..=100 {
		with(n, || {
			open();
			to_the_draw();
			let members = members();
			assert_eq!(members.len() as u32, quorum::size(n as u32), "{n} evaluators");
			if members.is_empty() {
				assert!(matches!(request().stage, Stage::Replaying { .. }));
			}
		});
	}
}

/// The quorums of rounds that are drawn before anybody can miss a seat: 60 at most, since a block draws ten or more.
fn draws(rounds: core::ops::Range<u32>, exclude: &[u64]) -> Vec<Vec<u64>> {
	for number in rounds.clone() {
		let exclude = Authors::try_from(exclude.to_vec()).unwrap();
		assert_ok!(Quorum::open(RoundId { domain: WEIGHTED, number }, Small, models(2), exclude));
	}
	pass(2 + rounds.len().div_ceil(10) as u32);
	let drawn = |number| {
		let request = Requests::<Test>::get(RoundId { domain: WEIGHTED, number }).unwrap();
		assert!(request.seed.is_some() && request.exclude.is_empty());
		request.members.iter().map(|member| member.who).collect()
	};
	rounds.map(drawn).collect()
}

#[test]
fn authors_and_the_ill_reputed_are_never_drawn() {
	with(12, || {
		Scores::mutate(|scores| scores.extend([(1, 1_999_999), (2, 0)]));
		for members in draws(0..60, &[3, 4, 5, 777]) {
			// Three authors sit on the roster: nine are left, so four are drawn.
			assert_eq!(members.len() as u32, quorum::size(9));
			assert!(members.iter().all(|who| *who > 5), "{members:?}");
		}
	});
}

#[test]
fn a_larger_bond_is_drawn_more_often() {
	let counts = core::cell::Cell::new([0u32; 21]);
	for batch in 0..3 {
		with(20, || {
			assert_ok!(Quorum::bond_extra(signed(20), 400 * DOIN));
			let mut sums = counts.get();
			draws(50 * batch..50 * (batch + 1), &[]).into_iter().flatten().for_each(|who| sums[who as usize] += 1);
			counts.set(sums);
		});
	}
	let counts = counts.get();
	let others: u32 = counts[1..20].iter().sum::<u32>() / 19;
	assert!(counts[20] * 10 > others * 13, "{counts:?}");
}

#[test]
fn genesis_evaluators_must_be_able_to_bond() {
	let result = std::panic::catch_unwind(|| {
		new_test_ext_with(0).execute_with(|| {
			use sp_runtime::traits::Zero;
			assert!(Balances::balance(&55).is_zero());
			frame_support::traits::BuildGenesisConfig::build(&crate::GenesisConfig::<Test> {
				evaluators: vec![(55, MIN_BOND, Small)],
			});
		})
	});
	let message = *result.unwrap_err().downcast::<String>().unwrap();
	assert!(message.contains("evaluator 55 cannot bond"), "{message}");
}
